//! Money that left the wage account to somebody who is no worker of the project (R53-08a): month by month beside the wages, and all of it
//! together for whoever closes the account.

use std::collections::BTreeMap;

use super::{Difference, Found, Stranger, Subject, table};
use crate::accounts::Purpose;
use crate::base::id::ProjectId;
use crate::base::{Day, Fen, Month};
use crate::payroll::direct;
use crate::projects::Site;
use crate::store::AnyConn;
use crate::web::{Ctx, Problem};

/// The numbers that a decision about such money was made upon.
pub(super) fn basis(stranger: &Stranger) -> String {
    format!("paid={} {}", stranger.amount, stranger.entry)
}

/// Money to people or firms that the project does not know, booked in the month after the one that was worked: what is looked at beside
/// the wages that were paid then.
pub(super) fn of_month(conn: &mut AnyConn, ctx: &Ctx, site: &Site, month: Month) -> Result<Vec<Stranger>, Problem> {
    let next = month.plus(1);
    // What comes back comes back later.
    let found = between(conn, site.id, (next.first(), ctx.today.max(next.last())))?;
    Ok(found.into_iter().filter(|stranger| next.contains(stranger.booked_on)).collect())
}

fn between(conn: &mut AnyConn, project: ProjectId, days: (Day, Day)) -> Result<Vec<Stranger>, Problem> {
    let entries = direct::table::booked(conn, project, Purpose::ForeignDebit, days)?;
    let strangers = direct::net(entries).into_iter().map(|(entry, amount)| Stranger {
        entry: entry.id,
        amount,
        booked_on: entry.booked_on,
        name: entry.counterparty,
    });
    Ok(strangers.collect())
}

/// Every such payment of a project up to a day that nobody has explained, the oldest first: each is explained beside the month before its
/// day.
///
/// # Errors
/// A store that fails.
pub fn unexplained(conn: &mut AnyConn, site: &Site, (first, as_of): (Day, Day)) -> Result<Vec<Stranger>, Problem> {
    let mut open = between(conn, site.id, (first, as_of))?;
    let mut said: BTreeMap<Month, BTreeMap<String, (String, Found)>> = BTreeMap::new();
    for month in open.iter().map(|stranger| stranger.booked_on.month().plus(-1)) {
        if said.contains_key(&month) {
            continue;
        }
        let decisions = table::decisions(conn, site.id, month)?.into_iter().filter(|row| row.kind == Difference::UnknownPayee);
        said.insert(month, decisions.map(|row| (row.subject, (row.basis, row.verdict))).collect());
    }
    open.retain(|stranger| {
        let last =
            said.get(&stranger.booked_on.month().plus(-1)).and_then(|of| of.get(&Subject::Entry(stranger.entry).to_string()));
        last.is_none_or(|(seen, found)| *seen != basis(stranger) || *found != Found::Explained)
    });
    Ok(open)
}

/// The sum of such payments.
///
/// # Errors
/// Amounts that do not add up within 63 bits.
pub fn total(strangers: &[Stranger]) -> Result<Fen, Problem> {
    Ok(Fen::total(strangers.iter().map(|stranger| stranger.amount))?)
}
