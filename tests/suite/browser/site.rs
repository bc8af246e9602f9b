//! Sites for browsers and other programs to talk to: the real server on a port of its own, over a small demonstration or over a test's
//! empty house. Each demonstration is a copy of one that is filled once in a run, so that tests do not meet in one database.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, mpsc};
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use actix_web::test;
use anxin::app::demo::{self, Login, Prepared, Wanted};
use anxin::app::routes::House;
use anxin::app::serve::{self, Stops};
use anxin::app::worker;
use anxin::users;
use anxin::web::{Ground, Role};

/// The day on which demonstrations stand still.
pub const AS_OF: &str = "2026-03-31";

/// A running server; it ends with the test.
pub struct Site {
    pub base: String,
    pub ground: Arc<Ground>,
    pub house: House,
    /// Log-ins of a demonstration.
    pub logins: Vec<Login>,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Site {
    fn drop(&mut self) {
        // The order is sent at once; only its end would have to be awaited.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn wanted(folder: PathBuf) -> Wanted {
    Wanted { folder, seed: 1, as_of: AS_OF.parse().ok(), crowd: 10, port: 8080 }
}

fn prepare(folder: PathBuf) -> Prepared {
    demo::prepare(None, &wanted(folder), &mut |_| Ok(())).expect("a demonstration")
}

static FILLED: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = crate::suite::ground::scratch().join("site-demo");
    drop(prepare(folder.clone()));
    // The last connection folds the write-ahead log into the file; wait for the writer's thread to have closed it.
    for _ in 0..400 {
        if !folder.join("anxin.db-wal").exists() {
            return folder;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("the demonstration was not closed");
});

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("the demonstration's folder") {
        let path = entry.expect("an entry").path();
        std::fs::copy(&path, to.join(path.file_name().expect("a name"))).expect("a copy");
    }
}

impl Site {
    /// A small demonstration of its own.
    pub fn demo() -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let number = COUNTER.fetch_add(1, Ordering::SeqCst);
        let folder = crate::suite::ground::scratch().join(format!("site-{number}"));
        copy_folder(&FILLED, &folder);
        let prepared = prepare(folder);
        let mut site = Self::over(prepared.ground);
        site.logins = prepared.logins;
        site
    }

    /// Serves a house.
    pub fn over(ground: Arc<Ground>) -> Self {
        let house = House::new(Arc::clone(&ground), serve::figures()).expect("the house");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let (send, receive) = mpsc::channel();
        let served = house.clone();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = serve::listen(served, listener, 2, Stops::ByHandle).expect("a server");
                send.send(server.handle()).expect("somebody waits");
                server.await.expect("the server ends well");
            });
        });
        let handle = receive.recv().expect("the server's handle");
        Self { base, ground, house, logins: Vec::new(), handle, thread: Some(thread) }
    }

    /// The demonstration's log-in for a role.
    pub fn login(&self, role: Role) -> &Login {
        self.logins.iter().find(|login| login.role == role).expect("one for each role")
    }

    /// The JSON that a GET with a token answers, asked for without the network.
    pub async fn get(&self, path: &str, token: &str) -> serde_json::Value {
        let house = self.house.clone();
        let service = test::init_service(actix_web::App::new().configure(move |config| house.configure(config))).await;
        let request = test::TestRequest::get().uri(path).insert_header(("Authorization", format!("Bearer {token}")));
        test::call_and_read_body_json(&service, request.to_request()).await
    }

    /// The JSON that a POST with a token answers, sent without the network.
    pub async fn post(&self, path: &str, token: &str, body: &serde_json::Value) -> serde_json::Value {
        let house = self.house.clone();
        let service = test::init_service(actix_web::App::new().configure(move |config| house.configure(config))).await;
        let request = test::TestRequest::post().uri(path).insert_header(("Authorization", format!("Bearer {token}")));
        test::call_and_read_body_json(&service, request.set_json(body).to_request()).await
    }

    /// The JSON that a POST of a file with a token answers, sent without the network.
    pub async fn upload(&self, path: &str, token: &str, (media, bytes): (&'static str, &str)) -> serde_json::Value {
        let house = self.house.clone();
        let service = test::init_service(actix_web::App::new().configure(move |config| house.configure(config))).await;
        let request = test::TestRequest::post().uri(path).insert_header(("Authorization", format!("Bearer {token}")));
        let request = request.insert_header(("Content-Type", media)).set_payload(bytes.to_owned());
        test::call_and_read_body_json(&service, request.to_request()).await
    }

    /// What a gate machine is answered that sends its punches.
    pub async fn machine(&self, path: &str, body: &str) -> String {
        let house = self.house.clone();
        let service = test::init_service(actix_web::App::new().configure(move |config| house.configure(config))).await;
        let request =
            test::TestRequest::post().uri(path).insert_header(("Content-Type", "text/plain")).set_payload(body.to_owned());
        String::from_utf8_lossy(&test::call_and_read_body(&service, request.to_request()).await).into_owned()
    }

    /// A token of the API for a role of the demonstration.
    pub fn token(&self, role: Role) -> String {
        let login = self.login(role).login;
        let user = self.ground.db.read_blocking(|conn| users::table::by_login(conn, login)).expect("an answer").expect("a user");
        self.house.tokens.issue(user.id, self.ground.clock.now(), "test").expect("a token")
    }

    /// Does every job that is due.
    pub fn drain(&self) {
        while worker::drain(&self.ground).expect("the queue answers") > 0 {}
    }
}
