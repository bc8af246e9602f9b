//! `anxin verify`: journal chains, rows against the journal, seals, ledger balances.

use crate::base::Day;
use crate::store::journal::Audit;
use crate::store::{AnyConn, StoreError, inbox, seals};
use crate::web::Problem;
use crate::{
    accounts, attendance, cases, compliance, credit, deposits, documents, gates, ledger, notice_board, parties, payroll,
    projects, users, workers,
};

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
    audit.table(cases::table::all(conn)?)?;
    audit.table(credit::table::all(conn)?)?;
    audit.table(compliance::table::all(conn)?)?;
    audit.table(gates::table::all(conn)?)?;
    audit.table(seals::all(conn)?)?;
    audit.missing();
    sealed_days(conn, &mut audit)?;
    punches(conn, &mut audit)?;
    Ok(audit)
}

/// Every seal against the messages of its day.
fn sealed_days(conn: &mut AnyConn, audit: &mut Audit) -> Result<(), StoreError> {
    for seal in seals::all(conn)? {
        audit.verified += 1;
        if seals::root_of_inbox(conn, seal.project_id, seal.sealed_on)? != (seal.items, seal.root.clone()) {
            audit.broken.push(format!(
                "seals {} {}: the messages of that day are not those that were sealed",
                seal.project_id, seal.sealed_on
            ));
        }
    }
    Ok(())
}

/// The punches in the table against the digest that each message keeps of its own.
fn punches(conn: &mut AnyConn, audit: &mut Audit) -> Result<(), StoreError> {
    let mut found = attendance::intake::digest::recompute_digests(conn)?;
    for (inbox, kept) in inbox::digests(conn)? {
        audit.verified += 1;
        if found.remove(&inbox).unwrap_or_default() != kept {
            audit.broken.push(format!("punches of {inbox}: they are not those that the message brought"));
        }
    }
    for inbox in found.into_keys() {
        audit.broken.push(format!("punches of {inbox}: there is no such message"));
    }
    Ok(())
}

/// Ledger postings, booked entries and the bank's closing balances; a mismatch with the bank is told apart from damage.
pub fn balances(conn: &mut AnyConn, as_of: Day) -> Result<accounts::verify::Balances, Problem> {
    accounts::verify::balances(conn, as_of)
}
