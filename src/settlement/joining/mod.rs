//! One movement that one message tells as a sum and another payment by payment: a camt.053 with one entry for a batch beside the camt.054
//! with an entry for each payment, in either order, for what goes out and for what comes back.
//!
//! `keys` finds entries that are told one to one; what it leaves is looked at here once a statement is booked. The sum and the single
//! entries are of one account, day, direction and reversal, and told by different voices. They are one movement where the sum is known to
//! have moved these very payments, or where together they are the sum to the fen and are of the run or the voucher that it names, of one
//! run, or all that is paid on that day; several sums that name one run are all its payments together, and a sum of one payment is that
//! payment. The sum stays and counts, and the single entries tell what it consists of; only where the bank's
//! ledger tells the single ones and not the sum, the sum stands aside. What stands aside is kept, counts in no balance, is taken back by
//! a posting of its own, and is known again when it is told again. Deliberately absent: a sum of a part of a run that names nothing, and
//! sums that several sets of entries could make up; these stay in doubt for a person.

mod board;
pub mod table;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use self::board::{Board, Together, side};
use super::allocate::{Desk, Meaning};
use super::doubts::{self, table::PaymentRow};
use super::payees::table::{self as payees, PayeeRow};
use super::{purpose, voiding};
use crate::accounts::table::{self as accounts_table, EntryRow};
use crate::accounts::{Direction, StatementKind};
use crate::base::id::{BankEntryId, InboxId, PayRunId, RecordId, StatementId};
use crate::base::{Day, Fen};
use crate::payroll::results;
use crate::store::{AnyConn, Chain, Tx};
use crate::web::{Ctx, Problem};
use crate::wire::bank::Entry;

/// Single entries shared out to sums in their order, where each sum is full to the fen before the next begins.
fn in_order(wholes: &[&EntryRow], singles: &[&EntryRow]) -> Option<Vec<(EntryRow, Vec<EntryRow>)>> {
    let mut rest = singles.iter();
    let mut groups = Vec::with_capacity(wholes.len());
    for whole in wholes {
        let (mut total, mut parts) = (Fen::ZERO, Vec::new());
        while total < whole.amount_fen {
            let one = rest.next()?;
            total = Fen(total.0.saturating_add(one.amount_fen.0));
            parts.push((*one).clone());
        }
        if total != whole.amount_fen {
            return None;
        }
        groups.push(((*whole).clone(), parts));
    }
    Some(groups)
}

/// Sums that name one run and together are all its single payments, as of a bank that debits cards of its own and of others apart: each
/// with the payments that make it up in their order, or the first one with all of them where that order does not tell.
fn several_sums(board: &Board) -> Result<Vec<(EntryRow, Vec<EntryRow>)>, Problem> {
    let mut sums: BTreeMap<(PayRunId, bool, bool), Vec<&EntryRow>> = BTreeMap::new();
    for row in board.rows.values().filter(|row| board.is_open_sum(row)) {
        if let Some([run]) = board.named.get(&row.id).map(Vec::as_slice) {
            sums.entry((*run, row.direction == Direction::Debit, row.reversal)).or_default().push(row);
        }
    }
    let mut found = Vec::new();
    for ((run, ..), wholes) in sums.into_iter().filter(|(_, wholes)| wholes.len() > 1) {
        let Some(first) = wholes.first() else { continue };
        let ids = board.together.get(&(side(first), Together::Run(run))).map(Vec::as_slice).unwrap_or_default();
        // As a part of any of them, whatever the size.
        let all = Fen::total(wholes.iter().map(|whole| whole.amount_fen))?;
        let asked = EntryRow { amount_fen: all, ..(*first).clone() };
        let singles: Vec<&EntryRow> = ids.iter().filter_map(|id| board.may_be_part(&asked, *id)).collect();
        if singles.is_empty() || Fen::total(singles.iter().map(|one| one.amount_fen))? != all {
            continue;
        }
        match in_order(&wholes, &singles) {
            Some(groups) => found.extend(groups),
            None if wholes.iter().all(|whole| whole.is_in_ledger()) => {
                found.push(((*first).clone(), singles.into_iter().cloned().collect()));
            }
            None => {}
        }
    }
    Ok(found)
}

impl Desk<'_> {
    /// Joins what the statement told with what another voice told of its days. Gives how many of its new entries are movements that were on
    /// record.
    ///
    /// # Errors
    /// A store that fails.
    pub(super) fn join(
        &mut self,
        tx: &mut Tx<'_>,
        ctx: &Ctx,
        (inbox_id, format): (InboxId, &str),
        days: &BTreeSet<Day>,
    ) -> Result<usize, Problem> {
        let joined = self.join_days(tx, ctx, (inbox_id, format), days)?;
        if joined.is_empty() {
            return Ok(0);
        }
        // What was told as doubtful before the two voices were known to be one is not said, unless it still is.
        let open: BTreeSet<_> = doubts::open(tx.conn(), self.site.id)?.into_iter().map(|doubt| doubt.entry.id).collect();
        let of_doubts = std::mem::take(&mut self.of_doubts).into_iter();
        let explained: BTreeSet<usize> =
            of_doubts.filter(|(_, id)| joined.contains_key(id) && !open.contains(id)).map(|(at, _)| at).collect();
        let problems = std::mem::take(&mut self.problems).into_iter().enumerate();
        self.problems = problems.filter(|(at, _)| !explained.contains(at)).map(|(_, problem)| problem).collect();
        Ok(joined.values().filter(|teller| **teller == self.statement_id).count())
    }

    /// The entries that were joined, each with the statement that told it first.
    fn join_days(
        &self,
        tx: &mut Tx<'_>,
        ctx: &Ctx,
        (inbox_id, format): (InboxId, &str),
        days: &BTreeSet<Day>,
    ) -> Result<BTreeMap<BankEntryId, StatementId>, Problem> {
        let mut joined = BTreeMap::new();
        let Some((first, last)) = days.first().copied().zip(days.last().copied()) else { return Ok(joined) };
        // In another format the same kind of message is another voice, which no entry shows.
        let told = if table::tell_in_other_words(tx.conn(), self.account, (self.kind, format), (first, last))? {
            days.clone()
        } else if table::tell_others(tx.conn(), self.account, self.kind, (first, last))? {
            table::days_told_otherwise(tx.conn(), self.account, self.kind, (first, last))?
        } else {
            return Ok(joined);
        };
        for day in told.intersection(days) {
            let mut board = Board::of(tx.conn(), self, format, *day)?;
            let mut ids: Vec<BankEntryId> = board.rows.keys().copied().collect();
            // The payments that a sum is known to have moved are its parts before anything is taken together by its amount.
            ids.sort_by_key(|id| (board.single_payments(*id).is_empty(), *id));
            for id in ids {
                let Some(whole) = board.rows.get(&id).cloned() else { continue };
                let mut parts = board.by_payments(&whole);
                if parts.is_empty() && board.is_open_sum(&whole) {
                    let named = self.runs_named(tx.conn(), &board, &whole)?;
                    board.named.insert(id, named.clone());
                    parts = board.by_sum(&whole, &named);
                }
                self.lay_aside(tx, ctx, inbox_id, &mut board, (whole, parts), &mut joined)?;
            }
            for (whole, parts) in several_sums(&board)? {
                self.lay_aside(tx, ctx, inbox_id, &mut board, (whole, parts), &mut joined)?;
            }
            for id in board.rows.keys().copied().collect::<Vec<_>>() {
                let whole = board.rows.get(&id).filter(|row| board.is_open_sum(row)).cloned();
                let Some((whole, parts)) = whole.and_then(|whole| board.alone(&whole).map(|parts| (whole, parts))) else {
                    continue;
                };
                self.lay_aside(tx, ctx, inbox_id, &mut board, (whole, parts), &mut joined)?;
            }
            for id in board.parts.keys().copied().collect::<Vec<_>>() {
                self.told_in_ledger(tx, &board, id)?;
            }
        }
        Ok(joined)
    }

    /// Joins a sum with its parts, and takes what stands aside off the board.
    fn lay_aside(
        &self,
        tx: &mut Tx<'_>,
        ctx: &Ctx,
        inbox_id: InboxId,
        board: &mut Board,
        (whole, parts): (EntryRow, Vec<EntryRow>),
        joined: &mut BTreeMap<BankEntryId, StatementId>,
    ) -> Result<(), Problem> {
        if parts.is_empty() {
            return Ok(());
        }
        let told: Vec<_> = parts.iter().chain([&whole]).map(|row| (row.id, row.statement_id)).collect();
        let aside = self.join_one(tx, ctx, inbox_id, whole, parts)?;
        joined.extend(told.into_iter().filter(|_| !aside.is_empty()));
        for (one, counted) in aside {
            board.rows.remove(&one.id);
            board.parts.entry(counted).or_default().push(one);
        }
        Ok(())
    }

    /// The runs that the bank names on an entry, or that were debited under its voucher.
    fn runs_named(&self, conn: &mut AnyConn, board: &Board, whole: &EntryRow) -> Result<Vec<PayRunId>, Problem> {
        let mut names = board.as_a_whole.get(&whole.id).cloned().unwrap_or_default();
        names.extend(table::named_runs(conn, self.site.id, whole.id)?);
        if whole.direction == Direction::Credit {
            names.extend(doubts::table::runs_under_voucher(conn, whole)?);
        }
        let mut runs = Vec::new();
        for name in names {
            runs.extend(results::run_by_message_id(conn, self.site.id, &name)?.map(|run| run.id));
        }
        runs.sort_unstable();
        runs.dedup();
        Ok(runs)
    }

    /// Lets the sum count and its parts stand aside, or, where the bank's ledger holds the parts alone, the other way round. Gives what
    /// stands aside, each with the entry that it is counted in.
    fn join_one(
        &self,
        tx: &mut Tx<'_>,
        ctx: &Ctx,
        inbox_id: InboxId,
        whole: EntryRow,
        parts: Vec<EntryRow>,
    ) -> Result<Vec<(EntryRow, BankEntryId)>, Problem> {
        let total = Fen::total(parts.iter().map(|part| part.amount_fen))?;
        let (in_ledger, first) = (parts.iter().filter(|part| part.is_in_ledger()).count(), parts.first().map(|part| part.id));
        if let Some(first) = first.filter(|_| !whole.is_in_ledger() && in_ledger == parts.len()) {
            if total != whole.amount_fen {
                return Ok(Vec::new());
            }
            let file = self.file_of(tx.conn(), parts.first().map_or(whole.statement_id, |part| part.statement_id), inbox_id)?;
            return Ok(vec![(voiding::take_back(tx, ctx, self.site, whole, (file, Some(first)))?, first)]);
        }
        if !whole.is_in_ledger() && in_ledger > 0 {
            return Ok(Vec::new());
        }
        let file = self.file_of(tx.conn(), whole.statement_id, inbox_id)?;
        let id = whole.id;
        self.learn(tx, ctx, whole, &parts)?;
        parts.into_iter().map(|part| Ok((voiding::take_back(tx, ctx, self.site, part, (file, Some(id)))?, id))).collect()
    }

    /// What the parts tell of payments, payees and purpose is the sum's.
    fn learn(&self, tx: &mut Tx<'_>, ctx: &Ctx, mut whole: EntryRow, parts: &[EntryRow]) -> Result<(), Problem> {
        let project = self.site.id;
        let ids: Vec<BankEntryId> = parts.iter().map(|part| part.id).collect();
        let own = table::payments_of(tx.conn(), project, &[whole.id])?;
        let mut known: HashMap<(String, Fen), usize> = HashMap::new();
        for row in own {
            *known.entry((row.payment, row.amount_fen)).or_default() += 1;
        }
        let told = table::payments_of(tx.conn(), project, &ids)?;
        let is_ours = !told.is_empty();
        let mut rows = Vec::new();
        for row in told {
            match known.get_mut(&(row.payment.clone(), row.amount_fen)) {
                Some(count) if *count > 0 => *count -= 1,
                _ => {
                    let recorded_seq = tx.seq(Chain::Project(project))?;
                    rows.push(PaymentRow { id: RecordId(ctx.id()), entry_id: whole.id, recorded_seq, ..row });
                }
            }
        }
        doubts::table::insert_payments(tx, &rows)?;
        for part in &ids {
            for row in table::payees_of(tx.conn(), project, *part)? {
                if !payees::stands(tx.conn(), project, whole.id, &row.end_to_end_id)? {
                    let recorded_seq = tx.seq(Chain::Project(project))?;
                    payees::insert(tx, &PayeeRow { id: RecordId(ctx.id()), entry_id: whole.id, recorded_seq, ..row })?;
                }
            }
        }
        let better = parts.iter().map(|part| part.purpose).find(|one| !purpose::is_guess(*one));
        if let Some(better) = better.filter(|_| purpose::is_guess(whole.purpose)) {
            whole.purpose = better;
            accounts_table::merge_entry(tx, &whole)?;
        }
        let purpose = whole.purpose;
        self.repost(tx, ctx, &whole, Meaning { purpose, is_ours })
    }

    /// A sum that was announced is in the bank's ledger once all its parts are.
    fn told_in_ledger(&self, tx: &mut Tx<'_>, board: &Board, id: BankEntryId) -> Result<(), Problem> {
        let Some(parts) = board.parts.get(&id).filter(|_| self.kind.is_ledger()) else { return Ok(()) };
        let is_told = parts.iter().all(|part| part.was_seen_in(self.kind));
        let total = Fen::total(parts.iter().map(|part| part.amount_fen))?;
        let Some(whole) = board.rows.get(&id).filter(|whole| is_told && !whole.is_in_ledger() && total == whole.amount_fen)
        else {
            return Ok(());
        };
        let mut whole = whole.clone();
        let own = whole.entry_key.clone();
        whole.tell(self.kind, &own);
        Ok(accounts_table::merge_entry(tx, &whole)?)
    }

    /// The file that told a statement; the one that is booked now is not on record yet.
    fn file_of(&self, conn: &mut AnyConn, id: StatementId, inbox_id: InboxId) -> Result<InboxId, Problem> {
        if id == self.statement_id {
            return Ok(inbox_id);
        }
        let statement = accounts_table::statement(conn, self.site.id, id)?;
        Ok(statement.ok_or_else(|| Problem::internal("an entry without its statement"))?.inbox_id)
    }

    /// An entry that is told again while it is counted in another: it stays so, and what is said of its payment is said of the sum.
    pub(super) fn tell_part(
        &mut self,
        tx: &mut Tx<'_>,
        ctx: &Ctx,
        entry: &Entry,
        (part, counted): (BankEntryId, BankEntryId),
        base: &str,
    ) -> Result<bool, Problem> {
        let gone = || Problem::internal("an entry counted in one that is not there");
        let before = accounts_table::entry(tx.conn(), self.site.id, part)?.ok_or_else(gone)?;
        let mut row = before.clone();
        row.tell(self.kind, base);
        let is_news = row != before;
        row.tell_by(self.teller);
        if row != before {
            accounts_table::merge_entry(tx, &row)?;
        }
        self.tells_parts = true;
        let whole = accounts_table::entry(tx.conn(), self.site.id, counted)?.ok_or_else(gone)?;
        if row.amount_fen < whole.amount_fen {
            self.pass_on(tx, ctx, entry, &whole)?;
        }
        Ok(is_news)
    }
}

/// Whether a telling of this kind may be one of the part: where the sum was told by it and the part was not, both are movements.
pub(super) fn may_be_told(part: &EntryRow, whole: &EntryRow, kind: StatementKind) -> bool {
    part.was_seen_in(kind) || !whole.was_seen_in(kind)
}
