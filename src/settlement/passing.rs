//! What a booked entry says of pay lines, passed on to them: a detail to its line, a debit without details to its whole run, a refund
//! without an id to the one line that it can be of.
//!
//! Deliberately absent: a guess. Where card and amount leave a doubt, a person looks at it.

use std::collections::BTreeMap;

use super::allocate::Desk;
use super::doubts::{self, DoubtKind, Due, Fit, Hints, Movement, Net, Noted};
use super::payees;
use super::receipt::FileProblem;
use super::sides::{names_run, reason_of};
use super::table;
use crate::accounts::table::EntryRow;
use crate::accounts::{Direction, Purpose, StatementKind, freezes};
use crate::base::{Fen, Rounding};
use crate::ledger::LedgerAccount;
use crate::payroll::AttemptState;
use crate::payroll::pay_run::table::AttemptRow;
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
            let Some(due) = self.answers.payment(id) else { continue };
            let before = said.get(id).copied().unwrap_or(0);
            said.insert(id, before + 1);
            let amount = detail.amount.unwrap_or(entry.amount);
            let is_debit = detail.direction == crate::wire::bank::Direction::Debit;
            let moved = Fen::from_yuan(amount.unsigned().decimal(), Rounding::Down).unwrap_or(Fen::ZERO);
            let signed = if is_debit { moved } else { moved.negated() };
            let goes_on = self.note(tx, ctx, row, Movement { payment: id, amount: signed, before }, due, &mut found)?;
            if !is_debit
                && moved != due.ordered
                && self.part_comes_back(tx, ctx, id, (due, moved), &reason_of(detail, &row.text))?
            {
                continue;
            }
            // Parts that came back before made up the whole: what is beyond it is told as a doubt, and a part told again says nothing new.
            let back = Net::of(self.answers.moved(id).iter());
            if !is_debit && moved != due.ordered && back.credits > 1 && back.back >= due.ordered {
                continue;
            }
            let due = due.ordered;
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
                Direction::Debit if self.accept_run(tx, ctx, entry, row, &mut found)? => {}
                Direction::Debit => self.goes_to_card(tx, ctx, row, &mut found)?,
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
        due: Due,
        found: &mut Found,
    ) -> Result<bool, Problem> {
        let known = self.answers.moved(movement.payment);
        let Some(Noted { before, after }) = doubts::note(tx, ctx, self.site, row, movement, known)? else {
            // Told before: the same word again changes nothing, but a surplus that came back still says nothing of the line.
            let net = Net::of(known.iter());
            let is_debit = movement.amount.is_positive();
            return Ok(if is_debit { !net.went_again } else { net.credits == 1 && !net.out.is_positive() });
        };
        if let Some(payment) = known.last() {
            self.pending.push_payment(payment.clone());
        }
        let is_debit = movement.amount.is_positive();
        let size = if is_debit { movement.amount } else { movement.amount.negated() };
        let is_surplus_back = !is_debit && before.debits > 0 && before.out > due.ordered;
        // After a part more comes back than the rest: the line is owed the rest, and what is beyond it is looked at.
        let beyond = (!is_debit && before.is_part_back(due)).then(|| Fen(size.0.saturating_sub(before.left(due).0)));
        let beyond = beyond.filter(|amount| amount.is_positive());
        if let Some(amount) = beyond {
            let sum = found.entry(DoubtKind::RefundedAgain).or_default();
            *sum = Fen(sum.0.saturating_add(amount.0));
        } else if !after.adds_up(due) {
            let kind = match is_debit {
                true if before.debits > 0 || due.has_failed => DoubtKind::DebitedAgain,
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
        Ok(!is_surplus_back && (beyond.is_some() || after.adds_up(due)))
    }

    /// A part of a payment is back, or the last part of it and perhaps more: its line is owed what came back in all, at most all of it.
    /// False where what moved is no such part.
    fn part_comes_back(
        &mut self,
        tx: &mut Tx<'_>,
        ctx: &Ctx,
        id: &str,
        (due, moved): (Due, Fen),
        reason: &str,
    ) -> Result<bool, Problem> {
        let net = Net::of(self.answers.moved(id).iter());
        if net.is_part_back(due) {
            let source = self.source.clone();
            if results::give_back_part(tx, ctx, self.site, id, (net.back, reason), &source)? {
                self.results = self.results.saturating_add(1);
                self.answers.words_were_passed_on();
            }
            return Ok(true);
        }
        let is_over = net.is_all_back(due) || net.is_past_all(due, moved);
        if is_over {
            self.apply(tx, ctx, id, Outcome::Returned { reason: reason.to_owned() })?;
        }
        Ok(is_over)
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
        let waits = kind == DoubtKind::RefundWaits;
        let named_run = if waits { self.runs.iter().find(|id| names_run(entry, id)).cloned() } else { None };
        // Of an entry that is not written yet no doubt can be on record: it is written with its page.
        if self.pending.is_newest(row) {
            let doubt = doubts::doubt_of(tx, ctx, self.site, row, (kind, amount), named_run)?;
            self.pending.push_doubt(doubt);
        } else {
            doubts::raise(tx, ctx, self.site, row, (kind, amount), named_run)?;
        }
        let (zh, en) = match kind {
            DoubtKind::RefundWaits => ("退回款无法对应到唯一的工资行", "This refund fits no single pay line"),
            DoubtKind::DebitedAgain => {
                ("代发被再次扣款，或已被拒付仍被扣款", "A payment was debited again, or although it had been refused")
            }
            DoubtKind::DebitedOtherwise => ("银行金额与所下指令不符", "The bank moved another sum than was ordered"),
            DoubtKind::RefundedAgain => (
                "同一笔代发此前已退回，本次为多退的部分",
                "The payment had come back before; this is what came back beyond what it paid",
            ),
        };
        let reason = if waits { "unknown_reference" } else { "paid_again" };
        let reason = if kind == DoubtKind::DebitedOtherwise { "sum_mismatch" } else { reason };
        self.of_doubts.push((self.problems.len(), row.id));
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
            // What a report within the day says is not the ledger's word yet.
            crate::wire::bank::Direction::Debit
                if self.account.detail_means_paid && self.profile.detail_pays && self.kind != StatementKind::Report =>
            {
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

    /// A batch debit without details: the bank has the run, and no line has a result. False where the entry names no run of ours.
    fn accept_run(
        &mut self,
        tx: &mut Tx<'_>,
        ctx: &Ctx,
        entry: &Entry,
        row: &EntryRow,
        found: &mut Found,
    ) -> Result<bool, Problem> {
        let named = self.runs.iter().find(|id| names_run(entry, id)).cloned();
        let named = if named.is_some() { named } else { self.run_of_total(tx, entry, row)? };
        let Some(message_id) = named else { return Ok(false) };
        let Some(run) = results::run_by_message_id(tx.conn(), self.site.id, &message_id)? else { return Ok(true) };
        let attempts = results::attempts_of(tx.conn(), self.site.id, run.id)?;
        let due = Due::of_run(run.total_fen, &attempts)?;
        let mut ids: Vec<String> = attempts.iter().map(|one| one.end_to_end_id.clone()).collect();
        ids.push(message_id.clone());
        self.read_moved(tx, ctx, &ids)?;
        let is_known = doubts::table::of_entry(tx.conn(), self.site.id, row.id)?.iter().any(|one| one.payment != message_id);
        if !is_known {
            let movement = Movement { payment: &message_id, amount: row.amount_fen, before: 0 };
            self.note(tx, ctx, row, movement, due, found)?;
            self.note_lines(tx, ctx, row, due, &attempts, found)?;
        }
        for attempt in attempts {
            self.apply(tx, ctx, &attempt.end_to_end_id, Outcome::Accepted)?;
        }
        if !is_known {
            // A refund may be told before the debit that it gives back a part of.
            self.pending.write(tx, ctx, self.site)?;
            doubts::look_again(tx, ctx, self.site, &message_id)?;
        }
        Ok(true)
    }

    /// The one run of exactly the debit's sum that no debit was told of, for banks that name none.
    fn run_of_total(&self, tx: &mut Tx<'_>, entry: &Entry, row: &EntryRow) -> Result<Option<String>, Problem> {
        if row.purpose != Purpose::PayRun || entry.details.iter().any(|detail| detail.end_to_end_id.is_some()) {
            return Ok(None);
        }
        let runs = table::runs_of_total(tx.conn(), self.account, row.amount_fen)?;
        let told = doubts::table::of_payments(tx.conn(), self.site.id, &runs)?;
        if let Some(own) = told.iter().find(|one| one.entry_id == row.id) {
            return Ok(Some(own.payment.clone()));
        }
        let open: Vec<&String> = runs.iter().filter(|id| told.iter().all(|one| one.payment != **id)).collect();
        Ok(if let [one] = open.as_slice() { Some((*one).clone()) } else { None })
    }

    /// Keeps of a run's debit what it took out for each line: of all of them, or of those that were not refused.
    fn note_lines(
        &mut self,
        tx: &mut Tx<'_>,
        ctx: &Ctx,
        row: &EntryRow,
        due: Due,
        attempts: &[AttemptRow],
        found: &mut Found,
    ) -> Result<(), Problem> {
        let is_all = row.amount_fen == due.ordered;
        if !is_all && row.amount_fen != due.less() {
            return Ok(());
        }
        let mut of_lines = Found::new();
        for one in attempts.iter().filter(|one| is_all || one.state != AttemptState::Rejected) {
            let movement = Movement { payment: &one.end_to_end_id, amount: one.amount_fen, before: 0 };
            self.note(tx, ctx, row, movement, Due::of_payment(one.amount_fen, one.state), &mut of_lines)?;
        }
        for (kind, amount) in of_lines {
            let sum = found.entry(kind).or_default();
            *sum = amount.max(*sum);
        }
        Ok(())
    }

    /// A debit that names no payment and goes to the card of one: it settles nothing, and is kept so that a second one shows.
    fn goes_to_card(&mut self, tx: &mut Tx<'_>, ctx: &Ctx, row: &EntryRow, found: &mut Found) -> Result<(), Problem> {
        let Some(index) = row.counterparty_index.as_deref().filter(|_| row.purpose == Purpose::PayRun) else { return Ok(()) };
        let payments = self.answers.payments_to_card(tx.conn(), self.site, index, row.amount_fen)?;
        let nets: Vec<Net> = payments.iter().map(|id| Net::of(self.answers.moved(id).iter())).collect();
        if payments.iter().any(|id| self.answers.moved(id).iter().any(|one| one.entry_id == row.id)) {
            return Ok(());
        }
        let waiting: Vec<&String> = payments.iter().zip(&nets).filter(|(_, net)| net.debits == 0).map(|(id, _)| id).collect();
        let payment = match (waiting.as_slice(), payments.last()) {
            ([one], _) => (*one).clone(),
            // All were debited: this one is too many, whichever it repeats.
            ([], Some(last)) => last.clone(),
            _ => return Ok(()),
        };
        let movement = Movement { payment: &payment, amount: row.amount_fen, before: 0 };
        let due = Due::of_payment(row.amount_fen, AttemptState::Accepted);
        self.note(tx, ctx, row, movement, due, found)?;
        Ok(())
    }

    /// Reads what moved the money of payments that the page's answers do not know.
    fn read_moved(&mut self, tx: &mut Tx<'_>, ctx: &Ctx, payments: &[String]) -> Result<(), Problem> {
        self.pending.write(tx, ctx, self.site)?;
        payments.iter().for_each(|payment| self.answers.moved(payment).clear());
        for row in doubts::table::of_payments(tx.conn(), self.site.id, payments)? {
            self.answers.moved(&row.payment.clone()).push(row);
        }
        Ok(())
    }

    /// A refund without EndToEndId: it re-opens a line where reference, name, card and amount leave no doubt; otherwise a person looks
    /// at it, once, however often the bank tells it. It belongs first to what the bank has refused and debited all the same.
    fn return_to_card(&mut self, tx: &mut Tx<'_>, ctx: &Ctx, entry: &Entry, row: &EntryRow) -> Result<(), Problem> {
        if row.purpose == Purpose::Unexplained && row.amount_fen.is_positive() {
            return self.may_give_back(tx, ctx, entry, row);
        }
        if row.purpose != Purpose::PayReturn || !row.amount_fen.is_positive() {
            return Ok(());
        }
        let run = self.runs.iter().find(|id| names_run(entry, id)).cloned();
        // Thousands of refunds may come under one voucher: what no payment can be behind waits for a person without a search.
        let voucher = row.bank_ref.as_ref().and_then(|reference| self.vouchers.get(reference));
        let may_be_of_run = run.is_some() || voucher.is_none_or(|one| one.has_run);
        let has_no_payment = !may_be_of_run && !self.was_ordered(tx, row.amount_fen)?;
        if !self.pending.is_newest(row) && !doubts::table::of_entry(tx.conn(), self.site.id, row.id)?.is_empty() {
            return Ok(());
        }
        if has_no_payment {
            return self.doubt(tx, ctx, entry, row, DoubtKind::RefundWaits, row.amount_fen);
        }
        self.pending.write(tx, ctx, self.site)?;
        if let Some(run) = &run
            && self.takes_excess_back(tx, ctx, row, run)?
        {
            return Ok(());
        }
        // A refund without an id is one of a payment that this bank may still give back.
        let days = i64::from(self.profile.credits_back_days);
        let account = entry.details.first().and_then(|detail| detail.counterparty_account.as_deref());
        let hints = Hints { account, run: run.as_deref(), days };
        let Some(Fit { payment, has_failed, ordered }) = doubts::certain(tx.conn(), ctx, row, &hints)? else {
            let runs = if may_be_of_run { doubts::runs_of(tx.conn(), row)? } else { Vec::new() };
            for run in runs {
                if self.takes_excess_back(tx, ctx, row, &run)? {
                    return Ok(());
                }
            }
            return self.doubt(tx, ctx, entry, row, DoubtKind::RefundWaits, row.amount_fen);
        };
        self.read_moved(tx, ctx, std::slice::from_ref(&payment))?;
        let movement = Movement { payment: &payment, amount: row.amount_fen.negated(), before: 0 };
        let mut odd = Found::new();
        let due = Due { ordered, rejected: Fen::ZERO, is_single: true, has_failed };
        let known = Net::of(self.answers.moved(&payment).iter());
        if known.back.is_positive() && row.amount_fen > known.left(due) {
            // A part came back before and now the whole: what of it is this payment's, and what is nobody's, is a person's to say.
            return self.doubt(tx, ctx, entry, row, DoubtKind::RefundWaits, row.amount_fen);
        }
        let goes_on = self.note(tx, ctx, row, movement, due, &mut odd)?;
        doubts::answering::move_refund(tx, ctx, self.site, row, LedgerAccount::PayInTransit)?;
        // What the bank had refused is open already: that its money is back changes nothing of the line.
        if goes_on && !has_failed {
            let reason = entry.details.first().map_or_else(|| row.text.clone(), |detail| reason_of(detail, &row.text));
            self.apply(tx, ctx, &payment, Outcome::Returned { reason })?;
        }
        for (kind, amount) in odd {
            self.doubt(tx, ctx, entry, row, kind, amount)?;
        }
        Ok(())
    }

    /// Whether a payment of this sum was ever ordered on the project: asked once a statement.
    fn was_ordered(&mut self, tx: &mut Tx<'_>, amount: Fen) -> Result<bool, Problem> {
        if let Some(known) = self.ordered_sums.get(&amount) {
            return Ok(*known);
        }
        let found = table::was_ordered(tx.conn(), self.site.id, amount)?;
        self.ordered_sums.insert(amount, found);
        Ok(found)
    }

    /// Money that nothing explains, of exactly the wage of a worker whom the bank names: it may be a refund that the bank does not call
    /// one. Never taken as one without a person.
    fn may_give_back(&mut self, tx: &mut Tx<'_>, ctx: &Ctx, entry: &Entry, row: &EntryRow) -> Result<(), Problem> {
        if doubts::names_payee(tx.conn(), row)? {
            self.pending.write(tx, ctx, self.site)?;
            self.doubt(tx, ctx, entry, row, DoubtKind::RefundWaits, row.amount_fen)?;
        }
        Ok(())
    }

    /// Whether the entry gives back exactly what is out of a run beyond what may be; then it is kept as that, and no line changes.
    fn takes_excess_back(&mut self, tx: &mut Tx<'_>, ctx: &Ctx, row: &EntryRow, message_id: &str) -> Result<bool, Problem> {
        let moved = doubts::take_excess(tx, ctx, self.site, row, message_id)?;
        self.read_moved(tx, ctx, &moved)?;
        Ok(!moved.is_empty())
    }
}
