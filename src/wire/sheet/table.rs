//! Finds the header of a table, also one of two merged rows, and hands out typed fields of its rows with their problems.

use std::collections::HashMap;

use rust_decimal::Decimal;

use super::super::reason::Reason;
use super::{Cell, Sheet, value};
use crate::base::person::numbers_masked;
use crate::base::{Day, Fen, Month};

/// Rows looked at to find the header.
const HEADER_ROWS_MAX: usize = 40;
/// Known names that make a row a header.
const KNOWN_NAMES_MIN: usize = 3;

/// A column that a sheet may have.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Name in this program.
    pub key: &'static str,
    /// Names in headers, without blanks and brackets; the first is written on export.
    pub names: &'static [&'static str],
    /// Whether the table is no such table without it.
    pub required: bool,
}

/// Something wrong with one cell or row.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SheetProblem {
    /// `Sheet1!D12`.
    pub place: String,
    /// Row from 1; 0 for the table as a whole.
    pub row: u32,
    /// Name of the column as the sheet has it; empty for the row as a whole.
    pub column: Box<str>,
    /// Code of the reason.
    pub reason: Reason,
    /// What is wrong, in Chinese.
    pub zh: Box<str>,
    /// The same in English.
    pub en: Box<str>,
    /// What to do, in both languages.
    pub fix: Box<str>,
}

/// Words of a problem: Chinese, English, and what to do.
pub type Words<'a> = (&'a str, &'a str, &'a str);

/// A table found in a sheet.
#[derive(Debug)]
pub struct Table<'a> {
    sheet: &'a Sheet,
    columns: HashMap<&'static str, (usize, String)>,
    header: usize,
    first: usize,
}

/// A header without blanks, line ends, stars, colons and bracketed units: `应发 金额（元）` → `应发金额`.
pub fn header_name(cell: &Cell) -> String {
    let mut depth = 0usize;
    let mut name = String::new();
    for c in cell.shown().chars() {
        match c {
            '(' | '（' | '[' | '【' => depth += 1,
            ')' | '）' | ']' | '】' => depth = depth.saturating_sub(1),
            _ if depth > 0 || c.is_whitespace() || matches!(c, '*' | ':' | '：' | '＊') => {}
            _ => name.push(c),
        }
    }
    name
}

/// Whether a text names a total.
fn names_total(text: &str) -> bool {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    ["合计", "小计", "总计", "本页合计", "本页小计"].iter().any(|word| text.starts_with(word))
}

/// The header of a sheet, whether its names are known or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headings {
    /// First row of the header, from 0.
    pub header: usize,
    /// First row below it, from 0.
    pub first: usize,
    /// For each column its name, joined with the name above it, and the lower name alone.
    pub names: Vec<(String, String)>,
}

/// Finds the header of a sheet: the first of forty rows with three known names, else with one and four texts, else with four texts;
/// `None` where there is none of them.
pub fn headings(sheet: &Sheet, columns: &[Column]) -> Option<Headings> {
    const TEXTS_MIN: usize = 4;
    let known = |cell: &&Cell| columns.iter().any(|column| column.names.contains(&header_name(cell).as_str()));
    let rows = || 0..sheet.rows.len().min(HEADER_ROWS_MAX);
    let cells = |row: usize| sheet.rows.get(row).into_iter().flatten();
    let count = |row: &usize| cells(*row).filter(known).count();
    let texts = |row: &usize| cells(*row).filter(|cell| matches!(cell, Cell::Text(_)) && !cell.is_blank()).count() >= TEXTS_MIN;
    // The first that is surely one: a second header further down is a row like any other, and is found as such.
    let header = rows()
        .find(|row| count(row) >= KNOWN_NAMES_MIN)
        .or_else(|| rows().find(|row| count(row) > 0 && texts(row)))
        .or_else(|| rows().find(texts))?;
    let mut table = Table { sheet, columns: HashMap::new(), header, first: header + 1 };
    let names = table.header_names(columns);
    Some(Headings { header, first: table.first, names })
}

/// The sheet with its header rewritten to the first name of the column that each place was said to be; other places lose theirs.
pub fn renamed(sheet: &Sheet, headings: &Headings, columns: &[Column], places: &[(usize, &str)]) -> Sheet {
    let mut sheet = sheet.clone();
    let width = places.iter().map(|(place, _)| place + 1).max().unwrap_or(0).max(headings.names.len());
    let mut names = vec![Cell::Empty; width];
    for (place, key) in places {
        let name = columns.iter().find(|column| column.key == *key).and_then(|column| column.names.first());
        if let (Some(cell), Some(name)) = (names.get_mut(*place), name) {
            *cell = Cell::Text((*name).to_owned());
        }
    }
    for row in headings.header..headings.first {
        if let Some(cells) = sheet.rows.get_mut(row) {
            // The names stand in the last row of the header, so that no blank row follows it.
            *cells = if row + 1 == headings.first { std::mem::take(&mut names) } else { Vec::new() };
        }
    }
    sheet
}

impl<'a> Table<'a> {
    /// Finds the table with these columns.
    ///
    /// # Errors
    /// Problems of the header: no header, a required column missing, the same column twice (with both places).
    pub fn find(sheet: &'a Sheet, columns: &[Column]) -> Result<Table<'a>, Vec<SheetProblem>> {
        let known = |name: &str| columns.iter().any(|column| column.names.contains(&name));
        let header = (0..sheet.rows.len().min(HEADER_ROWS_MAX)).find(|row| {
            let all: Vec<String> = sheet.rows.get(*row).into_iter().flatten().map(header_name).collect();
            let count = all.iter().filter(|name| known(name)).count();
            // A kind that needs no more than two columns may have a header of these alone.
            let has = |column: &Column| all.iter().any(|name| column.names.contains(&name.as_str()));
            count >= KNOWN_NAMES_MIN || count > 1 && columns.iter().filter(|column| column.required).all(has)
        });
        let Some(header) = header else {
            let zh = format!("找不到表头：前 {HEADER_ROWS_MAX} 行中没有至少 {KNOWN_NAMES_MIN} 个已知列名的行");
            let en = format!("no header: none of the first {HEADER_ROWS_MAX} rows has {KNOWN_NAMES_MIN} known column names");
            return Err(vec![whole_problem(sheet, &zh, &en, "使用模板的列名 / use the column names of the template")]);
        };
        let mut table = Table { sheet, columns: HashMap::new(), header, first: header + 1 };
        let names = table.header_names(columns);
        let mut problems = Vec::new();
        for (place, (joined, lower)) in names.into_iter().enumerate() {
            let find = |name: &str| columns.iter().find(|column| column.names.contains(&name));
            let Some(column) = find(&joined).or_else(|| find(&lower)) else {
                continue;
            };
            if let Some((before, _)) = table.columns.get(column.key) {
                let (here, there) = (sheet.place(header, place), sheet.place(header, *before));
                problems.push(SheetProblem {
                    place: here.clone(),
                    row: row_number(header),
                    column: joined.as_str().into(),
                    reason: Reason::BadFormat,
                    zh: format!("列“{joined}”与 {there} 重复").into(),
                    en: format!("the column `{joined}` stands in {there} and in {here}").into(),
                    fix: "只保留一列 / keep one of the two".into(),
                });
                continue;
            }
            table.columns.insert(column.key, (place, joined));
        }
        for column in columns.iter().filter(|column| column.required && !table.columns.contains_key(column.key)) {
            let name = column.names.first().copied().unwrap_or(column.key);
            let (zh, en) = (format!("缺少列“{name}”"), format!("the column `{name}` is missing"));
            problems.push(SheetProblem {
                reason: Reason::MissingField,
                ..whole_problem(sheet, &zh, &en, "补上该列 / add the column")
            });
        }
        if problems.is_empty() { Ok(table) } else { Err(problems) }
    }

    /// For each column the name joined with the one above it, and the lower name alone. Takes the second header row if
    /// there is one.
    fn header_names(&mut self, columns: &[Column]) -> Vec<(String, String)> {
        let width =
            [self.header, self.header + 1].iter().filter_map(|row| self.sheet.rows.get(*row)).map(Vec::len).max().unwrap_or(0);
        let upper: Vec<String> = (0..width).map(|column| header_name(self.sheet.cell(self.header, column))).collect();
        let below: Vec<String> = (0..width).map(|column| header_name(self.sheet.cell(self.header + 1, column))).collect();
        let known = |name: &String| columns.iter().any(|column| column.names.contains(&name.as_str()));
        // A second header row has no numbers, nothing below a name column such as 姓名, and names that are known or stand
        // below a merged cell.
        let texts_only = self.sheet.rows.get(self.header + 1).is_some_and(|cells| {
            cells.iter().all(|cell| {
                cell.is_blank() || matches!(cell, Cell::Text(text) if !text.trim().starts_with(|c: char| c.is_ascii_digit()))
            })
        });
        let name_free = upper.iter().zip(&below).all(|(up, low)| !up.ends_with("姓名") || low.is_empty());
        let grouped = below
            .iter()
            .enumerate()
            .any(|(place, low)| !low.is_empty() && (known(low) || upper.get(place).is_none_or(String::is_empty)));
        if !(texts_only && name_free && grouped) {
            return upper.into_iter().map(|name| (name.clone(), name)).collect();
        }
        self.first = self.header + 2;
        let mut group = String::new();
        let mut names = Vec::with_capacity(width);
        for (up, low) in upper.into_iter().zip(below) {
            if !up.is_empty() {
                group = if low.is_empty() { String::new() } else { up.clone() };
            }
            names.push(match (group.is_empty(), low.is_empty()) {
                (false, false) => (format!("{group}.{low}"), low),
                (true, false) => (low.clone(), low),
                (_, true) => (up.clone(), up),
            });
        }
        names
    }

    /// Row of the header, from 0.
    pub fn header_row(&self) -> usize {
        self.header
    }

    /// Rows below the header, from 0.
    pub fn rows(&self) -> std::ops::Range<usize> {
        self.first..self.sheet.rows.len()
    }

    /// Whether the sheet has the column.
    pub fn has(&self, key: &str) -> bool {
        self.columns.contains_key(key)
    }

    /// Whether all cells of the row are blank.
    pub fn is_blank(&self, row: usize) -> bool {
        self.sheet.rows.get(row).is_none_or(|cells| cells.iter().all(Cell::is_blank))
    }

    /// Whether the row is a total: one of the cells up to that of `key` and the next says so (合计, 小计, 总计).
    pub fn is_total(&self, row: usize, key: &str) -> bool {
        let last = self.columns.get(key).map_or(0, |(column, _)| column + 1);
        (0..=last).any(|column| names_total(&self.sheet.cell(row, column).shown()))
    }

    /// The cell of a column in a row; empty when the sheet lacks the column.
    pub fn cell(&self, row: usize, key: &str) -> &Cell {
        self.columns.get(key).map_or(self.sheet.cell(usize::MAX, 0), |(column, _)| self.sheet.cell(row, *column))
    }

    /// Letters of a column, where the table has it.
    pub fn letters(&self, key: &str) -> Option<String> {
        self.columns.get(key).map(|(column, _)| super::column_letters(*column))
    }

    /// Text of a cell, cleaned; `None` when blank.
    pub fn text(&self, row: usize, key: &str) -> Option<String> {
        Some(self.cell(row, key).shown()).filter(|text| !text.is_empty())
    }

    /// Text of a cell that is given back to be mended; nothing where digits of a number may be lost, since what is left of it would be
    /// read as a good number once it comes back as text.
    pub fn text_to_mend(&self, row: usize, column: &Column) -> Option<String> {
        let cell = self.cell(row, column.key);
        let is_lost = match column.key {
            "id" | "card" | "pin" => value::is_float(cell),
            "uscc" | "phone" | "bank_link" => is_rounded(cell),
            _ => false,
        };
        self.text(row, column.key).filter(|_| !is_lost)
    }

    /// A problem with a cell.
    pub fn problem(&self, row: usize, key: &str, reason: Reason, (zh, en, fix): Words<'_>) -> SheetProblem {
        let (column, name) = self.columns.get(key).cloned().unwrap_or_default();
        SheetProblem {
            place: self.sheet.place(row, column),
            row: row_number(row),
            column: name.into(),
            reason,
            zh: numbers_masked(zh).into(),
            en: numbers_masked(en).into(),
            fix: fix.into(),
        }
    }

    /// Text that must be there.
    ///
    /// # Errors
    /// `missing_field`, `precision_lost` for a number that lost digits, or `bad_format` for a formula without a value.
    pub fn wanted(&self, row: usize, key: &str) -> Result<String, SheetProblem> {
        self.unbroken(row, key)?;
        if is_rounded(self.cell(row, key)) {
            return Err(self.precision_lost(row, key));
        }
        let name = self.columns.get(key).map_or(key, |(_, name)| name.as_str());
        let (zh, en) = (format!("缺少“{name}”"), format!("`{name}` is missing"));
        self.text(row, key)
            .ok_or_else(|| self.problem(row, key, Reason::MissingField, (&zh, &en, "填写该单元格 / fill the cell")))
    }

    /// Text of an identifier (ID number, card): refused when the cell went through a float.
    ///
    /// # Errors
    /// `precision_lost`, or `bad_format` for a formula without a value.
    pub fn identifier(&self, row: usize, key: &str) -> Result<Option<String>, SheetProblem> {
        self.unbroken(row, key)?;
        if value::is_float(self.cell(row, key)) {
            return Err(self.precision_lost(row, key));
        }
        Ok(self.text(row, key).map(|text| text.replace(' ', "")))
    }

    /// An amount of money.
    ///
    /// # Errors
    /// `bad_amount`, or `bad_format` for a formula without a value.
    pub fn money(&self, row: usize, key: &str) -> Result<Option<Fen>, SheetProblem> {
        self.unbroken(row, key)?;
        value::money(self.cell(row, key)).map_err(|found| {
            let (zh, en) = (format!("“{found}”不是金额"), format!("`{found}` is not an amount"));
            self.problem(
                row,
                key,
                Reason::BadAmount,
                (&zh, &en, "写成最多两位小数的数字 / write a number with at most two decimals"),
            )
        })
    }

    /// A decimal such as a number of days.
    ///
    /// # Errors
    /// `bad_format`.
    pub fn decimal(&self, row: usize, key: &str) -> Result<Option<Decimal>, SheetProblem> {
        self.unbroken(row, key)?;
        value::decimal(self.cell(row, key)).map_err(|found| {
            let (zh, en) = (format!("“{found}”不是数字"), format!("`{found}` is not a number"));
            self.problem(row, key, Reason::BadFormat, (&zh, &en, "写成数字 / write a number"))
        })
    }

    /// A day.
    ///
    /// # Errors
    /// `bad_time`.
    pub fn day(&self, row: usize, key: &str) -> Result<Option<Day>, SheetProblem> {
        self.unbroken(row, key)?;
        value::day(self.cell(row, key), self.sheet.from_1904).map_err(|found| self.bad_time(row, key, &found, "2026-11-21"))
    }

    /// A month.
    ///
    /// # Errors
    /// `bad_time`.
    pub fn month(&self, row: usize, key: &str) -> Result<Option<Month>, SheetProblem> {
        self.unbroken(row, key)?;
        value::month(self.cell(row, key), self.sheet.from_1904).map_err(|found| self.bad_time(row, key, &found, "2026-11"))
    }

    /// Yes or no: 是, 否, 1, 0, Y, N.
    ///
    /// # Errors
    /// `bad_format`.
    pub fn yes_no(&self, row: usize, key: &str) -> Result<Option<bool>, SheetProblem> {
        self.unbroken(row, key)?;
        match self.text(row, key).as_deref() {
            None => Ok(None),
            Some("是" | "1" | "Y" | "y" | "有" | "已购买") => Ok(Some(true)),
            Some("否" | "0" | "N" | "n" | "无" | "未购买" | "-") => Ok(Some(false)),
            Some(found) => {
                let (zh, en) = (format!("“{found}”不是“是”或“否”"), format!("`{found}` is neither 是 nor 否"));
                Err(self.problem(row, key, Reason::BadFormat, (&zh, &en, "填“是”或“否” / write 是 or 否")))
            }
        }
    }

    fn precision_lost(&self, row: usize, key: &str) -> SheetProblem {
        let (zh, en) = ("号码以数值保存，末位可能已丢失", "the number is stored as a float and may have lost digits");
        let fix = "将该列设为文本格式后重新填写 / format the column as text and type the number again";
        self.problem(row, key, Reason::PrecisionLost, (zh, en, fix))
    }

    fn bad_time(&self, row: usize, key: &str, found: &str, like: &str) -> SheetProblem {
        let (zh, en) = (format!("“{found}”不是有效日期"), format!("`{found}` is not a valid date"));
        self.problem(row, key, Reason::BadTime, (&zh, &en, &format!("以文本写成 {like} / write text like {like}")))
    }

    /// That a cell is no formula without a value.
    ///
    /// # Errors
    /// `bad_format`.
    pub fn unbroken(&self, row: usize, key: &str) -> Result<(), SheetProblem> {
        if *self.cell(row, key) != Cell::Broken {
            return Ok(());
        }
        let (zh, en) = ("公式没有保存的结果或结果为错误", "the formula has no stored value, or an error");
        let fix = "打开并重新保存，或粘贴为数值 / open and save the file again, or paste values";
        Err(self.problem(row, key, Reason::BadFormat, (zh, en, fix)))
    }
}

fn whole_problem(sheet: &Sheet, zh: &str, en: &str, fix: &str) -> SheetProblem {
    SheetProblem {
        place: sheet.place(0, 0),
        row: 0,
        column: Box::default(),
        reason: Reason::BadFormat,
        zh: zh.into(),
        en: en.into(),
        fix: fix.into(),
    }
}

/// Whether a number has more digits than a float keeps.
fn is_rounded(cell: &Cell) -> bool {
    matches!(cell, Cell::Number { exact: false, .. })
}

/// Row as people count, from 1.
pub fn row_number(row: usize) -> u32 {
    u32::try_from(row).unwrap_or(u32::MAX).saturating_add(1)
}

/// Remarks on a sheet that was read: formulas, hidden parts. Pairs of Chinese and English.
pub fn remarks(sheet: &Sheet) -> Vec<(String, String)> {
    let mut list = Vec::new();
    if sheet.formulas > 0 {
        let count = sheet.formulas;
        list.push((format!("含 {count} 个公式，读取的是保存的结果"), format!("{count} formulas; their stored values were read")));
    }
    if sheet.hidden_rows > 0 || sheet.hidden_columns > 0 {
        let (rows, columns) = (sheet.hidden_rows, sheet.hidden_columns);
        list.push((
            format!("隐藏的 {rows} 行、{columns} 列也已读取"),
            format!("{rows} hidden rows and {columns} hidden columns were read too"),
        ));
    }
    if sheet.filtered {
        list.push((
            "表格有筛选，被筛掉的行也已读取".to_owned(),
            "the sheet has a filter; filtered rows were read too".to_owned(),
        ));
    }
    list
}
