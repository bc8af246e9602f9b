use proptest::prelude::*;

use super::*;
use crate::law::book::Value;
use crate::law::embedded_files;
use crate::law::facts::Fact;

fn day() -> Day {
    "2026-03-02".parse().unwrap()
}

/// The shipped book, with a completion rule laid over one region so that every kind of clause is met.
fn book() -> LawBook {
    let citation =
        Citation {
            document: "示例市竣工验收管理办法".to_owned(), article: Some("15".to_owned()), article_unverified: false
        };
    let laid = vec![("completion_gate_rule".to_owned(), Value::Truth(true), citation)];
    LawBook::from_files(embedded_files()).unwrap().with_values("340000".parse().unwrap(), laid)
}

thread_local! {
    static BOOK: LawBook = book();
}

pub(super) fn ask(question: &GateQuestion) -> Decision {
    BOOK.with(|book| decide(book, question))
}

fn truth() -> impl Strategy<Value = Fact<bool>> {
    prop_oneof![Just(Fact::known(true, "record")), Just(Fact::known(false, "record")), Just(Fact::not_known("keeper"))]
}

fn number(values: Vec<u32>) -> impl Strategy<Value = Fact<u32>> {
    prop_oneof![3 => proptest::sample::select(values).prop_map(|n| Fact::known(n, "record")), 1 => Just(Fact::not_known("keeper"))]
}

fn facts() -> impl Strategy<Value = GateFacts> {
    let first = (truth(), truth(), number(vec![0, 1, 7]), truth(), number(vec![0, 29, 30, 90]), truth(), truth());
    let second = (truth(), truth(), truth(), truth(), truth(), truth());
    (first, second).prop_map(|(a, b)| GateFacts {
        funds_commitment: a.0,
        arrears: a.1,
        open_cases: a.2,
        pay_dispute_open: a.3,
        publicity_day: a.4,
        owner_overdue: a.5,
        owner_overdue_led_to_arrears: a.6,
        payment_bond_valid: b.0,
        government_funded: b.1,
        price_audited: b.2,
        settled: b.3,
        work_finished: b.4,
        promise_given: b.5,
        accepted_on: Fact::not_known("keeper"),
    })
}

pub(super) fn questions() -> impl Strategy<Value = GateQuestion> {
    // Every region that has a file, the county of one that has none of its own, and the nation.
    let mut regions: Vec<String> = BOOK.with(|book| book.regions().map(|(code, _)| code.to_string()).collect());
    regions.extend(["000000", "650102"].map(str::to_owned));
    let region =
        prop_oneof![1 => Just("330784".to_owned()), 1 => Just("340000".to_owned()), 2 => proptest::sample::select(regions)];
    let gate = proptest::sample::select(Gate::ALL.to_vec());
    (gate, region, facts(), any::<bool>(), any::<bool>()).prop_map(|(gate, region, facts, permit_gate, completion_gate)| {
        GateQuestion {
            gate,
            region: region.parse().unwrap(),
            as_of: day(),
            facts,
            policy: Policy { permit_gate, completion_gate },
            detail: Vec::new(),
        }
    })
}

/// Supplies the fact as the cure asks.
fn cured(facts: &mut GateFacts, fact: FactName) {
    let good = |value| Fact::known(value, "cure");
    match fact {
        FactName::FundsCommitment => facts.funds_commitment = good(true),
        FactName::Arrears => facts.arrears = good(false),
        FactName::OpenCases => facts.open_cases = Fact::known(0, "cure"),
        FactName::PayDisputeOpen => facts.pay_dispute_open = good(false),
        FactName::PublicityDay => facts.publicity_day = Fact::known(30, "cure"),
        FactName::OwnerOverdue => facts.owner_overdue = good(false),
        FactName::OwnerOverdueLedToArrears => facts.owner_overdue_led_to_arrears = good(false),
        FactName::PaymentBondValid => facts.payment_bond_valid = good(true),
        FactName::GovernmentFunded => facts.government_funded = good(false),
        FactName::PriceAudited => facts.price_audited = good(true),
        FactName::Settled => facts.settled = good(true),
        FactName::WorkFinished => facts.work_finished = good(true),
        FactName::PromiseGiven => facts.promise_given = good(true),
    }
}

/// Takes the knowledge of a fact away.
fn forgotten(facts: &mut GateFacts, fact: FactName) {
    let nothing = GateFacts::unknown("keeper");
    match fact {
        FactName::FundsCommitment => facts.funds_commitment = nothing.funds_commitment,
        FactName::Arrears => facts.arrears = nothing.arrears,
        FactName::OpenCases => facts.open_cases = nothing.open_cases,
        FactName::PayDisputeOpen => facts.pay_dispute_open = nothing.pay_dispute_open,
        FactName::PublicityDay => facts.publicity_day = nothing.publicity_day,
        FactName::OwnerOverdue => facts.owner_overdue = nothing.owner_overdue,
        FactName::OwnerOverdueLedToArrears => facts.owner_overdue_led_to_arrears = nothing.owner_overdue_led_to_arrears,
        FactName::PaymentBondValid => facts.payment_bond_valid = nothing.payment_bond_valid,
        FactName::GovernmentFunded => facts.government_funded = nothing.government_funded,
        FactName::PriceAudited => facts.price_audited = nothing.price_audited,
        FactName::Settled => facts.settled = nothing.settled,
        FactName::WorkFinished => facts.work_finished = nothing.work_finished,
        FactName::PromiseGiven => facts.promise_given = nothing.promise_given,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_cure_list_makes_it_clear_and_no_item_can_be_left_out(question in questions()) {
        let decision = ask(&question);
        prop_assert_eq!(decision.cure.is_empty(), decision.verdict == Verdict::Clear);
        let mut whole = question.clone();
        for item in &decision.cure {
            cured(&mut whole.facts, item.fact);
        }
        prop_assert_eq!(ask(&whole).verdict, Verdict::Clear, "{:?}", decision.cure);
        // What is not known is cured by whoever keeps it; a waiting time names its day.
        for item in &decision.cure {
            prop_assert_eq!(item.keeper.is_some(), question.facts.stands_against(item.fact, Some(30)).is_none());
            let waits = item.fact == FactName::PublicityDay && item.keeper.is_none();
            prop_assert_eq!(item.not_before.is_some(), waits);
            prop_assert!(!item.zh.is_empty() && !item.en.is_empty());
        }
        for left_out in &decision.cure {
            let mut part = question.clone();
            for item in decision.cure.iter().filter(|item| item.fact != left_out.fact) {
                cured(&mut part.facts, item.fact);
            }
            prop_assert_ne!(ask(&part).verdict, Verdict::Clear, "without {:?}", left_out.fact);
        }
    }

    #[test]
    fn knowing_less_never_clears(question in questions(), fact in proptest::sample::select(FactName::ALL.to_vec())) {
        let before = ask(&question).verdict;
        let mut less = question;
        forgotten(&mut less.facts, fact);
        let after = ask(&less).verdict;
        // A fact that no rule of the gate needs may go without a trace; otherwise what was not clear never becomes clear.
        prop_assert!(after != Verdict::Clear || before == Verdict::Clear);
        // A block may turn into "not known" when the fact behind it is forgotten, never into anything that lets pass.
        if before == Verdict::Blocked {
            prop_assert!(matches!(after, Verdict::Blocked | Verdict::Unknown | Verdict::RestrictionProposed));
        }
    }

    #[test]
    fn needs_are_the_facts_that_could_still_change_it(question in questions()) {
        let decision = ask(&question);
        for fact in FactName::ALL.iter().filter(|fact| question.facts.stands_against(**fact, Some(30)).is_none()) {
            let mut good = question.clone();
            cured(&mut good.facts, *fact);
            if ask(&good).verdict != decision.verdict {
                prop_assert!(decision.needs.iter().any(|need| need == fact.as_str()), "{fact:?} {decision:?}");
            }
        }
    }

    #[test]
    fn decisions_survive_json(question in questions()) {
        let text = serde_json::to_string(&question).unwrap();
        let read: GateQuestion = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&read, &question);
        let decision = ask(&question);
        let read: Decision = serde_json::from_str(&serde_json::to_string(&decision).unwrap()).unwrap();
        prop_assert_eq!(read, decision);
    }
}

pub(super) fn question(gate: Gate, region: &str) -> GateQuestion {
    let facts = GateFacts::unknown("施工总承包单位");
    GateQuestion { gate, region: region.parse().unwrap(), as_of: day(), facts, policy: Policy::default(), detail: Vec::new() }
}

#[test]
fn nothing_known_is_unknown_at_every_gate() {
    for gate in Gate::ALL {
        let decision = ask(&question(*gate, "330784"));
        assert_eq!(decision.verdict, Verdict::Unknown, "{gate:?}");
        assert!(!decision.needs.is_empty() && decision.cure.iter().all(|item| item.keeper.is_some()));
    }
}

#[test]
fn before_the_law_there_is_no_clear() {
    let mut early = question(Gate::DepositReturn, "000000");
    for fact in FactName::ALL {
        cured(&mut early.facts, *fact);
    }
    assert_eq!(ask(&early).verdict, Verdict::Clear);
    early.as_of = "2019-01-01".parse().unwrap();
    assert_eq!((ask(&early).verdict, ask(&early).needs), (Verdict::Unknown, vec![LAW_IN_FORCE.to_owned()]));
}

#[test]
fn cures_carry_amounts_days_and_sources() {
    let mut closing = question(Gate::AccountClosing, "000000");
    for fact in FactName::ALL {
        cured(&mut closing.facts, *fact);
    }
    closing.facts.arrears = Fact::known(true, "工资支付表 2026-01");
    closing.facts.publicity_day = Fact::known(12, "公示记录");
    closing.detail = vec![
        ArrearsDetail { project: "甲项目".to_owned(), amount: Fen(1_200_050), workers: 3 },
        ArrearsDetail { project: "乙项目".to_owned(), amount: Fen(50), workers: 1 },
    ];
    let decision = ask(&closing);
    assert_eq!((decision.verdict, decision.basis, decision.needs_person), (Verdict::Blocked, Some(Basis::National), false));
    let arrears = decision.cure.iter().find(|item| item.fact == FactName::Arrears).unwrap();
    assert_eq!((arrears.amount, arrears.workers), (Some(Fen(1_200_100)), Some(4)));
    assert!(arrears.zh.contains("甲项目"));
    let publicity = decision.cure.iter().find(|item| item.fact == FactName::PublicityDay).unwrap();
    assert_eq!(publicity.not_before, Some("2026-03-20".parse().unwrap()));
    let reason = decision.reasons.iter().find(|reason| reason.facts == [FactName::Arrears]).unwrap();
    assert_eq!(reason.sources, ["工资支付表 2026-01"]);
    assert!(reason.words.as_ref().unwrap().contains("公示") && !reason.paraphrase);
}

#[test]
fn a_refusal_that_stands_on_firm_law_waits_for_nobody() {
    let mut closing = question(Gate::AccountClosing, "000000");
    for fact in FactName::ALL {
        cured(&mut closing.facts, *fact);
    }
    closing.facts.open_cases = Fact::known(1, "record");
    assert!(ask(&closing).needs_person);
    closing.facts.arrears = Fact::known(true, "record");
    let both = ask(&closing);
    assert!(!both.needs_person && both.rules.contains(&"R53-10".to_owned()) && both.rules.contains(&"R724-27b".to_owned()));
}
