//! Whether a deposit is enough on the day of its lodging: its amount against the deposit due (R65-15), the term of a guarantee against
//! a year and the contract (R65-17).
//!
//! An answer, not a refusal: the authority keeps what it was given and asks for more. Deliberately absent: what has become of the
//! deposit since, which its events say.

use serde::Serialize;
use utoipa::ToSchema;

use crate::base::id::DepositId;
use crate::base::{Day, Fen};
use crate::compliance;
use crate::deposits;
use crate::law::questions::guarantee::{self, GuaranteeInput};
use crate::law::rules::deposit::due_by;
use crate::projects::Site;
use crate::store::AnyConn;
use crate::web::{Ctx, Problem};

/// Months of a term that are counted at most.
const MONTHS_MAX: u32 = 1_200;

/// Whether a deposit was enough when it was lodged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Adequacy {
    /// Deposit.
    pub deposit: DepositId,
    /// The deposit due; `None` where a fact is missing.
    pub due: Option<Fen>,
    /// Yes, no, or not known.
    pub accepted: Option<bool>,
    /// What is wrong: form_not_admitted, amount_below_due, term_below_one_year, term_below_contract.
    pub reasons: Vec<&'static str>,
    /// What is missing for an answer.
    pub needs: Vec<String>,
    /// Rules that were asked.
    pub rules: Vec<String>,
    /// The day from which people are reminded of its end.
    pub remind_on: Option<Day>,
}

/// Whole months from a day to another, both counted.
pub fn months_between(first: Day, last: Day) -> u32 {
    let after = last.plus_days(1);
    let mut months = 0;
    while months < MONTHS_MAX && i32::try_from(months + 1).is_ok_and(|next| first.plus_months(next) <= after) {
        months += 1;
    }
    months
}

/// Every deposit of a project, judged on the day of its lodging by what is on record now.
pub fn of_project(conn: &mut AnyConn, ctx: &Ctx, site: &Site) -> Result<Vec<Adequacy>, Problem> {
    let mut found = Vec::new();
    for one in deposits::actions::all(conn, site, None)? {
        let on = one.deposit.lodged_on;
        let facts = compliance::gather(conn, ctx, site, on)?;
        let due = due_by(&ctx.book(), site.region, on, &facts).ok().and_then(|answer| answer.amount);
        let amount = one.deposit.amount_fen;
        let (accepted, reasons, grounds, remind_on) = if one.deposit.kind.is_cash() {
            let accepted = due.map(|due| amount >= due);
            let reasons = if accepted == Some(false) { vec!["amount_below_due"] } else { Vec::new() };
            (accepted, reasons, None, None)
        } else {
            let input = GuaranteeInput {
                form: Some(one.deposit.kind.form()),
                deposit_due: due,
                amount: Some(amount),
                term_months: one.deposit.ends_on.map(|end| months_between(on, end)),
                contract_months: facts.contract.period_months.get(),
                ends_on: one.deposit.ends_on,
                project_finished: false,
            };
            let answer = guarantee::ask(&ctx.book(), site.region, on, &input);
            (answer.accepted, answer.reasons, Some(answer.grounds), answer.remind_on)
        };
        let (mut needs, rules) = grounds.map_or_else(Default::default, |grounds| (grounds.needs, grounds.rules));
        if due.is_none() && !needs.iter().any(|need| need == "deposit_due") {
            needs.push("deposit_due".to_owned());
        }
        found.push(Adequacy { deposit: one.deposit.id, due, accepted, reasons, needs, rules, remind_on });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_is_counted_in_whole_months_with_both_days() {
        let months = |first: &str, last: &str| months_between(first.parse().unwrap(), last.parse().unwrap());
        assert_eq!(months("2026-01-01", "2026-12-31"), 12);
        assert_eq!(months("2026-01-01", "2026-12-30"), 11);
        assert_eq!(months("2026-01-31", "2026-02-27"), 1, "the month ends on the 28th");
        assert_eq!(months("2026-03-10", "2026-03-10"), 0);
        assert_eq!(months("2026-03-10", "2026-03-01"), 0, "an end before its beginning");
    }
}
