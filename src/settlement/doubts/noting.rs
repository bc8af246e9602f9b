//! Keeping which payments an entry moved, and raising doubts about it.

use super::table::{self, DoubtRow, PaymentRow};
use super::{DoubtKind, Net};
use crate::accounts::table::EntryRow;
use crate::base::Fen;
use crate::base::id::RecordId;
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
    let mut before = Net::default();
    known.iter().for_each(|row| before.add(row.amount_fen));
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
    kind: DoubtKind,
    amount: Fen,
) -> Result<(), Problem> {
    if table::stands(tx.conn(), site.id, entry.id, kind)? {
        return Ok(());
    }
    let row = DoubtRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        entry_id: entry.id,
        kind,
        amount_fen: amount,
        recorded_at: ctx.now,
        recorded_seq: tx.seq(Chain::Project(site.id))?,
    };
    table::insert_doubt(tx, &row)?;
    tell_soon(tx, ctx, site)
}

/// Lets the project's people be told of what its money just showed, before the day's round comes to it.
pub(in crate::settlement) fn tell_soon(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site) -> Result<(), Problem> {
    Ok(jobs::enqueue(tx.conn(), ctx.id(), "remind_one", &format!("{} {}", site.id, ctx.today), ctx.now)?)
}
