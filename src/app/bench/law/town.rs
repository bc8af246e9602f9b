//! The land that the law is measured on: companies, and building sites with months of people, attendance, wages and money.
//!
//! Rows are written through the slices' own verbs and rows, so that the journal vouches for each and `verify` holds; work days and
//! punches, which no journal holds, are made by the database from the roll. Everything follows from the seed. Deliberately absent:
//! papers, the bank's files, and what happened to a line before its last state: neither a rule nor a gate reads them.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::wages::{self, Fate};
use crate::app::demo::luck::Luck;
use crate::app::demo::people;
use crate::attendance::devices::table::{self as devices, DeviceRow};
use crate::attendance::devices::{DeviceState, Maker};
use crate::base::id::{CaseId, DeviceId, PartyId, ProjectId, RecordId, WorkerId};
use crate::base::person::Uscc;
use crate::base::{Day, Fen, Month, RegionCode};
use crate::cases::{self, CaseKind};
use crate::credit::{self, CreditKind};
use crate::deposits::{self, DepositKind};
use crate::notice_board::{self, BoardItem};
use crate::parties::{self, PartyKind};
use crate::projects::{self, Fact, Site};
use crate::store::vault::Owner;
use crate::store::{Chain, StoreError, Tx};
use crate::web::{Ctx, Ground, Problem};
use crate::workers::table::{self as roll, EnrolmentRow, EventRow, WorkerRow};
use crate::workers::{EventKind, IdKind, Paper, card_index, id_index, pin_index};

/// From what everything follows.
const SEED: u64 = 20_260_320;
/// Projects written in one transaction.
const IN_TRANSACTION: usize = 50;
/// How many projects there are for each owner, and for each general contractor.
const PROJECTS_OF_OWNER: usize = 5;
const PROJECTS_OF_CONTRACTOR: usize = 8;
/// One company in so many is a large one; large ones have a third of all projects.
const LARGE: usize = 20;
/// Companies of a group: of each ten contractors two belong to the first.
const TEN: usize = 10;
/// Places, of eight provinces: with rules of their own, and without.
const REGIONS: &[&str] =
    &["340102", "340207", "330784", "330106", "320505", "440305", "440106", "510107", "410105", "370202", "430104", "610113"];
/// A contract's last months may lie so far back.
const ENDED_MONTHS: u32 = 12;
/// The longest work here; the shortest is three months.
const MONTHS_MAX: u32 = 24;
const MONTHS_MIN: u32 = 3;

/// A worker as the wages need them.
pub struct Hand {
    pub enrolment: RecordId,
    pub worker: WorkerId,
    pub day_rate: Fen,
    pub entered_on: Day,
    pub left_on: Option<Day>,
}

/// What is settled about a project before anything of it is written.
pub struct Plan {
    pub number: usize,
    pub region: RegionCode,
    pub owner: PartyId,
    pub contractor: PartyId,
    pub began_on: Day,
    pub ended_on: Option<Day>,
    pub fate: Fate,
    pub people: usize,
}

/// What was written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    pub month_facts: u64,
    pub enrolments: u64,
    pub work_days: u64,
    pub punches: u64,
}

/// Fills the database with so many projects.
pub fn fill(ground: &Arc<Ground>, projects: usize) -> Result<(Vec<ProjectId>, Counts), StoreError> {
    let ctx = Ctx::of_the_house(ground, "bench");
    let house = ctx.clone();
    let firms = write(ground, move |tx| firms(tx, &house, projects))?;
    let firms = Arc::new(firms);
    let (mut made, mut counts) = (Vec::with_capacity(projects), Counts::default());
    while made.len() < projects {
        let (first, last) = (made.len(), projects.min(made.len() + IN_TRANSACTION));
        let (house, firms) = (ctx.clone(), Arc::clone(&firms));
        let some = write(ground, move |tx| {
            let mut some = Vec::with_capacity(last - first);
            for number in first..last {
                some.push(project(tx, &house, &plan(&house, &firms, number)?)?);
            }
            Ok(some)
        })?;
        for (project, own) in some {
            made.push(project);
            counts.month_facts += own.month_facts;
            counts.enrolments += own.enrolments;
            counts.work_days += own.work_days;
            counts.punches += own.punches;
        }
    }
    Ok((made, counts))
}

fn write<T: Send + 'static>(
    ground: &Arc<Ground>,
    work: impl Fn(&mut Tx<'_>) -> Result<T, Problem> + Send + 'static,
) -> Result<T, StoreError> {
    ground.db.write_blocking(work).map_err(|problem| super::refused(&problem))
}

/// Owners and general contractors, the large ones first.
struct Firms {
    owners: Vec<PartyId>,
    contractors: Vec<PartyId>,
}

fn firms(tx: &mut Tx<'_>, ctx: &Ctx, projects: usize) -> Result<Firms, Problem> {
    let mut firms = Firms { owners: Vec::new(), contractors: Vec::new() };
    for number in 0..(projects / PROJECTS_OF_OWNER).max(2) {
        firms.owners.push(firm(tx, ctx, "建设单位", 0, number, None)?);
    }
    for number in 0..(projects / PROJECTS_OF_CONTRACTOR).max(2) {
        let head = firms.contractors.get(number - number % TEN).copied();
        let parent = head.filter(|_| number % TEN >= TEN - 2);
        let party = firm(tx, ctx, "建筑集团", 1, number, parent)?;
        firms.contractors.push(party);
        record_credit(tx, ctx, party, number)?;
    }
    Ok(firms)
}

fn firm(tx: &mut Tx<'_>, ctx: &Ctx, kind: &str, of: usize, number: usize, parent: Option<PartyId>) -> Result<PartyId, Problem> {
    let body = format!("9134{of}999{number:09}");
    let uscc = Uscc::from_body(&body).ok_or_else(|| Problem::internal("no credit code"))?;
    let name = format!("测量{kind}{number}");
    Ok(parties::actions::register(tx, ctx, &parties::actions::NewParty { uscc, name, kind: PartyKind::Enterprise, parent })?.id)
}

/// Of most contractors somebody has looked at the list and knows how long nothing was owed; of some nobody did.
fn record_credit(tx: &mut Tx<'_>, ctx: &Ctx, party: PartyId, number: usize) -> Result<(), Problem> {
    let mut luck = Luck::of(SEED, "credit", number);
    if luck.happens(10) {
        return Ok(());
    }
    let clean = ctx.today.plus_days(-i64::from(luck.below(2000)));
    for (kind, valid_on) in [(CreditKind::NotListed, ctx.today.plus_days(-20)), (CreditKind::CleanSince, clean)] {
        let row = credit::table::CreditRow {
            id: RecordId(ctx.id()),
            party_id: party,
            kind,
            region: region(&mut luck)?.chain().last().unwrap_or(RegionCode(100_000)),
            valid_on,
            until_on: None,
            value: "测量".to_owned(),
            document_id: None,
            recorded_at: ctx.now,
            recorded_seq: tx.seq(Chain::Organisation)?,
        };
        credit::table::insert(tx, &row)?;
        tx.note(Chain::Organisation, ctx.now, ctx.actor(), "record_credit", &row.id.to_string())?;
    }
    Ok(())
}

fn region(luck: &mut Luck) -> Result<RegionCode, Problem> {
    luck.pick(REGIONS).parse().map_err(|error| Problem::internal(&format!("{error}")))
}

/// One of the companies: a third of the time a large one.
fn one_of(luck: &mut Luck, firms: &[PartyId]) -> Result<PartyId, Problem> {
    let large = (firms.len() / LARGE).max(1);
    let among = if luck.happens(33) { large } else { firms.len() };
    let place = usize::try_from(luck.below(u32::try_from(among).unwrap_or(u32::MAX))).unwrap_or(0);
    firms.get(place).copied().ok_or_else(|| Problem::internal("no company"))
}

fn plan(ctx: &Ctx, firms: &Firms, number: usize) -> Result<Plan, Problem> {
    let mut luck = Luck::of(SEED, "project", number);
    let this = ctx.today.month();
    let has_ended = luck.happens(30);
    let back = if has_ended { 1 + luck.below(ENDED_MONTHS) } else { 0 };
    let span = MONTHS_MIN + luck.below(MONTHS_MAX - MONTHS_MIN + 1);
    let months = |count: u32| i32::try_from(count).unwrap_or(0);
    let last = this.plus(-months(back));
    let first = last.plus(-months(span));
    let people = 2 + luck.below(7) + if luck.happens(4) { 10 + luck.below(40) } else { 0 };
    Ok(Plan {
        number,
        region: region(&mut luck)?,
        owner: one_of(&mut luck, &firms.owners)?,
        contractor: one_of(&mut luck, &firms.contractors)?,
        began_on: first.first().plus_days(i64::from(luck.below(20))),
        ended_on: has_ended.then(|| last.last()),
        fate: Fate::of(&mut luck),
        people: usize::try_from(people).unwrap_or(1),
    })
}

fn project(tx: &mut Tx<'_>, ctx: &Ctx, plan: &Plan) -> Result<(ProjectId, Counts), Problem> {
    let mut luck = Luck::of(SEED, "papers", plan.number);
    let new = projects::actions::NewProject {
        code: format!("L-{}", plan.number),
        name: format!("测量工程{}", plan.number),
        region: plan.region,
        owner: plan.owner,
        general_contractor: plan.contractor,
        from_on: plan.began_on.plus_days(-60),
    };
    let id = projects::actions::register(tx, ctx, &new)?.id;
    let site = projects::enter(tx.conn(), &ctx.scope, id)?;
    let monthly = Fen(i64::try_from(plan.people).unwrap_or(1) * 22 * 32_000);
    for (day, fact) in facts(ctx, plan, &mut luck, monthly) {
        projects::actions::record_fact(tx, ctx, &site, day.min(ctx.today), &fact, None)?;
    }
    papers(tx, ctx, &site, plan, &mut luck)?;
    let hands = people(tx, ctx, &site, plan, &mut luck)?;
    let mut counts = super::table::attend(tx.conn(), id, plan.began_on, plan.ended_on.unwrap_or(ctx.today.plus_days(-1)))?;
    if let Some(device) = device(tx, ctx, &site, plan, &mut luck)? {
        counts.punches = super::table::punch(tx.conn(), id, device, ctx.today.plus_days(-31))?;
    }
    counts.enrolments = u64::try_from(hands.len()).unwrap_or(0);
    counts.month_facts = wages::write(tx, ctx, &site, plan, &hands, monthly, &mut luck)?;
    Ok((id, counts))
}

fn facts(ctx: &Ctx, plan: &Plan, luck: &mut Luck, monthly: Fen) -> Vec<(Day, Fact)> {
    let signed = plan.began_on.plus_days(-40);
    let sum = Fen(monthly.0.saturating_mul(60));
    let industry = luck.pick(&["building", "building", "municipal", "transport", "water"]).to_owned();
    let mut facts = vec![
        (signed, Fact::Contract { sum, period_months: Decimal::from(MONTHS_MAX) }),
        (signed, Fact::Industry { industry }),
        (signed, Fact::Funding { government: luck.happens(40) }),
        (signed, Fact::LabourCost { share: None, monthly: Some(monthly), transfer_day: 10, cycle_months: Decimal::ONE }),
        (signed, Fact::PayDay { day: wages::PAY_DAY }),
        (signed, Fact::FundsCommitment { given: true }),
        (plan.began_on.plus_days(-10), Fact::Permit { number: format!("测许{}", plan.number) }),
        (plan.began_on, Fact::Started {}),
        (plan.began_on, Fact::LabourManager { name: "测量员".to_owned() }),
    ];
    if luck.happens(85) {
        let (issuer, ends_on) = ("测量银行".to_owned(), ctx.today.plus_days(i64::from(luck.below(500)) - 30));
        facts.push((signed, Fact::PaymentBond { amount: Fen(sum.0 / 10), issuer, ends_on: ends_on.max(signed) }));
    }
    if luck.happens(90) {
        let overdue = luck.happens(8);
        facts.push((
            ctx.today.plus_days(-40),
            Fact::OwnerMoney { overdue, amount: None, led_to_arrears: overdue && luck.happens(30) },
        ));
    }
    if let Some(end) = plan.ended_on {
        facts.push((end, Fact::Finished {}));
        if luck.happens(50) {
            facts.push((end.plus_days(10), Fact::Accepted {}));
        }
    }
    facts
}

/// Deposit, notice board, and now and then a case.
fn papers(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, plan: &Plan, luck: &mut Luck) -> Result<(), Problem> {
    if luck.happens(92) {
        let is_cash = luck.happens(30);
        let new = deposits::actions::NewDeposit {
            kind: if is_cash { DepositKind::Cash } else { DepositKind::LetterOfGuarantee },
            amount: Fen(50_000_000 + i64::from(luck.below(100)) * 1_000_000),
            issuer: "测量银行".to_owned(),
            lodged_on: plan.began_on.plus_days(-15),
            ends_on: (!is_cash).then(|| plan.began_on.plus_months(30)),
            document: None,
        };
        deposits::actions::lodge(tx, ctx, site, &new)?;
    }
    let chain = Chain::Project(site.id);
    if luck.happens(90) {
        let shown = if luck.happens(80) { BoardItem::ALL } else { BoardItem::ALL.get(..8).unwrap_or_default() };
        let row = notice_board::table::BoardRow {
            project_id: site.id,
            id: RecordId(ctx.id()),
            items: notice_board::to_text(shown),
            photo_document_id: None,
            photo_on: ctx.today.plus_days(-i64::from(luck.below(60))),
            recorded_seq: tx.seq(chain)?,
        };
        notice_board::table::insert(tx, &row)?;
        tx.note(chain, ctx.now, ctx.actor(), "record_board", &row.id.to_string())?;
    }
    if luck.happens(3) {
        let row = cases::table::CaseRow {
            project_id: site.id,
            id: CaseId(ctx.id()),
            kind: if luck.happens(50) { CaseKind::Complaint } else { CaseKind::Arbitration },
            opened_on: ctx.today.plus_days(-25),
            closed_on: None,
            workers: Some(3),
            amount_fen: None,
            outcome: None,
            recorded_seq: tx.seq(chain)?,
        };
        cases::table::insert(tx, &row)?;
        tx.note(chain, ctx.now, ctx.actor(), "open_case", &row.id.to_string())?;
    }
    Ok(())
}

fn device(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, plan: &Plan, luck: &mut Luck) -> Result<Option<DeviceId>, Problem> {
    if !luck.happens(95) {
        return Ok(None);
    }
    let last = plan.ended_on.unwrap_or(ctx.today.plus_days(-i64::from(luck.below(3))));
    let recorded_seq = tx.seq(Chain::Organisation)?;
    let fresh = DeviceRow::fresh(DeviceId(ctx.id()), format!("L{:09}", plan.number), Maker::Zkteco, ctx.now, recorded_seq);
    let row = DeviceRow { project_id: Some(site.id), gate: "东门".to_owned(), state: DeviceState::Active, ..fresh };
    devices::insert(tx, &row, last.begins().plus_seconds(8 * 3600))?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "bind_device", &row.id.to_string())?;
    Ok(Some(row.id))
}

/// People with numbers at the gate; most come with the work and stay to its end.
fn people(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, plan: &Plan, luck: &mut Luck) -> Result<Vec<Hand>, Problem> {
    let crew = projects::actions::add_crew(tx, ctx, site, "一班", plan.contractor, plan.began_on)?;
    let (chain, vault) = (Chain::Project(site.id), ctx.vault());
    let mut hands = Vec::with_capacity(plan.people);
    for place in 0..plan.people {
        let who = people::person(SEED, plan.number * 100 + place, place);
        // The order codes of identity numbers do not reach for so many people: what stands here is as long, and nobody's.
        let number = format!("119999{:012}", plan.number * 100 + place);
        let worker = WorkerRow {
            id: WorkerId(ctx.id()),
            name: who.name,
            id_kind: IdKind::Other,
            id_number: vault.seal(tx.conn(), Owner::Global, number.as_bytes())?,
            id_index: id_index(vault, IdKind::Other, &number),
            phone: None,
            created_at: ctx.now,
            recorded_seq: tx.seq(Chain::Organisation)?,
        };
        roll::insert_worker(tx, &worker)?;
        tx.note(Chain::Organisation, ctx.now, ctx.actor(), "enrol_worker", &worker.id.to_string())?;
        let entered_on = plan.began_on.plus_days(if luck.happens(85) { 0 } else { i64::from(luck.below(90)) });
        let leaves = plan.began_on.plus_days(100 + i64::from(luck.below(300)));
        let left_on = if luck.happens(12) { Some(leaves) } else { None };
        let left_on = left_on.filter(|day| *day < ctx.today).into_iter().chain(plan.ended_on).min();
        let index = pin_index(vault, site.id, &who.pin);
        roll::ensure_pin(tx.conn(), vault, site.id, &who.pin, &index, || ctx.id())?;
        let card = match &who.card {
            Some(card) => Some(vault.seal(tx.conn(), Owner::Project(site.id), card.as_bytes())?),
            None => None,
        };
        let row = EnrolmentRow {
            project_id: site.id,
            id: RecordId(ctx.id()),
            worker_id: worker.id,
            crew_id: crew.id,
            trade: who.trade.to_owned(),
            pin_index: Some(index),
            paper: match luck.below(20) {
                0 => Paper::None,
                1..=6 => Paper::WorkAgreement,
                _ => Paper::LabourContract,
            },
            paper_document_id: None,
            safety_trained: luck.happens(97),
            card,
            card_index: who.card.as_ref().map(|card| card_index(vault, card)),
            bank_name: Some(who.bank_name),
            day_rate: who.day_rate,
            entered_on,
            left_on: left_on.map(|day| day.max(entered_on)),
            recorded_seq: tx.seq(chain)?,
        };
        roll::insert(tx, &row)?;
        let entered = EventRow {
            project_id: site.id,
            id: RecordId(ctx.id()),
            enrolment_id: row.id,
            kind: EventKind::Entered,
            valid_on: entered_on,
            day_rate: row.day_rate,
            card: row.card.clone(),
            card_index: row.card_index.clone(),
            bank_name: row.bank_name.clone(),
            recorded_at: ctx.now,
            recorded_by: ctx.actor().to_owned(),
            recorded_seq: row.recorded_seq,
        };
        roll::insert_event(tx, &entered)?;
        if let Some(last) = row.left_on {
            let left = EventRow { id: RecordId(ctx.id()), kind: EventKind::Left, valid_on: last, ..entered };
            roll::insert_event(tx, &left)?;
        }
        tx.note(chain, ctx.now, ctx.actor(), "enrol", &row.id.to_string())?;
        hands.push(Hand { enrolment: row.id, worker: worker.id, day_rate: row.day_rate, entered_on, left_on: row.left_on });
    }
    Ok(hands)
}

impl Hand {
    /// Days of the month that are paid.
    pub fn days_in(&self, month: Month) -> i64 {
        let (first, last) = (month.first().max(self.entered_on), month.last().min(self.left_on.unwrap_or(month.last())));
        // Days beyond the rostered part of a month are days off.
        let rostered = month.day_or_last(super::table::DAYS_IN_MONTH);
        (last.min(rostered).days_since(first) + 1).max(0)
    }
}
