//! Entries that a person must look at: a refund that fits no single pay line, a payment that the bank debited twice or with another sum,
//! a payment that came back twice.
//!
//! Each entry keeps which payments' money it moved, so that what is out can be compared with what was ordered. A doubt stands until the
//! money adds up again by the bank's own entries, or until two persons have said what it is. While a refund waits, the lines that it
//! may be of are not known paid. Deliberately absent: guessing. A name and a sum alone are a candidate, never a match.

pub mod answering;
mod books;
mod candidates;
pub mod http;
mod noting;
pub mod table;
mod taking_back;

pub use books::{Due, Net};
pub use candidates::{Candidate, of, waiting};
pub(super) use candidates::{Fit, Hints, certain, names_payee, runs_of};
pub(super) use noting::{Movement, Noted, doubt_of, look_again, note, raise, take_excess, tell_soon};

use std::collections::{BTreeMap, BTreeSet};

use table::{DoubtRow, PaymentRow, StepRow};

use crate::accounts::table::EntryRow;
use crate::base::id::{BankEntryId, ProjectId, RecordId};
use crate::base::words;
use crate::settlement::joining;
use crate::store::AnyConn;
use crate::web::Problem;

words! {
    /// Why a person must look at an entry.
    pub enum DoubtKind, "kind of doubt" {
        /// A refund that fits no single pay line.
        RefundWaits = "refund_waits",
        /// A payment, or a whole run, was debited again, or although the bank had refused it.
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
        /// What came back beyond the payment was taken back by another entry of the bank, which is named.
        TakenBack = "bank_took_back",
    }
}
crate::store::types::word_column!(DoubtAnswer);
crate::web::openapi::word_schema!(DoubtAnswer);

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
        let is_settled = match steps.last().filter(|step| step.step == DoubtStep::Settled) {
            // What another entry explains is open again where that entry's file was voided.
            Some(step) if step.answer == DoubtAnswer::TakenBack => taking_back::stands(conn, project, step)?,
            settled => settled.is_some(),
        };
        let is_open = !is_settled
            && match row.kind {
                DoubtKind::RefundWaits => payments.is_empty(),
                kind => books::is_odd(conn, project, &payments, kind)?,
            };
        found.push(Doubt { row, entry, steps, payments, is_open });
    }
    spare_sums(conn, project, &mut found)?;
    Ok(found)
}

/// Of a payment that was debited beyond the sum that it is in, the other debit is in doubt and not the sum.
fn spare_sums(conn: &mut AnyConn, project: ProjectId, doubts: &mut [Doubt]) -> Result<(), Problem> {
    let is_meant = |doubt: &Doubt| doubt.is_open && doubt.row.kind == DoubtKind::DebitedAgain;
    let asked: Vec<BankEntryId> = doubts.iter().filter(|doubt| is_meant(doubt)).map(|doubt| doubt.entry.id).collect();
    let sums: BTreeSet<BankEntryId> =
        joining::table::counted_in(conn, project, &asked)?.into_iter().filter_map(|part| part.counted_in).collect();
    if sums.is_empty() {
        return Ok(());
    }
    let others = doubts.iter().filter(|doubt| is_meant(doubt) && !sums.contains(&doubt.entry.id));
    let told: BTreeSet<String> = others.flat_map(|doubt| &doubt.payments).map(|one| one.payment.clone()).collect();
    for doubt in doubts.iter_mut().filter(|doubt| is_meant(doubt) && sums.contains(&doubt.entry.id)) {
        let rest: Vec<PaymentRow> = doubt.payments.iter().filter(|one| !told.contains(&one.payment)).cloned().collect();
        doubt.is_open = books::is_odd(conn, project, &rest, doubt.row.kind)?;
    }
    Ok(())
}

/// Those that nobody and nothing has explained.
pub fn open(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<Doubt>, Problem> {
    Ok(all(conn, project)?.into_iter().filter(|doubt| doubt.is_open).collect())
}
