//! `/api/v1/projects/{project}/pay-sheet-imports`: a sheet made elsewhere is handed in, its columns are looked at, its rows taken; and the
//! way back, a sheet in the printed form.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, Responder, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::actions::{self, Confirmed, SheetFile, Taken};
use super::left_out::{self, LeftOuts};
use super::table::{self, ImportRow};
use super::{FAULTS_MAX, Proposal, export, fault_of, refused};
use crate::base::id::{InboxId, LineId, ProjectId, SheetId};
use crate::base::{Day, Fen, Month};
use crate::payroll::actions::require_seen;
use crate::payroll::table::SheetRow;
use crate::projects::{Site, enter};
use crate::store::Tx;
use crate::web::extract::Upload;
use crate::web::problem::Fault;
use crate::web::{Access, Body, Call, Ctx, Problem, Route, Verb};
use crate::wire::sheet::{Workbook, column_letters};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Kinds of files; what a file really is, its bytes say.
const MEDIA_TYPES: &[&str] = &[XLSX, "application/vnd.ms-excel", "text/csv", "application/octet-stream"];

/// Routes of this subject.
pub(in crate::payroll) fn routes() -> Vec<Route> {
    let (prepare, read) = (Access::Holds(Verb::PrepareSheets), Access::Holds(Verb::ReadWorkers));
    vec![
        Route::post("/api/v1/projects/{project}/pay-sheet-imports", prepare, "Hand in a pay sheet made elsewhere", || {
            web::post().to(hand_in)
        })
        .takes_file(MEDIA_TYPES)
        .creates::<ProposalView>(),
        Route::get(
            "/api/v1/projects/{project}/pay-sheet-imports/{sheet_file}",
            prepare,
            "How a pay sheet that was handed in would be read",
            || web::get().to(look),
        )
        .query(&[("sheet", "sheet of the file, from 0; the one with the most known headings when absent")])
        .gives::<ProposalView>(),
        Route::post(
            "/api/v1/projects/{project}/pay-sheet-imports/{sheet_file}",
            prepare,
            "Take its good rows into a draft",
            || web::post().to(take),
        )
        .takes::<TakeSheet>()
        .creates::<TakenView>(),
        Route::post(
            "/api/v1/projects/{project}/pay-sheet-imports/{sheet_file}/refused",
            prepare,
            "The rows that would be refused with their reasons, to be mended and handed in again",
            || web::post().to(refused_rows),
        )
        .takes::<TakeSheet>()
        .serves(XLSX),
        Route::get("/api/v1/projects/{project}/pay-sheets/{sheet}/imports", read, "Files that were taken into a sheet", || {
            web::get().to(imports)
        })
        .of_any_time()
        .gives::<Vec<ImportRow>>(),
        Route::get(
            "/api/v1/projects/{project}/pay-sheets/{sheet}/left-out",
            read,
            "Who stands on a draft by attendance and not from its file, and waits for the labour manager's word",
            || web::get().to(left_outs),
        )
        .gives::<LeftOuts>(),
        Route::post(
            "/api/v1/projects/{project}/pay-sheets/{sheet}/left-out",
            Access::Holds(Verb::PayWages),
            "Confirm lines that stand by attendance and not from the file",
            || web::post().to(confirm),
        )
        .takes::<ConfirmLeftOut>()
        .gives::<SheetRow>()
        .versioned(),
        Route::post(
            "/api/v1/projects/{project}/pay-sheets/{sheet}/xlsx",
            Access::Holds(Verb::Unmask),
            "A sheet in the printed form, with plain numbers",
            || web::post().to(printed),
        )
        .takes::<ExportSheet>()
        .serves(XLSX),
    ]
}

/// A column of a file.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ColumnView {
    /// Its letters.
    column: String,
    /// Its name there, joined with the one above it.
    name: String,
    /// Which of ours it is; `null` for one that is passed over.
    key: Option<String>,
}

/// How a file would be read.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PaySheetProposal)]
pub struct ProposalView {
    /// The kept file.
    id: InboxId,
    /// Sheets of the file.
    sheets: Vec<String>,
    /// The one that is read, from 0.
    sheet: usize,
    /// The month that its title names.
    month: Option<Month>,
    /// Its columns.
    columns: Vec<ColumnView>,
    /// Whether somebody confirmed the columns of this layout before.
    is_remembered: bool,
    /// Rows that can be read so.
    rows: usize,
    /// Rows that cannot.
    refused: u32,
    /// What is wrong with them.
    faults: Vec<Fault>,
    /// What is to be known of the file: hidden rows and columns, a filter, formulas. All of it is read.
    remarks: Vec<FileRemark>,
}

/// What is to be known of a file beside its rows.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FileRemark {
    /// In Chinese.
    zh: String,
    /// The same in English.
    en: String,
}

fn remarks(pairs: Vec<(String, String)>) -> Vec<FileRemark> {
    pairs.into_iter().map(|(zh, en)| FileRemark { zh, en }).collect()
}

impl ProposalView {
    fn of(id: InboxId, book: &Workbook, proposal: Proposal, today: Day) -> ProposalView {
        let pay = proposal.read(book, today);
        let column = |one: &super::Mapped| ColumnView { column: one.letters(), name: one.name.clone(), key: one.key.clone() };
        ProposalView {
            id,
            columns: proposal.columns.iter().map(column).collect(),
            sheets: proposal.sheets,
            sheet: proposal.sheet,
            month: pay.month,
            is_remembered: proposal.is_remembered,
            rows: pay.rows.len(),
            refused: pay.refused,
            faults: pay.problems.iter().take(FAULTS_MAX).map(fault_of).map(crate::workers::roster::without_people).collect(),
            remarks: remarks(pay.remarks),
        }
    }
}

/// What is taken of a file.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeSheet {
    /// The month that it is for.
    month: Month,
    /// Sheet of the file, from 0; as proposed when absent.
    sheet: Option<usize>,
    /// Our columns by the letters of theirs, `{"C": "id"}`; as proposed when absent.
    columns: Option<BTreeMap<String, String>>,
    /// The lowest wage of a day that is lawful there, where rows are to be held against it.
    lowest_day_wage: Option<Fen>,
}

/// What came of a file.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PaySheetTaken)]
pub struct TakenView {
    /// The draft with the rows that were taken.
    sheet: SheetId,
    /// Rows that were taken.
    taken: u32,
    /// Rows that were refused.
    refused: u32,
    /// What is wrong, each with its place.
    faults: Vec<Fault>,
    /// What is odd in rows that were taken.
    warnings: Vec<Fault>,
    /// What is to be known of the file.
    remarks: Vec<FileRemark>,
    /// Who stands on the sheet by attendance and not from the file, and waits for the labour manager's word.
    left_out: LeftOuts,
}

/// Lines that stand by attendance and not from the file.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmLeftOut {
    /// The lines.
    lines: Vec<LineId>,
    /// Why they stand, 1 to 200 characters.
    note: String,
}

/// Why plain numbers are asked for.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportSheet {
    /// Purpose, kept on record.
    purpose: String,
}

#[derive(Deserialize)]
struct Asked {
    sheet: Option<usize>,
}

async fn hand_in(call: Call, project: web::Path<ProjectId>, upload: Upload) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let file = SheetFile { name: upload.file_name, content_type: upload.content_type, bytes: upload.bytes };
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        let inbox = actions::keep_file(tx, ctx, &site, &file)?;
        let (book, proposal) = actions::proposal(tx.conn(), ctx, &site, inbox, None)?;
        Ok(ProposalView::of(inbox, &book, proposal, ctx.today))
    })
    .await
}

type Path = web::Path<(ProjectId, InboxId)>;

async fn look(call: Call, path: Path, query: web::Query<Asked>) -> Result<impl Responder, Problem> {
    let (project, inbox) = path.into_inner();
    let wanted = query.sheet;
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, project)?;
        let (book, proposal) = actions::proposal(conn, ctx, &site, inbox, wanted)?;
        Ok(ProposalView::of(inbox, &book, proposal, ctx.today))
    })
    .await
}

async fn take(call: Call, path: Path, body: Body<TakeSheet>) -> Result<impl Responder, Problem> {
    let (project, inbox) = path.into_inner();
    let said = body.0;
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        let confirmed = confirmed(tx, ctx, &site, inbox, &said)?;
        let Taken { sheet, taken, refused, faults, warnings, remarks: told, left_out } =
            actions::take(tx, ctx, &site, &confirmed)?;
        Ok(TakenView { sheet, taken, refused, faults, warnings, remarks: remarks(told), left_out })
    })
    .await
}

async fn refused_rows(call: Call, path: Path, body: Body<TakeSheet>) -> Result<HttpResponse, Problem> {
    let (project, inbox) = path.into_inner();
    let (ctx, said) = (call.ctx, body.0);
    let db = ctx.ground.db.clone();
    // A look at plain numbers is written down, so this read is a write.
    let bytes = db
        .write(move |tx| -> Result<Vec<u8>, Problem> {
            let site = enter(tx.conn(), &ctx.scope, project)?;
            let confirmed = confirmed(tx, &ctx, &site, inbox, &said)?;
            refused::error_sheet(tx, &ctx, &site, &confirmed)
        })
        .await?;
    Ok(HttpResponse::Ok()
        .content_type(XLSX)
        .insert_header(("Content-Disposition", "attachment; filename=\"refused.xlsx\""))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .body(bytes))
}

/// How the file is read, as somebody said or as proposed.
fn confirmed(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, inbox: InboxId, said: &TakeSheet) -> Result<Confirmed, Problem> {
    let (_, proposal) = actions::proposal(tx.conn(), ctx, site, inbox, said.sheet)?;
    let mapping = match &said.columns {
        None => proposal.mapping(),
        Some(columns) => by_place(&proposal, columns)?,
    };
    Ok(Confirmed { inbox, month: said.month, sheet: proposal.sheet, mapping, lowest_day_wage: said.lowest_day_wage })
}

/// What was said by letters, by place.
fn by_place(proposal: &Proposal, said: &BTreeMap<String, String>) -> Result<BTreeMap<usize, String>, Problem> {
    let mut mapping = BTreeMap::new();
    for (letters, key) in said {
        let place = proposal.columns.iter().map(|column| column.place).find(|place| column_letters(*place) == *letters);
        let place = place.ok_or_else(|| {
            let (zh, en) = ("文件中没有这一列，或该列没有名称。", "The file has no such column, or it has no name.");
            Problem::invalid(zh, en).at(format!("columns.{letters}"), "unknown_reference")
        })?;
        mapping.insert(place, key.clone());
    }
    Ok(mapping)
}

async fn imports(call: Call, path: web::Path<(ProjectId, SheetId)>) -> Result<impl Responder, Problem> {
    let (project, sheet) = path.into_inner();
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, project)?;
        crate::payroll::table::sheet(conn, site.id, sheet)?.ok_or_else(Problem::not_found)?;
        Ok(table::of_sheet(conn, site.id, sheet)?)
    })
    .await
}

async fn left_outs(call: Call, path: web::Path<(ProjectId, SheetId)>) -> Result<impl Responder, Problem> {
    let (project, sheet) = path.into_inner();
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, project)?;
        crate::payroll::table::sheet(conn, site.id, sheet)?.ok_or_else(Problem::not_found)?;
        left_out::open_of(conn, &site, sheet)
    })
    .await
}

async fn confirm(
    call: Call,
    path: web::Path<(ProjectId, SheetId)>,
    body: Body<ConfirmLeftOut>,
) -> Result<impl Responder, Problem> {
    let (project, sheet) = path.into_inner();
    let ConfirmLeftOut { lines, note } = body.0;
    call.write(StatusCode::OK, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        require_seen(tx, ctx, &site, sheet)?;
        left_out::confirm(tx, ctx, &site, sheet, &lines, &note)
    })
    .await
}

async fn printed(call: Call, path: web::Path<(ProjectId, SheetId)>, body: Body<ExportSheet>) -> Result<HttpResponse, Problem> {
    let (project, sheet) = path.into_inner();
    let (ctx, purpose) = (call.ctx, body.0.purpose);
    let db = ctx.ground.db.clone();
    // A look at plain numbers is written down, so this read is a write.
    let (month, bytes) = db
        .write(move |tx| -> Result<(Month, Vec<u8>), Problem> {
            let site = enter(tx.conn(), &ctx.scope, project)?;
            export::export(tx, &ctx, &site, sheet, &purpose)
        })
        .await?;
    Ok(HttpResponse::Ok()
        .content_type(XLSX)
        .insert_header(("Content-Disposition", format!("attachment; filename=\"{month}.xlsx\"")))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .body(bytes))
}
