//! Taking rosters and the other sheets of a site (entries and exits, contracts, crews, the month grid): a file is kept, looked at, and taken by a job in steps, either its good rows or all or none; whoever watches sees how
//! far it is, and a restart goes on where it stopped. A refused row can be mended in place.
//!
//! A row is taken at most once: the steps stand on record, and people who are on the roll just as a row says are known. Deliberately
//! absent: what a kind of sheet says and does, which `sheets` knows, and the formats, which `wire` reads.

pub mod actions;
pub mod columns;
pub mod http;
pub mod mending;
pub mod sheets;
pub mod table;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use self::table::{ImportRow, RowRow, StepRow};
use crate::base::id::{ProjectId, RecordId};
use crate::base::{Moment, words};
use crate::store::{AnyConn, StoreError, Tx};
use crate::users;
use crate::web::problem::Fault;
use crate::web::{Ctx, Problem, Verb};
use crate::workers::{Warning, WarningCode};

words! {
    /// What a file of people or days is.
    pub enum SheetKind, "kind of sheet" {
        /// Roster (花名册).
        Roster = "roster",
        /// Entries and exits (进退场).
        EntryExit = "entry_exit",
        /// Contracts (合同).
        Contract = "contract_sheet",
        /// Crews (班组).
        Crew = "crew_sheet",
        /// Marks of a month (考勤表).
        MonthGrid = "month_grid",
    }
}
crate::store::types::word_column!(SheetKind);
crate::web::openapi::word_schema!(SheetKind);

words! {
    /// A step of taking a roster.
    pub enum Step, "step of taking a roster" {
        /// Somebody had its good rows taken.
        Begun = "begun",
        /// Somebody had it taken if every row is good.
        BegunWhole = "begun_whole",
        /// Some rows were gone through.
        Taken = "taken",
        /// All rows were gone through.
        Ended = "ended",
    }
}
crate::store::types::word_column!(Step);

words! {
    /// What became of a row that was not simply enrolled.
    pub enum RowState, "state of a row" {
        /// It was refused.
        Refused = "refused",
        /// It was refused and then put right.
        Mended = "mended",
        /// It was enrolled, with something to look at.
        Odd = "odd",
    }
}
crate::store::types::word_column!(RowState);

words! {
    /// How far a roster is.
    pub enum ImportState, "state of a roster" {
        /// Handed in and to be looked at; nobody is enrolled by it.
        Waiting = "waiting",
        /// Its rows are being gone through.
        Running = "running",
        /// Every row was gone through.
        Ended = "ended",
    }
}
crate::web::openapi::word_schema!(ImportState);

impl SheetKind {
    /// Whether a refused row is mended in place: by the right to enrol, so not where a sheet asks for another one.
    pub fn is_mended_in_place(self) -> bool {
        self != SheetKind::Crew
    }

    /// The right by which such a sheet is handed in.
    pub fn verb(self) -> Verb {
        match self {
            SheetKind::Roster | SheetKind::EntryExit | SheetKind::Contract => Verb::EnrolWorkers,
            SheetKind::Crew => Verb::RegisterProjects,
            SheetKind::MonthGrid => Verb::PrepareSheets,
        }
    }
}

/// Rows that are taken all or none at most: they are one transaction, for which the gates' punches wait.
pub const WHOLE_MAX: usize = 2_000;

/// The job that takes rosters; its payload is project and import.
pub const JOB: &str = "take_roster";

/// A roster with its steps and what was told of its rows.
pub struct Import {
    /// As handed in.
    pub row: ImportRow,
    /// Steps, oldest first.
    pub steps: Vec<StepRow>,
    /// What was told of rows, by row, then oldest first.
    pub rows: Vec<RowRow>,
}

impl Import {
    /// Reads one; `None` where the project has none of that id.
    pub fn find(conn: &mut AnyConn, project: ProjectId, id: RecordId) -> Result<Option<Import>, StoreError> {
        let Some(row) = table::find(conn, project, id)? else { return Ok(None) };
        let steps = table::steps_of(conn, project, id)?;
        Ok(Some(Import { rows: table::rows_of(conn, project, id)?, row, steps }))
    }

    /// Whether somebody had it taken.
    pub fn is_begun(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.step, Step::Begun | Step::BegunWhole))
    }

    /// Whether all or none is wanted.
    pub fn is_whole(&self) -> bool {
        self.steps.iter().any(|step| step.step == Step::BegunWhole)
    }

    /// How far it is.
    pub fn state(&self) -> ImportState {
        match (self.is_begun(), self.steps.iter().any(|step| step.step == Step::Ended)) {
            (_, true) => ImportState::Ended,
            (true, false) => ImportState::Running,
            (false, false) => ImportState::Waiting,
        }
    }

    /// The next readable row to be gone through, from 0.
    pub fn next_place(&self) -> i32 {
        self.steps.iter().map(|step| step.until_place).max().unwrap_or(0)
    }

    /// The rows that stand refused, with their faults.
    pub fn refused(&self) -> Vec<(i32, Vec<Fault>)> {
        let latest = self.latest().into_values().filter(|row| row.state == RowState::Refused);
        latest.map(|row| (row.row_number, serde_json::from_str(&row.told).unwrap_or_default())).collect()
    }

    /// The rows that a person has put right and taken: nobody goes through them again.
    pub fn mended(&self) -> BTreeSet<u32> {
        let mended = self.latest().into_values().filter(|row| row.state == RowState::Mended);
        mended.filter_map(|row| u32::try_from(row.row_number).ok()).collect()
    }

    /// Rows that were enrolled with something to look at: row, enrolment, warnings.
    pub fn odd(&self) -> Vec<(i32, RecordId, Vec<WarningCode>)> {
        let odd = self.rows.iter().filter(|row| row.state == RowState::Odd);
        let codes = |row: &RowRow| row.told.split(',').filter_map(|word| word.parse().ok()).collect();
        odd.filter_map(|row| Some((row.row_number, row.enrolment_id?, codes(row)))).collect()
    }

    fn latest(&self) -> BTreeMap<i32, &RowRow> {
        let told = self.rows.iter().filter(|row| row.state != RowState::Odd);
        told.map(|row| (row.row_number, row)).collect()
    }

    /// The counts.
    pub fn counts(&self) -> Counts {
        let sum = |of: fn(&StepRow) -> i32| self.steps.iter().map(of).sum::<i32>();
        let stands = |state| i32::try_from(self.latest().values().filter(|row| row.state == state).count()).unwrap_or(i32::MAX);
        let (good, bad) = (self.row.good_rows, self.row.bad_rows);
        Counts {
            rows: good.saturating_add(bad),
            done: if self.is_begun() { self.next_place().saturating_add(bad) } else { 0 },
            enrolled: sum(|step| step.enrolled),
            known: sum(|step| step.known),
            refused: if self.is_begun() {
                stands(RowState::Refused)
            } else {
                bad.saturating_sub(stands(RowState::Mended)).max(0)
            },
            mended: stands(RowState::Mended),
        }
    }
}

/// How many rows of a roster came to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = RosterCounts)]
pub struct Counts {
    /// Rows of the file.
    pub rows: i32,
    /// Rows gone through.
    pub done: i32,
    /// Enrolled.
    pub enrolled: i32,
    /// On the roll already, just so: nothing changed.
    pub known: i32,
    /// Refused, as it stands.
    pub refused: i32,
    /// Refused at first and put right since.
    pub mended: i32,
}

/// What a roster would come to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = RosterPreview)]
pub struct Preview {
    /// Rows that would be enrolled.
    pub good: u32,
    /// Rows of people who are on the roll just so.
    pub known: u32,
    /// Of the good ones: rows of people who are on the roll of another site as well.
    pub elsewhere: u32,
    /// Of the good ones: rows with something to look at.
    pub warned: u32,
    /// Rows that would be refused.
    pub refused: u32,
    /// Why, row by row.
    pub refusals: Vec<Refusal>,
    /// Rows that would be enrolled with something to look at.
    pub odd: Vec<Odd>,
    /// Remarks on the file, in Chinese and English.
    pub remarks: Vec<(String, String)>,
}

impl Preview {
    /// Without the rows that were put right already.
    pub fn without(mut self, mended: &BTreeSet<u32>) -> Self {
        self.refusals.retain(|refusal| !mended.contains(&refusal.row));
        self.refused = u32::try_from(self.refusals.len()).unwrap_or(u32::MAX);
        self
    }
}

/// A row that is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = RosterRefusal)]
pub struct Refusal {
    /// Row in the sheet, from 1; 0 for the sheet as a whole.
    pub row: u32,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

/// A row with something to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = RosterOdd)]
pub struct Odd {
    /// Row in the sheet, from 1.
    pub row: u32,
    /// Name in it.
    pub name: String,
    /// The enrolment, once there is one.
    pub enrolment: Option<RecordId>,
    /// What is odd.
    pub warnings: Vec<Warning>,
}

/// A roster as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = RosterImport)]
pub struct ImportView {
    /// Id.
    pub id: RecordId,
    /// What it is.
    pub kind: SheetKind,
    /// Name of the file.
    pub file: String,
    /// When it was handed in.
    pub recorded_at: Moment,
    /// How far it is.
    pub state: ImportState,
    /// Whether all or none is wanted.
    pub is_whole: bool,
    /// Its rows.
    pub counts: Counts,
    /// While it waits: what it would come to.
    pub preview: Option<Preview>,
    /// Rows that stand refused, [`SHOWN_MAX`] at most; the error sheet has all.
    pub refusals: Vec<Refusal>,
}

/// Refused or odd rows that one answer lists.
pub const SHOWN_MAX: usize = 500;

impl ImportView {
    /// Of an import.
    pub fn of(import: &Import, preview: Option<Preview>) -> ImportView {
        let refused = import.refused().into_iter().take(SHOWN_MAX);
        let mut counts = import.counts();
        // While it waits, what would be refused as things stand, and not only what cannot be read.
        if let Some(preview) = &preview {
            counts.refused = i32::try_from(preview.refused).unwrap_or(i32::MAX);
        }
        ImportView {
            id: import.row.id,
            kind: import.row.kind(),
            file: import.row.file_name.clone(),
            recorded_at: import.row.recorded_at,
            state: import.state(),
            is_whole: import.is_whole(),
            counts,
            preview,
            refusals: refused.map(|(row, faults)| Refusal { row: u32::try_from(row).unwrap_or(0), faults }).collect(),
        }
    }
}

/// Why plain numbers of a roster are looked at where nobody is asked for a purpose.
pub const TO_MEND: &str = "改正花名册 mending a roster";

/// Writes down who looks at plain numbers of a roster, and why: before the answer leaves, in a transaction of its own, since reading and
/// writing the file takes longer than the gates' punches should wait.
///
/// # Errors
/// `invalid` without a purpose, `not_allowed` for machines.
pub fn note_look(tx: &mut Tx<'_>, ctx: &Ctx, subject: &str, purpose: &str) -> Result<(), Problem> {
    users::actions::note_unmasking(tx, ctx, subject, "roster", purpose)
}
