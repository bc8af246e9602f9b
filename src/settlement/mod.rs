//! What the bank's files do here: entries booked once, allocated, posted, and the states of pay lines that follow from them.
//!
//! A file is kept as received in the same transaction as everything that came of it, so the bank never has to send twice and nothing is
//! half booked. Only a bank's result for a line makes it paid: a debit is no proof (one debit, many credits), and a refund with the same
//! voucher re-opens the line instead of being income. Deliberately absent: reading formats (`wire`), the life of a line (`payroll`).

mod allocate;
pub mod doubts;
pub mod http;
pub mod joining;
pub mod keys;
pub mod listed;
mod looks;
mod page;
mod passing;
pub mod payees;
pub mod purpose;
mod reading;
mod receipt;
pub mod results;
mod retold;
pub mod sheets;
mod sides;
mod standing;
pub mod statements;
pub mod table;
pub mod voiding;

pub use receipt::{FileProblem, Receipt, StatementReceipt};

use self::voiding::again::Again;

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::base::id::{InboxId, ProjectId, QuarantineId};
use crate::store::inbox::{self, InboxState, Message, Parsed, Rejected};
use crate::store::spool::Spool;
use crate::store::{AnyConn, Tx};
use crate::web::{Ctx, Problem};
use crate::wire::bank::{self, BankFile, ReadOptions, event};
use crate::wire::statement_sheet::begins_like_sheet;
use crate::wire::stream::{Source, head_of};

/// Parser and its version, kept with each message.
const PARSER: &str = "bank/1";

/// Items of one file that go to quarantine one by one; beyond it the last one stands for the rest.
const QUARANTINED_MAX: usize = 1_000;

impl Source for Spool {
    fn in_memory(&self) -> Option<&[u8]> {
        Spool::in_memory(self)
    }

    fn len(&self) -> u64 {
        Spool::len(self)
    }

    fn open(&self) -> Box<dyn Read + '_> {
        Box::new(self.reader())
    }
}

/// A file as handed in, with what was read from it.
#[derive(Debug, Clone)]
pub struct HandedIn {
    /// File name, where one came.
    pub name: Option<String>,
    /// Content type as sent.
    pub content_type: String,
    /// Bytes as received.
    pub bytes: Arc<Spool>,
    /// What was read.
    pub file: BankFile,
    /// Path of the request.
    pub path: &'static str,
    /// How a person said that its sheets are read, where one did.
    pub said: Option<sheets::Said>,
    /// What is to be done where two persons have voided these bytes before.
    pub again: Again,
}

impl HandedIn {
    /// The feed that the message belongs to.
    pub fn feed(&self) -> &'static str {
        let format = self.file.format.as_str();
        if format == event::FORMAT {
            "bankevent"
        } else if format.starts_with("pain.002") || self.file.payment_status.is_some() {
            "pain002"
        } else if format.starts_with("mt9") {
            "mt940"
        } else if format.starts_with("camt") {
            "camt"
        } else {
            "bankfile"
        }
    }

    /// Whether it is a table, of which a person may say what its columns mean.
    pub fn is_sheet(&self) -> bool {
        // A PDF or a picture reads as text without columns; by its bytes it is none.
        let is_text = self.file.format == "csv";
        sheets::is_sheet(&self.file.format)
            && (!is_text || head_of(self.bytes.as_ref()).is_ok_and(|head| begins_like_sheet(&head)))
    }

    /// How many entries the file has.
    pub fn entries(&self) -> usize {
        self.file.statements.iter().map(|one| one.entries.len().saturating_add(one.passed_by)).sum()
    }

    /// SHA-256 of the bytes.
    pub fn sha256(&self) -> String {
        self.bytes.sha256().to_owned()
    }
}

/// Reads a file where it may be waited for, outside any transaction: a large one must not hold up the writer. A sheet of which a person said
/// before how such ones are read is read so.
///
/// # Errors
/// A store that cannot be asked what was said before.
pub fn read_now(
    ctx: &Ctx,
    name: Option<String>,
    content_type: String,
    spool: Spool,
    path: &'static str,
) -> Result<HandedIn, Problem> {
    let families = Arc::clone(&ctx.ground.settings.direct_link);
    let options = ReadOptions { families: Some(&families), ..ReadOptions::default() };
    let file =
        catch_unwind(AssertUnwindSafe(|| bank::outline(&spool, name.as_deref(), options))).unwrap_or_else(|_| broken_reader());
    let handed = HandedIn { name, content_type, bytes: Arc::new(spool), file, path, said: None, again: Again::Refused };
    if !handed.is_sheet() {
        return Ok(handed);
    }
    ctx.ground.db.read_blocking(|conn| sheets::remembered(conn, ctx, handed))
}

/// A reader that failed in its own way is a bug of ours; the file is kept all the same.
fn broken_reader() -> BankFile {
    let problem = bank::Problem::new(
        "file",
        bank::Reason::ParserPanic,
        "读取程序出错，文件已保存，修复后可重新处理。",
        "The reader failed; the file is kept and can be read again once that is mended.",
    );
    BankFile { format: "unknown".to_owned(), problems: vec![problem], ..BankFile::default() }
}

/// Takes a file of any kind, told by its content: a report on an order line by line, anything else as statements. Of which run a list of
/// results is, where neither the list nor its ids say so, is said by [`listed::name_run`].
pub fn take(tx: &mut Tx<'_>, ctx: &Ctx, handed: &HandedIn) -> Result<Receipt, Problem> {
    if handed.file.payment_status.is_some() { results::take(tx, ctx, handed) } else { statements::take(tx, ctx, handed) }
}

/// The items that go to quarantine: each by itself up to [`QUARANTINED_MAX`], beyond it one that stands for the rest.
fn listed_items(rejected: &[Rejected]) -> Vec<Rejected> {
    if rejected.len() <= QUARANTINED_MAX {
        return rejected.to_vec();
    }
    let mut listed: Vec<Rejected> = rejected.iter().take(QUARANTINED_MAX - 1).cloned().collect();
    let more = rejected.len() - listed.len();
    listed.push(Rejected {
        item: i32::try_from(QUARANTINED_MAX).unwrap_or(i32::MAX),
        place: "file".to_owned(),
        reason: "over_limit".to_owned(),
        zh: format!("另有 {more} 笔未能读取，未逐笔列出；请向银行索取更正后的文件。"),
        en: format!("{more} more could not be read and are not listed one by one; ask the bank for a corrected file."),
    });
    listed
}

/// Keeps the file and its items in quarantine.
pub fn keep(
    conn: &mut AnyConn,
    ctx: &Ctx,
    id: InboxId,
    handed: &HandedIn,
    project: Option<ProjectId>,
    (state, items): (InboxState, usize),
    rejected: &[Rejected],
) -> Result<(), Problem> {
    let name = handed.name.as_deref().unwrap_or("-");
    let message = Message {
        feed: handed.feed(),
        source: ctx.actor().to_owned(),
        project,
        request: format!("POST {} {name}", handed.path),
        content_type: Some(handed.content_type.clone()).filter(|text| !text.is_empty()),
        content_encoding: None,
        body: Vec::new(),
        remote: None,
        received_at: ctx.now,
    };
    let items = i32::try_from(items).unwrap_or(i32::MAX);
    let parsed = Parsed { state, parser: PARSER, items, items_digest: String::new() };
    inbox::parts::keep_spool(conn, ctx.vault(), id, &message, &handed.bytes, &parsed)?;
    for item in &listed_items(rejected) {
        inbox::quarantine(conn, QuarantineId(ctx.id()), id, item, ctx.now)?;
    }
    Ok(())
}

/// Keeps what came of a file that is kept already and was read again.
fn keep_again(
    conn: &mut AnyConn,
    ctx: &Ctx,
    id: InboxId,
    (state, items): (InboxState, usize),
    rejected: &[Rejected],
) -> Result<(), Problem> {
    inbox::again::reconcile(conn, id, &listed_items(rejected), ctx.now, || QuarantineId(ctx.id()))?;
    let items = i32::try_from(items).unwrap_or(i32::MAX);
    let parsed = Parsed { state, parser: PARSER, items, items_digest: String::new() };
    Ok(inbox::reparsed(conn, id, &parsed, ctx.now)?)
}

/// Numbers the items of a file that go to quarantine.
#[derive(Debug, Default)]
struct Refused {
    items: Vec<Rejected>,
}

impl Refused {
    fn push(&mut self, place: &str, reason: &str, zh: impl Into<String>, en: impl Into<String>) {
        let item = i32::try_from(self.items.len().saturating_add(1)).unwrap_or(i32::MAX);
        let (place, reason) = (place.to_owned(), reason.to_owned());
        self.items.push(Rejected { item, place, reason, zh: zh.into(), en: en.into() });
    }
}
