//! Pay sheets, their lines and the wage account's money of a measured site.

use super::town::{Hand, Plan};
use crate::accounts::table::{self as bank, AccountRow, EntryRow, StatementRow};
use crate::accounts::{Direction, EntryStatus, Purpose, StatementKind, prescribed_name};
use crate::app::demo::luck::Luck;
use crate::base::id::{AccountId, BankEntryId, DocumentId, InboxId, LineId, SheetId, StatementId};
use crate::base::{Day, Fen, Month};
use crate::parties;
use crate::payroll::table::{self as pay, LineRow, SheetRow};
use crate::payroll::{LineState, SheetState, due_on};
use crate::projects::Site;
use crate::store::{Chain, Tx};
use crate::web::{Ctx, Problem};

/// The agreed day of pay.
pub const PAY_DAY: u32 = 15;

/// What becomes of a project's wages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Everybody is paid.
    Paid,
    /// The bank refused or sent back some lines of the last months.
    Owed { months: i32 },
    /// The bank has not said what became of the last run.
    InFlight,
    /// Nobody made a sheet for the last month.
    Missing,
    /// One worker disputes part of the last month.
    Disputed,
}

impl Fate {
    /// Rolls for one.
    pub fn of(luck: &mut Luck) -> Self {
        match luck.below(100) {
            0..=69 => Fate::Paid,
            70..=81 => Fate::Owed { months: i32::try_from(1 + luck.below(3)).unwrap_or(1) },
            82..=88 => Fate::InFlight,
            89..=94 => Fate::Missing,
            _ => Fate::Disputed,
        }
    }
}

/// A movement of the account.
struct Move {
    day: Day,
    direction: Direction,
    amount: Fen,
    purpose: Purpose,
}

/// Writes every month's sheet and the account's statements; gives the number of lines.
pub fn write(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    plan: &Plan,
    hands: &[Hand],
    monthly: Fen,
    luck: &mut Luck,
) -> Result<u64, Problem> {
    let chain = Chain::Project(site.id);
    let (this, first) = (ctx.today.month(), plan.began_on.month());
    // The last month that is over.
    let last = plan.ended_on.map_or(this.plus(-1), Day::month).min(this.plus(-1));
    let (mut lines, mut moves) = (0, Vec::new());
    for month in first.up_to(last) {
        if plan.fate == Fate::Missing && month == last {
            continue;
        }
        let (count, paid, due) = sheet(tx, ctx, site, plan, hands, month, last, luck)?;
        lines += count;
        let transfer = month.plus(1).day_or_last(10);
        if transfer <= ctx.today && luck.happens(95) {
            moves.push(Move { day: transfer, direction: Direction::Credit, amount: monthly, purpose: Purpose::LabourCost });
        }
        if paid.is_positive() {
            moves.push(Move { day: due.min(ctx.today), direction: Direction::Debit, amount: paid, purpose: Purpose::PayRun });
        }
    }
    if luck.happens(2) {
        let day = plan.began_on.plus_days(35).min(ctx.today);
        moves.push(Move { day, direction: Direction::Debit, amount: Fen(1_234_500), purpose: Purpose::ForeignDebit });
    }
    account(tx, ctx, site, plan, moves, luck)?;
    tx.note(chain, ctx.now, ctx.actor(), "fill", &site.id.to_string())?;
    Ok(lines)
}

/// One month: number of lines, what was paid, day of pay.
#[expect(clippy::too_many_arguments, reason = "a step of one long story, told once")]
fn sheet(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    plan: &Plan,
    hands: &[Hand],
    month: Month,
    last: Month,
    luck: &mut Luck,
) -> Result<(u64, Fen, Day), Problem> {
    let due = due_on(&ctx.ground.book(), site.region, month, PAY_DAY);
    let recorded_seq = tx.seq(Chain::Project(site.id))?;
    let id = SheetId(ctx.id());
    let mut rows = Vec::with_capacity(hands.len());
    for hand in hands {
        let days = hand.days_in(month);
        if days == 0 {
            continue;
        }
        let net = Fen(hand.day_rate.0.saturating_mul(days));
        let (state, disputed) = state_of(plan.fate, month, last, rows.is_empty(), net, luck);
        let is_paid = state == LineState::Paid && due <= ctx.today;
        rows.push(LineRow {
            project_id: site.id,
            id: LineId(ctx.id()),
            sheet_id: id,
            enrolment_id: hand.enrolment,
            worker_id: hand.worker,
            days_hundredths: i32::try_from(days * 100).unwrap_or(i32::MAX),
            day_rate_fen: hand.day_rate,
            gross_fen: net,
            deductions_fen: Fen::ZERO,
            net_fen: net,
            due_on: due,
            state: if state == LineState::Paid && !is_paid { LineState::Approved } else { state },
            state_reason: matches!(state, LineState::Rejected | LineState::Returned).then(|| "AC04".to_owned()),
            disputed_fen: disputed,
            attempt: 1,
            paid_on: is_paid.then_some(due),
            paid_fen: if is_paid { net.minus(disputed)? } else { Fen::ZERO },
            recorded_seq,
        });
    }
    let paid = Fen::total(rows.iter().map(|row| row.paid_fen))?;
    let row = SheetRow {
        project_id: site.id,
        id,
        month,
        part: 0,
        state: if rows.iter().all(|row| row.state == LineState::Paid) { SheetState::Closed } else { SheetState::Published },
        line_count: i32::try_from(rows.len()).unwrap_or(i32::MAX),
        total_fen: Fen::total(rows.iter().map(|row| row.net_fen))?,
        due_on: due,
        version: 4,
        built_by: ctx.actor().to_owned(),
        submitted_by: Some(ctx.actor().to_owned()),
        audited_by: Some(ctx.actor().to_owned()),
        audited_on: Some(month.plus(1).first().plus_days(3)),
        recorded_seq,
    };
    pay::insert_sheet(tx, &row)?;
    for row in &rows {
        pay::insert_line(tx, row)?;
    }
    Ok((u64::try_from(rows.len()).unwrap_or(0), paid, due))
}

/// Where a line stands, and what of it is disputed.
fn state_of(fate: Fate, month: Month, last: Month, is_first: bool, net: Fen, luck: &mut Luck) -> (LineState, Fen) {
    let none = Fen::ZERO;
    match fate {
        Fate::Owed { months } if month > last.plus(-months) && (is_first || luck.happens(40)) => {
            let states = [LineState::Rejected, LineState::Returned, LineState::Held];
            let place = usize::try_from(luck.below(3)).unwrap_or(0);
            (states.get(place).copied().unwrap_or(LineState::Held), none)
        }
        Fate::InFlight if month == last && luck.happens(60) => (LineState::Sent, none),
        Fate::Disputed if month == last && is_first => (LineState::Paid, Fen(net.0 / 4)),
        _ => (LineState::Paid, none),
    }
}

/// The wage account with a statement a month.
fn account(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, plan: &Plan, mut moves: Vec<Move>, luck: &mut Luck) -> Result<(), Problem> {
    if luck.happens(4) {
        return Ok(());
    }
    let recorded_seq = tx.seq(Chain::Project(site.id))?;
    let name =
        parties::table::find(tx.conn(), &ctx.scope, plan.contractor)?.map(|party| prescribed_name(&party.name, &site.name));
    let row = AccountRow {
        project_id: site.id,
        id: AccountId(ctx.id()),
        number: format!("6219999{:012}", plan.number),
        sub_ledger: String::new(),
        name: name.unwrap_or_default(),
        bank_name: "测量银行".to_owned(),
        bank_code: "TESTCNBJ".to_owned(),
        opened_on: plan.began_on.plus_days(-5),
        agreement_document_id: luck.happens(95).then(|| DocumentId(ctx.id())),
        filed_on: luck.happens(93).then(|| plan.began_on.plus_days(10).min(ctx.today)),
        closed_on: None,
        detail_means_paid: false,
        recorded_seq,
    };
    bank::insert(tx, &row)?;
    moves.sort_by_key(|one| one.day);
    let mut balance = Fen::ZERO;
    let months = moves.first().map(|one| one.day.month()).into_iter().flat_map(|first| first.up_to(ctx.today.month()));
    for month in months {
        let own: Vec<&Move> = moves.iter().filter(|one| one.day.month() == month).collect();
        let opening = balance;
        for one in &own {
            balance = match one.direction {
                Direction::Credit => balance.plus(one.amount)?,
                Direction::Debit => balance.minus(one.amount)?,
            };
        }
        let statement = StatementRow {
            project_id: site.id,
            id: StatementId(ctx.id()),
            account_id: row.id,
            inbox_id: InboxId(0),
            format: "camt.053".to_owned(),
            kind: StatementKind::Statement,
            statement_ref: month.to_string(),
            from_on: Some(month.first()),
            to_on: Some(month.last().min(ctx.today)),
            opening_fen: Some(opening),
            closing_fen: Some(balance),
            entries: i32::try_from(own.len()).unwrap_or(0),
            duplicates: 0,
            problems: "[]".to_owned(),
            received_at: ctx.now,
            recorded_seq,
        };
        bank::insert_statement(tx, &statement)?;
        for (place, one) in own.into_iter().enumerate() {
            let key = format!("{month} {place}");
            let entry = EntryRow {
                project_id: site.id,
                id: BankEntryId(ctx.id()),
                account_id: row.id,
                statement_id: statement.id,
                entry_key: key.clone(),
                match_key: format!("{} {}", one.direction, one.amount),
                booked_on: one.day,
                value_on: Some(one.day),
                direction: one.direction,
                amount_fen: one.amount,
                reversal: false,
                status: EntryStatus::Booked,
                seen_in: format!("statement:{key}"),
                bank_ref: None,
                counterparty: None,
                counterparty_account: None,
                counterparty_index: None,
                text: String::new(),
                purpose: one.purpose,
                recorded_seq,
                told_by: String::new(),
                voided_by: None,
                counted_in: None,
            };
            bank::insert_entry(tx, &entry)?;
        }
    }
    Ok(())
}
