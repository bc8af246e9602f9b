//! Keeping which payments an entry moved, and raising doubts about it.

use super::books::{self, Due, Net, Payment};
use super::table::{self, DoubtRow, PaymentRow};
use super::{DoubtKind, answering, candidates};
use crate::accounts::table::EntryRow;
use crate::base::Fen;
use crate::base::id::RecordId;
use crate::ledger::LedgerAccount;
use crate::payroll::results;
use crate::projects::Site;
use crate::store::{Chain, Tx, jobs};
use crate::web::{Ctx, Problem};

/// A payment's money as one detail of an entry moves it.
#[derive(Debug, Clone, Copy)]
pub(in crate::settlement) struct Movement<'a> {
    /// The payment.
    pub payment: &'a str,
    /// Out positive, back negative.
    pub amount: Fen,
    /// How many details of the same entry spoke of the payment before this one.
    pub before: usize,
}

/// What had moved before, when the movement is news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::settlement) struct Noted {
    /// Before it.
    pub before: Net,
    /// With it.
    pub after: Net,
}

/// Keeps a movement; `known` is what stands of its payment. `None` where the entry told it before.
pub(in crate::settlement) fn note(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    entry: &EntryRow,
    movement: Movement<'_>,
    known: &mut Vec<PaymentRow>,
) -> Result<Option<Noted>, Problem> {
    let own = known.iter().filter(|row| row.entry_id == entry.id).count();
    if own > movement.before || movement.amount == Fen::ZERO {
        return Ok(None);
    }
    let before = Net::of(known.iter());
    let mut after = before;
    after.add(movement.amount);
    let row = PaymentRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        entry_id: entry.id,
        payment: movement.payment.to_owned(),
        amount_fen: movement.amount,
        recorded_seq: tx.seq(Chain::Project(site.id))?,
    };
    known.push(row);
    Ok(Some(Noted { before, after }))
}

/// Raises a doubt about an entry, once for each kind.
pub(in crate::settlement) fn raise(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    entry: &EntryRow,
    (kind, amount): (DoubtKind, Fen),
    named_run: Option<String>,
) -> Result<(), Problem> {
    if table::stands(tx.conn(), site.id, entry.id, kind)? {
        return Ok(());
    }
    let row = doubt_of(tx, ctx, site, entry, (kind, amount), named_run)?;
    table::insert_doubts(tx, &[row])?;
    tell_soon(tx, ctx, site)
}

/// A doubt about an entry, to be written, with the run that the bank names on it.
pub(in crate::settlement) fn doubt_of(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    entry: &EntryRow,
    (kind, amount): (DoubtKind, Fen),
    named_run: Option<String>,
) -> Result<DoubtRow, Problem> {
    Ok(DoubtRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        entry_id: entry.id,
        kind,
        amount_fen: amount,
        recorded_at: ctx.now,
        recorded_seq: tx.seq(Chain::Project(site.id))?,
        named_run,
    })
}

/// Keeps a refund as what is out of a run beyond what may be, where it is exactly that: refused payments that were debited all the same,
/// or a surplus. No line changes by it. Gives the payments that it is kept under, none where it is something else.
pub(in crate::settlement) fn take_excess(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    entry: &EntryRow,
    message_id: &str,
) -> Result<Vec<String>, Problem> {
    let Some(run) = results::run_by_message_id(tx.conn(), site.id, message_id)? else { return Ok(Vec::new()) };
    let attempts = results::attempts_of(tx.conn(), site.id, run.id)?;
    let due = Due::of_run(run.total_fen, &attempts)?;
    let payments: Vec<Payment> = attempts.iter().map(Payment::from).collect();
    let excess = books::excess(tx.conn(), &run, &payments)?;
    let whole = Net::of(table::of_payments(tx.conn(), site.id, &[message_id.to_owned()])?.iter());
    let is_excess = !excess.is_empty() && Fen::total(excess.iter().map(|one| one.amount))? == entry.amount_fen;
    let is_surplus = excess.is_empty() && whole.debits > 0 && whole.out.0.saturating_sub(entry.amount_fen.0) >= due.ordered.0;
    if !(is_surplus || is_excess && candidates::may_be_of(tx.conn(), entry, message_id, &excess)?) {
        return Ok(Vec::new());
    }
    let of_run = (whole.debits > 0).then(|| (message_id.to_owned(), entry.amount_fen));
    let moved: Vec<(String, Fen)> = excess.into_iter().map(|one| (one.payment, one.amount)).chain(of_run).collect();
    let mut rows = Vec::with_capacity(moved.len());
    for (payment, amount) in &moved {
        rows.push(PaymentRow {
            project_id: site.id,
            id: RecordId(ctx.id()),
            entry_id: entry.id,
            payment: payment.clone(),
            amount_fen: amount.negated(),
            recorded_seq: tx.seq(Chain::Project(site.id))?,
        });
    }
    table::insert_payments(tx, &rows)?;
    answering::move_refund(tx, ctx, site, entry, LedgerAccount::PayInTransit)?;
    Ok(moved.into_iter().map(|(payment, _)| payment).collect())
}

/// After a word of the bank on payments: refunds that wait and name their run, or stand under its
/// reference, are looked at again, since what it refused may be what came back.
pub(in crate::settlement) fn look_again(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, message_id: &str) -> Result<(), Problem> {
    for doubt in super::open(tx.conn(), site.id)? {
        let waits = doubt.row.kind == DoubtKind::RefundWaits && !doubt.is_asked();
        let names_it = doubt.row.named_run.as_deref() == Some(message_id);
        if waits && (names_it || table::runs_under_voucher(tx.conn(), &doubt.entry)?.iter().any(|run| run == message_id)) {
            take_excess(tx, ctx, site, &doubt.entry, message_id)?;
        }
    }
    Ok(())
}

/// Lets the project's people be told of what its money just showed, before the day's round comes to it.
pub(in crate::settlement) fn tell_soon(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site) -> Result<(), Problem> {
    Ok(jobs::enqueue(tx.conn(), ctx.id(), "remind_one", &format!("{} {}", site.id, ctx.today), ctx.now)?)
}
