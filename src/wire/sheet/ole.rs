//! How large the sheets of an XLS are, found out before a workbook reader makes room for them: that reader takes the whole
//! rectangle between the first and the last cell, so that two cells in far corners would cost half a gigabyte a sheet.

use super::{CELLS_MAX, SHEETS_MAX, SheetFault};

/// Sector numbers from here on are marks, not sectors.
const MARKS: usize = 0xFFFF_FFFA;
/// Sectors of the allocation table named in the header itself.
const HEADER_TABLES: usize = 109;

fn number(bytes: &[u8], from: usize, len: usize) -> Option<usize> {
    let part = bytes.get(from..from.checked_add(len)?)?;
    part.iter().rev().try_fold(0usize, |sum, byte| sum.checked_mul(256)?.checked_add(usize::from(*byte)))
}

/// Refuses sheets whose rectangles hold more than [`CELLS_MAX`] cells in sum.
pub(super) fn check(bytes: &[u8]) -> Result<(), SheetFault> {
    let stream = workbook(bytes).ok_or_else(|| SheetFault::damaged("XLS"))?;
    let starts = sheet_starts(&stream);
    if starts.len() > SHEETS_MAX {
        return Err(SheetFault::too_large());
    }
    let mut room = CELLS_MAX;
    for start in starts {
        let area = area(&stream, start).ok_or_else(SheetFault::too_large)?;
        room = room.checked_sub(area).ok_or_else(SheetFault::too_large)?;
    }
    Ok(())
}

/// Sector numbers of a chain; stops where it would run in a circle.
fn chain(table: &[usize], first: usize) -> impl Iterator<Item = usize> {
    std::iter::successors(Some(first), |at| table.get(*at).copied()).take_while(|at| *at < MARKS).take(table.len())
}

/// Whether a chain has an end: the workbook reader follows one that runs in a circle for as long as its length says, which a harmed file
/// may put at terabytes.
fn ends(table: &[usize], first: usize) -> bool {
    let mut chain = std::iter::successors(Some(first), |at| table.get(*at).copied()).take(table.len().saturating_add(1));
    chain.any(|at| at >= MARKS || at >= table.len())
}

fn words(bytes: &[u8]) -> impl Iterator<Item = usize> {
    bytes.chunks_exact(4).filter_map(|word| number(word, 0, 4))
}

/// The stream `Workbook` (or `Book`) of the container.
fn workbook(bytes: &[u8]) -> Option<Vec<u8>> {
    let size = match number(bytes, 30, 2)? {
        9 => 512usize,
        12 => 4096,
        _ => return None,
    };
    let sector = |at: usize| {
        let from = at.checked_add(1)?.checked_mul(size)?;
        bytes.get(from..bytes.len().min(from.checked_add(size)?))
    };
    // The workbook reader makes room up to whatever sector is named, were it 30 gigabytes away.
    let is_within = |at: usize| at >= MARKS || sector(at).is_some();
    let mut tables: Vec<usize> = words(bytes.get(76..76 + HEADER_TABLES * 4)?).filter(|at| *at < MARKS).collect();
    let mut more = number(bytes, 68, 4)?;
    let mut lists = 0;
    while more < MARKS {
        // It goes round a circle for ever, too.
        lists += 1;
        if lists > bytes.len() / size {
            return None;
        }
        let mut entries: Vec<usize> = words(sector(more)?).collect();
        more = entries.pop()?;
        tables.extend(entries.into_iter().filter(|at| *at < MARKS));
    }
    let table: Vec<usize> = tables.iter().take(bytes.len() / size).filter_map(|at| sector(*at)).flat_map(words).collect();
    let starts = [number(bytes, 48, 4)?, number(bytes, 60, 4)?];
    if !tables.iter().chain(&table).chain(&starts).all(|at| is_within(*at)) || !starts.iter().all(|at| ends(&table, *at)) {
        return None;
    }
    let gather =
        |first: usize| chain(&table, first).filter_map(sector).take(bytes.len() / size).flatten().copied().collect::<Vec<u8>>();
    let directory = gather(number(bytes, 48, 4)?);
    // Small streams are numbered by the small table.
    let small_below = number(bytes, 56, 4)?;
    let is_small = |entry: &[u8]| entry.get(66) == Some(&2) && number(entry, 120, 4).is_some_and(|length| length < small_below);
    let is_sound = |entry: &[u8]| is_small(entry) || number(entry, 116, 4).is_some_and(|at| is_within(at) && ends(&table, at));
    if !directory.chunks_exact(128).filter(|entry| holds_bytes(entry)).all(is_sound) {
        return None;
    }
    let entry = |name: &str| directory.chunks_exact(128).find(|entry| name_of(entry).as_deref() == Some(name));
    let found = entry("Workbook").or_else(|| entry("Book"))?;
    let (first, length) = (number(found, 116, 4)?, number(found, 120, 4)?);
    if length >= small_below {
        return Some(gather(first));
    }
    // Small streams lie in sectors of 64 bytes inside the root's stream.
    let small = gather(number(directory.get(..128)?, 116, 4)?);
    let small_table: Vec<usize> = words(&gather(number(bytes, 60, 4)?)).collect();
    if small_table.iter().any(|at| *at < MARKS && *at >= small.len().div_ceil(64)) {
        return None;
    }
    let piece = |at: usize| small.get(at.checked_mul(64)?..at.checked_add(1)?.checked_mul(64)?);
    Some(chain(&small_table, first).filter_map(piece).flatten().copied().collect())
}

/// Whether an entry of the directory is a stream, or the root with the small ones.
fn holds_bytes(entry: &[u8]) -> bool {
    matches!(entry.get(66), Some(2 | 5))
}

fn name_of(entry: &[u8]) -> Option<String> {
    let length = number(entry, 64, 2)?.checked_sub(2)?;
    let letters: Vec<u16> =
        entry.get(..length.min(64))?.chunks_exact(2).filter_map(|pair| u16::try_from(number(pair, 0, 2)?).ok()).collect();
    String::from_utf16(&letters).ok()
}

/// Kind and content of the records from a place on.
fn records(stream: &[u8], start: usize) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = start;
    std::iter::from_fn(move || {
        let (kind, length) = (number(stream, at, 2)?, number(stream, at.checked_add(2)?, 2)?);
        let from = at.checked_add(4)?;
        at = from.checked_add(length)?;
        Some((kind, stream.get(from..at)?))
    })
}

/// Where the sheets begin, as the workbook's first part lists them.
fn sheet_starts(stream: &[u8]) -> Vec<usize> {
    let globals = records(stream, 0).take_while(|(kind, _)| *kind != 0x000A);
    globals.filter(|(kind, _)| *kind == 0x0085).filter_map(|(_, content)| number(content, 0, 4)).collect()
}

/// Cells in the rectangle that a sheet says it has and in the one that its cells span, whichever is larger; `None` when
/// the sheet contradicts itself.
fn area(stream: &[u8], start: usize) -> Option<usize> {
    let mut bounds: Option<[usize; 4]> = None;
    let (mut declared, mut depth) = (0usize, 0usize);
    for (kind, content) in records(stream, start) {
        match kind {
            0x0809 => depth = depth.saturating_add(1),
            0x000A => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    break;
                }
            }
            0x0200 => {
                // Rows take four bytes each since Excel 97 and two before.
                let wide = if content.len() >= 14 { 4 } else { 2 };
                let at = |place: usize, len: usize| number(content, place, len);
                let (top, bottom) = (at(0, wide)?, at(wide, wide)?);
                let (left, right) = (at(wide * 2, 2)?, at(wide * 2 + 2, 2)?);
                declared = declared.max(bottom.checked_sub(top)?.checked_mul(right.checked_sub(left)?)?);
            }
            0x0203 | 0x0204 | 0x00D6 | 0x0205 | 0x027E | 0x00FD | 0x00BD | 0x0006 => {
                let (row, column) = (number(content, 0, 2)?, number(content, 2, 2)?);
                // A row of numbers ends with its last column.
                let last = if kind == 0x00BD { number(content, content.len().checked_sub(2)?, 2)?.max(column) } else { column };
                let [top, left, bottom, right] = bounds.unwrap_or([row, column, row, last]);
                bounds = Some([top.min(row), left.min(column), bottom.max(row), right.max(last)]);
            }
            _ => {}
        }
    }
    let spanned = bounds.map_or(Some(0), |[top, left, bottom, right]| (bottom - top + 1).checked_mul(right - left + 1));
    spanned.map(|spanned| spanned.max(declared))
}
