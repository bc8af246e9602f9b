//! Folding punches into work days: who passed the gates of a project on a day, when first and last, and what it is worth. A shift over
//! midnight is of the day on which it began (`night`); what two persons put right of a day stands in its place (`corrections`).
//!
//! Folding a day again gives the same rows, whatever order the punches came in; a late punch folds its own day, and the days beside it
//! where a shift runs over a midnight.

pub mod again;
pub mod later;
pub mod night;
pub mod rules;
pub mod sums;
pub mod table;

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use self::night::Step;
use self::sums::Changed;
use self::table::{Pass, Passages};
use super::corrections;
use super::corrections::table::CorrectionRow;
use super::devices::GateDirection;
use super::devices::turns::Ways;
use super::table::WorkDayRow;
use super::{FOLD_DAYS_MAX, NO_PROOF_BASE, Passage, Tally, Worth, day_of};
use crate::base::id::{ProjectId, RecordId, WorkerId};
use crate::base::person::IdNumber;
use crate::base::{Day, Moment};
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
        if let Some(number) = far.and_then(|far| IdNumber::parse(&text, far).ok()) {
            let index = id_index(vault, IdKind::IdCard, number.as_str());
            return Ok(workers::table::worker_by_id_index(conn, &index)?.map(|worker| worker.id));
        }
        // Another paper, of those who are on this project's roll: its number may be anybody's elsewhere.
        for kind in [IdKind::Passport, IdKind::Other] {
            let known = workers::table::worker_by_id_index(conn, &id_index(vault, kind, &text))?;
            if let Some(worker) = known.filter(|worker| self.by_worker.contains_key(&worker.id)) {
                return Ok(Some(worker.id));
            }
        }
        Ok(None)
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

/// Folds the marked days of a project, at most [`FOLD_DAYS_MAX`] of them, and has the project assessed. A day beside a marked one is
/// folded as well where a shift runs over the midnight between them, or did before; not one that stands by earlier rules (`rules`).
pub fn fold_dirty(tx: &mut Tx<'_>, ctx: &Ctx, project: ProjectId) -> Result<Folded, Problem> {
    rules::take_up(tx.conn(), ctx.vault(), project, ctx.now)?;
    let days = table::take_dirty(tx.conn(), project, FOLD_DAYS_MAX, ctx.now)?;
    let mut folded = Folded { days: days.len(), ..Folded::default() };
    let (Some(first), Some(last)) = (days.first().copied().and_then(day_of), days.last().copied().and_then(day_of)) else {
        return Ok(folded);
    };
    let mut folding = Folding::new(tx.conn(), project, (first.plus_days(-1), last.plus_days(1)))?;
    let kept = rules::table::kept(tx.conn(), project)?;
    let marked: BTreeSet<i32> = days.iter().copied().collect();
    let mut beside: BTreeSet<i32> = BTreeSet::new();
    for number in &marked {
        let (rows, touched) = folding.day(tx.conn(), ctx, *number)?;
        folded.rows += rows;
        beside.extend(touched);
        if kept.contains_key(number) {
            rules::table::forget(tx.conn(), project, *number)?;
        }
    }
    for number in beside.difference(&marked).filter(|number| !kept.contains_key(number)) {
        folded.rows += folding.day(tx.conn(), ctx, *number)?.0;
    }
    std::mem::take(&mut folding.changed).write(tx.conn(), project)?;
    let has_corrections = folding.corrected.keys().any(|(day, _)| (first.plus_days(-1)..=last).contains(day));
    if has_corrections && !later::of_days(tx.conn(), ctx.vault(), project, (first.plus_days(-1), last))?.is_empty() {
        // Somebody is told of what came after two persons had spoken.
        jobs::enqueue(tx.conn(), ctx.id(), "compare_one", &project.to_string(), ctx.now)?;
    }
    folded.more = super::table::has_dirty(tx.conn(), project)?;
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &project.to_string(), ctx.now)?;
    Ok(folded)
}

/// A person on a project.
type Person = (RecordId, WorkerId);

/// What each person's passages of a day come to, and whether a shift runs into the day and out of it.
type Peopled = (BTreeMap<Person, Tally>, (bool, bool));

/// The passages of one person around a midnight.
#[derive(Default)]
struct AroundMidnight {
    /// The last of the day.
    last: Option<Step>,
    /// Those of the morning after, with their places among that day's.
    early: Vec<(usize, Step)>,
    /// When the first from noon on is.
    again: Option<i32>,
}

/// What folding some days of a project needs.
struct Folding {
    project: ProjectId,
    matcher: Matcher,
    ways: Ways,
    /// Confirmed corrections by day and enrolment.
    corrected: BTreeMap<(Day, RecordId), CorrectionRow>,
    /// Passages of the days around the one that is folded, in order of time.
    passes: BTreeMap<i32, Rc<Vec<Pass>>>,
    passages: Passages,
    changed: Changed,
}

impl Folding {
    /// Reads what folding the days from one to another needs.
    fn new(conn: &mut AnyConn, project: ProjectId, (first, last): (Day, Day)) -> Result<Self, StoreError> {
        let ways = Ways::of(conn, project)?;
        let corrected = corrections::in_force(conn, project, first, last)?;
        let matcher = Matcher::new(conn, project)?;
        Ok(Self {
            project,
            matcher,
            ways,
            corrected,
            passes: BTreeMap::new(),
            passages: Passages::of(project),
            changed: Changed::default(),
        })
    }

    /// Folds one day; gives the rows written, and the days beside it that must be folded too.
    fn day(&mut self, conn: &mut AnyConn, ctx: &Ctx, number: i32) -> Result<(usize, Vec<i32>), StoreError> {
        let Some(day) = day_of(number) else { return Ok((0, Vec::new())) };
        let (people, (before, after)) = self.people(conn, ctx.vault(), number, day)?;
        let ran_over = |day: Option<Day>, conn: &mut AnyConn| match day {
            Some(day) => table::runs_over_midnight(conn, self.project, day),
            None => Ok(false),
        };
        let mut beside = Vec::new();
        if before || ran_over(day_of(number - 1), conn)? {
            beside.push(number - 1);
        }
        if after || ran_over(Some(day), conn)? {
            beside.push(number + 1);
        }
        let rows = self.rows(ctx.now, day, people);
        table::replace_work_days(conn, (self.project, day), &rows, ctx.now, &mut self.changed)?;
        Ok((rows.len(), beside))
    }

    /// What each person's passages of a day come to, and whether a shift runs into the day and out of it.
    fn people(&mut self, conn: &mut AnyConn, vault: &Vault, number: i32, day: Day) -> Result<Peopled, StoreError> {
        let passes = self.passes_of(conn, number)?;
        let (before, after) = (self.carried(conn, vault, number - 1)?, self.carried(conn, vault, number)?);
        let runs = (!before.is_empty(), !after.is_empty());
        let taken: HashSet<usize> = before.values().flatten().copied().collect();
        let mut numbers: HashMap<i64, Tally> = HashMap::new();
        for (_, pass) in passes.iter().enumerate().filter(|(place, pass)| is_proof(pass.verify) && !taken.contains(place)) {
            let entered = self.ways.entered(pass.device_id, (number, pass.local_time), pass.state);
            numbers.entry(pass.pin_id).or_default().add(Passage { time: pass.local_time, entered });
        }
        // One person may pass by several numbers: the badge and the identity card.
        let mut people: BTreeMap<Person, Tally> = BTreeMap::new();
        for (pin_id, tally) in numbers {
            if let Some(person) = self.matcher.find(conn, vault, pin_id, day)? {
                people.entry(person).or_default().merge(&tally);
            }
        }
        let morning = self.passes_of(conn, number + 1)?;
        for (person, places) in after {
            for pass in places.iter().filter_map(|place| morning.get(*place)) {
                let entered = self.ways.entered(pass.device_id, (number + 1, pass.local_time), pass.state);
                people.entry(person).or_default().add(Passage { time: pass.local_time + night::DAY_SECONDS, entered });
            }
        }
        Ok((people, runs))
    }

    /// What the day's passages are worth, and what was confirmed instead.
    fn rows(&self, folded_at: Moment, day: Day, people: BTreeMap<Person, Tally>) -> Vec<WorkDayRow> {
        let row = |((enrolment_id, worker_id), worth): (Person, Worth)| WorkDayRow {
            project_id: self.project,
            worked_on: day,
            enrolment_id,
            worker_id,
            first_time: worth.first,
            last_time: worth.last,
            punches: worth.punches,
            hundredths: worth.hundredths,
            flags: worth.flags,
            folded_at,
        };
        let mut worth: BTreeMap<Person, Worth> =
            people.into_iter().filter_map(|(person, tally)| Some((person, tally.worth()?))).collect();
        let none = RecordId(i64::MIN);
        for ((_, enrolment), correction) in self.corrected.range((day, none)..(day.plus_days(1), none)) {
            let person = (*enrolment, correction.worker_id);
            let stands = worth.remove(&person);
            if let Some(now) = correction.over(stands) {
                worth.insert(person, now);
            }
        }
        worth.into_iter().map(row).collect()
    }

    fn passes_of(&mut self, conn: &mut AnyConn, number: i32) -> Result<Rc<Vec<Pass>>, StoreError> {
        if let Some(known) = self.passes.get(&number) {
            return Ok(Rc::clone(known));
        }
        let read = Rc::new(self.passages.on(conn, number)?);
        // Days are folded in order: those far behind are not looked at again.
        self.passes.retain(|known, _| (number - known).abs() <= 2);
        self.passes.insert(number, Rc::clone(&read));
        Ok(read)
    }

    /// The passages of the morning after a day that belong to its shifts: by person, their places among that morning's day.
    fn carried(&mut self, conn: &mut AnyConn, vault: &Vault, number: i32) -> Result<BTreeMap<Person, Vec<usize>>, StoreError> {
        let mut found = BTreeMap::new();
        let Some(day) = day_of(number) else { return Ok(found) };
        let (evening, morning) = (self.passes_of(conn, number)?, self.passes_of(conn, number + 1)?);
        let ways = &self.ways;
        let step = |pass: &Pass, later: i32| Step {
            time: pass.local_time + later * night::DAY_SECONDS,
            entered: ways.entered(pass.device_id, (number + later, pass.local_time), pass.state),
        };
        // Mostly nobody comes out in the morning, and nothing is looked up.
        let early = |pass: &&Pass| is_proof(pass.verify) && pass.local_time < night::NOON;
        if !morning.iter().filter(early).any(|pass| step(pass, 1).entered == Some(false)) {
            return Ok(found);
        }
        let mut steps: BTreeMap<i64, AroundMidnight> = BTreeMap::new();
        for pass in evening.iter().filter(|pass| is_proof(pass.verify)) {
            steps.entry(pass.pin_id).or_default().last = Some(step(pass, 0));
        }
        for (place, pass) in morning.iter().enumerate().filter(|(_, pass)| early(pass)) {
            steps.entry(pass.pin_id).or_default().early.push((place, step(pass, 1)));
        }
        for pass in morning.iter().filter(|pass| is_proof(pass.verify) && pass.local_time >= night::NOON) {
            if let Some(known) = steps.get_mut(&pass.pin_id) {
                known.again.get_or_insert(pass.local_time + night::DAY_SECONDS);
            }
        }
        let mut people: BTreeMap<Person, AroundMidnight> = BTreeMap::new();
        for (pin_id, mut around) in steps {
            let Some(person) = self.matcher.find(conn, vault, pin_id, day)? else { continue };
            let known = people.entry(person).or_default();
            if known.last.is_none_or(|known| around.last.is_some_and(|last| last.time > known.time)) {
                known.last = around.last;
            }
            known.early.append(&mut around.early);
            known.again = [known.again, around.again].into_iter().flatten().min();
        }
        for (person, AroundMidnight { last, mut early, again }) in people {
            let Some(last) = last else { continue };
            early.sort_by_key(|(place, step)| (step.time, *place));
            let bare: Vec<Step> = early.iter().map(|(_, step)| *step).collect();
            let count = night::carried(last, &bare, again);
            if count > 0 {
                found.insert(person, early.into_iter().take(count).map(|(place, _)| place).collect());
            }
        }
        Ok(found)
    }
}

/// A number at the gate that stood for nobody on the roll, with the days on which it did so and no others.
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
        let mut known = true;
        for day in [day_of(used.first_day), day_of(used.last_day)].into_iter().flatten() {
            known = known && matcher.find(conn, vault, used.pin_id, day)?.is_some();
        }
        if known {
            continue;
        }
        // Only the days on which it stood for nobody: whoever punches once after leaving was known before.
        let (mut punches, mut days) = (0_i64, Vec::new());
        for one in super::table::days_of_pin(conn, project, used.pin_id, first, last)? {
            let Some(day) = day_of(one.first_day) else { continue };
            if matcher.find(conn, vault, used.pin_id, day)?.is_none() {
                punches = punches.saturating_add(one.punches);
                days.push(day);
            }
        }
        if let Some((sealed, _)) = super::table::pin(conn, used.pin_id)? {
            let pin = shown_pin(&vault.open_text(conn, Owner::Project(project), &sealed)?);
            strangers.push(UnmatchedPin { pin, punches, first_on: days.first().copied(), last_on: days.last().copied() });
        }
    }
    Ok(strangers)
}
