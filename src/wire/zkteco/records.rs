//! The other uploads of a ZKTeco clock: users, operations, capabilities, results of orders, pictures.
//!
//! Templates and passwords are counted, never kept: biometric data has no business in a wage service.

use encoding_rs::GBK;

use super::super::device::{DeviceProblem, KEY_CHARS_MAX, count32};
use super::super::reason::Reason;
use super::attlog::is_blank;
use super::command::NameEncoding;

/// Most records kept from one upload.
pub const RECORDS_MAX: usize = 200_000;
/// Most lines kept of a result's text.
const RESULT_CHARS_MAX: usize = 4_000;

/// A user as the clock knows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClockUser {
    /// Number on the clock.
    pub pin: String,
    /// Name; bytes that are no text are U+FFFD.
    pub name: String,
    /// Card number, where there is one.
    pub card: Option<String>,
    /// 0 user, 14 administrator; unknown numbers are kept.
    pub privilege: Option<i32>,
    /// Whether the name held bytes that are no text; a flag (`bad_encoding`), the record is taken.
    pub bad_encoding: bool,
    /// Line in the body, from 1.
    pub line: u32,
}

/// What an upload of `OPERLOG` or `USERINFO` holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Records {
    /// Users, in the order of the body.
    pub users: Vec<ClockUser>,
    /// Operations at the clock (`OPLOG` fields), such as opening its menu.
    pub operations: Vec<Vec<String>>,
    /// Templates and portraits that came along, only counted.
    pub templates: u32,
    /// Lines that could not be read.
    pub problems: Vec<DeviceProblem>,
    /// Non-empty lines received.
    pub lines: u32,
}

/// Reads an upload of table `OPERLOG` or `USERINFO`.
pub fn parse_records(body: &[u8], encoding: NameEncoding) -> Records {
    let mut records = Records::default();
    for (place, line) in body.split(|b| *b == b'\n').enumerate().filter(|(_, line)| !is_blank(line)) {
        records.lines = records.lines.saturating_add(1);
        if records.users.len().max(records.operations.len()).max(records.problems.len()) >= RECORDS_MAX {
            continue;
        }
        let number = count32(place.saturating_add(1));
        let (text, broken) = decoded(line, encoding);
        let text = text.trim();
        let (word, rest) = text.split_once([' ', '\t']).unwrap_or((text, ""));
        match word.to_ascii_uppercase().as_str() {
            "OPLOG" => records.operations.push(rest.split('\t').map(|field| field.trim().to_owned()).collect()),
            "FP" | "FACE" | "FVEIN" | "BIODATA" | "BIOPHOTO" | "USERPIC" => {
                records.templates = records.templates.saturating_add(1)
            }
            "USER" => records.take_user(rest, broken, number),
            _ if word.to_ascii_uppercase().starts_with("PIN=") => records.take_user(text, broken, number),
            _ => records.note(number, Reason::BadFormat, "不认识的记录", "a record of an unknown kind"),
        }
    }
    records
}

impl Records {
    fn note(&mut self, line: u32, reason: Reason, zh: &str, en: &str) {
        let (zh, en) = (format!("第 {line} 行：{zh}"), format!("line {line}: {en}"));
        self.problems.push(DeviceProblem::new(format!("line {line}"), line, reason, zh, en));
    }

    fn take_user(&mut self, fields: &str, broken: bool, line: u32) {
        let mut user = ClockUser { bad_encoding: broken, line, ..ClockUser::default() };
        for (key, value) in fields.split('\t').filter_map(|field| field.split_once('=')) {
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "pin" => user.pin = value.to_owned(),
                "name" => user.name = value.replace('\0', "\u{FFFD}"),
                // A card number of zero means that there is none.
                "card" if !value.trim_matches(['0', '[', ']']).is_empty() => user.card = Some(value.to_owned()),
                "pri" | "privilege" => user.privilege = value.parse().ok(),
                _ => {}
            }
        }
        user.bad_encoding |= user.name.contains('\u{FFFD}');
        if user.pin.is_empty() {
            self.note(line, Reason::MissingField, "缺少工号", "the PIN is missing");
        } else if user.pin.chars().count() > KEY_CHARS_MAX || user.pin.contains(['\u{FFFD}', '\0']) {
            self.note(line, Reason::BadFormat, "工号无法识别", "the PIN cannot be read");
        } else {
            self.users.push(user);
        }
    }
}

fn decoded(line: &[u8], encoding: NameEncoding) -> (String, bool) {
    match encoding {
        NameEncoding::Utf8 => {
            let text = String::from_utf8_lossy(line).into_owned();
            let broken = text.contains('\u{FFFD}');
            (text, broken)
        }
        NameEncoding::Gbk => {
            let (text, broken) = GBK.decode_without_bom_handling(line);
            (text.into_owned(), broken)
        }
    }
}

/// Reads the body of `registry`: `~Key=val,Key=val`, keys without the tilde, in order.
pub fn parse_registry(body: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(body);
    let pairs = text.split([',', '\n', '\r']).filter_map(|pair| pair.split_once('='));
    pairs.take(1_000).map(|(key, value)| (key.trim().trim_start_matches('~').to_owned(), value.trim().to_owned())).collect()
}

/// What the clock made of an order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommandResult {
    /// Number of the order.
    pub id: u64,
    /// 0 or more when done; negative codes are the firmware's, −1002 is "refused".
    pub code: i64,
    /// Kind of order as the clock repeats it.
    pub command: String,
    /// Text that follows, shortened.
    pub content: String,
}

/// Reads the body of `devicecmd`, in both forms: `ID=1&Return=0&CMD=DATA` a line, or each field on a line of its own
/// with `Content=` last. Lines that are neither belong to the content before them; without a result they are dropped.
pub fn parse_results(body: &[u8]) -> Vec<CommandResult> {
    let text = String::from_utf8_lossy(body);
    let mut results: Vec<CommandResult> = Vec::new();
    let mut is_unnamed = false;
    for line in text.split('\n').map(|line| line.trim_end_matches(['\r', '\0'])) {
        if line.trim().is_empty() || results.len() >= RECORDS_MAX {
            continue;
        }
        // Content may hold anything, also `&`; only a line that starts a result is split.
        let starts = line.trim_start().get(..3).is_some_and(|head| head.eq_ignore_ascii_case("ID="));
        let fields = if starts { line.split('&').collect::<Vec<_>>() } else { vec![line] };
        for field in fields {
            take_field(&mut results, &mut is_unnamed, field);
        }
    }
    results
}

/// `is_unnamed` stands from a number that cannot be read to the next one: what is said under it belongs to no result.
fn take_field(results: &mut Vec<CommandResult>, is_unnamed: &mut bool, field: &str) {
    let (key, value) = field.split_once('=').map_or(("", field), |(key, value)| (key.trim(), value.trim()));
    let key = key.to_ascii_lowercase();
    if key == "id" {
        *is_unnamed = value.parse::<u64>().is_err();
        if let Ok(id) = value.parse() {
            results.push(CommandResult { id, code: -1, ..CommandResult::default() });
        }
        return;
    }
    let Some(result) = results.last_mut().filter(|_| !*is_unnamed) else {
        return;
    };
    match key.as_str() {
        "return" => result.code = value.parse().unwrap_or(-1),
        "cmd" if result.command.is_empty() => result.command = value.to_owned(),
        _ => {
            let room = RESULT_CHARS_MAX.saturating_sub(result.content.chars().count());
            let text = if key == "content" { value } else { field };
            if !result.content.is_empty() {
                result.content.push('\n');
            }
            result.content.extend(text.chars().take(room));
        }
    }
}

/// A picture taken at a punch: fields of its text header, and the bytes behind the NUL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo<'a> {
    /// Header fields in order (`PIN` is the file name: time and person).
    pub fields: Vec<(String, String)>,
    /// JPEG bytes, never text.
    pub picture: &'a [u8],
}

/// Splits an upload of table `ATTPHOTO`; `None` when there is no NUL byte.
pub fn parse_photo(body: &[u8]) -> Option<Photo<'_>> {
    let end = body.iter().take(4_096).position(|b| *b == 0)?;
    let header = String::from_utf8_lossy(body.get(..end)?);
    let fields = header.split(['\n', '&']).filter_map(|field| field.split_once('='));
    let fields = fields.map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned())).collect();
    Some(Photo { fields, picture: body.get(end.saturating_add(1)..)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn users_are_read_and_templates_only_counted() {
        let body = "USER PIN=1001\tName=测试甲\tPri=0\tPasswd=\tCard=0\tGrp=1\r\nFP PIN=1001\tFID=1\tTMP=AAAA\nFACE PIN=1\n\
                    OPLOG 4\t0\t2026-11-21 07:58:03\t0\t0\nPIN=1002\tName=乙\tPrivilege=14\tCard=0012345678\nUSER Name=x\nodd\n\n";
        let records = parse_records(body.as_bytes(), NameEncoding::Utf8);
        assert_eq!((records.lines, records.templates, records.operations.len()), (7, 2, 1));
        assert_eq!(records.users[0].name, "测试甲");
        assert_eq!((records.users[0].card.as_deref(), records.users[1].card.as_deref()), (None, Some("0012345678")));
        assert_eq!(records.users[1].privilege, Some(14));
        let reasons: Vec<_> = records.problems.iter().map(|problem| (problem.line, problem.reason)).collect();
        assert_eq!(reasons, [(6, Reason::MissingField), (7, Reason::BadFormat)]);
    }

    #[test]
    fn names_that_are_no_text_are_flagged_and_gbk_is_a_setting() {
        let records = parse_records(b"USER PIN=1\tName=\xff\0x\n", NameEncoding::Utf8);
        assert_eq!((records.users[0].name.as_str(), records.users[0].bad_encoding), ("\u{FFFD}\u{FFFD}x", true));
        let gbk = GBK.encode("USER PIN=1\tName=张三\n").0.into_owned();
        let records = parse_records(&gbk, NameEncoding::Gbk);
        assert_eq!((records.users[0].name.as_str(), records.users[0].bad_encoding), ("张三", false));
    }

    #[test]
    fn results_come_in_two_forms() {
        let results = parse_results(b"ID=1&Return=0&CMD=DATA\r\nID=2&Return=-1002&CMD=DATA\n");
        assert_eq!(results.iter().map(|r| (r.id, r.code)).collect::<Vec<_>>(), [(1, 0), (2, -1002)]);
        let shell = parse_results(b"ID=7\nReturn=0\nCMD=Shell\nContent=a&b\nsecond=line\n");
        assert_eq!((shell[0].id, shell[0].command.as_str(), shell[0].content.as_str()), (7, "Shell", "a&b\nsecond=line"));
        assert_eq!(parse_results(b"Return=0\nnothing\n"), []);
        let unnamed = parse_results(b"ID=1&Return=0&CMD=DATA\nID=x&Return=-2&CMD=DATA\nID=3&Return=0\n");
        assert_eq!(unnamed.iter().map(|r| (r.id, r.code)).collect::<Vec<_>>(), [(1, 0), (3, 0)], "each keeps its own");
    }

    #[test]
    fn capabilities_and_pictures_are_split() {
        let pairs = parse_registry(b"~DeviceName=F18,~MAC=02:00:00:aa:bb:01,FaceFunOn=1\n");
        assert_eq!(pairs[0], ("DeviceName".to_owned(), "F18".to_owned()));
        assert_eq!(pairs.len(), 3);
        let photo =
            parse_photo(b"PIN=20261121075803-1001.jpg\nSN=TEST000000001\nsize=4\nCMD=uploadphoto\0\xff\xd8\0\xd9").unwrap();
        assert_eq!(photo.picture, b"\xff\xd8\0\xd9");
        assert_eq!(photo.fields[3].1, "uploadphoto");
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let lead = [b"USER PIN=1\tName=".as_slice(), &bytes].concat();
            let _ = (parse_records(&lead, NameEncoding::Gbk), parse_records(&bytes, NameEncoding::Utf8));
            let _ = (parse_results(&[b"ID=1&".as_slice(), &bytes].concat()), parse_registry(&bytes), parse_photo(&bytes));
        }
    }
}
