//! Keeping a file, looking at what it would come to, taking it step by step, and the error sheet.

use std::collections::{BTreeMap, BTreeSet};

use super::columns::{self, ReadFile};
use super::sheets::{self, Done, Rows, Seen, columns_of};
use super::table::{self, ImportRow, RowRow, StepRow};
use super::{Import, ImportState, JOB, Odd, Preview, Refusal, RowState, SHOWN_MAX, SheetKind, Step, WHOLE_MAX};
use crate::base::Month;
use crate::base::id::{InboxId, ProjectId, RecordId};
use crate::projects::Site;
use crate::store::{AnyConn, Chain, Tx, jobs};
use crate::web::problem::Fault;
use crate::web::{Code, Ctx, Problem};
use crate::wire::roster as wire;
use crate::wire::sheet::table::{Column, Table};
use crate::wire::sheet::write::refused_rows;
use crate::wire::sheet::{self, Workbook};
use crate::workers::roster::{self, Defaults, ROWS_MAX, RosterFile, fault_of};
use crate::workers::{WarningCode, lookups};

fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// What a file is handed in as.
#[derive(Debug, Clone)]
pub struct NewImport {
    /// Which sheet it is.
    pub kind: SheetKind,
    /// The month of a month grid, where its title does not say it.
    pub month: Option<Month>,
    /// What holds for rows of a roster that do not say it.
    pub defaults: Defaults,
    /// Our column by place, where somebody says what the columns are.
    pub columns: Option<BTreeMap<usize, String>>,
}

impl NewImport {
    /// The row of such a file before anything of it is known.
    pub(super) fn fresh(&self, ctx: &Ctx, project: ProjectId, file: &RosterFile) -> ImportRow {
        ImportRow {
            project_id: project,
            id: RecordId(ctx.id()),
            inbox_id: InboxId(0),
            file_name: file.name.clone().unwrap_or_else(|| "-".to_owned()),
            day_rate_fen: self.defaults.day_rate,
            entered_on: self.defaults.entered_on,
            paper: self.defaults.paper,
            safety_trained: self.defaults.safety_trained,
            good_rows: 0,
            bad_rows: 0,
            read_on: ctx.today,
            recorded_by: ctx.actor().to_owned(),
            recorded_at: ctx.now,
            recorded_seq: 0,
            kind: Some(self.kind).filter(|kind| *kind != SheetKind::Roster),
            month: self.month,
        }
    }
}

/// Opens a file.
pub(super) fn opened(bytes: &[u8]) -> Result<Workbook, Problem> {
    sheet::read(bytes).map_err(|fault| Problem::invalid(fault.zh, fault.en).at("file", fault.reason.code()))
}

/// Refuses a file that holds no such sheet, or too many rows; gives how many of its rows cannot be read.
///
/// # Errors
/// `invalid` for a file that holds no such sheet, `too_large` beyond [`ROWS_MAX`] rows.
pub fn require_fit(rows: &dyn Rows) -> Result<usize, Problem> {
    if let Some(problem) = rows.problems().iter().find(|problem| problem.row == 0) {
        let fault = fault_of(problem);
        return Err(Problem::invalid(fault.zh, fault.en).at(fault.place, &fault.reason));
    }
    let refused = sheets::unreadable(rows).len();
    let all = rows.count().saturating_add(refused);
    if all > ROWS_MAX {
        let (zh, en) = (format!("一份文件最多 {ROWS_MAX} 行。"), format!("A file has at most {ROWS_MAX} rows."));
        return Err(Problem::new(Code::TooLarge, zh, en).at("file", "over_limit"));
    }
    Ok(refused)
}

/// Keeps a file that was read; nothing of it is taken yet.
///
/// # Errors
/// `invalid` for a file that holds no such sheet, `too_large` beyond [`ROWS_MAX`] rows.
pub fn hand_in(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    file: &RosterFile,
    read: &ReadFile,
    new: &NewImport,
) -> Result<ImportRow, Problem> {
    let rows = read.rows.as_ref();
    let refused = require_fit(rows)?;
    let all = rows.count().saturating_add(refused);
    let chain = Chain::Project(site.id);
    if let Some(said) = &read.said {
        tx.seq(chain)?;
        columns::remember(tx, ctx, site.id, said)?;
    }
    let row = ImportRow {
        inbox_id: roster::keep_file(tx, ctx, site, file, all)?,
        good_rows: number(rows.count()),
        bad_rows: number(refused),
        month: rows.month().or(new.month),
        recorded_seq: tx.seq(chain)?,
        ..new.fresh(ctx, site.id, file)
    };
    table::insert(tx, &row)?;
    Ok(row)
}

/// An import with its file as a workbook and as the rows of its sheet.
///
/// # Errors
/// `not_found` for one that the project has not.
pub fn open(
    conn: &mut AnyConn,
    ctx: &Ctx,
    project: ProjectId,
    id: RecordId,
) -> Result<(Import, Workbook, Box<dyn Rows>), Problem> {
    let import = Import::find(conn, project, id)?.ok_or_else(Problem::not_found)?;
    let bytes = roster::kept_file(conn, ctx.vault(), import.row.inbox_id)?.ok_or_else(Problem::not_found)?;
    let book = columns::as_read(conn, &import.row, opened(&bytes)?)?;
    let rows = sheets::read(&import.row, &book);
    Ok((import, book, rows))
}

/// What a file would come to as things stand; changes nothing.
pub fn preview(conn: &mut AnyConn, ctx: &Ctx, site: &Site, rows: &dyn Rows) -> Result<Preview, Problem> {
    let mut refusals: Vec<Refusal> = Vec::new();
    let mut preview = Preview { remarks: rows.remarks().to_vec(), ..Preview::default() };
    let mut before: BTreeSet<String> = BTreeSet::new();
    for place in 0..rows.count() {
        match rows.look(conn, ctx, site, place, &mut before)? {
            Seen::Known => preview.known += 1,
            Seen::Good(name, warnings) => {
                preview.good += 1;
                preview.elsewhere += u32::from(warnings.iter().any(|one| one.code == WarningCode::ActiveElsewhere));
                preview.warned += u32::from(!warnings.is_empty());
                if !warnings.is_empty() && preview.odd.len() < SHOWN_MAX {
                    preview.odd.push(Odd { row: rows.number(place), name, enrolment: None, warnings });
                }
            }
            Seen::Refused(faults) => refusals.push(Refusal { row: rows.number(place), faults }),
        }
    }
    refusals.extend(sheets::unreadable(rows));
    refusals.sort_by_key(|refusal| refusal.row);
    preview.refused = u32::try_from(refusals.len()).unwrap_or(u32::MAX);
    preview.refusals = refusals;
    Ok(preview)
}

/// Has a file taken: its good rows, or (`whole`) all or none. The job does it.
///
/// # Errors
/// `not_found`, `conflict` when somebody did already, `too_large` for a whole roster beyond [`WHOLE_MAX`] rows.
pub fn begin(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, id: RecordId, whole: bool) -> Result<(), Problem> {
    // Taken first, so that two who begin at once stand in a queue.
    tx.seq(Chain::Project(site.id))?;
    let import = Import::find(tx.conn(), site.id, id)?.ok_or_else(Problem::not_found)?;
    if import.state() != ImportState::Waiting {
        let (zh, en) = ("这份花名册已开始登记。", "This roster is being taken already, or was.");
        return Err(Problem::conflict(zh, en).at("roster", "bad_state"));
    }
    if import.row.is_asked_about() && columns::asked_of(tx.conn(), ctx, site, id)?.is_some() {
        let (zh, en) = ("请先说明这份表格各列的含义。", "Say first what the columns of this file are.");
        return Err(Problem::conflict(zh, en).at("roster", "bad_state"));
    }
    if whole && !import.mended().is_empty() {
        let (zh, en) = (
            "已有改正并登记的行，不能再“全部合格才登记”；请登记合格的行。",
            "Some rows were mended and taken already, so that all or none cannot be had; take the good rows.",
        );
        return Err(Problem::conflict(zh, en).at("whole", "bad_state"));
    }
    if whole && import.row.good_rows > number(WHOLE_MAX) {
        let zh = format!("“全部合格才登记”最多 {WHOLE_MAX} 行，请拆分文件，或选择登记合格的行。");
        let en = format!("All or none is for {WHOLE_MAX} rows at most; split the file, or have its good rows taken.");
        return Err(Problem::new(Code::TooLarge, zh, en).at("whole", "over_limit"));
    }
    let step = if whole { Step::BegunWhole } else { Step::Begun };
    note(tx, ctx, &import.row, step, (0, 0), [0; 3])?;
    jobs::enqueue(tx.conn(), ctx.id(), JOB, &format!("{} {id}", site.id), ctx.now)?;
    Ok(())
}

fn note(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    import: &ImportRow,
    step: Step,
    (from_place, until_place): (i32, i32),
    [enrolled, known, refused]: [i32; 3],
) -> Result<(), Problem> {
    let chain = Chain::Project(import.project_id);
    let row = StepRow {
        project_id: import.project_id,
        id: RecordId(ctx.id()),
        import_id: import.id,
        step,
        from_place,
        until_place,
        enrolled,
        known,
        refused,
        recorded_by: ctx.actor().to_owned(),
        recorded_at: ctx.now,
        recorded_seq: tx.seq(chain)?,
    };
    table::insert_step(tx, &row)?;
    Ok(tx.note(chain, ctx.now, ctx.actor(), "roster_step", &format!("{step} {}", import.id))?)
}

pub(super) fn tell(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    import: &ImportRow,
    row: u32,
    state: RowState,
    (told, enrolment_id): (String, Option<RecordId>),
) -> Result<(), Problem> {
    let row = RowRow {
        project_id: import.project_id,
        id: RecordId(ctx.id()),
        import_id: import.id,
        row_number: i32::try_from(row).unwrap_or(i32::MAX),
        state,
        told,
        enrolment_id,
        recorded_by: ctx.actor().to_owned(),
        recorded_at: ctx.now,
        recorded_seq: tx.seq(Chain::Project(import.project_id))?,
    };
    Ok(table::insert_row(tx, &row)?)
}

fn refuse(tx: &mut Tx<'_>, ctx: &Ctx, import: &ImportRow, row: u32, faults: &[Fault]) -> Result<(), Problem> {
    let told = serde_json::to_string(faults).map_err(|error| Problem::internal(&error.to_string()))?;
    tell(tx, ctx, import, row, RowState::Refused, (told, None))
}

/// What a person should look at; what concerns many rows of a new crew is seen on the roll.
fn is_told(code: WarningCode) -> bool {
    !matches!(code, WarningCode::NoPaper | WarningCode::NotTrained)
}

/// Goes through the readable rows from one place to another and says so; nothing happens where that was done before.
///
/// # Errors
/// Only what stands in the way of all; of a file that is taken whole also `conflict` when a row is refused.
pub fn take(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    id: RecordId,
    site: &Site,
    rows: &dyn Rows,
    (from, until): (usize, usize),
) -> Result<(), Problem> {
    tx.seq(Chain::Project(site.id))?;
    let import = Import::find(tx.conn(), site.id, id)?.ok_or_else(Problem::not_found)?;
    if import.state() != ImportState::Running || import.next_place() != number(from) {
        return Ok(());
    }
    let mut counts = [0_i32; 3];
    let [taken, known, refused] = &mut counts;
    let mended = import.mended();
    for place in (from..until.min(rows.count())).filter(|place| !mended.contains(&rows.number(*place))) {
        match rows.take(tx, ctx, site, place)? {
            Done::Known(_) => *known += 1,
            Done::Taken(about, warnings) => {
                *taken += 1;
                let codes: Vec<&str> = warnings.iter().filter(|one| is_told(one.code)).map(|one| one.code.as_str()).collect();
                if !codes.is_empty() {
                    tell(tx, ctx, &import.row, rows.number(place), RowState::Odd, (codes.join(","), about))?;
                }
            }
            Done::Refused(_) if import.is_whole() => {
                let (zh, en) = ("有不合格的行，整份未登记。", "A row is refused, so that none is taken.");
                return Err(Problem::conflict(zh, en).at("row", "sum_mismatch"));
            }
            Done::Refused(faults) => {
                *refused += 1;
                refuse(tx, ctx, &import.row, rows.number(place), &faults)?;
            }
        }
    }
    note(tx, ctx, &import.row, Step::Taken, (number(from), number(until)), counts)
}

/// Refuses one readable row that the store would not take, and goes on behind it.
pub fn pass_over(tx: &mut Tx<'_>, ctx: &Ctx, id: RecordId, site: &Site, rows: &dyn Rows, place: usize) -> Result<(), Problem> {
    tx.seq(Chain::Project(site.id))?;
    let import = Import::find(tx.conn(), site.id, id)?.ok_or_else(Problem::not_found)?;
    if place >= rows.count() || import.next_place() != number(place) {
        return Ok(());
    }
    let (zh, en) = ("未处理：系统未能保存本行，请再次上传。", "Not taken: this row could not be kept. Upload it again.");
    let faults = Problem::invalid(zh, en).at("name", "not_kept").faults;
    refuse(tx, ctx, &import.row, rows.number(place), &rows.placed(place, faults))?;
    note(tx, ctx, &import.row, Step::Taken, (number(place), number(place + 1)), [0, 0, 1])
}

/// Ends an import: rows that could not be read are told; of a roster that is not taken whole also the others that are refused.
pub fn end(tx: &mut Tx<'_>, ctx: &Ctx, id: RecordId, site: &Site, refusals: &[Refusal]) -> Result<(), Problem> {
    tx.seq(Chain::Project(site.id))?;
    let import = Import::find(tx.conn(), site.id, id)?.ok_or_else(Problem::not_found)?;
    if import.state() != ImportState::Running {
        return Ok(());
    }
    let mended = import.mended();
    let mut told = 0_usize;
    for refusal in refusals.iter().filter(|refusal| !mended.contains(&refusal.row)) {
        refuse(tx, ctx, &import.row, refusal.row, &refusal.faults)?;
        told = told.saturating_add(1);
    }
    let counts = import.counts();
    let of = |count: i32| usize::try_from(count).unwrap_or(0);
    let refused = of(counts.refused).saturating_add(told);
    roster::close_file(tx, ctx, import.row.inbox_id, (of(counts.enrolled).saturating_add(of(counts.known)), refused))?;
    note(tx, ctx, &import.row, Step::Ended, (import.row.good_rows, import.row.good_rows), [0, 0, number(told)])
}

/// The rows that stand refused as XLSX, in the words of the file and with a column of reasons: plain numbers, which whoever gives it
/// away writes down by [`super::note_look`].
///
/// # Errors
/// `not_found` for an import that the project has not.
pub fn error_sheet(conn: &mut AnyConn, ctx: &Ctx, site: &Site, id: RecordId) -> Result<Vec<u8>, Problem> {
    let (import, book, _) = open(conn, ctx, site.id, id)?;
    let told = |faults: Vec<Fault>| {
        let texts: Vec<String> = faults.iter().map(|fault| format!("{} {} {}", fault.place, fault.reason, fault.zh)).collect();
        texts.join("；")
    };
    let mut reasons: Vec<(u32, String)> = Vec::new();
    for (row, faults) in import.refused() {
        reasons.push((u32::try_from(row).unwrap_or(0), told(faults)));
    }
    let columns = columns_of(import.row.kind());
    let found = book.sheets.iter().find_map(|sheet| Table::find(sheet, columns).ok());
    refused_rows(found.as_ref(), columns, &reasons).map_err(|error| Problem::internal(&error.to_string()))
}

/// A cell to be mended: key and name of our column, and the text of the file.
pub type Cell = (&'static str, &'static str, String);

/// The texts of a row as the file has them, to be mended; plain numbers as well, but none that may have lost digits.
///
/// # Errors
/// As [`error_sheet`].
pub fn row_to_mend(conn: &mut AnyConn, ctx: &Ctx, site: &Site, id: RecordId, row: u32) -> Result<Vec<Cell>, Problem> {
    let (import, book, _) = open(conn, ctx, site.id, id)?;
    let columns = columns_of(import.row.kind());
    let found = book.sheets.iter().find_map(|sheet| Table::find(sheet, columns).ok());
    let place = usize::try_from(row.saturating_sub(1)).unwrap_or(usize::MAX);
    let text = |column: &Column| found.as_ref().and_then(|table| table.text_to_mend(place, column)).unwrap_or_default();
    Ok(columns.iter().map(|column| (column.key, column.names.first().copied().unwrap_or(column.key), text(column))).collect())
}

/// Everybody on the roll as a roster that is read without a change; plain numbers as well.
///
/// # Errors
/// A store that fails.
pub fn export(conn: &mut AnyConn, ctx: &Ctx, site: &Site) -> Result<Vec<u8>, Problem> {
    wire::write_xlsx(&lookups::as_roster(conn, ctx, site)?).map_err(|error| Problem::internal(&error.to_string()))
}
