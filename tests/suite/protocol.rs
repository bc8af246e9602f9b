//! The API as somebody else's program sees it: schemathesis reads `/api/openapi.json` and sends what the document allows, what it
//! almost allows and what it forbids. Whatever it sends, the server must not fail, must answer with a status and a media type that the
//! document names, and in the shape that it describes.
//!
//! Each role has a demonstration of its own, since what is sent is meant and changes it. Left out by [`LEFT_OUT`]: operations by
//! which the program would shut itself out.

use std::process::Command;

use anxin::users;
use anxin::web::Role;

use super::browser::site::Site;

/// Cases for each operation and phase.
const EXAMPLES: &str = "8";

/// Changing one's own password or ending one's own sessions ends the conversation.
const LEFT_OUT: &str = "^/api/v1/(me/password|me/sessions|sessions)";

/// Runs schemathesis with one role's rights and gives what it reports.
fn converse(role: Role) {
    let site = Site::demo();
    let login = site.login(role).login;
    let user = site.ground.db.read_blocking(|conn| users::table::by_login(conn, login)).expect("an answer").expect("a user");
    let token = site.house.tokens.issue(user.id, site.ground.clock.now(), "test").expect("a token");
    let python = std::env::var("ANXIN_TEST_PYTHON").expect("ANXIN_TEST_PYTHON is not set: run tests/run, which prepares Python");
    let folder = crate::suite::ground::scratch().join(format!("protocol-{role}"));
    std::fs::create_dir_all(&folder).expect("a folder");
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
fn a_labour_manager_meets_no_undocumented_answer() {
    converse(Role::LabourManager);
}

#[test]
fn a_labour_authority_meets_no_undocumented_answer() {
    converse(Role::LabourAuthority);
}
