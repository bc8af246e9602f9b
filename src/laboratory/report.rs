//! What the laboratory found: counts for each rule and gate, and the differences with project and days.

use serde::Serialize;
use utoipa::ToSchema;

use crate::amendments::http::EntryChange;
use crate::base::Day;
use crate::base::id::ProjectId;

/// What a rule says of a project, as far as a change of law may change it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Said {
    /// not_in_force, kept, not_known or broken.
    pub state: String,
    /// none, advice, blue, yellow, orange or red.
    pub level: String,
    /// First day of the breach.
    pub since: Option<Day>,
    /// What to do.
    pub cure_zh: String,
    pub cure_en: String,
}

/// One rule on one project that says something else from day to day without a break.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FindingRun {
    pub project: ProjectId,
    pub code: String,
    pub name: String,
    pub rule: String,
    /// First and last day of the run, and how many they are.
    pub from: Day,
    pub to: Day,
    pub days: u64,
    pub old: Said,
    pub new: Said,
}

/// One gate that answers otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct VerdictRun {
    pub project: ProjectId,
    pub code: String,
    pub name: String,
    pub gate: String,
    pub from: Day,
    pub to: Day,
    pub days: u64,
    pub old: String,
    pub new: String,
}

/// How many findings of a rule change from what to what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RuleCount {
    pub rule: String,
    pub title_zh: String,
    pub title_en: String,
    /// State and level before: `kept`, `broken red`. The same twice: since when, or what to do, differs.
    pub old: String,
    pub new: String,
    /// One for each project and day.
    pub findings: u64,
}

/// How many answers of a gate change from what to what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct VerdictCount {
    pub gate: String,
    pub old: String,
    pub new: String,
    /// One for each project and day.
    pub answers: u64,
}

/// The whole result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = LaboratoryReport)]
pub struct Report {
    /// Hash of the book in force.
    pub law_book: String,
    /// Hash of the changed book.
    pub changed_book: String,
    /// What the change changes, entry by entry.
    pub changes: Vec<EntryChange>,
    pub from: Day,
    pub to: Day,
    /// Days of the span.
    pub days: u64,
    /// Projects that were tried: those that the asker sees and that the change can concern.
    pub projects: u64,
    /// Times that a project was judged; days before anybody took part in it are passed over.
    pub judged: u64,
    /// Findings that differ, one for each project, day and rule.
    pub findings_differ: u64,
    /// Answers of gates that differ, one for each project, day and gate.
    pub answers_differ: u64,
    pub rules: Vec<RuleCount>,
    pub gates: Vec<VerdictCount>,
    pub findings: Vec<FindingRun>,
    /// Runs that are not listed.
    pub more_findings: u64,
    pub answers: Vec<VerdictRun>,
    pub more_answers: u64,
}

impl Report {
    /// The summary in a line.
    pub fn summary(&self) -> String {
        let Report { projects, days, findings_differ, answers_differ, .. } = self;
        format!("{projects} projects, {days} days, {findings_differ} findings differ, {answers_differ} gate answers differ")
    }
}
