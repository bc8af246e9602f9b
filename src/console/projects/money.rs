//! Money in and out of a project's wage account: balances, months as bars, the latest entries with what each was for.

use std::collections::BTreeMap;

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use super::head::Head;
use crate::accounts::reconciling::{self, Reconciliation};
use crate::accounts::table::{self as accounts, AccountRow, EntryRow};
use crate::accounts::{Direction, EntryStatus, Purpose};
use crate::base::id::ProjectId;
use crate::base::person::masked;
use crate::base::{Fen, Month};
use crate::console::month::can;
use crate::console::{Frame, Shown, show};
use crate::labour_cost::forecast::{Outlook, Point, forecast};
use crate::labour_cost::progress::{self, OwnerRules};
use crate::labour_cost::{Split, gather};
use crate::ledger::{self, LedgerAccount};
use crate::matters::{self, Matter, MatterKind};
use crate::settlement::doubts;
use crate::web::{Problem, Verb, Visit};

/// Entries of a page.
const PAGE: i64 = 50;

/// Months that the picture shows.
const MONTHS: i32 = 12;

/// Height of the picture's bars.
const HEIGHT: i64 = 120;

#[derive(Deserialize)]
pub(super) struct Query {
    before: Option<i64>,
}

/// A month's money.
#[derive(Default)]
struct Flow {
    labour_cost: Fen,
    other_in: Fen,
    wages: Fen,
    other_out: Fen,
}

/// A day of the forecast in its picture.
struct Dot {
    point: Point,
    x: i64,
    /// Upper edge and height of the bar; it hangs below the axis where money is missing.
    y: i64,
    high: i64,
}

/// Width of the forecast's picture for each day on which something comes or goes.
const DOT_WIDTH: i64 = 72;

/// The forecast's days as bars on an axis at [`HEIGHT`].
fn dots(outlook: &Outlook) -> Vec<Dot> {
    let most = outlook.points.iter().map(|point| point.left.0.saturating_abs()).max().unwrap_or(1).max(1);
    let scale = |amount: i64| i64::try_from(i128::from(amount) * i128::from(HEIGHT) / i128::from(most)).unwrap_or(HEIGHT);
    let dot = |(point, index): (&Point, i64)| {
        let high = scale(point.left.0.saturating_abs());
        let y = if point.left < Fen::ZERO { HEIGHT } else { HEIGHT - high };
        Dot { point: point.clone(), x: index * DOT_WIDTH + 10, y, high }
    };
    outlook.points.iter().zip(0..).map(dot).collect()
}

/// A month in the picture.
struct Bar {
    month: Month,
    flow: Flow,
    x: i64,
    high_in: i64,
    high_out: i64,
}

#[derive(Template)]
#[template(path = "console/projects/money.html")]
struct MoneyPage {
    f: Frame,
    head: Head,
    accounts: Vec<AccountRow>,
    holdings: Vec<(&'static str, &'static str, Fen)>,
    reconciled: Vec<Reconciliation>,
    bars: Vec<Bar>,
    entries: Vec<EntryRow>,
    next: Option<i64>,
    may_feed: bool,
    may_open: bool,
    outlook: Outlook,
    dots: Vec<Dot>,
    split: Split,
    rules: OwnerRules,
    /// Freezes that stand.
    freezes: Vec<Matter>,
    /// Entries that nobody has explained.
    doubts: usize,
}

impl MoneyPage {
    fn width(&self) -> i64 {
        i64::try_from(self.dots.len()).unwrap_or(1).max(1) * DOT_WIDTH + 20
    }

    fn number(&self, account: &AccountRow) -> String {
        let sub = if account.sub_ledger.is_empty() { String::new() } else { format!("-{}", account.sub_ledger) };
        format!("{}{sub}", masked(&account.number, 4, 4))
    }

    /// Why an entry counts in no balance, in both languages.
    fn aside(&self, entry: &EntryRow) -> Option<(&'static str, &'static str)> {
        match entry.status {
            _ if entry.counted_in.is_some() => Some(("合计或明细另笔已计", "counted in its sum, or in its single entries")),
            _ if entry.voided_by.is_some() => Some(("文件已作废，不计", "its file is voided, not counted")),
            EntryStatus::Booked => None,
            EntryStatus::Pending => Some(("银行未入账，不计", "not booked by the bank yet, not counted")),
            EntryStatus::Information => Some(("仅供参考，不计", "for information, not counted")),
        }
    }

    fn badge(&self, entry: &EntryRow) -> &'static str {
        match entry.purpose {
            Purpose::Unexplained => "unknown",
            Purpose::ForeignDebit => "bad",
            Purpose::PayReturn => "warn",
            _ => "plain",
        }
    }
}

/// What of the ledger people ask for, each with the sign that makes the usual case positive.
const HOLDINGS: &[(LedgerAccount, bool, &str, &str)] = &[
    (LedgerAccount::Bank, false, "专户账面余额", "On the wage account"),
    (LedgerAccount::LabourCost, true, "累计拨入人工费用", "Labour cost paid in so far"),
    (LedgerAccount::WagesPayable, true, "应付未付工资", "Wages payable"),
    (LedgerAccount::PayInTransit, true, "在途代发", "Pay in transit"),
    (LedgerAccount::Refunds, true, "待核对退回款", "Refunds that wait to be matched"),
    (LedgerAccount::ForeignDebit, false, "非工资支出", "Debits that are not wages"),
    (LedgerAccount::Unexplained, true, "待查明收入", "Money in that nothing explains"),
];

fn holdings(balances: &[(LedgerAccount, Fen)]) -> Vec<(&'static str, &'static str, Fen)> {
    let of = |wanted: LedgerAccount| balances.iter().find(|(account, _)| *account == wanted).map_or(Fen::ZERO, |(_, sum)| *sum);
    let shown = HOLDINGS.iter().map(|(account, is_turned, zh, en)| {
        let sum = of(*account);
        (*zh, *en, if *is_turned { sum.negated() } else { sum })
    });
    shown.collect()
}

impl Flow {
    fn add(&mut self, direction: Direction, purpose: Purpose, amount: Fen) -> Result<(), Problem> {
        let place = match (direction, purpose) {
            (Direction::Credit, Purpose::LabourCost) => &mut self.labour_cost,
            (Direction::Credit, _) => &mut self.other_in,
            (Direction::Debit, Purpose::PayRun | Purpose::WorkerPay) => &mut self.wages,
            (Direction::Debit, _) => &mut self.other_out,
        };
        *place = place.plus(amount)?;
        Ok(())
    }
}

pub(super) async fn page(visit: Visit, project: web::Path<ProjectId>, query: web::Query<Query>) -> Shown {
    let (id, before) = (project.into_inner(), query.before.unwrap_or(i64::MAX));
    let (head, rows, reconciled, balances, flows, entries, may_feed, may_open, (outlook, split, rules, freezes, doubts)) = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, id)?;
            let today = visit.ctx.today;
            let outlook = forecast(gather::position(conn, &visit.ctx, &site, today)?)?;
            let split = gather::split(conn, &visit.ctx, &site, today)?;
            let mut freezes = matters::actions::all(conn, &visit.ctx, &site, today)?;
            freezes.retain(|matter| matter.kind == MatterKind::AccountFreeze && matter.is_open());
            let since = visit.ctx.today.month().plus(1 - MONTHS).first();
            Ok((
                head,
                accounts::of_project(conn, site.id)?,
                reconciling::of_project(conn, &site, visit.ctx.today)?,
                ledger::table::balances(conn, site.id, visit.ctx.today, None)?,
                accounts::flows(conn, site.id, since)?,
                accounts::entries_back(conn, site.id, before, PAGE)?,
                can(conn, visit, id, Verb::FeedBank),
                can(conn, visit, id, Verb::OpenAccounts),
                (
                    outlook,
                    split,
                    progress::of_project(conn, &visit.ctx, &site, today)?,
                    freezes,
                    doubts::open(conn, site.id)?.len(),
                ),
            ))
        })
        .await?;
    let this_month = visit.ctx.today.month();
    let mut months: BTreeMap<Month, Flow> =
        this_month.plus(1 - MONTHS).up_to(this_month).map(|month| (month, Flow::default())).collect();
    for flow in flows {
        months.entry(flow.booked_on.month()).or_default().add(flow.direction, flow.purpose, flow.amount_fen)?;
    }
    let sums = |flow: &Flow| (flow.labour_cost.0.saturating_add(flow.other_in.0), flow.wages.0.saturating_add(flow.other_out.0));
    let most = months.values().map(sums).map(|(taken, given)| taken.max(given)).max().unwrap_or(1).max(1);
    let high = |amount: i64| i64::try_from(i128::from(amount) * i128::from(HEIGHT) / i128::from(most)).unwrap_or(HEIGHT);
    let bars = months.into_iter().zip(0..).map(|((month, flow), index)| {
        let (taken, given) = sums(&flow);
        Bar { month, x: index * 60 + 10, high_in: high(taken), high_out: high(given), flow }
    });
    let is_full = entries.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
    let next = entries.last().map(|entry| entry.id.0).filter(|_| is_full);
    let bars = bars.collect();
    let dots = dots(&outlook);
    show(&MoneyPage {
        f: Frame::of(&visit),
        head,
        accounts: rows,
        holdings: holdings(&balances),
        reconciled,
        bars,
        entries,
        next,
        may_feed,
        may_open,
        outlook,
        dots,
        split,
        rules,
        freezes,
        doubts,
    })
}
