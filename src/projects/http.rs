//! `/api/v1/projects` with parties, crews, facts and papers.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, Responder, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::actions::{self, NewParticipation, NewProject};
use super::ending;
use super::ending::table::EndRow;
use super::table::{self, CrewRow, ParticipationRow, ProjectRow};
use super::{Fact, PartyRole, Recorded, enter, visible};
use crate::base::id::{DocumentId, PartyId, ProjectId, RecordId};
use crate::base::{Day, RegionCode};
use crate::documents::actions::NewDocument;
use crate::documents::table::DocumentHead;
use crate::documents::{self, DocumentKind};
use crate::web::extract::Upload;
use crate::web::paging::{Page, PageQuery};
use crate::web::{Access, Body, Call, Problem, Route, Verb};

const PAGING: &[(&str, &str)] = &[("after", "cursor of the last page"), ("limit", "rows, 1 to 200")];

/// The slice's routes.
pub fn routes() -> Vec<Route> {
    let read = Access::Holds(Verb::ReadProjects);
    let register = Access::Holds(Verb::RegisterProjects);
    let record = Access::Holds(Verb::RecordFacts);
    vec![
        Route::post("/api/v1/projects", register, "Register a project", || web::post().to(register_project))
            .takes::<RegisterProject>()
            .creates::<ProjectRow>(),
        Route::get("/api/v1/projects", read, "List projects that you may see", || web::get().to(list))
            .query(PAGING)
            .gives::<Page<ProjectRow>>(),
        Route::get("/api/v1/projects/{project}", read, "One project with parties, crews and what holds today", || {
            web::get().to(one)
        })
        .of_any_time()
        .gives::<ProjectView>(),
        Route::post("/api/v1/projects/{project}/parties", register, "Put a party on a project", || web::post().to(join))
            .takes::<JoinProject>()
            .creates::<ParticipationRow>(),
        Route::post(
            "/api/v1/projects/{project}/parties/{participation}/end",
            register,
            "End a company's part in a project",
            || web::post().to(end),
        )
        .takes::<EndParticipation>()
        .creates::<EndRow>(),
        Route::post("/api/v1/projects/{project}/crews", register, "Add a crew", || web::post().to(add_crew))
            .takes::<AddCrew>()
            .creates::<CrewRow>(),
        Route::post("/api/v1/projects/{project}/facts", record, "Record a dated fact", || web::post().to(record_fact))
            .takes::<RecordFact>()
            .creates::<Recorded>(),
        Route::get("/api/v1/projects/{project}/facts", read, "Every fact on record", || web::get().to(history))
            .of_any_time()
            .gives::<Vec<Recorded>>(),
        Route::post("/api/v1/projects/{project}/documents", record, "Upload a paper", || web::post().to(upload))
            .takes_file(documents::MEDIA_TYPES)
            .query(&[("kind", "kind of document")])
            .creates::<DocumentHead>(),
        Route::get("/api/v1/projects/{project}/documents", read, "List papers", || web::get().to(papers))
            .query(PAGING)
            .of_any_time()
            .gives::<Page<DocumentHead>>(),
        Route::get("/api/v1/projects/{project}/documents/{document}", record, "Download a paper", || web::get().to(download))
            // As it was handed in.
            .serves("*/*"),
    ]
}

/// A project to be registered.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterProject {
    /// Code, unique in this service.
    code: String,
    /// Name.
    name: String,
    /// Region code of GB/T 2260.
    region: RegionCode,
    /// Owner.
    owner: PartyId,
    /// General contractor.
    general_contractor: PartyId,
    /// From which day, today when absent.
    from_on: Option<Day>,
}

/// A party to be put on a project.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinProject {
    /// Who.
    party: PartyId,
    /// As what.
    role: PartyRole,
    /// The party that it works under.
    under: Option<PartyId>,
    /// From which day, today when absent.
    from_on: Option<Day>,
}

/// The end of a company's part in a project.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndParticipation {
    /// Its last day, today when absent.
    ended_on: Option<Day>,
    /// Why; kept on record.
    reason: String,
}

/// A crew to be added.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddCrew {
    /// Name, unique on the project.
    name: String,
    /// The party that employs it.
    party: PartyId,
    /// From which day, today when absent.
    from_on: Option<Day>,
}

/// A fact to be recorded.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordFact {
    /// From which day it holds.
    valid_on: Day,
    /// What holds.
    fact: Fact,
    /// The paper that shows it.
    document_id: Option<DocumentId>,
}

/// A project with what holds today.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProjectView {
    project: ProjectRow,
    parties: Vec<ParticipationRow>,
    /// Ends of parts that are over, with their reasons.
    ends: Vec<EndRow>,
    crews: Vec<CrewRow>,
    facts: Vec<Recorded>,
}

async fn register_project(call: Call, body: Body<RegisterProject>) -> Result<impl Responder, Problem> {
    let RegisterProject { code, name, region, owner, general_contractor, from_on } = body.0;
    let from_on = from_on.unwrap_or(call.ctx.today);
    let new = NewProject { code, name, region, owner, general_contractor, from_on };
    call.write(StatusCode::CREATED, move |tx, ctx| actions::register(tx, ctx, &new)).await
}

async fn list(call: Call, query: web::Query<PageQuery>) -> Result<impl Responder, Problem> {
    let (after, limit) = query.bounds()?;
    call.read(move |conn, ctx| Ok(Page::cut(visible(conn, &ctx.scope, after, limit + 1)?, limit, |row| row.id.0))).await
}

async fn one(call: Call, project: web::Path<ProjectId>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        let facts = actions::facts(conn, &site, ctx.today, None)?;
        Ok(ProjectView {
            project: table::find(conn, id)?.ok_or_else(Problem::not_found)?,
            parties: site.participations().to_vec(),
            ends: ending::table::of_project(conn, id)?,
            crews: table::crews_of(conn, id)?,
            facts: facts.iter().cloned().collect(),
        })
    })
    .await
}

async fn end(
    call: Call,
    path: web::Path<(ProjectId, RecordId)>,
    body: Body<EndParticipation>,
) -> Result<impl Responder, Problem> {
    let (project, id) = path.into_inner();
    let EndParticipation { ended_on, reason } = body.0;
    let ended_on = ended_on.unwrap_or(call.ctx.today);
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        ending::end(tx, ctx, &site, id, ended_on, &reason)
    })
    .await
}

async fn join(call: Call, project: web::Path<ProjectId>, body: Body<JoinProject>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let JoinProject { party, role, under, from_on } = body.0;
    let new = NewParticipation { party, role, under, from_on: from_on.unwrap_or(call.ctx.today) };
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        actions::join(tx, ctx, &site, &new)
    })
    .await
}

async fn add_crew(call: Call, project: web::Path<ProjectId>, body: Body<AddCrew>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let AddCrew { name, party, from_on } = body.0;
    let from_on = from_on.unwrap_or(call.ctx.today);
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        actions::add_crew(tx, ctx, &site, &name, party, from_on)
    })
    .await
}

async fn record_fact(call: Call, project: web::Path<ProjectId>, body: Body<RecordFact>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let RecordFact { valid_on, fact, document_id } = body.0;
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        actions::record_fact(tx, ctx, &site, valid_on, &fact, document_id)
    })
    .await
}

async fn history(call: Call, project: web::Path<ProjectId>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        actions::history(conn, &site)
    })
    .await
}

#[derive(Deserialize)]
struct UploadQuery {
    kind: DocumentKind,
}

async fn upload(
    call: Call,
    project: web::Path<ProjectId>,
    query: web::Query<UploadQuery>,
    upload: Upload,
) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let new = NewDocument {
        kind: query.kind,
        name: upload.file_name.unwrap_or_else(|| query.kind.to_string()),
        media_type: upload.content_type,
        bytes: upload.bytes,
    };
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        documents::actions::keep(tx, ctx, site.id, &new)
    })
    .await
}

async fn papers(call: Call, project: web::Path<ProjectId>, query: web::Query<PageQuery>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let (after, limit) = query.bounds()?;
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        Ok(Page::cut(documents::table::of_project(conn, site.id, after, limit + 1)?, limit, |row| row.id.0))
    })
    .await
}

async fn download(call: Call, path: web::Path<(ProjectId, DocumentId)>) -> Result<HttpResponse, Problem> {
    let (id, document) = path.into_inner();
    let ctx = call.ctx;
    let db = ctx.ground.db.clone();
    let (row, bytes) = db
        .read(move |conn| {
            let site = enter(conn, &ctx.scope, id)?;
            documents::actions::fetch(conn, &ctx, site.id, document)
        })
        .await?;
    // Always an attachment: an uploaded page must never run in the service's own origin.
    Ok(HttpResponse::Ok()
        .content_type(row.media_type)
        .insert_header(("Content-Disposition", "attachment"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .body(bytes))
}
