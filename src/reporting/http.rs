//! `/api/v1/projects/{project}/report-platforms` and `/report-records`.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::actions::{self, NewPlatform, Terms};
use super::outbox::table::{self as outbox, Counted, RecordRow};
use super::table::{self, PlatformRow, QueueRow, ReceiptRow};
use super::{Belief, PlatformState, RecordState, ReportKind};
use crate::base::id::{ProjectId, RecordId};
use crate::base::{Day, Moment};
use crate::projects::enter;
use crate::store::AnyConn;
use crate::web::paging::{Page, PageQuery};
use crate::web::{Access, Body, Call, Problem, Route, Verb};
use crate::wire::openapi::writing::Drift;

/// Receipts that an answer lists.
const RECEIPTS_MAX: i64 = 200;

/// The slice's routes.
pub fn routes() -> Vec<Route> {
    let (read, report) = (Access::Holds(Verb::ReadReports), Access::Holds(Verb::ReportData));
    vec![
        Route::get("/api/v1/projects/{project}/report-platforms", read, "Platforms that a project reports to", || {
            web::get().to(list)
        })
        .gives::<Vec<ReportPlatform>>(),
        Route::post("/api/v1/projects/{project}/report-platforms", report, "Add a platform", || web::post().to(add))
            .takes::<AddReportPlatform>()
            .creates::<ReportPlatform>(),
        Route::post(
            "/api/v1/projects/{project}/report-platforms/{report_platform}/terms",
            report,
            "Change secrets, code and kinds",
            || web::post().to(set_terms),
        )
        .takes::<ReportTerms>()
        .gives::<ReportPlatform>(),
        Route::post(
            "/api/v1/projects/{project}/report-platforms/{report_platform}/state",
            report,
            "Pause or resume a platform",
            || web::post().to(set_state),
        )
        .takes::<SetReportState>()
        .gives::<ReportPlatform>(),
        Route::post(
            "/api/v1/projects/{project}/report-platforms/{report_platform}/test",
            report,
            "Have the signature tested",
            || web::post().to(test),
        )
        .gives::<ReportPlatform>(),
        Route::post(
            "/api/v1/projects/{project}/report-platforms/{report_platform}/comparison",
            report,
            "Have the platform's lists compared with what it was told",
            || web::post().to(compare),
        )
        .gives::<ListsAsked>(),
        Route::get(
            "/api/v1/projects/{project}/report-platforms/{report_platform}/records",
            read,
            "The outbox of a platform",
            || web::get().to(records),
        )
        .query(&[
            ("state", "only this state"),
            ("kind", "only this kind"),
            ("after", "cursor of the last page"),
            ("limit", "rows, 1 to 200"),
        ])
        .gives::<Page<ReportRecord>>(),
        Route::get("/api/v1/projects/{project}/report-platforms/{report_platform}/receipts", read, "The last receipts", || {
            web::get().to(receipts)
        })
        .gives::<Vec<ReceiptRow>>(),
        Route::get(
            "/api/v1/projects/{project}/report-platforms/{report_platform}/differences",
            read,
            "What the platform believes and was not told",
            || web::get().to(differences),
        )
        .query(&[("after", "cursor of the last page"), ("limit", "rows, 1 to 200")])
        .gives::<Page<ReportDifference>>(),
        Route::post("/api/v1/projects/{project}/report-records/{report}/again", report, "Send a record again", || {
            web::post().to(again)
        })
        .gives::<ReportRecord>(),
        Route::post(
            "/api/v1/projects/{project}/report-records/{report}/settled",
            report,
            "Take a record from its person",
            || web::post().to(settled),
        )
        .takes::<SettleReport>()
        .gives::<ReportRecord>(),
        Route::post(
            "/api/v1/projects/{project}/report-records/{report}/fields",
            report,
            "Tell fields that no registry holds",
            || web::post().to(tell),
        )
        .takes::<ReportFields>()
        .gives::<ReportRecord>(),
    ]
}

/// A platform to be added.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddReportPlatform {
    /// Name for people.
    name: String,
    /// Where it takes requests, whole.
    address: String,
    /// Profile; the national one where none is named.
    profile: Option<String>,
    /// Id that it issued.
    app_id: String,
    /// The secret of 32 bytes.
    secret: String,
    /// The second secret, where the platform asks for `corpsign`.
    corp_secret: Option<String>,
    /// The code that it has given the project already.
    project_code: Option<String>,
    /// Kinds that go there; none for all.
    #[serde(default)]
    kinds: Vec<ReportKind>,
    /// The first day that is reported; today where none is named.
    from_on: Option<Day>,
}

/// What of a platform may change.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportTerms {
    /// The new secret; the one on record where none is given.
    secret: Option<String>,
    /// The new second secret.
    corp_secret: Option<String>,
    /// The code that it has given the project.
    project_code: Option<String>,
    /// Kinds that go there; none for all.
    #[serde(default)]
    kinds: Vec<ReportKind>,
}

/// Whether a platform is reported to.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetReportState {
    state: PlatformState,
}

/// Why a record counts as accepted.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettleReport {
    /// 1 to 200 characters.
    note: String,
}

/// Fields by their names in the protocol; an empty text takes one back.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportFields {
    #[schema(value_type = Object)]
    fields: serde_json::Map<String, Value>,
}

/// How many lists the platform is asked for.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ListsAsked {
    lists: usize,
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
    /// When the platform last accepted it.
    pub accepted_at: Option<Moment>,
    /// Number that the platform gave a crew.
    pub number: Option<i64>,
    /// Code that the platform gave the project.
    pub code: Option<String>,
}

impl From<RecordRow> for ReportRecord {
    fn from(row: RecordRow) -> Self {
        let RecordRow { id, kind, title, on_day, state, reason, accepted_at, number, remote_code, .. } = row;
        Self { id, kind, title, on: on_day, state, reason, accepted_at, number, code: remote_code }
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

async fn list(call: Call, project: web::Path<ProjectId>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        let rows = table::platforms_of(conn, site.id)?;
        rows.into_iter().map(|row| ReportPlatform::of(conn, row)).collect::<Result<Vec<_>, _>>()
    })
    .await
}

async fn add(call: Call, project: web::Path<ProjectId>, body: Body<AddReportPlatform>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let AddReportPlatform { name, address, profile, app_id, secret, corp_secret, project_code, kinds, from_on } = body.0;
    let terms = Terms { secret: Some(secret), corp_secret, project_code, kinds };
    let new = NewPlatform { name, address, profile, app_id, terms, from_on };
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        let row = actions::add(tx, ctx, &site, &new)?;
        ReportPlatform::of(tx.conn(), row)
    })
    .await
}

async fn set_terms(
    call: Call,
    path: web::Path<(ProjectId, RecordId)>,
    body: Body<ReportTerms>,
) -> Result<impl Responder, Problem> {
    let (project, id) = path.into_inner();
    let ReportTerms { secret, corp_secret, project_code, kinds } = body.0;
    let terms = Terms { secret, corp_secret, project_code, kinds };
    call.write(StatusCode::OK, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        let row = actions::set_terms(tx, ctx, &site, id, &terms)?;
        ReportPlatform::of(tx.conn(), row)
    })
    .await
}

async fn set_state(
    call: Call,
    path: web::Path<(ProjectId, RecordId)>,
    body: Body<SetReportState>,
) -> Result<impl Responder, Problem> {
    let ((project, id), state) = (path.into_inner(), body.0.state);
    call.write(StatusCode::OK, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        let row = actions::set_state(tx, ctx, &site, id, state)?;
        ReportPlatform::of(tx.conn(), row)
    })
    .await
}

async fn test(call: Call, path: web::Path<(ProjectId, RecordId)>) -> Result<impl Responder, Problem> {
    let (project, id) = path.into_inner();
    call.write(StatusCode::OK, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        actions::ask_test(tx, ctx, &site, id)?;
        let row = actions::enter(tx.conn(), &site, id)?;
        ReportPlatform::of(tx.conn(), row)
    })
    .await
}

async fn compare(call: Call, path: web::Path<(ProjectId, RecordId)>) -> Result<impl Responder, Problem> {
    let (project, id) = path.into_inner();
    call.write(StatusCode::OK, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        Ok(ListsAsked { lists: actions::ask_comparison(tx, ctx, &site, id)? })
    })
    .await
}

#[derive(Debug, Deserialize)]
struct Wanted {
    state: Option<RecordState>,
    kind: Option<ReportKind>,
    after: Option<String>,
    limit: Option<i64>,
}

async fn records(
    call: Call,
    path: web::Path<(ProjectId, RecordId)>,
    wanted: web::Query<Wanted>,
) -> Result<impl Responder, Problem> {
    let (project, id) = path.into_inner();
    let Wanted { state, kind, after, limit } = wanted.into_inner();
    let (after, limit) = PageQuery::new(after, limit).bounds()?;
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, project)?;
        let platform = actions::enter(conn, &site, id)?;
        let rows = outbox::records_page(conn, platform.id, (state, kind), after, limit + 1)?;
        Ok(Page::cut(rows.into_iter().map(ReportRecord::from).collect(), limit, |row| row.id.0))
    })
    .await
}

async fn receipts(call: Call, path: web::Path<(ProjectId, RecordId)>) -> Result<impl Responder, Problem> {
    let (project, id) = path.into_inner();
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, project)?;
        let platform = actions::enter(conn, &site, id)?;
        Ok(table::receipts(conn, site.id, platform.id, i64::MAX, RECEIPTS_MAX)?)
    })
    .await
}

async fn differences(
    call: Call,
    path: web::Path<(ProjectId, RecordId)>,
    page: web::Query<PageQuery>,
) -> Result<impl Responder, Problem> {
    let ((project, id), (after, limit)) = (path.into_inner(), page.bounds()?);
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, project)?;
        let platform = actions::enter(conn, &site, id)?;
        let rows = differences_of(conn, &platform, after, limit + 1)?;
        Ok(Page::cut(rows, limit, |row| row.record.0))
    })
    .await
}

async fn again(call: Call, path: web::Path<(ProjectId, RecordId)>) -> Result<impl Responder, Problem> {
    let (project, id) = path.into_inner();
    call.write(StatusCode::OK, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        actions::again(tx, ctx, &site, id).map(ReportRecord::from)
    })
    .await
}

async fn settled(
    call: Call,
    path: web::Path<(ProjectId, RecordId)>,
    body: Body<SettleReport>,
) -> Result<impl Responder, Problem> {
    let (project, id) = path.into_inner();
    call.write(StatusCode::OK, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        actions::settled(tx, ctx, &site, id, &body.0.note).map(ReportRecord::from)
    })
    .await
}

async fn tell(call: Call, path: web::Path<(ProjectId, RecordId)>, body: Body<ReportFields>) -> Result<impl Responder, Problem> {
    let (project, id) = path.into_inner();
    call.write(StatusCode::OK, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        actions::tell(tx, ctx, &site, id, &body.0.fields)?;
        let row = outbox::record(tx.conn(), site.id, id)?.ok_or_else(Problem::not_found)?;
        Ok(ReportRecord::from(row))
    })
    .await
}
