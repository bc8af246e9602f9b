//! Sheets made elsewhere (R53-17: the subcontractor's): the file is kept, its columns are proposed by their headings and confirmed by
//! a person, good rows become items of the month's draft, and every bad row is told with its place, the reason and what to do.
//!
//! A confirmed mapping is remembered for the project and the layout, and offered on other projects of the same general contractor. A row
//! that was signed on the sheet stays as it was signed. Deliberately absent: enrolling people whom only the file knows, and changing
//! anybody's card by a pay sheet.

pub mod actions;
mod against;
mod beside;
mod checks;
pub mod export;
pub mod http;
pub mod left_out;
pub mod refused;
mod sites;
pub mod table;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::{Day, Fen};
use crate::store::journal::sha256;
use crate::web::Problem;
use crate::web::problem::Fault;
use crate::wire::pay_sheet::{self, COLUMNS, GUARDS, PaySheet};
use crate::wire::sheet::table::{Column, Headings, SheetProblem, headings, renamed, row_number};
use crate::wire::sheet::{self, Sheet, Workbook, column_letters};

/// Rows of a file at most.
pub const ROWS_MAX: usize = super::LINES_MAX;

/// Faults of one file that are kept and listed.
pub const FAULTS_MAX: usize = 2_000;

/// More than this for one worker and month is looked at by a person before it is taken.
pub const NET_MAX: Fen = Fen(5_000_000);

/// One column of a file: its letters, its name there, and which of ours it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapped {
    /// Place from 0.
    pub place: usize,
    /// Name in the file, joined with the one above it.
    pub name: String,
    /// Our column; `None` for one that is passed over.
    pub key: Option<String>,
}

impl Mapped {
    /// Letters of the column.
    pub fn letters(&self) -> String {
        column_letters(self.place)
    }
}

/// How a file would be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Sheet of the file, from 0.
    pub sheet: usize,
    /// Its name.
    pub name: String,
    /// Sheets of the file.
    pub sheets: Vec<String>,
    /// Digest of the headings: files of one layout share it.
    pub layout: String,
    /// The columns.
    pub columns: Vec<Mapped>,
    /// Whether the mapping is one that was confirmed before.
    pub is_remembered: bool,
    headings: Headings,
}

/// The columns that a mapping may name.
pub fn keys() -> impl Iterator<Item = (&'static str, &'static str)> {
    COLUMNS.iter().map(|column| (column.key, column.names.first().copied().unwrap_or(column.key)))
}

/// A fault of the file in the shape of all others.
pub(super) fn fault_of(problem: &SheetProblem) -> Fault {
    let (fix_zh, fix_en) = problem.fix.split_once(" / ").unwrap_or((&problem.fix, &problem.fix));
    Fault {
        place: problem.place.clone(),
        reason: problem.reason.code().to_owned(),
        zh: format!("{}；{fix_zh}。", problem.zh),
        en: format!("{}; {fix_en}.", problem.en),
    }
}

/// Opens a file.
///
/// # Errors
/// `invalid` with the reason for what is no table of any kind.
pub fn open(bytes: &[u8]) -> Result<Workbook, Problem> {
    sheet::read(bytes).map_err(|fault| Problem::invalid(fault.zh, fault.en).at("file", fault.reason.code()))
}

/// Proposes how to read a sheet of the file; without `wanted` the one with the most known headings.
///
/// # Errors
/// `invalid` when no sheet has a header, or the wanted one is not there.
pub fn propose(book: &Workbook, wanted: Option<usize>) -> Result<Proposal, Problem> {
    let known = |found: &Headings| {
        let is_known = |name: &str| COLUMNS.iter().any(|column| column.names.contains(&name));
        found.names.iter().filter(|(joined, lower)| is_known(joined) || is_known(lower)).count()
    };
    let mut best: Option<(usize, Headings)> = None;
    for (index, one) in book.sheets.iter().enumerate().filter(|(index, _)| wanted.is_none_or(|wanted| wanted == *index)) {
        if let Some(found) = headings(one, &COLUMNS)
            && best.as_ref().is_none_or(|(_, standing)| known(&found) > known(standing))
        {
            best = Some((index, found));
        }
    }
    let (index, found) = best.ok_or_else(|| {
        let zh = "文件中找不到表头：请选择含“姓名、身份证号、应发、实发”的工作表。";
        let en = "No header was found; choose the sheet with name, identity number, gross and net.";
        Problem::invalid(zh, en).at("sheet", "bad_format")
    })?;
    let name = book.sheets.get(index).map(|one| one.name.clone()).unwrap_or_default();
    require_once(&found, &name)?;
    let columns = proposed(&found);
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    Ok(Proposal {
        sheet: index,
        name,
        sheets: book.sheets.iter().map(|one| one.name.clone()).collect(),
        layout: sha256(names.join("\n").as_bytes()),
        columns,
        is_remembered: false,
        headings: found,
    })
}

/// Whether a heading is a known name of one of our columns.
fn is_named(key: &str, name: &str) -> bool {
    COLUMNS.iter().any(|column| column.key == key && column.names.contains(&name))
}

/// Refuses a header that has one of our columns twice under the same name: nobody can tell which of the two is meant.
fn require_once(found: &Headings, sheet: &str) -> Result<(), Problem> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, (joined, lower)) in found.names.iter().enumerate() {
        let is_known =
            COLUMNS.iter().any(|column| column.names.contains(&joined.as_str()) || column.names.contains(&lower.as_str()));
        if joined.is_empty() || !is_known {
            continue;
        }
        if let Some(before) = seen.insert(joined, place) {
            let cell = |place: usize| format!("{sheet}!{}{}", column_letters(place), row_number(found.header));
            let (here, there) = (cell(place), cell(before));
            let problem = Problem::invalid(
                format!("表头中“{joined}”出现两次：{there} 和 {here}；只保留一列后再次上传。"),
                format!("The header has `{joined}` twice, in {there} and in {here}; keep one of the columns and upload again."),
            );
            return Err(problem.at(here, "duplicate"));
        }
    }
    Ok(())
}

/// The columns with a name, each with ours where the name is known; the first of two that would be the same.
fn proposed(found: &Headings) -> Vec<Mapped> {
    let mut taken: Vec<&str> = Vec::new();
    let mut columns = Vec::new();
    for (place, (joined, lower)) in found.names.iter().enumerate().filter(|(_, (joined, _))| !joined.is_empty()) {
        let of = |name: &String| COLUMNS.iter().find(|column| column.names.contains(&name.as_str())).map(|column| column.key);
        let key = of(joined).or_else(|| of(lower)).filter(|key| !taken.contains(key));
        taken.extend(key);
        columns.push(Mapped { place, name: joined.clone(), key: key.map(str::to_owned) });
    }
    columns
}

impl Proposal {
    /// Takes what a person said of the columns: our column by place.
    ///
    /// # Errors
    /// `invalid` for a column that we do not have, two places for one, or a mandatory one without a place.
    pub fn map(&mut self, said: &BTreeMap<usize, String>) -> Result<(), Problem> {
        let mut used: BTreeMap<&str, usize> = BTreeMap::new();
        for (place, key) in said {
            if !COLUMNS.iter().any(|column| column.key == key) {
                let problem = Problem::invalid("没有这一列。", "There is no such column of ours.");
                return Err(problem.at(column_letters(*place), "unknown_reference"));
            }
            if let Some(other) = used.insert(key, *place) {
                let (a, b) = (column_letters(other), column_letters(*place));
                let problem = Problem::invalid(
                    format!("{a} 列与 {b} 列对应同一项，只保留一列。"),
                    format!("Columns {a} and {b} are said to be the same; keep one of them."),
                );
                return Err(problem.at(b, "duplicate"));
            }
        }
        // A sheet that names its month and the cards may do without identity numbers.
        let by_card = used.contains_key("month") && used.contains_key("card");
        let is_wanted = |column: &&Column| column.required && !(by_card && column.key == "id");
        if let Some(column) = COLUMNS.iter().filter(is_wanted).find(|column| !used.contains_key(column.key)) {
            let name = column.names.first().copied().unwrap_or(column.key);
            let problem = Problem::invalid(format!("请指出哪一列是“{name}”。"), format!("Say which column is `{name}`."));
            return Err(problem.at(column.key, "missing_field"));
        }
        for column in &mut self.columns {
            column.key = said.get(&column.place).cloned();
            // What keeps another month or company out is read whether or not somebody passed it over.
            let guard = GUARDS.iter().find(|key| is_named(key, &column.name) && !used.contains_key(*key));
            if let Some(key) = guard.filter(|_| column.key.is_none()) {
                used.insert(key, column.place);
                column.key = Some((*key).to_owned());
            }
        }
        Ok(())
    }

    /// What is mapped, by place.
    pub fn mapping(&self) -> BTreeMap<usize, String> {
        self.columns.iter().filter_map(|column| Some((column.place, column.key.clone()?))).collect()
    }

    /// Reads the rows as mapped.
    pub fn read(&self, book: &Workbook, today: Day) -> PaySheet {
        self.in_our_names(book).map_or_else(PaySheet::default, |sheet| pay_sheet::parse_sheet(&sheet, today))
    }

    /// The sheet of the file with our names of the columns, as mapped.
    pub(super) fn in_our_names(&self, book: &Workbook) -> Option<Sheet> {
        let mapping = self.mapping();
        let places: Vec<(usize, &str)> = mapping.iter().map(|(place, key)| (*place, key.as_str())).collect();
        Some(renamed(book.sheets.get(self.sheet)?, &self.headings, &COLUMNS, &places))
    }

    /// Whether the file has a column of ours.
    pub(super) fn has(&self, key: &str) -> bool {
        self.columns.iter().any(|column| column.key.as_deref() == Some(key))
    }

    /// The place of a cell as people name it.
    pub(super) fn place(&self, row: u32, key: &str) -> String {
        let column = self.columns.iter().find(|column| column.key.as_deref() == Some(key)).map_or(0, |column| column.place);
        format!("{}!{}{row}", self.name, column_letters(column))
    }
}
