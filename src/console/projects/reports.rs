//! What a project reports to platforms: the platforms, each one's outbox with what waits for a person, and what it believes.

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use super::head::Head;
use crate::base::id::{self, ProjectId, RecordId};
use crate::console::month::can;
use crate::console::words::reports as words;
use crate::console::{Frame, Shown, done, show};
use crate::projects::enter;
use crate::reporting::actions::{self, NOTE_MAX, NewPlatform, Terms};
use crate::reporting::outbox::table::{self as outbox, RecordRow};
use crate::reporting::table::{self, ReceiptRow};
use crate::reporting::views::{ReportDifference, ReportPlatform, differences_of};
use crate::reporting::{Belief, PlatformState, RecordState, ReportKind};
use crate::web::{Access, Form, Problem, Route, Verb, Visit};
use crate::wire::openapi::writing::Plain;

/// Records, differences and receipts of a page.
const RECORDS: i64 = 50;
const DIFFERENCES: i64 = 100;
const RECEIPTS: i64 = 20;

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let (read, report) = (Access::Holds(Verb::ReadReports), Access::Holds(Verb::ReportData));
    vec![
        Route::page("/projects/{project}/reports", read, "Platforms that a project reports to", || web::get().to(list)),
        Route::form("/projects/{project}/reports", report, "Add a platform", || web::post().to(add)),
        Route::page("/projects/{project}/reports/{report_platform}", read, "The outbox of a platform", || web::get().to(one)),
        Route::form(
            "/projects/{project}/reports/{report_platform}/orders",
            report,
            "Pause, resume, test or compare a platform",
            || web::post().to(order),
        ),
        Route::form("/projects/{project}/reports/{report_platform}/terms", report, "Change secrets, code and kinds", || {
            web::post().to(terms)
        }),
        Route::form("/projects/{project}/reports/{report_platform}/records", report, "See to a record", || {
            web::post().to(see_to)
        }),
    ]
}

#[derive(Template)]
#[template(path = "console/projects/reports.html")]
struct ListPage {
    f: Frame,
    head: Head,
    platforms: Vec<ReportPlatform>,
    profiles: Vec<(String, String)>,
    may_report: bool,
}

impl ListPage {
    fn kinds(&self) -> &'static [ReportKind] {
        ReportKind::ALL
    }

    fn kind(&self, kind: &ReportKind) -> &'static str {
        words::kind(self.f.visit.lang, *kind)
    }

    fn count(&self, platform: &ReportPlatform, state: RecordState) -> i64 {
        platform.counts.iter().filter(|one| one.state == state).map(|one| one.n).sum()
    }

    /// What is under way, accepted, and waits for a person.
    fn figures(&self, platform: &ReportPlatform) -> [i64; 3] {
        let sum = |states: &[RecordState]| states.iter().map(|state| self.count(platform, *state)).sum();
        let on_the_way = [RecordState::Queued, RecordState::Sent, RecordState::Waiting, RecordState::Unknown];
        let with_people = [RecordState::Incomplete, RecordState::Refused, RecordState::WithPerson];
        [sum(&on_the_way), self.count(platform, RecordState::Accepted), sum(&with_people)]
    }
}

#[derive(Template)]
#[template(path = "console/projects/report_platform.html")]
struct OnePage {
    f: Frame,
    head: Head,
    platform: ReportPlatform,
    records: Vec<RecordRow>,
    state: Option<RecordState>,
    next: Option<String>,
    differences: Vec<ReportDifference>,
    receipts: Vec<ReceiptRow>,
    may_report: bool,
    note_max: usize,
}

impl OnePage {
    fn path(&self) -> String {
        format!("/projects/{}/reports/{}", self.head.id, self.platform.id)
    }

    fn kinds(&self) -> &'static [ReportKind] {
        ReportKind::ALL
    }

    fn takes(&self, kind: &ReportKind) -> bool {
        self.platform.kinds.iter().any(|known| known == kind.as_str())
    }

    fn kind(&self, kind: &ReportKind) -> &'static str {
        words::kind(self.f.visit.lang, *kind)
    }

    fn said(&self, state: &RecordState) -> &'static str {
        words::state(self.f.visit.lang, *state).0
    }

    fn badge(&self, state: &RecordState) -> &'static str {
        words::state(self.f.visit.lang, *state).1
    }

    fn belief(&self, what: &Belief) -> &'static str {
        words::belief(self.f.visit.lang, *what)
    }

    fn is_stuck(&self, row: &RecordRow) -> bool {
        matches!(row.state, RecordState::Refused | RecordState::WithPerson)
    }

    fn is_paused(&self) -> bool {
        self.platform.state == PlatformState::Paused
    }

    fn more(&self) -> Option<String> {
        let state = self.state.map(|state| format!("&state={state}")).unwrap_or_default();
        self.next.as_ref().map(|next| format!("?after={next}{state}"))
    }

    fn outcome(&self, receipt: &ReceiptRow) -> &'static str {
        let lang = self.f.visit.lang;
        match receipt.outcome.as_str() {
            "accepted" => lang.pick("已接收", "accepted"),
            "found" => lang.pick("查询确认已接收", "found there by a question"),
            "not_found" => lang.pick("查询确认未到达", "not there, by a question"),
            "refused" => lang.pick("已拒绝", "refused"),
            "by_hand" => lang.pick("人工确认", "settled by a person"),
            _ => lang.pick("转人工", "left to a person"),
        }
    }
}

async fn list(visit: Visit, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let (head, platforms, may_report) = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, id)?;
            let rows = table::platforms_of(conn, site.id)?;
            let shown: Result<Vec<_>, Problem> = rows.into_iter().map(|row| ReportPlatform::of(conn, row)).collect();
            Ok((head, shown?, can(conn, visit, site.id, Verb::ReportData)))
        })
        .await?;
    let all = visit.ctx.ground.settings.platforms.all();
    let profiles = all.map(|one| (one.code.clone(), visit.t(&one.name, &one.name_en).to_owned())).collect();
    show(&ListPage { f: Frame::of(&visit), head, platforms, profiles, may_report })
}

#[derive(Deserialize)]
struct Query {
    state: Option<RecordState>,
    after: Option<String>,
}

async fn one(visit: Visit, path: web::Path<(ProjectId, RecordId)>, query: web::Query<Query>) -> Shown {
    let ((project, platform), Query { state, after }) = (path.into_inner(), query.into_inner());
    let after = after.as_deref().and_then(id::decode).unwrap_or(0);
    let page = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, project)?;
            let row = actions::enter(conn, &site, platform)?;
            let mut records = outbox::records_page(conn, row.id, (state, None), after, RECORDS + 1)?;
            let most = usize::try_from(RECORDS).unwrap_or(usize::MAX);
            let next = records.get(most.saturating_sub(1)).filter(|_| records.len() > most).map(|row| id::encode(row.id.0));
            records.truncate(most);
            let differences = differences_of(conn, &row, 0, DIFFERENCES)?;
            let receipts = table::receipts(conn, site.id, row.id, i64::MAX, RECEIPTS)?;
            let may_report = can(conn, visit, site.id, Verb::ReportData);
            let platform = ReportPlatform::of(conn, row)?;
            let f = Frame::of(visit);
            Ok(OnePage { f, head, platform, records, state, next, differences, receipts, may_report, note_max: NOTE_MAX })
        })
        .await?;
    show(&page)
}

fn told(form: &Form) -> Result<Terms, Problem> {
    let text = |name: &str| form.text(name).map(str::to_owned);
    let kinds: Result<Vec<ReportKind>, _> = form.all("kinds").map(|word| word.parse()).collect();
    let kinds = kinds.map_err(|error| Problem::unreadable("kinds", &error))?;
    Ok(Terms { secret: text("secret"), corp_secret: text("corp_secret"), project_code: text("project_code"), kinds })
}

async fn add(project: web::Path<ProjectId>, form: Form) -> Shown {
    let id = project.into_inner();
    let new = NewPlatform {
        name: form.required("name")?.to_owned(),
        address: form.required("address")?.to_owned(),
        profile: form.text("profile").map(str::to_owned),
        app_id: form.required("app_id")?.to_owned(),
        terms: told(&form)?,
        from_on: form.parse_opt("from_on")?,
    };
    let row = form
        .write(Verb::ReportData, move |tx, ctx| {
            let site = enter(tx.conn(), &ctx.scope, id)?;
            actions::add(tx, ctx, &site, &new)
        })
        .await?;
    done(&format!("/projects/{id}/reports/{}", row.id), "report_platform_kept", 1)
}

async fn terms(path: web::Path<(ProjectId, RecordId)>, form: Form) -> Shown {
    let (id, platform) = path.into_inner();
    let terms = told(&form)?;
    form.write(Verb::ReportData, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        actions::set_terms(tx, ctx, &site, platform, &terms)
    })
    .await?;
    done(&format!("/projects/{id}/reports/{platform}"), "report_platform_kept", 1)
}

async fn order(path: web::Path<(ProjectId, RecordId)>, form: Form) -> Shown {
    let (id, platform) = path.into_inner();
    let wanted = form.required("order")?.to_owned();
    form.write(Verb::ReportData, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        match wanted.as_str() {
            "pause" => actions::set_state(tx, ctx, &site, platform, PlatformState::Paused).map(drop),
            "resume" => actions::set_state(tx, ctx, &site, platform, PlatformState::Active).map(drop),
            "test" => actions::ask_test(tx, ctx, &site, platform),
            "compare" => actions::ask_comparison(tx, ctx, &site, platform).map(drop),
            _ => Err(Problem::invalid("没有这个操作。", "There is no such order.").at("order", "bad_format")),
        }
    })
    .await?;
    done(&format!("/projects/{id}/reports/{platform}"), "report_ordered", 1)
}

/// `字段=值`, one a line.
fn fields(text: &str) -> Plain {
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    pairs.map(|(key, value)| (key.trim().to_owned(), value.trim().into())).collect()
}

async fn see_to(path: web::Path<(ProjectId, RecordId)>, form: Form) -> Shown {
    let (id, platform) = path.into_inner();
    let record: RecordId = form.parse("record")?;
    let wanted = form.required("order")?.to_owned();
    let text = |name: &str| form.text(name).unwrap_or_default().to_owned();
    let (note, told) = (text("note"), fields(&text("fields")));
    form.write(Verb::ReportData, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        match wanted.as_str() {
            "again" => actions::again(tx, ctx, &site, record).map(drop),
            "settled" => actions::settled(tx, ctx, &site, record, &note).map(drop),
            "fields" => actions::tell(tx, ctx, &site, record, &told),
            _ => Err(Problem::invalid("没有这个操作。", "There is no such order.").at("order", "bad_format")),
        }
    })
    .await?;
    done(&format!("/projects/{id}/reports/{platform}"), "report_seen_to", 1)
}
