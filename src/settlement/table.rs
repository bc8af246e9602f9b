//! What settlement asks of the inbox, of pay runs and of registered cards: which file came before, whose payment an entry is.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::accounts::table::AccountRow;
use crate::base::id::{AccountId, InboxId, PayRunId, ProjectId};
use crate::base::{Fen, Moment};
use crate::store::schema::{bank_entries, enrolments, pay_run_lines, pay_runs};
use crate::store::{AnyConn, StoreError};

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

#[derive(QueryableByName)]
struct EndToEnd {
    #[diesel(sql_type = Text)]
    end_to_end_id: String,
}

/// The message in which a bank file came before and was taken as a whole.
pub fn file_taken(conn: &mut AnyConn, sha256: &str) -> Result<Option<InboxId>, StoreError> {
    // The list of feeds is the index's own: only then does the planner see that the index serves.
    let row: Option<IdRow> = diesel::sql_query(
        "SELECT id FROM inbox WHERE feed IN ('camt', 'bankfile', 'mt940', 'pain002') AND body_sha256 = $1 \
         AND state = 'done' AND NOT EXISTS (SELECT 1 FROM void_steps v WHERE v.inbox_id = inbox.id AND v.step = 'voided') \
         ORDER BY id LIMIT 1",
    )
    .bind::<Text, _>(sha256)
    .get_result(conn)
    .optional()?;
    Ok(row.map(|row| InboxId(row.id)))
}

/// The project and account of a run; message ids are unique over all projects.
pub fn account_of_message(conn: &mut AnyConn, message_id: &str) -> Result<Option<(ProjectId, AccountId)>, StoreError> {
    Ok(pay_runs::table
        .filter(pay_runs::message_id.eq(message_id))
        .select((pay_runs::project_id, pay_runs::account_id))
        .first(conn)
        .optional()?)
}

/// Message ids of the runs of an account, the newest first.
pub fn message_ids(conn: &mut AnyConn, account: &AccountRow) -> Result<Vec<String>, StoreError> {
    Ok(pay_runs::table
        .filter(pay_runs::project_id.eq(account.project_id).and(pay_runs::account_id.eq(account.id)))
        .order(pay_runs::id.desc())
        .select(pay_runs::message_id)
        .load(conn)?)
}

/// Run and amount of a payment, by the id under which the bank speaks of it.
pub fn payment(conn: &mut AnyConn, project: ProjectId, end_to_end_id: &str) -> Result<Option<(PayRunId, Fen)>, StoreError> {
    Ok(pay_run_lines::table
        .filter(pay_run_lines::project_id.eq(project).and(pay_run_lines::end_to_end_id.eq(end_to_end_id)))
        .select((pay_run_lines::run_id, pay_run_lines::amount_fen))
        .first(conn)
        .optional()?)
}

/// Payments of exactly this amount to the card with this blind index whose line is under way or paid.
pub fn payments_to_card(
    conn: &mut AnyConn,
    project: ProjectId,
    card_index: &str,
    amount: Fen,
) -> Result<Vec<String>, StoreError> {
    payments_to_card_since(conn, project, card_index, amount, Moment(i64::MIN))
}

/// [`payments_to_card`], of runs that were ordered from a moment on.
pub fn payments_to_card_since(
    conn: &mut AnyConn,
    project: ProjectId,
    card_index: &str,
    amount: Fen,
    since: Moment,
) -> Result<Vec<String>, StoreError> {
    let rows: Vec<EndToEnd> = diesel::sql_query(
        "SELECT r.end_to_end_id AS end_to_end_id FROM enrolments e \
         JOIN pay_lines l ON l.project_id = e.project_id AND l.enrolment_id = e.id \
         JOIN pay_run_lines r ON r.project_id = l.project_id AND r.line_id = l.id AND r.attempt = l.attempt \
         JOIN pay_runs p ON p.project_id = r.project_id AND p.id = r.run_id \
         WHERE e.card_index = $1 AND e.project_id = $2 AND r.amount_fen = $3 AND p.created_at >= $4 \
         AND l.state IN ('sent', 'accepted', 'unknown', 'paid') ORDER BY r.end_to_end_id",
    )
    .bind::<Text, _>(card_index)
    .bind::<BigInt, _>(project.0)
    .bind::<BigInt, _>(amount.0)
    .bind::<BigInt, _>(since.0)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| row.end_to_end_id).collect())
}

/// Whether the card with this blind index is, or was, a worker's of the project.
pub fn is_workers_card(conn: &mut AnyConn, project: ProjectId, card_index: &str) -> Result<bool, StoreError> {
    let count: i64 = enrolments::table
        .filter(enrolments::card_index.eq(card_index).and(enrolments::project_id.eq(project)))
        .count()
        .get_result(conn)?;
    Ok(count > 0)
}

/// How many runs of exactly this total an account has sent, less the debits that were booked for them.
pub fn runs_without_debit(conn: &mut AnyConn, account: &AccountRow, total: Fen, match_key: &str) -> Result<i64, StoreError> {
    let runs: i64 = pay_runs::table
        .filter(
            pay_runs::project_id
                .eq(account.project_id)
                .and(pay_runs::account_id.eq(account.id))
                .and(pay_runs::total_fen.eq(total))
                .and(pay_runs::state.ne("refused")),
        )
        .count()
        .get_result(conn)?;
    if runs == 0 {
        // Entries of single wages are many and have no such run: they are not counted.
        return Ok(0);
    }
    let debits: i64 = bank_entries::table
        .filter(
            bank_entries::project_id
                .eq(account.project_id)
                .and(bank_entries::account_id.eq(account.id))
                .and(bank_entries::match_key.eq(match_key))
                .and(bank_entries::voided_by.is_null())
                .and(bank_entries::purpose.eq(crate::accounts::Purpose::PayRun)),
        )
        .count()
        .get_result(conn)?;
    Ok(runs - debits)
}

/// Whether an entry with this key stands.
pub fn key_stands(conn: &mut AnyConn, project: ProjectId, entry_key: &str) -> Result<bool, StoreError> {
    let count: i64 = bank_entries::table
        .filter(bank_entries::project_id.eq(project).and(bank_entries::entry_key.eq(entry_key)))
        .count()
        .get_result(conn)?;
    Ok(count > 0)
}
