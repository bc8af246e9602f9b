//! Reading a message again, whatever feed it came by: after a fix of a reader, a table or a registry, what was put aside may be taken.
//!
//! Machines' messages are `attendance`'s own. Uploads of the real-name protocol, bank events and bank files go the way of their first
//! reading, for whoever sent them and with that sender's rights of today, all of it or nothing; the keys of each feed see to it that
//! nothing is booked twice, and what two persons have voided stays out. Where nothing can be taken, the items stay open where they were put aside. Deliberately absent: sheets that
//! people upload; they are mended and handed in again.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::attendance::intake::again::{self as machines, ReadAgain};
use crate::bank_feed::{self, TakenState};
use crate::base::id::{InboxId, QuarantineId, UserId};
use crate::projects;
use crate::realname;
use crate::realname::again::Refusal;
use crate::settlement::voiding::again::Again;
use crate::settlement::{FileProblem, HandedIn, results, sheets, statements};
use crate::store::inbox::again::{self, Stored};
use crate::store::inbox::{InboxState, Rejected};
use crate::store::spool::Spool;
use crate::store::tx::Transient;
use crate::store::{AnyConn, Chain, StoreError, Tx};
use crate::users::actions as users;
use crate::web::{Ctx, Problem, Scope, Verb};
use crate::wire::bank::{self, BankFile, ReadOptions, event};

/// Feeds of machines.
pub const MACHINES: [&str; 4] = ["zk", "hik", "dahua", "punch"];
/// Feeds of uploads and banks that are read again.
pub const OTHERS: [&str; 6] = ["openapi", "bankevent", "camt", "pain002", "mt940", "bankfile"];

/// Whether messages of a feed are read again.
pub fn is_readable(feed: &str) -> bool {
    MACHINES.contains(&feed) || OTHERS.contains(&feed)
}

/// Why an attempt was rolled back.
#[derive(Debug)]
pub enum Halt {
    /// Nothing could be taken: what stands open.
    Refused(Vec<Rejected>),
    /// What would have come of it.
    Rehearsed(ReadAgain),
    /// What stood in the way.
    Problem(Problem),
}

impl From<Problem> for Halt {
    fn from(problem: Problem) -> Self {
        Halt::Problem(problem)
    }
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Halt::Problem(error.into())
    }
}

impl From<Refusal> for Halt {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Items(items) => Halt::Refused(items),
            Refusal::Problem(problem) => Halt::Problem(problem),
        }
    }
}

impl Transient for Halt {
    fn is_transient(&self) -> bool {
        matches!(self, Halt::Problem(problem) if problem.is_transient())
    }
}

fn conflict(zh: &str, en: &str) -> Problem {
    Problem::conflict(zh, en).at("inbox", "unknown_reference")
}

/// The message, for somebody who may see it.
fn look(conn: &mut AnyConn, ctx: &Ctx, id: InboxId) -> Result<Stored, Problem> {
    let stored = again::find(conn, ctx.vault(), id)?.ok_or_else(Problem::not_found)?;
    match stored.project {
        Some(project) => drop(projects::enter(conn, &ctx.scope, project)?),
        None if ctx.scope.is_everything() => {}
        None => return Err(Problem::not_found()),
    }
    Ok(stored)
}

/// Reads one message again.
///
/// # Errors
/// `not_found` for a message that the asker may not see; `conflict` where it cannot be read again, naming the way; everything else is
/// to be rolled back, and [`refused`] notes it.
pub fn attempt(tx: &mut Tx<'_>, ctx: &Ctx, id: InboxId) -> Result<ReadAgain, Halt> {
    let stored = look(tx.conn(), ctx, id)?;
    let read = if OTHERS.contains(&stored.feed.as_str()) {
        other(tx, ctx, &stored)?
    } else if MACHINES.contains(&stored.feed.as_str()) || stored.feed.is_empty() {
        machines::message(tx, ctx, id)?
    } else {
        return Err(Halt::Problem(conflict(
            "上传的表格不能重放：请在原上传页面更正后重新上传，已生效的行不会重复。",
            "An uploaded sheet is not read again: mend it and hand it in where it was uploaded; rows that stand are not taken twice.",
        )));
    };
    if ctx.dry_run { Err(Halt::Rehearsed(read)) } else { Ok(read) }
}

fn other(tx: &mut Tx<'_>, ctx: &Ctx, stored: &Stored) -> Result<ReadAgain, Halt> {
    match stored.state {
        InboxState::Part | InboxState::Quarantined => {}
        // All of it stands, or stands elsewhere.
        InboxState::Done | InboxState::Duplicate => return Ok(ReadAgain::default()),
        InboxState::New | InboxState::Held => {
            return Err(Halt::Problem(conflict("该消息正在排队处理。", "This message waits for its turn already.")));
        }
    }
    let forgotten = || conflict("原文已按保存期限清除。", "Its bytes were forgotten when their time was over.");
    let body = stored.body.as_deref().ok_or_else(forgotten)?;
    let open = match stored.feed.as_str() {
        "openapi" => {
            realname::again::message(tx, ctx, stored, body, InboxId(ctx.id()))?;
            Vec::new()
        }
        feed => {
            let sender = sender(tx, ctx, &stored.source)?;
            if feed == "bankevent" { bank_event(tx, &sender, stored, body)? } else { bank_file(tx, &sender, stored, body)? }
        }
    };
    let state = match stored.feed.as_str() {
        _ if !open.is_empty() => InboxState::Part,
        "openapi" | "bankevent" => InboxState::Done,
        // What a file brought stands under another message, which is the one that can be voided.
        _ => InboxState::Duplicate,
    };
    again::note(tx.conn(), stored.id, state, "replay/1")?;
    let (taken, open) = again::reconcile(tx.conn(), stored.id, &open, ctx.now, || QuarantineId(ctx.id()))?;
    note(tx, ctx, stored, taken)?;
    Ok(ReadAgain { messages: 1, punches: 0, taken, open })
}

fn note(tx: &mut Tx<'_>, ctx: &Ctx, stored: &Stored, taken: usize) -> Result<(), StoreError> {
    let chain = stored.project.map_or(Chain::Organisation, Chain::Project);
    tx.note(chain, ctx.now, ctx.actor(), "read_again", &format!("{} {taken}", stored.id))
}

/// Whoever sent a message, with the rights that they have today.
fn sender(tx: &mut Tx<'_>, ctx: &Ctx, source: &str) -> Result<Ctx, Problem> {
    let gone = || {
        conflict(
            "报送方的账号已停用或不再有报送权限；请由现任报送方重新报送。",
            "Whoever sent it is gone or may not feed bank data any more; whoever may now hands it in again.",
        )
    };
    // What came by a watched folder goes in again with the rights of that folder.
    if let Some(scope) = Scope::of_watched_account(source) {
        return Ok(Ctx { scope, ..ctx.clone() });
    }
    let user: UserId = source.parse().map_err(|_| gone())?;
    let known = users::known_user(tx.conn(), user, ctx.today).map_err(|_| gone())?;
    let scope = Scope::narrow(known.actor, known.user, &known.grants, Verb::FeedBank).ok_or_else(gone)?;
    Ok(Ctx { scope, ..ctx.clone() })
}

fn as_rejected(item: usize, problem: &FileProblem) -> Rejected {
    let FileProblem { place, reason, zh, en } = problem.clone();
    Rejected { item: i32::try_from(item).unwrap_or(i32::MAX), place, reason, zh, en }
}

/// The events of a message; one that is still refused rolls all of it back.
fn bank_event(tx: &mut Tx<'_>, sender: &Ctx, stored: &Stored, body: &[u8]) -> Result<Vec<Rejected>, Halt> {
    let events = match event::split(body) {
        Ok(parts) => parts.into_iter().map(<[u8]>::to_vec).collect::<Vec<_>>(),
        Err(problem) => return Err(Halt::Refused(vec![as_rejected(1, &FileProblem::from(&problem))])),
    };
    let content_type = stored.content_type.as_deref().unwrap_or_default();
    let taken = bank_feed::take(tx, sender, content_type, &events)?;
    let refused = taken.iter().filter(|one| one.state == TakenState::Quarantined);
    let rejected: Vec<Rejected> =
        (1..).zip(refused).filter_map(|(item, one)| Some(as_rejected(item, one.problems.first()?))).collect();
    if rejected.is_empty() { Ok(rejected) } else { Err(Halt::Refused(rejected)) }
}

/// A file, handed in once more; gives what of it still stands open.
fn bank_file(tx: &mut Tx<'_>, sender: &Ctx, stored: &Stored, body: &[u8]) -> Result<Vec<Rejected>, Halt> {
    let mut words = stored.request.splitn(3, ' ').skip(1);
    let came_as_result = words.next().is_some_and(|path| path.ends_with("/results"));
    let name = words.next().filter(|name| *name != "-").map(str::to_owned);
    let bytes = Arc::new(Spool::of(body.to_vec()));
    let families = Arc::clone(&sender.ground.settings.direct_link);
    let read = || {
        let options = ReadOptions { families: Some(&families), ..ReadOptions::default() };
        bank::outline(bytes.as_ref(), name.as_deref(), options)
    };
    let file: BankFile = catch_unwind(AssertUnwindSafe(read)).map_err(|_| {
        let (zh, en) = ("读取程序仍然出错，文件已保存。", "The reader still fails; the file is kept.");
        Halt::Problem(conflict(zh, en))
    })?;
    // A list of results may have come by any way by which files come.
    let is_result = came_as_result || file.statements.is_empty() && file.payment_status.is_some();
    let path = if is_result { "/api/v1/bank/results" } else { "/api/v1/bank/statements" };
    let content_type = stored.content_type.clone().unwrap_or_default();
    let handed = HandedIn { name, content_type, bytes: Arc::clone(&bytes), file, path, said: None, again: Again::LeftOut };
    let handed = as_first_read(tx.conn(), sender, stored, handed)?;
    let stood = of_items(&again::open_items(tx.conn(), stored.id)?);
    let receipt = if is_result { results::take(tx, sender, &handed)? } else { statements::take(tx, sender, &handed)? };
    let open = again::open_items(tx.conn(), receipt.inbox_id)?;
    // A report says of every line again what it said, so only what it could not say before is news.
    let has_news = if is_result { !stood.is_subset(&of_items(&open)) } else { receipt.applied > 0 };
    match receipt.state {
        InboxState::Part if has_news => {
            again::drop_items(tx.conn(), receipt.inbox_id)?;
            again::note(tx.conn(), receipt.inbox_id, InboxState::Part, again::TAKEN_OVER)?;
            Ok(open)
        }
        InboxState::Part | InboxState::Quarantined => Err(Halt::Refused(open)),
        _ => Ok(Vec::new()),
    }
}

/// A sheet of which something stands is read as it was read then; one of which nothing does, as somebody said since.
fn as_first_read(conn: &mut AnyConn, sender: &Ctx, stored: &Stored, handed: HandedIn) -> Result<HandedIn, Problem> {
    if !handed.is_sheet() {
        return Ok(handed);
    }
    match sheets::said_of(conn, stored.id)? {
        Some(said) => Ok(sheets::read_as(sender, handed, said)),
        None if stored.state == InboxState::Quarantined => sheets::remembered(conn, sender, handed),
        None => Ok(handed),
    }
}

/// Places and reasons of items.
fn of_items(items: &[Rejected]) -> BTreeSet<(String, String)> {
    items.iter().map(|item| (item.place.clone(), item.reason.clone())).collect()
}

/// Notes that nothing could be taken, and what stands open now.
pub fn refused(tx: &mut Tx<'_>, ctx: &Ctx, id: InboxId, rejected: &[Rejected]) -> Result<ReadAgain, Problem> {
    let stored = look(tx.conn(), ctx, id)?;
    again::note(tx.conn(), id, stored.state, "replay/1")?;
    let (taken, open) = again::reconcile(tx.conn(), id, rejected, ctx.now, || QuarantineId(ctx.id()))?;
    note(tx, ctx, &stored, taken)?;
    Ok(ReadAgain { messages: 1, punches: 0, taken, open })
}

/// [`attempt`], and where nothing could be taken [`refused`], each in a transaction of its own.
///
/// # Errors
/// As [`attempt`].
pub async fn run(ctx: Ctx, id: InboxId) -> Result<ReadAgain, Problem> {
    let db = ctx.ground.db.clone();
    let asker = ctx.clone();
    match db.write(move |tx| attempt(tx, &asker, id)).await {
        Ok(read) | Err(Halt::Rehearsed(read)) => Ok(read),
        Err(Halt::Problem(problem)) => Err(problem),
        Err(Halt::Refused(rejected)) if ctx.dry_run => Ok(still_open(&rejected)),
        Err(Halt::Refused(rejected)) => db.write(move |tx| refused(tx, &ctx, id, &rejected)).await,
    }
}

/// [`run`] for commands.
///
/// # Errors
/// As [`attempt`].
pub fn run_blocking(ctx: &Ctx, id: InboxId) -> Result<ReadAgain, Problem> {
    let (db, asker) = (ctx.ground.db.clone(), ctx.clone());
    match db.write_blocking(move |tx| attempt(tx, &asker, id)) {
        Ok(read) | Err(Halt::Rehearsed(read)) => Ok(read),
        Err(Halt::Problem(problem)) => Err(problem),
        Err(Halt::Refused(rejected)) => {
            let asker = ctx.clone();
            db.write_blocking(move |tx| refused(tx, &asker, id, &rejected))
        }
    }
}

fn still_open(rejected: &[Rejected]) -> ReadAgain {
    ReadAgain { messages: 1, open: rejected.len(), ..ReadAgain::default() }
}
