//! `known_at`: a question that is answered by what was on record at an earlier moment, under the law that the service answered by then.
//!
//! The access gate reads the parameter and the rights are today's; [`super::Call::read`] and [`super::Visit::read`] then read the
//! past instead of the present, so a handler does not know which of them it is asked about.

use std::sync::Arc;

use super::{Ctx, Ground, InForce, Problem};
use crate::base::id::ProjectId;
use crate::base::{Day, Moment};
use crate::law::LawBook;
use crate::store::{AnyConn, Past, StoreError, law_books};

/// The past that a request asks about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownAt {
    /// What was recorded after it is not known.
    pub at: Moment,
    /// Whose past.
    pub of: Past,
}

/// Reads `known_at`: a moment, or a civil day, which stands for its end.
///
/// # Errors
/// Text that is neither, and a moment to come: what will be on record nobody knows.
pub fn parse(text: &str, now: Moment) -> Result<Moment, Problem> {
    let wrong = || {
        Problem::invalid(
            "known_at 应为日期（2026-03-02）或时刻（2026-03-02T18:00:00+08:00）。",
            "Write known_at as a day (2026-03-02) or a moment (2026-03-02T18:00:00+08:00).",
        )
        .at("known_at", "bad_time")
    };
    let at = match text.parse::<Day>() {
        Ok(day) => Moment(day.plus_days(1).begins().0 - 1),
        Err(_) => text.parse::<Moment>().map_err(|_| wrong())?,
    };
    if at > now {
        let problem = Problem::invalid("known_at 不能晚于现在。", "known_at must not lie in the future.");
        return Err(problem.at("known_at", "bad_time"));
    }
    Ok(at)
}

/// Whose past a path is about: the project that it names, none where it names a company, else all.
pub fn of_path(project: Option<&str>, party: Option<&str>) -> Past {
    match (project.and_then(|text| text.parse::<ProjectId>().ok()), party) {
        (Some(project), _) => Past::Of(vec![project]),
        (None, Some(_)) => Past::Of(Vec::new()),
        (None, None) => Past::OfAll,
    }
}

/// The context as it was: the law of that moment, and the civil day unless the asker's own clock stands before it.
pub(super) fn context(conn: &mut AnyConn, ctx: &Ctx, at: Moment) -> Result<Ctx, Problem> {
    let law = in_force_at(conn, &ctx.ground, at)?;
    Ok(Ctx { law: Some(law), today: at.day().min(ctx.today), ..ctx.clone() })
}

/// The law by which the service answered at a moment.
pub fn in_force_at(conn: &mut AnyConn, ground: &Ground, at: Moment) -> Result<Arc<InForce>, Problem> {
    let current = ground.in_force();
    let Some(active) = law_books::active_at(conn, at)? else { return Ok(current) };
    if active.law_book == current.book.hash() {
        return Ok(Arc::new(InForce { policy: active.policy, ..current.as_ref().clone() }));
    }
    let damaged = || StoreError::Damaged(format!("law book {} cannot be read any more", active.law_book));
    let files = law_books::files(conn, &active.law_book)?.ok_or_else(damaged)?;
    let book = LawBook::from_stored(files.clone()).map_err(|_| damaged())?;
    let (book, files) = (Arc::new(book), Arc::new(files));
    Ok(Arc::new(InForce { book, files, policy: active.policy, activation: current.activation }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_stands_for_its_end_and_nothing_to_come_is_known() {
        let now: Moment = "2026-03-02T18:00:00+08:00".parse().unwrap();
        let end: Moment = "2026-03-01T23:59:59.999999+08:00".parse().unwrap();
        assert_eq!(parse("2026-03-01", now).unwrap(), end);
        assert_eq!(parse("2026-03-02T18:00:00+08:00", now).unwrap(), now);
        for text in ["2026-03-02", "2026-03-02T18:00:01+08:00", "", "now", "2026-02-30", "20260301"] {
            assert!(parse(text, now).is_err(), "{text} was taken");
        }
    }
}
