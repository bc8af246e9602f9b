//! Corrections of a line after audit or payment (R724-15): the line stays as it was signed and paid, and what differs is an entry of its
//! own, linked to it, with the reason and who recorded it.
//!
//! What was left out is paid as a line of the next part of the month: signed, audited and paid as any other, due since the month was. It is
//! wage for days of that month, and so counts against what those days earn, whether or not it names them, unless it says that it is for
//! something else.
//! What was paid too much is noted and nothing more. Of that a part is taken back only from a draft line of the same worker, with a paper
//! in which the worker consents, and never more than a fifth of the wage or below the minimum wage (the bounds that the rules of 1994 on
//! paying wages set for deductions, article 16); that line is then signed by the worker as well. Deliberately absent: a deduction that
//! makes itself, and any change of what was signed.

pub mod http;
pub mod table;
pub(in crate::payroll) mod taking_back;

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use self::table::CorrectionRow;
use super::actions::{checked_text, line_of_sheet, open_sheet, require_state};
use super::items::actions::{Whole, enter, line_for};
use super::items::{Item, ItemKind, ItemSource, thousandths};
use super::table::{LineRow, SheetRow, insert_sheet, parts, update_sheet};
use super::{PARTS_MAX, SheetState, opening};
use crate::base::id::{DocumentId, LineId, RecordId, SheetId};
use crate::base::money::TooMuch;
use crate::base::{Fen, words};
use crate::documents;
use crate::projects::Site;
use crate::store::{AnyConn, Chain, Tx, jobs};
use crate::web::{Ctx, Problem};

words! {
    /// What a correction after audit or payment is.
    pub enum CorrectionKind, "kind of a correction of a pay line" {
        /// Paid in addition (补发).
        BackPay = "back_pay",
        /// Noted as paid too much; nothing is deducted by it.
        Overpaid = "overpaid",
        /// Taken back of what was paid too much, with the worker's consent.
        TakenBack = "taken_back",
    }
}
crate::store::types::word_column!(CorrectionKind);
crate::web::openapi::word_schema!(CorrectionKind);

words! {
    /// What back-pay is for.
    pub enum BackPayOf, "purpose of back-pay" {
        /// Work days of the month: it counts against what they earn.
        DayWage = "day_wage",
        /// Hours.
        HourWage = "hour_wage",
        /// Overtime.
        Overtime = "overtime",
        /// Piece work.
        PieceWork = "piece_work",
        /// What comes on top: meals, heat, night.
        Allowance = "allowance",
    }
}
crate::store::types::word_column!(BackPayOf);
crate::web::openapi::word_schema!(BackPayOf);

impl BackPayOf {
    /// How the item of it is called, Chinese first.
    fn label(self) -> &'static str {
        match self {
            BackPayOf::DayWage => "补发 back-pay",
            BackPayOf::HourWage => "补发计时工资 back-pay of hours",
            BackPayOf::Overtime => "补发加班工资 back-pay of overtime",
            BackPayOf::PieceWork => "补发计件工资 back-pay of piece work",
            BackPayOf::Allowance => "补发津贴 back-pay of an allowance",
        }
    }
}

/// A correction as it is entered.
#[derive(Debug, Clone)]
pub struct NewCorrection {
    /// What it is.
    pub kind: CorrectionKind,
    /// By how much the line differs from what is right, above nothing.
    pub amount: Fen,
    /// Work days that were left out, where back-pay is for days.
    pub days: Option<Decimal>,
    /// What back-pay is for; for work days where nobody says.
    pub back_pay_of: Option<BackPayOf>,
    /// What was wrong.
    pub reason: String,
    /// The paper: the worker's signed consent for what is taken back, the list for arrears from before.
    pub document: Option<DocumentId>,
    /// The draft line of the worker from which is taken back.
    pub from: Option<LineId>,
}

/// The line and the item that a correction made.
struct Made {
    sheet: SheetId,
    line: LineId,
    item: RecordId,
}

/// The longest label of an item, in characters.
const LABEL_MAX: usize = 200;

/// Corrects a line of a sheet that was audited.
///
/// # Errors
/// `conflict` for a sheet before its audit, where the month has no room for another part, and where the worker's line on it is signed;
/// `invalid` for an amount that cannot be, days beyond the month, more than was paid, or taking back without consent or beyond the bounds.
pub fn correct(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    sheet: SheetId,
    line: LineId,
    new: &NewCorrection,
) -> Result<CorrectionRow, Problem> {
    let reason = checked_text(&new.reason, "reason")?;
    let sheet = open_sheet(tx, site, sheet)?;
    require_audited(&sheet)?;
    let old = line_of_sheet(tx, site, &sheet, line)?;
    if !new.amount.is_positive() || !new.amount.is_bookable() {
        let problem = Problem::invalid("金额应大于零且可入账。", "The amount is above nothing and can be booked.");
        return Err(problem.at("amount", "bad_amount"));
    }
    documents::actions::require(tx.conn(), site.id, new.document, "document")?;
    require_purpose(new)?;
    let made = match new.kind {
        CorrectionKind::BackPay => Some(pay_back_pay(tx, ctx, site, (&sheet, &old), new, &reason)?),
        CorrectionKind::Overpaid => {
            taking_back::require_paid(tx, site, &old, new.amount)?;
            None
        }
        CorrectionKind::TakenBack => Some(taking_back::take(tx, ctx, site, (&sheet, &old), new, &reason)?),
    };
    let recorded_seq = tx.seq(Chain::Project(site.id))?;
    let row = CorrectionRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        line_id: old.id,
        kind: new.kind,
        amount_fen: new.amount,
        reason,
        back_pay_of: new.back_pay_of,
        new_sheet_id: made.as_ref().map(|made| made.sheet),
        new_line_id: made.as_ref().map(|made| made.line),
        item_id: made.as_ref().map(|made| made.item),
        document_id: new.document,
        recorded_by: ctx.actor().to_owned(),
        happened_on: ctx.today,
        recorded_at: ctx.now,
        recorded_seq,
    };
    table::insert(tx, &row)?;
    // The same form sent twice has not seen the first one.
    update_sheet(tx, &SheetRow { version: sheet.version + 1, recorded_seq, ..sheet })?;
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "correct_paid_line", &format!("{} {}", old.id, row.kind))?;
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &site.id.to_string(), ctx.now)?;
    Ok(row)
}

/// Only back-pay is for something of its own, and what names days is for days.
fn require_purpose(new: &NewCorrection) -> Result<(), Problem> {
    let Some(of) = new.back_pay_of else { return Ok(()) };
    let (zh, en) = if new.kind != CorrectionKind::BackPay {
        ("只有补发可以写明补发的是什么。", "Only back-pay says what it is for.")
    } else if new.days.is_some() && of != BackPayOf::DayWage {
        (
            "写明天数的补发是工日工资：请不填天数，或选工日工资。",
            "Back-pay that names days is wage for days: leave out the days, or say `day_wage`.",
        )
    } else {
        return Ok(());
    };
    Err(Problem::invalid(zh, en).at("back_pay_of", "bad_format"))
}

fn require_audited(sheet: &SheetRow) -> Result<(), Problem> {
    match sheet.state {
        SheetState::Audited | SheetState::Published | SheetState::Closed => Ok(()),
        SheetState::Draft | SheetState::Submitted => {
            let zh = "该工资表尚未审核：草稿直接修改或“更正”已签字的行，已提交的先退回。";
            let en = "The sheet is not audited: change the draft, open its signed line, or send back what was handed in.";
            Err(Problem::conflict(zh, en).at("state", "bad_format"))
        }
    }
}

/// The part of the month that takes lines: its draft, else a new one that is due when the corrected sheet was.
fn part_of(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, sheet: &SheetRow) -> Result<SheetRow, Problem> {
    let known = parts(tx.conn(), site.id, sheet.month)?;
    if let Some(draft) = known.iter().find(|part| part.state == SheetState::Draft) {
        return Ok(draft.clone());
    }
    let part = known.iter().map(|part| part.part).max().unwrap_or(0) + 1;
    if part > PARTS_MAX {
        let problem = Problem::conflict(
            format!("本月工资表最多 {PARTS_MAX} 部分。"),
            format!("A month's sheet has {PARTS_MAX} parts at most."),
        );
        return Err(problem.at("part", "over_limit"));
    }
    let fresh = SheetRow {
        project_id: site.id,
        id: SheetId(ctx.id()),
        month: sheet.month,
        part,
        state: SheetState::Draft,
        line_count: 0,
        total_fen: Fen::ZERO,
        due_on: sheet.due_on,
        version: 1,
        built_by: ctx.actor().to_owned(),
        submitted_by: None,
        audited_by: None,
        audited_on: None,
        recorded_seq: tx.seq(Chain::Project(site.id))?,
    };
    insert_sheet(tx, &fresh)?;
    Ok(fresh)
}

fn pay_back_pay(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    (sheet, old): (&SheetRow, &LineRow),
    new: &NewCorrection,
    reason: &str,
) -> Result<Made, Problem> {
    let is_opening = opening::table::of_sheet(tx.conn(), site.id, sheet.id)?.is_some();
    if is_opening && new.document.is_none() {
        let (zh, en) = ("此前欠付的更正须附材料。", "A correction of what was owed before comes with its paper.");
        return Err(Problem::invalid(zh, en).at("document", "missing_field"));
    }
    let hundredths = match new.days {
        None => 0,
        Some(days) => hundredths_of(days, sheet)?,
    };
    let part = part_of(tx, ctx, site, sheet)?;
    let line = line_for(tx, ctx, site, &part, old.enrolment_id)?;
    let label = label_of(new.back_pay_of.unwrap_or(BackPayOf::DayWage).label(), sheet, reason);
    let one = match new.days {
        Some(days) => Whole {
            kind: ItemKind::DayWage,
            quantity_thousandths: thousandths(days).unwrap_or_default(),
            unit_price: old.day_rate_fen,
            ..whole(ItemKind::DayWage, label, new.amount)
        },
        None => whole(ItemKind::Allowance, label, new.amount),
    };
    let days_hundredths = line.days_hundredths.saturating_add(hundredths);
    // A line made for it goes by the rate of then, one that stands there keeps its own.
    let day_rate_fen = if line.gross_fen == Fen::ZERO { old.day_rate_fen } else { line.day_rate_fen };
    let line = LineRow { days_hundredths, day_rate_fen, ..line };
    let (line, item) = enter(tx, ctx, site, part, line, &one, "correct_paid_line")?;
    Ok(Made { sheet: line.sheet_id, line: line.id, item })
}

/// Days in hundredths that a month can have.
fn hundredths_of(days: Decimal, sheet: &SheetRow) -> Result<i32, Problem> {
    let most = Decimal::from(sheet.month.last().day_of_month());
    let whole = days.checked_mul(Decimal::ONE_HUNDRED).filter(|_| days > Decimal::ZERO && days <= most);
    whole.filter(|whole| whole.fract().is_zero()).and_then(|whole| whole.to_i32()).ok_or_else(|| {
        let zh = format!("补发天数应大于 0、不超过当月的 {most} 天，最多两位小数。");
        let en = format!("Days are above nothing, at most the {most} of the month, with two decimal places at most.");
        Problem::invalid(zh, en).at("days", "bad_format")
    })
}

fn label_of(what: &str, sheet: &SheetRow, reason: &str) -> String {
    format!("{what} {} ({}): {reason}", sheet.month, sheet.part).chars().take(LABEL_MAX).collect()
}

fn whole(kind: ItemKind, label: String, amount: Fen) -> Whole {
    Whole { kind, label, quantity_thousandths: 1_000, unit_price: amount, amount, source: ItemSource::Entered, inbox: None }
}

/// Items by which wages for days of a month were paid afterwards without naming the days: they count against what those days earn, as a
/// line of days does. What was owed from before this service is for no day that it knows.
#[derive(Debug, Default)]
pub(crate) struct PaidAfter(BTreeSet<RecordId>);

impl PaidAfter {
    /// Reads a project's.
    ///
    /// # Errors
    /// What the store says.
    pub(crate) fn read(conn: &mut AnyConn, site: &Site) -> Result<Self, Problem> {
        let mut rows = table::of_project(conn, site.id)?;
        // What was paid for hours, pieces, overtime or an allowance pays no day.
        rows.retain(|row| row.kind == CorrectionKind::BackPay && row.back_pay_of.is_none_or(|of| of == BackPayOf::DayWage));
        if rows.is_empty() {
            return Ok(PaidAfter::default());
        }
        let mut from_before = BTreeSet::new();
        for opening in opening::table::of_project(conn, site.id)? {
            from_before.extend(super::table::lines_of(conn, site.id, opening.sheet_id)?.into_iter().map(|line| line.id));
        }
        let items = rows.into_iter().filter(|row| !from_before.contains(&row.line_id)).filter_map(|row| row.item_id);
        Ok(PaidAfter(items.collect()))
    }

    /// What of a line's items beside its days is such pay.
    ///
    /// # Errors
    /// Amounts that do not add up within 63 bits.
    pub(crate) fn of(&self, extras: &[Item]) -> Result<Fen, TooMuch> {
        let is_it = |item: &&Item| item.counts() && item.row.kind == ItemKind::Allowance && self.0.contains(&item.row.id);
        Fen::total(extras.iter().filter(is_it).map(|item| item.row.amount_fen))
    }
}

/// Refuses a line that is not of a draft.
fn require_draft(sheet: &SheetRow) -> Result<(), Problem> {
    require_state(sheet, SheetState::Draft)
}
