//! The digest of the punches stored from a message: the sum, modulo 2^256, of a SHA-256 of each key.
//!
//! It does not depend on order, can be recomputed from the table of punches alone, and so tells `verify` when a punch was added,
//! changed or taken away.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::attendance::devices::clock::table as clock;
use crate::attendance::table;
use crate::base::id::{InboxId, ProjectId};
use crate::store::bulk::PunchRow;
use crate::store::{AnyConn, StoreError, journal};

/// A digest that grows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Multiset([u8; 32]);

impl Multiset {
    /// Adds a punch.
    pub fn add(&mut self, row: &PunchRow) {
        let mut hasher = Sha256::new();
        hasher.update(row.project_id.to_be_bytes());
        hasher.update(row.local_day.to_be_bytes());
        hasher.update(row.local_time.to_be_bytes());
        hasher.update(row.device_id.to_be_bytes());
        hasher.update(row.pin_id.to_be_bytes());
        hasher.update(row.state.to_be_bytes());
        hasher.update(row.verify.to_be_bytes());
        hasher.update(row.ordinal.to_be_bytes());
        let mut carry = 0u16;
        for (sum, byte) in self.0.iter_mut().zip(hasher.finalize()).rev() {
            let total = u16::from(*sum) + u16::from(byte) + carry;
            let [high, low] = total.to_be_bytes();
            *sum = low;
            carry = u16::from(high);
        }
    }

    /// In hex.
    pub fn text(&self) -> String {
        journal::hex(&self.0)
    }
}

/// The digest of rows in hex; empty for none.
pub fn of_rows(rows: &[PunchRow]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut sum = Multiset::default();
    rows.iter().for_each(|row| sum.add(row));
    sum.text()
}

/// The digests of all messages that have punches, from the tables of punches; read a day at a time.
pub fn recompute_digests(conn: &mut AnyConn) -> Result<BTreeMap<InboxId, String>, StoreError> {
    let mut sums: BTreeMap<InboxId, Multiset> = BTreeMap::new();
    let mut project = i64::MIN;
    while let Some(next) = table::next_project(conn, project)? {
        project = next;
        let mut day = i32::MIN;
        while let Some(next) = table::next_day(conn, project, day)? {
            day = next;
            for row in table::punches_of_day(conn, ProjectId(project), day)? {
                sums.entry(InboxId(row.inbox_id)).or_default().add(&row);
            }
        }
    }
    // What a passage by the right clock stands in for was brought by its message all the same.
    for row in clock::former(conn)? {
        sums.entry(InboxId(row.inbox_id)).or_default().add(&row);
    }
    Ok(sums.into_iter().map(|(id, sum)| (id, sum.text())).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(time: i32, pin: i64) -> PunchRow {
        PunchRow {
            project_id: 1,
            local_day: 20_000,
            local_time: time,
            device_id: 2,
            pin_id: pin,
            state: 0,
            verify: 15,
            ordinal: 0,
            inbox_id: 3,
        }
    }

    proptest! {
        #[test]
        fn order_does_not_matter_and_every_row_does(keys in proptest::collection::vec((0i32..86_400, 1i64..50), 1..20)) {
            let mut rows: Vec<PunchRow> = keys.iter().map(|(time, pin)| row(*time, *pin)).collect();
            let whole = of_rows(&rows);
            rows.reverse();
            prop_assert_eq!(&of_rows(&rows), &whole);
            prop_assert_eq!(whole.len(), 64);
            rows.pop();
            prop_assert_ne!(&of_rows(&rows), &whole);
        }
    }

    #[test]
    fn nothing_has_no_digest_and_twice_is_not_once() {
        assert_eq!(of_rows(&[]), "");
        assert_ne!(of_rows(&[row(1, 1)]), of_rows(&[row(1, 1), row(1, 1)]));
    }
}
