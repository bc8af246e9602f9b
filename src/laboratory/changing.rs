//! Making the changed book: a file laid over the law, single parameters set in its text, and then the loader with all its refusals.
//!
//! A parameter that has a value for the region in the span keeps citation and standing and gets the new number; where the region has
//! none, a value is added to its file, cited as an assumption of the laboratory and taken as in force, so that the loader holds it to
//! the national bounds like any other.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::amendments::actions::faulty;
use crate::amendments::in_force::lay;
use crate::amendments::{WORDING_MAX, place_of};
use crate::base::{Day, RegionCode};
use crate::law::LawBook;
use crate::law::book::keys::spec;
use crate::law::book::{Dated, Difference, Kind};
use crate::web::{Code, InForce, Problem};

use super::{SETS_MAX, Span};

/// A change to be tried.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Parameters with their new values as text: `30`, `20 workday`, `"0.02"`, `true`, `[{ rate = "0.02" }]`.
    pub sets: Vec<(String, String)>,
    /// Whose values are set; `None` for national law.
    pub region: Option<RegionCode>,
    /// A law file (name inside the configuration, whole text) laid over the law before anything is set.
    pub file: Option<(String, String)>,
}

/// A changed book that the loader took.
#[derive(Debug)]
pub struct Changed {
    /// The law in force over which the change was made.
    pub law: Arc<InForce>,
    /// The book.
    pub book: LawBook,
    /// Its files.
    pub files: Vec<(String, String)>,
    /// What differs from the book in force, entry by entry.
    pub differences: Vec<Difference>,
}

impl Changed {
    /// The regions whose projects can be judged otherwise; `None` for all.
    pub fn regions(&self) -> Option<BTreeSet<RegionCode>> {
        let region_of = |one: &Difference| -> Option<RegionCode> {
            let mut words = one.entry.split(' ');
            let code: RegionCode = match (words.next()?, words.next()?, words.next()) {
                ("value", _, Some(code)) => code.parse().ok()?,
                ("region", code, None) => code.parse().ok()?,
                _ => return None,
            };
            (code != RegionCode::NATION).then_some(code)
        };
        self.differences.iter().map(region_of).collect()
    }

    /// Whether facts themselves follow from what was changed: working days and the rules of pay dates.
    pub fn moves_facts(&self) -> bool {
        self.differences.iter().any(|one| one.entry.starts_with("calendar ") || one.entry.starts_with("rule "))
    }
}

/// The law in force with the change.
///
/// # Errors
/// `invalid` for an unknown parameter, a value that does not read, a file that is no law data, every fault of the resulting book with
/// file, line and table, and a change that changes nothing; `too_large` for a file beyond 512 KiB.
pub fn changed(law: &Arc<InForce>, change: &Change, span: Span) -> Result<Changed, Problem> {
    if change.sets.is_empty() && change.file.is_none() {
        let (zh, en) = ("请给出要改的参数或法规文件。", "Give a parameter to set or a law file.");
        return Err(Problem::invalid(zh, en).at("set", "missing_field"));
    }
    if change.sets.len() > SETS_MAX {
        let (zh, en) = (format!("一次最多改 {SETS_MAX} 个参数。"), format!("Set {SETS_MAX} parameters at most."));
        return Err(Problem::invalid(zh, en).at("set", "over_limit"));
    }
    let mut files = law.files.as_ref().clone();
    if let Some((name, wording)) = &change.file {
        if place_of(name).is_none() {
            let problem = Problem::invalid(
                "该文件名不属于法规数据（如 law/regions/330784.toml、law/parameters/deposit.toml、calendar/2027.toml）。",
                "No law data lies under this name; see for instance law/regions/330784.toml, law/parameters/deposit.toml, calendar/2027.toml.",
            );
            return Err(problem.at("file", "bad_format"));
        }
        if wording.len() > WORDING_MAX {
            return Err(Problem::new(Code::TooLarge, "法规文件不能超过 512 KiB。", "A law file has at most 512 KiB.")
                .at("file", "over_limit"));
        }
        lay(&mut files, name, &wording.replace("\r\n", "\n"));
    }
    for (key, text) in &change.sets {
        let book = LawBook::from_files(files.clone()).map_err(faulty)?;
        set(&mut files, &book, change.region.unwrap_or(RegionCode::NATION), key, text, span)?;
    }
    let book = LawBook::from_files(files.clone()).map_err(faulty)?;
    let differences = law.book.differences(&book);
    if differences.is_empty() {
        return Err(Problem::invalid("与现行法规相同，没有变化。", "It says what stands already; nothing would change.")
            .at("set", "no_change"));
    }
    Ok(Changed { law: Arc::clone(law), book, files, differences })
}

/// The longest value that is set, in characters.
const VALUE_MAX: usize = 2_000;

/// A value as it is written in a data file, with the unit where the value says one.
fn written(key: &str, text: &str) -> Result<(String, Option<&'static str>), Problem> {
    let refuse = |zh: String, en: String, reason: &str| Err(Problem::invalid(zh, en).at(format!("set {key}"), reason));
    let Some(spec) = spec(key) else {
        return refuse(format!("没有名为 `{key}` 的参数。"), format!("There is no parameter `{key}`."), "unknown_reference");
    };
    let text = text.trim();
    if text.is_empty() || text.chars().count() > VALUE_MAX || text.chars().any(char::is_control) {
        return refuse("请给出一行内的值。".to_owned(), "Give a value on one line.".to_owned(), "bad_format");
    }
    let bare = text.trim_matches('"');
    let (number, word) = bare.split_once(' ').unwrap_or((bare, ""));
    let is_whole = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_decimal = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let unit = ["day", "workday", "month"].into_iter().find(|unit| *unit == word.trim().trim_end_matches('s'));
    let (fits, value, unit, like) = match spec.kind {
        Kind::Money => (is_decimal(bare), format!("\"{bare}\""), None, "5000000.00"),
        Kind::Ratio => (is_decimal(bare), format!("\"{bare}\""), None, "0.02"),
        Kind::Count => (is_whole(bare), bare.to_owned(), None, "10"),
        Kind::Truth => (matches!(bare, "true" | "false"), bare.to_owned(), None, "true"),
        Kind::Span => {
            (is_whole(number) && (word.is_empty() || unit.is_some()), number.to_owned(), unit, "30, 20 workday, 3 month")
        }
        Kind::Brackets => (
            text.starts_with('[') && text.ends_with(']') && !text.starts_with("[["),
            text.to_owned(),
            None,
            r#"[{ below = "10000000.00", rate = "0.03" }, { rate = "0.02" }]"#,
        ),
    };
    if !fits {
        return refuse(format!("`{key}` 的值应如：{like}。"), format!("A value of `{key}` looks like: {like}"), "bad_format");
    }
    Ok((value, unit))
}

/// Sets the value wherever the region's own law has one in the span, or adds one.
fn set(
    files: &mut Vec<(String, String)>,
    book: &LawBook,
    region: RegionCode,
    key: &str,
    text: &str,
    span: Span,
) -> Result<(), Problem> {
    let (value, unit) = written(key, text)?;
    let of_region: Vec<&Dated> = book.values_of(key).filter(|dated| dated.region == region).collect();
    let in_span = |dated: &&&Dated| dated.from <= span.to && dated.to.is_none_or(|to| span.from <= to);
    let mut rows: Vec<&Dated> = of_region.iter().filter(in_span).copied().collect();
    if rows.is_empty() {
        return add(files, book, region, key, &value, unit, &of_region, span.from);
    }
    // From the last line up, so that an edit does not move the places of those that follow.
    rows.sort_by_key(|dated| std::cmp::Reverse(dated.place.1));
    for dated in rows {
        let (name, line) = &dated.place;
        let edited = files.iter_mut().find(|(known, _)| known == name).and_then(|(_, text)| {
            *text = with_value(text, *line, &value, unit)?;
            Some(())
        });
        if edited.is_none() {
            let (zh, en) = (
                format!("无法在 {name}:{line} 处改写，请改用整个文件。"),
                format!("The text at {name}:{line} cannot be rewritten; give the whole file instead."),
            );
            return Err(Problem::invalid(zh, en).at(format!("set {key}"), "bad_format"));
        }
    }
    Ok(())
}

/// The text with another value in the `[[value]]` table that holds the line; `None` where it is laid out otherwise.
fn with_value(text: &str, line: usize, value: &str, unit: Option<&str>) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let is_head = |at: &usize| lines.get(*at).is_some_and(|line| line.trim_start().starts_with("[["));
    let begin = (0..line.min(lines.len())).rev().find(is_head)?;
    let end = (begin + 1..lines.len()).find(is_head).unwrap_or(lines.len());
    let names = |at: &usize, key: &str| {
        let rest = lines.get(*at).and_then(|line| line.trim_start().strip_prefix(key));
        rest.is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    let first = (begin..end).find(|at| names(at, "value"))?;
    let mut depth = 0_i32;
    let last = (first..end).find(|at| {
        depth += lines.get(*at).map_or(0, |line| opened(line));
        depth <= 0
    })?;
    let mut out = String::with_capacity(text.len() + value.len());
    for (at, line) in lines.iter().enumerate() {
        if at == first {
            out.push_str(&format!("value = {value}\n"));
        } else if let Some(unit) = unit.filter(|_| (begin..end).contains(&at) && names(&at, "unit")) {
            out.push_str(&format!("unit = \"{unit}\"\n"));
        } else if !(first..=last).contains(&at) {
            out.push_str(line);
            out.push('\n');
        }
    }
    Some(out)
}

/// How many brackets a line opens more than it closes, outside of text and remarks.
fn opened(line: &str) -> i32 {
    let (mut depth, mut in_text) = (0, false);
    for c in line.chars() {
        match c {
            '"' => in_text = !in_text,
            '#' if !in_text => break,
            '[' | '{' if !in_text => depth += 1,
            ']' | '}' if !in_text => depth -= 1,
            _ => {}
        }
    }
    depth
}

/// A value of the region's own where it had none.
#[expect(clippy::too_many_arguments, reason = "one place, and each of them is a part of the line written")]
fn add(
    files: &mut Vec<(String, String)>,
    book: &LawBook,
    region: RegionCode,
    key: &str,
    value: &str,
    unit: Option<&'static str>,
    others: &[&Dated],
    from: Day,
) -> Result<(), Problem> {
    if region == RegionCode::NATION {
        let (zh, en) = (
            format!("国家层面在该期间没有 `{key}`，请给出地区。"),
            format!("National law has no `{key}` in the span; name the region."),
        );
        return Err(Problem::invalid(zh, en).at("region", "missing_field"));
    }
    let kind = spec(key).map(|spec| spec.kind);
    // A limit without a unit counts what the law above it counts.
    let above = book.value(key, region, from).value.map(|dated| crate::library::unit_of(&dated.value));
    let unit = unit.or(above.filter(|_| kind == Some(Kind::Span))).unwrap_or(match kind {
        Some(Kind::Money) => "yuan",
        Some(Kind::Ratio) => "ratio",
        Some(Kind::Count) => "count",
        Some(Kind::Truth) => "truth",
        Some(Kind::Brackets) => "brackets",
        Some(Kind::Span) | None => "day",
    });
    let until = others.iter().map(|dated| dated.from).filter(|next| *next > from).min();
    let to = until.map(|next| format!("to = {}\n", next.plus_days(-1))).unwrap_or_default();
    let row = format!(
        "\n[[value]]\nkey = \"{key}\"\nvalue = {value}\nunit = \"{unit}\"\nfrom = {from}\n{to}document = \"规则实验室的假设\"\nstatus = \"in_force\"\n"
    );
    let name = format!("law/regions/{region}.toml");
    let text = files.iter().find(|(known, _)| *known == name).map(|(_, text)| text.clone());
    let text = text.unwrap_or_else(|| format!("region = \"{region}\"\nname = \"{region}\"\n"));
    lay(files, &name, &format!("{}\n{row}", text.trim_end()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::law::decision::Policy;
    use crate::law::embedded_files;

    fn law() -> Arc<InForce> {
        let files = embedded_files();
        let book = Arc::new(LawBook::from_files(files.clone()).unwrap());
        Arc::new(InForce { book, files: Arc::new(files), policy: Policy::default(), activation: 0 })
    }

    fn span() -> Span {
        Span { from: "2026-01-01".parse().unwrap(), to: "2026-03-31".parse().unwrap() }
    }

    fn sets(region: Option<&str>, sets: &[(&str, &str)]) -> Result<Changed, Problem> {
        let sets = sets.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let change = Change { sets, region: region.map(|code| code.parse().unwrap()), file: None };
        changed(&law(), &change, span())
    }

    fn value(changed: &Changed, key: &str, region: &str) -> String {
        let found = changed.book.value(key, region.parse().unwrap(), span().to);
        found.value.unwrap().value.to_string()
    }

    #[test]
    fn a_number_is_set_where_it_stands_and_keeps_its_source() {
        let account = sets(None, &[("deadline.account_open", "10")]).unwrap();
        assert_eq!(value(&account, "deadline.account_open", "330784"), "10 day");
        assert_eq!((account.differences.len(), account.regions()), (1, None));
        let dated = account.book.value("deadline.account_open", RegionCode::NATION, span().to).value.unwrap();
        assert!(dated.citation.document.contains("53号"), "{}", dated.citation);
        let unit = sets(None, &[("deadline.account_open", "20 workdays")]).unwrap();
        assert_eq!(value(&unit, "deadline.account_open", "000000"), "20 workday");
        let rate = sets(Some("650000"), &[("deposit.rate", r#"[{ rate = "0.025" }]"#), ("deposit.cap", "4000000.00")]).unwrap();
        assert_eq!(value(&rate, "deposit.rate", "650102"), "else 0.025");
        assert_eq!(value(&rate, "deposit.cap", "650102"), "4000000.00");
        assert_eq!(value(&rate, "deposit.second_project_points", "650102"), "0.005", "its neighbours stand");
        assert_eq!(rate.regions().unwrap().into_iter().collect::<Vec<_>>(), ["650000".parse().unwrap()]);
    }

    #[test]
    fn a_region_without_the_value_or_without_a_file_gets_one() {
        let added = sets(Some("310000"), &[("deadline.account_open", "15"), ("deposit.rate", r#"[{ rate = "0.02" }]"#)]).unwrap();
        assert_eq!(value(&added, "deadline.account_open", "310104"), "15 day");
        assert_eq!(value(&added, "deadline.account_open", "330784"), "30 day");
        let fresh = sets(Some("640000"), &[("deposit.rate", r#"[{ rate = "0.02" }]"#)]).unwrap();
        assert_eq!(value(&fresh, "deposit.rate", "640100"), "else 0.02");
    }

    #[test]
    fn every_refusal_of_the_loader_holds() {
        let told = |result: Result<Changed, Problem>| {
            let problem = result.unwrap_err();
            problem.faults.iter().map(|fault| format!("{} {}", fault.place, fault.en)).collect::<Vec<_>>().join("\n")
        };
        assert!(told(sets(Some("330784"), &[("deadline.account_open", "31")])).contains("looser"));
        assert!(told(sets(Some("650000"), &[("deposit.rate", r#"[{ rate = "0.031" }]"#)])).contains("650000.toml"));
        assert!(told(sets(None, &[("no.such.key", "1")])).contains("no.such.key"));
        for (key, value) in [
            ("deadline.account_open", "ten"),
            ("deadline.account_open", "10 moons"),
            ("deadline.account_open", "1.5"),
            ("deposit.rate_min", "1e-2"),
            ("deposit.rate_min", "0.01\nkey = 1"),
            ("crime.workers", "-1"),
            ("site_entry.work_agreement", "yes"),
        ] {
            assert!(told(sets(None, &[(key, value)])).contains(key), "{key} = {value}");
        }
        assert!(told(sets(None, &[("deadline.account_open", "30")])).contains("nothing would change"));
        assert!(told(sets(None, &[("deposit.cap", "1.00")])).contains("name the region"));
        assert!(told(sets(None, &[])).contains("Give a parameter"));
        let odd = Change { file: Some(("service.toml".to_owned(), String::new())), ..Change::default() };
        assert!(told(changed(&law(), &odd, span())).contains("No law data"));
        let uncited = "region = \"640000\"\nname = \"x\"\n[[value]]\nkey = \"deposit.cap\"\nvalue = \"1.00\"\nunit = \"yuan\"\n\
                       from = 2026-01-01\nstatus = \"in_force\"\n";
        let file = Change { file: Some(("law/regions/640000.toml".to_owned(), uncited.to_owned())), ..Change::default() };
        assert!(told(changed(&law(), &file, span())).contains("`document` is missing"));
    }
}
