//! What differs from platform to platform: addresses, tolerances, code tables. Data of `config/platforms/*.toml`, not code.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::asking::Dialect;
use crate::base::Day;

/// The profile that others are laid over, and that an app has unless another is named.
pub const NATIONAL: &str = "national";

/// The profiles that the program brings along: file name and text.
const EMBEDDED: [(&str, &str); 2] = [
    ("national.toml", include_str!("../../../config/platforms/national.toml")),
    ("labour-province.toml", include_str!("../../../config/platforms/labour-province.toml")),
];

/// What becomes of a code that no table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownCode {
    /// The item is refused.
    Error,
    /// The item is taken and the code kept as it came.
    Warning,
}

/// One code table as it holds from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeTable {
    /// Which: `workType`, `prjStatus` …
    pub name: String,
    /// The first day on which it holds; a later one of the same name takes its place.
    pub valid_from: Day,
    /// Whether its value set is unconfirmed, so that other codes are never refused.
    #[serde(default)]
    pub open: bool,
    /// Code and name.
    pub codes: BTreeMap<String, String>,
}

/// A platform.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Short name, as apps carry it.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// The same in English.
    pub name_en: String,
    /// Base paths under which it takes requests.
    pub paths: Vec<String>,
    /// Seconds by which a timestamp may be off.
    pub tolerance_seconds: i64,
    /// Whether a timestamp may be in UTC: a real client sends it so.
    pub accept_utc: bool,
    /// Whether `corpsign` is asked for.
    pub corpsign: bool,
    /// What becomes of unknown codes.
    pub unknown_codes: UnknownCode,
    /// Codes of `trainingType` that are the basic safety training before entry; what this platform names so nobody here can know.
    #[serde(default)]
    pub entry_training: Vec<String>,
    /// How it signs and answers where we are its client.
    #[serde(default)]
    pub dialect: Dialect,
    /// The profile whose tables hold where this one has none of the name.
    #[serde(default)]
    pub tables_of: Option<String>,
    /// Code tables.
    #[serde(default)]
    pub tables: Vec<CodeTable>,
}

/// Every profile, by code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platforms(BTreeMap<String, Profile>);

impl Default for Platforms {
    fn default() -> Self {
        Self::read(&[]).unwrap_or(Self(BTreeMap::new()))
    }
}

impl Platforms {
    /// The embedded profiles with these files laid over them by file name.
    ///
    /// # Errors
    /// A file that does not read, a path that does not begin with a slash, a table that is asked of a profile that is not there.
    pub fn read(over: &[(String, String)]) -> Result<Self, String> {
        let mut files: BTreeMap<&str, &str> = EMBEDDED.into_iter().collect();
        files.extend(over.iter().map(|(name, text)| (name.as_str(), text.as_str())));
        let mut all: BTreeMap<String, Profile> = BTreeMap::new();
        for (name, text) in files {
            let profile: Profile = toml::from_str(text).map_err(|error| format!("platforms/{name}: {error}"))?;
            let is_odd =
                |path: &String| !path.starts_with('/') || path.starts_with("/api/") || path.contains(['{', '}', '?', '#']);
            if profile.paths.is_empty() || profile.paths.iter().any(is_odd) || profile.tolerance_seconds < 0 {
                return Err(format!(
                    "platforms/{name}: `paths` are plain paths outside /api, `tolerance_seconds` is not negative"
                ));
            }
            if all.insert(profile.code.clone(), profile).is_some() {
                return Err(format!("platforms/{name}: two files have one `code`"));
            }
        }
        let lost = all.values().find(|profile| profile.tables_of.as_ref().is_some_and(|code| !all.contains_key(code)));
        match lost {
            Some(profile) => Err(format!("platform `{}`: `tables_of` names no profile", profile.code)),
            None => Ok(Self(all)),
        }
    }

    /// The profile of a code.
    pub fn get(&self, code: &str) -> Option<&Profile> {
        self.0.get(code)
    }

    /// Every profile, in order of code.
    pub fn all(&self) -> impl Iterator<Item = &Profile> {
        self.0.values()
    }

    /// Every path, each once.
    pub fn paths(&self) -> Vec<&str> {
        let mut paths: Vec<&str> = self.0.values().flat_map(|profile| &profile.paths).map(String::as_str).collect();
        paths.sort_unstable();
        paths.dedup();
        paths
    }

    /// The table of that name that holds for a profile on a day.
    fn table(&self, profile: &Profile, name: &str, on: Day) -> Option<&CodeTable> {
        let own = self.0.get(&profile.code)?;
        let from = own.tables_of.as_ref().and_then(|code| self.0.get(code));
        [Some(own), from].into_iter().flatten().find_map(|of| {
            let held = of.tables.iter().filter(|table| table.name == name && table.valid_from <= on);
            held.max_by_key(|table| table.valid_from)
        })
    }

    /// Whether a code may stand: it is in the table, the table is open or unknown, or the profile only warns.
    pub fn allows(&self, profile: &Profile, table: &str, code: &str, on: Day) -> bool {
        let held = self.table(profile, table, on);
        held.is_none_or(|held| held.open || held.codes.contains_key(code)) || profile.unknown_codes == UnknownCode::Warning
    }

    /// Whether a text is a code of a table, or the name of one, in any profile; where no profile has such a table nothing is unknown.
    pub fn is_listed(&self, table: &str, text: &str, on: Day) -> bool {
        let mut held = self.0.values().filter_map(|profile| Some((profile, self.table(profile, table, on)?))).peekable();
        held.peek().is_none() || held.any(|(profile, of)| of.open || self.code_of(profile, table, text, on).is_some())
    }

    /// The name of a code, where the table that holds on the day has it.
    pub fn name_of(&self, profile: &Profile, table: &str, code: &str, on: Day) -> Option<&str> {
        self.table(profile, table, on)?.codes.get(code).map(String::as_str)
    }

    /// The code of a table that a text is, or whose name it is: `020`, `钢筋工` and `钢筋` are the same trade, and a branch is its bank.
    pub fn code_of(&self, profile: &Profile, table: &str, text: &str, on: Day) -> Option<String> {
        let held = self.table(profile, table, on)?;
        let text = text.trim();
        // People name their branch, and drop the word for the country.
        let is_bank =
            |name: &str| table == "bank" && (text.starts_with(name) || text.starts_with(name.trim_start_matches("中国")));
        let is_named = |name: &String| name == text || name.strip_suffix('工') == Some(text) || is_bank(name);
        let known = held.codes.keys().find(|code| *code == text);
        known.or_else(|| held.codes.iter().find(|(_, name)| is_named(name)).map(|(code, _)| code)).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trade_is_listed_by_code_by_name_and_without_its_ending() {
        let (platforms, on) = (Platforms::default(), "2026-03-02".parse().unwrap());
        for listed in ["240", "木工", "钢筋", " 钢筋工 "] {
            assert!(platforms.is_listed("workType", listed, on), "{listed}");
        }
        assert!(!platforms.is_listed("workType", "宇航员", on));
        assert!(platforms.is_listed("no such table", "宇航员", on), "where nothing is listed nothing is unknown");
    }
}
