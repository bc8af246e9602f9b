//! Everything visible in a database as canonical text: equal contents give equal bytes, whatever key, nonces and database lie below.
//!
//! A line is a table's name and a row as JSON with sorted keys; what is encrypted stands in plain, so the text is as secret as the
//! database with its key. Deliberately absent: ciphertext, blind indexes and hashes made with keys, passwords, and what changes with
//! every request and proves nothing (sessions, throttles, the state of devices, jobs, ticks, notices, mails).

use serde::Serialize;
use serde_json::json;
use serde_json::{Map, Value};

use crate::attendance::intake::digest;
use crate::base::Day;
use crate::base::id::ProjectId;
use crate::store::vault::Owner;
use crate::store::{AnyConn, seals};
use crate::web::{Ctx, Problem};
use crate::{
    accounts, amendments, attendance, cases, compliance, credit, deposits, documents, gates, ledger, matters, notice_board,
    parties, payroll, projects, settlement, users, workers,
};

/// Fields that depend on the key or on chance.
const SECRET_FIELDS: &[&str] = &[
    "id_number",
    "id_index",
    "phone",
    "card",
    "card_index",
    "address_index",
    "pin_index",
    "counterparty_account",
    "counterparty_index",
    "entry_key",
    "password_hash",
    "key_hash",
    "com_key_hash",
    "body",
    "file",
    "facts",
];

/// The text so far.
#[derive(Default)]
struct Text(String);

/// A value that was opened, to be shown under a name.
type Opened = (&'static str, Option<String>);

impl Text {
    fn row(&mut self, table: &str, row: &impl Serialize, opened: impl IntoIterator<Item = Opened>) -> Result<(), Problem> {
        let value = serde_json::to_value(row).map_err(|error| Problem::internal(&error.to_string()))?;
        let mut fields = match value {
            Value::Object(fields) => fields,
            other => Map::from_iter([("row".to_owned(), other)]),
        };
        fields.retain(|name, _| !SECRET_FIELDS.contains(&name.as_str()));
        for (name, text) in opened {
            fields.insert(name.to_owned(), text.map_or(Value::Null, Value::String));
        }
        self.0.push_str(table);
        self.0.push(' ');
        self.0.push_str(&Value::Object(fields).to_string());
        self.0.push('\n');
        Ok(())
    }

    fn rows<R: Serialize>(&mut self, table: &str, rows: impl IntoIterator<Item = R>) -> Result<(), Problem> {
        rows.into_iter().try_for_each(|row| self.row(table, &row, []))
    }
}

/// Writes everything visible.
///
/// # Errors
/// What is encrypted does not open under the key of `ctx`, or the store fails.
pub fn export(conn: &mut AnyConn, ctx: &Ctx) -> Result<String, Problem> {
    let mut text = Text::default();
    text.rows("users", users::table::all_users(conn)?)?;
    text.rows("grants", users::table::all_grants(conn)?)?;
    text.rows("api_keys", users::table::all_api_keys(conn)?)?;
    text.rows("unmaskings", users::table::all_unmaskings(conn)?)?;
    text.rows("amendments", amendments::table::all(conn)?)?;
    text.rows("amendment_decisions", amendments::table::all_decisions(conn)?)?;
    for row in users::contacts::table::all(conn)? {
        let email = users::contacts::actions::of(conn, ctx.vault(), row.user_id)?.email;
        text.row("user_contacts", &row, [("email", email.map(|email| email.as_str().to_owned()))])?;
    }
    text.rows("former_addresses", users::contacts::table::all_former(conn)?)?;
    text.rows("parties", parties::table::all(conn)?)?;
    text.rows("credit_records", credit::table::all(conn)?)?;
    text.rows("projects", projects::table::all(conn)?)?;
    text.rows("project_parties", projects::table::all_participations(conn)?)?;
    text.rows("participation_ends", projects::ending::table::all(conn)?)?;
    text.rows("crews", projects::table::all_crews(conn)?)?;
    text.rows("project_facts", projects::table::all_facts(conn)?)?;
    text.rows("documents", documents::table::all(conn)?)?;
    text.rows("notice_boards", notice_board::table::all(conn)?)?;
    people(&mut text, conn, ctx)?;
    passages(&mut text, conn)?;
    money(&mut text, conn, ctx)?;
    text.rows("pay_sheets", payroll::table::all_sheets(conn)?)?;
    text.rows("pay_lines", payroll::table::all_lines(conn)?)?;
    text.rows("pay_line_events", payroll::table::all_events(conn)?)?;
    text.rows("signatures", payroll::table::all_signatures(conn)?)?;
    text.rows("sheet_refusals", payroll::imports::left_out::table::all_refusals(conn)?)?;
    text.rows("left_out_confirmations", payroll::imports::left_out::table::all_confirmations(conn)?)?;
    text.rows("line_corrections", payroll::corrections::table::all(conn)?)?;
    text.rows("opening_sheets", payroll::opening::table::all(conn)?)?;
    text.rows("pay_runs", payroll::pay_run::table::all_runs(conn)?)?;
    text.rows("payment_attempts", payroll::pay_run::table::all_attempts(conn)?)?;
    text.rows("cleared_lines", payroll::outside::table::all(conn)?)?;
    text.rows("told_clearings", payroll::outside::telling::table::all(conn)?)?;
    text.rows("clearing_steps", payroll::outside::telling::table::all_steps(conn)?)?;
    text.rows("notice_lines", payroll::outside::notices::table::all(conn)?)?;
    text.rows("matter_steps", matters::table::all(conn)?)?;
    text.rows("cases", cases::table::all(conn)?)?;
    text.rows("assessments", compliance::table::all(conn)?)?;
    for row in gates::table::all(conn)? {
        let owner = row.project_id.map_or(Owner::Global, Owner::Project);
        let facts = ctx.vault().open_text(conn, owner, &row.facts)?;
        text.row("gate_answers", &row, [("facts", Some(facts))])?;
    }
    text.rows("gate_overrides", gates::overriding::table::all(conn)?)?;
    text.rows("gate_override_decisions", gates::overriding::table::all_decisions(conn)?)?;
    for row in gates::certificate::table::all(conn)? {
        // Address, key and signature follow from the key of this database, as a password's hash does.
        let told = json!({"id": row.id, "answer": row.answer_id, "issued_at": row.issued_at, "expires_at": row.expires_at});
        text.row("certificates", &told, [])?;
    }
    text.rows("seals", seals::all(conn)?)?;
    Ok(text.0)
}

fn people(text: &mut Text, conn: &mut AnyConn, ctx: &Ctx) -> Result<(), Problem> {
    let vault = ctx.vault();
    for row in workers::table::all_workers(conn)? {
        let number = workers::lookups::id_number(conn, vault, &row)?;
        let phone = workers::lookups::phone(conn, vault, &row)?.map(|phone| phone.as_str().to_owned());
        text.row("workers", &row, [("id_number", Some(number)), ("phone", phone)])?;
    }
    for row in workers::table::all_enrolments(conn)? {
        let pin = workers::lookups::pin_of(conn, vault, &row)?;
        let card = card(conn, ctx, row.project_id, row.card.as_deref())?;
        text.row("enrolments", &row, [("pin", pin), ("card", card)])?;
    }
    for row in workers::table::all_events(conn)? {
        let card = card(conn, ctx, row.project_id, row.card.as_deref())?;
        text.row("enrolment_events", &row, [("card", card)])?;
    }
    for row in workers::particulars::table::all(conn)? {
        let said = vault.open_text(conn, Owner::Project(row.project_id), &row.body)?;
        text.row("worker_particulars", &row, [("said", Some(said))])?;
    }
    text.rows("exceptional_registrations", workers::exceptions::table::all(conn)?)?;
    text.rows("exceptional_steps", workers::exceptions::table::all_steps(conn)?)?;
    Ok(())
}

fn card(conn: &mut AnyConn, ctx: &Ctx, project: ProjectId, sealed: Option<&[u8]>) -> Result<Option<String>, Problem> {
    let card = workers::lookups::open_card(conn, ctx.vault(), project, sealed)?;
    Ok(card.map(|card| card.as_str().to_owned()))
}

/// Devices, work days, and of the punches of each day how many there are with their order-free digest.
fn passages(text: &mut Text, conn: &mut AnyConn) -> Result<(), Problem> {
    text.rows("devices", attendance::devices::table::all(conn)?)?;
    text.rows("device_turns", attendance::devices::turns::table::all(conn)?)?;
    text.rows("device_offsets", attendance::devices::clock::table::all(conn)?)?;
    text.rows("clock_readings", attendance::devices::clock::table::all_readings(conn)?)?;
    text.rows("clock_differences", attendance::devices::clock::table::all_differences(conn)?)?;
    text.rows("roster_imports", attendance::imports::table::all(conn)?)?;
    text.rows("roster_steps", attendance::imports::table::all_steps(conn)?)?;
    text.rows("roster_rows", attendance::imports::table::all_rows(conn)?)?;
    text.rows("day_corrections", attendance::corrections::table::all(conn)?)?;
    text.rows("correction_steps", attendance::corrections::table::all_steps(conn)?)?;
    let mut project = i64::MIN;
    while let Some(next) = attendance::table::next_project(conn, project)? {
        project = next;
        let mut day = i32::MIN;
        while let Some(next) = attendance::table::next_day(conn, project, day)? {
            day = next;
            let id = ProjectId(project);
            let rows = attendance::table::punches_of_day(conn, id, day)?;
            let civil: Option<Day> = attendance::day_of(day);
            let digest = digest::of_rows(&rows);
            text.row("punches", &serde_json::json!({"project": id, "day": civil, "count": rows.len(), "digest": digest}), [])?;
        }
        let id = ProjectId(project);
        for month in attendance::table::months_with_attendance(conn, id)? {
            text.rows("work_days", attendance::table::work_days_of(conn, id, month, None, i64::MAX)?)?;
        }
    }
    Ok(())
}

fn money(text: &mut Text, conn: &mut AnyConn, ctx: &Ctx) -> Result<(), Problem> {
    text.rows("wage_accounts", accounts::table::all(conn)?)?;
    text.rows("bank_statements", accounts::table::all_statements(conn)?)?;
    for row in accounts::table::all_entries(conn)? {
        let owner = Owner::Project(row.project_id);
        let sealed = row.counterparty_account.as_deref();
        let other = sealed.map(|sealed| ctx.vault().open_text(conn, owner, sealed)).transpose()?;
        // Each voice is kept with a keyed hash of its words; the voice itself is visible.
        let told = row.seen_in.split(' ').filter_map(|one| one.split(':').next());
        let voices = told.filter(|voice| *voice != "balance").collect::<Vec<_>>().join(" ");
        text.row("bank_entries", &row, [("counterparty_account", other), ("seen_in", Some(voices))])?;
    }
    text.rows("account_freezes", accounts::freezes::table::all(conn)?)?;
    text.rows("bank_layouts", settlement::sheets::table::all(conn)?)?;
    text.rows("bank_layout_uses", settlement::sheets::table::all_uses(conn)?)?;
    text.rows("entry_payments", settlement::doubts::table::all_payments(conn)?)?;
    text.rows("entry_doubts", settlement::doubts::table::all_doubts(conn)?)?;
    text.rows("doubt_steps", settlement::doubts::table::all_steps(conn)?)?;
    text.rows("postings", ledger::table::all(conn)?)?;
    text.rows("posting_lines", ledger::table::all_lines(conn)?)?;
    text.rows("deposits", deposits::table::all(conn)?)?;
    text.rows("deposit_events", deposits::table::all_events(conn)?)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    /// Tables that the text leaves out, by the reason.
    const LEFT_OUT: &[(&str, &[&str])] = &[
        (
            "it changes with every request and proves nothing",
            &[
                "browser_sessions",
                "calendar_feeds",
                "login_throttles",
                "session_ends",
                "sessions",
                "ticks",
                "notices",
                "mails",
                "mail_attempts",
                "marks",
                "jobs",
                "replays",
                "device_states",
                "device_commands",
                "device_days",
                "device_operations",
                "device_users",
                "dirty_days",
                "folders_missing",
                "old_rule_days",
                "old_rule_projects",
                "project_summaries",
                "realname_counters",
                "realname_counts",
                "realname_nonces",
                "report_queues",
                "report_looks",
                "webhook_tries",
                "sign_tries",
                "bank_key_marks",
                "bank_token_ids",
            ],
        ),
        (
            "bytes as received, whose hashes depend on the key or on chance",
            &["inbox", "inbox_parts", "quarantine", "pins", "punch_ids", "bank_event_ids", "data_keys", "retired_keys"],
        ),
        ("the journal and its heads, which hash what else is here", &["journal", "chain_heads"]),
        (
            "kept with a secret of its own, or a keyed index that is its point",
            &[
                "bank_keys",
                "card_holders",
                "card_movements",
                "card_words",
                "entry_payees",
                "realname_apps",
                "sign_links",
                "sign_pins",
                "webhooks",
                "webhook_calls",
            ],
        ),
        (
            "made for a partner and told to it again from what is here",
            &[
                "realname_errors",
                "realname_records",
                "realname_requests",
                "report_call_items",
                "report_calls",
                "report_differences",
                "report_fields",
                "report_platforms",
                "report_receipts",
                "report_records",
            ],
        ),
        ("sums of rows that are written", &["attended_months"]),
        ("law books, which have hashes of their own", &["law_activations", "law_books"]),
        ("what the view of punches is made of", &["punch_messages", "punch_places", "punch_rows", "punch_rows_was"]),
        (
            "of before this list was kept, none of which a total rests on",
            &[
                "account_profiles",
                "bank_profiles",
                "bank_words",
                "device_silences",
                "file_returns",
                "item_steps",
                "line_items",
                "line_releases",
                "line_versions",
                "match_decisions",
                "pay_holds",
                "pay_run_parts",
                "run_inquiries",
                "sheet_imports",
                "sheet_layouts",
                "sheet_notes",
                "sheet_periods",
                "uploaded_pay",
                "void_steps",
            ],
        ),
    ];

    /// Tables that the text calls otherwise.
    const RENAMED: &[(&str, &str)] = &[("line_events", "pay_line_events"), ("pay_run_lines", "payment_attempts")];

    #[test]
    fn every_table_is_written_or_left_out_for_a_reason() {
        let (schema, own) = (include_str!("../store/schema.rs"), include_str!("export.rs"));
        let written = own.split("mod tests").next().unwrap();
        let left_out: Vec<&str> = LEFT_OUT.iter().flat_map(|(_, tables)| tables.iter().copied()).collect();
        let tables: BTreeSet<&str> = schema
            .lines()
            .filter_map(|line| line.strip_prefix("    ")?.split_once(" (").map(|(name, _)| name))
            .filter(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
            .collect();
        assert!(tables.len() > 100, "the tables of the schema are found: {}", tables.len());
        for table in &tables {
            let name = RENAMED.iter().find(|(known, _)| known == table).map_or(*table, |(_, name)| name);
            let is_written = written.contains(&format!("(\"{name}\","));
            assert!(is_written != left_out.contains(table), "{table}: write it, or say why it is left out, and not both");
        }
        let unknown: Vec<&&str> = left_out.iter().filter(|name| !tables.contains(**name)).collect();
        assert!(unknown.is_empty(), "no such tables: {unknown:?}");
    }
}
