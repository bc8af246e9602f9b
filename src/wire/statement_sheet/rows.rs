//! One row: what its cells say, before signs and order are known.

use super::columns::{Field, Mapping, is_header};
use super::grid::{Cell, Row, letters};
use super::values::{account, currency, day, money, words};
use crate::base::Day;
use crate::wire::bank::{Amount, Direction, Problem, Problems, Reason};
use crate::wire::text::{clip, quoted, squeezed};

/// What a row turned out to be.
pub enum RowKind {
    /// A movement.
    Movement(Box<Movement>),
    /// Refused; the problem is noted.
    Refused,
    /// A line that only carries a balance from before.
    Opening(Amount),
    /// Totals: nothing follows that is a movement.
    Total { credit: Option<Amount>, debit: Option<Amount> },
    /// Header again, page foot, note: nothing to read.
    Noise,
}

/// A movement as its row states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    pub row: usize,
    pub booked_on: Day,
    pub value_on: Option<Day>,
    /// May still be negative.
    pub amount: Amount,
    /// Not known where a single amount has no mark: then the sign decides.
    pub direction: Option<Direction>,
    pub balance: Option<Amount>,
    pub counterparty: Option<String>,
    pub counterparty_account: Option<String>,
    pub own_account: Option<String>,
    pub text: Option<String>,
    pub note: Option<String>,
    pub reference: Option<String>,
    pub voucher: Option<String>,
    pub currency: Option<String>,
}

/// Words that begin a totals row, after which nothing is read.
const ENDS: [&str; 8] = ["合计", "总计", "共计", "总合计", "endoffile", "文件结束", "total", "***"];
/// Words of rows that carry no movement and do not end the table.
const CARRIED: [&str; 10] =
    ["小计", "本页合计", "本页小计", "承前页", "过次页", "上页余额", "期初余额", "上期余额", "期末余额", "上日余额"];

/// Reads one row below the header.
pub fn read(row: &Row, mapping: &Mapping, epoch_1904: bool, problems: &mut Problems) -> RowKind {
    let reader = RowReader { row, mapping, epoch_1904 };
    reader.read(problems)
}

struct RowReader<'a> {
    row: &'a Row,
    mapping: &'a Mapping,
    epoch_1904: bool,
}

impl RowReader<'_> {
    fn cell(&self, field: Field) -> &Cell {
        self.mapping.column(field).map_or(&Cell::Empty, |column| self.row.cell(column))
    }

    fn place(&self, field: Field) -> String {
        match self.mapping.column(field) {
            Some(column) => {
                let name = clip(self.mapping.name(column), 20);
                format!("row {}, column {} ({name})", self.row.number, letters(column))
            }
            None => format!("row {}", self.row.number),
        }
    }

    fn day(&self, field: Field) -> Option<Day> {
        day(self.cell(field), self.epoch_1904)
    }

    fn read(&self, problems: &mut Problems) -> RowKind {
        if is_header(self.row) || self.mapping.is_repeated_by(self.row) {
            return RowKind::Noise;
        }
        let booked_on = self.day(Field::BookedOn).or_else(|| self.day(Field::TradedOn)).or_else(|| self.day(Field::Time));
        let monies = [Field::Credit, Field::Debit, Field::Amount].map(|field| money(self.cell(field)));
        if booked_on.is_none()
            && let Some(kind) = self.without_day(&monies)
        {
            return kind;
        }
        match self.movement(booked_on, problems) {
            Ok(movement) => RowKind::Movement(Box::new(movement)),
            Err(problem) => {
                problems.push(problem.lost());
                RowKind::Refused
            }
        }
    }

    /// Totals, carried balances and notes have no day. `None` means: a movement whose day is missing.
    fn without_day(&self, monies: &[Result<Option<Amount>, Reason>; 3]) -> Option<RowKind> {
        let texts = self.row.texts();
        let tidy: Vec<String> = texts.iter().map(|text| squeezed(text).to_lowercase()).collect();
        if let Some(word) = CARRIED.iter().find(|word| tidy.iter().any(|text| text.starts_with(**word))) {
            let opens = ["承前页", "上页余额", "期初余额", "上期余额", "上日余额"].contains(word);
            let balance = money(self.cell(Field::Balance)).ok().flatten().filter(|_| opens);
            return Some(balance.map_or(RowKind::Noise, RowKind::Opening));
        }
        if tidy.iter().take(2).any(|text| ENDS.iter().any(|end| text.starts_with(end) || text.contains("endoffile"))) {
            let known = |place: usize| monies.get(place).and_then(|money| money.as_ref().ok().copied().flatten());
            return Some(RowKind::Total { credit: known(0), debit: known(1) });
        }
        let no_money =
            monies.iter().all(|money| !matches!(money, Ok(Some(_)))) && !matches!(money(self.cell(Field::Balance)), Ok(Some(_)));
        let note = texts.len() <= 2 || tidy.first().is_some_and(|text| text.contains(':'));
        (no_money && note).then_some(RowKind::Noise)
    }

    fn movement(&self, booked_on: Option<Day>, problems: &mut Problems) -> Result<Movement, Box<Problem>> {
        let Some(booked_on) = booked_on else {
            let field =
                [Field::BookedOn, Field::TradedOn, Field::Time].into_iter().find(|field| self.mapping.column(*field).is_some());
            let field = field.unwrap_or(Field::TradedOn);
            let found = quoted(&self.cell(field).text(), 32);
            return Err(Box::new(
                Problem::new(
                    self.place(field),
                    Reason::BadTime,
                    format!("日期 `{found}` 无法识别，该行未读取"),
                    format!("`{found}` is not a date; the row is not read"),
                )
                .fix("日期应写作 2026-03-02 或 20260302", "write dates like 2026-03-02 or 20260302"),
            ));
        };
        let (amount, direction) = self.amount()?;
        let balance = match self.money(Field::Balance) {
            Ok(balance) => balance,
            Err(problem) => {
                problems.push(*problem);
                None
            }
        };
        let mut account_of = |field: Field| match account(self.cell(field)) {
            Ok(found) => found.filter(|text| !text.is_empty()),
            Err(reason) => {
                problems.push(
                    Problem::new(
                        self.place(field),
                        reason,
                        "账号以数字格式保存，末位已丢失，未采用",
                        "the account number was stored as a number and has lost digits; it is left out",
                    )
                    .fix("请将该列设为文本格式后重新导出", "format the column as text and export again"),
                );
                None
            }
        };
        let counterparty_account = account_of(Field::CounterpartyAccount);
        let own_account = account_of(Field::OwnAccount);
        let word = |field: Field| words(self.cell(field));
        Ok(Movement {
            row: self.row.number,
            booked_on,
            value_on: self.day(Field::ValueOn),
            amount,
            direction,
            balance,
            counterparty: word(Field::Counterparty),
            counterparty_account,
            own_account,
            text: word(Field::Text),
            note: word(Field::Note),
            reference: word(Field::Reference),
            voucher: word(Field::Voucher),
            currency: word(Field::Currency).map(|text| currency(&text).map_or(text, str::to_owned)),
        })
    }

    fn money(&self, field: Field) -> Result<Option<Amount>, Box<Problem>> {
        money(self.cell(field)).map_err(|reason| {
            let found = quoted(&self.cell(field).text(), 32);
            Box::new(
                Problem::new(
                    self.place(field),
                    reason,
                    format!("金额 `{found}` 无法识别或超过两位小数"),
                    format!("`{found}` is not an amount with at most two decimals"),
                )
                .fix("金额应写作 1234.50", "write amounts like 1234.50"),
            )
        })
    }

    fn amount(&self) -> Result<(Amount, Option<Direction>), Box<Problem>> {
        let filled = |amount: Option<Amount>| amount.filter(|amount| !amount.is_zero());
        let (credit, debit) = (filled(self.money(Field::Credit)?), filled(self.money(Field::Debit)?));
        match (credit, debit) {
            (Some(_), Some(_)) => {
                return Err(self.unclear(
                    Field::Debit,
                    "收入与支出同时有值，该行未读取",
                    "money in and money out are both filled; the row is not read",
                ));
            }
            (Some(amount), None) => return Ok((amount, Some(Direction::Credit))),
            (None, Some(amount)) => return Ok((amount, Some(Direction::Debit))),
            (None, None) => {}
        }
        let Some(amount) = filled(self.money(Field::Amount)?) else {
            let field = if self.mapping.column(Field::Amount).is_some() { Field::Amount } else { Field::Credit };
            return Err(self.unclear(field, "没有金额，该行未读取", "no amount; the row is not read"));
        };
        let mark = self.cell(Field::Mark).text();
        if self.mapping.column(Field::Mark).is_none() {
            return Ok((amount, None));
        }
        match direction_of(&mark) {
            Some(direction) => Ok((amount, Some(direction))),
            None => {
                let found = quoted(&mark, 16);
                let zh = format!("借贷标志 `{found}` 无法识别，该行未读取");
                Err(self.unclear(Field::Mark, &zh, &format!("mark `{found}` is neither debit nor credit; the row is not read")))
            }
        }
    }

    fn unclear(&self, field: Field, zh: &str, en: &str) -> Box<Problem> {
        Box::new(
            Problem::new(self.place(field), Reason::BadFormat, zh, en).fix(
                "每行应只有一个方向的金额；贷为收入，借为支出",
                "a row has one amount in one direction; 贷 is in, 借 is out",
            ),
        )
    }
}

/// 贷 = money in, 借 = money out: the bank's view of the customer's account.
fn direction_of(mark: &str) -> Option<Direction> {
    let tidy = squeezed(mark).to_lowercase();
    let begins = |words: &[&str]| words.iter().any(|word| tidy.starts_with(word));
    if begins(&["贷", "收", "入", "转入", "存", "来", "cr", "+"]) || tidy == "c" || tidy == "in" {
        Some(Direction::Credit)
    } else if begins(&["借", "支", "付", "出", "转出", "取", "往", "dr", "deb", "-"]) || tidy == "d" || tidy == "out" {
        Some(Direction::Debit)
    } else {
        None
    }
}
