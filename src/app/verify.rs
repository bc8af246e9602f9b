//! `anxin verify`: journal chains, rows against the journal, seals, ledger balances.

use std::collections::BTreeSet;

use diesel::prelude::*;

use crate::base::Day;
use crate::law::LawBook;
use crate::store::journal::Audit;
use crate::store::{AnyConn, StoreError, Vault, inbox, schema, seals};
use crate::web::Problem;
use crate::{
    accounts, amendments, attendance, bank_feed, cases, compliance, credit, deposits, detectors, documents, gates, ledger,
    matching, matters, notice_board, parties, payroll, projects, realname, reporting, settlement, users, webhooks, workers,
};

/// Checks everything on one snapshot.
pub fn verify(conn: &mut AnyConn) -> Result<Audit, StoreError> {
    let mut audit = Audit::of_chains(conn)?;
    audit.table(users::table::all_users(conn)?)?;
    audit.table(users::table::all_grants(conn)?)?;
    audit.table(users::table::all_api_keys(conn)?)?;
    audit.table(users::table::all_unmaskings(conn)?)?;
    audit.table(amendments::table::all(conn)?)?;
    audit.table(amendments::table::all_decisions(conn)?)?;
    audit.table(users::contacts::table::all(conn)?)?;
    audit.table(users::contacts::table::all_former(conn)?)?;
    audit.table(parties::table::all(conn)?)?;
    audit.table(webhooks::table::all(conn)?)?;
    audit.table(documents::table::all(conn)?)?;
    audit.table(projects::table::all(conn)?)?;
    audit.table(projects::table::all_participations(conn)?)?;
    audit.table(projects::ending::table::all(conn)?)?;
    audit.table(projects::table::all_crews(conn)?)?;
    audit.table(projects::table::all_facts(conn)?)?;
    audit.table(workers::table::all_workers(conn)?)?;
    audit.table(workers::table::all_enrolments(conn)?)?;
    audit.table(workers::table::all_events(conn)?)?;
    audit.table(workers::exceptions::table::all(conn)?)?;
    audit.table(workers::exceptions::table::all_steps(conn)?)?;
    audit.table(workers::particulars::table::all(conn)?)?;
    audit.table(attendance::imports::table::all(conn)?)?;
    audit.table(attendance::imports::table::all_steps(conn)?)?;
    audit.table(attendance::imports::table::all_rows(conn)?)?;
    audit.table(attendance::devices::table::all(conn)?)?;
    audit.table(attendance::devices::turns::table::all(conn)?)?;
    audit.table(attendance::devices::clock::table::all(conn)?)?;
    audit.table(attendance::silence::table::all(conn)?)?;
    ledger::table::verify(conn, &mut audit)?;
    audit.table(attendance::corrections::table::all(conn)?)?;
    audit.table(attendance::corrections::table::all_steps(conn)?)?;
    audit.table(notice_board::table::all(conn)?)?;
    audit.table(deposits::table::all(conn)?)?;
    audit.table(deposits::table::all_events(conn)?)?;
    audit.table(accounts::table::all(conn)?)?;
    audit.table(accounts::table::all_statements(conn)?)?;
    audit.table(accounts::table::all_entries(conn)?)?;
    audit.table(accounts::words::table::all(conn)?)?;
    audit.table(accounts::freezes::table::all(conn)?)?;
    audit.table(bank_feed::table::all_keys(conn)?)?;
    audit.table(accounts::profiles::table::all(conn)?)?;
    audit.table(accounts::profiles::table::all_choices(conn)?)?;
    audit.table(payroll::table::all_sheets(conn)?)?;
    audit.table(payroll::table::all_lines(conn)?)?;
    audit.table(payroll::table::all_events(conn)?)?;
    audit.table(payroll::table::all_signatures(conn)?)?;
    audit.table(payroll::items::table::all(conn)?)?;
    audit.table(payroll::items::table::all_steps(conn)?)?;
    audit.table(payroll::life::table::all_versions(conn)?)?;
    audit.table(payroll::life::table::all_notes(conn)?)?;
    audit.table(payroll::corrections::table::all(conn)?)?;
    audit.table(payroll::life::table::all_periods(conn)?)?;
    audit.table(projects::layouts::table::all_layouts(conn)?)?;
    audit.table(payroll::imports::table::all(conn)?)?;
    audit.table(payroll::imports::left_out::table::all_refusals(conn)?)?;
    audit.table(payroll::imports::left_out::table::all_confirmations(conn)?)?;
    audit.table(payroll::links::table::all(conn)?)?;
    audit.table(payroll::opening::table::all(conn)?)?;
    audit.table(payroll::uploads::table::all(conn)?)?;
    audit.table(realname::apps::table::all(conn)?)?;
    audit.table(realname::table::all_records(conn)?)?;
    audit.table(reporting::table::all_platforms(conn)?)?;
    audit.table(reporting::table::all_fields(conn)?)?;
    audit.table(reporting::table::all_receipts(conn)?)?;
    audit.table(payroll::pay_run::table::all_runs(conn)?)?;
    audit.table(payroll::pay_run::table::all_attempts(conn)?)?;
    audit.table(payroll::pay_run::table::all_parts(conn)?)?;
    audit.table(payroll::pay_run::table::all_inquiries(conn)?)?;
    audit.table(payroll::pay_run::checks::table::all_holds(conn)?)?;
    audit.table(payroll::pay_run::checks::table::all_holders(conn)?)?;
    audit.table(payroll::pay_run::checks::table::all_releases(conn)?)?;
    audit.table(payroll::pay_run::checks::table::all_card_words(conn)?)?;
    audit.table(settlement::voiding::table::all(conn)?)?;
    audit.table(settlement::voiding::table::all_returns(conn)?)?;
    audit.table(settlement::sheets::table::all(conn)?)?;
    audit.table(settlement::sheets::table::all_uses(conn)?)?;
    audit.table(payroll::outside::table::all(conn)?)?;
    audit.table(payroll::outside::telling::table::all(conn)?)?;
    audit.table(payroll::outside::telling::table::all_steps(conn)?)?;
    audit.table(payroll::outside::notices::table::all(conn)?)?;
    audit.table(payroll::links::pins::table::all(conn)?)?;
    audit.table(matters::table::all(conn)?)?;
    audit.table(settlement::payees::table::all(conn)?)?;
    audit.table(settlement::doubts::table::all_payments(conn)?)?;
    audit.table(settlement::doubts::table::all_doubts(conn)?)?;
    audit.table(settlement::doubts::table::all_steps(conn)?)?;
    audit.table(matching::table::all(conn)?)?;
    audit.table(detectors::table::all(conn)?)?;
    audit.table(cases::table::all(conn)?)?;
    audit.table(credit::table::all(conn)?)?;
    audit.table(compliance::table::all(conn)?)?;
    audit.table(gates::table::all(conn)?)?;
    audit.table(gates::certificate::table::all(conn)?)?;
    audit.table(gates::overriding::table::all(conn)?)?;
    audit.table(gates::overriding::table::all_decisions(conn)?)?;
    audit.table(seals::all(conn)?)?;
    audit.missing();
    sealed_days(conn, &mut audit)?;
    law_books(conn, &mut audit)?;
    data_keys(conn, &mut audit)?;
    punches(conn, &mut audit)?;
    audit.broken.extend(attendance::folding::sums::differ(conn)?);
    pieces(conn, &mut audit)?;
    machines(conn, &mut audit)?;
    replays(conn, &mut audit)?;
    Ok(audit)
}

/// Every stored law book against its hash: the replay of gate answers rests on them.
fn law_books(conn: &mut AnyConn, audit: &mut Audit) -> Result<(), StoreError> {
    let stored: Vec<(String, Vec<u8>)> =
        schema::law_books::table.select((schema::law_books::hash, schema::law_books::body)).load(conn)?;
    for (hash, body) in stored {
        audit.verified += 1;
        let files: Option<Vec<(String, String)>> = serde_json::from_slice(&body).ok();
        let book = files.and_then(|files| LawBook::from_stored(files).ok());
        if book.is_none_or(|book| book.hash() != hash) {
            audit.broken.push(format!("law_books {hash}: its files are not those of that hash"));
        }
    }
    Ok(())
}

/// Every project has the key that its people's data are encrypted with.
fn data_keys(conn: &mut AnyConn, audit: &mut Audit) -> Result<(), StoreError> {
    let owners: BTreeSet<String> = schema::data_keys::table.select(schema::data_keys::owner).load(conn)?.into_iter().collect();
    for project in projects::table::all(conn)? {
        audit.verified += 1;
        if !owners.contains(&project.id.to_string()) {
            audit.broken.push(format!("data_keys {}: the project's key is gone", project.id));
        }
    }
    Ok(())
}

/// Every seal against the messages of its day.
fn sealed_days(conn: &mut AnyConn, audit: &mut Audit) -> Result<(), StoreError> {
    let (looked, broken) = seals::broken(conn)?;
    audit.verified += looked;
    for seal in broken {
        audit.broken.push(format!(
            "seals {} {}: the messages of that day are not those that were sealed",
            seal.project_id, seal.sealed_on
        ));
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

/// The work days against what punches, roll and confirmed corrections make of them: wages rest on these rows, which no journal holds. It
/// takes the key, since some numbers at the gates are people's own. Gives the days that could not be compared.
pub fn work_days(conn: &mut AnyConn, vault: &Vault, audit: &mut Audit) -> Result<u64, StoreError> {
    let mut left_out = 0;
    for project in projects::table::all(conn)? {
        let again = attendance::folding::again::compare(conn, vault, project.id)?;
        audit.verified += again.compared;
        audit.broken.extend(again.differ);
        left_out += again.left_out;
    }
    Ok(left_out)
}

/// Every message that is kept in pieces has all of them: their lengths, without what encryption adds, are its own.
fn pieces(conn: &mut AnyConn, audit: &mut Audit) -> Result<(), StoreError> {
    for (inbox, expected, found) in inbox::parts::lengths(conn)? {
        audit.verified += 1;
        if expected != found {
            audit.broken.push(format!("inbox_parts {inbox}: {found} of {expected} bytes are there"));
        }
    }
    Ok(())
}

/// Every machine has its row of signs, and none stands for a machine that is not on record. What the signs say is no registry: they are
/// overwritten with each heartbeat, so no journal holds them.
fn machines(conn: &mut AnyConn, audit: &mut Audit) -> Result<(), StoreError> {
    let mut states: BTreeSet<i64> =
        schema::device_states::table.select(schema::device_states::device_id).load::<i64>(conn)?.into_iter().collect();
    for device in attendance::devices::table::all(conn)? {
        audit.verified += 1;
        if !states.remove(&device.id.0) {
            audit.broken.push(format!("device_states {}: the row of signs is gone", device.id));
        }
    }
    for id in states {
        audit.broken.push(format!("device_states {id}: there is no such machine"));
    }
    Ok(())
}

/// Every answer that would be repeated for its key can be repeated.
fn replays(conn: &mut AnyConn, audit: &mut Audit) -> Result<(), StoreError> {
    use schema::replays as r;
    let rows: Vec<(String, String, i32, String)> = r::table.select((r::caller, r::replay_key, r::status, r::body)).load(conn)?;
    for (caller, key, status, body) in rows {
        audit.verified += 1;
        if !(200..300).contains(&status) || serde_json::from_str::<serde_json::Value>(&body).is_err() {
            audit.broken.push(format!("replays {caller} {key}: the kept answer cannot be repeated"));
        }
    }
    Ok(())
}

/// Ledger postings, booked entries and the bank's closing balances; a mismatch with the bank is told apart from damage.
pub fn balances(conn: &mut AnyConn, as_of: Day) -> Result<accounts::verify::Balances, Problem> {
    accounts::verify::balances(conn, as_of)
}
