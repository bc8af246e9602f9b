//! The fields of a record, and what their texts mean: amounts, days, currencies, which way an entry goes.

use super::family::{EntryNames, Names};
use crate::base::Day;
use crate::wire::bank::{Amount, Direction, Problem, Reason};
use crate::wire::iso20022::xml::XmlFault;
use crate::wire::text::quoted;

/// Fields of one record, and of what stands around the records.
const FIELDS_MAX: usize = 2_000;

/// Fields by the path at which they stand.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub fn push(&mut self, path: &[String], name: &str, text: String) -> Result<(), XmlFault> {
        if self.0.len() >= FIELDS_MAX {
            return Err(XmlFault::Limit("2,000 fields of one record"));
        }
        let mut full = String::new();
        for part in path {
            full.push_str(part);
            full.push('/');
        }
        full.push_str(name);
        self.0.push((full, text));
        Ok(())
    }

    pub fn at(&self, name: &str) -> Option<&str> {
        let fits = |path: &str| path.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('/'));
        self.0.iter().find(|(path, text)| !text.is_empty() && fits(path)).map(|(_, text)| text.as_str())
    }

    /// The first of these names that has text.
    pub fn get(&self, names: &Names) -> Option<&str> {
        names.iter().find_map(|name| self.at(name))
    }

    pub fn text(&self, names: &Names) -> Option<String> {
        self.get(names).map(str::to_owned)
    }
}

pub(super) fn bad_amount(place: &str, text: &str) -> Problem {
    let found = quoted(text, 40);
    Problem::new(place, Reason::BadAmount, format!("金额 `{found}` 无法识别"), format!("the amount `{found}` cannot be read"))
        .fix("应形如 1234.56", "it looks like 1234.56")
}

/// Which way an entry moves the balance, and by how much. Two columns, a signed amount, or an amount with a mark; never two answers.
pub(super) fn moved(names: &EntryNames, fields: &Fields, place: &str) -> Result<(Direction, Amount), Problem> {
    let filled = |column: &Names| match fields.get(column) {
        None => Ok(None),
        Some(text) => {
            amount_of(text).map(|amount| Some(amount).filter(|one| !one.is_zero())).ok_or_else(|| bad_amount(place, text))
        }
    };
    let doubtful = |zh: &str, en: &str| {
        Problem::new(place, Reason::BadFormat, zh, en).fix("请向银行核对该笔收支方向", "ask the bank which way this entry goes")
    };
    match (filled(&names.credit)?, filled(&names.debit)?) {
        (Some(_), Some(_)) => return Err(doubtful("收入与支出同时有金额", "both credit and debit are filled")),
        (Some(amount), None) => return Ok(turned(Direction::Credit, amount)),
        (None, Some(amount)) => return Ok(turned(Direction::Debit, amount)),
        (None, None) => {}
    }
    let Some(text) = fields.get(&names.amount) else {
        return Err(Problem::new(place, Reason::MissingField, "没有金额", "the amount is missing"));
    };
    let amount = amount_of(text).ok_or_else(|| bad_amount(place, text))?;
    let mark = fields.get(&names.mark).unwrap_or_default();
    let is = |marks: &Names| marks.iter().any(|known| known == mark);
    let marked = match (is(&names.credit_marks), is(&names.debit_marks)) {
        (true, false) => Some(Direction::Credit),
        (false, true) => Some(Direction::Debit),
        _ => None,
    };
    if names.unsigned {
        let direction = marked.ok_or_else(|| doubtful("借贷标志缺失或未知", "the debit/credit mark is missing or unknown"))?;
        return Ok(turned(direction, amount));
    }
    let signed = if amount.is_negative() { Direction::Debit } else { Direction::Credit };
    if marked.is_some_and(|marked| marked != signed) {
        return Err(doubtful("金额正负与交易类型相矛盾", "the sign of the amount and the kind of entry contradict each other"));
    }
    Ok((signed, amount.unsigned()))
}

/// A negative amount in a column of one direction moves the other way.
fn turned(direction: Direction, amount: Amount) -> (Direction, Amount) {
    (if amount.is_negative() { direction.turned() } else { direction }, amount.unsigned())
}

pub(super) fn amount_of(text: &str) -> Option<Amount> {
    Amount::parse(&text.replace(',', ""))
}

pub(super) fn currency_of(text: &str) -> String {
    // 10 is the renminbi's number in lists of Chinese banks; other numbers stay and are refused when booked.
    match text.trim() {
        "10" | "RMB" | "156" | "人民币" => "CNY".to_owned(),
        other => other.to_ascii_uppercase(),
    }
}

/// The day of `YYYYMMDD…` or `YYYY-MM-DD`; the time behind it is not looked at.
pub(super) fn day_of(text: &str) -> Option<Day> {
    let text = text.trim();
    let number =
        |from: usize, to: usize| text.get(from..to).filter(|part| part.bytes().all(|b| b.is_ascii_digit()))?.parse::<u32>().ok();
    let (month, day) = if text.get(4..5) == Some("-") { ((5, 7), (8, 10)) } else { ((4, 6), (6, 8)) };
    Day::of(i32::try_from(number(0, 4)?).ok()?, number(month.0, month.1)?, number(day.0, day.1)?)
}
