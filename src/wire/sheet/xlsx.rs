//! XLSX, cell by cell: a sheet of two cells in its far corners costs two cells.

use std::io::Cursor;

use calamine::{DataRef, Reader, Xlsx};
use chrono::NaiveDate;

use super::{CELLS_MAX, Cell, SHEETS_MAX, Sheet, SheetFault, unpack, value};

pub(super) fn read(bytes: &[u8]) -> Result<Vec<Sheet>, SheetFault> {
    let damaged = || SheetFault::damaged("XLSX");
    unpack::check(bytes)?;
    let hidden = unpack::hidden(bytes);
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| damaged())?;
    let from_1904 = book.has_1904_epoch();
    let names = book.sheet_names();
    let mut room = CELLS_MAX;
    let mut sheets = Vec::new();
    for (place, name) in names.into_iter().take(SHEETS_MAX).enumerate() {
        let mut sheet = Sheet { name: name.clone(), from_1904, ..Sheet::default() };
        if let Some((rows, columns, filtered)) = hidden.get(place) {
            (sheet.hidden_rows, sheet.hidden_columns, sheet.filtered) = (*rows, *columns, *filtered);
        }
        // A chart sheet has no cells.
        let Ok(mut cells) = book.worksheet_cells_reader(&name) else {
            continue;
        };
        while let Some(record) = cells.next_cell_with_formula_metadata().map_err(|_| damaged())? {
            let formula = record.formula.is_some();
            sheet.formulas = sheet.formulas.saturating_add(u32::from(formula));
            let cell = match of_data(record.value) {
                Cell::Empty if formula => Cell::Broken,
                cell => cell,
            };
            let (row, column) = record.pos;
            let (row, column) = (usize::try_from(row).unwrap_or(usize::MAX), usize::try_from(column).unwrap_or(usize::MAX));
            sheet.put(row, column, cell, &mut room)?;
        }
        sheets.push(sheet);
    }
    Ok(sheets)
}

fn of_data(data: DataRef<'_>) -> Cell {
    match data {
        DataRef::Empty => Cell::Empty,
        DataRef::Int(number) => Cell::Number { text: number.to_string(), exact: true },
        DataRef::Float(float) => value::number_cell(float),
        DataRef::String(text) | DataRef::DurationIso(text) => of_text(&text),
        DataRef::SharedString(text) => of_text(text),
        DataRef::DateTimeIso(text) => of_text(&text),
        DataRef::Bool(yes) => Cell::Bool(yes),
        DataRef::DateTime(date) => of_date(date),
        DataRef::Error(_) => Cell::Broken,
    }
}

pub(super) fn of_text(text: &str) -> Cell {
    if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) }
}

pub(super) fn of_date(date: calamine::ExcelDateTime) -> Cell {
    let (year, month, day, hour, minute, second, _) = date.to_ymd_hms_milli();
    NaiveDate::from_ymd_opt(i32::from(year), u32::from(month), u32::from(day))
        .filter(|_| date.is_datetime())
        .and_then(|day| day.and_hms_opt(u32::from(hour), u32::from(minute), u32::from(second)))
        .map_or_else(|| value::number_cell(date.as_f64()), Cell::Date)
}
