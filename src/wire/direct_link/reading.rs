//! Records of a direct-link file as statements and as a status report.

use super::family::{Families, Family, Names};
use super::fields::{Fields, amount_of, bad_amount, currency_of, day_of, moved};
use super::markup::{Event, Markup};
use crate::wire::bank::{Amount, Balance, BankFile, Detail, Entry, Page, Problem, Problems, Reason, Statement, StatementKind};
use crate::wire::iso20022::pain002::{BatchStatus, StatusReason, StatusReport, TransactionStatus};
use crate::wire::iso20022::xml::XmlFault;
use crate::wire::text::{clip, decode, quoted};

/// Entries and results of one file.
pub const RECORDS_MAX: usize = 1_000_000;
/// Statements of one file.
const STATEMENTS_MAX: usize = 10_000;

/// The family of a file, and the file read; `None` where no family knows it.
pub fn read(bytes: &[u8], families: &Families, encoding: Option<&str>, file: &mut BankFile, problems: &mut Problems) -> bool {
    let Some(family) = families.of(bytes) else { return false };
    let decoded = decode(bytes, encoding);
    if decoded.damaged {
        problems.push(
            Problem::new(
                "file",
                Reason::BadEncoding,
                format!("部分字节无法按 {} 解码，已用 � 代替", decoded.charset),
                format!("some bytes cannot be decoded as {} and became �", decoded.charset),
            )
            .fix("请重新导出为 UTF-8 或 GBK", "export the file again as UTF-8 or GBK"),
        );
    }
    file.format.clone_from(&family.format);
    let mut walk = Walk::new(family, problems);
    let ended = walk.through(&decoded.text);
    walk.finish(file);
    problems.stop(ended.err().map(|fault| fault.problem("file")));
    true
}

/// A record that has begun: where it stands in the file's elements and what it is.
struct Open {
    depth: usize,
    is_entry: bool,
    fields: Fields,
}

struct Walk<'w> {
    family: &'w Family,
    problems: &'w mut Problems,
    path: Vec<String>,
    /// Fields of the whole file.
    around: Fields,
    /// Fields of the statement that is open, and how deep it began.
    within: Option<(usize, Fields)>,
    record: Option<Open>,
    entries: Vec<Entry>,
    statements: Vec<Statement>,
    lines: Vec<TransactionStatus>,
    message_id: Option<String>,
    records: usize,
}

impl<'w> Walk<'w> {
    fn new(family: &'w Family, problems: &'w mut Problems) -> Self {
        Walk {
            family,
            problems,
            path: Vec::new(),
            around: Fields::default(),
            within: None,
            record: None,
            entries: Vec::new(),
            statements: Vec::new(),
            lines: Vec::new(),
            message_id: None,
            records: 0,
        }
    }

    fn through(&mut self, text: &str) -> Result<(), XmlFault> {
        // What stands before the first tag of OFX 1 is a header of its own lines.
        let from = text.find('<').unwrap_or(text.len());
        let mut markup = Markup::new(text.get(from..).unwrap_or_default())?;
        while let Some(event) = markup.next()? {
            match event {
                Event::Begin(name) => self.begin(name)?,
                Event::Leaf(name, text) => self.leaf(&name, text)?,
                Event::End(name) => self.end(&name)?,
            }
        }
        if markup.strays > 0 {
            let count = markup.strays;
            self.problems.push(
                Problem::new(
                    "file",
                    Reason::BadFormat,
                    format!("有 {count} 个结束标签没有对应的开始标签，已忽略"),
                    format!("{count} closing tags without an opening one were passed over"),
                )
                .fix("请核对明细笔数", "check the number of entries"),
            );
        }
        Ok(())
    }

    fn begin(&mut self, name: String) -> Result<(), XmlFault> {
        let family = self.family;
        if self.record.is_none() {
            let is_entry = family.entries.contains(&name);
            if is_entry || family.results.contains(&name) {
                self.records += 1;
                if self.records > RECORDS_MAX {
                    return Err(XmlFault::Limit("1,000,000 records"));
                }
                self.record = Some(Open { depth: self.path.len(), is_entry, fields: Fields::default() });
            } else if family.statements.contains(&name) && self.within.is_none() {
                self.within = Some((self.path.len(), Fields::default()));
            }
        }
        self.path.push(name);
        Ok(())
    }

    fn leaf(&mut self, name: &str, text: String) -> Result<(), XmlFault> {
        if let Some(open) = &mut self.record {
            let inside = self.path.get(open.depth..).unwrap_or_default();
            return open.fields.push(inside, name, text);
        }
        if self.family.entries.iter().chain(&self.family.results).any(|known| known == name) {
            self.begin(name.to_owned())?;
            return self.end(name);
        }
        match &mut self.within {
            Some((_, fields)) => fields.push(&self.path, name, text),
            None => self.around.push(&self.path, name, text),
        }
    }

    fn end(&mut self, _: &str) -> Result<(), XmlFault> {
        self.path.pop();
        let depth = self.path.len();
        if let Some(open) = self.record.take_if(|open| open.depth == depth) {
            if open.is_entry {
                let place = format!("{}[{}]", self.family.entries.first().map_or("entry", String::as_str), self.records);
                if let Some(entry) = self.entry(&open.fields, place) {
                    self.entries.push(entry);
                }
            } else {
                self.result(&open.fields);
            }
        }
        if let Some((_, fields)) = self.within.take_if(|(begun, _)| *begun == depth) {
            self.close_statement(&fields)?;
        }
        Ok(())
    }

    fn close_statement(&mut self, fields: &Fields) -> Result<(), XmlFault> {
        // An answer's head often stands inside the element that holds the movements.
        self.answer(fields);
        let names = &self.family.statement;
        let has_facts = [&names.account, &names.closing, &names.available].into_iter().any(|one| fields.get(one).is_some());
        if self.entries.is_empty() && (!has_facts || !self.lines.is_empty()) {
            self.message_id = self.message_id.take().or_else(|| fields.text(&self.family.result.message_id));
            return Ok(());
        }
        if self.statements.len() >= STATEMENTS_MAX {
            return Err(XmlFault::Limit("10,000 statements"));
        }
        let statement = self.statement(fields);
        self.statements.push(statement);
        Ok(())
    }

    fn finish(mut self, file: &mut BankFile) {
        let around = std::mem::take(&mut self.around);
        let left = self.within.take();
        if let Some((_, fields)) = &left {
            // The file broke off: what was read before stays.
            if let Err(fault) = self.close_statement(fields) {
                self.problems.stop(Some(fault.problem("file")));
            }
        }
        if !self.entries.is_empty() {
            let statement = self.statement(&around);
            self.statements.push(statement);
        }
        self.answer(&around);
        let message_id = self.message_id.take().or_else(|| around.text(&self.family.result.message_id));
        if !self.lines.is_empty() {
            if !self.statements.is_empty() {
                let (zh, en) = (
                    "文件同时含有明细和付款结果，付款结果未读取",
                    "the file holds movements and results; its results are not read",
                );
                let fix = ("请分成两个文件报送", "hand them in as two files");
                self.problems.push(Problem::new("file", Reason::BadFormat, zh, en).fix(fix.0, fix.1).lost());
            } else {
                let payments = vec![BatchStatus { transactions: std::mem::take(&mut self.lines), ..BatchStatus::default() }];
                file.payment_status = Some(StatusReport { original_message_id: message_id, payments, ..StatusReport::default() });
            }
        }
        file.statements = self.statements;
    }

    /// What the bank says of the whole answer: a refusal, another form of data, one part of several.
    fn answer(&mut self, fields: &Fields) {
        let names = &self.family.answer;
        if let Some(form) = fields.get(&names.form).filter(|form| !names.forms.iter().any(|known| known == form)) {
            let form = clip(form, 20);
            self.problems.push(
                Problem::new(
                    names.form.join("|"),
                    Reason::BadFormat,
                    format!("数据格式 `{form}` 不是可读取的格式"),
                    format!("the form of data `{form}` is not the one that is read"),
                )
                .fix(format!("请按 {} 导出", names.forms.join("、")), format!("export it as {}", names.forms.join(", ")))
                .lost(),
            );
        }
        if let Some(code) = fields.get(&names.code).filter(|code| !names.good.iter().any(|good| good == code)) {
            let (code, text) = (clip(code, 40), clip(fields.get(&names.text).unwrap_or_default(), 200));
            self.problems.push(
                Problem::new(
                    names.code.join("|"),
                    Reason::BadFormat,
                    format!("银行返回错误 `{code}`：{text}"),
                    format!("the bank answered with the error `{code}`: {text}"),
                )
                .fix("请按银行提示重新查询", "ask the bank again as it says"),
            );
        }
        let says_no = |names_of: &Names| fields.get(names_of).is_some_and(|word| !names.yes.iter().any(|yes| yes == word));
        if says_no(&names.begins) || says_no(&names.ends) {
            let place = names.begins.iter().chain(&names.ends).map(String::as_str).collect::<Vec<_>>().join("/");
            self.problems.push(
                Problem::new(place, Reason::Gap, "这是分段文件中的一段", "this is one part of several")
                    .fix("请把其余各段一并报送", "hand in the other parts too"),
            );
        }
    }

    fn statement(&mut self, fields: &Fields) -> Statement {
        let (family, names) = (self.family, &self.family.statement);
        let currency = fields.get(&names.currency).map(currency_of);
        let mut balances = Vec::new();
        for (kind, amounts, days) in [
            ("OPBD", &names.opening, &Names::new()),
            ("CLBD", &names.closing, &names.closing_on),
            ("CLAV", &names.available, &names.available_on),
        ] {
            let Some(text) = fields.get(amounts) else { continue };
            let Some(amount) = amount_of(text) else {
                self.problems.push(bad_amount("statement", text));
                continue;
            };
            let on = fields.get(days).and_then(day_of);
            balances.push(Balance { kind: kind.to_owned(), amount, currency: currency.clone(), on });
        }
        let of = |kind: &str| balances.iter().find(|one| one.kind == kind).map(|one| one.amount);
        let answer = &family.answer;
        let says = |names: &Names| fields.get(names).map(|word| answer.yes.iter().any(|yes| yes == word));
        let (begins, ends) = (says(&answer.begins), says(&answer.ends));
        let is_part = begins == Some(false) || ends == Some(false);
        let mut entries = std::mem::take(&mut self.entries);
        for entry in &mut entries {
            if entry.currency.is_none() {
                entry.currency.clone_from(&currency);
                for detail in &mut entry.details {
                    detail.currency.clone_from(&currency);
                }
            }
        }
        let account = fields.text(&names.account);
        if account.is_none() {
            let wanted = names.account.join("、");
            self.problems.push(
                Problem::new("statement", Reason::MissingField, "文件未写明账号", "the file does not name its account").fix(
                    format!("请在查询中要求返回账号，或在 direct_link 设置中写明账号所在元素（现为 {wanted}）"),
                    format!("have the bank name it, or name its element in the direct_link settings (now {wanted})"),
                ),
            );
        }
        Statement {
            kind: family.kind(),
            account,
            owner: fields.text(&names.owner),
            id: fields.text(&names.id),
            page: is_part.then(|| Page { number: if begins == Some(false) { 2 } else { 1 }, last: ends }).filter(|_| {
                // A page is one of a numbered statement; a part without a name is told apart by its entries.
                family.kind() == StatementKind::Statement
            }),
            from: fields.get(&names.from).and_then(day_of),
            to: fields.get(&names.to).and_then(day_of),
            opening: of("OPBD"),
            closing: of("CLBD"),
            currency,
            balances,
            entries,
            ..Statement::default()
        }
    }

    fn entry(&mut self, fields: &Fields, place: String) -> Option<Entry> {
        let names = &self.family.entry;
        let (direction, amount) = match moved(names, fields, &place) {
            Ok(moved) => moved,
            Err(problem) => {
                self.problems.push(problem.lost());
                return None;
            }
        };
        let day = fields.get(&names.booked_on);
        let booked_on = day.and_then(day_of);
        if booked_on.is_none() {
            let found = quoted(day.unwrap_or_default(), 40);
            self.problems.push(
                Problem::new(
                    place.clone(),
                    Reason::BadTime,
                    format!("记账日期 `{found}` 无效"),
                    format!("the booking day `{found}` cannot be read"),
                )
                .fix("应为 YYYYMMDD", "write YYYYMMDD"),
            );
        }
        let mark = |wanted: &Names, marks: &Names| fields.get(wanted).is_some_and(|word| marks.iter().any(|known| known == word));
        let currency = fields.get(&names.currency).map(currency_of);
        let return_reason = fields.text(&names.return_reason);
        let detail = Detail {
            end_to_end_id: fields.text(&names.end_to_end_id).filter(|id| id != "NOTPROVIDED"),
            amount: Some(amount),
            currency: currency.clone(),
            direction,
            counterparty: fields.text(&names.counterparty),
            counterparty_account: fields.text(&names.counterparty_account),
            returned: return_reason.is_some(),
            return_reason,
            text: fields.text(&names.text),
            ..Detail::default()
        };
        Some(Entry {
            booked_on,
            value_on: fields.get(&names.value_on).and_then(day_of),
            amount,
            currency,
            direction,
            reversal: mark(&names.reversal, &names.reversal_marks),
            bank_ref: fields.text(&names.bank_ref),
            entry_ref: fields.text(&names.entry_ref),
            code: fields.text(&names.code),
            text: fields.text(&names.text),
            details: vec![detail],
            balance: fields.get(&names.balance).and_then(amount_of),
            place,
            ..Entry::default()
        })
    }

    fn result(&mut self, fields: &Fields) {
        let (family, names) = (self.family, &self.family.result);
        let place = format!("{}[{}]", family.results.first().map_or("result", String::as_str), self.records);
        let told: Vec<&str> = names.status.iter().filter_map(|name| fields.at(name)).collect();
        let word = if names.status_of_all { told.join("/") } else { told.first().copied().unwrap_or_default().to_owned() };
        let word = word.to_ascii_uppercase();
        let status = family.words.get(&word).cloned();
        if status.is_none() && !word.is_empty() {
            let found = quoted(&word, 35);
            self.problems.push(
                Problem::new(
                    place.clone(),
                    Reason::BadFormat,
                    format!("结果代码 `{found}` 未设置含义"),
                    format!("the result `{found}` has no meaning in the settings"),
                )
                .fix(
                    format!("请核对银行文档后在 direct_link/{} 的 [words] 中写明", family.format),
                    format!("look it up in the bank's document and write it under [words] of direct_link/{}", family.format),
                ),
            );
        }
        let amount = fields.get(&names.amount);
        let read = amount.and_then(amount_of).map(Amount::unsigned);
        if let Some(text) = amount.filter(|_| read.is_none()) {
            self.problems.push(bad_amount(&place, text));
        }
        let reason = StatusReason { code: fields.text(&names.reason), text: fields.text(&names.reason_text) };
        self.message_id = self.message_id.take().or_else(|| fields.text(&names.message_id));
        self.lines.push(TransactionStatus {
            end_to_end_id: fields.text(&names.end_to_end_id),
            status: status.or(Some(word).filter(|word| !word.is_empty())),
            reasons: Some(reason).filter(|one| one.code.is_some() || one.text.is_some()).into_iter().collect(),
            amount: read,
            bank_ref: fields.text(&names.bank_ref),
            ..TransactionStatus::default()
        });
    }
}
