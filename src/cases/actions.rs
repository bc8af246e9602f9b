//! Opening and closing a case.

use serde_json::json;

use super::CaseKind;
use super::table::{self, CaseRow};
use crate::base::id::CaseId;
use crate::base::{Day, Fen};
use crate::projects::Site;
use crate::store::{Chain, Tx, jobs};
use crate::web::{Ctx, Problem};
use crate::webhooks::HookEvent;
use crate::webhooks::actions::{self as webhooks, News};

/// A case as it comes in; what is claimed may not be known yet.
#[derive(Debug, Clone)]
pub struct NewCase {
    /// Before whom.
    pub kind: CaseKind,
    /// Since when.
    pub opened_on: Day,
    /// How many workers.
    pub workers: Option<i32>,
    /// How much is claimed.
    pub amount: Option<Fen>,
}

/// The longest outcome, in characters.
const OUTCOME_MAX: usize = 200;

/// Opens a case.
///
/// # Errors
/// `invalid` for a day to come, fewer than one worker, or an amount of nothing.
pub fn open_case(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, new: &NewCase) -> Result<CaseRow, Problem> {
    if new.opened_on > ctx.today {
        return Err(
            Problem::invalid("立案日不能晚于今天。", "A case cannot be opened on a day to come.").at("opened_on", "bad_time")
        );
    }
    if new.workers.is_some_and(|count| count < 1) {
        return Err(Problem::invalid("涉及人数至少为 1，不明时留空。", "At least one worker; leave it out when not known.")
            .at("workers", "bad_format"));
    }
    if new.amount.is_some_and(|amount| !amount.is_positive()) {
        return Err(Problem::invalid("涉及金额应大于零，不明时留空。", "More than nothing; leave it out when not known.")
            .at("amount", "bad_amount"));
    }
    let chain = Chain::Project(site.id);
    let row = CaseRow {
        project_id: site.id,
        id: CaseId(ctx.id()),
        kind: new.kind,
        opened_on: new.opened_on,
        closed_on: None,
        workers: new.workers,
        amount_fen: new.amount,
        outcome: None,
        recorded_seq: tx.seq(chain)?,
    };
    table::insert(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "open_case", &row.id.to_string())?;
    webhooks::tell(tx, ctx, site, &news(HookEvent::CaseOpened, &row))?;
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &site.id.to_string(), ctx.now)?;
    Ok(row)
}

/// What partners are told of a case.
fn news(event: HookEvent, row: &CaseRow) -> News {
    let fields = [
        ("subject", json!(row.id)),
        ("kind", json!(row.kind)),
        ("opened_on", json!(row.opened_on)),
        ("closed_on", json!(row.closed_on)),
        ("workers", json!(row.workers)),
        ("amount", json!(row.amount_fen)),
        ("outcome", json!(row.outcome)),
    ];
    News::of(event, fields)
}

/// Closes a case with its outcome. The same words again change nothing.
///
/// # Errors
/// `not_found` for no such case, `conflict` when it was closed otherwise, `invalid` for a day before its opening or to come.
pub fn close_case(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    id: CaseId,
    closed_on: Day,
    outcome: &str,
) -> Result<CaseRow, Problem> {
    let chain = Chain::Project(site.id);
    let recorded_seq = tx.seq(chain)?;
    let case = table::find(tx.conn(), site.id, id)?.ok_or_else(Problem::not_found)?;
    let outcome = outcome.trim();
    if outcome.is_empty() || outcome.chars().count() > OUTCOME_MAX {
        return Err(Problem::invalid("请写明处理结果（1 至 200 个字）。", "Give the outcome in 1 to 200 characters.")
            .at("outcome", "missing_field"));
    }
    if let Some(day) = case.closed_on {
        return if day == closed_on && case.outcome.as_deref() == Some(outcome) {
            Ok(case)
        } else {
            Err(Problem::conflict(format!("该案件已于 {day} 结案。"), format!("The case was closed on {day}."))
                .at("closed_on", "id_reused"))
        };
    }
    if closed_on < case.opened_on || closed_on > ctx.today {
        return Err(Problem::invalid(
            format!("结案日应在立案日 {} 与今天之间。", case.opened_on),
            format!("A case ends between its opening, {}, and today.", case.opened_on),
        )
        .at("closed_on", "bad_time"));
    }
    let row = CaseRow { closed_on: Some(closed_on), outcome: Some(outcome.to_owned()), recorded_seq, ..case };
    table::update(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "close_case", &id.to_string())?;
    webhooks::tell(tx, ctx, site, &news(HookEvent::CaseClosed, &row))?;
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &site.id.to_string(), ctx.now)?;
    Ok(row)
}
