//! What settlement asks of the inbox, of pay runs and of registered cards: which file came before, whose payment an entry is.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::accounts::table::AccountRow;
use crate::base::id::{AccountId, InboxId, LineId, PayRunId, ProjectId, RecordId};
use crate::base::{Fen, Moment};
use crate::payroll::AttemptState;
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

/// The message id of the run that a payment belongs to; none where two projects know a payment of that id.
pub fn order_of_payment(conn: &mut AnyConn, end_to_end_id: &str) -> Result<Option<String>, StoreError> {
    use crate::store::schema::pay_run_lines as l;
    let rows: Vec<(ProjectId, PayRunId)> =
        l::table.filter(l::end_to_end_id.eq(end_to_end_id)).select((l::project_id, l::run_id)).limit(2).load(conn)?;
    let [(project, run)] = rows.as_slice() else { return Ok(None) };
    let found = pay_runs::table.filter(pay_runs::project_id.eq(project).and(pay_runs::id.eq(run)));
    Ok(found.select(pay_runs::message_id).first(conn).optional()?)
}

/// Message ids of the runs of an account, the newest first.
pub fn message_ids(conn: &mut AnyConn, account: &AccountRow) -> Result<Vec<String>, StoreError> {
    Ok(pay_runs::table
        .filter(pay_runs::project_id.eq(account.project_id).and(pay_runs::account_id.eq(account.id)))
        .order(pay_runs::id.desc())
        .select(pay_runs::message_id)
        .load(conn)?)
}

/// Whether a payment of this sum was ever ordered on the project.
pub fn was_ordered(conn: &mut AnyConn, project: ProjectId, amount: Fen) -> Result<bool, StoreError> {
    let of_sum = pay_run_lines::project_id.eq(project).and(pay_run_lines::amount_fen.eq(amount));
    let found = pay_run_lines::table.filter(of_sum).select(pay_run_lines::line_id).first::<LineId>(conn);
    Ok(found.optional()?.is_some())
}

/// Run and amount of a payment, by the id under which the bank speaks of it.
pub fn payment(conn: &mut AnyConn, project: ProjectId, end_to_end_id: &str) -> Result<Option<(PayRunId, Fen)>, StoreError> {
    Ok(pay_run_lines::table
        .filter(pay_run_lines::project_id.eq(project).and(pay_run_lines::end_to_end_id.eq(end_to_end_id)))
        .select((pay_run_lines::run_id, pay_run_lines::amount_fen))
        .first(conn)
        .optional()?)
}

/// Run, amount and state of many payments, by their ids.
pub fn payments(
    conn: &mut AnyConn,
    project: ProjectId,
    ids: &[String],
) -> Result<HashMap<String, (PayRunId, Fen, AttemptState)>, StoreError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(String, PayRunId, Fen, AttemptState)> = pay_run_lines::table
        .filter(pay_run_lines::project_id.eq(project).and(pay_run_lines::end_to_end_id.eq_any(ids.to_vec())))
        .select((pay_run_lines::end_to_end_id, pay_run_lines::run_id, pay_run_lines::amount_fen, pay_run_lines::state))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, run, amount, state)| (id, (run, amount, state))).collect())
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

/// [`payments_to_card`] for many cards, by card and amount.
pub fn payments_to_cards(
    conn: &mut AnyConn,
    project: ProjectId,
    cards: &[String],
) -> Result<HashMap<(String, Fen), Vec<String>>, StoreError> {
    use crate::payroll::LineState::{Accepted, Paid, Sent, Unknown};
    use crate::store::schema::pay_lines;
    let mut found: HashMap<(String, Fen), Vec<String>> = HashMap::new();
    if cards.is_empty() {
        return Ok(found);
    }
    let enrolled: Vec<(RecordId, Option<String>)> = enrolments::table
        .filter(enrolments::project_id.eq(project).and(enrolments::card_index.eq_any(cards.to_vec())))
        .select((enrolments::id, enrolments::card_index))
        .load(conn)?;
    let cards: HashMap<RecordId, String> = enrolled.into_iter().filter_map(|(id, card)| Some((id, card?))).collect();
    if cards.is_empty() {
        return Ok(found);
    }
    let lines: Vec<(LineId, RecordId, i32)> = pay_lines::table
        .filter(
            pay_lines::project_id
                .eq(project)
                .and(pay_lines::enrolment_id.eq_any(cards.keys().copied().collect::<Vec<_>>()))
                .and(pay_lines::state.eq_any(vec![Sent, Accepted, Unknown, Paid])),
        )
        .select((pay_lines::id, pay_lines::enrolment_id, pay_lines::attempt))
        .load(conn)?;
    let lines: HashMap<LineId, (RecordId, i32)> =
        lines.into_iter().map(|(id, enrolment, attempt)| (id, (enrolment, attempt))).collect();
    let wanted: Vec<LineId> = lines.keys().copied().collect();
    for some in wanted.chunks(IDS_OF_QUERY) {
        let attempts: Vec<(LineId, i32, String, Fen)> = pay_run_lines::table
            .filter(pay_run_lines::project_id.eq(project).and(pay_run_lines::line_id.eq_any(some.to_vec())))
            .select((pay_run_lines::line_id, pay_run_lines::attempt, pay_run_lines::end_to_end_id, pay_run_lines::amount_fen))
            .order(pay_run_lines::end_to_end_id)
            .load(conn)?;
        for (line, attempt, end_to_end_id, amount) in attempts {
            let newest = lines.get(&line).filter(|(_, newest)| *newest == attempt);
            if let Some(card) = newest.and_then(|(enrolment, _)| cards.get(enrolment)) {
                found.entry((card.clone(), amount)).or_default().push(end_to_end_id);
            }
        }
    }
    Ok(found)
}

/// Ids that one query names at most.
const IDS_OF_QUERY: usize = 1_000;

/// Which of these cards are, or were, a worker's of the project.
pub fn workers_cards(conn: &mut AnyConn, project: ProjectId, cards: &[String]) -> Result<HashSet<String>, StoreError> {
    if cards.is_empty() {
        return Ok(HashSet::new());
    }
    let rows: Vec<Option<String>> = enrolments::table
        .filter(enrolments::project_id.eq(project).and(enrolments::card_index.eq_any(cards.to_vec())))
        .select(enrolments::card_index)
        .load(conn)?;
    Ok(rows.into_iter().flatten().collect())
}

/// Those of these keys under which an entry stands.
pub fn keys_standing(conn: &mut AnyConn, project: ProjectId, keys: &[String]) -> Result<HashSet<String>, StoreError> {
    let rows: Vec<String> = bank_entries::table
        .filter(bank_entries::project_id.eq(project).and(bank_entries::entry_key.eq_any(keys.to_vec())))
        .select(bank_entries::entry_key)
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// How many runs of each total an account has sent and not got back refused.
pub fn totals_of_runs(conn: &mut AnyConn, account: &AccountRow) -> Result<HashMap<Fen, i64>, StoreError> {
    let totals: Vec<Fen> = pay_runs::table
        .filter(
            pay_runs::project_id
                .eq(account.project_id)
                .and(pay_runs::account_id.eq(account.id))
                .and(pay_runs::state.ne("refused")),
        )
        .select(pay_runs::total_fen)
        .load(conn)?;
    let mut counts = HashMap::new();
    for total in totals {
        *counts.entry(total).or_insert(0) += 1;
    }
    Ok(counts)
}

/// Message ids of the account's runs of this total that were not refused as a whole, the oldest first.
pub fn runs_of_total(conn: &mut AnyConn, account: &AccountRow, total: Fen) -> Result<Vec<String>, StoreError> {
    let of_account = pay_runs::project_id.eq(account.project_id).and(pay_runs::account_id.eq(account.id));
    Ok(pay_runs::table
        .filter(of_account.and(pay_runs::total_fen.eq(total)).and(pay_runs::state.ne("refused")))
        .order(pay_runs::id)
        .select(pay_runs::message_id)
        .load(conn)?)
}

/// How many debits of runs were booked with this amount.
pub fn debits_of_runs(conn: &mut AnyConn, account: &AccountRow, match_key: &str) -> Result<i64, StoreError> {
    Ok(bank_entries::table
        .filter(
            bank_entries::project_id
                .eq(account.project_id)
                .and(bank_entries::account_id.eq(account.id))
                .and(bank_entries::match_key.eq(match_key))
                .and(bank_entries::voided_by.is_null())
                .and(bank_entries::purpose.eq(crate::accounts::Purpose::PayRun)),
        )
        .count()
        .get_result(conn)?)
}
