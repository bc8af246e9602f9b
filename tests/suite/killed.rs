//! The running service is killed by SIGKILL under load, again and again: whatever it acknowledged is there once when it comes back.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anxin::accounts::actions::{NewAccount, open_account};
use anxin::app::clock::SystemClock;
use anxin::app::routes::House;
use anxin::app::verify;
use anxin::attendance::devices::actions::{Binding, bind};
use anxin::attendance::devices::{GateDirection, Maker};
use anxin::base::id::{DeviceId, ProjectId};
use anxin::base::{Clock, Day};
use anxin::parties::PartyKind;
use anxin::parties::actions::NewParty;
use anxin::projects::actions::NewProject;
use anxin::store::vault::Owner;
use anxin::store::{Db, DbOptions, StoreError};
use anxin::web::{Ctx, Grant, Problem, Role, ScopeOn};
use anxin::{accounts, attendance, parties, projects, users, workers};

use super::ground;
use super::served::{make_key, open, start};

/// Kills; more by hand with ANXIN_KILLS.
const KILLS: u32 = 3;
/// How long the service works before it is killed, in milliseconds; it differs from kill to kill.
const ALIVE_MS: [u64; 3] = [900, 350, 1400];
pub(super) const ACCOUNT: &str = "999000000009999";
/// Clocks that post at once, each on a connection of its own.
const CLOCKS: usize = 4;

/// What was acknowledged.
#[derive(Default)]
struct Heard {
    /// Serial and number of the passage.
    punches: BTreeSet<(usize, u32)>,
    /// Vouchers.
    entries: BTreeSet<String>,
}

fn serial(clock: usize) -> String {
    format!("KILL{clock:06}")
}

/// A project with a wage account and clocks, and somebody who hands in statements; gives the project and their token.
pub(super) fn found(folder: &Path) -> (ProjectId, String) {
    make_key(folder);
    let ground = open(folder);
    let ctx = Ctx::of_the_house(&ground, "test");
    let founded: Result<_, Problem> = ground.db.write_blocking(move |tx| {
        let mut ids = Vec::new();
        for number in 1..=2 {
            let uscc = anxin::base::person::Uscc::from_body(&format!("91119999MA{number:07}")).unwrap();
            let new = NewParty { uscc, name: format!("测试单位{number}"), kind: PartyKind::Enterprise, parent: None };
            ids.push(parties::actions::register(tx, &ctx, &new)?.id);
        }
        let from_on = ctx.today.plus_days(-100);
        let region = "330784".parse().unwrap();
        let (code, name) = ("KILL".to_owned(), "测试项目".to_owned());
        let new = NewProject { code, name, region, owner: ids[0], general_contractor: ids[1], from_on };
        let id = projects::actions::register(tx, &ctx, &new)?.id;
        let site = projects::site(tx.conn(), id)?;
        let account = NewAccount {
            number: ACCOUNT.to_owned(),
            sub_ledger: String::new(),
            name: "测试项目专户".to_owned(),
            bank_name: "测试银行".to_owned(),
            bank_code: "999000000001".to_owned(),
            opened_on: from_on,
            agreement: None,
            succeeds: None,
            detail_means_paid: false,
        };
        open_account(tx, &ctx, &site, &account)?;
        for clock in 0..CLOCKS {
            let binding = Binding {
                serial: serial(clock),
                maker: Maker::Zkteco,
                gate: format!("{clock}号门"),
                direction: GateDirection::ByState,
                offset_minutes: Some(480),
                com_key: None,
                since: None,
            };
            bind(tx, &ctx, &site, &binding)?;
        }
        let user = users::actions::add_user(tx, &ctx, "teller", "柜员", "!", false)?;
        let on = ScopeOn::Everything;
        users::actions::grant(tx, &ctx, user.id, Grant { role: Role::LabourManager, on }, None)?;
        Ok((id, user.id))
    });
    let (project, user) = founded.unwrap();
    let house = House::new(Arc::clone(&ground), None).unwrap();
    let token = house.tokens.issue(user, SystemClock.now(), "test").unwrap();
    (project, token)
}

/// Posts and waits for the answer; whether it was a success.
fn post(address: &str, path: &str, headers: &str, body: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(30)));
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).is_err() {
        return false;
    }
    let mut answer = Vec::new();
    // A connection that breaks after the status line has still said it.
    let _ = stream.read_to_end(&mut answer);
    answer.starts_with(b"HTTP/1.1 20") && answer.windows(2).any(|two| two == b"\r\n")
}

/// The passage of a number, one a second of the day before `today`.
fn passage(number: u32, today: Day) -> (String, i32) {
    let (day, time) = (today.plus_days(-1 - i64::from(number / 80_000)), number % 80_000);
    (format!("{day} {:02}:{:02}:{:02}", time / 3600, time / 60 % 60, time % 60), i32::try_from(time).unwrap())
}

pub(super) fn statement(number: u32, today: Day) -> String {
    format!(
        "<?xml version=\"1.0\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.054.001.08\"><BkToCstmrDbtCdtNtfctn><GrpHdr>\
         <MsgId>K{number}</MsgId><CreDtTm>{today}T08:00:00</CreDtTm></GrpHdr><Ntfctn><Id>K{number}</Id><Acct><Id><Othr><Id>{ACCOUNT}</Id>\
         </Othr></Id><Ccy>CNY</Ccy></Acct><Ntry><Amt Ccy=\"CNY\">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\
         <BookgDt><Dt>{today}</Dt></BookgDt><AcctSvcrRef>K{number}</AcctSvcrRef></Ntry></Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"
    )
}

/// Posts from all clocks and the bank until told to stop; each counts on from where it stood.
fn load(address: &str, token: &str, counters: &[Mutex<u32>], heard: &Mutex<Heard>, stop: &AtomicBool, today: Day) {
    std::thread::scope(|scope| {
        for (clock, counter) in counters.iter().enumerate() {
            scope.spawn(move || {
                let mut number = counter.lock().unwrap();
                while !stop.load(Ordering::SeqCst) {
                    *number += 1;
                    if clock < CLOCKS {
                        let path = format!("/iclock/cdata?SN={}&table=ATTLOG&Stamp={number}", serial(clock));
                        let body = format!("1001\t{}\t0\t15\t0\t0\n", passage(*number, today).0);
                        if post(address, &path, "Content-Type: text/plain\r\n", &body) {
                            heard.lock().unwrap().punches.insert((clock, *number));
                        }
                    } else {
                        let headers = format!("Content-Type: application/xml\r\nAuthorization: Bearer {token}\r\n");
                        if post(address, "/api/v1/bank/statements", &headers, &statement(*number, today)) {
                            heard.lock().unwrap().entries.insert(format!("K{number}"));
                        }
                    }
                }
            });
        }
    });
}

#[test]
fn nothing_that_was_acknowledged_is_lost_over_a_kill() {
    let folder = ground::scratch().join("killed");
    std::fs::create_dir_all(&folder).unwrap();
    let (project, token) = found(&folder);
    let kills: u32 = std::env::var("ANXIN_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS);
    let today = SystemClock.today();
    let heard = Mutex::new(Heard::default());
    let counters: Vec<Mutex<u32>> = (0..=CLOCKS).map(|_| Mutex::new(0)).collect();
    for kill in 0..kills {
        let mut service = start(&folder);
        let stop = AtomicBool::new(false);
        let (address, before) = (service.address.clone(), heard.lock().unwrap().punches.len());
        std::thread::scope(|scope| {
            let (heard, counters, stop, token) = (&heard, &counters, &stop, &token);
            let at = address.clone();
            scope.spawn(move || load(&at, token, counters, heard, stop, today));
            // The load must have begun, on a slow machine too.
            while heard.lock().unwrap().punches.len() < before + 20 {
                if service.child.try_wait().unwrap().is_some() {
                    stop.store(true, Ordering::SeqCst);
                    panic!("the service ended by itself");
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            std::thread::sleep(Duration::from_millis(ALIVE_MS[usize::try_from(kill).unwrap() % ALIVE_MS.len()]));
            service.child.kill().unwrap();
            service.child.wait().unwrap();
            stop.store(true, Ordering::SeqCst);
        });
        check(&folder, project, &heard.lock().unwrap());
    }
    let heard = heard.lock().unwrap();
    assert!(heard.entries.len() >= usize::try_from(kills).unwrap(), "{} statements were acknowledged", heard.entries.len());
    println!("{kills} kills, {} punches and {} statements acknowledged", heard.punches.len(), heard.entries.len());
}

/// Everything acknowledged is there once, and the database holds together.
fn check(folder: &Path, project: ProjectId, heard: &Heard) {
    let ground = open(folder);
    let today = SystemClock.today();
    let stored: Result<_, Problem> = ground.db.read_blocking(|conn| {
        let devices: Vec<(DeviceId, usize)> = attendance::devices::table::of_project(conn, project)?
            .into_iter()
            .map(|device| (device.id, device.serial.trim_start_matches("KILL").parse().unwrap()))
            .collect();
        let mut punches = Vec::new();
        for back in 0..=2 {
            let day = today.plus_days(-back);
            for row in attendance::table::punches_of_day(conn, project, workers::day_number(day))? {
                let pin = attendance::table::pin(conn, row.pin_id)?.map(|(sealed, _)| sealed).unwrap_or_default();
                assert_eq!(ground.vault.open_text(conn, Owner::Project(project), &pin)?, "1001");
                let clock = devices.iter().find(|(id, _)| id.0 == row.device_id).unwrap().1;
                punches.push((clock, day, row.local_time));
            }
        }
        let entries: Vec<String> = accounts::table::all_entries(conn)?.into_iter().filter_map(|row| row.bank_ref).collect();
        Ok((punches, entries))
    });
    let (punches, entries) = stored.unwrap();
    let own: BTreeSet<(usize, Day, i32)> = punches.iter().copied().collect();
    assert_eq!(own.len(), punches.len(), "a passage is there twice");
    for (clock, number) in &heard.punches {
        let day = today.plus_days(-1 - i64::from(number / 80_000));
        assert!(own.contains(&(*clock, day, passage(*number, today).1)), "passage {number} of clock {clock} is lost");
    }
    let own: BTreeSet<&String> = entries.iter().collect();
    assert_eq!(own.len(), entries.len(), "an entry is there twice");
    for entry in &heard.entries {
        assert!(own.contains(entry), "entry {entry} is lost");
    }
    let audit = ground.db.read_blocking(verify::verify).unwrap();
    assert_eq!(audit.broken, Vec::<String>::new());
}

fn what_breaks_off_leaves_nothing(db: &Db) {
    use diesel::connection::SimpleConnection;
    let write = |name: &'static str, breaks_off: bool| {
        let db = db.clone();
        // A thread of its own, as every request has: the pool lends the connection again afterwards.
        let thread = std::thread::spawn(move || {
            db.write_blocking(move |tx| -> Result<(), StoreError> {
                tx.conn().batch_execute(&format!("INSERT INTO marks (name, value) VALUES ('{name}', '')"))?;
                if breaks_off {
                    std::panic::resume_unwind(Box::new("broken off"));
                }
                Ok(())
            })
        });
        thread.join().is_ok_and(|result| result.is_ok())
    };
    for _ in 0..4 {
        assert!(!write("half", true));
    }
    for name in ["one", "two", "three", "four"] {
        assert!(write(name, false));
    }
    #[derive(diesel::QueryableByName)]
    struct Mark {
        #[diesel(sql_type = diesel::sql_types::Text)]
        name: String,
    }
    // Another service sees what was acknowledged, and no half of what was not.
    let other = Db::open(db.place().clone(), &DbOptions::default()).unwrap();
    let marks: Vec<Mark> = other
        .read_blocking(|conn| -> Result<_, StoreError> {
            let text = "SELECT name FROM marks WHERE name IN ('half', 'one', 'two', 'three', 'four') ORDER BY name";
            Ok(diesel::RunQueryDsl::load(diesel::sql_query(text), conn)?)
        })
        .unwrap();
    assert_eq!(marks.into_iter().map(|mark| mark.name).collect::<Vec<_>>(), ["four", "one", "three", "two"]);
}

#[test]
fn work_that_breaks_off_leaves_no_half_to_who_comes_next() {
    what_breaks_off_leaves_nothing(&ground::fresh_sqlite());
    #[cfg(feature = "postgres")]
    what_breaks_off_leaves_nothing(&ground::fresh_postgres());
}
