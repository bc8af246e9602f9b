//! Signs of a month: cards that seem to be in one hand, names on the payroll behind which nobody seems to stand, passages that no people
//! make, gates whose clocks were off.

use std::collections::BTreeMap;

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use super::head::Head;
use crate::attendance::devices::table as devices;
use crate::base::Month;
use crate::base::id::{DeviceId, ProjectId};
use crate::console::{Frame, Shown, show};
use crate::detectors::actions::signs;
use crate::detectors::clocks::Off;
use crate::detectors::http::{PatternView, RingView, SignsView, SuspectView};
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
    patterns: Vec<PatternView>,
    clocks: Vec<Off>,
    /// What the gates are called.
    gates: BTreeMap<DeviceId, String>,
    without_data: Vec<Tie>,
    shown: usize,
}

impl SignsPage {
    fn gate(&self, device: &DeviceId) -> String {
        self.gates.get(device).filter(|gate| !gate.is_empty()).cloned().unwrap_or_else(|| device.to_string())
    }

    /// Minutes with a sign.
    fn minutes(&self, seconds: &i64) -> String {
        format!("{:+}", seconds / 60)
    }
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
            let gates = devices::of_project(conn, site.id)?.into_iter().map(|device| (device.id, device.gate)).collect();
            let SignsView { rings, suspects, patterns, clocks, without_data, .. } = view;
            Ok(SignsPage {
                f: Frame::of(visit),
                head,
                month,
                before: month.plus(-1),
                after,
                rings,
                suspects,
                patterns,
                clocks,
                gates,
                without_data,
                shown: SHOWN,
            })
        })
        .await?;
    show(&page)
}
