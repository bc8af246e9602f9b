//! Credentials, good and bad records and blacklists: told facts with the sender's number and a source, kept and shown, which decide nothing.
//!
//! Whose app may tell what of whom is the rule of every upload: a company of its own people and itself, the general contractor and the
//! project of everybody on it. Nobody changes what another app has told.

use super::people::{key_of, person};
use super::registry::first_content;
use super::{Applied, Ask, Halt};
use crate::base::id::{PartyId, WorkerId};
use crate::projects::{PartyRole, Site, table as projects};
use crate::realname::codes::id_kind;
use crate::realname::keeping::{self, Fields, NewRecord, Standing};
use crate::realname::{RecordKind, conduct, table};
use crate::store::Tx;
use crate::wire::openapi::answer::Wrong;
use crate::wire::openapi::methods::{Conduct, Whose};
use crate::wire::openapi::record::Record;
use crate::workers::id_index;
use crate::workers::table::EnrolmentRow;

/// Somebody whom an app may tell of.
pub(super) struct Known {
    /// The keyed index of their papers.
    pub index: String,
    /// The person, where they were ever on a roll here.
    pub worker: Option<WorkerId>,
    /// Their company on the project.
    pub party: PartyId,
    /// Their enrolments there; none of somebody who is announced and has not come yet.
    pub enrolments: Vec<EnrolmentRow>,
}

/// The person that an item names, on the roll of the project or announced there: of that company where one is named, of the app's own where
/// it is a subcontractor's.
pub(super) fn known(
    tx: &mut Tx<'_>,
    ask: &Ask<'_>,
    site: &Site,
    employer: Option<PartyId>,
    item: &Record,
) -> Result<Known, Halt> {
    let contractor = site.party(PartyRole::GeneralContractor, ask.ctx.today);
    let own = ask.app.app.party_id.filter(|own| contractor != Some(*own));
    let is_theirs = |party: PartyId| employer.or(own).is_none_or(|wanted| wanted == party);
    let index = id_index(ask.ctx.vault(), id_kind(item.word("idCardType")), item.word("idCardNumber"));
    let crews = projects::crews_of(tx.conn(), site.id)?;
    let party_of = |crew| crews.iter().find(|row| row.id == crew).map(|row| row.party_id);
    let found = person(tx, ask, site, None, item)?;
    let mut enrolments = found.enrolments;
    enrolments.retain(|row| party_of(row.crew_id).is_some_and(is_theirs));
    let worker = found.worker.map(|worker| worker.id);
    if let Some(party) = enrolments.last().and_then(|row| party_of(row.crew_id)) {
        return Ok(Known { index, worker, party, enrolments });
    }
    // Announced to a crew and not come yet.
    for team in conduct::latest(table::records_of(tx.conn(), site.id, RecordKind::Team)?) {
        let crew = crews.iter().find(|row| Some(row.id.0) == team.subject_id).filter(|row| is_theirs(row.party_id));
        let (Some(crew), Some(number)) = (crew, team.number) else { continue };
        if keeping::latest(tx.conn(), ask.ctx, RecordKind::Worker, site.id, &key_of(number, item))?.is_some() {
            return Ok(Known { index, worker, party: crew.party_id, enrolments });
        }
    }
    Err(item.fault("idCardNumber", Wrong::Absent("工人")).into())
}

/// Whom a record is about, in the terms in which it is kept.
struct About {
    key: String,
    person: Option<String>,
    subject: Option<i64>,
    company: Option<i64>,
}

fn worker(tx: &mut Tx<'_>, ask: &Ask<'_>, site: &Site, employer: PartyId, item: &Record) -> Result<About, Halt> {
    let known = known(tx, ask, site, Some(employer), item)?;
    Ok(About {
        key: known.index.clone(),
        person: Some(known.index),
        subject: known.worker.map(|worker| worker.0),
        company: Some(known.party.0),
    })
}

fn company(tx: &mut Tx<'_>, ask: &Ask<'_>, site: &Site, item: &Record) -> Result<About, Halt> {
    let party = ask.party(tx, item, "corpCode", "corpName")?;
    if !site.participations().iter().any(|row| row.party_id == party.id) {
        return Err(item.fault("corpCode", Wrong::Absent("参建单位")).into());
    }
    ask.require_own(site, party.id, item, "corpCode")?;
    Ok(About { key: party.id.to_string(), person: None, subject: Some(party.id.0), company: None })
}

/// Keeps what was told, or changes it.
pub(super) fn told(tx: &mut Tx<'_>, ask: &Ask<'_>, whose: Whose, what: Conduct) -> Result<Applied, Halt> {
    let site = ask.site(tx)?;
    let employer = match whose {
        Whose::Worker => {
            let party = ask.party(tx, ask.root(), "corpCode", "corpName")?;
            ask.require_own(&site, party.id, ask.root(), "corpCode")?;
            Some(party.id)
        }
        Whose::Corp => None,
    };
    let kind = conduct::kind_of(whose, what);
    ask.each(|item| {
        in_order(item)?;
        let about = match employer {
            Some(employer) => worker(tx, ask, &site, employer, item)?,
            None => company(tx, ask, &site, item)?,
        };
        one(tx, ask, &site, kind, &about, item)
    })?;
    Ok(Applied::default())
}

/// What ends does not end before it begins.
fn in_order(item: &Record) -> Result<(), Halt> {
    for (first, last) in [("validBeginDate", "validEndDate"), ("issueDate", "validEndDate"), ("occurrenceDate", "endDate")] {
        if let (Some(first), Some(end)) = (item.day(first), item.day(last))
            && end < first
        {
            return Err(item.fault(last, Wrong::BadFormat).into());
        }
    }
    Ok(())
}

fn one(tx: &mut Tx<'_>, ask: &Ask<'_>, site: &Site, kind: RecordKind, about: &About, item: &Record) -> Result<(), Halt> {
    let ctx = ask.ctx;
    // Numbers are the sender's: two senders may have the same, and neither changes what the other told.
    let key = format!("{} {} {}", ask.app.app.id, about.key, item.word("recordNum"));
    let content = item.content();
    let standing = keeping::standing(tx.conn(), ctx, kind, site.id, &key, &content)?;
    match standing {
        Standing::Differs(record) | Standing::Same(record) if ask.is_update() => {
            keeping::amend(tx, ctx, ask.origin, &record, item.pairs())?;
            return Ok(());
        }
        Standing::Same(_) => return Ok(()),
        Standing::Differs(record) => {
            let is_first = first_content(tx, &record)? == keeping::content_index(ctx, &content);
            return if is_first { Ok(()) } else { Err(item.fault("recordNum", Wrong::Exists).into()) };
        }
        Standing::New if ask.is_update() => return Err(item.fault("recordNum", Wrong::Absent("记录")).into()),
        Standing::New => {}
    }
    let mut fields: Fields = item.pairs().into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    for key in ["corpCode", "corpName"] {
        if let Some(text) = ask.root().text(key) {
            fields.insert(key.to_owned(), text.to_owned());
        }
    }
    let record = NewRecord {
        kind,
        project: site.id,
        key: &key,
        content: &content,
        fields: &fields,
        number: about.company,
        subject: about.subject,
        person: about.person.as_deref(),
    };
    keeping::keep(tx, ctx, ask.origin, &record)?;
    Ok(())
}
