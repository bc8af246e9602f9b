//! Voiding a bank's file that should not have come: the wrong account's, a test, a draft. One person asks, another decides.
//!
//! Nothing is removed. Entries that the file told, first or again, are taken back by postings that name theirs; words that it spoke on
//! pay lines are withdrawn, so that those payments are unknown, not owed. Then the files that stand are told again from their kept
//! bytes, and whatever they too had said is booked from them; of a movement that was told as a sum and payment by payment (`joining`) that
//! is every voice. The same file handed in later is asked about (`again`). Deliberately
//! absent: voiding one entry of a file, since a bank's statement is right as a whole or not at all.

pub mod again;
pub mod http;
pub mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::again::Again;
use self::table::{FileRow, StepRow};
use super::listed::run_given;
use super::{HandedIn, joining, results, sheets, statements};
use crate::accounts::table::{self as accounts_table, EntryRow};
use crate::accounts::{EntryStatus, posting_key, taken_back_key};
use crate::base::id::{BankEntryId, InboxId, LineId, RecordId};
use crate::base::{Fen, words};
use crate::ledger::{self, LedgerAccount, Posting, PostingKind};
use crate::payroll::{self, withdrawing};
use crate::projects::Site;
use crate::store::spool::Spool;
use crate::store::{AnyConn, Chain, Tx, jobs};
use crate::users::second;
use crate::web::{Ctx, Problem};
use crate::wire::bank::{self, ReadOptions};

words! {
    /// A step of voiding a file.
    pub enum Voiding, "step of voiding" {
        /// Somebody asks for it.
        Asked = "asked",
        /// Somebody else has voided it.
        Voided = "voided",
        /// It was not done.
        Dropped = "dropped",
    }
}
crate::store::types::word_column!(Voiding);
crate::web::openapi::word_schema!(Voiding);

/// Files that are told again for one voiding at most: three years of a statement and a few notifications every working day. They are
/// told in the transaction that voids, since books of which half is told again are worse than a wait, and nobody else can write while
/// it lasts; beyond this it would last minutes.
pub const FILES_MAX: usize = 4_000;

/// Files that one query gives.
const FILES_PAGE: i64 = 400;

/// Characters of a note.
const NOTE_MAX: usize = 500;

fn noted(note: &str) -> Result<String, Problem> {
    let note = note.trim();
    let length = note.chars().count();
    if length == 0 || length > NOTE_MAX {
        let problem = Problem::invalid("请写明原因（1 至 500 字）。", "Give the reason, 1 to 500 characters.");
        return Err(problem.at("note", if length == 0 { "missing_field" } else { "over_limit" }));
    }
    Ok(note.to_owned())
}

/// The file, if it told this project anything.
///
/// # Errors
/// `not_found` otherwise.
pub fn file_of(conn: &mut AnyConn, site: &Site, id: InboxId) -> Result<FileRow, Problem> {
    let file = table::file(conn, id)?.ok_or_else(Problem::not_found)?;
    let reported = file.feed == "pain002" && file.project_id == Some(site.id);
    if reported || !table::statements_of(conn, site.id, id)?.is_empty() { Ok(file) } else { Err(Problem::not_found()) }
}

/// Asks for a file to be voided.
///
/// # Errors
/// `not_found` for a file that told the project nothing, `conflict` while it is asked for, or once it is voided.
pub fn ask(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, id: InboxId, note: &str) -> Result<StepRow, Problem> {
    let note = noted(note)?;
    tx.seq(Chain::Project(site.id))?;
    file_of(tx.conn(), site, id)?;
    match table::steps_of(tx.conn(), site.id, id)?.last().map(|row| row.step) {
        None | Some(Voiding::Dropped) => step(tx, ctx, site, id, Voiding::Asked, note),
        Some(Voiding::Asked) => {
            let problem =
                Problem::conflict("该文件的作废申请正在等待他人复核。", "The voiding of this file awaits another person.");
            Err(problem.at("file", "bad_state"))
        }
        Some(Voiding::Voided) => Err(Problem::conflict("该文件已作废。", "This file is voided already.").at("file", "bad_state")),
    }
}

/// Decides on what another person has asked: voids the file, or drops the request (which its own asker may do as well).
///
/// # Errors
/// `conflict` when nobody has asked, when a line was ordered again on the file's word, or beyond [`FILES_MAX`]; `not_allowed` for the asker.
pub fn decide(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, id: InboxId, approves: bool, note: &str) -> Result<StepRow, Problem> {
    let note = noted(note)?;
    tx.seq(Chain::Project(site.id))?;
    let file = file_of(tx.conn(), site, id)?;
    let steps = table::steps_of(tx.conn(), site.id, id)?;
    let Some(asked) = steps.last().filter(|row| row.step == Voiding::Asked) else {
        let problem = Problem::conflict("没有待复核的作废申请。", "Nobody has asked for this file to be voided.");
        return Err(problem.at("file", "bad_state"));
    };
    if !approves {
        return step(tx, ctx, site, id, Voiding::Dropped, note);
    }
    second::require(tx.conn(), ctx, &asked.recorded_by)?;
    void(tx, ctx, site, &file, note)
}

fn step(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, id: InboxId, step: Voiding, note: String) -> Result<StepRow, Problem> {
    let chain = Chain::Project(site.id);
    let row = StepRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        inbox_id: id,
        step,
        note,
        recorded_by: ctx.actor().to_owned(),
        recorded_at: ctx.now,
        recorded_seq: tx.seq(chain)?,
    };
    table::insert(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "void_file", &format!("{step} {id}"))?;
    Ok(row)
}

fn void(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, file: &FileRow, note: String) -> Result<StepRow, Problem> {
    let mut touched: BTreeMap<i64, EntryRow> = BTreeMap::new();
    let own = table::statements_of(tx.conn(), site.id, file.id)?;
    for statement in &own {
        touched.extend(table::entries_told_by(tx.conn(), statement)?.into_iter().map(|row| (row.id.0, row)));
    }
    extend_to_joined(tx.conn(), site, &mut touched)?;
    let mut again = to_tell_again(tx.conn(), site, file, touched.values())?;
    let lines = withdrawing::withdraw(tx, ctx, site, &format!("{} {}", file.feed, file.id))?;
    again.extend(that_spoke_before(tx.conn(), site, file, &lines)?);
    for row in touched.into_values() {
        take_back(tx, ctx, site, row, (file.id, None))?;
    }
    let row = step(tx, ctx, site, file.id, Voiding::Voided, note)?;
    for id in again {
        tell_again(tx, ctx, site, id)?;
    }
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &site.id.to_string(), ctx.now)?;
    Ok(row)
}

/// The files that must speak again: those that told the same entries, and all that came later.
fn to_tell_again<'a>(
    conn: &mut AnyConn,
    site: &Site,
    file: &FileRow,
    touched: impl Iterator<Item = &'a EntryRow>,
) -> Result<BTreeSet<InboxId>, Problem> {
    let tellers: BTreeSet<i64> = touched.flat_map(|row| row.tellers().map(|id| id.0).collect::<Vec<_>>()).collect();
    let tellers: Vec<i64> = tellers.into_iter().collect();
    let mut files: BTreeSet<InboxId> = BTreeSet::new();
    let mut after = file.id;
    while files.len() <= FILES_MAX {
        let page = table::files_after(conn, site.id, after, FILES_PAGE)?;
        let Some(last) = page.last() else { break };
        after = *last;
        files.extend(page);
    }
    for some in tellers.chunks(500) {
        files.extend(table::files_of(conn, site.id, some)?);
    }
    files.remove(&file.id);
    for voided in accounts_table::voided_files(conn, site.id)? {
        files.remove(&voided);
    }
    if files.len() > FILES_MAX {
        let problem = Problem::conflict(
            format!("此后已有超过 {FILES_MAX} 份银行文件，不能自动重算，请联系银行更正。"),
            format!("More than {FILES_MAX} files came after it; have the bank correct it instead."),
        );
        return Err(problem.at("file", "over_limit"));
    }
    Ok(files)
}

/// The files that stand and had spoken on these lines before this one did: what they said holds again.
fn that_spoke_before(conn: &mut AnyConn, site: &Site, file: &FileRow, lines: &[LineId]) -> Result<BTreeSet<InboxId>, Problem> {
    let voided: BTreeSet<InboxId> = accounts_table::voided_files(conn, site.id)?.into_iter().collect();
    let mut sources: BTreeSet<String> = BTreeSet::new();
    for line in lines {
        sources.extend(payroll::table::events_of(conn, site.id, *line)?.into_iter().map(|event| event.source));
    }
    let mut found = BTreeSet::new();
    for source in sources {
        let Some((feed, Ok(id))) = source.split_once(' ').map(|(feed, id)| (feed, id.parse::<InboxId>())) else { continue };
        let is_earlier = id != file.id && !voided.contains(&id);
        if is_earlier && table::file(conn, id)?.is_some_and(|kept| kept.feed == feed) {
            found.insert(id);
        }
    }
    Ok(found)
}

/// Adds what is counted in these entries, and what these are counted in: one movement is taken back whole, and all its voices speak again.
fn extend_to_joined(conn: &mut AnyConn, site: &Site, touched: &mut BTreeMap<i64, EntryRow>) -> Result<(), Problem> {
    // What was joined on a day was joined by all that stood on it: whatever of that goes, the rest is joined anew.
    let days: BTreeSet<_> = touched.values().map(|row| (row.account_id, row.booked_on)).collect();
    for day in days {
        touched.extend(joining::table::counted_on(conn, site.id, day)?.into_iter().map(|row| (row.id.0, row)));
    }
    let wholes: BTreeSet<_> = touched.values().filter_map(|row| row.counted_in).collect();
    for whole in wholes {
        touched.extend(accounts_table::entry(conn, site.id, whole)?.map(|row| (row.id.0, row)));
    }
    let all: Vec<_> = touched.values().map(|row| row.id).collect();
    touched.extend(joining::table::counted_in(conn, site.id, &all)?.into_iter().map(|row| (row.id.0, row)));
    Ok(())
}

/// Takes an entry out of the books, for a file: it stays, counts in no balance, and its postings are taken back by one of their own. Where
/// its money is counted in another entry, that one is named.
pub(super) fn take_back(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    entry: EntryRow,
    (file, counted_in): (InboxId, Option<BankEntryId>),
) -> Result<EntryRow, Problem> {
    let was_aside = entry.voided_by.is_some();
    let first = ledger::table::by_key(tx.conn(), site.id, &posting_key(entry.id))?.filter(|_| !was_aside);
    let moved = ledger::table::by_key(tx.conn(), site.id, &format!("reallocates {}", entry.id))?;
    if let Some(first) = first {
        let ids: Vec<_> = std::iter::once(first.id).chain(moved.map(|row| row.id)).collect();
        let mut sums: BTreeMap<LedgerAccount, Fen> = BTreeMap::new();
        for line in ledger::table::lines_of(tx.conn(), site.id, &ids)? {
            let sum = sums.entry(line.account).or_default();
            *sum = sum.minus(line.amount_fen)?;
        }
        let posting = Posting {
            natural_key: taken_back_key(entry.id),
            kind: PostingKind::Correction,
            booked_on: entry.booked_on,
            lines: sums.into_iter().filter(|(_, amount)| *amount != Fen::ZERO).collect(),
            reverses: Some(first.id),
        };
        ledger::actions::post(tx, ctx, site, &posting)?;
    }
    let row = EntryRow {
        status: EntryStatus::Information,
        voided_by: Some(file),
        counted_in,
        recorded_seq: tx.seq(Chain::Project(site.id))?,
        ..entry
    };
    accounts_table::merge_entry(tx, &row)?;
    Ok(row)
}

/// Tells a kept file again from its bytes.
fn tell_again(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, id: InboxId) -> Result<(), Problem> {
    let kept = table::file(tx.conn(), id)?.ok_or_else(|| Problem::internal("a statement without its file"))?;
    let bytes = kept.opened(tx.conn(), ctx.vault())?;
    let said = sheets::said_of(tx.conn(), id)?;
    let options = ReadOptions { families: Some(&ctx.ground.settings.direct_link), ..ReadOptions::default() };
    let file = bank::read_with(&bytes, None, said.as_ref().map_or(options, |said| said.options(options)));
    let content_type = kept.content_type.unwrap_or_default();
    let handed =
        HandedIn { name: None, content_type, bytes: Arc::new(Spool::of(bytes)), file, path: "kept", said, again: Again::LeftOut };
    if handed.file.payment_status.is_some() {
        results::retake(tx, ctx, site, id, &handed)
    } else {
        statements::retake(tx, ctx, site, id, &handed)
    }
}
