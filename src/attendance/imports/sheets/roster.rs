//! The roster (花名册): people are enrolled as `workers::roster` judges their rows.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use super::{Done, Rows, Seen};
use crate::attendance::imports::table::ImportRow;
use crate::base::id::RecordId;
use crate::projects::table::CrewRow;
use crate::projects::{self, Site};
use crate::store::{AnyConn, Tx};
use crate::web::problem::Fault;
use crate::web::{Ctx, Problem};
use crate::wire::roster::{self as wire, Roster, RosterRow};
use crate::wire::sheet::Workbook;
use crate::wire::sheet::table::SheetProblem;
use crate::workers::particulars::{self, Particulars};
use crate::workers::roster::{self, Defaults, Fate};
use crate::workers::{Enrolled, actions, enrolling, table};

/// A roster as it was read, with what holds for rows that do not say it.
pub struct RosterRows {
    read: Roster,
    defaults: Defaults,
    /// The project's crews, read once for all rows.
    crews: OnceLock<Vec<CrewRow>>,
}

impl RosterRows {
    pub(super) fn of(import: &ImportRow, book: &Workbook) -> RosterRows {
        let defaults = Defaults {
            day_rate: import.day_rate_fen,
            entered_on: import.entered_on,
            paper: import.paper,
            safety_trained: import.safety_trained,
        };
        RosterRows { read: wire::parse(book, import.read_on), defaults, crews: OnceLock::new() }
    }

    fn row(&self, place: usize) -> Result<&RosterRow, Problem> {
        self.read.rows.get(place).ok_or_else(Problem::not_found)
    }

    fn judge(&self, conn: &mut AnyConn, ctx: &Ctx, site: &Site, row: &RosterRow) -> Result<Fate, Problem> {
        let crews = match self.crews.get() {
            Some(crews) => crews,
            None => {
                let read = projects::table::crews_of(conn, site.id)?;
                self.crews.get_or_init(|| read)
            }
        };
        roster::judge(conn, ctx, site, crews, row, &self.defaults)
    }

    /// Keeps what the row says beside the enrolment, also of somebody who was on the roll before it.
    fn keep(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, enrolment: RecordId, row: &RosterRow) -> Result<(), Problem> {
        let said = Particulars::of(row);
        // Most rosters say nothing of it, and nothing is looked up.
        if said == Particulars::default() {
            return Ok(());
        }
        let Some(stands) = table::find(tx.conn(), site.id, enrolment)? else { return Ok(()) };
        particulars::keep(tx, ctx, site, &stands, said).map(drop)
    }
}

impl Rows for RosterRows {
    fn count(&self) -> usize {
        self.read.rows.len()
    }

    fn number(&self, place: usize) -> u32 {
        self.read.rows.get(place).map_or(0, |row| row.row)
    }

    fn problems(&self) -> &[SheetProblem] {
        &self.read.problems
    }

    fn remarks(&self) -> &[(String, String)] {
        &self.read.remarks
    }

    fn placed(&self, place: usize, faults: Vec<Fault>) -> Vec<Fault> {
        match self.read.rows.get(place) {
            Some(row) => roster::placed(&self.read, row, faults),
            None => faults,
        }
    }

    fn look(
        &self,
        conn: &mut AnyConn,
        ctx: &Ctx,
        site: &Site,
        place: usize,
        before: &mut BTreeSet<String>,
    ) -> Result<Seen, Problem> {
        let row = self.row(place)?;
        let faults = match self.judge(conn, ctx, site, row)? {
            Fate::Known(_) => return Ok(Seen::Known),
            Fate::Refused(faults) => faults,
            Fate::New(new) => match enrolling::check(conn, ctx, site, &new) {
                // A number at the gate that two rows have is refused at the second, as when they are taken.
                Ok(checked) if checked.pin().is_none_or(|pin| before.insert(pin.to_owned())) => {
                    return Ok(Seen::Good(checked.name().to_owned(), checked.warnings));
                }
                Ok(_) => {
                    let (zh, en) =
                        ("该考勤编号在本表中已用于前面的行。", "An earlier row of this sheet has this number at the gate.");
                    Problem::conflict(zh, en).at("pin", "duplicate").faults
                }
                Err(problem) => roster::refused(problem)?,
            },
        };
        Ok(Seen::Refused(self.placed(place, faults)))
    }

    fn take(&self, tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, place: usize) -> Result<Done, Problem> {
        let row = self.row(place)?;
        let faults = match self.judge(tx.conn(), ctx, site, row)? {
            Fate::Known(enrolment) => {
                Self::keep(tx, ctx, site, enrolment, row)?;
                return Ok(Done::Known(Some(enrolment)));
            }
            Fate::Refused(faults) => faults,
            Fate::New(new) => match actions::enrol(tx, ctx, site, &new) {
                Ok(Enrolled { view, warnings }) => {
                    Self::keep(tx, ctx, site, view.id, row)?;
                    return Ok(Done::Taken(Some(view.id), warnings));
                }
                Err(problem) => roster::refused(problem)?,
            },
        };
        Ok(Done::Refused(self.placed(place, faults)))
    }
}
