//! Sheets of banks whose header cannot be read by its names, or that do not say whose account they are: a person is shown the columns,
//! says what each is and whose account it is, and what was said is remembered for the bank and the header.
//!
//! A sheet that came before is read as it was said then, without asking. What was said counts inside one project only: nobody's word
//! reads another project's money. A mapping by which the running balance does not hold, or no row can be read, books nothing.
//! Deliberately absent: guessing the account where the asker may feed two of the same bank.

pub mod actions;
pub mod http;
pub mod table;
pub mod waiting;

use std::io::Read;

use serde::Serialize;

use self::table::{LayoutRow, UseRow};
use super::{FileProblem, HandedIn};
use crate::accounts;
use crate::accounts::table::{self as accounts_table, AccountRow};
use crate::base::id::{AccountId, InboxId, ProjectId, RecordId};
use crate::base::words;
use crate::store::{AnyConn, Chain, Tx};
use crate::web::{Code, Ctx, Problem, Scope};
use crate::wire::bank::{self, BankFile, ReadOptions, Reason, Statement};
use crate::wire::statement_sheet::{Mapping, wizard};
use crate::wire::stream::Source;

words! {
    /// A step in the life of a remembered mapping.
    pub enum LayoutStep, "step of a remembered mapping" {
        /// Somebody said it.
        Said = "said",
        /// Somebody took it back.
        Removed = "removed",
    }
}
crate::store::types::word_column!(LayoutStep);
crate::web::openapi::word_schema!(LayoutStep);

/// How a person said that sheets like this one are read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// The project that it was said for.
    pub project: ProjectId,
    /// The remembered word.
    pub layout: RecordId,
    /// What the columns mean.
    pub mapping: Mapping,
    /// The encoding of text, where one was said.
    pub encoding: Option<String>,
    /// The account of a statement that names none.
    pub account: AccountId,
}

impl Said {
    fn of(row: &LayoutRow) -> Result<Self, Problem> {
        let mapping = serde_json::from_str(&row.mapping).map_err(|error| Problem::internal(&error.to_string()))?;
        let (project, layout, account) = (row.project_id, row.id, row.account_id);
        Ok(Said { project, layout, mapping, encoding: row.encoding.clone(), account })
    }

    /// The options of a reader, with what was said.
    pub fn options<'a>(&'a self, others: ReadOptions<'a>) -> ReadOptions<'a> {
        ReadOptions { mapping: Some(&self.mapping), encoding: self.encoding.as_deref(), ..others }
    }
}

/// Whether a format is that of a table with columns.
pub fn is_sheet(format: &str) -> bool {
    matches!(format, "csv" | "xlsx" | "xls" | "html" | "spreadsheetml")
}

/// Reads a sheet as it was said before that such ones are read; as it was handed in where nobody said anything that fits.
///
/// # Errors
/// A store that fails.
pub fn remembered(conn: &mut AnyConn, ctx: &Ctx, handed: HandedIn) -> Result<HandedIn, Problem> {
    let Some(bytes) = whole(&handed) else { return Ok(handed) };
    let fingerprints = wizard::fingerprints(&bytes);
    let mut fits: Vec<(BankFile, Said)> = Vec::new();
    // The newest word first.
    for row in table::of_headers(conn, &fingerprints)?.into_iter().rev() {
        let Some(account) = reachable(conn, &ctx.scope, row.project_id, row.account_id)? else { continue };
        if fits.iter().any(|(_, said)| said.project == row.project_id && said.account == row.account_id) {
            continue;
        }
        let said = Said::of(&row)?;
        let file = read(ctx, &bytes, handed.name.as_deref(), &said);
        if !file.statements.is_empty() && belongs(conn, ctx, &file, &account)? {
            fits.push((file, said));
        }
    }
    // A sheet that names no account, and more than one that it may be of: a person says it.
    let is_open =
        fits.iter().any(|(file, _)| file.statements.iter().any(|one| one.account.as_ref().is_none_or(|text| text.contains('*'))));
    let accounts = fits.iter().map(|(_, said)| said.account).collect::<std::collections::BTreeSet<_>>().len();
    if is_open && accounts > 1 {
        return Ok(handed);
    }
    Ok(match fits.into_iter().next() {
        Some((file, said)) => HandedIn { file, said: Some(said), ..handed },
        None => handed,
    })
}

/// Reads a sheet as somebody said; as it was handed in where it is too large for that.
pub fn read_as(ctx: &Ctx, handed: HandedIn, said: Said) -> HandedIn {
    match whole(&handed) {
        Some(bytes) => HandedIn { file: read(ctx, &bytes, handed.name.as_deref(), &said), said: Some(said), ..handed },
        None => handed,
    }
}

/// The bytes of a file that is read at one piece; none for a larger one.
fn whole(handed: &HandedIn) -> Option<Vec<u8>> {
    if Source::len(handed.bytes.as_ref()) > bank::WHOLE_MAX {
        return None;
    }
    let mut bytes = Vec::new();
    Source::open(handed.bytes.as_ref()).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

fn read(ctx: &Ctx, bytes: &[u8], name: Option<&str>, said: &Said) -> BankFile {
    let families = ctx.ground.settings.direct_link.clone();
    bank::read_with(bytes, name, said.options(ReadOptions { families: Some(&families), ..ReadOptions::default() }))
}

/// The account, where the asker may feed it.
fn reachable(conn: &mut AnyConn, scope: &Scope, project: ProjectId, id: AccountId) -> Result<Option<AccountRow>, Problem> {
    match accounts::enter(conn, scope, project, id) {
        Ok((_, account)) => Ok(Some(account)),
        Err(problem) if problem.code == Code::NotFound => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// Whether every statement of the file is one of that account, or of another at the same bank in the same project; one that names no
/// account only where the asker may feed a single one of that bank.
fn belongs(conn: &mut AnyConn, ctx: &Ctx, file: &BankFile, account: &AccountRow) -> Result<bool, Problem> {
    for statement in &file.statements {
        let named = match &statement.account {
            Some(text) => accounts_table::named(conn, text)?,
            None => None,
        };
        let fits = match (named, &statement.account) {
            (Some(named), _) => named.project_id == account.project_id && named.bank_name == account.bank_name,
            (None, Some(text)) => is_part_of(text, &account.number),
            (None, None) => table::accounts(conn, &ctx.scope, Some(&account.bank_name), 2)?.len() == 1,
        };
        if !fits {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a number that the bank has masked (`3305****0001`) may be this one.
fn is_part_of(masked: &str, number: &str) -> bool {
    let plain = accounts::plain(masked);
    let (Some((head, _)), Some((_, tail))) = (plain.split_once('*'), plain.rsplit_once('*')) else { return plain == number };
    !tail.is_empty() && number.starts_with(head) && number.ends_with(tail)
}

/// The account that a person said for a statement that names none, or one only in part.
///
/// # Errors
/// A store that fails.
pub(super) fn account_said(conn: &mut AnyConn, handed: &HandedIn, statement: &Statement) -> Result<Option<AccountRow>, Problem> {
    let Some(said) = &handed.said else { return Ok(None) };
    let account = accounts_table::find(conn, said.project, said.account)?;
    Ok(account.filter(|account| statement.account.as_deref().is_none_or(|text| is_part_of(text, &account.number))))
}

/// Why what was said does not fit the file: the balance does not run, or no row can be read. Then nothing of it is booked.
pub(super) fn misfits(handed: &HandedIn) -> Vec<FileProblem> {
    if handed.said.is_none() { Vec::new() } else { misfits_of(&handed.file) }
}

fn misfits_of(file: &BankFile) -> Vec<FileProblem> {
    let entries = file.statements.iter().map(|one| one.entries.len()).sum::<usize>();
    let breaks = file.problems.iter().filter(|problem| problem.reason == Reason::BalanceBreak || entries == 0);
    let mut found: Vec<FileProblem> = breaks.map(FileProblem::from).collect();
    if entries == 0 && found.is_empty() {
        let (zh, en) =
            ("按所指明的列，一行也读不出来；请核对各列。", "Read as it was said, no row can be read; check the columns.");
        found.push(FileProblem::new("sheet", "bad_format", zh, en));
    }
    found
}

/// Keeps that the file was read as somebody had said.
pub(super) fn note_use(tx: &mut Tx<'_>, ctx: &Ctx, inbox: InboxId, handed: &HandedIn) -> Result<(), Problem> {
    let Some(said) = &handed.said else { return Ok(()) };
    let row = UseRow {
        project_id: said.project,
        id: RecordId(ctx.id()),
        inbox_id: inbox,
        layout_id: said.layout,
        recorded_by: ctx.actor().to_owned(),
        recorded_at: ctx.now,
        recorded_seq: tx.seq(Chain::Project(said.project))?,
    };
    Ok(table::insert_use(tx, &row)?)
}

/// How a kept file was read, so that it is read so again.
///
/// # Errors
/// A store that fails.
pub fn said_of(conn: &mut AnyConn, file: InboxId) -> Result<Option<Said>, Problem> {
    table::use_of(conn, file)?.as_ref().map(Said::of).transpose()
}

#[cfg(test)]
mod tests {
    use super::is_part_of;

    #[test]
    fn a_masked_number_fits_only_where_its_ends_do() {
        assert!(is_part_of("3305 **** 0001", "330500010001"));
        assert!(is_part_of("330500010001", "330500010001"));
        for other in ["****0002", "4405****0001", "3305****", "330500010002"] {
            assert!(!is_part_of(other, "330500010001"), "{other}");
        }
    }
}
