//! A labour manager's month in the browser: roster, statement, papers, sheet, signatures, audit, pay run, retry.

use anxin::web::{Role, ScopeOn};

use crate::both;
use crate::suite::ground::text_of;

both!(a_form_without_its_token_or_from_elsewhere_is_refused, |app| {
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let bare = browser.post_bare("/logout/everywhere", &[]).await;
    assert_eq!(bare.status, 403, "{}", text_of(&bare.text()));
    let me = browser.page("/me").await;
    assert!(text_of(&me).contains("劳资专管员"));
});
