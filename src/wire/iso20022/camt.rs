//! Reader of the account messages camt.052, camt.053 and camt.054 in every version.
//!
//! Old and new forms of a field are both accepted in any version, because real files mix them. Entries are handed on one
//! after the other, so that a file of a million of them needs the memory of one.

use super::camt_detail::{RawDetail, raw_detail};
use super::dates::day_in;
use super::xml::{Element, Open, Xml, XmlFault};
use crate::wire::bank::{
    Amount, Balance, BankFile, Batch, Detail, Direction, Entry, EntryStatus, Page, Problem, Problems, Reason, Sink, Statement,
    StatementKind, Tally,
};
use crate::wire::text::{clip, quoted};

/// Entries and details of one file.
pub const ITEMS_MAX: usize = 1_000_000;

/// Which account message begins with this root element, by its local name (version 01 carries a suffix).
pub fn kind_of(root: &str) -> Option<StatementKind> {
    let is = |name: &str| root == name || root.strip_prefix(name).is_some_and(|rest| rest.starts_with('V'));
    if is("BkToCstmrAcctRpt") {
        Some(StatementKind::Report)
    } else if is("BkToCstmrStmt") {
        Some(StatementKind::Statement)
    } else if is("BkToCstmrDbtCdtNtfctn") {
        Some(StatementKind::Notification)
    } else {
        None
    }
}

/// Name of the message without a version, for files that declare none.
pub fn plain_name(kind: StatementKind) -> &'static str {
    match kind {
        StatementKind::Report => "camt.052",
        StatementKind::Notification => "camt.054",
        StatementKind::Statement | StatementKind::Sheet => "camt.053",
    }
}

/// Reads the message whose root has just begun into `file`, its entries into `sink`. On a fault what was read before it stays.
pub fn read(
    xml: &mut Xml<'_>,
    root: &Open,
    kind: StatementKind,
    file: &mut BankFile,
    problems: &mut Problems,
    sink: Sink<'_>,
) -> Result<(), XmlFault> {
    let mut items = ITEMS_MAX;
    while let Some(child) = xml.child(root)? {
        if !matches!(child.name.as_str(), "Stmt" | "Rpt" | "Ntfctn") {
            continue;
        }
        let place = format!("{}[{}]", child.name, file.statements.len() + 1);
        let (mut statement, number) = (Statement { kind, ..Statement::default() }, file.statements.len());
        let mut around = Around { summary: None, tally: Tally::default(), items: &mut items, done: 0 };
        let read = fill(xml, &child, &place, &mut statement, &mut around, problems, &mut |entry| sink(number, entry));
        finish(&mut statement, &around, &place, read.is_ok(), problems);
        file.statements.push(statement);
        if let Err(fault) = read {
            problems.stop(Some(cut(&fault, &place, around.done)));
            break;
        }
    }
    Ok(())
}

/// Where reading had to stop inside a statement, and what of it was not read.
fn cut(fault: &XmlFault, place: &str, done: u64) -> Problem {
    let mut problem = fault.problem(&format!("{place} after Ntry[{done}]"));
    problem.zh.push_str(&format!("；第 {done} 笔之后均未读取"));
    problem.en.push_str(&format!("; nothing after entry {done} was read"));
    problem
}

/// What is kept of a statement while its entries pass by.
struct Around<'a> {
    summary: Option<Element>,
    tally: Tally,
    /// Entries and details that the file may still have.
    items: &'a mut usize,
    /// Entries that were looked at to their end.
    done: u64,
}

fn fill(
    xml: &mut Xml<'_>,
    open: &Open,
    place: &str,
    statement: &mut Statement,
    around: &mut Around<'_>,
    problems: &mut Problems,
    sink: &mut dyn FnMut(Entry),
) -> Result<(), XmlFault> {
    let mut number = 0u64;
    while let Some(child) = xml.child(open)? {
        match child.name.as_str() {
            "Ntry" => {
                number += 1;
                let place = format!("{place}/Ntry[{number}]");
                match entry(xml, &child, place.clone(), statement, problems, around.items) {
                    Ok(Some(entry)) => {
                        around.tally.add(&entry);
                        sink(entry);
                    }
                    Ok(None) => {}
                    Err(fault) => problems.push(fault.left_out(&place).ok_or(fault)?),
                }
                around.done = number;
            }
            "Id" => statement.id = xml.element(child)?.own_text(),
            "ElctrncSeqNb" => statement.sequence = number_in(&xml.element(child)?).or(statement.sequence),
            "LglSeqNb" => {
                let legal = number_in(&xml.element(child)?);
                statement.sequence = statement.sequence.or(legal);
            }
            "StmtPgntn" | "RptPgntn" | "NtfctnPgntn" => {
                let pages = xml.element(child)?;
                let last = pages.text_at(&["LastPgInd"]).and_then(|text| truth(&text));
                let number = pages.at("PgNb").and_then(number_in);
                statement.page = number.map(|number| Page { number, last });
            }
            "FrToDt" => {
                let period = xml.element(child)?;
                let day = |paths: &[&str]| period.text_at(paths).and_then(|text| super::day_of(&text));
                statement.from = day(&["FrDtTm", "FrDt"]);
                statement.to = day(&["ToDtTm", "ToDt"]);
            }
            "CpyDplctInd" => statement.copy_duplicate = xml.element(child)?.own_text(),
            "Acct" => {
                let account = xml.element(child)?;
                statement.account = account_of(&account);
                statement.currency = account.text_at(&["Ccy"]).or(statement.currency.take());
                statement.owner = account.text_at(&["Ownr/Nm", "Ownr/Pty/Nm", "Nm"]);
            }
            "Bal" => {
                let balance = xml.element(child)?;
                statement.balances.extend(balance_in(&balance, place, problems));
            }
            "TxsSummry" => around.summary = Some(xml.element(child)?),
            _ => {}
        }
    }
    Ok(())
}

/// Account number in an account element: IBAN, `Othr/Id`, or the forms of version 01.
pub fn account_of(account: &Element) -> Option<String> {
    account
        .text_at(&["Id/Othr/Id", "Id/IBAN", "Id/PrtryAcct/Id", "Id/BBAN", "Id/UPIC", "Prxy/Id"])
        .map(|text| text.split_whitespace().collect())
}

/// A whole number; foreign files write `1`, `001` and now and then `2026-001`, of which nothing is made.
fn number_in(element: &Element) -> Option<i64> {
    element.text.parse().ok()
}

fn truth(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// `CdtDbtInd` as a direction.
pub fn direction_in(text: Option<&str>) -> Option<Direction> {
    match text.map(str::to_ascii_uppercase).as_deref() {
        Some("CRDT") => Some(Direction::Credit),
        Some("DBIT") => Some(Direction::Debit),
        _ => None,
    }
}

fn bad_amount(place: &str, found: &str) -> Problem {
    let found = quoted(found, 40);
    Problem::new(place, Reason::BadAmount, format!("金额 `{found}` 无法识别"), format!("`{found}` is not an amount"))
        .fix("金额应写作 1234.50，最多 18 位整数、8 位小数", "write amounts like 1234.50, at most 18 digits and 8 decimals")
}

fn balance_in(element: &Element, place: &str, problems: &mut Problems) -> Option<Balance> {
    let kind = element.text_at(&["Tp/CdOrPrtry/Cd", "Tp/CdOrPrtry/Prtry", "Tp/Cd", "Tp/Prtry"])?;
    let place = format!("{place}/Bal[{kind}]", kind = clip(&kind, 16));
    let found = element.at("Amt")?;
    let Some(amount) = Amount::parse(&found.text) else {
        problems.push(bad_amount(&place, &found.text));
        return None;
    };
    let amount = match direction_in(element.text_at(&["CdtDbtInd"]).as_deref()) {
        Some(Direction::Debit) => amount.negated(),
        Some(Direction::Credit) | None => amount,
    };
    let on = day_in(element.at("Dt"), &place, problems);
    Some(Balance { kind: kind.to_ascii_uppercase(), amount, currency: found.attribute("Ccy").map(str::to_owned), on })
}

fn entry(
    xml: &mut Xml<'_>,
    open: &Open,
    place: String,
    statement: &Statement,
    problems: &mut Problems,
    items: &mut usize,
) -> Result<Option<Entry>, XmlFault> {
    let mut spend = || {
        *items = items.checked_sub(1).ok_or(XmlFault::Limit("1,000,000 entries and details"))?;
        Ok(())
    };
    spend()?;
    let mut head = Element::default();
    let mut batch: Option<Element> = None;
    let mut raw: Vec<RawDetail> = Vec::new();
    while let Some(child) = xml.child(open)? {
        match child.name.as_str() {
            "NtryDtls" => {
                let mut here: Option<Element> = None;
                while let Some(inner) = xml.child(&child)? {
                    if inner.name == "Btch" {
                        here = Some(xml.element(inner)?);
                    } else if inner.name == "TxDtls" {
                        spend()?;
                        raw.push(raw_detail(&xml.element(inner)?, here.as_ref()));
                    }
                }
                batch = batch.or(here);
            }
            // Version 01 has both directly inside the entry.
            "Btch" => batch = Some(xml.element(child)?),
            "TxDtls" => {
                spend()?;
                raw.push(raw_detail(&xml.element(child)?, batch.as_ref()));
            }
            _ if head.children.len() < 200 => head.children.push(xml.element(child)?),
            _ => {}
        }
    }
    Ok(built(&head, batch.as_ref(), raw, place, statement, problems))
}

fn built(
    head: &Element,
    batch: Option<&Element>,
    raw: Vec<RawDetail>,
    place: String,
    statement: &Statement,
    problems: &mut Problems,
) -> Option<Entry> {
    let written = head.at("Amt");
    let Some(amount) = written.and_then(|found| Amount::parse(&found.text)) else {
        problems.push(bad_amount(&place, written.map_or("", |found| found.text.as_str())).lost());
        return None;
    };
    let Some(direction) = direction_in(head.text_at(&["CdtDbtInd"]).as_deref()) else {
        problems.push(
            Problem::new(
                &place,
                Reason::MissingField,
                "缺少借贷标志 CdtDbtInd，该笔未读取",
                "CdtDbtInd is missing; the entry is not read",
            )
            .fix("应为 CRDT 或 DBIT", "it is CRDT or DBIT")
            .lost(),
        );
        return None;
    };
    // A sign in the amount contradicts CdtDbtInd, and which of them is meant nobody can know: it is kept, so that nothing books the entry.
    let currency = written.and_then(|found| found.attribute("Ccy")).map(str::to_owned);
    let mut entry = Entry {
        booked_on: day_in(head.at("BookgDt"), &place, problems),
        value_on: day_in(head.at("ValDt"), &place, problems),
        amount,
        direction,
        status: status_in(head, statement.kind, &place, problems),
        reversal: head.text_at(&["RvslInd"]).and_then(|text| truth(&text)).unwrap_or(false),
        bank_ref: head.text_at(&["AcctSvcrRef"]),
        entry_ref: head.text_at(&["NtryRef"]),
        code: code_in(head.at("BkTxCd")),
        text: head.text_at(&["AddtlNtryInf"]),
        batch: batch.map(batch_in),
        details_given: !raw.is_empty(),
        currency,
        ..Entry::default()
    };
    let single = raw.len() == 1;
    entry.details = raw.into_iter().map(|detail| detail.finish(&entry, statement.account.as_deref(), single)).collect();
    check_sum(&entry, &place, problems);
    if entry.details.is_empty() {
        entry.details.push(Detail {
            amount: Some(entry.amount),
            currency: entry.currency.clone(),
            direction,
            text: entry.text.clone(),
            bank_ref: entry.bank_ref.clone(),
            message_id: entry.batch.as_ref().and_then(|batch| batch.message_id.clone()),
            payment_information_id: entry.batch.as_ref().and_then(|batch| batch.payment_information_id.clone()),
            ..Detail::default()
        });
    }
    entry.place = place;
    Some(entry)
}

fn status_in(head: &Element, kind: StatementKind, place: &str, problems: &mut Problems) -> EntryStatus {
    let text = head.text_at(&["Sts/Cd", "Sts/Prtry", "Sts"]).map(|text| text.to_ascii_uppercase());
    match text.as_deref() {
        Some("BOOK") => EntryStatus::Booked,
        Some("PDNG" | "FUTR") => EntryStatus::Pending,
        Some("INFO") => EntryStatus::Information,
        other => {
            // Only the ledger may be believed without a status: elsewhere a missing one must not book anything.
            let assumed = if kind == StatementKind::Statement { EntryStatus::Booked } else { EntryStatus::Pending };
            let found = quoted(other.unwrap_or(""), 35);
            let word = if assumed == EntryStatus::Booked { ("已记账", "booked") } else { ("待记账", "pending") };
            problems.push(
                Problem::new(
                    place,
                    Reason::MissingField,
                    format!("记账状态 `{found}` 缺失或未知，按{}处理", word.0),
                    format!("status `{found}` is missing or unknown; taken as {}", word.1),
                )
                .fix("应为 BOOK、PDNG 或 INFO", "it is BOOK, PDNG or INFO"),
            );
            assumed
        }
    }
}

fn code_in(code: Option<&Element>) -> Option<String> {
    let code = code?;
    let parts: Vec<String> =
        ["Domn/Cd", "Domn/Fmly/Cd", "Domn/Fmly/SubFmlyCd"].iter().filter_map(|path| code.text_at(&[path])).collect();
    if parts.is_empty() { code.text_at(&["Prtry/Cd"]) } else { Some(parts.join("/")) }
}

fn batch_in(batch: &Element) -> Batch {
    Batch {
        message_id: batch.text_at(&["MsgId"]),
        payment_information_id: batch.text_at(&["PmtInfId"]),
        transactions: batch.text_at(&["NbOfTxs"]).and_then(|text| text.parse().ok()),
        total: batch.text_at(&["TtlAmt"]).and_then(|text| Amount::parse(&text)),
    }
}

/// Details must add up to their entry; a batch of many without amounts, or in other currencies, cannot be compared.
fn check_sum(entry: &Entry, place: &str, problems: &mut Problems) {
    let same_unit = |detail: &Detail| detail.currency.is_none() || entry.currency.is_none() || detail.currency == entry.currency;
    let signed = |detail: &Detail| {
        let amount = detail.amount.filter(|_| same_unit(detail))?;
        Some(if detail.direction == entry.direction { amount } else { amount.negated() })
    };
    let Some(amounts) = entry.details.iter().map(signed).collect::<Option<Vec<Amount>>>() else { return };
    let count = entry.batch.as_ref().and_then(|batch| batch.transactions);
    let given = u64::try_from(amounts.len()).unwrap_or(u64::MAX);
    if amounts.is_empty() {
        return;
    }
    let total = Amount::total(amounts);
    if total != Some(entry.amount) {
        let shown = total.map_or_else(|| "?".to_owned(), |sum| sum.to_string());
        problems.push(
            Problem::new(
                place,
                Reason::SumMismatch,
                format!("{given} 笔明细合计 {shown}，与分录金额 {} 不符，分配待核", entry.amount),
                format!("{given} details add up to {shown}, but the entry is {}; allocation waits", entry.amount),
            )
            .fix("请向银行核对批次明细", "ask the bank about the details of the batch"),
        );
    } else if count.is_some_and(|count| count != given) {
        let count = count.unwrap_or_default();
        problems.push(Problem::new(
            place,
            Reason::SumMismatch,
            format!("批次声明 {count} 笔，实有 {given} 笔"),
            format!("the batch says {count} transactions, {given} are given"),
        ));
    }
}

fn finish(statement: &mut Statement, around: &Around<'_>, place: &str, complete: bool, problems: &mut Problems) {
    let first = |kind: &str| statement.balances.iter().filter(|b| b.kind == kind).min_by_key(|b| b.on).map(|b| b.amount);
    statement.opening = first("OPBD").or_else(|| first("PRCD"));
    statement.closing = statement.balances.iter().filter(|b| b.kind == "CLBD").max_by_key(|b| b.on).map(|b| b.amount);
    if statement.currency.is_none() {
        let named = statement.balances.iter().find_map(|b| b.currency.clone());
        statement.currency = named.or_else(|| around.tally.first_currency().map(str::to_owned));
    }
    if complete && statement.account.is_none() {
        problems.push(
            Problem::new(place, Reason::MissingField, "缺少账号 Acct/Id", "the account (Acct/Id) is missing")
                .fix("请确认对账单所属账户", "name the account that the statement belongs to"),
        );
    }
    // A statement cut off by a fault has already been reported; its sums cannot hold.
    if complete {
        problems.extend(around.tally.balance_fault(statement, place));
        problems.extend(around.summary.as_ref().and_then(|summary| summary_fault(&around.tally, summary, place)));
    }
}

/// The bank's own count and sums against what was read; some banks count all entries, some only booked ones.
fn summary_fault(tally: &Tally, summary: &Element, place: &str) -> Option<Problem> {
    let sides = [("TtlNtries", None), ("TtlCdtNtries", Some(Direction::Credit)), ("TtlDbtNtries", Some(Direction::Debit))];
    for (name, side) in sides {
        let Some(stated) = summary.at(name) else { continue };
        let count: Option<u64> = stated.text_at(&["NbOfNtries"]).and_then(|text| text.parse().ok());
        let sum = stated.text_at(&["Sum"]).and_then(|text| Amount::parse(&text));
        let holds = |booked_only: bool| {
            let (number, total) = tally.of(side, booked_only);
            count.is_none_or(|count| count == number) && sum.is_none_or(|sum| Some(sum.unsigned()) == total)
        };
        if !holds(false) && !holds(true) {
            return Some(
                Problem::new(
                    format!("{place}/TxsSummry/{name}"),
                    Reason::SumMismatch,
                    "汇总笔数或金额与所读明细不符",
                    "the summary's number or sum differs from the entries that were read",
                )
                .fix("文件可能不完整，请重新下载", "the file may be incomplete; download it again"),
            );
        }
    }
    None
}
