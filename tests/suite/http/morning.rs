//! The morning check: exceptions, what is not known, a forgotten punch in one form and a second person on the same page.

use anxin::web::{Role, ScopeOn};
use serde_json::{Value, json};

use super::attendance::{attlog, bind};
use super::workers::{crew, enrol, worker};
use crate::both;
use crate::suite::ground::{project, text_of};

fn ids(list: &Value, of: impl Fn(&Value) -> &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|one| of(one).as_str().unwrap().to_owned()).collect()
}

both!(a_morning_tells_what_needs_a_person_and_a_forgotten_punch_takes_two, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let other = project(&manager, 2, "330784").await;
    let gang = crew(&manager, &site, "钢筋一班").await;
    let there = crew(&manager, &other, "木工班").await;
    bind(&manager, &site, "T1", "by_state").await;
    bind(&manager, &other, "T2", "by_state").await;
    let people: Vec<Value> = (1..=5).map(|number| worker(number, &gang)).collect();
    let answer = enrol(&manager, &site, people).await;
    let enrolled = ids(&answer["results"], |one| &one["enrolment"]["id"]);
    enrol(&manager, &other, vec![worker(1, &there), worker(2, &there)]).await;
    // The day before: 1 to 3 whole days, 4 forgot to punch out, a number that nobody has.
    attlog(
        &app,
        "T1",
        "1001\t2026-03-01 07:30:00\t0\t15\n1001\t2026-03-01 17:30:00\t1\t15\n1002\t2026-03-01 07:31:00\t0\t15\n\
         1002\t2026-03-01 17:31:00\t1\t15\n1003\t2026-03-01 07:32:00\t0\t15\n1003\t2026-03-01 17:32:00\t1\t15\n\
         1004\t2026-03-01 07:33:00\t0\t15\n7777\t2026-03-01 07:34:00\t0\t15\n",
    )
    .await;
    // This morning: 1 and 2 are here and 4 too; 2 is on the other site in the same hours, 1 went there afterwards.
    attlog(
        &app,
        "T1",
        "1001\t2026-03-02 06:00:00\t0\t15\n1001\t2026-03-02 07:00:00\t1\t15\n1002\t2026-03-02 06:00:00\t0\t15\n\
         1002\t2026-03-02 08:40:00\t1\t15\n1004\t2026-03-02 07:33:00\t0\t15\n",
    )
    .await;
    attlog(
        &app,
        "T2",
        "1001\t2026-03-02 07:40:00\t0\t15\n1001\t2026-03-02 08:50:00\t1\t15\n1002\t2026-03-02 07:00:00\t0\t15\n1002\t2026-03-02 08:00:00\t1\t15\n",
    )
    .await;
    app.drain();
    let path = format!("{}/morning", site.path);
    let told = manager.get(&path).send().await.expect(200);
    assert_eq!(
        (&told["day"], &told["before"], &told["sight"], &told["here"], &told["on_roll"]),
        (&json!("2026-03-02"), &json!("2026-03-01"), &json!("day_seen"), &json!(3), &json!(5)),
        "{told}"
    );
    assert_eq!(ids(&told["missing"], |one| &one["who"]["enrolment"]), [enrolled[2].clone()], "{told}");
    assert_eq!(ids(&told["open_days"], |one| &one["who"]["enrolment"]), [enrolled[3].clone()], "{told}");
    assert_eq!(told["open_days"][0]["usual"], json!([7 * 3600 + 31 * 60, 17 * 3600 + 31 * 60]));
    assert_eq!(told["unknown"][0]["pin"], json!("7777"));
    assert_eq!(
        ids(&told["elsewhere"], |one| &one["who"]["enrolment"]),
        [enrolled[1].clone()],
        "who moved on is not on two sites"
    );
    assert_eq!(told["gates"][0]["troubles"], json!([]));
    manager.get(&format!("{path}?day=2026-03-03")).send().await.refuse(422, "invalid");

    // The page: the row's own form carries the times; another person confirms where it stands.
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let page = format!("/projects/{}/morning", site.id);
    let shown = browser.page(&page).await;
    assert!(shown.contains("漏打卡") && shown.contains("value=\"17:31\"") && shown.contains("7777"), "{}", text_of(&shown));
    let fields = [
        ("worked_on", "2026-03-01"),
        ("morning", "2026-03-02"),
        ("first", "07:33"),
        ("last", "17:31"),
        ("reason", "本人忘记打卡"),
    ];
    let (leads, shown) = browser.submit(&format!("/projects/{}/workers/{}/day", site.id, enrolled[3]), &fields).await;
    assert!(leads.starts_with(&page), "{leads}");
    assert!(shown.contains("本人忘记打卡") && shown.contains("撤回"), "{}", text_of(&shown));
    let told = manager.get(&path).send().await.expect(200);
    assert_eq!(told["open_days"][0]["is_told"], json!(true));
    let correction = told["waiting"][0]["correction"]["id"].as_str().unwrap().to_owned();
    let second = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    assert!(second.page(&page).await.contains("确认"));
    let decision = format!("/projects/{}/day-corrections/{correction}", site.id);
    let (leads, _) = second.submit(&decision, &[("morning", "2026-03-02"), ("step", "confirmed")]).await;
    assert!(leads.starts_with(&page), "{leads}");
    app.drain();
    let told = manager.get(&path).send().await.expect(200);
    assert_eq!((&told["open_count"], &told["waiting"]), (&json!(0), &json!([])), "{told}");
    // In English, and whoever may not see workers does not see this.
    assert!(second.english().page(&page).await.contains("Unknown persons"));
    let bank = app.client(Role::Bank, ScopeOn::Everything);
    bank.get(&path).send().await.refuse(403, "not_allowed");
});

both!(nobody_is_missing_where_nobody_can_tell, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let gang = crew(&manager, &site, "钢筋一班").await;
    bind(&manager, &site, "T1", "by_state").await;
    enrol(&manager, &site, vec![worker(1, &gang)]).await;
    attlog(&app, "T1", "1001\t2026-03-01 07:30:00\t0\t15\n1001\t2026-03-01 17:30:00\t1\t15\n").await;
    app.drain();
    let path = format!("{}/morning", site.path);
    let told = manager.get(&path).send().await.expect(200);
    assert_eq!((&told["sight"], &told["missing_count"]), (&json!("nobody_seen"), &json!(1)));
    let page = app.browser(Role::LabourManager, ScopeOn::Everything).await.page(&format!("/projects/{}/morning", site.id)).await;
    assert!(page.contains("无法判断") && page.contains("不等于没有人到场"), "{}", text_of(&page));
});
