//! What was paid too much: noted up to what was paid, taken back with the worker's consent and within bounds.

use std::collections::BTreeSet;

use super::table::{self, CorrectionRow};
use super::{CorrectionKind, Made, NewCorrection, label_of, require_draft, whole};
use crate::base::id::RecordId;
use crate::base::{Fen, Rounding};
use crate::documents::{self, DocumentKind};
use crate::payroll::LineState;
use crate::payroll::items::actions::{enter, of_line};
use crate::payroll::items::{Item, ItemKind};
use crate::payroll::pay_run::checks::Limits;
use crate::payroll::table::{LineRow, SheetRow, line as line_by_id};
use crate::projects::Site;
use crate::store::{AnyConn, Tx};
use crate::web::{Ctx, Problem};

/// What was noted of a line as paid too much.
fn noted(about: &[CorrectionRow], line: &LineRow) -> Result<Fen, Problem> {
    let of_line = about.iter().filter(|row| row.line_id == line.id && row.kind == CorrectionKind::Overpaid);
    Ok(Fen::total(of_line.map(|row| row.amount_fen))?)
}

/// Refuses a note of more than reached the worker.
pub(super) fn require_paid(tx: &mut Tx<'_>, site: &Site, old: &LineRow, amount: Fen) -> Result<(), Problem> {
    let about = table::about(tx.conn(), site.id, old.id)?;
    let left = old.paid_fen.minus(noted(&about, old)?)?;
    if amount <= left {
        return Ok(());
    }
    let problem = Problem::invalid(
        format!("该行已支付、尚未登记多付的只有 {left} 元；未支付的部分请登记争议，不会支付。"),
        format!("Of this line {left} was paid and is not noted yet; contest what is not paid, and it will not be paid."),
    );
    Err(problem.at("amount", "bad_amount"))
}

/// What of a line's taking back stands: an item that was withdrawn takes nothing.
fn taken_back(tx: &mut Tx<'_>, site: &Site, about: &[CorrectionRow], old: &LineRow) -> Result<Fen, Problem> {
    let mut sum = Fen::ZERO;
    for row in about.iter().filter(|row| row.line_id == old.id && row.kind == CorrectionKind::TakenBack) {
        let Some(carrier) = row.new_line_id else { continue };
        let Some(carrier) = line_by_id(tx.conn(), site.id, carrier)? else { continue };
        let stands = of_line(tx.conn(), site, &carrier)?.iter().any(|item| Some(item.row.id) == row.item_id && item.stands());
        if stands {
            sum = sum.plus(row.amount_fen)?;
        }
    }
    Ok(sum)
}

/// Takes a part of what was noted back from a draft line of the same worker.
pub(super) fn take(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    (sheet, old): (&SheetRow, &LineRow),
    new: &NewCorrection,
    reason: &str,
) -> Result<Made, Problem> {
    let consent = match new.document {
        Some(id) => documents::table::find(tx.conn(), site.id, id)?.map(|row| row.kind),
        None => None,
    };
    if consent != Some(DocumentKind::SignedSheet) {
        let zh = "收回多付须有工人本人签字同意的扫描件（signed_sheet）；没有同意只能登记为多付，不得扣回。";
        let en = "Taking back needs the scan of the worker's signed consent (a document of kind signed_sheet); without it the amount \
                  is only noted as overpaid.";
        return Err(Problem::invalid(zh, en).at("document", "missing_field"));
    }
    let about = table::about(tx.conn(), site.id, old.id)?;
    let left = noted(&about, old)?.minus(taken_back(tx, site, &about, old)?)?;
    if new.amount > left {
        let problem = Problem::invalid(
            format!("该行登记为多付、尚未收回的只有 {left} 元。"),
            format!("Of this line {left} is noted as overpaid and not taken back."),
        );
        return Err(problem.at("amount", "bad_amount"));
    }
    let (part, line) = carrier(tx, site, old, new)?;
    let items = of_line(tx.conn(), site, &line)?;
    require_bounds(tx, ctx, site, (&line, &items), new.amount)?;
    let one = whole(ItemKind::Deduction, label_of("收回多付 taken back", sheet, reason), new.amount);
    let (line, item) = enter(tx, ctx, site, part, line, &one, "correct_paid_line")?;
    Ok(Made { sheet: line.sheet_id, line: line.id, item })
}

/// The draft line that a taking back names, with its sheet.
fn carrier(tx: &mut Tx<'_>, site: &Site, old: &LineRow, new: &NewCorrection) -> Result<(SheetRow, LineRow), Problem> {
    let unknown = || {
        let zh = "请指明同一工人在工资表草稿中的一行（from），从该行收回。";
        let en = "Name a line of the same worker on a draft (from) of which is taken back.";
        Problem::invalid(zh, en).at("from", "unknown_reference")
    };
    let id = new.from.ok_or_else(unknown)?;
    let line = line_by_id(tx.conn(), site.id, id)?.filter(|line| line.worker_id == old.worker_id).ok_or_else(unknown)?;
    let part = crate::payroll::table::sheet(tx.conn(), site.id, line.sheet_id)?.ok_or_else(unknown)?;
    require_draft(&part)?;
    if line.state != LineState::Draft {
        let (zh, en) = ("该行已签字，请先“更正”该行。", "The line is signed; open it for a correction first.");
        return Err(Problem::conflict(zh, en).at("from", "bad_format"));
    }
    Ok((part, line))
}

/// Items of a line by which something is taken back from it: no ordinary deduction touches them.
pub fn carried(conn: &mut AnyConn, site: &Site, line: &LineRow) -> Result<BTreeSet<RecordId>, Problem> {
    let about = table::about(conn, site.id, line.id)?;
    let own = about.iter().filter(|row| row.new_line_id == Some(line.id) && row.kind == CorrectionKind::TakenBack);
    Ok(own.filter_map(|row| row.item_id).collect())
}

/// The share that the law book allows at most (`wage.deduction_max`), all that is taken back of the wage together, and what is left is
/// no less than the minimum wage where the law book has one.
fn require_bounds(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    (line, items): (&LineRow, &[Item]),
    amount: Fen,
) -> Result<(), Problem> {
    let carried = carried(tx.conn(), site, line)?;
    let standing = items.iter().filter(|item| item.counts() && carried.contains(&item.row.id));
    let whole = Fen::total(standing.map(|item| item.row.amount_fen))?.plus(amount)?;
    let limits = Limits::of(&ctx.book(), site.region, ctx.today);
    if let Some(share) = limits.deduction {
        let (gross, most) = (line.gross_fen, line.gross_fen.times(share, Rounding::Down)?);
        if whole > most {
            let problem = Problem::invalid(
                format!("每次收回不得超过当期应发 {gross} 元的 {share}，即 {most} 元（工资支付暂行规定第十六条）。"),
                format!(
                    "At most {share} of the gross wage {gross}, {most}, is taken back (rules of 1994 on paying wages, article 16)."
                ),
            );
            return Err(problem.at("amount", "over_limit"));
        }
    }
    let left = line.net_fen.minus(amount)?;
    match limits.minimum {
        Some(least) if left < least => {
            let problem = Problem::invalid(
                format!("收回后只剩 {left} 元，低于当地最低工资 {least} 元。"),
                format!("It would leave {left}, below the local minimum wage {least}."),
            );
            Err(problem.at("amount", "over_limit"))
        }
        _ => Ok(()),
    }
}
