//! Deposit calendar: every wage deposit that the visitor may see, by the next day on which something has to happen.

use actix_web::web;
use askama::Template;

use super::{Frame, Shown, show};
use crate::base::id::ProjectId;
use crate::base::{Day, Fen};
use crate::deposits::actions::Lodged;
use crate::deposits::{DepositKind, actions, held};
use crate::law::book::Standing;
use crate::law::questions::guarantee::{self, GuaranteeInput};
use crate::matters::{self, Matter, MatterKind};
use crate::projects::{self, Site};
use crate::web::{Access, Ctx, Route, Verb, Visit};

/// Projects that one look reads at most.
const PROJECTS_MAX: i64 = 300;

/// Pages of this subject.
pub fn routes() -> Vec<Route> {
    vec![Route::page("/deposits", Access::Holds(Verb::ReadMoney), "Wage deposits by their next day", || web::get().to(page))]
}

/// A deposit with the next day that matters.
struct Line {
    project: ProjectId,
    name: String,
    kind: DepositKind,
    held: Fen,
    next_on: Option<Day>,
    /// What happens on it, as a word.
    what: &'static str,
    /// How firmly the law stands that the day follows from.
    standing: Standing,
}

#[derive(Template)]
#[template(path = "console/deposits/page.html")]
struct DepositsPage {
    f: Frame,
    lines: Vec<Line>,
    more: bool,
}

impl DepositsPage {
    fn badge(&self, line: &Line) -> &'static str {
        match line.next_on {
            Some(day) if day < self.f.today() && line.standing == Standing::InForce => "bad",
            Some(_) => "warn",
            None => "plain",
        }
    }

    fn is_settled(&self, line: &Line) -> bool {
        line.standing == Standing::InForce
    }
}

/// When the bank's next statement of money in a deposit account is due, and how firmly the law of it stands; a promise has no account.
fn statement(ctx: &Ctx, site: &Site, lodged: &Lodged, held: Fen, matters: &[Matter], today: Day) -> Option<(Day, Standing)> {
    if !lodged.deposit.kind.is_cash() || !held.is_positive() {
        return None;
    }
    let id = lodged.deposit.id.to_string();
    let told = matters.iter().filter(|matter| matter.kind == MatterKind::DepositStatement).filter_map(Matter::begun);
    let last = told.filter(|step| step.subject.as_deref() == Some(&id)).map(|step| step.happened_on).max();
    let answer = guarantee::next_statement(&ctx.book(), site.region, today, last.unwrap_or(lodged.deposit.lodged_on));
    answer.due.map(|due| (due, answer.grounds.status))
}

async fn page(visit: Visit) -> Shown {
    let page = visit
        .read(move |conn, visit| {
            let (ctx, today) = (&visit.ctx, visit.ctx.today);
            let rows = projects::visible(conn, &ctx.scope, 0, PROJECTS_MAX + 1)?;
            let most = usize::try_from(PROJECTS_MAX).unwrap_or(usize::MAX);
            let more = rows.len() > most;
            let mut lines = Vec::new();
            for row in rows.into_iter().take(most) {
                let site = projects::enter(conn, &ctx.scope, row.id)?;
                let all = actions::all(conn, &site, None)?;
                if all.is_empty() {
                    continue;
                }
                let open = matters::actions::all(conn, ctx, &site, today)?;
                for one in all {
                    let held = held(&one.events, today)?;
                    let id = one.deposit.id.to_string();
                    let own = open.iter().filter(|matter| {
                        matter.kind.is_of_deposit() && matter.begun().is_some_and(|step| step.subject.as_deref() == Some(&id))
                    });
                    let task = own.filter_map(|matter| Some((matter.due_on()?, matter.kind.as_str()))).min();
                    let input = GuaranteeInput { ends_on: one.deposit.ends_on, ..GuaranteeInput::default() };
                    let remind = guarantee::ask(&ctx.book(), site.region, today, &input).remind_on;
                    let renew = remind.filter(|_| held.is_positive()).map(|day| (day, "renew_guarantee"));
                    let next = [task, renew].into_iter().flatten().min();
                    let line = Line {
                        project: site.id,
                        name: String::new(),
                        kind: one.deposit.kind,
                        held,
                        next_on: next.map(|(day, _)| day),
                        what: next.map_or("", |(_, what)| what),
                        standing: Standing::InForce,
                    };
                    let statement = statement(ctx, &site, &one, held, &open, today);
                    let owed = statement.map(|(day, standing)| Line {
                        name: site.name.clone(),
                        next_on: Some(day),
                        what: MatterKind::DepositStatement.as_str(),
                        standing,
                        ..line
                    });
                    // What nothing else happens to stands once.
                    lines.extend(
                        Some(Line { name: site.name.clone(), ..line }).filter(|line| line.next_on.is_some() || owed.is_none()),
                    );
                    lines.extend(owed);
                }
            }
            lines.sort_by_key(|line| (line.next_on.is_none(), line.next_on, line.project));
            Ok(DepositsPage { f: Frame::of(visit), lines, more })
        })
        .await?;
    show(&page)
}
