//! SWIFT MT940 (statement) and MT942 (interim report) as banks really send them.
//!
//! Lines, not grammar: a tag begins a field, other lines continue it, unknown tags are skipped with their lines.
//! Deliberately absent: the SWIFT blocks around the text, which are cut off unread.

mod info;
mod line;

use super::bank::{Amount, Balance, Direction, Entry, Page, Problem, Problems, Reason, Statement, StatementKind, balance_fault};
use super::text::quoted;
use crate::base::Day;

/// Fields of one file.
pub const FIELDS_MAX: usize = 2_000_000;
/// Lines that continue one field.
const CONTINUATIONS_MAX: usize = 200;

/// One field with its tag and its lines.
struct Field {
    tag: String,
    lines: Vec<String>,
    at: usize,
}

impl Field {
    fn first(&self) -> &str {
        self.lines.first().map_or("", String::as_str)
    }
}

/// Whether the text is MT940 or MT942, by its tags.
pub fn format_of(text: &str) -> Option<&'static str> {
    let mut tags = text.lines().take(400).filter_map(|line| tag_of(body_of(line).0)).map(|(tag, _)| tag);
    let seen: Vec<String> = tags.by_ref().take(60).map(str::to_owned).collect();
    let has = |names: &[&str]| seen.iter().any(|tag| names.contains(&tag.as_str()));
    let strong = ["20", "25", "28C", "28", "60F", "60M", "61", "62F", "62M"].iter().filter(|tag| has(&[tag])).count();
    if strong < 2 {
        return None;
    }
    let interim = has(&["34F", "13D", "13", "90D", "90C"]) && !has(&["60F", "60M", "62F", "62M"]);
    Some(if interim { "mt942" } else { "mt940" })
}

/// Reads every statement of the text.
pub fn read(text: &str, problems: &mut Problems) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut group: Vec<Field> = Vec::new();
    let mut close = |group: &mut Vec<Field>, problems: &mut Problems| {
        if group.iter().any(|field| matches!(field.tag.as_str(), "25" | "60F" | "60M" | "61" | "62F" | "62M" | "34F")) {
            let number = statements.len() + 1;
            statements.push(statement(group, number, problems));
        }
        group.clear();
    };
    let mut open = false;
    let mut fields = 0usize;
    for (at, raw) in (1usize..).zip(text.lines()) {
        let (line, starts, ends) = body_of(raw);
        if starts {
            close(&mut group, problems);
            open = false;
        }
        if let Some((tag, rest)) = tag_of(line) {
            fields += 1;
            if fields > FIELDS_MAX {
                problems.push(
                    Problem::new(
                        format!("line {at}"),
                        Reason::OverLimit,
                        "文件行数过多，其余未读取",
                        "too many fields; the rest is not read",
                    )
                    .fix("请拆分文件", "split the file")
                    .lost(),
                );
                break;
            }
            if begins_statement(tag, &group) {
                close(&mut group, problems);
            }
            open = is_known(tag);
            if open {
                group.push(Field { tag: tag.to_owned(), lines: vec![rest.to_owned()], at });
            }
        } else if open
            && !line.trim().is_empty()
            && let Some(field) = group.last_mut().filter(|field| field.lines.len() < CONTINUATIONS_MAX)
        {
            field.lines.push(line.to_owned());
        }
        if ends {
            close(&mut group, problems);
            open = false;
        }
    }
    close(&mut group, problems);
    statements
}

/// The line without block wrappers and control bytes, and whether it starts or ends a message.
fn body_of(line: &str) -> (&str, bool, bool) {
    let line = line.trim_matches(|c: char| c.is_control() || c == '\u{FEFF}').trim_end();
    let (line, starts) = match line.find("{4:") {
        Some(at) => (line.get(at + 3..).unwrap_or_default(), true),
        None => (line, line.starts_with("{1:")),
    };
    let (line, ends) = match line.find("-}") {
        Some(0) => ("", true),
        Some(at) if line.ends_with("-}") || line.get(at + 2..).is_some_and(|rest| rest.starts_with('{')) => {
            (line.get(..at).unwrap_or_default(), true)
        }
        _ => (line, line == "-"),
    };
    if ends && line == "-" { ("", starts, true) } else { (line, starts, ends) }
}

/// A tag at the beginning of a line (`:61:`, `:NS:`) and what follows it.
fn tag_of(line: &str) -> Option<(&str, &str)> {
    let (tag, rest) = line.strip_prefix(':')?.split_once(':')?;
    let fits = (2..=3).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    fits.then_some((tag, rest))
}

fn is_known(tag: &str) -> bool {
    matches!(
        tag,
        "20" | "21"
            | "25"
            | "25P"
            | "28"
            | "28C"
            | "60F"
            | "60M"
            | "61"
            | "86"
            | "62F"
            | "62M"
            | "64"
            | "65"
            | "34F"
            | "13"
            | "13D"
            | "90D"
            | "90C"
    )
}

/// `:20:` begins a statement; without it, an account or opening balance after a closing one does.
fn begins_statement(tag: &str, group: &[Field]) -> bool {
    let has = |names: &[&str]| group.iter().any(|field| names.contains(&field.tag.as_str()));
    match tag {
        "20" => !group.is_empty(),
        "25" | "25P" => has(&["25", "25P", "62F", "62M", "61"]),
        "28" | "28C" => has(&["28", "28C", "62F", "62M"]),
        "60F" | "60M" => has(&["60F", "60M", "62F", "62M"]),
        _ => false,
    }
}

fn statement(fields: &[Field], number: usize, problems: &mut Problems) -> Statement {
    let interim = !fields.iter().any(|f| matches!(f.tag.as_str(), "60F" | "60M" | "62F" | "62M"))
        && fields.iter().any(|f| matches!(f.tag.as_str(), "34F" | "13" | "13D" | "90D" | "90C"));
    let place = format!("statement {number}");
    let mut statement =
        Statement { kind: if interim { StatementKind::Report } else { StatementKind::Statement }, ..Statement::default() };
    let mut sums: Vec<(Direction, &Field)> = Vec::new();
    let mut after_entry = false;
    for field in fields {
        let here = format!("line {}", field.at);
        match field.tag.as_str() {
            "20" => statement.id = some(field.first()),
            "25" | "25P" => set_account(&mut statement, field.first()),
            "28" | "28C" => set_number(&mut statement, field.first()),
            "60F" | "60M" | "62F" | "62M" | "64" | "65" => balance(&mut statement, field, &here, problems),
            "34F" => {
                let code: String = field.first().chars().take(3).collect();
                if is_currency(&code) {
                    statement.currency.get_or_insert(code);
                }
            }
            "13" | "13D" => statement.to = field.first().get(..6).and_then(short_day),
            "90D" => sums.push((Direction::Debit, field)),
            "90C" => sums.push((Direction::Credit, field)),
            "61" => {
                if let Some(entry) = line::entry(&field.lines, &here, problems) {
                    statement.entries.push(entry);
                    after_entry = true;
                    continue;
                }
            }
            "86" if after_entry => {
                if let Some(entry) = statement.entries.last_mut() {
                    info::add(entry, &field.lines);
                }
                continue;
            }
            _ => {}
        }
        after_entry = false;
    }
    finish(&mut statement, &place, &sums, number, problems);
    statement
}

fn some(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn is_currency(code: &str) -> bool {
    code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase())
}

/// `:25:` is an account, or bank/account, now and then with a currency behind it.
fn set_account(statement: &mut Statement, text: &str) {
    let mut text = text.trim();
    if let Some((head, code)) = text.rsplit_once(' ')
        && is_currency(code)
    {
        statement.currency = Some(code.to_owned());
        text = head.trim();
    }
    let account = text.rsplit('/').next().unwrap_or(text).trim();
    // `6222…CNY` glued together: only digits before the code make it one.
    let cut = account.len().saturating_sub(3);
    let glued = account.get(cut..).filter(|code| is_currency(code)).zip(account.get(..cut));
    let account = match glued {
        Some((code, digits)) if digits.len() >= 5 && digits.bytes().all(|b| b.is_ascii_digit()) => {
            statement.currency = Some(code.to_owned());
            digits
        }
        _ => account,
    };
    statement.account = some(account);
}

fn set_number(statement: &mut Statement, text: &str) {
    let (sequence, page) = text.trim().split_once('/').unwrap_or((text.trim(), ""));
    statement.sequence = sequence.trim().parse().ok();
    statement.page = page.trim().parse().ok().map(|number| Page { number, last: None });
}

/// A day written YYMMDD.
fn short_day(text: &str) -> Option<Day> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<u32>().ok();
    let year = i32::try_from(number(0..2)?).ok()?;
    // Two digits of a year: statements are of this century, except in old archives.
    let year = if year >= 80 { 1900 + year } else { 2000 + year };
    Day::of(year, number(2..4)?, number(4..6)?)
}

/// An amount with a decimal comma; tolerates none, a trailing one, a point instead, and points between thousands.
fn amount_of(text: &str) -> Option<Amount> {
    let text = text.trim();
    let plain = match (text.contains(','), text.matches('.').count()) {
        (true, _) => text.replace('.', "").replace(',', "."),
        (false, 0 | 1) => text.to_owned(),
        (false, _) => return None,
    };
    (!plain.starts_with(['-', '+'])).then(|| Amount::parse(&plain)).flatten()
}

fn balance(statement: &mut Statement, field: &Field, place: &str, problems: &mut Problems) {
    let kind = match field.tag.as_str() {
        "60F" => "OPBD",
        "62F" => "CLBD",
        "64" => "CLAV",
        "65" => "FWAV",
        _ => "ITBD",
    };
    let text = field.first().trim();
    let read = || {
        let sign = text.chars().next()?;
        let day = text.get(1..7).and_then(short_day);
        let code = text.get(7..10).filter(|code| is_currency(code))?;
        let amount = amount_of(text.get(10..)?)?;
        let amount = match sign {
            'D' => amount.negated(),
            'C' => amount,
            _ => return None,
        };
        Some(Balance { kind: kind.to_owned(), amount, currency: Some(code.to_owned()), on: day })
    };
    let Some(found) = read() else {
        let tag = &field.tag;
        problems.push(
            Problem::new(
                place,
                Reason::BadFormat,
                format!("余额 :{tag}: `{}` 无法识别", quoted(text, 40)),
                format!("balance :{tag}: `{}` cannot be read", quoted(text, 40)),
            )
            .fix("应形如 C260302CNY1234,56", "it looks like C260302CNY1234,56"),
        );
        return;
    };
    if found.on.is_none() {
        problems.push(Problem::new(
            place,
            Reason::BadTime,
            format!("余额日期 `{}` 无效", quoted(text, 12)),
            format!("the day of the balance in `{}` does not exist", quoted(text, 12)),
        ));
    }
    match field.tag.as_str() {
        "60F" | "60M" => {
            statement.opening = Some(found.amount);
            statement.from = found.on;
        }
        "62F" | "62M" => {
            statement.closing = Some(found.amount);
            statement.to = found.on;
        }
        _ => {}
    }
    statement.currency.get_or_insert_with(|| found.currency.clone().unwrap_or_default());
    statement.balances.push(found);
}

fn finish(statement: &mut Statement, place: &str, sums: &[(Direction, &Field)], number: usize, problems: &mut Problems) {
    if statement.id.is_none() {
        let account = statement.account.as_deref().unwrap_or("?");
        let day = statement.to.or(statement.from).map_or_else(|| "?".to_owned(), |day| day.to_string());
        statement.id = Some(format!("{account}-{day}-{number}"));
        problems.push(
            Problem::new(place, Reason::MissingField, "缺少 :20:，已自动编号", ":20: is missing; an id was made")
                .fix("重复上传时按文件内容识别", "a repeated upload is told by the file's content"),
        );
    }
    if statement.kind == StatementKind::Statement && (statement.opening.is_none() || statement.closing.is_none()) {
        problems.push(
            Problem::new(
                place,
                Reason::MissingField,
                "缺少期初或期末余额，未核对余额",
                "the opening or closing balance is missing; balances are not checked",
            )
            .fix("请向银行索取完整对账单", "ask the bank for the whole statement"),
        );
    }
    for entry in &mut statement.entries {
        entry.currency = statement.currency.clone();
        for detail in &mut entry.details {
            detail.currency.clone_from(&entry.currency);
        }
    }
    problems.extend(balance_fault(statement, place));
    for (direction, field) in sums {
        problems.extend(sum_fault(&statement.entries, *direction, field));
    }
}

/// `:90D:`/`:90C:`: number, currency and sum of the entries of one direction.
fn sum_fault(entries: &[Entry], direction: Direction, field: &Field) -> Option<Problem> {
    let text = field.first().trim();
    let letters = text.find(|c: char| !c.is_ascii_digit())?;
    let (count, rest) = text.split_at(letters);
    let sum = amount_of(rest.get(3..)?)?;
    let of_direction: Vec<Amount> =
        entries.iter().filter(|entry| entry.direction == direction).map(|entry| entry.amount).collect();
    let holds = count.parse() == Ok(of_direction.len()) && Amount::total(of_direction) == Some(sum);
    (!holds).then(|| {
        Problem::new(
            format!("line {}", field.at),
            Reason::SumMismatch,
            format!("汇总 :{}: 与明细不符", field.tag),
            format!("the summary :{}: differs from the entries", field.tag),
        )
        .fix("文件可能不完整", "the file may be incomplete")
    })
}

#[cfg(test)]
mod tests;
