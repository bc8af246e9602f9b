//! Rows of bank profiles and of the profiles that accounts name.

use diesel::prelude::*;
use serde::Serialize;

use super::{DEFAULT, OrderVersion, Profile};
use crate::accounts::table::AccountRow;
use crate::base::id::{AccountId, ProjectId, RecordId};
use crate::base::{Fen, Moment};
use crate::store::bulk::directly;
use crate::store::schema::{account_profiles, bank_profiles};
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, Chain, Sealed, StoreError, Tx};
use crate::wire::iso20022::limits::{CharSet, Limits};

/// A version of a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = bank_profiles)]
#[schema(as = BankProfile)]
pub struct ProfileRow {
    pub code: String,
    pub version: i32,
    pub name: String,
    pub detail_pays: bool,
    pub accc_pays: bool,
    pub acsc_pays: bool,
    pub acsp_pays: bool,
    pub credits_back_days: i32,
    pub lines_max: i32,
    #[serde(rename = "file_max")]
    pub file_fen_max: Option<Fen>,
    #[serde(rename = "line_max")]
    pub line_fen_max: Option<Fen>,
    pub batch_booking: bool,
    pub order_version: OrderVersion,
    pub silence_days: i32,
    pub recorded_by: String,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
    /// Characters of a payee's name at most; as are the others below, absent where the bank has not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_max: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card_min: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card_max: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card_luhn: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_max: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charset: Option<CharSet>,
}

/// That an account goes by a profile from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = account_profiles)]
#[schema(as = AccountProfile)]
pub struct ChoiceRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub account_id: AccountId,
    pub profile: String,
    pub recorded_by: String,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

impl Sealed for ProfileRow {
    const TABLE: &'static str = "bank_profiles";
    fn chain(&self) -> Chain {
        Chain::Organisation
    }
    fn key(&self) -> String {
        format!("{}/{}", self.code, self.version)
    }
}

sealed_in_project! {
    ChoiceRow: "account_profiles", project_id;
}

/// A limit as kept: nothing where it is the one of the schemas.
pub fn limit_kept(value: usize, usual: usize) -> Option<i32> {
    if value == usual { None } else { i32::try_from(value).ok() }
}

fn limit_read(value: Option<i32>, usual: usize) -> usize {
    value.and_then(|value| usize::try_from(value).ok()).unwrap_or(usual)
}

impl From<ProfileRow> for Profile {
    fn from(row: ProfileRow) -> Self {
        let usual = Limits::default();
        let limits = Limits {
            name_max: limit_read(row.name_max, usual.name_max),
            card_min: limit_read(row.card_min, usual.card_min),
            card_max: limit_read(row.card_max, usual.card_max),
            card_luhn: row.card_luhn.unwrap_or(usual.card_luhn),
            text_max: limit_read(row.text_max, usual.text_max),
            charset: row.charset.unwrap_or(usual.charset),
        };
        Profile {
            code: row.code,
            name: row.name,
            detail_pays: row.detail_pays,
            accc_pays: row.accc_pays,
            acsc_pays: row.acsc_pays,
            acsp_pays: row.acsp_pays,
            credits_back_days: row.credits_back_days,
            lines_max: row.lines_max,
            file_fen_max: row.file_fen_max,
            line_fen_max: row.line_fen_max,
            batch_booking: row.batch_booking,
            order_version: row.order_version,
            silence_days: row.silence_days,
            limits,
        }
    }
}

pub fn insert(tx: &mut Tx<'_>, row: &ProfileRow) -> Result<(), StoreError> {
    diesel::insert_into(bank_profiles::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn insert_choice(tx: &mut Tx<'_>, row: &ChoiceRow) -> Result<(), StoreError> {
    diesel::insert_into(account_profiles::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// The latest version of a profile.
pub fn latest(conn: &mut AnyConn, code: &str) -> Result<Option<ProfileRow>, StoreError> {
    Ok(directly!(conn, conn => bank_profiles::table
        .filter(bank_profiles::code.eq(code))
        .order(bank_profiles::version.desc())
        .select(ProfileRow::as_select())
        .first(conn))
    .optional()?)
}

/// The profile that an account named last, by its code.
pub fn choice(conn: &mut AnyConn, account: &AccountRow) -> Result<Option<String>, StoreError> {
    use account_profiles as a;
    Ok(a::table
        .filter(a::project_id.eq(account.project_id).and(a::account_id.eq(account.id)))
        .order(a::id.desc())
        .select(a::profile)
        .first(conn)
        .optional()?)
}

/// The profile that an account goes by.
pub fn of_account(conn: &mut AnyConn, account: &AccountRow) -> Result<Profile, StoreError> {
    let code = choice(conn, account)?.unwrap_or_else(|| DEFAULT.to_owned());
    Ok(latest(conn, &code)?.map_or_else(Profile::built_in, Profile::from))
}

/// Every version, for lists and for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<ProfileRow>, StoreError> {
    Ok(bank_profiles::table.order((bank_profiles::code, bank_profiles::version)).select(ProfileRow::as_select()).load(conn)?)
}

pub fn all_choices(conn: &mut AnyConn) -> Result<Vec<ChoiceRow>, StoreError> {
    use account_profiles as a;
    Ok(a::table.order((a::project_id, a::id)).select(ChoiceRow::as_select()).load(conn)?)
}
