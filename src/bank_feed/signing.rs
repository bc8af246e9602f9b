//! Who signed a request: the key by its id, the timestamp within five minutes, the signature over `timestamp.body`.
//!
//! Whoever signs acts as the user that the key belongs to, with the rights of today. Every refusal is answered alike: what was wrong is
//! on record for the sender's administrator and for the certification report.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};

use super::table::{self, KeyRow};
use super::token::{self, Token};
use super::{KeyKind, Outcome};
use crate::base::Moment;
use crate::base::id::RecordId;
use crate::store::AnyConn;
use crate::store::vault::Owner;
use crate::users::actions::known_user;
use crate::web::{Code, Ctx, Problem, Scope, Verb};
use crate::wire::punch::{self, SIGNATURE_SECONDS_MAX, SignatureFault};

/// The headers of a signed request.
#[derive(Debug, Clone)]
pub(super) struct Signed {
    key: RecordId,
    by: By,
}

/// What stands for the sender.
#[derive(Debug, Clone)]
enum By {
    Headers { timestamp: String, signature: String },
    Token(String),
}

/// What came of a signature: the key with the outcome, and whoever stands behind it where it holds.
pub(super) struct Judged {
    pub key: RecordId,
    pub outcome: Outcome,
    /// Whether this outcome is the first of its kind.
    pub is_first: bool,
    pub scope: Option<Scope>,
    /// The token, where one stood for the sender: it is to be used up.
    pub token: Option<Token>,
}

/// The one answer to every signature that does not hold.
pub(super) fn refused() -> Problem {
    Problem::new(
        Code::NotAuthenticated,
        "签名无效：请核对密钥编号、时间戳（±300 秒）与签名；JWT 还须核对 iss、aud、exp，且 jti 只能用一次。",
        "The signature does not hold: look at key id, timestamp (±300 s) and signature; of a JWT at iss, aud, exp and a jti used before.",
    )
}

impl Signed {
    /// Reads the headers, given by what stands under a name.
    pub fn of<'h>(header: impl Fn(&str) -> Option<&'h str>) -> Result<Self, Problem> {
        let text = |name: &str| header(name).map(str::trim);
        if let Some(credential) = text("authorization") {
            let token = credential.split_once(' ').map(|(_, token)| token.trim()).ok_or_else(refused)?;
            let key = token::key_of(token).ok_or_else(refused)?;
            return Ok(Signed { key, by: By::Token(token.to_owned()) });
        }
        let key = text("x-anxin-key").and_then(|text| text.parse().ok()).ok_or_else(refused)?;
        let (timestamp, signature) = text("x-anxin-timestamp").zip(text("x-anxin-signature")).ok_or_else(refused)?;
        let by = By::Headers { timestamp: timestamp.to_owned(), signature: signature.to_owned() };
        Ok(Signed { key, by })
    }

    /// Judges the signature of a body.
    ///
    /// # Errors
    /// `not_authenticated` for a key that does not exist; everything else is an outcome.
    pub fn judge(&self, conn: &mut AnyConn, ctx: &Ctx, body: &[u8]) -> Result<Judged, Problem> {
        let row = table::key(conn, self.key)?.ok_or_else(refused)?;
        let secret = ctx.vault().open(conn, Owner::Global, &row.secret)?;
        let (outcome, token) = match self.check(&row, &secret, ctx, body) {
            Err(outcome) => (outcome, None),
            Ok(token) if row.is_live(ctx.now) => (Outcome::Accepted, token),
            Ok(_) => (Outcome::Over, None),
        };
        let scope = match outcome {
            Outcome::Accepted => {
                let known = known_user(conn, row.user_id, ctx.today).map_err(|_| refused())?;
                Some(Scope::narrow(known.actor, known.user, &known.grants, Verb::FeedBank).ok_or_else(Problem::not_allowed)?)
            }
            _ => None,
        };
        Ok(Judged { key: row.id, outcome, is_first: !table::is_marked(conn, row.id, outcome)?, scope, token })
    }

    /// What holds: nothing more of headers, the token itself where one came.
    fn check(&self, row: &KeyRow, secret: &[u8], ctx: &Ctx, body: &[u8]) -> Result<Option<Token>, Outcome> {
        match (&self.by, row.kind) {
            (By::Token(text), _) => {
                let of = (ctx.ground.settings.issuer.as_str(), body, ctx.now);
                token::check(row, secret, text, of).map(Some)
            }
            (By::Headers { timestamp, signature }, KeyKind::Hmac) => {
                punch::check_signature(secret, timestamp, signature, body, ctx.now)
                    .map(|()| None)
                    .map_err(|fault| if fault == SignatureFault::Stale { Outcome::Stale } else { Outcome::Wrong })
            }
            (By::Headers { timestamp, signature }, KeyKind::Ed25519) => {
                check_ed25519(secret, (timestamp, signature), body, ctx.now).map(|()| None)
            }
            // It signs tokens alone.
            (By::Headers { .. }, KeyKind::Es256) => Err(Outcome::Wrong),
        }
    }
}

fn check_ed25519(public_key: &[u8], (timestamp, signature): (&str, &str), body: &[u8], now: Moment) -> Result<(), Outcome> {
    let is_number = !timestamp.is_empty() && timestamp.bytes().all(|b| b.is_ascii_digit());
    let seconds: i64 = timestamp.parse().ok().filter(|_| is_number).ok_or(Outcome::Wrong)?;
    if now.unix_seconds().saturating_sub(seconds).saturating_abs() > SIGNATURE_SECONDS_MAX {
        return Err(Outcome::Stale);
    }
    let bytes = signature.strip_prefix("v1a=").and_then(|text| STANDARD.decode(text).ok()).ok_or(Outcome::Wrong)?;
    let signature = Signature::from_slice(&bytes).map_err(|_| Outcome::Wrong)?;
    let key: [u8; 32] = public_key.try_into().map_err(|_| Outcome::Wrong)?;
    let key = VerifyingKey::from_bytes(&key).map_err(|_| Outcome::Wrong)?;
    let signed = [timestamp.as_bytes(), b".", body].concat();
    key.verify_strict(&signed, &signature).map_err(|_| Outcome::Wrong)
}
