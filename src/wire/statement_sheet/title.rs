//! The title block above the header: account number, owner, currency and period.

use super::grid::{Cell, Row};
use super::values::{FLOAT_DIGITS, currency, day};
use crate::base::Day;
use crate::wire::text::{narrow, squeezed};

/// What the rows above the header say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Title {
    /// Own account number.
    pub account: Option<String>,
    /// Own name.
    pub owner: Option<String>,
    /// ISO code.
    pub currency: Option<&'static str>,
    /// First and last day covered.
    pub period: Option<(Day, Day)>,
}

/// Reads the rows above the header.
pub fn read<'a>(rows: impl Iterator<Item = &'a Row>) -> Title {
    let mut title = Title::default();
    for row in rows {
        // A long number that was stored as a float has lost digits: no account is better than a wrong one.
        let kept = row.cells.iter().filter(|cell| !matches!(cell, Cell::Number(number) if number.len() > FLOAT_DIGITS));
        let cells: Vec<String> = kept.map(Cell::text).filter(|text| !text.is_empty()).collect();
        let joined = cells.join(" ");
        title.account = title.account.or_else(|| labelled(&cells, &["账号", "帐号", "账户", "卡号"], number_in));
        title.owner = title.owner.or_else(|| labelled(&cells, &["账户名称", "客户名称", "单位名称", "户名"], name_in));
        if title.currency.is_none() && ["币种", "币别", "单位", "货币"].iter().any(|label| joined.contains(label)) {
            title.currency = currency(&joined).or_else(|| squeezed(&joined).contains("单位:元").then_some("CNY"));
        }
        title.period = title.period.or_else(|| period_in(&joined));
    }
    title
}

/// The value behind a label, in the same cell after a colon or in one of the next cells.
fn labelled(cells: &[String], labels: &[&str], value: fn(&str) -> Option<String>) -> Option<String> {
    for (place, cell) in cells.iter().enumerate() {
        let text = narrow(cell);
        let Some((at, label)) = labels.iter().find_map(|label| text.find(label).map(|at| (at, *label))) else { continue };
        // 对方账号 and the like are columns of some other table.
        if text.contains("对方") {
            continue;
        }
        let behind = text.get(at + label.len()..).unwrap_or_default();
        if let Some(found) = value(behind) {
            return Some(found);
        }
        if let Some(found) = cells.iter().skip(place + 1).take(2).find_map(|next| value(next)) {
            return Some(found);
        }
    }
    None
}

/// The first run of at least five digits (stars where the bank masks), blanks and hyphens between groups dropped.
fn number_in(text: &str) -> Option<String> {
    let mut run = String::new();
    for c in text.chars().chain(['。']) {
        if c.is_ascii_digit() || c == '*' {
            run.push(c);
        } else if !matches!(c, ' ' | '-') {
            if (5..=34).contains(&run.len()) {
                return Some(run);
            }
            run.clear();
        }
    }
    None
}

fn name_in(text: &str) -> Option<String> {
    let text = text.trim_start_matches([':', ' ', ']', '】', ')']);
    let name: String = text.split([' ', '账', '币']).next().unwrap_or_default().to_owned();
    (name.chars().count() >= 2).then_some(name)
}

/// Two days in one row, the first not after the second.
fn period_in(text: &str) -> Option<(Day, Day)> {
    let plain: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() || matches!(c, '-' | '/' | '.' | '年' | '月' | '日') { c } else { ' ' })
        .collect();
    let spread = plain.replace('日', " ").replace("--", " ");
    let days: Vec<Day> = spread.split(' ').filter(|part| part.len() >= 8).flat_map(days_in).collect();
    let (first, last) = (days.first()?, days.get(1)?);
    (first <= last).then_some((*first, *last))
}

/// `20260301-20260331` is two days, `2026-03-01` is one.
fn days_in(part: &str) -> Vec<Day> {
    let one = |text: &str| day(&Cell::Text(text.to_owned()), false);
    let split = part.split_once('-').and_then(|(first, last)| Some(vec![one(first)?, one(last)?]));
    split.unwrap_or_else(|| one(part.trim_matches(['-', '.', '/'])).into_iter().collect())
}
