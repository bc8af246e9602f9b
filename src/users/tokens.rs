//! Access tokens: JWTs signed with EdDSA under a key derived for sessions alone (`typ`, `aud`). The time of expiry is checked
//! against the moment that is passed in, not against a clock of the library.

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::ACCESS_SECONDS;
use crate::base::Moment;
use crate::base::id::UserId;
use crate::store::Vault;
use crate::web::{Code, Problem};

const AUDIENCE: &str = "anxin-api";
const TYPE: &str = "at+jwt";
const KEY_ID: &str = "session-1";

/// Seconds by which clocks may differ.
const LEEWAY_SECONDS: i64 = 60;

/// Signs and checks access tokens.
pub struct Tokens {
    issuer: String,
    signing: EncodingKey,
    checking: DecodingKey,
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    iat: i64,
    exp: i64,
    /// Microseconds of `iat`: a log-out ends what was issued before it in the same second, and nothing after.
    #[serde(default)]
    at: i64,
    jti: String,
}

/// A token that is ours and has not expired.
#[derive(Debug, Clone, Copy)]
pub struct Bearer {
    /// Whose.
    pub user: UserId,
    /// Since when.
    pub issued_at: Moment,
}

fn refused() -> Problem {
    Problem::new(Code::NotAuthenticated, "登录已失效，请重新登录。", "The login is not valid any more; log in again.")
}

impl Tokens {
    /// Tokens under the vault's session key.
    pub fn new(vault: &Vault, issuer: &str) -> Result<Self, Problem> {
        let key = SigningKey::from_bytes(&vault.derived("session-signing/1"));
        let der = key.to_pkcs8_der().map_err(|error| Problem::internal(&error.to_string()))?;
        let signing = EncodingKey::from_ed_der(der.as_bytes());
        let checking = DecodingKey::from_ed_der(key.verifying_key().as_bytes());
        Ok(Self { issuer: issuer.to_owned(), signing, checking })
    }

    /// A token for a user.
    pub fn issue(&self, user: UserId, now: Moment, unique: &str) -> Result<String, Problem> {
        let iat = now.unix_seconds();
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: user,
            iat,
            exp: iat + ACCESS_SECONDS,
            at: now.0,
            jti: unique.to_owned(),
        };
        let header =
            Header { alg: Algorithm::EdDSA, typ: Some(TYPE.to_owned()), kid: Some(KEY_ID.to_owned()), ..Header::default() };
        jsonwebtoken::encode(&header, &claims, &self.signing).map_err(|error| Problem::internal(&error.to_string()))
    }

    /// Whose token it is, where it is ours and has not expired.
    pub fn check(&self, token: &str, now: Moment) -> Result<Bearer, Problem> {
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_audience(&[AUDIENCE]);
        rules.set_issuer(&[&self.issuer]);
        rules.validate_exp = false;
        let token = jsonwebtoken::decode::<Claims>(token, &self.checking, &rules).map_err(|_| refused())?;
        let is_ours = token.header.typ.as_deref() == Some(TYPE);
        let seconds = now.unix_seconds();
        let is_live = seconds < token.claims.exp + LEEWAY_SECONDS && token.claims.iat <= seconds + LEEWAY_SECONDS;
        if !is_ours || !is_live {
            return Err(refused());
        }
        Ok(Bearer { user: token.claims.sub, issued_at: Moment(token.claims.at) })
    }
}
