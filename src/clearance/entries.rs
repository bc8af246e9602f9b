//! Entries of the wage account that keep a project from its end by themselves: money that went out for something other than wages, and
//! what the bank booked after the day on which the account is said to be closed.

use super::{Gathering, Hurdle, WHICH_MAX};
use crate::accounts;
use crate::base::{Day, Fen};
use crate::matching::strangers;
use crate::projects::Site;
use crate::store::AnyConn;
use crate::web::Problem;

/// Looks at the entries of a project's accounts; who got the money is named only where `may_name`.
pub(super) fn look(
    conn: &mut AnyConn,
    (site, may_name, as_of): (&Site, bool, Day),
    found: &mut Gathering,
) -> Result<(), Problem> {
    let accounts = accounts::table::of_project(conn, site.id)?;
    if let Some(first) = accounts.iter().map(|account| account.opened_on).min() {
        let open = strangers::unexplained(conn, site, (first, as_of))?;
        let which = open.iter().take(WHICH_MAX).map(|one| {
            let name = one.name.as_deref().filter(|_| may_name).unwrap_or_default();
            format!("{} {} {} {name}", one.entry, one.booked_on, one.amount).trim().to_owned()
        });
        let (which, amount) = (which.collect(), strangers::total(&open)?);
        found.add(Hurdle::ForeignDebit, open.len(), Some(amount), None, which);
    }
    let late = accounts::actions::after_closing(conn, site, as_of)?;
    let entries = || late.iter().flat_map(|(_, _, entries)| entries);
    let which = entries().take(WHICH_MAX).map(|entry| format!("{} {} {}", entry.id, entry.booked_on, entry.amount_fen));
    let amount = Fen::total(entries().map(|entry| entry.amount_fen))?;
    let closed_on = late.iter().map(|(_, closed_on, _)| *closed_on).min();
    found.add(Hurdle::EntriesAfterClosing, entries().count(), Some(amount), closed_on, which.collect());
    Ok(())
}
