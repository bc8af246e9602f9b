//! `/api/v1/law`: the law in force, for whoever is logged in.

use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::history::{self, BookView};
use super::{
    ArticleView, InstrumentView, ParameterView, RegionView, RuleHead, RuleView, SEARCH_MAX, article, instrument, meaning_of,
    parameter, region, regions_with, rule, rule_heads,
};
use crate::base::{Day, RegionCode};
use crate::law::book::keys::KEYS;
use crate::web::extract::Reply;
use crate::web::{Access, Call, Problem, Route};

/// The module's routes.
pub fn routes() -> Vec<Route> {
    let read = Access::Myself;
    vec![
        Route::get("/api/v1/law/book", read, "The law book in force and those before it", || web::get().to(book))
            .gives::<BookView>(),
        Route::get("/api/v1/law/instruments", read, "Laws and rules that others cite", || web::get().to(instruments))
            .gives::<Instruments>(),
        Route::get("/api/v1/law/articles/{article}", read, "The words of an article, like sc724:24", || {
            web::get().to(one_article)
        })
        .gives::<ArticleView>(),
        Route::get("/api/v1/law/rules", read, "Rules by id, title or words", || web::get().to(rules))
            .query(&[("q", "text to be found in id, title or words"), ("as_of", "civil day, today when absent")])
            .gives::<Rules>(),
        Route::get("/api/v1/law/rules/{rule}", read, "A rule with the words of its article", || web::get().to(one_rule))
            .query(&[("as_of", "civil day, today when absent")])
            .gives::<RuleView>(),
        Route::get("/api/v1/law/parameters", read, "The numbers of the law", || web::get().to(parameters)).gives::<Parameters>(),
        Route::get(
            "/api/v1/law/parameters/{parameter}",
            read,
            "A number of the law: value, citation, words, regions, history",
            || web::get().to(one_parameter),
        )
        .query(&[("region", "six digits, 000000 when absent"), ("as_of", "civil day, today when absent")])
        .gives::<ParameterView>(),
        Route::get("/api/v1/law/regions", read, "Regions that have a file", || web::get().to(regions)).gives::<Regions>(),
        Route::get("/api/v1/law/regions/{region}", read, "A region with all its values", || web::get().to(one_region))
            .gives::<RegionView>(),
    ]
}

/// Every instrument.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = LawInstruments)]
struct Instruments {
    instruments: Vec<InstrumentView>,
}

/// Rules.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = LawRules)]
struct Rules {
    rules: Vec<RuleHead>,
}

/// A parameter in the list.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = LawParameterHead)]
struct ParameterHead {
    key: &'static str,
    /// What it means.
    meaning_zh: String,
    meaning_en: String,
    /// Whether national law has a value.
    national: bool,
    /// Regions that have a value.
    regions: Vec<RegionCode>,
}

/// Every parameter.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = LawParameters)]
struct Parameters {
    parameters: Vec<ParameterHead>,
}

/// A region in the list.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = LawRegionHead)]
struct RegionHead {
    code: RegionCode,
    name: String,
    note: Option<String>,
    /// Nothing was read yet.
    is_empty: bool,
}

/// Every region that has a file.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = LawRegions)]
struct Regions {
    regions: Vec<RegionHead>,
}

#[derive(Deserialize)]
struct LawQuery {
    q: Option<String>,
    region: Option<String>,
    as_of: Option<String>,
}

impl LawQuery {
    fn as_of(&self, today: Day) -> Result<Day, Problem> {
        let read = |text: &String| text.parse().map_err(|error| Problem::unreadable("as_of", &error));
        self.as_of.as_ref().map_or(Ok(today), read)
    }

    fn region(&self) -> Result<RegionCode, Problem> {
        let read = |text: &String| text.parse().map_err(|error| Problem::unreadable("region", &error));
        self.region.as_ref().map_or(Ok(RegionCode::NATION), read)
    }

    fn wanted(&self) -> Result<Option<&str>, Problem> {
        let text = self.q.as_deref().map(str::trim).filter(|text| !text.is_empty());
        if text.is_some_and(|text| text.chars().count() > SEARCH_MAX) {
            let (zh, en) =
                (format!("检索词不能超过 {SEARCH_MAX} 个字。"), format!("Search for {SEARCH_MAX} characters at most."));
            return Err(Problem::invalid(zh, en).at("q", "over_limit"));
        }
        Ok(text)
    }
}

async fn book(call: Call) -> Result<impl Responder, Problem> {
    call.read(history::book).await
}

async fn instruments(call: Call) -> Result<impl Responder, Problem> {
    let book = call.ctx.ground.book();
    Ok(Reply::ok(Instruments { instruments: book.instruments().map(|one| instrument(&book, one)).collect() }))
}

async fn one_article(call: Call, id: web::Path<String>) -> Result<impl Responder, Problem> {
    article(&call.ctx.ground.book(), &id).map(Reply::ok).ok_or_else(Problem::not_found)
}

async fn rules(call: Call, query: web::Query<LawQuery>) -> Result<impl Responder, Problem> {
    let rules = rule_heads(&call.ctx.ground.book(), query.as_of(call.ctx.today)?, query.wanted()?);
    Ok(Reply::ok(Rules { rules }))
}

async fn one_rule(call: Call, id: web::Path<String>, query: web::Query<LawQuery>) -> Result<impl Responder, Problem> {
    let as_of = query.as_of(call.ctx.today)?;
    rule(&call.ctx.ground.book(), &id, as_of).map(Reply::ok).ok_or_else(Problem::not_found)
}

async fn parameters(call: Call) -> Result<impl Responder, Problem> {
    let book = call.ctx.ground.book();
    let heads = KEYS.iter().map(|spec| {
        let (meaning_zh, meaning_en) = meaning_of(&book, spec.key);
        ParameterHead { key: spec.key, meaning_zh, meaning_en, national: spec.national, regions: regions_with(&book, spec.key) }
    });
    Ok(Reply::ok(Parameters { parameters: heads.collect() }))
}

async fn one_parameter(call: Call, key: web::Path<String>, query: web::Query<LawQuery>) -> Result<impl Responder, Problem> {
    let (region, as_of) = (query.region()?, query.as_of(call.ctx.today)?);
    parameter(&call.ctx.ground.book(), &key, region, as_of).map(Reply::ok).ok_or_else(Problem::not_found)
}

async fn regions(call: Call) -> Result<impl Responder, Problem> {
    let book = call.ctx.ground.book();
    let heads = book.regions().map(|(code, entry)| RegionHead {
        code,
        name: entry.name.clone(),
        note: entry.note.clone(),
        is_empty: !KEYS.iter().any(|spec| book.values_of(spec.key).any(|dated| dated.region == code)),
    });
    Ok(Reply::ok(Regions { regions: heads.collect() }))
}

async fn one_region(call: Call, code: web::Path<String>) -> Result<impl Responder, Problem> {
    let code: RegionCode = code.parse().map_err(|error| Problem::unreadable("region", &error))?;
    region(&call.ctx.ground.book(), code).map(Reply::ok).ok_or_else(Problem::not_found)
}
