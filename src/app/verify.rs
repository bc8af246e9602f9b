//! `anxin verify`: journal chains, rows against the journal, seals, ledger balances.

use crate::store::journal::Audit;
use crate::store::{AnyConn, StoreError};
use crate::{accounts, attendance, deposits, documents, ledger, notice_board, parties, payroll, projects, users, workers};

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
    audit.table(payroll::table::all_sheets(conn)?)?;
    audit.table(payroll::table::all_lines(conn)?)?;
    audit.table(payroll::table::all_events(conn)?)?;
    audit.table(payroll::table::all_signatures(conn)?)?;
    audit.table(payroll::pay_run::table::all_runs(conn)?)?;
    audit.table(payroll::pay_run::table::all_attempts(conn)?)?;
    audit.missing();
    let balances = accounts::verify::balances(conn)?;
    audit.verified += balances.verified;
    audit.broken.extend(balances.broken);
    Ok(audit)
}
