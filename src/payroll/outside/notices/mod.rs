//! Lines that a payment notice names to the deposit's bank (R65-19): while it is served the deposit pays them, so no pay run does.
//!
//! A line is held back from the day it is named until it is let go: the bank paid all that was ordered, or the notice ended without it.
//! What the bank paid beyond what was owed stands here as well, line by line. Deliberately absent: the order and its steps (`matters`).

pub mod table;

use std::collections::BTreeSet;

use crate::base::id::{LineId, MatterId, ProjectId, RecordId};
use crate::base::{Fen, words};
use crate::projects::Site;
use crate::store::{AnyConn, Chain, StoreError, Tx};
use crate::web::{Ctx, Problem};
pub use table::{NoticeRow, of_project};

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
        table::insert(tx, &row)?;
    }
    Ok(())
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
