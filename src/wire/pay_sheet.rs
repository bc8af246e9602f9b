//! The paper pay sheet (工资支付表): a title, a header of one or two rows, workers, a total, signatures.
//!
//! Checked to the fen: 实发 = 应发 − 扣款, or 应发 + 加班 + 奖金 − 扣款; which of the two a sheet means is told by the
//! majority of its rows. A row may name its own month, whether it is back pay, and the company (工资); such a sheet needs no identity
//! number, and a row without one is known by name and card. Deliberately absent: whether anybody worked the days, which the attendance
//! knows.

use std::collections::HashMap;

use rust_decimal::Decimal;

use super::reason::Reason;
use super::roster::{kept, read_card, unreadable};
use super::sheet::table::{Column, SheetProblem, Table, remarks, row_number};
use super::sheet::{Sheet, Workbook, value};
use crate::base::person::{BankCard, IdNumber, Uscc};
use crate::base::{Day, Fen, Month, Rounding};

pub mod form;
mod meaning;

pub use meaning::Form;
use meaning::{form_of, inclusive, on_top};

const fn column(key: &'static str, names: &'static [&'static str], required: bool) -> Column {
    Column { key, names, required }
}

/// Columns of the pay sheet.
pub const COLUMNS: [Column; 24] = [
    column("seq", &["序号", "编号"], false),
    column("name", &["姓名", "工人姓名"], true),
    column("sex", &["性别"], false),
    column("id", &["身份证号", "身份证号码", "证件号码", "身份证"], true),
    column("trade", &["工种", "当前工种"], false),
    column("crew", &["班组", "班组名称"], false),
    column("days", &["出勤天数", "出勤", "工日", "考勤天数"], false),
    column("daily", &["日工资", "日工资标准", "工资标准", "单价"], false),
    column(
        "due",
        &["应发", "应发工资", "应发金额", "应发合计", "应发.合计", "应发.小计", "应发工资.合计", "应发.基本工资", "应发.工资"],
        true,
    ),
    column("overtime", &["加班", "加班费", "加班工资", "应发.加班"], false),
    column("bonus", &["奖金", "应发.奖金"], false),
    column("deduction", &["扣款", "扣款合计", "应扣", "扣款.合计", "扣款.小计"], false),
    column("advance", &["借支", "预支", "借款", "扣款.借支"], false),
    column("fine", &["罚款", "扣款.罚款"], false),
    column("paid", &["实发", "实发工资", "实发金额", "实发合计"], true),
    column("card", &["银行卡号", "工资卡号", "银行账号", "发放工资银行卡号", "工人工资卡号"], false),
    column("bank", &["开户行", "开户银行", "发放工资银行名称"], false),
    column("note", &["备注"], false),
    column(
        "month",
        &["发放工资的月份", "工资月份", "工资所属月份", "所属月份", "月份", "发放月份", "工资所属期", "所属期"],
        false,
    ),
    column("back_pay", &["是否为补发", "是否补发"], false),
    column("back_month", &["补发月份"], false),
    column("uscc", &["统一社会信用代码", "企业统一社会信用代码", "信用代码"], false),
    column("pay_day", &["发放日期", "工资发放日期"], false),
    column(
        "project",
        &[
            "项目名称",
            "工程名称",
            "工程项目名称",
            "建设项目名称",
            "施工项目名称",
            "项目",
            "项目名",
            "工程项目",
            "施工项目",
            "所属项目",
            "所在项目",
            "所属工程",
            "工地名称",
            "项目部",
        ],
        false,
    ),
];

/// Columns that keep another month's, company's or site's wages out: they are read wherever the file has them.
pub const GUARDS: [&str; 6] = ["month", "back_pay", "back_month", "uscc", "pay_day", "project"];

/// Names of the due amount in sheets that have no column for the whole of it.
const DUE_BASE: [&str; 3] = ["应发.基本工资", "应发.工资", "应发.应发"];

/// Columns whose total is compared with our sum.
const SUMMED: [&str; 7] = ["due", "overtime", "bonus", "deduction", "advance", "fine", "paid"];

/// A worker's line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayRow {
    /// Row in the sheet, from 1.
    pub row: u32,
    /// Name.
    pub name: String,
    /// Sex as written.
    pub sex: Option<String>,
    /// Identity number; a row without one names a card.
    pub id: Option<IdNumber>,
    /// Trade, as code or name.
    pub trade: Option<String>,
    /// Crew.
    pub crew: Option<String>,
    /// Days worked.
    pub days: Option<Decimal>,
    /// Wage of a day.
    pub daily: Option<Fen>,
    /// 应发 as written.
    pub due: Fen,
    /// Overtime pay.
    pub overtime: Fen,
    /// Bonus.
    pub bonus: Fen,
    /// Everything deducted: advances, fines and others.
    pub deduction: Fen,
    /// Of the deduction: advances.
    pub advance: Option<Fen>,
    /// Of the deduction: fines.
    pub fine: Option<Fen>,
    /// 实发 as written.
    pub paid: Fen,
    /// Card for wages.
    pub card: Option<BankCard>,
    /// Bank of the card.
    pub bank: Option<String>,
    /// Remark.
    pub note: Option<String>,
    /// The month that the row says it is for.
    pub month: Option<Month>,
    /// Whether the row says that it is back pay.
    pub back_pay: Option<bool>,
    /// The month that the back pay is of.
    pub back_month: Option<Month>,
    /// Credit code of the company.
    pub uscc: Option<String>,
    /// The day on which it was paid or is to be.
    pub pay_day: Option<Day>,
    /// The site that the row names.
    pub project: Option<String>,
}

impl PayRow {
    /// Whose row it is, as far as the file says: the identity number, else name and card.
    fn key(&self) -> String {
        match (&self.id, &self.card) {
            (Some(id), _) => id.as_str().to_owned(),
            (None, card) => format!("{} {}", self.name, card.as_ref().map(BankCard::as_str).unwrap_or_default()),
        }
    }
}

/// What a pay sheet says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PaySheet {
    /// Title above the header.
    pub title: Option<String>,
    /// All that stands above the header.
    pub titles: Vec<String>,
    /// Month named in the title.
    pub month: Option<Month>,
    /// What 应发 means; absent when no row tells the two apart.
    pub form: Option<Form>,
    /// Good rows.
    pub rows: Vec<PayRow>,
    /// What is wrong: refused rows, totals that do not add up, rows below the end.
    pub problems: Vec<SheetProblem>,
    /// What is odd in rows that were taken: days × wage is not 应发, a card that fails Luhn's rule.
    pub warnings: Vec<SheetProblem>,
    /// Remarks on the file, Chinese and English.
    pub remarks: Vec<(String, String)>,
    /// Rows refused.
    pub refused: u32,
    /// Rows that are refused because their worker stands in an earlier one: that row, and the refused one.
    pub repeated: Vec<(u32, u32)>,
}

/// Reads the pay sheet of the first sheet that has one. `today` bounds dates of birth.
pub fn parse(book: &Workbook, today: Day) -> PaySheet {
    let mut first_fault = None;
    for sheet in &book.sheets {
        match find(sheet) {
            Ok(table) => return read(sheet, &table, today),
            Err(problems) => first_fault = first_fault.or(Some(problems)),
        }
    }
    PaySheet { problems: first_fault.unwrap_or_default(), ..PaySheet::default() }
}

/// Reads the pay sheet of one sheet, whose columns have the names of [`COLUMNS`].
pub fn parse_sheet(sheet: &Sheet, today: Day) -> PaySheet {
    match find(sheet) {
        Ok(table) => read(sheet, &table, today),
        Err(problems) => PaySheet { problems, ..PaySheet::default() },
    }
}

/// The table with a column for the whole due amount, else with one for its base; one that names its month and the cards may do without
/// identity numbers.
pub(crate) fn find(sheet: &Sheet) -> Result<Table<'_>, Vec<SheetProblem>> {
    Table::find(sheet, &COLUMNS).or_else(|faults| {
        let other = COLUMNS.map(|known| if known.key == "due" { column("due", &DUE_BASE, true) } else { known });
        let by_card = COLUMNS.map(|known| Column {
            required: match known.key {
                "id" => false,
                "month" | "card" => true,
                _ => known.required,
            },
            ..known
        });
        Table::find(sheet, &other).or_else(|_| Table::find(sheet, &by_card)).map_err(|_| faults)
    })
}

fn read(sheet: &Sheet, table: &Table<'_>, today: Day) -> PaySheet {
    let above = (0..table.header_row()).flat_map(|row| sheet.rows.get(row).into_iter().flatten());
    let titles: Vec<String> = above.map(|cell| cell.shown()).filter(|text| !text.is_empty()).collect();
    let mut pay = PaySheet {
        month: titles.iter().find_map(|title| value::month_in(title)),
        title: titles.first().cloned(),
        titles,
        remarks: remarks(sheet),
        ..PaySheet::default()
    };
    let end = last_row(table);
    let mut seen: HashMap<String, u32> = HashMap::new();
    let mut read_rows = Vec::new();
    // A row of a printed form may hold nothing but its number.
    for row in (table.rows().start..end).filter(|row| table.text(*row, "name").is_some() || table.text(*row, "id").is_some()) {
        let before = pay.problems.len();
        let found = read_row(table, row, today, &mut pay.problems);
        match found.filter(|_| pay.problems.len() == before) {
            None => pay.refused = pay.refused.saturating_add(1),
            Some(line) => match seen.get(&line.key()) {
                Some(first) => {
                    let (zh, en) =
                        (format!("身份证号与第 {first} 行重复"), format!("the same identity number stands in row {first}"));
                    let fix = "合并为一行（金额写合计），或改正号码 / merge them into one row with the sum, or mend the number";
                    pay.problems.push(table.problem(row, "id", Reason::IdReused, (zh.as_str(), en.as_str(), fix)));
                    pay.repeated.push((*first, line.row));
                    pay.refused = pay.refused.saturating_add(1);
                }
                None => {
                    seen.insert(line.key(), line.row);
                    read_rows.push((row, line));
                }
            },
        }
    }
    pay.form = form_of(&read_rows);
    for (row, line) in read_rows {
        warn(table, row, &line, &mut pay.warnings);
        let fits = match pay.form {
            Some(Form::OnTop) => on_top(&line) == Some(line.paid),
            Some(Form::Inclusive) => inclusive(&line) == Some(line.paid),
            None => inclusive(&line) == Some(line.paid) || on_top(&line) == Some(line.paid),
        };
        if fits {
            pay.rows.push(line);
        } else {
            let words = (
                "实发不等于应发减扣款",
                "the amount paid is not the amount due less deductions",
                "核对该行金额 / check the amounts of the row",
            );
            pay.problems.push(table.problem(row, "paid", Reason::SumMismatch, words));
            pay.refused = pay.refused.saturating_add(1);
        }
    }
    check_totals(table, end, &mut pay.problems);
    pay.problems.sort_by_key(|problem| problem.row);
    pay
}

/// First row that is no worker: a total, or neither number nor name. The end of the sheet where there is none. Rows that are left blank
/// between the header and the first worker end nothing.
fn last_row(table: &Table<'_>) -> usize {
    let is_blank = |row: &usize| ["seq", "name", "id"].iter().all(|key| table.text(*row, key).is_none());
    let is_total = |row: &usize| table.is_total(*row, "name");
    let mut rows = table.rows().skip_while(|row| is_blank(row) && !is_total(row));
    rows.find(|row| is_total(row) || is_blank(row)).unwrap_or(table.rows().end)
}

fn wanted_money(table: &Table<'_>, row: usize, key: &str) -> Result<Fen, SheetProblem> {
    table.money(row, key)?.ok_or_else(|| {
        let words = ("缺少金额", "the amount is missing", "填写金额，没有则填 0 / write the amount, 0 for none");
        table.problem(row, key, Reason::MissingField, words)
    })
}

fn read_id(table: &Table<'_>, row: usize, today: Day) -> Result<Option<IdNumber>, SheetProblem> {
    let number = match table.identifier(row, "id")? {
        Some(number) => number,
        // The form that names its month lets a card stand for the number.
        None if table.has("month") && table.text(row, "card").is_some() => return Ok(None),
        None => table.wanted(row, "id")?,
    };
    IdNumber::parse(&number, today).map(Some).map_err(|fault| unreadable(table, row, "id", "身份证号码不正确", &fault))
}

/// The month of a row, which must be there where the sheet has the column.
fn read_month(table: &Table<'_>, row: usize) -> Result<Option<Month>, SheetProblem> {
    match table.month(row, "month")? {
        None if table.has("month") => table.wanted(row, "month").map(|_| None),
        month => Ok(month),
    }
}

/// Whether a row is back pay: 是 or 否, 1 or 0.
fn read_back_pay(table: &Table<'_>, row: usize) -> Result<Option<bool>, SheetProblem> {
    let Some(text) = table.text(row, "back_pay") else { return Ok(None) };
    match text.trim().to_lowercase().as_str() {
        "是" | "补发" | "1" | "y" | "yes" | "true" => Ok(Some(true)),
        "否" | "不是" | "0" | "n" | "no" | "false" | "-" => Ok(Some(false)),
        _ => {
            let words = ("是否补发应为“是”或“否”", "back pay is said by 是 or 否", "填写是或否 / write 是 or 否");
            Err(table.problem(row, "back_pay", Reason::BadFormat, words))
        }
    }
}

fn read_uscc(table: &Table<'_>, row: usize) -> Result<Option<String>, SheetProblem> {
    let Some(text) = table.identifier(row, "uscc")? else { return Ok(None) };
    let code = Uscc::parse(&text);
    code.map(|code| Some(code.as_str().to_owned()))
        .map_err(|fault| unreadable(table, row, "uscc", "统一社会信用代码不正确", &fault))
}

/// The whole deduction: its own column, or its parts; both must agree.
fn read_deduction(table: &Table<'_>, row: usize, parts: [Option<Fen>; 2]) -> Result<Fen, SheetProblem> {
    let too_much = |_| {
        table.problem(row, "paid", Reason::BadAmount, ("金额过大", "the amounts are too large", "核对金额 / check the amounts"))
    };
    let sum = Fen::total(parts.into_iter().flatten()).map_err(too_much)?;
    match table.money(row, "deduction")? {
        Some(whole) if parts.iter().any(Option::is_some) && sum != whole => {
            let words =
                ("扣款不等于借支与罚款之和", "the deduction is not the sum of its parts", "核对扣款 / check the deduction");
            Err(table.problem(row, "deduction", Reason::SumMismatch, words))
        }
        Some(whole) => Ok(whole),
        None => Ok(sum),
    }
}

fn read_row(table: &Table<'_>, row: usize, today: Day, problems: &mut Vec<SheetProblem>) -> Option<PayRow> {
    // Every field is read before any is missed.
    let name = kept(table.wanted(row, "name"), problems);
    let id = kept(read_id(table, row, today), problems);
    let days = kept(table.decimal(row, "days"), problems);
    let daily = kept(table.money(row, "daily"), problems);
    let due = kept(wanted_money(table, row, "due"), problems);
    let overtime = kept(table.money(row, "overtime"), problems);
    let bonus = kept(table.money(row, "bonus"), problems);
    let advance = kept(table.money(row, "advance"), problems);
    let fine = kept(table.money(row, "fine"), problems);
    let paid = kept(wanted_money(table, row, "paid"), problems);
    let card = kept(read_card(table, row), problems);
    let month = kept(read_month(table, row), problems);
    let back_pay = kept(read_back_pay(table, row), problems);
    let back_month = kept(table.month(row, "back_month"), problems);
    let uscc = kept(read_uscc(table, row), problems);
    let pay_day = kept(table.day(row, "pay_day"), problems);
    let (advance, fine) = (advance?, fine?);
    let deduction = kept(read_deduction(table, row, [advance, fine]), problems);
    let text = |key| table.text(row, key);
    Some(PayRow {
        row: row_number(row),
        name: name?,
        sex: text("sex"),
        id: id?,
        trade: text("trade"),
        crew: text("crew"),
        days: days?,
        daily: daily?,
        due: due?,
        overtime: overtime?.unwrap_or_default(),
        bonus: bonus?.unwrap_or_default(),
        deduction: deduction?,
        advance,
        fine,
        paid: paid?,
        card: card?,
        bank: text("bank"),
        note: text("note"),
        month: month?,
        back_pay: back_pay?,
        back_month: back_month?,
        uscc: uscc?,
        pay_day: pay_day?,
        project: text("project"),
    })
}

fn warn(table: &Table<'_>, row: usize, line: &PayRow, warnings: &mut Vec<SheetProblem>) {
    let product = line.days.zip(line.daily).map(|(days, daily)| daily.times(days, Rounding::HalfUp));
    if product.is_some_and(|product| product != Ok(line.due)) {
        let words =
            ("出勤天数乘日工资不等于应发", "days times daily wage is not the amount due", "核对天数与标准 / check days and wage");
        warnings.push(table.problem(row, "due", Reason::SumMismatch, words));
    }
    if line.card.as_ref().is_some_and(|card| !card.luhn_holds()) {
        let words = ("银行卡号校验位不符", "the card number fails its check digit", "请核对卡号 / check the number");
        warnings.push(table.problem(row, "card", Reason::BadFormat, words));
    }
}

/// Compares the total row with our sums, and names rows below the end that look like workers.
fn check_totals(table: &Table<'_>, end: usize, problems: &mut Vec<SheetProblem>) {
    let total = table.is_total(end, "name");
    for key in SUMMED.iter().filter(|key| total && table.has(key)) {
        let amounts = (table.rows().start..end).filter_map(|row| table.money(row, key).ok().flatten());
        let sum = Fen::total(amounts).ok();
        let Some(stated) = table.money(end, key).ok().flatten() else {
            continue;
        };
        if sum != Some(stated) {
            let ours = sum.map_or_else(String::new, |sum| sum.to_string());
            let (zh, en) = (
                format!("合计 {stated} 与各行之和 {ours} 不符"),
                format!("the total {stated} is not the sum of the rows, {ours}"),
            );
            problems.push(table.problem(
                end,
                key,
                Reason::SumMismatch,
                (&zh, &en, "核对合计或各行 / check the total or the rows"),
            ));
        }
    }
    for row in (end.saturating_add(1)..table.rows().end)
        .filter(|row| table.text(*row, "name").is_some() && table.text(*row, "id").is_some())
    {
        let words = (
            "合计或空行之后的行未读取",
            "a row below the total or a blank row was not read",
            "移到合计行之前 / move it above the total",
        );
        problems.push(table.problem(row, "name", Reason::BadFormat, words));
    }
}

#[cfg(test)]
mod tests;
