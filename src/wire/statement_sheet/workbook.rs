//! XLSX and XLS through calamine, with bounds that calamine does not set itself.
//!
//! An archive is unpacked once to be counted before it is opened. XLSX cells are streamed, so that a single cell in the
//! last corner does not become a sheet of 17 thousand million cells; an XLS file is walked before for the same reason.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{Data, DataRef, ExcelDateTime, Reader, Xls, Xlsx};

use super::CFB_MAGIC;
use super::cfb;
use super::grid::{CELLS_MAX, COLUMNS_MAX, Cell, Grid, ROWS_MAX, Row, SHEETS_MAX};
use crate::wire::bank::{Problem, Problems, Reason, unpacked_size_within};

/// Bytes of an unpacked XLSX file.
const UNPACKED_MAX: usize = 100 * 1024 * 1024;

/// Whether a ZIP archive holds a workbook: the name of its content list stands in the directory uncompressed.
pub fn is_xlsx(bytes: &[u8]) -> bool {
    let holds = |name: &[u8]| bytes.windows(name.len()).any(|window| window == name);
    bytes.starts_with(b"PK") && holds(b"xl/workbook")
}

/// The sheets of a workbook and its format name.
pub fn read(bytes: &[u8], problems: &mut Problems) -> (&'static str, Vec<Grid>) {
    let old = bytes.starts_with(&CFB_MAGIC);
    let format = if old { "xls" } else { "xlsx" };
    let bounded = if old { cfb::within_bounds(bytes) } else { unpacked_size_within(bytes, UNPACKED_MAX) };
    if let Err(problem) = bounded {
        problems.push(problem.lost());
        return (format, Vec::new());
    }
    // The library may panic on damaged files; that must not take a worker with it.
    let read = catch_unwind(AssertUnwindSafe(|| if old { read_xls(bytes) } else { read_xlsx(bytes) }));
    match read {
        Ok(Ok((grids, cut))) => {
            if cut {
                problems.push(
                    Problem::new(
                        "sheet",
                        Reason::OverLimit,
                        "表格超过 200000 行或 256 列，其余未读取",
                        "more than 200,000 rows or 256 columns; the rest is not read",
                    )
                    .fix("请按月拆分", "export month by month")
                    .lost(),
                );
            }
            (format, grids)
        }
        Ok(Err(detail)) => {
            let detail = crate::wire::text::clip(&detail, 120);
            problems.push(
                Problem::new(
                    "file",
                    Reason::BadFormat,
                    format!("表格文件无法打开：{detail}"),
                    format!("the workbook cannot be opened: {detail}"),
                )
                .fix("请用表格软件另存为 XLSX 后上传；加密文件请先去除密码", "save it as XLSX again; remove a password first")
                .lost(),
            );
            (format, Vec::new())
        }
        Err(_) => {
            problems.push(
                Problem::new("file", Reason::ParserPanic, "表格文件损坏，读取失败", "the workbook is damaged; reading failed")
                    .fix("请用表格软件另存为 XLSX 后上传", "save it as XLSX again")
                    .lost(),
            );
            (format, Vec::new())
        }
    }
}

type Sheets = Result<(Vec<Grid>, bool), String>;

fn read_xlsx(bytes: &[u8]) -> Sheets {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|fault| fault.to_string())?;
    let epoch_1904 = book.has_1904_epoch();
    let mut grids = Vec::new();
    let mut cut = false;
    let mut left = CELLS_MAX;
    for name in book.sheet_names().into_iter().take(SHEETS_MAX) {
        let Ok(mut cells) = book.worksheet_cells_reader(&name) else { continue };
        let mut filler = Filler::new(&name, epoch_1904);
        while let Some(cell) = cells.next_cell().map_err(|fault| fault.to_string())? {
            let (row, column) = cell.get_position();
            left = left.saturating_sub(1);
            cut |= left == 0 || !filler.put(row, column, of_ref(cell.get_value()));
            if left == 0 {
                break;
            }
        }
        grids.push(filler.grid);
    }
    Ok((grids, cut))
}

fn read_xls(bytes: &[u8]) -> Sheets {
    let mut book: Xls<_> = Xls::new(Cursor::new(bytes)).map_err(|fault| fault.to_string())?;
    let mut grids = Vec::new();
    let mut cut = false;
    for name in book.sheet_names().into_iter().take(SHEETS_MAX) {
        let Ok(range) = book.worksheet_range(&name) else { continue };
        let (top, side) = range.start().unwrap_or((0, 0));
        let mut filler = Filler::new(&name, false);
        for (row, column, value) in range.used_cells() {
            let at = |offset: u32, place: usize| offset.saturating_add(u32::try_from(place).unwrap_or(u32::MAX));
            cut |= !filler.put(at(top, row), at(side, column), of_data(value));
        }
        grids.push(filler.grid);
    }
    Ok((grids, cut))
}

/// Puts cells, which come row by row, into a grid of bounded size.
struct Filler {
    grid: Grid,
}

impl Filler {
    fn new(name: &str, epoch_1904: bool) -> Self {
        Self { grid: Grid { name: name.to_owned(), rows: Vec::new(), epoch_1904 } }
    }

    /// False when the cell lies beyond the bounds and was left out.
    fn put(&mut self, row: u32, column: u32, cell: Cell) -> bool {
        if cell == Cell::Empty {
            return true;
        }
        let (Ok(number), Ok(column)) = (usize::try_from(row), usize::try_from(column)) else { return false };
        let number = number.saturating_add(1);
        let new = self.grid.rows.last().is_none_or(|last| last.number != number);
        if column >= COLUMNS_MAX || new && self.grid.rows.len() >= ROWS_MAX {
            return false;
        }
        if new {
            self.grid.rows.push(Row { number, cells: Vec::new() });
        }
        if let Some(last) = self.grid.rows.last_mut() {
            if last.cells.len() <= column {
                last.cells.resize(column + 1, Cell::Empty);
            }
            if let Some(place) = last.cells.get_mut(column) {
                *place = cell;
            }
        }
        true
    }
}

fn of_ref(value: &DataRef<'_>) -> Cell {
    match value {
        DataRef::Int(number) => Cell::Number(number.to_string()),
        DataRef::Float(number) => of_float(*number),
        DataRef::String(text) => Cell::of_text(text),
        DataRef::SharedString(text) => Cell::of_text(text),
        DataRef::Bool(truth) => Cell::Text(truth.to_string()),
        DataRef::DateTime(date) => of_date(*date),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Cell::of_text(&text.replace('T', " ")),
        DataRef::Error(fault) => Cell::Text(fault.to_string()),
        DataRef::Empty => Cell::Empty,
    }
}

fn of_data(value: &Data) -> Cell {
    match value {
        Data::Int(number) => Cell::Number(number.to_string()),
        Data::Float(number) => of_float(*number),
        Data::String(text) => Cell::of_text(text),
        Data::Bool(truth) => Cell::Text(truth.to_string()),
        Data::DateTime(date) => of_date(*date),
        Data::DateTimeIso(text) | Data::DurationIso(text) => Cell::of_text(&text.replace('T', " ")),
        Data::Error(fault) => Cell::Text(fault.to_string()),
        Data::Empty => Cell::Empty,
    }
}

/// The shortest decimal text that means the same float: what the person saw, not what the machine stored.
fn of_float(number: f64) -> Cell {
    if number.is_finite() { Cell::Number(number.to_string()) } else { Cell::Text(number.to_string()) }
}

fn of_date(date: ExcelDateTime) -> Cell {
    if !date.as_f64().is_finite() {
        return Cell::Text(date.as_f64().to_string());
    }
    let (year, month, day, hour, minute, second, _) = date.to_ymd_hms_milli();
    let time = format!("{hour:02}:{minute:02}:{second:02}");
    // A serial below one is a time of day.
    if date.as_f64() < 1.0 { Cell::Text(time) } else { Cell::Text(format!("{year:04}-{month:02}-{day:02} {time}")) }
}
