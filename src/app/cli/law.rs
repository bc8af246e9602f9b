//! `law cases`, `law explain`, `law check`, `law keys`.

use std::path::{Path, PathBuf};

use super::{Verdict, say};
use crate::app::clock::SystemClock;
use crate::app::config;
use crate::base::{Clock, Day, RegionCode};
use crate::law::book::Kind;
use crate::law::book::keys::{Guard, KEYS};
use crate::law::{LawBook, case, explain as explaining};
use crate::library;
use crate::store::StoreError;

pub fn cases(config: Option<&Path>, files: &[PathBuf]) -> Result<Verdict, StoreError> {
    let law = config::law_book(config)?;
    let (mut passed, mut failed) = (0_u64, 0_u64);
    for file in files {
        let text = std::fs::read_to_string(file).map_err(|error| StoreError::Setup(format!("`{}`: {error}", file.display())))?;
        for outcome in case::run_cases(&text, &law.book) {
            if outcome.passed() {
                passed += 1;
                continue;
            }
            failed += 1;
            say(&format!("{}:{} {} {}", file.display(), outcome.line, outcome.id, outcome.question))?;
            for difference in &outcome.differences {
                say(&format!("  {}: expected {}, answered {}", difference.key, difference.expected, difference.answered))?;
            }
            for step in &outcome.trace {
                say(&format!("  · {step}"))?;
            }
        }
    }
    say(&format!("{passed} passed, {failed} failed"))?;
    Ok(if failed == 0 && passed > 0 { Verdict::Holds } else { Verdict::Fails })
}

pub fn explain(config: Option<&Path>, name: &str, as_of: Option<Day>, region: &str) -> Result<Verdict, StoreError> {
    let law = config::law_book(config)?;
    let region: RegionCode = region.parse().map_err(|error| StoreError::Setup(format!("--region: {error}")))?;
    let as_of = as_of.unwrap_or_else(|| SystemClock.today());
    match explaining::explain(name, as_of, region, &law.book) {
        Some(lines) => {
            for line in lines {
                say(&line)?;
            }
            Ok(Verdict::Holds)
        }
        None => {
            say(&format!("`{name}`: 没有这条规则或参数 / there is no such rule or key"))?;
            Ok(Verdict::Fails)
        }
    }
}

/// `dir` is a configuration folder: what it holds under `law` and `calendar` is laid over the embedded files.
pub fn check(dir: &Path) -> Result<Verdict, StoreError> {
    // Without this a misspelt folder would be praised for the embedded files.
    if !dir.join("law").is_dir() && !dir.join("calendar").is_dir() {
        return Err(StoreError::Setup(format!(
            "`{}` holds neither law/ nor calendar/; name the folder above them / 请给出 law/ 与 calendar/ 的上级目录",
            dir.display()
        )));
    }
    let files = config::law_files(Some(dir))?;
    match LawBook::from_files(files) {
        Ok(book) => {
            say(&format!("0 faults, law book {}", book.hash()))?;
            Ok(Verdict::Holds)
        }
        Err(faults) => {
            for fault in &faults {
                say(&fault.to_string())?;
            }
            say(&format!("{} faults", faults.len()))?;
            Ok(Verdict::Fails)
        }
    }
}

/// Every parameter with the units that its value may have, how far a region may move it, and what it means.
pub fn keys(config: Option<&Path>, text: Option<&str>) -> Result<Verdict, StoreError> {
    let text = text.unwrap_or_default();
    let law = config::law_book(config)?;
    let mut count = 0_u64;
    for spec in KEYS.iter().filter(|spec| spec.key.contains(text)) {
        let unit = match spec.kind {
            Kind::Money => "yuan",
            Kind::Ratio => "ratio",
            Kind::Count => "count",
            Kind::Truth => "truth",
            Kind::Span => "day|workday|month",
            Kind::Brackets => "brackets",
        };
        let who = if spec.national { "国家与地区 nation and regions" } else { "仅地区 regions only" };
        let bound = match spec.guard {
            Guard::Free => String::new(),
            Guard::NotBelow(key) => format!("；不低于 not below {key}"),
            Guard::NotAbove(key) => format!("；不高于 not above {key}"),
            Guard::Within(low, high) => format!("；介于 within {low} … {high}"),
        };
        say(&format!("{}  [{unit}]  {who}{bound}", spec.key))?;
        let (zh, en) = library::meaning_of(&law.book, spec.key);
        say(&format!("  {zh} / {en}"))?;
        count += 1;
    }
    say(&format!("{count} keys"))?;
    Ok(if count > 0 { Verdict::Holds } else { Verdict::Fails })
}
