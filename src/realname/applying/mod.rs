//! Applying a request through the slices' own actions: all of it or nothing.
//!
//! The caller opens two transactions at most: one that applies, and where that ends in faults another that says so. Every fault of every
//! item is told. Deliberately absent: the transactions themselves, which the worker opens.

mod conduct;
mod gates;
mod pay;
mod people;
mod registry;
mod training;

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Value, json};

use super::apps::AppState;
use super::apps::actions::{self as apps, Opened};
use super::apps::table as app_rows;
use super::keeping::Origin;
use super::receiving::{note_error, parsed, put_aside};
use super::table::{self, RecordRow, RequestRow};
use super::{FEED, RequestState};
use crate::base::id::{CrewId, PartyId, RecordId};
use crate::parties::table::PartyRow;
use crate::projects::table::CrewRow;
use crate::projects::{self, PartyRole, Site};
use crate::store::inbox::{self, InboxState};
use crate::store::tx::Transient;
use crate::store::{AnyConn, StoreError, Tx};
use crate::web::{Code, Ctx, Problem, Scope, ScopeOn};
use crate::wire::openapi::answer::{Fault, Wrong, joined};
use crate::wire::openapi::form::Parameters;
use crate::wire::openapi::json;
use crate::wire::openapi::methods::Method;
use crate::wire::openapi::reading::Reader;
use crate::wire::openapi::record::{Message, Record};
use crate::{attendance, parties};

/// Texts of faults that a result holds at most, in bytes.
const RESULT_MAX: usize = 8_000;

/// A request that is read and waits to be applied.
#[derive(Debug)]
pub struct Prepared {
    /// The request.
    pub request: RequestRow,
    app: Opened,
    method: Method,
    message: Message,
    faults: Vec<Fault>,
}

/// Why a request is not applied.
#[derive(Debug)]
pub enum Halt {
    /// What is wrong with it.
    Faults(Vec<Fault>),
    /// What stood in the way of us; the job comes again.
    Problem(Problem),
}

impl From<Problem> for Halt {
    fn from(problem: Problem) -> Self {
        let is_theirs =
            matches!(problem.code, Code::Invalid | Code::Conflict | Code::NotFound | Code::NotAllowed | Code::TooLarge);
        if is_theirs && !problem.is_transient() {
            return Halt::Faults(vec![Fault::new("", Wrong::Refused(problem.zh, problem.en))]);
        }
        Halt::Problem(problem)
    }
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Halt::Problem(error.into())
    }
}

impl From<Fault> for Halt {
    fn from(fault: Fault) -> Self {
        Halt::Faults(vec![fault])
    }
}

impl Transient for Halt {
    fn is_transient(&self) -> bool {
        matches!(self, Halt::Problem(problem) if problem.is_transient())
    }
}

/// What an action of a slice says against a field, at that field.
fn told<T>(record: &Record, key: &str, result: Result<T, Problem>) -> Result<T, Halt> {
    result.map_err(|problem| match Halt::from(problem) {
        Halt::Faults(faults) => Halt::Faults(faults.into_iter().map(|fault| record.fault(key, fault.wrong)).collect()),
        other => other,
    })
}

/// Reads a request that waits; `None` for one that was applied or refused already.
///
/// # Errors
/// A store that fails, or a message that is gone.
pub fn prepare(conn: &mut AnyConn, ctx: &Ctx, id: RecordId) -> Result<Option<Prepared>, Problem> {
    let request = table::request(conn, id)?.ok_or_else(Problem::not_found)?;
    if request.state != RequestState::Waiting {
        return Ok(None);
    }
    let app = app_rows::find(conn, request.app_id)?.ok_or_else(Problem::not_found)?;
    let app = apps::open(conn, ctx.vault(), app)?;
    let kept = inbox::kept(conn, ctx.vault(), FEED, request.inbox_id)?.ok_or_else(Problem::not_found)?;
    let platforms = &ctx.ground.settings.platforms;
    let lost = || Problem::internal("a kept request does not read any more");
    let profile = platforms.get(&app.app.profile).ok_or_else(lost)?;
    let method = Method::find(&request.method).ok_or_else(lost)?;
    let parameters = Parameters::parse(&kept.body).map_err(|_| lost())?;
    let data = json::parse(parameters.get("data").unwrap_or_default()).map_err(|_| lost())?;
    // The day of receipt counts: a request of yesterday evening does not get better or worse by waiting.
    let reader = Reader { secret: &app.secret, platforms, profile, today: kept.received_at.day().min(ctx.today) };
    // A fault of the reader must cost this one request and not the worker.
    let read = catch_unwind(AssertUnwindSafe(|| reader.read(&data, method.shape())));
    let (message, mut faults) = read.unwrap_or_else(|_| (Message::default(), vec![Fault::at("data", Wrong::Panicked)]));
    if app.app.state != AppState::Active {
        let (zh, en) = ("应用已停用".to_owned(), "the app was switched off".to_owned());
        faults.push(Fault::at("appid", Wrong::Refused(zh, en)));
    }
    Ok(Some(Prepared { request, app, method, message, faults }))
}

/// Who acts for an app: the app, on what it is bound to.
fn acting(ctx: &Ctx, app: &Opened) -> Ctx {
    let place = match (app.app.project_id, app.app.party_id) {
        (Some(project), _) => vec![ScopeOn::Project(project)],
        (None, Some(party)) => vec![ScopeOn::Organisation(party)],
        (None, None) => Vec::new(),
    };
    let actor = format!("openapi-{}", app.app.app_id);
    Ctx { scope: Scope { actor, user: None, places: place }, ..ctx.clone() }
}

/// What an applied request is answered with, and what its messages leave behind.
#[derive(Debug, Default)]
struct Applied {
    result: Option<Value>,
    items_digest: String,
    not_entered: i64,
}

impl Applied {
    fn of(result: Value) -> Self {
        Self { result: Some(result), ..Self::default() }
    }
}

/// Applies a request whole.
///
/// # Errors
/// The faults of every item, with nothing kept; or what stood in the way of us.
pub fn apply(tx: &mut Tx<'_>, ctx: &Ctx, prepared: &Prepared) -> Result<(), Halt> {
    if !prepared.faults.is_empty() {
        return Err(Halt::Faults(prepared.faults.clone()));
    }
    let request = &prepared.request;
    if table::request(tx.conn(), request.id)?.is_none_or(|now| now.state != RequestState::Waiting) {
        return Ok(());
    }
    let acting = acting(ctx, &prepared.app);
    let ask = Ask {
        ctx: &acting,
        app: &prepared.app,
        method: prepared.method,
        message: &prepared.message,
        origin: Origin { app: prepared.app.app.id, inbox: request.inbox_id },
    };
    let applied = match prepared.method {
        Method::CorpUpload => registry::corp(tx, &ask)?,
        Method::ProjectAdd => registry::project(tx, &ask)?,
        Method::ProjectUpdate | Method::ProjectPartUpdate => registry::project_change(tx, &ask)?,
        Method::SubContractorAdd | Method::SubContractorUpdate => registry::subcontractor(tx, &ask)?,
        Method::TeamAdd => registry::team(tx, &ask)?,
        Method::TeamUpdate => registry::team_change(tx, &ask)?,
        Method::ProjectWorkerAdd | Method::ProjectWorkerUpdate => people::announce(tx, &ask)?,
        Method::EntryExitAdd => people::pass(tx, &ask)?,
        Method::ContractAdd => people::contract(tx, &ask)?,
        Method::AttendanceAdd => gates::attendance(tx, &ask)?,
        Method::PayrollAdd => pay::payroll(tx, &ask)?,
        Method::TrainingAdd => training::training(tx, &ask)?,
        other => match other.conduct() {
            Some((whose, what)) => conduct::told(tx, &ask, whose, what)?,
            None => return Err(Fault::at(other.as_str(), Wrong::NotServed).into()),
        },
    };
    let result = applied.result.unwrap_or_else(|| json!({})).to_string();
    table::finish(tx.conn(), request.id, RequestState::Done, &result, ctx.now)?;
    let items = prepared.message.items.len().max(1);
    inbox::reparsed(tx.conn(), request.inbox_id, &parsed(InboxState::Done, items, applied.items_digest), ctx.now)?;
    let app = prepared.app.app.id;
    table::count(tx.conn(), app, ctx.today, &request.method, RequestState::Done.as_str(), 1)?;
    if applied.not_entered > 0 {
        table::count(tx.conn(), app, ctx.today, &request.method, "not_entered", applied.not_entered)?;
    }
    Ok(())
}

/// [`refuse`] for a request that cannot be read any more.
pub fn refuse_unread(tx: &mut Tx<'_>, ctx: &Ctx, id: RecordId) -> Result<(), Problem> {
    let request = table::request(tx.conn(), id)?.ok_or_else(Problem::not_found)?;
    refuse(tx, ctx, &request, &[Fault::at("data", Wrong::Panicked)])
}

/// Says that a request was not applied, and puts each of its faults into quarantine.
pub fn refuse(tx: &mut Tx<'_>, ctx: &Ctx, request: &RequestRow, faults: &[Fault]) -> Result<(), Problem> {
    let text = joined(faults, RESULT_MAX);
    if !table::finish(tx.conn(), request.id, RequestState::Failed, &text, ctx.now)? {
        return Ok(());
    }
    inbox::reparsed(tx.conn(), request.inbox_id, &parsed(InboxState::Quarantined, faults.len(), String::new()), ctx.now)?;
    put_aside(tx, ctx, request.inbox_id, faults)?;
    table::count(tx.conn(), request.app_id, ctx.today, &request.method, RequestState::Failed.as_str(), 1)?;
    Ok(note_error(tx.conn(), ctx, request.app_id, &request.method, RequestState::Failed.as_str(), &text)?)
}

/// What each kind of message is applied with.
struct Ask<'a> {
    ctx: &'a Ctx,
    app: &'a Opened,
    method: Method,
    message: &'a Message,
    origin: Origin,
}

impl Ask<'_> {
    fn root(&self) -> &Record {
        &self.message.root
    }

    fn is_update(&self) -> bool {
        self.method.as_str().ends_with("Update")
    }

    /// The project that the message names.
    fn site(&self, tx: &mut Tx<'_>) -> Result<Site, Halt> {
        let absent = || self.root().fault("projectCode", Wrong::Absent("项目"));
        let row = projects::table::by_code(tx.conn(), self.root().word("projectCode"))?.ok_or_else(absent)?;
        let site = projects::site(tx.conn(), row.id)?;
        // `way` has looked at the days: what a company tells of those before it left is taken after it left too.
        let parties: Vec<_> = site.participations().iter().map(|row| row.party_id).collect();
        if self.ctx.scope.covers_project(site.id, site.region, &parties) { Ok(site) } else { Err(absent().into()) }
    }

    /// The company of a code, and that it has the name on record.
    fn party(&self, tx: &mut Tx<'_>, at: &Record, code: &str, name: &str) -> Result<PartyRow, Halt> {
        let found = parties::table::by_uscc(tx.conn(), &self.ctx.scope, at.word(code))?;
        let party = found.ok_or_else(|| at.fault(code, Wrong::Absent("企业")))?;
        match at.text(name) {
            Some(told) if !same_name(told, &party.name) => {
                let zh = format!("与登记的企业名称“{}”不一致", party.name);
                Err(at.fault(name, Wrong::Refused(zh, "it is not the name on record".to_owned())).into())
            }
            _ => Ok(party),
        }
    }

    /// Refuses what a company's app says of another company, unless it is the project's general contractor: one subcontractor neither
    /// enters nor pays another's people.
    fn require_own(&self, site: &Site, party: PartyId, at: &Record, key: &str) -> Result<(), Halt> {
        let contractor = site.party(PartyRole::GeneralContractor, self.ctx.today);
        let may = self.app.app.party_id.is_none_or(|own| own == party || contractor == Some(own));
        let zh = "没有该企业的权限".to_owned();
        let wrong = Wrong::Refused(zh, "the app is another company's".to_owned());
        if may { Ok(()) } else { Err(at.fault(key, wrong).into()) }
    }

    /// Refuses what only the project itself, or its general contractor, may say: who leads it, and what it is.
    fn require_lead(&self, site: &Site, at: &Record, key: &str) -> Result<(), Halt> {
        let contractor = site.party(PartyRole::GeneralContractor, self.ctx.today);
        let may = self.app.app.party_id.is_none_or(|own| contractor == Some(own));
        let zh = "只有总承包单位可以报送".to_owned();
        let wrong = Wrong::Refused(zh, "only the general contractor says this".to_owned());
        if may { Ok(()) } else { Err(at.fault(key, wrong).into()) }
    }

    /// The crew of the number that the message names.
    fn team(&self, tx: &mut Tx<'_>, site: &Site) -> Result<Team, Halt> {
        let absent = || self.root().fault("teamSysNo", Wrong::Absent("班组"));
        let number = self.root().count("teamSysNo").unwrap_or_default();
        let record = table::team(tx.conn(), site.id, number)?.ok_or_else(absent)?;
        let crew = record.subject_id.map(CrewId).ok_or_else(absent)?;
        let crews = projects::table::crews_of(tx.conn(), site.id)?;
        let crew = crews.into_iter().find(|row| row.id == crew).ok_or_else(absent)?;
        self.require_own(site, crew.party_id, self.root(), "teamSysNo")?;
        Ok(Team { number, crew, record })
    }

    /// The same, and that it is a crew of the company that the message names.
    fn team_of_corp(&self, tx: &mut Tx<'_>, site: &Site) -> Result<Team, Halt> {
        let team = self.team(tx, site)?;
        let party = self.party(tx, self.root(), "corpCode", "corpName")?;
        if team.crew.party_id != party.id {
            let wrong = Wrong::Refused("不是该班组所属的企业".to_owned(), "it is not the company of the crew".to_owned());
            return Err(self.root().fault("corpCode", wrong).into());
        }
        match self.root().text("teamName") {
            Some(name) if self.method == Method::ProjectWorkerAdd && !same_name(name, &team.crew.name) => {
                let zh = format!("与登记的班组名称“{}”不一致", team.crew.name);
                Err(self.root().fault("teamName", Wrong::Refused(zh, "it is not the name on record".to_owned())).into())
            }
            _ => Ok(team),
        }
    }

    /// Does something with each item; every fault of every item is gathered.
    fn each(&self, mut work: impl FnMut(&Record) -> Result<(), Halt>) -> Result<(), Halt> {
        let mut all = Vec::new();
        for item in &self.message.items {
            match work(item) {
                Ok(()) => {}
                Err(Halt::Faults(faults)) => all.extend(faults),
                Err(problem) => return Err(problem),
            }
        }
        if all.is_empty() { Ok(()) } else { Err(Halt::Faults(all)) }
    }
}

/// A crew with its number in the protocol.
struct Team {
    number: i64,
    crew: CrewRow,
    record: RecordRow,
}

/// Names as people write them: width and blanks make no other company.
fn same_name(a: &str, b: &str) -> bool {
    let plain = |text: &str| crate::base::person::half_width(text).split_whitespace().collect::<String>();
    plain(a) == plain(b)
}

/// The digest of what the gates stored from a message.
fn digest_of(rows: &[crate::store::bulk::PunchRow]) -> String {
    attendance::intake::digest::of_rows(rows)
}
