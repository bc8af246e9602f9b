//! Rows of credit records.

use diesel::prelude::*;
use serde::Serialize;

use super::CreditKind;
use crate::base::id::{DocumentId, PartyId, RecordId};
use crate::base::{Day, Moment, RegionCode};
use crate::store::schema::credit_records;
use crate::store::{AnyConn, Chain, Sealed, StoreError, Tx};

/// A record; `value` says where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = credit_records)]
#[schema(as = CreditRecord)]
pub struct CreditRow {
    pub id: RecordId,
    pub party_id: PartyId,
    pub kind: CreditKind,
    pub region: RegionCode,
    pub valid_on: Day,
    pub until_on: Option<Day>,
    #[serde(rename = "source")]
    pub value: String,
    pub document_id: Option<DocumentId>,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

impl Sealed for CreditRow {
    const TABLE: &'static str = "credit_records";
    fn chain(&self) -> Chain {
        Chain::Organisation
    }
    fn key(&self) -> String {
        self.id.to_string()
    }
}

pub fn insert(tx: &mut Tx<'_>, row: &CreditRow) -> Result<(), StoreError> {
    diesel::insert_into(credit_records::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// Every record of a company, in the order of recording.
pub fn of_party(conn: &mut AnyConn, party: PartyId) -> Result<Vec<CreditRow>, StoreError> {
    Ok(credit_records::table
        .filter(credit_records::party_id.eq(party))
        .order(credit_records::id)
        .select(CreditRow::as_select())
        .load(conn)?)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<CreditRow>, StoreError> {
    Ok(credit_records::table.order(credit_records::id).select(CreditRow::as_select()).load(conn)?)
}
