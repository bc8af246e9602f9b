//! Every ISO 20022 file that leaves the house validates against the published schema of its version, whatever stands in names.

use std::path::PathBuf;

use anxin::base::{Day, Fen, Moment};
use anxin::wire::bank;
use anxin::wire::bank_reply::{ReplyAs, ReplyOptions, reply};
use anxin::wire::iso20022::pain001::{self, Agent, PaymentBatch, PaymentLine, PaymentOrder, Version};

use super::oracle;

/// Names that break writers: markup, quotes, other scripts, letters outside the basic plane, full width, controls, blanks.
const ODD_NAMES: [&str; 12] = [
    "测试甲",
    "阿卜杜拉·测试",
    "<Nm>&amp;]]>\"'",
    "𠮷野测试",
    "  空 白  ",
    "ＦＵＬＬ　ｗｉｄｔｈ",
    "tab\there\nand line",
    "Ünïcödé Ñame",
    "བོད་ཡིག",
    "😀表情",
    "\u{202E}倒\u{200B}写",
    "--?><!--x",
];

fn order(lines: usize, batches: usize, agents: bool) -> PaymentOrder {
    let name = |number: usize| ODD_NAMES[number % ODD_NAMES.len()].to_owned();
    let line = |batch: usize, number: usize| PaymentLine {
        end_to_end_id: format!("L{batch}-{number:05}-1"),
        amount: Fen(i64::try_from(number).expect("small") * 101 + 1),
        creditor: name(number),
        creditor_account: format!("62199999{number:011}"),
        creditor_agent: agents.then(|| match number % 2 {
            0 => Agent::Cnaps("102100099996".to_owned()),
            _ => Agent::Bic("TESTCNBJXXX".to_owned()),
        }),
        text: match number % 3 {
            0 => None,
            1 => Some(name(number + 1)),
            _ => Some("工资".repeat(70)),
        },
    };
    PaymentOrder {
        message_id: format!("M-{lines}-{batches}"),
        created_at: "2026-03-02T10:00:00.123456+08:00".parse().expect("a moment"),
        initiator: ODD_NAMES[lines % ODD_NAMES.len()].to_owned(),
        batches: (0..batches)
            .map(|batch| PaymentBatch {
                id: format!("B{batch}"),
                batch_booking: batch % 2 == 0,
                execute_on: Day::of(2026, 3, 3).expect("a day"),
                debtor: ODD_NAMES[batch % ODD_NAMES.len()].to_owned(),
                debtor_account: format!("6200 0000-{batch:04}"),
                debtor_agent: agents.then(|| Agent::Cnaps("102100099996".to_owned())),
                lines: (0..lines).map(|number| line(batch, number)).collect(),
            })
            .collect(),
    }
}

#[test]
fn every_file_we_write_holds_against_its_schema() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut files: Vec<PathBuf> = Vec::new();
    let mut keep = |name: String, xml: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, xml).expect("the file is written");
        files.push(path);
    };
    let at: Moment = "2026-03-02T23:59:59.999999+08:00".parse().expect("a moment");
    for (lines, batches, agents) in [(1, 1, false), (1, 1, true), (24, 3, true), (5_000, 1, false)] {
        let order = order(lines, batches, agents);
        for version in [Version::V09, Version::V03] {
            let written = pain001::write(&order, version).expect("the order is sound");
            let name = format!("{}-{lines}-{batches}-{agents}", version.name());
            keep(format!("{name}.xml"), &written.xml);
            let all = u32::try_from(lines * batches).expect("small");
            for fail in [0, 1, all] {
                for (how, message) in [(ReplyAs::Camt053, "053"), (ReplyAs::Camt054, "054"), (ReplyAs::Pain002, "002")] {
                    // The long ones once each: what could differ differs in the short ones.
                    if lines == 5_000 && (fail != 1 || version == Version::V03) {
                        continue;
                    }
                    for (opening, sequence) in [(None, None), (Some(Fen(-7)), Some(12))] {
                        let options = ReplyOptions { fail, at, opening, sequence };
                        let answer = reply(written.xml.as_bytes(), how, &options).expect("the bank answers");
                        let read = bank::read(answer.as_bytes(), None);
                        assert!(read.problems.is_empty(), "{name} {message} {fail}: {:?}", read.problems.first());
                        keep(format!("{name}-{message}-{fail}-{}.xml", sequence.unwrap_or_default()), &answer);
                    }
                }
            }
        }
    }
    let count = files.len();
    let (output, all_valid) = oracle("xsd.py", &files, "");
    let faults: Vec<&str> = output.lines().filter(|line| !line.contains(": valid ")).take(20).collect();
    assert!(all_valid, "{}", faults.join("\n"));
    assert_eq!(output.lines().last(), Some(format!("{count} valid, 0 not valid").as_str()));
}

#[test]
fn the_oracle_refuses_what_is_wrong() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("wrong.xml");
    let xml = pain001::write(&order(1, 1, false), Version::V09).expect("the order is sound").xml;
    std::fs::write(&path, xml.replace("<PmtMtd>TRF</PmtMtd>", "<PmtMtd>CASH</PmtMtd>")).expect("the file is written");
    let (output, all_valid) = oracle("xsd.py", &[path], "");
    assert!(!all_valid && output.contains("PmtMtd"), "{output}");
}
