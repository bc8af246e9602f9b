//! Pages on paper.

use anxin::web::Role;
use fantoccini::wd::PrintConfiguration;

use super::driver::{Browser, Script};
use super::site::Site;

/// Prints the page shown: a PDF with something on it.
pub async fn print(browser: &Browser) -> Vec<u8> {
    let pdf = browser.client.print(PrintConfiguration::default()).await.expect("a PDF");
    assert!(pdf.starts_with(b"%PDF-"));
    assert!(pdf.windows(11).any(|bytes| bytes == b"/Type /Page"), "no page");
    pdf
}

#[test]
fn a_sheet_is_printed_with_room_for_signatures() {
    let site = Site::demo();
    super::run(async {
        let browser = Browser::open(&site.base, Script::On).await;
        browser.step_in(site.login(Role::LabourManager).login).await;
        for link in ["table.rows td a", ".tabs a[href$='/sheets']", "table.rows td a", "a[href='?print=yes']"] {
            browser.click(link).await;
        }
        browser.find("button[data-print]").await;
        print(&browser).await;
        browser.devtools("Emulation.setEmulatedMedia", serde_json::json!({"media": "print"})).await;
        for (css, is_printed) in [("td.signature", true), ("p.print-line", true), (".tabs", false), ("button[data-print]", false)]
        {
            assert_eq!(browser.find(css).await.is_displayed().await.expect("an answer"), is_printed, "{css}");
        }
    });
}

#[test]
fn what_is_for_the_screen_only_is_not_printed() {
    let site = Site::demo();
    super::run(async {
        let browser = Browser::open(&site.base, Script::On).await;
        browser.step_in(site.login(Role::LabourAuthority).login).await;
        let _ = print(&browser).await;
        browser.devtools("Emulation.setEmulatedMedia", serde_json::json!({"media": "print"})).await;
        for css in [".top", "footer", ".demo"] {
            assert!(!browser.find(css).await.is_displayed().await.expect("an answer"), "{css} is printed");
        }
    });
}
