//! Floor 1: the pure law engine. Law as dated, cited data ([`book`]), questions about it ([`questions`]), golden cases ([`case`])
//! and explanations ([`mod@explain`]).
//!
//! A function of its arguments: no database, network, filesystem, clock or randomness. The one compile-time exception is
//! [`embedded_files`], which hands out the configuration that the binary carries.

pub mod book;
pub mod case;
pub mod decision;
mod duties;
pub mod explain;
pub mod facts;
pub mod finding;
pub mod questions;
pub mod rules;
mod tree;

use include_dir::{Dir, DirEntry, include_dir};

pub use book::{Fault, LawBook};
pub use case::{CaseOutcome, run_cases};
pub use decision::{Decision, Gate, GateFacts, GateQuestion, Verdict, decide};
pub use explain::{check, explain};
pub use facts::{Fact, ProjectFacts};
pub use finding::{Assessment, Finding, State, System};

use crate::base::Day;

/// Judges a project by every rule of the book on a day: the facts decide, and what is missing is `not_known`.
pub fn assess(facts: &ProjectFacts, book: &LawBook, as_of: Day) -> Assessment {
    rules::assess(facts, book, as_of)
}

static CONFIG: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/config");

/// The law data and calendars inside the binary as pairs of path (`law/rules.toml`) and text.
pub fn embedded_files() -> Vec<(String, String)> {
    fn gather(dir: &Dir<'_>, files: &mut Vec<(String, String)>) {
        for entry in dir.entries() {
            match entry {
                DirEntry::Dir(inner) => gather(inner, files),
                DirEntry::File(file) => {
                    let path = file.path().to_string_lossy().replace('\\', "/");
                    let law = path.starts_with("law/") || path.starts_with("calendar/");
                    files.extend(
                        file.contents_utf8().filter(|_| law && path.ends_with(".toml")).map(|text| (path, text.to_owned())),
                    );
                }
            }
        }
    }
    let mut files = Vec::new();
    gather(&CONFIG, &mut files);
    files
}
