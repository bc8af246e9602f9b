//! Trainings, credentials, good and bad records and blacklists, as they were told; what was taken back says so.

use serde_json::{Map, Value, json};

use super::{Asking, Row};
use crate::base::id::PartyId;
use crate::parties::table as parties;
use crate::projects::{PartyRole, Site};
use crate::realname::RecordKind;
use crate::realname::codes::id_kind;
use crate::realname::conduct::{COUNTS, kind_of, latest};
use crate::realname::keeping::{self, Fields};
use crate::realname::table::{self as records, RecordRow};
use crate::store::AnyConn;
use crate::web::Problem;
use crate::wire::openapi::methods::{Conduct, Whose};
use crate::wire::openapi::reading::CITIZEN;
use crate::workers::id_index;

/// Fields as they go out: the number of the papers encrypted again, what is ours or stays in the inbox left out.
fn told_again(asking: &Asking<'_>, fields: Fields) -> Map<String, Value> {
    let kept = fields.into_iter().filter(|(key, _)| !matches!(key.as_str(), COUNTS | "attachments"));
    kept.map(|(key, text)| {
        let text = if key == "idCardNumber" { asking.app.secret.encrypt(&text) } else { text };
        (key, Value::String(text))
    })
    .collect()
}

fn row_of<'r>(asking: &'r Asking<'_>, code: String, record: RecordRow) -> Row<'r> {
    Box::new(move |conn| {
        let mut all = told_again(asking, keeping::fields(conn, asking.ctx, &record)?);
        all.insert("projectCode".to_owned(), Value::String(code));
        Ok(Value::Object(all))
    })
}

/// What was told of workers or companies, on the projects that the app covers.
pub(super) fn told<'r>(conn: &mut AnyConn, asking: &'r Asking<'_>, whose: Whose, what: Conduct) -> Result<Vec<Row<'r>>, Problem> {
    let kind = kind_of(whose, what);
    let wanted = asking.wanted;
    let person = wanted.text("idCardNumber").map(|number| {
        let paper = id_kind(wanted.text("idCardType").unwrap_or(CITIZEN));
        id_index(asking.ctx.vault(), paper, number)
    });
    let company = match wanted.text("corpCode") {
        Some(code) => match parties::by_uscc(conn, &asking.ctx.scope, code)? {
            Some(party) => Some(party.id),
            None => return Ok(Vec::new()),
        },
        None => None,
    };
    let mut rows: Vec<Row<'r>> = Vec::new();
    for project in asking.covered(conn)? {
        let site = crate::projects::site(conn, project.id)?;
        let found = match &person {
            Some(index) => records::records_of_person(conn, project.id, index)?,
            None => records::records_of(conn, project.id, kind)?,
        };
        for record in latest(found).into_iter().filter(|record| record.kind == kind) {
            let party = match whose {
                Whose::Worker => record.number,
                Whose::Corp => record.subject_id,
            };
            let Some(party) = party.map(PartyId) else { continue };
            if asking.sees(&site, party) && company.is_none_or(|wanted| wanted == party) {
                rows.push(row_of(asking, project.code.clone(), record));
            }
        }
    }
    Ok(rows)
}

/// Trainings of a project with those who took part; a subcontractor sees those that its own app told of.
pub(super) fn trainings<'r>(conn: &mut AnyConn, asking: &'r Asking<'_>, site: &Site) -> Result<Vec<Row<'r>>, Problem> {
    let contractor = site.party(PartyRole::GeneralContractor, asking.ctx.today);
    let sees_all = asking.app.app.party_id.is_none_or(|own| contractor == Some(own));
    let (project, code) = (site.id, site.code.clone());
    let on = asking.wanted.day("trainingDate").map(|day| day.to_string());
    let kind = asking.wanted.text("trainingTypeCode").or(asking.wanted.text("typeCode"));
    let mut rows: Vec<Row<'r>> = Vec::new();
    for record in latest(records::records_of(conn, project, RecordKind::Training)?) {
        if !sees_all && record.app_id != asking.app.app.id {
            continue;
        }
        let fields = keeping::fields(conn, asking.ctx, &record)?;
        let is_wanted =
            |key: &str, wanted: Option<&str>| wanted.is_none_or(|wanted| fields.get(key).is_some_and(|told| told == wanted));
        if !is_wanted("trainingDate", on.as_deref()) || !is_wanted("trainingTypeCode", kind) {
            continue;
        }
        let code = code.clone();
        rows.push(Box::new(move |conn| {
            let mut people = Vec::new();
            for one in records::records_of_number(conn, project, RecordKind::Trained, record.id.0)? {
                let told = told_again(asking, keeping::fields(conn, asking.ctx, &one)?);
                let own = ["idCardType", "idCardNumber", "teamSysNo", "isPass", "trainingScore"];
                people.push(Value::Object(told.into_iter().filter(|(key, _)| own.contains(&key.as_str())).collect()));
            }
            let mut all = told_again(asking, fields);
            all.insert("projectCode".to_owned(), Value::String(code));
            all.insert("workers".to_owned(), json!(people));
            Ok(Value::Object(all))
        }));
    }
    Ok(rows)
}
