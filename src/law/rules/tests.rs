use super::*;
use crate::base::{Fen, Month, RegionCode};
use crate::law::embedded_files;
use crate::law::facts::{AgreedLabourCost, Cycle, Debits, DepositKind, MonthPay, Owed, SheetState};
use crate::law::finding::{State, System};
use crate::law::questions::deposit::Industry;
use crate::law::questions::warning::Level;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn known<T>(value: T) -> Fact<T> {
    Fact::known(value, "record")
}

fn owed(fen: i64, workers: u32) -> Owed {
    Owed { amount: Fen(fen), workers }
}

/// January 2026: ten workers, 100 yuan each, paid by 15 February.
fn january() -> MonthPay {
    MonthPay {
        month: Month::of(2026, 1).unwrap(),
        attended: known(10),
        sheet: SheetState::Audited,
        due: owed(100_000, 10),
        paid: owed(100_000, 10),
        failed: Owed::default(),
        in_flight: Owed::default(),
        disputed: Owed::default(),
        pay_due_on: day("2026-02-14"),
        live_contracts: true,
        unlisted: 0,
        bank_silent: false,
    }
}

/// A project in Xinjiang that keeps every rule on 2 March 2026.
fn sound() -> ProjectFacts {
    let mut facts = ProjectFacts::unknown("650102".parse().unwrap(), "general contractor");
    facts.contract.signed_on = known(day("2025-11-03"));
    facts.contract.sum = known(Fen(999_000_000));
    facts.contract.period_months = known(18);
    facts.contract.industry = known(Industry::Building);
    facts.contract.government_funded = known(false);
    facts.milestones.permit_on = known(Some(day("2025-12-01")));
    facts.milestones.started_on = known(Some(day("2026-01-05")));
    facts.milestones.finished_on = known(None);
    facts.milestones.accepted_on = known(None);
    facts.labour_manager_named = known(true);
    facts.real_name.on_site = known(10);
    facts.real_name.unregistered = known(0);
    facts.real_name.without_contract = known(0);
    facts.real_name.device_seen_on = known(Some(day("2026-03-01")));
    facts.account.opened_on = known(Some(day("2025-11-20")));
    facts.account.three_party_agreement = known(true);
    facts.account.filed_on = known(Some(day("2025-12-01")));
    facts.account.name_matches = known(true);
    facts.account.other_debits = known(Debits::default());
    facts.labour_split.agreed = known(AgreedLabourCost::Share { share: "0.2".parse().unwrap() });
    facts.labour_split.cycle = known(Cycle::Months(1));
    facts.labour_split.transfer_day = known(Some(10));
    facts.labour_split.last_on = known(Some(day("2026-02-10")));
    facts.labour_split.due = known(Fen(5_000_000));
    facts.labour_split.received = known(Fen(5_000_000));
    facts.payroll = vec![january()];
    facts.entrusted_payment = known(true);
    facts.deposit.kind = known(DepositKind::Cash);
    facts.deposit.lodged = known(Fen(29_970_000));
    facts.deposit.lodged_on = known(Some(day("2025-12-10")));
    facts.deposit.guarantee_ends_on = known(None);
    facts.deposit.used_on = known(None);
    facts.deposit.replenished_on = known(None);
    facts.deposit.nth_project_in_area = known(1);
    facts.deposit.last_arrears_on = known(None);
    facts.deposit.clean_years = known(0);
    facts.deposit.on_serious_list = known(false);
    facts.deposit.systems_in_place = known(false);
    facts.deposit.already_deposited = known(Fen::ZERO);
    facts.deposit.credit = known(None);
    facts.notice_board.present = known(true);
    facts.notice_board.missing_items = known(Vec::new());
    facts.notice_board.photo_on = known(Some(day("2026-01-10")));
    facts.payment_bond.valid = known(true);
    facts.payment_bond.ends_on = known(Some(day("2027-06-30")));
    facts
}

fn judged(facts: &ProjectFacts, on: &str) -> Assessment {
    let book = LawBook::from_files(embedded_files()).unwrap();
    assess(facts, &book, day(on))
}

fn of(facts: &ProjectFacts, on: &str, rule: &str) -> (State, Level) {
    let assessment = judged(facts, on);
    let finding =
        assessment.findings.iter().find(|finding| finding.rule == rule).unwrap_or_else(|| panic!("no finding of {rule}"));
    (finding.state, finding.level)
}

#[test]
fn a_sound_project_is_kept_in_every_system() {
    let assessment = judged(&sound(), "2026-03-02");
    for finding in &assessment.findings {
        assert!(matches!(finding.state, State::Kept | State::NotInForce), "{finding:#?}");
        assert!(!finding.citation.document.is_empty() && !finding.owed_by.is_empty());
    }
    assert_eq!(assessment.card.len(), System::ALL.len());
    assert!(assessment.card.values().all(|system| system.state == State::Kept), "{:?}", assessment.card);
}

#[test]
fn nothing_known_is_green_nowhere() {
    let nothing = ProjectFacts::unknown(RegionCode::NATION, "general contractor");
    let assessment = judged(&nothing, "2026-03-02");
    assert!(assessment.findings.iter().all(|finding| finding.state != State::Broken));
    for (system, entry) in &assessment.card {
        let nothing_to_judge = *system == System::Payroll;
        assert!(entry.state == State::NotKnown || nothing_to_judge, "{system:?} {entry:?}");
    }
}

#[test]
fn no_rule_is_broken_before_the_law() {
    let mut facts = sound();
    facts.account.opened_on = known(None);
    facts.payment_bond.valid = known(false);
    assert_eq!(of(&facts, "2019-12-31", "R53-06a").0, State::NotInForce);
    assert_eq!(of(&facts, "2020-04-30", "R724-24a").0, State::NotInForce);
    assert_eq!(of(&facts, "2020-05-01", "R724-24a").0, State::Broken);
}

#[test]
fn limits_break_on_the_day_after() {
    let mut facts = sound();
    facts.contract.signed_on = known(day("2026-01-30"));
    facts.account.opened_on = known(None);
    assert_eq!(of(&facts, "2026-03-02", "R53-06a"), (State::Kept, Level::None));
    assert_eq!(of(&facts, "2026-03-03", "R53-06a"), (State::Broken, Level::Red));
    let mut facts = sound();
    facts.deposit.lodged = known(Fen(29_969_999));
    facts.milestones.permit_on = known(Some(day("2025-09-25")));
    assert_eq!(of(&facts, "2025-10-29", "R65-08").0, State::Kept);
    assert_eq!(of(&facts, "2025-10-30", "R65-08"), (State::Broken, Level::Red));
    facts.deposit.used_on = known(Some(day("2025-09-24")));
    assert_eq!(of(&facts, "2026-03-02", "R65-20"), (State::Broken, Level::Red));
    facts.deposit.replenished_on = known(Some(day("2025-10-01")));
    assert_eq!(of(&facts, "2026-03-02", "R65-20"), (State::Kept, Level::None));
}

#[test]
fn guarantees_are_called_a_month_before_their_end() {
    let mut facts = sound();
    facts.deposit.kind = known(DepositKind::Guarantee);
    facts.deposit.guarantee_ends_on = known(Some(day("2026-12-31")));
    assert_eq!(of(&facts, "2026-11-29", "R65-17"), (State::Kept, Level::None));
    assert_eq!(of(&facts, "2026-11-30", "RW-08"), (State::Broken, Level::Red));
    assert_eq!(of(&facts, "2027-01-01", "R65-17"), (State::Broken, Level::Red));
}

#[test]
fn any_debit_to_others_is_red_at_once() {
    let mut facts = sound();
    facts.account.other_debits = known(Debits { count: 1, amount: Fen(1) });
    assert_eq!(of(&facts, "2026-03-02", "RW-09"), (State::Broken, Level::Red));
}

#[test]
fn chongqing_asks_no_account_of_small_contracts() {
    let mut facts = sound();
    facts.region = "500101".parse().unwrap();
    facts.account.opened_on = known(None);
    facts.contract.sum = known(Fen(399_999_999));
    assert_eq!(of(&facts, "2026-03-02", "R53-06a").0, State::NotInForce);
    facts.contract.sum = known(Fen(400_000_000));
    assert_eq!(of(&facts, "2026-03-02", "R53-06a").0, State::Broken);
    facts.contract.period_months = known(3);
    assert_eq!(of(&facts, "2026-03-02", "R53-06a").0, State::NotInForce);
}

fn arrears(change: impl FnOnce(&mut MonthPay), on: &str) -> (Option<bool>, i64, u32, usize) {
    let mut month = january();
    change(&mut month);
    let arrears = arrears::of(&[month], day(on));
    (arrears.state.get(), arrears.amount.0, arrears.workers, arrears.needs.len())
}

#[test]
fn arrears_are_true_false_or_not_known() {
    assert_eq!(arrears(|_| {}, "2026-03-02"), (Some(false), 0, 0, 0));
    let unpaid = |month: &mut MonthPay| month.paid = owed(90_000, 9);
    assert_eq!(arrears(unpaid, "2026-02-14"), (Some(false), 0, 0, 0));
    assert_eq!(arrears(unpaid, "2026-02-15"), (Some(true), 10_000, 1, 0));
    let failed = |month: &mut MonthPay| {
        month.paid = owed(80_000, 8);
        month.failed = owed(20_000, 2);
    };
    assert_eq!(arrears(failed, "2026-02-15"), (Some(true), 20_000, 2, 0));
    let in_flight = |month: &mut MonthPay| {
        month.paid = owed(80_000, 8);
        month.in_flight = owed(20_000, 2);
    };
    assert_eq!(arrears(in_flight, "2026-02-15"), (None, 0, 0, 1));
    // Work on no sheet: nobody can say that nothing is owed, and nobody calls it owed; where something is, it changes nothing.
    assert_eq!(arrears(|month| month.unlisted = 2, "2026-03-02"), (None, 0, 0, 1));
    let unpaid_and_unlisted = |month: &mut MonthPay| (month.paid, month.unlisted) = (owed(90_000, 9), 2);
    assert_eq!(arrears(unpaid_and_unlisted, "2026-02-15"), (Some(true), 10_000, 1, 0));
    let disputed = |month: &mut MonthPay| {
        month.paid = owed(80_000, 8);
        month.disputed = owed(10_000, 1);
    };
    assert_eq!(arrears(disputed, "2026-02-15"), (Some(true), 10_000, 1, 1));
    for sheet in [SheetState::None, SheetState::Draft, SheetState::Submitted] {
        let no_sheet = |month: &mut MonthPay| {
            month.sheet = sheet;
            (month.due, month.paid) = (Owed::default(), Owed::default());
        };
        assert_eq!(arrears(no_sheet, "2026-02-15"), (None, 0, 0, 1));
        let nobody = |month: &mut MonthPay| {
            no_sheet(month);
            month.attended = known(0);
            month.live_contracts = false;
        };
        assert_eq!(arrears(nobody, "2026-02-15"), (Some(false), 0, 0, 0));
        let unseen = |month: &mut MonthPay| {
            no_sheet(month);
            month.attended = Fact::not_known("general contractor");
            month.live_contracts = false;
        };
        assert_eq!(arrears(unseen, "2026-02-15"), (None, 0, 0, 1));
    }
}

#[test]
fn a_month_without_sheet_turns_red_when_rw_01_says() {
    let mut facts = sound();
    let mut month = january();
    (month.sheet, month.due, month.paid) = (SheetState::None, Owed::default(), Owed::default());
    facts.payroll = vec![month];
    assert_eq!(of(&facts, "2026-02-28", "R724-31a"), (State::NotKnown, Level::None));
    assert_eq!(of(&facts, "2026-03-01", "R724-31a"), (State::Broken, Level::Red));
    assert_eq!(of(&facts, "2026-02-28", "RW-01"), (State::Kept, Level::None));
    assert_eq!(of(&facts, "2026-03-01", "RW-01"), (State::Broken, Level::Red));
}

#[test]
fn a_month_in_which_nobody_worked_asks_nobody_to_sign() {
    let mut facts = sound();
    let mut month = january();
    (month.sheet, month.due, month.paid, month.attended) = (SheetState::None, Owed::default(), Owed::default(), known(0));
    facts.payroll = vec![month.clone()];
    let cure = |facts: &ProjectFacts| {
        let assessment = judged(facts, "2026-03-01");
        let finding = assessment.findings.into_iter().find(|finding| finding.rule == "R724-31a").expect("a finding");
        (finding.state, finding.cure_zh)
    };
    let (state, empty) = cure(&facts);
    assert_eq!(state, State::Broken);
    assert!(empty.contains("空的工资表") && !empty.contains("编制、签字并审核"), "{empty}");
    month.attended = known(10);
    facts.payroll = vec![month];
    let (_, worked) = cure(&facts);
    assert!(worked.contains("编制、签字并审核工资表：2026-01") && !worked.contains("空的工资表"), "{worked}");
}

#[test]
fn what_a_silent_bank_has_not_told_is_not_unpaid() {
    let mut facts = sound();
    let mut month = january();
    (month.paid, month.bank_silent) = (Owed::default(), true);
    facts.payroll = vec![month];
    assert_eq!(of(&facts, "2026-03-01", "RW-01"), (State::NotKnown, Level::None));
    facts.payroll[0].bank_silent = false;
    assert_eq!(of(&facts, "2026-03-01", "RW-01"), (State::Broken, Level::Red));
}

#[test]
fn the_gap_of_labour_cost_is_as_long_as_the_bank_has_told() {
    let mut facts = sound();
    let last = *facts.labour_split.last_on.value().unwrap();
    let mut told = |until: &str| {
        let seen_at = Some(day(until).begins());
        facts.labour_split.last_on = Fact::Known { value: last, source: "bank_entries".to_owned(), seen_at };
        of(&facts, "2026-04-11", "RW-07")
    };
    assert_eq!(told("2026-03-10"), (State::NotKnown, Level::None), "money may have come since");
    assert_eq!(told("2026-03-11"), (State::Broken, Level::Yellow), "by then it had not come");
    assert_eq!(told("2026-04-11"), (State::Broken, Level::Red));
}

#[test]
fn work_without_a_month_on_record_is_not_a_clean_record() {
    let mut facts = sound();
    facts.payroll.clear();
    assert_eq!(of(&facts, "2026-03-02", "R724-03").0, State::NotKnown);
    facts.milestones.started_on = known(None);
    assert_eq!(of(&facts, "2026-03-02", "R724-03").0, State::Kept);
}

#[test]
fn the_gap_of_labour_cost_is_yellow_then_red() {
    let facts = sound();
    assert_eq!(of(&facts, "2026-03-10", "RW-07"), (State::Kept, Level::None));
    assert_eq!(of(&facts, "2026-03-11", "RW-07"), (State::Broken, Level::Yellow));
    assert_eq!(of(&facts, "2026-04-10", "RW-07"), (State::Broken, Level::Yellow));
    assert_eq!(of(&facts, "2026-04-11", "RW-07"), (State::Broken, Level::Red));
}

proptest::proptest! {
    #[test]
    fn a_payment_never_raises_arrears(parts in proptest::array::uniform4(0i64..200), more in 1i64..200, on in 10u32..28) {
        let mut month = january();
        month.due = owed(400, 4);
        (month.paid, month.failed) = (owed(parts[0], 1), owed(parts[1], 1));
        (month.in_flight, month.disputed) = (owed(parts[2], 1), owed(parts[3], 0));
        let on = Day::of(2026, 2, on).unwrap();
        let before = arrears::of(&[month.clone()], on);
        month.paid.amount = Fen(month.paid.amount.0 + more);
        let after = arrears::of(&[month], on);
        proptest::prop_assert!(after.amount <= before.amount);
        proptest::prop_assert!(!(after.state.get() == Some(true) && before.state.get() != Some(true)));
    }
}

#[test]
fn facts_survive_json() {
    let text = serde_json::to_string(&sound()).unwrap();
    assert_eq!(serde_json::from_str::<ProjectFacts>(&text).unwrap(), sound());
}

#[test]
fn a_cycle_is_at_most_a_month_also_in_days() {
    for (cycle, state) in [
        (Cycle::Days(31), State::Kept),
        (Cycle::Days(32), State::Broken),
        (Cycle::Months(1), State::Kept),
        (Cycle::Months(2), State::Broken),
    ] {
        let mut facts = sound();
        facts.labour_split.cycle = known(cycle);
        assert_eq!(of(&facts, "2026-02-10", "R724-24b").0, state, "{cycle:?}");
    }
}
