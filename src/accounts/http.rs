//! `/api/v1/projects/{project}/accounts`.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::actions::{self, NewAccount};
use super::continuity::{self, ChainFault};
use super::table::{self, AccountRow, EntryRow, StatementRow};
use super::{Direction, EntryStatus, Purpose, StatementKind};
use crate::base::id::{AccountId, BankEntryId, DocumentId, InboxId, ProjectId, StatementId};
use crate::base::person::{masked, numbers_masked};
use crate::base::{Day, Fen, Moment};
use crate::projects::{self, Site};
use crate::store::AnyConn;
use crate::store::vault::Owner;
use crate::web::paging::{Page, PageQuery};
use crate::web::{Access, Body, Call, Ctx, Problem, Route, Verb};

const PAGING: &[(&str, &str)] = &[("after", "cursor of the last page"), ("limit", "rows, 1 to 200")];

/// The slice's routes.
pub fn routes() -> Vec<Route> {
    let open = Access::Holds(Verb::OpenAccounts);
    let read = Access::Holds(Verb::ReadMoney);
    vec![
        Route::post("/api/v1/projects/{project}/accounts", open, "Put the project's wage account on record", || {
            web::post().to(open_account)
        })
        .takes::<OpenAccount>()
        .creates::<AccountView>(),
        Route::get("/api/v1/projects/{project}/accounts", read, "Wage accounts of a project with balances", || {
            web::get().to(list)
        })
        .of_any_time()
        .gives::<Vec<AccountView>>(),
        Route::get("/api/v1/projects/{project}/accounts/{account}", read, "One wage account", || web::get().to(one))
            .of_any_time()
            .gives::<AccountView>(),
        Route::post("/api/v1/projects/{project}/accounts/{account}/filing", open, "Record the filing of an account", || {
            web::post().to(file_account)
        })
        .takes::<FileAccount>()
        .gives::<AccountView>(),
        Route::get("/api/v1/projects/{project}/accounts/{account}/entries", read, "Entries of an account", || {
            web::get().to(entries)
        })
        .query(&[("after", "cursor of the last page"), ("limit", "rows, 1 to 200"), ("purpose", "only entries of this purpose")])
        .of_any_time()
        .gives::<Page<EntryView>>(),
        Route::get("/api/v1/projects/{project}/accounts/{account}/statements", read, "Statements of an account", || {
            web::get().to(statements)
        })
        .query(PAGING)
        .of_any_time()
        .gives::<Page<StatementView>>(),
    ]
}

/// A wage account to be put on record.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenAccount {
    /// Account number.
    number: String,
    /// Sub-ledger of this project under the number.
    #[serde(default)]
    sub_ledger: String,
    /// Name as the bank keeps it.
    name: String,
    /// Bank and branch.
    bank_name: String,
    /// CNAPS code of 12 digits, or BIC.
    bank_code: String,
    /// Day of opening.
    opened_on: Day,
    /// The three-party agreement.
    agreement_document_id: Option<DocumentId>,
    /// The account that this one follows.
    succeeds: Option<AccountId>,
    /// Whether this bank's booked detail of a debit proves that the line was paid; yes when absent.
    detail_means_paid: Option<bool>,
}

/// The filing of an account with its supervisor.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FileAccount {
    /// Day of filing.
    filed_on: Day,
}

/// A wage account with what follows from its entries.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AccountView {
    account: AccountRow,
    /// The name that rule R53-06b prescribes, `null` without a general contractor.
    prescribed_name: Option<String>,
    /// Whether the account bears it.
    name_is_prescribed: Option<bool>,
    /// The bank's last closing balance and what was booked after it, `null` without either.
    balance: Option<Fen>,
    /// Last day of the last ledger statement.
    last_statement_on: Option<Day>,
    /// By how much the bank's closing balance differs from the entries on record, `null` where it does not.
    mismatch: Option<Fen>,
    /// Breaks between the statements that stand.
    faults: Vec<ChainFault>,
}

/// The view of an account.
pub(crate) fn view(conn: &mut AnyConn, ctx: &Ctx, site: &Site, account: AccountRow) -> Result<AccountView, Problem> {
    let prescribed_name = actions::prescribed_name(conn, ctx, site, account.opened_on)?;
    let name_is_prescribed = prescribed_name.as_deref().map(|name| super::is_named(&account.name, name));
    let word = continuity::balance_on(conn, &account, ctx.today)?;
    let faults = continuity::faults(conn, &account)?;
    let continuity::BalanceWord { balance, last_statement_on, mismatch, .. } = word;
    Ok(AccountView { account, prescribed_name, name_is_prescribed, balance, last_statement_on, mismatch, faults })
}

async fn open_account(call: Call, project: web::Path<ProjectId>, body: Body<OpenAccount>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let body = body.0;
    let new = NewAccount {
        number: body.number,
        sub_ledger: body.sub_ledger,
        name: body.name,
        bank_name: body.bank_name,
        bank_code: body.bank_code,
        opened_on: body.opened_on,
        agreement: body.agreement_document_id,
        succeeds: body.succeeds,
        detail_means_paid: body.detail_means_paid.unwrap_or(true),
    };
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = projects::enter(tx.conn(), &ctx.scope, id)?;
        let row = actions::open_account(tx, ctx, &site, &new)?;
        view(tx.conn(), ctx, &site, row)
    })
    .await
}

async fn list(call: Call, project: web::Path<ProjectId>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    call.read(move |conn, ctx| {
        let rows = table::of_project(conn, id)?;
        // A bank that was granted single accounts sees those; everybody else needs the project.
        let own: Vec<AccountRow> = rows.iter().filter(|row| ctx.scope.accounts().contains(&row.id)).cloned().collect();
        let (site, rows) = match projects::enter(conn, &ctx.scope, id) {
            Ok(site) => (site, rows),
            Err(problem) if own.is_empty() => return Err(problem),
            Err(_) => (projects::site(conn, id)?, own),
        };
        rows.into_iter().map(|row| view(conn, ctx, &site, row)).collect::<Result<Vec<AccountView>, Problem>>()
    })
    .await
}

async fn one(call: Call, path: web::Path<(ProjectId, AccountId)>) -> Result<impl Responder, Problem> {
    let (project, id) = path.into_inner();
    call.read(move |conn, ctx| {
        let (site, row) = super::enter(conn, &ctx.scope, project, id)?;
        view(conn, ctx, &site, row)
    })
    .await
}

async fn file_account(
    call: Call,
    path: web::Path<(ProjectId, AccountId)>,
    body: Body<FileAccount>,
) -> Result<impl Responder, Problem> {
    let (project, id) = path.into_inner();
    let FileAccount { filed_on } = body.0;
    call.write(StatusCode::OK, move |tx, ctx| {
        let (site, _) = super::enter(tx.conn(), &ctx.scope, project, id)?;
        let row = actions::file_account(tx, ctx, &site, id, filed_on)?;
        view(tx.conn(), ctx, &site, row)
    })
    .await
}

/// An entry as shown; the account of the other side is masked.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = BankEntry)]
pub struct EntryView {
    id: BankEntryId,
    statement_id: StatementId,
    booked_on: Day,
    value_on: Option<Day>,
    direction: Direction,
    amount: Fen,
    reversal: bool,
    status: EntryStatus,
    /// Kinds of message that told it, in the order of receipt.
    seen_in: Vec<StatementKind>,
    /// Whether the bank's ledger holds it; otherwise it is provisional.
    is_in_ledger: bool,
    bank_ref: Option<String>,
    counterparty: Option<String>,
    counterparty_account: Option<String>,
    text: String,
    purpose: Purpose,
    /// Whether its file was voided: it counts in no balance.
    voided: bool,
    /// The entry in which its money is counted, where another message told the same movement as a sum or payment by payment: then it counts
    /// in no balance itself.
    counted_in: Option<BankEntryId>,
}

fn shown(conn: &mut AnyConn, ctx: &Ctx, row: EntryRow) -> Result<EntryView, Problem> {
    let (is_in_ledger, seen_in) = (row.is_in_ledger(), row.kinds());
    let counterparty_account = match &row.counterparty_account {
        Some(sealed) => Some(masked(&ctx.vault().open_text(conn, Owner::Project(row.project_id), sealed)?, 4, 4)),
        None => None,
    };
    Ok(EntryView {
        id: row.id,
        statement_id: row.statement_id,
        booked_on: row.booked_on,
        value_on: row.value_on,
        direction: row.direction,
        amount: row.amount_fen,
        reversal: row.reversal,
        status: row.status,
        seen_in,
        is_in_ledger,
        bank_ref: row.bank_ref,
        counterparty: row.counterparty,
        counterparty_account,
        text: numbers_masked(&row.text),
        purpose: row.purpose,
        voided: row.voided_by.is_some() && row.counted_in.is_none(),
        counted_in: row.counted_in,
    })
}

#[derive(Deserialize)]
struct EntriesQuery {
    after: Option<String>,
    limit: Option<i64>,
    purpose: Option<Purpose>,
}

async fn entries(
    call: Call,
    path: web::Path<(ProjectId, AccountId)>,
    query: web::Query<EntriesQuery>,
) -> Result<impl Responder, Problem> {
    let (project, id) = path.into_inner();
    let EntriesQuery { after, limit, purpose } = query.into_inner();
    let (after, limit) = PageQuery::new(after, limit).bounds()?;
    call.read(move |conn, ctx| {
        let (_, account) = super::enter(conn, &ctx.scope, project, id)?;
        let rows = table::entries(conn, &account, purpose, after, limit + 1)?;
        let views: Result<Vec<EntryView>, Problem> = rows.into_iter().map(|row| shown(conn, ctx, row)).collect();
        Ok(Page::cut(views?, limit, |view| view.id.0))
    })
    .await
}

/// A statement as shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = BankStatement)]
pub struct StatementView {
    id: StatementId,
    format: String,
    kind: StatementKind,
    /// The bank's id, running number and page.
    statement_ref: String,
    from_on: Option<Day>,
    to_on: Option<Day>,
    opening: Option<Fen>,
    closing: Option<Fen>,
    /// Entries in it.
    entries: i32,
    /// Entries that were known already.
    duplicates: i32,
    /// The file that it came in; a wrong one can be voided.
    file: InboxId,
    received_at: Moment,
}

async fn statements(
    call: Call,
    path: web::Path<(ProjectId, AccountId)>,
    query: web::Query<PageQuery>,
) -> Result<impl Responder, Problem> {
    let (project, id) = path.into_inner();
    let (after, limit) = query.bounds()?;
    call.read(move |conn, ctx| {
        super::enter(conn, &ctx.scope, project, id)?;
        let rows = table::statements(conn, project, id, after, limit + 1)?;
        let views = rows.into_iter().map(statement_view).collect();
        Ok(Page::cut(views, limit, |view: &StatementView| view.id.0))
    })
    .await
}

fn statement_view(row: StatementRow) -> StatementView {
    let StatementRow { id, format, kind, statement_ref, from_on, to_on, entries, duplicates, received_at, .. } = row;
    StatementView {
        id,
        format,
        kind,
        statement_ref,
        from_on,
        to_on,
        opening: row.opening_fen,
        closing: row.closing_fen,
        entries,
        duplicates,
        file: row.inbox_id,
        received_at,
    }
}
