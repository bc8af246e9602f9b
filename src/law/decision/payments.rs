//! From pay to verdict: what a payment, the order of facts and a missing fact may do to a gate.

use proptest::prelude::*;

use super::tests::{ask, questions};
use super::*;
use crate::base::Month;
use crate::law::facts::{Fact, MonthPay, Owed, SheetState};
use crate::law::rules::arrears;

/// Lines of a month as yuan of one worker each, by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Paid,
    Failed,
    NeverSent,
    InFlight,
    Disputed,
}

fn line() -> impl Strategy<Value = (Line, i64)> {
    let kind =
        proptest::sample::select(vec![Line::Paid, Line::Paid, Line::Failed, Line::NeverSent, Line::InFlight, Line::Disputed]);
    (kind, 1i64..500_000)
}

fn months() -> impl Strategy<Value = Vec<Vec<(Line, i64)>>> {
    proptest::collection::vec(proptest::collection::vec(line(), 0..6), 1..5)
}

/// The months from January 2026 on, all with audited sheets, paid a month later.
fn payroll(months: &[Vec<(Line, i64)>]) -> Vec<MonthPay> {
    let first = Month::of(2025, 10).unwrap();
    let month = |(ahead, lines): (usize, &Vec<(Line, i64)>)| {
        let month = first.plus(i32::try_from(ahead).unwrap());
        let of = |wanted: &[Line]| {
            let chosen: Vec<_> = lines.iter().filter(|(line, _)| wanted.contains(line)).collect();
            Owed { amount: Fen(chosen.iter().map(|(_, fen)| fen).sum()), workers: u32::try_from(chosen.len()).unwrap() }
        };
        let all = [Line::Paid, Line::Failed, Line::NeverSent, Line::InFlight, Line::Disputed];
        MonthPay {
            month,
            attended: Fact::known(u32::try_from(lines.len()).unwrap(), "roll"),
            sheet: SheetState::Audited,
            due: of(&all),
            paid: of(&[Line::Paid]),
            failed: of(&[Line::Failed]),
            in_flight: of(&[Line::InFlight]),
            disputed: of(&[Line::Disputed]),
            pay_due_on: month.plus(1).first().plus_days(14),
            live_contracts: true,
            unlisted: 0,
            bank_silent: false,
        }
    };
    months.iter().enumerate().map(month).collect()
}

/// Puts what the months owe into the question, as the service does.
fn with_pay(question: &GateQuestion, payroll: &[MonthPay]) -> GateQuestion {
    let owing = arrears::of(payroll, question.as_of);
    let mut question = question.clone();
    question.detail = match owing.state.get() {
        Some(true) => vec![ArrearsDetail { project: "甲".to_owned(), amount: owing.amount, workers: owing.workers }],
        _ => Vec::new(),
    };
    question.facts.arrears = owing.state;
    question
}

/// How far a verdict is from letting pass. Advice and a missing fact both neither let pass nor refuse: paying what is known to be owed
/// may leave a payment without a result, and then the answer waits for that instead of advising.
fn weight(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Clear => 0,
        Verdict::Advise | Verdict::Unknown => 1,
        Verdict::RestrictionProposed => 2,
        Verdict::Blocked => 3,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn a_payment_to_an_open_line_never_worsens_a_verdict(
        question in questions(), months in months(), pick in any::<prop::sample::Index>(), share in 1i64..=100,
    ) {
        let open: Vec<(usize, usize)> = months.iter().enumerate().flat_map(|(m, lines)| {
            lines.iter().enumerate().filter(|(_, (line, _))| matches!(line, Line::Failed | Line::NeverSent)).map(move |(l, _)| (m, l))
        }).collect();
        prop_assume!(!open.is_empty());
        let (m, l) = open[pick.index(open.len())];
        let owed = months[m][l].1;
        // At least one fen and never above what is owed.
        let paid = (owed * share / 100).max(1);
        let before = payroll(&months);
        let mut after = before.clone();
        after[m].paid.amount = Fen(after[m].paid.amount.0 + paid);
        if months[m][l].0 == Line::Failed {
            after[m].failed.amount = Fen(after[m].failed.amount.0 - paid);
        }
        if paid == owed {
            after[m].paid.workers += 1;
            if months[m][l].0 == Line::Failed {
                after[m].failed.workers -= 1;
            }
        }
        let (first, then) = (ask(&with_pay(&question, &before)), ask(&with_pay(&question, &after)));
        prop_assert!(weight(then.verdict) <= weight(first.verdict), "{:?} -> {:?}", first.verdict, then.verdict);
        // What has to be paid falls by what was paid.
        let amount = |decision: &Decision| decision.cure.iter().filter_map(|item| item.amount).map(|fen| fen.0).sum::<i64>();
        prop_assert!(amount(&then) <= amount(&first));
    }

    #[test]
    fn paying_every_open_line_and_settling_the_rest_leaves_no_arrears(question in questions(), months in months()) {
        let settled: Vec<Vec<(Line, i64)>> =
            months.iter().map(|lines| lines.iter().map(|(_, fen)| (Line::Paid, *fen)).collect()).collect();
        let question = with_pay(&question, &payroll(&settled));
        prop_assert_eq!(question.facts.arrears.get(), Some(false));
        prop_assert!(ask(&question).cure.iter().all(|item| item.fact != FactName::Arrears));
    }

    #[test]
    fn the_order_of_months_and_of_projects_changes_nothing(
        question in questions(), months in months(), seed in any::<u64>(),
        detail in proptest::collection::vec((0u8..4, 1i64..9_999_999, 1u32..50), 0..5),
    ) {
        let straight = payroll(&months);
        let mut shuffled = straight.clone();
        let turn = usize::try_from(seed % 7).unwrap() % straight.len().max(1);
        shuffled.rotate_left(turn);
        if seed.is_multiple_of(2) {
            shuffled.reverse();
        }
        prop_assert_eq!(arrears::of(&straight, question.as_of), arrears::of(&shuffled, question.as_of));
        let rows: Vec<ArrearsDetail> = detail
            .iter()
            .map(|(name, fen, workers)| ArrearsDetail { project: format!("P{name}"), amount: Fen(*fen), workers: *workers })
            .collect();
        let mut one = question.clone();
        one.facts.arrears = Fact::known(true, "record");
        one.detail = rows.clone();
        let mut other = one.clone();
        other.detail.reverse();
        let text = |question: &GateQuestion| serde_json::to_string(&ask(question)).unwrap();
        prop_assert_eq!(text(&one), text(&other));
    }
}

#[test]
fn the_cure_names_workers_and_amount() {
    let mut question = super::tests::question(Gate::AccountClosing, "000000");
    question.facts.arrears = Fact::known(true, "sheet");
    question.detail = vec![ArrearsDetail { project: "甲项目".to_owned(), amount: Fen(4_123_000), workers: 7 }];
    let decision = ask(&question);
    let item = decision.cure.iter().find(|item| item.fact == FactName::Arrears).unwrap();
    assert!(item.en.starts_with("pay these 7 workers 41,230.00"), "{}", item.en);
    assert!(item.zh.starts_with("向这7名工人付清工资41,230.00元"), "{}", item.zh);
    assert_eq!((item.workers, item.amount), (Some(7), Some(Fen(4_123_000))));
}

#[test]
fn an_answer_carries_all_that_a_court_asks_for() {
    let mut question = super::tests::question(Gate::AccountClosing, "000000");
    let seen = "2026-03-01T08:30:00+08:00".parse().unwrap();
    question.facts.arrears = Fact::Known { value: true, source: "工资支付表 2026-01".to_owned(), seen_at: Some(seen) };
    let decision = ask(&question);
    assert_eq!(decision.law_book.len(), 64);
    let reason = decision.reasons.iter().find(|reason| reason.facts == [FactName::Arrears]).unwrap();
    assert_eq!((reason.rule.as_str(), reason.version), ("R724-27b", 1));
    assert!(reason.words.as_ref().is_some_and(|words| words.contains("公示30日")));
    assert_eq!(reason.basis, Basis::National);
    let used = &reason.used[0];
    assert_eq!(
        (used.value.as_deref(), used.source.as_deref(), used.seen_at),
        (Some("true"), Some("工资支付表 2026-01"), Some(seen))
    );
    assert!(decision.trace.iter().all(|step| step.version == 1));
    // Every fact that a rule of the gate reads is there, known or with its keeper.
    assert!(decision.facts.iter().all(|used| used.value.is_some() != used.keeper.is_some()));
    for fact in decision.reasons.iter().flat_map(|reason| &reason.facts) {
        assert!(decision.facts.iter().any(|used| used.fact == *fact), "{fact:?}");
    }
}
