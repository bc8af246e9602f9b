//! Rows of freezes as banks tell them: append only.

use diesel::prelude::*;
use serde::Serialize;

use super::FreezeAct;
use crate::base::id::{AccountId, InboxId, MatterId, ProjectId, RecordId};
use crate::base::{Day, Fen, Moment};
use crate::store::schema::{account_freezes, matter_steps};
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx};

/// A bank's word on a freeze. `document` is the number of the paper by which it was frozen; `by_whom` who froze; `reason` a word of the
/// law's list where the bank gave one; `amount_fen` what was frozen, `None` where the bank did not say (the whole account).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = account_freezes, treat_none_as_default_value = false)]
pub struct FreezeRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub account_id: AccountId,
    pub inbox_id: InboxId,
    pub act: FreezeAct,
    pub document: String,
    pub by_whom: Option<String>,
    pub reason: Option<String>,
    pub amount_fen: Option<Fen>,
    pub happened_on: Day,
    pub told_by: String,
    pub occurred_at: Moment,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

sealed_in_project! {
    FreezeRow: "account_freezes", project_id;
}

pub fn insert(tx: &mut Tx<'_>, row: &FreezeRow) -> Result<(), StoreError> {
    diesel::insert_into(account_freezes::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// What was told of one document on an account.
pub fn told(conn: &mut AnyConn, project: ProjectId, account: AccountId, document: &str) -> Result<Vec<FreezeRow>, StoreError> {
    use account_freezes as f;
    Ok(f::table
        .filter(f::project_id.eq(project).and(f::account_id.eq(account)).and(f::document.eq(document)))
        .order(f::id)
        .select(FreezeRow::as_select())
        .load(conn)?)
}

/// One word.
pub fn find(conn: &mut AnyConn, project: ProjectId, id: RecordId) -> Result<Option<FreezeRow>, StoreError> {
    use account_freezes as f;
    Ok(f::table.filter(f::project_id.eq(project).and(f::id.eq(id))).select(FreezeRow::as_select()).first(conn).optional()?)
}

/// Every word of a project in the order of record.
pub fn of_project(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<FreezeRow>, StoreError> {
    use account_freezes as f;
    Ok(f::table.filter(f::project_id.eq(project)).order(f::id).select(FreezeRow::as_select()).load(conn)?)
}

/// What a person recorded of a freeze: a step of its matter, read here because a pay run stands below matters and must not pass it over.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = matter_steps)]
pub struct FreezeStep {
    pub matter_id: MatterId,
    pub step: String,
    pub happened_on: Day,
    pub amount_fen: Option<Fen>,
    pub subject: Option<String>,
    pub reason: Option<String>,
    pub note: Option<String>,
}

impl FreezeStep {
    /// Whether the account was frozen with it.
    pub fn is_beginning(&self) -> bool {
        self.step == "frozen"
    }

    /// Whether the freeze ended with it.
    pub fn is_end(&self) -> bool {
        self.step == "freeze_lifted"
    }

    /// Whether a surplus was found that stays frozen.
    pub fn is_surplus(&self) -> bool {
        self.step == "surplus_frozen"
    }
}

/// Steps of a project's freezes in the order of record.
pub fn steps_of(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<FreezeStep>, StoreError> {
    use matter_steps as m;
    Ok(m::table
        .filter(m::project_id.eq(project).and(m::kind.eq("account_freeze")))
        .order(m::id)
        .select(FreezeStep::as_select())
        .load(conn)?)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<FreezeRow>, StoreError> {
    Ok(account_freezes::table.order(account_freezes::id).select(FreezeRow::as_select()).load(conn)?)
}
