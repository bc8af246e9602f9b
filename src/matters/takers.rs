//! Who may take which step of a matter of the deposit: what an authority orders or decides only the labour authority says, that the
//! deposit paid only the bank, or whoever is not the debtor with the paper that shows it (R65-19, R65-22a).
//! After a freeze the objection is the authority's, and its end the bank's or the authority's word; with the paper the others record it.
//!
//! The contractor owes the wages, so its people never say that they were ordered, missed or paid: they hand in the paper and somebody
//! of another role takes the step with it. Deliberately absent: the other matters, where whoever records facts
//! of the project writes down what others did.

use super::actions::NewStep;
use super::{MatterKind, Step};
use crate::payroll::outside::telling::roles_over;
use crate::projects::Site;
use crate::store::AnyConn;
use crate::web::{Ctx, Problem, Role};

/// Roles that may take a step: by their word alone, and with a paper that shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Takers {
    /// By their word.
    pub by_word: &'static [Role],
    /// With the number of a paper of the project.
    pub with_paper: &'static [Role],
}

/// Who may take a step of a matter; `None` where whoever the door admits may.
pub fn takers(kind: MatterKind, step: Step) -> Option<Takers> {
    use Role::{Administrator, Bank, LabourAuthority, LabourManager};
    let (by_word, with_paper): (&[Role], &[Role]) = match step {
        Step::OrderIssued
        | Step::OrderObeyed
        | Step::OrderMissed
        | Step::NoticeServed
        | Step::Decided
        | Step::ArrearsFound
        | Step::Confirmed => (&[LabourAuthority], &[Administrator]),
        // That an order of the authority is over is its own to say.
        Step::Remedied | Step::Withdrawn | Step::SurplusSettled if kind == MatterKind::DepositOrder => {
            (&[LabourAuthority], &[Administrator])
        }
        // The debtor's manager says neither that the authority objected nor that the money is free again, but for a paper.
        Step::Objected => (&[LabourAuthority], &[LabourManager, Administrator]),
        Step::FreezeLifted | Step::SurplusFrozen => (&[Bank, LabourAuthority], &[LabourManager, Administrator]),
        Step::PaidOut => (&[Bank], &[LabourAuthority, Administrator]),
        Step::Applied => (&[LabourManager, LabourAuthority], &[Administrator]),
        Step::Replenished => (&[LabourAuthority, Bank], &[LabourManager, Administrator]),
        Step::StatementReceived => (&[LabourManager, LabourAuthority, Bank], &[Administrator]),
        _ => return None,
    };
    Some(Takers { by_word, with_paper })
}

/// The roles that the asker holds over a project today, the manager's under a second account among them; none for a machine's key, which
/// answers for nobody.
pub fn roles_on(conn: &mut AnyConn, ctx: &Ctx, site: &Site) -> Result<Vec<Role>, Problem> {
    let Some(user) = ctx.scope.user else { return Ok(Vec::new()) };
    roles_over(conn, ctx, site, user)
}

/// Whether somebody of these roles may take a step at all, with a paper where one is needed. Whoever manages the contractor's wages
/// stays its labour manager under every other role that they hold.
pub fn may_take(roles: &[Role], kind: MatterKind, step: Step) -> bool {
    let Some(Takers { by_word, with_paper }) = takers(kind, step) else { return true };
    let own = [Role::LabourManager];
    let held = if roles.contains(&Role::LabourManager) { own.as_slice() } else { roles };
    held.iter().any(|role| by_word.contains(role) || with_paper.contains(role))
}

/// Refuses a step that is another's to take, or that needs a paper.
///
/// # Errors
/// `invalid` at `step` with who may take it, or at `document_id` without the paper.
pub fn require(conn: &mut AnyConn, ctx: &Ctx, site: &Site, kind: MatterKind, new: &NewStep) -> Result<(), Problem> {
    let Some(Takers { by_word, with_paper }) = takers(kind, new.step) else { return Ok(()) };
    let roles = roles_on(conn, ctx, site)?;
    if !may_take(&roles, kind, new.step) {
        let words = |roles: &[Role]| roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ");
        let (alone, shown) = (words(by_word), words(with_paper));
        let problem = Problem::invalid(
            format!("这一步只能由 {alone} 登记，或由 {shown} 凭材料登记；劳资专管员请上传材料，由其办理。"),
            format!("This step is taken by {alone}, or with a paper by {shown}; a labour manager uploads the paper for them."),
        );
        return Err(problem.at("step", "second_person"));
    }
    // The debtor's word is no proof of money, under whichever further role it is said.
    let is_debtor = roles.contains(&Role::LabourManager) && !by_word.contains(&Role::LabourManager);
    let on_word = !is_debtor && roles.iter().any(|role| by_word.contains(role));
    if !on_word && new.document.is_none() {
        let (zh, en) = ("请附上证明这一步的材料编号（document_id）。", "Name the paper that shows this step (document_id).");
        return Err(Problem::invalid(zh, en).at("document_id", "missing_field"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_debtor_s_manager_neither_orders_nor_pays_nor_decides() {
        let manager = [Role::LabourManager];
        let both = [Role::LabourManager, Role::LabourAuthority, Role::Administrator, Role::Bank];
        let kind = MatterKind::DepositOrder;
        for step in [
            Step::OrderIssued,
            Step::OrderObeyed,
            Step::OrderMissed,
            Step::NoticeServed,
            Step::Remedied,
            Step::Withdrawn,
            Step::SurplusSettled,
            Step::PaidOut,
            Step::Decided,
            Step::ArrearsFound,
            Step::Confirmed,
        ] {
            assert!(!may_take(&manager, kind, step), "{step}");
            assert!(!may_take(&both, kind, step), "{step}: a second hat makes no second person");
            assert!(may_take(&[Role::LabourAuthority], kind, step), "{step}");
            assert!(!may_take(&[], kind, step), "{step}");
        }
        assert!(may_take(&[Role::Bank], kind, Step::PaidOut) && !may_take(&[Role::Bank], kind, Step::OrderIssued));
        for step in [Step::Applied, Step::Replenished, Step::StatementReceived] {
            assert!(may_take(&manager, kind, step), "{step}");
        }
    }
}
