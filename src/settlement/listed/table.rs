//! What a list of results asks of the records: the payments of a run by payee, card and amount, and what was said beside a kept list.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::base::Fen;
use crate::base::id::{InboxId, ProjectId};
use crate::store::schema::inbox;
use crate::store::{AnyConn, StoreError};

/// A payment of a run, by what a list may say of it.
#[derive(QueryableByName)]
pub struct Payee {
    #[diesel(sql_type = Text)]
    pub payment: String,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub card_index: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub amount_fen: Fen,
}

/// The payments of a run.
pub fn payees(conn: &mut AnyConn, project: ProjectId, message_id: &str) -> Result<Vec<Payee>, StoreError> {
    Ok(diesel::sql_query(
        "SELECT r.end_to_end_id AS payment, w.name AS name, e.card_index AS card_index, r.amount_fen AS amount_fen \
         FROM pay_run_lines r JOIN pay_runs p ON p.project_id = r.project_id AND p.id = r.run_id \
         JOIN pay_lines l ON l.project_id = r.project_id AND l.id = r.line_id \
         JOIN enrolments e ON e.project_id = l.project_id AND e.id = l.enrolment_id JOIN workers w ON w.id = l.worker_id \
         WHERE r.project_id = $1 AND p.message_id = $2 ORDER BY r.end_to_end_id",
    )
    .bind::<BigInt, _>(project.0)
    .bind::<Text, _>(message_id)
    .load(conn)?)
}

/// How the request in which a file came is named.
pub fn request(conn: &mut AnyConn, id: InboxId) -> Result<Option<String>, StoreError> {
    Ok(inbox::table.find(id).select(inbox::request).first(conn).optional()?)
}
