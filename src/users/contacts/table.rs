//! Rows of contacts, and who is to hear of a project.

use std::collections::BTreeSet;

use diesel::prelude::*;
use serde::Serialize;

use crate::base::id::{RecordId, UserId};
use crate::base::{Day, Moment};
use crate::store::schema::{former_addresses, grants, user_contacts, users};
use crate::store::{AnyConn, Chain, Sealed, StoreError, Tx, journal};
use crate::users::UserState;
use crate::users::table::GrantRow;
use crate::web::{Lang, Role};

/// How a user is reached; the address is encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = user_contacts, treat_none_as_default_value = false)]
pub struct ContactRow {
    pub user_id: UserId,
    #[serde(serialize_with = "journal::optional_bytes_as_digest")]
    pub email: Option<Vec<u8>>,
    pub language: Lang,
    pub changed_at: Moment,
    pub recorded_seq: i64,
}

impl Sealed for ContactRow {
    const TABLE: &'static str = "user_contacts";
    fn chain(&self) -> Chain {
        Chain::Organisation
    }
    fn key(&self) -> String {
        self.user_id.to_string()
    }
}

/// An address that a user was reached at before, by its blind index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = former_addresses)]
pub struct FormerRow {
    pub id: RecordId,
    pub user_id: UserId,
    pub address_index: String,
    pub left_at: Moment,
    pub recorded_seq: i64,
}

impl Sealed for FormerRow {
    const TABLE: &'static str = "former_addresses";
    fn chain(&self) -> Chain {
        Chain::Organisation
    }
    fn key(&self) -> String {
        self.id.to_string()
    }
}

pub fn insert_former(tx: &mut Tx<'_>, row: &FormerRow) -> Result<(), StoreError> {
    diesel::insert_into(former_addresses::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// The addresses that a user left since a moment, by their indexes.
pub fn left_since(conn: &mut AnyConn, user: UserId, since: Moment) -> Result<Vec<String>, StoreError> {
    Ok(former_addresses::table
        .filter(former_addresses::user_id.eq(user).and(former_addresses::left_at.ge(since)))
        .select(former_addresses::address_index)
        .load(conn)?)
}

/// Every former address, for `verify`.
pub fn all_former(conn: &mut AnyConn) -> Result<Vec<FormerRow>, StoreError> {
    Ok(former_addresses::table.order(former_addresses::id).select(FormerRow::as_select()).load(conn)?)
}

/// Writes a user's contact, the first or a changed one.
pub fn put(tx: &mut Tx<'_>, row: &ContactRow) -> Result<(), StoreError> {
    use user_contacts as c;
    let changed = diesel::update(c::table.find(row.user_id))
        .set((
            c::email.eq(&row.email),
            c::language.eq(row.language),
            c::changed_at.eq(row.changed_at),
            c::recorded_seq.eq(row.recorded_seq),
        ))
        .execute(tx.conn())?;
    if changed == 0 {
        diesel::insert_into(c::table).values(row).execute(tx.conn())?;
    }
    tx.seal(row)
}

pub fn find(conn: &mut AnyConn, user: UserId) -> Result<Option<ContactRow>, StoreError> {
    Ok(user_contacts::table.find(user).select(ContactRow::as_select()).first(conn).optional()?)
}

/// Whether the user may log in.
pub fn is_active(conn: &mut AnyConn, user: UserId) -> Result<bool, StoreError> {
    let state: Option<UserState> = users::table.find(user).select(users::state).first(conn).optional()?;
    Ok(state == Some(UserState::Active))
}

/// The grants of these roles that hold on a day, of users who may log in, in order of user.
pub fn grants_of_roles(conn: &mut AnyConn, roles: &[Role], today: Day) -> Result<Vec<GrantRow>, StoreError> {
    let rows: Vec<GrantRow> = grants::table
        .filter(grants::role.eq_any(roles.to_vec()))
        .order((grants::user_id, grants::id))
        .select(GrantRow::as_select())
        .load(conn)?;
    let asked: BTreeSet<UserId> = rows.iter().map(|row| row.user_id).collect();
    let active: Vec<UserId> = users::table
        .filter(users::id.eq_any(asked.into_iter().collect::<Vec<_>>()).and(users::state.eq(UserState::Active)))
        .select(users::id)
        .load(conn)?;
    let active: BTreeSet<UserId> = active.into_iter().collect();
    let holds = |row: &GrantRow| row.from_on <= today && row.until_on.is_none_or(|end| today <= end);
    Ok(rows.into_iter().filter(|row| holds(row) && active.contains(&row.user_id)).collect())
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<ContactRow>, StoreError> {
    Ok(user_contacts::table.order(user_contacts::user_id).select(ContactRow::as_select()).load(conn)?)
}
