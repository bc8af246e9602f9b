//! The certification report: which types of events and which failures a sender has shown, each when first, and which not yet.
//!
//! It is made of what stands in the inbox and of the first outcomes of the sender's keys, so that a rehearsal against a test house and
//! the work with the real one are judged alike. Deliberately absent: a verdict on the bank; whoever admits it decides what it must show.

use serde::Serialize;
use utoipa::ToSchema;

use super::table;
use super::{Outcome, TakenState};
use crate::base::Moment;
use crate::base::id::{RecordId, UserId};
use crate::store::AnyConn;
use crate::store::inbox::InboxState;
use crate::web::Problem;
use crate::wire::bank::event::EventKind;

/// Events that a report looks at, the latest ones.
const LOOKED_AT_MAX: i64 = 20_000;

/// Reasons of quarantine that a bank's program should have met and handled.
const REASONS: &[&str] = &[
    "missing_field",
    "bad_format",
    "bad_time",
    "bad_amount",
    "unknown_account",
    "unknown_reference",
    "unknown_person",
    "id_reused",
];

/// One thing that a sender should show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CertifiedCase)]
pub struct Shown {
    /// Type of event, reason of quarantine, `duplicate`, or outcome of a signature.
    pub name: String,
    /// How often; for outcomes of a signature 1 stands for once or more.
    pub times: usize,
    /// When first among what was looked at.
    pub first_at: Option<Moment>,
    /// Why the last event of a type was not taken, where none of it has been taken yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// What a sender has shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Certification {
    /// Each type of event that was taken.
    pub events: Vec<Shown>,
    /// Each failure that was answered.
    pub failures: Vec<Shown>,
    /// Each outcome of a signature.
    pub signatures: Vec<Shown>,
    /// Things that were shown, and all.
    pub shown: usize,
    /// How many there are.
    pub of: usize,
}

#[derive(Default)]
struct Count {
    times: usize,
    first_at: Option<Moment>,
}

impl Count {
    fn add(&mut self, at: Moment) {
        self.times = self.times.saturating_add(1);
        self.first_at = Some(self.first_at.map_or(at, |known| known.min(at)));
    }

    fn named(self, name: &str) -> Shown {
        Shown { name: name.to_owned(), times: self.times, first_at: self.first_at, refused: None }
    }
}

impl Certification {
    /// The report on a sender, as the inbox names it, with the keys of a user.
    pub fn of(conn: &mut AnyConn, sender: &str, user: Option<UserId>) -> Result<Self, Problem> {
        let kept = table::kept_of(conn, sender, LOOKED_AT_MAX)?;
        let count = |is_meant: &dyn Fn(&table::Kept) -> bool| {
            let mut count = Count::default();
            kept.iter().filter(|one| is_meant(one)).for_each(|one| count.add(one.received_at));
            count
        };
        let mut events = Vec::new();
        for kind in EventKind::ALL {
            let word = kind.as_str();
            let is_of = |one: &table::Kept| one.what.split(' ').next() == Some(word);
            let shown = count(&|one| one.state == InboxState::Done && is_of(one)).named(word);
            let last = kept.iter().find(|one| is_of(one) && one.state == InboxState::Quarantined);
            let refused = last.and_then(|one| one.reason.clone()).filter(|_| shown.times == 0);
            events.push(Shown { refused, ..shown });
        }
        let mut failures = Vec::new();
        for reason in REASONS {
            failures.push(count(&|one| one.reason.as_deref() == Some(*reason)).named(reason));
        }
        failures.push(count(&|one| one.state == InboxState::Duplicate).named(TakenState::Duplicate.as_str()));
        let keys: Vec<RecordId> = match user {
            Some(user) => table::keys_of(conn, user)?.into_iter().map(|row| row.id).collect(),
            None => Vec::new(),
        };
        let marks = table::marks_of(conn, &keys)?;
        let mut signatures = Vec::new();
        for outcome in Outcome::ALL {
            let first_at = marks.iter().filter(|(_, word, _)| word == outcome.as_str()).map(|(_, _, at)| *at).min();
            let times = usize::from(first_at.is_some());
            signatures.push(Shown { name: outcome.as_str().to_owned(), times, first_at, refused: None });
        }
        let all = || events.iter().chain(&failures).chain(&signatures);
        let (shown, of) = (all().filter(|one| one.times > 0).count(), all().count());
        Ok(Certification { events, failures, signatures, shown, of })
    }

    /// The report as lines for people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (title, list) in [
            ("事件类型 / event types", &self.events),
            ("异常情形 / failures", &self.failures),
            ("签名 / signatures", &self.signatures),
        ] {
            text.push_str(title);
            text.push('\n');
            for one in list {
                let seen = match (one.first_at, &one.refused) {
                    (Some(at), _) => format!("×{} {at}", one.times),
                    (None, Some(reason)) => format!("收到但未采用 / received and not taken: {reason}"),
                    (None, None) => "尚未出现 / not yet".to_owned(),
                };
                text.push_str(&format!("  {:<20} {seen}\n", one.name));
            }
        }
        text.push_str(&format!("{} / {}\n", self.shown, self.of));
        text
    }
}
