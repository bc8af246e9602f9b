//! Lines that a payment notice names to the deposit's bank (R65-19): while it is served the deposit pays them, so no pay run does.
//!
//! A line is held back from the day it is named until it is let go: the bank paid all that was ordered, or the notice ended without it.
//! What the bank paid beyond what was owed stands here as well, line by line. Deliberately absent: the order and its steps (`matters`).

use std::collections::BTreeSet;

use diesel::prelude::*;
use serde::Serialize;

use crate::base::id::{LineId, MatterId, ProjectId, RecordId};
use crate::base::{Fen, Moment, words};
use crate::projects::Site;
use crate::store::schema::notice_lines;
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, Chain, StoreError, Tx};
use crate::web::{Ctx, Problem};

words! {
    /// What is said of a line of a payment notice.
    pub enum NoticeWord, "word about a line of a payment notice" {
        /// The notice names it: the deposit pays it.
        Named = "named",
        /// The notice is over for it.
        Released = "released",
        /// The bank paid this much of it beyond what was owed.
        PaidBeyond = "paid_beyond",
    }
}
crate::store::types::word_column!(NoticeWord);

/// One word about a line of a notice, append only. `reference` is the bank's, of a payment beyond what was owed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = notice_lines)]
pub struct NoticeRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub matter_id: MatterId,
    pub line_id: LineId,
    pub word: NoticeWord,
    pub amount_fen: Fen,
    pub reference: Option<String>,
    pub recorded_by: String,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

sealed_in_project! {
    NoticeRow: "notice_lines", project_id;
}

/// Says a word about lines of a notice.
///
/// # Errors
/// What the store says.
pub fn say(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    matter: MatterId,
    word: NoticeWord,
    lines: &[(LineId, Fen)],
    reference: Option<&str>,
) -> Result<(), Problem> {
    for (line, amount) in lines {
        let row = NoticeRow {
            project_id: site.id,
            id: RecordId(ctx.id()),
            matter_id: matter,
            line_id: *line,
            word,
            amount_fen: *amount,
            reference: reference.map(str::to_owned),
            recorded_by: ctx.actor().to_owned(),
            recorded_at: ctx.now,
            recorded_seq: tx.seq(Chain::Project(site.id))?,
        };
        diesel::insert_into(notice_lines::table).values(&row).execute(tx.conn())?;
        tx.seal(&row)?;
    }
    Ok(())
}

/// Everything said about a project's notices, in the order of record.
pub fn of_project(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<NoticeRow>, StoreError> {
    use notice_lines as n;
    Ok(n::table.filter(n::project_id.eq(project)).order(n::id).select(NoticeRow::as_select()).load(conn)?)
}

/// The lines that notices in force name, each with its matter and what is to be paid of it.
pub fn standing(rows: &[NoticeRow]) -> Vec<&NoticeRow> {
    let is_last = |row: &&NoticeRow| {
        let same = |other: &&NoticeRow| other.matter_id == row.matter_id && other.line_id == row.line_id;
        let last = rows.iter().filter(same).rfind(|other| other.word != NoticeWord::PaidBeyond);
        row.word == NoticeWord::Named && last.is_some_and(|last| last.id == row.id)
    };
    rows.iter().filter(is_last).collect()
}

/// The lines of a project that the deposit's bank is told to pay and that no pay run may pay meanwhile.
///
/// # Errors
/// What the store says.
pub fn named_lines(conn: &mut AnyConn, project: ProjectId) -> Result<BTreeSet<LineId>, StoreError> {
    Ok(standing(&of_project(conn, project)?).into_iter().map(|row| row.line_id).collect())
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<NoticeRow>, StoreError> {
    Ok(notice_lines::table.order((notice_lines::project_id, notice_lines::id)).select(NoticeRow::as_select()).load(conn)?)
}
