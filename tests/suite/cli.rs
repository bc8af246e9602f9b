//! The binary as others call it: every row of the command-line contract, in an empty folder, with nothing of the caller's
//! environment but what the test gives.

mod bank;
mod certificate;
mod device;
mod house;
mod law;
mod upkeep;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// An empty folder in which commands run.
struct Folder(TempDir);

/// What a command left behind.
struct Ran {
    status: i32,
    out: String,
    err: String,
}

impl Ran {
    fn of(output: Output) -> Ran {
        Ran {
            status: output.status.code().expect("no signal ended it"),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// The last line of standard output.
    fn last(&self) -> &str {
        self.out.lines().last().unwrap_or_default()
    }

    /// Asserts the exit status and gives the rest.
    #[track_caller]
    fn ends(self, status: i32) -> Ran {
        assert_eq!(self.status, status, "output:\n{}\nerrors:\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }
}

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        std::fs::write(&path, bytes).expect("the file is written");
        path
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_anxin"));
        command.args(arguments).current_dir(self.0.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name == "DATABASE_URL" || name.to_string_lossy().starts_with("ANXIN_") {
                command.env_remove(name);
            }
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().expect("the binary starts"))
    }

    fn run_with(&self, arguments: &[&str], input: &str) -> Ran {
        let mut command = self.command(arguments);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        // A command that refuses before it reads closes the pipe; that is its right.
        let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
        Ran::of(child.wait_with_output().expect("the binary ends"))
    }
}

/// A file of the tree as an argument.
fn tree(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path).to_string_lossy().into_owned()
}

/// Keys of an object, sorted.
fn keys(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

/// Asserts that an object has all of these keys.
#[track_caller]
fn has_keys(value: &Value, wanted: &[&str]) {
    let found = keys(value);
    for key in wanted {
        assert!(found.contains(key), "`{key}` is missing in {found:?}");
    }
}

#[test]
fn wrong_use_ends_with_two_and_says_so_on_standard_error() {
    let folder = Folder::new();
    for arguments in [
        &["frobnicate"][..],
        &[],
        &["law"],
        &["law", "cases"],
        &["law", "cases", "nothing.toml"],
        &["law", "explain", "deposit.rate", "--region", "33"],
        &["law", "explain", "deposit.rate", "--as-of", "2026-02-30"],
        &["law", "check", "nothing"],
        &["bank", "read"],
        &["bank", "read", "nothing.xml", "--json"],
        &["bank", "reply", "nothing.xml", "--as", "camt054"],
        &["device", "read", "--format", "abacus", "nothing.txt"],
        &["gate", "replay"],
        &["user", "add"],
        &["verify", "--data", "nothing"],
    ] {
        let ran = folder.run(arguments).ends(2);
        assert!(!ran.err.trim().is_empty() && ran.out.is_empty(), "{arguments:?}: {}", ran.out);
    }
}

#[test]
fn help_and_version_are_not_faults() {
    let folder = Folder::new();
    let help = folder.run(&["--help"]).ends(0);
    for command in [
        "demo", "serve", "migrate", "user", "backup", "restore", "schedule", "key", "law", "bank", "device", "gate", "verify",
        "sim", "bench",
    ] {
        assert!(help.out.contains(command), "{command}");
    }
    assert!(folder.run(&["--version"]).ends(0).out.starts_with("anxin "));
}

#[test]
fn the_commands_need_no_files_beside_the_binary() {
    let folder = Folder::new();
    let ran = folder.run(&["law", "explain", "deposit.rate"]).ends(0);
    assert!(ran.out.contains("deposit.rate"));
    assert_eq!(std::fs::read_dir(folder.0.path()).expect("the folder").count(), 0, "nothing is left behind");
}
