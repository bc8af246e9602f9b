//! Other people's programs as judges: check digits by python-stdnum, working days by chinesecalendar and holidays, ISO 20022
//! files by the published schemas.
//!
//! Python is the one that tests/prepare sets up. Nothing is skipped: without it a test fails and says what to run.

mod schemas;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anxin::app::config;
use anxin::base::Day;
use anxin::base::person::{BankCard, IdNumber, Uscc};
use anxin::wire::icalendar::{DayEvent, calendar};

/// Runs a script of tests/oracles and gives its output and whether it ended with 0.
fn oracle(script: &str, arguments: &[PathBuf], input: &str) -> (String, bool) {
    let python = std::env::var("ANXIN_TEST_PYTHON").expect("ANXIN_TEST_PYTHON is not set: run tests/run, which prepares Python");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles").join(script);
    let mut child = Command::new(python)
        .arg(&script)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    let text = input.to_owned();
    // The oracle answers while it reads: writing from here would block both on full pipes.
    let writer = std::thread::spawn(move || pipe.write_all(text.as_bytes()).expect("the oracle reads"));
    let output = child.wait_with_output().expect("the oracle ends");
    writer.join().expect("everything is written");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() != Some(2) && !error.contains("Traceback"), "{}: {error}", script.display());
    (String::from_utf8(output.stdout).expect("UTF-8"), output.status.success())
}

/// Numbers without order from a fixed seed (splitmix64).
struct Stream(u64);

impl Stream {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % limit
    }
}

const NUMBERS: usize = 10_000;

#[test]
fn check_digits_agree_with_stdnum() {
    let mut stream = Stream(1);
    let today = Day::of(2026, 3, 2).expect("a day");
    let (mut asked, mut expected) = (String::new(), Vec::new());
    let mut ask = |kind: &str, text: &str, verdict: &str| {
        asked.push_str(&format!("{kind} {text}\n"));
        expected.push(format!("{kind} {text} {verdict}"));
    };
    let areas = [119_999, 330_113, 659_010, 810_000, 820_000, 830_000, 911_124];
    for _ in 0..NUMBERS {
        let area = areas[stream.below(7) as usize];
        let born = Day::of(1950, 1, 1).expect("a day").plus_days(stream.below(20_000) as i64);
        let body = format!("{area}{}{:03}", born.to_string().replace('-', ""), stream.below(1000));
        let digits: Vec<u32> = body.chars().map(|c| c.to_digit(10).expect("a digit")).collect();
        let check = IdNumber::check_of(&digits);
        let number = IdNumber::parse(&format!("{body}{check}"), today).expect("our own check digit holds");
        assert_eq!(number.born(), Some(born));
        // Any other check character is refused.
        let wrong = if check == 'X' { '0' } else { 'X' };
        assert!(IdNumber::parse(&format!("{body}{wrong}"), today).is_err());
        ask("id", number.as_str(), &check.to_string());
    }
    let letters: Vec<char> = "0123456789ABCDEFGHJKLMNPQRTUWXY".chars().collect();
    for _ in 0..NUMBERS {
        let tail: String = (0..9).map(|_| letters[stream.below(31) as usize]).collect();
        let body = format!("91119999{tail}");
        let code = Uscc::from_body(&body).expect("a code");
        let check = code.as_str().chars().last().expect("a check character");
        assert!(Uscc::parse(code.as_str()).is_ok());
        let wrong = if check == 'A' { 'B' } else { 'A' };
        assert!(Uscc::parse(&format!("{body}{wrong}")).is_err());
        ask("uscc", code.as_str(), &check.to_string());
    }
    for round in 0..NUMBERS {
        let length = 12 + stream.below(7);
        let body: String =
            (0..length).map(|place| char::from(b'0' + if place == 0 { 6 } else { stream.below(10) as u8 })).collect();
        let digit = BankCard::luhn_digit(&body);
        let last = if round % 2 == 0 { digit } else { (digit + 1 + stream.below(9) as u32) % 10 };
        let card = format!("{body}{last}");
        assert_eq!(BankCard::parse(&card).expect("a card").luhn_holds(), round % 2 == 0, "{card}");
        ask("luhn", &card, if round % 2 == 0 { "ok" } else { "bad" });
    }
    let (answered, ended_well) = oracle("identifiers.py", &[], &asked);
    assert!(ended_well);
    let answered: Vec<&str> = answered.lines().collect();
    assert_eq!(answered.len(), 3 * NUMBERS);
    for (answered, expected) in answered.iter().zip(&expected) {
        assert_eq!(answered, expected);
    }
}

#[test]
fn a_calendar_is_read_by_another_program_as_it_was_meant() {
    let long = "农民工工资专用账户，人工费用；".repeat(20);
    let event = |uid: &str, on: &str, summary: &str| DayEvent {
        uid: uid.to_owned(),
        on: on.parse().expect("a day"),
        summary: summary.to_owned(),
        description: "一,二;三\\四\n五".to_owned(),
        sequence: 7,
    };
    let events = [event("a@anxin", "2026-12-31", &long), event("b@anxin", "2028-02-29", "x")];
    let text = calendar("日历", &events, "2026-03-02T09:00:00+08:00".parse().expect("a moment"));
    let (answered, ended_well) = oracle("calendar_icalendar.py", &[], &text);
    assert!(ended_well);
    let read: serde_json::Value = serde_json::from_str(&answered).expect("JSON");
    let wanted: Vec<serde_json::Value> = events
        .iter()
        .map(|event| {
            serde_json::json!({
                "uid": event.uid, "start": event.on.to_string(), "end": event.on.plus_days(1).to_string(),
                "summary": event.summary, "description": event.description, "sequence": event.sequence,
            })
        })
        .collect();
    assert_eq!(read, serde_json::Value::Array(wanted));
}

#[test]
fn working_days_agree_with_both_calendars() {
    let law = config::law_book(None).expect("the law book is sound");
    let calendar = law.book.calendar();
    for script in ["workdays_chinesecalendar.py", "workdays_holidays.py"] {
        let (answered, ended_well) = oracle(script, &[], "");
        assert!(ended_well, "{script}");
        let mut judged = std::collections::BTreeSet::new();
        for line in answered.lines() {
            let (day, says) = line.split_once(' ').expect("a day and a word");
            let day: Day = day.parse().expect("a day");
            assert_eq!(calendar.is_workday(day), Some(says == "work"), "{script}: {line}");
            assert!(judged.insert(day), "{script}: {line} is there twice");
        }
        // And the other way: every day that we publish was judged by the other calendar.
        let mut day = Day::of(2020, 1, 1).expect("a day");
        while calendar.is_workday(day).is_some() {
            assert!(judged.contains(&day), "{script}: {day}");
            day = day.plus_days(1);
        }
        assert_eq!((day, judged.len()), (Day::of(2027, 1, 1).expect("a day"), 7 * 365 + 2), "{script}");
    }
    assert_eq!(calendar.is_workday(Day::of(2027, 1, 4).expect("a day")), None, "a year without data is not guessed");
    assert_eq!(calendar.is_workday(Day::of(2019, 12, 31).expect("a day")), None);
}
