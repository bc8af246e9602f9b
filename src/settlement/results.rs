//! A bank's report on a payment order (pain.002, or a list of results as a sheet): line by line, or a refusal of the whole file.

use super::receipt::{FileProblem, Receipt, sorted};
use super::voiding::again;
use super::{HandedIn, Refused, doubts, keep, listed, table};
use crate::accounts;
use crate::accounts::profiles::{self, Profile};
use crate::base::Day;
use crate::base::id::{InboxId, PayRunId, ProjectId};
use crate::payroll::pay_run::table as runs;
use crate::payroll::results::{self, Outcome};
use crate::projects::Site;
use crate::store::inbox::InboxState;
use crate::store::{AnyConn, Chain, Tx, jobs};
use crate::web::{Code, Ctx, Problem};
use crate::wire::bank::Amount;
use crate::wire::iso20022::pain002::{StatusReason, StatusReport, TransactionStatus};

/// What a status code says of one line, by what the bank's profile lets it prove: usually `ACCC` (credited to the payee) is paid, and
/// `ACSC` and `ACSP` say only that money left the payer.
pub fn outcome(profile: &Profile, status: &str, reason: &str, on: Day) -> Option<Outcome> {
    match status {
        status if profile.is_paid_by(status) => Some(Outcome::Paid { on }),
        "RJCT" | "CANC" => Some(Outcome::Rejected { reason: reason.to_owned() }),
        "RCVD" | "ACTC" | "ACCP" | "ACSP" | "ACSC" | "ACCC" | "ACWC" | "ACWP" | "PDNG" | "PATC" | "PART" => {
            Some(Outcome::Accepted)
        }
        _ => None,
    }
}

fn words_of(reasons: &[StatusReason]) -> String {
    let words = reasons.iter().flat_map(|one| [one.code.as_deref(), one.text.as_deref()]).flatten();
    words.collect::<Vec<_>>().join(" ")
}

/// Takes a report: keeps it and passes every line's word on.
///
/// A report on an order that is not ours, or that the asker may not feed, is quarantined with the bytes kept. The same file again has
/// no effect.
pub fn take(tx: &mut Tx<'_>, ctx: &Ctx, handed: &HandedIn) -> Result<Receipt, Problem> {
    let inbox_id = InboxId(ctx.id());
    let mut refused = Refused::default();
    let beside = listed::run_beside(handed);
    let told = handed.file.payment_status.as_ref();
    let report = told.map(|report| listed::of_run(report, beside.clone()));
    let report = report.as_ref();
    let items: usize = report.map_or(0, |report| report.payments.iter().map(|one| one.transactions.len().max(1)).sum());
    let receipt = Receipt {
        inbox_id,
        state: InboxState::Duplicate,
        format: handed.file.format.clone(),
        is_sheet: false,
        statements: Vec::new(),
        items,
        applied: 0,
        problems: Vec::new(),
        problems_total: 0,
    };
    let (lost, mut problems) = sorted(&handed.file.problems);
    let named = match report {
        Some(report) => order_of(tx.conn(), report)?.map(|id| (report, id)),
        None => None,
    };
    let is_named = named.is_some() || report.is_some_and(|report| lines_of(report).next().is_some());
    let found = match named {
        Some((report, message_id)) => site_of(tx.conn(), ctx, &message_id)?.map(|found| (report, message_id, found)),
        None => None,
    };
    let Some((report, message_id, (site, profile))) = found else {
        if is_named {
            refused.push(
                "OrgnlGrpInfAndSts/OrgnlMsgId",
                "unknown_reference",
                "回执对应的代发批次不在本系统，或不由您报送；回执已保存。",
                "The order that this report speaks of is not on record here, or not yours to report on; the report is kept.",
            );
        } else if report.is_some_and(listed::needs_run) {
            refused.push(
                "file",
                "missing_field",
                "结果清单没有代发编号，也未写明代发批次；请在该代发批次的页面上传，或在表头上方写“批次号：…”，或在上传地址后加 \
                 ?run=批次编号。文件已保存。",
                "The list has neither ids of payments nor names its run; hand it in on the run's page, or write 批次号：… above the header, \
                 or add ?run= with the run's id to the address. The file is kept.",
            );
        } else if !handed.file.statements.is_empty() {
            refused.push(
                "file",
                "bad_format",
                "这是对账单，不是代发结果；请提交到 /api/v1/bank/statements，或在“银行文件”页面上传。文件已保存。",
                "This is a statement and no result of payments; hand it in at /api/v1/bank/statements or on the page of bank files. The \
                 file is kept.",
            );
        } else {
            refused.push(
                "file",
                "bad_format",
                "不是可识别的支付回执（pain.002），或未指明原报文编号；文件已保存。",
                "This is no payment status report (pain.002) that names its order; the file is kept.",
            );
        }
        keep(tx.conn(), ctx, inbox_id, handed, None, (InboxState::Quarantined, items), &refused.items)?;
        let problems = refused.items.iter().map(FileProblem::from).chain(lost).chain(problems).collect();
        return Ok(Receipt { state: InboxState::Quarantined, ..receipt }.with_problems(problems));
    };
    let project: ProjectId = site.id;
    tx.seq(Chain::Project(project))?;
    // A list without ids says the same of two runs whose wages are equal: only for the run that it was taken for does it repeat.
    let before = match table::file_taken(tx.conn(), &handed.sha256())? {
        Some(before) if beside.is_some() => listed::run_given(tx.conn(), before)?.filter(|run| Some(run) == beside.as_ref()),
        taken => taken.map(|before| before.to_string()),
    };
    let names_another =
        told.and_then(|told| told.original_message_id.as_deref()).filter(|own| beside.is_some() && *own != message_id);
    if let Some(own) = names_another
        && table::account_of_message(tx.conn(), own)?.is_some()
    {
        refused.push(
            "file",
            "unknown_reference",
            format!("清单上写明的是批次 {own}，不是 {message_id}；请在清单所属批次的页面上传。文件已保存，未采用任何一行。"),
            format!("The list says that it is of run {own}, not {message_id}; hand it in for that run. It is kept and no row is taken."),
        );
        keep(tx.conn(), ctx, inbox_id, handed, Some(project), (InboxState::Quarantined, items), &refused.items)?;
        let problems = refused.items.iter().map(FileProblem::from).chain(problems).collect();
        return Ok(Receipt { state: InboxState::Quarantined, ..receipt }.with_problems(problems));
    }
    if lost.is_empty() && before.is_some() {
        keep(tx.conn(), ctx, inbox_id, handed, Some(project), (InboxState::Duplicate, items), &[])?;
        return Ok(receipt);
    }
    let own = told.map(|told| order_of(tx.conn(), told)).transpose()?.flatten();
    let voided = again::of_report(tx.conn(), project, &handed.sha256(), (&message_id, own.as_deref()))?;
    if let Some(step) = &voided {
        again::require(tx.conn(), handed, inbox_id, step, false)?;
    }
    let source = format!("pain002 {inbox_id}");
    let applied = apply(tx, ctx, (&site, &profile), report, &message_id, &source, &mut refused)?;
    doubts::look_again(tx, ctx, &site, &message_id)?;
    // What the reader told of a list are rows that it did not take.
    let rows = if listed::is_list(report) { std::mem::take(&mut problems) } else { Vec::new() };
    for problem in lost.into_iter().chain(rows) {
        refused.push(&problem.place, &problem.reason, problem.zh, problem.en);
    }
    let state = if refused.items.is_empty() { InboxState::Done } else { InboxState::Part };
    keep(tx.conn(), ctx, inbox_id, handed, Some(project), (state, items), &refused.items)?;
    again::note(tx, ctx, handed, inbox_id, voided.iter())?;
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &project.to_string(), ctx.now)?;
    tx.note(Chain::Project(project), ctx.now, ctx.actor(), "take_results", &inbox_id.to_string())?;
    let problems = refused.items.iter().map(FileProblem::from).chain(problems).collect();
    Ok(Receipt { state, applied, ..receipt }.with_problems(problems))
}

/// Speaks a kept report again, after another file was voided.
pub(super) fn retake(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, inbox_id: InboxId, handed: &HandedIn) -> Result<(), Problem> {
    let Some(report) = &handed.file.payment_status else { return Ok(()) };
    let report = listed::of_run(report, listed::run_given(tx.conn(), inbox_id)?);
    let Some(message_id) = order_of(tx.conn(), &report)? else { return Ok(()) };
    let found = table::account_of_message(tx.conn(), &message_id)?.filter(|(project, _)| *project == site.id);
    let Some((_, account)) = found else { return Ok(()) };
    let account = accounts::table::find(tx.conn(), site.id, account)?.ok_or_else(Problem::not_found)?;
    let profile = profiles::table::of_account(tx.conn(), &account)?;
    let source = format!("pain002 {inbox_id}");
    apply(tx, ctx, (site, &profile), &report, &message_id, &source, &mut Refused::default())?;
    Ok(())
}

/// Lines of a report that are asked for their order.
const ASKED_MAX: usize = 20;

fn lines_of(report: &StatusReport) -> impl Iterator<Item = &str> {
    report.payments.iter().flat_map(|one| &one.transactions).filter_map(|line| line.end_to_end_id.as_deref())
}

/// The order that a report is of: as it says, else (direct-link files, lists) the one that its payments belong to. What a list calls a run
/// may be the bank's own number, which says nothing here.
fn order_of(conn: &mut AnyConn, report: &StatusReport) -> Result<Option<String>, Problem> {
    if let Some(named) = &report.original_message_id
        && (!listed::is_list(report) || table::account_of_message(conn, named)?.is_some())
    {
        return Ok(Some(named.clone()));
    }
    for id in lines_of(report).take(ASKED_MAX) {
        if let Some(order) = table::order_of_payment(conn, id)? {
            return Ok(Some(order));
        }
    }
    Ok(report.original_message_id.clone())
}

fn site_of(conn: &mut AnyConn, ctx: &Ctx, message_id: &str) -> Result<Option<(Site, Profile)>, Problem> {
    let Some((project, account)) = table::account_of_message(conn, message_id)? else { return Ok(None) };
    match accounts::enter(conn, &ctx.scope, project, account) {
        Ok((site, account)) => Ok(Some((site, profiles::table::of_account(conn, &account)?))),
        Err(problem) if problem.code == Code::NotFound => Ok(None),
        Err(problem) => Err(problem),
    }
}

fn apply(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    (site, profile): (&Site, &Profile),
    report: &StatusReport,
    message_id: &str,
    source: &str,
    refused: &mut Refused,
) -> Result<usize, Problem> {
    let day = report.created_at.map_or(ctx.today, |moment| moment.day()).min(ctx.today);
    let group = report.group_status.as_deref();
    let single_batch = report.payments.len() == 1;
    let batch_refused = report.payments.iter().find(|one| single_batch && one.status.as_deref() == Some("RJCT"));
    let has_lines = report.payments.iter().any(|one| !one.transactions.is_empty());
    if group == Some("RJCT") || batch_refused.is_some_and(|one| one.transactions.is_empty()) {
        let told = report.reasons.iter().chain(batch_refused.into_iter().flat_map(|one| &one.reasons));
        if told.into_iter().any(is_duplicate) {
            return the_bank_has_it(tx, ctx, site, message_id, source);
        }
        let reasons = words_of(&report.reasons);
        let reason = if reasons.is_empty() { batch_refused.map_or(String::new(), |one| words_of(&one.reasons)) } else { reasons };
        let reason = if reason.is_empty() { "RJCT".to_owned() } else { reason };
        results::refuse_run(tx, ctx, site, message_id, &reason, source)?;
        return Ok(1);
    }
    if !has_lines {
        // A word on the whole file settles no line: it says that the bank has it.
        let known = group.or(report.payments.first().and_then(|one| one.status.as_deref()));
        let taken = known.is_some_and(|status| outcome(profile, status, "", day).is_some());
        return if taken { the_bank_has_it(tx, ctx, site, message_id, source) } else { Ok(0) };
    }
    let report = &listed::with_payments(tx.conn(), ctx, site, message_id, report, refused)?;
    let mut applied = 0;
    for (number, batch) in (1..).zip(&report.payments) {
        for (line_number, line) in (1..).zip(&batch.transactions) {
            let place = match &line.listed {
                Some(listed) => listed.place.clone(),
                None => format!("OrgnlPmtInfAndSts[{number}]/TxInfAndSts[{line_number}]"),
            };
            let status = line.status.as_deref().or(batch.status.as_deref());
            if apply_line(tx, ctx, (site, profile), line, status, day, (source, &place), refused)? {
                applied += 1;
            }
        }
    }
    Ok(applied)
}

/// Notes of every payment of an order that the bank has it, which settles none of them.
fn the_bank_has_it(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, message_id: &str, source: &str) -> Result<usize, Problem> {
    let Some(run) = results::run_by_message_id(tx.conn(), site.id, message_id)? else { return Ok(0) };
    let attempts = results::attempts_of(tx.conn(), site.id, run.id)?;
    for attempt in &attempts {
        results::apply(tx, ctx, site, &attempt.end_to_end_id, Outcome::Accepted, source)?;
    }
    Ok(attempts.len())
}

/// Reasons by which a bank refuses what it has already (ISO 20022 external status reasons, and `DUPL` as banks write it). The first
/// copy may have been paid, so such a refusal must not free a line for another payment.
const DUPLICATES: &[&str] = &["AM05", "DU01", "DU02", "DU03", "DU04", "DU05", "DUPL"];

fn is_duplicate(reason: &StatusReason) -> bool {
    reason.code.as_deref().is_some_and(|code| DUPLICATES.contains(&code))
}

#[expect(clippy::too_many_arguments, reason = "a line is heard with its place, its day and where its faults go")]
fn apply_line(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    (site, profile): (&Site, &Profile),
    line: &TransactionStatus,
    status: Option<&str>,
    day: Day,
    (source, place): (&str, &str),
    refused: &mut Refused,
) -> Result<bool, Problem> {
    let payment = match line.end_to_end_id.as_deref() {
        Some(id) => table::payment(tx.conn(), site.id, id)?.map(|(run, due)| (id, run, due)),
        None => None,
    };
    let Some((id, run, due)) = payment else {
        refused.push(
            place,
            "unknown_reference",
            "代发编号（OrgnlEndToEndId）不是本项目的代发明细，该笔未采用。",
            "The id (OrgnlEndToEndId) is no payment of this project; its word is not taken.",
        );
        return Ok(false);
    };
    if line.amount.is_some_and(|amount| amount != Amount::from(due)) {
        let zh = format!("{id} 的金额与应付 {due} 不符，结果未采用。");
        refused.push(
            place,
            "sum_mismatch",
            zh,
            format!("The amount of {id} is not the {due} that was ordered; its word is not taken."),
        );
        return Ok(false);
    }
    let booked_on = line.listed.as_ref().and_then(|listed| listed.on);
    if let Some(on) = booked_on
        && !is_plausible(tx, ctx, site, run, on)?
    {
        refused.push(
            place,
            "bad_time",
            format!("{id} 的入账日期 {on} 早于代发或尚未到来，该行未采用；请核对后重新上传。"),
            format!("{id} is said to be booked on {on}, before it was ordered or in days to come; the row is not taken. Check the day."),
        );
        return Ok(false);
    }
    let day = booked_on.unwrap_or(day);
    let reason = words_of(&line.reasons);
    let Some(outcome) = status.and_then(|status| outcome(profile, status, if reason.is_empty() { status } else { &reason }, day))
    else {
        refused.push(place, "bad_format", "状态代码缺失或未知。", "The status code is missing or unknown.");
        return Ok(false);
    };
    let repeats = matches!(outcome, Outcome::Rejected { .. }) && line.reasons.iter().any(is_duplicate);
    results::apply(tx, ctx, site, id, if repeats { Outcome::Accepted } else { outcome }, source)?;
    Ok(true)
}

/// Whether the bank can have booked a payment of the run on a day.
fn is_plausible(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, run: PayRunId, on: Day) -> Result<bool, Problem> {
    let ordered = runs::head(tx.conn(), site.id, run)?;
    Ok(on <= ctx.today && ordered.is_none_or(|run| on >= run.created_at.day()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_credited_to_the_payee_is_paid() {
        let day: Day = "2026-03-02".parse().unwrap();
        let careful = Profile::built_in();
        let outcome = |status: &str, reason: &str, day| super::outcome(&careful, status, reason, day);
        assert_eq!(outcome("ACCC", "", day), Some(Outcome::Paid { on: day }));
        for status in ["RCVD", "ACTC", "ACCP", "ACSP", "ACSC", "PDNG", "PART"] {
            assert_eq!(outcome(status, "", day), Some(Outcome::Accepted), "{status}");
        }
        assert_eq!(outcome("RJCT", "AC04", day), Some(Outcome::Rejected { reason: "AC04".to_owned() }));
        assert_eq!(outcome("PAID", "", day), None, "a bank's own word proves nothing");
        let trusted = Profile { acsc_pays: true, accc_pays: false, ..Profile::built_in() };
        assert_eq!(super::outcome(&trusted, "ACSC", "", day), Some(Outcome::Paid { on: day }));
        assert_eq!(super::outcome(&trusted, "ACSP", "", day), Some(Outcome::Accepted));
        assert_eq!(
            super::outcome(&trusted, "ACCC", "", day),
            Some(Outcome::Accepted),
            "where the profile says so, not even that"
        );
    }
}
