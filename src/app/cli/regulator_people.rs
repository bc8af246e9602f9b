//! The invented people of the test house: workers with cards, and a pay run of theirs that is on its way to the bank.
//!
//! Numbers of papers and cards hold their check digits and are nobody's: area `119999` and issuer `621999` are not assigned.

use crate::base::id::{AccountId, LineId, PartyId, PayRunId, SheetId};
use crate::base::person::{BankCard, IdNumber};
use crate::base::{Day, Fen, Month};
use crate::ledger::{self, LedgerAccount, Posting, PostingKind};
use crate::payroll::pay_run::table::{AttemptRow, RunRow, insert_attempts, insert_run};
use crate::payroll::table::{LineRow, SheetRow, insert_line, insert_sheet};
use crate::payroll::{AttemptState, LineState, RunState, SheetState, end_to_end_id};
use crate::projects::Site;
use crate::projects::actions::add_crew;
use crate::store::{Chain, Tx, journal};
use crate::web::{Ctx, Problem};
use crate::workers::actions::{NewEnrolment, enrol};
use crate::workers::table::{self as workers, EnrolmentRow};
use crate::workers::{IdKind, Paper};

/// Names and nets of the workers.
const WORKERS: [(&str, i64); 3] = [("测试甲", 650_000), ("测试乙", 720_050), ("测试丙", 588_888)];
/// Days of work behind each line, in hundredths.
const DAYS_HUNDREDTHS: i32 = 2_100;

/// A payment of the pay run, as the engineer needs it.
pub(super) struct Payment {
    pub name: &'static str,
    pub card: String,
    pub end_to_end_id: String,
    pub amount: Fen,
}

/// What was seeded.
pub(super) struct Seeded {
    pub payments: Vec<Payment>,
    pub message_id: String,
    pub total: Fen,
    /// The last month that is over, whose proof can be told.
    pub month: Month,
}

fn id_number(number: usize) -> String {
    let body = format!("11999919900101{:03}", number + 1);
    let digits: Vec<u32> = body.chars().filter_map(|c| c.to_digit(10)).collect();
    format!("{body}{}", IdNumber::check_of(&digits))
}

fn card(number: usize) -> String {
    let body = format!("621999999999999{:03}", number + 1);
    format!("{body}{}", BankCard::luhn_digit(&body))
}

/// Enrols the workers and sends their pay run.
pub(super) fn people(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    contractor: PartyId,
    account: AccountId,
) -> Result<Seeded, Problem> {
    let entered_on = ctx.today.plus_days(-59);
    let crew = add_crew(tx, ctx, site, "测试班组", contractor, entered_on)?;
    for (number, (name, _)) in WORKERS.iter().enumerate() {
        let new = NewEnrolment {
            name: (*name).to_owned(),
            id_kind: IdKind::IdCard,
            id_number: id_number(number),
            phone: None,
            crew: crew.id,
            trade: "钢筋工".to_owned(),
            pin: None,
            paper: Paper::LabourContract,
            paper_document: None,
            safety_trained: true,
            card: Some(card(number)),
            bank_name: Some("测试银行".to_owned()),
            day_rate: Fen(30_000),
            entered_on,
        };
        enrol(tx, ctx, site, &new)?;
    }
    let mut rows = workers::of_project(tx.conn(), site.id)?;
    rows.sort_by_key(|row| row.id);
    send(tx, ctx, site, account, &rows)
}

/// A sheet that was audited and an order that went out, as they stand after the people's work of a month.
fn send(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, account: AccountId, rows: &[EnrolmentRow]) -> Result<Seeded, Problem> {
    let chain = Chain::Project(site.id);
    let recorded_seq = tx.seq(chain)?;
    let month = ctx.today.month().plus(-1);
    let due_on: Day = ctx.today.plus_days(10);
    let total = Fen::total(WORKERS.iter().map(|(_, net)| Fen(*net)))?;
    let count = i32::try_from(WORKERS.len()).unwrap_or(i32::MAX);
    let (sheet_id, run_id) = (SheetId(ctx.id()), PayRunId(ctx.id()));
    let message_id = run_id.to_string();
    let sheet = SheetRow {
        project_id: site.id,
        id: sheet_id,
        month,
        part: 1,
        state: SheetState::Audited,
        line_count: count,
        total_fen: total,
        due_on,
        version: 1,
        built_by: ctx.actor().to_owned(),
        submitted_by: None,
        audited_by: None,
        audited_on: None,
        recorded_seq,
    };
    insert_sheet(tx, &sheet)?;
    let file = b"test".to_vec();
    let run = RunRow {
        project_id: site.id,
        id: run_id,
        sheet_id,
        account_id: account,
        message_id: message_id.clone(),
        state: RunState::Sent,
        line_count: count,
        total_fen: total,
        file_sha256: journal::sha256(&file),
        file,
        created_by: ctx.actor().to_owned(),
        created_at: ctx.now,
        recorded_seq,
    };
    insert_run(tx, &run)?;
    let mut payments = Vec::new();
    for (number, ((name, net), row)) in WORKERS.iter().zip(rows).enumerate() {
        let (line_id, amount) = (LineId(ctx.id()), Fen(*net));
        let line = LineRow {
            project_id: site.id,
            id: line_id,
            sheet_id,
            enrolment_id: row.id,
            worker_id: row.worker_id,
            days_hundredths: DAYS_HUNDREDTHS,
            day_rate_fen: Fen(30_000),
            gross_fen: amount,
            deductions_fen: Fen::ZERO,
            net_fen: amount,
            due_on,
            state: LineState::Sent,
            state_reason: None,
            disputed_fen: Fen::ZERO,
            attempt: 1,
            paid_on: None,
            paid_fen: Fen::ZERO,
            recorded_seq,
        };
        insert_line(tx, &line)?;
        let attempt = AttemptRow {
            project_id: site.id,
            run_id,
            line_id,
            attempt: 1,
            end_to_end_id: end_to_end_id(line_id, 1),
            amount_fen: amount,
            state: AttemptState::Sent,
            reason: None,
            returned_fen: Fen::ZERO,
            recorded_seq,
        };
        insert_attempts(tx, std::slice::from_ref(&attempt))?;
        payments.push(Payment { name, card: card(number), end_to_end_id: attempt.end_to_end_id, amount });
    }
    use LedgerAccount::{PayInTransit, WagesDue, WagesPayable};
    for (key, kind, debit, credit) in
        [("wages", PostingKind::Wages, WagesDue, WagesPayable), ("sent", PostingKind::PaySent, WagesPayable, PayInTransit)]
    {
        let posting = Posting::of(format!("{key} {run_id}"), kind, ctx.today, debit, credit, total);
        ledger::actions::post(tx, ctx, site, &posting)?;
    }
    tx.note(chain, ctx.now, ctx.actor(), "seed_pay_run", &message_id)?;
    Ok(Seeded { payments, message_id, total, month })
}
