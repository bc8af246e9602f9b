//! Rows in bulk: the only place that knows which database it talks to for speed.

pub(super) mod alike;
#[cfg(feature = "postgres")]
pub(super) mod many;
pub mod numbers;

use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Integer};
use diesel::sqlite::Sqlite;

use super::conn::{AnyConn, Backend};
use super::{StoreError, schema};
use crate::base::{Day, Fen, Moment};
use numbers::Numbers;

/// A punch as it is read. `local_day` counts days since 1970, `local_time` seconds of that day, by China's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Queryable, Selectable)]
#[diesel(table_name = schema::punches)]
pub struct PunchRow {
    /// Project.
    pub project_id: i64,
    /// Days since 1970.
    pub local_day: i32,
    /// Seconds of the day.
    pub local_time: i32,
    /// Device.
    pub device_id: i64,
    /// The person as the device knows them.
    pub pin_id: i64,
    /// State as sent, −1 for none.
    pub state: i32,
    /// Means of recognition as sent, −1 for none.
    pub verify: i32,
    /// 0, or the repeat inside one batch.
    pub ordinal: i32,
    /// The message that it came in.
    pub inbox_id: i64,
}

/// Runs a statement of the query builder on the connection itself. Through the enum over both the text is built anew for each row
/// and each column is asked which database it came from, which for many rows costs more than the database does.
macro_rules! directly {
    ($any:expr, $conn:ident => $work:expr) => {
        match $any {
            $crate::store::AnyConn::Sqlite($conn) => $work,
            #[cfg(feature = "postgres")]
            $crate::store::AnyConn::Postgres($conn) => $work,
        }
    };
}
pub(crate) use directly;

/// Inserts rows that are all new: one by one with a statement kept prepared on SQLite, where a statement of many rows would copy each page
/// that it touches in case it fails half way; many in one statement on PostgreSQL, where each statement is a journey. The rows' type says
/// `treat_none_as_default_value = false`, or no two statements are alike.
macro_rules! insert_all {
    ($any:expr, $table:expr, $rows:expr) => {{
        let done: Result<(), diesel::result::Error> = match $any {
            $crate::store::AnyConn::Sqlite(conn) => {
                $rows.iter().try_for_each(|row| diesel::insert_into($table).values(row).execute(conn).map(drop))
            }
            #[cfg(feature = "postgres")]
            $crate::store::AnyConn::Postgres(conn) => $rows
                .chunks($crate::store::bulk::ROWS_OF_STATEMENT)
                .try_for_each(|some| diesel::insert_into($table).values(some).execute(conn).map(drop)),
        };
        done.map_err($crate::store::StoreError::from)
    }};
}
pub(crate) use insert_all;

/// Rows of one statement: times the columns of the widest table they stay below what PostgreSQL binds (65,535).
#[cfg(feature = "postgres")]
pub const ROWS_OF_STATEMENT: usize = 500;

#[derive(QueryableByName)]
struct Total {
    #[diesel(sql_type = BigInt)]
    total: i64,
}

/// The key of a punch as it is kept, by small numbers (`numbers`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Queryable)]
struct Key {
    place: i32,
    local_day: i32,
    local_time: i32,
    pin: i32,
    state: i32,
    verify: i32,
    ordinal: i32,
}

impl Key {
    fn of(row: &PunchRow, (place, pin): (i32, i32)) -> Self {
        let PunchRow { local_day, local_time, state, verify, ordinal, .. } = *row;
        Self { place, local_day, local_time, pin, state, verify, ordinal }
    }

    /// In the order of the columns.
    fn values(&self) -> [&i32; 7] {
        [&self.place, &self.local_day, &self.local_time, &self.pin, &self.state, &self.verify, &self.ordinal]
    }
}

/// A punch that is about to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct NewPunch {
    key: Key,
    row: PunchRow,
    message: i64,
}

/// Punches of one statement of SQLite, where many came and where few did.
const PUNCHES_OF_STATEMENT: usize = 25;
const FEW_PUNCHES: usize = 5;

/// Inserts so many punches, each unless it is there. A type of its own, so that a connection finds the prepared statement by the type:
/// half of what a punch costs would otherwise be text. One punch a statement costs two and a half times as much.
///
/// `OR IGNORE` and not `ON CONFLICT DO NOTHING`: nothing can then stop it half way, and SQLite keeps no copy of each page that it touches.
struct InsertPunches<'a, const N: usize>(&'a [NewPunch; N]);

impl<const N: usize> QueryId for InsertPunches<'_, N> {
    type QueryId = InsertPunches<'static, N>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<const N: usize> QueryFragment<Sqlite> for InsertPunches<'_, N> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(
            "INSERT OR IGNORE INTO punch_rows (place, local_day, local_time, pin, state, verify, ordinal, message) VALUES (",
        );
        for (place, punch) in self.0.iter().enumerate() {
            if place > 0 {
                out.push_sql("), (");
            }
            for number in punch.key.values() {
                out.push_bind_param::<Integer, _>(number)?;
                out.push_sql(", ");
            }
            out.push_bind_param::<BigInt, _>(&punch.message)?;
        }
        out.push_sql(")");
        Ok(())
    }
}

impl<Conn, const N: usize> RunQueryDsl<Conn> for InsertPunches<'_, N> {}

/// Which message's punch stands under a key.
fn message_at(conn: &mut SqliteConnection, key: &Key) -> Result<Option<i64>, StoreError> {
    use schema::punch_rows as r;
    let row = r::table.find((key.place, key.local_day, key.local_time, key.pin, key.state, key.verify, key.ordinal));
    Ok(row.select(r::message).first(conn).optional()?)
}

/// Inserts sorted punches and gives those that were new.
fn insert_sorted(conn: &mut SqliteConnection, new: &[NewPunch]) -> Result<Vec<PunchRow>, StoreError> {
    let mut fresh = Vec::with_capacity(new.len());
    let (many, rest) = new.as_chunks::<PUNCHES_OF_STATEMENT>();
    let mut before = None;
    insert_chunks(conn, many, &mut before, &mut fresh)?;
    let (few, rest) = rest.as_chunks::<FEW_PUNCHES>();
    insert_chunks(conn, few, &mut before, &mut fresh)?;
    let (ones, _) = rest.as_chunks::<1>();
    insert_chunks(conn, ones, &mut before, &mut fresh)?;
    Ok(fresh)
}

/// Inserts punches of so many statements, and takes up those that were new.
fn insert_chunks<const N: usize>(
    conn: &mut SqliteConnection,
    chunks: &[[NewPunch; N]],
    before: &mut Option<Key>,
    fresh: &mut Vec<PunchRow>,
) -> Result<(), StoreError> {
    for some in chunks {
        // How many are new is told by the count of changed rows; which ones only where some were there.
        let count = InsertPunches(some).execute(conn)?;
        for punch in some {
            // Numbers of messages are new: what stands under one came just now. Of several with one key the first was taken.
            let is_repeat = before.replace(punch.key) == Some(punch.key);
            let is_new = match count {
                0 => false,
                count if count == N => true,
                _ => !is_repeat && message_at(conn, &punch.key)? == Some(punch.message),
            };
            if is_new {
                fresh.push(punch.row);
            }
        }
    }
    Ok(())
}

/// Stores punches that are not there yet; gives those that were new, in their order. The batch is sorted by key first, which keeps the
/// pages that it touches few; of two with one key the one of the earlier message is stored. What `numbers` does not know is looked up.
pub fn insert_punches(conn: &mut AnyConn, rows: &[PunchRow], mut numbers: Numbers) -> Result<Vec<PunchRow>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let messages = numbers::number_messages(conn, rows)?;
    let mut new = Vec::with_capacity(rows.len());
    let mut last = (0, 0);
    for row in rows {
        let known = match numbers.of(row) {
            Some(known) => Some(known),
            None => {
                numbers.complete(conn, rows)?;
                numbers.of(row)
            }
        };
        let lost = || StoreError::Damaged(format!("a punch names a number at the gate that is not there: {}", row.pin_id));
        let key = Key::of(row, known.ok_or_else(lost)?);
        if new.is_empty() || last.0 != row.inbox_id {
            let message = messages.get(&row.inbox_id).copied();
            last = (row.inbox_id, message.ok_or_else(|| StoreError::Damaged("a message of punches got no number".to_owned()))?);
        }
        new.push(NewPunch { key, row: *row, message: last.1 });
    }
    // Rows of one key differ in their message only, and ids of messages go by time.
    new.sort_unstable();
    let mut fresh = match conn {
        // On the connection itself, not through the enum over both, which would build the statement's text for every row.
        AnyConn::Sqlite(conn) => insert_sorted(conn, &new)?,
        #[cfg(feature = "postgres")]
        AnyConn::Postgres(conn) => many::insert_punches(conn, &new)?,
    };
    fresh.sort_unstable();
    numbers::drop_idle(conn, &messages, &fresh)?;
    Ok(fresh)
}

/// Marks days of projects to be folded, each at most once in the list.
pub fn mark_days(conn: &mut AnyConn, days: &[(i64, i32)], now: Moment) -> Result<(), StoreError> {
    match conn {
        AnyConn::Sqlite(conn) => alike::mark_days(conn, days, now),
        #[cfg(feature = "postgres")]
        AnyConn::Postgres(conn) => many::mark_days(conn, days, now),
    }
}

/// Writes the stamp and the information of devices, each at most once.
pub fn update_stamps(conn: &mut AnyConn, rows: &[(i64, String, String)]) -> Result<(), StoreError> {
    match conn {
        AnyConn::Sqlite(conn) => alike::update_stamps(conn, rows),
        #[cfg(feature = "postgres")]
        AnyConn::Postgres(conn) => many::update_stamps(conn, rows),
    }
}

/// Adds up a column of money exactly. `SUM` of integers stays an integer on SQLite and becomes numeric on PostgreSQL, so it is cast
/// back; diesel's own `sum()` would pass through a float.
///
/// `from_where` is the text after `SELECT …`, for example `FROM posting_lines WHERE project_id = 1`; it never holds outside input.
pub fn sum_fen(conn: &mut AnyConn, column: &'static str, from_where: &str) -> Result<Fen, StoreError> {
    let sql = format!("SELECT CAST(COALESCE(SUM({column}), 0) AS BIGINT) AS total {from_where}");
    let row: Total = diesel::sql_query(sql).get_result(conn)?;
    Ok(Fen(row.total))
}

/// Numbers as the inside of an `IN (…)`: for ids, which are numbers of ours and can be written as they are.
pub fn listed(numbers: impl IntoIterator<Item = i64>) -> String {
    let mut text = String::new();
    for number in numbers {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(&number.to_string());
    }
    text
}

/// Months for which partitions of punches are made ahead.
const PARTITIONS_AHEAD: i32 = 12;

/// Makes the monthly partitions of punches from this month on; nothing to do on SQLite. A month whose rows already lie in the default
/// partition (from a clock that ran ahead) stays there.
pub fn ensure_partitions(conn: &mut AnyConn, today: Day) -> Result<(), StoreError> {
    if conn.backend() == Backend::Sqlite {
        return Ok(());
    }
    let epoch = Day(chrono::NaiveDate::default());
    for month in today.month().up_to(today.month().plus(PARTITIONS_AHEAD)) {
        let (first, end) = (month.first().days_since(epoch), month.plus(1).first().days_since(epoch));
        let name = format!("punch_rows_{}", month.to_string().replace('-', "_"));
        let held: i64 = schema::punch_rows::table
            .filter(schema::punch_rows::local_day.ge(i32::try_from(first).unwrap_or(i32::MAX)))
            .filter(schema::punch_rows::local_day.lt(i32::try_from(end).unwrap_or(i32::MAX)))
            .limit(1)
            .count()
            .get_result(conn)?;
        if held == 0 {
            let sql = format!("CREATE TABLE IF NOT EXISTS {name} PARTITION OF punch_rows FOR VALUES FROM ({first}) TO ({end})");
            diesel::sql_query(sql).execute(conn)?;
        }
    }
    Ok(())
}
