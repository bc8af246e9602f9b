//! Reads the facts of a project from a case, section by section; what is not given is not known.

use crate::base::{Fen, Month, RegionCode};
use crate::law::facts::{AgreedLabourCost, Cycle, Debits, DepositKind, Fact, MonthPay, Owed, ProjectFacts, SheetState};
use crate::law::questions::given::{Choice, Given, Refusal};

impl Choice for DepositKind {
    fn words() -> Vec<&'static str> {
        vec!["none", "cash", "guarantee"]
    }
    fn read(word: &str) -> Option<Self> {
        match word {
            "none" => Some(DepositKind::None),
            "cash" => Some(DepositKind::Cash),
            "guarantee" => Some(DepositKind::Guarantee),
            _ => None,
        }
    }
}

impl Choice for SheetState {
    fn words() -> Vec<&'static str> {
        vec!["none", "draft", "submitted", "audited"]
    }
    fn read(word: &str) -> Option<Self> {
        match word {
            "none" => Some(SheetState::None),
            "draft" => Some(SheetState::Draft),
            "submitted" => Some(SheetState::Submitted),
            "audited" => Some(SheetState::Audited),
            _ => None,
        }
    }
}

fn put<T>(fact: &mut Fact<T>, value: Option<T>) {
    if let Some(value) = value {
        *fact = Fact::known(value, "case");
    }
}

/// Reads one section, where it is there.
fn section<'a>(
    given: &mut Given<'a>,
    name: &'static str,
    read: impl FnOnce(&mut Given<'a>) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let Some(table) = given.table(name)? else { return Ok(()) };
    let mut inner = Given::new(table);
    read(&mut inner)?;
    inner.finish()
}

pub(super) fn read(given: &mut Given<'_>, region: RegionCode) -> Result<ProjectFacts, Refusal> {
    let mut facts = ProjectFacts::unknown(region, "case");
    put(&mut facts.labour_manager_named, given.truth("labour_manager_named")?);
    put(&mut facts.entrusted_payment, given.truth("entrusted_payment")?);
    section(given, "contract", |of| {
        let contract = &mut facts.contract;
        put(&mut contract.signed_on, of.day("signed_on")?);
        put(&mut contract.sum, of.money("sum")?);
        put(&mut contract.period_months, of.count("period_months")?);
        put(&mut contract.industry, of.choice("industry")?);
        put(&mut contract.government_funded, of.truth("government_funded")?);
        Ok(())
    })?;
    section(given, "milestones", |of| {
        let milestones = &mut facts.milestones;
        put(&mut milestones.permit_on, of.day_or_none("permit_on")?);
        put(&mut milestones.started_on, of.day_or_none("started_on")?);
        put(&mut milestones.finished_on, of.day_or_none("finished_on")?);
        put(&mut milestones.accepted_on, of.day_or_none("accepted_on")?);
        Ok(())
    })?;
    section(given, "real_name", |of| {
        let real_name = &mut facts.real_name;
        put(&mut real_name.on_site, of.count("on_site")?);
        put(&mut real_name.unregistered, of.count("unregistered")?);
        put(&mut real_name.without_contract, of.count("without_contract")?);
        put(&mut real_name.device_seen_on, of.day_or_none("device_seen_on")?);
        Ok(())
    })?;
    section(given, "account", |of| {
        let account = &mut facts.account;
        put(&mut account.opened_on, of.day_or_none("opened_on")?);
        put(&mut account.three_party_agreement, of.truth("three_party_agreement")?);
        put(&mut account.filed_on, of.day_or_none("filed_on")?);
        put(&mut account.name_matches, of.truth("name_matches")?);
        let debits = of.count("other_debits")?.map(|count| Debits { count, amount: Fen::ZERO });
        put(&mut account.other_debits, debits);
        Ok(())
    })?;
    section(given, "labour_split", |of| {
        let split = &mut facts.labour_split;
        let share = of.ratio("share")?.map(|share| AgreedLabourCost::Share { share });
        let amount = of.money("amount")?.map(|amount| AgreedLabourCost::Amount { amount });
        let silent = of.truth("silent")?.filter(|silent| *silent).map(|_| AgreedLabourCost::Silent);
        put(&mut split.agreed, share.or(amount).or(silent));
        let cycle = of.count("cycle_months")?.map(Cycle::Months);
        put(&mut split.cycle, cycle.or(of.count("cycle_days")?.map(Cycle::Days)));
        put(&mut split.transfer_day, of.count("transfer_day")?.map(|day| (day > 0).then_some(day)));
        put(&mut split.last_on, of.day_or_none("last_on")?);
        put(&mut split.due, of.money("due")?);
        put(&mut split.received, of.money("received")?);
        Ok(())
    })?;
    section(given, "deposit", |of| {
        let deposit = &mut facts.deposit;
        put(&mut deposit.kind, of.choice("kind")?);
        put(&mut deposit.lodged, of.money("lodged")?);
        put(&mut deposit.lodged_on, of.day_or_none("lodged_on")?);
        put(&mut deposit.guarantee_ends_on, of.day_or_none("guarantee_ends_on")?);
        put(&mut deposit.used_on, of.day_or_none("used_on")?);
        put(&mut deposit.replenished_on, of.day_or_none("replenished_on")?);
        put(&mut deposit.nth_project_in_area, of.count("nth_project_in_area")?);
        put(&mut deposit.last_arrears_on, of.day_or_none("last_arrears_on")?);
        put(&mut deposit.clean_years, of.count("clean_years")?);
        put(&mut deposit.on_serious_list, of.truth("on_serious_list")?);
        put(&mut deposit.systems_in_place, of.truth("systems_in_place")?);
        put(&mut deposit.already_deposited, of.money("already_deposited")?);
        put(&mut deposit.credit, of.truth("has_credit_grade")?.filter(|has| !has).map(|_| None));
        Ok(())
    })?;
    section(given, "notice_board", |of| {
        let board = &mut facts.notice_board;
        put(&mut board.present, of.truth("present")?);
        let missing = of.count("missing_items")?;
        put(&mut board.missing_items, missing.map(|count| (0..count).map(|item| item.to_string()).collect()));
        put(&mut board.photo_on, of.day_or_none("photo_on")?);
        Ok(())
    })?;
    section(given, "payment_bond", |of| {
        put(&mut facts.payment_bond.valid, of.truth("valid")?);
        put(&mut facts.payment_bond.ends_on, of.day_or_none("ends_on")?);
        Ok(())
    })?;
    for table in given.tables("payroll")?.unwrap_or_default() {
        let mut of = Given::new(table);
        facts.payroll.push(month(&mut of)?);
        of.finish()?;
    }
    Ok(facts)
}

/// A month of pay: amounts with their workers, `live_contracts` false unless said.
fn month(of: &mut Given<'_>) -> Result<MonthPay, Refusal> {
    let needed = |key: &str| Refusal::new(key, "缺少", "is missing");
    let month: Month = of.month("month")?.ok_or_else(|| needed("month"))?;
    let pay_due_on = of.day("pay_due_on")?.ok_or_else(|| needed("pay_due_on"))?;
    let mut attended = Fact::not_known("case");
    put(&mut attended, of.count("attended")?);
    let sheet = of.choice("sheet")?.unwrap_or(SheetState::None);
    let owed =
        |amount: Option<Fen>, workers: Option<u32>| Owed { amount: amount.unwrap_or(Fen::ZERO), workers: workers.unwrap_or(0) };
    Ok(MonthPay {
        month,
        attended,
        sheet,
        due: owed(of.money("due")?, of.count("due_workers")?),
        paid: owed(of.money("paid")?, of.count("paid_workers")?),
        failed: owed(of.money("failed")?, of.count("failed_workers")?),
        in_flight: owed(of.money("in_flight")?, of.count("in_flight_workers")?),
        disputed: owed(of.money("disputed")?, of.count("disputed_workers")?),
        pay_due_on,
        live_contracts: of.truth("live_contracts")?.unwrap_or(false),
        unlisted: of.count("unlisted_workers")?.unwrap_or(0),
        bank_silent: of.truth("bank_silent")?.unwrap_or(false),
    })
}
