//! What the API takes and gives of platforms, records and differences.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::outbox::table::{self as outbox, Counted, RecordRow};
use super::table::{self, PlatformRow, QueueRow};
use super::{Belief, PlatformState, RecordState, ReportKind};
use crate::base::id::RecordId;
use crate::base::{Day, Moment};
use crate::store::AnyConn;
use crate::web::Problem;
use crate::wire::openapi::writing::Drift;

/// A platform to be added.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddReportPlatform {
    /// Name for people.
    pub(super) name: String,
    /// Where it takes requests, whole.
    pub(super) address: String,
    /// Profile; the national one where none is named.
    pub(super) profile: Option<String>,
    /// Id that it issued.
    pub(super) app_id: String,
    /// The secret of 32 bytes.
    pub(super) secret: String,
    /// The second secret, where the platform asks for `corpsign`.
    pub(super) corp_secret: Option<String>,
    /// The code that it has given the project already.
    pub(super) project_code: Option<String>,
    /// Kinds that go there; none for all.
    #[serde(default)]
    pub(super) kinds: Vec<ReportKind>,
    /// The first day that is reported; today where none is named.
    pub(super) from_on: Option<Day>,
}

/// What of a platform may change.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportTerms {
    /// The new secret; the one on record where none is given.
    pub(super) secret: Option<String>,
    /// The new second secret.
    pub(super) corp_secret: Option<String>,
    /// The code that it has given the project.
    pub(super) project_code: Option<String>,
    /// Kinds that go there; none for all.
    #[serde(default)]
    pub(super) kinds: Vec<ReportKind>,
}

/// Whether a platform is reported to.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetReportState {
    pub(super) state: PlatformState,
}

/// Why a record counts as accepted.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettleReport {
    /// 1 to 200 characters.
    pub(super) note: String,
}

/// Fields by their names in the protocol; an empty text takes one back.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportFields {
    #[schema(value_type = Object)]
    pub(super) fields: serde_json::Map<String, Value>,
}

/// How many lists the platform is asked for.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ListsAsked {
    pub(super) lists: usize,
}

/// A platform without its secrets.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReportPlatform {
    /// Id.
    pub id: RecordId,
    /// Name for people.
    pub name: String,
    /// Where it takes requests.
    pub address: String,
    /// Profile.
    pub profile: String,
    /// Id that it issued.
    pub app_id: String,
    /// The code that it has given the project, where a person entered it.
    pub project_code: Option<String>,
    /// Kinds that go there.
    pub kinds: Vec<String>,
    /// The first day that is reported.
    pub from_on: Day,
    /// Whether it is reported to.
    pub state: PlatformState,
    /// Why nothing is sent until a person resumes it; the platform's words.
    pub stopped: Option<String>,
    /// Since when it takes nothing; what waits goes out by itself when it does again.
    pub down_since: Option<Moment>,
    /// How often it was tried since.
    pub down_tries: i32,
    /// Its last words.
    pub down_why: Option<String>,
    /// When it is tried next.
    pub probe_at: Option<Moment>,
    /// When its signature was last tested.
    pub tested_at: Option<Moment>,
    /// `0`, or what came instead.
    pub test_outcome: Option<String>,
    /// When the outbox was last compared with the registries.
    pub swept_at: Option<Moment>,
    /// When its lists were last looked at.
    pub looked_at: Option<Moment>,
    /// Lists that wait to be asked for.
    pub lists_waiting: i64,
    /// Differences found.
    pub differences: i64,
    /// Records by kind and state.
    pub counts: Vec<Counted>,
}

impl ReportPlatform {
    /// A platform as shown.
    ///
    /// # Errors
    /// A store that fails.
    pub fn of(conn: &mut AnyConn, row: PlatformRow) -> Result<Self, Problem> {
        let queue = table::queue(conn, row.id)?.ok_or_else(Problem::not_found)?;
        let QueueRow { stopped, tested_at, test_outcome, swept_at, looked_at, .. } = queue;
        let QueueRow { down_since, down_tries, down_why, probe_at, .. } = queue;
        Ok(Self {
            lists_waiting: outbox::looks_waiting(conn, row.id)?,
            differences: outbox::differing(conn, row.id)?,
            counts: outbox::counts(conn, row.id)?,
            kinds: row.kinds.split(' ').map(str::to_owned).collect(),
            id: row.id,
            name: row.name,
            address: row.address,
            profile: row.profile,
            app_id: row.app_id,
            project_code: row.project_code,
            from_on: row.from_on,
            state: row.state,
            stopped,
            down_since,
            down_tries,
            down_why,
            probe_at: down_since.map(|_| probe_at),
            tested_at,
            test_outcome,
            swept_at,
            looked_at,
        })
    }
}

/// A record and where it stands; its values are not shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReportRecord {
    /// Id.
    pub id: RecordId,
    /// Kind.
    pub kind: ReportKind,
    /// For people.
    pub title: String,
    /// Its day.
    pub on: Day,
    /// Where it stands.
    pub state: RecordState,
    /// Why, in the platform's words.
    pub reason: String,
    /// How often it was told in vain since the platform last spoke of it.
    pub tries: i32,
    /// Since when.
    pub failing_since: Option<Moment>,
    /// When the platform last accepted it.
    pub accepted_at: Option<Moment>,
    /// Number that the platform gave a crew.
    pub number: Option<i64>,
    /// Code that the platform gave the project.
    pub code: Option<String>,
}

impl From<RecordRow> for ReportRecord {
    fn from(row: RecordRow) -> Self {
        let RecordRow { id, kind, title, on_day, state, reason, accepted_at, number, remote_code, tries, failing_since, .. } =
            row;
        Self { tries, failing_since, id, kind, title, on: on_day, state, reason, accepted_at, number, code: remote_code }
    }
}

/// Where a platform believes something else than what it was told.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReportDifference {
    /// The record.
    pub record: RecordId,
    /// Kind.
    pub kind: ReportKind,
    /// For people.
    pub title: String,
    /// What is wrong.
    pub what: Belief,
    /// The fields that differ, personal values masked.
    #[schema(value_type = Vec<Object>)]
    pub fields: Vec<Drift>,
    /// When it was found.
    pub found_at: Moment,
}

/// Differences of a platform after a record, with the record that the next page begins after.
///
/// # Errors
/// A store that fails.
pub fn differences_of(
    conn: &mut AnyConn,
    platform: &PlatformRow,
    after: i64,
    limit: i64,
) -> Result<Vec<ReportDifference>, Problem> {
    let rows = outbox::differences(conn, platform.project_id, platform.id, after, limit)?;
    let ids: Vec<RecordId> = rows.iter().map(|row| row.record_id).collect();
    let records = outbox::some_records(conn, &ids)?;
    let shown = rows.into_iter().filter_map(|row| {
        let record = records.iter().find(|record| record.id == row.record_id)?;
        Some(ReportDifference {
            record: row.record_id,
            kind: record.kind,
            title: record.title.clone(),
            what: row.what,
            fields: serde_json::from_str(&row.fields).unwrap_or_default(),
            found_at: row.found_at,
        })
    });
    Ok(shown.collect())
}
