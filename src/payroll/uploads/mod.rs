//! Wages that a contractor's system uploads: they become items of the month's draft, beside what people enter by hand.
//!
//! Several messages may state parts of one worker's month; the line holds their sum, and each stands on record by its own key, so that a
//! repeat adds nothing. Deliberately absent: changing what was stated, which a person does on the sheet.

pub mod table;

use std::collections::{BTreeSet, HashMap};

use rust_decimal::Decimal;

use self::table::UploadedPayRow;
use super::actions::add_up;
use super::building::{build_for_upload, draft_of};
use super::items::actions::{Whole, new_line, replace};
use super::items::{self, Item, ItemKind, ItemSource, Sums, thousandths};
use super::results::write_line;
use super::table::{LineRow, SheetRow, lines_of};
use super::{LINES_MAX, LineState};
use crate::base::id::{InboxId, RecordId, SheetId};
use crate::base::{Day, Fen, Month};
use crate::projects::Site;
use crate::store::{Chain, Tx};
use crate::web::{Ctx, Problem};
use crate::workers::table::EnrolmentRow;

/// What a message states for one worker.
#[derive(Debug, Clone)]
pub struct NewPay {
    /// Whose.
    pub enrolment: EnrolmentRow,
    /// Blind index of the key under which the message knows it.
    pub key_index: String,
    /// Digest of what it says.
    pub content: String,
    /// What was earned.
    pub total: Fen,
    /// What is paid out of it.
    pub actual: Fen,
    /// Days worked, in hundredths.
    pub days_hundredths: Option<i32>,
    /// Day of payment as stated.
    pub paid_on: Day,
}

/// Why one statement was not taken; its place among those handed in.
pub type Untaken = (usize, Problem);

/// Takes statements for a month into its draft, which is built where there is none. A statement that is on record changes nothing.
///
/// # Errors
/// Whatever keeps the month from having a draft. Inside, each statement that cannot be taken with its place: then the caller keeps none.
pub fn take(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    month: Month,
    inbox: InboxId,
    given: &[NewPay],
) -> Result<(Option<SheetId>, Vec<Untaken>), Problem> {
    let chain = Chain::Project(site.id);
    let recorded_seq = tx.seq(chain)?;
    let (mut fresh, mut untaken, mut keys) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (place, new) in given.iter().enumerate() {
        match table::by_key(tx.conn(), site.id, &new.key_index)? {
            Some(known) if known.content == new.content => {}
            Some(_) => untaken.push((place, already(new))),
            None if !keys.insert(&new.key_index) => untaken.push((place, already(new))),
            None => fresh.push((place, new)),
        }
    }
    let Some((_, first)) = fresh.first() else { return Ok((None, untaken)) };
    let sheet = match draft_of(tx, site, month)? {
        Some(draft) => draft,
        None => build_for_upload(tx, ctx, site, month, first.paid_on)?.sheet,
    };
    for (_, new) in &fresh {
        let row = UploadedPayRow {
            project_id: site.id,
            id: RecordId(ctx.id()),
            sheet_id: sheet.id,
            enrolment_id: new.enrolment.id,
            worker_id: new.enrolment.worker_id,
            month,
            key_index: new.key_index.clone(),
            content: new.content.clone(),
            total_fen: new.total,
            actual_fen: new.actual,
            days_hundredths: new.days_hundredths,
            inbox_id: inbox,
            recorded_at: ctx.now,
            recorded_seq,
        };
        table::insert(tx, &row)?;
    }
    untaken.extend(lay(tx, ctx, &sheet, inbox, &fresh)?);
    let sheet = add_up(tx, SheetRow { version: sheet.version + 1, ..sheet })?;
    tx.note(chain, ctx.now, ctx.actor(), "upload_pay", &sheet.id.to_string())?;
    Ok((Some(sheet.id), untaken))
}

fn already(new: &NewPay) -> Problem {
    let (zh, en) = (
        "该工资记录已上传且内容不同，请由人员在工资表中更正。",
        "This wage was stated before with other contents; a person corrects it.",
    );
    Problem::conflict(zh, en).at(new.enrolment.id.to_string(), "id_reused")
}

/// Brings the lines of the workers to the sum of what was stated for them.
fn lay(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    sheet: &SheetRow,
    inbox: InboxId,
    fresh: &[(usize, &NewPay)],
) -> Result<Vec<Untaken>, Problem> {
    let (project, id) = (sheet.project_id, sheet.id);
    let mut lines: HashMap<RecordId, LineRow> =
        lines_of(tx.conn(), project, id)?.into_iter().map(|line| (line.enrolment_id, line)).collect();
    let rows = items::table::of_sheet(tx.conn(), project, id)?;
    let mut made_of = items::by_line(rows, items::table::steps_of_sheet(tx.conn(), project, id)?);
    let (mut untaken, mut seen) = (Vec::new(), BTreeSet::new());
    for (place, new) in fresh {
        if !seen.insert(new.enrolment.id) {
            continue;
        }
        let line = match lines.remove(&new.enrolment.id) {
            Some(line) if line.state == LineState::Signed => {
                let (zh, en) =
                    ("该工人的工资已签字确认，请由人员更正。", "The worker has signed this line; a person corrects it.");
                untaken.push((*place, Problem::conflict(zh, en).at("line", "id_reused")));
                continue;
            }
            Some(line) => line,
            None if lines.len() >= LINES_MAX => {
                let (zh, en) = ("一张工资表最多 20000 行。", "A sheet has at most 20,000 lines.");
                untaken.push((*place, Problem::conflict(zh, en).at("line", "over_limit")));
                continue;
            }
            None => new_line(tx, ctx, sheet, new.enrolment.id, new.enrolment.worker_id, new.enrolment.day_rate)?,
        };
        let standing = made_of.remove(&line.id).unwrap_or_default();
        let stated = table::stated(tx.conn(), project, id, new.enrolment.id)?;
        let withheld = stated.total.minus(stated.actual)?;
        let by_hand: Vec<Item> = standing
            .iter()
            .filter(|item| item.row.kind != ItemKind::DayWage && item.row.source != ItemSource::Imported)
            .cloned()
            .collect();
        let by_hand = Sums::of(&by_hand)?;
        let (gross, deductions) = (stated.total.plus(by_hand.extras)?, withheld.plus(by_hand.deductions)?);
        let net = gross.minus(deductions)?;
        if net < Fen::ZERO {
            let (zh, en) = (
                "连同已录入的扣款，扣除额超过应发工资。",
                "With the deductions entered by hand more is withheld than was earned.",
            );
            untaken.push((*place, Problem::conflict(zh, en).at("line", "sum_mismatch")));
            continue;
        }
        let days = i32::try_from(stated.days_hundredths).ok().filter(|days| *days > 0).unwrap_or(line.days_hundredths);
        let whole = |kind, label: &str, quantity, unit_price, amount| Whole {
            kind,
            label: label.to_owned(),
            quantity_thousandths: quantity,
            unit_price,
            amount,
            source: ItemSource::Imported,
            inbox: Some(inbox),
        };
        let quantity = thousandths(Decimal::new(i64::from(days), 2)).unwrap_or_default();
        let wage = whole(ItemKind::DayWage, "上传工资 uploaded wages", quantity, line.day_rate_fen, stated.total);
        let held = whole(ItemKind::Deduction, "上传扣款 uploaded deductions", 1_000, withheld, withheld);
        let imported: Vec<Item> = standing
            .iter()
            .filter(|item| item.row.kind == ItemKind::Deduction && item.row.source == ItemSource::Imported)
            .cloned()
            .collect();
        replace(tx, ctx, sheet, line.id, ItemKind::DayWage, &standing, std::slice::from_ref(&wage))?;
        let wanted: &[Whole] = if withheld.is_positive() { std::slice::from_ref(&held) } else { &[] };
        replace(tx, ctx, sheet, line.id, ItemKind::Deduction, &imported, wanted)?;
        let next = LineRow {
            days_hundredths: days,
            gross_fen: gross,
            deductions_fen: deductions,
            net_fen: net,
            disputed_fen: if line.disputed_fen > net { Fen::ZERO } else { line.disputed_fen },
            due_on: sheet.due_on,
            state: LineState::Draft,
            state_reason: line.state_reason.clone().filter(|_| line.state == LineState::Draft),
            ..line.clone()
        };
        if next != line {
            write_line(tx, ctx, &next, "upload_pay", ctx.today)?;
        }
    }
    Ok(untaken)
}
