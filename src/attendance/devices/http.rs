//! `/api/v1/devices`.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::actions::{self, Binding};
use super::clock::table::{self as clock, DifferenceRow, ReadingRow};
use super::keys::{self, Change, Credential};
use super::roll::{self, Pushed};
use super::settings::DeviceSettings;
use super::signs::SignsRow;
use super::table::{self, DeviceRow, OrderRow};
use super::turns::moves::{self, MoveView};
use super::{DeviceState, GateDirection, Maker, Order, OrderState};
use crate::attendance::intake::replay::Replayed;
use crate::base::Moment;
use crate::base::id::{DeviceId, ProjectId, RecordId};
use crate::projects;
use crate::store::{AnyConn, StoreError};
use crate::web::paging::{Page, PageQuery};
use crate::web::{Access, Body, Call, Ctx, Problem, Route, Verb};

/// Orders that a device's page shows.
const ORDERS_SHOWN: i64 = 100;
/// Differences that are shown with a correction of a clock.
const DIFFERENCES_SHOWN: i64 = 100;

/// The routes of devices.
pub fn routes() -> Vec<Route> {
    let manage = Access::Holds(Verb::ManageDevices);
    vec![
        Route::get(
            "/api/v1/devices",
            manage,
            "List devices, pending ones for whoever sees everything or names the serial",
            || web::get().to(list),
        )
        .query(&[
            ("after", "cursor of the last page"),
            ("limit", "rows, 1 to 200"),
            ("project", "only those of a project"),
            ("serial", "only the one with this serial number"),
        ])
        .gives::<Page<DeviceView>>(),
        Route::post("/api/v1/devices", manage, "Bind a new or pending device to a project", || web::post().to(bind))
            .takes::<BindDevice>()
            .gives::<BoundDevice>(),
        Route::get("/api/v1/devices/{device}", manage, "One device with its latest orders", || web::get().to(one))
            .gives::<DeviceDetail>(),
        Route::post("/api/v1/devices/{device}/block", manage, "Refuse a device from now on", || web::post().to(block))
            .gives::<DeviceView>(),
        Route::post("/api/v1/devices/{device}/orders", manage, "Order something of a device", || web::post().to(order))
            .takes::<Order>()
            .creates::<OrderView>(),
        Route::post("/api/v1/devices/{device}/users", manage, "Order the roll onto a device: who is on it, who left", || {
            web::post().to(push_users)
        })
        .gives::<PushedUsers>(),
        Route::post("/api/v1/devices/{device}/settings", manage, "Change how a device is listened to and spoken to", || {
            web::post().to(change)
        })
        .takes::<ChangeDevice>()
        .gives::<DeviceView>(),
        Route::post("/api/v1/devices/{device}/credentials", manage, "Give a device a new token or secret, shown once", || {
            web::post().to(issue)
        })
        .takes::<IssueCredential>()
        .creates::<IssuedCredential>(),
    ]
}

/// A device to be bound.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BindDevice {
    /// Serial number as printed on it.
    serial: String,
    /// Project.
    project: ProjectId,
    /// Whose protocol it speaks; ZKTeco's when absent.
    maker: Option<Maker>,
    /// Name of the gate.
    gate: String,
    /// Which way people pass; as the device says when absent.
    direction: Option<GateDirection>,
    /// Minutes that its clock is ahead of UTC; what stands when absent, 480 for a new machine.
    offset_minutes: Option<i32>,
    /// Key that it must send with each request.
    com_key: Option<String>,
    /// Since when it hangs there, of a machine that hung on another project: at most 92 days ago and not before its last turn or move. What
    /// it told of since goes along and is folded again; `moves` of the machine tells what became of that. From now on when absent.
    since: Option<Moment>,
}

/// A device as shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Device)]
pub struct DeviceView {
    id: DeviceId,
    serial: String,
    maker: Maker,
    project_id: Option<ProjectId>,
    gate: String,
    direction: GateDirection,
    offset_minutes: i32,
    state: DeviceState,
    /// Whether it must send a key.
    has_com_key: bool,
    /// When it was heard last.
    last_seen_at: Option<Moment>,
    /// What its last heartbeat said of itself.
    info: String,
    /// Passages that wait for it to be bound.
    held_punches: i32,
    /// Whether it has an address of its own to push to.
    has_token: bool,
    /// Whether it may sign its messages.
    has_secret: bool,
    /// Hardware address, where it is known.
    mac: Option<String>,
    /// Minutes within which it is heard of; null for the house's own.
    heartbeat_minutes: Option<i32>,
    settings: DeviceSettings,
    signs: SignsView,
}

/// What a device's messages gave away about it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DeviceSigns)]
pub struct SignsView {
    /// Seconds that its clock is ahead of ours, the middle of the latest; negative where it is behind.
    skew_seconds: Option<i64>,
    /// `clock_offset_suspected`: minutes by which its zone seems to be wrong.
    suspected_minutes: Option<i32>,
    /// Passages with a far time (`time_far`), all taken.
    far_punches: i64,
    /// Attempts that it refused.
    refused: i64,
    /// Pictures that came.
    pictures: i64,
    /// Templates that came; none is read.
    templates: i64,
    /// Since when it sends more than a machine can hold.
    stuck_at: Option<Moment>,
    /// Events without a meaning here, by kind.
    ignored: std::collections::BTreeMap<String, u64>,
    /// What it says that it can do.
    capabilities: String,
}

impl From<SignsRow> for SignsView {
    fn from(row: SignsRow) -> Self {
        Self {
            skew_seconds: row.skew_seconds(),
            ignored: row.ignored(),
            suspected_minutes: row.suspected_minutes,
            far_punches: row.far_punches,
            refused: row.refused,
            pictures: row.pictures,
            templates: row.templates,
            stuck_at: row.stuck_at,
            capabilities: row.capabilities,
        }
    }
}

/// How a device is listened to and spoken to; what is left out stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeDevice {
    /// Name of the gate.
    gate: Option<String>,
    /// Which way people pass.
    direction: Option<GateDirection>,
    /// From when on they pass that way, with a new direction; from now on when absent. Passages from before stay as they were; a moment
    /// since which passages came is refused.
    since: Option<Moment>,
    /// Minutes that its clock is ahead of UTC. What was read by another offset is read again and its days are folded again; `clock` of the
    /// machine tells what became of that.
    offset_minutes: Option<i32>,
    /// From which moment of receipt on its clock was so, with a new offset; from when the offset of before holds, when absent.
    offset_since: Option<Moment>,
    /// Hardware address; empty for none.
    mac: Option<String>,
    /// Minutes within which it is heard of: 1, 5, 10, 30, 60, 120, 240, 480 or 1440; 0 for the house's own.
    heartbeat_minutes: Option<i32>,
    /// All of them: what is left out of these is as usual.
    settings: Option<DeviceSettings>,
}

/// What a device is to get.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueCredential {
    what: Credential,
}

/// A token or secret; this is the only time that it is shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct IssuedCredential {
    what: Credential,
    value: String,
    /// Path to set on the machine, for a token.
    path: Option<String>,
}

/// How many orders the roll made.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct PushedUsers {
    /// Workers to be put on the device.
    put_on: usize,
    /// Workers to be taken off it.
    taken_off: usize,
    /// Workers on the roll who were enrolled without a number at the gate (考勤编号): a device knows people by it, so they are not put
    /// on. Enter them at the device under their identity number, which is recognised as well.
    without_number: usize,
}

/// A device that was bound, with what was taken over.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BoundDevice {
    device: DeviceView,
    replayed: Replayed,
    /// Path to set on the machine, where it pushes to an address of its own and had none yet; shown this once.
    push_path: Option<String>,
}

/// An order as shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DeviceOrder)]
pub struct OrderView {
    id: RecordId,
    /// Its number on the device.
    number: i64,
    order: Option<Order>,
    state: OrderState,
    /// What the device answered.
    return_code: Option<i32>,
    created_at: Moment,
    changed_at: Moment,
}

/// A device with its orders.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeviceDetail {
    device: DeviceView,
    orders: Vec<OrderView>,
    /// Each time that the offset of its clock was put right, the latest first.
    clock: Vec<ClockView>,
    /// Each time that it was moved to another project, the latest first.
    moves: Vec<MoveView>,
}

/// That the offset of a machine's clock was put right, and what that came to.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ClockCorrection)]
pub struct ClockView {
    id: RecordId,
    /// From which moment of receipt on.
    since: Moment,
    was_minutes: i32,
    minutes: i32,
    recorded_at: Moment,
    /// What reading again came to; null while it waits.
    reading: Option<ReadingRow>,
    /// Days that a pay sheet rests on and that stand as they were, as the passages now make them; the first hundred.
    differences: Vec<DifferenceRow>,
}

/// The corrections of a machine's clock, the latest first.
fn clock_of(conn: &mut AnyConn, device: DeviceId) -> Result<Vec<ClockView>, StoreError> {
    let mut views = Vec::new();
    for row in clock::of_device(conn, device)?.into_iter().rev() {
        views.push(ClockView {
            reading: clock::reading_of(conn, row.id)?,
            differences: clock::differences_of(conn, row.id, DIFFERENCES_SHOWN)?,
            id: row.id,
            since: row.since,
            was_minutes: row.was_minutes,
            minutes: row.minutes,
            recorded_at: row.recorded_at,
        });
    }
    Ok(views)
}

impl From<OrderRow> for OrderView {
    fn from(row: OrderRow) -> Self {
        let OrderRow { id, command, state, number, return_code, created_at, changed_at, .. } = row;
        Self { id, number, order: serde_json::from_str(&command).ok(), state, return_code, created_at, changed_at }
    }
}

fn view(conn: &mut AnyConn, row: DeviceRow) -> Result<DeviceView, StoreError> {
    let state = table::state_of(conn, row.id)?;
    let signs = super::signs::table::of(conn, row.id)?;
    let settings = row.settings();
    Ok(DeviceView {
        has_token: row.token_index.is_some(),
        has_secret: row.secret.is_some(),
        mac: row.mac,
        heartbeat_minutes: row.heartbeat_minutes,
        settings,
        signs: SignsView::from(signs),
        id: row.id,
        serial: row.serial,
        maker: row.maker,
        project_id: row.project_id,
        gate: row.gate,
        direction: row.direction,
        offset_minutes: row.offset_minutes,
        state: row.state,
        has_com_key: row.com_key_hash.is_some(),
        last_seen_at: state.as_ref().map(|state| state.last_seen_at),
        held_punches: state.as_ref().map_or(0, |state| state.held_punches),
        info: state.map(|state| state.info).unwrap_or_default(),
    })
}

#[derive(Deserialize)]
struct ListQuery {
    after: Option<String>,
    limit: Option<i64>,
    project: Option<ProjectId>,
    serial: Option<String>,
}

fn visible(conn: &mut AnyConn, ctx: &Ctx, query: &ListQuery, after: i64, limit: i64) -> Result<Vec<DeviceRow>, Problem> {
    if let Some(serial) = &query.serial {
        // A pending serial is shown to whoever can name it: it stands on the machine in front of them.
        let Some(row) = table::by_serial(conn, serial)? else { return Ok(Vec::new()) };
        let covered = row.project_id.is_none_or(|project| projects::enter(conn, &ctx.scope, project).is_ok());
        return Ok(if covered { vec![row] } else { Vec::new() });
    }
    if let Some(project) = query.project {
        let site = projects::enter(conn, &ctx.scope, project)?;
        let rows = table::of_project(conn, site.id)?.into_iter().filter(|row| row.id.0 > after);
        return Ok(rows.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect());
    }
    actions::visible(conn, ctx, after, limit)
}

async fn list(call: Call, query: web::Query<ListQuery>) -> Result<impl Responder, Problem> {
    let query = query.into_inner();
    let (after, limit) = PageQuery::new(query.after.clone(), query.limit).bounds()?;
    call.read(move |conn, ctx| {
        let Page { items, next } = Page::cut(visible(conn, ctx, &query, after, limit + 1)?, limit, |row| row.id.0);
        let mut views = Vec::with_capacity(items.len());
        for row in items {
            views.push(view(conn, row)?);
        }
        Ok(Page { items: views, next })
    })
    .await
}

async fn bind(call: Call, body: Body<BindDevice>) -> Result<impl Responder, Problem> {
    let BindDevice { serial, project, maker, gate, direction, offset_minutes, com_key, since } = body.0;
    let new = Binding {
        serial,
        maker: maker.unwrap_or(Maker::Zkteco),
        gate,
        direction: direction.unwrap_or(GateDirection::ByState),
        offset_minutes,
        com_key,
        since,
    };
    call.write(StatusCode::OK, move |tx, ctx| {
        let site = projects::enter(tx.conn(), &ctx.scope, project)?;
        let (mut row, replayed) = actions::bind(tx, ctx, &site, &new)?;
        let mut push_path = None;
        if keys::has_token(row.maker) && row.token_index.is_none() {
            let (with_token, token) = keys::issue(tx, ctx, row.id, Credential::Token)?;
            push_path = keys::push_path(with_token.maker, &token);
            row = with_token;
        }
        Ok(BoundDevice { device: view(tx.conn(), row)?, replayed, push_path })
    })
    .await
}

async fn one(call: Call, device: web::Path<DeviceId>) -> Result<impl Responder, Problem> {
    let id = device.into_inner();
    call.read(move |conn, ctx| {
        let row = actions::enter(conn, ctx, id)?;
        let orders = table::orders_of(conn, id, ORDERS_SHOWN)?.into_iter().map(OrderView::from).collect();
        let moves = moves::of(conn, ctx, &row)?;
        Ok(DeviceDetail { device: view(conn, row)?, orders, clock: clock_of(conn, id)?, moves })
    })
    .await
}

async fn block(call: Call, device: web::Path<DeviceId>) -> Result<impl Responder, Problem> {
    let id = device.into_inner();
    call.write(StatusCode::OK, move |tx, ctx| {
        let row = actions::block(tx, ctx, id)?;
        Ok(view(tx.conn(), row)?)
    })
    .await
}

async fn order(call: Call, device: web::Path<DeviceId>, body: Body<Order>) -> Result<impl Responder, Problem> {
    let id = device.into_inner();
    let order = body.0;
    call.write(StatusCode::CREATED, move |tx, ctx| Ok(OrderView::from(actions::order(tx, ctx, id, &order)?))).await
}

async fn push_users(call: Call, device: web::Path<DeviceId>) -> Result<impl Responder, Problem> {
    let id = device.into_inner();
    call.write(StatusCode::OK, move |tx, ctx| {
        let Pushed { put_on, taken_off, without_number } = roll::push(tx, ctx, id)?;
        Ok(PushedUsers { put_on, taken_off, without_number })
    })
    .await
}

async fn change(call: Call, device: web::Path<DeviceId>, body: Body<ChangeDevice>) -> Result<impl Responder, Problem> {
    let id = device.into_inner();
    let ChangeDevice { gate, direction, since, offset_minutes, offset_since, mac, heartbeat_minutes, settings } = body.0;
    let wanted = Change { gate, direction, since, offset_minutes, offset_since, mac, heartbeat_minutes, settings };
    call.write(StatusCode::OK, move |tx, ctx| {
        let row = keys::change(tx, ctx, id, &wanted)?;
        Ok(view(tx.conn(), row)?)
    })
    .await
}

async fn issue(call: Call, device: web::Path<DeviceId>, body: Body<IssueCredential>) -> Result<impl Responder, Problem> {
    let (id, what) = (device.into_inner(), body.0.what);
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let (row, value) = keys::issue(tx, ctx, id, what)?;
        let path = if what == Credential::Token { keys::push_path(row.maker, &value) } else { None };
        Ok(IssuedCredential { what, value, path })
    })
    .await
}
