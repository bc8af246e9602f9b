//! A row against what the gates saw and the records hold: nothing for days that were worked is a fault that must be explained, other
//! differences are told and taken, since the match of the month shows them and a person decides.

use rust_decimal::Decimal;

use crate::base::{Fen, Rounding};
use crate::payroll::basis::Earned;
use crate::wire::pay_sheet::PayRow;

/// Days as people write them.
fn days_of(earned: &Earned) -> Decimal {
    Decimal::new(i64::from(earned.days_hundredths), 2).normalize()
}

/// Refuses a row that pays nothing for days that were worked and says no word about it.
pub(super) fn nothing_for_work(row: &PayRow, earned: Option<&Earned>, tell: &mut impl FnMut(&str, &str, String, String)) {
    let due = [row.due, row.overtime, row.bonus].into_iter().any(Fen::is_positive);
    let Some(earned) = earned.filter(|earned| earned.gross.is_positive() && !due && row.note.is_none()) else { return };
    let (days, gross) = (days_of(earned), earned.gross);
    let zh = format!("应发为 0，而考勤有 {days} 天、应得 {gross} 元；请填写应发，或在备注中说明原因。");
    let en =
        format!("Nothing is due, and the gates saw {days} days that earn {gross}; write the amount, or say why in the remark.");
    tell("due", "sum_mismatch", zh, en);
}

/// Tells where days and day rate are not those on record, and where nothing reaches the worker.
pub(super) fn warn(
    row: &PayRow,
    earned: Option<&Earned>,
    day_rate: Fen,
    has_attendance: bool,
    tell: &mut impl FnMut(&str, String, String),
) {
    let seen = earned.map_or(Decimal::ZERO, days_of);
    if let Some(days) = row.days.filter(|days| has_attendance && *days != seen) {
        let zh = format!("表中出勤 {days} 天，考勤记录 {seen} 天；请核对。");
        tell("days", zh, format!("The sheet says {days} days and the gates saw {seen}; check them."));
    }
    let on_record = earned.map_or(day_rate, |earned| earned.day_rate);
    if let Some(daily) = row.daily.filter(|daily| on_record.is_positive() && *daily != on_record) {
        let zh = format!("表中日工资 {daily} 元，登记的日工资 {on_record} 元；请核对。");
        tell("daily", zh, format!("The sheet says {daily} a day and {on_record} is on record; check it."));
    }
    // Where the sheet names another wage of a day, that is told already.
    let agreed = row.days.filter(|_| row.daily.is_none_or(|daily| daily == on_record));
    let agreed = agreed.and_then(|days| on_record.times(days, Rounding::HalfUp).ok());
    // A raise within the month has no one rate: what the gates saw earns no more than it did day by day.
    let agreed = agreed.map(|agreed| earned.map_or(agreed, |earned| agreed.min(earned.gross)));
    if let Some(agreed) = agreed.filter(|agreed| row.due.is_positive() && row.due < *agreed) {
        let due = row.due;
        let zh = format!(
            "表中应发 {due} 元，而所列出勤天数按约定日工资应得 {agreed} 元；请改正应发，\
             如约定的日工资已变更，请先在工人页面更正。"
        );
        let en = format!(
            "The sheet gives {due}, and its days earn {agreed} at the agreed wage of a day; mend the amount, or record the worker's new \
             terms first if another wage was agreed."
        );
        tell("due", zh, en);
    }
    if let Some(earned) = earned.filter(|earned| earned.gross.is_positive() && row.paid == Fen::ZERO) {
        let (days, gross) = (days_of(earned), earned.gross);
        let zh = format!("实发为 0，而考勤有 {days} 天、应得 {gross} 元；请核对。");
        tell("paid", zh, format!("Nothing is paid, and the gates saw {days} days that earn {gross}; check it."));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::{RecordId, WorkerId};

    fn earned() -> Earned {
        let gross = Fen(150_000);
        Earned {
            enrolment_id: RecordId(1),
            worker_id: WorkerId(1),
            days_hundredths: 500,
            day_rate: Fen(30_000),
            gross,
            spans: vec![(Fen(30_000), 500, gross)],
        }
    }

    fn row(due: i64, note: Option<&str>) -> PayRow {
        let today = "2026-03-02".parse().unwrap();
        PayRow {
            row: 2,
            name: "测试".to_owned(),
            sex: None,
            id: Some(crate::base::person::IdNumber::parse(&with_check("11999919800101001"), today).unwrap()),
            trade: None,
            crew: None,
            days: Some(Decimal::from(5)),
            daily: Some(Fen(30_000)),
            due: Fen(due),
            overtime: Fen::ZERO,
            bonus: Fen::ZERO,
            deduction: Fen::ZERO,
            advance: None,
            fine: None,
            paid: Fen(due),
            card: None,
            bank: None,
            note: note.map(str::to_owned),
            month: None,
            back_pay: None,
            back_month: None,
            uscc: None,
            pay_day: None,
            project: None,
        }
    }

    fn with_check(body: &str) -> String {
        let digits: Vec<u32> = body.chars().filter_map(|c| c.to_digit(10)).collect();
        format!("{body}{}", crate::base::person::IdNumber::check_of(&digits))
    }

    fn told(row: &PayRow, earned: Option<&Earned>) -> Vec<String> {
        let mut told = Vec::new();
        nothing_for_work(row, earned, &mut |key: &str, _: &str, _: String, _: String| told.push(key.to_owned()));
        told
    }

    #[test]
    fn nothing_for_days_that_were_worked_must_be_explained() {
        assert_eq!(told(&row(0, None), Some(&earned())), ["due"]);
        assert!(told(&row(0, Some("已由前一张表支付")), Some(&earned())).is_empty());
        assert!(told(&row(1, None), Some(&earned())).is_empty());
        assert!(told(&row(0, None), None).is_empty(), "nobody saw a day");
    }
}
