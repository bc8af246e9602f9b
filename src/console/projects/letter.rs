//! The letter of a matter, to be printed: the request for missing labour cost to the owner (R53-13), the objection to a freeze (R53-08b).
//!
//! Deliberately absent: sending it. A letter with a stamp is what owners and courts act on.

use actix_web::web;
use askama::Template;

use super::head::Head;
use crate::accounts;
use crate::accounts::table::AccountRow;
use crate::base::Month;
use crate::base::id::{MatterId, ProjectId, SheetId};
use crate::console::{Frame, Shown, show};
use crate::matters::table::StepRow;
use crate::matters::{MatterKind, actions};
use crate::payroll;
use crate::projects::PartyRole;
use crate::web::{Problem, Visit};

#[derive(Template)]
#[template(path = "console/projects/letter.html")]
struct LetterPage {
    f: Frame,
    head: Head,
    id: MatterId,
    is_shortage: bool,
    first: StepRow,
    owner: Option<String>,
    contractor: Option<String>,
    month: Option<Month>,
    accounts: Vec<AccountRow>,
    rule: &'static str,
    citation: String,
}

/// Whether a matter has a letter.
pub(super) fn is_written(kind: MatterKind) -> bool {
    matches!(kind, MatterKind::Shortage | MatterKind::AccountFreeze)
}

pub(super) async fn page(visit: Visit, path: web::Path<(ProjectId, MatterId)>) -> Shown {
    let (project, id) = path.into_inner();
    let page = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, project)?;
            let matter = actions::one(conn, &visit.ctx, &site, id)?;
            let first = matter.begun().filter(|_| is_written(matter.kind)).cloned().ok_or_else(Problem::not_found)?;
            let named = |role: PartyRole| head.parties.iter().find(|(own, ..)| *own == role).map(|(.., name)| name.clone());
            let sheet: Option<SheetId> = first.subject.as_deref().and_then(|text| text.parse().ok());
            let month = match sheet {
                Some(sheet) => payroll::table::sheet(conn, site.id, sheet)?.map(|row| row.month),
                None => None,
            };
            let mut accounts = accounts::table::of_project(conn, site.id)?;
            accounts.retain(|account| account.closed_on.is_none_or(|day| day >= first.happened_on));
            let rule = matter.kind.rule();
            let citation = visit.ctx.book().rule(rule).map(|rule| rule.citation.to_string()).unwrap_or_default();
            Ok(LetterPage {
                f: Frame::of(visit),
                is_shortage: matter.kind == MatterKind::Shortage,
                owner: named(PartyRole::Owner),
                contractor: named(PartyRole::GeneralContractor),
                first,
                month,
                accounts,
                rule,
                citation,
                id,
                head,
            })
        })
        .await?;
    show(&page)
}
