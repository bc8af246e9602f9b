//! `device read`: every trap of the wire specification as a file.

use serde_json::{Value, json};

use super::{Folder, has_keys, tree};

fn read(folder: &Folder, file: &str) -> (i32, Value) {
    let format = match file.split('_').next() {
        Some("hik") => "hikvision",
        other => other.expect("a format before the first underscore"),
    };
    let ran = folder.run(&["device", "read", "--format", format, &tree(&format!("tests/fixtures/device/{file}")), "--json"]);
    let value = ran.json();
    has_keys(&value, &["device", "punches", "problems"]);
    for punch in value["punches"].as_array().expect("a list") {
        has_keys(punch, &["person", "at_local", "state", "verify"]);
    }
    for problem in value["problems"].as_array().expect("a list") {
        has_keys(problem, &["place", "reason"]);
    }
    (ran.status, value)
}

/// Punches as (person, time, state, verify) and problems as (place, reason).
#[track_caller]
fn says(file: &str, status: i32, punches: Value, problems: Value) {
    let (ended, value) = read(&Folder::new(), file);
    let list = |key: &str| value[key].as_array().expect("a list").clone();
    let found: Vec<Value> =
        list("punches").iter().map(|p| json!([p["person"], p["at_local"], p["state"], p["verify"]])).collect();
    assert_eq!(Value::Array(found), punches, "{file}");
    let found: Vec<Value> = list("problems").iter().map(|p| json!([p["place"], p["reason"]])).collect();
    assert_eq!(Value::Array(found), problems, "{file}");
    assert_eq!(ended, status, "{file}");
}

const AT: &str = "2026-11-21T07:58:03";

#[test]
fn zkteco() {
    let first = json!(["1001", AT, 0, 15]);
    let second = json!(["1002", "2026-11-21T07:58:41", 0, 1]);
    says("zkteco_example.txt", 0, json!([first, second]), json!([["line 2", "bad_format"]]));
    says("zkteco_crlf_tabs.txt", 0, json!([first, ["1002", "2026-11-21T07:58:41", 1, 1]]), json!([]));
    says("zkteco_prefix.txt", 0, json!([first, ["1002", "2026-11-21T18:01:00", 1, 15]]), json!([]));
    let bare = json!([["1001", AT, null, null], ["11999919900101032X", "2026-11-21T07:59:00", null, null]]);
    says("zkteco_two_fields.txt", 0, bare, json!([]));
    says("zkteco_epoch.txt", 0, json!([first]), json!([]));
    let far = json!([["1001", "2000-01-01T00:00:09", 0, 1], ["1002", "2099-12-31T23:59:59", 0, 1]]);
    says("zkteco_years_off.txt", 0, far, json!([]));
    says("zkteco_same_second.txt", 0, json!([first, first]), json!([]));
    says("zkteco_bad_bytes.txt", 0, json!([second]), json!([["line 1", "bad_encoding"]]));
    let times = json!([["line 1", "bad_time"], ["line 2", "bad_time"]]);
    says("zkteco_bad_times.txt", 0, json!([["1003", AT, 255, 200]]), times);
}

#[test]
fn hikvision() {
    let punch = json!([["1001", AT, null, 15]]);
    for file in [
        "hik_multipart.bin",
        "hik_plain.json",
        "hik_alert.xml",
        "hik_alert_prefixed.xml",
        "hik_picture.bin",
        "hik_foreign_end.bin",
        "hik_nested.json",
        "hik_mac_only.json",
        // A wrong offset is the clock's fault, not the wall's.
        "hik_offset.json",
    ] {
        says(file, 0, punch.clone(), json!([]));
    }
    says("hik_check_out.json", 0, json!([["1001", AT, 1, 1]]), json!([]));
    for file in ["hik_door.json", "hik_heartbeat.json", "hik_refused.json", "hik_refused_nobody.json"] {
        says(file, 0, json!([]), json!([]));
    }
    says("hik_person_null.json", 1, json!([]), json!([["body.employeeNoString", "unknown_person"]]));
    assert_eq!(read(&Folder::new(), "hik_plain.json").1["device"], "T00000001");
    assert_eq!(read(&Folder::new(), "hik_mac_only.json").1["device"], "02:00:00:aa:bb:01");
}

#[test]
fn dahua() {
    for file in ["dahua_events.json", "dahua_zlib.bin", "dahua_raw_deflate.bin", "dahua_text.txt"] {
        says(file, 0, json!([["1001", AT, 0, 15]]), json!([]));
    }
    says("dahua_exit.json", 0, json!([["1001", AT, 1, 15]]), json!([]));
    says("dahua_refused.json", 0, json!([]), json!([]));
}

#[test]
fn our_own_punches() {
    says("punch_example.json", 0, json!([["1001", AT, 0, 15]]), json!([]));
    let mixed = json!([["1001", AT, 0, 15], ["1001", AT, 1, 15], ["11999919900101032X", AT, null, null]]);
    says("punch_mixed.json", 0, mixed, json!([["punches[2].time", "bad_time"], ["punches[3].direction", "bad_format"]]));
    says("punch_none.json", 1, json!([]), json!([["body", "bad_format"]]));
}

#[test]
fn the_serial_of_the_request_names_the_device() {
    let folder = Folder::new();
    let file = tree("tests/fixtures/device/zkteco_example.txt");
    let arguments = ["device", "read", "--format", "zkteco", "--sn", "TEST000000001", &file, "--json"];
    assert_eq!(folder.run(&arguments).ends(0).json()["device"], "TEST000000001");
    assert_eq!(folder.run(&["device", "read", "--format", "zkteco", &file]).ends(0).last(), "2 punches, 1 problems");
    assert_eq!(read(&folder, "zkteco_example.txt").1["device"], Value::Null);
}

#[test]
fn what_cannot_be_read_ends_with_one() {
    let folder = Folder::new();
    folder.write("empty", "");
    folder.write("words", "hello\n");
    for format in ["zkteco", "hikvision", "dahua", "punch"] {
        for file in ["empty", "words"] {
            let ran = folder.run(&["device", "read", "--format", format, file, "--json"]).ends(1);
            assert_eq!(ran.json()["punches"], json!([]), "{format} {file}");
        }
    }
}
