//! Keeping a roster, looking at what it would come to, taking it step by step, mending a refused row, and the error sheet.

use std::collections::{BTreeMap, BTreeSet};

use super::table::{self, ImportRow, RowRow, StepRow};
use super::{Import, ImportState, JOB, Odd, Preview, Refusal, RowState, SHOWN_MAX, Step, WHOLE_MAX};
use crate::base::id::{ProjectId, RecordId};
use crate::projects::{self, Site};
use crate::store::{AnyConn, Chain, Tx, jobs};
use crate::users;
use crate::web::problem::Fault;
use crate::web::{Code, Ctx, Problem};
use crate::wire::roster::{self as wire, Roster, RosterRow};
use crate::wire::sheet::{self, Workbook};
use crate::workers::roster::{self, Defaults, Fate, ROWS_MAX, RosterFile};
use crate::workers::{Enrolled, WarningCode, actions as workers, enrolling, lookups};

fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// Keeps a roster that was read; nobody is enrolled by it yet.
///
/// # Errors
/// `invalid` for a file that holds no roster, `too_large` beyond [`ROWS_MAX`] rows.
pub fn hand_in(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    file: &RosterFile,
    roster: &Roster,
    defaults: &Defaults,
) -> Result<ImportRow, Problem> {
    if let Some(problem) = roster.problems.iter().find(|problem| problem.row == 0) {
        let fault = roster::fault_of(problem);
        return Err(Problem::invalid(fault.zh, fault.en).at(fault.place, &fault.reason));
    }
    let refused = roster::refused_by_reading(roster).len();
    if roster.rows.len().saturating_add(refused) > ROWS_MAX {
        let (zh, en) = (format!("一份花名册最多 {ROWS_MAX} 行。"), format!("A roster has at most {ROWS_MAX} rows."));
        return Err(Problem::new(Code::TooLarge, zh, en).at("file", "over_limit"));
    }
    let chain = Chain::Project(site.id);
    let row = ImportRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        inbox_id: roster::keep_file(tx, ctx, site, file, roster.rows.len().saturating_add(refused))?,
        file_name: file.name.clone().unwrap_or_else(|| "-".to_owned()),
        day_rate_fen: defaults.day_rate,
        entered_on: defaults.entered_on,
        paper: defaults.paper,
        safety_trained: defaults.safety_trained,
        good_rows: number(roster.rows.len()),
        bad_rows: number(refused),
        read_on: ctx.today,
        recorded_by: ctx.actor().to_owned(),
        recorded_at: ctx.now,
        recorded_seq: tx.seq(chain)?,
    };
    table::insert(tx, &row)?;
    Ok(row)
}

/// An import with its file as a workbook and as a roster.
///
/// # Errors
/// `not_found` for one that the project has not.
pub fn open(conn: &mut AnyConn, ctx: &Ctx, project: ProjectId, id: RecordId) -> Result<(Import, Workbook, Roster), Problem> {
    let import = Import::find(conn, project, id)?.ok_or_else(Problem::not_found)?;
    let bytes = roster::kept_file(conn, ctx.vault(), import.row.inbox_id)?.ok_or_else(Problem::not_found)?;
    let book = sheet::read(&bytes).map_err(|fault| Problem::invalid(fault.zh, fault.en).at("file", fault.reason.code()))?;
    let read = wire::parse(&book, import.row.read_on);
    Ok((import, book, read))
}

/// What a roster would come to as the roll stands; changes nothing.
pub fn preview(conn: &mut AnyConn, ctx: &Ctx, site: &Site, import: &Import, read: &Roster) -> Result<Preview, Problem> {
    let crews = projects::table::crews_of(conn, site.id)?;
    let defaults = import.defaults();
    let mut refusals: Vec<Refusal> = Vec::new();
    let mut preview = Preview { remarks: read.remarks.clone(), ..Preview::default() };
    // A number at the gate that two rows have is refused at the second, as when they are taken.
    let mut pins: BTreeSet<String> = BTreeSet::new();
    for row in &read.rows {
        let faults = match roster::judge(conn, ctx, site, &crews, row, &defaults)? {
            Fate::Known(_) => {
                preview.known += 1;
                continue;
            }
            Fate::Refused(faults) => faults,
            Fate::New(new) => match enrolling::check(conn, ctx, site, &new) {
                Ok(checked) if checked.pin().is_none_or(|pin| pins.insert(pin.to_owned())) => {
                    preview.good += 1;
                    if !checked.warnings.is_empty() && preview.odd.len() < SHOWN_MAX {
                        let name = checked.name().to_owned();
                        preview.odd.push(Odd { row: row.row, name, enrolment: None, warnings: checked.warnings });
                    }
                    continue;
                }
                Ok(_) => {
                    let (zh, en) =
                        ("该考勤编号在本表中已用于前面的行。", "An earlier row of this sheet has this number at the gate.");
                    Problem::conflict(zh, en).at("pin", "duplicate").faults
                }
                Err(problem) => roster::refused(problem)?,
            },
        };
        refusals.push(Refusal { row: row.row, faults: roster::placed(read, row, faults) });
    }
    refusals.extend(unreadable(roster::refused_by_reading(read)));
    refusals.sort_by_key(|refusal| refusal.row);
    preview.refused = u32::try_from(refusals.len()).unwrap_or(u32::MAX);
    preview.refusals = refusals;
    Ok(preview)
}

/// Has a roster taken: its good rows, or (`whole`) all or none. The job does it.
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

fn tell(
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
/// Only what stands in the way of all; of a roster that is taken whole also `conflict` when a row is refused.
pub fn take(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    id: RecordId,
    site: &Site,
    read: &Roster,
    (from, until): (usize, usize),
) -> Result<(), Problem> {
    tx.seq(Chain::Project(site.id))?;
    let import = Import::find(tx.conn(), site.id, id)?.ok_or_else(Problem::not_found)?;
    if import.state() != ImportState::Running || import.next_place() != number(from) {
        return Ok(());
    }
    let crews = projects::table::crews_of(tx.conn(), site.id)?;
    let defaults = import.defaults();
    let mut counts = [0_i32; 3];
    let [enrolled, known, refused] = &mut counts;
    for row in read.rows.get(from..until.min(read.rows.len())).unwrap_or_default() {
        let faults = match roster::judge(tx.conn(), ctx, site, &crews, row, &defaults)? {
            Fate::Known(_) => {
                *known += 1;
                continue;
            }
            Fate::Refused(faults) => faults,
            Fate::New(new) => match workers::enrol(tx, ctx, site, &new) {
                Ok(Enrolled { view, warnings }) => {
                    *enrolled += 1;
                    let codes: Vec<&str> = warnings.iter().filter(|one| is_told(one.code)).map(|one| one.code.as_str()).collect();
                    if !codes.is_empty() {
                        tell(tx, ctx, &import.row, row.row, RowState::Odd, (codes.join(","), Some(view.id)))?;
                    }
                    continue;
                }
                Err(problem) => roster::refused(problem)?,
            },
        };
        if import.is_whole() {
            let (zh, en) = ("有不合格的行，整份未登记。", "A row is refused, so that none is taken.");
            return Err(Problem::conflict(zh, en).at("row", "sum_mismatch"));
        }
        *refused += 1;
        refuse(tx, ctx, &import.row, row.row, &roster::placed(read, row, faults))?;
    }
    note(tx, ctx, &import.row, Step::Taken, (number(from), number(until)), counts)
}

/// Refuses one readable row that the store would not take, and goes on behind it.
pub fn pass_over(tx: &mut Tx<'_>, ctx: &Ctx, id: RecordId, site: &Site, read: &Roster, place: usize) -> Result<(), Problem> {
    tx.seq(Chain::Project(site.id))?;
    let import = Import::find(tx.conn(), site.id, id)?.ok_or_else(Problem::not_found)?;
    let Some(row) = read.rows.get(place).filter(|_| import.next_place() == number(place)) else { return Ok(()) };
    let (zh, en) = ("未处理：系统未能保存本行，请再次上传。", "Not taken: this row could not be kept. Upload it again.");
    let faults = Problem::invalid(zh, en).at("name", "not_kept").faults;
    refuse(tx, ctx, &import.row, row.row, &roster::placed(read, row, faults))?;
    note(tx, ctx, &import.row, Step::Taken, (number(place), number(place + 1)), [0, 0, 1])
}

/// Rows that could not be read, as they are told.
pub fn unreadable(rows: Vec<(u32, Vec<Fault>)>) -> Vec<Refusal> {
    rows.into_iter().map(|(row, faults)| Refusal { row, faults }).collect()
}

/// Ends an import: rows that could not be read are told; of a roster that is not taken whole also the others that are refused.
pub fn end(tx: &mut Tx<'_>, ctx: &Ctx, id: RecordId, site: &Site, refusals: &[Refusal]) -> Result<(), Problem> {
    tx.seq(Chain::Project(site.id))?;
    let import = Import::find(tx.conn(), site.id, id)?.ok_or_else(Problem::not_found)?;
    if import.state() != ImportState::Running {
        return Ok(());
    }
    for refusal in refusals {
        refuse(tx, ctx, &import.row, refusal.row, &refusal.faults)?;
    }
    let counts = import.counts();
    let of = |count: i32| usize::try_from(count).unwrap_or(0);
    let refused = of(counts.refused).saturating_add(refusals.len());
    roster::close_file(tx, ctx, import.row.inbox_id, (of(counts.enrolled).saturating_add(of(counts.known)), refused))?;
    note(tx, ctx, &import.row, Step::Ended, (import.row.good_rows, import.row.good_rows), [0, 0, number(refusals.len())])
}

/// Takes a refused row as a person has put it right: our columns by their keys.
///
/// # Errors
/// `conflict` for a row that is not refused, `invalid` with every fault of the row as it is now; then it stays refused.
pub fn mend(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    id: RecordId,
    row_number: u32,
    cells: &BTreeMap<String, String>,
) -> Result<RecordId, Problem> {
    tx.seq(Chain::Project(site.id))?;
    let import = Import::find(tx.conn(), site.id, id)?.ok_or_else(Problem::not_found)?;
    let stands = import.refused().iter().any(|(row, _)| u32::try_from(*row) == Ok(row_number));
    if !stands || import.is_whole() {
        let (zh, en) = ("该行不在待改正的行中。", "This row is not among those that wait to be mended.");
        return Err(Problem::conflict(zh, en).at("row", "bad_state"));
    }
    let read = wire::parse(&wire::book_of(cells), ctx.today);
    let Some(row) = read.rows.first() else { return Err(in_columns(read.problems.iter().map(roster::fault_of))) };
    let crews = projects::table::crews_of(tx.conn(), site.id)?;
    let enrolment = match roster::judge(tx.conn(), ctx, site, &crews, row, &import.defaults())? {
        Fate::Known(enrolment) => enrolment,
        Fate::Refused(faults) => return Err(in_columns(roster::placed(&read, row, faults).into_iter())),
        Fate::New(new) => match workers::enrol(tx, ctx, site, &new) {
            Ok(enrolled) => enrolled.view.id,
            Err(problem) => return Err(in_columns(roster::placed(&read, row, roster::refused(problem)?).into_iter())),
        },
    };
    tell(tx, ctx, &import.row, row_number, RowState::Mended, ("[]".to_owned(), Some(enrolment)))?;
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "mend_roster_row", &format!("{id} {row_number}"))?;
    Ok(enrolment)
}

/// Faults of the one row that was sent, each at the name of its column instead of a cell that nobody sees.
fn in_columns(faults: impl Iterator<Item = Fault>) -> Problem {
    let mut problem = Problem::invalid("该行仍有问题，请按提示改正。", "The row still has faults; mend what is told of each.");
    for fault in faults {
        let letters: String =
            fault.place.rsplit('!').next().unwrap_or_default().chars().take_while(char::is_ascii_alphabetic).collect();
        let column = (0..wire::COLUMNS.len()).find(|place| sheet::column_letters(*place) == letters);
        let name = column.and_then(|place| wire::COLUMNS.get(place)).and_then(|column| column.names.first());
        problem.faults.push(Fault { place: name.map_or(fault.place.clone(), |name| (*name).to_owned()), ..fault });
    }
    problem
}

/// The rows that stand refused as XLSX, in the words of the file and with a column of reasons: plain numbers, which whoever gives it
/// away writes down by [`note_look`].
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
    wire::write_refused(&book, &reasons).map_err(|error| Problem::internal(&error.to_string()))
}

/// A cell to be mended: key and name of our column, and the text of the file.
pub type Cell = (&'static str, &'static str, String);

/// The texts of a row as the file has them, to be mended; plain numbers as well.
///
/// # Errors
/// As [`error_sheet`].
pub fn row_to_mend(conn: &mut AnyConn, ctx: &Ctx, site: &Site, id: RecordId, row: u32) -> Result<Vec<Cell>, Problem> {
    let (_, book, _) = open(conn, ctx, site.id, id)?;
    Ok(wire::cells_of(&book, row))
}

/// Everybody on the roll as a roster that is read without a change; plain numbers as well.
///
/// # Errors
/// A store that fails.
pub fn export(conn: &mut AnyConn, ctx: &Ctx, site: &Site) -> Result<Vec<u8>, Problem> {
    let rows: Vec<RosterRow> = lookups::as_roster(conn, ctx, site)?;
    wire::write_xlsx(&rows).map_err(|error| Problem::internal(&error.to_string()))
}

/// Why plain numbers of a roster are looked at where nobody is asked for a purpose.
pub const TO_MEND: &str = "改正花名册 mending a roster";

/// Writes down who looks at plain numbers of a roster, and why: before the answer leaves, in a transaction of its own, since reading and
/// writing the file takes longer than the gates' punches should wait.
///
/// # Errors
/// `invalid` without a purpose, `not_allowed` for machines.
pub fn note_look(tx: &mut Tx<'_>, ctx: &Ctx, subject: &str, purpose: &str) -> Result<(), Problem> {
    users::actions::note_unmasking(tx, ctx, subject, "roster", purpose)
}
