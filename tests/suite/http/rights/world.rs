//! Two sides that have nothing to do with each other: a project each, in regions apart, with every kind of object that a route names.

use actix_web::http::Method;
use anxin::attendance::corrections::{self, table::CorrectionRow};
use anxin::attendance::imports::SheetKind;
use anxin::attendance::imports::actions::{self as rosters, NewImport};
use anxin::attendance::imports::columns;
use anxin::base::Fen;
use anxin::base::id::{
    AccountId, DocumentId, InboxId, JobId, LineId, PartyId, PayRunId, ProjectId, QuarantineId, RecordId, SheetId, UserId,
    WorkerId,
};
use anxin::documents::DocumentKind;
use anxin::documents::actions::NewDocument;
use anxin::payroll::imports::actions::SheetFile;
use anxin::payroll::items::table::ItemRow;
use anxin::payroll::items::{ItemKind, ItemSource};
use anxin::payroll::outside::Payer;
use anxin::payroll::outside::telling::table::ToldRow;
use anxin::payroll::pay_run::table::{RunRow, insert_run};
use anxin::payroll::table::{LineRow, SheetRow, insert_line, insert_sheet};
use anxin::payroll::{LineState, RunState, SheetState};
use anxin::reporting::outbox::table::{RecordRow, insert_record};
use anxin::reporting::{RecordState, ReportKind};
use anxin::store::inbox::{self, InboxState, Message, Parsed, Rejected};
use anxin::store::outbox::{self, NewMail};
use anxin::store::vault::Owner;
use anxin::store::{Chain, jobs};
use anxin::web::{Role, ScopeOn};
use anxin::workers::Paper;
use anxin::workers::exceptions;
use anxin::workers::roster::{Defaults, RosterFile};
use anxin::{documents, users, webhooks};
use serde_json::{Value, json};

use super::super::accounts::open;
use super::super::settlement::Ntry;
use super::super::workers::{crew, enrol, worker};
use crate::suite::ground::{App, project};

/// One side's objects, as texts for paths and bodies.
pub struct Side {
    pub region: &'static str,
    pub project: ProjectId,
    pub general_contractor: PartyId,
    pub account: AccountId,
    pub serial: String,
    pub crew: String,
    named: Vec<(&'static str, String)>,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

impl Side {
    /// What stands for a parameter of a path; `None` for one that no side has.
    pub fn named(&self, parameter: &str) -> Option<&str> {
        self.named.iter().find(|(name, _)| *name == parameter).map(|(_, text)| text.as_str())
    }

    pub async fn build(app: &App, number: u32, region: &'static str) -> Side {
        let manager = app.labour_manager();
        let authority = app.authority();
        let admin = app.client(Role::Administrator, ScopeOn::Everything);
        let site = project(&manager, number, region).await;
        let below = |rest: &str| format!("{}/{rest}", site.path);
        let crew = crew(&manager, &site, "钢筋一班").await;
        let enrolled = enrol(&manager, &site, vec![worker(number, &crew)]).await;
        let account = open(&manager, &site, &format!("33050001000{number}")).await;
        let deposit = json!({
            "kind": "cash", "amount": "1000.00", "issuer": "测试银行", "lodged_on": "2026-01-10", "ends_on": null, "document_id": null,
        });
        let deposit = manager.post(&below("deposits"), deposit).key("rights-deposit").send().await.expect(201);
        let freeze = json!({"kind": "account_freeze", "happened_on": "2026-03-01", "reason": "other_debt", "note": "某法院"});
        let matter = manager.post(&below("matters"), freeze).key("rights-matter").send().await.expect(201);
        // A refund of nobody's wage, which a person must look at.
        let refund = Ntry { text: "代发工资不成功退回款项", ..Ntry::credit("3.00", "2026-03-02") };
        let statement = super::super::settlement::camt_of(&format!("33050001000{number}"), 53, "S1", 1, None, &[refund]);
        let statement = manager.ask(Method::POST, "/api/v1/bank/statements").body("application/xml", statement).send().await;
        let statement = statement.expect(200);
        let doubts = manager.get(&below("doubts")).send().await.expect(200);
        let case = authority.post(&below("cases"), json!({"kind": "complaint"})).send().await.expect(201);
        let serial = format!("RIGHTS{number:04}");
        let device = json!({"serial": serial, "project": site.id, "gate": "1号门"});
        let device = manager.post("/api/v1/devices", device).send().await.expect(200);
        let answer = manager.post("/api/v1/gates/completion-acceptance", json!({"project": site.id})).send().await.expect(200);
        // A refusal, and somebody of the region who asks to set it aside.
        let given = json!({"valid_on": "2026-02-01", "fact": {"kind": "funds_commitment", "given": false}, "document_id": null});
        manager.post(&below("facts"), given).send().await.expect(201);
        let permit = manager.post("/api/v1/gates/construction-permit", json!({"project": site.id})).send().await.expect(200);
        let asker = app.client(Role::IndustryAuthority, ScopeOn::Region(region.parse().unwrap()));
        let wanted = json!({"answer": permit["id"], "reason": "测试理由", "legal_ground": "测试依据", "until_on": "2026-03-20"});
        let set_aside = asker.post(&below("overrides"), wanted).send().await.expect(201);
        let board = json!({"items": ["owner"], "photo_document_id": null, "photo_on": "2026-03-01"});
        manager.post(&below("notice-board"), board).send().await.expect(201);
        let key = json!({"name": "测试", "role": "bank", "scope": "region", "value": region});
        let key = admin.post("/api/v1/api-keys", key).send().await.expect(201);
        let upload = json!({"name": "测试应用", "project": site.id});
        let upload = admin.post("/api/v1/platform-apps", upload).send().await.expect(201);
        let platform = json!({
            "name": "测试平台", "address": "https://platform.example.cn/open.api", "app_id": "1", "secret": "AnxinDemoSecret0AnxinDemoSecret1",
        });
        let platform = manager.post(&below("report-platforms"), platform).send().await.expect(201);
        let report = report(app, site.id, &text(&platform["id"]));
        let webhook = json!({
            "name": "测试", "scope": "region", "value": region, "events": ["case.opened"], "fields": ["kind"],
            "address": "https://partner.example.cn/",
        });
        let webhook = admin.post("/api/v1/webhooks", webhook).send().await.expect(201);
        let webhook = text(&webhook["webhook"]["id"]);
        let call = admin.post(&format!("/api/v1/webhooks/{webhook}/test"), json!({})).send().await.expect(200);
        let webhook_call = failed(app, &text(&call["id"]));
        let sender = app.client(Role::Bank, ScopeOn::Region(region.parse().unwrap())).user;
        let bank_key = json!({"user": sender, "name": "测试", "kind": "hmac"});
        let bank_key = admin.post("/api/v1/bank-keys", bank_key).send().await.expect(201);
        // Somebody else of the region proposes, so that whoever is tried may decide.
        let proposer = app.client(Role::Administrator, ScopeOn::Region(region.parse().unwrap()));
        let file = format!("law/regions/{region}.toml");
        let known = proposer.get(&format!("/api/v1/law-files?file={file}")).send().await.expect(200);
        let amendment = json!({
            "kind": "region", "file": file, "wording": text(&known["wording"]).replacen("name = \"", "name = \"测", 1),
            "reason": "测试", "document": "测试文件", "seen": 0,
        });
        let amendment = proposer.post("/api/v1/amendments", amendment).send().await.expect(201);
        let user = app.client(Role::GridOfficer, ScopeOn::Region(region.parse().unwrap())).user;
        let grant = app.read(move |conn, _| Ok(users::table::grants_ever(conn, user)?.remove(0))).unwrap();
        let account_id: AccountId = account.parse().unwrap();
        let person = &enrolled["results"][0]["enrolment"];
        let who = (text(&person["id"]).parse().unwrap(), text(&person["worker_id"]).parse().unwrap());
        let (sheet, line, run, wage_item) = wages(app, site.id, account_id, who);
        let document = paper(app, site.id);
        let (work, quarantined) = (job_and_mail(app, user), quarantined(app, site.id));
        // A sheet of a bank, read once and to be read again.
        let sheets = below(&format!("accounts/{account}/bank-sheets"));
        let csv = "交易日期,摘要,支出,收入\n2026-03-05,测试,,1.00\n";
        let bank_sheet = manager.ask(Method::POST, &sheets).body("text/csv", csv).send().await.expect(201);
        let bank_sheet = text(&bank_sheet["id"]);
        manager.post(&format!("{sheets}/{bank_sheet}"), json!({})).send().await.expect(200);
        let layouts = manager.get(&below(&format!("accounts/{account}/bank-layouts"))).send().await.expect(200);
        let engineer = json!({"party": site.general_contractor, "role": "supervising_engineer"});
        let engineer = manager.post(&below("parties"), engineer).send().await.expect(201);
        let named = vec![
            ("participation", text(&engineer["id"])),
            ("bank_sheet", bank_sheet),
            ("bank_layout", text(&layouts[0]["id"])),
            ("project", site.id.to_string()),
            ("party", site.general_contractor.to_string()),
            ("account", account),
            ("worker", text(&person["worker_id"])),
            ("enrolment", text(&enrolled["results"][0]["enrolment"]["id"])),
            ("deposit", text(&deposit["deposit"]["id"])),
            ("case", text(&case["id"])),
            ("matter", text(&matter["id"])),
            ("doubt", text(&doubts["items"][0]["id"])),
            ("device", text(&device["device"]["id"])),
            ("answer", text(&answer["id"])),
            ("refusal", text(&permit["id"])),
            ("override", text(&set_aside["id"])),
            ("clearing", clearing(app, site.id, line, document.parse().unwrap())),
            ("document", document),
            ("sheet", sheet.to_string()),
            ("line", line.to_string()),
            ("run", run.to_string()),
            ("wage_item", wage_item.to_string()),
            ("key", text(&key["id"])),
            ("app", text(&upload["app"]["id"])),
            ("bank_key", text(&bank_key["key"]["id"])),
            ("webhook", webhook),
            ("webhook_call", webhook_call),
            ("report_platform", text(&platform["id"])),
            ("report", report),
            ("sender", sender.to_string()),
            ("user", user.to_string()),
            ("grant", grant.id.to_string()),
            ("amendment", text(&amendment["id"])),
            ("file", text(&statement["inbox_id"])),
            ("inbox", quarantined.0),
            ("item", quarantined.1),
            ("sheet_file", pay_sheet_file(app, site.id)),
            ("roster", roster_file(app, site.id)),
            ("correction", correction(app, site.id, who.0, who.1)),
            ("registration", registration(app, site.id, who.0, who.1)),
            ("job", work.0),
            ("mail", work.1),
        ];
        Side { region, project: site.id, general_contractor: site.general_contractor, account: account_id, serial, crew, named }
    }

    /// A body that a route reads, about this side; `None` for a route that this test does not know.
    pub fn body(&self, method: &Method, path: &str) -> Option<Value> {
        let of = |name: &str| self.named(name).unwrap().to_owned();
        let line = || json!({"line": of("line"), "amount": "1.00", "reason": "测试"});
        let amendment = || {
            json!({
                "kind": "law", "file": "law/nothing.toml", "wording": "x = 1", "reason": "测试", "document": "测试", "seen": 0,
            })
        };
        assert_eq!(method, Method::POST, "{path}: only POST takes JSON so far");
        let rest = path.strip_prefix("/api/v1/").unwrap_or(path);
        if rest == "projects/{project}/parties" {
            return Some(json!({"party": self.general_contractor, "role": "subcontractor"}));
        }
        Some(match rest.strip_prefix("projects/{project}/").unwrap_or(rest) {
            "sessions" => json!({"login": "nobody.here", "password": "not the password"}),
            "sessions/refresh" => json!({"refresh_token": "none"}),
            "me/email" => json!({"email": "nobody@example.cn", "language": "zh"}),
            "me/password" => json!({"old": "not the password", "new": "another password 1"}),
            "users" => json!({"login": "new.user", "name": "新用户", "password": "first password"}),
            "users/{user}/grants" => json!({"role": "grid_officer", "scope": "region", "value": self.region}),
            "users/{user}/password" => json!({"password": "first password"}),
            "bank-events" => json!({
                "event_id": "rights", "type": "balance", "occurred_at": "2026-03-02T08:00:00+08:00", "account": "330500010001",
                "body": {"amount": "0.00", "date": "2026-03-01"},
            }),
            "bank-keys" => json!({"user": of("sender"), "name": "测试", "kind": "hmac"}),
            "bank-keys/{bank_key}/rotation" => json!({"overlap_hours": 1}),
            "api-keys" => json!({"name": "测试", "role": "bank", "scope": "region", "value": self.region}),
            "platform-apps" => json!({"name": "测试应用", "project": self.project}),
            "platform-apps/{app}/state" => json!({"state": "disabled"}),
            "platform-apps/{app}/terms" => json!({"name": "测试应用"}),
            "webhooks" => json!({
                "name": "测试", "scope": "region", "value": self.region, "events": ["case.opened"], "fields": ["kind"],
                "address": "https://partner.example.cn/",
            }),
            "webhooks/{webhook}/state" => json!({"state": "disabled"}),
            "webhooks/{webhook}/secret" => json!({"overlap_hours": 1}),
            "report-platforms" => json!({
                "name": "测试平台", "address": "https://other.example.cn/open.api", "app_id": "1",
                "secret": "AnxinDemoSecret0AnxinDemoSecret1",
            }),
            "report-platforms/{report_platform}/terms" => json!({}),
            "report-platforms/{report_platform}/state" => json!({"state": "paused"}),
            "report-records/{report}/settled" => json!({"note": "测试"}),
            "report-records/{report}/fields" => json!({"fields": {"linkMan": "测试"}}),
            "amendments" => amendment(),
            "amendments/{amendment}/approve" | "amendments/{amendment}/reject" | "amendments/{amendment}/withdraw" => {
                json!({"note": "测试"})
            }
            "law/laboratory" => {
                json!({"set": [{"key": "deadline.account_open", "value": "10"}], "from": "2026-03-01", "to": "2026-03-02"})
            }
            "quarantine/{item}/dismiss" | "jobs/{job}/dismiss" | "mails/{mail}/dismiss" => json!({"note": "测试"}),
            "parties" => {
                json!({"uscc": crate::suite::ground::uscc(990), "name": "测试新单位", "kind": "enterprise", "parent": null})
            }
            "parties/{party}/credit" => {
                json!({"kind": "not_listed", "region": self.region, "valid_on": "2026-03-01", "source": "测试"})
            }
            "projects" => json!({
                "code": "T-NEW", "name": "新项目", "region": self.region, "owner": self.general_contractor,
                "general_contractor": self.general_contractor,
            }),
            "parties/{participation}/end" => json!({"reason": "测试退出"}),
            "crews" => json!({"name": "新班组", "party": self.general_contractor}),
            "overrides" => {
                json!({"answer": of("refusal"), "reason": "测试理由", "legal_ground": "测试依据", "until_on": "2026-03-20"})
            }
            "overrides/{override}/decisions" => json!({"verdict": "approved", "note": "测试说明"}),
            "gates/answers/{answer}/certificate" => json!({}),
            "gates/{gate}/batch" => json!({"questions": [{"project": of("project")}]}),
            "facts" => json!({"valid_on": "2026-03-01", "fact": {"kind": "pay_day", "day": 15}}),
            "enrolments" => json!({"items": [worker(77, &self.crew)]}),
            "roster-imports/{roster}/take" => json!({}),
            "roster-imports/{roster}/rows" => json!({"row": 2, "cells": {}}),
            "roster" => json!({"purpose": "核对测试"}),
            "day-corrections" => json!({
                "enrolment": of("enrolment"), "worked_on": "2026-03-02", "first": "08:00", "last": "18:00", "reason": "漏打卡，测试",
            }),
            "exceptional-registrations" => json!({
                "enrolment": of("enrolment"), "reason": "short_stay", "note": "短期用工，测试", "pay_route": "own_card",
                "until_on": "2026-03-20",
            }),
            "exceptional-registrations/{registration}/decision" => json!({"step": "confirmed"}),
            "day-corrections/{correction}/decision" => json!({"step": "confirmed"}),
            "enrolments/{enrolment}/leave" => json!({"left_on": "2026-03-01"}),
            "enrolments/{enrolment}/terms" => json!({"day_rate": "330.00"}),
            "enrolments/{enrolment}/unmask" => json!({"field": "phone", "purpose": "核对测试"}),
            "notice-board" => json!({"items": ["owner"], "photo_on": "2026-03-01"}),
            "deposits" => {
                json!({"kind": "cash", "amount": "10.00", "issuer": "测试银行", "lodged_on": "2026-03-01"})
            }
            "deposits/{deposit}/events" => json!({"kind": "publicity_started", "happened_on": "2026-03-01"}),
            "matters" => json!({"kind": "account_freeze", "happened_on": "2026-03-01", "reason": "other_debt"}),
            "matters/{matter}/steps" | "deposit-matters/{matter}/steps" => {
                json!({"step": "objection", "happened_on": "2026-03-01"})
            }
            "deposit-matters" => json!({
                "kind": "deposit_order", "happened_on": "2026-03-01", "due_on": "2026-03-02", "amount": "1.00",
                "subject": of("deposit"),
            }),
            "clearings" => json!({
                "payer": "contractor", "reference": "TEST-1", "paid_on": "2026-03-01", "document_id": of("document"),
                "items": [{"line": of("line"), "amount": "1.00"}],
            }),
            "clearings/{clearing}/decision" => json!({"step": "refused", "note": "测试说明"}),
            "accounts" => super::super::accounts::account_body("330500019999", ""),
            "accounts/{account}/bank-sheets/{bank_sheet}" => json!({}),
            "accounts/{account}/filing" => json!({"filed_on": "2026-03-01"}),
            "accounts/{account}/closing" => json!({"closed_on": "2026-03-01"}),
            "devices" => json!({"serial": self.serial, "project": self.project, "gate": "2号门"}),
            "devices/{device}/orders" => json!({"order": "info"}),
            "devices/{device}/settings" => json!({"heartbeat_minutes": 30}),
            "devices/{device}/credentials" => json!({"what": "secret"}),
            "pay-sheets" => json!({"month": "2026-02"}),
            "pay-sheets/{sheet}/signatures" => {
                json!({"items": [{"line": of("line"), "means": "paper", "signed_on": "2026-03-01"}]})
            }
            "pay-sheets/{sheet}/deductions" | "pay-sheets/{sheet}/disputes" => line(),
            "pay-sheets/{sheet}/items" => json!({
                "line": of("line"), "kind": "allowance", "label": "测试", "quantity": "1", "unit_price": "1.00",
            }),
            "pay-sheets/{sheet}/items/{wage_item}/steps" => json!({"step": "withdrawn", "note": "测试"}),
            "pay-sheets/{sheet}/send-back" | "pay-sheets/{sheet}/publish" | "pay-sheets/{sheet}/close" => json!({"note": "测试"}),
            "pay-sheets/{sheet}/corrections" => json!({"line": of("line"), "reason": "测试"}),
            "pay-sheets/{sheet}/left-out" => json!({"lines": [of("line")], "note": "测试"}),
            "pay-sheets/{sheet}/lines/{line}/corrections" => json!({"kind": "back_pay", "amount": "1.00", "reason": "测试"}),
            "pay-sheets/{sheet}/lines/{line}/slip" => json!({"how": "测试"}),
            "pay-sheet-imports/{sheet_file}" | "pay-sheet-imports/{sheet_file}/refused" => json!({"month": "2026-02"}),
            "pay-sheets/{sheet}/sign-links" => json!({}),
            "pay-sheets/{sheet}/xlsx" => json!({"purpose": "核对测试"}),
            "pay-runs" => json!({"sheet": of("sheet")}),
            "opening-arrears" => json!({
                "month": "2025-12", "due_on": "2026-01-15", "document": of("document"), "note": "测试欠条",
                "items": [{"enrolment": of("enrolment"), "amount": "1.00"}],
            }),
            "bank-files/{file}/void" => json!({"note": "测试作废"}),
            "bank-files/{file}/void/decision" => json!({"approves": false, "note": "测试不作废"}),
            "doubts/{doubt}" => json!({"answer": "no_wage_refund", "document_id": of("document"), "note": "测试答复"}),
            "doubts/{doubt}/decision" => json!({"approves": false, "note": "测试不采用"}),
            "pay-runs/{run}/inquiries" => json!({"kind": "asked", "note": "测试查询"}),
            "pay-sheets/{sheet}/releases" => json!({"line": of("line"), "note": "测试放行"}),
            "enrolments/{enrolment}/pay-hold" => json!({"is_held": true, "note": "测试暂缓"}),
            "enrolments/{enrolment}/card-holder" => json!({"holder": "测试工人", "source": "测试"}),
            "bank-profiles" => json!({"code": "test-bank", "name": "测试银行"}),
            "accounts/{account}/profile" => json!({"profile": "default"}),
            "matches/{month}/decisions" => json!({
                "subject": of("worker"), "kind": "paid_without_attendance", "basis": "", "found": "explained", "note": "测试",
            }),
            "claim-comparisons" => json!({"from": "2026-01", "until": "2026-01", "items": []}),
            "card-movements" => json!({"items": []}),
            "cases" => json!({"kind": "complaint"}),
            "cases/{case}/close" => json!({"outcome": "调解"}),
            "gates/{gate}" => json!({"project": self.project}),
            _ => return None,
        })
    }
}

/// Something that a bank handed in for the project and that could not be taken.
fn quarantined(app: &App, project: ProjectId) -> (String, String) {
    let kept = app.write(move |tx, ctx| {
        let message = Message {
            feed: "bankfile",
            source: "test".to_owned(),
            project: Some(project),
            request: "一月.xml".to_owned(),
            content_type: None,
            content_encoding: None,
            body: b"<x/>".to_vec(),
            remote: None,
            received_at: ctx.now,
        };
        let parsed = Parsed { state: InboxState::Quarantined, parser: "test/1", items: 0, items_digest: String::new() };
        let rejected = Rejected {
            item: 1,
            place: "row 1".to_owned(),
            reason: "bad_format".to_owned(),
            zh: "无法读取。".to_owned(),
            en: "It cannot be read.".to_owned(),
        };
        let (inbox_id, id) = (InboxId(ctx.id()), QuarantineId(ctx.id()));
        inbox::keep(tx.conn(), ctx.vault(), inbox_id, &message, &parsed)?;
        inbox::quarantine(tx.conn(), id, inbox_id, &rejected, ctx.now)?;
        Ok((inbox_id.to_string(), id.to_string()))
    });
    kept.unwrap()
}

/// The same call after its last try.
fn failed(app: &App, call: &str) -> String {
    let id: RecordId = call.parse().unwrap();
    app.write(move |tx, _| {
        let row = webhooks::table::call(tx.conn(), id)?.unwrap();
        let state = webhooks::CallState::Failed;
        Ok(webhooks::table::save_call(tx.conn(), &webhooks::table::CallRow { state, ..row })?)
    })
    .unwrap();
    call.to_owned()
}

/// A record that a platform refused.
fn report(app: &App, project: ProjectId, platform: &str) -> String {
    let platform: RecordId = platform.parse().unwrap();
    let kept = app.write(move |tx, ctx| {
        let row = RecordRow {
            id: RecordId(ctx.id()),
            project_id: project,
            platform_id: platform,
            kind: ReportKind::Company,
            rank: ReportKind::Company.rank(),
            key: "test".to_owned(),
            parent_kind: None,
            parent: None,
            subject_id: 1,
            title: "测试单位".to_owned(),
            on_day: ctx.today,
            root: "test".to_owned(),
            wanted: "test".to_owned(),
            body: ctx.vault().seal(tx.conn(), Owner::Project(project), b"{\"root\":{},\"item\":{},\"team\":null}")?,
            accepted: None,
            accepted_body: None,
            accepted_at: None,
            state: RecordState::Refused,
            reason: "测试".to_owned(),
            call_id: None,
            number: None,
            remote_code: None,
            is_alone: 0,
            changed_at: ctx.now,
            previous: None,
            tries: 0,
            failing_since: None,
            next_at: ctx.now,
        };
        insert_record(tx.conn(), &row)?;
        Ok(row.id.to_string())
    });
    kept.unwrap()
}

/// A pay sheet made elsewhere, kept and not taken yet.
fn pay_sheet_file(app: &App, project: ProjectId) -> String {
    let kept = app.write(move |tx, ctx| {
        let site = anxin::projects::site(tx.conn(), project)?;
        let bytes = "姓名,身份证号,应发,实发\n测试,11010119900101001X,1.00,1.00\n".as_bytes().to_vec();
        let file = SheetFile { name: Some("二月.csv".to_owned()), content_type: "text/csv".to_owned(), bytes };
        anxin::payroll::imports::actions::keep_file(tx, ctx, &site, &file)
    });
    kept.unwrap().to_string()
}

/// A roster that was handed in and not taken yet.
fn roster_file(app: &App, project: ProjectId) -> String {
    let kept = app.write(move |tx, ctx| {
        let site = anxin::projects::site(tx.conn(), project)?;
        let bytes = "统一社会信用代码,班组,姓名,身份证号,工种,手机号\n91119999MA0000007J,一班,测试,1,020,1\n".as_bytes().to_vec();
        let file = RosterFile { name: Some("花名册.csv".to_owned()), content_type: "text/csv".to_owned(), bytes };
        let defaults = Defaults { day_rate: None, entered_on: ctx.today, paper: Paper::None, safety_trained: false };
        let new = NewImport { kind: SheetKind::Roster, month: None, defaults, columns: None };
        let read = columns::read(ctx, project, &file, &new)?;
        rosters::hand_in(tx, ctx, &site, &file, &read, &new).map(|row| row.id)
    });
    kept.unwrap().to_string()
}

/// A payment outside the wage account that somebody told and nobody decided about.
fn clearing(app: &App, project: ProjectId, line: LineId, document_id: DocumentId) -> String {
    let told_by = app.client(Role::GridOfficer, ScopeOn::Project(project)).user;
    let kept = app.write(move |tx, ctx| {
        let chain = Chain::Project(project);
        let row = ToldRow {
            project_id: project,
            id: RecordId(ctx.id()),
            payer: Payer::Contractor,
            reference: "TOLD-1".to_owned(),
            paid_on: ctx.today,
            document_id,
            items: serde_json::to_string(&[(line, Fen(100))]).unwrap(),
            told_by,
            recorded_by: ctx.actor().to_owned(),
            recorded_at: ctx.now,
            recorded_seq: tx.seq(chain)?,
        };
        anxin::payroll::outside::telling::table::insert(tx, &row)?;
        tx.note(chain, ctx.now, ctx.actor(), "test_clearing", &row.id.to_string())?;
        Ok(row.id)
    });
    kept.unwrap().to_string()
}

/// A correction that somebody proposed and nobody decided about.
fn correction(app: &App, project: ProjectId, enrolment: RecordId, worker: WorkerId) -> String {
    let proposer = app.client(Role::GridOfficer, ScopeOn::Project(project)).user;
    let kept = app.write(move |tx, ctx| {
        let chain = Chain::Project(project);
        let row = CorrectionRow {
            project_id: project,
            id: RecordId(ctx.id()),
            enrolment_id: enrolment,
            worker_id: worker,
            worked_on: ctx.today.plus_days(-1),
            first_time: 8 * 3600,
            last_time: 18 * 3600,
            hundredths: 100,
            was_hundredths: None,
            reason: "漏打卡".to_owned(),
            document_id: None,
            proposed_by: proposer,
            recorded_by: ctx.actor().to_owned(),
            recorded_at: ctx.now,
            recorded_seq: tx.seq(chain)?,
        };
        corrections::table::insert(tx, &row)?;
        tx.note(chain, ctx.now, ctx.actor(), "test_correction", &row.id.to_string())?;
        Ok(row.id)
    });
    kept.unwrap().to_string()
}

/// A registration by exception that somebody proposed and nobody decided about.
fn registration(app: &App, project: ProjectId, enrolment: RecordId, worker: WorkerId) -> String {
    let proposer = app.client(Role::GridOfficer, ScopeOn::Project(project)).user;
    let kept = app.write(move |tx, ctx| {
        let chain = Chain::Project(project);
        let row = exceptions::table::RegistrationRow {
            project_id: project,
            id: RecordId(ctx.id()),
            enrolment_id: enrolment,
            worker_id: worker,
            reason: exceptions::ExceptionReason::NoIdCard,
            note: "测试登记".to_owned(),
            official_text: None,
            pay_route: exceptions::PayRoute::OwnCard,
            route_reason: None,
            route_document_id: None,
            medical_document_id: None,
            insurance_document_id: None,
            second_means: Some("两人指认".to_owned()),
            from_on: ctx.today,
            until_on: ctx.today.plus_days(10),
            renews_id: None,
            proposed_by: proposer,
            recorded_by: ctx.actor().to_owned(),
            recorded_at: ctx.now,
            recorded_seq: tx.seq(chain)?,
        };
        exceptions::table::insert(tx, &row)?;
        tx.note(chain, ctx.now, ctx.actor(), "test_registration", &row.id.to_string())?;
        Ok(row.id)
    });
    kept.unwrap().to_string()
}

/// What waits to be done for a user: of the whole house, since no job and no mail belongs to a region.
fn job_and_mail(app: &App, user: UserId) -> (String, String) {
    let kept = app.write(move |tx, ctx| {
        let (job, mail) = (ctx.id(), ctx.id());
        jobs::enqueue(tx.conn(), job, "rights", &user.to_string(), ctx.now)?;
        let new = NewMail {
            user,
            dedupe: format!("rights {user}"),
            language: "zh".to_owned(),
            kind: "digest",
            subject: "测试".to_owned(),
            body: "测试".to_owned(),
        };
        outbox::enqueue(tx.conn(), ctx.vault(), mail, &new, "anxin.test", ctx.now)?;
        Ok((JobId(job).to_string(), RecordId(mail).to_string()))
    });
    kept.unwrap()
}

fn paper(app: &App, project: ProjectId) -> String {
    let kept = app.write(move |tx, ctx| {
        let new = NewDocument {
            kind: DocumentKind::Contract,
            name: "二月.pdf".to_owned(),
            media_type: "application/pdf".to_owned(),
            bytes: b"%PDF-1.4 invented".to_vec(),
        };
        documents::actions::keep(tx, ctx, project, &new)
    });
    kept.unwrap().id.to_string()
}

/// Sheet, line, run and item.
type Wages = (SheetId, LineId, PayRunId, RecordId);

/// A sheet of one line with a run that was sent.
fn wages(app: &App, project: ProjectId, account: AccountId, who: (RecordId, WorkerId)) -> Wages {
    let made = app.write(move |tx, ctx| {
        let chain = Chain::Project(project);
        let recorded_seq = tx.seq(chain)?;
        let (sheet_id, line_id, run_id) = (SheetId(ctx.id()), LineId(ctx.id()), PayRunId(ctx.id()));
        let due_on = "2026-02-28".parse().unwrap();
        let sheet = SheetRow {
            project_id: project,
            id: sheet_id,
            month: anxin::base::Month::of(2026, 1).unwrap(),
            part: 1,
            state: SheetState::Audited,
            line_count: 1,
            total_fen: Fen(100),
            due_on,
            version: 1,
            built_by: "test".into(),
            submitted_by: None,
            audited_by: None,
            audited_on: None,
            recorded_seq,
        };
        insert_sheet(tx, &sheet)?;
        let line = LineRow {
            project_id: project,
            id: line_id,
            sheet_id,
            enrolment_id: who.0,
            worker_id: who.1,
            days_hundredths: 100,
            day_rate_fen: Fen(100),
            gross_fen: Fen(100),
            deductions_fen: Fen::ZERO,
            net_fen: Fen(100),
            due_on,
            state: LineState::Sent,
            state_reason: None,
            disputed_fen: Fen::ZERO,
            attempt: 1,
            paid_on: None,
            paid_fen: Fen::ZERO,
            recorded_seq,
        };
        insert_line(tx, &line)?;
        let item = ItemRow {
            project_id: project,
            id: RecordId(ctx.id()),
            sheet_id,
            line_id,
            kind: ItemKind::Allowance,
            label: "测试".into(),
            quantity_thousandths: 1_000,
            unit_price_fen: Fen(1),
            rate_percent: 100,
            amount_fen: Fen(1),
            source: ItemSource::Entered,
            inbox_id: None,
            entered_by: "test".into(),
            recorded_seq,
        };
        anxin::payroll::items::table::insert(tx, &item)?;
        let file = ctx.vault().seal(tx.conn(), Owner::Project(project), b"<Document/>")?;
        let run = RunRow {
            project_id: project,
            id: run_id,
            sheet_id,
            account_id: account,
            message_id: format!("rights-{run_id}"),
            state: RunState::Sent,
            line_count: 1,
            total_fen: Fen(100),
            file,
            file_sha256: anxin::store::journal::sha256(b"<Document/>"),
            created_by: "test".into(),
            created_at: ctx.now,
            recorded_seq,
        };
        insert_run(tx, &run)?;
        tx.note(chain, ctx.now, ctx.actor(), "test_wages", &run_id.to_string())?;
        Ok((sheet_id, line_id, run_id, item.id))
    });
    made.unwrap()
}
