//! Every page for every role: at the width of a phone and of a desk, in both languages, with nothing on the console, no request that
//! fails, nothing wider than the window, no text left in the other language, and no link that leads a role to a closed door.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use anxin::app::routes;
use anxin::attendance::imports::SheetKind;
use anxin::attendance::imports::actions::{self as rosters, NewImport};
use anxin::attendance::imports::columns;
use anxin::matters::actions::NewStep;
use anxin::matters::{self, MatterKind, Step};
use anxin::payroll::imports::actions::SheetFile;
use anxin::payroll::{building, imports, links};
use anxin::projects;
use anxin::realname::apps::actions::{self as apps, Bound, NewApp, Terms};
use anxin::reporting::actions as reports;
use anxin::web::{Access, Ctx, Problem, Role};
use anxin::workers::Paper;
use anxin::workers::roster::{Defaults, RosterFile};
use serde_json::{Value, json};

use super::driver::{Browser, DESK, PHONE, Script};
use super::site::Site;

/// Pages of one kind that a role looks at, one of them in both languages; of the other links it is only asked whether they answer.
const OF_A_KIND_MAX: usize = 2;

/// The same for pages that a query has narrowed.
const NARROWED_MAX: usize = 1;

/// Links of one kind that are asked for each role: whether a door is open to a role hangs on the kind, not on the hundredth worker.
const LINKS_OF_A_KIND_MAX: usize = 6;

/// How long a page may take to be laid out anew.
const PATIENCE: Duration = Duration::from_secs(60);

const PROBE: &str = include_str!("probe.js");
const FETCH: &str = include_str!("fetch.js");

/// The pages of the route table.
struct Table {
    /// Method, pattern, whether it is a page to look at.
    routes: Vec<(String, &'static str, bool)>,
}

impl Table {
    fn new() -> Self {
        let pages = routes::all().into_iter();
        let known = pages.map(|route| {
            let is_page = route.is_page && route.method == "GET" && route.media == "text/html";
            (route.method.to_string(), route.path, is_page && !route.path.starts_with("/language/"))
        });
        Self { routes: known.collect() }
    }

    /// The pattern of a path and whether it is a page.
    fn of(&self, method: &str, path: &str) -> Option<(&'static str, bool)> {
        let path = path.split('?').next().unwrap_or_default();
        let parts: Vec<&str> = path.split('/').collect();
        let fits = |pattern: &str| {
            let wanted: Vec<&str> = pattern.split('/').collect();
            let tail = wanted.iter().position(|part| part.contains(":.*"));
            tail.is_some_and(|tail| parts.len() > tail && wanted[..tail] == parts[..tail])
                || (wanted.len() == parts.len()
                    && wanted.iter().zip(&parts).all(|(want, part)| want == part || (want.starts_with('{') && !part.is_empty())))
        };
        let found = self.routes.iter().filter(|(known, pattern, _)| known == method && fits(pattern));
        // `/projects/new` is not a project called new.
        found.min_by_key(|(_, pattern, _)| pattern.matches('{').count()).map(|(_, pattern, is_page)| (*pattern, *is_page))
    }

    fn pages(&self) -> BTreeSet<&'static str> {
        self.routes.iter().filter(|(_, _, is_page)| *is_page).map(|(_, pattern, _)| *pattern).collect()
    }
}

/// One role's way through the site.
struct Walk<'a> {
    table: &'a Table,
    browser: &'a Browser,
    who: String,
    /// How wide the window is now.
    wide: u32,
    /// Pages looked at, by kind.
    looked: BTreeMap<String, usize>,
    reached: BTreeSet<&'static str>,
    asked: BTreeSet<String>,
    /// How many links were asked, by kind.
    asked_of_kind: BTreeMap<String, usize>,
    wrong: Vec<String>,
}

impl<'a> Walk<'a> {
    fn new(table: &'a Table, browser: &'a Browser, who: String) -> Self {
        Walk {
            table,
            browser,
            who,
            wide: PHONE,
            looked: BTreeMap::new(),
            reached: BTreeSet::new(),
            asked: BTreeSet::new(),
            asked_of_kind: BTreeMap::new(),
            wrong: Vec::new(),
        }
    }

    /// Pattern and names of the query: a list with a filter is another kind of page than the list.
    fn kind(pattern: &str, path: &str) -> String {
        let query = path.split_once('?').map(|(_, query)| query).unwrap_or_default();
        let mut names: Vec<&str> = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default()).collect();
        names.sort_unstable();
        format!("{pattern}?{}", names.join("&"))
    }

    /// Looks at the page shown as a phone and as a desk shows it, and begins with the width that the window has: laying a page out
    /// anew takes longer than looking at it. Gives the page's links.
    async fn look(&mut self, path: &str, lang: &str) -> Vec<String> {
        let other = if self.wide == PHONE { DESK } else { PHONE };
        self.look_at(path, lang, self.wide).await;
        self.look_at(path, lang, other).await
    }

    async fn look_at(&mut self, path: &str, lang: &str, width: u32) -> Vec<String> {
        self.browser.width(width).await;
        self.wide = width;
        let deadline = Instant::now() + PATIENCE;
        let seen = loop {
            let seen = self.browser.run(PROBE, vec![json!(width), json!(lang)]).await;
            if seen["width"] == width {
                break seen;
            }
            assert!(Instant::now() < deadline, "{path} is {} wide, not {width}", seen["width"]);
        };
        for fault in seen["wrong"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            self.wrong.push(format!("{} {path} {lang} {width}: {fault}", self.who));
        }
        for form in seen["forms"].as_array().into_iter().flatten() {
            let (method, action) = (form[0].as_str().unwrap_or_default(), form[1].as_str().unwrap_or_default());
            if self.table.of(method, action).is_none() {
                self.wrong.push(format!("{} {path}: a form goes to {method} {action}, which is no route", self.who));
            }
        }
        seen["links"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    async fn complain(&mut self, path: &str) {
        for fault in self.browser.complaints().await {
            self.wrong.push(format!("{} {path}: {fault}", self.who));
        }
    }

    /// Asks where the links lead.
    async fn ask(&mut self, from: &str, links: &[String]) {
        let is_switch = |link: &str| link.starts_with("/language/");
        let mut fresh = Vec::new();
        for link in links.iter().filter(|link| !is_switch(link)) {
            // A link that is no route of ours is a kind of its own.
            let pattern = self.table.of("GET", link).map_or(link.as_str(), |(pattern, _)| pattern);
            let count = self.asked_of_kind.entry(Self::kind(pattern, link)).or_default();
            if *count < LINKS_OF_A_KIND_MAX && self.asked.insert(link.clone()) {
                *count += 1;
                fresh.push(link);
            }
        }
        if fresh.is_empty() {
            return;
        }
        let answers = self.browser.client.execute_async(FETCH, vec![json!(fresh)]).await.expect("answers");
        for link in fresh {
            let status = answers[link.as_str()].as_i64().unwrap_or(0);
            if !matches!(status, 200 | 303) {
                self.wrong.push(format!("{} {from}: the link {link} answers {status}", self.who));
            }
        }
    }

    /// Walks from a page along every link.
    async fn from(&mut self, begin: &[&str]) {
        let mut waiting: VecDeque<String> = begin.iter().map(|path| (*path).to_owned()).collect();
        let (mut first_of_kind, mut seen): (Vec<String>, BTreeSet<String>) = (Vec::new(), BTreeSet::new());
        while let Some(path) = waiting.pop_front() {
            let Some((pattern, true)) = self.table.of("GET", &path) else { continue };
            let kind = Self::kind(pattern, &path);
            let most = if kind.ends_with('?') { OF_A_KIND_MAX } else { NARROWED_MAX };
            let count = self.looked.entry(kind).or_default();
            if *count >= most || seen.contains(&path) {
                continue;
            }
            *count += 1;
            let is_first = *count == 1;
            self.reached.insert(pattern);
            self.browser.visit(&path).await;
            let links = self.look(&path, "zh").await;
            self.complain(&path).await;
            self.ask(&path, &links).await;
            // A link that was refused is on the console as well; it has been told once.
            self.browser.complaints().await;
            waiting.extend(links);
            if is_first {
                first_of_kind.push(path.clone());
            }
            seen.insert(path);
        }
        self.browser.visit("/").await;
        self.browser.click(".who a[href^='/language/en']").await;
        self.browser.find("html[lang=en]").await;
        self.complain("/").await;
        for path in first_of_kind {
            self.browser.visit(&path).await;
            self.look(&path, "en").await;
            self.complain(&path).await;
        }
    }
}

/// A bank's sheet of which nobody has said what its columns are; gives the page that asks, which only the upload leads to.
async fn a_sheet_that_waits(site: &Site) -> String {
    let (bank, manager) = (site.token(Role::Bank), site.token(Role::LabourManager));
    let projects = site.get("/api/v1/projects", &manager).await;
    let mut path = None;
    for project in projects["items"].as_array().expect("projects") {
        let project = project["id"].as_str().expect("an id");
        let accounts = site.get(&format!("/api/v1/projects/{project}/accounts"), &bank).await;
        if let Some(account) = accounts[0]["account"]["id"].as_str() {
            path = Some(format!("/projects/{project}/accounts/{account}/bank-sheets"));
            break;
        }
    }
    let path = path.unwrap_or_else(|| panic!("an account of the bank: {projects}"));
    let sheet = "某银行对公流水\n记账,流向,数目,结存,说明\n20260226,贷,5000.00,5000.00,人工费\n20260227,借,100.00,4900.00,退款\n";
    let view = site.upload(&format!("/api/v1{path}"), &bank, ("text/csv", sheet)).await;
    format!("{path}/{}", view["id"].as_str().unwrap_or_else(|| panic!("{view}")))
}

async fn walk(site: &Site, table: &Table, roles: &[Role], of_the_bank: &str) -> (BTreeSet<&'static str>, Vec<String>) {
    let browser = Browser::open(&site.base, Script::On).await;
    // Pages are laid out and asked, and nobody looks at the pixels.
    browser.client.minimize_window().await.expect("a window");
    let (mut reached, mut wrong) = (BTreeSet::new(), Vec::new());
    for role in roles {
        let home = browser.step_in(site.login(*role).login).await;
        browser.complaints().await;
        let mut walk = Walk::new(table, &browser, role.to_string());
        let own = if *role == Role::Bank { of_the_bank } else { "/" };
        walk.from(&[&home, "/me", own, "/"]).await;
        if walk.looked.len() <= 3 {
            walk.wrong.push(format!("{role} sees {:?} only", walk.looked));
        }
        reached.append(&mut walk.reached);
        wrong.append(&mut walk.wrong);
    }
    (reached, wrong)
}

/// A pay sheet that was made elsewhere waits on each project, and a worker was handed a link for signing; gives the link's path.
fn give_the_sites_something_to_do(site: &Site) -> String {
    let ctx = Ctx::of_the_house(&site.ground, "crawl");
    let made = site.ground.db.write_blocking(move |tx| -> Result<Option<String>, Problem> {
        let mut path = None;
        if let Some(row) = projects::table::all(tx.conn())?.first() {
            let terms = Terms { name: "测试系统".to_owned(), ..Terms::default() };
            let bound = Bound::Project(row.id);
            apps::issue(tx, &ctx, &NewApp { bound, terms, profile: None, app_id: None, secret: None })?;
        }
        for row in projects::table::all(tx.conn())? {
            let one = projects::site(tx.conn(), row.id)?;
            let secret = Some("AnxinDemoSecret0AnxinDemoSecret1".to_owned());
            let platform = reports::NewPlatform {
                name: "测试平台".to_owned(),
                address: "https://platform.example.cn/open.api".to_owned(),
                profile: None,
                app_id: "1".to_owned(),
                terms: reports::Terms { secret, ..reports::Terms::default() },
                from_on: None,
            };
            reports::add(tx, &ctx, &one, &platform)?;
            let bytes = "姓名,身份证号,应发,实发\n测试,11999919900101001X,1.00,1.00\n".as_bytes().to_vec();
            let file = SheetFile { name: Some("三月.csv".to_owned()), content_type: "text/csv".to_owned(), bytes };
            imports::actions::keep_file(tx, &ctx, &one, &file)?;
            let bytes =
                "统一社会信用代码,班组,姓名,身份证号,工种,手机号\n91119999MA0000007J,一班,测试,1,020,1\n".as_bytes().to_vec();
            let roll = RosterFile { name: Some("花名册.csv".to_owned()), content_type: "text/csv".to_owned(), bytes };
            let defaults = Defaults { day_rate: None, entered_on: ctx.today, paper: Paper::None, safety_trained: false };
            let new = NewImport { kind: SheetKind::Roster, month: None, defaults, columns: None };
            let read = columns::read(&ctx, one.id, &roll, &new)?;
            rosters::hand_in(tx, &ctx, &one, &roll, &read, &new)?;
            let (reason, note) = (Some("supplier_debt".to_owned()), Some("某法院".to_owned()));
            let frozen = NewStep { reason, note, ..NewStep::of(Step::Frozen, ctx.today) };
            matters::actions::begin(tx, &ctx, &one, MatterKind::AccountFreeze, &frozen)?;
            let sheet = building::build_sheet(tx, &ctx, &one, ctx.today.month(), None).ok();
            let made = sheet.and_then(|built| links::actions::make(tx, &ctx, &one, built.sheet.id, &[]).ok());
            path = path.or(made.and_then(|made| made.first().map(|link| link.path.clone())));
        }
        Ok(path)
    });
    made.unwrap().expect("a worker of the demonstration who has not signed")
}

/// What a visitor sees who is nobody yet.
async fn walk_as_nobody(site: &Site, table: &Table, link: &str) -> (BTreeSet<&'static str>, Vec<String>) {
    let browser = Browser::open(&site.base, Script::On).await;
    let mut walk = Walk::new(table, &browser, "nobody".to_owned());
    walk.from(&["/", "/login", link]).await;
    (walk.reached, walk.wrong)
}

/// What an administrator has to look at: a proposal, an unknown machine, a file that nobody can read.
async fn give_the_house_something_to_do(site: &Site) {
    let admin = site.token(Role::Administrator);
    let active = &site.get("/api/v1/law-files", &admin).await["active"];
    let proposal = json!({
        "kind": "policy", "file": null, "wording": null, "policy": {"permit_gate": false, "completion_gate": true},
        "reason": "试行", "document": "会议纪要", "seen": active,
    });
    let proposed = site.post("/api/v1/amendments", &admin, &proposal).await;
    assert_eq!(proposed["state"], "proposed", "{proposed}");
    site.machine("/iclock/cdata?SN=STRANGER00001&table=ATTLOG&Stamp=1", "1\t2026-03-30 07:50:00\t0\t15\n").await;
    let bank = site.token(Role::Bank);
    let quarantined = site.post("/api/v1/bank/statements", &bank, &json!({"not": "a statement"})).await;
    assert!(quarantined.is_object());
    let webhook = json!({
        "name": "测试", "scope": "everything", "events": ["case.opened"], "fields": ["kind"], "address": "https://partner.example.cn/",
    });
    let made = site.post("/api/v1/webhooks", &admin, &webhook).await;
    let id = made["webhook"]["id"].as_str().expect("a webhook");
    site.post(&format!("/api/v1/webhooks/{id}/test"), &admin, &json!({})).await;
}

#[test]
fn every_page_is_sound_for_every_role() {
    let (site, table) = (Site::demo(), Table::new());
    let reached = super::run(async {
        give_the_house_something_to_do(&site).await;
        let link = give_the_sites_something_to_do(&site);
        let companies = [Role::LabourManager, Role::Owner, Role::Subcontractor, Role::Bank];
        let offices = [Role::LabourAuthority, Role::IndustryAuthority, Role::GridOfficer, Role::Administrator];
        let sheet = a_sheet_that_waits(&site).await;
        let (one, other) =
            futures_util::future::join(walk(&site, &table, &companies, &sheet), walk(&site, &table, &offices, &sheet)).await;
        let nobody = walk_as_nobody(&site, &table, &link).await;
        let (mut reached, mut wrong) = (BTreeSet::new(), Vec::new());
        for (more, faults) in [one, other, nobody] {
            reached.extend(more);
            wrong.extend(faults);
        }
        assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
        reached
    });
    let left: Vec<&str> = table.pages().into_iter().filter(|page| !reached.contains(page)).collect();
    assert!(left.is_empty(), "no role finds a way to {left:?}");
}

#[test]
fn pages_that_refuse_are_sound_too() {
    let (site, table) = (Site::demo(), Table::new());
    super::run(async {
        let browser = Browser::open(&site.base, Script::On).await;
        browser.step_in("owner").await;
        let closed = routes::all()
            .into_iter()
            .find(|route| route.is_page && route.method == "GET" && route.access == Access::Holds(anxin::web::Verb::ManageUsers));
        let mut walk = Walk::new(&table, &browser, "owner".to_owned());
        for path in closed.map(|route| route.path).into_iter().filter(|path| !path.contains('{')).chain(["/no/such/page"]) {
            for lang in ["en", "zh"] {
                browser.visit(&format!("/language/{lang}?next=/me")).await;
                browser.complaints().await;
                browser.visit(path).await;
                browser.find("main .notice.bad[role=alert]").await;
                let links = walk.look(path, lang).await;
                let complaints = browser.complaints().await;
                assert!(complaints.iter().all(|told| told.contains("403") || told.contains("404")), "{path}: {complaints:?}");
                walk.ask(path, &links).await;
            }
        }
        assert!(walk.wrong.is_empty(), "{}", walk.wrong.join("\n"));
    });
}
