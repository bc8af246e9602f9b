//! What every bank file says, whatever its format: statements, entries, details, and the problems found in reading.
//!
//! Amounts are exact decimals of any currency; whether an amount is CNY in whole fen is asked when it is booked
//! ([`Amount::fen`]). Deliberately absent: de-duplication, matching and every line state, which belong to settlement.

mod archive;
mod bookable;
mod check;
mod detect;
pub mod event;
mod problem;

pub use archive::{MEMBERS_MAX, UNPACKED_MAX, is_zip, unpacked_size_within};
pub use bookable::{Unbookable, bookable, unbookable};
pub use check::{Tally, balance_fault, sequence_faults};
pub use detect::{FILE_MAX, ReadOptions, WHOLE_MAX, each_entry, each_entry_with, outline, read, read_with};
pub use problem::{PROBLEMS_MAX, Problem, Problems, Reason};

use std::fmt;

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

use super::iso20022::pain001::PaymentOrder;
use super::iso20022::pain002::StatusReport;
use super::statement_sheet::Mapping;
use crate::base::{Day, Fen, Rounding};

/// A bank's file as read. Serialised, it is the answer of `bank read --json`.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct BankFile {
    /// Format by content: `camt.053.001.08`, `pain.002.001.12`, `mt940`, `csv`, `xlsx`, `xls`, `html`, `zip` …
    pub format: String,
    /// Statements in the order of the file.
    pub statements: Vec<Statement>,
    /// What a pain.002 says about a payment order.
    pub payment_status: Option<StatusReport>,
    /// A payment order (pain.001) that was handed in as a file.
    pub payment_order: Option<PaymentOrder>,
    /// How the columns of a sheet were understood, to be shown, changed and saved.
    pub mapping: Option<Mapping>,
    /// What was wrong or had to be assumed; entries beside a fault are read all the same.
    pub problems: Vec<Problem>,
}

impl BankFile {
    /// Whether something could be read at all.
    pub fn readable(&self) -> bool {
        !self.statements.is_empty() || self.payment_status.is_some() || self.payment_order.is_some()
    }
}

/// Which of the bank's voices speaks: only a statement (or a sheet) is the ledger, the others announce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum StatementKind {
    /// camt.053, MT940: the ledger of a period.
    #[default]
    Statement,
    /// camt.052, MT942: an account report within the day, provisional.
    Report,
    /// camt.054: notification of single movements, provisional until the statement holds them.
    Notification,
    /// A sheet exported by a person from the bank's pages.
    Sheet,
}

/// One account's statement, report or notification.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct Statement {
    /// Kind of message.
    pub kind: StatementKind,
    /// Account number as the bank writes it.
    pub account: Option<String>,
    /// Name of the account's owner.
    pub owner: Option<String>,
    /// ISO code of the account's currency.
    pub currency: Option<String>,
    /// The bank's id of this statement (`Stmt/Id`, `:20:`).
    pub id: Option<String>,
    /// Running number (`ElctrncSeqNb`, else `LglSeqNb`; the first part of `:28C:`).
    pub sequence: Option<i64>,
    /// Page, where a statement comes in several.
    pub page: Option<Page>,
    /// First day covered.
    pub from: Option<Day>,
    /// Last day covered.
    pub to: Option<Day>,
    /// `DUPL`, `COPY` or `CODU`: a copy adds nothing new.
    pub copy_duplicate: Option<String>,
    /// Signed balance before the first entry (OPBD, else PRCD).
    pub opening: Option<Amount>,
    /// Signed balance after the last booked entry (CLBD).
    pub closing: Option<Amount>,
    /// Every balance of the file with its code.
    pub balances: Vec<Balance>,
    /// One per `Ntry`, `:61:` line or row, in the order of the file.
    pub entries: Vec<Entry>,
    /// Entries that were read and not kept here: [`each_entry`] reads them again.
    #[serde(skip)]
    pub passed_by: usize,
}

/// Takes entries as they are read, each with the place of its statement in the file, from 0.
pub type Sink<'s> = &'s mut dyn FnMut(usize, Entry);

/// Place of one page among several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Page {
    /// Number from 1.
    pub number: i64,
    /// Whether the bank says that it is the last.
    pub last: Option<bool>,
}

/// One balance with its ISO code (`OPBD`, `PRCD`, `ITBD`, `CLBD`, `CLAV` …).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Balance {
    /// ISO 20022 balance code.
    pub kind: String,
    /// Signed amount.
    pub amount: Amount,
    /// Currency of the amount.
    pub currency: Option<String>,
    /// Day of the balance.
    pub on: Option<Day>,
}

/// Which way a movement changes the balance, after any reversal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The balance grows.
    #[default]
    Credit,
    /// The balance shrinks.
    Debit,
}

impl Direction {
    /// The other one.
    pub fn turned(self) -> Direction {
        match self {
            Direction::Credit => Direction::Debit,
            Direction::Debit => Direction::Credit,
        }
    }
}

/// How final an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum EntryStatus {
    /// In the ledger.
    #[default]
    Booked,
    /// Announced; counts in no balance.
    Pending,
    /// For information only.
    Information,
}

/// One movement of the account.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct Entry {
    /// Booking day.
    pub booked_on: Option<Day>,
    /// Value day.
    pub value_on: Option<Day>,
    /// Never negative.
    pub amount: Amount,
    /// Currency of the amount, where the file names one.
    pub currency: Option<String>,
    /// As it moves the balance.
    pub direction: Direction,
    /// How final.
    pub status: EntryStatus,
    /// The bank says that this entry takes back an earlier one.
    pub reversal: bool,
    /// The bank's own reference (voucher, flow number).
    pub bank_ref: Option<String>,
    /// The account owner's reference or the entry's number (`NtryRef`, reference of `:61:`, voucher beside a flow number).
    pub entry_ref: Option<String>,
    /// Bank transaction code (`PMNT/ICDT/…`, `NTRF`).
    pub code: Option<String>,
    /// What the bank writes about the entry.
    pub text: Option<String>,
    /// The batch that the entry sums up, where the bank names one.
    pub batch: Option<Batch>,
    /// Whether the details stand in the file; otherwise `details` holds one made from the entry.
    pub details_given: bool,
    /// The single transactions; one made from the entry where the file has none.
    pub details: Vec<Detail>,
    /// Balance after the entry, where the file shows one.
    pub balance: Option<Amount>,
    /// Where in the file, for messages (`Stmt[1]/Ntry[3]`, `row 7`).
    pub place: String,
}

impl Entry {
    /// The amount with the sign by which it moves the balance.
    pub fn signed(&self) -> Amount {
        match self.direction {
            Direction::Credit => self.amount,
            Direction::Debit => self.amount.negated(),
        }
    }

    /// Whether the entry gives back money that had left: by return reason, reversal mark or the bank's words.
    pub fn gives_back(&self) -> bool {
        self.direction == Direction::Credit
            && (self.reversal
                || self.details.iter().any(|detail| detail.returned || detail.text.as_deref().is_some_and(says_returned))
                || self.text.as_deref().is_some_and(says_returned))
    }
}

/// Words by which Chinese banks mark money that came back.
const RETURN_WORDS: [&str; 6] = ["退款", "退汇", "不成功退回", "退回", "冲正", "退票"];

/// Whether a bank's text says that a payment came back. Words alone never settle a line; they send it to matching.
pub fn says_returned(text: &str) -> bool {
    RETURN_WORDS.iter().any(|word| text.contains(word))
}

/// A payment batch as an entry names it.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct Batch {
    /// Message id of the order.
    pub message_id: Option<String>,
    /// Payment information id of the order.
    pub payment_information_id: Option<String>,
    /// Number of transactions.
    pub transactions: Option<u64>,
    /// Total of the transactions.
    pub total: Option<Amount>,
}

/// One transaction inside an entry.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct Detail {
    /// The payer's id of the line; `NOTPROVIDED` reads as absent.
    pub end_to_end_id: Option<String>,
    /// Never negative; absent where the file gives none for this detail.
    pub amount: Option<Amount>,
    /// Currency, where the file names one.
    pub currency: Option<String>,
    /// As it moves the balance.
    pub direction: Direction,
    /// Name of the other side; may be masked by the bank (`张*`) and then proves nothing.
    pub counterparty: Option<String>,
    /// Account of the other side; may be masked.
    pub counterparty_account: Option<String>,
    /// ISO code (`AC04`) or the bank's own word.
    pub return_reason: Option<String>,
    /// The file marks this transaction as a return, with or without a reason.
    pub returned: bool,
    /// Remittance text, else the bank's text on the transaction.
    pub text: Option<String>,
    /// The bank's text on the transaction beside the remittance text.
    pub additional: Option<String>,
    /// The bank's reference of this transaction.
    pub bank_ref: Option<String>,
    /// The bank's or clearing's transaction id.
    pub transaction_id: Option<String>,
    /// Message id of the order.
    pub message_id: Option<String>,
    /// Payment information id of the order.
    pub payment_information_id: Option<String>,
}

/// An exact amount of some currency, in its main unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(Decimal);

/// Why an amount cannot be booked on a wage account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmountFault {
    /// Another currency than CNY.
    Currency,
    /// More than two decimals.
    Decimals,
    /// Beyond what an account can hold.
    Size,
}

/// Digits before and after the point that are read; ISO 20022 allows 18 in all. Sums of a file stay exact below this.
const WHOLE_DIGITS_MAX: usize = 18;
const PART_DIGITS_MAX: usize = 8;

impl Amount {
    /// Nothing.
    pub const ZERO: Amount = Amount(Decimal::ZERO);

    /// Reads `1234.5`, `-0.05`, `+7`, `.5`: ASCII digits with at most one point. Anything else is not an amount.
    pub fn parse(text: &str) -> Option<Amount> {
        let text = text.trim();
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.len() + part.len() == 0 || !whole.bytes().chain(part.bytes()).all(|b| b.is_ascii_digit()) {
            return None;
        }
        let whole = whole.trim_start_matches('0');
        let part = part.trim_end_matches('0');
        if whole.len() > WHOLE_DIGITS_MAX || part.len() > PART_DIGITS_MAX {
            return None;
        }
        let plain = format!("{}0{whole}.{part}0", if negative { "-" } else { "" });
        Decimal::from_str_exact(&plain).ok().map(|number| Amount(number.normalize()))
    }

    /// The exact number.
    pub fn decimal(self) -> Decimal {
        self.0
    }

    /// With its sign turned.
    pub fn negated(self) -> Amount {
        Amount(-self.0)
    }

    /// Without its sign.
    pub fn unsigned(self) -> Amount {
        Amount(self.0.abs())
    }

    /// Below zero.
    pub fn is_negative(self) -> bool {
        self.0 < Decimal::ZERO
    }

    /// Neither above nor below zero.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// Number of decimals that are not trailing zeros.
    pub fn decimals(self) -> u32 {
        self.0.normalize().scale()
    }

    /// Sum; `None` beyond 28 digits.
    pub fn plus(self, other: Amount) -> Option<Amount> {
        self.0.checked_add(other.0).map(Amount)
    }

    /// Sum of many; `None` beyond 28 digits.
    pub fn total(amounts: impl IntoIterator<Item = Amount>) -> Option<Amount> {
        amounts.into_iter().try_fold(Amount::ZERO, Amount::plus)
    }

    /// The amount in fen for booking; a currency that the file does not name counts as CNY.
    pub fn fen(self, currency: Option<&str>) -> Result<Fen, AmountFault> {
        if currency.is_some_and(|code| code != "CNY") {
            return Err(AmountFault::Currency);
        }
        if self.decimals() > 2 {
            return Err(AmountFault::Decimals);
        }
        let fen = Fen::from_yuan(self.0, Rounding::Down).map_err(|_| AmountFault::Size)?;
        if fen.is_bookable() { Ok(fen) } else { Err(AmountFault::Size) }
    }
}

impl From<Fen> for Amount {
    fn from(fen: Fen) -> Amount {
        Amount(fen.yuan().normalize())
    }
}

impl fmt::Display for Amount {
    /// At least two decimals, more only where they are not zero.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = self.0.normalize();
        let digits = usize::try_from(plain.scale().max(2)).unwrap_or(2);
        write!(f, "{plain:.digits$}")
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_keep_every_digit_and_show_at_least_two() {
        for (text, shown) in [("0", "0.00"), ("1234.5", "1234.50"), ("-0.05", "-0.05"), ("7.12345", "7.12345"), ("1.500", "1.50")]
        {
            assert_eq!(Amount::parse(text).unwrap().to_string(), shown);
        }
        assert_eq!(Amount::parse("999999999999999999").unwrap().to_string(), "999999999999999999.00");
        assert_eq!(Amount::parse("-0").unwrap().to_string(), "0.00");
        for text in ["", ".", "-", "1,000", "1e3", "１", "1.2.3", "0x1", "1_0", "1234567890123456789", "0.123456789"] {
            assert_eq!(Amount::parse(text), None, "{text}");
        }
    }

    #[test]
    fn only_cny_in_whole_fen_can_be_booked() {
        let amount = |text: &str| Amount::parse(text).unwrap();
        assert_eq!(amount("12.30").fen(Some("CNY")), Ok(Fen(1230)));
        assert_eq!(amount("12.3").fen(None), Ok(Fen(1230)));
        assert_eq!(amount("12.3").fen(Some("EUR")), Err(AmountFault::Currency));
        assert_eq!(amount("12.345").fen(Some("CNY")), Err(AmountFault::Decimals));
        assert_eq!(amount("999999999999999999").fen(None), Err(AmountFault::Size));
    }
}

#[cfg(test)]
#[path = "bank/tests.rs"]
mod file_tests;
#[cfg(test)]
mod mutated_tests;
