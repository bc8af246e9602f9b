//! Entries that a person must look at: a refund that fits no single pay line, a payment that the bank debited twice or with another sum,
//! a payment that came back twice.
//!
//! Each entry keeps which payments' money it moved, so that what is out can be compared with what was ordered. A doubt stands until the
//! money adds up again by the bank's own entries, or until two persons have said what it is. While a refund waits, the lines that it
//! may be of are not known paid. Deliberately absent: guessing. A name and a sum alone are a candidate, never a match.

pub mod answering;
mod candidates;
pub mod http;
mod noting;
pub mod table;

pub(super) use candidates::certain;
pub use candidates::{Candidate, of, waiting};
pub(super) use noting::{Movement, Noted, note, raise, tell_soon};

use std::collections::BTreeMap;

use table::{DoubtRow, PaymentRow, StepRow};

use crate::accounts::table::EntryRow;
use crate::base::id::{ProjectId, RecordId};
use crate::base::{Fen, words};
use crate::payroll::{AttemptState, results};
use crate::store::AnyConn;
use crate::web::Problem;

words! {
    /// Why a person must look at an entry.
    pub enum DoubtKind, "kind of doubt" {
        /// A refund that fits no single pay line.
        RefundWaits = "refund_waits",
        /// A payment, or a whole run, was debited again.
        DebitedAgain = "debited_again",
        /// A payment, or a whole run, was debited or given back with another sum than was ordered.
        DebitedOtherwise = "debited_otherwise",
        /// A payment came back again.
        RefundedAgain = "refunded_again",
    }
}
crate::store::types::word_column!(DoubtKind);
crate::web::openapi::word_schema!(DoubtKind);

words! {
    /// A step of settling a doubt.
    pub enum DoubtStep, "step of a doubt" {
        /// Somebody says what the entry is.
        Asked = "asked",
        /// Somebody else agrees.
        Settled = "settled",
        /// The answer was not taken.
        Dropped = "dropped",
    }
}
crate::store::types::word_column!(DoubtStep);
crate::web::openapi::word_schema!(DoubtStep);

words! {
    /// What an entry in doubt is said to be.
    pub enum DoubtAnswer, "answer to a doubt" {
        /// The refund of a payment: its line is open again.
        RefundOfLine = "refund_of_line",
        /// No refund of a wage.
        NoWageRefund = "no_wage_refund",
        /// It is explained by what the note says.
        Explained = "explained",
    }
}
crate::store::types::word_column!(DoubtAnswer);
crate::web::openapi::word_schema!(DoubtAnswer);

/// What the bank's entries moved of one payment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Net {
    /// Entries that took it out of the account.
    pub debits: usize,
    /// Entries that gave it back.
    pub credits: usize,
    /// Out, less what came back.
    pub out: Fen,
    /// Whether it went out again after all of it had come back.
    pub went_again: bool,
}

impl Net {
    /// Adds one movement.
    pub fn add(&mut self, amount: Fen) {
        if amount.is_positive() {
            self.went_again |= self.debits > 0 && self.credits > 0 && self.out == Fen::ZERO;
            self.debits += 1;
        } else {
            self.credits += 1;
        }
        self.out = Fen(self.out.0.saturating_add(amount.0));
    }

    /// Whether it adds up to what was ordered, once: what came back was not paid, and nothing was ordered that would go out again;
    /// `rejected` is what of a run was refused and may have been left out of its debit.
    pub fn adds_up(self, ordered: Fen, rejected: Fen) -> bool {
        let less = Fen(ordered.0.saturating_sub(rejected.0));
        if self.debits == 0 {
            // The run was debited as one: of the payment only its refund is told.
            return self.out == Fen::ZERO || self.out == ordered.negated();
        }
        self.out == Fen::ZERO || !self.went_again && (self.out == ordered || self.out == less)
    }
}

/// A doubt with what is known of it.
#[derive(Debug, Clone)]
pub struct Doubt {
    /// The doubt.
    pub row: DoubtRow,
    /// The entry.
    pub entry: EntryRow,
    /// What persons said.
    pub steps: Vec<StepRow>,
    /// Payments whose money the entry moved.
    pub payments: Vec<PaymentRow>,
    /// Whether nobody and nothing has explained it.
    pub is_open: bool,
}

impl Doubt {
    /// Whether an answer waits for another person.
    pub fn is_asked(&self) -> bool {
        self.steps.last().is_some_and(|step| step.step == DoubtStep::Asked)
    }
}

/// What was ordered under an id, and what of it the bank refused; none for an id that no order has.
pub(super) fn ordered(conn: &mut AnyConn, project: ProjectId, payment: &str) -> Result<Option<(Fen, Fen)>, Problem> {
    if let Some((_, amount)) = super::table::payment(conn, project, payment)? {
        return Ok(Some((amount, Fen::ZERO)));
    }
    let Some(run) = results::run_by_message_id(conn, project, payment)? else { return Ok(None) };
    let attempts = results::attempts_of(conn, project, run.id)?;
    let rejected = attempts.iter().filter(|one| one.state == AttemptState::Rejected).map(|one| one.amount_fen);
    Ok(Some((run.total_fen, Fen::total(rejected)?)))
}

/// Every doubt of a project about entries that stand, the oldest first.
pub fn all(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<Doubt>, Problem> {
    let rows = table::doubts(conn, project)?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut steps: BTreeMap<RecordId, Vec<StepRow>> = BTreeMap::new();
    for step in table::steps(conn, project)? {
        steps.entry(step.doubt_id).or_default().push(step);
    }
    let mut found = Vec::with_capacity(rows.len());
    for (row, entry) in rows {
        let payments = table::of_entry(conn, project, entry.id)?;
        let steps = steps.remove(&row.id).unwrap_or_default();
        let is_settled = steps.last().is_some_and(|step| step.step == DoubtStep::Settled);
        let is_open = !is_settled
            && match row.kind {
                DoubtKind::RefundWaits => payments.is_empty(),
                kind => is_odd(conn, project, &payments, kind)?,
            };
        found.push(Doubt { row, entry, steps, payments, is_open });
    }
    Ok(found)
}

/// Those that nobody and nothing has explained.
pub fn open(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<Doubt>, Problem> {
    Ok(all(conn, project)?.into_iter().filter(|doubt| doubt.is_open).collect())
}

/// Whether the money of these payments does not add up by now, in the way that the doubt was about: a debit again is settled once no
/// more is out than was ordered, whatever came back too much afterwards, which is a doubt of its own.
fn is_odd(conn: &mut AnyConn, project: ProjectId, payments: &[PaymentRow], kind: DoubtKind) -> Result<bool, Problem> {
    let ids: Vec<String> = payments.iter().map(|one| one.payment.clone()).collect();
    let mut nets: BTreeMap<String, Net> = BTreeMap::new();
    for row in table::of_payments(conn, project, &ids)? {
        nets.entry(row.payment).or_default().add(row.amount_fen);
    }
    for (payment, net) in nets {
        let fits = ordered(conn, project, &payment)?.is_some_and(|(amount, rejected)| net.adds_up(amount, rejected));
        if !fits && (kind != DoubtKind::DebitedAgain || net.out.is_positive()) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(amounts: &[i64]) -> Net {
        let mut net = Net::default();
        amounts.iter().for_each(|amount| net.add(Fen(*amount)));
        net
    }

    #[test]
    fn money_adds_up_when_what_is_out_is_what_was_ordered_or_nothing() {
        let adds_up = |amounts: &[i64]| net(amounts).adds_up(Fen(100), Fen::ZERO);
        for fits in [&[100][..], &[100, -100], &[100, 100, -100], &[120, -20], &[-100], &[100, -100, 100, -100]] {
            assert!(adds_up(fits), "{fits:?}");
        }
        for odd in [&[100, 100][..], &[120], &[80], &[100, -100, -100], &[-100, -100], &[100, -50], &[100, -100, 100]] {
            assert!(!adds_up(odd), "{odd:?}");
        }
        assert!(net(&[70]).adds_up(Fen(100), Fen(30)), "a run without its refused lines");
    }
}
