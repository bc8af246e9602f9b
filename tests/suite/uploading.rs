//! A contractor's uploader in another language against the running program: it signs and encrypts with its own code, sends each message
//! of the chain twice, and what it sent stands once in the registries.

use std::path::Path;
use std::process::Command;

use anxin::app::verify;
use anxin::parties::PartyKind;
use anxin::parties::actions::NewParty;
use anxin::realname::apps::actions::{Bound, NewApp, Terms, issue};
use anxin::store::StoreError;
use anxin::web::{Ctx, Problem};
use anxin::{attendance, parties, payroll, projects, workers};

use super::ground::{card, id_number, uscc};
use super::served::{make_key, open, start};

const CONTRACTOR: &str = "上传总包有限公司";

/// A contractor with an app; gives the app's id and secret.
fn found(folder: &Path) -> (String, String) {
    make_key(folder);
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
