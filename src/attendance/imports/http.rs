//! `/api/v1/projects/{project}/roster-imports`: rosters handed in, looked at, taken, mended; the other sheets, which are handed in at
//! addresses of their own and are then looked at and taken like rosters; and the roll as a roster.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, Responder, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::actions::NewImport;
use super::columns::{self, ReadFile};
use super::table;
use super::{Import, ImportState, ImportView, SheetKind, actions, mending};
use crate::base::id::{ProjectId, RecordId};
use crate::base::{Day, Fen, Month};
use crate::projects::{Site, enter};
use crate::store::AnyConn;
use crate::web::extract::Upload;
use crate::web::{Access, Body, Call, Ctx, Problem, Route, Verb};
use crate::wire::sheet::column_letters;
use crate::workers::Paper;
use crate::workers::roster::{Defaults, RosterFile};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Kinds of files; what a file really is, its bytes say.
const MEDIA_TYPES: &[&str] = &[XLSX, "application/vnd.ms-excel", "text/csv", "application/octet-stream"];

/// Columns of a sheet of which something may be said.
const COLUMNS_MAX: usize = 256;

/// How the columns of an unknown header are said with the file.
const COLUMNS_SAID: (&str, &str) = (
    "columns",
    "what the columns of an unknown header are, like `A=name,C=id`; remembered for the project, the kind of sheet and the header",
);

/// Rosters that the list gives.
const LISTED_MAX: i64 = 50;

/// Routes of this subject.
pub(in crate::attendance) fn routes() -> Vec<Route> {
    let enrol = Access::Holds(Verb::EnrolWorkers);
    let mut routes = vec![
        Route::post("/api/v1/projects/{project}/roster-imports", enrol, "Hand in a roster; nobody is enrolled yet", || {
            web::post().to(hand_in)
        })
        .query(&[
            ("day_rate", "wage for a day where a row says none"),
            ("entered_on", "first day on site where a row says none; today when absent"),
            ("paper", "contract or agreement where a row says none"),
            ("safety_trained", "true: trained, where a row does not say it"),
            COLUMNS_SAID,
        ])
        .takes_file(MEDIA_TYPES)
        .creates::<ImportView>(),
        Route::get("/api/v1/projects/{project}/roster-imports", enrol, "The latest rosters, and how far each is", || {
            web::get().to(list)
        })
        .gives::<Vec<ImportView>>(),
        Route::get(
            "/api/v1/projects/{project}/roster-imports/{roster}",
            enrol,
            "A roster: what it would come to, or how far it is",
            || web::get().to(one),
        )
        .gives::<ImportView>(),
        Route::post(
            "/api/v1/projects/{project}/roster-imports/{roster}/take",
            enrol,
            "Have its good rows taken, or all or none",
            || web::post().to(take),
        )
        .takes::<TakeRoster>()
        .gives::<ImportView>(),
        Route::post("/api/v1/projects/{project}/roster-imports/{roster}/rows", enrol, "Mend a refused row in place", || {
            web::post().to(mend)
        })
        .takes::<MendRow>()
        .creates::<MendedRow>(),
        Route::get(
            "/api/v1/projects/{project}/roster-imports/{roster}/refused",
            enrol,
            "The refused rows with their reasons, to be mended and handed in again",
            || web::get().to(refused),
        )
        .serves(XLSX),
        Route::post(
            "/api/v1/projects/{project}/roster",
            Access::Holds(Verb::Unmask),
            "The roll as a roster, with plain numbers",
            || web::post().to(export),
        )
        .takes::<ExportRoster>()
        .serves(XLSX),
    ];
    routes.extend(others());
    routes
}

/// The sheets beside the roster, each by the right that what it does asks for.
fn others() -> Vec<Route> {
    let route = |kind: SheetKind, path, summary, handler: fn() -> actix_web::Route| {
        Route::post(path, Access::Holds(kind.verb()), summary, handler).takes_file(MEDIA_TYPES).creates::<ImportView>()
    };
    vec![
        route(
            SheetKind::EntryExit,
            "/api/v1/projects/{project}/entry-exit-imports",
            "Hand in entries and exits; nothing is taken yet",
            || {
                web::post().to(|call: Call, project: web::Path<ProjectId>, query: web::Query<ColumnsQuery>, upload: Upload| {
                    hand_in_other(call, project, (None, query.into_inner().columns), SheetKind::EntryExit, upload)
                })
            },
        )
        .query(&[COLUMNS_SAID]),
        route(
            SheetKind::Contract,
            "/api/v1/projects/{project}/contract-imports",
            "Hand in contracts; nothing is taken yet",
            || {
                web::post().to(|call: Call, project: web::Path<ProjectId>, query: web::Query<ColumnsQuery>, upload: Upload| {
                    hand_in_other(call, project, (None, query.into_inner().columns), SheetKind::Contract, upload)
                })
            },
        )
        .query(&[COLUMNS_SAID]),
        route(SheetKind::Crew, "/api/v1/projects/{project}/crew-imports", "Hand in crews; nothing is taken yet", || {
            web::post().to(|call: Call, project: web::Path<ProjectId>, query: web::Query<ColumnsQuery>, upload: Upload| {
                hand_in_other(call, project, (None, query.into_inner().columns), SheetKind::Crew, upload)
            })
        })
        .query(&[COLUMNS_SAID]),
        route(
            SheetKind::MonthGrid,
            "/api/v1/projects/{project}/month-grid-imports",
            "Hand in the marks of a month; what they change waits for a second person",
            || {
                web::post().to(|call: Call, project: web::Path<ProjectId>, query: web::Query<MonthOfGrid>, upload: Upload| {
                    hand_in_other(call, project, (query.into_inner().month, None), SheetKind::MonthGrid, upload)
                })
            },
        )
        .query(&[("month", "month like 2026-03, where the title of the sheet does not say it")]),
    ]
}

#[derive(Deserialize)]
struct ColumnsQuery {
    columns: Option<String>,
}

#[derive(Deserialize)]
struct MonthOfGrid {
    month: Option<Month>,
}

#[derive(Deserialize)]
struct DefaultsQuery {
    day_rate: Option<Fen>,
    entered_on: Option<Day>,
    paper: Option<Paper>,
    safety_trained: Option<bool>,
    columns: Option<String>,
}

/// What was said of columns: letters or places with our keys.
///
/// # Errors
/// `invalid` for what is not of this form.
fn said_of(text: &str) -> Result<BTreeMap<usize, String>, Problem> {
    let wrong = || {
        let (zh, en) = ("columns 的写法应为 A=name,C=id。", "Write columns like `A=name,C=id`.");
        Problem::invalid(zh, en).at("columns", "bad_format")
    };
    let mut said = BTreeMap::new();
    for pair in text.split(',').filter(|pair| !pair.trim().is_empty()) {
        let (letters, key) = pair.split_once('=').ok_or_else(wrong)?;
        let letters = letters.trim().to_uppercase();
        let place = (0..COLUMNS_MAX).find(|place| column_letters(*place) == letters).ok_or_else(wrong)?;
        said.insert(place, key.trim().to_owned());
    }
    Ok(said)
}

/// How a roster is taken.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeRoster {
    /// All rows or none; its good rows when absent.
    whole: Option<bool>,
}

/// A refused row as it should be.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MendRow {
    /// Row in the sheet.
    row: u32,
    /// The whole row by the keys of our columns: `{"name": "…", "id": "…"}`.
    cells: BTreeMap<String, String>,
}

/// A row that was put right.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MendedRow {
    /// Row in the sheet.
    row: u32,
    /// The enrolment that it is about; `null` where it is about none.
    enrolment: Option<RecordId>,
}

/// Why plain numbers are asked for.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportRoster {
    /// Purpose, kept on record.
    purpose: String,
}

/// Reads a file off the event loop; whoever may not come in learns it before anything is read.
///
/// # Errors
/// `not_found` for a project that the asker may not enter, `invalid` for what is no table.
pub async fn read(
    ctx: &Ctx,
    project: ProjectId,
    file: RosterFile,
    new: &NewImport,
) -> Result<(Arc<RosterFile>, Arc<ReadFile>), Problem> {
    let entering = ctx.clone();
    ctx.ground.db.read(move |conn| enter(conn, &entering.scope, project).map(drop)).await?;
    let file = Arc::new(file);
    let (reading, by, new) = (Arc::clone(&file), ctx.clone(), new.clone());
    let read = web::block(move || columns::read(&by, project, &reading, &new)).await;
    let read = read.map_err(|error| Problem::internal(&error.to_string()))??;
    Ok((file, Arc::new(read)))
}

/// A roster as it stands; while it waits with what it would come to.
pub fn look(conn: &mut AnyConn, ctx: &Ctx, site: &Site, id: RecordId) -> Result<ImportView, Problem> {
    let import = Import::find(conn, site.id, id)?.ok_or_else(Problem::not_found)?;
    if import.state() != ImportState::Waiting {
        return Ok(ImportView::of(&import, None));
    }
    let (import, _, rows) = actions::open(conn, ctx, site.id, id)?;
    let preview = actions::preview(conn, ctx, site, rows.as_ref())?.without(&import.mended());
    Ok(ImportView::of(&import, Some(preview)))
}

async fn hand_in(
    call: Call,
    project: web::Path<ProjectId>,
    query: web::Query<DefaultsQuery>,
    upload: Upload,
) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let DefaultsQuery { day_rate, entered_on, paper, safety_trained, columns } = query.into_inner();
    let columns = columns.as_deref().map(said_of).transpose()?;
    let defaults = Defaults {
        day_rate,
        entered_on: entered_on.unwrap_or(call.ctx.today),
        paper: paper.unwrap_or(Paper::None),
        safety_trained: safety_trained.unwrap_or(false),
    };
    keep(call, id, upload, NewImport { kind: SheetKind::Roster, month: None, defaults, columns }).await
}

async fn hand_in_other(
    call: Call,
    project: web::Path<ProjectId>,
    (month, columns): (Option<Month>, Option<String>),
    kind: SheetKind,
    upload: Upload,
) -> Result<impl Responder, Problem> {
    let columns = columns.as_deref().map(said_of).transpose()?;
    let defaults = Defaults { day_rate: None, entered_on: call.ctx.today, paper: Paper::None, safety_trained: false };
    keep(call, project.into_inner(), upload, NewImport { kind, month, defaults, columns }).await
}

async fn keep(call: Call, id: ProjectId, upload: Upload, new: NewImport) -> Result<impl Responder, Problem> {
    let file = RosterFile { name: upload.file_name, content_type: upload.content_type, bytes: upload.bytes };
    let (file, read) = read(&call.ctx, id, file, &new).await?;
    // Looked at before the writer is asked for: a long file must not hold up the gates.
    let (looking, seen) = (call.ctx.clone(), Arc::clone(&read));
    let preview = call
        .ctx
        .ground
        .db
        .read(move |conn| {
            let site = enter(conn, &looking.scope, id)?;
            actions::require_fit(seen.rows.as_ref())?;
            actions::preview(conn, &looking, &site, seen.rows.as_ref())
        })
        .await?;
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        let row = actions::hand_in(tx, ctx, &site, &file, &read, &new)?;
        let import = Import::find(tx.conn(), site.id, row.id)?.ok_or_else(Problem::not_found)?;
        Ok(ImportView::of(&import, Some(preview.clone())))
    })
    .await
}

async fn list(call: Call, project: web::Path<ProjectId>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        latest(conn, &site, LISTED_MAX)
    })
    .await
}

/// The latest rosters of a project without their rows, the newest first.
pub fn latest(conn: &mut AnyConn, site: &Site, limit: i64) -> Result<Vec<ImportView>, Problem> {
    let mut views = Vec::new();
    let rows = table::latest(conn, site.id, limit)?;
    for row in &rows {
        // What was asked about is listed until somebody has said it.
        if row.is_asked_about() && rows.iter().any(|later| later.inbox_id == row.inbox_id && later.id > row.id) {
            continue;
        }
        if let Some(import) = Import::find(conn, site.id, row.id)? {
            views.push(ImportView { refusals: Vec::new(), ..ImportView::of(&import, None) });
        }
    }
    Ok(views)
}

type Path = web::Path<(ProjectId, RecordId)>;

async fn one(call: Call, path: Path) -> Result<impl Responder, Problem> {
    let (project, id) = path.into_inner();
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, project)?;
        look(conn, ctx, &site, id)
    })
    .await
}

async fn take(call: Call, path: Path, body: Body<TakeRoster>) -> Result<impl Responder, Problem> {
    let (project, id) = path.into_inner();
    let whole = body.0.whole.unwrap_or(false);
    call.write(StatusCode::OK, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        actions::begin(tx, ctx, &site, id, whole)?;
        let import = Import::find(tx.conn(), site.id, id)?.ok_or_else(Problem::not_found)?;
        Ok(ImportView::of(&import, None))
    })
    .await
}

async fn mend(call: Call, path: Path, body: Body<MendRow>) -> Result<impl Responder, Problem> {
    let (project, id) = path.into_inner();
    let MendRow { row, cells } = body.0;
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        let enrolment = mending::mend(tx, ctx, &site, id, row, &cells)?;
        Ok(MendedRow { row, enrolment })
    })
    .await
}

fn file(name: &str, bytes: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(XLSX)
        .insert_header(("Content-Disposition", format!("attachment; filename=\"{name}.xlsx\"")))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("Cache-Control", "no-store"))
        .body(bytes)
}

async fn refused(call: Call, path: Path) -> Result<HttpResponse, Problem> {
    let (project, id) = path.into_inner();
    let bytes = refused_rows(&call.ctx, project, id).await?;
    Ok(file(&id.to_string(), bytes))
}

/// The error sheet of an import; that it was looked at is written down.
///
/// # Errors
/// As [`actions::error_sheet`].
pub async fn refused_rows(ctx: &Ctx, project: ProjectId, id: RecordId) -> Result<Vec<u8>, Problem> {
    looked(ctx, project, (id.to_string(), super::TO_MEND.to_owned()), move |conn, ctx, site| {
        actions::error_sheet(conn, ctx, site, id)
    })
    .await
}

/// The roll as a roster; that it was looked at, and why, is written down.
///
/// # Errors
/// As [`actions::export`] and [`super::note_look`].
pub async fn exported(ctx: &Ctx, project: ProjectId, purpose: String) -> Result<Vec<u8>, Problem> {
    looked(ctx, project, (project.to_string(), purpose), actions::export).await
}

/// Reads what has plain numbers, and writes down that it was asked for before it is given away.
///
/// # Errors
/// As the reading, and as [`super::note_look`].
pub async fn looked<T: Send + 'static>(
    ctx: &Ctx,
    project: ProjectId,
    (subject, purpose): (String, String),
    work: impl FnOnce(&mut AnyConn, &Ctx, &Site) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let (reading, noting) = (ctx.clone(), ctx.clone());
    let found = ctx
        .ground
        .db
        .read(move |conn| {
            let site = enter(conn, &reading.scope, project)?;
            work(conn, &reading, &site)
        })
        .await?;
    ctx.ground.db.write(move |tx| super::note_look(tx, &noting, &subject, &purpose)).await?;
    Ok(found)
}

async fn export(call: Call, project: web::Path<ProjectId>, body: Body<ExportRoster>) -> Result<HttpResponse, Problem> {
    let id = project.into_inner();
    let bytes = exported(&call.ctx, id, body.0.purpose).await?;
    Ok(file(&id.to_string(), bytes))
}
