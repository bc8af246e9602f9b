//! Entering an item; it leaves the line with the sum of what counts, as what is said of it later does (`saying`).

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::saying::{Saying, step_of};
use super::table::{self, ItemRow};
use super::{ITEMS_MAX, Item, ItemKind, ItemSource, ItemStep, PLAIN_RATE, RATE_MAX, Sums, amount, by_line, thousandths};
use crate::base::Fen;
use crate::base::id::{InboxId, LineId, RecordId, SheetId};
use crate::base::money::TooMuch;
use crate::payroll::actions::{add_up, checked_text, line_of_sheet, open_sheet, require_state};
use crate::payroll::building::NO_WORK_DAYS;
use crate::payroll::results::{append, write_line};
use crate::payroll::table::{LineRow, SheetRow, insert_line, lines_of};
use crate::payroll::{LINES_MAX, LineState, SheetState, opening};
use crate::projects::Site;
use crate::store::{AnyConn, Chain, Tx};
use crate::web::{Ctx, Problem};
use crate::workers;

/// Whose line an item goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A line of the sheet.
    Line(LineId),
    /// A worker of the project, who gets a line where the sheet has none: piece work needs no work day.
    Enrolment(RecordId),
}

/// An item as it is entered.
#[derive(Debug, Clone)]
pub struct NewItem {
    /// Whose.
    pub target: Target,
    /// What for.
    pub kind: ItemKind,
    /// In words: `墙面抹灰 m²`, `延时加班 150%`.
    pub label: String,
    /// How many.
    pub quantity: Decimal,
    /// For each.
    pub unit_price: Fen,
    /// Per cent of the unit price; needed for overtime, plain for all others.
    pub rate_percent: Option<i32>,
}

/// The items of one line.
pub fn of_line(conn: &mut AnyConn, site: &Site, line: &LineRow) -> Result<Vec<Item>, Problem> {
    let rows = table::of_line(conn, site.id, line.sheet_id, line.id)?;
    let ids: Vec<RecordId> = rows.iter().map(|row| row.id).collect();
    let steps = table::steps_of(conn, site.id, &ids)?;
    Ok(by_line(rows, steps).remove(&line.id).unwrap_or_default())
}

/// The items of a sheet that are no work days, by line.
pub(crate) fn of_extras(conn: &mut AnyConn, site: &Site, sheet: SheetId) -> Result<BTreeMap<LineId, Vec<Item>>, Problem> {
    let rows = table::extras_of_sheet(conn, site.id, sheet)?;
    let steps = if rows.is_empty() { Vec::new() } else { table::steps_of_sheet(conn, site.id, sheet)? };
    Ok(by_line(rows, steps))
}

/// A draft's line that is not signed.
pub(super) fn open_line(tx: &mut Tx<'_>, site: &Site, sheet: &SheetRow, id: LineId) -> Result<LineRow, Problem> {
    let line = line_of_sheet(tx, site, sheet, id)?;
    if matches!(line.state, LineState::Draft) || line.state_reason.as_deref() == Some(NO_WORK_DAYS) {
        return Ok(line);
    }
    let zh = "该行已签字，请先“更正”该行，更正后须重新签字。";
    let en = "The line is signed; open it for a correction first, which needs a new signature.";
    Err(Problem::conflict(zh, en).at("line", "bad_format"))
}

/// The line of a worker on a draft, made where there is none.
pub(in crate::payroll) fn line_for(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    sheet: &SheetRow,
    enrolment: RecordId,
) -> Result<LineRow, Problem> {
    let lines = lines_of(tx.conn(), site.id, sheet.id)?;
    if let Some(line) = lines.iter().find(|line| line.enrolment_id == enrolment) {
        return open_line(tx, site, sheet, line.id);
    }
    if lines.len() >= LINES_MAX {
        return Err(Problem::new(crate::web::Code::TooLarge, "一张工资表最多 20000 行。", "A sheet has at most 20,000 lines."));
    }
    let who = workers::table::find(tx.conn(), site.id, enrolment)?.ok_or_else(|| {
        Problem::invalid("项目中没有这名工人，请先登记。", "The project has no such worker; enrol them first.")
            .at("enrolment", "unknown_person")
    })?;
    new_line(tx, ctx, sheet, who.id, who.worker_id, who.day_rate)
}

/// An empty line of a draft.
pub(in crate::payroll) fn new_line(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    sheet: &SheetRow,
    enrolment_id: RecordId,
    worker_id: crate::base::id::WorkerId,
    day_rate_fen: Fen,
) -> Result<LineRow, Problem> {
    let row = LineRow {
        project_id: sheet.project_id,
        id: LineId(ctx.id()),
        sheet_id: sheet.id,
        enrolment_id,
        worker_id,
        days_hundredths: 0,
        day_rate_fen,
        gross_fen: Fen::ZERO,
        deductions_fen: Fen::ZERO,
        net_fen: Fen::ZERO,
        due_on: sheet.due_on,
        state: LineState::Draft,
        state_reason: None,
        disputed_fen: Fen::ZERO,
        attempt: 0,
        paid_on: None,
        paid_fen: Fen::ZERO,
        recorded_seq: tx.seq(Chain::Project(sheet.project_id))?,
    };
    insert_line(tx, &row)?;
    append(tx, ctx, &row, "new_line", ctx.today)?;
    Ok(row)
}

/// Enters an item of an unsigned line. Piece work waits for its confirmations, everything else counts at once.
///
/// # Errors
/// `invalid` for a quantity, rate or label that cannot be, and for deductions above the gross wage; `conflict` once the line is signed.
pub fn add(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, sheet: SheetId, new: &NewItem) -> Result<LineRow, Problem> {
    let label = checked_text(&new.label, "label")?;
    let (quantity_thousandths, rate_percent) = checked(new)?;
    let amount_fen = amount(new.quantity, new.unit_price, rate_percent)?;
    let sheet = open_sheet(tx, site, sheet)?;
    require_state(&sheet, SheetState::Draft)?;
    if opening::table::of_sheet(tx.conn(), site.id, sheet.id)?.is_some() {
        let zh = "此前欠付的工资表须凭材料，不能手工加项；请随材料导入（opening-arrears）。";
        let en =
            "A sheet of what was owed before rests on its paper; import it with its paper (opening-arrears), nothing is typed.";
        return Err(Problem::conflict(zh, en).at("sheet", "missing_field"));
    }
    let line = match new.target {
        Target::Line(id) => open_line(tx, site, &sheet, id)?,
        Target::Enrolment(id) => line_for(tx, ctx, site, &sheet, id)?,
    };
    let before = with_room(tx, site, &line)?;
    require_hours(&sheet, &before, new)?;
    let row = ItemRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        sheet_id: sheet.id,
        line_id: line.id,
        kind: new.kind,
        label,
        quantity_thousandths,
        unit_price_fen: new.unit_price,
        rate_percent,
        amount_fen,
        source: ItemSource::Entered,
        inbox_id: None,
        entered_by: ctx.actor().to_owned(),
        recorded_seq: tx.seq(Chain::Project(site.id))?,
    };
    table::insert(tx, &row)?;
    settle(tx, ctx, site, sheet, line, &before, "add_item")
}

/// Enters an item that a correction makes; gives the line and the item.
///
/// # Errors
/// `invalid` for more items than a line has and for deductions above the gross wage.
pub(in crate::payroll) fn enter(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    sheet: SheetRow,
    line: LineRow,
    one: &Whole,
    verb: &'static str,
) -> Result<(LineRow, RecordId), Problem> {
    let before = with_room(tx, site, &line)?;
    let row = one.row(ctx, &sheet, line.id, tx.seq(Chain::Project(site.id))?);
    table::insert(tx, &row)?;
    Ok((settle(tx, ctx, site, sheet, line, &before, verb)?, row.id))
}

/// The items of a line that may take one more.
fn with_room(tx: &mut Tx<'_>, site: &Site, line: &LineRow) -> Result<Vec<Item>, Problem> {
    let before = of_line(tx.conn(), site, line)?;
    if before.len() >= ITEMS_MAX {
        let problem = Problem::invalid("一行最多 200 个项目。", "A line has at most 200 items.");
        return Err(problem.at("line", "over_limit"));
    }
    Ok(before)
}

/// Refuses hours that a month does not have, those that stand on the line among them.
fn require_hours(sheet: &SheetRow, before: &[Item], new: &NewItem) -> Result<(), Problem> {
    let is_hours = |kind: ItemKind| matches!(kind, ItemKind::HourWage | ItemKind::Overtime);
    let most = Decimal::from(sheet.month.last().day_of_month().saturating_mul(24));
    let standing: Decimal = before.iter().filter(|item| item.stands() && is_hours(item.row.kind)).map(Item::quantity).sum();
    if !is_hours(new.kind) || standing.saturating_add(new.quantity) <= most {
        return Ok(());
    }
    let zh = format!("该行的工时合计超过当月的 {most} 小时，请核对。");
    let en = format!("The hours of the line come to more than the {most} of the month; check them.");
    Err(Problem::invalid(zh, en).at("quantity", "over_limit"))
}

/// Quantity in thousandths and rate of an item that can be.
fn checked(new: &NewItem) -> Result<(i64, i32), Problem> {
    let quantity = thousandths(new.quantity).ok_or_else(|| {
        let zh = "数量应为 0 至 1000000，最多三位小数。";
        Problem::invalid(zh, "A quantity lies between 0 and 1,000,000 and has three decimal places at most.")
            .at("quantity", "bad_format")
    })?;
    if new.unit_price < Fen::ZERO {
        let problem = Problem::invalid("单价不能为负。", "A unit price is not below nothing.");
        return Err(problem.at("unit_price", "bad_amount"));
    }
    if new.kind == ItemKind::OwedBefore {
        let zh = "此前欠付须凭材料导入（opening-arrears），不能手工填写。";
        let en = "What was owed before is imported with its paper (opening-arrears), not typed.";
        return Err(Problem::invalid(zh, en).at("kind", "bad_format"));
    }
    if new.kind == ItemKind::DayWage {
        let zh = "工日由考勤形成，不能手工填写；请补记考勤，或改用计时、计件项目。";
        let en = "Work days come from the attendance; amend the attendance, or enter hours or pieces.";
        return Err(Problem::invalid(zh, en).at("kind", "bad_format"));
    }
    match (new.kind, new.rate_percent) {
        (ItemKind::Overtime, Some(rate)) if (PLAIN_RATE..=RATE_MAX).contains(&rate) => Ok((quantity, rate)),
        (ItemKind::Overtime, _) => {
            let zh = "加班须写明倍率（百分比，100 至 1000，如 150、200、300）。";
            let en = "Overtime names its rate in per cent, 100 to 1,000, such as 150, 200 or 300.";
            Err(Problem::invalid(zh, en).at("rate_percent", "missing_field"))
        }
        (_, None | Some(PLAIN_RATE)) => Ok((quantity, PLAIN_RATE)),
        (_, Some(_)) => {
            let problem = Problem::invalid("只有加班项目有倍率。", "Only overtime has a rate.");
            Err(problem.at("rate_percent", "bad_format"))
        }
    }
}

/// Writes the line with what its items come to now, and the sheet's sum.
pub(super) fn settle(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    sheet: SheetRow,
    line: LineRow,
    before: &[Item],
    verb: &'static str,
) -> Result<LineRow, Problem> {
    let after = of_line(tx.conn(), site, &line)?;
    let mut row = moved(&line, Sums::of(before)?, Sums::of(&after)?)?;
    if row.net_fen < Fen::ZERO {
        let problem = Problem::invalid("扣除额超过应发工资。", "The deductions are more than the gross wage.");
        return Err(problem.at("amount", "bad_amount"));
    }
    if row.state == LineState::Held && row.gross_fen.is_positive() {
        row = LineRow { state: LineState::Draft, state_reason: None, ..row };
    }
    row.recorded_seq = tx.seq(Chain::Project(site.id))?;
    write_line(tx, ctx, &row, verb, ctx.today)?;
    add_up(tx, SheetRow { version: sheet.version + 1, ..sheet })?;
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), verb, &row.id.to_string())?;
    Ok(row)
}

/// A line whose items came to `before` and come to `after`. What a line held before items were kept stays.
fn moved(line: &LineRow, before: Sums, after: Sums) -> Result<LineRow, TooMuch> {
    let gross = line.gross_fen.minus(before.extras)?.plus(after.extras)?.minus(before.days)?.plus(after.days)?;
    let deductions = line.deductions_fen.minus(before.deductions)?.plus(after.deductions)?;
    let net = gross.minus(deductions)?;
    let disputed = if line.disputed_fen > net { Fen::ZERO } else { line.disputed_fen };
    Ok(LineRow { gross_fen: gross, deductions_fen: deductions, net_fen: net, disputed_fen: disputed, ..line.clone() })
}

/// One item that replaces all standing ones of its kind: the whole deduction of a line, its work days.
#[derive(Debug, Clone)]
pub(in crate::payroll) struct Whole {
    pub kind: ItemKind,
    pub label: String,
    pub quantity_thousandths: i64,
    pub unit_price: Fen,
    pub amount: Fen,
    pub source: ItemSource,
    pub inbox: Option<InboxId>,
}

impl Whole {
    /// The item as a row of a line.
    pub(in crate::payroll) fn row(&self, ctx: &Ctx, sheet: &SheetRow, line: LineId, recorded_seq: i64) -> ItemRow {
        ItemRow {
            project_id: sheet.project_id,
            id: RecordId(ctx.id()),
            sheet_id: sheet.id,
            line_id: line,
            kind: self.kind,
            label: self.label.clone(),
            quantity_thousandths: self.quantity_thousandths,
            unit_price_fen: self.unit_price,
            rate_percent: PLAIN_RATE,
            amount_fen: self.amount,
            source: self.source,
            inbox_id: self.inbox,
            entered_by: ctx.actor().to_owned(),
            recorded_seq,
        }
    }

    /// Whether the item says the same; the same file handed in twice says nothing new.
    fn is(&self, item: &Item) -> bool {
        let row = &item.row;
        (row.kind, row.quantity_thousandths, row.unit_price_fen, row.amount_fen, row.source)
            == (self.kind, self.quantity_thousandths, self.unit_price, self.amount, self.source)
            && row.label == self.label
    }
}

/// Makes `wanted` the standing items of their kind on a line, without touching the line's sums: who calls writes the line.
pub(in crate::payroll) fn replace(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    sheet: &SheetRow,
    line: LineId,
    kind: ItemKind,
    standing: &[Item],
    wanted: &[Whole],
) -> Result<(), Problem> {
    let now: Vec<&Item> = standing.iter().filter(|item| item.stands() && item.row.kind == kind).collect();
    if now.len() == wanted.len() && now.iter().zip(wanted).all(|(item, one)| one.is(item)) {
        return Ok(());
    }
    let replaced = Saying { step: ItemStep::Withdrawn, note: "replaced".to_owned(), document: None };
    for item in now {
        step_of(tx, ctx, sheet, item.row.id, &replaced)?;
    }
    let recorded_seq = tx.seq(Chain::Project(sheet.project_id))?;
    let rows: Vec<ItemRow> = wanted.iter().map(|one| one.row(ctx, sheet, line, recorded_seq)).collect();
    Ok(table::insert_items(tx, &rows)?)
}

/// The whole ordinary deduction of a line from now on, as one item. What is taken back with the worker's consent (`taken_back`) stays: it
/// ends by being withdrawn and by nothing else.
pub(in crate::payroll) fn deduct_whole(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    sheet: &SheetRow,
    line: &LineRow,
    (amount, taken_back): (Fen, &BTreeSet<RecordId>),
    reason: &str,
) -> Result<(), Problem> {
    let mut standing = of_line(tx.conn(), site, line)?;
    standing.retain(|item| !taken_back.contains(&item.row.id));
    let whole = Whole {
        kind: ItemKind::Deduction,
        label: reason.to_owned(),
        quantity_thousandths: 1_000,
        unit_price: amount,
        amount,
        source: ItemSource::Entered,
        inbox: None,
    };
    let wanted: &[Whole] = if amount.is_positive() { std::slice::from_ref(&whole) } else { &[] };
    replace(tx, ctx, sheet, line.id, ItemKind::Deduction, &standing, wanted)
}
