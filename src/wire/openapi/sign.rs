//! The signature: SHA-256 over the lower-cased text of every received parameter, sorted by name, with the secret at the end.

use sha2::{Digest, Sha256};

use super::cipher::AppSecret;
use super::form::{Parameters, SECRET_PARAMETER};

/// The parameter that carries the signature.
pub const SIGN_PARAMETER: &str = "sign";

/// The shortest run of base64 that counts as ciphertext when a lost plus sign is looked for.
const CIPHER_RUN_MIN: usize = 20;

/// The text that is hashed.
pub fn signed_text(parameters: &Parameters, secret: &AppSecret) -> String {
    let is_apart = |key: &str| key.eq_ignore_ascii_case(SIGN_PARAMETER) || key.eq_ignore_ascii_case(SECRET_PARAMETER);
    let mut pairs: Vec<&(String, String)> = parameters.pairs().iter().filter(|(key, _)| !is_apart(key)).collect();
    pairs.sort_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
    let mut text = String::new();
    for (key, value) in pairs {
        text.push_str(key);
        text.push('=');
        text.push_str(value);
        text.push('&');
    }
    text.push_str(SECRET_PARAMETER);
    text.push('=');
    text.push_str(secret.as_str());
    text.to_lowercase()
}

/// The signature of a request, in lower-case hex.
pub fn sign(parameters: &Parameters, secret: &AppSecret) -> String {
    Sha256::digest(signed_text(parameters, secret).as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether two secrets are the same, in a time that does not depend on where they differ.
pub fn same(a: &str, b: &str) -> bool {
    let differs = a.bytes().zip(b.bytes()).fold(a.len() ^ b.len(), |sum, (a, b)| sum | usize::from(a ^ b));
    differs == 0
}

/// Whether the posted signature is right.
pub fn holds(parameters: &Parameters, secret: &AppSecret) -> bool {
    let given = parameters.get(SIGN_PARAMETER).unwrap_or_default().to_ascii_lowercase();
    same(&given, &sign(parameters, secret))
}

/// Whether the text holds base64 with a blank inside: the mark of a plus sign that was sent without being escaped.
pub fn has_lost_plus(data: &str) -> bool {
    data.split('"').any(|run| {
        run.len() >= CIPHER_RUN_MIN
            && run.len() % 4 == 0
            && run.contains(' ')
            && run.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'=' | b' ' | b'+'))
    })
}
