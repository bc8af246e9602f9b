//! One movement that one message tells as a sum and another payment by payment: a camt.053 with one entry for a batch beside the camt.054
//! with an entry for each payment, in either order, for what goes out and for what comes back.
//!
//! `keys` finds entries that are told one to one; what it leaves is looked at here once a statement is booked. The sum and the single
//! entries are of one account, day, direction and reversal, and told by different voices. They are one movement where the sum is known to
//! have moved these very payments, or where together they are the sum to the fen and are of the run or the voucher that it names, of one
//! run, or all that is paid on that day. The sum stays and counts, and the single entries tell what it consists of; only where the bank's
//! ledger tells the single ones and not the sum, the sum stands aside. What stands aside is kept, counts in no balance, is taken back by
//! a posting of its own, and is known again when it is told again. Deliberately absent: a sum of a part of a run that names nothing, and
//! sums that several sets of entries could make up; these stay in doubt for a person.

pub mod table;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::allocate::{Desk, Meaning};
use super::doubts::{self, table::PaymentRow};
use super::payees::table::{self as payees, PayeeRow};
use super::{purpose, table as orders, voiding};
use crate::accounts::table::{self as accounts_table, EntryRow};
use crate::accounts::{Direction, Purpose, StatementKind};
use crate::base::id::{BankEntryId, InboxId, PayRunId, RecordId, StatementId};
use crate::base::{Day, Fen};
use crate::payroll::results;
use crate::store::{AnyConn, Chain, Tx};
use crate::web::{Ctx, Problem};
use crate::wire::bank::Entry;

/// Whether two entries may be one movement told by two voices: no kind of message told both, or the bank's ledger holds one of them alone.
fn are_two_voices(one: &EntryRow, two: &EntryRow) -> bool {
    let kinds = one.kinds();
    two.kinds().iter().all(|kind| !kinds.contains(kind)) || one.is_in_ledger() != two.is_in_ledger()
}

/// What single entries may be taken together by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Together {
    /// The bank's reference.
    Voucher(String),
    /// The run whose payments they are.
    Run(PayRunId),
    /// All payments of the day.
    Payments,
}

/// What moves the same way.
type Side = (Direction, bool);

/// What stands on a day of the account, and what is known of its payments.
struct Board {
    /// Entries that stand, in the order of record; one that was joined is taken out.
    rows: BTreeMap<BankEntryId, EntryRow>,
    /// What of single payments each entry moved.
    payments: HashMap<BankEntryId, Vec<PaymentRow>>,
    /// The runs that an entry moved as a whole.
    as_a_whole: HashMap<BankEntryId, Vec<String>>,
    /// The run of each payment.
    runs: HashMap<String, PayRunId>,
    /// What is counted in an entry.
    parts: HashMap<BankEntryId, Vec<EntryRow>>,
    /// The entries that moved a payment with a sum.
    moved: HashMap<(String, Fen), Vec<BankEntryId>>,
    /// Entries with something in common, by direction.
    together: HashMap<(Side, Together), Vec<BankEntryId>>,
}

fn side(row: &EntryRow) -> Side {
    (row.direction, row.reversal)
}

impl Board {
    fn of(conn: &mut AnyConn, desk: &Desk<'_>, day: Day) -> Result<Board, Problem> {
        let project = desk.site.id;
        let rows = table::standing_on(conn, desk.account, day)?;
        let ids: Vec<BankEntryId> = rows.iter().map(|row| row.id).collect();
        let counted = table::counted_in(conn, project, &ids)?;
        let all: Vec<BankEntryId> = ids.iter().copied().chain(counted.iter().map(|row| row.id)).collect();
        let told = table::payments_of(conn, project, &all)?;
        let named: BTreeSet<&String> = told.iter().map(|row| &row.payment).collect();
        let named: Vec<String> = named.into_iter().cloned().collect();
        let mut runs = HashMap::new();
        for some in named.chunks(500) {
            runs.extend(orders::payments(conn, project, some)?.into_iter().map(|(id, (run, ..))| (id, run)));
        }
        let mut board = Board {
            rows: rows.into_iter().map(|row| (row.id, row)).collect(),
            payments: HashMap::new(),
            as_a_whole: HashMap::new(),
            runs,
            parts: HashMap::new(),
            moved: HashMap::new(),
            together: HashMap::new(),
        };
        for row in told {
            if board.runs.contains_key(&row.payment) {
                board.payments.entry(row.entry_id).or_default().push(row);
            } else {
                board.as_a_whole.entry(row.entry_id).or_default().push(row.payment);
            }
        }
        for row in counted {
            board.parts.entry(row.counted_in.unwrap_or(row.id)).or_default().push(row);
        }
        board.lay_out();
        Ok(board)
    }

    /// Lays the entries out by what they may be found by.
    fn lay_out(&mut self) {
        for (id, row) in &self.rows {
            let own = self.payments.get(id).map(Vec::as_slice).unwrap_or_default();
            for payment in own {
                self.moved.entry((payment.payment.clone(), payment.amount_fen)).or_default().push(*id);
            }
            let of_runs: HashSet<PayRunId> = own.iter().filter_map(|one| self.runs.get(&one.payment).copied()).collect();
            let mut common: Vec<Together> = row.bank_ref.iter().cloned().map(Together::Voucher).collect();
            if let Some(run) = of_runs.iter().next().filter(|_| of_runs.len() == 1) {
                common.push(Together::Run(*run));
            }
            if !of_runs.is_empty() {
                common.push(Together::Payments);
            }
            for one in common {
                self.together.entry((side(row), one)).or_default().push(*id);
            }
        }
    }

    fn single_payments(&self, id: BankEntryId) -> &[PaymentRow] {
        self.payments.get(&id).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether an entry may be a part of a sum: it stands, is smaller, moves the same way, has no parts of its own, and another voice told it.
    fn may_be_part(&self, whole: &EntryRow, id: BankEntryId) -> Option<&EntryRow> {
        let row = self.rows.get(&id).filter(|row| row.id != whole.id)?;
        let fits = row.amount_fen < whole.amount_fen && side(row) == side(whole) && are_two_voices(whole, row);
        (fits && !self.parts.contains_key(&id)).then_some(row)
    }

    /// The entries that moved payments which the sum is known to have moved: each of its payments once.
    fn by_payments(&self, whole: &EntryRow) -> Vec<EntryRow> {
        let mut left: HashMap<(&str, Fen), usize> = HashMap::new();
        for one in self.single_payments(whole.id) {
            *left.entry((&one.payment, one.amount_fen)).or_default() += 1;
        }
        let known = self.parts.get(&whole.id).into_iter().flatten();
        for one in known.flat_map(|part| self.single_payments(part.id)) {
            left.entry((&one.payment, one.amount_fen)).and_modify(|count| *count = count.saturating_sub(1));
        }
        let keys = self.single_payments(whole.id).iter().map(|one| (one.payment.clone(), one.amount_fen));
        let places: BTreeSet<BankEntryId> = keys.filter_map(|key| self.moved.get(&key)).flatten().copied().collect();
        let mut found = Vec::new();
        for id in places {
            let Some(row) = self.may_be_part(whole, id) else { continue };
            let own = self.single_payments(id);
            let mut rest = left.clone();
            let is_in = own.iter().all(|one| match rest.get_mut(&(one.payment.as_str(), one.amount_fen)) {
                Some(count) if *count > 0 => {
                    *count -= 1;
                    true
                }
                _ => false,
            });
            if is_in {
                left = rest;
                found.push(row.clone());
            }
        }
        found
    }

    /// The entries that together are the sum: of its voucher, of the runs that it names, or, where it names none, of the one run or of all
    /// payments of the day of which that is so.
    fn by_sum(&self, whole: &EntryRow, named: &[PayRunId]) -> Vec<EntryRow> {
        if !self.single_payments(whole.id).is_empty() || self.parts.contains_key(&whole.id) {
            return Vec::new();
        }
        if let Some(reference) = &whole.bank_ref
            && let Some(found) = self.exactly(whole, Together::Voucher(reference.clone()))
        {
            return found;
        }
        if !named.is_empty() {
            let mut of_named = named.iter().filter_map(|run| self.exactly(whole, Together::Run(*run)));
            return of_named.next().unwrap_or_default();
        }
        let names_nobody = whole.counterparty.is_none() && whole.counterparty_account.is_none();
        let may_be_wages = match whole.purpose {
            Purpose::PayRun | Purpose::PayReturn => true,
            guess => purpose::is_guess(guess) && names_nobody,
        };
        if !may_be_wages {
            return Vec::new();
        }
        let runs: HashSet<PayRunId> = self.runs.values().copied().collect();
        let mut of_runs = runs.into_iter().filter_map(|run| self.exactly(whole, Together::Run(run)));
        match (of_runs.next(), of_runs.next()) {
            (Some(one), None) => one,
            (None, _) => self.exactly(whole, Together::Payments).unwrap_or_default(),
            // Either of two runs would do: nobody knows which.
            (Some(_), Some(_)) => Vec::new(),
        }
    }

    /// All entries with something in common that may be parts of the sum, where there are several and they are the sum to the fen.
    fn exactly(&self, whole: &EntryRow, common: Together) -> Option<Vec<EntryRow>> {
        let ids = self.together.get(&(side(whole), common))?;
        let mut total = Fen::ZERO;
        let mut found = Vec::new();
        for row in ids.iter().filter_map(|id| self.may_be_part(whole, *id)) {
            total = Fen(total.0.saturating_add(row.amount_fen.0));
            if total > whole.amount_fen {
                return None;
            }
            found.push(row);
        }
        (found.len() > 1 && total == whole.amount_fen).then(|| found.into_iter().cloned().collect())
    }
}

impl Desk<'_> {
    /// Joins what the statement told with what another voice told of its days. Gives how many of its new entries are movements that were on
    /// record.
    ///
    /// # Errors
    /// A store that fails.
    pub(super) fn join(&mut self, tx: &mut Tx<'_>, ctx: &Ctx, inbox_id: InboxId, days: &BTreeSet<Day>) -> Result<usize, Problem> {
        let joined = self.join_days(tx, ctx, inbox_id, days)?;
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
        inbox_id: InboxId,
        days: &BTreeSet<Day>,
    ) -> Result<BTreeMap<BankEntryId, StatementId>, Problem> {
        let mut joined = BTreeMap::new();
        let Some((first, last)) = days.first().copied().zip(days.last().copied()) else { return Ok(joined) };
        if !table::tell_others(tx.conn(), self.account, self.kind, (first, last))? {
            return Ok(joined);
        }
        let told = table::days_told_otherwise(tx.conn(), self.account, self.kind, (first, last))?;
        for day in told.intersection(days) {
            let mut board = Board::of(tx.conn(), self, *day)?;
            let mut ids: Vec<BankEntryId> = board.rows.keys().copied().collect();
            // The payments that a sum is known to have moved are its parts before anything is taken together by its amount.
            ids.sort_by_key(|id| (board.single_payments(*id).is_empty(), *id));
            for id in ids {
                let Some(whole) = board.rows.get(&id).cloned() else { continue };
                let mut parts = board.by_payments(&whole);
                if parts.is_empty() && board.single_payments(id).is_empty() {
                    let named = self.runs_named(tx.conn(), &board, &whole)?;
                    parts = board.by_sum(&whole, &named);
                }
                if !parts.is_empty() {
                    let told: Vec<_> = parts.iter().chain([&whole]).map(|row| (row.id, row.statement_id)).collect();
                    let aside = self.join_one(tx, ctx, inbox_id, whole, parts)?;
                    joined.extend(told.into_iter().filter(|_| !aside.is_empty()));
                    for (one, counted) in aside {
                        board.rows.remove(&one.id);
                        board.parts.entry(counted).or_default().push(one);
                    }
                }
                self.told_in_ledger(tx, &board, id)?;
            }
        }
        Ok(joined)
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
        // One voiding takes all of them back, so that the sum speaks again when they do not.
        let told_together = parts.first().is_some_and(|first| {
            let tellers: BTreeSet<i64> = first.tellers().map(|id| id.0).collect();
            parts.iter().all(|part| part.tellers().any(|id| tellers.contains(&id.0)))
        });
        if let Some(first) = first.filter(|_| !whole.is_in_ledger() && in_ledger == parts.len()) {
            if total != whole.amount_fen || !told_together {
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
