//! Writes rosters: the table that was read, the empty one, and the rows of a file that were refused with their reasons.

use std::collections::BTreeMap;

use rust_xlsxwriter::XlsxError;

use super::{COLUMNS, Roster, RosterRow, WorkPaper};
use crate::base::Day;
use crate::base::person::{BankCard, Phone};
use crate::wire::sheet::table::{Column, Table};
use crate::wire::sheet::write::{TextEncoding, Value, csv_table, refused_rows, xlsx_table};
use crate::wire::sheet::{Cell, Format, Sheet, Workbook};

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

/// Why rows of a file were refused by reading it: row in the sheet, and the reasons in words.
pub fn reasons_of(roster: &Roster) -> Vec<(u32, String)> {
    let mut reasons: Vec<(u32, String)> = Vec::new();
    for problem in roster.problems.iter().filter(|problem| problem.row > 0) {
        let text = format!("{} {} {}（{}）", problem.place, problem.reason, problem.zh, problem.fix);
        match reasons.last_mut().filter(|(row, _)| *row == problem.row) {
            Some((_, texts)) => *texts = format!("{texts}；{text}"),
            None => reasons.push((problem.row, text)),
        }
    }
    reasons
}

/// The refused rows of a file as XLSX, each once, in the words of the file and with a column of reasons: to be corrected
/// and uploaded again.
///
/// # Errors
/// What the workbook writer refuses.
pub fn write_refused(book: &Workbook, reasons: &[(u32, String)]) -> Result<Vec<u8>, XlsxError> {
    let found = book.sheets.iter().find_map(|sheet| Table::find(sheet, &COLUMNS).ok());
    refused_rows(found.as_ref(), &COLUMNS, reasons)
}

/// A row as the file has it: for each of our columns its key, its name and the text, empty where the file says nothing.
pub fn cells_of(book: &Workbook, row: u32) -> Vec<(&'static str, &'static str, String)> {
    let found = book.sheets.iter().find_map(|sheet| Table::find(sheet, &COLUMNS).ok());
    let place = usize::try_from(row.saturating_sub(1)).unwrap_or(usize::MAX);
    let text = |column: &Column| found.as_ref().and_then(|table| table.text(place, column.key)).unwrap_or_default();
    COLUMNS.iter().map(|column| (column.key, column.names.first().copied().unwrap_or(column.key), text(column))).collect()
}

/// A roster of one row, from texts by the keys of our columns: what is mended in place is read like any file.
pub fn book_of(cells: &BTreeMap<String, String>) -> Workbook {
    let heading = |column: &Column| Cell::Text(column.names.first().copied().unwrap_or(column.key).to_owned());
    let cell = |column: &Column| cells.get(column.key).map_or(Cell::Empty, |text| Cell::Text(text.clone()));
    let rows = vec![COLUMNS.iter().map(heading).collect(), COLUMNS.iter().map(cell).collect()];
    Workbook { format: Format::Text, sheets: vec![Sheet { name: "花名册".to_owned(), rows, ..Sheet::default() }] }
}
