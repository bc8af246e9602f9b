//! Sheets and their lines, counted by the database as of a day.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Integer, Text};

use crate::base::id::{ProjectId, SheetId};
use crate::base::{Day, Fen, Month};
use crate::payroll::SheetState;
use crate::store::bulk::{directly, listed};
use crate::store::fixed::fixed;
use crate::store::schema::pay_sheets;
use crate::store::{AnyConn, StoreError};

/// One part of a month, counted as of a day; amounts in fen.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct PartCount {
    #[diesel(sql_type = Date)]
    pub month: Month,
    #[diesel(sql_type = Integer)]
    pub part: i32,
    #[diesel(sql_type = Text)]
    pub state: SheetState,
    #[diesel(sql_type = Date)]
    pub due_on: Day,
    #[diesel(sql_type = BigInt)]
    pub total_fen: Fen,
    #[diesel(sql_type = BigInt)]
    pub due: i64,
    #[diesel(sql_type = BigInt)]
    pub due_fen: Fen,
    #[diesel(sql_type = BigInt)]
    pub paid: i64,
    #[diesel(sql_type = BigInt)]
    pub paid_fen: Fen,
    #[diesel(sql_type = BigInt)]
    pub failed: i64,
    #[diesel(sql_type = BigInt)]
    pub failed_fen: Fen,
    #[diesel(sql_type = BigInt)]
    pub unsent: i64,
    #[diesel(sql_type = BigInt)]
    pub unsent_fen: Fen,
    #[diesel(sql_type = BigInt)]
    pub in_flight: i64,
    #[diesel(sql_type = BigInt)]
    pub in_flight_fen: Fen,
    #[diesel(sql_type = BigInt)]
    pub disputed: i64,
    #[diesel(sql_type = BigInt)]
    pub disputed_fen: Fen,
}

/// The text of one count of lines for which `condition` holds, and of one sum over lines for which `summed` does.
fn tally(condition: &str, summed: &str, amount: &str, name: &str) -> String {
    format!(
        "CAST(COALESCE(SUM(CASE WHEN {condition} THEN 1 ELSE 0 END), 0) AS BIGINT) AS {name}, \
         CAST(COALESCE(SUM(CASE WHEN {summed} THEN {amount} ELSE 0 END), 0) AS BIGINT) AS {name}_fen"
    )
}

/// The text of every count over lines `l` as of the day `$1`: each due line counts once as paid, failed, unsent or in flight, and what of it
/// was paid stands under paid in any case, so that the sums of a month add up to what is due.
fn tallies() -> String {
    let due = "l.due_on < $1 AND l.net_fen > 0";
    let paid = "CASE WHEN l.paid_on <= $1 THEN l.paid_fen ELSE 0 END";
    let rest = format!("(l.net_fen - l.disputed_fen - {paid})");
    let flying = "l.state IN ('reserved', 'sent', 'accepted', 'unknown')";
    let refused = "l.state IN ('rejected', 'returned')";
    let open = |which: &str| format!("{due} AND {rest} > 0 AND {which}");
    let (failed, in_flight) = (open(refused), open(flying));
    let unsent = open(&format!("NOT ({flying}) AND NOT ({refused})"));
    let disputed = format!("{due} AND l.disputed_fen > 0");
    [
        tally(due, due, "l.net_fen", "due"),
        tally(&format!("{due} AND {rest} <= 0"), due, paid, "paid"),
        tally(&failed, &failed, &rest, "failed"),
        tally(&unsent, &unsent, &rest, "unsent"),
        tally(&in_flight, &in_flight, &rest, "in_flight"),
        tally(&disputed, &disputed, "l.disputed_fen", "disputed"),
    ]
    .join(", ")
}

/// Every part of every month of a project. A line counts as due when its day has passed before `as_of` ends, that is, when it lies
/// before `as_of`; what of a due line was paid by then stands in `paid`, the rest under what keeps it.
pub fn part_counts(conn: &mut AnyConn, project: ProjectId, as_of: Day) -> Result<Vec<PartCount>, StoreError> {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        format!(
            "SELECT s.month AS month, s.part AS part, s.state AS state, s.due_on AS due_on, s.total_fen AS total_fen, {} \
             FROM pay_sheets s LEFT JOIN pay_lines l ON l.project_id = s.project_id AND l.sheet_id = s.id \
             WHERE s.project_id = $2 \
             GROUP BY s.month, s.part, s.state, s.due_on, s.total_fen ORDER BY s.month, s.part",
            tallies()
        )
    });
    Ok(fixed(TEXT.as_str()).day(as_of).big(project.0).load(conn)?)
}

/// What is open of one sheet, counted as of a day: due lines with a rest or a dispute. Lines that were settled by then are left out of
/// every number, so that `due` and `paid` are not the sheet's.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct OpenCount {
    #[diesel(sql_type = BigInt)]
    pub project_id: ProjectId,
    #[diesel(sql_type = BigInt)]
    pub sheet_id: SheetId,
    #[diesel(sql_type = BigInt)]
    pub due: i64,
    #[diesel(sql_type = BigInt)]
    pub due_fen: Fen,
    #[diesel(sql_type = BigInt)]
    pub paid: i64,
    #[diesel(sql_type = BigInt)]
    pub paid_fen: Fen,
    #[diesel(sql_type = BigInt)]
    pub failed: i64,
    #[diesel(sql_type = BigInt)]
    pub failed_fen: Fen,
    #[diesel(sql_type = BigInt)]
    pub unsent: i64,
    #[diesel(sql_type = BigInt)]
    pub unsent_fen: Fen,
    #[diesel(sql_type = BigInt)]
    pub in_flight: i64,
    #[diesel(sql_type = BigInt)]
    pub in_flight_fen: Fen,
    #[diesel(sql_type = BigInt)]
    pub disputed: i64,
    #[diesel(sql_type = BigInt)]
    pub disputed_fen: Fen,
}

/// Up to so many projects are asked about one by one.
const FEW_PROJECTS: usize = 8;

/// What is open of the sheets of some projects. Two indexes give the lines: those open today, and those that were paid after `as_of`.
pub fn open_counts(conn: &mut AnyConn, projects: &[ProjectId], as_of: Day) -> Result<Vec<OpenCount>, StoreError> {
    if projects.is_empty() {
        return Ok(Vec::new());
    }
    // An assessment asks of one project all the time, a gate of a company's few: that text is kept prepared.
    static OF_ONE: LazyLock<String> = LazyLock::new(|| open_counts_text("= $2"));
    if projects.len() <= FEW_PROJECTS {
        let mut counts = Vec::new();
        for project in projects.iter().collect::<BTreeSet<_>>() {
            counts.extend(fixed(OF_ONE.as_str()).day(as_of).big(project.0).load::<OpenCount>(conn)?);
        }
        return Ok(counts);
    }
    let text = open_counts_text(&format!("IN ({})", listed(projects.iter().map(|project| project.0))));
    Ok(diesel::sql_query(text).bind::<Date, _>(as_of).load(conn)?)
}

fn open_counts_text(projects: &str) -> String {
    let columns = "project_id, sheet_id, net_fen, disputed_fen, paid_fen, paid_on, due_on, state";
    let open = "(net_fen - disputed_fen - paid_fen > 0 OR disputed_fen > 0)";
    format!(
        "SELECT l.project_id AS project_id, l.sheet_id AS sheet_id, {} FROM \
         (SELECT {columns} FROM pay_lines WHERE project_id {projects} AND {open} \
          UNION ALL SELECT {columns} FROM pay_lines WHERE project_id {projects} AND paid_on > $1 AND NOT {open}) l \
         GROUP BY l.project_id, l.sheet_id ORDER BY l.project_id, l.sheet_id",
        tallies()
    )
}

/// The sheets of some projects without their lines: project, id, month, part, state, due day, total; by project and month.
pub fn heads_of(conn: &mut AnyConn, projects: &[ProjectId]) -> Result<Vec<SheetHead>, StoreError> {
    use pay_sheets as s;
    let columns = (s::project_id, s::id, s::month, s::state, s::due_on, s::total_fen);
    let query = s::table.order((s::project_id, s::month, s::part)).select(columns);
    // `IN` is not kept prepared, `=` is.
    match projects {
        [one] => Ok(directly!(conn, conn => query.filter(s::project_id.eq(*one)).load(conn))?),
        many => Ok(query.filter(s::project_id.eq_any(many.to_vec())).load(conn)?),
    }
}

/// A sheet without its lines: project, id, month, state, due day, total.
pub type SheetHead = (ProjectId, SheetId, Month, SheetState, Day, Fen);
