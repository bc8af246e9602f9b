//! The passages of a project's month with whose they are, and the messages that brought them.

use super::clocks::Told;
use super::patterns::Pass;
use super::table;
use crate::attendance::folding::table::Passages;
use crate::attendance::folding::{Matcher, is_proof};
use crate::base::id::DeviceId;
use crate::base::{Day, Moment, Month};
use crate::projects::Site;
use crate::store::{AnyConn, StoreError};
use crate::web::Ctx;
use crate::workers::day_number;

/// Passages of a month that are read at most: four a day of ten thousand.
const PASSES_MAX: usize = 1_200_000;

/// The passages of known workers on the days of a month; what proves nobody's presence is left out.
pub fn passes(conn: &mut AnyConn, ctx: &Ctx, site: &Site, month: Month) -> Result<Vec<Pass>, StoreError> {
    let (mut matcher, mut passages) = (Matcher::new(conn, site.id)?, Passages::of(site.id));
    let mut found = Vec::new();
    for day in days(month) {
        for pass in passages.on(conn, day_number(day))? {
            if !is_proof(pass.verify) {
                continue;
            }
            if let Some((_, worker)) = matcher.find(conn, ctx.vault(), pass.pin_id, day)? {
                found.push(Pass { device: DeviceId(pass.device_id), day, time: pass.local_time, worker });
            }
        }
        if found.len() >= PASSES_MAX {
            break;
        }
    }
    Ok(found)
}

fn days(month: Month) -> impl Iterator<Item = Day> {
    (0..31).map(move |place| month.first().plus_days(place)).filter(move |day| month.contains(*day))
}

/// The messages with passages on the days of a month, each with its latest.
pub fn messages(conn: &mut AnyConn, site: &Site, month: Month) -> Result<Vec<Told>, StoreError> {
    let epoch = Day::of(1970, 1, 1).map_or(Moment(0), Day::begins);
    let rows = table::messages(conn, site.id, (day_number(month.first()), day_number(month.last())))?;
    Ok(rows
        .into_iter()
        .map(|row| Told {
            device: row.device_id,
            inbox: row.inbox_id,
            received_at: row.received_at,
            latest_at: epoch.plus_seconds(row.latest),
        })
        .collect())
}
