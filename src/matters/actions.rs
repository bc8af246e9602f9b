//! Beginning a matter and taking its steps.

use super::table::{self, StepRow};
use super::{Matter, MatterKind, Step, deposit_orders, fold, freezes, shortages, stands, takers};
use crate::base::id::{DepositId, DocumentId, LineId, MatterId, RecordId};
use crate::base::{Day, Fen};
use crate::deposits::{self, DepositEvent, actions::NewEvent};
use crate::documents;
use crate::gates::{self, Subject};
use crate::law::decision::{CureItem, Verdict};
use crate::law::{self, Gate};
use crate::projects::{PartyRole, Site};
use crate::store::{AnyConn, Chain, Tx, jobs};
use crate::users::contacts::table as contacts;
use crate::users::second;
use crate::web::{Ctx, Problem, Role, Scope};

/// The longest note of a step, in characters.
pub const NOTE_MAX: usize = 500;

/// A step to be taken.
#[derive(Debug, Clone)]
pub struct NewStep {
    /// Which.
    pub step: Step,
    /// When it happened.
    pub happened_on: Day,
    /// The limit that it sets: an order's last day, the day for which money is promised.
    pub due_on: Option<Day>,
    /// An amount; computed where the law computes it.
    pub amount: Option<Fen>,
    /// The sheet or deposit that the matter is about.
    pub subject: Option<String>,
    /// Why an account was frozen.
    pub reason: Option<String>,
    /// What else is to be said.
    pub note: Option<String>,
    /// The paper.
    pub document: Option<DocumentId>,
    /// The bank's reference of a payment out of the deposit.
    pub reference: Option<String>,
    /// The lines that it paid.
    pub lines: Vec<(LineId, Fen)>,
}

impl NewStep {
    /// A step with nothing but its day.
    pub fn of(step: Step, happened_on: Day) -> Self {
        NewStep {
            step,
            happened_on,
            due_on: None,
            amount: None,
            subject: None,
            reason: None,
            note: None,
            document: None,
            reference: None,
            lines: Vec::new(),
        }
    }
}

pub(super) fn refuse(zh: impl Into<String>, en: impl Into<String>, place: &str, reason: &'static str) -> Problem {
    Problem::invalid(zh.into(), en.into()).at(place, reason)
}

/// Every matter of a project as it stands, the latest first.
pub fn all(conn: &mut AnyConn, ctx: &Ctx, site: &Site, as_of: Day) -> Result<Vec<Matter>, Problem> {
    let mut rows = table::of_project(conn, site.id)?;
    rows.retain(|row| row.happened_on <= as_of);
    Ok(fold(&ctx.book(), site.region, rows, as_of))
}

/// One matter as it stands.
pub fn one(conn: &mut AnyConn, ctx: &Ctx, site: &Site, id: MatterId) -> Result<Matter, Problem> {
    let steps = table::of_matter(conn, site.id, id)?;
    stands(&ctx.book(), site.region, id, steps, ctx.today).ok_or_else(Problem::not_found)
}

/// Begins a matter.
///
/// # Errors
/// `invalid` for a first step of another kind, a request that no shortage stands behind, a freeze without a reason of the law's list, an
/// order without deposit, limit or amount; `conflict` where the same request is open already.
pub fn begin(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, kind: MatterKind, new: &NewStep) -> Result<Matter, Problem> {
    tx.seq(Chain::Project(site.id))?;
    if !kind.first().contains(&new.step) {
        let words: Vec<&str> = kind.first().iter().map(|step| step.as_str()).collect();
        let words = words.join(", ");
        return Err(refuse(
            format!("该事项应从 {words} 开始。"),
            format!("Such a matter begins with {words}."),
            "step",
            "bad_format",
        ));
    }
    takers::require(tx.conn(), ctx, site, kind, new)?;
    let id = MatterId(ctx.id());
    let mut row = row_of(tx, ctx, site, id, kind, new, None)?;
    match kind {
        MatterKind::Shortage => shortages::ask(tx, ctx, site, new, &mut row)?,
        MatterKind::AccountFreeze => {
            freezes::require_reason(new)?;
            freezes::require_subject(tx, ctx, site, new)?;
        }
        MatterKind::DepositOrder => {
            let deposit = deposit_of(tx, site, new.subject.as_deref())?;
            require_money(tx, ctx, site, deposit.id)?;
            if new.due_on.is_none_or(|due| due < new.happened_on) {
                return Err(refuse("请写明责令支付的期限。", "Name the last day of the order.", "due_on", "missing_field"));
            }
            deposit_orders::require_owed(tx, ctx, site, positive(new.amount)?, new.document)?;
        }
        MatterKind::DepositReturn => {
            let deposit = deposit_of(tx, site, new.subject.as_deref())?;
            require_money(tx, ctx, site, deposit.id)?;
            let open = all(tx.conn(), ctx, site, ctx.today)?;
            let is_same = |one: &Matter| one.begun().and_then(|begun| begun.subject.as_deref()) == new.subject.as_deref();
            if open.iter().any(|one| one.kind == MatterKind::DepositReturn && one.is_open() && is_same(one)) {
                let problem =
                    Problem::conflict("该保证金的返还申请正在办理。", "The return of this deposit is applied for already.");
                return Err(problem.at("subject", "duplicate"));
            }
        }
        MatterKind::DepositStatement => {
            let deposit = deposit_of(tx, site, new.subject.as_deref())?;
            if new.amount.is_none() {
                return Err(refuse("请写明对账单余额。", "Name the balance of the statement.", "amount", "missing_field"));
            }
            let known = all(tx.conn(), ctx, site, ctx.today)?;
            let mut told = known.iter().filter(|one| one.kind == kind).filter_map(Matter::begun);
            let is_same = |begun: &StepRow| {
                begun.subject == new.subject && begun.happened_on == new.happened_on && begun.amount_fen == new.amount
            };
            if told.any(is_same) {
                let (zh, en) = (
                    "该保证金这一日、这一金额的对账单已登记。",
                    "This statement, of this day and balance, is on record already.",
                );
                return Err(Problem::conflict(zh, en).at("subject", "duplicate"));
            }
            // What stands here goes beside what the bank says: a statement that differs is no matter that is done.
            let events = deposits::table::events(tx.conn(), site.id, deposit.id)?;
            row.balance_fen = Some(deposits::held(&events, new.happened_on)?);
        }
        MatterKind::TransferReport | MatterKind::OwnerReport => {}
    }
    keep(tx, ctx, site, &row)?;
    one(tx.conn(), ctx, site, id)
}

/// Refuses an answer in the owner's name by anybody else, where the owner has people of its own here (R53-13). An owner that has none
/// answers on paper, and whoever did not ask puts it on record.
fn only_the_owner_answers(conn: &mut AnyConn, ctx: &Ctx, site: &Site) -> Result<(), Problem> {
    let Some(owner) = site.party(PartyRole::Owner, ctx.today) else { return Ok(()) };
    let mut people = Vec::new();
    for row in contacts::grants_of_roles(conn, &[Role::Owner], ctx.today)? {
        let Some(grant) = row.grant() else { continue };
        let scope = Scope { actor: String::new(), user: None, places: vec![grant.on] };
        if scope.covers_project(site.id, site.region, &[owner]) {
            people.push(row.user_id);
        }
    }
    if people.is_empty() || ctx.scope.user.is_some_and(|user| people.contains(&user)) {
        return Ok(());
    }
    let (zh, en) =
        ("建设单位有自己的用户，请由其答复（规则 R53-13）。", "The owner has people of its own here: they answer (rule R53-13).");
    Err(refuse(zh, en, "step", "second_person"))
}

pub(super) fn positive(amount: Option<Fen>) -> Result<Fen, Problem> {
    let found = amount.filter(|amount| amount.is_positive() && amount.is_bookable());
    found.ok_or_else(|| refuse("金额应大于零。", "Write an amount of more than nothing.", "amount", "bad_amount"))
}

/// Refuses an amount that was stated and is another than the one that follows: it is never silently replaced.
pub(super) fn as_stated(stated: Option<Fen>, follows: Fen) -> Result<(), Problem> {
    match stated {
        Some(stated) if stated != follows => Err(refuse(
            format!("填写的金额 {stated} 元与应为的 {follows} 元不符；请更正，或留空由系统计算。"),
            format!("The amount of {stated} is not the {follows} that follows; put it right, or leave it out."),
            "amount",
            "sum_mismatch",
        )),
        _ => Ok(()),
    }
}

/// Refuses what a deposit that holds nothing can neither pay nor give back.
pub(super) fn require_money(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, id: DepositId) -> Result<(), Problem> {
    let events = deposits::table::events(tx.conn(), site.id, id)?;
    if deposits::held(&events, ctx.today)?.is_positive() {
        return Ok(());
    }
    let problem = Problem::conflict(
        "该保证金余额为 0.00 元，无可支付、无可返还：已动用的请先登记补足（replenished），已返还的请另存保证金；欠薪另行责令改正（cases）。",
        "The deposit holds 0.00: it can neither pay nor be given back. Where it was used record that it was filled up (`replenished`), where it \
         was given back lodge another; over wages that are owed a case orders the correction (cases).",
    );
    Err(problem.at("subject", "bad_amount"))
}

pub(super) fn deposit_of(tx: &mut Tx<'_>, site: &Site, subject: Option<&str>) -> Result<deposits::table::DepositRow, Problem> {
    let id: Option<DepositId> = subject.and_then(|text| text.parse().ok());
    let found = match id {
        Some(id) => deposits::table::find(tx.conn(), site.id, id)?,
        None => None,
    };
    found.ok_or_else(|| refuse("本项目没有这笔保证金。", "The project has no such deposit.", "subject", "unknown_reference"))
}

/// Takes the next step of a matter.
///
/// # Errors
/// `not_found` without the matter, `conflict` for a step that does not follow, `invalid` for what the step lacks.
pub fn take(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, id: MatterId, new: &NewStep) -> Result<Matter, Problem> {
    tx.seq(Chain::Project(site.id))?;
    let matter = one(tx.conn(), ctx, site, id)?;
    let steps = matter.takes();
    if !steps.contains(&new.step) {
        let words: Vec<&str> = steps.iter().map(|step| step.as_str()).collect();
        let words = if words.is_empty() { "—".to_owned() } else { words.join(", ") };
        let problem = Problem::conflict(format!("下一步应为 {words}。"), format!("What may follow is: {words}."));
        return Err(problem.at("step", "bad_format"));
    }
    takers::require(tx.conn(), ctx, site, matter.kind, new)?;
    let mut row = row_of(tx, ctx, site, id, matter.kind, new, matter.last())?;
    match new.step {
        Step::Answered if is_own(tx.conn(), ctx, &matter)? => {
            let (zh, en) = ("请求人不能代建设单位答复。", "Whoever asked cannot answer for the owner.");
            return Err(refuse(zh, en, "step", "second_person"));
        }
        Step::Answered => only_the_owner_answers(tx.conn(), ctx, site)?,
        Step::MoneyAdded => {
            row.amount_fen = Some(positive(new.amount.or(matter.still_to_add))?);
        }
        Step::OrderMissed => {
            let limit = matter.begun().and_then(|begun| begun.due_on);
            if limit.is_some_and(|limit| new.happened_on <= limit) {
                let (zh, en) = ("责令期限尚未届满。", "The order's limit has not passed.");
                return Err(refuse(zh, en, "happened_on", "bad_time"));
            }
        }
        Step::NoticeServed => deposit_orders::serve(tx, ctx, site, &matter, new, &mut row)?,
        Step::PaidOut => deposit_orders::pay_out(tx, ctx, site, &matter, new, &mut row)?,
        Step::SurplusSettled => deposit_orders::settle_surplus(tx, ctx, site, &matter, new, &mut row)?,
        Step::Remedied if matter.kind == MatterKind::DepositOrder => deposit_orders::require_paid(tx, site, &matter, new)?,
        Step::Withdrawn if matter.kind == MatterKind::DepositOrder => deposit_orders::require_withdrawal(tx, ctx, &matter, new)?,
        Step::Replenished => {
            let rest = positive(matter.to_replenish)?;
            let amount = positive(new.amount.or(Some(rest)))?;
            if amount > rest {
                return Err(refuse(
                    format!("补足金额 {amount} 元超过尚缺的 {rest} 元。"),
                    format!("{amount} is more than the {rest} that the deposit still lacks."),
                    "amount",
                    "sum_mismatch",
                ));
            }
            move_deposit(tx, ctx, site, &matter, new, DepositEvent::Replenished, amount)?;
            row.amount_fen = Some(amount);
        }
        Step::ReasonFound => freezes::require_reason(new)?,
        Step::Remedied
            if matter.kind == MatterKind::DepositStatement && new.note.as_deref().is_none_or(|note| note.trim().is_empty()) =>
        {
            return Err(refuse(
                "请写明对账单与在册金额相差的原因。",
                "Say why the statement is not what stands here.",
                "note",
                "missing_field",
            ));
        }
        Step::Decided => may_return(tx, ctx, site, new.happened_on)?,
        Step::ArrearsFound if new.note.as_deref().is_none_or(|note| note.trim().is_empty()) => {
            return Err(refuse("请写明尚未付清的工资。", "Say what is still owed.", "note", "missing_field"));
        }
        Step::Confirmed => {
            // Arrears may have come to light since the decision: nothing is given back over them (R65-22b).
            may_return(tx, ctx, site, new.happened_on)?;
            let deposit = deposit_of(tx, site, matter.begun().and_then(|begun| begun.subject.as_deref()))?;
            let events = deposits::table::events(tx.conn(), site.id, deposit.id)?;
            let held = positive(Some(deposits::held(&events, ctx.today)?))?;
            as_stated(new.amount, held)?;
            move_deposit(tx, ctx, site, &matter, new, DepositEvent::Returned, held)?;
            row.amount_fen = Some(held);
        }
        _ => {}
    }
    keep(tx, ctx, site, &row)?;
    let matter = one(tx.conn(), ctx, site, id)?;
    deposit_orders::let_go(tx, ctx, site, &matter)?;
    Ok(matter)
}

/// Whether whoever acts now began the matter, under whichever account.
fn is_own(conn: &mut AnyConn, ctx: &Ctx, matter: &Matter) -> Result<bool, Problem> {
    match matter.begun() {
        Some(begun) => second::is_asker(conn, ctx, &begun.recorded_by),
        None => Ok(false),
    }
}

pub(super) fn move_deposit(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    matter: &Matter,
    new: &NewStep,
    kind: DepositEvent,
    amount: Fen,
) -> Result<(), Problem> {
    let deposit = deposit_of(tx, site, matter.begun().and_then(|begun| begun.subject.as_deref()))?;
    let event = NewEvent { kind, happened_on: new.happened_on, amount, document: new.document };
    deposits::actions::record_event(tx, ctx, site, deposit.id, &event)?;
    Ok(())
}

/// The gate of the return must be clear on the day of the decision: work finished, promise, publicity, nothing owed (R65-22a, b).
fn may_return(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, on: Day) -> Result<(), Problem> {
    let subject = Subject { project: Some(site.id), owner: None, general_contractor: None, region: None };
    let asked = gates::actions::gather(tx.conn(), ctx, Gate::DepositReturn, &subject, on)?;
    let decision = law::decision::decide(&ctx.book(), &asked.question);
    if decision.verdict == Verdict::Clear {
        return Ok(());
    }
    let rules: Vec<&str> = decision.reasons.iter().map(|reason| reason.rule.as_str()).collect();
    let rules = rules.join(", ");
    let cures = |of: fn(&CureItem) -> &str| decision.cure.iter().map(of).collect::<Vec<_>>().join("; ");
    let (zh, en) = (cures(|item| &item.zh), cures(|item| &item.en));
    let problem = Problem::conflict(
        format!("保证金返还条件尚未满足（{}）：{rules}。{zh}。", decision.verdict.as_str()),
        format!("The deposit cannot be returned yet ({}): {rules}. {en}.", decision.verdict.as_str()),
    );
    Err(problem.at("step", "blocked"))
}

fn row_of(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    matter_id: MatterId,
    kind: MatterKind,
    new: &NewStep,
    before: Option<&StepRow>,
) -> Result<StepRow, Problem> {
    if new.happened_on > ctx.today || before.is_some_and(|step| new.happened_on < step.happened_on) {
        let (zh, en) = ("日期应在上一步与今天之间。", "The day lies between the step before and today.");
        return Err(refuse(zh, en, "happened_on", "bad_time"));
    }
    let note = new.note.as_deref().map(str::trim).filter(|note| !note.is_empty());
    if note.is_some_and(|note| note.chars().count() > NOTE_MAX) {
        return Err(refuse("说明最多 500 字。", "A note has at most 500 characters.", "note", "bad_format"));
    }
    if new.amount.is_some_and(|amount| amount < Fen::ZERO || !amount.is_bookable()) {
        return Err(refuse("金额不能为负或过大。", "The amount is negative or too large.", "amount", "bad_amount"));
    }
    documents::actions::require(tx.conn(), site.id, new.document, "document_id")?;
    Ok(StepRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        matter_id,
        kind,
        step: new.step,
        happened_on: new.happened_on,
        due_on: new.due_on,
        amount_fen: new.amount,
        payroll_fen: None,
        balance_fen: None,
        subject: new.subject.clone().filter(|_| before.is_none()),
        reason: new.reason.clone().filter(|_| matches!(new.step, Step::Frozen | Step::ReasonFound)),
        note: note.map(str::to_owned),
        document_id: new.document,
        recorded_at: ctx.now,
        recorded_by: ctx.actor().to_owned(),
        recorded_seq: tx.seq(Chain::Project(site.id))?,
    })
}

pub(super) fn keep(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, row: &StepRow) -> Result<(), Problem> {
    table::insert(tx, row)?;
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "take_step", &format!("{} {}", row.matter_id, row.step))?;
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &site.id.to_string(), ctx.now)?;
    // The people of the project hear of it now and not with the day's round.
    Ok(jobs::enqueue(tx.conn(), ctx.id(), "remind_one", &format!("{} {}", site.id, ctx.today), ctx.now)?)
}
