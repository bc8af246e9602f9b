//! A JWT in the place of signature headers: who sends, for a few minutes, once.
//!
//! The key fixes the algorithm: a token of an Ed25519 key is EdDSA, one of a P-256 key ES256, and what the token says of its algorithm is only compared. A key whose
//! secret both sides have signs no tokens. The moment that is passed in decides, not the library's clock. Deliberately absent: tokens of
//! other issuers, keys that a token brings along or points to.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use super::table::{self, KeyRow};
use super::{KeyKind, Outcome};
use crate::base::Moment;
use crate::base::id::RecordId;
use crate::store::{Tx, journal};
use crate::web::Problem;

use super::signing::refused;

/// The longest token, in bytes.
const TOKEN_BYTES_MAX: usize = 4096;
/// Seconds by which clocks may differ.
const LEEWAY_SECONDS: i64 = 60;
/// The longest life of a token, in seconds.
const LIFE_SECONDS_MAX: i64 = 900;
/// The longest id of a token.
const ID_BYTES_MAX: usize = 64;

#[derive(Debug, Deserialize)]
struct Claims {
    iat: i64,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    jti: String,
    /// SHA-256 of the body in hex: with it the token says what is sent, and not only by whom.
    #[serde(default)]
    body_sha256: Option<String>,
}

/// A token that holds: it counts once, and is remembered until it has expired.
#[derive(Debug, Clone)]
pub(super) struct Token {
    key: RecordId,
    id: String,
    expires_at: Moment,
}

/// The key that a bearer credential names, where it is a token of a bank and not a login of ours.
pub fn key_of(credential: &str) -> Option<RecordId> {
    if credential.len() > TOKEN_BYTES_MAX || credential.bytes().filter(|b| *b == b'.').count() != 2 {
        return None;
    }
    jsonwebtoken::decode_header(credential).ok()?.kid?.parse().ok()
}

/// Checks a token of a key. `audience` is the name of this service; the issuer is the user that the key belongs to.
///
/// # Errors
/// What is wrong with it: the window of its time, or anything else.
pub(super) fn check(
    row: &KeyRow,
    public_key: &[u8],
    token: &str,
    (audience, body, now): (&str, &[u8], Moment),
) -> Result<Token, Outcome> {
    let (algorithm, key) = match row.kind {
        KeyKind::Hmac => return Err(Outcome::Wrong),
        KeyKind::Ed25519 => (Algorithm::EdDSA, DecodingKey::from_ed_der(public_key)),
        KeyKind::Es256 => (Algorithm::ES256, DecodingKey::from_ec_der(public_key)),
    };
    let mut rules = Validation::new(algorithm);
    rules.set_required_spec_claims(&["iss", "aud", "exp"]);
    rules.set_audience(&[audience]);
    rules.set_issuer(&[row.user_id.to_string()]);
    (rules.validate_exp, rules.validate_nbf) = (false, false);
    let Claims { iat, exp, nbf, jti, body_sha256 } =
        jsonwebtoken::decode::<Claims>(token, &key, &rules).map_err(|_| Outcome::Wrong)?.claims;
    let is_id = (1..=ID_BYTES_MAX).contains(&jti.len()) && jti.bytes().all(|b| b.is_ascii_graphic());
    let is_of_body = body_sha256.is_none_or(|told| told.eq_ignore_ascii_case(&journal::sha256(body)));
    let life = exp.checked_sub(iat).ok_or(Outcome::Wrong)?;
    if !is_id || !is_of_body || !(1..=LIFE_SECONDS_MAX).contains(&life) {
        return Err(Outcome::Wrong);
    }
    let seconds = now.unix_seconds();
    let (early, late) = (seconds.saturating_add(LEEWAY_SECONDS), seconds.saturating_sub(LEEWAY_SECONDS));
    if iat > early || nbf.is_some_and(|nbf| nbf > early) || exp <= late {
        return Err(Outcome::Stale);
    }
    let left = exp.saturating_sub(seconds).saturating_add(LEEWAY_SECONDS);
    Ok(Token { key: row.id, id: jti, expires_at: now.plus_seconds(left) })
}

impl Token {
    /// Uses the token up, in the transaction of what it is for: where that is not committed, it was not used.
    ///
    /// # Errors
    /// `not_authenticated` for one that was used.
    pub fn spend(&self, tx: &mut Tx<'_>) -> Result<(), Problem> {
        if table::spend_token(tx.conn(), self.key, &self.id, self.expires_at)? { Ok(()) } else { Err(refused()) }
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;
    use ed25519_dalek::pkcs8::EncodePrivateKey;
    use jsonwebtoken::{EncodingKey, Header};
    use serde_json::{Value, json};

    use super::*;
    use crate::bank_feed::keys;
    use crate::base::id::UserId;

    const NOW: i64 = 1_772_413_200;

    fn row(kind: KeyKind) -> KeyRow {
        KeyRow {
            id: RecordId(7),
            user_id: UserId(9),
            name: "主机".to_owned(),
            kind,
            secret: Vec::new(),
            created_by: "test".to_owned(),
            created_at: Moment(0),
            ends_at: None,
            revoked_at: None,
            recorded_seq: 1,
        }
    }

    fn claims() -> Value {
        json!({"iss": UserId(9).to_string(), "aud": "anxin", "iat": NOW, "exp": NOW + 300, "jti": "a-1"})
    }

    fn signed(header: &Header, claims: &Value, key: &SigningKey) -> String {
        let der = key.to_pkcs8_der().unwrap();
        jsonwebtoken::encode(header, claims, &EncodingKey::from_ed_der(der.as_bytes())).unwrap()
    }

    fn judged(kind: KeyKind, token: &str, seconds: i64) -> Result<String, Outcome> {
        let public_key = SigningKey::from_bytes(&[7; 32]).verifying_key();
        let at = Moment(seconds * 1_000_000);
        check(&row(kind), public_key.as_bytes(), token, ("anxin", b"body", at)).map(|token| token.id)
    }

    fn with(changes: Value) -> String {
        let mut all = claims();
        all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        signed(&Header::new(Algorithm::EdDSA), &all, &SigningKey::from_bytes(&[7; 32]))
    }

    #[test]
    fn a_token_holds_for_its_issuer_audience_body_and_time() {
        let at = |changes, seconds| judged(KeyKind::Ed25519, &with(changes), seconds);
        assert_eq!(at(json!({}), NOW), Ok("a-1".to_owned()));
        assert_eq!(at(json!({"aud": ["other", "anxin"]}), NOW), Ok("a-1".to_owned()));
        assert_eq!(at(json!({"body_sha256": journal::sha256(b"body")}), NOW), Ok("a-1".to_owned()));
        for (wrong, why) in [
            (json!({"iss": "usr-0000000000001"}), "somebody else's"),
            (json!({"aud": "elsewhere"}), "for another service"),
            (json!({"body_sha256": journal::sha256(b"other")}), "of another body"),
            (json!({"jti": ""}), "without a number"),
            (json!({"jti": "x".repeat(65)}), "a number too long"),
            (json!({"exp": NOW + 901}), "longer than a quarter of an hour"),
            (json!({"exp": NOW}), "no life"),
            (json!({"iat": i64::MIN, "exp": i64::MAX}), "numbers beyond reason"),
            (json!({"exp": null}), "without an end"),
        ] {
            assert_eq!(at(wrong, NOW), Err(Outcome::Wrong), "{why}");
        }
        assert!(at(json!({}), NOW + 359).is_ok(), "within the leeway");
        assert_eq!(at(json!({}), NOW + 360), Err(Outcome::Stale));
        assert!(at(json!({}), NOW - 60).is_ok());
        assert_eq!(at(json!({}), NOW - 61), Err(Outcome::Stale));
        assert_eq!(at(json!({"nbf": NOW + 120}), NOW), Err(Outcome::Stale));
    }

    #[test]
    fn the_key_fixes_the_algorithm() {
        assert_eq!(judged(KeyKind::Hmac, &with(json!({})), NOW), Err(Outcome::Wrong));
        let other = SigningKey::from_bytes(&[8; 32]);
        let foreign = signed(&Header::new(Algorithm::EdDSA), &claims(), &other);
        assert_eq!(judged(KeyKind::Ed25519, &foreign, NOW), Err(Outcome::Wrong));
        // The public key as the secret of a signature that both sides could make, and no signature at all.
        let public_key = SigningKey::from_bytes(&[7; 32]).verifying_key();
        let shared = EncodingKey::from_secret(public_key.as_bytes());
        let confused = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims(), &shared).unwrap();
        assert_eq!(judged(KeyKind::Ed25519, &confused, NOW), Err(Outcome::Wrong));
        let sound = with(json!({}));
        let body = sound.split('.').nth(1).unwrap();
        // {"alg":"none"} and nothing behind the last dot.
        assert_eq!(judged(KeyKind::Ed25519, &format!("eyJhbGciOiJub25lIn0.{body}."), NOW), Err(Outcome::Wrong));
    }

    /// The secret half of a key on P-256.
    fn on_p256(seed: u8) -> p256::SecretKey {
        p256::SecretKey::from_slice(&[seed; 32]).unwrap()
    }

    fn with_es256(header: &Header, claims: &Value, key: &p256::SecretKey) -> String {
        let der = p256::pkcs8::EncodePrivateKey::to_pkcs8_der(key).unwrap();
        jsonwebtoken::encode(header, claims, &EncodingKey::from_ec_der(der.as_bytes())).unwrap()
    }

    fn judged_es256(token: &str) -> Result<String, Outcome> {
        let point = keys::es256_point(&on_p256(7).public_key().to_sec1_bytes()).unwrap();
        check(&row(KeyKind::Es256), &point, token, ("anxin", b"body", Moment(NOW * 1_000_000))).map(|token| token.id)
    }

    #[test]
    fn a_token_of_a_p256_key_is_es256_and_nothing_else() {
        let header = Header::new(Algorithm::ES256);
        let sound = with_es256(&header, &claims(), &on_p256(7));
        assert_eq!(judged_es256(&sound), Ok("a-1".to_owned()));
        assert_eq!(judged_es256(&with_es256(&header, &claims(), &on_p256(8))), Err(Outcome::Wrong), "another key's");
        // A token of the other curve, under its own name and under this one's.
        assert_eq!(judged_es256(&with(json!({}))), Err(Outcome::Wrong));
        let (told, body) = (sound.split('.').next().unwrap(), with(json!({})));
        let (_, rest) = body.split_once('.').unwrap();
        assert_eq!(judged_es256(&format!("{told}.{rest}")), Err(Outcome::Wrong));
        assert_eq!(judged(KeyKind::Ed25519, &sound, NOW), Err(Outcome::Wrong));
        // The public key as a shared secret, in each form in which it may be known, and no signature at all.
        let public_key = on_p256(7).public_key();
        let der = p256::pkcs8::EncodePublicKey::to_public_key_der(&public_key).unwrap();
        for secret in [public_key.to_sec1_bytes().to_vec(), der.as_bytes().to_vec()] {
            let confused =
                jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims(), &EncodingKey::from_secret(&secret)).unwrap();
            assert_eq!(judged_es256(&confused), Err(Outcome::Wrong));
        }
        let body = sound.split('.').nth(1).unwrap();
        for header in ["eyJhbGciOiJub25lIn0", told] {
            assert_eq!(judged_es256(&format!("{header}.{body}.")), Err(Outcome::Wrong));
        }
    }

    #[test]
    fn only_a_point_of_p256_is_a_key_for_es256() {
        let public_key = on_p256(7).public_key();
        let point = public_key.to_sec1_bytes();
        let der = p256::pkcs8::EncodePublicKey::to_public_key_der(&public_key).unwrap();
        assert_eq!(keys::es256_point(&point), Some(point.to_vec()));
        assert_eq!(keys::es256_point(der.as_bytes()), Some(point.to_vec()), "as a file of a key holds it");
        // The generator of secp256k1: as long, and no point of this curve; the same inside a file that names that curve.
        let other = "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";
        let bytes = |hex: &str| -> Vec<u8> {
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
        };
        assert_eq!(keys::es256_point(&bytes(other)), None);
        let file = format!("3056301006072a8648ce3d020106052b8104000a034200{other}");
        assert_eq!(keys::es256_point(&bytes(&file)), None);
        for odd in [&[][..], &[0], &[7; 32], &[4; 65], &[4; 97]] {
            assert_eq!(keys::es256_point(odd), None);
        }
    }

    #[test]
    fn only_a_token_that_names_one_of_our_keys_is_a_bank_s() {
        let signing = SigningKey::from_bytes(&[7; 32]);
        let of = |kid: Option<&str>| {
            let header = Header { kid: kid.map(str::to_owned), ..Header::new(Algorithm::EdDSA) };
            key_of(&signed(&header, &claims(), &signing))
        };
        assert_eq!(of(Some(&RecordId(7).to_string())), Some(RecordId(7)));
        assert_eq!((of(Some("session-1")), of(None)), (None, None));
        assert_eq!(key_of(&"a".repeat(TOKEN_BYTES_MAX + 1)), None);
    }
}
