//! Payments outside the wage account, told by one person with a paper and confirmed by another: only then are the lines cleared.
//!
//! Whoever owes the wages would otherwise make them paid by saying so. Deliberately absent: what the deposit paid, which is a step of its
//! order and its own person's to take, and who ought to have paid.

pub mod table;

use self::table::{StepRow, ToldRow};
use super::{ITEMS_MAX, NewClearing, Payer, checked, clear, reference_of};
use crate::base::id::{LineId, RecordId};
use crate::base::{Fen, words};
use crate::projects::Site;
use crate::store::{Chain, Tx};
use crate::users::second::{self, person};
use crate::web::{Code, Ctx, Problem};

words! {
    /// What was decided about a payment that was told.
    pub enum ClearingStep, "decision about a payment" {
        /// A second person confirmed it: the lines are cleared.
        Confirmed = "confirmed",
        /// A second person refused it.
        Refused = "refused",
        /// Whoever told it took it back.
        Withdrawn = "withdrawn",
    }
}
crate::store::types::word_column!(ClearingStep);
crate::web::openapi::word_schema!(ClearingStep);

/// Characters of a note.
pub const NOTE_MAX: usize = 500;

impl ToldRow {
    /// The lines with what each was paid.
    ///
    /// # Errors
    /// `internal` for a row that this service did not write.
    pub fn lines(&self) -> Result<Vec<(LineId, Fen)>, Problem> {
        serde_json::from_str(&self.items).map_err(|_| Problem::internal("a payment whose lines cannot be read"))
    }
}

/// Puts on record what somebody says was paid; it clears nothing yet.
///
/// # Errors
/// As [`clear`], so that nobody confirms what cannot be; and `invalid` without a paper or with a line twice, `not_allowed` for a
/// machine's key.
pub fn tell(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, new: &NewClearing) -> Result<ToldRow, Problem> {
    let told_by = person(ctx)?;
    let chain = Chain::Project(site.id);
    let recorded_seq = tx.seq(chain)?;
    if new.payer == Payer::Deposit {
        let (zh, en) = ("保证金支付请在保证金事项中登记。", "A payment out of the deposit is a step of its order.");
        return Err(Problem::invalid(zh, en).at("payer", "bad_format"));
    }
    let Some(document_id) = new.document else {
        let (zh, en) = (
            "请附上付款凭证（document_id）：没有材料的支付不能登记。",
            "Name the paper that shows the payment (document_id): without one it is not put on record.",
        );
        return Err(Problem::invalid(zh, en).at("document_id", "missing_field"));
    };
    let reference = reference_of(tx, ctx, site, new)?;
    let mut seen = std::collections::BTreeSet::new();
    for (index, (id, amount)) in new.items.iter().enumerate().take(ITEMS_MAX) {
        let place = format!("items.{index}");
        if !seen.insert(*id) {
            return Err(Problem::invalid("同一行出现了两次。", "The line is named twice.").at(&place, "duplicate"));
        }
        checked(tx, site, new, reference, *id, *amount, &place)?;
    }
    let items = serde_json::to_string(&new.items).map_err(|_| Problem::internal("lines cannot be written"))?;
    let row = ToldRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        payer: new.payer,
        reference: reference.to_owned(),
        paid_on: new.paid_on,
        document_id,
        items,
        told_by,
        recorded_by: ctx.actor().to_owned(),
        recorded_at: ctx.now,
        recorded_seq,
    };
    table::insert(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "tell_clearing", &row.id.to_string())?;
    Ok(row)
}

/// Decides about a payment that was told: confirmed or refused by another person than the one who told it, taken back by that one. A
/// confirmed one clears its lines.
///
/// # Errors
/// `not_allowed` for the wrong person, also under another account with the same e-mail; `conflict` when it was decided already;
/// `invalid` for a refusal without a reason; as [`clear`] where a line was paid meanwhile.
pub fn decide(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, id: RecordId, step: ClearingStep, note: &str) -> Result<StepRow, Problem> {
    let decided_by = person(ctx)?;
    let chain = Chain::Project(site.id);
    // Taken first, so that two who decide at once stand in a queue.
    let recorded_seq = tx.seq(chain)?;
    let told = table::find(tx.conn(), site.id, id)?.ok_or_else(Problem::not_found)?;
    if table::step_of(tx.conn(), site.id, id)?.is_some() {
        return Err(Problem::conflict("该笔支付已有决定。", "It has been decided already.").at("clearing", "bad_state"));
    }
    if step != ClearingStep::Withdrawn {
        second::require(tx.conn(), ctx, &told.told_by.to_string())?;
    } else if told.told_by != decided_by {
        return Err(Problem::new(Code::NotAllowed, "只有登记人可以撤回。", "Only whoever told it takes it back."));
    }
    let note = note.trim();
    let length = note.chars().count();
    if length > NOTE_MAX || (length == 0 && step == ClearingStep::Refused) {
        let problem = Problem::invalid("请写明原因（最多 500 字）。", "Give the reason, at most 500 characters.");
        return Err(problem.at("note", if length == 0 { "missing_field" } else { "over_limit" }));
    }
    let row = StepRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        clearing_id: id,
        step,
        note: note.to_owned(),
        decided_by,
        recorded_by: ctx.actor().to_owned(),
        recorded_at: ctx.now,
        recorded_seq,
    };
    table::insert_step(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "decide_clearing", &format!("{step} {id}"))?;
    if step == ClearingStep::Confirmed {
        let new = NewClearing {
            payer: told.payer,
            reference: told.reference.clone(),
            paid_on: told.paid_on,
            document: Some(told.document_id),
            items: told.lines()?,
            from_cash: false,
        };
        clear(tx, ctx, site, &new)?;
    }
    Ok(row)
}
