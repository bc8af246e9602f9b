//! What a first month needs before it: company, project, the parties and crews on it, wage account, deposit, gate machines.

use actix_web::web;
use askama::Template;
use serde_json::json;

use super::{amount, can, evidence};
use crate::accounts::actions::NewAccount;
use crate::attendance::devices::actions::Binding;
use crate::attendance::devices::table::{DeviceRow, DeviceStateRow};
use crate::attendance::devices::{self, GateDirection, Maker};
use crate::base::RegionCode;
use crate::base::id::{DepositId, ProjectId, RecordId};
use crate::console::projects::head::Head;
use crate::console::{Frame, Shown, done, moment, show};
use crate::deposits::actions::{NewDeposit, NewEvent};
use crate::deposits::{self, DepositEvent};
use crate::documents::DocumentKind;
use crate::parties::actions::NewParty;
use crate::parties::{self, PartyKind};
use crate::projects::actions::{NewParticipation, NewProject};
use crate::projects::{self, PartyRole, enter};
use crate::store::{AnyConn, journal};
use crate::web::{Access, Ctx, Form, Problem, Route, Verb, Visit};
use crate::{accounts, base};

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let register = Access::Holds(Verb::RegisterProjects);
    let parties = Access::Holds(Verb::RegisterParties);
    let (open, handle) = (Access::Holds(Verb::OpenAccounts), Access::Holds(Verb::HandleDeposits));
    let manage = Access::Holds(Verb::ManageDevices);
    vec![
        Route::page("/companies/new", parties, "Register a company", || web::get().to(company_page)),
        Route::form("/companies/new", parties, "Register a company", || web::post().to(register_company)),
        Route::page("/projects/new", register, "Register a project", || web::get().to(project_page)),
        Route::form("/projects/new", register, "Register a project", || web::post().to(register_project)),
        Route::form("/projects/{project}/parties", register, "Put a company on a project", || web::post().to(join)),
        Route::form("/projects/{project}/parties/{participation}/end", register, "End a company's part in a project", || {
            web::post().to(end)
        }),
        Route::form("/projects/{project}/crews", register, "Add a crew", || web::post().to(add_crew)),
        Route::form("/projects/{project}/account", open, "Put the wage account on record", || web::post().to(open_account)),
        Route::form("/projects/{project}/account/filing", open, "Record the filing of the account", || {
            web::post().to(file_account)
        }),
        Route::form("/projects/{project}/deposit", handle, "Lodge a deposit", || web::post().to(lodge)),
        Route::form("/projects/{project}/deposit/events", handle, "Record what happened to a deposit", || {
            web::post().to(record_event)
        }),
        Route::page("/projects/{project}/devices", manage, "Gate machines of a project", || web::get().to(devices_page)),
        Route::form("/projects/{project}/devices", manage, "Bind a gate machine", || web::post().to(bind)),
    ]
}

#[derive(Template)]
#[template(path = "console/month/company_new.html")]
struct CompanyPage {
    f: Frame,
    kinds: &'static [PartyKind],
}

async fn company_page(visit: Visit) -> Shown {
    show(&CompanyPage { f: Frame::of(&visit), kinds: PartyKind::ALL })
}

async fn register_company(form: Form) -> Shown {
    let (uscc, kind) = (form.parse::<base::person::Uscc>("uscc")?, form.parse("kind")?);
    let (name, parent) = (form.required("name")?.to_owned(), form.parse_opt::<base::person::Uscc>("parent")?);
    let party = form
        .write(Verb::RegisterParties, move |tx, ctx| {
            let parent = match &parent {
                Some(uscc) => Some(known_company(tx.conn(), ctx, uscc, "parent")?),
                None => None,
            };
            parties::actions::register(tx, ctx, &NewParty { uscc: uscc.clone(), name: name.clone(), kind, parent })
        })
        .await?;
    // Not everybody who may register a company may look at one.
    let to = if form.visit.able(Verb::ReadProjects).is_some() { format!("/companies/{}", party.id) } else { "/me".to_owned() };
    done(&to, "company_registered", 1)
}

/// The company of a credit code.
fn known_company(conn: &mut AnyConn, ctx: &Ctx, uscc: &base::person::Uscc, place: &str) -> Result<base::id::PartyId, Problem> {
    let known = parties::table::by_uscc(conn, &ctx.scope, uscc.as_str())?;
    known.map(|party| party.id).ok_or_else(|| {
        let zh = "该统一社会信用代码尚未登记，请先登记企业（/companies/new）。";
        let en = "No company of this credit code is registered; register it first (/companies/new).";
        Problem::invalid(zh, en).at(place, "unknown_reference")
    })
}

#[derive(Template)]
#[template(path = "console/month/project_new.html")]
struct ProjectPage {
    f: Frame,
}

async fn project_page(visit: Visit) -> Shown {
    show(&ProjectPage { f: Frame::of(&visit) })
}

async fn register_project(form: Form) -> Shown {
    let (code, name) = (form.required("code")?.to_owned(), form.required("name")?.to_owned());
    let region: RegionCode = form.parse("region")?;
    let owner: base::person::Uscc = form.parse("owner")?;
    let contractor: base::person::Uscc = form.parse("general_contractor")?;
    let from_on = form.parse_opt("from_on")?.unwrap_or(form.visit.ctx.today);
    let project = form
        .write(Verb::RegisterProjects, move |tx, ctx| {
            let new = NewProject {
                code: code.clone(),
                name: name.clone(),
                region,
                owner: known_company(tx.conn(), ctx, &owner, "owner")?,
                general_contractor: known_company(tx.conn(), ctx, &contractor, "general_contractor")?,
                from_on,
            };
            projects::actions::register(tx, ctx, &new)
        })
        .await?;
    done(&format!("/projects/{}/documents", project.id), "project_registered", 1)
}

async fn join(form: Form, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let (uscc, role) = (form.parse::<base::person::Uscc>("uscc")?, form.parse::<PartyRole>("role")?);
    let from_on = form.parse("from_on")?;
    form.write(Verb::RegisterProjects, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        let party = known_company(tx.conn(), ctx, &uscc, "uscc")?;
        // A subcontractor works under the general contractor unless the API says otherwise.
        let under = if role == PartyRole::Subcontractor { site.party(PartyRole::GeneralContractor, from_on) } else { None };
        projects::actions::join(tx, ctx, &site, &NewParticipation { party, role, under, from_on })
    })
    .await?;
    done(&format!("/projects/{id}/workers#crews"), "company_joined", 1)
}

async fn end(form: Form, path: web::Path<(ProjectId, RecordId)>) -> Shown {
    let (id, participation) = path.into_inner();
    let (ended_on, reason) = (form.parse("ended_on")?, form.required("reason")?.to_owned());
    form.write(Verb::RegisterProjects, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        projects::ending::end(tx, ctx, &site, participation, ended_on, &reason)
    })
    .await?;
    // Whoever ended its own company's part sees the project no more.
    let to = format!("/projects/{id}/workers#crews");
    let visit = form.visit.clone();
    let stays = visit.read(move |conn, visit| Ok::<_, Problem>(enter(conn, &visit.ctx.scope, id).is_ok())).await?;
    done(if stays { &to } else { "/projects" }, "company_left", 1)
}

async fn add_crew(form: Form, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let (name, party, from_on) = (form.required("name")?.to_owned(), form.parse("party")?, form.parse("from_on")?);
    form.write(Verb::RegisterProjects, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        projects::actions::add_crew(tx, ctx, &site, &name, party, from_on)
    })
    .await?;
    done(&format!("/projects/{id}/workers#crews"), "crew_added", 1)
}

async fn open_account(form: Form, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let owned = |name: &str| form.text(name).unwrap_or_default().to_owned();
    let name = form.text("name").map(str::to_owned);
    let filed_on = form.parse_opt("filed_on")?;
    let agreement = evidence::uploaded(&form, "file", DocumentKind::AccountAgreement);
    let new = NewAccount {
        number: form.required("number")?.to_owned(),
        sub_ledger: owned("sub_ledger"),
        name: String::new(),
        bank_name: form.required("bank_name")?.to_owned(),
        bank_code: form.required("bank_code")?.to_owned(),
        opened_on: form.parse("opened_on")?,
        agreement: None,
        succeeds: form.parse_opt("succeeds")?,
        detail_means_paid: !form.ticked("detail_is_no_proof"),
    };
    form.write(Verb::OpenAccounts, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        // Without a name of its own the account bears the one that the rule prescribes.
        let name = match &name {
            Some(name) => name.clone(),
            None => accounts::actions::prescribed_name(tx.conn(), ctx, &site, new.opened_on)?.unwrap_or_default(),
        };
        let agreement = evidence::kept(tx, ctx, &site, agreement.as_ref())?;
        let row = accounts::actions::open_account(tx, ctx, &site, &NewAccount { name, agreement, ..new.clone() })?;
        match filed_on {
            Some(day) => accounts::actions::file_account(tx, ctx, &site, row.id, day),
            None => Ok(row),
        }
    })
    .await?;
    done(&format!("/projects/{id}/money"), "account_opened", 1)
}

async fn file_account(form: Form, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let filed_on = form.parse("filed_on")?;
    form.write(Verb::OpenAccounts, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        let account = accounts::actions::account_on(tx.conn(), &site, ctx.today)?;
        let account = account.ok_or_else(|| {
            Problem::invalid("本项目没有在用的专用账户，请先登记账户。", "The project has no wage account in use; open it first.")
                .at("account", "unknown_account")
        })?;
        accounts::actions::file_account(tx, ctx, &site, account.id, filed_on)
    })
    .await?;
    done(&format!("/projects/{id}/money"), "account_filed", 1)
}

/// What an uploaded file stands for in an order, so that the same key with another file is told apart.
fn digest(form: &Form) -> Option<String> {
    form.file_opt("file").map(|file| journal::sha256(&file.bytes))
}

async fn lodge(form: Form, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let paper = evidence::uploaded(&form, "file", DocumentKind::DepositGuarantee);
    let new = NewDeposit {
        kind: form.parse("kind")?,
        amount: amount(&form, "amount")?,
        issuer: form.required("issuer")?.to_owned(),
        lodged_on: form.parse("lodged_on")?,
        ends_on: form.parse_opt("ends_on")?,
        document: None,
    };
    let request = json!({"page": "lodge_deposit", "project": id, "kind": new.kind, "amount": new.amount, "issuer": new.issuer,
        "lodged_on": new.lodged_on, "ends_on": new.ends_on, "file": digest(&form)});
    form.order(Verb::HandleDeposits, request, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        let document = evidence::kept(tx, ctx, &site, paper.as_ref())?;
        let lodged = deposits::actions::lodge(tx, ctx, &site, &NewDeposit { document, ..new.clone() })?;
        Ok(json!({"deposit": lodged.deposit.id}))
    })
    .await?;
    done(&format!("/projects/{id}/deposit"), "deposit_lodged", 1)
}

async fn record_event(form: Form, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let deposit: DepositId = form.parse("deposit")?;
    let paper = evidence::uploaded(&form, "file", DocumentKind::DepositGuarantee);
    let kind: DepositEvent = form.parse("kind")?;
    let new = NewEvent {
        kind,
        happened_on: form.parse("happened_on")?,
        amount: super::amount_opt(&form, "amount")?.unwrap_or(base::Fen::ZERO),
        document: None,
    };
    let request = json!({"page": "record_deposit_event", "project": id, "deposit": deposit, "kind": new.kind,
        "happened_on": new.happened_on, "amount": new.amount, "file": digest(&form)});
    form.order(Verb::HandleDeposits, request, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        let document = evidence::kept(tx, ctx, &site, paper.as_ref())?;
        deposits::actions::tell_event(tx, ctx, &site, deposit, &NewEvent { document, ..new.clone() })?;
        Ok(json!({"deposit": deposit}))
    })
    .await?;
    done(&format!("/projects/{id}/deposit"), "deposit_event_recorded", 1)
}

#[derive(Template)]
#[template(path = "console/month/devices.html")]
struct DevicesPage {
    f: Frame,
    head: Head,
    devices: Vec<(DeviceRow, Option<DeviceStateRow>)>,
    makers: &'static [Maker],
    directions: &'static [GateDirection],
    may_bind: bool,
}

async fn devices_page(visit: Visit, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let page = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, id)?;
            let mut devices = Vec::new();
            for row in devices::table::of_project(conn, site.id)? {
                let state = devices::table::state_of(conn, row.id)?;
                devices.push((row, state));
            }
            let may_bind = can(conn, visit, id, Verb::ManageDevices);
            let (makers, directions) = (Maker::ALL, GateDirection::ALL);
            Ok(DevicesPage { f: Frame::of(visit), head, devices, makers, directions, may_bind })
        })
        .await?;
    show(&page)
}

async fn bind(form: Form, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let new = Binding {
        serial: form.required("serial")?.to_owned(),
        maker: form.parse("maker")?,
        gate: form.required("gate")?.to_owned(),
        direction: form.parse("direction")?,
        offset_minutes: None,
        com_key: form.text("com_key").map(str::to_owned),
        since: moment(&form, "since")?,
    };
    form.write(Verb::ManageDevices, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        devices::actions::bind(tx, ctx, &site, &new).map(drop)
    })
    .await?;
    done(&format!("/projects/{id}/devices"), "device_bound", 1)
}
