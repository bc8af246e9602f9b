//! The past: reading as if nothing had been recorded after a moment.
//!
//! A question with `known_at` gets a connection of its own, on which each table that a chain owns is hidden behind a view of the
//! same name that shows the rows of that moment. So every query of every slice runs on the past as it stands, and none can forget to
//! cut. The cut of a chain is its last entry by that moment; a row that was changed since is found among the versions that triggers
//! keep (`*_was`). What no chain owns (work days and their sums, waiting days, when a device was seen) goes by moments. The connection is thrown
//! away afterwards. Deliberately absent: who may look, which is decided on the present.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::ManageConnection;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::conn::{AnyConn, Backend, Db};
use super::{Chain, StoreError};
use crate::base::Moment;
use crate::base::id::ProjectId;

/// Tables of a project's chain whose rows never change, with the column of the project.
const PROJECT: [(&str, &str); 59] = [
    ("projects", "id"),
    ("project_facts", "project_id"),
    ("project_parties", "project_id"),
    ("crews", "project_id"),
    ("enrolment_events", "project_id"),
    ("notice_boards", "project_id"),
    ("deposits", "project_id"),
    ("deposit_events", "project_id"),
    ("bank_statements", "project_id"),
    ("postings", "project_id"),
    ("posting_lines", "project_id"),
    ("line_events", "project_id"),
    ("signatures", "project_id"),
    ("line_items", "project_id"),
    ("item_steps", "project_id"),
    ("line_versions", "project_id"),
    ("sheet_notes", "project_id"),
    ("sheet_periods", "project_id"),
    ("sheet_layouts", "project_id"),
    ("sheet_imports", "project_id"),
    ("sheet_refusals", "project_id"),
    ("left_out_confirmations", "project_id"),
    ("sign_links", "project_id"),
    ("assessments", "project_id"),
    ("pay_holds", "project_id"),
    ("card_holders", "project_id"),
    ("line_releases", "project_id"),
    ("matter_steps", "project_id"),
    ("cleared_lines", "project_id"),
    ("void_steps", "project_id"),
    ("file_returns", "project_id"),
    ("entry_payees", "project_id"),
    ("entry_payments", "project_id"),
    ("entry_doubts", "project_id"),
    ("doubt_steps", "project_id"),
    ("match_decisions", "project_id"),
    ("card_movements", "project_id"),
    ("opening_sheets", "project_id"),
    ("sign_pins", "project_id"),
    ("uploaded_pay", "project_id"),
    ("device_silences", "project_id"),
    ("bank_words", "project_id"),
    ("account_freezes", "project_id"),
    ("card_words", "project_id"),
    ("roster_imports", "project_id"),
    ("roster_steps", "project_id"),
    ("roster_rows", "project_id"),
    ("exceptional_registrations", "project_id"),
    ("exceptional_steps", "project_id"),
    ("worker_particulars", "project_id"),
    ("day_corrections", "project_id"),
    ("correction_steps", "project_id"),
    ("line_corrections", "project_id"),
    ("told_clearings", "project_id"),
    ("clearing_steps", "project_id"),
    ("notice_lines", "project_id"),
    ("bank_layouts", "project_id"),
    ("bank_layout_uses", "project_id"),
    ("participation_ends", "project_id"),
];

/// Tables of a project's chain whose earlier versions stand in `*_was`.
const PROJECT_VERSIONED: [&str; 6] = ["enrolments", "wage_accounts", "bank_entries", "pay_sheets", "pay_lines", "cases"];

/// Tables whose rows belong to a project's chain or, without a project, to the organisation's.
const EITHER: [&str; 3] = ["documents", "gate_answers", "realname_records"];

/// Tables of the organisation's chain whose rows never change.
const ORGANISATION: [&str; 4] = ["parties", "credit_records", "device_turns", "device_offsets"];

/// Tables that a chain owns and that are shown as they are today: rights are today's, and the others decide nothing about a project.
#[cfg(test)]
const AS_TODAY: [&str; 25] = [
    "users",
    "grants",
    "api_keys",
    "bank_keys",
    "unmaskings",
    "user_contacts",
    "former_addresses",
    "workers",
    "pay_runs",
    "pay_run_lines",
    "pay_run_parts",
    "run_inquiries",
    "bank_profiles",
    "account_profiles",
    "gate_overrides",
    "gate_override_decisions",
    "certificates",
    "amendments",
    "amendment_decisions",
    "seals",
    "realname_apps",
    "report_platforms",
    "report_fields",
    "report_receipts",
    "webhooks",
];

/// Whose past is asked for: the views show nothing of other projects, so that a question about one costs no more than that one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Past {
    /// These projects'.
    Of(Vec<ProjectId>),
    /// Every project's.
    OfAll,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Cut {
    #[diesel(sql_type = Text)]
    chain: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    seq: Option<i64>,
}

impl Db {
    /// Runs `work` on one snapshot that shows what was on record by the end of `known_at`, off the event loop.
    ///
    /// An entry carries the moment at which its request was taken up and is there a moment later, so the past is settled only when
    /// the requests of that time have ended.
    pub async fn read_past<T, E, F>(&self, known_at: Moment, past: Past, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut AnyConn) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let db = self.clone();
        super::tx::run_blocking(move || db.read_past_blocking(known_at, &past, work)).await
    }

    /// [`Db::read_past`] for commands, jobs and the simulation.
    pub fn read_past_blocking<T, E, F>(&self, known_at: Moment, past: &Past, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut AnyConn) -> Result<T, E>,
        E: From<StoreError>,
    {
        // A place among the readers is held meanwhile, so that no more pasts are open than connections may read.
        let _place = self.pool.get().map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let mut conn = self.opener.connect()?;
        begin(&mut conn, known_at, past)?;
        let result = work(&mut conn);
        let ended = conn.batch_execute("ROLLBACK").map_err(StoreError::from);
        result.and_then(|value| ended.map(|()| value).map_err(E::from))
    }
}

/// Opens the transaction and hides the present behind views that it alone has.
fn begin(conn: &mut AnyConn, known_at: Moment, past: &Past) -> Result<(), StoreError> {
    // Views are made in the transaction, which therefore cannot be one of PostgreSQL's read-only ones.
    let (begin, home) = match conn.backend() {
        Backend::Sqlite => ("BEGIN DEFERRED", "SELECT 'main' AS name"),
        Backend::Postgres => ("BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT CAST(current_schema() AS TEXT) AS name"),
    };
    conn.batch_execute(begin)?;
    let home = diesel::sql_query(home).get_result::<Name>(conn)?.name;
    let organisation = cuts(conn, known_at, Some(&Chain::Organisation.to_string()))?.first().map_or(0, |cut| cut.1);
    conn.batch_execute("CREATE TEMP TABLE past_cuts (project_id BIGINT PRIMARY KEY, seq BIGINT NOT NULL)")?;
    let rows = project_cuts(conn, known_at, past)?;
    for some in rows.chunks(500) {
        let values: Vec<String> = some.iter().map(|(project, seq)| format!("({}, {seq})", project.0)).collect();
        conn.batch_execute(&format!("INSERT INTO past_cuts (project_id, seq) VALUES {}", values.join(", ")))?;
    }
    for view in views(conn, &home, known_at, organisation)? {
        conn.batch_execute(&view)?;
    }
    Ok(())
}

/// The last entry of chains by a moment: of one, or of all that have one.
fn cuts(conn: &mut AnyConn, known_at: Moment, chain: Option<&str>) -> Result<Vec<(String, i64)>, StoreError> {
    // Walked from the end: the past that is asked about is mostly a recent one.
    let rows: Vec<Cut> = diesel::sql_query(
        "SELECT h.chain AS chain, (SELECT j.seq FROM journal j WHERE j.chain = h.chain AND j.at <= $1 ORDER BY j.seq DESC LIMIT 1) AS seq \
         FROM chain_heads h WHERE $2 = '' OR h.chain = $2",
    )
    .bind::<BigInt, _>(known_at.0)
    .bind::<Text, _>(chain.unwrap_or_default())
    .load(conn)?;
    Ok(rows.into_iter().filter_map(|row| row.seq.map(|seq| (row.chain, seq))).collect())
}

fn project_cuts(conn: &mut AnyConn, known_at: Moment, past: &Past) -> Result<Vec<(ProjectId, i64)>, StoreError> {
    let mut found = Vec::new();
    match past {
        Past::OfAll => found.extend(cuts(conn, known_at, None)?),
        Past::Of(projects) => {
            let mut projects = projects.clone();
            projects.sort();
            projects.dedup();
            for project in projects {
                found.extend(cuts(conn, known_at, Some(&project.to_string()))?);
            }
        }
    }
    Ok(found.into_iter().filter_map(|(chain, seq)| chain.parse().ok().map(|id: ProjectId| (id, seq))).collect())
}

/// The columns of a table in their order.
fn columns(conn: &mut AnyConn, table: &str) -> Result<Vec<String>, StoreError> {
    let sql = match conn.backend() {
        Backend::Sqlite => format!("SELECT name FROM main.pragma_table_info('{table}') ORDER BY cid"),
        Backend::Postgres => format!(
            "SELECT CAST(attname AS TEXT) AS name FROM pg_attribute \
             WHERE attrelid = CAST('{table}' AS regclass) AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
        ),
    };
    let rows: Vec<Name> = diesel::sql_query(sql).load(conn)?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}

/// The text of every view, in an order in which none hides a table that a later one reads.
fn views(conn: &mut AnyConn, home: &str, known_at: Moment, organisation: i64) -> Result<Vec<String>, StoreError> {
    let at = known_at.0;
    let mut made = Vec::new();
    let view = |table: &str, body: String| format!("CREATE TEMP VIEW {table} AS {body}");
    for (table, project) in PROJECT {
        let list = listed(&columns(conn, table)?);
        made.push(view(
            table,
            format!(
                "SELECT {list} FROM {home}.{table} t JOIN past_cuts c ON c.project_id = t.{project} WHERE t.recorded_seq <= c.seq"
            ),
        ));
    }
    for table in PROJECT_VERSIONED {
        let list = listed(&columns(conn, table)?);
        let rows = |name: &str, more: &str| {
            format!(
                "SELECT {list} FROM {home}.{name} t JOIN past_cuts c ON c.project_id = t.project_id WHERE t.recorded_seq <= c.seq{more}"
            )
        };
        let (now, was) = (rows(table, ""), rows(&format!("{table}_was"), " AND t.until_seq > c.seq"));
        made.push(view(table, format!("{now} UNION ALL {was}")));
    }
    for table in EITHER {
        let list = listed(&columns(conn, table)?);
        made.push(view(
            table,
            format!(
                "SELECT {list} FROM {home}.{table} t LEFT JOIN past_cuts c ON c.project_id = t.project_id \
                 WHERE (t.project_id IS NULL AND t.recorded_seq <= {organisation}) OR t.recorded_seq <= c.seq"
            ),
        ));
    }
    for table in ORGANISATION {
        let list = listed(&columns(conn, table)?);
        made.push(view(table, format!("SELECT {list} FROM {home}.{table} t WHERE t.recorded_seq <= {organisation}")));
    }
    let list = listed(&columns(conn, "devices")?);
    made.push(view(
        "devices",
        format!(
            "SELECT {list} FROM {home}.devices t WHERE t.recorded_seq <= {organisation} UNION ALL \
             SELECT {list} FROM {home}.devices_was t WHERE t.recorded_seq <= {organisation} AND t.until_seq > {organisation}"
        ),
    ));
    for (table, made_at) in [("work_days", "folded_at"), ("dirty_days", "marked_at")] {
        let list = listed(&columns(conn, table)?);
        let rows = |name: &str, more: &str| {
            format!(
                "SELECT {list} FROM {home}.{name} t JOIN past_cuts c ON c.project_id = t.project_id WHERE t.{made_at} <= {at}{more}"
            )
        };
        let (now, was) = (rows(table, ""), rows(&format!("{table}_was"), &format!(" AND t.until_at > {at}")));
        if table == "work_days" {
            made.push(view(
                "attended_months",
                format!(
                    "SELECT d.project_id AS project_id, SUBSTR(CAST(d.worked_on AS TEXT), 1, 7) AS month, d.worker_id AS worker_id, \
                     CAST(SUM(d.hundredths) AS BIGINT) AS hundredths FROM ({now} UNION ALL {was}) d \
                     GROUP BY d.project_id, SUBSTR(CAST(d.worked_on AS TEXT), 1, 7), d.worker_id"
                ),
            ));
        }
        made.push(view(table, format!("{now} UNION ALL {was}")));
    }
    // A message that was held for a device nobody had admitted became punches when it was read, not when it came.
    let later = format!("COALESCE(i.parsed_at, i.received_at) > {at}");
    let list = listed(&columns(conn, "punches")?);
    // A passage that was read anew by the right offset of its clock (`device_offsets`) stood as it was until then.
    let replaced = format!(
        "SELECT p.project_id AS project_id, w.local_day AS local_day, w.local_time AS local_time, p.device_id AS device_id, \
         COALESCE(n.id, 0) AS pin_id, w.state AS state, w.verify AS verify, w.ordinal AS ordinal, COALESCE(m.inbox_id, 0) AS inbox_id \
         FROM {home}.punch_rows_was w JOIN {home}.punch_places p ON p.number = w.place LEFT JOIN {home}.pins n ON n.number = w.pin \
         LEFT JOIN {home}.punch_messages m ON m.number = w.message WHERE w.until_at > {at}"
    );
    let of = |from: String| {
        format!(
            "SELECT {list} FROM {from} t JOIN past_cuts c ON c.project_id = t.project_id WHERE NOT EXISTS \
             (SELECT 1 FROM {home}.inbox i WHERE i.id = t.inbox_id AND {later})"
        )
    };
    made.push(view("punches", format!("{} UNION ALL {}", of(format!("{home}.punches")), of(format!("({replaced})")))));
    let list = listed(&columns(conn, "punch_rows")?);
    let of = |table: &str, more: String| {
        format!(
            "SELECT {list} FROM {home}.{table} t JOIN {home}.punch_places p ON p.number = t.place \
             JOIN past_cuts c ON c.project_id = p.project_id WHERE NOT EXISTS (SELECT 1 FROM {home}.punch_messages m \
             JOIN {home}.inbox i ON i.id = m.inbox_id WHERE m.number = t.message AND {later}){more}"
        )
    };
    let was = of("punch_rows_was", format!(" AND t.until_at > {at}"));
    made.push(view("punch_rows", format!("{} UNION ALL {was}", of("punch_rows", String::new()))));
    let seen =
        format!("(SELECT MAX(d.first_at) FROM {home}.device_days d WHERE d.device_id = t.device_id AND d.first_at <= {at})");
    let list: Vec<String> = columns(conn, "device_states")?
        .into_iter()
        .map(|name| if name == "last_seen_at" { format!("{seen} AS last_seen_at") } else { format!("t.{name}") })
        .collect();
    let list = list.join(", ");
    made.push(view("device_states", format!("SELECT {list} FROM {home}.device_states t WHERE {seen} IS NOT NULL")));
    Ok(made)
}

fn listed(columns: &[String]) -> String {
    let named: Vec<String> = columns.iter().map(|name| format!("t.{name}")).collect();
    named.join(", ")
}

/// Every table that a chain owns, for the test that none is forgotten.
#[cfg(test)]
pub(crate) fn known_tables() -> Vec<&'static str> {
    let mut all: Vec<&str> = PROJECT.iter().map(|(table, _)| *table).collect();
    all.extend(PROJECT_VERSIONED);
    all.extend(EITHER);
    all.extend(ORGANISATION);
    all.extend(AS_TODAY);
    all.push("devices");
    all.sort_unstable();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_table_of_a_chain_is_forgotten() {
        let schema = include_str!("schema.rs");
        let mut owned: Vec<&str> = schema
            .split("diesel::table! {")
            .filter(|text| text.contains("recorded_seq ->"))
            .filter_map(|text| text.split_whitespace().next())
            .collect();
        owned.sort_unstable();
        assert!(owned.len() > 30, "the schema was not read: {owned:?}");
        assert_eq!(owned, known_tables());
    }
}
