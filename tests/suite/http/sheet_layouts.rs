//! Pay sheets made elsewhere: teams and days of payment that cannot be, amounts in what is told, and layouts that are known.

use std::collections::BTreeMap;

use anxin::base::id::{InboxId, ProjectId};
use anxin::payroll::imports::actions::{Confirmed, SheetFile, keep_file, proposal, take};
use anxin::projects;
use serde_json::json;

use super::payroll::{stage, text};
use super::sheet_import::{february, import};
use crate::both;
use crate::suite::ground::{App, id_number, project};

fn csv(text: &str) -> SheetFile {
    SheetFile { name: Some("二月.csv".to_owned()), content_type: "text/csv".to_owned(), bytes: text.as_bytes().to_vec() }
}

both!(a_team_that_the_project_has_not_and_a_day_of_payment_before_the_month_are_refused, |app| {
    let stage = stage(&app, &(1..=4).map(Some).collect::<Vec<_>>()).await;
    let party = stage.general_contractor();
    let crew = json!({"name": "钢筋班", "party": party, "from_on": "2025-12-01"});
    stage.manager.post(&stage.path("crews"), crew).send().await.expect(201);
    let row = |worker: u32, crew: &str, on: &str| {
        format!("测试工人{worker},{},{crew},5,300.00,1500.00,1500.00,{on}\n", id_number(worker))
    };
    let rows = [
        row(1, "木工 一班", "2026-03-01"),
        row(2, "没有的班组", "2026-03-01"),
        row(3, "钢筋班", ""),
        row(4, "木工一班", "2026-01-31"),
    ];
    let text = format!("姓名,身份证号,班组,出勤天数,日工资,应发,实发,发放日期\n{}", rows.concat());
    let taken = import(&app, &stage, csv(&text), february(), None).unwrap();
    let told: Vec<(&str, &str)> = taken.faults.iter().map(|fault| (fault.place.as_str(), fault.reason.as_str())).collect();
    assert_eq!(told, [("CSV!C3", "unknown_reference"), ("CSV!H5", "bad_time")]);
    assert_eq!((taken.taken, taken.refused), (2, 2));
    let odd: Vec<(&str, &str)> = taken.warnings.iter().map(|fault| (fault.place.as_str(), fault.reason.as_str())).collect();
    assert_eq!(odd, [("CSV!C4", "unknown_reference")], "a team of the project that is not the worker's is told");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(the_amounts_of_a_total_that_does_not_hold_are_told_in_full, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let text = format!("姓名,身份证号,应发,实发\n测试工人1,{},1500.00,1500.00\n合计,,12345678901234.00,1500.00\n", id_number(1));
    let taken = import(&app, &stage, csv(&text), february(), None).unwrap();
    let total = taken.faults.iter().find(|fault| fault.place == "CSV!C3").expect("the total is told");
    assert!(total.zh.contains("12345678901234.00") && total.zh.contains("1500.00"), "{}", total.zh);
});

/// Whether the layout of a file is known on a project, and how its columns would be read.
fn known(app: &App, id: ProjectId, text: &str) -> (bool, BTreeMap<usize, String>) {
    let inbox = kept(app, id, text);
    app.read(move |conn, ctx| {
        let site = projects::site(conn, id)?;
        let (_, found) = proposal(conn, ctx, &site, inbox, None)?;
        Ok((found.is_remembered, found.mapping()))
    })
    .unwrap()
}

fn kept(app: &App, id: ProjectId, text: &str) -> InboxId {
    let file = csv(text);
    app.write(move |tx, ctx| {
        let site = projects::site(tx.conn(), id)?;
        keep_file(tx, ctx, &site, &file)
    })
    .unwrap()
}

both!(a_layout_is_known_on_the_next_project_of_the_same_contractor_and_on_nobody_elses, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let id = stage.project_id();
    let strange = format!("人员名称,证件,本月工资,到手\n测试工人1,{},1600.00,1600.00\n", id_number(1));
    let said: BTreeMap<usize, String> =
        [(0, "name"), (1, "id"), (2, "due"), (3, "paid")].map(|(place, key)| (place, key.to_owned())).into();
    let (inbox, mapping) = (kept(&app, id, &strange), said.clone());
    app.write(move |tx, ctx| {
        let site = projects::site(tx.conn(), id)?;
        let confirmed = Confirmed { inbox, month: february(), sheet: 0, mapping: mapping.clone(), lowest_day_wage: None };
        take(tx, ctx, &site, &confirmed)
    })
    .unwrap();
    let body = json!({
        "code": "T-NEXT", "name": "下一个项目", "region": "330784", "owner": stage.project.owner,
        "general_contractor": stage.project.general_contractor, "from_on": "2026-01-01",
    });
    let next = stage.manager.post("/api/v1/projects", body).send().await.expect(201);
    let next: ProjectId = text(&next["id"]).parse().unwrap();
    assert_eq!(known(&app, next, &strange), (true, said));
    let other = project(&stage.manager, 7, "330784").await;
    assert_eq!(known(&app, other.id, &strange), (false, BTreeMap::new()), "another company's layout stays its own");
    assert_eq!(app.broken(), Vec::<String>::new());
});
