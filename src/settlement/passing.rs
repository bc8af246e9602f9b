//! What a booked entry says of pay lines, passed on to them: a detail to its line, a debit without details to its whole run, a refund
//! without an id to the one line that it can be of.
//!
//! Deliberately absent: a guess. Where card and amount leave a doubt, a person looks at it.

use super::allocate::Desk;
use super::receipt::FileProblem;
use super::sides::{names_run, reason_of};
use super::{payees, table};
use crate::accounts::Direction;
use crate::accounts::table::EntryRow;
use crate::payroll::results::{self, Outcome};
use crate::store::Tx;
use crate::web::{Ctx, Problem};
use crate::wire::bank::{Amount, Detail, Entry};

impl Desk<'_> {
    /// Passes on what the entry says of single pay lines, or of a whole run that was debited without details.
    pub(super) fn pass_on(&mut self, tx: &mut Tx<'_>, ctx: &Ctx, entry: &Entry, row: &EntryRow) -> Result<(), Problem> {
        let mut named = false;
        for detail in &entry.details {
            let Some(id) = detail.end_to_end_id.as_deref() else { continue };
            let Some((_, due)) = self.answers.payment(id) else { continue };
            named = true;
            let amount = detail.amount.unwrap_or(entry.amount);
            if amount != Amount::from(due) {
                self.problems.push(FileProblem::new(
                    &entry.place,
                    "sum_mismatch",
                    format!("{id} 的银行金额 {amount} 与应付 {due} 不符，结果未采用。"),
                    format!("The bank's amount {amount} of {id} is not the {due} that was ordered; its word is not taken."),
                ));
                continue;
            }
            let Some(outcome) = self.outcome(detail, row) else { continue };
            if detail.direction == crate::wire::bank::Direction::Debit {
                payees::note(tx, ctx, self.site, row, (id, due), detail, self.answers.worker(id))?;
            }
            self.apply(tx, ctx, id, outcome)?;
        }
        if named {
            return Ok(());
        }
        match row.direction {
            Direction::Debit => self.accept_run(tx, ctx, entry),
            Direction::Credit => self.return_to_card(tx, ctx, entry, row),
        }
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
    fn accept_run(&mut self, tx: &mut Tx<'_>, ctx: &Ctx, entry: &Entry) -> Result<(), Problem> {
        let Some(message_id) = self.runs.iter().find(|id| names_run(entry, id)).cloned() else { return Ok(()) };
        let Some(run) = results::run_by_message_id(tx.conn(), self.site.id, &message_id)? else { return Ok(()) };
        for attempt in results::attempts_of(tx.conn(), self.site.id, run.id)? {
            self.apply(tx, ctx, &attempt.end_to_end_id, Outcome::Accepted)?;
        }
        Ok(())
    }

    /// A refund without EndToEndId: it re-opens a line where card and amount leave no doubt; otherwise a person looks at it.
    fn return_to_card(&mut self, tx: &mut Tx<'_>, ctx: &Ctx, entry: &Entry, row: &EntryRow) -> Result<(), Problem> {
        if row.purpose != crate::accounts::Purpose::PayReturn {
            return Ok(());
        }
        let candidates = match &row.counterparty_index {
            Some(index) => {
                // A refund without an id is one of a payment that this bank may still give back.
                let since = row.booked_on.plus_days(-i64::from(self.profile.credits_back_days)).begins();
                table::payments_to_card_since(tx.conn(), self.site.id, index, row.amount_fen, since)?
            }
            None => Vec::new(),
        };
        if let [id] = candidates.as_slice() {
            let reason = entry.details.first().map_or_else(|| row.text.clone(), |detail| reason_of(detail, &row.text));
            return self.apply(tx, ctx, id, Outcome::Returned { reason });
        }
        self.problems.push(FileProblem::new(
            &entry.place,
            "unknown_reference",
            "退回款无法对应到唯一的工资行，已入账，请人工核对。",
            "This refund fits no single pay line; it is booked, a person must match it.",
        ));
        Ok(())
    }
}
