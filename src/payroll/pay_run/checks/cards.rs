//! Banks' words on workers' cards: the last one that is about the card of today counts.
//!
//! A closed or frozen card is a caution and no hold: the payment comes back by itself, and the worker may have told of a new card.

use std::collections::BTreeMap;

use super::table::{self, CardWordRow};
use super::{Caution, LineCaution};
use crate::base::id::{LineId, ProjectId, RecordId};
use crate::base::{Fen, Moment};
use crate::projects::Site;
use crate::store::{AnyConn, Chain, StoreError, Tx};
use crate::web::{Ctx, Problem};
use crate::wire::bank::event::CardStatus;
use crate::workers;

/// The last word on each card and the bank that said it, by enrolment and card.
pub type Standing = BTreeMap<(RecordId, String), (CardStatus, String)>;

/// Records what a bank says of a card, for each enrolment of the project that is paid to it; gives how many these are.
pub fn tell(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    card: &str,
    (status, source, occurred_at): (CardStatus, &str, Moment),
) -> Result<usize, Problem> {
    let index = workers::card_index(ctx.vault(), card);
    let recorded_seq = tx.seq(Chain::Project(site.id))?;
    let enrolled = workers::table::of_project(tx.conn(), site.id)?;
    let paid_there: Vec<RecordId> =
        enrolled.into_iter().filter(|row| row.card_index.as_deref() == Some(index.as_str())).map(|row| row.id).collect();
    for enrolment_id in &paid_there {
        let row = CardWordRow {
            project_id: site.id,
            id: RecordId(ctx.id()),
            enrolment_id: *enrolment_id,
            card_index: index.clone(),
            status: status.as_str().to_owned(),
            source: source.to_owned(),
            occurred_at,
            recorded_by: ctx.actor().to_owned(),
            recorded_at: ctx.now,
            recorded_seq,
        };
        table::insert_card_word(tx, &row)?;
        tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "tell_card_status", &enrolment_id.to_string())?;
    }
    Ok(paid_there.len())
}

/// The last words on the cards of a project.
pub fn standing(conn: &mut AnyConn, project: ProjectId) -> Result<Standing, StoreError> {
    let mut found = BTreeMap::new();
    for row in table::card_words_of(conn, project)? {
        if let Ok(status) = row.status.parse::<CardStatus>() {
            found.insert((row.enrolment_id, row.card_index), (status, row.source));
        }
    }
    Ok(found)
}

/// What is told of a line whose card the bank says is not in use.
pub fn caution(line: LineId, status: CardStatus, source: &str) -> Option<LineCaution> {
    let (zh, en) = match status {
        CardStatus::Normal => return None,
        CardStatus::Frozen => ("已冻结", "frozen"),
        CardStatus::Lost => ("已挂失", "reported lost"),
        CardStatus::Closed => ("已销户", "closed"),
    };
    Some(LineCaution {
        line,
        caution: Caution::CardNotInUse,
        amount: Fen::ZERO,
        limit: Fen::ZERO,
        zh: format!("{source}告知该工资卡{zh}，请向工人核实并更新卡号。"),
        en: format!("{source} says that this card is {en}; ask the worker and update the card."),
    })
}
