//! A month's wages: labour cost comes in, the sheet is built, signed and audited, the run is sent, the bank answers.

use super::bank::{self, Movement, next_statement};
use super::city::{Plan, Trouble};
use super::papers::{self, TRANSFER_DAY};
use super::story::Stage;
use crate::accounts;
use crate::base::{Fen, Month};
use crate::documents::DocumentKind;
use crate::payroll::pay_run::table as runs;
use crate::payroll::signing::{self, NewSignature};
use crate::payroll::table::{self as sheets, SheetRow};
use crate::payroll::{self, LineState, Means, RunState, SheetState, pay_run};
use crate::projects::Site;
use crate::web::{Code, Problem};
use crate::wire::bank_reply::{self, ReplyAs, ReplyOptions};

/// Days of the month after on which things are done.
const BUILT: u32 = 3;
const SIGNED: u32 = 5;
const AUDITED: u32 = 6;
const PAID: u32 = 10;
const REPORTED: u32 = 11;

/// Lines that the bank refuses where the demonstration wants arrears.
const REFUSED_LINES: u32 = 3;

/// Runs of a project that are looked at.
const RUNS_MAX: i64 = 1_000;

/// What the desk does for wages on the day.
pub fn desk(stage: &mut Stage<'_, '_>, plan: &Plan, site: &Site) -> Result<(), Problem> {
    let month = stage.day.month().plus(-1);
    let number = stage.day.day_of_month();
    if number == TRANSFER_DAY && stage.day > plan.started_on {
        transfer(stage, plan, site)?;
    }
    let worked = month >= stage.city.begin.month()
        && (plan.trouble != Trouble::Closing || month <= stage.city.finished_on().month())
        && (plan.trouble != Trouble::NoSheet || month < stage.city.last_due);
    if !worked {
        return Ok(());
    }
    match number {
        BUILT => {
            let ctx = stage.ctx();
            payroll::building::build_sheet(stage.tx, &ctx, site, month, None).map(|_| ())
        }
        SIGNED => sign(stage, plan, site, month),
        AUDITED => audit(stage, site, month),
        PAID => pay(stage, plan, site, month),
        REPORTED => report(stage, plan, site, month),
        _ => Ok(()),
    }
}

fn sheet_of(stage: &mut Stage<'_, '_>, site: &Site, month: Month) -> Result<Option<SheetRow>, Problem> {
    Ok(sheets::parts(stage.tx.conn(), site.id, month)?.into_iter().next())
}

/// The owner transfers the month's labour cost; one owner paid ahead in the first month and nothing since.
fn transfer(stage: &mut Stage<'_, '_>, plan: &Plan, site: &Site) -> Result<(), Problem> {
    let city = stage.city;
    let is_first = stage.day.month() == city.begin.month();
    let amount = match plan.trouble {
        Trouble::LateLabourCost if is_first => Fen(plan.monthly.0 * 21 / 10),
        Trouble::LateLabourCost => return Ok(()),
        Trouble::Closing if stage.day > city.finished_on() => return Ok(()),
        _ => plan.monthly,
    };
    let owner = city.owners.get(plan.owner).map(|owner| owner.name.clone()).unwrap_or_default();
    let movement = Movement {
        amount,
        reference: format!("L{}{:03}", compact(stage), plan.number + 1),
        counterparty: owner,
        counterparty_account: format!("99911111111{:05}", plan.owner + 1),
        text: format!("{} 人工费用拨付", stage.day.month()),
    };
    bank::tell(stage, site, stage.day, &[movement])
}

fn compact(stage: &Stage<'_, '_>) -> String {
    stage.day.to_string().replace('-', "")
}

/// Money leaves the account for materials, which the law forbids (R53-08a).
pub fn foreign_debit(stage: &mut Stage<'_, '_>, plan: &Plan, site: &Site) -> Result<(), Problem> {
    let movement = Movement {
        amount: Fen(-8_640_000),
        reference: format!("F{}{:03}", compact(stage), plan.number + 1),
        counterparty: "泰和建材（演示）经营部".to_owned(),
        counterparty_account: "9992222222200001".to_owned(),
        text: "材料款".to_owned(),
    };
    bank::tell(stage, site, stage.day, &[movement])
}

fn sign(stage: &mut Stage<'_, '_>, plan: &Plan, site: &Site, month: Month) -> Result<(), Problem> {
    let Some(sheet) = sheet_of(stage, site, month)?.filter(|sheet| sheet.state == SheetState::Draft) else { return Ok(()) };
    // Some sign on paper, the others at the device.
    let on_paper = plan.number % 4 == 1;
    let scan = if on_paper {
        Some(papers::paper(stage, site, DocumentKind::SignedSheet, &format!("{month} 签字工资表扫描件"))?)
    } else {
        None
    };
    let lines = sheets::lines_of(stage.tx.conn(), site.id, sheet.id)?;
    let drafts = lines.iter().filter(|line| line.state == LineState::Draft).zip(1..);
    let items: Vec<NewSignature> = drafts
        .map(|(line, number): (_, u32)| NewSignature {
            line: line.id,
            means: if on_paper { Means::Paper } else { Means::Device },
            device: (!on_paper).then(|| plan.serial()),
            evidence: (!on_paper).then(|| format!("记录 {month}-{}-{number:05}", sheet.part)),
            document_id: scan,
            signed_on: stage.day,
        })
        .collect();
    let ctx = stage.ctx();
    let signed = signing::sign_lines(stage.tx, &ctx, site, sheet.id, &items)?;
    match signed.iter().find(|one| !one.signed) {
        None => Ok(()),
        Some(one) => Err(Problem::internal(&format!("a line of the demonstration was not signed: {:?}", one.reason))),
    }
}

fn audit(stage: &mut Stage<'_, '_>, site: &Site, month: Month) -> Result<(), Problem> {
    let Some(sheet) = sheet_of(stage, site, month)?.filter(|sheet| sheet.state == SheetState::Draft) else { return Ok(()) };
    let ctx = stage.ctx();
    payroll::actions::submit(stage.tx, &ctx, site, sheet.id)?;
    let ctx = stage.ctx();
    payroll::actions::audit(stage.tx, &ctx, site, sheet.id).map(|_| ())
}

fn refused_lines(stage: &Stage<'_, '_>, plan: &Plan, month: Month) -> u32 {
    if plan.trouble == Trouble::Arrears && month == stage.city.last_due { REFUSED_LINES } else { 0 }
}

/// Orders the run and feeds back the statement with its debit. An account that is short keeps the run waiting (R53-13).
fn pay(stage: &mut Stage<'_, '_>, plan: &Plan, site: &Site, month: Month) -> Result<(), Problem> {
    let Some(sheet) = sheet_of(stage, site, month)?.filter(|sheet| sheet.state.is_payable()) else { return Ok(()) };
    let ctx = stage.ctx();
    let ordered = match pay_run::actions::order_pay_run(stage.tx, &ctx, site, sheet.id, None) {
        Err(problem) if problem.code == Code::Conflict => return Ok(()),
        ordered => ordered?,
    };
    let Some(run) = ordered.run else { return Ok(()) };
    let ctx = stage.ctx();
    let file = pay_run::actions::fetch_file(stage.tx, &ctx, site, run.id)?;
    let Some(account) = accounts::actions::account_on(stage.tx.conn(), site, stage.day)? else { return Ok(()) };
    let (opening, number) = next_statement(stage.tx.conn(), site, &account, stage.day)?;
    let ctx = stage.ctx();
    let options =
        ReplyOptions { fail: refused_lines(stage, plan, month), at: ctx.now, opening: Some(opening), sequence: Some(number) };
    let text = bank_reply::reply(&file, ReplyAs::Camt053, &options).map_err(|problem| Problem::internal(&problem.en))?;
    bank::hand_in(stage, &ctx, text, false)
}

/// The bank's report on each line, where its debit proves nothing.
fn report(stage: &mut Stage<'_, '_>, plan: &Plan, site: &Site, month: Month) -> Result<(), Problem> {
    if papers::details_prove(plan) {
        return Ok(());
    }
    let Some(sheet) = sheet_of(stage, site, month)? else { return Ok(()) };
    let heads = runs::heads(stage.tx.conn(), site.id, 0, RUNS_MAX)?;
    for run in heads.into_iter().filter(|run| run.sheet_id == sheet.id && run.state == RunState::Sent) {
        let ctx = stage.ctx();
        let file = pay_run::actions::fetch_file(stage.tx, &ctx, site, run.id)?;
        let ctx = stage.ctx();
        let options = ReplyOptions { fail: refused_lines(stage, plan, month), ..ReplyOptions::at(ctx.now) };
        let text = bank_reply::reply(&file, ReplyAs::Pain002, &options).map_err(|problem| Problem::internal(&problem.en))?;
        bank::hand_in(stage, &ctx, text, true)?;
    }
    Ok(())
}
