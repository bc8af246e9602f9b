//! What a ZIP says about itself, checked before a workbook reader trusts it.
//!
//! Every entry is inflated once into nothing, so that a bomb is seen whatever sizes its directory claims; the sheets' own
//! XML is looked through for hidden rows and columns, which the workbook reader does not tell.

use std::io::{self, Read, Write};

use flate2::read::DeflateDecoder;

use super::{SheetFault, UNPACKED_BYTES_MAX};

/// Most entries of an archive.
const ENTRIES_MAX: usize = 10_000;

/// An entry of the archive.
struct Entry<'a> {
    name: String,
    deflated: bool,
    data: &'a [u8],
}

fn number(bytes: &[u8], from: usize, len: usize) -> Option<usize> {
    let part = bytes.get(from..from.checked_add(len)?)?;
    part.iter().rev().try_fold(0usize, |sum, byte| sum.checked_mul(256)?.checked_add(usize::from(*byte)))
}

/// The entries that the archive's directory lists; `None` when the directory is broken.
fn entries(bytes: &[u8]) -> Option<Vec<Entry<'_>>> {
    let tail = bytes.len().saturating_sub(65_557);
    let end = tail + bytes.get(tail..)?.windows(4).rposition(|window| window == b"PK\x05\x06")?;
    let count = number(bytes, end + 10, 2)?;
    let mut place = number(bytes, end + 16, 4)?;
    let mut list = Vec::new();
    for _ in 0..count.min(ENTRIES_MAX) {
        if bytes.get(place..place.checked_add(4)?)? != b"PK\x01\x02" {
            return None;
        }
        let (method, packed) = (number(bytes, place + 10, 2)?, number(bytes, place + 20, 4)?);
        let (name, extra, comment) =
            (number(bytes, place + 28, 2)?, number(bytes, place + 30, 2)?, number(bytes, place + 32, 2)?);
        let local = number(bytes, place + 42, 4)?;
        let start = local + 30 + number(bytes, local + 26, 2)? + number(bytes, local + 28, 2)?;
        let data = bytes.get(start..start.checked_add(packed)?)?;
        let text = String::from_utf8_lossy(bytes.get(place + 46..place + 46 + name)?).into_owned();
        list.push(Entry { name: text, deflated: method == 8, data });
        place += 46 + name + extra + comment;
    }
    Some(list)
}

/// Counts what is written and stops at a limit.
struct Counter {
    left: u64,
}

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.left = self.left.checked_sub(len).ok_or_else(|| io::Error::other("too large"))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Refuses an archive that unpacks to more than [`UNPACKED_BYTES_MAX`] or lists more than [`ENTRIES_MAX`] entries.
pub(super) fn check(bytes: &[u8]) -> Result<(), SheetFault> {
    let list = entries(bytes).ok_or_else(|| SheetFault::damaged("XLSX"))?;
    if list.len() >= ENTRIES_MAX {
        return Err(SheetFault::too_large());
    }
    let mut counter = Counter { left: UNPACKED_BYTES_MAX };
    for entry in &list {
        let copied = if entry.deflated {
            // A broken stream is the reader's to refuse; only its size matters here.
            io::copy(&mut DeflateDecoder::new(entry.data), &mut counter).map(|_| ()).or_else(|fault| match fault.kind() {
                io::ErrorKind::Other => Err(fault),
                _ => Ok(()),
            })
        } else {
            counter.write_all(entry.data)
        };
        copied.map_err(|_| SheetFault::too_large())?;
    }
    Ok(())
}

/// Hidden rows, hidden columns and whether there is a filter, for each `xl/worksheets/sheetN.xml` in the order of N.
/// That is the order of the sheets in every file whose sheets were not moved; for the others the counts may change places.
pub(super) fn hidden(bytes: &[u8]) -> Vec<(u32, u32, bool)> {
    let mut found: Vec<(u32, (u32, u32, bool))> = Vec::new();
    for entry in entries(bytes).unwrap_or_default() {
        let number = entry.name.strip_prefix("xl/worksheets/sheet").and_then(|rest| rest.strip_suffix(".xml"));
        let Some(number) = number.and_then(|digits| digits.parse().ok()) else {
            continue;
        };
        let mut xml = String::new();
        let mut reader: Box<dyn Read> =
            if entry.deflated { Box::new(DeflateDecoder::new(entry.data)) } else { Box::new(entry.data) };
        if reader.by_ref().take(UNPACKED_BYTES_MAX).read_to_string(&mut xml).is_ok() {
            found.push((number, counts(&xml)));
        }
    }
    found.sort_by_key(|(number, _)| *number);
    found.into_iter().map(|(_, counts)| counts).collect()
}

fn counts(xml: &str) -> (u32, u32, bool) {
    let hidden = |tag: &str| tag.contains("hidden=\"1\"") || tag.contains("hidden=\"true\"");
    let mut sum = (0u32, 0u32, xml.contains("<autoFilter"));
    for tag in xml.split('<').skip(1).filter_map(|piece| piece.split('>').next()) {
        if tag.starts_with("row ") && hidden(tag) {
            sum.0 = sum.0.saturating_add(1);
        } else if tag.starts_with("col ") && hidden(tag) {
            let edge = |name: &str| {
                tag.split_once(name).and_then(|(_, rest)| rest.split('"').next()).and_then(|text| text.parse::<u32>().ok())
            };
            let wide = edge(" min=\"").zip(edge(" max=\"")).map_or(1, |(min, max)| max.saturating_sub(min).saturating_add(1));
            sum.1 = sum.1.saturating_add(wide);
        }
    }
    sum
}
