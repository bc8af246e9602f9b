//! Rows of notices.

use diesel::prelude::*;

use super::{NoticeKind, NoticeState};
use crate::base::Moment;
use crate::base::id::{ProjectId, RecordId, UserId};
use crate::store::bulk::directly;
use crate::store::schema::notices;
use crate::store::{AnyConn, StoreError};

/// A notice; `words` is [`super::Words`] as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = notices, treat_none_as_default_value = false)]
pub struct NoticeRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub user_id: UserId,
    pub kind: NoticeKind,
    pub subject: String,
    pub urgent: bool,
    pub words: String,
    pub state: NoticeState,
    pub first_seen_at: Moment,
    pub told_at: Option<Moment>,
    pub cured_at: Option<Moment>,
}

pub fn insert(conn: &mut AnyConn, row: &NoticeRow) -> Result<(), StoreError> {
    diesel::insert_into(notices::table).values(row).execute(conn)?;
    Ok(())
}

/// Notices of a project and kind that are not cured.
pub fn standing(conn: &mut AnyConn, project: ProjectId, kind: NoticeKind) -> Result<Vec<NoticeRow>, StoreError> {
    Ok(directly!(conn, conn => notices::table
        .filter(notices::project_id.eq(project).and(notices::kind.eq(kind)).and(notices::state.ne(NoticeState::Cured)))
        .order(notices::id)
        .select(NoticeRow::as_select())
        .load(conn))?)
}

/// Writes what a notice says anew, and whether it is to be told (again).
pub fn reword(conn: &mut AnyConn, row: &NoticeRow) -> Result<(), StoreError> {
    diesel::update(notices::table.find((row.project_id, row.id)))
        .set((notices::urgent.eq(row.urgent), notices::words.eq(&row.words), notices::state.eq(row.state)))
        .execute(conn)?;
    Ok(())
}

pub fn mark_told(conn: &mut AnyConn, row: &NoticeRow, now: Moment) -> Result<(), StoreError> {
    diesel::update(notices::table.find((row.project_id, row.id)).filter(notices::state.eq(NoticeState::Open)))
        .set((notices::state.eq(NoticeState::Told), notices::told_at.eq(now)))
        .execute(conn)?;
    Ok(())
}

pub fn mark_cured(conn: &mut AnyConn, row: &NoticeRow, now: Moment) -> Result<(), StoreError> {
    diesel::update(notices::table.find((row.project_id, row.id)))
        .set((notices::state.eq(NoticeState::Cured), notices::cured_at.eq(now)))
        .execute(conn)?;
    Ok(())
}

/// Deletes notices that were cured before a moment.
pub fn prune(conn: &mut AnyConn, before: Moment) -> Result<usize, StoreError> {
    let old = notices::table.filter(notices::state.eq(NoticeState::Cured).and(notices::cured_at.lt(before)));
    Ok(diesel::delete(old).execute(conn)?)
}

/// People with notices that they were not told of.
pub fn users_with_open(conn: &mut AnyConn) -> Result<Vec<UserId>, StoreError> {
    Ok(notices::table
        .filter(notices::state.eq(NoticeState::Open))
        .order(notices::user_id)
        .select(notices::user_id)
        .distinct()
        .load(conn)?)
}

/// A person's open notices, by project, the urgent first, at most `limit`.
pub fn open_of(conn: &mut AnyConn, user: UserId, limit: i64) -> Result<Vec<NoticeRow>, StoreError> {
    Ok(notices::table
        .filter(notices::user_id.eq(user).and(notices::state.eq(NoticeState::Open)))
        .order((notices::project_id, notices::urgent.desc(), notices::id))
        .limit(limit)
        .select(NoticeRow::as_select())
        .load(conn)?)
}

/// A person's notices that are not cured, newest last, after an id.
pub fn page_of(conn: &mut AnyConn, user: UserId, after: i64, limit: i64) -> Result<Vec<NoticeRow>, StoreError> {
    Ok(notices::table
        .filter(notices::user_id.eq(user).and(notices::state.ne(NoticeState::Cured)).and(notices::id.gt(RecordId(after))))
        .order(notices::id)
        .limit(limit)
        .select(NoticeRow::as_select())
        .load(conn)?)
}

/// Every notice of a project, oldest first.
pub fn of_project(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<NoticeRow>, StoreError> {
    Ok(notices::table.filter(notices::project_id.eq(project)).order(notices::id).select(NoticeRow::as_select()).load(conn)?)
}
