//! Where a user is reached: an e-mail address, kept encrypted and shown masked, and the language that they are written to in.
//!
//! Deliberately absent: mails (the store's outbox) and what they say (`alerts`).

pub mod actions;
pub mod http;
pub mod table;

use std::collections::BTreeSet;

use crate::base::id::UserId;
use crate::base::{Moment, Unreadable};
use crate::store::vault::Owner;
use crate::store::{AnyConn, StoreError, Vault};
use crate::web::Lang;

crate::store::types::word_column!(Lang);
crate::web::openapi::word_schema!(Lang);

/// Days for which an address that was taken off an account still says whose it is. Our own choice: longer than any matter waits for its
/// second person, shorter than a shared mailbox should tie colleagues together.
pub const FORMER_DAYS: i64 = 90;

/// Blind index of an address, whatever its case.
fn address_index(vault: &Vault, address: &str) -> String {
    vault.index("email", &address.to_lowercase())
}

/// Whether two accounts are surely one person's: they are one account, or are reached at one address, or were within the last
/// [`FORMER_DAYS`].
pub fn is_one_person(conn: &mut AnyConn, vault: &Vault, (one, other): (UserId, UserId), now: Moment) -> Result<bool, StoreError> {
    if one == other {
        return Ok(true);
    }
    let mut addresses = |user: UserId| -> Result<BTreeSet<String>, StoreError> {
        let since = now.plus_seconds(-FORMER_DAYS * 86_400);
        let mut found: BTreeSet<String> = table::left_since(conn, user, since)?.into_iter().collect();
        if let Some(sealed) = table::find(conn, user)?.and_then(|row| row.email) {
            found.insert(address_index(vault, &vault.open_text(conn, Owner::Global, &sealed)?));
        }
        Ok(found)
    };
    let mine = addresses(one)?;
    Ok(!mine.is_disjoint(&addresses(other)?))
}

/// The longest address (RFC 5321).
const ADDRESS_MAX: usize = 254;

/// The longest part before the `@` (RFC 5321).
const LOCAL_MAX: usize = 64;

/// An e-mail address of the plain kind: ASCII, one `@`, a domain with a dot, nothing quoted.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Reads an address; surrounding blanks are left out.
    ///
    /// # Errors
    /// What is no such address; the text of the error does not repeat it.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let text = text.trim();
        let wrong = || Unreadable::new("e-mail address", "***", "write an address like name@example.cn");
        let (local, domain) = text.split_once('@').ok_or_else(wrong)?;
        let is_atom = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
        };
        let is_label = |part: &str| {
            let is_plain = !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            is_plain && part.len() <= 63 && !part.starts_with('-') && !part.ends_with('-')
        };
        let is_sound = text.len() <= ADDRESS_MAX
            && local.len() <= LOCAL_MAX
            && local.split('.').all(is_atom)
            && domain.contains('.')
            && domain.split('.').all(is_label);
        if is_sound { Ok(Self(text.to_owned())) } else { Err(wrong()) }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first character and the domain.
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.split_once('@').unwrap_or((&self.0, ""));
        format!("{}***@{domain}", local.chars().next().unwrap_or('*'))
    }
}

impl std::fmt::Debug for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Email({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_plain_and_shown_masked() {
        for good in ["a@example.cn", " zhang.san+anxin@mail.example.com ", "x_1@a-b.example"] {
            assert!(Email::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a",
            "a@",
            "@example.cn",
            "a@localhost",
            "a@@example.cn",
            "a b@example.cn",
            "a@exa mple.cn",
            "a@example.cn\r\nBcc: b@example.cn",
            "\"a b\"@example.cn",
            "张@example.cn",
            ".a@example.cn",
            "a..b@example.cn",
            "a@-x.cn",
            "a@example..cn",
        ] {
            let error = Email::parse(bad).unwrap_err();
            assert!(!error.to_string().contains("example.cn\r"), "{error}");
        }
        assert!(Email::parse(&format!("{}@example.cn", "a".repeat(65))).is_err());
        assert_eq!(Email::parse("zhang@example.cn").unwrap().masked(), "z***@example.cn");
        assert_eq!(format!("{:?}", Email::parse("zhang@example.cn").unwrap()), "Email(z***@example.cn)");
    }
}
