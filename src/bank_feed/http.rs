//! `/api/v1/bank-events` and `/api/v1/bank-keys`.

use actix_web::http::StatusCode;
use actix_web::{HttpMessage, HttpRequest, Responder, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::report::Certification;
use super::signing::{Signed, refused};
use super::table::{self, KeyRow};
use super::taking::Taken;
use super::token::Token;
use super::{KeyKind, PATH, keys, taking};
use crate::accounts::words::table::{self as words_table, WordRow};
use crate::attendance::intake::Intake;
use crate::base::Moment;
use crate::base::id::{ProjectId, RecordId, UserId};
use crate::projects::enter;
use crate::web::extract::{Reply, read_body};
use crate::web::route::Described;
use crate::web::{Access, Body, Call, Code, Ctx, Problem, Route, Verb};
use crate::wire::bank::Reason;
use crate::wire::bank::event::{self, BODY_BYTES_MAX};

/// Words of a project that an answer lists.
const WORDS_MAX: i64 = 500;

/// The routes.
pub fn routes() -> Vec<Route> {
    let (signed, manage) = (Access::Signed(Verb::FeedBank), Access::Holds(Verb::ManageUsers));
    let take = Route::post(PATH, signed, "Push bank events, one or an array of at most 200", || web::post().to(take));
    vec![
        Route { success: (202, Some(Described::of::<Taken>())), ..take.takes::<BankEvent>() },
        Route::get("/api/v1/bank-events/certification", signed, "Which events and failures the asker has shown so far", || {
            web::get().to(certification)
        })
        .gives::<Certification>(),
        Route::get(
            "/api/v1/projects/{project}/bank-words",
            Access::Holds(Verb::ReadMoney),
            "Banks' words on accounts, beside ours",
            || web::get().to(words),
        )
        .of_any_time()
        .gives::<Vec<WordRow>>(),
        Route::get("/api/v1/bank-keys", manage, "Keys with which banks' systems sign", || web::get().to(list))
            .gives::<Vec<BankKey>>(),
        Route::post("/api/v1/bank-keys", manage, "Make a key for a user who may feed bank data", || web::post().to(make))
            .takes::<MakeBankKey>()
            .creates::<BankKeyMade>(),
        Route::post(
            "/api/v1/bank-keys/{bank_key}/rotation",
            manage,
            "Make the next key; the old one signs for some hours more",
            || web::post().to(rotate),
        )
        .takes::<RotateBankKey>()
        .creates::<BankKeyMade>(),
        Route::post("/api/v1/bank-keys/{bank_key}/revocation", manage, "End a key at once", || web::post().to(revoke))
            .gives::<BankKey>(),
    ]
}

/// An event; the fields of `body` depend on the type and stand on the page of the bank feed kit.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[expect(dead_code, reason = "it describes what the reader of events takes apart by itself")]
pub struct BankEvent {
    /// The sender's id, 1 to 64 visible ASCII characters, unique for ever.
    event_id: String,
    /// `account.opened`, `txn`, `balance`, `payroll.result`, `card.status` or `month.proof`.
    r#type: String,
    /// RFC 3339 with an offset.
    occurred_at: String,
    /// Number of the wage account, or number and sub-ledger joined by a dash.
    account: String,
    /// What it says.
    body: Value,
}

/// A key to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeBankKey {
    user: UserId,
    name: String,
    kind: KeyKind,
    /// In Base64: 32 bytes for an Ed25519 key; for an ES256 key the point of 65 bytes, or the key as PEM or DER.
    #[serde(default)]
    public_key: Option<String>,
}

/// How a key is rotated.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateBankKey {
    /// Hours for which the old key still signs, 0 to 720.
    overlap_hours: i64,
    /// The next public key, for an Ed25519 or ES256 key.
    #[serde(default)]
    public_key: Option<String>,
}

/// A key without its secret.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BankKey {
    id: RecordId,
    user: UserId,
    name: String,
    kind: KeyKind,
    created_at: Moment,
    /// End of the overlap after a rotation.
    ends_at: Option<Moment>,
    revoked_at: Option<Moment>,
    is_live: bool,
}

impl BankKey {
    fn of(row: KeyRow, now: Moment) -> Self {
        let is_live = row.is_live(now);
        let KeyRow { id, user_id, name, kind, created_at, ends_at, revoked_at, .. } = row;
        BankKey { id, user: user_id, name, kind, created_at, ends_at, revoked_at, is_live }
    }
}

/// A key as made.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BankKeyMade {
    key: BankKey,
    /// Shown this once; `null` for an Ed25519 or ES256 key, whose secret half never comes here.
    secret: Option<String>,
}

/// Who sends: whoever logged in, or whoever the signature stands for.
async fn sender(request: &HttpRequest, ctx: Ctx, body: &[u8]) -> Result<(Ctx, Option<Token>), Problem> {
    if !ctx.scope.places.is_empty() {
        return Ok((ctx, None));
    }
    let signed = Signed::of(|name| request.headers().get(name).and_then(|value| value.to_str().ok()))?;
    let (db, asked, bytes) = (ctx.ground.db.clone(), ctx.clone(), body.to_vec());
    let judged = db.read(move |conn| signed.judge(conn, &asked, &bytes)).await?;
    if judged.is_first {
        // Only the first outcome of its kind is written, so that nobody can make the house write by signing wrongly.
        let (key, outcome, now) = (judged.key, judged.outcome, ctx.now);
        db.write(move |tx| -> Result<(), Problem> { Ok(table::mark(tx.conn(), key, outcome, now)?) }).await?;
    }
    let scope = judged.scope.ok_or_else(refused)?;
    Ok((Ctx { scope, ..ctx }, judged.token))
}

fn as_json(value: &impl Serialize) -> Result<Value, Problem> {
    serde_json::to_value(value).map_err(|error| Problem::internal(&error.to_string()))
}

/// Counts a request of a key whose signature held, or of whoever logged in. A key that is only named counts for nothing: otherwise anybody
/// could use up another's rate.
fn within_rate(request: &HttpRequest, ctx: &Ctx) -> Result<(), Problem> {
    let key = request.headers().get("x-anxin-key").and_then(|value| value.to_str().ok());
    let name = format!("bankevent {}", key.map_or_else(|| ctx.actor(), str::trim));
    if Intake::of(&ctx.ground).admits(&name, ctx.now, ctx.ground.settings.bank_rate_max) {
        return Ok(());
    }
    let (zh, en) = ("请求过于频繁，请稍后重试。", "Too many requests; try again later.");
    Err(Problem::new(Code::Unavailable, zh, en))
}

async fn take(request: HttpRequest, call: Call, payload: web::Payload) -> Result<impl Responder, Problem> {
    let body = read_body(&mut payload.into_inner(), BODY_BYTES_MAX).await?;
    let (ctx, token) = sender(&request, call.ctx, &body).await?;
    within_rate(&request, &ctx)?;
    let content_type: String = request.content_type().chars().take(100).collect();
    let is_single = body.iter().find(|b| !b.is_ascii_whitespace() && !matches!(b, 0xEF | 0xBB | 0xBF)) == Some(&b'{');
    let (events, refusal): (Vec<Vec<u8>>, _) = match event::split(&body) {
        Ok(parts) => (parts.into_iter().map(<[u8]>::to_vec).collect(), None),
        Err(problem) => (vec![body.clone()], Some(problem)),
    };
    for (reason, code) in [(Reason::OverLimit, Code::TooLarge), (Reason::MissingField, Code::Invalid)] {
        if let Some(problem) = refusal.as_ref().filter(|problem| problem.reason == reason) {
            return Err(Problem::new(code, problem.zh.clone(), problem.en.clone()).at("body", reason.code()));
        }
    }
    let call = Call { ctx };
    let reply = call
        .write(StatusCode::ACCEPTED, move |tx, ctx| {
            if let Some(token) = &token {
                token.spend(tx)?;
            }
            let mut taken = taking::take(tx, ctx, &content_type, &events)?;
            match taken.pop() {
                Some(only) if is_single && taken.is_empty() => as_json(&only),
                last => {
                    taken.extend(last);
                    Ok(serde_json::json!({"received": taken.len(), "results": as_json(&taken)?}))
                }
            }
        })
        .await?;
    match refusal {
        // The bytes are safe by now, and the sender is a program that can be told.
        Some(problem) => Err(Problem::new(Code::Malformed, problem.zh, problem.en).at("body", "bad_format")),
        None => Ok(reply),
    }
}

async fn certification(request: HttpRequest, call: Call) -> Result<impl Responder, Problem> {
    let (ctx, token) = sender(&request, call.ctx, b"").await?;
    if let Some(token) = token {
        ctx.ground.db.write(move |tx| token.spend(tx)).await?;
    }
    let call = Call { ctx };
    call.read(|conn, ctx| Certification::of(conn, ctx.actor(), ctx.scope.user)).await
}

async fn words(call: Call, project: web::Path<ProjectId>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        Ok(words_table::of_project(conn, site.id, WORDS_MAX)?)
    })
    .await
}

async fn list(call: Call) -> Result<impl Responder, Problem> {
    call.read(|conn, ctx| Ok(keys::visible(conn, ctx)?.into_iter().map(|(row, _)| BankKey::of(row, ctx.now)).collect::<Vec<_>>()))
        .await
}

fn shown(made: keys::Made, ctx: &Ctx) -> BankKeyMade {
    BankKeyMade { key: BankKey::of(made.row, ctx.now), secret: made.secret }
}

async fn make(call: Call, body: Body<MakeBankKey>) -> Result<impl Responder, Problem> {
    let MakeBankKey { user, name, kind, public_key } = body.0;
    call.write(StatusCode::CREATED, move |tx, ctx| Ok(shown(keys::make(tx, ctx, user, &name, kind, public_key.as_deref())?, ctx)))
        .await
}

async fn rotate(call: Call, key: web::Path<RecordId>, body: Body<RotateBankKey>) -> Result<impl Responder, Problem> {
    let id = key.into_inner();
    let RotateBankKey { overlap_hours, public_key } = body.0;
    call.write(StatusCode::CREATED, move |tx, ctx| {
        Ok(shown(keys::rotate(tx, ctx, id, overlap_hours, public_key.as_deref())?, ctx))
    })
    .await
}

async fn revoke(call: Call, key: web::Path<RecordId>) -> Result<Reply<Value>, Problem> {
    let id = key.into_inner();
    call.write(StatusCode::OK, move |tx, ctx| Ok(BankKey::of(keys::revoke(tx, ctx, id)?, ctx.now))).await
}
