//! Rings: workers whose cards, telephones or wages seem to be in one hand.
//!
//! A trace ties workers together: one telephone, one device, one card, one holder, one payee, one cash machine within minutes. A trace
//! that ties as many as no family does ([`super::Policy`]) makes a ring, two short ones of different kinds do so together, and every
//! other trace that lies mostly inside it belongs to it. Confirmations that follow each other within seconds never make a ring, since a crew in one meeting does the
//! same: they only add to one.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Policy;
use crate::base::id::WorkerId;
use crate::base::{Moment, words};

words! {
    /// What ties workers together.
    pub enum Tie, "trace" {
        /// One telephone stands on record for all of them.
        SharedPhone = "shared_phone",
        /// One person's device confirmed for all of them.
        SharedDevice = "shared_device",
        /// One bank card stands on record for all of them.
        SharedCard = "shared_card",
        /// By the bank's word one other person holds the accounts of all of them.
        OtherHolder = "other_holder",
        /// Most of the wage of all of them was sent on to one payee.
        SentOn = "sent_on",
        /// All of them drew their wage at one machine within minutes.
        DrawnTogether = "drawn_together",
        /// All of them confirmed within seconds.
        ConfirmedTogether = "confirmed_together",
    }
}
crate::web::openapi::word_schema!(Tie);

/// Something that a worker shares with others; `key` tells one telephone, card or payee from another and is not shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// Who.
    pub worker: WorkerId,
    /// With whom: equal keys are one thing.
    pub key: String,
}

/// Something that a worker did at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// Who.
    pub worker: WorkerId,
    /// Where, or to whom: equal keys are one thing.
    pub key: String,
    /// When.
    pub at: Moment,
}

/// What is known of a project's workers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traces {
    /// Telephones on record.
    pub phones: Vec<Shared>,
    /// Devices of persons that confirmed; a machine of the site by which everybody confirms is none.
    pub devices: Vec<Shared>,
    /// Cards on record.
    pub cards: Vec<Shared>,
    /// Holders of accounts by the bank's word, where they are others than the worker.
    pub holders: Vec<Shared>,
    /// Payees to whom most of a wage was sent on.
    pub sent_on: Vec<Done>,
    /// Cash machines.
    pub drawn: Vec<Done>,
    /// Confirmations of one sheet, by sheet.
    pub confirmed: Vec<Done>,
}

/// Workers tied together by one trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Link {
    /// By what.
    pub tie: Tie,
    /// Who, in the order of ids.
    pub workers: Vec<WorkerId>,
    /// The first of it, where it has moments.
    pub from: Option<Moment>,
    /// The last of it.
    pub until: Option<Moment>,
}

/// Workers who seem to be in one hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Ring {
    /// Who, in the order of ids.
    pub workers: Vec<WorkerId>,
    /// What it rests on.
    pub links: Vec<Link>,
}

/// Rounds in which traces are added to rings; each may bring in workers that another trace touches.
const ROUNDS_MAX: usize = 8;

/// The rings among a project's workers, in the order of their first workers.
pub fn rings(traces: &Traces, policy: &Policy) -> Vec<Ring> {
    let links = links(traces, policy);
    let mut rings: Vec<BTreeSet<WorkerId>> = Vec::new();
    for mut ring in seeds(&links, policy) {
        // Two traces that share two workers are one ring.
        let (same, others): (Vec<_>, Vec<_>) = rings.into_iter().partition(|known| known.intersection(&ring).count() >= 2);
        for known in same {
            ring.extend(known);
        }
        rings = others;
        rings.push(ring);
    }
    for _ in 0..ROUNDS_MAX {
        let mut grew = false;
        for ring in &mut rings {
            for link in &links {
                if belongs(link, ring) && link.workers.iter().any(|worker| !ring.contains(worker)) {
                    ring.extend(link.workers.iter().copied());
                    grew = true;
                }
            }
        }
        if !grew {
            break;
        }
    }
    let mut found: Vec<Ring> = rings
        .into_iter()
        .map(|ring| Ring {
            links: links.iter().filter(|link| belongs(link, &ring)).cloned().collect(),
            workers: ring.into_iter().collect(),
        })
        .collect();
    found.sort_by(|one, other| one.workers.cmp(&other.workers));
    found
}

/// Workers whom two traces of different kinds must share to count as one.
const SHARED_MIN: usize = 3;

/// What makes a ring: one trace on enough workers, or two of different kinds that share [`SHARED_MIN`] and tie enough together.
fn seeds(links: &[Link], policy: &Policy) -> Vec<BTreeSet<WorkerId>> {
    let strong: Vec<&Link> =
        links.iter().filter(|link| link.tie != Tie::ConfirmedTogether && link.workers.len() >= SHARED_MIN).collect();
    let mut of_worker: BTreeMap<WorkerId, Vec<&Link>> = BTreeMap::new();
    for link in &strong {
        for worker in &link.workers {
            of_worker.entry(*worker).or_default().push(link);
        }
    }
    let mut seeds = Vec::new();
    for link in strong {
        if link.workers.len() >= policy.ring_min {
            seeds.push(link.workers.iter().copied().collect());
            continue;
        }
        // A short trace: few others touch it.
        let touching = link.workers.iter().flat_map(|worker| of_worker.get(worker).into_iter().flatten());
        for other in touching.filter(|other| other.tie != link.tie) {
            let own: BTreeSet<WorkerId> = link.workers.iter().copied().collect();
            let both: BTreeSet<WorkerId> = own.iter().chain(&other.workers).copied().collect();
            if own.len() + other.workers.len() - both.len() >= SHARED_MIN && both.len() >= policy.ring_min {
                seeds.push(both);
            }
        }
    }
    seeds
}

/// Whether most of a trace, and two workers at least, lie inside a ring.
fn belongs(link: &Link, ring: &BTreeSet<WorkerId>) -> bool {
    let inside = link.workers.iter().filter(|worker| ring.contains(worker)).count();
    inside >= 2 && inside * 2 > link.workers.len()
}

/// Every trace that ties two workers or more.
fn links(traces: &Traces, policy: &Policy) -> Vec<Link> {
    let mut links = Vec::new();
    for (tie, shared) in [
        (Tie::SharedPhone, &traces.phones),
        (Tie::SharedDevice, &traces.devices),
        (Tie::SharedCard, &traces.cards),
        (Tie::OtherHolder, &traces.holders),
    ] {
        let mut by_key: BTreeMap<&str, BTreeSet<WorkerId>> = BTreeMap::new();
        for one in shared {
            by_key.entry(&one.key).or_default().insert(one.worker);
        }
        let tied = by_key.into_values().filter(|workers| workers.len() >= 2);
        links.extend(tied.map(|workers| Link { tie, workers: workers.into_iter().collect(), from: None, until: None }));
    }
    for (_, done) in by_key(&traces.sent_on) {
        links.extend(link(Tie::SentOn, &done));
    }
    for (_, done) in by_key(&traces.drawn) {
        for run in runs(&done, policy.draw_gap_seconds) {
            let seconds = span_seconds(run);
            let gaps = i64::try_from(run.len().saturating_sub(1)).unwrap_or(i64::MAX);
            if seconds <= policy.draw_mean_seconds.saturating_mul(gaps) {
                links.extend(link(Tie::DrawnTogether, run));
            }
        }
    }
    for (_, done) in by_key(&traces.confirmed) {
        for run in runs(&done, policy.confirm_gap_seconds) {
            links.extend(link(Tie::ConfirmedTogether, run));
        }
    }
    links
}

/// What was done, by key, each in the order of time.
fn by_key(done: &[Done]) -> BTreeMap<&str, Vec<Done>> {
    let mut by_key: BTreeMap<&str, Vec<Done>> = BTreeMap::new();
    for one in done {
        by_key.entry(&one.key).or_default().push(one.clone());
    }
    for done in by_key.values_mut() {
        done.sort_by_key(|one| (one.at, one.worker));
    }
    by_key
}

/// Runs in which each follows the one before within so many seconds. What has one moment for several workers was handed in as a list,
/// and the moments of a list say nothing: a run that stands still is none.
fn runs(done: &[Done], gap_seconds: i64) -> impl Iterator<Item = &[Done]> {
    let close = move |one: &Done, next: &Done| next.at.0.saturating_sub(one.at.0) <= gap_seconds.saturating_mul(1_000_000);
    done.chunk_by(close).filter(|run| run.len() >= 2 && moments(run) * 2 > run.len())
}

fn moments(run: &[Done]) -> usize {
    run.iter().map(|one| one.at).collect::<BTreeSet<_>>().len()
}

fn span_seconds(run: &[Done]) -> i64 {
    match (run.first(), run.last()) {
        (Some(first), Some(last)) => last.at.0.saturating_sub(first.at.0) / 1_000_000,
        _ => 0,
    }
}

fn link(tie: Tie, done: &[Done]) -> Option<Link> {
    let workers: BTreeSet<WorkerId> = done.iter().map(|one| one.worker).collect();
    let (from, until) = (done.iter().map(|one| one.at).min(), done.iter().map(|one| one.at).max());
    (workers.len() >= 2).then(|| Link { tie, workers: workers.into_iter().collect(), from, until })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detectors::policy;

    fn shared(key: &str, workers: std::ops::RangeInclusive<i64>) -> Vec<Shared> {
        workers.map(|worker| Shared { worker: WorkerId(worker), key: key.to_owned() }).collect()
    }

    fn done(key: &str, workers: std::ops::RangeInclusive<i64>, begin: i64, step: i64) -> Vec<Done> {
        let at = |place: i64| Moment((begin + place * step) * 1_000_000);
        workers.zip(0..).map(|(worker, place)| Done { worker: WorkerId(worker), key: key.to_owned(), at: at(place) }).collect()
    }

    fn found(traces: &Traces) -> Vec<Vec<i64>> {
        let rings = rings(traces, &policy());
        rings.iter().map(|ring| ring.workers.iter().map(|worker| worker.0).collect()).collect()
    }

    #[test]
    fn families_and_favours_are_no_rings() {
        let mut phones = shared("brothers", 1..=2);
        phones.extend(shared("foreman", 3..=6));
        let traces = Traces { phones, confirmed: done("sheet", 1..=40, 0, 2), ..Traces::default() };
        assert_eq!(found(&traces), Vec::<Vec<i64>>::new(), "a crew that confirms in one meeting is no ring either");
    }

    #[test]
    fn one_telephone_on_five_is_told_with_what_else_ties_them() {
        let traces = Traces {
            phones: shared("a", 1..=5),
            devices: shared("b", 3..=8),
            holders: shared("c", 5..=5),
            confirmed: done("sheet", 4..=8, 0, 3),
            ..Traces::default()
        };
        let rings = rings(&traces, &policy());
        assert_eq!(rings.len(), 1);
        assert_eq!(rings[0].workers.len(), 8);
        let ties: Vec<Tie> = rings[0].links.iter().map(|link| link.tie).collect();
        assert_eq!(ties, [Tie::SharedPhone, Tie::SharedDevice, Tie::ConfirmedTogether]);
    }

    #[test]
    fn a_queue_at_the_machine_is_slower_than_one_hand_with_many_cards() {
        let queue = Traces { drawn: done("atm", 1..=30, 0, 100), ..Traces::default() };
        assert_eq!(found(&queue), Vec::<Vec<i64>>::new());
        let hand = Traces { drawn: done("atm", 1..=7, 0, 45), ..Traces::default() };
        assert_eq!(found(&hand), [(1..=7).collect::<Vec<i64>>()]);
    }

    #[test]
    fn a_list_that_was_handed_in_at_once_says_nothing_about_time() {
        let list = Traces { drawn: done("atm", 1..=30, 0, 0), ..Traces::default() };
        assert_eq!(found(&list), Vec::<Vec<i64>>::new());
    }

    #[test]
    fn the_order_of_what_is_known_does_not_matter() {
        let mut traces = Traces {
            phones: shared("a", 1..=6),
            cards: shared("x", 10..=15),
            sent_on: done("p", 5..=11, 0, 600),
            ..Traces::default()
        };
        let forward = found(&traces);
        traces.phones.reverse();
        traces.cards.reverse();
        traces.sent_on.reverse();
        assert_eq!(found(&traces), forward);
        assert_eq!(forward.len(), 1, "traces that share two workers are one ring");
    }
}
