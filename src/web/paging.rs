//! Seek paging: an opaque cursor over ids that grow, no totals, no offsets.

use serde::{Deserialize, Serialize};

use super::{Code, Problem};
use crate::base::id;

/// Rows of a page when the asker does not say.
const LIMIT_DEFAULT: i64 = 50;

/// Rows of a page at most.
pub const LIMIT_MAX: i64 = 200;

/// `?after=CURSOR&limit=N`.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct PageQuery {
    after: Option<String>,
    limit: Option<i64>,
}

impl PageQuery {
    /// From single query fields; `flatten` cannot read numbers from a query.
    pub fn new(after: Option<String>, limit: Option<i64>) -> Self {
        Self { after, limit }
    }

    /// The id after which the page begins (0 for the first page) and the rows wanted, between 1 and [`LIMIT_MAX`].
    pub fn bounds(&self) -> Result<(i64, i64), Problem> {
        let limit = self.limit.unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX);
        let Some(cursor) = &self.after else { return Ok((0, limit)) };
        let after = id::decode(cursor).ok_or_else(|| {
            Problem::new(Code::Malformed, "after 不是本服务给出的游标。", "`after` is not a cursor of this service.")
                .at("after", "bad_format")
        })?;
        Ok((after, limit))
    }
}

/// A page of rows.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// Rows.
    pub items: Vec<T>,
    /// Cursor of the next page, `null` on the last.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A page from rows that were asked for with `limit + 1`, keyed by `key`.
    pub fn cut(mut rows: Vec<T>, limit: i64, key: impl Fn(&T) -> i64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = if more { rows.last().map(|row| id::encode(key(row))) } else { None };
        Page { items: rows, next }
    }
}
