//! Writes tables as XLSX or CSV. Nothing that is written can run: text stays text, and in CSV a text that a spreadsheet
//! program would take for a formula gets a leading `'`.

use encoding_rs::GB18030;
use rust_decimal::prelude::ToPrimitive;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatBorder, Workbook, Worksheet, XlsxError};

use super::table::{Column, Table};
use crate::base::{Day, Fen};

/// A value to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Nothing,
    /// Text, also every identifier.
    Text(String),
    /// Money, shown with two decimals.
    Money(Fen),
    /// A decimal that is no money, such as days worked.
    Number(rust_decimal::Decimal),
    /// A day, written as text so that no program turns it into something else.
    Date(Day),
}

impl Value {
    /// Text, or nothing when absent.
    pub fn text(text: Option<&str>) -> Value {
        text.map_or(Value::Nothing, |text| Value::Text(text.to_owned()))
    }

    fn plain(&self) -> String {
        match self {
            Value::Nothing => String::new(),
            Value::Text(text) => text.clone(),
            Value::Money(fen) => fen.to_string(),
            Value::Number(number) => number.normalize().to_string(),
            Value::Date(day) => day.to_string(),
        }
    }
}

/// Encoding of a CSV file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TextEncoding {
    /// UTF-8 with BOM, which Excel needs to see that it is UTF-8.
    #[default]
    Utf8,
    /// GB18030 without BOM, for programs that know GBK only.
    Gbk,
}

/// Text that a spreadsheet program would run or split gets a leading `'`; so does text that begins with `'`, since
/// reading takes one away.
pub fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\'']) { format!("'{text}") } else { text.to_owned() }
}

/// A table as CSV with CRLF line ends.
pub fn csv_table(header: &[&str], rows: &[Vec<Value>], encoding: TextEncoding) -> Vec<u8> {
    let quoted = |text: &str| {
        if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
    };
    let mut text = header.iter().map(|name| quoted(&harmless(name))).collect::<Vec<_>>().join(",") + "\r\n";
    for row in rows {
        let field = |value: &Value| match value {
            Value::Text(text) => quoted(&harmless(text)),
            other => quoted(&other.plain()),
        };
        text.push_str(&row.iter().map(field).collect::<Vec<_>>().join(","));
        text.push_str("\r\n");
    }
    match encoding {
        TextEncoding::Utf8 => [b"\xEF\xBB\xBF".as_slice(), text.as_bytes()].concat(),
        TextEncoding::Gbk => GB18030.encode(&text).0.into_owned(),
    }
}

/// A table as XLSX: header frozen, identifiers as text.
///
/// # Errors
/// What the workbook writer refuses, such as more rows than a sheet has.
pub fn xlsx_table(sheet_name: &str, header: &[&str], rows: &[Vec<Value>]) -> Result<Vec<u8>, XlsxError> {
    let mut book = new_book()?;
    let sheet = book.add_worksheet();
    sheet.set_name(sheet_name)?;
    let bold = Format::new().set_bold();
    for (column, name) in (0u16..).zip(header) {
        sheet.write_string_with_format(0, column, *name, &bold)?;
        sheet.set_column_width(column, 16)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    let formats = Formats::of(&Format::new());
    for (row, values) in (1u32..).zip(rows) {
        for (column, value) in (0u16..).zip(values) {
            put(sheet, row, column, value, &formats)?;
        }
    }
    book.save_to_buffer()
}

/// The rows of a file that were refused, by our names of the columns and with the reason beside each: mended, it is read like any other.
/// Rows are counted from 1. A number that may have lost digits is left out: as text it would be taken for the whole one.
///
/// # Errors
/// What the workbook writer refuses.
pub fn refused_rows(found: Option<&Table<'_>>, columns: &[Column], reasons: &[(u32, String)]) -> Result<Vec<u8>, XlsxError> {
    let mut header: Vec<&str> = columns.iter().filter_map(|column| column.names.first().copied()).collect();
    header.push("错误原因");
    let line = |(row, text): &(u32, String)| {
        let place = usize::try_from(row.saturating_sub(1)).unwrap_or(usize::MAX);
        let field = |column: &Column| Value::text(found.and_then(|table| table.text_to_mend(place, column)).as_deref());
        columns.iter().map(field).chain([Value::Text(text.clone())]).collect::<Vec<_>>()
    };
    xlsx_table("错误行", &header, &reasons.iter().map(line).collect::<Vec<_>>())
}

/// A workbook without a clock: its time of creation is always the same, so that equal content gives equal bytes.
pub(crate) fn new_book() -> Result<Workbook, XlsxError> {
    let mut book = Workbook::new();
    book.set_properties(&DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2020, 1, 1)?));
    Ok(book)
}

/// Cells of a paper form: with borders.
pub(crate) fn boxed() -> Format {
    Format::new().set_border(FormatBorder::Thin)
}

/// Formats of cells with one look: made once, since making one costs more than writing a cell.
pub(crate) struct Formats {
    plain: Format,
    text: Format,
    money: Format,
}

impl Formats {
    /// Of this look.
    pub(crate) fn of(plain: &Format) -> Formats {
        let (text, money) = (plain.clone().set_num_format("@"), plain.clone().set_num_format("0.00"));
        Formats { plain: plain.clone(), text, money }
    }
}

/// Writes one value; text is written as a string type and can never become a formula.
pub(crate) fn put(sheet: &mut Worksheet, row: u32, column: u16, value: &Value, formats: &Formats) -> Result<(), XlsxError> {
    match value {
        Value::Nothing => sheet.write_blank(row, column, &formats.plain)?,
        Value::Text(text) => sheet.write_string_with_format(row, column, text.as_str(), &formats.text)?,
        Value::Date(_) => sheet.write_string_with_format(row, column, value.plain(), &formats.text)?,
        Value::Money(fen) => match fen.yuan().to_f64().filter(|_| exact(fen.0)) {
            Some(yuan) => sheet.write_number_with_format(row, column, yuan, &formats.money)?,
            None => sheet.write_string_with_format(row, column, fen.to_string(), &formats.plain)?,
        },
        Value::Number(number) => match number.to_f64() {
            Some(float) => sheet.write_number_with_format(row, column, float, &formats.plain)?,
            None => sheet.write_string_with_format(row, column, value.plain(), &formats.plain)?,
        },
    };
    Ok(())
}

/// Whether so many fen keep all their digits in a float: 15 significant ones.
fn exact(fen: i64) -> bool {
    fen.unsigned_abs() < 1_000_000_000_000_000
}
