//! Gate answers over HTTP on a thousand projects: gathered from the registries, decided, stored with their facts, given as JSON.
//!
//! The construction permit looks at every project of the applicants, ten each here; property registration at one project. Each
//! project has the facts without which a gate would end at its first question; nobody has worked there yet.

use std::time::Duration;

use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Value, json};

use super::bed::Bed;
use super::client;
use crate::base::Fen;
use crate::projects::{self, Fact};
use crate::store::StoreError;
use crate::web::Role;

const PROJECTS: usize = 1000;
/// Offices that ask at the same time.
const CONNECTIONS: usize = 8;
/// Projects whose facts are recorded in one transaction.
const IN_TRANSACTION: usize = 100;
/// After this long no other question of a gate is asked.
const SPAN: Duration = Duration::from_secs(8);
const GATES: &[&str] = &["property-registration", "construction-permit"];

/// What the questions to one gate came to.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    pub gate: &'static str,
    pub connections: usize,
    pub answers: u64,
    pub answers_per_second: u64,
    pub p50_micros: u64,
    pub p99_micros: u64,
}

/// All gates that were asked.
#[derive(Debug, Clone, Serialize)]
pub struct Gates {
    pub projects: usize,
    pub gates: Vec<Row>,
}

/// Registers the projects and asks each gate about each of them.
pub fn measure(bed: &Bed) -> Result<Gates, StoreError> {
    let made = bed.projects(PROJECTS)?;
    for some in made.chunks(IN_TRANSACTION) {
        let some: Vec<_> = some.iter().map(|(project, ..)| *project).collect();
        let first = bed.first_day();
        bed.write(move |tx, ctx| {
            for project in &some {
                let site = projects::enter(tx.conn(), &ctx.scope, *project)?;
                for (day, fact) in facts() {
                    projects::actions::record_fact(tx, ctx, &site, first.plus_days(day), &fact, None)?;
                }
            }
            Ok(())
        })?;
    }
    bed.settle()?;
    let key = bed.log_in(Role::LabourAuthority)?;
    let mut rows = Vec::new();
    for gate in GATES {
        let requests: Vec<Vec<u8>> = made
            .iter()
            .map(|(project, ..)| {
                let body = json!({"project": project.to_string()}).to_string();
                let mut request = Vec::new();
                let headers = format!("{key}Content-Type: application/json\r\n");
                client::post(&mut request, &format!("/api/v1/gates/{gate}"), &headers, body.as_bytes());
                request
            })
            .collect();
        let (figures, answers) = client::ask_all(bed.address, CONNECTIONS, &requests, SPAN)?;
        for answer in answers {
            let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            if answer.status != 200 || !body.get("verdict").is_some_and(Value::is_string) {
                return Err(StoreError::Unavailable(format!("bench gates: {gate}: {} {body}", answer.status)));
            }
        }
        rows.push(Row {
            gate,
            connections: CONNECTIONS,
            answers: figures.requests,
            answers_per_second: figures.per_second(1),
            p50_micros: figures.percentile(50),
            p99_micros: figures.percentile(99),
        });
    }
    Ok(Gates { projects: made.len(), gates: rows })
}

/// Facts of a building site, each with the day after the project's first from which it holds.
fn facts() -> Vec<(i64, Fact)> {
    vec![
        (0, Fact::Contract { sum: Fen(5_000_000_000), period_months: Decimal::from(30) }),
        (0, Fact::Industry { industry: "building".to_owned() }),
        (0, Fact::Funding { government: true }),
        (0, Fact::PayDay { day: 15 }),
        (0, Fact::FundsCommitment { given: true }),
        (10, Fact::OwnerMoney { overdue: false, amount: None, led_to_arrears: false }),
        (20, Fact::Permit { number: "测许001".to_owned() }),
    ]
}
