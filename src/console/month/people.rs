//! The roll of a project: who is on it, on what terms, what is odd; enrolling one by hand, and the crews and companies behind them.

use std::collections::{BTreeMap, HashMap};

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use super::{amount, can};
use crate::attendance::imports::{ImportState, ImportView, SheetKind};
use crate::base::id::{CrewId, PartyId, ProjectId, RecordId, WorkerId};
use crate::console::projects::head::Head;
use crate::console::{Frame, Shown, done, in_query, show};
use crate::parties;
use crate::projects::table::CrewRow;
use crate::projects::{self, PartyRole, Site, enter};
use crate::store::{AnyConn, Vault};
use crate::web::paging::{Page, PageQuery};
use crate::web::{Access, Form, Problem, Route, Verb, Visit};
use crate::workers::actions::NewEnrolment;
use crate::workers::table::{Wanted, WorkerRow};
use crate::workers::{self, EnrolmentView, IdKind, Paper, Roll, WarningCode};

/// The longest name that is looked for, in characters.
const SEARCH_MAX: usize = 60;

/// Rosters that the page lists.
const ROSTERS_SHOWN: i64 = 5;

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::page("/projects/{project}/workers", Access::Holds(Verb::ReadWorkers), "The roll of a project", || {
            web::get().to(page)
        }),
        Route::form("/projects/{project}/workers", Access::Holds(Verb::EnrolWorkers), "Enrol one worker", || {
            web::post().to(enrol)
        }),
    ]
}

/// Somebody on the roll, numbers masked.
pub(super) struct Person {
    /// As enrolled.
    pub view: EnrolmentView,
    /// Name of the crew.
    pub crew: String,
}

/// These enrolments with person and crew.
pub(super) fn known(
    conn: &mut AnyConn,
    vault: &Vault,
    site: &Site,
    ids: &[RecordId],
) -> Result<BTreeMap<RecordId, Person>, Problem> {
    let rows = workers::table::some(conn, site.id, ids)?;
    let people: Vec<WorkerId> = rows.iter().map(|row| row.worker_id).collect();
    let people: HashMap<WorkerId, WorkerRow> =
        workers::table::workers_of(conn, &people)?.into_iter().map(|worker| (worker.id, worker)).collect();
    let crews = projects::table::crews_of(conn, site.id)?;
    let mut known = BTreeMap::new();
    for row in rows {
        let Some(worker) = people.get(&row.worker_id) else { continue };
        let view = workers::lookups::view_with(conn, vault, &row, worker)?;
        known.insert(row.id, Person { view, crew: crew_name(&crews, row.crew_id) });
    }
    Ok(known)
}

/// Name of a crew.
pub(super) fn crew_name(crews: &[CrewRow], id: CrewId) -> String {
    crews.iter().find(|crew| crew.id == id).map(|crew| crew.name.clone()).unwrap_or_default()
}

/// A company on the project.
pub(super) struct Company {
    pub id: PartyId,
    /// Its participation, whose end may be recorded.
    pub participation: RecordId,
    pub role: PartyRole,
    pub name: String,
}

impl Company {
    /// Whether it has crews.
    fn employs(&self) -> bool {
        matches!(self.role, PartyRole::GeneralContractor | PartyRole::Subcontractor)
    }

    /// Whether the crew is its own.
    fn has(&self, crew: &CrewRow) -> bool {
        self.employs() && crew.party_id == self.id
    }
}

/// Who takes part in the project today.
pub(super) fn companies(conn: &mut AnyConn, visit: &Visit, site: &Site) -> Result<Vec<Company>, Problem> {
    let mut found = Vec::new();
    for row in site.participations().iter().filter(|row| row.until_on.is_none() && row.holds_on(visit.ctx.today)) {
        if let Some(party) = parties::table::find(conn, &visit.ctx.scope, row.party_id)? {
            found.push(Company { id: party.id, participation: row.id, role: row.role, name: party.name });
        }
    }
    Ok(found)
}

#[derive(Template)]
#[template(path = "console/month/roll.html")]
struct RollPage {
    f: Frame,
    head: Head,
    people: Vec<(Person, Vec<WarningCode>)>,
    next: Option<String>,
    everybody: bool,
    wanted: Wanted,
    roll: Roll,
    crews: Vec<CrewRow>,
    companies: Vec<Company>,
    papers: &'static [Paper],
    kinds: &'static [IdKind],
    may_enrol: bool,
    may_register: bool,
    may_unmask: bool,
    rosters: Vec<ImportView>,
    /// Kinds of sheets that the visitor may hand in.
    sheets: Vec<SheetKind>,
}

impl RollPage {
    fn waits(&self, roster: &ImportView) -> bool {
        roster.state == ImportState::Waiting
    }

    /// What is looked for, as it follows another field of a link.
    fn search(&self) -> String {
        let mut search = String::new();
        if !self.wanted.name.is_empty() {
            search.push_str(&format!("&name={}", in_query(&self.wanted.name)));
        }
        if let Some(crew) = self.wanted.crew {
            search.push_str(&format!("&crew={crew}"));
        }
        search
    }

    fn is_crew(&self, crew: &CrewRow) -> bool {
        self.wanted.crew == Some(crew.id)
    }
}

#[derive(Deserialize)]
struct RollQuery {
    after: Option<String>,
    everybody: Option<String>,
    name: Option<String>,
    crew: Option<String>,
}

async fn page(visit: Visit, project: web::Path<ProjectId>, query: web::Query<RollQuery>) -> Shown {
    let id = project.into_inner();
    let RollQuery { after, everybody, name, crew } = query.into_inner();
    let everybody = everybody.is_some();
    // An empty field of the search form looks for nothing.
    let crew = crew.filter(|text| !text.is_empty()).map(|text| text.parse()).transpose();
    let crew: Option<CrewId> = crew.map_err(|error| Problem::unreadable("crew", &error))?;
    let name: String = name.unwrap_or_default().trim().chars().take(SEARCH_MAX).collect();
    let wanted = Wanted { active: !everybody, name, crew };
    let (after, limit) = PageQuery::new(after, None).bounds()?;
    let page = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, id)?;
            let rows = workers::table::page(conn, site.id, &wanted, after, limit + 1)?;
            let Page { items, next } = Page::cut(rows, limit, |row| row.id.0);
            let ids: Vec<RecordId> = items.iter().map(|row| row.id).collect();
            let mut known = known(conn, visit.ctx.vault(), &site, &ids)?;
            let mut people = Vec::with_capacity(items.len());
            for row in &items {
                let warnings = workers::lookups::warnings_of(conn, &site, row)?;
                people.extend(known.remove(&row.id).map(|person| (person, warnings)));
            }
            let may_enrol = can(conn, visit, id, Verb::EnrolWorkers);
            let rosters =
                if may_enrol { crate::attendance::imports::http::latest(conn, &site, ROSTERS_SHOWN)? } else { Vec::new() };
            Ok(RollPage {
                f: Frame::of(visit),
                rosters,
                sheets: SheetKind::ALL.iter().copied().filter(|kind| can(conn, visit, id, kind.verb())).collect(),
                may_unmask: can(conn, visit, id, Verb::Unmask),
                people,
                next,
                everybody,
                wanted,
                roll: workers::lookups::roll_on(conn, site.id, visit.ctx.today)?,
                crews: projects::table::crews_of(conn, site.id)?,
                companies: companies(conn, visit, &site)?,
                papers: Paper::ALL,
                kinds: IdKind::ALL,
                may_enrol,
                may_register: can(conn, visit, id, Verb::RegisterProjects),
                head,
            })
        })
        .await?;
    show(&page)
}

async fn enrol(form: Form, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let owned = |name: &str| form.text(name).map(str::to_owned);
    let new = NewEnrolment {
        name: form.required("name")?.to_owned(),
        id_kind: form.parse_opt("id_kind")?.unwrap_or(IdKind::IdCard),
        id_number: form.required("id_number")?.to_owned(),
        phone: owned("phone"),
        crew: form.parse("crew")?,
        trade: form.required("trade")?.to_owned(),
        pin: owned("pin"),
        paper: form.parse_opt("paper")?.unwrap_or(Paper::None),
        paper_document: None,
        safety_trained: form.ticked("safety_trained"),
        card: owned("card"),
        bank_name: owned("bank_name"),
        day_rate: amount(&form, "day_rate")?,
        entered_on: form.parse_opt("entered_on")?.unwrap_or(form.visit.ctx.today),
    };
    let enrolled = form
        .write(Verb::EnrolWorkers, move |tx, ctx| {
            let site = enter(tx.conn(), &ctx.scope, id)?;
            workers::actions::enrol(tx, ctx, &site, &new).map(|enrolled| enrolled.view.id)
        })
        .await?;
    done(&format!("/projects/{id}/workers/{enrolled}"), "enrolled", 1)
}
