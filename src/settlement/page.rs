//! A page of a statement: what its entries ask of the database is asked at once, and what is new is written at once.
//!
//! A statement of a hundred thousand entries is usual at a big site's bank; a dozen statements of SQL for each of them is what took the
//! time. Deliberately absent: rules, and anything that a word on a pay line may change between two entries of a page (`stale`).

use std::collections::{HashMap, HashSet};

use super::doubts::Due;
use super::doubts::table::{self as doubts, DoubtRow, PaymentRow};
use super::receipt::FileProblem;
use super::{payees, table};
use crate::accounts::table::{self as accounts_table, AccountRow, EntryRow};
use crate::base::id::{LineId, PayRunId};
use crate::base::{Day, Fen};
use crate::ledger::{self, Posting};
use crate::payroll::AttemptState;
use crate::projects::Site;
use crate::store::vault::Owner;
use crate::store::{AnyConn, Tx};
use crate::web::{Ctx, Problem};

/// Entries of one page.
pub(super) const PAGE: usize = 500;

/// What the entries of a page ask.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub payments: Vec<String>,
    pub cards: Vec<String>,
    pub references: Vec<String>,
    pub keys: Vec<String>,
}

/// What the database answered, before anything of the page was written.
#[derive(Debug, Default)]
pub(super) struct Answers {
    payments: HashMap<String, (PayRunId, Fen, AttemptState)>,
    to_card: HashMap<(String, Fen), Vec<String>>,
    workers: HashSet<String>,
    keys: HashSet<String>,
    /// Whose the payments are, by line.
    payees: HashMap<LineId, payees::Worker>,
    /// What moved the money of the payments, with what the page adds.
    moved: HashMap<String, Vec<PaymentRow>>,
    /// A word on a pay line was passed on since: whose payments are under way is asked anew.
    stale: bool,
}

impl Answers {
    /// Asks for a page; vouchers go to the caller, who keeps them for the whole statement.
    pub fn to(conn: &mut AnyConn, site: &Site, wanted: &Wanted) -> Result<Self, Problem> {
        let payments = table::payments(conn, site.id, &wanted.payments)?;
        let lines: Vec<LineId> = payments.keys().filter_map(|id| payees::line_of(id)).collect();
        let mut moved: HashMap<String, Vec<PaymentRow>> = HashMap::new();
        let to_card = table::payments_to_cards(conn, site.id, &wanted.cards)?;
        let ids: HashSet<String> = payments.keys().chain(to_card.values().flatten()).cloned().collect();
        let ids: Vec<String> = ids.into_iter().collect();
        for row in doubts::of_payments(conn, site.id, &ids)? {
            moved.entry(row.payment.clone()).or_default().push(row);
        }
        Ok(Answers {
            moved,
            payees: payees::table::whose(conn, site.id, &lines)?,
            payments,
            to_card,
            workers: table::workers_cards(conn, site.id, &wanted.cards)?,
            keys: table::keys_standing(conn, site.id, &wanted.keys)?,
            stale: false,
        })
    }

    /// What was ordered under the id of a payment.
    pub fn payment(&self, end_to_end_id: &str) -> Option<Due> {
        self.payments.get(end_to_end_id).map(|(_, amount, state)| Due::of_payment(*amount, *state))
    }

    /// Whose a payment is.
    pub fn worker(&self, end_to_end_id: &str) -> Option<&payees::Worker> {
        self.payees.get(&payees::line_of(end_to_end_id)?)
    }

    /// Payments of exactly this amount to a card whose line is under way or paid.
    pub fn payments_to_card(&self, conn: &mut AnyConn, site: &Site, card: &str, amount: Fen) -> Result<Vec<String>, Problem> {
        if self.stale {
            return Ok(table::payments_to_card(conn, site.id, card, amount)?);
        }
        Ok(self.to_card.get(&(card.to_owned(), amount)).cloned().unwrap_or_default())
    }

    /// What moved the money of a payment so far.
    pub fn moved(&mut self, payment: &str) -> &mut Vec<PaymentRow> {
        self.moved.entry(payment.to_owned()).or_default()
    }

    /// Whether a card is, or was, a worker's of the project.
    pub fn is_workers_card(&self, card: &str) -> bool {
        self.workers.contains(card)
    }

    /// Whether the first entry of this key stands from another statement.
    pub fn key_stands(&self, entry_key: &str) -> bool {
        self.keys.contains(entry_key)
    }

    /// Notes that a word on a line was passed on.
    pub fn words_were_passed_on(&mut self) {
        self.stale = true;
    }
}

/// New entries that wait to be written, each with the account of its other side in plain and its posting.
#[derive(Default)]
pub(super) struct Pending {
    entries: Vec<(EntryRow, Option<String>)>,
    postings: Vec<Posting>,
    payments: Vec<PaymentRow>,
    doubts: Vec<DoubtRow>,
}

impl Pending {
    /// Whether this entry waits as the newest: then nothing can be on record about it.
    pub fn is_newest(&self, entry: &EntryRow) -> bool {
        self.entries.last().is_some_and(|(row, _)| row.id == entry.id)
    }

    /// Adds a doubt about an entry that waits.
    pub fn push_doubt(&mut self, row: DoubtRow) {
        self.doubts.push(row);
    }

    /// Adds a new entry.
    pub fn push(&mut self, row: EntryRow, account: Option<String>, posting: Option<Posting>) {
        self.entries.push((row, account));
        self.postings.extend(posting);
    }

    /// Adds which payment an entry moved.
    pub fn push_payment(&mut self, row: PaymentRow) {
        self.payments.push(row);
    }

    /// Writes everything that waits.
    pub fn write(&mut self, tx: &mut Tx<'_>, ctx: &Ctx, site: &Site) -> Result<(), Problem> {
        if !self.payments.is_empty() {
            doubts::insert_payments(tx, &std::mem::take(&mut self.payments))?;
        }
        if self.entries.is_empty() {
            return Ok(());
        }
        let accounts: Vec<&[u8]> = self.entries.iter().filter_map(|(_, account)| account.as_deref().map(str::as_bytes)).collect();
        let mut sealed = ctx.vault().seal_all(tx.conn(), Owner::Project(site.id), &accounts)?.into_iter();
        let entries = std::mem::take(&mut self.entries).into_iter();
        let rows: Vec<EntryRow> =
            entries.map(|(row, account)| EntryRow { counterparty_account: account.and_then(|_| sealed.next()), ..row }).collect();
        accounts_table::insert_entries(tx, &rows)?;
        ledger::actions::post_new(tx, ctx, site, &std::mem::take(&mut self.postings))?;
        if !self.doubts.is_empty() {
            doubts::insert_doubts(tx, &std::mem::take(&mut self.doubts))?;
            super::doubts::tell_soon(tx, ctx, site)?;
        }
        Ok(())
    }
}

/// Vouchers of a page by the bank's reference: booked entries under each, oldest first.
pub(super) fn vouchers(
    conn: &mut AnyConn,
    account: &AccountRow,
    references: &[String],
) -> Result<HashMap<String, Vec<EntryRow>>, Problem> {
    let mut found: HashMap<String, Vec<EntryRow>> = references.iter().map(|reference| (reference.clone(), Vec::new())).collect();
    for row in accounts_table::with_bank_refs(conn, account, references)? {
        if let Some(rows) = row.bank_ref.as_ref().and_then(|reference| found.get_mut(reference)) {
            rows.push(row);
        }
    }
    Ok(found)
}

/// Entries that were announced for these days and that the bank's ledger does not hold.
pub(super) fn not_in_ledger(
    conn: &mut AnyConn,
    account: &AccountRow,
    (first, last): (Option<Day>, Option<Day>),
) -> Result<Vec<FileProblem>, Problem> {
    let Some((first, last)) = first.zip(last) else { return Ok(Vec::new()) };
    let rows = accounts_table::provisional(conn, account, first, last)?;
    let problem = |id: String| {
        FileProblem::new(
            &id,
            "balance_break",
            "该笔曾以通知入账，但当日对账单中没有，请向银行核对。",
            "This entry was announced as booked, but the day's statement does not hold it. Ask the bank.",
        )
    };
    Ok(rows.into_iter().map(|row| problem(row.id.to_string())).collect())
}
