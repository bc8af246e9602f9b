//! Orders to pay out of the wage deposit (R65-19): over what they are, whom the notice to the bank names, what the bank paid on it, and
//! how they end where the wages were paid after all.
//!
//! While a notice names a line no pay run pays it, and no notice names a line that a pay run pays. What the bank has paid it has paid:
//! beyond what was owed it is put on record as such, and the labour authority keeps it until it is settled. Deliberately absent: who may
//! take a step (`takers`) and which may follow.

use std::collections::BTreeSet;

use super::actions::{NewStep, all, as_stated, deposit_of, move_deposit, refuse, require_money};
use super::table::StepRow;
use super::{Matter, MatterKind, Step, liability};
use crate::base::Fen;
use crate::base::id::{DocumentId, LineId};
use crate::deposits::DepositEvent;
use crate::payroll;
use crate::payroll::outside::notices::{self, NoticeWord};
use crate::payroll::outside::{self, NewClearing, Payer};
use crate::payroll::table::LineRow;
use crate::projects::Site;
use crate::store::Tx;
use crate::users::second;
use crate::web::{Ctx, Problem};

/// An order is over wages that are owed: beyond what stands here it names the paper that shows the rest.
pub(super) fn require_owed(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    ordered: Fen,
    document: Option<DocumentId>,
) -> Result<(), Problem> {
    let owed = Fen::total(liability::arrears(tx.conn(), site, ctx.today)?.iter().map(LineRow::rest))?;
    // What another order is still to pay is not ordered twice.
    let open = all(tx.conn(), ctx, site, ctx.today)?;
    let is_left = |one: &&Matter| one.kind == MatterKind::DepositOrder && one.is_open() && !one.is_ended();
    let left = open.iter().filter(is_left).filter_map(Matter::left_of_order);
    let owed = Fen(owed.0.saturating_sub(Fen::total(left)?.0)).or_zero();
    if ordered <= owed || document.is_some() {
        return Ok(());
    }
    Err(refuse(
        format!(
            "责令支付 {ordered} 元超过本平台在册、尚未责令支付的拖欠工资 {owed} 元；请更正金额，或附上证明其余欠薪的材料（document_id）。"
        ),
        format!(
            "{ordered} is more than the {owed} of wages owed here that no order covers; put it right, or name the paper that shows the rest (document_id)."
        ),
        "amount",
        "sum_mismatch",
    ))
}

/// A notice names the lines that the deposit pays: those given, else all that are in arrears. They are no pay run's until it ends.
pub(super) fn serve(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    matter: &Matter,
    new: &NewStep,
    row: &mut StepRow,
) -> Result<(), Problem> {
    let deposit = deposit_of(tx, site, matter.begun().and_then(|begun| begun.subject.as_deref()))?;
    require_money(tx, ctx, site, deposit.id)?;
    let left = matter.left_of_order().unwrap_or_default();
    let known = notices::named_lines(tx.conn(), site.id)?;
    let lines = if new.lines.is_empty() {
        let due = liability::arrears(tx.conn(), site, ctx.today)?;
        let open = |line: &&LineRow| line.state.is_orderable() && !line.state.is_in_flight() && !known.contains(&line.id);
        let found: Vec<(LineId, Fen)> = due.iter().filter(open).map(|line| (line.id, line.rest())).collect();
        if Fen::total(found.iter().map(|(_, rest)| *rest))? > left {
            return Err(refuse(
                format!("逾期未付的工资多于责令支付的 {left} 元，请写明通知书列明的工资行与金额（lines）。"),
                format!(
                    "More wages are in arrears than the {left} of the order: name the lines of the notice, each with its amount."
                ),
                "lines",
                "missing_field",
            ));
        }
        found
    } else {
        new.lines.clone()
    };
    if lines.is_empty() && new.document.is_none() {
        let problem = Problem::conflict(
            "没有逾期未付、也未在代发途中的工资可列入通知书：工资已付清的登记 remedied，未在本平台的欠薪附材料（document_id）。",
            "No wage is in arrears and not under way: where they were paid record `remedied`; for wages that do not stand here name the paper.",
        );
        return Err(problem.at("lines", "missing_field"));
    }
    let mut seen = BTreeSet::new();
    for (index, (id, amount)) in lines.iter().enumerate() {
        let place = format!("lines.{index}");
        let line = line_of(tx, site, *id, &place)?;
        if !seen.insert(*id) || known.contains(id) {
            let (zh, en) = ("该行已在支付通知书中。", "The line is named in a notice already.");
            return Err(Problem::conflict(zh, en).at(&place, "duplicate"));
        }
        if line.state.is_in_flight() {
            let (zh, en) = (
                "该行正在通过专用账户代发，结果未明，不能同时由保证金支付；请先等银行答复。",
                "A pay run pays this line and its result is open: the deposit does not pay it as well. Hear the bank first.",
            );
            return Err(Problem::conflict(zh, en).at(&place, "duplicate"));
        }
        let rest = line.rest().or_zero();
        if !line.state.is_orderable() || !amount.is_positive() || *amount > rest {
            let (zh, en) = (
                format!("金额应大于零、不超过该行已审核的未付余额 {rest} 元。"),
                format!("Write more than nothing and at most the line's audited rest of {rest}."),
            );
            return Err(refuse(zh, en, &place, "bad_amount"));
        }
    }
    let total = Fen::total(lines.iter().map(|(_, amount)| *amount))?;
    if total > left {
        return Err(refuse("通知支付的金额超过责令支付的金额。", "That is more than was ordered.", "lines", "sum_mismatch"));
    }
    if !lines.is_empty() {
        as_stated(new.amount, total)?;
        row.amount_fen = Some(total);
    }
    notices::say(tx, ctx, site, matter.id, NoticeWord::Named, &lines, None)
}

fn line_of(tx: &mut Tx<'_>, site: &Site, id: LineId, place: &str) -> Result<LineRow, Problem> {
    let line = payroll::table::line(tx.conn(), site.id, id)?;
    line.ok_or_else(|| refuse("本项目没有这一行工资。", "The project has no such line.", place, "unknown_reference"))
}

/// The bank paid workers out of the deposit, at most what the order said (R65-19). What was owed of it clears their lines; what was not
/// has left the deposit all the same, and stands as paid beyond it.
pub(super) fn pay_out(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    matter: &Matter,
    new: &NewStep,
    row: &mut StepRow,
) -> Result<(), Problem> {
    let total = Fen::total(new.lines.iter().map(|(_, amount)| *amount))?;
    if matter.left_of_order().is_none_or(|left| total > left) {
        return Err(refuse("支付金额超过责令支付的金额。", "That is more than was ordered.", "lines", "sum_mismatch"));
    }
    as_stated(new.amount, total)?;
    let reference = new.reference.as_deref().map(str::trim).unwrap_or_default();
    let said = notices::of_project(tx.conn(), site.id)?;
    let (mut owed, mut beyond, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (index, (id, amount)) in new.lines.iter().enumerate() {
        let place = format!("lines.{index}");
        let line = line_of(tx, site, *id, &place)?;
        let is_known = said.iter().any(|one| one.line_id == *id && one.reference.as_deref() == Some(reference));
        if !seen.insert(*id) || is_known {
            let (zh, en) = ("该凭证的这一行已登记。", "This line of this reference is on record already.");
            return Err(Problem::conflict(zh, en).at(&place, "duplicate"));
        }
        // Of a line that a pay run pays nothing is surely owed before the bank's word on it.
        let rest = if line.state.is_in_flight() { Fen::ZERO } else { line.rest().or_zero() };
        if *amount > rest && row.note.is_none() {
            return Err(refuse(
                format!(
                    "该行尚欠 {rest} 元，少于银行支付的 {amount} 元。请核对；银行确已支付的，在说明（note）中写明后再次提交，多付部分将单独登记，由人社部门追回或处理。"
                ),
                format!(
                    "{rest} is owed of this line, less than the {amount} that the bank paid. Look again; where the bank did pay it, say so in a note: what was not owed is put on record apart, for the labour authority to settle."
                ),
                "note",
                "missing_field",
            ));
        }
        let part = rest.min(*amount);
        if part.is_positive() || *amount <= rest {
            owed.push((*id, part));
        }
        if *amount > part {
            beyond.push((*id, amount.minus(part)?));
        }
    }
    if !beyond.is_empty() && reference.is_empty() {
        return Err(refuse("请写明银行凭证号。", "Name the bank's reference.", "reference", "missing_field"));
    }
    if !owed.is_empty() || beyond.is_empty() {
        clear(tx, ctx, site, matter, new, owed.clone())?;
    }
    move_deposit(tx, ctx, site, matter, new, DepositEvent::Used, total)?;
    if !beyond.is_empty() {
        notices::say(tx, ctx, site, matter.id, NoticeWord::PaidBeyond, &beyond, Some(reference))?;
        row.payroll_fen = Some(Fen::total(owed.iter().map(|(_, amount)| *amount))?);
    }
    row.amount_fen = Some(total);
    Ok(())
}

fn clear(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    matter: &Matter,
    new: &NewStep,
    items: Vec<(LineId, Fen)>,
) -> Result<(), Problem> {
    let deposit = deposit_of(tx, site, matter.begun().and_then(|begun| begun.subject.as_deref()))?;
    let clearing = NewClearing {
        payer: Payer::Deposit,
        reference: new.reference.clone().unwrap_or_default(),
        paid_on: new.happened_on,
        document: new.document,
        items,
        from_cash: deposit.kind.is_cash(),
    };
    outside::clear(tx, ctx, site, &clearing).map(|_| ())
}

/// What the bank paid beyond what was owed is settled: with lines, it pays those after all, as where a pay run of the same wages came
/// back; without, it was taken back or is somebody's debt, and the note says whose.
pub(super) fn settle_surplus(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    matter: &Matter,
    new: &NewStep,
    row: &mut StepRow,
) -> Result<(), Problem> {
    require_note(row, "请写明多付款项如何了结：追回、转为借款或抵作哪一行工资。", "Say how the surplus was settled.")?;
    let open = matter.paid_beyond.unwrap_or_default();
    if new.lines.is_empty() {
        as_stated(new.amount, open)?;
        row.amount_fen = Some(open);
        return Ok(());
    }
    let total = Fen::total(new.lines.iter().map(|(_, amount)| *amount))?;
    as_stated(new.amount, total)?;
    if total > open {
        return Err(refuse(
            format!("抵付金额 {total} 元超过多付的 {open} 元。"),
            format!("{total} is more than the {open} that was paid beyond what was owed."),
            "lines",
            "sum_mismatch",
        ));
    }
    clear(tx, ctx, site, matter, new, new.lines.clone())?;
    row.amount_fen = Some(total);
    Ok(())
}

fn require_note(row: &StepRow, zh: &str, en: &str) -> Result<(), Problem> {
    if row.note.is_some() { Ok(()) } else { Err(refuse(zh, en, "note", "missing_field")) }
}

/// The authority takes order and notice back: with a reason, and never by the one person who took the step before or who served the
/// notice, whatever others have recorded since.
pub(super) fn require_withdrawal(tx: &mut Tx<'_>, ctx: &Ctx, matter: &Matter, new: &NewStep) -> Result<(), Problem> {
    if new.note.as_deref().is_none_or(|note| note.trim().is_empty()) {
        return Err(refuse("请写明撤回的原因。", "Say why it is taken back.", "note", "missing_field"));
    }
    let served = matter.steps.iter().filter(|step| step.step == Step::NoticeServed);
    for step in served.chain(matter.last()) {
        second::require(tx.conn(), ctx, &step.recorded_by)?;
    }
    Ok(())
}

/// The wages were paid after all: what the notice named, else what was due by the day of the order, is owed no more here. Wages that do
/// not stand here are shown by a paper.
pub(super) fn require_paid(tx: &mut Tx<'_>, site: &Site, matter: &Matter, new: &NewStep) -> Result<(), Problem> {
    let said = notices::of_project(tx.conn(), site.id)?;
    let named: BTreeSet<LineId> = said.iter().filter(|one| one.matter_id == matter.id).map(|one| one.line_id).collect();
    let ordered_on = matter.begun().map(|begun| begun.happened_on);
    let mut owed = Fen::ZERO;
    for line in liability::arrears(tx.conn(), site, new.happened_on)? {
        let is_of_order =
            if named.is_empty() { ordered_on.is_some_and(|day| line.due_on <= day) } else { named.contains(&line.id) };
        if is_of_order {
            owed = owed.plus(line.rest())?;
        }
    }
    if owed.is_positive() {
        let problem = Problem::conflict(
            format!("尚欠 {owed} 元，不能登记为已解决；账户外支付请先登记并由另一方确认（clearings）。"),
            format!(
                "{owed} is still owed: it is not remedied. What was paid outside the account is told and confirmed first (clearings)."
            ),
        );
        return Err(problem.at("step", "sum_mismatch"));
    }
    if named.is_empty() && new.document.is_none() {
        let (zh, en) =
            ("请附上证明工资已付清的材料（document_id）。", "Name the paper that shows the wages were paid (document_id).");
        return Err(refuse(zh, en, "document_id", "missing_field"));
    }
    Ok(())
}

/// Lets the lines of a notice go once the bank has nothing more to pay on it: it paid all, or the order ended.
pub(super) fn let_go(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, matter: &Matter) -> Result<(), Problem> {
    if matter.kind != MatterKind::DepositOrder || matter.next.contains(&Step::PaidOut) {
        return Ok(());
    }
    let said = notices::of_project(tx.conn(), site.id)?;
    let mine = notices::standing(&said).into_iter().filter(|one| one.matter_id == matter.id);
    let lines: Vec<(LineId, Fen)> = mine.map(|one| (one.line_id, one.amount_fen)).collect();
    notices::say(tx, ctx, site, matter.id, NoticeWord::Released, &lines, None)
}
