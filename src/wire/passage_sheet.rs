//! Passages as a sheet: what the software of a gate machine exports as CSV or XLSX, or the attendance sheet of the national form.
//!
//! A row is a passage: the machine by its serial number, the person by a number at the gate or an identity number, the time on the
//! machine's wall, the direction where the sheet says it. A row that cannot be read is told with its place and never sinks the others.
//! Deliberately absent: who the person is and which machine is whose, which need the database; and any guess at a direction.

use chrono::{NaiveDateTime, NaiveTime};

use super::device::{DevicePunch, Direction, KEY_CHARS_MAX, PersonKind, time};
use super::reason::Reason;
use super::sheet::table::{Column, SheetProblem, Table, remarks, row_number};
use super::sheet::{Cell, Workbook};

const fn column(key: &'static str, names: &'static [&'static str], required: bool) -> Column {
    Column { key, names, required }
}

/// Columns of the sheet; the person stands in one of `pin` and `id`.
pub const COLUMNS: [Column; 9] = [
    column("device", &["设备序列号", "设备编号", "设备号", "序列号", "设备SN", "机号", "SN"], false),
    column("pin", &["考勤编号", "考勤号码", "考勤号", "登记号码", "人员编号", "员工编号", "工号", "编号", "PIN"], false),
    column("id", &["证件号码", "身份证号", "身份证号码", "身份证"], false),
    column("name", &["姓名", "工人姓名", "人员姓名"], false),
    column("day", &["刷卡日期", "打卡日期", "考勤日期", "日期"], false),
    column("time", &["刷卡时间", "打卡时间", "考勤时间", "通行时间", "日期时间", "签到时间", "时间"], true),
    column("direction", &["进出方向", "进出类型", "进出", "方向", "进出状态", "考勤状态"], false),
    column("verify", &["验证方式", "通行方式", "识别方式", "打卡方式"], false),
    column("crew", &["班组", "班组名称"], false),
];

/// A passage of the sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassageRow {
    /// Row in the sheet, from 1.
    pub row: u32,
    /// Serial number of the machine, where the row names it.
    pub device: Option<String>,
    /// What happened there.
    pub punch: DevicePunch,
}

/// What a file says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Passages {
    /// Rows that can be read.
    pub rows: Vec<PassageRow>,
    /// What is wrong with the others; of row 0 where the file holds no such sheet.
    pub problems: Vec<SheetProblem>,
    /// Remarks on the file, Chinese and English.
    pub remarks: Vec<(String, String)>,
    /// Name of the sheet.
    pub sheet: String,
}

/// Reads the passages of the first sheet that has some.
pub fn parse(book: &Workbook) -> Passages {
    let mut passages = Passages::default();
    for sheet in &book.sheets {
        match Table::find(sheet, &COLUMNS) {
            Ok(table) => {
                passages.problems.clear();
                passages.sheet.clone_from(&sheet.name);
                passages.remarks = remarks(sheet);
                passages.remarks.extend(table.mended(&["device", "pin", "id", "time"]));
                for row in table.rows().filter(|row| !table.is_blank(*row)) {
                    match read(&table, row) {
                        Ok(read) => passages.rows.push(read),
                        Err(problems) => passages.problems.extend(problems),
                    }
                }
                return passages;
            }
            Err(problems) if passages.problems.is_empty() => passages.problems = problems,
            Err(_) => {}
        }
    }
    for problem in &mut passages.problems {
        // Without a header nothing of the file is a row.
        problem.row = 0;
    }
    passages
}

fn read(table: &Table<'_>, row: usize) -> Result<PassageRow, Vec<SheetProblem>> {
    let (person, at, direction) = (person(table, row), moment(table, row), direction(table, row));
    let device = table.unbroken(row, "device").map(|()| table.text(row, "device"));
    match (person, at, direction, device) {
        (Ok((kind, person)), Ok(at_local), Ok(direction), Ok(device)) => Ok(PassageRow {
            row: row_number(row),
            device,
            punch: DevicePunch {
                person,
                kind,
                at_local,
                state: direction.map(|way| i32::from(way == Direction::Out)),
                verify: table.text(row, "verify").as_deref().and_then(verify_of),
                line: row_number(row),
                direction,
                ..DevicePunch::default()
            },
        }),
        (person, at, direction, device) => {
            let faults = [person.err(), at.err(), direction.err(), device.err()];
            Err(faults.into_iter().flatten().collect())
        }
    }
}

/// Who passed: by the identity number where the sheet has one, else by the number at the gate.
fn person(table: &Table<'_>, row: usize) -> Result<(PersonKind, String), SheetProblem> {
    if let Some(id) = table.identifier(row, "id")? {
        return Ok((PersonKind::IdCard, id));
    }
    // A short number survives a float, a long one does not.
    let pin = match table.cell(row, "pin") {
        Cell::Number { text, exact: true } if text.len() <= 15 => Some(text.clone()),
        _ => table.identifier(row, "pin")?,
    };
    match pin {
        Some(pin) if pin.chars().count() <= KEY_CHARS_MAX && !pin.chars().any(char::is_control) => {
            let is_card = pin.len() == 18 && pin.bytes().take(17).all(|byte| byte.is_ascii_digit());
            Ok((if is_card { PersonKind::IdCard } else { PersonKind::Pin }, pin))
        }
        Some(_) => {
            let words = ("人员编号过长", "the person's number is too long", "核对该单元格 / check the cell");
            Err(table.problem(row, "pin", Reason::BadFormat, words))
        }
        None => {
            let words =
                ("缺少人员编号或证件号码", "neither a number at the gate nor an identity number", "填写其一 / write one of them");
            Err(table.problem(row, if table.has("pin") { "pin" } else { "id" }, Reason::MissingField, words))
        }
    }
}

/// When: day and time in one cell, or in two.
fn moment(table: &Table<'_>, row: usize) -> Result<NaiveDateTime, SheetProblem> {
    table.unbroken(row, "time")?;
    let cell = table.cell(row, "time");
    let whole = match cell {
        Cell::Date(moment) if moment.time() != NaiveTime::MIN || !table.has("day") => Some(*moment),
        _ => time::wall_time(&with_seconds(&cell.shown())).map(|(at, _)| at),
    };
    let clock = || {
        let day = table.day(row, "day").ok().flatten()?;
        let text = match cell {
            Cell::Date(moment) => moment.time().format("%H:%M:%S").to_string(),
            _ => cell.shown(),
        };
        time::wall_time(&with_seconds(&format!("{day} {text}"))).map(|(at, _)| at)
    };
    whole.or_else(clock).ok_or_else(|| {
        let shown: String = cell.shown().chars().take(32).collect();
        let (zh, en) = (format!("“{shown}”不是时间"), format!("`{shown}` is no time"));
        let fix = "写作 2026-03-02 07:58:03 / write it like 2026-03-02 07:58:03";
        table.problem(row, "time", Reason::BadTime, (&zh, &en, fix))
    })
}

/// A clock without seconds reads as at the full minute.
fn with_seconds(text: &str) -> String {
    let text = text.trim();
    if text.matches(':').count() == 1 { format!("{text}:00") } else { text.to_owned() }
}

fn direction(table: &Table<'_>, row: usize) -> Result<Option<Direction>, SheetProblem> {
    let Some(text) = table.text(row, "direction") else { return Ok(None) };
    let tidy = text.to_lowercase();
    let begins = |words: &[&str]| words.iter().any(|word| tidy.starts_with(word));
    if matches!(tidy.as_str(), "-" | "未知" | "unknown" | "正常") {
        Ok(None)
    } else if begins(&["进", "入", "in", "上班", "签到", "check-in", "checkin"]) || tidy == "01" {
        Ok(Some(Direction::In))
    } else if begins(&["出", "离", "out", "下班", "签退", "check-out", "checkout"]) || tidy == "02" {
        Ok(Some(Direction::Out))
    } else {
        let shown: String = text.chars().take(16).collect();
        let (zh, en) = (format!("“{shown}”不是进出方向"), format!("`{shown}` is no direction"));
        Err(table.problem(
            row,
            "direction",
            Reason::BadFormat,
            (&zh, &en, "填“进”或“出”，不知道则留空 / write 进 or 出, or leave it empty"),
        ))
    }
}

/// The means of recognition in the numbers of the machines' own protocol.
fn verify_of(text: &str) -> Option<i32> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let known = [("密码", 0), ("指纹", 1), ("卡", 2), ("人脸", 15), ("面部", 15), ("掌", 25)];
    known.into_iter().find(|(word, _)| text.contains(word)).map(|(_, number)| number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::sheet;

    fn parsed(text: &str) -> Passages {
        parse(&sheet::read(text.as_bytes()).unwrap())
    }

    #[test]
    fn a_machines_export_is_read_row_by_row() {
        let read = parsed(
            "设备序列号,考勤号码,姓名,日期时间,进出状态,验证方式\nTEST000000001,1001,甲,2026-03-02 07:58:03,上班签到,人脸\n\
             TEST000000001,1001,甲,2026/3/2 18:01,下班签退,指纹\n",
        );
        assert_eq!(read.problems, []);
        let rows: Vec<_> = read
            .rows
            .iter()
            .map(|one| (one.punch.person.as_str(), one.punch.at_local.to_string(), one.punch.state, one.punch.verify))
            .collect();
        assert_eq!(
            rows,
            [
                ("1001", "2026-03-02 07:58:03".to_owned(), Some(0), Some(15)),
                ("1001", "2026-03-02 18:01:00".to_owned(), Some(1), Some(1)),
            ]
        );
    }

    #[test]
    fn day_and_time_may_stand_apart_and_every_fault_of_a_row_is_told() {
        let read = parsed(
            "身份证号,日期,时间,方向\n11999919900101032X,2026-03-02,07:58,进\n,2026-03-02,25:00,左\n119999199001010012,2026-03-02,18:00,\n",
        );
        assert_eq!(read.rows.len(), 2, "{:?}", read.problems);
        assert_eq!(read.rows[0].punch.kind, PersonKind::IdCard);
        assert_eq!(read.rows[1].punch.direction, None);
        let faults: Vec<(&str, &str)> = read.problems.iter().map(|one| (one.place.as_str(), one.reason.code())).collect();
        assert_eq!(faults, [("CSV!A3", "missing_field"), ("CSV!C3", "bad_time"), ("CSV!D3", "bad_format")]);
    }

    #[test]
    fn what_is_no_such_sheet_is_told_of_the_file() {
        let read = parsed("甲,乙\n1,2\n");
        assert!(read.rows.is_empty() && read.problems.iter().all(|one| one.row == 0), "{:?}", read.problems);
    }
}
