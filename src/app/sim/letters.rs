//! What a bank writes, in its own hand: statements and notifications (camt), reports on orders (pain.002), and how it reads an order
//! (pain.001). Written as a foreign party would, with none of the service's own writers or readers, in an old and a newer version.

use crate::base::{Day, Fen, Moment};

/// A payment of an order.
#[derive(Debug, Clone)]
pub struct Payment {
    /// EndToEndId.
    pub id: String,
    /// Amount.
    pub amount: Fen,
    /// Payee.
    pub name: String,
    /// Their card.
    pub card: String,
}

/// An order as the bank reads it.
#[derive(Debug, Clone)]
pub struct Order {
    /// Message id.
    pub message: String,
    /// Payments.
    pub payments: Vec<Payment>,
}

/// A movement on an account; positive as a credit.
#[derive(Debug, Clone)]
pub struct Movement {
    /// The bank's voucher.
    pub reference: String,
    /// Amount.
    pub amount: Fen,
    /// Who is on the other side, and their account.
    pub party: (String, String),
    /// Words.
    pub text: String,
    /// Payments that it is made of, where the bank says so.
    pub details: Vec<Payment>,
    /// The order that it follows.
    pub order: Option<String>,
}

impl Movement {
    /// Its payments one by one, each under the reference of the sum with a number behind it; what is one payment stays as it is.
    pub fn singles(&self) -> Vec<Movement> {
        if self.details.len() < 2 {
            return vec![self.clone()];
        }
        let single = |(number, payment): (usize, &Payment)| Movement {
            reference: format!("{}-{number}", self.reference),
            amount: if self.amount.0 < 0 { payment.amount.negated() } else { payment.amount },
            party: (payment.name.clone(), payment.card.clone()),
            text: self.text.clone(),
            details: vec![payment.clone()],
            order: None,
        };
        (1..).zip(&self.details).map(single).collect()
    }

    /// The sum alone, without a word on what it is made of; what is one payment stays as it is.
    pub fn as_sum(&self) -> Movement {
        let details = if self.details.len() < 2 { self.details.clone() } else { Vec::new() };
        Movement { details, ..self.clone() }
    }
}

/// What an account's papers have in common.
#[derive(Debug, Clone)]
pub struct Head<'a> {
    /// Account number.
    pub account: &'a str,
    /// Number of the paper.
    pub number: u32,
    /// Its day.
    pub day: Day,
    /// Whether the bank still writes the version of 2009.
    pub is_old: bool,
}

fn yuan(amount: Fen) -> String {
    let fen = amount.0.unsigned_abs();
    format!("{}.{:02}", fen / 100, fen % 100)
}

fn side(amount: Fen) -> &'static str {
    if amount.0 < 0 { "DBIT" } else { "CRDT" }
}

fn moment(at: Moment) -> String {
    format!("{}T{}", at.day(), at.local().format("%H:%M:%S"))
}

/// The text between two marks, and what follows.
fn between<'a>(text: &'a str, open: &str, close: &str) -> Option<(&'a str, &'a str)> {
    let (_, rest) = text.split_once(open)?;
    rest.split_once(close)
}

fn leaf(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("<{name}"))?;
    let (_, rest) = rest.split_once('>')?;
    Some(rest.split_once('<')?.0.trim().to_owned())
}

/// Reads an order by its tags; `None` when something is missing.
pub fn read_order(text: &str) -> Option<Order> {
    let message = leaf(text, "MsgId")?;
    let mut payments = Vec::new();
    let mut rest = text;
    while let Some((block, after)) = between(rest, "<CdtTrfTxInf>", "</CdtTrfTxInf>") {
        rest = after;
        let amount = leaf(block, "InstdAmt")?;
        let (yuan, cents) = amount.split_once('.')?;
        let fen = yuan.parse::<i64>().ok()?.checked_mul(100)?.checked_add(cents.parse().ok()?)?;
        let (_, account) = block.split_once("<CdtrAcct>")?;
        let (_, creditor) = block.split_once("<Cdtr>")?;
        let (id, card, name) = (leaf(block, "EndToEndId")?, last_id(account)?, leaf(creditor, "Nm")?);
        payments.push(Payment { id, amount: Fen(fen), name, card });
    }
    Some(Order { message, payments })
}

/// The innermost `Id` of an account.
fn last_id(account: &str) -> Option<String> {
    let (block, _) = account.split_once("</CdtrAcct>").unwrap_or((account, ""));
    let (_, rest) = block.split_once("<Othr>")?;
    leaf(rest, "Id")
}

fn entry(movement: &Movement, day: Day, is_old: bool) -> String {
    let (amount, side) = (yuan(movement.amount), side(movement.amount));
    let status = if is_old { "<Sts>BOOK</Sts>".to_owned() } else { "<Sts><Cd>BOOK</Cd></Sts>".to_owned() };
    let mut inner = String::new();
    if let Some(order) = &movement.order {
        inner.push_str(&format!("<Btch><MsgId>{order}</MsgId></Btch>"));
    }
    for payment in &movement.details {
        inner.push_str(&detail(movement, payment, is_old));
    }
    if movement.details.is_empty() && movement.order.is_none() && !movement.party.0.is_empty() {
        inner.push_str(&format!(
            "<TxDtls><Refs><AcctSvcrRef>{}</AcctSvcrRef></Refs><RltdPties>{}</RltdPties></TxDtls>",
            movement.reference,
            parties(side, &movement.party.0, &movement.party.1, is_old)
        ));
    }
    format!(
        "<Ntry><Amt Ccy=\"CNY\">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>{status}<BookgDt><Dt>{day}</Dt></BookgDt>\
         <ValDt><Dt>{day}</Dt></ValDt><AcctSvcrRef>{}</AcctSvcrRef><NtryDtls>{inner}</NtryDtls><AddtlNtryInf>{}</AddtlNtryInf></Ntry>",
        movement.reference, movement.text
    )
}

fn parties(side: &str, name: &str, account: &str, is_old: bool) -> String {
    let role = if side == "CRDT" { "Dbtr" } else { "Cdtr" };
    let named = if is_old { format!("<Nm>{name}</Nm>") } else { format!("<Pty><Nm>{name}</Nm></Pty>") };
    format!("<{role}>{named}</{role}><{role}Acct><Id><Othr><Id>{account}</Id></Othr></Id></{role}Acct>")
}

fn detail(movement: &Movement, payment: &Payment, is_old: bool) -> String {
    let (amount, is_back) = (yuan(payment.amount), movement.amount.0 > 0);
    let side = side(movement.amount);
    let amount = if is_old {
        format!("<AmtDtls><TxAmt><Amt Ccy=\"CNY\">{amount}</Amt></TxAmt></AmtDtls>")
    } else {
        format!("<Amt Ccy=\"CNY\">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>")
    };
    let back = if is_back { "<RtrInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>账户已销户</AddtlInf></RtrInf>" } else { "" };
    format!(
        "<TxDtls><Refs><AcctSvcrRef>{}</AcctSvcrRef><EndToEndId>{}</EndToEndId></Refs>{amount}<RltdPties>{}</RltdPties>{back}</TxDtls>",
        movement.reference,
        payment.id,
        parties(if is_back { "CRDT" } else { "DBIT" }, &payment.name, &payment.card, is_old)
    )
}

fn document(kind: &str, body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:{kind}\">{body}</Document>\n"
    )
}

fn account(head: &Head<'_>) -> String {
    format!("<Acct><Id><Othr><Id>{}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>", head.account)
}

/// A day's statement with its balances.
pub fn statement(head: &Head<'_>, at: Moment, opening: Fen, closing: Fen, movements: &[Movement]) -> String {
    let balance = |code: &str, amount: Fen| {
        format!(
            "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"CNY\">{}</Amt><CdtDbtInd>{}</CdtDbtInd><Dt><Dt>{}</Dt></Dt></Bal>",
            yuan(amount),
            side(amount),
            head.day
        )
    };
    let entries: String = movements.iter().map(|movement| entry(movement, head.day, head.is_old)).collect();
    let id = format!("S{}-{:05}", head.account, head.number);
    let body = format!(
        "<BkToCstmrStmt><GrpHdr><MsgId>M{id}</MsgId><CreDtTm>{at}</CreDtTm></GrpHdr><Stmt><Id>{id}</Id>\
         <ElctrncSeqNb>{}</ElctrncSeqNb><CreDtTm>{at}</CreDtTm><FrToDt><FrDtTm>{day}T00:00:00</FrDtTm><ToDtTm>{day}T23:59:59</ToDtTm></FrToDt>\
         {}{}{}{entries}</Stmt></BkToCstmrStmt>",
        head.number,
        account(head),
        balance("OPBD", opening),
        balance("CLBD", closing),
        at = moment(at),
        day = head.day,
    );
    document(if head.is_old { "camt.053.001.02" } else { "camt.053.001.08" }, &body)
}

/// A notification of movements, ahead of the statement.
pub fn notification(head: &Head<'_>, at: Moment, movements: &[Movement]) -> String {
    let entries: String = movements.iter().map(|movement| entry(movement, head.day, head.is_old)).collect();
    let id = format!("N{}-{:05}", head.account, head.number);
    let body = format!(
        "<BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>M{id}</MsgId><CreDtTm>{at}</CreDtTm></GrpHdr><Ntfctn><Id>{id}</Id>\
         <CreDtTm>{at}</CreDtTm>{}{entries}</Ntfctn></BkToCstmrDbtCdtNtfctn>",
        account(head),
        at = moment(at),
    );
    document(if head.is_old { "camt.054.001.02" } else { "camt.054.001.08" }, &body)
}

/// A report on an order, line by line.
pub fn report(order: &str, at: Moment, is_old: bool, lines: &[(Payment, &str)]) -> String {
    let line = |(payment, status): &(Payment, &str)| {
        let reason = if *status == "RJCT" { "<StsRsnInf><Rsn><Cd>AC01</Cd></Rsn></StsRsnInf>" } else { "" };
        format!("<TxInfAndSts><OrgnlEndToEndId>{}</OrgnlEndToEndId><TxSts>{status}</TxSts>{reason}</TxInfAndSts>", payment.id)
    };
    let lines: String = lines.iter().map(line).collect();
    let lines = format!("<OrgnlPmtInfAndSts><OrgnlPmtInfId>{order}</OrgnlPmtInfId>{lines}</OrgnlPmtInfAndSts>");
    status(order, at, is_old, "<GrpSts>PART</GrpSts>", &lines)
}

/// A refusal of an order as a whole.
pub fn refusal(order: &str, at: Moment, is_old: bool, code: &str) -> String {
    let group = format!("<GrpSts>RJCT</GrpSts><StsRsnInf><Rsn><Cd>{code}</Cd></Rsn></StsRsnInf>");
    status(order, at, is_old, &group, "")
}

fn status(order: &str, at: Moment, is_old: bool, group: &str, lines: &str) -> String {
    let at = moment(at);
    let body = format!(
        "<CstmrPmtStsRpt><GrpHdr><MsgId>R{order}</MsgId><CreDtTm>{at}</CreDtTm></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>{order}</OrgnlMsgId>\
         <OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>{group}</OrgnlGrpInfAndSts>{lines}</CstmrPmtStsRpt>"
    );
    document(if is_old { "pain.002.001.03" } else { "pain.002.001.12" }, &body)
}
