//! The three-way match (三方比对): attendance, pay sheet and bank side by side, for each worker of a project and each month.
//!
//! A difference is one of five kinds and carries what it rests on. It is computed whenever it is asked for and stored nowhere: put
//! right what is wrong and it is gone. What a person found of one is kept, and holds only while the numbers are those that they saw.
//! What is not known is never a difference: a gate that was silent, a month that still runs, a payment whose end the bank has not
//! told. Deliberately absent: what follows from a difference, and who is to blame.

pub mod actions;
mod comparing;
pub mod gathering;
pub mod http;
pub mod sheet;
pub mod strangers;
pub mod table;
#[cfg(test)]
mod tests;
pub mod unlisted;

pub use actions::NOTE_MAX;
pub use comparing::compare;

use serde::Serialize;

use crate::base::id::{BankEntryId, LineId, RecordId, SheetId, WorkerId};
use crate::base::{Day, Fen, Month, Unreadable, words};
use crate::payroll::LineState;
use crate::payroll::direct::Direct;

words! {
    /// What does not agree.
    pub enum Difference, "kind of difference" {
        /// Money reached a worker, or is to reach them, for days that no attendance stands behind (RW-10), or more than the days earn.
        PaidWithoutAttendance = "paid_without_attendance",
        /// Somebody worked and nothing has reached them though the pay day has passed (RW-03).
        AttendanceWithoutPay = "attendance_without_pay",
        /// Less has reached a worker than the sheet, or their attendance, says (RW-04).
        PaidLess = "paid_less",
        /// By the bank's word a worker's wage went to another account or another holder (R53-19).
        PaidToSomeoneElse = "paid_to_someone_else",
        /// Money left the wage account to somebody who is no worker of the project (R53-08a).
        UnknownPayee = "unknown_payee",
    }
}
crate::store::types::word_column!(Difference);
crate::web::openapi::word_schema!(Difference);

impl Difference {
    /// Whether it is about wages that were earned and did not reach the worker: one person's word clears none of it.
    pub fn is_unpaid_wage(self) -> bool {
        matches!(self, Difference::AttendanceWithoutPay | Difference::PaidLess | Difference::PaidToSomeoneElse)
    }
}

words! {
    /// What the three say together.
    pub enum MatchStanding, "outcome of a comparison" {
        /// Something does not agree and nobody has explained it.
        Differs = "differs",
        /// Something does not agree and a person has said why.
        Explained = "explained",
        /// A person has said why wages are unpaid, and nobody of another side has confirmed it: it is open still.
        ExplainedWaits = "explained_waits",
        /// Something that would tell is not known.
        NotKnown = "not_known",
        /// The pay day has not passed.
        NotDue = "not_due",
        /// All three agree.
        Agrees = "agrees",
    }
}
crate::web::openapi::word_schema!(MatchStanding);

words! {
    /// Why something is not known.
    pub enum Unknown, "reason why something is not known" {
        /// The month is not over.
        MonthOpen = "month_open",
        /// Punches wait to be folded into work days.
        DaysWaiting = "days_waiting",
        /// The project has no attendance device.
        NoDevice = "no_device",
        /// No gate of the project recorded anybody while the worker was on the roll.
        GateSilent = "gate_silent",
        /// The worker has no number at the gates, so no gate can know them.
        NoGateNumber = "no_gate_number",
        /// There are passages, and too few for any of them to make a work day.
        Incomplete = "incomplete_passages",
        /// The bank has not told the end of a payment.
        InFlight = "in_flight",
        /// What is open of the wage is contested.
        Contested = "contested",
    }
}
crate::web::openapi::word_schema!(Unknown);

words! {
    /// What a person found of a difference.
    pub enum Found, "finding about a difference" {
        /// There is a good reason, with a note and mostly a paper: paid in cash before, a day that the gate missed.
        Explained = "explained",
        /// It is followed up: told to the bank, the company, the authority.
        Pursued = "pursued",
    }
}
crate::store::types::word_column!(Found);
crate::web::openapi::word_schema!(Found);

/// What a difference is about: a worker, or an entry of the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A worker.
    Worker(WorkerId),
    /// An entry that no worker explains.
    Entry(BankEntryId),
}

impl Subject {
    /// The number by which rows are ordered.
    pub fn number(self) -> i64 {
        match self {
            Subject::Worker(id) => id.0,
            Subject::Entry(id) => id.0,
        }
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Subject::Worker(id) => id.fmt(f),
            Subject::Entry(id) => id.fmt(f),
        }
    }
}

impl std::str::FromStr for Subject {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let worker = text.parse().map(Subject::Worker);
        worker.or_else(|_: Unreadable| text.parse().map(Subject::Entry))
    }
}

/// What is known of a worker's attendance in the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attended {
    /// So many work days, in hundredths; none is known to be none.
    Days(i64),
    /// Nobody can say.
    NotKnown(Unknown),
}

/// A worker's line of the month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The line.
    pub id: LineId,
    /// Its sheet.
    pub sheet: SheetId,
    /// Work days in hundredths.
    pub days: i64,
    /// Wage of a day, where the line has one.
    pub day_rate: Fen,
    /// What it gives for days, before anything is taken off, back-pay among it: neither overtime nor pieces, allowances or arrears from before.
    pub basic: Fen,
    /// What is owed by it.
    pub net: Fen,
    /// What was deducted beyond the law's share without the worker's paper: owed all the same.
    pub withheld: Fen,
    /// What of it is contested.
    pub disputed: Fen,
    /// What of it has reached the worker, by the bank's result.
    pub paid: Fen,
    /// By when it is to be paid.
    pub due_on: Day,
    /// Where it stands.
    pub state: LineState,
}

/// A payee, named by the bank, who is not plainly the worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payee {
    /// The entry.
    pub entry: BankEntryId,
    /// The line that was to be paid; none for money outside any sheet.
    pub line: Option<LineId>,
    /// How much.
    pub amount: Fen,
    /// The holder's name, where the bank gives another than the worker's.
    pub name: Option<String>,
    /// Whose card the account is, where it is not the worker's.
    pub account: Account,
}

/// Whose an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    /// The worker's, or the bank does not say.
    Fits,
    /// Another worker's.
    Of(WorkerId),
    /// Nobody's on the project.
    Nobodys,
}

/// A worker with everything that the three say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The worker.
    pub worker: WorkerId,
    /// Name.
    pub name: String,
    /// Enrolments, the latest last.
    pub enrolments: Vec<RecordId>,
    /// By the gates.
    pub attended: Attended,
    /// By the sheets.
    pub lines: Vec<Line>,
    /// By the bank, outside any sheet.
    pub direct: Vec<Direct>,
    /// Whom the bank names instead of the worker.
    pub payees: Vec<Payee>,
    /// What the days by the gates earn at the agreed rates; none without a rate, or where the days are not known.
    pub earned: Option<Fen>,
}

/// Money to somebody whom the project does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    /// The first entry of it.
    pub entry: BankEntryId,
    /// How much, less what came back under the same voucher.
    pub amount: Fen,
    /// When.
    pub booked_on: Day,
    /// The name that the bank gives.
    pub name: Option<String>,
}

/// A month of a project as the three tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The month that was worked.
    pub month: Month,
    /// The day on which it is asked.
    pub today: Day,
    /// By when wages of the month are due where no line says it.
    pub due_on: Day,
    /// Everybody of whom one of the three says something, or who was on the roll.
    pub people: Vec<Person>,
    /// Money to others.
    pub strangers: Vec<Stranger>,
}

/// What one of the numbers of a difference is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Evidence {
    /// What is said, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
    /// Line of a pay sheet, where it is one.
    pub line: Option<LineId>,
    /// Entry of the bank, where it is one.
    pub entry: Option<BankEntryId>,
}

/// One thing that does not agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differs {
    /// What.
    pub kind: Difference,
    /// How much money it is about, as far as it is known.
    pub amount: Fen,
    /// Whether that is known: without an agreed rate nobody can say what work earned.
    pub is_known: bool,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// The numbers that it rests on, as text: a decision about other numbers is no decision about it.
    pub basis: String,
}

/// What the sheets say in sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OnSheet {
    /// Lines.
    pub lines: usize,
    /// Work days in hundredths.
    pub days: i64,
    /// What is given for days.
    pub basic: Fen,
    /// Owed.
    pub net: Fen,
    /// Contested.
    pub disputed: Fen,
}

/// A worker, or a stranger, with the outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Who or what.
    pub subject: Subject,
    /// Name of the worker, or of the payee as the bank gives it.
    pub name: Option<String>,
    /// The worker's latest enrolment.
    pub enrolment: Option<RecordId>,
    /// By the gates; none for a stranger.
    pub attended: Option<Attended>,
    /// By the sheets; none where no line is the worker's.
    pub sheet: Option<OnSheet>,
    /// By the bank: what reached the worker, or the stranger.
    pub paid: Fen,
    /// By when it is due.
    pub due_on: Day,
    /// What does not agree.
    pub differs: Vec<Differs>,
    /// What is not known.
    pub unknown: Vec<Unknown>,
    /// Whether the pay day has passed.
    pub is_due: bool,
    /// What the days come to that the gates saw and that stand on no line.
    pub unlisted: Option<Unlisted>,
    /// What was deducted beyond the law's share without the worker's paper, and nothing beside the sheets made good.
    pub withheld: Fen,
}

/// Work days that were seen and stand on no line, due or not; or days on a line that gives less for them than was agreed, then or since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unlisted {
    /// How many stand on no line, in hundredths; none where only the agreed wage of the days is more than the lines give.
    pub days: i64,
    /// What they earned and no line gives.
    pub amount: Fen,
}

/// What the numbers say, before anybody has explained anything.
impl Row {
    /// The outcome; `open` are the differences that nobody has explained.
    pub fn standing(&self, open: usize) -> MatchStanding {
        if open > 0 {
            MatchStanding::Differs
        } else if !self.differs.is_empty() {
            MatchStanding::Explained
        } else if !self.unknown.is_empty() {
            MatchStanding::NotKnown
        } else if !self.is_due && self.subject_is_worker() {
            MatchStanding::NotDue
        } else {
            MatchStanding::Agrees
        }
    }

    fn subject_is_worker(&self) -> bool {
        matches!(self.subject, Subject::Worker(_))
    }
}
