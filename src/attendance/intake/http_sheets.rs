//! `POST /api/v1/projects/{project}/passage-sheets`.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::Deserialize;

use super::sheets::{self, Receipt};
use crate::base::id::ProjectId;
use crate::projects::enter;
use crate::web::extract::Upload;
use crate::web::{Access, Call, Problem, Route, Verb};
use crate::wire::passage_sheet::{self, Passages};
use crate::wire::sheet;
use crate::workers::roster::RosterFile;

/// Kinds of files; what a file really is, its bytes say.
const MEDIA_TYPES: &[&str] = &[
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.ms-excel",
    "text/csv",
    "application/octet-stream",
];

/// Routes of this subject.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/api/v1/projects/{project}/passage-sheets",
            Access::Holds(Verb::FeedPunches),
            "Hand in passages that a gate machine's software exported",
            || web::post().to(hand_in),
        )
        .query(&[("device", "serial number of the machine, where the rows do not name one")])
        .takes_file(MEDIA_TYPES)
        .gives::<Receipt>(),
    ]
}

#[derive(Deserialize)]
struct OfDevice {
    device: Option<String>,
}

/// Reads a file off the event loop.
///
/// # Errors
/// `invalid` for what is no table of any kind.
pub async fn read(file: RosterFile) -> Result<(RosterFile, Passages), Problem> {
    let read = web::block(move || -> Result<(RosterFile, Passages), Problem> {
        let book =
            sheet::read(&file.bytes).map_err(|fault| Problem::invalid(fault.zh, fault.en).at("file", fault.reason.code()))?;
        let passages = passage_sheet::parse(&book);
        Ok((file, passages))
    });
    read.await.map_err(|error| Problem::internal(&error.to_string()))?
}

async fn hand_in(
    call: Call,
    project: web::Path<ProjectId>,
    query: web::Query<OfDevice>,
    upload: Upload,
) -> Result<impl Responder, Problem> {
    let (id, device) = (project.into_inner(), query.into_inner().device);
    // Whoever may not come in learns it before anything is read.
    let entering = call.ctx.clone();
    call.ctx.ground.db.read(move |conn| enter(conn, &entering.scope, id).map(drop)).await?;
    let file = RosterFile { name: upload.file_name, content_type: upload.content_type, bytes: upload.bytes };
    let (file, read) = read(file).await?;
    call.write(StatusCode::OK, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        sheets::take(tx, ctx, &site, &file, &read, device.as_deref())
    })
    .await
}
