//! Wages: each detail becomes part of the worker's line on the draft of its month; back pay goes to the month that it is for.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::people::{person, set_card};
use super::{Applied, Ask, Halt, Team};
use crate::base::{Fen, Month};
use crate::payroll::uploads::{self, NewPay};
use crate::projects::Site;
use crate::realname::keeping;
use crate::store::Tx;
use crate::wire::openapi::answer::Wrong;
use crate::wire::openapi::record::Record;
use crate::workers::card_index;
use crate::workers::table::EnrolmentRow;

/// Days of a month at most, in hundredths.
const DAYS_MAX: i32 = 3_100;

pub(super) fn payroll(tx: &mut Tx<'_>, ask: &Ask<'_>) -> Result<Applied, Halt> {
    let site = ask.site(tx)?;
    let team = ask.team_of_corp(tx, &site)?;
    let missing = || ask.root().fault("payMonth", Wrong::Missing);
    let pay_month = ask.root().month("payMonth").ok_or_else(missing)?;
    let mut months: BTreeMap<Month, Vec<(&Record, NewPay)>> = BTreeMap::new();
    let mut faults = Vec::new();
    for item in &ask.message.items {
        let of = if item.flag("isBackPay") { item.month("backPayMonth").unwrap_or(pay_month) } else { pay_month };
        match detail(tx, ask, &site, &team, (pay_month, of), item) {
            Ok(new) => months.entry(of).or_default().push((item, new)),
            Err(Halt::Faults(found)) => faults.extend(found),
            Err(problem) => return Err(problem),
        }
    }
    if !faults.is_empty() {
        return Err(Halt::Faults(faults));
    }
    for (month, given) in months {
        let rows: Vec<NewPay> = given.iter().map(|(_, new)| new.clone()).collect();
        let (_, untaken) = uploads::take(tx, ask.ctx, &site, month, ask.origin.inbox, &rows)?;
        for (place, problem) in untaken {
            let is_other = problem.faults.first().is_some_and(|fault| fault.reason == "id_reused");
            let wrong = if is_other && problem.faults.first().is_some_and(|fault| fault.place != "line") {
                Wrong::Exists
            } else {
                Wrong::Refused(problem.zh, problem.en)
            };
            let fault = given.get(place).map(|(item, _)| item.fault("thirdPayRollCode", wrong.clone()));
            faults.push(fault.unwrap_or_else(|| ask.root().fault("detailList", wrong)));
        }
    }
    if faults.is_empty() { Ok(Applied::default()) } else { Err(Halt::Faults(faults)) }
}

fn refused(item: &Record, key: &str, zh: &str, en: &str) -> Halt {
    item.fault(key, Wrong::Refused(zh.to_owned(), en.to_owned())).into()
}

fn detail(
    tx: &mut Tx<'_>,
    ask: &Ask<'_>,
    site: &Site,
    team: &Team,
    (pay_month, month): (Month, Month),
    item: &Record,
) -> Result<NewPay, Halt> {
    let known = person(tx, ask, site, Some(team), item)?;
    if !known.is_known() {
        return Err(item.fault("idCardNumber", Wrong::Absent("工人")).into());
    }
    let (first, last) = (month.first(), month.last());
    let here = |row: &&EnrolmentRow| row.entered_on <= last && row.left_on.is_none_or(|left| left >= first);
    let enrolment = known.enrolments.iter().rev().find(here).cloned();
    let enrolment = enrolment.ok_or_else(|| item.fault("idCardNumber", Wrong::Absent("进场记录")))?;
    let total = item.money("totalPayAmount").unwrap_or(Fen::ZERO);
    let actual = item.money("actualAmount").unwrap_or(Fen::ZERO);
    if actual > total {
        return Err(refused(item, "actualAmount", "不能大于应发金额", "more is paid than was earned"));
    }
    let days_hundredths = match item.decimal("days") {
        Some(days) => {
            let hundredths = days.checked_mul(Decimal::ONE_HUNDRED).filter(|whole| whole.fract().is_zero());
            let hundredths = hundredths.and_then(|whole| whole.to_i32()).filter(|days| *days <= DAYS_MAX);
            Some(hundredths.ok_or_else(|| item.fault("days", Wrong::BadFormat))?)
        }
        None => None,
    };
    let hours_max = Decimal::from(month.last().day_of_month().saturating_mul(24));
    if item.decimal("workHours").is_some_and(|hours| hours > hours_max) {
        return Err(refused(item, "workHours", "应为 0 至当月的总小时数", "hours are between nothing and those of the month"));
    }
    // A card that nobody has told yet is recorded; another one than the worker's is not paid to.
    let index = card_index(ask.ctx.vault(), item.word("payRollBankCardNumber"));
    match &enrolment.card_index {
        Some(stands) if *stands != index => {
            return Err(refused(item, "payRollBankCardNumber", "与登记的工资卡不一致", "it is not the worker's card on record"));
        }
        Some(_) => {}
        None => set_card(tx, ask, site, &enrolment, item)?,
    }
    let back = item.month("backPayMonth").map(|month| month.to_string()).unwrap_or_default();
    let flag = u8::from(item.flag("isBackPay"));
    let key = format!("{} {} {pay_month} {flag} {back}", item.word("thirdPayRollCode"), enrolment.worker_id);
    Ok(NewPay {
        key_index: ask.ctx.vault().index("realname_pay", &format!("{} {key}", site.id)),
        content: keeping::content_index(ask.ctx, &item.content()),
        total,
        actual,
        days_hundredths,
        paid_on: item.day("balanceDate").unwrap_or(ask.ctx.today),
        enrolment,
    })
}
