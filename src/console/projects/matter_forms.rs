//! What the forms of a project's matters do: begin one, take its next step, record a payment outside the wage account,
//! confirm one that somebody else recorded.

use actix_web::web;
use serde_json::json;

use crate::base::Fen;
use crate::base::id::{LineId, MatterId, ProjectId, RecordId};
use crate::console::month::{amount, amount_opt, evidence};
use crate::console::{Shown, done};
use crate::documents::DocumentKind;
use crate::matters::actions::{self, NewStep};
use crate::matters::{MatterKind, Step};
use crate::payroll::outside::telling::{self, ClearingStep};
use crate::payroll::outside::{NewClearing, Payer};
use crate::projects::enter;
use crate::store::journal::sha256;
use crate::web::{Form, Problem, Verb};

fn wrong_door() -> Problem {
    Problem::invalid("请在相应的表单中提交。", "Send the form that belongs to the matter.").at("kind", "bad_format")
}

/// What a form says of a step.
fn step_of(form: &Form, step: Step) -> Result<NewStep, Problem> {
    Ok(NewStep {
        due_on: form.parse_opt("due_on")?,
        amount: amount_opt(form, "amount")?,
        subject: form.text("subject").map(str::to_owned),
        reason: form.text("reason").map(str::to_owned),
        note: form.text("note").map(str::to_owned),
        reference: form.text("reference").map(str::to_owned),
        lines: lines(form)?,
        ..NewStep::of(step, form.parse("happened_on")?)
    })
}

/// What an uploaded paper stands for in an order, so that the same key with another paper is told apart.
fn digest(form: &Form) -> Option<String> {
    form.file_opt("file").map(|file| sha256(&file.bytes))
}

/// Lines that were ticked, each with the amount that stands beside it.
fn lines(form: &Form) -> Result<Vec<(LineId, Fen)>, Problem> {
    form.all("line")
        .map(|text| {
            let line: LineId = text.parse().map_err(|error| Problem::unreadable("line", &error))?;
            Ok((line, amount(form, &format!("amount-{line}"))?))
        })
        .collect()
}

async fn begin_with(form: Form, id: ProjectId, verb: Verb, of_deposit: bool) -> Shown {
    let kind: MatterKind = form.parse("kind")?;
    if kind.is_of_deposit() != of_deposit {
        return Err(wrong_door());
    }
    let first = form.parse_opt("step")?.or_else(|| kind.first().first().copied());
    let new = step_of(&form, first.ok_or_else(wrong_door)?)?;
    let request = json!({"order": "begin_matter", "project": id, "kind": kind, "day": new.happened_on, "subject": new.subject, "file": digest(&form)});
    let paper = evidence::uploaded(&form, "file", DocumentKind::Other);
    form.order(verb, request, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        let document = evidence::kept(tx, ctx, &site, paper.as_ref())?;
        actions::begin(tx, ctx, &site, kind, &NewStep { document, ..new.clone() })
    })
    .await?;
    done(&format!("/projects/{id}/matters"), "matter_kept", 1)
}

pub(super) async fn begin(form: Form, project: web::Path<ProjectId>) -> Shown {
    begin_with(form, project.into_inner(), Verb::RecordFacts, false).await
}

pub(super) async fn begin_of_deposit(form: Form, project: web::Path<ProjectId>) -> Shown {
    begin_with(form, project.into_inner(), Verb::StepDeposits, true).await
}

async fn take_with(form: Form, project: ProjectId, verb: Verb, of_deposit: bool) -> Shown {
    let (id, step): (MatterId, Step) = (form.parse("matter")?, form.parse("step")?);
    let new = step_of(&form, step)?;
    let request = json!({"order": "take_step", "project": project, "matter": id, "step": step, "day": new.happened_on, "file": digest(&form)});
    let paper = evidence::uploaded(&form, "file", DocumentKind::Other);
    form.order(verb, request, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        if !actions::one(tx.conn(), ctx, &site, id)?.kind.is_at_door(step, of_deposit) {
            return Err(wrong_door());
        }
        let document = evidence::kept(tx, ctx, &site, paper.as_ref())?;
        actions::take(tx, ctx, &site, id, &NewStep { document, ..new.clone() })
    })
    .await?;
    done(&format!("/projects/{project}/matters#{id}"), "matter_kept", 1)
}

pub(super) async fn take(form: Form, project: web::Path<ProjectId>) -> Shown {
    take_with(form, project.into_inner(), Verb::RecordFacts, false).await
}

pub(super) async fn take_of_deposit(form: Form, project: web::Path<ProjectId>) -> Shown {
    take_with(form, project.into_inner(), Verb::StepDeposits, true).await
}

pub(super) async fn clear(form: Form, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let payer: Payer = form.parse("payer")?;
    if payer == Payer::Deposit {
        return Err(wrong_door());
    }
    let reference = form.required("reference")?.to_owned();
    let new =
        NewClearing { payer, reference, paid_on: form.parse("paid_on")?, document: None, items: lines(&form)?, from_cash: false };
    let count = new.items.len();
    let request = json!({
        "order": "clear_lines", "project": id, "payer": payer, "reference": new.reference, "paid_on": new.paid_on,
        "file": digest(&form),
        "items": new.items.iter().map(|(line, amount)| json!([line, amount])).collect::<Vec<_>>(),
    });
    let paper = evidence::uploaded(&form, "file", DocumentKind::Other);
    form.order(Verb::PayWages, request, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        let document = evidence::kept(tx, ctx, &site, paper.as_ref())?;
        telling::tell(tx, ctx, &site, &NewClearing { document, ..new.clone() })
    })
    .await?;
    done(&format!("/projects/{id}/liability"), "lines_told", count)
}

pub(super) async fn decide_clearing(form: Form, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let (clearing, step): (RecordId, ClearingStep) = (form.parse("clearing")?, form.parse("step")?);
    let note = form.text("note").unwrap_or_default().to_owned();
    form.write(Verb::RecordFacts, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        telling::decide(tx, ctx, &site, clearing, step, &note)
    })
    .await?;
    done(&format!("/projects/{id}/liability"), "clearing_decided", 1)
}
