//! The site that the payroll is measured on: one project, one crew, everybody there on every day of the month, in and out.

use std::path::Path;
use std::sync::Arc;

use super::super::bed::Folder;
use super::write;
use crate::accounts::table::{self as bank, AccountRow, EntryRow, StatementRow};
use crate::accounts::{Direction, EntryStatus, Purpose, StatementKind};
use crate::app::build;
use crate::app::clock::{FrozenDay, SystemEntropy};
use crate::app::config::{self, Config};
use crate::app::demo::people;
use crate::attendance::devices::table::{self as devices, DeviceRow};
use crate::attendance::devices::{DeviceState, Maker};
use crate::attendance::table::mark_dirty;
use crate::base::id::{AccountId, BankEntryId, CrewId, DeviceId, InboxId, PartyId, ProjectId, RecordId, StatementId, WorkerId};
use crate::base::person::{IdNumber, Uscc};
use crate::base::{Day, Fen, Month, RegionCode};
use crate::parties::{self, PartyKind};
use crate::projects::{self, Fact, Site};
use crate::store::bulk::numbers::Numbers;
use crate::store::bulk::{PunchRow, insert_punches};
use crate::store::conn::Place;
use crate::store::vault::{Entropy, Owner};
use crate::store::{Chain, Db, StoreError, Tx, migrate};
use crate::web::{Ctx, Ground, Problem};
use crate::workers::table::{self as roll, EnrolmentRow, EventRow, WorkerRow};
use crate::workers::{EventKind, IdKind, Paper, card_index, day_number, id_index, pin_index};

/// From what everybody follows.
const SEED: u64 = 20_260_401;
/// Where the site lies: Hefei.
const REGION: &str = "340100";
/// Workers enrolled in one transaction.
const IN_TRANSACTION: usize = 1_000;
/// Seconds of the day at which the gates open in the morning and in the evening.
const OPENING: [i32; 2] = [6 * 3600, 17 * 3600];
/// Within so many seconds everybody has passed.
const PASSING_SECONDS: i32 = 5_400;
/// What the owner has paid into the wage account.
const BALANCE: Fen = Fen(50_000_000_000);

/// The month: thirty days, all worked.
pub(super) fn month() -> Result<Month, StoreError> {
    Day::of(2026, 4, 1).map(Day::month).ok_or_else(|| StoreError::Setup("no such month".to_owned()))
}

/// Services over an empty database, on a day of the month after.
pub(super) fn ground(config_dir: Option<&Path>, url: Option<&str>, folder: &Folder) -> Result<Arc<Ground>, StoreError> {
    let config = Config::load(config_dir)?;
    let place = match url {
        None => Place::in_folder(&folder.0),
        Some(url) => Place::parse(url)?,
    };
    let db = Db::open(place, &config.db_options())?;
    migrate::up(&db)?;
    let mut key = [0; 32];
    SystemEntropy.fill(&mut key)?;
    let law = config::law_book(config_dir)?;
    let today = month()?.plus(1).first().plus_days(5);
    build::ground(db, key, Arc::new(FrozenDay::on(today)), &law, &config, false)
}

/// Writes the site; gives it with the number of punches.
pub(super) fn fill(ground: &Arc<Ground>, workers: usize) -> Result<(ProjectId, usize), StoreError> {
    let month = month()?;
    let (project, crew, device) = write(ground, move |tx, ctx| site(tx, ctx, month))?;
    let mut pins = Vec::with_capacity(workers);
    while pins.len() < workers {
        let (first, last) = (pins.len(), workers.min(pins.len() + IN_TRANSACTION));
        pins.extend(write(ground, move |tx, ctx| {
            let site = projects::enter(tx.conn(), &ctx.scope, project)?;
            (first..last).map(|number| enrol(tx, ctx, &site, crew, month.first(), number)).collect::<Result<Vec<_>, _>>()
        })?);
    }
    let pins = Arc::new(pins);
    let mut punches = 0;
    for step in 0..=month.last().days_since(month.first()) {
        let (day, pins) = (day_number(month.first().plus_days(step)), Arc::clone(&pins));
        punches += write(ground, move |tx, ctx| {
            mark_dirty(tx.conn(), project, day, ctx.now)?;
            Ok(insert_punches(tx.conn(), &passages(project, device, day, &pins), Numbers::default())?.len())
        })?;
    }
    Ok((project, punches))
}

/// Everybody's way in and out on a day, spread over the minutes in which a gate passes a crowd.
fn passages(project: ProjectId, device: DeviceId, day: i32, pins: &[i64]) -> Vec<PunchRow> {
    let mut rows = Vec::with_capacity(pins.len() * 2);
    for (state, opening) in (0..).zip(OPENING) {
        for (place, pin_id) in (0_i32..).zip(pins) {
            let local_time = opening + place.wrapping_mul(7919).rem_euclid(PASSING_SECONDS);
            let (project_id, device_id) = (project.0, device.0);
            rows.push(PunchRow {
                project_id,
                local_day: day,
                local_time,
                device_id,
                pin_id: *pin_id,
                state,
                verify: 15,
                ordinal: 0,
                inbox_id: 0,
            });
        }
    }
    rows
}

fn party(tx: &mut Tx<'_>, ctx: &Ctx, number: u32, name: &str) -> Result<PartyId, Problem> {
    // Six of the nine places are those of a run, so that a database may be used twice.
    let body = format!("91349999{:06}{number:03}", ctx.id() % 1_000_000);
    let uscc = Uscc::from_body(&body).ok_or_else(|| Problem::internal("no credit code"))?;
    let new = parties::actions::NewParty { uscc, name: name.to_owned(), kind: PartyKind::Enterprise, parent: None };
    Ok(parties::actions::register(tx, ctx, &new)?.id)
}

fn site(tx: &mut Tx<'_>, ctx: &Ctx, month: Month) -> Result<(ProjectId, CrewId, DeviceId), Problem> {
    let (owner, contractor) = (party(tx, ctx, 1, "测量建设单位")?, party(tx, ctx, 2, "测量总包单位")?);
    let region: RegionCode = REGION.parse().map_err(|error| Problem::internal(&format!("{error}")))?;
    let from_on = month.first().plus_days(-90);
    let new = projects::actions::NewProject {
        code: format!("P-{}", ctx.id()),
        name: "测量大型工程".to_owned(),
        region,
        owner,
        general_contractor: contractor,
        from_on,
    };
    let id = projects::actions::register(tx, ctx, &new)?.id;
    let site = projects::enter(tx.conn(), &ctx.scope, id)?;
    projects::actions::record_fact(tx, ctx, &site, from_on, &Fact::PayDay { day: 15 }, None)?;
    let crew = projects::actions::add_crew(tx, ctx, &site, "一班", contractor, from_on)?;
    let recorded_seq = tx.seq(Chain::Organisation)?;
    let fresh = DeviceRow::fresh(DeviceId(ctx.id()), format!("P{}", ctx.id()), Maker::Zkteco, ctx.now, recorded_seq);
    let device = DeviceRow { project_id: Some(id), gate: "东门".to_owned(), state: DeviceState::Active, ..fresh };
    devices::insert(tx, &device, ctx.now)?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "bind_device", &device.id.to_string())?;
    account(tx, ctx, &site, from_on)?;
    Ok((id, crew.id, device.id))
}

/// A wage account with enough on it, as a statement says.
fn account(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, from_on: Day) -> Result<(), Problem> {
    let chain = Chain::Project(site.id);
    let recorded_seq = tx.seq(chain)?;
    let row = AccountRow {
        project_id: site.id,
        id: AccountId(ctx.id()),
        number: format!("6219999{:012}", ctx.id() % 1_000_000_000_000),
        sub_ledger: String::new(),
        name: "测量总包单位测量大型工程农民工工资专用账户".to_owned(),
        bank_name: "测量银行".to_owned(),
        bank_code: "TESTCNBJ".to_owned(),
        opened_on: from_on,
        agreement_document_id: None,
        filed_on: None,
        closed_on: None,
        detail_means_paid: false,
        recorded_seq,
    };
    bank::insert(tx, &row)?;
    let day = ctx.today.plus_days(-1);
    let statement = StatementRow {
        project_id: site.id,
        id: StatementId(ctx.id()),
        account_id: row.id,
        inbox_id: InboxId(0),
        format: "camt.053".to_owned(),
        kind: StatementKind::Statement,
        statement_ref: day.to_string(),
        from_on: Some(day),
        to_on: Some(day),
        opening_fen: Some(Fen::ZERO),
        closing_fen: Some(BALANCE),
        entries: 1,
        duplicates: 0,
        problems: "[]".to_owned(),
        received_at: ctx.now,
        recorded_seq,
    };
    bank::insert_statement(tx, &statement)?;
    let entry = EntryRow {
        project_id: site.id,
        id: BankEntryId(ctx.id()),
        account_id: row.id,
        statement_id: statement.id,
        entry_key: day.to_string(),
        match_key: day.to_string(),
        booked_on: day,
        value_on: Some(day),
        direction: Direction::Credit,
        amount_fen: BALANCE,
        reversal: false,
        status: EntryStatus::Booked,
        seen_in: format!("statement:{day}"),
        bank_ref: None,
        counterparty: None,
        counterparty_account: None,
        counterparty_index: None,
        text: String::new(),
        purpose: Purpose::LabourCost,
        told_by: String::new(),
        voided_by: None,
        counted_in: None,
        recorded_seq,
    };
    bank::insert_entry(tx, &entry)?;
    tx.note(chain, ctx.now, ctx.actor(), "fill", &row.id.to_string())?;
    Ok(())
}

/// One worker with number, card and day rate; gives the number's row.
fn enrol(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, crew: CrewId, on: Day, number: usize) -> Result<i64, Problem> {
    let who = people::person(SEED, number, number);
    let vault = ctx.vault();
    let id_number = id_number(number).ok_or_else(|| Problem::internal("no identity number"))?;
    let index = id_index(vault, IdKind::IdCard, &id_number);
    let worker = WorkerRow {
        id: WorkerId(ctx.id()),
        name: who.name,
        id_kind: IdKind::IdCard,
        id_number: vault.seal(tx.conn(), Owner::Global, id_number.as_bytes())?,
        id_index: index,
        phone: None,
        created_at: ctx.now,
        recorded_seq: tx.seq(Chain::Organisation)?,
    };
    roll::insert_worker(tx, &worker)?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "enrol_worker", &worker.id.to_string())?;
    let pin = pin_index(vault, site.id, &who.pin);
    let pin_id = roll::ensure_pin(tx.conn(), vault, site.id, &who.pin, &pin, || ctx.id())?.id;
    let card = who.card.unwrap_or_default();
    let row = EnrolmentRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        worker_id: worker.id,
        crew_id: crew,
        trade: who.trade.to_owned(),
        pin_index: Some(pin),
        paper: Paper::LabourContract,
        paper_document_id: None,
        safety_trained: true,
        card: Some(vault.seal(tx.conn(), Owner::Project(site.id), card.as_bytes())?),
        card_index: Some(card_index(vault, &card)),
        bank_name: Some(who.bank_name),
        day_rate: who.day_rate,
        entered_on: on,
        left_on: None,
        recorded_seq: tx.seq(Chain::Project(site.id))?,
    };
    roll::insert(tx, &row)?;
    let event = EventRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        enrolment_id: row.id,
        kind: EventKind::Entered,
        valid_on: on,
        day_rate: row.day_rate,
        card: row.card.clone(),
        card_index: row.card_index.clone(),
        bank_name: row.bank_name.clone(),
        recorded_at: ctx.now,
        recorded_by: ctx.actor().to_owned(),
        recorded_seq: row.recorded_seq,
    };
    roll::insert_event(tx, &event)?;
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "enrol", &row.id.to_string())?;
    Ok(pin_id)
}

/// A number that nobody has: each thousand workers were born on the same day.
fn id_number(number: usize) -> Option<String> {
    let born = Day::of(1980, 1, 1)?.plus_days(i64::try_from(number / 1_000).ok()?);
    let body = format!("119999{}{:03}", born.to_string().replace('-', ""), number % 1_000);
    let digits: Vec<u32> = body.chars().filter_map(|c| c.to_digit(10)).collect();
    Some(format!("{body}{}", IdNumber::check_of(&digits)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn everybody_has_a_number_of_their_own_and_passes_twice_a_day() {
        let today = month().unwrap().last();
        let numbers: BTreeSet<String> = (0..10_000).map(|number| id_number(number).unwrap()).collect();
        assert_eq!(numbers.len(), 10_000);
        assert!(numbers.iter().step_by(97).all(|number| IdNumber::parse(number, today).is_ok()));
        let pins: Vec<i64> = (1..=10_000).collect();
        let rows = passages(ProjectId(1), DeviceId(2), 20_000, &pins);
        let keys: BTreeSet<(i64, i32)> = rows.iter().map(|row| (row.pin_id, row.local_time)).collect();
        assert_eq!((rows.len(), keys.len()), (20_000, 20_000));
    }
}
