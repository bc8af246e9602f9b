//! Noticing concerns for whom they concern, and telling what is urgent.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::table::{self, NoticeRow};
use super::{Concern, NoticeKind, NoticeState, Words, digest, of_findings};
use crate::base::id::{RecordId, UserId};
use crate::compliance::table::AssessmentRow;
use crate::law::Finding;
use crate::projects::Site;
use crate::store::{AnyConn, Tx};
use crate::users::contacts::table as contacts;
use crate::web::{Ctx, Problem, Role, Scope, ScopeOn};
use crate::webhooks::HookEvent;
use crate::webhooks::actions::{self as webhooks, News};

/// Who hears of findings and reminders.
const KEEPERS: &[Role] = &[Role::LabourManager, Role::LabourAuthority, Role::IndustryAuthority];

/// Who hears of sources that fell silent: whoever can mend it, on the site and where the service runs. The authorities see on their
/// pages what is not known for it; a cable is none of their matters.
const KEEPERS_OF_SOURCES: &[Role] = &[Role::LabourManager, Role::Administrator];

/// Who hears of signs: whoever may open the page on which they are listed.
const KEEPERS_OF_SIGNS: &[Role] = &[Role::LabourManager, Role::LabourAuthority];

/// The roles that hear of a kind.
fn roles_of(kind: NoticeKind) -> &'static [Role] {
    match kind {
        NoticeKind::Finding | NoticeKind::Reminder => KEEPERS,
        NoticeKind::Silence => KEEPERS_OF_SOURCES,
        NoticeKind::Sign => KEEPERS_OF_SIGNS,
    }
}

/// People who may log in and whose grants of these roles cover the project today.
fn hearers(conn: &mut AnyConn, ctx: &Ctx, site: &Site, roles: &[Role]) -> Result<Vec<UserId>, Problem> {
    let mut places: BTreeMap<UserId, Vec<ScopeOn>> = BTreeMap::new();
    for row in contacts::grants_of_roles(conn, roles, ctx.today)? {
        if let Some(grant) = row.grant() {
            places.entry(row.user_id).or_default().push(grant.on);
        }
    }
    let parties = site.present();
    let covers = |places: Vec<ScopeOn>| {
        let scope = Scope { actor: String::new(), user: None, places };
        scope.covers_project(site.id, site.region, &parties)
    };
    Ok(places.into_iter().filter_map(|(user, places)| covers(places).then_some(user)).collect())
}

/// What noticing came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Noticed {
    /// Notices that are new.
    pub new: usize,
    /// Notices that are cured.
    pub cured: usize,
    /// Urgent mails that were written.
    pub mails: usize,
}

/// Brings a project's notices of a kind in line with what holds now. `unsure` are subjects of which nobody knows: they stay as they are.
///
/// A matter that turns urgent is told again, at once where the operator wants that: whoever read of it when it could wait has not been
/// told that it cannot. Of concerns with the same subject the first counts.
pub fn reconcile(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    kind: NoticeKind,
    concerns: &[Concern],
    unsure: &[String],
) -> Result<Noticed, Problem> {
    let mut noticed = Noticed::default();
    let mut by_subject: BTreeMap<&str, &Concern> = BTreeMap::new();
    for concern in concerns {
        by_subject.entry(concern.subject.as_str()).or_insert(concern);
    }
    let standing = table::standing(tx.conn(), site.id, kind)?;
    let mut known: BTreeSet<(UserId, &str)> = BTreeSet::new();
    let mut urgent: BTreeMap<UserId, Vec<NoticeRow>> = BTreeMap::new();
    for row in &standing {
        known.insert((row.user_id, row.subject.as_str()));
        match by_subject.get(row.subject.as_str()) {
            Some(concern) => {
                let said = said_anew(row, concern)?;
                if said == *row {
                    continue;
                }
                table::reword(tx.conn(), &said)?;
                if said.urgent && !row.urgent {
                    urgent.entry(row.user_id).or_default().push(said);
                }
            }
            None if unsure.contains(&row.subject) => {}
            None => {
                table::mark_cured(tx.conn(), row, ctx.now)?;
                noticed.cured += 1;
            }
        }
    }
    for row in once(&standing).filter(|row| !by_subject.contains_key(row.subject.as_str()) && !unsure.contains(&row.subject)) {
        let words: Words = serde_json::from_str(&row.words).map_err(|error| Problem::internal(&error.to_string()))?;
        webhooks::tell(tx, ctx, site, &news(HookEvent::AlertClosed, kind, &row.subject, &words))?;
    }
    if by_subject.is_empty() {
        return Ok(noticed);
    }
    let mut opened: BTreeSet<&str> = BTreeSet::new();
    for user in hearers(tx.conn(), ctx, site, roles_of(kind))? {
        let mut urgent = urgent.remove(&user).unwrap_or_default();
        for concern in concerns_once(concerns).filter(|concern| !known.contains(&(user, concern.subject.as_str()))) {
            let row = NoticeRow {
                project_id: site.id,
                id: RecordId(ctx.id()),
                user_id: user,
                kind,
                subject: concern.subject.clone(),
                urgent: concern.urgent,
                words: text_of(concern)?,
                state: NoticeState::Open,
                first_seen_at: ctx.now,
                told_at: None,
                cured_at: None,
            };
            table::insert(tx.conn(), &row)?;
            noticed.new += 1;
            // A matter that somebody else was told of before is no new one.
            if standing.iter().all(|known| known.subject != row.subject) && opened.insert(concern.subject.as_str()) {
                webhooks::tell(tx, ctx, site, &news(HookEvent::AlertOpened, kind, &concern.subject, &concern.words))?;
            }
            if concern.urgent {
                urgent.push(row);
            }
        }
        if ctx.ground.settings.upkeep.urgent_at_once && digest::tell_at_once(tx, ctx, site, user, &urgent)? {
            noticed.mails += 1;
        }
    }
    Ok(noticed)
}

/// One notice of each subject.
fn once(rows: &[NoticeRow]) -> impl Iterator<Item = &NoticeRow> {
    let mut before: BTreeSet<&str> = BTreeSet::new();
    rows.iter().filter(move |row| before.insert(row.subject.as_str()))
}

/// What partners are told of a concern.
fn news(event: HookEvent, kind: NoticeKind, subject: &str, words: &Words) -> News {
    let fields = [
        ("subject", json!(subject)),
        ("kind", json!(kind)),
        ("title", json!(words.title_zh)),
        ("cure", json!(words.cure_zh)),
        ("opened_on", json!(words.day)),
    ];
    News::of(event, fields)
}

/// The concerns in their order, without those whose subject came before.
fn concerns_once(concerns: &[Concern]) -> impl Iterator<Item = &Concern> {
    let mut before: BTreeSet<&str> = BTreeSet::new();
    concerns.iter().filter(move |concern| before.insert(concern.subject.as_str()))
}

/// A notice that stands, with what holds now. One that was told is open again only when it turned urgent.
fn said_anew(row: &NoticeRow, concern: &Concern) -> Result<NoticeRow, Problem> {
    let state = if concern.urgent && !row.urgent { NoticeState::Open } else { row.state };
    Ok(NoticeRow { urgent: concern.urgent, words: text_of(concern)?, state, ..row.clone() })
}

fn text_of(concern: &Concern) -> Result<String, Problem> {
    serde_json::to_string(&concern.words).map_err(|error| Problem::internal(&error.to_string()))
}

/// Notices what an assessment that was just kept says.
pub fn hear(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, kept: &AssessmentRow) -> Result<Noticed, Problem> {
    let findings: Vec<Finding> = serde_json::from_str(&kept.findings).map_err(|error| Problem::internal(&error.to_string()))?;
    let (concerns, unsure) = of_findings(&findings, &ctx.book());
    reconcile(tx, ctx, site, NoticeKind::Finding, &concerns, &unsure)
}
