//! Keeping a file, proposing how to read it, taking its good rows into the month's draft.

use std::collections::{BTreeMap, HashMap};

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Serialize;

use super::beside;
use super::checks::{Good, Known, Refused, Sorted};
use super::left_out::{self, LeftOuts};
use super::table::{self, ImportRow};
use super::{FAULTS_MAX, Proposal, ROWS_MAX, fault_of, open, propose};
use crate::base::id::{InboxId, QuarantineId, RecordId, SheetId};
use crate::base::money::TooMuch;
use crate::base::{Fen, Moment, Month};
use crate::payroll::actions::{add_up, open_sheet, require_seen};
use crate::payroll::building::{build_sheet, draft_of};
use crate::payroll::items::actions::{Whole, new_line, replace};
use crate::payroll::items::{self, Item, ItemKind, ItemSource, Sums};
use crate::payroll::results::write_line;
use crate::payroll::table::{LineRow, SheetRow, lines_of};
use crate::payroll::{LineState, opening};
use crate::projects::Site;
use crate::projects::layouts::{self, table::LayoutRow};
use crate::store::inbox::{self, InboxState, Message, Parsed, Rejected};
use crate::store::{AnyConn, Chain, Tx};
use crate::web::problem::Fault;
use crate::web::{Code, Ctx, Problem};
use crate::wire::pay_sheet::{Form, PayRow, PaySheet};
use crate::wire::sheet::Workbook;
use crate::workers::roster::without_people;

/// The feed under which files are kept.
const FEED: &str = "paysheet";

/// Parser and its version, kept with each file.
const PARSER: &str = "pay_sheet/1";

/// How a row that was refused was seen to.
const TOLD_NOTE: &str = "导入时已逐行告知上传人 / told to the person who uploaded it";

/// A file as handed in.
#[derive(Debug, Clone)]
pub struct SheetFile {
    /// File name, where one came.
    pub name: Option<String>,
    /// Content type as sent.
    pub content_type: String,
    /// Bytes as received.
    pub bytes: Vec<u8>,
}

/// What a person confirmed of a file.
#[derive(Debug, Clone)]
pub struct Confirmed {
    /// The kept file.
    pub inbox: InboxId,
    /// The month that it is for.
    pub month: Month,
    /// Sheet of the file, from 0.
    pub sheet: usize,
    /// Our columns by place.
    pub mapping: BTreeMap<usize, String>,
    /// The lowest wage of a day that is lawful there, where the person gave one.
    pub lowest_day_wage: Option<Fen>,
}

/// What came of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// The draft with the rows that were taken.
    pub sheet: SheetId,
    /// Rows that were taken.
    pub taken: u32,
    /// Rows that were refused.
    pub refused: u32,
    /// What is wrong, each with its place.
    pub faults: Vec<Fault>,
    /// What is odd in rows that were taken.
    pub warnings: Vec<Fault>,
    /// Remarks on the file, Chinese and English.
    pub remarks: Vec<(String, String)>,
    /// Who stands on the sheet by attendance and not from the file, and waits for the labour manager's word.
    pub left_out: LeftOuts,
}

/// Keeps the file as it came, before anything of it is read.
pub fn keep_file(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, file: &SheetFile) -> Result<InboxId, Problem> {
    let id = InboxId(ctx.id());
    let message = Message {
        feed: FEED,
        source: ctx.actor().to_owned(),
        project: Some(site.id),
        request: file.name.clone().unwrap_or_else(|| "-".to_owned()),
        content_type: Some(file.content_type.clone()).filter(|text| !text.is_empty()),
        content_encoding: None,
        body: file.bytes.clone(),
        remote: None,
        received_at: ctx.now,
    };
    inbox::keep(tx.conn(), ctx.vault(), id, &message, &parsed(InboxState::New, 0))?;
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "take_pay_sheet", &id.to_string())?;
    Ok(id)
}

fn parsed(state: InboxState, rows: u32) -> Parsed {
    Parsed { state, parser: PARSER, items: i32::try_from(rows).unwrap_or(i32::MAX), items_digest: String::new() }
}

/// Files that were handed in and not taken yet, the latest first.
pub fn waiting(conn: &mut AnyConn, site: &Site, limit: i64) -> Result<Vec<(InboxId, Moment, String)>, Problem> {
    Ok(inbox::waiting_of(conn, site.id, FEED, limit)?)
}

/// A kept file with the proposal how to read it; a mapping that was confirmed for this layout before is taken over,
/// from another project of the same general contractor where this one has none.
///
/// # Errors
/// `not_found` for a file that the project has not, `invalid` for one that holds no table.
pub fn proposal(
    conn: &mut AnyConn,
    ctx: &Ctx,
    site: &Site,
    inbox: InboxId,
    sheet: Option<usize>,
) -> Result<(Workbook, Proposal), Problem> {
    let kept = inbox::kept_of(conn, ctx.vault(), site.id, FEED, inbox)?.ok_or_else(Problem::not_found)?;
    let book = open(&kept.body)?;
    let mut proposal = propose(&book, sheet)?;
    let known = match layouts::table::layout(conn, site.id, &proposal.layout)? {
        Some(known) => Some(known),
        None => layouts::of_contractor(conn, ctx, site, &proposal.layout)?,
    };
    if let Some(known) = known {
        let said: BTreeMap<usize, String> =
            serde_json::from_str(&known.mapping).map_err(|error| Problem::internal(&error.to_string()))?;
        proposal.is_remembered = proposal.map(&said).is_ok();
    }
    Ok((book, proposal))
}

/// Takes the good rows of a kept file into the month's draft, which is built where there is none.
///
/// # Errors
/// `invalid` with every fault when no row is good, when the file names another month, or for a mapping that does not hold;
/// `too_large` beyond [`ROWS_MAX`] rows. Then nothing is taken at all.
pub fn take(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, confirmed: &Confirmed) -> Result<Taken, Problem> {
    let month = confirmed.month;
    let (book, mut proposal) = proposal(tx.conn(), ctx, site, confirmed.inbox, Some(confirmed.sheet))?;
    proposal.map(&confirmed.mapping)?;
    let pay = proposal.read(&book, ctx.today);
    require_fit(&pay, &proposal, month)?;
    let mut told = Refused::default();
    let mut faults: Vec<Fault> = Vec::new();
    for problem in &pay.problems {
        told.tell(problem.row, fault_of(problem));
        faults.push(fault_of(problem));
    }
    if pay.rows.is_empty() && faults.is_empty() {
        faults.push(no_row(&proposal));
    }
    let known = Known::gather(tx, ctx, site, month, confirmed.lowest_day_wage)?;
    known.sites.require(&pay.titles, &proposal.name)?;
    let Sorted { good, faults: found, warnings: odd, refused, people } = known.check(ctx, &proposal, &pay.rows);
    for (row, fault) in found {
        told.tell(row, fault.clone());
        faults.push(fault);
    }
    told.people.extend(people);
    let mut refused = refused.saturating_add(pay.refused);
    let sheet = draft(tx, ctx, site, month, good.is_empty(), &faults)?;
    let source = Source { proposal: &proposal, inbox: confirmed.inbox, form: pay.form };
    let mut replaced = Vec::new();
    let taken = lay(tx, ctx, &sheet, &source, &good, (&mut told, &mut faults, &mut replaced))?;
    refused = refused.saturating_add(u32::try_from(good.len()).unwrap_or(u32::MAX).saturating_sub(taken));
    if taken == 0 {
        return Err(nothing_good(&faults));
    }
    let sheet = add_up(tx, SheetRow { version: sheet.version + 1, ..sheet })?;
    left_out::keep(tx, ctx, &sheet, confirmed.inbox, &told.by_person(ctx, &known, &proposal, &book))?;
    remember(tx, ctx, site, &proposal)?;
    let row = ImportRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        sheet_id: sheet.id,
        inbox_id: confirmed.inbox,
        layout: proposal.layout.clone(),
        taken: i32::try_from(taken).unwrap_or(i32::MAX),
        refused: i32::try_from(refused).unwrap_or(i32::MAX),
        imported_by: ctx.actor().to_owned(),
        recorded_at: ctx.now,
        recorded_seq: tx.seq(Chain::Project(site.id))?,
    };
    table::insert(tx, &row)?;
    let faults: Vec<Fault> = faults.into_iter().map(without_people).collect();
    keep_outcome(tx, ctx, confirmed.inbox, taken.saturating_add(refused), &faults)?;
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "import_sheet", &sheet.id.to_string())?;
    let warnings = pay.warnings.iter().map(fault_of).chain(odd).chain(replaced).map(without_people).collect();
    let left_out = left_out::open_of(tx.conn(), site, sheet.id)?;
    Ok(Taken { sheet: sheet.id, taken, refused, faults, warnings, remarks: pay.remarks, left_out })
}

/// The file as a whole: its size and the month that its title names.
fn require_fit(pay: &PaySheet, proposal: &Proposal, month: Month) -> Result<(), Problem> {
    if pay.rows.len() > ROWS_MAX {
        let (zh, en) = (
            format!("一张工资表最多 {ROWS_MAX} 行，请分开导入。"),
            format!("A sheet has at most {ROWS_MAX} rows; split the file."),
        );
        return Err(Problem::new(Code::TooLarge, zh, en).at(proposal.name.clone(), "over_limit"));
    }
    match pay.month {
        Some(named) if named != month => {
            let problem = Problem::invalid(
                format!("表头写的是 {named}，而所选月份是 {month}；请选对月份或文件。"),
                format!("The title says {named} and the month chosen is {month}; choose the right month or file."),
            );
            Err(problem.at(format!("{}!A1", proposal.name), "bad_time"))
        }
        _ => Ok(()),
    }
}

/// A sheet with a header and nobody below it.
fn no_row(proposal: &Proposal) -> Fault {
    Fault {
        place: proposal.name.clone(),
        reason: "missing_field".to_owned(),
        zh: "表头下没有工人行；请在表头下逐行填写姓名、证件号码和金额，一人一行".to_owned(),
        en: "no worker stands below the header; write one row for each worker there, with name, identity number and amounts"
            .to_owned(),
    }
}

fn nothing_good(faults: &[Fault]) -> Problem {
    let zh = "没有一行可以导入，工资表未作任何改动；请按下列说明修改后再次上传。";
    let en = "No row could be taken and the sheet is unchanged; mend the rows below and upload again.";
    Problem::invalid(zh, en).with_faults(faults.iter().cloned().map(without_people))
}

/// The month's draft as the asker has seen it, or a new one.
fn draft(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, month: Month, is_empty: bool, faults: &[Fault]) -> Result<SheetRow, Problem> {
    if is_empty {
        return Err(nothing_good(faults));
    }
    match draft_of(tx, site, month)? {
        Some(draft) if opening::table::of_sheet(tx.conn(), site.id, draft.id)?.is_some() => {
            let zh = "该月的草稿是此前欠付，须凭材料导入（opening-arrears）。";
            let en = "The month's draft is of what was owed before, which is imported with its paper (opening-arrears).";
            Err(Problem::conflict(zh, en).at("month", "duplicate"))
        }
        Some(draft) => require_seen(tx, ctx, site, draft.id),
        None => {
            let built = build_sheet(tx, ctx, site, month, None)?;
            open_sheet(tx, site, built.sheet.id)
        }
    }
}

/// The file that rows come from.
struct Source<'a> {
    proposal: &'a Proposal,
    inbox: InboxId,
    form: Option<Form>,
}

/// Writes the rows as items of their lines; a row whose line is signed is told and left. Where another file's amount stood, that it is
/// replaced is told.
fn lay(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    sheet: &SheetRow,
    source: &Source<'_>,
    good: &[Good<'_>],
    (told, faults, replaced): (&mut Refused, &mut Vec<Fault>, &mut Vec<Fault>),
) -> Result<u32, Problem> {
    let (project, id) = (sheet.project_id, sheet.id);
    let mut lines: HashMap<RecordId, LineRow> =
        lines_of(tx.conn(), project, id)?.into_iter().map(|line| (line.enrolment_id, line)).collect();
    let rows = items::table::of_sheet(tx.conn(), project, id)?;
    let mut made_of = items::by_line(rows, items::table::steps_of_sheet(tx.conn(), project, id)?);
    let mut taken = 0_u32;
    for Good { row, enrolment } in good {
        let mut tell = |key: &str, reason: &str, zh: &str, en: &str| {
            let place = source.proposal.place(row.row, key);
            let fault = Fault { place, reason: reason.to_owned(), zh: zh.to_owned(), en: en.to_owned() };
            told.people.push((row.row, enrolment.id));
            told.tell(row.row, fault.clone());
            faults.push(fault);
        };
        let line = lines.remove(&enrolment.id);
        if line.as_ref().is_some_and(|line| line.state == LineState::Signed) {
            let zh = "该行已由工人签字，保持不变；确需修改请先“更正”该行。";
            tell("name", "id_reused", zh, "The line is signed by the worker and stays; open it for a correction first.");
            continue;
        }
        let standing = line.as_ref().and_then(|line| made_of.remove(&line.id)).unwrap_or_default();
        let by_hand: Vec<Item> = standing
            .iter()
            .filter(|item| item.row.kind != ItemKind::DayWage && item.row.source != ItemSource::Imported)
            .cloned()
            .collect();
        let rest = match beside::rest(row, source.form, &by_hand, |key| source.proposal.has(key))? {
            Ok(rest) => rest,
            Err(short) => {
                let (zh, en) = short.words();
                tell(short.key, "sum_mismatch", &zh, &en);
                continue;
            }
        };
        let line = match line {
            Some(line) => line,
            None => new_line(tx, ctx, sheet, enrolment.id, enrolment.worker_id, enrolment.day_rate)?,
        };
        let wanted = rest.items(row, &line, source.inbox);
        let next = line_of(&line, row, sheet, &wanted, Sums::of(&by_hand)?)?;
        for kind in ItemKind::ALL {
            let is_day = *kind == ItemKind::DayWage;
            let of_kind: Vec<Item> = standing
                .iter()
                .filter(|item| item.row.kind == *kind && (is_day || item.row.source == ItemSource::Imported))
                .cloned()
                .collect();
            let whole: Vec<Whole> = wanted.iter().filter(|one| one.kind == *kind).cloned().collect();
            replace(tx, ctx, sheet, line.id, *kind, &of_kind, &whole)?;
        }
        let of_other_file = |item: &Item| item.row.source == ItemSource::Imported && item.row.inbox_id != Some(source.inbox);
        if next.net_fen != line.net_fen && standing.iter().any(of_other_file) {
            let (before, now) = (line.net_fen, next.net_fen);
            replaced.push(Fault {
                place: source.proposal.place(row.row, "paid"),
                reason: "id_reused".to_owned(),
                zh: format!("此前的文件已为该工人导入 {before} 元，现由本行的 {now} 元替换；如应为两笔之和，请写合计。"),
                en: format!("An earlier file had {before} for this worker, which {now} of this row replaces; write the sum if both are owed."),
            });
        }
        if next != line {
            write_line(tx, ctx, &next, "import_sheet", ctx.today)?;
        }
        taken = taken.saturating_add(1);
    }
    Ok(taken)
}

/// The line that a row makes, beside what people entered by hand.
fn line_of(line: &LineRow, row: &PayRow, sheet: &SheetRow, wanted: &[Whole], by_hand: Sums) -> Result<LineRow, TooMuch> {
    let sum = |is_withheld: bool| {
        Fen::total(wanted.iter().filter(|one| (one.kind == ItemKind::Deduction) == is_withheld).map(|one| one.amount))
    };
    let gross = sum(false)?.plus(by_hand.extras)?;
    let deductions = sum(true)?.plus(by_hand.deductions)?;
    let net = gross.minus(deductions)?;
    let hundredths = row.days.and_then(|days| days.checked_mul(Decimal::ONE_HUNDRED)?.round().to_i32());
    Ok(LineRow {
        days_hundredths: hundredths.unwrap_or(line.days_hundredths),
        day_rate_fen: row.daily.unwrap_or(line.day_rate_fen),
        gross_fen: gross,
        deductions_fen: deductions,
        net_fen: net,
        disputed_fen: if line.disputed_fen > net { Fen::ZERO } else { line.disputed_fen },
        due_on: sheet.due_on,
        state: LineState::Draft,
        state_reason: line.state_reason.clone().filter(|_| line.state == LineState::Draft),
        ..line.clone()
    })
}

/// Remembers the mapping for the layout, unless it is the one that is remembered.
fn remember(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, proposal: &Proposal) -> Result<(), Problem> {
    let mapping = serde_json::to_string(&proposal.mapping()).map_err(|error| Problem::internal(&error.to_string()))?;
    if layouts::table::layout(tx.conn(), site.id, &proposal.layout)?.is_some_and(|known| known.mapping == mapping) {
        return Ok(());
    }
    let row = LayoutRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        layout: proposal.layout.clone(),
        mapping,
        confirmed_by: ctx.actor().to_owned(),
        recorded_seq: tx.seq(Chain::Project(site.id))?,
    };
    Ok(layouts::table::insert_layout(tx, &row)?)
}

/// Keeps what was refused with the file, told already, so that none of it waits for an administrator.
fn keep_outcome(tx: &mut Tx<'_>, ctx: &Ctx, inbox: InboxId, rows: u32, faults: &[Fault]) -> Result<(), Problem> {
    let state = if faults.is_empty() { InboxState::Done } else { InboxState::Part };
    inbox::reparsed(tx.conn(), inbox, &parsed(state, rows), ctx.now)?;
    let Some(user) = ctx.scope.user else { return Ok(()) };
    for (item, fault) in (1..).zip(faults.iter().take(FAULTS_MAX)) {
        let Fault { place, reason, zh, en } = fault.clone();
        let rejected = Rejected { item, place, reason, zh, en };
        inbox::refused_before(tx.conn(), QuarantineId(ctx.id()), inbox, &rejected, (user, TOLD_NOTE), ctx.now)?;
    }
    Ok(())
}
