//! Clearance (清欠销户): everything that stands between a project and the closing of its wage account and the return of its deposit, on
//! one page, with who must act and when.
//!
//! It gathers and names; the gates decide. A worker who is owed anything stops it and is named to whoever may see names, counted for
//! the others. Closing itself asks it (`closing`). Deliberately absent: giving back the deposit (`matters`).

pub mod closing;
mod entries;
pub mod http;
mod hurdle;
mod work;

pub use hurdle::Hurdle;

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::accounts::reconciling::{self, Reconciliation};
use crate::base::id::{ProjectId, WorkerId};
use crate::base::{Day, Fen};
use crate::gates::{self, Subject};
use crate::law::questions::deadline::{self, DeadlineInput, DeadlineKind};
use crate::law::{self, Gate, decision::Verdict};
use crate::matters::freezes::FreezeNote;
use crate::matters::liability;
use crate::payroll::pay_run::table::CONTRADICTED;
use crate::payroll::table::LineRow;
use crate::projects::{self, FactKind, Site};
use crate::settlement::doubts::{self, DoubtKind};
use crate::store::AnyConn;
use crate::web::{Ctx, Problem};
use crate::{accounts, cases, deposits, matters, payroll};

/// Workers that one look names at most; sums are over all.
pub const NAMED_MAX: usize = 2_000;

/// Workers that one hurdle names at most.
const WHICH_MAX: usize = 20;

/// Sheets that one look reads at most.
const SHEETS_MAX: i64 = 2_000;

/// A worker who is owed something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Unpaid {
    /// Worker.
    pub worker: WorkerId,
    /// Name, for whoever may see names.
    pub name: Option<String>,
    /// How much, contested parts included.
    pub amount: Fen,
    /// The earliest due day.
    pub due_on: Day,
}

/// Something that stands in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Stop {
    /// What.
    pub kind: Hurdle,
    /// Whether the account cannot be closed while it stands.
    pub blocks: bool,
    /// Who must act, as a word.
    pub by: &'static str,
    /// How many: workers, lines, sheets, cases.
    pub count: u32,
    /// Money, where it is about money.
    pub amount: Option<Fen>,
    /// The day by which it must be done, or before which it cannot be; of a freeze since when it stands.
    pub on: Option<Day>,
    /// Which ones, in words of the record: months, ids.
    pub which: Vec<String>,
}

impl Stop {
    /// What it is and how many, for whoever sees no page: in Chinese and English.
    fn told(&self) -> (String, String) {
        let (zh, en) = self.kind.words();
        let amount = self.amount.filter(|amount| amount.is_positive());
        let of = |unit: &str| amount.map_or_else(String::new, |amount| format!(" {amount}{unit}"));
        let on = self.on.map_or_else(String::new, |day| format!(" {day}"));
        (format!("{zh} {} 项{}{on}", self.count, of(" 元")), format!("{en}: {}{}{on}", self.count, of("")))
    }
}

/// A step of the way to the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Stage {
    /// What, as a word.
    pub what: &'static str,
    /// Who must act, as a word.
    pub by: &'static str,
    /// When it was done.
    pub done_on: Option<Day>,
    /// Not before this day, where that is known.
    pub not_before: Option<Day>,
}

/// What stands between a project and its closing.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Clearance {
    /// The day asked about.
    pub as_of: Day,
    /// Whether the wage account may be closed: the gate is clear and nothing blocks.
    pub may_close_account: bool,
    /// Whether the deposit may be given back.
    pub may_return_deposit: bool,
    /// What stands in the way.
    pub stops: Vec<Stop>,
    /// Every worker who is owed something; empty where the asker may not see names.
    pub unpaid: Vec<Unpaid>,
    /// Whether there are more of them than are named.
    pub more: bool,
    /// Rules that the gates wait for.
    pub rules: Vec<String>,
    /// The way to the end.
    pub stages: Vec<Stage>,
    /// Freezes that stand on the wage accounts, each with its objection.
    pub freezes: Vec<FreezeNote>,
}

struct Gathering {
    stops: Vec<Stop>,
}

impl Gathering {
    fn add(&mut self, kind: Hurdle, count: usize, amount: Option<Fen>, on: Option<Day>, which: Vec<String>) {
        if count > 0 {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            self.stops.push(Stop { kind, blocks: kind.blocks(), by: kind.by(), count, amount, on, which });
        }
    }
}

/// Asks a gate about a project without keeping the answer, and without what the clearance itself tells it.
fn verdict(conn: &mut AnyConn, ctx: &Ctx, site: &Site, gate: Gate, as_of: Day) -> Result<(bool, Vec<String>), Problem> {
    let subject = Subject { project: Some(site.id), owner: None, general_contractor: None, region: None };
    let asked = gates::actions::gather_by_law(conn, ctx, gate, &subject, as_of)?;
    let decision = law::decision::decide(&ctx.book(), &asked.question);
    Ok((decision.verdict == Verdict::Clear, decision.reasons.into_iter().map(|reason| reason.rule).collect()))
}

/// What is owed on a line, contested or not.
fn owed(line: &LineRow) -> Fen {
    Fen(line.net_fen.0.saturating_sub(line.paid_fen.0)).or_zero()
}

/// Whether the bank has said both that the line was paid and that it was refused.
fn is_contradicted(line: &LineRow) -> bool {
    line.state_reason.as_deref().is_some_and(|reason| reason.starts_with(CONTRADICTED))
}

/// The workers of lines, for whoever may see names.
fn named(conn: &mut AnyConn, lines: &[LineRow], may_name: bool) -> Result<Vec<String>, Problem> {
    let names = liability::names(conn, lines, may_name)?;
    Ok(names.into_values().take(WHICH_MAX).collect())
}

/// What stands in the way, by the records, before any gate is asked.
struct Found {
    stops: Vec<Stop>,
    stages: Vec<Stage>,
    freezes: Vec<FreezeNote>,
    /// Lines of which something is owed.
    open: Vec<LineRow>,
    /// Who is owed how much, and since when it is due.
    people: BTreeMap<WorkerId, (Fen, Day)>,
}

fn look(conn: &mut AnyConn, ctx: &Ctx, site: &Site, may_name: bool, as_of: Day) -> Result<Found, Problem> {
    let mut found = Gathering { stops: Vec::new() };
    let sheets = payroll::table::sheets(conn, site.id, 0, SHEETS_MAX)?;
    let mut open: Vec<LineRow> = Vec::new();
    let mut contested: Vec<LineRow> = Vec::new();
    let mut contradicted: Vec<LineRow> = Vec::new();
    let mut unsettled: Vec<String> = Vec::new();
    for sheet in &sheets {
        if matches!(sheet.state, payroll::SheetState::Draft | payroll::SheetState::Submitted) {
            unsettled.push(sheet.month.to_string());
        }
        let lines = payroll::table::lines_of(conn, site.id, sheet.id)?;
        // Who contests a line that the bank calls paid is heard as well.
        contested.extend(lines.iter().filter(|line| line.disputed_fen.is_positive()).cloned());
        contradicted.extend(lines.iter().filter(|line| is_contradicted(line)).cloned());
        open.extend(lines.into_iter().filter(|line| owed(line).is_positive()));
    }
    let mut people: BTreeMap<WorkerId, (Fen, Day)> = BTreeMap::new();
    for line in &open {
        let one = people.entry(line.worker_id).or_insert((Fen::ZERO, line.due_on));
        *one = (one.0.plus(owed(line))?, one.1.min(line.due_on));
    }
    let total = Fen::total(people.values().map(|(amount, _)| *amount))?;
    let first = people.values().map(|(_, due)| *due).min();
    found.add(Hurdle::UnpaidWorkers, people.len(), Some(total), first, Vec::new());
    let under_way: Vec<&LineRow> = open.iter().filter(|line| line.state.is_in_flight()).collect();
    let amount = Fen::total(under_way.iter().map(|line| line.rest().or_zero()))?;
    found.add(Hurdle::PayUnderWay, under_way.len(), Some(amount), None, Vec::new());
    let amount = Fen::total(contested.iter().map(|line| line.disputed_fen))?;
    let names = named(conn, &contested, may_name)?;
    found.add(Hurdle::DisputedPay, contested.len(), Some(amount), None, names);
    in_doubt(conn, site, &mut found, &contradicted, may_name, as_of)?;
    let differs = |one: &Reconciliation| one.difference.is_some_and(|difference| difference != Fen::ZERO);
    let off: Vec<Reconciliation> = reconciling::of_project(conn, site, as_of)?.into_iter().filter(differs).collect();
    let amount =
        Fen::total(off.iter().filter_map(|one| one.difference).map(|one| if one < Fen::ZERO { one.negated() } else { one }))?;
    found.add(Hurdle::LedgerDiffers, off.len(), Some(amount), None, off.iter().map(|one| one.account.to_string()).collect());
    entries::look(conn, (site, may_name, as_of), &mut found)?;
    work::look(conn, ctx, (site, may_name, as_of), &mut found, &sheets)?;
    found.add(Hurdle::UnsettledSheet, unsettled.len(), None, None, unsettled);
    let cases = cases::table::open_on(conn, site.id, as_of)?;
    let ids = |disputes: bool| -> Vec<String> {
        cases.iter().filter(|case| case.kind.is_pay_dispute() == disputes).map(|case| case.id.to_string()).collect()
    };
    found.add(Hurdle::OpenCase, ids(false).len(), None, None, ids(false));
    found.add(Hurdle::PayDispute, ids(true).len(), None, None, ids(true));
    let matters: Vec<String> = matters::actions::all(conn, ctx, site, as_of)?
        .iter()
        .filter(|matter| matter.is_open() && matter.kind != matters::MatterKind::DepositReturn)
        .map(|matter| matter.id.to_string())
        .collect();
    found.add(Hurdle::OpenMatter, matters.len(), None, None, matters);
    let stages = stages(conn, ctx, site, &mut found, as_of)?;
    let freezes = matters::freezes::notes(conn, ctx, site, as_of)?;
    let amounts: Option<Vec<Fen>> = freezes.iter().map(|note| note.freeze.amount).collect();
    let amount = amounts.map(Fen::total).transpose()?;
    let since = freezes.iter().map(|note| note.freeze.since).min();
    let documents = freezes.iter().filter_map(|note| note.freeze.document.clone()).collect();
    found.add(Hurdle::AccountFrozen, freezes.len(), amount, since, documents);
    Ok(Found { stops: found.stops, stages, freezes, open, people })
}

/// What the gates of closing and giving back tell beside their own questions: every stop that blocks and that no question of theirs asks
/// about, in Chinese and English. Nobody is named.
///
/// # Errors
/// `not_found` for a project that is not on record.
pub fn told_to_gates(conn: &mut AnyConn, ctx: &Ctx, project: ProjectId, as_of: Day) -> Result<Vec<(String, String)>, Problem> {
    let site = projects::site(conn, project)?;
    let stops = look(conn, ctx, &site, false, as_of)?.stops;
    Ok(stops.iter().filter(|stop| stop.blocks && !stop.kind.is_asked_by_gates()).map(Stop::told).collect())
}

/// Everything that stands between a project and its closing; workers are named only where `may_name`.
pub fn of_project(conn: &mut AnyConn, ctx: &Ctx, site: &Site, may_name: bool, as_of: Day) -> Result<Clearance, Problem> {
    let Found { stops, stages, freezes, open, people } = look(conn, ctx, site, may_name, as_of)?;
    let (closes, mut rules) = verdict(conn, ctx, site, Gate::AccountClosing, as_of)?;
    let (returns, more_rules) = verdict(conn, ctx, site, Gate::DepositReturn, as_of)?;
    rules.extend(more_rules);
    rules.sort();
    rules.dedup();
    let blocked = stops.iter().any(|stop| stop.blocks);
    let names = liability::names(conn, &open, may_name)?;
    let more = may_name && people.len() > NAMED_MAX;
    let unpaid = people.into_iter().filter(|_| may_name).take(NAMED_MAX).map(|(worker, (amount, due_on))| Unpaid {
        worker,
        name: names.get(&worker).cloned(),
        amount,
        due_on,
    });
    Ok(Clearance {
        as_of,
        may_close_account: closes && !blocked,
        may_return_deposit: returns && !blocked,
        unpaid: unpaid.collect(),
        stops,
        more,
        rules,
        stages,
        freezes,
    })
}

/// Entries of the bank that nobody has explained: each with its sum and, for whoever may see names, the bank's words and the workers.
fn in_doubt(
    conn: &mut AnyConn,
    site: &Site,
    found: &mut Gathering,
    contradicted: &[LineRow],
    may_name: bool,
    as_of: Day,
) -> Result<(), Problem> {
    let open = doubts::open(conn, site.id)?.into_iter().filter(|doubt| doubt.entry.booked_on <= as_of);
    let (refunds, others): (Vec<_>, Vec<_>) = open.partition(|doubt| doubt.row.kind == DoubtKind::RefundWaits);
    for (kind, some) in [(Hurdle::RefundWaits, refunds), (Hurdle::BankMismatch, others)] {
        let mut which = Vec::with_capacity(some.len());
        for doubt in &some {
            let mut said = format!("{} {} {}", doubt.entry.id, doubt.row.amount_fen, doubt.row.kind);
            if may_name {
                said = format!("{said} {}", doubt.entry.text);
                let candidates = if kind == Hurdle::RefundWaits { doubts::of(conn, &doubt.entry, true)? } else { Vec::new() };
                for name in candidates.into_iter().filter_map(|one| one.name).take(WHICH_MAX) {
                    said = format!("{said} · {name}?");
                }
            }
            which.push(said);
        }
        // A payment that was refused and debited all the same is one mismatch, told by its entry.
        let is_told = |line: &LineRow| {
            let payment = payroll::end_to_end_id(line.id, line.attempt);
            some.iter().any(|doubt| doubt.payments.iter().any(|one| one.payment == payment))
        };
        let lines: Vec<LineRow> = match kind {
            Hurdle::BankMismatch => contradicted.iter().filter(|line| !is_told(line)).cloned().collect(),
            _ => Vec::new(),
        };
        for line in lines.iter().take(WHICH_MAX) {
            which.push(format!("{} {} {}", line.id, line.net_fen, line.state_reason.as_deref().unwrap_or_default()));
        }
        which.extend(named(conn, &lines, may_name)?);
        let amounts = some.iter().map(|doubt| doubt.row.amount_fen).chain(lines.iter().map(|line| line.net_fen));
        found.add(kind, some.len().saturating_add(lines.len()), Some(Fen::total(amounts)?), None, which);
    }
    Ok(())
}

/// The dated steps to the end, and what of them stands in the way.
fn stages(conn: &mut AnyConn, ctx: &Ctx, site: &Site, found: &mut Gathering, as_of: Day) -> Result<Vec<Stage>, Problem> {
    let facts = projects::actions::facts(conn, site, as_of, None)?;
    let finished = facts.day_of(FactKind::Finished);
    let promise = facts.day_of(FactKind::ClosingPromise);
    let publicity = facts.day_of(FactKind::ClosingPublicity);
    let ends = publicity
        .and_then(|from| deadline::ask(&ctx.book(), site.region, as_of, &DeadlineInput::new(DeadlineKind::Publicity, from)).due);
    found.add(Hurdle::WorkNotFinished, usize::from(finished.is_none()), None, None, Vec::new());
    found.add(Hurdle::PromiseMissing, usize::from(promise.is_none()), None, None, Vec::new());
    let is_running = ends.is_none_or(|end| as_of <= end);
    let after = ends.map(|end| end.plus_days(1));
    found.add(Hurdle::PublicityOpen, usize::from(is_running), None, after, Vec::new());
    let accounts = accounts::table::of_project(conn, site.id)?;
    let open: Vec<String> =
        accounts.iter().filter(|account| account.closed_on.is_none()).map(|account| account.id.to_string()).collect();
    let balance = accounts::actions::money(conn, site, as_of, None)?.balance;
    found.add(Hurdle::AccountOpen, open.len(), balance, after, open.clone());
    let all = deposits::actions::all(conn, site, None)?;
    let mut held = Vec::new();
    for one in &all {
        let amount = deposits::held(&one.events, as_of)?;
        if amount.is_positive() {
            held.push((one.deposit.id.to_string(), amount));
        }
    }
    let amount = Fen::total(held.iter().map(|(_, amount)| *amount))?;
    found.add(Hurdle::DepositHeld, held.len(), Some(amount), after, held.iter().map(|(id, _)| id.clone()).collect());
    let closed = if open.is_empty() { accounts.iter().filter_map(|account| account.closed_on).max() } else { None };
    let is_last = |event: &&deposits::table::EventRow| event.kind == deposits::DepositEvent::Returned;
    let returned = all.iter().flat_map(|one| &one.events).filter(is_last).map(|event| event.happened_on).max();
    let returned = returned.filter(|_| held.is_empty());
    let stage = |what, by, done_on, not_before| Stage { what, by, done_on, not_before };
    Ok(vec![
        stage("finished", "general_contractor", finished, None),
        stage("closing_promise", "general_contractor", promise, finished),
        stage("closing_publicity", "general_contractor", publicity, finished),
        stage("publicity_over", "general_contractor", ends.filter(|end| *end < as_of), ends),
        stage("account_closing", "bank", closed, after),
        stage("deposit_return", "labour_authority", returned, after),
    ])
}
