//! Enrolling, leaving, changing terms, and looking at a plain number on record.

use super::lookups::{self, view_with};
use super::table::{self, EnrolmentRow, EventRow, WorkerRow};
use super::{
    BANK_NAME_MAX, Enrolled, EnrolmentResult, EnrolmentView, EventKind, IdKind, NAME_MAX, OTHER_NUMBER_MAX, PIN_MAX, Paper,
    SecretField, TRADE_MAX, Warning, WarningCode, card_index, day_number, id_index, pin_index,
};
use crate::base::id::{CrewId, DocumentId, RecordId, WorkerId};
use crate::base::person::{BankCard, IdNumber, Phone, half_width};
use crate::base::{Day, Fen};
use crate::projects::{Site, table as projects};
use crate::store::vault::Owner;
use crate::store::{AnyConn, Chain, StoreError, Tx, jobs};
use crate::web::{Code, Ctx, Problem};
use crate::{documents, users};

/// A person to be enrolled, as written.
#[derive(Debug, Clone)]
pub struct NewEnrolment {
    /// Name.
    pub name: String,
    /// What the number stands on.
    pub id_kind: IdKind,
    /// Identity number as written.
    pub id_number: String,
    /// Telephone number as written.
    pub phone: Option<String>,
    /// Crew of the project.
    pub crew: CrewId,
    /// Trade, code or name.
    pub trade: String,
    /// Number at the gates; the identity number counts as one in any case.
    pub pin: Option<String>,
    /// Contract or agreement.
    pub paper: Paper,
    /// Its scan.
    pub paper_document: Option<DocumentId>,
    /// Safety training done.
    pub safety_trained: bool,
    /// Wage card as written.
    pub card: Option<String>,
    /// Bank of the card.
    pub bank_name: Option<String>,
    /// Wage for a day.
    pub day_rate: Fen,
    /// First day on site.
    pub entered_on: Day,
}

/// What was read from a [`NewEnrolment`]; nothing was written yet.
struct Read {
    name: String,
    number: String,
    phone: Option<Phone>,
    trade: String,
    pin: Option<String>,
    card: Option<BankCard>,
    bank_name: Option<String>,
}

fn short_text(text: &str, max: usize, place: &str) -> Result<String, Problem> {
    let text = half_width(text);
    if text.is_empty() || text.chars().count() > max || text.chars().any(char::is_control) {
        let zh = format!("{place} 应为 1 至 {max} 个字，不含控制字符。");
        return Err(
            Problem::invalid(zh, format!("{place}: 1 to {max} characters without control characters")).at(place, "bad_format")
        );
    }
    Ok(text)
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn read_card(text: Option<&str>) -> Result<Option<BankCard>, Problem> {
    let unreadable = |error| Problem::unreadable("card", &error);
    filled(text).map(BankCard::parse).transpose().map_err(unreadable)
}

fn read(ctx: &Ctx, new: &NewEnrolment) -> Result<Read, Problem> {
    let number = match new.id_kind {
        IdKind::IdCard => IdNumber::parse(&new.id_number, ctx.today)
            .map(|number| number.as_str().to_owned())
            .map_err(|error| Problem::unreadable("id_number", &error))?,
        IdKind::Passport | IdKind::Other => short_text(&new.id_number, OTHER_NUMBER_MAX, "id_number")?,
    };
    if new.entered_on > ctx.today {
        return Err(Problem::invalid("进场日期不能晚于今天。", "Entry cannot lie ahead.").at("entered_on", "bad_time"));
    }
    if new.day_rate.0 < 0 || !new.day_rate.is_bookable() {
        return Err(Problem::invalid(
            "日工资不能为负数，也不能过大。",
            "A day rate is neither negative nor beyond a hundred billion yuan.",
        )
        .at("day_rate", "bad_amount"));
    }
    Ok(Read {
        name: short_text(&new.name, NAME_MAX, "name")?,
        number,
        phone: filled(new.phone.as_deref())
            .map(Phone::parse)
            .transpose()
            .map_err(|error| Problem::unreadable("phone", &error))?,
        trade: short_text(&new.trade, TRADE_MAX, "trade")?,
        pin: filled(new.pin.as_deref()).map(|pin| short_text(pin, PIN_MAX, "pin")).transpose()?,
        card: read_card(new.card.as_deref())?,
        bank_name: filled(new.bank_name.as_deref()).map(|bank| short_text(bank, BANK_NAME_MAX, "bank_name")).transpose()?,
    })
}

/// Enrols a person on a project. Everything is checked before anything is written, so a refused item leaves nothing behind.
///
/// # Errors
/// `invalid` for numbers that cannot be, unknown crew or paper, a name that differs from the one known under the number;
/// `conflict` when the person or the number at the gate is on the roll already.
pub fn enrol(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, new: &NewEnrolment) -> Result<Enrolled, Problem> {
    let read = read(ctx, new)?;
    let vault = ctx.vault();
    if !projects::crews_of(tx.conn(), site.id)?.iter().any(|crew| crew.id == new.crew) {
        return Err(Problem::invalid("本项目没有该班组。", "The project has no such crew.").at("crew", "unknown_reference"));
    }
    documents::actions::require(tx.conn(), site.id, new.paper_document, "paper_document_id")?;
    let number_index = id_index(vault, new.id_kind, &read.number);
    let known = table::worker_by_id_index(tx.conn(), &number_index)?;
    if let Some(worker) = &known {
        if worker.name != read.name {
            let zh = "该证件号码已以其他姓名登记，请核对姓名和号码。";
            return Err(Problem::invalid(zh, "This number is registered under another name.").at("name", "id_reused"));
        }
        if table::active_of_worker(tx.conn(), site.id, worker.id)?.is_some() {
            let zh = "该工人已在本项目登记，尚未退场。";
            return Err(Problem::conflict(zh, "The worker is on this project's roll already.").at("id_number", "duplicate"));
        }
    }
    let pin_index = read.pin.as_deref().map(|pin| pin_index(vault, site.id, pin));
    if let Some(index) = &pin_index
        && table::by_pin_index(tx.conn(), site.id, index)?.is_some()
    {
        let zh = "该考勤编号已由本项目其他在场人员使用。";
        return Err(Problem::conflict(zh, "Somebody on the roll has this number at the gate.").at("pin", "duplicate"));
    }
    let worker = keep_worker(tx, ctx, known, new.id_kind, &read, number_index)?;
    let card_index = read.card.as_ref().map(|card| card_index(vault, card.as_str()));
    let warnings = warnings(tx.conn(), site, new, &read, worker.id, card_index.as_deref())?;
    if let (Some(pin), Some(index)) = (&read.pin, &pin_index) {
        table::ensure_pin(tx.conn(), vault, site.id, pin, index, || ctx.id())?;
    }
    let chain = Chain::Project(site.id);
    let owner = Owner::Project(site.id);
    let row = EnrolmentRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        worker_id: worker.id,
        crew_id: new.crew,
        trade: read.trade,
        pin_index,
        paper: new.paper,
        paper_document_id: new.paper_document,
        safety_trained: new.safety_trained,
        card: read.card.as_ref().map(|card| vault.seal(tx.conn(), owner, card.as_str().as_bytes())).transpose()?,
        card_index,
        bank_name: read.bank_name,
        day_rate: new.day_rate,
        entered_on: new.entered_on,
        left_on: None,
        recorded_seq: tx.seq(chain)?,
    };
    table::insert(tx, &row)?;
    table::insert_event(tx, &event(ctx, &row, EventKind::Entered, row.entered_on))?;
    tx.note(chain, ctx.now, ctx.actor(), "enrol", &row.id.to_string())?;
    follow_up(tx, ctx, site, row.entered_on)?;
    Ok(Enrolled { view: view_with(tx.conn(), vault, &row, &worker)?, warnings })
}

fn keep_worker(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    known: Option<WorkerRow>,
    id_kind: IdKind,
    read: &Read,
    id_index: String,
) -> Result<WorkerRow, Problem> {
    let vault = ctx.vault();
    vault.ensure_key(tx.conn(), Owner::Global, ctx.now)?;
    let sealed_phone = |tx: &mut Tx<'_>| -> Result<Option<Vec<u8>>, StoreError> {
        read.phone.as_ref().map(|phone| vault.seal(tx.conn(), Owner::Global, phone.as_str().as_bytes())).transpose()
    };
    if let Some(mut worker) = known {
        let stands = lookups::phone(tx.conn(), vault, &worker)?;
        if read.phone.is_some() && stands != read.phone {
            worker.phone = sealed_phone(tx)?;
            worker.recorded_seq = tx.seq(Chain::Organisation)?;
            table::update_phone(tx, &worker)?;
            tx.note(Chain::Organisation, ctx.now, ctx.actor(), "change_phone", &worker.id.to_string())?;
        }
        return Ok(worker);
    }
    let worker = WorkerRow {
        id: WorkerId(ctx.id()),
        name: read.name.clone(),
        id_kind,
        id_number: vault.seal(tx.conn(), Owner::Global, read.number.as_bytes())?,
        id_index,
        phone: sealed_phone(tx)?,
        created_at: ctx.now,
        recorded_seq: tx.seq(Chain::Organisation)?,
    };
    table::insert_worker(tx, &worker)?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "register_worker", &worker.id.to_string())?;
    Ok(worker)
}

fn warnings(
    conn: &mut AnyConn,
    site: &Site,
    new: &NewEnrolment,
    read: &Read,
    worker: WorkerId,
    card_index: Option<&str>,
) -> Result<Vec<Warning>, StoreError> {
    let mut codes = Vec::new();
    if table::active_elsewhere(conn, site.id, worker)? > 0 {
        codes.push(WarningCode::ActiveElsewhere);
    }
    if new.paper == Paper::None {
        codes.push(WarningCode::NoPaper);
    }
    if !new.safety_trained {
        codes.push(WarningCode::NotTrained);
    }
    codes.extend(card_warnings(conn, read.card.as_ref(), card_index, worker)?);
    Ok(codes.into_iter().map(Warning::of).collect())
}

fn card_warnings(
    conn: &mut AnyConn,
    card: Option<&BankCard>,
    card_index: Option<&str>,
    worker: WorkerId,
) -> Result<Vec<WarningCode>, StoreError> {
    let mut codes = Vec::new();
    match card {
        None => codes.push(WarningCode::NoCard),
        Some(card) if !card.luhn_holds() => codes.push(WarningCode::CardCheckFails),
        Some(_) => {}
    }
    if let Some(index) = card_index
        && table::others_with_card(conn, index, worker)? > 0
    {
        codes.push(WarningCode::CardOfAnother);
    }
    Ok(codes)
}

fn event(ctx: &Ctx, row: &EnrolmentRow, kind: EventKind, valid_on: Day) -> EventRow {
    EventRow {
        project_id: row.project_id,
        id: RecordId(ctx.id()),
        enrolment_id: row.id,
        kind,
        valid_on,
        day_rate: row.day_rate,
        card: row.card.clone(),
        card_index: row.card_index.clone(),
        bank_name: row.bank_name.clone(),
        recorded_at: ctx.now,
        recorded_by: ctx.actor().to_owned(),
        recorded_seq: row.recorded_seq,
    }
}

/// Folds the days again that the change touches, and has the project assessed.
fn follow_up(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, from: Day) -> Result<(), StoreError> {
    let project = site.id.to_string();
    // A device's clock may run a day ahead of the civil day.
    if table::refold(tx.conn(), site.id, day_number(from), day_number(ctx.today.plus_days(1)), ctx.now)? > 0 {
        jobs::enqueue(tx.conn(), ctx.id(), "fold_days", &project, ctx.now)?;
    }
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &project, ctx.now)
}

/// Enrols many people; a bad one is refused with its reasons and leaves the others.
///
/// # Errors
/// Only what stands in the way of all: a store that fails.
pub fn enrol_all(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, items: &[NewEnrolment]) -> Result<Vec<EnrolmentResult>, Problem> {
    let mut results = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        results.push(match enrol(tx, ctx, site, item) {
            Ok(Enrolled { view, warnings }) => EnrolmentResult { index, enrolment: Some(view), warnings, errors: Vec::new() },
            Err(problem) if matches!(problem.code, Code::Invalid | Code::Conflict) && !problem.faults.is_empty() => {
                EnrolmentResult { index, enrolment: None, warnings: Vec::new(), errors: problem.faults }
            }
            Err(problem) => return Err(problem),
        });
    }
    Ok(results)
}

/// Ends an enrolment; `last` is the last day on site (退场).
///
/// # Errors
/// `conflict` when it has ended, `invalid` for a day before entry or ahead.
pub fn leave(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, enrolment: RecordId, last: Day) -> Result<EnrolmentView, Problem> {
    let mut row = table::find(tx.conn(), site.id, enrolment)?.ok_or_else(Problem::not_found)?;
    if row.left_on.is_some() {
        return Err(Problem::conflict("该工人已办理退场。", "The worker has left already.").at("enrolment", "duplicate"));
    }
    if last < row.entered_on || last > ctx.today {
        let en = "The last day lies between entry and today.";
        return Err(Problem::invalid("退场日期应在进场日期与今天之间。", en).at("left_on", "bad_time"));
    }
    let chain = Chain::Project(site.id);
    row.left_on = Some(last);
    row.recorded_seq = tx.seq(chain)?;
    table::update(tx, &row)?;
    table::insert_event(tx, &event(ctx, &row, EventKind::Left, last))?;
    tx.note(chain, ctx.now, ctx.actor(), "leave_site", &row.id.to_string())?;
    follow_up(tx, ctx, site, last)?;
    Ok(lookups::view(tx.conn(), ctx.vault(), &row)?)
}

/// New terms from a day on; what is absent stays as it was on that day.
#[derive(Debug, Clone)]
pub struct NewTerms {
    /// From which day.
    pub valid_on: Day,
    /// Wage for a day.
    pub day_rate: Option<Fen>,
    /// Wage card as written.
    pub card: Option<String>,
    /// Bank of the card.
    pub bank_name: Option<String>,
}

/// Changes day rate or card from a day on; the history stays.
///
/// # Errors
/// `invalid` for a day outside the enrolment or ahead, for nothing to change, for a card that cannot be.
pub fn change_terms(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, enrolment: RecordId, new: &NewTerms) -> Result<Enrolled, Problem> {
    let mut row = table::find(tx.conn(), site.id, enrolment)?.ok_or_else(Problem::not_found)?;
    if !row.holds_on(new.valid_on) || new.valid_on > ctx.today {
        let en = "Terms change on a day of the enrolment, not ahead.";
        return Err(Problem::invalid("生效日应在在场期间内，且不晚于今天。", en).at("valid_on", "bad_time"));
    }
    let card = read_card(new.card.as_deref())?;
    let bank_name = filled(new.bank_name.as_deref()).map(|bank| short_text(bank, BANK_NAME_MAX, "bank_name")).transpose()?;
    if new.day_rate.is_none() && card.is_none() && bank_name.is_none() {
        let en = "Give a day rate, a card or a bank.";
        return Err(Problem::invalid("请至少填写日工资、银行卡或开户行之一。", en).at("day_rate", "missing_field"));
    }
    if new.day_rate.is_some_and(|rate| rate.0 < 0 || !rate.is_bookable()) {
        return Err(Problem::invalid("日工资不能为负数。", "A day rate is not negative.").at("day_rate", "bad_amount"));
    }
    let vault = ctx.vault();
    let events = table::events_of(tx.conn(), site.id, row.id)?;
    let before = lookups::terms_on(&events, new.valid_on).cloned();
    let chain = Chain::Project(site.id);
    row.recorded_seq = tx.seq(chain)?;
    let mut change = event(ctx, &row, EventKind::Terms, new.valid_on);
    if let Some(before) = before {
        (change.day_rate, change.card, change.card_index, change.bank_name) =
            (before.day_rate, before.card, before.card_index, before.bank_name);
    }
    change.day_rate = new.day_rate.unwrap_or(change.day_rate);
    if let Some(card) = &card {
        change.card = Some(vault.seal(tx.conn(), Owner::Project(site.id), card.as_str().as_bytes())?);
        change.card_index = Some(card_index(vault, card.as_str()));
    }
    change.bank_name = bank_name.or(change.bank_name);
    table::insert_event(tx, &change)?;
    // A backdated correction leaves what later events say; only the latest terms are shown by the row.
    let latest = table::events_of(tx.conn(), site.id, row.id)?;
    if let Some(now) = lookups::terms_on(&latest, ctx.today) {
        (row.day_rate, row.card, row.card_index, row.bank_name) =
            (now.day_rate, now.card.clone(), now.card_index.clone(), now.bank_name.clone());
    }
    table::update(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "change_terms", &row.id.to_string())?;
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &site.id.to_string(), ctx.now)?;
    let codes = if card.is_some() {
        card_warnings(tx.conn(), card.as_ref(), change.card_index.as_deref(), row.worker_id)?
    } else {
        Vec::new()
    };
    let warnings = codes.into_iter().map(Warning::of).collect();
    Ok(Enrolled { view: lookups::view(tx.conn(), vault, &row)?, warnings })
}

/// Shows one plain number to a person who says why; who, what and why go on record in the same transaction.
///
/// # Errors
/// `not_allowed` for machines and for rehearsals (`dry_run` would keep no record), `not_found` when there is no such number.
pub fn unmask(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    enrolment: RecordId,
    field: SecretField,
    purpose: &str,
) -> Result<String, Problem> {
    let row = table::find(tx.conn(), site.id, enrolment)?.ok_or_else(Problem::not_found)?;
    // A rehearsal would show the number and keep no record of it.
    if ctx.dry_run {
        let problem = Problem::invalid(
            "查看明文不能演练，请去掉 dry_run。",
            "A look at a plain number cannot be rehearsed; leave dry_run out.",
        );
        return Err(problem.at("dry_run", "bad_format"));
    }
    let worker = table::worker(tx.conn(), row.worker_id)?.ok_or_else(Problem::not_found)?;
    let vault = ctx.vault();
    let plain = match field {
        SecretField::IdNumber => Some(lookups::id_number(tx.conn(), vault, &worker)?),
        SecretField::Phone => lookups::phone(tx.conn(), vault, &worker)?.map(|phone| phone.as_str().to_owned()),
        SecretField::Card => {
            lookups::open_card(tx.conn(), vault, site.id, row.card.as_deref())?.map(|card| card.as_str().to_owned())
        }
        SecretField::Pin => lookups::pin_of(tx.conn(), vault, &row)?,
    };
    let plain = plain.ok_or_else(Problem::not_found)?;
    users::actions::note_unmasking(tx, ctx, &row.id.to_string(), field.as_str(), purpose)?;
    Ok(plain)
}
