//! The looks at an account that are due at once when something has come of it; all the others wait for the daily one.

use crate::accounts::table::AccountRow;
use crate::accounts::{continuity, reconciling, refuted, words};

use crate::store::{Tx, jobs};
use crate::web::{Ctx, Problem};

/// Asks for them: people are told at once of what does not fit, of what becomes of a balance that differed, and of money on an account that
/// is closed.
///
/// # Errors
/// What the store says.
pub fn ask(tx: &mut Tx<'_>, ctx: &Ctx, account: &AccountRow) -> Result<(), Problem> {
    if account.closed_on.is_some() {
        jobs::enqueue(tx.conn(), ctx.id(), "remind_one", &format!("{} {}", account.project_id, ctx.today), ctx.now)?;
    }
    if !continuity::faults(tx.conn(), account)?.is_empty()
        || reconciling::unexplained_on(tx.conn(), account, ctx.today)?.is_some()
        || !refuted::of_account(tx.conn(), account, ctx.today)?.is_empty()
        || words::table::last_balance(tx.conn(), account, ctx.today)?.is_some_and(|word| word.differs)
    {
        jobs::enqueue(tx.conn(), ctx.id(), "watch_one", &account.project_id.to_string(), ctx.now)?;
    }
    Ok(())
}
