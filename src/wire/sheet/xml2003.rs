//! SpreadsheetML 2003: the XML that Excel 2003 and many Chinese systems save under the name `.xls`.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::{CELLS_MAX, Cell, SHEETS_MAX, Sheet, SheetFault, value, xlsx};

/// What stands between the tags that were opened.
#[derive(Default)]
struct State {
    sheets: Vec<Sheet>,
    row: usize,
    column: usize,
    merged: usize,
    kind: String,
    formula: bool,
    data: Option<String>,
}

pub(super) fn read(bytes: &[u8]) -> Result<Vec<Sheet>, SheetFault> {
    let damaged = || SheetFault::damaged("XML");
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.trim_start_matches('\u{FEFF}').to_owned(),
        Err(_) => encoding_rs::GB18030.decode_without_bom_handling(bytes).0.into_owned(),
    };
    let mut reader = Reader::from_str(&text);
    let (mut state, mut room) = (State::default(), CELLS_MAX);
    loop {
        match reader.read_event().map_err(|_| damaged())? {
            Event::Start(tag) => state.open(&tag)?,
            Event::Empty(tag) => {
                state.open(&tag)?;
                state.close(tag.local_name().as_ref(), &mut room)?;
            }
            Event::End(tag) => state.close(tag.local_name().as_ref(), &mut room)?,
            Event::Text(piece) => state.say(&piece),
            Event::CData(piece) => state.say(&piece),
            Event::GeneralRef(entity) => {
                let number = entity.resolve_char_ref().map_err(|_| damaged())?.map(String::from);
                let named = || quick_xml::escape::resolve_predefined_entity(&entity).map(str::to_owned);
                state.say(&number.or_else(named).ok_or_else(damaged)?);
            }
            Event::Eof => return if state.sheets.is_empty() { Err(damaged()) } else { Ok(state.sheets) },
            _ => {}
        }
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.attributes().flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    Some(found.value.as_ref().to_owned())
}

fn whole(tag: &BytesStart<'_>, name: &str) -> Option<usize> {
    attribute(tag, name)?.parse().ok()
}

impl State {
    fn open(&mut self, tag: &BytesStart<'_>) -> Result<(), SheetFault> {
        let hidden = attribute(tag, "Hidden").is_some_and(|flag| flag == "1");
        match tag.local_name().as_ref() {
            "Worksheet" => {
                if self.sheets.len() >= SHEETS_MAX {
                    return Err(SheetFault::too_large());
                }
                self.sheets.push(Sheet { name: attribute(tag, "Name").unwrap_or_default(), ..Sheet::default() });
                self.row = 0;
            }
            // Numbered from 1; a row or cell without a number follows the last one.
            "Row" => {
                self.row = whole(tag, "Index").unwrap_or(self.row.saturating_add(1));
                (self.column, self.merged) = (0, 0);
                if let Some(sheet) = self.sheets.last_mut().filter(|_| hidden) {
                    sheet.hidden_rows = sheet.hidden_rows.saturating_add(1);
                }
            }
            "Column" => {
                if let Some(sheet) = self.sheets.last_mut().filter(|_| hidden) {
                    sheet.hidden_columns = sheet.hidden_columns.saturating_add(1);
                }
            }
            "Cell" => {
                self.column = whole(tag, "Index").unwrap_or(self.column.saturating_add(self.merged).saturating_add(1));
                self.merged = whole(tag, "MergeAcross").unwrap_or(0);
                self.formula = attribute(tag, "Formula").is_some();
                (self.data, self.kind) = (None, String::new());
                if let Some(sheet) = self.sheets.last_mut().filter(|_| self.formula) {
                    sheet.formulas = sheet.formulas.saturating_add(1);
                }
            }
            "Data" => {
                self.kind = attribute(tag, "Type").unwrap_or_default();
                self.data = Some(String::new());
            }
            _ => {}
        }
        Ok(())
    }

    fn say(&mut self, text: &str) {
        if let Some(data) = self.data.as_mut() {
            data.push_str(text);
        }
    }

    fn close(&mut self, name: &str, room: &mut usize) -> Result<(), SheetFault> {
        if name != "Cell" {
            return Ok(());
        }
        let data = self.data.take();
        let cell = match (data, self.kind.as_str()) {
            (None, _) if self.formula => Cell::Broken,
            (None, _) => Cell::Empty,
            (Some(text), "Number") => text.trim().parse().map_or(Cell::Broken, value::number_cell),
            (Some(text), "DateTime") => match super::super::device::time::wall_time(&text) {
                Some((moment, _)) => Cell::Date(moment),
                None => xlsx::of_text(&text),
            },
            (Some(text), "Boolean") => Cell::Bool(text.trim() == "1"),
            (Some(_), "Error") => Cell::Broken,
            (Some(text), _) => xlsx::of_text(&text),
        };
        let (Some(row), Some(column)) = (self.row.checked_sub(1), self.column.checked_sub(1)) else {
            return Err(SheetFault::damaged("XML"));
        };
        self.sheets.last_mut().map_or(Ok(()), |sheet| sheet.put(row, column, cell, room))
    }
}
