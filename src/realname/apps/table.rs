//! Rows of apps.

use diesel::prelude::*;
use serde::Serialize;

use super::AppState;
use crate::base::Moment;
use crate::base::id::{PartyId, ProjectId, RecordId};
use crate::store::schema::realname_apps;
use crate::store::{AnyConn, Chain, Sealed, StoreError, Tx, journal};

/// An app; its secrets are encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = realname_apps, treat_none_as_default_value = false)]
pub struct AppRow {
    pub id: RecordId,
    pub app_id: String,
    pub name: String,
    pub profile: String,
    pub project_id: Option<ProjectId>,
    pub party_id: Option<PartyId>,
    #[serde(serialize_with = "journal::bytes_as_digest")]
    pub secret: Vec<u8>,
    #[serde(serialize_with = "journal::optional_bytes_as_digest")]
    pub corp_secret: Option<Vec<u8>>,
    pub addresses: String,
    pub methods: String,
    pub state: AppState,
    pub created_at: Moment,
    pub changed_at: Moment,
    pub recorded_seq: i64,
}

impl Sealed for AppRow {
    const TABLE: &'static str = "realname_apps";
    fn chain(&self) -> Chain {
        Chain::Organisation
    }
    fn key(&self) -> String {
        self.id.to_string()
    }
}

pub fn insert(tx: &mut Tx<'_>, row: &AppRow) -> Result<(), StoreError> {
    diesel::insert_into(realname_apps::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn update(tx: &mut Tx<'_>, row: &AppRow) -> Result<(), StoreError> {
    use realname_apps as a;
    diesel::update(a::table.find(row.id))
        .set((
            a::name.eq(&row.name),
            a::secret.eq(&row.secret),
            a::corp_secret.eq(&row.corp_secret),
            a::addresses.eq(&row.addresses),
            a::methods.eq(&row.methods),
            a::state.eq(row.state),
            a::changed_at.eq(row.changed_at),
            a::recorded_seq.eq(row.recorded_seq),
        ))
        .execute(tx.conn())?;
    tx.seal(row)
}

pub fn find(conn: &mut AnyConn, id: RecordId) -> Result<Option<AppRow>, StoreError> {
    Ok(realname_apps::table.find(id).select(AppRow::as_select()).get_result(conn).optional()?)
}

pub fn by_app_id(conn: &mut AnyConn, app_id: &str) -> Result<Option<AppRow>, StoreError> {
    use realname_apps as a;
    Ok(a::table.filter(a::app_id.eq(app_id)).select(AppRow::as_select()).get_result(conn).optional()?)
}

/// A page of all apps in order of id.
pub fn page(conn: &mut AnyConn, after: i64, limit: i64) -> Result<Vec<AppRow>, StoreError> {
    use realname_apps as a;
    Ok(a::table.filter(a::id.gt(RecordId(after))).order(a::id).limit(limit).select(AppRow::as_select()).load(conn)?)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<AppRow>, StoreError> {
    Ok(realname_apps::table.order(realname_apps::id).select(AppRow::as_select()).load(conn)?)
}
