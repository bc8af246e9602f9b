//! What stands on record before a statement is told, laid out so that each entry finds its like without looking at all of them.
//!
//! Thousands of equal wages within ten days, or thousands of refunds under one voucher, are usual; a look at each of them for each of
//! them is not. What counts as the same entry is decided by `keys`; here it is only found. Deliberately absent: rules.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use super::allocate::Desk;
use super::joining;
use super::keys::{Known, Told, Voice, WINDOW_DAYS, by_key, by_looks, by_reference, may_be_loose};
use super::reading::Seen;
use crate::accounts::continuity::StatementRef;
use crate::accounts::table::{self as accounts_table, EntryRow, StatementRow};
use crate::accounts::{Direction, EntryStatus, Purpose, StatementKind};
use crate::base::Day;
use crate::base::id::BankEntryId;
use crate::store::Tx;
use crate::web::Problem;

/// What is booked under one voucher of the bank.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Voucher {
    first_credit: Option<Purpose>,
    first_debit: Option<Purpose>,
    /// Whether one of them is the debit of a run.
    pub has_run: bool,
}

impl Voucher {
    pub fn add(&mut self, row: &EntryRow) {
        let first = if row.direction == Direction::Credit { &mut self.first_credit } else { &mut self.first_debit };
        first.get_or_insert(row.purpose);
        self.has_run |= row.purpose == Purpose::PayRun;
    }

    /// What the first entry that goes the other way was for.
    pub fn first_of_other_direction(self, direction: Direction) -> Option<Purpose> {
        if direction == Direction::Credit { self.first_debit } else { self.first_credit }
    }
}

/// Entries of one reference and day that are looked at for one told in other words.
const NAMESAKES_MAX: usize = 500;

/// Places in the order of record.
type Places = VecDeque<usize>;

/// Entries by day (`None` for those whose day is not settled) and by the other side's account.
#[derive(Debug, Default)]
struct Bucket {
    by_account: HashMap<(Option<Day>, Option<String>), Places>,
    by_day: HashMap<Option<Day>, Places>,
}

impl Bucket {
    fn push(&mut self, day: Option<Day>, account: Option<&str>, place: usize) {
        self.by_account.entry((day, account.map(str::to_owned))).or_default().push_back(place);
        self.by_day.entry(day).or_default().push_back(place);
    }

    /// The first place that fits, of those that may be told for this account: its own and the unnamed ones, or all for none.
    fn first(
        &mut self,
        day: Option<Day>,
        account: Option<&str>,
        is_free: impl Fn(usize) -> bool,
        fits: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let mut found: Option<usize> = None;
        for day in [day, None].into_iter().take(if day.is_none() { 1 } else { 2 }) {
            let places = match account {
                Some(account) => {
                    let own = first_of(self.by_account.get_mut(&(day, Some(account.to_owned()))), &is_free, &fits);
                    let unnamed = first_of(self.by_account.get_mut(&(day, None)), &is_free, &fits);
                    own.into_iter().chain(unnamed).min()
                }
                None => first_of(self.by_day.get_mut(&day), &is_free, &fits),
            };
            found = found.into_iter().chain(places).min();
        }
        found
    }
}

/// The first place that is free and fits; taken ones at the front are left behind for good.
fn first_of(places: Option<&mut Places>, is_free: impl Fn(usize) -> bool, fits: impl Fn(usize) -> bool) -> Option<usize> {
    let places = places?;
    while places.front().is_some_and(|place| !is_free(*place)) {
        places.pop_front();
    }
    places.iter().copied().find(|place| is_free(*place) && fits(*place))
}

/// Entries that look alike and stood before a statement.
pub(super) struct Standing {
    kind: StatementKind,
    name: StatementRef,
    rows: Vec<Option<Known>>,
    /// By key, and by day where the ledger repeats nothing over days.
    keyed: HashMap<(String, Option<Day>), Places>,
    /// Every one by key, in the order of record.
    keyed_all: HashMap<String, Places>,
    referred: HashMap<String, Bucket>,
    unnamed: Bucket,
    loose: Bucket,
    /// What a message of this kind told, by the bank's reference and day.
    namesakes: HashMap<(String, Day), Vec<usize>>,
    /// What a message of this kind told as booked, by day and by whether with the bank's reference.
    halves: HashMap<(Day, bool), Places>,
}

impl Standing {
    /// For a statement of this kind and name.
    pub fn new(kind: StatementKind, name: StatementRef) -> Self {
        Standing {
            kind,
            name,
            rows: Vec::new(),
            keyed: HashMap::new(),
            keyed_all: HashMap::new(),
            referred: HashMap::new(),
            unnamed: Bucket::default(),
            loose: Bucket::default(),
            namesakes: HashMap::new(),
            halves: HashMap::new(),
        }
    }

    /// Adds the next one in the order of record.
    pub fn push(&mut self, known: Known) {
        let place = self.rows.len();
        let row = &known.row;
        let both_ledger = self.kind.is_ledger() && row.is_in_ledger();
        let is_booked = row.status == EntryStatus::Booked;
        let is_other_page =
            row.was_seen_in(self.kind) && known.name.is_other_page_of(&self.name) && self.name != StatementRef::default();
        if !(both_ledger && is_other_page) {
            let day = Some(row.booked_on).filter(|_| both_ledger && is_booked);
            let keys: BTreeSet<&str> = row.keys().collect();
            for key in keys {
                self.keyed.entry((key.to_owned(), day)).or_default().push_back(place);
                self.keyed_all.entry(key.to_owned()).or_default().push_back(place);
            }
        }
        if may_be_loose(&known, self.kind) {
            let account = row.counterparty_index.as_deref();
            let day = Some(row.booked_on).filter(|_| is_booked);
            self.loose.push(day, account, place);
            match &row.bank_ref {
                Some(reference) => self.referred.entry(reference.clone()).or_default().push(None, account, place),
                None => self.unnamed.push(day, account, place),
            }
        }
        if let Some(reference) = row.bank_ref.as_ref().filter(|_| row.was_seen_in(self.kind)) {
            self.namesakes.entry((reference.clone(), row.booked_on)).or_default().push(place);
        }
        if is_booked && row.was_seen_in(self.kind) {
            self.halves.entry((row.booked_on, row.bank_ref.is_some())).or_default().push_back(place);
        }
        self.rows.push(Some(known));
    }

    /// Whether a message of this kind told something on the same day that has the bank's reference where this has none, or the other way
    /// round.
    pub fn has_half(&self, told: &Told) -> bool {
        self.halves.contains_key(&(told.booked_on, told.bank_ref.is_none()))
    }

    /// Takes out the first of these that was not told yet and fits.
    pub fn take_half(&mut self, claimed: &BTreeSet<BankEntryId>, told: &Told, fits: impl Fn(&Known) -> bool) -> Option<EntryRow> {
        let Standing { rows, halves, .. } = self;
        let of = |place: usize| rows.get(place).and_then(Option::as_ref);
        let is_free = |place: usize| of(place).is_some_and(|known| !claimed.contains(&known.row.id));
        let places = halves.get_mut(&(told.booked_on, told.bank_ref.is_none()))?;
        while places.front().is_some_and(|place| !is_free(*place)) {
            places.pop_front();
        }
        let mut free = places.iter().copied().filter(|place| is_free(*place)).take(NAMESAKES_MAX);
        let place = free.find(|place| of(*place).is_some_and(&fits))?;
        rows.get_mut(place)?.take().map(|known| known.row)
    }

    /// Whether a message of this kind told something under the same reference on the same day.
    pub fn has_namesake(&self, told: &Told) -> bool {
        let key = told.bank_ref.as_ref().map(|reference| (reference.clone(), told.booked_on));
        key.is_some_and(|key| self.namesakes.contains_key(&key))
    }

    /// Takes out the first of these that was not told yet and fits.
    pub fn take_namesake(
        &mut self,
        claimed: &BTreeSet<BankEntryId>,
        told: &Told,
        fits: impl Fn(&Known) -> bool,
    ) -> Option<EntryRow> {
        let reference = told.bank_ref.clone()?;
        let rows = &self.rows;
        let of = |place: usize| rows.get(place).and_then(Option::as_ref);
        let places = self.namesakes.get(&(reference, told.booked_on))?.iter().copied();
        let mut free =
            places.filter(|place| of(*place).is_some_and(|known| !claimed.contains(&known.row.id))).take(NAMESAKES_MAX);
        let place = free.find(|place| of(*place).is_some_and(&fits))?;
        self.rows.get_mut(place)?.take().map(|known| known.row)
    }

    /// Takes out the entry that is told now; those in `claimed` were told by this statement already.
    pub fn take(&mut self, claimed: &BTreeSet<BankEntryId>, told: &Told, voice: Voice<'_>) -> Option<EntryRow> {
        let place = self.place_of(claimed, told, voice)?;
        self.rows.get_mut(place)?.take().map(|known| known.row)
    }

    fn place_of(&mut self, claimed: &BTreeSet<BankEntryId>, told: &Told, voice: Voice<'_>) -> Option<usize> {
        let Standing { rows, keyed, keyed_all, referred, unnamed, loose, .. } = self;
        let of = |place: usize| rows.get(place).and_then(Option::as_ref);
        let is_free = |place: usize| of(place).is_some_and(|known| !claimed.contains(&known.row.id));
        let key = crate::accounts::table::short(voice.base);
        let fits = |place: usize| of(place).is_some_and(|known| by_key(known, told, voice));
        let by_key = if voice.kind.is_ledger() && told.status == EntryStatus::Booked {
            let own = first_of(keyed.get_mut(&(key.to_owned(), Some(told.booked_on))), is_free, fits);
            let open = first_of(keyed.get_mut(&(key.to_owned(), None)), is_free, fits);
            own.into_iter().chain(open).min()
        } else {
            first_of(keyed_all.get_mut(key), is_free, fits)
        };
        let account = voice.counterparty_index;
        by_key
            .or_else(|| {
                let bucket = told.bank_ref.as_ref().and_then(|reference| referred.get_mut(reference))?;
                bucket.first(None, account, is_free, |place| of(place).is_some_and(|known| by_reference(known, told, voice)))
            })
            .or_else(|| {
                let fits = |place: usize| of(place).is_some_and(|known| by_looks(known, told, voice));
                let day = Some(told.booked_on);
                if told.bank_ref.is_none() {
                    return loose.first(day, account, is_free, fits);
                }
                let bare = unnamed.first(day, account, is_free, fits);
                // Named otherwise it is the same only by the other side's account or name, so there must be one.
                let is_named = account.is_some() || told.counterparty.is_some();
                let beside = if is_named { loose.first(day, account, is_free, fits) } else { None };
                bare.into_iter().chain(beside).min()
            })
    }
}

impl Desk<'_> {
    /// Reads what looked like the page's entries before the statement came, all at once.
    pub(super) fn look_back(&mut self, tx: &mut Tx<'_>, page: &[Seen]) -> Result<(), Problem> {
        let new: BTreeSet<(String, Day)> = page
            .iter()
            .map(|seen| (seen.told.match_key(), seen.told.booked_on))
            .filter(|place| !self.before.contains_key(place))
            .collect();
        let days = || new.iter().map(|(_, day)| *day);
        let Some((first, last)) = days().min().zip(days().max()) else { return Ok(()) };
        let keys: BTreeSet<String> = new.iter().map(|(key, _)| key.clone()).collect();
        let span = (first.plus_days(-WINDOW_DAYS), last.plus_days(WINDOW_DAYS));
        let keys: Vec<String> = keys.into_iter().collect();
        let rows = accounts_table::alike(tx.conn(), self.account, &keys, span, self.statement_id)?;
        let mut looks: BTreeMap<String, Vec<EntryRow>> = BTreeMap::new();
        for row in rows.into_iter().filter(|row| !self.claimed.contains(&row.id)) {
            for id in row.tellers().filter(|id| !self.names.contains_key(id)).collect::<Vec<_>>() {
                let statement = accounts_table::statement(tx.conn(), self.site.id, id)?;
                let goes_on = |one: &StatementRow| one.goes_on_in(self.kind, self.opening);
                self.gone_before.extend(statement.as_ref().filter(|one| goes_on(one)).map(|one| one.id));
                let name = statement.map_or_else(StatementRef::default, |one| StatementRef::of(&one.statement_ref));
                self.names.insert(id, name);
            }
            let Some(row) = self.as_told(tx, row)? else { continue };
            if row.bank_ref.is_none() && row.tellers().any(|id| self.gone_before.contains(&id)) {
                continue;
            }
            looks.entry(row.match_key.clone()).or_default().push(row);
        }
        for (key, day) in new {
            let mut known = Standing::new(self.kind, self.name.clone());
            let near = day.plus_days(-WINDOW_DAYS)..=day.plus_days(WINDOW_DAYS);
            for row in looks.get(&key).into_iter().flatten().filter(|row| near.contains(&row.booked_on)) {
                let name = self.names.get(&row.statement_id).cloned().unwrap_or_default();
                known.push(Known { row: row.clone(), name });
            }
            self.before.insert((key, day), known);
        }
        Ok(())
    }

    /// The row as it was told: what is counted in another entry is found again like any other, unless this voice told that other one.
    fn as_told(&self, tx: &mut Tx<'_>, row: EntryRow) -> Result<Option<EntryRow>, Problem> {
        let Some(counted) = row.counted_in else { return Ok(Some(row)) };
        let whole = accounts_table::entry(tx.conn(), self.site.id, counted)?;
        let may_be = whole.is_some_and(|whole| joining::may_be_told(&row, &whole, self.kind));
        Ok(may_be.then_some(EntryRow { status: EntryStatus::Booked, ..row }))
    }
}
