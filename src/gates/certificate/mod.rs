//! Certificates: what a gate answered, signed, so that whoever holds it can check it without asking anybody.
//!
//! A certificate is a compact JWS (RFC 7515) with EdDSA over Ed25519 (RFC 8037), signed with a key of its own (`typ` and `aud` keep it
//! apart from log-ins). It names verdict, subject, day, law book and answer, holds for [`DAYS`] days, and gives an address that tells
//! whether it still stands. Checking is a pure function of the text, the published keys and a moment. Deliberately absent: facts, and
//! workers; they stay in the stored answer. The two officials of an override stand on it, since they answer for it.

pub mod actions;
pub mod http;
pub mod table;

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::overriding::InForce;
use crate::base::id::AnswerId;
use crate::base::{Day, Moment, RegionCode};
use crate::store::Vault;
use crate::web::Problem;

/// Days for which a certificate holds.
pub const DAYS: i64 = 7;

/// `typ` of the signed text, so that no other token of this service passes for one.
pub const TYPE: &str = "anxin-certificate+jwt";

/// `aud` of the signed text.
pub const AUDIENCE: &str = "anxin-certificate";

/// The longest text that is looked at.
pub const LENGTH_MAX: usize = 16 * 1024;

/// Seconds by which clocks may differ.
const LEEWAY_SECONDS: i64 = 60;

/// A company on a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CertifiedParty {
    /// owner or general_contractor.
    pub role: String,
    /// Name.
    pub name: String,
    /// Unified social credit code.
    pub uscc: String,
}

/// The project on a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CertifiedProject {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
}

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Claims {
    /// Name of the service that signed.
    pub iss: String,
    /// Always [`AUDIENCE`].
    pub aud: String,
    /// The answer.
    pub jti: AnswerId,
    /// Issued, seconds since 1970.
    pub iat: i64,
    /// Expires, seconds since 1970.
    pub exp: i64,
    /// The gate.
    pub gate: String,
    /// The verdict.
    pub verdict: String,
    /// national, regional or policy, where something stands against it.
    pub basis: Option<String>,
    /// Whether a person must confirm it before anybody is refused.
    pub needs_person: bool,
    /// The project, where it is registered.
    pub project: Option<CertifiedProject>,
    /// The companies asked about.
    pub parties: Vec<CertifiedParty>,
    /// Region.
    pub region: RegionCode,
    /// The civil day of the question.
    pub as_of: Day,
    /// Hash of the law book.
    pub law_book: String,
    /// Hash of the facts.
    pub facts_hash: String,
    /// Hash of the answer.
    pub answer_hash: String,
    /// Set aside by two persons when it was issued: who, until when, on which ground.
    #[serde(rename = "override")]
    pub set_aside: Option<InForce>,
    /// Arrears were looked for on the projects of this server only.
    pub scope: String,
    /// Address that tells whether it still stands.
    pub status: String,
}

/// A key as published (RFC 7517).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedKey {
    /// `OKP`.
    pub kty: String,
    /// `Ed25519`.
    pub crv: String,
    /// Name.
    pub kid: String,
    /// Public key, base64url without padding.
    pub x: String,
}

/// The published keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySet {
    /// Keys; those of other kinds are passed over.
    pub keys: Vec<serde_json::Value>,
}

/// Why a certificate does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Not a compact JWS of this kind.
    Unreadable,
    /// Signed by a key that is not among the published.
    UnknownKey,
    /// The signature is not of this text.
    Forged,
    /// Signed by us for another purpose.
    OtherPurpose,
    /// Its time is over.
    Expired,
    /// Its time has not begun.
    NotYet,
}

impl Refused {
    /// The reason in Chinese and English.
    pub fn why(self) -> (&'static str, &'static str) {
        match self {
            Refused::Unreadable => ("不是有效的证明文本", "this is not a certificate's text"),
            Refused::UnknownKey => ("签名密钥不在公布的密钥中", "it is signed by a key that is not among the published"),
            Refused::Forged => {
                ("签名与内容不符，内容可能被改动", "the signature does not fit the text: it was changed or forged")
            }
            Refused::OtherPurpose => ("不是闸口答复证明", "it was signed for another purpose"),
            Refused::Expired => ("证明已过有效期", "it has expired"),
            Refused::NotYet => ("证明尚未生效", "it is not valid yet"),
        }
    }
}

/// The key that certificates are signed with; no other token is.
pub fn signing_key(vault: &Vault) -> SigningKey {
    SigningKey::from_bytes(&vault.derived("certificate-signing/1"))
}

/// Signs what a certificate says, under the name of the key in force.
pub fn sign(vault: &Vault, kid: &str, claims: &Claims) -> Result<String, Problem> {
    let der = signing_key(vault).to_pkcs8_der().map_err(|error| Problem::internal(&error.to_string()))?;
    let header = Header { alg: Algorithm::EdDSA, typ: Some(TYPE.to_owned()), kid: Some(kid.to_owned()), ..Header::default() };
    let key = EncodingKey::from_ed_der(der.as_bytes());
    jsonwebtoken::encode(&header, claims, &key).map_err(|error| Problem::internal(&error.to_string()))
}

/// Checks a certificate against published keys at a moment; needs neither database nor network.
pub fn check(text: &str, keys: &KeySet, now: Moment) -> Result<Claims, Refused> {
    let text = text.trim();
    if text.len() > LENGTH_MAX {
        return Err(Refused::Unreadable);
    }
    let header = jsonwebtoken::decode_header(text).map_err(|_| Refused::Unreadable)?;
    if header.alg != Algorithm::EdDSA {
        return Err(Refused::Unreadable);
    }
    let published = keys.keys.iter().filter_map(|key| serde_json::from_value::<PublishedKey>(key.clone()).ok());
    let mut fitting = published.filter(|key| key.kty == "OKP" && key.crv == "Ed25519" && Some(&key.kid) == header.kid.as_ref());
    let key = fitting.next().ok_or(Refused::UnknownKey)?;
    let key = DecodingKey::from_ed_components(&key.x).map_err(|_| Refused::UnknownKey)?;
    let mut rules = Validation::new(Algorithm::EdDSA);
    // The library would look at the system's clock; here a moment is given.
    rules.validate_exp = false;
    rules.validate_aud = false;
    let told = jsonwebtoken::decode::<serde_json::Value>(text, &key, &rules).map_err(|_| Refused::Forged)?;
    if told.header.typ.as_deref() != Some(TYPE) {
        return Err(Refused::OtherPurpose);
    }
    let claims: Claims = serde_json::from_value(told.claims).map_err(|_| Refused::OtherPurpose)?;
    let seconds = now.unix_seconds();
    match () {
        () if claims.aud != AUDIENCE => Err(Refused::OtherPurpose),
        () if seconds >= claims.exp + LEEWAY_SECONDS => Err(Refused::Expired),
        () if seconds + LEEWAY_SECONDS < claims.iat => Err(Refused::NotYet),
        () => Ok(claims),
    }
}

#[cfg(test)]
mod tests;
