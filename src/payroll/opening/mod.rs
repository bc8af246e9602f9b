//! Arrears from before this service: a sheet of a past month, its lines what each worker is still owed, with the paper that says so.
//!
//! From there it lives as any sheet does: signed, audited by a second person, paid line by line, counted as arrears by its own due day.
//! What was refused of a list comes with the next one: it goes onto the month's draft, or a further part once that was handed in; a
//! worker stands on the parts of a month once. Nothing comes onto such a sheet without a paper.
//! A month that has work days here is not imported but built. Deliberately absent: people who are not enrolled, since nobody could be
//! paid who has no record; and the payments that were made before, which the paper has set off already.

pub mod http;
pub mod table;
pub mod typed;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use self::table::OpeningRow;
use super::actions::{add_up, checked_text};
use super::basis;
use super::items::{self, ItemKind, ItemSource, actions::Whole};
use super::results::event_of;
use super::table::{self as rows, LineRow, SheetRow};
use super::{LINES_MAX, LineState, PARTS_MAX, SheetState};
use crate::base::id::{DocumentId, LineId, RecordId, SheetId, WorkerId};
use crate::base::{Day, Fen, Month};
use crate::documents;
use crate::projects::Site;
use crate::store::{Chain, Tx, jobs};
use crate::web::problem::Fault;
use crate::web::{Ctx, Problem};
use crate::workers;

/// What one worker is still owed.
#[derive(Debug, Clone)]
pub struct NewOwed {
    /// Whom: an enrolment of the project.
    pub enrolment: RecordId,
    /// How much, above nothing.
    pub amount: Fen,
}

/// Arrears of one month as a paper states them.
#[derive(Debug, Clone)]
pub struct NewOpening {
    /// The month that the wages are of.
    pub month: Month,
    /// The day by which they were due.
    pub due_on: Day,
    /// The paper: a signed list, an acknowledgement of debt, a decision.
    pub document: DocumentId,
    /// In words what the paper is.
    pub note: String,
    /// The lines.
    pub items: Vec<NewOwed>,
}

/// What came of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Opened {
    /// The draft.
    pub sheet: SheetRow,
    /// Lines that were taken.
    pub taken: usize,
    /// What is wrong with the others, each with its place.
    pub faults: Vec<Fault>,
}

/// What the sheet calls its items.
const LABEL: &str = "此前欠付 owed from before";

/// Imports the arrears of a month; good lines are taken, each bad one is told.
///
/// # Errors
/// `invalid` without a paper of the project, for a month to come, a due day that is not past or no good line at all; `conflict` for a
/// month that has a sheet of its own or work days here, and for a draft with another due day.
pub fn import(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, new: &NewOpening) -> Result<Opened, Problem> {
    let recorded_seq = tx.seq(Chain::Project(site.id))?;
    let note = checked_text(&new.note, "note")?;
    documents::actions::require(tx.conn(), site.id, Some(new.document), "document")?;
    let is_past = new.month < ctx.today.month() && new.due_on >= new.month.first() && new.due_on < ctx.today;
    if !is_past {
        let (zh, en) =
            ("只导入以前月份、已过支付日的欠薪。", "Only wages of an earlier month whose due day has passed are imported.");
        return Err(Problem::invalid(zh, en).at("due_on", "bad_time"));
    }
    if new.items.len() > LINES_MAX {
        return Err(Problem::new(crate::web::Code::TooLarge, "一张工资表最多 20000 行。", "A sheet has at most 20,000 lines."));
    }
    let parts = rows::parts(tx.conn(), site.id, new.month)?;
    require_opening(tx, ctx, site, new, &parts)?;
    let standing = standing(tx, site, &parts)?;
    let (good, faults) = sorted(tx, site, new, &standing)?;
    if good.is_empty() {
        let mut problem = Problem::invalid("没有可导入的行。", "No line could be taken.").at("items", "missing_field");
        problem.faults.extend(faults);
        return Err(problem);
    }
    let sheet = part_of(tx, ctx, site, new, &parts)?;
    let opening = OpeningRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        sheet_id: sheet.id,
        document_id: new.document,
        note,
        imported_by: ctx.actor().to_owned(),
        recorded_seq,
    };
    table::insert(tx, &opening)?;
    let taken = good.len();
    lay(tx, ctx, &sheet, good, recorded_seq)?;
    let sheet = add_up(tx, sheet)?;
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &site.id.to_string(), ctx.now)?;
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "import_arrears", &sheet.id.to_string())?;
    Ok(Opened { sheet, taken, faults })
}

/// Refuses a month that is not one of arrears from before.
fn require_opening(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, new: &NewOpening, parts: &[SheetRow]) -> Result<(), Problem> {
    let is_own = match parts.first() {
        Some(first) => table::of_sheet(tx.conn(), site.id, first.id)?.is_none(),
        None => false,
    };
    if is_own || !basis::earned(tx, ctx, site, new.month, None)?.is_empty() {
        let zh = "该月在本系统已有考勤或工资表，请编制工资表，不要导入。";
        let en = "The month has attendance or a sheet here; build its sheet instead.";
        return Err(Problem::conflict(zh, en).at("month", "duplicate"));
    }
    Ok(())
}

/// The part that takes the lines: the month's draft in a further version, else a new one.
fn part_of(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, new: &NewOpening, parts: &[SheetRow]) -> Result<SheetRow, Problem> {
    if let Some(draft) = parts.iter().find(|part| part.state == SheetState::Draft) {
        if draft.due_on != new.due_on {
            let due_on = draft.due_on;
            let problem = Problem::conflict(
                format!("该月的草稿应付日为 {due_on}；同一张表只有一个应付日，请改正日期或先提交草稿。"),
                format!("The month's draft is due on {due_on}; mend the day, or hand the draft in first."),
            );
            return Err(problem.at("due_on", "duplicate"));
        }
        return Ok(SheetRow { version: draft.version + 1, ..draft.clone() });
    }
    let part = parts.iter().map(|part| part.part).max().unwrap_or(0) + 1;
    if part > PARTS_MAX {
        let problem = Problem::conflict(
            format!("本月工资表最多 {PARTS_MAX} 部分。"),
            format!("A month's sheet has {PARTS_MAX} parts at most."),
        );
        return Err(problem.at("month", "over_limit"));
    }
    let sheet = SheetRow {
        project_id: site.id,
        id: SheetId(ctx.id()),
        month: new.month,
        part,
        state: SheetState::Draft,
        line_count: 0,
        total_fen: Fen::ZERO,
        due_on: new.due_on,
        version: 1,
        built_by: ctx.actor().to_owned(),
        submitted_by: None,
        audited_by: None,
        audited_on: None,
        recorded_seq: tx.seq(Chain::Project(site.id))?,
    };
    rows::insert_sheet(tx, &sheet)?;
    Ok(sheet)
}

/// The part on which each worker of the month stands already.
fn standing(tx: &mut Tx<'_>, site: &Site, parts: &[SheetRow]) -> Result<BTreeMap<WorkerId, i32>, Problem> {
    let mut standing = BTreeMap::new();
    for part in parts {
        for line in rows::lines_of(tx.conn(), site.id, part.id)? {
            standing.entry(line.worker_id).or_insert(part.part);
        }
    }
    Ok(standing)
}

/// A worker, and what they are owed.
type Owed = (workers::table::EnrolmentRow, Fen);

/// The good lines, and what is wrong with the others.
fn sorted(
    tx: &mut Tx<'_>,
    site: &Site,
    new: &NewOpening,
    standing: &BTreeMap<WorkerId, i32>,
) -> Result<(Vec<Owed>, Vec<Fault>), Problem> {
    let enrolled = workers::table::of_project(tx.conn(), site.id)?;
    let mut enrolled: BTreeMap<RecordId, workers::table::EnrolmentRow> = enrolled.into_iter().map(|row| (row.id, row)).collect();
    // Who came back stands on the roll twice and is one worker.
    let of: BTreeMap<RecordId, WorkerId> = enrolled.values().map(|row| (row.id, row.worker_id)).collect();
    let mut seen = BTreeSet::new();
    let (mut good, mut faults) = (Vec::new(), Vec::new());
    for (number, item) in new.items.iter().enumerate() {
        let mut refuse = |field: &str, reason: &str, zh: &str, en: &str| {
            let place = format!("items[{number}].{field}");
            faults.push(Fault { place, reason: reason.to_owned(), zh: zh.to_owned(), en: en.to_owned() });
        };
        if !item.amount.is_positive() || !item.amount.is_bookable() {
            refuse("amount", "bad_amount", "金额应大于零且可入账。", "The amount is above nothing and can be booked.");
        } else if of.get(&item.enrolment).is_some_and(|worker| !seen.insert(*worker)) {
            refuse("enrolment", "duplicate", "同一工人只能有一行，请合并。", "A worker has one line; add them up.");
        } else {
            match enrolled.remove(&item.enrolment) {
                None => refuse(
                    "enrolment",
                    "unknown_person",
                    "项目中没有这名工人，请先登记。",
                    "The project has no such worker; enrol them first.",
                ),
                Some(row) if row.entered_on > new.month.last() => {
                    refuse("enrolment", "bad_time", "该工人在当月之后才进场。", "The worker came to the site after that month.");
                }
                Some(row) => match standing.get(&row.worker_id) {
                    Some(part) => refuse(
                        "enrolment",
                        "duplicate",
                        &format!("该工人已在本月第 {part} 部分；如金额有误，请更正该行。"),
                        &format!("The worker stands on part {part} of the month; correct that line where the amount is wrong."),
                    ),
                    None => good.push((row, item.amount)),
                },
            }
        }
    }
    Ok((good, faults))
}

/// Writes the lines, each with the one item that it is made of.
fn lay(tx: &mut Tx<'_>, ctx: &Ctx, sheet: &SheetRow, good: Vec<Owed>, recorded_seq: i64) -> Result<(), Problem> {
    let (mut lines, mut events, mut made) = (Vec::new(), Vec::new(), Vec::new());
    for (who, amount) in good {
        let line = LineRow {
            project_id: sheet.project_id,
            id: LineId(ctx.id()),
            sheet_id: sheet.id,
            enrolment_id: who.id,
            worker_id: who.worker_id,
            days_hundredths: 0,
            day_rate_fen: who.day_rate,
            gross_fen: amount,
            deductions_fen: Fen::ZERO,
            net_fen: amount,
            due_on: sheet.due_on,
            state: LineState::Draft,
            state_reason: None,
            disputed_fen: Fen::ZERO,
            attempt: 0,
            paid_on: None,
            paid_fen: Fen::ZERO,
            recorded_seq,
        };
        let whole = Whole {
            kind: ItemKind::OwedBefore,
            label: LABEL.to_owned(),
            quantity_thousandths: 1_000,
            unit_price: amount,
            amount,
            source: ItemSource::Imported,
            inbox: None,
        };
        events.push(event_of(ctx, &line, "import_arrears", ctx.today));
        made.push(whole.row(ctx, sheet, line.id, recorded_seq));
        lines.push(line);
    }
    rows::insert_lines(tx, &lines)?;
    rows::insert_events(tx, &events)?;
    items::table::insert_items(tx, &made)?;
    Ok(())
}
