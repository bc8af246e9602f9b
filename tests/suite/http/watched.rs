//! Watched folders: what lies in them is taken once, when nobody writes it any more, with the rights of the folder, and is put away told.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anxin::app::watch::{FolderConfig, Looked, TakeRoster, Watch, WatchConfig};
use anxin::base::id::AccountId;
use diesel::prelude::*;
use tempfile::TempDir;

use super::accounts::open;
use super::roster_imports::{HEADER, ground, on_roll, row};
use super::settlement::{NUMBER, Ntry, camt, camt_of};
use crate::both;
use crate::suite::ground::{App, project};

fn config(path: &Path, account: Option<AccountId>) -> WatchConfig {
    let folder = FolderConfig { path: path.to_owned(), account, project: None, take: TakeRoster::Wait };
    WatchConfig { poll_seconds: 1, folders: vec![folder] }
}

fn watch(app: &App, folder: &TempDir, account: AccountId) -> Watch {
    Watch::new(Arc::clone(&app.ground), &config(folder.path(), Some(account))).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn at(folder: &TempDir, parts: &[&str]) -> PathBuf {
    parts.iter().fold(folder.path().to_owned(), |path, part| path.join(part))
}

async fn account(app: &App) -> AccountId {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    open(&client, &site, NUMBER).await.parse().unwrap()
}

/// How many messages the inbox holds, and how many entries are booked.
fn kept(app: &App, account: AccountId) -> (usize, usize) {
    app.read(move |conn, _| {
        let entries = anxin::accounts::table::all_entries(conn)?.iter().filter(|entry| entry.account_id == account).count();
        let messages: i64 = anxin::store::schema::inbox::table.count().get_result(conn)?;
        Ok((usize::try_from(messages).unwrap(), entries))
    })
    .unwrap()
}

fn statement() -> String {
    let entries = [Ntry { reference: Some("R1"), ..Ntry::credit("100.00", "2026-03-02") }];
    camt(53, "S1", 1, Some(("0.00", "100.00")), &entries)
}

both!(a_file_is_taken_when_nobody_writes_it_any_more, |app| {
    let (folder, account) = (tempfile::tempdir().unwrap(), account(&app).await);
    let mut watch = watch(&app, &folder, account);
    let (file, half) = (at(&folder, &["day.xml"]), statement().len() / 2);
    fs::write(&file, &statement()[..half]).unwrap();
    assert_eq!(watch.look(), Looked::default(), "seen once");
    fs::write(&file, statement()).unwrap();
    assert_eq!(watch.look(), Looked::default(), "it has grown");
    assert_eq!(watch.look(), Looked { taken: 1, ..Looked::default() });
    assert_eq!(names(&at(&folder, &["taken"])), ["day.xml", "day.xml.txt"]);
    let told = fs::read_to_string(at(&folder, &["taken", "day.xml.txt"])).unwrap();
    assert!(told.contains("全部已入账") && told.contains("1/1"), "{told}");
    assert_eq!(kept(&app, account), (1, 1));
    assert!(names(&at(&folder, &[".reading"])).is_empty());
    // The same bytes under another name are told as what they are, and nothing is put over anything.
    app.clock.set("2026-03-02T10:00:00+08:00");
    fs::write(&file, statement()).unwrap();
    watch.look();
    watch.look();
    assert_eq!(names(&at(&folder, &["taken"])).len(), 4);
    assert_eq!(kept(&app, account), (2, 1));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_file_that_was_renamed_when_it_was_whole_is_taken_at_once, |app| {
    let (folder, account) = (tempfile::tempdir().unwrap(), account(&app).await);
    let mut watch = watch(&app, &folder, account);
    let draft = at(&folder, &["day.xml.tmp"]);
    fs::write(&draft, statement()).unwrap();
    for _ in 0..3 {
        assert_eq!(watch.look(), Looked::default(), "nobody says that it is whole");
    }
    fs::rename(&draft, at(&folder, &["day.xml"])).unwrap();
    #[cfg(unix)]
    assert_eq!(watch.look(), Looked { taken: 1, ..Looked::default() });
});

both!(what_is_not_taken_is_refused_with_its_reason_and_goes_in_again_when_it_is_mended, |app| {
    let (folder, account) = (tempfile::tempdir().unwrap(), account(&app).await);
    let mut watch = watch(&app, &folder, account);
    let foreign = camt_of("330500099999", 53, "S1", 1, None, &[Ntry::credit("1.00", "2026-03-02")]);
    for (name, text) in [("1-foreign.xml", foreign.as_str()), ("2-odd.xml", "<odd"), ("3-empty.csv", "")] {
        fs::write(at(&folder, &[name]), text).unwrap();
    }
    watch.look();
    assert_eq!(watch.look(), Looked { refused: 3, ..Looked::default() });
    let told = |name: &str| fs::read_to_string(at(&folder, &["refused", name])).unwrap();
    assert!(told("1-foreign.xml.txt").contains("unknown_account"), "{}", told("1-foreign.xml.txt"));
    assert!(told("3-empty.csv.txt").contains("文件为空"));
    assert_eq!(kept(&app, account), (2, 0), "bytes are kept all the same; nothing is no bytes");
    fs::write(at(&folder, &["2-odd.xml"]), statement()).unwrap();
    watch.look();
    assert_eq!(watch.look(), Looked { taken: 1, ..Looked::default() });
});

both!(a_folder_feeds_its_own_account_and_no_other, |app| {
    let (folder, own) = (tempfile::tempdir().unwrap(), account(&app).await);
    let client = app.labour_manager();
    let other = project(&client, 2, "330784").await;
    let foreign: AccountId = open(&client, &other, "330500010002").await.parse().unwrap();
    let mut watch = watch(&app, &folder, own);
    let text = camt_of("330500010002", 53, "S1", 1, None, &[Ntry::credit("1.00", "2026-03-02")]);
    fs::write(at(&folder, &["a.xml"]), text).unwrap();
    watch.look();
    assert_eq!(watch.look(), Looked { refused: 1, ..Looked::default() });
    assert_eq!(kept(&app, foreign).1, 0);
});

both!(a_process_that_dies_in_between_loses_nothing_and_does_nothing_twice, |app| {
    let (folder, account) = (tempfile::tempdir().unwrap(), account(&app).await);
    let mut first = watch(&app, &folder, account);
    // It died after it had moved the file and before it had read it.
    let moment = anxin::base::Clock::now(app.clock.as_ref()).0;
    fs::write(at(&folder, &[".reading", &format!("{moment}~day.xml")]), statement()).unwrap();
    assert_eq!(first.look(), Looked { taken: 1, ..Looked::default() });
    assert_eq!(kept(&app, account), (1, 1));
    // It died after the commit and before it had put the file away: the file is where it was read.
    fs::rename(at(&folder, &["taken", "day.xml"]), at(&folder, &[".reading", &format!("{moment}~day.xml")])).unwrap();
    let mut second = watch(&app, &folder, account);
    assert_eq!(second.look(), Looked { taken: 1, ..Looked::default() });
    assert_eq!(kept(&app, account), (1, 1), "not even kept twice");
    // The same of one that was refused.
    let odd = at(&folder, &[".reading", &format!("{moment}~odd.xml")]);
    fs::write(&odd, "<odd").unwrap();
    assert_eq!(second.look(), Looked { refused: 1, ..Looked::default() });
    fs::rename(at(&folder, &["refused", "odd.xml"]), &odd).unwrap();
    assert_eq!(watch(&app, &folder, account).look(), Looked { refused: 1, ..Looked::default() });
    assert_eq!(kept(&app, account), (2, 1));
});

#[cfg(unix)]
both!(links_are_left_alone_and_our_own_folders_are_none, |app| {
    let (folder, elsewhere, account) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), account(&app).await);
    let secret = at(&elsewhere, &["secret.xml"]);
    fs::write(&secret, statement()).unwrap();
    let mut first = watch(&app, &folder, account);
    std::os::unix::fs::symlink(&secret, at(&folder, &["link.xml"])).unwrap();
    fs::create_dir(at(&folder, &["folder.xml"])).unwrap();
    for _ in 0..3 {
        assert_eq!(first.look(), Looked::default());
    }
    assert!(secret.exists() && kept(&app, account) == (0, 0));
    // Where `taken` leads elsewhere, nothing is taken at all.
    fs::remove_dir(at(&folder, &["taken"])).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), at(&folder, &["taken"])).unwrap();
    fs::write(at(&folder, &["day.xml"]), statement()).unwrap();
    for _ in 0..3 {
        assert_eq!(first.look(), Looked::default());
    }
    assert!(at(&folder, &["day.xml"]).exists() && kept(&app, account) == (0, 0));
    assert!(Watch::new(Arc::clone(&app.ground), &config(folder.path(), Some(account))).is_err());
});

both!(a_setting_that_is_wrong_is_named, |app| {
    let folder = tempfile::tempdir().unwrap();
    let fails = |config: &WatchConfig| Watch::new(Arc::clone(&app.ground), config).map(|_| ()).unwrap_err().to_string();
    assert!(fails(&config(folder.path(), None)).contains("watch.folders"));
    let mut twice = config(folder.path(), Some(AccountId(1)));
    twice.folders.push(twice.folders[0].clone());
    assert!(fails(&twice).contains("watched already"));
});

both!(a_folder_that_is_not_there_is_told_once_and_taken_up_when_it_appears, |app| {
    let (folder, account) = (tempfile::tempdir().unwrap(), account(&app).await);
    let path = at(&folder, &["mount"]);
    let mut watch = Watch::new(Arc::clone(&app.ground), &config(&path, Some(account))).expect("the service starts without it");
    let client = app.client(anxin::web::Role::Administrator, anxin::web::ScopeOn::Everything);
    let sign = async || {
        let health = client.get("/api/v1/health").send().await.expect(200);
        health["signs"].as_array().unwrap().iter().find(|sign| sign["name"] == "folders").unwrap().clone()
    };
    assert_eq!(sign().await["state"], "ok", "nobody has looked yet");
    for _ in 0..3 {
        assert_eq!(watch.look(), Looked::default());
    }
    let told = sign().await;
    assert_eq!((&told["state"], &told["count"]), (&"warn".into(), &1.into()), "{told}");
    assert!(told["en"].as_str().unwrap().contains("mount"), "{told}");
    app.drain();
    let notices = |app: &App| -> Vec<(String, String)> {
        use anxin::store::schema::notices as n;
        app.read(|conn, _| Ok(n::table.filter(n::subject.like("folder %")).select((n::subject, n::state)).load(conn)?)).unwrap()
    };
    let standing = notices(&app);
    assert!(!standing.is_empty() && standing.iter().all(|(_, state)| state != "cured"), "{standing:?}");
    // The mount comes, with a file in it.
    fs::create_dir(&path).unwrap();
    fs::write(path.join("day.xml"), statement()).unwrap();
    watch.look();
    assert_eq!(watch.look(), Looked { taken: 1, ..Looked::default() });
    assert_eq!(kept(&app, account), (1, 1));
    assert_eq!(sign().await["state"], "ok");
    app.drain();
    assert!(notices(&app).iter().all(|(_, state)| state == "cured"));
    // It goes again while the service runs, and one that is watched no more is forgotten.
    fs::remove_dir_all(&path).unwrap();
    watch.look();
    assert_eq!(sign().await["count"], 1);
    Watch::new(Arc::clone(&app.ground), &WatchConfig { poll_seconds: 1, folders: Vec::new() }).map(|_| ()).unwrap();
    assert_eq!(sign().await["state"], "ok");
});

both!(a_roster_in_a_folder_waits_for_a_person_or_is_taken_as_the_folder_says, |app| {
    let (manager, site, code) = ground(&app, 1).await;
    let hand_in = |take: TakeRoster, text: String| {
        let folder = tempfile::tempdir().unwrap();
        let one = FolderConfig { path: folder.path().to_owned(), account: None, project: Some(site.id), take };
        let mut watch = Watch::new(Arc::clone(&app.ground), &WatchConfig { poll_seconds: 1, folders: vec![one] }).unwrap();
        fs::write(at(&folder, &["roster.csv"]), text).unwrap();
        watch.look();
        let looked = watch.look();
        app.drain();
        (looked, folder)
    };
    let roster = |number: u32| format!("{HEADER}\n{}\n", row(&code, number));
    let (looked, folder) = hand_in(TakeRoster::Wait, roster(1));
    assert_eq!(looked, Looked { taken: 1, ..Looked::default() });
    let told = fs::read_to_string(at(&folder, &["taken", "roster.csv.txt"])).unwrap();
    let list = manager.get(&format!("{}/roster-imports", site.path)).send().await.expect(200);
    assert!(told.contains(list[0]["id"].as_str().unwrap()), "{told}");
    assert_eq!((&list[0]["state"], on_roll(&app, &site)), (&serde_json::json!("waiting"), 0));
    let (looked, _folder) = hand_in(TakeRoster::Good, roster(2));
    assert_eq!((looked.taken, on_roll(&app, &site)), (1, 1));
    // What is no roster is refused; a header that nobody knows is kept and asked about.
    let (looked, _folder) = hand_in(TakeRoster::Good, "%PDF-1.7".to_owned());
    assert_eq!(looked.refused + looked.taken, 1, "{looked:?}");
    assert_eq!(on_roll(&app, &site), 1);
    assert_eq!(app.broken(), Vec::<String>::new());
});
