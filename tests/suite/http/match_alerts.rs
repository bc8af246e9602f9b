//! What the match and the signs tell people: one notice a project, month and kind, gone when it is put right or explained; the match as
//! a file and as it was.

use anxin::alerts::table::{NoticeRow, of_project};
use anxin::alerts::{NoticeKind, NoticeState};
use anxin::store::jobs;
use anxin::web::{Role, ScopeOn};
use serde_json::json;

use super::matching::{later, matched, punch, site};
use super::payroll::{Stage, text};
use crate::both;
use crate::suite::ground::{App, text_of};

fn look(app: &App, stage: &Stage<'_>) -> Vec<NoticeRow> {
    let id = stage.project.id;
    app.write(move |tx, ctx| Ok(jobs::enqueue(tx.conn(), ctx.id(), "remind", &ctx.today.to_string(), ctx.now)?)).unwrap();
    app.drain();
    let waiting = app.read(|conn, _| Ok(jobs::list(conn, jobs::JobState::Queued, 0, 100)?)).unwrap();
    let failed: Vec<_> = waiting.into_iter().filter_map(|row| row.last_error.map(|why| (row.kind, why))).collect();
    assert_eq!(failed, [], "every job was done");
    let rows = app.read(move |conn, _| Ok(of_project(conn, id)?)).unwrap();
    rows.into_iter().filter(|row| row.kind == NoticeKind::Sign).collect()
}

/// Subjects that stand for somebody.
fn stand(rows: &[NoticeRow], user: anxin::base::id::UserId) -> Vec<&str> {
    let mut found: Vec<&str> = rows
        .iter()
        .filter(|row| row.user_id == user && row.state != NoticeState::Cured)
        .map(|row| row.subject.as_str())
        .collect();
    found.sort_unstable();
    found
}

both!(what_does_not_add_up_is_told_once_a_month_and_kind_and_gone_when_explained, |app| {
    let stage = site(&app, 4).await;
    let authority = app.client(Role::LabourAuthority, ScopeOn::Region("330700".parse().unwrap())).user;
    let industry = app.client(Role::IndustryAuthority, ScopeOn::Region("330700".parse().unwrap())).user;
    let owner = app.client(Role::Owner, ScopeOn::Organisation(stage.project.owner)).user;
    assert_eq!(look(&app, &stage), [], "the pay day is to come and four share a telephone, which is no ring");
    let stage = later(stage, "2026-03-12T10:00:00+08:00");
    let manager = stage.manager.user;
    let rows = look(&app, &stage);
    let three = ["attendance_without_pay 2026-02"];
    assert_eq!((stand(&rows, manager), stand(&rows, authority)), (three.to_vec(), three.to_vec()));
    assert_eq!((stand(&rows, industry), stand(&rows, owner)), (vec![], vec![]), "they may not open the match");
    let said = rows.iter().find(|row| row.user_id == manager).unwrap();
    assert!(
        said.words.contains("3 处") && said.words.contains("不是结论") && said.words.contains("no finding"),
        "{}",
        said.words
    );
    assert!(!said.words.contains("测试工人"), "nothing personal: {}", said.words);
    let link = format!("/projects/{}/matches?month=2026-02&kind=attendance_without_pay", stage.id());
    assert!(said.words.contains(&link), "{}", said.words);
    assert_eq!(look(&app, &stage).len(), rows.len(), "seen again is told once");
    let shown = stage.manager.get("/api/v1/me/notices").send().await.expect(200);
    let signs: Vec<_> = shown["items"].as_array().unwrap().iter().filter(|one| one["kind"] == "sign").collect();
    assert_eq!((signs.len(), &signs[0]["words"]["link"]), (1, &json!(link)), "{shown}");

    // Two explained, one left: the notice stands and says one. The last one explained: it goes at once.
    let view = matched(&stage, "").await;
    let open: Vec<_> =
        view["items"].as_array().unwrap().iter().filter(|row| !row["differences"].as_array().unwrap().is_empty()).collect();
    assert_eq!(open.len(), 3);
    let (authority, paper) = (app.authority(), stage.scan());
    for (row, left) in open.iter().zip([2, 1, 0]) {
        let mut decision = json!({
            "subject": row["subject"], "kind": "attendance_without_pay", "basis": row["differences"][0]["basis"],
            "found": "explained", "note": "已付现金，收条在案",
        });
        let path = stage.path("matches/2026-02/decisions");
        stage.manager.post(&path, decision.clone()).send().await.expect(201);
        // Of unpaid wages one side's word ends no notice: the authority confirms it with the paper.
        decision["document_id"] = json!(paper);
        authority.post(&path, decision).send().await.expect(201);
        app.drain();
        let rows = app.read({
            let id = stage.project.id;
            move |conn, _| Ok(of_project(conn, id)?)
        });
        let rows: Vec<NoticeRow> = rows.unwrap().into_iter().filter(|row| row.kind == NoticeKind::Sign).collect();
        assert_eq!(stand(&rows, manager).len(), usize::from(left > 0));
        assert!(left == 0 || rows.iter().any(|row| row.words.contains(&format!("{left} 处"))), "{rows:?}");
    }
    // The numbers change, so what was explained is open again: a new notice.
    punch(&app, 1, 10..=10).await;
    app.drain();
    assert_eq!(stand(&look(&app, &stage), manager), three);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(signs_of_the_detectors_are_told_as_signs, |app| {
    let stage = site(&app, 8).await;
    stage.audited().await;
    let stage = later(stage, "2026-03-05T10:00:00+08:00");
    let rows = look(&app, &stage);
    let manager = stage.manager.user;
    assert!(stand(&rows, manager).contains(&"ring 2026-02"), "{rows:?}");
    let ring = rows.iter().find(|row| row.user_id == manager && row.subject == "ring 2026-02").unwrap();
    assert!(ring.words.contains("8 人") && !ring.urgent, "{}", ring.words);
    assert!(ring.words.contains(&format!("/projects/{}/signs?month=2026-02", stage.id())), "{}", ring.words);
});

both!(the_match_is_a_file_and_is_shown_as_it_was, |app| {
    let stage = site(&app, 3).await;
    let stage = later(stage, "2026-03-12T10:00:00+08:00");
    let asked = stage.manager.get(&stage.path("matches/2026-02/file?standing=differs")).send().await;
    assert_eq!(asked.status, 200);
    let csv = asked.text();
    assert!(csv.starts_with("\u{feff}subject,name,attended_days"), "{csv}");
    assert_eq!(csv.lines().count(), 3, "{csv}");
    assert!(csv.contains(",测试工人1,5,,,,0.00,2026-03-10,differs,attendance_without_pay,"), "{csv}");
    let owner = app.client(Role::Owner, ScopeOn::Organisation(stage.project.owner));
    owner.get(&stage.path("matches/2026-02/file")).send().await.refuse(403, "not_allowed");
    stage.manager.get(&stage.path("matches/2026-02/file?form=pdf")).send().await.refuse(422, "invalid");
    stage.manager.get(&stage.path("matches/2026-05/file")).send().await.refuse(422, "invalid");

    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let path = format!("/projects/{}/matches", stage.id());
    let file = browser.get(&format!("{path}/file?month=2026-02&form=xlsx")).await;
    assert_eq!(file.status, 200);
    let book = anxin::wire::sheet::read(&file.bytes).unwrap();
    let cells: Vec<String> = book.sheets[0].rows.iter().flatten().map(|cell| format!("{cell:?}")).collect();
    let all = cells.join(" ");
    assert!(all.contains("姓名或收款方") && all.contains("测试工人2") && all.contains("有考勤未发工资"), "{all}");
    // Then, before the pay day: nothing differed, and nobody decides about the past.
    let then = browser.page(&format!("{path}?month=2026-02&standing=all&known_at=2026-03-02")).await;
    let shown = text_of(&then);
    assert!(shown.contains("这是当时的情况") && shown.contains("未到应付日") && !then.contains("name=\"basis\""), "{shown}");
    let now = browser.page(&format!("{path}?month=2026-02")).await;
    assert!(now.contains("name=\"basis\"") && !text_of(&now).contains("这是当时的情况"));
    assert_eq!(text(&matched(&stage, "").await["month"]), "2026-02");
    assert_eq!(browser.get(&format!("{path}/file?month=2026-02&known_at=2027-01-01")).await.status, 422);
});
