//! The morning check of a labour manager: who is here, who is missing that was here before, what at the gates needs a person. The
//! exceptions come first; nothing is stored.
//!
//! Where a gate machine was silent, or nobody was seen at all, nobody is told to be missing: it is not known. Deliberately absent: marks
//! for crews or people, and any change of a day, which takes two persons (`attendance::corrections`).

pub(super) mod http;
pub mod table;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;
use utoipa::ToSchema;

use super::corrections::http::CorrectionView;
use super::corrections::table as corrections;
use super::devices::signs::{self, FAR_AHEAD_SECONDS};
use super::devices::table as devices;
use super::elsewhere;
use super::elsewhere::table::Stay;
use super::folding::{self, UnmatchedPin};
use super::silence;
use super::table::{WorkDayRow, has_dirty};
use crate::base::id::{CrewId, DeviceId, ProjectId, RecordId, WorkerId};
use crate::base::{Day, Moment, words};
use crate::projects::{self, Site};
use crate::quarantine::table::CountRow;
use crate::store::{AnyConn, StoreError};
use crate::web::{Ctx, Problem};
use crate::workers::table::EnrolmentRow;
use crate::workers::{self, Paper};

/// Days before that are looked at: for the last day on which people were here, and for days that lack a passage. Our own choice.
pub const BACK_DAYS: i64 = 7;
/// Entries of one list; the counts beside the lists are whole.
pub const LISTED_MAX: usize = 200;
/// People that one query names at most.
const NAMED_MAX: usize = 500;
/// Seconds that a machine's clock may be off. Our own choice: what makes a passage's time far ahead.
const SKEW_SECONDS: i64 = FAR_AHEAD_SECONDS;
/// Reasons of quarantined items that are listed.
const REASONS_MAX: i64 = 20;

words! {
    /// Whether the gates can tell who is missing on a day.
    pub enum Sight, "sight of a day" {
        /// People were seen, and no machine was silent.
        Seen = "day_seen",
        /// A machine was silent in working hours: who was not seen may be here.
        Dark = "day_dark",
        /// Nobody was seen.
        Nobody = "nobody_seen",
    }
}
crate::web::openapi::word_schema!(Sight);

words! {
    /// What is wrong with a gate machine now.
    pub enum GateTrouble, "trouble of a gate" {
        /// Nothing is heard of it.
        Silent = "machine_silent",
        /// Its clock is off.
        Skewed = "clock_off",
        /// Its clock seems to run in another zone.
        WrongZone = "clock_in_wrong_zone",
        /// It sent a batch that no honest machine sends.
        Stuck = "machine_stuck",
    }
}
crate::web::openapi::word_schema!(GateTrouble);

/// Somebody of the roll.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MorningPerson)]
pub struct Somebody {
    /// Enrolment.
    pub enrolment: RecordId,
    /// The person.
    pub worker: WorkerId,
    /// Name.
    pub name: String,
    /// Name of the crew.
    pub crew: String,
}

/// A day that lacks a passage and is worth less for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MorningOpenDay)]
pub struct OpenDay {
    /// Whose.
    pub who: Somebody,
    /// Which day.
    pub worked_on: Day,
    /// First passage, seconds of the day.
    pub first_time: i32,
    /// Last passage, seconds of the day.
    pub last_time: i32,
    /// What the day is worth as it stands, in hundredths of a work day.
    pub hundredths: i32,
    /// `single`, `no_in`, `no_out`, `night_unsure` as folded.
    pub flags: String,
    /// When others with a whole day came and went, in the middle; `null` where there is nobody to compare with.
    pub usual: Option<(i32, i32)>,
    /// Whether a correction of it awaits another person.
    pub is_told: bool,
}

impl OpenDay {
    /// Came and went, with the passage that lacks put where others had theirs; something to begin from, for a person to check.
    pub fn proposed(&self) -> (i32, Option<i32>) {
        let (came, went) = self.usual.unzip();
        let flags: Vec<&str> = self.flags.split(',').collect();
        if flags.contains(&"night_unsure") {
            // Nothing lacks: a person says whether it was a day or two nights.
            return (self.first_time, Some(self.last_time));
        }
        let lacks_in = flags.contains(&"no_in") || (flags.contains(&"single") && !flags.contains(&"no_out") && is_late(self));
        match (lacks_in, flags.contains(&"no_in") && flags.contains(&"no_out")) {
            (true, false) => (came.unwrap_or(self.first_time).min(self.last_time), Some(self.last_time)),
            _ => (self.first_time, went.filter(|went| *went > self.first_time)),
        }
    }
}

/// Whether a lone passage without a direction is of the afternoon.
fn is_late(day: &OpenDay) -> bool {
    day.first_time >= folding::night::NOON
}

/// Somebody who was here on the day before and was not seen on this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MorningMissing)]
pub struct Missing {
    /// Who.
    pub who: Somebody,
    /// Whether a correction of the day awaits another person.
    pub is_told: bool,
}

/// Somebody who was here and on another site in the same hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MorningElsewhere)]
pub struct Elsewhere {
    /// Who.
    pub who: Somebody,
    /// Here, first and last passage, seconds of the day.
    pub here: (i32, i32),
    /// There.
    pub there: (i32, i32),
}

/// A gate machine as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MorningGate)]
pub struct Gate {
    /// Device.
    pub device: DeviceId,
    /// Name of the gate.
    pub gate: String,
    /// What is wrong; nothing for a machine that is well.
    pub troubles: Vec<GateTrouble>,
    /// When it was heard of last.
    pub last_seen_at: Moment,
    /// Seconds that its clock is ahead, negative behind; `null` where nothing is known.
    pub skew_seconds: Option<i64>,
    /// Minutes by which its zone seems to be wrong.
    pub suspected_minutes: Option<i32>,
}

/// Somebody's correction that awaits another person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MorningWaiting)]
pub struct Waiting {
    /// Name.
    pub name: String,
    /// The correction.
    pub correction: CorrectionView,
}

/// A morning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Morning {
    /// The day.
    pub day: Day,
    /// The last day before on which people were here, at most [`BACK_DAYS`] back.
    pub before: Option<Day>,
    /// Whether the gates can tell who is missing.
    pub sight: Sight,
    /// Whether passages wait to be folded; what is told here will change.
    pub is_folding: bool,
    /// People on the roll on the day.
    pub on_roll: usize,
    /// People seen on the day.
    pub here: usize,
    /// How many of the day before were not seen.
    pub missing_count: usize,
    /// Who, at most [`LISTED_MAX`].
    pub missing: Vec<Missing>,
    /// When people came and went on the day, in the middle of those with a whole one.
    pub usual: Option<(i32, i32)>,
    /// Numbers at the gates that nobody on the roll has.
    pub unknown: Vec<UnmatchedPin>,
    /// What the project's feeds sent and could not be taken, by source and reason.
    pub put_aside: Vec<CountRow>,
    /// Every bound machine, those in trouble first.
    pub gates: Vec<Gate>,
    /// How many days lack a passage and are worth less for it.
    pub open_count: usize,
    /// Which, the latest first, at most [`LISTED_MAX`].
    pub open_days: Vec<OpenDay>,
    /// How many of those seen have neither contract nor agreement.
    pub without_paper_count: usize,
    /// Who, at most [`LISTED_MAX`].
    pub without_paper: Vec<Somebody>,
    /// Who was here and on another site in the same hours.
    pub elsewhere: Vec<Elsewhere>,
    /// Corrections of the last days that await another person.
    pub waiting: Vec<Waiting>,
}

impl Morning {
    /// Machines in trouble.
    pub fn troubled(&self) -> usize {
        self.gates.iter().filter(|gate| !gate.troubles.is_empty()).count()
    }

    /// Whether nothing needs a person.
    pub fn is_calm(&self) -> bool {
        self.sight == Sight::Seen
            && self.missing_count == 0
            && self.unknown.is_empty()
            && self.put_aside.is_empty()
            && self.troubled() == 0
            && self.open_count == 0
            && self.without_paper_count == 0
            && self.elsewhere.is_empty()
            && self.waiting.is_empty()
    }
}

/// Names of people and crews, read once.
struct Names {
    people: HashMap<WorkerId, String>,
    crews: HashMap<CrewId, String>,
    enrolments: HashMap<RecordId, EnrolmentRow>,
}

impl Names {
    fn read(conn: &mut AnyConn, site: &Site, ids: &BTreeSet<RecordId>) -> Result<Self, StoreError> {
        let ids: Vec<RecordId> = ids.iter().copied().collect();
        let (mut people, mut enrolments) = (HashMap::new(), HashMap::new());
        for some in ids.chunks(NAMED_MAX) {
            let rows = workers::table::some(conn, site.id, some)?;
            let workers: Vec<WorkerId> = rows.iter().map(|row| row.worker_id).collect();
            people.extend(workers::table::workers_of(conn, &workers)?.into_iter().map(|row| (row.id, row.name)));
            enrolments.extend(rows.into_iter().map(|row| (row.id, row)));
        }
        let crews = projects::table::crews_of(conn, site.id)?.into_iter().map(|crew| (crew.id, crew.name)).collect();
        Ok(Self { people, crews, enrolments })
    }

    fn of(&self, enrolment: RecordId, worker: WorkerId) -> Somebody {
        let crew = self.enrolments.get(&enrolment).and_then(|row| self.crews.get(&row.crew_id));
        let name = self.people.get(&worker);
        Somebody { enrolment, worker, name: name.cloned().unwrap_or_default(), crew: crew.cloned().unwrap_or_default() }
    }
}

/// Whether a work day says that somebody was there.
fn is_here(row: &WorkDayRow) -> bool {
    row.punches > 0 || row.hundredths > 0
}

/// When those with a whole day came and went, in the middle.
fn usual(rows: &[WorkDayRow]) -> Option<(i32, i32)> {
    let whole = || rows.iter().filter(|row| row.hundredths == 100 && row.flags.is_empty());
    let middle = |times: Vec<i64>| signs::median(&times).and_then(|time| i32::try_from(time).ok());
    let first = middle(whole().map(|row| i64::from(row.first_time)).collect())?;
    let last = middle(whole().map(|row| i64::from(row.last_time)).collect())?;
    Some((first, last))
}

/// The bound machines of a project as they are now, those in trouble first.
fn gates(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<Gate>, StoreError> {
    let bound = devices::of_project(conn, project)?;
    let mut gates = Vec::new();
    for (device, last_seen_at) in devices::last_seen(conn, &bound)? {
        let told = signs::table::of(conn, device.id)?;
        let skew_seconds = told.clock_seconds();
        let is_off = skew_seconds.is_some_and(|seconds| seconds.abs() > SKEW_SECONDS);
        let troubles = [
            (silence::table::open_of(conn, device.id)?.is_some(), GateTrouble::Silent),
            // A clock in another zone is off by it; one word is enough.
            (is_off && told.suspected_minutes.is_none(), GateTrouble::Skewed),
            (told.suspected_minutes.is_some(), GateTrouble::WrongZone),
            (told.stuck_at.is_some(), GateTrouble::Stuck),
        ];
        gates.push(Gate {
            device: device.id,
            gate: device.gate,
            troubles: troubles.into_iter().filter(|(stands, _)| *stands).map(|(_, trouble)| trouble).collect(),
            last_seen_at,
            skew_seconds,
            suspected_minutes: told.suspected_minutes,
        });
    }
    gates.sort_by_key(|gate| (gate.troubles.is_empty(), gate.device));
    Ok(gates)
}

/// Looks at a day of a project.
///
/// # Errors
/// `invalid` for a day to come.
pub fn look(conn: &mut AnyConn, ctx: &Ctx, site: &Site, day: Day) -> Result<Morning, Problem> {
    if day > ctx.today {
        return Err(Problem::invalid("不能查看尚未到来的日子。", "A day to come cannot be looked at.").at("day", "bad_time"));
    }
    let earliest = day.plus_days(-BACK_DAYS);
    let before = table::last_day_before(conn, site.id, earliest, day)?;
    let today: Vec<WorkDayRow> = table::work_days_on(conn, site.id, day)?;
    let yesterday = match before {
        Some(before) => table::work_days_on(conn, site.id, before)?,
        None => Vec::new(),
    };
    let seen: BTreeSet<RecordId> = today.iter().filter(|row| is_here(row)).map(|row| row.enrolment_id).collect();
    let roll: HashMap<RecordId, EnrolmentRow> =
        workers::table::active_on(conn, site.id, day)?.into_iter().map(|row| (row.id, row)).collect();
    let undecided = undecided(conn, site.id, earliest, day)?;
    let is_told = |enrolment: RecordId, on: Day| undecided.iter().any(|one| (one.enrolment, one.worked_on) == (enrolment, on));

    let was_here = yesterday.iter().filter(|row| is_here(row));
    let absent: Vec<&WorkDayRow> =
        was_here.filter(|row| !seen.contains(&row.enrolment_id) && roll.contains_key(&row.enrolment_id)).collect();
    let unsigned: Vec<&EnrolmentRow> = {
        let mut found: Vec<&EnrolmentRow> =
            roll.values().filter(|row| row.paper == Paper::None && seen.contains(&row.id)).collect();
        found.sort_by_key(|row| row.id);
        found
    };
    let short = table::short_days(conn, site.id, earliest, day)?;
    let open: Vec<&WorkDayRow> = short.iter().filter(|row| is_here(row) && lacks_a_passage(row)).collect();
    let twice = twice(&today, &elsewhere::table::elsewhere(conn, site.id, (day.plus_days(-1), day.plus_days(1)))?);

    let mut wanted: BTreeSet<RecordId> = absent.iter().take(LISTED_MAX).map(|row| row.enrolment_id).collect();
    wanted.extend(unsigned.iter().take(LISTED_MAX).map(|row| row.id));
    wanted.extend(open.iter().take(LISTED_MAX).map(|row| row.enrolment_id));
    wanted.extend(twice.iter().map(|(row, _)| row.enrolment_id));
    wanted.extend(undecided.iter().map(|one| one.enrolment));
    let names = Names::read(conn, site, &wanted)?;
    let mut usual_on: BTreeMap<Day, Option<(i32, i32)>> = BTreeMap::new();
    for row in open.iter().take(LISTED_MAX) {
        if let std::collections::btree_map::Entry::Vacant(place) = usual_on.entry(row.worked_on) {
            place.insert(usual(&table::work_days_on(conn, site.id, row.worked_on)?));
        }
    }
    let sight = match (silence::dark_days_of(conn, ctx, site.id)?.contains(&day), seen.is_empty()) {
        (true, _) => Sight::Dark,
        (false, true) => Sight::Nobody,
        (false, false) => Sight::Seen,
    };
    let open_day = |row: &&WorkDayRow| OpenDay {
        who: names.of(row.enrolment_id, row.worker_id),
        worked_on: row.worked_on,
        first_time: row.first_time,
        last_time: row.last_time,
        hundredths: row.hundredths,
        flags: row.flags.clone(),
        usual: usual_on.get(&row.worked_on).copied().flatten(),
        is_told: is_told(row.enrolment_id, row.worked_on),
    };
    let missing =
        |row: &&WorkDayRow| Missing { who: names.of(row.enrolment_id, row.worker_id), is_told: is_told(row.enrolment_id, day) };
    Ok(Morning {
        day,
        before,
        sight,
        is_folding: has_dirty(conn, site.id)?,
        on_roll: roll.len(),
        here: seen.len(),
        missing_count: absent.len(),
        missing: absent.iter().take(LISTED_MAX).map(missing).collect(),
        usual: usual(&today),
        unknown: folding::unmatched(conn, ctx.vault(), site.id, before.unwrap_or(day), day)?,
        put_aside: crate::quarantine::table::counts_of_project(conn, site.id, REASONS_MAX)?,
        gates: gates(conn, site.id)?,
        open_count: open.len(),
        open_days: open.iter().take(LISTED_MAX).map(open_day).collect(),
        without_paper_count: unsigned.len(),
        without_paper: unsigned.iter().take(LISTED_MAX).map(|row| names.of(row.id, row.worker_id)).collect(),
        elsewhere: twice
            .into_iter()
            .map(|(row, there)| Elsewhere {
                who: names.of(row.enrolment_id, row.worker_id),
                here: (row.first_time, row.last_time),
                there,
            })
            .collect(),
        waiting: undecided
            .into_iter()
            .map(|correction| Waiting { name: names.of(correction.enrolment, correction.worker).name, correction })
            .collect(),
    })
}

/// Whether a folded day lacks a passage, or may be two nights, and nobody put it right yet.
fn lacks_a_passage(row: &WorkDayRow) -> bool {
    let flags: Vec<&str> = row.flags.split(',').collect();
    !flags.contains(&"corrected") && ["single", "no_in", "no_out", "night_unsure"].iter().any(|flag| flags.contains(flag))
}

/// The corrections of some days that nobody has decided about.
fn undecided(conn: &mut AnyConn, project: ProjectId, first: Day, last: Day) -> Result<Vec<CorrectionView>, StoreError> {
    let decided: BTreeSet<RecordId> =
        corrections::steps_between(conn, project, first, last)?.into_iter().map(|step| step.correction_id).collect();
    let rows = corrections::between(conn, project, first, last)?;
    let open = rows.into_iter().filter(|row| !decided.contains(&row.id));
    Ok(open.take(LISTED_MAX).map(|row| CorrectionView::of(row, None)).collect())
}

/// Who was on two sites in the same hours, and when on the other, in seconds of the day. Whoever moves at noon leaves one before the
/// other begins; a night is compared with the days on both sides of its midnight.
fn twice<'a>(here: &'a [WorkDayRow], there: &[Stay]) -> Vec<(&'a WorkDayRow, (i32, i32))> {
    let mut others: HashMap<WorkerId, Vec<&Stay>> = HashMap::new();
    for stay in there.iter().filter(|stay| stay.punches > 0) {
        others.entry(stay.worker_id).or_default().push(stay);
    }
    let mut found = Vec::new();
    for row in here.iter().filter(|row| is_here(row)) {
        let stays = others.get(&row.worker_id).map(Vec::as_slice).unwrap_or_default();
        let times = stays
            .iter()
            .filter_map(|stay| elsewhere::as_of_day(row.worked_on, (stay.worked_on, stay.first_time, stay.last_time)));
        if let Some((first, last)) = times.filter(|(first, last)| *first < row.last_time && row.first_time < *last).min() {
            // What began the evening before is told from midnight on.
            found.push((row, (first.max(0), last)));
        }
    }
    found.truncate(LISTED_MAX);
    found
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
