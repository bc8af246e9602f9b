//! What the law says of the owner's progress money: the least share of finished work that public owners pay (RL-02), and interest for
//! project money that is overdue to a small company (RL-03).
//!
//! Shown where it applies, judged nowhere: whether a private owner is a large company and the contractor a small one no fact says, so
//! the interest is told as what it would come to. Deliberately absent: an agreed rate, which the contract has and nobody here knows.

use serde::Serialize;

use crate::base::{Day, Fen, Month};
use crate::law::book::ids::{RL_02, RL_03};
use crate::law::questions::labour_cost::{
    InterestInput, InterestOwner, ProgressInput, ProgressOwner, late_interest, progress_payment,
};
use crate::projects::{self, Fact, FactKind, Facts, Site};
use crate::store::AnyConn;
use crate::web::{Ctx, Problem};

/// Months back that are listed.
const MONTHS: i32 = 12;

/// Progress money of one month of a public owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// The month that was worked.
    pub period: Month,
    /// Progress money that was settled.
    pub settled: Fen,
    /// Value of the finished work, where known.
    pub finished: Option<Fen>,
    /// The least by law; `None` while the value is not known.
    pub least: Option<Fen>,
}

/// What is overdue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overdue {
    /// How much.
    pub amount: Fen,
    /// Since when it stands on record.
    pub since: Day,
    /// Interest of a day where no rate was agreed and the contractor is a small company.
    pub interest_a_day: Option<Fen>,
}

/// Rules that apply to a project's owner, with what they come to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OwnerRules {
    /// Months of a public owner (RL-02); empty for a private one and while nobody knows who pays.
    pub progress: Vec<Progress>,
    /// Overdue project money (RL-03).
    pub overdue: Option<Overdue>,
}

impl OwnerRules {
    /// Whether nothing is to be shown.
    pub fn is_empty(&self) -> bool {
        self.progress.is_empty() && self.overdue.is_none()
    }

    /// Rule of the progress payments.
    pub fn rule_of_progress(&self) -> &'static str {
        RL_02
    }

    /// Rule of the interest.
    pub fn rule_of_interest(&self) -> &'static str {
        RL_03
    }
}

/// What applies to a project's owner on a day.
pub fn of_project(conn: &mut AnyConn, ctx: &Ctx, site: &Site, as_of: Day) -> Result<OwnerRules, Problem> {
    let facts = projects::actions::facts(conn, site, as_of, None)?;
    Ok(rules_of(ctx, site, &facts, as_of))
}

fn rules_of(ctx: &Ctx, site: &Site, facts: &Facts, as_of: Day) -> OwnerRules {
    let book = ctx.book();
    let mut rules = OwnerRules::default();
    let is_public = matches!(facts.get(FactKind::Funding).map(|known| &known.fact), Some(Fact::Funding { government: true, .. }));
    if is_public {
        let this_month = as_of.month();
        for period in this_month.plus(-MONTHS).up_to(this_month) {
            let Some((settled, finished)) = facts.progress_of(period) else { continue };
            let input = ProgressInput { owner: Some(ProgressOwner::State), finished_value: finished };
            let least = progress_payment(&book, site.region, as_of, &input).minimum;
            rules.progress.push(Progress { period, settled, finished, least });
        }
    }
    if let Some(known) = facts.get(FactKind::OwnerMoney)
        && let Fact::OwnerMoney { overdue: true, amount: Some(amount), .. } = known.fact
    {
        let owner = Some(if is_public { InterestOwner::PublicBody } else { InterestOwner::LargeCompany });
        let input = InterestInput { owner, amount: Some(amount), days: Some(1), agreed_rate: None };
        let interest_a_day = late_interest(&book, site.region, as_of, &input).interest;
        rules.overdue = Some(Overdue { amount, since: known.valid_on, interest_a_day });
    }
    rules
}
