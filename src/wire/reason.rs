//! Why an item of a feed was not taken, as the codes that quarantine and reports share.
//!
//! The list is closed: a reader that meets something else says `bad_format`. What only a database can tell
//! (`unknown_person`, `id_reused`) stands here too, so that there is one list of words.

use std::fmt;

/// Reason code of a quarantined or flagged item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Bytes that are no text in the expected encoding.
    BadEncoding,
    /// A line, object or cell that does not parse.
    BadFormat,
    /// A mandatory field is empty.
    MissingField,
    /// No valid date or time can be read.
    BadTime,
    /// The time is used, but lies further off than the limit; a flag, the item is accepted.
    TimeFar,
    /// Not a decimal with at most two places.
    BadAmount,
    /// A long number arrived as a float and has lost digits.
    PrecisionLost,
    /// Too many items or too large.
    OverLimit,
    /// The serial number is not bound to a gate yet.
    UnknownDevice,
    /// The person is not mapped to a worker.
    UnknownPerson,
    /// The bank account is not registered.
    UnknownAccount,
    /// Project, crew or payroll line not found.
    UnknownReference,
    /// The same key came with another content.
    IdReused,
    /// Parts do not add up to the total.
    SumMismatch,
    /// The sequence of a source has a hole.
    Gap,
    /// Opening and closing balances do not chain.
    BalanceBreak,
    /// A reader failed on the input; a fault of this program.
    ParserPanic,
}

impl Reason {
    /// The code as stored and shown to machines.
    pub fn code(self) -> &'static str {
        match self {
            Reason::BadEncoding => "bad_encoding",
            Reason::BadFormat => "bad_format",
            Reason::MissingField => "missing_field",
            Reason::BadTime => "bad_time",
            Reason::TimeFar => "time_far",
            Reason::BadAmount => "bad_amount",
            Reason::PrecisionLost => "precision_lost",
            Reason::OverLimit => "over_limit",
            Reason::UnknownDevice => "unknown_device",
            Reason::UnknownPerson => "unknown_person",
            Reason::UnknownAccount => "unknown_account",
            Reason::UnknownReference => "unknown_reference",
            Reason::IdReused => "id_reused",
            Reason::SumMismatch => "sum_mismatch",
            Reason::Gap => "gap",
            Reason::BalanceBreak => "balance_break",
            Reason::ParserPanic => "parser_panic",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl serde::Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.code())
    }
}
