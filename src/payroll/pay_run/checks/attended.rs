//! More work days on the sheets of a month than the attendance saw, its confirmed corrections among them: a wage for days that nobody saw
//! is told before it is paid, and not only by the match of the month afterwards.
//!
//! What is not known is no reason to hold a wage: a month that still runs, a project without gates or whose gates saw nobody, somebody
//! without a number at them or with an exceptional registration whom they never saw. A day on which a gate was out of reach, or that waits
//! to be folded, may have been worked. Days that a correction of an audited line adds are explained by its reason.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::attendance::{self, folding, silence};
use crate::base::Day;
use crate::base::id::{LineId, RecordId, WorkerId};
use crate::payroll::corrections::{self, CorrectionKind};
use crate::payroll::items::{self, ItemKind};
use crate::payroll::table::{LineRow, SheetRow};
use crate::payroll::{self, life, opening};
use crate::projects::Site;
use crate::store::AnyConn;
use crate::web::{Ctx, Problem};
use crate::workers::exceptions::{ExceptionState, Registration};
use crate::workers::table::EnrolmentRow;

/// A whole work day, in hundredths.
const DAY: i64 = 100;

/// Days on the sheets beside days at the gates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct DaysBeyond {
    /// Work days of the worker on this sheet and the earlier parts of its month, in hundredths.
    pub listed_hundredths: i64,
    /// Work days that the attendance has of them, in hundredths.
    pub seen_hundredths: i64,
}

impl DaysBeyond {
    /// Both counts, in Chinese and English.
    pub fn words(&self) -> (String, String) {
        let days = |hundredths: i64| rust_decimal::Decimal::new(hundredths, 2).normalize();
        let (listed, seen) = (days(self.listed_hundredths), days(self.seen_hundredths));
        (
            format!("工资表共列 {listed} 天，考勤只有 {seen} 天。"),
            format!("The sheet lists {listed} days, the attendance has {seen}."),
        )
    }
}

/// The workers of a sheet with more days than were seen.
pub type Beyond = BTreeMap<WorkerId, DaysBeyond>;

/// Compares the days of a sheet and of the parts before it with the attendance; `lines` are the sheet's.
///
/// # Errors
/// What the store says.
pub fn beyond(
    conn: &mut AnyConn,
    ctx: &Ctx,
    site: &Site,
    sheet: &SheetRow,
    lines: &[LineRow],
    enrolments: &BTreeMap<RecordId, EnrolmentRow>,
) -> Result<Beyond, Problem> {
    let has_days = lines.iter().any(|line| line.days_hundredths > 0 && line.state.is_orderable());
    if !has_days || opening::table::of_sheet(conn, site.id, sheet.id)?.is_some() {
        return Ok(Beyond::new());
    }
    let (listed, through) = listed(conn, site, sheet, lines)?;
    if through >= ctx.today {
        return Ok(Beyond::new());
    }
    let span = (sheet.month.first(), through);
    let mut gates = Gates::default();
    for (enrolment, hundredths) in folding::table::hundredths_of_all(conn, site.id, span)? {
        if let Some(row) = enrolments.get(&enrolment) {
            let seen = gates.seen.entry(row.worker_id).or_default();
            *seen = seen.saturating_add(hundredths);
        }
    }
    if gates.seen.is_empty() {
        return Ok(Beyond::new());
    }
    if lines.iter().any(|line| !gates.seen.contains_key(&line.worker_id)) {
        gates.days = folding::table::days_of(conn, site.id)?.into_iter().collect();
        gates.days.retain(|day| (span.0..=span.1).contains(day));
    }
    let waiting = folding::table::waiting_days(conn, site.id)?;
    let dark = silence::dark_days_of(conn, ctx, site.id)?;
    let open = waiting.into_iter().filter_map(attendance::day_of).chain(dark);
    gates.open = open.filter(|day| (span.0..=span.1).contains(day)).collect();
    for one in Registration::of_project(conn, site.id)? {
        let is_then = one.row.from_on <= through && one.row.until_on >= span.0;
        if is_then && matches!(one.state_on(one.row.from_on), ExceptionState::InForce) {
            gates.excepted.insert(one.row.enrolment_id);
        }
    }
    let mut people: BTreeMap<WorkerId, Vec<&EnrolmentRow>> = BTreeMap::new();
    for row in enrolments.values() {
        people.entry(row.worker_id).or_default().push(row);
    }
    let mut found = Beyond::new();
    for line in lines.iter().filter(|line| line.days_hundredths > 0 && line.state.is_orderable()) {
        let listed_hundredths = listed.get(&line.worker_id).copied().unwrap_or_default();
        let own = people.get(&line.worker_id).map(Vec::as_slice).unwrap_or_default();
        if let Some(seen_hundredths) = gates.fewer_than(line.worker_id, own, span, listed_hundredths) {
            found.insert(line.worker_id, DaysBeyond { listed_hundredths, seen_hundredths });
        }
    }
    Ok(found)
}

/// Days of each worker on the sheet and the parts before it, and the last day that these parts cover.
fn listed(
    conn: &mut AnyConn,
    site: &Site,
    sheet: &SheetRow,
    lines: &[LineRow],
) -> Result<(BTreeMap<WorkerId, i64>, Day), Problem> {
    let mut listed: BTreeMap<WorkerId, i64> = BTreeMap::new();
    let mut through = sheet.month.first();
    let explained = explained(conn, site, sheet)?;
    for part in payroll::table::parts(conn, site.id, sheet.month)?.into_iter().filter(|part| part.part <= sheet.part) {
        if opening::table::of_sheet(conn, site.id, part.id)?.is_some() {
            continue;
        }
        let period = life::table::period_of(conn, site.id, part.id)?;
        through = through.max(period.map_or(sheet.month.last(), |period| period.to_on));
        let of_part;
        let lines = if part.id == sheet.id {
            lines
        } else {
            of_part = payroll::table::lines_of(conn, site.id, part.id)?;
            of_part.as_slice()
        };
        for line in lines {
            let days = i64::from(line.days_hundredths).saturating_sub(explained.get(&line.id).copied().unwrap_or_default());
            let sum = listed.entry(line.worker_id).or_default();
            *sum = sum.saturating_add(days.max(0));
        }
    }
    Ok((listed, through))
}

/// Days in hundredths that corrections added to lines; a first part has none.
fn explained(conn: &mut AnyConn, site: &Site, sheet: &SheetRow) -> Result<BTreeMap<LineId, i64>, Problem> {
    let mut days: BTreeMap<LineId, i64> = BTreeMap::new();
    if sheet.part == 1 {
        return Ok(days);
    }
    let rows = corrections::table::of_project(conn, site.id)?.into_iter();
    for row in rows.filter(|row| row.kind == CorrectionKind::BackPay) {
        let (Some(new_sheet), Some(line), Some(item)) = (row.new_sheet_id, row.new_line_id, row.item_id) else { continue };
        let made = items::table::of_line(conn, site.id, new_sheet, line)?;
        if let Some(item) = made.iter().find(|one| one.id == item && one.kind == ItemKind::DayWage) {
            let sum = days.entry(line).or_default();
            *sum = sum.saturating_add(item.quantity_thousandths / 10);
        }
    }
    Ok(days)
}

/// What the gates say of a span of days.
#[derive(Default)]
struct Gates {
    seen: BTreeMap<WorkerId, i64>,
    /// Days on which anybody was seen.
    days: BTreeSet<Day>,
    /// Days on which somebody may have worked unseen.
    open: BTreeSet<Day>,
    /// Enrolments with an exceptional registration.
    excepted: BTreeSet<RecordId>,
}

impl Gates {
    /// The days that were seen, where they are known to be fewer than those listed.
    fn fewer_than(&self, worker: WorkerId, own: &[&EnrolmentRow], (first, last): (Day, Day), listed: i64) -> Option<i64> {
        let holds = |day: &Day| own.iter().any(|row| row.holds_on(*day));
        let open = i64::try_from(self.open.iter().filter(|day| holds(day)).count()).unwrap_or(i64::MAX);
        let most = |seen: i64| seen.saturating_add(open.saturating_mul(DAY));
        match self.seen.get(&worker).copied() {
            // Passages of which none makes a day say nothing.
            Some(0) => None,
            Some(seen) => (listed > most(seen)).then_some(seen),
            None => {
                let here: Vec<&&EnrolmentRow> =
                    own.iter().filter(|row| row.entered_on <= last && row.left_on.is_none_or(|left| left >= first)).collect();
                let is_exempt = here.iter().any(|row| self.excepted.contains(&row.id));
                let has_number = here.is_empty() || here.iter().any(|row| row.pin_index.is_some());
                let could_be_seen = here.is_empty() || self.days.iter().any(holds);
                (!is_exempt && has_number && could_be_seen && listed > most(0)).then_some(0)
            }
        }
    }
}
