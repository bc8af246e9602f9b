//! Exceptional registrations: people who cannot be enrolled in the ordinary way, so that nobody works off the books. One person says why,
//! how the wage reaches the worker in person, and what else was looked at; another confirms it; it ends on a day or is renewed.
//!
//! It stands beside an ordinary enrolment and takes nobody out of anything: days, sheets, forecasts, matches and clearances read
//! enrolments and know no exception. Deliberately absent: an age, since the law files hold none; whoever names one enters the official
//! text that says so. And a route through somebody else, which the law does not allow (R724-11, R724-31b).

pub mod actions;
pub mod http;
pub mod table;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rust_decimal::Decimal;
use serde::Serialize;

use self::table::{RegistrationRow, StepRow};
use super::IdKind;
use super::table as workers;
use crate::base::id::{ProjectId, RecordId, WorkerId};
use crate::base::ratio::Rounding;
use crate::base::{Day, words};
use crate::law::LawBook;
use crate::store::{AnyConn, StoreError};

words! {
    /// Why somebody cannot be enrolled in the ordinary way.
    pub enum ExceptionReason, "reason of an exceptional registration" {
        /// Over the age that an official text names.
        OverAge = "over_age",
        /// No identity card at hand.
        NoIdCard = "no_id_card",
        /// No bank card to which wages could go.
        NoBankCard = "no_bank_card",
        /// On site for a short time only.
        ShortStay = "short_stay",
    }
}
crate::store::types::word_column!(ExceptionReason);
crate::web::openapi::word_schema!(ExceptionReason);

words! {
    /// How the wage reaches the worker in person. There is no word for an agent.
    pub enum PayRoute, "payment route" {
        /// To the worker's own card.
        OwnCard = "own_card",
        /// To the worker's own card of another bank than the account's.
        CardOfOtherBank = "card_of_other_bank",
        /// In cash into the worker's own hand (R724-11), with a reason and a paper.
        CashInPerson = "cash_in_person",
    }
}
crate::store::types::word_column!(PayRoute);
crate::web::openapi::word_schema!(PayRoute);

words! {
    /// What was decided about an exceptional registration.
    pub enum ExceptionStep, "decision about an exceptional registration" {
        /// A second person confirmed it.
        Confirmed = "confirmed",
        /// A second person refused it.
        Refused = "refused",
        /// Whoever proposed it took it back.
        Withdrawn = "withdrawn",
        /// It is no longer needed: the worker is enrolled in the ordinary way now.
        Ended = "ended",
    }
}
crate::store::types::word_column!(ExceptionStep);
crate::web::openapi::word_schema!(ExceptionStep);

words! {
    /// How a registration stands on a day.
    pub enum ExceptionState, "state of an exceptional registration" {
        /// A second person has yet to decide.
        Waiting = "waiting",
        /// Confirmed, and its time runs.
        InForce = "in_force",
        /// Confirmed, and its time is over: it is to be renewed or ended.
        Lapsed = "lapsed",
        /// Refused.
        Refused = "refused",
        /// Taken back.
        Withdrawn = "withdrawn",
        /// No longer needed.
        Ended = "ended",
    }
}
crate::web::openapi::word_schema!(ExceptionState);

/// The longest time of one registration, in days; then it is looked at again (our own limit, not the law's).
pub const DAYS_MAX: i64 = 366;

/// The rules that say how wages may reach a worker and who may enter a site.
pub const RULES: [&str; 5] = ["R724-11", "R724-31b", "R724-31c", "R724-28a", "R18-08"];

/// A rule that speaks about exceptional registrations, with its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ExceptionRule)]
pub struct RuleWords {
    /// Id in the law book.
    pub rule: String,
    /// Instrument and article.
    pub citation: String,
    /// What it says.
    pub title: String,
    /// Words of the article, where the book has them.
    pub words: Option<String>,
}

/// What the law in force says, from the book.
pub fn law_of(book: &LawBook) -> Vec<RuleWords> {
    let rules = RULES.iter().filter_map(|id| book.rule(id));
    rules
        .map(|rule| RuleWords {
            rule: rule.id.clone(),
            citation: rule.citation.to_string(),
            title: rule.title_zh.clone(),
            words: book.words(rule).map(|article| article.words.clone()),
        })
        .collect()
}

/// A registration with what was decided about it.
#[derive(Debug, Clone)]
pub struct Registration {
    /// As proposed.
    pub row: RegistrationRow,
    /// What was decided, oldest first.
    pub steps: Vec<StepRow>,
}

impl Registration {
    /// The registrations of a project, oldest first.
    pub fn of_project(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<Registration>, StoreError> {
        let mut steps: HashMap<RecordId, Vec<StepRow>> = HashMap::new();
        for step in table::steps_of_project(conn, project)? {
            steps.entry(step.registration_id).or_default().push(step);
        }
        let rows = table::of_project(conn, project)?.into_iter();
        Ok(rows.map(|row| Registration { steps: steps.remove(&row.id).unwrap_or_default(), row }).collect())
    }

    /// How it stands on a day.
    pub fn state_on(&self, day: Day) -> ExceptionState {
        match self.steps.last().map(|step| (step.step, step.decided_on)) {
            None => ExceptionState::Waiting,
            Some((ExceptionStep::Refused, _)) => ExceptionState::Refused,
            Some((ExceptionStep::Withdrawn, _)) => ExceptionState::Withdrawn,
            Some((ExceptionStep::Ended, on)) if on <= day => ExceptionState::Ended,
            Some((ExceptionStep::Confirmed | ExceptionStep::Ended, _)) if self.row.until_on < day => ExceptionState::Lapsed,
            Some((ExceptionStep::Confirmed | ExceptionStep::Ended, _)) => ExceptionState::InForce,
        }
    }
}

/// The enrolments whose wage goes in cash into the worker's own hand on a day, by a registration in force.
///
/// # Errors
/// A store that fails.
pub fn paid_in_cash_on(conn: &mut AnyConn, project: ProjectId, day: Day) -> Result<BTreeSet<RecordId>, StoreError> {
    let holds = |one: &Registration| {
        one.row.pay_route == PayRoute::CashInPerson && one.row.from_on <= day && one.state_on(day) == ExceptionState::InForce
    };
    Ok(Registration::of_project(conn, project)?.into_iter().filter(holds).map(|one| one.row.enrolment_id).collect())
}

/// How many of a project's people are there by exception, without a name: whoever may see the project may see it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ExceptionShare)]
pub struct Share {
    /// On the roll.
    pub on_site: usize,
    /// Of them with a registration in force.
    pub registered: usize,
    /// Their share in percent, one decimal, half up; `null` where nobody is on the roll.
    #[schema(value_type = Option<String>)]
    pub percent: Option<Decimal>,
    /// Of them with one that waits for a second person and none in force.
    pub waiting: usize,
    /// Of them with one whose time is over, and no other.
    pub lapsed: usize,
    /// Of them without a bank card or an identity card, and with no registration at all.
    pub missing: usize,
    /// Registrations in force by reason; somebody may have several.
    pub by_reason: BTreeMap<String, usize>,
}

/// The share on a day, and who has no registration though a paper is missing.
pub fn share_on(conn: &mut AnyConn, project: ProjectId, day: Day) -> Result<(Share, Vec<RecordId>), StoreError> {
    let mut standing: HashMap<RecordId, BTreeSet<&'static str>> = HashMap::new();
    let mut share = Share::default();
    let roll = workers::active_on(conn, project, day)?;
    let here: BTreeSet<RecordId> = roll.iter().map(|row| row.id).collect();
    for one in Registration::of_project(conn, project)? {
        if !here.contains(&one.row.enrolment_id) {
            continue;
        }
        let state = one.state_on(day);
        if state == ExceptionState::InForce {
            *share.by_reason.entry(one.row.reason.as_str().to_owned()).or_default() += 1;
        }
        standing.entry(one.row.enrolment_id).or_default().insert(state.as_str());
    }
    let people: Vec<WorkerId> = roll.iter().map(|row| row.worker_id).collect();
    let kinds: HashMap<WorkerId, IdKind> =
        workers::workers_of(conn, &people)?.into_iter().map(|worker| (worker.id, worker.id_kind)).collect();
    let mut missing = Vec::new();
    for row in &roll {
        let has = |state: ExceptionState| standing.get(&row.id).is_some_and(|states| states.contains(state.as_str()));
        let is_odd = row.card.is_none() || kinds.get(&row.worker_id) != Some(&IdKind::IdCard);
        if has(ExceptionState::InForce) {
            share.registered += 1;
        } else if has(ExceptionState::Waiting) {
            share.waiting += 1;
        } else if has(ExceptionState::Lapsed) {
            share.lapsed += 1;
        } else if is_odd {
            missing.push(row.id);
        }
    }
    (share.on_site, share.missing) = (roll.len(), missing.len());
    let part = Decimal::from(share.registered).checked_mul(Decimal::ONE_HUNDRED);
    let percent = part.and_then(|part| part.checked_div(Decimal::from(share.on_site)));
    share.percent = percent.map(|percent| {
        // One decimal is written even where it is nothing.
        let mut percent = Rounding::HalfUp.places(percent, 1);
        percent.rescale(1);
        percent
    });
    Ok((share, missing))
}
