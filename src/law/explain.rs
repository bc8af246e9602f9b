//! Explains a rule or a parameter in lines of text, and checks law data, for people at a terminal.

use crate::base::{Day, RegionCode};

use super::LawBook;
use super::book::keys::{KEYS, spec};
use super::book::{Fault, Found, Rule, Standing};

/// Value, citation, words, standing and chain of regions of a rule id (`R65-11a`) or parameter (`deposit.rate`).
/// `None` where the book has neither.
pub fn explain(name: &str, as_of: Day, region: RegionCode, book: &LawBook) -> Option<Vec<String>> {
    let rules: Vec<&Rule> = ids_of(name).iter().filter_map(|id| book.rule(id)).collect();
    if !rules.is_empty() {
        return Some(rules.into_iter().flat_map(|rule| rule_lines(rule, as_of, region, book)).collect());
    }
    spec(name).map(|spec| value_lines(spec.key, as_of, region, book))
}

/// The ids that a row of the law table names: `R423-16/19` is `R423-16` and `R423-19`.
fn ids_of(name: &str) -> Vec<String> {
    let mut parts = name.split('/');
    let first = parts.next().unwrap_or_default();
    let prefix = first.rsplit_once('-').map(|(prefix, _)| prefix);
    let more = parts.filter_map(|part| prefix.map(|prefix| format!("{prefix}-{part}")));
    std::iter::once(first.to_owned()).chain(more).collect()
}

/// The faults of a folder of law data; none where it is sound.
pub fn check(files: Vec<(String, String)>) -> Vec<Fault> {
    LawBook::from_files(files).err().unwrap_or_default()
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::InForce => "现行有效 (in_force)",
        Standing::Unverified => "未核实，须人工确认 (unverified)",
        Standing::Draft => "征求意见稿 (draft)",
        Standing::Superseded => "已被取代 (superseded)",
    }
}

fn rule_lines(rule: &Rule, as_of: Day, region: RegionCode, book: &LawBook) -> Vec<String> {
    let mut lines = vec![format!("{}  {} / {}", rule.id, rule.title_zh, rule.title_en)];
    let dagger = if rule.citation.article_unverified { "（条号未核实 / article_unverified）" } else { "" };
    lines.push(format!("依据 citation: {}{dagger}", rule.citation));
    let until = rule.to.map(|to| format!(" 至 to {to}")).unwrap_or_default();
    let now = if rule.holds_on(as_of) { "在施行 in force" } else { "不在施行 not in force" };
    lines.push(format!("效力 standing: {}；自 from {}{until}；{as_of} {now}", standing(rule.standing), rule.from));
    let sanction = rule.counts_towards.as_deref().map(|id| format!("；违反计入 breach counts towards: {id}")).unwrap_or_default();
    lines.push(format!("义务人 owed by: {}{sanction}", rule.owes));
    lines.push(format!("版本 version: {}", rule.version));
    if rule.convention {
        lines
            .push("计算口径，处处适用，不单独判断 / a convention of counting, applied throughout, never judged alone".to_owned());
    }
    if rule.knowledge {
        lines.push("仅供了解，不参与计算 / knowledge only, not computed".to_owned());
    }
    if let Some(article) = book.words(rule) {
        lines.push(format!("{}:", if article.paraphrase { "大意 in other words" } else { "条文 words" }));
        lines.extend(article.words.lines().map(|line| format!("  {line}")));
    }
    let national = |key: &str| book.values_of(key).any(|dated| dated.rule.as_deref() == Some(rule.id.as_str()));
    for spec in KEYS.iter().filter(|spec| national(spec.key)) {
        lines.extend(value_lines(spec.key, as_of, region, book));
    }
    lines
}

fn value_lines(key: &str, as_of: Day, region: RegionCode, book: &LawBook) -> Vec<String> {
    let lookup = book.value(key, region, as_of);
    let mut lines = Vec::new();
    match lookup.value {
        Some(dated) => {
            let until = dated.to.map(|to| format!(" 至 to {to}")).unwrap_or_default();
            lines.push(format!("{key} = {}", dated.value));
            lines.push(format!("  依据 citation: {}；自 from {}{until}；{}", dated.citation, dated.from, standing(dated.status)));
            for (label, text) in [("偏离依据 derogation", &dated.derogation), ("备注 note", &dated.note)] {
                lines.extend(text.as_ref().map(|text| format!("  {label}: {text}")));
            }
        }
        None => lines.push(format!("{key}: {as_of} 无值，请按官方文本录入 / no value on that day: enter from the official text")),
    }
    let names = |code: RegionCode| book.regions().find(|(known, _)| *known == code).map(|(_, entry)| entry.name.clone());
    let step = |step: &super::book::ChainStep| {
        let found = match step.found {
            Found::Nothing => "无 nothing",
            Found::NotYet => "尚未施行 not yet",
            Found::Ended => "已失效 ended",
            Found::Answers => "采用 answers",
        };
        format!("{}{} {found}", step.region, names(step.region).unwrap_or_default())
    };
    lines.push(format!("  地区链 chain: {}", lookup.chain.iter().map(step).collect::<Vec<_>>().join(" → ")));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::law::embedded_files;

    #[test]
    fn rules_and_values_are_explained_with_words_and_chain() {
        let book = LawBook::from_files(embedded_files()).unwrap();
        let (day, county) = ("2026-03-02".parse().unwrap(), "650102".parse().unwrap());
        let lines = explain("deposit.cap", day, county, &book).unwrap().join("\n");
        assert!(lines.contains("5000000.00") && lines.contains("650000") && lines.contains("answers"), "{lines}");
        let rule = explain("R724-27b", day, county, &book).unwrap().join("\n");
        assert!(rule.contains("公示30日") && rule.contains("deadline.publicity = 30 day"), "{rule}");
        assert!(explain("RGATE-10", day, county, &book).unwrap().join("\n").contains("knowledge only"));
        assert!(explain("R53-10", day, county, &book).unwrap().join("\n").contains("unverified"));
        assert!(explain("weather", day, county, &book).is_none());
        assert!(check(embedded_files()).is_empty());
        assert!(!check(vec![("law/rules.toml".to_owned(), "x = 1.5".to_owned())]).is_empty());
    }
}
