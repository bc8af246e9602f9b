//! What is looked at row by row before an order, beside the line itself: the hold list, whose card it is by the bank's word, which held
//! lines a person let go, and amounts that are out of the ordinary.
//!
//! An amount is never a reason to hold a wage back: a high one is told for a person to look at (RW-05), and a low one (RW-02) is owed at
//! least. What is deducted beyond the law's share without the worker's paper is one: what is left would be paid as if the worker agreed. Deliberately absent: a way to let go what no note can mend: a line without a card, a dispute, a bank that contradicts itself.

pub mod actions;
pub mod attended;
pub mod cards;
pub(crate) mod deducted;
pub mod direct;
pub mod http;
pub mod table;

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde::Serialize;

use super::Hold;
use crate::attendance;
use crate::base::id::{LineId, RecordId, WorkerId};
use crate::base::money::TooMuch;
use crate::base::person::half_width;
use crate::base::{Day, Fen, Month, RegionCode, Rounding, words};
use crate::law::LawBook;
use crate::law::book::Value;
use crate::projects::Site;
use crate::store::AnyConn;
use crate::web::Problem;

words! {
    /// What is out of the ordinary on a line that goes all the same.
    pub enum Caution, "caution about a pay line" {
        /// More in the month than one worker usually earns (RW-05).
        MonthAmount = "over_month_amount",
        /// More in the year than one worker usually earns (RW-05).
        YearAmount = "over_year_amount",
        /// The day rate over a month of 21.75 paid days is below the local minimum wage (RW-02).
        BelowMinimumWage = "below_minimum_wage",
        /// More is deducted of the wage than the law's share (rules of 1994 on paying wages, article 16).
        DeductionsBeyond = "deductions_beyond",
        /// The worker was at another site in the same hours of the month.
        OnTwoSites = "on_two_sites",
        /// The bank says that the card is frozen, lost or closed.
        CardNotInUse = "card_not_in_use",
    }
}
crate::web::openapi::word_schema!(Caution);

impl Caution {
    /// What to do about it, in Chinese and English.
    pub fn advice(self) -> (&'static str, &'static str) {
        match self {
            Caution::MonthAmount => (
                "单人当月工资超过预警值，请核对工日与单价。",
                "One worker's wages of the month are beyond the warning limit; look at days and rate.",
            ),
            Caution::YearAmount => (
                "单人本年工资累计超过预警值，请核对是否虚列工人。",
                "One worker's wages of the year are beyond the warning limit; look whether the worker is real.",
            ),
            Caution::BelowMinimumWage => (
                "按日工资折算的月工资低于当地最低工资标准，差额应予补足。",
                "The day rate comes to less than the local minimum wage in a month; the difference is owed.",
            ),
            Caution::DeductionsBeyond => (
                "扣除额超过当期应发工资的规定比例（工资支付暂行规定第十六条），超出部分须有工人本人签字同意的材料。",
                "More is deducted than the law's share of the gross wage (rules of 1994 on paying wages, article 16); beyond it a paper \
                 shows that the worker agreed.",
            ),
            Caution::OnTwoSites => (
                "该工人本月有在两个工地同一时段的考勤，请先核实考勤，同一工时不应两处发放。",
                "The worker was at two sites in the same hours of this month; look at the attendance first, the same hours are not \
                 paid at both.",
            ),
            Caution::CardNotInUse => (
                "银行告知该工资卡不能使用，请向工人核实并更新卡号。",
                "The bank says that this card is not in use; ask the worker and update the card.",
            ),
        }
    }
}

/// A line that goes, with what is out of the ordinary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct LineCaution {
    /// The line.
    pub line: LineId,
    /// What.
    pub caution: Caution,
    /// What was compared: wages of the month or the year, a month at the day rate, what is deducted; 0 with
    /// `card_not_in_use` and `on_two_sites`.
    pub amount: Fen,
    /// With what.
    pub limit: Fen,
    /// What to do, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// Amounts with which a line is compared; `None` where the law book has none for the region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// One worker's wages in a month (RW-05).
    pub month: Option<Fen>,
    /// One worker's wages in a year (RW-05).
    pub year: Option<Fen>,
    /// Minimum wage of a month (RW-02).
    pub minimum: Option<Fen>,
    /// Share of a wage that may be deducted at most (rules of 1994 on paying wages, article 16).
    pub deduction: Option<Decimal>,
}

/// Parameter: the share of a wage that may be deducted at most.
pub(crate) const DEDUCTION_MAX: &str = "wage.deduction_max";

/// Days that are paid in a month (月计薪天数), in hundredths.
const PAID_DAYS: Decimal = Decimal::from_parts(2_175, 0, 0, false, 2);

impl Limits {
    /// The limits of a region on a day.
    pub fn of(book: &LawBook, region: RegionCode, on: Day) -> Self {
        let money = |key: &str| match book.value(key, region, on).value.map(|found| &found.value) {
            Some(Value::Money(amount)) => Some(*amount),
            _ => None,
        };
        let deduction = match book.value(DEDUCTION_MAX, region, on).value.map(|found| &found.value) {
            Some(Value::Ratio(share)) => Some(*share),
            _ => None,
        };
        Limits {
            month: money("warning.month_amount"),
            year: money("warning.year_amount"),
            minimum: money("wage.minimum_month"),
            deduction,
        }
    }

    /// The most that may be deducted of a gross wage; `None` where the law book has no share.
    ///
    /// # Errors
    /// Amounts beyond 63 bits.
    pub fn deduction_most(&self, gross: Fen) -> Result<Option<Fen>, TooMuch> {
        self.deduction.map(|share| gross.times(share, Rounding::Down)).transpose()
    }

    /// What is out of the ordinary about a worker with this day rate and these wages in the month and the year.
    pub fn cautions(&self, day_rate: Fen, month: Fen, year: Fen) -> Result<Vec<(Caution, Fen, Fen)>, TooMuch> {
        let at_rate = day_rate.times(PAID_DAYS, Rounding::HalfUp)?;
        let compared = [
            (Caution::MonthAmount, month, self.month.filter(|most| month > *most)),
            (Caution::YearAmount, year, self.year.filter(|most| year > *most)),
            // Piece work has no day rate to judge by.
            (Caution::BelowMinimumWage, at_rate, self.minimum.filter(|least| day_rate.is_positive() && at_rate < *least)),
        ];
        Ok(compared.into_iter().filter_map(|(caution, amount, limit)| Some((caution, amount, limit?))).collect())
    }
}

/// Whether two names are one, blanks and width of characters apart. A name that the bank masks says nothing.
pub fn is_same_name(one: &str, other: &str) -> bool {
    let plain = |name: &str| half_width(name).chars().filter(|c| !c.is_whitespace()).collect::<String>();
    one.contains('*') || other.contains('*') || plain(one) == plain(other)
}

/// What is known about all lines of a sheet at once: a few queries, however many lines.
#[derive(Debug, Default)]
pub struct Around {
    /// Workers on the hold list.
    pub held: BTreeSet<WorkerId>,
    /// Whose a card is by the bank's word, by enrolment; only where the word is about the card of today.
    pub holders: BTreeMap<(RecordId, String), String>,
    /// The bank's last word on a card, with the bank; only where the word is about the card of today.
    pub cards: cards::Standing,
    /// Cards that several people have on record.
    pub shared: BTreeSet<String>,
    /// Holds that a person let go, with the card of then.
    pub released: BTreeSet<(LineId, Hold, Option<String>)>,
    /// Names of the workers.
    pub names: BTreeMap<WorkerId, String>,
    /// Wages of each worker by month, in the sheet's year.
    pub wages: BTreeMap<WorkerId, BTreeMap<Month, Fen>>,
    /// Workers who were at another site in the same hours of the month.
    pub on_two_sites: BTreeSet<WorkerId>,
    /// What amounts are compared with.
    pub limits: Limits,
}

impl Around {
    /// Reads it for a sheet of a month.
    pub fn gather(conn: &mut AnyConn, site: &Site, book: &LawBook, month: Month, on: Day) -> Result<Self, Problem> {
        let mut around = Around { limits: Limits::of(book, site.region, on), ..Around::default() };
        for row in table::holds_of(conn, site.id)? {
            if row.is_held {
                around.held.insert(row.worker_id);
            } else {
                around.held.remove(&row.worker_id);
            }
        }
        for row in table::holders_of(conn, site.id)? {
            around.holders.insert((row.enrolment_id, row.card_index), row.holder);
        }
        for row in table::releases_of(conn, site.id)? {
            if let Ok(hold) = row.hold.parse() {
                around.released.insert((row.line_id, hold, row.card_index));
            }
        }
        around.cards = cards::standing(conn, site.id)?;
        around.shared = table::shared_cards(conn, site.id)?;
        around.names = table::names_of(conn, site.id)?;
        around.on_two_sites =
            attendance::elsewhere::on_two_sites(conn, site.id, month)?.into_iter().map(|(worker, _)| worker).collect();
        for (worker, month, amount) in table::wages_of_year(conn, site.id, month)? {
            around.wages.entry(worker).or_default().insert(month, amount);
        }
        Ok(around)
    }

    /// Whether the bank's word gives the card to somebody else.
    pub fn is_anothers_card(&self, enrolment: RecordId, card_index: Option<&str>, worker: WorkerId) -> bool {
        let Some(card_index) = card_index else { return false };
        let holder = self.holders.get(&(enrolment, card_index.to_owned()));
        let name = self.names.get(&worker);
        holder.zip(name).is_some_and(|(holder, name)| !is_same_name(holder, name))
    }

    /// Whether a person let this hold of the line go while the card was this one.
    pub fn is_released(&self, line: LineId, hold: Hold, card_index: Option<&str>) -> bool {
        hold.may_be_released() && self.released.contains(&(line, hold, card_index.map(str::to_owned)))
    }

    /// What the bank says of the card to which a line goes, where it says that it is not in use.
    pub fn card_caution(&self, line: LineId, enrolment: RecordId, card_index: Option<&str>) -> Option<LineCaution> {
        let (status, source) = self.cards.get(&(enrolment, card_index?.to_owned()))?;
        cards::caution(line, *status, source)
    }

    /// What is out of the ordinary on a line of a month.
    pub fn cautions(&self, line: LineId, worker: WorkerId, day_rate: Fen, month: Month) -> Result<Vec<LineCaution>, Problem> {
        let wages = self.wages.get(&worker);
        let of_month = wages.and_then(|months| months.get(&month)).copied().unwrap_or_default();
        let of_year = Fen::total(wages.into_iter().flat_map(BTreeMap::values).copied())?;
        let found = self.limits.cautions(day_rate, of_month, of_year)?;
        let twice = self.on_two_sites.contains(&worker).then_some((Caution::OnTwoSites, Fen::ZERO, Fen::ZERO));
        let told = |(caution, amount, limit): (Caution, Fen, Fen)| {
            let (zh, en) = caution.advice();
            LineCaution { line, caution, amount, limit, zh: zh.to_owned(), en: en.to_owned() }
        };
        Ok(found.into_iter().chain(twice).map(told).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_told_only_beyond_the_limit_and_a_missing_limit_tells_nothing() {
        let limits =
            Limits { month: Some(Fen(5_000_000)), year: Some(Fen(30_000_000)), minimum: Some(Fen(227_000)), deduction: None };
        let kinds = |rate: i64, month: i64, year: i64| -> Vec<Caution> {
            limits.cautions(Fen(rate), Fen(month), Fen(year)).unwrap().into_iter().map(|(caution, ..)| caution).collect()
        };
        assert_eq!(kinds(30_000, 5_000_000, 30_000_000), [], "just at the limits");
        assert_eq!(kinds(30_000, 5_000_001, 30_000_000), [Caution::MonthAmount]);
        assert_eq!(kinds(30_000, 5_000_000, 30_000_001), [Caution::YearAmount]);
        // 104.36 × 21.75 = 2,269.83; 104.37 × 21.75 = 2,270.0475.
        assert_eq!(kinds(10_436, 100, 100), [Caution::BelowMinimumWage]);
        assert_eq!(kinds(10_437, 100, 100), []);
        assert_eq!(kinds(0, 100, 100), [], "piece work has no day rate");
        assert_eq!(Limits::default().cautions(Fen(1), Fen(i64::MAX), Fen(i64::MAX)).unwrap(), []);
    }

    #[test]
    fn the_book_has_the_warning_limits_and_no_minimum_wage_that_nobody_entered() {
        let book = LawBook::from_files(crate::law::embedded_files()).unwrap();
        let limits = Limits::of(&book, "330784".parse().unwrap(), "2026-03-02".parse().unwrap());
        let deduction = Some(Decimal::new(2, 1));
        assert_eq!(limits, Limits { month: Some(Fen(5_000_000)), year: Some(Fen(30_000_000)), minimum: None, deduction });
    }

    #[test]
    fn a_masked_name_says_nothing_and_blanks_do_not_make_another_person() {
        assert!(is_same_name("张 三", "张三"));
        assert!(is_same_name("张*", "张三"));
        assert!(!is_same_name("李四", "张三"));
    }
}
