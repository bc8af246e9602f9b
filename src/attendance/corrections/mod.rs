//! Corrections of work days: one person says what a day was and why, another confirms it; then the day says so and bears the mark
//! `corrected`, and the punches stay beside it as they came.
//!
//! A correction is never changed: a wrong one is put right by another. What the gates tell afterwards changes nothing by itself either, and
//! a person is asked (`folding::later`). Deliberately absent: new punches, since nobody passed a gate by
//! being remembered, and changes of a pay sheet, which is built again or corrected by its own rules.

pub mod http;
pub mod table;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use self::table::{CorrectionRow, StepRow};
use super::folding::later::{self, Later};
use super::folding::night::{DAY_SECONDS, NOON};
use super::table as attendance;
use super::{Worth, worth_of};
use crate::base::id::{DocumentId, ProjectId, RecordId, UserId};
use crate::base::{Day, Moment, words};
use crate::projects::Site;
use crate::store::{AnyConn, Chain, StoreError, Tx, jobs};
use crate::users::second::{self, person};
use crate::web::{Code, Ctx, Problem};
use crate::workers::day_number;
use crate::{documents, workers};

words! {
    /// What was decided about a correction.
    pub enum CorrectionStep, "decision about a correction" {
        /// A second person confirmed it: the day says so.
        Confirmed = "confirmed",
        /// A second person refused it.
        Refused = "refused",
        /// Whoever proposed it took it back.
        Withdrawn = "withdrawn",
    }
}
crate::store::types::word_column!(CorrectionStep);
crate::web::openapi::word_schema!(CorrectionStep);

/// Characters of a reason or a note.
pub const REASON_MAX: usize = 500;
/// The fewest characters of a reason: a word is none.
pub const REASON_MIN: usize = 4;

/// What somebody says a worker's day was.
#[derive(Debug, Clone)]
pub struct NewCorrection {
    /// Whose.
    pub enrolment: RecordId,
    /// Which day; for a shift over midnight that on which it began.
    pub worked_on: Day,
    /// When they came and went, in seconds of the day, the second past 86,400 on the morning after; none for somebody who was not there.
    pub times: Option<(i32, i32)>,
    /// Hundredths of a work day; what the times are worth when absent.
    pub hundredths: Option<i32>,
    /// Why.
    pub reason: String,
    /// A paper that bears it out.
    pub document: Option<DocumentId>,
}

impl CorrectionRow {
    /// What the day is with this correction over what the gates saw; `None` where nobody was seen and nobody was there.
    pub fn over(&self, stands: Option<Worth>) -> Option<Worth> {
        let seen = stands.as_ref().map_or(0, |worth| worth.punches);
        if self.hundredths == 0 && seen == 0 {
            return None;
        }
        let flags = stands.map(|worth| worth.flags).filter(|flags| !flags.is_empty());
        let flags = flags.map_or_else(|| "corrected".to_owned(), |flags| format!("{flags},corrected"));
        Some(Worth { first: self.first_time, last: self.last_time, punches: seen, hundredths: self.hundredths, flags })
    }
}

/// The confirmed corrections of some days, by day and enrolment; of several the one that was confirmed last.
pub fn in_force(
    conn: &mut AnyConn,
    project: ProjectId,
    first: Day,
    last: Day,
) -> Result<BTreeMap<(Day, RecordId), CorrectionRow>, StoreError> {
    let rows = table::between(conn, project, first, last)?;
    let mut found = BTreeMap::new();
    if rows.is_empty() {
        return Ok(found);
    }
    let by_id: HashMap<RecordId, CorrectionRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    // Steps come in the order in which they were taken, so that a later one replaces an earlier.
    for step in table::steps_between(conn, project, first, last)? {
        if let Some(row) = by_id.get(&step.correction_id).filter(|_| step.step == CorrectionStep::Confirmed) {
            found.insert((row.worked_on, row.enrolment_id), row.clone());
        }
    }
    Ok(found)
}

/// When a second person spoke last of a work day on which a correction is in force, be it to confirm one or to refuse another.
pub fn answered(
    conn: &mut AnyConn,
    project: ProjectId,
    first: Day,
    last: Day,
) -> Result<BTreeMap<(Day, RecordId), Moment>, StoreError> {
    let rows = table::between(conn, project, first, last)?;
    if rows.is_empty() {
        return Ok(BTreeMap::new());
    }
    let by_id: HashMap<RecordId, (Day, RecordId)> =
        rows.into_iter().map(|row| (row.id, (row.worked_on, row.enrolment_id))).collect();
    let (mut found, mut in_force) = (BTreeMap::new(), BTreeSet::new());
    for step in table::steps_between(conn, project, first, last)? {
        let Some(of) = by_id.get(&step.correction_id).filter(|_| step.step != CorrectionStep::Withdrawn) else { continue };
        if step.step == CorrectionStep::Confirmed {
            in_force.insert(*of);
        }
        let at = found.entry(*of).or_insert(step.recorded_at);
        *at = step.recorded_at.max(*at);
    }
    found.retain(|of, _| in_force.contains(of));
    Ok(found)
}

/// What came after the correction of one day and says otherwise.
fn later_of(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, (day, enrolment): (Day, RecordId)) -> Result<Option<Later>, StoreError> {
    let found = later::of_days(tx.conn(), ctx.vault(), site.id, (day, day))?;
    Ok(found.into_iter().find(|one| one.enrolment == enrolment))
}

/// What the corrections of some days that await a decision say, in hundredths, by day and enrolment.
pub fn waiting(
    conn: &mut AnyConn,
    project: ProjectId,
    first: Day,
    last: Day,
) -> Result<HashMap<(Day, RecordId), i32>, StoreError> {
    let steps = table::steps_between(conn, project, first, last)?;
    let decided: BTreeSet<RecordId> = steps.into_iter().map(|step| step.correction_id).collect();
    let rows = table::between(conn, project, first, last)?.into_iter().filter(|row| !decided.contains(&row.id));
    Ok(rows.map(|row| ((row.worked_on, row.enrolment_id), row.hundredths)).collect())
}

fn text(place: &str, told: &str) -> Result<String, Problem> {
    let told = told.trim();
    if !(REASON_MIN..=REASON_MAX).contains(&told.chars().count()) {
        let zh = format!("请写明 {REASON_MIN} 至 {REASON_MAX} 个字。");
        return Err(Problem::invalid(zh, format!("Write {REASON_MIN} to {REASON_MAX} characters.")).at(place, "missing_field"));
    }
    Ok(told.to_owned())
}

/// What the times of a correction are, and what they are worth.
fn read(new: &NewCorrection) -> Result<(i32, i32, i32), Problem> {
    let Some((first, last)) = new.times else {
        if new.hundredths.is_some_and(|hundredths| hundredths != 0) {
            let (zh, en) = ("请填写到场和离场时间。", "Say when they came and went.");
            return Err(Problem::invalid(zh, en).at("first", "missing_field"));
        }
        return Ok((0, 0, 0));
    };
    if !(0..DAY_SECONDS).contains(&first) || last < first || last >= DAY_SECONDS + NOON {
        let (zh, en) =
            ("离场时间应晚于到场时间，最晚为次日中午。", "They went after they came, by noon of the next day at the latest.");
        return Err(Problem::invalid(zh, en).at("last", "bad_time"));
    }
    let passage = |time| super::Passage { time, entered: None };
    let worth = worth_of(&[passage(first), passage(last)]).map_or(0, |worth| worth.hundredths);
    let hundredths = new.hundredths.unwrap_or(worth);
    if !(0..=100).contains(&hundredths) {
        let (zh, en) = ("一天的工日在 0 与 1 之间。", "A day is worth between none and one work day.");
        return Err(Problem::invalid(zh, en).at("days", "bad_format"));
    }
    Ok((first, last, hundredths))
}

/// Proposes a correction; it changes nothing yet.
///
/// # Errors
/// `not_found` for an enrolment of another project, `invalid` for a day outside the enrolment or ahead, times out of order or no reason,
/// `conflict` while another correction of the day waits, or when the day is just so.
pub fn propose(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, new: &NewCorrection) -> Result<CorrectionRow, Problem> {
    propose_as(tx, ctx, site, new, person(ctx)?)
}

/// As [`propose`], in the name of somebody whose file a job takes.
///
/// # Errors
/// As [`propose`].
pub fn propose_as(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    new: &NewCorrection,
    proposed_by: UserId,
) -> Result<CorrectionRow, Problem> {
    let chain = Chain::Project(site.id);
    let recorded_seq = tx.seq(chain)?;
    let enrolment = workers::table::find(tx.conn(), site.id, new.enrolment)?.ok_or_else(Problem::not_found)?;
    if !enrolment.holds_on(new.worked_on) || new.worked_on > ctx.today {
        let en = "The day lies in the enrolment, not ahead.";
        return Err(Problem::invalid("日期应在在场期间内，且不晚于今天。", en).at("worked_on", "bad_time"));
    }
    let (first_time, last_time, hundredths) = read(new)?;
    let reason = text("reason", &new.reason)?;
    documents::actions::require(tx.conn(), site.id, new.document, "document_id")?;
    let waits = waiting(tx.conn(), site.id, new.worked_on, new.worked_on)?;
    if waits.contains_key(&(new.worked_on, new.enrolment)) {
        let (zh, en) = ("该日已有待确认的更正。", "Another correction of this day awaits a decision.");
        return Err(Problem::conflict(zh, en).at("worked_on", "bad_state"));
    }
    let was = attendance::work_days_of_one(tx.conn(), site.id, new.enrolment, new.worked_on.month())?
        .into_iter()
        .find(|day| day.worked_on == new.worked_on);
    let same =
        |day: &attendance::WorkDayRow| (day.hundredths, day.first_time, day.last_time) == (hundredths, first_time, last_time);
    // Where the gates told otherwise since, that it stays so is an answer too.
    let is_answer = later_of(tx, ctx, site, (new.worked_on, new.enrolment))?.is_some();
    if !is_answer && was.as_ref().map_or(hundredths == 0, same) {
        let (zh, en) = ("该日已是如此，无需更正。", "The day is just so already.");
        return Err(Problem::conflict(zh, en).at("days", "duplicate"));
    }
    let row = CorrectionRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        enrolment_id: new.enrolment,
        worker_id: enrolment.worker_id,
        worked_on: new.worked_on,
        first_time,
        last_time,
        hundredths,
        was_hundredths: was.map(|day| day.hundredths),
        reason,
        document_id: new.document,
        proposed_by,
        recorded_by: ctx.actor().to_owned(),
        recorded_at: ctx.now,
        recorded_seq,
    };
    table::insert(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "propose_correction", &row.id.to_string())?;
    Ok(row)
}

/// Decides about a correction: confirmed or refused by another person than the one who proposed it, taken back by that one. A confirmed
/// one folds its day again.
///
/// # Errors
/// `not_allowed` for the wrong person, also under another account with the same e-mail; `conflict` when it was decided already.
pub fn decide(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    id: RecordId,
    step: CorrectionStep,
    note: &str,
) -> Result<StepRow, Problem> {
    let decided_by = person(ctx)?;
    let chain = Chain::Project(site.id);
    // Taken first, so that two who decide at once stand in a queue.
    let recorded_seq = tx.seq(chain)?;
    let correction = table::find(tx.conn(), site.id, id)?.ok_or_else(Problem::not_found)?;
    if table::step_of(tx.conn(), site.id, id)?.is_some() {
        return Err(Problem::conflict("该更正已有决定。", "It has been decided already.").at("correction", "bad_state"));
    }
    if step != CorrectionStep::Withdrawn {
        second::require(tx.conn(), ctx, &correction.proposed_by.to_string())?;
    } else if correction.proposed_by != decided_by {
        return Err(Problem::new(Code::NotAllowed, "只有提出人可以撤回。", "Only whoever proposed it takes it back."));
    }
    let note =
        if step == CorrectionStep::Confirmed { note.trim().chars().take(REASON_MAX).collect() } else { text("note", note)? };
    let row = StepRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        correction_id: id,
        step,
        note,
        decided_by,
        recorded_by: ctx.actor().to_owned(),
        recorded_at: ctx.now,
        recorded_seq,
    };
    let is_answer =
        step != CorrectionStep::Withdrawn && later_of(tx, ctx, site, (correction.worked_on, correction.enrolment_id))?.is_some();
    table::insert_step(tx, &row)?;
    if is_answer {
        jobs::enqueue(tx.conn(), ctx.id(), "compare_one", &site.id.to_string(), ctx.now)?;
    }
    tx.note(chain, ctx.now, ctx.actor(), "decide_correction", &format!("{step} {id}"))?;
    if step == CorrectionStep::Confirmed {
        attendance::mark_dirty(tx.conn(), site.id, day_number(correction.worked_on), ctx.now)?;
        jobs::enqueue(tx.conn(), ctx.id(), "fold_days", &site.id.to_string(), ctx.now)?;
    }
    Ok(row)
}
