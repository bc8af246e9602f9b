//! What a row of a file makes of a line on which people entered items by hand.
//!
//! The amounts of a row are whole: what stands by hand is part of them. So it is taken off first, and what is left is imported; a sheet
//! that was exported comes back without a difference, and a changed total changes the line by the difference only.

use rust_decimal::Decimal;

use crate::base::Fen;
use crate::base::id::InboxId;
use crate::base::money::TooMuch;
use crate::payroll::items::actions::Whole;
use crate::payroll::items::{Item, ItemKind, ItemSource, thousandths};
use crate::payroll::table::LineRow;
use crate::wire::pay_sheet::{Form, PayRow};

/// A total of the file that is less than what stands by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Short {
    /// Our column.
    pub key: &'static str,
    /// What the file says.
    pub file: Fen,
    /// What stands by hand.
    pub by_hand: Fen,
}

/// What of a row is left to import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rest {
    base: Fen,
    overtime: Fen,
    bonus: Fen,
    advance: Fen,
    fine: Fen,
    other: Fen,
}

/// A row less what stands by hand. `has` says whether the file has a column of ours; an amount without a column is part of 应发.
pub(super) fn rest(
    row: &PayRow,
    form: Option<Form>,
    by_hand: &[Item],
    has: impl Fn(&str) -> bool,
) -> Result<Result<Rest, Short>, TooMuch> {
    let is_on_top = match form {
        Some(form) => form == Form::OnTop,
        None => row.due.minus(row.deduction)? != row.paid,
    };
    let of = |kinds: &[ItemKind]| {
        let counted = by_hand.iter().filter(|item| item.counts() && kinds.contains(&item.row.kind));
        Fen::total(counted.map(|item| item.row.amount_fen))
    };
    let mut inside = of(&[ItemKind::HourWage, ItemKind::PieceWork, ItemKind::OwedBefore])?;
    let mut whole = if is_on_top { row.due } else { row.due.minus(row.overtime)?.minus(row.bonus)? };
    let mut parts = [Fen::ZERO; 2];
    for (part, (key, kind, file)) in
        parts.iter_mut().zip([("overtime", ItemKind::Overtime, row.overtime), ("bonus", ItemKind::Allowance, row.bonus)])
    {
        let held = of(&[kind])?;
        if has(key) {
            if file < held {
                return Ok(Err(Short { key, file, by_hand: held }));
            }
            *part = file.minus(held)?;
        } else {
            inside = inside.plus(held)?;
        }
    }
    if whole < inside {
        return Ok(Err(Short { key: "due", file: whole, by_hand: inside }));
    }
    whole = whole.minus(inside)?;
    let [overtime, bonus] = parts;
    let withheld = of(&[ItemKind::Deduction])?;
    if row.deduction < withheld {
        return Ok(Err(Short { key: deduction_column(&has), file: row.deduction, by_hand: withheld }));
    }
    let (advance, fine) = (row.advance.unwrap_or_default(), row.fine.unwrap_or_default());
    let mut left = [row.deduction.minus(advance)?.minus(fine)?, advance, fine];
    let mut over = Fen::ZERO;
    for item in by_hand.iter().filter(|item| item.counts() && item.row.kind == ItemKind::Deduction) {
        over = over.plus(item.row.amount_fen.minus(take_off(left.get_mut(place_of(&item.row.label)), item.row.amount_fen)?)?)?;
    }
    // What its own column does not hold is taken off the others; together they hold it, as was asked above.
    for part in &mut left {
        over = over.minus(take_off(Some(part), over)?)?;
    }
    let [other, advance, fine] = left;
    Ok(Ok(Rest { base: whole, overtime, bonus, advance, fine, other }))
}

/// Takes up to `amount` off a part; how much it was.
fn take_off(part: Option<&mut Fen>, amount: Fen) -> Result<Fen, TooMuch> {
    let Some(part) = part else { return Ok(Fen::ZERO) };
    let taken = amount.min(*part).max(Fen::ZERO);
    *part = part.minus(taken)?;
    Ok(taken)
}

/// Which part of the deductions a label speaks of: the rest, advances, fines.
fn place_of(label: &str) -> usize {
    if ["借", "预支", "advance"].iter().any(|word| label.contains(word)) {
        1
    } else if ["罚", "fine"].iter().any(|word| label.contains(word)) {
        2
    } else {
        0
    }
}

fn deduction_column(has: &impl Fn(&str) -> bool) -> &'static str {
    ["deduction", "advance", "fine"].into_iter().find(|key| has(key)).unwrap_or("paid")
}

impl Rest {
    /// The rest as items.
    pub(super) fn items(&self, row: &PayRow, line: &LineRow, inbox: InboxId) -> Vec<Whole> {
        let days = row.days.unwrap_or_else(|| Decimal::new(i64::from(line.days_hundredths), 2));
        let one = |kind, label: &str, amount: Fen| Whole {
            kind,
            label: label.to_owned(),
            quantity_thousandths: 1_000,
            unit_price: amount,
            amount,
            source: ItemSource::Imported,
            inbox: Some(inbox),
        };
        let mut items = vec![Whole {
            quantity_thousandths: thousandths(days).unwrap_or_default(),
            unit_price: row.daily.unwrap_or(line.day_rate_fen),
            ..one(ItemKind::DayWage, "出勤 days worked", self.base)
        }];
        let more = [
            (ItemKind::Overtime, "加班 overtime", self.overtime),
            (ItemKind::Allowance, "奖金 bonus", self.bonus),
            (ItemKind::Deduction, "借支 advance", self.advance),
            (ItemKind::Deduction, "罚款 fine", self.fine),
            (ItemKind::Deduction, "其他扣款 other deduction", self.other),
        ];
        items.extend(
            more.into_iter().filter(|(.., amount)| amount.is_positive()).map(|(kind, label, amount)| one(kind, label, amount)),
        );
        items
    }
}

impl Short {
    /// What is wrong and what to do, Chinese and English.
    pub(super) fn words(&self) -> (String, String) {
        let Short { file, by_hand, .. } = self;
        (
            format!("表中此项为 {file} 元，少于系统中手工录入的 {by_hand} 元；请先在工资表撤销手工录入的项目，或改正表中金额。"),
            format!(
                "The file says {file} here, less than the {by_hand} entered by hand; withdraw what was entered by hand, or mend the amount."
            ),
        )
    }
}
