//! When the rules of folding change, days are folded again by the new ones, and those that a pay sheet rests on stay as they were paid.

use anxin::attendance::folding::again::{Again, compare};
use diesel::connection::SimpleConnection;
use serde_json::Value;

use super::attendance::{attlog, bind};
use super::workers::{crew, enrol, worker};
use crate::both;
use crate::suite::ground::{App, KEY, TestProject, project};

/// As an earlier program left it: it noted no version nor when a machine was turned, and its rules gave half a day for a whole one.
const EARLIER: &str =
    "DELETE FROM marks WHERE name = 'fold_rules'; DELETE FROM device_turns; UPDATE work_days SET hundredths = 50";

fn again(app: &App, site: &TestProject) -> Again {
    let id = site.id;
    app.read(|conn, ctx| Ok(compare(conn, ctx.vault(), id)?)).unwrap()
}

fn run(app: &App, sql: String) {
    app.write(move |tx, _| Ok(tx.conn().batch_execute(&sql)?)).unwrap();
}

/// Each day with its hundredths.
async fn days(app: &App, site: &TestProject) -> Vec<(String, i64)> {
    let mut found = Vec::new();
    for month in ["2026-01", "2026-02"] {
        let page = app.labour_manager().get(&format!("{}/work-days?month={month}", site.path)).send().await.expect(200);
        found.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|day: &Value| (day["worked_on"].as_str().unwrap().to_owned(), day["hundredths"].as_i64().unwrap())),
        );
    }
    found
}

fn told(days: &[(&str, i64)]) -> Vec<(String, i64)> {
    days.iter().map(|(day, hundredths)| ((*day).to_owned(), *hundredths)).collect()
}

both!(days_of_earlier_rules_are_folded_again_and_paid_ones_stay, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let crew = crew(&manager, &site, "钢筋一班").await;
    bind(&manager, &site, "T1", "by_state").await;
    enrol(&manager, &site, vec![worker(1, &crew)]).await;
    let day = |day: &str| format!("1001\t{day} 07:30:00\t0\t15\n1001\t{day} 17:30:00\t1\t15\n");
    attlog(&app, "T1", &["2026-01-29", "2026-01-31", "2026-02-01", "2026-02-02"].map(day).concat()).await;
    app.drain();
    let stands = days(&app, &site).await;
    assert_eq!(stands, told(&[("2026-01-29", 100), ("2026-01-31", 100), ("2026-02-01", 100), ("2026-02-02", 100)]));
    assert_eq!((again(&app, &site).compared, again(&app, &site).left_out), (4, 0));
    // January is paid, and of February the first day.
    let sheet = |id: i64, month: &str| {
        format!(
            "INSERT INTO pay_sheets (project_id, id, month, part, state, line_count, total_fen, due_on, version, built_by, recorded_seq) \
             VALUES ({}, {id}, '{month}', 1, 'published', 1, 1, '2026-03-15', 1, 'test', 1);",
            site.id.0
        )
    };
    run(&app, sheet(1, "2026-01-01") + &sheet(2, "2026-02-01"));
    run(
        &app,
        format!(
            "INSERT INTO sheet_periods (project_id, id, sheet_id, cycle, from_on, to_on, agreed_in, recorded_seq) \
             VALUES ({}, 3, 2, 'by_week', '2026-02-01', '2026-02-01', '合同', 1)",
            site.id.0
        ),
    );
    run(&app, EARLIER.to_owned());
    let before = again(&app, &site);
    assert_eq!(
        (before.compared, before.left_out, before.differ),
        (0, 4, Vec::new()),
        "right after the upgrade nothing is judged"
    );
    let upgraded = app.restarted(KEY, |_| ()).unwrap();
    let waiting = again(&upgraded, &site);
    assert_eq!((waiting.compared, waiting.left_out, waiting.differ), (0, 4, Vec::new()));
    upgraded.drain();
    let half = told(&[("2026-01-29", 50), ("2026-01-31", 50), ("2026-02-01", 50), ("2026-02-02", 100)]);
    assert_eq!(days(&upgraded, &site).await, half);
    let after = again(&upgraded, &site);
    assert_eq!((after.compared, after.left_out, after.differ), (1, 3, Vec::new()));
    // Opened once more nothing happens: the version is noted.
    let reopened = upgraded.restarted(KEY, |_| ()).unwrap();
    assert_eq!(reopened.drain(), 0);
    assert_eq!(days(&reopened, &site).await, half);
    // A paid day that somebody changes is found all the same.
    run(&reopened, "UPDATE work_days SET hundredths = 75 WHERE worked_on = '2026-01-29'".to_owned());
    let differ = again(&reopened, &site).differ;
    assert!(differ.len() == 1 && differ[0].contains("2026-01-29"), "{differ:?}");
    run(&reopened, "UPDATE work_days SET hundredths = 50 WHERE worked_on = '2026-01-29'".to_owned());
    assert_eq!(again(&reopened, &site).differ, Vec::<String>::new());
    // A late passage folds its day by the rules of today, as it did before, and the day is compared again.
    attlog(&reopened, "T1", "1001\t2026-01-29 12:00:00\t0\t15\n").await;
    reopened.drain();
    let found = again(&reopened, &site);
    assert_eq!((found.compared, found.left_out, found.differ), (2, 2, Vec::new()));
    assert_eq!(days(&reopened, &site).await[0], ("2026-01-29".to_owned(), 100));
});

both!(days_of_a_machine_that_was_turned_stand_as_it_hung_then, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let crew = crew(&manager, &site, "钢筋一班").await;
    for serial in ["T1", "T2"] {
        bind(&manager, &site, serial, "by_state").await;
    }
    enrol(&manager, &site, vec![worker(1, &crew)]).await;
    let day = |day: &str| format!("1001\t{day} 07:30:00\t0\t15\n1001\t{day} 17:30:00\t1\t15\n");
    attlog(&app, "T1", &day("2026-02-10")).await;
    attlog(&app, "T2", &(day("2026-02-11") + &day("2026-02-20"))).await;
    app.drain();
    bind(&manager, &site, "T1", "in").await;
    run(&app, EARLIER.to_owned());
    let upgraded = app.restarted(KEY, |_| ()).unwrap();
    upgraded.drain();
    // The day beside it may have a shift that its machine saw the end of.
    assert_eq!(days(&upgraded, &site).await, told(&[("2026-02-10", 50), ("2026-02-11", 50), ("2026-02-20", 100)]));
    let found = again(&upgraded, &site);
    assert_eq!((found.compared, found.left_out, found.differ), (1, 2, Vec::new()));
});

both!(a_fresh_database_waits_for_no_rules, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let crew = crew(&manager, &site, "钢筋一班").await;
    bind(&manager, &site, "T1", "by_state").await;
    enrol(&manager, &site, vec![worker(1, &crew)]).await;
    attlog(&app, "T1", "1001\t2026-02-26 07:30:00\t0\t15\n1001\t2026-02-26 17:30:00\t1\t15\n").await;
    app.drain();
    let reopened = app.restarted(KEY, |_| ()).unwrap();
    assert_eq!(reopened.drain(), 0);
    assert_eq!((again(&reopened, &site).compared, again(&reopened, &site).left_out), (1, 0));
});
