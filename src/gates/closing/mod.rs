//! Closing a wage account asks its gate first (R53-09, R53-10): what blocks it refuses, and the override of two persons is the only way
//! around. Deliberately absent: refusing for what is not known, since an override answers a refusal and there would be no way on; the
//! answer that the closing rests on is kept with it.

pub mod http;

use super::Subject;
use super::actions::{answer, gather};
use super::overriding::actions::in_force;
use crate::accounts::table::AccountRow;
use crate::accounts::{self, actions};
use crate::base::Day;
use crate::base::id::AccountId;
use crate::law::{Gate, Verdict};
use crate::projects::Site;
use crate::store::{Chain, Tx};
use crate::web::{Ctx, Problem};

/// Records that the bank closed the account, where the gate lets it.
///
/// # Errors
/// `conflict` when the gate is blocked and no override holds, with what stands against it; else as [`actions::close_account`].
pub fn close_account(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, id: AccountId, closed_on: Day) -> Result<AccountRow, Problem> {
    // Locked before the look, so that nothing becomes owed between the answer and the closing.
    tx.seq(Chain::Project(site.id))?;
    let row = accounts::table::find(tx.conn(), site.id, id)?.ok_or_else(Problem::not_found)?;
    if row.closed_on.is_none() {
        ask(tx, ctx, site)?;
    }
    actions::close_account(tx, ctx, site, id, closed_on)
}

fn ask(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site) -> Result<(), Problem> {
    let subject = Subject { project: Some(site.id), ..Subject::default() };
    let asked = gather(tx.conn(), ctx, Gate::AccountClosing, &subject, ctx.today)?;
    let answered = answer(tx, ctx, &asked)?;
    if answered.decision.verdict != Verdict::Blocked {
        return Ok(());
    }
    if in_force(tx.conn(), site.id, Gate::AccountClosing.as_str(), ctx.today)?.is_some() {
        return Ok(());
    }
    let rules = answered.decision.rules.join(" ");
    let problem = Problem::conflict(
        format!("专用账户不得销户（{rules}）：请查询 account-closing 事项的答复并按其整改，或由两人依法越权放行后再登记。"),
        format!(
            "The account may not be closed ({rules}): ask the gate `account-closing` for what to mend, or have two persons override it."
        ),
    );
    Err(problem.at("account", "gate_blocked"))
}
