//! HTML tables, which some banks' pages export under the name `.xls`: rows and cells by their tags, nothing else.

use super::grid::{CELLS_MAX, COLUMNS_MAX, Cell, Grid, ROWS_MAX, Row, SHEETS_MAX};
use crate::wire::bank::{Problem, Problems, Reason};

/// Reads the tables of a page. An inner table ends the row of the outer one.
pub fn read(text: &str, problems: &mut Problems) -> Vec<Grid> {
    let mut page = Page { grids: vec![Grid::default()], ..Page::default() };
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        page.add(rest.get(..at).unwrap_or_default());
        let tail = rest.get(at..).unwrap_or_default();
        if let Some(comment) = tail.strip_prefix("<!--") {
            rest = comment.find("-->").and_then(|end| comment.get(end + 3..)).unwrap_or_default();
            continue;
        }
        let Some(end) = tail.find('>') else {
            rest = "";
            break;
        };
        let tag = tail.get(1..end).unwrap_or_default();
        rest = tail.get(end + 1..).unwrap_or_default();
        let name: String =
            tag.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '/').collect::<String>().to_ascii_lowercase();
        if matches!(name.as_str(), "style" | "script") && !tag.ends_with('/') {
            rest = after_closing(rest, &name);
            continue;
        }
        if !page.tag(&name, tag) {
            problems.push(
                Problem::new("table", Reason::OverLimit, "表格过大，其余未读取", "the table is too large; the rest is not read")
                    .fix("请按月拆分", "export month by month")
                    .lost(),
            );
            break;
        }
    }
    page.add(rest);
    page.end_row();
    page.grids.retain(|grid| !grid.rows.is_empty());
    page.grids
}

/// What stands behind the closing tag of a style or script.
fn after_closing<'a>(text: &'a str, name: &str) -> &'a str {
    let mut rest = text;
    while let Some(at) = rest.find("</") {
        rest = rest.get(at + 2..).unwrap_or_default();
        if rest.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return rest.find('>').and_then(|end| rest.get(end + 1..)).unwrap_or_default();
        }
    }
    ""
}

#[derive(Default)]
struct Page {
    grids: Vec<Grid>,
    cells: Vec<Cell>,
    text: Option<String>,
    span: usize,
    number: usize,
    total: usize,
}

impl Page {
    fn add(&mut self, text: &str) {
        if let Some(cell) = &mut self.text {
            cell.push_str(text);
        }
    }

    /// Follows a tag; false when a limit is reached.
    fn tag(&mut self, name: &str, tag: &str) -> bool {
        match name {
            "table" => {
                self.end_row();
                if self.grids.last().is_some_and(|grid| !grid.rows.is_empty()) {
                    self.grids.push(Grid::default());
                    self.number = 0;
                }
                return self.grids.len() <= SHEETS_MAX;
            }
            "tr" | "/tr" | "/table" => self.end_row(),
            "td" | "th" => {
                self.end_cell();
                self.text = Some(String::new());
                self.span = span_of(tag);
            }
            "/td" | "/th" => self.end_cell(),
            "br" | "br/" | "/p" | "/div" => self.add(" "),
            _ => {}
        }
        self.number < ROWS_MAX && self.total < CELLS_MAX
    }

    fn end_cell(&mut self) {
        let Some(text) = self.text.take() else { return };
        if self.cells.len() < COLUMNS_MAX {
            self.cells.push(Cell::of_text(&unescaped(&text)));
            self.total += 1;
            let filler = self.span.saturating_sub(1).min(COLUMNS_MAX.saturating_sub(self.cells.len()));
            self.cells.extend(std::iter::repeat_n(Cell::Empty, filler));
            self.total += filler;
        }
    }

    fn end_row(&mut self) {
        self.end_cell();
        if self.cells.is_empty() {
            return;
        }
        self.number += 1;
        let cells = std::mem::take(&mut self.cells);
        if cells.iter().any(|cell| *cell != Cell::Empty)
            && let Some(grid) = self.grids.last_mut()
        {
            grid.rows.push(Row { number: self.number, cells });
        }
    }
}

fn span_of(tag: &str) -> usize {
    let lower = tag.to_ascii_lowercase();
    let after = lower.split("colspan").nth(1).unwrap_or_default();
    let digits: String =
        after.chars().skip_while(|c| matches!(c, '=' | ' ' | '"' | '\'')).take_while(char::is_ascii_digit).take(3).collect();
    digits.parse().unwrap_or(1)
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut parts = text.split('&');
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (name, rest) = part.split_once(';').unwrap_or(("", part));
        let numeric = || {
            let digits = name.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(code)
        };
        let letter = match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            "nbsp" => Some(' '),
            "yen" => Some('¥'),
            _ => numeric(),
        };
        match letter {
            Some(c) => {
                plain.push(c);
                plain.push_str(rest);
            }
            None => {
                plain.push('&');
                plain.push_str(part);
            }
        }
    }
    plain
}
