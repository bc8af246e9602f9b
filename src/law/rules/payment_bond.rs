//! The owner's payment bond (工程款支付担保): there, valid, and not run out.

use crate::law::book::ids::R724_24A;
use crate::law::facts::ProjectFacts;
use crate::law::finding::{Bench, Finding, System, day_text, keeper_of};
use crate::law::questions::warning::Level;

pub(super) fn judge(bench: &Bench<'_>, facts: &ProjectFacts) -> Vec<Finding> {
    let bond = &facts.payment_bond;
    let draft = bench.on(System::PaymentBond, R724_24A).shows("担保有效", "bond valid", &bond.valid, ToString::to_string).shows(
        "担保到期",
        "bond ends",
        &bond.ends_on,
        day_text,
    );
    let ended = bond.ends_on.get().map(|ends| ends.filter(|ends| *ends < bench.as_of));
    vec![match (bond.valid.get(), ended) {
        (Some(false), _) => draft.broken(Level::Yellow, None, "建设单位提供工程款支付担保", "the owner gives a payment bond"),
        (_, Some(Some(ended))) => draft.broken(
            Level::Yellow,
            Some(ended.plus_days(1)),
            "建设单位续展工程款支付担保",
            "the owner renews the payment bond",
        ),
        (Some(true), Some(None)) => draft.kept(),
        _ => draft.not_known(keeper_of(&[bond.valid.keeper(), bond.ends_on.keeper()])),
    }]
}
