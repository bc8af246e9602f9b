//! What a booked entry says of pay lines, passed on to them: a detail to its line, a debit without details to its whole run, a refund
//! without an id to the one line that it can be of.
//!
//! Deliberately absent: a guess. Where card and amount leave a doubt, a person looks at it.

use std::collections::BTreeMap;

use super::allocate::Desk;
use super::doubts::{self, DoubtKind, Movement, Net, Noted};
use super::receipt::FileProblem;
use super::sides::{names_run, reason_of};
use super::{payees, table};
use crate::accounts::table::EntryRow;
use crate::accounts::{Direction, Purpose, freezes};
use crate::base::{Fen, Rounding};
use crate::ledger::LedgerAccount;
use crate::payroll::AttemptState;
use crate::payroll::results::{self, Outcome};
use crate::store::Tx;
use crate::web::{Ctx, Problem};
use crate::wire::bank::{Amount, Detail, Entry};

/// What of an entry a person must look at, added up over its details.
type Found = BTreeMap<DoubtKind, Fen>;

impl Desk<'_> {
    /// Passes on what the entry says of single pay lines, or of a whole run that was debited without details.
    pub(super) fn pass_on(&mut self, tx: &mut Tx<'_>, ctx: &Ctx, entry: &Entry, row: &EntryRow) -> Result<(), Problem> {
        let mut said: BTreeMap<&str, usize> = BTreeMap::new();
        let mut found = Found::new();
        for detail in &entry.details {
            let Some(id) = detail.end_to_end_id.as_deref() else { continue };
            let Some((_, due)) = self.answers.payment(id) else { continue };
            let before = said.get(id).copied().unwrap_or(0);
            said.insert(id, before + 1);
            let amount = detail.amount.unwrap_or(entry.amount);
            let is_debit = detail.direction == crate::wire::bank::Direction::Debit;
            let moved = Fen::from_yuan(amount.unsigned().decimal(), Rounding::Down).unwrap_or(Fen::ZERO);
            let signed = if is_debit { moved } else { moved.negated() };
            let goes_on =
                self.note(tx, ctx, row, Movement { payment: id, amount: signed, before }, (due, Fen::ZERO), &mut found)?;
            if amount != Amount::from(due) {
                self.problems.push(FileProblem::new(
                    &entry.place,
                    "sum_mismatch",
                    format!("{id} 的银行金额 {amount} 与应付 {due} 不符，结果未采用。"),
                    format!("The bank's amount {amount} of {id} is not the {due} that was ordered; its word is not taken."),
                ));
                continue;
            }
            if !goes_on {
                continue;
            }
            let Some(outcome) = self.outcome(detail, row) else { continue };
            if is_debit {
                payees::note(tx, ctx, self.site, row, (id, due), detail, self.answers.worker(id))?;
            }
            self.apply(tx, ctx, id, outcome)?;
        }
        if row.purpose == Purpose::ForeignDebit && freezes::looks_seized(&row.text, row.counterparty.as_deref()) {
            doubts::tell_soon(tx, ctx, self.site)?;
        }
        if said.is_empty() {
            match row.direction {
                Direction::Debit => self.accept_run(tx, ctx, entry, row, &mut found)?,
                Direction::Credit => self.return_to_card(tx, ctx, entry, row)?,
            }
        }
        for (kind, amount) in found {
            self.doubt(tx, ctx, entry, row, kind, amount)?;
        }
        Ok(())
    }

    /// Keeps that the entry moved a payment's money, and finds what does not add up. False where the bank only puts its own surplus
    /// right, or gives back what it gave back before: then it says nothing of the line.
    fn note(
        &mut self,
        tx: &mut Tx<'_>,
        ctx: &Ctx,
        row: &EntryRow,
        movement: Movement<'_>,
        (ordered, rejected): (Fen, Fen),
        found: &mut Found,
    ) -> Result<bool, Problem> {
        let known = self.answers.moved(movement.payment);
        let Some(Noted { before, after }) = doubts::note(tx, ctx, self.site, row, movement, known)? else {
            // Told before: the same word again changes nothing, but a surplus that came back still says nothing of the line.
            let mut net = Net::default();
            known.iter().for_each(|row| net.add(row.amount_fen));
            let is_debit = movement.amount.is_positive();
            return Ok(if is_debit { !net.went_again } else { net.credits == 1 && !net.out.is_positive() });
        };
        if let Some(payment) = known.last() {
            self.pending.push_payment(payment.clone());
        }
        let is_debit = movement.amount.is_positive();
        let size = if is_debit { movement.amount } else { movement.amount.negated() };
        let is_surplus_back = !is_debit && before.debits > 0 && before.out > ordered;
        if !after.adds_up(ordered, rejected) {
            let kind = match is_debit {
                true if before.debits > 0 => DoubtKind::DebitedAgain,
                false if before.credits > 0 && before.out <= Fen::ZERO => DoubtKind::RefundedAgain,
                _ => DoubtKind::DebitedOtherwise,
            };
            if !is_surplus_back {
                let sum = found.entry(kind).or_default();
                *sum = Fen(sum.0.saturating_add(size.0));
            }
        }
        if is_debit {
            // The line came back and is open: what goes out again without an order does not pay it, a person looks at it.
            return Ok(!after.went_again);
        }
        Ok(!is_surplus_back && after.adds_up(ordered, rejected))
    }

    /// Raises a doubt about the entry and tells it at once.
    fn doubt(
        &mut self,
        tx: &mut Tx<'_>,
        ctx: &Ctx,
        entry: &Entry,
        row: &EntryRow,
        kind: DoubtKind,
        amount: Fen,
    ) -> Result<(), Problem> {
        doubts::raise(tx, ctx, self.site, row, kind, amount)?;
        let (zh, en) = match kind {
            DoubtKind::RefundWaits => ("退回款无法对应到唯一的工资行", "This refund fits no single pay line"),
            DoubtKind::DebitedAgain => {
                ("同一笔代发被再次扣款，工人未因此多得", "The same payment was debited again; nobody is paid twice by it")
            }
            DoubtKind::DebitedOtherwise => ("银行金额与所下指令不符", "The bank moved another sum than was ordered"),
            DoubtKind::RefundedAgain => ("同一笔代发被再次退回", "The same payment came back again"),
        };
        let reason = if kind == DoubtKind::RefundWaits { "unknown_reference" } else { "paid_again" };
        let reason = if kind == DoubtKind::DebitedOtherwise { "sum_mismatch" } else { reason };
        self.problems.push(FileProblem::new(
            &entry.place,
            reason,
            format!("{zh}（{amount} 元），已入账，请人工核对。"),
            format!("{en} ({amount} yuan); it is booked, a person must match it."),
        ));
        Ok(())
    }

    fn outcome(&self, detail: &Detail, row: &EntryRow) -> Option<Outcome> {
        let reason = || reason_of(detail, &row.text);
        match detail.direction {
            crate::wire::bank::Direction::Credit => Some(Outcome::Returned { reason: reason() }),
            // A debit that is marked as returned says that something went wrong and not what: the refund will.
            crate::wire::bank::Direction::Debit if detail.returned || detail.return_reason.is_some() => None,
            crate::wire::bank::Direction::Debit if self.account.detail_means_paid && self.profile.detail_pays => {
                Some(Outcome::Paid { on: row.booked_on })
            }
            crate::wire::bank::Direction::Debit => Some(Outcome::Accepted),
        }
    }

    fn apply(&mut self, tx: &mut Tx<'_>, ctx: &Ctx, end_to_end_id: &str, outcome: Outcome) -> Result<(), Problem> {
        if results::apply(tx, ctx, self.site, end_to_end_id, outcome, &self.source)?.is_some() {
            self.results = self.results.saturating_add(1);
            self.answers.words_were_passed_on();
        }
        Ok(())
    }

    /// A batch debit without details: the bank has the run, and no line has a result.
    fn accept_run(
        &mut self,
        tx: &mut Tx<'_>,
        ctx: &Ctx,
        entry: &Entry,
        row: &EntryRow,
        found: &mut Found,
    ) -> Result<(), Problem> {
        let Some(message_id) = self.runs.iter().find(|id| names_run(entry, id)).cloned() else { return Ok(()) };
        let Some(run) = results::run_by_message_id(tx.conn(), self.site.id, &message_id)? else { return Ok(()) };
        let attempts = results::attempts_of(tx.conn(), self.site.id, run.id)?;
        let rejected = attempts.iter().filter(|one| one.state == AttemptState::Rejected).map(|one| one.amount_fen);
        let ordered = (run.total_fen, Fen::total(rejected)?);
        self.read_moved(tx, ctx, &message_id)?;
        let movement = Movement { payment: &message_id, amount: row.amount_fen, before: 0 };
        self.note(tx, ctx, row, movement, ordered, found)?;
        for attempt in attempts {
            self.apply(tx, ctx, &attempt.end_to_end_id, Outcome::Accepted)?;
        }
        Ok(())
    }

    /// Reads what moved the money of a payment that the page's answers do not know.
    fn read_moved(&mut self, tx: &mut Tx<'_>, ctx: &Ctx, payment: &str) -> Result<(), Problem> {
        self.pending.write(tx, ctx, self.site)?;
        let rows = doubts::table::of_payments(tx.conn(), self.site.id, &[payment.to_owned()])?;
        *self.answers.moved(payment) = rows;
        Ok(())
    }

    /// A refund without EndToEndId: it re-opens a line where reference, name, card and amount leave no doubt; otherwise a person looks
    /// at it, once, however often the bank tells it.
    fn return_to_card(&mut self, tx: &mut Tx<'_>, ctx: &Ctx, entry: &Entry, row: &EntryRow) -> Result<(), Problem> {
        if row.purpose != Purpose::PayReturn || !row.amount_fen.is_positive() {
            return Ok(());
        }
        if !doubts::table::of_entry(tx.conn(), self.site.id, row.id)?.is_empty() {
            return Ok(());
        }
        if self.takes_surplus_back(tx, ctx, entry, row)? {
            return Ok(());
        }
        // A refund without an id is one of a payment that this bank may still give back.
        let days = i64::from(self.profile.credits_back_days);
        let candidates = match &row.counterparty_index {
            Some(index) => {
                let since = row.booked_on.plus_days(-days).begins();
                table::payments_to_card_since(tx.conn(), self.site.id, index, row.amount_fen, since)?
            }
            None => Vec::new(),
        };
        self.pending.write(tx, ctx, self.site)?;
        let account = entry.details.first().and_then(|detail| detail.counterparty_account.as_deref());
        let found = match candidates.as_slice() {
            [id] => Some(id.clone()),
            _ => doubts::certain(tx.conn(), ctx, row, account, days)?,
        };
        let Some(id) = found else {
            return self.doubt(tx, ctx, entry, row, DoubtKind::RefundWaits, row.amount_fen);
        };
        self.read_moved(tx, ctx, &id)?;
        let movement = Movement { payment: &id, amount: row.amount_fen.negated(), before: 0 };
        let mut odd = Found::new();
        let goes_on = self.note(tx, ctx, row, movement, (row.amount_fen, Fen::ZERO), &mut odd)?;
        doubts::answering::move_refund(tx, ctx, self.site, row, LedgerAccount::PayInTransit)?;
        if goes_on {
            let reason = entry.details.first().map_or_else(|| row.text.clone(), |detail| reason_of(detail, &row.text));
            self.apply(tx, ctx, &id, Outcome::Returned { reason })?;
        }
        for (kind, amount) in odd {
            self.doubt(tx, ctx, entry, row, kind, amount)?;
        }
        Ok(())
    }

    /// Whether the entry gives back what was debited beyond a run that it names; then it is kept as that.
    fn takes_surplus_back(&mut self, tx: &mut Tx<'_>, ctx: &Ctx, entry: &Entry, row: &EntryRow) -> Result<bool, Problem> {
        let Some(message_id) = self.runs.iter().find(|id| names_run(entry, id)).cloned() else { return Ok(false) };
        let Some((total, rejected)) = doubts::ordered(tx.conn(), self.site.id, &message_id)? else { return Ok(false) };
        self.read_moved(tx, ctx, &message_id)?;
        let mut net = Net::default();
        self.answers.moved(&message_id).iter().for_each(|row| net.add(row.amount_fen));
        if net.debits == 0 || net.out.0.saturating_sub(row.amount_fen.0) < total.0 {
            return Ok(false);
        }
        let movement = Movement { payment: &message_id, amount: row.amount_fen.negated(), before: 0 };
        self.note(tx, ctx, row, movement, (total, rejected), &mut Found::new())?;
        doubts::answering::move_refund(tx, ctx, self.site, row, LedgerAccount::PayInTransit)?;
        Ok(true)
    }
}
