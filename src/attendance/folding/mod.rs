//! Folding punches into work days: who passed the gates of a project on a civil day, when first and last, and what it is worth.
//!
//! Folding a day again gives the same rows, whatever order the punches came in; a late punch folds its own day only.

pub mod table;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use self::table::Pass;
use super::devices::{GateDirection, table as devices};
use super::table::WorkDayRow;
use super::{FOLD_DAYS_MAX, NO_PROOF_BASE, Passage, Tally, day_of};
use crate::base::Day;
use crate::base::id::{ProjectId, RecordId, WorkerId};
use crate::base::person::IdNumber;
use crate::store::vault::Owner;
use crate::store::{AnyConn, StoreError, Tx, Vault, jobs};
use crate::web::{Ctx, Problem};
use crate::wire::device::Direction;
use crate::workers::table::GateEntry;
use crate::workers::{self, IdKind, id_index};

/// What folding did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Folded {
    /// Days folded.
    pub days: usize,
    /// Work days written.
    pub rows: usize,
    /// Whether more days wait: fold again, in another transaction.
    pub more: bool,
}

/// Finds who a number at the gate belongs to on a day.
///
/// A number is the enrolment's own (`pin`), or an identity number, or a worker's id as our JSON sends it. Where a number passed from
/// one worker to another on one day, the one who entered last has it.
pub struct Matcher {
    project: ProjectId,
    by_pin: HashMap<String, Vec<GateEntry>>,
    by_worker: HashMap<WorkerId, Vec<GateEntry>>,
    indexes: HashMap<i64, String>,
    /// Whose a number is: the enrolments that have it as their own.
    own: HashMap<i64, Vec<GateEntry>>,
    /// What numbers stand for that are no enrolment's own: the worker, or nobody.
    strangers: HashMap<i64, Option<WorkerId>>,
}

/// The enrolment of these that holds on a day.
fn on_day(rows: &[GateEntry], day: Day) -> Option<(RecordId, WorkerId)> {
    let held = rows.iter().filter(|row| row.holds_on(day));
    held.max_by_key(|row| (row.entered_on, row.id)).map(|row| (row.id, row.worker_id))
}

impl Matcher {
    /// Reads the project's roll and the numbers at its gates.
    pub fn new(conn: &mut AnyConn, project: ProjectId) -> Result<Self, StoreError> {
        let (mut by_pin, mut by_worker): (HashMap<String, Vec<GateEntry>>, HashMap<WorkerId, Vec<GateEntry>>) =
            Default::default();
        for mut row in workers::table::gate_roll(conn, project)? {
            if let Some(index) = row.pin_index.take() {
                by_pin.entry(index).or_default().push(row.clone());
            }
            by_worker.entry(row.worker_id).or_default().push(row);
        }
        let indexes = workers::table::pin_indexes(conn, project)?.into_iter().collect();
        Ok(Self { project, by_pin, by_worker, indexes, own: HashMap::new(), strangers: HashMap::new() })
    }

    /// The enrolment that a number stands for on a day.
    pub fn find(
        &mut self,
        conn: &mut AnyConn,
        vault: &Vault,
        pin_id: i64,
        day: Day,
    ) -> Result<Option<(RecordId, WorkerId)>, StoreError> {
        let own = match self.own.entry(pin_id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let index = match self.indexes.remove(&pin_id) {
                    Some(index) => index,
                    // A number of another project, whose device has moved.
                    None => match super::table::pin(conn, pin_id)? {
                        Some((_, index)) => index,
                        None => return Ok(None),
                    },
                };
                place.insert(self.by_pin.get(&index).cloned().unwrap_or_default())
            }
        };
        if let Some(found) = on_day(own, day) {
            return Ok(Some(found));
        }
        let worker = match self.strangers.get(&pin_id) {
            Some(worker) => *worker,
            None => {
                let worker = self.worker_of(conn, vault, pin_id)?;
                self.strangers.insert(pin_id, worker);
                worker
            }
        };
        Ok(worker.and_then(|worker| self.by_worker.get(&worker)).and_then(|rows| on_day(rows, day)))
    }

    fn worker_of(&self, conn: &mut AnyConn, vault: &Vault, pin_id: i64) -> Result<Option<WorkerId>, StoreError> {
        let Some((sealed, _)) = super::table::pin(conn, pin_id)? else { return Ok(None) };
        let text = vault.open_text(conn, Owner::Project(self.project), &sealed)?;
        if let Ok(worker) = text.parse::<WorkerId>() {
            return Ok(Some(worker));
        }
        let far = Day::of(9999, 12, 31);
        let Some(number) = far.and_then(|far| IdNumber::parse(&text, far).ok()) else { return Ok(None) };
        let index = id_index(vault, IdKind::IdCard, number.as_str());
        Ok(workers::table::worker_by_id_index(conn, &index)?.map(|worker| worker.id))
    }
}

/// Which way a punch went: the gate's own direction is stronger than what the device said.
pub fn entered(direction: Option<GateDirection>, state: i32) -> Option<bool> {
    match direction {
        Some(GateDirection::In) => Some(true),
        Some(GateDirection::Out) => Some(false),
        Some(GateDirection::ByState) | None => Direction::of_state(state).map(|way| way == Direction::In),
    }
}

/// Whether a punch may prove that somebody was there; forced, one-key and emergency openings do not (FEEDS 2.5).
pub fn is_proof(verify: i32) -> bool {
    verify < NO_PROOF_BASE
}

/// Folds the marked days of a project, at most [`FOLD_DAYS_MAX`] of them, and has the project assessed.
pub fn fold_dirty(tx: &mut Tx<'_>, ctx: &Ctx, project: ProjectId) -> Result<Folded, Problem> {
    let days = table::take_dirty(tx.conn(), project, FOLD_DAYS_MAX, ctx.now)?;
    let mut folded = Folded { days: days.len(), ..Folded::default() };
    if days.is_empty() {
        return Ok(folded);
    }
    let mut matcher = Matcher::new(tx.conn(), project)?;
    let gates: HashMap<i64, GateDirection> =
        devices::of_project(tx.conn(), project)?.into_iter().map(|device| (device.id.0, device.direction)).collect();
    for number in days {
        let Some(day) = day_of(number) else { continue };
        let passes = table::passes_of_day(tx.conn(), project, number)?;
        let folded_rows = fold_day(tx.conn(), ctx, project, day, &passes, &mut matcher, &gates)?;
        table::replace_work_days(tx.conn(), project, day, &folded_rows, ctx.now)?;
        folded.rows += folded_rows.len();
    }
    folded.more = super::table::has_dirty(tx.conn(), project)?;
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &project.to_string(), ctx.now)?;
    Ok(folded)
}

fn fold_day(
    conn: &mut AnyConn,
    ctx: &Ctx,
    project: ProjectId,
    day: Day,
    passes: &[Pass],
    matcher: &mut Matcher,
    gates: &HashMap<i64, GateDirection>,
) -> Result<Vec<WorkDayRow>, StoreError> {
    let mut numbers: HashMap<i64, Tally> = HashMap::new();
    for pass in passes.iter().filter(|pass| is_proof(pass.verify)) {
        let entered = entered(gates.get(&pass.device_id).copied(), pass.state);
        numbers.entry(pass.pin_id).or_default().add(Passage { time: pass.local_time, entered });
    }
    let mut people: Vec<((RecordId, WorkerId), Tally)> = Vec::with_capacity(numbers.len());
    for (pin_id, tally) in numbers {
        if let Some(person) = matcher.find(conn, ctx.vault(), pin_id, day)? {
            people.push((person, tally));
        }
    }
    people.sort_unstable_by_key(|(person, _)| *person);
    // One person may pass by several numbers: the badge and the identity card.
    people.dedup_by(|later, first| {
        let is_same = later.0 == first.0;
        if is_same {
            first.1.merge(&later.1);
        }
        is_same
    });
    let row = |((enrolment_id, worker_id), tally): ((RecordId, WorkerId), Tally)| {
        tally.worth().map(|worth| WorkDayRow {
            project_id: project,
            worked_on: day,
            enrolment_id,
            worker_id,
            first_time: worth.first,
            last_time: worth.last,
            punches: worth.punches,
            hundredths: worth.hundredths,
            flags: worth.flags,
            folded_at: ctx.now,
        })
    };
    Ok(people.into_iter().filter_map(row).collect())
}

/// A number at the gate that stands for nobody on the roll, on its first or last day.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct UnmatchedPin {
    /// The number, masked where it is long.
    pub pin: String,
    /// How often it punched.
    pub punches: i64,
    /// First day.
    pub first_on: Option<Day>,
    /// Last day.
    pub last_on: Option<Day>,
}

/// Numbers up to this length say nothing about a person and are shown plain, so that they can be looked up at the gate.
const PLAIN_PIN_MAX: usize = 9;

/// A number at the gate as it may be shown.
pub fn shown_pin(pin: &str) -> String {
    if pin.chars().count() <= PLAIN_PIN_MAX { pin.to_owned() } else { crate::base::person::masked(pin, 3, 2) }
}

/// The numbers that punched from `first` to `last` and stand for nobody.
pub fn unmatched(
    conn: &mut AnyConn,
    vault: &Vault,
    project: ProjectId,
    first: Day,
    last: Day,
) -> Result<Vec<UnmatchedPin>, StoreError> {
    let all_used = super::table::pins_used(conn, project, first, last)?;
    let mut strangers = Vec::new();
    if all_used.is_empty() {
        return Ok(strangers);
    }
    let mut matcher = Matcher::new(conn, project)?;
    for used in all_used {
        let (first_on, last_on) = (day_of(used.first_day), day_of(used.last_day));
        let mut known = true;
        for day in [first_on, last_on].into_iter().flatten() {
            known = known && matcher.find(conn, vault, used.pin_id, day)?.is_some();
        }
        if known {
            continue;
        }
        if let Some((sealed, _)) = super::table::pin(conn, used.pin_id)? {
            let pin = shown_pin(&vault.open_text(conn, Owner::Project(project), &sealed)?);
            strangers.push(UnmatchedPin { pin, punches: used.punches, first_on, last_on });
        }
    }
    Ok(strangers)
}
