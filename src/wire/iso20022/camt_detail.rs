//! One transaction (`TxDtls`) of a camt entry, in the old and the new forms of its fields.

use super::camt::{account_of, direction_in};
use super::xml::Element;
use crate::wire::bank::{Amount, Detail, Direction, Entry};

/// A party and its account as one side of a transaction names them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Side {
    name: Option<String>,
    account: Option<String>,
}

impl Side {
    fn of(parties: Option<&Element>, party: &str, account: &str) -> Side {
        let Some(parties) = parties else { return Side::default() };
        let party = parties.at(party);
        Side {
            name: party.and_then(|party| party.text_at(&["Nm", "Pty/Nm", "Agt/FinInstnId/Nm"])),
            account: parties.at(account).and_then(account_of),
        }
    }

    fn is_empty(&self) -> bool {
        self.name.is_none() && self.account.is_none()
    }
}

/// What one `TxDtls` says, before the entry around it is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawDetail {
    amounts: Vec<(Amount, Option<String>)>,
    direction: Option<Direction>,
    debtor: Side,
    creditor: Side,
    known: Known,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Known {
    end_to_end_id: Option<String>,
    return_reason: Option<String>,
    returned: bool,
    text: Option<String>,
    additional: Option<String>,
    bank_ref: Option<String>,
    transaction_id: Option<String>,
    message_id: Option<String>,
    payment_information_id: Option<String>,
}

/// Where the amount of a transaction may stand, best first: version 02 has it only inside `AmtDtls`.
const AMOUNT_PATHS: [&str; 5] =
    ["Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/CntrValAmt/Amt", "AmtDtls/InstdAmt/Amt", "AmtDtls/AnncdPstngAmt/Amt"];

/// Reads one `TxDtls`; ids of the batch around it stand in where the transaction names none.
pub fn raw_detail(tx: &Element, batch: Option<&Element>) -> RawDetail {
    let amounts = AMOUNT_PATHS
        .iter()
        .filter_map(|path| tx.at(path))
        .filter_map(|found| Some((Amount::parse(&found.text)?, found.attribute("Ccy").map(str::to_owned))))
        .collect();
    let parties = tx.at("RltdPties");
    let of_batch = |path: &str| batch.and_then(|batch| batch.text_at(&[path]));
    let unstructured = tx
        .all("RmtInf/Ustrd")
        .iter()
        .map(|line| line.text.as_str())
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    let structured = tx.text_at(&["RmtInf/Strd/AddtlRmtInf", "RmtInf/Strd/CdtrRefInf/Ref", "RmtInf/Strd/CdtrRefInf/CdtrRef"]);
    let remittance = if unstructured.is_empty() { structured } else { Some(unstructured) };
    let additional = tx.text_at(&["AddtlTxInf"]);
    RawDetail {
        amounts,
        direction: direction_in(tx.text_at(&["CdtDbtInd"]).as_deref()),
        debtor: Side::of(parties, "Dbtr", "DbtrAcct"),
        creditor: Side::of(parties, "Cdtr", "CdtrAcct"),
        known: Known {
            end_to_end_id: given(tx.text_at(&["Refs/EndToEndId"])),
            return_reason: return_reason(tx),
            returned: tx.at("RtrInf").is_some(),
            text: remittance.or_else(|| additional.clone()),
            additional,
            bank_ref: given(tx.text_at(&["Refs/AcctSvcrRef"])),
            transaction_id: given(tx.text_at(&["Refs/TxId", "Refs/AcctSvcrTxId"])),
            message_id: given(tx.text_at(&["Refs/MsgId"])).or_else(|| of_batch("MsgId")),
            payment_information_id: given(tx.text_at(&["Refs/PmtInfId"])).or_else(|| of_batch("PmtInfId")),
        },
    }
}

/// `NOTPROVIDED` is the standard's way to leave a mandatory id out.
pub fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.eq_ignore_ascii_case("NOTPROVIDED"))
}

fn return_reason(tx: &Element) -> Option<String> {
    tx.text_at(&[
        "RtrInf/Rsn/Cd",
        "RtrInf/Rsn/Prtry",
        "RtrInf/RtrRsn/Cd",
        "RtrInf/RtrRsn/Prtry",
        "RtrInf/AddtlInf",
        "RtrInf/AddtlRtrRsnInf",
    ])
}

impl RawDetail {
    /// Completes the transaction from its entry; `single` says that it is the only one there.
    pub fn finish(self, entry: &Entry, own_account: Option<&str>, single: bool) -> Detail {
        let direction = self.direction.unwrap_or(entry.direction);
        let fits = |currency: &Option<String>| currency.is_none() || entry.currency.is_none() || *currency == entry.currency;
        let chosen = self.amounts.iter().find(|(_, currency)| fits(currency)).or_else(|| self.amounts.first()).cloned();
        let (amount, currency) = match chosen {
            Some((amount, currency)) => (Some(amount), currency.or_else(|| entry.currency.clone())),
            None if single => (Some(entry.amount), entry.currency.clone()),
            None => (None, entry.currency.clone()),
        };
        // A negative amount turns the direction, so that amounts stay unsigned everywhere.
        let direction = if amount.is_some_and(Amount::is_negative) { direction.turned() } else { direction };
        let other = self.other_side(direction, entry.reversal, own_account);
        let known = self.known;
        Detail {
            end_to_end_id: known.end_to_end_id,
            amount: amount.map(Amount::unsigned),
            currency,
            direction,
            counterparty: other.name,
            counterparty_account: other.account,
            return_reason: known.return_reason,
            returned: known.returned,
            text: known.text,
            additional: known.additional,
            bank_ref: known.bank_ref,
            transaction_id: known.transaction_id,
            message_id: known.message_id,
            payment_information_id: known.payment_information_id,
        }
    }

    /// The side that is not the account's owner. A return or reversal keeps the parties of the payment it undoes, so
    /// the sides are swapped there, unless an account number tells.
    fn other_side(&self, direction: Direction, reversal: bool, own_account: Option<&str>) -> Side {
        let own = |side: &Side| side.account.is_some() && side.account.as_deref() == own_account;
        let (debtor, creditor) = (&self.debtor, &self.creditor);
        let undoes = reversal || self.known.returned;
        let creditor_first = (direction == Direction::Debit) != undoes;
        let chosen = match (own(debtor), own(creditor)) {
            (true, false) => creditor,
            (false, true) => debtor,
            _ if creditor.is_empty() => debtor,
            _ if debtor.is_empty() => creditor,
            _ if creditor_first => creditor,
            _ => debtor,
        };
        chosen.clone()
    }
}
