//! Wage deposits of a project: what each secures, until when, and what happened to it.

use actix_web::web;
use askama::Template;

use super::head::Head;
use crate::base::id::{DocumentId, ProjectId};
use crate::base::{Day, Fen};
use crate::console::month::can;
use crate::console::month::papers::may_have;
use crate::console::{Frame, Shown, show};
use crate::deposits::DepositKind;
use crate::deposits::actions::{self, Lodged};
use crate::deposits::held;
use crate::matters::adequacy::{self, Adequacy};
use crate::web::{Problem, Verb, Visit};

struct Deposit {
    lodged: Lodged,
    held: Fen,
    adequacy: Option<Adequacy>,
}

impl Deposit {
    /// What its end means today; `soon_days` before it people are reminded (R65-17). What secures nothing any more has no end to fear.
    fn badge(&self, today: Day, soon_days: i64) -> &'static str {
        match self.lodged.deposit.ends_on {
            _ if !self.held.is_positive() => "plain",
            Some(end) if end < today => "bad",
            Some(end) if end.days_since(today) <= soon_days => "warn",
            _ => "good",
        }
    }
}

#[derive(Template)]
#[template(path = "console/projects/deposit.html")]
struct DepositPage {
    f: Frame,
    head: Head,
    deposits: Vec<Deposit>,
    held: Fen,
    /// Papers that the visitor may have.
    open: Vec<DocumentId>,
    may_handle: bool,
    /// Each form, whether the place admits it today, and where that is written.
    forms: Vec<(DepositKind, Option<(bool, String)>)>,
}

impl DepositPage {
    fn may_open(&self, document: &DocumentId) -> bool {
        self.open.contains(document)
    }

    fn badge(&self, deposit: &Deposit) -> &'static str {
        let ctx = &self.f.visit.ctx;
        deposit.badge(ctx.today, ctx.ground.settings.upkeep.expiry_days)
    }
}

pub(super) async fn page(visit: Visit, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let (head, lodged, total, open, may_handle, judged, forms) = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, id)?;
            let total = actions::held_on(conn, &site, visit.ctx.today, None)?;
            let may_handle = can(conn, visit, id, Verb::HandleDeposits);
            let lodged = actions::all(conn, &site, None)?;
            let papers: Vec<DocumentId> = lodged.iter().filter_map(|one| one.deposit.document_id).collect();
            let open = may_have(conn, visit, id, &papers)?;
            let judged = adequacy::of_project(conn, &visit.ctx, &site)?;
            let admitted = |kind: &DepositKind| (*kind, kind.form().admitted(&visit.ctx.book(), site.region, visit.ctx.today));
            let forms = DepositKind::ALL.iter().map(admitted).collect();
            Ok((head, lodged, total, open, may_handle, judged, forms))
        })
        .await?;
    let today = visit.ctx.today;
    let deposits: Result<Vec<Deposit>, Problem> = lodged
        .into_iter()
        .map(|one| {
            let adequacy = judged.iter().find(|judged| judged.deposit == one.deposit.id).cloned();
            Ok(Deposit { held: held(&one.events, today)?, lodged: one, adequacy })
        })
        .collect();
    show(&DepositPage { f: Frame::of(&visit), head, deposits: deposits?, held: total, open, may_handle, forms })
}
