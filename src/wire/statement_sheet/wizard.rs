//! What a sheet holds, so that a person can say which column is what: its columns with masked samples, what each was taken for, and the
//! mapping that follows from what was said.
//!
//! Deliberately absent: keeping a mapping (the subject that books does that), and any plain number or name: whoever says what a column
//! means needs to see its form and not whose it is.

use std::collections::BTreeMap;

use super::columns::{ColumnMapping, Field, HEADER_ROWS_MAX, Mapping, find, known_names, mapped, signature_of};
use super::grid::{Cell, Grid, Row, letters};
use super::values::{day, money};
use crate::base::person::masked;
use crate::wire::bank::{Problem, Problems, Reason};
use crate::wire::text::{decode, quoted};

/// Rows that are shown below the header.
pub const ROWS_SHOWN: usize = 6;
/// Characters of a cell or a name that are shown.
const SHOWN_MAX: usize = 40;
/// Digits in a row that may be somebody's number; a date has eight.
const NUMBER_DIGITS: usize = 9;
/// Digits of a day with a time at most, with thousandths of a second.
const TIME_DIGITS: usize = 17;
/// Digits before the point of an amount that is shown at most: ten are billions of yuan, eleven a telephone that a spreadsheet took for a sum.
const MONEY_DIGITS: usize = 10;
/// Texts in a row that may be a header.
const HEADER_TEXTS: usize = 3;

/// Fields that a person may say of a column, in Chinese and English.
pub const FIELDS: [(Field, &str, &str, &str); 17] = [
    (Field::TradedOn, "traded_on", "交易日期", "day of the transaction"),
    (Field::BookedOn, "booked_on", "记账日期", "booking day"),
    (Field::ValueOn, "value_on", "起息日", "value day"),
    (Field::Time, "time", "时间", "time"),
    (Field::Credit, "credit", "收入（贷方）", "money in"),
    (Field::Debit, "debit", "支出（借方）", "money out"),
    (Field::Amount, "amount", "金额（单列）", "amount, one column"),
    (Field::Mark, "mark", "收支方向", "direction"),
    (Field::Balance, "balance", "余额", "balance"),
    (Field::Counterparty, "counterparty", "对方户名", "other side's name"),
    (Field::CounterpartyAccount, "counterparty_account", "对方账号", "other side's account"),
    (Field::OwnAccount, "own_account", "本方账号", "own account"),
    (Field::Text, "text", "摘要", "summary"),
    (Field::Note, "note", "用途、附言", "purpose, note"),
    (Field::Reference, "reference", "流水号", "bank's reference"),
    (Field::Voucher, "voucher", "凭证号", "voucher"),
    (Field::Currency, "currency", "币种", "currency"),
];

/// The field of a word as programs and forms say it.
pub fn field_of(word: &str) -> Option<Field> {
    FIELDS.iter().find(|(_, known, ..)| *known == word).map(|(field, ..)| *field)
}

/// The word of a field; none for a column that is read past.
pub fn word_of(field: Field) -> Option<&'static str> {
    FIELDS.iter().find(|(known, ..)| *known == field).map(|(_, word, ..)| *word)
}

/// A column as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Place from 0.
    pub column: usize,
    /// Its letters.
    pub letters: String,
    /// Its name.
    pub name: String,
    /// Its cells in the rows shown, masked.
    pub samples: Vec<String>,
}

/// What a sheet holds.
#[derive(Debug, Clone)]
pub struct Look {
    /// Names of the sheets of the file.
    pub sheets: Vec<String>,
    /// The one that is looked at, from 0.
    pub sheet: usize,
    /// The encoding that text was read in; empty for workbooks.
    pub charset: &'static str,
    /// What each column was taken for by its name.
    pub mapping: Mapping,
    /// Whether the header says by itself what is needed.
    pub is_recognised: bool,
    /// Columns with a name or a value.
    pub columns: Vec<Seen>,
    /// Numbers of the rows shown.
    pub rows: Vec<usize>,
    /// The digest of the header as a file of this kind has it before anybody says anything of it: what a mapping is remembered under.
    pub fingerprint: String,
}

fn refused(place: impl Into<String>, zh: impl Into<String>, en: impl Into<String>) -> Box<Problem> {
    Box::new(Problem::new(place, Reason::BadFormat, zh, en))
}

/// Looks at a sheet of a file; without `sheet` and `header_row` at the one whose header is known, or looks most like one.
///
/// # Errors
/// What is no table, a sheet that the file has not, a row that names no columns.
pub fn look(bytes: &[u8], encoding: Option<&str>, sheet: Option<usize>, header_row: Option<usize>) -> Result<Look, Box<Problem>> {
    let mut problems = Problems::default();
    let grids = super::grids(bytes, encoding, &mut problems);
    let known = || grids.iter().position(|grid| find(grid, None).is_some());
    let longest = || grids.iter().enumerate().max_by_key(|(_, grid)| grid.rows.len()).map(|(place, _)| place);
    let place = sheet.or_else(known).or_else(longest);
    let Some((place, grid)) = place.and_then(|place| Some((place, grids.get(place)?))).filter(|(_, grid)| !grid.rows.is_empty())
    else {
        let found = problems.into_list().into_iter().next();
        return Err(found.map_or_else(
            || refused("sheet", "文件中没有这张表，或表是空的。", "The file has no such sheet, or it is empty."),
            Box::new,
        ));
    };
    let own = find(grid, None).filter(|mapping| header_row.is_none_or(|wanted| wanted == mapping.header_row));
    let is_recognised = own.is_some();
    let mut mapping = match own {
        Some(mapping) => mapping,
        None => mapped(header(grid, header_row)?, None),
    };
    let below: Vec<&Row> = grid.rows.iter().filter(|row| row.number > mapping.header_row).take(ROWS_SHOWN).collect();
    let width = below.iter().map(|row| row.cells.len()).max().unwrap_or(0);
    for column in 0..width {
        let is_named = mapping.columns.iter().any(|one| one.column == column);
        if !is_named && below.iter().any(|row| *row.cell(column) != Cell::Empty) {
            mapping.columns.push(ColumnMapping { column, name: String::new(), field: Field::Ignored });
        }
    }
    mapping.columns.sort_by_key(|column| column.column);
    let columns = mapping
        .columns
        .iter()
        .map(|one| Seen {
            column: one.column,
            letters: letters(one.column),
            name: without_numbers(&one.name),
            samples: below.iter().map(|row| shown(row.cell(one.column), grid.epoch_1904)).collect(),
        })
        .collect();
    let fingerprint = match encoding {
        None => mapping.signature.clone(),
        Some(_) => fingerprint(bytes, place, mapping.header_row).unwrap_or_else(|| mapping.signature.clone()),
    };
    Ok(Look {
        sheets: grids.iter().map(|grid| quoted(&grid.name, SHOWN_MAX)).collect(),
        sheet: place,
        charset: charset_of(bytes, encoding),
        rows: below.iter().map(|row| row.number).collect(),
        mapping,
        is_recognised,
        columns,
        fingerprint,
    })
}

fn charset_of(bytes: &[u8], encoding: Option<&str>) -> &'static str {
    if bytes.starts_with(&super::CFB_MAGIC) || crate::wire::bank::is_zip(bytes) { "" } else { decode(bytes, encoding).charset }
}

fn fingerprint(bytes: &[u8], sheet: usize, header_row: usize) -> Option<String> {
    let grids = super::grids(bytes, None, &mut Problems::default());
    let row = grids.get(sheet)?.rows.iter().find(|row| row.number == header_row)?;
    Some(signature_of(row))
}

/// The digests of the rows that may be headers, by which a remembered mapping is found.
pub fn fingerprints(bytes: &[u8]) -> Vec<String> {
    let grids = super::grids(bytes, None, &mut Problems::default());
    grids.iter().flat_map(|grid| grid.rows.iter().take(HEADER_ROWS_MAX).map(signature_of)).collect()
}

/// The row that names the columns.
fn header(grid: &Grid, wanted: Option<usize>) -> Result<&Row, Box<Problem>> {
    let top = || grid.rows.iter().take(HEADER_ROWS_MAX);
    let Some(number) = wanted else {
        let like = top().filter(|row| names_columns(row, grid.epoch_1904) && row.texts().len() >= HEADER_TEXTS);
        // Of equals the one right above values: a title stands higher, signatures stand lower.
        let is_above_values = |row: &Row| {
            let next = grid.rows.iter().find(|below| below.number > row.number);
            next.is_some_and(|below| !names_columns(below, grid.epoch_1904))
        };
        return like.max_by_key(|row| (known_names(row), is_above_values(row))).ok_or_else(|| {
            refused(
                "sheet",
                "前 40 行中没有像表头的行（至少 3 个列名）；请在表格中补上表头，或指出表头是第几行。",
                "No row of the first 40 looks like a header (3 names at least); add one to the sheet, or say which row it is.",
            )
        });
    };
    let row = top()
        .find(|row| row.number == number)
        .ok_or_else(|| refused("header_row", "前 40 行中没有这一行。", "That row is not among the first 40."))?;
    if names_columns(row, grid.epoch_1904) {
        return Ok(row);
    }
    Err(refused(
        "header_row",
        format!("第 {number} 行含有日期或金额，不是表头；请改选列名所在的行。"),
        format!("Row {number} holds dates or amounts and is no header; choose the row with the names."),
    ))
}

fn names_columns(row: &Row, epoch_1904: bool) -> bool {
    let is_value = |cell: &Cell| day(cell, epoch_1904).is_some() || matches!(money(cell), Ok(Some(_)));
    !row.texts().is_empty() && !row.cells.iter().any(is_value)
}

/// A mapping as a person said it: the field of each column by its place; what is not named is read past.
///
/// # Errors
/// Columns that the sheet has not, and a field that two columns are said to be.
pub fn said(seen: &Mapping, fields: &BTreeMap<usize, Field>) -> Result<Mapping, Vec<Problem>> {
    let mut faults = Vec::new();
    let mut used: BTreeMap<Field, usize> = BTreeMap::new();
    for (column, field) in fields {
        let place = format!("columns.{}", letters(*column));
        if !seen.columns.iter().any(|one| one.column == *column) {
            let (zh, en) = ("文件中没有这一列。", "The file has no such column.");
            faults.push(Problem::new(place.clone(), Reason::UnknownReference, zh, en));
        }
        if let Some(other) = used.insert(*field, *column) {
            let (a, b) = (letters(other), letters(*column));
            faults.push(Problem::new(
                place,
                Reason::BadFormat,
                format!("{a} 列与 {b} 列对应同一项，只保留一列。"),
                format!("Columns {a} and {b} are said to be the same; keep one of them."),
            ));
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let columns = seen.columns.iter().map(|one| {
        let field = fields.get(&one.column).copied().unwrap_or(Field::Ignored);
        ColumnMapping { field, ..one.clone() }
    });
    Ok(Mapping { columns: columns.collect(), repeated: Vec::new(), ..seen.clone() })
}

/// What nobody has said yet and no row can be read without: `date`, `amount`.
pub fn missing(mapping: &Mapping) -> Vec<&'static str> {
    let has = |fields: &[Field]| fields.iter().any(|field| mapping.column(*field).is_some());
    let needs = [
        ("date", has(&[Field::TradedOn, Field::BookedOn, Field::Time])),
        ("amount", has(&[Field::Credit, Field::Debit, Field::Amount])),
    ];
    needs.into_iter().filter(|(_, is_there)| !is_there).map(|(name, _)| name).collect()
}

/// Words that say a direction or a currency and nobody's name.
const MARKS: [&str; 18] =
    ["借", "贷", "收", "支", "收入", "支出", "借方", "贷方", "转入", "转出", "往", "来", "D", "C", "DR", "CR", "人民币", "CNY"];

/// A cell as it may be shown: days, times, amounts, marks and currencies plainly, the end of a number, the first sign of a text. Whatever
/// its form, somebody's number in it is starred.
fn shown(cell: &Cell, epoch_1904: bool) -> String {
    let text = quoted(&cell.text(), SHOWN_MAX);
    let count = |text: &str| text.chars().filter(char::is_ascii_digit).count();
    let digits = count(&text);
    let is_time = digits <= TIME_DIGITS
        && text.contains(':')
        && text.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '-' | '/' | '.' | ' '));
    let whole = text.rsplit_once('.').map_or(text.as_str(), |(whole, _)| whole);
    let is_money = matches!(money(cell), Ok(Some(_)))
        && count(whole) <= MONEY_DIGITS
        && (digits < NUMBER_DIGITS || text.contains(['.', ',']));
    let is_plain = text.is_empty()
        || is_time
        || is_money
        || digits < NUMBER_DIGITS && day(cell, epoch_1904).is_some()
        || MARKS.contains(&text.to_uppercase().as_str());
    if is_plain {
        text
    } else if digits >= 4 {
        masked(&text, 0, 4)
    } else {
        let first: String = text.chars().take(1).collect();
        format!("{first}{}", "*".repeat(text.chars().count().saturating_sub(1).max(1)))
    }
}

/// A name in which long numbers are stars.
fn without_numbers(name: &str) -> String {
    let name = quoted(name, SHOWN_MAX);
    if name.chars().filter(char::is_ascii_digit).count() >= NUMBER_DIGITS { masked(&name, 0, 4) } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRANGE: &str = "某银行对公流水\n记账,流向,数目,结存,往来单位,往来账户\n20260302,贷,5000.00,5000.00,某建设单位,6222020000000000001\n\
                           20260303,借,100.00,4900.00,张三,6222020000000000002\n";

    #[test]
    fn a_header_that_nobody_knows_is_shown_with_masked_rows() {
        let look = look(STRANGE.as_bytes(), None, None, None).unwrap();
        assert!(!look.is_recognised);
        assert_eq!((look.mapping.header_row, look.rows.as_slice()), (2, [3, 4].as_slice()));
        let names: Vec<&str> = look.columns.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["记账", "流向", "数目", "结存", "往来单位", "往来账户"]);
        let second: Vec<&str> = look.columns.iter().map(|one| one.samples[1].as_str()).collect();
        assert_eq!(second, ["20260303", "借", "100.00", "4900.00", "张*", "***************0002"]);
        assert_eq!(missing(&look.mapping), ["date", "amount"]);
    }

    #[test]
    fn nobodys_number_is_shown_in_whatever_form_it_stands() {
        let shown = |text: &str| shown(&Cell::Text(text.to_owned()), false);
        for (text, plain) in [
            ("13800000000", "13800000000"),
            ("13800000000.00", "13800000000"),
            ("13,800,000,000.00", "800,000"),
            ("6219 9999 9999 9999 994", "6219 9999"),
            ("62199999:99999999 994", "62199999"),
            ("119999-19900101-0012", "19900101"),
            ("11999919900101032X", "19900101"),
            ("张三 13800000000", "1380000"),
            ("138-0000-0000", "138-0000"),
        ] {
            let shown = shown(text);
            assert!(!shown.contains(plain) && shown.contains('*'), "{text}: {shown}");
        }
        for text in ["2026-03-02", "20260302", "2026-03-02 09:30:00", "09:30:00", "1,234,567.89", "5000.00", "贷"] {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn what_was_said_is_a_mapping_that_the_reader_finds_again() {
        let seen = look(STRANGE.as_bytes(), None, None, None).unwrap();
        let fields = BTreeMap::from([
            (0, Field::BookedOn),
            (1, Field::Mark),
            (2, Field::Amount),
            (3, Field::Balance),
            (4, Field::Counterparty),
        ]);
        let mapping = said(&seen.mapping, &fields).unwrap();
        assert!(missing(&mapping).is_empty());
        let options = crate::wire::bank::ReadOptions { mapping: Some(&mapping), ..Default::default() };
        let file = crate::wire::bank::read_with(STRANGE.as_bytes(), None, options);
        assert_eq!(file.statements[0].entries.len(), 2, "{:?}", file.problems);
        assert!(fingerprints(STRANGE.as_bytes()).contains(&seen.fingerprint));
    }

    #[test]
    fn one_field_twice_and_a_column_that_is_not_there_are_refused() {
        let seen = look(STRANGE.as_bytes(), None, None, None).unwrap();
        let faults =
            said(&seen.mapping, &BTreeMap::from([(0, Field::Amount), (2, Field::Amount), (9, Field::Note)])).unwrap_err();
        let places: Vec<&str> = faults.iter().map(|fault| fault.place.as_str()).collect();
        assert_eq!(places, ["columns.C", "columns.J"]);
        assert!(look(STRANGE.as_bytes(), None, None, Some(3)).is_err(), "a row of values is no header");
    }

    #[test]
    fn another_encoding_reads_the_same_bytes_under_the_same_fingerprint() {
        let text = "記帳,流向,數目\n20260302,貸,5000.00\n";
        let (bytes, _, _) = encoding_rs::BIG5.encode(text);
        let told = look(&bytes, Some("big5"), None, Some(1)).unwrap();
        assert_eq!(told.columns[0].name, "記帳");
        assert!(fingerprints(&bytes).contains(&told.fingerprint));
    }
}
