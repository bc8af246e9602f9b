//! The forms by which two persons set a refusal aside.

use actix_web::web;

use crate::base::id::{AnswerId, ProjectId, RecordId};
use crate::console::{Shown, done};
use crate::gates::overriding::OverrideVerdict;
use crate::gates::overriding::actions::{self, NewOverride};
use crate::projects;
use crate::web::{Form, Verb};

pub(super) async fn ask(form: Form, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let answer: AnswerId = form.parse("answer")?;
    let new = NewOverride {
        answer,
        reason: form.required("reason")?.to_owned(),
        legal_ground: form.required("legal_ground")?.to_owned(),
        until_on: form.parse("until_on")?,
    };
    form.write(Verb::OverrideGates, move |tx, ctx| {
        let site = projects::enter(tx.conn(), &ctx.scope, id)?;
        actions::ask(tx, ctx, &site, &new)
    })
    .await?;
    done(&format!("/gates/answers/{answer}"), "override_asked", 1)
}

pub(super) async fn decide(form: Form, path: web::Path<(ProjectId, RecordId)>) -> Shown {
    let (project, id) = path.into_inner();
    let answer: AnswerId = form.parse("answer")?;
    let verdict: OverrideVerdict = form.parse("verdict")?;
    let note = form.required("note")?.to_owned();
    form.write(Verb::OverrideGates, move |tx, ctx| {
        let site = projects::enter(tx.conn(), &ctx.scope, project)?;
        actions::decide(tx, ctx, &site, id, verdict, &note)
    })
    .await?;
    done(&format!("/gates/answers/{answer}"), "override_decided", 1)
}
