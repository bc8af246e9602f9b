//! Writes the pay sheet as the paper form: title, two-row merged header, lines, total, signature lines, ready to print.

use rust_xlsxwriter::{Format, FormatAlign, Worksheet, XlsxError};

use super::super::sheet::write::{Formats, TextEncoding, Value, boxed, csv_table, new_book, put};
use super::PayRow;
use crate::base::Fen;
use crate::base::person::{BankCard, IdNumber};

/// Upper and lower header; columns of one upper name that follow each other are merged, a missing lower name is merged down.
const HEADER: [(&str, &str); 18] = [
    ("序号", ""),
    ("姓名", ""),
    ("性别", ""),
    ("身份证号", ""),
    ("工种", ""),
    ("班组", ""),
    ("出勤天数", ""),
    ("日工资", ""),
    ("应发", ""),
    ("加班", ""),
    ("奖金", ""),
    ("扣款", "合计"),
    ("扣款", "借支"),
    ("扣款", "罚款"),
    ("实发", ""),
    ("银行卡号", ""),
    ("开户行", ""),
    ("本人签字", ""),
];
/// The last column stands alone, so that the form ends as the printed one does.
const NOTE: &str = "备注";
const SIGNATURES: [&str; 4] = ["制表：", "班组长：", "劳资专管员：", "项目经理："];

fn values(seq: usize, row: &PayRow) -> Vec<Value> {
    let text = |text: &Option<String>| Value::text(text.as_deref());
    let money = |fen: Option<Fen>| fen.map_or(Value::Nothing, Value::Money);
    vec![
        Value::Text(seq.to_string()),
        Value::Text(row.name.clone()),
        text(&row.sex),
        Value::text(row.id.as_ref().map(IdNumber::as_str)),
        text(&row.trade),
        text(&row.crew),
        row.days.map_or(Value::Nothing, Value::Number),
        money(row.daily),
        Value::Money(row.due),
        Value::Money(row.overtime),
        Value::Money(row.bonus),
        Value::Money(row.deduction),
        money(row.advance),
        money(row.fine),
        Value::Money(row.paid),
        Value::text(row.card.as_ref().map(BankCard::as_str)),
        text(&row.bank),
        Value::Nothing,
        text(&row.note),
    ]
}

/// The total row; `None` for a sum that does not fit into an amount, which no real sheet reaches.
fn totals(rows: &[PayRow]) -> Vec<Value> {
    let sum = |of: fn(&PayRow) -> Option<Fen>| Fen::total(rows.iter().filter_map(of)).map_or(Value::Nothing, Value::Money);
    let mut line = vec![Value::Text("合计".to_owned())];
    line.resize(8, Value::Nothing);
    line.extend([
        sum(|row| Some(row.due)),
        sum(|row| Some(row.overtime)),
        sum(|row| Some(row.bonus)),
        sum(|row| Some(row.deduction)),
    ]);
    line.extend([sum(|row| row.advance), sum(|row| row.fine), sum(|row| Some(row.paid))]);
    line.resize(HEADER.len() + 1, Value::Nothing);
    line
}

/// The pay sheet as XLSX, with print area, repeated header and signature lines.
///
/// # Errors
/// What the workbook writer refuses, such as more rows than a sheet has.
pub fn write_xlsx(title: &str, rows: &[PayRow]) -> Result<Vec<u8>, XlsxError> {
    let mut book = new_book()?;
    let sheet = book.add_worksheet();
    sheet.set_name("工资支付表")?;
    let last = u16::try_from(HEADER.len()).unwrap_or(u16::MAX);
    let title_format = Format::new().set_bold().set_font_size(16).set_align(FormatAlign::Center);
    sheet.merge_range(0, 0, 0, last, title, &title_format)?;
    write_header(sheet)?;
    let formats = Formats::of(&boxed());
    let mut line = 3u32;
    for (seq, row) in (1usize..).zip(rows) {
        write_line(sheet, line, &values(seq, row), &formats)?;
        line = line.saturating_add(1);
    }
    write_line(sheet, line, &totals(rows), &formats)?;
    line = line.saturating_add(2);
    for (column, words) in (0u16..).step_by(4).zip(SIGNATURES) {
        sheet.write_string(line, column, words)?;
    }
    sheet.set_print_area(0, 0, line, last)?;
    sheet.set_repeat_rows(0, 2)?;
    sheet.set_freeze_panes(3, 2)?;
    sheet.set_landscape();
    sheet.set_print_fit_to_pages(1, 0);
    for (column, width) in [(3, 20.0), (15, 22.0), (16, 18.0)] {
        sheet.set_column_width(column, width)?;
    }
    book.save_to_buffer()
}

fn write_header(sheet: &mut Worksheet) -> Result<(), XlsxError> {
    let format = boxed().set_bold().set_align(FormatAlign::Center).set_align(FormatAlign::VerticalCenter);
    let mut column = 0u16;
    for group in HEADER.chunk_by(|a, b| a.0 == b.0) {
        let Some((upper, lower)) = group.first() else {
            continue;
        };
        let width = u16::try_from(group.len()).unwrap_or(1);
        if lower.is_empty() {
            sheet.merge_range(1, column, 2, column, upper, &format)?;
        } else {
            sheet.merge_range(1, column, 1, column.saturating_add(width).saturating_sub(1), upper, &format)?;
            for (place, (_, name)) in (column..).zip(group) {
                sheet.write_string_with_format(2, place, *name, &format)?;
            }
        }
        column = column.saturating_add(width);
    }
    sheet.merge_range(1, column, 2, column, NOTE, &format)?;
    Ok(())
}

fn write_line(sheet: &mut Worksheet, line: u32, values: &[Value], formats: &Formats) -> Result<(), XlsxError> {
    for (column, value) in (0u16..).zip(values) {
        put(sheet, line, column, value, formats)?;
    }
    Ok(())
}

/// The pay sheet as CSV: one header row with joined names, lines, total.
pub fn write_csv(rows: &[PayRow], encoding: TextEncoding) -> Vec<u8> {
    let joined = |(upper, lower): &(&str, &str)| if lower.is_empty() { (*upper).to_owned() } else { format!("{upper}.{lower}") };
    let names: Vec<String> = HEADER.iter().map(joined).chain([NOTE.to_owned()]).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let lines = (1usize..).zip(rows).map(|(seq, row)| values(seq, row)).chain([totals(rows)]);
    csv_table(&names, &lines.collect::<Vec<_>>(), encoding)
}
