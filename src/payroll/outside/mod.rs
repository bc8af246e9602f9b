//! Wages that did not come out of the wage account: the subcontractor whose workers they are paid its debt, the general contractor settled
//! them first, the owner advanced them, or the wage deposit paid them. Each such payment clears a line, wholly or in part, and never more than its uncontested rest.
//!
//! What a contractor or the owner paid is told by one person with a paper and clears nothing until another confirms it (`telling`);
//! what the deposit paid is a step of its order (`matters`). Deliberately absent: who ought to pay (`matters` and the law), and payments of the wage account (`pay_run`, `results`).

pub mod notices;
pub mod table;
pub mod telling;

use super::LineState;
use super::results::write_line;
use super::table::{self as lines, LineRow};
use crate::base::id::{DocumentId, LineId, RecordId};
use crate::base::{Day, Fen, words};
use crate::documents;
use crate::ledger::{self, LedgerAccount, Posting, PostingKind};
use crate::projects::Site;
use crate::store::{Chain, Tx, jobs};
use crate::web::{Ctx, Problem};
use table::ClearedRow;

words! {
    /// Whose money paid a line outside the wage account.
    pub enum Payer, "payer of wages" {
        /// The general contractor, who settles first (R724-30).
        Contractor = "contractor",
        /// The subcontractor that employs the workers, out of money of its own: whose debt it is first (R724-30).
        Subcontractor = "subcontractor",
        /// The owner's advance (R724-29b).
        Owner = "owner",
        /// The wage deposit (R65-19).
        Deposit = "deposit",
    }
}
crate::store::types::word_column!(Payer);
crate::web::openapi::word_schema!(Payer);

/// The longest reference of a payment, in characters.
pub const REFERENCE_MAX: usize = 70;

/// Lines that one order clears at most.
pub const ITEMS_MAX: usize = 2_000;

/// Payments to be put on record, all from one payer under one reference.
#[derive(Debug, Clone)]
pub struct NewClearing {
    /// Whose money.
    pub payer: Payer,
    /// The bank's reference of the transfer; one reference clears a line once.
    pub reference: String,
    /// Day of payment.
    pub paid_on: Day,
    /// The paper that shows it.
    pub document: Option<DocumentId>,
    /// Lines with what each was paid.
    pub items: Vec<(LineId, Fen)>,
    /// Whether the money of a deposit is on the ledger; a guarantee is a promise and is not.
    pub from_cash: bool,
}

/// Clears lines, all of them or none. Whoever calls has seen to it that more than one person stands behind it.
///
/// # Errors
/// `invalid` for an amount of nothing or more than the uncontested rest, a line that is not audited, a day to come; `conflict` for a
/// payment under way, whose end must be heard first, and for a reference that cleared the line before.
pub fn clear(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, new: &NewClearing) -> Result<Vec<ClearedRow>, Problem> {
    // The chain is locked before the look: of two orders at once the second sees what the first has left.
    let chain = Chain::Project(site.id);
    tx.seq(chain)?;
    let reference = reference_of(tx, ctx, site, new)?;
    let mut rows = Vec::with_capacity(new.items.len());
    for (index, (id, amount)) in new.items.iter().enumerate() {
        let line = checked(tx, site, new, reference, *id, *amount, &format!("items.{index}"))?;
        rows.push(clear_one(tx, ctx, site, new, reference, line, *amount)?);
    }
    tx.note(chain, ctx.now, ctx.actor(), "clear_lines", &format!("{} {} {reference}", new.payer, rows.len()))?;
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &site.id.to_string(), ctx.now)?;
    Ok(rows)
}

/// The reference of payments that may be on record as a whole: how many, on which day, by which paper.
fn reference_of<'a>(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, new: &'a NewClearing) -> Result<&'a str, Problem> {
    let reference = new.reference.trim();
    if reference.is_empty() || reference.chars().count() > REFERENCE_MAX {
        return Err(Problem::invalid("付款凭证号应为 1 至 70 个字。", "A reference has 1 to 70 characters.")
            .at("reference", "bad_format"));
    }
    if new.items.is_empty() || new.items.len() > ITEMS_MAX {
        return Err(Problem::invalid("请列明 1 至 2000 行工资。", "Name 1 to 2,000 lines.").at("items", "bad_format"));
    }
    if new.paid_on > ctx.today {
        return Err(
            Problem::invalid("支付日不能晚于今天。", "A payment cannot be made on a day to come.").at("paid_on", "bad_time")
        );
    }
    documents::actions::require(tx.conn(), site.id, new.document, "document_id")?;
    Ok(reference)
}

/// The line that a payment clears, if it can.
fn checked(
    tx: &mut Tx<'_>,
    site: &Site,
    new: &NewClearing,
    reference: &str,
    id: LineId,
    amount: Fen,
    place: &str,
) -> Result<LineRow, Problem> {
    let line = lines::line(tx.conn(), site.id, id)?.ok_or_else(|| {
        Problem::invalid("本项目没有这一行工资。", "The project has no such line.").at(place, "unknown_reference")
    })?;
    let sheet = lines::sheet(tx.conn(), site.id, line.sheet_id)?.ok_or_else(|| Problem::internal("a line without its sheet"))?;
    let first = sheet.month.first();
    if new.paid_on < first {
        let problem = Problem::invalid(
            format!("支付日 {} 早于该行工资所属月份的第一天 {first}。", new.paid_on),
            format!("It cannot have been paid on {}, before the first day of its month, {first}.", new.paid_on),
        );
        return Err(problem.at("paid_on", "bad_time"));
    }
    check(tx, reference, &line, amount, place)?;
    Ok(line)
}

fn check(tx: &mut Tx<'_>, reference: &str, line: &LineRow, amount: Fen, place: &str) -> Result<(), Problem> {
    if table::is_known(tx.conn(), line.project_id, line.id, reference)? {
        let (zh, en) = ("该凭证已清偿过这一行，不能重复登记。", "This reference has cleared the line already.");
        return Err(Problem::conflict(zh, en).at(place, "duplicate"));
    }
    if line.state.is_in_flight() {
        let (zh, en) = (
            "该行正在通过银行代发，结果未明，不能另行登记支付。",
            "A payment of this line is under way; its result must be heard first.",
        );
        return Err(Problem::conflict(zh, en).at(place, "duplicate"));
    }
    if !line.state.is_orderable() {
        let (zh, en) = ("该行工资表尚未审核。", "The line's sheet is not audited.");
        return Err(Problem::invalid(zh, en).at(place, "bad_format"));
    }
    let rest = line.rest().or_zero();
    if !amount.is_positive() || amount > rest {
        let problem = Problem::invalid(
            format!("金额应大于零、不超过该行未付余额 {rest} 元。"),
            format!("Write more than nothing and at most the line's rest of {rest}."),
        );
        return Err(problem.at(place, "bad_amount"));
    }
    Ok(())
}

fn clear_one(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    new: &NewClearing,
    reference: &str,
    line: LineRow,
    amount: Fen,
) -> Result<ClearedRow, Problem> {
    let chain = Chain::Project(site.id);
    let row = ClearedRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        line_id: line.id,
        payer: new.payer,
        amount_fen: amount,
        paid_on: new.paid_on,
        reference: reference.to_owned(),
        document_id: new.document,
        recorded_seq: tx.seq(chain)?,
    };
    table::insert(tx, &row)?;
    let mut line = LineRow { paid_fen: line.paid_fen.plus(amount)?, paid_on: line.paid_on.max(Some(new.paid_on)), ..line };
    if !line.rest().is_positive() {
        line.state = LineState::Paid;
        line.state_reason = None;
    }
    write_line(tx, ctx, &line, &format!("cleared {} {}", new.payer, row.id), new.paid_on)?;
    let credit = match new.payer {
        Payer::Contractor => LedgerAccount::ContractorSettlement,
        Payer::Subcontractor => LedgerAccount::SubcontractorPayment,
        Payer::Owner => LedgerAccount::OwnerAdvance,
        Payer::Deposit if new.from_cash => LedgerAccount::DepositUsed,
        Payer::Deposit => LedgerAccount::DepositSource,
    };
    let key = format!("cleared {}", row.id);
    let posting = Posting::of(key, PostingKind::Cleared, new.paid_on, LedgerAccount::WagesPayable, credit, amount);
    ledger::actions::post(tx, ctx, site, &posting)?;
    Ok(row)
}
