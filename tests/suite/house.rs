//! Keeps the house: floors, sizes, dead files, banned words.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Modules by floor, from the ground up; on floors 4 and 5 the order inside counts as well.
const FLOORS: &[(u8, &[&str])] = &[
    (0, &["base"]),
    (1, &["law", "wire"]),
    (2, &["store", "outlets"]),
    (3, &["web"]),
    (
        4,
        &[
            "documents",
            "users",
            "amendments",
            "parties",
            "projects",
            "webhooks",
            "quarantine",
            "workers",
            "ledger",
            "notice_board",
            "deposits",
            "accounts",
            "attendance",
            "payroll",
            "settlement",
            "bank_feed",
            "matching",
            "realname",
            "reporting",
        ],
    ),
    (
        5,
        &[
            "cases",
            "credit",
            "labour_cost",
            "compliance",
            "gates",
            "matters",
            "clearance",
            "detectors",
            "library",
            "laboratory",
            "alerts",
            "operation",
        ],
    ),
    (6, &["console"]),
    (7, &["app"]),
];

/// A file longer than this has a second idea in it.
const LINES_MAX: usize = 450;

/// Generated text, longer by its nature.
const LONG_BY_NATURE: &[&str] = &["store/schema.rs"];

fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut waiting = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path.strip_prefix(&root).unwrap().to_owned(), text));
        }
    }
    found.sort();
    found
}

fn place_of(module: &str) -> Option<(u8, usize)> {
    FLOORS.iter().find_map(|(floor, modules)| modules.iter().position(|name| *name == module).map(|place| (*floor, place)))
}

/// Whether the file holds unit tests only.
fn is_tests(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().ends_with("tests.rs"))
}

/// The program without its unit tests and comments.
fn code(text: &str) -> String {
    let program = text.split("#[cfg(test)]").next().unwrap_or_default();
    program.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn modules_import_only_from_floors_below() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let module = path.components().next().unwrap().as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned();
        let Some((floor, place)) = place_of(&module) else { continue };
        for part in code(&text).split("crate::").skip(1) {
            let heads: Vec<String> = match part.strip_prefix('{') {
                Some(group) => group.split('}').next().unwrap_or_default().split(',').map(|one| head(one.trim())).collect(),
                None => vec![head(part)],
            };
            for used in heads.into_iter().filter(|used| *used != module) {
                let Some((below, left)) = place_of(&used) else { continue };
                let allowed = below < floor || (below == floor && matches!(floor, 4 | 5) && left < place);
                if !allowed {
                    wrong.push(format!("{} imports {used}", path.display()));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

fn head(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn every_module_stands_on_a_floor() {
    let lib = include_str!("../../src/lib.rs");
    for name in lib.lines().filter_map(|line| line.strip_prefix("pub mod ")).map(|name| name.trim_end_matches(';')) {
        assert!(place_of(name).is_some(), "{name} stands on no floor");
    }
}

#[test]
fn the_lower_floors_know_neither_database_nor_network_nor_clock() {
    let banned: &[&str] =
        &["diesel", "actix", "tokio", "std::fs", "std::net", "SystemTime", "Instant::now", "Utc::now", "Local::now", "getrandom"];
    for (path, text) in sources() {
        let module = path.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
        if place_of(&module).is_some_and(|(floor, _)| floor <= 1) && !is_tests(&path) {
            for word in banned {
                assert!(!code(&text).contains(word), "{} knows `{word}`", path.display());
            }
        }
    }
}

#[test]
fn nobody_but_the_program_looks_at_the_clock() {
    for (path, text) in sources() {
        if !path.starts_with("app") {
            for word in ["SystemTime::now", "Utc::now", "Local::now"] {
                assert!(!code(&text).contains(word), "{} reads the clock", path.display());
            }
        }
    }
}

#[test]
fn diesel_stays_in_the_store_and_in_tables() {
    for (path, text) in sources() {
        let is_home = path.starts_with("store") || path.ends_with("table.rs") || path.starts_with("app");
        let code = code(&text);
        if !is_home {
            assert!(!code.contains("use diesel") && !code.contains("diesel::sql_query"), "{} speaks SQL", path.display());
        }
    }
}

#[test]
fn actix_stays_in_web_http_and_app() {
    for (path, text) in sources() {
        let is_home = ["web", "app", "console"].iter().any(|home| path.starts_with(home))
            || path.file_name().unwrap().to_string_lossy().starts_with("http");
        if !is_home {
            assert!(!code(&text).contains("actix_web"), "{} speaks HTTP", path.display());
        }
    }
}

#[test]
fn files_stay_short_and_say_what_they_are() {
    for (path, text) in sources() {
        let name = path.to_string_lossy().replace('\\', "/");
        assert!(text.starts_with("//!") || is_tests(&path), "{name} does not say what it is");
        let lines = text.lines().count();
        assert!(lines <= LINES_MAX || LONG_BY_NATURE.contains(&name.as_str()), "{name} has {lines} lines");
    }
}

/// A `#[path]` is relative to the folder that its file stands in.
fn path_beside(files: &[(PathBuf, String)], folder: &Path, path: &str) -> PathBuf {
    let beside = folder.parent().unwrap_or(Path::new("")).join(path);
    files.iter().map(|(known, _)| known).find(|known| **known == beside).cloned().unwrap_or(beside)
}

#[test]
fn no_file_is_forgotten() {
    let files = sources();
    let mut declared: BTreeMap<PathBuf, bool> = files.iter().map(|(path, _)| (path.clone(), false)).collect();
    for (path, text) in &files {
        let folder = match path.file_name().unwrap().to_str().unwrap() {
            "mod.rs" | "lib.rs" | "main.rs" => path.parent().unwrap().to_owned(),
            _ => path.with_extension(""),
        };
        for line in text.lines().map(str::trim) {
            if let Some(path) = line.strip_prefix("#[path = \"").and_then(|rest| rest.strip_suffix("\"]")) {
                declared.insert(path_beside(&files, &folder, path), true);
            }
            let declaration = line.strip_suffix(';').filter(|line| line.starts_with("mod ") || line.starts_with("pub"));
            let Some((_, name)) = declaration.and_then(|line| line.rsplit_once("mod ")) else { continue };
            for candidate in [folder.join(format!("{name}.rs")), folder.join(name).join("mod.rs")] {
                if let Some(found) = declared.get_mut(&candidate) {
                    *found = true;
                }
            }
        }
    }
    let forgotten: Vec<_> = declared
        .into_iter()
        .filter(|(path, found)| !found && path != Path::new("lib.rs") && path != Path::new("main.rs"))
        .collect();
    assert!(forgotten.is_empty(), "{forgotten:?}");
}

#[test]
fn words_that_mislead_do_not_appear() {
    // "account" alone always means the wage account, "user" the person who logs in; "todo" means unfinished work.
    for (path, text) in sources() {
        for word in ["TODO", "FIXME", "todo!(", "unimplemented!(", "userAccount", "user_account", "salary"] {
            assert!(!text.contains(word), "{} says `{word}`", path.display());
        }
    }
}
