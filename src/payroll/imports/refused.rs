//! The error sheet of a pay sheet made elsewhere: the refused rows in our columns with a column of reasons, to be mended and uploaded
//! again. It is made anew from the kept file each time; nothing is taken by it. Beside a row that is refused because its worker stands in
//! an earlier one that earlier row stands too: a row is the whole wage of its worker, so whoever mended the refused one alone would put
//! it in the place of the other. Deliberately absent: rows left alone because their line
//! is signed, which are right as they stand.

use std::collections::BTreeMap;

use super::actions::{Confirmed, proposal};
use super::checks::Known;
use super::fault_of;
use crate::projects::Site;
use crate::store::Tx;
use crate::users;
use crate::web::problem::Fault;
use crate::web::{Ctx, Problem};
use crate::wire::pay_sheet::{self, COLUMNS};
use crate::wire::sheet::write::refused_rows;

/// Why plain numbers are looked at where nobody is asked for a purpose.
const TO_MEND: &str = "改正工资表 mending a pay sheet";

/// The rows of a kept file that would be refused, as XLSX: plain numbers, so who asked is written down.
///
/// # Errors
/// `not_found` for a file that the project has not, `invalid` for a mapping that does not hold, `not_allowed` for machines.
pub fn error_sheet(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, confirmed: &Confirmed) -> Result<Vec<u8>, Problem> {
    let (book, mut proposal) = proposal(tx.conn(), ctx, site, confirmed.inbox, Some(confirmed.sheet))?;
    proposal.map(&confirmed.mapping)?;
    let pay = proposal.read(&book, ctx.today);
    let known = Known::gather(tx, ctx, site, confirmed.month, confirmed.lowest_day_wage)?;
    let mut told: BTreeMap<u32, Vec<Fault>> = BTreeMap::new();
    for problem in &pay.problems {
        told.entry(problem.row).or_default().push(fault_of(problem));
    }
    for (first, again) in &pay.repeated {
        let zh = format!(
            "第 {again} 行与本行是同一名工人。本行已按原金额导入；请合并为一行、金额写合计后上传，将替换原金额，另一行删除"
        );
        let en = format!(
            "row {again} is of the same worker; this row was taken as it is. Merge them into one row with the sum and delete the other"
        );
        let place = proposal.place(*first, "id");
        told.entry(*first).or_default().push(Fault { place, reason: "id_reused".to_owned(), zh, en });
    }
    for (row, fault) in known.check(ctx, &proposal, &pay.rows).faults {
        told.entry(row).or_default().push(fault);
    }
    let sheet = proposal.in_our_names(&book).unwrap_or_default();
    let found = pay_sheet::find(&sheet).ok();
    let mut reasons = Vec::with_capacity(told.len());
    for (row, faults) in told {
        let place = usize::try_from(row.saturating_sub(1)).unwrap_or(usize::MAX);
        // A total that does not add up is told of the file and is no row of a worker.
        let is_worker = found.as_ref().is_some_and(|table| {
            let is_named = table.text(place, "name").is_some() || table.text(place, "id").is_some();
            row > 0 && is_named && !table.is_total(place, "name")
        });
        if is_worker {
            let texts: Vec<String> = faults.iter().map(|one| format!("{} {} {}", one.place, one.reason, one.zh)).collect();
            reasons.push((row, texts.join("；")));
        }
    }
    users::actions::note_unmasking(tx, ctx, &confirmed.inbox.to_string(), "pay_sheet", TO_MEND)?;
    // A column of months that the file has not would be read as one whose cells are empty.
    let has = |key: &str| found.as_ref().is_some_and(|table| table.has(key));
    let columns: Vec<_> = COLUMNS.into_iter().filter(|one| !pay_sheet::GUARDS.contains(&one.key) || has(one.key)).collect();
    refused_rows(found.as_ref(), &columns, &reasons).map_err(|error| Problem::internal(&error.to_string()))
}
