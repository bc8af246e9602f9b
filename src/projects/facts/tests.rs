//! Facts as they are folded, refused and read.

use super::*;

fn record(id: i64, day: &str, fact: Fact) -> Recorded {
    let at = Moment(id);
    Recorded { id: FactId(id), valid_on: day.parse().unwrap(), fact, document_id: None, recorded_at: at, recorded_by: "t".into() }
}

#[test]
fn the_latest_day_wins_and_a_correction_of_that_day_wins_over_it() {
    let day: Day = "2026-03-02".parse().unwrap();
    let records = [
        record(1, "2026-02-01", Fact::PayDay { day: 10 }),
        record(2, "2026-03-01", Fact::PayDay { day: 15 }),
        record(3, "2026-02-01", Fact::PayDay { day: 11 }),
        record(4, "2026-04-01", Fact::PayDay { day: 20 }),
    ];
    assert_eq!(Facts::fold(records.clone(), day).pay_day(), Some(15));
    assert_eq!(Facts::fold(records.clone(), "2026-02-28".parse().unwrap()).pay_day(), Some(11));
    assert_eq!(Facts::fold(records, "2026-01-31".parse().unwrap()).pay_day(), None);
}

#[test]
fn progress_money_is_kept_for_each_month_and_corrected_by_a_later_record() {
    let paid = |period: &str, fen: i64| Fact::ProgressPayment {
        period: period.parse().unwrap(),
        amount: Fen(fen),
        finished_value: None,
    };
    let records = [
        record(1, "2026-02-05", paid("2026-01", 100)),
        record(2, "2026-03-05", paid("2026-02", 200)),
        record(3, "2026-02-05", paid("2026-01", 150)),
        record(4, "2026-02-01", paid("2026-01", 999)),
    ];
    let facts = Facts::fold(records, "2026-03-31".parse().unwrap());
    let of = |month: &str| facts.progress_of(month.parse().unwrap()).map(|(amount, _)| amount);
    assert_eq!((of("2026-01"), of("2026-02"), of("2026-03")), (Some(Fen(150)), Some(Fen(200)), None));
    assert!(paid("2026-03", 1).check("2026-02-28".parse().unwrap()).is_err(), "before the month began");
    assert!(paid("2026-03", -1).check("2026-03-28".parse().unwrap()).is_err());
}

#[test]
fn a_cycle_longer_than_a_month_is_refused() {
    let cost = |cycle: &str, share: Option<&str>| Fact::LabourCost {
        share: share.map(|text| text.parse().unwrap()),
        monthly: None,
        transfer_day: 10,
        cycle_months: cycle.parse().unwrap(),
    };
    let day: Day = "2026-03-02".parse().unwrap();
    assert!(cost("1", Some("0.2")).check(day).is_ok());
    assert!(cost("1.03", Some("0.2")).check(day).is_err());
    for (cycle, transfers) in [("1", 1), ("0.5", 2), ("0.33", 3), ("0.3333", 3), ("0.25", 4), ("0.23", 4)] {
        assert_eq!(super::transfers_a_month(cycle.parse().unwrap()), Some(transfers), "{cycle}");
        assert!(cost(cycle, Some("0.2")).check(day).is_ok(), "{cycle}");
    }
    for cycle in ["0.92", "0.99", "0.7", "0.4", "0.1", "0"] {
        assert!(cost(cycle, Some("0.2")).check(day).is_err(), "{cycle}");
    }
    assert!(cost("1", None).check(day).is_err());
    assert!(cost("1", Some("1.01")).check(day).is_err());
    let Fact::LabourCost { share, transfer_day, cycle_months, .. } = cost("1", Some("0.2")) else { unreachable!() };
    let both = Fact::LabourCost { share, monthly: Some(Fen(100)), transfer_day, cycle_months };
    let refused = both.check(day).expect_err("an amount or a share, not both");
    let places: Vec<&str> = refused.faults.iter().map(|fault| fault.place.as_str()).collect();
    assert_eq!(places, ["share", "monthly"]);
    assert!(refused.zh.contains("share") && refused.zh.contains("monthly"), "{}", refused.zh);
}

#[test]
fn json_names_the_kind_and_refuses_what_it_does_not_know() {
    let fact: Fact = serde_json::from_str(r#"{"kind":"contract","sum":"9990000.00","period_months":"12"}"#).unwrap();
    assert_eq!(fact.kind(), FactKind::Contract);
    assert!(serde_json::from_str::<Fact>(r#"{"kind":"pay_day","day":15,"extra":1}"#).is_err());
    assert!(serde_json::from_str::<Fact>(r#"{"kind":"unheard_of"}"#).is_err());
    for kind in FactKind::ALL {
        assert_eq!(kind.to_string().parse::<FactKind>().unwrap(), *kind);
    }
}

#[test]
fn no_fact_takes_an_amount_below_nothing_or_above_the_limit() {
    let day: Day = "2026-03-02".parse().unwrap();
    let above = Fen(Fen::BOOKABLE_MAX.0 + 1);
    for amount in [Fen(-1), Fen(-500), above] {
        let ends_on = "2027-03-02".parse().unwrap();
        let month: Month = "2026-02".parse().unwrap();
        let facts = [
            (Fact::OwnerMoney { overdue: true, amount: Some(amount), led_to_arrears: false }, "amount"),
            (Fact::Contract { sum: amount, period_months: Decimal::ONE }, "sum"),
            (Fact::LabourCost { share: None, monthly: Some(amount), transfer_day: 1, cycle_months: Decimal::ONE }, "monthly"),
            (Fact::ProgressPayment { period: month, amount, finished_value: None }, "amount"),
            (Fact::ProgressPayment { period: month, amount: Fen(1), finished_value: Some(amount) }, "finished_value"),
            (Fact::PaymentBond { amount, issuer: "测试银行".into(), ends_on }, "amount"),
        ];
        for (fact, place) in facts {
            let refused = fact.check(day).expect_err("refused");
            assert!(format!("{refused:?}").contains(place), "{fact:?}: {refused:?}");
        }
    }
    let most = Fact::OwnerMoney { overdue: true, amount: Some(Fen::BOOKABLE_MAX), led_to_arrears: false };
    assert!(most.check(day).is_ok());
}
