//! The match as a table for a spreadsheet program: one row a worker or payee, what differs in words.
//!
//! It holds what the page shows: names, no identity number, telephone, card or account. Deliberately absent: totals, which whoever opens
//! the file makes as they need them.

use rust_decimal::Decimal;
use rust_xlsxwriter::XlsxError;

use super::actions::Matched;
use super::http::{MatchRow, Wanted, row_view};
use crate::base::{Fen, words};
use crate::wire::sheet::write::{TextEncoding, Value, csv_table, xlsx_table};

words! {
    /// Form of a file.
    pub enum FileForm, "form of a file" {
        /// CSV in UTF-8 with BOM.
        Csv = "csv",
        /// XLSX.
        Xlsx = "xlsx",
    }
}
crate::web::openapi::word_schema!(FileForm);

impl FileForm {
    /// Media type.
    pub fn media(self) -> &'static str {
        match self {
            FileForm::Csv => "text/csv; charset=utf-8",
            FileForm::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// Names of the columns for programs.
pub const FIELDS: [&str; 14] = [
    "subject",
    "name",
    "attended_days",
    "sheet_days",
    "net",
    "disputed",
    "paid",
    "due_on",
    "standing",
    "differences",
    "amount",
    "not_known",
    "found",
    "note",
];

/// The same in Chinese.
pub const FIELDS_ZH: [&str; 14] = [
    "编号",
    "姓名或收款方",
    "考勤工日",
    "工资表工日",
    "应发（元）",
    "有争议（元）",
    "银行已付（元）",
    "应付日",
    "结果",
    "差异",
    "差异金额（元）",
    "未知原因",
    "核实结果",
    "理由",
];

/// The same in English.
pub const FIELDS_EN: [&str; 14] = [
    "Number",
    "Name or payee",
    "Days by attendance",
    "Days by sheet",
    "Owed (yuan)",
    "Disputed (yuan)",
    "Paid by the bank (yuan)",
    "Due on",
    "Outcome",
    "Differences",
    "Amount of differences (yuan)",
    "Not known because",
    "Found",
    "Reason",
];

/// The wanted rows of a month; `word` says a word of the tables as the reader is to see it.
pub fn rows(matched: &Matched, wanted: Wanted, word: &dyn Fn(&str) -> String) -> Vec<Vec<Value>> {
    let wanted = matched.rows.iter().filter(|row| wanted.takes(matched, row));
    wanted.map(|row| values(&row_view(matched, row), word)).collect()
}

fn values(row: &MatchRow, word: &dyn Fn(&str) -> String) -> Vec<Value> {
    let days = |hundredths: Option<i64>| hundredths.map_or(Value::Nothing, |days| Value::Number(Decimal::new(days, 2)));
    let money = |amount: Option<Fen>| amount.map_or(Value::Nothing, Value::Money);
    let joined = |words: Vec<String>| if words.is_empty() { Value::Nothing } else { Value::Text(words.join("; ")) };
    let decided = || row.differences.iter().filter_map(|one| one.decision.as_ref());
    let amount = row.differences.iter().fold(0_i64, |sum, one| sum.saturating_add(one.amount.0));
    vec![
        Value::Text(row.subject.clone()),
        Value::text(row.name.as_deref()),
        days(row.attended),
        days(row.sheet_days),
        money(row.net),
        money(row.disputed),
        Value::Money(row.paid),
        Value::Date(row.due_on),
        Value::Text(word(row.standing.as_str())),
        joined(row.differences.iter().map(|one| word(one.kind.as_str())).collect()),
        if row.differences.is_empty() { Value::Nothing } else { Value::Money(Fen(amount)) },
        joined(row.not_known.iter().map(|why| word(why.as_str())).collect()),
        joined(decided().map(|one| word(one.verdict.as_str())).collect()),
        joined(decided().map(|one| one.note.clone()).collect()),
    ]
}

/// The table as a file.
///
/// # Errors
/// What the workbook writer refuses.
pub fn file(form: FileForm, header: &[&str], rows: &[Vec<Value>]) -> Result<Vec<u8>, XlsxError> {
    match form {
        FileForm::Csv => Ok(csv_table(header, rows, TextEncoding::Utf8)),
        FileForm::Xlsx => xlsx_table("match", header, rows),
    }
}
