//! Which payments a refund without an id may be of, and when one of them is certain.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use utoipa::ToSchema;

use super::table::{self, Possible};
use super::{Doubt, DoubtKind};
use crate::accounts::table::EntryRow;
use crate::base::id::{LineId, ProjectId, WorkerId};
use crate::base::{Day, Month};
use crate::payroll::pay_run::checks::is_same_name;
use crate::store::AnyConn;
use crate::store::vault::Owner;
use crate::web::{Ctx, Problem};
use crate::workers;

/// Days after its order in which a payment without any reference is looked for: name, account tail and amount prove nothing later.
const DAYS: i64 = 30;

/// Payments that are looked at for one refund.
const POSSIBLE_MAX: i64 = 500;

/// Last digits of a card by which people and banks name it.
const TAIL: usize = 4;

/// A payment that a refund may be of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RefundCandidate)]
pub struct Candidate {
    /// The payment, by its id on the order.
    pub payment: String,
    /// The line that it was for.
    pub line: LineId,
    /// The worker.
    pub worker: WorkerId,
    /// Name, for whoever may see names.
    pub name: Option<String>,
    /// The month that it was for.
    pub month: Month,
}

/// Whether the bank's words on the refund name somebody; a masked name names nobody.
fn names(entry: &EntryRow, name: &str) -> bool {
    let told = entry.counterparty.as_deref().filter(|told| !told.contains('*'));
    told.is_some_and(|told| is_same_name(told, name)) || name.chars().count() > 1 && entry.text.contains(name)
}

/// Runs of digits in the bank's words.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty())
}

/// Whether the entry shows the card: whole in its words, or by its last four digits, in its words or as the other side's account.
fn shows_card(entry: &EntryRow, account: Option<&str>, card: &str) -> bool {
    let Some(tail) = card.len().checked_sub(TAIL).and_then(|at| card.get(at..)) else { return false };
    account.is_some_and(|account| account.ends_with(tail)) || numbers(&entry.text).any(|run| run == card || run == tail)
}

/// The payments of the refund's amount, ordered at most `days` before it.
fn possible(conn: &mut AnyConn, entry: &EntryRow, days: i64) -> Result<Vec<Possible>, Problem> {
    Ok(table::possible(conn, entry, entry.booked_on.plus_days(-days).begins(), POSSIBLE_MAX)?)
}

/// The one payment that a refund without an id is of beyond doubt: by the debit's reference with name or amount, else by name, the
/// card's last digits and amount. `account` is the other side's in plain, `days` how long the bank may give a payment back.
pub(in crate::settlement) fn certain(
    conn: &mut AnyConn,
    ctx: &Ctx,
    entry: &EntryRow,
    account: Option<&str>,
    days: i64,
) -> Result<Option<String>, Problem> {
    let all = possible(conn, entry, days.max(DAYS))?;
    if all.is_empty() {
        // Thousands of refunds may come under one voucher; of what was never paid out none can be.
        return Ok(None);
    }
    let named: Vec<&Possible> = all.iter().filter(|one| names(entry, &one.name)).collect();
    let voucher: BTreeSet<String> = table::under_voucher(conn, entry)?.into_iter().collect();
    let under = |one: &&Possible| voucher.contains(&one.payment) || voucher.contains(&one.message_id);
    let own: Vec<&Possible> = all.iter().filter(under).collect();
    let own_named: Vec<&Possible> = named.iter().copied().filter(under).collect();
    if let [one] = own_named.as_slice() {
        return Ok(Some(one.payment.clone()));
    }
    // Without a name the reference and the amount say it, unless the bank names somebody whom they do not.
    let names_nobody = entry.counterparty.as_deref().is_none_or(|told| told.contains('*')) && named.is_empty();
    if let ([one], true) = (own.as_slice(), names_nobody) {
        return Ok(Some(one.payment.clone()));
    }
    let recent: BTreeSet<String> = possible(conn, entry, DAYS)?.into_iter().map(|one| one.payment).collect();
    let mut shown = Vec::new();
    for one in named.into_iter().filter(|one| recent.contains(&one.payment)) {
        let Some(enrolment) = workers::table::find(conn, entry.project_id, one.enrolment_id)? else { continue };
        let Some(sealed) = enrolment.card else { continue };
        let card = ctx.vault().open_text(conn, Owner::Project(entry.project_id), &sealed)?;
        if shows_card(entry, account, &card) {
            shown.push(one.payment.clone());
        }
    }
    Ok(if shown.len() == 1 { shown.pop() } else { None })
}

/// The payments that a waiting refund may be of: those of the people whom the bank names, else all of its amount.
pub fn of(conn: &mut AnyConn, entry: &EntryRow, may_name: bool) -> Result<Vec<Candidate>, Problem> {
    let all = possible(conn, entry, DAYS)?;
    let named: Vec<&Possible> = all.iter().filter(|one| names(entry, &one.name)).collect();
    let chosen = if named.is_empty() { all.iter().collect() } else { named };
    let candidates = chosen.into_iter().map(|one| Candidate {
        payment: one.payment.clone(),
        line: one.line_id,
        worker: one.worker_id,
        name: may_name.then(|| one.name.clone()),
        month: one.month.month(),
    });
    Ok(candidates.collect())
}

/// Refunds that wait for a person: for each project the months whose lines are not known paid because of them, with how many lines;
/// `None` stands for a refund that fits no line at all.
pub fn waiting(
    conn: &mut AnyConn,
    projects: &[ProjectId],
    as_of: Day,
) -> Result<BTreeMap<ProjectId, BTreeMap<Option<Month>, u32>>, Problem> {
    let mut found: BTreeMap<ProjectId, BTreeMap<Option<Month>, u32>> = BTreeMap::new();
    for project in table::projects_with(conn, projects, DoubtKind::RefundWaits)? {
        let waits = |doubt: &Doubt| doubt.row.kind == DoubtKind::RefundWaits && doubt.entry.booked_on <= as_of;
        for doubt in super::open(conn, project)?.into_iter().filter(waits) {
            let months = found.entry(project).or_default();
            let candidates = of(conn, &doubt.entry, false)?;
            if candidates.is_empty() {
                *months.entry(None).or_default() += 1;
            }
            for one in candidates {
                *months.entry(Some(one.month)).or_default() += 1;
            }
        }
    }
    Ok(found)
}
