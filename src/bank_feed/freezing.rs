//! A bank's word that the account was frozen or released: put on record once, and handed to whoever deals with matters (R53-08b).

use super::taking::Desk;
use super::telling::fen;
use crate::accounts::freezes::table::{self, FreezeRow};
use crate::accounts::freezes::{FreezeAct, TEXT_MAX};
use crate::base::id::{InboxId, RecordId};
use crate::law::questions::given::Choice;
use crate::law::questions::warning::FreezeReason;
use crate::settlement::FileProblem;
use crate::store::{Chain, Tx, jobs};
use crate::web::{Ctx, Problem};
use crate::wire::bank::event::{Event, Told};

/// The job that begins or ends the matter of a freeze; its payload is the project and the bank's word.
pub const JOB: &str = "follow_freeze";

/// Takes a freeze or its end; gives what is wrong with it. What is on record already is taken and changes nothing.
pub(super) fn tell(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    event: &Event,
    (account, site): &Desk,
    inbox_id: InboxId,
) -> Result<Option<FileProblem>, Problem> {
    let (act, document, on, place) = match &event.told {
        Told::Frozen { document, on, .. } => (FreezeAct::Frozen, document, *on, "body.frozen_on"),
        Told::Released { document, on } => (FreezeAct::Released, document, *on, "body.released_on"),
        _ => return Err(Problem::internal("an event went the wrong way")),
    };
    if on > ctx.today {
        let (zh, en) = ("该日尚未到来。", "That day has not come yet.");
        return Ok(Some(FileProblem::new(place, "bad_time", zh, en)));
    }
    let (mut by_whom, mut why, mut amount_fen) = (None, None, None);
    if let Told::Frozen { by, reason, amount, .. } = &event.told {
        by_whom = Some(by.clone());
        why.clone_from(reason);
        if let Some(amount) = amount {
            match fen(*amount, None, "body.amount") {
                Ok(amount) if amount.is_positive() => amount_fen = Some(amount),
                Ok(_) => {
                    let (zh, en) = (
                        "冻结金额应大于零；冻结整个账户时不写金额。",
                        "The amount is more than nothing; leave it out for the whole account.",
                    );
                    return Ok(Some(FileProblem::new("body.amount", "bad_amount", zh, en)));
                }
                Err(why) => return Ok(Some(why)),
            }
        }
    }
    for (place, text) in [("body.document", Some(document)), ("body.frozen_by", by_whom.as_ref())] {
        if text.is_some_and(|text| text.chars().count() > TEXT_MAX) {
            let (zh, en) = (format!("最多 {TEXT_MAX} 字。"), format!("It has at most {TEXT_MAX} characters."));
            return Ok(Some(FileProblem::new(place, "bad_format", zh, en)));
        }
    }
    if why.as_deref().is_some_and(|word| FreezeReason::read(word).is_none()) {
        let words = FreezeReason::words().join(", ");
        let (zh, en) =
            (format!("应为 {words} 之一，不明时不写。"), format!("It is one of {words}, or left out where it is not known."));
        return Ok(Some(FileProblem::new("body.reason", "bad_format", zh, en)));
    }
    let told = table::told(tx.conn(), site.id, account.id, document)?;
    if let Some(known) = told.iter().find(|row| row.act == act) {
        if known.happened_on == on && known.amount_fen == amount_fen {
            return Ok(None);
        }
        // Another day or amount is another act: it is not taken for the one on record, which would lose it.
        let (zh, en) = (
            "该文号已报送过，但日期或金额不同；续冻或再次冻结请用其自身的文号。",
            "This document was told with another day or amount; a further freeze has a number of its own.",
        );
        return Ok(Some(FileProblem::new("body.document", "id_reused", zh, en)));
    }
    let frozen = told.iter().find(|row| row.act == FreezeAct::Frozen);
    if act == FreezeAct::Released && frozen.is_none() {
        let (zh, en) = (
            "没有该文号的冻结记录，请先报送 account.frozen。",
            "No freeze of this document is on record; send account.frozen first.",
        );
        return Ok(Some(FileProblem::new("body.document", "unknown_reference", zh, en)));
    }
    if frozen.is_some_and(|frozen| on < frozen.happened_on) {
        let (zh, en) = ("解除日早于冻结日。", "The release lies before the freeze.");
        return Ok(Some(FileProblem::new(place, "bad_time", zh, en)));
    }
    let row = FreezeRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        account_id: account.id,
        inbox_id,
        act,
        document: document.clone(),
        by_whom,
        reason: why,
        amount_fen,
        happened_on: on,
        told_by: ctx.actor().to_owned(),
        occurred_at: event.occurred_at,
        recorded_at: ctx.now,
        recorded_seq: tx.seq(Chain::Project(site.id))?,
    };
    table::insert(tx, &row)?;
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "take_freeze", &row.id.to_string())?;
    jobs::enqueue(tx.conn(), ctx.id(), JOB, &format!("{} {}", site.id, row.id), ctx.now)?;
    Ok(None)
}
