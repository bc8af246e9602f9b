//! Who pays a project's arrears, in which order, and the form for what the contractor or the owner paid.

use std::collections::BTreeSet;

use actix_web::web;
use askama::Template;

use super::head::Head;
use crate::base::Fen;
use crate::base::id::{DocumentId, ProjectId, RecordId};
use crate::console::month::can;
use crate::console::month::papers::may_have;
use crate::console::{Frame, Shown, show};
use crate::matters::clearings::{self, ClearingView};
use crate::matters::liability::{self, Liability};
use crate::payroll::outside::table::{self as cleared, ClearedRow};
use crate::payroll::outside::telling;
use crate::web::{Verb, Visit};

#[derive(Template)]
#[template(path = "console/projects/liability.html")]
struct LiabilityPage {
    f: Frame,
    head: Head,
    found: Liability,
    cleared: Vec<ClearedRow>,
    may_pay: bool,
    /// Payments that wait for a second person.
    waiting: Vec<ClearingView>,
    /// Papers that the visitor may have.
    papers: Vec<DocumentId>,
    may_decide: bool,
    /// The payments that the visitor may confirm.
    may_confirm: BTreeSet<RecordId>,
}

impl LiabilityPage {
    fn is_own(&self, told: &ClearingView) -> bool {
        self.f.visit.ctx.scope.user == Some(told.told_by)
    }

    /// Nobody of the side that told a payment confirms it.
    fn may_confirm(&self, told: &ClearingView) -> bool {
        self.may_confirm.contains(&told.id)
    }

    fn may_open(&self, told: &ClearingView) -> bool {
        self.papers.contains(&told.document_id)
    }

    fn total(&self, told: &ClearingView) -> Fen {
        Fen::total(told.items.iter().map(|item| item.amount)).unwrap_or(Fen::ZERO)
    }
}

pub(super) async fn page(visit: Visit, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let page = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, id)?;
            let may_name = can(conn, visit, id, Verb::ReadWorkers);
            let found = liability::of_project(conn, &visit.ctx, &site, may_name, visit.ctx.today)?;
            let cleared = cleared::of_project(conn, site.id)?;
            let may_pay = can(conn, visit, id, Verb::PayWages);
            let mut waiting = clearings::of_project(conn, &site, visit.ctx.today)?;
            waiting.retain(|one| one.step.is_none());
            let named: Vec<DocumentId> = waiting.iter().map(|one| one.document_id).collect();
            let papers = may_have(conn, visit, id, &named)?;
            let may_decide = can(conn, visit, id, Verb::RecordFacts);
            let mut may_confirm = BTreeSet::new();
            for one in &waiting {
                if may_decide && telling::may_confirm(conn, &visit.ctx, &site, one.payer, one.told_by)? {
                    may_confirm.insert(one.id);
                }
            }
            Ok(LiabilityPage { f: Frame::of(visit), head, found, cleared, may_pay, waiting, papers, may_decide, may_confirm })
        })
        .await?;
    show(&page)
}
