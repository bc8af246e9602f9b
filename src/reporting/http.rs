//! `/api/v1/projects/{project}/report-platforms` and `/report-records`.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::Deserialize;

use super::actions::{self, NewPlatform, Terms};
use super::outbox::table as outbox;
use super::table::{self, ReceiptRow};
use super::views::{
    AddReportPlatform, ListsAsked, ReportDifference, ReportFields, ReportPlatform, ReportRecord, ReportTerms, SetReportState,
    SettleReport, differences_of,
};
use super::{RecordState, ReportKind};
use crate::base::id::{ProjectId, RecordId};
use crate::projects::enter;
use crate::web::paging::{Page, PageQuery};
use crate::web::{Access, Body, Call, Problem, Route, Verb};

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
