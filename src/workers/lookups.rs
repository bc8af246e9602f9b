//! What other slices ask about people on a site: views, cards, terms of a day, counts.

use super::table::{self, EnrolmentRow, EventRow, WorkerRow};
use super::{EnrolmentView, EventKind, IdKind, Paper, Roll, Warning, WarningCode, enrolling, particulars};
use crate::base::id::{ProjectId, RecordId};
use crate::base::person::{BankCard, IdNumber, Phone, Uscc, masked};
use crate::base::{Day, Fen};
use crate::parties;
use crate::projects::{self, Site};
use crate::store::vault::Owner;
use crate::store::{AnyConn, StoreError, Vault};
use crate::web::{Ctx, Problem};
use crate::wire::roster::{PaperNumber, RosterRow, WorkPaper};

/// The plain identity number of a person. Whoever calls this shows or stores personal data.
pub fn id_number(conn: &mut AnyConn, vault: &Vault, worker: &WorkerRow) -> Result<String, StoreError> {
    vault.open_text(conn, Owner::Global, &worker.id_number)
}

/// The telephone number of a person.
pub fn phone(conn: &mut AnyConn, vault: &Vault, worker: &WorkerRow) -> Result<Option<Phone>, StoreError> {
    let Some(sealed) = &worker.phone else { return Ok(None) };
    let text = vault.open_text(conn, Owner::Global, sealed)?;
    Phone::parse(&text).map(Some).map_err(|error| StoreError::Damaged(error.to_string()))
}

/// The wage card that an enrolment holds now, for pay runs.
///
/// # Errors
/// `not_found` for an enrolment of another project.
pub fn card_of(conn: &mut AnyConn, ctx: &Ctx, site: &Site, enrolment: RecordId) -> Result<Option<BankCard>, Problem> {
    let row = table::find(conn, site.id, enrolment)?.ok_or_else(Problem::not_found)?;
    Ok(open_card(conn, ctx.vault(), site.id, row.card.as_deref())?)
}

/// Opens an encrypted card of a project.
pub fn open_card(
    conn: &mut AnyConn,
    vault: &Vault,
    project: ProjectId,
    sealed: Option<&[u8]>,
) -> Result<Option<BankCard>, StoreError> {
    let Some(sealed) = sealed else { return Ok(None) };
    let text = vault.open_text(conn, Owner::Project(project), sealed)?;
    BankCard::parse(&text).map(Some).map_err(|error| StoreError::Damaged(error.to_string()))
}

/// The number by which the project's gates know an enrolment, plain.
pub fn pin_of(conn: &mut AnyConn, vault: &Vault, enrolment: &EnrolmentRow) -> Result<Option<String>, StoreError> {
    let Some(index) = &enrolment.pin_index else { return Ok(None) };
    match table::sealed_pin(conn, enrolment.project_id, index)? {
        Some(sealed) => vault.open_text(conn, Owner::Project(enrolment.project_id), &sealed).map(Some),
        None => Ok(None),
    }
}

/// The event whose terms hold on a day: the latest from that day or before, by day and then by recording. Leaving changes no terms.
pub fn terms_on(events: &[EventRow], day: Day) -> Option<&EventRow> {
    events
        .iter()
        .filter(|event| event.valid_on <= day && event.kind != EventKind::Left)
        .max_by_key(|event| (event.valid_on, event.id))
}

/// The wage for a day of work on that day.
pub fn day_rate_on(conn: &mut AnyConn, project: ProjectId, enrolment: RecordId, day: Day) -> Result<Option<Fen>, StoreError> {
    let events = table::events_of(conn, project, enrolment)?;
    Ok(terms_on(&events, day).map(|event| event.day_rate))
}

/// Counts the people on the site on a day.
pub fn roll_on(conn: &mut AnyConn, project: ProjectId, day: Day) -> Result<Roll, StoreError> {
    let mut roll = Roll::default();
    for row in table::active_on(conn, project, day)? {
        roll.on_site += 1;
        roll.without_paper += i64::from(row.paper == Paper::None);
        roll.untrained += i64::from(!row.safety_trained);
        roll.without_card += i64::from(row.card.is_none());
    }
    Ok(roll)
}

/// What is odd about an enrolment as it stands on a day, for those who look after it.
pub fn warnings_of(conn: &mut AnyConn, site: &Site, row: &EnrolmentRow) -> Result<Vec<WarningCode>, StoreError> {
    let mut codes = Vec::new();
    if row.left_on.is_some() {
        return Ok(codes);
    }
    for (stands, code) in [
        (row.paper == Paper::None, WarningCode::NoPaper),
        (!row.safety_trained, WarningCode::NotTrained),
        (row.card.is_none(), WarningCode::NoCard),
        (table::active_elsewhere(conn, site.id, row.worker_id)? > 0, WarningCode::ActiveElsewhere),
    ] {
        codes.extend(stands.then_some(code));
    }
    if let Some(index) = &row.card_index
        && table::others_with_card(conn, index, row.worker_id)? > 0
    {
        codes.push(WarningCode::CardOfAnother);
    }
    Ok(codes)
}

/// As [`warnings_of`] in words; other sites by name where the asker may see them.
pub fn told_warnings(conn: &mut AnyConn, ctx: &Ctx, site: &Site, row: &EnrolmentRow) -> Result<Vec<Warning>, StoreError> {
    let mut told = Vec::new();
    for code in warnings_of(conn, site, row)? {
        let elsewhere = match code {
            WarningCode::ActiveElsewhere => enrolling::elsewhere(conn, ctx, site, row.worker_id)?,
            _ => None,
        };
        told.push(elsewhere.unwrap_or_else(|| Warning::of(code)));
    }
    Ok(told)
}

/// An enrolment as it may be shown.
pub fn view(conn: &mut AnyConn, vault: &Vault, row: &EnrolmentRow) -> Result<EnrolmentView, StoreError> {
    let worker =
        table::worker(conn, row.worker_id)?.ok_or_else(|| StoreError::Damaged(format!("enrolment {} has no person", row.id)))?;
    view_with(conn, vault, row, &worker)
}

/// As [`view`], with the person at hand.
pub fn view_with(conn: &mut AnyConn, vault: &Vault, row: &EnrolmentRow, worker: &WorkerRow) -> Result<EnrolmentView, StoreError> {
    let number = id_number(conn, vault, worker)?;
    let head = if IdNumber::parse(&number, row.entered_on).is_ok() { 6 } else { 0 };
    Ok(EnrolmentView {
        id: row.id,
        worker_id: row.worker_id,
        name: worker.name.clone(),
        id_kind: worker.id_kind,
        id_number: masked(&number, head, number.chars().count().min(4)),
        phone: phone(conn, vault, worker)?.map(|phone| phone.masked()),
        crew_id: row.crew_id,
        trade: row.trade.clone(),
        has_pin: row.pin_index.is_some(),
        paper: row.paper,
        paper_document_id: row.paper_document_id,
        safety_trained: row.safety_trained,
        card: open_card(conn, vault, row.project_id, row.card.as_deref())?.map(|card| card.masked()),
        bank_name: row.bank_name.clone(),
        day_rate: row.day_rate,
        entered_on: row.entered_on,
        left_on: row.left_on,
    })
}

/// Everybody on the project's roll as rows of a roster, with plain numbers. Whoever calls this shows personal data.
pub fn as_roster(conn: &mut AnyConn, ctx: &Ctx, site: &Site) -> Result<Vec<RosterRow>, Problem> {
    let damaged = |error: crate::base::Unreadable| StoreError::Damaged(error.to_string());
    let crews = projects::table::crews_of(conn, site.id)?;
    let numbers = ctx.vault().reader(conn, Owner::Global)?;
    let mut beside = particulars::of_project(conn, ctx.vault(), site.id)?;
    let mut rows = Vec::new();
    for row in table::active_on(conn, site.id, ctx.today)?.into_iter().filter(|row| row.left_on.is_none()) {
        let worker = table::worker(conn, row.worker_id)?.ok_or_else(Problem::not_found)?;
        let crew = crews.iter().find(|crew| crew.id == row.crew_id).ok_or_else(Problem::not_found)?;
        let employer = parties::table::find(conn, &ctx.scope, crew.party_id)?.ok_or_else(Problem::not_found)?;
        let number = numbers.open_text(&worker.id_number)?;
        let papers = match worker.id_kind {
            IdKind::IdCard => PaperNumber::Citizen(IdNumber::parse(&number, ctx.today).map_err(damaged)?),
            IdKind::Passport => PaperNumber::Other("护照".to_owned(), number),
            IdKind::Other => PaperNumber::Other("其他".to_owned(), number),
        };
        let told = beside.remove(&row.worker_id).unwrap_or_default();
        rows.push(told.into_row(RosterRow {
            row: 0,
            uscc: Uscc::parse(&employer.uscc).map_err(damaged)?,
            company: Some(employer.name),
            crew: crew.name.clone(),
            name: worker.name.clone(),
            leader: None,
            papers,
            trade: row.trade.clone(),
            worker_kind: None,
            card: open_card(conn, ctx.vault(), site.id, row.card.as_deref())?,
            bank: row.bank_name.clone(),
            bank_link: None,
            bank_code: None,
            insured: None,
            nation: None,
            address: None,
            politics: None,
            union_joined: None,
            phone: phone(conn, ctx.vault(), &worker)?,
            education: None,
            issuer: None,
            papers_from: None,
            papers_until: None,
            pin: pin_of(conn, ctx.vault(), &row)?,
            day_rate: Some(row.day_rate),
            entered_on: Some(row.entered_on),
            paper: Some(match row.paper {
                Paper::LabourContract => WorkPaper::LabourContract,
                Paper::WorkAgreement => WorkPaper::WorkAgreement,
                Paper::None => WorkPaper::Nothing,
            }),
            trained: Some(row.safety_trained),
        }));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Moment;

    fn event(id: i64, valid_on: &str, fen: i64) -> EventRow {
        EventRow {
            project_id: ProjectId(1),
            id: RecordId(id),
            enrolment_id: RecordId(9),
            kind: EventKind::Terms,
            valid_on: valid_on.parse().unwrap(),
            day_rate: Fen(fen),
            card: None,
            card_index: None,
            bank_name: None,
            recorded_at: Moment(0),
            recorded_by: String::new(),
            recorded_seq: 1,
        }
    }

    #[test]
    fn the_latest_terms_by_day_hold_whatever_the_order_of_recording() {
        let events = [event(3, "2026-03-01", 300), event(1, "2026-01-01", 100), event(2, "2026-02-01", 200)];
        let rate = |day: &str| terms_on(&events, day.parse().unwrap()).map(|event| event.day_rate.0);
        assert_eq!(rate("2025-12-31"), None);
        assert_eq!(rate("2026-01-31"), Some(100));
        assert_eq!(rate("2026-02-28"), Some(200));
        assert_eq!(rate("2026-03-01"), Some(300));
        let twice = [event(5, "2026-01-01", 500), event(4, "2026-01-01", 400)];
        assert_eq!(terms_on(&twice, "2026-01-01".parse().unwrap()).unwrap().day_rate, Fen(500), "a correction comes later");
    }
}
