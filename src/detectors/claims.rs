//! The list of a claim beside the records: who of those named worked, what is owed to them, and who is not on record at all.
//!
//! A claim is heard whatever comes out here: somebody whom no gate ever saw may have worked all the same. So a name that is not on
//! record is told as that, and only what the records contradict is told as more.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Policy;
use crate::base::id::WorkerId;
use crate::base::money::TooMuch;
use crate::base::{Fen, words};

words! {
    /// What the records say to one name of a claim.
    pub enum Word, "word of the records" {
        /// The claim is within what the records show as open.
        Borne = "borne_out",
        /// More is claimed than the records show as open.
        ClaimsMore = "claims_more",
        /// All that the records know of has been paid.
        AlreadyPaid = "already_paid",
        /// On the roll, and neither gate nor sheet knows of a day.
        NeverPresent = "never_present",
        /// Not on the project's roll.
        NotEnrolled = "not_enrolled",
        /// The number is on the roll under another name.
        OtherName = "other_name",
        /// Several of that name are on the roll; the identity number would tell.
        SeveralOfThatName = "several_of_that_name",
        /// The same person stands on the list again.
        Twice = "named_twice",
        /// Attendance is not known, so the records cannot tell.
        NotKnown = "cannot_tell",
    }
}
crate::web::openapi::word_schema!(Word);

/// A name on the list of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Name as written.
    pub name: String,
    /// Index of the identity number, where the list has one.
    pub id_index: Option<String>,
    /// What is claimed.
    pub amount: Fen,
}

/// What is on record of a worker over the months of the claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnRecord {
    /// The worker.
    pub worker: WorkerId,
    /// Name.
    pub name: String,
    /// Index of the identity number.
    pub id_index: String,
    /// Trade, code or name.
    pub trade: String,
    /// Work days in hundredths by the gates.
    pub attended: i64,
    /// Whether some month's attendance is not known.
    pub is_attendance_open: bool,
    /// Work days in hundredths by the sheets.
    pub listed: i64,
    /// Owed by the sheets.
    pub owed: Fen,
    /// Paid by the bank.
    pub paid: Fen,
}

/// A name of the claim with what the records say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Compared {
    /// Place on the list, from 0.
    pub index: usize,
    /// Name as written.
    pub name: String,
    /// What is claimed.
    pub claimed: Fen,
    /// What the records say.
    pub word: Word,
    /// The worker, where there is one.
    pub worker: Option<WorkerId>,
    /// Work days in hundredths by the gates; `null` where nobody can say.
    pub attended: Option<i64>,
    /// Open by the records: owed and not paid.
    pub open: Option<Fen>,
    /// Paid by the records.
    pub paid: Option<Fen>,
    /// Whether the trade is one of management.
    pub is_management: bool,
}

/// A whole list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Comparison {
    /// What is claimed in all.
    pub claimed: Fen,
    /// What of it the records show as open.
    pub borne_out: Fen,
    /// Names.
    pub items: Vec<Compared>,
}

/// Compares a list with the records: one look at each name.
///
/// # Errors
/// Amounts that do not add up within 63 bits.
pub fn compare(claim: &[Claimed], records: &[OnRecord], policy: &Policy) -> Result<Comparison, TooMuch> {
    let by_number: BTreeMap<&str, &OnRecord> = records.iter().map(|one| (one.id_index.as_str(), one)).collect();
    let mut by_name: BTreeMap<&str, Vec<&OnRecord>> = BTreeMap::new();
    for one in records {
        by_name.entry(one.name.trim()).or_default().push(one);
    }
    let mut seen: BTreeSet<WorkerId> = BTreeSet::new();
    let (mut items, mut borne_out) = (Vec::with_capacity(claim.len()), Fen::ZERO);
    for (index, one) in claim.iter().enumerate() {
        let of_name = by_name.get(one.name.trim()).map(Vec::as_slice).unwrap_or_default();
        let (record, other) = match (&one.id_index, of_name) {
            (Some(number), _) => match by_number.get(number.as_str()) {
                Some(record) if record.name.trim() == one.name.trim() => (Some(*record), None),
                Some(record) => (Some(*record), Some(Word::OtherName)),
                None => (None, Some(Word::NotEnrolled)),
            },
            (None, [record]) => (Some(*record), None),
            (None, []) => (None, Some(Word::NotEnrolled)),
            (None, _) => (None, Some(Word::SeveralOfThatName)),
        };
        let again = record.is_some_and(|record| !seen.insert(record.worker));
        let word = match (again, other, record) {
            (true, ..) => Word::Twice,
            (false, Some(word), _) => word,
            (false, None, Some(record)) => word_on(record, one.amount)?,
            (false, None, None) => Word::NotEnrolled,
        };
        let open = record.map(|record| record.owed.minus(record.paid)).transpose()?;
        if let (Some(open), Word::Borne | Word::ClaimsMore) = (open, word) {
            borne_out = borne_out.plus(open.or_zero().min(one.amount))?;
        }
        items.push(Compared {
            index,
            name: one.name.clone(),
            claimed: one.amount,
            word,
            worker: record.map(|record| record.worker),
            attended: record.filter(|record| !record.is_attendance_open).map(|record| record.attended),
            open,
            paid: record.map(|record| record.paid),
            is_management: record.is_some_and(|record| policy.management.iter().any(|word| record.trade.contains(word.as_str()))),
        });
    }
    Ok(Comparison { claimed: Fen::total(claim.iter().map(|one| one.amount))?, borne_out, items })
}

fn word_on(record: &OnRecord, claimed: Fen) -> Result<Word, TooMuch> {
    let open = record.owed.minus(record.paid)?;
    // Days that are not on a sheet yet are owed and have no amount.
    let unlisted = record.attended > record.listed;
    Ok(if claimed <= open {
        Word::Borne
    } else if record.is_attendance_open || unlisted {
        Word::NotKnown
    } else if record.attended == 0 && record.listed == 0 {
        Word::NeverPresent
    } else if open.is_positive() {
        Word::ClaimsMore
    } else {
        Word::AlreadyPaid
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detectors::policy;

    fn record(worker: i64, name: &str, attended: i64, owed: i64, paid: i64) -> OnRecord {
        OnRecord {
            worker: WorkerId(worker),
            name: name.to_owned(),
            id_index: format!("n{worker}"),
            trade: "木工".to_owned(),
            attended,
            is_attendance_open: false,
            listed: attended,
            owed: Fen(owed),
            paid: Fen(paid),
        }
    }

    fn claimed(name: &str, number: Option<&str>, amount: i64) -> Claimed {
        Claimed { name: name.to_owned(), id_index: number.map(str::to_owned), amount: Fen(amount) }
    }

    #[test]
    fn every_word_that_the_records_have() {
        let records = [
            record(1, "甲", 2_000, 600_000, 0),
            record(2, "乙", 2_000, 600_000, 600_000),
            record(3, "丙", 0, 0, 0),
            record(4, "丁", 2_000, 600_000, 0),
            record(5, "丁", 2_000, 600_000, 0),
            OnRecord { is_attendance_open: true, ..record(6, "戊", 0, 0, 0) },
            OnRecord { trade: "项目经理".to_owned(), ..record(7, "己", 2_000, 600_000, 500_000) },
        ];
        let claim = [
            claimed("甲", None, 600_000),
            claimed("乙", Some("n2"), 300_000),
            claimed("丙", None, 300_000),
            claimed("丁", None, 300_000),
            claimed("戊", None, 300_000),
            claimed("己", None, 600_000),
            claimed("庚", None, 300_000),
            claimed("辛", Some("n5"), 300_000),
            claimed("甲", Some("n1"), 600_000),
            claimed("甲", Some("n9"), 600_000),
        ];
        let told = compare(&claim, &records, &policy()).unwrap();
        let words: Vec<Word> = told.items.iter().map(|one| one.word).collect();
        use Word::{AlreadyPaid, Borne, ClaimsMore, NeverPresent, NotEnrolled, NotKnown, OtherName, SeveralOfThatName, Twice};
        assert_eq!(
            words,
            [
                Borne,
                AlreadyPaid,
                NeverPresent,
                SeveralOfThatName,
                NotKnown,
                ClaimsMore,
                NotEnrolled,
                OtherName,
                Twice,
                NotEnrolled
            ]
        );
        assert_eq!((told.claimed, told.borne_out), (Fen(4_200_000), Fen(700_000)));
        assert!(told.items[5].is_management && !told.items[0].is_management);
        assert_eq!(told.items[4].attended, None, "what is not known is not none");
    }
}
