//! A camt.053 of a hundred thousand entries: read and matched to payments in memory, as its peer does with lxml, then handed in and booked.
//!
//! The CPU time is this thread's alone, so that what else the process does does not count. Memory is told as what the reading of a small
//! and of a large file adds at its peak to the bytes that lie there already; known on Linux only.

use std::collections::HashMap;
use std::time::Instant;

use serde::Serialize;

use super::bed::Bed;
use super::statements::Desk;
use super::status_kib;
use crate::store::StoreError;
use crate::wire::bank::{self, Direction};

/// Entries of the large statement.
const ENTRIES: i64 = 100_000;
/// Entries of the small one, whose reading shows what memory a tenth of the file takes.
const FEW: i64 = 10_000;

/// What one large statement came to.
#[derive(Debug, Clone, Serialize)]
pub struct Camt {
    pub entries: i64,
    pub bytes: usize,
    /// Reading the file and finding the payment of each entry, in CPU time of the one thread that does it; known on Linux only.
    pub read_and_match_cpu_millis: Option<u64>,
    /// The same by the clock.
    pub read_and_match_millis: u64,
    /// Entries whose payment was found.
    pub matched: usize,
    /// What reading added to resident memory at its peak, for a file of a tenth of the size and for the large one.
    pub reading_kib: (Option<u64>, Option<u64>),
    /// Handing the file in, until every entry is booked, posted and answered for.
    pub booked_millis: u64,
}

/// CPU time of this thread in nanoseconds.
fn cpu_nanos() -> Option<u64> {
    std::fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse().ok()
}

/// Payments as they were sent, by the id under which the bank speaks of them.
fn payments(day: i64, entries: i64) -> HashMap<String, i64> {
    (1..entries).map(|line| (format!("E{day}L{line}"), line)).collect()
}

/// Reads a statement and finds the payment of each debit, entry by entry, as booking does.
fn read_and_match(xml: &[u8], payments: &HashMap<String, i64>) -> usize {
    let mut matched = 0;
    bank::each_entry(&xml, &mut |_, entry| {
        if entry.direction == Direction::Debit {
            let ids = entry.details.iter().filter_map(|detail| detail.end_to_end_id.as_deref());
            matched += ids.filter(|id| payments.contains_key(*id)).count();
        }
    });
    matched
}

/// Lets the kernel count the peak of resident memory anew; does nothing elsewhere.
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// Runs it, and gives what it added to resident memory at its peak.
pub(super) fn with_memory<T>(work: impl FnOnce() -> T) -> (T, Option<u64>) {
    forget_peak();
    let before = status_kib("VmRSS:");
    let done = work();
    (done, before.zip(status_kib("VmHWM:")).map(|(before, peak)| peak.saturating_sub(before)))
}

/// Measures reading, matching and booking.
pub fn measure(bed: &Bed) -> Result<Camt, StoreError> {
    let desk = Desk::open(bed)?;
    let small = desk.statement(1, FEW);
    let known = payments(1, FEW);
    let (_, of_small) = with_memory(|| read_and_match(small.as_bytes(), &known));
    let body = desk.statement(1, ENTRIES);
    let known = payments(1, ENTRIES);
    let (began, cpu) = (Instant::now(), cpu_nanos());
    let (matched, of_large) = with_memory(|| read_and_match(body.as_bytes(), &known));
    let spent = cpu.zip(cpu_nanos()).map(|(from, to)| to.saturating_sub(from) / 1_000_000);
    let read_and_match_millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    if matched != known.len() {
        return Err(StoreError::Unavailable(format!("bench camt: {matched} of {} payments were found", known.len())));
    }
    let booked = desk.hand_in(&body, ENTRIES)?;
    Ok(Camt {
        entries: ENTRIES,
        bytes: body.len(),
        read_and_match_cpu_millis: spent,
        read_and_match_millis,
        matched,
        reading_kib: (of_small, of_large),
        booked_millis: booked / 1000,
    })
}

impl Camt {
    /// Lines for people.
    pub fn lines(&self) -> Vec<String> {
        let told = |value: Option<u64>| value.map_or_else(|| "?".to_owned(), |value| value.to_string());
        vec![
            format!(
                "camt.053, {} entries, {} MB: read and matched in {} ms of CPU, {} ms; booked in {} ms",
                self.entries,
                self.bytes / 1_000_000,
                told(self.read_and_match_cpu_millis),
                self.read_and_match_millis,
                self.booked_millis
            ),
            format!(
                "memory that reading added: a tenth of it {} KiB, all of it {} KiB",
                told(self.reading_kib.0),
                told(self.reading_kib.1)
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_payment_of_a_statement_is_found() {
        let xml = super::super::statements::camt053("6200000000000001", "2026-03-02".parse().unwrap(), 1, 50);
        assert_eq!(read_and_match(xml.as_bytes(), &payments(1, 50)), 49);
    }
}
