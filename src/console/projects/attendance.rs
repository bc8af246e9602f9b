//! Attendance of a month as a heat map: crews by days, the numbers in the cells and beside them.

use std::collections::BTreeMap;

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use super::head::Head;
use crate::attendance::corrections::http::{CorrectionView, of_month};
use crate::attendance::devices::{self, DeviceState};
use crate::attendance::table as attendance;
use crate::base::id::{CrewId, ProjectId};
use crate::base::{Day, Fen, Month};
use crate::console::{Frame, Shown, show};
use crate::projects::table as projects;
use crate::web::{Problem, Verb, Visit};

/// Width of a day in the picture.
const CELL: usize = 26;

/// Where the days begin, after the crews' names.
const LEFT: usize = 130;

#[derive(Deserialize)]
pub(super) struct Query {
    month: Option<String>,
}

/// A day of a crew.
struct Cell {
    x: usize,
    people: i64,
    /// Per cent of the fullest cell.
    heat: i64,
}

/// A crew's month.
struct Row {
    name: String,
    y: usize,
    cells: Vec<Cell>,
    /// Work days with two decimals.
    days: String,
}

#[derive(Template)]
#[template(path = "console/projects/attendance.html")]
struct AttendancePage {
    f: Frame,
    head: Head,
    month: Month,
    before: Month,
    after: Month,
    days: Vec<(usize, u32, bool)>,
    rows: Vec<Row>,
    totals: Vec<(Day, i64, String)>,
    width: usize,
    height: usize,
    people: i64,
    waiting: bool,
    /// Corrections of the month's days, for whoever may see workers.
    corrections: Vec<CorrectionView>,
    may_feed: bool,
    /// Serial number and gate of the machines at work, for whoever may feed them.
    machines: Vec<(String, String)>,
}

impl AttendancePage {
    fn part(&self, hundredths: &i32) -> String {
        decimal(i64::from(*hundredths))
    }
}

/// Hundredths as a number with two decimals.
fn decimal(hundredths: i64) -> String {
    Fen(hundredths).to_string()
}

pub(super) async fn page(visit: Visit, project: web::Path<ProjectId>, query: web::Query<Query>) -> Shown {
    let id = project.into_inner();
    let asked: Option<Month> = match &query.month {
        Some(text) => Some(text.parse().map_err(|error| Problem::unreadable("month", &error))?),
        None => None,
    };
    let (head, month, days, crews, people, waiting, corrections, machines) = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, id)?;
            let latest = attendance::months_with_attendance(conn, site.id)?.into_iter().max();
            let month = asked.or(latest).unwrap_or_else(|| visit.ctx.today.month());
            let days = attendance::crew_days(conn, site.id, month)?;
            let crews = projects::crews_of(conn, site.id)?;
            let people = attendance::attended(conn, site.id, month)?;
            let reads = crate::console::month::can(conn, visit, id, Verb::ReadWorkers);
            let corrections = if reads { of_month(conn, &visit.ctx, &site, month)? } else { Vec::new() };
            let machines = match crate::console::month::can(conn, visit, id, Verb::FeedPunches) {
                true => Some(devices::table::of_project(conn, site.id)?),
                false => None,
            };
            Ok((head, month, days, crews, people, attendance::has_dirty(conn, site.id)?, corrections, machines))
        })
        .await?;
    let fullest = days.iter().map(|day| day.people).max().unwrap_or(1).max(1);
    let x_of = |day: Day| usize::try_from(day.day_of_month()).unwrap_or(1).saturating_sub(1) * CELL + LEFT;
    let mut by_crew: BTreeMap<CrewId, Vec<attendance::CrewDay>> = BTreeMap::new();
    let mut by_day: BTreeMap<Day, (i64, i64)> = BTreeMap::new();
    for day in days {
        let total = by_day.entry(day.worked_on).or_default();
        *total = (total.0 + day.people, total.1 + day.hundredths);
        by_crew.entry(day.crew_id).or_default().push(day);
    }
    let rows: Vec<Row> = by_crew
        .into_iter()
        .enumerate()
        .map(|(index, (crew, days))| Row {
            name: crews.iter().find(|row| row.id == crew).map(|row| row.name.clone()).unwrap_or_default(),
            y: index * CELL + CELL,
            days: decimal(days.iter().map(|day| day.hundredths).sum()),
            cells: days
                .iter()
                .map(|day| Cell { x: x_of(day.worked_on), people: day.people, heat: (day.people * 100 / fullest).max(12) })
                .collect(),
        })
        .collect();
    let last = month.last().day_of_month();
    let numbers = (0..i64::from(last)).map(|number| month.first().plus_days(number));
    let days = numbers.map(|day| (x_of(day), day.day_of_month(), day.is_weekend())).collect();
    let width = LEFT + usize::try_from(last).unwrap_or(31) * CELL + 70;
    let height = (rows.len() + 1) * CELL + 8;
    let totals = by_day.into_iter().map(|(day, (people, hundredths))| (day, people, decimal(hundredths))).collect();
    let (before, after) = (month.plus(-1), month.plus(1));
    show(&AttendancePage {
        f: Frame::of(&visit),
        head,
        month,
        before,
        after,
        days,
        rows,
        totals,
        width,
        height,
        people,
        waiting,
        corrections,
        may_feed: machines.is_some(),
        machines: machines
            .into_iter()
            .flatten()
            .filter(|row| row.state == DeviceState::Active)
            .map(|row| (row.serial, row.gate))
            .collect(),
    })
}
