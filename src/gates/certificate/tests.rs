use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::*;
use crate::store::StoreError;
use crate::store::vault::Entropy;

struct Zeros;

impl Entropy for Zeros {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), StoreError> {
        buffer.fill(0);
        Ok(())
    }
}

fn vault(key: u8) -> Vault {
    Vault::new([key; 32], Arc::new(Zeros))
}

fn keys(vault: &Vault, kid: &str) -> KeySet {
    let x = URL_SAFE_NO_PAD.encode(signing_key(vault).verifying_key().as_bytes());
    KeySet {
        keys: vec![
            json!({"kty": "RSA", "n": "other"}),
            json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x, "use": "sig"}),
        ],
    }
}

fn at(seconds: i64) -> Moment {
    Moment(seconds * 1_000_000)
}

fn claims() -> Claims {
    Claims {
        iss: "anxin".into(),
        aud: AUDIENCE.into(),
        jti: AnswerId(7),
        iat: 1_000,
        exp: 1_000 + DAYS * 86_400,
        gate: "completion_acceptance".into(),
        verdict: "blocked".into(),
        basis: Some("policy".into()),
        needs_person: false,
        project: Some(CertifiedProject { code: "T-1".into(), name: "测试项目".into() }),
        parties: vec![CertifiedParty { role: "owner".into(), name: "甲公司".into(), uscc: "91119999MA0000007J".into() }],
        region: "330784".parse().unwrap(),
        as_of: "2026-03-02".parse().unwrap(),
        law_book: "ab".into(),
        facts_hash: "cd".into(),
        answer_hash: "ef".into(),
        set_aside: None,
        scope: "projects of this server".into(),
        status: "http://127.0.0.1/certificates/x".into(),
    }
}

#[test]
fn a_certificate_holds_for_its_days_and_not_a_minute_longer_than_clocks_differ() {
    let vault = vault(1);
    let text = sign(&vault, "certificate-1", &claims()).unwrap();
    let keys = keys(&vault, "certificate-1");
    let end = claims().exp;
    assert_eq!(check(&text, &keys, at(1_000)), Ok(claims()));
    assert_eq!(check(&format!("{text}\n"), &keys, at(end - 1)), Ok(claims()));
    assert_eq!(check(&text, &keys, at(end + LEEWAY_SECONDS)), Err(Refused::Expired));
    assert_eq!(check(&text, &keys, at(1_000 - LEEWAY_SECONDS - 1)), Err(Refused::NotYet));
}

#[test]
fn whatever_was_changed_is_refused_with_the_reason() {
    let (ours, other) = (vault(1), vault(2));
    let text = sign(&ours, "certificate-1", &claims()).unwrap();
    let set = keys(&ours, "certificate-1");
    let now = at(2_000);
    let parts: Vec<&str> = text.split('.').collect();
    let body = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap().replace("blocked", "clear");
    let changed = format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(body), parts[2]);
    assert_eq!(check(&changed, &set, now), Err(Refused::Forged));
    assert_eq!(check(&text, &keys(&other, "certificate-1"), now), Err(Refused::Forged));
    assert_eq!(check(&text, &keys(&ours, "certificate-2"), now), Err(Refused::UnknownKey));
    let none = format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"anxin-certificate+jwt"}"#), parts[1]);
    assert_eq!(check(&none, &set, now), Err(Refused::Unreadable));
    for odd in ["", "a.b.c", "not a token", &"x".repeat(LENGTH_MAX + 1)] {
        assert_eq!(check(odd, &set, now), Err(Refused::Unreadable), "{}", &odd[..odd.len().min(9)]);
    }
    // Signed by the right key, for something else.
    let der = signing_key(&ours).to_pkcs8_der().unwrap();
    let header =
        Header { alg: Algorithm::EdDSA, typ: Some("at+jwt".into()), kid: Some("certificate-1".into()), ..Header::default() };
    let token = jsonwebtoken::encode(&header, &claims(), &EncodingKey::from_ed_der(der.as_bytes())).unwrap();
    assert_eq!(check(&token, &set, now), Err(Refused::OtherPurpose));
}
