//! Closing a wage account asks its gate first (R53-09, R53-10), and then everything that clearance shows: what blocks it refuses, what is
//! not known refuses as well and is named, and the override of two persons is the only way around. The answer that the closing rests on is
//! kept with it.

pub mod http;

use super::{Stop, of_project};
use crate::accounts::table::AccountRow;
use crate::accounts::{self, actions};
use crate::base::Day;
use crate::base::id::AccountId;
use crate::gates::Subject;
use crate::gates::actions::{answer, gather, gather_by_law};
use crate::gates::overriding::actions::{in_force, is_refusal};
use crate::law::decision::Decision;
use crate::law::{self, Gate, Verdict};
use crate::projects::Site;
use crate::store::{Chain, Tx};
use crate::web::problem::Fault;
use crate::web::{Ctx, Problem};

/// Records that the bank closed the account, where the gate lets it.
///
/// # Errors
/// `conflict` when the gate is blocked or cannot tell, and no override holds, with what stands against it; else as [`actions::close_account`].
pub fn close_account(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, id: AccountId, closed_on: Day) -> Result<AccountRow, Problem> {
    // Locked before the look, so that nothing becomes owed between the answer and the closing.
    tx.seq(Chain::Project(site.id))?;
    let row = accounts::table::find(tx.conn(), site.id, id)?.ok_or_else(Problem::not_found)?;
    if row.closed_on.is_none() {
        ask(tx, ctx, site)?;
    }
    actions::close_account(tx, ctx, site, id, closed_on)
}

fn ask(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site) -> Result<(), Problem> {
    let subject = Subject { project: Some(site.id), ..Subject::default() };
    let by_law = gather_by_law(tx.conn(), ctx, Gate::AccountClosing, &subject, ctx.today)?;
    let asked = gather(tx.conn(), ctx, Gate::AccountClosing, &subject, ctx.today)?;
    let answered = answer(tx, ctx, &asked)?;
    let gate = Gate::AccountClosing.as_str();
    if in_force(tx.conn(), site.id, gate, ctx.today)?.is_some() {
        return Ok(());
    }
    // What the law asks is answered: only what clearance shows can stand against it, and that is listed stop by stop.
    if !is_refusal(gate, law::decide(&ctx.book(), &by_law.question).verdict.as_str()) {
        let stops = of_project(tx.conn(), ctx, site, false, ctx.today)?.stops;
        let blocks: Vec<&Stop> = stops.iter().filter(|stop| stop.blocks).collect();
        return if blocks.is_empty() { Ok(()) } else { Err(stopped(&blocks)) };
    }
    let problem = match answered.decision.verdict {
        Verdict::Unknown => not_known(&answered.decision),
        _ => {
            let rules = answered.decision.rules.join(" ");
            let problem = Problem::conflict(
                format!(
                    "专用账户不得销户（{rules}）：请查询 account-closing 事项的答复并按其整改，或由两人依法越权放行后再登记。"
                ),
                format!(
                    "The account may not be closed ({rules}): ask the gate `account-closing` for what to mend, or have two persons \
                     override it."
                ),
            );
            problem.at("account", "gate_blocked")
        }
    };
    Err(problem)
}

/// What clearance shows beside the law's own questions: one wage that somebody else got, or one debit too many, is looked at before the
/// account is gone.
fn stopped(stops: &[&Stop]) -> Problem {
    let problem = Problem::conflict(
        "专用账户暂不能销户：清欠页上还有下列事项未了结。请逐项办理后再登记，或由两人依法越权放行。",
        "The account may not be closed yet: what clearance shows is open. Settle each, or have two persons override it.",
    );
    let faults = stops.iter().map(|stop| {
        let amount = stop.amount.map_or_else(String::new, |amount| format!(" {amount}"));
        Fault {
            place: stop.kind.as_str().to_owned(),
            reason: "bad_state".to_owned(),
            zh: format!("{}：{} 项{amount}，由 {} 办理。", stop.kind.words().0, stop.count, stop.by),
            en: format!("{}: {} of them{amount}; {} acts.", stop.kind.words().1, stop.count, stop.by),
        }
    });
    problem.at("account", "not_cleared").with_faults(faults)
}

/// Nothing is clear because data is missing: each fact that is not known is named with what would tell it.
fn not_known(decision: &Decision) -> Problem {
    let needs = decision.needs.join(", ");
    let problem = Problem::conflict(
        format!("专用账户暂不能销户：尚不清楚 {needs}。请补齐下列事项后再登记，或由两人依法越权放行。"),
        format!("The account may not be closed yet: {needs} not known. Supply what is listed, or have two persons override it."),
    );
    let missing = decision.cure.iter().filter(|item| decision.needs.iter().any(|need| need == item.fact.as_str()));
    let faults = missing.map(|item| Fault {
        place: item.fact.as_str().to_owned(),
        reason: "missing_field".to_owned(),
        zh: format!("{}。", item.zh),
        en: format!("{}.", item.en),
    });
    problem.at("account", "gate_unknown").with_faults(faults)
}
