//! The end of a company's part in a project. The participation stays as it was recorded; its end is a row of its own, so that every day
//! before it reads as it was.
//!
//! From the record on the company's people have no right over the project any more: neither to act nor to see what comes after. What was
//! on record until then they read by `known_at`. Deliberately absent: taking an end back (who comes again joins again), and closing what
//! the company owes, which ends with no participation.

pub mod table;

use self::table::EndRow;
use super::table::{ParticipationRow, crews_of, participations};
use super::{PartyRole, Site};
use crate::base::Day;
use crate::base::id::{CrewId, RecordId};
use crate::store::{AnyConn, Chain, Tx, jobs};
use crate::web::{Ctx, Problem};

/// The longest reason, in characters.
pub const REASON_MAX: usize = 500;

/// Ends a company's part in the project.
///
/// # Errors
/// `not_found` for a participation of another project; `invalid` for a day to come or before it began, or without a reason; `conflict`
/// once it has ended, while its crews have people on the roll, and for the only owner or general contractor.
pub fn end(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, id: RecordId, ended_on: Day, reason: &str) -> Result<EndRow, Problem> {
    let chain = Chain::Project(site.id);
    let recorded_seq = tx.seq(chain)?;
    // Read again behind the lock: of two who end it at once the second is told.
    let rows = participations(tx.conn(), site.id)?;
    let row = rows.iter().find(|row| row.id == id).ok_or_else(Problem::not_found)?;
    if row.until_on.is_some() {
        let (zh, en) = ("该单位已退出本项目。", "The company has left this project already.");
        return Err(Problem::conflict(zh, en).at("participation", "bad_state"));
    }
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_MAX {
        let (zh, en) = ("请写明退出原因（1 至 500 字）。", "Give the reason, 1 to 500 characters.");
        return Err(Problem::invalid(zh, en).at("reason", if reason.is_empty() { "missing_field" } else { "over_limit" }));
    }
    if ended_on < row.from_on || ended_on > ctx.today {
        let zh = format!("退出日期应在 {} 与今天之间。", row.from_on);
        return Err(Problem::invalid(zh, format!("The end lies between {} and today.", row.from_on)).at("ended_on", "bad_time"));
    }
    require_successor(&rows, row)?;
    require_nobody_left(tx.conn(), site, &rows, row)?;
    let end = EndRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        participation_id: row.id,
        ended_on,
        reason: reason.to_owned(),
        recorded_by: ctx.actor().to_owned(),
        recorded_at: ctx.now,
        recorded_seq,
    };
    table::insert(tx, &end)?;
    tx.note(chain, ctx.now, ctx.actor(), "leave_project", &row.party_id.to_string())?;
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &site.id.to_string(), ctx.now)?;
    Ok(end)
}

/// A project always has an owner and a general contractor: the next one joins before the last one leaves.
fn require_successor(rows: &[ParticipationRow], row: &ParticipationRow) -> Result<(), Problem> {
    let is_needed = matches!(row.role, PartyRole::Owner | PartyRole::GeneralContractor);
    let has_other = rows.iter().any(|other| other.id != row.id && other.role == row.role && other.until_on.is_none());
    if !is_needed || has_other {
        return Ok(());
    }
    let (zh, en) = (
        "项目必须有建设单位和施工总承包单位：请先添加接替的单位，再办理退出。",
        "A project has an owner and a general contractor: put the next one on it first.",
    );
    Err(Problem::conflict(zh, en).at("participation", "bad_state"))
}

/// Whoever leaves takes its people along: they leave first, each with a last day.
fn require_nobody_left(
    conn: &mut AnyConn,
    site: &Site,
    rows: &[ParticipationRow],
    row: &ParticipationRow,
) -> Result<(), Problem> {
    // A company that stands here in another role keeps its crews.
    if rows.iter().any(|other| other.id != row.id && other.party_id == row.party_id && other.until_on.is_none()) {
        return Ok(());
    }
    let theirs = crews_of(conn, site.id)?.into_iter().filter(|crew| crew.party_id == row.party_id);
    let count = table::people_of(conn, site.id, &theirs.map(|crew| crew.id).collect::<Vec<CrewId>>())?;
    if count == 0 {
        return Ok(());
    }
    let zh = format!("该单位的班组还有 {count} 人在场，请先办理退场。");
    Err(Problem::conflict(zh, format!("{count} people of its crews are on the roll; record that they left first."))
        .at("participation", "bad_state"))
}
