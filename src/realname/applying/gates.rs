//! Passages at the gates: they become punches like those of a clock, of a device that stands for the app on the project.

use std::collections::HashSet;

use serde_json::json;

use super::people::person;
use super::{Applied, Ask, Halt, digest_of};
use crate::attendance::devices::table::{self as devices, DeviceRow};
use crate::attendance::devices::{DeviceState, Maker};
use crate::attendance::intake::{Intake, Lesson, heard, keeping};
use crate::base::Day;
use crate::base::id::DeviceId;
use crate::projects::Site;
use crate::store::{Chain, Tx};
use crate::wire::device::{DevicePunch, Direction, PersonKind};
use crate::wire::openapi::answer::{Fault, Wrong};
use crate::wire::openapi::record::Record;

/// The device that stands for an app on a project.
fn device(tx: &mut Tx<'_>, ask: &Ask<'_>, site: &Site) -> Result<DeviceRow, Halt> {
    let ctx = ask.ctx;
    let serial = format!("{}.{}", ask.app.app.app_id, site.id);
    if let Some(known) = devices::by_serial(tx.conn(), &serial)? {
        let is_bound = known.state == DeviceState::Active && known.project_id == Some(site.id);
        let zh = "该应用的考勤通道已停用".to_owned();
        let blocked = Wrong::Refused(zh, "the attendance channel of this app is blocked".to_owned());
        return if is_bound { Ok(known) } else { Err(ask.root().fault("projectCode", blocked).into()) };
    }
    let recorded_seq = tx.seq(Chain::Organisation)?;
    let row = DeviceRow {
        project_id: Some(site.id),
        gate: ask.app.app.name.clone(),
        state: DeviceState::Active,
        ..DeviceRow::fresh(DeviceId(ctx.id()), serial, Maker::Gateway, ctx.now, recorded_seq)
    };
    devices::insert(tx, &row, ctx.now)?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "bind_device", &format!("{} {}", row.id, site.id))?;
    Ok(row)
}

pub(super) fn attendance(tx: &mut Tx<'_>, ask: &Ask<'_>) -> Result<Applied, Halt> {
    let site = ask.site(tx)?;
    let team = ask.team(tx, &site)?;
    let device = device(tx, ask, &site)?;
    let (mut punches, mut not_entered, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    let mut line = 0;
    ask.each(|item| {
        line += 1;
        let known = person(tx, ask, &site, Some(&team), item)?;
        if !known.is_known() {
            return Err(item.fault("idCardNumber", Wrong::Absent("工人")).into());
        }
        let punch = read(item, line)?;
        let day = Day(punch.at_local.date());
        if !known.enrolments.iter().any(|row| row.holds_on(day)) {
            not_entered.push(item.path.clone());
        }
        // The key is worker, time and direction: the same twice in one message is one passage.
        if seen.insert((punch.person.clone(), punch.at_local.and_utc().timestamp(), punch.state)) {
            punches.push(punch);
        }
        Ok(())
    })?;
    let intake = Intake::of(&ask.ctx.ground);
    let place = (&device, site.id, ask.origin.inbox);
    // What would be learnt is forgotten: the commit is the caller's, and a number that was not stored must not be remembered.
    let mut lesson = Lesson::default();
    heard::note(tx, ask.ctx, &intake, &device, &mut lesson)?;
    let stored = keeping::store_punches(tx, ask.ctx, &intake, &mut lesson, place, &punches)?;
    let judged = heard::judge(tx, ask.ctx, (&intake, &mut lesson), &device, (&punches, !stored.fresh.is_empty()))?;
    if !stored.fresh.is_empty() {
        heard::flag_far(tx, ask.ctx, ask.origin.inbox, &judged, punches.len() + 1)?;
    }
    tx.note(Chain::Project(site.id), ask.ctx.now, ask.ctx.actor(), "upload_attendance", &ask.origin.inbox.to_string())?;
    let result = (!not_entered.is_empty()).then(|| json!({"notEntered": not_entered}));
    let count = i64::try_from(not_entered.len()).unwrap_or(i64::MAX);
    Ok(Applied { result, items_digest: digest_of(&stored.fresh), not_entered: count })
}

fn read(item: &Record, line: u32) -> Result<DevicePunch, Fault> {
    // A code that no table has is no direction, whatever the profile makes of unknown codes elsewhere.
    let direction = match item.word("direction") {
        "01" => Direction::In,
        "02" => Direction::Out,
        _ => return Err(item.fault("direction", Wrong::NotInTable)),
    };
    Ok(DevicePunch {
        person: item.word("idCardNumber").to_owned(),
        kind: PersonKind::IdCard,
        at_local: item.clock("date").ok_or_else(|| item.fault("date", Wrong::Missing))?,
        state: Some(i32::from(direction == Direction::Out)),
        direction: Some(direction),
        line,
        channel: item.text("channel").map(str::to_owned),
        attend_type: item.text("attendType").map(str::to_owned),
        ..DevicePunch::default()
    })
}
