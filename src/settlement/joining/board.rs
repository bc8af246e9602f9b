//! What stands on a day of an account, laid out so that a sum finds the entries that it may be made of.
//!
//! Deliberately absent: what becomes of them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::super::allocate::Desk;
use super::super::doubts::table::PaymentRow;
use super::super::{purpose, table as orders};
use super::table;
use crate::accounts::table::EntryRow;
use crate::accounts::{Direction, Purpose};
use crate::base::id::{BankEntryId, PayRunId, StatementId};
use crate::base::{Day, Fen};
use crate::store::AnyConn;
use crate::web::Problem;
use crate::wire::text::squeezed;

/// What single entries may be taken together by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Together {
    /// The bank's reference.
    Voucher(String),
    /// The run whose payments they are.
    Run(PayRunId),
    /// All payments of the day.
    Payments,
}

/// What moves the same way.
pub(super) type Side = (Direction, bool);

/// What stands on a day of the account, and what is known of its payments.
pub(super) struct Board {
    /// Entries that stand, in the order of record; one that was joined is taken out.
    pub(super) rows: BTreeMap<BankEntryId, EntryRow>,
    /// What of single payments each entry moved.
    payments: HashMap<BankEntryId, Vec<PaymentRow>>,
    /// The runs that an entry moved as a whole.
    pub(super) as_a_whole: HashMap<BankEntryId, Vec<String>>,
    /// The run of each payment.
    runs: HashMap<String, PayRunId>,
    /// What is counted in an entry.
    pub(super) parts: HashMap<BankEntryId, Vec<EntryRow>>,
    /// The entries that moved a payment with a sum.
    moved: HashMap<(String, Fen), Vec<BankEntryId>>,
    /// Entries with something in common, by direction.
    pub(super) together: HashMap<(Side, Together), Vec<BankEntryId>>,
    /// The runs that each sum names, as far as they were looked up.
    pub(super) named: HashMap<BankEntryId, Vec<PayRunId>>,
    /// The format of each statement that told one of them: MT940 and camt.053 of a day are two voices of one ledger.
    formats: HashMap<StatementId, String>,
}

pub(super) fn side(row: &EntryRow) -> Side {
    (row.direction, row.reversal)
}

impl Board {
    pub(super) fn of(conn: &mut AnyConn, desk: &Desk<'_>, format: &str, day: Day) -> Result<Board, Problem> {
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
            named: HashMap::new(),
            formats: HashMap::new(),
        };
        let tellers: BTreeSet<i64> =
            board.rows.values().flat_map(|row| row.tellers().map(|id| id.0).collect::<Vec<_>>()).collect();
        board.formats = table::formats_of(conn, project, tellers.into_iter().map(StatementId))?;
        // The statement that is booked now is not on record yet.
        board.formats.insert(desk.statement_id, table::family(format).to_owned());
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

    pub(super) fn single_payments(&self, id: BankEntryId) -> &[PaymentRow] {
        self.payments.get(&id).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether two entries may be one movement told by two voices: no kind of message told both, the bank's ledger holds one of them alone,
    /// or it told them in different formats.
    fn are_two_voices(&self, one: &EntryRow, two: &EntryRow) -> bool {
        let kinds = one.kinds();
        let formats = |row: &EntryRow| row.tellers().filter_map(|id| self.formats.get(&id).cloned()).collect::<HashSet<_>>();
        two.kinds().iter().all(|kind| !kinds.contains(kind))
            || one.is_in_ledger() != two.is_in_ledger()
            || formats(one).is_disjoint(&formats(two))
    }

    /// Whether an entry may be a part of a sum, or all of it: it stands, is no larger, moves the same way, has no parts of its own, and
    /// another voice told it.
    pub(super) fn may_be_part(&self, whole: &EntryRow, id: BankEntryId) -> Option<&EntryRow> {
        let row = self.rows.get(&id).filter(|row| row.id != whole.id)?;
        let fits = row.amount_fen <= whole.amount_fen && side(row) == side(whole) && self.are_two_voices(whole, row);
        (fits && !self.parts.contains_key(&id)).then_some(row)
    }

    /// The entries that moved payments which the sum is known to have moved: each of its payments once.
    pub(super) fn by_payments(&self, whole: &EntryRow) -> Vec<EntryRow> {
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

    /// Whether nobody knows yet which payments an entry moved, while it may be a sum of some.
    pub(super) fn is_open_sum(&self, row: &EntryRow) -> bool {
        self.single_payments(row.id).is_empty() && !self.parts.contains_key(&row.id)
    }

    /// Whether an entry that names no run may be of wages.
    fn may_be_wages(row: &EntryRow) -> bool {
        let names_nobody = row.counterparty.is_none() && row.counterparty_account.is_none();
        match row.purpose {
            Purpose::PayRun | Purpose::PayReturn => true,
            guess => purpose::is_guess(guess) && names_nobody,
        }
    }

    /// The entries that together are the sum: of its voucher, of the runs that it names, or, where it names none, of the one run or of all
    /// payments of the day of which that is so.
    pub(super) fn by_sum(&self, whole: &EntryRow, named: &[PayRunId]) -> Vec<EntryRow> {
        if let Some(reference) = &whole.bank_ref
            && let Some(found) = self.exactly(whole, Together::Voucher(reference.clone()))
        {
            return found;
        }
        if !named.is_empty() {
            let mut of_named = named.iter().filter_map(|run| self.exactly(whole, Together::Run(*run)));
            return of_named.next().unwrap_or_default();
        }
        if !Self::may_be_wages(whole) {
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

    /// The one payment of exactly the sum, of these runs where there are any, where the bank's ledger holds one of the two alone and both
    /// do not name two others. Of several the first: whichever it is, as many count as the ledger holds.
    pub(super) fn alone(&self, whole: &EntryRow) -> Option<Vec<EntryRow>> {
        let named = self.named.get(&whole.id).map(Vec::as_slice).unwrap_or_default();
        if named.is_empty() && !Self::may_be_wages(whole) {
            return None;
        }
        let of_run = |row: &EntryRow| {
            let runs = self.single_payments(row.id).iter().filter_map(|one| self.runs.get(&one.payment));
            named.is_empty() || runs.into_iter().any(|run| named.contains(run))
        };
        let is_named = |row: &EntryRow| {
            let names = row.counterparty.as_deref().zip(whole.counterparty.as_deref());
            names.is_none_or(|(one, two)| squeezed(one) == squeezed(two) || one.contains('*') || two.contains('*'))
        };
        let ids = self.together.get(&(side(whole), Together::Payments))?;
        let mut fitting = ids.iter().filter_map(|id| self.may_be_part(whole, *id)).filter(|row| {
            row.amount_fen == whole.amount_fen && row.is_in_ledger() != whole.is_in_ledger() && of_run(row) && is_named(row)
        });
        fitting.next().map(|row| vec![row.clone()])
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
