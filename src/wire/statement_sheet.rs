//! Statements that a person exported from the bank's pages: CSV and text, XLSX, XLS, and the HTML and XML tables that
//! banks name `.xls`. A sheet that is a list of results goes to [`super::result_sheet`].
//!
//! The header row is found by the names of its columns; the mapping found is handed back as data, keyed by the header's
//! signature, so that it can be shown, changed, saved and used again. Deliberately absent: PDF, and any guess where a
//! row says two things: such a row is refused with its place and a fix.

mod build;
mod cfb;
mod columns;
mod csv_text;
mod grid;
mod html;
mod kind;
mod rows;
mod spreadsheet_xml;
mod title;
mod values;
pub mod wizard;
mod workbook;

pub use columns::{ColumnMapping, Field, Mapping, signature_of};
pub use kind::begins_like_sheet;

pub use grid::{COLUMNS_MAX, Cell, Grid, ROWS_MAX, Row, letters};

// What the lists of results read their cells by.
pub(in crate::wire) use columns::{is_of_statement, tidy_name};
pub(in crate::wire) use values::{account, day, money, words};

use super::bank::{BankFile, Problem, Problems, Reason};

/// How an XLS file (compound file) begins.
pub const CFB_MAGIC: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

/// Whether a ZIP archive is an XLSX workbook.
pub fn is_workbook(bytes: &[u8]) -> bool {
    workbook::is_xlsx(bytes)
}

/// The sheets of any file of this kind as plain cells, for the mapping wizard. Faults are in the problems.
pub fn grids(bytes: &[u8], encoding: Option<&str>, problems: &mut Problems) -> Vec<Grid> {
    if bytes.starts_with(&CFB_MAGIC) || super::bank::is_zip(bytes) {
        return workbook::read(bytes, problems).1;
    }
    let text = super::text::decode(bytes, encoding).text;
    let head: String = text.chars().take(4096).collect::<String>().to_ascii_lowercase();
    if head.contains("office:spreadsheet") {
        spreadsheet_xml::read(&text, problems)
    } else if head.contains("<table") || head.contains("<html") {
        html::read(&text, problems)
    } else {
        vec![csv_text::read(&text, problems)]
    }
}

/// Reads a workbook (XLSX or XLS).
pub fn read_workbook(bytes: &[u8], mapping: Option<&Mapping>, file: &mut BankFile, problems: &mut Problems) {
    let (format, grids) = workbook::read(bytes, problems);
    file.format = format.to_owned();
    read_grids(&grids, mapping, file, problems);
}

/// Reads decoded CSV, TSV or similar text.
pub fn read_text(text: &str, mapping: Option<&Mapping>, file: &mut BankFile, problems: &mut Problems) {
    file.format = "csv".to_owned();
    let grid = csv_text::read(text, problems);
    read_grids(&[grid], mapping, file, problems);
}

/// Reads the tables of an HTML page.
pub fn read_html(text: &str, mapping: Option<&Mapping>, file: &mut BankFile, problems: &mut Problems) {
    file.format = "html".to_owned();
    let grids = html::read(text, problems);
    read_grids(&grids, mapping, file, problems);
}

/// Reads SpreadsheetML 2003.
pub fn read_spreadsheet_xml(text: &str, mapping: Option<&Mapping>, file: &mut BankFile, problems: &mut Problems) {
    file.format = "spreadsheetml".to_owned();
    let grids = spreadsheet_xml::read(text, problems);
    read_grids(&grids, mapping, file, problems);
}

fn read_grids(grids: &[Grid], saved: Option<&Mapping>, file: &mut BankFile, problems: &mut Problems) {
    if saved.is_none()
        && let Some(report) = super::result_sheet::read(grids, problems)
    {
        file.payment_status = Some(report);
        return;
    }
    let several = grids.len() > 1;
    for grid in grids {
        let Some(mapping) = columns::find(grid, saved) else { continue };
        let mut here = Problems::default();
        let statements = build::statements(grid, &mapping, &mut here);
        problems.extend(here.into_list().into_iter().map(|mut problem| {
            if several {
                problem.place = format!("{}: {}", super::text::clip(&grid.name, 40), problem.place);
            }
            problem
        }));
        file.statements.extend(statements);
        file.mapping.get_or_insert(mapping);
    }
    if file.mapping.is_none() && problems.is_empty() {
        problems.push(
            Problem::new(
                "sheet",
                Reason::BadFormat,
                "前 40 行中没有识别出表头（至少需要日期、金额等 3 个列名）",
                "no header row within the first 40 rows (at least 3 known columns, with a date and an amount)",
            )
            .fix("请用列映射向导指定各列含义", "name the columns with the mapping wizard")
            .lost(),
        );
    }
}

#[cfg(test)]
mod tests;
