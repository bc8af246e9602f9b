//! Any bytes may come: nothing panics, and what cannot be read says so. Archives are bounded.

use std::io::Write;

use proptest::prelude::*;

use super::*;
use crate::wire::bank_reply::{ReplyAs, ReplyOptions, reply};

/// A ZIP archive written by hand; each member is stored or deflated.
fn zipped(members: &[(&str, &[u8], bool)]) -> Vec<u8> {
    let (mut body, mut directory) = (Vec::new(), Vec::new());
    for (name, content, deflate) in members {
        let packed = if *deflate {
            let mut pen = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
            pen.write_all(content).unwrap();
            pen.finish().unwrap()
        } else {
            content.to_vec()
        };
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let long = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
        let short = |number: usize| u16::try_from(number).unwrap().to_le_bytes();
        let mut common = vec![20, 0, 0, 0];
        common.extend(short(if *deflate { 8 } else { 0 }));
        common.extend([0; 4]);
        common.extend(crc.sum().to_le_bytes());
        common.extend(long(packed.len()));
        common.extend(long(content.len()));
        common.extend(short(name.len()));
        common.extend([0, 0]);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(long(body.len()));
        directory.extend(name.as_bytes());
        body.extend(b"PK\x03\x04");
        body.extend(&common);
        body.extend(name.as_bytes());
        body.extend(packed);
    }
    let count = u16::try_from(members.len()).unwrap().to_le_bytes();
    let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
    end.extend([count, count].concat());
    end.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
    end.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
    end.extend([0, 0]);
    [body, directory, end].concat()
}

const CAMT: &str = "<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.02'><BkToCstmrStmt><Stmt><Id>S</Id><ElctrncSeqNb>7</ElctrncSeqNb><Acct><Id><Othr><Id>62001</Id></Othr></Id></Acct><Ntry><Amt Ccy='CNY'>5</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts></Ntry></Stmt></BkToCstmrStmt></Document>";

#[test]
fn archives_hold_several_statements() {
    let next = CAMT.replace("<ElctrncSeqNb>7", "<ElctrncSeqNb>9");
    let file = read(
        &zipped(&[
            ("a.xml", CAMT.as_bytes(), true),
            ("__MACOSX/a", b"x", false),
            ("b.xml", next.as_bytes(), false),
            ("note.txt", b"hello", true),
        ]),
        None,
    );
    assert_eq!((file.format.as_str(), file.statements.len()), ("zip", 2));
    let found: Vec<(&str, Reason)> = file.problems.iter().map(|problem| (problem.place.as_str(), problem.reason)).collect();
    assert_eq!(found, [("note.txt: sheet", Reason::BadFormat), ("statement 2", Reason::Gap)]);
}

#[test]
fn a_large_member_is_read_entry_by_entry_and_in_the_order_of_the_archive() {
    let padded = format!("<Padding>{}</Padding></Ntry>", " ".repeat(2 * 1024 * 1024));
    let large = CAMT.replace("</Ntry>", &padded);
    let swift =
        ":20:A\r\n:25:62001\r\n:28C:1/1\r\n:60F:C260301CNY10,\r\n:61:2603020302D5,NTRFNONREF//V1\r\n:62F:C260302CNY5,\r\n-";
    // Blanks without a tag would end the reading of a stream.
    let large = large.replace(&" ".repeat(60_000), &format!("{}<!---->", " ".repeat(59_000)));
    let packed =
        zipped(&[("a.sta", swift.as_bytes(), true), ("b.xml", large.as_bytes(), true), ("c.sta", swift.as_bytes(), false)]);
    let whole = read(&packed, None);
    let entries: Vec<(usize, Entry)> = whole
        .statements
        .iter()
        .enumerate()
        .flat_map(|(at, one)| one.entries.iter().map(move |entry| (at, entry.clone())))
        .collect();
    assert_eq!(entries.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [0, 1, 2], "{:?}", whole.problems);
    let shape = outline(&packed.as_slice(), None, ReadOptions::default());
    assert!(shape.statements.iter().all(|one| one.entries.is_empty() && one.passed_by == 1));
    assert_eq!(shape.problems, whole.problems);
    let mut seen = Vec::new();
    each_entry(&packed.as_slice(), &mut |at, entry| seen.push((at, entry)));
    assert_eq!(seen, entries);
}

#[test]
fn a_member_that_is_not_read_is_a_loss() {
    let file = read(&zipped(&[("a.xml", CAMT.as_bytes(), true), ("b.xml", b"hello", true)]), None);
    assert_eq!(file.problems.iter().map(|problem| problem.loses).collect::<Vec<_>>(), [true], "{:?}", file.problems);
}

#[test]
fn archives_are_bounded() {
    let many: Vec<(String, &[u8], bool)> = (0..101).map(|number| (format!("{number}.xml"), CAMT.as_bytes(), true)).collect();
    let many: Vec<(&str, &[u8], bool)> =
        many.iter().map(|(name, content, deflate)| (name.as_str(), *content, *deflate)).collect();
    assert_eq!(read(&zipped(&many), None).problems[0].reason, Reason::OverLimit);
    let bomb = zipped(&[("bomb.xml", &vec![b' '; 3_000_000], true)]);
    assert!(bomb.len() < 40_000);
    assert_eq!(unpacked_size_within(&bomb, 1_000_000).unwrap_err().reason, Reason::OverLimit);
    assert!(unpacked_size_within(&bomb, 3_000_000).is_ok());
    let nested = zipped(&[("in.zip", &zipped(&[("a.xml", CAMT.as_bytes(), true)]), false)]);
    assert!(!read(&nested, None).readable());
}

#[test]
fn nothing_in_particular_is_said_to_be_unknown() {
    for bytes in [&b""[..], b"\0\0\0", b"%PDF-1.7", b"hello", b"<?xml version='1.0'?><a/>", b"PK\x03\x04", b"\xFF\xFE"] {
        let file = read(bytes, Some("x.pdf"));
        assert!(!file.readable() && !file.problems.is_empty(), "{bytes:?}");
    }
}

#[test]
fn the_same_file_reads_the_same_twice() {
    assert_eq!(read(CAMT.as_bytes(), None), read(CAMT.as_bytes(), Some("other name")));
}

const SEEDS: [&str; 5] = [
    CAMT,
    ":20:A\r\n:25:62001\r\n:28C:1/1\r\n:60F:C260301CNY10,\r\n:61:2603020302D5,NTRFNONREF//V1\r\n:86:166?00x?20EREF+1?32张三\r\n:62F:C260302CNY5,\r\n-",
    "账号：6200 0012\n交易日期,收入,支出,余额,对方户名,对方账号,摘要\n2026-03-01,\"1,000.00\",,1000,张三,6222,x\n合计,1000,,\n",
    "<html><table><tr><th>日期<th>收入<th>支出<tr><td>20260302<td>5<td></table>",
    "<?xml version='1.0'?><Workbook xmlns='urn:schemas-microsoft-com:office:spreadsheet'><Worksheet><Table><Row><Cell><Data>日期</Data></Cell></Row></Table></Worksheet></Workbook>",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..600), head in 0usize..8) {
        let heads: [&[u8]; 8] = [b"", b"PK\x03\x04", &crate::wire::statement_sheet::CFB_MAGIC, b"<?xml version='1.0'?>", b":20:A\n:61:", b"\xFF\xFE", "日期,收入,支出\n".as_bytes(), b"<table><tr>"];
        let file = read(&[heads[head], &bytes].concat(), None);
        prop_assert!(file.readable() || !file.problems.is_empty());
        serde_json::to_string(&file).unwrap();
    }

    #[test]
    fn any_damage_is_survived(seed in 0usize..5, cut in 0usize..700, place in 0usize..700, letter in any::<char>(), repeat in 1usize..40) {
        let mut letters: Vec<char> = SEEDS[seed].chars().collect();
        let place = place % letters.len();
        letters.splice(place..=place, std::iter::repeat_n(letter, repeat));
        letters.truncate(if cut % 3 == 0 { cut } else { usize::MAX });
        let text: String = letters.into_iter().collect();
        let file = read(text.as_bytes(), None);
        prop_assert!(file.readable() || !file.problems.is_empty());
        let options = ReplyOptions::at(crate::base::Moment(0));
        let _ = reply(text.as_bytes(), ReplyAs::Camt053, &options);
    }

    #[test]
    fn digits_and_signs_in_any_cell_are_survived(cell in "[0-9.,+¥()eE -]{0,30}") {
        let text = format!("交易日期,收入,支出,余额\n{cell},{cell},\"{cell}\",{cell}\n20260302,\"{cell}\",,\n");
        let _ = read(text.as_bytes(), None);
        let _ = read(format!(":20:{cell}\n:25:{cell}\n:60F:C260301CNY{cell}\n:61:{cell}D{cell}NTRF\n:61:260302D{cell}\n").as_bytes(), None);
        let _ = read(CAMT.replace(">5<", &format!(">{cell}<")).as_bytes(), None);
    }
}
