//! The files of an order: one pain.001 for each run, in the version and within the limits that the bank takes.

use super::plan::Going;
use crate::accounts::profiles::{OrderVersion, Profile};
use crate::accounts::table::AccountRow;
use crate::payroll::table::SheetRow;
use crate::web::problem::FAULTS_MAX;
use crate::web::{Ctx, Problem};
use crate::wire::iso20022::pain001::{self, Agent, PaymentBatch, PaymentLine, PaymentOrder, Version};

/// One line of the file, and whether its text had to give way to the bank's limit.
pub(super) fn payment(profile: &Profile, sheet: &SheetRow, one: &Going, end_to_end_id: String) -> (PaymentLine, bool) {
    let texts = [format!("{} 工资", sheet.month), "工资".to_owned()];
    let text = profile.limits.text_that_fits(&texts);
    let is_shorter = text.as_ref() != texts.first();
    let line = PaymentLine {
        end_to_end_id,
        amount: one.amount,
        creditor: one.name.clone(),
        creditor_account: one.card.clone(),
        creditor_agent: None,
        text,
    };
    (line, is_shorter)
}

/// The pain.001 as text, and the places where a text had to change.
pub(super) fn of_order(
    ctx: &Ctx,
    account: &AccountRow,
    profile: &Profile,
    message_id: &str,
    lines: Vec<PaymentLine>,
) -> Result<(String, Vec<String>), Problem> {
    let agent = match account.bank_code.len() {
        12 => Some(Agent::Cnaps(account.bank_code.clone())),
        8 | 11 => Some(Agent::Bic(account.bank_code.clone())),
        _ => None,
    };
    let debtor_account = match account.sub_ledger.as_str() {
        "" => account.number.clone(),
        sub_ledger => format!("{}-{sub_ledger}", account.number),
    };
    let batch = PaymentBatch {
        id: message_id.to_owned(),
        batch_booking: profile.batch_booking,
        execute_on: ctx.today,
        debtor: account.name.clone(),
        debtor_account,
        debtor_agent: agent,
        lines,
    };
    let order = PaymentOrder {
        message_id: message_id.to_owned(),
        created_at: ctx.now,
        initiator: account.name.clone(),
        batches: vec![batch],
    };
    let version = match profile.order_version {
        OrderVersion::V09 => Version::V09,
        OrderVersion::V03 => Version::V03,
    };
    match pain001::write_within(&order, version, profile.limits) {
        Ok(written) => Ok((written.xml, written.replaced.into_iter().map(|one| one.place).collect())),
        Err(problems) => {
            let problem = Problem::invalid(
                "代发文件无法生成，请按所列位置改正。",
                "The payment file cannot be written; mend the places that are listed.",
            );
            // The writer's words may quote a name, so only place and reason are passed on.
            Err(problems.iter().take(FAULTS_MAX).fold(problem, |problem, one| problem.at(one.place.clone(), "bad_format")))
        }
    }
}
