//! Payment orders to the bank: the writer of pain.001.001.09 and .03 for wages (`SALA`, CNY, accounts without IBAN).
//!
//! One order may hold several batches. Element order follows the schemas; sums are computed in fen. What a bank's
//! character set does not hold is replaced by a table and reported, never dropped in silence. Deliberately absent:
//! splitting into batches by a bank's limits, and truncating: a name that is too long is refused, because a payee with
//! another name is another payee.

use serde::Serialize;

use super::limits::{Limits, Refusal, plain_account};
use super::xml_out::XmlOut;
use crate::base::day::SHANGHAI_OFFSET_SECONDS;
use crate::base::{Day, Fen, Moment};
use crate::wire::bank::{Problem, Reason};
use crate::wire::text::clip;

pub use super::pain001_read::read;

/// Which version is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// pain.001.001.09
    V09,
    /// pain.001.001.03
    V03,
}

impl Version {
    /// Name of the message.
    pub fn name(self) -> &'static str {
        match self {
            Version::V09 => "pain.001.001.09",
            Version::V03 => "pain.001.001.03",
        }
    }
}

/// An order to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PaymentOrder {
    /// Unique for ever, at most 35 characters.
    pub message_id: String,
    /// When the file was made.
    pub created_at: Moment,
    /// Who hands it in.
    pub initiator: String,
    /// Batches; each is one debit of one account.
    pub batches: Vec<PaymentBatch>,
}

/// One debit, many credits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PaymentBatch {
    /// Payment information id, at most 35 characters.
    pub id: String,
    /// Whether the bank books one sum (usual) or every line.
    pub batch_booking: bool,
    /// Day on which to pay.
    pub execute_on: Day,
    /// Name of the paying account's owner.
    pub debtor: String,
    /// The paying account.
    pub debtor_account: String,
    /// Its bank.
    pub debtor_agent: Option<Agent>,
    /// Lines to pay.
    pub lines: Vec<PaymentLine>,
}

/// One worker's payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PaymentLine {
    /// Line and attempt, unique for ever, at most 35 characters.
    pub end_to_end_id: String,
    /// More than nothing.
    pub amount: Fen,
    /// Payee's name.
    pub creditor: String,
    /// Payee's account or card.
    pub creditor_account: String,
    /// Payee's bank, where it must be named.
    pub creditor_agent: Option<Agent>,
    /// What the payee reads.
    pub text: Option<String>,
}

/// How a bank is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Agent {
    /// Bank link number (联行号), 12 digits.
    Cnaps(String),
    /// BIC of 8 or 11 characters.
    Bic(String),
}

/// A character that the bank's set does not hold, and what stands for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replacement {
    /// Which field (`PmtInf[1]/CdtTrfTxInf[3]/Cdtr/Nm`).
    pub place: String,
    /// The text as given.
    pub from: String,
    /// The text as written.
    pub to: String,
}

/// A finished order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The file, UTF-8 without a byte order mark.
    pub xml: String,
    /// Texts that had to change.
    pub replaced: Vec<Replacement>,
}

/// Lines of one order.
pub const LINES_MAX: usize = 100_000;

/// Writes the order within the limits of the schemas, or says everything that is wrong with it.
pub fn write(order: &PaymentOrder, version: Version) -> Result<Written, Vec<Problem>> {
    write_within(order, version, Limits::default())
}

/// Writes the order within a bank's limits, or says everything that is wrong with it.
pub fn write_within(order: &PaymentOrder, version: Version, limits: Limits) -> Result<Written, Vec<Problem>> {
    let mut pen = Pen { limits, ..Pen::default() };
    let prepared = pen.prepared(order, version);
    if !pen.problems.is_empty() {
        return Err(pen.problems);
    }
    let lines: usize = prepared.batches.iter().map(|batch| batch.lines.len()).sum();
    let total = Fen::total(prepared.batches.iter().flat_map(|batch| &batch.lines).map(|line| line.amount));
    let Ok(total) = total else {
        return Err(vec![Problem::new(
            "GrpHdr/CtrlSum",
            Reason::BadAmount,
            "合计金额过大",
            "the total is beyond what an account can hold",
        )]);
    };
    let mut out = XmlOut::message(version.name());
    out.within("CstmrCdtTrfInitn", |out| {
        out.within("GrpHdr", |out| {
            out.leaf("MsgId", &prepared.message_id);
            out.leaf("CreDtTm", &date_time(prepared.created_at));
            out.leaf("NbOfTxs", &lines.to_string());
            out.leaf("CtrlSum", &total.to_string());
            out.path(&["InitgPty", "Nm"], &prepared.initiator);
        });
        for batch in &prepared.batches {
            out.within("PmtInf", |out| write_batch(out, batch, version));
        }
    });
    Ok(Written { xml: out.done(), replaced: pen.replaced })
}

/// A moment at +08:00 without fractions of a second, as schemas and banks both take it.
pub fn date_time(at: Moment) -> String {
    format!("{}+{:02}:00", at.local().format("%Y-%m-%dT%H:%M:%S"), SHANGHAI_OFFSET_SECONDS / 3600)
}

fn write_batch(out: &mut XmlOut, batch: &PaymentBatch, version: Version) {
    let total: Fen = batch.lines.iter().map(|line| line.amount).sum();
    out.leaf("PmtInfId", &batch.id);
    out.leaf("PmtMtd", "TRF");
    out.leaf("BtchBookg", if batch.batch_booking { "true" } else { "false" });
    out.leaf("NbOfTxs", &batch.lines.len().to_string());
    out.leaf("CtrlSum", &total.to_string());
    out.path(&["PmtTpInf", "CtgyPurp", "Cd"], "SALA");
    match version {
        Version::V09 => out.path(&["ReqdExctnDt", "Dt"], &batch.execute_on.to_string()),
        Version::V03 => out.leaf("ReqdExctnDt", &batch.execute_on.to_string()),
    }
    out.path(&["Dbtr", "Nm"], &batch.debtor);
    out.within("DbtrAcct", |out| {
        out.path(&["Id", "Othr", "Id"], &batch.debtor_account);
        out.leaf("Ccy", "CNY");
    });
    out.within("DbtrAgt", |out| write_agent(out, batch.debtor_agent.as_ref(), version));
    for line in &batch.lines {
        out.within("CdtTrfTxInf", |out| {
            out.path(&["PmtId", "EndToEndId"], &line.end_to_end_id);
            out.within("Amt", |out| out.amount("InstdAmt", "CNY", &line.amount.to_string()));
            if let Some(agent) = &line.creditor_agent {
                out.within("CdtrAgt", |out| write_agent(out, Some(agent), version));
            }
            out.path(&["Cdtr", "Nm"], &line.creditor);
            out.path(&["CdtrAcct", "Id", "Othr", "Id"], &line.creditor_account);
            if let Some(text) = &line.text {
                out.path(&["RmtInf", "Ustrd"], text);
            }
        });
    }
}

/// The debtor's bank is mandatory in the schemas; an unnamed one is `NOTPROVIDED`.
fn write_agent(out: &mut XmlOut, agent: Option<&Agent>, version: Version) {
    out.within("FinInstnId", |out| match agent {
        Some(Agent::Bic(bic)) if version == Version::V03 => out.leaf("BIC", bic),
        Some(Agent::Bic(bic)) => out.leaf("BICFI", bic),
        Some(Agent::Cnaps(number)) => out.within("ClrSysMmbId", |out| {
            out.path(&["ClrSysId", "Cd"], "CNAPS");
            out.leaf("MmbId", number);
        }),
        None => out.path(&["Othr", "Id"], "NOTPROVIDED"),
    });
}

/// Checks and tidies every field, noting what is wrong and what was replaced.
#[derive(Default)]
struct Pen {
    limits: Limits,
    problems: Vec<Problem>,
    replaced: Vec<Replacement>,
}

impl Pen {
    fn prepared(&mut self, order: &PaymentOrder, version: Version) -> PaymentOrder {
        let mut seen = std::collections::BTreeSet::new();
        let mut batch_ids = std::collections::BTreeSet::new();
        let lines: usize = order.batches.iter().map(|batch| batch.lines.len()).sum();
        if lines == 0 || order.batches.iter().any(|batch| batch.lines.is_empty()) {
            self.wrong("PmtInf", Reason::MissingField, "付款批次为空", "a batch has no lines");
        }
        if lines > LINES_MAX {
            self.wrong("PmtInf", Reason::OverLimit, "一个文件最多 100000 笔", "an order holds at most 100,000 lines");
            return order.clone();
        }
        let mut prepared = PaymentOrder {
            message_id: self.id("GrpHdr/MsgId", &order.message_id),
            created_at: order.created_at,
            initiator: self.text("GrpHdr/InitgPty/Nm", &order.initiator),
            batches: Vec::new(),
        };
        for (number, batch) in (1u32..).zip(&order.batches) {
            let place = format!("PmtInf[{number}]");
            if !batch_ids.insert(&batch.id) {
                self.wrong(&format!("{place}/PmtInfId"), Reason::IdReused, "批次编号重复", "the batch id is used twice");
            }
            prepared.batches.push(PaymentBatch {
                id: self.id(&format!("{place}/PmtInfId"), &batch.id),
                batch_booking: batch.batch_booking,
                execute_on: batch.execute_on,
                debtor: self.text(&format!("{place}/Dbtr/Nm"), &batch.debtor),
                debtor_account: self.account(&format!("{place}/DbtrAcct"), &batch.debtor_account),
                debtor_agent: self.agent(&format!("{place}/DbtrAgt"), batch.debtor_agent.as_ref(), version),
                lines: (1u32..)
                    .zip(&batch.lines)
                    .map(|(number, line)| {
                        let place = format!("{place}/CdtTrfTxInf[{number}]");
                        if !seen.insert(&line.end_to_end_id) {
                            self.wrong(
                                &format!("{place}/EndToEndId"),
                                Reason::IdReused,
                                "付款行编号重复",
                                "the line's id is used twice",
                            );
                        }
                        self.line(&place, line, version)
                    })
                    .collect(),
            });
        }
        prepared
    }

    fn line(&mut self, place: &str, line: &PaymentLine, version: Version) -> PaymentLine {
        if !line.amount.is_positive() {
            self.wrong(
                &format!("{place}/InstdAmt"),
                Reason::BadAmount,
                "付款金额必须大于零",
                "the amount must be more than nothing",
            );
        }
        let text = line.text.as_deref().map(|text| self.remark(&format!("{place}/Ustrd"), text)).filter(|text| !text.is_empty());
        PaymentLine {
            end_to_end_id: self.id(&format!("{place}/EndToEndId"), &line.end_to_end_id),
            amount: line.amount,
            creditor: self.payee(&format!("{place}/Cdtr/Nm"), &line.creditor),
            creditor_account: self.card(&format!("{place}/CdtrAcct"), &line.creditor_account),
            creditor_agent: self.agent(&format!("{place}/CdtrAgt"), line.creditor_agent.as_ref(), version),
            text,
        }
    }

    fn wrong(&mut self, place: &str, reason: Reason, zh: &str, en: &str) {
        if self.problems.len() < crate::wire::bank::PROBLEMS_MAX {
            self.problems.push(Problem::new(place, reason, zh, en));
        }
    }

    /// Ids are ours: they are refused, not changed, because the answer must carry them back as they were.
    fn id(&mut self, place: &str, id: &str) -> String {
        let fits = !id.is_empty() && id.len() <= 35 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./:".contains(&b));
        if !fits || id.eq_ignore_ascii_case("NOTPROVIDED") {
            self.wrong(
                place,
                Reason::BadFormat,
                "编号须为 1–35 位字母、数字或 -_./:",
                "an id has 1 to 35 letters, digits or -_./:",
            );
        }
        id.to_owned()
    }

    fn refuse(&mut self, place: &str, refusal: Option<Refusal>) {
        if let Some(refusal) = refusal {
            self.wrong(place, refusal.reason, &refusal.zh, &refusal.en);
        }
    }

    /// The payer's name: the schemas' limits, since what banks limit are the payees of a payroll.
    fn text(&mut self, place: &str, text: &str) -> String {
        self.refuse(place, Limits::default().name_refusal(text));
        self.clean(place, text, in_bank_set(text))
    }

    fn account(&mut self, place: &str, account: &str) -> String {
        self.refuse(place, Limits::default().card_refusal(account));
        plain_account(account)
    }

    /// A payee's name: a character that the bank does not know is refused and not replaced, or the bank would find another name.
    fn payee(&mut self, place: &str, name: &str) -> String {
        self.refuse(place, self.limits.name_refusal(name));
        self.clean(place, name, in_bank_set(name))
    }

    fn card(&mut self, place: &str, card: &str) -> String {
        self.refuse(place, self.limits.card_refusal(card));
        plain_account(card)
    }

    fn remark(&mut self, place: &str, text: &str) -> String {
        let clean = self.clean(place, text, self.limits.written(text));
        let most = self.limits.text_max;
        if clean.chars().count() > most {
            let en = format!("the text is longer than {most} characters");
            self.wrong(place, Reason::OverLimit, &format!("附言超过 {most} 字"), &en);
        }
        clean
    }

    fn agent(&mut self, place: &str, agent: Option<&Agent>, version: Version) -> Option<Agent> {
        match agent {
            Some(Agent::Cnaps(number)) if number.len() != 12 || !number.bytes().all(|b| b.is_ascii_digit()) => {
                self.wrong(place, Reason::BadFormat, "联行号须为 12 位数字", "a bank link number has 12 digits");
            }
            Some(Agent::Bic(bic)) if !bic_holds(bic, version) => {
                self.wrong(
                    place,
                    Reason::BadFormat,
                    "BIC 须为 8 或 11 位大写字母数字",
                    "a BIC has 8 or 11 capital letters and digits",
                );
            }
            _ => {}
        }
        agent.cloned()
    }

    fn clean(&mut self, place: &str, text: &str, clean: String) -> String {
        if clean != text {
            self.replaced.push(Replacement { place: place.to_owned(), from: clip(text, 140), to: clean.clone() });
        }
        clean
    }
}

fn bic_holds(bic: &str, version: Version) -> bool {
    let letters = |b: &u8| b.is_ascii_uppercase();
    let either = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    let bytes = bic.as_bytes();
    let (bank, rest) = bytes.split_at(bytes.len().min(4));
    let (country, rest) = rest.split_at(rest.len().min(2));
    let place_holds = match (rest, version) {
        // The older schema keeps 0 and 1 out of the first place and the letter O out of the second.
        ([first, second, ..], Version::V03) => !matches!(first, b'0' | b'1') && *second != b'O',
        _ => true,
    };
    let bank_holds = if version == Version::V03 { bank.iter().all(letters) } else { bank.iter().all(either) };
    matches!(bytes.len(), 8 | 11) && bank_holds && country.iter().all(letters) && rest.iter().all(either) && place_holds
}

/// The text in the set that Chinese banks take: the table of replacements.
///
/// Points between the parts of a name become `·`; blanks of every kind a space; what has no width nothing; controls,
/// private-use characters and pictures `?`.
pub(super) fn in_bank_set(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        match u32::from(c) {
            0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x2064 | 0xFE00..=0xFE0F | 0xFEFF => {}
            0x2022 | 0x2027 | 0x22C5 | 0x30FB | 0xFF65 | 0x0387 => clean.push('·'),
            0x2010..=0x2013 => clean.push('-'),
            0x2018 | 0x2019 => clean.push('\''),
            0xE000..=0xF8FF | 0xFFF0..=0xFFFF | 0x1F000..=0x1FAFF | 0xE0000..=0x10_FFFF => clean.push('?'),
            code if code & 0xFFFE == 0xFFFE => clean.push('?'),
            _ if c.is_whitespace() => clean.push(' '),
            _ if c.is_control() => clean.push('?'),
            _ => clean.push(c),
        }
    }
    clean.trim().to_owned()
}
