//! What an action is given: who asks, when, and the services of the house. No action reads a clock, a file or randomness by itself.

use std::net::IpAddr;
use std::sync::{Arc, RwLock};

use serde::Deserialize;

use super::past::KnownAt;
use super::peer::Network;
use super::{Code, Problem, Scope};
use crate::base::id::{IdSource, ProjectId};
use crate::base::{Clock, Day, Moment};
use crate::law::LawBook;
use crate::law::decision::Policy;
use crate::outlets::webhook::Preset;
use crate::store::{AnyConn, Db, Vault};
use crate::wire::direct_link::Families;
use crate::wire::openapi::profile::Platforms;

/// Settings of the service that actions look at.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The operator's policy where no amendment says otherwise.
    pub policy: Policy,
    /// Pending devices that are kept at most.
    pub pending_devices_max: usize,
    /// Held punches of a pending device.
    pub held_punches_max: i32,
    /// Requests a second that one device may send.
    pub device_rate_max: u32,
    /// Whether the database is a demonstration.
    pub demo: bool,
    /// Whether cookies are for TLS only: the public address begins with `https`.
    pub secure_cookies: bool,
    /// Issuer name in tokens.
    pub issuer: String,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Mail, reminders and tidying.
    pub upkeep: Upkeep,
    /// Where the detectors draw their lines.
    pub signs: SignSettings,
    /// Platforms whose protocol contractors' systems upload by.
    pub platforms: Arc<Platforms>,
    /// Element names of the files of direct bank links.
    pub direct_link: Arc<Families>,
    /// Presets of webhooks.
    pub webhooks: Arc<Vec<Preset>>,
    /// Requests a second that one app may send.
    pub platform_rate_max: u32,
    /// Requests a second that one key of a bank may send.
    pub bank_rate_max: u32,
    /// Gate machines.
    pub gates: GateSettings,
    /// Networks beside the public one that platforms and webhooks may stand in.
    pub outgoing_allowed: Vec<Network>,
}

/// Settings of gate machines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateSettings {
    /// Secret first parts of the addresses that clocks call; with any, no other address is answered.
    pub prefixes: Vec<String>,
    /// Minutes within which a machine without a setting of its own is heard of.
    pub heartbeat_minutes: i32,
    /// Hour at which working hours begin.
    pub day_begins_hour: u32,
    /// Hour at which they end.
    pub day_ends_hour: u32,
    /// Items put aside of one source from which it is told.
    pub put_aside_max: i64,
    /// Seconds after a passage for which others are waited for before its day is folded.
    pub fold_after_seconds: i64,
    /// Days for which the bytes of machines' messages are kept; 0 for ever.
    pub keep_body_days: i64,
}

/// Settings of mail, reminders and tidying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upkeep {
    /// Whether mails are written and sent.
    pub mail_enabled: bool,
    /// Domain at the end of Message-IDs.
    pub mail_domain: String,
    /// Where the pages are, without a slash at the end; empty for no links in mails.
    pub base_url: String,
    /// Whether red findings do not wait for the digest.
    pub urgent_at_once: bool,
    /// Days before a paper expires from which people are reminded.
    pub expiry_days: i64,
    /// Days after which an open wage account without a statement is silent.
    pub statement_days: i64,
    /// Days after which a site with people and without attendance is silent.
    pub punch_days: i64,
    /// Days for which jobs that were done, mails that were sent and ticks are kept.
    pub keep_days: i64,
}

/// Where the detectors draw their lines: the operator's choice, not the law's.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignSettings {
    /// Workers tied together by one trace from which it is more than a family or a favour.
    pub ring_min: usize,
    /// Seconds between two confirmations that one hand may have given.
    pub confirm_gap_seconds: i64,
    /// Seconds between two drawings at one machine, at most.
    pub draw_gap_seconds: i64,
    /// The same on average over those that are taken together: different people take longer at the machine.
    pub draw_mean_seconds: i64,
    /// Minutes within which nobody gets from the gate of one site to that of another.
    pub travel_minutes: i32,
    /// Hours on two sites at once from which it is more than a passage that was missed.
    pub overlap_hours: i32,
    /// Days with such attendance from which it is told.
    pub impossible_days: usize,
    /// Workers whose days are the same to the minute, from which it is told.
    pub identical_workers: usize,
    /// Days that must be the same.
    pub identical_days: usize,
    /// Per cent of a worker's days that must be the same.
    pub identical_percent: usize,
    /// Enrolments around the end of a month from which they are many.
    pub late_enrolments: usize,
    /// Days before and after the end of a month that count as its end.
    pub month_end_days: i64,
    /// Words in a trade by which management is told from labour.
    pub management: Vec<String>,
    /// Seconds of the day within which passages of different days are at the same time.
    pub clockwork_seconds: i32,
    /// Days on which a worker's passages must be so.
    pub clockwork_days: usize,
    /// Per cent of a worker's days that must be so.
    pub clockwork_percent: usize,
    /// Seconds between two who pass one after another, at most.
    pub order_gap_seconds: i32,
    /// Workers in one order from which it is told.
    pub order_workers: usize,
    /// Days on which one must follow the other.
    pub order_days: usize,
    /// Seconds between two cards that one hand may pass, at most: people walk.
    pub hand_gap_seconds: i32,
    /// Cards in one hand from which it is told.
    pub hand_workers: usize,
    /// Days on which the same two must be in it.
    pub hand_days: usize,
    /// Minutes from which a machine's clock is off.
    pub clock_minutes: i64,
    /// Messages of a day that must lag alike for a clock to be behind.
    pub clock_messages: usize,
}

/// The law by which this instance answers, as one piece: what is read together was in force together.
#[derive(Debug, Clone)]
pub struct InForce {
    /// The law book.
    pub book: Arc<LawBook>,
    /// Path and text of each of its files.
    pub files: Arc<Vec<(String, String)>>,
    /// The operator's policy.
    pub policy: Policy,
    /// Number of the last amendment in it; 0 for the files as the service was started with.
    pub activation: i64,
}

/// What stands against closing a project beside what a gate asks of the registries, in Chinese and English; for a project that whoever
/// asks may see.
pub type Hurdles = fn(&mut AnyConn, &Ctx, ProjectId, Day) -> Result<Vec<(String, String)>, Problem>;

/// The services of the house.
pub struct Ground {
    /// Database.
    pub db: Db,
    /// Keys.
    pub vault: Vault,
    /// Ids.
    pub ids: IdSource,
    /// Clock.
    pub clock: Arc<dyn Clock>,
    /// The law as the service was started with: embedded files and those laid over them.
    pub base: Arc<InForce>,
    /// The law in force: the base with every approved amendment.
    pub in_force: RwLock<Arc<InForce>>,
    /// Settings.
    pub settings: Settings,
    /// What the clearance tells the gates, which stand below it.
    pub hurdles: Hurdles,
}

impl Ground {
    /// The law in force.
    pub fn in_force(&self) -> Arc<InForce> {
        match self.in_force.read() {
            Ok(law) => Arc::clone(&law),
            Err(poisoned) => Arc::clone(&poisoned.into_inner()),
        }
    }

    /// The law book in force.
    pub fn book(&self) -> Arc<LawBook> {
        Arc::clone(&self.in_force().book)
    }

    /// The operator's policy in force.
    pub fn policy(&self) -> Policy {
        self.in_force().policy
    }

    /// Puts a law in force in this instance, unless a later one is already.
    pub fn put_in_force(&self, law: InForce) {
        let mut current = match self.in_force.write() {
            Ok(current) => current,
            Err(poisoned) => poisoned.into_inner(),
        };
        if law.activation >= current.activation {
            *current = Arc::new(law);
        }
    }
}

/// Who asks, when, with what.
#[derive(Clone)]
pub struct Ctx {
    /// Who, for what.
    pub scope: Scope,
    /// The moment of the request.
    pub now: Moment,
    /// The civil day; frozen in a demonstration.
    pub today: Day,
    /// Services.
    pub ground: Arc<Ground>,
    /// `Idempotency-Key` of the request, where one came.
    pub replay_key: Option<String>,
    /// Version that the asker has seen (`If-Match`).
    pub seen_version: Option<i32>,
    /// `?dry_run=true`: do everything, keep nothing.
    pub dry_run: bool,
    /// The address that the request came from; none for jobs and commands.
    pub peer: Option<IpAddr>,
    /// `?known_at=`: the past that is asked about instead of the present.
    pub known_at: Option<KnownAt>,
    /// The law of that past; none for the law in force.
    pub law: Option<Arc<InForce>>,
}

impl Ctx {
    /// The context of a job, a command or a step of the simulation.
    pub fn of_the_house(ground: &Arc<Ground>, name: &str) -> Self {
        Self {
            scope: Scope::of_the_house(name),
            now: ground.clock.now(),
            today: ground.clock.today(),
            ground: Arc::clone(ground),
            replay_key: None,
            seen_version: None,
            dry_run: false,
            peer: None,
            known_at: None,
            law: None,
        }
    }

    /// The law that questions are answered by: the law in force, or that of the past which is asked about.
    pub fn in_force(&self) -> Arc<InForce> {
        self.law.as_ref().map_or_else(|| self.ground.in_force(), Arc::clone)
    }

    /// The law book that questions are answered by.
    pub fn book(&self) -> Arc<LawBook> {
        Arc::clone(&self.in_force().book)
    }

    /// The operator's policy that questions are answered by.
    pub fn policy(&self) -> Policy {
        self.in_force().policy
    }

    /// A fresh id number.
    pub fn id(&self) -> i64 {
        self.ground.ids.next(self.now)
    }

    /// Keys.
    pub fn vault(&self) -> &Vault {
        &self.ground.vault
    }

    /// Name for the journal.
    pub fn actor(&self) -> &str {
        &self.scope.actor
    }

    /// Refuses when the asker has not seen version `current`.
    ///
    /// # Errors
    /// `precondition_missing` without `If-Match`, `version_changed` when another version stands.
    pub fn require_version(&self, current: i32) -> Result<(), Problem> {
        match self.seen_version {
            Some(seen) if seen == current => Ok(()),
            Some(seen) => Err(Problem::new(
                Code::VersionChanged,
                format!("您看到的是第 {seen} 版，现为第 {current} 版，请刷新后重试。"),
                format!("You saw version {seen}, version {current} stands; read it again."),
            )),
            None => Err(Problem::new(
                Code::PreconditionMissing,
                "请在 If-Match 请求头中给出所见版本号。",
                "Send the version that you saw in the If-Match header.",
            )),
        }
    }
}
