//! The herald: calls webhooks, with no transaction open while it speaks.
//!
//! Three steps a call, as the postman's: take it and note that a try has begun, call, note what came of it. A call that was cut off is
//! made again under the same event id, by which its receiver knows a double.

use std::sync::Arc;
use std::time::Duration;

use super::reporter::allowed;
use crate::outlets::calling::{Line, Missed, Outside, Request};
use crate::outlets::webhook::{Verdict, logged, signature, verdict};
use crate::store::StoreError;
use crate::web::{Ctx, Ground, Problem};
use crate::webhooks::actions::{self, Opened};
use crate::webhooks::{CallState, HookState, LEASE_SECONDS, table};

/// Calls in one go at most.
const BATCH_MAX: usize = 100;

/// Makes every call that is due; gives how many were taken by their receivers.
///
/// # Errors
/// The database is out of reach; what a receiver says is no error but noted.
pub fn deliver(ground: &Arc<Ground>, line: &dyn Line) -> Result<usize, Problem> {
    let mut taken = 0;
    for _ in 0..BATCH_MAX {
        let ctx = Ctx::of_the_house(ground, "herald");
        let next = ground.db.write_blocking(move |tx| -> Result<_, Problem> {
            match table::lease(tx.conn(), ctx.now, ctx.now.plus_seconds(LEASE_SECONDS))? {
                Some(call) => actions::open(tx.conn(), &ctx, call).map(Some),
                None => Ok(None),
            }
        })?;
        let Some(opened) = next else { break };
        let (verdict, noted) = call(&opened, line);
        let ctx = Ctx::of_the_house(ground, "herald");
        let state = ground.db.write_blocking(move |tx| actions::settle(tx, &ctx, &opened, verdict, noted.clone()))?;
        taken += usize::from(state == CallState::Sent);
        metrics::counter!("anxin_webhook_calls_total", "state" => state.as_str()).increment(1);
    }
    Ok(taken)
}

/// One call: what it means, its status and what the log keeps of the answer.
fn call(opened: &Opened, line: &dyn Line) -> (Verdict, (Option<u16>, String)) {
    if opened.webhook.state == HookState::Disabled {
        return (Verdict::Failed, (None, "已停用 / it is switched off".to_owned()));
    }
    let (address, mut headers, body) = match opened.form.filled(&opened.values) {
        Ok(filled) => filled,
        Err(why) => return (Verdict::Failed, (None, why)),
    };
    let timestamp = opened.values.now.to_string();
    headers.push(("X-Anxin-Event-Id".to_owned(), opened.call.event_id.clone()));
    headers.push(("X-Anxin-Signature".to_owned(), signature(&opened.secrets, &timestamp, &body)));
    headers.push(("X-Anxin-Timestamp".to_owned(), timestamp));
    let method = if opened.form.method == "PUT" { "PUT" } else { "POST" };
    // The address may hold a token, and an error may quote it.
    let mut secrets = opened.secrets.clone();
    secrets.push(address.clone());
    match line.call(&Request { method, address, headers, body }) {
        Ok(reply) => (verdict(&opened.form, &reply), (Some(reply.status), logged(&reply.body, &secrets))),
        Err(Missed::Forbidden(why)) => (Verdict::Failed, (None, logged(why.as_bytes(), &secrets))),
        Err(Missed::NotReached(why) | Missed::Lost(why)) => (Verdict::Later(None), (None, logged(why.as_bytes(), &secrets))),
    }
}

/// Calls until the process ends.
///
/// # Errors
/// No thread can be started.
pub fn start(ground: Arc<Ground>, poll: Duration) -> Result<(), StoreError> {
    let line = Outside::new(allowed(&ground));
    let spawned = std::thread::Builder::new().name("anxin-herald".to_owned()).spawn(move || {
        loop {
            if let Err(problem) = deliver(&ground, &line) {
                tracing::warn!(problem.code = problem.code.as_str(), "the herald cannot reach the calls");
            }
            std::thread::sleep(poll);
        }
    });
    spawned.map(|_| ()).map_err(|error| StoreError::Setup(format!("cannot start the herald: {error}")))
}
