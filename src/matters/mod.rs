//! Matters (事项) of a project's wage money that go on step by step, each step with who must take it and by when: a request for more
//! labour cost, reports of money that did not come, an order to pay out of the wage deposit, its statement and its return, a freeze.
//!
//! A matter is its steps in the order of record; where it stands and what comes next is computed from them and from the law. Steps that
//! move money record it with those who keep it: the deposit's events, the lines that were paid. Deliberately absent: correction orders
//! and cases of an authority (`cases`), and whether a return may be granted, which the gate says.

pub mod actions;
pub mod adequacy;
pub mod clearings;
mod deposit_orders;
pub mod freezes;
pub mod http;
pub mod liability;
mod shortages;
pub mod table;
pub mod takers;

use serde::Serialize;
use utoipa::ToSchema;

use crate::base::id::MatterId;
use crate::base::{Day, Fen, RegionCode, words};
use crate::law::LawBook;
use crate::law::book::ids::{R53_08B, R53_12B, R53_13, R65_19, R65_20, R65_21, R65_22A, R724_33};
use crate::law::questions::deadline::{self, DeadlineInput, DeadlineKind};
use crate::law::questions::given::Choice;
use crate::law::questions::warning::{FreezeInput, FreezeReason, account_freeze};
use table::StepRow;

words! {
    /// What a matter is.
    pub enum MatterKind, "kind of matter" {
        /// A sheet needs more than the account holds: the contractor asks the owner for it (R53-13).
        Shortage = "shortage",
        /// Labour cost was not transferred as agreed: bank, contractor, authorities (R53-12b).
        TransferReport = "transfer_report",
        /// The owner paid in full and wages are still owed: the owner reports (R53-12b).
        OwnerReport = "owner_report",
        /// The authority orders wages to be paid, at last out of the deposit (R65-19).
        DepositOrder = "deposit_order",
        /// The bank's quarterly statement of the deposit (R65-21).
        DepositStatement = "deposit_statement",
        /// Return of the deposit (R65-22a).
        DepositReturn = "deposit_return",
        /// The account is frozen for somebody's claim (R724-33, R53-08b).
        AccountFreeze = "account_freeze",
    }
}
crate::store::types::word_column!(MatterKind);
crate::web::openapi::word_schema!(MatterKind);

words! {
    /// A step of a matter.
    pub enum Step, "step of a matter" {
        /// The contractor asked for the missing amount.
        Requested = "requested",
        /// The owner answered.
        Answered = "answered",
        /// The owner added the money.
        MoneyAdded = "money_added",
        /// It was taken back.
        Withdrawn = "withdrawn",
        /// The bank told the contractor that the money did not come.
        BankTold = "bank_told",
        /// The contractor reported it to the authorities.
        ContractorReported = "contractor_reported",
        /// The owner reported that wages are owed although it paid.
        OwnerReported = "owner_reported",
        /// The authority took it into the arrears warning system.
        WarningEntered = "warning_entered",
        /// It was put right.
        Remedied = "remedied",
        /// The authority ordered payment within a limit.
        OrderIssued = "order_issued",
        /// The order was obeyed in time.
        OrderObeyed = "order_obeyed",
        /// The limit passed and it was not.
        OrderMissed = "order_missed",
        /// The payment notice went to bank and contractor.
        NoticeServed = "notice_served",
        /// The bank paid the workers named.
        PaidOut = "paid_out",
        /// What the bank paid beyond what was owed is settled: taken back, or set against other wages.
        SurplusSettled = "surplus_settled",
        /// The deposit was filled up again.
        Replenished = "replenished",
        /// The bank's statement came.
        StatementReceived = "statement_received",
        /// The contractor applied for return.
        Applied = "applied",
        /// The authority decided to give it back.
        Decided = "decided",
        /// The authority found arrears and told the contractor.
        ArrearsFound = "arrears_found",
        /// The confirmation of return was issued and the deposit is given back.
        Confirmed = "confirmed",
        /// The account was frozen.
        Frozen = "frozen",
        /// It became known for what claim it was frozen.
        ReasonFound = "reason_found",
        /// The bank told whoever froze it what the account is.
        BankPrompted = "bank_prompts_court",
        /// The account's supervisor was told.
        SupervisorTold = "supervisor_notified",
        /// The supervisor objected.
        Objected = "objection",
        /// The freeze was lifted.
        FreezeLifted = "freeze_lifted",
        /// What exceeds the rules' need stays frozen, as the court found.
        SurplusFrozen = "surplus_frozen",
    }
}
crate::store::types::word_column!(Step);
crate::web::openapi::word_schema!(Step);

impl MatterKind {
    /// The steps with which it may begin.
    pub fn first(self) -> &'static [Step] {
        match self {
            MatterKind::Shortage => &[Step::Requested],
            MatterKind::TransferReport => &[Step::BankTold, Step::ContractorReported],
            MatterKind::OwnerReport => &[Step::OwnerReported],
            MatterKind::DepositOrder => &[Step::OrderIssued],
            MatterKind::DepositStatement => &[Step::StatementReceived],
            MatterKind::DepositReturn => &[Step::Applied],
            MatterKind::AccountFreeze => &[Step::Frozen],
        }
    }

    /// Whether it is about the wage deposit.
    pub fn is_of_deposit(self) -> bool {
        matches!(self, MatterKind::DepositOrder | MatterKind::DepositStatement | MatterKind::DepositReturn)
    }

    /// Whether a step of it is taken at the door of the deposit, which the bank has a key to, or at that of the other matters. What the law
    /// asks of the bank after a freeze it may say itself.
    pub fn is_at_door(self, step: Step, of_deposit: bool) -> bool {
        let is_banks = matches!(step, Step::ReasonFound | Step::BankPrompted | Step::SupervisorTold | Step::FreezeLifted);
        self.is_of_deposit() == of_deposit || of_deposit && self == MatterKind::AccountFreeze && is_banks
    }

    /// The rule that it follows.
    pub fn rule(self) -> &'static str {
        match self {
            MatterKind::Shortage => R53_13,
            MatterKind::TransferReport | MatterKind::OwnerReport => R53_12B,
            MatterKind::DepositOrder => R65_19,
            MatterKind::DepositStatement => R65_21,
            MatterKind::DepositReturn => R65_22A,
            MatterKind::AccountFreeze => R53_08B,
        }
    }
}

/// The steps that may follow those that were taken. `tasks` are the objection's steps that the law asks for after a freeze.
pub fn next(kind: MatterKind, done: &[Step], tasks: &[Step]) -> Vec<Step> {
    use Step as S;
    let Some(last) = done.last() else { return kind.first().to_vec() };
    match (kind, last) {
        (MatterKind::Shortage, S::Requested) => vec![S::Answered, S::MoneyAdded, S::Withdrawn],
        (MatterKind::Shortage, S::Answered) => vec![S::MoneyAdded, S::Withdrawn],
        (MatterKind::TransferReport, S::BankTold) => vec![S::ContractorReported],
        (MatterKind::TransferReport, S::ContractorReported) | (MatterKind::OwnerReport, S::OwnerReported) => {
            vec![S::WarningEntered, S::Remedied]
        }
        (MatterKind::TransferReport | MatterKind::OwnerReport, S::WarningEntered) => vec![S::Remedied],
        (MatterKind::DepositOrder, S::OrderIssued) => vec![S::OrderObeyed, S::OrderMissed],
        // Wages that are paid late after all end it, and the authority may take its notice back.
        (MatterKind::DepositOrder, S::OrderMissed) => vec![S::NoticeServed, S::Remedied, S::Withdrawn],
        (MatterKind::DepositOrder, S::NoticeServed) => vec![S::PaidOut, S::Remedied, S::Withdrawn],
        (MatterKind::DepositOrder, S::PaidOut) => vec![S::Replenished],
        (MatterKind::DepositReturn, S::Applied) => vec![S::Decided, S::ArrearsFound],
        (MatterKind::DepositReturn, S::Decided) => vec![S::Confirmed],
        (MatterKind::AccountFreeze, _) if !done.iter().any(|step| matches!(step, S::FreezeLifted | S::SurplusFrozen)) => {
            let once = |task: &Step| *task == S::ReasonFound || !done.contains(task);
            let mut open: Vec<Step> = tasks.iter().copied().filter(once).collect();
            open.extend([S::FreezeLifted, S::SurplusFrozen]);
            open
        }
        _ => Vec::new(),
    }
}

/// Something that somebody has to do in a matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Task {
    /// The step to be taken.
    pub step: Step,
    /// Who must act, as a word: a role or the bank.
    pub by: &'static str,
    /// The last day, where the law or the order sets one.
    pub due_on: Option<Day>,
    /// The rule that asks for it.
    pub rule: &'static str,
}

/// A matter as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Matter {
    /// Id.
    pub id: MatterId,
    /// What it is.
    pub kind: MatterKind,
    /// Its steps, the first one first.
    pub steps: Vec<StepRow>,
    /// Steps that may be taken now.
    pub next: Vec<Step>,
    /// Steps that must be taken.
    pub tasks: Vec<Task>,
    /// Whether money may be taken from the account for the claim that froze it; `None` for other matters and where it is not known.
    pub transfer_allowed: Option<bool>,
    /// What the deposit still lacks of what it paid; `None` where it paid nothing.
    pub to_replenish: Option<Fen>,
    /// What was ordered and the deposit has not paid; `None` before it paid, after the order has ended and for other matters.
    pub still_to_pay: Option<Fen>,
    /// What was asked of the owner and has not come; `None` for other matters and for a request that was taken back.
    pub still_to_add: Option<Fen>,
    /// What the bank paid out of the deposit beyond what was owed, less what of it is settled; `None` where it never did.
    pub paid_beyond: Option<Fen>,
}

impl Matter {
    /// The first step.
    pub fn begun(&self) -> Option<&StepRow> {
        self.steps.first()
    }

    /// The last step.
    pub fn last(&self) -> Option<&StepRow> {
        self.steps.last()
    }

    /// Whether something may still happen in it.
    pub fn is_open(&self) -> bool {
        !self.next.is_empty()
    }

    /// Every step that may be taken: what may follow, and beside it a payment that the deposit's bank made on its notice although the
    /// matter had ended. What a bank did is put on record whenever it is told.
    pub fn takes(&self) -> Vec<Step> {
        let mut steps = self.next.clone();
        let is_noticed = self.steps.iter().any(|row| row.step == Step::NoticeServed);
        if is_noticed && !steps.contains(&Step::PaidOut) && self.left_of_order().is_some_and(Fen::is_positive) {
            steps.push(Step::PaidOut);
        }
        steps
    }

    /// The amount that was asked for, ordered or stated first.
    pub fn amount(&self) -> Option<Fen> {
        self.steps.iter().find_map(|step| step.amount_fen)
    }

    /// Whether an order to pay has ended, though the deposit may still have to be filled up.
    pub fn is_ended(&self) -> bool {
        is_ended(&self.steps)
    }

    /// What was ordered and the deposit has not paid yet.
    pub fn left_of_order(&self) -> Option<Fen> {
        left_of_order(&self.steps)
    }

    /// Whether a statement says another sum than stands here, and nobody has said why.
    pub fn differs(&self) -> bool {
        statement_differs(self.kind, &self.steps)
    }

    /// The earliest day by which somebody must act.
    pub fn due_on(&self) -> Option<Day> {
        self.tasks.iter().filter_map(|task| task.due_on).min()
    }
}

/// Puts the steps of a project together to matters, the latest first.
pub fn fold(book: &LawBook, region: RegionCode, rows: Vec<StepRow>, as_of: Day) -> Vec<Matter> {
    let mut found: Vec<(MatterId, Vec<StepRow>)> = Vec::new();
    for row in rows {
        match found.iter_mut().find(|(id, _)| *id == row.matter_id) {
            Some((_, steps)) => steps.push(row),
            None => found.push((row.matter_id, vec![row])),
        }
    }
    found.into_iter().rev().filter_map(|(id, steps)| stands(book, region, id, steps, as_of)).collect()
}

/// Where a matter stands; `None` without a step.
pub fn stands(book: &LawBook, region: RegionCode, id: MatterId, steps: Vec<StepRow>, as_of: Day) -> Option<Matter> {
    let first = steps.first()?;
    let kind = first.kind;
    let reason = steps.iter().rev().find_map(|step| step.reason.as_deref().and_then(FreezeReason::read));
    let (mut wanted, mut transfer_allowed) = (Vec::new(), None);
    if kind == MatterKind::AccountFreeze {
        let answer = account_freeze(book, region, as_of, &FreezeInput { reason });
        wanted = answer.tasks.iter().filter_map(|task| task.parse().ok()).collect();
        if reason.is_none() {
            // For which claim is not known yet: that it is for another than wages is neither said nor ruled out.
            wanted.push(Step::ReasonFound);
        }
        transfer_allowed = answer.transfer_allowed;
    }
    let done: Vec<Step> = steps.iter().map(|row| row.step).collect();
    let to_replenish = to_replenish(&steps);
    let mut next = next(kind, &done, &wanted);
    // A deposit that was not filled up, or in part, is still short: its matter goes on, also where the order itself has ended.
    if to_replenish.is_some_and(Fen::is_positive) && !next.contains(&Step::Replenished) {
        next.push(Step::Replenished);
    }
    // What the deposit paid in part is still owed: the bank may pay the rest, the rest may be paid otherwise after all, and the authority
    // may take back what is left of its notice. Filling the deposit up ends none of it.
    let still_to_pay = left_of_order(&steps).filter(|_| done.contains(&Step::PaidOut) && !is_ended(&steps));
    if still_to_pay.is_some_and(Fen::is_positive) {
        next.extend([Step::PaidOut, Step::Remedied, Step::Withdrawn]);
    }
    // A request goes on until what was asked has come.
    let still_to_add = shortages::left_of_request(&steps);
    if still_to_add.is_some_and(Fen::is_positive) && done.last() == Some(&Step::MoneyAdded) {
        next.extend([Step::MoneyAdded, Step::Withdrawn]);
    }
    let promised_on = steps.iter().rev().find(|row| row.step == Step::Answered).map(|row| row.due_on);
    let paid_beyond = paid_beyond(&steps);
    if paid_beyond.is_some_and(Fen::is_positive) {
        next.push(Step::SurplusSettled);
    }
    if statement_differs(kind, &steps) {
        next.push(Step::Remedied);
    }
    let last = steps.last()?;
    let due_from = |kind: DeadlineKind, from: Day| deadline::ask(book, region, as_of, &DeadlineInput::new(kind, from)).due;
    let due = |kind: DeadlineKind| due_from(kind, last.happened_on);
    let told_on =
        steps.iter().rev().find(|row| matches!(row.step, Step::NoticeServed | Step::PaidOut)).map(|row| row.happened_on);
    let used_on = steps.iter().find(|row| row.step == Step::PaidOut).map_or(last.happened_on, |row| row.happened_on);
    let tasks = next
        .iter()
        .filter_map(|step| {
            let (by, due_on, rule) = match step {
                Step::Answered => ("owner", None, R53_13),
                Step::MoneyAdded if last.step != Step::Requested => ("owner", promised_on.flatten(), R53_13),
                Step::ContractorReported => ("general_contractor", None, R53_12B),
                Step::WarningEntered => ("labour_authority", None, R53_12B),
                Step::OrderObeyed => ("general_contractor", last.due_on, R65_19),
                Step::NoticeServed => ("labour_authority", None, R65_19),
                Step::PaidOut => ("bank", due_from(DeadlineKind::DepositPayOut, told_on.unwrap_or(last.happened_on)), R65_19),
                Step::Replenished => ("general_contractor", due_from(DeadlineKind::DepositReplenish, used_on), R65_20),
                Step::SurplusSettled => ("labour_authority", None, R65_19),
                Step::Remedied if kind == MatterKind::DepositStatement => ("general_contractor", None, R65_21),
                Step::Decided => ("labour_authority", due(DeadlineKind::DepositReturnDecision), R65_22A),
                Step::Confirmed => ("labour_authority", due(DeadlineKind::DepositReturnConfirmation), R65_22A),
                Step::ReasonFound => ("bank", Some(first.happened_on), R53_08B),
                Step::BankPrompted => ("bank", Some(first.happened_on), R53_08B),
                Step::SupervisorTold => ("bank", Some(first.happened_on), R53_08B),
                Step::Objected => ("labour_authority", None, R724_33),
                _ => return None,
            };
            Some(Task { step: *step, by, due_on, rule })
        })
        .collect();
    Some(Matter { id, kind, tasks, next, transfer_allowed, to_replenish, still_to_pay, still_to_add, paid_beyond, steps })
}

/// Whether an order to pay has ended without the rest of it being paid out of the deposit.
fn is_ended(steps: &[StepRow]) -> bool {
    steps.iter().any(|row| matches!(row.step, Step::OrderObeyed | Step::Remedied | Step::Withdrawn))
}

/// What was paid out of the deposit less what was put back; `None` where nothing was paid, or for sums that nobody can add.
fn to_replenish(steps: &[StepRow]) -> Option<Fen> {
    let sum = |wanted: Step| Fen::total(steps.iter().filter(|row| row.step == wanted).filter_map(|row| row.amount_fen)).ok();
    steps.iter().find(|row| row.step == Step::PaidOut)?;
    sum(Step::PaidOut)?.minus(sum(Step::Replenished)?).ok().map(Fen::or_zero)
}

/// What was paid out less what of it was owed (such a step's `payroll_fen`) and less what was settled since; `None` where all was owed.
fn paid_beyond(steps: &[StepRow]) -> Option<Fen> {
    let beyond = steps.iter().filter(|row| row.step == Step::PaidOut).filter_map(|row| row.amount_fen.zip(row.payroll_fen));
    let beyond: Vec<Fen> = beyond.map(|(paid, owed)| paid.minus(owed)).collect::<Result<_, _>>().ok()?;
    if beyond.is_empty() {
        return None;
    }
    let settled =
        Fen::total(steps.iter().filter(|row| row.step == Step::SurplusSettled).filter_map(|row| row.amount_fen)).ok()?;
    Fen::total(beyond).ok()?.minus(settled).ok().map(Fen::or_zero)
}

/// What was ordered first less what was paid out; `None` where nothing was ordered, or for sums that nobody can add.
fn left_of_order(steps: &[StepRow]) -> Option<Fen> {
    let ordered = steps.first().filter(|row| row.step == Step::OrderIssued)?.amount_fen?;
    let paid = Fen::total(steps.iter().filter(|row| row.step == Step::PaidOut).filter_map(|row| row.amount_fen)).ok()?;
    ordered.minus(paid).ok().map(Fen::or_zero)
}

fn statement_differs(kind: MatterKind, steps: &[StepRow]) -> bool {
    let [only] = steps else { return false };
    let both = only.amount_fen.zip(only.balance_fen);
    kind == MatterKind::DepositStatement && both.is_some_and(|(stated, held)| stated != held)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_begins_and_ends() {
        let tasks = [Step::BankPrompted, Step::SupervisorTold, Step::Objected];
        for kind in MatterKind::ALL {
            // Always the first way on: whichever it is, a matter ends after a few steps.
            let mut done: Vec<Step> = Vec::new();
            while let Some(step) = next(*kind, &done, &tasks).first() {
                assert!(!done.contains(step), "{kind}: {step} again");
                done.push(*step);
                assert!(done.len() < 10, "{kind} does not end");
            }
            assert!(kind.first().contains(&done[0]));
        }
    }

    #[test]
    fn the_deposit_pays_only_after_an_order_was_missed_and_its_notice_served() {
        use Step::{NoticeServed, OrderIssued, OrderMissed, OrderObeyed, PaidOut, Remedied, Replenished, Withdrawn};
        let next = |done: &[Step]| next(MatterKind::DepositOrder, done, &[]);
        assert_eq!(next(&[OrderIssued]), [OrderObeyed, OrderMissed]);
        assert_eq!(next(&[OrderIssued, OrderObeyed]), []);
        assert_eq!(next(&[OrderIssued, OrderMissed]), [NoticeServed, Remedied, Withdrawn]);
        assert_eq!(next(&[OrderIssued, OrderMissed, NoticeServed]), [PaidOut, Remedied, Withdrawn]);
        assert_eq!(next(&[OrderIssued, OrderMissed, NoticeServed, Remedied]), []);
        assert_eq!(next(&[OrderIssued, OrderMissed, NoticeServed, Withdrawn]), []);
        assert_eq!(next(&[OrderIssued, OrderMissed, NoticeServed, PaidOut]), [Replenished]);
    }

    #[test]
    fn a_freeze_for_the_projects_own_wages_asks_for_no_objection() {
        assert_eq!(next(MatterKind::AccountFreeze, &[Step::Frozen], &[]), [Step::FreezeLifted, Step::SurplusFrozen]);
        let tasks = [Step::BankPrompted, Step::SupervisorTold, Step::Objected];
        let open = next(MatterKind::AccountFreeze, &[Step::Frozen, Step::SupervisorTold], &tasks);
        assert_eq!(open, [Step::BankPrompted, Step::Objected, Step::FreezeLifted, Step::SurplusFrozen]);
        assert_eq!(next(MatterKind::AccountFreeze, &[Step::Frozen, Step::FreezeLifted], &tasks), []);
    }
}
