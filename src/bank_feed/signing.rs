//! Who signed a request: the key by its id, the timestamp within five minutes, the signature over `timestamp.body`.
//!
//! Whoever signs acts as the user that the key belongs to, with the rights of today. Every refusal is answered alike: what was wrong is
//! on record for the sender's administrator and for the certification report.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};

use super::table::{self, KeyRow};
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
    timestamp: String,
    signature: String,
}

/// What came of a signature: the key with the outcome, and whoever stands behind it where it holds.
pub(super) struct Judged {
    pub key: RecordId,
    pub outcome: Outcome,
    /// Whether this outcome is the first of its kind.
    pub is_first: bool,
    pub scope: Option<Scope>,
}

/// The one answer to every signature that does not hold.
pub(super) fn refused() -> Problem {
    Problem::new(
        Code::NotAuthenticated,
        "签名无效：请核对密钥编号、时间戳（±300 秒）与签名。",
        "The signature does not hold: look at key id, timestamp (±300 s) and signature.",
    )
}

impl Signed {
    /// Reads the headers, given by what stands under a name.
    pub fn of<'h>(header: impl Fn(&str) -> Option<&'h str>) -> Result<Self, Problem> {
        let text = |name: &str| header(name).map(str::trim);
        let key = text("x-anxin-key").and_then(|text| text.parse().ok()).ok_or_else(refused)?;
        let (timestamp, signature) = text("x-anxin-timestamp").zip(text("x-anxin-signature")).ok_or_else(refused)?;
        Ok(Signed { key, timestamp: timestamp.to_owned(), signature: signature.to_owned() })
    }

    /// Judges the signature of a body.
    ///
    /// # Errors
    /// `not_authenticated` for a key that does not exist; everything else is an outcome.
    pub fn judge(&self, conn: &mut AnyConn, ctx: &Ctx, body: &[u8]) -> Result<Judged, Problem> {
        let row = table::key(conn, self.key)?.ok_or_else(refused)?;
        let secret = ctx.vault().open(conn, Owner::Global, &row.secret)?;
        let outcome = match self.check(&row, &secret, body, ctx.now) {
            Err(outcome) => outcome,
            Ok(()) if row.is_live(ctx.now) => Outcome::Accepted,
            Ok(()) => Outcome::Over,
        };
        let scope = match outcome {
            Outcome::Accepted => {
                let known = known_user(conn, row.user_id, ctx.today).map_err(|_| refused())?;
                Some(Scope::narrow(known.actor, known.user, &known.grants, Verb::FeedBank).ok_or_else(Problem::not_allowed)?)
            }
            _ => None,
        };
        Ok(Judged { key: row.id, outcome, is_first: !table::is_marked(conn, row.id, outcome)?, scope })
    }

    fn check(&self, row: &KeyRow, secret: &[u8], body: &[u8], now: Moment) -> Result<(), Outcome> {
        match row.kind {
            KeyKind::Hmac => punch::check_signature(secret, &self.timestamp, &self.signature, body, now)
                .map_err(|fault| if fault == SignatureFault::Stale { Outcome::Stale } else { Outcome::Wrong }),
            KeyKind::Ed25519 => self.check_ed25519(secret, body, now),
        }
    }

    fn check_ed25519(&self, public_key: &[u8], body: &[u8], now: Moment) -> Result<(), Outcome> {
        let is_number = !self.timestamp.is_empty() && self.timestamp.bytes().all(|b| b.is_ascii_digit());
        let seconds: i64 = self.timestamp.parse().ok().filter(|_| is_number).ok_or(Outcome::Wrong)?;
        if now.unix_seconds().saturating_sub(seconds).saturating_abs() > SIGNATURE_SECONDS_MAX {
            return Err(Outcome::Stale);
        }
        let bytes = self.signature.strip_prefix("v1a=").and_then(|text| STANDARD.decode(text).ok()).ok_or(Outcome::Wrong)?;
        let signature = Signature::from_slice(&bytes).map_err(|_| Outcome::Wrong)?;
        let key: [u8; 32] = public_key.try_into().map_err(|_| Outcome::Wrong)?;
        let key = VerifyingKey::from_bytes(&key).map_err(|_| Outcome::Wrong)?;
        let signed = [self.timestamp.as_bytes(), b".", body].concat();
        key.verify_strict(&signed, &signature).map_err(|_| Outcome::Wrong)
    }
}
