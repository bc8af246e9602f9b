//! The form of a request as raw decoded text: the signature is over what was received, so nothing is trimmed, sorted or mended here.

/// Parameters of a request at most.
pub const PARAMETERS_MAX: usize = 64;

/// The parameter that one family of clients posts and that is never kept.
pub const SECRET_PARAMETER: &str = "appsecret";

/// Parameters in the order received.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parameters(Vec<(String, String)>);

/// Why a body is no form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormFault {
    /// Bytes that are no UTF-8 after decoding.
    BadEncoding,
    /// More than [`PARAMETERS_MAX`].
    TooMany,
    /// The same parameter twice: nobody could say which one was signed.
    Twice(String),
}

impl Parameters {
    /// Reads `application/x-www-form-urlencoded`.
    ///
    /// # Errors
    /// Bytes that are no text, too many parameters, one parameter twice.
    pub fn parse(body: &[u8]) -> Result<Self, FormFault> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for part in body.split(|byte| *byte == b'&').filter(|part| !part.is_empty()) {
            let mut halves = part.splitn(2, |byte| *byte == b'=');
            let key = decoded(halves.next().unwrap_or_default())?;
            let value = decoded(halves.next().unwrap_or_default())?;
            if pairs.iter().any(|(known, _)| *known == key) {
                return Err(FormFault::Twice(key.chars().take(40).collect()));
            }
            if pairs.len() >= PARAMETERS_MAX {
                return Err(FormFault::TooMany);
            }
            pairs.push((key, value));
        }
        Ok(Self(pairs))
    }

    /// Parameters made by a client.
    pub fn of(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// A parameter's text, by its exact name or else without regard to case; `None` where it is absent or empty.
    pub fn get(&self, key: &str) -> Option<&str> {
        let exact = self.0.iter().find(|(known, _)| known == key);
        let found = exact.or_else(|| self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(key)));
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Every parameter as received.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// The body on the wire.
    pub fn encoded(&self) -> String {
        self.0.iter().map(|(key, value)| format!("{}={}", encoded(key), encoded(value))).collect::<Vec<_>>().join("&")
    }
}

fn hex(byte: Option<&u8>) -> Option<u8> {
    char::from(*byte?).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Undoes the form's encoding; a percent sign that begins no code stays as it is.
fn decoded(text: &[u8]) -> Result<String, FormFault> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut place = 0;
    while let Some(byte) = text.get(place) {
        place += 1;
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => match (hex(text.get(place)), hex(text.get(place + 1))) {
                (Some(high), Some(low)) => {
                    bytes.push(high << 4 | low);
                    place += 2;
                }
                _ => bytes.push(b'%'),
            },
            other => bytes.push(*other),
        }
    }
    String::from_utf8(bytes).map_err(|_| FormFault::BadEncoding)
}

fn encoded(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => made.push(char::from(byte)),
            b' ' => made.push('+'),
            other => made.push_str(&format!("%{other:02X}")),
        }
    }
    made
}

/// The body as it may be kept: a posted secret is stars. This is the one change that a body undergoes.
pub fn redacted(body: &[u8]) -> Vec<u8> {
    let mut parts = Vec::new();
    for part in body.split(|byte| *byte == b'&') {
        let key = part.split(|byte| *byte == b'=').next().unwrap_or_default();
        let is_secret = decoded(key).is_ok_and(|key| key.trim().eq_ignore_ascii_case(SECRET_PARAMETER));
        parts.push(if is_secret { [key, b"=***".as_slice()].concat() } else { part.to_vec() });
    }
    parts.join(b"&".as_slice())
}
