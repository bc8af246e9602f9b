//! What a month's work earned each enrolment: its work days at the day rate that held on each of them.

use std::collections::HashMap;

use super::gross;
use crate::attendance;
use crate::base::id::{RecordId, WorkerId};
use crate::base::money::TooMuch;
use crate::base::{Day, Fen, Month};
use crate::projects::Site;
use crate::store::{AnyConn, Tx};
use crate::web::{Ctx, Problem};
use crate::workers;

/// Rounds of folding that one build waits for; a project with more days to fold is folded by its jobs first.
const FOLD_ROUNDS_MAX: usize = 30;

/// What one enrolment earned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earned {
    /// Enrolment.
    pub enrolment_id: RecordId,
    /// Person.
    pub worker_id: WorkerId,
    /// Work days in hundredths.
    pub days_hundredths: i32,
    /// The rate that held on the last of them.
    pub day_rate: Fen,
    /// Wage before deductions.
    pub gross: Fen,
    /// The spans of days at one rate that it comes from: rate, days in hundredths, wage.
    pub spans: Vec<(Fen, i32, Fen)>,
}

/// What everybody with a work day in the month earned; punches that wait to be folded are folded first.
///
/// With `through` only days up to that one count.
pub fn earned(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, month: Month, through: Option<Day>) -> Result<Vec<Earned>, Problem> {
    for _ in 0..FOLD_ROUNDS_MAX {
        if !attendance::folding::fold_dirty(tx, ctx, site.id)?.more {
            break;
        }
    }
    by_days(tx.conn(), site, month, through)
}

/// What everybody with a folded work day in the month earned, by the days as they are folded now.
///
/// # Errors
/// Amounts that do not add up within 63 bits.
pub fn by_days(conn: &mut AnyConn, site: &Site, month: Month, through: Option<Day>) -> Result<Vec<Earned>, Problem> {
    let last = through.unwrap_or(month.last()).min(month.last());
    let mut days: HashMap<RecordId, Vec<(Day, i32)>> = HashMap::new();
    for (day, enrolment, hundredths) in attendance::folding::table::hundredths_in(conn, site.id, (month.first(), last))? {
        days.entry(enrolment).or_default().push((day, hundredths));
    }
    let mut rates: HashMap<RecordId, Vec<(Day, Fen)>> = HashMap::new();
    for (enrolment, from, rate) in workers::table::rates_of(conn, site.id)? {
        rates.entry(enrolment).or_default().push((from, rate));
    }
    let mut all = Vec::with_capacity(days.len());
    for enrolment in workers::table::of_project(conn, site.id)? {
        let Some(days) = days.remove(&enrolment.id) else { continue };
        let rates = rates.remove(&enrolment.id).unwrap_or_default();
        let (days_hundredths, day_rate, spans) = wage(&days, &rates, enrolment.day_rate)?;
        if days_hundredths > 0 {
            let (enrolment_id, worker_id) = (enrolment.id, enrolment.worker_id);
            let gross = Fen::total(spans.iter().map(|(.., wage)| *wage))?;
            all.push(Earned { enrolment_id, worker_id, days_hundredths, day_rate, gross, spans });
        }
    }
    Ok(all)
}

/// Days in all, last rate, and the spans with their wages. `rates` begin on their day and are in order; `fallback` holds where there are none.
///
/// Days at one rate are added up before they are rounded, so that thirty half days cost no more than fifteen days.
fn wage(days: &[(Day, i32)], rates: &[(Day, Fen)], fallback: Fen) -> Result<Wage, TooMuch> {
    let first = rates.first().map_or(fallback, |(_, rate)| *rate);
    let rate_on = |day: Day| rates.iter().rev().find(|(from, _)| *from <= day).map_or(first, |(_, rate)| *rate);
    let mut spans: Vec<(Fen, i32)> = Vec::new();
    for (day, hundredths) in days {
        let rate = rate_on(*day);
        match spans.last_mut() {
            Some((last, sum)) if *last == rate => *sum = sum.saturating_add(*hundredths),
            _ => spans.push((rate, *hundredths)),
        }
    }
    let total = spans.iter().fold(0_i32, |sum, (_, hundredths)| sum.saturating_add(*hundredths));
    let last = spans.last().map_or(first, |(rate, _)| *rate);
    let waged: Result<Vec<(Fen, i32, Fen)>, TooMuch> =
        spans.into_iter().map(|(rate, hundredths)| Ok((rate, hundredths, gross(hundredths, rate)?))).collect();
    Ok((total, last, waged?))
}

/// Days in hundredths, the last rate, and for each span its rate, days and wage.
type Wage = (i32, Fen, Vec<(Fen, i32, Fen)>);

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: u32) -> Day {
        Day::of(2026, 3, number).unwrap()
    }

    fn wage(days: &[(Day, i32)], rates: &[(Day, Fen)], fallback: Fen) -> Result<(i32, Fen, Fen), TooMuch> {
        let (total, last, spans) = super::wage(days, rates, fallback)?;
        Ok((total, last, Fen::total(spans.iter().map(|(.., wage)| *wage))?))
    }

    #[test]
    fn each_day_is_paid_at_the_rate_of_that_day() {
        let rates = [(day(1), Fen(30_000)), (day(16), Fen(32_000))];
        let days: Vec<(Day, i32)> = (10..=20).map(|number| (day(number), 100)).collect();
        assert_eq!(wage(&days, &rates, Fen(1)), Ok((1_100, Fen(32_000), Fen(6 * 30_000 + 5 * 32_000))));
        assert_eq!(
            wage(&[(day(3), 50)], &[(day(5), Fen(100))], Fen(1)),
            Ok((50, Fen(100), Fen(50))),
            "the first rate reaches back"
        );
        assert_eq!(wage(&[(day(3), 50)], &[], Fen(300)), Ok((50, Fen(300), Fen(150))));
        assert_eq!(wage(&[], &rates, Fen(1)), Ok((0, Fen(30_000), Fen::ZERO)));
    }

    #[test]
    fn parts_of_days_are_added_before_they_are_rounded() {
        let days: Vec<(Day, i32)> = (1..=30).map(|number| (day(number), 50)).collect();
        assert_eq!(wage(&days, &[], Fen(10_001)).unwrap().2, Fen(150_015));
    }
}
