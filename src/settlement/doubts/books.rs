//! What is out of each payment by the bank's entries, against what may be out of it.
//!
//! A run that is debited in one sum is kept line by line, so that a sum and its single payments are one account and not two: whatever
//! goes out beyond it shows on the line. Of a payment that the bank has refused or given back, nothing may be out. Deliberately absent:
//! what an excess means.

use std::collections::{BTreeMap, BTreeSet};

use super::DoubtKind;
use super::table::{self, PaymentRow};
use crate::base::Fen;
use crate::base::id::ProjectId;
use crate::payroll::pay_run::table::{AttemptRow, RunHead};
use crate::payroll::{AttemptState, results};
use crate::settlement::table as orders;
use crate::store::AnyConn;
use crate::web::Problem;

/// What was ordered under an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The sum.
    pub ordered: Fen,
    /// What of a run was refused and may have been left out of its debit.
    pub rejected: Fen,
    /// Whether it is a single payment, and not a run.
    pub is_single: bool,
    /// Whether it is a single payment that the bank has refused or given back.
    pub has_failed: bool,
}

impl Due {
    /// Of a single payment whose attempt stands so.
    pub fn of_payment(ordered: Fen, state: AttemptState) -> Self {
        Due { ordered, rejected: Fen::ZERO, is_single: true, has_failed: has_failed(state) }
    }

    /// Of a run with these attempts.
    pub fn of_run(total: Fen, attempts: &[AttemptRow]) -> Result<Self, Problem> {
        let rejected = attempts.iter().filter(|one| one.state == AttemptState::Rejected).map(|one| one.amount_fen);
        Ok(Due { ordered: total, rejected: Fen::total(rejected)?, is_single: false, has_failed: false })
    }

    /// The sum without what was refused.
    pub fn less(self) -> Fen {
        Fen(self.ordered.0.saturating_sub(self.rejected.0))
    }
}

fn has_failed(state: AttemptState) -> bool {
    matches!(state, AttemptState::Rejected | AttemptState::Returned)
}

/// What the bank's entries moved of one payment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Net {
    /// Entries that took it out of the account.
    pub debits: usize,
    /// Entries that gave it back.
    pub credits: usize,
    /// Out, less what came back.
    pub out: Fen,
    /// What came back.
    pub back: Fen,
    /// Whether it went out again after all of it had come back.
    pub went_again: bool,
}

impl Net {
    /// Of these movements.
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a PaymentRow>) -> Self {
        let mut net = Net::default();
        rows.into_iter().for_each(|row| net.add(row.amount_fen));
        net
    }

    /// Adds one movement.
    pub fn add(&mut self, amount: Fen) {
        if amount.is_positive() {
            self.went_again |= self.debits > 0 && self.credits > 0 && self.out == Fen::ZERO;
            self.debits += 1;
        } else {
            self.credits += 1;
            self.back = Fen(self.back.0.saturating_sub(amount.0));
        }
        self.out = Fen(self.out.0.saturating_add(amount.0));
    }

    /// What may still come back of it: what is out, or, where only its refunds were told, what did not come back yet.
    pub fn left(self, due: Due) -> Fen {
        let told = if self.debits > 0 { self.out } else { Fen(due.ordered.0.saturating_sub(self.back.0)) };
        told.or_zero()
    }

    /// Whether a single payment went out as it was ordered, once, and a part of it came back: its line is owed that part.
    pub fn is_part_back(self, due: Due) -> bool {
        let has_gone_once = self.debits == 0 || self.out.0.saturating_add(self.back.0) == due.ordered.0;
        due.is_single && !due.has_failed && has_gone_once && self.back.is_positive() && self.back < due.ordered
    }

    /// Whether a single payment came back in parts, and the last of them is there.
    pub fn is_all_back(self, due: Due) -> bool {
        due.is_single && !due.has_failed && self.credits > 1 && self.back == due.ordered && !self.out.is_positive()
    }

    /// Whether the last `size` that came back of a single payment, a part of which was back before, was more than the rest of it.
    pub fn is_past_all(self, due: Due, size: Fen) -> bool {
        let before = Net {
            credits: self.credits.saturating_sub(1),
            back: Fen(self.back.0.saturating_sub(size.0)),
            out: Fen(self.out.0.saturating_add(size.0)),
            ..self
        };
        before.is_part_back(due) && size > before.left(due)
    }

    /// Whether it adds up to what was ordered, once: what came back or was refused was not paid, and nothing was ordered that would go
    /// out again.
    pub fn adds_up(self, due: Due) -> bool {
        if self.is_part_back(due) {
            return true;
        }
        if self.debits == 0 {
            // The run was debited as one: of the payment only its refund is told.
            return self.out == Fen::ZERO || self.out == due.ordered.negated();
        }
        let is_whole = self.out == due.ordered || self.out == due.less();
        self.out == Fen::ZERO || !due.has_failed && !self.went_again && is_whole
    }
}

/// A payment of which more is out than may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excess {
    /// Its id.
    pub payment: String,
    /// How much more.
    pub amount: Fen,
}

/// A single payment of a run.
#[derive(Debug, Clone)]
pub struct Payment {
    /// Its id.
    pub id: String,
    /// Its sum.
    pub ordered: Fen,
    /// Whether the bank has refused it or given it back.
    pub has_failed: bool,
}

impl From<&AttemptRow> for Payment {
    fn from(one: &AttemptRow) -> Self {
        Payment { id: one.end_to_end_id.clone(), ordered: one.amount_fen, has_failed: has_failed(one.state) }
    }
}

/// What is out of these payments of a run beyond what may be: refused ones that were debited all the same, and others debited twice.
pub fn excess(conn: &mut AnyConn, run: &RunHead, payments: &[Payment]) -> Result<Vec<Excess>, Problem> {
    let mut ids: Vec<String> = payments.iter().map(|one| one.id.clone()).collect();
    ids.push(run.message_id.clone());
    let nets = nets(conn, run.project_id, &ids)?;
    // A run that was debited as one before that was kept line by line.
    let is_out_as_one = nets.get(&run.message_id).is_some_and(|net| net.out >= run.total_fen);
    let found = payments.iter().filter_map(|one| {
        let keeps = if one.has_failed { Fen::ZERO } else { one.ordered };
        let out = nets.get(&one.id).map_or(if is_out_as_one { one.ordered } else { Fen::ZERO }, |net| net.out);
        let amount = Fen(out.0.saturating_sub(keeps.0));
        amount.is_positive().then(|| Excess { payment: one.id.clone(), amount })
    });
    Ok(found.collect())
}

/// What the bank moved of these payments; those that it moved nothing of are left out.
pub fn nets(conn: &mut AnyConn, project: ProjectId, ids: &[String]) -> Result<BTreeMap<String, Net>, Problem> {
    let mut nets: BTreeMap<String, Net> = BTreeMap::new();
    for row in table::of_payments(conn, project, ids)? {
        nets.entry(row.payment).or_default().add(row.amount_fen);
    }
    Ok(nets)
}

/// What was ordered under these ids; those that no order has are left out.
fn ordered(conn: &mut AnyConn, project: ProjectId, ids: &[String]) -> Result<BTreeMap<String, Due>, Problem> {
    let mut found = BTreeMap::new();
    for some in ids.chunks(500) {
        for (id, (_, amount, state)) in orders::payments(conn, project, some)? {
            found.insert(id, Due::of_payment(amount, state));
        }
    }
    for id in ids {
        if found.contains_key(id) {
            continue;
        }
        let Some(run) = results::run_by_message_id(conn, project, id)? else { continue };
        let attempts = results::attempts_of(conn, project, run.id)?;
        found.insert(id.clone(), Due::of_run(run.total_fen, &attempts)?);
    }
    Ok(found)
}

/// Whether the money of these payments does not add up by now, in the way that the doubt was about: a debit again is settled once no
/// more is out than was ordered, whatever came back too much afterwards, which is a doubt of its own. Where an entry moved the payments
/// of a run, they say it and not the run.
pub(super) fn is_odd(conn: &mut AnyConn, project: ProjectId, payments: &[PaymentRow], kind: DoubtKind) -> Result<bool, Problem> {
    let ids: BTreeSet<String> = payments.iter().map(|one| one.payment.clone()).collect();
    let ids: Vec<String> = ids.into_iter().collect();
    let mut singles = BTreeSet::new();
    for some in ids.chunks(500) {
        singles.extend(orders::payments(conn, project, some)?.into_keys());
    }
    let ids: Vec<String> = ids.into_iter().filter(|id| singles.is_empty() || singles.contains(id)).collect();
    let due = ordered(conn, project, &ids)?;
    for (payment, net) in nets(conn, project, &ids)? {
        let fits = due.get(&payment).is_some_and(|due| net.adds_up(*due));
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

    const DUE: Due = Due { ordered: Fen(100), rejected: Fen::ZERO, is_single: true, has_failed: false };

    #[test]
    fn money_adds_up_when_what_is_out_is_what_was_ordered_or_nothing() {
        let adds_up = |amounts: &[i64]| net(amounts).adds_up(DUE);
        for fits in [&[100][..], &[100, -100], &[100, 100, -100], &[120, -20], &[-100], &[100, -100, 100, -100]] {
            assert!(adds_up(fits), "{fits:?}");
        }
        for odd in
            [&[100, 100][..], &[120], &[80], &[100, -100, -100], &[-100, -100], &[120, -50], &[100, -60, -60], &[100, -100, 100]]
        {
            assert!(!adds_up(odd), "{odd:?}");
        }
        for part in [&[100, -50][..], &[-50, 100], &[-50], &[100, -30, -30]] {
            assert!(adds_up(part) && net(part).is_part_back(DUE), "{part:?}");
            assert!(!net(part).adds_up(Due { is_single: false, ..DUE }), "of a run nobody says whose part it is: {part:?}");
        }
        assert!(net(&[70]).adds_up(Due { rejected: Fen(30), ..DUE }), "a run without its refused lines");
    }

    #[test]
    fn no_more_may_come_back_than_is_out() {
        for (amounts, left) in
            [(&[100][..], 100), (&[100, -60], 40), (&[-60], 40), (&[], 100), (&[100, 100, -100], 100), (&[100, -60, -60], 0)]
        {
            assert_eq!(net(amounts).left(DUE), Fen(left), "{amounts:?}");
        }
    }

    #[test]
    fn of_a_payment_that_failed_nothing_may_be_out() {
        let failed = Due { has_failed: true, ..DUE };
        assert!(!net(&[100]).adds_up(failed));
        for fits in [&[100, -100][..], &[-100, 100], &[-100], &[]] {
            assert!(net(fits).adds_up(failed), "{fits:?}");
        }
    }
}
