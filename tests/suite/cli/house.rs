//! Commands on a database: migrate, user, verify, backup, restore, gate replay, serve.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::Duration;

use super::Folder;

const PASSWORD: &str = "a long password 1\n";

impl Folder {
    /// Writes a key that only its owner may read.
    fn with_key(self, name: &str) -> Folder {
        let path = self.write(name, format!("{}\n", "5a".repeat(32)));
        only_owner(&path);
        self
    }

    /// A migrated database in `data` with one user.
    pub(super) fn settled() -> Folder {
        let folder = Folder::new().with_key("data/anxin.key");
        folder.run(&["migrate", "--data", "data"]).ends(0);
        let ran = folder.run_with(&["user", "add", "root", "测试管理员", "--data", "data"], PASSWORD).ends(0);
        assert!(ran.last().starts_with("added "), "{}", ran.last());
        folder
    }
}

pub(super) fn only_owner(path: &std::path::Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("permissions");
    }
}

#[test]
fn a_folder_and_a_url_at_once_are_an_error() {
    let folder = Folder::settled();
    for arguments in [&["verify"][..], &["migrate"], &["gate", "replay", "--all"], &["backup", "b.db"], &["serve", "--port", "0"]]
    {
        let mut command = folder.command(arguments);
        command.args(["--data", "data"]).env("DATABASE_URL", "sqlite://data/anxin.db");
        let ran = super::Ran::of(command.output().expect("the binary starts")).ends(2);
        assert!(ran.err.contains("DATABASE_URL") && ran.err.contains("--data"), "{arguments:?}: {}", ran.err);
    }
    // Either alone will do.
    folder.run(&["verify", "--data", "data"]).ends(0);
    let mut command = folder.command(&["verify"]);
    let ran = super::Ran::of(command.env("DATABASE_URL", "sqlite://data/anxin.db").output().expect("the binary starts"));
    ran.ends(0);
    let mut command = folder.command(&["verify"]);
    let odd = command.env("DATABASE_URL", "mysql://secret@host/db").output().expect("the binary starts");
    let odd = super::Ran::of(odd).ends(2);
    assert!(!odd.err.contains("secret"), "a URL holds a password: {}", odd.err);
}

#[test]
fn migrations_are_counted_and_done_once() {
    let folder = Folder::new().with_key("data/anxin.key");
    let first = folder.run(&["migrate", "--data", "data"]).ends(0);
    let count: u32 = first.last().strip_suffix(" migrations applied").expect("a count").parse().expect("a number");
    assert!(count > 0);
    assert_eq!(folder.run(&["migrate", "--data", "data"]).ends(0).last(), "0 migrations applied");
    // Nothing to verify is no success.
    assert_eq!(folder.run(&["verify", "--data", "data"]).ends(1).last(), "verified 0 rows, 0 broken");
    assert_eq!(folder.run(&["gate", "replay", "--all", "--data", "data"]).ends(1).last(), "0 replayed, 0 differ");
}

#[test]
fn users_come_with_their_password_on_standard_input() {
    let folder = Folder::settled();
    let add = |login: &str, more: &[&str], input: &str| {
        let arguments: Vec<&str> =
            ["user", "add", login, "测试员", "--data", "data"].into_iter().chain(more.iter().copied()).collect();
        folder.run_with(&arguments, input)
    };
    add("second", &["--role", "labour_manager", "--scope", "region:330784"], PASSWORD).ends(0);
    add("root", &[], PASSWORD).ends(2);
    add("third", &[], "short\n").ends(2);
    add("third", &[], "").ends(2);
    add("third", &["--role", "emperor"], PASSWORD).ends(2);
    add("third", &["--scope", "planet:1"], PASSWORD).ends(2);
    let password = |login: &str, input: &str| folder.run_with(&["user", "password", login, "--data", "data"], input);
    let ran = password("second", "another password 2\n").ends(0);
    assert!(!ran.out.contains("another") && !ran.err.contains("another"));
    password("nobody", PASSWORD).ends(2);
    assert!(folder.run(&["verify", "--data", "data"]).ends(0).last().ends_with(" rows, 0 broken"));
}

#[test]
fn verify_finds_a_changed_row() {
    let folder = Folder::settled();
    let good = folder.run(&["verify", "--data", "data"]).ends(0);
    assert!(good.last().starts_with("verified ") && good.last() != "verified 0 rows, 0 broken", "{}", good.last());
    {
        use diesel::connection::SimpleConnection;
        use diesel::{Connection, SqliteConnection};
        let path = folder.path("data/anxin.db");
        let mut conn = SqliteConnection::establish(&path.to_string_lossy()).expect("the database opens");
        conn.batch_execute("UPDATE users SET name = 'somebody else'").expect("an update behind the house's back");
    }
    let bad = folder.run(&["verify", "--data", "data"]).ends(1);
    assert!(bad.last().ends_with(" 1 broken"), "{}", bad.out);
    assert!(bad.out.lines().count() >= 2, "the broken row is named before: {}", bad.out);
    // A broken database is not handed on.
    folder.run(&["backup", "broken.db", "--data", "data"]).ends(1);
    folder.run(&["restore", "broken.db", "--data", "elsewhere"]).ends(1);
    assert!(!folder.path("elsewhere/anxin.db").exists());
}

#[test]
fn a_backup_restores_to_the_same_rows() {
    let folder = Folder::settled();
    let before = folder.run(&["verify", "--data", "data"]).ends(0);
    folder.run(&["backup", "copy.db", "--data", "data"]).ends(0);
    // Neither command overwrites anything.
    folder.run(&["backup", "copy.db", "--data", "data"]).ends(2);
    folder.run(&["restore", "copy.db", "--data", "data"]).ends(2);
    let ran = folder.run(&["restore", "copy.db", "--data", "other"]).ends(0);
    assert!(ran.last().starts_with("restored to "), "{}", ran.last());
    let after = folder.run(&["verify", "--data", "other"]).ends(0);
    assert_eq!(after.last(), before.last());
    folder.write("words.db", "hello");
    assert_ne!(folder.run(&["restore", "words.db", "--data", "third"]).status, 0);
    assert!(!folder.path("third/anxin.db").exists());
    folder.run(&["restore", "nothing.db", "--data", "third"]).ends(2);
    assert!(!folder.path("nothing.db").exists() && !folder.path("third/anxin.db").exists());
}

/// A running service; it ends with the test.
pub(super) struct Service(Child, String);

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Folder {
    /// Starts the service and waits for the line with its address.
    pub(super) fn serve(&self, arguments: &[&str]) -> Service {
        let mut child = self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the binary starts");
        let output = child.stdout.take().expect("a pipe");
        // The line comes once the socket is bound; an end of the output instead means that it refused.
        let found = BufReader::new(output).lines().map_while(Result::ok).find(|line| line.starts_with("http://"));
        let service = Service(child, found.unwrap_or_default());
        assert!(!service.1.is_empty(), "the service ended without an address");
        service
    }
}

fn get(service: &Service, path: &str) -> String {
    let address = service.1.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(address).expect("the service listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a limit");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("the request is sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn serve_refuses_without_key_or_with_pending_migrations() {
    let folder = Folder::new();
    let pending = folder.run(&["serve", "--data", "data", "--port", "0"]).ends(2);
    assert!(pending.err.contains("migrat"), "{}", pending.err);
    let no_key = folder.run(&["serve", "--data", "data", "--port", "0", "--migrate"]).ends(2);
    assert!(no_key.err.contains("anxin.key"), "{}", no_key.err);
    let odd = folder.write("data/anxin.key", "not a key");
    only_owner(&odd);
    folder.run(&["serve", "--data", "data", "--port", "0"]).ends(2);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::write(&odd, "5a".repeat(32)).expect("a key");
        std::fs::set_permissions(&odd, std::fs::Permissions::from_mode(0o644)).expect("permissions");
        let open = folder.run(&["serve", "--data", "data", "--port", "0"]).ends(2);
        assert!(open.err.contains("600"), "{}", open.err);
    }
}

#[test]
fn serve_answers_on_the_port_that_it_prints() {
    // Settings of others beside ours, and those without a table, do not hinder it.
    let folder = Folder::new().with_key("keys/key");
    let service = folder.serve(&["serve", "--data", "data", "--key-file", "keys/key", "--port", "0", "--migrate"]);
    let health = get(&service, "/healthz");
    assert!(health.starts_with("HTTP/1.1 200") && health.ends_with("ok\n"), "{health}");
    assert!(get(&service, "/readyz").starts_with("HTTP/1.1 200"));
    assert!(get(&service, "/metrics").starts_with("HTTP/1.1 200"));
    assert!(get(&service, "/api/openapi.json").contains("\"openapi\""));
    assert!(get(&service, "/api/v1/projects").starts_with("HTTP/1.1 401"));
    // A backup is taken while the service runs.
    folder.run_with(&["user", "add", "root", "测试", "--data", "data", "--key-file", "keys/key"], PASSWORD).ends(0);
    folder.run(&["backup", "copy.db", "--data", "data"]).ends(0);
}

#[test]
fn settings_come_from_the_environment_by_table() {
    let folder = Folder::settled();
    let run = |name: &str, value: &str| {
        let mut command = folder.command(&["user", "password", "nobody", "--data", "data"]);
        command.env(name, value).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let _ = child.stdin.take().expect("a pipe").write_all(PASSWORD.as_bytes());
        super::Ran::of(child.wait_with_output().expect("the binary ends")).ends(2).err
    };
    // Names without a table are not settings of the service.
    for name in ["ANXIN_LOG", "ANXIN_TEST_XSD", "ANXIN_ANYTHING"] {
        assert!(!run(name, "warn").contains("configuration"), "{name}");
    }
    assert!(run("ANXIN_SERVER__COLOUR", "red").contains("configuration"));
    assert!(run("ANXIN_SERVER__PORT", "many").contains("configuration"));
}
