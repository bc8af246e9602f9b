//! One entry: found again or new, what it is for, its posting, and what it says of single pay lines.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::keys::{Told, Voice};
use super::page::{self, Answers, Pending, Wanted};
use super::reading::Seen;
use super::receipt::{Effect, FileProblem};
use super::retold::{Retold, keep_fuller};
use super::sides::{OtherSide, names_run};
use super::standing::{Standing, Voucher};
use super::{purpose, table};
use crate::accounts::continuity::StatementRef;
use crate::accounts::profiles::Profile;
use crate::accounts::table::{self as accounts_table, AccountRow, EntryRow};
use crate::accounts::{Direction, EntryStatus, Purpose, StatementKind, posting_key};
use crate::base::id::{BankEntryId, StatementId};
use crate::base::person::numbers_masked;
use crate::base::{Day, Fen};
use crate::ledger::{self, Posting, PostingKind};
use crate::projects::Site;
use crate::store::inbox::storable;
use crate::store::{Chain, Tx};
use crate::web::{Ctx, Problem};
use crate::wire::bank::{Amount, Detail, Entry};

/// Ordinals of entries alike that are asked for at once.
const ORDINALS_AT_ONCE: u32 = 500;

/// What every entry of one statement shares.
pub(super) struct Desk<'a> {
    pub site: &'a Site,
    pub account: &'a AccountRow,
    /// What its bank is like.
    pub profile: Profile,
    pub statement_id: StatementId,
    /// Which statement is noted as having told an entry again: itself, or the one that it repeats.
    pub teller: StatementId,
    pub kind: StatementKind,
    pub name: StatementRef,
    pub opening: Option<Fen>,
    /// Names of the project's owners.
    pub owners: Vec<String>,
    /// Message ids of the account's runs.
    pub runs: Vec<String>,
    /// Names the message for the history of lines.
    pub source: String,
    /// Entries that this statement has told.
    pub claimed: BTreeSet<BankEntryId>,
    /// What stood before this statement, by looks and day, less what it has told since: each is read once, not once an entry.
    pub before: BTreeMap<(String, Day), Standing>,
    /// Names of the statements that told what stood before.
    pub names: BTreeMap<StatementId, StatementRef>,
    /// Statements that this one goes on from by its balance: without a reference, what they told is not told again.
    pub gone_before: BTreeSet<StatementId>,
    /// What is booked under a voucher, by the bank's reference: read once, then kept as this statement adds to it.
    pub vouchers: BTreeMap<String, Voucher>,
    /// How many runs of each total the account has sent.
    pub totals: HashMap<Fen, i64>,
    /// Whether a payment of a sum was ever ordered on the project.
    pub ordered_sums: HashMap<Fen, bool>,
    /// Runs of a total that wait for their debit, by match key: counted once.
    pub waiting: BTreeMap<String, i64>,
    /// The next free ordinal of entries that are alike in everything.
    pub ordinals: BTreeMap<String, u32>,
    /// Keys of entries alike that stand, by what is alike, with the first ordinal that was not asked for.
    pub alike: HashMap<String, (u32, HashSet<String>)>,
    /// The last entry that a message of this very kind had told before.
    pub repeats: Option<BankEntryId>,
    /// What was found on the way.
    pub problems: Vec<FileProblem>,
    /// Which of these, by place, a doubt about an entry brought.
    pub of_doubts: Vec<(usize, BankEntryId)>,
    /// Whether it told again what is counted in another entry.
    pub tells_parts: bool,
    /// Entries that were not booked and go to a person.
    pub doubtful: Vec<FileProblem>,
    /// The words of the page's entries, as shortened keys.
    pub page_words: HashSet<String>,
    /// Words on single lines that were passed on.
    pub results: usize,
    /// What the database said to the page's questions.
    pub answers: Answers,
    /// What the page adds.
    pub pending: Pending,
}

impl Desk<'_> {
    /// Books a page of the statement, entry by entry; gives what each did, in their order.
    pub fn take(&mut self, tx: &mut Tx<'_>, ctx: &Ctx, page: Vec<Seen>) -> Result<Vec<Effect>, Problem> {
        self.ask(tx, &page)?;
        self.note_words(page.iter().map(|seen| seen.base.as_str()));
        let effects = page.into_iter().map(|seen| self.take_one(tx, ctx, seen)).collect::<Result<_, Problem>>()?;
        self.pending.write(tx, ctx, self.site)?;
        Ok(effects)
    }

    /// Asks the database once for what every entry of the page will ask.
    fn ask(&mut self, tx: &mut Tx<'_>, page: &[Seen]) -> Result<(), Problem> {
        let details = page.iter().flat_map(|seen| &seen.entry.details);
        let references = page.iter().filter_map(|seen| seen.told.bank_ref.clone());
        let references: BTreeSet<String> = references.filter(|reference| !self.vouchers.contains_key(reference)).collect();
        let wanted = Wanted {
            payments: details.filter_map(|detail| detail.end_to_end_id.clone()).collect(),
            cards: page.iter().filter_map(|seen| seen.other.index.clone()).collect(),
            references: references.into_iter().collect(),
            keys: page.iter().map(|seen| format!("{}/0", seen.base)).collect(),
        };
        self.answers = Answers::to(tx.conn(), self.site, &wanted)?;
        self.look_back(tx, page)?;
        for (reference, rows) in page::vouchers(tx.conn(), self.account, &wanted.references)? {
            let mut voucher = Voucher::default();
            rows.iter().for_each(|row| voucher.add(row));
            self.vouchers.insert(reference, voucher);
        }
        Ok(())
    }

    /// Books one entry of the statement.
    fn take_one(&mut self, tx: &mut Tx<'_>, ctx: &Ctx, seen: Seen) -> Result<Effect, Problem> {
        let Seen { entry, told, other, base, balance } = seen;
        let place = (told.match_key(), told.booked_on);
        let mut known = self.before.remove(&place).unwrap_or_else(|| Standing::new(self.kind, self.name.clone()));
        let account = other.index.as_deref();
        let voice =
            Voice { kind: self.kind, name: &self.name, counterparty_index: account, base: &base, balance: balance.as_deref() };
        let mut standing = known.take(&self.claimed, &told, voice);
        if standing.is_none() {
            match self.retold(tx, ctx, &mut known, (&told, voice, &other), &entry.place)? {
                Some(Retold::Same(row)) => standing = Some(*row),
                Some(Retold::Doubted(problem)) => {
                    self.doubtful.push(problem);
                    self.before.insert(place, known);
                    return Ok(Effect::Doubtful);
                }
                None => {}
            }
        }
        let repeats =
            |row: &&EntryRow| row.was_seen_in(self.kind) && (row.status == EntryStatus::Booked || row.status == told.status);
        self.repeats = standing.as_ref().filter(repeats).map(|row| row.id).or(self.repeats);
        self.before.insert(place, known);
        if let Some((part, counted)) = standing.as_ref().and_then(|row| Some((row.id, row.counted_in?))) {
            self.claimed.insert(part);
            self.pending.write(tx, ctx, self.site)?;
            let is_news = self.tell_part(tx, ctx, &entry, (part, counted), &base)?;
            return Ok(if is_news { Effect::Merged } else { Effect::Nothing });
        }
        let whole = self.sums_up(&entry);
        let meaning = self.meaning(tx, ctx, &entry, &told, other.index.as_deref())?;
        let before = standing.clone();
        let (row, effect) = match standing {
            Some(row) => self.merge(tx, ctx, row, (&told, &base, balance.as_deref()), other, meaning)?,
            None => self.book(tx, ctx, (&told, &base, balance.as_deref()), other, meaning)?,
        };
        self.remember(before.as_ref(), &row);
        self.claimed.insert(row.id);
        if row.status == EntryStatus::Booked && whole {
            self.pass_on(tx, ctx, &entry, &row)?;
        }
        Ok(effect)
    }

    /// Whether the details, where there are any, add up to the entry; if not, the entry is booked and its details wait.
    fn sums_up(&mut self, entry: &Entry) -> bool {
        if !entry.details_given {
            return true;
        }
        let signed = |detail: &Detail| {
            let amount = detail.amount?;
            Some(if detail.direction == crate::wire::bank::Direction::Debit { amount.negated() } else { amount })
        };
        let amounts: Option<Vec<Amount>> = entry.details.iter().map(signed).collect();
        let Some(amounts) = amounts else { return entry.details.len() == 1 };
        let fits = Amount::total(amounts) == Some(entry.signed());
        if !fits {
            self.problems.push(FileProblem::new(
                &entry.place,
                "sum_mismatch",
                "明细合计与本笔金额不符；本笔已入账，逐笔结果暂不采用，请向银行核对。",
                "The details do not add up to the entry; it is booked, its details wait. Ask the bank.",
            ));
        }
        fits
    }

    /// What is booked under the entry's voucher.
    fn voucher(&mut self, tx: &mut Tx<'_>, ctx: &Ctx, told: &Told) -> Result<Voucher, Problem> {
        let Some(reference) = &told.bank_ref else { return Ok(Voucher::default()) };
        if let Some(known) = self.vouchers.get(reference) {
            return Ok(*known);
        }
        // Forgotten since the page began: what the page has added must be there to be found.
        self.pending.write(tx, ctx, self.site)?;
        let mut voucher = Voucher::default();
        for row in accounts_table::with_bank_ref(tx.conn(), self.account, reference)? {
            voucher.add(&row);
        }
        self.vouchers.insert(reference.clone(), voucher);
        Ok(voucher)
    }

    /// How many runs of exactly this amount wait for their debit.
    fn runs_waiting(&mut self, tx: &mut Tx<'_>, ctx: &Ctx, told: &Told) -> Result<i64, Problem> {
        // Entries of single wages are many and have no such run: they are not counted.
        let Some(runs) = self.totals.get(&told.amount).copied() else { return Ok(0) };
        let key = told.match_key();
        if let Some(known) = self.waiting.get(&key) {
            return Ok(*known);
        }
        self.pending.write(tx, ctx, self.site)?;
        let count = runs - table::debits_of_runs(tx.conn(), self.account, &key)?;
        self.waiting.insert(key, count);
        Ok(count)
    }

    /// Keeps what was read of vouchers and runs true to what this statement has booked.
    fn remember(&mut self, before: Option<&EntryRow>, row: &EntryRow) {
        let is_pay_run = row.purpose == Purpose::PayRun;
        let became_booked = before.is_none_or(|before| before.status != EntryStatus::Booked);
        let changed = before.is_some_and(|before| before.purpose != row.purpose || before.bank_ref != row.bank_ref);
        if changed {
            // Rare: what was first under a voucher may be another now, so both are read again when next asked for.
            row.bank_ref.as_ref().map(|reference| self.vouchers.remove(reference));
            self.waiting.remove(&row.match_key);
            return;
        }
        if row.status == EntryStatus::Booked
            && became_booked
            && let Some(voucher) = row.bank_ref.as_ref().and_then(|reference| self.vouchers.get_mut(reference))
        {
            voucher.add(row);
        }
        if before.is_none()
            && is_pay_run
            && let Some(waiting) = self.waiting.get_mut(&row.match_key)
        {
            *waiting = waiting.saturating_sub(1);
        }
    }

    /// What the entry is for, and whether a refund is one of our payments.
    fn meaning(
        &mut self,
        tx: &mut Tx<'_>,
        ctx: &Ctx,
        entry: &Entry,
        told: &Told,
        index: Option<&str>,
    ) -> Result<Meaning, Problem> {
        let mut named = entry.details.iter().filter_map(|detail| detail.end_to_end_id.as_deref());
        let names_our_line = named.any(|id| self.answers.payment(id).is_some());
        let run = self.runs.iter().find(|message_id| names_run(entry, message_id)).cloned();
        let voucher = self.voucher(tx, ctx, told)?;
        let to_card = match index {
            Some(index) => self.answers.payments_to_card(tx.conn(), self.site, index, told.amount)?,
            None => Vec::new(),
        };
        let goes_to_worker = index.is_some_and(|index| self.answers.is_workers_card(index));
        let is_total_of_run = told.direction == Direction::Debit && self.runs_waiting(tx, ctx, told)? > 0;
        let known = purpose::Known {
            owners: &self.owners,
            gives_back: entry.gives_back(),
            names_our_line,
            names_our_run: run.is_some(),
            goes_to_our_line: !to_card.is_empty(),
            goes_to_worker,
            is_total_of_run,
            taken_back: voucher.first_of_other_direction(told.direction),
        };
        let is_ours = names_our_line || run.is_some() || voucher.has_run || to_card.len() == 1;
        Ok(Meaning { purpose: purpose::of(told, &known), is_ours })
    }

    fn book(
        &mut self,
        tx: &mut Tx<'_>,
        ctx: &Ctx,
        (told, base, balance): (&Told, &str, Option<&str>),
        other: OtherSide,
        meaning: Meaning,
    ) -> Result<(EntryRow, Effect), Problem> {
        let mut ordinal = self.ordinals.get(base).copied().unwrap_or(0);
        while self.stands(tx, base, ordinal)? {
            ordinal = ordinal.saturating_add(1);
        }
        self.ordinals.insert(base.to_owned(), ordinal.saturating_add(1));
        let mut row = EntryRow {
            project_id: self.site.id,
            id: BankEntryId(ctx.id()),
            account_id: self.account.id,
            statement_id: self.statement_id,
            entry_key: format!("{base}/{ordinal}"),
            match_key: told.match_key(),
            booked_on: told.booked_on,
            value_on: told.value_on,
            direction: told.direction,
            amount_fen: told.amount,
            reversal: told.reversal,
            status: told.status,
            seen_in: String::new(),
            bank_ref: told.bank_ref.as_deref().map(storable),
            counterparty: told.counterparty.as_deref().map(storable),
            counterparty_account: None,
            counterparty_index: other.index,
            text: numbers_masked(&storable(&told.text)),
            purpose: meaning.purpose,
            recorded_seq: tx.seq(Chain::Project(self.site.id))?,
            told_by: String::new(),
            voided_by: None,
            counted_in: None,
        };
        row.tell(self.kind, base);
        row.tell_marks(told.payment_mark().as_deref(), balance);
        self.pending.push(row.clone(), other.account, posting_of(&row, meaning));
        Ok((row, Effect::New))
    }

    fn merge(
        &self,
        tx: &mut Tx<'_>,
        ctx: &Ctx,
        before: EntryRow,
        (told, base, balance): (&Told, &str, Option<&str>),
        other: OtherSide,
        meaning: Meaning,
    ) -> Result<(EntryRow, Effect), Problem> {
        let mut row = before.clone();
        row.tell(self.kind, base);
        row.tell_marks(told.payment_mark().as_deref(), balance);
        let becomes_booked = before.status != EntryStatus::Booked && told.status == EntryStatus::Booked;
        // The bank's ledger has the last word on the day, an announcement has none once the ledger has spoken.
        if becomes_booked || self.kind.is_ledger() && !before.is_in_ledger() {
            row.booked_on = told.booked_on;
            row.value_on = told.value_on.or(row.value_on);
        }
        if becomes_booked {
            row.status = EntryStatus::Booked;
            row.recorded_seq = tx.seq(Chain::Project(self.site.id))?;
        }
        row.bank_ref = row.bank_ref.or_else(|| told.bank_ref.clone());
        keep_fuller(tx, ctx, &mut row, told, other)?;
        if row.text.is_empty() {
            row.text = numbers_masked(&told.text);
        }
        let learns = purpose::is_guess(row.purpose) && !purpose::is_guess(meaning.purpose);
        if learns {
            row.purpose = meaning.purpose;
        }
        let changed = row != before;
        row.tell_by(self.teller);
        if row != before {
            accounts_table::merge_entry(tx, &row)?;
        }
        if becomes_booked {
            if let Some(posting) = posting_of(&row, Meaning { purpose: row.purpose, ..meaning }) {
                ledger::actions::post(tx, ctx, self.site, &posting)?;
            }
        } else if row.status == EntryStatus::Booked {
            self.repost(tx, ctx, &row, Meaning { purpose: row.purpose, ..meaning })?;
        }
        Ok((row, if changed { Effect::Merged } else { Effect::Nothing }))
    }

    /// Whether another entry has the key of this ordinal; of the first of its words the page's answers know, the others are asked for
    /// many at once, since thousands of entries may be alike.
    fn stands(&mut self, tx: &mut Tx<'_>, base: &str, ordinal: u32) -> Result<bool, Problem> {
        let key = |ordinal: u32| format!("{base}/{ordinal}");
        if ordinal == 0 {
            return Ok(self.answers.key_stands(&key(0)));
        }
        let (asked, standing) = self.alike.entry(base.to_owned()).or_insert_with(|| (1, HashSet::new()));
        if ordinal >= *asked {
            let until = ordinal.saturating_add(ORDINALS_AT_ONCE);
            let keys: Vec<String> = (ordinal..until).map(key).collect();
            standing.extend(table::keys_standing(tx.conn(), self.site.id, &keys)?);
            *asked = until;
        }
        Ok(standing.contains(&key(ordinal)))
    }

    /// Moves an entry that was booked as a guess, or a refund that nothing explained, to the account that a later message names.
    pub(super) fn repost(&self, tx: &mut Tx<'_>, ctx: &Ctx, row: &EntryRow, meaning: Meaning) -> Result<(), Problem> {
        let counter = purpose::counter_account(meaning.purpose, meaning.is_ours);
        // A refund that was explained once stays so when a poorer telling comes after.
        if counter == ledger::LedgerAccount::Refunds {
            return Ok(());
        }
        let Some(posting) = ledger::table::by_key(tx.conn(), self.site.id, &posting_key(row.id))? else { return Ok(()) };
        let lines = ledger::table::lines_of(tx.conn(), self.site.id, &[posting.id])?;
        let booked = lines.iter().find(|line| line.account != ledger::LedgerAccount::Bank).map(|line| line.account);
        let key = format!("reallocates {}", row.id);
        let Some(before) = booked.filter(|account| *account != counter) else { return Ok(()) };
        if ledger::table::by_key(tx.conn(), self.site.id, &key)?.is_some() {
            return Ok(());
        }
        let (debit, credit) = if row.direction == Direction::Credit { (before, counter) } else { (counter, before) };
        let posting = Posting::of(key, PostingKind::Reallocation, row.booked_on, debit, credit, row.amount_fen);
        ledger::actions::post(tx, ctx, self.site, &posting)?;
        Ok(())
    }
}

/// What an entry is for; `is_ours` says that it is a payment of ours, or its refund.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meaning {
    pub purpose: crate::accounts::Purpose,
    pub is_ours: bool,
}

/// The posting that books an entry; none for one that is not booked or moved nothing.
fn posting_of(row: &EntryRow, meaning: Meaning) -> Option<Posting> {
    if row.status != EntryStatus::Booked || !row.amount_fen.is_positive() {
        return None;
    }
    let counter = purpose::counter_account(meaning.purpose, meaning.is_ours);
    let bank = ledger::LedgerAccount::Bank;
    let (debit, credit) = if row.direction == Direction::Credit { (bank, counter) } else { (counter, bank) };
    Some(Posting::of(posting_key(row.id), PostingKind::BankEntry, row.booked_on, debit, credit, row.amount_fen))
}
