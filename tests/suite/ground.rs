//! The ground that tests stand on: the application in-process, on a database of its own, with a clock that the test moves and
//! clients that are roles.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};

use actix_web::http::Method;
use actix_web::test::{self, TestRequest};
use anxin::app::config::{self, Config, LoadedBook};
use anxin::app::routes::House;
use anxin::app::{build, serve, worker};
use anxin::base::id::{PartyId, ProjectId, UserId};
use anxin::base::{Clock, Day, Moment};
use anxin::console;
use anxin::store::conn::Place;
use anxin::store::{Db, DbOptions, StoreError, migrate};
use anxin::users;
use anxin::web::{Ctx, Grant, Ground, Problem, Role, ScopeOn};
use serde_json::{Value, json};

/// Runs an async test on both databases: `both!(name, |app| async move { … });`
#[macro_export]
macro_rules! both {
    ($name:ident, |$app:ident| $body:block) => {
        mod $name {
            #[allow(unused_imports, reason = "a test uses what it needs of its module")]
            use super::*;

            async fn body($app: $crate::suite::ground::App) $body

            #[actix_web::test]
            async fn on_sqlite() {
                body($crate::suite::ground::App::on_sqlite()).await
            }

            #[cfg(feature = "postgres")]
            #[actix_web::test]
            async fn on_postgres() {
                let app = $crate::suite::ground::App::on_postgres();
                let _gone = $crate::suite::ground::Gone::after(&app);
                body(app).await
            }
        }
    };
}

/// The moment at which every test begins: Monday 2 March 2026, nine in the morning in Shanghai.
pub const BEGIN: &str = "2026-03-02T09:00:00+08:00";

/// The master key of tests.
pub const KEY: [u8; 32] = [42; 32];

/// The password of every test user.
pub const PASSWORD: &str = "a test password 1";

/// A clock that a test moves.
pub struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Moment {
        // Each look is a microsecond later, so that the order of events shows.
        Moment(self.0.fetch_add(1, Ordering::SeqCst))
    }
}

impl TestClock {
    pub fn set(&self, moment: &str) {
        let moment: Moment = moment.parse().expect("a moment");
        self.0.store(moment.0, Ordering::SeqCst);
    }
}

static BOOK: LazyLock<LoadedBook> = LazyLock::new(|| config::law_book(None).expect("the law book is sound"));
static PASSWORD_HASH: LazyLock<String> = LazyLock::new(|| users::password::hash(PASSWORD, &[1; 16]).expect("a hash"));
static COUNTER: AtomicU32 = AtomicU32::new(0);

static SQLITE_TEMPLATE: LazyLock<PathBuf> = LazyLock::new(|| {
    let path = scratch().join("template.db");
    let db = Db::open(Place::File(path.clone()), &small()).expect("a template database");
    migrate::up(&db).expect("migrations run on SQLite");
    drop(db);
    wait_closed(&path);
    path
});

/// Waits until a dropped database has left its file: the last connection folds the write-ahead log into it, and the writer's thread closes
/// later than the one that dropped it goes on.
pub fn wait_closed(file: &Path) {
    let log = PathBuf::from(format!("{}-wal", file.display()));
    for _ in 0..2000 {
        if !log.exists() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("{} was not closed", file.display());
}

/// A folder of this test run, made anew for each process.
pub fn scratch() -> &'static PathBuf {
    static SCRATCH: LazyLock<PathBuf> = LazyLock::new(|| {
        let base = std::env::temp_dir().join("anxin-suite");
        let folder = base.join(std::process::id().to_string());
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a scratch folder");
        folder
    });
    &SCRATCH
}

fn small() -> DbOptions {
    DbOptions { readers_max: 3, ..DbOptions::default() }
}

/// A fresh migrated SQLite database.
pub fn fresh_sqlite() -> Db {
    let path = scratch().join(format!("test-{}.db", COUNTER.fetch_add(1, Ordering::SeqCst)));
    std::fs::copy(&*SQLITE_TEMPLATE, &path).expect("a copy of the template");
    Db::open(Place::File(path), &small()).expect("a database")
}

#[cfg(feature = "postgres")]
static SERVER: LazyLock<String> = LazyLock::new(|| {
    std::env::var("ANXIN_TEST_POSTGRES").expect("ANXIN_TEST_POSTGRES is not set: run tests/run, which starts a throwaway cluster")
});

/// Takes a test's database away when the test is over: each is more than a thousand files, and the cluster stands in memory.
#[cfg(feature = "postgres")]
pub struct Gone(String);

#[cfg(feature = "postgres")]
impl Gone {
    /// Of the database that an application works on.
    pub fn after(app: &App) -> Self {
        let Place::Server(url) = app.ground.db.place() else { panic!("no database of a server") };
        let path = url.split('?').next().unwrap_or_default();
        Gone(path.rsplit('/').next().unwrap_or_default().to_owned())
    }
}

#[cfg(feature = "postgres")]
impl Drop for Gone {
    fn drop(&mut self) {
        use diesel::connection::SimpleConnection;
        use diesel::{Connection, pg::PgConnection};
        // What still holds a connection is done with; whether it worked is the test's to say, not this one's.
        let dropping = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.0);
        drop(PgConnection::establish(&SERVER).map(|mut admin| admin.batch_execute(&dropping)));
    }
}

/// A fresh migrated PostgreSQL database.
#[cfg(feature = "postgres")]
pub fn fresh_postgres() -> Db {
    use diesel::connection::SimpleConnection;
    use diesel::{Connection, pg::PgConnection};
    static TEMPLATE: LazyLock<String> = LazyLock::new(|| {
        let name = format!("anxin_template_{}", std::process::id());
        let mut admin = PgConnection::establish(&SERVER).expect("the throwaway cluster answers");
        admin.batch_execute(&format!("CREATE DATABASE {name}")).expect("a template database");
        let db = Db::open(Place::Server(named(&SERVER, &name)), &small()).expect("the template opens");
        migrate::up(&db).expect("migrations run on PostgreSQL");
        drop(db);
        let idle = format!("SELECT count(*) AS n FROM pg_stat_activity WHERE datname = '{name}'");
        for _ in 0..200 {
            #[derive(diesel::QueryableByName)]
            struct Count {
                #[diesel(sql_type = diesel::sql_types::BigInt)]
                n: i64,
            }
            let count: Count = diesel::RunQueryDsl::get_result(diesel::sql_query(&idle), &mut admin).expect("a count");
            if count.n == 0 {
                return name;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("the template database is still in use");
    });
    fn named(url: &str, name: &str) -> String {
        // `postgres:///postgres?host=…`: the path is the database's name.
        let (head, tail) = url.split_once('?').unwrap_or((url, ""));
        let base = head.rsplit_once('/').map_or(head, |(base, _)| base);
        if tail.is_empty() { format!("{base}/{name}") } else { format!("{base}/{name}?{tail}") }
    }
    let template = TEMPLATE.as_str();
    let name = format!("anxin_test_{}_{}", std::process::id(), COUNTER.fetch_add(1, Ordering::SeqCst));
    let mut admin = PgConnection::establish(&SERVER).expect("the throwaway cluster answers");
    admin.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")).expect("a test database");
    Db::open(Place::Server(named(&SERVER, &name)), &small()).expect("a database")
}

/// The application of one test.
pub struct App {
    pub ground: Arc<Ground>,
    pub clock: Arc<TestClock>,
    house: House,
}

/// What a request came back with.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: actix_web::http::header::HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Asserts a status and gives the JSON.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        if self.bytes.is_empty() { Value::Null } else { self.json() }
    }

    /// Asserts a problem of that status and code.
    #[track_caller]
    pub fn refuse(self, status: u16, code: &str) -> Value {
        let body = self.expect(status);
        assert_eq!(body["code"], code, "{body}");
        assert!(body["detail"].is_string() && body["detail_en"].is_string(), "a problem speaks two languages: {body}");
        body
    }
}

/// A request in the making.
pub struct Ask<'a> {
    app: &'a App,
    request: TestRequest,
    peer: &'static str,
}

impl Ask<'_> {
    pub fn json(mut self, body: Value) -> Self {
        self.request = self.request.set_json(body);
        self
    }

    pub fn body(mut self, media: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.request = self.request.insert_header(("Content-Type", media)).set_payload(bytes.into());
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.insert_header((name, value));
        self
    }

    /// From another address than this machine's.
    pub fn peer(mut self, peer: &'static str) -> Self {
        self.peer = peer;
        self
    }

    /// An `Idempotency-Key`.
    pub fn key(self, key: &str) -> Self {
        self.header("Idempotency-Key", key)
    }

    pub async fn send(self) -> Answer {
        let house = self.app.house.clone();
        let service = test::init_service(actix_web::App::new().configure(move |config| house.configure(config))).await;
        let peer = self.peer.parse().expect("an address");
        let response = test::call_service(&service, self.request.peer_addr(peer).to_request()).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = test::read_body(response).await.to_vec();
        Answer { status, headers, bytes }
    }
}

/// Somebody who is logged in.
pub struct Client<'a> {
    app: &'a App,
    token: String,
    issued_at: Moment,
    pub user: UserId,
}

impl<'a> Client<'a> {
    /// The same login at another instance.
    pub fn at<'b>(&self, app: &'b App) -> Client<'b> {
        Client { app, token: self.token.clone(), issued_at: self.issued_at, user: self.user }
    }

    /// The access token.
    pub fn token(&self) -> &str {
        &self.token
    }

    pub fn ask(&self, method: Method, path: &str) -> Ask<'a> {
        // Where the clock was moved past the life of the token, the client has logged in anew.
        let now = Moment(self.app.clock.0.load(Ordering::SeqCst));
        let is_live = now < self.issued_at.plus_seconds(users::ACCESS_SECONDS);
        let fresh = || self.app.house.tokens.issue(self.user, now, "test").expect("a token");
        let token = if is_live { self.token.clone() } else { fresh() };
        self.app.ask(method, path).header("Authorization", &format!("Bearer {token}"))
    }

    pub fn get(&self, path: &str) -> Ask<'a> {
        self.ask(Method::GET, path)
    }

    pub fn post(&self, path: &str, body: Value) -> Ask<'a> {
        self.ask(Method::POST, path).json(body)
    }
}

/// A person in a browser: session by cookie, and forms with the token of the session's pages.
pub struct Browser<'a> {
    app: &'a App,
    cookies: String,
    csrf: String,
    pub user: UserId,
}

/// A file that a form uploads: field, name, media type, bytes.
pub type Attached<'f> = (&'f str, &'f str, &'f str, &'f [u8]);

impl<'a> Browser<'a> {
    /// A request with the browser's cookies and nothing else.
    pub fn ask(&self, method: Method, path: &str) -> Ask<'a> {
        self.app.ask(method, path).header("Cookie", &self.cookies).header("Accept", "text/html")
    }

    /// Turns this browser to English.
    pub fn english(mut self) -> Self {
        self.cookies.push_str("; anxin_language=en");
        self
    }

    /// The token that this browser's forms carry.
    pub fn csrf(&self) -> &str {
        &self.csrf
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path).send().await
    }

    /// A page that must be there.
    #[track_caller]
    pub fn page(&self, path: &str) -> impl Future<Output = String> + use<'a> {
        let place = std::panic::Location::caller();
        let ask = self.ask(Method::GET, path);
        let path = path.to_owned();
        async move {
            let answer = ask.send().await;
            assert_eq!(answer.status, 200, "{path} from {place}: {}", answer.text());
            answer.text()
        }
    }

    /// Sends a form with the token; the answer as it came, mostly 303.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut all = vec![("csrf", self.csrf.as_str())];
        all.extend(fields);
        self.post_bare(path, &all).await
    }

    /// Sends a form as it is, without a token.
    pub async fn post_bare(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let coded: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", console::in_query(name), console::in_query(value))).collect();
        self.ask(Method::POST, path).body("application/x-www-form-urlencoded", coded.join("&")).send().await
    }

    /// Sends a form with files and the token.
    pub async fn upload(&self, path: &str, fields: &[(&str, &str)], files: &[Attached<'_>]) -> Answer {
        const BOUNDARY: &str = "----anxin-suite-boundary";
        let mut body = Vec::new();
        for (name, value) in [("csrf", self.csrf.as_str())].iter().chain(fields) {
            let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend(head.into_bytes());
        }
        for (field, name, media, bytes) in files {
            let told = format!("form-data; name=\"{field}\"; filename=\"{name}\"");
            body.extend(format!("--{BOUNDARY}\r\nContent-Disposition: {told}\r\nContent-Type: {media}\r\n\r\n").into_bytes());
            body.extend_from_slice(bytes);
            body.extend(b"\r\n");
        }
        body.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
        self.ask(Method::POST, path).body(&format!("multipart/form-data; boundary={BOUNDARY}"), body).send().await
    }

    /// Sends a form that must lead on, and gives where it leads with the page that stands there.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> (String, String) {
        let answer = self.post(path, fields).await;
        self.follow(path, &answer).await
    }

    /// Where an answer leads, with the page that stands there.
    pub async fn follow(&self, path: &str, answer: &Answer) -> (String, String) {
        let leads = answer.headers.get("location").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let Some(leads) = leads.filter(|_| answer.status == 303) else {
            panic!("{path} leads nowhere ({}): {}", answer.status, text_of(&answer.text()))
        };
        let page = self.page(&leads).await;
        (leads, page)
    }
}

/// The value of a page's first field of that name.
pub fn field_value(page: &str, name: &str) -> Option<String> {
    let (_, rest) = page.split_once(&format!("name=\"{name}\""))?;
    let tag = rest.split('>').next()?;
    tag.split_once("value=\"")?.1.split('"').next().map(str::to_owned)
}

/// A page's text without its tags, for messages and comparisons.
pub fn text_of(page: &str) -> String {
    let body = page.split_once("<main").map_or(page, |(_, rest)| rest);
    let plain: String =
        body.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect::<Vec<_>>().join(" ");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl App {
    pub fn on_sqlite() -> Self {
        Self::over(fresh_sqlite())
    }

    #[cfg(feature = "postgres")]
    pub fn on_postgres() -> Self {
        Self::over(fresh_postgres())
    }

    fn over(db: Db) -> Self {
        Self::over_with(db, &BOOK)
    }

    /// Another instance on the same database, or the same one after a restart, with these law files.
    pub fn again(&self, law: &LoadedBook) -> Self {
        let other = Self::over_with(self.ground.db.clone(), law);
        other.clock.0.store(self.clock.0.load(Ordering::SeqCst), Ordering::SeqCst);
        other
    }

    /// The embedded configuration; days are folded as soon as jobs are done, since the clock stands still meanwhile.
    fn settings() -> Config {
        let mut config = Config::load(None).expect("the embedded configuration is sound");
        config.gates.fold_after_seconds = 0;
        config
    }

    fn over_with(db: Db, law: &LoadedBook) -> Self {
        let config = Self::settings();
        let clock = Arc::new(TestClock(AtomicI64::new(0)));
        clock.set(BEGIN);
        let shared: Arc<dyn Clock> = clock.clone();
        let ground = build::ground(db, KEY, shared, law, &config, false).expect("the services");
        let house = House::new(Arc::clone(&ground), serve::figures()).expect("the house");
        Self { ground, clock, house }
    }

    /// The same database and clock as another start of the service would open them: under another key, with other settings.
    pub fn restarted(&self, key: [u8; 32], change: impl FnOnce(&mut Config)) -> Result<Self, StoreError> {
        let mut config = Self::settings();
        change(&mut config);
        let clock = self.clock.clone();
        // A start takes time, and ids of two starts differ by their moments.
        clock.0.fetch_add(1_000_000, Ordering::SeqCst);
        let ground = build::ground(self.ground.db.clone(), key, clock.clone(), &BOOK, &config, false)?;
        let house = House::new(Arc::clone(&ground), serve::figures()).expect("the house");
        Ok(Self { ground, clock, house })
    }

    /// The same database and clock as a demonstration.
    pub fn as_demo(&self) -> Self {
        let config = Self::settings();
        let clock = self.clock.clone();
        clock.0.fetch_add(1_000_000, Ordering::SeqCst);
        let ground = build::ground(self.ground.db.clone(), KEY, clock.clone(), &BOOK, &config, true).expect("the services");
        let house = House::new(Arc::clone(&ground), serve::figures()).expect("the house");
        Self { ground, clock, house }
    }

    /// With mail switched on.
    pub fn with_mail(&self, change: impl FnOnce(&mut Config)) -> Self {
        let mailing = self.restarted(KEY, |config| {
            config.mail.enabled = true;
            config.mail.from = "安薪 <anxin@example.cn>".to_owned();
            change(config);
        });
        mailing.expect("the services")
    }

    pub fn today(&self) -> Day {
        self.clock.today()
    }

    /// What the application is built from, for tests that send thousands of requests to one service.
    pub fn house(&self) -> House {
        self.house.clone()
    }

    /// A request without credentials.
    pub fn ask(&self, method: Method, path: &str) -> Ask<'_> {
        Ask { app: self, request: TestRequest::with_uri(path).method(method), peer: "127.0.0.1:50000" }
    }

    pub fn get(&self, path: &str) -> Ask<'_> {
        self.ask(Method::GET, path)
    }

    /// Does every job that is due.
    pub fn drain(&self) -> usize {
        worker::drain(&self.ground).expect("the queue answers")
    }

    /// A user with that role there, and the login.
    pub fn person(&self, role: Role, on: ScopeOn) -> (UserId, String) {
        let ctx = Ctx::of_the_house(&self.ground, "test");
        let login = format!("user-{}", ctx.id());
        let name = login.clone();
        let made: Result<UserId, Problem> = self.ground.db.write_blocking(move |tx| {
            let user = users::actions::add_user(tx, &ctx, &name, "测试用户", &PASSWORD_HASH, false)?;
            users::actions::grant(tx, &ctx, user.id, Grant { role, on }, None)?;
            Ok(user.id)
        });
        (made.expect("a user"), login)
    }

    /// Somebody with that role there.
    pub fn client(&self, role: Role, on: ScopeOn) -> Client<'_> {
        let user = self.person(role, on).0;
        let issued_at = self.clock.now();
        let token = self.house.tokens.issue(user, issued_at, "test").expect("a token");
        Client { app: self, token, issued_at, user }
    }

    /// Somebody with that role there, in a browser of their own.
    pub async fn browser(&self, role: Role, on: ScopeOn) -> Browser<'_> {
        let user = self.client(role, on).user;
        self.browser_of(user).await
    }

    /// A known user in a browser of their own.
    pub async fn browser_of(&self, user: UserId) -> Browser<'_> {
        let token = self
            .write(move |tx, ctx| {
                let user = users::table::find(tx.conn(), user)?.expect("a user");
                users::browser::open(tx, ctx, &user)
            })
            .expect("a session");
        let mut browser = Browser { app: self, cookies: format!("anxin_session={token}"), csrf: String::new(), user };
        let page = browser.get("/me").await.text();
        browser.csrf = field_value(&page, "csrf").expect("the page of somebody who is logged in carries a token");
        browser
    }

    /// A labour manager everywhere: may do what a general contractor does on any project.
    pub fn labour_manager(&self) -> Client<'_> {
        self.client(Role::LabourManager, ScopeOn::Everything)
    }

    /// A labour authority everywhere.
    pub fn authority(&self) -> Client<'_> {
        self.client(Role::LabourAuthority, ScopeOn::Everything)
    }

    /// Writes through the store, as a job would.
    pub fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut anxin::store::Tx<'_>, &Ctx) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let ctx = Ctx::of_the_house(&self.ground, "test");
        self.ground.db.write_blocking(move |tx| work(tx, &ctx))
    }

    /// Reads through the store.
    pub fn read<T>(&self, work: impl FnOnce(&mut anxin::store::AnyConn, &Ctx) -> Result<T, Problem>) -> Result<T, Problem> {
        let ctx = Ctx::of_the_house(&self.ground, "test");
        self.ground.db.read_blocking(|conn| work(conn, &ctx))
    }

    /// Verifies the whole database and gives what is broken.
    pub fn broken(&self) -> Vec<String> {
        let audit: Result<_, StoreError> = self.ground.db.read_blocking(anxin::app::verify::verify);
        audit.expect("verify runs").broken
    }
}

/// A project with its parties, as registered through the API.
pub struct TestProject {
    pub id: ProjectId,
    pub owner: PartyId,
    pub general_contractor: PartyId,
    pub path: String,
}

/// A valid credit code of an invented company.
pub fn uscc(number: u32) -> String {
    let body = format!("91119999MA{number:07}");
    anxin::base::person::Uscc::from_body(&body).expect("a body").as_str().to_owned()
}

/// A valid identity number of an invented person; area 119999 is not assigned.
pub fn id_number(number: u32) -> String {
    let body = format!("119999{}{:02}{:02}{:03}", 1970 + number % 30, 1 + number % 12, 1 + number % 28, number % 1000);
    let digits: Vec<u32> = body.chars().map(|c| c.to_digit(10).expect("a digit")).collect();
    format!("{body}{}", anxin::base::person::IdNumber::check_of(&digits))
}

/// A Luhn-valid card that no bank issued.
pub fn card(number: u32) -> String {
    let body = format!("62199999{number:010}");
    format!("{body}{}", anxin::base::person::BankCard::luhn_digit(&body))
}

/// Registers a party and gives its id.
pub async fn party(client: &Client<'_>, number: u32, name: &str) -> PartyId {
    let body = json!({"uscc": uscc(number), "name": name, "kind": "enterprise", "parent": null});
    let answer = client.post("/api/v1/parties", body).send().await.expect(201);
    answer["id"].as_str().expect("an id").parse().expect("a party id")
}

/// Registers a project of a region with an owner and a general contractor made from `number`.
pub async fn project(client: &Client<'_>, number: u32, region: &str) -> TestProject {
    let owner = party(client, number * 10 + 1, &format!("测试建设单位{number}")).await;
    let general_contractor = party(client, number * 10 + 2, &format!("测试总包单位{number}")).await;
    let body = json!({
        "code": format!("T-{number:04}"), "name": format!("测试项目{number}"), "region": region,
        "owner": owner, "general_contractor": general_contractor, "from_on": "2025-12-01",
    });
    let answer = client.post("/api/v1/projects", body).send().await.expect(201);
    let id: ProjectId = answer["id"].as_str().expect("an id").parse().expect("a project id");
    TestProject { id, owner, general_contractor, path: format!("/api/v1/projects/{id}") }
}

/// Records a fact of a project.
pub async fn fact(client: &Client<'_>, project: &TestProject, valid_on: &str, fact: Value) {
    let body = json!({"valid_on": valid_on, "fact": fact, "document_id": null});
    client.post(&format!("{}/facts", project.path), body).send().await.expect(201);
}
