//! A large site's payroll: 10,000 workers' month from 600,000 stored punches to a sheet ready to sign, to XLSX, to the bank's file.
//!
//! Measured without HTTP, by the verbs that pages and routes call, each in its own durable transaction with the journal's digest of
//! every row. Time on the wall stands beside the time that the processor worked, since a busy machine lengthens the first only.
//! Deliberately absent: signing and audit, which people do; they are done here between the measurements and told apart.

mod stage;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;

use super::bed::Folder;
use super::refused;
use crate::base::id::{LineId, SheetId};
use crate::payroll::imports::export::export;
use crate::payroll::signing::{NewSignature, SIGNATURES_MAX, sign_by_links};
use crate::payroll::{Means, actions, building, pay_run, table};
use crate::projects;
use crate::store::{StoreError, Tx};
use crate::web::{Ctx, Ground, Problem};

/// Workers of the month.
const WORKERS: usize = 10_000;
/// Why the XLSX is asked for, as its journal line says.
const PURPOSE: &str = "测量 bench";

/// What one step took.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    pub millis: u64,
    /// Time of the processor, all threads; known on Linux only, in steps of ten milliseconds.
    pub cpu_millis: Option<u64>,
}

/// All steps.
#[derive(Debug, Clone, Serialize)]
pub struct Payroll {
    pub workers: usize,
    pub punches: usize,
    pub filled_in_millis: u64,
    /// From punches that nobody has folded to a draft with every line, its items and its history.
    pub sheet: Step,
    pub lines: i32,
    pub total: crate::base::Fen,
    pub xlsx: Step,
    pub xlsx_bytes: usize,
    /// Every line signed, the sheet handed in and audited: not a goal, but somebody waits for it.
    pub signed_and_audited: Step,
    /// The order and its pain.001, kept encrypted and fetched once.
    pub pay_run: Step,
    pub pain001_bytes: usize,
}

/// Processor time of this process so far.
fn cpu_millis() -> Option<u64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // After the name in parentheses come state and numbers; the 12th and 13th of them are ticks of a hundredth of a second.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((user + system) * 10)
}

fn timed<T>(work: impl FnOnce() -> Result<T, StoreError>) -> Result<(Step, T), StoreError> {
    let (begun, cpu) = (Instant::now(), cpu_millis());
    let value = work()?;
    let millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let spent = cpu_millis().zip(cpu).map(|(now, then)| now.saturating_sub(then));
    Ok((Step { millis, cpu_millis: spent }, value))
}

/// Writes through the store as the house.
fn write<T: Send + 'static>(
    ground: &Arc<Ground>,
    work: impl Fn(&mut Tx<'_>, &Ctx) -> Result<T, Problem> + Send + 'static,
) -> Result<T, StoreError> {
    let ctx = Ctx::of_the_house(ground, "bench");
    ground.db.write_blocking(move |tx| work(tx, &ctx)).map_err(|problem| refused(&problem))
}

/// Fills a database and measures.
pub fn measure(config_dir: Option<&Path>, url: Option<&str>) -> Result<Payroll, StoreError> {
    let folder = Folder::new()?;
    let ground = stage::ground(config_dir, url, &folder)?;
    let begun = Instant::now();
    let (project, punches) = stage::fill(&ground, WORKERS)?;
    let filled_in_millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let month = stage::month()?;

    let (sheet, built) = timed(|| {
        write(&ground, move |tx, ctx| {
            let site = projects::enter(tx.conn(), &ctx.scope, project)?;
            Ok(building::build_sheet(tx, ctx, &site, month, None)?.sheet)
        })
    })?;
    let id = built.id;
    let (xlsx, bytes) = timed(|| {
        write(&ground, move |tx, ctx| {
            let site = projects::enter(tx.conn(), &ctx.scope, project)?;
            Ok(export(tx, ctx, &site, id, PURPOSE)?.1)
        })
    })?;
    let (signed_and_audited, ()) = timed(|| {
        write(&ground, move |tx, ctx| {
            let site = projects::enter(tx.conn(), &ctx.scope, project)?;
            sign(tx, ctx, &site, id)?;
            actions::submit(tx, ctx, &site, id)?;
            actions::audit(tx, ctx, &site, id)?;
            Ok(())
        })
    })?;
    let (pay_run, file) = timed(|| {
        write(&ground, move |tx, ctx| {
            let site = projects::enter(tx.conn(), &ctx.scope, project)?;
            let ordered = pay_run::actions::order_pay_run(tx, ctx, &site, id, None)?;
            let run = ordered.run.ok_or_else(|| Problem::internal("every line was held"))?;
            pay_run::actions::fetch_file(tx, ctx, &site, run.id)
        })
    })?;
    Ok(Payroll {
        workers: WORKERS,
        punches,
        filled_in_millis,
        sheet,
        lines: built.line_count,
        total: built.total_fen,
        xlsx,
        xlsx_bytes: bytes.len(),
        signed_and_audited,
        pay_run,
        pain001_bytes: file.len(),
    })
}

/// Everybody signs by a link with a second means.
fn sign(tx: &mut Tx<'_>, ctx: &Ctx, site: &projects::Site, sheet: SheetId) -> Result<(), Problem> {
    let lines: Vec<LineId> = table::lines_of(tx.conn(), site.id, sheet)?.into_iter().map(|line| line.id).collect();
    for some in lines.chunks(SIGNATURES_MAX) {
        let signature = |line: &LineId| NewSignature {
            line: *line,
            means: Means::LinkWithSecondMeans,
            device: None,
            evidence: Some(line.to_string()),
            document_id: None,
            signed_on: ctx.today,
        };
        let items: Vec<NewSignature> = some.iter().map(signature).collect();
        if sign_by_links(tx, ctx, site, sheet, &items)?.iter().any(|one| !one.signed) {
            return Err(Problem::internal("a line was not signed"));
        }
    }
    Ok(())
}

impl Payroll {
    /// Lines for people.
    pub fn lines(&self) -> Vec<String> {
        let row = |name: &str, step: &Step, what: String| {
            let cpu = step.cpu_millis.map_or_else(|| "-".to_owned(), |millis| millis.to_string());
            format!("payroll {name:<20}{:>8} ms {cpu:>8} ms cpu   {what}", step.millis)
        };
        vec![
            row("sheet", &self.sheet, format!("{} workers from {} punches", self.lines, self.punches)),
            row("xlsx", &self.xlsx, format!("{} bytes", self.xlsx_bytes)),
            row("signed and audited", &self.signed_and_audited, String::new()),
            row("pay run", &self.pay_run, format!("pain.001 of {} bytes", self.pain001_bytes)),
        ]
    }
}
