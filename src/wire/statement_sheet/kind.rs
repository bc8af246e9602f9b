//! Whether bytes begin like a table of a bank, whatever whoever sent them called them.

use super::CFB_MAGIC;
use crate::wire::bank::is_zip;
use crate::wire::text::decode;

/// The name under which every XLSX workbook keeps its sheets; names inside a ZIP are not compressed.
const WORKBOOK: &[u8] = b"xl/";

/// Of so many characters one may be damaged, and a text is still one.
const DAMAGED_OF: usize = 100;

/// Whether a file begins like a workbook (XLSX, XLS), a table (HTML, SpreadsheetML) or a text with columns. A head may end anywhere.
pub fn begins_like_sheet(head: &[u8]) -> bool {
    if head.starts_with(&CFB_MAGIC) {
        return true;
    }
    if is_zip(head) {
        return head.windows(WORKBOOK.len()).any(|window| window == WORKBOOK);
    }
    let text = decode(head, None).text;
    let text = text.trim_start_matches('\u{FEFF}').trim_start();
    if text.is_empty() || text.starts_with("%PDF") || text.starts_with(['{', '[']) {
        return false;
    }
    if text.starts_with('<') {
        let text = text.to_ascii_lowercase();
        return ["<table", "<html", "office:spreadsheet"].iter().any(|mark| text.contains(mark));
    }
    let (mut all, mut damaged) = (0_usize, 0_usize);
    for c in text.chars() {
        all = all.saturating_add(1);
        // What a text may have beside what is printed, the end of the file of old programs among it.
        let is_odd = c == '\u{FFFD}' || c.is_control() && !matches!(c, '\t' | '\r' | '\n' | '\u{C}' | '\u{1A}');
        damaged = damaged.saturating_add(usize::from(is_odd));
    }
    // The last character may be cut.
    damaged <= 1 || damaged.saturating_mul(DAMAGED_OF) <= all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_is_told_by_what_it_begins_with() {
        let gbk = encoding_rs::GB18030.encode("交易日期,收入,支出,余额\n2026-03-02,1.00,,1.00\n").0.into_owned();
        let mut xlsx = b"PK\x03\x04\x14\0\0\0\x08\0".to_vec();
        xlsx.extend_from_slice(b"[Content_Types].xml....PK\x03\x04xl/workbook.xml");
        let xls = [CFB_MAGIC.as_slice(), &[0; 100]].concat();
        let sheets: [(&str, &[u8]); 7] = [
            ("csv", "日期,金额\n".as_bytes()),
            ("gbk", &gbk),
            ("gbk, cut inside a character", &gbk[..gbk.len() - 25]),
            ("xls", &xls),
            ("xlsx", &xlsx),
            ("html", b"<html><body><table>"),
            ("spreadsheetml", b"<?xml version=\"1.0\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">"),
        ];
        for (what, sheet) in sheets {
            assert!(begins_like_sheet(sheet), "{what}");
        }
        let others: [(&str, &[u8]); 7] = [
            ("pdf", b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n1 0 obj"),
            ("jpeg", b"\xFF\xD8\xFF\xE0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
            ("png", b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0\x01"),
            ("zip", b"PK\x03\x04\x14\0\0\0\x08\0scan.pdf"),
            ("json", b"{\"event_id\":\"b-1\"}"),
            ("a message", b"<?xml version=\"1.0\"?><Document>"),
            ("nothing", b""),
        ];
        for (what, other) in others {
            assert!(!begins_like_sheet(other), "{what}");
        }
    }
}
