//! How the values of `base` travel to and from columns: ids, fen and moments as BIGINT, days as DATE.
//!
//! Each implementation is generic over the backend, so that the same row type works on both databases.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::{BigInt, Date, Integer};

use crate::base::id::{
    AccountId, AmendmentId, AnswerId, ApiKeyId, BankEntryId, CaseId, CrewId, DepositId, DeviceId, DocumentId, FactId, FindingId,
    InboxId, JobId, LineId, MatterId, PartyId, PayRunId, PostingId, ProjectId, QuarantineId, RecordId, SheetId, StatementId,
    UserId, WorkerId,
};
use crate::base::{Day, Fen, Moment, Month, RegionCode};

/// Expressions and rows for a type that is stored as one SQL type.
macro_rules! column_type {
    ($type:ty, $sql:ty) => {
        impl diesel::expression::AsExpression<$sql> for $type {
            type Expression = diesel::internal::derives::as_expression::Bound<$sql, Self>;
            fn as_expression(self) -> Self::Expression {
                diesel::internal::derives::as_expression::Bound::new(self)
            }
        }
        impl<'expr> diesel::expression::AsExpression<$sql> for &'expr $type {
            type Expression = diesel::internal::derives::as_expression::Bound<$sql, Self>;
            fn as_expression(self) -> Self::Expression {
                diesel::internal::derives::as_expression::Bound::new(self)
            }
        }
        impl diesel::expression::AsExpression<diesel::sql_types::Nullable<$sql>> for $type {
            type Expression = diesel::internal::derives::as_expression::Bound<diesel::sql_types::Nullable<$sql>, Self>;
            fn as_expression(self) -> Self::Expression {
                diesel::internal::derives::as_expression::Bound::new(self)
            }
        }
        impl<'expr> diesel::expression::AsExpression<diesel::sql_types::Nullable<$sql>> for &'expr $type {
            type Expression = diesel::internal::derives::as_expression::Bound<diesel::sql_types::Nullable<$sql>, Self>;
            fn as_expression(self) -> Self::Expression {
                diesel::internal::derives::as_expression::Bound::new(self)
            }
        }
        impl<DB: diesel::backend::Backend> diesel::serialize::ToSql<diesel::sql_types::Nullable<$sql>, DB> for $type
        where
            Self: diesel::serialize::ToSql<$sql, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut diesel::serialize::Output<'b, '_, DB>) -> diesel::serialize::Result {
                <Self as diesel::serialize::ToSql<$sql, DB>>::to_sql(self, out)
            }
        }
        impl<DB: diesel::backend::Backend, ST: diesel::sql_types::SingleValue> diesel::deserialize::Queryable<ST, DB> for $type
        where
            Self: diesel::deserialize::FromSql<ST, DB>,
        {
            type Row = Self;
            fn build(row: Self) -> diesel::deserialize::Result<Self> {
                Ok(row)
            }
        }
    };
}
pub(crate) use column_type;

/// A tuple struct around the Rust type of its column.
macro_rules! newtype_column {
    ($($type:ident: $inner:ty => $sql:ty,)*) => {$(
        column_type!($type, $sql);
        impl<DB: Backend> ToSql<$sql, DB> for $type
        where
            $inner: ToSql<$sql, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                self.0.to_sql(out)
            }
        }
        impl<DB: Backend> FromSql<$sql, DB> for $type
        where
            $inner: FromSql<$sql, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
                <$inner as FromSql<$sql, DB>>::from_sql(bytes).map($type)
            }
        }
    )*};
}

newtype_column! {
    Fen: i64 => BigInt,
    Moment: i64 => BigInt,
    Day: chrono::NaiveDate => Date,
    Month: chrono::NaiveDate => Date,
    RegionCode: i32 => Integer,
    UserId: i64 => BigInt,
    ApiKeyId: i64 => BigInt,
    AmendmentId: i64 => BigInt,
    PartyId: i64 => BigInt,
    ProjectId: i64 => BigInt,
    DocumentId: i64 => BigInt,
    CrewId: i64 => BigInt,
    WorkerId: i64 => BigInt,
    AccountId: i64 => BigInt,
    StatementId: i64 => BigInt,
    BankEntryId: i64 => BigInt,
    PostingId: i64 => BigInt,
    DeviceId: i64 => BigInt,
    InboxId: i64 => BigInt,
    QuarantineId: i64 => BigInt,
    SheetId: i64 => BigInt,
    LineId: i64 => BigInt,
    PayRunId: i64 => BigInt,
    DepositId: i64 => BigInt,
    CaseId: i64 => BigInt,
    MatterId: i64 => BigInt,
    AnswerId: i64 => BigInt,
    FactId: i64 => BigInt,
    FindingId: i64 => BigInt,
    JobId: i64 => BigInt,
    RecordId: i64 => BigInt,
}

/// An enum of `base::words!` stored as its word.
macro_rules! word_column {
    ($($type:ty),* $(,)?) => {$(
        $crate::store::types::column_type!($type, diesel::sql_types::Text);
        impl<DB> diesel::serialize::ToSql<diesel::sql_types::Text, DB> for $type
        where
            DB: diesel::backend::Backend,
            str: diesel::serialize::ToSql<diesel::sql_types::Text, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut diesel::serialize::Output<'b, '_, DB>) -> diesel::serialize::Result {
                self.as_str().to_sql(out)
            }
        }
        impl<DB> diesel::deserialize::FromSql<diesel::sql_types::Text, DB> for $type
        where
            DB: diesel::backend::Backend,
            String: diesel::deserialize::FromSql<diesel::sql_types::Text, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
                let word = <String as diesel::deserialize::FromSql<diesel::sql_types::Text, DB>>::from_sql(bytes)?;
                word.parse().map_err(Into::into)
            }
        }
    )*};
}
pub(crate) use word_column;
