//! Lists: the front of the law book with its search, parameters, regions, what changed when.

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use super::{standing, value};
use crate::console::{Frame, Shown, regions as names, show};
use crate::law::System;
use crate::law::book::keys::KEYS;
use crate::library::history::{self, Begins, BookView, What};
use crate::library::{self, InstrumentView, RegionView, RuleHead, SEARCH_MAX};
use crate::web::Visit;

#[derive(Deserialize)]
pub(super) struct SearchQuery {
    q: Option<String>,
}

impl SearchQuery {
    /// What is searched for; a longer text is cut, since nothing is found by it anyway.
    fn wanted(&self) -> Option<String> {
        let text: String = self.q.as_deref().unwrap_or_default().trim().chars().take(SEARCH_MAX).collect();
        Some(text).filter(|text| !text.is_empty())
    }
}

/// Rules under a heading.
struct Group {
    zh: String,
    en: String,
    rules: Vec<RuleHead>,
}

/// A parameter with its meaning.
struct Key {
    key: &'static str,
    meaning: String,
    regions: usize,
    national: bool,
}

#[derive(Template)]
#[template(path = "console/law/front.html")]
struct FrontPage {
    f: Frame,
    q: String,
    is_search: bool,
    hash: String,
    activation: i64,
    counts: [usize; 3],
    groups: Vec<Group>,
    keys: Vec<Key>,
    instruments: Vec<InstrumentView>,
}

impl FrontPage {
    fn standing<'x>(&self, word: &'x str) -> (&'static str, &'x str) {
        standing(&self.f, word)
    }
}

fn keys(f: &Frame, text: Option<&str>) -> Vec<Key> {
    let book = f.visit.ctx.ground.book();
    let wanted = text.map(str::to_lowercase);
    let of = |key: &'static str, national: bool| {
        let (zh, en) = library::meaning_of(&book, key);
        let fits = wanted.as_ref().is_none_or(|text| [key, &zh, &en].iter().any(|one| one.to_lowercase().contains(text)));
        let regions = library::regions_with(&book, key).len();
        fits.then(|| Key { key, meaning: f.t(&zh, &en).to_owned(), regions, national })
    };
    KEYS.iter().filter_map(|spec| of(spec.key, spec.national)).collect()
}

pub(super) async fn front(visit: Visit, query: web::Query<SearchQuery>) -> Shown {
    let f = Frame::of(&visit);
    let law = visit.ctx.ground.in_force();
    let book = &law.book;
    let wanted = query.wanted();
    let heads = library::rule_heads(book, visit.ctx.today, wanted.as_deref());
    let mut groups: Vec<Group> = Vec::new();
    let mut take = |zh: String, en: String, fits: &dyn Fn(&RuleHead) -> bool| {
        let rules: Vec<RuleHead> = heads.iter().filter(|head| fits(head)).cloned().collect();
        if !rules.is_empty() {
            groups.push(Group { zh, en, rules });
        }
    };
    for system in System::ALL {
        let word = system.as_str();
        let (zh, en) = (f.word(word).into_owned(), f.word(word).into_owned());
        take(zh, en, &|head| head.system.as_deref() == Some(word));
    }
    let apart = |head: &RuleHead, knowledge: bool| head.system.is_none() && head.knowledge == knowledge;
    take("闸口、期限、处罚与计算".into(), "Gates, limits, penalties, calculations".into(), &|head| apart(head, false));
    take("仅供了解，不参与计算".into(), "For knowledge, not computed".into(), &|head| apart(head, true));
    let keys = if wanted.is_some() { keys(&f, wanted.as_deref()) } else { Vec::new() };
    let instruments = match &wanted {
        Some(_) => Vec::new(),
        None => book.instruments().map(|one| library::instrument(book, one)).collect(),
    };
    let counts = [book.rules().count(), KEYS.len(), book.regions().count()];
    show(&FrontPage {
        f,
        is_search: wanted.is_some(),
        q: wanted.unwrap_or_default(),
        hash: book.hash().to_owned(),
        activation: law.activation,
        counts,
        groups,
        keys,
        instruments,
    })
}

#[derive(Template)]
#[template(path = "console/law/parameters.html")]
struct ParametersPage {
    f: Frame,
    keys: Vec<Key>,
}

pub(super) async fn parameters(visit: Visit) -> Shown {
    let f = Frame::of(&visit);
    let keys = keys(&f, None);
    show(&ParametersPage { f, keys })
}

#[derive(Template)]
#[template(path = "console/law/regions.html")]
struct RegionsPage {
    f: Frame,
    regions: Vec<(RegionView, String)>,
}

pub(super) async fn regions(visit: Visit) -> Shown {
    let book = visit.ctx.ground.book();
    let known = book.regions().filter_map(|(code, _)| library::region(&book, code));
    let regions = known.map(|region| (names::name(region.code), region)).map(|(name, region)| (region, name)).collect();
    show(&RegionsPage { f: Frame::of(&visit), regions })
}

/// Lines of a page of changes.
const CHANGES_MAX: usize = 300;

#[derive(Template)]
#[template(path = "console/law/changes.html")]
struct ChangesPage {
    f: Frame,
    book: BookView,
    begins: Vec<Begins>,
    more: usize,
}

impl ChangesPage {
    fn standing<'x>(&self, word: &'x str) -> (&'static str, &'x str) {
        standing(&self.f, word)
    }

    fn text(&self, one: &Begins) -> String {
        match &one.what {
            What::Rule(_) => one.text.clone(),
            What::Value(_) => value(&self.f, &one.text, one.unit),
        }
    }

    fn region(&self, one: &Begins) -> String {
        names::name(one.region)
    }
}

pub(super) async fn changes(visit: Visit) -> Shown {
    let book = visit.read(|conn, visit| history::book(conn, &visit.ctx)).await?;
    let f = Frame::of(&visit);
    let mut begins = history::begins(&visit.ctx.ground.book(), f.is_zh());
    let more = begins.len().saturating_sub(CHANGES_MAX);
    begins.truncate(CHANGES_MAX);
    show(&ChangesPage { f, book, begins, more })
}
