//! The facts of the gates: their names, when each stands against an application, and the words for reasons and cures.

use serde::{Deserialize, Serialize};

use crate::base::{Day, Fen};
use crate::law::facts::Fact;
use crate::law::questions::given::choices;

use super::{ArrearsDetail, CureItem, GateQuestion, UsedFact};

choices! {
    /// A fact that a gate may ask for.
    FactName {
        /// Commitment that construction funds are in place.
        FundsCommitment = "funds_commitment",
        /// Wages are owed.
        Arrears = "arrears",
        /// Open arrears cases.
        OpenCases = "open_cases",
        /// Arbitration or lawsuit over pay.
        PayDisputeOpen = "pay_dispute_open",
        /// Full days of publicity.
        PublicityDay = "publicity_day",
        /// The owner owes project money.
        OwnerOverdue = "owner_overdue",
        /// That led to wage arrears.
        OwnerOverdueLedToArrears = "owner_overdue_led_to_arrears",
        /// The payment bond is valid.
        PaymentBondValid = "payment_bond_valid",
        /// Paid by government funds.
        GovernmentFunded = "government_funded",
        /// The price was audited.
        PriceAudited = "price_audited",
        /// The settlement is finished.
        Settled = "settled",
        /// Work is finished.
        WorkFinished = "work_finished",
        /// The written promise was given.
        PromiseGiven = "promise_given",
    }
}

/// What is known for a gate. Nothing has a default: whoever asks says what is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateFacts {
    /// Commitment that construction funds are in place.
    pub funds_commitment: Fact<bool>,
    /// Wages are owed.
    pub arrears: Fact<bool>,
    /// Open arrears cases.
    pub open_cases: Fact<u32>,
    /// Arbitration or lawsuit over pay.
    pub pay_dispute_open: Fact<bool>,
    /// Full days of publicity, the first day not counted.
    pub publicity_day: Fact<u32>,
    /// The owner owes project money that is due.
    pub owner_overdue: Fact<bool>,
    /// The owner's debt led to wage arrears.
    pub owner_overdue_led_to_arrears: Fact<bool>,
    /// The owner's payment bond is there and valid.
    pub payment_bond_valid: Fact<bool>,
    /// Paid by government funds.
    pub government_funded: Fact<bool>,
    /// The price was audited.
    pub price_audited: Fact<bool>,
    /// The settlement is finished.
    pub settled: Fact<bool>,
    /// Day of completion acceptance.
    pub accepted_on: Fact<Day>,
    /// Work is finished.
    pub work_finished: Fact<bool>,
    /// The written promise of no arrears was given.
    pub promise_given: Fact<bool>,
}

impl GateFacts {
    /// Nothing is known; `keeper` must supply everything.
    pub fn unknown(keeper: &str) -> GateFacts {
        GateFacts {
            funds_commitment: Fact::not_known(keeper),
            arrears: Fact::not_known(keeper),
            open_cases: Fact::not_known(keeper),
            pay_dispute_open: Fact::not_known(keeper),
            publicity_day: Fact::not_known(keeper),
            owner_overdue: Fact::not_known(keeper),
            owner_overdue_led_to_arrears: Fact::not_known(keeper),
            payment_bond_valid: Fact::not_known(keeper),
            government_funded: Fact::not_known(keeper),
            price_audited: Fact::not_known(keeper),
            settled: Fact::not_known(keeper),
            accepted_on: Fact::not_known(keeper),
            work_finished: Fact::not_known(keeper),
            promise_given: Fact::not_known(keeper),
        }
    }

    /// Whether the fact stands against the application; `None` where it is not known. `publicity` is the days that publicity lasts.
    pub fn stands_against(&self, fact: FactName, publicity: Option<u32>) -> Option<bool> {
        match fact {
            FactName::OpenCases => self.open_cases.get().map(|cases| cases > 0),
            FactName::PublicityDay => self.publicity_day.get().zip(publicity).map(|(day, days)| day < days),
            _ => self.truth(fact).and_then(Fact::get).map(|truth| truth == bad(fact)),
        }
    }

    fn truth(&self, fact: FactName) -> Option<&Fact<bool>> {
        Some(match fact {
            FactName::FundsCommitment => &self.funds_commitment,
            FactName::Arrears => &self.arrears,
            FactName::PayDisputeOpen => &self.pay_dispute_open,
            FactName::OwnerOverdue => &self.owner_overdue,
            FactName::OwnerOverdueLedToArrears => &self.owner_overdue_led_to_arrears,
            FactName::PaymentBondValid => &self.payment_bond_valid,
            FactName::GovernmentFunded => &self.government_funded,
            FactName::PriceAudited => &self.price_audited,
            FactName::Settled => &self.settled,
            FactName::WorkFinished => &self.work_finished,
            FactName::PromiseGiven => &self.promise_given,
            FactName::OpenCases | FactName::PublicityDay => return None,
        })
    }

    fn text(&self, fact: FactName) -> Fact<String> {
        match fact {
            FactName::OpenCases => self.open_cases.map(ToString::to_string),
            FactName::PublicityDay => self.publicity_day.map(ToString::to_string),
            _ => self.truth(fact).map_or_else(|| Fact::not_known(""), |fact| fact.map(ToString::to_string)),
        }
    }

    pub(super) fn shown(&self, fact: FactName) -> String {
        self.text(fact).value().cloned().unwrap_or_else(|| "not known".to_owned())
    }

    pub(super) fn known(&self, fact: FactName) -> bool {
        self.text(fact).value().is_some()
    }

    pub(super) fn source(&self, fact: FactName) -> Option<String> {
        self.text(fact).source().map(str::to_owned)
    }

    /// The fact as it was used.
    pub(super) fn used(&self, fact: FactName) -> UsedFact {
        let text = self.text(fact);
        UsedFact {
            fact,
            value: text.value().cloned(),
            source: text.source().map(str::to_owned),
            seen_at: text.seen_at(),
            keeper: text.keeper().map(str::to_owned),
        }
    }

    pub(super) fn keeper(&self, fact: FactName) -> Option<String> {
        self.text(fact).keeper().map(str::to_owned)
    }
}

/// The value of a yes-or-no fact that stands against an application; each has the same one at every gate.
fn bad(fact: FactName) -> bool {
    !matches!(
        fact,
        FactName::FundsCommitment
            | FactName::PaymentBondValid
            | FactName::PriceAudited
            | FactName::Settled
            | FactName::WorkFinished
            | FactName::PromiseGiven
    )
}

/// The fact as it stands against the application, or as it is missing, in Chinese and English.
pub(super) fn label(fact: FactName, known: bool) -> (String, String) {
    let (zh, en) = words(fact).0;
    if known { (zh.to_owned(), en.to_owned()) } else { (format!("尚不清楚是否{zh}"), format!("not known whether {en}")) }
}

type Pair = (&'static str, &'static str);

/// What stands against it, and what to do about it.
fn words(fact: FactName) -> (Pair, Pair) {
    match fact {
        FactName::FundsCommitment => (
            ("没有建设资金落实承诺", "there is no commitment that construction funds are in place"),
            ("提交建设资金已经落实承诺书", "hand in the commitment that construction funds are in place"),
        ),
        FactName::Arrears => (("存在拖欠工资", "wages are owed"), ("付清拖欠的工资", "pay the wages that are owed")),
        FactName::OpenCases => (("有欠薪案件未办结", "arrears cases are open"), ("办结欠薪案件", "close the open arrears cases")),
        FactName::PayDisputeOpen => (
            ("工资争议仲裁或者诉讼未结", "arbitration or a lawsuit over pay is open"),
            ("了结工资争议的仲裁或者诉讼", "bring arbitration or lawsuit over pay to an end"),
        ),
        FactName::PublicityDay => {
            (("公示期未满", "publicity has not run its days"), ("公示期满", "let the publicity run its days"))
        }
        FactName::OwnerOverdue => (
            ("建设单位拖欠工程款", "the owner owes project money"),
            ("建设单位付清到期工程款", "the owner pays the project money that is due"),
        ),
        FactName::OwnerOverdueLedToArrears => (
            ("建设单位拖欠工程款导致欠薪", "the owner's debt led to wage arrears"),
            ("消除因拖欠工程款导致的欠薪", "clear the arrears that the owner's debt led to"),
        ),
        FactName::PaymentBondValid => (
            ("没有有效的工程款支付担保", "there is no valid payment bond"),
            ("提供有效的工程款支付担保", "give a valid payment bond"),
        ),
        FactName::GovernmentFunded => {
            (("属于政府投资项目", "the project is government-funded"), ("说明资金来源", "say who funds the project"))
        }
        FactName::PriceAudited => {
            (("工程造价未经审核", "the price was not audited"), ("完成工程造价审核", "have the price audited"))
        }
        FactName::Settled => (("工程结算未完成", "the settlement is not finished"), ("完成工程结算", "finish the settlement")),
        FactName::WorkFinished => (("工程未完工", "work is not finished"), ("完成工程", "finish the work")),
        FactName::PromiseGiven => (
            ("没有书面承诺", "there is no written promise"),
            ("提交未拖欠工资的书面承诺", "hand in the written promise of no arrears"),
        ),
    }
}

/// What to do about one fact.
pub(super) fn cure_item(fact: FactName, rule: &str, question: &GateQuestion, publicity: Option<u32>) -> CureItem {
    let (_, (zh, en)) = words(fact);
    let keeper = question.facts.keeper(fact);
    let (mut zh, mut en) = match &keeper {
        Some(keeper) => (format!("由{keeper}提供依据：{zh}"), format!("{keeper} supplies the record: {en}")),
        None => (zh.to_owned(), en.to_owned()),
    };
    let mut item = CureItem {
        fact,
        zh: String::new(),
        en: String::new(),
        amount: None,
        workers: None,
        not_before: None,
        keeper,
        rule: rule.to_owned(),
    };
    if fact == FactName::Arrears && !question.detail.is_empty() {
        let mut detail: Vec<&ArrearsDetail> = question.detail.iter().collect();
        // The order in which projects were found must not change a word of the answer.
        detail.sort_by(|a, b| (&a.project, a.amount, a.workers).cmp(&(&b.project, b.amount, b.workers)));
        let amount = Fen::total(detail.iter().map(|one| one.amount)).ok();
        let workers = detail.iter().fold(0u32, |sum, one| sum.saturating_add(one.workers));
        let each = detail.iter().map(|one| format!("{} {}", one.project, grouped(one.amount))).collect::<Vec<_>>();
        if let Some(amount) = amount.filter(|_| item.keeper.is_none()) {
            (zh, en) = (
                format!("向这{workers}名工人付清工资{}元", grouped(amount)),
                format!("pay these {workers} workers {}", grouped(amount)),
            );
        }
        zh = format!("{zh}（{}，共{workers}人）", each.join("、"));
        en = format!("{en} ({}; {workers} workers)", each.join(", "));
        (item.amount, item.workers) = (amount, Some(workers));
    }
    if fact == FactName::PublicityDay
        && let Some((day, days)) = question.facts.publicity_day.get().zip(publicity)
    {
        item.not_before = Some(question.as_of.plus_days(i64::from(days.saturating_sub(day))));
    }
    CureItem { zh, en, ..item }
}

/// An amount with separators of thousands: `41,230.00`.
fn grouped(amount: Fen) -> String {
    let plain = amount.to_string();
    let (whole, part) = plain.split_once('.').unwrap_or((&plain, "00"));
    let digits = whole.trim_start_matches('-').len();
    let mut text = String::new();
    for (place, digit) in whole.trim_start_matches('-').chars().enumerate() {
        if place > 0 && (digits - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    format!("{}{text}.{part}", if amount.0 < 0 { "-" } else { "" })
}
