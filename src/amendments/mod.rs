//! Changes of law data, of a region's rules and of the operator's policy, while the service runs: one person proposes, another
//! approves.
//!
//! A proposal is the whole new text of one law file, or the policy's switches, with reason and legal ground. It is built over the
//! law that its proposer saw, numbered by the amendments in force; when another one came in between it cannot be approved any more.
//! Approval puts it in force at once; the days from which values hold stand in the law data. Both steps are rows of their own that
//! nobody edits. The law in force is the files that the service was started with and, laid over them, every approved amendment in
//! order. Deliberately absent: reading law data (that is `law::book`), and removing a file.

pub mod actions;
pub mod http;
pub mod in_force;
pub mod table;

use crate::base::{RegionCode, words};
use crate::web::{Scope, ScopeOn};

words! {
    /// What an amendment changes.
    pub enum AmendmentKind, "kind of amendment" {
        /// National law data or the calendar.
        Law = "law",
        /// One region's law data.
        Region = "region",
        /// The operator's own rules.
        Policy = "policy",
    }
}

words! {
    /// How a proposal was decided.
    pub enum Verdict, "verdict on an amendment" {
        /// In force since.
        Approved = "approved",
        /// Turned down by a second person.
        Rejected = "rejected",
        /// Taken back by its proposer.
        Withdrawn = "withdrawn",
    }
}

words! {
    /// Where a proposal stands.
    pub enum AmendmentState, "state of an amendment" {
        /// Waits for a second person.
        Proposed = "proposed",
        /// Was approved.
        Approved = "approved",
        /// Was turned down.
        Rejected = "rejected",
        /// Was taken back.
        Withdrawn = "withdrawn",
    }
}
crate::store::types::word_column!(AmendmentKind, Verdict);
crate::web::openapi::word_schema!(AmendmentKind, Verdict, AmendmentState);

impl From<Option<Verdict>> for AmendmentState {
    fn from(verdict: Option<Verdict>) -> Self {
        match verdict {
            None => AmendmentState::Proposed,
            Some(Verdict::Approved) => AmendmentState::Approved,
            Some(Verdict::Rejected) => AmendmentState::Rejected,
            Some(Verdict::Withdrawn) => AmendmentState::Withdrawn,
        }
    }
}

/// The longest text of a law file, in bytes.
pub const WORDING_MAX: usize = 512 * 1024;

/// The longest reason, document name or note, in characters.
pub const REASON_MAX: usize = 500;

/// Which kind of amendment a file of law data takes, and of which region; `None` for a name that holds no law data.
pub fn place_of(file: &str) -> Option<(AmendmentKind, Option<RegionCode>)> {
    let is_plain = |name: &str| {
        name.strip_suffix(".toml").is_some_and(|stem| {
            (1..=60).contains(&stem.len())
                && stem.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
        })
    };
    match file.split('/').collect::<Vec<_>>().as_slice() {
        ["law", "instruments.toml" | "rules.toml"] => Some((AmendmentKind::Law, None)),
        ["law", "articles" | "parameters", name] | ["calendar", name] if is_plain(name) => Some((AmendmentKind::Law, None)),
        ["law", "regions", name] => {
            let code: RegionCode = name.strip_suffix(".toml")?.parse().ok()?;
            (code != RegionCode::NATION).then_some((AmendmentKind::Region, Some(code)))
        }
        _ => None,
    }
}

/// Whether a scope may change the law of that region, or what holds everywhere where there is none.
pub fn may_change(scope: &Scope, region: Option<RegionCode>) -> bool {
    match region {
        Some(region) => scope.covers_region(region),
        None => scope.is_everything(),
    }
}

/// Whether a scope may see an amendment: its own regions' and, since they hold for everybody, the national ones.
pub fn may_see(scope: &Scope, region: Option<RegionCode>) -> bool {
    match region {
        Some(region) => scope.covers_region(region),
        None => scope.places.iter().any(|place| matches!(place, ScopeOn::Everything | ScopeOn::Region(_))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_places_of_law_data_are_taken() {
        let code: RegionCode = "330784".parse().unwrap();
        assert_eq!(place_of("law/regions/330784.toml"), Some((AmendmentKind::Region, Some(code))));
        for law in ["law/rules.toml", "law/instruments.toml", "law/parameters/deposit.toml", "calendar/2027.toml"] {
            assert_eq!(place_of(law), Some((AmendmentKind::Law, None)), "{law}");
        }
        for odd in [
            "",
            "service.toml",
            "law/regions/000000.toml",
            "law/regions/33078.toml",
            "law/regions/../rules.toml",
            "law/parameters/../../service.toml",
            "law/parameters/.toml",
            "law/parameters/A.toml",
            "/law/rules.toml",
            "law/rules.toml/",
            "calendar/2027.txt",
        ] {
            assert_eq!(place_of(odd), None, "{odd}");
        }
    }

    #[test]
    fn national_law_needs_somebody_who_holds_everywhere() {
        let code = |text: &str| text.parse::<RegionCode>().unwrap();
        let local = Scope { actor: "a".into(), user: None, places: vec![ScopeOn::Region(code("330700"))] };
        assert!(may_change(&local, Some(code("330784"))) && may_see(&local, Some(code("330784"))));
        assert!(!may_change(&local, Some(code("330100"))) && !may_see(&local, Some(code("330100"))));
        assert!(!may_change(&local, None) && may_see(&local, None));
    }
}
