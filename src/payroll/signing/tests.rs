use super::*;

fn item(means: Means) -> NewSignature {
    NewSignature {
        line: LineId(1),
        means,
        device: None,
        evidence: None,
        document_id: None,
        signed_on: "2026-04-02".parse().unwrap(),
    }
}

#[test]
fn a_bare_tick_signs_nothing() {
    let scan = |kind| Some(Scan { kind, first_seq: 5, signs_another: false });
    let scans = Scans::from([
        (DocumentId(1), scan(DocumentKind::SignedSheet)),
        (DocumentId(2), scan(DocumentKind::Other)),
        (DocumentId(3), None),
    ]);
    let devices = ["GATE0000001".to_owned()];
    let check = |item: &NewSignature| check_means(item, &scans, &devices, false);
    for means in Means::ALL {
        assert!(check(&item(*means)).is_err(), "{means}");
    }
    let paper = |id| NewSignature { document_id: Some(DocumentId(id)), ..item(Means::Paper) };
    assert!(check(&paper(1)).is_ok());
    for wrong in [2, 3, 4] {
        assert!(check(&paper(wrong)).is_err(), "document {wrong}");
    }
    let some = |text: &str| Some(text.to_owned());
    let device = NewSignature { device: some("北门 GATE0000001"), evidence: some("记录 4711"), ..item(Means::Device) };
    assert!(check(&device).is_ok());
    assert!(check(&NewSignature { evidence: some("  "), ..device.clone() }).is_err());
    assert!(check(&NewSignature { evidence: some("y"), ..device.clone() }).is_err(), "no record");
    assert!(check(&NewSignature { device: None, ..device.clone() }).is_err());
    assert!(check(&NewSignature { device: some("x"), ..device.clone() }).is_err(), "no device of the project");
    assert!(check(&NewSignature { document_id: Some(DocumentId(3)), ..device }).is_err());
    let link = NewSignature { evidence: some("短信验证码"), ..item(Means::LinkWithSecondMeans) };
    assert!(check(&link).is_err(), "nobody says for a worker that the worker signed");
    let own = |item: &NewSignature| check_means(item, &scans, &devices, true);
    assert!(own(&link).is_ok());
    assert!(own(&NewSignature { evidence: Some("长".repeat(TEXT_MAX + 1)), ..link }).is_err());
}

#[test]
fn a_record_is_a_number_with_or_without_its_word() {
    for good in ["记录 00012", "记录7", "record 12", "20260301-004", "lin-0CJ1V8Q2M0001", "#9"] {
        assert!(is_record(good), "{good}");
    }
    for bad in ["y", "记录", "已签字", "ok", "记录 一二", "", &"1".repeat(RECORD_MAX + 1)] {
        assert!(!is_record(bad), "{bad}");
    }
}
