//! One headless Chromium with a chromedriver and a profile of its own. Dropping it ends both, also when a test fails; when the test's
//! process itself is killed, the kernel ends chromedriver, and Chromium follows since it hangs on chromedriver's pipe.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

/// How long a page may take to show what a test waits for: only a failure takes so long, or a machine with far too much to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often a test that waits looks again.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A phone and a desk.
pub const PHONE: u32 = 375;
pub const DESK: u32 = 1440;

/// Whether pages may run script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    On,
    Off,
}

/// A browser with a fresh profile, looking at one site.
pub struct Browser {
    pub client: Client,
    pub base: String,
    driver: Child,
    chromium: Option<u64>,
    profile: PathBuf,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        // Chromium writes into its profile until it has noticed.
        let deadline = Instant::now() + PATIENCE;
        while self.chromium.is_some_and(runs) && Instant::now() < deadline {
            std::thread::sleep(LOOK_EVERY);
        }
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

/// Whether a process runs; one that has ended and that nobody asks about does not.
fn runs(process: u64) -> bool {
    std::fs::read_to_string(format!("/proc/{process}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

/// A command of chromedriver that the WebDriver standard does not know.
#[derive(Debug)]
struct Own {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Own {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}

/// Starts chromedriver on a port that it chooses.
#[expect(clippy::zombie_processes, reason = "whoever holds the child kills it and waits when dropped")]
fn start_driver(profile: &std::path::Path) -> (Child, String) {
    // The browser keeps everything below the profile, also where the user has no home.
    let mut driver = Command::new("setpriv")
        .args(["--pdeathsig", "KILL", "chromedriver", "--port=0"])
        .envs([("HOME", profile), ("XDG_CONFIG_HOME", profile), ("XDG_CACHE_HOME", profile)])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("setpriv starts chromedriver: tests/run installs both");
    let mut printed = String::new();
    let mut output = BufReader::new(driver.stdout.take().expect("its output"));
    loop {
        let begin = printed.len();
        let read = output.read_line(&mut printed).expect("text");
        if read == 0 {
            let _ = driver.kill();
            let _ = driver.wait();
            panic!("chromedriver (Debian's chromium-driver, which tests/run installs) did not start:\n{printed}");
        }
        if let Some((_, port)) = printed[begin..].split_once("successfully on port ") {
            return (driver, format!("http://127.0.0.1:{}", port.trim().trim_end_matches('.')));
        }
    }
}

fn capabilities(profile: &std::path::Path, script: Script) -> Capabilities {
    let javascript = if script == Script::Off { 2 } else { 1 };
    let arguments = [
        "--headless=new",
        // Pages under test are our own; the sandbox needs rights that neither root nor a container has.
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--disable-extensions",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        // What helps people who go from site to site, and costs a third of a test: pages kept for going back, processes held ready.
        "--process-per-site",
        "--disable-features=BackForwardCache,RenderDocument,SpareRendererForSitePerProcess,Translate,OptimizationHints,MediaRouter",
        "--hide-scrollbars",
        "--force-color-profile=srgb",
        "--lang=en-US",
        "--remote-debugging-pipe",
    ];
    let mut arguments: Vec<String> = arguments.map(str::to_owned).to_vec();
    arguments.push(format!("--user-data-dir={}", profile.join("profile").display()));
    arguments.push(format!("--window-size={DESK},900"));
    let wanted = json!({
        "browserName": "chrome",
        "goog:chromeOptions": {
            "args": arguments,
            // What pages do beside asking the site, the browser tells in hundreds of lines a page.
            "perfLoggingPrefs": {"enableNetwork": true, "enablePage": false},
            "prefs": {
                "profile.managed_default_content_settings.javascript": javascript,
                "download.default_directory": profile.join("downloads"),
                "download.prompt_for_download": false,
            },
        },
        "timeouts": {"script": 120_000, "pageLoad": 120_000},
        "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
    });
    wanted.as_object().cloned().expect("an object")
}

impl Browser {
    /// Opens a browser that will look at the site at `base` (`http://127.0.0.1:PORT`).
    pub async fn open(base: &str, script: Script) -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let number = COUNTER.fetch_add(1, Ordering::SeqCst);
        let profile = std::env::temp_dir().join(format!("anxin-browser-{}-{number}", std::process::id()));
        std::fs::create_dir_all(profile.join("downloads")).expect("a folder for the profile");
        let (driver, address) = start_driver(&profile);
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let connected = builder.capabilities(capabilities(&profile, script)).connect(&address).await;
        let client = match connected {
            Ok(client) => client,
            Err(error) => {
                let mut driver = driver;
                let _ = driver.kill();
                let _ = driver.wait();
                let _ = std::fs::remove_dir_all(&profile);
                panic!("Chromium (Debian's chromium, which tests/run installs) did not start: {error}");
            }
        };
        let chromium = client.capabilities().and_then(|told| told.get("goog:processID")?.as_u64());
        Browser { client, base: base.to_owned(), driver, chromium, profile }
    }

    /// The folder that downloads go to.
    pub fn downloads(&self) -> PathBuf {
        self.profile.join("downloads")
    }

    async fn own(&self, path: &'static str, body: Value) -> Value {
        self.client.issue_cmd(Own { path, body }).await.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// A command of the DevTools protocol.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.own("goog/cdp/execute", json!({"cmd": command, "params": parameters})).await
    }

    /// Makes the page as wide as a phone or a desk, without loading it again.
    pub async fn width(&self, width: u32) {
        let metrics = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// Opens a page of the site.
    pub async fn visit(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.base)).await.unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    /// Path and query of the page shown.
    pub async fn here(&self) -> String {
        let url = self.client.current_url().await.expect("an address");
        url.as_str().strip_prefix(self.base.as_str()).unwrap_or(url.as_str()).to_owned()
    }

    /// Runs a script in the page.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute(script, arguments).await.unwrap_or_else(|error| panic!("{error}\n{script}"))
    }

    /// The first element that a CSS selector finds; waits for it.
    #[track_caller]
    pub fn find<'b>(&'b self, css: &'b str) -> impl Future<Output = Element> + 'b {
        let asked_at = std::panic::Location::caller();
        async move {
            match self.client.wait().at_most(PATIENCE).every(LOOK_EVERY).for_element(Locator::Css(css)).await {
                Ok(element) => element,
                Err(error) => panic!("{asked_at}: no `{css}` on {}: {error}\n{}", self.here().await, self.text_now("body").await),
            }
        }
    }

    /// Whether the page has such an element now.
    pub async fn has(&self, css: &str) -> bool {
        !self.client.find_all(Locator::Css(css)).await.expect("an answer").is_empty()
    }

    async fn text_now(&self, css: &str) -> String {
        match self.client.find(Locator::Css(css)).await {
            Ok(element) => element.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// The text of an element.
    pub async fn text(&self, css: &str) -> String {
        self.find(css).await.text().await.expect("a text")
    }

    /// Clicks on an element.
    pub async fn click(&self, css: &str) {
        let element = self.find(css).await;
        element.click().await.unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    /// Types into a field, in place of what stands there.
    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.unwrap_or_else(|error| panic!("{css}: {error}"));
        field.send_keys(text).await.unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    /// Sets a day, a month or a number, whose keys depend on the browser's locale.
    pub async fn set(&self, css: &str, value: &str) {
        self.find(css).await;
        let set = "const field = document.querySelector(arguments[0]); field.value = arguments[1]; return field.value;";
        let stands = self.run(set, vec![json!(css), json!(value)]).await;
        assert_eq!(stands, value, "{css} does not take {value}");
    }

    /// Chooses an entry of a list by its value.
    pub async fn choose(&self, css: &str, value: &str) {
        let list = self.find(css).await;
        list.select_by_value(value).await.unwrap_or_else(|error| panic!("{css}: no {value}: {error}"));
    }

    /// Chooses a file for upload.
    pub async fn attach(&self, css: &str, path: &std::path::Path) {
        let field = self.find(css).await;
        field.send_keys(&path.display().to_string()).await.unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    /// Waits until the page's text says something.
    #[track_caller]
    pub fn says<'b>(&'b self, css: &'b str, wanted: &'b str) -> impl Future<Output = ()> + 'b {
        let asked_at = std::panic::Location::caller();
        async move {
            let deadline = Instant::now() + PATIENCE;
            loop {
                let found = self.text_now(css).await;
                if found.contains(wanted) {
                    return;
                }
                if Instant::now() > deadline {
                    panic!("{asked_at}: `{css}` on {} does not say `{wanted}`:\n{found}", self.here().await);
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
    }

    /// Waits until the page's address begins so.
    #[track_caller]
    pub fn arrives<'b>(&'b self, path: &'b str) -> impl Future<Output = String> + 'b {
        let asked_at = std::panic::Location::caller();
        async move {
            let deadline = Instant::now() + PATIENCE;
            loop {
                let here = self.here().await;
                if here.starts_with(path) {
                    return here;
                }
                if Instant::now() > deadline {
                    panic!("{asked_at}: stands on {here}, not on {path}:\n{}", self.text_now("main").await);
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
    }

    /// Logs in by one click on the demonstration's front page, as whoever was logged in before no longer is.
    pub async fn step_in(&self, login: &str) -> String {
        self.devtools("Network.clearBrowserCookies", json!({})).await;
        self.visit("/").await;
        self.click(&format!("form[action='/login/demo']:has(input[value='{login}']) button")).await;
        self.says("main .notice", "已登录").await;
        self.here().await.split('?').next().unwrap_or_default().to_owned()
    }

    /// Logs in by name and password.
    pub async fn log_in(&self, login: &str, password: &str) {
        self.visit("/login").await;
        self.fill("input[name=login]", login).await;
        self.fill("input[name=password]", password).await;
        self.click("form[action='/login'] button").await;
    }

    /// What went wrong since the last look: errors on the console, requests that failed or were refused.
    pub async fn complaints(&self) -> Vec<String> {
        let mut found = Vec::new();
        for entry in self.log("browser").await {
            if matches!(entry["level"].as_str(), Some("SEVERE" | "WARNING")) {
                found.push(format!("console: {}", entry["message"].as_str().unwrap_or_default()));
            }
        }
        // What the browser asks for of its own accord belongs to no page of ours.
        let mut asked: BTreeMap<String, String> = BTreeMap::new();
        for entry in self.log("performance").await {
            let text = entry["message"].as_str().unwrap_or_default();
            // Most entries are of no interest, and some are long.
            if !["Network.requestWillBeSent\"", "Network.responseReceived\"", "Network.loadingFailed\""]
                .iter()
                .any(|kind| text.contains(kind))
            {
                continue;
            }
            let message: Value = serde_json::from_str(text).unwrap_or_default();
            let (method, of) = (message["message"]["method"].as_str().unwrap_or_default(), &message["message"]["params"]);
            let request = of["requestId"].as_str().unwrap_or_default().to_owned();
            let status = of["response"]["status"].as_i64().unwrap_or(0);
            match (method, asked.get(&request)) {
                ("Network.requestWillBeSent", _)
                    if of["documentURL"].as_str().is_some_and(|page| page.starts_with(&self.base)) =>
                {
                    let url = of["request"]["url"].as_str().unwrap_or_default();
                    if !url.starts_with(&self.base) && !url.starts_with("data:") {
                        found.push(format!("asked elsewhere: {url}"));
                    }
                    asked.insert(request, url.to_owned());
                }
                ("Network.responseReceived", Some(url)) if status >= 400 => found.push(format!("{status}: {url}")),
                // A download leaves the page where it is.
                ("Network.loadingFailed", Some(url)) if of["errorText"] != "net::ERR_ABORTED" => {
                    found.push(format!("failed: {url}: {}", of["errorText"].as_str().unwrap_or_default()));
                }
                _ => {}
            }
        }
        found
    }

    async fn log(&self, kind: &str) -> Vec<Value> {
        self.own("se/log", json!({"type": kind})).await.as_array().cloned().unwrap_or_default()
    }

    /// Waits for a file to be there in full among the downloads; gives its bytes.
    pub async fn downloaded(&self, ending: &str) -> Vec<u8> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let files = std::fs::read_dir(self.downloads()).expect("the folder").filter_map(Result::ok);
            // What is still coming is called .crdownload.
            if let Some(file) = files.map(|file| file.path()).find(|path| path.to_string_lossy().ends_with(ending)) {
                return std::fs::read(file).expect("a file");
            }
            assert!(Instant::now() < deadline, "nothing that ends in {ending} was downloaded");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// A picture of the whole page, however long.
    pub async fn picture(&self) -> Result<Vec<u8>, CmdError> {
        self.client.screenshot().await
    }
}
