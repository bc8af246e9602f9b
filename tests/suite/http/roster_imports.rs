//! Rosters by the API: a look ahead, taking in steps, all or none, a stop in the middle, the error sheet, the way back.

use actix_web::http::Method;
use anxin::attendance::imports::actions;
use anxin::base::id::RecordId;
use anxin::projects;
use anxin::web::{Role, ScopeOn};
use anxin::wire::sheet;
use serde_json::{Value, json};

use super::workers::{crew, enrol, worker};
use crate::both;
use crate::suite::ground::{Answer, App, Client, TestProject, card, id_number, project};

pub(super) const HEADER: &str =
    "统一社会信用代码,班组,姓名,身份证号,工种,手机号,银行卡号,考勤编号,日工资,进场日期,劳动合同,安全教育";

pub(super) async fn ground<'a>(app: &'a App, number: u32) -> (Client<'a>, TestProject, String) {
    let manager = app.labour_manager();
    let site = project(&manager, number, "330784").await;
    crew(&manager, &site, "木工一班").await;
    let parties = manager.get(&format!("/api/v1/parties/{}", site.general_contractor)).send().await.expect(200);
    (manager, site, parties["uscc"].as_str().unwrap().to_owned())
}

pub(super) fn row(code: &str, number: u32) -> String {
    let (id, card, pin) = (id_number(number), card(number), 90_000 + number);
    format!("{code},木工一班,工人{number},{id},木工,139{number:08},{card},{pin},320.00,2026-02-01,劳动合同,是")
}

async fn hand_in(client: &Client<'_>, site: &TestProject, rows: &[String]) -> Value {
    let body = format!("{HEADER}\n{}\n", rows.join("\n"));
    client.ask(Method::POST, &format!("{}/roster-imports", site.path)).body("text/csv", body).send().await.expect(201)
}

async fn look(client: &Client<'_>, site: &TestProject, id: &str) -> Value {
    client.get(&format!("{}/roster-imports/{id}", site.path)).send().await.expect(200)
}

async fn take(client: &Client<'_>, site: &TestProject, id: &str, whole: bool) -> Answer {
    client.post(&format!("{}/roster-imports/{id}/take", site.path), json!({"whole": whole})).send().await
}

pub(super) fn on_roll(app: &App, site: &TestProject) -> usize {
    let id = site.id;
    app.read(|conn, _| Ok(anxin::workers::table::of_project(conn, id)?.len())).unwrap()
}

both!(a_long_roster_is_taken_in_steps_and_comes_to_the_same_when_it_comes_again, |app| {
    let (manager, site, code) = ground(&app, 1).await;
    let bad = |number: u32| row(&code, number).replace(&id_number(number), "119999199001010013");
    let rows: Vec<String> = (1..=500).map(|number| if number % 50 == 7 { bad(number) } else { row(&code, number) }).collect();
    let kept = hand_in(&manager, &site, &rows).await;
    let id = kept["id"].as_str().unwrap();
    let waiting = look(&manager, &site, id).await;
    assert_eq!(
        (&waiting["state"], &waiting["preview"]["good"], &waiting["preview"]["refused"]),
        (&json!("waiting"), &json!(490), &json!(10))
    );
    assert_eq!(on_roll(&app, &site), 0, "a look ahead enrols nobody");
    let refusal = &waiting["preview"]["refusals"][0];
    assert_eq!((&refusal["row"], &refusal["faults"][0]["place"]), (&json!(8), &json!("CSV!D8")));
    // The first step is done, and the service stops: what comes next goes on behind it.
    let begun = take(&manager, &site, id, false).await.expect(200);
    assert_eq!((&begun["state"], &begun["counts"]["done"]), (&json!("running"), &json!(10)));
    let (project, import): (_, RecordId) = (site.id, id.parse().unwrap());
    app.write(move |tx, ctx| {
        let site = projects::enter(tx.conn(), &ctx.scope, project)?;
        let (_, _, read) = actions::open(tx.conn(), ctx, project, import)?;
        actions::take(tx, ctx, import, &site, read.as_ref(), (0, 150))?;
        // The same step again does nothing.
        actions::take(tx, ctx, import, &site, read.as_ref(), (0, 150))
    })
    .unwrap();
    let half = look(&manager, &site, id).await;
    assert_eq!(
        (&half["counts"]["done"], &half["counts"]["enrolled"], &half["counts"]["rows"]),
        (&json!(160), &json!(150), &json!(500))
    );
    app.drain();
    let ended = look(&manager, &site, id).await;
    assert_eq!(
        (&ended["state"], &ended["counts"]["enrolled"], &ended["counts"]["refused"]),
        (&json!("ended"), &json!(490), &json!(10))
    );
    assert_eq!(on_roll(&app, &site), 490);
    take(&manager, &site, id, false).await.refuse(409, "conflict");
    let errors = manager.get(&format!("{}/roster-imports/{id}/refused", site.path)).send().await;
    let errors = sheet::read(&errors.bytes).unwrap();
    assert_eq!(errors.sheets[0].rows.len(), 11, "a header and exactly the refused rows");
    assert!(errors.sheets[0].cell(1, 28).shown().contains("CSV!D8"), "{:?}", errors.sheets[0].cell(1, 28));
    // The file once more: everybody is known, nothing changes.
    let again = hand_in(&manager, &site, &rows).await;
    let again = again["id"].as_str().unwrap();
    take(&manager, &site, again, false).await.expect(200);
    app.drain();
    let counts = look(&manager, &site, again).await["counts"].clone();
    assert_eq!((&counts["enrolled"], &counts["known"], &counts["refused"]), (&json!(0), &json!(490), &json!(10)));
    assert_eq!(on_roll(&app, &site), 490);
    // A refused row is mended in place.
    let cells = json!({"uscc": code, "crew": "木工一班", "name": "工人7", "id": id_number(7), "trade": "木工", "phone": "13900000007",
        "day_rate": "320.00"});
    let rows_path = format!("{}/roster-imports/{id}/rows", site.path);
    let mut wrong = cells.clone();
    wrong["phone"] = json!("1");
    let refused = manager.post(&rows_path, json!({"row": 8, "cells": wrong})).send().await.refuse(422, "invalid");
    assert_eq!(refused["errors"][0]["place"], json!("手机号码"), "{refused}");
    // An unknown column is told, not dropped; the file's own headings are understood.
    let mut odd = cells.clone();
    odd["phnoe"] = json!("13900000007");
    let refused = manager.post(&rows_path, json!({"row": 8, "cells": odd})).send().await.refuse(422, "invalid");
    assert_eq!(refused["errors"][0]["place"], json!("phnoe"), "{refused}");
    let mut twice = cells.clone();
    twice["手机号码"] = json!("13900000007");
    manager.post(&rows_path, json!({"row": 8, "cells": twice})).send().await.refuse(422, "invalid");
    let mut cells = cells;
    for (key, heading) in [("name", "工人姓名"), ("id", "证件号码"), ("phone", "手机号码")] {
        cells[heading] = cells[key].take();
        cells.as_object_mut().unwrap().remove(key);
    }
    manager.post(&rows_path, json!({"row": 8, "cells": cells})).send().await.expect(201);
    manager.post(&rows_path, json!({"row": 9, "cells": cells})).send().await.refuse(409, "conflict");
    let mended = look(&manager, &site, id).await["counts"].clone();
    assert_eq!((&mended["refused"], &mended["mended"]), (&json!(9), &json!(1)));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_row_is_mended_before_the_others_are_taken_and_is_not_gone_through_again, |app| {
    let (manager, site, code) = ground(&app, 1).await;
    let rows = [
        row(&code, 1),
        row(&code, 2).replace(&id_number(2), "119999199001010013"),
        row(&code, 3).replace("木工一班", "没有的班组"),
        row(&code, 4).replace("木工一班", "没有的班组"),
    ];
    let kept = hand_in(&manager, &site, &rows).await;
    let id = kept["id"].as_str().unwrap();
    let rows_path = format!("{}/roster-imports/{id}/rows", site.path);
    let cells = |number: u32| {
        json!({"uscc": code, "crew": "木工一班", "name": format!("工人{number}"), "id": id_number(number), "trade": "木工",
            "phone": format!("139{number:08}"), "day_rate": "320.00"})
    };
    manager.post(&rows_path, json!({"row": 2, "cells": cells(1)})).send().await.refuse(409, "conflict");
    let mut odd = cells(2);
    odd["phone"] = json!("1");
    manager.post(&rows_path, json!({"row": 3, "cells": odd})).send().await.refuse(422, "invalid");
    for (place, number) in [(3, 2), (4, 3)] {
        manager.post(&rows_path, json!({"row": place, "cells": cells(number)})).send().await.expect(201);
        manager.post(&rows_path, json!({"row": place, "cells": cells(number)})).send().await.refuse(409, "conflict");
    }
    assert_eq!(on_roll(&app, &site), 2, "what was put right is on the roll");
    let waiting = look(&manager, &site, id).await;
    assert_eq!(
        (&waiting["state"], &waiting["preview"]["refused"], &waiting["counts"]["mended"], &waiting["counts"]["refused"]),
        (&json!("waiting"), &json!(1), &json!(2), &json!(1)),
        "{waiting}"
    );
    take(&manager, &site, id, true).await.refuse(409, "conflict");
    take(&manager, &site, id, false).await.expect(200);
    app.drain();
    let ended = look(&manager, &site, id).await;
    let counts = &ended["counts"];
    assert_eq!(
        (&ended["state"], &counts["enrolled"], &counts["mended"], &counts["refused"]),
        (&json!("ended"), &json!(1), &json!(2), &json!(1)),
        "{ended}"
    );
    assert_eq!((on_roll(&app, &site), &ended["refusals"][0]["row"]), (3, &json!(5)));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(all_or_none_takes_none_where_one_row_is_bad, |app| {
    let (manager, site, code) = ground(&app, 1).await;
    let rows = [row(&code, 1), row(&code, 2).replace("木工一班", "没有的班组"), row(&code, 3)];
    let kept = hand_in(&manager, &site, &rows).await;
    let id = kept["id"].as_str().unwrap();
    take(&manager, &site, id, true).await.expect(200);
    app.drain();
    let ended = look(&manager, &site, id).await;
    assert_eq!(
        (&ended["state"], &ended["counts"]["enrolled"], &ended["counts"]["refused"]),
        (&json!("ended"), &json!(0), &json!(1)),
        "{ended}"
    );
    assert_eq!((on_roll(&app, &site), &ended["refusals"][0]["row"]), (0, &json!(3)));
    let good = hand_in(&manager, &site, &[row(&code, 1), row(&code, 3)]).await;
    let good = good["id"].as_str().unwrap();
    take(&manager, &site, good, true).await.expect(200);
    app.drain();
    assert_eq!((&look(&manager, &site, good).await["counts"]["enrolled"], on_roll(&app, &site)), (&json!(2), 2));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(what_is_exported_comes_back_without_a_difference_and_a_difference_is_told, |app| {
    let (manager, site, code) = ground(&app, 1).await;
    let crew_id = crew(&manager, &site, "钢筋一班").await;
    // The second has no telephone; the page and the API take people without one.
    let mut without = worker(2, &crew_id);
    without["phone"] = Value::Null;
    enrol(&manager, &site, vec![worker(1, &crew_id), without]).await;
    let path = format!("{}/roster", site.path);
    manager.post(&path, json!({"purpose": ""})).send().await.refuse(422, "invalid");
    let file = manager.post(&path, json!({"purpose": "核对花名册"})).send().await;
    assert_eq!(file.status, 200, "{}", file.text());
    let imports = format!("{}/roster-imports", site.path);
    let kept = manager.ask(Method::POST, &imports).body("application/octet-stream", file.bytes).send().await.expect(201);
    let seen = look(&manager, &site, kept["id"].as_str().unwrap()).await;
    let preview = &seen["preview"];
    assert_eq!((&preview["good"], &preview["known"], &preview["refused"]), (&json!(0), &json!(2), &json!(0)), "{seen}");
    // Somebody on the roll with another day rate: a roster changes nobody, it says in what they differ.
    let other = row(&code, 1).replace("工人1,", "测试工人1,").replace("木工一班", "钢筋一班").replace("91000", "1001");
    let other = other.replace(",木工,", ",钢筋工,").replace("13900000001", "13900000000").replace("90001", "1001");
    let kept = hand_in(&manager, &site, &[other.replace("2026-02-01", "2026-01-05").replace("320.00", "999.00")]).await;
    let seen = look(&manager, &site, kept["id"].as_str().unwrap()).await;
    let fault = &seen["preview"]["refusals"][0]["faults"][0];
    assert_eq!(fault["reason"], json!("duplicate"), "{seen}");
    assert!(fault["zh"].as_str().unwrap().contains("不同：日工资。"), "{fault}");
});

both!(another_site_is_named_to_whoever_may_see_it, |app| {
    let (manager, site, _) = ground(&app, 1).await;
    let crew_id = crew(&manager, &site, "钢筋一班").await;
    enrol(&manager, &site, vec![worker(1, &crew_id)]).await;
    let other = project(&manager, 2, "310000").await;
    let there = crew(&manager, &other, "钢筋一班").await;
    let seen = enrol(&manager, &other, vec![worker(1, &there)]).await;
    let warning = &seen["results"][0]["warnings"][0];
    assert_eq!(warning["code"], json!("active_elsewhere"));
    let name = manager.get(&site.path).send().await.expect(200)["project"]["name"].as_str().unwrap().to_owned();
    assert!(warning["zh"].as_str().unwrap().contains(&name), "{warning}");
    // Somebody of the second region alone hears that there is another site, not which.
    let local = app.client(Role::LabourManager, ScopeOn::Region("310000".parse().unwrap()));
    let third = project(&manager, 3, "310000").await;
    let there = crew(&manager, &third, "钢筋一班").await;
    let seen = enrol(&local, &third, vec![worker(1, &there)]).await;
    let told = seen["results"][0]["warnings"][0]["zh"].as_str().unwrap().to_owned();
    assert!(!told.contains(&name) && told.contains("另有 1 个项目"), "{told}");
});

both!(a_number_that_lost_digits_is_never_given_back_as_a_good_one, |app| {
    let (manager, site, code) = ground(&app, 1).await;
    let mut book = rust_xlsxwriter::Workbook::new();
    let file = book.add_worksheet();
    for (column, name) in (0u16..).zip(HEADER.split(',')) {
        file.write_string(0, column, name).unwrap();
    }
    // Three people with three cards of nineteen digits, typed as numbers; a fourth with the identity number as one.
    for number in 1..=4u32 {
        for (column, text) in (0u16..).zip(row(&code, number).split(',')) {
            file.write_string(number, column, text).unwrap();
        }
        let lost = if number < 4 {
            (6, (6_219_990_000_000_500_000_u64 + u64::from(number)) as f64)
        } else {
            (3, 119_999_199_001_010_010.0)
        };
        file.write_number(number, lost.0, lost.1).unwrap();
    }
    let imports = format!("{}/roster-imports", site.path);
    let hand_in = async |bytes: Vec<u8>| {
        let kept = manager.ask(Method::POST, &imports).body("application/octet-stream", bytes).send().await.expect(201);
        let id = kept["id"].as_str().unwrap().to_owned();
        take(&manager, &site, &id, false).await.expect(200);
        app.drain();
        id
    };
    let id = hand_in(book.save_to_buffer().unwrap()).await;
    let ended = look(&manager, &site, &id).await;
    let reasons = ended["refusals"].as_array().unwrap().iter().map(|one| one["faults"][0]["reason"].clone());
    assert_eq!(reasons.collect::<Vec<_>>(), vec![json!("precision_lost"); 4], "{ended}");
    let errors = manager.get(&format!("{imports}/{id}/refused")).send().await.bytes;
    let read = sheet::read(&errors).unwrap();
    let shown = |row: usize, column: usize| read.sheets[0].cell(row, column).shown();
    let lost = [shown(1, 9), shown(2, 9), shown(3, 9), shown(4, 6)];
    assert!(lost.iter().all(String::is_empty), "no digits rather than wrong ones: {lost:?}");
    assert_eq!((shown(1, 6), shown(4, 9)), (id_number(1), card(4)), "what stood as text is there");
    // The form is filled by the same rule.
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let form = browser.post(&format!("/projects/{}/workers/rosters/{id}/row", site.id), &[("row", "2")]).await;
    assert_eq!(form.status, 200, "{}", form.text());
    assert!(form.text().contains(&id_number(1)) && !form.text().contains("62199900000005"), "{}", form.text());
    // As it is, nobody gets a card that no bank gave out, and nobody a number.
    let again = hand_in(errors.clone()).await;
    let counts = look(&manager, &site, &again).await;
    assert_eq!((&counts["counts"]["enrolled"], &counts["counts"]["refused"]), (&json!(3), &json!(1)), "{counts}");
    let roll = manager.get(&format!("{}/enrolments", site.path)).send().await.expect(200);
    assert!(roll["items"].as_array().unwrap().iter().all(|one| one["card"].is_null()), "{roll}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_roster_tells_what_it_would_come_to_when_it_is_handed_in, |app| {
    let (manager, site, code) = ground(&app, 1).await;
    let there = project(&manager, 2, "330784").await;
    let crew_there = crew(&manager, &there, "木工一班").await;
    enrol(&manager, &there, vec![worker(3, &crew_there)]).await;
    let first = hand_in(&manager, &site, &[row(&code, 1)]).await;
    take(&manager, &site, first["id"].as_str().unwrap(), false).await.expect(200);
    app.drain();
    // One known, one new, one on another site, one of a crew that is not there, one that cannot be read.
    let elsewhere = row(&code, 3).replace("工人3", "测试工人3");
    let wide = row(&code, 2).replace("139", "１３９");
    let rows = [
        row(&code, 1),
        wide,
        elsewhere,
        row(&code, 4).replace("木工一班", "没有的班组"),
        row(&code, 5).replace("320.00", "三百"),
    ];
    let path = format!("{}/roster-imports", site.path);
    let body = format!("{HEADER}\n{}\n", rows.join("\n"));
    let ask = |query: &str| manager.ask(Method::POST, &format!("{path}{query}")).body("text/csv", body.clone());
    let dry = ask("?dry_run=true").send().await.expect(200);
    let of = |view: &Value| {
        let preview = &view["preview"];
        ["good", "known", "elsewhere", "warned", "refused"].map(|name| preview[name].as_u64().unwrap_or(99))
    };
    assert_eq!(of(&dry), [2, 1, 1, 1, 2], "{dry}");
    assert_eq!(dry["counts"]["refused"], 2, "what the roll refuses counts too: {dry}");
    let places: Vec<&Value> =
        dry["preview"]["refusals"].as_array().unwrap().iter().map(|one| &one["faults"][0]["place"]).collect();
    assert_eq!(places, ["CSV!B5", "CSV!I6"], "{dry}");
    assert!(dry["preview"]["remarks"].to_string().contains("F3"), "what was mended is told: {dry}");
    let list = manager.get(&path).send().await.expect(200);
    assert_eq!(list.as_array().unwrap().len(), 1, "a rehearsal keeps no file");
    let kept = ask("").send().await.expect(201);
    assert_eq!(kept["preview"], dry["preview"], "the same is told when it is kept");
    assert_eq!(on_roll(&app, &site), 1, "nobody is enrolled by it");
});
