//! Rows of platforms, of what is told beside the registries, and of receipts; the outbox has rows of its own.

use diesel::prelude::*;
use serde::Serialize;

use super::{PlatformState, ReportKind};
use crate::base::id::{ProjectId, RecordId};
use crate::base::{Day, Moment};
use crate::store::fixed::fixed;
use crate::store::schema::{report_fields, report_platforms, report_queues, report_receipts};
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx, journal};

/// A platform that a project reports to; its secrets are encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = report_platforms, treat_none_as_default_value = false)]
pub struct PlatformRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub name: String,
    pub address: String,
    pub profile: String,
    pub app_id: String,
    #[serde(serialize_with = "journal::bytes_as_digest")]
    pub secret: Vec<u8>,
    #[serde(serialize_with = "journal::optional_bytes_as_digest")]
    pub corp_secret: Option<Vec<u8>>,
    pub project_code: Option<String>,
    pub kinds: String,
    pub from_on: Day,
    pub state: PlatformState,
    pub created_at: Moment,
    pub changed_by: String,
    pub changed_at: Moment,
    pub recorded_seq: i64,
}

impl PlatformRow {
    /// Whether records of the kind go there.
    pub fn takes(&self, kind: ReportKind) -> bool {
        self.kinds.split(' ').any(|word| word == kind.as_str())
    }
}

/// How a platform's queue works.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = report_queues, treat_none_as_default_value = false)]
pub struct QueueRow {
    pub platform_id: RecordId,
    pub project_id: ProjectId,
    /// Why nothing is sent until a person has looked; the platform's words.
    pub stopped: Option<String>,
    pub test_asked_at: Option<Moment>,
    pub tested_at: Option<Moment>,
    pub test_outcome: Option<String>,
    pub swept_at: Option<Moment>,
    pub looked_at: Option<Moment>,
    /// Since when the platform takes nothing, how often it was tried since, and its last words.
    pub down_since: Option<Moment>,
    pub down_tries: i32,
    pub down_why: Option<String>,
    /// 1 where it was a message that it did not take, 0 where it only answers no questions.
    pub down_sends: i32,
    /// Before this nothing is tried while it is down.
    pub probe_at: Moment,
    /// When it was last found to take messages again.
    pub up_at: Option<Moment>,
}

/// One version of what is told beside the registries about a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = report_fields)]
pub struct FieldsRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub kind: ReportKind,
    pub subject_id: i64,
    #[serde(serialize_with = "journal::bytes_as_digest")]
    pub body: Vec<u8>,
    pub recorded_by: String,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

/// What a platform said at the end of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = report_receipts, treat_none_as_default_value = false)]
#[schema(as = ReportReceipt)]
pub struct ReceiptRow {
    #[serde(skip)]
    pub project_id: ProjectId,
    /// Id.
    pub id: RecordId,
    /// Platform.
    pub platform_id: RecordId,
    /// Message.
    pub call_id: RecordId,
    /// Kind of its records.
    pub kind: ReportKind,
    /// Method.
    pub method: String,
    /// `accepted`, `found` (taken, as a question showed), `refused`, `given_up` or `by_hand`.
    pub outcome: String,
    /// The platform's serial code.
    pub serial_code: Option<String>,
    /// Records of the message.
    pub items: i32,
    /// Digest of what they said.
    pub content: String,
    /// The platform's words.
    pub answer: String,
    /// When.
    pub at: Moment,
    pub recorded_seq: i64,
}

sealed_in_project! {
    PlatformRow: "report_platforms", project_id;
    FieldsRow: "report_fields", project_id;
    ReceiptRow: "report_receipts", project_id;
}

pub fn insert_platform(tx: &mut Tx<'_>, row: &PlatformRow) -> Result<(), StoreError> {
    diesel::insert_into(report_platforms::table).values(row).execute(tx.conn())?;
    fixed("INSERT INTO report_queues (platform_id, project_id) VALUES ($1, $2)")
        .big(row.id.0)
        .big(row.project_id.0)
        .execute(tx.conn())?;
    tx.seal(row)
}

pub fn update_platform(tx: &mut Tx<'_>, row: &PlatformRow) -> Result<(), StoreError> {
    use report_platforms as p;
    diesel::update(p::table.find((row.project_id, row.id)))
        .set((
            p::name.eq(&row.name),
            p::secret.eq(&row.secret),
            p::corp_secret.eq(&row.corp_secret),
            p::project_code.eq(&row.project_code),
            p::kinds.eq(&row.kinds),
            p::state.eq(row.state),
            p::changed_by.eq(&row.changed_by),
            p::changed_at.eq(row.changed_at),
            p::recorded_seq.eq(row.recorded_seq),
        ))
        .execute(tx.conn())?;
    tx.seal(row)
}

pub fn platform(conn: &mut AnyConn, project: ProjectId, id: RecordId) -> Result<Option<PlatformRow>, StoreError> {
    Ok(report_platforms::table.find((project, id)).select(PlatformRow::as_select()).get_result(conn).optional()?)
}

pub fn platforms_of(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<PlatformRow>, StoreError> {
    use report_platforms as p;
    Ok(p::table.filter(p::project_id.eq(project)).order(p::id).select(PlatformRow::as_select()).load(conn)?)
}

/// A page of all platforms, in order of id.
pub fn page(conn: &mut AnyConn, after: i64, limit: i64) -> Result<Vec<PlatformRow>, StoreError> {
    use report_platforms as p;
    let wanted = p::id.gt(RecordId(after));
    Ok(p::table.filter(wanted).order(p::id).limit(limit).select(PlatformRow::as_select()).load(conn)?)
}

pub fn queue(conn: &mut AnyConn, platform: RecordId) -> Result<Option<QueueRow>, StoreError> {
    Ok(report_queues::table.find(platform).select(QueueRow::as_select()).get_result(conn).optional()?)
}

/// Writes a queue's state.
pub fn save_queue(conn: &mut AnyConn, row: &QueueRow) -> Result<(), StoreError> {
    use report_queues as q;
    diesel::update(q::table.find(row.platform_id))
        .set((
            q::stopped.eq(&row.stopped),
            q::test_asked_at.eq(row.test_asked_at),
            q::tested_at.eq(row.tested_at),
            q::test_outcome.eq(&row.test_outcome),
            q::swept_at.eq(row.swept_at),
            q::looked_at.eq(row.looked_at),
            (q::down_since.eq(row.down_since), q::down_tries.eq(row.down_tries), q::down_why.eq(&row.down_why)),
            (q::down_sends.eq(row.down_sends), q::probe_at.eq(row.probe_at), q::up_at.eq(row.up_at)),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn insert_fields(tx: &mut Tx<'_>, row: &FieldsRow) -> Result<(), StoreError> {
    diesel::insert_into(report_fields::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// What was told beside the registries of a kind, oldest first: the last row of a subject holds.
pub fn fields_of(conn: &mut AnyConn, project: ProjectId, kind: ReportKind) -> Result<Vec<FieldsRow>, StoreError> {
    use report_fields as f;
    let wanted = f::project_id.eq(project).and(f::kind.eq(kind));
    Ok(f::table.filter(wanted).order(f::id).select(FieldsRow::as_select()).load(conn)?)
}

pub fn insert_receipt(tx: &mut Tx<'_>, row: &ReceiptRow) -> Result<(), StoreError> {
    diesel::insert_into(report_receipts::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// Receipts of a platform, the latest first, before an id.
pub fn receipts(
    conn: &mut AnyConn,
    project: ProjectId,
    platform: RecordId,
    before: i64,
    limit: i64,
) -> Result<Vec<ReceiptRow>, StoreError> {
    use report_receipts as r;
    let wanted = r::project_id.eq(project).and(r::platform_id.eq(platform)).and(r::id.lt(RecordId(before)));
    Ok(r::table.filter(wanted).order(r::id.desc()).limit(limit).select(ReceiptRow::as_select()).load(conn)?)
}

/// Every row, for `verify`.
pub fn all_platforms(conn: &mut AnyConn) -> Result<Vec<PlatformRow>, StoreError> {
    Ok(report_platforms::table.order(report_platforms::id).select(PlatformRow::as_select()).load(conn)?)
}

/// Every row, for `verify`.
pub fn all_fields(conn: &mut AnyConn) -> Result<Vec<FieldsRow>, StoreError> {
    Ok(report_fields::table.order(report_fields::id).select(FieldsRow::as_select()).load(conn)?)
}

/// Every row, for `verify`.
pub fn all_receipts(conn: &mut AnyConn) -> Result<Vec<ReceiptRow>, StoreError> {
    Ok(report_receipts::table.order(report_receipts::id).select(ReceiptRow::as_select()).load(conn)?)
}
