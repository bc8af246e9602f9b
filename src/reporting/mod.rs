//! Reporting to platforms: what the registries hold is entered once here and told to several provincial and national platforms by the
//! protocol of the national real-name platform, each by its own profile.
//!
//! A sweep compares, record by record, what a platform should hold with what it last accepted, by digest; so nothing is forgotten,
//! whatever changed a registry and whenever the process died. Each project has one ordered queue a platform. A message is on record
//! before it is sent and its serial code before it is polled, and one whose answer was lost is looked for on the platform before it is
//! sent again. Deliberately absent: the network, which `app::reporter` speaks with no transaction open, and dialects other than the
//! national form, which `wire::openapi::asking` would learn.

pub mod actions;
pub mod believing;
pub mod gathering;
pub mod http;
pub mod outbox;
pub mod table;
pub mod views;

use crate::base::words;
use crate::wire::openapi::methods::Method;

words! {
    /// What a record is about, in the order in which a platform takes them.
    pub enum ReportKind, "kind of report" {
        /// A company.
        Company = "company",
        /// The project.
        Project = "project",
        /// A company on the project.
        Subcontractor = "subcontractor",
        /// A crew.
        Team = "team",
        /// A worker in a crew.
        Worker = "worker",
        /// An entry or exit.
        Entry = "entry",
        /// A labour contract.
        Contract = "contract",
        /// A passage at the gate.
        Attendance = "attendance",
        /// A wage that was paid.
        Payroll = "payroll",
        /// A training with those who took part.
        Training = "training",
    }
}
crate::store::types::word_column!(ReportKind);
crate::web::openapi::word_schema!(ReportKind);

words! {
    /// Where a record stands with a platform.
    pub enum RecordState, "state of a report" {
        /// The platform asks for more than is on record here.
        Incomplete = "incomplete",
        /// Waits for its turn, or for what it rests on.
        Queued = "queued",
        /// In a message that is being sent.
        Sent = "sent",
        /// The platform has the message and has not said what became of it.
        Waiting = "waiting",
        /// The answer was lost: the platform is asked before anything is sent again.
        Unknown = "unknown",
        /// The platform has it.
        Accepted = "accepted",
        /// The platform refused it, and nothing has changed here since.
        Refused = "refused",
        /// A person must look at it.
        WithPerson = "with_person",
    }
}
crate::store::types::word_column!(RecordState);
crate::web::openapi::word_schema!(RecordState);

words! {
    /// Where a message stands.
    pub enum CallState, "state of a message" {
        /// Under way, or cut off.
        Begun = "begun",
        /// The platform said to come again: the same content goes out later.
        Later = "later",
        /// Taken, its result is polled.
        Waiting = "waiting",
        /// Its answer was lost.
        Unknown = "unknown",
        /// The platform took it.
        Done = "done",
        /// The platform refused it.
        Refused = "refused",
        /// It never arrived, or people look at it: over without a result.
        Over = "over",
    }
}
crate::store::types::word_column!(CallState);

words! {
    /// Whether a platform is reported to.
    pub enum PlatformState, "state of a platform" {
        /// It is.
        Active = "active",
        /// A person paused it.
        Paused = "paused",
    }
}
crate::store::types::word_column!(PlatformState);
crate::web::openapi::word_schema!(PlatformState);

words! {
    /// What is wrong with what a platform believes.
    pub enum Belief, "difference" {
        /// It says other values.
        Differs = "differs",
        /// It accepted it once and does not have it any more.
        Missing = "missing",
        /// It has what is no longer on record here.
        NotOurs = "not_ours",
    }
}
crate::store::types::word_column!(Belief);
crate::web::openapi::word_schema!(Belief);

/// Platforms of one project at most.
pub const PLATFORMS_MAX: usize = 8;
/// The longest name of a platform, in characters.
pub const NAME_MAX: usize = 60;
/// Messages of one queue that may be under way at once, where the kind's records do not rest on each other.
pub const UNDER_WAY_MAX: usize = 4;
/// Seconds from a message to each look at its result; the last goes on.
pub const POLL_SECONDS: [i64; 5] = [2, 5, 15, 60, 300];
/// Seconds after which a message without a result is a person's.
pub const GIVE_UP_SECONDS: i64 = 86_400;
/// Seconds for which a message that is being sent is left alone by others; longer than a call may take.
pub const LEASE_SECONDS: i64 = 60;
/// Seconds before the first try again; each later one waits twice as long.
pub const BACK_OFF_SECONDS: i64 = 30;
/// The longest of these, in seconds.
pub const BACK_OFF_SECONDS_MAX: i64 = 3_600;
/// Times that a record is told in vain to a platform that takes others, before it is a person's.
pub const RECORD_TRIES_MAX: i32 = 8;
/// Minutes after which the keeper is told that a platform takes nothing; a restart there takes less.
pub const OUTAGE_MINUTES: i64 = 30;
/// Days back for which attendance is swept by day; the sweep of the night looks back [`SWEEP_DAYS_MAX`].
pub const SWEEP_DAYS: i64 = 3;
/// Days back for which attendance, and months back for which wages, are swept at night.
pub const SWEEP_DAYS_MAX: i64 = 62;
/// Different questions that one step asks about a message whose answer was lost; the rest are the next step's.
pub const FOUND_MAX: usize = 10;
/// Seconds from such a step to the next.
pub const FOUND_PACE_SECONDS: i64 = 5;
/// Rows of a platform's page that we ask for: fifty with their papers would not fit into the answer that is read.
pub const ASKED_ROWS: usize = 20;
/// Pages of one list that are asked for at most.
pub const PAGES_MAX: usize = 500;
/// Days for which messages that ended are kept; receipts stay.
pub const KEEP_DAYS: i64 = 90;

impl ReportKind {
    /// Its place in the order.
    pub fn rank(self) -> i32 {
        match self {
            ReportKind::Company => 1,
            ReportKind::Project => 2,
            ReportKind::Subcontractor => 3,
            ReportKind::Team => 4,
            ReportKind::Worker => 5,
            ReportKind::Entry => 6,
            ReportKind::Contract => 7,
            ReportKind::Attendance => 8,
            ReportKind::Payroll => 9,
            ReportKind::Training => 10,
        }
    }

    /// The method that adds one.
    pub fn add(self) -> Method {
        match self {
            ReportKind::Company => Method::CorpUpload,
            ReportKind::Project => Method::ProjectAdd,
            ReportKind::Subcontractor => Method::SubContractorAdd,
            ReportKind::Team => Method::TeamAdd,
            ReportKind::Worker => Method::ProjectWorkerAdd,
            ReportKind::Entry => Method::EntryExitAdd,
            ReportKind::Contract => Method::ContractAdd,
            ReportKind::Attendance => Method::AttendanceAdd,
            ReportKind::Payroll => Method::PayrollAdd,
            ReportKind::Training => Method::TrainingAdd,
        }
    }

    /// The method that changes one; `None` where the protocol has none, so that a change is a person's.
    pub fn update(self) -> Option<Method> {
        match self {
            ReportKind::Project => Some(Method::ProjectUpdate),
            ReportKind::Subcontractor => Some(Method::SubContractorUpdate),
            ReportKind::Team => Some(Method::TeamUpdate),
            ReportKind::Worker => Some(Method::ProjectWorkerUpdate),
            _ => None,
        }
    }

    /// The method that lists them.
    pub fn query(self) -> Method {
        match self {
            ReportKind::Company => Method::CorpQuery,
            ReportKind::Project => Method::ProjectQuery,
            ReportKind::Subcontractor => Method::SubContractorQuery,
            ReportKind::Team => Method::TeamQuery,
            ReportKind::Worker => Method::ProjectWorkerQuery,
            ReportKind::Entry => Method::EntryExitQuery,
            ReportKind::Contract => Method::ContractQuery,
            ReportKind::Attendance => Method::AttendanceQuery,
            ReportKind::Payroll => Method::PayrollQuery,
            ReportKind::Training => Method::TrainingQuery,
        }
    }

    /// Whether several messages of the kind may be under way at once.
    pub fn is_independent(self) -> bool {
        matches!(self, ReportKind::Worker | ReportKind::Contract | ReportKind::Attendance | ReportKind::Payroll)
    }

    /// Items of one message at most.
    pub fn batch_max(self) -> usize {
        self.add().shape().list.as_ref().map_or(1, |list| list.max)
    }
}

/// Seconds to wait after so many tries: twice as long each time, up to a quarter more or less by chance, so that those who were sent
/// away together do not come again together.
pub fn back_off(tries: i32, chance: u8) -> i64 {
    let doubled = BACK_OFF_SECONDS.saturating_mul(1_i64 << tries.saturating_sub(1).clamp(0, 10)).min(BACK_OFF_SECONDS_MAX);
    doubled.saturating_mul(3) / 4 + doubled.saturating_mul(i64::from(chance)) / 510
}

/// Seconds until a record that was told in vain goes out again: once at once, since most interruptions are short.
pub fn told_again(tries: i32, chance: u8) -> i64 {
    if tries <= 1 { 0 } else { back_off(tries - 1, chance) }
}

/// Seconds from a look at a result to the next.
pub fn poll_wait(polls: i32) -> i64 {
    let place = usize::try_from(polls).unwrap_or(0).min(POLL_SECONDS.len() - 1);
    POLL_SECONDS.get(place).copied().unwrap_or(BACK_OFF_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_have_an_end() {
        assert_eq!((0..7).map(poll_wait).collect::<Vec<_>>(), [2, 5, 15, 60, 300, 300, 300]);
        let shortest: Vec<i64> = (1..9).map(|tries| back_off(tries, 0)).collect();
        assert_eq!(shortest, [22, 45, 90, 180, 360, 720, 1440, 2700]);
        assert_eq!(back_off(1, 255), 37);
        assert_eq!(back_off(i32::MAX, 255), 4_500);
        assert_eq!([1, 2, 3].map(|tries| told_again(tries, 0)), [0, 22, 45]);
    }

    #[test]
    fn kinds_follow_the_order_of_the_protocol_and_split_at_its_limits() {
        assert!(ReportKind::ALL.iter().zip(1..).all(|(kind, rank)| kind.rank() == rank));
        let limits: Vec<usize> = ReportKind::ALL.iter().map(|kind| kind.batch_max()).collect();
        assert_eq!(limits, [1, 1, 1, 1, 5, 50, 5, 20, 20, 1]);
    }
}
