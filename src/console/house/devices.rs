//! Devices: pending ones to admit, binding to a project, blocking.

use std::collections::HashMap;

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use crate::attendance::devices::actions::{self, Binding};
use crate::attendance::devices::table::{self, DeviceRow, DeviceStateRow};
use crate::attendance::devices::{DeviceState, GateDirection, Maker};
use crate::base::id::{self, DeviceId, ProjectId};
use crate::console::{Frame, Shown, done, moment, show};
use crate::projects;
use crate::web::{Access, Form, Problem, Route, Verb, Visit};

/// Devices of a page.
const PAGE: i64 = 100;

/// Projects that the form offers by name.
const OFFERED_MAX: i64 = 200;

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let manage = Access::Holds(Verb::ManageDevices);
    vec![
        Route::page("/house/devices", manage, "Devices, pending ones first", || web::get().to(list)),
        Route::form("/house/devices", manage, "Bind a device to a project", || web::post().to(bind)),
        Route::form("/house/devices/{device}/block", manage, "Refuse a device from now on", || web::post().to(block)),
    ]
}

#[derive(Deserialize)]
struct Query {
    after: Option<String>,
    serial: Option<String>,
}

/// A device as listed.
struct Line {
    device: DeviceRow,
    state: Option<DeviceStateRow>,
    project: Option<String>,
}

impl Line {
    fn badge(&self) -> &'static str {
        match self.device.state {
            DeviceState::Active => "good",
            DeviceState::Pending => "warn",
            DeviceState::Blocked => "bad",
        }
    }
}

#[derive(Template)]
#[template(path = "console/house/devices.html")]
struct ListPage {
    f: Frame,
    lines: Vec<Line>,
    next: Option<String>,
    serial: String,
    offered: Vec<projects::table::ProjectRow>,
    directions: &'static [GateDirection],
    makers: &'static [Maker],
}

async fn list(visit: Visit, query: web::Query<Query>) -> Shown {
    let Query { after, serial } = query.into_inner();
    let after = after.as_deref().and_then(id::decode).unwrap_or(0);
    let (mut lines, offered, next) = visit
        .read(move |conn, visit| {
            let mut rows = actions::visible(conn, &visit.ctx, after, PAGE + 1)?;
            let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
            let more = rows.len() > page;
            rows.truncate(page);
            let next = rows.last().filter(|_| more).map(|row| id::encode(row.id.0));
            let offered = projects::visible(conn, &visit.ctx.scope, 0, OFFERED_MAX)?;
            let mut names: HashMap<ProjectId, String> = offered.iter().map(|row| (row.id, row.name.clone())).collect();
            let mut lines = Vec::with_capacity(rows.len());
            for device in rows {
                let state = table::state_of(conn, device.id)?;
                if let Some(project) = device.project_id
                    && !names.contains_key(&project)
                {
                    names.insert(project, projects::site(conn, project)?.name);
                }
                let project = device.project_id.and_then(|project| names.get(&project).cloned());
                lines.push(Line { device, state, project });
            }
            Ok((lines, offered, next))
        })
        .await?;
    lines.sort_by_key(|line| (line.device.state != DeviceState::Pending, line.device.id));
    let serial = serial.unwrap_or_default();
    let (directions, makers) = (GateDirection::ALL, Maker::ALL);
    show(&ListPage { f: Frame::of(&visit), lines, next, serial, offered, directions, makers })
}

async fn bind(form: Form) -> Shown {
    // The field takes an id or a code; a code may be followed by the name that the browser offered.
    let told = form.required("project")?.split_whitespace().next().unwrap_or_default().to_owned();
    let project = form
        .visit
        .read(move |conn, visit| {
            let by_code = projects::table::by_code(conn, &told)?.map(|row| row.id);
            let id: ProjectId = told.parse().ok().or(by_code).ok_or_else(Problem::not_found)?;
            Ok(projects::enter(conn, &visit.ctx.scope, id)?.id)
        })
        .await?;
    let new = Binding {
        serial: form.required("serial")?.to_owned(),
        maker: form.parse_opt("maker")?.unwrap_or(Maker::Zkteco),
        gate: form.required("gate")?.to_owned(),
        direction: form.parse_opt("direction")?.unwrap_or(GateDirection::ByState),
        offset_minutes: None,
        com_key: form.text("com_key").map(str::to_owned),
        since: moment(&form, "since")?,
    };
    let messages = form
        .write(Verb::ManageDevices, move |tx, ctx| {
            let site = projects::enter(tx.conn(), &ctx.scope, project)?;
            Ok(actions::bind(tx, ctx, &site, &new)?.1.messages)
        })
        .await?;
    done("/house/devices", "device_bound", messages)
}

async fn block(device: web::Path<DeviceId>, form: Form) -> Shown {
    let id = device.into_inner();
    form.write(Verb::ManageDevices, move |tx, ctx| actions::block(tx, ctx, id)).await?;
    done("/house/devices", "device_blocked", 1)
}
