//! Workbooks harmed inside: the parts of an XLSX are taken out, harmed as text and packed again with sound sums, so that a harm reaches
//! the reader and not only the check of the archive. `ANXIN_FUZZ=n` reads n times as many.

use std::io::Read;

use flate2::Crc;
use flate2::read::DeflateDecoder;
use proptest::prelude::*;

use super::table::Table;
use super::*;
use crate::wire::harm_tests::{Harming, Way};

const ROSTER: &[u8] = include_bytes!("../../../tests/fixtures/sheets/roster_openpyxl.xlsx");
const PAY: &[u8] = include_bytes!("../../../tests/fixtures/sheets/pay_xlwt.xls");

/// Pieces that readers of workbooks stumble over.
const PIECES: [&[u8]; 16] = [
    b"<c r=\"XFD1048576\" t=\"s\"><v>99999999</v></c>",
    b"<c r=\"A1\" t=\"s\"><v>-1</v></c>",
    b"<c r=\"ZZZZ9\"><v>1</v></c>",
    b"<v>1e308</v>",
    b"<v>NaN</v>",
    b"<f>A1</f>",
    b"</row>",
    b"<row r=\"4294967296\">",
    b"&#0;",
    b"&#x10FFFF;",
    b" s=\"99999\"",
    b" t=\"inlineStr\"",
    b"<mergeCell ref=\"A1:XFD1048576\"/>",
    b"<dimension ref=\"A1:XFD1048576\"/>",
    b"<!--",
    b"\0",
];

fn number(bytes: &[u8], at: usize, size: usize) -> usize {
    bytes[at..at + size].iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte))
}

/// The parts of a sound archive: names and contents.
fn unpacked(zip: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let end = zip.windows(4).rposition(|four| four == b"PK\x05\x06").unwrap();
    let mut at = number(zip, end + 16, 4);
    let mut parts = Vec::new();
    for _ in 0..number(zip, end + 10, 2) {
        let (method, size) = (number(zip, at + 10, 2), number(zip, at + 20, 4));
        let (name, extra, comment) = (number(zip, at + 28, 2), number(zip, at + 30, 2), number(zip, at + 32, 2));
        let local = number(zip, at + 42, 4);
        let from = local + 30 + number(zip, local + 26, 2) + number(zip, local + 28, 2);
        let raw = &zip[from..from + size];
        let mut content = Vec::new();
        match method {
            0 => content.extend_from_slice(raw),
            _ => drop(DeflateDecoder::new(raw).read_to_end(&mut content).unwrap()),
        }
        parts.push((zip[at + 46..at + 46 + name].to_vec(), content));
        at += 46 + name + extra + comment;
    }
    parts
}

fn le(number: usize, size: usize) -> Vec<u8> {
    u64::try_from(number).unwrap().to_le_bytes()[..size].to_vec()
}

/// An archive of these parts as they are, with their sums.
fn packed(parts: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let (mut zip, mut central) = (Vec::new(), Vec::new());
    for (name, content) in parts {
        let mut crc = Crc::new();
        crc.update(content);
        let sum = crc.sum().to_le_bytes();
        let size = le(content.len(), 4);
        let shared = [&le(20, 2)[..], &[0; 8], &sum, &size, &size, &le(name.len(), 2), &[0; 2]].concat();
        central.extend([b"PK\x01\x02\x14\0", &shared[..], &[0; 10], &le(zip.len(), 4), name].concat());
        zip.extend([b"PK\x03\x04", &shared[..], name, content].concat());
    }
    let (count, from) = (le(parts.len(), 2), zip.len());
    zip.extend(&central);
    zip.extend([b"PK\x05\x06\0\0\0\0", &count[..], &count, &le(central.len(), 4), &le(from, 4), &[0; 2]].concat());
    zip
}

const HARMING: Harming<'static> =
    Harming { ways: [Way::Flip, Way::Cut, Way::Double, Way::PutBehindTag, Way::Put], most: 90, pieces: &PIECES };

/// Whatever is read can be looked through for a table.
fn holds(bytes: &[u8]) {
    let Ok(book) = read(bytes) else { return };
    for sheet in &book.sheets {
        let _ = Table::find(sheet, &tests::columns());
    }
}

#[test]
fn what_is_packed_again_is_the_same_workbook() {
    let again = read(&packed(&unpacked(ROSTER))).unwrap();
    let first = read(ROSTER).unwrap();
    assert_eq!(format!("{:?}", again.sheets), format!("{:?}", first.sheets));
}

/// A turned bit in the allocation table makes a circle, and a length of gigabytes let the workbook reader go round it until memory ended.
#[test]
fn an_older_workbook_whose_chain_has_no_end_or_leads_beyond_the_file_is_refused() {
    let sector = |at: usize| (number(PAY, at, 4) + 1) * 512;
    let (table, directory) = (sector(76), sector(48));
    let entry = (0..4).map(|place| directory + place * 128).find(|at| PAY[at + 66] == 2).unwrap();
    let first = number(PAY, entry + 116, 4);
    let with = |changes: &[(usize, usize)]| {
        let mut harmed = PAY.to_vec();
        changes.iter().for_each(|(at, word)| harmed[*at..*at + 4].copy_from_slice(&le(*word, 4)));
        read(&harmed)
    };
    assert!(with(&[]).is_ok());
    let circle = (table + first * 4, first);
    for changes in [&[circle][..], &[circle, (entry + 120, 0xFFFF_FFFF)], &[(entry + 116, 0x0400_0000)], &[(68, first), circle]] {
        assert!(with(changes).is_err(), "{changes:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(
        100 * std::env::var("ANXIN_FUZZ").ok().and_then(|text| text.parse::<u32>().ok()).unwrap_or(1)
    ))]

    #[test]
    fn harmed_workbooks_are_read_or_refused(
        which in any::<usize>(),
        harms in proptest::collection::vec((any::<u8>(), any::<usize>(), any::<usize>()), 1..6),
    ) {
        let mut parts = unpacked(ROSTER);
        let place = which % parts.len();
        HARMING.harm(&mut parts[place].1, &harms);
        holds(&packed(&parts));
        // The older format is one stream of records: every harm reaches it as it is.
        let mut older = PAY.to_vec();
        HARMING.harm(&mut older, &harms);
        holds(&older);
    }
}
