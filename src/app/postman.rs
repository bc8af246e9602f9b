//! The postman: carries mails from the outbox to the server, with no transaction open while it speaks.
//!
//! Three steps a mail: take it in a short transaction, hand it over, note what came of it. Whatever breaks in between, the mail is in
//! the outbox still or was taken by the server; a doubled delivery carries the same Message-ID. A thread of its own, so that a slow
//! server does not hold the jobs up.

use std::sync::Arc;
use std::time::Duration;

use crate::outlets::mail::{Bounce, Letter, Post, Receipt};
use crate::store::StoreError;
use crate::store::outbox::{self, Leased, Outcome, Taken};
use crate::users::contacts;
use crate::web::{Ctx, Ground, Problem};

/// Mails in one go at most, so that a stop is heard.
const BATCH_MAX: usize = 200;

/// Delivers every mail that is due; gives how many the server took.
///
/// # Errors
/// The outbox is out of reach; what a server says is no error but noted.
pub fn deliver(ground: &Arc<Ground>, post: &dyn Post) -> Result<usize, StoreError> {
    let mut taken = 0;
    for _ in 0..BATCH_MAX {
        let (vault, now) = (ground.vault.clone(), ground.clock.now());
        let mail = match ground.db.write_blocking(move |tx| outbox::lease(tx.conn(), &vault, now))? {
            Taken::Nothing => break,
            Taken::Mail(mail) => mail,
            Taken::Dead(id) => {
                tracing::warn!(mail.id = %id, "a mail that cannot be sent is a dead letter");
                continue;
            }
        };
        let (outcome, detail) = carry(ground, post, &mail)?;
        taken += usize::from(outcome == Outcome::Sent);
        if outcome != Outcome::Sent {
            tracing::warn!(mail.id = %mail.id, mail.number = mail.number, mail.outcome = outcome.as_str(), "a mail was not taken");
        }
        let now = ground.clock.now();
        ground.db.write_blocking(move |tx| outbox::settle(tx.conn(), &mail, outcome, &detail, now).map(drop))?;
    }
    Ok(taken)
}

/// Hands one mail over and says what came of it, without the address in the words.
fn carry(ground: &Arc<Ground>, post: &dyn Post, mail: &Leased) -> Result<(Outcome, String), StoreError> {
    let ctx = Ctx::of_the_house(ground, "postman");
    let receiver = ground.db.read_blocking(|conn| {
        let is_active = contacts::table::is_active(conn, mail.user)?;
        Ok((is_active, contacts::actions::of(conn, ctx.vault(), mail.user)?))
    });
    let (is_active, contact) = receiver.map_err(|problem: Problem| StoreError::Unavailable(problem.to_string()))?;
    // A mail may have waited while its receiver was suspended: whoever may not log in is told nothing.
    if !is_active {
        return Ok((Outcome::Refused, "the receiver may not log in any more".to_owned()));
    }
    let Some(email) = contact.email else {
        return Ok((Outcome::Refused, "the receiver has no address any more".to_owned()));
    };
    let letter = Letter {
        to: email.as_str().to_owned(),
        subject: mail.subject.clone(),
        body: mail.body.clone(),
        message_id: mail.message_id.clone(),
        date: mail.created_at,
    };
    let (outcome, words) = match post.send(&letter) {
        Ok(Receipt { reply }) => (Outcome::Sent, reply),
        Err(Bounce { permanent: true, why }) => (Outcome::Refused, why),
        Err(Bounce { permanent: false, why }) => (Outcome::Deferred, why),
    };
    Ok((outcome, words.replace(email.as_str(), &email.masked())))
}

/// Delivers until the process ends.
pub fn start(ground: Arc<Ground>, post: Box<dyn Post>, poll: Duration) -> Result<(), StoreError> {
    let spawned = std::thread::Builder::new().name("anxin-postman".to_owned()).spawn(move || {
        loop {
            if let Err(error) = deliver(&ground, post.as_ref()) {
                tracing::warn!(problem.detail = %error, "the postman cannot reach the outbox");
            }
            std::thread::sleep(poll);
        }
    });
    spawned.map(|_| ()).map_err(|error| StoreError::Setup(format!("cannot start the postman: {error}")))
}
