//! Whom the bank names as the one who got a payment of ours, where that is not plainly the worker.
//!
//! The order names the worker's own card. When the bank's word on the payment names another account or another holder, that is kept
//! with the entry, so that it can be looked at later. Deliberately absent: what it means; a payee who is the worker by card and name
//! leaves no row.

pub mod table;

use super::sides::OtherSide;
use crate::accounts::table::EntryRow;
use crate::base::Fen;
use crate::base::id::{LineId, RecordId};
use crate::payroll::pay_run::checks::is_same_name;
use crate::projects::Site;
use crate::store::inbox::storable;
use crate::store::vault::Owner;
use crate::store::{Chain, Tx};
use crate::web::{Ctx, Problem};
use crate::wire::bank::Detail;
use table::PayeeRow;

/// The worker of a line: the index of the card that the enrolment holds, and the name.
pub(super) type Worker = (Option<String>, String);

/// The line that a payment was ordered for, by the id under which the bank speaks of it.
pub(super) fn line_of(end_to_end_id: &str) -> Option<LineId> {
    end_to_end_id.rsplit_once('-')?.0.parse().ok()
}

/// Keeps the payee that a detail of a debit names, where it is another than the worker of the line.
pub(super) fn note(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    entry: &EntryRow,
    (end_to_end_id, amount): (&str, Fen),
    detail: &Detail,
    worker: Option<&Worker>,
) -> Result<(), Problem> {
    let other = OtherSide::told(ctx, detail.counterparty_account.as_deref());
    if other.index.is_none() && detail.counterparty.is_none() {
        return Ok(());
    }
    let Some(line_id) = line_of(end_to_end_id) else { return Ok(()) };
    let Some((card_index, name)) = worker else { return Ok(()) };
    let other_account = other.index.as_ref().is_some_and(|index| card_index.as_ref() != Some(index));
    let other_name = detail.counterparty.as_deref().is_some_and(|told| !is_same_name(told, name));
    if !(other_account || other_name) || table::stands(tx.conn(), site.id, entry.id, end_to_end_id)? {
        return Ok(());
    }
    let counterparty_account = match &other.account {
        Some(text) => Some(ctx.vault().seal(tx.conn(), Owner::Project(site.id), text.as_bytes())?),
        None => None,
    };
    let row = PayeeRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        entry_id: entry.id,
        line_id,
        end_to_end_id: end_to_end_id.to_owned(),
        amount_fen: amount,
        counterparty: detail.counterparty.as_deref().map(storable),
        counterparty_account,
        counterparty_index: other.index,
        recorded_seq: tx.seq(Chain::Project(site.id))?,
    };
    Ok(table::insert(tx, &row)?)
}
