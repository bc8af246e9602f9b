//! Enrolling people: everything is read and checked before anything is written, so that a look ahead and the taking say the same.

use super::lookups::{self, view_with};
use super::table::{self, EnrolmentRow, EventRow, WorkerRow};
use super::{
    BANK_NAME_MAX, Enrolled, EnrolmentResult, EventKind, IdKind, NAME_MAX, OTHER_NUMBER_MAX, PIN_MAX, Paper, TRADE_MAX,
    TRADE_TABLE, Warning, WarningCode, card_index, day_number, id_index, pin_index,
};
use crate::base::id::{CrewId, DocumentId, RecordId, WorkerId};
use crate::base::person::{BankCard, IdNumber, Phone, half_width};
use crate::base::{Day, Fen};
use crate::documents;
use crate::projects::{self, Site};
use crate::store::vault::Owner;
use crate::store::{AnyConn, Chain, StoreError, Tx, jobs};
use crate::web::problem::Fault;
use crate::web::{Code, Ctx, Problem};

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

pub(super) fn short_text(text: &str, max: usize, place: &str) -> Result<String, Problem> {
    let text = half_width(text);
    if text.is_empty() || text.chars().count() > max || text.chars().any(char::is_control) {
        let zh = format!("{place} 应为 1 至 {max} 个字，不含控制字符。");
        return Err(
            Problem::invalid(zh, format!("{place}: 1 to {max} characters without control characters")).at(place, "bad_format")
        );
    }
    Ok(text)
}

pub(super) fn filled(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

pub(super) fn read_card(text: Option<&str>) -> Result<Option<BankCard>, Problem> {
    let unreadable = |error| Problem::unreadable("card", &error);
    filled(text).map(BankCard::parse).transpose().map_err(unreadable)
}

/// Keeps the value, or adds what is told of it to what was told before, so that one look shows every fault of an item.
fn kept<T>(read: Result<T, Problem>, told: &mut Option<Problem>) -> Option<T> {
    let problem = match read {
        Ok(value) => return Some(value),
        Err(problem) => problem,
    };
    match told {
        Some(first) => first.faults.extend(problem.faults),
        None => *told = Some(problem),
    }
    None
}

fn read(ctx: &Ctx, new: &NewEnrolment) -> Result<Read, Problem> {
    let number = match new.id_kind {
        IdKind::IdCard => IdNumber::parse(&new.id_number, ctx.today)
            .map(|number| number.as_str().to_owned())
            .map_err(|error| Problem::unreadable("id_number", &error)),
        IdKind::Passport | IdKind::Other => short_text(&new.id_number, OTHER_NUMBER_MAX, "id_number"),
    };
    let entered = if new.entered_on > ctx.today {
        Err(Problem::invalid("进场日期不能晚于今天。", "Entry cannot lie ahead.").at("entered_on", "bad_time"))
    } else {
        Ok(())
    };
    let rate = if new.day_rate.0 < 0 || !new.day_rate.is_bookable() {
        let en = "A day rate is neither negative nor beyond a hundred billion yuan.";
        Err(Problem::invalid("日工资不能为负数，也不能过大。", en).at("day_rate", "bad_amount"))
    } else {
        Ok(())
    };
    let phone = filled(new.phone.as_deref()).map(Phone::parse).transpose();
    let pin = filled(new.pin.as_deref()).map(|pin| short_text(pin, PIN_MAX, "pin")).transpose();
    let bank_name = filled(new.bank_name.as_deref()).map(|bank| short_text(bank, BANK_NAME_MAX, "bank_name")).transpose();
    let mut told = None;
    let number = kept(number, &mut told);
    let days = (kept(entered, &mut told), kept(rate, &mut told));
    let name = kept(short_text(&new.name, NAME_MAX, "name"), &mut told);
    let phone = kept(phone.map_err(|error| Problem::unreadable("phone", &error)), &mut told);
    let trade = kept(short_text(&new.trade, TRADE_MAX, "trade"), &mut told);
    let pin = kept(pin, &mut told);
    let card = kept(read_card(new.card.as_deref()), &mut told);
    let bank_name = kept(bank_name, &mut told);
    match (number, days, name, phone, trade, pin, card, bank_name) {
        (Some(number), (Some(()), Some(())), Some(name), Some(phone), Some(trade), Some(pin), Some(card), Some(bank_name)) => {
            Ok(Read { name, number, phone, trade, pin, card, bank_name })
        }
        _ => Err(told.unwrap_or_else(|| Problem::internal("an item that does not read has no fault"))),
    }
}

/// What is wrong with an item by itself, before the roll is asked.
pub(super) fn faults_of(ctx: &Ctx, new: &NewEnrolment) -> Vec<Fault> {
    read(ctx, new).err().map(|problem| problem.faults).unwrap_or_default()
}

/// A person who can be enrolled; nothing was written yet.
pub struct Checked {
    read: Read,
    id_index: String,
    known: Option<WorkerRow>,
    pin_index: Option<String>,
    card_index: Option<String>,
    /// What is odd about it.
    pub warnings: Vec<Warning>,
}

impl Checked {
    /// The name as it would be kept.
    pub fn name(&self) -> &str {
        &self.read.name
    }

    /// The number at the gate, as it is found.
    pub fn pin(&self) -> Option<&str> {
        self.pin_index.as_deref()
    }
}

/// Somebody who is on the roll already: what a line says of them beside what stands.
pub struct Standing {
    /// The enrolment that stands.
    pub row: EnrolmentRow,
    /// Fields in which the line says something else.
    pub differs: Vec<&'static str>,
}

/// Who stands on the project's roll under the number of a line, and in what the line differs; `None` where nobody does. A field that
/// the line leaves to the defaults is not compared: `said` tells which of day rate, entry, paper and training it says itself.
pub fn standing(
    conn: &mut AnyConn,
    ctx: &Ctx,
    site: &Site,
    new: &NewEnrolment,
    said: &[&'static str],
) -> Result<Option<Standing>, Problem> {
    let read = read(ctx, new)?;
    let vault = ctx.vault();
    let Some(worker) = table::worker_by_id_index(conn, &id_index(vault, new.id_kind, &read.number))? else { return Ok(None) };
    let Some(row) = table::active_of_worker(conn, site.id, worker.id)? else { return Ok(None) };
    let phone = lookups::phone(conn, vault, &worker)?;
    let pin = read.pin.as_deref().map(|pin| pin_index(vault, site.id, pin));
    let card = read.card.as_ref().map(|card| card_index(vault, card.as_str()));
    let compared = [
        ("name", worker.name != read.name),
        ("crew", row.crew_id != new.crew),
        ("trade", row.trade != read.trade),
        ("phone", read.phone.is_some() && phone != read.phone),
        ("pin", pin.is_some() && row.pin_index != pin),
        ("card", card.is_some() && row.card_index != card),
        ("bank_name", read.bank_name.is_some() && row.bank_name != read.bank_name),
        ("day_rate", said.contains(&"day_rate") && row.day_rate != new.day_rate),
        ("entered_on", said.contains(&"entered_on") && row.entered_on != new.entered_on),
        ("paper", said.contains(&"paper") && row.paper != new.paper),
        ("trained", said.contains(&"trained") && row.safety_trained != new.safety_trained),
    ];
    let differs = compared.into_iter().filter(|(_, differs)| *differs).map(|(field, _)| field).collect();
    Ok(Some(Standing { row, differs }))
}

/// Whether a person can be enrolled on a project as written, and what is odd about it.
///
/// # Errors
/// `invalid` for numbers that cannot be, unknown crew or paper, a name that differs from the one known under the number;
/// `conflict` when the person or the number at the gate is on the roll already.
pub fn check(conn: &mut AnyConn, ctx: &Ctx, site: &Site, new: &NewEnrolment) -> Result<Checked, Problem> {
    let read = read(ctx, new)?;
    let vault = ctx.vault();
    if !projects::table::crews_of(conn, site.id)?.iter().any(|crew| crew.id == new.crew) {
        return Err(Problem::invalid("本项目没有该班组。", "The project has no such crew.").at("crew", "unknown_reference"));
    }
    documents::actions::require(conn, site.id, new.paper_document, "paper_document_id")?;
    let id_index = id_index(vault, new.id_kind, &read.number);
    let known = table::worker_by_id_index(conn, &id_index)?;
    if let Some(worker) = &known {
        if worker.name != read.name {
            let zh = "该证件号码已以其他姓名登记，请核对姓名和号码。";
            return Err(Problem::invalid(zh, "This number is registered under another name.").at("name", "id_reused"));
        }
        if table::active_of_worker(conn, site.id, worker.id)?.is_some() {
            let zh = "该工人已在本项目登记，尚未退场。";
            return Err(Problem::conflict(zh, "The worker is on this project's roll already.").at("id_number", "duplicate"));
        }
    }
    let pin_index = read.pin.as_deref().map(|pin| pin_index(vault, site.id, pin));
    if let Some(index) = &pin_index
        && table::by_pin_index(conn, site.id, index)?.is_some()
    {
        let zh = "该考勤编号已由本项目其他在场人员使用。";
        return Err(Problem::conflict(zh, "Somebody on the roll has this number at the gate.").at("pin", "duplicate"));
    }
    let card_index = read.card.as_ref().map(|card| card_index(vault, card.as_str()));
    let worker = known.as_ref().map(|worker| worker.id);
    let warnings = warnings(conn, ctx, site, new, &read, worker, card_index.as_deref())?;
    Ok(Checked { read, id_index, known, pin_index, card_index, warnings })
}

/// Enrols a person on a project. Everything is checked before anything is written, so a refused item leaves nothing behind.
///
/// # Errors
/// As [`check`].
pub fn enrol(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, new: &NewEnrolment) -> Result<Enrolled, Problem> {
    let vault = ctx.vault();
    let Checked { read, id_index, known, pin_index, card_index, warnings } = check(tx.conn(), ctx, site, new)?;
    let worker = keep_worker(tx, ctx, known, new.id_kind, &read, id_index)?;
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
    ctx: &Ctx,
    site: &Site,
    new: &NewEnrolment,
    read: &Read,
    worker: Option<WorkerId>,
    card_index: Option<&str>,
) -> Result<Vec<Warning>, StoreError> {
    let mut warnings = Vec::new();
    if let Some(worker) = worker {
        warnings.extend(elsewhere(conn, ctx, site, worker)?);
    }
    let mut codes = Vec::new();
    if new.paper == Paper::None {
        codes.push(WarningCode::NoPaper);
    }
    if !new.safety_trained {
        codes.push(WarningCode::NotTrained);
    }
    codes.extend(card_warnings(conn, read.card.as_ref(), card_index, worker)?);
    let began = site.participations().iter().map(|row| row.from_on).min();
    if began.is_some_and(|began| new.entered_on < began) {
        codes.push(WarningCode::BeforeProject);
    }
    let crew = projects::table::crews_of(conn, site.id)?.into_iter().find(|crew| crew.id == new.crew);
    if crew.is_some_and(|crew| new.entered_on < crew.from_on) {
        codes.push(WarningCode::BeforeCrew);
    }
    if !ctx.ground.settings.platforms.is_listed(TRADE_TABLE, &read.trade, ctx.today) {
        codes.push(WarningCode::UnknownTrade);
    }
    warnings.extend(codes.into_iter().map(Warning::of));
    Ok(warnings)
}

/// That somebody is on the roll of other sites: by name those that the asker may see, the others by their number alone.
pub(super) fn elsewhere(conn: &mut AnyConn, ctx: &Ctx, site: &Site, worker: WorkerId) -> Result<Option<Warning>, StoreError> {
    let others = table::projects_elsewhere(conn, site.id, worker)?;
    if others.is_empty() {
        return Ok(None);
    }
    let mut names = Vec::new();
    for other in &others {
        names.extend(projects::enter(conn, &ctx.scope, *other).ok().map(|site| site.name.clone()));
    }
    Ok(Some(Warning::elsewhere(&names, others.len() - names.len())))
}

pub(super) fn card_warnings(
    conn: &mut AnyConn,
    card: Option<&BankCard>,
    card_index: Option<&str>,
    worker: Option<WorkerId>,
) -> Result<Vec<WarningCode>, StoreError> {
    let mut codes = Vec::new();
    match card {
        None => codes.push(WarningCode::NoCard),
        Some(card) if !card.luhn_holds() => codes.push(WarningCode::CardCheckFails),
        Some(_) => {}
    }
    if let Some(index) = card_index
        // Somebody who is new to the service is nobody who has a card: the id of none.
        && table::others_with_card(conn, index, worker.unwrap_or(WorkerId(0)))? > 0
    {
        codes.push(WarningCode::CardOfAnother);
    }
    Ok(codes)
}

pub(super) fn event(ctx: &Ctx, row: &EnrolmentRow, kind: EventKind, valid_on: Day) -> EventRow {
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
pub(super) fn follow_up(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, from: Day) -> Result<(), StoreError> {
    let project = site.id.to_string();
    // A device's clock may run a day ahead of the civil day.
    if table::refold(tx.conn(), site.id, day_number(from), day_number(ctx.today.plus_days(1)), ctx.now)? > 0 {
        jobs::enqueue(tx.conn(), ctx.id(), "fold_days", &project, ctx.now)?;
    }
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &project, ctx.now)
}

/// Enrols many people; a bad one, or one that could not even be read, is refused with its reasons and leaves the others.
///
/// # Errors
/// Only what stands in the way of all: a store that fails.
pub fn enrol_all(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    items: &[Result<NewEnrolment, Vec<Fault>>],
) -> Result<Vec<EnrolmentResult>, Problem> {
    let mut results = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let item = match item {
            Ok(item) => item,
            Err(errors) => {
                results.push(EnrolmentResult { index, enrolment: None, warnings: Vec::new(), errors: errors.clone() });
                continue;
            }
        };
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
