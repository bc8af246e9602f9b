//! What is deducted of a line beyond the law's share without the worker's paper: it holds the line, and it stays owed whatever is paid of
//! the rest.

use super::{Caution, Limits, LineCaution};
use crate::base::Fen;
use crate::base::id::LineId;
use crate::base::money::TooMuch;
use crate::payroll::corrections::taking_back;
use crate::payroll::items::{Item, ItemKind};
use crate::payroll::table::LineRow;
use crate::projects::Site;
use crate::store::AnyConn;
use crate::web::Problem;

/// What of a wage is deducted beyond the law's share.
#[derive(Default)]
pub(crate) struct Deducted {
    /// All that is deducted, and the most that may be, where it is more than that.
    beyond: Option<(Fen, Fen)>,
    /// What of it no paper of the worker shows.
    unconsented: Fen,
}

impl Deducted {
    /// Looks at a line; `items` are those that are no work days.
    ///
    /// # Errors
    /// What the store says, and amounts beyond 63 bits.
    pub(crate) fn of(
        conn: &mut AnyConn,
        site: &Site,
        line: &LineRow,
        items: Option<&Vec<Item>>,
        limits: &Limits,
    ) -> Result<Self, Problem> {
        let Some(most) = limits.deduction_most(line.gross_fen)?.filter(|most| line.deductions_fen > *most) else {
            return Ok(Deducted::default());
        };
        // What is taken back has its consent with the correction.
        let carried = taking_back::carried(conn, site, line)?;
        let is_agreed = |item: &&Item| {
            item.row.kind == ItemKind::Deduction
                && item.counts()
                && (item.worker_paper.is_some() || carried.contains(&item.row.id))
        };
        let agreed = items.into_iter().flatten().filter(is_agreed).map(|item| item.row.amount_fen);
        let unconsented = line.deductions_fen.minus(Fen::total(agreed)?)?;
        Ok(Deducted { beyond: Some((line.deductions_fen, most)), unconsented })
    }

    pub(in crate::payroll) fn caution(&self, line: LineId) -> Option<LineCaution> {
        let (amount, limit) = self.beyond?;
        let caution = Caution::DeductionsBeyond;
        let (zh, en) = caution.advice();
        Some(LineCaution { line, caution, amount, limit, zh: zh.to_owned(), en: en.to_owned() })
    }

    pub(in crate::payroll) fn is_unconsented(&self) -> bool {
        self.beyond.is_some_and(|(_, most)| self.unconsented > most)
    }

    /// What no paper of the worker shows beyond the law's share: it is owed until there is one.
    ///
    /// # Errors
    /// Amounts beyond 63 bits.
    pub(crate) fn open(&self) -> Result<Fen, TooMuch> {
        self.beyond.map_or(Ok(Fen::ZERO), |(_, most)| Ok(self.unconsented.minus(most)?.max(Fen::ZERO)))
    }
}
