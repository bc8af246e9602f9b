//! Kinds of sheets that the one import machine takes: what a file's rows are, and what each comes to. A kind is its columns, the reading
//! of a row and the act on a good one; keeping, looking ahead, steps, error sheet and mending are the machine's.
//!
//! Deliberately absent: pay sheets, which go into a month's draft (`payroll::imports`), and passages, which go the way of punches
//! (`intake::sheets`).

mod contract;
mod crew;
mod entry_exit;
mod month_grid;
pub mod roster;

use std::collections::{BTreeSet, HashMap};

use super::table::ImportRow;
use super::{Refusal, SheetKind};
use crate::base::id::RecordId;
use crate::base::person::IdNumber;
use crate::base::{Day, Month};
use crate::projects::Site;
use crate::store::{AnyConn, Tx};
use crate::web::problem::Fault;
use crate::web::{Ctx, Problem};
use crate::wire::reason::Reason;
use crate::wire::sheet::Workbook;
use crate::wire::sheet::table::{Column, SheetProblem, Table, remarks, row_number};
use crate::workers::roster::{fault_of, refused, without_people};
use crate::workers::table::{self as workers, EnrolmentRow};
use crate::workers::{IdKind, Warning, id_index};

/// What a row would come to.
pub enum Seen {
    /// It would be taken; the name in it and what is odd.
    Good(String, Vec<Warning>),
    /// It is on record just so.
    Known,
    /// It would be refused.
    Refused(Vec<Fault>),
}

/// What a row came to.
pub enum Done {
    /// It was taken: the enrolment it is about, where it is about one, and what is odd.
    Taken(Option<RecordId>, Vec<Warning>),
    /// It is on record just so.
    Known(Option<RecordId>),
    /// It was refused.
    Refused(Vec<Fault>),
}

/// The rows of a file as one kind of sheet reads them.
pub trait Rows: Send + Sync {
    /// Readable rows.
    fn count(&self) -> usize;
    /// Row in the sheet, from 1, of a place among the readable ones.
    fn number(&self, place: usize) -> u32;
    /// What could not be read; of row 0 where the file as a whole is no such sheet.
    fn problems(&self) -> &[SheetProblem];
    /// Remarks on the file, Chinese and English.
    fn remarks(&self) -> &[(String, String)];
    /// The month that the file is of, where its kind has one.
    fn month(&self) -> Option<Month> {
        None
    }
    /// Faults of a row with the places that people look for.
    fn placed(&self, place: usize, faults: Vec<Fault>) -> Vec<Fault>;
    /// What a row would come to; `before` holds what earlier rows of the file would take up. Changes nothing.
    ///
    /// # Errors
    /// Only what stands in the way of all: a store that fails.
    fn look(
        &self,
        conn: &mut AnyConn,
        ctx: &Ctx,
        site: &Site,
        place: usize,
        before: &mut BTreeSet<String>,
    ) -> Result<Seen, Problem>;
    /// Takes a row.
    ///
    /// # Errors
    /// As [`Rows::look`].
    fn take(&self, tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, place: usize) -> Result<Done, Problem>;
}

/// The columns of a kind.
pub fn columns_of(kind: SheetKind) -> &'static [Column] {
    match kind {
        SheetKind::Roster => &crate::wire::roster::COLUMNS,
        SheetKind::EntryExit => entry_exit::COLUMNS,
        SheetKind::Contract => contract::COLUMNS,
        SheetKind::Crew => crew::COLUMNS,
        SheetKind::MonthGrid => month_grid::COLUMNS,
    }
}

/// Reads a file as the sheet that it was handed in as.
pub fn read(import: &ImportRow, book: &Workbook) -> Box<dyn Rows> {
    let today = import.read_on;
    match import.kind() {
        SheetKind::Roster => Box::new(roster::RosterRows::of(import, book)),
        SheetKind::EntryExit => Box::new(read_as(entry_exit::EntryExit { today }, book)),
        SheetKind::Contract => Box::new(read_as(contract::Contract { today }, book)),
        SheetKind::Crew => Box::new(read_as(crew::Crew, book)),
        SheetKind::MonthGrid => Box::new(read_as(month_grid::MonthGrid::of(import, book), book)),
    }
}

/// Rows that could not be read, as they are told.
pub fn unreadable(rows: &dyn Rows) -> Vec<Refusal> {
    let mut refused: Vec<Refusal> = Vec::new();
    for problem in rows.problems() {
        let fault = fault_of(problem);
        match refused.last_mut().filter(|one| one.row == problem.row) {
            Some(one) => one.faults.push(fault),
            None => refused.push(Refusal { row: problem.row, faults: vec![fault] }),
        }
    }
    refused
}

/// A kind of sheet.
trait Kind: Send + Sync {
    /// A readable row.
    type Row: Send + Sync;

    /// Its columns.
    const COLUMNS: &'static [Column];

    /// Reads a row; notes every problem of it.
    fn row(&self, table: &Table<'_>, row: usize, problems: &mut Vec<SheetProblem>) -> Option<Self::Row>;

    /// The month that the file is of, where the kind has one.
    fn month(&self) -> Option<Month> {
        None
    }

    /// Whether a row is a total and none of anybody's.
    fn is_total(&self, table: &Table<'_>, row: usize) -> bool {
        table.is_total(row, "name")
    }

    /// What a row may say once in a file, and the column where that stands.
    fn key(&self, row: &Self::Row) -> (String, &'static str);

    /// Whether a row would change anything; `Ok(None)` where it is on record just so, else a name for it.
    fn look(&self, conn: &mut AnyConn, ctx: &Ctx, site: &Site, row: &Self::Row) -> Result<Option<String>, Problem>;

    /// Takes a row that would change something.
    fn take(&self, tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, row: &Self::Row) -> Result<Option<RecordId>, Problem>;
}

/// A file read as a kind of sheet.
struct File<K: Kind> {
    kind: K,
    rows: Vec<(u32, K::Row)>,
    problems: Vec<SheetProblem>,
    remarks: Vec<(String, String)>,
    sheet: String,
    letters: Vec<(&'static str, String)>,
}

fn read_as<K: Kind>(kind: K, book: &Workbook) -> File<K> {
    let mut file =
        File { kind, rows: Vec::new(), problems: Vec::new(), remarks: Vec::new(), sheet: String::new(), letters: Vec::new() };
    for sheet in &book.sheets {
        match Table::find(sheet, K::COLUMNS) {
            Ok(table) => {
                file.problems.clear();
                file.remarks = remarks(sheet);
                file.sheet.clone_from(&sheet.name);
                file.letters = K::COLUMNS.iter().filter_map(|column| Some((column.key, table.letters(column.key)?))).collect();
                file.read_rows(&table);
                return file;
            }
            // What is said about the first sheet helps most; the others may be instructions.
            Err(problems) if file.problems.is_empty() => file.problems = problems,
            Err(_) => {}
        }
    }
    for problem in &mut file.problems {
        // Without a header nothing of the file is a row.
        problem.row = 0;
    }
    file
}

impl<K: Kind> File<K> {
    fn read_rows(&mut self, table: &Table<'_>) {
        let mut seen: HashMap<String, u32> = HashMap::new();
        for row in table.rows().filter(|row| !table.is_blank(*row)) {
            if self.kind.is_total(table, row) {
                break;
            }
            let before = self.problems.len();
            let read = self.kind.row(table, row, &mut self.problems);
            let Some(one) = read.filter(|_| self.problems.len() == before) else { continue };
            let (key, column) = self.kind.key(&one);
            if let Some(first) = seen.get(&key) {
                let (zh, en) = (format!("与第 {first} 行重复"), format!("the same stands in row {first}"));
                let words = (zh.as_str(), en.as_str(), "删除其中一行 / delete one of the rows");
                self.problems.push(table.problem(row, column, Reason::IdReused, words));
                continue;
            }
            seen.insert(key, row_number(row));
            self.rows.push((row_number(row), one));
        }
    }
}

impl<K: Kind> Rows for File<K> {
    fn count(&self) -> usize {
        self.rows.len()
    }

    fn number(&self, place: usize) -> u32 {
        self.rows.get(place).map_or(0, |(row, _)| *row)
    }

    fn problems(&self) -> &[SheetProblem] {
        &self.problems
    }

    fn remarks(&self) -> &[(String, String)] {
        &self.remarks
    }

    fn month(&self) -> Option<Month> {
        self.kind.month()
    }

    fn placed(&self, place: usize, faults: Vec<Fault>) -> Vec<Fault> {
        let row = self.number(place);
        let letters = |key: &str| self.letters.iter().find(|(known, _)| *known == key).map_or("", |(_, letters)| letters);
        let at =
            |fault: Fault| without_people(Fault { place: format!("{}!{}{row}", self.sheet, letters(&fault.place)), ..fault });
        faults.into_iter().map(at).collect()
    }

    fn look(
        &self,
        conn: &mut AnyConn,
        ctx: &Ctx,
        site: &Site,
        place: usize,
        _before: &mut BTreeSet<String>,
    ) -> Result<Seen, Problem> {
        let (_, row) = self.rows.get(place).ok_or_else(Problem::not_found)?;
        match self.kind.look(conn, ctx, site, row) {
            Ok(Some(name)) => Ok(Seen::Good(name, Vec::new())),
            Ok(None) => Ok(Seen::Known),
            Err(problem) => Ok(Seen::Refused(self.placed(place, refused(problem)?))),
        }
    }

    fn take(&self, tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, place: usize) -> Result<Done, Problem> {
        let (_, row) = self.rows.get(place).ok_or_else(Problem::not_found)?;
        // Everything is looked at before anything is written, so that a refused row leaves nothing behind.
        match self.kind.look(tx.conn(), ctx, site, row) {
            Ok(None) => return Ok(Done::Known(None)),
            Ok(Some(_)) => {}
            Err(problem) => return Ok(Done::Refused(self.placed(place, refused(problem)?))),
        }
        match self.kind.take(tx, ctx, site, row) {
            Ok(about) => Ok(Done::Taken(about, Vec::new())),
            Err(problem) => Ok(Done::Refused(self.placed(place, refused(problem)?))),
        }
    }
}

const fn column(key: &'static str, names: &'static [&'static str], required: bool) -> Column {
    Column { key, names, required }
}

const USCC: Column = column("uscc", &["企业统一社会信用代码", "统一社会信用代码", "信用代码"], false);
const COMPANY: Column = column("company", &["企业名称", "企业", "公司名称"], false);
const CREW: Column = column("crew", &["班组名称", "班组"], true);
const NAME: Column = column("name", &["工人姓名", "姓名"], true);
const ID: Column = column("id", &["证件号码", "身份证号", "身份证号码", "身份证"], true);

/// Keeps the value or notes the problem, so that one row shows all its faults at once.
fn kept<T>(read: Result<T, SheetProblem>, problems: &mut Vec<SheetProblem>) -> Option<T> {
    read.map_err(|problem| problems.push(problem)).ok()
}

/// A day that must be there.
fn wanted_day(table: &Table<'_>, row: usize, key: &str) -> Result<Day, SheetProblem> {
    match table.day(row, key)? {
        Some(day) => Ok(day),
        None => Err(table.wanted(row, key).err().unwrap_or_else(|| {
            let words = ("缺少日期", "the day is missing", "填写日期 / write the day");
            table.problem(row, key, Reason::MissingField, words)
        })),
    }
}

/// Somebody as a row names them.
struct Named {
    name: String,
    id: String,
}

fn person(table: &Table<'_>, row: usize, today: Day, problems: &mut Vec<SheetProblem>) -> Option<Named> {
    let name = kept(table.wanted(row, "name"), problems);
    let id = table.identifier(row, "id").and_then(|id| id.map_or_else(|| table.wanted(row, "id"), Ok)).and_then(|id| {
        // Another paper than the identity card has a number of its own form, so only what looks like one is checked.
        let is_card = id.len() == 18 && id.bytes().take(17).all(|byte| byte.is_ascii_digit());
        if !is_card {
            return Ok(id);
        }
        IdNumber::parse(&id, today).map(|number| number.as_str().to_owned()).map_err(|_| {
            let words = (
                "身份证号码不正确",
                "the identity number is not right",
                "核对后按文本重新填写 / check it and type it again as text",
            );
            table.problem(row, "id", Reason::BadFormat, words)
        })
    });
    let id = kept(id, problems);
    Some(Named { name: name?, id: id? })
}

fn unknown(zh: &str, en: &str, place: &str, reason: &str) -> Problem {
    Problem::invalid(zh, en).at(place, reason)
}

/// The enrolments on the project of somebody whom a row names, oldest first.
///
/// # Errors
/// `unknown_person` where nobody has the number, or under another name, or not on this project.
fn enrolments(conn: &mut AnyConn, ctx: &Ctx, site: &Site, who: &Named) -> Result<Vec<EnrolmentRow>, Problem> {
    let mut found = None;
    for kind in IdKind::ALL {
        let index = id_index(ctx.vault(), *kind, &who.id);
        if let Some(worker) = workers::worker_by_id_index(conn, &index)? {
            found = Some(worker);
            break;
        }
    }
    let nobody = || {
        let en = "Nobody of this number is on the project's roll; enrol them by a roster first.";
        unknown("本项目花名册中没有该证件号码的人员，请先登记花名册。", en, "id", "unknown_person")
    };
    let worker = found.ok_or_else(nobody)?;
    if worker.name != who.name {
        let en = "This number is registered under another name.";
        return Err(unknown("该证件号码登记的是另一姓名，请核对。", en, "name", "unknown_person"));
    }
    let mut rows = workers::of_worker(conn, site.id, worker.id)?;
    rows.sort_by_key(|row| (row.entered_on, row.id));
    if rows.is_empty() { Err(nobody()) } else { Ok(rows) }
}

/// The month that a file is of: what its title says, else what was said with it.
fn month_of(book: &Workbook, said: Option<Month>) -> Result<Option<Month>, (Month, Month)> {
    const TITLE_ROWS: usize = 5;
    let titles = book.sheets.iter().flat_map(|sheet| sheet.rows.iter().take(TITLE_ROWS).flatten());
    let title = titles.filter_map(|cell| crate::wire::sheet::value::month_in(&cell.shown())).next();
    match (title, said) {
        (Some(title), Some(said)) if title != said => Err((title, said)),
        (title, said) => Ok(title.or(said)),
    }
}
