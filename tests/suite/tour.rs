//! The README's tour, run line by line against the demonstration, so that it cannot rot.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// The demonstration's process; it ends with the test.
struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The shell lines between the README's marks.
fn lines() -> String {
    let readme = include_str!("../../README.md");
    let tour = readme
        .split("<!-- tour:begin -->")
        .nth(1)
        .and_then(|rest| rest.split("<!-- tour:end -->").next())
        .expect("the tour's marks");
    let blocks: Vec<&str> = tour.split("```bash\n").skip(1).map(|block| block.split("```").next().expect("an end")).collect();
    assert!(blocks.len() >= 10, "the tour has {} steps", blocks.len());
    blocks.join("\n")
}

/// Starts the demonstration on a free port and writes what it prints into `demo.log`; gives its address.
fn start(folder: &std::path::Path) -> (Demo, String) {
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
    let mut child = Command::new(env!("CARGO_BIN_EXE_anxin"))
        .args(["demo", "--data", "data", "--as-of", "2026-03-31", "--port", &port.to_string()])
        .current_dir(folder)
        .env_remove("DATABASE_URL")
        .stdout(Stdio::piped())
        .spawn()
        .expect("the demonstration starts");
    let output = child.stdout.take().expect("its output");
    let demo = Demo(child);
    let mut printed = String::new();
    for line in BufReader::new(output).lines() {
        let line = line.expect("text");
        printed.push_str(&line);
        printed.push('\n');
        if let Some(address) = line.strip_prefix("http://") {
            std::fs::write(folder.join("demo.log"), &printed).expect("a log");
            return (demo, format!("http://{}", address.trim_end_matches('/')));
        }
    }
    panic!("the demonstration ended before it printed its address:\n{printed}");
}

#[test]
fn the_tour_works_by_copy_and_paste() {
    let root = crate::suite::ground::scratch().join("copy-and-paste");
    let folder = root.join("tour");
    std::fs::create_dir_all(&folder).expect("a folder");
    let (_demo, address) = start(&folder);
    std::fs::write(root.join("tour.sh"), format!("set -euo pipefail\n{}", lines())).expect("a script");
    let run = Command::new("bash")
        .arg("tour.sh")
        .current_dir(&root)
        .env("ANXIN", env!("CARGO_BIN_EXE_anxin"))
        .env("BASE", address)
        .env("LOG", "demo.log")
        .output()
        .expect("bash");
    let told = format!("{}\n{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{told}");
    let answer = |name: &str| -> Value {
        let text = std::fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}\n{told}"));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}: {text}"))
    };
    let options = std::fs::read_to_string(folder.join("options.txt")).expect("the option block");
    assert!(options.starts_with("GET OPTION FROM: TOUR000000001"), "{options}");
    assert!(told.contains("OK: 60"), "{told}");
    let blocked = answer("blocked.json");
    assert_eq!((blocked["verdict"].as_str(), blocked["basis"].as_str()), (Some("blocked"), Some("regional")), "{blocked}");
    assert!(blocked["reasons"][0]["citation"]["document"].as_str().is_some_and(|name| !name.is_empty()), "{blocked}");
    assert!(blocked["cure"].as_array().is_some_and(|cure| cure.len() == 2), "the audit and the wages: {}", blocked["cure"]);
    let arrears = answer("arrears.json");
    assert_eq!((arrears["verdict"].as_str(), arrears["basis"].as_str()), (Some("blocked"), Some("policy")), "{arrears}");
    assert_eq!(arrears["cure"][0]["workers"], 1, "{arrears}");
    assert_eq!(arrears["cure"][0]["amount"], "3200.00", "{arrears}");
    let clear = answer("clear.json");
    assert_eq!(clear["verdict"], "clear", "{clear}");
    assert_eq!(clear["cure"].as_array().map(Vec::len), Some(0), "{clear}");
}
