//! Papers of a project, and the dated facts that go with them: agreement, bond, audit, permit, commitment, and the facts without a
//! paper that a first month needs, such as the pay day.

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use super::people::{self, Company};
use super::{amount, amount_opt, attachment, can, decimal, evidence};
use crate::accounts;
use crate::base::id::{DocumentId, ProjectId};
use crate::console::frame::grouped;
use crate::console::projects::head::Head;
use crate::console::{Frame, Shown, done, show};
use crate::documents::table::DocumentHead;
use crate::documents::{self, DocumentKind, MEDIA_TYPES};
use crate::projects::{self, Fact, FactKind, PartyRole, Recorded, enter};
use crate::store::AnyConn;
use crate::web::paging::{Page, PageQuery};
use crate::web::{Access, Form, Problem, Route, Verb, Visit};

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let (read, record) = (Access::Holds(Verb::ReadProjects), Access::Holds(Verb::RecordFacts));
    vec![
        Route::page("/projects/{project}/documents", read, "Papers and facts of a project", || web::get().to(page)),
        Route::form("/projects/{project}/documents", record, "Upload a paper, record what it shows", || web::post().to(take)),
        Route::page("/projects/{project}/documents/{document}", read, "Download a paper", || web::get().to(download))
            .serves("application/octet-stream"),
    ]
}

/// What an input of a form asks for.
#[derive(Clone, Copy)]
enum Ask {
    Money,
    Number,
    Text,
    Day,
    Yes,
    Industry,
    Subcontractor,
}

/// An input: name, Chinese, English, what it asks for, whether it must be filled in.
struct Input(&'static str, &'static str, &'static str, Ask, bool);

impl Input {
    fn is(&self, word: &str) -> bool {
        let own = match self.3 {
            Ask::Money => "money",
            Ask::Number => "number",
            Ask::Text => "text",
            Ask::Day => "day",
            Ask::Yes => "yes",
            Ask::Industry => "industry",
            Ask::Subcontractor => "subcontractor",
        };
        own == word
    }
}

/// A form: the fact that it records, the paper that shows it, Chinese, English, what it asks for.
struct FactForm {
    fact: Option<FactKind>,
    paper: Option<DocumentKind>,
    zh: &'static str,
    en: &'static str,
    inputs: &'static [Input],
}

const fn form(
    fact: FactKind,
    paper: Option<DocumentKind>,
    zh: &'static str,
    en: &'static str,
    inputs: &'static [Input],
) -> FactForm {
    FactForm { fact: Some(fact), paper, zh, en, inputs }
}

/// Industries that the law's tables name, with their Chinese.
const INDUSTRIES: &[(&str, &str)] = &[
    ("building", "房屋建筑"),
    ("municipal", "市政"),
    ("transport", "交通运输"),
    ("rail", "铁路"),
    ("water", "水利"),
    ("other", "其他"),
];

const FORMS: &[FactForm] = &[
    form(
        FactKind::Contract,
        Some(DocumentKind::Contract),
        "施工合同",
        "Construction contract",
        &[
            Input("sum", "合同价款（元）", "Contract sum (yuan)", Ask::Money, true),
            Input("period_months", "工期（月）", "Period (months)", Ask::Number, true),
        ],
    ),
    form(
        FactKind::LabourCost,
        Some(DocumentKind::Contract),
        "人工费用约定",
        "Agreed labour cost",
        &[
            Input("monthly", "每月金额（元）", "Amount a month (yuan)", Ask::Money, false),
            Input("share", "或占工程款比例（0 至 1）", "or share of project money (0 to 1)", Ask::Number, false),
            Input("transfer_day", "每月拨付日", "Day of transfer in the month", Ask::Number, true),
            Input("cycle_months", "周期（月，不超过 1）", "Cycle (months, at most 1)", Ask::Number, true),
        ],
    ),
    form(
        FactKind::PayDay,
        None,
        "工资支付日",
        "Pay day",
        &[Input("day", "次月几日", "Day of the following month", Ask::Number, true)],
    ),
    form(FactKind::Industry, None, "行业", "Industry", &[Input("industry", "行业", "Industry", Ask::Industry, true)]),
    form(
        FactKind::Funding,
        None,
        "资金来源",
        "Funding",
        &[Input("government", "政府投资项目", "Government money pays for it", Ask::Yes, false)],
    ),
    form(
        FactKind::FundsCommitment,
        Some(DocumentKind::FundsCommitment),
        "资金安排落实的承诺",
        "Commitment that funds are in place",
        &[Input("given", "已作出承诺", "It was given", Ask::Yes, false)],
    ),
    form(
        FactKind::PaymentBond,
        Some(DocumentKind::PaymentBond),
        "工程款支付担保",
        "Payment bond",
        &[
            Input("amount", "担保金额（元）", "Amount (yuan)", Ask::Money, true),
            Input("issuer", "担保人", "Issuer", Ask::Text, true),
            Input("ends_on", "到期日", "Last day", Ask::Day, true),
        ],
    ),
    form(
        FactKind::Permit,
        Some(DocumentKind::Permit),
        "施工许可证",
        "Construction permit",
        &[Input("number", "编号", "Number", Ask::Text, true)],
    ),
    form(FactKind::LabourManager, None, "劳资专管员", "Labour manager", &[Input("name", "姓名", "Name", Ask::Text, true)]),
    form(FactKind::Started, None, "开工", "Work started", &[]),
    form(
        FactKind::Suspension,
        None,
        "停工或复工",
        "Suspension or resumption",
        &[Input("suspended", "停工（不勾选为复工）", "Work stands still (unticked: resumed)", Ask::Yes, false)],
    ),
    form(FactKind::Finished, None, "完工", "Work finished", &[]),
    form(
        FactKind::PriceAudit,
        Some(DocumentKind::PriceAudit),
        "工程造价审核",
        "Price audit",
        &[Input("done", "已完成", "It is done", Ask::Yes, false)],
    ),
    form(
        FactKind::Settlement,
        Some(DocumentKind::Settlement),
        "竣工结算",
        "Completion settlement",
        &[Input("complete", "已办结", "It is complete", Ask::Yes, false)],
    ),
    form(FactKind::Accepted, None, "竣工验收", "Completion accepted", &[]),
    form(
        FactKind::OwnerMoney,
        None,
        "建设单位工程款",
        "The owner's project money",
        &[
            Input("overdue", "逾期未付", "It is overdue", Ask::Yes, false),
            Input("amount", "金额（元，如已知）", "Amount (yuan, if known)", Ask::Money, false),
            Input("led_to_arrears", "因此造成欠薪", "It led to arrears", Ask::Yes, false),
        ],
    ),
    form(
        FactKind::EntrustedPayment,
        Some(DocumentKind::Other),
        "分包委托总包代发工资的协议",
        "Agreement that the general contractor pays for a subcontractor",
        &[Input("subcontractor", "分包单位", "Subcontractor", Ask::Subcontractor, true)],
    ),
    form(FactKind::ClosingPublicity, None, "撤销账户前的公示", "Publicity before closing the account", &[]),
    form(FactKind::ClosingPromise, Some(DocumentKind::Other), "无拖欠承诺", "Promise of no arrears", &[]),
    FactForm {
        fact: None,
        paper: Some(DocumentKind::AccountAgreement),
        zh: "专用账户三方协议",
        en: "Three-party agreement on the wage account",
        inputs: &[Input("filed_on", "账户备案日期（如已备案）", "Account filed on, if it was", Ask::Day, false)],
    },
];

#[derive(Template)]
#[template(path = "console/month/papers.html")]
struct PapersPage {
    f: Frame,
    head: Head,
    papers: Vec<DocumentHead>,
    next: Option<String>,
    facts: Vec<Recorded>,
    forms: &'static [FactForm],
    kinds: &'static [DocumentKind],
    industries: &'static [(&'static str, &'static str)],
    companies: Vec<Company>,
    /// Papers behind facts that the visitor may have.
    open: Vec<DocumentId>,
    may_record: bool,
}

impl PapersPage {
    fn media(&self) -> String {
        MEDIA_TYPES.join(",")
    }

    /// Whether the visitor may have a paper: who may record facts any, others those that hold nobody's numbers.
    fn may_fetch(&self, kind: &DocumentKind) -> bool {
        self.may_record || !kind.is_personal()
    }

    /// Whether the visitor may have the paper behind a fact.
    fn may_open(&self, fact: &Recorded) -> bool {
        fact.document_id.is_some_and(|id| self.open.contains(&id))
    }

    /// The subcontractors of the project.
    fn subcontractors(&self) -> impl Iterator<Item = &Company> {
        self.companies.iter().filter(|company| company.role == PartyRole::Subcontractor)
    }

    /// Title of a fact and what it says, in the page's language.
    fn title(&self, fact: &Fact) -> String {
        let known = FORMS.iter().find(|form| form.fact == Some(fact.kind()));
        known.map_or_else(|| self.f.word(fact.kind().as_str()).into_owned(), |form| self.f.t(form.zh, form.en).to_owned())
    }

    fn details(&self, fact: &Fact) -> String {
        let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(fact) else { return String::new() };
        let form = FORMS.iter().find(|form| form.fact == Some(fact.kind()));
        let shown = |(name, value): (&String, &serde_json::Value)| {
            let label = form.and_then(|form| form.inputs.iter().find(|input| input.0 == name));
            let label = label.map_or_else(|| self.f.word(name).into_owned(), |input| self.f.t(input.1, input.2).to_owned());
            let text = match value {
                serde_json::Value::Bool(yes) => {
                    self.f.t(if *yes { "是" } else { "否" }, if *yes { "yes" } else { "no" }).to_owned()
                }
                serde_json::Value::String(text) if name == "subcontractor" => {
                    let company = self.companies.iter().find(|company| company.id.to_string() == *text);
                    company.map_or_else(|| text.clone(), |company| company.name.clone())
                }
                serde_json::Value::String(text) if is_money(form, name) => grouped(text),
                serde_json::Value::String(text) => {
                    let industry = INDUSTRIES.iter().find(|(word, _)| word == text);
                    industry.map_or_else(|| text.clone(), |(word, zh)| self.f.t(zh, word).to_owned())
                }
                other => other.to_string(),
            };
            format!("{label}: {text}")
        };
        let told = fields.iter().filter(|(name, value)| *name != "kind" && !value.is_null());
        told.map(shown).collect::<Vec<_>>().join(" · ")
    }
}

/// Whether a field of a fact is an amount.
fn is_money(form: Option<&FactForm>, name: &str) -> bool {
    form.is_some_and(|form| form.inputs.iter().any(|input| input.0 == name && input.is("money")))
}

#[derive(Deserialize)]
struct After {
    after: Option<String>,
}

async fn page(visit: Visit, project: web::Path<ProjectId>, query: web::Query<After>) -> Shown {
    let id = project.into_inner();
    let (after, limit) = PageQuery::new(query.into_inner().after, None).bounds()?;
    let page = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, id)?;
            let papers = documents::table::of_project(conn, site.id, after, limit + 1)?;
            let Page { items: papers, next } = Page::cut(papers, limit, |row| row.id.0);
            let facts = projects::actions::facts(conn, &site, visit.ctx.today, None)?;
            let may_record = can(conn, visit, id, Verb::RecordFacts);
            let (forms, kinds, industries) = (FORMS, DocumentKind::ALL, INDUSTRIES);
            let facts: Vec<Recorded> = facts.iter().cloned().collect();
            let behind: Vec<DocumentId> = facts.iter().filter_map(|fact| fact.document_id).collect();
            let open = may_have(conn, visit, id, &behind)?;
            let companies = people::companies(conn, visit, &site)?;
            let f = Frame::of(visit);
            Ok(PapersPage { f, head, papers, next, facts, forms, kinds, industries, companies, open, may_record })
        })
        .await?;
    show(&page)
}

/// Which of these papers of a project the visitor may have: any for who records facts, else those that hold nobody's numbers.
pub(crate) fn may_have(
    conn: &mut AnyConn,
    visit: &Visit,
    project: ProjectId,
    ids: &[DocumentId],
) -> Result<Vec<DocumentId>, Problem> {
    let all = can(conn, visit, project, Verb::RecordFacts);
    let heads = documents::table::heads(conn, project, ids)?;
    Ok(heads.into_iter().filter(|head| all || !head.kind.is_personal()).map(|head| head.id).collect())
}

fn fact_of(form: &Form, kind: FactKind) -> Result<Fact, Problem> {
    let text = |name: &str| form.required(name).map(str::to_owned);
    let day_of_month = |name: &str| -> Result<u32, Problem> {
        let unreadable =
            || Problem::invalid("日应为 1 至 31。", "A day of the month lies between 1 and 31.").at(name, "bad_format");
        form.required(name)?.parse().map_err(|_| unreadable())
    };
    Ok(match kind {
        FactKind::Contract => Fact::Contract { sum: amount(form, "sum")?, period_months: decimal(form, "period_months")? },
        FactKind::LabourCost => Fact::LabourCost {
            share: form.text("share").map(|_| decimal(form, "share")).transpose()?,
            monthly: amount_opt(form, "monthly")?,
            transfer_day: day_of_month("transfer_day")?,
            cycle_months: decimal(form, "cycle_months")?,
        },
        FactKind::PayDay => Fact::PayDay { day: day_of_month("day")? },
        FactKind::Industry => Fact::Industry { industry: text("industry")? },
        FactKind::Funding => Fact::Funding { government: form.ticked("government") },
        FactKind::FundsCommitment => Fact::FundsCommitment { given: form.ticked("given") },
        FactKind::Permit => Fact::Permit { number: text("number")? },
        FactKind::Started => Fact::Started {},
        FactKind::Finished => Fact::Finished {},
        FactKind::Accepted => Fact::Accepted {},
        FactKind::Settlement => Fact::Settlement { complete: form.ticked("complete") },
        FactKind::Suspension => Fact::Suspension { suspended: form.ticked("suspended") },
        FactKind::PaymentBond => {
            Fact::PaymentBond { amount: amount(form, "amount")?, issuer: text("issuer")?, ends_on: form.parse("ends_on")? }
        }
        FactKind::PriceAudit => Fact::PriceAudit { done: form.ticked("done") },
        FactKind::LabourManager => Fact::LabourManager { name: text("name")? },
        FactKind::OwnerMoney => Fact::OwnerMoney {
            overdue: form.ticked("overdue"),
            amount: amount_opt(form, "amount")?,
            led_to_arrears: form.ticked("led_to_arrears"),
        },
        FactKind::ClosingPublicity => Fact::ClosingPublicity {},
        FactKind::ClosingPromise => Fact::ClosingPromise {},
        FactKind::EntrustedPayment => Fact::EntrustedPayment { subcontractor: form.parse("subcontractor")? },
    })
}

async fn take(form: Form, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let kind: Option<DocumentKind> = form.parse_opt("kind")?;
    if kind.is_none() && form.file_opt("file").is_some() {
        let (zh, en) = ("请选择资料的种类；文件没有保存。", "Choose the kind of the paper; the file was not kept.");
        return Err(Problem::invalid(zh, en).at("kind", "missing_field"));
    }
    let paper = kind.and_then(|kind| evidence::uploaded(&form, "file", kind));
    let fact = form.parse_opt::<FactKind>("fact")?.map(|kind| fact_of(&form, kind)).transpose()?;
    let valid_on = if fact.is_some() { form.parse("valid_on")? } else { form.visit.ctx.today };
    let filed_on = form.parse_opt("filed_on")?;
    if paper.is_none() && fact.is_none() && filed_on.is_none() {
        form.file("file")?;
    }
    let files = filed_on.map(|day| form.ctx(Verb::OpenAccounts).map(|ctx| (day, ctx))).transpose()?;
    form.write(Verb::RecordFacts, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        let document = evidence::kept(tx, ctx, &site, paper.as_ref())?;
        if let Some(fact) = &fact {
            projects::actions::record_fact(tx, ctx, &site, valid_on, fact, document)?;
        }
        if let Some((filed_on, ctx)) = &files {
            let site = enter(tx.conn(), &ctx.scope, id)?;
            let account = accounts::actions::account_on(tx.conn(), &site, ctx.today)?.ok_or_else(|| {
                Problem::invalid(
                    "本项目没有在用的专用账户，请先登记账户。",
                    "The project has no wage account in use; open it first.",
                )
                .at("filed_on", "unknown_account")
            })?;
            accounts::actions::file_account(tx, ctx, &site, account.id, *filed_on)?;
        }
        Ok(())
    })
    .await?;
    done(&format!("/projects/{id}/documents"), "paper_kept", 1)
}

async fn download(visit: Visit, path: web::Path<(ProjectId, DocumentId)>) -> Shown {
    let (id, document) = path.into_inner();
    let (row, bytes) = visit
        .read(move |conn, visit| {
            let site = enter(conn, &visit.ctx.scope, id)?;
            let (row, bytes) = documents::actions::fetch(conn, &visit.ctx, site.id, document)?;
            if row.kind.is_personal() && !can(conn, visit, id, Verb::RecordFacts) {
                return Err(Problem::not_allowed());
            }
            Ok((row, bytes))
        })
        .await?;
    attachment(&row.media_type, &row.name, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fact of a kind with a value in every field, as the store keeps it.
    fn full(kind: FactKind) -> Fact {
        let text = match kind {
            FactKind::Contract => r#"{"kind":"contract","sum":"1.00","period_months":"1"}"#,
            FactKind::LabourCost => {
                r#"{"kind":"labour_cost","share":"0.2","monthly":"1.00","transfer_day":1,"cycle_months":"1"}"#
            }
            FactKind::PayDay => r#"{"kind":"pay_day","day":1}"#,
            FactKind::Industry => r#"{"kind":"industry","industry":"building"}"#,
            FactKind::Funding => r#"{"kind":"funding","government":true}"#,
            FactKind::FundsCommitment => r#"{"kind":"funds_commitment","given":true}"#,
            FactKind::Permit => r#"{"kind":"permit","number":"1"}"#,
            FactKind::Settlement => r#"{"kind":"settlement","complete":true}"#,
            FactKind::Suspension => r#"{"kind":"suspension","suspended":true}"#,
            FactKind::PaymentBond => r#"{"kind":"payment_bond","amount":"1.00","issuer":"x","ends_on":"2027-01-01"}"#,
            FactKind::PriceAudit => r#"{"kind":"price_audit","done":true}"#,
            FactKind::OwnerMoney => r#"{"kind":"owner_money","overdue":true,"amount":"1.00","led_to_arrears":true}"#,
            FactKind::LabourManager => r#"{"kind":"labour_manager","name":"x"}"#,
            FactKind::EntrustedPayment => r#"{"kind":"entrusted_payment","subcontractor":"pty-0CJ1V8Q2M0001"}"#,
            FactKind::Started => r#"{"kind":"started"}"#,
            FactKind::Finished => r#"{"kind":"finished"}"#,
            FactKind::Accepted => r#"{"kind":"accepted"}"#,
            FactKind::ClosingPublicity => r#"{"kind":"closing_publicity"}"#,
            FactKind::ClosingPromise => r#"{"kind":"closing_promise"}"#,
        };
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_form_asks_for_what_its_fact_says() {
        for kind in FactKind::ALL {
            let forms: Vec<&FactForm> = FORMS.iter().filter(|form| form.fact == Some(*kind)).collect();
            let [form] = forms[..] else { panic!("{kind} has {} forms", forms.len()) };
            let fact = full(*kind);
            assert_eq!(fact.kind(), *kind);
            let serde_json::Value::Object(fields) = serde_json::to_value(&fact).unwrap() else { panic!("{kind}") };
            let mut said: Vec<&str> = fields.keys().map(String::as_str).filter(|name| *name != "kind").collect();
            let mut asked: Vec<&str> = form.inputs.iter().map(|input| input.0).collect();
            said.sort_unstable();
            asked.sort_unstable();
            assert_eq!(asked, said, "{kind}");
        }
        assert!(FORMS.iter().all(|form| form.fact.is_some() || form.paper.is_some()));
    }

    #[test]
    fn papers_that_may_hold_numbers_of_people_are_personal() {
        for kind in DocumentKind::ALL {
            let personal = matches!(kind.as_str(), "work_paper" | "signed_sheet" | "other");
            assert_eq!(kind.is_personal(), personal, "{kind}");
        }
    }
}
