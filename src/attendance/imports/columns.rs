//! Rosters, and sheets of exits, contracts and crews, whose header nobody knows: a person is shown the columns with masked samples and says
//! once what each is; it is remembered for the project, the kind of sheet and the header, and offered on other projects of the same general
//! contractor, as with pay sheets (`projects::layouts`).
//!
//! A file is read by what was remembered before it was handed in, also when it is opened again later: what is said or forgotten since
//! changes no file. Deliberately absent: month grids, whose days are columns of their own.

use std::collections::BTreeMap;

use super::actions::{self, NewImport};
use super::sheets::{self, Rows, columns_of};
use super::table::{self, ImportRow};
use super::{Import, ImportState, SheetKind};
use crate::base::id::{ProjectId, RecordId};
use crate::base::person::{masked, numbers_masked};
use crate::projects::layouts::{
    of_contractor,
    table::{self as layouts, LayoutRow},
};
use crate::projects::{self, Site};
use crate::store::journal::sha256;
use crate::store::{AnyConn, Chain, Tx};
use crate::web::{Ctx, Problem};
use crate::wire::sheet::table::{Headings, Table, headings, renamed};
use crate::wire::sheet::{Sheet, Workbook, column_letters};
use crate::workers::roster::{self, RosterFile};

/// How a layout of a kind is told from others and from a pay sheet's; `None` for a kind whose columns nobody says.
fn prefix_of(kind: SheetKind) -> Option<&'static str> {
    match kind {
        SheetKind::Roster => Some("roster:"),
        SheetKind::EntryExit => Some("entry_exit:"),
        SheetKind::Contract => Some("contract:"),
        SheetKind::Crew => Some("crew:"),
        SheetKind::MonthGrid => None,
    }
}

/// Whether the columns of a kind of sheet may be said.
pub fn may_be_said(kind: SheetKind) -> bool {
    prefix_of(kind).is_some()
}

/// Rows of which samples are shown.
const SAMPLES: usize = 3;
/// Digits from which a text is a person's number.
const NUMBER_DIGITS: usize = 6;
/// Longest text that is shown, in characters.
const SHOWN_CHARS: usize = 20;
/// Digits of a day at most.
const DAY_DIGITS: usize = 8;
/// Remembered headers that a page lists.
const LISTED_MAX: usize = 20;

/// A column of a file whose header is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its place, from 0.
    pub place: usize,
    /// Its letters.
    pub letters: String,
    /// Its name in the file.
    pub name: String,
    /// The first rows, masked.
    pub samples: Vec<String>,
    /// Ours, where its name is known.
    pub key: Option<&'static str>,
}

/// What is asked of such a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Its columns.
    pub columns: Vec<Asked>,
    kind: SheetKind,
    sheet: usize,
    layout: String,
    headings: Headings,
}

/// What was said of such a file: the layout, and our column by place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    layout: String,
    places: BTreeMap<usize, String>,
}

/// A header that is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// Id.
    pub id: RecordId,
    /// Letters and our name of each column.
    pub columns: Vec<(String, &'static str)>,
    /// Who said it.
    pub by: String,
}

/// The columns of a kind that may be said, by key, with their names and whether such a sheet needs them.
pub fn choices(kind: SheetKind) -> Vec<(&'static str, &'static str, bool)> {
    columns_of(kind).iter().map(|one| (one.key, one.names.first().copied().unwrap_or(one.key), one.required)).collect()
}

fn name_of(kind: SheetKind, key: &str) -> Option<&'static str> {
    columns_of(kind).iter().find(|one| one.key == key).and_then(|one| one.names.first().copied())
}

/// A text of the file by which a person knows the column, and nobody a person.
fn sample(text: &str) -> String {
    let text: String = numbers_masked(text).chars().take(SHOWN_CHARS).collect();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_day = digits <= DAY_DIGITS
        && text.chars().all(|c| c.is_ascii_digit() || "-/.年月日".contains(c))
        && text.contains(['-', '/', '年']);
    match digits {
        _ if is_day => text,
        digits if digits >= NUMBER_DIGITS => masked(&text, 0, 2),
        // A name may hold a digit: only what is all number says nothing about a person.
        _ if text.chars().all(|c| c.is_ascii_digit() || ".,-% ".contains(c)) => text,
        _ => masked(&text, 1, 0),
    }
}

fn asked(kind: SheetKind, sheet: &Sheet, found: &Headings) -> Vec<Asked> {
    let known = |name: &str| columns_of(kind).iter().find(|one| one.names.contains(&name)).map(|one| one.key);
    let mut taken: Vec<&str> = Vec::new();
    let mut columns = Vec::new();
    for (place, (joined, lower)) in found.names.iter().enumerate().filter(|(_, (joined, _))| !joined.is_empty()) {
        let key = known(joined).or_else(|| known(lower)).filter(|key| !taken.contains(key));
        taken.extend(key);
        let rows = found.first..found.first.saturating_add(SAMPLES);
        let samples = rows.map(|row| sample(&sheet.cell(row, place).shown())).collect();
        columns.push(Asked { place, letters: column_letters(place), name: sample_name(joined), samples, key });
    }
    columns
}

/// A heading; one that holds a number is no heading.
fn sample_name(name: &str) -> String {
    if name.chars().filter(char::is_ascii_digit).count() >= NUMBER_DIGITS { masked(name, 0, 2) } else { name.to_owned() }
}

/// What is asked of a file that no header is known of; `None` where one is, or where there is nothing like a header.
pub fn ask(kind: SheetKind, book: &Workbook) -> Option<Ask> {
    let (prefix, ours) = (prefix_of(kind)?, columns_of(kind));
    if book.sheets.iter().any(|sheet| Table::find(sheet, ours).is_ok()) {
        return None;
    }
    let mut best: Option<(usize, &Sheet, Headings)> = None;
    for (place, sheet) in book.sheets.iter().enumerate() {
        if let Some(found) = headings(sheet, ours)
            && best.as_ref().is_none_or(|(.., before)| found.names.len() > before.names.len())
        {
            best = Some((place, sheet, found));
        }
    }
    let (place, sheet, found) = best?;
    let columns = asked(kind, sheet, &found);
    let names: Vec<&str> = found.names.iter().map(|(joined, _)| joined.as_str()).collect();
    Some(Ask { columns, kind, sheet: place, layout: format!("{prefix}{}", sha256(names.join("\n").as_bytes())), headings: found })
}

impl Ask {
    /// Takes what a person said: our column by place.
    ///
    /// # Errors
    /// `invalid` for a column that is none of ours or none of the file's, two places for one, or a needed one without a place.
    pub fn said(&self, places: &BTreeMap<usize, String>) -> Result<Said, Problem> {
        let mut used: BTreeMap<&str, usize> = BTreeMap::new();
        for (place, key) in places {
            let letters = column_letters(*place);
            if name_of(self.kind, key).is_none() || !self.columns.iter().any(|one| one.place == *place) {
                return Err(Problem::invalid("没有这一列。", "There is no such column.").at(letters, "unknown_reference"));
            }
            if let Some(other) = used.insert(key, *place) {
                let other = column_letters(other);
                let zh = format!("{other} 列与 {letters} 列对应同一项，只保留一列。");
                let en = format!("Columns {other} and {letters} are said to be the same; keep one of them.");
                return Err(Problem::invalid(zh, en).at(letters, "duplicate"));
            }
        }
        if let Some((key, name, _)) =
            choices(self.kind).into_iter().find(|(key, _, required)| *required && !used.contains_key(key))
        {
            let problem = Problem::invalid(format!("请指出哪一列是“{name}”。"), format!("Say which column is {key} ({name})."));
            return Err(problem.at(format!("columns.{key}"), "missing_field"));
        }
        Ok(Said { layout: self.layout.clone(), places: places.clone() })
    }

    /// The file with its header in our words.
    pub fn applied(&self, mut book: Workbook, said: &Said) -> Workbook {
        let places: Vec<(usize, &str)> = said.places.iter().map(|(place, key)| (*place, key.as_str())).collect();
        if let Some(sheet) = book.sheets.get_mut(self.sheet) {
            *sheet = renamed(sheet, &self.headings, columns_of(self.kind), &places);
        }
        book
    }

    fn of_row(&self, row: &LayoutRow) -> Result<Option<Said>, Problem> {
        let places: BTreeMap<usize, String> =
            serde_json::from_str(&row.mapping).map_err(|error| Problem::internal(&error.to_string()))?;
        // One that was forgotten is empty.
        Ok(if places.is_empty() { None } else { self.said(&places).ok() })
    }

    /// What is remembered of this header: on the project, else on another one of its general contractor.
    ///
    /// # Errors
    /// A store that fails.
    pub fn remembered(&self, conn: &mut AnyConn, ctx: &Ctx, site: &Site) -> Result<Option<Said>, Problem> {
        let own = layouts::layout(conn, site.id, &self.layout)?;
        match own {
            Some(row) => self.of_row(&row),
            None => match of_contractor(conn, ctx, site, &self.layout)? {
                Some(row) => self.of_row(&row),
                None => Ok(None),
            },
        }
    }
}

/// A kept file as it was read when it was handed in.
///
/// # Errors
/// A store that fails.
pub fn as_read(conn: &mut AnyConn, import: &ImportRow, book: Workbook) -> Result<Workbook, Problem> {
    let Some(ask) = ask(import.kind(), &book) else { return Ok(book) };
    let said = match layouts::layout_before(conn, import.project_id, &ask.layout, import.id)? {
        Some(row) => ask.of_row(&row)?,
        None => None,
    };
    Ok(match said {
        Some(said) => ask.applied(book, &said),
        None => book,
    })
}

/// Remembers what was said, unless it stands already.
pub fn remember(tx: &mut Tx<'_>, ctx: &Ctx, project: ProjectId, said: &Said) -> Result<(), Problem> {
    let mapping = serde_json::to_string(&said.places).map_err(|error| Problem::internal(&error.to_string()))?;
    if layouts::layout(tx.conn(), project, &said.layout)?.is_some_and(|known| known.mapping == mapping) {
        return Ok(());
    }
    write(tx, ctx, project, (said.layout.clone(), mapping))
}

fn write(tx: &mut Tx<'_>, ctx: &Ctx, project: ProjectId, (layout, mapping): (String, String)) -> Result<(), Problem> {
    let chain = Chain::Project(project);
    let row = LayoutRow {
        project_id: project,
        id: RecordId(ctx.id()),
        layout,
        mapping,
        confirmed_by: ctx.actor().to_owned(),
        recorded_seq: tx.seq(chain)?,
    };
    layouts::insert_layout(tx, &row)?;
    Ok(tx.note(chain, ctx.now, ctx.actor(), "say_roster_columns", &row.id.to_string())?)
}

/// The headers of a kind of sheet that are remembered on a project, the newest first.
///
/// # Errors
/// A store that fails.
pub fn standing(conn: &mut AnyConn, project: ProjectId, kind: SheetKind) -> Result<Vec<Remembered>, Problem> {
    let Some(prefix) = prefix_of(kind) else { return Ok(Vec::new()) };
    let mut latest: BTreeMap<String, LayoutRow> = BTreeMap::new();
    for row in layouts::layouts_of(conn, project, prefix)? {
        latest.insert(row.layout.clone(), row);
    }
    let mut rows: Vec<LayoutRow> = latest.into_values().collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.id));
    let mut shown = Vec::new();
    for row in rows {
        let places: BTreeMap<usize, String> =
            serde_json::from_str(&row.mapping).map_err(|error| Problem::internal(&error.to_string()))?;
        let columns: Vec<(String, &'static str)> =
            places.iter().filter_map(|(place, key)| Some((column_letters(*place), name_of(kind, key)?))).collect();
        if !columns.is_empty() {
            shown.push(Remembered { id: row.id, columns, by: row.confirmed_by });
        }
    }
    shown.truncate(LISTED_MAX);
    Ok(shown)
}

/// Forgets a header: the next file with it is asked about again. What was enrolled by it stays.
///
/// # Errors
/// `not_found` for what is not remembered.
pub fn forget(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, id: RecordId) -> Result<(), Problem> {
    tx.seq(Chain::Project(site.id))?;
    for kind in SheetKind::ALL {
        let Some(prefix) = prefix_of(*kind) else { continue };
        if !standing(tx.conn(), site.id, *kind)?.iter().any(|one| one.id == id) {
            continue;
        }
        let rows = layouts::layouts_of(tx.conn(), site.id, prefix)?;
        let row = rows.into_iter().find(|row| row.id == id).ok_or_else(Problem::not_found)?;
        return write(tx, ctx, site.id, (row.layout, "{}".to_owned()));
    }
    Err(Problem::not_found())
}

/// What is asked of an import that was kept because its header is not known; `None` for any other.
///
/// # Errors
/// As [`actions::open`].
pub fn asked_of(conn: &mut AnyConn, ctx: &Ctx, site: &Site, id: RecordId) -> Result<Option<Ask>, Problem> {
    let import = Import::find(conn, site.id, id)?.ok_or_else(Problem::not_found)?;
    if !import.row.is_asked_about() || import.state() != ImportState::Waiting {
        return Ok(None);
    }
    let (_, book, _) = actions::open(conn, ctx, site.id, id)?;
    Ok(ask(import.row.kind(), &book))
}

/// A file as it was read.
pub struct ReadFile {
    /// Its rows.
    pub rows: Box<dyn Rows>,
    /// What was said of its columns, to be remembered.
    pub said: Option<Said>,
    /// Whether its header is not known, and a person may say its columns.
    pub is_strange: bool,
}

/// Reads a file before it is kept. It takes a while: not for the event loop.
///
/// # Errors
/// `invalid` for what is no table of any kind, and for columns that were said wrongly.
pub fn read(ctx: &Ctx, project: ProjectId, file: &RosterFile, new: &NewImport) -> Result<ReadFile, Problem> {
    let mut book = actions::opened(&file.bytes)?;
    let (mut said, mut is_strange) = (None, false);
    if let Some(ask) = ask(new.kind, &book) {
        said = match &new.columns {
            Some(places) => Some(ask.said(places)?),
            None => ctx.ground.db.read_blocking(|conn| {
                let site = projects::enter(conn, &ctx.scope, project)?;
                ask.remembered(conn, ctx, &site)
            })?,
        };
        is_strange = said.is_none();
        if let Some(said) = &said {
            book = ask.applied(book, said);
        }
    }
    Ok(ReadFile { rows: sheets::read(&new.fresh(ctx, project, file), &book), said, is_strange })
}

/// Keeps a file whose header is not known, so that somebody may say its columns.
///
/// # Errors
/// A store that fails.
pub fn keep_to_ask(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, file: &RosterFile, new: &NewImport) -> Result<ImportRow, Problem> {
    let recorded_seq = tx.seq(Chain::Project(site.id))?;
    let inbox_id = roster::keep_file(tx, ctx, site, file, 0)?;
    let row = ImportRow { inbox_id, recorded_seq, ..new.fresh(ctx, site.id, file) };
    table::insert(tx, &row)?;
    Ok(row)
}

/// Reads a file that was kept because its header is not known as somebody says its columns are; gives the import that it becomes.
///
/// # Errors
/// `not_found`, `conflict` for an import whose columns are known, `invalid` as [`Ask::said`] and for a file that holds no row so.
pub fn read_as_said(
    conn: &mut AnyConn,
    ctx: &Ctx,
    site: &Site,
    id: RecordId,
    places: &BTreeMap<usize, String>,
) -> Result<(ImportRow, Said), Problem> {
    let import = Import::find(conn, site.id, id)?.ok_or_else(Problem::not_found)?;
    let known = || Problem::conflict("这份表格的各列已知。", "The columns of this file are known.").at("roster", "bad_state");
    if !import.row.is_asked_about() {
        return Err(known());
    }
    let (_, book, _) = actions::open(conn, ctx, site.id, id)?;
    let ask = ask(import.row.kind(), &book).ok_or_else(known)?;
    let said = ask.said(places)?;
    let rows = sheets::read(&ImportRow { read_on: ctx.today, ..import.row.clone() }, &ask.applied(book, &said));
    let refused = actions::require_fit(rows.as_ref())?;
    let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    Ok((ImportRow { good_rows: count(rows.count()), bad_rows: count(refused), read_on: ctx.today, ..import.row }, said))
}

/// Keeps the import that such a file becomes, and what was said of its columns.
pub fn take_as_said(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, read: &ImportRow, said: &Said) -> Result<RecordId, Problem> {
    let recorded_seq = tx.seq(Chain::Project(site.id))?;
    // Said before the import begins, so that it is read by it.
    remember(tx, ctx, site.id, said)?;
    let row = ImportRow {
        id: RecordId(ctx.id()),
        recorded_by: ctx.actor().to_owned(),
        recorded_at: ctx.now,
        recorded_seq,
        ..read.clone()
    };
    table::insert(tx, &row)?;
    Ok(row.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_show_what_a_column_is_and_nobodys_number() {
        let shown: Vec<String> =
            ["张三丰", "工人1", "11999919900101032X", "13900000000", "2026-03-01", "2026/3/1", "320.00", "020"]
                .map(sample)
                .to_vec();
        assert_eq!(shown[..2], ["张**", "工**"]);
        assert_eq!((shown[2].as_str(), shown[3].as_str()), ("*".repeat(18).as_str(), "*".repeat(11).as_str()), "{shown:?}");
        assert_eq!(shown[4..], ["2026-03-01", "2026/3/1", "320.00", "020"]);
        for text in ["138-0000-0000", "119999-19900101-0012", "6219-9999-9999-9999-994"] {
            assert!(sample(text).contains("***"), "{text}: {}", sample(text));
        }
    }
}
