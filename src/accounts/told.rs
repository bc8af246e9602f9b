//! How an entry was told: by which kinds of message, in which words, by which statements, with which balance after it.

use super::table::{EntryRow, short};
use super::{Direction, StatementKind};
use crate::base::Fen;
use crate::base::id::StatementId;

/// Begins the word among the kinds of message that stands for the balance after an entry.
const BALANCE_MARK: &str = "balance:";
/// Begins the word that stands for the id of the single payment.
const PAYMENT_MARK: &str = "payment:";
/// Statements that are kept as tellers of one entry beside the first.
const TELLERS_MAX: usize = 20;

impl EntryRow {
    /// The amount as it moves the balance.
    pub fn signed(&self) -> Fen {
        match self.direction {
            Direction::Credit => self.amount_fen,
            Direction::Debit => self.amount_fen.negated(),
        }
    }

    /// The kinds of message that told it, in the order of receipt, each once.
    pub fn kinds(&self) -> Vec<StatementKind> {
        let mut kinds: Vec<StatementKind> = Vec::new();
        for kind in self.seen_in.split(' ').filter_map(|word| word.split(':').next()?.parse().ok()) {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        kinds
    }

    /// Whether a message of this kind told it.
    pub fn was_seen_in(&self, kind: StatementKind) -> bool {
        self.kinds().contains(&kind)
    }

    /// Whether some message told it in words that make this key, the ordinal apart.
    pub fn was_told_as(&self, base: &str) -> bool {
        self.seen_in.split(' ').any(|word| word.split_once(':').is_some_and(|(_, key)| key == short(base)))
    }

    /// The shortened keys of all the words in which it was told.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.seen_in.split(' ').filter_map(|word| word.split_once(':').map(|(_, key)| key))
    }

    /// Notes that a message of this kind told it in words that make this key.
    pub fn tell(&mut self, kind: StatementKind, base: &str) {
        let word = format!("{kind}:{}", short(base));
        if self.seen_in.is_empty() {
            self.seen_in = word;
        } else if !self.seen_in.split(' ').any(|known| known == word) {
            self.seen_in = format!("{} {word}", self.seen_in);
        }
    }

    /// Whether a bank's event said that the balance was another after it: then this is not the entry of which it was this.
    pub fn had_other_balance(&self, mark: &str) -> bool {
        self.has_other_mark(BALANCE_MARK, mark)
    }

    /// Whether it was told as another single payment than the one of this mark.
    pub fn was_other_payment(&self, mark: &str) -> bool {
        self.has_other_mark(PAYMENT_MARK, mark)
    }

    fn has_other_mark(&self, kind: &str, mark: &str) -> bool {
        let mut marks = self.seen_in.split(' ').filter_map(|word| word.strip_prefix(kind)).peekable();
        marks.peek().is_some() && !marks.any(|known| known == short(mark))
    }

    /// Notes what tells two equal movements apart: the marks of the single payment that it is and of the balance after it.
    pub fn tell_marks(&mut self, payment: Option<&str>, balance: Option<&str>) {
        payment.into_iter().for_each(|mark| self.tell_payment(mark));
        balance.into_iter().for_each(|mark| self.tell_balance(mark));
    }

    /// Notes the mark of the single payment that it is.
    fn tell_payment(&mut self, mark: &str) {
        let word = format!("{PAYMENT_MARK}{}", short(mark));
        if !self.seen_in.split(' ').any(|known| known == word) {
            self.seen_in = format!("{} {word}", self.seen_in);
        }
    }

    /// Notes the balance after it, by its mark, as a bank's event said it.
    fn tell_balance(&mut self, mark: &str) {
        let word = format!("{BALANCE_MARK}{}", short(mark));
        if !self.seen_in.split(' ').any(|known| known == word) {
            self.seen_in = format!("{} {word}", self.seen_in);
        }
    }

    /// Notes that a statement told it again.
    pub fn tell_by(&mut self, statement: StatementId) {
        let word = format!(" {} ", statement.0);
        let known = self.told_by.split_whitespace().count();
        if statement != self.statement_id && !self.told_by.contains(&word) && known < TELLERS_MAX {
            self.told_by.push_str(&word);
        }
    }

    /// The statements that told it, the first one first.
    pub fn tellers(&self) -> impl Iterator<Item = StatementId> {
        let again = self.told_by.split_whitespace().filter_map(|word| word.parse().ok()).map(StatementId);
        std::iter::once(self.statement_id).chain(again)
    }

    /// Whether the bank's ledger holds it; otherwise it is provisional.
    pub fn is_in_ledger(&self) -> bool {
        self.kinds().into_iter().any(StatementKind::is_ledger)
    }
}
