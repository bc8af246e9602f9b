//! Piece work that waits for a confirmation: it counts for nothing, and so it is named wherever a sheet goes on or a project ends.
//!
//! On a draft it is confirmed or withdrawn by whoever prepares the sheet. After the audit the signed line stays as it is: once both have
//! confirmed the quantity it is paid by a correction of that line, and it is given up only by another person than those who entered and
//! handed it in, with the reason. Deliberately absent: whose quantity is right.

use rust_decimal::Decimal;

use super::saying::{Saying, step_of};
use super::{Item, ItemStep};
use crate::base::id::SheetId;
use crate::payroll::corrections::{self, BackPayOf, CorrectionKind, NewCorrection};
use crate::payroll::table::{LineRow, SheetRow, update_sheet};
use crate::projects::Site;
use crate::store::{Chain, Tx};
use crate::users::second;
use crate::web::problem::Fault;
use crate::web::{Ctx, Problem};

pub use super::table::{Waiting, waiting as of};

impl Waiting {
    /// The quantity as people write it.
    pub fn quantity(&self) -> Decimal {
        Decimal::new(self.quantity_thousandths, 3).normalize()
    }

    /// Who has not confirmed it, in Chinese and English.
    pub fn missing(&self) -> (&'static str, &'static str) {
        match (self.by_crew > 0, self.by_worker > 0) {
            (false, false) => ("班组与本人均未确认", "neither the crew nor the worker has confirmed it"),
            (false, true) => ("班组未确认", "the crew has not confirmed it"),
            (true, _) => ("本人未确认", "the worker has not confirmed it"),
        }
    }
}

/// Refuses to hand in a sheet on which piece work waits, each quantity named; `is_meant` says that it goes without them all the same.
/// How many are left behind.
///
/// # Errors
/// `conflict` with a fault for each quantity.
pub fn require_none(tx: &mut Tx<'_>, site: &Site, sheet: SheetId, is_meant: bool) -> Result<usize, Problem> {
    let waiting = of(tx.conn(), site.id, Some(sheet))?;
    if waiting.is_empty() || is_meant {
        return Ok(waiting.len());
    }
    let count = waiting.len();
    let faults = waiting.iter().map(|one| {
        let (name, label, quantity, amount) = (&one.name, &one.label, one.quantity(), one.amount_fen);
        let (zh, en) = one.missing();
        Fault {
            place: one.item_id.to_string(),
            reason: "unconfirmed".to_owned(),
            zh: format!("{name}：{label} {quantity}，{amount} 元，{zh}，未计入工资。"),
            en: format!("{name}: {label} {quantity}, {amount} yuan: {en}, so it is no part of the wage."),
        }
    });
    let problem = Problem::conflict(
        format!(
            "有 {count} 项计件工程量未经双方确认，未计入工资：请补齐确认或撤回；确需先提交的，注明 without_unconfirmed=true（页面上勾选），未确认的项目留待办结。"
        ),
        format!(
            "{count} quantities of piece work are not confirmed by both and count for nothing: have them confirmed, or withdraw them; \
             to hand in without them say without_unconfirmed=true (tick it on the page), and they stay open."
        ),
    );
    Err(problem.with_faults(faults))
}

/// Says something of piece work whose sheet was audited without it. Gives the line as it was signed.
///
/// # Errors
/// `conflict` for anything but a quantity that waits; `not_allowed` for giving it up by whoever entered it or handed the sheet in, and
/// whatever refuses the correction that pays it.
pub(super) fn say_after_audit(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    sheet: &SheetRow,
    (line, item): (LineRow, &Item),
    saying: &Saying,
) -> Result<LineRow, Problem> {
    let entered_by = item.row.entered_by.clone();
    if saying.step == ItemStep::Withdrawn {
        for first in std::iter::once(&entered_by).chain(&sheet.submitted_by) {
            second::require(tx.conn(), ctx, first)?;
        }
    }
    let (crew, worker) = (item.crew_confirmed_on.is_some(), item.worker_confirmed_on.is_some());
    let is_whole = match saying.step {
        ItemStep::CrewConfirmed => worker,
        ItemStep::WorkerConfirmed => crew,
        ItemStep::Withdrawn => false,
    };
    step_of(tx, ctx, sheet, item.row.id, saying)?;
    let verb = saying.step.as_str();
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), verb, &format!("{} {}", line.id, item.row.id))?;
    if is_whole && item.row.amount_fen.is_positive() {
        let new = NewCorrection {
            kind: CorrectionKind::BackPay,
            amount: item.row.amount_fen,
            days: None,
            back_pay_of: Some(BackPayOf::PieceWork),
            reason: format!("计件 {} {}", item.row.label, item.quantity()).chars().take(REASON_MAX).collect(),
            document: saying.document,
            from: None,
        };
        let row = corrections::correct(tx, ctx, site, sheet.id, line.id, &new)?;
        // It is paid there, and must count here no more.
        let note = format!("补发 back-pay {}", row.new_line_id.map(|id| id.to_string()).unwrap_or_default());
        step_of(tx, ctx, sheet, item.row.id, &Saying { step: ItemStep::Withdrawn, note, document: saying.document })?;
        return Ok(line);
    }
    let recorded_seq = tx.seq(Chain::Project(site.id))?;
    update_sheet(tx, &SheetRow { version: sheet.version + 1, recorded_seq, ..sheet.clone() })?;
    Ok(line)
}

/// The longest reason of a correction, in characters.
const REASON_MAX: usize = 200;
