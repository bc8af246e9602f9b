//! One gate machine: how it is, what waits for it, what it said, and what may be changed about it.

use actix_web::web;
use askama::Template;

use crate::attendance::devices::clock::table::{self as clock, DifferenceRow, OffsetRow, ReadingRow};
use crate::attendance::devices::keys::{self, Change, Credential};
use crate::attendance::devices::settings::{DeviceSettings, HEARTBEATS_MINUTES, NameText, ZoneText};
use crate::attendance::devices::signs::SignsRow;
use crate::attendance::devices::signs::table::{self as told, OperationRow};
use crate::attendance::devices::table::{self, DeviceRow, DeviceStateRow, OrderRow};
use crate::attendance::devices::turns::moves::{self, MoveView};
use crate::attendance::devices::{DeviceState, GateDirection, Maker, Order, actions, roll};
use crate::attendance::silence::SilenceStep;
use crate::attendance::silence::table::{self as silences, SilenceRow};
use crate::attendance::{folding, table as attendance};
use crate::base::id::{DeviceId, ProjectId};
use crate::base::{Day, Moment};
use crate::console::{Frame, Shown, done, moment, show};
use crate::store::AnyConn;
use crate::store::vault::Owner;
use crate::web::{Access, Form, Problem, Route, Verb, Visit};
use crate::{projects, workers};

/// Orders, users, operations and silences that a page shows.
const SHOWN: i64 = 100;

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let manage = Access::Holds(Verb::ManageDevices);
    vec![
        Route::page("/house/devices/{device}", manage, "One gate machine", || web::get().to(page)),
        Route::form("/house/devices/{device}/settings", manage, "Change a machine's settings", || web::post().to(change)),
        Route::form("/house/devices/{device}/orders", manage, "Order something of a machine", || web::post().to(order)),
        Route::form("/house/devices/{device}/roll", manage, "Put the roll on a machine", || web::post().to(push_roll)),
        Route::form("/house/devices/{device}/credentials", manage, "Give a machine a new token or secret", || {
            web::post().to(issue)
        }),
    ]
}

#[derive(Template)]
#[template(path = "console/house/device.html")]
struct DevicePage {
    f: Frame,
    device: DeviceRow,
    project: Option<(ProjectId, String)>,
    state: Option<DeviceStateRow>,
    signs: SignsRow,
    settings: DeviceSettings,
    ignored: Vec<(String, u64)>,
    orders: Vec<OrderRow>,
    /// Number, name, rights as the machine counts them.
    users: Vec<(String, String, String)>,
    operations: Vec<OperationRow>,
    silences: Vec<SilenceRow>,
    /// Each time that its offset was put right, the latest first.
    clock: Vec<Corrected>,
    /// Each time that it was moved to another project, the latest first.
    moves: Vec<Moved>,
    put_aside: i64,
    is_active: bool,
    is_clock: bool,
    credential: Option<Credential>,
    has_credential: bool,
    directions: &'static [GateDirection],
    heartbeats: &'static [i32],
    zones: &'static [ZoneText],
    encodings: &'static [NameText],
}

/// That the offset of its clock was put right, what that came to, and what stands on pay sheets otherwise.
struct Corrected {
    row: OffsetRow,
    reading: Option<ReadingRow>,
    differences: Vec<Differing>,
}

/// That it was moved, and what stands on pay sheets otherwise.
struct Moved {
    row: MoveView,
    /// Where it hung, as far as the reader may know.
    was: String,
    differences: Vec<Differing>,
}

/// A day that stands as it was paid.
struct Differing {
    day: Day,
    name: String,
    was: String,
    is: String,
}

fn said(first: Option<i32>, last: Option<i32>, hundredths: i32) -> String {
    let clock = |seconds: i32| format!("{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
    match first.zip(last) {
        Some((first, last)) => format!("{}–{} · {}.{:02}", clock(first), clock(last), hundredths / 100, hundredths % 100),
        None => "–".to_owned(),
    }
}

fn differing(conn: &mut AnyConn, rows: Vec<DifferenceRow>) -> Result<Vec<Differing>, Problem> {
    let mut differences = Vec::with_capacity(rows.len());
    for one in rows {
        let name = workers::table::find(conn, one.project_id, one.enrolment_id)?.map(|enrolment| enrolment.worker_id);
        let name = name.map(|worker| workers::table::worker(conn, worker)).transpose()?.flatten();
        differences.push(Differing {
            day: one.worked_on,
            name: name.map(|worker| worker.name).unwrap_or_default(),
            was: said(one.was_first, one.was_last, one.was_hundredths),
            is: said(one.first_time, one.last_time, one.hundredths),
        });
    }
    Ok(differences)
}

fn moved(conn: &mut AnyConn, visit: &Visit, device: &DeviceRow) -> Result<Vec<Moved>, Problem> {
    let mut found = Vec::new();
    for mut row in moves::of(conn, &visit.ctx, device)? {
        let was = row.was_project_id.map(|project| projects::site(conn, project)).transpose()?;
        let differences = differing(conn, std::mem::take(&mut row.differences))?;
        found.push(Moved { was: was.map(|site| site.name).unwrap_or_default(), differences, row });
    }
    Ok(found)
}

fn corrected(conn: &mut AnyConn, device: DeviceId) -> Result<Vec<Corrected>, Problem> {
    let mut found = Vec::new();
    for row in clock::of_device(conn, device)?.into_iter().rev() {
        let rows = clock::differences_of(conn, row.id, SHOWN)?;
        let differences = differing(conn, rows)?;
        found.push(Corrected { reading: clock::reading_of(conn, row.id)?, differences, row });
    }
    Ok(found)
}

impl DevicePage {
    fn badge(&self) -> &'static str {
        match self.device.state {
            DeviceState::Active => "good",
            DeviceState::Pending => "warn",
            DeviceState::Blocked => "bad",
        }
    }

    fn silent_since(&self) -> Option<Moment> {
        self.silences.first().filter(|last| last.step == SilenceStep::Began).map(|last| last.at)
    }

    fn mac(&self) -> &str {
        self.device.mac.as_deref().unwrap_or_default()
    }

    fn is_beat(&self, minutes: &i32) -> bool {
        self.device.heartbeat_minutes == Some(*minutes)
    }

    fn is_zone(&self, form: &ZoneText) -> bool {
        self.settings.zone_form == Some(*form)
    }

    fn is_encoding(&self, encoding: &NameText) -> bool {
        self.settings.name_encoding == Some(*encoding)
    }

    fn zone(&self, form: &ZoneText) -> &'static str {
        match form {
            ZoneText::Hours => "8",
            ZoneText::Minutes => "480",
            ZoneText::Clock => "08:00",
        }
    }

    fn named(&self, row: &OrderRow) -> &'static str {
        let f = &self.f;
        match serde_json::from_str::<Order>(&row.command) {
            Ok(Order::UpdateUser { .. }) => f.t("下发人员", "Put a worker on it"),
            Ok(Order::DeleteUser { .. }) => f.t("删除人员", "Take a worker off it"),
            Ok(Order::QueryUsers {}) => f.t("上传人员", "Upload its users"),
            Ok(Order::Check {}) => f.t("上传新记录", "Upload what is new"),
            Ok(Order::Info {}) => f.t("上报状态", "Tell its state"),
            Ok(Order::Log {}) => f.t("上传全部记录", "Upload the whole log"),
            Ok(Order::ClearLog {}) => f.t("清空记录", "Empty its log"),
            Err(_) => "?",
        }
    }
}

async fn page(visit: Visit, device: web::Path<DeviceId>) -> Shown {
    let id = device.into_inner();
    let page = visit
        .read(move |conn, visit| {
            let device = actions::enter(conn, &visit.ctx, id)?;
            let project = match device.project_id {
                Some(project) => Some((project, projects::site(conn, project)?.name)),
                None => None,
            };
            let mut users = Vec::new();
            if let Some((project, _)) = &project {
                for row in told::users_of(conn, id, SHOWN)? {
                    let pin = visit.ctx.vault().open_text(conn, Owner::Project(*project), &row.pin)?;
                    let rights = row.privilege.map(|rights| rights.to_string()).unwrap_or_default();
                    users.push((folding::shown_pin(&pin), row.name, rights));
                }
            }
            let signs = told::of(conn, id)?;
            let credential = match device.maker {
                Maker::Hikvision | Maker::Dahua => Some(Credential::Token),
                Maker::Gateway => Some(Credential::Secret),
                Maker::Zkteco => None,
            };
            Ok(DevicePage {
                f: Frame::of(visit),
                project,
                state: table::state_of(conn, id)?,
                settings: device.settings(),
                ignored: signs.ignored().into_iter().collect(),
                signs,
                orders: table::orders_of(conn, id, SHOWN)?,
                users,
                operations: told::operations_of(conn, id, SHOWN)?,
                silences: silences::latest_of(conn, id, SHOWN)?,
                clock: corrected(conn, id)?,
                moves: moved(conn, visit, &device)?,
                put_aside: attendance::count_put_aside(conn, &device.serial)?,
                is_active: device.state == DeviceState::Active,
                is_clock: device.maker == Maker::Zkteco,
                credential,
                has_credential: device.token_index.is_some() || device.secret.is_some(),
                directions: GateDirection::ALL,
                heartbeats: HEARTBEATS_MINUTES,
                zones: ZoneText::ALL,
                encodings: NameText::ALL,
                device,
            })
        })
        .await?;
    show(&page)
}

fn path_of(id: DeviceId) -> String {
    format!("/house/devices/{id}")
}

/// A number that may be left out.
fn number(form: &Form, name: &str) -> Result<Option<i32>, Problem> {
    let Some(text) = form.text(name) else { return Ok(None) };
    let read = text.parse().map(Some);
    read.map_err(|_| Problem::invalid("请填写整数。", "Write a whole number.").at(name, "bad_format"))
}

async fn change(device: web::Path<DeviceId>, form: Form) -> Shown {
    let id = device.into_inner();
    let (zone_form, name_encoding): (Option<ZoneText>, Option<NameText>) =
        (form.parse_opt("zone_form")?, form.parse_opt("name_encoding")?);
    let wanted = Change {
        gate: form.text("gate").map(str::to_owned),
        direction: form.parse_opt("direction")?,
        since: moment(&form, "since")?,
        offset_minutes: number(&form, "offset_minutes")?,
        offset_since: moment(&form, "offset_since")?,
        mac: Some(form.text("mac").unwrap_or_default().to_owned()),
        heartbeat_minutes: number(&form, "heartbeat_minutes")?,
        settings: None,
    };
    let (drops_pictures, is_gprs) = (form.text("pictures") == Some("dropped"), form.text("network") == Some("gprs"));
    form.write(Verb::ManageDevices, move |tx, ctx| {
        // What this page does not show stays as it is.
        let stands = actions::enter(tx.conn(), ctx, id)?.settings();
        let settings = DeviceSettings {
            drops_pictures,
            is_gprs,
            zone_form: zone_form.filter(|form| *form != ZoneText::Hours),
            name_encoding: name_encoding.filter(|encoding| *encoding != NameText::Utf8),
            ..stands
        };
        keys::change(tx, ctx, id, &Change { settings: Some(settings), ..wanted.clone() }).map(drop)
    })
    .await?;
    done(&path_of(id), "device_changed", 1)
}

async fn order(device: web::Path<DeviceId>, form: Form) -> Shown {
    let id = device.into_inner();
    let wanted = match form.required("order")? {
        "query_users" => Order::QueryUsers {},
        "info" => Order::Info {},
        "log" => Order::Log {},
        "clear_log" => Order::ClearLog {},
        _ => Order::Check {},
    };
    form.write(Verb::ManageDevices, move |tx, ctx| actions::order(tx, ctx, id, &wanted).map(drop)).await?;
    done(&path_of(id), "order_queued", 1)
}

async fn push_roll(device: web::Path<DeviceId>, form: Form) -> Shown {
    let id = device.into_inner();
    let pushed = form.write(Verb::ManageDevices, move |tx, ctx| roll::push(tx, ctx, id)).await?;
    // Orders are listed on the page; who could not be put on the machine is not, so that is told where there is anybody.
    match pushed.without_number {
        0 => done(&path_of(id), "roll_pushed", pushed.put_on + pushed.taken_off),
        count => done(&path_of(id), "roll_pushed_in_part", count),
    }
}

#[derive(Template)]
#[template(path = "console/house/device_credential.html")]
struct CredentialPage {
    f: Frame,
    id: DeviceId,
    serial: String,
    value: String,
    path: Option<String>,
}

async fn issue(device: web::Path<DeviceId>, form: Form) -> Shown {
    let id = device.into_inner();
    let what: Credential = form.parse("what")?;
    let (row, value) = form.write(Verb::ManageDevices, move |tx, ctx| keys::issue(tx, ctx, id, what)).await?;
    let path = if what == Credential::Token { keys::push_path(row.maker, &value) } else { None };
    show(&CredentialPage { f: Frame::of(&form.visit), id, serial: row.serial, value, path })
}
