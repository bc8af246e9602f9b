//! Making webhooks, rotating their secrets, telling them of a change, and noting what came of a call.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::table::{self, CallRow, TryRow, WebhookRow};
use super::{CallState, FIELDS, HookEvent, HookState, NAME_MAX, OVERLAP_HOURS_MAX, RECEIVERS_MAX};
use crate::base::Moment;
use crate::base::id::{self, RecordId};
use crate::outlets::webhook::{Form, Values, Verdict, WAITS_SECONDS};
use crate::projects::{self, Site};
use crate::store::vault::Owner;
use crate::store::{AnyConn, Chain, Tx};
use crate::web::{Ctx, Problem, Scope, ScopeOn};

/// What is kept encrypted of a webhook.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Inside {
    /// How it is called.
    pub form: Form,
    /// Receivers, joined by commas.
    pub to: String,
    /// The name that a gateway signs messages with.
    pub sign: String,
}

/// A webhook to be made.
#[derive(Debug, Clone)]
pub struct NewWebhook {
    /// Name for people.
    pub name: String,
    /// Whose changes it hears of.
    pub on: ScopeOn,
    /// Of which changes.
    pub events: Vec<HookEvent>,
    /// The agreed fields.
    pub fields: Vec<String>,
    /// How it is called.
    pub inside: Inside,
    /// The secret that a gateway issued; one is made where none is given.
    pub secret: Option<String>,
}

/// A change to be told, by the fields that it knows.
#[derive(Debug, Clone)]
pub struct News {
    /// What.
    pub event: HookEvent,
    /// Names of [`FIELDS`] with their values.
    pub fields: Map<String, Value>,
}

impl News {
    /// A change with what it knows.
    pub fn of<const N: usize>(event: HookEvent, fields: [(&str, Value); N]) -> Self {
        Self { event, fields: fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect() }
    }
}

fn odd(zh: &str, en: &str, place: &str) -> Problem {
    Problem::invalid(zh, en).at(place, "bad_format")
}

/// Whether the asker may look after webhooks that hear of that place.
fn require(conn: &mut AnyConn, ctx: &Ctx, on: ScopeOn) -> Result<(), Problem> {
    match on {
        ScopeOn::Project(project) => projects::enter(conn, &ctx.scope, project).map(drop),
        on if ctx.scope.is_everything() || ctx.scope.places.contains(&on) => Ok(()),
        _ => Err(Problem::not_found()),
    }
}

fn place_of(row: &WebhookRow) -> Result<ScopeOn, Problem> {
    ScopeOn::of(&row.scope_kind, &row.scope_value).map_err(|error| Problem::internal(&error.to_string()))
}

/// The form of a preset.
///
/// # Errors
/// `invalid` where there is none of that code.
pub fn preset(ctx: &Ctx, code: &str) -> Result<Form, Problem> {
    let known = ctx.ground.settings.webhooks.iter().find(|preset| preset.code == code);
    let unknown = || Problem::invalid("没有这个预设。", "There is no such preset.").at("preset", "unknown_reference");
    known.map(|preset| preset.form.clone()).ok_or_else(unknown)
}

/// Makes a webhook; its secret is shown this once.
///
/// # Errors
/// `not_found` for a place that the asker may not see, `invalid` for a form, field or receiver that cannot be.
pub fn make(tx: &mut Tx<'_>, ctx: &Ctx, new: &NewWebhook) -> Result<(WebhookRow, String), Problem> {
    let recorded_seq = tx.seq(Chain::Organisation)?;
    require(tx.conn(), ctx, new.on)?;
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX {
        return Err(odd("名称应为 1 至 60 个字。", "A name has 1 to 60 characters.", "name"));
    }
    if !matches!(new.on, ScopeOn::Everything | ScopeOn::Region(_) | ScopeOn::Organisation(_) | ScopeOn::Project(_)) {
        return Err(odd(
            "范围应为全部、地区、单位或项目。",
            "The scope is everything, a region, an organisation or a project.",
            "scope",
        ));
    }
    if new.events.is_empty() || new.fields.is_empty() || new.fields.iter().any(|field| !FIELDS.contains(&field.as_str())) {
        return Err(odd("请列明约定的事件和字段。", "Name the events and the agreed fields.", "fields"));
    }
    let receivers = new.inside.to.split(',').filter(|one| !one.trim().is_empty()).count();
    if receivers > RECEIVERS_MAX || new.inside.to.len() > 8_000 || new.inside.sign.chars().count() > 60 {
        return Err(odd("接收人最多 200 个。", "At most 200 receivers.", "to"));
    }
    if let Err(why) = new.inside.form.check() {
        return Err(Problem::invalid(format!("调用方式有误：{why}"), why).at("form", "bad_format"));
    }
    let secret = match new.secret.as_deref().filter(|text| !text.is_empty()) {
        Some(given) if given.len() > 200 || given.chars().any(char::is_control) => {
            return Err(odd("密钥最多 200 个字节。", "A secret has at most 200 bytes.", "secret"));
        }
        Some(given) => given.to_owned(),
        None => URL_SAFE_NO_PAD.encode(ctx.vault().random::<32>()?),
    };
    let (scope_kind, scope_value) = new.on.parts();
    let words = |events: &[HookEvent]| events.iter().map(|event| event.as_str()).collect::<Vec<_>>().join(" ");
    let inside = serde_json::to_string(&new.inside).map_err(|error| Problem::internal(&error.to_string()))?;
    let row = WebhookRow {
        id: RecordId(ctx.id()),
        name: name.to_owned(),
        scope_kind: scope_kind.to_owned(),
        scope_value,
        events: words(&new.events),
        fields: new.fields.join(" "),
        body: ctx.vault().seal(tx.conn(), Owner::Global, inside.as_bytes())?,
        secret: ctx.vault().seal(tx.conn(), Owner::Global, secret.as_bytes())?,
        old_secret: None,
        old_until: None,
        state: HookState::Active,
        reason: String::new(),
        created_at: ctx.now,
        changed_by: ctx.actor().to_owned(),
        changed_at: ctx.now,
        recorded_seq,
    };
    table::insert(tx, &row)?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "make_webhook", &row.id.to_string())?;
    Ok((row, secret))
}

/// A webhook that the asker may look after.
///
/// # Errors
/// `not_found` both when there is none and when it is another's.
pub fn enter(conn: &mut AnyConn, ctx: &Ctx, id: RecordId) -> Result<WebhookRow, Problem> {
    let row = table::find(conn, id)?.ok_or_else(Problem::not_found)?;
    require(conn, ctx, place_of(&row)?)?;
    Ok(row)
}

/// The webhooks that the asker may look after.
pub fn visible(conn: &mut AnyConn, ctx: &Ctx) -> Result<Vec<WebhookRow>, Problem> {
    let mut rows = Vec::new();
    for row in table::all(conn)? {
        if require(conn, ctx, place_of(&row)?).is_ok() {
            rows.push(row);
        }
    }
    Ok(rows)
}

fn keep(tx: &mut Tx<'_>, ctx: &Ctx, verb: &'static str, row: WebhookRow) -> Result<WebhookRow, Problem> {
    let recorded_seq = tx.seq(Chain::Organisation)?;
    let row = WebhookRow { changed_by: ctx.actor().to_owned(), changed_at: ctx.now, recorded_seq, ..row };
    table::update(tx, &row)?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), verb, &row.id.to_string())?;
    Ok(row)
}

/// Switches a webhook off or on again.
pub fn set_state(tx: &mut Tx<'_>, ctx: &Ctx, id: RecordId, state: HookState) -> Result<WebhookRow, Problem> {
    tx.seq(Chain::Organisation)?;
    let row = enter(tx.conn(), ctx, id)?;
    keep(tx, ctx, "set_webhook_state", WebhookRow { state, reason: String::new(), ..row })
}

/// Makes the next secret; for some hours calls are signed with both.
///
/// # Errors
/// `invalid` for an overlap that is too long.
pub fn rotate(tx: &mut Tx<'_>, ctx: &Ctx, id: RecordId, overlap_hours: i64) -> Result<(WebhookRow, String), Problem> {
    tx.seq(Chain::Organisation)?;
    let row = enter(tx.conn(), ctx, id)?;
    if !(0..=OVERLAP_HOURS_MAX).contains(&overlap_hours) {
        return Err(odd("重叠时间为 0 至 720 小时。", "The overlap is 0 to 720 hours.", "overlap_hours"));
    }
    let secret = URL_SAFE_NO_PAD.encode(ctx.vault().random::<32>()?);
    let sealed = ctx.vault().seal(tx.conn(), Owner::Global, secret.as_bytes())?;
    let old_until = Some(ctx.now.plus_seconds(overlap_hours.saturating_mul(3_600)));
    let row = WebhookRow { old_secret: Some(row.secret.clone()), old_until, secret: sealed, ..row };
    Ok((keep(tx, ctx, "rotate_webhook_secret", row)?, secret))
}

/// Tells every webhook that hears of the project and the event, in the transaction of the change.
///
/// # Errors
/// A store that fails: the change is not made either.
pub fn tell(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, news: &News) -> Result<usize, Problem> {
    let parties = site.present();
    let event_id = format!("evt-{}", id::encode(ctx.id()).to_ascii_lowercase());
    let mut told = 0;
    for row in table::all(tx.conn())?.into_iter().filter(|row| row.hears(news.event)) {
        let scope = Scope { actor: String::new(), user: None, places: vec![place_of(&row)?] };
        if !scope.covers_project(site.id, site.region, &parties) {
            continue;
        }
        let mut fields = news.fields.clone();
        fields.insert("project_code".to_owned(), json!(site.code));
        fields.insert("project_name".to_owned(), json!(site.name));
        fields.insert("region".to_owned(), json!(site.region));
        write(tx, ctx, &row, (&event_id, news.event), fields, Some(site))?;
        told += 1;
    }
    Ok(told)
}

/// Calls one webhook with nothing but that it is a test.
pub fn test(tx: &mut Tx<'_>, ctx: &Ctx, id: RecordId) -> Result<CallRow, Problem> {
    let row = enter(tx.conn(), ctx, id)?;
    let event_id = format!("evt-{}", id::encode(ctx.id()).to_ascii_lowercase());
    write(tx, ctx, &row, (&event_id, HookEvent::Test), Map::new(), None)
}

fn write(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    row: &WebhookRow,
    (event_id, event): (&str, HookEvent),
    mut fields: Map<String, Value>,
    site: Option<&Site>,
) -> Result<CallRow, Problem> {
    fields.retain(|key, value| row.fields.split(' ').any(|agreed| agreed == key) && !value.is_null());
    let said = |key: &str| fields.get(key).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let parts = ["project_name", "title", "gate", "decision", "outcome", "cure"].into_iter().filter_map(said);
    let text = [event.zh().to_owned()].into_iter().chain(parts).collect::<Vec<_>>().join("：");
    let message = json!({"event_id": event_id, "type": event, "occurred_at": ctx.now, "body": fields});
    let kept = json!({"text": text, "event": message}).to_string();
    let call = CallRow {
        id: RecordId(ctx.id()),
        webhook_id: row.id,
        event_id: event_id.to_owned(),
        kind: event,
        project_id: site.map(|site| site.id),
        body: ctx.vault().seal(tx.conn(), Owner::Global, kept.as_bytes())?,
        state: CallState::Queued,
        tries: 0,
        run_at: ctx.now,
        created_at: ctx.now,
        ended_at: None,
    };
    table::insert_call(tx.conn(), &call)?;
    Ok(call)
}

/// A call with everything that it is made of.
#[derive(Clone)]
pub struct Opened {
    /// The call.
    pub call: CallRow,
    /// Its webhook.
    pub webhook: WebhookRow,
    /// Its form.
    pub form: Form,
    /// What its templates may name.
    pub values: Values,
    /// Secrets in force, the newest first.
    pub secrets: Vec<String>,
}

/// Opens a call to be made at a moment.
///
/// # Errors
/// A store that fails, a webhook that is gone.
pub fn open(conn: &mut AnyConn, ctx: &Ctx, call: CallRow) -> Result<Opened, Problem> {
    let broken = |error: serde_json::Error| Problem::internal(&format!("a webhook's call: {error}"));
    let webhook = table::find(conn, call.webhook_id)?.ok_or_else(Problem::not_found)?;
    let inside: Inside = serde_json::from_str(&ctx.vault().open_text(conn, Owner::Global, &webhook.body)?).map_err(broken)?;
    let kept: Value = serde_json::from_str(&ctx.vault().open_text(conn, Owner::Global, &call.body)?).map_err(broken)?;
    let mut secrets = vec![ctx.vault().open_text(conn, Owner::Global, &webhook.secret)?];
    if let (Some(old), Some(until)) = (&webhook.old_secret, webhook.old_until)
        && ctx.now < until
    {
        secrets.push(ctx.vault().open_text(conn, Owner::Global, old)?);
    }
    let values = Values {
        to: inside.to,
        text: kept.get("text").and_then(Value::as_str).unwrap_or_default().to_owned(),
        sign: inside.sign,
        now: ctx.now.unix_seconds(),
        secret: secrets.first().cloned().unwrap_or_default(),
        event: kept.get("event").map(Value::to_string).unwrap_or_default(),
    };
    Ok(Opened { call, webhook, form: inside.form, values, secrets })
}

/// Notes what came of a try; `status` and `answer` go into the log.
///
/// # Errors
/// A store that fails.
pub fn settle(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    opened: &Opened,
    verdict: Verdict,
    (status, answer): (Option<u16>, String),
) -> Result<CallState, Problem> {
    let call = &opened.call;
    let Some(now) = table::call(tx.conn(), call.id)? else { return Ok(call.state) };
    let outcome = match verdict {
        Verdict::Sent => "sent",
        Verdict::Later(_) => "later",
        Verdict::Failed => "failed",
        Verdict::Gone => "gone",
    };
    let begun_at = ctx.now;
    let noted = TryRow {
        call_id: call.id,
        number: call.tries,
        begun_at,
        ended_at: Some(ctx.now),
        status: status.map(i32::from),
        outcome: outcome.to_owned(),
        answer,
    };
    table::save_try(tx.conn(), &noted)?;
    // Whoever was slower than the lease says nothing over a later try.
    if now.tries != call.tries || now.state != CallState::Queued {
        return Ok(now.state);
    }
    let place = usize::try_from(call.tries.saturating_sub(1)).unwrap_or(usize::MAX);
    let next = match verdict {
        Verdict::Sent => ended(now, CallState::Sent, ctx.now),
        Verdict::Failed | Verdict::Gone => ended(now, CallState::Failed, ctx.now),
        Verdict::Later(after) => match WAITS_SECONDS.get(place) {
            Some(wait) => CallRow { run_at: ctx.now.plus_seconds(after.unwrap_or(*wait)), ..now },
            None => ended(now, CallState::Failed, ctx.now),
        },
    };
    table::save_call(tx.conn(), &next)?;
    if verdict == Verdict::Gone {
        let reason = "410: 接收方已停止接收 / the receiver wants no more".to_owned();
        tx.seq(Chain::Organisation)?;
        keep(tx, ctx, "webhook_gone", WebhookRow { state: HookState::Disabled, reason, ..opened.webhook.clone() })?;
    }
    Ok(next.state)
}

fn ended(call: CallRow, state: CallState, now: Moment) -> CallRow {
    CallRow { state, ended_at: Some(now), ..call }
}

/// Gives a failed call its tries again.
///
/// # Errors
/// `not_found` for another's, `conflict` for one that has not failed.
pub fn again(tx: &mut Tx<'_>, ctx: &Ctx, id: RecordId) -> Result<CallRow, Problem> {
    let call = table::call(tx.conn(), id)?.ok_or_else(Problem::not_found)?;
    enter(tx.conn(), ctx, call.webhook_id)?;
    if call.state != CallState::Failed {
        return Err(
            Problem::conflict("只有失败的通知可以重发。", "Only a call that failed is made again.").at("call", "bad_state")
        );
    }
    let call = CallRow { state: CallState::Queued, run_at: ctx.now, ended_at: None, ..call };
    table::save_call(tx.conn(), &call)?;
    Ok(call)
}
