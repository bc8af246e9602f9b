//! Signs of a month: cards that seem to be in one hand, names on the payroll behind which nobody seems to stand.

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use super::head::Head;
use crate::base::Month;
use crate::base::id::ProjectId;
use crate::console::{Frame, Shown, show};
use crate::detectors::actions::signs;
use crate::detectors::http::{RingView, SignsView, SuspectView};
use crate::detectors::rings::Tie;
use crate::web::{Access, Problem, Route, Verb, Visit};

/// Names of a list that the page shows; the API gives all of them.
const SHOWN: usize = 60;

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let look = Access::Holds(Verb::MatchWages);
    vec![Route::page("/projects/{project}/signs", look, "Signs of a month for a person to look at", || web::get().to(page))]
}

#[derive(Deserialize)]
struct Query {
    month: Option<String>,
}

#[derive(Template)]
#[template(path = "console/projects/signs.html")]
struct SignsPage {
    f: Frame,
    head: Head,
    month: Month,
    before: Month,
    after: Option<Month>,
    rings: Vec<RingView>,
    suspects: Vec<SuspectView>,
    without_data: Vec<Tie>,
    shown: usize,
}

async fn page(visit: Visit, project: web::Path<ProjectId>, query: web::Query<Query>) -> Shown {
    let id = project.into_inner();
    let this_month = visit.ctx.today.month();
    let month: Month = match &query.month {
        Some(text) => text.parse().map_err(|error| Problem::unreadable("month", &error))?,
        None => this_month.plus(-1),
    };
    let page = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, id)?;
            let view = SignsView::of(month, &signs(conn, &visit.ctx, &site, month)?);
            let after = (month < this_month).then(|| month.plus(1));
            let SignsView { rings, suspects, without_data, .. } = view;
            let before = month.plus(-1);
            Ok(SignsPage { f: Frame::of(visit), head, month, before, after, rings, suspects, without_data, shown: SHOWN })
        })
        .await?;
    show(&page)
}
