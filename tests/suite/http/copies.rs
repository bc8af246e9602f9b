//! Copies of statements, marked as such by the bank.

use super::accounts::open;
use super::settlement::{NUMBER, Ntry, camt, camt_of, entries, hand_in};
use crate::both;
use crate::suite::ground::project;

both!(a_copy_adds_neither_entry_nor_gap_nor_break, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let account = open(&client, &site, NUMBER).await;
    let file = |id: &str, sequence: u32, balances: (&str, &str), mark: &str| {
        let on = if sequence == 12 { "2026-02-26" } else { "2026-02-27" };
        let entry = Ntry { reference: Some(if sequence == 12 { "A" } else { "B" }), ..Ntry::credit("10.00", on) };
        let number = format!("<ElctrncSeqNb>{sequence}</ElctrncSeqNb>");
        camt(53, id, sequence, Some(balances), &[entry]).replace(&number, &format!("{number}{mark}"))
    };
    hand_in(&client, &file("S12", 12, ("0.00", "10.00"), "")).await.expect(200);
    for (id, mark) in [("D12", "DUPL"), ("C12", "COPY"), ("B12", "CODU")] {
        let copy = file(id, 12, ("0.00", "10.00"), &format!("<CpyDplctInd>{mark}</CpyDplctInd>"));
        let receipt = hand_in(&client, &copy).await.expect(200);
        let told = receipt["problems"].to_string();
        assert!(receipt["applied"] == 0 && !told.contains("gap") && !told.contains("balance_break"), "{receipt}");
    }
    hand_in(&client, &file("S13", 13, ("10.00", "20.00"), "")).await.expect(200);
    let shown = client.get(&format!("{}/accounts/{account}", site.path)).send().await.expect(200);
    assert_eq!(shown["faults"].as_array().map(Vec::len), Some(0), "{shown}");
    assert_eq!(entries(&client, &site, &account).await.len(), 2);
    // The next number but one is missed all the same.
    let receipt = hand_in(&client, &file("S15", 15, ("20.00", "30.00"), "")).await.expect(200);
    assert!(receipt["problems"].to_string().contains("gap"), "{receipt}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_copy_with_more_than_its_original_is_booked_and_breaks_no_chain, |app| {
    let client = app.labour_manager();
    for (number, opens) in [(1, "10.00"), (2, "15.00")] {
        let site = project(&client, number, "330784").await;
        let own = format!("{}{number}", &NUMBER[..NUMBER.len() - 1]);
        let account = open(&client, &site, &own).await;
        let entry = |reference: &'static str, amount: &'static str, on: &'static str| Ntry {
            reference: Some(reference),
            ..Ntry::credit(amount, on)
        };
        let original = [entry("A", "10.00", "2026-02-26")];
        let copied = [entry("A", "10.00", "2026-02-26"), entry("X", "5.00", "2026-02-26")];
        let next = [entry("B", "10.00", "2026-02-27")];
        let closes = if opens == "10.00" { "20.00" } else { "25.00" };
        hand_in(&client, &camt_of(&own, 53, "S12", 12, Some(("0.00", "10.00")), &original)).await.expect(200);
        let sequence = "<ElctrncSeqNb>12</ElctrncSeqNb>";
        let copy = camt_of(&own, 53, "C12", 12, Some(("0.00", "15.00")), &copied)
            .replace(sequence, &format!("{sequence}<CpyDplctInd>CODU</CpyDplctInd>"));
        let receipt = hand_in(&client, &copy).await.expect(200);
        let told = receipt["problems"].to_string();
        assert!(receipt["applied"] == 1 && told.contains("id_reused") && told.contains("标明为副本"), "{receipt}");
        assert!(!told.contains("gap") && !told.contains("balance_break"), "{receipt}");
        // The bank goes on from either, and nothing is left standing.
        hand_in(&client, &camt_of(&own, 53, "S13", 13, Some((opens, closes)), &next)).await.expect(200);
        let shown = client.get(&format!("{}/accounts/{account}", site.path)).send().await.expect(200);
        assert_eq!(shown["faults"].as_array().map(Vec::len), Some(0), "{shown}");
        assert_eq!(entries(&client, &site, &account).await.len(), 3);
    }
    assert_eq!(app.broken(), Vec::<String>::new());
});
