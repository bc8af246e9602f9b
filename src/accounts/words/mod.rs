//! What a bank says of an account without a statement: its data, the balance of a day, the proof of a month, each beside ours.
//!
//! A word changes no balance and no entry; what differs stays on record and is answered to whoever said it. Deliberately absent: how a
//! word comes in (`bank_feed`), and closing a difference by hand: the next word, or a late statement, does that.

pub mod table;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::table::WordRow;
use super::table::{self as accounts_table, AccountRow};
use super::{continuity, plain};
use crate::base::{Day, Fen, Month, words};
use crate::store::{AnyConn, journal};
use crate::web::Problem;

words! {
    /// What a bank's word on an account is about.
    pub enum WordKind, "kind of a bank's word" {
        /// The account's data.
        AccountOpened = "account.opened",
        /// The balance of a day.
        Balance = "balance",
        /// Balance, count and hash of a month's entries.
        MonthProof = "month.proof",
    }
}
crate::store::types::word_column!(WordKind);
crate::web::openapi::word_schema!(WordKind);

/// One field as the bank has it and as it stands here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ComparedField)]
pub struct Compared {
    /// Field.
    pub field: String,
    /// The bank's.
    pub bank: String,
    /// Ours; empty where nothing stands here.
    pub ours: String,
    /// Whether they differ.
    pub differs: bool,
}

impl Compared {
    /// Compares two texts, blanks and width of characters apart.
    pub fn texts(field: &str, bank: &str, ours: &str) -> Self {
        let differs = plain(bank) != plain(ours);
        Compared { field: field.to_owned(), bank: bank.to_owned(), ours: ours.to_owned(), differs }
    }
}

/// Most entries of a month that a proof is made over.
pub const PROOF_ENTRIES_MAX: i64 = 200_000;

/// What stands here of an account at a month's end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MonthProof {
    /// Balance at the end of the last day, money from before the first statement with it.
    pub balance: Fen,
    /// Booked entries of the month.
    pub entries: i64,
    /// SHA-256 over their lines; see [`hash_of`].
    pub sha256: String,
}

/// The hash of a month's entries: a line `day,direction,fen,reference` for each, `2026-03-02,DBIT,150000,V1`, the bank's reference as it
/// gives it and empty without one, the lines sorted by their bytes, each ended by LF; SHA-256 of that as UTF-8, in hex.
pub fn hash_of(lines: impl IntoIterator<Item = table::Line>) -> String {
    let word = |direction| if direction == super::Direction::Credit { "CRDT" } else { "DBIT" };
    let line = |(day, direction, amount, reference): table::Line| {
        format!("{day},{},{},{}\n", word(direction), amount.0, reference.unwrap_or_default())
    };
    let mut lines: Vec<String> = lines.into_iter().map(line).collect();
    lines.sort_unstable();
    journal::sha256(lines.concat().as_bytes())
}

/// The balance of a day as it follows from what is booked here.
pub fn balance_here(conn: &mut AnyConn, account: &AccountRow, on: Day) -> Result<Fen, Problem> {
    let opening = continuity::balance_on(conn, account, on)?.opening;
    Ok(opening.plus(accounts_table::moved(conn, account, None, on)?)?)
}

/// Our own proof of a month.
pub fn proof_of(conn: &mut AnyConn, account: &AccountRow, month: Month) -> Result<MonthProof, Problem> {
    let lines = table::month_lines(conn, account, month, PROOF_ENTRIES_MAX)?;
    let entries = i64::try_from(lines.len()).unwrap_or(i64::MAX);
    Ok(MonthProof { balance: balance_here(conn, account, month.last())?, entries, sha256: hash_of(lines) })
}

/// The last day of the first month of which the bank's last proof differs from what stands here now.
pub fn unlike_proof(conn: &mut AnyConn, account: &AccountRow) -> Result<Option<Day>, Problem> {
    for word in table::last_proofs(conn, account)?.into_iter().filter(|word| word.ours_fen.is_some()) {
        let ours = proof_of(conn, account, word.about_on.month())?;
        let fields: Vec<Compared> = serde_json::from_str(&word.fields).unwrap_or_default();
        let differs = fields.iter().any(|field| match field.field.as_str() {
            "closing_balance" => field.bank != ours.balance.to_string(),
            "entries" => plain(&field.bank) != ours.entries.to_string(),
            "sha256" => plain(&field.bank) != ours.sha256,
            _ => field.differs,
        });
        if differs {
            return Ok(Some(word.about_on));
        }
    }
    Ok(None)
}

/// The bank's last word on a balance beside what is booked here now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ToldBalance {
    /// Day.
    pub on: Day,
    /// What the bank said.
    pub bank: Fen,
    /// What follows from the entries here, as they stand now.
    pub ours: Fen,
    /// The bank's less ours.
    pub difference: Fen,
}

/// The bank's last word on the balance of an account by a day, where it sent one.
pub fn told_balance(conn: &mut AnyConn, account: &AccountRow, as_of: Day) -> Result<Option<ToldBalance>, Problem> {
    let last = table::last_balance(conn, account, as_of)?;
    let Some((on, bank)) = last.and_then(|row: WordRow| Some((row.about_on, row.told_fen?))) else { return Ok(None) };
    let ours = balance_here(conn, account, on)?;
    Ok(Some(ToldBalance { on, bank, ours, difference: bank.minus(ours)? }))
}

#[cfg(test)]
mod tests {
    use super::super::Direction;
    use super::*;

    #[test]
    fn a_hash_does_not_depend_on_the_order_and_depends_on_everything_else() {
        let day: Day = "2026-03-02".parse().unwrap();
        let line = |fen, reference: Option<&str>| (day, Direction::Debit, Fen(fen), reference.map(str::to_owned));
        let one = hash_of([line(1, Some("A")), line(2, None)]);
        assert_eq!(one, hash_of([line(2, None), line(1, Some("A"))]));
        assert_eq!(one, journal::sha256(b"2026-03-02,DBIT,1,A\n2026-03-02,DBIT,2,\n"));
        assert_ne!(one, hash_of([line(1, Some("A"))]));
        assert_ne!(one, hash_of([line(1, Some("B")), line(2, None)]));
        assert_eq!(hash_of([]), journal::sha256(b""));
    }

    #[test]
    fn texts_differ_by_more_than_blanks() {
        assert!(!Compared::texts("name", "甲 建设(一)", "甲建设（一）").differs);
        assert!(Compared::texts("name", "甲", "乙").differs);
    }
}
