//! A contractor's uploader in another language against the running program: it signs and encrypts with its own code, sends each message
//! of the chain twice, and what it sent stands once in the registries.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use anxin::app::clock::SystemClock;
use anxin::app::config::{self, Config};
use anxin::app::{build, verify};
use anxin::parties::PartyKind;
use anxin::parties::actions::NewParty;
use anxin::realname::apps::actions::{Bound, NewApp, Terms, issue};
use anxin::store::conn::Place;
use anxin::store::{Db, DbOptions, StoreError, migrate};
use anxin::web::{Ctx, Ground, Problem};
use anxin::{attendance, parties, payroll, projects, workers};

use super::ground::{card, id_number, uscc};

const KEY: [u8; 32] = [9; 32];
const CONTRACTOR: &str = "上传总包有限公司";

fn open(folder: &Path) -> Arc<Ground> {
    let db = Db::open(Place::in_folder(folder), &DbOptions::default()).unwrap();
    migrate::up(&db).unwrap();
    let (config, law) = (Config::load(None).unwrap(), config::law_book(None).unwrap());
    build::ground(db, KEY, Arc::new(SystemClock), &law, &config, false).unwrap()
}

/// A contractor with an app; gives the app's id and secret.
fn found(folder: &Path) -> (String, String) {
    build::make_key(&folder.join(build::KEY_FILE), &KEY).unwrap();
    let ground = open(folder);
    let ctx = Ctx::of_the_house(&ground, "test");
    let issued: Result<_, Problem> = ground.db.write_blocking(move |tx| {
        let uscc = anxin::base::person::Uscc::parse(&uscc(1)).unwrap();
        let new = NewParty { uscc, name: CONTRACTOR.to_owned(), kind: PartyKind::Enterprise, parent: None };
        let party = parties::actions::register(tx, &ctx, &new)?.id;
        let terms = Terms { name: "某企业系统".to_owned(), ..Terms::default() };
        issue(tx, &ctx, &NewApp { bound: Bound::Party(party), terms, profile: None, app_id: None, secret: None })
    });
    let issued = issued.unwrap();
    (issued.app.app_id, issued.secret)
}

struct Service {
    child: Child,
    address: String,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start(folder: &Path) -> Service {
    let mut child = Command::new(env!("CARGO_BIN_EXE_anxin"))
        .args(["serve", "--port", "0", "--data"])
        .arg(folder)
        .env_remove("DATABASE_URL")
        .env_remove("ANXIN_KEY_FILE")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = child.stdout.take().unwrap();
    let line = BufReader::new(output).lines().map_while(Result::ok).find(|line| line.starts_with("http://"));
    let address = line.expect("the service prints its address").trim_start_matches("http://").trim_end_matches('/').to_owned();
    Service { child, address }
}

#[test]
fn a_client_in_python_drives_the_whole_chain() {
    let folder = tempfile::tempdir().unwrap();
    let (app_id, secret) = found(folder.path());
    let service = start(folder.path());
    let python = std::env::var("ANXIN_TEST_PYTHON").expect("ANXIN_TEST_PYTHON is not set: run tests/run, which prepares Python");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/uploader.py");
    let told = Command::new(python)
        .arg(script)
        .args([&service.address, &app_id, &secret, &uscc(1), CONTRACTOR])
        .args([id_number(1), id_number(2), card(1), card(2)])
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    assert!(told.status.success(), "{out}\n{err}");
    assert_eq!(out.matches("\"status\": \"20\"").count(), 18, "{out}");
    drop(service);
    let ground = open(folder.path());
    anxin::app::worker::drain(&ground).unwrap();
    let counts: Result<_, Problem> = ground.db.read_blocking(|conn| {
        let project = projects::table::all(conn)?.remove(0).id;
        let roll = workers::table::of_project(conn, project)?;
        let yesterday = ground.clock.today().plus_days(-1);
        let punches = attendance::table::punches_of_day(conn, project, workers::day_number(yesterday))?;
        let sheets = payroll::table::parts(conn, project, yesterday.month())?;
        let total: i64 = sheets.iter().map(|sheet| sheet.total_fen.0).sum();
        let signed = roll.iter().filter(|row| row.paper == workers::Paper::LabourContract).count();
        let crews = projects::table::crews_of(conn, project)?.len();
        Ok((projects::table::all(conn)?.len(), crews, roll.len(), signed, punches.len(), sheets.len(), total))
    });
    assert_eq!(counts.unwrap(), (1, 1, 2, 2, 4, 1, 1_300_100));
    let audit: Result<_, StoreError> = ground.db.read_blocking(verify::verify);
    assert_eq!(audit.unwrap().broken, Vec::<String>::new());
}
