//! Rows of pay runs and of the attempts in them.

use std::sync::LazyLock;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date};
use serde::Serialize;

use super::InquiryKind;
use crate::base::id::{AccountId, LineId, PayRunId, ProjectId, RecordId, SheetId};
use crate::base::money::TooMuch;
use crate::base::{Day, Fen, Moment, Month};
use crate::payroll::{AttemptState, RunState};
use crate::store::bulk::insert_all;
use crate::store::fixed::fixed;
use crate::store::schema::{pay_run_lines, pay_run_parts, pay_runs, run_inquiries};
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, Chain, Sealed, StoreError, Tx, journal};

/// A pay run as stored; `file` is the encrypted pain.001.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = pay_runs)]
pub struct RunRow {
    pub project_id: ProjectId,
    pub id: PayRunId,
    pub sheet_id: SheetId,
    pub account_id: AccountId,
    pub message_id: String,
    pub state: RunState,
    pub line_count: i32,
    #[serde(rename = "total")]
    pub total_fen: Fen,
    #[serde(serialize_with = "journal::bytes_as_digest")]
    pub file: Vec<u8>,
    pub file_sha256: String,
    pub created_by: String,
    pub created_at: Moment,
    pub recorded_seq: i64,
}

/// A pay run without its file, for lists and answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, utoipa::ToSchema)]
#[diesel(table_name = pay_runs)]
#[schema(as = PayRun)]
pub struct RunHead {
    pub project_id: ProjectId,
    pub id: PayRunId,
    pub sheet_id: SheetId,
    pub account_id: AccountId,
    pub message_id: String,
    pub state: RunState,
    pub line_count: i32,
    #[serde(rename = "total")]
    pub total_fen: Fen,
    pub file_sha256: String,
    pub created_by: String,
    pub created_at: Moment,
}

/// One attempt to pay a line. `reason` is the bank's, or [`CONTRADICTED`]; `returned` is what came back while the rest stayed paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = pay_run_lines, treat_none_as_default_value = false)]
#[schema(as = PayAttempt)]
pub struct AttemptRow {
    pub project_id: ProjectId,
    pub run_id: PayRunId,
    pub line_id: LineId,
    pub attempt: i32,
    pub end_to_end_id: String,
    #[serde(rename = "amount")]
    pub amount_fen: Fen,
    pub state: AttemptState,
    pub reason: Option<String>,
    #[serde(rename = "returned", skip_serializing_if = "is_nothing")]
    pub returned_fen: Fen,
    pub recorded_seq: i64,
}

impl AttemptRow {
    /// What has not come back of it in part.
    pub fn kept(&self) -> Result<Fen, TooMuch> {
        self.amount_fen.minus(self.returned_fen)
    }
}

#[derive(QueryableByName)]
struct ToRepeat {
    #[diesel(sql_type = BigInt)]
    run_id: PayRunId,
}

/// The runs of a sheet of which a line came back or was refused and was not sent again since.
pub fn runs_to_repeat(conn: &mut AnyConn, project: ProjectId, sheet: SheetId) -> Result<Vec<PayRunId>, StoreError> {
    let rows: Vec<ToRepeat> = fixed(
        "SELECT DISTINCT a.run_id AS run_id FROM pay_run_lines a JOIN pay_lines l ON l.project_id = a.project_id AND l.id = a.line_id \
         WHERE l.project_id = $1 AND l.sheet_id = $2 AND l.state IN ('rejected', 'returned') AND l.attempt = a.attempt \
         AND l.net_fen - l.disputed_fen - l.paid_fen > 0",
    )
    .big(project.0)
    .big(sheet.0)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| row.run_id).collect())
}

fn is_nothing(amount: &Fen) -> bool {
    *amount == Fen::ZERO
}

/// That a run is one of several files of one order; the first one's id names the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = pay_run_parts)]
#[schema(as = PayRunPart)]
pub struct PartRow {
    pub project_id: ProjectId,
    pub run_id: PayRunId,
    pub first_run_id: PayRunId,
    pub part: i32,
    pub parts: i32,
    pub recorded_seq: i64,
}

/// That the bank was asked about a run, or was given its file again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = run_inquiries)]
#[schema(as = PayRunInquiry)]
pub struct InquiryRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub run_id: PayRunId,
    pub kind: InquiryKind,
    pub note: String,
    pub recorded_by: String,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

/// Reason of an attempt on which the bank has said both paid and refused.
pub const CONTRADICTED: &str = "contradicted";

sealed_in_project! {
    RunRow: "pay_runs", project_id;
    InquiryRow: "run_inquiries", project_id;
}

impl Sealed for PartRow {
    const TABLE: &'static str = "pay_run_parts";
    fn chain(&self) -> Chain {
        Chain::Project(self.project_id)
    }
    fn key(&self) -> String {
        self.run_id.to_string()
    }
}

impl Sealed for AttemptRow {
    const TABLE: &'static str = "pay_run_lines";
    fn chain(&self) -> Chain {
        Chain::Project(self.project_id)
    }
    fn key(&self) -> String {
        self.end_to_end_id.clone()
    }
}

pub fn insert_run(tx: &mut Tx<'_>, row: &RunRow) -> Result<(), StoreError> {
    diesel::insert_into(pay_runs::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn insert_part(tx: &mut Tx<'_>, row: &PartRow) -> Result<(), StoreError> {
    diesel::insert_into(pay_run_parts::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn insert_inquiry(tx: &mut Tx<'_>, row: &InquiryRow) -> Result<(), StoreError> {
    diesel::insert_into(run_inquiries::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// The files of the order that a run belongs to, in their order; empty where it is the only one.
pub fn parts_of(conn: &mut AnyConn, project: ProjectId, run: PayRunId) -> Result<Vec<PartRow>, StoreError> {
    use pay_run_parts as p;
    let first: Option<PayRunId> = p::table.find((project, run)).select(p::first_run_id).first(conn).optional()?;
    let Some(first) = first else { return Ok(Vec::new()) };
    Ok(p::table
        .filter(p::project_id.eq(project).and(p::first_run_id.eq(first)))
        .order(p::part)
        .select(PartRow::as_select())
        .load(conn)?)
}

/// What was asked about a run, the first one first.
pub fn inquiries_of(conn: &mut AnyConn, project: ProjectId, run: PayRunId) -> Result<Vec<InquiryRow>, StoreError> {
    use run_inquiries as i;
    Ok(i::table
        .filter(i::project_id.eq(project).and(i::run_id.eq(run)))
        .order(i::id)
        .select(InquiryRow::as_select())
        .load(conn)?)
}

/// Runs of a project on which the bank has not had its last word.
pub fn open_runs(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<RunHead>, StoreError> {
    Ok(pay_runs::table
        .filter(pay_runs::project_id.eq(project).and(pay_runs::state.eq(RunState::Sent)))
        .order(pay_runs::id)
        .select(RunHead::as_select())
        .load(conn)?)
}

/// Projects after one that have such runs, in the order of ids.
pub fn projects_with_open_runs(conn: &mut AnyConn, after: i64, limit: i64) -> Result<Vec<ProjectId>, StoreError> {
    Ok(pay_runs::table
        .filter(pay_runs::state.eq(RunState::Sent).and(pay_runs::project_id.gt(ProjectId(after))))
        .order(pay_runs::project_id)
        .select(pay_runs::project_id)
        .distinct()
        .limit(limit)
        .load(conn)?)
}

/// Writes what may change of a run.
pub fn update_run(tx: &mut Tx<'_>, row: &RunRow) -> Result<(), StoreError> {
    diesel::update(pay_runs::table.find((row.project_id, row.id)))
        .set((pay_runs::state.eq(row.state), pay_runs::recorded_seq.eq(row.recorded_seq)))
        .execute(tx.conn())?;
    tx.seal(row)
}

/// The attempts of a run.
pub fn insert_attempts(tx: &mut Tx<'_>, rows: &[AttemptRow]) -> Result<(), StoreError> {
    insert_all!(tx.conn(), pay_run_lines::table, rows)?;
    tx.seal_all(rows)
}

/// Writes what may change of an attempt.
pub fn update_attempt(tx: &mut Tx<'_>, row: &AttemptRow) -> Result<(), StoreError> {
    diesel::update(pay_run_lines::table.find((row.project_id, row.run_id, row.line_id)))
        .set((
            pay_run_lines::state.eq(row.state),
            pay_run_lines::reason.eq(&row.reason),
            pay_run_lines::returned_fen.eq(row.returned_fen),
            pay_run_lines::recorded_seq.eq(row.recorded_seq),
        ))
        .execute(tx.conn())?;
    tx.seal(row)
}

pub fn run(conn: &mut AnyConn, project: ProjectId, id: PayRunId) -> Result<Option<RunRow>, StoreError> {
    Ok(pay_runs::table.find((project, id)).select(RunRow::as_select()).first(conn).optional()?)
}

pub fn head(conn: &mut AnyConn, project: ProjectId, id: PayRunId) -> Result<Option<RunHead>, StoreError> {
    Ok(pay_runs::table.find((project, id)).select(RunHead::as_select()).first(conn).optional()?)
}

pub fn heads(conn: &mut AnyConn, project: ProjectId, after: i64, limit: i64) -> Result<Vec<RunHead>, StoreError> {
    Ok(pay_runs::table
        .filter(pay_runs::project_id.eq(project).and(pay_runs::id.gt(PayRunId(after))))
        .order(pay_runs::id)
        .limit(limit)
        .select(RunHead::as_select())
        .load(conn)?)
}

/// The runs of a sheet, the first one first.
pub fn of_sheet(conn: &mut AnyConn, project: ProjectId, sheet: SheetId) -> Result<Vec<RunHead>, StoreError> {
    Ok(pay_runs::table
        .filter(pay_runs::project_id.eq(project).and(pay_runs::sheet_id.eq(sheet)))
        .order(pay_runs::id)
        .select(RunHead::as_select())
        .load(conn)?)
}

pub fn by_message_id(conn: &mut AnyConn, project: ProjectId, message_id: &str) -> Result<Option<RunHead>, StoreError> {
    Ok(pay_runs::table
        .filter(pay_runs::project_id.eq(project).and(pay_runs::message_id.eq(message_id)))
        .select(RunHead::as_select())
        .first(conn)
        .optional()?)
}

pub fn attempt(conn: &mut AnyConn, project: ProjectId, end_to_end_id: &str) -> Result<Option<AttemptRow>, StoreError> {
    Ok(pay_run_lines::table
        .filter(pay_run_lines::project_id.eq(project).and(pay_run_lines::end_to_end_id.eq(end_to_end_id)))
        .select(AttemptRow::as_select())
        .first(conn)
        .optional()?)
}

/// The newest attempt to pay a line.
pub fn newest_attempt(conn: &mut AnyConn, project: ProjectId, line: LineId) -> Result<Option<AttemptRow>, StoreError> {
    Ok(pay_run_lines::table
        .filter(pay_run_lines::project_id.eq(project).and(pay_run_lines::line_id.eq(line)))
        .order(pay_run_lines::attempt.desc())
        .select(AttemptRow::as_select())
        .first(conn)
        .optional()?)
}

/// The attempts of a run, in the order of lines.
pub fn attempts_of_run(conn: &mut AnyConn, project: ProjectId, run: PayRunId) -> Result<Vec<AttemptRow>, StoreError> {
    Ok(pay_run_lines::table
        .filter(pay_run_lines::project_id.eq(project).and(pay_run_lines::run_id.eq(run)))
        .order(pay_run_lines::line_id)
        .select(AttemptRow::as_select())
        .load(conn)?)
}

/// The attempts on lines of a sheet, the first ones first.
pub fn attempts_of_sheet(conn: &mut AnyConn, project: ProjectId, sheet: SheetId) -> Result<Vec<AttemptRow>, StoreError> {
    let runs: Vec<PayRunId> = pay_runs::table
        .filter(pay_runs::project_id.eq(project).and(pay_runs::sheet_id.eq(sheet)))
        .select(pay_runs::id)
        .load(conn)?;
    Ok(pay_run_lines::table
        .filter(pay_run_lines::project_id.eq(project).and(pay_run_lines::run_id.eq_any(runs)))
        .order((pay_run_lines::line_id, pay_run_lines::attempt))
        .select(AttemptRow::as_select())
        .load(conn)?)
}

#[derive(QueryableByName)]
struct ContradictedIn {
    #[diesel(sql_type = BigInt)]
    project_id: ProjectId,
    #[diesel(sql_type = Date)]
    month: Day,
    #[diesel(sql_type = BigInt)]
    lines: i64,
}

/// Payments that the bank called both paid and refused, the word that stands being paid: by project and month, how many.
pub fn contradicted(conn: &mut AnyConn, projects: &[ProjectId]) -> Result<Vec<(ProjectId, Month, u32)>, StoreError> {
    if projects.is_empty() {
        return Ok(Vec::new());
    }
    // The reason stands in the text, so that the index of contradicted lines is found.
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        format!(
            "SELECT r.project_id AS project_id, s.month AS month, COUNT(*) AS lines FROM pay_run_lines r \
             JOIN pay_runs p ON p.project_id = r.project_id AND p.id = r.run_id \
             JOIN pay_sheets s ON s.project_id = p.project_id AND s.id = p.sheet_id \
             WHERE r.project_id IN ($1) AND r.reason = '{CONTRADICTED}' AND r.state = 'paid' \
             GROUP BY r.project_id, s.month ORDER BY 1, 2"
        )
    });
    let rows: Vec<ContradictedIn> = fixed(TEXT.as_str()).bigs(projects.iter().map(|project| project.0)).load(conn)?;
    Ok(rows.into_iter().map(|row| (row.project_id, row.month.month(), u32::try_from(row.lines).unwrap_or(u32::MAX))).collect())
}

/// How many attempts of a run wait for a final word.
pub fn open_attempts(conn: &mut AnyConn, project: ProjectId, run: PayRunId) -> Result<i64, StoreError> {
    let open = [AttemptState::Sent, AttemptState::Accepted, AttemptState::Unknown];
    Ok(pay_run_lines::table
        .filter(
            pay_run_lines::project_id
                .eq(project)
                .and(pay_run_lines::run_id.eq(run))
                .and(pay_run_lines::state.eq_any(open.to_vec())),
        )
        .count()
        .get_result(conn)?)
}

/// Every row, for `verify`.
pub fn all_runs(conn: &mut AnyConn) -> Result<Vec<RunRow>, StoreError> {
    Ok(pay_runs::table.order(pay_runs::id).select(RunRow::as_select()).load(conn)?)
}

pub fn all_attempts(conn: &mut AnyConn) -> Result<Vec<AttemptRow>, StoreError> {
    Ok(pay_run_lines::table
        .order((pay_run_lines::project_id, pay_run_lines::run_id, pay_run_lines::line_id))
        .select(AttemptRow::as_select())
        .load(conn)?)
}

pub fn all_parts(conn: &mut AnyConn) -> Result<Vec<PartRow>, StoreError> {
    use pay_run_parts as p;
    Ok(p::table.order((p::project_id, p::run_id)).select(PartRow::as_select()).load(conn)?)
}

pub fn all_inquiries(conn: &mut AnyConn) -> Result<Vec<InquiryRow>, StoreError> {
    use run_inquiries as i;
    Ok(i::table.order((i::project_id, i::id)).select(InquiryRow::as_select()).load(conn)?)
}
