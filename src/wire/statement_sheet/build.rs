//! From rows to statements: signs, totals, and the running balance in whichever order the rows come.

use std::collections::BTreeMap;

use super::columns::{Field, Mapping};
use super::grid::{Grid, Row, letters};
use super::rows::{self, Movement, RowKind};
use super::title;
use crate::wire::bank::{Amount, Detail, Direction, Entry, EntryStatus, Problem, Problems, Reason, Statement, StatementKind};
use crate::wire::text::clip;

/// Movements in the order of the file; the flag says that a refused row stands before one.
type Rows = Vec<(Movement, bool)>;

/// Reads the rows below the header; one statement for each own account named.
pub fn statements(grid: &Grid, mapping: &Mapping, problems: &mut Problems) -> Vec<Statement> {
    for (name, first, second) in &mapping.repeated {
        problems.push(
            Problem::new(
                format!("row {}", mapping.header_row),
                Reason::BadFormat,
                format!("列名 `{name}` 重复（{} 列与 {} 列），采用前者", letters(*first), letters(*second)),
                format!("column `{name}` stands twice ({} and {}); the first is used", letters(*first), letters(*second)),
            )
            .fix("请用列映射向导确认", "confirm the columns with the mapping wizard"),
        );
    }
    let above = grid.rows.iter().take_while(|row| row.number < mapping.header_row);
    let title = title::read(above);
    let mut movements: Rows = Vec::new();
    let mut opening = None;
    let mut refused_before = false;
    let mut refused_any = false;
    let mut below = grid.rows.iter().filter(|row| row.number > mapping.header_row);
    for row in below.by_ref() {
        match rows::read(row, mapping, grid.epoch_1904, problems) {
            RowKind::Movement(movement) => {
                movements.push((*movement, refused_before));
                refused_before = false;
            }
            RowKind::Refused => (refused_before, refused_any) = (true, true),
            RowKind::Opening(balance) if movements.is_empty() => opening = Some(balance),
            RowKind::Total { credit, debit } => {
                let place = format!("row {}", row.number);
                if !refused_any {
                    problems.extend(total_fault(&movements, credit, debit, &place));
                }
                break;
            }
            RowKind::Opening(_) | RowKind::Noise => {}
        }
    }
    problems.extend(behind_total(below, mapping, grid.epoch_1904));
    settle_signs(&mut movements);
    own_account_everywhere(&mut movements, title.account.as_deref());
    let mut places: BTreeMap<Option<String>, usize> = BTreeMap::new();
    let mut by_account: Vec<(Option<String>, Rows)> = Vec::new();
    for (movement, cut) in movements {
        let account = movement.own_account.clone();
        let place = *places.entry(account.clone()).or_insert(by_account.len());
        if place == by_account.len() {
            by_account.push((account, Rows::new()));
        }
        if let Some((_, rows)) = by_account.get_mut(place) {
            rows.push((movement, cut));
        }
    }
    if by_account.is_empty() {
        by_account.push((None, Rows::new()));
    }
    let in_yuan = mapping.columns.iter().any(|column| {
        matches!(column.field, Field::Amount | Field::Credit | Field::Debit | Field::Balance) && column.name.contains('元')
    });
    by_account
        .into_iter()
        .map(|(account, movements)| {
            let mut statement = Statement {
                kind: StatementKind::Sheet,
                account: account.or_else(|| title.account.clone()),
                owner: title.owner.clone(),
                currency: title.currency.or(in_yuan.then_some("CNY")).map(str::to_owned),
                from: title.period.map(|period| period.0),
                to: title.period.map(|period| period.1),
                opening,
                ..Statement::default()
            };
            fill(&mut statement, movements, mapping, problems);
            statement
        })
        .collect()
}

/// Rows behind the totals row that look like movements: they are not read, since nobody knows what they are, and not passed over silently.
fn behind_total<'a>(rows: impl Iterator<Item = &'a Row>, mapping: &Mapping, epoch_1904: bool) -> Option<Problem> {
    let mut unread = Problems::default();
    let is_movement =
        |row: &&Row| matches!(rows::read(row, mapping, epoch_1904, &mut unread), RowKind::Movement(_) | RowKind::Refused);
    let behind: Vec<&Row> = rows.filter(is_movement).collect();
    let first = behind.first()?;
    let count = behind.len();
    let problem = Problem::new(
        format!("row {}", first.number),
        Reason::BadFormat,
        format!("合计行之后还有 {count} 行明细未读取"),
        format!("{count} rows of movements lie behind the totals row and were not read"),
    );
    Some(problem.fix("删去中间的合计行，或请银行重新导出", "take the totals row out, or have the bank export again").lost())
}

/// A column `账号` that repeats the title's account in every row names the own account, not the other side's.
fn own_account_everywhere(movements: &mut Rows, own: Option<&str>) {
    let repeats =
        |(movement, _): &(Movement, bool)| movement.counterparty_account.as_deref() == own && movement.own_account.is_none();
    if own.is_some() && movements.iter().all(repeats) {
        for (movement, _) in movements {
            movement.own_account = movement.counterparty_account.take();
        }
    }
}

/// The totals row against the rows above it, as far as it has columns for both directions.
fn total_fault(movements: &[(Movement, bool)], credit: Option<Amount>, debit: Option<Amount>, place: &str) -> Option<Problem> {
    let sum = |direction: Direction| {
        Amount::total(movements.iter().filter(|(m, _)| m.direction == Some(direction)).map(|(m, _)| m.amount))
    };
    let differs = |stated: Option<Amount>, direction: Direction| {
        let stated = stated.filter(|stated| !stated.is_zero())?;
        let read = sum(direction)?;
        (stated.unsigned() != read.unsigned()).then_some((stated, read))
    };
    let (stated, read) = differs(credit, Direction::Credit).or_else(|| differs(debit, Direction::Debit))?;
    Some(
        Problem::new(
            place,
            Reason::SumMismatch,
            format!("合计行为 {stated}，逐行相加为 {read}"),
            format!("the totals row says {stated}, the rows add up to {read}"),
        )
        .fix("文件可能不完整，请重新导出", "the file may be incomplete; export it again"),
    )
}

/// Words by which banks mark an entry that takes an earlier one back.
const RED_WORDS: [&str; 6] = ["红字", "红冲", "冲正", "冲销", "冲账", "抹账"];

/// Decides what a minus means. A single unmarked amount: money out. In a column of its own direction: what the running balance beside it
/// says, else a red entry where its words say so, else only the writing if every such amount of money out has it. Money in is never written
/// with a minus: there it takes something back.
fn settle_signs(movements: &mut [(Movement, bool)]) {
    let told: Vec<Option<bool>> = (0..movements.len())
        .map(|at| {
            let (movement, _) = movements.get(at).filter(|(movement, _)| movement.amount.is_negative())?;
            let words = movement.text.iter().chain(&movement.note);
            let says_red = words.into_iter().any(|text| RED_WORDS.iter().any(|word| text.contains(word)));
            red_by_balance(movements, at).or(says_red.then_some(true))
        })
        .collect();
    for direction in [Direction::Credit, Direction::Debit] {
        let own = |m: &Movement| m.direction == Some(direction);
        let mut open = movements.iter().zip(&told).filter(|((m, _), told)| own(m) && told.is_none());
        let all_negative = direction == Direction::Debit && open.all(|((m, _), _)| m.amount.is_negative());
        for ((movement, _), told) in movements.iter_mut().zip(&told).filter(|((m, _), _)| own(m)) {
            if *told == Some(false) || told.is_none() && all_negative {
                movement.amount = movement.amount.unsigned();
            }
        }
    }
}

/// Whether a negative amount in a column of its own direction is a red entry, by the balances of the rows beside it, whichever way the
/// rows run; `None` where they do not say it.
fn red_by_balance(movements: &[(Movement, bool)], at: usize) -> Option<bool> {
    let (movement, _) = movements.get(at)?;
    let (direction, balance) = (movement.direction?, movement.balance?);
    let size = movement.amount.unsigned();
    let as_written = if direction == Direction::Credit { size } else { size.negated() };
    let beside = [at.checked_sub(1), at.checked_add(1)].into_iter().flatten();
    let beside: Vec<Amount> = beside.filter_map(|at| movements.get(at)?.0.balance).collect();
    let fits = |moved: Amount| beside.iter().any(|before| before.plus(moved) == Some(balance));
    match (fits(as_written), fits(as_written.negated())) {
        (true, false) => Some(false),
        (false, true) => Some(true),
        _ => None,
    }
}

fn fill(statement: &mut Statement, movements: Rows, mapping: &Mapping, problems: &mut Problems) {
    let mut cuts = Vec::new();
    for (movement, cut) in movements {
        statement.entries.push(entry(movement));
        cuts.push(cut);
    }
    if statement.currency.is_none() {
        statement.currency = statement.entries.iter().find_map(|entry| entry.currency.clone());
    }
    for entry in &mut statement.entries {
        entry.currency = entry.currency.take().or_else(|| statement.currency.clone());
        for detail in &mut entry.details {
            detail.currency.clone_from(&entry.currency);
        }
    }
    chain(statement, &cuts, mapping, problems);
}

fn entry(movement: Movement) -> Entry {
    let marked = movement.direction;
    let negative = movement.amount.is_negative();
    let direction = match (marked, negative) {
        (Some(direction), false) => direction,
        (Some(direction), true) => direction.turned(),
        (None, false) => Direction::Credit,
        (None, true) => Direction::Debit,
    };
    let amount = movement.amount.unsigned();
    let (bank_ref, entry_ref) = match (movement.reference, movement.voucher) {
        (Some(reference), voucher) => (Some(reference), voucher),
        (None, voucher) => (voucher, None),
    };
    let text = movement.text.clone().or_else(|| movement.note.clone());
    let returned = direction == Direction::Credit && text.as_deref().is_some_and(crate::wire::bank::says_returned);
    Entry {
        booked_on: Some(movement.booked_on),
        value_on: movement.value_on,
        amount,
        currency: movement.currency.clone(),
        direction,
        status: EntryStatus::Booked,
        // A red entry in a marked column takes an earlier one back.
        reversal: marked.is_some() && negative,
        bank_ref: bank_ref.clone(),
        entry_ref,
        text: text.clone(),
        balance: movement.balance,
        place: format!("row {}", movement.row),
        details: vec![Detail {
            amount: Some(amount),
            currency: movement.currency,
            direction,
            counterparty: movement.counterparty,
            counterparty_account: movement.counterparty_account,
            returned,
            text: movement.note.or(text),
            bank_ref,
            ..Detail::default()
        }],
        ..Entry::default()
    }
}

/// Opening and closing from the running balance, and its breaks, oldest first or newest first.
fn chain(statement: &mut Statement, cuts: &[bool], mapping: &Mapping, problems: &mut Problems) {
    let column =
        mapping.column(Field::Balance).map(|column| format!(", column {} ({})", letters(column), clip(mapping.name(column), 20)));
    let column = column.unwrap_or_default();
    let entries = &statement.entries;
    let links: Vec<(&Entry, &Entry)> = entries
        .iter()
        .zip(entries.iter().skip(1))
        .zip(cuts.iter().skip(1))
        .filter(|(_, cut)| !**cut)
        .map(|(pair, _)| pair)
        .collect();
    let follows = |before: &Entry, after: &Entry| Some(before.balance?.plus(after.signed())? == after.balance?);
    let holds = |newest_first: bool| {
        let link =
            |(first, second): &&(&Entry, &Entry)| if newest_first { follows(second, first) } else { follows(first, second) };
        links.iter().filter(|pair| link(pair) == Some(true)).count()
    };
    let (rising, falling) = (holds(false), holds(true));
    let dates_fall = entries.first().map(|entry| entry.booked_on) > entries.last().map(|entry| entry.booked_on);
    let newest_first = falling > rising || falling == rising && dates_fall;
    for (first, second) in &links {
        let (before, after) = if newest_first { (second, first) } else { (first, second) };
        if follows(before, after) == Some(false) {
            problems.push(
                Problem::new(
                    format!("{}{column}", after.place),
                    Reason::BalanceBreak,
                    "余额与上一笔余额加本笔发生额不符",
                    "the balance is not the one before plus this entry",
                )
                .fix("可能缺行或筛选过，请导出完整明细", "rows may be missing or filtered; export all of them"),
            );
        }
    }
    let (oldest, newest) = if newest_first { (entries.last(), entries.first()) } else { (entries.first(), entries.last()) };
    let before = oldest.and_then(|entry| entry.balance?.plus(entry.signed().negated()));
    let stated = statement.opening;
    let closing = newest.and_then(|entry| entry.balance);
    if let (Some(stated), Some(before)) = (stated, before)
        && stated != before
    {
        problems.push(Problem::new(
            "sheet",
            Reason::BalanceBreak,
            format!("期初余额 {stated} 与首笔推算的 {before} 不符"),
            format!("the opening balance {stated} differs from {before} before the first entry"),
        ));
    }
    statement.opening = stated.or(before);
    statement.closing = closing;
}
