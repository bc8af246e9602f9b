//! Lodging deposits and recording what happens to them.

use std::collections::BTreeMap;

use super::table::{self, DepositRow, EventRow};
use super::{DepositEvent, DepositKind, ISSUER_MAX, first_impossible_day, held};
use crate::base::id::{DepositId, DocumentId, ProjectId, RecordId};
use crate::base::money::TooMuch;
use crate::base::{Day, Fen};
use crate::documents;
use crate::ledger::{self, LedgerAccount, Posting, PostingKind};
use crate::projects::Site;
use crate::store::{AnyConn, Chain, Tx, jobs};
use crate::web::{Ctx, Problem};

/// A deposit to be lodged.
#[derive(Debug, Clone)]
pub struct NewDeposit {
    /// What it is.
    pub kind: DepositKind,
    /// How much it secures.
    pub amount: Fen,
    /// Bank, guarantee company or insurer.
    pub issuer: String,
    /// Day of lodging.
    pub lodged_on: Day,
    /// Last day of a guarantee, bond or insurance.
    pub ends_on: Option<Day>,
    /// The paper.
    pub document: Option<DocumentId>,
}

/// Something that happened to a deposit.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// What.
    pub kind: DepositEvent,
    /// When.
    pub happened_on: Day,
    /// How much; nothing for a publicity.
    pub amount: Fen,
    /// The paper: notice, receipt, confirmation.
    pub document: Option<DocumentId>,
}

/// A deposit with what happened to it.
#[derive(Debug, Clone)]
pub struct Lodged {
    /// The deposit.
    pub deposit: DepositRow,
    /// Its events in the order of record.
    pub events: Vec<EventRow>,
}

/// Puts a deposit on record.
///
/// # Errors
/// `invalid` for a form that the region does not admit (R65-02), an amount of nothing, a promise without an end or with one before its beginning, money with an end, a day to come.
pub fn lodge(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, new: &NewDeposit) -> Result<Lodged, Problem> {
    let refuse = |zh: &str, en: &str, place: &str, reason| Err(Problem::invalid(zh, en).at(place, reason));
    if !new.amount.is_positive() {
        return refuse("保证金金额应大于零。", "A deposit is for more than nothing.", "amount", "bad_amount");
    }
    not_too_much(new.amount)?;
    let issuer = new.issuer.trim();
    if issuer.is_empty() || issuer.chars().count() > ISSUER_MAX {
        return refuse("机构名称应为 1 至 140 个字。", "An issuer's name has 1 to 140 characters.", "issuer", "bad_format");
    }
    // Where the region's text does not name the form, the paper is taken and a person looks at it: only a plain no is a refusal.
    if let Some((false, citation)) = new.kind.form().admitted(&ctx.book(), site.region, new.lodged_on) {
        let (zh, en) = (
            format!("当地规定不接受这种保证金形式（规则 R65-02；{citation}）。"),
            format!("The rules of the place do not admit this form of deposit (rule R65-02; {citation})."),
        );
        return refuse(&zh, &en, "kind", "not_admitted");
    }
    match (new.kind.is_cash(), new.ends_on) {
        (true, Some(_)) => {
            return refuse("现金保证金没有到期日。", "Money has no day of expiry.", "ends_on", "bad_time");
        }
        (false, None) => {
            return refuse(
                "保函、保险应写明到期日（人社部发〔2021〕65号第十七条）。",
                "A guarantee names its last day (rule R65-17).",
                "ends_on",
                "missing_field",
            );
        }
        (false, Some(end)) if end < new.lodged_on => {
            return refuse("到期日早于存储日。", "It ends before it begins.", "ends_on", "bad_time");
        }
        _ => {}
    }
    if new.lodged_on > ctx.today {
        return refuse("存储日不能晚于今天。", "A deposit cannot be lodged on a day to come.", "lodged_on", "bad_time");
    }
    documents::actions::require(tx.conn(), site.id, new.document, "document_id")?;
    let chain = Chain::Project(site.id);
    let deposit = DepositRow {
        project_id: site.id,
        id: DepositId(ctx.id()),
        kind: new.kind,
        amount_fen: new.amount,
        issuer: issuer.to_owned(),
        lodged_on: new.lodged_on,
        ends_on: new.ends_on,
        document_id: new.document,
        recorded_seq: tx.seq(chain)?,
    };
    table::insert(tx, &deposit)?;
    tx.note(chain, ctx.now, ctx.actor(), "lodge_deposit", &deposit.id.to_string())?;
    let event = NewEvent { kind: DepositEvent::Lodged, happened_on: new.lodged_on, amount: new.amount, document: new.document };
    let event = append(tx, ctx, site, &deposit, &event)?;
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &site.id.to_string(), ctx.now)?;
    Ok(Lodged { deposit, events: vec![event] })
}

fn not_too_much(amount: Fen) -> Result<(), Problem> {
    if amount.is_bookable() {
        return Ok(());
    }
    let most = Fen::BOOKABLE_MAX;
    let problem = Problem::invalid(
        format!("金额 {amount} 元超过一次可登记的上限 {most} 元。"),
        format!("{amount} is more than the {most} that one record may be over."),
    );
    Err(problem.at("amount", "over_limit"))
}

/// Records what somebody tells of a deposit outside its matters: that its publicity began. Money leaves and enters a deposit by the
/// steps of a matter only, where each step is its own person's to take.
///
/// # Errors
/// `invalid` for money used, replenished or returned (R65-19, R65-20, R65-22a); as [`record_event`].
pub fn tell_event(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, id: DepositId, new: &NewEvent) -> Result<Lodged, Problem> {
    let (zh, en) = match new.kind {
        DepositEvent::PublicityStarted | DepositEvent::Lodged => return record_event(tx, ctx, site, id, new),
        DepositEvent::Used => (
            "保证金的使用请在“责令支付”事项中登记（deposit-matters，deposit_order；规则 R65-19）。",
            "A deposit is used by a step of an order: begin deposit_order under deposit-matters (rule R65-19).",
        ),
        DepositEvent::Replenished => (
            "保证金的补足请在“责令支付”事项中登记（deposit-matters，replenished；规则 R65-20）。",
            "A deposit is filled up by the step `replenished` of its order under deposit-matters (rule R65-20).",
        ),
        DepositEvent::Returned => (
            "保证金的返还请在“返还”事项中办理：承诺、公示满 30 日、无欠薪，由人社部门确认（deposit-matters，deposit_return；规则 R65-22a）。",
            "A deposit is given back after promise, 30 days of publicity and without arrears, confirmed by the labour authority: begin \
             deposit_return under deposit-matters (rule R65-22a).",
        ),
    };
    Err(Problem::invalid(zh, en).at("kind", "blocked"))
}

/// Records that a deposit was used, replenished, returned, or that its publicity began. Whoever calls has seen to it that the rules of
/// a use and of a return were followed.
///
/// # Errors
/// `invalid` when on some day less than nothing or more than was lodged would be held.
pub fn record_event(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, id: DepositId, new: &NewEvent) -> Result<Lodged, Problem> {
    let refuse = |zh: &str, en: &str, place: &str, reason| Err(Problem::invalid(zh, en).at(place, reason));
    // The chain is locked before the look: of two uses at once the second sees what the first has left.
    tx.seq(Chain::Project(site.id))?;
    let deposit = table::find(tx.conn(), site.id, id)?.ok_or_else(Problem::not_found)?;
    match new.kind {
        DepositEvent::Lodged => {
            return refuse("请另行登记新的保证金。", "Lodge another deposit instead.", "kind", "bad_format");
        }
        DepositEvent::PublicityStarted if new.amount != Fen::ZERO => {
            return refuse("公示不涉及金额。", "A publicity moves no money.", "amount", "bad_amount");
        }
        DepositEvent::Used | DepositEvent::Replenished | DepositEvent::Returned if !new.amount.is_positive() => {
            return refuse("金额应大于零。", "Write more than nothing.", "amount", "bad_amount");
        }
        _ => not_too_much(new.amount)?,
    }
    if new.happened_on < deposit.lodged_on || new.happened_on > ctx.today {
        return refuse("日期应在存储日与今天之间。", "The day lies between the lodging and today.", "happened_on", "bad_time");
    }
    documents::actions::require(tx.conn(), site.id, new.document, "document_id")?;
    let event = append(tx, ctx, site, &deposit, new)?;
    let events = table::events(tx.conn(), site.id, id)?;
    if let Some(day) = first_impossible_day(&events, deposit.amount_fen)? {
        let problem = Problem::invalid(
            format!("记入后，{day} 的保证金余额将小于零或超过存储金额 {}。", deposit.amount_fen),
            format!("On {day} less than nothing or more than the {} lodged would be held.", deposit.amount_fen),
        );
        return Err(problem.at("amount", "sum_mismatch"));
    }
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "record_deposit_event", &format!("{id} {}", event.kind))?;
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &site.id.to_string(), ctx.now)?;
    Ok(Lodged { deposit, events })
}

fn append(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, deposit: &DepositRow, new: &NewEvent) -> Result<EventRow, Problem> {
    let row = EventRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        deposit_id: deposit.id,
        kind: new.kind,
        happened_on: new.happened_on,
        amount_fen: new.amount,
        document_id: new.document,
        recorded_seq: tx.seq(Chain::Project(site.id))?,
    };
    table::insert_event(tx, &row)?;
    let sides = match new.kind {
        DepositEvent::Lodged | DepositEvent::Replenished => Some((LedgerAccount::DepositHeld, LedgerAccount::DepositSource)),
        DepositEvent::Used => Some((LedgerAccount::DepositUsed, LedgerAccount::DepositHeld)),
        DepositEvent::Returned => Some((LedgerAccount::DepositSource, LedgerAccount::DepositHeld)),
        DepositEvent::PublicityStarted => None,
    };
    if let Some((debit, credit)) = sides.filter(|_| deposit.kind.is_cash()) {
        let key = format!("deposit {}", row.id);
        let posting = Posting::of(key, PostingKind::Deposit, new.happened_on, debit, credit, new.amount);
        ledger::actions::post(tx, ctx, site, &posting)?;
    }
    Ok(row)
}

/// Every deposit of a project with its events, by what was recorded up to `until_seq`.
pub fn all(conn: &mut AnyConn, site: &Site, until_seq: Option<i64>) -> Result<Vec<Lodged>, Problem> {
    let events = table::events_of_project(conn, site.id, until_seq)?;
    let deposits = table::of_project(conn, site.id, until_seq)?;
    let own = |id| events.iter().filter(|event| event.deposit_id == id).cloned().collect();
    Ok(deposits.into_iter().map(|deposit| Lodged { events: own(deposit.id), deposit }).collect())
}

/// What is secured on a day by each of some projects' deposits; a project without one is left out.
pub fn held_by(conn: &mut AnyConn, projects: &[ProjectId], as_of: Day) -> Result<BTreeMap<ProjectId, Fen>, Problem> {
    let mut events: BTreeMap<(ProjectId, DepositId), Vec<EventRow>> = BTreeMap::new();
    for event in table::events_of_projects(conn, projects)? {
        events.entry((event.project_id, event.deposit_id)).or_default().push(event);
    }
    let mut totals = BTreeMap::new();
    for deposit in table::of_projects(conn, projects)? {
        let own = events.remove(&(deposit.project_id, deposit.id)).unwrap_or_default();
        let total: &mut Fen = totals.entry(deposit.project_id).or_default();
        *total = total.plus(secured(&Lodged { deposit, events: own }, as_of)?)?;
    }
    Ok(totals)
}

/// What one deposit secures on a day.
fn secured(lodged: &Lodged, as_of: Day) -> Result<Fen, TooMuch> {
    if lodged.deposit.ends_on.is_none_or(|end| as_of <= end) { held(&lodged.events, as_of) } else { Ok(Fen::ZERO) }
}

/// What the project's deposits secure on a day; a promise secures nothing before its lodging and after its end.
pub fn held_on(conn: &mut AnyConn, site: &Site, as_of: Day, until_seq: Option<i64>) -> Result<Fen, Problem> {
    Ok(held_of(&all(conn, site, until_seq)?, as_of)?)
}

/// What these deposits secure together on a day.
pub fn held_of(all: &[Lodged], as_of: Day) -> Result<Fen, TooMuch> {
    let mut total = Fen::ZERO;
    for lodged in all {
        total = total.plus(secured(lodged, as_of)?)?;
    }
    Ok(total)
}
