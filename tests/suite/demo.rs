//! The demonstration: a small one is filled through the real actions, holds together, comes back, and is the same for the same seed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anxin::app::demo::{self, Login, Prepared, Wanted};
use anxin::app::{export, verify};
use anxin::base::{Day, Fen, Moment};
use anxin::law::State;
use anxin::law::rules::arrears;
use anxin::store::conn::Place;
use anxin::store::{Db, DbOptions, Past, StoreError, migrate};
use anxin::web::{Ctx, Problem};
use anxin::{compliance, gates, labour_cost, parties, payroll, projects, users, workers};

const AS_OF: &str = "2026-03-31";

fn folder(name: &str) -> PathBuf {
    super::ground::scratch().join(name)
}

/// A city of a tenth of its people.
fn wanted(name: &str, seed: u64) -> Wanted {
    Wanted { folder: folder(name), seed, as_of: AS_OF.parse().ok(), crowd: 10, port: 8080 }
}

/// A city that was filled and closed again, with what it said then.
struct Filled {
    wanted: Wanted,
    logins: Vec<Login>,
    export: String,
}

/// Seed 1, filled once for all tests that look at it: each takes a copy.
fn filled() -> &'static Filled {
    static FILLED: OnceLock<Filled> = OnceLock::new();
    FILLED.get_or_init(|| {
        let wanted = wanted("demo-filled", 1);
        let city = open(&wanted).unwrap();
        let (logins, export) = (city.logins.clone(), export_of(&city));
        drop(city);
        for file in std::fs::read_dir(&wanted.folder).unwrap() {
            super::ground::wait_closed(&file.unwrap().path());
        }
        Filled { wanted, logins, export }
    })
}

/// A copy of a city that nobody has open.
fn copy_of(city: &Filled, name: &str) -> Wanted {
    let copy = Wanted { folder: folder(name), ..city.wanted.clone() };
    std::fs::create_dir_all(&copy.folder).unwrap();
    for file in std::fs::read_dir(&city.wanted.folder).unwrap() {
        let file = file.unwrap();
        assert!(file.file_type().unwrap().is_file(), "{file:?}");
        std::fs::copy(file.path(), copy.folder.join(file.file_name())).unwrap();
    }
    copy
}

fn open(wanted: &Wanted) -> Result<Prepared, StoreError> {
    demo::prepare(None, wanted, &mut |_| Ok(()))
}

fn export_of(prepared: &Prepared) -> String {
    let ctx = Ctx::of_the_house(&prepared.ground, "test");
    let text: Result<String, Problem> = prepared.ground.db.read_blocking(|conn| export::export(conn, &ctx));
    text.unwrap()
}

/// The first line in which two texts differ.
fn difference(one: &str, other: &str) -> Option<(String, String)> {
    let pair = one.lines().zip(other.lines()).find(|(one, other)| one != other);
    pair.map(|(one, other)| (one.to_owned(), other.to_owned()))
}

#[test]
fn a_city_is_filled_once_and_holds_together() {
    let city = filled();
    let first = open(&copy_of(city, "demo-whole")).unwrap();
    let (ground, today): (_, Day) = (&first.ground, AS_OF.parse().unwrap());
    assert_eq!(ground.clock.today(), today);
    assert!(ground.settings.demo);

    let audit = ground.db.read_blocking(verify::verify).unwrap();
    assert_eq!(audit.broken, Vec::<String>::new());
    assert!(audit.verified > 1000, "{}", audit.verified);

    let answers = ground.db.read_blocking(gates::table::all).unwrap();
    assert!(answers.len() >= 20, "{}", answers.len());
    let mut verdicts: BTreeMap<String, usize> = BTreeMap::new();
    for answer in &answers {
        *verdicts.entry(answer.verdict.clone()).or_default() += 1;
    }
    for verdict in ["clear", "blocked", "unknown"] {
        assert!(verdicts.contains_key(verdict), "{verdict} is missing: {verdicts:?}");
    }

    let ctx = Ctx::of_the_house(ground, "test");
    let (balances, companies, sites) = ground
        .db
        .read_blocking(|conn| -> Result<_, Problem> {
            let companies = parties::table::all(conn)?.len();
            Ok((verify::balances(conn, today)?, companies, projects::visible(conn, &ctx.scope, 0, 100)?))
        })
        .unwrap();
    assert!(format!("{balances:?}").len() > 2);
    assert_eq!((companies, sites.len()), (10, 12));

    healthy_and_ill(&first, today);

    // A second start prints the same log-ins and adds nothing.
    assert_eq!(first.logins, city.logins);
    let now = export_of(&first);
    assert_eq!(difference(&city.export, &now), None);
    assert_eq!(city.export, now);
    for login in &first.logins {
        let user = first.ground.db.read_blocking(|conn| users::table::by_login(conn, login.login)).unwrap().unwrap();
        assert!(users::password::matches(&login.password, &user.password_hash), "{}", login.login);
        assert!(!user.must_change_password);
    }
}

/// Each project's arrears and the rules that are broken on it.
fn healthy_and_ill(prepared: &Prepared, today: Day) {
    let ctx = Ctx::of_the_house(&prepared.ground, "test");
    let found: Vec<(String, Option<bool>, Vec<String>)> = prepared
        .ground
        .db
        .read_blocking(|conn| -> Result<_, Problem> {
            let mut found = Vec::new();
            for row in projects::visible(conn, &ctx.scope, 0, 100)? {
                let site = projects::enter(conn, &ctx.scope, row.id)?;
                let assessment = compliance::actions::assess(conn, &ctx, &site, today)?;
                let owing = compliance::owing(conn, &ctx, &[site.id], today)?.remove(0).arrears;
                for back in [0, 17, 45, 100, 200] {
                    let as_of = today.plus_days(-back);
                    let few = compliance::owing(conn, &ctx, &[site.id], as_of)?.remove(0).arrears;
                    let months = compliance::gather(conn, &ctx, &site, as_of)?.payroll;
                    let whole = arrears::of(&months, as_of);
                    if !months.is_empty() {
                        assert_eq!(few, whole, "{} on {as_of}: what gates ask for and the whole months differ", row.name);
                    }
                }
                // Equipment of which nothing is heard is not known to be missing: a cut line is one alert and no breach.
                if row.name == "会展中心地下车库" {
                    let equipment = assessment.findings.iter().find(|finding| finding.rule == "R53-16");
                    assert_eq!(equipment.map(|finding| finding.state), Some(State::NotKnown));
                }
                let broken = assessment.findings.iter().filter(|finding| finding.state == State::Broken);
                found.push((row.name, owing.state.get(), broken.map(|finding| finding.rule.clone()).collect()));
            }
            Ok(found)
        })
        .unwrap();
    let of = |name: &str| found.iter().find(|(project, _, _)| project == name).unwrap_or_else(|| panic!("{name}"));
    for name in ["城西安置小区一期", "海丝研发中心", "高新区标准厂房"] {
        let (_, arrears, broken) = of(name);
        assert_eq!((*arrears, broken), (Some(false), &Vec::new()), "{name}");
    }
    assert_eq!(of("古山镇卫生院扩建").1, Some(true), "wages were refused");
    assert_eq!(of("石柱镇工业邻里中心").1, None, "a month without sheet is not known");
    for (name, rule) in [
        ("五金科创园二标段", "RW-07"),
        ("滨海大道改造", "R65-08"),
        ("江南片区学校迁建", "R53-06a"),
        ("会展中心地下车库", "RW-09"),
        ("电商产业园综合楼", "RW-08"),
    ] {
        assert!(of(name).2.iter().any(|broken| broken == rule), "{name}: {rule} is not broken, but {:?}", of(name).2);
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_killed_or_not_another_one_does_not_and_a_later_start_adds_days() {
    let (whole, broken_off) = (wanted("demo-at-once", 3), wanted("demo-killed", 3));
    let whole = open(&whole).unwrap();
    let (logins, whole) = (whole.logins.clone(), export_of(&whole));
    assert!(whole.lines().count() > 5000, "{}", whole.lines().count());
    let killed = demo::prepare(None, &broken_off, &mut |line| match line.contains("2026-02") {
        true => Err(StoreError::Unavailable("killed".to_owned())),
        false => Ok(()),
    });
    assert!(killed.is_err());
    let continued = open(&broken_off).unwrap();
    assert_ne!(continued.logins, logins, "keys differ, so do passwords");
    let same = export_of(&continued);
    assert_eq!(difference(&whole, &same), None);
    assert_eq!(whole, same);
    drop(continued);
    assert_ne!(whole, filled().export);

    let later = Wanted { as_of: "2026-04-20".parse().ok(), ..broken_off.clone() };
    let later = open(&later).unwrap();
    assert_eq!(later.ground.clock.today(), "2026-04-20".parse().unwrap());
    let enrolled = later.ground.db.read_blocking(workers::table::all_enrolments).unwrap().len();
    assert!(export_of(&later).len() > whole.len());
    assert!((50..=70).contains(&enrolled), "{enrolled}");
    let audit = later.ground.db.read_blocking(verify::verify).unwrap();
    assert_eq!(audit.broken, Vec::<String>::new());
    drop(later);
    let earlier = open(&broken_off).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(earlier.contains("2026-04-20"), "{earlier}");
}

#[test]
fn a_folder_with_data_of_its_own_is_left_alone() {
    let folder = folder("demo-not-mine");
    std::fs::create_dir_all(&folder).unwrap();
    let place = || Place::in_folder(Path::new(&folder));
    let db = Db::open(place(), &DbOptions::default()).unwrap();
    migrate::up(&db).unwrap();
    drop(db);
    std::fs::write(folder.join("anxin.key"), "11".repeat(32)).unwrap();
    let refused = open(&Wanted { folder: folder.clone(), ..wanted("demo-not-mine", 1) }).err().unwrap();
    assert!(refused.to_string().contains("no demonstration"), "{refused}");
    let db = Db::open(place(), &DbOptions::default()).unwrap();
    assert_eq!(anxin::app::build::mark(&db, "demo").unwrap(), None);
}

/// What is told of every project and of all together: cards, gates, totals.
fn told(conn: &mut anxin::store::AnyConn, ctx: &Ctx) -> Result<Vec<String>, Problem> {
    let mut lines = vec![serde_json::to_string(&compliance::totals::of_region(conn, ctx, None, ctx.today)?).unwrap()];
    for row in projects::visible(conn, &ctx.scope, 0, 100)? {
        let site = projects::site(conn, row.id)?;
        let card = compliance::actions::assess(conn, ctx, &site, ctx.today)?;
        lines.push(serde_json::to_string(&(&card.card, &card.findings)).unwrap());
        for gate in [anxin::law::Gate::CompletionAcceptance, anxin::law::Gate::ConstructionPermit] {
            let subject = gates::Subject { project: Some(row.id), owner: None, general_contractor: None, region: None };
            let asked = gates::actions::gather(conn, ctx, gate, &subject, ctx.today)?;
            lines.push(gates::actions::decided(ctx, &asked)?.0.answer);
        }
    }
    Ok(lines)
}

#[test]
fn a_report_made_on_a_day_is_the_report_made_ninety_days_later_about_what_was_known_then() {
    let first_day: Day = "2026-01-20".parse().unwrap();
    let mut wanted = Wanted { as_of: Some(first_day), ..wanted("demo-past", 3) };
    let first = open(&wanted).unwrap();
    let then_ctx = Ctx::of_the_house(&first.ground, "test");
    let then = first.ground.db.read_blocking(|conn| told(conn, &then_ctx)).unwrap();
    drop(first);

    wanted.as_of = Some(first_day.plus_days(90));
    let later = open(&wanted).unwrap();
    let mut ctx = Ctx::of_the_house(&later.ground, "test");
    let now = later.ground.db.read_blocking(|conn| told(conn, &ctx)).unwrap();
    assert_ne!(then, now, "ninety days have changed nothing");
    ctx.today = first_day;
    let unaware = later.ground.db.read_blocking(|conn| told(conn, &ctx)).unwrap();
    assert_ne!(then, unaware, "what came in later about that day is known today");
    let again = later.ground.db.read_past_blocking(then_ctx.now, &anxin::store::Past::OfAll, |conn| told(conn, &ctx)).unwrap();
    assert_eq!(then.len(), again.len());
    for (then, again) in then.iter().zip(&again) {
        assert_eq!(then, again);
    }
}

/// What a rule said of the pay days, against what became of them.
#[derive(Debug, Default)]
struct Score {
    hits: usize,
    misses: usize,
    false_alarms: usize,
    quiet: usize,
}

impl Score {
    fn count(&mut self, alarm: bool, failed: bool) {
        let place = match (alarm, failed) {
            (true, true) => &mut self.hits,
            (false, true) => &mut self.misses,
            (true, false) => &mut self.false_alarms,
            (false, false) => &mut self.quiet,
        };
        *place += 1;
    }
}

/// Days before a pay day on which both rules are asked.
const ASKED_BEFORE: i64 = 9;

/// The forecast and the naive rule "the balance is low" (under half of the wages of the pay day before), each asked nine days before
/// every pay day by what was on record then; a pay day failed where more than half of its wages had not reached the workers on it.
#[test]
#[expect(clippy::print_stdout, reason = "the comparison is for people to read")]
fn the_forecast_is_tried_on_the_citys_own_history() {
    let prepared = open(&copy_of(filled(), "demo-forecast")).unwrap();
    let (ground, today): (_, Day) = (&prepared.ground, AS_OF.parse().unwrap());
    let house = Ctx::of_the_house(ground, "test");
    let sites: Vec<projects::Site> = ground
        .db
        .read_blocking(|conn| -> Result<_, Problem> {
            let rows = projects::visible(conn, &house.scope, 0, 100)?;
            rows.iter().map(|row| projects::enter(conn, &house.scope, row.id)).collect()
        })
        .unwrap();
    let (mut forecast, mut naive, mut unknown) = (Score::default(), Score::default(), 0);
    for site in &sites {
        // Pay day: what was due on it, and what of it had reached the workers by then.
        let days = ground
            .db
            .read_blocking(|conn| -> Result<_, Problem> {
                let mut days: BTreeMap<Day, (Fen, Fen)> = BTreeMap::new();
                for sheet in payroll::table::sheets(conn, site.id, 0, 1000)? {
                    for line in payroll::table::lines_of(conn, site.id, sheet.id)? {
                        let day = days.entry(line.due_on).or_default();
                        day.0 = day.0.plus(line.net_fen)?;
                        if line.paid_on.is_some_and(|on| on <= line.due_on) {
                            day.1 = day.1.plus(line.paid_fen)?;
                        }
                    }
                }
                Ok(days)
            })
            .unwrap();
        let mut before = Fen::ZERO;
        for (pay_on, (due, paid)) in days.into_iter().filter(|(on, _)| *on < today) {
            let asked_on = pay_on.plus_days(-ASKED_BEFORE);
            let known_at = Moment(asked_on.plus_days(1).begins().0 - 1);
            let ctx = Ctx { today: asked_on, now: known_at, ..house.clone() };
            let outlook = ground
                .db
                .read_past_blocking(known_at, &Past::Of(vec![site.id]), |conn| -> Result<_, Problem> {
                    let position = labour_cost::gather::position(conn, &ctx, site, asked_on)?;
                    Ok(labour_cost::forecast::forecast(position)?)
                })
                .unwrap();
            let failed = Fen(paid.0.saturating_mul(2)) < due;
            match outlook.position.balance {
                Some(balance) => {
                    forecast.count(outlook.points.iter().any(|point| point.on == pay_on && point.left < Fen::ZERO), failed);
                    naive.count(Fen(balance.0.saturating_mul(2)) < before, failed);
                }
                None => unknown += 1,
            }
            before = due;
        }
    }
    println!("forecast {forecast:?}; balance low {naive:?}; {unknown} pay days without a word of the bank");
    let asked = forecast.hits + forecast.misses + forecast.false_alarms + forecast.quiet;
    assert!(asked > 0, "no pay day was asked about");
    assert!(forecast.misses <= naive.misses && forecast.false_alarms <= naive.false_alarms + forecast.hits);
}
