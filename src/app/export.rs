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
    parties, payroll, projects, users, workers,
};

/// Fields that depend on the key or on chance.
const SECRET_FIELDS: &[&str] = &[
    "id_number",
    "id_index",
    "phone",
    "card",
    "card_index",
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
    text.rows("parties", parties::table::all(conn)?)?;
    text.rows("credit_records", credit::table::all(conn)?)?;
    text.rows("projects", projects::table::all(conn)?)?;
    text.rows("project_parties", projects::table::all_participations(conn)?)?;
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
    text.rows("pay_runs", payroll::pay_run::table::all_runs(conn)?)?;
    text.rows("payment_attempts", payroll::pay_run::table::all_attempts(conn)?)?;
    text.rows("cleared_lines", payroll::outside::table::all(conn)?)?;
    text.rows("told_clearings", payroll::outside::telling::table::all(conn)?)?;
    text.rows("clearing_steps", payroll::outside::telling::table::all_steps(conn)?)?;
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
    Ok(())
}

fn card(conn: &mut AnyConn, ctx: &Ctx, project: ProjectId, sealed: Option<&[u8]>) -> Result<Option<String>, Problem> {
    let card = workers::lookups::open_card(conn, ctx.vault(), project, sealed)?;
    Ok(card.map(|card| card.as_str().to_owned()))
}

/// Devices, work days, and of the punches of each day how many there are with their order-free digest.
fn passages(text: &mut Text, conn: &mut AnyConn) -> Result<(), Problem> {
    text.rows("devices", attendance::devices::table::all(conn)?)?;
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
    text.rows("postings", ledger::table::all(conn)?)?;
    text.rows("posting_lines", ledger::table::all_lines(conn)?)?;
    text.rows("deposits", deposits::table::all(conn)?)?;
    text.rows("deposit_events", deposits::table::all_events(conn)?)?;
    Ok(())
}
