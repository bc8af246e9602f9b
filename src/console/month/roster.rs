//! Uploading a roster: what it would come to, taking it, how far it is, what is odd, and every bad row with its place, reason and remedy,
//! to be mended in place or in a file.

use std::collections::BTreeMap;

use actix_web::web;
use askama::Template;

use super::{amount_opt, attachment};
use crate::attendance::imports::actions::NewImport;
use crate::attendance::imports::columns::{self, Ask, Asked, Remembered};
use crate::attendance::imports::sheets::columns_of;
use crate::attendance::imports::{Import, ImportState, ImportView, Odd, SheetKind, TO_MEND, actions, http, mending};
use crate::base::id::{ProjectId, RecordId};
use crate::console::projects::head::Head;
use crate::console::{Frame, Shown, done, show};
use crate::projects::enter;
use crate::web::problem::Fault;
use crate::web::{Access, Code, Form, Problem, Route, Verb, Visit};
use crate::wire::roster::write_template;
use crate::workers::roster::{Defaults, RosterFile};
use crate::workers::{Paper, lookups, table};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Faults and warnings that the page lists; the error sheet has more.
const SHOWN_MAX: usize = 200;

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let enrol = Access::Holds(Verb::EnrolWorkers);
    vec![
        Route::page("/roster.xlsx", enrol, "The empty roster", || web::get().to(template)).serves(XLSX),
        Route::form("/projects/{project}/workers/roster", enrol, "Upload a roster", || web::post().to(upload)),
        Route::page("/projects/{project}/workers/rosters/{roster}", enrol, "A roster, and how far it is", || web::get().to(page)),
        Route::form("/projects/{project}/workers/rosters/{roster}/take", enrol, "Have a roster taken", || web::post().to(take)),
        Route::form(
            "/projects/{project}/workers/rosters/{roster}/refused",
            enrol,
            "The refused rows of a roster as a file",
            || web::post().to(refused),
        )
        .serves(XLSX),
        Route::form("/projects/{project}/workers/rosters/{roster}/row", enrol, "A refused row as a form", || {
            web::post().to(open_row)
        }),
        Route::form("/projects/{project}/workers/rosters/{roster}/mend", enrol, "Mend a refused row", || web::post().to(mend)),
        Route::form(
            "/projects/{project}/workers/rosters/{roster}/columns",
            enrol,
            "Say what the columns of a roster are",
            || web::post().to(say),
        ),
        Route::form("/projects/{project}/workers/roster-columns", enrol, "Forget what was said of a header", || {
            web::post().to(forget)
        }),
        Route::form("/projects/{project}/workers/export", Access::Holds(Verb::Unmask), "The roll as a roster", || {
            web::post().to(export)
        })
        .serves(XLSX),
    ]
}

/// A row that stands refused.
struct Bad {
    row: u32,
    faults: Vec<Fault>,
    /// Whether it can be mended here.
    can_be_mended: bool,
}

#[derive(Template)]
#[template(path = "console/month/roster.html")]
struct RosterPage {
    f: Frame,
    head: Head,
    view: ImportView,
    bad: Vec<Bad>,
    /// Refused rows that the list leaves out.
    more: usize,
    odd: Vec<Odd>,
    remarks: Vec<(String, String)>,
    /// Columns of which somebody has to say what they are.
    ask: Option<Ask>,
    remembered: Vec<Remembered>,
}

impl RosterPage {
    fn is_it(&self, asked: &Asked, key: &str) -> bool {
        asked.key == Some(key)
    }

    fn choices(&self) -> Vec<(&'static str, &'static str, bool)> {
        columns::choices(self.view.kind)
    }

    fn is_roster(&self) -> bool {
        self.view.kind == SheetKind::Roster
    }

    fn waits(&self) -> bool {
        self.view.state == ImportState::Waiting
    }

    fn runs(&self) -> bool {
        self.view.state == ImportState::Running
    }

    fn nothing_was_taken(&self) -> bool {
        self.view.is_whole && self.view.counts.enrolled == 0 && self.view.counts.refused > 0
    }

    /// Rows that would be taken.
    fn good(&self) -> u32 {
        self.view.preview.as_ref().map_or(0, |preview| preview.good)
    }

    fn known(&self) -> u32 {
        self.view.preview.as_ref().map_or(0, |preview| preview.known)
    }

    fn refused(&self) -> u32 {
        self.view.preview.as_ref().map_or(0, |preview| preview.refused)
    }
}

async fn upload(form: Form, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let kind: SheetKind = form.parse_opt("kind")?.unwrap_or(SheetKind::Roster);
    // What a sheet does may ask for more than the right to enrol.
    let ctx = form.ctx(kind.verb())?;
    let defaults = Defaults {
        day_rate: amount_opt(&form, "day_rate")?,
        entered_on: form.parse_opt("entered_on")?.unwrap_or(ctx.today),
        paper: form.parse_opt("paper")?.unwrap_or(Paper::None),
        safety_trained: form.ticked("safety_trained"),
    };
    let file = form.file("file")?;
    let file = RosterFile { name: file.name.clone(), content_type: file.media_type.clone(), bytes: file.bytes.clone() };
    let new = NewImport { kind, month: form.parse_opt("month")?, defaults, columns: None };
    let (file, read) = http::read(&ctx, id, file, &new).await?;
    let row = form
        .write(kind.verb(), move |tx, ctx| {
            let site = enter(tx.conn(), &ctx.scope, id)?;
            if read.is_strange {
                return columns::keep_to_ask(tx, ctx, &site, &file, &new);
            }
            actions::hand_in(tx, ctx, &site, &file, &read, &new)
        })
        .await?;
    done(&format!("/projects/{id}/workers/rosters/{}", row.id), "file_kept", 1)
}

type Path = web::Path<(ProjectId, RecordId)>;

async fn page(visit: Visit, path: Path) -> Shown {
    let (project, id) = path.into_inner();
    let page = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, project)?;
            let mut view = http::look(conn, &visit.ctx, &site, id)?;
            let preview = view.preview.as_mut();
            let (refusals, mut odd, remarks) = match preview {
                Some(preview) => {
                    (std::mem::take(&mut preview.refusals), std::mem::take(&mut preview.odd), preview.remarks.clone())
                }
                None => (std::mem::take(&mut view.refusals), Vec::new(), Vec::new()),
            };
            if view.state == ImportState::Ended {
                let import = Import::find(conn, site.id, id)?.ok_or_else(Problem::not_found)?;
                for (row, enrolment, _) in import.odd().into_iter().take(SHOWN_MAX) {
                    // As it stands now, and by name what the visitor may see.
                    let Some(kept) = table::find(conn, site.id, enrolment)? else { continue };
                    let name = lookups::view(conn, visit.ctx.vault(), &kept)?.name;
                    let warnings = lookups::told_warnings(conn, &visit.ctx, &site, &kept)?;
                    odd.push(Odd { row: u32::try_from(row).unwrap_or(0), name, enrolment: Some(enrolment), warnings });
                }
            }
            let can_be_mended = view.state != ImportState::Running && !view.is_whole && view.kind.is_mended_in_place();
            let more = refusals.len().saturating_sub(SHOWN_MAX);
            let bad = refusals.into_iter().take(SHOWN_MAX);
            let bad = bad.map(|one| Bad { row: one.row, faults: one.faults, can_be_mended }).collect();
            odd.truncate(SHOWN_MAX);
            let ask = columns::asked_of(conn, &visit.ctx, &site, id)?;
            let remembered = columns::standing(conn, site.id, view.kind)?;
            Ok(RosterPage { f: Frame::of(visit), head, view, bad, more, odd, remarks, ask, remembered })
        })
        .await?;
    show(&page)
}

async fn say(form: Form, path: Path) -> Shown {
    let (project, id) = path.into_inner();
    let ctx = form.ctx(Verb::EnrolWorkers)?;
    let mut places = BTreeMap::new();
    for said in form.all("column") {
        // `3:name`: what the column at the place is; a place without a word is read past.
        if let Some((place, key)) = said.split_once(':').filter(|(_, key)| !key.is_empty()) {
            let wrong = || Problem::invalid("列号无法识别，请刷新页面。", "The column cannot be read; reload the page.");
            places.insert(place.parse::<usize>().map_err(|_| wrong().at("column", "bad_format"))?, key.to_owned());
        }
    }
    // Read before the writer is asked for: a long file must not hold up the gates.
    let reading = ctx.clone();
    let (read, said) = ctx
        .ground
        .db
        .read(move |conn| {
            let site = enter(conn, &reading.scope, project)?;
            columns::read_as_said(conn, &reading, &site, id, &places)
        })
        .await?;
    // What a sheet does may ask for more than the right to enrol.
    let import = form
        .write(read.kind().verb(), move |tx, ctx| {
            let site = enter(tx.conn(), &ctx.scope, project)?;
            columns::take_as_said(tx, ctx, &site, &read, &said)
        })
        .await?;
    done(&format!("/projects/{project}/workers/rosters/{import}"), "file_kept", 1)
}

async fn forget(form: Form, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let layout: RecordId = form.required("layout")?.parse().map_err(|_| Problem::not_found())?;
    form.write(Verb::EnrolWorkers, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        columns::forget(tx, ctx, &site, layout)
    })
    .await?;
    done(&format!("/projects/{id}/workers"), "layout_removed", 1)
}

async fn take(form: Form, path: Path) -> Shown {
    let (project, id) = path.into_inner();
    let whole = form.text("how") == Some("whole");
    form.write(Verb::EnrolWorkers, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        actions::begin(tx, ctx, &site, id, whole)
    })
    .await?;
    done(&format!("/projects/{project}/workers/rosters/{id}"), "roster_begun", 1)
}

async fn refused(form: Form, path: Path) -> Shown {
    let (project, id) = path.into_inner();
    let bytes = http::refused_rows(&form.ctx(Verb::EnrolWorkers)?, project, id).await?;
    attachment(XLSX, form.visit.t("错误行.xlsx", "refused-rows.xlsx"), bytes)
}

#[derive(Template)]
#[template(path = "console/month/roster_row.html")]
struct RowPage {
    f: Frame,
    head: Head,
    id: RecordId,
    row: u32,
    file: String,
    cells: Vec<(&'static str, &'static str, String)>,
    faults: Vec<Fault>,
}

async fn row_page(
    form: &Form,
    path: (ProjectId, RecordId),
    row: u32,
    tried: Option<(Vec<Fault>, BTreeMap<String, String>)>,
) -> Shown {
    let (project, id) = path;
    let ctx = form.ctx(Verb::EnrolWorkers)?;
    let look = (id.to_string(), TO_MEND.to_owned());
    let cells = http::looked(&ctx, project, look, move |conn, ctx, site| actions::row_to_mend(conn, ctx, site, id, row)).await?;
    let (head, file, told) = form
        .visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, project)?;
            // While the file waits, what would be refused is what stands.
            let view = http::look(conn, &visit.ctx, &site, id)?;
            let refusals = view.preview.map_or(view.refusals, |preview| preview.refusals);
            let told = refusals.into_iter().find(|one| one.row == row).map(|one| one.faults);
            Ok((head, view.file, told))
        })
        .await?;
    let (faults, typed) = tried.unwrap_or((told.unwrap_or_default(), BTreeMap::new()));
    // What was typed and refused again stands in the form as it was typed.
    let cells = cells.into_iter().map(|(key, name, text)| (key, name, typed.get(key).cloned().unwrap_or(text))).collect();
    show(&RowPage { f: Frame::of(&form.visit), head, id, row, file, cells, faults })
}

fn row_of(form: &Form) -> Result<u32, Problem> {
    let wrong = || Problem::invalid("请指出哪一行。", "Say which row.").at("row", "missing_field");
    form.required("row")?.parse().map_err(|_| wrong())
}

async fn open_row(form: Form, path: Path) -> Shown {
    let row = row_of(&form)?;
    row_page(&form, path.into_inner(), row, None).await
}

async fn mend(form: Form, path: Path) -> Shown {
    let (project, id) = path.into_inner();
    let row = row_of(&form)?;
    let import = form
        .visit
        .read(move |conn, visit| {
            let site = enter(conn, &visit.ctx.scope, project)?;
            Import::find(conn, site.id, id)?.ok_or_else(Problem::not_found)
        })
        .await?;
    let columns = columns_of(import.row.kind()).iter();
    let cells: BTreeMap<String, String> =
        columns.filter_map(|column| Some((column.key.to_owned(), form.text(column.key)?.to_owned()))).collect();
    let sent = cells.clone();
    let mended = form
        .write(Verb::EnrolWorkers, move |tx, ctx| {
            let site = enter(tx.conn(), &ctx.scope, project)?;
            mending::mend(tx, ctx, &site, id, row, &sent)
        })
        .await;
    match mended {
        Ok(_) => done(&format!("/projects/{project}/workers/rosters/{id}"), "row_mended", 1),
        Err(problem) if problem.code == Code::Invalid => row_page(&form, (project, id), row, Some((problem.faults, cells))).await,
        Err(problem) => Err(problem),
    }
}

async fn export(form: Form, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let purpose = form.required("purpose")?.to_owned();
    let bytes = http::exported(&form.ctx(Verb::Unmask)?, id, purpose).await?;
    attachment(XLSX, form.visit.t("花名册.xlsx", "roster.xlsx"), bytes)
}

async fn template(visit: Visit) -> Shown {
    let bytes = write_template().map_err(|error| Problem::internal(&error.to_string()))?;
    attachment(XLSX, visit.t("花名册.xlsx", "roster.xlsx"), bytes)
}
