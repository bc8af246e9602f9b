//! The pages as people meet them: a headless Chromium, driven over WebDriver, against the real server.
//!
//! Nothing sleeps to wait and nothing is tried twice: a test waits for what it expects to see, up to a deadline.

mod crawl;
#[allow(dead_code, reason = "a harness offers more than one test needs")]
pub mod driver;
mod plain;
mod print;
mod sessions;
#[allow(dead_code, reason = "a harness offers more than one test needs")]
pub mod site;
mod tour;

/// Runs a test's conversation with its browsers.
pub fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}
