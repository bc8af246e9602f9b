//! Text with separators: encoding and separator are found out, and cells written as `="…"` are unwrapped later.

use std::borrow::Cow;
use std::collections::HashMap;

use encoding_rs::{Encoding, GB18030};

use super::{CELLS_MAX, Cell, Sheet, SheetFault};
use crate::wire::reason::Reason;

/// Records looked at to find the separator.
const SAMPLE_RECORDS: usize = 60;

pub(super) fn read(bytes: &[u8]) -> Result<Vec<Sheet>, SheetFault> {
    let text = decoded(bytes)?;
    let mut sheet = Sheet { name: "CSV".to_owned(), ..Sheet::default() };
    let mut room = CELLS_MAX;
    let mut reader = reader(&text, separator(&text));
    let mut record = csv::StringRecord::new();
    let (mut row, mut line) = (0usize, 1u64);
    while reader.read_record(&mut record).map_err(|_| SheetFault::damaged("CSV"))? {
        // The reader skips blank lines; they count here, so that row numbers are those that people see.
        let inner: usize = record.iter().map(|field| field.bytes().filter(|b| *b == b'\n').count()).sum();
        let own = u64::try_from(inner).unwrap_or(0).saturating_add(1);
        let blank = reader.position().line().saturating_sub(line).saturating_sub(own);
        line = reader.position().line();
        row = row.saturating_add(usize::try_from(blank).unwrap_or(usize::MAX));
        for (column, field) in record.iter().enumerate() {
            if !field.is_empty() {
                sheet.put(row, column, Cell::Text(field.to_owned()), &mut room)?;
            }
        }
        row = row.saturating_add(1);
    }
    Ok(vec![sheet])
}

/// BOM, else strict UTF-8, else GB18030.
fn decoded(bytes: &[u8]) -> Result<Cow<'_, str>, SheetFault> {
    let unreadable = || {
        let (zh, en) =
            ("文本既不是 UTF-8 也不是 GB18030，请另存为 XLSX", "the text is neither UTF-8 nor GB18030, save it as XLSX");
        SheetFault::new(Reason::BadEncoding, zh, en)
    };
    if bytes.contains(&0) && Encoding::for_bom(bytes).is_none() {
        return Err(unreadable());
    }
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        let rest = bytes.get(length..).unwrap_or_default();
        return encoding.decode_without_bom_handling_and_without_replacement(rest).ok_or_else(unreadable);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(Cow::Borrowed(text));
    }
    GB18030.decode_without_bom_handling_and_without_replacement(bytes).ok_or_else(unreadable)
}

fn reader(text: &str, separator: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(text.as_bytes())
}

/// The separator that gives the most records the same number of fields.
fn separator(text: &str) -> u8 {
    let score = |separator: u8| {
        let mut counts: HashMap<usize, usize> = HashMap::new();
        for record in reader(text, separator).into_records().take(SAMPLE_RECORDS).flatten() {
            *counts.entry(record.len()).or_default() += 1;
        }
        counts.into_iter().filter(|(fields, _)| *fields > 1).map(|(fields, times)| (times, fields)).max().unwrap_or_default()
    };
    // The last of equal ones wins, so the comma stands last.
    [b'|', b';', b'\t', b','].into_iter().max_by_key(|separator| score(*separator)).unwrap_or(b',')
}
