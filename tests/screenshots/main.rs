//! Pictures of the main pages, to be looked at by people: phone, desk and paper, both languages, light and dark.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::print_stdout,
    dead_code,
    unused_macros,
    unused_imports,
    reason = "made of what the suite offers, which is more than pictures need"
)]

mod suite;

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use suite::browser::driver::{Browser, DESK, PHONE, Script};
use suite::browser::site::Site;

/// The tallest picture.
const HEIGHT_MAX: u64 = 6000;

/// The width of a sheet of A4 in CSS pixels.
const PAPER: u32 = 794;

/// A page: its name, who looks (nobody where empty), where one begins, and the links that lead there.
struct Page {
    name: &'static str,
    who: &'static str,
    begin: &'static str,
    links: &'static [&'static str],
    on_paper: bool,
}

const fn page(name: &'static str, who: &'static str, begin: &'static str, links: &'static [&'static str]) -> Page {
    Page { name, who, begin, links, on_paper: false }
}

const fn paper(name: &'static str, who: &'static str, begin: &'static str, links: &'static [&'static str]) -> Page {
    Page { name, who, begin, links, on_paper: true }
}

/// The first project of a list.
const PROJECT: &str = "table.rows td a";

const PAGES: &[Page] = &[
    page("front", "", "/", &[]),
    page("login", "", "/login", &[]),
    page("me", "manager", "/me", &[]),
    page("password", "manager", "/password", &[]),
    page("refused", "owner", "/house", &[]),
    page("projects", "labour", "/projects", &[]),
    page("card", "labour", "/projects", &[PROJECT]),
    page("attendance", "labour", "/projects", &[PROJECT, "a[href$='/attendance']"]),
    page("money", "manager", "/projects", &[PROJECT, "a[href$='/money']"]),
    page("deposit", "labour", "/projects", &[PROJECT, "a[href$='/deposit']"]),
    page("findings", "labour", "/projects", &[PROJECT, "a[href$='/findings']"]),
    page("gates", "labour", "/projects", &[PROJECT, "a[href^='/gates?project']:last-child"]),
    paper("answer", "labour", "/projects", &[PROJECT, "a[href^='/gates?project']:last-child", "table.rows td a"]),
    page("workers", "manager", "/projects", &[PROJECT, "a[href$='/workers']"]),
    page("worker", "manager", "/projects", &[PROJECT, "a[href$='/workers']", "table.rows td a"]),
    page("documents", "manager", "/projects", &[PROJECT, "a[href$='/documents']"]),
    page("devices", "manager", "/projects", &[PROJECT, "a[href$='/attendance']", "main a[href$='/devices']"]),
    page("sheets", "manager", "/projects", &[PROJECT, "a[href$='/sheets']"]),
    page("sheet", "manager", "/projects", &[PROJECT, "a[href$='/sheets']", "table.rows td a"]),
    paper("printed", "manager", "/projects", &[PROJECT, "a[href$='/sheets']", "table.rows td a", "a[href='?print=yes']"]),
    paper("run", "manager", "/projects", &[PROJECT, "a[href$='/sheets']", "table.rows td a", "a[href*='/runs/run-']"]),
    page("bank", "bank", "/bank", &[]),
    page("register", "manager", "/projects/new", &[]),
    page("house", "admin", "/house", &[]),
    page("users", "admin", "/house/users", &[]),
    page("user", "admin", "/house/users", &["table.rows td a"]),
    page("law", "labour", "/law", &[]),
    page("rule", "labour", "/law/rules/R53-06a", &[]),
    page("parameter", "labour", "/law/parameters/deposit.rate?region=650102", &[]),
    page("region", "labour", "/law/regions/350000", &[]),
    page("laboratory", "labour", "/law/laboratory", &[]),
    page("companies", "labour", "/companies", &[]),
    page("company", "labour", "/companies", &["table.rows td a"]),
];

/// The page shown, as tall as it is.
async fn picture(browser: &Browser, width: u32, folder: &Path, name: &str) {
    browser.width(width).await;
    let height = browser.run("return document.documentElement.scrollHeight", vec![]).await.as_u64().unwrap_or(900);
    let clip = json!({"x": 0, "y": 0, "width": width, "height": height.clamp(700, HEIGHT_MAX), "scale": 1});
    let shot =
        browser.devtools("Page.captureScreenshot", json!({"format": "png", "captureBeyondViewport": true, "clip": clip})).await;
    let bytes = STANDARD.decode(shot["data"].as_str().expect("a picture")).expect("base64");
    std::fs::write(folder.join(format!("{name}.png")), bytes).expect("a file");
}

async fn media(browser: &Browser, media: &str, scheme: &str) {
    let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
    browser.devtools("Emulation.setEmulatedMedia", json!({"media": media, "features": features})).await;
}

/// Follows the links to a page; says which one is missing.
async fn reach(browser: &Browser, page: &Page) -> Result<(), String> {
    browser.visit(page.begin).await;
    for link in page.links {
        if !browser.has(link).await {
            return Err(format!("{}: no `{link}` on {}", page.name, browser.here().await));
        }
        // Links are followed by address: what is clicked must be in sight, and menus may be long.
        let href: Value =
            browser.run("return document.querySelector(arguments[0]).getAttribute('href')", vec![json!(link)]).await;
        let (href, here) = (href.as_str().expect("an address"), browser.here().await);
        let page = here.split('?').next().unwrap_or_default();
        browser.visit(&if href.starts_with('?') { format!("{page}{href}") } else { href.to_owned() }).await;
    }
    Ok(())
}

async fn take(site: &Site, folder: &Path, wanted: &str) -> Vec<String> {
    let browser = Browser::open(&site.base, Script::On).await;
    let (mut who, mut faults) = ("", Vec::new());
    for page in PAGES.iter().filter(|page| page.name.contains(wanted)) {
        if page.who != who {
            who = page.who;
            browser.step_in(who).await;
        }
        if let Err(fault) = reach(&browser, page).await {
            faults.push(fault);
            continue;
        }
        let here = browser.here().await;
        for lang in ["zh", "en"] {
            media(&browser, "", "light").await;
            browser.visit(&format!("/language/{lang}?next=/healthz")).await;
            browser.visit(&here).await;
            for (width, device) in [(PHONE, "phone"), (DESK, "desk")] {
                for scheme in ["light", "dark"] {
                    media(&browser, "", scheme).await;
                    picture(&browser, width, folder, &format!("{}-{device}-{lang}-{scheme}", page.name)).await;
                }
            }
            if page.on_paper {
                media(&browser, "print", "light").await;
                picture(&browser, PAPER, folder, &format!("{}-paper-{lang}", page.name)).await;
            }
        }
        media(&browser, "", "light").await;
        browser.visit("/language/zh?next=/healthz").await;
    }
    faults
}

fn main() {
    let folder =
        PathBuf::from(std::env::var("ANXIN_SCREENSHOTS").expect("ANXIN_SCREENSHOTS is not set: run tests/screenshots/run"));
    let wanted = std::env::args().nth(1).unwrap_or_default();
    std::fs::create_dir_all(&folder).expect("a folder");
    let site = Site::demo();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let faults = runtime.block_on(take(&site, &folder, &wanted));
    println!("{}", folder.display());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
