//! `/api/v1/platform-apps`.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};

use super::AppState;
use super::actions::{self, Bound, Issued, NewApp, Terms};
use super::table::AppRow;
use crate::base::Moment;
use crate::base::id::{PartyId, ProjectId, RecordId};
use crate::realname::table::{self as rows, CountRow, ErrorRow};
use crate::web::paging::{Page, PageQuery};
use crate::web::{Access, Body, Call, Problem, Route, Verb};

/// Days whose counts are shown.
pub const SHOWN_DAYS: i64 = 30;
/// Errors that are shown.
pub const SHOWN_ERRORS: i64 = 50;

/// The routes.
pub(in crate::realname) fn routes() -> Vec<Route> {
    let operate = Access::Holds(Verb::Operate);
    vec![
        Route::post("/api/v1/platform-apps", operate, "Issue an app for a contractor's system", || web::post().to(issue))
            .takes::<IssueApp>()
            .creates::<IssuedApp>(),
        Route::get("/api/v1/platform-apps", operate, "List apps", || web::get().to(list))
            .query(&[("after", "cursor of the last page"), ("limit", "rows, 1 to 200")])
            .gives::<Page<AppView>>(),
        Route::get("/api/v1/platform-apps/{app}", operate, "One app with its counts and last errors", || web::get().to(one))
            .gives::<AppReport>(),
        Route::post("/api/v1/platform-apps/{app}/secret", operate, "Renew an app's secret", || web::post().to(renew))
            .gives::<IssuedApp>(),
        Route::post("/api/v1/platform-apps/{app}/state", operate, "Switch an app off or on", || web::post().to(set_state))
            .takes::<SetAppState>()
            .gives::<AppView>(),
        Route::post("/api/v1/platform-apps/{app}/terms", operate, "Change addresses and methods", || web::post().to(set_terms))
            .takes::<AppTerms>()
            .gives::<AppView>(),
    ]
}

/// An app to be issued; `project` or `party`, not both.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueApp {
    /// Name for people.
    name: String,
    /// The one project that it may touch.
    project: Option<ProjectId>,
    /// The company whose projects it may touch.
    party: Option<PartyId>,
    /// Platform profile; the national one where none is named.
    profile: Option<String>,
    /// Addresses and networks that it may come from; none for any.
    #[serde(default)]
    addresses: Vec<String>,
    /// Methods that it may call; none for all that are served.
    #[serde(default)]
    methods: Vec<String>,
    /// An id that the client has from another platform.
    app_id: Option<String>,
    /// The secret of 32 bytes that belongs to it.
    secret: Option<String>,
}

/// Terms of an app.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppTerms {
    /// Name for people.
    name: String,
    /// Addresses and networks; none for any.
    #[serde(default)]
    addresses: Vec<String>,
    /// Methods; none for all.
    #[serde(default)]
    methods: Vec<String>,
}

/// Whether an app is listened to.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetAppState {
    /// State.
    state: AppState,
}

/// An app without its secrets.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = PlatformApp)]
pub struct AppView {
    /// Id of the record.
    pub id: RecordId,
    /// Id in the protocol.
    pub app_id: String,
    /// Name for people.
    pub name: String,
    /// Platform profile.
    pub profile: String,
    /// The one project.
    pub project: Option<ProjectId>,
    /// The company.
    pub party: Option<PartyId>,
    /// Addresses and networks.
    pub addresses: Vec<String>,
    /// Methods.
    pub methods: Vec<String>,
    /// State.
    pub state: AppState,
    /// Since when.
    pub created_at: Moment,
}

/// An app with its secrets, shown this once.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = IssuedPlatformApp)]
pub struct IssuedApp {
    /// The app.
    app: AppView,
    /// Its secret; nobody can show it again.
    secret: String,
    /// Its second secret, where the platform asks for `corpsign`.
    corp_secret: Option<String>,
}

/// An app with what it did lately.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = PlatformAppReport)]
pub struct AppReport {
    /// The app.
    pub app: AppView,
    /// Outcomes of the last 30 days.
    pub counts: Vec<CountRow>,
    /// The last errors.
    pub errors: Vec<ErrorRow>,
}

impl From<AppRow> for AppView {
    fn from(row: AppRow) -> Self {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        Self {
            id: row.id,
            app_id: row.app_id,
            name: row.name,
            profile: row.profile,
            project: row.project_id,
            party: row.party_id,
            addresses: words(&row.addresses),
            methods: words(&row.methods),
            state: row.state,
            created_at: row.created_at,
        }
    }
}

impl From<Issued> for IssuedApp {
    fn from(issued: Issued) -> Self {
        Self { app: issued.app.into(), secret: issued.secret, corp_secret: issued.corp_secret }
    }
}

async fn issue(call: Call, body: Body<IssueApp>) -> Result<impl Responder, Problem> {
    let IssueApp { name, project, party, profile, addresses, methods, app_id, secret } = body.0;
    let bound = match (project, party) {
        (Some(project), None) => Bound::Project(project),
        (None, Some(party)) => Bound::Party(party),
        _ => {
            let en = "Name one project or one company.";
            return Err(Problem::invalid("请指定一个项目或一家单位。", en).at("project", "missing_field"));
        }
    };
    let new = NewApp { bound, terms: Terms { name, addresses, methods }, profile, app_id, secret };
    call.write(StatusCode::CREATED, move |tx, ctx| Ok(IssuedApp::from(actions::issue(tx, ctx, &new)?))).await
}

#[derive(Deserialize)]
struct ListQuery {
    after: Option<String>,
    limit: Option<i64>,
}

async fn list(call: Call, query: web::Query<ListQuery>) -> Result<impl Responder, Problem> {
    let ListQuery { after, limit } = query.into_inner();
    let (after, limit) = PageQuery::new(after, limit).bounds()?;
    call.read(move |conn, ctx| {
        let rows = actions::visible(conn, ctx, after, limit + 1)?;
        Ok(Page::cut(rows.into_iter().map(AppView::from).collect(), limit, |row| row.id.0))
    })
    .await
}

async fn one(call: Call, app: web::Path<RecordId>) -> Result<impl Responder, Problem> {
    let id = app.into_inner();
    call.read(move |conn, ctx| {
        let app = actions::enter(conn, ctx, id)?;
        let counts = rows::counts(conn, app.id, ctx.today.plus_days(-SHOWN_DAYS))?;
        let errors = rows::errors(conn, app.id, SHOWN_ERRORS)?;
        Ok(AppReport { app: app.into(), counts, errors })
    })
    .await
}

async fn renew(call: Call, app: web::Path<RecordId>) -> Result<impl Responder, Problem> {
    let id = app.into_inner();
    call.write(StatusCode::OK, move |tx, ctx| Ok(IssuedApp::from(actions::renew(tx, ctx, id)?))).await
}

async fn set_state(call: Call, app: web::Path<RecordId>, body: Body<SetAppState>) -> Result<impl Responder, Problem> {
    let (id, state) = (app.into_inner(), body.0.state);
    call.write(StatusCode::OK, move |tx, ctx| Ok(AppView::from(actions::set_state(tx, ctx, id, state)?))).await
}

async fn set_terms(call: Call, app: web::Path<RecordId>, body: Body<AppTerms>) -> Result<impl Responder, Problem> {
    let AppTerms { name, addresses, methods } = body.0;
    let (id, terms) = (app.into_inner(), Terms { name, addresses, methods });
    call.write(StatusCode::OK, move |tx, ctx| Ok(AppView::from(actions::set_terms(tx, ctx, id, &terms)?))).await
}
