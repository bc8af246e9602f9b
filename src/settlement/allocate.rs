//! One entry: found again or new, what it is for, its posting, and what it says of single pay lines.

use std::collections::{BTreeMap, BTreeSet};

use super::keys::{Known, Told, Voice, WINDOW_DAYS};
use super::receipt::FileProblem;
use super::sides::{OtherSide, names_run, reason_of};
use super::standing::{Standing, Voucher};
use super::{purpose, table};
use crate::accounts::continuity::StatementRef;
use crate::accounts::profiles::Profile;
use crate::accounts::table::{self as accounts_table, AccountRow, EntryRow};
use crate::accounts::{Direction, EntryStatus, Purpose, StatementKind, posting_key};
use crate::base::Day;
use crate::base::id::{BankEntryId, StatementId};
use crate::ledger::{self, Posting, PostingKind};
use crate::payroll::results::{self, Outcome};
use crate::projects::Site;
use crate::store::inbox::storable;
use crate::store::vault::Owner;
use crate::store::{Chain, Tx};
use crate::web::{Ctx, Problem};
use crate::wire::bank::{Amount, Detail, Entry};

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
    /// What is booked under a voucher, by the bank's reference: read once, then kept as this statement adds to it.
    pub vouchers: BTreeMap<String, Voucher>,
    /// Runs of a total that wait for their debit, by match key: counted once.
    pub waiting: BTreeMap<String, i64>,
    /// The next free ordinal of entries that are alike in everything.
    pub ordinals: BTreeMap<String, u32>,
    /// What was found on the way.
    pub problems: Vec<FileProblem>,
    /// Words on single lines that were passed on.
    pub results: usize,
}

/// What a telling did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    New,
    Merged,
    Nothing,
}

impl Desk<'_> {
    /// Books one entry of the statement.
    pub fn take(&mut self, tx: &mut Tx<'_>, ctx: &Ctx, entry: &Entry, told: &Told) -> Result<Effect, Problem> {
        let other = OtherSide::of(ctx, told);
        let base = ctx.vault().index("bank_entry", &told.key_text(self.account.id));
        let mut known = self.alike(tx, told)?;
        let voice = Voice { kind: self.kind, name: &self.name, counterparty_index: other.index.as_deref(), base: &base };
        let standing = known.take(&self.claimed, told, voice);
        self.before.insert((told.match_key(), told.booked_on), known);
        let whole = self.sums_up(entry);
        let meaning = self.meaning(tx, entry, told, other.index.as_deref())?;
        let before = standing.clone();
        let (row, effect) = match standing {
            Some(row) => self.merge(tx, ctx, row, (told, &base), other, meaning)?,
            None => self.book(tx, ctx, told, &base, other, meaning)?,
        };
        self.remember(before.as_ref(), &row);
        self.claimed.insert(row.id);
        if row.status == EntryStatus::Booked && whole {
            self.pass_on(tx, ctx, entry, &row)?;
        }
        Ok(effect)
    }

    /// Entries that looked like this one before the statement came.
    fn alike(&mut self, tx: &mut Tx<'_>, told: &Told) -> Result<Standing, Problem> {
        if let Some(known) = self.before.remove(&(told.match_key(), told.booked_on)) {
            return Ok(known);
        }
        let (first, last) = (told.booked_on.plus_days(-WINDOW_DAYS), told.booked_on.plus_days(WINDOW_DAYS));
        let rows = accounts_table::alike(tx.conn(), self.account, &told.match_key(), (first, last), self.statement_id)?;
        let mut names: BTreeMap<StatementId, StatementRef> = BTreeMap::new();
        let mut known = Standing::new(self.kind, self.name.clone());
        for row in rows.into_iter().filter(|row| !self.claimed.contains(&row.id)) {
            let name = match names.get(&row.statement_id) {
                Some(name) => name.clone(),
                None => {
                    let statement = accounts_table::statement(tx.conn(), self.site.id, row.statement_id)?;
                    let name = statement.map_or_else(StatementRef::default, |one| StatementRef::of(&one.statement_ref));
                    names.insert(row.statement_id, name.clone());
                    name
                }
            };
            known.push(Known { row, name });
        }
        Ok(known)
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
    fn voucher(&mut self, tx: &mut Tx<'_>, told: &Told) -> Result<Voucher, Problem> {
        let Some(reference) = &told.bank_ref else { return Ok(Voucher::default()) };
        if let Some(known) = self.vouchers.get(reference) {
            return Ok(*known);
        }
        let mut voucher = Voucher::default();
        for row in accounts_table::with_bank_ref(tx.conn(), self.account, reference)? {
            voucher.add(&row);
        }
        self.vouchers.insert(reference.clone(), voucher);
        Ok(voucher)
    }

    /// How many runs of exactly this amount wait for their debit.
    fn runs_waiting(&mut self, tx: &mut Tx<'_>, told: &Told) -> Result<i64, Problem> {
        let key = told.match_key();
        if let Some(known) = self.waiting.get(&key) {
            return Ok(*known);
        }
        let count = table::runs_without_debit(tx.conn(), self.account, told.amount, &key)?;
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
    fn meaning(&mut self, tx: &mut Tx<'_>, entry: &Entry, told: &Told, index: Option<&str>) -> Result<Meaning, Problem> {
        let mut names_our_line = false;
        for id in entry.details.iter().filter_map(|detail| detail.end_to_end_id.as_deref()) {
            names_our_line = names_our_line || table::payment(tx.conn(), self.site.id, id)?.is_some();
        }
        let run = self.runs.iter().find(|message_id| names_run(entry, message_id)).cloned();
        let voucher = self.voucher(tx, told)?;
        let to_card = match index {
            Some(index) => table::payments_to_card(tx.conn(), self.site.id, index, told.amount)?,
            None => Vec::new(),
        };
        let goes_to_worker = match index {
            Some(index) => table::is_workers_card(tx.conn(), self.site.id, index)?,
            None => false,
        };
        let is_total_of_run = told.direction == Direction::Debit && self.runs_waiting(tx, told)? > 0;
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
        told: &Told,
        base: &str,
        other: OtherSide,
        meaning: Meaning,
    ) -> Result<(EntryRow, Effect), Problem> {
        let mut ordinal = self.ordinals.get(base).copied().unwrap_or(0);
        while table::key_stands(tx.conn(), self.site.id, &format!("{base}/{ordinal}"))? {
            ordinal = ordinal.saturating_add(1);
        }
        self.ordinals.insert(base.to_owned(), ordinal.saturating_add(1));
        let counterparty_account = match &other.account {
            Some(text) => Some(ctx.vault().seal(tx.conn(), Owner::Project(self.site.id), text.as_bytes())?),
            None => None,
        };
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
            counterparty_account,
            counterparty_index: other.index,
            text: storable(&told.text),
            purpose: meaning.purpose,
            recorded_seq: tx.seq(Chain::Project(self.site.id))?,
            told_by: String::new(),
            voided_by: None,
        };
        row.tell(self.kind, base);
        accounts_table::insert_entry(tx, &row)?;
        self.post(tx, ctx, &row, meaning)?;
        Ok((row, Effect::New))
    }

    fn merge(
        &self,
        tx: &mut Tx<'_>,
        ctx: &Ctx,
        before: EntryRow,
        (told, base): (&Told, &str),
        other: OtherSide,
        meaning: Meaning,
    ) -> Result<(EntryRow, Effect), Problem> {
        let mut row = before.clone();
        row.tell(self.kind, base);
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
        row.counterparty = row.counterparty.or_else(|| told.counterparty.clone());
        if row.counterparty_account.is_none()
            && let Some(text) = &other.account
        {
            row.counterparty_account = Some(ctx.vault().seal(tx.conn(), Owner::Project(self.site.id), text.as_bytes())?);
            row.counterparty_index = other.index;
        }
        if row.text.is_empty() {
            row.text = told.text.clone();
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
            self.post(tx, ctx, &row, Meaning { purpose: row.purpose, ..meaning })?;
        } else if row.status == EntryStatus::Booked {
            self.repost(tx, ctx, &row, Meaning { purpose: row.purpose, ..meaning })?;
        }
        Ok((row, if changed { Effect::Merged } else { Effect::Nothing }))
    }

    fn post(&self, tx: &mut Tx<'_>, ctx: &Ctx, row: &EntryRow, meaning: Meaning) -> Result<(), Problem> {
        if row.status != EntryStatus::Booked || !row.amount_fen.is_positive() {
            return Ok(());
        }
        let counter = purpose::counter_account(meaning.purpose, meaning.is_ours);
        let bank = ledger::LedgerAccount::Bank;
        let (debit, credit) = if row.direction == Direction::Credit { (bank, counter) } else { (counter, bank) };
        let key = posting_key(row.id);
        let posting = Posting::of(key, PostingKind::BankEntry, row.booked_on, debit, credit, row.amount_fen);
        ledger::actions::post(tx, ctx, self.site, &posting)?;
        Ok(())
    }

    /// Moves an entry that was booked as a guess, or a refund that nothing explained, to the account that a later message names.
    fn repost(&self, tx: &mut Tx<'_>, ctx: &Ctx, row: &EntryRow, meaning: Meaning) -> Result<(), Problem> {
        let Some(posting) = ledger::table::by_key(tx.conn(), self.site.id, &posting_key(row.id))? else { return Ok(()) };
        let lines = ledger::table::lines_of(tx.conn(), self.site.id, &[posting.id])?;
        let booked = lines.iter().find(|line| line.account != ledger::LedgerAccount::Bank).map(|line| line.account);
        let counter = purpose::counter_account(meaning.purpose, meaning.is_ours);
        // A refund that was explained once stays so when a poorer telling comes after.
        let poorer = counter == ledger::LedgerAccount::Refunds;
        let key = format!("reallocates {}", row.id);
        let Some(before) = booked.filter(|account| *account != counter && !poorer) else { return Ok(()) };
        if ledger::table::by_key(tx.conn(), self.site.id, &key)?.is_some() {
            return Ok(());
        }
        let (debit, credit) = if row.direction == Direction::Credit { (before, counter) } else { (counter, before) };
        let posting = Posting::of(key, PostingKind::Reallocation, row.booked_on, debit, credit, row.amount_fen);
        ledger::actions::post(tx, ctx, self.site, &posting)?;
        Ok(())
    }

    /// Passes on what the entry says of single pay lines, or of a whole run that was debited without details.
    fn pass_on(&mut self, tx: &mut Tx<'_>, ctx: &Ctx, entry: &Entry, row: &EntryRow) -> Result<(), Problem> {
        let mut named = false;
        for detail in &entry.details {
            let Some(id) = detail.end_to_end_id.as_deref() else { continue };
            let Some((_, due)) = table::payment(tx.conn(), self.site.id, id)? else { continue };
            named = true;
            let amount = detail.amount.unwrap_or(entry.amount);
            if amount != Amount::from(due) {
                self.problems.push(FileProblem::new(
                    &entry.place,
                    "sum_mismatch",
                    format!("{id} 的银行金额 {amount} 与应付 {due} 不符，结果未采用。"),
                    format!("The bank's amount {amount} of {id} is not the {due} that was ordered; its word is not taken."),
                ));
                continue;
            }
            let Some(outcome) = self.outcome(detail, row) else { continue };
            self.apply(tx, ctx, id, outcome)?;
        }
        if named {
            return Ok(());
        }
        match row.direction {
            Direction::Debit => self.accept_run(tx, ctx, entry),
            Direction::Credit => self.return_to_card(tx, ctx, entry, row),
        }
    }

    fn outcome(&self, detail: &Detail, row: &EntryRow) -> Option<Outcome> {
        let reason = || reason_of(detail, &row.text);
        match detail.direction {
            crate::wire::bank::Direction::Credit => Some(Outcome::Returned { reason: reason() }),
            // A debit that is marked as returned says that something went wrong and not what: the refund will.
            crate::wire::bank::Direction::Debit if detail.returned || detail.return_reason.is_some() => None,
            crate::wire::bank::Direction::Debit if self.account.detail_means_paid && self.profile.detail_pays => {
                Some(Outcome::Paid { on: row.booked_on })
            }
            crate::wire::bank::Direction::Debit => Some(Outcome::Accepted),
        }
    }

    fn apply(&mut self, tx: &mut Tx<'_>, ctx: &Ctx, end_to_end_id: &str, outcome: Outcome) -> Result<(), Problem> {
        if results::apply(tx, ctx, self.site, end_to_end_id, outcome, &self.source)?.is_some() {
            self.results = self.results.saturating_add(1);
        }
        Ok(())
    }

    /// A batch debit without details: the bank has the run, and no line has a result.
    fn accept_run(&mut self, tx: &mut Tx<'_>, ctx: &Ctx, entry: &Entry) -> Result<(), Problem> {
        let Some(message_id) = self.runs.iter().find(|id| names_run(entry, id)).cloned() else { return Ok(()) };
        let Some(run) = results::run_by_message_id(tx.conn(), self.site.id, &message_id)? else { return Ok(()) };
        for attempt in results::attempts_of(tx.conn(), self.site.id, run.id)? {
            self.apply(tx, ctx, &attempt.end_to_end_id, Outcome::Accepted)?;
        }
        Ok(())
    }

    /// A refund without EndToEndId: it re-opens a line where card and amount leave no doubt; otherwise a person looks at it.
    fn return_to_card(&mut self, tx: &mut Tx<'_>, ctx: &Ctx, entry: &Entry, row: &EntryRow) -> Result<(), Problem> {
        if row.purpose != crate::accounts::Purpose::PayReturn {
            return Ok(());
        }
        let candidates = match &row.counterparty_index {
            Some(index) => {
                // A refund without an id is one of a payment that this bank may still give back.
                let since = row.booked_on.plus_days(-i64::from(self.profile.credits_back_days)).begins();
                table::payments_to_card_since(tx.conn(), self.site.id, index, row.amount_fen, since)?
            }
            None => Vec::new(),
        };
        if let [id] = candidates.as_slice() {
            let reason = entry.details.first().map_or_else(|| row.text.clone(), |detail| reason_of(detail, &row.text));
            return self.apply(tx, ctx, id, Outcome::Returned { reason });
        }
        self.problems.push(FileProblem::new(
            &entry.place,
            "unknown_reference",
            "退回款无法对应到唯一的工资行，已入账，请人工核对。",
            "This refund fits no single pay line; it is booked, a person must match it.",
        ));
        Ok(())
    }
}

/// What an entry is for; `is_ours` says that it is a payment of ours, or its refund.
#[derive(Debug, Clone, Copy)]
struct Meaning {
    purpose: crate::accounts::Purpose,
    is_ours: bool,
}
