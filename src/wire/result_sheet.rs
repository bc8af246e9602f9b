//! Lists of results that a person or a bank exports as a sheet: what became of each payment, row by row.
//!
//! The header is found by the names of its columns and must say a state and whose payment it is: by our id, or by payee, account and
//! amount. What a word of the bank means is a table here; whether it proves a payment is the bank profile's to say. A word that is not in
//! the table is told and says nothing. Deliberately absent: finding the payment of a row without an id, which needs the records.

use super::bank::{Problem, Problems, Reason};
use super::iso20022::pain002::{BatchStatus, Listed, StatusReason, StatusReport, TransactionStatus};
use super::statement_sheet::{Cell, Grid, Row, account, day, is_of_statement, letters, money, tidy_name, words};
use super::text::{clip, quoted, squeezed};
use crate::base::Day;

/// Rows at the top in which the header is looked for.
const HEADER_ROWS_MAX: usize = 40;

/// What a column means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Id,
    Run,
    Name,
    Account,
    Amount,
    State,
    Why,
    On,
}

/// Names of columns, best first within a field, as they are compared: narrow, without blanks and brackets.
const NAMES: [(Field, &[&str]); 8] = [
    (
        Field::Id,
        &[
            "代发编号",
            "代发明细编号",
            "明细编号",
            "端到端标识",
            "端到端编号",
            "endtoendid",
            "orgnlendtoendid",
            "end-to-endid",
            "e2eid",
        ],
    ),
    (
        Field::Run,
        &["代发批次号", "代发批次编号", "代发批次", "批次编号", "批次号", "报文编号", "messageid", "msgid", "orgnlmsgid"],
    ),
    (
        Field::Name,
        &[
            "姓名",
            "收款人姓名",
            "收款人户名",
            "收款户名",
            "收款人名称",
            "收款方户名",
            "收款方名称",
            "收款人",
            "户名",
            "账户名称",
            "账户名",
            "员工姓名",
            "工人姓名",
            "客户姓名",
            "payeename",
            "name",
        ],
    ),
    (
        Field::Account,
        &[
            "收款账号",
            "收款人账号",
            "收款人帐号",
            "收款帐号",
            "收款方账号",
            "收款卡号",
            "收款人卡号",
            "银行卡号",
            "银行账号",
            "工资卡号",
            "账号",
            "帐号",
            "卡号",
            "账号/卡号",
            "卡号/账号",
            "卡折号",
            "payeeaccount",
            "account",
            "cardno",
        ],
    ),
    (Field::Amount, &["金额", "代发金额", "发放金额", "实发金额", "交易金额", "付款金额", "支付金额", "转账金额", "amount"]),
    (
        Field::State,
        &[
            "处理结果",
            "代发结果",
            "发放结果",
            "交易结果",
            "支付结果",
            "入账结果",
            "回盘结果",
            "处理状态",
            "代发状态",
            "发放状态",
            "交易状态",
            "支付状态",
            "付款状态",
            "入账状态",
            "状态",
            "结果",
            "status",
            "txsts",
            "result",
        ],
    ),
    (
        Field::Why,
        &[
            "失败原因",
            "错误原因",
            "拒绝原因",
            "原因",
            "失败说明",
            "原因说明",
            "结果说明",
            "错误信息",
            "返回信息",
            "处理信息",
            "备注",
            "reason",
            "remark",
        ],
    ),
    (
        Field::On,
        &[
            "入账日期",
            "记账日期",
            "到账日期",
            "交易日期",
            "处理日期",
            "完成日期",
            "支付日期",
            "付款日期",
            "发放日期",
            "代发日期",
            "日期",
            "入账时间",
            "到账时间",
            "交易时间",
            "处理时间",
            "完成时间",
            "bookingdate",
            "date",
        ],
    ),
];

/// How a column of moments ends: what holds no day in it is a time alone, and says nothing of the day.
const TIMES_END: &str = "时间";

/// Words by which banks say what became of a payment, with the status that means the same. `成功` of a line is the bank's last word on
/// it (`ACCC`); that money was paid out says only that it left the payer (`ACSC`).
const STATES: [(&str, &[&str]); 4] = [
    (
        "ACCC",
        &[
            "成功",
            "代发成功",
            "发放成功",
            "处理成功",
            "交易成功",
            "入账成功",
            "已入账",
            "已到账",
            "到账成功",
            "success",
            "succeeded",
        ],
    ),
    ("ACSC", &["付款成功", "支付成功", "转账成功", "扣款成功", "已支付", "已付款"]),
    (
        "PDNG",
        &[
            "处理中",
            "银行处理中",
            "待处理",
            "已受理",
            "受理成功",
            "已提交",
            "提交成功",
            "已发送",
            "待入账",
            "pending",
            "processing",
        ],
    ),
    (
        "RJCT",
        &[
            "失败",
            "代发失败",
            "发放失败",
            "处理失败",
            "交易失败",
            "入账失败",
            "付款失败",
            "支付失败",
            "转账失败",
            "不成功",
            "未成功",
            "拒绝",
            "已拒绝",
            "fail",
            "failed",
            "rejected",
        ],
    ),
];

/// Statuses of ISO 20022 that a list may write as they are.
const CODES: [&str; 10] = ["RCVD", "ACTC", "ACCP", "ACSP", "ACSC", "ACCC", "ACWC", "PDNG", "RJCT", "CANC"];

/// Words that end the list.
const ENDS: [&str; 5] = ["合计", "总计", "共计", "小计", "total"];

/// Where the columns of a list stand.
struct Header {
    row: usize,
    columns: Vec<(Field, usize, String)>,
}

impl Header {
    fn of(row: &Row) -> Option<Header> {
        let names: Vec<(usize, String)> = row.cells.iter().map(Cell::text).enumerate().collect();
        if names.iter().any(|(_, name)| is_of_statement(name)) {
            return None;
        }
        let tidy: Vec<String> = names.iter().map(|(_, name)| without_unit(name)).collect();
        let columns: Vec<(Field, usize, String)> = NAMES
            .iter()
            .filter_map(|(field, known)| {
                let at = known.iter().find_map(|known| tidy.iter().position(|name| name == known))?;
                let (column, name) = names.get(at)?;
                Some((*field, *column, name.clone()))
            })
            .collect();
        let header = Header { row: row.number, columns };
        let has = |field| header.column(field).is_some();
        let says_whose = has(Field::Id) || has(Field::Name) && has(Field::Account) && has(Field::Amount);
        (has(Field::State) && says_whose).then_some(header)
    }

    fn column(&self, field: Field) -> Option<usize> {
        self.columns.iter().find(|(known, ..)| *known == field).map(|(_, column, _)| *column)
    }

    /// Whether a row is this header again, as at the head of each printed page.
    fn is_repeated_in(&self, row: &Row) -> bool {
        self.columns.iter().all(|(_, column, name)| row.cell(*column).text() == *name)
    }

    fn cell<'a>(&self, row: &'a Row, field: Field) -> &'a Cell {
        self.column(field).map_or(&Cell::Empty, |column| row.cell(column))
    }

    fn place(&self, row: &Row, field: Field) -> String {
        match self.columns.iter().find(|(known, ..)| *known == field) {
            Some((_, column, name)) => format!("row {}, column {} ({})", row.number, letters(*column), clip(name, 20)),
            None => format!("row {}", row.number),
        }
    }
}

fn without_unit(name: &str) -> String {
    let tidy = tidy_name(name);
    tidy.strip_suffix('元').map_or(tidy.clone(), str::to_owned)
}

/// The report that the sheets of a file hold, where one of them is a list of results; its faults are in the problems.
pub fn read(grids: &[Grid], problems: &mut Problems) -> Option<StatusReport> {
    let (grid, header) =
        grids.iter().find_map(|grid| Some((grid, grid.rows.iter().take(HEADER_ROWS_MAX).find_map(Header::of)?)))?;
    let mut runs: Vec<String> = titled(grid, &header, Field::Run).into_iter().collect();
    let whole = titled(grid, &header, Field::On).and_then(|text| single_day(&text));
    let epoch_1904 = grid.epoch_1904;
    let mut lines = Vec::new();
    for row in grid.rows.iter().filter(|row| row.number > header.row) {
        if is_end(row, &header) {
            break;
        }
        // Page heads are repeated, and below a list stand notes and signatures.
        if header.is_repeated_in(row) || is_note(row, &header) {
            continue;
        }
        if let Some(run) = words(header.cell(row, Field::Run))
            && !runs.contains(&run)
        {
            runs.push(run);
        }
        match line_of(row, &header, (whole, epoch_1904)) {
            Ok(line) => lines.push(line),
            Err(problem) => problems.push(*problem),
        }
    }
    // A list of several runs names none of them as its own.
    let original_message_id = if runs.len() == 1 { runs.pop() } else { None };
    let payments = vec![BatchStatus { transactions: lines, ..BatchStatus::default() }];
    Some(StatusReport { original_message_id, payments, ..StatusReport::default() })
}

/// What the lines above the header say of a field: `批次号：RUN-1`, or the name and beside it the value.
fn titled(grid: &Grid, header: &Header, field: Field) -> Option<String> {
    let is_name = |name: &str| NAMES.iter().any(|(of, known)| *of == field && known.contains(&tidy_name(name).as_str()));
    for row in grid.rows.iter().filter(|row| row.number < header.row) {
        let texts = row.texts();
        for (text, next) in texts.iter().zip(texts.iter().skip(1).map(Some).chain([None])) {
            match text.split_once([':', '：']) {
                Some((name, value)) if is_name(name) && !value.trim().is_empty() => return Some(value.trim().to_owned()),
                Some((name, _)) if is_name(name) => return next.cloned(),
                None if is_name(text) => return next.cloned(),
                _ => {}
            }
        }
    }
    None
}

/// The day of a list as its title says it; a period (`2026-03-01 至 2026-03-31`) is none.
fn single_day(text: &str) -> Option<Day> {
    let is_time = |part: &str| part.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.'));
    if !text.split_whitespace().skip(1).all(is_time) || text.contains(['至', '~', '～']) {
        return None;
    }
    day(&Cell::of_text(text), false)
}

/// When a row says that it was booked, else what the title says of all of them.
fn booked_on(row: &Row, header: &Header, (whole, epoch_1904): (Option<Day>, bool)) -> Result<Option<Day>, Box<Problem>> {
    let cell = header.cell(row, Field::On);
    if words(cell).is_none() {
        return Ok(whole);
    }
    let is_time = header.columns.iter().any(|(field, _, name)| *field == Field::On && tidy_name(name).ends_with(TIMES_END));
    match day(cell, epoch_1904) {
        Some(day) => Ok(Some(day)),
        None if is_time => Ok(whole),
        None => {
            let (zh, en) = ("日期无法识别，该行未采用", "the day cannot be read; the row is not taken");
            let problem = Problem::new(header.place(row, Field::On), Reason::BadTime, zh, en);
            Err(Box::new(problem.fix("日期写作 2026-03-05", "write days like 2026-03-05")))
        }
    }
}

fn is_end(row: &Row, header: &Header) -> bool {
    let first = row.texts().into_iter().next().unwrap_or_default();
    let is_total = ENDS.iter().any(|end| squeezed(&first).to_lowercase().starts_with(end));
    is_total && words(header.cell(row, Field::State)).is_none()
}

/// Whether a row says neither whose payment it is nor what became of it.
fn is_note(row: &Row, header: &Header) -> bool {
    let is_empty = |field| words(header.cell(row, field)).is_none();
    is_empty(Field::State) && is_empty(Field::Id) && (is_empty(Field::Account) || is_empty(Field::Amount))
}

fn line_of(row: &Row, header: &Header, dated: (Option<Day>, bool)) -> Result<TransactionStatus, Box<Problem>> {
    let problem = |field, reason, zh: String, en: String| Problem::new(header.place(row, field), reason, zh, en);
    let Some(word) = words(header.cell(row, Field::State)) else {
        let (zh, en) = ("没有处理结果，该行未采用".to_owned(), "no result; the row is not taken".to_owned());
        let told = problem(Field::State, Reason::MissingField, zh, en);
        return Err(Box::new(told.fix("填写“成功”或“失败”", "write 成功 or 失败")));
    };
    let Some(status) = status_of(&word) else {
        let found = quoted(&word, 16);
        let zh = format!("处理结果“{found}”的含义未知，该行未采用");
        let told =
            problem(Field::State, Reason::BadFormat, zh, format!("the result `{found}` is not known; the row is not taken"));
        return Err(Box::new(told.fix("写作“成功”、“失败”或“处理中”", "write 成功, 失败 or 处理中")));
    };
    let amount = money(header.cell(row, Field::Amount)).map_err(|reason| {
        let (zh, en) = ("金额无法识别，该行未采用".to_owned(), "the amount cannot be read; the row is not taken".to_owned());
        Box::new(problem(Field::Amount, reason, zh, en).fix("金额写作 1234.50", "write amounts like 1234.50"))
    })?;
    let on = booked_on(row, header, dated)?;
    let id = words(header.cell(row, Field::Id));
    let account = match account(header.cell(row, Field::Account)) {
        Ok(account) => account.filter(|text| !text.is_empty()),
        // With an id of ours nobody needs the account.
        Err(_) if id.is_some() => None,
        Err(reason) => {
            let zh = "账号以数字格式保存，末位已丢失，该行未采用".to_owned();
            let en = "the account number was stored as a number and has lost digits; the row is not taken".to_owned();
            let told = problem(Field::Account, reason, zh, en);
            return Err(Box::new(told.fix("将该列设为文本格式后重新导出", "format the column as text and export again")));
        }
    };
    let name = words(header.cell(row, Field::Name));
    if id.is_none() {
        for (field, is_missing) in
            [(Field::Name, name.is_none()), (Field::Account, account.is_none()), (Field::Amount, amount.is_none())]
        {
            if is_missing {
                let zh = "没有代发编号，又缺少姓名、账号或金额，该行未采用".to_owned();
                let en = "no id of the payment, and payee, account or amount is missing; the row is not taken".to_owned();
                let told = problem(field, Reason::MissingField, zh, en);
                return Err(Box::new(told.fix("补全后重新上传", "fill it in and hand the list in again")));
            }
        }
    }
    let why = words(header.cell(row, Field::Why));
    let reasons = if status == "RJCT" { vec![reason_of(why.as_deref().unwrap_or(&word))] } else { Vec::new() };
    Ok(TransactionStatus {
        end_to_end_id: id,
        status: Some(status.to_owned()),
        reasons,
        amount,
        listed: Some(Listed { place: format!("row {}", row.number), name, account, on }),
        ..TransactionStatus::default()
    })
}

/// The bank's words. That it has the payment already must not free it for another one, so that is said by its code as well.
fn reason_of(text: &str) -> StatusReason {
    let low = text.to_lowercase();
    let is_duplicate = low.contains("重复") || low.contains("duplicate");
    StatusReason { code: is_duplicate.then(|| "DUPL".to_owned()), text: Some(clip(text, 200)) }
}

fn status_of(word: &str) -> Option<&'static str> {
    let tidy = squeezed(word);
    let code = tidy.to_ascii_uppercase();
    if let Some(known) = CODES.iter().find(|known| **known == code) {
        return Some(known);
    }
    let tidy = tidy.to_lowercase();
    STATES.iter().find(|(_, said)| said.contains(&tidy.as_str())).map(|(status, _)| *status)
}

#[cfg(test)]
mod tests;
