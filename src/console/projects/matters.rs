//! Matters of a project's wage money: what was done, what is to be done by whom and when, and the forms for it.

use actix_web::web;
use askama::Template;

use super::head::Head;
use crate::accounts::table::EntryRow;
use crate::base::Fen;
use crate::base::id::{DepositId, DocumentId, LineId, ProjectId, SheetId};
use crate::console::month::can;
use crate::console::month::papers::may_have;
use crate::console::{Frame, Shown, show};
use crate::law::questions::warning::FreezeReason;
use crate::matters::{Matter, MatterKind, Step, actions, freezes, liability, takers};
use crate::payroll::SheetState;
use crate::payroll::outside::notices::{self, NoticeWord};
use crate::web::{Role, Verb, Visit};
use crate::{deposits, payroll};

/// Sheets that a request may be about: the latest ones.
const SHEETS: i64 = 200;

struct Owed {
    line: LineId,
    name: Option<String>,
    amount: Fen,
}

#[derive(Template)]
#[template(path = "console/projects/matters.html")]
struct MattersPage {
    f: Frame,
    head: Head,
    matters: Vec<Matter>,
    sheets: Vec<(SheetId, String)>,
    deposits: Vec<(DepositId, String)>,
    reasons: &'static [FreezeReason],
    /// Debits that may have been taken for a claim, each with what of it did not come back.
    seized: Vec<(EntryRow, Fen)>,
    /// Lines that the deposit may be ordered to pay.
    owed: Vec<Owed>,
    may_record: bool,
    may_handle: bool,
    /// What the visitor is on this project.
    roles: Vec<Role>,
    /// Papers that the visitor may have.
    papers: Vec<DocumentId>,
}

impl MattersPage {
    fn may_open(&self, document: &DocumentId) -> bool {
        self.papers.contains(document)
    }

    fn may_take(&self, matter: &Matter) -> bool {
        !self.steps_of(matter).is_empty()
    }

    /// The steps that are the visitor's to take, by a door that is open to them.
    fn steps_of(&self, matter: &Matter) -> Vec<Step> {
        let is_open = |step: Step| {
            self.may_record && matter.kind.is_at_door(step, false) || self.may_handle && matter.kind.is_at_door(step, true)
        };
        let own = |step: &Step| is_open(*step) && takers::may_take(&self.roles, matter.kind, *step);
        matter.takes().into_iter().filter(own).collect()
    }

    /// The matters of the deposit that are the visitor's to begin.
    fn begins(&self) -> Vec<MatterKind> {
        let own = |kind: &&MatterKind| kind.first().iter().any(|step| takers::may_take(&self.roles, **kind, *step));
        MatterKind::ALL.iter().filter(|kind| kind.is_of_deposit()).filter(own).copied().collect()
    }

    fn action(&self, matter: &Matter) -> String {
        let tail = if matter.kind.is_of_deposit() || !self.may_record { "deposit-matters" } else { "matters" };
        format!("/projects/{}/{tail}/steps", self.head.id)
    }

    fn badge(&self, matter: &Matter) -> &'static str {
        match matter.due_on() {
            _ if !matter.is_open() => "plain",
            Some(due) if due < self.f.today() => "bad",
            Some(_) => "warn",
            None => "unknown",
        }
    }

    /// Whether a step names lines: those of a notice, those that the bank paid.
    fn names_lines(&self, matter: &Matter) -> bool {
        self.steps_of(matter).iter().any(|step| matches!(step, Step::NoticeServed | Step::PaidOut | Step::SurplusSettled))
    }

    fn is_payment(&self, step: &Step) -> bool {
        *step == Step::PaidOut
    }

    fn has_letter(&self, matter: &Matter) -> bool {
        super::letter::is_written(matter.kind)
    }

    fn asks_for_reason(&self, matter: &Matter) -> bool {
        self.steps_of(matter).contains(&Step::ReasonFound)
    }

    fn is_statement(&self, matter: &Matter) -> bool {
        matter.kind == MatterKind::DepositStatement
    }

    fn is_freeze(&self, matter: &Matter) -> bool {
        matter.kind == MatterKind::AccountFreeze
    }
}

pub(super) async fn page(visit: Visit, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let page = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, id)?;
            let today = visit.ctx.today;
            let matters = actions::all(conn, &visit.ctx, &site, today)?;
            let sheets = payroll::table::sheets(conn, site.id, 0, SHEETS)?;
            let open = sheets.into_iter().filter(|sheet| !matches!(sheet.state, SheetState::Draft | SheetState::Closed));
            let sheets = open.map(|sheet| (sheet.id, format!("{} #{} {}", sheet.month, sheet.part, sheet.total_fen))).collect();
            let all = deposits::actions::all(conn, &site, None)?;
            let named = all.iter().map(|one| (one.deposit.id, format!("{} {}", one.deposit.issuer, one.deposit.amount_fen)));
            let (may_record, may_handle) = (can(conn, visit, id, Verb::RecordFacts), can(conn, visit, id, Verb::StepDeposits));
            let roles = takers::roles_on(conn, &visit.ctx, &site)?;
            let mut owed = Vec::new();
            if may_handle && matters.iter().any(|matter| matter.kind == MatterKind::DepositOrder && !matter.takes().is_empty()) {
                let may_name = can(conn, visit, id, Verb::ReadWorkers);
                let found = liability::of_project(conn, &visit.ctx, &site, may_name, today)?;
                owed.extend(found.lines.into_iter().map(|one| Owed { line: one.line, name: one.name, amount: one.arrears }));
                // What a notice named and is owed no more may have been paid by the bank all the same.
                let listed: std::collections::BTreeSet<LineId> = owed.iter().map(|one: &Owed| one.line).collect();
                for named in notices::of_project(conn, site.id)? {
                    if named.word == NoticeWord::Named && !listed.contains(&named.line_id) {
                        owed.push(Owed { line: named.line_id, name: None, amount: named.amount_fen });
                    }
                }
            }
            let steps = matters.iter().flat_map(|matter| &matter.steps);
            let papers: Vec<DocumentId> = steps.filter_map(|step| step.document_id).collect();
            let papers = may_have(conn, visit, id, &papers)?;
            let may_see_money = can(conn, visit, id, Verb::ReadMoney);
            let seized = if may_see_money { freezes::unanswered(conn, &site, &matters, today)? } else { Vec::new() };
            Ok(MattersPage {
                papers,
                f: Frame::of(visit),
                head,
                matters,
                sheets,
                deposits: named.collect(),
                reasons: FreezeReason::ALL,
                seized,
                owed,
                may_record,
                may_handle,
                roles,
            })
        })
        .await?;
    show(&page)
}
