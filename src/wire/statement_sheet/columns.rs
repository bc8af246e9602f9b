//! Columns: which header means what, where the header row is, and the mapping that says so as data.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::grid::{Grid, Row};
use crate::wire::text::squeezed;

/// Rows at the top in which the header is looked for.
pub(super) const HEADER_ROWS_MAX: usize = 40;
/// Digits of a cell that is a number of an account or a span of days, and no column's name.
const NUMBER_DIGITS_MIN: usize = 8;

/// Known names that make a row a header.
const KNOWN_NAMES_MIN: usize = 3;

/// What a column means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Day of the transaction.
    TradedOn,
    /// Day of booking.
    BookedOn,
    /// Value day.
    ValueOn,
    /// Time, now and then with the day.
    Time,
    /// Money in.
    Credit,
    /// Money out.
    Debit,
    /// One amount, signed or with a mark.
    Amount,
    /// 借/贷, D/C: the bank's view of the customer's account, 贷 = in.
    Mark,
    /// Balance after the entry.
    Balance,
    /// Name of the other side.
    Counterparty,
    /// Account of the other side.
    CounterpartyAccount,
    /// Bank of the other side.
    CounterpartyBank,
    /// The statement's own account.
    OwnAccount,
    /// `账号` without saying whose; decided by what else the sheet has.
    SomeAccount,
    /// The bank's summary.
    Text,
    /// The payer's note.
    Note,
    /// Flow number.
    Reference,
    /// Voucher number.
    Voucher,
    /// Currency.
    Currency,
    /// Read past.
    Ignored,
}

/// Names of columns, best first within a field.
const NAMES: [(Field, &[&str]); 19] = [
    (Field::TradedOn, &["交易日期", "日期", "交易日", "发生日期", "交易日期时间", "date", "transactiondate"]),
    (Field::BookedOn, &["记账日期", "入账日期", "记账日", "入账日", "会计日期", "记帐日期", "入帐日期", "bookingdate"]),
    (Field::ValueOn, &["起息日", "起息日期", "valuedate"]),
    (Field::Time, &["交易时间", "记账时间", "入账时间", "时间", "交易时间戳", "time"]),
    (
        Field::Credit,
        &[
            "收入",
            "贷方发生额",
            "贷方金额",
            "存入",
            "贷方",
            "收入金额",
            "存入金额",
            "转入金额",
            "贷方发生金额",
            "发生额贷方",
            "贷方交易金额",
            "收入发生额",
            "转入",
            "收方金额",
            "credit",
            "creditamount",
        ],
    ),
    (
        Field::Debit,
        &[
            "支出",
            "借方发生额",
            "借方金额",
            "支取",
            "借方",
            "支出金额",
            "支取金额",
            "转出金额",
            "借方发生金额",
            "发生额借方",
            "借方交易金额",
            "支出发生额",
            "转出",
            "付方金额",
            "debit",
            "debitamount",
        ],
    ),
    (Field::Amount, &["金额", "交易金额", "发生额", "交易发生额", "发生金额", "amount"]),
    (
        Field::Mark,
        &[
            "借贷",
            "借贷标志",
            "借贷方向",
            "借贷标识",
            "借/贷",
            "收支",
            "收/支",
            "收支类型",
            "收支标志",
            "收支方向",
            "交易方向",
            "收付标志",
            "dc",
            "d/c",
        ],
    ),
    (
        Field::Balance,
        &["余额", "本次余额", "联机余额", "账户余额", "帐户余额", "交易后余额", "当前余额", "账面余额", "可用余额", "balance"],
    ),
    (
        Field::Counterparty,
        &[
            "对方户名",
            "对手信息",
            "对方账户名",
            "对方名称",
            "对方账户名称",
            "对方单位名称",
            "对方单位",
            "交易对手名称",
            "交易对方",
            "对手户名",
            "对手名称",
            "交易对手",
            "对方姓名",
            "收/付方名称",
            "收付方名称",
            "对方帐户名称",
            "counterparty",
        ],
    ),
    (
        Field::CounterpartyAccount,
        &[
            "对方账号",
            "对方卡号",
            "对方帐号",
            "对手账号",
            "对方账户",
            "交易对手账号",
            "对方账号/卡号",
            "对方卡号/账号",
            "收/付方账号",
            "收付方账号",
            "counterpartyaccount",
        ],
    ),
    (
        Field::CounterpartyBank,
        &["对方开户行", "对方行名", "对方银行", "对方开户机构", "对方开户行名", "对方行号", "对方开户网点"],
    ),
    (Field::OwnAccount, &["本方账号", "本方帐号", "查询账号", "查询卡号", "我方账号", "交易账号"]),
    (Field::SomeAccount, &["账号", "帐号", "卡号", "账户"]),
    (Field::Text, &["摘要", "交易摘要", "交易名称", "交易类型", "业务摘要", "业务类型", "summary", "description"]),
    (Field::Note, &["附言", "用途", "客户摘要", "备注", "交易附言", "交易用途", "转账附言", "留言", "remark"]),
    (
        Field::Reference,
        &[
            "日志号",
            "流水号",
            "交易流水号",
            "交易流水",
            "核心流水号",
            "柜员流水号",
            "银行流水号",
            "交易序号",
            "明细编号-交易流水号",
            "企业流水号",
            "交易编号",
            "reference",
        ],
    ),
    (Field::Voucher, &["凭证号", "凭证号码", "凭证编号", "传票号"]),
    (Field::Currency, &["币种", "币别", "货币", "currency"]),
];

/// One column of a mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnMapping {
    /// Place from 0.
    pub column: usize,
    /// Header as it stands in the file.
    pub name: String,
    /// What it means.
    pub field: Field,
}

/// How a sheet is read: data that a person may change and save under the signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// SHA-256 over the tidied header names, in hexadecimal.
    pub signature: String,
    /// Number of the (last) header row in the file.
    pub header_row: usize,
    /// Every column that has a name.
    pub columns: Vec<ColumnMapping>,
    /// Positions of fields that were named twice; the first counts.
    #[serde(default)]
    pub repeated: Vec<(String, usize, usize)>,
}

impl Mapping {
    /// The column of a field.
    pub fn column(&self, field: Field) -> Option<usize> {
        self.columns.iter().find(|column| column.field == field).map(|column| column.column)
    }

    /// Whether a row is the header once more, as on each printed page.
    pub fn is_repeated_by(&self, row: &Row) -> bool {
        let named = || self.columns.iter().filter(|column| !column.name.is_empty());
        named().count() > 1 && named().all(|column| row.cell(column.column).text() == column.name)
    }

    /// The name of a column.
    pub fn name(&self, column: usize) -> &str {
        self.columns.iter().find(|found| found.column == column).map_or("", |found| found.name.as_str())
    }
}

/// A column name as it is compared: narrow, without blanks, brackets and units, in lower case.
pub fn tidy_name(name: &str) -> String {
    let mut tidy = String::new();
    let mut depth = 0usize;
    for c in squeezed(name).chars() {
        match c {
            '(' | '[' | '【' | '<' | '〔' => depth += 1,
            ')' | ']' | '】' | '>' | '〕' => depth = depth.saturating_sub(1),
            ':' | '*' | '"' | '\'' => {}
            _ if depth == 0 => tidy.extend(c.to_lowercase()),
            _ => {}
        }
    }
    tidy
}

fn meaning(name: &str) -> Option<(Field, usize)> {
    let look =
        |name: &str| NAMES.iter().find_map(|(field, names)| Some((*field, names.iter().position(|known| *known == name)?)));
    let tidy = tidy_name(name);
    look(&tidy).or_else(|| look(tidy.strip_suffix('元')?))
}

/// Whether a column of this name makes a sheet a statement: money in or out, a mark of which, a balance.
pub fn is_of_statement(name: &str) -> bool {
    meaning(name).is_some_and(|(field, _)| matches!(field, Field::Credit | Field::Debit | Field::Mark | Field::Balance))
}

/// Signature of a header row.
pub fn signature_of(row: &Row) -> String {
    let names: Vec<String> = row.cells.iter().map(|cell| tidy_name(&cell.text())).collect();
    let joined = names.join("\u{1f}");
    let digest = Sha256::digest(joined.trim_end_matches('\u{1f}').as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a row repeats the header, as on each printed page.
pub fn is_header(row: &Row) -> bool {
    known_names(row) >= KNOWN_NAMES_MIN && {
        let mapping = mapped(row, None);
        mapping.column(Field::Credit).or(mapping.column(Field::Debit)).or(mapping.column(Field::Amount)).is_some()
    }
}

pub(super) fn known_names(row: &Row) -> usize {
    row.cells.iter().filter(|cell| meaning(&cell.text()).is_some()).count()
}

/// The mapping of a sheet: a saved one whose signature some row has, else by the names known here.
pub fn find(grid: &Grid, saved: Option<&Mapping>) -> Option<Mapping> {
    let top = || grid.rows.iter().take(HEADER_ROWS_MAX);
    if let Some(saved) = saved
        && let Some(row) = top().find(|row| signature_of(row) == saved.signature)
    {
        return Some(Mapping { header_row: row.number, ..saved.clone() });
    }
    let usable = |mapping: &Mapping| {
        let has = |fields: &[Field]| fields.iter().any(|field| mapping.column(*field).is_some());
        has(&[Field::TradedOn, Field::BookedOn, Field::Time]) && has(&[Field::Credit, Field::Debit, Field::Amount])
    };
    let pairs = top().zip(grid.rows.iter().skip(1).map(Some).chain([None]));
    for (row, below) in pairs {
        let alone = (known_names(row) >= KNOWN_NAMES_MIN).then(|| mapped(row, None)).filter(&usable);
        // A second header row names the parts of a wide first one (发生额: 借方, 贷方).
        // Values begin with a digit or a sign; a row with one is no header.
        let names_parts = |below: &&Row| {
            let texts: Vec<String> = below.cells.iter().map(|cell| tidy_name(&cell.text())).collect();
            texts.iter().any(|name| matches!(name.as_str(), "借方" | "贷方" | "收入" | "支出"))
                && !texts.iter().any(|name| name.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '¥')))
        };
        // A title with the account's number above the header is no part of the names.
        let is_title = row.cells.iter().any(|cell| cell.text().chars().filter(char::is_ascii_digit).count() >= NUMBER_DIGITS_MIN);
        let joined = below
            .filter(|_| !is_title)
            .filter(names_parts)
            .filter(|below| known_names(row) + known_names(below) >= KNOWN_NAMES_MIN)
            .map(|below| mapped(row, Some(below)))
            .filter(&usable);
        if let Some(mapping) = joined.filter(|_| !is_header_alone(row)).or(alone) {
            return Some(mapping);
        }
    }
    None
}

fn is_header_alone(row: &Row) -> bool {
    let mapping = mapped(row, None);
    mapping.column(Field::Credit).is_some() && mapping.column(Field::Debit).is_some()
}

pub(super) fn mapped(row: &Row, below: Option<&Row>) -> Mapping {
    let width = row.cells.len().max(below.map_or(0, |below| below.cells.len()));
    let mut best: Vec<(ColumnMapping, usize)> = Vec::new();
    let mut repeated = Vec::new();
    let mut carried = String::new();
    for column in 0..width {
        let own = row.cell(column).text();
        let lower = below.map(|below| below.cell(column).text()).unwrap_or_default();
        if !own.is_empty() {
            carried.clone_from(&own);
        }
        let candidates =
            if lower.is_empty() { vec![own] } else { vec![format!("{carried}{lower}"), format!("{lower}{carried}"), lower, own] };
        let name = candidates.first().cloned().unwrap_or_default();
        if name.is_empty() {
            continue;
        }
        let found = candidates.iter().find_map(|name| meaning(name));
        let (mut field, rank) = found.unwrap_or((Field::Ignored, 0));
        if let Some(other) = best.iter_mut().find(|(known, _)| known.field == field && field != Field::Ignored) {
            if other.1 == rank && tidy_name(&other.0.name) == tidy_name(&name) {
                repeated.push((name.clone(), other.0.column, column));
            }
            // The better name keeps the field; a second flow number serves as voucher, a second text as note.
            let spare = match field {
                Field::Reference => Field::Voucher,
                Field::Text => Field::Note,
                _ => Field::Ignored,
            };
            if rank < other.1 {
                other.0.field = spare;
            } else {
                field = spare;
            }
        }
        best.push((ColumnMapping { column, name, field }, rank));
    }
    let mut columns: Vec<ColumnMapping> = best.into_iter().map(|(column, _)| column).collect();
    resolve_account(&mut columns);
    let header = below.unwrap_or(row);
    Mapping { signature: signature_of(header), header_row: header.number, columns, repeated }
}

/// `账号` beside a column for the other side's account is the own one; alone it is the other side's.
fn resolve_account(columns: &mut [ColumnMapping]) {
    let taken = columns.iter().any(|column| column.field == Field::CounterpartyAccount);
    for column in columns.iter_mut().filter(|column| column.field == Field::SomeAccount) {
        column.field = if taken { Field::OwnAccount } else { Field::CounterpartyAccount };
    }
}
