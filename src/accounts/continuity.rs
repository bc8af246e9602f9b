//! Whether a bank's statements chain: numbers, pages and balances from one to the next, and the balance that follows from them.
//!
//! Faults are computed from the statements that stand, so a late statement closes the gap that its absence opened.

use serde::Serialize;
use utoipa::ToSchema;

use super::table::{self, AccountRow, StatementRow};
use super::{StatementKind, sums};
use crate::base::id::StatementId;
use crate::base::money::TooMuch;
use crate::base::{Day, Fen};
use crate::store::{AnyConn, StoreError};
use crate::web::Problem;

/// Statements that are looked at; thirty years of daily ones.
pub(super) const STATEMENTS_MAX: i64 = 12_000;

/// A statement's own name: the bank's id, running number and page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StatementRef {
    /// `Stmt/Id` or `:20:`, empty where there is none.
    pub id: String,
    /// Running number.
    pub sequence: Option<i64>,
    /// Page, where a statement comes in several.
    pub page: Option<i64>,
}

/// The longest id of a statement that is kept; ISO 20022 has 35.
const ID_MAX: usize = 70;

impl StatementRef {
    /// As stored: `id/sequence/page`, empty for a statement without any name.
    pub fn text(&self) -> String {
        if *self == Self::default() {
            return String::new();
        }
        let number = |value: Option<i64>| value.map_or(String::new(), |value| value.to_string());
        let id: String = self.id.chars().take(ID_MAX).collect();
        format!("{id}/{}/{}", number(self.sequence), number(self.page))
    }

    /// Reads what [`StatementRef::text`] wrote; other text has no number and no page.
    pub fn of(text: &str) -> Self {
        let mut parts = text.rsplitn(3, '/');
        let (page, sequence, id) = (parts.next(), parts.next(), parts.next());
        let number = |part: Option<&str>| part.and_then(|part| part.parse().ok());
        StatementRef { id: id.unwrap_or_default().to_owned(), sequence: number(sequence), page: number(page) }
    }

    /// Whether both are pages of one statement.
    pub fn is_other_page_of(&self, other: &Self) -> bool {
        self.id == other.id && self.sequence == other.sequence && self.page != other.page
    }

    fn is_same_statement(&self, other: &Self) -> bool {
        match (self.sequence, other.sequence) {
            (Some(one), Some(two)) => one == two && (self.id == other.id || self.page != other.page),
            _ => !self.id.is_empty() && self.id == other.id,
        }
    }
}

/// A break between two statements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChainFault {
    /// The later statement.
    pub statement_id: StatementId,
    /// Last day of the later statement.
    pub on: Option<Day>,
    /// `gap` or `balance_break`.
    pub reason: String,
    /// What is wrong and how to mend it, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// One statement of the bank's ledger with all its pages.
struct Whole {
    last: StatementId,
    name: StatementRef,
    from_on: Option<Day>,
    to_on: Option<Day>,
    /// The last day on which a page of it came.
    came_on: Day,
    opening: Option<Fen>,
    closing: Option<Fen>,
    /// The page that was put to it last.
    page: Option<i64>,
    /// Closing balances that earlier tellings of the same page gave: the next statement may go on from either.
    other_closings: Vec<Fen>,
}

impl Whole {
    /// Whether a statement is a copy of this one, maybe under an id of its own: the same number, page and day, and no other balances.
    /// Without a number both balances must say so.
    fn is_repeated_by(&self, name: &StatementRef, row: &StatementRow) -> bool {
        let same_balances = self.opening.is_some() && self.closing.is_some();
        let agree = |one: Option<Fen>, two: Option<Fen>| one.zip(two).is_none_or(|(one, two)| one == two);
        name.sequence == self.name.sequence
            && name.page == self.name.page
            && row.to_on.is_some()
            && row.to_on == self.to_on
            && agree(self.opening, row.opening_fen)
            && agree(self.closing, row.closing_fen)
            && (name.sequence.is_some() || same_balances && row.opening_fen.is_some() && row.closing_fen.is_some())
    }
}

/// The bank's ledger statements in the order of their days, pages put together, repeats left out.
fn wholes(rows: Vec<StatementRow>) -> Vec<Whole> {
    let mut rows: Vec<(StatementRef, StatementRow)> = rows
        .into_iter()
        .filter(|row| row.kind == StatementKind::Statement)
        .map(|row| (StatementRef::of(&row.statement_ref), row))
        .collect();
    rows.sort_by_key(|(name, row)| (row.to_on, name.sequence, name.page, row.id));
    let mut wholes: Vec<Whole> = Vec::new();
    for (name, row) in rows {
        if let Some(last) = wholes.last_mut()
            && (name.is_same_statement(&last.name) || last.is_repeated_by(&name, &row))
        {
            if last.page == name.page && row.closing_fen.is_some() && row.closing_fen != last.closing {
                last.other_closings.extend(last.closing);
            }
            last.page = name.page;
            last.last = row.id;
            last.from_on = last.from_on.into_iter().chain(row.from_on).min();
            last.to_on = last.to_on.max(row.to_on);
            last.came_on = last.came_on.max(row.received_at.day());
            last.opening = last.opening.or(row.opening_fen);
            last.closing = row.closing_fen.or(last.closing);
            continue;
        }
        let StatementRow { id, from_on, to_on, opening_fen, closing_fen, received_at, .. } = row;
        let came_on = received_at.day();
        let (page, opening, closing) = (name.page, opening_fen, closing_fen);
        wholes.push(Whole { last: id, name, from_on, to_on, came_on, opening, closing, page, other_closings: Vec::new() });
    }
    wholes
}

/// The statement of which a marked copy is one, where it is on record: of the same number and page in the year, else of the same days.
/// A copy that comes without its original stands for it.
pub fn original_of(
    conn: &mut AnyConn,
    account: &AccountRow,
    kind: StatementKind,
    name: &StatementRef,
    (from_on, to_on): (Option<Day>, Option<Day>),
) -> Result<Option<StatementRow>, StoreError> {
    let is_it = |row: &StatementRow| {
        let own = StatementRef::of(&row.statement_ref);
        let is_same = match (name.sequence, own.sequence) {
            (Some(one), Some(two)) => one == two && row.to_on.map(Day::year) == to_on.map(Day::year),
            _ => to_on.is_some() && row.to_on == to_on && row.from_on == from_on,
        };
        row.kind == kind && own.page == name.page && is_same
    };
    Ok(table::standing_statements(conn, account, STATEMENTS_MAX)?.into_iter().filter(is_it).min_by_key(|row| row.id))
}

/// The days of which the bank's ledger has told everything: spans of whole statements with both balances. One that came on its own last day
/// may be followed by another of that day.
pub fn told_spans(conn: &mut AnyConn, account: &AccountRow) -> Result<Vec<(Day, Day)>, StoreError> {
    let wholes = wholes(table::standing_statements(conn, account, STATEMENTS_MAX)?);
    let last_to = wholes.iter().filter_map(|whole| whole.to_on).max();
    let told = wholes.iter().filter(|whole| whole.opening.is_some() && whole.closing.is_some());
    let closed = told.filter(|whole| whole.to_on.is_some_and(|day| day < whole.came_on) || whole.to_on < last_to);
    Ok(closed.filter_map(|whole| Some((whole.from_on.or(whole.to_on)?, whole.to_on?))).collect())
}

/// Breaks between the statements that stand.
pub fn faults(conn: &mut AnyConn, account: &AccountRow) -> Result<Vec<ChainFault>, StoreError> {
    let rows = table::standing_statements(conn, account, STATEMENTS_MAX)?;
    Ok(faults_among(rows))
}

/// The last day up to which the bank's word covers an account without a break: what came in or went out by then is on record, what did
/// later is not known. A word of the bank on its balance that agrees with what is booked reaches as far. An account that is fed by notices
/// of single entries alone is covered as far as they go. `None` where the bank has said nothing.
pub fn covered_until(conn: &mut AnyConn, account: &AccountRow, as_of: Day) -> Result<Option<Day>, StoreError> {
    let covered = covered_among(table::standing_statements(conn, account, STATEMENTS_MAX)?, as_of);
    let word = super::words::table::last_balance(conn, account, as_of)?.filter(|word| !word.differs);
    Ok(covered.max(word.map(|word| word.about_on)))
}

fn covered_among(rows: Vec<StatementRow>, as_of: Day) -> Option<Day> {
    let begun = |row: &StatementRow| row.from_on.or(row.to_on).is_some_and(|day| day <= as_of);
    let rows: Vec<StatementRow> = rows.into_iter().filter(begun).collect();
    let last = |kind: fn(StatementKind) -> bool| rows.iter().filter(|row| kind(row.kind)).filter_map(|row| row.to_on).max();
    let sheets = last(|kind| kind == StatementKind::Sheet);
    let notices = last(|kind| !kind.is_ledger());
    let mut sheet_spans: Vec<(Day, Day)> = rows
        .iter()
        .filter(|row| row.kind == StatementKind::Sheet)
        .filter_map(|row| Some((row.from_on.or(row.to_on)?, row.to_on?)))
        .collect();
    let wholes = wholes(rows);
    let pairs = || wholes.iter().zip(wholes.iter().skip(1));
    let covered = match pairs().position(|(before, after)| jump(before, after).is_some() || unlike(before, after).is_some()) {
        None => wholes.iter().filter_map(|whole| whole.to_on).max().max(sheets),
        Some(place) => {
            // A sheet that begins before the break, or on the day after it, tells what lies in it.
            let mut covered = wholes.iter().take(place.saturating_add(1)).filter_map(|whole| whole.to_on).max();
            sheet_spans.sort_unstable();
            for (from, to) in sheet_spans {
                covered = covered.map(|day| if from <= day.plus_days(1) { day.max(to) } else { day });
            }
            covered
        }
    };
    covered.or(notices).map(|day| day.min(as_of))
}

/// The numbers of two statements that follow one another and do not chain.
fn jump(before: &Whole, after: &Whole) -> Option<(i64, i64)> {
    let years_differ = before.to_on.map(Day::year) != after.to_on.map(Day::year);
    // Numbers begin again with the year.
    let follows = |one: i64, two: i64| Some(two) == one.checked_add(1) || two == 1 && years_differ;
    before.name.sequence.zip(after.name.sequence).filter(|(one, two)| !follows(*one, *two))
}

/// The closing and the opening balance of two statements that follow one another, where they differ.
fn unlike(before: &Whole, after: &Whole) -> Option<(Fen, Fen)> {
    let goes_on = |closing: Fen, opening: Fen| closing == opening || before.other_closings.contains(&opening);
    before.closing.zip(after.opening).filter(|(closing, opening)| !goes_on(*closing, *opening))
}

fn faults_among(rows: Vec<StatementRow>) -> Vec<ChainFault> {
    let wholes = wholes(rows);
    let mut faults = Vec::new();
    for (before, after) in wholes.iter().zip(wholes.iter().skip(1)) {
        let fault = |reason: &str, zh: String, en: String| ChainFault {
            statement_id: after.last,
            on: after.to_on,
            reason: reason.to_owned(),
            zh,
            en,
        };
        if let Some((one, two)) = jump(before, after) {
            faults.push(fault(
                "gap",
                format!("对账单序号从 {one} 跳到 {two}，请补传缺失的对账单。"),
                format!("Statement numbers jump from {one} to {two}; hand in the missing one."),
            ));
        }
        if let Some((closing, opening)) = unlike(before, after) {
            faults.push(fault(
                "balance_break",
                format!("期初余额 {opening} 与上一份期末余额 {closing} 不符，请补传缺失的对账单。"),
                format!("Opening {opening} differs from the closing {closing} before; hand in the missing statement."),
            ));
        }
    }
    faults
}

/// What the bank says of a balance, and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalanceWord {
    /// Balance at the end of the day: the last closing that the bank gave and what was booked after it; `None` without anything to go by.
    pub balance: Option<Fen>,
    /// Last day of the last ledger statement.
    pub last_statement_on: Option<Day>,
    /// The last closing less opening and booked entries up to it; nothing where all is in order.
    pub mismatch: Option<Fen>,
    /// What stood on the account and was never booked here: the first opening balance that the bank gave, less what was booked before it.
    pub opening: Fen,
    /// The day from which entries move the balance that the first opening balance states; what was booked before is in that balance.
    pub opened_from: Option<Day>,
    /// The last closing that the bank gave, with its day.
    pub closing: Option<(Day, Fen)>,
}

/// What of the first opening balance was never booked here, by what was booked before it; and whether that balance holds all of it. An
/// opening balance that is less lacks money: that is no money from before but a difference.
fn never_booked(opening: Fen, booked_before: Fen) -> Result<(Fen, bool), TooMuch> {
    let (rest, least) = (opening.minus(booked_before)?, opening.min(Fen::ZERO));
    Ok((rest.max(least), rest >= least))
}

/// The balance of an account at the end of a day.
pub fn balance_on(conn: &mut AnyConn, account: &AccountRow, as_of: Day) -> Result<BalanceWord, Problem> {
    let rows = table::standing_statements(conn, account, STATEMENTS_MAX)?;
    let rows: Vec<StatementRow> =
        rows.into_iter().filter(|row| row.kind.is_ledger() && row.to_on.is_some_and(|day| day <= as_of)).collect();
    let last_statement_on = rows.iter().filter_map(|row| row.to_on).max();
    let with_closing = rows.iter().filter_map(|row| Some((row.to_on?, row.id, row.closing_fen?)));
    let last = with_closing.max_by_key(|(day, id, _)| (*day, *id));
    let with_opening = rows.iter().filter_map(|row| Some((row.from_on.or(row.to_on)?, row.id, row.opening_fen?)));
    let first = with_opening.min_by_key(|(day, id, _)| (*day, *id));
    let (first, opened_from) = match first {
        Some((day, id, opening)) => {
            let (rest, holds) = never_booked(opening, sums::table::moved_before(conn, account, day, id)?)?;
            (rest, Some(day).filter(|_| holds))
        }
        None => (Fen::ZERO, None),
    };
    let Some((day, _, closing)) = last else {
        let booked = table::moved(conn, account, None, as_of)?;
        let anything = booked != Fen::ZERO || last_statement_on.is_some();
        let balance = if anything { Some(first.plus(booked)?) } else { None };
        return Ok(BalanceWord { balance, last_statement_on, mismatch: None, opening: first, opened_from, closing: None });
    };
    let booked = table::moved(conn, account, None, day)?;
    let mismatch = closing.minus(first.plus(booked)?)?;
    let balance = Some(closing.plus(table::moved(conn, account, Some(day), as_of)?)?);
    let mismatch = Some(mismatch).filter(|amount| *amount != Fen::ZERO);
    Ok(BalanceWord { balance, last_statement_on, mismatch, opening: first, opened_from, closing: Some((day, closing)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Moment;
    use crate::base::id::{AccountId, InboxId, ProjectId};

    fn row(id: i64, name: &str, to_on: &str, opening: Option<i64>, closing: Option<i64>) -> StatementRow {
        StatementRow {
            project_id: ProjectId(1),
            id: StatementId(id),
            account_id: AccountId(1),
            inbox_id: InboxId(1),
            format: "camt.053".to_owned(),
            kind: StatementKind::Statement,
            statement_ref: name.to_owned(),
            from_on: None,
            to_on: to_on.parse().ok(),
            opening_fen: opening.map(Fen),
            closing_fen: closing.map(Fen),
            entries: 0,
            duplicates: 0,
            problems: "[]".to_owned(),
            received_at: Moment(0),
            recorded_seq: 1,
        }
    }

    fn reasons(rows: Vec<StatementRow>) -> Vec<String> {
        faults_among(rows).into_iter().map(|fault| fault.reason).collect()
    }

    #[test]
    fn names_survive_the_way_through_the_database() {
        for name in [
            StatementRef { id: "A/B/1".to_owned(), sequence: Some(7), page: None },
            StatementRef { id: String::new(), sequence: Some(7), page: Some(2) },
            StatementRef { id: "X".to_owned(), sequence: None, page: None },
            StatementRef::default(),
        ] {
            assert_eq!(StatementRef::of(&name.text()), name);
        }
    }

    #[test]
    fn a_late_statement_closes_the_gap_that_its_absence_opened() {
        let first = row(1, "S1/1/", "2026-03-01", Some(0), Some(100));
        let second = row(3, "S2/2/", "2026-03-02", Some(100), Some(50));
        let third = row(2, "S3/3/", "2026-03-03", Some(50), Some(70));
        assert_eq!(reasons(vec![first.clone(), third.clone()]), ["gap", "balance_break"]);
        assert!(reasons(vec![first, third, second]).is_empty(), "in whichever order they came");
    }

    #[test]
    fn what_the_bank_has_told_reaches_to_the_first_break() {
        let first = row(1, "S1/1/", "2026-03-01", Some(0), Some(100));
        let second = row(3, "S2/2/", "2026-03-02", Some(100), Some(50));
        let third = row(2, "S3/3/", "2026-03-03", Some(50), Some(70));
        let until = |rows: Vec<StatementRow>, as_of: &str| {
            covered_among(rows, as_of.parse().unwrap()).map(|day| day.to_string()).unwrap_or_default()
        };
        let gap = || vec![first.clone(), third.clone()];
        assert_eq!(until(gap(), "2026-03-31"), "2026-03-01");
        assert_eq!(until(vec![first.clone(), third.clone(), second.clone()], "2026-03-31"), "2026-03-03");
        assert_eq!(until(vec![first.clone(), second.clone(), third.clone()], "2026-03-02"), "2026-03-02", "of that day");
        let sheet = StatementRow { kind: StatementKind::Sheet, from_on: "2026-03-02".parse().ok(), ..third.clone() };
        assert_eq!(until(gap().into_iter().chain([sheet]).collect(), "2026-03-31"), "2026-03-03", "a sheet fills the gap");
        let notice = StatementRow { kind: StatementKind::Notification, ..second.clone() };
        assert_eq!(until(vec![notice.clone()], "2026-03-31"), "2026-03-02");
        assert_eq!(until(vec![first.clone(), notice], "2026-03-31"), "2026-03-01", "a notice is not the ledger");
        assert_eq!(until(Vec::new(), "2026-03-31"), "");
    }

    #[test]
    fn pages_are_one_statement_and_numbers_begin_again_with_the_year() {
        let pages = vec![
            row(1, "S1/1/1", "2025-12-31", Some(0), None),
            row(2, "S1/1/2", "2025-12-31", None, Some(100)),
            row(3, "S2/1/", "2026-01-01", Some(100), Some(100)),
            row(4, "S2/1/", "2026-01-01", Some(100), Some(100)),
        ];
        assert!(reasons(pages).is_empty());
        let jump = vec![row(1, "a/5/", "2026-01-05", None, None), row(2, "b/1/", "2026-01-06", None, None)];
        assert_eq!(reasons(jump), ["gap"], "within a year numbers go on");
    }

    #[test]
    fn a_copy_under_an_id_of_its_own_is_the_same_statement() {
        let copied = |name: &str, closing| {
            vec![
                row(1, "S1/12/", "2026-03-01", Some(0), Some(100)),
                row(2, name, "2026-03-01", Some(0), Some(closing)),
                row(3, "S2/13/", "2026-03-02", Some(100), Some(50)),
            ]
        };
        assert!(reasons(copied("COPY/12/", 100)).is_empty());
        assert_eq!(reasons(copied("OTHER/12/", 90)), ["gap", "balance_break", "balance_break"], "it says something else");
        let bare = vec![row(1, "A//", "2026-03-01", Some(0), Some(100)), row(2, "B//", "2026-03-01", Some(0), Some(100))];
        assert!(reasons(bare).is_empty(), "without numbers the balances say it");
    }

    #[test]
    fn a_statement_goes_on_from_either_telling_of_the_one_before() {
        for opening in [100, 90] {
            let rows = vec![
                row(1, "S1/12/", "2026-03-01", Some(0), Some(100)),
                row(2, "S1/12/", "2026-03-01", Some(0), Some(90)),
                row(3, "S2/13/", "2026-03-02", Some(opening), Some(50)),
            ];
            assert!(reasons(rows).is_empty(), "{opening}");
        }
        let rows = vec![row(1, "S1/12/", "2026-03-01", Some(0), Some(100)), row(3, "S2/13/", "2026-03-02", Some(90), Some(50))];
        assert_eq!(reasons(rows), ["balance_break"]);
    }

    #[test]
    fn what_was_booked_before_the_first_balance_is_in_it() {
        let rest = |opening, before| never_booked(Fen(opening), Fen(before)).unwrap();
        assert_eq!(rest(6_000, 0), (Fen(6_000), true));
        assert_eq!(rest(6_000, 6_000), (Fen(0), true));
        assert_eq!(rest(6_000, 5_000), (Fen(1_000), true), "some of it is from before");
        assert_eq!(rest(6_000, -500), (Fen(6_500), true));
        assert_eq!(rest(5_000, 6_000), (Fen(0), false), "money is lacking");
        assert_eq!(rest(-200, 0), (Fen(-200), true));
    }

    #[test]
    fn what_has_neither_number_nor_balance_says_nothing() {
        let rows = vec![row(1, "", "2026-01-05", None, None), row(2, "", "2026-01-09", None, None)];
        assert!(reasons(rows).is_empty());
    }
}
