//! Proposing a change of law and deciding on it.

use std::sync::Arc;

use super::in_force::{self, digest_of, lay};
use super::table::{self, AmendmentRow, DecisionRow};
use super::{AmendmentKind, REASON_MAX, Verdict, WORDING_MAX, may_change, may_see, place_of};
use crate::base::RegionCode;
use crate::base::id::AmendmentId;
use crate::law::LawBook;
use crate::law::book::Difference;
use crate::law::decision::Policy;
use crate::store::{AnyConn, Chain, StoreError, Tx, law_books};
use crate::users::second::{self, person};
use crate::web::problem::Fault;
use crate::web::{Code, Ctx, Ground, InForce, Problem};

/// What is to become of the law.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A law file with its whole new text.
    File {
        /// Name inside the configuration, like `law/regions/330784.toml`.
        file: String,
        /// The new text.
        wording: String,
    },
    /// The operator's switches.
    Policy(Policy),
}

/// A change as proposed.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// What it says it changes.
    pub kind: AmendmentKind,
    /// The change.
    pub change: Change,
    /// Why.
    pub reason: String,
    /// The document or legal ground that it rests on.
    pub document: String,
    /// Number of the last amendment in force that the proposer saw.
    pub seen: i64,
}

/// A proposal that was built and found sound.
#[derive(Debug, Clone)]
pub struct Draft {
    proposal: Proposal,
    region: Option<RegionCode>,
    replaces: Option<String>,
    seen_book: String,
    law_book: String,
    files: Vec<(String, String)>,
    changes: Vec<Difference>,
}

/// A proposal with what became of it.
#[derive(Debug, Clone)]
pub struct Amendment {
    /// The proposal.
    pub row: AmendmentRow,
    /// The decision, where there is one.
    pub decision: Option<DecisionRow>,
}

impl Amendment {
    /// What it changes, entry by entry.
    pub fn changes(&self) -> Vec<Difference> {
        serde_json::from_str(&self.row.changes).unwrap_or_default()
    }
}

/// Brings this instance up to the amendments in force; says whether something changed.
///
/// # Errors
/// The store fails, or neither the files with the amendments nor the last approved book can be read.
pub fn refresh(ground: &Arc<Ground>) -> Result<bool, StoreError> {
    let Some(law) = ground.db.read_blocking(|conn| in_force::read(conn, ground))? else { return Ok(false) };
    let (hash, files, now) = (law.book.hash().to_owned(), Arc::clone(&law.files), ground.clock.now());
    let policy = law.policy;
    ground.db.write_blocking(move |tx| -> Result<(), StoreError> {
        law_books::keep(tx.conn(), &hash, &files, now)?;
        law_books::activate(tx.conn(), &hash, policy, now)
    })?;
    ground.put_in_force(law);
    Ok(true)
}

fn outdated() -> Problem {
    Problem::conflict(
        "在此期间已有其他修订生效，请对照现行文本重新提出。",
        "Another amendment came into force in between; propose it again over the law as it stands now.",
    )
    .at("seen", "outdated")
}

fn text_fits(place: &str, text: &str) -> Result<(), Problem> {
    if text.trim().is_empty() || text.chars().count() > REASON_MAX {
        let problem =
            Problem::invalid(format!("请填写 1 至 {REASON_MAX} 个字。"), format!("Write 1 to {REASON_MAX} characters."));
        return Err(problem.at(place, "missing_field"));
    }
    Ok(())
}

/// The refusal of law data with each fault by file, line and table.
pub fn faulty(faults: Vec<crate::law::Fault>) -> Problem {
    let listed = faults.into_iter().map(|fault| Fault {
        place: format!("{}:{} {}", fault.file, fault.line, fault.table).trim_end().to_owned(),
        reason: "bad_law".to_owned(),
        zh: fault.zh,
        en: fault.en,
    });
    Problem::invalid("修订后的法规数据有误，未保存。", "The law data would be faulty with this change; nothing was kept.")
        .with_faults(listed)
}

/// Builds the whole law with the change; slow, and without any effect.
///
/// # Errors
/// `conflict` when `law` is not what the proposer saw; `invalid` with each fault of the resulting book by file, line and table, for a
/// file that is no law data, for a missing reason, and when nothing changes.
pub fn draft(law: &InForce, proposal: Proposal) -> Result<Draft, Problem> {
    text_fits("reason", &proposal.reason)?;
    text_fits("document", &proposal.document)?;
    if proposal.seen != law.activation {
        return Err(outdated());
    }
    let seen_book = law.book.hash().to_owned();
    let mut draft = Draft {
        region: None,
        replaces: None,
        law_book: seen_book.clone(),
        seen_book,
        files: law.files.as_ref().clone(),
        changes: Vec::new(),
        proposal,
    };
    match &mut draft.proposal.change {
        Change::Policy(policy) => {
            if draft.proposal.kind != AmendmentKind::Policy {
                return Err(kind_differs());
            }
            draft.changes = policy_differences(law.policy, *policy);
        }
        Change::File { file, wording } => {
            let Some((kind, region)) = place_of(file) else {
                let problem = Problem::invalid(
                    "该文件名不属于法规数据（如 law/parameters/deposit.toml、law/regions/330784.toml、calendar/2027.toml）。",
                    "No law data lies under this name; see for instance law/parameters/deposit.toml, law/regions/330784.toml, calendar/2027.toml.",
                );
                return Err(problem.at("file", "bad_format"));
            };
            if kind != draft.proposal.kind {
                return Err(kind_differs());
            }
            // A form of a browser sends line ends in its own way.
            *wording = wording.replace("\r\n", "\n");
            if wording.len() > WORDING_MAX {
                let problem = Problem::new(Code::TooLarge, "法规文件不能超过 512 KiB。", "A law file has at most 512 KiB.");
                return Err(problem.at("wording", "over_limit"));
            }
            draft.region = region;
            draft.replaces = digest_of(&draft.files, file);
            lay(&mut draft.files, file, wording);
            let book = LawBook::from_files(draft.files.clone()).map_err(faulty)?;
            draft.changes = law.book.differences(&book);
            draft.law_book = book.hash().to_owned();
        }
    }
    if draft.changes.is_empty() {
        return Err(Problem::invalid("与现行内容相同，没有变更。", "It says what stands already; nothing would change.")
            .at("wording", "no_change"));
    }
    Ok(draft)
}

fn kind_differs() -> Problem {
    Problem::invalid("修订类别与所改内容不符。", "The kind does not fit what is changed.").at("kind", "bad_format")
}

fn policy_differences(old: Policy, new: Policy) -> Vec<Difference> {
    let switches = [
        ("policy permit_gate", old.permit_gate, new.permit_gate),
        ("policy completion_gate", old.completion_gate, new.completion_gate),
    ];
    let changed = switches.into_iter().filter(|(_, old, new)| old != new);
    changed
        .map(|(entry, old, new)| Difference {
            entry: entry.to_owned(),
            turn: crate::law::book::Turn::Changed,
            before: Some(old.to_string()),
            after: Some(new.to_string()),
        })
        .collect()
}

/// Keeps a proposal for a second person.
///
/// # Errors
/// `not_allowed` outside the asker's regions, `conflict` when the law moved on since the draft was built.
pub fn propose(tx: &mut Tx<'_>, ctx: &Ctx, draft: &Draft) -> Result<Amendment, Problem> {
    let proposed_by = person(ctx)?;
    if !may_change(&ctx.scope, draft.region) {
        return Err(Problem::not_allowed());
    }
    let chain = Chain::Organisation;
    let recorded_seq = tx.seq(chain)?;
    let Proposal { kind, change, reason, document, seen } = &draft.proposal;
    if table::activation(tx.conn())? != *seen {
        return Err(outdated());
    }
    let (file, wording, policy) = match change {
        Change::File { file, wording } => (Some(file.clone()), Some(wording.clone()), None),
        Change::Policy(policy) => (None, None, Some(*policy)),
    };
    let row = AmendmentRow {
        id: AmendmentId(ctx.id()),
        kind: *kind,
        file,
        region: draft.region,
        wording,
        replaces: draft.replaces.clone(),
        permit_gate: policy.map(|policy| policy.permit_gate),
        completion_gate: policy.map(|policy| policy.completion_gate),
        reason: reason.trim().to_owned(),
        document: document.trim().to_owned(),
        changes: serde_json::to_string(&draft.changes).map_err(|error| Problem::internal(&error.to_string()))?,
        seen: *seen,
        seen_book: draft.seen_book.clone(),
        law_book: draft.law_book.clone(),
        proposed_by,
        proposed_at: ctx.now,
        recorded_seq,
    };
    table::insert(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "propose_amendment", &row.id.to_string())?;
    Ok(Amendment { row, decision: None })
}

/// A proposal that the asker may see.
///
/// # Errors
/// `not_found` when there is none, or when it is of a region that the asker does not cover.
pub fn fetch(conn: &mut AnyConn, ctx: &Ctx, id: AmendmentId) -> Result<Amendment, Problem> {
    let row = table::find(conn, id)?.filter(|row| may_see(&ctx.scope, row.region)).ok_or_else(Problem::not_found)?;
    Ok(Amendment { decision: table::decision(conn, id)?, row })
}

/// The proposals that the asker may see, the latest first, before an id.
pub fn list(conn: &mut AnyConn, ctx: &Ctx, before: i64, limit: i64) -> Result<Vec<Amendment>, Problem> {
    const CHUNK: i64 = 200;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let (mut found, mut before) = (Vec::new(), before);
    loop {
        let rows = table::page(conn, before, CHUNK)?;
        let Some(last) = rows.last().map(|row| row.id.0) else { return Ok(found) };
        before = last;
        for row in rows.into_iter().filter(|row| may_see(&ctx.scope, row.region)) {
            if found.len() == wanted {
                return Ok(found);
            }
            let decision = table::decision(conn, row.id)?;
            found.push(Amendment { row, decision });
        }
    }
}

/// The proposal, if the asker may still decide on it as a second person.
fn undecided(conn: &mut AnyConn, ctx: &Ctx, id: AmendmentId) -> Result<AmendmentRow, Problem> {
    let Amendment { row, decision } = fetch(conn, ctx, id)?;
    if !may_change(&ctx.scope, row.region) {
        return Err(Problem::not_allowed());
    }
    second::require(conn, ctx, &row.proposed_by.to_string())?;
    still_open(decision.as_ref())?;
    Ok(row)
}

fn still_open(decision: Option<&DecisionRow>) -> Result<(), Problem> {
    match decision {
        None => Ok(()),
        Some(_) => Err(Problem::conflict("该修订已有结论。", "This amendment has been decided already.").at("id", "decided")),
    }
}

/// A law that was built again for approval.
#[derive(Debug, Clone)]
pub struct Ready {
    files: Vec<(String, String)>,
}

/// Builds the law of a proposal once more over what is in force now; slow, to be run before the transaction.
///
/// # Errors
/// As [`approve`]; `conflict` as well when the same text now gives another book, since the files were changed by an upgrade.
pub fn ready(conn: &mut AnyConn, ctx: &Ctx, id: AmendmentId) -> Result<Ready, Problem> {
    let row = undecided(conn, ctx, id)?;
    let law = ctx.ground.in_force();
    let change = match (&row.file, &row.wording) {
        (Some(file), Some(wording)) => Change::File { file: file.clone(), wording: wording.clone() },
        _ => Change::Policy(Policy {
            permit_gate: row.permit_gate.unwrap_or(law.policy.permit_gate),
            completion_gate: row.completion_gate.unwrap_or(law.policy.completion_gate),
        }),
    };
    let (reason, document) = (row.reason.clone(), row.document.clone());
    let again = draft(&law, Proposal { kind: row.kind, change, reason, document, seen: row.seen })?;
    if again.seen_book != row.seen_book || again.law_book != row.law_book {
        return Err(outdated());
    }
    Ok(Ready { files: again.files })
}

/// Puts a proposal in force.
///
/// # Errors
/// `not_found` for one that the asker may not see, `not_allowed` for their own or outside their regions, `conflict` when it was
/// decided already or another amendment came into force since it was proposed.
pub fn approve(tx: &mut Tx<'_>, ctx: &Ctx, id: AmendmentId, note: &str, ready: &Ready) -> Result<Amendment, Problem> {
    // The head of the chain is locked before anything is read, so that of two approvals at once the second sees the first.
    tx.seq(Chain::Organisation)?;
    let row = undecided(tx.conn(), ctx, id)?;
    if table::activation(tx.conn())? != row.seen {
        return Err(outdated());
    }
    law_books::keep(tx.conn(), &row.law_book, &ready.files, ctx.now)?;
    let standing = ctx.ground.policy();
    let policy = Policy {
        permit_gate: row.permit_gate.unwrap_or(standing.permit_gate),
        completion_gate: row.completion_gate.unwrap_or(standing.completion_gate),
    };
    law_books::activate(tx.conn(), &row.law_book, policy, ctx.now)?;
    let activation = Some(row.seen + 1);
    decide(tx, ctx, row, Verdict::Approved, note, activation, "approve_amendment")
}

/// Turns a proposal down; the note says why.
pub fn reject(tx: &mut Tx<'_>, ctx: &Ctx, id: AmendmentId, note: &str) -> Result<Amendment, Problem> {
    tx.seq(Chain::Organisation)?;
    let row = undecided(tx.conn(), ctx, id)?;
    text_fits("note", note)?;
    decide(tx, ctx, row, Verdict::Rejected, note, None, "reject_amendment")
}

/// Takes a proposal back; only its proposer may.
pub fn withdraw(tx: &mut Tx<'_>, ctx: &Ctx, id: AmendmentId, note: &str) -> Result<Amendment, Problem> {
    tx.seq(Chain::Organisation)?;
    let person = person(ctx)?;
    let Amendment { row, decision } = fetch(tx.conn(), ctx, id)?;
    if row.proposed_by != person {
        return Err(Problem::not_allowed());
    }
    still_open(decision.as_ref())?;
    decide(tx, ctx, row, Verdict::Withdrawn, note, None, "withdraw_amendment")
}

fn decide(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    row: AmendmentRow,
    verdict: Verdict,
    note: &str,
    activation: Option<i64>,
    verb: &'static str,
) -> Result<Amendment, Problem> {
    if !note.is_empty() {
        text_fits("note", note)?;
    }
    let decision = DecisionRow {
        amendment_id: row.id,
        verdict,
        note: note.trim().to_owned(),
        decided_by: person(ctx)?,
        decided_at: ctx.now,
        activation,
        recorded_seq: tx.seq(Chain::Organisation)?,
    };
    table::insert_decision(tx, &decision)?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), verb, &row.id.to_string())?;
    Ok(Amendment { row, decision: Some(decision) })
}
