//! The law in force: the files that the service was started with and every approved amendment laid over them, in order.
//!
//! Read again at start and whenever the number of amendments in force has moved on, so that each instance follows the others.

use std::sync::Arc;

use super::table::{self, AmendmentRow};
use crate::law::LawBook;
use crate::law::decision::Policy;
use crate::store::{AnyConn, StoreError, journal, law_books};
use crate::web::{Ground, InForce};

/// Lays a file over the others; gives the text that it replaces.
pub fn lay(files: &mut Vec<(String, String)>, name: &str, text: &str) -> Option<String> {
    match files.iter_mut().find(|(known, _)| known == name) {
        Some((_, old)) => Some(std::mem::replace(old, text.to_owned())),
        None => {
            files.push((name.to_owned(), text.to_owned()));
            files.sort();
            None
        }
    }
}

/// The digest by which an amendment remembers the text that it replaced; `None` for a file that is new.
pub(super) fn digest_of(files: &[(String, String)], name: &str) -> Option<String> {
    files.iter().find(|(known, _)| known == name).map(|(_, text)| journal::sha256(text.as_bytes()))
}

/// Files and policy after these amendments.
fn after(base: &InForce, approved: &[AmendmentRow]) -> (Vec<(String, String)>, Policy) {
    let (mut files, mut policy) = (base.files.as_ref().clone(), base.policy);
    for row in approved {
        if let (Some(file), Some(wording)) = (&row.file, &row.wording) {
            if digest_of(&files, file) != row.replaces {
                tracing::warn!(
                    law.file = file.as_str(),
                    law.amendment = %row.id,
                    "an amendment stands over another text than the one it was written over; the amendment wins"
                );
            }
            lay(&mut files, file, wording);
        }
        policy = Policy {
            permit_gate: row.permit_gate.unwrap_or(policy.permit_gate),
            completion_gate: row.completion_gate.unwrap_or(policy.completion_gate),
        };
    }
    (files, policy)
}

/// The law after every approved amendment; `None` when this instance has it already.
pub(super) fn read(conn: &mut AnyConn, ground: &Ground) -> Result<Option<InForce>, StoreError> {
    let activation = table::activation(conn)?;
    if activation == ground.in_force().activation {
        return Ok(None);
    }
    let approved = table::approved(conn)?;
    let (files, policy) = after(&ground.base, &approved);
    let in_force = |book, files| InForce { book: Arc::new(book), files: Arc::new(files), policy, activation };
    let faults = match LawBook::from_files(files.clone()) {
        Ok(book) => return Ok(Some(in_force(book, files))),
        Err(faults) => faults,
    };
    // The files of another version do not go together with the amendments: the book as it was when the last one was approved stands.
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    let told = told.join("\n");
    let kept = match approved.last() {
        Some(last) => law_books::files(conn, &last.law_book)?,
        None => None,
    };
    if let Some(files) = kept
        && let Ok(book) = LawBook::from_files(files.clone())
    {
        tracing::warn!(
            law.faults = told.as_str(),
            "the law files do not go together with the amendments; the last approved book stands"
        );
        return Ok(Some(in_force(book, files)));
    }
    Err(StoreError::Setup(format!("law data with the approved amendments / 法规数据与已批准的修订不相容：\n{told}")))
}
