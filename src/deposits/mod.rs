//! The wage deposit (工资保证金) of a project: cash in a bank account, a bank's letter of guarantee, an insurance or a bond (R65-02).
//!
//! What happened to it is a row of events: lodged, used, replenished, publicity begun, returned. What is held on a day follows from
//! them. Cash is posted to the ledger; a guarantee is a promise, not money, and is not. Deliberately absent: how much is due and
//! whether a paper is enough for it, which is the law's question that `compliance` asks.

pub mod actions;
pub mod http;
pub mod table;

use crate::base::money::TooMuch;
use crate::base::{Day, Fen, words};
use crate::law::questions::guarantee::Form;

words! {
    /// What a deposit is.
    pub enum DepositKind, "kind of deposit" {
        /// Money in the deposit account.
        Cash = "cash",
        /// A bank's letter of guarantee (银行保函).
        LetterOfGuarantee = "letter_of_guarantee",
        /// Insurance (工程保证保险).
        Insurance = "insurance",
        /// Bond of a guarantee company (工程担保公司保函).
        Bond = "bond",
    }
}
crate::store::types::word_column!(DepositKind);
crate::web::openapi::word_schema!(DepositKind);

impl DepositKind {
    /// Whether it is money, not a promise of money.
    pub fn is_cash(self) -> bool {
        self == DepositKind::Cash
    }

    /// As the law names it.
    pub fn form(self) -> Form {
        match self {
            DepositKind::Cash => Form::Cash,
            DepositKind::LetterOfGuarantee => Form::LetterOfGuarantee,
            DepositKind::Insurance => Form::Insurance,
            DepositKind::Bond => Form::Bond,
        }
    }
}

words! {
    /// What happened to a deposit.
    pub enum DepositEvent, "event of a deposit" {
        /// Lodged with the authority or the bank.
        Lodged = "lodged",
        /// Used for wages on the authority's notice (R65-19).
        Used = "used",
        /// Filled up again (R65-20).
        Replenished = "replenished",
        /// The publicity of no arrears before the return began (R65-22a).
        PublicityStarted = "publicity_started",
        /// Given back.
        Returned = "returned",
    }
}
crate::store::types::word_column!(DepositEvent);
crate::web::openapi::word_schema!(DepositEvent);

/// The longest name of an issuer, in characters.
pub const ISSUER_MAX: usize = 140;

/// What a deposit still secures at the end of a day.
pub fn held(events: &[table::EventRow], as_of: Day) -> Result<Fen, TooMuch> {
    let told = events.iter().filter(|event| event.happened_on <= as_of);
    Fen::total(told.map(|event| match event.kind {
        DepositEvent::Lodged | DepositEvent::Replenished => event.amount_fen,
        DepositEvent::Used | DepositEvent::Returned => event.amount_fen.negated(),
        DepositEvent::PublicityStarted => Fen::ZERO,
    }))
}

/// The first day on which less than nothing or more than `most` would be held; events may be recorded late, so every day counts.
pub fn first_impossible_day(events: &[table::EventRow], most: Fen) -> Result<Option<Day>, TooMuch> {
    let mut days: Vec<Day> = events.iter().map(|event| event.happened_on).collect();
    days.sort_unstable();
    days.dedup();
    for day in days {
        let held = held(events, day)?;
        if held < Fen::ZERO || held > most {
            return Ok(Some(day));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::{DepositId, ProjectId, RecordId};

    fn event(kind: DepositEvent, on: &str, amount: i64) -> table::EventRow {
        table::EventRow {
            project_id: ProjectId(1),
            id: RecordId(1),
            deposit_id: DepositId(1),
            kind,
            happened_on: on.parse().unwrap(),
            amount_fen: Fen(amount),
            document_id: None,
            recorded_seq: 1,
        }
    }

    #[test]
    fn what_is_held_follows_from_the_events_of_each_day() {
        use DepositEvent::{Lodged, PublicityStarted, Replenished, Returned, Used};
        let mut events = vec![
            event(Lodged, "2026-01-10", 1000),
            event(Used, "2026-03-01", 400),
            event(Replenished, "2026-03-12", 400),
            event(PublicityStarted, "2026-05-01", 0),
            event(Returned, "2026-06-20", 1000),
        ];
        let on = |events: &[table::EventRow], day: &str| held(events, day.parse().unwrap()).unwrap();
        for (day, amount) in
            [("2026-01-09", 0), ("2026-01-10", 1000), ("2026-03-01", 600), ("2026-03-12", 1000), ("2026-06-20", 0)]
        {
            assert_eq!(on(&events, day), Fen(amount), "{day}");
        }
        assert_eq!(first_impossible_day(&events, Fen(1000)), Ok(None));
        events.push(event(Used, "2026-03-05", 601));
        assert_eq!(first_impossible_day(&events, Fen(1000)), Ok("2026-03-05".parse().ok()), "a late record counts on its day");
    }
}
