//! What differs between two law books, entry by entry: for people who are asked to approve a change of law.
//!
//! The layout, comments and line numbers of the files do not count. Deliberately absent: any judgement of a difference.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::LawBook;

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// It is new.
    Added,
    /// It reads otherwise.
    Changed,
    /// It is gone.
    Removed,
}

/// One entry that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Which entry: `value deposit.rate 330784 from 2026-03-01`, `rule R65-11a`, `calendar 2026` …
    pub entry: String,
    /// What became of it.
    pub turn: Turn,
    /// How it read.
    pub before: Option<String>,
    /// How it reads now.
    pub after: Option<String>,
}

/// An entry: everything that counts, and what a person is shown.
struct Entry {
    exact: String,
    shown: String,
}

impl LawBook {
    /// The entries of `other` that this book does not have as they are, and those of this book that `other` lacks.
    pub fn differences(&self, other: &LawBook) -> Vec<Difference> {
        let (old, new) = (self.entries(), other.entries());
        let mut found = Vec::new();
        for (name, entry) in &old {
            match new.get(name) {
                None => found.push(Difference {
                    entry: name.clone(),
                    turn: Turn::Removed,
                    before: Some(entry.shown.clone()),
                    after: None,
                }),
                Some(now) if now.exact != entry.exact => found.push(Difference {
                    entry: name.clone(),
                    turn: Turn::Changed,
                    before: Some(entry.shown.clone()),
                    after: Some(now.shown.clone()),
                }),
                Some(_) => {}
            }
        }
        for (name, entry) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
            found.push(Difference { entry: name.clone(), turn: Turn::Added, before: None, after: Some(entry.shown.clone()) });
        }
        found.sort_by(|a, b| a.entry.cmp(&b.entry));
        found
    }

    fn entries(&self) -> BTreeMap<String, Entry> {
        let mut entries = BTreeMap::new();
        for one in self.instruments.values() {
            let shown = format!("{}（{}）{}", one.name, one.number, one.from);
            entries.insert(format!("instrument {}", one.id), Entry { exact: format!("{one:?}"), shown });
        }
        for ((instrument, article), one) in &self.articles {
            entries
                .insert(format!("article {instrument} {article}"), Entry { exact: format!("{one:?}"), shown: one.words.clone() });
        }
        for one in self.rules.values() {
            let to = one.to.map(|day| format!(" – {day}")).unwrap_or_default();
            let shown = format!("{} {} {}{to} {}", one.title_zh, one.citation, one.from, one.standing.as_str());
            entries.insert(format!("rule {}", one.id), Entry { exact: format!("{one:?}"), shown });
        }
        for one in self.values.values().flat_map(|regions| regions.values().flatten()) {
            let to = one.to.map(|day| format!(" – {day}")).unwrap_or_default();
            let shown = format!("{} {}{to} {} {}", one.value, one.from, one.citation, one.status.as_str());
            let mut bare = one.clone();
            bare.place = (String::new(), 0);
            entries.insert(
                format!("value {} {} from {}", one.key, one.region, one.from),
                Entry { exact: format!("{bare:?}"), shown },
            );
        }
        for (code, one) in &self.regions {
            let shown = format!("{} {}", one.name, one.note.as_deref().unwrap_or_default()).trim_end().to_owned();
            entries.insert(format!("region {code}"), Entry { exact: format!("{one:?}"), shown });
        }
        for (year, one) in self.calendar.published() {
            let shown = format!("{} holidays, {} workdays", one.holidays.len(), one.workdays.len());
            entries.insert(format!("calendar {year}"), Entry { exact: format!("{one:?}"), shown });
        }
        entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(change: impl Fn(&str, String) -> String) -> LawBook {
        let files = crate::law::embedded_files().into_iter().map(|(path, text)| {
            let text = change(&path, text);
            (path, text)
        });
        LawBook::from_files(files.collect()).unwrap()
    }

    #[test]
    fn comments_and_line_numbers_are_no_difference() {
        let (plain, noted) = (book(|_, text| text), book(|_, text| format!("# a remark\n\n{text}")));
        assert_eq!(plain.differences(&noted), Vec::new());
        assert_eq!(plain.hash(), noted.hash());
    }

    #[test]
    fn a_changed_value_is_named_with_both_words() {
        let plain = book(|_, text| text);
        let other = book(|path, text| match path {
            "law/regions/330784.toml" => text.replacen("value = true", "value = false", 1),
            _ => text,
        });
        let found = plain.differences(&other);
        assert_eq!(found.len(), 1, "{found:?}");
        let first = found.first().unwrap();
        assert_eq!((first.entry.as_str(), first.turn), ("value gate.permit_owner_overdue 330784 from 2021-11-01", Turn::Changed));
        assert!(first.before.as_ref().unwrap().starts_with("true ") && first.after.as_ref().unwrap().starts_with("false "));
        let back = other.differences(&plain);
        assert_eq!(back.first().unwrap().before, first.after);
    }
}
