//! The month grid (考勤表): a mark for each day. What it says otherwise than the gates becomes a correction that waits for a second person.
//!
//! A grid knows no times, so its corrections have none. Deliberately absent: a meaning of △, which differs from site to site and is
//! refused until a person has written what it is worth; and a blank cell, which says nothing.

use std::collections::BTreeMap;

use chrono::Datelike;
use rust_decimal::Decimal;

use super::{Column, ID, Kind, NAME, Named, Reason, SheetProblem, Table, column, enrolments, kept, month_of, unknown, workers};
use crate::attendance::corrections::{self, NewCorrection};
use crate::attendance::imports::table::ImportRow;
use crate::attendance::table as attendance;
use crate::base::id::{RecordId, UserId};
use crate::base::{Day, Month};
use crate::projects::Site;
use crate::store::{AnyConn, Tx};
use crate::web::{Ctx, Problem};
use crate::wire::sheet::Workbook;
use crate::workers::table::EnrolmentRow;

macro_rules! days {
    ($(($key:literal, $plain:literal, $day:literal, $padded:literal)),* $(,)?) => {
        pub(super) const COLUMNS: &[Column] = &[
            column("no", &["序号"], false),
            NAME,
            Column { required: false, ..ID },
            column("trade", &["工种"], false),
            column("total", &["合计", "出勤合计", "出勤天数", "合计天数"], false),
            $(column($key, &[$plain, $day, $padded], false)),*
        ];
        /// The columns of the days, the first of the month first.
        const DAYS: &[&str] = &[$($key),*];
    };
}
days! {
    ("d1", "1", "1日", "01"), ("d2", "2", "2日", "02"), ("d3", "3", "3日", "03"), ("d4", "4", "4日", "04"), ("d5", "5", "5日", "05"),
    ("d6", "6", "6日", "06"), ("d7", "7", "7日", "07"), ("d8", "8", "8日", "08"), ("d9", "9", "9日", "09"),
    ("d10", "10", "10日", "10号"), ("d11", "11", "11日", "11号"), ("d12", "12", "12日", "12号"), ("d13", "13", "13日", "13号"),
    ("d14", "14", "14日", "14号"), ("d15", "15", "15日", "15号"), ("d16", "16", "16日", "16号"), ("d17", "17", "17日", "17号"),
    ("d18", "18", "18日", "18号"), ("d19", "19", "19日", "19号"), ("d20", "20", "20日", "20号"), ("d21", "21", "21日", "21号"),
    ("d22", "22", "22日", "22号"), ("d23", "23", "23日", "23号"), ("d24", "24", "24日", "24号"), ("d25", "25", "25日", "25号"),
    ("d26", "26", "26日", "26号"), ("d27", "27", "27日", "27号"), ("d28", "28", "28日", "28号"), ("d29", "29", "29日", "29号"),
    ("d30", "30", "30日", "30号"), ("d31", "31", "31日", "31号"),
}

/// What marks are worth, in hundredths of a work day.
const MARKS: &[(&str, i32)] = &[
    ("√", 100),
    ("✓", 100),
    ("✔", 100),
    ("出勤", 100),
    ("1", 100),
    ("1.0", 100),
    ("0.5", 50),
    (".5", 50),
    ("半", 50),
    ("0", 0),
    ("×", 0),
    ("x", 0),
    ("X", 0),
    ("休", 0),
    ("缺", 0),
];

pub(super) struct MonthGrid {
    /// The month; where none is known the two that were said, if there were two.
    month: Result<Option<Month>, (Month, Month)>,
    proposer: Option<UserId>,
    file: String,
}

impl MonthGrid {
    pub(super) fn of(import: &ImportRow, book: &Workbook) -> MonthGrid {
        MonthGrid {
            month: month_of(book, import.month),
            proposer: import.recorded_by.parse().ok(),
            file: import.file_name.chars().take(100).collect(),
        }
    }

    /// The worker of a row: by the number, else by a name that only one person on the project has.
    fn enrolments(&self, conn: &mut AnyConn, ctx: &Ctx, site: &Site, row: &Row) -> Result<Vec<EnrolmentRow>, Problem> {
        if let Some(id) = &row.id {
            return enrolments(conn, ctx, site, &Named { name: row.name.clone(), id: id.clone() });
        }
        let all = workers::of_project(conn, site.id)?;
        let people: Vec<_> = all.iter().map(|one| one.worker_id).collect();
        let named: Vec<_> = workers::workers_of(conn, &people)?.into_iter().filter(|one| one.name == row.name).collect();
        match named.as_slice() {
            [one] => Ok(all.into_iter().filter(|row| row.worker_id == one.id).collect()),
            [] => {
                let en = "Nobody of this name is on the project's roll.";
                Err(unknown("本项目花名册中没有该姓名的人员。", en, "name", "unknown_person"))
            }
            _ => {
                let en = "Several people have this name; add the identity number.";
                Err(unknown("本项目有多人同名，请补填证件号码。", en, "name", "unknown_person"))
            }
        }
    }

    /// The corrections that a row asks for.
    fn wanted(&self, conn: &mut AnyConn, ctx: &Ctx, site: &Site, row: &Row) -> Result<Vec<NewCorrection>, Problem> {
        let all = self.enrolments(conn, ctx, site, row)?;
        let (first, last) = (row.month.first(), row.month.last());
        let waiting = corrections::waiting(conn, site.id, first, last)?;
        let mut seen: BTreeMap<(RecordId, Day), i32> = BTreeMap::new();
        for one in &all {
            for day in attendance::work_days_of_one(conn, site.id, one.id, row.month)? {
                seen.insert((one.id, day.worked_on), day.hundredths);
            }
        }
        let mut wanted = Vec::new();
        for (day, key, hundredths) in &row.marks {
            let held = all.iter().find(|one| one.holds_on(*day)).filter(|_| *day <= ctx.today);
            let Some(held) = held else {
                // Somebody who was not there is told as not there by any mark of nothing.
                if *hundredths == 0 {
                    continue;
                }
                let en = "The worker was not on the project on that day, or it lies ahead.";
                return Err(unknown("该日工人不在场，或该日尚未到来。", en, key, "bad_time"));
            };
            let stands = seen.get(&(held.id, *day)).copied();
            if stands.unwrap_or(0) == *hundredths {
                continue;
            }
            match waiting.get(&(*day, held.id)) {
                Some(waits) if waits == hundredths => continue,
                Some(_) => {
                    let en = "Another correction of this day awaits a decision.";
                    return Err(unknown("该日已有待确认的更正。", en, key, "bad_state"));
                }
                None => {}
            }
            wanted.push(NewCorrection {
                enrolment: held.id,
                worked_on: *day,
                times: (*hundredths > 0).then_some((0, 0)),
                hundredths: Some(*hundredths),
                reason: format!("按考勤表导入（无时间）：{}", self.file),
                document: None,
            });
        }
        Ok(wanted)
    }
}

pub(super) struct Row {
    name: String,
    id: Option<String>,
    month: Month,
    /// Day, its column, hundredths.
    marks: Vec<(Day, &'static str, i32)>,
}

impl Kind for MonthGrid {
    type Row = Row;

    const COLUMNS: &'static [Column] = COLUMNS;

    fn row(&self, table: &Table<'_>, row: usize, problems: &mut Vec<SheetProblem>) -> Option<Row> {
        let month = match self.month {
            Ok(Some(month)) => month,
            Ok(None) => {
                let words = (
                    "不知道是哪个月",
                    "the month is not known",
                    "在标题写明“2026年10月”，或上传时选择月份 / write the month into the title, or choose it with the upload",
                );
                problems.push(table.problem(row, "name", Reason::MissingField, words));
                return None;
            }
            Err((title, said)) => {
                let (zh, en) =
                    (format!("表头写的是 {title}，而所选月份是 {said}"), format!("the title says {title} and {said} was chosen"));
                problems.push(table.problem(
                    row,
                    "name",
                    Reason::BadTime,
                    (&zh, &en, "选对月份或文件 / choose the right month or file"),
                ));
                return None;
            }
        };
        let name = kept(table.wanted(row, "name"), problems);
        let id = kept(table.identifier(row, "id"), problems);
        let (mut marks, mut sum) = (Vec::new(), 0_i32);
        for (day, key) in (1_u32..).zip(DAYS) {
            let Some(mark) = table.text(row, key) else { continue };
            let Some((_, hundredths)) = MARKS.iter().find(|(known, _)| *known == mark) else {
                let (zh, en) = (format!("“{mark}”没有约定的含义"), format!("`{mark}` has no meaning here"));
                let fix = "改成 √、1、0.5、0 或空白 / write √, 1, 0.5, 0 or leave it blank";
                problems.push(table.problem(row, key, Reason::BadFormat, (&zh, &en, fix)));
                continue;
            };
            let Some(on) = Day::of(month.first().0.year(), month.first().0.month(), day) else {
                let (zh, en) = (format!("{month} 没有 {day} 日"), format!("{month} has no day {day}"));
                problems.push(table.problem(row, key, Reason::BadTime, (&zh, &en, "清空该格 / clear the cell")));
                continue;
            };
            sum = sum.saturating_add(*hundredths);
            marks.push((on, *key, *hundredths));
        }
        if let Some(Some(total)) = kept(table.decimal(row, "total"), problems)
            && total != Decimal::new(i64::from(sum), 2)
        {
            let marked = Decimal::new(i64::from(sum), 2).normalize();
            let (zh, en) = (
                format!("合计 {total} 与各日之和 {marked} 不符"),
                format!("the total {total} is not the sum {marked} of the marks"),
            );
            problems.push(table.problem(
                row,
                "total",
                Reason::SumMismatch,
                (&zh, &en, "核对合计和各日 / check the total and the days"),
            ));
        }
        Some(Row { name: name?, id: id?, month, marks })
    }

    fn month(&self) -> Option<Month> {
        self.month.ok().flatten()
    }

    fn key(&self, row: &Row) -> (String, &'static str) {
        (row.id.clone().unwrap_or_else(|| row.name.clone()), "name")
    }

    fn look(&self, conn: &mut AnyConn, ctx: &Ctx, site: &Site, row: &Row) -> Result<Option<String>, Problem> {
        let wanted = self.wanted(conn, ctx, site, row)?;
        Ok((!wanted.is_empty()).then(|| row.name.clone()))
    }

    fn take(&self, tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, row: &Row) -> Result<Option<RecordId>, Problem> {
        let proposer = self.proposer.ok_or_else(|| {
            unknown("须由人员（不是程序）上传。", "A person, not a program, uploads it.", "name", "not_allowed")
        })?;
        let mut about = None;
        for new in self.wanted(tx.conn(), ctx, site, row)? {
            about = Some(new.enrolment);
            corrections::propose_as(tx, ctx, site, &new, proposer)?;
        }
        Ok(about)
    }
}
