//! Plays the bank for a payment order: for tours, demonstrations and tests.
//!
//! The answer has the shape that Chinese banks give: one debit of the full sum, every line under it, and what failed
//! credited back with reason and the same voucher. Deliberately absent: a clock and randomness; the same order and
//! moment give the same bytes.

use sha2::{Digest, Sha256};

use super::bank::{Problem, Reason};
use super::iso20022::pain001::{self, PaymentBatch, PaymentLine, PaymentOrder, date_time};
use super::iso20022::xml_out::XmlOut;
use crate::base::{Fen, Moment};

/// Which message the bank sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyAs {
    /// camt.054.001.08: notification of the debit with its lines.
    Camt054,
    /// pain.002.001.12: status of each line.
    Pain002,
    /// camt.053.001.08: the day's statement with balances.
    Camt053,
}

/// How the bank answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplyOptions {
    /// The last so many lines fail with AC04 (closed account).
    pub fail: u32,
    /// When.
    pub at: Moment,
    /// Balance before; without one, just enough for the debit.
    pub opening: Option<Fen>,
    /// Number of the statement.
    pub sequence: Option<u32>,
}

impl ReplyOptions {
    /// Everything succeeds at that moment.
    pub fn at(at: Moment) -> Self {
        Self { fail: 0, at, opening: None, sequence: None }
    }
}

/// ISO code of the failure: the payee's account is closed.
const FAILURE: &str = "AC04";
/// What banks write beside it.
const FAILURE_TEXT: &str = "收款账户已销户";
const DEBIT_TEXT: &str = "代发工资";
const REFUND_TEXT: &str = "代发工资不成功退回款项";

/// The bank's answer to a pain.001 file.
pub fn reply(order: &[u8], how: ReplyAs, options: &ReplyOptions) -> Result<String, Problem> {
    let (order, problems) = pain001::read(order)?;
    // A bank refuses a file with a line that it cannot read; playing on would hide the fault.
    if let Some(problem) = problems.into_iter().next() {
        return Err(problem);
    }
    let empty = order.batches.is_empty() || order.batches.iter().any(|batch| batch.lines.is_empty());
    if empty || order.batches.iter().any(|batch| batch.debtor_account.is_empty()) {
        return Err(Problem::new(
            "PmtInf",
            Reason::MissingField,
            "付款指令没有付款行或付款账号",
            "the order has no lines or no paying account",
        )
        .fix("请检查 pain.001 文件", "check the pain.001 file"));
    }
    let bank = Bank { order: &order, options, failing: failing(&order, options.fail) };
    match how {
        ReplyAs::Pain002 => Ok(bank.status_report()),
        ReplyAs::Camt054 => Ok(bank.notification()),
        ReplyAs::Camt053 => bank.statement(),
    }
}

/// For each batch, the place of its first failing line.
fn failing(order: &PaymentOrder, fail: u32) -> Vec<usize> {
    let mut left = usize::try_from(fail).unwrap_or(usize::MAX);
    let mut places: Vec<usize> = Vec::new();
    for batch in order.batches.iter().rev() {
        let here = left.min(batch.lines.len());
        left -= here;
        places.push(batch.lines.len() - here);
    }
    places.reverse();
    places
}

struct Bank<'a> {
    order: &'a PaymentOrder,
    options: &'a ReplyOptions,
    failing: Vec<usize>,
}

impl Bank<'_> {
    fn batches(&self) -> impl Iterator<Item = (&PaymentBatch, &[PaymentLine], &[PaymentLine])> {
        self.order.batches.iter().zip(&self.failing).map(|(batch, place)| {
            let (paid, failed) = batch.lines.split_at_checked(*place).unwrap_or((&batch.lines, &[]));
            (batch, paid, failed)
        })
    }

    /// An id of this answer: the kind and a digest of order and moment, at most 35 characters.
    fn id(&self, kind: &str, of: &str) -> String {
        let mut hash = Sha256::new();
        for part in [kind, &self.order.message_id, of, &self.options.at.to_string()] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let digest: String = hash.finalize().iter().take(10).map(|byte| format!("{byte:02X}")).collect();
        format!("{kind}{digest}")
    }

    fn voucher(&self, batch: &PaymentBatch) -> String {
        let mut hash = Sha256::new();
        hash.update(self.order.message_id.as_bytes());
        hash.update([0]);
        hash.update(batch.id.as_bytes());
        let digest: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02X}")).collect();
        format!("V{digest}")
    }

    fn header(&self, out: &mut XmlOut, kind: &str) {
        out.within("GrpHdr", |out| {
            out.leaf("MsgId", &self.id(kind, ""));
            out.leaf("CreDtTm", &date_time(self.options.at));
        });
    }

    fn status_report(&self) -> String {
        let all: usize = self.order.batches.iter().map(|batch| batch.lines.len()).sum();
        let failed: usize = self.batches().map(|(_, _, failed)| failed.len()).sum();
        let mut out = XmlOut::message("pain.002.001.12");
        out.within("CstmrPmtStsRpt", |out| {
            self.header(out, "S");
            out.within("OrgnlGrpInfAndSts", |out| {
                out.leaf("OrgnlMsgId", &clipped(&self.order.message_id, 35));
                out.leaf("OrgnlMsgNmId", "pain.001.001.09");
                out.leaf("OrgnlNbOfTxs", &all.to_string());
                out.leaf("GrpSts", summary(all, failed));
            });
            for (batch, paid, failed) in self.batches() {
                out.within("OrgnlPmtInfAndSts", |out| {
                    out.leaf("OrgnlPmtInfId", &clipped(&batch.id, 35));
                    out.leaf("PmtInfSts", summary(batch.lines.len(), failed.len()));
                    for line in paid {
                        self.line_status(out, line, "ACCC");
                    }
                    for line in failed {
                        self.line_status(out, line, "RJCT");
                    }
                });
            }
        });
        out.done()
    }

    fn line_status(&self, out: &mut XmlOut, line: &PaymentLine, status: &str) {
        out.within("TxInfAndSts", |out| {
            out.leaf("OrgnlEndToEndId", &clipped(&line.end_to_end_id, 35));
            out.leaf("TxSts", status);
            if status == "RJCT" {
                out.within("StsRsnInf", |out| {
                    out.path(&["Rsn", "Cd"], FAILURE);
                    out.leaf("AddtlInf", FAILURE_TEXT);
                });
            }
            out.within("OrgnlTxRef", |out| out.within("Amt", |out| out.amount("InstdAmt", "CNY", &line.amount.to_string())));
        });
    }

    fn notification(&self) -> String {
        let mut out = XmlOut::message("camt.054.001.08");
        out.within("BkToCstmrDbtCdtNtfctn", |out| {
            self.header(out, "N");
            for account in self.accounts() {
                out.within("Ntfctn", |out| {
                    out.leaf("Id", &self.id("N", account));
                    if let Some(sequence) = self.options.sequence {
                        out.leaf("ElctrncSeqNb", &sequence.to_string());
                    }
                    out.leaf("CreDtTm", &date_time(self.options.at));
                    self.account(out, account);
                    self.entries(out, account);
                });
            }
        });
        out.done()
    }

    fn statement(&self) -> Result<String, Problem> {
        let too_much =
            |_| Problem::new("CtrlSum", Reason::BadAmount, "合计金额过大", "the total is beyond what an account can hold");
        let mut balances = Vec::new();
        for account in self.accounts() {
            let of_account = || self.batches().filter(|(batch, _, _)| batch.debtor_account == account);
            let out =
                Fen::total(of_account().flat_map(|(batch, _, _)| &batch.lines).map(|line| line.amount)).map_err(too_much)?;
            let back = Fen::total(of_account().flat_map(|(_, _, failed)| failed).map(|line| line.amount)).map_err(too_much)?;
            let opening = self.options.opening.unwrap_or(out);
            let closing = opening.minus(out).and_then(|left| left.plus(back)).map_err(too_much)?;
            balances.push((account, opening, closing));
        }
        let mut out = XmlOut::message("camt.053.001.08");
        out.within("BkToCstmrStmt", |out| {
            self.header(out, "T");
            for (account, opening, closing) in balances {
                out.within("Stmt", |out| {
                    out.leaf("Id", &self.id("T", account));
                    if let Some(sequence) = self.options.sequence {
                        out.leaf("ElctrncSeqNb", &sequence.to_string());
                    }
                    out.leaf("CreDtTm", &date_time(self.options.at));
                    self.account(out, account);
                    self.balance(out, "OPBD", opening);
                    self.balance(out, "CLBD", closing);
                    self.entries(out, account);
                });
            }
        });
        Ok(out.done())
    }

    /// Paying accounts of the order, each once.
    fn accounts(&self) -> std::collections::BTreeSet<&str> {
        self.order.batches.iter().map(|batch| batch.debtor_account.as_str()).collect()
    }

    fn account(&self, out: &mut XmlOut, account: &str) {
        let owner =
            self.order.batches.iter().find(|batch| batch.debtor_account == account).map_or("", |batch| batch.debtor.as_str());
        out.within("Acct", |out| {
            out.path(&["Id", "Othr", "Id"], &clipped(account, 34));
            out.leaf("Ccy", "CNY");
            if !owner.is_empty() {
                out.path(&["Ownr", "Nm"], &clipped(owner, 140));
            }
        });
    }

    fn balance(&self, out: &mut XmlOut, code: &str, balance: Fen) {
        out.within("Bal", |out| {
            out.path(&["Tp", "CdOrPrtry", "Cd"], code);
            let unsigned = Fen(balance.0.saturating_abs());
            out.amount("Amt", "CNY", &unsigned.to_string());
            out.leaf("CdtDbtInd", if balance < Fen::ZERO { "DBIT" } else { "CRDT" });
            out.path(&["Dt", "Dt"], &self.options.at.day().to_string());
        });
    }

    fn entries(&self, out: &mut XmlOut, account: &str) {
        for (batch, _, failed) in self.batches().filter(|(batch, _, _)| batch.debtor_account == account) {
            self.entry(out, batch, &batch.lines, Booking::Paid);
            if !failed.is_empty() {
                self.entry(out, batch, failed, Booking::GivenBack);
            }
        }
    }

    fn entry(&self, out: &mut XmlOut, batch: &PaymentBatch, lines: &[PaymentLine], booking: Booking) {
        let total: Fen = lines.iter().map(|line| line.amount).sum();
        let back = booking == Booking::GivenBack;
        let sign = if back { "CRDT" } else { "DBIT" };
        out.within("Ntry", |out| {
            out.amount("Amt", "CNY", &total.to_string());
            out.leaf("CdtDbtInd", sign);
            out.path(&["Sts", "Cd"], "BOOK");
            out.path(&["BookgDt", "Dt"], &self.options.at.day().to_string());
            out.path(&["ValDt", "Dt"], &self.options.at.day().to_string());
            out.leaf("AcctSvcrRef", &self.voucher(batch));
            out.within("BkTxCd", |out| {
                out.within("Domn", |out| {
                    out.leaf("Cd", "PMNT");
                    out.within("Fmly", |out| {
                        out.leaf("Cd", "ICDT");
                        out.leaf("SubFmlyCd", if back { "RRTN" } else { "SALA" });
                    });
                });
            });
            out.within("NtryDtls", |out| {
                out.within("Btch", |out| {
                    out.leaf("MsgId", &clipped(&self.order.message_id, 35));
                    out.leaf("PmtInfId", &clipped(&batch.id, 35));
                    out.leaf("NbOfTxs", &lines.len().to_string());
                    out.amount("TtlAmt", "CNY", &total.to_string());
                    out.leaf("CdtDbtInd", sign);
                });
                for line in lines {
                    out.within("TxDtls", |out| self.details(out, batch, line, sign, back));
                }
            });
            out.leaf("AddtlNtryInf", if back { REFUND_TEXT } else { DEBIT_TEXT });
        });
    }

    fn details(&self, out: &mut XmlOut, batch: &PaymentBatch, line: &PaymentLine, sign: &str, back: bool) {
        out.within("Refs", |out| {
            out.leaf("MsgId", &clipped(&self.order.message_id, 35));
            out.leaf("AcctSvcrRef", &self.voucher(batch));
            out.leaf("PmtInfId", &clipped(&batch.id, 35));
            out.leaf("EndToEndId", &clipped(&line.end_to_end_id, 35));
        });
        out.amount("Amt", "CNY", &line.amount.to_string());
        out.leaf("CdtDbtInd", sign);
        out.within("RltdPties", |out| {
            party(out, ["Dbtr", "DbtrAcct"], &batch.debtor, &batch.debtor_account);
            party(out, ["Cdtr", "CdtrAcct"], &line.creditor, &line.creditor_account);
        });
        if let Some(text) = &line.text {
            out.path(&["RmtInf", "Ustrd"], &clipped(text, 140));
        }
        if back {
            out.within("RtrInf", |out| {
                out.path(&["Rsn", "Cd"], FAILURE);
                out.leaf("AddtlInf", FAILURE_TEXT);
            });
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Booking {
    Paid,
    GivenBack,
}

fn party(out: &mut XmlOut, names: [&'static str; 2], name: &str, account: &str) {
    let [party, of_account] = names;
    if !name.is_empty() {
        out.path(&[party, "Pty", "Nm"], &clipped(name, 140));
    }
    if !account.is_empty() {
        out.path(&[of_account, "Id", "Othr", "Id"], &clipped(account, 34));
    }
}

/// Status of many lines: all, none, or part of them.
fn summary(all: usize, failed: usize) -> &'static str {
    match failed {
        0 => "ACSC",
        _ if failed == all => "RJCT",
        _ => "PART",
    }
}

/// Foreign orders may hold longer texts than the answer's schema allows.
fn clipped(text: &str, limit: usize) -> String {
    text.chars().take(limit).collect()
}
