//! `schedule`, `key rotate`, and a backup taken while somebody writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anxin::app::clock::SystemClock;
use anxin::app::config::{self, Config};
use anxin::app::{build, verify};
use anxin::base::person::Uscc;
use anxin::parties::actions::{NewParty, register};
use anxin::parties::{self, PartyKind};
use anxin::store::conn::Place;
use anxin::store::{Db, DbOptions, StoreError};
use anxin::web::{Ctx, Problem};

use super::Folder;
use super::house::only_owner;
use crate::suite::ground::uscc;

const KEY: [u8; 32] = [0x5a; 32];

#[test]
fn the_schedule_is_listed_with_its_next_times() {
    let folder = Folder::settled();
    let ran = folder.run(&["schedule", "--data", "data"]).ends(0);
    for name in ["nightly", "reminders", "sources", "gates", "silence", "digest", "pruning"] {
        let line = ran.out.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}: {}", ran.out));
        assert!(line.contains("Asia/Shanghai") && line.contains("last none"), "{line}");
        let next = line.split("  next ").nth(1).expect("next times");
        assert_eq!(next.split(' ').count(), 3, "{line}");
    }
    assert!(ran.out.contains("nightly  0 30 1 * * *  Asia/Shanghai  catch_up"), "{}", ran.out);
    assert!(ran.last().starts_with("7 ticks, next ") && ran.last().ends_with("+08:00"), "{}", ran.last());
    // A folder's settings are laid over line by line, and what cannot be is named.
    folder.write("own/service.toml", "[schedule.digest]\ncron = \"off\"\n");
    let ran = folder.run(&["schedule", "--data", "data", "--config", "own"]).ends(0);
    assert!(ran.out.contains("digest  off") && ran.out.contains("next never"), "{}", ran.out);
    folder.write("own/service.toml", "[schedule.digest]\nzone = \"Mars/Olympus\"\n");
    let ran = folder.run(&["schedule", "--data", "data", "--config", "own"]).ends(2);
    assert!(ran.err.contains("schedule.digest.zone"), "{}", ran.err);
    folder.run(&["schedule", "--data", "nothing"]).ends(2);
}

#[test]
fn a_key_is_rotated_and_the_old_one_refused() {
    let folder = Folder::settled();
    let next = folder.write("next.key", "6b".repeat(32));
    only_owner(&next);
    // A wrong key at hand, the same key, no file: nothing is changed.
    let stray = folder.write("stray.key", "7c".repeat(32));
    only_owner(&stray);
    let ran = folder.run(&["key", "rotate", "--new-key-file", "next.key", "--data", "data", "--key-file", "stray.key"]).ends(2);
    assert!(ran.err.contains("not the one of this database"), "{}", ran.err);
    folder.run(&["key", "rotate", "--new-key-file", "data/anxin.key", "--data", "data"]).ends(2);
    folder.run(&["key", "rotate", "--new-key-file", "nothing.key", "--data", "data"]).ends(2);
    let ran = folder.run(&["key", "rotate", "--new-key-file", "next.key", "--data", "data"]).ends(0);
    assert!(ran.last().starts_with("2 data keys rotated, "), "{}", ran.last());
    assert!(folder.run(&["verify", "--data", "data"]).ends(0).last().ends_with(" 0 broken"));
    // The service says at its start that the key is the wrong one.
    let ran = folder.run(&["serve", "--data", "data", "--port", "0"]).ends(2);
    assert!(ran.err.contains("not the one of this database") && ran.err.contains("密钥"), "{}", ran.err);
    let service = folder.serve(&["serve", "--data", "data", "--key-file", "next.key", "--port", "0"]);
    drop(service);
}

#[test]
fn a_wrong_mail_setting_is_named_at_the_start() {
    let folder = Folder::settled();
    folder.write("own/service.toml", "[mail]\nenabled = true\nhost = \"mail.example.cn\"\n");
    let ran = folder.run(&["serve", "--data", "data", "--port", "0", "--config", "own"]).ends(2);
    assert!(ran.err.contains("mail.tls"), "{}", ran.err);
    folder.write("own/service.toml", "[mail]\nenabled = true\nuser = \"a\"\npassword_file = \"nothing\"\n");
    let ran = folder.run(&["serve", "--data", "data", "--port", "0", "--config", "own"]).ends(2);
    assert!(ran.err.contains("mail.password_file"), "{}", ran.err);
}

#[test]
fn a_backup_taken_while_somebody_writes_holds_all_that_was_acknowledged_before() {
    let folder = Folder::settled();
    let db = Db::open(Place::File(folder.path("data/anxin.db")), &DbOptions::default()).expect("the database opens");
    let (law, settings) = (config::law_book(None).expect("law"), Config::load(None).expect("settings"));
    let ground = build::ground(db, KEY, Arc::new(SystemClock), &law, &settings, false).expect("the services");
    let (stop, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (stopped, counted) = (Arc::clone(&stop), Arc::clone(&acknowledged));
    let writer = std::thread::spawn(move || {
        let mut number = 0_u32;
        while !stopped.load(Ordering::SeqCst) {
            number += 1;
            let ctx = Ctx::of_the_house(&ground, "test");
            let wrote: Result<(), Problem> = ground.db.write_blocking(move |tx| {
                let new = NewParty {
                    uscc: Uscc::parse(&uscc(number)).expect("a code"),
                    name: format!("测试单位{number}"),
                    kind: PartyKind::Enterprise,
                    parent: None,
                };
                register(tx, &ctx, &new).map(drop)
            });
            wrote.expect("a party");
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    while acknowledged.load(Ordering::SeqCst) < 50 {
        std::thread::yield_now();
    }
    for round in 1..=3 {
        let before = acknowledged.load(Ordering::SeqCst);
        let copy = format!("copy-{round}.db");
        let ran = folder.run(&["backup", &copy, "--data", "data"]).ends(0);
        assert!(ran.last().ends_with(" 0 broken"), "{}", ran.last());
        let there = format!("restored-{round}");
        folder.run(&["restore", &copy, "--data", &there]).ends(0);
        let restored = Db::open(Place::File(folder.path(&there).join("anxin.db")), &DbOptions::default()).expect("it opens");
        let (held, broken) = restored
            .read_blocking(|conn| -> Result<_, StoreError> {
                Ok((parties::table::all(conn)?.len(), verify::verify(conn)?.broken))
            })
            .expect("it reads");
        assert!(held >= before, "{held} of the {before} that were acknowledged before the backup began");
        assert_eq!(broken, Vec::<String>::new());
    }
    assert!(acknowledged.load(Ordering::SeqCst) > 50, "somebody wrote all the while");
    stop.store(true, Ordering::SeqCst);
    writer.join().expect("the writer");
}
