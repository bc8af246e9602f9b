//! Payment on behalf (总包代发): the entrusted payment agreement of general contractor and subcontractors.

use crate::law::book::ids::R53_15;
use crate::law::facts::ProjectFacts;
use crate::law::finding::{Bench, Finding, System};
use crate::law::questions::warning::Level;

pub(super) fn judge(bench: &Bench<'_>, facts: &ProjectFacts) -> Vec<Finding> {
    let agreed = &facts.entrusted_payment;
    let draft = bench.on(System::PayOnBehalf, R53_15).shows(
        "委托工资支付协议",
        "entrusted payment agreement",
        agreed,
        ToString::to_string,
    );
    vec![match agreed.get() {
        Some(true) => draft.kept(),
        Some(false) => {
            draft.broken(Level::Yellow, None, "与分包单位签订委托工资支付协议", "sign the entrusted payment agreements")
        }
        None => draft.not_known(agreed.keeper()),
    }]
}
