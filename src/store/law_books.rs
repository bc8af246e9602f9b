//! Law books by their hash, and which of them the service answered by from which moment on.
//!
//! A book is kept for ever, so that an answer can be given again under the law it was given by. Deliberately absent: reading a book
//! (that is `law::book`), and who put it in force (that is `amendments`).

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Text};

use super::schema::{law_activations, law_books};
use super::{AnyConn, StoreError};
use crate::base::Moment;
use crate::law::decision::Policy;

/// Path and text of each file of a book.
pub type Files = Vec<(String, String)>;

/// Stores a law book by its hash unless it stands already.
pub fn keep(conn: &mut AnyConn, hash: &str, files: &[(String, String)], now: Moment) -> Result<(), StoreError> {
    let known: i64 = law_books::table.filter(law_books::hash.eq(hash)).count().get_result(conn)?;
    if known > 0 {
        return Ok(());
    }
    let body = serde_json::to_vec(files).map_err(|error| StoreError::Damaged(error.to_string()))?;
    diesel::sql_query("INSERT INTO law_books (hash, activated_at, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind::<Text, _>(hash)
        .bind::<BigInt, _>(now)
        .bind::<Binary, _>(body)
        .execute(conn)?;
    Ok(())
}

/// The files of a stored law book.
pub fn files(conn: &mut AnyConn, hash: &str) -> Result<Option<Files>, StoreError> {
    let body: Option<Vec<u8>> = law_books::table.find(hash).select(law_books::body).first(conn).optional()?;
    let damaged = |error: serde_json::Error| StoreError::Damaged(format!("law_books {hash}: {error}"));
    body.map(|body| serde_json::from_slice(&body).map_err(damaged)).transpose()
}

/// A law as the service answered by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Active {
    /// Since when.
    pub at: Moment,
    /// Hash of the book.
    pub law_book: String,
    /// The operator's policy.
    pub policy: Policy,
}

type Row = (i64, String, bool, bool);

fn active((at, law_book, permit_gate, completion_gate): Row) -> Active {
    Active { at: Moment(at), law_book, policy: Policy { permit_gate, completion_gate } }
}

/// Notes that the service answers by this law from now on, unless it does already; the book must be stored.
pub fn activate(conn: &mut AnyConn, hash: &str, policy: Policy, now: Moment) -> Result<(), StoreError> {
    use law_activations as a;
    let last: Option<(i64, i32, String, bool, bool)> = a::table
        .order((a::at.desc(), a::ordinal.desc()))
        .select((a::at, a::ordinal, a::law_book, a::permit_gate, a::completion_gate))
        .first(conn)
        .optional()?;
    let mut place = (now.0, 0);
    if let Some((at, ordinal, law_book, permit_gate, completion_gate)) = last {
        if law_book == hash && (Policy { permit_gate, completion_gate }) == policy {
            return Ok(());
        }
        // A clock that was set back must not put the new law before the old one.
        if at >= now.0 {
            place = (at, ordinal + 1);
        }
    }
    diesel::sql_query(
        "INSERT INTO law_activations (at, ordinal, law_book, permit_gate, completion_gate) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT DO NOTHING",
    )
    .bind::<BigInt, _>(place.0)
    .bind::<Integer, _>(place.1)
    .bind::<Text, _>(hash)
    .bind::<Bool, _>(policy.permit_gate)
    .bind::<Bool, _>(policy.completion_gate)
    .execute(conn)?;
    Ok(())
}

/// The law by which the service answered at a moment; before the first one on record, the first one. `None` when none is on record.
pub fn active_at(conn: &mut AnyConn, at: Moment) -> Result<Option<Active>, StoreError> {
    use law_activations as a;
    let columns = (a::at, a::law_book, a::permit_gate, a::completion_gate);
    let by_then: Option<Row> =
        a::table.filter(a::at.le(at.0)).order((a::at.desc(), a::ordinal.desc())).select(columns).first(conn).optional()?;
    let found = match by_then {
        Some(row) => Some(row),
        None => a::table.order((a::at, a::ordinal)).select(columns).first(conn).optional()?,
    };
    Ok(found.map(active))
}

/// Every law in force here, the earliest first.
pub fn history(conn: &mut AnyConn) -> Result<Vec<Active>, StoreError> {
    use law_activations as a;
    let rows: Vec<Row> =
        a::table.order((a::at, a::ordinal)).select((a::at, a::law_book, a::permit_gate, a::completion_gate)).load(conn)?;
    Ok(rows.into_iter().map(active).collect())
}
