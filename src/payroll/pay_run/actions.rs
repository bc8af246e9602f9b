//! Ordering a run and giving its file back.

use std::collections::{BTreeMap, BTreeSet};

use super::table::{self, AttemptRow, CONTRADICTED, RunHead, RunRow};
use super::{Candidate, HeldLine, Ordered, Verdict};
use crate::accounts::{self, table::AccountRow};
use crate::base::Fen;
use crate::base::id::{AccountId, LineId, PayRunId, SheetId};
use crate::ledger::{self, LedgerAccount, Posting, PostingKind};
use crate::payroll::results::{append, write_line};
use crate::payroll::table::{LineRow, SheetRow};
use crate::payroll::{AttemptState, LineState, RunState, end_to_end_id};
use crate::projects::Site;
use crate::store::vault::Owner;
use crate::store::{AnyConn, Chain, Tx, jobs, journal};
use crate::web::problem::FAULTS_MAX;
use crate::web::{Ctx, Problem};
use crate::wire::iso20022::pain001::{self, Agent, PaymentBatch, PaymentLine, PaymentOrder, Version};
use crate::{payroll, workers};

/// A line that goes, with what its payment needs.
struct Going {
    line: LineRow,
    amount: Fen,
    card: Vec<u8>,
}

/// What the check made of a sheet's lines.
#[derive(Default)]
struct Plan {
    going: Vec<Going>,
    held: Vec<(LineRow, HeldLine)>,
    earlier: Fen,
}

/// Orders the payment of everything on a sheet that may be paid and has not been; each bad line is held with its reason.
///
/// The project's chain is locked first: of two orders at once the second sees the first one's lines as sent.
///
/// # Errors
/// `conflict` when the sheet is not audited, when nothing is left to pay, or when the account's balance is short or not known: then
/// nothing goes, by R53-13. `invalid` without an open account, or when the file cannot be written.
pub fn order_pay_run(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    sheet: SheetId,
    account: Option<AccountId>,
) -> Result<Ordered, Problem> {
    let sheet = payroll::actions::open_sheet(tx, site, sheet)?;
    if !sheet.state.is_payable() {
        let state = sheet.state;
        let problem = Problem::conflict(
            format!("工资表须经劳资专管员审核后才能代发，现为 {state} 状态。"),
            format!("A sheet is paid after the labour manager's audit; it is {state}."),
        );
        return Err(problem.at("sheet", "bad_format"));
    }
    let account = account_of(tx, ctx, site, account)?;
    let plan = plan_of(tx, site, &sheet)?;
    if plan.going.is_empty() && plan.held.is_empty() {
        return Err(Problem::conflict("该工资表没有待付的行。", "Nothing on this sheet is left to pay.").at("sheet", "duplicate"));
    }
    let ordered = Fen::total(plan.going.iter().map(|one| one.amount))?;
    let held_total = Fen::total(plan.held.iter().map(|(_, held)| held.amount))?;
    let withheld = sheet.total_fen.minus(ordered)?.minus(held_total)?.minus(plan.earlier)?;
    if ordered.is_positive() {
        check_balance(tx, ctx, &account, ordered)?;
    }
    let mut answer = Ordered {
        run: None,
        ordered,
        held_total,
        earlier: plan.earlier,
        withheld,
        held: plan.held.iter().map(|(_, held)| held.clone()).collect(),
        replaced: Vec::new(),
    };
    for (line, held) in plan.held {
        hold(tx, ctx, line, &held)?;
    }
    if !plan.going.is_empty() {
        let (run, replaced) = send(tx, ctx, site, &sheet, &account, plan.going)?;
        answer.run = Some(run);
        answer.replaced = replaced;
    }
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "order_pay_run", &sheet.id.to_string())?;
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &site.id.to_string(), ctx.now)?;
    Ok(answer)
}

fn account_of(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, wanted: Option<AccountId>) -> Result<AccountRow, Problem> {
    let account = match wanted {
        Some(id) => accounts::table::find(tx.conn(), site.id, id)?.filter(|row| row.closed_on.is_none()),
        None => accounts::actions::account_on(tx.conn(), site, ctx.today)?,
    };
    account.ok_or_else(|| {
        Problem::invalid("本项目没有在用的农民工工资专用账户。", "The project has no such wage account in use.")
            .at("account", "unknown_account")
    })
}

/// R53-13: where the balance is not enough the run waits for the owner's addition, whole. A balance that nobody knows is not enough.
fn check_balance(tx: &mut Tx<'_>, ctx: &Ctx, account: &AccountRow, needed: Fen) -> Result<(), Problem> {
    let balance = accounts::continuity::balance_on(tx.conn(), account, ctx.today)?.balance;
    let Some(balance) = balance else {
        let problem = Problem::conflict(
            "尚无银行流水，专用账户余额不明，不能代发。",
            "No bank statement is on record, so the balance is not known and nothing is paid.",
        );
        return Err(problem.at("balance", "missing_field"));
    };
    if balance >= needed {
        return Ok(());
    }
    let shortage = needed.minus(balance)?;
    let problem = Problem::conflict(
        format!(
            "专用账户余额 {balance} 元，本次需付 {needed} 元，缺 {shortage} 元；请建设单位补足后再代发（人社部发〔2021〕53号第十三条）。"
        ),
        format!("The balance is {balance}, the run needs {needed}: short by {shortage}. The owner adds it first (rule R53-13)."),
    );
    Err(problem.at("balance", "balance_short"))
}

fn plan_of(tx: &mut Tx<'_>, site: &Site, sheet: &SheetRow) -> Result<Plan, Problem> {
    let attempts = table::attempts_of_sheet(tx.conn(), site.id, sheet.id)?;
    let contradicted: BTreeSet<LineId> =
        attempts.iter().filter(|one| one.reason.as_deref() == Some(CONTRADICTED)).map(|one| one.line_id).collect();
    let under_way: BTreeMap<LineId, Fen> =
        attempts.iter().filter(|one| !one.state.is_final()).map(|one| (one.line_id, one.amount_fen)).collect();
    let enrolments = workers::table::of_project(tx.conn(), site.id)?;
    let mut enrolments: BTreeMap<_, _> = enrolments.into_iter().map(|row| (row.id, row)).collect();
    let mut plan = Plan::default();
    for line in payroll::table::lines_of(tx.conn(), site.id, sheet.id)? {
        plan.earlier = plan.earlier.plus(line.paid_fen)?;
        plan.earlier = plan.earlier.plus(under_way.get(&line.id).copied().unwrap_or_default())?;
        let enrolment = enrolments.remove(&line.enrolment_id);
        let (card, card_index) = enrolment.map_or((None, None), |row| (row.card, row.card_index));
        let others = match &card_index {
            Some(index) if line.state.is_orderable() => workers::table::others_with_card(tx.conn(), index, line.worker_id)?,
            _ => 0,
        };
        let candidate = Candidate {
            line: &line,
            part: sheet.part,
            has_card: card.is_some(),
            is_card_shared: others > 0,
            is_contradicted: contradicted.contains(&line.id),
        };
        match (candidate.verdict(), card) {
            (Verdict::Pay(amount), Some(card)) => plan.going.push(Going { line, amount, card }),
            (Verdict::Hold(reason), _) => {
                let (zh, en) = reason.cure();
                let amount = line.rest().or_zero();
                let held = HeldLine { line: line.id, amount, reason, zh: zh.to_owned(), en: en.to_owned() };
                plan.held.push((line, held));
            }
            (Verdict::Leave | Verdict::Pay(_), _) => {}
        }
    }
    Ok(plan)
}

fn hold(tx: &mut Tx<'_>, ctx: &Ctx, line: LineRow, held: &HeldLine) -> Result<(), Problem> {
    let reason = Some(held.reason.to_string());
    if line.state == LineState::Held && line.state_reason == reason {
        return Ok(());
    }
    let row = LineRow { state: LineState::Held, state_reason: reason, ..line };
    write_line(tx, ctx, &row, "order_pay_run", ctx.today)
}

/// Writes the file, keeps it, and moves the lines.
fn send(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    sheet: &SheetRow,
    account: &AccountRow,
    going: Vec<Going>,
) -> Result<(RunHead, Vec<String>), Problem> {
    let recorded_seq = tx.seq(Chain::Project(site.id))?;
    let id = PayRunId(ctx.id());
    let message_id = id.to_string();
    let mut payments = Vec::with_capacity(going.len());
    let mut attempts = Vec::with_capacity(going.len());
    for one in &going {
        let attempt = one.line.attempt + 1;
        let end_to_end_id = end_to_end_id(one.line.id, attempt);
        payments.push(payment(tx, ctx, site, sheet, one, end_to_end_id.clone())?);
        attempts.push(AttemptRow {
            project_id: site.id,
            run_id: id,
            line_id: one.line.id,
            attempt,
            end_to_end_id,
            amount_fen: one.amount,
            state: AttemptState::Sent,
            reason: None,
            recorded_seq,
        });
    }
    let total = Fen::total(payments.iter().map(|payment| payment.amount))?;
    let (xml, replaced) = file_of_order(ctx, account, &message_id, payments)?;
    let run = RunRow {
        project_id: site.id,
        id,
        sheet_id: sheet.id,
        account_id: account.id,
        message_id,
        state: RunState::Sent,
        line_count: i32::try_from(attempts.len()).unwrap_or(i32::MAX),
        total_fen: total,
        file_sha256: journal::sha256(xml.as_bytes()),
        file: ctx.vault().seal(tx.conn(), Owner::Project(site.id), xml.as_bytes())?,
        created_by: ctx.actor().to_owned(),
        created_at: ctx.now,
        recorded_seq,
    };
    table::insert_run(tx, &run)?;
    for (one, attempt) in going.into_iter().zip(&attempts) {
        table::insert_attempt(tx, attempt)?;
        take(tx, ctx, one.line, attempt)?;
    }
    let (debit, credit) = (LedgerAccount::WagesPayable, LedgerAccount::PayInTransit);
    let posting = Posting::of(format!("run {id}"), PostingKind::PaySent, ctx.today, debit, credit, total);
    ledger::actions::post(tx, ctx, site, &posting)?;
    let head = table::head(tx.conn(), site.id, id)?.ok_or_else(|| Problem::internal("a run that was written is gone"))?;
    Ok((head, replaced))
}

fn payment(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    sheet: &SheetRow,
    one: &Going,
    end_to_end_id: String,
) -> Result<PaymentLine, Problem> {
    let worker = workers::table::worker(tx.conn(), one.line.worker_id)?
        .ok_or_else(|| Problem::internal(&format!("line {} names a person who is gone", one.line.id)))?;
    Ok(PaymentLine {
        end_to_end_id,
        amount: one.amount,
        creditor: worker.name,
        creditor_account: ctx.vault().open_text(tx.conn(), Owner::Project(site.id), &one.card)?,
        creditor_agent: None,
        text: Some(format!("{} 工资", sheet.month)),
    })
}

/// The pain.001 as text, and the places where a text had to change.
fn file_of_order(
    ctx: &Ctx,
    account: &AccountRow,
    message_id: &str,
    lines: Vec<PaymentLine>,
) -> Result<(String, Vec<String>), Problem> {
    let agent = match account.bank_code.len() {
        12 => Some(Agent::Cnaps(account.bank_code.clone())),
        8 | 11 => Some(Agent::Bic(account.bank_code.clone())),
        _ => None,
    };
    let debtor_account = match account.sub_ledger.as_str() {
        "" => account.number.clone(),
        sub_ledger => format!("{}-{sub_ledger}", account.number),
    };
    let batch = PaymentBatch {
        id: message_id.to_owned(),
        batch_booking: true,
        execute_on: ctx.today,
        debtor: account.name.clone(),
        debtor_account,
        debtor_agent: agent,
        lines,
    };
    let order = PaymentOrder {
        message_id: message_id.to_owned(),
        created_at: ctx.now,
        initiator: account.name.clone(),
        batches: vec![batch],
    };
    match pain001::write(&order, Version::V09) {
        Ok(written) => Ok((written.xml, written.replaced.into_iter().map(|one| one.place).collect())),
        Err(problems) => {
            let problem = Problem::invalid(
                "代发文件无法生成，请按所列位置改正。",
                "The payment file cannot be written; mend the places that are listed.",
            );
            // The writer's words may quote a name, so only place and reason are passed on.
            Err(problems.iter().take(FAULTS_MAX).fold(problem, |problem, one| problem.at(one.place.clone(), "bad_format")))
        }
    }
}

/// Moves a line through reserved to sent, each step in its history.
fn take(tx: &mut Tx<'_>, ctx: &Ctx, line: LineRow, attempt: &AttemptRow) -> Result<(), Problem> {
    let path: &[LineState] = if line.state == LineState::Held {
        &[LineState::Approved, LineState::Reserved, LineState::Sent]
    } else {
        &[LineState::Reserved, LineState::Sent]
    };
    let mut row = LineRow { attempt: attempt.attempt, state_reason: None, recorded_seq: attempt.recorded_seq, ..line };
    for next in path {
        if !row.state.may_become(*next) {
            return Err(Problem::internal(&format!("line {} cannot go from {} to {next}", row.id, row.state)));
        }
        row.state = *next;
        append(tx, ctx, &row, &attempt.run_id.to_string(), ctx.today)?;
    }
    Ok(payroll::table::update_line(tx, &row)?)
}

/// The file of a run: the same bytes every time. It holds plain card numbers, so who fetches it stands in the journal.
///
/// # Errors
/// `not_found` when the project has no such run.
pub fn fetch_file(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, id: PayRunId) -> Result<Vec<u8>, Problem> {
    let run = table::run(tx.conn(), site.id, id)?.ok_or_else(Problem::not_found)?;
    let bytes = ctx.vault().open(tx.conn(), Owner::Project(site.id), &run.file)?;
    if journal::sha256(&bytes) != run.file_sha256 {
        return Err(Problem::internal(&format!("the file of run {id} is not the one that was kept")));
    }
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "fetch_pay_file", &id.to_string())?;
    Ok(bytes)
}

/// A run with its attempts.
pub fn run_with_attempts(conn: &mut AnyConn, site: &Site, id: PayRunId) -> Result<(RunHead, Vec<AttemptRow>), Problem> {
    let head = table::head(conn, site.id, id)?.ok_or_else(Problem::not_found)?;
    Ok((head, table::attempts_of_run(conn, site.id, id)?))
}
