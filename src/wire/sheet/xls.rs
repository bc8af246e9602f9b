//! XLS (Excel 97 to 2003). Formulas without a stored value cannot be told from empty cells in this format.

use std::io::Cursor;

use calamine::{Data, Reader, Xls};

use super::{CELLS_MAX, Cell, SHEETS_MAX, Sheet, SheetFault, ole, value, xlsx};

pub(super) fn read(bytes: &[u8]) -> Result<Vec<Sheet>, SheetFault> {
    let damaged = || SheetFault::damaged("XLS");
    ole::check(bytes)?;
    let mut book: Xls<_> = Xls::new(Cursor::new(bytes)).map_err(|_| damaged())?;
    let from_1904 = book.has_1904_epoch();
    let mut room = CELLS_MAX;
    let mut sheets = Vec::new();
    for name in book.sheet_names().into_iter().take(SHEETS_MAX) {
        let mut sheet = Sheet { name: name.clone(), from_1904, ..Sheet::default() };
        let Ok(range) = book.worksheet_range(&name) else {
            continue;
        };
        let (top, left) = range.start().unwrap_or_default();
        let (top, left) = (usize::try_from(top).unwrap_or(0), usize::try_from(left).unwrap_or(0));
        for (row, column, data) in range.used_cells() {
            sheet.put(top.saturating_add(row), left.saturating_add(column), of_data(data), &mut room)?;
        }
        let formulas =
            book.worksheet_formula(&name).map(|range| range.used_cells().filter(|(_, _, text)| !text.is_empty()).count());
        sheet.formulas = u32::try_from(formulas.unwrap_or(0)).unwrap_or(u32::MAX);
        sheets.push(sheet);
    }
    Ok(sheets)
}

fn of_data(data: &Data) -> Cell {
    match data {
        Data::Empty => Cell::Empty,
        Data::Int(number) => Cell::Number { text: number.to_string(), exact: true },
        Data::Float(float) => value::number_cell(*float),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => xlsx::of_text(text),
        Data::Bool(yes) => Cell::Bool(*yes),
        Data::DateTime(date) => xlsx::of_date(*date),
        Data::Error(_) => Cell::Broken,
    }
}
