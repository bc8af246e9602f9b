//! What is said of an item after it was entered: a confirmation of piece work, with the paper that the one who confirms signed, or its
//! withdrawal; and that the worker agrees to a deduction. Deliberately absent: entering and summing (`actions`).

use super::actions::{of_line, open_line, settle};
use super::table::{self, StepRow};
use super::{Item, ItemKind, ItemSource, ItemStep, waiting};
use crate::base::id::{DocumentId, LineId, RecordId, SheetId};
use crate::documents::{self, DocumentKind};
use crate::payroll::SheetState;
use crate::payroll::actions::{checked_text, line_of_sheet, open_sheet, require_state};
use crate::payroll::table::{LineRow, SheetRow};
use crate::projects::Site;
use crate::store::{Chain, Tx};
use crate::web::{Ctx, Problem};

/// What is said of an item.
#[derive(Debug, Clone)]
pub struct Saying {
    /// What.
    pub step: ItemStep,
    /// Who confirms and by what, or why it is withdrawn.
    pub note: String,
    /// The paper: what the crew's leader or the worker signed. A confirmation needs one.
    pub document: Option<DocumentId>,
}

/// Says something of an item: a confirmation of piece work with who gave it and the paper of it, or its withdrawal with the reason.
/// Whoever prepares the sheet confirms nothing in another's name without what that other signed.
///
/// After the audit only piece work that waits is spoken of, see [`waiting`], and that the worker agrees to what is deducted.
///
/// # Errors
/// `conflict` once the line is signed or when it was said already, `invalid` for a confirmation of anything but piece work or
/// without its paper.
pub fn say(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, sheet: SheetId, item: RecordId, saying: &Saying) -> Result<LineRow, Problem> {
    let step = saying.step;
    let note = checked_text(&saying.note, "note")?;
    let sheet = open_sheet(tx, site, sheet)?;
    let is_audited = matches!(sheet.state, SheetState::Audited | SheetState::Published | SheetState::Closed);
    if sheet.state == SheetState::Submitted {
        let zh = "工资表已提交：请先退回修改后确认，或待审核后确认，审核后确认的工程量以补发方式支付。";
        let en = "The sheet is handed in: send it back first, or confirm after its audit, when the quantity is paid as back-pay.";
        return Err(Problem::conflict(zh, en).at("state", "bad_format"));
    }
    let known = table::of_sheet(tx.conn(), site.id, sheet.id)?.into_iter().find(|row| row.id == item).ok_or_else(|| {
        Problem::invalid("该项目不在此工资表中。", "The item is not on this sheet.").at("item", "unknown_reference")
    })?;
    if (known.kind, step) == (ItemKind::Deduction, ItemStep::WorkerConfirmed) {
        return agree(tx, ctx, site, &sheet, (known.line_id, item), &Saying { note, ..saying.clone() });
    }
    if is_audited && known.kind != ItemKind::PieceWork {
        require_state(&sheet, SheetState::Draft)?;
    }
    let line =
        if is_audited { line_of_sheet(tx, site, &sheet, known.line_id)? } else { open_line(tx, site, &sheet, known.line_id)? };
    let before = of_line(tx.conn(), site, &line)?;
    let found = before.iter().find(|one| one.row.id == item);
    let is_said = found.is_none_or(|one| match step {
        ItemStep::CrewConfirmed => one.crew_confirmed_on.is_some(),
        ItemStep::WorkerConfirmed => one.worker_confirmed_on.is_some(),
        ItemStep::Withdrawn => false,
    });
    if is_said || found.is_none_or(|one| !one.stands()) {
        let problem = Problem::conflict("该项目已确认或已撤回。", "The item was confirmed or withdrawn already.");
        return Err(problem.at("item", "duplicate"));
    }
    match (known.kind, step) {
        (ItemKind::DayWage, _) if matches!(known.source, ItemSource::WorkDays | ItemSource::EarlierParts) => {
            let zh = "工日由考勤形成，不能撤回；请更正考勤后重新编制。";
            let en = "Work days come from the attendance; amend it and build the sheet again.";
            return Err(Problem::invalid(zh, en).at("item", "bad_format"));
        }
        (ItemKind::PieceWork, _) | (_, ItemStep::Withdrawn) => {}
        _ => {
            let problem = Problem::invalid("只有计件工程量需要确认。", "Only quantities of piece work are confirmed.");
            return Err(problem.at("item", "bad_format"));
        }
    }
    if step != ItemStep::Withdrawn && saying.document.is_none() {
        let (zh, en) = (
            "请附上班组长或工人本人签字的工程量单（document_id）：没有材料不能代其确认。",
            "Name the paper that the crew's leader or the worker signed (document_id): nobody confirms for them without it.",
        );
        return Err(Problem::invalid(zh, en).at("document_id", "missing_field"));
    }
    documents::actions::require(tx.conn(), site.id, saying.document, "document_id")?;
    let saying = Saying { note, ..saying.clone() };
    if let Some(found) = found.filter(|_| is_audited) {
        if !found.waits() {
            let (zh, en) = (
                "该工程量双方均已确认，已计入工资，请用“更正”。",
                "Both have confirmed it and it is in the wage; correct the line.",
            );
            return Err(Problem::conflict(zh, en).at("item", "duplicate"));
        }
        return waiting::say_after_audit(tx, ctx, site, &sheet, (line, found), &saying);
    }
    step_of(tx, ctx, &sheet, item, &saying)?;
    let line = match (known.kind, known.source) {
        // Days that a correction entered go with it.
        (ItemKind::DayWage, ItemSource::Entered) => {
            let gone = i32::try_from(known.quantity_thousandths / 10).unwrap_or(i32::MAX);
            LineRow { days_hundredths: line.days_hundredths.saturating_sub(gone).max(0), ..line }
        }
        _ => line,
    };
    settle(tx, ctx, site, sheet, line, &before, step.as_str())
}

/// The worker agrees to a deduction, by a scan of what they signed: it changes no sum, so that it may be said at any time.
fn agree(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    sheet: &SheetRow,
    (line, item): (LineId, RecordId),
    saying: &Saying,
) -> Result<LineRow, Problem> {
    let line = line_of_sheet(tx, site, sheet, line)?;
    let items = of_line(tx.conn(), site, &line)?;
    let is_open = |one: &Item| one.row.id == item && one.stands() && one.worker_confirmed_on.is_none();
    if !items.iter().any(is_open) {
        let problem = Problem::conflict("该项目已确认或已撤回。", "The item was confirmed or withdrawn already.");
        return Err(problem.at("item", "duplicate"));
    }
    let paper = match saying.document {
        Some(id) => documents::table::find(tx.conn(), site.id, id)?.map(|row| row.kind),
        None => None,
    };
    if paper != Some(DocumentKind::SignedSheet) {
        let (zh, en) = (
            "请附上工人本人签字同意扣款的扫描件（signed_sheet）。",
            "Name the scan of the worker's signed consent to the deduction (a document of kind signed_sheet).",
        );
        return Err(Problem::invalid(zh, en).at("document_id", "missing_field"));
    }
    step_of(tx, ctx, sheet, item, saying)?;
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), saying.step.as_str(), &line.id.to_string())?;
    Ok(line)
}

pub(super) fn step_of(tx: &mut Tx<'_>, ctx: &Ctx, sheet: &SheetRow, item: RecordId, saying: &Saying) -> Result<(), Problem> {
    let row = StepRow {
        project_id: sheet.project_id,
        id: RecordId(ctx.id()),
        sheet_id: sheet.id,
        item_id: item,
        step: saying.step,
        note: saying.note.clone(),
        recorded_by: ctx.actor().to_owned(),
        happened_on: ctx.today,
        recorded_seq: tx.seq(Chain::Project(sheet.project_id))?,
        document_id: saying.document,
    };
    Ok(table::insert_step(tx, &row)?)
}
