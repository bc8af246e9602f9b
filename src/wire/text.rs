//! Text as it arrives: which encoding the bytes are in, and how cells and names are tidied.
//!
//! Order of belief: byte order mark, a caller's setting, strict UTF-8, GB18030 (which contains GBK and GB2312).
//! Deliberately absent: guessing by letter frequency.

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

use crate::base::person::numbers_masked;

/// Text out of bytes, with what had to be assumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<'b> {
    /// The text, without a byte order mark; the bytes themselves where they are UTF-8.
    pub text: Cow<'b, str>,
    /// Name of the encoding that was used (`UTF-8`, `gb18030`, `UTF-16LE`, `cp852` …).
    pub charset: &'static str,
    /// Some bytes had no meaning in that encoding and became U+FFFD.
    pub damaged: bool,
}

/// The upper half of code page 852 (Central European DOS), which `encoding_rs` does not know; some MT940 senders use it.
const CP852: &str = "ÇüéâäůćçłëŐőîŹÄĆÉĹĺôöĽľŚśÖÜŤťŁ×čáíóúĄąŽžĘę¬źČş«»░▒▓│┤ÁÂĚŞ╣║╗╝Żż┐└┴┬├─┼Ăă╚╔╩╦╠═╬¤đĐĎËďŇÍÎě┘┌█▄ŢŮ▀ÓßÔŃńňŠšŔÚŕŰýÝţ´\u{ad}˝˛ˇ˘§÷¸°¨˙űŘř■\u{a0}";

/// Decodes text of unknown encoding; `setting` is a bank's configured encoding (`gbk`, `cp852`, `utf-8` …), if any.
pub fn decode<'b>(bytes: &'b [u8], setting: Option<&str>) -> Decoded<'b> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return with(encoding, bytes.get(mark..).unwrap_or_default());
    }
    if let Some(wide) = unmarked_utf16(bytes) {
        return with(wide, bytes);
    }
    if let Some(label) = setting {
        if label.eq_ignore_ascii_case("cp852") || label.eq_ignore_ascii_case("ibm852") {
            return cp852(bytes);
        }
        if let Some(encoding) = encoding_named(label) {
            let decoded = with(encoding, bytes);
            if !decoded.damaged {
                return decoded;
            }
        }
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Decoded { text: Cow::Borrowed(text), charset: "UTF-8", damaged: false },
        Err(_) => with(GB18030, bytes),
    }
}

/// Decodes an XML file by its byte order mark or declaration; the flag says that the declaration was untrue or unknown.
pub fn decode_xml(bytes: &[u8]) -> (Decoded<'_>, bool) {
    if Encoding::for_bom(bytes).is_some() || unmarked_utf16(bytes).is_some() {
        return (decode(bytes, None), false);
    }
    let declared = declared_encoding(bytes);
    let Some(label) = declared else {
        let decoded = decode(bytes, None);
        let untrue = decoded.charset != "UTF-8";
        return (decoded, untrue);
    };
    // A file that can be read byte by byte cannot be UTF-16, whatever it says of itself.
    match encoding_named(&label).filter(|found| *found != UTF_16LE && *found != UTF_16BE) {
        Some(encoding) => {
            let decoded = with(encoding, bytes);
            if decoded.damaged { (decode(bytes, None), true) } else { (decoded, false) }
        }
        None => (decode(bytes, None), true),
    }
}

/// The value of `encoding=` in an XML declaration, looked for in the first 200 bytes.
pub(super) fn declared_encoding(bytes: &[u8]) -> Option<String> {
    let head: String = bytes.iter().take(200).map(|byte| char::from(*byte)).collect();
    let declaration = head.trim_start().strip_prefix("<?xml")?;
    let declaration = declaration.split("?>").next()?;
    let after = declaration.split("encoding").nth(1)?.trim_start().strip_prefix('=')?.trim_start();
    let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    after.strip_prefix(quote)?.split(quote).next().map(str::to_owned)
}

/// The encoding of a label; GBK and GB2312 are read as their superset GB18030.
pub(super) fn encoding_named(label: &str) -> Option<&'static Encoding> {
    let found = Encoding::for_label(label.trim().as_bytes())?;
    Some(if found.name() == "GBK" { GB18030 } else { found })
}

/// UTF-16 without a mark shows itself by a zero beside the first character, which is ASCII in every format read here.
pub(super) fn unmarked_utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [b'<', 0, second, 0, ..] if *second != 0 => Some(UTF_16LE),
        [0, b'<', 0, second, ..] if *second != 0 => Some(UTF_16BE),
        _ => None,
    }
}

fn with<'b>(encoding: &'static Encoding, bytes: &'b [u8]) -> Decoded<'b> {
    let (text, damaged) = encoding.decode_without_bom_handling(bytes);
    let charset = if encoding == UTF_8 { "UTF-8" } else { encoding.name() };
    Decoded { text, charset, damaged }
}

fn cp852(bytes: &[u8]) -> Decoded<'static> {
    let upper: Vec<char> = CP852.chars().collect();
    let letter = |byte: &u8| match byte.checked_sub(128) {
        Some(place) => upper.get(usize::from(place)).copied().unwrap_or('\u{FFFD}'),
        None => char::from(*byte),
    };
    Decoded { text: Cow::Owned(bytes.iter().map(letter).collect()), charset: "cp852", damaged: false }
}

/// Turns full-width letters, digits and signs to half width, every kind of blank to a space, and drops what has no width.
pub fn narrow(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    for c in text.chars() {
        match u32::from(c) {
            code @ 0xFF01..=0xFF5E => tidy.push(char::from_u32(code - 0xFEE0).unwrap_or(c)),
            0xFFE5 => tidy.push('¥'),
            0x2212 | 0x2013 | 0x2014 => tidy.push('-'),
            0xFEFF | 0x200B..=0x200F => {}
            _ if c.is_whitespace() || c.is_control() => tidy.push(' '),
            _ => tidy.push(c),
        }
    }
    tidy.trim().to_owned()
}

/// [`narrow`] without any blank: the form in which column names and numbers are compared.
pub fn squeezed(text: &str) -> String {
    narrow(text).chars().filter(|c| *c != ' ').collect()
}

/// The first `limit` characters, for quoting foreign text in a message.
pub fn clip(text: &str, limit: usize) -> String {
    let mut short: String = text.chars().take(limit).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(limit).is_some() {
        short.push('…');
    }
    short
}

/// [`clip`] of a value that could not be read, with the numbers of people and cards in it starred: it may have slipped from another column.
pub fn quoted(text: &str, limit: usize) -> String {
    clip(&numbers_masked(text), limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_is_read_in_each_encoding() {
        let text = "<?xml version=\"1.0\"?><代发>张三</代发>";
        let gbk = GB18030.encode(text).0.into_owned();
        let wide = |big: bool| -> Vec<u8> {
            text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
        };
        for bytes in [text.as_bytes().to_vec(), gbk, wide(true), wide(false), [b"\xEF\xBB\xBF", text.as_bytes()].concat()] {
            assert_eq!(decode(&bytes, None).text, text);
        }
    }

    #[test]
    fn a_declaration_is_believed_until_the_bytes_contradict_it() {
        let declared = |label: &str| format!("<?xml version='1.0' encoding = '{label}'?><a>张</a>");
        let gbk = GB18030.encode(&declared("GBK")).0.into_owned();
        assert_eq!(decode_xml(&gbk), (Decoded { text: declared("GBK").into(), charset: "gb18030", damaged: false }, false));
        let lying = GB18030.encode(&declared("UTF-8")).0.into_owned();
        let (decoded, untrue) = decode_xml(&lying);
        assert!(untrue && decoded.text.contains('张'));
        let latin = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>M\xFCller</a>";
        assert!(decode_xml(latin).0.text.contains("Müller"));
        assert!(decode_xml(declared("x-unheard-of").as_bytes()).1);
    }

    #[test]
    fn central_european_dos_text_is_read_by_setting() {
        assert_eq!(decode(b"Za\xBE\xA2\xE0", Some("cp852")).text, "ZażóÓ");
        assert_eq!(CP852.chars().count(), 128);
    }

    #[test]
    fn wide_forms_become_narrow() {
        assert_eq!(narrow("\u{FEFF}　１，２３４．５０\t"), "1,234.50");
        assert_eq!(squeezed(" 对方 户名："), "对方户名:");
        assert_eq!(clip("很长的名字", 2), "很长…");
        assert_eq!(quoted("119999199001010012", 10), "**********…", "starred before it is cut");
    }
}
