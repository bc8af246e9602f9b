//! One thing of the law at a time: a rule, a number, a region, a law, an article.

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use super::{owes, standing, value};
use crate::base::{Day, RegionCode};
use crate::console::{Frame, Shown, regions as names, show};
use crate::law::book::keys::spec;
use crate::library::{self, ArticleView, InstrumentView, ParameterView, RegionView, RuleHead, RuleView, StepView, ValueView};
use crate::web::{Problem, Verb, Visit};

#[derive(Deserialize)]
pub(super) struct ReadQuery {
    region: Option<String>,
    as_of: Option<String>,
}

impl ReadQuery {
    fn as_of(&self, today: Day) -> Result<Day, Problem> {
        let told = self.as_of.as_deref().filter(|text| !text.is_empty());
        told.map_or(Ok(today), |text| text.parse().map_err(|error| Problem::unreadable("as_of", &error)))
    }

    fn region(&self) -> Result<RegionCode, Problem> {
        let told = self.region.as_deref().filter(|text| !text.is_empty());
        told.map_or(Ok(RegionCode::NATION), |text| text.parse().map_err(|error| Problem::unreadable("region", &error)))
    }
}

#[derive(Template)]
#[template(path = "console/law/rule.html")]
struct RulePage {
    f: Frame,
    rule: RuleView,
    as_of: Day,
    /// Its parameters with the national value of the day.
    parameters: Vec<ParameterView>,
}

impl RulePage {
    fn standing<'x>(&self, word: &'x str) -> (&'static str, &'x str) {
        standing(&self.f, word)
    }

    fn owes(&self) -> String {
        owes(&self.f, &self.rule.owes)
    }

    fn value(&self, one: &ValueView) -> String {
        value(&self.f, &one.value, &one.unit)
    }
}

pub(super) async fn rule(visit: Visit, id: web::Path<String>, query: web::Query<ReadQuery>) -> Shown {
    let book = visit.ctx.ground.book();
    let as_of = query.as_of(visit.ctx.today)?;
    let rule = library::rule(&book, &id, as_of).ok_or_else(Problem::not_found)?;
    let of = |key: &String| library::parameter(&book, key, RegionCode::NATION, as_of);
    let parameters = rule.parameters.iter().filter_map(of).collect();
    show(&RulePage { f: Frame::of(&visit), rule, as_of, parameters })
}

#[derive(Template)]
#[template(path = "console/law/parameter.html")]
struct ParameterPage {
    f: Frame,
    one: ParameterView,
    region: String,
    may_try: bool,
}

impl ParameterPage {
    fn standing<'x>(&self, word: &'x str) -> (&'static str, &'x str) {
        standing(&self.f, word)
    }

    fn value(&self, one: &ValueView) -> String {
        value(&self.f, &one.value, &one.unit)
    }

    fn name(&self, code: &RegionCode) -> String {
        names::name(*code)
    }

    fn found(&self, step: &StepView) -> &'static str {
        match step.found.as_str() {
            "answers" => self.f.t("由此作答", "answers"),
            "not_yet" => self.f.t("尚未施行", "not yet in force"),
            "ended" => self.f.t("已失效", "ended"),
            _ if step.note.is_some() => self.f.t("数值未录入：请依官方文本录入", "not read: enter from the official text"),
            _ => self.f.t("没有规定", "nothing"),
        }
    }

    /// The bound that keeps regions in line with national law, in words.
    fn guard(&self) -> Option<String> {
        let words: Vec<&str> = self.one.guard.as_deref()?.split(' ').collect();
        Some(match words.as_slice() {
            ["not_below", key] => {
                format!("{} {key}", self.f.t("地区规定不得低于国家的", "A region may not go below the nation's"))
            }
            ["not_above", key] => {
                format!("{} {key}", self.f.t("地区规定不得高于国家的", "A region may not go above the nation's"))
            }
            ["within", low, high] => {
                format!("{} {low} … {high}", self.f.t("地区规定须介于国家的", "A region keeps within the nation's"))
            }
            _ => return None,
        })
    }
}

pub(super) async fn parameter(visit: Visit, key: web::Path<String>, query: web::Query<ReadQuery>) -> Shown {
    let (region, as_of) = (query.region()?, query.as_of(visit.ctx.today)?);
    let one = library::parameter(&visit.ctx.ground.book(), &key, region, as_of).ok_or_else(Problem::not_found)?;
    let may_try = visit.able(Verb::TryLaw).is_some();
    show(&ParameterPage { f: Frame::of(&visit), region: names::name(one.region), one, may_try })
}

#[derive(Template)]
#[template(path = "console/law/region.html")]
struct RegionPage {
    f: Frame,
    region: RegionView,
    /// Names from the province down.
    name: String,
    /// The regions above it that have a file.
    above: Vec<(RegionCode, String)>,
}

impl RegionPage {
    fn standing<'x>(&self, word: &'x str) -> (&'static str, &'x str) {
        standing(&self.f, word)
    }

    fn value(&self, one: &ValueView) -> String {
        value(&self.f, &one.value, &one.unit)
    }

    fn meaning(&self, key: &str) -> String {
        let (zh, en) = library::meaning_of(&self.f.visit.ctx.ground.book(), key);
        self.f.t(&zh, &en).to_owned()
    }

    /// Whether the value is one of the region's own, with no national one beside it.
    fn is_own(&self, key: &str) -> bool {
        spec(key).is_some_and(|spec| !spec.national)
    }
}

pub(super) async fn region(visit: Visit, code: web::Path<String>) -> Shown {
    let code: RegionCode = code.parse().map_err(|_| Problem::not_found())?;
    let book = visit.ctx.ground.book();
    let region = library::region(&book, code).ok_or_else(Problem::not_found)?;
    let above = code.chain().skip(1).filter(|up| book.regions().any(|(known, _)| known == *up));
    let above = above.map(|up| (up, names::name(up))).collect();
    show(&RegionPage { f: Frame::of(&visit), name: names::name(code), region, above })
}

#[derive(Template)]
#[template(path = "console/law/instrument.html")]
struct InstrumentPage {
    f: Frame,
    one: InstrumentView,
    articles: Vec<ArticleView>,
    rules: Vec<RuleHead>,
}

pub(super) async fn instrument(visit: Visit, id: web::Path<String>) -> Shown {
    let book = visit.ctx.ground.book();
    let known = book.instruments().find(|one| one.id == *id).ok_or_else(Problem::not_found)?;
    let one = library::instrument(&book, known);
    let articles = one.articles.iter().filter_map(|id| library::article(&book, id)).collect();
    let heads = library::rule_heads(&book, visit.ctx.today, None);
    let rules = heads.into_iter().filter(|head| head.instrument == one.id).collect();
    show(&InstrumentPage { f: Frame::of(&visit), one, articles, rules })
}

#[derive(Template)]
#[template(path = "console/law/article.html")]
struct ArticlePage {
    f: Frame,
    article: ArticleView,
    rules: Vec<RuleHead>,
}

pub(super) async fn article(visit: Visit, id: web::Path<String>) -> Shown {
    let book = visit.ctx.ground.book();
    let article = library::article(&book, &id).ok_or_else(Problem::not_found)?;
    let heads = library::rule_heads(&book, visit.ctx.today, None);
    let rules = heads.into_iter().filter(|head| article.rules.contains(&head.id)).collect();
    show(&ArticlePage { f: Frame::of(&visit), article, rules })
}
