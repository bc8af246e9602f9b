//! Reading a file while it is booked: a thread of its own reads the next pages and works out what needs no database, so that a large
//! statement takes as long as the slower of the two and not both.
//!
//! At most [`AHEAD`] pages wait, so memory stays the same for a file of any size. Deliberately absent: anything that changes.

use std::collections::BTreeSet;
use std::sync::mpsc::sync_channel;

use super::HandedIn;
use super::keys::{self, Told};
use super::page::PAGE;
use super::sides::OtherSide;
use crate::accounts::table::AccountRow;
use crate::base::Day;
use crate::projects::Site;
use crate::web::{Ctx, Problem};
use crate::wire::bank::{self, Entry, ReadOptions, Statement, Unbookable};

/// Pages that are read and wait to be booked.
const AHEAD: usize = 2;

/// An entry with what it says in the terms of booking.
pub(super) struct Seen {
    pub entry: Entry,
    pub told: Told,
    pub other: OtherSide,
    /// Its key, the ordinal apart.
    pub base: String,
    /// The balance after it as a keyed mark, where an event or a sheet without the bank's reference says it: the one thing that tells
    /// two equal movements apart.
    pub balance: Option<String>,
}

impl Seen {
    /// Whether nothing tells it from another of its day, sum and words: neither reference nor payment, other side or balance.
    pub fn is_bare(&self) -> bool {
        let told = &self.told;
        let is_named = told.counterparty.is_some() || told.counterparty_account.is_some() || told.end_to_end_id.is_some();
        told.bank_ref.is_none() && self.balance.is_none() && !is_named
    }
}

/// What came of reading one entry.
pub(super) enum Read {
    Bookable(Box<Seen>),
    Not(Box<Entry>, Unbookable),
}

/// Where the statements of a file are booked, by their place in it; none for one that is not.
pub(super) type Desks<'a> = &'a [Option<(AccountRow, Site)>];

struct Reader<'a> {
    ctx: &'a Ctx,
    handed: &'a HandedIn,
    desks: Desks<'a>,
}

impl Reader<'_> {
    fn read(&self, number: usize, entry: Entry) -> Option<Read> {
        let (account, _) = self.desks.get(number)?.as_ref()?;
        let currency = self.handed.file.statements.get(number)?.currency.as_deref();
        let told = match keys::tell(&entry, currency) {
            Ok(told) => told,
            Err(why) => return Some(Read::Not(Box::new(entry), why)),
        };
        let other = OtherSide::of(self.ctx, &told);
        let base = self.ctx.vault().index("bank_entry", &told.key_text(account.id));
        let after = entry.balance.filter(|_| {
            told.bank_ref.is_none() && (self.handed.feed() == "bankevent" || super::sheets::is_sheet(&self.handed.file.format))
        });
        let after = after.and_then(|amount| amount.fen(entry.currency.as_deref().or(currency)).ok());
        let balance = after.map(|fen| self.ctx.vault().index("bank_balance", &fen.to_string()));
        Some(Read::Bookable(Box::new(Seen { entry, told, other, base, balance })))
    }

    /// Reads the bytes page by page until nobody takes them any more.
    fn read_ahead(&self, mut give: impl FnMut(Vec<(usize, Read)>) -> bool) {
        let (mut page, mut is_wanted) = (Vec::with_capacity(PAGE), true);
        let options = ReadOptions { families: Some(&self.ctx.ground.settings.direct_link), ..ReadOptions::default() };
        bank::each_entry_with(self.handed.bytes.as_ref(), options, &mut |number, entry| {
            if !is_wanted {
                return;
            }
            page.extend(self.read(number, entry).map(|read| (number, read)));
            if page.len() >= PAGE {
                is_wanted = give(std::mem::replace(&mut page, Vec::with_capacity(PAGE)));
            }
        });
        if is_wanted && !page.is_empty() {
            give(page);
        }
    }
}

/// Each entry of a statement with a desk, with the place of its statement in the file, in order: from the statements where they hold
/// their entries, else from the bytes once more.
///
/// # Errors
/// The first that `take` gives; nothing is taken after it.
pub(super) fn each_entry(
    ctx: &Ctx,
    handed: &HandedIn,
    desks: Desks<'_>,
    mut take: impl FnMut(usize, Read) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let reader = Reader { ctx, handed, desks };
    if handed.file.statements.iter().all(|one| one.passed_by == 0) {
        for (number, statement) in handed.file.statements.iter().enumerate() {
            for entry in &statement.entries {
                if let Some(read) = reader.read(number, entry.clone()) {
                    take(number, read)?;
                }
            }
        }
        return Ok(());
    }
    std::thread::scope(|scope| {
        // Inside the scope, so that whatever ends this side ends the reader's too.
        let (sender, receiver) = sync_channel(AHEAD);
        let ahead = scope.spawn(move || reader.read_ahead(|page| sender.send(page).is_ok()));
        for page in &receiver {
            for (number, read) in page {
                take(number, read)?;
            }
        }
        ahead.join().map_err(|_| Problem::internal("the reader of a bank file broke off"))
    })
}

/// The days that a statement covers: as it says, else by its balances, else by its entries.
pub(super) fn span_of(statement: &Statement, days: &BTreeSet<Day>) -> (Option<Day>, Option<Day>) {
    let of_balances = |codes: &[&str]| {
        let dated = statement.balances.iter().filter(|balance| codes.contains(&balance.kind.as_str()));
        dated.filter_map(|balance| balance.on).max()
    };
    let to = statement.to.or_else(|| of_balances(&["CLBD"])).or_else(|| days.last().copied()).or(statement.from);
    let from = statement.from.or_else(|| days.first().copied()).or(to);
    (from.min(to), to)
}
