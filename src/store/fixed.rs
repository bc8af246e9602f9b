//! Statements whose text never changes, kept prepared by the connection.
//!
//! `diesel::sql_query` is prepared anew each time, which costs more than storing a punch does; the query builder has no
//! `ON CONFLICT` that both databases take. So the texts of the intake's few hot statements, and of the sums that every assessment
//! asks for, go through here. Deliberately absent: texts made anew at run time, which would fill the connection's cache.

use diesel::RunQueryDsl;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::{Error, QueryResult};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Date, HasSqlType, Integer, Text, Untyped};

use super::bulk::listed;
use crate::base::Day;

/// Numbers of a list that are bound at most; a longer list is written into a text of its own, which is not kept.
const BOUND_MAX: usize = 1_024;

#[derive(Debug, Clone)]
enum Bind<'a> {
    Big(i64),
    Bigs(Vec<i64>),
    Int(i32),
    Text(&'a str),
    Day(Day),
}

/// A statement with its values; `$1` in the text is the first of them.
#[derive(Debug, Clone)]
pub struct Fixed<'a> {
    text: &'static str,
    binds: Vec<Bind<'a>>,
}

/// A statement of this text.
pub fn fixed<'a>(text: &'static str) -> Fixed<'a> {
    Fixed { text, binds: Vec::with_capacity(10) }
}

impl<'a> Fixed<'a> {
    /// The next value, a 64-bit number.
    pub fn big(mut self, value: i64) -> Self {
        self.binds.push(Bind::Big(value));
        self
    }

    /// The next value, a list for `IN ($n)`: the last of it is repeated up to a power of two, so that few texts are kept.
    pub fn bigs(mut self, values: impl IntoIterator<Item = i64>) -> Self {
        let mut list: Vec<i64> = values.into_iter().collect();
        if let Some(last) = list.last().copied() {
            list.resize(list.len().next_power_of_two(), last);
        }
        self.binds.push(Bind::Bigs(list));
        self
    }

    /// The next value, a 32-bit number.
    pub fn int(mut self, value: i32) -> Self {
        self.binds.push(Bind::Int(value));
        self
    }

    /// The next value, a day.
    pub fn day(mut self, value: Day) -> Self {
        self.binds.push(Bind::Day(value));
        self
    }

    /// The next value, a text.
    pub fn text(mut self, value: &'a str) -> Self {
        self.binds.push(Bind::Text(value));
        self
    }
}

impl<DB> QueryFragment<DB> for Fixed<'_>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Integer> + HasSqlType<Text> + HasSqlType<Date>,
    i64: ToSql<BigInt, DB>,
    i32: ToSql<Integer, DB>,
    str: ToSql<Text, DB>,
    Day: ToSql<Date, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let mut parts = self.text.split('$');
        out.push_sql(parts.next().unwrap_or_default());
        for part in parts {
            let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
            let number: Option<usize> = part.get(..part.len() - rest.len()).and_then(|digits| digits.parse().ok());
            match number.and_then(|number| self.binds.get(number.checked_sub(1)?)) {
                Some(Bind::Big(value)) => out.push_bind_param::<BigInt, _>(value)?,
                Some(Bind::Bigs(list)) if list.is_empty() => out.push_sql("NULL"),
                Some(Bind::Bigs(list)) if list.len() > BOUND_MAX => {
                    out.unsafe_to_cache_prepared();
                    out.push_sql(&listed(list.iter().copied()));
                }
                Some(Bind::Bigs(list)) => {
                    for (place, value) in list.iter().enumerate() {
                        out.push_sql(if place == 0 { "" } else { ", " });
                        out.push_bind_param::<BigInt, _>(value)?;
                    }
                }
                Some(Bind::Int(value)) => out.push_bind_param::<Integer, _>(value)?,
                Some(Bind::Day(value)) => out.push_bind_param::<Date, _>(value)?,
                Some(Bind::Text(value)) => out.push_bind_param::<Text, str>(value)?,
                None => return Err(Error::QueryBuilderError(format!("no value for `${part}`").into())),
            }
            out.push_sql(rest);
        }
        Ok(())
    }
}

impl QueryId for Fixed<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

/// Rows are read by the names of their columns.
impl Query for Fixed<'_> {
    type SqlType = Untyped;
}

impl<Conn> RunQueryDsl<Conn> for Fixed<'_> {}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;
    use diesel::sqlite::SqliteConnection;

    use super::*;

    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        a: i64,
        #[diesel(sql_type = Integer)]
        b: i32,
        #[diesel(sql_type = Text)]
        c: String,
    }

    #[test]
    fn values_go_where_their_numbers_stand() {
        let mut conn = SqliteConnection::establish(":memory:").unwrap();
        conn.batch_execute("CREATE TABLE t (a BIGINT PRIMARY KEY, b INTEGER, c TEXT, d BIGINT)").unwrap();
        let text = "INSERT INTO t (c, a, b, d) VALUES ($3, $1, $2, $1) ON CONFLICT DO NOTHING";
        for (a, expected) in [(7, 1), (7, 0), (8, 1)] {
            assert_eq!(fixed(text).big(a).int(5).text("x").execute(&mut conn).unwrap(), expected);
        }
        let rows: Vec<Row> = diesel::sql_query("SELECT a, b, c FROM t WHERE d = a ORDER BY a").load(&mut conn).unwrap();
        assert_eq!(rows.iter().map(|row| (row.a, row.b, row.c.as_str())).collect::<Vec<_>>(), [(7, 5, "x"), (8, 5, "x")]);
        assert!(fixed(text).big(9).int(5).execute(&mut conn).is_err());
    }

    #[test]
    fn a_list_is_as_long_as_it_is() {
        let mut conn = SqliteConnection::establish(":memory:").unwrap();
        conn.batch_execute("CREATE TABLE t (a BIGINT PRIMARY KEY); INSERT INTO t VALUES (1), (2), (3), (4), (5), (6)").unwrap();
        let text = "DELETE FROM t WHERE a IN ($1) AND a < $2";
        for (list, expected) in [(vec![], 0), (vec![2], 1), (vec![1, 2, 3], 2), (vec![9, 6, 5, 4, 3], 2)] {
            assert_eq!(fixed(text).bigs(list).big(6).execute(&mut conn).unwrap(), expected);
        }
    }
}
