//! What the words and the other side of an entry say, before anything is looked up; and the names of the owners among the other sides.

use super::keys::Told;
use crate::accounts::plain;
use crate::parties;
use crate::projects::{PartyRole, Site};
use crate::store::AnyConn;
use crate::web::{Ctx, Problem};
use crate::wire::bank::{Detail, Entry};
use crate::workers;

/// The other side's account, as far as the bank shows it.
pub(super) struct OtherSide {
    pub account: Option<String>,
    pub index: Option<String>,
}

impl OtherSide {
    pub fn of(ctx: &Ctx, told: &Told) -> Self {
        Self::told(ctx, told.counterparty_account.as_deref())
    }

    /// The other side's account as some message writes it.
    pub fn told(ctx: &Ctx, account: Option<&str>) -> Self {
        let account = account.map(plain).filter(|text| !text.is_empty());
        // A masked account proves nothing and would match every other one masked alike.
        let whole = account.as_deref().filter(|text| !text.contains('*'));
        Self { index: whole.map(|text| workers::card_index(ctx.vault(), text)), account }
    }
}

/// The bank's reason for giving a payment back: code and text.
pub(super) fn reason_of(detail: &Detail, text: &str) -> String {
    let words = [detail.return_reason.as_deref(), detail.additional.as_deref().or(detail.text.as_deref()).or(Some(text))];
    words.into_iter().flatten().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Whether an entry carries the message id of a run, as a reference or inside the bank's words.
pub(super) fn names_run(entry: &Entry, message_id: &str) -> bool {
    let batch = entry.batch.iter().flat_map(|batch| [&batch.message_id, &batch.payment_information_id]);
    let details = entry.details.iter().flat_map(|one| [&one.message_id, &one.payment_information_id, &one.text, &one.additional]);
    let own = [&entry.bank_ref, &entry.entry_ref, &entry.text];
    let mut said = batch.chain(details).chain(own).flatten();
    said.any(|text| {
        // An id inside longer words must not go on as another id would.
        text.match_indices(message_id).any(|(at, _)| {
            let next = text.get(at + message_id.len()..).and_then(|rest| rest.chars().next());
            next.is_none_or(|c| !c.is_ascii_alphanumeric())
        })
    })
}

/// Names of everybody who was owner of the project.
pub(super) fn owners(conn: &mut AnyConn, ctx: &Ctx, site: &Site) -> Result<Vec<String>, Problem> {
    let mut names = Vec::new();
    for row in site.participations().iter().filter(|row| row.role == PartyRole::Owner) {
        names.extend(parties::table::find(conn, &ctx.scope, row.party_id)?.map(|party| party.name));
    }
    Ok(names)
}
