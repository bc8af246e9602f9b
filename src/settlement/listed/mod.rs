//! Lines of a list of results that carry no id: whose payments they are, inside the one run that the list is of.
//!
//! A line is a payment only where payee, card and amount are those of exactly one, and where no other line of the list says the same.
//! What fits twice is told and taken for neither.

mod table;

use std::collections::HashMap;

use self::table::Payee;
use super::sides::OtherSide;
use super::{HandedIn, Refused};
use crate::base::id::InboxId;
use crate::projects::Site;
use crate::store::{AnyConn, StoreError};
use crate::web::{Ctx, Problem};
use crate::wire::bank::Amount;
use crate::wire::iso20022::pain002::{StatusReport, TransactionStatus};

/// How the run that somebody named beside the file stands before the file's name.
const RUN_GIVEN: &str = "run=";

/// Whether a report is a list, not a message.
pub(super) fn is_list(report: &StatusReport) -> bool {
    report.payments.iter().flat_map(|one| &one.transactions).any(|line| line.listed.is_some())
}

/// Whether the lines of a list can only be found inside a run.
pub(super) fn needs_run(report: &StatusReport) -> bool {
    is_list(report) && report.payments.iter().flat_map(|one| &one.transactions).all(|line| line.end_to_end_id.is_none())
}

/// Keeps the run that somebody named beside a list with its file's name; a message names its own order.
pub fn name_run(handed: &mut HandedIn, run: &str) {
    if handed.file.payment_status.as_ref().is_some_and(is_list) {
        handed.name = Some(format!("{RUN_GIVEN}{run} {}", handed.name.as_deref().unwrap_or("-")));
    }
}

/// The run that was named beside a list that is handed in.
pub(super) fn run_beside(handed: &HandedIn) -> Option<String> {
    handed.name.as_deref().and_then(given_in)
}

/// The report of a list, of the run that was named beside it.
pub(super) fn of_run(report: &StatusReport, run: Option<String>) -> StatusReport {
    let own = report.original_message_id.clone();
    StatusReport { original_message_id: run.filter(|_| is_list(report)).or(own), ..report.clone() }
}

/// The run that was named beside a kept list.
pub(super) fn run_given(conn: &mut AnyConn, id: InboxId) -> Result<Option<String>, StoreError> {
    Ok(table::request(conn, id)?.as_deref().and_then(given_in))
}

fn given_in(request: &str) -> Option<String> {
    request.split(' ').find_map(|word| word.strip_prefix(RUN_GIVEN)).filter(|run| !run.is_empty()).map(str::to_owned)
}

/// The report with the payments of its lines; what is no payment, or may be several, is told and left out.
pub(super) fn with_payments(
    conn: &mut AnyConn,
    ctx: &Ctx,
    site: &Site,
    message_id: &str,
    report: &StatusReport,
    refused: &mut Refused,
) -> Result<StatusReport, Problem> {
    let all = || report.payments.iter().flat_map(|one| &one.transactions);
    if all().all(|line| line.end_to_end_id.is_some() || line.listed.is_none()) {
        return Ok(report.clone());
    }
    let known = table::payees(conn, site.id, message_id)?;
    let mut by_card: HashMap<&str, Vec<&Payee>> = HashMap::new();
    for payee in &known {
        by_card.entry(payee.card_index.as_deref().unwrap_or_default()).or_default().push(payee);
    }
    let fitting = |line: &TransactionStatus| -> Vec<&str> {
        let Some(listed) = line.listed.as_ref().filter(|_| line.end_to_end_id.is_none()) else { return Vec::new() };
        let Some(index) = OtherSide::told(ctx, listed.account.as_deref()).index else { return Vec::new() };
        let of_card = by_card.get(index.as_str()).map(Vec::as_slice).unwrap_or_default();
        let fits = |one: &&&Payee| {
            Some(one.name.as_str()) == listed.name.as_deref() && line.amount == Some(Amount::from(one.amount_fen))
        };
        of_card.iter().filter(fits).map(|one| one.payment.as_str()).collect()
    };
    // How many lines of the list speak of a payment, by id or by payee.
    let mut spoken: HashMap<&str, u32> = HashMap::new();
    for line in all() {
        let named = line.end_to_end_id.as_deref();
        for payment in named.into_iter().chain(fitting(line)) {
            let count = spoken.entry(payment).or_default();
            *count = count.saturating_add(1);
        }
    }
    let mut found = report.clone();
    for batch in &mut found.payments {
        let mut lines = Vec::with_capacity(batch.transactions.len());
        for line in std::mem::take(&mut batch.transactions) {
            let Some(listed) = line.listed.as_ref().filter(|_| line.end_to_end_id.is_none()) else {
                lines.push(line);
                continue;
            };
            match fitting(&line).as_slice() {
                [one] if spoken.get(one).is_some_and(|count| *count == 1) => {
                    let end_to_end_id = Some((*one).to_owned());
                    lines.push(TransactionStatus { end_to_end_id, ..line });
                }
                [] => refused.push(
                    &listed.place,
                    "unknown_reference",
                    "该批次中没有姓名、账号和金额都相符的代发明细，该行未采用；请核对，或补上代发编号后重新上传。",
                    "No payment of the run has this payee, account and amount; the row is not taken. Check it, or add the payment's id and hand the list in again.",
                ),
                _ => refused.push(
                    &listed.place,
                    "id_reused",
                    "不止一行或不止一笔代发明细的姓名、账号和金额都相符，无法判断是哪一笔，该行未采用；请补上代发编号后重新上传。",
                    "Several rows or several payments have this payee, account and amount and nothing tells which is meant; the row is not taken. Add the payment's id and hand the list in again.",
                ),
            }
        }
        batch.transactions = lines;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handed(report: StatusReport, name: Option<&str>) -> HandedIn {
        HandedIn {
            name: name.map(str::to_owned),
            content_type: String::new(),
            bytes: std::sync::Arc::new(crate::store::spool::Spool::of(Vec::new())),
            file: crate::wire::bank::BankFile { payment_status: Some(report), ..Default::default() },
            path: "/api/v1/bank/results",
            said: None,
            again: Default::default(),
        }
    }

    #[test]
    fn the_run_named_beside_a_list_is_kept_with_its_name() {
        let line = TransactionStatus { listed: Some(Default::default()), ..TransactionStatus::default() };
        let batch = crate::wire::iso20022::pain002::BatchStatus { transactions: vec![line], ..Default::default() };
        let report = StatusReport { payments: vec![batch], ..StatusReport::default() };
        let mut list = handed(report.clone(), Some("结果 1.csv"));
        assert_eq!(run_beside(&list), None);
        name_run(&mut list, "RUN-1");
        assert_eq!(run_beside(&list).as_deref(), Some("RUN-1"));
        assert_eq!(of_run(&report, run_beside(&list)).original_message_id.as_deref(), Some("RUN-1"));
        let request = format!("POST /api/v1/bank/results {}", list.name.unwrap());
        assert_eq!(given_in(&request).as_deref(), Some("RUN-1"));
        assert_eq!(given_in("POST /api/v1/bank/results list.csv"), None);
        let mut message = handed(StatusReport::default(), None);
        name_run(&mut message, "RUN-1");
        assert_eq!(message.name, None, "a message names its own order");
    }
}
