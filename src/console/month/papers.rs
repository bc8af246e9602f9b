//! Papers of a project, and the dated facts that go with them: agreement, bond, audit, permit, commitment, and the facts without a
//! paper that a first month needs, such as the pay day.

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use super::{amount, amount_opt, attachment, can, decimal, evidence};
use crate::accounts;
use crate::base::id::{DocumentId, ProjectId};
use crate::console::projects::head::Head;
use crate::console::{Frame, Shown, done, show};
use crate::documents::table::DocumentHead;
use crate::documents::{self, DocumentKind, MEDIA_TYPES};
use crate::projects::{self, Fact, FactKind, Recorded, enter};
use crate::web::paging::{Page, PageQuery};
use crate::web::{Access, Form, Problem, Route, Verb, Visit};

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let (read, record) = (Access::Holds(Verb::ReadProjects), Access::Holds(Verb::RecordFacts));
    vec![
        Route::page("/projects/{project}/documents", read, "Papers and facts of a project", || web::get().to(page)),
        Route::form("/projects/{project}/documents", record, "Upload a paper, record what it shows", || web::post().to(take)),
        Route::page("/projects/{project}/documents/{document}", record, "Download a paper", || web::get().to(download))
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
    may_record: bool,
}

impl PapersPage {
    fn media(&self) -> String {
        MEDIA_TYPES.join(",")
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
            let facts = facts.iter().cloned().collect();
            Ok(PapersPage { f: Frame::of(visit), head, papers, next, facts, forms, kinds, industries, may_record })
        })
        .await?;
    show(&page)
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
        FactKind::EntrustedPayment => {
            let (zh, en) = ("该事项请通过接口记录。", "Record this fact through the API.");
            return Err(Problem::invalid(zh, en).at("fact", "bad_format"));
        }
    })
}

async fn take(form: Form, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let kind: Option<DocumentKind> = form.parse_opt("kind")?;
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
            documents::actions::fetch(conn, &visit.ctx, site.id, document)
        })
        .await?;
    attachment(&row.media_type, &row.name, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_asks_for_what_its_fact_says() {
        for form in FORMS {
            assert!(form.fact.is_some() || form.paper.is_some(), "{}", form.en);
        }
        for kind in [FactKind::PayDay, FactKind::PaymentBond, FactKind::PriceAudit, FactKind::Permit] {
            assert_eq!(FORMS.iter().filter(|form| form.fact == Some(kind)).count(), 1, "{kind}");
        }
    }
}
