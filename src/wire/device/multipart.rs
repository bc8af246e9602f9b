//! A splitter of multipart bodies for devices that do not keep to RFC 2046.
//!
//! The boundary is taken from the first `--` line of the body, because firmware is seen that announces
//! `mime_boundary` and writes `MIME_boundary`. Lengths in part headers are ignored, since they are wrong at times, and
//! whatever follows the last part does not matter. Parts are slices: pictures never pass through text.

/// Most parts that are read of one body: a machine that was out of reach may send its events together.
pub const PARTS_MAX: usize = 1000;
/// Longest boundary, in bytes (RFC 2046 allows 70).
const BOUNDARY_BYTES_MAX: usize = 200;

/// One part of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<'a> {
    /// Value of `name=` in the part's disposition.
    pub name: Option<String>,
    /// Content type in lower case, without parameters.
    pub content_type: Option<String>,
    /// Bytes of the part.
    pub content: &'a [u8],
}

/// Splits a body into its parts; `None` when no line begins with `--`. Of one with more than [`PARTS_MAX`] one more is given, which tells
/// that there is a rest.
pub fn split(body: &[u8]) -> Option<Vec<Part<'_>>> {
    let (mark, mut rest) = first_boundary(body)?;
    let mut parts = Vec::new();
    while parts.len() <= PARTS_MAX {
        let (piece, next) = match find_boundary(rest, mark) {
            Some((end, next)) => (rest.get(..end)?, rest.get(next..)),
            None => (rest, None),
        };
        if !piece.trim_ascii().is_empty() {
            parts.push(read_part(piece));
        }
        match next {
            // Two dashes behind the mark close the body.
            Some(after) if !after.starts_with(b"--") => rest = skip_line(after),
            _ => break,
        }
    }
    Some(parts)
}

/// The parts written as a body again, with a mark of our own: what is left of a message from which pictures were taken.
pub fn written(parts: &[Part<'_>]) -> Vec<u8> {
    const MARK: &[u8] = b"--anxin-kept-part";
    let mut body = Vec::new();
    for part in parts {
        body.extend_from_slice(MARK);
        let name = part.name.as_deref().unwrap_or_default();
        let kind = part.content_type.as_deref().unwrap_or("application/octet-stream");
        body.extend_from_slice(
            format!("\r\nContent-Disposition: form-data; name=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n").as_bytes(),
        );
        body.extend_from_slice(part.content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(MARK);
    body.extend_from_slice(b"--\r\n");
    body
}

/// Whether a part is a picture: by its type, or because a JPEG begins like this.
pub fn is_picture(part: &Part<'_>) -> bool {
    part.content_type.as_deref().is_some_and(|kind| kind.starts_with("image/"))
        || part.content.trim_ascii_start().starts_with(b"\xff\xd8")
}

/// The body without its pictures; `None` where it has none.
pub fn without_pictures(body: &[u8]) -> Option<Vec<u8>> {
    let parts = split(body)?;
    let kept: Vec<Part<'_>> = parts.iter().filter(|part| !is_picture(part)).cloned().collect();
    (kept.len() < parts.len()).then(|| written(&kept))
}

/// The mark with its dashes, and what follows its line.
fn first_boundary(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = body;
    loop {
        let end = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
        let line = rest.get(..end)?.trim_ascii();
        let after = rest.get(end.saturating_add(1)..).unwrap_or_default();
        if line.starts_with(b"--") && line.len() > 2 && line.len() <= BOUNDARY_BYTES_MAX {
            return Some((line, after));
        }
        if after.is_empty() {
            return None;
        }
        rest = after;
    }
}

/// Where the content before the next mark ends, and where the text behind the mark begins.
fn find_boundary(bytes: &[u8], mark: &[u8]) -> Option<(usize, usize)> {
    let mut from = 0;
    loop {
        let place = from + bytes.get(from..)?.windows(mark.len()).position(|window| window == mark)?;
        let before = bytes.get(..place)?;
        let behind = place + mark.len();
        // The mark stands at the start of a line and is not the beginning of a longer word.
        let whole = bytes.get(behind).is_none_or(|b| !b.is_ascii_alphanumeric());
        if whole && (before.is_empty() || before.ends_with(b"\n")) {
            let end = before.strip_suffix(b"\r\n").or_else(|| before.strip_suffix(b"\n")).unwrap_or(before).len();
            return Some((end, behind));
        }
        from = place + 1;
    }
}

fn skip_line(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|b| *b == b'\n').map_or(bytes.len(), |place| place + 1);
    bytes.get(end..).unwrap_or_default()
}

fn read_part(piece: &[u8]) -> Part<'_> {
    let (mut name, mut content_type, mut rest) = (None, None, piece);
    loop {
        let end = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
        let line = String::from_utf8_lossy(rest.get(..end).unwrap_or_default());
        let line = line.trim();
        let after = rest.get(end.saturating_add(1)..).unwrap_or_default();
        if line.is_empty() {
            return Part { name, content_type, content: after };
        }
        let Some((field, value)) = line.split_once(':').filter(|(field, _)| is_field(field)) else {
            // No header at all: firmware that puts the object right behind the boundary.
            return Part { name, content_type, content: rest };
        };
        match field.trim().to_ascii_lowercase().as_str() {
            "content-disposition" => name = disposition_name(value),
            "content-type" => content_type = value.split(';').next().map(|kind| kind.trim().to_ascii_lowercase()),
            _ => {}
        }
        if after.is_empty() {
            return Part { name, content_type, content: after };
        }
        rest = after;
    }
}

fn is_field(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn disposition_name(value: &str) -> Option<String> {
    value.split(';').find_map(|item| {
        let (key, text) = item.split_once('=')?;
        key.trim().eq_ignore_ascii_case("name").then(|| text.trim().trim_matches('"').to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_body_names_its_own_boundary() {
        let body = b"\r\n--MIME_x\r\nContent-Disposition: form-data; name=\"Event\"\r\nContent-Type: application/json; charset=x\r\nContent-Length: 999\r\n\r\n{\"a\":1}\r\n--MIME_x\r\nContent-Disposition: form-data; name=Picture\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\0--MIME_x\0\r\n--MIME_x--\r\n--other--\r\n";
        let parts = split(body).unwrap();
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0].name.as_deref(), Some("Event"));
        assert_eq!(parts[0].content_type.as_deref(), Some("application/json"));
        assert_eq!(parts[0].content, b"{\"a\":1}");
        assert_eq!(parts[1].content, b"\xff\xd8\0--MIME_x\0");
    }

    #[test]
    fn bare_line_feeds_missing_ends_and_missing_headers_are_taken() {
        let parts = split(b"--b\n\n{}\n--b\n{\"x\": 2}").unwrap();
        assert_eq!(parts.iter().map(|part| part.content).collect::<Vec<_>>(), [&b"{}"[..], b"{\"x\": 2}"]);
        assert_eq!(split(b"{\"no\": \"boundary\"}"), None);
        assert_eq!(split(b"--b--").unwrap(), []);
    }

    proptest! {
        #[test]
        fn any_bytes_are_split_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = split(&bytes);
            let marked = [b"--b\r\n", bytes.as_slice(), b"\r\n--b", bytes.as_slice()].concat();
            prop_assert!(split(&marked).unwrap().len() <= PARTS_MAX + 1);
        }
    }
}
