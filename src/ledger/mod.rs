//! The ledger of a project: double entry in fen, one posting for each thing that moved or became owed.
//!
//! An amount is positive where the account on the left of a T grows (debit) and negative on the right; every posting adds up to
//! nothing or is refused. A posting has a natural key, so that the same cause posts once. Postings are never changed: a correction is
//! a posting of its own that names the one it takes back. Deliberately absent: what a bank entry means (`settlement`), what a line
//! is owed (`payroll`).
//!
//! The path of a wage, as both slices post it:
//! 1. a sheet is published: `wages_due +`, `wages_payable −` (`PostingKind::Wages`);
//! 2. a run is sent: `wages_payable +`, `pay_in_transit −` (`PostingKind::PaySent`);
//! 3. the bank debits: `pay_in_transit +`, `bank −` (`PostingKind::BankEntry`);
//! 4. a line is rejected or returned: `pay_in_transit +`, `wages_payable −` (`PostingKind::PayReopened`);
//! 5. the bank credits what came back: `bank +`, `pay_in_transit −` (`PostingKind::BankEntry`).
//!
//! Bank entries never touch what is owed, and states of lines never touch the bank, so a batch that was debited in full and one that
//! was debited net both end with nothing in transit and exactly the failed lines payable.

pub mod actions;
pub mod http;
pub mod table;

use crate::base::id::PostingId;
use crate::base::{Day, Fen, words};
use crate::web::Problem;

words! {
    /// The accounts of the ledger.
    pub enum LedgerAccount, "ledger account" {
        /// Money on the wage account, as the bank booked it.
        Bank = "bank",
        /// Labour cost that the owner transferred (人工费用拨付).
        LabourCost = "labour_cost",
        /// Wages earned by the sheets, the other side of what is payable.
        WagesDue = "wages_due",
        /// Wages owed to workers and not under way (应付工资).
        WagesPayable = "wages_payable",
        /// Wages in a run that was sent and that the bank has not settled (在途代发).
        PayInTransit = "pay_in_transit",
        /// Paid to a registered worker's card outside a run.
        DirectPay = "direct_pay",
        /// Any other money that left the wage account; should be nothing (R53-08a).
        ForeignDebit = "foreign_debit",
        /// Money that came back and that no run or debit explains yet.
        Refunds = "refunds",
        /// Interest of the bank.
        Interest = "interest",
        /// Cash deposit held for the project (工资保证金).
        DepositHeld = "deposit_held",
        /// Where the deposit came from, and went back to.
        DepositSource = "deposit_source",
        /// Deposit that was used for wages.
        DepositUsed = "deposit_used",
        /// Wages that the general contractor settled first from money of its own (R724-30).
        ContractorSettlement = "contractor_settlement",
        /// Wages that a subcontractor paid to its own workers from money of its own (R724-30).
        SubcontractorPayment = "subcontractor_payment",
        /// Wages that the owner advanced (R724-29b).
        OwnerAdvance = "owner_advance",
        /// Money in that nothing explains.
        Unexplained = "unexplained",
    }
}
crate::store::types::word_column!(LedgerAccount);
crate::web::openapi::word_schema!(LedgerAccount);

words! {
    /// Why something was posted.
    pub enum PostingKind, "kind of posting" {
        /// An entry of the bank was booked.
        BankEntry = "bank_entry",
        /// A booked entry turned out to mean something else.
        Reallocation = "reallocation",
        /// A sheet made wages due.
        Wages = "wages",
        /// A run was sent to the bank.
        PaySent = "pay_sent",
        /// A line came out of a run unpaid.
        PayReopened = "pay_reopened",
        /// A deposit was lodged, used, replenished or returned.
        Deposit = "deposit",
        /// Wages were paid by somebody else than the wage account.
        Cleared = "cleared",
        /// A posting takes back another one.
        Correction = "correction",
    }
}
crate::store::types::word_column!(PostingKind);
crate::web::openapi::word_schema!(PostingKind);

/// Lines of one posting at most; a run of any size posts its total.
pub const LINES_MAX: usize = 100;

/// The longest natural key, in characters.
pub const NATURAL_KEY_MAX: usize = 120;

/// A posting to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// What caused it, unique in the project (`entry ent-…`, `run run-…`): the same cause posts once.
    pub natural_key: String,
    /// Why.
    pub kind: PostingKind,
    /// The day that it belongs to.
    pub booked_on: Day,
    /// Account and amount, debit positive; adds up to nothing.
    pub lines: Vec<(LedgerAccount, Fen)>,
    /// The posting that this one takes back.
    pub reverses: Option<PostingId>,
}

impl Posting {
    /// A posting of one amount from the account that is credited to the one that is debited.
    pub fn of(
        natural_key: String,
        kind: PostingKind,
        booked_on: Day,
        debit: LedgerAccount,
        credit: LedgerAccount,
        amount: Fen,
    ) -> Self {
        let lines = vec![(debit, amount), (credit, amount.negated())];
        Posting { natural_key, kind, booked_on, lines, reverses: None }
    }

    /// Refuses what no ledger may hold.
    ///
    /// # Errors
    /// `invalid`: fewer than two lines, too many, a line of nothing, or a sum that is not nothing.
    pub fn check(&self) -> Result<(), Problem> {
        let refuse = |zh: String, en: String| Err(Problem::invalid(zh, en).at("lines", "sum_mismatch"));
        let length = self.natural_key.chars().count();
        if length == 0 || length > NATURAL_KEY_MAX {
            return Err(Problem::internal("a posting needs a natural key of 1 to 120 characters"));
        }
        if self.lines.len() < 2 || self.lines.len() > LINES_MAX {
            return refuse("一笔分录应有 2 至 100 行。".to_owned(), "A posting has 2 to 100 lines.".to_owned());
        }
        if self.lines.iter().any(|(_, amount)| *amount == Fen::ZERO) {
            return refuse("分录行金额不能为零。".to_owned(), "A line of a posting is not nothing.".to_owned());
        }
        let sum = Fen::total(self.lines.iter().map(|(_, amount)| *amount))?;
        if sum == Fen::ZERO {
            return Ok(());
        }
        refuse(format!("借贷不平，差额 {sum} 元。"), format!("The posting does not balance; it is off by {sum}."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posting(lines: Vec<(LedgerAccount, Fen)>) -> Posting {
        Posting {
            natural_key: "entry 1".to_owned(),
            kind: PostingKind::BankEntry,
            booked_on: "2026-03-02".parse().unwrap(),
            lines,
            reverses: None,
        }
    }

    #[test]
    fn only_what_balances_to_the_fen_is_a_posting() {
        use LedgerAccount::{Bank, Interest, LabourCost};
        assert!(posting(vec![(Bank, Fen(100)), (LabourCost, Fen(-100))]).check().is_ok());
        assert!(posting(vec![(Bank, Fen(100)), (LabourCost, Fen(-99)), (Interest, Fen(-1))]).check().is_ok());
        for lines in [
            vec![],
            vec![(Bank, Fen(0))],
            vec![(Bank, Fen(0)), (LabourCost, Fen(0))],
            vec![(Bank, Fen(100)), (LabourCost, Fen(-99))],
            vec![(Bank, Fen(i64::MAX)), (LabourCost, Fen(1))],
            vec![(Bank, Fen(1)); LINES_MAX + 1],
        ] {
            assert!(posting(lines.clone()).check().is_err(), "{} lines", lines.len());
        }
    }
}
