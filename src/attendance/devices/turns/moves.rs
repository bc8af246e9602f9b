//! Each time that a machine was moved to another project, as it is shown, with what became of passages that came before the move was told.

use serde::Serialize;
use utoipa::ToSchema;

use super::table;
use crate::attendance::devices::clock::table::{self as clock, DifferenceRow, ReadingRow};
use crate::attendance::devices::table::DeviceRow;
use crate::base::Moment;
use crate::base::id::{ProjectId, RecordId};
use crate::projects;
use crate::store::AnyConn;
use crate::web::{Ctx, Problem};
use crate::wire::device::CHINA_OFFSET_MINUTES;

/// Differences that are shown with a move.
const DIFFERENCES_SHOWN: i64 = 100;

/// That a machine was moved to another project.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DeviceMove)]
pub struct MoveView {
    /// The move.
    pub id: RecordId,
    /// Since when it hangs elsewhere.
    pub since: Moment,
    /// Where it hung; null where the asker may not see that project.
    pub was_project_id: Option<ProjectId>,
    /// When it was told.
    pub recorded_at: Moment,
    /// What became of passages from between: null while that is worked out, and where none had come.
    pub reading: Option<ReadingRow>,
    /// Days that a pay sheet rests on and that stand as they were, as the passages now make them; the first hundred.
    pub differences: Vec<DifferenceRow>,
}

/// The moves of a machine, the latest first.
///
/// # Errors
/// A store that fails.
pub fn of(conn: &mut AnyConn, ctx: &Ctx, device: &DeviceRow) -> Result<Vec<MoveView>, Problem> {
    let mut moves = Vec::new();
    let mut next = device.project_id;
    for row in table::of_device(conn, device.id)?.into_iter().rev() {
        let Some(old) = row.was_project_id else { continue };
        if next.replace(old) == Some(old) {
            continue;
        }
        let mut differences = clock::differences_of(conn, row.id, DIFFERENCES_SHOWN)?;
        let may_see = projects::enter(conn, &ctx.scope, old).is_ok();
        differences.retain(|one| may_see || one.project_id != old);
        moves.push(MoveView {
            id: row.id,
            since: Moment(0).plus_seconds(row.since - 60 * i64::from(CHINA_OFFSET_MINUTES)),
            was_project_id: may_see.then_some(old),
            recorded_at: row.recorded_at,
            reading: clock::reading_of(conn, row.id)?,
            differences,
        });
    }
    Ok(moves)
}
