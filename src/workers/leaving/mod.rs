//! Leaving a site (退场). Work that was seen after the day said to be the last is wages: nobody takes it away alone by dating an exit
//! back. Such days stand in the way until two persons have said that nobody was there.
//!
//! Deliberately absent: a day seen for a moment, in and out again at once, which is worth nothing and lacks nothing.

mod table;

use super::enrolling::{event, follow_up};
use super::table::EnrolmentRow;
use super::{EnrolmentView, EventKind, day_number, lookups, pin_index, table as rows};
use crate::base::Day;
use crate::base::id::RecordId;
use crate::projects::Site;
use crate::store::{AnyConn, Chain, StoreError, Tx};
use crate::web::{Ctx, Problem};

/// Days that a refusal names.
const NAMED_MAX: usize = 10;
/// Days looked at after the last one.
const DAYS_MAX: i64 = 2_000;
/// Until noon a passage may be the end of a night shift of the day before, in seconds of the day.
const NOON: i32 = 12 * 3600;

/// Ends an enrolment; `last` is the last day on site (退场).
///
/// # Errors
/// `conflict` when it has ended or when work was seen later, `invalid` for a day before entry or ahead.
pub fn leave(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, enrolment: RecordId, last: Day) -> Result<EnrolmentView, Problem> {
    let mut row = rows::find(tx.conn(), site.id, enrolment)?.ok_or_else(Problem::not_found)?;
    if row.left_on.is_some() {
        return Err(Problem::conflict("该工人已办理退场。", "The worker has left already.").at("enrolment", "duplicate"));
    }
    if last < row.entered_on || last > ctx.today {
        let en = "The last day lies between entry and today.";
        return Err(Problem::invalid("退场日期应在进场日期与今天之间。", en).at("left_on", "bad_time"));
    }
    nothing_was_seen_after(tx.conn(), ctx, &row, last, "left_on")?;
    let chain = Chain::Project(site.id);
    row.left_on = Some(last);
    row.recorded_seq = tx.seq(chain)?;
    rows::update(tx, &row)?;
    rows::insert_event(tx, &event(ctx, &row, EventKind::Left, last))?;
    tx.note(chain, ctx.now, ctx.actor(), "leave_site", &row.id.to_string())?;
    follow_up(tx, ctx, site, last)?;
    Ok(lookups::view(tx.conn(), ctx.vault(), &row)?)
}

/// That no work of an enrolment was seen after a day that is said to be its last; `place` is where that day stands.
///
/// # Errors
/// `conflict` that names the days.
pub fn nothing_was_seen_after(conn: &mut AnyConn, ctx: &Ctx, row: &EnrolmentRow, last: Day, place: &str) -> Result<(), Problem> {
    let days = days_seen_after(conn, ctx, row, last)?;
    if days.is_empty() {
        return Ok(());
    }
    let named: Vec<String> = days.iter().take(NAMED_MAX).map(Day::to_string).collect();
    let (count, more) = (days.len(), days.len() > NAMED_MAX);
    let (zh, en) = (
        format!(
            "退场日期之后有 {count} 天记有该工人的考勤：{}{}。请改用最后出勤日；记录有误的，先由两人更正这些工日，再办理退场。",
            named.join("、"),
            if more { " 等" } else { "" }
        ),
        format!(
            "The worker was seen on {count} days after that day: {}{}. Give the last day worked; where the record is wrong, two \
             persons correct those days first.",
            named.join(", "),
            if more { " and more" } else { "" }
        ),
    );
    Err(Problem::conflict(zh, en).at(place, "bad_state"))
}

/// Days after `last` on which the enrolment worked, or may have: a day that lacks a passage is none of work until somebody says so.
fn days_seen_after(conn: &mut AnyConn, ctx: &Ctx, row: &EnrolmentRow, last: Day) -> Result<Vec<Day>, StoreError> {
    let folded = table::days_after(conn, row.project_id, row.id, last, DAYS_MAX)?;
    let lacks = |flags: &str| {
        let has = |flag: &str| flags.split(',').any(|one| one == flag);
        !has("corrected") && ["single", "no_in", "no_out"].into_iter().any(has)
    };
    let known = |day: &Day| folded.iter().any(|(on, ..)| on == day);
    let mut waiting = waiting(conn, ctx, row, last)?;
    waiting.retain(|day| !known(day));
    let worked = folded.iter().filter(|(_, hundredths, flags)| *hundredths > 0 || lacks(flags)).map(|(day, ..)| *day);
    let mut days: Vec<Day> = worked.chain(waiting).collect();
    days.sort_unstable();
    Ok(days)
}

/// Days after `last` with passages of the worker's numbers that wait to be folded. The morning after may be the end of a night's shift.
fn waiting(conn: &mut AnyConn, ctx: &Ctx, row: &EnrolmentRow, last: Day) -> Result<Vec<Day>, StoreError> {
    let Some(worker) = rows::worker(conn, row.worker_id)? else { return Ok(Vec::new()) };
    let vault = ctx.vault();
    let number = lookups::id_number(conn, vault, &worker)?;
    let other = [number, worker.id.to_string()].map(|text| pin_index(vault, row.project_id, &text));
    let indexes: Vec<String> = row.pin_index.iter().cloned().chain(other).collect();
    let first = last.plus_days(1);
    let found = table::waiting_days(conn, row.project_id, &indexes, (day_number(first), NOON), DAYS_MAX)?;
    Ok(found.into_iter().map(|number| first.plus_days(i64::from(number - day_number(first)))).collect())
}
