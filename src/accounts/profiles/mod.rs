//! Bank profiles: what one bank's words prove, how large a file it takes, how long it may be silent.
//!
//! A profile is kept as versions and named by accounts; an account that names none goes by [`DEFAULT`], which is the careful one: a
//! booked detail of a debit and `ACCC` prove a payment, `ACSC` and `ACSP` say only that money left the payer. An administrator may give
//! the default another version too. Deliberately absent: anything about a bank that is not data.

pub mod actions;
pub mod http;
pub mod table;

use serde::Serialize;

use crate::base::{Fen, words};
use crate::wire::iso20022::limits::{CharSet, Limits};

words! {
    /// The version of the order that a bank reads.
    pub enum OrderVersion, "version of a payment order" {
        /// pain.001.001.09
        V09 = "pain.001.001.09",
        /// pain.001.001.03
        V03 = "pain.001.001.03",
    }
}
crate::store::types::word_column!(OrderVersion);
crate::web::openapi::word_schema!(OrderVersion);
crate::store::types::word_column!(CharSet);
crate::web::openapi::word_schema!(CharSet);

/// The profile of an account that names none.
pub const DEFAULT: &str = "default";

/// The most lines that any profile may allow in one file.
pub const LINES_MAX: i32 = 20_000;

/// The longest silence that a profile may allow, in days: what is not answered in a month must be asked.
pub const SILENCE_DAYS_MAX: i32 = 31;

/// The longest time within which a refund counts as one of a batch, in days.
pub const CREDITS_BACK_DAYS_MAX: i32 = 60;

/// What a bank is like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Profile {
    /// Code, as accounts name it.
    pub code: String,
    /// The bank, for people.
    pub name: String,
    /// A booked detail of a debit proves that the line was paid.
    pub detail_pays: bool,
    /// `ACCC` proves it.
    pub accc_pays: bool,
    /// `ACSC` proves it.
    pub acsc_pays: bool,
    /// `ACSP` proves it.
    pub acsp_pays: bool,
    /// Days after a payment within which this bank's refunds without an id come back.
    pub credits_back_days: i32,
    /// Lines of a file at most.
    pub lines_max: i32,
    /// Sum of a file at most.
    pub file_fen_max: Option<Fen>,
    /// Amount of a line at most.
    pub line_fen_max: Option<Fen>,
    /// One booking for the whole file, or one for each line.
    pub batch_booking: bool,
    /// The version that it reads.
    pub order_version: OrderVersion,
    /// Days without a word after which a payment counts as unknown.
    pub silence_days: i32,
    /// What it takes of names, cards and texts.
    pub limits: Limits,
}

impl Profile {
    /// The profile that stands where nobody has written one.
    pub fn built_in() -> Self {
        Profile {
            code: DEFAULT.to_owned(),
            name: "通用 / general".to_owned(),
            detail_pays: true,
            accc_pays: true,
            acsc_pays: false,
            acsp_pays: false,
            credits_back_days: 30,
            lines_max: 5_000,
            file_fen_max: None,
            line_fen_max: None,
            batch_booking: true,
            order_version: OrderVersion::V09,
            silence_days: 3,
            limits: Limits::default(),
        }
    }

    /// Whether this status of a line in a pain.002 proves that it was paid.
    pub fn is_paid_by(&self, status: &str) -> bool {
        match status {
            "ACCC" => self.accc_pays,
            "ACSC" => self.acsc_pays,
            "ACSP" => self.acsp_pays,
            _ => false,
        }
    }

    /// Cuts amounts, in their order, into files that the bank takes: how many lines each has.
    ///
    /// An amount above the limit of a line or of a file cannot be cut and is for the caller to hold; here it gets a file of its own.
    pub fn files(&self, amounts: &[Fen]) -> Vec<usize> {
        let lines_max = usize::try_from(self.lines_max).unwrap_or(1).max(1);
        let mut files = Vec::new();
        let (mut lines, mut sum) = (0_usize, Fen::ZERO);
        for amount in amounts {
            let grown = Fen(sum.0.saturating_add(amount.0));
            let too_much = self.file_fen_max.is_some_and(|most| grown > most);
            if lines > 0 && (lines >= lines_max || too_much) {
                files.push(lines);
                (lines, sum) = (0, Fen::ZERO);
            }
            lines = lines.saturating_add(1);
            sum = Fen(sum.0.saturating_add(amount.0));
        }
        if lines > 0 {
            files.push(lines);
        }
        files
    }

    /// The most that one line may come to.
    pub fn line_max(&self) -> Option<Fen> {
        match (self.line_fen_max, self.file_fen_max) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_file_ends_at_the_limit_of_lines_or_of_money_and_not_before() {
        let amounts = vec![Fen(100); 7];
        let cut = |lines_max, file_fen_max: Option<i64>| {
            Profile { lines_max, file_fen_max: file_fen_max.map(Fen), ..Profile::built_in() }.files(&amounts)
        };
        assert_eq!(cut(7, None), [7], "just at the limit");
        assert_eq!(cut(6, None), [6, 1]);
        assert_eq!(cut(300, Some(300)), [3, 3, 1]);
        assert_eq!(cut(300, Some(299)), [2, 2, 2, 1]);
        assert_eq!(cut(1, Some(1)), [1; 7]);
        assert_eq!(Profile::built_in().files(&[]), Vec::<usize>::new());
    }

    #[test]
    fn only_what_the_profile_says_proves_a_payment() {
        let careful = Profile::built_in();
        let paid = |profile: &Profile| -> Vec<&str> {
            ["RCVD", "ACTC", "ACCP", "ACSP", "ACSC", "ACCC", "PDNG", "PART", "RJCT"]
                .into_iter()
                .filter(|status| profile.is_paid_by(status))
                .collect()
        };
        assert_eq!(paid(&careful), ["ACCC"]);
        assert_eq!(paid(&Profile { acsc_pays: true, ..careful.clone() }), ["ACSC", "ACCC"]);
        assert_eq!(paid(&Profile { accc_pays: false, ..careful }), Vec::<&str>::new());
    }

    proptest! {
        #[test]
        fn every_line_goes_once_and_no_file_is_beyond_a_limit(
            amounts in prop::collection::vec(1_i64..1_000, 0..60), lines_max in 1_i32..10, most in 1_000_i64..3_000,
        ) {
            let amounts: Vec<Fen> = amounts.into_iter().map(Fen).collect();
            let profile = Profile { lines_max, file_fen_max: Some(Fen(most)), ..Profile::built_in() };
            let files = profile.files(&amounts);
            prop_assert_eq!(files.iter().sum::<usize>(), amounts.len());
            let mut rest = amounts.as_slice();
            for lines in files {
                let (file, after) = rest.split_at(lines);
                prop_assert!(lines <= usize::try_from(lines_max).unwrap());
                prop_assert!(Fen::total(file.iter().copied()).unwrap() <= Fen(most));
                rest = after;
            }
        }
    }
}
