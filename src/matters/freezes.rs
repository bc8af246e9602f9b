//! Freezes that nobody typed: what the bank's feed tells becomes a matter by itself, and a debit whose text speaks of enforcement is
//! shown to a person (R724-33, R53-08b).
//!
//! A freeze is begun once for each document, whoever tells it first. Deliberately absent: a matter out of a debit alone; its text is a
//! sign, and a person says what it was.

use serde::Serialize;
use utoipa::ToSchema;

use super::actions::{self, NewStep, keep, refuse};
use super::table::StepRow;
use super::{Matter, MatterKind, Step, Task};
use crate::accounts;
use crate::accounts::Purpose;
use crate::accounts::freezes::standing::{self, StandingFreeze};
use crate::accounts::freezes::{FreezeAct, TEXT_MAX, looks_seized, table};
use crate::accounts::table::EntryRow;
use crate::base::id::{MatterId, RecordId};
use crate::base::{Day, Fen};
use crate::law::questions::given::Choice;
use crate::law::questions::warning::FreezeReason;
use crate::payroll::direct;
use crate::projects::Site;
use crate::store::{AnyConn, Chain, Tx};
use crate::web::{Ctx, Problem};

/// A freeze that stands on a wage account, with the matter of its objection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FreezeNote {
    /// The freeze.
    pub freeze: StandingFreeze,
    /// Its matter; `null` where nobody began one.
    pub matter: Option<MatterId>,
    /// What must be done about it.
    pub tasks: Vec<Task>,
}

/// The freezes that stand on the wage accounts of a project, each with what must be done about it.
///
/// # Errors
/// What the store says.
pub fn notes(conn: &mut AnyConn, ctx: &Ctx, site: &Site, as_of: Day) -> Result<Vec<FreezeNote>, Problem> {
    let accounts = accounts::table::of_project(conn, site.id)?;
    let mut freezes: Vec<StandingFreeze> = Vec::new();
    for (_, some) in standing::of_project(conn, &accounts, site.id, as_of)? {
        freezes.extend(some);
    }
    if freezes.is_empty() {
        return Ok(Vec::new());
    }
    let mut all = actions::all(conn, ctx, site, as_of)?;
    all.retain(|matter| matter.kind == MatterKind::AccountFreeze && matter.is_open());
    let notes = freezes.into_iter().map(|freeze| {
        // A freeze whose paper nobody wrote is that of the matter without one, begun on its day.
        let is_its = |matter: &&Matter| {
            matter.begun().is_some_and(|step| {
                step.subject == freeze.document && (freeze.document.is_some() || step.happened_on == freeze.since)
            })
        };
        let matter = all.iter().find(is_its);
        let tasks = matter.map(|matter| matter.tasks.clone()).unwrap_or_default();
        FreezeNote { matter: matter.map(|matter| matter.id), tasks, freeze }
    });
    Ok(notes.collect())
}

/// Days back in which debits are looked through.
const DAYS_BACK: i64 = 366;

/// Refuses a freeze whose reason is no word of the law's list.
pub(super) fn require_reason(new: &NewStep) -> Result<(), Problem> {
    if new.reason.as_deref().and_then(FreezeReason::read).is_some() {
        return Ok(());
    }
    let words = FreezeReason::words().join(", ");
    Err(refuse(format!("冻结原因应为 {words} 之一。"), format!("The reason is one of: {words}."), "reason", "bad_format"))
}

/// Refuses a second matter of one document or entry.
pub(super) fn require_subject(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, new: &NewStep) -> Result<(), Problem> {
    let Some(subject) = new.subject.as_deref() else { return Ok(()) };
    if subject.chars().count() > TEXT_MAX {
        let (zh, en) = (format!("文号最多 {TEXT_MAX} 字。"), format!("The number has at most {TEXT_MAX} characters."));
        return Err(refuse(zh, en, "subject", "bad_format"));
    }
    let all = actions::all(tx.conn(), ctx, site, ctx.today)?;
    if all.iter().any(|matter| is_of(matter, subject)) {
        let (zh, en) = ("该文号或该笔扣款已有冻结事项。", "This document or debit has its matter already.");
        return Err(Problem::conflict(zh, en).at("subject", "duplicate"));
    }
    Ok(())
}

fn is_of(matter: &Matter, subject: &str) -> bool {
    matter.kind == MatterKind::AccountFreeze && matter.begun().and_then(|step| step.subject.as_deref()) == Some(subject)
}

/// Follows a bank's word on a freeze: begins its matter, or ends it.
pub fn follow(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, word: RecordId) -> Result<(), Problem> {
    let seq = tx.seq(Chain::Project(site.id))?;
    let told = table::find(tx.conn(), site.id, word)?.ok_or_else(Problem::not_found)?;
    let all = actions::all(tx.conn(), ctx, site, ctx.today)?;
    let known = all.iter().find(|matter| is_of(matter, &told.document));
    let (matter_id, step) = match (told.act, known) {
        (FreezeAct::Frozen, None) => (MatterId(ctx.id()), Step::Frozen),
        (FreezeAct::Released, Some(matter)) if matter.next.contains(&Step::FreezeLifted) => (matter.id, Step::FreezeLifted),
        _ => return Ok(()),
    };
    let is_first = step == Step::Frozen;
    let note = told.by_whom.as_ref().map_or_else(|| told.document.clone(), |by| format!("{by} · {}", told.document));
    let row = StepRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        matter_id,
        kind: MatterKind::AccountFreeze,
        step,
        happened_on: told.happened_on,
        due_on: None,
        amount_fen: told.amount_fen,
        payroll_fen: None,
        balance_fen: None,
        subject: Some(told.document).filter(|_| is_first),
        reason: told.reason.filter(|_| is_first),
        note: Some(note),
        document_id: None,
        recorded_at: ctx.now,
        recorded_by: told.told_by,
        recorded_seq: seq,
    };
    keep(tx, ctx, site, &row)
}

/// Debits whose text speaks of enforcement and that no matter is about yet, with what of each did not come back.
pub fn unanswered(conn: &mut AnyConn, site: &Site, matters: &[Matter], today: Day) -> Result<Vec<(EntryRow, Fen)>, Problem> {
    let entries = direct::table::booked(conn, site.id, Purpose::ForeignDebit, (today.plus_days(-DAYS_BACK), today))?;
    let mut standing = direct::net(entries);
    standing.retain(|(entry, _)| {
        let subject = entry.id.to_string();
        looks_seized(&entry.text, entry.counterparty.as_deref()) && !matters.iter().any(|matter| is_of(matter, &subject))
    });
    Ok(standing)
}
