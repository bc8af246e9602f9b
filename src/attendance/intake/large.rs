//! Large uploads of machines: whose one is gets known before more of it than memory holds is read, and a machine has one at a time.
//!
//! So nobody without a machine of ours fills the disk, and a machine that repeats itself does not hold two places. How fast a body must
//! come is every body's rule (`web::extract`). Deliberately absent: what becomes of the bytes.

use std::sync::Arc;

use super::{Intake, held, zk};
use crate::attendance::devices::table::{self, DeviceRow};
use crate::attendance::devices::{DeviceState, keys};
use crate::store::AnyConn;
use crate::web::{Ctx, Problem};
use crate::wire::zkteco::Query;

/// Who sends, as the head of the request tells.
#[derive(Debug, Clone)]
pub enum Sender {
    /// A clock, by its serial number and what stands beside it.
    Clock(String, Query),
    /// A machine that pushes to an address of its own, by the token in it.
    Push(String),
}

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It broke off, or came too slowly.
    Broken,
    /// So much is taken of no machine that is not ours, at work, and knows its key.
    NotOurs,
    /// The machine is sending one already, or the house is busy: it comes again.
    Busy,
}

impl Sender {
    fn name(&self) -> &str {
        match self {
            Sender::Clock(serial, _) => serial,
            Sender::Push(token) => token,
        }
    }

    fn device(&self, conn: &mut AnyConn, ctx: &Ctx) -> Result<Option<DeviceRow>, Problem> {
        let found = match self {
            Sender::Clock(serial, query) => table::by_serial(conn, serial)?.filter(|device| zk::may_speak(ctx, device, query)),
            Sender::Push(token) => table::by_token(conn, &keys::token_index(ctx.vault(), token))?,
        };
        Ok(found.filter(|device| device.state == DeviceState::Active))
    }
}

/// A machine's place; it is free again when this is dropped.
pub struct Place {
    intake: Arc<Intake>,
    name: String,
}

impl Drop for Place {
    fn drop(&mut self) {
        held(&self.intake.memory).uploading.remove(&self.name);
    }
}

impl Intake {
    /// Takes a machine's place for a large upload; `None` while it has one.
    fn place(self: &Arc<Self>, name: &str) -> Option<Place> {
        let is_free = held(&self.memory).uploading.insert(name.to_owned());
        is_free.then(|| Place { intake: Arc::clone(self), name: name.to_owned() })
    }
}

/// Lets a machine send more than memory holds.
///
/// # Errors
/// [`Fault::NotOurs`] for whoever is no machine of ours, [`Fault::Busy`] for one that is sending already.
pub async fn admit(ctx: &Ctx, sender: &Sender) -> Result<Place, Fault> {
    let (asker, who) = (ctx.clone(), sender.clone());
    let known = ctx.ground.db.read(move |conn| who.device(conn, &asker)).await;
    let device = known.map_err(|_| Fault::Busy)?.ok_or(Fault::NotOurs)?;
    Intake::of(&ctx.ground).place(&format!("{} {}", device.id, sender.name())).ok_or(Fault::Busy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_has_one_place_and_gets_it_back() {
        let intake = Arc::new(Intake::default());
        let first = intake.place("A");
        assert!(first.is_some() && intake.place("A").is_none());
        assert!(intake.place("B").is_some(), "another machine has its own");
        drop(first);
        assert!(intake.place("A").is_some());
    }
}
