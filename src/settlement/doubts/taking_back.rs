//! A surplus that the bank gave back and took back again: the entry that took it is named, and the two stand against each other in the
//! books. Deliberately absent: finding that entry by itself. A sum alone is no proof of what it was for.

use super::table::{self, StepRow};
use super::{Doubt, DoubtKind};
use crate::accounts::table::{self as accounts_table, EntryRow};
use crate::accounts::{Direction, EntryStatus, posting_key};
use crate::base::id::{BankEntryId, ProjectId};
use crate::ledger::{self, LedgerAccount, Posting, PostingKind};
use crate::projects::Site;
use crate::store::{AnyConn, Tx};
use crate::web::{Ctx, Problem};

/// The entry that an answer names.
fn named(conn: &mut AnyConn, project: ProjectId, text: &str) -> Result<Option<EntryRow>, Problem> {
    let Ok(id) = text.trim().parse::<BankEntryId>() else { return Ok(None) };
    Ok(accounts_table::entry(conn, project, id)?)
}

/// Whether the entry of a settled answer is still in the books.
pub(super) fn stands(conn: &mut AnyConn, project: ProjectId, step: &StepRow) -> Result<bool, Problem> {
    let entry = named(conn, project, step.payment.as_deref().unwrap_or_default())?;
    Ok(entry.is_some_and(|entry| entry.voided_by.is_none()))
}

/// The entry that took the surplus back.
///
/// # Errors
/// `invalid` for an answer to another doubt, and for what cannot have taken it back: an entry of another account or sum, one before it,
/// one that moved a payment's money, or that answers for another surplus.
pub(super) fn entry_of(conn: &mut AnyConn, site: &Site, doubt: &Doubt, text: Option<&str>) -> Result<EntryRow, Problem> {
    if doubt.row.kind != DoubtKind::RefundedAgain {
        let problem = Problem::invalid("该答复不适用于此疑点。", "That is no answer to this doubt.");
        return Err(problem.at("answer", "bad_format"));
    }
    let refuse = |zh: &str, en: &str| Err(Problem::invalid(zh, en).at("entry", "unknown_reference"));
    let Some(entry) = named(conn, site.id, text.unwrap_or_default())? else {
        return refuse(
            "请填写银行收回该款的流水编号（本项目账户的支出）。",
            "Name the entry by which the bank took it back: money out of the project's account.",
        );
    };
    let is_debit = entry.direction == Direction::Debit && entry.status != EntryStatus::Information && entry.voided_by.is_none();
    if !is_debit || entry.account_id != doubt.entry.account_id || entry.amount_fen != doubt.row.amount_fen {
        return refuse(
            "该流水不是同一账户、金额与多退款相同且已入账的支出。",
            "It is no booked money out of the same account of just the sum that came back too much.",
        );
    }
    if entry.booked_on < doubt.entry.booked_on {
        return refuse("该流水早于多退的款项。", "It is of a day before the surplus came back.");
    }
    let is_payment = !table::of_entry(conn, site.id, entry.id)?.is_empty();
    if is_payment || table::answers_with(conn, site.id, &entry.id.to_string(), doubt.row.id)? {
        return refuse(
            "该流水已是某笔代发的收支，或已用于说明另一笔多退款。",
            "It moved a payment's money already, or explains another surplus.",
        );
    }
    Ok(entry)
}

/// Where the money of a credit stands in the books; `None` where nothing was booked.
fn stands_in(conn: &mut AnyConn, project: ProjectId, entry: BankEntryId) -> Result<Option<LedgerAccount>, Problem> {
    let mut account = None;
    for key in [posting_key(entry), format!("reallocates {entry}")] {
        if let Some(posting) = ledger::table::by_key(conn, project, &key)? {
            let lines = ledger::table::lines_of(conn, project, &[posting.id])?;
            // Money in stands negative there.
            let at = lines.iter().filter(|line| line.account != LedgerAccount::Bank && !line.amount_fen.is_positive());
            // Of a refund that was several things the surplus is what nothing explains.
            let at: Vec<LedgerAccount> = at.map(|line| line.account).collect();
            account = at.iter().find(|one| **one == LedgerAccount::Unexplained).or_else(|| at.first()).copied().or(account);
        }
    }
    Ok(account)
}

/// The entry stands against the surplus: its money goes where the surplus waits, by a posting of its own, once.
pub(super) fn settle(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, doubt: &Doubt, entry: &EntryRow) -> Result<(), Problem> {
    let Some(posting) = ledger::table::by_key(tx.conn(), site.id, &posting_key(entry.id))? else { return Ok(()) };
    let lines = ledger::table::lines_of(tx.conn(), site.id, &[posting.id])?;
    let from = lines.iter().find(|line| line.account != LedgerAccount::Bank).map(|line| line.account);
    let to = stands_in(tx.conn(), site.id, doubt.entry.id)?;
    let natural_key = format!("reallocates {}", entry.id);
    let Some((from, to)) = from.zip(to).filter(|(from, to)| from != to) else { return Ok(()) };
    if ledger::table::by_key(tx.conn(), site.id, &natural_key)?.is_some() {
        return Ok(());
    }
    let lines = vec![(from, entry.amount_fen.negated()), (to, entry.amount_fen)];
    let kind = PostingKind::Reallocation;
    ledger::actions::post(tx, ctx, site, &Posting { natural_key, kind, booked_on: entry.booked_on, lines, reverses: None })?;
    Ok(())
}
