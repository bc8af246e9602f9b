//! A problem found in a file: where, which kind (the reason codes of the quarantine), in both languages, with a fix.

use serde::Serialize;

pub use crate::wire::reason::Reason;

/// How many problems of one file are listed; the rest is counted in one last line.
pub const PROBLEMS_MAX: usize = 10_000;

/// One problem of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Where: `Stmt[1]/Ntry[3]`, `line 12`, `row 7, column C`.
    pub place: String,
    /// Reason code.
    pub reason: Reason,
    /// What is wrong, for people.
    pub zh: String,
    /// The same in English.
    pub en: String,
    /// What to do about it.
    pub fix_zh: Option<Box<str>>,
    /// The same in English.
    pub fix_en: Option<Box<str>>,
    /// Whether something of the file was not read because of it: a row, or all that follows.
    #[serde(skip)]
    pub loses: bool,
}

impl Problem {
    /// A problem without a proposal.
    pub fn new(place: impl Into<String>, reason: Reason, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { place: place.into(), reason, zh: zh.into(), en: en.into(), fix_zh: None, fix_en: None, loses: false }
    }

    /// Adds what to do.
    pub fn fix(mut self, zh: impl Into<Box<str>>, en: impl Into<Box<str>>) -> Self {
        self.fix_zh = Some(zh.into());
        self.fix_en = Some(en.into());
        self
    }

    /// Marks that something of the file was not read: it waits in quarantine until a reader can read it.
    pub fn lost(mut self) -> Self {
        self.loses = true;
        self
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.en)
    }
}

impl std::error::Error for Problem {}

/// Collects the problems of one file up to [`PROBLEMS_MAX`].
#[derive(Debug, Default)]
pub struct Problems {
    listed: Vec<Problem>,
    unlisted: usize,
    /// Whether one that is not listed lost something.
    loses_unlisted: bool,
    faults: usize,
}

impl Problems {
    /// Notes a problem, or counts it when the list is full.
    pub fn push(&mut self, problem: Problem) {
        if self.listed.len() < PROBLEMS_MAX {
            self.listed.push(problem);
        } else {
            self.unlisted += 1;
            self.loses_unlisted |= problem.loses;
        }
    }

    /// Notes several.
    pub fn extend(&mut self, problems: impl IntoIterator<Item = Problem>) {
        for problem in problems {
            self.push(problem);
        }
    }

    /// Notes a problem after which a file cannot be read further.
    pub fn stop(&mut self, problem: Option<Problem>) {
        if let Some(problem) = problem {
            self.faults += 1;
            self.push(problem.lost());
        }
    }

    /// How often reading had to stop.
    pub fn faults(&self) -> usize {
        self.faults
    }

    /// Whether nothing was noted.
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    /// The list, with one last line for what it could not hold.
    pub fn into_list(mut self) -> Vec<Problem> {
        if self.unlisted > 0 {
            let more = self.unlisted;
            let last = Problem::new(
                "file",
                Reason::OverLimit,
                format!("另有 {more} 个问题未列出"),
                format!("{more} more problems are not listed"),
            );
            self.listed.push(Problem { loses: self.loses_unlisted, ..last });
        }
        self.listed
    }
}
