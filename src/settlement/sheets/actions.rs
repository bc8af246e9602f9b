//! Keeping a sheet to look at it, showing how it would be read, taking it as somebody said, and forgetting what was said.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::table::{self, Kept, LayoutRow};
use super::{LayoutStep, Said, is_part_of, misfits_of};
use crate::accounts::table::{self as accounts_table, AccountRow};
use crate::base::id::{InboxId, RecordId};
use crate::projects::Site;
use crate::settlement::voiding::again::Again;
use crate::settlement::{FileProblem, HandedIn, Receipt, keep, statements};
use crate::store::inbox::InboxState;
use crate::store::spool::Spool;
use crate::store::{AnyConn, Chain, Tx};
use crate::web::problem::Fault;
use crate::web::{Code, Ctx, Problem};
use crate::wire::bank::{self, BankFile, Direction, ReadOptions};
use crate::wire::statement_sheet::wizard::{self, Look};
use crate::wire::statement_sheet::{Field, Mapping};

/// Bytes of a sheet that is looked at.
pub const SHEET_MAX: usize = 32 * 1024 * 1024;

/// Encodings that may be said of a text file.
pub const ENCODINGS: [&str; 5] = ["gb18030", "utf-8", "utf-16le", "utf-16be", "big5"];

/// What a person says of a sheet; what is left out is as remembered or as the names say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    /// Sheet of the file, from 0.
    pub sheet: Option<usize>,
    /// Row that names the columns.
    pub header_row: Option<usize>,
    /// Encoding of text.
    pub encoding: Option<String>,
    /// What each column is, by its place.
    pub columns: Option<BTreeMap<usize, Field>>,
    /// What is to be done where these bytes were voided before.
    pub again: Again,
}

/// How a kept sheet would be read.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Name of the file.
    pub name: String,
    /// What the sheet holds.
    pub look: Look,
    /// What each column is.
    pub mapping: Mapping,
    /// The encoding, where one was said.
    pub encoding: Option<String>,
    /// The word that is remembered for this header and this bank, where the mapping is it.
    pub remembered: Option<LayoutRow>,
    /// What nobody has said yet and no row can be read without: `date`, `amount`.
    pub missing: Vec<&'static str>,
    /// What was read so.
    pub file: BankFile,
    /// Why it cannot be booked so.
    pub faults: Vec<FileProblem>,
}

/// Sums of what was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sums {
    /// Entries.
    pub entries: usize,
    /// Money in, as text.
    pub credits: String,
    /// Money out, as text.
    pub debits: String,
    /// Balance before the first entry, where the sheet shows it.
    pub opening: Option<String>,
    /// Balance after the last one.
    pub closing: Option<String>,
}

impl Shown {
    /// Sums over all statements of the file.
    pub fn sums(&self) -> Sums {
        let entries = || self.file.statements.iter().flat_map(|one| &one.entries);
        let sum = |direction: Direction| {
            let amounts = entries().filter(|entry| entry.direction == direction).map(|entry| entry.amount);
            bank::Amount::total(amounts).map(|amount| amount.to_string()).unwrap_or_default()
        };
        let only = match self.file.statements.as_slice() {
            [one] => Some(one),
            _ => None,
        };
        Sums {
            entries: entries().count(),
            credits: sum(Direction::Credit),
            debits: sum(Direction::Debit),
            opening: only.and_then(|one| one.opening).map(|amount| amount.to_string()),
            closing: only.and_then(|one| one.closing).map(|amount| amount.to_string()),
        }
    }
}

fn fault_of(problem: &bank::Problem) -> Fault {
    let FileProblem { place, reason, zh, en } = FileProblem::from(problem);
    Fault { place, reason, zh, en }
}

fn told(problem: &bank::Problem) -> Problem {
    Problem::invalid(problem.zh.clone(), problem.en.clone()).with_faults([fault_of(problem)])
}

/// Keeps a sheet as it came, under the account's project, before anything of it is booked.
///
/// # Errors
/// `too_large` beyond [`SHEET_MAX`].
pub fn keep_file(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, file: (Option<String>, String, Vec<u8>)) -> Result<InboxId, Problem> {
    let (name, content_type, bytes) = file;
    if bytes.len() > SHEET_MAX {
        return Err(Problem::new(
            Code::TooLarge,
            "表格文件不能超过 32 MiB，请按月导出。",
            "A sheet has 32 MiB at most; export it month by month.",
        ));
    }
    let id = InboxId(ctx.id());
    let file = BankFile { format: "csv".to_owned(), ..BankFile::default() };
    let handed = HandedIn {
        name,
        content_type,
        bytes: Arc::new(Spool::of(bytes)),
        file,
        path: "bank-sheets",
        said: None,
        again: Again::Refused,
    };
    keep(tx.conn(), ctx, id, &handed, Some(site.id), (InboxState::New, 0), &[])?;
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "take_bank_sheet", &id.to_string())?;
    Ok(id)
}

/// The kept sheet: one of the project, or one that the asker handed in before anybody knew whose account it is.
fn open(conn: &mut AnyConn, ctx: &Ctx, site: &Site, id: InboxId) -> Result<Kept, Problem> {
    let kept = table::kept(conn, ctx.vault(), id)?.ok_or_else(Problem::not_found)?;
    let is_own = match kept.project_id {
        Some(project) => project == site.id,
        None => kept.source == ctx.actor(),
    };
    if !is_own {
        return Err(Problem::not_found());
    }
    if kept.bytes.len() > SHEET_MAX {
        return Err(Problem::new(
            Code::TooLarge,
            "表格文件不能超过 32 MiB，请按月导出。",
            "A sheet has 32 MiB at most; export it month by month.",
        ));
    }
    Ok(kept)
}

/// Shows how a kept sheet would be read; nothing is booked.
///
/// # Errors
/// `not_found`, `invalid` for what is no table or a column that it has not.
pub fn show(
    conn: &mut AnyConn,
    ctx: &Ctx,
    site: &Site,
    account: &AccountRow,
    id: InboxId,
    asked: &Asked,
) -> Result<Shown, Problem> {
    let kept = open(conn, ctx, site, id)?;
    shown(conn, account, &kept, asked)
}

fn shown(conn: &mut AnyConn, account: &AccountRow, kept: &Kept, asked: &Asked) -> Result<Shown, Problem> {
    if let Some(encoding) = asked.encoding.as_deref().filter(|said| !ENCODINGS.contains(said)) {
        let problem = Problem::invalid(
            format!("不认识编码 {encoding}，可选：{}。", ENCODINGS.join("、")),
            format!("Encoding `{encoding}` is not known; choose one of {}.", ENCODINGS.join(", ")),
        );
        return Err(problem.at("encoding", "bad_encoding"));
    }
    let look_as = |encoding: Option<&str>, header_row| {
        wizard::look(&kept.bytes, encoding, asked.sheet, header_row).map_err(|problem| told(&problem))
    };
    let standing = table::of_bank(conn, account.project_id, &account.bank_name)?;
    let known = if asked.columns.is_none() && asked.encoding.is_none() {
        let own = wizard::fingerprints(&kept.bytes);
        // The account's own word before that of another account of the bank, the newest of each.
        let named = standing.iter().filter(|row| own.contains(&row.fingerprint));
        named.max_by_key(|row| (row.account_id == account.id, row.id)).cloned()
    } else {
        None
    };
    let encoding = asked.encoding.clone().or_else(|| known.as_ref().and_then(|row| row.encoding.clone()));
    let mut look = look_as(encoding.as_deref(), asked.header_row)?;
    let mut mapping = look.mapping.clone();
    let mut remembered = None;
    if let Some(row) = known {
        let said = Said::of(&row)?;
        if asked.header_row.is_none() && look.fingerprint != row.fingerprint {
            look = look_as(encoding.as_deref(), Some(said.mapping.header_row))?;
        }
        if look.fingerprint == row.fingerprint {
            mapping = Mapping { header_row: look.mapping.header_row, ..said.mapping };
            remembered = Some(row);
        }
    }
    if let Some(fields) = &asked.columns {
        mapping = wizard::said(&look.mapping, fields).map_err(|problems| {
            let zh = "各列的说明有误，请按下列说明修改。";
            Problem::invalid(zh, "What was said of the columns does not hold.").with_faults(problems.iter().map(fault_of))
        })?;
    }
    let missing = wizard::missing(&mapping);
    let options = ReadOptions { mapping: Some(&mapping), encoding: encoding.as_deref(), ..ReadOptions::default() };
    let file = if missing.is_empty() { bank::read_with(&kept.bytes, Some(&kept.request), options) } else { BankFile::default() };
    let faults = if missing.is_empty() { faults_of(conn, account, &file)? } else { Vec::new() };
    let name = kept.request.splitn(3, ' ').nth(2).unwrap_or_default().to_owned();
    Ok(Shown { name, look, mapping, encoding, remembered, missing, file, faults })
}

/// Why what was read cannot be booked on the account.
fn faults_of(conn: &mut AnyConn, account: &AccountRow, file: &BankFile) -> Result<Vec<FileProblem>, Problem> {
    let mut faults = misfits_of(file);
    for statement in &file.statements {
        let Some(text) = &statement.account else { continue };
        let named = accounts_table::named(conn, text)?;
        let fits = named.as_ref().map_or_else(|| is_part_of(text, &account.number), |named| named.id == account.id);
        if !fits {
            faults.push(FileProblem::new(
                "account",
                "unknown_account",
                "表内写明的账号不是所选账户；请改选账户，或核对哪一列是本方账号。",
                "The sheet names another account than the one chosen; choose that one, or look which column is the own account.",
            ));
            break;
        }
    }
    Ok(faults)
}

/// Books a kept sheet as somebody said that it is read, and remembers it for the bank and the header.
///
/// # Errors
/// `invalid` with every fault where something needed was not said, or what was said does not fit; then nothing is booked or remembered.
pub fn take(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    account: &AccountRow,
    id: InboxId,
    asked: &Asked,
) -> Result<Receipt, Problem> {
    tx.seq(Chain::Project(site.id))?;
    let kept = open(tx.conn(), ctx, site, id)?;
    let shown = shown(tx.conn(), account, &kept, asked)?;
    let mut faults: Vec<Fault> = shown.missing.iter().map(|name| missing_fault(name)).collect();
    faults.extend(shown.faults.iter().cloned().map(|FileProblem { place, reason, zh, en }| Fault { place, reason, zh, en }));
    if !faults.is_empty() {
        let zh = "按所指明的列读不成账，没有任何内容入账；请按下列说明修改。";
        return Err(
            Problem::invalid(zh, "Read as it was said the sheet does not hold, and nothing was booked.").with_faults(faults)
        );
    }
    let layout = remember(tx, ctx, account, &shown)?;
    let said =
        Said { project: site.id, layout, mapping: shown.mapping.clone(), encoding: shown.encoding.clone(), account: account.id };
    let handed = HandedIn {
        name: Some(shown.name),
        content_type: kept.content_type.unwrap_or_default(),
        bytes: Arc::new(Spool::of(kept.bytes)),
        file: shown.file,
        path: "bank-sheets",
        said: Some(said),
        again: asked.again.clone(),
    };
    statements::take_kept(tx, ctx, &handed, id)
}

fn missing_fault(name: &str) -> Fault {
    let (zh, en) = match name {
        "date" => ("请指出哪一列是日期（交易日期、记账日期或含日期的时间）。", "Say which column is the day."),
        _ => ("请指出哪一列是金额（收入、支出，或单列金额）。", "Say which column is the amount: in, out, or one for both."),
    };
    Fault { place: format!("columns.{name}"), reason: "missing_field".to_owned(), zh: zh.to_owned(), en: en.to_owned() }
}

/// Keeps what was said, unless it stands already; gives what stands.
fn remember(tx: &mut Tx<'_>, ctx: &Ctx, account: &AccountRow, shown: &Shown) -> Result<RecordId, Problem> {
    let mapping = serde_json::to_string(&shown.mapping).map_err(|error| Problem::internal(&error.to_string()))?;
    let standing = table::of_bank(tx.conn(), account.project_id, &account.bank_name)?;
    let known = standing.iter().find(|row| {
        let is_same = row.mapping == mapping && row.encoding == shown.encoding;
        is_same && row.account_id == account.id && row.fingerprint == shown.look.fingerprint
    });
    if let Some(row) = known {
        return Ok(row.id);
    }
    let row = LayoutRow {
        project_id: account.project_id,
        id: RecordId(ctx.id()),
        account_id: account.id,
        bank: account.bank_name.clone(),
        fingerprint: shown.look.fingerprint.clone(),
        mapping,
        encoding: shown.encoding.clone(),
        step: LayoutStep::Said,
        recorded_by: ctx.actor().to_owned(),
        recorded_at: ctx.now,
        recorded_seq: tx.seq(Chain::Project(account.project_id))?,
    };
    table::insert(tx, &row)?;
    tx.note(Chain::Project(account.project_id), ctx.now, ctx.actor(), "say_bank_layout", &row.id.to_string())?;
    Ok(row.id)
}

/// Takes back what was said of a header: the next sheet with it is asked about again. What was booked by it stays.
///
/// # Errors
/// `not_found` for a word of another bank's, `conflict` for one that does not stand.
pub fn forget(tx: &mut Tx<'_>, ctx: &Ctx, account: &AccountRow, id: RecordId) -> Result<LayoutRow, Problem> {
    let chain = Chain::Project(account.project_id);
    let recorded_seq = tx.seq(chain)?;
    let row = table::find(tx.conn(), account.project_id, id)?.filter(|row| row.bank == account.bank_name);
    let row = row.ok_or_else(Problem::not_found)?;
    let stands = table::of_bank(tx.conn(), account.project_id, &row.bank)?.iter().any(|one| one.id == row.id);
    if !stands {
        let problem = Problem::conflict("这一列对应关系已不再使用。", "This mapping is not in use any more.");
        return Err(problem.at("bank_layout", "bad_state"));
    }
    let removed = LayoutRow {
        id: RecordId(ctx.id()),
        step: LayoutStep::Removed,
        recorded_by: ctx.actor().to_owned(),
        recorded_at: ctx.now,
        recorded_seq,
        ..row
    };
    table::insert(tx, &removed)?;
    tx.note(chain, ctx.now, ctx.actor(), "remove_bank_layout", &id.to_string())?;
    Ok(removed)
}
