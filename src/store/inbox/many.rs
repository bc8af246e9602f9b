//! Messages that came together, eight to a statement on SQLite: most of what a small message costs is the statement around it.
//!
//! `OR FAIL`: SQLite then keeps no copy of each page in case the statement stops half way. Whoever calls rolls back what stands before.

use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, Text};
use diesel::sqlite::Sqlite;

use super::NewMessage;
use crate::store::bulk::insert_all;
use crate::store::conn::AnyConn;
use crate::store::{StoreError, schema};

/// Messages of one statement.
const MESSAGES_OF_STATEMENT: usize = 8;

/// Inserts so many messages; the connection finds the prepared statement by the type.
struct InsertMessages<'a, const N: usize>(&'a [NewMessage<'a>; N]);

impl<const N: usize> QueryId for InsertMessages<'_, N> {
    type QueryId = InsertMessages<'static, N>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<const N: usize> QueryFragment<Sqlite> for InsertMessages<'_, N> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(
            "INSERT OR FAIL INTO inbox (id, feed, source, project_id, request, content_type, content_encoding, body, body_sha256, \
             body_len, truncated, received_at, remote, state, parser, parsed_at, items, items_digest, attempts) VALUES (",
        );
        for (place, row) in self.0.iter().enumerate() {
            if place > 0 {
                out.push_sql("), (");
            }
            macro_rules! bind {
                ($($kind:ty => $column:ident),+) => {
                    $(
                        out.push_bind_param::<$kind, _>(&row.$column)?;
                        out.push_sql(", ");
                    )+
                };
            }
            bind!(BigInt => id, Text => feed, Text => source, Nullable<BigInt> => project_id, Text => request);
            bind!(Nullable<Text> => content_type, Nullable<Text> => content_encoding, Binary => body, Text => body_sha256);
            bind!(BigInt => body_len, Bool => truncated, BigInt => received_at, Nullable<Text> => remote, Text => state);
            bind!(Nullable<Text> => parser, Nullable<BigInt> => parsed_at, Integer => items, Text => items_digest);
            out.push_bind_param::<Integer, _>(&row.attempts)?;
        }
        out.push_sql(")");
        Ok(())
    }
}

impl<Conn, const N: usize> RunQueryDsl<Conn> for InsertMessages<'_, N> {}

/// Stores messages that are all new.
pub(super) fn insert(conn: &mut AnyConn, rows: &[NewMessage<'_>]) -> Result<(), StoreError> {
    let rest = match conn {
        AnyConn::Sqlite(conn) => {
            let (many, rest) = rows.as_chunks::<MESSAGES_OF_STATEMENT>();
            for some in many {
                InsertMessages(some).execute(conn)?;
            }
            rest
        }
        #[cfg(feature = "postgres")]
        AnyConn::Postgres(_) => rows,
    };
    insert_all!(conn, schema::inbox::table, rest)
}
