//! Taking over what a device sent while nobody had admitted it.

use serde::Serialize;

use super::keeping::{self, Stored};
use super::{Intake, Lesson};
use crate::attendance::devices::table::{self, DeviceRow};
use crate::base::id::DeviceId;
use crate::store::inbox::{self, InboxState, Parsed};
use crate::store::{StoreError, Tx};
use crate::web::{Ctx, Problem};
use crate::wire::zkteco::attlog;
use crate::wire::zkteco::{Endpoint, Query, Table};

/// Messages that are read at a time.
const MESSAGES_AT_ONCE: i64 = 200;

/// What was taken over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Replayed {
    /// Messages.
    pub messages: usize,
    /// Punches that were new.
    pub punches: usize,
    /// Lines that could not be read.
    pub problems: usize,
}

/// The source under which the inbox holds messages of a serial that nobody has admitted.
pub fn held_source(serial: &str) -> String {
    format!("pending:{serial}")
}

/// Reads the held messages of a device that is bound by now; twice does nothing more.
pub fn replay_held(tx: &mut Tx<'_>, ctx: &Ctx, device: &DeviceRow) -> Result<Replayed, StoreError> {
    let mut replayed = Replayed::default();
    let Some(project) = device.project_id else { return Ok(replayed) };
    // A memory of its own: what is learnt here may still be rolled back.
    let (intake, mut lesson) = (Intake::default(), Lesson::default());
    let source = held_source(&device.serial);
    loop {
        let held = inbox::held(tx.conn(), ctx.vault(), &source, MESSAGES_AT_ONCE)?;
        if held.is_empty() {
            break;
        }
        for message in held {
            let parsed = if is_attlog(&message.request) {
                let batch = attlog::parse(&message.body, Some(&device.serial), device.offset_minutes);
                let place = (device, project, message.id);
                let stored = keeping::store_punches(tx, ctx, &intake, &mut lesson, place, &batch.punches)?;
                keeping::put_aside(tx, ctx, message.id, &batch.problems)?;
                replayed.punches += stored.fresh.len();
                replayed.problems += batch.problems.len();
                keeping::parsed(super::zk::PARSER, &stored, batch.problems.len(), batch.punches.len())
            } else {
                let none = keeping::parsed(super::zk::PARSER, &Stored::default(), 0, 0);
                Parsed { state: InboxState::Done, ..none }
            };
            inbox::reparsed(tx.conn(), message.id, &parsed, ctx.now)?;
            replayed.messages += 1;
        }
    }
    table::clear_held(tx.conn(), device.id)?;
    Ok(replayed)
}

/// [`replay_held`] for the job of that name.
pub fn replay_device(tx: &mut Tx<'_>, ctx: &Ctx, id: DeviceId) -> Result<Replayed, Problem> {
    let device = table::find(tx.conn(), id)?.ok_or_else(Problem::not_found)?;
    Ok(replay_held(tx, ctx, &device)?)
}

/// Whether a request, as the inbox keeps it (`POST /iclock/cdata?SN=…`), was an upload of punches.
fn is_attlog(request: &str) -> bool {
    let target = request.split_once(' ').map_or(request, |(_, target)| target);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Endpoint::of(path) == Some(Endpoint::Data) && Query::parse(query).table() == Some(Table::AttLog)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn held_requests_are_told_apart() {
        assert!(is_attlog("POST /iclock/cdata?SN=A&table=ATTLOG&Stamp=1"));
        assert!(is_attlog("POST /***/iclock/cdata.aspx?SN=A&table= attlog"));
        assert!(!is_attlog("POST /iclock/cdata?SN=A&table=OPERLOG"));
        assert!(!is_attlog("POST /iclock/devicecmd?SN=A"));
    }
}
