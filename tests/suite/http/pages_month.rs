//! A labour manager's month in the browser: from an empty project to wages paid after a retry; what a page refuses and how it says it.

use actix_web::http::Method;
use anxin::base::Moment;
use anxin::web::{Role, ScopeOn};
use anxin::wire::bank_reply::{ReplyAs, ReplyOptions, reply};

use crate::both;
use crate::suite::ground::{App, Browser, card, id_number, project, text_of, uscc};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const ACCOUNT: &str = "1208999900000001";

/// The id of that kind in a text.
fn id_in(text: &str, prefix: &str) -> String {
    let at = text.find(&format!("{prefix}-")).unwrap_or_else(|| panic!("no {prefix} in {}", text_of(text)));
    text[at..at + prefix.len() + 14].to_owned()
}

/// Every different id of that kind in a text, in the order of appearance.
fn ids_in(text: &str, prefix: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(&format!("\"{prefix}-")) {
        let id = text[at + 1..at + 1 + prefix.len() + 14].to_owned();
        if !found.contains(&id) {
            found.push(id);
        }
    }
    found
}

/// The version that a page's forms carry.
fn version(page: &str) -> String {
    crate::suite::ground::field_value(page, "version").expect("a form with a version")
}

/// A key that a page's form carries.
fn key(page: &str) -> String {
    crate::suite::ground::field_value(page, "key").expect("a form with a key")
}

/// Registers two companies and a project with the facts that a first month needs; gives the project's path.
async fn begun(browser: &Browser<'_>) -> String {
    for (number, name) in [(1, "导览置业有限公司"), (2, "导览建设有限公司")] {
        browser.page("/companies/new").await;
        let code = uscc(number);
        browser.submit("/companies/new", &[("uscc", &code), ("name", name), ("kind", "enterprise")]).await;
    }
    browser.page("/projects/new").await;
    let (owner, contractor) = (uscc(1), uscc(2));
    let fields = [
        ("code", "TOUR-1"),
        ("name", "导览花园一期"),
        ("region", "330784"),
        ("owner", owner.as_str()),
        ("general_contractor", contractor.as_str()),
        ("from_on", "2025-12-20"),
    ];
    let (leads, page) = browser.submit("/projects/new", &fields).await;
    assert!(text_of(&page).contains("项目已登记"), "{}", text_of(&page));
    let path = format!("/projects/{}", id_in(&leads, "prj"));
    let papers = format!("{path}/documents");
    for fields in [
        &[("fact", "contract"), ("valid_on", "2025-12-20"), ("sum", "9,990,000.00"), ("period_months", "12")][..],
        &[("fact", "pay_day"), ("valid_on", "2025-12-20"), ("day", "15")],
        &[("fact", "industry"), ("valid_on", "2025-12-20"), ("industry", "building")],
        &[("fact", "funding"), ("valid_on", "2025-12-20"), ("government", "yes")],
        &[
            ("fact", "labour_cost"),
            ("valid_on", "2025-12-20"),
            ("monthly", "60000"),
            ("transfer_day", "10"),
            ("cycle_months", "1"),
        ],
        &[("fact", "started"), ("valid_on", "2026-01-05")],
    ] {
        browser.submit(&papers, fields).await;
    }
    path
}

const ROSTER: &str = "统一社会信用代码,班组,姓名,身份证号,工种,手机号,银行卡号,考勤编号,日工资,进场日期,劳动合同,安全教育";

fn roster_row(number: u32, name: &str) -> String {
    format!(
        "{},木工一班,{name},{},木工,1390000{:04},{},{},320.00,2026-02-01,劳动合同,是",
        uscc(2),
        id_number(number),
        number,
        card(number),
        9000 + number
    )
}

/// Hands in a roster and has its good rows taken; the roster's path and its page at the end.
async fn roster(app: &App, browser: &Browser<'_>, path: &str, name: &str, bytes: &[u8]) -> (String, String) {
    let upload = format!("{path}/workers/roster");
    let answer = browser.upload(&upload, &[], &[("file", name, "text/csv", bytes)]).await;
    let (leads, preview) = browser.follow(&upload, &answer).await;
    assert!(text_of(&preview).contains("尚未登记任何人"), "{}", text_of(&preview));
    let leads = leads.split('?').next().unwrap().to_owned();
    let (_, running) = browser.submit(&format!("{leads}/take"), &[("how", "good")]).await;
    assert!(text_of(&running).contains("正在登记"), "{}", text_of(&running));
    app.drain();
    let page = browser.page(&leads).await;
    (leads, page)
}

/// Adds a crew and three workers who punched for ten days of February.
async fn manned(app: &App, browser: &Browser<'_>, path: &str) {
    let page = browser.page(&format!("{path}/workers")).await;
    let contractor = ids_in(&page, "pty").pop().expect("a company with crews");
    let crew = [("name", "木工一班"), ("party", contractor.as_str()), ("from_on", "2026-01-05")];
    browser.submit(&format!("{path}/crews"), &crew).await;
    let rows = [roster_row(1, "陈守义"), roster_row(2, "周阿福"), roster_row(3, "吴小兰")].join("\n");
    let file = format!("{ROSTER}\n{rows}\n");
    let page = roster(app, browser, path, "花名册.csv", file.as_bytes()).await.1;
    assert!(text_of(&page).contains("每一行都已登记"), "{}", text_of(&page));
    let device = [("serial", "TOUR000000001"), ("maker", "zkteco"), ("gate", "1号门"), ("direction", "by_state")];
    let (_, page) = browser.submit(&format!("{path}/devices"), &device).await;
    assert!(page.contains("TOUR000000001"));
    let mut punches = String::new();
    for day in 2..12 {
        for pin in [9001, 9002, 9003] {
            punches.push_str(&format!("{pin}\t2026-02-{day:02} 07:50:00\t0\t15\n{pin}\t2026-02-{day:02} 17:30:00\t1\t15\n"));
        }
    }
    let path = "/iclock/cdata?SN=TOUR000000001&table=ATTLOG&Stamp=9999";
    let taken = app.ask(Method::POST, path).body("text/plain", punches).send().await.text();
    assert_eq!(taken, "OK: 60\n");
}

async fn account_opened(browser: &Browser<'_>, path: &str) {
    let fields = [
        ("number", ACCOUNT),
        ("bank_name", "演示商业银行永康支行"),
        ("bank_code", "313338000019"),
        ("opened_on", "2025-12-28"),
        ("filed_on", "2026-01-04"),
    ];
    let answer = browser
        .upload(&format!("{path}/account"), &fields, &[("file", "三方协议.pdf", "application/pdf", b"%PDF-1.4 agreement")])
        .await;
    let (_, page) = browser.follow(path, &answer).await;
    assert!(text_of(&page).contains("导览建设有限公司导览花园一期农民工工资专用账户"), "{}", text_of(&page));
}

/// The bank's statement of the owner's payment.
fn labour_cost(amount: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt>\
         <GrpHdr><MsgId>S-1</MsgId><CreDtTm>2026-02-10T18:00:00+08:00</CreDtTm></GrpHdr><Stmt><Id>S-1</Id>\
         <ElctrncSeqNb>1</ElctrncSeqNb><CreDtTm>2026-02-10T18:00:00+08:00</CreDtTm>\
         <Acct><Id><Othr><Id>{ACCOUNT}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>\
         <Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"CNY\">0.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-02-10</Dt></Dt></Bal>\
         <Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"CNY\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-02-10</Dt></Dt></Bal>\
         <Ntry><Amt Ccy=\"CNY\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-02-10</Dt></BookgDt>\
         <AcctSvcrRef>REF1</AcctSvcrRef><NtryDtls><TxDtls><RltdPties><Dbtr><Pty><Nm>导览置业有限公司</Nm></Pty></Dbtr></RltdPties>\
         <RmtInf><Ustrd>2月人工费</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>"
    )
}

async fn hand_in(browser: &Browser<'_>, name: &str, bytes: &[u8]) -> String {
    let answer = browser.upload("/bank", &[], &[("file", name, "application/xml", bytes)]).await;
    assert_eq!(answer.status, 200, "{}", text_of(&answer.text()));
    text_of(&answer.text())
}

both!(a_whole_month_is_done_by_mouse_from_an_empty_project, |app| {
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let path = begun(&browser).await;
    account_opened(&browser, &path).await;

    // An order sent twice is one deposit.
    let page = browser.page(&format!("{path}/deposit")).await;
    let key_of_form = key(&page);
    let deposit = [
        ("key", key_of_form.as_str()),
        ("kind", "cash"),
        ("amount", "150,000.00"),
        ("issuer", "演示商业银行永康支行"),
        ("lodged_on", "2026-01-12"),
    ];
    browser.submit(&format!("{path}/deposit"), &deposit).await;
    let (_, page) = browser.submit(&format!("{path}/deposit"), &deposit).await;
    assert_eq!(ids_in(&page, "dep").len(), 1, "{}", text_of(&page));

    manned(&app, &browser, &path).await;
    let told = hand_in(&browser, "对账单.xml", labour_cost("60000.00").as_bytes()).await;
    assert!(told.contains("文件已收下并入账") && told.contains("camt.053"), "{told}");
    let again = hand_in(&browser, "对账单.xml", labour_cost("60000.00").as_bytes()).await;
    assert!(again.contains("同一文件此前已收到"), "{again}");

    // Sheet, a deduction, signatures on paper, hand-in, audit.
    let (sheet_path, page) = browser.submit(&format!("{path}/sheets"), &[("month", "2026-02")]).await;
    let sheet_path = sheet_path.split('?').next().unwrap().to_owned();
    assert!(text_of(&page).contains("9,600.00"), "{}", text_of(&page));
    let (leads, _) = browser.submit(&format!("{path}/sheets"), &[("month", "2026-02")]).await;
    assert!(leads.contains("draft_stands"), "a draft is shown before it is built again: {leads}");
    let line = ids_in(&page, "lin")[0].clone();
    let change = [("version", version(&page)), ("line", line), ("amount", "200".into()), ("reason", "预支生活费".into())];
    let change: Vec<(&str, &str)> = change.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (_, page) = browser.submit(&format!("{sheet_path}/deduct"), &change).await;
    assert!(text_of(&page).contains("9,400.00"), "{}", text_of(&page));
    let early = browser.post(&format!("{sheet_path}/submit"), &[("version", &version(&page))]).await;
    assert_eq!(early.status, 409);
    assert!(text_of(&early.text()).contains("还有 3 行未经工人签字"), "{}", text_of(&early.text()));
    let seen = version(&page);
    let bare =
        [("version", seen.as_str()), ("everybody", "yes"), ("means", "link_with_second_means"), ("signed_on", "2026-03-01")];
    let refused = browser.post(&format!("{sheet_path}/sign"), &bare).await;
    assert_eq!(refused.status, 422, "a link alone signs nothing");
    let lines = ids_in(&page, "lin");
    let device = [
        ("version", seen.as_str()),
        ("line", lines[0].as_str()),
        ("means", "device"),
        ("device", "1号门 TOUR000000001"),
        ("device_evidence", "记录 4711"),
        ("signed_on", "2026-03-01"),
    ];
    let (_, signed) = browser.submit(&format!("{sheet_path}/sign"), &device).await;
    assert!(text_of(&signed).contains("已记录 1 个签字") && signed.contains("记录 4711"), "{}", text_of(&signed));
    // Of three ticked lines one was signed by other means already: it is named, the others stand.
    let mut paper = vec![("version", seen.as_str()), ("means", "paper"), ("signed_on", "2026-03-01")];
    paper.extend(lines.iter().map(|line| ("line", line.as_str())));
    let scan = [("file", "签字表.pdf", "application/pdf", b"%PDF-1.4 scan".as_slice())];
    let answer = browser.upload(&format!("{sheet_path}/sign"), &paper, &scan).await;
    let told = text_of(&answer.text());
    assert!(answer.status == 200 && told.contains("已记录的签字: 2") && told.contains("其他方式签字"), "{told}");
    let page = browser.page(&sheet_path).await;
    assert!(page.contains("扫描件"), "{}", text_of(&page));
    let (_, page) = browser.submit(&format!("{sheet_path}/submit"), &[("version", &version(&page))]).await;
    let (_, page) = browser.submit(&format!("{sheet_path}/audit"), &[("version", &version(&page))]).await;
    assert!(text_of(&page).contains("可以代发"), "{}", text_of(&page));
    let file = browser.get(&format!("{sheet_path}/xlsx")).await;
    assert_eq!((file.status, file.headers.get("content-type").unwrap().to_str().unwrap()), (200, XLSX));
    assert!(browser.page(&format!("{sheet_path}?print=yes")).await.contains("本人签字"));

    // The order sent twice is one run.
    let order = [("key", key(&page)), ("version", version(&page))];
    let order: Vec<(&str, &str)> = order.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (run_path, _) = browser.submit(&format!("{sheet_path}/order"), &order).await;
    let (again, page) = browser.submit(&format!("{sheet_path}/order"), &order).await;
    assert_eq!(run_path, again);
    let run_path = run_path.split('?').next().unwrap().to_owned();
    assert!(text_of(&page).contains("已发送"), "{}", text_of(&page));
    let file = browser.get(&format!("{run_path}/file")).await;
    assert!(file.text().contains("pain.001.001.09"), "{}", file.text());

    // The bank refuses one; its card is changed; two clicks order it again.
    let at = |text: &str| text.parse::<Moment>().unwrap();
    let options = ReplyOptions { fail: 1, ..ReplyOptions::at(at("2026-03-02T10:00:00+08:00")) };
    let told = hand_in(&browser, "动账通知.xml", reply(&file.bytes, ReplyAs::Camt054, &options).unwrap().as_bytes()).await;
    assert!(told.contains("文件已收下并入账") && told.contains("camt.054"), "{told}");
    let page = browser.page(&run_path).await;
    let text = text_of(&page);
    assert!(text.contains("失败待重发 1") && text.contains("现在重发"), "{text}");
    let worker = ids_in(&page.replace("/workers/", "\""), "rec")[0].clone();
    let new_card = card(77);
    let terms = [("valid_on", "2026-03-02"), ("card", new_card.as_str()), ("bank_name", "演示商业银行")];
    let (_, shown) = browser.submit(&format!("{path}/workers/{worker}/terms"), &terms).await;
    assert!(shown.contains(&new_card[new_card.len() - 4..]), "{}", text_of(&shown));
    let page = browser.page(&run_path).await;
    let order = [("key", key(&page)), ("version", version(&page))];
    let order: Vec<(&str, &str)> = order.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (second, page) = browser.submit(&format!("{sheet_path}/order"), &order).await;
    let second = second.split('?').next().unwrap().to_owned();
    assert_ne!(second, run_path, "{}", text_of(&page));
    let file = browser.get(&format!("{second}/file")).await;
    assert!(file.text().contains(&new_card));
    let done = reply(&file.bytes, ReplyAs::Pain002, &ReplyOptions::at(at("2026-03-02T11:00:00+08:00"))).unwrap();
    hand_in(&browser, "回执.xml", done.as_bytes()).await;
    let page = browser.page(&sheet_path).await;
    assert!(text_of(&page).contains("已支付 3"), "{}", text_of(&page));
    assert!(text_of(&browser.page(&run_path).await).contains("已重发"));
    assert_eq!(browser.get("/roster.xlsx").await.status, 200);
    let browser = browser.english();
    for tail in ["", "/workers", "/sheets", "/money", "/deposit", "/documents", "/devices", "/attendance"] {
        assert!(browser.page(&format!("{path}{tail}")).await.contains("lang=\"en\""), "{tail}");
    }
    assert!(text_of(&browser.page(&second).await).contains("Pay run 2026-02"));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_bad_roster_is_told_row_by_row_and_its_good_rows_stay, |app| {
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let path = begun(&browser).await;
    manned(&app, &browser, &path).await;
    let bad_id = roster_row(11, "甲").replace(&id_number(11), "119999199001010013");
    let rows = [
        roster_row(10, "好人"),                                       // 2: good
        bad_id,                                                       // 3: check digit
        roster_row(12, "乙").replace("13900000012", "139"),           // 4: telephone
        roster_row(13, "丙").replace("木工一班", "没有的班组"),       // 5: crew
        roster_row(14, "丁").replace(&uscc(2), "91119999MA0000000X"), // 6: credit code
        roster_row(15, ""),                                           // 7: no name
        roster_row(10, "好人"),                                       // 8: the same papers twice
        roster_row(1, "陈守义"),                                      // 9: on the roll already
        roster_row(2, "别人"),                                        // 10: another name under the number
        roster_row(16, "戊").replace("320.00", "三百"),               // 11: day rate
        roster_row(17, "己").replace("2026-02-01", "2026-13-01"),     // 12: day
        roster_row(18, "庚").replace(",9018,", ",9003,"),             // 13: number at the gate taken
        roster_row(19, "辛").replace(",劳动合同,", ",口头,"),         // 14: work paper
        roster_row(20, "壬").replace(&card(20), "12"),                // 15: card
        roster_row(21, "癸").replace(&uscc(2), &uscc(1)),             // 16: the owner has no such crew
        roster_row(22, "子").replace("2026-02-01", "2026-04-01"),     // 17: entry ahead
    ];
    let file = format!("{ROSTER}\n{}\n", rows.join("\n"));
    let (leads, page) = roster(&app, &browser, &path, "坏.csv", file.as_bytes()).await;
    let text = text_of(&page);
    assert!(text.contains("已登记（人） 1") && text.contains("未登记（行） 14"), "{text}");
    assert!(text.contains("已在册、无变化（行） 1"), "the ninth row says what stands: {text}");
    let places = ["D3", "F4", "B5", "A6", "C7", "D8", "C10", "I11", "J12", "H13", "K14", "G15", "A16", "J17"];
    for place in places {
        assert!(page.contains(&format!("<code>CSV!{place}</code>")), "{place} is not named: {text}");
    }
    assert!(!text.contains("119999"), "no number of a person is quoted");
    let sheet = browser.post(&format!("{leads}/refused"), &[]).await;
    assert_eq!(sheet.status, 200);
    let refused = anxin::wire::sheet::read(&sheet.bytes).unwrap();
    assert_eq!(refused.sheets[0].rows.len(), 15, "a header and the refused rows, each once");
    let stranger = app.browser(Role::LabourManager, ScopeOn::Region("110000".parse().unwrap())).await;
    assert_eq!(stranger.get(&leads).await.status, 404);
    // Whoever uploaded was told; nothing waits for an administrator.
    let admin = app.client(Role::Administrator, ScopeOn::Everything);
    assert_eq!(admin.get("/api/v1/quarantine").send().await.expect(200)["items"], serde_json::json!([]));
    // A row is mended in place: as the file has it, with the telephone put right.
    let form = browser.post(&format!("{leads}/row"), &[("row", "4")]).await.text();
    assert!(form.contains(&id_number(12)) && text_of(&form).contains("手机号码不正确"), "{}", text_of(&form));
    let cells = |phone: &'static str| {
        [
            ("row", "4".to_owned()),
            ("uscc", uscc(2)),
            ("crew", "木工一班".to_owned()),
            ("name", "乙".to_owned()),
            ("id", id_number(12)),
            ("trade", "木工".to_owned()),
            ("phone", phone.to_owned()),
            ("card", card(12)),
            ("day_rate", "320.00".to_owned()),
        ]
    };
    let wrong = cells("138");
    let wrong: Vec<(&str, &str)> = wrong.iter().map(|(key, text)| (*key, text.as_str())).collect();
    let again = browser.post(&format!("{leads}/mend"), &wrong).await;
    assert!(text_of(&again.text()).contains("手机号码"), "{}", text_of(&again.text()));
    let right = cells("13900000012");
    let right: Vec<(&str, &str)> = right.iter().map(|(key, text)| (*key, text.as_str())).collect();
    let (_, page) = browser.submit(&format!("{leads}/mend"), &right).await;
    assert!(text_of(&page).contains("未登记（行） 13") && text_of(&page).contains("已改正（行） 1"), "{}", text_of(&page));
    assert_eq!(browser.post(&format!("{leads}/mend"), &right).await.status, 409, "a row is mended once");
    // The same file again: what was taken is known, what was refused is refused.
    let (_, page) = roster(&app, &browser, &path, "坏.csv", file.as_bytes()).await;
    let text = text_of(&page);
    assert!(text.contains("已登记（人） 0") && text.contains("已在册、无变化（行） 2"), "{text}");
    let upload = format!("{path}/workers/roster");
    let nonsense = browser.upload(&upload, &[], &[("file", "x.xlsx", XLSX, b"PK\x03\x04 not a workbook")]).await;
    assert_eq!(nonsense.status, 422, "{}", text_of(&nonsense.text()));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_long_roster_that_fails_half_way_says_what_was_taken, |app| {
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let path = begun(&browser).await;
    manned(&app, &browser, &path).await;
    // More rows than one step takes; the last step fails as a database does.
    let rows: Vec<String> = (100..330)
        .map(|number| {
            let row = roster_row(number, &format!("工人{number}"));
            if number == 320 { row.replace(",木工,", ",潜水工,") } else { row }
        })
        .collect();
    let file = format!("{ROSTER}\n{}\n", rows.join("\n"));
    app.write(|tx, _| {
        use anxin::store::Backend;
        use diesel::connection::SimpleConnection;
        let backend = tx.conn().backend();
        tx.conn().batch_execute(match backend {
            Backend::Sqlite => {
                "CREATE TRIGGER full_disk BEFORE INSERT ON enrolments WHEN NEW.trade = '潜水工' BEGIN SELECT RAISE(ABORT, 'disk full'); END"
            }
            Backend::Postgres => "ALTER TABLE enrolments ADD CONSTRAINT full_disk CHECK (trade <> '潜水工')",
        })?;
        Ok(())
    })
    .unwrap();
    let (leads, page) = roster(&app, &browser, &path, "长.csv", file.as_bytes()).await;
    let text = text_of(&page);
    assert!(text.contains("已登记（人） 229") && text.contains("未登记（行） 1"), "{}", &text[..text.len().min(900)]);
    assert!(text.contains("未处理：") && text.contains("合格的行已登记"));
    let sheet = browser.post(&format!("{leads}/refused"), &[]).await;
    assert_eq!(anxin::wire::sheet::read(&sheet.bytes).unwrap().sheets[0].rows.len(), 2);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_roster_with_shifted_columns_quotes_nobody_s_number, |app| {
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let path = begun(&browser).await;
    manned(&app, &browser, &path).await;
    // One cell too many: every column behind it holds what belongs to its neighbour.
    let names: Vec<&str> = ROSTER.split(',').collect();
    let row = roster_row(40, "移位");
    let cells: Vec<&str> = row.split(',').collect();
    let mut all = String::new();
    for shift in 1..names.len() {
        let mut shifted = cells.clone();
        shifted.rotate_right(shift);
        all.push_str(&shifted.join(","));
        all.push('\n');
    }
    let file = format!("{ROSTER}\n{all}");
    let (_, page) = roster(&app, &browser, &path, "移位.csv", file.as_bytes()).await;
    for number in [id_number(40), card(40), "13900000040".to_owned()] {
        assert!(!page.contains(&number), "{number} is quoted: {}", text_of(&page));
    }
});

both!(a_form_without_its_token_or_from_elsewhere_keeps_nothing, |app| {
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let code = uscc(1);
    let fields = [("uscc", code.as_str()), ("name", "不该登记"), ("kind", "enterprise")];
    let bare = browser.post_bare("/companies/new", &fields).await;
    assert_eq!(bare.status, 403, "{}", text_of(&bare.text()));
    let forged = [&[("csrf", "0000000000000000")][..], &fields[..]].concat();
    assert_eq!(browser.post_bare("/companies/new", &forged).await.status, 403);
    let body = format!("csrf={}&uscc={code}&name=x&kind=enterprise", browser.csrf());
    for (header, value) in [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"), ("Origin", "https://evil.test")] {
        let ask = browser.ask(Method::POST, "/companies/new").body("application/x-www-form-urlencoded", body.clone());
        assert_eq!(ask.header(header, value).send().await.status, 403, "{header}: {value}");
    }
    let known = app.read(|conn, ctx| Ok(anxin::parties::table::by_uscc(conn, &ctx.scope, &code)?)).unwrap();
    assert_eq!(known, None, "nothing was kept");
});

both!(nobody_reaches_into_another_project_or_beyond_their_role, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let path = format!("/projects/{}", site.id);
    let own = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    own.submit(&format!("{path}/documents"), &[("fact", "pay_day"), ("valid_on", "2025-12-20"), ("day", "15")]).await;
    let (sheet, page) = own.submit(&format!("{path}/sheets"), &[("month", "2026-02")]).await;
    let sheet = sheet.split('?').next().unwrap().to_owned();
    let stranger = app.browser(Role::LabourManager, ScopeOn::Region("110000".parse().unwrap())).await;
    for tail in ["/workers", "/sheets", "/documents", "/devices", "/money"] {
        assert_eq!(stranger.get(&format!("{path}{tail}")).await.status, 404, "{tail}");
    }
    assert_eq!(stranger.get(&sheet).await.status, 404);
    let seen = version(&page);
    for tail in ["/submit", "/audit", "/order"] {
        let fields = [("version", seen.as_str()), ("key", "form-12345678")];
        assert_eq!(stranger.post(&format!("{sheet}{tail}"), &fields).await.status, 404, "{tail}");
    }
    // A subcontractor prepares and hands in; audit and order are the labour manager's.
    let sub = app.browser(Role::Subcontractor, ScopeOn::Project(site.id)).await;
    let (_, page) = sub.submit(&format!("{sheet}/submit"), &[("version", &seen)]).await;
    assert!(!page.contains("/audit\""), "what one may not do is not offered");
    for tail in ["/audit", "/order"] {
        let fields = [("version", "2"), ("key", "form-12345678")];
        assert_eq!(sub.post(&format!("{sheet}{tail}"), &fields).await.status, 403, "{tail}");
    }
    // A stale page is told so.
    let stale = own.post(&format!("{sheet}/audit"), &[("version", &seen)]).await;
    assert_eq!(stale.status, 412, "{}", text_of(&stale.text()));
    // A bank's clerk has the page of bank files and no other.
    let bank = app.browser(Role::Bank, ScopeOn::Project(site.id)).await;
    assert!(text_of(&bank.page("/bank").await).contains("银行文件"));
    assert_eq!(bank.get(&format!("{path}/workers")).await.status, 403);
    let told = hand_in(&bank, "对账单.xml", labour_cost("1.00").as_bytes()).await;
    assert!(told.contains("没有任何内容入账") && told.contains("unknown_account"), "{told}");
});

both!(a_worker_s_page_masks_numbers_and_shows_one_for_a_purpose, |app| {
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let path = begun(&browser).await;
    manned(&app, &browser, &path).await;
    let browser = browser.english();
    let roll = browser.page(&format!("{path}/workers")).await;
    assert!(text_of(&roll).contains("On the roll today 3"), "{}", text_of(&roll));
    assert!(!roll.contains(&id_number(1)) && !roll.contains(&card(1)));
    let worker = ids_in(&roll.replace("/workers/", "\""), "rec")[0].clone();
    let worker = format!("{path}/workers/{worker}");
    let page = browser.page(&format!("{worker}?month=2026-02")).await;
    assert!(!page.contains(&id_number(1)));
    let without = browser.post(&format!("{worker}/unmask"), &[("field", "id_number"), ("purpose", "x")]).await;
    assert_eq!(without.status, 422);
    let shown = browser.post(&format!("{worker}/unmask"), &[("field", "id_number"), ("purpose", "核对本人身份证")]).await;
    assert_eq!(shown.status, 200, "{}", text_of(&shown.text()));
    assert!(shown.text().contains(&id_number(1)) && shown.headers.get("cache-control").unwrap() == "no-store");
    let (_, left) = browser.submit(&format!("{worker}/leave"), &[("left_on", "2026-03-01")]).await;
    assert!(text_of(&left).contains("Left 2026-03-01"), "{}", text_of(&left));
    assert_eq!(app.broken(), Vec::<String>::new());
});
