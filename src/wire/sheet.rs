//! Tables as people send them: XLSX, XLS, SpreadsheetML 2003 and text with separators, whatever the file is called.
//!
//! `read` gives the cells of every sheet with hidden ones included and counted; `table` finds the header and hands out
//! rows; `value` turns cells into amounts, days and numbers; `write` writes tables that cannot run a formula. Deliberately
//! absent: guesses. A long number that arrived as a float is refused, a formula without a stored value too.

mod mended;
mod ole;
pub mod table;
mod text;
mod unpack;
pub mod value;
pub mod write;
mod xls;
mod xlsx;
mod xml2003;

use chrono::NaiveDateTime;

use super::reason::Reason;

/// Most bytes of a workbook after unpacking.
pub const UNPACKED_BYTES_MAX: u64 = 100 * 1024 * 1024;
/// Most rows of one sheet.
pub const ROWS_MAX: usize = 200_000;
/// Most columns of one sheet.
pub const COLUMNS_MAX: usize = 256;
/// Most cells of one sheet, empty ones before the last of each row included.
pub const CELLS_MAX: usize = 4_000_000;
/// Most sheets read from one file.
pub const SHEETS_MAX: usize = 64;

/// One cell as it was stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Cell {
    /// Nothing.
    #[default]
    Empty,
    /// Text.
    Text(String),
    /// A number stored as a float, as the shortest decimal of at most 15 significant digits; `exact` is false when it
    /// has more digits than a float keeps.
    Number {
        /// Decimal text.
        text: String,
        /// Whether no digit was lost.
        exact: bool,
    },
    /// A number shown as date or time.
    Date(NaiveDateTime),
    /// A truth value.
    Bool(bool),
    /// A formula without a stored value, or one that ended in an error.
    Broken,
}

impl Cell {
    /// Whether there is nothing to see in the cell.
    pub fn is_blank(&self) -> bool {
        match self {
            Cell::Empty => true,
            Cell::Text(text) => text.trim().is_empty(),
            _ => false,
        }
    }

    /// The cell as it would be shown, cleaned of the marks that spreadsheets need to keep a number as text.
    pub fn shown(&self) -> String {
        match self {
            Cell::Empty | Cell::Broken => String::new(),
            Cell::Text(text) => value::clean(text),
            Cell::Number { text, .. } => text.clone(),
            Cell::Date(moment) if moment.time() == chrono::NaiveTime::MIN => moment.format("%Y-%m-%d").to_string(),
            Cell::Date(moment) => moment.format("%Y-%m-%d %H:%M:%S").to_string(),
            Cell::Bool(yes) => if *yes { "是" } else { "否" }.to_owned(),
        }
    }
}

/// What the bytes are, by content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Office Open XML.
    Xlsx,
    /// The binary format of Excel 97 to 2003.
    Xls,
    /// SpreadsheetML 2003, mostly named `.xls`.
    Xml2003,
    /// Text with separators.
    Text,
}

/// One sheet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sheet {
    /// Name; `CSV` for text.
    pub name: String,
    /// Rows from the first of the sheet; a row ends at its last cell.
    pub rows: Vec<Vec<Cell>>,
    /// Whether serial days count from 1904.
    pub from_1904: bool,
    /// Hidden rows, which were read.
    pub hidden_rows: u32,
    /// Hidden columns, which were read.
    pub hidden_columns: u32,
    /// Whether a filter hides rows, which were read.
    pub filtered: bool,
    /// Formulas, whose stored values were read.
    pub formulas: u32,
}

impl Sheet {
    /// The cell of a row and column from 0; empty beyond the end.
    pub fn cell(&self, row: usize, column: usize) -> &Cell {
        const NOTHING: &Cell = &Cell::Empty;
        self.rows.get(row).and_then(|cells| cells.get(column)).unwrap_or(NOTHING)
    }

    /// Place of a cell as people name it: `Sheet1!D12`.
    pub fn place(&self, row: usize, column: usize) -> String {
        format!("{}!{}{}", self.name, column_letters(column), row.saturating_add(1))
    }

    /// Stores a cell, keeping the limits.
    fn put(&mut self, row: usize, column: usize, cell: Cell, room: &mut usize) -> Result<(), SheetFault> {
        if cell == Cell::Empty {
            return Ok(());
        }
        if row >= ROWS_MAX || column >= COLUMNS_MAX {
            return Err(SheetFault::too_large());
        }
        if self.rows.len() <= row {
            self.rows.resize_with(row + 1, Vec::new);
        }
        let Some(cells) = self.rows.get_mut(row) else {
            return Err(SheetFault::too_large());
        };
        let grown = (column + 1).saturating_sub(cells.len());
        *room = room.checked_sub(grown).ok_or_else(SheetFault::too_large)?;
        if cells.len() <= column {
            cells.resize(column + 1, Cell::Empty);
        }
        if let Some(place) = cells.get_mut(column) {
            *place = cell;
        }
        Ok(())
    }
}

/// A file of sheets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workbook {
    /// What the bytes were.
    pub format: Format,
    /// Sheets in their order.
    pub sheets: Vec<Sheet>,
}

/// Why a file could not be read at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetFault {
    /// Code of the reason.
    pub reason: Reason,
    /// What is wrong and what to do, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

impl SheetFault {
    fn new(reason: Reason, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { reason, zh: zh.into(), en: en.into() }
    }

    fn too_large() -> Self {
        let zh = format!("表格过大：最多 {ROWS_MAX} 行、{COLUMNS_MAX} 列、解压后 100 MiB，请拆分后上传");
        let en = format!("the sheet is too large: at most {ROWS_MAX} rows, {COLUMNS_MAX} columns, 100 MiB unpacked; split it");
        Self::new(Reason::OverLimit, zh, en)
    }

    fn damaged(what: &str) -> Self {
        let zh = format!("{what} 文件损坏或加密，请重新另存后上传");
        let en = format!("the {what} file is damaged or encrypted, save it again and upload that");
        Self::new(Reason::BadFormat, zh, en)
    }
}

impl std::fmt::Display for SheetFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.en)
    }
}

impl std::error::Error for SheetFault {}

/// Tells the format by content; the name of the file says nothing.
pub fn format_of(bytes: &[u8]) -> Format {
    if bytes.starts_with(b"PK") {
        return Format::Xlsx;
    }
    if bytes.starts_with(b"\xD0\xCF\x11\xE0") {
        return Format::Xls;
    }
    let head = String::from_utf8_lossy(bytes.get(..bytes.len().min(1024)).unwrap_or_default()).into_owned();
    let xml = head.trim_start_matches('\u{FEFF}').trim_start().starts_with("<?xml");
    if xml && head.contains("urn:schemas-microsoft-com:office:spreadsheet") { Format::Xml2003 } else { Format::Text }
}

/// Reads all sheets of a file.
///
/// # Errors
/// `over_limit` beyond the limits above, `bad_format` for a damaged file, `bad_encoding` for text in no known encoding.
pub fn read(bytes: &[u8]) -> Result<Workbook, SheetFault> {
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > UNPACKED_BYTES_MAX {
        return Err(SheetFault::too_large());
    }
    let format = format_of(bytes);
    let sheets = match format {
        Format::Xlsx => guarded("XLSX", || xlsx::read(bytes))?,
        Format::Xls => guarded("XLS", || xls::read(bytes))?,
        Format::Xml2003 => xml2003::read(bytes)?,
        Format::Text => text::read(bytes)?,
    };
    Ok(Workbook { format, sheets })
}

/// The workbook reader indexes into what a file claims about itself: where that fails, the file is damaged.
fn guarded(what: &str, read: impl FnOnce() -> Result<Vec<Sheet>, SheetFault>) -> Result<Vec<Sheet>, SheetFault> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).unwrap_or_else(|_| Err(SheetFault::damaged(what)))
}

/// Letters of a column from 0: `A`, `Z`, `AA`.
pub fn column_letters(column: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = column;
    loop {
        letters.push(u32::try_from(rest % 26).ok().and_then(|place| char::from_u32(u32::from('A') + place)).unwrap_or('?'));
        if rest < 26 {
            return letters.into_iter().rev().collect();
        }
        rest = rest / 26 - 1;
    }
}

#[cfg(test)]
mod mutated_tests;
#[cfg(test)]
mod tests;
