//! `/api/v1/projects/{project}/accounts/{account}/bank-sheets` and `…/bank-layouts`: a sheet is shown, said, booked, and what was said of
//! its header remembered.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::actions::{self, Asked, Shown};
use super::table::{self, LayoutRow};
use crate::accounts::{self, table::AccountRow};
use crate::base::Moment;
use crate::base::id::{AccountId, InboxId, ProjectId, RecordId};
use crate::settlement::voiding::again::Again;
use crate::settlement::{FileProblem, Receipt};
use crate::store::AnyConn;
use crate::web::extract::Upload;
use crate::web::problem::FAULTS_MAX;
use crate::web::{Access, Body, Call, Problem, Route, Verb};
use crate::wire::statement_sheet::{Field, Mapping, letters, wizard};

const MEDIA_TYPES: &[&str] = &[
    "text/csv",
    "text/plain",
    "text/html",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.ms-excel",
    "application/octet-stream",
];

/// Routes of this subject.
pub(in crate::settlement) fn routes() -> Vec<Route> {
    let feed = Access::Holds(Verb::FeedBank);
    vec![
        Route::post(
            "/api/v1/projects/{project}/accounts/{account}/bank-sheets",
            feed,
            "Hand in a bank's sheet to see how it would be read; nothing is booked",
            || web::post().to(hand_in),
        )
        .takes_file(MEDIA_TYPES)
        .creates::<SheetView>(),
        Route::get(
            "/api/v1/projects/{project}/accounts/{account}/bank-sheets/{bank_sheet}",
            feed,
            "How a bank's sheet that is kept would be read",
            || web::get().to(look),
        )
        .query(&[
            ("sheet", "sheet of the file, from 0"),
            ("header_row", "row that names the columns"),
            ("encoding", "gb18030, utf-8, utf-16le, utf-16be or big5"),
        ])
        .gives::<SheetView>(),
        Route::post(
            "/api/v1/projects/{project}/accounts/{account}/bank-sheets/{bank_sheet}",
            feed,
            "Book a bank's sheet as its columns are said to be, and remember it for the bank and the header",
            || web::post().to(take),
        )
        .takes::<SayColumns>()
        .gives::<Receipt>(),
        Route::get(
            "/api/v1/projects/{project}/accounts/{account}/bank-layouts",
            feed,
            "What is remembered of sheets of the account's bank",
            || web::get().to(layouts),
        )
        .gives::<Vec<LayoutView>>(),
        Route::post(
            "/api/v1/projects/{project}/accounts/{account}/bank-layouts/{bank_layout}/removal",
            feed,
            "Forget what was said of a header",
            || web::post().to(forget),
        )
        .gives::<LayoutView>(),
    ]
}

/// A column of a sheet.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = BankSheetColumn)]
pub struct ColumnView {
    /// Its letters.
    column: String,
    /// Its name in the file.
    name: String,
    /// What it is taken for; `null` for one that is read past.
    field: Option<&'static str>,
    /// Its cells in the first rows: days and amounts plainly, numbers and names masked.
    samples: Vec<String>,
}

/// How a sheet would be read.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = BankSheetView)]
pub struct SheetView {
    /// The kept file.
    id: InboxId,
    /// Sheets of the file.
    sheets: Vec<String>,
    /// The one that is read, from 0.
    sheet: usize,
    /// The row that names the columns.
    header_row: usize,
    /// The encoding of text; empty for workbooks.
    encoding: String,
    /// Its columns.
    columns: Vec<ColumnView>,
    /// Numbers of the rows of which samples are shown.
    rows: Vec<usize>,
    /// Whether the header says by itself what is needed.
    is_recognised: bool,
    /// What somebody said of this header before, where it is read so.
    remembered: Option<LayoutView>,
    /// What nobody has said and no row can be read without: `date`, `amount`.
    missing: Vec<&'static str>,
    /// Entries that can be read so.
    entries: usize,
    /// Money in.
    credits: String,
    /// Money out.
    debits: String,
    /// Balance before the first entry, where the sheet shows it.
    opening: Option<String>,
    /// Balance after the last one.
    closing: Option<String>,
    /// Why it cannot be booked so.
    faults: Vec<FileProblem>,
    /// What is odd in its rows.
    problems: Vec<FileProblem>,
}

impl SheetView {
    fn of(conn: &mut AnyConn, id: InboxId, shown: Shown) -> Result<Self, Problem> {
        let sums = shown.sums();
        let field = |column: usize| {
            let found = shown.mapping.columns.iter().find(|one| one.column == column)?;
            wizard::word_of(found.field)
        };
        let columns = shown.look.columns.iter().map(|one| ColumnView {
            column: one.letters.clone(),
            name: one.name.clone(),
            field: field(one.column),
            samples: one.samples.clone(),
        });
        Ok(Self {
            id,
            columns: columns.collect(),
            sheets: shown.look.sheets,
            sheet: shown.look.sheet,
            header_row: shown.mapping.header_row,
            encoding: shown.look.charset.to_owned(),
            rows: shown.look.rows,
            is_recognised: shown.look.is_recognised,
            remembered: shown.remembered.map(|row| LayoutView::of(conn, row)).transpose()?,
            missing: shown.missing,
            entries: sums.entries,
            credits: sums.credits,
            debits: sums.debits,
            opening: sums.opening,
            closing: sums.closing,
            faults: shown.faults,
            problems: shown.file.problems.iter().take(FAULTS_MAX).map(FileProblem::from).collect(),
        })
    }
}

/// What was said of a header.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = BankLayout)]
pub struct LayoutView {
    /// Its id.
    pub id: RecordId,
    /// The account that it was said for.
    pub account_id: AccountId,
    /// The bank.
    pub bank: String,
    /// The columns that mean something, by their names.
    pub columns: Vec<LayoutColumn>,
    /// Encoding of text, where one was said.
    pub encoding: Option<String>,
    /// Who said it.
    pub recorded_by: String,
    /// When.
    pub recorded_at: Moment,
    /// Files that were read so.
    pub files: i64,
}

/// A column of a header that somebody said something of.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = BankLayoutColumn)]
pub struct LayoutColumn {
    /// Its letters.
    pub column: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub field: &'static str,
}

impl LayoutView {
    /// The view of a row.
    ///
    /// # Errors
    /// A store that fails.
    pub fn of(conn: &mut AnyConn, row: LayoutRow) -> Result<Self, Problem> {
        let mapping: Mapping = serde_json::from_str(&row.mapping).map_err(|error| Problem::internal(&error.to_string()))?;
        let columns = mapping.columns.iter().filter_map(|one| {
            let field = wizard::word_of(one.field)?;
            Some(LayoutColumn { column: letters(one.column), name: one.name.clone(), field })
        });
        Ok(Self {
            columns: columns.collect(),
            files: table::count_uses(conn, row.project_id, row.id)?,
            id: row.id,
            account_id: row.account_id,
            bank: row.bank,
            encoding: row.encoding,
            recorded_by: row.recorded_by,
            recorded_at: row.recorded_at,
        })
    }
}

/// What a person says of a sheet; what is left out is as remembered, or as the names say.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SayColumns {
    /// Sheet of the file, from 0.
    sheet: Option<usize>,
    /// Row that names the columns.
    header_row: Option<usize>,
    /// `gb18030`, `utf-8`, `utf-16le`, `utf-16be` or `big5`.
    encoding: Option<String>,
    /// What each column is, by its letters: `{"A": "booked_on", "C": "amount", "D": "mark"}`.
    columns: Option<BTreeMap<String, String>>,
    /// Why a sheet whose bytes were voided before is booked all the same.
    again: Option<String>,
}

impl SayColumns {
    fn asked(self) -> Result<Asked, Problem> {
        let Self { sheet, header_row, encoding, columns, again } = self;
        let columns = columns.map(|columns| by_place(&columns)).transpose()?;
        Ok(Asked { sheet, header_row, encoding, columns, again: Again::said(again.as_deref())? })
    }
}

/// What was said by letters, by place.
fn by_place(said: &BTreeMap<String, String>) -> Result<BTreeMap<usize, Field>, Problem> {
    let mut fields = BTreeMap::new();
    for (column, word) in said {
        let place = format!("columns.{column}");
        let at = (0..crate::wire::statement_sheet::COLUMNS_MAX)
            .find(|at| letters(*at) == *column)
            .ok_or_else(|| Problem::invalid("没有这一列。", "There is no such column.").at(place.clone(), "unknown_reference"))?;
        let field = wizard::field_of(word).ok_or_else(|| {
            let known: Vec<&str> = wizard::FIELDS.iter().map(|(_, word, ..)| *word).collect();
            let zh = format!("不认识 {word}，可选：{}。", known.join("、"));
            Problem::invalid(zh, format!("`{word}` is not known; choose one of {}.", known.join(", "))).at(place, "bad_format")
        })?;
        fields.insert(at, field);
    }
    Ok(fields)
}

#[derive(Deserialize)]
struct Wanted {
    sheet: Option<usize>,
    header_row: Option<usize>,
    encoding: Option<String>,
}

type OfAccount = web::Path<(ProjectId, AccountId)>;
type OfSheet = web::Path<(ProjectId, AccountId, InboxId)>;

async fn hand_in(call: Call, path: OfAccount, upload: Upload) -> Result<impl Responder, Problem> {
    let (project, account) = path.into_inner();
    let Upload { bytes, content_type, file_name } = upload;
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let (site, account) = accounts::enter(tx.conn(), &ctx.scope, project, account)?;
        let file = (file_name.clone(), content_type.clone(), bytes.clone());
        let id = actions::keep_file(tx, ctx, &site, file)?;
        let shown = actions::show(tx.conn(), ctx, &site, &account, id, &Asked::default())?;
        SheetView::of(tx.conn(), id, shown)
    })
    .await
}

async fn look(call: Call, path: OfSheet, query: web::Query<Wanted>) -> Result<impl Responder, Problem> {
    let (project, account, id) = path.into_inner();
    let Wanted { sheet, header_row, encoding } = query.into_inner();
    let asked = Asked { sheet, header_row, encoding, ..Asked::default() };
    call.read(move |conn, ctx| {
        let (site, account) = accounts::enter(conn, &ctx.scope, project, account)?;
        let shown = actions::show(conn, ctx, &site, &account, id, &asked)?;
        SheetView::of(conn, id, shown)
    })
    .await
}

async fn take(call: Call, path: OfSheet, body: Body<SayColumns>) -> Result<impl Responder, Problem> {
    let (project, account, id) = path.into_inner();
    let asked = body.0.asked()?;
    call.write(StatusCode::OK, move |tx, ctx| {
        let (site, account) = accounts::enter(tx.conn(), &ctx.scope, project, account)?;
        actions::take(tx, ctx, &site, &account, id, &asked)
    })
    .await
}

/// What stands of the account's bank, the newest first.
pub fn standing(conn: &mut AnyConn, account: &AccountRow) -> Result<Vec<LayoutView>, Problem> {
    let rows = table::of_bank(conn, account.project_id, &account.bank_name)?;
    rows.into_iter().rev().map(|row| LayoutView::of(conn, row)).collect()
}

async fn layouts(call: Call, path: OfAccount) -> Result<impl Responder, Problem> {
    let (project, account) = path.into_inner();
    call.read(move |conn, ctx| {
        let (_, account) = accounts::enter(conn, &ctx.scope, project, account)?;
        standing(conn, &account)
    })
    .await
}

async fn forget(call: Call, path: web::Path<(ProjectId, AccountId, RecordId)>) -> Result<impl Responder, Problem> {
    let (project, account, id) = path.into_inner();
    call.write(StatusCode::OK, move |tx, ctx| {
        let (_, account) = accounts::enter(tx.conn(), &ctx.scope, project, account)?;
        let row = actions::forget(tx, ctx, &account, id)?;
        LayoutView::of(tx.conn(), row)
    })
    .await
}
