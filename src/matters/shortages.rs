//! Requests for more labour cost (R53-13): how much is asked, and what of it has not come.
//!
//! A request ends when what was asked has come or it is taken back; a part that came leaves the rest open. Deliberately absent: whether the
//! money reaches the next pay day, which the forecast says.

use super::actions::{NewStep, as_stated, refuse};
use super::table::{self, StepRow};
use super::{MatterKind, Step, stands};
use crate::accounts;
use crate::base::Fen;
use crate::base::id::SheetId;
use crate::law::questions::labour_cost::{self, LabourCostInput};
use crate::payroll::{self, LineState};
use crate::projects::Site;
use crate::store::Tx;
use crate::web::{Ctx, Problem};

/// What was asked for less what was added; `None` for other matters, for a request that was taken back and for sums that nobody can add.
pub(super) fn left_of_request(steps: &[StepRow]) -> Option<Fen> {
    let asked = steps.first().filter(|row| row.step == Step::Requested)?.amount_fen?;
    if steps.iter().any(|row| row.step == Step::Withdrawn) {
        return None;
    }
    let added = Fen::total(steps.iter().filter(|row| row.step == Step::MoneyAdded).filter_map(|row| row.amount_fen)).ok()?;
    asked.minus(added).ok().map(Fen::or_zero)
}

/// The request is computed, not typed: what the sheet still needs less what the account holds (R53-13).
pub(super) fn ask(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, new: &NewStep, row: &mut StepRow) -> Result<(), Problem> {
    let sheet: Option<SheetId> = new.subject.as_deref().and_then(|text| text.parse().ok());
    let sheet = match sheet {
        Some(id) => payroll::table::sheet(tx.conn(), site.id, id)?,
        None => None,
    };
    let sheet = sheet
        .ok_or_else(|| refuse("本项目没有这张工资表。", "The project has no such pay sheet.", "subject", "unknown_reference"))?;
    let subject = sheet.id.to_string();
    let mine = |step: &&StepRow| step.kind == MatterKind::Shortage && step.subject.as_deref() == Some(subject.as_str());
    let earlier = table::of_project(tx.conn(), site.id)?;
    for begun in earlier.iter().filter(mine) {
        let steps: Vec<StepRow> = earlier.iter().filter(|step| step.matter_id == begun.matter_id).cloned().collect();
        if stands(&ctx.book(), site.region, begun.matter_id, steps, ctx.today).is_some_and(|matter| matter.is_open()) {
            let (zh, en) = ("这张工资表已有未了结的补拨请求。", "A request for this sheet is open already.");
            return Err(Problem::conflict(zh, en).at("subject", "duplicate"));
        }
    }
    let lines = payroll::table::lines_of(tx.conn(), site.id, sheet.id)?;
    let open = lines.iter().filter(|line| !line.state.is_in_flight() && line.state != LineState::Paid);
    let payroll = Fen::total(open.map(|line| line.rest().or_zero()))?;
    let under_way = payroll::pay_run::under_way::of_project(tx.conn(), site, ctx.today)?;
    let money = accounts::actions::money(tx.conn(), site, ctx.today, None)?;
    // What was sent and not debited yet is on the account and gone, and what is frozen pays nobody: as the forecast has it.
    let frozen = accounts::freezes::standing::money_of(tx.conn(), &money.accounts, site.id, ctx.today)?;
    let free = money.balance.map(|balance| balance.minus(under_way)).transpose()?;
    let free = match &frozen {
        Some(frozen) => free.map(|free| frozen.leaves(free)).transpose()?,
        None => free,
    };
    let frozen = frozen.map_or(Fen::ZERO, |frozen| frozen.amount);
    let Some(balance) = free else {
        return Err(refuse(
            "尚无银行流水，余额不明。",
            "No bank statement is on record, so the balance is not known.",
            "balance",
            "missing_field",
        ));
    };
    let input = LabourCostInput { month_payroll: Some(payroll), balance: Some(balance), ..LabourCostInput::default() };
    let answer = labour_cost::ask(&ctx.book(), site.region, ctx.today, &input);
    let Some(short) = answer.shortage.filter(|short| short.is_positive()) else {
        return Err(refuse(
            format!("可用余额 {balance} 元（已扣除在途 {under_way} 元、冻结 {frozen} 元）足够支付 {payroll} 元，无须补拨。"),
            format!(
                "The balance of {balance} covers the {payroll} of the sheet ({under_way} under way and {frozen} frozen are taken off)."
            ),
            "subject",
            "sum_mismatch",
        ));
    };
    as_stated(new.amount, short)?;
    row.amount_fen = Some(short);
    row.payroll_fen = Some(payroll);
    row.balance_fen = Some(balance);
    row.subject = Some(subject);
    Ok(())
}
