//! One movement told twice by the same kind of message in fuller, poorer or masked words is booked once, and a person looks at it. Rows
//! behind the totals row of a sheet are not passed over silently.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::accounts::open;
use super::settlement::{NUMBER, Ntry, camt, entries, from_owner};
use crate::both;
use crate::suite::ground::{Client, project};

async fn send(client: &Client<'_>, media: &str, text: &str) -> Value {
    client.ask(Method::POST, "/api/v1/bank/statements").body(media, text.to_owned()).send().await.expect(200)
}

/// How many entries a statement of the receipt added, had known, and put aside; and the reason of the first problem.
fn counts(receipt: &Value) -> (Value, Value, Value, Value) {
    let one = &receipt["statements"][0];
    let known = one["merged"].as_u64().unwrap_or(0) + one["duplicates"].as_u64().unwrap_or(0);
    (one["new"].clone(), json!(known), one["quarantined"].clone(), receipt["problems"][0]["reason"].clone())
}

fn csv(rows: &[(&str, &str)]) -> String {
    let rows: String =
        rows.iter().map(|(party, reference)| format!("2026-03-02,1000.00,,{party},人工费拨付,{reference}\n")).collect();
    format!("账号,{NUMBER}\n日期,收入,支出,对方户名,摘要,流水号\n{rows}")
}

both!(an_entry_that_is_told_again_in_other_words_goes_to_a_person, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let account = open(&manager, &site, NUMBER).await;
    let doubtful = (json!(0), json!(0), json!(1), json!("id_reused"));
    let new = |count: u64| (json!(count), json!(0), json!(0), Value::Null);
    assert_eq!(counts(&send(&manager, "text/csv", &csv(&[("", "LS777")])).await), new(1));
    for party in ["导览置业有限公司", "导览****公司"] {
        let receipt = send(&manager, "text/csv", &csv(&[(party, "LS777")])).await;
        assert_eq!((counts(&receipt), &receipt["state"]), (doubtful.clone(), &json!("part")), "{party}: {receipt}");
        assert!(receipt["problems"][0]["zh"].as_str().unwrap().contains("疑为同一笔"), "{receipt}");
    }
    assert_eq!(entries(&manager, &site, &account).await.len(), 1);
    // Masked first and named then; another name is another entry.
    assert_eq!(counts(&send(&manager, "text/csv", &csv(&[("张*", "LS778")])).await), new(1));
    assert_eq!(counts(&send(&manager, "text/csv", &csv(&[("张三", "LS778")])).await), doubtful);
    assert_eq!(counts(&send(&manager, "text/csv", &csv(&[("李四", "LS778")])).await), new(1));
    // A file that tells the entry in its own words and another beside it tells two.
    let receipt = send(&manager, "text/csv", &csv(&[("王五", "LS777"), ("", "LS777")])).await;
    assert_eq!(counts(&receipt), (json!(1), json!(1), json!(0), Value::Null), "{receipt}");
    assert_eq!(entries(&manager, &site, &account).await.len(), 4);
    // A statement of the ledger made out again with details.
    let entry = |details: String| Ntry { reference: Some("V9"), text: "拨付", details, ..Ntry::credit("50.00", "2026-03-02") };
    let bare = camt(53, "S1", 1, None, &[entry(String::new())]);
    assert_eq!(counts(&send(&manager, "application/xml", &bare).await).0, json!(1));
    let fuller = camt(53, "S1", 1, None, &[entry(from_owner("测试建设单位1"))]);
    let receipt = send(&manager, "application/xml", &fuller).await;
    assert_eq!(counts(&receipt), doubtful, "{receipt}");
    // Two equal entries of one statement stay two, however often it is told.
    let twins = |id: &str| {
        camt(
            53,
            id,
            2,
            None,
            &[Ntry { reference: Some("V10"), ..entry(String::new()) }, Ntry { reference: Some("V10"), ..entry(String::new()) }],
        )
    };
    assert_eq!(counts(&send(&manager, "application/xml", &twins("S2")).await).0, json!(2));
    let again = counts(&send(&manager, "application/xml", &twins("S2B")).await);
    assert_eq!((again.0, again.1, again.2), (json!(0), json!(2), json!(0)));
    assert_eq!(app.broken(), Vec::<String>::new());
});

fn with_account(party: &str, account: &str, reference: &str) -> String {
    format!(
        "账号,{NUMBER}\n日期,收入,支出,对方户名,对方账号,摘要,流水号\n2026-03-02,1000.00,,{party},{account},人工费拨付,{reference}\n"
    )
}

both!(an_entry_of_one_reference_that_names_the_other_side_by_halves_is_booked_once, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let account = open(&manager, &site, NUMBER).await;
    let (new, known) = ((json!(1), json!(0), json!(0), Value::Null), (json!(0), json!(1), json!(0), Value::Null));
    let (name, whole) = ("导览置业有限公司", "1208000012345678");
    let halves = [
        ("H1", (name, whole), (name, "")),
        ("H2", (name, ""), (name, whole)),
        ("H3", (name, "1208****5678"), (name, whole)),
        ("H4", ("", "1208****5678"), ("", whole)),
        ("H5", ("", whole), (name, "")),
        ("H6", ("导览置业（杭州）有限公司", ""), ("导览置业(杭州)有限公司", "")),
        ("H7", ("张*", whole), ("张三", whole)),
    ];
    for (reference, first, second) in halves {
        let receipt = send(&manager, "text/csv", &with_account(first.0, first.1, reference)).await;
        assert_eq!(counts(&receipt), new, "{reference}: {receipt}");
        let receipt = send(&manager, "text/csv", &with_account(second.0, second.1, reference)).await;
        assert_eq!(counts(&receipt), known, "{reference}: {receipt}");
    }
    let booked = entries(&manager, &site, &account).await;
    assert_eq!(booked.len(), halves.len());
    let of = |reference: &str| booked.iter().find(|entry| entry["bank_ref"] == reference).unwrap()["counterparty"].clone();
    assert_eq!((of("H5"), of("H7")), (json!(name), json!("张三")), "told fuller");
    // What contradicts is another entry.
    for (reference, party, other) in
        [("H1", "青禾置业有限公司", ""), ("H1", name, "1208000012345679"), ("H3", "", "1208****5679")]
    {
        let receipt = send(&manager, "text/csv", &with_account(party, other, reference)).await;
        assert_eq!(receipt["statements"][0]["merged"].as_u64().unwrap_or(0), 0, "{party} {other}: {receipt}");
    }
    // A statement of the ledger as well.
    let side = |number: &str| {
        format!(
            "<NtryDtls><TxDtls><RltdPties><Dbtr><Pty><Nm>{name}</Nm></Pty></Dbtr><DbtrAcct><Id><Othr><Id>{number}</Id></Othr></Id>\
             </DbtrAcct></RltdPties></TxDtls></NtryDtls>"
        )
    };
    let entry =
        |number: &str| Ntry {
            reference: Some("V7"), text: "拨付", details: side(number), ..Ntry::credit("50.00", "2026-03-02")
        };
    let masked = camt(53, "S1", 1, None, &[entry("1208****5678")]);
    assert_eq!(counts(&send(&manager, "application/xml", &masked).await).0, json!(1));
    let receipt = send(&manager, "application/xml", &camt(53, "S1", 1, None, &[entry(whole)])).await;
    assert_eq!((counts(&receipt).0, counts(&receipt).1), (json!(0), json!(1)), "{receipt}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(rows_behind_the_totals_of_a_sheet_are_told_of, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let account = open(&manager, &site, NUMBER).await;
    let text = csv(&[("张三", "A1")]) + "合计,1000.00,,,,\n2026-03-02,5.00,,李四,其他,A2\n2026-03-02,6.00,,王五,其他,A3\n";
    let receipt = send(&manager, "text/csv", &text).await;
    assert_eq!((&receipt["state"], &receipt["applied"]), (&json!("part"), &json!(1)), "{receipt}");
    assert!(receipt["problems"][0]["zh"].as_str().unwrap().contains("合计行之后还有 2 行"), "{receipt}");
    assert_eq!(entries(&manager, &site, &account).await.len(), 1);
    assert_eq!(app.broken(), Vec::<String>::new());
});

/// A statement of the day as MT940, whose entries have no reference.
fn mt940(number: u32, (opening, closing): (&str, &str), amount: &str, count: usize) -> String {
    let line = format!(":61:2603020302C{amount},00NTRFNONREF\r\n:86:拨款\r\n");
    format!(
        ":20:M{number}\r\n:25:{NUMBER}\r\n:28C:{number}/1\r\n:60F:C260301CNY{opening},00\r\n{}:62F:C260302CNY{closing},00\r\n-",
        line.repeat(count)
    )
}

both!(an_entry_that_only_one_of_two_statements_gives_a_reference_is_booked_once, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let account = open(&manager, &site, NUMBER).await;
    let owner = || from_owner("测试建设单位1");
    let entry = |amount: &'static str, reference: Option<&'static str>, details: String| Ntry {
        reference,
        text: "拨付",
        details,
        ..Ntry::credit(amount, "2026-03-02")
    };
    let xml = |name: &str, at: u32, all: &[Ntry]| camt(53, name, at, None, all);
    let found = |receipt: Value| (counts(&receipt).0.as_u64().unwrap(), counts(&receipt).1.as_u64().unwrap());
    // Without a reference first, then with one; each told again is known.
    let bare = mt940(1, ("0", "100"), "100", 1);
    let named = xml("S1", 1, &[entry("100.00", Some("Y1"), owner())]);
    assert_eq!(found(send(&manager, "text/plain", &bare).await), (1, 0));
    assert_eq!(found(send(&manager, "application/xml", &named).await), (0, 1));
    assert_eq!(found(send(&manager, "text/plain", &mt940(1, ("0", "100"), "100", 1).replace(":20:M1", ":20:M1B")).await), (0, 1));
    assert_eq!(found(send(&manager, "application/xml", &xml("S1B", 1, &[entry("100.00", Some("Y1"), owner())])).await), (0, 1));
    let mut one = entries(&manager, &site, &account).await;
    one.retain(|one| one["amount"] == "100.00");
    assert_eq!((one.len(), &one[0]["bank_ref"], &one[0]["counterparty"]), (1, &json!("Y1"), &json!("测试建设单位1")));
    // The other way round.
    assert_eq!(found(send(&manager, "application/xml", &xml("S2", 2, &[entry("200.00", Some("Y2"), owner())])).await), (1, 0));
    assert_eq!(found(send(&manager, "text/plain", &mt940(2, ("0", "200"), "200", 1)).await), (0, 1));
    // Two of one file are two, and as many stand as the file that tells most of them.
    let three = |refs: &[&'static str]| -> Vec<Ntry> { refs.iter().map(|one| entry("300.00", Some(*one), owner())).collect() };
    assert_eq!(found(send(&manager, "text/plain", &mt940(3, ("0", "600"), "300", 2)).await), (2, 0));
    assert_eq!(found(send(&manager, "application/xml", &xml("S3", 3, &three(&["Y3"]))).await), (0, 1));
    assert_eq!(found(send(&manager, "application/xml", &xml("S3B", 3, &three(&["Y3", "Y4", "Y5"]))).await), (1, 2));
    assert_eq!(found(send(&manager, "text/plain", &mt940(3, ("0", "900"), "300", 3)).await), (0, 3));
    let booked = entries(&manager, &site, &account).await;
    assert_eq!(booked.iter().filter(|one| one["amount"] == "300.00").count(), 3);
    // What contradicts stays two: another side, another payment, a statement that goes on where the other ends.
    let by = |name: &str| from_owner(name);
    assert_eq!(found(send(&manager, "application/xml", &xml("S4", 4, &[entry("400.00", None, by("张三"))])).await), (1, 0));
    assert_eq!(
        found(send(&manager, "application/xml", &xml("S4B", 4, &[entry("400.00", Some("Y6"), by("李四"))])).await),
        (1, 0)
    );
    let paid = |id: &str| format!("<NtryDtls><TxDtls><Refs><EndToEndId>{id}</EndToEndId></Refs></TxDtls></NtryDtls>");
    for (name, at, reference, id, new) in [
        ("S5", 5, None, "LINE-A", 1),
        ("S5B", 5, Some("Y7"), "LINE-B", 1),
        ("S5C", 5, Some("Y8"), "LINE-A", 0),
        ("S6", 6, Some("Y9"), "LINE-C", 1),
        ("S6B", 6, None, "LINE-D", 1),
        ("S6C", 6, None, "LINE-C", 0),
    ] {
        let receipt = send(&manager, "application/xml", &xml(name, at, &[entry("500.00", reference, paid(id))])).await;
        assert_eq!(found(receipt), (new, 1 - new), "{name}");
    }
    assert_eq!(found(send(&manager, "text/plain", &mt940(7, ("0", "600"), "600", 1)).await), (1, 0));
    let after = camt(53, "S7", 8, Some(("600.00", "1200.00")), &[entry("600.00", Some("Y10"), owner())]);
    assert_eq!(found(send(&manager, "application/xml", &after).await), (1, 0));
    assert_eq!(app.broken(), Vec::<String>::new());
});
