//! Rows of pay sheets, lines, their events and signatures. Those of pay runs stand in `pay_run/table.rs`.

use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Date, HasSqlType, Integer, Nullable, Text};
use serde::Serialize;

use super::{LineState, Means, SheetState};
use crate::base::id::{DocumentId, LineId, ProjectId, RecordId, SheetId, WorkerId};
use crate::base::{Day, Fen, Moment, Month};
use crate::store::bulk::{directly, insert_all};
use crate::store::schema::{line_events, line_versions, pay_lines, pay_sheets, signatures};
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx};

/// A sheet of a month, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = pay_sheets)]
#[schema(as = PaySheet)]
pub struct SheetRow {
    pub project_id: ProjectId,
    pub id: SheetId,
    pub month: Month,
    pub part: i32,
    pub state: SheetState,
    pub line_count: i32,
    #[serde(rename = "total")]
    pub total_fen: Fen,
    pub due_on: Day,
    pub version: i32,
    pub built_by: String,
    pub submitted_by: Option<String>,
    pub audited_by: Option<String>,
    pub audited_on: Option<Day>,
    pub recorded_seq: i64,
}

/// One worker's line. `net_fen` is owed; `disputed_fen` of it is contested; `paid_fen` of it has reached the worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = pay_lines, treat_none_as_default_value = false)]
#[schema(as = PayLine)]
pub struct LineRow {
    pub project_id: ProjectId,
    pub id: LineId,
    pub sheet_id: SheetId,
    pub enrolment_id: RecordId,
    pub worker_id: WorkerId,
    pub days_hundredths: i32,
    #[serde(rename = "day_rate")]
    pub day_rate_fen: Fen,
    #[serde(rename = "gross")]
    pub gross_fen: Fen,
    #[serde(rename = "deductions")]
    pub deductions_fen: Fen,
    #[serde(rename = "net")]
    pub net_fen: Fen,
    pub due_on: Day,
    pub state: LineState,
    pub state_reason: Option<String>,
    #[serde(rename = "disputed")]
    pub disputed_fen: Fen,
    pub attempt: i32,
    pub paid_on: Option<Day>,
    #[serde(rename = "paid")]
    pub paid_fen: Fen,
    pub recorded_seq: i64,
}

impl LineRow {
    /// What is owed without contest and has not reached the worker; negative where more was paid than is uncontested.
    pub fn rest(&self) -> Fen {
        Fen(self.net_fen.0.saturating_sub(self.disputed_fen.0).saturating_sub(self.paid_fen.0))
    }

    /// Whether something is owed of it again after it was paid: what a dispute withheld and left.
    pub fn is_part_paid(&self) -> bool {
        self.state == LineState::Paid && self.rest().is_positive()
    }
}

/// What happened to a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = line_events, treat_none_as_default_value = false)]
#[schema(as = PayLineEvent)]
pub struct EventRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub line_id: LineId,
    pub state: LineState,
    pub reason: Option<String>,
    pub source: String,
    pub happened_on: Day,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

/// A worker's signature of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = signatures, treat_none_as_default_value = false)]
#[schema(as = Signature)]
pub struct SignatureRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub line_id: LineId,
    pub means: Means,
    pub device: Option<String>,
    pub evidence: Option<String>,
    pub document_id: Option<DocumentId>,
    pub signed_on: Day,
    pub recorded_by: String,
    pub recorded_seq: i64,
}

sealed_in_project! {
    SheetRow: "pay_sheets", project_id;
    LineRow: "pay_lines", project_id;
    EventRow: "line_events", project_id;
    SignatureRow: "signatures", project_id;
}

pub fn insert_sheet(tx: &mut Tx<'_>, row: &SheetRow) -> Result<(), StoreError> {
    diesel::insert_into(pay_sheets::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// Writes what may change of a sheet.
pub fn update_sheet(tx: &mut Tx<'_>, row: &SheetRow) -> Result<(), StoreError> {
    use pay_sheets as s;
    diesel::update(s::table.find((row.project_id, row.id)))
        .set((
            s::state.eq(row.state),
            s::line_count.eq(row.line_count),
            s::total_fen.eq(row.total_fen),
            s::due_on.eq(row.due_on),
            s::version.eq(row.version),
            s::built_by.eq(&row.built_by),
            s::submitted_by.eq(&row.submitted_by),
            s::audited_by.eq(&row.audited_by),
            s::audited_on.eq(row.audited_on),
            s::recorded_seq.eq(row.recorded_seq),
        ))
        .execute(tx.conn())?;
    tx.seal(row)
}

pub fn insert_line(tx: &mut Tx<'_>, row: &LineRow) -> Result<(), StoreError> {
    diesel::insert_into(pay_lines::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// Many lines at once.
pub fn insert_lines(tx: &mut Tx<'_>, rows: &[LineRow]) -> Result<(), StoreError> {
    insert_all!(tx.conn(), pay_lines::table, rows)?;
    tx.seal_all(rows)
}

/// Writes what may change of a line.
pub fn update_line(tx: &mut Tx<'_>, row: &LineRow) -> Result<(), StoreError> {
    use pay_lines as l;
    let change = diesel::update(l::table.find((row.project_id, row.id))).set((
        l::days_hundredths.eq(row.days_hundredths),
        l::day_rate_fen.eq(row.day_rate_fen),
        l::gross_fen.eq(row.gross_fen),
        l::deductions_fen.eq(row.deductions_fen),
        l::net_fen.eq(row.net_fen),
        l::due_on.eq(row.due_on),
        l::state.eq(row.state),
        l::state_reason.eq(&row.state_reason),
        l::disputed_fen.eq(row.disputed_fen),
        l::attempt.eq(row.attempt),
        l::paid_on.eq(row.paid_on),
        l::paid_fen.eq(row.paid_fen),
        l::recorded_seq.eq(row.recorded_seq),
    ));
    directly!(tx.conn(), conn => change.execute(conn))?;
    tx.seal(row)
}

/// Lines of one project that are moved in one statement.
const MOVED_ROWS: usize = 250;

/// Writes where many lines stand (state, reason, attempt) and nothing else of them: row by row each update would open a savepoint.
pub fn move_lines(tx: &mut Tx<'_>, rows: &[LineRow]) -> Result<(), StoreError> {
    for some in rows.chunks(MOVED_ROWS) {
        directly!(tx.conn(), conn => MoveLines(some).execute(conn))?;
    }
    tx.seal_all(rows)
}

/// The statement of [`move_lines`]; a full one always has the same text, so that the connection keeps it prepared.
struct MoveLines<'a>(&'a [LineRow]);

impl QueryId for MoveLines<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB> QueryFragment<DB> for MoveLines<'_>
where
    DB: diesel::backend::Backend + HasSqlType<BigInt> + HasSqlType<Integer> + HasSqlType<Text>,
    i64: ToSql<BigInt, DB>,
    i32: ToSql<Integer, DB>,
    LineState: ToSql<Text, DB>,
    Option<String>: ToSql<Nullable<Text>, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let Some(first) = self.0.first() else { return Ok(()) };
        if self.0.len() != MOVED_ROWS {
            out.unsafe_to_cache_prepared();
        }
        out.push_sql(
            "UPDATE pay_lines SET state = v.column2, state_reason = v.column3, attempt = v.column4, recorded_seq = v.column5 \
             FROM (VALUES ",
        );
        for (place, row) in self.0.iter().enumerate() {
            out.push_sql(if place == 0 { "(" } else { ", (" });
            out.push_bind_param::<BigInt, _>(&row.id.0)?;
            out.push_sql(", ");
            out.push_bind_param::<Text, _>(&row.state)?;
            out.push_sql(", ");
            out.push_bind_param::<Nullable<Text>, _>(&row.state_reason)?;
            out.push_sql(", ");
            out.push_bind_param::<Integer, _>(&row.attempt)?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, _>(&row.recorded_seq)?;
            out.push_sql(")");
        }
        out.push_sql(") AS v WHERE pay_lines.project_id = ");
        out.push_bind_param::<BigInt, _>(&first.project_id.0)?;
        out.push_sql(" AND pay_lines.id = v.column1");
        Ok(())
    }
}

impl<Conn> RunQueryDsl<Conn> for MoveLines<'_> {}

pub fn insert_event(tx: &mut Tx<'_>, row: &EventRow) -> Result<(), StoreError> {
    diesel::insert_into(line_events::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// Many signatures at once.
pub fn insert_signatures(tx: &mut Tx<'_>, rows: &[SignatureRow]) -> Result<(), StoreError> {
    insert_all!(tx.conn(), signatures::table, rows)?;
    tx.seal_all(rows)
}

/// Many events at once.
pub fn insert_events(tx: &mut Tx<'_>, rows: &[EventRow]) -> Result<(), StoreError> {
    insert_all!(tx.conn(), line_events::table, rows)?;
    tx.seal_all(rows)
}

pub fn sheet(conn: &mut AnyConn, project: ProjectId, id: SheetId) -> Result<Option<SheetRow>, StoreError> {
    Ok(pay_sheets::table.find((project, id)).select(SheetRow::as_select()).first(conn).optional()?)
}

/// The parts of a month's sheet, the first one first.
pub fn parts(conn: &mut AnyConn, project: ProjectId, month: Month) -> Result<Vec<SheetRow>, StoreError> {
    Ok(directly!(conn, conn => pay_sheets::table
        .filter(pay_sheets::project_id.eq(project).and(pay_sheets::month.eq(month)))
        .order(pay_sheets::part)
        .select(SheetRow::as_select())
        .load(conn))?)
}

pub fn sheets(conn: &mut AnyConn, project: ProjectId, after: i64, limit: i64) -> Result<Vec<SheetRow>, StoreError> {
    Ok(pay_sheets::table
        .filter(pay_sheets::project_id.eq(project).and(pay_sheets::id.gt(SheetId(after))))
        .order(pay_sheets::id)
        .limit(limit)
        .select(SheetRow::as_select())
        .load(conn)?)
}

/// Sheets of months before one, the latest month first, its parts in order.
pub fn sheets_before(conn: &mut AnyConn, project: ProjectId, month: Month, limit: i64) -> Result<Vec<SheetRow>, StoreError> {
    Ok(pay_sheets::table
        .filter(pay_sheets::project_id.eq(project).and(pay_sheets::month.lt(month)))
        .order((pay_sheets::month.desc(), pay_sheets::part))
        .limit(limit)
        .select(SheetRow::as_select())
        .load(conn)?)
}

pub fn line(conn: &mut AnyConn, project: ProjectId, id: LineId) -> Result<Option<LineRow>, StoreError> {
    Ok(pay_lines::table.find((project, id)).select(LineRow::as_select()).first(conn).optional()?)
}

/// Every line of a sheet, in the order of ids.
pub fn lines_of(conn: &mut AnyConn, project: ProjectId, sheet: SheetId) -> Result<Vec<LineRow>, StoreError> {
    let query =
        pay_lines::table.filter(pay_lines::project_id.eq(project).and(pay_lines::sheet_id.eq(sheet))).order(pay_lines::id);
    Ok(directly!(conn, conn => query.select(LineRow::as_select()).load(conn))?)
}

/// Every line of an enrolment, the newest first.
pub fn lines_of_enrolment(conn: &mut AnyConn, project: ProjectId, enrolment: RecordId) -> Result<Vec<LineRow>, StoreError> {
    Ok(pay_lines::table
        .filter(pay_lines::project_id.eq(project).and(pay_lines::enrolment_id.eq(enrolment)))
        .order(pay_lines::id.desc())
        .select(LineRow::as_select())
        .load(conn)?)
}

/// How many lines of a sheet stand where.
pub fn state_counts(conn: &mut AnyConn, project: ProjectId, sheet: SheetId) -> Result<Vec<(LineState, i64)>, StoreError> {
    Ok(pay_lines::table
        .filter(pay_lines::project_id.eq(project).and(pay_lines::sheet_id.eq(sheet)))
        .group_by(pay_lines::state)
        .select((pay_lines::state, diesel::dsl::count_star()))
        .order(pay_lines::state)
        .load(conn)?)
}

/// Lines of a sheet that are paid in part, and what is owed of them.
pub fn part_paid(conn: &mut AnyConn, project: ProjectId, sheet: SheetId) -> Result<(i64, Fen), StoreError> {
    let rows: Vec<LineRow> = pay_lines::table
        .filter(pay_lines::project_id.eq(project).and(pay_lines::sheet_id.eq(sheet)))
        .filter(pay_lines::state.eq(LineState::Paid))
        .filter(diesel::dsl::sql::<diesel::sql_types::Bool>("net_fen > disputed_fen + paid_fen"))
        .select(LineRow::as_select())
        .load(conn)?;
    let rest = rows.iter().fold(0_i64, |sum, row| sum.saturating_add(row.rest().0));
    Ok((i64::try_from(rows.len()).unwrap_or(i64::MAX), Fen(rest)))
}

/// A page of a sheet's lines.
pub fn line_page(
    conn: &mut AnyConn,
    project: ProjectId,
    sheet: SheetId,
    after: i64,
    limit: i64,
) -> Result<Vec<LineRow>, StoreError> {
    Ok(pay_lines::table
        .filter(pay_lines::project_id.eq(project).and(pay_lines::sheet_id.eq(sheet)).and(pay_lines::id.gt(LineId(after))))
        .order(pay_lines::id)
        .limit(limit)
        .select(LineRow::as_select())
        .load(conn)?)
}

/// What happened to a line, in order.
pub fn events_of(conn: &mut AnyConn, project: ProjectId, line: LineId) -> Result<Vec<EventRow>, StoreError> {
    Ok(line_events::table
        .filter(line_events::project_id.eq(project).and(line_events::line_id.eq(line)))
        .order(line_events::id)
        .select(EventRow::as_select())
        .load(conn)?)
}

/// Events that came from one message, in the order of record.
pub fn events_from(conn: &mut AnyConn, project: ProjectId, source: &str) -> Result<Vec<EventRow>, StoreError> {
    Ok(line_events::table
        .filter(line_events::project_id.eq(project).and(line_events::source.eq(source)))
        .order(line_events::id)
        .select(EventRow::as_select())
        .load(conn)?)
}

/// Signatures of these lines as they stand: a line that was opened for a correction since is not signed by what it had before.
pub fn signatures_of(conn: &mut AnyConn, project: ProjectId, lines: &[LineId]) -> Result<Vec<SignatureRow>, StoreError> {
    let signed: Vec<SignatureRow> = signatures::table
        .filter(signatures::project_id.eq(project).and(signatures::line_id.eq_any(lines.to_vec())))
        .order(signatures::id)
        .select(SignatureRow::as_select())
        .load(conn)?;
    let corrected: Vec<(LineId, i64)> = line_versions::table
        .filter(line_versions::project_id.eq(project).and(line_versions::line_id.eq_any(lines.to_vec())))
        .select((line_versions::line_id, line_versions::recorded_seq))
        .load(conn)?;
    let is_void = |one: &SignatureRow| corrected.iter().any(|(line, seq)| *line == one.line_id && *seq > one.recorded_seq);
    Ok(signed.into_iter().filter(|one| !is_void(one)).collect())
}

/// The sheets of which some of these papers signed a line, also one that was corrected since.
pub fn sheets_signed_by(conn: &mut AnyConn, project: ProjectId, papers: &[DocumentId]) -> Result<Vec<SheetId>, StoreError> {
    let lines: Vec<LineId> = signatures::table
        .filter(signatures::project_id.eq(project).and(signatures::document_id.eq_any(papers.to_vec())))
        .select(signatures::line_id)
        .load(conn)?;
    let mut sheets: Vec<SheetId> = Vec::new();
    for some in lines.chunks(MOVED_ROWS) {
        let found: Vec<SheetId> = pay_lines::table
            .filter(pay_lines::project_id.eq(project).and(pay_lines::id.eq_any(some.to_vec())))
            .select(pay_lines::sheet_id)
            .distinct()
            .load(conn)?;
        sheets.extend(found);
    }
    sheets.sort_unstable();
    sheets.dedup();
    Ok(sheets)
}

/// A device and what it keeps of a signature, as they were told.
pub type DeviceRecord = (Option<String>, Option<String>);

/// What devices kept of the signatures of a project.
pub fn device_records(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<DeviceRecord>, StoreError> {
    Ok(signatures::table
        .filter(signatures::project_id.eq(project).and(signatures::means.eq(Means::Device)))
        .select((signatures::device, signatures::evidence))
        .load(conn)?)
}

#[derive(QueryableByName)]
struct Oldest {
    #[diesel(sql_type = Nullable<Date>)]
    oldest: Option<Day>,
}

/// The earliest due day of a line of which an uncontested rest has not reached the worker, whether the day has come or not.
pub fn oldest_open_due_on(conn: &mut AnyConn, project: ProjectId) -> Result<Option<Day>, StoreError> {
    let row: Oldest = diesel::sql_query(
        "SELECT MIN(due_on) AS oldest FROM pay_lines WHERE project_id = $1 AND net_fen - disputed_fen - paid_fen > 0",
    )
    .bind::<BigInt, _>(project)
    .get_result(conn)?;
    Ok(row.oldest)
}

/// Every row, for `verify`.
pub fn all_sheets(conn: &mut AnyConn) -> Result<Vec<SheetRow>, StoreError> {
    Ok(pay_sheets::table.order(pay_sheets::id).select(SheetRow::as_select()).load(conn)?)
}

pub fn all_lines(conn: &mut AnyConn) -> Result<Vec<LineRow>, StoreError> {
    Ok(pay_lines::table.order(pay_lines::id).select(LineRow::as_select()).load(conn)?)
}

pub fn all_events(conn: &mut AnyConn) -> Result<Vec<EventRow>, StoreError> {
    Ok(line_events::table.order(line_events::id).select(EventRow::as_select()).load(conn)?)
}

pub fn all_signatures(conn: &mut AnyConn) -> Result<Vec<SignatureRow>, StoreError> {
    Ok(signatures::table.order(signatures::id).select(SignatureRow::as_select()).load(conn)?)
}
