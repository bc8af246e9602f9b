//! Whether the money reaches the next pay days: a pure function of what is there, what is promised and what is owed.
//!
//! It says less than a plan does: wages count as far as they were earned, promises only until their day, and later by as many days as
//! the owner usually takes, or has let the oldest open money wait by now. Deliberately absent: wages of days to come, and anything that is learned beyond the owner's habit.

use serde::Serialize;
use utoipa::ToSchema;

use crate::accounts::freezes::standing::FrozenMoney;
use crate::base::money::TooMuch;
use crate::base::{Day, Fen, Month, words};

words! {
    /// How it is known what a month's wages come to.
    pub enum Why, "source of wages to pay" {
        /// From a pay sheet.
        Sheet = "sheet",
        /// From attendance and agreed rates: it stands on no sheet, or on none as it was agreed.
        Attendance = "attendance",
    }
}
crate::web::openapi::word_schema!(Why);

/// Labour cost that the owner is to transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Promise {
    /// The agreed day.
    pub due_on: Day,
    /// The day on which this owner's money usually comes.
    pub expected_on: Day,
    /// How much of it has not come.
    pub agreed: Fen,
    /// How much of that is counted on: while earlier money is open, the share of it that this owner has brought so far, and nothing of
    /// what a freeze takes as it comes.
    pub amount: Fen,
    /// Days by which the owner's oldest open transfer is late; 0 where none is open.
    pub waits_days: i64,
}

/// Wages to be paid on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = WagesOfPayDay)]
pub struct Wages {
    /// The month that was worked.
    pub month: Month,
    /// Pay day.
    pub pay_on: Day,
    /// How much is left to pay.
    pub amount: Fen,
    /// How that is known.
    pub why: Why,
}

/// What is there, what is promised, what is owed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Position {
    /// The day asked about.
    pub as_of: Day,
    /// On the account, neither under way to workers nor frozen; `None` where the bank has said nothing.
    pub balance: Option<Fen>,
    /// What of the money is frozen and not counted here; `null` where nothing is.
    pub frozen: Option<FrozenMoney>,
    /// What the owner is to transfer.
    pub promised: Vec<Promise>,
    /// What is to be paid.
    pub wages: Vec<Wages>,
}

impl Position {
    /// The position without the money that is frozen, which pays nobody: of the balance and, beyond it, of what comes first. Money that is
    /// under way as well is taken once. What comes to an account that is frozen as a whole is frozen too.
    ///
    /// # Errors
    /// Amounts beyond 63 bits.
    pub fn without(mut self, frozen: Option<FrozenMoney>) -> Result<Position, TooMuch> {
        if let Some(frozen) = &frozen {
            self.balance = self.balance.map(|balance| frozen.leaves(balance)).transpose()?;
            let mut beyond = frozen.beyond;
            self.promised.sort_by_key(|one| one.expected_on);
            for one in &mut self.promised {
                let taken = if frozen.is_whole { one.amount } else { beyond.min(one.amount).or_zero() };
                one.amount = one.amount.minus(taken)?;
                beyond = beyond.minus(taken)?.or_zero();
            }
        }
        self.frozen = frozen;
        Ok(self)
    }
}

/// The end of a day on which something comes or goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Point {
    /// Day.
    pub on: Day,
    /// Expected to come in on it.
    pub comes: Fen,
    /// To be paid on it.
    pub goes: Fen,
    /// Left at its end; negative where it does not reach.
    pub left: Fen,
}

/// The first pay day that the money does not reach, with what that follows from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Shortfall {
    /// Pay day.
    pub on: Day,
    /// Days from the day asked about; 0 for today and for a pay day that has passed.
    pub in_days: i64,
    /// How much is missing.
    pub amount: Fen,
    /// On the account today.
    pub balance: Fen,
    /// Expected to come in until then.
    pub promised: Fen,
    /// To be paid until then.
    pub wages: Fen,
}

/// What is expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Outlook {
    /// What it follows from.
    pub position: Position,
    /// The days on which something comes or goes, the first one today.
    pub points: Vec<Point>,
    /// The first pay day that is not reached; `None` where all are, or where it is not known.
    pub shortfall: Option<Shortfall>,
    /// Whether there is an answer; not where the bank has said nothing and wages are owed.
    pub known: bool,
}

impl Outlook {
    /// Days by which the owner's oldest open transfer is late, where less is counted on for it; `None` where nothing is open.
    pub fn owner_waits(&self) -> Option<i64> {
        self.position.promised.iter().map(|one| one.waits_days).max().filter(|days| *days > 0)
    }
}

/// Days that a forecast looks ahead.
pub const HORIZON_DAYS: i64 = 45;

/// Walks from day to day. On one day money comes before it goes: what the owner transfers on a pay day is there for it.
pub fn forecast(position: Position) -> Result<Outlook, TooMuch> {
    let (today, last) = (position.as_of, position.as_of.plus_days(HORIZON_DAYS));
    let Some(balance) = position.balance else {
        let known = position.wages.is_empty();
        return Ok(Outlook { position, points: Vec::new(), shortfall: None, known });
    };
    let mut days: Vec<Day> = vec![today];
    days.extend(position.promised.iter().map(|one| one.expected_on.max(today)));
    days.extend(position.wages.iter().map(|one| one.pay_on.max(today)));
    days.retain(|day| *day <= last);
    days.sort_unstable();
    days.dedup();
    let (mut left, mut promised, mut wages) = (balance, Fen::ZERO, Fen::ZERO);
    let (mut points, mut shortfall) = (Vec::with_capacity(days.len()), None);
    for on in days {
        let comes = Fen::total(position.promised.iter().filter(|one| one.expected_on.max(today) == on).map(|one| one.amount))?;
        let goes = Fen::total(position.wages.iter().filter(|one| one.pay_on.max(today) == on).map(|one| one.amount))?;
        promised = promised.plus(comes)?;
        wages = wages.plus(goes)?;
        left = left.plus(comes)?.minus(goes)?;
        points.push(Point { on, comes, goes, left });
        // More was sent than there is: that is short today, whether or not a pay day falls on it.
        let is_overdrawn = on == today && balance < Fen::ZERO;
        if shortfall.is_none() && (goes.is_positive() || is_overdrawn) && left < Fen::ZERO {
            let in_days = on.days_since(today);
            shortfall = Some(Shortfall { on, in_days, amount: left.negated(), balance, promised, wages });
        }
    }
    Ok(Outlook { position, points, shortfall, known: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn promise(due: &str, expected: &str, fen: i64) -> Promise {
        Promise { due_on: day(due), expected_on: day(expected), agreed: Fen(fen), amount: Fen(fen), waits_days: 0 }
    }

    fn wages(on: &str, fen: i64) -> Wages {
        Wages { month: day(on).month().plus(-1), pay_on: day(on), amount: Fen(fen), why: Why::Sheet }
    }

    fn at(balance: Option<i64>, promised: Vec<Promise>, wages: Vec<Wages>) -> Outlook {
        forecast(Position { as_of: day("2026-03-06"), balance: balance.map(Fen), frozen: None, promised, wages }).unwrap()
    }

    #[test]
    fn it_names_day_amount_and_parts() {
        let outlook =
            at(Some(10_000_000), vec![promise("2026-03-10", "2026-03-10", 28_800_000)], vec![wages("2026-03-15", 70_000_000)]);
        let short = outlook.shortfall.unwrap();
        assert_eq!((short.on, short.in_days, short.amount), (day("2026-03-15"), 9, Fen(31_200_000)));
        assert_eq!((short.balance, short.promised, short.wages), (Fen(10_000_000), Fen(28_800_000), Fen(70_000_000)));
    }

    #[test]
    fn to_the_fen_it_reaches_or_does_not() {
        assert!(at(Some(500), Vec::new(), vec![wages("2026-03-15", 500)]).shortfall.is_none());
        let short = at(Some(499), Vec::new(), vec![wages("2026-03-15", 500)]).shortfall.unwrap();
        assert_eq!(short.amount, Fen(1));
    }

    #[test]
    fn money_of_the_pay_day_itself_is_in_time_and_of_the_day_after_is_not() {
        let pay = || vec![wages("2026-03-15", 500)];
        assert!(at(Some(0), vec![promise("2026-03-15", "2026-03-15", 500)], pay()).shortfall.is_none());
        assert!(at(Some(0), vec![promise("2026-03-16", "2026-03-16", 500)], pay()).shortfall.is_some());
        assert!(at(Some(0), vec![promise("2026-03-10", "2026-03-16", 500)], pay()).shortfall.is_some(), "an owner who pays late");
    }

    #[test]
    fn wages_that_were_due_before_are_due_today_and_those_beyond_the_horizon_do_not_count() {
        let short = at(Some(0), Vec::new(), vec![wages("2026-02-15", 7)]).shortfall.unwrap();
        assert_eq!((short.on, short.in_days), (day("2026-03-06"), 0));
        let edge = day("2026-03-06").plus_days(HORIZON_DAYS);
        assert!(at(Some(0), Vec::new(), vec![wages(&edge.to_string(), 7)]).shortfall.is_some());
        assert!(at(Some(0), Vec::new(), vec![wages(&edge.plus_days(1).to_string(), 7)]).shortfall.is_none());
    }

    #[test]
    fn a_first_pay_day_may_be_reached_and_the_second_not() {
        let outlook = at(Some(600), Vec::new(), vec![wages("2026-03-15", 500), wages("2026-04-15", 500)]);
        let short = outlook.shortfall.unwrap();
        assert_eq!((short.on, short.amount, short.wages), (day("2026-04-15"), Fen(400), Fen(1000)));
        assert_eq!(outlook.points.iter().map(|point| point.left.0).collect::<Vec<_>>(), [600, 100, -400]);
    }

    #[test]
    fn what_is_below_nothing_already_is_short_today() {
        let short = at(Some(-920), Vec::new(), vec![wages("2026-03-15", 500)]).shortfall.unwrap();
        assert_eq!((short.on, short.in_days, short.amount, short.wages), (day("2026-03-06"), 0, Fen(920), Fen::ZERO));
        assert!(at(Some(-920), Vec::new(), Vec::new()).shortfall.is_some(), "though nothing else is to be paid");
        let in_time = at(Some(-920), vec![promise("2026-03-06", "2026-03-06", 920)], Vec::new());
        assert!(in_time.shortfall.is_none(), "the owner's money of today is there for it");
    }

    #[test]
    fn frozen_money_pays_no_wages() {
        let frozen = |amount, beyond, is_whole| {
            Some(FrozenMoney { amount: Fen(amount), beyond: Fen(beyond), is_whole, freezes: Vec::new() })
        };
        let of = |balance: Option<i64>, frozen| {
            let promised = vec![promise("2026-03-10", "2026-03-10", 300)];
            let wages = vec![wages("2026-03-15", 500)];
            let position = Position { as_of: day("2026-03-06"), balance: balance.map(Fen), frozen: None, promised, wages };
            forecast(position.without(frozen).unwrap()).unwrap()
        };
        assert!(of(Some(200), None).shortfall.is_none());
        assert_eq!(of(Some(200), frozen(1, 0, false)).shortfall.unwrap().amount, Fen(1));
        assert_eq!(of(Some(200), frozen(200, 50, false)).shortfall.unwrap().amount, Fen(250), "what comes is frozen as well");
        let whole = of(Some(1_000), frozen(1_000, 0, true)).shortfall.unwrap();
        assert_eq!((whole.amount, whole.balance, whole.promised), (Fen(500), Fen::ZERO, Fen::ZERO));
        assert_eq!(of(Some(100), frozen(900, 0, false)).position.balance, Some(Fen::ZERO), "under way and frozen is gone once");
        assert!(!of(None, frozen(0, 0, true)).known);
    }

    #[test]
    fn without_a_word_of_the_bank_nothing_is_known_and_nothing_is_clear() {
        let outlook = at(None, Vec::new(), vec![wages("2026-03-15", 500)]);
        assert!(!outlook.known && outlook.shortfall.is_none());
        assert!(at(None, Vec::new(), Vec::new()).known, "nobody is owed anything");
    }
}
