//! A fuse for the simulation: work on a connection breaks off before its n-th statement, as if the process had been killed there.
//!
//! Nothing else arms it. The thread unwinds without a message; the writer rolls the piece back, or dies with its connection when the
//! blow falls on the commit itself. Whoever armed it throws the whole service away afterwards and opens the database anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use diesel::connection::{Connection, Instrumentation, InstrumentationEvent};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::conn::Backend;
use super::{AnyConn, Db, StoreError};

/// Counts statements down; shared by whoever armed it and the connection.
#[derive(Debug, Clone)]
pub struct Fuse(Arc<AtomicI64>);

/// A count that is never reached.
const CUT: i64 = i64::MAX;

struct Watch(Fuse);

impl Instrumentation for Watch {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if matches!(event, InstrumentationEvent::StartQuery { .. }) && self.0.0.fetch_sub(1, Ordering::SeqCst) == 1 {
            std::panic::resume_unwind(Box::new("the fuse has blown"));
        }
    }
}

impl Fuse {
    /// A fuse that blows before the statement of this number, the next one being 1.
    pub fn of(statements: u32) -> Self {
        Self(Arc::new(AtomicI64::new(i64::from(statements.max(1)))))
    }

    /// Puts it into a connection.
    pub fn arm(&self, conn: &mut AnyConn) {
        conn.set_instrumentation(Watch(self.clone()));
    }

    /// Whether it has blown.
    pub fn has_blown(&self) -> bool {
        self.0.load(Ordering::SeqCst) <= 0
    }

    /// Takes it out of use.
    pub fn cut(&self) {
        self.0.store(CUT, Ordering::SeqCst);
    }
}

/// How often [`let_go`] looks, and the pause between two looks.
const LOOKS_MAX: u32 = 1000;
const PAUSE_MS: u64 = 10;

/// Other sessions of this database that are inside a transaction.
const OTHERS: &str = "SELECT COUNT(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
                      AND backend_type = 'client backend' AND xact_start IS NOT NULL";

#[derive(QueryableByName)]
struct Others {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// Waits until a server has noticed that the session that died is gone: until then its locks stand, and the queue of jobs passes over
/// what they cover, so that the year would go on in another order.
///
/// # Errors
/// It still holds on after ten seconds.
pub fn let_go(db: &Db) -> Result<(), StoreError> {
    if db.backend() == Backend::Sqlite {
        return Ok(());
    }
    for _ in 0..LOOKS_MAX {
        let others = db.read_blocking(|conn| Ok::<_, StoreError>(diesel::sql_query(OTHERS).get_result::<Others>(conn)?.n))?;
        if others == 0 {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(PAUSE_MS));
    }
    Err(StoreError::Unavailable("a session that died still holds its locks".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conn::Place;
    use crate::store::{Db, DbOptions, StoreError, migrate};
    use diesel::connection::SimpleConnection;

    #[test]
    fn what_was_written_before_the_blow_is_gone_and_the_next_service_goes_on() {
        let folder = std::env::temp_dir().join(format!("anxin-fuse-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let open = || Db::open(Place::in_folder(&folder), &DbOptions::default()).unwrap();
        let db = open();
        migrate::up(&db).unwrap();
        let write = |db: &Db, name: &'static str, fuse: Option<Fuse>| {
            db.write_blocking(move |tx| -> Result<(), StoreError> {
                if let Some(fuse) = &fuse {
                    fuse.arm(tx.conn());
                }
                for part in ["a", "b", "c"] {
                    tx.conn().batch_execute(&format!("INSERT INTO marks (name, value) VALUES ('{name} {part}', '')"))?;
                }
                Ok(())
            })
        };
        // Three statements and the commit; the fifth is never reached.
        for statements in 1..=4 {
            let (db, fuse) = (open(), Fuse::of(statements));
            assert!(write(&db, "killed", Some(fuse.clone())).is_err(), "{statements}");
            assert!(fuse.has_blown());
        }
        let late = Fuse::of(5);
        write(&db, "whole", Some(late.clone())).unwrap();
        assert!(!late.has_blown());
        late.cut();
        drop(db);
        let db = open();
        write(&db, "after", None).unwrap();
        #[derive(diesel::QueryableByName)]
        struct Count {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            n: i64,
        }
        let count = db
            .read_blocking(|conn| -> Result<i64, StoreError> {
                let text = "SELECT COUNT(*) AS n FROM marks WHERE name LIKE 'killed%'";
                Ok(diesel::RunQueryDsl::get_result::<Count>(diesel::sql_query(text), conn)?.n)
            })
            .unwrap();
        assert_eq!(count, 0);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
