//! Pay sheets (工资支付表): what each worker is owed for a month, signed by the worker, audited by the labour manager and paid by the
//! general contractor from the wage account (R724-31, R53-17, R53-18).
//!
//! A sheet is a month's work: days, hours, pieces, allowances, deductions, item by item. A line carries its own life: what the bank says of a payment is said of
//! one attempt, and `paid` is the bank's result for that line, never the debit. Deliberately absent: consent by silence, deleting or
//! rewriting what was signed (a difference goes into the next part of the month), and reading the bank's files, which is settlement's.

pub mod actions;
pub mod basis;
pub mod building;
pub mod compare;
pub mod corrections;
pub mod direct;
pub mod http;
pub mod imports;
pub mod items;
pub mod life;
pub mod links;
pub mod months;
pub mod opening;
pub mod outside;
pub mod pay_run;
pub mod results;
pub mod signing;
pub mod slip;
pub mod table;
pub mod uploads;
pub mod withdrawing;

use rust_decimal::Decimal;

use crate::base::id::LineId;
use crate::base::money::TooMuch;
use crate::base::{Day, Fen, Month, RegionCode, Rounding, words};
use crate::law::LawBook;
use crate::law::questions::deadline::{PayDateInput, pay_date};

words! {
    /// Where a sheet stands.
    pub enum SheetState, "state of a pay sheet" {
        /// Being prepared and signed.
        Draft = "draft",
        /// Handed to the general contractor with every line signed.
        Submitted = "submitted",
        /// Audited by the labour manager; may be paid.
        Audited = "audited",
        /// Shown to the workers.
        Published = "published",
        /// Nothing is left to pay.
        Closed = "closed",
    }
}
crate::store::types::word_column!(SheetState);
crate::web::openapi::word_schema!(SheetState);

impl SheetState {
    /// Whether the life of a sheet leads from here to `next`; it goes back from submitted to draft, before anything was owed by it, and
    /// from closed when money came back and a line is owed again.
    pub fn may_become(self, next: SheetState) -> bool {
        use SheetState::{Audited, Closed, Draft, Published, Submitted};
        matches!(
            (self, next),
            (Draft, Submitted)
                | (Submitted, Draft | Audited)
                | (Audited, Published | Closed)
                | (Published, Closed)
                | (Closed, Audited | Published)
        )
    }

    /// Whether its lines may be paid.
    pub fn is_payable(self) -> bool {
        matches!(self, SheetState::Audited | SheetState::Published)
    }
}

words! {
    /// Where a line stands.
    pub enum LineState, "state of a pay line" {
        /// Computed, not signed.
        Draft = "draft",
        /// Signed by the worker.
        Signed = "signed",
        /// Kept back with a reason; the others go on.
        Held = "held",
        /// Audited with its sheet.
        Approved = "approved",
        /// Taken by a pay run.
        Reserved = "reserved",
        /// In the bank's file.
        Sent = "sent",
        /// The bank has it and has not said more.
        Accepted = "accepted",
        /// The bank's result for this line says paid.
        Paid = "paid",
        /// The bank refused it.
        Rejected = "rejected",
        /// Paid and come back.
        Returned = "returned",
        /// The bank is silent: it is asked, never paid again.
        Unknown = "unknown",
    }
}
crate::store::types::word_column!(LineState);
crate::web::openapi::word_schema!(LineState);

impl LineState {
    /// Whether the life of a line leads from here to `next`.
    ///
    /// A paid line is reserved again only for a rest that a settled dispute left; the order checks that there is one.
    pub fn may_become(self, next: LineState) -> bool {
        use LineState::{Accepted, Approved, Draft, Held, Paid, Rejected, Reserved, Returned, Sent, Signed, Unknown};
        match self {
            Draft => matches!(next, Signed | Held),
            // Back to draft by a correction, which needs a new signature.
            Signed => matches!(next, Approved | Draft),
            Held => matches!(next, Draft | Approved),
            Approved => matches!(next, Held | Reserved),
            Reserved => matches!(next, Sent),
            Sent | Unknown => matches!(next, Accepted | Paid | Rejected | Returned) || (self == Sent && next == Unknown),
            Accepted => matches!(next, Paid | Rejected | Returned | Unknown),
            Paid => matches!(next, Returned | Reserved | Held),
            Rejected => matches!(next, Returned | Reserved | Held),
            Returned => matches!(next, Reserved | Held),
        }
    }

    /// Whether a payment is under way whose end is not known.
    pub fn is_in_flight(self) -> bool {
        matches!(self, LineState::Reserved | LineState::Sent | LineState::Accepted | LineState::Unknown)
    }

    /// Whether a pay run may look at it: a new attempt only after a final word on the last one.
    pub fn is_orderable(self) -> bool {
        matches!(self, LineState::Approved | LineState::Held | LineState::Rejected | LineState::Returned | LineState::Paid)
    }
}

words! {
    /// What the bank has said of one attempt to pay a line.
    pub enum AttemptState, "state of a payment attempt" {
        /// In the file.
        Sent = "sent",
        /// Taken, without a result.
        Accepted = "accepted",
        /// Silence beyond the bank's limit.
        Unknown = "unknown",
        /// Paid.
        Paid = "paid",
        /// Refused.
        Rejected = "rejected",
        /// Come back.
        Returned = "returned",
    }
}
crate::store::types::word_column!(AttemptState);
crate::web::openapi::word_schema!(AttemptState);

/// What a word of the bank does to an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Moves it.
    To(AttemptState),
    /// Says what is known already, or less.
    Nothing,
    /// Speaks against a final word: it moves nothing, and a person must ask the bank.
    Contradiction,
}

impl AttemptState {
    /// Whether the bank has had its last word, a return excepted.
    pub fn is_final(self) -> bool {
        matches!(self, AttemptState::Paid | AttemptState::Rejected | AttemptState::Returned)
    }

    /// What `word` does here: never backwards except to returned.
    pub fn hears(self, word: AttemptState) -> Step {
        use AttemptState::{Accepted, Paid, Rejected, Returned, Sent, Unknown};
        match (self, word) {
            (Returned, _) | (_, Sent) => Step::Nothing,
            (_, Returned) => Step::To(Returned),
            (Paid, Rejected) | (Rejected, Paid) => Step::Contradiction,
            (Paid | Rejected, _) => Step::Nothing,
            (Sent | Accepted, Unknown) => Step::To(Unknown),
            (Sent | Unknown, Accepted) => Step::To(Accepted),
            (Accepted, Accepted) | (Unknown, Unknown) => Step::Nothing,
            (Sent | Accepted | Unknown, Paid | Rejected) => Step::To(word),
        }
    }

    /// The state of a line whose newest attempt stands here.
    pub fn of_line(self) -> LineState {
        match self {
            AttemptState::Sent => LineState::Sent,
            AttemptState::Accepted => LineState::Accepted,
            AttemptState::Unknown => LineState::Unknown,
            AttemptState::Paid => LineState::Paid,
            AttemptState::Rejected => LineState::Rejected,
            AttemptState::Returned => LineState::Returned,
        }
    }
}

words! {
    /// Where a pay run stands.
    pub enum RunState, "state of a pay run" {
        /// Its file is written; results are awaited.
        Sent = "sent",
        /// Every line has a final result.
        Settled = "settled",
        /// The bank refused the file as a whole.
        Refused = "refused",
    }
}
crate::store::types::word_column!(RunState);
crate::web::openapi::word_schema!(RunState);

words! {
    /// How a worker signed. There is no word for silence.
    pub enum Means, "means of signature" {
        /// On the printed sheet; its scan is on file.
        Paper = "paper",
        /// At a device on site that knows the worker.
        Device = "device",
        /// By a link with a second means beside it, such as a code sent to the worker's own phone.
        LinkWithSecondMeans = "link_with_second_means",
    }
}
crate::store::types::word_column!(Means);
crate::web::openapi::word_schema!(Means);

/// The most parts that a month's sheet has.
pub const PARTS_MAX: i32 = 31;

/// The most lines of a sheet.
pub const LINES_MAX: usize = 20_000;

/// Wage for days in hundredths at a day rate; half a fen is rounded away from zero, in the worker's favour.
pub fn gross(days_hundredths: i32, day_rate: Fen) -> Result<Fen, TooMuch> {
    day_rate.times(Decimal::new(i64::from(days_hundredths), 2), Rounding::HalfUp)
}

/// The day by which a month's wages are due: the agreed day of the next month, before it when it is a day of rest (R724-14).
///
/// A year whose calendar is not published keeps the agreed day, which is provisional.
pub fn due_on(book: &LawBook, region: RegionCode, month: Month, pay_day: u32) -> Day {
    let agreed = month.plus(1).day_or_last(pay_day);
    pay_date(book, region, agreed, &PayDateInput { agreed_on: Some(agreed) }).pay_by.unwrap_or(agreed)
}

/// The id under which the bank speaks of an attempt: unique for ever, 35 characters at most.
pub fn end_to_end_id(line: LineId, attempt: i32) -> String {
    format!("{line}-{attempt}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn every_move_of_a_line_is_in_the_table_and_no_other() {
        use LineState::{Accepted, Approved, Draft, Held, Paid, Rejected, Reserved, Returned, Sent, Signed, Unknown};
        let allowed: &[(LineState, &[LineState])] = &[
            (Draft, &[Signed, Held]),
            (Signed, &[Draft, Approved]),
            (Held, &[Draft, Approved]),
            (Approved, &[Held, Reserved]),
            (Reserved, &[Sent]),
            (Sent, &[Accepted, Paid, Rejected, Returned, Unknown]),
            (Accepted, &[Paid, Rejected, Returned, Unknown]),
            (Paid, &[Returned, Reserved, Held]),
            (Rejected, &[Returned, Reserved, Held]),
            (Returned, &[Reserved, Held]),
            (Unknown, &[Accepted, Paid, Rejected, Returned]),
        ];
        assert_eq!(allowed.len(), LineState::ALL.len());
        for (from, targets) in allowed {
            for to in LineState::ALL {
                assert_eq!(from.may_become(*to), targets.contains(to), "{from} -> {to}");
            }
        }
    }

    #[test]
    fn nothing_in_flight_can_be_ordered_again() {
        for state in LineState::ALL {
            assert!(!(state.is_in_flight() && state.is_orderable()), "{state}");
            assert!(!(state.is_in_flight() && state.may_become(LineState::Reserved)), "{state}");
        }
    }

    #[test]
    fn a_sheet_goes_back_only_before_it_is_audited_or_where_money_came_back() {
        use SheetState::{Audited, Closed, Draft, Published, Submitted};
        let back = [(Submitted, Draft), (Closed, Audited), (Closed, Published)];
        for (place, from) in SheetState::ALL.iter().enumerate() {
            for (next, to) in SheetState::ALL.iter().enumerate() {
                assert!(!from.may_become(*to) || next > place || back.contains(&(*from, *to)), "{from} -> {to}");
            }
        }
        assert!(SheetState::Draft.may_become(SheetState::Submitted));
        assert!(!SheetState::Draft.may_become(SheetState::Audited));
    }

    #[test]
    fn every_word_of_the_bank_on_every_attempt() {
        use AttemptState::{Accepted, Paid, Rejected, Returned, Sent, Unknown};
        use Step::{Contradiction, Nothing, To};
        let table = [
            (Sent, [Nothing, To(Accepted), To(Unknown), To(Paid), To(Rejected), To(Returned)]),
            (Accepted, [Nothing, Nothing, To(Unknown), To(Paid), To(Rejected), To(Returned)]),
            (Unknown, [Nothing, To(Accepted), Nothing, To(Paid), To(Rejected), To(Returned)]),
            (Paid, [Nothing, Nothing, Nothing, Nothing, Contradiction, To(Returned)]),
            (Rejected, [Nothing, Nothing, Nothing, Contradiction, Nothing, To(Returned)]),
            (Returned, [Nothing; 6]),
        ];
        for (state, steps) in table {
            for (word, step) in AttemptState::ALL.iter().zip(steps) {
                assert_eq!(state.hears(*word), step, "{state} hears {word}");
                if let To(next) = step {
                    assert_eq!(next.hears(*word), Nothing, "{state} hears {word} twice");
                    assert!(state.of_line().may_become(next.of_line()), "the line follows {state} -> {next}");
                }
            }
        }
    }

    #[test]
    fn wages_are_days_times_rate_to_the_fen() {
        assert_eq!(gross(2600, Fen(28_000)), Ok(Fen(728_000)));
        assert_eq!(gross(50, Fen(28_001)), Ok(Fen(14_001)), "half a fen goes up");
        assert_eq!(gross(33, Fen(10_001)), Ok(Fen(3_300)));
        assert_eq!(gross(0, Fen(28_000)), Ok(Fen::ZERO));
        assert_eq!(gross(i32::MAX, Fen(i64::MAX)), Err(TooMuch));
    }

    #[test]
    fn a_pay_day_moves_back_to_a_working_day() {
        let book = LawBook::from_files(crate::law::embedded_files()).unwrap();
        let due_on = |month: Month, pay_day| due_on(&book, "330784".parse().unwrap(), month, pay_day);
        let month = |text: &str| text.parse::<Month>().unwrap();
        assert_eq!(due_on(month("2026-01"), 16), day("2026-02-14"), "a Saturday that is worked");
        assert_eq!(due_on(month("2025-07"), 10), day("2025-08-08"), "Sunday to Friday");
        assert_eq!(due_on(month("2026-03"), 31), day("2026-04-30"), "a short month ends earlier");
        assert_eq!(due_on(month("2029-12"), 12), day("2030-01-12"), "no calendar, no guess");
    }

    #[test]
    fn payment_ids_fit_the_bank_s_field() {
        let id = end_to_end_id(LineId(i64::MAX), i32::MAX);
        assert!(id.len() <= 35, "{id}");
        assert_ne!(end_to_end_id(LineId(1), 1), end_to_end_id(LineId(1), 2));
    }
}
