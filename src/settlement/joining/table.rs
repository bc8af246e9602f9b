//! What joining asks of entries: which days another voice told too, what stands on a day, and what is counted elsewhere.

use std::collections::{BTreeSet, HashMap};

use diesel::prelude::*;

use crate::accounts::table::{AccountRow, EntryRow};
use crate::accounts::{EntryStatus, StatementKind};
use crate::base::Day;
use crate::base::id::{AccountId, BankEntryId, ProjectId, StatementId};
use crate::settlement::doubts::table::PaymentRow;
use crate::settlement::payees::table::PayeeRow;
use crate::store::schema::{bank_entries, bank_statements, entry_doubts, entry_payees, entry_payments};
use crate::store::{AnyConn, StoreError};

/// Ids that one query names at most.
const IDS_OF_QUERY: usize = 500;

/// Whether a message of another kind tells of any of these days.
pub fn tell_others(
    conn: &mut AnyConn,
    account: &AccountRow,
    kind: StatementKind,
    (first, last): (Day, Day),
) -> Result<bool, StoreError> {
    use bank_statements as s;
    for other in StatementKind::ALL.iter().copied().filter(|other| *other != kind) {
        let of_kind = s::project_id.eq(account.project_id).and(s::account_id.eq(account.id)).and(s::kind.eq(other));
        let found: Option<StatementId> =
            s::table.filter(of_kind.and(s::to_on.ge(first)).and(s::from_on.le(last))).select(s::id).first(conn).optional()?;
        if found.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a message of this kind in another format tells of any of these days.
pub fn tell_in_other_words(
    conn: &mut AnyConn,
    account: &AccountRow,
    (kind, format): (StatementKind, &str),
    (first, last): (Day, Day),
) -> Result<bool, StoreError> {
    use bank_statements as s;
    let of_kind = s::project_id.eq(account.project_id).and(s::account_id.eq(account.id)).and(s::kind.eq(kind));
    let others = s::to_on.ge(first).and(s::from_on.le(last)).and(s::format.not_like(format!("{}%", family(format))));
    let found: Option<StatementId> = s::table.filter(of_kind.and(others)).select(s::id).first(conn).optional()?;
    Ok(found.is_some())
}

/// The days of a span on which something is booked that messages of this kind did not tell, or, of an announcement, that the bank's ledger
/// tells as well.
pub fn days_told_otherwise(
    conn: &mut AnyConn,
    account: &AccountRow,
    kind: StatementKind,
    (first, last): (Day, Day),
) -> Result<BTreeSet<Day>, StoreError> {
    use bank_entries as b;
    let of_account = b::project_id.eq(account.project_id).and(b::account_id.eq(account.id));
    let stands = b::status.eq(EntryStatus::Booked).and(b::voided_by.is_null()).and(b::booked_on.between(first, last));
    let others = b::seen_in.not_like(format!("%{kind}:%"));
    let ledger = |kind: StatementKind| b::seen_in.like(format!("%{kind}:%"));
    let query = b::table.filter(of_account.and(stands)).select(b::booked_on).distinct();
    let days: Vec<Day> = match kind.is_ledger() {
        true => query.filter(others).load(conn)?,
        false => query.filter(others.or(ledger(StatementKind::Statement)).or(ledger(StatementKind::Sheet))).load(conn)?,
    };
    Ok(days.into_iter().collect())
}

/// The booked entries of a day that stand, in the order of record.
pub fn standing_on(conn: &mut AnyConn, account: &AccountRow, day: Day) -> Result<Vec<EntryRow>, StoreError> {
    use bank_entries as b;
    Ok(b::table
        .filter(
            b::project_id
                .eq(account.project_id)
                .and(b::account_id.eq(account.id))
                .and(b::booked_on.eq(day))
                .and(b::status.eq(EntryStatus::Booked))
                .and(b::voided_by.is_null()),
        )
        .order(b::id)
        .select(EntryRow::as_select())
        .load(conn)?)
}

/// The entries that are counted in these, in the order of record.
pub fn counted_in(conn: &mut AnyConn, project: ProjectId, wholes: &[BankEntryId]) -> Result<Vec<EntryRow>, StoreError> {
    use bank_entries as b;
    let mut found = Vec::new();
    for some in wholes.chunks(IDS_OF_QUERY) {
        let rows: Vec<EntryRow> = b::table
            .filter(b::project_id.eq(project).and(b::counted_in.eq_any(some.to_vec())))
            .order(b::id)
            .select(EntryRow::as_select())
            .load(conn)?;
        found.extend(rows);
    }
    Ok(found)
}

/// The entries of an account's day that are counted in others, in the order of record.
pub fn counted_on(conn: &mut AnyConn, project: ProjectId, (account, day): (AccountId, Day)) -> Result<Vec<EntryRow>, StoreError> {
    use bank_entries as b;
    let of_day = b::project_id.eq(project).and(b::account_id.eq(account)).and(b::booked_on.eq(day));
    let rows = b::table.filter(of_day.and(b::counted_in.is_not_null())).order(b::id);
    Ok(rows.select(EntryRow::as_select()).load(conn)?)
}

/// The formats of these statements, each up to its version.
pub fn formats_of(
    conn: &mut AnyConn,
    project: ProjectId,
    statements: impl Iterator<Item = StatementId>,
) -> Result<HashMap<StatementId, String>, StoreError> {
    use bank_statements as s;
    let mut found = HashMap::new();
    for some in statements.collect::<Vec<_>>().chunks(IDS_OF_QUERY) {
        let wanted = s::project_id.eq(project).and(s::id.eq_any(some.to_vec()));
        let rows: Vec<(StatementId, String)> = s::table.filter(wanted).select((s::id, s::format)).load(conn)?;
        found.extend(rows.into_iter().map(|(id, format)| (id, family(&format).to_owned())));
    }
    Ok(found)
}

/// A format without its version: `camt.053.001.08` is `camt`.
pub fn family(format: &str) -> &str {
    format.split(['.', '-', '_']).next().unwrap_or(format)
}

/// What these entries moved of payments and runs, in the order of record.
pub fn payments_of(conn: &mut AnyConn, project: ProjectId, entries: &[BankEntryId]) -> Result<Vec<PaymentRow>, StoreError> {
    use entry_payments as p;
    let mut found = Vec::new();
    for some in entries.chunks(IDS_OF_QUERY) {
        let rows: Vec<PaymentRow> = p::table
            .filter(p::project_id.eq(project).and(p::entry_id.eq_any(some.to_vec())))
            .order(p::id)
            .select(PaymentRow::as_select())
            .load(conn)?;
        found.extend(rows);
    }
    Ok(found)
}

/// The payees that the bank named on an entry.
pub fn payees_of(conn: &mut AnyConn, project: ProjectId, entry: BankEntryId) -> Result<Vec<PayeeRow>, StoreError> {
    use entry_payees as p;
    let of_entry = p::table.filter(p::project_id.eq(project).and(p::entry_id.eq(entry)));
    Ok(of_entry.order(p::id).select(PayeeRow::as_select()).load(conn)?)
}

/// The runs that the bank named on an entry in doubt.
pub fn named_runs(conn: &mut AnyConn, project: ProjectId, entry: BankEntryId) -> Result<Vec<String>, StoreError> {
    use entry_doubts as d;
    let named: Vec<Option<String>> =
        d::table.filter(d::project_id.eq(project).and(d::entry_id.eq(entry))).select(d::named_run).load(conn)?;
    Ok(named.into_iter().flatten().collect())
}
