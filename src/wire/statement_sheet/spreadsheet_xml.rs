//! SpreadsheetML 2003: one XML file, often named `.xls`.

use super::grid::{CELLS_MAX, COLUMNS_MAX, Cell, Grid, ROWS_MAX, Row, SHEETS_MAX};
use crate::wire::bank::{Problem, Problems, Reason};
use crate::wire::iso20022::xml::{Element, Open, Xml, XmlFault};

/// Reads every worksheet; on a fault what was read before it stays.
pub fn read(text: &str, problems: &mut Problems) -> Vec<Grid> {
    let mut grids = Vec::new();
    let mut xml = Xml::new(text);
    let mut cells = 0usize;
    loop {
        match xml.begun() {
            Ok(Some(open)) if open.name == "Table" => {
                let mut grid = Grid { name: format!("sheet {}", grids.len() + 1), ..Grid::default() };
                let read = table(&mut xml, &open, &mut grid, &mut cells);
                grids.push(grid);
                if let Err(fault) = read {
                    problems.push(fault.problem("sheet").lost());
                    break;
                }
                if grids.len() >= SHEETS_MAX {
                    let (zh, en) = ("工作表过多，其余未读取", "too many sheets; the rest is not read");
                    problems.push(Problem::new("sheet", Reason::OverLimit, zh, en).lost());
                    break;
                }
            }
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(fault) => {
                problems.push(fault.problem("sheet").lost());
                break;
            }
        }
    }
    problems.extend(xml.strange());
    grids
}

fn table(xml: &mut Xml<'_>, open: &Open, grid: &mut Grid, cells: &mut usize) -> Result<(), XmlFault> {
    let mut number = 0usize;
    while let Some(child) = xml.child(open)? {
        if child.name != "Row" {
            continue;
        }
        number = child.attribute("Index").and_then(|text| text.parse().ok()).unwrap_or(number.saturating_add(1));
        let row = xml.element(child)?;
        if grid.rows.len() >= ROWS_MAX || *cells > CELLS_MAX {
            return Err(XmlFault::Limit("200,000 rows"));
        }
        let row = Row { number, cells: row_cells(&row) };
        *cells += row.cells.len();
        if row.cells.iter().any(|cell| *cell != Cell::Empty) {
            grid.rows.push(row);
        }
    }
    Ok(())
}

fn row_cells(row: &Element) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    for cell in row.children.iter().filter(|child| child.name == "Cell") {
        let at = cell
            .attribute("Index")
            .and_then(|text| text.parse::<usize>().ok())
            .map_or(cells.len(), |index| index.saturating_sub(1));
        if at >= COLUMNS_MAX {
            break;
        }
        while cells.len() < at {
            cells.push(Cell::Empty);
        }
        let data = cell.children.iter().find(|child| child.name == "Data");
        cells.push(data.map_or(Cell::Empty, data_cell));
        let merged = cell.attribute("MergeAcross").and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
        for _ in 0..merged.min(COLUMNS_MAX.saturating_sub(cells.len())) {
            cells.push(Cell::Empty);
        }
    }
    cells
}

fn data_cell(data: &Element) -> Cell {
    match data.attribute("Type") {
        Some("Number") => Cell::Number(data.text.to_string()),
        Some("DateTime") => Cell::Text(data.text.replace('T', " ").split('.').next().unwrap_or_default().to_owned()),
        _ => Cell::of_text(&full_text(data)),
    }
}

/// Text of a cell with formatted parts inside it.
fn full_text(data: &Element) -> String {
    let mut text = data.text.to_string();
    for child in &data.children {
        text.push_str(&full_text(child));
    }
    text
}
