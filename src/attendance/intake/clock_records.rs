//! What a ZKTeco clock tells beside passages: its users, what was done at it, what it can do.
//!
//! Templates are counted only. What is kept here is a reading of the inbox and may be made again from it.

use crate::attendance::devices::signs::table::{self as told, DeviceUserRow, OperationRow};
use crate::attendance::devices::table::DeviceRow;
use crate::base::id::{InboxId, ProjectId};
use crate::store::inbox::storable;
use crate::store::vault::Owner;
use crate::store::{StoreError, Tx};
use crate::web::Ctx;
use crate::wire::device::{DeviceProblem, PersonKind};
use crate::wire::reason::Reason;
use crate::wire::zkteco::records::{self, Records};
use crate::workers::pin_index;

use super::keeping::pin_text;
use super::push::Sent;

/// Longest line kept of an operation, and of capabilities.
const LINE_CHARS_MAX: usize = 200;
/// Users and operations that are kept from one upload; a clock holds fewer.
const RECORDS_MAX: usize = 20_000;

/// Keeps users and operations of an upload; gives how many lines it had and what could not be read. Of one that is read again the users
/// only: what was done at the clock is told of already.
pub fn take(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    (device, project, inbox): (&DeviceRow, ProjectId, InboxId),
    body: &[u8],
    sent: Sent,
) -> Result<(u32, Vec<DeviceProblem>), StoreError> {
    let Records { users, operations, templates, mut problems, lines } =
        records::parse_records(body, device.settings().encoding());
    for user in users.iter().take(RECORDS_MAX) {
        let text = pin_text(PersonKind::Pin, &user.pin);
        let row = DeviceUserRow {
            device_id: device.id,
            pin_index: pin_index(ctx.vault(), project, &text),
            pin: ctx.vault().seal(tx.conn(), Owner::Project(project), text.as_bytes())?,
            name: storable(&user.name).chars().take(LINE_CHARS_MAX).collect(),
            privilege: user.privilege,
            told_at: ctx.now,
        };
        told::tell_user(tx.conn(), &row)?;
        if user.bad_encoding {
            let (zh, en) = (
                "姓名含无法识别的字节，已收下；如为 GBK 请修改设备设置",
                "the name holds bytes that are no text; set GBK if it is",
            );
            problems.push(DeviceProblem::new(format!("line {}", user.line), user.line, Reason::BadEncoding, zh, en));
        }
    }
    if sent == Sent::Before {
        return Ok((lines, problems));
    }
    for fields in operations.iter().take(RECORDS_MAX) {
        let line: String = storable(&fields.join(" ")).chars().take(LINE_CHARS_MAX).collect();
        let row = OperationRow { id: ctx.id(), device_id: device.id, line, inbox_id: inbox, told_at: ctx.now };
        told::tell_operation(tx.conn(), &row)?;
    }
    if templates > 0 {
        told::change(tx.conn(), device.id, |row| row.templates = row.templates.saturating_add(i64::from(templates)))?;
    }
    Ok((lines, problems))
}

/// Keeps what a clock says that it can do; gives it back.
pub fn take_capabilities(tx: &mut Tx<'_>, device: &DeviceRow, body: &[u8]) -> Result<Vec<(String, String)>, StoreError> {
    let pairs = records::parse_registry(body);
    let text: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let text: String = storable(&text.join(", ")).chars().filter(|c| !c.is_control()).take(10 * LINE_CHARS_MAX).collect();
    told::change(tx.conn(), device.id, |row| row.capabilities = text)?;
    Ok(pairs)
}
