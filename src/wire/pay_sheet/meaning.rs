//! What 应发 means in a sheet: with overtime and bonus, or without.

use super::PayRow;
use crate::base::Fen;

/// What 应发 means in a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// 应发 already contains overtime and bonus: 实发 = 应发 − 扣款.
    Inclusive,
    /// Overtime and bonus come on top: 实发 = 应发 + 加班 + 奖金 − 扣款.
    OnTop,
}

pub(super) fn inclusive(line: &PayRow) -> Option<Fen> {
    line.due.minus(line.deduction).ok()
}

pub(super) fn on_top(line: &PayRow) -> Option<Fen> {
    line.due.plus(line.overtime).ok()?.plus(line.bonus).ok()?.minus(line.deduction).ok()
}

/// What most of the rows that tell the two apart say.
pub(super) fn form_of(rows: &[(usize, PayRow)]) -> Option<Form> {
    let telling = rows.iter().map(|(_, line)| line).filter(|line| inclusive(line) != on_top(line));
    let (mut within, mut above) = (0usize, 0usize);
    for line in telling {
        within += usize::from(inclusive(line) == Some(line.paid));
        above += usize::from(on_top(line) == Some(line.paid));
    }
    match within.cmp(&above) {
        _ if within + above == 0 => None,
        std::cmp::Ordering::Less => Some(Form::OnTop),
        _ => Some(Form::Inclusive),
    }
}
