//! Reader of pain.001 in any version: for playing the bank, and for checking a file before it is sent.

use super::dates::{day_of, moment_of};
use super::pain001::{Agent, LINES_MAX, PaymentBatch, PaymentLine, PaymentOrder};
use super::xml::{Element, Open, Xml, XmlFault};
use crate::base::{Day, Fen, Moment};
use crate::wire::bank::{Amount, Problem, Problems, Reason};
use crate::wire::text::decode_xml;

/// Whether a pain.001 begins with this root element, by its local name.
pub fn is_root(root: &str) -> bool {
    root == "CstmrCdtTrfInitn" || root == "pain.001.001.02"
}

/// Reads an order; lines that cannot be read are left out and named in the problems.
pub fn read(bytes: &[u8]) -> Result<(PaymentOrder, Vec<Problem>), Problem> {
    let text = decode_xml(bytes).0.text;
    let mut xml = Xml::new(&text);
    loop {
        match xml.begun() {
            Ok(Some(open)) if is_root(&open.name) => {
                let mut problems = Problems::default();
                let order = read_message(&mut xml, &open, &mut problems).map_err(|fault| fault.problem("CstmrCdtTrfInitn"))?;
                return Ok((order, problems.into_list()));
            }
            Ok(Some(_)) => {}
            Ok(None) => {
                return Err(Problem::new(
                    "file",
                    Reason::BadFormat,
                    "文件不是付款指令（pain.001）",
                    "the file is not a payment order (pain.001)",
                )
                .fix("请选择 pain.001 文件", "choose a pain.001 file"));
            }
            Err(fault) => return Err(fault.problem("file")),
        }
    }
}

/// Reads the order whose root has just begun.
pub fn read_message(xml: &mut Xml<'_>, root: &Open, problems: &mut Problems) -> Result<PaymentOrder, XmlFault> {
    let mut order =
        PaymentOrder { message_id: String::new(), created_at: Moment(0), initiator: String::new(), batches: Vec::new() };
    let mut stated = (None, None);
    let mut left = LINES_MAX;
    while let Some(child) = xml.child(root)? {
        match child.name.as_str() {
            "GrpHdr" => {
                let header = xml.element(child)?;
                order.message_id = header.text_at(&["MsgId"]).unwrap_or_default();
                order.initiator = header.text_at(&["InitgPty/Nm"]).unwrap_or_default();
                order.created_at = header.text_at(&["CreDtTm"]).and_then(|text| moment_of(&text)).unwrap_or(Moment(0));
                stated = (header.text_at(&["NbOfTxs"]), header.text_at(&["CtrlSum"]));
            }
            "PmtInf" => {
                let place = format!("PmtInf[{}]", order.batches.len() + 1);
                let batch = read_batch(xml, &child, &place, problems, &mut left)?;
                order.batches.push(batch);
            }
            _ => {}
        }
    }
    if order.message_id.is_empty() {
        problems.push(Problem::new("GrpHdr/MsgId", Reason::MissingField, "缺少报文编号", "the message id is missing"));
    }
    let lines: Vec<&PaymentLine> = order.batches.iter().flat_map(|batch| &batch.lines).collect();
    check_totals("GrpHdr", &lines, &stated, problems);
    check_ids(&lines, problems);
    Ok(order)
}

fn read_batch(
    xml: &mut Xml<'_>,
    open: &Open,
    place: &str,
    problems: &mut Problems,
    left: &mut usize,
) -> Result<PaymentBatch, XmlFault> {
    let mut head = Element::default();
    let mut lines = Vec::new();
    let mut number = 0u32;
    while let Some(child) = xml.child(open)? {
        if child.name == "CdtTrfTxInf" {
            number += 1;
            *left = left.checked_sub(1).ok_or(XmlFault::Limit("100,000 lines"))?;
            let place = format!("{place}/CdtTrfTxInf[{number}]");
            match line_in(&xml.element(child)?, &place) {
                Ok(line) => lines.push(line),
                Err(problem) => problems.push(problem),
            }
        } else if head.children.len() < 100 {
            head.children.push(xml.element(child)?);
        }
    }
    let day = head.text_at(&["ReqdExctnDt/Dt", "ReqdExctnDt/DtTm", "ReqdExctnDt"]).and_then(|text| day_of(&text));
    if day.is_none() {
        problems.push(Problem::new(
            format!("{place}/ReqdExctnDt"),
            Reason::BadTime,
            "缺少有效的执行日期",
            "no valid execution date",
        ));
    }
    let refs: Vec<&PaymentLine> = lines.iter().collect();
    check_totals(place, &refs, &(head.text_at(&["NbOfTxs"]), head.text_at(&["CtrlSum"])), problems);
    Ok(PaymentBatch {
        id: head.text_at(&["PmtInfId"]).unwrap_or_default(),
        batch_booking: head.text_at(&["BtchBookg"]).is_none_or(|text| text == "true" || text == "1"),
        execute_on: day.unwrap_or(Day(chrono::NaiveDate::default())),
        debtor: head.text_at(&["Dbtr/Nm", "Dbtr/Pty/Nm"]).unwrap_or_default(),
        debtor_account: account_in(&head, "DbtrAcct"),
        debtor_agent: agent_in(&head, "DbtrAgt"),
        lines,
    })
}

fn line_in(line: &Element, place: &str) -> Result<PaymentLine, Problem> {
    let found = line.at("Amt/InstdAmt").or_else(|| line.at("Amt/EqvtAmt/Amt"));
    let amount =
        found.and_then(|found| Amount::parse(&found.text)?.fen(found.attribute("Ccy")).ok()).filter(|fen| fen.is_positive());
    let Some(amount) = amount else {
        return Err(Problem::new(
            format!("{place}/InstdAmt"),
            Reason::BadAmount,
            "金额缺失、不是人民币或超过两位小数，该笔未读取",
            "the amount is missing, not CNY or has more than two decimals; the line is not read",
        )
        .fix("写作 <InstdAmt Ccy=\"CNY\">1234.50</InstdAmt>", "write <InstdAmt Ccy=\"CNY\">1234.50</InstdAmt>"));
    };
    let Some(end_to_end_id) = line.text_at(&["PmtId/EndToEndId"]) else {
        return Err(Problem::new(
            format!("{place}/EndToEndId"),
            Reason::MissingField,
            "缺少付款行编号 EndToEndId，该笔未读取",
            "EndToEndId is missing; the line is not read",
        ));
    };
    let texts = line.all("RmtInf/Ustrd").iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join(" ");
    Ok(PaymentLine {
        end_to_end_id,
        amount,
        creditor: line.text_at(&["Cdtr/Nm", "Cdtr/Pty/Nm"]).unwrap_or_default(),
        creditor_account: account_in(line, "CdtrAcct"),
        creditor_agent: agent_in(line, "CdtrAgt"),
        text: (!texts.is_empty()).then_some(texts),
    })
}

fn account_in(element: &Element, name: &str) -> String {
    element.at(name).and_then(super::camt::account_of).unwrap_or_default()
}

fn agent_in(element: &Element, name: &str) -> Option<Agent> {
    let institution = element.at(name)?.at("FinInstnId")?;
    let bic = institution.text_at(&["BICFI", "BIC"]).map(Agent::Bic);
    bic.or_else(|| institution.text_at(&["ClrSysMmbId/MmbId"]).map(Agent::Cnaps))
}

fn check_totals(place: &str, lines: &[&PaymentLine], stated: &(Option<String>, Option<String>), problems: &mut Problems) {
    let total = Fen::total(lines.iter().map(|line| line.amount)).ok().map(Amount::from);
    if stated.0.as_ref().is_some_and(|count| count.parse() != Ok(lines.len())) {
        problems.push(Problem::new(
            format!("{place}/NbOfTxs"),
            Reason::SumMismatch,
            format!("声明的笔数与实际 {} 笔不符", lines.len()),
            format!("the stated number differs from {} lines", lines.len()),
        ));
    }
    if stated.1.as_ref().is_some_and(|sum| Amount::parse(sum) != total) {
        problems.push(Problem::new(
            format!("{place}/CtrlSum"),
            Reason::SumMismatch,
            "控制总额与各笔合计不符",
            "the control sum differs from the sum of the lines",
        ));
    }
}

fn check_ids(lines: &[&PaymentLine], problems: &mut Problems) {
    let mut seen = std::collections::BTreeSet::new();
    for line in lines {
        if !seen.insert(&line.end_to_end_id) {
            let id = crate::wire::text::clip(&line.end_to_end_id, 35);
            problems.push(Problem::new(
                "CdtTrfTxInf/EndToEndId",
                Reason::IdReused,
                format!("付款行编号 `{id}` 重复"),
                format!("EndToEndId `{id}` is used twice"),
            ));
        }
    }
}
