//! What was told of somebody's conduct: trainings, credentials, good and bad records, blacklists, as people and platforms are shown it.
//!
//! Each is somebody's word with its source and day, and stays that: nothing here refuses a wage or an entry. What was corrected or taken
//! back stands as its latest version and says so. Deliberately absent: taking it, which `applying` does.

use std::collections::BTreeMap;

use super::RecordKind;
use super::keeping::{self, Fields};
use super::table::{self, RecordRow};
use crate::base::id::{PartyId, ProjectId};
use crate::base::{Day, Moment};
use crate::store::{AnyConn, StoreError};
use crate::web::{Ctx, Problem};
use crate::wire::openapi::methods::{Conduct, Whose};
use crate::wire::openapi::profile::{NATIONAL, Platforms};

/// The field that says of somebody trained that it was the safety training before entry.
pub const COUNTS: &str = "entryTraining";
/// The field in which a record says that it no longer stands.
pub const REVOKED_ON: &str = "revokeDate";

/// The kind of record of whose conduct.
pub fn kind_of(whose: Whose, what: Conduct) -> RecordKind {
    match (whose, what) {
        (Whose::Worker, Conduct::Credential) => RecordKind::WorkerCredential,
        (Whose::Worker, Conduct::BadRecord) => RecordKind::WorkerBadRecord,
        (Whose::Worker, Conduct::GoodRecord) => RecordKind::WorkerGoodRecord,
        (Whose::Worker, Conduct::BlackList) => RecordKind::WorkerBlackList,
        (Whose::Corp, Conduct::Credential) => RecordKind::CorpCredential,
        (Whose::Corp, Conduct::BadRecord) => RecordKind::CorpBadRecord,
        (Whose::Corp, Conduct::GoodRecord) => RecordKind::CorpGoodRecord,
        (Whose::Corp, Conduct::BlackList) => RecordKind::CorpBlackList,
    }
}

/// Kinds of a company's conduct.
const OF_COMPANIES: [RecordKind; 4] =
    [RecordKind::CorpCredential, RecordKind::CorpBadRecord, RecordKind::CorpGoodRecord, RecordKind::CorpBlackList];

/// The latest version under each key, in the order in which the keys came.
pub fn latest(rows: Vec<RecordRow>) -> Vec<RecordRow> {
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    let mut found: Vec<RecordRow> = Vec::new();
    for row in rows {
        let stands = first.get(&row.key_index).copied().and_then(|place| found.get_mut(place));
        match stands {
            Some(before) if before.version < row.version => *before = row,
            Some(_) => {}
            None => {
                first.insert(row.key_index.clone(), found.len());
                found.push(row);
            }
        }
    }
    found
}

/// A told fact as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What it is: Chinese and English.
    pub kind: (&'static str, &'static str),
    /// What it says.
    pub what: String,
    /// Level, duration, number of a paper: the rest in one line.
    pub detail: String,
    /// Whether a training was passed, where that was told.
    pub passed: Option<bool>,
    /// Its day, as told.
    pub on: String,
    /// The last day for which it holds, as told; empty where it has none.
    pub until: String,
    /// Whose word it is.
    pub source: String,
    /// From which day it no longer stands, and why.
    pub revoked: Option<(String, String)>,
    /// When it was told here.
    pub recorded_at: Moment,
}

fn name(kind: RecordKind) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        RecordKind::Trained => ("培训", "training"),
        RecordKind::WorkerCredential | RecordKind::CorpCredential => ("证书", "credential"),
        RecordKind::WorkerBadRecord | RecordKind::CorpBadRecord => ("不良记录", "bad record"),
        RecordKind::WorkerGoodRecord | RecordKind::CorpGoodRecord => ("良好记录", "good record"),
        RecordKind::WorkerBlackList | RecordKind::CorpBlackList => ("黑名单（他方告知）", "blacklist, as told"),
        _ => return None,
    })
}

/// What the code tables call a code; the code itself where they do not.
fn called(platforms: &Platforms, table: &str, code: &str, on: Day) -> String {
    let named = platforms.get(NATIONAL).and_then(|profile| platforms.name_of(profile, table, code, on));
    named.unwrap_or(code).to_owned()
}

fn shown(ctx: &Ctx, row: &RecordRow, fields: &Fields) -> Option<Told> {
    let text = |key: &str| fields.get(key).cloned().unwrap_or_default();
    let code =
        |table: &str, key: &str| fields.get(key).map(|code| called(&ctx.ground.settings.platforms, table, code, ctx.today));
    let joined = |parts: Vec<Option<String>>| {
        let parts: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
        parts.join(" · ")
    };
    let (what, detail, on, until, source) = match row.kind {
        RecordKind::Trained => {
            let hours = fields.get("trainingDuration").map(|hours| format!("{hours} h"));
            let detail = joined(vec![code("trainingType", "trainingTypeCode"), hours, fields.get("trainer").cloned()]);
            (text("trainingName"), detail, text("trainingDate"), String::new(), text("trainingOrg"))
        }
        RecordKind::WorkerCredential | RecordKind::CorpCredential => {
            let detail = joined(vec![
                code("certificationType", "certificationTypeCode"),
                code("certificationLevel", "certificationLevelType"),
                fields.get("certificationNum").cloned(),
                code("certificationStatus", "status"),
            ]);
            let on = fields.get("issueDate").or(fields.get("validBeginDate")).cloned().unwrap_or_default();
            (text("certificationName"), detail, on, text("validEndDate"), text("issueBy"))
        }
        RecordKind::WorkerBadRecord | RecordKind::CorpBadRecord => {
            let detail = joined(vec![
                code("badRecordType", "badRecordTypeCode"),
                code("badRecordLevel", "badRecordLevelType"),
                fields.get("processResult").cloned(),
            ]);
            (
                text("reason"),
                detail,
                text("occurrenceDate"),
                String::new(),
                joined(vec![Some(text("source")), Some(text("sourceNum"))]),
            )
        }
        RecordKind::WorkerGoodRecord | RecordKind::CorpGoodRecord => {
            let detail =
                joined(vec![code("goodRecordType", "goodRecordTypeCode"), code("goodRecordLevel", "goodRecordLevelType")]);
            (
                text("details"),
                detail,
                text("occurrenceDate"),
                String::new(),
                joined(vec![Some(text("source")), Some(text("sourceNum"))]),
            )
        }
        RecordKind::WorkerBlackList | RecordKind::CorpBlackList => {
            let source = joined(vec![Some(text("source")), Some(text("sourceNum"))]);
            (text("blackReason"), text("note"), text("occurrenceDate"), text("endDate"), source)
        }
        _ => return None,
    };
    let passed = fields.get("isPass").map(|flag| flag == "1");
    let revoked = fields.get(REVOKED_ON).map(|day| (day.clone(), text("revokeReason")));
    Some(Told { kind: name(row.kind)?, what, detail, passed, on, until, source, revoked, recorded_at: row.recorded_at })
}

fn all_shown(conn: &mut AnyConn, ctx: &Ctx, rows: Vec<RecordRow>) -> Result<Vec<Told>, Problem> {
    let mut all = Vec::new();
    for row in latest(rows) {
        let fields = keeping::fields(conn, ctx, &row)?;
        all.extend(shown(ctx, &row, &fields));
    }
    all.sort_by(|a, b| b.on.cmp(&a.on));
    Ok(all)
}

/// What was told of a person on a project, the latest day first.
///
/// # Errors
/// A store that fails.
pub fn of_person(conn: &mut AnyConn, ctx: &Ctx, project: ProjectId, person: &str) -> Result<Vec<Told>, Problem> {
    let rows = table::records_of_person(conn, project, person)?;
    all_shown(conn, ctx, rows)
}

/// What was told of a company on a project, the latest day first.
///
/// # Errors
/// A store that fails.
pub fn of_company(conn: &mut AnyConn, ctx: &Ctx, project: ProjectId, party: PartyId) -> Result<Vec<Told>, Problem> {
    let mut rows = Vec::new();
    for kind in OF_COMPANIES {
        rows.extend(table::records_of_subject(conn, project, kind, party.0)?);
    }
    all_shown(conn, ctx, rows)
}

/// Whether a person was told to have passed the safety training before entry on a project.
///
/// # Errors
/// A store that fails.
pub fn is_trained(conn: &mut AnyConn, ctx: &Ctx, project: ProjectId, person: &str) -> Result<bool, Problem> {
    let rows: Result<_, StoreError> = table::records_of_person(conn, project, person);
    for row in latest(rows?).into_iter().filter(|row| row.kind == RecordKind::Trained) {
        if keeping::fields(conn, ctx, &row)?.contains_key(COUNTS) {
            return Ok(true);
        }
    }
    Ok(false)
}
