//! Asking for an override, deciding about it, and which one is in force.

use super::table::{self, DecisionRow, OverrideRow};
use super::{DAYS_MAX, InForce, OverrideVerdict, TEXT_MAX, TEXT_MIN};
use crate::base::Day;
use crate::base::id::{AnswerId, ProjectId, RecordId};
use crate::gates::actions::fetch;
use crate::law::{Gate, Verdict};
use crate::projects::Site;
use crate::store::{AnyConn, Chain, Tx};
use crate::users;
use crate::users::second::{self, person};
use crate::web::{Ctx, Problem};

/// An override as asked for.
#[derive(Debug, Clone)]
pub struct NewOverride {
    /// The refusal.
    pub answer: AnswerId,
    /// Why.
    pub reason: String,
    /// Document and article that allow it.
    pub legal_ground: String,
    /// Its last day.
    pub until_on: Day,
}

/// An override with what was decided about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// As asked for.
    pub row: OverrideRow,
    /// Decisions, oldest first.
    pub decisions: Vec<DecisionRow>,
}

impl Override {
    fn has(&self, verdict: OverrideVerdict) -> bool {
        self.decisions.iter().any(|decision| decision.verdict == verdict)
    }

    /// Whether it holds on a day.
    pub fn holds_on(&self, day: Day) -> bool {
        self.has(OverrideVerdict::Approved) && !self.has(OverrideVerdict::Ended) && day <= self.row.until_on
    }
}

fn text(place: &str, told: &str) -> Result<String, Problem> {
    let told = told.trim();
    if !(TEXT_MIN..=TEXT_MAX).contains(&told.chars().count()) {
        let problem = Problem::invalid(
            format!("请写明 {TEXT_MIN} 至 {TEXT_MAX} 个字。"),
            format!("Write {TEXT_MIN} to {TEXT_MAX} characters."),
        );
        return Err(problem.at(place, "missing_field"));
    }
    Ok(told.to_owned())
}

/// Whether an answer refuses: a blocked one, and of the closing of an account also one that cannot tell.
pub fn is_refusal(gate: &str, verdict: &str) -> bool {
    let is_closing = gate == Gate::AccountClosing.as_str();
    verdict == Verdict::Blocked.as_str() || (is_closing && verdict == Verdict::Unknown.as_str())
}

/// Asks for an override of a refusal.
///
/// # Errors
/// `not_found` for an answer about another project, `invalid` for one that does not refuse, or a day that is past or too far.
pub fn ask(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, new: &NewOverride) -> Result<OverrideRow, Problem> {
    let asked_by = person(ctx)?;
    let answered = fetch(tx.conn(), ctx, new.answer)?;
    if answered.row.project_id != Some(site.id) {
        return Err(Problem::not_found());
    }
    if !is_refusal(&answered.row.gate, &answered.row.verdict) {
        let (zh, en) = ("只有“不放行”的答复才需要越权放行。", "Only an answer that refuses can be overridden.");
        return Err(Problem::invalid(zh, en).at("answer", "not_blocked"));
    }
    let days = new.until_on.days_since(ctx.today);
    if !(0..=DAYS_MAX).contains(&days) {
        let problem = Problem::invalid(
            format!("截止日期应在今天至 {DAYS_MAX} 天之内。"),
            format!("The last day lies between today and {DAYS_MAX} days from now."),
        );
        return Err(problem.at("until_on", "bad_time"));
    }
    let chain = Chain::Project(site.id);
    let row = OverrideRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        gate: answered.row.gate,
        answer_id: new.answer,
        reason: text("reason", &new.reason)?,
        legal_ground: text("legal_ground", &new.legal_ground)?,
        until_on: new.until_on,
        asked_by,
        asked_at: ctx.now,
        recorded_seq: tx.seq(chain)?,
    };
    table::insert(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "ask_override", &row.id.to_string())?;
    Ok(row)
}

/// Decides about an override: approved by another person than the one who asked, refused by anybody who may, ended once in force.
///
/// # Errors
/// `not_allowed` when the one who asked approves, `conflict` when it was decided already or is not in force.
pub fn decide(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    id: RecordId,
    verdict: OverrideVerdict,
    note: &str,
) -> Result<DecisionRow, Problem> {
    let decided_by = person(ctx)?;
    let chain = Chain::Project(site.id);
    // Taken first, so that two who decide at once stand in a queue.
    let recorded_seq = tx.seq(chain)?;
    let found = one(tx.conn(), site.id, id)?;
    let decided = Problem::conflict("该申请已有决定。", "It has been decided already.");
    match verdict {
        OverrideVerdict::Approved | OverrideVerdict::Rejected if !found.decisions.is_empty() => return Err(decided),
        OverrideVerdict::Approved if found.row.until_on < ctx.today => {
            return Err(Problem::conflict("申请的期限已过。", "Its last day has passed."));
        }
        OverrideVerdict::Ended if !found.holds_on(ctx.today) => {
            return Err(Problem::conflict("该越权放行未生效或已结束。", "It is not in force."));
        }
        _ => {}
    }
    if verdict == OverrideVerdict::Approved {
        second::require(tx.conn(), ctx, &found.row.asked_by.to_string())?;
    }
    let row = DecisionRow {
        project_id: site.id,
        override_id: id,
        verdict,
        note: text("note", note)?,
        decided_by,
        decided_at: ctx.now,
        recorded_seq,
    };
    table::insert_decision(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "decide_override", &format!("{id} {verdict}"))?;
    Ok(row)
}

fn one(conn: &mut AnyConn, project: ProjectId, id: RecordId) -> Result<Override, Problem> {
    let row = table::find(conn, project, id)?.ok_or_else(Problem::not_found)?;
    let decisions = table::decisions_of(conn, project)?.into_iter().filter(|decision| decision.override_id == id).collect();
    Ok(Override { row, decisions })
}

/// Every override of a project with its decisions.
pub fn all(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<Override>, Problem> {
    let decisions = table::decisions_of(conn, project)?;
    let rows = table::of_project(conn, project)?.into_iter();
    let with = |row: OverrideRow| {
        let own = decisions.iter().filter(|decision| decision.override_id == row.id).cloned().collect();
        Override { row, decisions: own }
    };
    Ok(rows.map(with).collect())
}

/// The override of a gate that is in force for a project on a day; the one that ends last, where there are several.
pub fn in_force(conn: &mut AnyConn, project: ProjectId, gate: &str, day: Day) -> Result<Option<InForce>, Problem> {
    let found = all(conn, project)?.into_iter().filter(|one| one.row.gate == gate && one.holds_on(day));
    let Some(found) = found.max_by_key(|one| one.row.until_on) else { return Ok(None) };
    let approved = found.decisions.iter().find(|decision| decision.verdict == OverrideVerdict::Approved);
    let mut by = Vec::new();
    for user in [Some(found.row.asked_by), approved.map(|decision| decision.decided_by)].into_iter().flatten() {
        by.push(users::table::find(conn, user)?.map_or_else(|| user.to_string(), |user| user.name));
    }
    Ok(Some(InForce { by, until: found.row.until_on, legal_ground: found.row.legal_ground, reason: found.row.reason }))
}
