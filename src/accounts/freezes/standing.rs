//! Freezes that stand on an account, put together from what the bank told and what a person recorded, and what they leave of its
//! balance for a pay run (R724-33, R53-08b).
//!
//! A freeze is a caution and never a refusal: money for wages may not be frozen for another debt, so who withheld them on its account
//! would do the creditor's work; what the bank does not execute comes back line by line. Deliberately absent: money that was taken
//! already, for its debit is in the balance.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::FreezeAct;
use super::table::{self, FreezeRow, FreezeStep};
use crate::accounts::continuity;
use crate::accounts::table::AccountRow;
use crate::base::id::{BankEntryId, MatterId, ProjectId};
use crate::base::money::TooMuch;
use crate::base::{Day, Fen};
use crate::law::book::ids::{R53_08B, R724_33};
use crate::law::questions::given::Choice;
use crate::law::questions::warning::FreezeReason;
use crate::store::AnyConn;
use crate::web::Problem;

/// One freeze that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StandingFreeze {
    /// Number of the paper by which it was frozen; `null` where nobody wrote it.
    pub document: Option<String>,
    /// Who froze, as it was told.
    pub frozen_by: Option<String>,
    /// What is frozen; `null` where no amount was told, and then it is taken for the whole account.
    pub amount: Option<Fen>,
    /// Since when.
    pub since: Day,
    /// Whether the bank told it; otherwise a person recorded it.
    pub told_by_bank: bool,
    /// For what claim, a word of the law's list; `null` where it is not known.
    pub reason: Option<String>,
    /// The rules that say what must be done.
    pub rules: Vec<String>,
    /// Amount, since when, source and what to do, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// Freezes of the account that a run is paid from, and what they leave for it. Nothing is refused for them: a person decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Frozen {
    /// The freezes, the oldest first.
    pub freezes: Vec<StandingFreeze>,
    /// What was given as free of other orders, less what is frozen; `null` where the balance is not known.
    pub free: Option<Fen>,
    /// By how much what is free falls short of what is to be paid; `null` where it is enough or not known.
    pub short: Option<Fen>,
    /// What that means for the run, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// The freezes of an account on a day and what they leave of a balance for a payment; `None` where nothing is frozen.
pub fn before_paying(
    conn: &mut AnyConn,
    account: &AccountRow,
    as_of: Day,
    balance: Option<Fen>,
    needed: Fen,
) -> Result<Option<Frozen>, Problem> {
    let words = table::of_project(conn, account.project_id)?;
    let steps = table::steps_of(conn, account.project_id)?;
    let freezes = stand(account, &words, steps, as_of);
    if freezes.is_empty() {
        return Ok(None);
    }
    let free = match balance {
        Some(balance) if freezes.iter().any(|one| one.amount.is_none()) => Some(balance.min(Fen::ZERO)),
        Some(balance) => Some(balance.minus(Fen::total(freezes.iter().filter_map(|one| one.amount))?)?),
        None => None,
    };
    let short = match free {
        Some(free) if free < needed => Some(needed.minus(free.or_zero())?).filter(|amount| amount.is_positive()),
        _ => None,
    };
    let (zh, en) = match (free, short) {
        (Some(free), Some(short)) => (
            format!(
                "除去冻结部分，可用余额 {} 元，本次应付 {needed} 元，可能有 {short} 元付不出去。系统不因冻结拒绝代发，是否送出由人决定。",
                free.or_zero()
            ),
            format!(
                "Without what is frozen {} is free, {needed} is to be paid: {short} may not go through. Nothing is refused for the \
                 freeze; a person decides whether to send it.",
                free.or_zero()
            ),
        ),
        (Some(free), None) if !needed.is_positive() => (
            format!("除去冻结部分，可用余额 {free} 元；没有待银行执行的付款。"),
            format!("Without what is frozen {free} is free; no payment waits for the bank."),
        ),
        (Some(free), None) => (
            format!("除去冻结部分，可用余额 {free} 元，足够本次应付 {needed} 元。"),
            format!("Without what is frozen {free} is free, enough for the {needed} to be paid."),
        ),
        (None, _) => (
            "余额不明，冻结后可用多少也不明。".to_owned(),
            "The balance is not known, and so neither is what the freeze leaves of it.".to_owned(),
        ),
    };
    Ok(Some(Frozen { freezes, free, short, zh, en }))
}

/// The freezes that stand on the accounts of a project that are not closed, the oldest account first. What a person recorded names no
/// account and is counted once, on the first of them.
pub fn of_project(
    conn: &mut AnyConn,
    accounts: &[AccountRow],
    project: ProjectId,
    as_of: Day,
) -> Result<Vec<(AccountRow, Vec<StandingFreeze>)>, Problem> {
    let words = table::of_project(conn, project)?;
    let steps = table::steps_of(conn, project)?;
    let open = accounts.iter().filter(|account| account.closed_on.is_none_or(|closed| closed > as_of));
    let standing = open.enumerate().map(|(number, account)| {
        let mut freezes = stand(account, &words, steps.clone(), as_of);
        freezes.retain(|freeze| freeze.told_by_bank || number == 0);
        (account.clone(), freezes)
    });
    Ok(standing.collect())
}

/// What of a project's money nobody can pay wages with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FrozenMoney {
    /// What of the balance is frozen; it is on the account and not available.
    pub amount: Fen,
    /// What was frozen beyond the balance: money that comes is frozen first, up to it.
    pub beyond: Fen,
    /// Whether whole accounts are frozen and none is left that money could come to.
    pub is_whole: bool,
    /// The freezes.
    pub freezes: Vec<StandingFreeze>,
}

impl FrozenMoney {
    /// What is left of a balance for paying wages: money that is under way as well is taken once.
    ///
    /// # Errors
    /// Amounts beyond 63 bits.
    pub fn leaves(&self, balance: Fen) -> Result<Fen, TooMuch> {
        if balance.is_positive() { Ok(balance.minus(self.amount)?.or_zero()) } else { Ok(balance) }
    }
}

/// The frozen money of a project; `None` where nothing is frozen.
pub fn money_of(
    conn: &mut AnyConn,
    accounts: &[AccountRow],
    project: ProjectId,
    as_of: Day,
) -> Result<Option<FrozenMoney>, Problem> {
    let standing = of_project(conn, accounts, project, as_of)?;
    let mut found = FrozenMoney { amount: Fen::ZERO, beyond: Fen::ZERO, is_whole: !standing.is_empty(), freezes: Vec::new() };
    for (account, freezes) in standing {
        let is_whole = freezes.iter().any(|freeze| freeze.amount.is_none());
        found.is_whole &= is_whole;
        if freezes.is_empty() {
            continue;
        }
        let balance = continuity::balance_on(conn, &account, as_of)?.balance.unwrap_or_default().or_zero();
        let told = Fen::total(freezes.iter().filter_map(|freeze| freeze.amount))?;
        let taken = if is_whole { balance } else { told.min(balance) };
        found.amount = found.amount.plus(taken)?;
        found.beyond = found.beyond.plus(told.minus(taken)?.or_zero())?;
        found.freezes.extend(freezes);
    }
    Ok((!found.freezes.is_empty()).then_some(found))
}

/// What a person recorded of one freeze.
struct Recorded {
    begun: FreezeStep,
    reason: Option<String>,
    /// What the court found to exceed the rules' need, and stays frozen.
    surplus: Option<FreezeStep>,
    is_lifted: bool,
}

fn recorded(steps: Vec<FreezeStep>, as_of: Day) -> Vec<Recorded> {
    let mut found: BTreeMap<MatterId, Recorded> = BTreeMap::new();
    for step in steps.into_iter().filter(|step| step.happened_on <= as_of) {
        if step.is_beginning() {
            let reason = step.reason.clone();
            found.insert(step.matter_id, Recorded { begun: step, reason, surplus: None, is_lifted: false });
        } else if let Some(one) = found.get_mut(&step.matter_id) {
            one.is_lifted |= step.is_end();
            one.reason = step.reason.clone().or(one.reason.take());
            if step.is_surplus() {
                one.surplus = Some(step);
            }
        }
    }
    found.into_values().collect()
}

fn stand(account: &AccountRow, words: &[FreezeRow], steps: Vec<FreezeStep>, as_of: Day) -> Vec<StandingFreeze> {
    let recorded = recorded(steps, as_of);
    let of_document = |document: &str| recorded.iter().find(|one| one.begun.subject.as_deref() == Some(document));
    let mut found = Vec::new();
    let told = words.iter().filter(|word| word.account_id == account.id && word.happened_on <= as_of);
    for word in told.clone().filter(|word| word.act == FreezeAct::Frozen) {
        let matter = of_document(&word.document);
        let is_released = told.clone().any(|other| other.act == FreezeAct::Released && other.document == word.document);
        if is_released || matter.is_some_and(|one| one.is_lifted) {
            continue;
        }
        let surplus = matter.and_then(|one| one.surplus.as_ref());
        let amount = surplus.and_then(|step| step.amount_fen).or(word.amount_fen);
        let reason = matter.and_then(|one| one.reason.clone()).or_else(|| word.reason.clone());
        let names = (Some(word.document.clone()), word.by_whom.clone());
        found.push(freeze(names, amount, word.happened_on, (true, surplus.is_some()), reason));
    }
    for one in recorded.iter().filter(|one| !one.is_lifted) {
        let subject = one.begun.subject.as_deref();
        let is_told = subject.is_some_and(|subject| words.iter().any(|word| word.document == subject));
        // Money that was taken has left the balance: it is no longer frozen on it.
        if is_told || subject.is_some_and(|subject| subject.parse::<BankEntryId>().is_ok()) {
            continue;
        }
        let amount = one.surplus.as_ref().and_then(|step| step.amount_fen).or(one.begun.amount_fen);
        let names = (one.begun.subject.clone(), one.begun.note.clone());
        found.push(freeze(names, amount, one.begun.happened_on, (false, one.surplus.is_some()), one.reason.clone()));
    }
    found.sort_by_key(|one| one.since);
    found
}

fn freeze(
    (document, frozen_by): (Option<String>, Option<String>),
    amount: Option<Fen>,
    since: Day,
    (told_by_bank, is_surplus): (bool, bool),
    reason: Option<String>,
) -> StandingFreeze {
    let names: Vec<&str> = [&frozen_by, &document].into_iter().filter_map(Option::as_deref).collect();
    let names = if names.is_empty() { String::new() } else { format!("{} · ", names.join(" · ")) };
    let (told_zh, told_en) =
        if told_by_bank { ("银行报送", "told by the bank") } else { ("有人登记", "recorded by a person") };
    let (amount_zh, amount_en) = match amount {
        Some(amount) => (format!("冻结 {amount} 元"), format!("{amount} is frozen")),
        None => (
            "未写明金额，按整个账户冻结看待".to_owned(),
            "no amount was told, so the whole account is taken for frozen".to_owned(),
        ),
    };
    let (todo_zh, todo_en) = todo(reason.as_deref().and_then(FreezeReason::read), is_surplus);
    StandingFreeze {
        zh: format!("专用账户自 {since} 起被冻结：{amount_zh}（{names}{told_zh}）。{todo_zh}"),
        en: format!("The wage account is frozen since {since}: {amount_en} ({names}{told_en}). {todo_en}"),
        document,
        frozen_by,
        amount,
        since,
        told_by_bank,
        reason,
        rules: vec![R724_33.to_owned(), R53_08B.to_owned()],
    }
}

/// What is done about a freeze for a claim, in Chinese and English.
fn todo(reason: Option<FreezeReason>, is_surplus: bool) -> (&'static str, &'static str) {
    match reason {
        _ if is_surplus => (
            "已认定该款超出应留金额；代发前请与银行核对实际可用余额。",
            "It was found to exceed what the rules require; ask the bank what is free before paying.",
        ),
        Some(FreezeReason::ThisProjectWages) => (
            "系因本项目工资冻结，无须提出异议；请核对该款付给哪些工人，以免重复支付。",
            "It is for this project's own wages and needs no objection; check which workers it pays, so that none is paid twice.",
        ),
        Some(FreezeReason::SupplierDebt | FreezeReason::OtherDebt) => (
            "专用账户资金不得因其他债务冻结（724号令第三十三条、人社部发〔2021〕53号第八条）：由银行提示冻结机关并告知监管部门，监管部门\
             提出异议，审查期间不得划转；请在“事项”中办理。",
            "Wage money may not be frozen for another debt (rules R724-33, R53-08b): the bank prompts whoever froze it and tells the \
             supervisor, who objects; nothing is taken meanwhile. The steps stand under Matters.",
        ),
        None => (
            "冻结原因不明，请向银行查明后在“事项”中登记；非本项目工资的，由监管部门提出异议，审查期间不得划转（724号令第三十三条、人社部发\
             〔2021〕53号第八条）。",
            "For what claim is not known: ask the bank and record it under Matters; if it is not for this project's wages the supervisor \
             objects and nothing is taken meanwhile (rules R724-33, R53-08b).",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_on_a_freeze_says_amount_day_source_and_what_to_do() {
        let day: Day = "2026-03-01".parse().unwrap();
        let names = (Some("(2026)浙0784执7号".to_owned()), Some("某人民法院".to_owned()));
        for (reason, wanted) in [(None, "查明"), (Some("other_debt"), "异议"), (Some("this_project_wages"), "无须")] {
            let one = freeze(names.clone(), Some(Fen(120_050)), day, (true, false), reason.map(str::to_owned));
            for part in ["2026-03-01", "1200.50", "某人民法院", "浙0784执7号", "银行报送", wanted] {
                assert!(one.zh.contains(part), "{part}: {}", one.zh);
            }
            for part in ["2026-03-01", "1200.50", "told by the bank"] {
                assert!(one.en.contains(part), "{part}: {}", one.en);
            }
        }
        let whole = freeze((None, None), None, day, (false, false), None);
        assert!(whole.zh.contains("整个账户") && whole.zh.contains("有人登记"), "{}", whole.zh);
    }
}
