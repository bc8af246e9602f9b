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
    let mut lines = Lines { text: text.as_bytes(), read: 0, line: 1 };
    for record in reader.records() {
        let Ok(record) = record else { continue };
        let number = lines.of(record.position().and_then(|at| usize::try_from(at.byte()).ok()).unwrap_or(0));
        if rows.len() >= ROWS_MAX {
            problems.push(
                Problem::new(
                    format!("row {number}"),
                    Reason::OverLimit,
                    "超过 200000 行，其余未读取",
                    "more than 200,000 rows; the rest is not read",
                )
                .fix("请按月拆分", "export month by month")
                .lost(),
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

/// Numbers of lines as people count them: CRLF, LF and CR each end one. The reader's own count stands still between the two bytes of a CRLF,
/// so that two rows would have one number, and the second would be taken for the first.
struct Lines<'a> {
    text: &'a [u8],
    /// Bytes that are counted.
    read: usize,
    /// The line that they end in.
    line: usize,
}

impl Lines<'_> {
    /// The line of the record that begins at a byte, or behind the end of lines there.
    fn of(&mut self, byte: usize) -> usize {
        let ends = self.text.get(byte..).unwrap_or_default().iter().take_while(|one| matches!(one, b'\r' | b'\n')).count();
        let until = byte.saturating_add(ends);
        let mut before = self.read.checked_sub(1).and_then(|at| self.text.get(at)).copied();
        for one in self.text.get(self.read..until).unwrap_or_default() {
            if *one == b'\r' || (*one == b'\n' && before != Some(b'\r')) {
                self.line = self.line.saturating_add(1);
            }
            before = Some(*one);
        }
        self.read = until.max(self.read);
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_number_of_its_own_whatever_ends_the_lines() {
        let lines = ["账号,1", "日期,金额", "2026-03-02,\"5.00\"", "", "2026-03-03,\"6.00", "7\"", "2026-03-04,8.00"];
        let mut problems = Problems::default();
        for end in ["\n", "\r\n", "\r"] {
            for last in ["", end] {
                let text = format!("{}{last}", lines.join(end));
                let numbers: Vec<usize> = read(&text, &mut problems).rows.iter().map(|row| row.number).collect();
                assert_eq!(numbers, [1, 2, 3, 5, 7], "{end:?}");
            }
        }
        let mixed = "a,b\r\nc,d\ne,f\r\n\r\ng,h";
        let numbers: Vec<usize> = read(mixed, &mut problems).rows.iter().map(|row| row.number).collect();
        assert_eq!(numbers, [1, 2, 3, 5]);
    }
}
