//! Forms of pages: fields and files, taken only with the token of the visitor's session.

use std::future::Future;
use std::pin::Pin;
use std::str::FromStr;

use actix_multipart::Multipart;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use futures_util::StreamExt;
use serde_json::Value;

use super::extract::{Call, UPLOAD_MAX, read_body};
use super::visit::{self, Visit};
use super::{Code, Ctx, Problem, Verb};
use crate::base::Unreadable;
use crate::store::Tx;

/// The longest form without files.
const FORM_MAX: usize = 2 * 1024 * 1024;

/// Fields of a form at most; a sheet of the largest size has two for each line.
const FIELDS_MAX: usize = 50_000;

/// Files of a form at most.
const FILES_MAX: usize = 4;

/// The longest single field.
const FIELD_MAX: usize = 64 * 1024;

/// A file that came with a form.
#[derive(Debug, Clone)]
pub struct FormFile {
    /// Field.
    pub field: String,
    /// Name as the visitor's machine calls it, without control characters.
    pub name: Option<String>,
    /// Media type as sent.
    pub media_type: String,
    /// Bytes as received.
    pub bytes: Vec<u8>,
}

/// A form of a page that the visitor was shown.
pub struct Form {
    /// Who sent it.
    pub visit: Visit,
    fields: Vec<(String, String)>,
    files: Vec<FormFile>,
}

impl FromRequest for Form {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let visit = visit::of(request);
        let media = request.content_type().to_ascii_lowercase();
        let headers = request.headers().clone();
        let mut payload = payload.take();
        Box::pin(async move {
            let mut form = Form { visit: visit?, fields: Vec::new(), files: Vec::new() };
            match media.as_str() {
                "application/x-www-form-urlencoded" => {
                    form.fields = parse_fields(&read_body(&mut payload, FORM_MAX).await?)?;
                }
                // Only whoever is logged in uploads; a stranger's form has a few short fields.
                "multipart/form-data" if form.visit.visitor.is_some() => {
                    form.read_parts(Multipart::new(&headers, payload)).await?
                }
                _ => {
                    let (zh, en) = ("请通过页面上的表单提交。", "Send the form of the page.");
                    return Err(Problem::new(Code::UnsupportedMedia, zh, en));
                }
            }
            form.require_token()?;
            Ok(form)
        })
    }
}

fn broken_off() -> Problem {
    Problem::new(Code::Malformed, "表单无法读取，请返回重试。", "The form cannot be read; go back and try again.")
}

fn too_large(mib: usize) -> Problem {
    Problem::new(Code::TooLarge, format!("上传内容不能超过 {mib} MiB。"), format!("An upload may have at most {mib} MiB."))
}

fn parse_fields(bytes: &[u8]) -> Result<Vec<(String, String)>, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| broken_off())?;
    let fields = web::Query::<Vec<(String, String)>>::from_query(text).map_err(|_| broken_off())?.into_inner();
    if fields.len() > FIELDS_MAX {
        return Err(Problem::new(Code::TooLarge, "表单的字段过多。", "The form has too many fields."));
    }
    fields.into_iter().map(|(name, value)| Ok((name, plain(value)?))).collect()
}

/// A field's text; a NUL is refused wherever it stands, since PostgreSQL keeps none.
fn plain(text: String) -> Result<String, Problem> {
    if text.contains('\0') { Err(broken_off()) } else { Ok(text) }
}

impl Form {
    async fn read_parts(&mut self, mut parts: Multipart) -> Result<(), Problem> {
        let mut size = 0;
        while let Some(part) = parts.next().await {
            let mut part = part.map_err(|_| broken_off())?;
            let field = part.name().unwrap_or_default().to_owned();
            let file_name = part.content_disposition().and_then(|told| told.get_filename()).map(str::to_owned);
            let media_type = part.content_type().map(ToString::to_string).unwrap_or_default();
            let mut bytes = Vec::new();
            while let Some(chunk) = part.next().await {
                let chunk = chunk.map_err(|_| broken_off())?;
                size += chunk.len();
                if size > UPLOAD_MAX || (file_name.is_none() && bytes.len() + chunk.len() > FIELD_MAX) {
                    return Err(too_large(UPLOAD_MAX / (1024 * 1024)));
                }
                bytes.extend_from_slice(&chunk);
            }
            match file_name {
                // A file field that was left empty comes as a file without name and bytes.
                Some(name) if name.is_empty() && bytes.is_empty() => {}
                Some(name) => {
                    let name: String = name.chars().filter(|c| !c.is_control()).take(200).collect();
                    self.files.push(FormFile { field, name: Some(name).filter(|name| !name.is_empty()), media_type, bytes });
                }
                None => self.fields.push((field, plain(String::from_utf8(bytes).map_err(|_| broken_off())?)?)),
            }
            if self.fields.len() > FIELDS_MAX || self.files.len() > FILES_MAX {
                return Err(Problem::new(Code::TooLarge, "表单的字段过多。", "The form has too many fields."));
            }
        }
        Ok(())
    }

    /// A visitor who is logged in must send the token of their session; without one there is nothing that a stranger could abuse,
    /// since the access gate has looked at where the request comes from.
    fn require_token(&mut self) -> Result<(), Problem> {
        let Some(visitor) = &self.visit.visitor else { return Ok(()) };
        let sent = self.text("csrf").unwrap_or_default().as_bytes();
        let wanted = visitor.form_token.as_bytes();
        let differs = sent.iter().zip(wanted).fold(sent.len() ^ wanted.len(), |sum, (a, b)| sum | usize::from(a ^ b));
        if differs == 0 {
            return Ok(());
        }
        Err(Problem::new(
            Code::NotAllowed,
            "页面已过期，请返回刷新后重新提交。",
            "The page is out of date; go back, reload it and send the form again.",
        ))
    }

    /// A field's text without blanks around it; `None` where it is absent or empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// A field as sent, blanks and all: passwords.
    pub fn secret(&self, name: &str) -> Result<String, Problem> {
        let found = self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone());
        found.filter(|value| !value.is_empty()).ok_or_else(|| missing(name))
    }

    /// A field that must be filled in.
    ///
    /// # Errors
    /// `invalid`, naming the field.
    pub fn required(&self, name: &str) -> Result<&str, Problem> {
        self.text(name).ok_or_else(|| missing(name))
    }

    /// A field that must be filled in, as a value of the domain.
    ///
    /// # Errors
    /// `invalid`, naming the field and what would be right.
    pub fn parse<T: FromStr<Err = Unreadable>>(&self, name: &str) -> Result<T, Problem> {
        self.required(name)?.parse().map_err(|error| Problem::unreadable(name, &error))
    }

    /// A field that may be empty, as a value of the domain.
    pub fn parse_opt<T: FromStr<Err = Unreadable>>(&self, name: &str) -> Result<Option<T>, Problem> {
        self.text(name).map(|text| text.parse().map_err(|error| Problem::unreadable(name, &error))).transpose()
    }

    /// Whether a box was ticked.
    pub fn ticked(&self, name: &str) -> bool {
        self.text(name).is_some()
    }

    /// Every value of a field that may come several times.
    pub fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.fields
            .iter()
            .filter(move |(field, _)| field == name)
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// A file that must be there.
    ///
    /// # Errors
    /// `invalid`, naming the field.
    pub fn file(&self, name: &str) -> Result<&FormFile, Problem> {
        self.file_opt(name).ok_or_else(|| {
            Problem::invalid("请选择要上传的文件（不能为空文件）。", "Choose a file to upload (not an empty one).")
                .at(name, "missing_field")
        })
    }

    /// A file that may be there.
    pub fn file_opt(&self, name: &str) -> Option<&FormFile> {
        self.files.iter().find(|file| file.field == name && !file.bytes.is_empty())
    }

    /// The context for a verb, with the version that the form was made from (field `version`).
    pub fn ctx(&self, verb: Verb) -> Result<Ctx, Problem> {
        let mut ctx = self.visit.need(verb)?;
        ctx.seen_version = self.text("version").and_then(|text| text.parse().ok());
        Ok(ctx)
    }

    /// Changes in one transaction, with the rights of a verb.
    pub async fn write<T, F>(&self, verb: Verb, work: F) -> Result<T, Problem>
    where
        F: Fn(&mut Tx<'_>, &Ctx) -> Result<T, Problem> + Send + 'static,
        T: Send + 'static,
    {
        let ctx = self.ctx(verb)?;
        let db = ctx.ground.db.clone();
        db.write(move |tx| work(tx, &ctx)).await.map_err(in_people_s_words)
    }

    /// An order of money: done once for the form's field `key`, however often it is sent.
    pub async fn order<T, F>(&self, verb: Verb, request: Value, work: F) -> Result<Value, Problem>
    where
        F: Fn(&mut Tx<'_>, &Ctx) -> Result<T, Problem> + Send + 'static,
        T: serde::Serialize + Send + 'static,
    {
        let mut ctx = self.ctx(verb)?;
        ctx.replay_key = self.text("key").filter(|key| (8..=64).contains(&key.len())).map(str::to_owned);
        let reply = Call { ctx }.order(actix_web::http::StatusCode::CREATED, request, work).await;
        reply.map(|reply| reply.body).map_err(in_people_s_words)
    }
}

/// A program is told of headers; a person sent a form whose hidden fields are gone, and can only open the page again.
fn in_people_s_words(problem: Problem) -> Problem {
    if problem.code != Code::PreconditionMissing {
        return problem;
    }
    Problem::new(
        Code::PreconditionMissing,
        "表单不完整，什么也没有保存。请重新打开该页面，核对后再提交。",
        "The form was incomplete and nothing was saved. Open the page again, look at it, then send it.",
    )
}

fn missing(name: &str) -> Problem {
    Problem::invalid("请填写此项。", "Fill this in.").at(name, "missing_field")
}
