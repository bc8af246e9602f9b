//! `anxin verify`: journal chains, rows against the journal, seals, ledger balances.

use crate::store::journal::Audit;
use crate::store::{AnyConn, StoreError};
use crate::{accounts, attendance, deposits, documents, ledger, notice_board, parties, projects, users, workers};

/// Checks everything on one snapshot.
pub fn verify(conn: &mut AnyConn) -> Result<Audit, StoreError> {
    let mut audit = Audit::of_chains(conn)?;
    audit.table(users::table::all_users(conn)?)?;
    audit.table(users::table::all_grants(conn)?)?;
    audit.table(users::table::all_api_keys(conn)?)?;
    audit.table(users::table::all_unmaskings(conn)?)?;
    audit.table(parties::table::all(conn)?)?;
    audit.table(documents::table::all(conn)?)?;
    audit.table(projects::table::all(conn)?)?;
    audit.table(projects::table::all_participations(conn)?)?;
    audit.table(projects::table::all_crews(conn)?)?;
    audit.table(projects::table::all_facts(conn)?)?;
    audit.table(workers::table::all_workers(conn)?)?;
    audit.table(workers::table::all_enrolments(conn)?)?;
    audit.table(workers::table::all_events(conn)?)?;
    audit.table(attendance::devices::table::all(conn)?)?;
    audit.table(ledger::table::all(conn)?)?;
    audit.table(ledger::table::all_lines(conn)?)?;
    audit.table(notice_board::table::all(conn)?)?;
    audit.table(deposits::table::all(conn)?)?;
    audit.table(deposits::table::all_events(conn)?)?;
    audit.table(accounts::table::all(conn)?)?;
    audit.table(accounts::table::all_statements(conn)?)?;
    audit.table(accounts::table::all_entries(conn)?)?;
    let (verified, broken) = attendance::intake::digest::check(conn)?;
    audit.verified += verified;
    audit.broken.extend(broken);
    audit.missing();
    Ok(audit)
}
