//! The program itself, served from a folder on a port of its own, and what a client can do to it byte by byte.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anxin::app::build;
use anxin::app::clock::SystemClock;
use anxin::app::config::{self, Config};
use anxin::store::conn::Place;
use anxin::store::{Db, DbOptions, migrate};
use anxin::web::Ground;

/// The master key of a folder that is served.
pub const KEY: [u8; 32] = [9; 32];

/// How long a test waits for an answer.
const PATIENCE: Duration = Duration::from_secs(1800);

/// Makes the folder's key.
pub fn make_key(folder: &Path) {
    build::make_key(&folder.join(build::KEY_FILE), &KEY).unwrap();
}

/// What stands in a folder, migrated and open, while nobody serves it.
pub fn open(folder: &Path) -> Arc<Ground> {
    let db = Db::open(Place::in_folder(folder), &DbOptions::default()).unwrap();
    migrate::up(&db).unwrap();
    let (config, law) = (Config::load(None).unwrap(), config::law_book(None).unwrap());
    build::ground(db, KEY, Arc::new(SystemClock), &law, &config, false).unwrap()
}

/// The running program; it ends with its test.
pub struct Service {
    pub child: Child,
    pub address: String,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves a folder.
pub fn start(folder: &Path) -> Service {
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

impl Service {
    /// A connection.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// The head of a request for an API route.
    pub fn head(&self, path: &str, token: &str, more: &str) -> String {
        format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\nContent-Type: application/xml\r\n{more}\r\n",
            self.address
        )
    }

    /// Posts a body as it is made, and gives status and text of the answer.
    pub fn post(
        &self,
        path: &str,
        token: &str,
        len: u64,
        body: impl FnOnce(&mut TcpStream) -> std::io::Result<()>,
    ) -> (u16, String) {
        let mut stream = self.connect();
        let head = self.head(path, token, &format!("Content-Length: {len}\r\n"));
        stream.write_all(head.as_bytes()).unwrap();
        // A server that has refused the head closes; its answer is there all the same.
        let _ = body(&mut stream);
        answer_of(stream)
    }

    /// The most memory that the service has had, in KiB; known on Linux only.
    pub fn peak_kib(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix("kB")?.trim().parse().ok()
    }
}

/// Status and text of what comes; 0 for a connection that was closed without a word.
pub fn answer_of(mut stream: TcpStream) -> (u16, String) {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok()).unwrap_or(0);
    (status, text)
}
