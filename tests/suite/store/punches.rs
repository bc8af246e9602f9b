//! Punches by small numbers: read back equal whatever order they came in, kept once, small, and found without reading all of them.

use std::collections::{BTreeMap, BTreeSet};

use anxin::attendance::table::{count_of_device, next_day, next_project, pins_used, punches_of_day, punches_page};
use anxin::base::id::{DeviceId, ProjectId};
use anxin::store::bulk::insert_punches;
use anxin::store::bulk::numbers::Numbers;
use anxin::store::bulk::{PunchRow, listed};
use anxin::store::{migrate, schema};
use anxin::web::Problem;
use anxin::workers::table::ensure_pin;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::both;
use crate::suite::ground::{App, project};

/// The last migration before the small numbers.
const BEFORE: &str = "01172_former_addresses/common";

/// A small generator, so that the order is the same on every run.
struct Luck(u64);

impl Luck {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn of<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

type PunchKey = (i64, i32, i32, i64, i64, i32, i32, i32);

fn key(row: &PunchRow) -> PunchKey {
    let PunchRow { project_id, local_day, local_time, device_id, pin_id, state, verify, ordinal, .. } = *row;
    (project_id, local_day, local_time, device_id, pin_id, state, verify, ordinal)
}

/// Projects with six numbers at their gates each.
async fn sites(app: &App) -> Vec<(i64, Vec<i64>)> {
    let manager = app.labour_manager();
    let mut sites = Vec::new();
    for number in 1..=2 {
        let id = project(&manager, number, "330784").await.id;
        let pins = app.write(move |tx, ctx| {
            let one = |pin: i32, tx: &mut anxin::store::Tx<'_>| {
                let text = format!("{}", 1000 + pin);
                Ok::<_, Problem>(ensure_pin(tx.conn(), ctx.vault(), id, &text, &format!("{id} {text}"), || ctx.id())?.id)
            };
            (0..6).map(|pin| one(pin, tx)).collect::<Result<Vec<i64>, _>>()
        });
        sites.push((id.0, pins.unwrap()));
    }
    sites
}

/// Batches of punches with many repeats: of three machines each, one of which hangs at both projects.
fn batches(sites: &[(i64, Vec<i64>)]) -> Vec<Vec<PunchRow>> {
    let mut luck = Luck(20_260_302);
    let mut batches = Vec::new();
    for batch in 0..60_i64 {
        let mut rows = Vec::new();
        for place in 0..50_i64 {
            let (project_id, pins) = &sites[luck.below(2)];
            rows.push(PunchRow {
                project_id: *project_id,
                // Clocks that are years off among them.
                local_day: luck.of(&[20_510, 20_511, 20_512, 20_513, 20_540, 3, 60_000]),
                local_time: luck.of(&[0, 25_200, 25_201, 64_800, 86_399]),
                device_id: luck.of(&[77, 7_000_000_000_001, 7_000_000_000_002]),
                pin_id: luck.of(pins),
                state: luck.of(&[-1, 0, 1, 255]),
                verify: luck.of(&[-1, 1, 15, 1_000_007]),
                ordinal: luck.of(&[0, 0, 0, 1]),
                // Two messages to a batch.
                inbox_id: 9_000_000_000_000 - batch * 10 + place % 2,
            });
        }
        batches.push(rows);
    }
    batches
}

fn stored(app: &App) -> Vec<PunchRow> {
    use schema::punches as p;
    let rows = app.read(|conn, _| Ok(p::table.select(PunchRow::as_select()).load::<PunchRow>(conn)?));
    let mut rows = rows.unwrap();
    rows.sort_unstable();
    rows
}

/// Stores batches; gives what should be there, by key.
fn store(app: &App, batches: &[Vec<PunchRow>]) -> BTreeMap<PunchKey, PunchRow> {
    let mut expected: BTreeMap<PunchKey, PunchRow> = BTreeMap::new();
    for batch in batches {
        let mut new: BTreeMap<PunchKey, PunchRow> = BTreeMap::new();
        for row in batch.iter().filter(|row| !expected.contains_key(&key(row))) {
            // Of two in one batch the one of the earlier message stands.
            let first = new.entry(key(row)).or_insert(*row);
            first.inbox_id = first.inbox_id.min(row.inbox_id);
        }
        let rows = batch.clone();
        let fresh = app.write(move |tx, _| Ok(insert_punches(tx.conn(), &rows, Numbers::default())?)).unwrap();
        assert_eq!(fresh, new.values().copied().collect::<Vec<_>>());
        expected.extend(new);
    }
    expected
}

both!(punches_in_any_order_are_read_back_each_once, |app| {
    let sites = sites(&app).await;
    let expected = store(&app, &batches(&sites));
    assert!(expected.len() > 1_000, "{}", expected.len());
    assert_eq!(stored(&app), expected.values().copied().collect::<Vec<_>>());
    // And through those who read a day, a page, a machine or a number.
    let of = |project: i64| expected.values().filter(move |row| row.project_id == project).copied().collect::<Vec<_>>();
    let mut projects = Vec::new();
    let mut last = i64::MIN;
    while let Some(project) = app.read(|conn, _| Ok(next_project(conn, last)?)).unwrap() {
        (last, projects) = (project, [projects, vec![project]].concat());
    }
    assert_eq!(projects, sites.iter().map(|(project, _)| *project).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>());
    for project in projects {
        let own = of(project);
        let days: BTreeSet<i32> = own.iter().map(|row| row.local_day).collect();
        let (mut found, mut day) = (Vec::new(), i32::MIN);
        while let Some(next) = app.read(|conn, _| Ok(next_day(conn, project, day)?)).unwrap() {
            day = next;
            found.push(day);
            let rows = app.read(|conn, _| Ok(punches_of_day(conn, ProjectId(project), day)?)).unwrap();
            let wanted: Vec<PunchRow> = own.iter().filter(|row| row.local_day == day).copied().collect();
            assert_eq!(rows, wanted, "{project} {day}");
            let page = app.read(|conn, _| Ok(punches_page(conn, ProjectId(project), day, 3, 5)?)).unwrap();
            assert_eq!(page, wanted.iter().skip(3).take(5).copied().collect::<Vec<_>>());
        }
        assert_eq!(found, days.into_iter().collect::<Vec<_>>());
        let device = 77;
        let count = app.read(|conn, _| Ok(count_of_device(conn, ProjectId(project), DeviceId(device))?)).unwrap();
        assert_eq!(usize::try_from(count).unwrap(), own.iter().filter(|row| row.device_id == device).count());
        let (first, last) = ("2026-02-26".parse().unwrap(), "2026-03-01".parse().unwrap());
        let used = app.read(|conn, _| Ok(pins_used(conn, ProjectId(project), first, last)?)).unwrap();
        let mut wanted: BTreeMap<i64, (i64, i32, i32)> = BTreeMap::new();
        for row in own.iter().filter(|row| (20_510..=20_513).contains(&row.local_day)) {
            let of = wanted.entry(row.pin_id).or_insert((0, i32::MAX, i32::MIN));
            *of = (of.0 + 1, of.1.min(row.local_day), of.2.max(row.local_day));
        }
        let used: BTreeMap<i64, (i64, i32, i32)> =
            used.into_iter().map(|u| (u.pin_id, (u.punches, u.first_day, u.last_day))).collect();
        assert_eq!(used, wanted);
        // Days to be folded again are found by the same key.
        let marked =
            app.write(move |tx, ctx| Ok(anxin::workers::table::refold(tx.conn(), ProjectId(project), 20_511, 20_512, ctx.now)?));
        assert_eq!(marked.unwrap(), 2);
    }
});

both!(the_key_refuses_a_punch_twice, |app| {
    let sites = sites(&app).await;
    let rows = batches(&sites).remove(0);
    let expected = store(&app, &[rows.clone(), rows.clone()]);
    assert_eq!(stored(&app).len(), expected.len());
    // Not only the writer: the table itself.
    let twice =
        "INSERT INTO punch_rows SELECT place, local_day, local_time, pin, state, verify, ordinal, message + 1 FROM punch_rows";
    assert!(app.write(move |tx, _| Ok(tx.conn().batch_execute(twice)?)).is_err());
    assert_eq!(stored(&app), expected.values().copied().collect::<Vec<_>>());
    // A number at the gate that nobody has is no punch.
    let lost = vec![PunchRow { pin_id: 5, ..rows[0] }];
    assert!(app.write(move |tx, _| Ok(insert_punches(tx.conn(), &lost, Numbers::default())?)).is_err());
});

both!(punches_of_the_old_table_are_carried_over_and_back, |app| {
    let sites = sites(&app).await;
    let mut all = batches(&sites);
    let later = all.split_off(40);
    let mut expected: Vec<PunchRow> = store(&app, &all).into_values().collect();
    let pins = |app: &App| {
        use schema::pins as p;
        let rows = app.read(|conn, _| Ok(p::table.order(p::id).select((p::id, p::pin_index)).load::<(i64, String)>(conn)?));
        rows.unwrap()
    };
    let numbers = pins(&app);
    assert_eq!(stored(&app), expected);
    migrate::down_to(&app.ground.db, BEFORE).unwrap();
    assert_eq!(stored(&app), expected, "down");
    assert_eq!(pins(&app), numbers);
    // The old table takes more of them, as the service before did.
    let more: Vec<PunchRow> = later.concat().into_iter().filter(|row| row.ordinal == 0).collect();
    let mut known: BTreeSet<PunchKey> = expected.iter().map(key).collect();
    for row in more.into_iter().filter(|row| known.insert(key(row))) {
        let columns = "project_id, local_day, local_time, device_id, pin_id, state, verify, ordinal, inbox_id";
        let big = listed([row.device_id, row.pin_id]);
        let sql = format!(
            "INSERT INTO punches ({columns}) VALUES ({}, {}, {}, {big}, {}, {}, {}, {})",
            row.project_id, row.local_day, row.local_time, row.state, row.verify, row.ordinal, row.inbox_id
        );
        app.write(move |tx, _| Ok(tx.conn().batch_execute(&sql)?)).unwrap();
        expected.push(row);
    }
    expected.sort_unstable();
    assert!(expected.len() > 1_000);
    migrate::up(&app.ground.db).unwrap();
    assert_eq!(stored(&app), expected, "up");
    assert_eq!(pins(&app), numbers);
    // What came before is still known as a repeat, and new ones find their place.
    let again: Vec<PunchRow> = expected.iter().map(|row| PunchRow { inbox_id: row.inbox_id + 5, ..*row }).collect();
    let fresh = app.write(move |tx, _| Ok(insert_punches(tx.conn(), &again, Numbers::default())?)).unwrap();
    assert_eq!(fresh, Vec::new());
    let new = PunchRow { local_day: 20_700, device_id: 4_711, ..expected[0] };
    let fresh = app.write(move |tx, _| Ok(insert_punches(tx.conn(), &[new], Numbers::default())?)).unwrap();
    assert_eq!(fresh, [new]);
});

#[derive(QueryableByName)]
struct Figure {
    #[diesel(sql_type = BigInt)]
    figure: i64,
}

/// What a punch may take of the disk, in tenths of a byte.
const PUNCH_TENTHS_MAX: i64 = 280;

#[actix_web::test]
async fn a_punch_is_small_on_sqlite() {
    let app = App::on_sqlite();
    // As `anxin bench growth` sends them: 64 clocks in turn, a thousand passages each; messages and people are as many as after years.
    app.write(|tx, _| {
        tx.conn().batch_execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 64) \
             INSERT INTO punch_places (number, project_id, device_id) SELECT i, 70000000000000 + i % 16, 80000000000000 + i FROM n",
        )?;
        for batch in 0..256_i64 {
            let (clock, from) = (1 + batch % 64, 40_000 + batch / 64 * 1_000);
            tx.conn().batch_execute(&format!(
                "INSERT INTO punch_messages (number, inbox_id) VALUES (200000 + {batch}, 90000000000000 + {batch}); \
                 WITH RECURSIVE n (i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i < {from} + 999) \
                 INSERT INTO punch_rows (place, local_day, local_time, pin, state, verify, ordinal, message) \
                 SELECT {clock}, 20000 + i / 800, 21600 + i % 800 * 45, {clock} % 16 * 200 + i * 7919 % 200, 0, 15, 0, 200000 + {batch} FROM n"
            ))?;
        }
        Ok(())
    })
    .unwrap();
    let figure = |sql: &str| app.read(|conn, _| Ok(diesel::sql_query(sql).get_result::<Figure>(conn)?.figure)).unwrap();
    let rows = figure("SELECT COUNT(*) AS figure FROM punch_rows");
    assert_eq!(rows, 256_000);
    let bytes = figure(
        "SELECT SUM(pgsize) AS figure FROM dbstat WHERE name LIKE 'punch_%' OR name LIKE 'sqlite_autoindex_punch_places%'",
    );
    let tenths = bytes * 10 / rows;
    println!("{}.{} bytes a punch", tenths / 10, tenths % 10);
    assert!(tenths <= PUNCH_TENTHS_MAX, "{tenths} tenths of a byte");
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[actix_web::test]
async fn who_reads_a_day_reads_no_other_on_sqlite() {
    use schema::punches as p;
    let app = App::on_sqlite();
    let day = p::project_id.eq(7).and(p::local_day.eq(20_511));
    let texts = [
        diesel::debug_query::<diesel::sqlite::Sqlite, _>(&p::table.filter(day).order(p::local_time)).to_string(),
        diesel::debug_query::<diesel::sqlite::Sqlite, _>(&p::table.filter(day.and(p::device_id.eq(5))).count()).to_string(),
        diesel::debug_query::<diesel::sqlite::Sqlite, _>(&p::table.filter(day.and(p::pin_id.eq_any([1, 2])))).to_string(),
    ];
    for text in texts {
        let text = text.split(" -- binds").next().unwrap().replace('?', "7");
        let plan = app.read(|conn, _| Ok(diesel::sql_query(format!("EXPLAIN QUERY PLAN {text}")).load::<Step>(conn)?)).unwrap();
        let plan: Vec<String> = plan.into_iter().map(|step| step.detail).collect();
        assert!(
            plan.iter().any(|step| step.starts_with("SEARCH r USING PRIMARY KEY (place=? AND local_day=?")),
            "{text}: {plan:?}"
        );
        assert!(plan.iter().all(|step| !step.starts_with("SCAN")), "{text}: {plan:?}");
    }
}
