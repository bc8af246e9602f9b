//! Papers of a project that are about to expire: the wage deposit's promise and the owner's payment bond.

use super::actions::{self, Noticed};
use super::{Concern, NoticeKind, Words, money};
use crate::base::{Day, Fen};
use crate::deposits;
use crate::deposits::table::DepositRow;
use crate::law::LawBook;
use crate::projects::{self, Fact, FactKind, Site};
use crate::store::{AnyConn, Tx};
use crate::web::{Ctx, Problem};

/// The rule that a guarantee is renewed in time and that somebody reminds of it.
const GUARANTEE_RULE: &str = "R65-17";

/// The rule that the owner gives a payment bond.
const BOND_RULE: &str = "R724-24a";

/// Notices the papers that expire soon, and that those stand no more which were renewed.
pub fn notice(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site) -> Result<Noticed, Problem> {
    let mut concerns = expiring(tx.conn(), ctx, site)?;
    concerns.extend(money::concerns(tx.conn(), ctx, site)?);
    actions::reconcile(tx, ctx, site, NoticeKind::Reminder, &concerns, &[])
}

/// Papers that end within the configured days, or ended and were not replaced while the project goes on.
pub fn expiring(conn: &mut AnyConn, ctx: &Ctx, site: &Site) -> Result<Vec<Concern>, Problem> {
    let (today, horizon) = (ctx.today, ctx.today.plus_days(ctx.ground.settings.upkeep.expiry_days));
    let book = ctx.book();
    let mut found = Vec::new();
    let mut all = Vec::new();
    for one in deposits::actions::all(conn, site, None)? {
        let held = deposits::held(&one.events, today)?;
        all.push((one.deposit, held));
    }
    for (deposit, held) in &all {
        let Some(ends_on) = deposit.ends_on.filter(|end| *end <= horizon) else { continue };
        // What was given back secures nothing, and what a deposit was lodged for says nothing of what is left of it.
        let outlives = |(other, other_held): &(DepositRow, Fen)| {
            other.id != deposit.id && *other_held >= *held && other.ends_on.is_none_or(|end| end > horizon)
        };
        // What was given back or is replaced by one that secures as much and lasts longer needs no renewal.
        if !held.is_positive() || all.iter().any(outlives) {
            continue;
        }
        let subject = format!("deposit {} {ends_on}", deposit.id);
        let title = (
            format!("工资保证金保函（{}）到期日为 {ends_on}", deposit.issuer),
            format!("The wage deposit's guarantee ends on {ends_on}"),
        );
        let cure =
            ("到期前续保或另行提供保函，并登记新的到期日", "renew it or give another before that day, and record the new one");
        found.push(concern(&book, subject, GUARANTEE_RULE, ends_on, title, cure));
    }
    let facts = projects::actions::facts(conn, site, today, None)?;
    let is_over = facts.get(FactKind::Accepted).is_some();
    if let Some(Fact::PaymentBond { ends_on, issuer, .. }) = facts.get(FactKind::PaymentBond).map(|record| &record.fact)
        && *ends_on <= horizon
        && !is_over
    {
        let title =
            (format!("工程款支付担保（{issuer}）到期日为 {ends_on}"), format!("The owner's payment bond ends on {ends_on}"));
        let cure = ("建设单位在到期前续保，并登记新的担保", "the owner renews it before that day, and it is recorded");
        found.push(concern(&book, format!("bond {ends_on}"), BOND_RULE, *ends_on, title, cure));
    }
    Ok(found)
}

pub(super) fn concern(
    book: &LawBook,
    subject: String,
    rule: &str,
    day: Day,
    title: (String, String),
    cure: (&str, &str),
) -> Concern {
    let words = Words {
        citation: book.rule(rule).map(|rule| rule.citation.to_string()),
        rule: Some(rule.to_owned()),
        ..Words::said(title, cure, Some(day))
    };
    Concern { subject, urgent: false, words }
}
