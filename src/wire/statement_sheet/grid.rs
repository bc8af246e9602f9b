//! Cells, rows and sheets as every table format is brought to.

use crate::wire::text::narrow;

/// Rows of one sheet.
pub const ROWS_MAX: usize = 200_000;
/// Columns of one sheet.
pub const COLUMNS_MAX: usize = 256;
/// Cells of one file, all sheets together.
pub const CELLS_MAX: usize = 8_000_000;
/// Sheets of one file.
pub const SHEETS_MAX: usize = 64;

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Cell {
    /// Nothing.
    #[default]
    Empty,
    /// Text, as stored.
    Text(String),
    /// A number cell in its shortest decimal text; more than 15 digits were not kept by the program that wrote it.
    Number(String),
}

impl Cell {
    /// The text as it stands, narrow and trimmed.
    pub fn text(&self) -> String {
        match self {
            Cell::Empty => String::new(),
            Cell::Text(text) => narrow(text),
            Cell::Number(text) => text.clone(),
        }
    }

    /// Text of a file of text: `="…"` and a leading `'`, which keep programs from making numbers, are taken off.
    pub fn of_text(text: &str) -> Cell {
        let trimmed = text.trim();
        let bare = trimmed.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')).unwrap_or(trimmed);
        let bare = bare.strip_prefix('\'').unwrap_or(bare).trim();
        if bare.is_empty() { Cell::Empty } else { Cell::Text(bare.to_owned()) }
    }
}

/// A row with its number in the file, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// Row or line number.
    pub number: usize,
    /// Cells from the first column on.
    pub cells: Vec<Cell>,
}

impl Row {
    /// The cell of a column, counted from 0.
    pub fn cell(&self, column: usize) -> &Cell {
        self.cells.get(column).unwrap_or(&Cell::Empty)
    }

    /// Texts of the cells that hold something.
    pub fn texts(&self) -> Vec<String> {
        self.cells.iter().map(Cell::text).filter(|text| !text.is_empty()).collect()
    }
}

/// One sheet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grid {
    /// Name of the sheet, if it has one.
    pub name: String,
    /// Rows that hold something.
    pub rows: Vec<Row>,
    /// Serial dates count from 1904 instead of 1900.
    pub epoch_1904: bool,
}

/// The letters by which spreadsheet programs call a column (0 is `A`).
pub fn letters(column: usize) -> String {
    let mut name = String::new();
    let mut left = column + 1;
    while left > 0 {
        let digit = u32::try_from((left - 1) % 26).unwrap_or(0);
        name.insert(0, char::from_u32(u32::from('A') + digit).unwrap_or('?'));
        left = (left - 1) / 26;
    }
    name
}
