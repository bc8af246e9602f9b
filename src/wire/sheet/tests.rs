//! What programs do to tables, as files that they wrote.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use proptest::prelude::*;

use super::table::{Column, Table, header_name, remarks};
use super::write::{TextEncoding, Value, csv_table, harmless, xlsx_table};
use super::*;

const FAR: &[u8] = include_bytes!("../../../tests/fixtures/sheets/far_xlwt.xls");
const PAY: &[u8] = include_bytes!("../../../tests/fixtures/sheets/pay_xlwt.xls");
const ROSTER: &[u8] = include_bytes!("../../../tests/fixtures/sheets/roster_openpyxl.xlsx");

fn column(key: &'static str, names: &'static [&'static str]) -> Column {
    Column { key, names, required: true }
}

pub(super) fn columns() -> Vec<Column> {
    vec![
        column("name", &["姓名"]),
        column("due", &["应发", "应发.合计"]),
        column("overtime", &["加班"]),
        column("paid", &["实发"]),
    ]
}

fn sheet_of(text: &str) -> Sheet {
    read(text.as_bytes()).unwrap().sheets.remove(0)
}

#[test]
fn formats_are_told_by_content() {
    assert_eq!(format_of(ROSTER), Format::Xlsx);
    assert_eq!(format_of(b"\xD0\xCF\x11\xE0\xA1"), Format::Xls);
    assert_eq!(format_of("姓名\t应发".as_bytes()), Format::Text);
    assert_eq!(
        format_of(b"<?xml version=\"1.0\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\"/>"),
        Format::Xml2003
    );
}

#[test]
fn hidden_parts_filters_and_formulas_are_read_and_told() {
    let book = read(ROSTER).unwrap();
    let sheet = &book.sheets[0];
    assert_eq!((sheet.hidden_rows, sheet.hidden_columns, sheet.filtered, sheet.formulas), (1, 1, true, 1));
    assert_eq!(sheet.cell(3, 2), &Cell::Broken);
    assert_eq!(sheet.cell(4, 2).shown(), "测试丁");
    assert_eq!(sheet.place(3, 2), "花名册!C4");
    assert_eq!(remarks(sheet).len(), 3);
}

#[test]
fn text_comes_in_several_encodings_and_separators() {
    let plain = "姓名,应发,实发\r\n\r\n测试甲,\"1,000.00\",=\"0012\"\r\n";
    let wanted = sheet_of(plain);
    assert_eq!(
        (wanted.cell(2, 0).shown(), wanted.cell(2, 1).shown(), wanted.cell(2, 2).shown()),
        ("测试甲".into(), "1,000.00".into(), "0012".into())
    );
    let bom = [b"\xEF\xBB\xBF".as_slice(), plain.as_bytes()].concat();
    let gbk = encoding_rs::GBK.encode(plain).0.into_owned();
    let wide: Vec<u8> = [0xFF, 0xFE].into_iter().chain(plain.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for bytes in [bom, gbk, wide] {
        assert_eq!(read(&bytes).unwrap().sheets[0], wanted);
    }
    for separator in ["\t", ";", "|"] {
        let sheet = sheet_of(&plain.replace("\"1,000.00\"", "1000.00").replace(',', separator));
        assert_eq!(sheet.cell(2, 0).shown(), "测试甲", "{separator}");
    }
    assert_eq!(read(b"\x81\xff\x00\x00").unwrap_err().reason, Reason::BadEncoding);
    assert_eq!(read(b"").unwrap().sheets[0].rows.len(), 0);
}

#[test]
fn headers_lose_units_and_join_the_name_above() {
    assert_eq!(header_name(&Cell::Text(" 应发 \n金额（元）* ".to_owned())), "应发金额");
    let sheet = sheet_of("标题,,,\n姓名,应发,,实发\n,加班,合计,\n甲,1,2,3\n");
    let table = Table::find(&sheet, &columns()).unwrap();
    assert_eq!((table.header_row(), table.rows()), (1, 3..4));
    assert_eq!((table.text(3, "overtime").unwrap(), table.text(3, "due").unwrap()), ("1".into(), "2".into()));
    let one_row = sheet_of("姓名,应发,加班,实发\n甲,1,2,3\n");
    assert_eq!(Table::find(&one_row, &columns()).unwrap().rows(), 1..2);
}

#[test]
fn missing_and_doubled_columns_are_named() {
    let doubled = sheet_of("姓名,应发,加班,实发,应发\n甲,1,2,3,4\n");
    let problems = Table::find(&doubled, &columns()).unwrap_err();
    assert_eq!((problems[0].place.as_str(), problems[0].zh.contains("CSV!B1")), ("CSV!E1", true));
    let missing = sheet_of("姓名,应发,加班\n甲,1,2\n");
    assert_eq!(Table::find(&missing, &columns()).unwrap_err()[0].reason, Reason::MissingField);
    assert_eq!(Table::find(&sheet_of("a,b\nc,d\n"), &columns()).unwrap_err()[0].reason, Reason::BadFormat);
}

#[test]
fn spreadsheet_ml_is_read() {
    let xml = "<?xml version=\"1.0\"?>\n<Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\" xmlns:ss=\"urn:schemas-microsoft-com:office:spreadsheet\">\
        <Worksheet ss:Name=\"表\"><Table><Column ss:Hidden=\"1\"/><Row><Cell ss:MergeAcross=\"1\"><Data ss:Type=\"String\">甲 &amp; 乙</Data></Cell>\
        <Cell><Data ss:Type=\"Number\">5860.10</Data></Cell></Row><Row ss:Index=\"3\" ss:Hidden=\"1\"><Cell ss:Index=\"2\"><Data ss:Type=\"DateTime\">2026-11-21T00:00:00.000</Data></Cell>\
        <Cell ss:Formula=\"=1\"/></Row></Table></Worksheet></Workbook>";
    let sheet = read(xml.as_bytes()).unwrap().sheets.remove(0);
    assert_eq!((sheet.cell(0, 0).shown(), sheet.cell(0, 2).shown()), ("甲 & 乙".into(), "5860.1".into()));
    assert_eq!((sheet.cell(2, 1).shown(), sheet.cell(2, 2)), ("2026-11-21".into(), &Cell::Broken));
    assert_eq!((sheet.hidden_rows, sheet.hidden_columns, sheet.formulas), (1, 1, 1));
}

#[test]
fn far_cells_and_bombs_are_refused() {
    let far = "<?xml version=\"1.0\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\" xmlns:ss=\"urn:schemas-microsoft-com:office:spreadsheet\"><Worksheet ss:Name=\"x\"><Table>\
        <Row ss:Index=\"900000000\"><Cell><Data ss:Type=\"String\">x</Data></Cell></Row></Table></Worksheet></Workbook>";
    assert_eq!(read(far.as_bytes()).unwrap_err().reason, Reason::OverLimit);
    assert_eq!(read(&[b"a,".repeat(300), b"b\n".to_vec()].concat()).unwrap_err().reason, Reason::OverLimit);
    assert_eq!(read(FAR).unwrap_err().reason, Reason::OverLimit);
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    for _ in 0..110 {
        encoder.write_all(&vec![b' '; 1024 * 1024]).unwrap();
    }
    let packed = encoder.finish().unwrap();
    // An archive of one entry that claims to be one byte long.
    let le = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
    let sizes = [[0; 4], le(packed.len()), le(1)].concat();
    let local = [b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0".as_slice(), &sizes, b"\x01\0\0\0x", &packed].concat();
    let central =
        [b"PK\x01\x02\x14\0\x14\0\0\0\x08\0\0\0\0\0".as_slice(), &sizes, b"\x01\0\0\0\0\0\0\0\0\0\0\0\0\0", &le(0), b"x"]
            .concat();
    let end = [b"PK\x05\x06\0\0\0\0\x01\0\x01\0".as_slice(), &le(central.len()), &le(local.len()), b"\0\0"].concat();
    assert_eq!(read(&[local, central, end].concat()).unwrap_err().reason, Reason::OverLimit);
}

#[test]
fn what_is_written_cannot_run() {
    for sly in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "'x"] {
        assert_eq!(harmless(sly), format!("'{sly}"));
    }
    let rows = vec![vec![Value::Text("=HYPERLINK(\"http://x\")".to_owned()), Value::Text("119999199001010012".to_owned())]];
    let text = String::from_utf8(csv_table(&["甲", "乙"], &rows, TextEncoding::Utf8)).unwrap();
    assert_eq!(text, "\u{FEFF}甲,乙\r\n\"'=HYPERLINK(\"\"http://x\"\")\",119999199001010012\r\n");
    let book = read(&xlsx_table("表", &["甲", "乙"], &rows).unwrap()).unwrap();
    assert_eq!(book.sheets[0].formulas, 0);
    assert_eq!(book.sheets[0].cell(1, 0).shown(), "=HYPERLINK(\"http://x\")");
    assert_eq!(book.sheets[0].cell(1, 1), &Cell::Text("119999199001010012".to_owned()));
    assert_eq!(xlsx_table("表", &["甲"], &rows).unwrap(), xlsx_table("表", &["甲"], &rows).unwrap());
}

#[test]
fn columns_have_letters() {
    let letters: Vec<String> = [0, 25, 26, 51, 255, 701, 702].map(column_letters).to_vec();
    assert_eq!(letters, ["A", "Z", "AA", "AZ", "IV", "ZZ", "AAA"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400), cut in 0usize..6_000, place in 0usize..6_000, byte in any::<u8>()) {
        let _ = read(&bytes);
        let _ = read(&[b"PK\x03\x04".as_slice(), &bytes, b"PK\x05\x06", &bytes].concat());
        let _ = read(&[b"\xD0\xCF\x11\xE0".as_slice(), &bytes].concat());
        let _ = read(&[b"<?xml urn:schemas-microsoft-com:office:spreadsheet ?><Row><Cell>".as_slice(), &bytes].concat());
        let _ = read(&ROSTER[..cut.min(ROSTER.len())]);
        for good in [ROSTER, PAY] {
            let mut flipped = good.to_vec();
            if let Some(spot) = flipped.get_mut(place) {
                *spot = byte;
            }
            if let Ok(book) = read(&flipped) {
                for sheet in &book.sheets {
                    let _ = Table::find(sheet, &columns());
                }
            }
        }
    }
}
