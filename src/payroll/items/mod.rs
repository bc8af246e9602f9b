//! What a line is made of: work days, hours, overtime, piece work, allowances, deductions, each an item with quantity, unit price and
//! source; the line's gross wage is the sum of those that count, to the fen (R724-15).
//!
//! Piece work counts once the crew and the worker have confirmed its quantity, each by a paper, and not a moment before. An item is never rewritten:
//! it is withdrawn and another one entered. Deliberately absent: what an hour or a piece ought to cost, which the contract says.

pub mod actions;
pub mod http;
pub mod labels;
pub mod saying;
pub mod table;
pub mod waiting;

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Serialize;

use self::table::{ItemRow, StepRow};
use crate::base::id::{DocumentId, LineId};
use crate::base::money::TooMuch;
use crate::base::{Day, Fen, Rounding, words};

words! {
    /// What an item of a line is for.
    pub enum ItemKind, "kind of wage item" {
        /// Work days at the day rate.
        DayWage = "day_wage",
        /// Hours at an hourly rate.
        HourWage = "hour_wage",
        /// Overtime hours at the hourly rate times a named rate.
        Overtime = "overtime",
        /// Pieces, metres, cubic metres at a unit price.
        PieceWork = "piece_work",
        /// What comes on top: meals, heat, night.
        Allowance = "allowance",
        /// What is withheld: advances, fines, own social insurance.
        Deduction = "deduction",
        /// What was owed from before this service, as a paper states it.
        OwedBefore = "owed_before",
    }
}
crate::store::types::word_column!(ItemKind);
crate::web::openapi::word_schema!(ItemKind);

words! {
    /// Where an item came from.
    pub enum ItemSource, "source of a wage item" {
        /// The work days of the attendance.
        WorkDays = "work_days",
        /// The work days less what earlier parts of the month hold.
        EarlierParts = "earlier_parts",
        /// Entered by a person.
        Entered = "by_hand",
        /// A sheet made elsewhere.
        Imported = "imported",
    }
}
crate::store::types::word_column!(ItemSource);
crate::web::openapi::word_schema!(ItemSource);

words! {
    /// What was said of an item after it was entered.
    pub enum ItemStep, "step of a wage item" {
        /// The crew confirms the quantity.
        CrewConfirmed = "crew_confirmed",
        /// The worker confirms the quantity.
        WorkerConfirmed = "worker_confirmed",
        /// It counts no more.
        Withdrawn = "withdrawn",
    }
}
crate::store::types::word_column!(ItemStep);
crate::web::openapi::word_schema!(ItemStep);

/// The plain rate of an item that has no other.
pub const PLAIN_RATE: i32 = 100;

/// The highest rate that an overtime item may name, in per cent.
pub const RATE_MAX: i32 = 1_000;

/// Items of one line at most, withdrawn ones included.
pub const ITEMS_MAX: usize = 200;

/// The largest quantity of an item.
const QUANTITY_MAX: i64 = 1_000_000;

/// An item with what was said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = WageItem)]
pub struct Item {
    /// The item as it was entered.
    pub row: ItemRow,
    /// When the crew confirmed it.
    pub crew_confirmed_on: Option<Day>,
    /// The paper of it.
    pub crew_paper: Option<DocumentId>,
    /// When the worker confirmed it.
    pub worker_confirmed_on: Option<Day>,
    /// The paper of it.
    pub worker_paper: Option<DocumentId>,
    /// Why it was withdrawn; `null` while it stands.
    pub withdrawn: Option<String>,
}

impl Item {
    /// Whether it was not withdrawn.
    pub fn stands(&self) -> bool {
        self.withdrawn.is_none()
    }

    /// Whether its amount is part of the line.
    pub fn counts(&self) -> bool {
        self.stands() && !self.waits()
    }

    /// Whether it stands and needs a confirmation before it counts.
    pub fn waits(&self) -> bool {
        self.stands()
            && self.row.kind == ItemKind::PieceWork
            && (self.crew_confirmed_on.is_none() || self.worker_confirmed_on.is_none())
    }

    /// Whether it pays work that no work day stands for: hours, overtime, confirmed pieces.
    pub fn is_other_work(&self) -> bool {
        let is_work =
            matches!(self.row.kind, ItemKind::HourWage | ItemKind::Overtime | ItemKind::PieceWork | ItemKind::OwedBefore);
        is_work && self.counts() && self.row.amount_fen.is_positive()
    }

    /// The quantity as people write it.
    pub fn quantity(&self) -> Decimal {
        Decimal::new(self.row.quantity_thousandths, 3).normalize()
    }
}

/// What the items of a line that count come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// Work days.
    pub days: Fen,
    /// Everything else that is paid.
    pub extras: Fen,
    /// What is withheld.
    pub deductions: Fen,
}

impl Sums {
    /// Adds up items; those that do not count are passed over.
    pub fn of(items: &[Item]) -> Result<Sums, TooMuch> {
        let mut sums = Sums::default();
        for item in items.iter().filter(|item| item.counts()) {
            let amount = item.row.amount_fen;
            match item.row.kind {
                ItemKind::DayWage => sums.days = sums.days.plus(amount)?,
                ItemKind::Deduction => sums.deductions = sums.deductions.plus(amount)?,
                ItemKind::HourWage | ItemKind::Overtime | ItemKind::PieceWork | ItemKind::Allowance | ItemKind::OwedBefore => {
                    sums.extras = sums.extras.plus(amount)?;
                }
            }
        }
        Ok(sums)
    }
}

/// Items by their line, each with its steps.
pub fn by_line(rows: Vec<ItemRow>, steps: Vec<StepRow>) -> BTreeMap<LineId, Vec<Item>> {
    let mut said: BTreeMap<_, Vec<StepRow>> = BTreeMap::new();
    for step in steps {
        said.entry(step.item_id).or_default().push(step);
    }
    let mut lines: BTreeMap<LineId, Vec<Item>> = BTreeMap::new();
    for row in rows {
        let steps = said.remove(&row.id).unwrap_or_default();
        let on = |wanted: ItemStep| steps.iter().find(|step| step.step == wanted);
        let item = Item {
            crew_confirmed_on: on(ItemStep::CrewConfirmed).map(|step| step.happened_on),
            crew_paper: on(ItemStep::CrewConfirmed).and_then(|step| step.document_id),
            worker_confirmed_on: on(ItemStep::WorkerConfirmed).map(|step| step.happened_on),
            worker_paper: on(ItemStep::WorkerConfirmed).and_then(|step| step.document_id),
            withdrawn: on(ItemStep::Withdrawn).map(|step| step.note.clone()),
            row,
        };
        lines.entry(item.row.line_id).or_default().push(item);
    }
    lines
}

/// Quantity × unit price × rate, rounded once; half a fen is rounded away from zero, in the worker's favour.
pub fn amount(quantity: Decimal, unit_price: Fen, rate_percent: i32) -> Result<Fen, TooMuch> {
    let ratio = quantity.checked_mul(Decimal::new(i64::from(rate_percent), 2)).ok_or(TooMuch)?;
    unit_price.times(ratio, Rounding::HalfUp)
}

/// A quantity in thousandths; `None` below nothing, beyond a million or with a fourth decimal place.
pub fn thousandths(quantity: Decimal) -> Option<i64> {
    if quantity.is_sign_negative() || quantity > Decimal::from(QUANTITY_MAX) {
        return None;
    }
    let scaled = quantity.checked_mul(Decimal::ONE_THOUSAND)?;
    if scaled.fract().is_zero() { i64::try_from(scaled.trunc()).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::{ProjectId, RecordId, SheetId};

    fn item(id: i64, kind: ItemKind, fen: i64) -> ItemRow {
        ItemRow {
            project_id: ProjectId(1),
            id: RecordId(id),
            sheet_id: SheetId(1),
            line_id: LineId(1),
            kind,
            label: "测试".to_owned(),
            quantity_thousandths: 1_000,
            unit_price_fen: Fen(fen),
            rate_percent: PLAIN_RATE,
            amount_fen: Fen(fen),
            source: ItemSource::Entered,
            inbox_id: None,
            entered_by: "test".to_owned(),
            recorded_seq: 1,
        }
    }

    fn step(item: i64, step: ItemStep) -> StepRow {
        StepRow {
            project_id: ProjectId(1),
            id: RecordId(100 + item),
            sheet_id: SheetId(1),
            item_id: RecordId(item),
            step,
            note: "测试".to_owned(),
            recorded_by: "test".to_owned(),
            happened_on: "2026-03-01".parse().unwrap(),
            recorded_seq: 2,
            document_id: None,
        }
    }

    #[test]
    fn amounts_are_exact_and_rounded_once() {
        let quantity = |text: &str| text.parse::<Decimal>().unwrap();
        assert_eq!(amount(quantity("3.5"), Fen(3_333), 150), Ok(Fen(17_498)), "17498.25");
        assert_eq!(amount(quantity("0.5"), Fen(1), 100), Ok(Fen(1)), "half a fen goes up");
        assert_eq!(amount(quantity("12.345"), Fen(1_000), 100), Ok(Fen(12_345)));
        assert_eq!(amount(quantity("1000000"), Fen(i64::MAX), 1_000), Err(TooMuch));
    }

    #[test]
    fn a_quantity_has_three_places_and_a_limit() {
        let of = |text: &str| thousandths(text.parse().unwrap());
        assert_eq!((of("0"), of("12.345"), of("1000000")), (Some(0), Some(12_345), Some(1_000_000_000)));
        assert_eq!((of("-1"), of("0.0001"), of("1000000.001")), (None, None, None));
    }

    #[test]
    fn piece_work_counts_when_both_have_confirmed_it() {
        let rows = || vec![item(1, ItemKind::DayWage, 100), item(2, ItemKind::PieceWork, 50), item(3, ItemKind::Deduction, 7)];
        let sums = |steps: Vec<StepRow>| {
            let lines = by_line(rows(), steps);
            Sums::of(&lines[&LineId(1)]).unwrap()
        };
        assert_eq!(sums(vec![]), Sums { days: Fen(100), extras: Fen(0), deductions: Fen(7) });
        assert_eq!(sums(vec![step(2, ItemStep::CrewConfirmed)]).extras, Fen(0), "the crew alone is not enough");
        let both = vec![step(2, ItemStep::CrewConfirmed), step(2, ItemStep::WorkerConfirmed)];
        assert_eq!(sums(both.clone()).extras, Fen(50));
        let gone = [both, vec![step(2, ItemStep::Withdrawn), step(3, ItemStep::Withdrawn)]].concat();
        assert_eq!(sums(gone), Sums { days: Fen(100), extras: Fen(0), deductions: Fen(0) });
    }
}
