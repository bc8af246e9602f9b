//! Work that nobody has paid for: days and pieces that stand on no sheet, months without one. What is late is told apart from what is not
//! due yet, which stops the closing as well and is nobody's fault.

use std::collections::BTreeSet;

use super::{Gathering, Hurdle, WHICH_MAX};
use crate::base::{Day, Fen, Month};
use crate::law::facts::{MonthPay, SheetState};
use crate::payroll::items::waiting::{self, Waiting};
use crate::payroll::table::SheetRow;
use crate::projects::Site;
use crate::store::AnyConn;
use crate::web::{Ctx, Problem};
use crate::{compliance, matching};

/// Months with a sheet that are compared with attendance, the latest ones.
const MONTHS_MATCHED: usize = 36;

/// Looks at the work of a project.
pub(super) fn look(
    conn: &mut AnyConn,
    ctx: &Ctx,
    (site, may_name, as_of): (&Site, bool, Day),
    found: &mut Gathering,
    sheets: &[SheetRow],
) -> Result<(), Problem> {
    let mut early = Early::default();
    on_sheets(conn, ctx, (site, may_name, as_of), found, sheets, &mut early)?;
    let pieces = waiting::of(conn, site.id, None)?;
    let amount = Fen::total(pieces.iter().map(|one| one.amount_fen))?;
    let named_piece = |one: &Waiting| {
        let name = if may_name { one.name.as_str() } else { "" };
        format!("{} {name} {} {}", one.month.month(), one.label, one.amount_fen)
    };
    let named_pieces = pieces.iter().take(WHICH_MAX).map(named_piece).collect();
    found.add(Hurdle::UnconfirmedPieces, pieces.len(), Some(amount), None, named_pieces);
    let facts = compliance::gather(conn, ctx, site, as_of)?;
    // Work without a sheet is one thing, workers on the roll whom nobody saw or could see another.
    let without = || facts.payroll.iter().filter(|month| month.sheet == SheetState::None);
    let workers = |month: &MonthPay| month.attended.get().filter(|people| *people > 0);
    let (mut late, mut idle) = (Vec::new(), Vec::new());
    for month in without() {
        match workers(month) {
            None => idle.push(month.month.to_string()),
            Some(people) if as_of <= month.pay_due_on => early.without_sheet(month, people),
            Some(_) => late.push(month.month.to_string()),
        }
    }
    found.add(Hurdle::MonthWithoutSheet, late.len(), None, None, late);
    found.add(Hurdle::MonthWithoutRecord, idle.len(), None, None, idle);
    let Early { tally, is_summed, first } = early;
    found.add(Hurdle::NotDueYet, tally.count, is_summed.then_some(tally.amount), first, tally.which);
    Ok(())
}

/// Workers whom the gates saw and to whom an audited sheet gives nothing or too few days, and those whose wage somebody else got by the
/// bank's word, unless a person has said why.
fn on_sheets(
    conn: &mut AnyConn,
    ctx: &Ctx,
    (site, may_name, as_of): (&Site, bool, Day),
    found: &mut Gathering,
    sheets: &[SheetRow],
    early: &mut Early,
) -> Result<(), Problem> {
    let over = as_of.min(ctx.today);
    let months: BTreeSet<Month> = sheets.iter().map(|sheet| sheet.month).filter(|month| month.last() < over).collect();
    let mut unpaid = Tally::default();
    let mut elsewhere = Tally::default();
    let mut unlisted = Tally::default();
    let mut withheld = Tally::default();
    for month in months.iter().rev().take(MONTHS_MATCHED) {
        let matched = matching::actions::matched(conn, ctx, site, *month)?;
        for row in &matched.rows {
            let gives_nothing = row.sheet.is_none_or(|sheet| sheet.net == Fen::ZERO);
            let who = row.name.as_deref().filter(|_| may_name).unwrap_or_default();
            let is_told = |one: &matching::Differs| one.kind == matching::Difference::AttendanceWithoutPay && gives_nothing;
            if let Some(one) = matched.unlisted(row).filter(|_| !row.differs.iter().any(is_told)) {
                // As the gates have it: the month's own pay day, whatever day a part of it was due.
                match matched.facts.due_on < as_of {
                    true => unlisted.add(*month, who, one.amount)?,
                    false => early.days(*month, who, one.amount, matched.facts.due_on)?,
                }
            }
            if let Some(amount) = matched.withheld(row).filter(|_| matched.facts.due_on < as_of) {
                withheld.add(*month, who, amount)?;
            }
            for one in &row.differs {
                let tally = match one.kind {
                    matching::Difference::AttendanceWithoutPay if gives_nothing => &mut unpaid,
                    matching::Difference::PaidToSomeoneElse => &mut elsewhere,
                    _ => continue,
                };
                if matched.is_cleared(row.subject, one) {
                    continue;
                }
                tally.add(*month, who, one.amount)?;
            }
        }
    }
    let found_of = [
        (Hurdle::WorkWithoutPay, unpaid),
        (Hurdle::DaysOnNoSheet, unlisted),
        (Hurdle::DeductedUnconsented, withheld),
        (Hurdle::PaidToSomeoneElse, elsewhere),
    ];
    for (kind, Tally { count, amount, which }) in found_of {
        found.add(kind, count, Some(amount), None, which);
    }
    Ok(())
}

/// Work that is not due yet.
struct Early {
    tally: Tally,
    /// Whether what it comes to is known of all of it.
    is_summed: bool,
    /// The earliest pay day to come.
    first: Option<Day>,
}

impl Default for Early {
    fn default() -> Self {
        Early { tally: Tally::default(), is_summed: true, first: None }
    }
}

impl Early {
    fn due(&mut self, on: Day) {
        self.first = Some(self.first.map_or(on, |first| first.min(on)));
    }

    fn days(&mut self, month: Month, who: &str, amount: Fen, due_on: Day) -> Result<(), Problem> {
        self.due(due_on);
        self.tally.add(month, who, amount)
    }

    fn without_sheet(&mut self, month: &MonthPay, people: u32) {
        self.due(month.pay_due_on);
        self.is_summed = false;
        self.tally.count = self.tally.count.saturating_add(usize::try_from(people).unwrap_or(usize::MAX));
        self.tally.which.push(month.month.to_string());
    }
}

/// Workers of one hurdle.
#[derive(Default)]
struct Tally {
    count: usize,
    amount: Fen,
    which: Vec<String>,
}

impl Tally {
    fn add(&mut self, month: Month, who: &str, amount: Fen) -> Result<(), Problem> {
        self.count += 1;
        self.amount = self.amount.plus(amount)?;
        if self.which.len() < WHICH_MAX {
            self.which.push(format!("{month} {who}").trim().to_owned());
        }
        Ok(())
    }
}
