//! Replaying stored answers: the same facts under the same law book must give the same bytes.
//!
//! Answers of another version of the engine are a class of their own. The stored bytes must be the ones that were sealed, and the verdict
//! must come out again; their words and shape may differ, which is what the version of the engine is kept for.

use std::collections::HashMap;

use super::actions::stored_question;
use super::{ENGINE, table};
use crate::law::{self, LawBook};
use crate::store::{AnyConn, journal, law_books};
use crate::web::{Ctx, Problem};

/// What a replay found.
#[derive(Debug, Default)]
pub struct Replayed {
    /// Answers that were replayed.
    pub replayed: u64,
    /// Ids whose answer differs, with what is wrong.
    pub differ: Vec<String>,
    /// Answers of another version of the engine, replayed as well and counted apart.
    pub other_engine: u64,
}

/// Replays every stored answer on one snapshot.
pub fn all(conn: &mut AnyConn, ctx: &Ctx) -> Result<Replayed, Problem> {
    let mut outcome = Replayed::default();
    let mut books: HashMap<String, LawBook> = HashMap::new();
    for row in table::all(conn)? {
        outcome.replayed += 1;
        if row.engine != ENGINE {
            outcome.other_engine += 1;
        }
        if !books.contains_key(&row.law_book) {
            match stored_book(conn, &row.law_book)? {
                Some(book) => drop(books.insert(row.law_book.clone(), book)),
                None => {
                    outcome.differ.push(format!("{}: its law book {} is not stored or does not read", row.id, row.law_book));
                    continue;
                }
            }
        }
        let Some(book) = books.get(&row.law_book) else { continue };
        let question = stored_question(conn, ctx, &row)?;
        let decision = law::decide(book, &question);
        if row.engine != ENGINE {
            let sealed = journal::sha256(row.answer.as_bytes()) == row.answer_hash;
            if !sealed || row.verdict != decision.verdict.as_str() {
                outcome.differ.push(format!(
                    "{}: the stored answer is not the one that was sealed, or its verdict no longer comes out (answered by {})",
                    row.id, row.engine
                ));
            }
            continue;
        }
        let text = serde_json::to_string(&decision).map_err(|error| Problem::internal(&error.to_string()))?;
        if journal::sha256(text.as_bytes()) != row.answer_hash || text != row.answer {
            outcome.differ.push(format!("{}: the answer is not the stored one", row.id));
        }
    }
    Ok(outcome)
}

fn stored_book(conn: &mut AnyConn, hash: &str) -> Result<Option<LawBook>, Problem> {
    // A book that does not read is named by the answers that need it; it must not keep the others from being replayed.
    let files = law_books::files(conn, hash).ok().flatten();
    let book = files.and_then(|files| LawBook::from_stored(files).ok());
    Ok(book.filter(|book| book.hash() == hash))
}
