//! This morning: one screen for the labour manager, exceptions first. A forgotten punch is told in three clicks: open the row, choose why,
//! send; another person confirms it on the same page.

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use super::{can, clock, days};
use crate::attendance::morning::{Gate, Morning, OpenDay, Sight, look};
use crate::attendance::silence;
use crate::base::Day;
use crate::base::id::{ProjectId, UserId};
use crate::console::projects::head::Head;
use crate::console::{Frame, Shown, show};
use crate::web::{Access, Problem, Route, Verb, Visit};

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    vec![Route::page(
        "/projects/{project}/morning",
        Access::Holds(Verb::ReadWorkers),
        "Who is here, who is missing, what at the gates needs a person",
        || web::get().to(page),
    )]
}

/// Why a punch was forgotten, in Chinese and English: what is chosen is kept as the reason.
const REASONS: &[(&str, &str)] = &[
    ("本人忘记打卡", "forgot to punch"),
    ("闸机故障或断电", "the gate was out of order"),
    ("人脸或证件未能识别", "face or card was not recognised"),
    ("从其他出入口进出", "used another entrance"),
];

#[derive(Deserialize)]
struct Query {
    day: Option<String>,
}

#[derive(Template)]
#[template(path = "console/month/morning.html")]
struct MorningPage {
    f: Frame,
    head: Head,
    m: Morning,
    earlier: Day,
    later: Option<Day>,
    reasons: &'static [(&'static str, &'static str)],
    /// Whether the visitor may propose and confirm.
    may_prepare: bool,
    /// Whether the day's working hours are over, so that whoever is missing can be told to have been here.
    is_over: bool,
    may_devices: bool,
    may_see_put_aside: bool,
    user: Option<UserId>,
}

impl MorningPage {
    fn time(&self, seconds: &i32) -> String {
        clock(*seconds)
    }

    /// A time for a field: empty where nothing is known.
    fn field(&self, seconds: &Option<i32>) -> String {
        seconds.filter(|seconds| *seconds < 86_400).map(clock).unwrap_or_default()
    }

    fn came(&self, open: &OpenDay) -> String {
        self.field(&Some(open.proposed().0))
    }

    fn went(&self, open: &OpenDay) -> String {
        self.field(&open.proposed().1)
    }

    /// When others came and went on the day, for whoever was not seen at all.
    fn usual(&self) -> (String, String) {
        let (came, went) = self.m.usual.unzip();
        (self.field(&came), self.field(&went))
    }

    fn part(&self, hundredths: &i32) -> String {
        days(*hundredths)
    }

    fn is_dark(&self) -> bool {
        self.m.sight == Sight::Dark
    }

    fn is_empty(&self) -> bool {
        self.m.sight == Sight::Nobody
    }

    /// How far a clock is off, in minutes, with a sign.
    fn off(&self, gate: &Gate) -> String {
        gate.skew_seconds.map(|seconds| format!("{:+}", seconds / 60)).unwrap_or_default()
    }

    fn is_own(&self, by: &UserId) -> bool {
        self.user == Some(*by)
    }
}

async fn page(visit: Visit, project: web::Path<ProjectId>, query: web::Query<Query>) -> Shown {
    let id = project.into_inner();
    let day: Day = match query.day.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => text.parse().map_err(|error| Problem::unreadable("day", &error))?,
        None => visit.ctx.today,
    };
    let page = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, id)?;
            let m = look(conn, &visit.ctx, &site, day)?;
            let (_, ends) = silence::working(day, &visit.ctx.ground.settings.gates);
            Ok(MorningPage {
                f: Frame::of(visit),
                head,
                m,
                earlier: day.plus_days(-1),
                later: (day < visit.ctx.today).then(|| day.plus_days(1)),
                reasons: REASONS,
                may_prepare: can(conn, visit, id, Verb::PrepareSheets),
                is_over: day < visit.ctx.today || visit.ctx.now >= ends,
                may_devices: can(conn, visit, id, Verb::ManageDevices),
                may_see_put_aside: visit.able(Verb::Operate).is_some(),
                user: visit.ctx.scope.user,
            })
        })
        .await?;
    show(&page)
}
