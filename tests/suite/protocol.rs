//! The API as somebody else's program sees it: schemathesis reads `/api/openapi.json` and sends what the document allows, what it
//! almost allows and what it forbids. Whatever it sends, the server must not fail, must answer with a status and a media type that the
//! document names, and in the shape that it describes.
//!
//! Each role has a demonstration of its own, since what is sent is meant and changes it. Left out by [`LEFT_OUT`]: operations by
//! which the program would shut itself out.

use std::collections::BTreeMap;
use std::process::Command;

use anxin::app::routes;
use anxin::web::Role;
use anxin::web::route::{Accepts, Described};
use serde_json::Value;

use super::browser::site::Site;

/// Cases for each operation and phase.
const EXAMPLES: &str = "8";

/// Changing one's own password or ending one's own sessions ends the conversation.
const LEFT_OUT: &str = "^/api/v1/(me/password|me/sessions|sessions)";

/// Where an id of each kind is found: its name in paths, and a list.
const FOUND_AT: &[(&str, &str)] = &[
    ("project", "projects"),
    ("party", "parties"),
    ("account", "projects/{project}/accounts"),
    ("deposit", "projects/{project}/deposits"),
    ("document", "projects/{project}/documents"),
    ("enrolment", "projects/{project}/enrolments"),
    ("run", "projects/{project}/pay-runs"),
    ("sheet", "projects/{project}/pay-sheets"),
    ("line", "projects/{project}/pay-sheets/{sheet}/lines"),
    ("answer", "projects/{project}/gate-answers"),
    ("device", "devices?project={project}"),
];

/// The program's settings: of what it could only guess, most are given, so that it gets past the doors.
fn settings(site: &Site, token: &str) -> String {
    let mut known: Vec<(&str, String)> = vec![("gate", "completion-acceptance".to_owned())];
    for (name, list) in FOUND_AT {
        let path = known.iter().fold((*list).to_owned(), |path, (name, id)| path.replace(&format!("{{{name}}}"), id));
        let answer = super::browser::run(site.get(&format!("/api/v1/{path}"), token));
        // Not for this role.
        if answer["status"] == 403 {
            continue;
        }
        let entries = answer.as_array().or_else(|| answer.as_object()?.values().find_map(Value::as_array));
        let entry = entries.and_then(|entries| entries.first()).unwrap_or_else(|| panic!("{path}: {answer}"));
        let thing = [name, "row"].iter().find_map(|key| entry.get(key).filter(|thing| thing.is_object())).unwrap_or(entry);
        known.push((name, thing["id"].as_str().unwrap_or_else(|| panic!("{path}: {entry}")).to_owned()));
    }
    let mut text = "[parameters]\n".to_owned();
    for (name, _) in &known {
        text.push_str(&format!("\"path.{name}\" = {{ dictionary = \"{name}\", probability = 0.9 }}\n"));
    }
    for (name, id) in &known {
        text.push_str(&format!("[dictionaries.{name}]\nvalues = [\"{id}\"]\n"));
    }
    text
}

/// Runs schemathesis with one role's rights and gives what it reports.
fn converse(role: Role) {
    let site = Site::demo();
    let token = site.token(role);
    let python = std::env::var("ANXIN_TEST_PYTHON").expect("ANXIN_TEST_PYTHON is not set: run tests/run, which prepares Python");
    let folder = crate::suite::ground::scratch().join(format!("protocol-{role}"));
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("schemathesis.toml"), settings(&site, &token)).expect("settings");
    let run = Command::new(std::path::Path::new(&python).with_file_name("schemathesis"))
        .args(["run", &format!("{}/api/openapi.json", site.base), "--header", &format!("Authorization: Bearer {token}")])
        .args(["--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"])
        .args(["--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES, "--exclude-path-regex", LEFT_OUT])
        .args(["--seed", "1", "--generation-deterministic", "--suppress-health-check", "all"])
        .args([
            "--workers",
            "2",
            "--continue-on-failure",
            "--no-shrink",
            "--request-timeout",
            "20",
            "--no-color",
            "--warnings",
            "off",
        ])
        .current_dir(&folder)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("schemathesis starts");
    let told = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{role}: {told}\n{}", String::from_utf8_lossy(&run.stderr));
}

#[test]
fn a_name_in_the_description_means_one_schema() {
    let mut known: BTreeMap<String, Value> = BTreeMap::new();
    for route in routes::all() {
        let mut described: Vec<Described> = route.success.1.into_iter().collect();
        if let Accepts::Json(body) = route.accepts {
            described.push(*body);
        }
        for (name, schema) in described.into_iter().flat_map(|one| one.named) {
            let schema = serde_json::to_value(schema).expect("JSON");
            let first = known.entry(name.clone()).or_insert_with(|| schema.clone());
            assert_eq!(*first, schema, "{} {} calls something else {name}", route.method, route.path);
        }
    }
}

#[test]
fn a_labour_manager_meets_no_undocumented_answer() {
    converse(Role::LabourManager);
}

#[test]
fn a_labour_authority_meets_no_undocumented_answer() {
    converse(Role::LabourAuthority);
}
