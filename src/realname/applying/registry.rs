//! Companies, projects, companies on projects, crews.

use serde_json::json;

use super::{Applied, Ask, Halt, same_name, told};
use crate::base::id::PartyId;
use crate::base::person::Uscc;
use crate::base::{Day, RegionCode};
use crate::parties::actions::NewParty;
use crate::parties::{self, PartyKind};
use crate::projects::actions::{self as projects_actions, NewParticipation, NewProject};
use crate::projects::table as projects;
use crate::projects::{PartyRole, Site};
use crate::realname::keeping::{self, Fields, NewRecord, Standing};
use crate::realname::table::RecordRow;
use crate::realname::{RecordKind, TEAM_NUMBER_BASE, table};
use crate::store::Tx;
use crate::web::Problem;
use crate::wire::openapi::answer::Wrong;
use crate::wire::openapi::record::Record;

fn fields(record: &Record) -> Fields {
    record.pairs().into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn register(tx: &mut Tx<'_>, ask: &Ask<'_>, at: &Record, code: &str, name: &str) -> Result<PartyId, Halt> {
    let unreadable = |error| Halt::from(Problem::unreadable(code, &error));
    let uscc = Uscc::parse(at.word(code)).map_err(unreadable)?;
    if let Some(known) = parties::table::by_uscc(tx.conn(), &ask.ctx.scope, uscc.as_str())? {
        // Width and blanks make no other company.
        return if same_name(&known.name, at.word(name)) { Ok(known.id) } else { Err(at.fault(code, Wrong::Exists).into()) };
    }
    let new = NewParty { uscc, name: at.word(name).to_owned(), kind: PartyKind::Enterprise, parent: None };
    Ok(told(at, name, parties::actions::register(tx, ask.ctx, &new))?.id)
}

pub(super) fn corp(tx: &mut Tx<'_>, ask: &Ask<'_>) -> Result<Applied, Halt> {
    register(tx, ask, ask.root(), "corpCode", "corpName")?;
    Ok(Applied::default())
}

/// The day from which something holds: as stated unless that lies ahead.
fn from_on(stated: Option<Day>, today: Day) -> Day {
    stated.filter(|day| *day <= today).unwrap_or(today)
}

pub(super) fn project(tx: &mut Tx<'_>, ask: &Ask<'_>) -> Result<Applied, Halt> {
    let (ctx, root) = (ask.ctx, ask.root());
    let contractor = ask.party(tx, root, "contractorCorpCode", "contractorCorpName")?;
    if ask.app.app.party_id != Some(contractor.id) {
        let zh = "不是本应用所属的企业".to_owned();
        return Err(root.fault("contractorCorpCode", Wrong::Refused(zh, "it is not the company of this app".to_owned())).into());
    }
    // The key of a project that is not there yet cannot be led by the project: it is looked for among the contractor's.
    let key = format!("{} {}", root.word("contractorCorpCode"), root.word("thirdPartyProjectCode"));
    let content = keeping::content_index(ctx, &root.content());
    for (id, role) in projects::of_parties(tx.conn(), &[contractor.id])? {
        if role != PartyRole::GeneralContractor {
            continue;
        }
        if let Some(known) = keeping::latest(tx.conn(), ctx, RecordKind::Project, id, &key)? {
            let site = crate::projects::site(tx.conn(), id)?;
            let first = first_content(tx, &known)?;
            let is_same = known.content == content || first == content;
            let exists = || Halt::from(root.fault("thirdPartyProjectCode", Wrong::Exists));
            return if is_same { Ok(Applied::of(json!({"projectCode": site.code}))) } else { Err(exists()) };
        }
    }
    let owner = match (root.text("buildCorpCode"), root.text("buildCorpName")) {
        (Some(_), Some(_)) => Some(register(tx, ask, root, "buildCorpCode", "buildCorpName")?),
        (Some(_), None) => Some(ask.party(tx, root, "buildCorpCode", "buildCorpName")?.id),
        (None, _) => None,
    };
    let unreadable = |error| Halt::from(Problem::unreadable("areaCode", &error));
    let region: RegionCode = root.word("areaCode").parse().map_err(unreadable)?;
    let head = format!("{region}{}", ctx.today.to_string().replace('-', ""));
    let number = table::next_number(tx.conn(), &format!("project {head}"))?;
    let new = NewProject {
        code: format!("{head}{number:04}"),
        name: root.word("name").to_owned(),
        region,
        owner: owner.unwrap_or(contractor.id),
        general_contractor: contractor.id,
        from_on: from_on(root.day("startDate"), ctx.today),
    };
    let made = match owner {
        Some(_) => projects_actions::register(tx, ctx, &new),
        None => projects_actions::register_without_owner(tx, ctx, &new),
    };
    let row = told(root, "name", made)?;
    let record = NewRecord {
        kind: RecordKind::Project,
        project: row.id,
        key: &key,
        content: &root.content(),
        fields: &fields(root),
        number: None,
        subject: Some(row.id.0),
        person: None,
    };
    keeping::keep(tx, ctx, ask.origin, &record)?;
    Ok(Applied::of(json!({"projectCode": row.code})))
}

/// The digest of the first version under the key of a record: an update does not make the same announcement another one.
pub(super) fn first_content(tx: &mut Tx<'_>, record: &RecordRow) -> Result<String, Halt> {
    let Some(project) = record.project_id else { return Ok(String::new()) };
    let all = table::records_of(tx.conn(), project, record.kind)?;
    let first = all.into_iter().find(|row| row.key_index == record.key_index && row.version == 1);
    Ok(first.map(|row| row.content).unwrap_or_default())
}

/// What an interface may not change: it stands in the registry, where a person corrects it.
fn fixed(at: &Record, key: &str, stands: &str) -> Result<(), Halt> {
    match at.text(key) {
        Some(told) if !same_name(told, stands) => {
            let zh = "已登记，不能通过接口修改".to_owned();
            Err(at.fault(key, Wrong::Refused(zh, "it is on the registry; a person changes it".to_owned())).into())
        }
        _ => Ok(()),
    }
}

pub(super) fn project_change(tx: &mut Tx<'_>, ask: &Ask<'_>) -> Result<Applied, Halt> {
    let (ctx, root) = (ask.ctx, ask.root());
    let site = ask.site(tx)?;
    ask.require_lead(&site, root, "projectCode")?;
    fixed(root, "name", &site.name)?;
    fixed(root, "areaCode", &site.region.to_string())?;
    if let Some(contractor) = site.party(PartyRole::GeneralContractor, ctx.today) {
        let stands = parties::table::find(tx.conn(), &ctx.scope, contractor)?;
        fixed(root, "contractorCorpCode", stands.as_ref().map_or("", |party| &party.uscc))?;
    }
    let changed: Vec<(&'static str, String)> = root.pairs().into_iter().filter(|(key, _)| *key != "projectCode").collect();
    match table::record_of(tx.conn(), RecordKind::Project, site.id.0)? {
        Some(record) => {
            let before = keeping::fields(tx.conn(), ctx, &record)?;
            for key in ["thirdPartyProjectCode", "contractorCorpCode"] {
                fixed(root, key, before.get(key).map_or("", String::as_str))?;
            }
            keeping::amend(tx, ctx, ask.origin, &record, changed)?;
        }
        None => {
            let all: Fields = changed.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
            let key = format!("registered {}", site.id);
            let record = NewRecord {
                kind: RecordKind::Project,
                project: site.id,
                key: &key,
                content: &root.content(),
                fields: &all,
                number: None,
                subject: Some(site.id.0),
                person: None,
            };
            keeping::keep(tx, ctx, ask.origin, &record)?;
        }
    }
    Ok(Applied::of(json!({"projectCode": site.code})))
}

/// What a company is on a project by its 参建类型; `None` for those that bring nobody to the site.
fn role_of(corp_type: &str) -> Option<PartyRole> {
    match corp_type {
        "007" => Some(PartyRole::SupervisingEngineer),
        "008" => Some(PartyRole::Owner),
        "009" => Some(PartyRole::GeneralContractor),
        "010" | "011" => None,
        _ => Some(PartyRole::Subcontractor),
    }
}

pub(super) fn subcontractor(tx: &mut Tx<'_>, ask: &Ask<'_>) -> Result<Applied, Halt> {
    let (ctx, root) = (ask.ctx, ask.root());
    let site = ask.site(tx)?;
    let party = ask.party(tx, root, "corpCode", "corpName")?;
    ask.require_own(&site, party.id, root, "corpCode")?;
    if matches!(role_of(root.word("corpType")), Some(role) if role != PartyRole::Subcontractor) {
        ask.require_lead(&site, root, "corpType")?;
    }
    let key = format!("{} {}", party.id, root.word("corpType"));
    let content = root.content();
    let standing = keeping::standing(tx.conn(), ctx, RecordKind::SubContractor, site.id, &key, &content)?;
    match standing {
        Standing::Same(_) => return Ok(Applied::default()),
        Standing::Differs(record) if ask.is_update() => {
            keeping::amend(tx, ctx, ask.origin, &record, root.pairs())?;
            return Ok(Applied::default());
        }
        Standing::Differs(record) => {
            let is_first = first_content(tx, &record)? == keeping::content_index(ctx, &content);
            return if is_first { Ok(Applied::default()) } else { Err(root.fault("corpCode", Wrong::Exists).into()) };
        }
        Standing::New if ask.is_update() => return Err(root.fault("corpCode", Wrong::Absent("参建单位")).into()),
        Standing::New => {}
    }
    if let Some(role) = role_of(root.word("corpType")) {
        join(tx, ask, &site, party.id, role)?;
    }
    let record = NewRecord {
        kind: RecordKind::SubContractor,
        project: site.id,
        key: &key,
        content: &content,
        fields: &fields(root),
        number: None,
        subject: Some(party.id.0),
        person: None,
    };
    keeping::keep(tx, ctx, ask.origin, &record)?;
    Ok(Applied::default())
}

fn join(tx: &mut Tx<'_>, ask: &Ask<'_>, site: &Site, party: PartyId, role: PartyRole) -> Result<(), Halt> {
    let (ctx, root) = (ask.ctx, ask.root());
    if site.participations().iter().any(|row| row.party_id == party && row.role == role && row.holds_on(ctx.today)) {
        return Ok(());
    }
    let stands = site.party(role, ctx.today);
    // Owner and general contractor are one each, and whoever uploads does not replace them.
    if matches!(role, PartyRole::Owner | PartyRole::GeneralContractor) && stands.is_some() {
        return Err(root.fault("corpType", Wrong::Exists).into());
    }
    let under = match role {
        PartyRole::Subcontractor => site.party(PartyRole::GeneralContractor, ctx.today).filter(|above| *above != party),
        _ => None,
    };
    let new = NewParticipation { party, role, under, from_on: from_on(root.day("entryTime"), ctx.today) };
    told(root, "corpCode", projects_actions::join(tx, ctx, site, &new)).map(drop)
}

pub(super) fn team(tx: &mut Tx<'_>, ask: &Ask<'_>) -> Result<Applied, Halt> {
    let (ctx, root) = (ask.ctx, ask.root());
    let site = ask.site(tx)?;
    let party = ask.party(tx, root, "corpCode", "corpName")?;
    ask.require_own(&site, party.id, root, "corpCode")?;
    let name = root.word("teamName");
    let content = root.content();
    let answer = |number: Option<i64>| Applied::of(json!({"teamSysNo": number.unwrap_or_default()}));
    match keeping::standing(tx.conn(), ctx, RecordKind::Team, site.id, name, &content)? {
        Standing::Same(record) => return Ok(answer(record.number)),
        Standing::Differs(record) => {
            let is_first = first_content(tx, &record)? == keeping::content_index(ctx, &content);
            return if is_first { Ok(answer(record.number)) } else { Err(root.fault("teamName", Wrong::Exists).into()) };
        }
        Standing::New => {}
    }
    // A crew that a person entered gets its number here, if it is of the same company.
    let known = projects::crews_of(tx.conn(), site.id)?.into_iter().find(|crew| crew.name == name);
    let crew = match known {
        Some(crew) if crew.party_id == party.id => crew.id,
        Some(_) => return Err(root.fault("teamName", Wrong::Exists).into()),
        None if !site.participations().iter().any(|row| row.party_id == party.id) => {
            return Err(root.fault("corpCode", Wrong::Absent("参建单位")).into());
        }
        None => {
            let from = from_on(root.day("entryTime"), ctx.today);
            told(root, "teamName", projects_actions::add_crew(tx, ctx, &site, name, party.id, from))?.id
        }
    };
    let number = TEAM_NUMBER_BASE.saturating_add(table::next_number(tx.conn(), "team")?);
    let record = NewRecord {
        kind: RecordKind::Team,
        project: site.id,
        key: name,
        content: &content,
        fields: &fields(root),
        number: Some(number),
        subject: Some(crew.0),
        person: None,
    };
    keeping::keep(tx, ctx, ask.origin, &record)?;
    Ok(answer(Some(number)))
}

pub(super) fn team_change(tx: &mut Tx<'_>, ask: &Ask<'_>) -> Result<Applied, Halt> {
    let (ctx, root) = (ask.ctx, ask.root());
    let site = ask.site(tx)?;
    let team = ask.team(tx, &site)?;
    fixed(root, "teamName", &team.crew.name)?;
    if root.text("corpCode").is_some() {
        ask.team_of_corp(tx, &site)?;
    }
    let changed = root.pairs().into_iter().filter(|(key, _)| !matches!(*key, "projectCode" | "teamSysNo"));
    keeping::amend(tx, ctx, ask.origin, &team.record, changed)?;
    Ok(Applied::of(json!({"teamSysNo": team.number})))
}
