//! Taking a request: the checks in the order of the protocol, then the inbox, the serial code and the job in one transaction.
//!
//! Requests whose signature is wrong leave a count and one of the last errors behind and nothing else, so that nobody without a secret fills the database. Of those
//! that are signed every message that carries data is kept, also one that is refused; questions are answered and not kept.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::apps::AppState;
use super::apps::actions::Opened;
use super::table::{self, ErrorRow, NonceRow, RequestRow};
use super::way::way;
use super::{ERROR_MAX, ERRORS_MAX, FEED, JOB, PARSER, RequestState, queries};
use crate::base::id::{InboxId, ProjectId, QuarantineId, RecordId};
use crate::base::{Moment, day};
use crate::store::inbox::{self, InboxState, Message, Parsed, Rejected};
use crate::store::vault::Owner;
use crate::store::{AnyConn, StoreError, Tx, jobs, journal};
use crate::web::peer::Network;
use crate::web::{Ctx, Problem};
use crate::wire::openapi::answer::{Answer, AnswerCode, FAULTS_MAX, Fault, Wrong};
use crate::wire::openapi::form::{FormFault, Parameters, redacted};
use crate::wire::openapi::json::{self as read_json, Json};
use crate::wire::openapi::methods::Method;
use crate::wire::openapi::profile::Profile;
use crate::wire::openapi::{reading, sign};
use crate::wire::reason::Reason;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Bytes as received.
    pub body: Vec<u8>,
    /// The path that was asked.
    pub path: String,
    /// The address, after the rule of trusted proxies.
    pub peer: Option<IpAddr>,
    /// As received.
    pub content_type: Option<String>,
    /// As received; a coding that is none is kept and changes nothing.
    pub content_encoding: Option<String>,
}

/// The system parameters, all of them there.
#[derive(Debug, Clone)]
pub struct System {
    /// Who says to ask.
    pub app_id: String,
    /// What for, as written.
    pub method: String,
    nonce: String,
    stamp: String,
    at: chrono::NaiveDateTime,
    parameters: Parameters,
}

/// The longest nonce, in characters.
const NONCE_MAX: usize = 64;

/// Reads the form and its system parameters.
///
/// # Errors
/// What is missing or cannot be, by its name.
pub fn system(body: &[u8]) -> Result<System, Fault> {
    let parameters = Parameters::parse(body).map_err(|fault| match fault {
        FormFault::BadEncoding | FormFault::TooMany => Fault::at("body", Wrong::BadFormat),
        FormFault::Twice(key) => Fault::at(&key, Wrong::BadFormat),
    })?;
    let wanted = |key: &str| parameters.get(key).map(str::to_owned).ok_or_else(|| Fault::at(key, Wrong::Missing));
    let (app_id, method) = (wanted("appid")?, wanted("method")?);
    let (version, format, stamp) = (wanted("version")?, wanted("format")?, wanted("timestamp")?);
    let nonce = wanted("nonce")?;
    wanted(sign::SIGN_PARAMETER)?;
    if !matches!(version.trim(), "1.0" | "1.1") {
        return Err(Fault::at("version", Wrong::BadFormat));
    }
    if !format.trim().eq_ignore_ascii_case("json") {
        return Err(Fault::at("format", Wrong::BadFormat));
    }
    let at = reading::timestamp(&stamp).ok_or_else(|| Fault::at("timestamp", Wrong::BadFormat))?;
    // No length is asked for: a UUID comes with its dashes too.
    if !(6..=NONCE_MAX).contains(&nonce.len()) || !nonce.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Err(Fault::at("nonce", Wrong::BadFormat));
    }
    Ok(System { app_id, method, nonce, stamp, at, parameters })
}

/// Why a request goes no further, with the hint that is counted beside its code.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The answer.
    pub answer: Answer,
    /// What was noticed.
    pub hint: Option<&'static str>,
}

fn refusal(code: AnswerCode, text: &str) -> Refusal {
    Refusal { answer: Answer::refused(code, text), hint: None }
}

/// The answer to an app that is unknown, disabled, or asked at another platform's address: like a wrong signature.
pub fn unknown_app() -> Answer {
    Answer::refused(AnswerCode::BadSignature, "签名验证失败!")
}

/// Whether an app may be asked for at a path at all.
pub fn profile_of<'a>(ctx: &'a Ctx, app: &Opened, path: &str) -> Option<&'a Profile> {
    let profile = ctx.ground.settings.platforms.get(&app.app.profile)?;
    let is_here = app.app.state == AppState::Active && profile.paths.iter().any(|known| known == path);
    is_here.then_some(profile)
}

/// Checks address, rate, time and signature, in this order; `is_admitted` counts the request and says whether the rate of the second holds.
///
/// # Errors
/// The refusal with its code.
pub fn admit(
    ctx: &Ctx,
    profile: &Profile,
    app: &Opened,
    system: &System,
    peer: Option<IpAddr>,
    is_admitted: impl FnOnce() -> bool,
) -> Result<(), Refusal> {
    let networks: Vec<Network> = app.app.addresses.split_whitespace().filter_map(|text| text.parse().ok()).collect();
    let is_near = app.app.addresses.is_empty() || peer.is_some_and(|peer| networks.iter().any(|network| network.holds(peer)));
    if !is_near {
        return Err(refusal(AnswerCode::BadAddress, "访问地址未授权!"));
    }
    if !is_admitted() {
        return Err(refusal(AnswerCode::TooFast, "请求过于频繁!"));
    }
    if !is_in_time(profile, system, ctx.now) {
        return Err(refusal(AnswerCode::BadSignature, "时间戳已过期!"));
    }
    let data = system.parameters.get("data").unwrap_or_default();
    if !sign::holds(&system.parameters, &app.secret) {
        let hint = sign::has_lost_plus(data).then_some("plus_not_escaped");
        return Err(Refusal { hint, ..refusal(AnswerCode::BadSignature, "签名验证失败!") });
    }
    if profile.corpsign && !corp_sign_holds(app, system) {
        return Err(refusal(AnswerCode::BadSignature, "企业签名验证失败!"));
    }
    Ok(())
}

fn is_in_time(profile: &Profile, system: &System, now: Moment) -> bool {
    let local = day::SHANGHAI_OFFSET_SECONDS / 60;
    let offsets: &[i32] = if profile.accept_utc { &[local, 0] } else { &[local] };
    offsets.iter().any(|offset| {
        let at = Moment::from_local(system.at, *offset);
        at.unix_seconds().abs_diff(now.unix_seconds()) <= profile.tolerance_seconds.unsigned_abs()
    })
}

fn corp_sign_holds(app: &Opened, system: &System) -> bool {
    let Some(second) = &app.corp_secret else { return false };
    let given = system.parameters.get("corpsign").and_then(|text| app.secret.decrypt(text)).unwrap_or_default();
    sign::same(&given, &format!("{second}{}", system.stamp))
}

/// What a request that is signed asks for.
#[derive(Debug)]
pub enum Wanted {
    /// It is refused all the same; a message with data is kept.
    Refused(Answer, Vec<Fault>),
    /// A method with its data.
    Call(Method, Json),
}

/// Looks at method and data; the project is looked at by [`serve`].
pub fn wanted(app: &Opened, system: &System) -> Wanted {
    let Some(method) = Method::find(&system.method) else {
        return Wanted::Refused(Answer::fault(&Fault::at("method", Wrong::NotServed)), Vec::new());
    };
    // What became of its own requests every app may ask: whoever may only send would never hear.
    let is_listed = app.app.methods.is_empty() || app.app.methods.split_whitespace().any(|known| known == method.as_str());
    if !is_listed && method != Method::AsyncHandleResultQuery {
        return Wanted::Refused(Answer::refused(AnswerCode::NoPermission, "没有该接口的权限!"), Vec::new());
    }
    let text = system.parameters.get("data").unwrap_or("{}");
    match read_json::parse(text) {
        Ok(data @ Json::Object(_)) => Wanted::Call(method, data),
        _ => {
            let fault = Fault::at("data", Wrong::BadFormat);
            Wanted::Refused(Answer::fault(&fault), vec![fault])
        }
    }
}

/// Counts and notes a refusal before or after the signature.
pub fn note_refusal(conn: &mut AnyConn, ctx: &Ctx, app: RecordId, method: &str, refused: &Refusal) -> Result<(), StoreError> {
    // A name that nobody serves is the asker's own text: it is counted under one name and noted only where it is short.
    let known = Method::find(method).map_or("other", Method::as_str);
    table::count(conn, app, ctx.today, known, refused.answer.code.as_str(), 1)?;
    if let Some(hint) = refused.hint {
        table::count(conn, app, ctx.today, known, hint, 1)?;
    }
    note_error(conn, ctx, app, method, refused.answer.code.as_str(), &refused.answer.message)
}

/// Notes one error of an app.
pub fn note_error(
    conn: &mut AnyConn,
    ctx: &Ctx,
    app: RecordId,
    method: &str,
    code: &str,
    message: &str,
) -> Result<(), StoreError> {
    let cut = |text: &str, max: usize| inbox::storable(&text.chars().filter(|c| !c.is_control()).take(max).collect::<String>());
    let row = ErrorRow {
        id: RecordId(ctx.id()),
        app_id: app,
        at: ctx.now,
        method: cut(method, 60),
        code: code.to_owned(),
        message: cut(message, ERROR_MAX),
    };
    table::insert_error(conn, &row)?;
    table::keep_last_errors(conn, app, ERRORS_MAX)
}

/// Answers a signed question from what stands; `None` for an upload, and for what is refused.
///
/// # Errors
/// A store that fails.
pub fn answer_question(conn: &mut AnyConn, ctx: &Ctx, app: &Opened, system: &System) -> Result<Option<Answer>, Problem> {
    match wanted(app, system) {
        Wanted::Call(method, data) if method.is_query() => match way(conn, ctx, app, method, &data)? {
            Ok(_) => queries::answer(conn, ctx, app, method, &data).map(Some),
            Err(_) => Ok(None),
        },
        _ => Ok(None),
    }
}

/// Serves a request whose signature is right: the first answer again for a repeat, else what the method says. `answered` is the answer to
/// a question; of those only the nonce is kept, and a repeat is answered from what stands then.
///
/// # Errors
/// A store that fails; then nothing was kept and the sender comes again.
pub fn serve(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    app: &Opened,
    asked: &Asked,
    system: &System,
    answered: Option<&Answer>,
) -> Result<Answer, Problem> {
    let body_sha256 = journal::sha256(&asked.body);
    // The signature covers lower-cased text, so a nonce in another case is the same.
    let nonce = system.nonce.to_lowercase();
    if let Some(known) = table::nonce(tx.conn(), app.app.id, &nonce, &system.stamp)? {
        if known.body_sha256 != body_sha256 {
            let refused = refusal(AnswerCode::BadSignature, "随机数重复!");
            note_refusal(tx.conn(), ctx, app.app.id, &system.method, &refused)?;
            return Ok(refused.answer);
        }
        if let (true, Some(answer)) = (known.answer.is_empty(), answered) {
            return Ok(answer.clone());
        }
        let text = ctx.vault().open_text(tx.conn(), Owner::Global, &known.answer)?;
        return stored(&text);
    }
    let answer = match (answered, wanted(app, system)) {
        (Some(answer), Wanted::Call(method, _)) => counted(tx, ctx, app, method.as_str(), answer.clone())?,
        (_, Wanted::Refused(answer, faults)) => refuse_signed(tx, ctx, app, asked, system, answer, &faults)?,
        (None, Wanted::Call(method, data)) => call(tx, ctx, app, asked, system, method, &data)?,
    };
    let kept = match answered {
        Some(_) => Vec::new(),
        None => ctx.vault().seal(tx.conn(), Owner::Global, answer.text().as_bytes())?,
    };
    let row = NonceRow { app_id: app.app.id, nonce, stamp: system.stamp.clone(), body_sha256, answer: kept, at: ctx.now };
    table::insert_nonce(tx.conn(), &row)?;
    Ok(answer)
}

fn stored(text: &str) -> Result<Answer, Problem> {
    let value: Value = serde_json::from_str(text).map_err(|error| Problem::internal(&error.to_string()))?;
    let word = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let code = word("code").parse().map_err(|_| Problem::internal("a kept answer has no code"))?;
    Ok(Answer { code, message: word("message"), data: value.get("data").cloned().unwrap_or_else(|| json!({})) })
}

fn call(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    app: &Opened,
    asked: &Asked,
    system: &System,
    method: Method,
    data: &Json,
) -> Result<Answer, Problem> {
    let project = match way(tx.conn(), ctx, app, method, data)? {
        Ok(project) => project,
        Err((answer, faults)) => return refuse_signed(tx, ctx, app, asked, system, answer, &faults),
    };
    if let Some(list) = &method.shape().list {
        let (name, _) = reading::list_of(data, list);
        if name != list.key {
            tracing::info!(app.id = app.app.app_id.as_str(), app.method = method.as_str(), "a list came under another name");
        }
    }
    if method.is_query() {
        // What no reader answered: the way to it was opened between the two.
        let answer = queries::answer(tx.conn(), ctx, app, method, data)?;
        return counted(tx, ctx, app, method.as_str(), answer);
    }
    let inbox = keep(tx, ctx, app, asked, system, project, InboxState::New, 0)?;
    let serial_code = serial_code(tx.conn(), ctx, method)?;
    let row = RequestRow {
        id: RecordId(ctx.id()),
        serial_code: serial_code.clone(),
        app_id: app.app.id,
        method: method.as_str().to_owned(),
        project_id: project,
        inbox_id: inbox,
        state: RequestState::Waiting,
        result: String::new(),
        received_at: ctx.now,
        finished_at: None,
    };
    table::insert_request(tx.conn(), &row)?;
    jobs::enqueue(tx.conn(), ctx.id(), JOB, &row.id.to_string(), ctx.now)?;
    counted(tx, ctx, app, method.as_str(), Answer::ok(json!({"requestSerialCode": serial_code})))
}

fn counted(tx: &mut Tx<'_>, ctx: &Ctx, app: &Opened, method: &str, answer: Answer) -> Result<Answer, Problem> {
    if answer.code == AnswerCode::Ok {
        table::count(tx.conn(), app.app.id, ctx.today, method, answer.code.as_str(), 1)?;
    } else {
        note_refusal(tx.conn(), ctx, app.app.id, method, &Refusal { answer: answer.clone(), hint: None })?;
    }
    Ok(answer)
}

/// A signed request that is refused: what is wrong with its data is kept with the message.
fn refuse_signed(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    app: &Opened,
    asked: &Asked,
    system: &System,
    answer: Answer,
    faults: &[Fault],
) -> Result<Answer, Problem> {
    if !Method::find(&system.method).is_some_and(Method::is_query) {
        let inbox = keep(tx, ctx, app, asked, system, app.app.project_id, InboxState::Quarantined, faults.len().max(1))?;
        for rejected in rejected(&answer, faults) {
            inbox::quarantine(tx.conn(), QuarantineId(ctx.id()), inbox, &rejected, ctx.now)?;
        }
    }
    counted(tx, ctx, app, &system.method, answer)
}

/// What quarantine keeps of a refusal: its faults, or that it was refused as a whole (no right, or a method that nobody serves).
pub fn rejected(answer: &Answer, faults: &[Fault]) -> Vec<Rejected> {
    if !faults.is_empty() {
        return rejected_faults(faults);
    }
    vec![Rejected {
        item: 1,
        place: "[method]".to_owned(),
        reason: Reason::UnknownReference.code().to_owned(),
        zh: answer.message.clone(),
        en: "the request was refused as a whole; its data are kept".to_owned(),
    }]
}

/// Faults as quarantine keeps them; beyond the most that are listed one says how many more there are.
pub fn rejected_faults(faults: &[Fault]) -> Vec<Rejected> {
    let one = |(item, fault): (i32, &Fault)| Rejected {
        item,
        place: fault.path.clone(),
        reason: fault.wrong.reason().code().to_owned(),
        zh: fault.text(),
        en: fault.wrong.en(),
    };
    let mut all: Vec<Rejected> = (1..).zip(faults.iter().take(FAULTS_MAX)).map(one).collect();
    let more = faults.len().saturating_sub(FAULTS_MAX);
    if more > 0 {
        all.push(Rejected {
            item: i32::try_from(FAULTS_MAX + 1).unwrap_or(i32::MAX),
            place: "…".to_owned(),
            reason: Reason::OverLimit.code().to_owned(),
            zh: format!("另有 {more} 处错误未逐条列出"),
            en: format!("{more} more faults are not listed one by one"),
        });
    }
    all
}

/// Puts faults into quarantine.
pub fn put_aside(tx: &mut Tx<'_>, ctx: &Ctx, inbox: InboxId, faults: &[Fault]) -> Result<(), StoreError> {
    for rejected in rejected_faults(faults) {
        inbox::quarantine(tx.conn(), QuarantineId(ctx.id()), inbox, &rejected, ctx.now)?;
    }
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "one row of the inbox has as many sides")]
fn keep(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    app: &Opened,
    asked: &Asked,
    system: &System,
    project: Option<ProjectId>,
    state: InboxState,
    items: usize,
) -> Result<InboxId, Problem> {
    let id = InboxId(ctx.id());
    let method = Method::find(&system.method).map_or("-", Method::as_str);
    let message = Message {
        feed: FEED,
        source: app.app.app_id.clone(),
        project,
        request: format!("POST {} {method}", asked.path),
        content_type: asked.content_type.clone(),
        content_encoding: asked.content_encoding.clone(),
        body: redacted(&asked.body),
        remote: asked.peer.map(|peer| peer.to_string()),
        received_at: ctx.now,
    };
    inbox::keep(tx.conn(), ctx.vault(), id, &message, &parsed(state, items, String::new()))?;
    Ok(id)
}

/// What a message has become, for its row in the inbox.
pub fn parsed(state: InboxState, items: usize, items_digest: String) -> Parsed {
    Parsed { state, parser: PARSER, items: i32::try_from(items).unwrap_or(i32::MAX), items_digest }
}

/// `projectworker-add-2026112108-1-0427`: unique, with more digits where an hour has more than 9,999.
pub(super) fn serial_code(conn: &mut AnyConn, ctx: &Ctx, method: Method) -> Result<String, StoreError> {
    let head = format!("{}-{}", method.as_str().to_lowercase().replace('.', "-"), ctx.now.local().format("%Y%m%d%H"));
    let number = table::next_number(conn, &head)?;
    Ok(format!("{head}-1-{number:04}"))
}
