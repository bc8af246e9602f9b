//! Which payments a refund without an id may be of, and when one of them is certain.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use utoipa::ToSchema;

use super::table::{self, Possible};
use super::{Doubt, DoubtKind, books};
use crate::accounts::table::EntryRow;
use crate::base::id::{LineId, ProjectId, WorkerId};
use crate::base::{Day, Fen, Month};
use crate::payroll::pay_run::checks::is_same_name;
use crate::payroll::{AttemptState, results};
use crate::store::AnyConn;
use crate::store::vault::Owner;
use crate::web::{Ctx, Problem};
use crate::workers;

/// Days after its order in which a payment without any reference is looked for: name, account tail and amount prove nothing later.
const DAYS: i64 = 30;

/// Payments that are looked at for one refund.
const POSSIBLE_MAX: i64 = 500;

/// Payments of a run that are offered for one refund of several.
const SEVERAL_MAX: usize = 500;

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
    /// Its sum.
    pub amount: Fen,
    /// Whether the bank had refused it, or given it back, while its money is out: it is owed already.
    pub has_failed: bool,
    /// What of it came back before.
    pub returned: Fen,
    /// By how much the refund exceeds what of it had not come back yet: if it is this payment's, that much is nobody's wage and stays
    /// unexplained.
    pub surplus: Fen,
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

/// What is known of a refund beside its entry.
pub(in crate::settlement) struct Hints<'a> {
    /// The other side's account in plain.
    pub account: Option<&'a str>,
    /// The run that its words name.
    pub run: Option<&'a str>,
    /// How long the bank may give a payment back.
    pub days: i64,
}

/// The payment that a refund is of.
pub(in crate::settlement) struct Fit {
    /// Its id.
    pub payment: String,
    /// Whether the bank had refused it, or given it back, and had debited it all the same.
    pub has_failed: bool,
    /// Its sum.
    pub ordered: Fen,
}

impl Fit {
    fn of(one: &Possible) -> Self {
        Fit { payment: one.payment.clone(), has_failed: one.has_failed, ordered: one.amount_fen }
    }
}

/// The payments that the refund may be of whole, ordered at most `days` before it: those that are under way or paid, and those that
/// failed while their money is still out.
fn possible(conn: &mut AnyConn, entry: &EntryRow, days: i64) -> Result<Vec<Possible>, Problem> {
    let since = entry.booked_on.plus_days(-days).begins();
    let mut found = table::possible(conn, entry, since, POSSIBLE_MAX)?;
    let failed: Vec<&Possible> = found.iter().filter(|one| one.has_failed).collect();
    if failed.is_empty() {
        return Ok(found);
    }
    let mut runs: BTreeMap<&str, Vec<books::Payment>> = BTreeMap::new();
    for one in failed {
        let payment = books::Payment { id: one.payment.clone(), ordered: one.amount_fen, has_failed: true };
        runs.entry(&one.message_id).or_default().push(payment);
    }
    let mut out = BTreeSet::new();
    for (message_id, payments) in runs {
        let Some(run) = results::run_by_message_id(conn, entry.project_id, message_id)? else { continue };
        let excess = books::excess(conn, &run, &payments)?;
        out.extend(excess.into_iter().filter(|one| one.amount == entry.amount_fen).map(|one| one.payment));
    }
    found.retain(|one| !one.has_failed || out.contains(&one.payment));
    Ok(found)
}

/// The one payment that a refund without an id is of beyond doubt: by the debit's reference with name or amount, else by the card, else
/// by name, the card's last digits and amount. Under its reference a refund belongs first to what the bank has refused: which of several
/// such payments of one sum it is changes nothing, since each is owed already.
pub(in crate::settlement) fn certain(
    conn: &mut AnyConn,
    ctx: &Ctx,
    entry: &EntryRow,
    hints: &Hints<'_>,
) -> Result<Option<Fit>, Problem> {
    let all = possible(conn, entry, hints.days.max(DAYS))?;
    if all.is_empty() {
        // Thousands of refunds may come under one voucher; of what was never paid out none can be.
        return Ok(None);
    }
    let index = entry.counterparty_index.as_deref();
    let by_card = |one: &Possible| index.is_some() && one.card_index.as_deref() == index;
    let told: Vec<&Possible> = all.iter().filter(|one| by_card(one) || names(entry, &one.name)).collect();
    let voucher: BTreeSet<String> = table::under_voucher(conn, entry)?.into_iter().collect();
    let under = |one: &&Possible| {
        voucher.contains(&one.payment) || voucher.contains(&one.message_id) || hints.run == Some(one.message_id.as_str())
    };
    let own: Vec<&Possible> = all.iter().filter(under).collect();
    let own_told: Vec<&Possible> = told.iter().copied().filter(under).collect();
    let failed = |some: &[&Possible]| some.iter().copied().find(|one| one.has_failed).map(Fit::of);
    // Without a name the reference and the amount say it, unless the bank names somebody whom they do not.
    let names_nobody = entry.counterparty.as_deref().is_none_or(|told| told.contains('*')) && told.is_empty();
    if let Some(fit) = failed(&own_told).or_else(|| failed(&own).filter(|_| names_nobody)) {
        return Ok(Some(fit));
    }
    if let [one] = all.iter().filter(|one| by_card(one)).collect::<Vec<_>>().as_slice() {
        return Ok(Some(Fit::of(one)));
    }
    if let [one] = own_told.as_slice() {
        return Ok(Some(Fit::of(one)));
    }
    if let ([one], true) = (own.as_slice(), names_nobody) {
        return Ok(Some(Fit::of(one)));
    }
    let recent: BTreeSet<String> = possible(conn, entry, DAYS)?.into_iter().map(|one| one.payment).collect();
    let mut shown = Vec::new();
    for one in told.into_iter().filter(|one| recent.contains(&one.payment) && names(entry, &one.name)) {
        let Some(enrolment) = workers::table::find(conn, entry.project_id, one.enrolment_id)? else { continue };
        let Some(sealed) = enrolment.card else { continue };
        let card = ctx.vault().open_text(conn, Owner::Project(entry.project_id), &sealed)?;
        if shows_card(entry, hints.account, &card) {
            shown.push(one);
        }
    }
    Ok(if let [one] = shown.as_slice() { Some(Fit::of(one)) } else { None })
}

/// Whether the bank's words name the payee of a payment of exactly the entry's amount, by name or by card.
pub(in crate::settlement) fn names_payee(conn: &mut AnyConn, entry: &EntryRow) -> Result<bool, Problem> {
    let index = entry.counterparty_index.as_deref();
    let all = possible(conn, entry, DAYS)?;
    Ok(all.iter().any(|one| index.is_some() && one.card_index.as_deref() == index || names(entry, &one.name)))
}

/// The runs that were debited under the entry's reference, in one sum or by their payments.
pub(in crate::settlement) fn runs_of(conn: &mut AnyConn, entry: &EntryRow) -> Result<Vec<String>, Problem> {
    Ok(table::runs_under_voucher(conn, entry)?)
}

/// Whether the bank's words let a refund be of these payments of a run: nobody is named who is not among them.
pub(super) fn may_be_of(
    conn: &mut AnyConn,
    entry: &EntryRow,
    message_id: &str,
    excess: &[books::Excess],
) -> Result<bool, Problem> {
    let index = entry.counterparty_index.as_deref();
    let told: Vec<Possible> = table::of_run(conn, entry.project_id, message_id)?
        .into_iter()
        .filter(|one| index.is_some() && one.card_index.as_deref() == index || names(entry, &one.name))
        .collect();
    if told.is_empty() {
        // The other side of a sum is often the bank itself; of a single payment it would be the worker.
        return Ok(excess.len() > 1 || entry.counterparty.as_deref().is_none_or(|name| name.contains('*')));
    }
    // One name may be that of several workers of the run.
    Ok(told.iter().any(|one| excess.iter().any(|other| other.payment == one.payment)))
}

/// The payments that a waiting refund may be of: those of the people whom the bank names, else all of its amount, else what is out of the
/// runs under its reference, of which it may be several.
pub fn of(conn: &mut AnyConn, entry: &EntryRow, may_name: bool) -> Result<Vec<Candidate>, Problem> {
    let mut all = possible(conn, entry, DAYS)?;
    if all.is_empty() {
        for run in runs_of(conn, entry)? {
            let own = table::of_run(conn, entry.project_id, &run)?;
            let ids: Vec<String> = own.iter().map(|one| one.payment.clone()).collect();
            let nets = books::nets(conn, entry.project_id, &ids)?;
            let is_out = |one: &Possible| nets.get(&one.payment).is_some_and(|net| net.out.is_positive());
            all.extend(own.into_iter().filter(|one| is_out(one) && one.amount_fen < entry.amount_fen));
        }
        all.truncate(SEVERAL_MAX);
    }
    let named: Vec<&Possible> = all.iter().filter(|one| names(entry, &one.name)).collect();
    let chosen = if named.is_empty() { all.iter().collect() } else { named };
    let ids: Vec<String> = chosen.iter().map(|one| one.payment.clone()).collect();
    let nets = books::nets(conn, entry.project_id, &ids)?;
    let surplus = |one: &Possible, net: books::Net| {
        // A refund that is larger than the payment is of several, and nobody knows yet of which.
        let is_of_one = entry.amount_fen <= one.amount_fen;
        let due = books::Due::of_payment(one.amount_fen, AttemptState::Sent);
        if is_of_one { Fen(entry.amount_fen.0.saturating_sub(net.left(due).0)).or_zero() } else { Fen::ZERO }
    };
    let net = |one: &Possible| nets.get(&one.payment).copied().unwrap_or_default();
    let candidates = chosen.into_iter().map(|one| Candidate {
        returned: net(one).back,
        surplus: surplus(one, net(one)),
        payment: one.payment.clone(),
        line: one.line_id,
        worker: one.worker_id,
        name: may_name.then(|| one.name.clone()),
        month: one.month.month(),
        amount: one.amount_fen,
        has_failed: one.has_failed,
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
            // What the bank has refused is owed as it is, whosever refund this was.
            for one in candidates.into_iter().filter(|one| !one.has_failed) {
                *months.entry(Some(one.month)).or_default() += 1;
            }
        }
    }
    Ok(found)
}
