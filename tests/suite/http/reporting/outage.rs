//! A platform that is down for days: it is tried now and then, its keeper is told once, and on its return all goes out, each once.

use anxin::alerts::{NoticeKind, NoticeState, table as notices};
use anxin::app::reporter;
use anxin::store::jobs;
use anxin::web::{Role, ScopeOn};
use serde_json::json;

use super::province::{Act, Province};
use super::{Site, later, line, outgoing};
use crate::both;
use crate::suite::ground::App;
use crate::suite::http::attendance::attlog;

/// Passes every ten minutes over so many hours.
fn hours(app: &App, count: i64) {
    for _ in 0..count * 6 {
        reporter::pass(&app.ground, &line(app)).unwrap();
        later(app, 600);
    }
}

/// Passes every ten seconds over so many minutes.
fn minutes(app: &App, count: i64) {
    for _ in 0..count * 6 {
        reporter::pass(&app.ground, &line(app)).unwrap();
        later(app, 10);
    }
}

/// People whose passages of two days wait for a platform; gives how many records it has been told.
async fn waiting<'a>(app: &'a App, province: &Province) -> (Site<'a>, usize) {
    let site = Site::with(app, &province.address, (6, 0), json!({})).await;
    site.fill().await;
    site.run(2_000);
    assert_eq!(site.states().await, ["accepted"], "{:#?}", site.records("").await);
    let passages: String = (1..=6)
        .flat_map(|number| [7, 12, 13, 18].map(|hour| (number, hour)))
        .map(|(number, hour)| format!("{}\t2026-03-01 {hour:02}:00:{number:02}\t{}\t15\t0\t0\t0\n", 1000 + number, hour % 2))
        .collect();
    attlog(app, "REPORT00001", &passages).await;
    let known = province.state().times.len();
    province.state().adds.clear();
    province.state().requests = 0;
    later(app, 700);
    (site, known)
}

/// The notices that stand of platforms, by subject.
fn standing(app: &App, site: &Site<'_>, user: anxin::base::id::UserId) -> Vec<(String, String)> {
    app.write(|tx, ctx| Ok(jobs::enqueue(tx.conn(), ctx.id(), "watch", &ctx.today.to_string(), ctx.now)?)).unwrap();
    app.drain();
    let id = site.site.id;
    let rows = app.read(move |conn, _| Ok(notices::of_project(conn, id)?)).unwrap();
    let about = |row: &notices::NoticeRow| {
        row.kind == NoticeKind::Silence
            && row.state != NoticeState::Cured
            && row.user_id == user
            && row.subject.starts_with("platform ")
    };
    rows.into_iter().filter(about).map(|row| (row.subject, row.words)).collect()
}

async fn comes_back(app: &App, site: &Site<'_>, province: &Province, known: usize) {
    // Nothing but what waited for its probe stands between its return and the last record.
    hours(app, 2);
    minutes(app, 20);
    assert_eq!(site.states().await, ["accepted"], "{:#?}", site.records("").await);
    {
        let state = province.state();
        let odd: Vec<_> = state.times.iter().filter(|(_, times)| **times != 1).collect();
        assert_eq!(odd, Vec::<(&String, &u32)>::new());
        assert_eq!(state.times.len(), known + 24, "none is lost");
    }
    let view = site.view().await;
    assert_eq!((&view["down_since"], &view["down_tries"]), (&json!(null), &json!(0)), "{view}");
    for record in site.records("").await {
        assert_eq!((&record["tries"], &record["failing_since"]), (&json!(0), &json!(null)), "{record}");
    }
    assert_eq!(standing(app, site, site.manager.user), Vec::new(), "and the alarm is over");
    assert_eq!(app.broken(), Vec::<String>::new());
}

both!(a_platform_that_takes_nothing_for_days_is_tried_with_one_record_at_waits_that_grow, |app| {
    let app = outgoing(&app);
    let province = Province::open();
    let (site, known) = waiting(&app, &province).await;
    province.state().is_deaf = true;
    minutes(&app, 60);
    {
        let state = province.state();
        let items: Vec<usize> = state.adds.iter().map(|(_, items)| *items).collect();
        assert!((3..=10).contains(&items.len()), "not one a minute: {items:?}");
        assert!(items[1..].iter().all(|items| *items == 1), "one record is tried, not all of them: {items:?}");
    }
    let before = province.state().adds.len();
    hours(&app, 48);
    let tries = province.state().adds.len() - before;
    assert!((30..=75).contains(&tries), "the wait has an end: {tries}");
    let view = site.view().await;
    assert!(view["down_since"].as_str().unwrap().starts_with("2026-03-02"), "{view}");
    assert_eq!(view["down_why"], "HTTP 500");
    assert!(view["down_tries"].as_i64().unwrap() > 30 && view["probe_at"].is_string(), "{view}");
    let tried: Vec<_> =
        site.records("&kind=attendance").await.into_iter().filter(|record| record["tries"].as_i64().unwrap() > 0).collect();
    assert!(!tried.is_empty());
    assert!(tried.iter().all(|record| record["failing_since"].is_string() && record["reason"] == "HTTP 500"), "{tried:#?}");
    assert_eq!(
        site.records("&state=with_person").await,
        Vec::<serde_json::Value>::new(),
        "nobody has to see to what comes by itself"
    );
    let told = standing(&app, &site, site.manager.user);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(standing(&app, &site, site.manager.user), told, "told once");
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let page = browser.page(&format!("/projects/{}/reports/{}", site.site.id, site.platform)).await;
    assert!(page.contains("平台不接收上报") && page.contains("次未成"), "{page}");
    province.state().is_deaf = false;
    comes_back(&app, &site, &province, known).await;
});

both!(a_platform_that_is_wholly_out_of_order_loses_and_doubles_nothing, |app| {
    let app = outgoing(&app);
    let province = Province::open();
    let (site, known) = waiting(&app, &province).await;
    // The last message before it was taken, and its answer lost.
    province.act(&[Act::TakeAndFail]);
    site.pass();
    province.state().is_down = true;
    let before = province.state().requests;
    hours(&app, 72);
    let asked = province.state().requests - before;
    assert!((60..=120).contains(&asked), "about one an hour: {asked}");
    assert_eq!(standing(&app, &site, site.manager.user).len(), 1);
    assert_eq!(site.records("&state=with_person").await, Vec::<serde_json::Value>::new());
    province.state().is_down = false;
    comes_back(&app, &site, &province, known).await;
});

both!(a_platform_that_is_always_busy_is_tried_less_and_less, |app| {
    let app = outgoing(&app);
    let province = Province::open();
    let (site, known) = waiting(&app, &province).await;
    province.state().is_busy = true;
    hours(&app, 72);
    let tries = province.state().adds.len();
    assert!((50..=110).contains(&tries), "{tries}");
    assert_eq!(standing(&app, &site, site.manager.user).len(), 1);
    // A person who knows that it works again need not wait for the next try.
    province.state().is_busy = false;
    site.manager.post(&site.path("state"), json!({"state": "active"})).send().await.expect(200);
    minutes(&app, 20);
    assert_eq!(site.view().await["down_since"], json!(null));
    comes_back(&app, &site, &province, known).await;
});
