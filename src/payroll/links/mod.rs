//! Signing by a link or its QR code: a secret that is handed to the worker, and what only the worker should know beside it, the last six
//! characters of the number on their identity card, or the six digits of a PIN where they have one ([`pins`]).
//!
//! A link is for one line as it stands: once the line's net wage changes, the line is opened again or another link is made for it, it signs
//! nothing. The slip is shown before anything is signed, and a look signs nothing either. Deliberately absent: messages to telephones.
//! Whoever keeps the roll can know these six characters too, so a signature says by which link and by what it was given, and the
//! journal who made the link.

pub mod actions;
pub mod http;
pub mod pins;
pub mod table;

use crate::base::id::LineId;
use crate::base::{Fen, Moment};

/// Links made at once; the page with their codes is printed.
pub const LINKS_MAX: usize = 100;

/// Days for which a link works.
pub const LINK_DAYS: i64 = 7;

/// Wrong answers after which a link works no more.
pub const TRIES_MAX: i64 = 5;

/// Characters of the identity number that are asked for.
pub const CODE_CHARS: usize = 6;

/// A link that was just made; its secret is told once and kept by nobody.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[schema(as = SignLink)]
pub struct MadeLink {
    /// The line.
    pub line: LineId,
    /// Name of the worker.
    pub worker: String,
    /// What is signed.
    pub net: Fen,
    /// Path of the page.
    pub path: String,
    /// Until when.
    pub until_at: Moment,
}

/// Path of a link's page.
pub fn path_of(secret: &str) -> String {
    format!("/sign/{secret}")
}

/// The characters that are asked for, of a number.
fn code_of(number: &str) -> String {
    let chars: Vec<char> = number.trim().to_uppercase().chars().collect();
    chars.iter().skip(chars.len().saturating_sub(CODE_CHARS)).collect()
}

/// Whether what was typed is the end of the number.
fn is_code(number: &str, typed: &str) -> bool {
    let typed = typed.trim().to_uppercase();
    typed.chars().count() == CODE_CHARS && typed == code_of(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_characters_and_no_fewer() {
        assert!(is_code("11999919900101001x", " 01001X "));
        for wrong in ["", "1001X", "11999919900101001X", "010010"] {
            assert!(!is_code("11999919900101001X", wrong), "{wrong}");
        }
        assert!(!is_code("123", "123"), "a number that is too short tells nothing");
    }
}
