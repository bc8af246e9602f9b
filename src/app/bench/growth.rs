//! Ten million punches in batches, as clocks send them that were out of reach: whether the table takes the last million as fast as the
//! first, and what a punch takes of the disk.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde::Serialize;

use super::bed::Bed;
use super::client::{self, Load};
use super::punches::{BATCH, BATCH_CONNECTIONS, Clocks};
use crate::store::{Backend, StoreError};

const PUNCHES: u64 = 10_000_000;
const SPAN: Duration = Duration::from_secs(3);

/// How the table grew.
#[derive(Debug, Clone, Serialize)]
pub struct Growth {
    pub punches: u64,
    /// Punches a second in the first and in the last span.
    pub first_per_second: u64,
    pub last_per_second: u64,
    /// The last span's rate in per cent of the first's.
    pub last_percent: u64,
    /// Bytes of the table of punches with the numbers of places and messages, and of the messages with their bodies, for each punch, in tenths.
    pub punch_bytes_tenths: u64,
    pub message_bytes_tenths: u64,
    /// Resident memory of this process after the first span and after the last.
    pub resident_kib: (Option<u64>, Option<u64>),
}

#[derive(QueryableByName)]
struct Size {
    #[diesel(sql_type = BigInt)]
    bytes: i64,
}

/// The tables of punches, of the places and of the messages that they name by small numbers.
const PUNCH_TABLES: [&str; 3] = ["punch_rows", "punch_places", "punch_messages"];

fn bytes_of(bed: &Bed, table: &'static str) -> Result<u64, StoreError> {
    let size: Size = bed.ground.db.read_blocking(|conn| {
        let sql = match conn.backend() {
            Backend::Sqlite => {
                format!("SELECT CAST(COALESCE(SUM(pgsize), 0) AS BIGINT) AS bytes FROM dbstat WHERE name = '{table}'")
            }
            // A table in partitions has no size of its own, and one that is in none has no partitions.
            Backend::Postgres => format!(
                "SELECT CAST(pg_table_size('{table}') + COALESCE(SUM(pg_table_size(relid)), 0) AS BIGINT) AS bytes \
                 FROM pg_partition_tree('{table}') WHERE isleaf"
            ),
        };
        Ok::<_, StoreError>(diesel::sql_query(sql).get_result(conn)?)
    })?;
    Ok(u64::try_from(size.bytes).unwrap_or(0))
}

/// Lets the clocks send until so many are there.
pub fn measure(bed: &Bed) -> Result<Growth, StoreError> {
    let clocks = Clocks::bind(bed)?;
    let mut rates: Vec<u64> = Vec::new();
    // Every request that was answered is counted, those of the warming up too: the next span goes on behind them.
    let (mut stored, mut from, mut resident) = (0, 0, None);
    while stored < PUNCHES {
        let load = Load { address: bed.address, connections: BATCH_CONNECTIONS, warm_up: Duration::ZERO, span: SPAN };
        let upload = |place: usize, n: u64, out: &mut Vec<u8>| clocks.batch(place, from + n, out);
        let (figures, ..) = client::drive(load, upload, || ())?;
        stored += figures.requests * BATCH;
        // The busiest connection has sent no more than all of them.
        from += figures.requests + 1;
        rates.push(figures.per_second(BATCH));
        resident = resident.or_else(super::resident_kib);
    }
    let (first, last) = (rates.first().copied().unwrap_or(0), rates.last().copied().unwrap_or(0));
    let tenths = |bytes: u64| bytes * 10 / stored.max(1);
    let mut punch_bytes = 0;
    for table in PUNCH_TABLES {
        punch_bytes += bytes_of(bed, table)?;
    }
    Ok(Growth {
        punches: stored,
        first_per_second: first,
        last_per_second: last,
        last_percent: last * 100 / first.max(1),
        punch_bytes_tenths: tenths(punch_bytes),
        message_bytes_tenths: tenths(bytes_of(bed, "inbox")?),
        resident_kib: (resident, super::resident_kib()),
    })
}

impl Growth {
    /// Lines for people.
    pub fn lines(&self) -> Vec<String> {
        let tenths = |value: u64| format!("{}.{}", value / 10, value % 10);
        let kib = |value: Option<u64>| value.map_or("?".to_owned(), |kib| kib.to_string());
        vec![format!(
            "{} punches: first {} a second, last {} ({} %); {} bytes a punch, {} a punch of messages; resident {} KiB, then {} KiB",
            self.punches,
            self.first_per_second,
            self.last_per_second,
            self.last_percent,
            tenths(self.punch_bytes_tenths),
            tenths(self.message_bytes_tenths),
            kib(self.resident_kib.0),
            kib(self.resident_kib.1),
        )]
    }
}
