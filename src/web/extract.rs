//! Extractors and answers: the call with its rights, JSON bodies with the place of each fault, replies with status.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::{self, Bytes, BytesMut};
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, Responder};
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Code, Ctx, Problem, past};
use crate::store::replay::{self, Replay};
use crate::store::spool::{self, Spool, SpoolFault};
use crate::store::tx::Transient;
use crate::store::{AnyConn, StoreError, Tx, journal};

/// The longest JSON body that is read.
pub const JSON_BODY_MAX: usize = 8 * 1024 * 1024;

/// The longest upload that is read.
pub const UPLOAD_MAX: usize = 64 * 1024 * 1024;

type Soon<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

/// A request that has passed the access gate.
pub struct Call {
    /// Who asks, when, with what.
    pub ctx: Ctx,
}

impl FromRequest for Call {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let ctx = request.extensions().get::<Ctx>().cloned();
        // A route that the gate did not open has no context: denied by default, and a bug.
        std::future::ready(ctx.map(|ctx| Call { ctx }).ok_or_else(|| Problem::internal("a handler ran without the access gate")))
    }
}

/// Why a transaction ends without being kept.
enum Halt {
    Problem(Problem),
    /// A rehearsal: this would have been the answer.
    Rehearsed(Value),
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Halt::Problem(error.into())
    }
}

impl From<Problem> for Halt {
    fn from(problem: Problem) -> Self {
        Halt::Problem(problem)
    }
}

impl Transient for Halt {
    fn is_transient(&self) -> bool {
        matches!(self, Halt::Problem(problem) if problem.is_transient())
    }
}

/// Reads on one snapshot: of the present, or of the past that is asked about.
pub(super) async fn read<T, F>(ctx: Ctx, work: F) -> Result<T, Problem>
where
    F: FnOnce(&mut AnyConn, &Ctx) -> Result<T, Problem> + Send + 'static,
    T: Send + 'static,
{
    let db = ctx.ground.db.clone();
    let Some(known) = ctx.known_at.clone() else { return db.read(move |conn| work(conn, &ctx)).await };
    db.read_past(known.at, known.of, move |conn| {
        let ctx = past::context(conn, &ctx, known.at)?;
        work(conn, &ctx)
    })
    .await
}

fn as_json<T: Serialize>(value: &T) -> Result<Value, Problem> {
    serde_json::to_value(value).map_err(|error| Problem::internal(&error.to_string()))
}

impl Call {
    /// Reads on one snapshot.
    pub async fn read<T, F>(self, work: F) -> Result<Reply<T>, Problem>
    where
        F: FnOnce(&mut AnyConn, &Ctx) -> Result<T, Problem> + Send + 'static,
        T: Serialize + Send + 'static,
    {
        let Call { ctx } = self;
        read(ctx, work).await.map(Reply::ok)
    }

    /// Changes in one transaction; with `?dry_run=true` the answer is given and nothing kept.
    pub async fn write<T, F>(self, status: StatusCode, work: F) -> Result<Reply<Value>, Problem>
    where
        F: Fn(&mut Tx<'_>, &Ctx) -> Result<T, Problem> + Send + 'static,
        T: Serialize + Send + 'static,
    {
        let Call { ctx } = self;
        let db = ctx.ground.db.clone();
        let answer = db
            .write(move |tx| -> Result<Value, Halt> {
                let value = as_json(&work(tx, &ctx)?)?;
                if ctx.dry_run { Err(Halt::Rehearsed(value)) } else { Ok(value) }
            })
            .await;
        match answer {
            Ok(body) => Ok(Reply { status, body }),
            Err(Halt::Rehearsed(body)) => Ok(Reply { status: StatusCode::OK, body }),
            Err(Halt::Problem(problem)) => Err(problem),
        }
    }

    /// An order of money: as [`Call::write`], done once for a caller's `Idempotency-Key`.
    ///
    /// `request` is what the key stands for (operation and body); the same key with another request is refused.
    pub async fn order<T, F>(self, status: StatusCode, request: Value, work: F) -> Result<Reply<Value>, Problem>
    where
        F: Fn(&mut Tx<'_>, &Ctx) -> Result<T, Problem> + Send + 'static,
        T: Serialize + Send + 'static,
    {
        let key = self.ctx.replay_key.clone().ok_or_else(|| {
            Problem::new(
                Code::PreconditionMissing,
                "资金指令必须带 Idempotency-Key 请求头（8 至 64 个可见字符）。",
                "An order of money needs an Idempotency-Key header (8 to 64 visible characters).",
            )
        })?;
        let request_hash = journal::sha256(request.to_string().as_bytes());
        self.write(status, move |tx, ctx| {
            if let Some(earlier) = replay::find(tx.conn(), ctx.actor(), &key)? {
                return repeat(&earlier, &request_hash);
            }
            let body = as_json(&work(tx, ctx)?)?;
            let kept = Replay {
                caller: ctx.actor().to_owned(),
                replay_key: key.clone(),
                request_hash: request_hash.clone(),
                status: i32::from(status.as_u16()),
                body: body.to_string(),
                at: ctx.now,
            };
            replay::keep(tx.conn(), &kept)?;
            Ok(body)
        })
        .await
    }
}

fn repeat(earlier: &Replay, request_hash: &str) -> Result<Value, Problem> {
    if earlier.request_hash != request_hash {
        return Err(Problem::new(
            Code::KeyReused,
            "该幂等键已用于内容不同的请求，请换一个新键。",
            "This key was used for another request; take a new one.",
        ));
    }
    serde_json::from_str(&earlier.body).map_err(|error| Problem::internal(&error.to_string()))
}

/// An answer with its status.
pub struct Reply<T> {
    /// HTTP status.
    pub status: StatusCode,
    /// JSON body.
    pub body: T,
}

impl<T> Reply<T> {
    /// 200.
    pub fn ok(body: T) -> Self {
        Self { status: StatusCode::OK, body }
    }
}

impl<T: Serialize> Responder for Reply<T> {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        match serde_json::to_string(&self.body) {
            Ok(text) => HttpResponse::build(self.status).content_type("application/json; charset=utf-8").body(text),
            Err(error) => actix_web::ResponseError::error_response(&Problem::internal(&error.to_string())),
        }
    }
}

/// Seconds within which [`WINDOW_BYTES`] of a body must come, or its end: a sender that is slower is cut off, and waits in no thread
/// meanwhile.
pub const WINDOW_SECONDS: u64 = 30;
/// Bytes that come within [`WINDOW_SECONDS`] on the slowest line that is served.
pub const WINDOW_BYTES: usize = 16 * 1024;

/// A body on its way, watched for its pace.
pub struct Paced<'p> {
    payload: &'p mut Payload,
    window: Pin<Box<tokio::time::Sleep>>,
    came: usize,
}

impl<'p> Paced<'p> {
    /// Watches a body from now on.
    pub fn new(payload: &'p mut Payload) -> Self {
        Self { payload, window: Box::pin(tokio::time::sleep(Duration::from_secs(WINDOW_SECONDS))), came: 0 }
    }

    /// The next piece; none at the end.
    ///
    /// # Errors
    /// `malformed` when the connection breaks off or is too slow.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        loop {
            match select(self.payload.next(), &mut self.window).await {
                Either::Left((None, _)) => return Ok(None),
                Either::Left((Some(piece), _)) => {
                    let piece = piece.map_err(|_| Problem::new(Code::Malformed, "请求体传输中断。", "The body broke off."))?;
                    self.came = self.came.saturating_add(piece.len());
                    return Ok(Some(piece));
                }
                Either::Right(_) if self.came < WINDOW_BYTES => {
                    let (zh, en) = ("传输过慢，已断开，请重新发送。", "The body came too slowly and was cut off; send it again.");
                    return Err(Problem::new(Code::Malformed, zh, en));
                }
                Either::Right(_) => {
                    self.came = 0;
                    self.window = Box::pin(tokio::time::sleep(Duration::from_secs(WINDOW_SECONDS)));
                }
            }
        }
    }
}

fn too_large(limit: usize) -> Problem {
    let mib = limit / (1024 * 1024);
    Problem::new(Code::TooLarge, format!("请求体不能超过 {mib} MiB。"), format!("A body may have at most {mib} MiB."))
}

/// Reads a body up to a limit.
///
/// # Errors
/// `too_large` beyond the limit, `malformed` when the connection breaks off or is too slow.
pub async fn read_body(payload: &mut Payload, limit: usize) -> Result<Vec<u8>, Problem> {
    let mut paced = Paced::new(payload);
    let mut body = BytesMut::new();
    while let Some(chunk) = paced.next().await? {
        if body.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.to_vec())
}

/// Reads a body up to a limit into memory or, beyond [`spool::MEMORY_MAX`], into a file without a name.
///
/// # Errors
/// As [`read_body`]; `unavailable` when the disk does not take it, so that the sender comes again.
async fn read_spool(payload: &mut Payload, limit: usize, seed: [u8; spool::SEED]) -> Result<Spool, Problem> {
    let mut paced = Paced::new(payload);
    let mut writer = spool::Writer::new(seed, u64::try_from(limit).unwrap_or(u64::MAX));
    let fault = |fault| match fault {
        SpoolFault::TooLarge => too_large(limit),
        SpoolFault::Disk(error) => {
            tracing::warn!(fault = %error, "a temporary file cannot be used");
            Problem::new(
                Code::Unavailable,
                "服务器暂时无法保存上传内容，请稍后重试。",
                "The upload cannot be stored now; try again later.",
            )
        }
    };
    let gone = |_| Problem::internal("the writer of an upload broke off");
    while let Some(chunk) = paced.next().await? {
        writer.take(&chunk).map_err(fault)?;
        if writer.is_due() {
            // A disk may be waited for; the thread that serves others must not.
            let stored = web::block(move || writer.store().map(|()| writer)).await.map_err(gone)?;
            writer = stored.map_err(fault)?;
        }
    }
    web::block(move || writer.finish()).await.map_err(gone)?.map_err(fault)
}

/// The longest upload that goes to a temporary file: a bank's statement.
pub const SPOOL_MAX: usize = 256 * 1024 * 1024;

/// A body of any kind as received, up to [`SPOOL_MAX`], of which memory holds a piece at a time.
pub struct LargeUpload {
    /// Bytes as received.
    pub spool: Spool,
    /// Content type as sent, empty when none was.
    pub content_type: String,
    /// File name from `X-File-Name` (percent-encoded UTF-8), where one came.
    pub file_name: Option<String>,
}

impl FromRequest for LargeUpload {
    type Error = Problem;
    type Future = Soon<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (content_type, file_name) = described(request);
        let ctx = request.extensions().get::<Ctx>().cloned();
        let told = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        let mut payload = payload.take();
        Box::pin(async move {
            let ctx = ctx.ok_or_else(|| Problem::internal("an upload without the access gate"))?;
            // Whoever says beforehand that it is too much is told at once.
            if told.is_some_and(|len| len > SPOOL_MAX) {
                return Err(too_large(SPOOL_MAX));
            }
            let spool = read_spool(&mut payload, SPOOL_MAX, ctx.vault().random()?).await?;
            if spool.is_empty() {
                return Err(Problem::new(Code::Malformed, "文件为空。", "The file is empty."));
            }
            Ok(LargeUpload { spool, content_type, file_name })
        })
    }
}

/// Content type and file name as sent.
fn described(request: &HttpRequest) -> (String, Option<String>) {
    let header = request.headers().get("x-file-name").and_then(|value| value.to_str().ok());
    let file_name = header.map(|name| percent_decoded(name).chars().filter(|c| !c.is_control()).take(200).collect());
    (request.content_type().to_owned(), file_name)
}

/// A JSON body, read strictly: unknown fields are refused and each fault names its field.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Soon<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media = request.content_type().to_ascii_lowercase();
        let mut payload = payload.take();
        Box::pin(async move {
            if media != "application/json" && !media.is_empty() {
                return Err(Problem::new(Code::UnsupportedMedia, "请使用 application/json。", "Send application/json."));
            }
            let bytes = read_body(&mut payload, JSON_BODY_MAX).await?;
            parse_json(&bytes).map(Body)
        })
    }
}

/// Reads JSON into a request type. A NUL character is refused wherever it stands: PostgreSQL keeps none, and no name or number has one.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if bytes.contains(&0) || bytes.windows(6).any(|six| six == br"\u0000") {
        let problem = Problem::new(Code::Malformed, "文字中不能有空字符（U+0000）。", "A text must not contain U+0000.");
        return Err(problem.at("body", "bad_encoding"));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let place = error.path().to_string();
        let inner = error.into_inner();
        let (code, reason) = if inner.is_data() { (Code::Invalid, "bad_format") } else { (Code::Malformed, "bad_format") };
        let told = without_numbers(&inner.to_string());
        Problem::new(code, format!("JSON 字段 {place} 有误：{told}"), format!("JSON field {place}: {told}")).at(place, reason)
    })?;
    reader.end().map_err(|error| {
        Problem::new(Code::Malformed, format!("JSON 之后还有内容：{error}"), format!("text after the JSON: {error}"))
    })?;
    Ok(value)
}

/// The shortest run of digits that may be a person's number: a telephone's.
const PERSONAL_DIGITS_MIN: usize = 11;

/// A message in which long runs of digits are stars: a reader quotes what it could not read, and that may be somebody's number.
pub(super) fn without_numbers(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_digit() {
            run.push(c);
            continue;
        }
        let hidden = run.len() >= PERSONAL_DIGITS_MIN;
        shown.push_str(if hidden { "***" } else { &run });
        run.clear();
        shown.push(c);
    }
    shown.pop();
    shown
}

/// A body of any kind as received, up to [`UPLOAD_MAX`].
pub struct Upload {
    /// Bytes as received.
    pub bytes: Vec<u8>,
    /// Content type as sent, empty when none was.
    pub content_type: String,
    /// File name from `X-File-Name` (percent-encoded UTF-8), where one came.
    pub file_name: Option<String>,
}

impl FromRequest for Upload {
    type Error = Problem;
    type Future = Soon<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (content_type, file_name) = described(request);
        let mut payload = payload.take();
        Box::pin(async move {
            let bytes = read_body(&mut payload, UPLOAD_MAX).await?;
            if bytes.is_empty() {
                return Err(Problem::new(Code::Malformed, "文件为空。", "The file is empty."));
            }
            Ok(Upload { bytes, content_type, file_name })
        })
    }
}

/// Undoes percent-encoding; other text stays as it is.
pub fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code =
            tail.get(..2).and_then(|pair| std::str::from_utf8(pair).ok()).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match (first, code) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            (byte, _) => {
                bytes.push(*byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
