//! Reading an upload again: what was refused or could not be read, after a fix of the reader, of a table or of the registries.
//!
//! The app's word counts as it did when it came: its signature was judged then. What is applied now stands under a message of its own,
//! since the first may be sealed; the keys of the protocol see to it that nothing stands twice. Deliberately absent: an update that a
//! later one of the same app has overtaken, which would set the registry back.

use super::applying::{self, Halt};
use super::apps::actions as apps;
use super::apps::table as app_rows;
use super::receiving::{self, Wanted, rejected, rejected_faults};
use super::table::{self, RequestRow};
use super::way::way;
use super::{FEED, RequestState};
use crate::base::id::{InboxId, RecordId};
use crate::store::inbox::again::Stored;
use crate::store::inbox::{self, InboxState, Message, Rejected};
use crate::store::{StoreError, Tx};
use crate::web::{Ctx, Problem};
use crate::wire::openapi::answer::Fault;
use crate::wire::openapi::methods::Method;

/// Why an upload is still not applied.
#[derive(Debug)]
pub enum Refusal {
    /// What is wrong with it.
    Items(Vec<Rejected>),
    /// What stands in the way of reading it at all.
    Problem(Problem),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Refusal::Problem(problem)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Refusal::Problem(error.into())
    }
}

impl From<Vec<Fault>> for Refusal {
    fn from(faults: Vec<Fault>) -> Self {
        Refusal::Items(rejected_faults(&faults))
    }
}

/// Whether a method sets what stands, so that an old message would undo a newer one.
fn sets(method: Method) -> bool {
    method == Method::CorpUpload || method.as_str().ends_with("Update")
}

/// Applies an upload that was put aside, under `fresh`.
///
/// # Errors
/// What is wrong with it now; then nothing of it may stay.
pub fn message(tx: &mut Tx<'_>, ctx: &Ctx, stored: &Stored, body: &[u8], fresh: InboxId) -> Result<(), Refusal> {
    let gone = || Problem::conflict("该应用已不存在，无法重新处理。", "The app is gone; its message cannot be applied any more.");
    let app = app_rows::by_app_id(tx.conn(), &stored.source)?.ok_or_else(gone)?;
    let app = apps::open(tx.conn(), ctx.vault(), app)?;
    let system = receiving::system(body).map_err(|fault| vec![fault])?;
    let (method, data) = match receiving::wanted(&app, &system) {
        Wanted::Call(method, data) if !method.is_query() => (method, data),
        Wanted::Call(..) => return Ok(()),
        Wanted::Refused(answer, faults) => return Err(Refusal::Items(rejected(&answer, &faults))),
    };
    let project = match way(tx.conn(), ctx, &app, method, &data)? {
        Ok(project) => project,
        Err((answer, faults)) => return Err(Refusal::Items(rejected(&answer, &faults))),
    };
    if sets(method) && table::applied_since(tx.conn(), app.app.id, method.as_str(), project, stored.received_at)? {
        return Err(Refusal::Problem(Problem::conflict(
            "此后同一应用已有更新的同类报送生效，重放会改回旧内容；如仍需要，请由报送方重新报送。",
            "A later message of this method from the same app stands; this one would set it back. If it is still wanted, its sender sends it again.",
        )));
    }
    let note = Message {
        feed: FEED,
        source: stored.source.clone(),
        project,
        request: stored.request.clone(),
        content_type: stored.content_type.clone(),
        content_encoding: None,
        body: body.to_vec(),
        remote: None,
        received_at: ctx.now,
    };
    inbox::keep(tx.conn(), ctx.vault(), fresh, &note, &receiving::parsed(InboxState::New, 0, String::new()))?;
    let id = match table::request_of(tx.conn(), stored.id)? {
        Some(row) if row.state == RequestState::Waiting => {
            return Err(Problem::conflict("该报送正在排队处理。", "This upload waits for its turn already.").into());
        }
        Some(row) => {
            table::wait_again(tx.conn(), row.id, fresh)?;
            row.id
        }
        // It was refused before it had a serial code, or its result was pruned.
        None => {
            let row = RequestRow {
                id: RecordId(ctx.id()),
                serial_code: receiving::serial_code(tx.conn(), ctx, method)?,
                app_id: app.app.id,
                method: method.as_str().to_owned(),
                project_id: project,
                inbox_id: fresh,
                state: RequestState::Waiting,
                result: String::new(),
                received_at: stored.received_at,
                finished_at: None,
            };
            table::insert_request(tx.conn(), &row)?;
            row.id
        }
    };
    let Some(prepared) = applying::prepare(tx.conn(), ctx, id)? else { return Ok(()) };
    match applying::apply(tx, ctx, &prepared) {
        Ok(()) => Ok(()),
        Err(Halt::Faults(faults)) => Err(faults.into()),
        Err(Halt::Problem(problem)) => Err(problem.into()),
    }
}
