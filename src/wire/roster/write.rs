//! Writes rosters: the table that was read, and the empty one.

use rust_xlsxwriter::XlsxError;

use super::{COLUMNS, RosterRow, WorkPaper};
use crate::base::Day;
use crate::base::person::{BankCard, Phone};
use crate::wire::sheet::write::{TextEncoding, Value, csv_table, xlsx_table};

fn names() -> Vec<&'static str> {
    COLUMNS.iter().filter_map(|column| column.names.first().copied()).collect()
}

fn values(row: &RosterRow) -> Vec<Value> {
    let text = |text: &Option<String>| Value::text(text.as_deref());
    let yes_no = |flag: Option<bool>| flag.map_or(Value::Nothing, |yes| Value::Text(if yes { "是" } else { "否" }.to_owned()));
    let day = |day: Option<Day>| day.map_or(Value::Nothing, Value::Date);
    let owned = |text: &str| Value::Text(text.to_owned());
    vec![
        owned(row.uscc.as_str()),
        text(&row.company),
        owned(&row.crew),
        owned(&row.name),
        yes_no(row.leader),
        owned(row.papers.kind()),
        owned(row.papers.as_str()),
        owned(&row.trade),
        text(&row.worker_kind),
        Value::text(row.card.as_ref().map(BankCard::as_str)),
        text(&row.bank),
        text(&row.bank_link),
        text(&row.bank_code),
        yes_no(row.insured),
        text(&row.nation),
        text(&row.address),
        text(&row.politics),
        day(row.union_joined),
        Value::text(row.phone.as_ref().map(Phone::as_str)),
        text(&row.education),
        text(&row.issuer),
        day(row.papers_from),
        day(row.papers_until),
        text(&row.pin),
        row.day_rate.map_or(Value::Nothing, Value::Money),
        day(row.entered_on),
        Value::text(row.paper.map(WorkPaper::name)),
        yes_no(row.trained),
    ]
}

/// The roster as XLSX.
///
/// # Errors
/// What the workbook writer refuses.
pub fn write_xlsx(rows: &[RosterRow]) -> Result<Vec<u8>, XlsxError> {
    xlsx_table("花名册", &names(), &rows.iter().map(values).collect::<Vec<_>>())
}

/// The roster as CSV.
pub fn write_csv(rows: &[RosterRow], encoding: TextEncoding) -> Vec<u8> {
    csv_table(&names(), &rows.iter().map(values).collect::<Vec<_>>(), encoding)
}

/// The empty roster as XLSX: the columns that are read, to be filled in.
///
/// # Errors
/// What the workbook writer refuses.
pub fn write_template() -> Result<Vec<u8>, XlsxError> {
    write_xlsx(&[])
}
