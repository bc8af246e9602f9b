//! Taking the events of one request: each by itself, all in one transaction, a bad one never sinks its neighbours.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

use super::{FEED, PATH, table, telling};
use crate::accounts;
use crate::accounts::table::{self as accounts_table, AccountRow};
use crate::accounts::words::Compared;
use crate::base::id::{BankEntryId, InboxId, ProjectId};
use crate::base::words;
use crate::projects::Site;
use crate::settlement::voiding::again::{self, Again};
use crate::settlement::{self, FileProblem, HandedIn, Receipt, results, statements};
use crate::store::inbox::{InboxState, Rejected};
use crate::store::spool::Spool;
use crate::store::{AnyConn, Chain, Tx};
use crate::web::{Code, Ctx, Problem};
use crate::wire::bank::event::{self, Event, EventKind, Told};
use crate::wire::bank::{self, BankFile};

words! {
    /// What became of an event.
    pub enum TakenState, "state of a bank event" {
        /// Taken.
        Stored = "stored",
        /// Taken under another id before, as far as anything tells: the same day, amount, names and text, without the bank's reference.
        Merged = "merged",
        /// Taken before, with the same content.
        Duplicate = "duplicate",
        /// Kept, but not taken: mend it and send it again under the same id.
        Quarantined = "quarantined",
    }
}
crate::web::openapi::word_schema!(TakenState);

/// What a bank is told about an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TakenBankEvent)]
pub struct Taken {
    /// The sender's id; `null` where none could be read.
    pub event_id: Option<String>,
    /// What became of it.
    pub state: TakenState,
    /// The message under which the bytes are kept.
    pub inbox_id: InboxId,
    /// The entry that it was merged with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged_with: Option<BankEntryId>,
    /// Why it is in quarantine, as a code of the list of reasons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What is wrong, or worth a look, with how to mend it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<FileProblem>,
    /// The bank's word beside ours, field by field, where the event says something that is compared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub compared: Vec<Compared>,
}

/// What an event led to.
pub(super) struct Applied {
    pub inbox_id: InboxId,
    pub problems: Vec<FileProblem>,
    pub compared: Vec<Compared>,
    /// The entry that it told once more.
    pub merged_with: Option<BankEntryId>,
    /// Whether nothing came of it, for the first of the problems.
    pub is_refused: bool,
}

/// Where an event is dealt with: its account and the project, for somebody who may feed it.
pub(super) type Desk = (AccountRow, Site);

/// Takes the events of a request, given as the bytes of each.
pub fn take(tx: &mut Tx<'_>, ctx: &Ctx, content_type: &str, events: &[Vec<u8>]) -> Result<Vec<Taken>, Problem> {
    let read: Vec<Result<(Event, Vec<bank::Problem>), bank::Problem>> = events.iter().map(|bytes| event::read(bytes)).collect();
    let mut desks = Vec::new();
    for one in &read {
        desks.push(match one {
            Ok((event, _)) => desk_of(tx.conn(), ctx, &event.account)?,
            Err(_) => None,
        });
    }
    // Chains are locked in one order, before anything else is: requests at once do not wait for each other in a circle.
    let projects: BTreeSet<ProjectId> = desks.iter().flatten().map(|(account, _)| account.project_id).collect();
    for project in projects {
        tx.seq(Chain::Project(project))?;
    }
    let mut taken = Vec::new();
    for ((bytes, one), desk) in events.iter().zip(read).zip(&desks) {
        taken.push(match one {
            Ok((event, remarks)) => take_one(tx, ctx, (content_type, bytes), &event, remarks, desk.as_ref())?,
            Err(problem) => {
                let handed = handed_in(content_type, bytes, None, BankFile::default());
                let told = FileProblem::from(&problem);
                let inbox_id = refuse(tx, ctx, &handed, None, &told)?;
                let (reason, state) = (Some(told.reason.clone()), TakenState::Quarantined);
                Taken {
                    event_id: event::id_of(bytes),
                    state,
                    inbox_id,
                    merged_with: None,
                    reason,
                    problems: vec![told],
                    compared: Vec::new(),
                }
            }
        });
    }
    Ok(taken)
}

/// The account of that number with its project; none alike for one that nobody registered and one that the asker may not feed.
fn desk_of(conn: &mut AnyConn, ctx: &Ctx, text: &str) -> Result<Option<Desk>, Problem> {
    let Some(account) = accounts_table::named(conn, text)? else { return Ok(None) };
    match accounts::site_of(conn, &ctx.scope, &account) {
        Ok(site) => Ok(Some((account, site))),
        Err(problem) if problem.code == Code::NotFound => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// An event as something that was handed in; its type and id stand in the place of a file's name.
pub(super) fn handed_in(content_type: &str, bytes: &[u8], event: Option<&Event>, file: BankFile) -> HandedIn {
    let name = event.map(|event| format!("{} {}", event.kind, event.id));
    let file = BankFile { format: event::FORMAT.to_owned(), ..file };
    let bytes = Arc::new(Spool::of(bytes.to_vec()));
    HandedIn { name, content_type: content_type.to_owned(), bytes, file, path: PATH, said: None, again: Again::Refused }
}

/// Keeps an event that is not taken.
fn refuse(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    handed: &HandedIn,
    project: Option<ProjectId>,
    why: &FileProblem,
) -> Result<InboxId, Problem> {
    let id = InboxId(ctx.id());
    let FileProblem { place, reason, zh, en } = why.clone();
    let rejected = [Rejected { item: 1, place, reason, zh, en }];
    settlement::keep(tx.conn(), ctx, id, handed, project, (InboxState::Quarantined, 1), &rejected)?;
    Ok(id)
}

fn take_one(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    (content_type, bytes): (&str, &[u8]),
    event: &Event,
    remarks: Vec<bank::Problem>,
    desk: Option<&Desk>,
) -> Result<Taken, Problem> {
    let handed = handed_in(content_type, bytes, Some(event), event.file().unwrap_or_default());
    let project = desk.map(|(account, _)| account.project_id);
    let answer = |state, inbox_id, reason: Option<String>, problems: Vec<FileProblem>, compared| Taken {
        event_id: Some(event.id.clone()),
        state,
        inbox_id,
        merged_with: None,
        reason,
        problems,
        compared,
    };
    let quarantined =
        |inbox_id, why: FileProblem| answer(TakenState::Quarantined, inbox_id, Some(why.reason.clone()), vec![why], Vec::new());
    // Keyed: an event names cards and accounts, which could be tried out otherwise.
    let content = ctx.vault().index("bank_event", &event::content(bytes));
    match table::claim(tx.conn(), ctx.actor(), &event.id, &content, ctx.now)? {
        None => {}
        Some(known) if known == content => {
            let remarks = voided(tx, &handed, desk)?.into_iter().collect();
            let id = InboxId(ctx.id());
            settlement::keep(tx.conn(), ctx, id, &handed, project, (InboxState::Duplicate, 1), &[])?;
            return Ok(answer(TakenState::Duplicate, id, None, remarks, Vec::new()));
        }
        Some(_) => {
            let why = FileProblem::new(
                "event_id",
                "id_reused",
                "该 event_id 已用于内容不同的事件，请换新的编号。",
                "This event_id was used for an event with other content; take a new one.",
            );
            let id = refuse(tx, ctx, &handed, project, &why)?;
            return Ok(quarantined(id, why));
        }
    }
    let Some(desk) = desk else {
        let why = FileProblem::new(
            "account",
            "unknown_account",
            "该账号不是已登记、且由您报送的专用账户；登记账户后可用同一编号重发。",
            "This is no wage account on record that you may feed. Once it is, send the event again under the same id.",
        );
        table::let_go(tx.conn(), ctx.actor(), &event.id)?;
        let id = refuse(tx, ctx, &handed, None, &why)?;
        return Ok(quarantined(id, why));
    };
    // Nobody is there who could be asked, and the bytes are known already: the sender learns that they were taken before, and what of it.
    if let Some(remark) = voided(tx, &handed, Some(desk))? {
        let id = InboxId(ctx.id());
        settlement::keep(tx.conn(), ctx, id, &handed, project, (InboxState::Duplicate, 1), &[])?;
        return Ok(answer(TakenState::Duplicate, id, None, vec![remark], Vec::new()));
    }
    let applied = match event.kind {
        EventKind::Txn => as_applied(statements::take(tx, ctx, &handed)?),
        EventKind::PayrollResult => result(tx, ctx, &handed, event, desk)?,
        _ => telling::tell(tx, ctx, &handed, event, desk)?,
    };
    let mut problems = applied.problems;
    if applied.is_refused {
        table::let_go(tx.conn(), ctx.actor(), &event.id)?;
        let reason = problems.first().map_or_else(|| "bad_format".to_owned(), |one| one.reason.clone());
        return Ok(answer(TakenState::Quarantined, applied.inbox_id, Some(reason), problems, applied.compared));
    }
    problems.extend(remarks.iter().map(FileProblem::from));
    let state = if applied.merged_with.is_some() { TakenState::Merged } else { TakenState::Stored };
    if state == TakenState::Merged {
        problems.push(FileProblem::new(
            "body.account_servicer_reference",
            "missing_field",
            "与已入账的一笔在日期、金额、户名和摘要上完全相同，已并入该笔；如确为另一笔，请用新的 event_id 附上银行流水号（account_servicer_reference）或交易后余额（balance_after）重发。",
            "It equals an entry on record in day, amount, names and text and was merged with it. If it is another one, send it under a new event_id with account_servicer_reference or balance_after.",
        ));
    }
    let merged_with = applied.merged_with;
    Ok(Taken { merged_with, ..answer(state, applied.inbox_id, None, problems, applied.compared) })
}

/// What is said of an event whose bytes were taken and then voided by two persons.
fn voided(tx: &mut Tx<'_>, handed: &HandedIn, desk: Option<&Desk>) -> Result<Option<FileProblem>, Problem> {
    let Some((account, _)) = desk else { return Ok(None) };
    let Some(step) = again::of_account(tx.conn(), account, &handed.sha256())? else { return Ok(None) };
    let (zh, en) = again::told(tx.conn(), &step)?;
    Ok(Some(FileProblem::new(
        "event",
        again::VOIDED,
        format!("{zh}本次未再入账；如该笔确实发生，请用新的 event_id 重发。"),
        format!("{en} It is not booked again; if the movement is real, send it under a new event_id."),
    )))
}

/// What a file's receipt says of the one item in it.
fn as_applied(receipt: Receipt) -> Applied {
    let is_refused = matches!(receipt.state, InboxState::Quarantined | InboxState::Part);
    let merged_with = receipt.statements.first().and_then(|one| one.repeats);
    Applied { inbox_id: receipt.inbox_id, problems: receipt.problems, compared: Vec::new(), merged_with, is_refused }
}

/// The result of a payment: of an order of this very account, which is looked up where the event does not name it.
fn result(tx: &mut Tx<'_>, ctx: &Ctx, handed: &HandedIn, event: &Event, (account, _): &Desk) -> Result<Applied, Problem> {
    let Told::Result(named, line) = &event.told else { return Err(Problem::internal("a result without a line")) };
    let id = line.end_to_end_id.as_deref().unwrap_or_default();
    let known = table::order_of(tx.conn(), account.project_id, account.id, id)?;
    let order = known.filter(|known| named.as_ref().is_none_or(|named| named == known));
    let Some(order) = order else {
        let why = FileProblem::new(
            "body.end_to_end_id",
            "unknown_reference",
            "该 end_to_end_id（或其批次）不是此账户的代发明细。",
            "This end_to_end_id, or its order, is no payment of this account.",
        );
        let inbox_id = refuse(tx, ctx, handed, Some(account.project_id), &why)?;
        return Ok(Applied { inbox_id, problems: vec![why], compared: Vec::new(), merged_with: None, is_refused: true });
    };
    let whole = Event { told: Told::Result(Some(order), line.clone()), ..event.clone() };
    let handed = HandedIn { file: whole.file().unwrap_or_default(), ..handed.clone() };
    debug_assert_eq!(handed.feed(), FEED);
    Ok(as_applied(results::take(tx, ctx, &handed)?))
}
