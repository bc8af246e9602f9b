//! From the tables to what the detectors look at.

use std::collections::{BTreeMap, BTreeSet};

use super::claims::OnRecord;
use super::padding::{Name, Presence};
use super::rings::{Done, Shared, Traces};
use super::table::{self, Moved};
use crate::attendance;
use crate::base::id::{RecordId, WorkerId};
use crate::base::person::half_width;
use crate::base::{Fen, Month};
use crate::matching::gathering::{Standing, facts};
use crate::matching::{Attended, Facts};
use crate::payroll::pay_run::checks::{is_same_name, table as checks};
use crate::payroll::{Means, table as payroll};
use crate::projects::Site;
use crate::settlement::payees::table as payees;
use crate::store::AnyConn;
use crate::web::{Ctx, Problem};
use crate::workers::table::{EnrolmentRow, WorkerRow};
use crate::workers::{self, lookups};

/// Work days of a month that are read at most: 31 days of the largest sheet.
const WORK_DAYS_MAX: i64 = 31 * 20_000;

/// People that one query names at most.
const NAMED_MAX: usize = 500;

/// Everything that the detectors see of a project's month.
pub struct Gathered {
    /// What the three say of the month.
    pub facts: Facts,
    /// What ties workers together.
    pub traces: Traces,
    /// The payroll.
    pub roster: Vec<Name>,
}

/// Whether an enrolment held at any time of a month.
fn is_in(row: &EnrolmentRow, month: Month) -> bool {
    row.entered_on <= month.last() && row.left_on.is_none_or(|last| last >= month.first())
}

/// Gathers a month. Telephones are opened to be compared, stay in memory and are shown nowhere.
pub fn gather(conn: &mut AnyConn, ctx: &Ctx, site: &Site, standing: &Standing, month: Month) -> Result<Gathered, Problem> {
    let facts = facts(conn, ctx, site, standing, month)?;
    let enrolments = workers::table::of_project(conn, site.id)?;
    let here: Vec<&EnrolmentRow> = enrolments.iter().filter(|row| is_in(row, month)).collect();
    let traces = traces(conn, ctx, site, month, &facts, &here)?;
    let roster = roster(conn, site, month, &facts, &enrolments)?;
    Ok(Gathered { facts, traces, roster })
}

fn people(conn: &mut AnyConn, ids: &[WorkerId]) -> Result<Vec<WorkerRow>, Problem> {
    let mut found = Vec::with_capacity(ids.len());
    for some in ids.chunks(NAMED_MAX) {
        found.extend(workers::table::workers_of(conn, some)?);
    }
    Ok(found)
}

fn traces(
    conn: &mut AnyConn,
    ctx: &Ctx,
    site: &Site,
    month: Month,
    facts: &Facts,
    here: &[&EnrolmentRow],
) -> Result<Traces, Problem> {
    let mut traces = Traces::default();
    let mut ids: Vec<WorkerId> = here.iter().map(|row| row.worker_id).collect();
    ids.sort();
    ids.dedup();
    for person in people(conn, &ids)? {
        if let Some(phone) = lookups::phone(conn, ctx.vault(), &person)? {
            traces.phones.push(Shared { worker: person.id, key: phone.as_str().to_owned() });
        }
    }
    let card = |row: &&EnrolmentRow| row.card_index.clone().map(|key| Shared { worker: row.worker_id, key });
    traces.cards = here.iter().filter_map(card).collect();
    traces.holders = holders(conn, site, facts, here)?;
    for one in table::confirmations(conn, site.id, month)? {
        // At a machine of the site everybody confirms; a link leads to a device of one's own.
        if let (Means::LinkWithSecondMeans, Some(device)) = (one.means, &one.device) {
            traces.devices.push(Shared { worker: one.worker_id, key: device.clone() });
        }
        if one.means == Means::LinkWithSecondMeans {
            traces.confirmed.push(Done { worker: one.worker_id, key: one.sheet_id.to_string(), at: one.recorded_at });
        }
    }
    // Wages of a month are paid, and move on, in the month after it.
    let (from, until) = (month.plus(1).first().begins(), month.plus(2).first().begins());
    for row in table::movements(conn, site.id, from, until)? {
        let done = Done { worker: row.worker_id, key: row.other_index, at: row.happened_at };
        match row.kind {
            Moved::SentOn if row.is_most => traces.sent_on.push(done),
            Moved::SentOn => {}
            Moved::Drawn => traces.drawn.push(done),
        }
    }
    Ok(traces)
}

/// Holders of accounts whom the bank names and who are not the worker.
fn holders(conn: &mut AnyConn, site: &Site, facts: &Facts, here: &[&EnrolmentRow]) -> Result<Vec<Shared>, Problem> {
    let names: BTreeMap<WorkerId, &str> = facts.people.iter().map(|person| (person.worker, person.name.as_str())).collect();
    let by_enrolment: BTreeMap<RecordId, &EnrolmentRow> = here.iter().map(|row| (row.id, *row)).collect();
    let mut told: Vec<(WorkerId, String)> = Vec::new();
    for row in checks::holders_of(conn, site.id)? {
        let enrolment = by_enrolment.get(&row.enrolment_id).filter(|one| one.card_index.as_ref() == Some(&row.card_index));
        told.extend(enrolment.map(|enrolment| (enrolment.worker_id, row.holder)));
    }
    let lines: BTreeMap<_, WorkerId> =
        facts.people.iter().flat_map(|person| person.lines.iter().map(|line| (line.id, person.worker))).collect();
    let ids: Vec<_> = lines.keys().copied().collect();
    for row in payees::of_lines(conn, site.id, &ids)? {
        told.extend(lines.get(&row.line_id).copied().zip(row.counterparty));
    }
    let mut others: Vec<(WorkerId, String)> = told
        .into_iter()
        .filter(|(worker, holder)| names.get(worker).is_some_and(|name| !is_same_name(holder, name)))
        .map(|(worker, holder)| (worker, half_width(&holder).chars().filter(|c| !c.is_whitespace()).collect()))
        .collect();
    others.sort();
    others.dedup();
    Ok(others.into_iter().map(|(worker, key)| Shared { worker, key }).collect())
}

fn presence(day: crate::base::Day, first: i32, last: i32) -> Presence {
    Presence { day, first: first / 60, last: last / 60 }
}

fn roster(
    conn: &mut AnyConn,
    site: &Site,
    month: Month,
    facts: &Facts,
    enrolments: &[EnrolmentRow],
) -> Result<Vec<Name>, Problem> {
    let mut here: BTreeMap<WorkerId, Vec<Presence>> = BTreeMap::new();
    for row in attendance::table::work_days_of(conn, site.id, month, None, WORK_DAYS_MAX)? {
        here.entry(row.worker_id).or_default().push(presence(row.worked_on, row.first_time, row.last_time));
    }
    let mut elsewhere: BTreeMap<WorkerId, Vec<Presence>> = BTreeMap::new();
    // A shift over midnight meets the days beside its own, so the month's neighbours are read as well.
    let around = (month.first().plus_days(-1), month.last().plus_days(1));
    for row in attendance::elsewhere::table::elsewhere(conn, site.id, around)? {
        elsewhere.entry(row.worker_id).or_default().push(presence(row.worked_on, row.first_time, row.last_time));
    }
    let enrolled: BTreeMap<RecordId, crate::base::Moment> = table::enrolled_at(conn, site.id)?.into_iter().collect();
    let mut by_worker: BTreeMap<WorkerId, &EnrolmentRow> = BTreeMap::new();
    for row in enrolments {
        by_worker.insert(row.worker_id, row);
    }
    let mut roster = Vec::new();
    for person in &facts.people {
        let Some(row) = by_worker.get(&person.worker) else { continue };
        let net = Fen::total(person.lines.iter().map(|line| line.net))?;
        let paid = Fen::total(person.lines.iter().map(|line| line.paid).chain(person.direct.iter().map(|one| one.amount)))?;
        let days = here.remove(&person.worker).unwrap_or_default();
        if days.is_empty() && !net.is_positive() && !paid.is_positive() {
            continue;
        }
        roster.push(Name {
            worker: person.worker,
            trade: row.trade.clone(),
            entered_on: row.entered_on,
            enrolled_on: enrolled.get(&row.id).map_or(row.entered_on, |at| at.day()),
            attended: person.attended,
            here: days,
            elsewhere: elsewhere.remove(&person.worker).unwrap_or_default(),
            listed: person.lines.iter().map(|line| line.days).sum(),
            money: net.max(paid),
        });
    }
    Ok(roster)
}

/// What is on record of every worker over some months, for the list of a claim.
pub fn records(conn: &mut AnyConn, ctx: &Ctx, site: &Site, (from, until): (Month, Month)) -> Result<Vec<OnRecord>, Problem> {
    let enrolments = workers::table::of_project(conn, site.id)?;
    let mut ids: Vec<WorkerId> = enrolments.iter().map(|row| row.worker_id).collect();
    ids.sort();
    ids.dedup();
    let trades: BTreeMap<WorkerId, &str> = enrolments.iter().map(|row| (row.worker_id, row.trade.as_str())).collect();
    let mut records: BTreeMap<WorkerId, OnRecord> = BTreeMap::new();
    for person in people(conn, &ids)? {
        let record = OnRecord {
            worker: person.id,
            name: person.name,
            id_index: person.id_index,
            trade: trades.get(&person.id).copied().unwrap_or_default().to_owned(),
            attended: 0,
            is_attendance_open: false,
            listed: 0,
            owed: Fen::ZERO,
            paid: Fen::ZERO,
        };
        records.insert(person.id, record);
    }
    let standing = Standing::read(conn, ctx, site)?;
    for month in from.up_to(until) {
        let here: BTreeSet<WorkerId> = enrolments.iter().filter(|row| is_in(row, month)).map(|row| row.worker_id).collect();
        let has_sheet = !payroll::parts(conn, site.id, month)?.is_empty();
        if here.is_empty() && !has_sheet {
            continue;
        }
        for person in facts(conn, ctx, site, &standing, month)?.people {
            let Some(record) = records.get_mut(&person.worker) else { continue };
            match person.attended {
                Attended::Days(days) => record.attended = record.attended.saturating_add(days),
                Attended::NotKnown(_) => record.is_attendance_open |= here.contains(&person.worker),
            }
            for line in &person.lines {
                record.listed = record.listed.saturating_add(line.days);
                record.owed = record.owed.plus(line.net)?;
                record.paid = record.paid.plus(line.paid)?;
            }
            for one in &person.direct {
                record.paid = record.paid.plus(one.amount)?;
            }
        }
    }
    Ok(records.into_values().collect())
}
