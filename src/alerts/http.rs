//! `GET /api/v1/me/notices`: what concerns me and holds.

use actix_web::{Responder, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::table::{self, NoticeRow};
use super::{NoticeKind, NoticeState, Words};
use crate::base::Moment;
use crate::base::id::{ProjectId, RecordId, UserId};
use crate::projects;
use crate::store::AnyConn;
use crate::users;
use crate::web::paging::{Page, PageQuery};
use crate::web::{Access, Call, Ctx, Problem, Route, Scope};

/// The routes of alerts.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/me/notices", Access::Myself, "What concerns me and holds", || web::get().to(mine))
            .query(&[("after", "cursor of the last page"), ("limit", "rows, 1 to 200")])
            .gives::<Page<NoticeView>>(),
    ]
}

/// A notice as shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NoticeView {
    /// Id.
    pub id: RecordId,
    /// Project.
    pub project: ProjectId,
    /// Its name.
    pub project_name: String,
    /// What it is about.
    pub kind: NoticeKind,
    /// Where it stands.
    pub state: NoticeState,
    /// Whether it should not wait.
    pub urgent: bool,
    /// What is said.
    pub words: Words,
    /// Since when it is known.
    pub first_seen_at: Moment,
    /// When the person was told by mail.
    pub told_at: Option<Moment>,
}

/// A person's notices that hold, of projects that they may still see; asked with `limit + 1`.
pub fn notices_of(conn: &mut AnyConn, ctx: &Ctx, user: UserId, after: i64, limit: i64) -> Result<Page<NoticeView>, Problem> {
    let grants = users::table::grants_of(conn, user, ctx.today)?;
    let places = grants.iter().filter_map(|row| row.grant()).map(|grant| grant.on).collect();
    let scope = Scope { actor: user.to_string(), user: Some(user), places };
    let rows = table::page_of(conn, user, after, limit + 1)?;
    let page = Page::cut(rows, limit, |row: &NoticeRow| row.id.0);
    let mut items = Vec::with_capacity(page.items.len());
    for row in page.items {
        let Ok(site) = projects::enter(conn, &scope, row.project_id) else { continue };
        let words = serde_json::from_str(&row.words).map_err(|error| Problem::internal(&error.to_string()))?;
        items.push(NoticeView {
            id: row.id,
            project: row.project_id,
            project_name: site.name,
            kind: row.kind,
            state: row.state,
            urgent: row.urgent,
            words,
            first_seen_at: row.first_seen_at,
            told_at: row.told_at,
        });
    }
    Ok(Page { items, next: page.next })
}

async fn mine(call: Call, query: web::Query<PageQuery>) -> Result<impl Responder, Problem> {
    let (after, limit) = query.bounds()?;
    call.read(move |conn, ctx| {
        let user = ctx.scope.user.ok_or_else(Problem::not_allowed)?;
        notices_of(conn, ctx, user, after, limit)
    })
    .await
}
