//! Text tables: the separator is the one that gives the most constant number of fields.

use csv::ReaderBuilder;

use super::grid::{COLUMNS_MAX, Cell, Grid, ROWS_MAX, Row};
use crate::wire::bank::{Problem, Problems, Reason};

/// Lines that are looked at to find the separator.
const SAMPLE_LINES: usize = 200;
/// A field that goes on in the next line with so many separators has swallowed it through a stray quote.
const SWALLOWED_SEPARATORS: usize = 3;

/// Reads a text table.
pub fn read(text: &str, problems: &mut Problems) -> Grid {
    let text = text.trim_start_matches('\u{FEFF}');
    let separator = separator_of(text);
    let quoted = rows(text, separator, true, problems);
    let runaway = |cell: &Cell| match cell {
        Cell::Text(text) => {
            let more = text.split_once('\n').map_or("", |(_, more)| more);
            more.matches(char::from(separator)).count() >= SWALLOWED_SEPARATORS
        }
        Cell::Empty | Cell::Number(_) => false,
    };
    let rows =
        if quoted.iter().any(|row| row.cells.iter().any(runaway)) { rows(text, separator, false, problems) } else { quoted };
    Grid { name: String::new(), rows, epoch_1904: false }
}

fn separator_of(text: &str) -> u8 {
    let sample: String = text.lines().take(SAMPLE_LINES).flat_map(|line| [line, "\n"]).collect();
    let score = |separator: u8| {
        let mut widths = std::collections::BTreeMap::new();
        let mut reader =
            ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(sample.as_bytes());
        for record in reader.records().take(SAMPLE_LINES).flatten().filter(|record| record.len() > 1) {
            *widths.entry(record.len()).or_insert(0usize) += 1;
        }
        widths.into_iter().map(|(width, lines)| (lines, width)).max().unwrap_or((0, 0))
    };
    let mut best = (b',', score(b','));
    for separator in [b'\t', b';', b'|'] {
        let found = score(separator);
        if found > best.1 {
            best = (separator, found);
        }
    }
    best.0
}

fn rows(text: &str, separator: u8, quoting: bool, problems: &mut Problems) -> Vec<Row> {
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).quoting(quoting).from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let Ok(record) = record else { continue };
        let number = record.position().and_then(|at| usize::try_from(at.line()).ok()).unwrap_or(0);
        if rows.len() >= ROWS_MAX {
            problems.push(
                Problem::new(
                    format!("row {number}"),
                    Reason::OverLimit,
                    "超过 200000 行，其余未读取",
                    "more than 200,000 rows; the rest is not read",
                )
                .fix("请按月拆分", "export month by month"),
            );
            break;
        }
        let clean = |field: &str| if quoting { Cell::of_text(field) } else { Cell::of_text(field.trim().trim_matches('"')) };
        let cells: Vec<Cell> = record.iter().take(COLUMNS_MAX).map(clean).collect();
        if cells.iter().any(|cell| *cell != Cell::Empty) {
            rows.push(Row { number, cells });
        }
    }
    rows
}
