//! What the form of each fact asks for, and the fact that it was filled in for. Deliberately absent: what is right; the fact checks itself.

use super::{amount, amount_opt, decimal};
use crate::documents::DocumentKind;
use crate::projects::{Fact, FactKind};
use crate::web::{Form, Problem};

/// What an input of a form asks for.
#[derive(Clone, Copy)]
pub enum Ask {
    Money,
    Number,
    Text,
    Day,
    Yes,
    Industry,
    Subcontractor,
}

/// An input: name, Chinese, English, what it asks for, whether it must be filled in.
pub struct Input(pub &'static str, pub &'static str, pub &'static str, Ask, pub bool);

impl Input {
    /// Whether it asks for that.
    pub fn is(&self, word: &str) -> bool {
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
pub struct FactForm {
    pub fact: Option<FactKind>,
    pub paper: Option<DocumentKind>,
    pub zh: &'static str,
    pub en: &'static str,
    pub inputs: &'static [Input],
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
pub const INDUSTRIES: &[(&str, &str)] = &[
    ("building", "房屋建筑"),
    ("municipal", "市政"),
    ("transport", "交通运输"),
    ("rail", "铁路"),
    ("water", "水利"),
    ("other", "其他"),
];

/// Every form of the page.
pub const FORMS: &[FactForm] = &[
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
        FactKind::ProgressPayment,
        None,
        "工程进度款",
        "Progress money",
        &[
            Input("period", "所属月份（如 2026-03）", "Month of the work (like 2026-03)", Ask::Text, true),
            Input("amount", "金额（元）", "Amount (yuan)", Ask::Money, true),
            Input("finished_value", "已完成工程价款（元，如已知）", "Value of finished work (yuan, if known)", Ask::Money, false),
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

/// Whether a field of a fact is an amount.
pub fn is_money(form: Option<&FactForm>, name: &str) -> bool {
    form.is_some_and(|form| form.inputs.iter().any(|input| input.0 == name && input.is("money")))
}

/// The fact that a form was filled in for.
///
/// # Errors
/// `invalid`, naming the field at fault.
pub fn fact_of(form: &Form, kind: FactKind) -> Result<Fact, Problem> {
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
        FactKind::ProgressPayment => Fact::ProgressPayment {
            period: form.parse("period")?,
            amount: amount(form, "amount")?,
            finished_value: amount_opt(form, "finished_value")?,
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
            FactKind::ProgressPayment => {
                r#"{"kind":"progress_payment","period":"2026-03","amount":"1.00","finished_value":"1.00"}"#
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
}
