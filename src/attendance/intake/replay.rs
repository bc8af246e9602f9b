//! Taking over what a device sent while nobody had admitted it.
//!
//! A held message belongs to nobody. When its device is bound it is taken over: a message of the project with the same bytes, under the
//! project's own key and seal, and what was read from them; the held one is done and its bytes are gone.

use serde::Serialize;

use super::again::read;
use super::push::Sent;
use super::{hardware, keeping};
use crate::attendance::devices::table::{self, DeviceRow};
use crate::base::id::{DeviceId, InboxId};
use crate::store::inbox::{self, InboxState, Message};
use crate::store::{StoreError, Tx};
use crate::web::{Ctx, Problem};

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

impl Replayed {
    /// Adds another source's.
    pub fn add(&mut self, other: Replayed) {
        self.messages += other.messages;
        self.punches += other.punches;
        self.problems += other.problems;
    }
}

/// The source under which the inbox holds messages of a serial that nobody has admitted.
pub fn held_source(serial: &str) -> String {
    format!("pending:{serial}")
}

/// The feed of that name, of those that hold messages.
fn feed_of(word: &str) -> &'static str {
    ["hik", "dahua", "punch"].into_iter().find(|known| *known == word).unwrap_or("zk")
}

/// Reads the held messages of a device that is bound by now, those in the name of its hardware address too; twice does nothing more.
pub fn replay_held(tx: &mut Tx<'_>, ctx: &Ctx, device: &DeviceRow) -> Result<Replayed, StoreError> {
    let mut replayed = take_over(tx, ctx, device, &held_source(&device.serial))?;
    replayed.add(hardware::release(tx, ctx, device)?);
    table::clear_held(tx.conn(), device.id)?;
    Ok(replayed)
}

/// Reads what was held under a source as a bound device's.
pub(super) fn take_over(tx: &mut Tx<'_>, ctx: &Ctx, device: &DeviceRow, source: &str) -> Result<Replayed, StoreError> {
    let mut replayed = Replayed::default();
    let Some(project) = device.project_id else { return Ok(replayed) };
    loop {
        let held = inbox::held(tx.conn(), ctx.vault(), source, MESSAGES_AT_ONCE)?;
        if held.is_empty() {
            break;
        }
        for message in held {
            let id = InboxId(ctx.id());
            let what = (message.feed.as_str(), message.request.as_str(), message.body.as_slice());
            if let Some(reading) = read(tx, ctx, (device, project, id), what, Sent::Held)? {
                let parsed = keeping::parsed(reading.parser, &reading.stored, reading.problems.len(), reading.read);
                let taken_over = Message {
                    feed: feed_of(&message.feed),
                    source: device.serial.clone(),
                    project: Some(project),
                    request: message.request.clone(),
                    content_type: None,
                    content_encoding: None,
                    body: message.body.clone(),
                    remote: None,
                    received_at: ctx.now,
                };
                inbox::keep(tx.conn(), ctx.vault(), id, &taken_over, &parsed)?;
                keeping::put_aside(tx, ctx, id, &reading.problems)?;
                replayed.punches += reading.stored.fresh.len();
                replayed.problems += reading.problems.len();
            }
            inbox::again::note(tx.conn(), message.id, InboxState::Done, inbox::again::TAKEN_OVER)?;
            inbox::again::forget(tx.conn(), message.id)?;
            replayed.messages += 1;
        }
    }
    Ok(replayed)
}

/// [`replay_held`] for the job of that name.
pub fn replay_device(tx: &mut Tx<'_>, ctx: &Ctx, id: DeviceId) -> Result<Replayed, Problem> {
    let device = table::find(tx.conn(), id)?.ok_or_else(Problem::not_found)?;
    Ok(replay_held(tx, ctx, &device)?)
}
