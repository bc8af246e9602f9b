//! Rules, parameters, regions, articles and instruments as shown: made from the law book by pure functions.

use std::collections::BTreeMap;

use crate::base::{Day, RegionCode};
use crate::law::book::keys::{Guard, KEYS, KeySpec, spec};
use crate::law::book::{Dated, Found, Instrument, Kind, Rule, SpanUnit, Value};
use crate::law::{LawBook, ProjectFacts, System, assess};

use super::names::meaning;
use super::shapes::{ArticleView, InstrumentView, ParameterView, RegionView, RuleHead, RuleView, StepView, ValueView};

/// The id under which an article is found.
pub fn article_id(instrument: &str, number: &str) -> String {
    format!("{instrument}:{number}")
}

/// A value as people write it: brackets and spans in words of their own.
pub fn value_text(value: &Value) -> String {
    value.to_string()
}

/// The word for a value's unit in the data files.
pub fn unit_of(value: &Value) -> &'static str {
    match value {
        Value::Money(_) => "yuan",
        Value::Ratio(_) => "ratio",
        Value::Count(_) => "count",
        Value::Truth(_) => "truth",
        Value::Brackets(_) => "brackets",
        Value::Span(span) => match span.unit {
            SpanUnit::Day => "day",
            SpanUnit::Workday => "workday",
            SpanUnit::Month => "month",
        },
    }
}

fn kind_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Money => "yuan",
        Kind::Ratio => "ratio",
        Kind::Count => "count",
        Kind::Truth => "truth",
        Kind::Span => "span",
        Kind::Brackets => "brackets",
    }
}

/// The system in which each rule is judged. Asked of the engine itself, by a project of which nothing is known.
pub fn systems(book: &LawBook, as_of: Day) -> BTreeMap<String, System> {
    let nothing = ProjectFacts::unknown(RegionCode::NATION, "");
    assess(&nothing, book, as_of).findings.into_iter().map(|finding| (finding.rule, finding.system)).collect()
}

fn head(rule: &Rule, systems: &BTreeMap<String, System>) -> RuleHead {
    RuleHead {
        id: rule.id.clone(),
        title_zh: rule.title_zh.clone(),
        title_en: rule.title_en.clone(),
        instrument: rule.instrument.clone(),
        citation: rule.citation.to_string(),
        standing: rule.standing.as_str().to_owned(),
        from: rule.from,
        to: rule.to,
        system: systems.get(&rule.id).map(|system| system.as_str().to_owned()),
        knowledge: rule.knowledge,
    }
}

/// The rules whose id, title or words of the article hold the text; all for none.
pub fn rule_heads(book: &LawBook, as_of: Day, text: Option<&str>) -> Vec<RuleHead> {
    let systems = systems(book, as_of);
    let wanted = text.map(str::to_lowercase);
    let fits = |rule: &&Rule| {
        let Some(wanted) = &wanted else { return true };
        let words = book.words(rule).map_or("", |article| article.words.as_str());
        [rule.id.as_str(), &rule.title_zh, &rule.title_en, &rule.citation.document, words]
            .iter()
            .any(|text| text.to_lowercase().contains(wanted))
    };
    book.rules().filter(fits).map(|rule| head(rule, &systems)).collect()
}

/// A rule; `None` for an unknown id.
pub fn rule(book: &LawBook, id: &str, as_of: Day) -> Option<RuleView> {
    let rule = book.rule(id)?;
    let article = book.words(rule);
    let national = |spec: &&KeySpec| book.values_of(spec.key).any(|dated| dated.rule.as_deref() == Some(id));
    Some(RuleView {
        head: head(rule, &systems(book, as_of)),
        version: rule.version,
        convention: rule.convention,
        holds: rule.holds_on(as_of),
        owes: rule.owes.clone(),
        counts_towards: rule.counts_towards.clone(),
        article: article.and(rule.citation.article.as_deref()).map(|number| article_id(&rule.instrument, number)),
        article_unverified: rule.citation.article_unverified,
        words: article.map(|article| article.words.clone()),
        paraphrase: article.is_some_and(|article| article.paraphrase),
        parameters: KEYS.iter().filter(national).map(|spec| spec.key.to_owned()).collect(),
    })
}

fn value(dated: &Dated) -> ValueView {
    ValueView {
        key: dated.key.clone(),
        region: dated.region,
        value: value_text(&dated.value),
        unit: unit_of(&dated.value).to_owned(),
        from: dated.from,
        to: dated.to,
        citation: dated.citation.to_string(),
        standing: dated.status.as_str().to_owned(),
        rule: dated.rule.clone(),
        derogation: dated.derogation.clone(),
        note: dated.note.clone(),
    }
}

fn guard(guard: Guard) -> Option<String> {
    match guard {
        Guard::Free => None,
        Guard::NotBelow(key) => Some(format!("not_below {key}")),
        Guard::NotAbove(key) => Some(format!("not_above {key}")),
        Guard::Within(low, high) => Some(format!("within {low} {high}")),
    }
}

/// What a parameter means, in Chinese and English: its own words, or the title of its rule.
pub fn meaning_of(book: &LawBook, key: &str) -> (String, String) {
    let of_rule = || {
        let rule = book.values_of(key).find_map(|dated| book.rule(dated.rule.as_deref()?))?;
        Some((rule.title_zh.clone(), rule.title_en.clone()))
    };
    meaning(key).or_else(of_rule).unwrap_or_else(|| (key.to_owned(), key.to_owned()))
}

/// The regions below the nation that have a value of a parameter.
pub fn regions_with(book: &LawBook, key: &str) -> Vec<RegionCode> {
    let mut regions: Vec<RegionCode> =
        book.values_of(key).map(|dated| dated.region).filter(|code| *code != RegionCode::NATION).collect();
    regions.dedup();
    regions
}

/// A parameter for a region and a day; `None` for an unknown name.
pub fn parameter(book: &LawBook, key: &str, region: RegionCode, as_of: Day) -> Option<ParameterView> {
    let spec = spec(key)?;
    let lookup = book.value(key, region, as_of);
    let rule = book.values_of(key).find_map(|dated| dated.rule.as_deref()).and_then(|id| book.rule(id));
    let article = rule.and_then(|rule| book.words(rule));
    let (meaning_zh, meaning_en) = meaning_of(book, key);
    let entry = |code: RegionCode| book.regions().find(|(known, _)| *known == code).map(|(_, entry)| entry);
    let chain = lookup.chain.iter().map(|step| {
        let answers = lookup.value.filter(|dated| step.found == Found::Answers && dated.region == step.region);
        StepView {
            region: step.region,
            name: entry(step.region).map(|entry| entry.name.clone()),
            found: match step.found {
                Found::Nothing => "nothing",
                Found::NotYet => "not_yet",
                Found::Ended => "ended",
                Found::Answers => "answers",
            }
            .to_owned(),
            note: entry(step.region).and_then(|entry| entry.note.clone()),
            value: answers.map(value),
        }
    });
    let mut history: Vec<&Dated> = book.values_of(key).collect();
    history.sort_by_key(|dated| (dated.from, dated.region));
    Some(ParameterView {
        key: key.to_owned(),
        meaning_zh,
        meaning_en,
        kind: kind_of(spec.kind).to_owned(),
        national: spec.national,
        guard: guard(spec.guard),
        region,
        as_of,
        value: lookup.value.map(value),
        rule: rule.map(|rule| rule.id.clone()),
        words: article.map(|article| article.words.clone()),
        paraphrase: article.is_some_and(|article| article.paraphrase),
        chain: chain.collect(),
        history: history.into_iter().map(value).collect(),
    })
}

/// A region that has a file; `None` for another.
pub fn region(book: &LawBook, code: RegionCode) -> Option<RegionView> {
    let (_, entry) = book.regions().find(|(known, _)| *known == code)?;
    let values: Vec<ValueView> =
        KEYS.iter().flat_map(|spec| book.values_of(spec.key)).filter(|dated| dated.region == code).map(value).collect();
    Some(RegionView { code, name: entry.name.clone(), note: entry.note.clone(), is_empty: values.is_empty(), values })
}

/// An article by its id; `None` for an unknown one.
pub fn article(book: &LawBook, id: &str) -> Option<ArticleView> {
    let (instrument, number) = id.split_once(':')?;
    let article = book.article(instrument, number)?;
    let cites = |rule: &&Rule| rule.instrument == instrument && rule.citation.article.as_deref() == Some(number);
    Some(ArticleView {
        id: id.to_owned(),
        instrument: instrument.to_owned(),
        instrument_name: book.instruments().find(|one| one.id == instrument).map(|one| one.name.clone()).unwrap_or_default(),
        number: number.to_owned(),
        words: article.words.clone(),
        paraphrase: article.paraphrase,
        rules: book.rules().filter(cites).map(|rule| rule.id.clone()).collect(),
    })
}

/// Articles are numbered, some with a part (`276-1`), so that they stand in the order of numbers.
fn place_of(number: &str) -> (u32, String) {
    let (whole, part) = number.split_once('-').unwrap_or((number, ""));
    (whole.parse().unwrap_or(u32::MAX), part.to_owned())
}

/// An instrument with its articles and rules.
pub fn instrument(book: &LawBook, one: &Instrument) -> InstrumentView {
    let mut numbers: Vec<&str> =
        book.articles().filter(|(instrument, ..)| *instrument == one.id).map(|(_, number, _)| number).collect();
    numbers.sort_by_key(|number| place_of(number));
    InstrumentView {
        id: one.id.clone(),
        name: one.name.clone(),
        number: one.number.clone(),
        from: one.from,
        articles: numbers.into_iter().map(|number| article_id(&one.id, number)).collect(),
        rules: book.rules().filter(|rule| rule.instrument == one.id).map(|rule| rule.id.clone()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::law::embedded_files;

    fn book() -> LawBook {
        LawBook::from_files(embedded_files()).unwrap()
    }

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn a_rule_leads_to_its_article_and_its_parameters() {
        let book = book();
        let rule = rule(&book, "R53-06a", day("2026-03-02")).unwrap();
        assert!(rule.holds && rule.parameters.contains(&"deadline.account_open".to_owned()), "{rule:?}");
        assert_eq!(rule.head.system.as_deref(), Some("account"));
        let article = article(&book, rule.article.as_deref().unwrap()).unwrap();
        assert!(article.rules.contains(&"R53-06a".to_owned()) && Some(&article.words) == rule.words.as_ref());
        assert!(!super::rule(&book, "R53-06a", day("2021-07-06")).unwrap().holds, "the day before");
        assert!(super::rule(&book, "R0-00", day("2026-03-02")).is_none());
    }

    #[test]
    fn a_parameter_shows_each_region_of_its_chain_and_every_dated_value() {
        let book = book();
        let cap = parameter(&book, "deposit.cap", "650102".parse().unwrap(), day("2026-03-02")).unwrap();
        let found: Vec<&str> = cap.chain.iter().map(|step| step.found.as_str()).collect();
        assert_eq!(found, ["nothing", "nothing", "answers"]);
        assert_eq!(cap.value.as_ref().unwrap().value, "5000000.00");
        assert!(cap.history.len() > 1 && cap.history.is_sorted_by_key(|value| value.from));
        let none = parameter(&book, "deposit.rate", "310000".parse().unwrap(), day("2026-03-02")).unwrap();
        assert!(none.value.is_none() && none.chain.iter().any(|step| step.note.is_some()));
        assert_eq!(none.guard.as_deref(), Some("within deposit.rate_min deposit.rate_max"));
    }

    #[test]
    fn an_empty_region_says_so_and_an_unknown_one_is_none() {
        let book = book();
        let empty = region(&book, "310000".parse().unwrap()).unwrap();
        assert!(empty.is_empty && empty.note.is_some());
        assert!(!region(&book, "650000".parse().unwrap()).unwrap().is_empty);
        assert!(region(&book, "999999".parse().unwrap()).is_none());
    }

    #[test]
    fn words_are_found_in_ids_titles_and_articles() {
        let book = book();
        let found = |text: &str| rule_heads(&book, day("2026-03-02"), Some(text)).len();
        assert_eq!(found("r65-11a"), 1);
        assert!(found("施工许可") > 0 && found("payment bond") > 0);
        assert_eq!(found("no such words"), 0);
        assert_eq!(rule_heads(&book, day("2026-03-02"), None).len(), book.rules().count());
    }
}
