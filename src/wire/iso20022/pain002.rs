//! Reader of payment status reports (pain.002) of any version: what the bank says of a whole order, of a batch and of
//! each line.

use serde::Serialize;

use super::camt_detail::given;
use super::dates::moment_of;
use super::xml::{Element, Open, Xml, XmlFault};
use crate::base::{Day, Moment};
use crate::wire::bank::{Amount, Problem, Problems, Reason};

/// Transactions of one report.
pub const TRANSACTIONS_MAX: usize = 1_000_000;

/// Status codes that are known; others are kept as they are.
const KNOWN: [&str; 13] =
    ["RCVD", "ACTC", "ACCP", "ACSP", "ACSC", "ACCC", "ACWC", "PDNG", "PART", "RJCT", "ACWP", "PATC", "CANC"];

/// A report on one payment order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct StatusReport {
    /// The report's own id.
    pub message_id: Option<String>,
    /// When the bank wrote it.
    pub created_at: Option<Moment>,
    /// Message id of the order.
    pub original_message_id: Option<String>,
    /// Kind of the order (`pain.001.001.09`).
    pub original_message_name: Option<String>,
    /// Status of the whole order; `RJCT` rejects every line.
    pub group_status: Option<String>,
    /// Reasons for it.
    pub reasons: Vec<StatusReason>,
    /// Per batch of the order.
    pub payments: Vec<BatchStatus>,
}

/// Status of one `PmtInf`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct BatchStatus {
    /// Payment information id of the order.
    pub payment_information_id: Option<String>,
    /// Status of the batch; `RJCT` rejects every line of it.
    pub status: Option<String>,
    /// Reasons for it.
    pub reasons: Vec<StatusReason>,
    /// Single lines, as far as the bank names them.
    pub transactions: Vec<TransactionStatus>,
}

/// Status of one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct TransactionStatus {
    /// The payer's id of the line.
    pub end_to_end_id: Option<String>,
    /// The payer's instruction id.
    pub instruction_id: Option<String>,
    /// `RCVD`, `ACTC`, `ACCP`, `ACSP`, `ACSC`, `ACCC`, `PDNG`, `PART`, `RJCT` or a code of the bank's own.
    pub status: Option<String>,
    /// Reasons for it.
    pub reasons: Vec<StatusReason>,
    /// Amount of the line, where repeated.
    pub amount: Option<Amount>,
    /// Currency of the amount.
    pub currency: Option<String>,
    /// The bank's reference.
    pub bank_ref: Option<String>,
    /// Where the line stands in a list of results, and whom it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listed: Option<Listed>,
}

/// A line of a list of results that is no message: where it stands, and the payee as the bank writes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct Listed {
    /// Row of the list.
    pub place: String,
    /// Name of the payee.
    pub name: Option<String>,
    /// Account or card of the payee.
    pub account: Option<String>,
    /// When the bank booked it, where the list says so.
    pub on: Option<Day>,
}

/// Why a status is as it is: an ISO code or the bank's own word, and text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct StatusReason {
    /// `AC04`, `AM04`, `RC01`, `FF01`, `DUPL` … or the bank's own.
    pub code: Option<String>,
    /// What the bank writes about it.
    pub text: Option<String>,
}

/// Whether a pain.002 begins with this root element, by its local name.
pub fn is_root(root: &str) -> bool {
    root == "CstmrPmtStsRpt" || root.starts_with("CstmrPmtStsRptV") || root == "pain.002.001.02" || root.starts_with("PmtStsRpt")
}

/// Reads the report whose root has just begun. On a fault what was read before it stays in `report`.
pub fn read(xml: &mut Xml<'_>, root: &Open, report: &mut StatusReport, problems: &mut Problems) -> Result<(), XmlFault> {
    let mut left = TRANSACTIONS_MAX;
    while let Some(child) = xml.child(root)? {
        match child.name.as_str() {
            "GrpHdr" => {
                let header = xml.element(child)?;
                report.message_id = header.text_at(&["MsgId"]);
                report.created_at = header.text_at(&["CreDtTm"]).and_then(|text| moment_of(&text));
            }
            "OrgnlGrpInfAndSts" | "OrgnlGrpInf" => {
                let group = xml.element(child)?;
                report.original_message_id = group.text_at(&["OrgnlMsgId"]);
                report.original_message_name = group.text_at(&["OrgnlMsgNmId"]);
                report.group_status = status_in(&group, "GrpSts", "OrgnlGrpInfAndSts", problems);
                report.reasons = reasons_in(&group);
            }
            "OrgnlPmtInfAndSts" => {
                let mut batch = BatchStatus::default();
                let place = format!("OrgnlPmtInfAndSts[{}]", report.payments.len() + 1);
                let read = read_batch(xml, &child, &place, &mut batch, problems, &mut left);
                report.payments.push(batch);
                read?;
            }
            // Version 02 has the lines beside the group.
            "TxInfAndSts" => {
                let place = "TxInfAndSts";
                let line = line_in(&xml.element(child)?, place, problems);
                if report.payments.is_empty() {
                    report.payments.push(BatchStatus::default());
                }
                if let Some(batch) = report.payments.last_mut() {
                    batch.transactions.push(line);
                }
            }
            _ => {}
        }
    }
    if report.original_message_id.is_none() {
        problems.push(
            Problem::new(
                "OrgnlGrpInfAndSts",
                Reason::MissingField,
                "回执未指明原报文编号 OrgnlMsgId",
                "the report does not name the order (OrgnlMsgId)",
            )
            .fix("请向银行索取完整回执", "ask the bank for the whole report"),
        );
    }
    Ok(())
}

fn read_batch(
    xml: &mut Xml<'_>,
    open: &Open,
    place: &str,
    batch: &mut BatchStatus,
    problems: &mut Problems,
    left: &mut usize,
) -> Result<(), XmlFault> {
    let mut head = Element::default();
    while let Some(child) = xml.child(open)? {
        if child.name == "TxInfAndSts" {
            *left = left.checked_sub(1).ok_or(XmlFault::Limit("1,000,000 transactions"))?;
            let place = format!("{place}/TxInfAndSts[{}]", batch.transactions.len() + 1);
            match xml.element(child) {
                Ok(line) => batch.transactions.push(line_in(&line, &place, problems)),
                Err(fault) => problems.push(fault.left_out(&place).ok_or(fault)?),
            }
        } else if head.children.len() < 200 {
            head.children.push(xml.element(child)?);
            batch.payment_information_id = head.text_at(&["OrgnlPmtInfId"]);
        }
    }
    batch.status = status_in(&head, "PmtInfSts", place, problems);
    batch.reasons = reasons_in(&head);
    Ok(())
}

fn line_in(line: &Element, place: &str, problems: &mut Problems) -> TransactionStatus {
    let amount = line.at("OrgnlTxRef/Amt/InstdAmt").or_else(|| line.at("OrgnlTxRef/IntrBkSttlmAmt"));
    TransactionStatus {
        end_to_end_id: given(line.text_at(&["OrgnlEndToEndId"])),
        instruction_id: given(line.text_at(&["OrgnlInstrId"])),
        status: status_in(line, "TxSts", place, problems),
        reasons: reasons_in(line),
        amount: amount.and_then(|found| Amount::parse(&found.text)),
        currency: amount.and_then(|found| found.attribute("Ccy")).map(str::to_owned),
        bank_ref: line.text_at(&["AcctSvcrRef"]),
        listed: None,
    }
}

fn status_in(element: &Element, name: &str, place: &str, problems: &mut Problems) -> Option<String> {
    let status = element.text_at(&[name])?.to_ascii_uppercase();
    if !KNOWN.contains(&status.as_str()) {
        let found = crate::wire::text::quoted(&status, 35);
        problems.push(Problem::new(
            place,
            Reason::BadFormat,
            format!("未知状态 `{found}`，已原样保留"),
            format!("unknown status `{found}` is kept as it is"),
        ));
    }
    Some(status)
}

fn reasons_in(element: &Element) -> Vec<StatusReason> {
    let infos = element.children.iter().filter(|child| child.name == "StsRsnInf");
    infos
        .map(|info| {
            let lines = info.all("AddtlInf").into_iter().chain(info.all("AddtlStsRsnInf"));
            let text = lines.map(|line| line.text.as_str()).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
            StatusReason {
                code: info.text_at(&["Rsn/Cd", "Rsn/Prtry", "StsRsn/Cd", "StsRsn/Prtry"]),
                text: (!text.is_empty()).then_some(text),
            }
        })
        .collect()
}
