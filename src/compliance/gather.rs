//! One question to each slice, and of each answer where it comes from.

use std::collections::BTreeSet;

use crate::attendance::devices::DeviceState;
use crate::attendance::devices::table::{self as devices, DeviceRow};
use crate::attendance::{folding, silence};
use crate::base::id::ProjectId;
use crate::base::{Day, Fen, Moment};
use crate::credit;
use crate::deposits::{self, DepositEvent};
use crate::law::facts::{
    AccountFacts, AgreedLabourCost, ContractFacts, Cycle, Debits, DepositFacts, DepositKind, Fact, LabourSplitFacts,
    MilestoneFacts, NoticeBoardFacts, PaymentBondFacts, ProjectFacts, RealNameFacts,
};
use crate::law::questions::deposit::{Credit, Industry};
use crate::projects::{self, Fact as Told, FactKind, Facts, PartyRole, Recorded, Site};
use crate::store::AnyConn;
use crate::web::{Ctx, Problem};
use crate::{accounts, attendance, labour_cost, notice_board, workers};

use super::months;
use super::{AUTHORITY, BANK, CONTRACTOR, OWNER};

/// Projects of a contractor that are looked at in one query.
const AT_ONCE: usize = 500;

/// Everything that is known of a project on a day.
pub fn gather(conn: &mut AnyConn, ctx: &Ctx, site: &Site, as_of: Day) -> Result<ProjectFacts, Problem> {
    let facts = projects::actions::facts(conn, site, as_of, None)?;
    // What several of the questions below need is asked for once.
    let shared = Shared {
        roll: workers::lookups::roll_on(conn, site.id, as_of)?,
        money: accounts::actions::money(conn, site, as_of, None)?,
        devices: devices::of_project(conn, site.id)?,
    };
    let months = months::payroll(conn, ctx, site, &facts, !shared.devices.is_empty(), as_of)?;
    let mut payroll = months::with_unlisted(conn, ctx, site, &facts, months, as_of)?;
    if shared.money.is_silent(as_of, ctx.ground.settings.upkeep.statement_days) {
        // By what the bank told before it fell silent, a month that was due by then is unpaid; a later one may have been paid since.
        for month in &mut payroll {
            month.bank_silent = shared.money.whole_until.is_some_and(|told| told < month.pay_due_on);
        }
    }
    Ok(ProjectFacts {
        region: site.region,
        contract: contract(&facts),
        milestones: milestones(conn, site, &facts, &shared, as_of)?,
        labour_manager_named: named(&facts),
        real_name: real_name(conn, ctx, site, &shared, as_of)?,
        account: account(conn, ctx, site, &shared, as_of)?,
        labour_split: labour_split(conn, ctx, site, &facts, &shared, as_of)?,
        payroll,
        entrusted_payment: entrusted(site, &facts, as_of),
        deposit: deposit(conn, site, &shared, as_of)?,
        notice_board: board(conn, site, as_of)?,
        payment_bond: bond(&facts, as_of),
    })
}

struct Shared {
    roll: workers::Roll,
    money: accounts::actions::Money,
    devices: Vec<DeviceRow>,
}

fn known<T>(value: T, source: impl Into<String>, seen_at: Option<Moment>) -> Fact<T> {
    Fact::Known { value, source: source.into(), seen_at }
}

/// What a recorded fact says, with its record as source.
pub(crate) fn told<T>(facts: &Facts, kind: FactKind, keeper: &str, read: impl FnOnce(&Recorded) -> Option<T>) -> Fact<T> {
    match facts.get(kind).and_then(|record| read(record).map(|value| (value, record))) {
        Some((value, record)) => known(value, record.id.to_string(), Some(record.recorded_at)),
        None => Fact::not_known(keeper),
    }
}

fn contract(facts: &Facts) -> ContractFacts {
    let industry = |record: &Recorded| match &record.fact {
        Told::Industry { industry } => Some(match industry.as_str() {
            "building" => Industry::Building,
            "municipal" => Industry::Municipal,
            "transport" => Industry::Transport,
            "rail" => Industry::Rail,
            "water" => Industry::Water,
            _ => Industry::Other,
        }),
        _ => None,
    };
    let months = |record: &Recorded| match &record.fact {
        // A period of eleven and a half months lasts into the twelfth.
        Told::Contract { period_months, .. } => u32::try_from(period_months.ceil().mantissa()).ok(),
        _ => None,
    };
    ContractFacts {
        signed_on: told(facts, FactKind::Contract, CONTRACTOR, |record| Some(record.valid_on)),
        sum: told(facts, FactKind::Contract, CONTRACTOR, |record| match record.fact {
            Told::Contract { sum, .. } => Some(sum),
            _ => None,
        }),
        period_months: told(facts, FactKind::Contract, CONTRACTOR, months),
        industry: told(facts, FactKind::Industry, CONTRACTOR, industry),
        government_funded: government_funded(facts),
    }
}

pub(crate) fn government_funded(facts: &Facts) -> Fact<bool> {
    told(facts, FactKind::Funding, OWNER, |record| match record.fact {
        Told::Funding { government } => Some(government),
        _ => None,
    })
}

/// A milestone that is on record has happened. One that is not on record has not, where that only lets duties go on; it is not known
/// where it would end them: people at the gate have begun to work whether or not a start was recorded, and work needs a permit.
fn milestones(conn: &mut AnyConn, site: &Site, facts: &Facts, shared: &Shared, as_of: Day) -> Result<MilestoneFacts, Problem> {
    let recorded = |kind: FactKind| {
        facts.get(kind).map(|record| known(Some(record.valid_on), record.id.to_string(), Some(record.recorded_at)))
    };
    let absent = || match facts.get(FactKind::Contract) {
        Some(contract) => known(None, "project_facts", Some(contract.recorded_at)),
        None => Fact::not_known(CONTRACTOR),
    };
    let seen = attendance::table::first_day(conn, site.id)?.filter(|day| *day <= as_of);
    let has_people = shared.roll.on_site > 0;
    let started_on = match (recorded(FactKind::Started), seen) {
        (Some(fact), _) => fact,
        (None, Some(day)) => known(Some(day), "work_days", None),
        (None, None) if has_people || facts.get(FactKind::Permit).is_some() => Fact::not_known(CONTRACTOR),
        (None, None) => absent(),
    };
    let has_begun = started_on.value().is_none_or(Option::is_some);
    let permit_on = match recorded(FactKind::Permit) {
        Some(fact) => fact,
        None if has_begun => Fact::not_known(CONTRACTOR),
        None => absent(),
    };
    let (finished_on, accepted_on) = (recorded(FactKind::Finished), recorded(FactKind::Accepted));
    Ok(MilestoneFacts {
        permit_on,
        started_on,
        finished_on: finished_on.unwrap_or_else(absent),
        accepted_on: accepted_on.unwrap_or_else(absent),
    })
}

fn named(facts: &Facts) -> Fact<bool> {
    told(facts, FactKind::LabourManager, CONTRACTOR, |_| Some(true))
}

/// Days back over which a number at the gate that nobody has counts as a person on the site.
const STRANGER_DAYS: i64 = 30;

fn real_name(conn: &mut AnyConn, ctx: &Ctx, site: &Site, shared: &Shared, as_of: Day) -> Result<RealNameFacts, Problem> {
    let roll = &shared.roll;
    let strangers = folding::unmatched(conn, ctx.vault(), site.id, as_of.plus_days(-STRANGER_DAYS), as_of)?.len();
    let unmatched = i64::try_from(strangers).unwrap_or(i64::MAX);
    let from = as_of.plus_days(-STRANGER_DAYS);
    // Whoever works on the site passes the gates again: a dark day is unknown until a whole day after it was seen with people on it.
    let is_dark = match silence::dark_days_of(conn, ctx, site.id)?.range(from..=as_of).next_back() {
        Some(last) => !attendance::table::was_attended_between(conn, site.id, *last, as_of)?,
        None => false,
    };
    let count = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    let seen = devices::last_seen(conn, &shared.devices)?;
    let last = seen.iter().map(|(_, at)| at.day()).filter(|day| *day <= as_of).max();
    // A stranger at a gate that was out of reach is not seen: nobody is known to have been there, and nobody not to.
    let seen_or_dark = |number: i64, source: &str| match number {
        0 if is_dark => Fact::not_known(CONTRACTOR),
        number => known(count(number), source, None),
    };
    Ok(RealNameFacts {
        on_site: seen_or_dark(roll.on_site.saturating_add(unmatched), "enrolments"),
        unregistered: seen_or_dark(unmatched, "punches"),
        without_contract: known(count(roll.without_paper), "enrolments", None),
        // Without the moment: of the past only the days are known on which a device was seen.
        device_seen_on: if is_unheard(ctx, site, shared, last, as_of) {
            Fact::not_known(CONTRACTOR)
        } else {
            known(last, "devices", None)
        },
    })
}

/// Whether nothing was heard lately of machines that stand on the site: a line that is cut says nothing of the equipment. Machines that
/// were blocked or taken away are none.
fn is_unheard(ctx: &Ctx, site: &Site, shared: &Shared, last: Option<Day>, as_of: Day) -> bool {
    let book = ctx.book();
    let silence = book.value("real_name.device_silence", site.region, as_of).value;
    let days = silence.and_then(|dated| dated.value.as_span()).map(|span| i64::from(span.count));
    let is_fresh = matches!((last, days), (Some(last), Some(days)) if as_of.days_since(last) <= days);
    !is_fresh && shared.devices.iter().any(|device| device.state == DeviceState::Active)
}

fn account(conn: &mut AnyConn, ctx: &Ctx, site: &Site, shared: &Shared, as_of: Day) -> Result<AccountFacts, Problem> {
    let money = &shared.money;
    let current = accounts::actions::in_use(&money.accounts, as_of);
    let prescribed = accounts::actions::prescribed_name(conn, ctx, site, as_of)?;
    let source = current.as_ref().map_or_else(|| "wage_accounts".to_owned(), |row| row.id.to_string());
    let (count, amount) = money.foreign_debits;
    let debits = Debits { count: u32::try_from(count).unwrap_or(u32::MAX), amount };
    // That money went nowhere else is known of the days only that the bank has told of.
    let has_feed = money.last_statement_on.is_some() && !money.is_silent(as_of, ctx.ground.settings.upkeep.statement_days);
    Ok(AccountFacts {
        opened_on: known(current.as_ref().map(|row| row.opened_on), source.clone(), None),
        three_party_agreement: known(
            current.as_ref().is_some_and(|row| row.agreement_document_id.is_some()),
            source.clone(),
            None,
        ),
        filed_on: known(current.as_ref().and_then(|row| row.filed_on), source.clone(), None),
        name_matches: match (&current, prescribed) {
            (Some(row), Some(name)) => known(accounts::plain(&row.name) == accounts::plain(&name), source, None),
            _ => Fact::not_known(CONTRACTOR),
        },
        other_debits: if has_feed || count > 0 { known(debits, "bank_entries", None) } else { Fact::not_known(BANK) },
    })
}

/// What is known of labour cost that is due and that came. Whether money came is known up to the day that the bank's word covers: what was
/// due by then and did not come is missing, what was due later may have come.
fn transfers(
    conn: &mut AnyConn,
    ctx: &Ctx,
    site: &Site,
    facts: &Facts,
    money: &accounts::actions::Money,
    as_of: Day,
) -> Result<(Fact<Fen>, Fact<Fen>), Problem> {
    let due = due_to_date(conn, ctx, site, facts, (as_of, as_of))?;
    let due_fact = |due: Option<Fen>| due.map_or_else(|| Fact::not_known(OWNER), |amount| known(amount, "project_facts", None));
    if !has_bank_feed(money) {
        return Ok((due_fact(due), Fact::not_known(BANK)));
    }
    // Announced, and not in the statement of its day: whether that money came only the bank knows.
    let announced = money.received.plus(money.refuted_total()?)?;
    let is_unsure = |due: Option<Fen>| due.is_some_and(|due| (due > money.received) != (due > announced));
    if is_unsure(due) {
        return Ok((due_fact(due), Fact::not_known(BANK)));
    }
    let received = known(money.received, "bank_entries", None);
    let Some(covered) = money.whole_until.filter(|told| *told < as_of && due.is_some_and(|due| due > money.received)) else {
        return Ok((due_fact(due), received));
    };
    let due_then = due_to_date(conn, ctx, site, facts, (covered, as_of))?;
    if is_unsure(due_then) {
        return Ok((due_fact(due_then), Fact::not_known(BANK)));
    }
    if due_then.is_some_and(|due| due > money.received) {
        return Ok((due_fact(due_then), received));
    }
    Ok((due_fact(due), Fact::not_known(BANK)))
}

fn has_bank_feed(money: &accounts::actions::Money) -> bool {
    money.last_statement_on.is_some() || money.last_labour_cost_on.is_some()
}

fn labour_split(
    conn: &mut AnyConn,
    ctx: &Ctx,
    site: &Site,
    facts: &Facts,
    shared: &Shared,
    as_of: Day,
) -> Result<LabourSplitFacts, Problem> {
    let money = &shared.money;
    let has_feed = has_bank_feed(money);
    // How far the bank has told, where it has not told of today: the gap since the last money is judged as of then.
    let told_until = money.covered_on.filter(|covered| *covered < as_of).map(Day::begins);
    let agreed = told(facts, FactKind::LabourCost, CONTRACTOR, |record| match &record.fact {
        // An older version took both: the amount counts, as it does where the transfers are computed.
        Told::LabourCost { monthly: Some(monthly), .. } => Some(AgreedLabourCost::Amount { amount: *monthly }),
        Told::LabourCost { share: Some(share), .. } => Some(AgreedLabourCost::Share { share: *share }),
        _ => None,
    });
    let (due, received) = transfers(conn, ctx, site, facts, money, as_of)?;
    Ok(LabourSplitFacts {
        agreed,
        cycle: told(facts, FactKind::LabourCost, CONTRACTOR, |record| match &record.fact {
            // The registry takes no cycle above one month, so every shorter one is kept as the month that it lies in.
            Told::LabourCost { .. } => Some(Cycle::Months(1)),
            _ => None,
        }),
        transfer_day: told(facts, FactKind::LabourCost, CONTRACTOR, |record| match &record.fact {
            Told::LabourCost { transfer_day, .. } => Some(Some(*transfer_day)),
            _ => None,
        }),
        last_on: match has_feed && !money.ends_refuted() {
            true => known(money.last_labour_cost_on, "bank_entries", told_until),
            false => Fact::not_known(BANK),
        },
        due,
        received,
    })
}

/// Labour cost that the contract, as it is known on a day, has made due by another; not known while progress money that it is a share of
/// is not on record.
fn due_to_date(
    conn: &mut AnyConn,
    ctx: &Ctx,
    site: &Site,
    facts: &Facts,
    (until, as_of): (Day, Day),
) -> Result<Option<Fen>, Problem> {
    if facts.get(FactKind::LabourCost).is_none() {
        return Ok(None);
    }
    let history = projects::actions::history(conn, site)?;
    let dues = labour_cost::dues(&ctx.book(), site.region, &history, until, as_of);
    let amounts: Option<Vec<Fen>> = dues.iter().map(|due| due.amount).collect();
    Ok(amounts.map(Fen::total).transpose()?)
}

fn entrusted(site: &Site, facts: &Facts, as_of: Day) -> Fact<bool> {
    let subcontractors = site.participations().iter().filter(|row| row.role == PartyRole::Subcontractor && row.holds_on(as_of));
    let agreed: Vec<_> = facts.entrusted().collect();
    known(subcontractors.into_iter().all(|row| agreed.contains(&row.party_id)), "project_facts", None)
}

fn deposit(conn: &mut AnyConn, site: &Site, shared: &Shared, as_of: Day) -> Result<DepositFacts, Problem> {
    let all = deposits::actions::all(conn, site, None)?;
    let standing: Vec<_> = all.iter().filter(|one| one.deposit.lodged_on <= as_of).collect();
    let latest = standing.iter().max_by_key(|one| (one.deposit.lodged_on, one.deposit.id));
    let is_cash = latest.is_some_and(|one| one.deposit.kind.is_cash());
    let held = deposits::actions::held_of(&all, as_of)?;
    let last = |kind: DepositEvent| {
        standing
            .iter()
            .flat_map(|one| &one.events)
            .filter(|event| event.kind == kind && event.happened_on <= as_of)
            .map(|e| e.happened_on)
            .max()
    };
    let source = latest.map_or_else(|| "deposits".to_owned(), |one| one.deposit.id.to_string());
    let has_account = accounts::actions::in_use(&shared.money.accounts, as_of).is_some();
    let has_device = !shared.devices.is_empty();
    let mut facts = DepositFacts {
        kind: known(
            match latest {
                None => DepositKind::None,
                Some(_) if is_cash => DepositKind::Cash,
                Some(_) => DepositKind::Guarantee,
            },
            source.clone(),
            None,
        ),
        lodged: known(held, source.clone(), None),
        lodged_on: known(latest.map(|one| one.deposit.lodged_on), source.clone(), None),
        guarantee_ends_on: known(latest.and_then(|one| one.deposit.ends_on), source, None),
        used_on: known(last(DepositEvent::Used), "deposit_events", None),
        replenished_on: known(last(DepositEvent::Replenished), "deposit_events", None),
        nth_project_in_area: Fact::not_known(AUTHORITY),
        last_arrears_on: Fact::not_known(AUTHORITY),
        clean_years: Fact::not_known(AUTHORITY),
        on_serious_list: Fact::not_known(AUTHORITY),
        // The account system stands with an open account, the real-name system with a device that is bound to a gate (R65-12a).
        systems_in_place: known(has_account && has_device, "wage_accounts, devices", None),
        already_deposited: Fact::not_known(AUTHORITY),
        credit: Fact::not_known(AUTHORITY),
    };
    history(conn, site, as_of, &mut facts)?;
    Ok(facts)
}

/// The contractor's record in the deposit area, which is taken to be the city.
fn history(conn: &mut AnyConn, site: &Site, as_of: Day, facts: &mut DepositFacts) -> Result<(), Problem> {
    let Some(contractor) = site.party(PartyRole::GeneralContractor, as_of) else { return Ok(()) };
    let area = site.region.chain().find(|code| code.number() % 100 == 0).unwrap_or(site.region);
    let standing = credit::standing(conn, contractor, area, as_of)?;
    let source = contractor.to_string();
    if let Some(listed) = standing.on_serious_list {
        facts.on_serious_list = known(listed, source.clone(), None);
    }
    if let Some(years) = standing.clean_years {
        facts.clean_years = known(years, source.clone(), None);
    }
    if let Some(last) = standing.arrears_since(as_of.plus_months(-24)) {
        facts.last_arrears_on = known(last, source.clone(), None);
    }
    let (mut earlier, mut already) = (0_u32, Fen::ZERO);
    let theirs = projects::table::of_parties(conn, &[contractor])?.into_iter();
    let before = theirs.filter(|(id, role)| *role == PartyRole::GeneralContractor && *id < site.id);
    let before: BTreeSet<ProjectId> = before.map(|(id, _)| id).collect();
    let before: Vec<ProjectId> = before.into_iter().collect();
    for some in before.chunks(AT_ONCE) {
        let in_area = projects::table::some(conn, some)?.into_iter().filter(|other| area.holds(other.region));
        let in_area: Vec<ProjectId> = in_area.map(|other| other.id).collect();
        for held in deposits::actions::held_by(conn, &in_area, as_of)?.into_values() {
            earlier += u32::from(held.is_positive());
            already = already.plus(held)?;
        }
    }
    facts.nth_project_in_area = known(earlier + 1, "projects", None);
    facts.already_deposited = known(already, "deposits", None);
    facts.credit = known(None::<Credit>, "credit_records", None);
    Ok(())
}

fn board(conn: &mut AnyConn, site: &Site, as_of: Day) -> Result<NoticeBoardFacts, Problem> {
    let Some(row) = notice_board::table::latest(conn, site.id, as_of, None)? else {
        return Ok(NoticeBoardFacts {
            present: Fact::not_known(CONTRACTOR),
            missing_items: Fact::not_known(CONTRACTOR),
            photo_on: Fact::not_known(CONTRACTOR),
        });
    };
    let missing = notice_board::missing(&notice_board::of_text(&row.items)).into_iter().map(|item| item.to_string()).collect();
    let source = row.id.to_string();
    Ok(NoticeBoardFacts {
        present: known(true, source.clone(), None),
        missing_items: known(missing, source.clone(), None),
        photo_on: known(Some(row.photo_on), source, None),
    })
}

/// Whether the owner's bond covers the day.
pub(crate) fn bond_valid(facts: &Facts, as_of: Day) -> Fact<bool> {
    told(facts, FactKind::PaymentBond, OWNER, |record| match record.fact {
        Told::PaymentBond { ends_on, .. } => Some(as_of <= ends_on),
        _ => None,
    })
}

fn bond(facts: &Facts, as_of: Day) -> PaymentBondFacts {
    PaymentBondFacts {
        valid: bond_valid(facts, as_of),
        ends_on: told(facts, FactKind::PaymentBond, OWNER, |record| match record.fact {
            Told::PaymentBond { ends_on, .. } => Some(Some(ends_on)),
            _ => None,
        }),
    }
}
