//! Ordering a run and giving its file back.

use super::plan::{Going, Plan};
use super::table::{self, AttemptRow, PartRow, RunHead, RunRow};
use super::under_way::{self, Funds};
use super::{Checked, HeldLine, Ordered, files};
use crate::accounts::freezes::standing::{self, Frozen};
use crate::accounts::profiles::{self, Profile};
use crate::accounts::{self, table::AccountRow};
use crate::base::Fen;
use crate::base::id::{AccountId, PayRunId, SheetId};
use crate::ledger::{self, LedgerAccount, Posting, PostingKind};
use crate::payroll;
use crate::payroll::results::{event_of, write_line};
use crate::payroll::table::{EventRow, LineRow, SheetRow};
use crate::payroll::{AttemptState, LineState, RunState, end_to_end_id};
use crate::projects::Site;
use crate::store::vault::Owner;
use crate::store::{AnyConn, Chain, Tx, jobs, journal};
use crate::web::{Ctx, Problem};

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
    require_payable(&sheet)?;
    let account = account_of(tx.conn(), ctx, site, account)?;
    let profile = profiles::table::of_account(tx.conn(), &account)?;
    let plan = Plan::of(tx.conn(), ctx, site, &sheet, &profile)?;
    if plan.going.is_empty() && plan.held.is_empty() {
        return Err(Problem::conflict("该工资表没有待付的行。", "Nothing on this sheet is left to pay.").at("sheet", "duplicate"));
    }
    let (ordered, held_total) = (plan.ordered()?, plan.held_total()?);
    let withheld = sheet.total_fen.minus(ordered)?.minus(held_total)?.minus(plan.earlier)?;
    let balance = if ordered.is_positive() { Some(check_balance(tx, ctx, &account, ordered)?) } else { None };
    let mut answer = Ordered {
        run: None,
        runs: Vec::new(),
        ordered,
        held_total,
        earlier: plan.earlier,
        withheld,
        held: plan.held.iter().map(|(_, held)| held.clone()).collect(),
        cautions: plan.cautions,
        minimum_wage: plan.minimum_wage,
        replaced: Vec::new(),
        frozen: standing::before_paying(tx.conn(), &account, ctx.today, balance, ordered)?,
    };
    for (line, held) in plan.held {
        hold(tx, ctx, line, &held)?;
    }
    let amounts: Vec<Fen> = plan.going.iter().map(|one| one.amount).collect();
    let mut going = plan.going.into_iter();
    for lines in profile.files(&amounts) {
        let file: Vec<Going> = going.by_ref().take(lines).collect();
        let (run, replaced) = send(tx, ctx, site, &sheet, (&account, &profile), file)?;
        answer.runs.push(run);
        answer.replaced.extend(replaced);
    }
    answer.run = answer.runs.first().cloned();
    link(tx, site, &answer.runs)?;
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "order_pay_run", &sheet.id.to_string())?;
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &site.id.to_string(), ctx.now)?;
    Ok(answer)
}

fn require_payable(sheet: &SheetRow) -> Result<(), Problem> {
    if sheet.state.is_payable() {
        return Ok(());
    }
    let state = sheet.state;
    let problem = Problem::conflict(
        format!("工资表须经劳资专管员审核后才能代发，现为 {state} 状态。"),
        format!("A sheet is paid after the labour manager's audit; it is {state}."),
    );
    Err(problem.at("sheet", "bad_format"))
}

/// What an order of the sheet would do now; nothing is written, and a short balance is told and does not refuse.
///
/// # Errors
/// `not_found` without such a sheet, `conflict` for one that is not audited, `invalid` for an account that is none of the project's.
pub fn check_sheet(
    conn: &mut AnyConn,
    ctx: &Ctx,
    site: &Site,
    sheet: SheetId,
    account: Option<AccountId>,
) -> Result<Checked, Problem> {
    let sheet = payroll::table::sheet(conn, site.id, sheet)?.ok_or_else(Problem::not_found)?;
    require_payable(&sheet)?;
    // Without an account nothing can go, and the lines can be mended all the same.
    let account = match account {
        Some(_) => Some(account_of(conn, ctx, site, account)?),
        None => accounts::actions::account_on(conn, site, ctx.today)?,
    };
    let (profile, funds) = match &account {
        Some(account) => (profiles::table::of_account(conn, account)?, under_way::of_account(conn, account, ctx.today)?),
        None => (Profile::built_in(), Funds::default()),
    };
    let plan = Plan::of(conn, ctx, site, &sheet, &profile)?;
    let (ordered, held_total) = (plan.ordered()?, plan.held_total()?);
    let amounts: Vec<Fen> = plan.going.iter().map(|one| one.amount).collect();
    let frozen = match &account {
        Some(account) => standing::before_paying(conn, account, ctx.today, funds.free()?, ordered)?,
        None => None,
    };
    Ok(Checked {
        account: account.map(|account| account.id),
        lines: amounts.len(),
        files: profile.files(&amounts),
        ordered,
        held_total,
        earlier: plan.earlier,
        withheld: sheet.total_fen.minus(ordered)?.minus(held_total)?.minus(plan.earlier)?,
        held: plan.held.into_iter().map(|(_, held)| held).collect(),
        cautions: plan.cautions,
        minimum_wage: plan.minimum_wage,
        balance: funds.balance,
        under_way: funds.under_way,
        shortage: funds.short_of(ordered)?,
        frozen,
    })
}

/// Several files of one order know of one another.
fn link(tx: &mut Tx<'_>, site: &Site, runs: &[RunHead]) -> Result<(), Problem> {
    let [first, _, ..] = runs else { return Ok(()) };
    let parts = i32::try_from(runs.len()).unwrap_or(i32::MAX);
    let recorded_seq = tx.seq(Chain::Project(site.id))?;
    for (part, run) in (1..).zip(runs) {
        let row = PartRow { project_id: site.id, run_id: run.id, first_run_id: first.id, part, parts, recorded_seq };
        table::insert_part(tx, &row)?;
    }
    Ok(())
}

fn account_of(conn: &mut AnyConn, ctx: &Ctx, site: &Site, wanted: Option<AccountId>) -> Result<AccountRow, Problem> {
    let account = match wanted {
        Some(id) => accounts::table::find(conn, site.id, id)?.filter(|row| row.closed_on.is_none()),
        None => accounts::actions::account_on(conn, site, ctx.today)?,
    };
    account.ok_or_else(|| {
        Problem::invalid(
            "本项目没有在用的农民工工资专用账户（已销户的账户不能代发）；请先登记新开立的专用账户，再发起代发。",
            "The project has no such wage account in use, and one that was closed pays no more; record the new account first.",
        )
        .at("account", "unknown_account")
    })
}

/// What a run may use; R53-13: where the balance is not enough it waits for the owner's addition, whole. A balance that nobody knows is
/// not enough, and what an earlier order has sent and the bank has not debited is no part of it.
///
/// What is frozen counts as there: reserving moves lines and sets no money aside, the bank alone says what it executes, and R724-33 keeps
/// wage money free of other claims, so that a refusal here would enforce a freeze that the law forbids. It is told beside the answer.
fn check_balance(tx: &mut Tx<'_>, ctx: &Ctx, account: &AccountRow, needed: Fen) -> Result<Fen, Problem> {
    let funds = under_way::of_account(tx.conn(), account, ctx.today)?;
    let (Some(balance), Some(free)) = (funds.balance, funds.free()?) else {
        let problem = Problem::conflict(
            "尚无银行流水，专用账户余额不明，不能代发。",
            "No bank statement is on record, so the balance is not known and nothing is paid.",
        );
        return Err(problem.at("balance", "missing_field"));
    };
    let Some(shortage) = funds.short_of(needed)? else { return Ok(free) };
    let (zh, en) = match funds.under_way {
        Fen::ZERO => (String::new(), String::new()),
        sent => (format!("，其中已代发、银行尚未扣付 {sent} 元"), format!(", of which {sent} is sent and not yet debited")),
    };
    let problem = Problem::conflict(
        format!(
            "专用账户余额 {balance} 元{zh}，本次需付 {needed} 元，缺 {shortage} 元；请建设单位补足后再代发（人社部发〔2021〕53号第十三条）。"
        ),
        format!(
            "The balance is {balance}{en}, the run needs {needed}: short by {shortage}. The owner adds it first (rule R53-13)."
        ),
    );
    Err(problem.at("balance", "balance_short"))
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
    (account, profile): (&AccountRow, &Profile),
    going: Vec<Going>,
) -> Result<(RunHead, Vec<String>), Problem> {
    let recorded_seq = tx.seq(Chain::Project(site.id))?;
    let id = PayRunId(ctx.id());
    let message_id = id.to_string();
    let mut shorter = Vec::new();
    let mut payments = Vec::with_capacity(going.len());
    let mut attempts = Vec::with_capacity(going.len());
    for one in &going {
        let attempt = one.line.attempt + 1;
        let end_to_end_id = end_to_end_id(one.line.id, attempt);
        let (payment, is_shorter) = files::payment(profile, sheet, one, end_to_end_id.clone());
        payments.push(payment);
        if is_shorter {
            shorter.push(format!("PmtInf[1]/CdtTrfTxInf[{}]/Ustrd", payments.len()));
        }
        attempts.push(AttemptRow {
            project_id: site.id,
            run_id: id,
            line_id: one.line.id,
            attempt,
            end_to_end_id,
            amount_fen: one.amount,
            state: AttemptState::Sent,
            reason: None,
            returned_fen: Fen::ZERO,
            recorded_seq,
        });
    }
    let total = Fen::total(payments.iter().map(|payment| payment.amount))?;
    let (xml, mut replaced) = files::of_order(ctx, account, profile, &message_id, payments)?;
    replaced.append(&mut shorter);
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
    table::insert_attempts(tx, &attempts)?;
    let mut events = Vec::with_capacity(attempts.len() * 2);
    let taken = going.into_iter().zip(&attempts).map(|(one, attempt)| take(ctx, one.line, attempt, &mut events));
    let taken = taken.collect::<Result<Vec<LineRow>, Problem>>()?;
    payroll::table::move_lines(tx, &taken)?;
    payroll::table::insert_events(tx, &events)?;
    let (debit, credit) = (LedgerAccount::WagesPayable, LedgerAccount::PayInTransit);
    let posting = Posting::of(format!("run {id}"), PostingKind::PaySent, ctx.today, debit, credit, total);
    ledger::actions::post(tx, ctx, site, &posting)?;
    let head = table::head(tx.conn(), site.id, id)?.ok_or_else(|| Problem::internal("a run that was written is gone"))?;
    Ok((head, replaced))
}

/// Moves a line through reserved to sent, each step in its history.
fn take(ctx: &Ctx, line: LineRow, attempt: &AttemptRow, events: &mut Vec<EventRow>) -> Result<LineRow, Problem> {
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
        events.push(event_of(ctx, &row, &attempt.run_id.to_string(), ctx.today));
    }
    Ok(row)
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

/// Freezes of the account that a run is paid from, and what they leave for its payments that have no final word yet. What the bank has
/// debited already is no longer needed: at most what the ledger has in transit still is.
pub fn frozen_for(
    conn: &mut AnyConn,
    ctx: &Ctx,
    site: &Site,
    run: &RunHead,
    attempts: &[AttemptRow],
) -> Result<Option<Frozen>, Problem> {
    let Some(account) = accounts::table::find(conn, site.id, run.account_id)? else { return Ok(None) };
    let open = attempts.iter().filter(|one| !one.state.is_final()).map(AttemptRow::kept);
    let open = Fen::total(open.collect::<Result<Vec<Fen>, _>>()?)?;
    let balances = ledger::table::balances(conn, site.id, ctx.today, None)?;
    let in_transit = balances.iter().find(|(account, _)| *account == LedgerAccount::PayInTransit);
    let needed = open.min(in_transit.map_or(Fen::ZERO, |(_, sum)| sum.negated()).or_zero());
    let balance = accounts::continuity::balance_on(conn, &account, ctx.today)?.balance;
    standing::before_paying(conn, &account, ctx.today, balance, needed)
}
