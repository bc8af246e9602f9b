//! What spans files: rules and code fit, values are cited, leave no gaps, do not overlap and are no looser than national law.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::base::RegionCode;

use super::ids::CODED;
use super::keys::{Guard, KEYS, spec};
use super::load::Parts;
use super::value::{Dated, Kind, Standing, Value};

/// Runs every check; faults are added to the parts. A `stored` book may be older than the code, so it may lack what code has learned
/// to compute since; whatever it does hold is checked alike.
pub(super) fn all(parts: &mut Parts, stored: bool) {
    if !stored {
        complete(parts);
    }
    rules(parts);
    values(parts);
    spans(parts);
    guards(parts);
}

/// Code without rules, and national parameters without a value.
fn complete(parts: &mut Parts) {
    for id in CODED {
        if parts.rules.get(*id).is_none_or(|rule| rule.knowledge || rule.convention) {
            let (zh, en) = (format!("程序计算规则 `{id}`，数据中没有"), format!("code computes rule `{id}`, the data has none"));
            parts.fault("law/rules.toml", &format!("rule {id}"), 1, &zh, &en);
        }
    }
    for spec in KEYS.iter().filter(|spec| spec.national) {
        if !parts.values.iter().any(|value| value.key == spec.key && value.region == RegionCode::NATION) {
            let (zh, en) =
                (format!("缺少国家层面的参数 `{}`", spec.key), format!("national parameter `{}` has no value", spec.key));
            parts.fault("law/parameters", &format!("value {}", spec.key), 1, &zh, &en);
        }
    }
}

fn rules(parts: &mut Parts) {
    for (id, rule) in parts.rules.clone() {
        let line = parts.lines.get(&format!("rule {id}")).map_or(1, |(_, line)| *line);
        let place = |parts: &mut Parts, zh: &str, en: &str| parts.fault("law/rules.toml", &format!("rule {id}"), line, zh, en);
        if !rule.knowledge && !rule.convention && !CODED.contains(&id.as_str()) {
            place(
                parts,
                "没有计算该规则的程序；仅供展示的请写 knowledge = true",
                "no code computes it; write knowledge = true where it is only shown",
            );
        }
        if rule.to.is_some_and(|to| to < rule.from) {
            place(parts, "`to` 早于 `from`", "`to` is before `from`");
        }
        if !parts.instruments.contains_key(&rule.instrument) {
            place(parts, "`instrument` 不在 instruments.toml 中", "`instrument` is not in instruments.toml");
        }
        if let Some(article) = &rule.citation.article
            && !parts.articles.contains_key(&(rule.instrument.clone(), article.clone()))
        {
            place(parts, "所引条文没有文字", "the article cited has no words in articles/");
        }
    }
    for (instrument, article) in parts.articles.keys().cloned().collect::<Vec<_>>() {
        if !parts.instruments.contains_key(&instrument) {
            let table = format!("article {instrument} {article}");
            let (file, line) = parts.lines.get(&table).cloned().unwrap_or_else(|| ("law/articles".to_owned(), 1));
            parts.fault(&file, &table, line, "`instrument` 不在 instruments.toml 中", "`instrument` is not in instruments.toml");
        }
    }
}

fn values(parts: &mut Parts) {
    for value in parts.values.clone() {
        let (file, line) = value.place.clone();
        let table = format!("value {}", value.key);
        let mut fault = |zh: &str, en: &str| parts.fault(&file, &table, line, zh, en);
        match spec(&value.key) {
            None => fault("未知的参数名", "unknown parameter"),
            Some(spec) if spec.kind != value.value.kind() => fault("单位与参数不符", "the unit does not fit the parameter"),
            Some(spec) if value.region == RegionCode::NATION && !spec.national => {
                fault("该参数只由地区规定", "only regions set this parameter");
            }
            Some(_) => {}
        }
        if value.to.is_some_and(|to| to < value.from) {
            fault("`to` 早于 `from`", "`to` is before `from`");
        }
        if value.region == RegionCode::NATION {
            if value.rule.as_ref().is_none_or(|rule| !parts.rules.contains_key(rule)) {
                parts.fault(&file, &table, line, "`rule` 不在 rules.toml 中", "`rule` is not in rules.toml");
            }
            if !parts.instruments.contains_key(&value.citation.document) {
                parts.fault(
                    &file,
                    &table,
                    line,
                    "`instrument` 不在 instruments.toml 中",
                    "`instrument` is not in instruments.toml",
                );
            }
        }
    }
}

/// Values of one parameter and region follow each other without a day between them and without overlap.
fn spans(parts: &mut Parts) {
    let mut rows: BTreeMap<(String, RegionCode), Vec<Dated>> = BTreeMap::new();
    for value in &parts.values {
        rows.entry((value.key.clone(), value.region)).or_default().push(value.clone());
    }
    for ((key, _), mut row) in rows {
        row.sort_by_key(|value| value.from);
        for (earlier, later) in row.iter().zip(row.iter().skip(1)) {
            let (file, line) = &later.place;
            let table = format!("value {key}");
            match earlier.to.map(|to| to.plus_days(1)) {
                Some(next) if next == later.from => {}
                Some(next) if next < later.from => {
                    let zh = format!("{next} 至 {} 前没有值", later.from);
                    parts.fault(file, &table, *line, &zh, &format!("gap: no value from {next} until {}", later.from));
                }
                _ => {
                    let zh = format!("与始于 {} 的值时间重叠，请给前者写 `to`", earlier.from);
                    let en = format!("overlaps with the value from {}: give that one a `to`", earlier.from);
                    parts.fault(file, &table, *line, &zh, &en);
                }
            }
        }
    }
}

/// A region's value in force may be stricter than national law, looser only with a named derogation.
fn guards(parts: &mut Parts) {
    let national: BTreeMap<String, Vec<Dated>> =
        parts.values.iter().filter(|value| value.region == RegionCode::NATION).fold(BTreeMap::new(), |mut all, value| {
            all.entry(value.key.clone()).or_insert_with(Vec::new).push(value.clone());
            all
        });
    let bound = |key: &str, value: &Dated| {
        let row = national.get(key)?;
        row.iter().find(|nation| nation.holds_on(value.from)).or_else(|| row.last())
    };
    for value in parts.values.clone() {
        let judged = value.region != RegionCode::NATION && matches!(value.status, Standing::InForce | Standing::Unverified);
        let Some(spec) = spec(&value.key).filter(|_| judged && value.derogation.is_none()) else { continue };
        let looser = match spec.guard {
            Guard::Free => false,
            Guard::NotBelow(key) => bound(key, &value).is_some_and(|nation| outside(&value.value, Some(&nation.value), None)),
            Guard::NotAbove(key) => bound(key, &value).is_some_and(|nation| outside(&value.value, None, Some(&nation.value))),
            Guard::Within(low, high) => {
                outside(&value.value, bound(low, &value).map(|v| &v.value), bound(high, &value).map(|v| &v.value))
            }
        };
        if looser {
            let (file, line) = &value.place;
            parts.fault(
                file,
                &format!("value {}", value.key),
                *line,
                "比国家规定宽松；确有依据的请写 `derogation`",
                "looser than national law; name the ground in `derogation` where there is one",
            );
        }
    }
}

/// Whether some number of the value lies below `low` or above `high`. Limits in different units are not compared.
fn outside(value: &Value, low: Option<&Value>, high: Option<&Value>) -> bool {
    let comparable = |bound: &&Value| match (value, bound) {
        (Value::Span(mine), Value::Span(theirs)) => mine.unit == theirs.unit,
        _ => bound.kind() == value.kind() || (value.kind() == Kind::Brackets && bound.kind() == Kind::Ratio),
    };
    let lowest = low.filter(comparable).and_then(|low| numbers(low).first().copied());
    let highest = high.filter(comparable).and_then(|high| numbers(high).first().copied());
    numbers(value).into_iter().any(|n| lowest.is_some_and(|low| n < low) || highest.is_some_and(|high| n > high))
}

fn numbers(value: &Value) -> Vec<Decimal> {
    match value {
        Value::Money(fen) => vec![fen.yuan()],
        Value::Ratio(ratio) => vec![*ratio],
        Value::Count(count) => vec![Decimal::from(*count)],
        Value::Truth(_) => Vec::new(),
        Value::Span(span) => vec![Decimal::from(span.count)],
        Value::Brackets(brackets) => brackets.iter().map(|bracket| bracket.rate).collect(),
    }
}
