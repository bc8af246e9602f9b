//! Entries of the bank that a person must look at, and the two steps by which two persons say what each of them is.

use actix_web::web;
use askama::Template;

use super::head::Head;
use crate::base::id::{ProjectId, RecordId};
use crate::console::month::{can, evidence};
use crate::console::{Frame, Shown, done, show};
use crate::documents::DocumentKind;
use crate::projects;
use crate::settlement::doubts::answering::{self, NewAnswer};
use crate::settlement::doubts::http::{DoubtView, views};
use crate::settlement::doubts::{DoubtAnswer, DoubtKind};
use crate::web::{Form, Verb, Visit};

/// Entries that the page shows.
const SHOWN: usize = 100;

#[derive(Template)]
#[template(path = "console/projects/doubts.html")]
struct DoubtsPage {
    f: Frame,
    head: Head,
    doubts: Vec<DoubtView>,
    may_feed: bool,
}

impl DoubtsPage {
    fn is_refund(&self, doubt: &DoubtView) -> bool {
        doubt.kind == DoubtKind::RefundWaits
    }

    fn is_surplus(&self, doubt: &DoubtView) -> bool {
        doubt.kind == DoubtKind::RefundedAgain
    }
}

pub(super) async fn page(visit: Visit, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let page = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, id)?;
            let may_name = can(conn, visit, id, Verb::ReadWorkers);
            let mut doubts = views(conn, &site, may_name)?;
            doubts.truncate(SHOWN);
            let may_feed = visit.able(Verb::FeedBank).is_some_and(|ctx| projects::enter(conn, &ctx.scope, id).is_ok());
            Ok(DoubtsPage { f: Frame::of(visit), head, doubts, may_feed })
        })
        .await?;
    show(&page)
}

pub(super) async fn ask(form: Form, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let doubt: RecordId = form.parse("doubt")?;
    let answer: DoubtAnswer = form.parse("answer")?;
    let payment = if answer == DoubtAnswer::RefundOfLine { Some(form.required("payment")?.to_owned()) } else { None };
    let entry = if answer == DoubtAnswer::TakenBack { Some(form.required("entry")?.to_owned()) } else { None };
    let note = form.required("note")?.to_owned();
    let paper = evidence::uploaded(&form, "file", DocumentKind::Other).filter(|_| answer == DoubtAnswer::NoWageRefund);
    form.write(Verb::FeedBank, move |tx, ctx| {
        let site = projects::enter(tx.conn(), &ctx.scope, id)?;
        let document = evidence::kept(tx, ctx, &site, paper.as_ref())?;
        let (payment, entry) = (payment.clone(), entry.clone());
        let new = NewAnswer { answer, payment, entry, document, note: note.clone() };
        answering::ask(tx, ctx, &site, doubt, &new)
    })
    .await?;
    done(&format!("/projects/{id}/doubts"), "void_asked", 1)
}

pub(super) async fn decide(form: Form, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let (doubt, note): (RecordId, String) = (form.parse("doubt")?, form.required("note")?.to_owned());
    let approves = form.required("approves")? == "yes";
    form.write(Verb::FeedBank, move |tx, ctx| {
        let site = projects::enter(tx.conn(), &ctx.scope, id)?;
        answering::decide(tx, ctx, &site, doubt, approves, &note)
    })
    .await?;
    done(&format!("/projects/{id}/doubts"), "void_decided", 1)
}
