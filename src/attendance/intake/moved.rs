//! Passages that came between a machine's move to another project and the telling of it (`devices::turns`): each goes to the project where
//! its machine hung at the passage's own time.
//!
//! It is done as for a clock that is put right (`clock`): a passage stays known under its own message, the one in its place stands on the
//! other project under a message of its own, and the days of both are folded again, except those that a pay sheet rests on, of which the
//! difference is told.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::clock::{Anew, differ, keep, original, sort_out};
use crate::attendance::devices::clock::table::{self as clock, ReadingRow};
use crate::attendance::devices::table as devices;
use crate::attendance::devices::turns::homes::Homes;
use crate::attendance::devices::turns::{split, table};
use crate::base::id::{InboxId, ProjectId, RecordId};
use crate::store::bulk::PunchRow;
use crate::store::vault::Owner;
use crate::store::{Chain, StoreError, Tx};
use crate::web::{Ctx, Problem};
use crate::workers::pin_index;
use crate::workers::table::ensure_pin;

/// Reader and its version, as the inbox notes it.
const PARSER: &str = "moved/1";

/// What goes to one project.
#[derive(Default)]
struct Arrivals {
    rows: Vec<PunchRow>,
    messages: Vec<Anew>,
    days: BTreeSet<i32>,
}

/// Numbers at the gates of one project as those of others.
struct Pins {
    from: ProjectId,
    known: HashMap<(ProjectId, i64), i64>,
}

impl Pins {
    /// The same number at another project's gates.
    fn at(&mut self, tx: &mut Tx<'_>, ctx: &Ctx, to: ProjectId, pin_id: i64) -> Result<i64, StoreError> {
        if let Some(known) = self.known.get(&(to, pin_id)) {
            return Ok(*known);
        }
        let gone = || StoreError::Damaged("a number at the gate has no text".to_owned());
        let sealed = table::sealed_pin(tx.conn(), pin_id)?.ok_or_else(gone)?;
        let text = ctx.vault().open_text(tx.conn(), Owner::Project(self.from), &sealed)?;
        let index = pin_index(ctx.vault(), to, &text);
        let id = ensure_pin(tx.conn(), ctx.vault(), to, &text, &index, || ctx.id())?.id;
        self.known.insert((to, pin_id), id);
        Ok(id)
    }
}

/// Takes the passages that a move was told too late for to where their machine hung; twice does nothing more.
///
/// # Errors
/// `not_found` for no such move; a store that fails.
pub fn take_along(tx: &mut Tx<'_>, ctx: &Ctx, id: RecordId) -> Result<(), Problem> {
    let turn = table::find(tx.conn(), id)?.ok_or_else(Problem::not_found)?;
    let device = devices::find(tx.conn(), turn.device_id)?.ok_or_else(Problem::not_found)?;
    let (Some(old), Some(now)) = (turn.was_project_id, device.project_id) else { return Ok(()) };
    if clock::reading_of(tx.conn(), id)?.is_some() {
        return Ok(());
    }
    // In their order, so that two moves never wait for each other.
    for project in BTreeSet::from([old, now]) {
        tx.seq(Chain::Project(project))?;
    }
    let homes = Homes::of(tx.conn(), &device, now)?;
    let kept = table::seen_since(tx.conn(), (old, device.id), split(turn.since))?;
    let mut pins = Pins { from: old, known: HashMap::new() };
    let mut arrivals: BTreeMap<ProjectId, Arrivals> = BTreeMap::new();
    let mut left: BTreeSet<i32> = BTreeSet::new();
    for some in kept.chunk_by(|one, next| one.inbox_id == next.inbox_id) {
        let Some(inbox) = some.first().map(|row| InboxId(row.inbox_id)) else { continue };
        let Some(first) = original(tx, ctx, inbox)? else { continue };
        let mut messages: BTreeMap<ProjectId, InboxId> = BTreeMap::new();
        for row in some {
            let home = homes.at(row.local_day, row.local_time);
            if home == old {
                continue;
            }
            let pin_id = pins.at(tx, ctx, home, row.pin_id)?;
            clock::set_aside(tx.conn(), row, ctx.now)?;
            left.insert(row.local_day);
            let at = arrivals.entry(home).or_default();
            let message = *messages.entry(home).or_insert_with(|| {
                let anew = Anew::of(&first, InboxId(ctx.id()));
                let id = anew.id;
                at.messages.push(anew);
                id
            });
            at.days.insert(row.local_day);
            at.rows.push(PunchRow {
                project_id: home.0,
                local_day: row.local_day,
                local_time: row.local_time,
                device_id: device.id.0,
                pin_id,
                state: row.state,
                verify: row.verify,
                ordinal: row.ordinal,
                inbox_id: message.0,
            });
        }
    }
    let (mut punches, mut sides) = (0, vec![(old, left)]);
    for (project, Arrivals { rows, messages, days }) in arrivals {
        punches += rows.len();
        keep(tx, ctx, (&device, project, PARSER), &rows, messages)?;
        sides.push((project, days));
    }
    let (mut marked, mut kept_days) = (0, 0);
    for (project, days) in &sides {
        let (some, stay) = sort_out(tx, ctx, *project, days)?;
        differ(tx, ctx, (id, *project), &stay)?;
        marked += some;
        kept_days += stay.len();
    }
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let reading = ReadingRow {
        correction_id: id,
        punches: count(punches),
        days: count(marked),
        kept_days: count(kept_days),
        unread: 0,
        read_at: ctx.now,
    };
    clock::insert_reading(tx.conn(), &reading)?;
    for (project, _) in sides {
        let said = format!("{id} {old} {project} {punches} {marked} {kept_days}");
        tx.note(Chain::Project(project), ctx.now, ctx.actor(), "move_passages", &said)?;
    }
    Ok(())
}
