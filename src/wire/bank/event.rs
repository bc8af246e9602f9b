//! Bank events: what a bank's system pushes one by one instead of in files (`POST /api/v1/bank-events`).
//!
//! An event is `{"event_id","type","occurred_at","account","body"}`; a `txn` says what one camt entry says and a `payroll.result` what
//! one pain.002 line says, in the same words as JSON. Amounts are texts with at most two decimals: a number of JSON has lost digits
//! in some program on the way. Deliberately absent: signatures, accounts on record, and what an event does.

mod faults;
mod fields;

pub use faults::faults;

use serde_json::Value;

use self::fields::Fields;
use super::{Amount, Balance, BankFile, Batch, Detail, Direction, Entry, EntryStatus, Problem, Reason, Statement, StatementKind};
use crate::base::{Day, Moment, Month, words};
use crate::wire::iso20022::pain002::{BatchStatus, StatusReason, StatusReport, TransactionStatus};

/// Most events in one request.
pub const EVENTS_MAX: usize = 200;
/// Most bytes of a request.
pub const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The longest `event_id`.
pub const ID_MAX: usize = 64;
/// Most details of one entry.
const DETAILS_MAX: usize = 1_000;
/// How an event is named among formats.
pub const FORMAT: &str = "bankevent/1";

words! {
    /// What an event is about.
    pub enum EventKind, "type of a bank event" {
        /// The bank has opened the wage account.
        AccountOpened = "account.opened",
        /// One entry of the account.
        Txn = "txn",
        /// The balance of a day.
        Balance = "balance",
        /// What became of one payment of an order.
        PayrollResult = "payroll.result",
        /// The state of a worker's card.
        CardStatus = "card.status",
        /// Balance, count and hash of a month's entries.
        MonthProof = "month.proof",
        /// The account, or an amount on it, was frozen for somebody's claim.
        AccountFrozen = "account.frozen",
        /// A freeze ended.
        AccountReleased = "account.released",
    }
}

words! {
    /// State of a card, as the bank that keeps it says.
    pub enum CardStatus, "state of a card" {
        /// In use.
        Normal = "normal",
        /// Nothing moves.
        Frozen = "frozen",
        /// Reported lost.
        Lost = "lost",
        /// Ended.
        Closed = "closed",
    }
}

/// An event as read.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The sender's id, unique for ever.
    pub id: String,
    /// What it is about.
    pub kind: EventKind,
    /// When it happened at the bank.
    pub occurred_at: Moment,
    /// The wage account as the bank writes it: number, or number and sub-ledger joined by a dash.
    pub account: String,
    /// What it says.
    pub told: Told,
}

/// What an event says.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// The account's data as the bank keeps them; what it leaves out says nothing.
    Opened { number: Option<String>, name: Option<String>, bank_name: Option<String>, bank_code: Option<String>, on: Option<Day> },
    /// An entry.
    Txn(Box<Entry>),
    /// A balance of a day.
    Balance(Balance),
    /// What became of a payment: message id of the order, where given, and the line.
    Result(Option<String>, Box<TransactionStatus>),
    /// A card.
    Card { number: String, status: CardStatus },
    /// The month's end.
    Proof { month: Month, balance: Amount, entries: i64, sha256: String },
    /// A freeze: number of its document, who froze, why as a word of the law's list, how much (the whole account where it is not said).
    Frozen { document: String, by: String, reason: Option<String>, amount: Option<Amount>, on: Day },
    /// The freeze of a document ended.
    Released { document: String, on: Day },
}

fn wrong(place: &str, reason: Reason, zh: impl Into<String>, en: impl Into<String>) -> Problem {
    Problem::new(place, reason, zh, en)
}

/// The bytes of each event of a request, as sent: one object, or an array of them.
///
/// # Errors
/// `bad_format` for what is no JSON of that shape, `missing_field` for none, `over_limit` for too many or too large.
pub fn split(bytes: &[u8]) -> Result<Vec<&[u8]>, Problem> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.len() > BODY_BYTES_MAX {
        return Err(wrong(
            "body",
            Reason::OverLimit,
            "请求超过 4 MiB，请分批发送",
            "the body exceeds 4 MiB, send smaller batches",
        ));
    }
    let odd = |why: &str| {
        wrong("body", Reason::BadFormat, format!("请求体不是事件的 JSON：{why}"), format!("the body is no JSON of events: {why}"))
            .fix("应为一个事件对象或事件数组", "send one event as an object, or an array of events")
    };
    let value: Value =
        serde_json::from_slice(bytes).map_err(|error| odd(&format!("line {} column {}", error.line(), error.column())))?;
    match value {
        Value::Object(_) => Ok(vec![bytes.trim_ascii()]),
        Value::Array(items) if items.is_empty() => {
            Err(wrong("body", Reason::MissingField, "没有事件；每次至少发送一个", "there is no event; send at least one"))
        }
        Value::Array(items) if items.len() > EVENTS_MAX => Err(wrong(
            "body",
            Reason::OverLimit,
            format!("每次应有 1 至 {EVENTS_MAX} 个事件"),
            format!("send 1 to {EVENTS_MAX} events at a time"),
        )),
        Value::Array(_) => Ok(elements(bytes)),
        _ => Err(odd("neither object nor array")),
    }
}

/// The elements of an array that is known to be sound JSON, as they stand.
fn elements(bytes: &[u8]) -> Vec<&[u8]> {
    let (mut found, mut depth, mut from) = (Vec::new(), 0_usize, 0_usize);
    let (mut in_text, mut escaped) = (false, false);
    for (at, byte) in bytes.iter().enumerate() {
        if in_text {
            in_text = escaped || *byte != b'"';
            escaped = !escaped && *byte == b'\\';
            continue;
        }
        match byte {
            b'"' => in_text = true,
            b'[' | b'{' => {
                depth += 1;
                if depth == 1 {
                    from = at + 1;
                }
            }
            b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    found.extend(bytes.get(from..at));
                }
            }
            b',' if depth == 1 => {
                found.extend(bytes.get(from..at));
                from = at + 1;
            }
            _ => {}
        }
    }
    found.into_iter().map(<[u8]>::trim_ascii).collect()
}

/// What an event says, however it is written: blanks and the order of fields apart. Two events of one id must be equal in it.
pub fn content(bytes: &[u8]) -> String {
    serde_json::from_slice::<Value>(bytes).map_or_else(|_| String::from_utf8_lossy(bytes).into_owned(), |value| value.to_string())
}

/// The id of an event that may not be readable otherwise, for the answer; at most [`ID_MAX`] characters.
pub fn id_of(bytes: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    let id = value.get("event_id")?.as_str()?;
    Some(id.chars().filter(|c| !c.is_control()).take(ID_MAX).collect()).filter(|id: &String| !id.is_empty())
}

/// Reads one event; with it come remarks on fields that nobody reads.
///
/// # Errors
/// What is wrong first, with its field.
pub fn read(bytes: &[u8]) -> Result<(Event, Vec<Problem>), Problem> {
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| wrong("event", Reason::BadFormat, format!("不是 JSON：第 {} 列", error.column()), "this is no JSON"))?;
    let mut fields = Fields::of(&value, "")?;
    let id = fields.need("event_id")?;
    if id.len() > ID_MAX || !id.bytes().all(|b| b.is_ascii_graphic()) {
        let (zh, en) = ("event_id 应为 1 至 64 个可见 ASCII 字符", "event_id should be 1 to 64 visible ASCII characters");
        return Err(wrong("event_id", Reason::BadFormat, zh, en));
    }
    let kind: EventKind = fields.parse(
        "type",
        Reason::BadFormat,
        "account.opened, account.frozen, account.released, txn, balance, payroll.result, card.status, month.proof",
    )?;
    let occurred_at: Moment = fields.parse("occurred_at", Reason::BadTime, "2026-11-21T07:58:03+08:00")?;
    let account: String = fields.need("account")?.chars().filter(|c| !c.is_whitespace()).collect();
    let mut body = fields.object("body")?;
    let told = match kind {
        EventKind::AccountOpened => opened(&mut body)?,
        EventKind::Txn => Told::Txn(Box::new(entry(&mut body)?)),
        EventKind::Balance => balance(&mut body)?,
        EventKind::PayrollResult => result(&mut body)?,
        EventKind::CardStatus => Told::Card {
            number: body.need("card_number")?.chars().filter(|c| !c.is_whitespace()).collect(),
            status: body.parse("status", Reason::BadFormat, "normal, frozen, lost, closed")?,
        },
        EventKind::MonthProof => proof(&mut body)?,
        EventKind::AccountFrozen => Told::Frozen {
            document: body.need("document")?,
            by: body.need("frozen_by")?,
            reason: body.text("reason")?,
            amount: if body.has("amount") { Some(body.money("amount")?) } else { None },
            on: body.need_day("frozen_on")?,
        },
        EventKind::AccountReleased => Told::Released { document: body.need("document")?, on: body.need_day("released_on")? },
    };
    let mut remarks = fields.unread();
    remarks.extend(body.unread());
    Ok((Event { id, kind, occurred_at, account, told }, remarks))
}

fn opened(body: &mut Fields<'_>) -> Result<Told, Problem> {
    Ok(Told::Opened {
        number: body.text("number")?,
        name: body.text("name")?,
        bank_name: body.text("bank_name")?,
        bank_code: body.text("bank_code")?,
        on: body.day("opened_on")?,
    })
}

fn balance(body: &mut Fields<'_>) -> Result<Told, Problem> {
    let kind = body.text("balance_type")?.unwrap_or_else(|| "CLBD".to_owned()).to_ascii_uppercase();
    if !matches!(kind.as_str(), "CLBD" | "ITBD") {
        let (zh, en) =
            ("balance_type 应为 CLBD（日终）或 ITBD（日间）", "balance_type is CLBD (end of the day) or ITBD (within it)");
        return Err(wrong("body.balance_type", Reason::BadFormat, zh, en));
    }
    let (amount, currency) = (body.money("amount")?, body.text("currency")?);
    Ok(Told::Balance(Balance { kind, amount, currency, on: Some(body.need_day("date")?) }))
}

fn result(body: &mut Fields<'_>) -> Result<Told, Problem> {
    let reason = StatusReason { code: body.text("reason")?, text: body.text("additional_information")? };
    let amount = if body.has("amount") { Some(body.money("amount")?) } else { None };
    let line = TransactionStatus {
        end_to_end_id: Some(body.need("end_to_end_id")?),
        status: Some(body.need("status")?.to_ascii_uppercase()),
        reasons: if reason == StatusReason::default() { Vec::new() } else { vec![reason] },
        amount,
        currency: body.text("currency")?,
        bank_ref: body.text("account_servicer_reference")?,
        ..TransactionStatus::default()
    };
    Ok(Told::Result(body.text("original_message_id")?, Box::new(line)))
}

fn proof(body: &mut Fields<'_>) -> Result<Told, Problem> {
    let sha256 = body.need("sha256")?.to_ascii_lowercase();
    if sha256.len() != 64 || !sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
        let (zh, en) = ("sha256 应为 64 位十六进制", "sha256 should be 64 hex digits");
        return Err(wrong("body.sha256", Reason::BadFormat, zh, en));
    }
    Ok(Told::Proof {
        month: body.parse("month", Reason::BadTime, "2026-11")?,
        balance: body.money("closing_balance")?,
        entries: body.count("entries")?,
        sha256,
    })
}

fn direction(fields: &mut Fields<'_>) -> Result<Option<Direction>, Problem> {
    match fields.text("credit_debit_indicator")?.as_deref() {
        None => Ok(None),
        Some("CRDT") => Ok(Some(Direction::Credit)),
        Some("DBIT") => Ok(Some(Direction::Debit)),
        Some(_) => Err(fields.odd("credit_debit_indicator", Reason::BadFormat, "CRDT, DBIT")),
    }
}

/// `NOTPROVIDED` is the standard's way to leave an id out.
fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.eq_ignore_ascii_case("NOTPROVIDED"))
}

fn entry(body: &mut Fields<'_>) -> Result<Entry, Problem> {
    let amount = body.money("amount")?;
    if amount.is_negative() {
        return Err(body.odd("amount", Reason::BadAmount, "1234.50 (credit_debit_indicator says which way)"));
    }
    let Some(direction) = direction(body)? else {
        return Err(body.odd("credit_debit_indicator", Reason::MissingField, "CRDT, DBIT"));
    };
    let status = match body.text("status")?.as_deref() {
        Some("BOOK") => EntryStatus::Booked,
        Some("PDNG") => EntryStatus::Pending,
        Some("INFO") => EntryStatus::Information,
        // A missing status must not book anything.
        None => return Err(body.odd("status", Reason::MissingField, "BOOK, PDNG, INFO")),
        Some(_) => return Err(body.odd("status", Reason::BadFormat, "BOOK, PDNG, INFO")),
    };
    let mut entry = Entry {
        booked_on: Some(body.need_day("booking_date")?),
        value_on: body.day("value_date")?,
        amount,
        currency: Some(body.text("currency")?.unwrap_or_else(|| "CNY".to_owned())),
        direction,
        status,
        reversal: body.truth("reversal_indicator")?,
        bank_ref: body.text("account_servicer_reference")?,
        entry_ref: body.text("entry_reference")?,
        code: body.text("bank_transaction_code")?,
        text: body.text("additional_entry_information")?,
        balance: if body.has("balance_after") { Some(body.money("balance_after")?) } else { None },
        place: "txn".to_owned(),
        ..Entry::default()
    };
    if let Some(mut batch) = body.object_opt("batch")? {
        entry.batch = Some(Batch {
            message_id: batch.text("message_id")?,
            payment_information_id: batch.text("payment_information_id")?,
            transactions: if batch.has("number_of_transactions") {
                u64::try_from(batch.count("number_of_transactions")?).ok()
            } else {
                None
            },
            total: if batch.has("total_amount") { Some(batch.money("total_amount")?) } else { None },
        });
    }
    let details = body.list("details", DETAILS_MAX)?;
    let is_single = details.len() == 1;
    for mut one in details {
        entry.details.push(detail(&mut one, &entry, is_single)?);
    }
    entry.details_given = !entry.details.is_empty();
    if !entry.details_given {
        let batch = entry.batch.as_ref();
        entry.details.push(Detail {
            amount: Some(entry.amount),
            currency: entry.currency.clone(),
            direction,
            text: entry.text.clone(),
            bank_ref: entry.bank_ref.clone(),
            message_id: batch.and_then(|batch| batch.message_id.clone()),
            payment_information_id: batch.and_then(|batch| batch.payment_information_id.clone()),
            ..Detail::default()
        });
    }
    Ok(entry)
}

fn detail(one: &mut Fields<'_>, entry: &Entry, is_single: bool) -> Result<Detail, Problem> {
    let batch = entry.batch.as_ref();
    let (remittance, additional) = (one.text("remittance_information")?, one.text("additional_information")?);
    let return_reason = one.text("return_reason")?;
    let amount = match one.has("amount") {
        true => Some(one.money("amount")?.unsigned()),
        false => Some(entry.amount).filter(|_| is_single),
    };
    Ok(Detail {
        end_to_end_id: given(one.text("end_to_end_id")?),
        amount,
        currency: one.text("currency")?.or_else(|| entry.currency.clone()),
        direction: direction(one)?.unwrap_or(entry.direction),
        counterparty: one.text("counterparty_name")?,
        counterparty_account: one.text("counterparty_account")?.map(|text| text.split_whitespace().collect()),
        returned: return_reason.is_some() || one.truth("returned")?,
        return_reason,
        text: remittance.or_else(|| additional.clone()),
        additional,
        bank_ref: given(one.text("account_servicer_reference")?),
        transaction_id: given(one.text("transaction_id")?),
        message_id: one.text("message_id")?.or_else(|| batch.and_then(|batch| batch.message_id.clone())),
        payment_information_id: one
            .text("payment_information_id")?
            .or_else(|| batch.and_then(|batch| batch.payment_information_id.clone())),
    })
}

impl Event {
    /// The same as a bank file, for what files tell as well: an entry, or the result of a payment of a named order.
    pub fn file(&self) -> Option<BankFile> {
        let file = BankFile { format: FORMAT.to_owned(), ..BankFile::default() };
        match &self.told {
            Told::Txn(entry) => {
                let statement = Statement {
                    kind: StatementKind::Notification,
                    account: Some(self.account.clone()),
                    currency: entry.currency.clone(),
                    id: Some(self.id.clone()),
                    entries: vec![(**entry).clone()],
                    ..Statement::default()
                };
                Some(BankFile { statements: vec![statement], ..file })
            }
            Told::Result(Some(message_id), line) => {
                let report = StatusReport {
                    message_id: Some(self.id.clone()),
                    created_at: Some(self.occurred_at),
                    original_message_id: Some(message_id.clone()),
                    payments: vec![BatchStatus { transactions: vec![(**line).clone()], ..BatchStatus::default() }],
                    ..StatusReport::default()
                };
                Some(BankFile { payment_status: Some(report), ..file })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
