//! What changed when: the law books that were in force, the amendments that made them, and the days on which dated values begin.

use serde::Serialize;
use utoipa::ToSchema;

use crate::amendments::actions::Amendment;
use crate::amendments::http::EntryChange;
use crate::amendments::table;
use crate::base::id::AmendmentId;
use crate::base::{Day, Moment, RegionCode};
use crate::gates::ENGINE;
use crate::law::LawBook;
use crate::law::book::keys::KEYS;
use crate::store::AnyConn;
use crate::store::law_books::{self, Active};
use crate::web::{Ctx, Problem};

use super::views::{unit_of, value_text};

/// A law book that was in force here.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BookTurn {
    /// SHA-256 of its contents.
    pub hash: String,
    /// When it came into force on this server.
    pub activated_at: Moment,
    /// The operator's policy beside it.
    pub permit_gate: bool,
    pub completion_gate: bool,
    /// Number of the amendment by which it came; null for files that a start of the service brought.
    pub activation: Option<i64>,
    pub amendment: Option<AmendmentId>,
    /// The law file that was changed.
    pub file: Option<String>,
    /// The document or legal ground of the amendment.
    pub document: Option<String>,
    pub reason: Option<String>,
    /// What it changed, entry by entry.
    pub changes: Vec<EntryChange>,
}

/// The law book in force and those before it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = LawBook)]
pub struct BookView {
    /// SHA-256 of the contents of the book in force.
    pub hash: String,
    /// Since when it is in force on this server.
    pub activated_at: Option<Moment>,
    /// Number of the last amendment in it; 0 for none.
    pub activation: i64,
    /// Version of the code that reads it.
    pub engine: String,
    /// How much it holds.
    pub instruments: usize,
    pub rules: usize,
    pub values: usize,
    pub regions: usize,
    /// The books in force here, the latest first.
    pub history: Vec<BookTurn>,
}

/// The book in force with its history.
pub fn book(conn: &mut AnyConn, ctx: &Ctx) -> Result<BookView, Problem> {
    let law = ctx.in_force();
    let mut amendments = Vec::new();
    for row in table::approved(conn)? {
        let decision = table::decision(conn, row.id)?;
        amendments.push(Amendment { row, decision });
    }
    let turn = |active: Active| {
        // An amendment and the law that it puts in force are of one moment; a start of the service has no amendment.
        let cause = amendments.iter().find(|one| {
            let decided = one.decision.as_ref().map(|decision| decision.decided_at);
            decided == Some(active.at) && one.row.law_book == active.law_book
        });
        BookTurn {
            hash: active.law_book,
            activated_at: active.at,
            permit_gate: active.policy.permit_gate,
            completion_gate: active.policy.completion_gate,
            activation: cause.and_then(|one| one.decision.as_ref()?.activation),
            amendment: cause.map(|one| one.row.id),
            file: cause.and_then(|one| one.row.file.clone()),
            document: cause.map(|one| one.row.document.clone()),
            reason: cause.map(|one| one.row.reason.clone()),
            changes: cause.map(|one| one.changes().into_iter().map(EntryChange::from).collect()).unwrap_or_default(),
        }
    };
    let mut history: Vec<BookTurn> = law_books::history(conn)?.into_iter().map(turn).collect();
    history.reverse();
    let book = &law.book;
    Ok(BookView {
        hash: book.hash().to_owned(),
        activated_at: history.iter().find(|turn| turn.hash == book.hash()).map(|turn| turn.activated_at),
        activation: law.activation,
        engine: ENGINE.to_owned(),
        instruments: book.instruments().count(),
        rules: book.rules().count(),
        values: KEYS.iter().map(|spec| book.values_of(spec.key).count()).sum(),
        regions: book.regions().count(),
        history,
    })
}

/// A day on which the law changes, as its data say it.
#[derive(Debug, Clone)]
pub struct Begins {
    /// From this day on.
    pub from: Day,
    /// Rule or parameter.
    pub what: What,
    /// Whose law.
    pub region: RegionCode,
    /// Title or value.
    pub text: String,
    /// Unit of the value; empty for a rule.
    pub unit: &'static str,
    /// How firmly it stands.
    pub standing: &'static str,
}

/// What begins.
#[derive(Debug, Clone)]
pub enum What {
    /// A rule comes into force.
    Rule(String),
    /// A parameter gets a value.
    Value(String),
}

/// Every day from which a rule or a value holds, the latest first.
pub fn begins(book: &LawBook, is_zh: bool) -> Vec<Begins> {
    let rules = book.rules().map(|rule| Begins {
        from: rule.from,
        what: What::Rule(rule.id.clone()),
        region: RegionCode::NATION,
        text: if is_zh { rule.title_zh.clone() } else { rule.title_en.clone() },
        unit: "",
        standing: rule.standing.as_str(),
    });
    let values = KEYS.iter().flat_map(|spec| book.values_of(spec.key)).map(|dated| Begins {
        from: dated.from,
        what: What::Value(dated.key.clone()),
        region: dated.region,
        text: value_text(&dated.value),
        unit: unit_of(&dated.value),
        standing: dated.status.as_str(),
    });
    let mut all: Vec<Begins> = rules.chain(values).collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.from));
    all
}
