//! `/api/v1/devices`.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::actions::{self, Binding};
use super::table::{self, DeviceRow, OrderRow};
use super::{DeviceState, GateDirection, Maker, Order, OrderState};
use crate::attendance::intake::replay::Replayed;
use crate::base::Moment;
use crate::base::id::{DeviceId, ProjectId, RecordId};
use crate::projects;
use crate::store::{AnyConn, StoreError};
use crate::web::paging::{Page, PageQuery};
use crate::web::{Access, Body, Call, Ctx, Problem, Route, Verb};
use crate::wire::device::CHINA_OFFSET_MINUTES;

/// Orders that a device's page shows.
const ORDERS_SHOWN: i64 = 100;

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
    /// Minutes that its clock is ahead of UTC; 480 when absent.
    offset_minutes: Option<i32>,
    /// Key that it must send with each request.
    com_key: Option<String>,
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
    /// How much waits for it to be bound.
    held_punches: i32,
}

/// A device that was bound, with what was taken over.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BoundDevice {
    device: DeviceView,
    replayed: Replayed,
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
}

impl From<OrderRow> for OrderView {
    fn from(row: OrderRow) -> Self {
        let OrderRow { id, command, state, number, return_code, created_at, changed_at, .. } = row;
        Self { id, number, order: serde_json::from_str(&command).ok(), state, return_code, created_at, changed_at }
    }
}

fn view(conn: &mut AnyConn, row: DeviceRow) -> Result<DeviceView, StoreError> {
    let state = table::state_of(conn, row.id)?;
    Ok(DeviceView {
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
    let BindDevice { serial, project, maker, gate, direction, offset_minutes, com_key } = body.0;
    let new = Binding {
        serial,
        maker: maker.unwrap_or(Maker::Zkteco),
        gate,
        direction: direction.unwrap_or(GateDirection::ByState),
        offset_minutes: offset_minutes.unwrap_or(CHINA_OFFSET_MINUTES),
        com_key,
    };
    call.write(StatusCode::OK, move |tx, ctx| {
        let site = projects::enter(tx.conn(), &ctx.scope, project)?;
        let (row, replayed) = actions::bind(tx, ctx, &site, &new)?;
        Ok(BoundDevice { device: view(tx.conn(), row)?, replayed })
    })
    .await
}

async fn one(call: Call, device: web::Path<DeviceId>) -> Result<impl Responder, Problem> {
    let id = device.into_inner();
    call.read(move |conn, ctx| {
        let row = actions::enter(conn, ctx, id)?;
        let orders = table::orders_of(conn, id, ORDERS_SHOWN)?.into_iter().map(OrderView::from).collect();
        Ok(DeviceDetail { device: view(conn, row)?, orders })
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
