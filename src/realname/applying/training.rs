//! Trainings: what was taught when, and each person who took part.
//!
//! People are often trained before they come (R18-08 asks for it), so whoever is announced may be told of as well as whoever is on the
//! roll. The same message again is the same training; anything else is another, since a crew may be taught the same every morning.

use std::collections::HashSet;

use super::conduct::{Known, known};
use super::{Applied, Ask, Halt};
use crate::projects::Site;
use crate::realname::RecordKind;
use crate::realname::conduct::COUNTS;
use crate::realname::keeping::{self, Fields, NewRecord, Standing};
use crate::realname::table::RecordRow;
use crate::store::Tx;
use crate::wire::openapi::record::Record;
use crate::workers::papers;

/// Fields of the training that stand with each person too.
const SHARED: [&str; 6] = ["trainingDate", "trainingDuration", "trainingName", "trainingTypeCode", "trainer", "trainingOrg"];

pub(super) fn training(tx: &mut Tx<'_>, ask: &Ask<'_>) -> Result<Applied, Halt> {
    let (ctx, root) = (ask.ctx, ask.root());
    let site = ask.site(tx)?;
    let content = root.content();
    let key = format!("{} {content}", ask.app.app.id);
    if !matches!(keeping::standing(tx.conn(), ctx, RecordKind::Training, site.id, &key, &content)?, Standing::New) {
        return Ok(Applied::default());
    }
    let (mut people, mut faults, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    for item in root.below("workers") {
        match known(tx, ask, &site, None, item) {
            Ok(found) => people.extend(seen.insert(found.index.clone()).then_some((item, found))),
            Err(Halt::Faults(found)) => faults.extend(found),
            Err(problem) => return Err(problem),
        }
    }
    if !faults.is_empty() {
        return Err(Halt::Faults(faults));
    }
    let pairs = root.pairs().into_iter().filter(|(key, _)| *key != "workers");
    let fields: Fields = pairs.map(|(key, value)| (key.to_owned(), value)).collect();
    let record = NewRecord {
        kind: RecordKind::Training,
        project: site.id,
        key: &key,
        content: &content,
        fields: &fields,
        number: None,
        subject: None,
        person: None,
    };
    let record = keeping::keep(tx, ctx, ask.origin, &record)?;
    for (item, found) in people {
        took_part(tx, ask, &site, (&record, &fields), item, &found)?;
    }
    Ok(Applied::default())
}

fn took_part(
    tx: &mut Tx<'_>,
    ask: &Ask<'_>,
    site: &Site,
    (training, told): (&RecordRow, &Fields),
    item: &Record,
    found: &Known,
) -> Result<(), Halt> {
    let mut fields: Fields = item.pairs().into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    for key in SHARED {
        fields.extend(told.get(key).map(|value| (key.to_owned(), value.clone())));
    }
    let counts = counts(ask, told) && fields.get("isPass").is_none_or(|passed| passed == "1");
    if counts {
        fields.insert(COUNTS.to_owned(), "1".to_owned());
    }
    let record = NewRecord {
        kind: RecordKind::Trained,
        project: site.id,
        key: &format!("{} {}", training.id, found.index),
        content: &item.content(),
        fields: &fields,
        number: Some(training.id.0),
        subject: found.worker.map(|worker| worker.0),
        person: Some(&found.index),
    };
    keeping::keep(tx, ask.ctx, ask.origin, &record)?;
    for row in found.enrolments.iter().filter(|row| counts && row.left_on.is_none()) {
        papers::mark_trained(tx, ask.ctx, site, row.id)?;
    }
    Ok(())
}

/// Whether the platform's profile says that trainings of this type are the safety training before entry.
fn counts(ask: &Ask<'_>, told: &Fields) -> bool {
    let code = told.get("trainingTypeCode");
    let profile = ask.ctx.ground.settings.platforms.get(&ask.app.app.profile);
    profile.is_some_and(|profile| code.is_some_and(|code| profile.entry_training.contains(code)))
}
