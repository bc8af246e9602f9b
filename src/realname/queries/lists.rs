//! The rows of each question.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{Asking, Row};
use crate::attendance::devices::turns::Ways;
use crate::attendance::folding::Matcher;
use crate::attendance::table as punch_rows;
use crate::base::id::{CrewId, PartyId, RecordId};
use crate::base::{Day, Month};
use crate::parties::table::{self as parties, PartyRow};
use crate::payroll::table as sheets;
use crate::projects::table::{self as project_rows, CrewRow};
use crate::projects::{PartyRole, Site};
use crate::realname::codes::{direction_code, id_code, id_kind, role_code};
use crate::realname::table::{self as records, RecordRow};
use crate::realname::{RecordKind, keeping};
use crate::store::{AnyConn, StoreError};
use crate::web::Problem;
use crate::wire::openapi::reading::CITIZEN;
use crate::workers::table::{self as roll, EnrolmentRow, WorkerRow};
use crate::workers::{Paper, day_number, id_index, lookups};

fn plain<'r>(value: Value) -> Row<'r> {
    Box::new(move |_| Ok(value))
}

pub(super) fn corps<'r>(conn: &mut AnyConn, asking: &'r Asking<'_>) -> Result<Vec<Row<'r>>, Problem> {
    let Some(code) = asking.wanted.text("corpCode") else { return Ok(Vec::new()) };
    let found = parties::by_uscc(conn, &asking.ctx.scope, code)?;
    Ok(found.into_iter().map(|row| plain(json!({"corpCode": row.uscc, "corpName": row.name}))).collect())
}

pub(super) fn projects<'r>(conn: &mut AnyConn, asking: &'r Asking<'_>) -> Result<Vec<Row<'r>>, Problem> {
    let mut rows: Vec<Row<'r>> = Vec::new();
    for row in asking.covered(conn)? {
        rows.push(Box::new(move |conn| {
            let kept = records::record_of(conn, RecordKind::Project, row.id.0)?;
            let fields = match &kept {
                Some(record) => keeping::fields(conn, asking.ctx, record)?,
                None => keeping::Fields::new(),
            };
            let site = crate::projects::site(conn, row.id)?;
            let contractor = match site.party(PartyRole::GeneralContractor, asking.ctx.today) {
                Some(party) => parties::find(conn, &asking.ctx.scope, party)?,
                None => None,
            };
            let told = |key: &str| fields.get(key).cloned().unwrap_or_default();
            Ok(json!({
                "projectCode": row.code, "name": row.name, "areaCode": row.region,
                "contractorCorpCode": contractor.as_ref().map(|party| &party.uscc),
                "contractorCorpName": contractor.as_ref().map(|party| &party.name),
                "thirdPartyProjectCode": told("thirdPartyProjectCode"), "category": told("category"),
                "prjStatus": told("prjStatus"), "startDate": told("startDate"), "completeDate": told("completeDate"),
            }))
        }));
    }
    Ok(rows)
}

/// Companies of a project by id.
fn companies(conn: &mut AnyConn, asking: &Asking<'_>, site: &Site) -> Result<HashMap<PartyId, PartyRow>, Problem> {
    let ids: Vec<PartyId> = site.participations().iter().map(|row| row.party_id).collect();
    Ok(parties::some(conn, &asking.ctx.scope, &ids)?.into_iter().map(|row| (row.id, row)).collect())
}

pub(super) fn subcontractors<'r>(conn: &mut AnyConn, asking: &'r Asking<'_>, site: &Site) -> Result<Vec<Row<'r>>, Problem> {
    let companies = companies(conn, asking, site)?;
    let wanted = asking.wanted.text("corpCode");
    let rows = site.participations().iter().filter_map(|row| {
        let company = companies.get(&row.party_id).filter(|company| wanted.is_none_or(|code| code == company.uscc))?;
        Some(plain(json!({
            "projectCode": site.code, "corpCode": company.uscc, "corpName": company.name,
            "corpType": role_code(row.role), "entryTime": row.from_on, "exitTime": row.until_on,
        })))
    });
    Ok(rows.collect())
}

/// Numbers of crews in the protocol.
fn numbers(conn: &mut AnyConn, site: &Site) -> Result<HashMap<CrewId, i64>, StoreError> {
    let rows = records::records_of(conn, site.id, RecordKind::Team)?;
    Ok(rows.into_iter().filter_map(|row| Some((CrewId(row.subject_id?), row.number?))).collect())
}

/// The crews that a question is about, with what is said of each.
struct Crews {
    crews: HashMap<CrewId, (CrewRow, Value)>,
}

impl Crews {
    fn gather(conn: &mut AnyConn, asking: &Asking<'_>, site: &Site) -> Result<Crews, Problem> {
        let (companies, numbers) = (companies(conn, asking, site)?, numbers(conn, site)?);
        let (corp, number) = (asking.wanted.text("corpCode"), asking.wanted.count("teamSysNo"));
        let mut crews = HashMap::new();
        for crew in project_rows::crews_of(conn, site.id)? {
            let company = companies.get(&crew.party_id);
            let its_number = numbers.get(&crew.id).copied();
            let is_wanted = asking.sees(site, crew.party_id)
                && corp.is_none_or(|code| company.is_some_and(|company| company.uscc == code))
                && number.is_none_or(|number| its_number == Some(number));
            if is_wanted {
                let head = json!({
                    "projectCode": site.code, "corpCode": company.map(|company| &company.uscc),
                    "corpName": company.map(|company| &company.name), "teamSysNo": its_number, "teamName": crew.name,
                });
                crews.insert(crew.id, (crew, head));
            }
        }
        Ok(Crews { crews })
    }

    fn head(&self, crew: CrewId) -> Option<Value> {
        self.crews.get(&crew).map(|(_, head)| head.clone())
    }
}

fn with(mut head: Value, more: Value) -> Value {
    if let (Value::Object(head), Value::Object(more)) = (&mut head, more) {
        head.extend(more);
    }
    head
}

pub(super) fn teams<'r>(conn: &mut AnyConn, asking: &'r Asking<'_>, site: &Site) -> Result<Vec<Row<'r>>, Problem> {
    let crews = Crews::gather(conn, asking, site)?;
    let mut all: Vec<(CrewRow, Value)> = crews.crews.into_values().collect();
    all.sort_by_key(|(crew, _)| crew.id);
    let row = |(crew, head): (CrewRow, Value)| plain(with(head, json!({"entryTime": crew.from_on, "exitTime": crew.until_on})));
    Ok(all.into_iter().map(row).collect())
}

/// The person that a question is about: none asked, or the one found, or nobody.
fn wanted_worker(conn: &mut AnyConn, asking: &Asking<'_>) -> Result<Option<Option<WorkerRow>>, StoreError> {
    let Some(number) = asking.wanted.text("idCardNumber") else { return Ok(None) };
    let kind = id_kind(asking.wanted.text("idCardType").unwrap_or(CITIZEN));
    roll::worker_by_id_index(conn, &id_index(asking.ctx.vault(), kind, number)).map(Some)
}

/// Enrolments that a question is about, with what is said of their crews.
fn enrolled(conn: &mut AnyConn, asking: &Asking<'_>, site: &Site) -> Result<Vec<(EnrolmentRow, Value)>, Problem> {
    let crews = Crews::gather(conn, asking, site)?;
    let rows = match wanted_worker(conn, asking)? {
        None => roll::of_project(conn, site.id)?,
        Some(Some(worker)) => roll::of_worker(conn, site.id, worker.id)?,
        Some(None) => Vec::new(),
    };
    Ok(rows.into_iter().filter_map(|row| crews.head(row.crew_id).map(|head| (row, head))).collect())
}

/// Name and papers of a person, the number encrypted again.
fn papers(conn: &mut AnyConn, asking: &Asking<'_>, row: &EnrolmentRow) -> Result<Value, Problem> {
    let worker = roll::worker(conn, row.worker_id)?.ok_or_else(Problem::not_found)?;
    person(conn, asking, &worker)
}

fn person(conn: &mut AnyConn, asking: &Asking<'_>, worker: &WorkerRow) -> Result<Value, Problem> {
    let number = lookups::id_number(conn, asking.ctx.vault(), worker)?;
    Ok(json!({
        "workerName": worker.name, "idCardType": id_code(worker.id_kind), "idCardNumber": asking.app.secret.encrypt(&number),
    }))
}

pub(super) fn workers<'r>(conn: &mut AnyConn, asking: &'r Asking<'_>, site: &Site) -> Result<Vec<Row<'r>>, Problem> {
    let mut rows: Vec<Row<'r>> = Vec::new();
    for (row, head) in enrolled(conn, asking, site)? {
        rows.push(Box::new(move |conn| {
            let who = papers(conn, asking, &row)?;
            let card = lookups::open_card(conn, asking.ctx.vault(), row.project_id, row.card.as_deref())?;
            let card = card.map(|card| asking.app.secret.encrypt(card.as_str()));
            let more = json!({
                "workType": row.trade, "payRollBankCardNumber": card, "payRollBankName": row.bank_name,
                "entryTime": row.entered_on, "exitTime": row.left_on, "workerStatus": if row.left_on.is_none() { "1" } else { "0" },
            });
            Ok(with(with(head, who), more))
        }));
    }
    Ok(rows)
}

pub(super) fn passes<'r>(conn: &mut AnyConn, asking: &'r Asking<'_>, site: &Site) -> Result<Vec<Row<'r>>, Problem> {
    let mut rows: Vec<Row<'r>> = Vec::new();
    for (row, head) in enrolled(conn, asking, site)? {
        for (day, kind) in [(Some(row.entered_on), "1"), (row.left_on, "0")] {
            let Some(day) = day.filter(|day| asking.wanted.day("date").is_none_or(|wanted| wanted == *day)) else { continue };
            let (row, head) = (row.clone(), head.clone());
            rows.push(Box::new(move |conn| {
                Ok(with(with(head, papers(conn, asking, &row)?), json!({"date": day, "type": kind})))
            }));
        }
    }
    Ok(rows)
}

pub(super) fn contracts<'r>(conn: &mut AnyConn, asking: &'r Asking<'_>, site: &Site) -> Result<Vec<Row<'r>>, Problem> {
    let mut kept: HashMap<i64, Vec<RecordRow>> = HashMap::new();
    for row in records::records_of(conn, site.id, RecordKind::Contract)? {
        kept.entry(row.subject_id.unwrap_or_default()).or_default().push(row);
    }
    let mut rows: Vec<Row<'r>> = Vec::new();
    for (row, head) in enrolled(conn, asking, site)? {
        if row.paper == Paper::None {
            continue;
        }
        for record in kept.remove(&row.id.0).unwrap_or_default() {
            let (row, head) = (row.clone(), head.clone());
            rows.push(Box::new(move |conn| {
                let fields = keeping::fields(conn, asking.ctx, &record)?;
                let told = |key: &str| fields.get(key).cloned();
                let more = json!({
                    "contractPeriodType": told("contractPeriodType"), "startDate": told("startDate"), "endDate": told("endDate"),
                    "unit": told("unit"), "unitPrice": told("unitPrice"),
                });
                Ok(with(with(head, papers(conn, asking, &row)?), more))
            }));
        }
    }
    Ok(rows)
}

pub(super) fn punches<'r>(conn: &mut AnyConn, asking: &'r Asking<'_>, site: &Site, day: Day) -> Result<Vec<Row<'r>>, Problem> {
    let known: HashMap<RecordId, (EnrolmentRow, Value)> =
        enrolled(conn, asking, site)?.into_iter().map(|(row, head)| (row.id, (row, head))).collect();
    let mut matcher = Matcher::new(conn, site.id)?;
    let ways = Ways::of(conn, site.id)?;
    let mut rows: Vec<Row<'r>> = Vec::new();
    for punch in punch_rows::punches_of_day(conn, site.id, day_number(day))? {
        let Some((enrolment, _)) = matcher.find(conn, asking.ctx.vault(), punch.pin_id, day)? else { continue };
        let Some((row, head)) = known.get(&enrolment).cloned() else { continue };
        let seconds = punch.local_time;
        let time = format!("{day} {:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        // The gate's own direction at that time is stronger than what the machine said, here as everywhere.
        let way = ways.entered(punch.device_id, (punch.local_day, punch.local_time), punch.state);
        let direction = way.map(direction_code);
        rows.push(Box::new(move |conn| {
            Ok(with(with(head, papers(conn, asking, &row)?), json!({"date": time, "direction": direction})))
        }));
    }
    Ok(rows)
}

pub(super) fn wages<'r>(conn: &mut AnyConn, asking: &'r Asking<'_>, site: &Site, month: Month) -> Result<Vec<Row<'r>>, Problem> {
    let known: HashMap<RecordId, (EnrolmentRow, Value)> =
        enrolled(conn, asking, site)?.into_iter().map(|(row, head)| (row.id, (row, head))).collect();
    let mut rows: Vec<Row<'r>> = Vec::new();
    for sheet in sheets::parts(conn, site.id, month)? {
        for line in sheets::lines_of(conn, site.id, sheet.id)? {
            let Some((row, head)) = known.get(&line.enrolment_id).cloned() else { continue };
            let (part, state) = (sheet.part, sheet.state);
            rows.push(Box::new(move |conn| {
                let more = json!({
                    "payMonth": month, "part": part, "sheetState": state, "totalPayAmount": line.gross_fen,
                    "actualAmount": line.net_fen, "lineState": line.state, "balanceDate": line.paid_on,
                });
                Ok(with(with(head, papers(conn, asking, &row)?), more))
            }));
        }
    }
    Ok(rows)
}

/// Where a person is enrolled, among the projects that the app covers.
pub(super) fn worker<'r>(conn: &mut AnyConn, asking: &'r Asking<'_>) -> Result<Vec<Row<'r>>, Problem> {
    let Some(Some(worker)) = wanted_worker(conn, asking)? else { return Ok(Vec::new()) };
    let mut rows: Vec<Row<'r>> = Vec::new();
    for project in asking.covered(conn)? {
        let site = crate::projects::site(conn, project.id)?;
        let crews = project_rows::crews_of(conn, project.id)?;
        let seen = |crew: CrewId| crews.iter().any(|row| row.id == crew && asking.sees(&site, row.party_id));
        for row in roll::of_worker(conn, project.id, worker.id)?.into_iter().filter(|row| seen(row.crew_id)) {
            let (worker, code) = (worker.clone(), project.code.clone());
            rows.push(Box::new(move |conn| {
                let more =
                    json!({"projectCode": code, "workType": row.trade, "entryTime": row.entered_on, "exitTime": row.left_on});
                Ok(with(person(conn, asking, &worker)?, more))
            }));
        }
    }
    Ok(rows)
}
