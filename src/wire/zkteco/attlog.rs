//! Punches of a ZKTeco clock: one a line, `PIN⇥time⇥state⇥verify⇥workcode…`, with everything that firmware does to it.
//!
//! A bad line is a problem of its own and never sinks its neighbours; every non-empty line counts as received.

use super::super::device::{self, DeviceBatch, DeviceProblem, DevicePunch, Direction, KEY_CHARS_MAX, PUNCHES_MAX, count32};
use super::super::reason::Reason;

/// Reads an upload of table `ATTLOG`. `serial` is the one of the request; `offset_minutes` is the device's setting and
/// only used to show epoch seconds on its wall.
pub fn parse(body: &[u8], serial: Option<&str>, offset_minutes: i32) -> DeviceBatch {
    let mut batch = DeviceBatch { device: serial.map(str::to_owned), ..DeviceBatch::default() };
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    for (place, line) in body.split(|b| *b == b'\n').enumerate() {
        if is_blank(line) {
            continue;
        }
        batch.lines = batch.lines.saturating_add(1);
        let number = count32(place.saturating_add(1));
        if batch.punches.len() >= PUNCHES_MAX {
            batch.note(problem(number, Reason::OverLimit, "一次上传的打卡过多", "too many punches in one upload"));
            continue;
        }
        match read_line(line, number, offset_minutes) {
            Ok(punch) => batch.punches.push(punch),
            Err(problem) => batch.note(problem),
        }
    }
    batch.number_repeats();
    batch
}

/// Whether nothing but blanks, tabs, line ends and NULs stands in the line.
pub(super) fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|b| b.is_ascii_whitespace() || *b == 0)
}

fn problem(line: u32, reason: Reason, zh: &str, en: &str) -> DeviceProblem {
    DeviceProblem::new(format!("line {line}"), line, reason, format!("第 {line} 行：{zh}"), format!("line {line}: {en}"))
}

fn read_line(line: &[u8], number: u32, offset_minutes: i32) -> Result<DevicePunch, DeviceProblem> {
    let wrong = |reason, zh: &str, en: &str| problem(number, reason, zh, en);
    let text = String::from_utf8_lossy(line);
    let mut fields: Vec<&str> = text.split('\t').map(str::trim).collect();
    if fields.len() > 1 && fields.first().is_some_and(|first| first.eq_ignore_ascii_case("ATTLOG")) {
        fields.remove(0);
    }
    let [person, time, rest @ ..] = fields.as_slice() else {
        return Err(wrong(
            Reason::BadFormat,
            "不是打卡记录，应为“工号⇥时间⇥…”",
            "not a punch, `PIN TAB time TAB …` was expected",
        ));
    };
    if person.contains(['\u{FFFD}', '\0']) {
        return Err(wrong(Reason::BadEncoding, "工号含无法识别的字节", "the PIN holds bytes that are no text"));
    }
    if person.is_empty() {
        return Err(wrong(Reason::MissingField, "缺少工号", "the PIN is missing"));
    }
    if person.chars().count() > KEY_CHARS_MAX {
        return Err(wrong(Reason::BadFormat, "工号过长", "the PIN is too long"));
    }
    if time.is_empty() {
        return Err(wrong(Reason::MissingField, "缺少时间", "the time is missing"));
    }
    let epoch = device::time::epoch_wall(time, offset_minutes).map(|local| (local, Some(offset_minutes)));
    let Some((at_local, message_offset)) = epoch.or_else(|| device::time::wall_time(time)) else {
        let (zh, en) = ("时间不存在或无法识别，请检查设备时钟", "the time does not exist or cannot be read, check the clock");
        return Err(wrong(Reason::BadTime, zh, en));
    };
    let code = |place: usize| -> Result<Option<i32>, DeviceProblem> {
        match rest.get(place).copied().unwrap_or_default() {
            "" => Ok(None),
            text => match text.parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(wrong(Reason::BadFormat, "状态或验证方式不是数字", "state or verify is not a number")),
            },
        }
    };
    let state = code(0)?;
    Ok(DevicePunch {
        person: (*person).to_owned(),
        at_local,
        offset_minutes: message_offset,
        state,
        verify: code(1)?,
        line: number,
        direction: state.and_then(Direction::of_state),
        ..DevicePunch::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(body: &str) -> DeviceBatch {
        parse(body.as_bytes(), Some("TEST000000001"), 480)
    }

    fn times(batch: &DeviceBatch) -> Vec<String> {
        batch.punches.iter().map(|punch| format!("{} {}", punch.person, punch.at_local)).collect()
    }

    #[test]
    fn a_broken_line_counts_and_leaves_its_neighbours() {
        let body = "1001\t2026-11-21 07:58:03\t0\t15\t0\t0\t0\nnot a punch\n1002\t2026-11-21 07:58:41\t0\t1\t0\t0\t0\n";
        assert_eq!(body.len(), 83);
        let batch = read(body);
        assert_eq!(times(&batch), ["1001 2026-11-21 07:58:03", "1002 2026-11-21 07:58:41"]);
        assert_eq!((batch.punches[0].state, batch.punches[0].verify), (Some(0), Some(15)));
        assert_eq!((batch.problems[0].line, batch.problems[0].reason), (2, Reason::BadFormat));
        assert_eq!(super::super::answer_count(batch.lines), "OK: 3\n");
        assert_eq!(read(body), batch);
    }

    #[test]
    fn line_ends_tabs_blank_lines_and_prefixes_do_not_matter() {
        let batch = read(
            "\u{FEFF}ATTLOG\t1001\t2026-11-21 07:58:03\t1\t1\t\t\t\r\n\r\n \t \r\n\0\n  1002 \t 2026-11-21 18:00:00 \t\t\r\n",
        );
        assert_eq!(times(&batch), ["1001 2026-11-21 07:58:03", "1002 2026-11-21 18:00:00"]);
        assert_eq!((batch.lines, batch.problems.len()), (2, 0));
        assert_eq!((batch.punches[0].direction, batch.punches[1].state), (Some(Direction::Out), None));
        assert_eq!(batch.punches[1].line, 5);
    }

    #[test]
    fn two_fields_and_epoch_seconds_are_punches() {
        let batch = read("1001\t2026-11-21 07:58:03\n119999199001010012\t1795219083\t0\t15\n");
        assert_eq!((batch.punches[0].state, batch.punches[0].verify, batch.punches[0].offset_minutes), (None, None, None));
        assert_eq!(times(&batch)[1], "119999199001010012 2026-11-21 07:58:03");
        assert_eq!(batch.punches[1].offset_minutes, Some(480));
    }

    #[test]
    fn each_bad_line_has_its_reason() {
        let batch = read(concat!(
            "1\t2026-04-31 08:00:00\t0\t1\n",
            "1\t2026-11-21 24:61:00\t0\t1\n",
            "\t2026-11-21 08:00:00\t0\t1\n",
            "1\t\t0\t1\n",
            "1\t2026-11-21 08:00:00\tin\t1\n",
            "1\t2026-11-21 08:00:00\t77\t-3\n",
        ));
        let reasons: Vec<&str> = batch.problems.iter().map(|problem| problem.reason.code()).collect();
        assert_eq!(reasons, ["bad_time", "bad_time", "missing_field", "missing_field", "bad_format"]);
        assert_eq!((batch.lines, batch.punches[0].state, batch.punches[0].verify), (6, Some(77), Some(-3)));
        let bytes = parse(b"10\xff1\t2026-11-21 08:00:00\n2\t2026-11-21 08:00:00\t0\t1\t\xff\n", None, 480);
        assert_eq!(bytes.problems[0].reason, Reason::BadEncoding);
        assert_eq!(bytes.punches.len(), 1);
    }

    #[test]
    fn the_same_second_twice_has_two_ordinals() {
        let line = "1001\t2026-11-21 07:58:03\t0\t15\n";
        let batch = read(&format!("{line}{line}1001\t2026-11-21 07:58:03\t1\t15\n"));
        assert_eq!(batch.punches.iter().map(|punch| punch.ordinal).collect::<Vec<_>>(), [0, 1, 0]);
    }

    #[test]
    fn a_clock_that_is_years_off_is_read() {
        assert_eq!(times(&read("1\t2000-01-01 00:00:07\t0\t1")), ["1 2000-01-01 00:00:07"]);
    }

    #[test]
    fn the_json_is_the_contract_s() {
        let json = read("1001\t2026-11-21 07:58:03\t0\nnot a punch").to_json();
        assert_eq!(json["device"], "TEST000000001");
        assert_eq!(json["punches"][0]["person"], "1001");
        assert_eq!(json["punches"][0]["at_local"], "2026-11-21T07:58:03");
        assert_eq!(json["punches"][0]["state"], 0);
        assert!(json["punches"][0]["verify"].is_null());
        assert_eq!(json["problems"][0]["place"], "line 2");
        assert_eq!(json["problems"][0]["reason"], "bad_format");
    }

    proptest! {
        #[test]
        fn any_bytes_are_counted(bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'\t'), Just(b'\n'), Just(b'1')], 0..300)) {
            let batch = parse(&bytes, None, 480);
            prop_assert_eq!(usize::try_from(batch.lines).unwrap(), batch.punches.len() + batch.problems.len());
        }
    }
}
