//! The three-way match through the real interface: each kind of difference arises, is shown, and is gone when put right; the past
//! shows it as it was. And the signs, the list of a claim, what banks tell of wages after they reached the cards.

use actix_web::http::Method;
use anxin::web::{Role, ScopeOn};
use serde_json::{Value, json};

use super::accounts::open;
use super::attendance::{attlog, bind};
use super::payroll::{Stage, text};
use super::workers::{crew, enrol, worker};
use crate::both;
use crate::suite::ground::{App, Client, card, fact, id_number, project, text_of};

const ACCOUNT: &str = "330500010001";

/// A site with workers of the pins 1001 and up, each with five days at the gate in February but the last, who never came.
pub(super) async fn site(app: &App, workers: u32) -> Stage<'_> {
    let manager = app.labour_manager();
    let project = project(&manager, 1, "330784").await;
    fact(&manager, &project, "2025-12-01", json!({"kind": "pay_day", "day": 10})).await;
    let crew = crew(&manager, &project, "木工一班").await;
    let items: Vec<Value> = (1..=workers).map(|number| worker(number, &crew)).collect();
    let enrolled = enrol(&manager, &project, items).await;
    let people = enrolled["results"].as_array().unwrap().iter().map(|one| {
        let id = |name: &str| text(&one["enrolment"][name]);
        (id("id").parse().unwrap(), id("worker_id").parse().unwrap())
    });
    let people = people.collect();
    open(&manager, &project, ACCOUNT).await;
    bind(&manager, &project, "MATCH001", "by_state").await;
    for number in 1..workers {
        punch(app, number, 2..=6).await;
    }
    app.drain();
    let stage = Stage { app, manager, project, people };
    hand_in(&stage, "S1", "2026-02-20", &[("100000.00", true, "V1", None)]).await;
    stage
}

/// A worker's punches of days of February.
pub(super) async fn punch(app: &App, number: u32, days: std::ops::RangeInclusive<u32>) {
    let pin = 1000 + number;
    // Everybody has a minute of their own.
    let lines: String = days
        .map(|day| {
            format!("{pin}\t2026-02-{day:02} 07:{number:02}:00\t0\t1\n{pin}\t2026-02-{day:02} 17:{:02}:00\t1\t1\n", number * 2)
        })
        .collect();
    attlog(app, "MATCH001", &lines).await;
}

/// What a statement tells of an entry: amount, whether it is a credit, voucher, and a payment with its payee.
pub(super) type Told<'a> = (&'a str, bool, &'a str, Option<(&'a str, Option<&'a str>, Option<String>)>);

pub(super) async fn hand_in(stage: &Stage<'_>, id: &str, on: &str, entries: &[Told<'_>]) {
    let entries: String = entries
        .iter()
        .map(|(amount, is_credit, voucher, payment)| {
            let side = if *is_credit { "CRDT" } else { "DBIT" };
            let (end_to_end, name, account) = match payment {
                Some((id, name, account)) => (*id, *name, account.clone()),
                None => ("NOTPROVIDED", None, None),
            };
            let party = |tag: &str, name: &str| format!("<{tag}><Pty><Nm>{name}</Nm></Pty></{tag}>");
            // What comes back under a voucher names nobody.
            let comes_back = *is_credit && voucher.starts_with('W');
            let parties = match (is_credit, name) {
                (true, _) if comes_back => String::new(),
                (true, _) => party("Dbtr", "测试建设单位1"),
                (false, Some(name)) => party("Cdtr", name),
                (false, None) => String::new(),
            };
            let account = account.map_or(String::new(), |number| {
                format!("<CdtrAcct><Id><Othr><Id>{number}</Id></Othr></Id></CdtrAcct>")
            });
            let returned = if comes_back { "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>" } else { "" };
            format!(
                "<Ntry><Amt Ccy=\"CNY\">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{on}</Dt></BookgDt>\
                 <AcctSvcrRef>{voucher}</AcctSvcrRef><NtryDtls><TxDtls><Refs><EndToEndId>{end_to_end}</EndToEndId></Refs>\
                 <Amt Ccy=\"CNY\">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><RltdPties>{parties}{account}</RltdPties>{returned}</TxDtls></NtryDtls>\
                 </Ntry>"
            )
        })
        .collect();
    // The balance is what the site's first statement brought; what goes out afterwards is a report without balances.
    let balance = |code: &str, amount: &str| {
        format!(
            "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"CNY\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>\
             <Dt><Dt>{on}</Dt></Dt></Bal>"
        )
    };
    let balances = if id == "S1" { balance("OPBD", "0.00") + &balance("CLBD", "100000.00") } else { String::new() };
    let file = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt>\
         <GrpHdr><MsgId>M-{id}</MsgId><CreDtTm>{on}T18:00:00+08:00</CreDtTm></GrpHdr><Stmt><Id>{id}</Id>\
         <CreDtTm>{on}T18:00:00+08:00</CreDtTm><Acct><Id><Othr><Id>{ACCOUNT}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>{balances}{entries}\
         </Stmt></BkToCstmrStmt></Document>"
    );
    let ask = stage.manager.ask(Method::POST, "/api/v1/bank/statements");
    let answer = ask.body("application/xml", file).send().await.expect(200);
    assert_eq!(answer["state"], "done", "{answer}");
}

async fn asked(client: &Client<'_>, path: &str) -> Value {
    client.get(path).send().await.expect(200)
}

/// The match of February as the manager sees it; `more` goes on with the query.
pub(super) async fn matched(stage: &Stage<'_>, more: &str) -> Value {
    asked(&stage.manager, &stage.path(&format!("matches/2026-02?limit=200{more}"))).await
}

/// What is said of a subject: outcome, kinds, and why something is not known.
fn said(view: &Value, subject: &str) -> (String, Vec<String>, Vec<String>) {
    let rows = view["items"].as_array().unwrap();
    let row = rows.iter().find(|row| row["subject"] == subject).unwrap_or_else(|| panic!("no row of {subject}: {view}"));
    let kinds = row["differences"].as_array().unwrap().iter().map(|one| text(&one["kind"])).collect();
    let unknown = row["not_known"].as_array().unwrap().iter().map(text).collect();
    (text(&row["standing"]), kinds, unknown)
}

fn has_row(view: &Value, subject: &str) -> bool {
    view["items"].as_array().unwrap().iter().any(|row| row["subject"] == subject)
}

fn of(standing: &str, kinds: &[&str]) -> (String, Vec<String>, Vec<String>) {
    (standing.to_owned(), kinds.iter().map(|kind| (*kind).to_owned()).collect(), Vec::new())
}

pub(super) fn later<'a>(stage: Stage<'a>, moment: &str) -> Stage<'a> {
    stage.app.clock.set(moment);
    Stage { manager: stage.app.labour_manager(), ..stage }
}

both!(each_kind_of_difference_arises_is_shown_and_is_gone_when_put_right, |app| {
    let stage = site(&app, 7).await;
    let who: Vec<String> = stage.people.iter().map(|(_, worker)| worker.to_string()).collect();
    let sheet = stage.audited().await;
    let run = stage.order(&sheet, "match-0001").await.expect(201)["run"].clone();
    let payments = stage.payments(&run).await;
    assert_eq!(payments.len(), 6, "the seventh worker never came");
    let before = matched(&stage, "").await;
    assert_eq!(said(&before, &who[0]), ("not_due".to_owned(), vec![], vec![]), "the pay day is to come");
    assert!(!has_row(&before, &who[6]), "on the roll, at home: nobody speaks of them");

    // The pay day has passed and the bank has not said a word: nothing is known, and nothing is a difference.
    let stage = later(stage, "2026-03-11T10:00:00+08:00");
    let silent = matched(&stage, "").await;
    assert_eq!(said(&silent, &who[0]), ("not_known".to_owned(), vec![], vec!["in_flight".to_owned()]));

    // The bank speaks: the first is paid, the second too but to another account, the third in another's name, the fourth is refused;
    // the worker who never came gets money past the sheet, and a dealer is paid from the wage account.
    let stage = later(stage, "2026-03-12T10:00:00+08:00");
    let name = |number: u32| format!("测试工人{number}");
    let (one, three, seven) = (name(1), name(3), name(7));
    hand_in(
        &stage,
        "S2",
        "2026-03-12",
        &[
            ("1600.00", false, "W1", Some((&payments[0], Some(&one), Some(card(1))))),
            ("1600.00", false, "W2", Some((&payments[1], None, Some(card(900))))),
            ("1600.00", false, "W3", Some((&payments[2], Some("别人"), Some(card(3))))),
            ("800.00", false, "W4", Some(("NOTPROVIDED", Some(&seven), Some(card(7))))),
            ("5000.00", false, "W5", Some(("NOTPROVIDED", Some("某材料商"), Some("330500099999".to_owned())))),
            ("1600.00", false, "W6", Some((&payments[5], Some("测*人6"), Some("6219****0006".to_owned())))),
        ],
    )
    .await;
    stage.hear(&payments[3], anxin::payroll::results::Outcome::Rejected { reason: "AC04".to_owned() });
    // The fifth worker's late punches came after the sheet was signed.
    stage.hear(&payments[4], anxin::payroll::results::Outcome::Paid { on: "2026-03-12".parse().unwrap() });
    punch(&app, 5, 9..=9).await;
    app.drain();
    let view = matched(&stage, "").await;
    assert_eq!(said(&view, &who[0]), of("agrees", &[]), "{three}");
    assert_eq!(said(&view, &who[1]), of("differs", &["paid_to_someone_else"]));
    assert_eq!(said(&view, &who[2]), of("differs", &["paid_to_someone_else"]));
    assert_eq!(said(&view, &who[3]), of("differs", &["attendance_without_pay"]));
    assert_eq!(said(&view, &who[4]), of("differs", &["paid_less"]));
    assert_eq!(said(&view, &who[5]), of("agrees", &[]), "what the bank masks proves nothing");
    assert_eq!(said(&view, &who[6]), of("differs", &["paid_without_attendance"]));
    let count = |view: &Value, kind: &str| {
        let kinds = view["kinds"].as_array().unwrap();
        kinds.iter().find(|one| one["kind"] == kind).map(|one| (one["count"].clone(), text(&one["amount"]))).unwrap()
    };
    assert_eq!(count(&view, "unknown_payee"), (json!(1), "5000.00".to_owned()), "{view}");
    assert_eq!(count(&view, "paid_to_someone_else"), (json!(2), "3200.00".to_owned()));
    assert_eq!(count(&view, "paid_less"), (json!(1), "320.00".to_owned()));
    let body = view.to_string();
    assert!(!body.contains(&card(900)) && !body.contains(&card(1)), "no card number is shown");
    let narrow = matched(&stage, "&kind=unknown_payee").await;
    assert_eq!(narrow["items"].as_array().unwrap().len(), 1);
    assert_eq!(narrow["items"][0]["name"], "某材料商");
    let then = "2026-03-12T12:00:00%2B08:00";

    // Put right: the fourth is paid again, the fifth gets the rest by a second part, the dealer's money comes back, the second worker's
    // card turns out to be a new one of their own.
    app.clock.set("2026-03-13T10:00:00+08:00");
    let stage = later(stage, "2026-03-13T10:00:00+08:00");
    let again = stage.order(&sheet, "match-0002").await.expect(201);
    let second = stage.payments(&again["run"]).await;
    stage.hear(&second[0], anxin::payroll::results::Outcome::Paid { on: "2026-03-13".parse().unwrap() });
    hand_in(&stage, "S3", "2026-03-13", &[("5000.00", true, "W5", None)]).await;
    let terms = stage.path(&format!("enrolments/{}/terms", stage.people[1].0));
    let changed = json!({"card": card(900), "bank_name": "测试银行", "valid_on": "2026-03-01"});
    let answer = stage.manager.post(&terms, changed).send().await;
    assert!(answer.status < 300, "{}", answer.text());
    let right = matched(&stage, "").await;
    assert_eq!(said(&right, &who[1]), of("agrees", &[]), "{right}");
    assert_eq!(said(&right, &who[3]), of("agrees", &[]));
    assert_eq!(count(&right, "unknown_payee").0, json!(0), "what came back is nobody's: {right}");

    // The past shows it as it was.
    let past = matched(&stage, &format!("&known_at={then}")).await;
    assert_eq!(past["kinds"], view["kinds"]);
    assert_eq!(past["items"], view["items"]);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(what_a_person_found_holds_while_the_numbers_do, |app| {
    let stage = site(&app, 3).await;
    let (first, last) = (stage.people[0].1.to_string(), stage.people[2].1.to_string());
    let stage = later(stage, "2026-03-12T10:00:00+08:00");
    let view = matched(&stage, "").await;
    assert_eq!(said(&view, &first), of("differs", &["attendance_without_pay"]), "no sheet was ever made");
    assert!(!has_row(&view, &last));
    let row = view["items"].as_array().unwrap().iter().find(|row| row["subject"] == first.as_str()).unwrap().clone();
    let basis = text(&row["differences"][0]["basis"]);
    let path = stage.path("matches/2026-02/decisions");
    let decision = |basis: &str, note: &str| json!({"subject": first, "kind": "attendance_without_pay", "basis": basis, "found": "explained", "note": note});
    stage.manager.post(&path, decision(&basis, "  ")).send().await.refuse(422, "invalid");
    stage.manager.post(&path, decision("attended=1", "现金")).send().await.refuse(412, "version_changed");
    let other = json!({"subject": last, "kind": "paid_less", "basis": basis, "found": "explained", "note": "现金"});
    stage.manager.post(&path, other).send().await.refuse(412, "version_changed");
    let kept = stage.manager.post(&path, decision(&basis, "已付现金，收条在案")).send().await.expect(201);
    assert_eq!((&kept["found"], &kept["note"]), (&json!("explained"), &json!("已付现金，收条在案")));
    let waits = matched(&stage, "").await;
    assert_eq!(said(&waits, &first), of("explained_waits", &["attendance_without_pay"]), "one side's word clears no unpaid wage");
    let mut confirmed = decision(&basis, "已核对收条");
    confirmed["document_id"] = json!(stage.scan());
    app.authority().post(&path, confirmed).send().await.expect(201);
    let explained = matched(&stage, "").await;
    assert_eq!(said(&explained, &first), of("explained", &["attendance_without_pay"]));
    punch(&app, 1, 10..=10).await;
    app.drain();
    assert_eq!(said(&matched(&stage, "").await, &first), of("differs", &["attendance_without_pay"]), "the numbers are others");
    let owner = app.client(Role::Owner, ScopeOn::Organisation(stage.project.owner));
    owner.get(&stage.path("matches/2026-02")).send().await.refuse(403, "not_allowed");
    stage.manager.get(&stage.path("matches/2026-04")).send().await.refuse(422, "invalid");
    stage.manager.get(&stage.path("matches/2026-13")).send().await.refuse(422, "invalid");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_site_without_a_gate_knows_of_nobody_s_attendance, |app| {
    let manager = app.labour_manager();
    let project = project(&manager, 1, "330784").await;
    let crew = crew(&manager, &project, "木工一班").await;
    let people = enrol(&manager, &project, vec![worker(1, &crew)]).await;
    let subject = text(&people["results"][0]["enrolment"]["worker_id"]);
    let ask = |month: &str| format!("{}/matches/{month}", project.path);
    app.clock.set("2026-04-20T10:00:00+08:00");
    let view = asked(&manager, &ask("2026-02")).await;
    assert!(!has_row(&view, &subject), "nobody says anything: {view}");
    bind(&manager, &project, "MATCH002", "by_state").await;
    // In March another worker's punches show that the gate was alive; in April the month still runs.
    let other = enrol(&manager, &project, vec![worker(2, &crew)]).await;
    let other = text(&other["results"][0]["enrolment"]["worker_id"]);
    attlog(&app, "MATCH002", "1002\t2026-03-03 07:00:00\t0\t1\n1002\t2026-03-03 17:00:00\t1\t1\n1002\t2026-04-03 07:00:00\t0\t1\n1002\t2026-04-03 17:00:00\t1\t1\n").await;
    app.drain();
    let march = asked(&manager, &ask("2026-03")).await;
    assert!(!has_row(&march, &subject), "the first was not there in March and is owed nothing");
    assert_eq!(said(&march, &other).0, "not_due", "{march}");
    let april = asked(&manager, &ask("2026-04")).await;
    assert!(!has_row(&april, &other), "a month that runs says nothing yet: {april}");
});

both!(signs_are_listed_with_what_they_rest_on, |app| {
    // Six workers with one telephone on record.
    let stage = site(&app, 7).await;
    let signs = asked(&stage.manager, &stage.path("signs?month=2026-02")).await;
    let rings = signs["rings"].as_array().unwrap();
    assert_eq!(rings.len(), 1, "{signs}");
    assert_eq!(rings[0]["workers"].as_array().unwrap().len(), 7);
    assert_eq!(rings[0]["traces"][0]["tie"], "shared_phone");
    assert_eq!(signs["without_data"], json!(["shared_device", "sent_on", "drawn_together", "confirmed_together"]), "{signs}");
    assert!(!signs.to_string().contains("13900000000"), "no telephone is shown");
    // A bank tells that five cards were drawn at one machine within minutes.
    let sheet = stage.audited().await;
    let run = stage.order(&sheet, "signs-0001").await.expect(201)["run"].clone();
    for payment in stage.payments(&run).await {
        stage.hear(&payment, anxin::payroll::results::Outcome::Paid { on: "2026-03-02".parse().unwrap() });
    }
    let stage = later(stage, "2026-03-20T10:00:00+08:00");
    let drawn = |number: u32| {
        json!({"card": card(number), "kind": "drawn", "other": "ATM 0007", "amount": "1500.00",
               "at": format!("2026-03-10T20:{number:02}:00+08:00")})
    };
    let items: Vec<Value> = (1..=5).map(drawn).chain([drawn(59)]).collect();
    let path = stage.path("card-movements");
    let kept = stage.manager.post(&path, json!({"items": items})).send().await.expect(201);
    assert_eq!(kept["kept"], 5, "a card of nobody is left out");
    let again = stage.manager.post(&path, json!({"items": items})).send().await.expect(201);
    assert_eq!(again["kept"], 0, "told twice is once");
    let signs = asked(&stage.manager, &stage.path("signs?month=2026-02")).await;
    let ties: Vec<&str> =
        signs["rings"][0]["traces"].as_array().unwrap().iter().map(|trace| trace["tie"].as_str().unwrap()).collect();
    assert_eq!(ties, ["shared_phone", "drawn_together"]);
    let owner = app.client(Role::Owner, ScopeOn::Organisation(stage.project.owner));
    owner.get(&stage.path("signs")).send().await.refuse(403, "not_allowed");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(the_list_of_a_claim_is_compared_with_the_records, |app| {
    let stage = site(&app, 4).await;
    stage.audited().await;
    let stage = later(stage, "2026-03-12T10:00:00+08:00");
    let item = |name: &str, number: Option<u32>, amount: &str| json!({"name": name, "id_number": number.map(id_number), "amount": amount});
    let claim = json!({"from": "2026-02", "until": "2026-02", "items": [
        item("测试工人1", Some(1), "1600.00"),
        item("测试工人2", None, "9000.00"),
        item("测试工人4", Some(4), "9000.00"),
        item("没有此人", Some(77), "9000.00"),
        item("另一名字", Some(3), "1600.00"),
    ]});
    let path = stage.path("claim-comparisons");
    let begun = std::time::Instant::now();
    let told = stage.manager.post(&path, claim).send().await.expect(200);
    assert!(begun.elapsed().as_secs() < 2);
    let words: Vec<String> = told["items"].as_array().unwrap().iter().map(|one| text(&one["word"])).collect();
    assert_eq!(words, ["borne_out", "claims_more", "never_present", "not_enrolled", "other_name"], "{told}");
    assert_eq!((text(&told["claimed"]), text(&told["borne_out"])), ("30200.00".to_owned(), "3200.00".to_owned()));
    let odd = json!({"from": "2026-03", "until": "2026-02", "items": []});
    stage.manager.post(&path, odd).send().await.refuse(422, "invalid");
});

both!(the_pages_show_a_difference_and_keep_what_was_found, |app| {
    let stage = site(&app, 3).await;
    let stage = later(stage, "2026-03-12T10:00:00+08:00");
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let path = format!("/projects/{}/matches", stage.id());
    let page = browser.page(&path).await;
    let shown = text_of(&page);
    for part in ["有考勤未发工资", "测试工人1", "考勤：5 个工日", "工资支付表：没有该工人"] {
        assert!(shown.contains(part), "{part} is missing: {shown}");
    }
    let field = |name: &str| crate::suite::ground::field_value(&page, name).unwrap();
    let (subject, kind, basis) = (field("subject"), field("kind"), field("basis").replace("&#61;", "="));
    let fields = [
        ("month", "2026-02"),
        ("subject", subject.as_str()),
        ("kind", kind.as_str()),
        ("basis", basis.as_str()),
        ("found", "pursued"),
        ("note", "已转项目部核实"),
    ];
    let (_, after) = browser.submit(&path, &fields).await;
    assert!(text_of(&after).contains("已转项目部核实") && text_of(&after).contains("已跟进处理"), "{}", text_of(&after));
    let signs = browser.page(&format!("/projects/{}/signs?month=2026-02", stage.id())).await;
    assert!(text_of(&signs).contains("迹象仅供人工核实，不是结论"));
    assert_eq!(browser.get(&format!("{path}?month=x")).await.status, 422);
});
