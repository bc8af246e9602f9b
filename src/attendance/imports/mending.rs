//! Mending a refused row in place: before the file is taken, or after.

use std::collections::{BTreeMap, BTreeSet};

use super::actions::{open, tell};
use super::sheets::{self, Done, Seen, columns_of};
use super::table::ImportRow;
use super::{Import, ImportState, RowState};
use crate::base::id::RecordId;
use crate::projects::Site;
use crate::store::{AnyConn, Chain, Tx};
use crate::web::problem::Fault;
use crate::web::{Ctx, Problem};
use crate::wire::sheet::table::Column;
use crate::wire::sheet::{self, Cell as SheetCell, Format, Sheet, Workbook};
use crate::workers::roster::fault_of;

/// Whether a row of a file that waits would be refused as things stand.
fn would_be_refused(conn: &mut AnyConn, ctx: &Ctx, site: &Site, id: RecordId, row_number: u32) -> Result<bool, Problem> {
    let (import, _, rows) = open(conn, ctx, site.id, id)?;
    if import.mended().contains(&row_number) {
        return Ok(false);
    }
    if sheets::unreadable(rows.as_ref()).iter().any(|refusal| refusal.row == row_number) {
        return Ok(true);
    }
    let Some(place) = (0..rows.count()).find(|place| rows.number(*place) == row_number) else { return Ok(false) };
    // By itself first: only where it is sound alone does it matter what the rows before it take up.
    if let Seen::Refused(_) = rows.look(conn, ctx, site, place, &mut BTreeSet::new())? {
        return Ok(true);
    }
    let mut before = BTreeSet::new();
    for earlier in 0..place {
        rows.look(conn, ctx, site, earlier, &mut before)?;
    }
    Ok(matches!(rows.look(conn, ctx, site, place, &mut before)?, Seen::Refused(_)))
}

/// Takes a refused row as a person has put it right: our columns by their keys. Gives the enrolment that it is about, where it is about one.
/// While the file waits, a row that would be refused is put right and taken before the others, which go through without it then.
///
/// # Errors
/// `conflict` for a row that is not refused, and for sheets that need another right than this has: their error sheet goes up again;
/// `invalid` with every fault of the row as it is now; then it stays refused.
pub fn mend(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    id: RecordId,
    row_number: u32,
    cells: &BTreeMap<String, String>,
) -> Result<Option<RecordId>, Problem> {
    tx.seq(Chain::Project(site.id))?;
    let import = Import::find(tx.conn(), site.id, id)?.ok_or_else(Problem::not_found)?;
    let stands = match import.state() {
        ImportState::Waiting => would_be_refused(tx.conn(), ctx, site, id, row_number)?,
        _ => import.refused().iter().any(|(row, _)| u32::try_from(*row) == Ok(row_number)),
    };
    if !stands || import.is_whole() || !import.row.kind().is_mended_in_place() {
        let (zh, en) = ("该行不在待改正的行中。", "This row is not among those that wait to be mended.");
        return Err(Problem::conflict(zh, en).at("row", "bad_state"));
    }
    let columns = columns_of(import.row.kind());
    let cells = &by_key(columns, cells)?;
    let rows = sheets::read(&ImportRow { read_on: ctx.today, ..import.row.clone() }, &book_of(columns, cells));
    if rows.count() == 0 {
        return Err(in_columns(columns, rows.problems().iter().map(fault_of)));
    }
    let about = match rows.take(tx, ctx, site, 0)? {
        Done::Known(about) | Done::Taken(about, _) => about,
        Done::Refused(faults) => return Err(in_columns(columns, faults.into_iter())),
    };
    tell(tx, ctx, &import.row, row_number, RowState::Mended, ("[]".to_owned(), about))?;
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "mend_roster_row", &format!("{id} {row_number}"))?;
    Ok(about)
}

/// Faults of the one row that was sent, each at the name of its column instead of a cell that nobody sees.
fn in_columns(columns: &[Column], faults: impl Iterator<Item = Fault>) -> Problem {
    let mut problem = Problem::invalid("该行仍有问题，请按提示改正。", "The row still has faults; mend what is told of each.");
    for fault in faults {
        let letters: String =
            fault.place.rsplit('!').next().unwrap_or_default().chars().take_while(char::is_ascii_alphabetic).collect();
        let column = (0..columns.len()).find(|place| sheet::column_letters(*place) == letters);
        let name = column.and_then(|place| columns.get(place)).and_then(|column| column.names.first());
        problem.faults.push(Fault { place: name.map_or(fault.place.clone(), |name| (*name).to_owned()), ..fault });
    }
    problem
}

/// Cells by the keys of our columns, from those or the headings of files; none is dropped in silence.
fn by_key(columns: &[Column], cells: &BTreeMap<String, String>) -> Result<BTreeMap<&'static str, String>, Problem> {
    let (mut found, mut faults) = (BTreeMap::new(), Vec::new());
    for (told, text) in cells {
        let name: String = told.chars().filter(|c| !c.is_whitespace()).collect();
        let column = columns.iter().find(|column| column.key == name || column.names.contains(&name.as_str()));
        let (zh, en) = match column {
            Some(column) if found.insert(column.key, text.clone()).is_none() => continue,
            Some(_) => ("同一列填写了两次".to_owned(), "this column was given twice".to_owned()),
            None => {
                let keys = columns.iter().map(|column| column.key).collect::<Vec<_>>().join(", ");
                (format!("没有这一列；可用列：{keys}"), format!("there is no such column; the columns are: {keys}"))
            }
        };
        faults.push(Fault { place: told.chars().take(40).collect(), reason: "bad_format".to_owned(), zh, en });
    }
    if faults.is_empty() {
        return Ok(found);
    }
    let problem = Problem::invalid("有无法识别的列，请按提示改正。", "Some columns are not known; mend what is told of each.");
    Err(problem.with_faults(faults))
}

/// A sheet of one row, from texts by the keys of our columns: what is mended in place is read like any file.
fn book_of(columns: &[Column], cells: &BTreeMap<&'static str, String>) -> Workbook {
    let heading = |column: &Column| SheetCell::Text(column.names.first().copied().unwrap_or(column.key).to_owned());
    let cell = |column: &Column| cells.get(column.key).map_or(SheetCell::Empty, |text| SheetCell::Text(text.clone()));
    let rows = vec![columns.iter().map(heading).collect(), columns.iter().map(cell).collect()];
    Workbook { format: Format::Text, sheets: vec![Sheet { name: "1".to_owned(), rows, ..Sheet::default() }] }
}
