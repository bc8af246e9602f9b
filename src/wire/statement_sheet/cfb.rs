//! A look into an XLS file before it is opened: how far its cells reach.
//!
//! The library lays each sheet out as a full rectangle; a forged file with one cell in the last corner would ask for
//! more memory than there is. Only the sector chain of the workbook stream and the record heads are read.

use crate::wire::bank::{Problem, Reason};

/// Cells of one sheet's rectangle.
const RECTANGLE_MAX: usize = 8_000_000;
/// Columns that the format knows.
const COLUMNS_MAX: usize = 256;
/// No sector follows.
const CHAIN_END: usize = 0xFFFF_FFFA;

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<usize> {
    let part = bytes.get(at..at.checked_add(N)?)?;
    part.iter().rev().try_fold(0usize, |total, byte| total.checked_mul(256)?.checked_add(usize::from(*byte)))
}

/// Refuses a file whose cells reach beyond the bounds. A file that cannot be walked is left to the library's own checks
/// unless it holds records that the library would allocate for.
pub fn within_bounds(bytes: &[u8]) -> Result<(), Problem> {
    let stream = workbook_stream(bytes).ok_or_else(|| {
        Problem::new("file", Reason::BadFormat, "XLS 文件不完整或已损坏", "the XLS file is incomplete or damaged")
            .fix("请用表格软件另存为 XLSX 后上传", "save it as XLSX again")
    })?;
    let (mut rows, mut columns) = ((usize::MAX, 0), (usize::MAX, 0));
    let mut at = 0usize;
    while let (Some(kind), Some(length)) = (number::<2>(&stream, at), number::<2>(&stream, at + 2)) {
        let body = at + 4;
        match kind {
            // Beginning of a substream: each sheet is a rectangle of its own.
            0x0809 => (rows, columns) = ((usize::MAX, 0), (usize::MAX, 0)),
            // Dimensions, as the file states them.
            0x0200 => {
                let (Some(top), Some(bottom)) = (number::<4>(&stream, body), number::<4>(&stream, body + 4)) else { break };
                let (Some(left), Some(right)) = (number::<2>(&stream, body + 8), number::<2>(&stream, body + 10)) else { break };
                if bottom < top && bottom != 0 || right < left && right != 0 || area((top, bottom), (left, right)) > RECTANGLE_MAX
                {
                    return Err(too_large());
                }
            }
            // Cells: number, label, rich string, boolean, RK, shared string, formula, several RK.
            0x0203 | 0x0204 | 0x00D6 | 0x0205 | 0x027E | 0x00FD | 0x0006 | 0x00BD => {
                let (Some(row), Some(column)) = (number::<2>(&stream, body), number::<2>(&stream, body + 2)) else { break };
                let width = if kind == 0x00BD { length.saturating_sub(6) / 6 } else { 1 };
                rows = (rows.0.min(row), rows.1.max(row));
                columns = (columns.0.min(column), columns.1.max(column + width));
                if columns.1 > COLUMNS_MAX + 1 || area(rows, columns) > RECTANGLE_MAX {
                    return Err(too_large());
                }
            }
            _ => {}
        }
        at = body + length;
    }
    Ok(())
}

fn area(rows: (usize, usize), columns: (usize, usize)) -> usize {
    let height = rows.1.saturating_sub(rows.0) + 1;
    let width = columns.1.saturating_sub(columns.0) + 1;
    height.saturating_mul(width)
}

fn too_large() -> Problem {
    Problem::new("sheet", Reason::OverLimit, "表格超过行列限制", "the sheet reaches beyond the limits on rows and columns")
        .fix("请删除空白区域后另存，或按月拆分", "delete empty areas and save again, or export month by month")
}

/// The bytes of the stream `Workbook` (or `Book`), following sectors; small streams live in the mini stream.
fn workbook_stream(bytes: &[u8]) -> Option<Vec<u8>> {
    let shift = u32::try_from(number::<2>(bytes, 30)?).ok().filter(|shift| matches!(shift, 9 | 12))?;
    let size = 1usize.checked_shl(shift)?;
    let sectors = bytes.len() / size + 1;
    let sector = |id: usize| {
        let from = id.checked_add(1)?.checked_mul(size)?;
        bytes.get(from..bytes.len().min(from.checked_add(size)?))
    };
    let fat = fat_sectors(bytes, size, sectors)?;
    let next = |id: usize| {
        let table = fat.get(id / (size / 4))?;
        number::<4>(sector(*table)?, id % (size / 4) * 4)
    };
    let chain = |first: usize| {
        let mut stream = Vec::new();
        let mut id = first;
        for _ in 0..sectors {
            if id >= CHAIN_END {
                break;
            }
            stream.extend_from_slice(sector(id)?);
            id = next(id).unwrap_or(CHAIN_END);
        }
        Some(stream)
    };
    let directory = chain(number::<4>(bytes, 48)?)?;
    let entry = |wanted: &dyn Fn(&[u8]) -> bool| directory.chunks(128).find(|entry| entry.len() == 128 && wanted(entry));
    let named = |entry: &[u8], name: &str| {
        let wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        entry.starts_with(&wide) && number::<2>(entry, 64) == Some(wide.len() + 2)
    };
    let book = entry(&|entry| named(entry, "Workbook")).or_else(|| entry(&|entry| named(entry, "Book")))?;
    let (first, length) = (number::<4>(book, 116)?, number::<4>(book, 120)?);
    let mini_below = number::<4>(bytes, 56)?;
    if length >= mini_below {
        return chain(first);
    }
    let root = entry(&|entry| entry.get(66) == Some(&5))?;
    let mini = chain(number::<4>(root, 116)?)?;
    let mini_fat = chain(number::<4>(bytes, 60)?)?;
    let mut stream = Vec::new();
    let mut id = first;
    for _ in 0..=mini.len() / 64 {
        if id >= CHAIN_END {
            break;
        }
        stream.extend_from_slice(mini.get(id.checked_mul(64)?..)?.get(..64)?);
        id = number::<4>(&mini_fat, id.checked_mul(4)?).unwrap_or(CHAIN_END);
    }
    Some(stream)
}

/// Ids of the sectors that hold the allocation table: 109 in the header, more in a chain of their own.
fn fat_sectors(bytes: &[u8], size: usize, sectors: usize) -> Option<Vec<usize>> {
    let mut ids: Vec<usize> =
        (0..109).filter_map(|place| number::<4>(bytes, 76 + place * 4)).filter(|id| *id < CHAIN_END).collect();
    let mut more = number::<4>(bytes, 68)?;
    for _ in 0..sectors {
        if more >= CHAIN_END {
            break;
        }
        let from = more.checked_add(1)?.checked_mul(size)?;
        let table = bytes.get(from..from.checked_add(size)?)?;
        let last = size / 4 - 1;
        ids.extend((0..last).filter_map(|place| number::<4>(table, place * 4)).filter(|id| *id < CHAIN_END));
        more = number::<4>(table, last * 4)?;
    }
    (ids.len() <= sectors.max(109)).then_some(ids)
}
