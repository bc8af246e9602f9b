//! What projects owe, on invented worlds of sheets, lines, people and attendance: the few queries that gates ask say the same as the
//! months that the card is made of, and the same as whoever reads every line and adds up in plain maps.

use std::collections::{BTreeMap, BTreeSet};

use anxin::attendance::table as attendance;
use anxin::base::id::{LineId, ProjectId, RecordId, SheetId, WorkerId};
use anxin::base::{Day, Fen, Month};
use anxin::compliance;
use anxin::law::rules::arrears;
use anxin::payroll::table::{self as pay, LineRow, SheetRow};
use anxin::payroll::{LineState, SheetState, due_on};
use anxin::projects::{self, Fact, FactKind};
use anxin::store::{AnyConn, Chain, Tx};
use anxin::web::{Ctx, Problem};
use anxin::workers::table::{self as roll, EnrolmentRow, WorkerRow};
use anxin::workers::{IdKind, Paper};

use crate::both;
use crate::suite::ground::project;

/// Worlds for each database.
const PROJECTS: u32 = 14;

/// Dice: splitmix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }

    fn happens(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn days(&mut self, limit: u64) -> i64 {
        i64::try_from(self.below(limit)).unwrap()
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// People on a project: some leave, some come back, of some nobody has seen anything.
fn people(tx: &mut Tx<'_>, ctx: &Ctx, id: ProjectId, dice: &mut Dice) -> Result<Vec<EnrolmentRow>, Problem> {
    let site = projects::enter(tx.conn(), &ctx.scope, id)?;
    let contractor = site.participations()[1].party_id;
    let crew = projects::actions::add_crew(tx, ctx, &site, "一班", contractor, day("2025-06-01"))?;
    let mut rows = Vec::new();
    for place in 0..dice.below(6) {
        let worker = WorkerRow {
            id: WorkerId(ctx.id()),
            name: "张三".to_owned(),
            id_kind: IdKind::Other,
            id_number: vec![1],
            id_index: format!("{id} {place}"),
            phone: None,
            created_at: ctx.now,
            recorded_seq: tx.seq(Chain::Organisation)?,
        };
        roll::insert_worker(tx, &worker)?;
        let mut entered = day("2025-07-01").plus_days(dice.days(150));
        for stay in 0..=dice.below(2) {
            let left = (stay == 0 && dice.happens(60)).then(|| entered.plus_days(dice.days(90)));
            let row = EnrolmentRow {
                project_id: id,
                id: RecordId(ctx.id()),
                worker_id: worker.id,
                crew_id: crew.id,
                trade: "木工".to_owned(),
                pin_index: None,
                paper: Paper::LabourContract,
                paper_document_id: None,
                safety_trained: true,
                card: None,
                card_index: None,
                bank_name: None,
                day_rate: Fen(30_000),
                entered_on: entered,
                left_on: left,
                recorded_seq: tx.seq(Chain::Project(id))?,
            };
            roll::insert(tx, &row)?;
            rows.push(row);
            let Some(last) = left else { break };
            entered = last.plus_days(1 + dice.days(70));
        }
    }
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "fill", "people")?;
    Ok(rows)
}

fn line(ctx: &Ctx, sheet: &SheetRow, of: &EnrolmentRow, dice: &mut Dice) -> LineRow {
    let net = Fen(dice.days(5) * 10_000);
    let disputed = if dice.happens(15) { Fen(net.0 / 4) } else { Fen::ZERO };
    let uncontested = net.0 - disputed.0;
    // A part is what a settled dispute leaves; all of it may be paid before somebody disputes.
    let paid = dice.of(&[uncontested, uncontested, uncontested, 0, 0, uncontested / 3, net.0]);
    let due = if dice.happens(85) { sheet.due_on } else { sheet.due_on.plus_days(dice.days(40)) };
    LineRow {
        project_id: sheet.project_id,
        id: LineId(ctx.id()),
        sheet_id: sheet.id,
        enrolment_id: of.id,
        worker_id: of.worker_id,
        days_hundredths: 100,
        day_rate_fen: of.day_rate,
        gross_fen: net,
        deductions_fen: Fen::ZERO,
        net_fen: net,
        due_on: due,
        state: dice.of(LineState::ALL),
        state_reason: None,
        disputed_fen: disputed,
        attempt: 1,
        paid_on: (paid > 0).then(|| due.plus_days(dice.days(60) - 20)),
        paid_fen: Fen(paid),
        recorded_seq: sheet.recorded_seq,
    }
}

fn fill(tx: &mut Tx<'_>, ctx: &Ctx, id: ProjectId, seed: u64) -> Result<(), Problem> {
    let dice = &mut Dice(seed);
    let site = projects::enter(tx.conn(), &ctx.scope, id)?;
    if dice.happens(70) {
        projects::actions::record_fact(tx, ctx, &site, day("2025-07-01"), &Fact::Started {}, None)?;
    }
    if dice.happens(70) {
        projects::actions::record_fact(
            tx,
            ctx,
            &site,
            day("2025-06-01"),
            &Fact::PayDay { day: 1 + dice.below(31) as u32 },
            None,
        )?;
    }
    let stays = people(tx, ctx, id, dice)?;
    let first = Month::of(2025, 7).unwrap();
    for month in first.up_to(first.plus(8)) {
        for row in &stays {
            if row.entered_on <= month.last() && row.left_on.is_none_or(|end| end >= month.first()) && dice.happens(60) {
                let worked_on = row.entered_on.max(month.first());
                let text = format!(
                    "INSERT INTO work_days (project_id, worked_on, enrolment_id, worker_id, first_time, last_time, punches, hundredths, flags) \
                     VALUES ({}, '{worked_on}', {}, {}, 1, 2, 2, 100, '')",
                    id.0, row.id.0, row.worker_id.0
                );
                diesel::RunQueryDsl::execute(diesel::sql_query(text), tx.conn()).unwrap();
                let text = format!(
                    "INSERT INTO attended_months (project_id, month, worker_id, hundredths) VALUES ({}, '{month}', {}, 100) \
                     ON CONFLICT (project_id, month, worker_id) DO UPDATE SET hundredths = attended_months.hundredths + 100",
                    id.0, row.worker_id.0
                );
                diesel::RunQueryDsl::execute(diesel::sql_query(text), tx.conn()).unwrap();
            }
        }
        if dice.happens(10) {
            let number = anxin::workers::day_number(month.first().plus_days(dice.days(20)));
            let text = format!("INSERT INTO dirty_days (project_id, local_day) VALUES ({}, {number})", id.0);
            diesel::RunQueryDsl::execute(diesel::sql_query(text), tx.conn()).unwrap();
        }
        let parts = if stays.is_empty() { 0 } else { dice.of(&[0, 1, 1, 1, 1, 2]) };
        for part in 0..parts {
            let due = month.plus(1).first().plus_days(dice.days(35));
            let sheet = SheetRow {
                project_id: id,
                id: SheetId(ctx.id()),
                month,
                part,
                state: dice.of(&[
                    SheetState::Draft,
                    SheetState::Submitted,
                    SheetState::Audited,
                    SheetState::Published,
                    SheetState::Closed,
                ]),
                line_count: 0,
                total_fen: Fen::ZERO,
                due_on: due,
                version: 1,
                built_by: "t".to_owned(),
                submitted_by: None,
                audited_by: None,
                audited_on: None,
                recorded_seq: tx.seq(Chain::Project(id))?,
            };
            pay::insert_sheet(tx, &sheet)?;
            for of in &stays {
                if dice.happens(80) {
                    pay::insert_line(tx, &line(ctx, &sheet, of, dice))?;
                }
            }
        }
    }
    tx.note(Chain::Project(id), ctx.now, ctx.actor(), "fill", "world")?;
    Ok(())
}

/// State, amount, workers, months and needs.
type Answer = (Option<bool>, Fen, u32, Vec<Month>, Vec<String>);

/// Everything by hand, from every row there is.
fn by_hand(conn: &mut AnyConn, ctx: &Ctx, id: ProjectId, as_of: Day) -> Result<Answer, Problem> {
    let site = projects::site(conn, id)?;
    let facts = projects::actions::facts(conn, &site, as_of, None)?;
    let stays: Vec<EnrolmentRow> = roll::all_enrolments(conn)?.into_iter().filter(|row| row.project_id == id).collect();
    let sheets: Vec<SheetRow> = pay::all_sheets(conn)?.into_iter().filter(|row| row.project_id == id).collect();
    let lines: Vec<LineRow> = pay::all_lines(conn)?.into_iter().filter(|row| row.project_id == id).collect();
    let listed: BTreeSet<Month> = attendance::months_with_attendance(conn, id)?.into_iter().collect();
    let mut all: BTreeSet<Month> = listed.clone();
    all.extend(sheets.iter().map(|sheet| sheet.month));
    for stay in &stays {
        all.extend(stay.entered_on.month().up_to(stay.left_on.unwrap_or(as_of).month()));
    }
    all.retain(|month| *month <= as_of.month());
    let (mut owed, mut workers, mut months, mut needs) = (0, 0, Vec::new(), Vec::new());
    for month in &all {
        let parts: Vec<&SheetRow> = sheets.iter().filter(|sheet| sheet.month == *month).collect();
        let agreed = facts.pay_day().map(|number| due_on(&ctx.ground.book(), site.region, *month, number));
        let due = parts.iter().map(|part| part.due_on).min().or(agreed).unwrap_or(month.plus(1).last());
        if as_of <= due {
            continue;
        }
        let (mut failed, mut count, mut flying, mut disputed) = (0, 0, false, false);
        for line in lines.iter().filter(|line| parts.iter().any(|part| part.id == line.sheet_id)) {
            if line.due_on >= as_of || line.net_fen.0 == 0 {
                continue;
            }
            let paid = if line.paid_on.is_some_and(|on| on <= as_of) { line.paid_fen.0 } else { 0 };
            let rest = line.net_fen.0 - line.disputed_fen.0 - paid;
            disputed |= line.disputed_fen.is_positive();
            use LineState::{Accepted, Reserved, Sent, Unknown};
            match line.state {
                Reserved | Sent | Accepted | Unknown if rest > 0 => flying = true,
                _ if rest > 0 => (failed, count) = (failed + rest, count + 1),
                _ => {}
            }
        }
        let is_audited = !parts.is_empty() && parts.iter().all(|part| part.state >= SheetState::Audited);
        let live =
            stays.iter().any(|stay| stay.entered_on <= month.last() && stay.left_on.is_none_or(|end| month.first() <= end));
        let attended = attendance::attended(conn, id, *month)? > 0;
        // Nothing at all was ever seen at the gates: whether somebody attended is not known.
        let blind = listed.is_empty();
        if failed > 0 {
            (owed, workers) = (owed + failed, workers + count);
            months.push(*month);
        }
        for (holds, what) in
            [(!is_audited && (live || attended || blind), "sheet"), (flying, "bank result"), (disputed, "dispute")]
        {
            if holds {
                needs.push(format!("{month} {what}"));
            }
        }
    }
    let began = facts.day_of(FactKind::Started).is_some();
    if all.is_empty() && began {
        needs.push("attendance".to_owned());
    }
    let state = if owed > 0 { Some(true) } else { needs.is_empty().then_some(false) };
    // An answer names what is missing in one order, whichever fact came first.
    needs.sort();
    Ok((state, Fen(owed), workers, months, needs))
}

both!(gates_and_cards_and_whoever_adds_up_by_hand_agree_on_what_is_owed, |app| {
    let manager = app.labour_manager();
    let mut ids = Vec::new();
    for number in 1..=PROJECTS {
        let id = project(&manager, number, "330784").await.id;
        app.write(move |tx, ctx| fill(tx, ctx, id, u64::from(number) * 7919)).unwrap();
        ids.push(id);
    }
    let mut seen: BTreeMap<Option<bool>, u32> = BTreeMap::new();
    for as_of in ["2025-06-15", "2025-09-30", "2025-12-01", "2026-01-31", "2026-03-02", "2026-06-30"].map(day) {
        let together = app.read(|conn, ctx| compliance::owing(conn, ctx, &ids, as_of)).unwrap();
        assert_eq!(together.len(), ids.len());
        for (one, id) in together.into_iter().zip(&ids) {
            assert_eq!(one.project.id, *id);
            let hand = app.read(|conn, ctx| by_hand(conn, ctx, *id, as_of)).unwrap();
            let whole = app
                .read(|conn, ctx| {
                    let site = projects::site(conn, *id)?;
                    let facts = compliance::gather(conn, ctx, &site, as_of)?;
                    Ok((facts.payroll.is_empty(), arrears::of(&facts.payroll, as_of)))
                })
                .unwrap();
            let with_unlisted = app.read(|conn, ctx| compliance::owing_and_unlisted(conn, ctx, &[*id], as_of)).unwrap();
            let ours = one.arrears;
            let ours: Answer = (ours.state.get(), ours.amount, ours.workers, ours.months, ours.needs);
            assert_eq!(ours, hand, "project {id} on {as_of}");
            let (is_empty, whole) = whole;
            if !is_empty {
                assert_eq!(with_unlisted[0].arrears, whole, "{id} on {as_of}");
            }
            *seen.entry(ours.0).or_default() += 1;
        }
    }
    // The worlds are worth something only where every answer comes up.
    assert!([None, Some(true), Some(false)].iter().all(|state| seen.get(state).is_some_and(|count| *count >= 3)), "{seen:?}");
    assert_eq!(app.broken(), Vec::<String>::new());
});
