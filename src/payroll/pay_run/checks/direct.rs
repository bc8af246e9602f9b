//! Money that already went straight from the wage account to a worker's card, outside any run: a line is not paid beside it before
//! somebody has said what it was for.
//!
//! It is the money that the match of the month counts for the worker. Each fen of it holds one line: the lines of the month that are left
//! to pay take it in the order of their parts. Deliberately absent: a line that is settled by it without a person's word.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::base::id::{BankEntryId, LineId, WorkerId};
use crate::base::{Day, Fen};
use crate::payroll::table::{LineRow, SheetRow};
use crate::payroll::{self, direct};
use crate::projects::Site;
use crate::store::AnyConn;
use crate::web::{Ctx, Problem};

/// What of a line reached the worker's card outside any run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PaidDirect {
    /// How much of the line it would pay.
    pub amount: Fen,
    /// When the first of it was booked.
    pub booked_on: Day,
    /// The bank's entries.
    pub entries: Vec<BankEntryId>,
}

impl PaidDirect {
    /// What came when, in Chinese and English.
    pub fn words(&self) -> (String, String) {
        let PaidDirect { amount, booked_on, entries } = self;
        let entries = entries.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        (
            format!("专用账户已于 {booked_on} 不经代发直接转入本人卡，本行中 {amount} 元与之重复（银行流水 {entries}）。"),
            format!("{amount} of it went from the wage account straight to the worker's card on {booked_on} ({entries})."),
        )
    }
}

/// The lines of a sheet that are left to pay and for which such money has come.
///
/// # Errors
/// What the store says.
pub fn paid(
    conn: &mut AnyConn,
    ctx: &Ctx,
    site: &Site,
    sheet: &SheetRow,
    lines: &[LineRow],
) -> Result<BTreeMap<LineId, PaidDirect>, Problem> {
    let mut found = BTreeMap::new();
    if !lines.iter().any(is_left) {
        return Ok(found);
    }
    let straight = direct::of_month(conn, ctx, site, sheet.month)?;
    if straight.is_empty() {
        return Ok(found);
    }
    let mut rests: BTreeMap<WorkerId, Fen> = BTreeMap::new();
    for (worker, all) in &straight {
        rests.insert(*worker, Fen::total(all.iter().map(|one| one.amount))?);
    }
    for part in payroll::table::parts(conn, site.id, sheet.month)?.into_iter().filter(|part| part.part < sheet.part) {
        for line in payroll::table::lines_of(conn, site.id, part.id)? {
            take(&mut rests, &line)?;
        }
    }
    for line in lines {
        let (amount, all) = (take(&mut rests, line)?, straight.get(&line.worker_id).map(Vec::as_slice).unwrap_or_default());
        if let Some(booked_on) = all.iter().map(|one| one.booked_on).min().filter(|_| amount.is_positive()) {
            let entries = all.iter().map(|one| one.entry).collect();
            found.insert(line.id, PaidDirect { amount, booked_on, entries });
        }
    }
    Ok(found)
}

fn is_left(line: &LineRow) -> bool {
    line.state.is_orderable() && line.rest().is_positive()
}

/// What of the money a line takes.
fn take(rests: &mut BTreeMap<WorkerId, Fen>, line: &LineRow) -> Result<Fen, Problem> {
    let Some(rest) = rests.get_mut(&line.worker_id).filter(|_| is_left(line)) else { return Ok(Fen::ZERO) };
    let taken = line.rest().min(*rest);
    *rest = rest.minus(taken)?;
    Ok(taken)
}
