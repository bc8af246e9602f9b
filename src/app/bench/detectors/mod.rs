//! How well the detectors see: labelled cases made by dice, once from a fixed seed and once from a fresh one that is printed.
//!
//! The honest life of a site is made first, with what looks like a cheat and is none: brothers with one telephone, a foreman's number
//! on three workers, a crew that confirms in one meeting, a queue at the cash machine, one shift with one clock, a new crew, a queue at the gate, a machine that was out of reach. What
//! people have done on real sites is planted into it as it was described, without a look at how a detector works. The promise: of 100
//! planted differences all are found and none is invented; of planted rings 95 in 100 are found, with at most one false ring in 10,000
//! workers; a claim of 30 names is compared within two seconds. What padded rosters, patterned punches
//! and clocks come to is printed without a promise.

mod claims;
mod matches;
mod padding;
mod patterns;
mod rings;

use serde::Serialize;

use super::bed::Bed;
use crate::detectors::Policy;
use crate::store::StoreError;

/// The labelled set that is the same for ever.
const FIXED_SEED: u64 = 20_250_401;

/// Sites of 500 with and without rings.
const SITES: usize = 300;
/// Payrolls.
const PAYROLLS: usize = 200;
/// Sites whose passages of a month are looked at, at least.
const PASSAGE_SITES_MIN: usize = 10;
/// Rows of the match.
const ROWS: usize = 10_000;
/// Differences planted among them.
const PLANTED: usize = 100;

/// Found, missed and invented.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Planted.
    pub planted: usize,
    /// Of them found.
    pub found: usize,
    /// Told and not planted.
    pub invented: usize,
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.planted += other.planted;
        self.found += other.found;
        self.invented += other.invented;
    }

    /// Found of what was planted, in thousandths.
    pub fn recall(&self) -> usize {
        (self.found * 1000).checked_div(self.planted).unwrap_or(1000)
    }

    /// Planted of what was told, in thousandths.
    pub fn precision(&self) -> usize {
        (self.found * 1000).checked_div(self.found + self.invented).unwrap_or(1000)
    }
}

/// A set of cases from one seed.
#[derive(Debug, Clone, Serialize)]
pub struct Set {
    /// The seed.
    pub seed: u64,
    /// Differences between attendance, sheet and bank.
    pub matches: Tally,
    /// Microseconds for all rows.
    pub match_micros: u128,
    /// Rings that leave two traces or more.
    pub rings: Tally,
    /// Rings that leave one trace only; without a promise.
    pub faint_rings: Tally,
    /// Workers of the sites.
    pub workers: usize,
    /// Workers of the payrolls.
    pub names: usize,
    /// Names on padded rosters.
    pub padding: Tally,
    /// The same by what was planted.
    pub padding_by_kind: Vec<(&'static str, Tally)>,
    /// Workers whose passages no people make, by what was planted; without a promise.
    pub patterns_by_kind: Vec<(&'static str, Tally)>,
    /// Gate machines whose clocks were off; without a promise.
    pub clocks: Tally,
    /// Workers of the sites whose passages were looked at.
    pub passing: usize,
}

/// What the detectors came to.
#[derive(Debug, Clone, Serialize)]
pub struct Detectors {
    /// The labelled set that is the same for ever, then the fresh one.
    pub sets: Vec<Set>,
    /// The list of a claim on a demonstration city.
    pub claim: claims::Claim,
}

/// Looks at both sets; `seed` stands for the fresh one where it is given.
pub(super) fn measure(bed: &Bed, seed: Option<u64>) -> Result<Detectors, StoreError> {
    let policy = bed.ground.settings.signs.clone();
    let fresh = match seed {
        Some(seed) => seed,
        None => u64::try_from(bed.tag).unwrap_or_default() ^ u64::from(std::process::id()).rotate_left(32) ^ now_nanos(),
    };
    let sets = [FIXED_SEED, fresh].into_iter().map(|seed| set(seed, (SITES, PAYROLLS, ROWS, PLANTED), &policy));
    let sets = sets.collect::<Result<Vec<Set>, StoreError>>()?;
    Ok(Detectors { sets, claim: claims::measure(bed)? })
}

/// A seed that nobody chose.
fn now_nanos() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| u64::from(since.subsec_nanos()) ^ since.as_secs())
}

fn set(seed: u64, (sites, payrolls, rows, planted): (usize, usize, usize, usize), policy: &Policy) -> Result<Set, StoreError> {
    let (matches, match_micros) = matches::run(seed, rows, planted)?;
    let (clear, faint, workers) = rings::run(seed, sites, policy);
    let (padding_by_kind, padding, names) = padding::run(seed, payrolls, policy);
    // A month of passages is larger than a roster: a tenth of the sites says as much.
    let (patterns_by_kind, clocks, passing) = patterns::run(seed, sites.div_ceil(10).max(PASSAGE_SITES_MIN), policy);
    Ok(Set {
        seed,
        matches,
        match_micros,
        rings: clear,
        faint_rings: faint,
        workers,
        names,
        padding,
        padding_by_kind,
        patterns_by_kind,
        clocks,
        passing,
    })
}

impl Set {
    /// Whether the promises are kept.
    fn holds(&self) -> bool {
        let all_found = self.matches.found == self.matches.planted && self.matches.invented == 0;
        all_found && self.rings.recall() >= 950 && self.rings.invented * 10_000 <= self.workers
    }

    fn lines(&self) -> Vec<String> {
        let of = |tally: &Tally| {
            let per_cent = |thousandths: usize| format!("{}.{} %", thousandths / 10, thousandths % 10);
            format!(
                "planted {:>5}  found {:>5}  invented {:>4}   recall {:>7}  precision {:>7}",
                tally.planted,
                tally.found,
                tally.invented,
                per_cent(tally.recall()),
                per_cent(tally.precision())
            )
        };
        let mut lines = vec![
            format!("seed {}", self.seed),
            format!("  differences               {}   {} rows in {} µs", of(&self.matches), ROWS, self.match_micros),
            format!("  rings                     {}   of {} workers", of(&self.rings), self.workers),
            format!("  rings with one trace      {}   no promise", of(&self.faint_rings)),
            format!("  padded rosters            {}   of {} names, no promise", of(&self.padding), self.names),
        ];
        lines.extend(self.padding_by_kind.iter().map(|(kind, tally)| format!("    {kind:<24}{}", of(tally))));
        lines.push(format!("  patterned punches         of {} workers, no promise", self.passing));
        lines.extend(self.patterns_by_kind.iter().map(|(kind, tally)| format!("    {kind:<24}{}", of(tally))));
        lines.push(format!("  clocks that were off      {}   no promise", of(&self.clocks)));
        lines
    }
}

impl Detectors {
    /// Whether every promise is kept.
    pub fn holds(&self) -> bool {
        self.sets.iter().all(Set::holds) && self.claim.holds()
    }

    /// Lines for people; the last one sums up.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.sets.iter().flat_map(Set::lines).collect();
        lines.extend(self.claim.lines());
        let kept = if self.holds() { "kept" } else { "NOT kept" };
        let worst = self.sets.iter().map(|set| set.rings.recall()).min().unwrap_or(0);
        let invented = self.sets.iter().map(|set| set.rings.invented).max().unwrap_or(0);
        lines.push(format!(
            "detectors: promises {kept}; ring recall {}.{} % at worst, {invented} false rings",
            worst / 10,
            worst % 10
        ));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> Policy {
        crate::app::config::Config::load(None).unwrap().signs
    }

    #[test]
    fn a_small_set_keeps_the_promises() {
        for seed in [1, 2, 3] {
            let set = set(seed, (30, 40, 1_000, 20), &policy()).unwrap();
            assert!(set.matches.planted == 20 && set.rings.planted > 5 && set.padding.planted > 50, "{set:?}");
            assert!(set.holds(), "{set:?}");
        }
    }

    #[test]
    fn patterned_punches_and_clocks_that_were_off_are_seen() {
        for seed in [1, 2, 3] {
            let (by_kind, clocks, _) = patterns::run(seed, 16, &policy());
            for (kind, tally) in &by_kind {
                assert!(tally.recall() >= 900 && tally.precision() >= 950, "{kind}: {tally:?}");
            }
            assert!(clocks.planted > 0 && clocks.recall() >= 900 && clocks.invented == 0, "{clocks:?}");
        }
    }

    #[test]
    fn the_same_seed_makes_the_same_set() {
        let text = |seed| {
            let mut set = set(seed, (5, 10, 500, 10), &policy()).unwrap();
            set.match_micros = 0;
            format!("{set:?}")
        };
        assert_eq!(text(7), text(7));
        assert_ne!(text(7), text(8));
    }

    #[test]
    fn nothing_planted_is_nothing_missed() {
        let none = Tally::default();
        assert_eq!((none.recall(), none.precision()), (1000, 1000));
        let some = Tally { planted: 3, found: 2, invented: 2 };
        assert_eq!((some.recall(), some.precision()), (666, 500));
    }
}
