//! `/api/v1/amendments` and `/api/v1/law-files`.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::actions::{self, Amendment, Change, Proposal};
use super::{AmendmentKind, AmendmentState, Verdict, may_see, place_of};
use crate::base::id::{AmendmentId, UserId};
use crate::base::{Moment, RegionCode};
use crate::law::book::{Difference, Turn};
use crate::law::decision::Policy;
use crate::store::{AnyConn, StoreError};
use crate::users;
use crate::web::paging::{Page, PageQuery};
use crate::web::{Access, Body, Call, Ground, Problem, Route, Verb};

/// The slice's routes.
pub fn routes() -> Vec<Route> {
    let (propose, approve) = (Access::Holds(Verb::ProposeLaw), Access::Holds(Verb::ApproveLaw));
    vec![
        Route::get("/api/v1/law-files", propose, "The law files in force, and the text of one", || web::get().to(files))
            .query(&[("file", "name of the file whose text is wanted")])
            .gives::<LawFiles>(),
        Route::post("/api/v1/amendments", propose, "Propose a change of law, of a region's rules or of the policy", || {
            web::post().to(propose_one)
        })
        .takes::<ProposeAmendment>()
        .creates::<AmendmentView>(),
        Route::get("/api/v1/amendments", approve, "Proposals, the latest first", || web::get().to(list))
            .query(&[("after", "cursor of the last page"), ("limit", "rows, 1 to 200")])
            .gives::<Page<AmendmentView>>(),
        Route::get("/api/v1/amendments/{amendment}", approve, "One proposal with what it changes", || web::get().to(one))
            .gives::<AmendmentView>(),
        Route::post("/api/v1/amendments/{amendment}/approve", approve, "Put it in force, as a second person", || {
            web::post().to(approve_one)
        })
        .takes::<DecideAmendment>()
        .gives::<AmendmentView>(),
        Route::post("/api/v1/amendments/{amendment}/reject", approve, "Turn it down, as a second person", || {
            web::post().to(reject_one)
        })
        .takes::<DecideAmendment>()
        .gives::<AmendmentView>(),
        Route::post("/api/v1/amendments/{amendment}/withdraw", propose, "Take back one's own", || web::post().to(withdraw_one))
            .takes::<DecideAmendment>()
            .gives::<AmendmentView>(),
    ]
}

/// A change to be proposed: a file with its whole new text, or the policy's switches.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeAmendment {
    /// What is changed.
    kind: AmendmentKind,
    /// Name of the law file, for `law` and `region`.
    file: Option<String>,
    /// Its whole new text.
    wording: Option<String>,
    /// The operator's rules, for `policy`.
    policy: Option<PolicySwitches>,
    /// Why.
    reason: String,
    /// The document or legal ground.
    document: String,
    /// `active` as the proposer saw it.
    seen: i64,
}

/// The operator's own rules.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicySwitches {
    /// Arrears of owner or contractor on any project block a permit.
    permit_gate: bool,
    /// Arrears on a project block its completion acceptance.
    completion_gate: bool,
}

/// A decision's note; a rejection needs one.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideAmendment {
    /// Why.
    #[serde(default)]
    note: String,
}

/// One entry that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EntryChange {
    /// Which entry.
    pub entry: String,
    /// added, changed or removed.
    pub turn: String,
    /// How it read.
    pub before: Option<String>,
    /// How it would read.
    pub after: Option<String>,
}

impl From<Difference> for EntryChange {
    fn from(one: Difference) -> Self {
        let turn = match one.turn {
            Turn::Added => "added",
            Turn::Changed => "changed",
            Turn::Removed => "removed",
        };
        Self { entry: one.entry, turn: turn.to_owned(), before: one.before, after: one.after }
    }
}

/// A proposal as shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Amendment)]
pub struct AmendmentView {
    id: AmendmentId,
    kind: AmendmentKind,
    state: AmendmentState,
    file: Option<String>,
    region: Option<RegionCode>,
    /// The whole new text; `null` in lists.
    wording: Option<String>,
    policy: Option<PolicySwitches>,
    reason: String,
    document: String,
    /// Entries of the law book that are added, changed or removed.
    changes: Vec<EntryChange>,
    /// Number of the last amendment in force that the proposer saw.
    seen: i64,
    /// Hash of the resulting law book.
    law_book: String,
    proposed_by: UserId,
    proposed_by_name: String,
    proposed_at: Moment,
    verdict: Option<Verdict>,
    note: Option<String>,
    decided_by: Option<UserId>,
    decided_by_name: Option<String>,
    /// Moment of the decision; since then an approved one is in force.
    decided_at: Option<Moment>,
    /// Its number among the amendments in force.
    activation: Option<i64>,
}

fn name_of(conn: &mut AnyConn, user: UserId) -> Result<String, StoreError> {
    Ok(users::table::find(conn, user)?.map(|row| row.name).unwrap_or_default())
}

fn view(conn: &mut AnyConn, amendment: Amendment) -> Result<AmendmentView, Problem> {
    let changes = amendment.changes().into_iter().map(EntryChange::from).collect();
    let Amendment { row, decision } = amendment;
    let decided_by = decision.as_ref().map(|one| one.decided_by);
    let policy = row.permit_gate.zip(row.completion_gate);
    Ok(AmendmentView {
        id: row.id,
        kind: row.kind,
        state: decision.as_ref().map(|one| one.verdict).into(),
        file: row.file,
        region: row.region,
        wording: row.wording,
        policy: policy.map(|(permit_gate, completion_gate)| PolicySwitches { permit_gate, completion_gate }),
        reason: row.reason,
        document: row.document,
        changes,
        seen: row.seen,
        law_book: row.law_book,
        proposed_by: row.proposed_by,
        proposed_by_name: name_of(conn, row.proposed_by)?,
        proposed_at: row.proposed_at,
        verdict: decision.as_ref().map(|one| one.verdict),
        decided_by,
        decided_by_name: decided_by.map(|user| name_of(conn, user)).transpose()?,
        decided_at: decision.as_ref().map(|one| one.decided_at),
        activation: decision.as_ref().and_then(|one| one.activation),
        note: decision.map(|one| one.note),
    })
}

/// The law files in force.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LawFiles {
    /// Number of the last amendment in force: what a proposal names as `seen`.
    active: i64,
    /// Hash of the law book in force.
    law_book: String,
    policy: PolicySwitches,
    /// Names of the files.
    files: Vec<String>,
    /// The file that was asked for.
    file: Option<String>,
    /// Its text.
    wording: Option<String>,
}

#[derive(Deserialize)]
struct FileQuery {
    file: Option<String>,
}

/// Brings this instance up to date, off the event loop; a failure is the worker's to mend.
async fn follow(ground: &Arc<Ground>) {
    let ground = Arc::clone(ground);
    if let Ok(Err(error)) = tokio::task::spawn_blocking(move || actions::refresh(&ground)).await {
        tracing::warn!(problem.detail = %error, "the law in force could not be read again");
    }
}

async fn files(call: Call, query: web::Query<FileQuery>) -> Result<impl Responder, Problem> {
    follow(&call.ctx.ground).await;
    let file = query.into_inner().file;
    call.read(move |_, ctx| {
        let law = ctx.ground.in_force();
        let shown = |name: &str| place_of(name).is_some_and(|(_, region)| may_see(&ctx.scope, region));
        let files: Vec<String> = law.files.iter().map(|(name, _)| name.clone()).filter(|name| shown(name)).collect();
        let wording = match &file {
            None => None,
            Some(file) => {
                let text = law.files.iter().find(|(name, _)| name == file && shown(name)).map(|(_, text)| text.clone());
                Some(text.ok_or_else(Problem::not_found)?)
            }
        };
        let Policy { permit_gate, completion_gate } = law.policy;
        let policy = PolicySwitches { permit_gate, completion_gate };
        Ok(LawFiles { active: law.activation, law_book: law.book.hash().to_owned(), policy, files, file, wording })
    })
    .await
}

impl TryFrom<ProposeAmendment> for Proposal {
    type Error = Problem;

    fn try_from(body: ProposeAmendment) -> Result<Self, Problem> {
        let ProposeAmendment { kind, file, wording, policy, reason, document, seen } = body;
        let change = match (file, wording, policy) {
            (Some(file), Some(wording), None) => Change::File { file, wording },
            (None, None, Some(PolicySwitches { permit_gate, completion_gate })) => {
                Change::Policy(Policy { permit_gate, completion_gate })
            }
            _ => {
                let en = "Give a file with its wording, or the policy's switches.";
                return Err(Problem::invalid("请给出文件名与全文，或运营方规则开关。", en).at("file", "missing_field"));
            }
        };
        Ok(Proposal { kind, change, reason, document, seen })
    }
}

async fn propose_one(call: Call, body: Body<ProposeAmendment>) -> Result<impl Responder, Problem> {
    let proposal = Proposal::try_from(body.0)?;
    let ground = Arc::clone(&call.ctx.ground);
    follow(&ground).await;
    let law = ground.in_force();
    let draft = tokio::task::spawn_blocking(move || actions::draft(&law, proposal)).await;
    let draft = draft.map_err(|error| Problem::internal(&error.to_string()))??;
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let kept = actions::propose(tx, ctx, &draft)?;
        view(tx.conn(), kept)
    })
    .await
}

async fn list(call: Call, query: web::Query<PageQuery>) -> Result<impl Responder, Problem> {
    let (after, limit) = query.bounds()?;
    let before = if after == 0 { i64::MAX } else { after };
    call.read(move |conn, ctx| {
        let mut views = Vec::new();
        for amendment in actions::list(conn, ctx, before, limit + 1)? {
            let mut one = view(conn, amendment)?;
            one.wording = None;
            views.push(one);
        }
        Ok(Page::cut(views, limit, |one| one.id.0))
    })
    .await
}

async fn one(call: Call, amendment: web::Path<AmendmentId>) -> Result<impl Responder, Problem> {
    let id = amendment.into_inner();
    call.read(move |conn, ctx| {
        let found = actions::fetch(conn, ctx, id)?;
        view(conn, found)
    })
    .await
}

async fn approve_one(
    call: Call,
    amendment: web::Path<AmendmentId>,
    body: Body<DecideAmendment>,
) -> Result<impl Responder, Problem> {
    let (id, note) = (amendment.into_inner(), body.0.note);
    let (ctx, ground) = (call.ctx.clone(), Arc::clone(&call.ctx.ground));
    follow(&ground).await;
    let ready = ground.db.read(move |conn| actions::ready(conn, &ctx, id)).await?;
    let reply = call
        .write(StatusCode::OK, move |tx, ctx| {
            let decided = actions::approve(tx, ctx, id, &note, &ready)?;
            view(tx.conn(), decided)
        })
        .await?;
    follow(&ground).await;
    Ok(reply)
}

async fn reject_one(
    call: Call,
    amendment: web::Path<AmendmentId>,
    body: Body<DecideAmendment>,
) -> Result<impl Responder, Problem> {
    let (id, note) = (amendment.into_inner(), body.0.note);
    call.write(StatusCode::OK, move |tx, ctx| {
        let decided = actions::reject(tx, ctx, id, &note)?;
        view(tx.conn(), decided)
    })
    .await
}

async fn withdraw_one(
    call: Call,
    amendment: web::Path<AmendmentId>,
    body: Body<DecideAmendment>,
) -> Result<impl Responder, Problem> {
    let (id, note) = (amendment.into_inner(), body.0.note);
    call.write(StatusCode::OK, move |tx, ctx| {
        let decided = actions::withdraw(tx, ctx, id, &note)?;
        view(tx.conn(), decided)
    })
    .await
}
