//! Looking at what could not be taken, and closing it.

use super::NOTE_MAX;
use super::table::{self, CountRow, ItemRow, MessageRow, Wanted};
use crate::base::id::QuarantineId;
use crate::projects;
use crate::store::{AnyConn, Chain, Tx};
use crate::web::{Ctx, Problem};

fn may_see(conn: &mut AnyConn, ctx: &Ctx, message: &MessageRow) -> bool {
    ctx.scope.is_everything() || message.project_id.is_some_and(|project| projects::enter(conn, &ctx.scope, project).is_ok())
}

/// Items in a state that the asker may see, the latest first, before an id.
pub fn list(
    conn: &mut AnyConn,
    ctx: &Ctx,
    wanted: &Wanted,
    before: i64,
    limit: i64,
) -> Result<Vec<(ItemRow, MessageRow)>, Problem> {
    Ok(table::page(conn, &ctx.scope, wanted, before, limit)?)
}

/// Lines of counters that one look gives.
const COUNTED_MAX: i64 = 200;

/// Open items by source and reason that the asker may see, the most first.
pub fn counts(conn: &mut AnyConn, ctx: &Ctx) -> Result<Vec<CountRow>, Problem> {
    Ok(table::counts(conn, &ctx.scope, COUNTED_MAX)?)
}

/// Closes an item: a person has seen to it, and says how.
///
/// # Errors
/// `not_found` for one of a project that the asker may not see, `conflict` when it is closed already, `invalid` without a note.
pub fn dismiss(tx: &mut Tx<'_>, ctx: &Ctx, id: QuarantineId, note: &str) -> Result<(ItemRow, MessageRow), Problem> {
    let by = ctx.scope.user.ok_or_else(Problem::not_allowed)?;
    let (_, message) = table::find(tx.conn(), id)?.ok_or_else(Problem::not_found)?;
    if !may_see(tx.conn(), ctx, &message) {
        return Err(Problem::not_found());
    }
    let note = note.trim();
    if note.is_empty() || note.chars().count() > NOTE_MAX {
        let problem = Problem::invalid("请写明如何处理（1 至 300 个字）。", "Say in 1 to 300 characters what was done.");
        return Err(problem.at("note", "missing_field"));
    }
    if !table::dismiss(tx.conn(), id, by, note)? {
        return Err(Problem::conflict("该条目已关闭。", "This item is closed already."));
    }
    let chain = message.project_id.map_or(Chain::Organisation, Chain::Project);
    tx.note(chain, ctx.now, ctx.actor(), "dismiss_quarantined", &id.to_string())?;
    table::find(tx.conn(), id)?.ok_or_else(Problem::not_found)
}
