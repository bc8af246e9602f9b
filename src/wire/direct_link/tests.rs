//! Direct-link files as banks send them, and as nobody should.

use encoding_rs::GB18030;
use proptest::prelude::*;

use super::Families;
use super::markup::{DEPTH_MAX, Event, Markup, TEXT_MAX};
use crate::wire::bank::{self, Direction, ReadOptions, Reason, StatementKind};
use crate::wire::iso20022::xml::XmlFault;

const SGML: &str = "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:102\r\nENCODING:USASCII\r\nCHARSET:936\r\n\r\n\
<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>20260303090000</SONRS></SIGNONMSGSRSV1>\r\n\
<BANKMSGSRSV1><STMTTRNRS><TRNUID>20260303-1<STATUS><CODE>0<SEVERITY>INFO</STATUS><STMTRS><CURDEF>CNY\r\n\
<BANKACCTFROM><BANKID>102<ACCTID>6200000000000001<ACCTTYPE>CHECKING</BANKACCTFROM>\r\n\
<BANKTRANLIST><DTSTART>20260301<DTEND>20260302\r\n\
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260301120000.000[+8:CST]<TRNAMT>1,000.00<FITID>A1<NAME>南江建设 & 合伙<MEMO>拨付人工费用</STMTTRN>\r\n\
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260302<TRNAMT>-99.50<FITID>A2<NAME>张三<MEMO></STMTTRN>\r\n\
</BANKTRANLIST><LEDGERBAL><BALAMT>900.50<DTASOF>20260302</LEDGERBAL><AVAILBAL><BALAMT>900.50<DTASOF>20260302</AVAILBAL>\r\n\
</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\r\n";

fn gbk(text: &str) -> Vec<u8> {
    GB18030.encode(text).0.into_owned()
}

/// The same as XML: every leaf closed.
fn as_xml(sgml: &str) -> String {
    let body = sgml.split_once("<OFX>").map_or("", |(_, body)| body);
    let closed: Vec<&str> = body.match_indices("</").filter_map(|(at, _)| body[at + 2..].split('>').next()).collect();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"GBK\"?><?OFX OFXHEADER=\"200\" VERSION=\"211\"?><OFX>");
    for piece in body.split('<').skip(1) {
        let (name, text) = piece.split_once('>').unwrap();
        let text = text.trim().replace('&', "&amp;");
        out.push_str(&format!("<{name}>{text}"));
        if !name.starts_with('/') && !closed.contains(&name) {
            out.push_str(&format!("</{name}>"));
        }
    }
    out
}

#[test]
fn ofx_reads_alike_as_sgml_and_xml_in_gbk_and_utf8() {
    let xml = as_xml(SGML);
    let of_utf8 = bank::read(SGML.as_bytes(), None);
    for bytes in [gbk(SGML), gbk(&xml), xml.replace("GBK", "UTF-8").into_bytes(), SGML.replace('\n', "").into_bytes()] {
        let file = bank::read(&bytes, None);
        assert_eq!(file, of_utf8);
    }
    assert_eq!((of_utf8.format.as_str(), of_utf8.problems.len()), ("ofx", 0), "{:?}", of_utf8.problems);
    let [statement] = of_utf8.statements.as_slice() else { panic!("one statement") };
    assert_eq!(statement.account.as_deref(), Some("6200000000000001"));
    assert_eq!((statement.kind, statement.currency.as_deref()), (StatementKind::Sheet, Some("CNY")));
    assert_eq!(statement.closing.unwrap().to_string(), "900.50");
    assert_eq!(
        (statement.from.unwrap().to_string(), statement.to.unwrap().to_string()),
        ("2026-03-01".into(), "2026-03-02".into())
    );
    let [income, wage] = statement.entries.as_slice() else { panic!("two entries") };
    assert_eq!((income.direction, income.amount.to_string().as_str()), (Direction::Credit, "1000.00"));
    assert_eq!(income.details[0].counterparty.as_deref(), Some("南江建设 & 合伙"));
    assert_eq!(income.text.as_deref(), Some("拨付人工费用"));
    assert_eq!((wage.direction, wage.bank_ref.as_deref(), wage.text.as_deref()), (Direction::Debit, Some("A2"), None));
    assert_eq!(wage.currency.as_deref(), Some("CNY"));
}

#[test]
fn an_ofx_result_is_known_by_its_own_id_and_its_word_is_put_into_iso() {
    let one = |cookie: &str, code: &str, message: &str| {
        format!(
            "<XFERTRNRS><TRNUID>T-{cookie}<STATUS><CODE>0<SEVERITY>INFO</STATUS><CLTCOOKIE>{cookie}<XFERRS><CURDEF>RMB<SRVRTID>9{cookie}\
             <XFERINFO><TRNAMT>12.30</XFERINFO><XFERPRCSTS><XFERPRCCODE>{code}<DTXFERPRC>20260302<MESSAGE>{message}</XFERPRCSTS></XFERRS></XFERTRNRS>"
        )
    };
    let lines = [one("L1-1", "PAYOUT", "成功"), one("L2-1", "FAIL", "账号户名不符"), one("L3-1", "WHATEVER", "")].concat();
    let text = format!("<FOX><SECURITIES_MSGSRSV1>{lines}</SECURITIES_MSGSRSV1></FOX>");
    let file = bank::read(&gbk(&text), None);
    let report = file.payment_status.unwrap();
    assert_eq!(report.original_message_id, None);
    let [batch] = report.payments.as_slice() else { panic!("one batch") };
    let told: Vec<_> =
        batch.transactions.iter().map(|one| (one.end_to_end_id.as_deref().unwrap(), one.status.as_deref().unwrap())).collect();
    assert_eq!(told, [("L1-1", "ACSC"), ("L2-1", "RJCT"), ("L3-1", "WHATEVER")]);
    assert_eq!(batch.transactions[1].reasons[0].text.as_deref(), Some("账号户名不符"));
    assert_eq!(batch.transactions[0].amount.unwrap().to_string(), "12.30");
    let [problem] = file.problems.as_slice() else { panic!("{:?}", file.problems) };
    assert!(
        problem.reason == Reason::BadFormat
            && problem.en.contains("WHATEVER")
            && problem.fix_en.as_deref().unwrap().contains("words")
    );
    assert!(file.statements.is_empty());
}

fn cmb(info: &str, rest: &str) -> Vec<u8> {
    gbk(&format!(
        "<?xml version=\"1.0\" encoding=\"GBK\"?><CMBSDKPGK><INFO><FUNNAM>GetTransInfo</FUNNAM><DATTYP>2</DATTYP><LGNNAM>银企直联1</LGNNAM>{info}</INFO>{rest}</CMBSDKPGK>"
    ))
}

const GOOD: &str = "<RETCOD>0</RETCOD><ERRMSG></ERRMSG>";

fn moved(debit: &str, credit: &str) -> String {
    format!(
        "<NTQTSINFZ><ETYDAT>20260302</ETYDAT><VLTDAT>20260302</VLTDAT><TRSAMTD>{debit}</TRSAMTD><TRSAMTC>{credit}</TRSAMTC><TRSBLV>10.00</TRSBLV>\
         <REFNBR>K1</REFNBR><YURREF>E1</YURREF><RPYNAM>李四</RPYNAM><RPYACC>6217</RPYACC><NARYUR>代发工资</NARYUR></NTQTSINFZ>"
    )
}

#[test]
fn a_cmbsdkpgk_query_answer_is_a_statement_and_tells_that_it_is_one_part() {
    let account = "<NTQACTRSX><ACCNBR>6200000000000001</ACCNBR><BEGTAG>Y</BEGTAG><ENDTAG>N</ENDTAG></NTQACTRSX>";
    let file = bank::read(&cmb(GOOD, &format!("{account}{}{}", moved("8.00", ""), moved("", "3.5"))), None);
    let [statement] = file.statements.as_slice() else { panic!("{:?}", file.problems) };
    assert_eq!((file.format.as_str(), statement.account.as_deref()), ("cmbsdkpgk", Some("6200000000000001")));
    let told: Vec<_> = statement.entries.iter().map(|one| (one.direction, one.amount.to_string())).collect();
    assert_eq!(told, [(Direction::Debit, "8.00".to_owned()), (Direction::Credit, "3.50".to_owned())]);
    assert_eq!(statement.entries[0].details[0].end_to_end_id.as_deref(), Some("E1"));
    assert_eq!(statement.entries[0].details[0].counterparty.as_deref(), Some("李四"));
    assert_eq!(file.problems.iter().map(|one| one.reason).collect::<Vec<_>>(), [Reason::Gap]);
    let whole = account.replace("<ENDTAG>N", "<ENDTAG>Y");
    assert_eq!(bank::read(&cmb(GOOD, &format!("{whole}{}", moved("8.00", ""))), None).problems, []);
}

#[test]
fn a_refusal_another_form_and_doubtful_amounts_are_named_and_nothing_is_guessed() {
    let file = bank::read(&cmb("<RETCOD>-9</RETCOD><ERRMSG>登录失败</ERRMSG>", ""), None);
    assert!(!file.readable() && file.problems[0].zh.contains("登录失败"), "{:?}", file.problems);
    let other = gbk("<CMBSDKPGK><INFO><DATTYP>1</DATTYP><RETCOD>0</RETCOD></INFO></CMBSDKPGK>");
    assert!(bank::read(&other, None).problems[0].en.contains("form of data `1`"));
    let account = "<A><ACCNBR>6200000000000001</ACCNBR></A>";
    for (debit, credit, reason) in [
        ("1", "2", Reason::BadFormat),
        ("", "", Reason::MissingField),
        ("x", "", Reason::BadAmount),
        ("0.00", "0", Reason::MissingField),
    ] {
        let file = bank::read(&cmb(GOOD, &format!("{account}{}{}", moved(debit, credit), moved("1.00", ""))), None);
        assert_eq!(file.statements[0].entries.len(), 1, "the good one beside it is read");
        assert_eq!(file.problems[0].reason, reason, "{debit}/{credit}");
        assert_eq!(file.problems[0].place, "NTQTSINFZ[1]");
    }
    let contradicting = SGML.replace("<TRNAMT>-99.50", "<TRNAMT>99.50");
    let file = bank::read(contradicting.as_bytes(), None);
    assert_eq!((file.statements[0].entries.len(), file.problems[0].reason), (1, Reason::BadFormat));
    let nameless = SGML.replace("<ACCTID>6200000000000001", "");
    assert!(bank::read(nameless.as_bytes(), None).problems[0].fix_en.as_deref().unwrap().contains("BANKACCTFROM/ACCTID"));
}

#[test]
fn settings_laid_over_change_names_and_words_and_bad_ones_are_refused() {
    let own = include_str!("../../../config/direct_link/cmbsdkpgk.toml")
        .replace("entries = [\"NTQTSINFZ\"]", "entries = [\"ROW\"]")
        .replace("booked_on = [\"ETYDAT\"]", "booked_on = [\"DAY\"]");
    let families = Families::read(&[("cmbsdkpgk.toml".to_owned(), own.clone())]).unwrap();
    let text = cmb(GOOD, "<ACCNBR>62</ACCNBR><ROW><DAY>2026-03-02</DAY><TRSAMTC>1.00</TRSAMTC></ROW>");
    let options = ReadOptions { families: Some(&families), ..ReadOptions::default() };
    let file = bank::read_with(&text, None, options);
    assert_eq!(file.statements[0].entries[0].booked_on.unwrap().to_string(), "2026-03-02");
    for bad in
        [own.replace("roots = [\"CMBSDKPGK\"]", "roots = []"), own.replace("CMBSDKPGK\"]", "<x\"]"), own.replace("kind", "kid")]
    {
        let fault = Families::read(&[("cmbsdkpgk.toml".to_owned(), bad)]).unwrap_err();
        assert!(fault.contains("direct_link/cmbsdkpgk.toml"), "{fault}");
    }
    assert!(Families::read(&[("more.toml".to_owned(), own)]).unwrap_err().contains("two files have one `format`"));
    assert!(Families::embedded().all().all(|family| !family.unconfirmed.is_empty()), "what nobody confirmed is marked so");
}

fn events(text: &str) -> Result<Vec<Event>, XmlFault> {
    let mut markup = Markup::new(text)?;
    let mut all = Vec::new();
    while let Some(event) = markup.next()? {
        all.push(event);
    }
    Ok(all)
}

#[test]
fn hostile_markup_is_refused_and_bounded() {
    assert_eq!(events("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>"), Err(XmlFault::Dtd));
    let deep = |depth: usize| format!("{}<L>1{}", "<A>".repeat(depth), "</A>".repeat(depth));
    assert!(events(&deep(DEPTH_MAX)).is_ok());
    assert!(matches!(events(&deep(DEPTH_MAX + 1)), Err(XmlFault::Limit(_))));
    assert!(events(&format!("<A>{}</A>", "x".repeat(TEXT_MAX))).is_ok());
    assert!(matches!(events(&format!("<A>{}</A>", "x".repeat(TEXT_MAX + 1))), Err(XmlFault::Limit(_))));
    assert!(matches!(events(&format!("<{}>", "N".repeat(257))), Err(XmlFault::Limit(_))));
    for broken in ["<A", "<A><B>1</A", "<A><!-- ", "<A><![CDATA[x", "<A><B><C>1</C></B>", "<A x='>"] {
        let text = format!("{broken}{}", if broken.starts_with("<A><B><C>") { "</Z><Q></A" } else { "" });
        assert!(events(&text).is_err(), "{text}");
    }
    assert_eq!(events("<A>&bomb;&lt;&#65;</A>").unwrap(), [Event::Leaf("A".into(), "&bomb;<A".into())]);
    let file = bank::read(
        b"<OFX><STMTRS><BANKACCTFROM><ACCTID>1</BANKACCTFROM><STMTTRN><TRNAMT>1<DTPOSTED>20260302</STMTTRN><STMTTRN><TRNAMT>2",
        None,
    );
    assert!(!file.problems.is_empty(), "a file that breaks off says so");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever stands in a file, its reader ends, does not fail and says something.
    #[test]
    fn a_damaged_file_is_read_or_told(
        at in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>(), byte in any::<u8>(), which in 0..2_usize,
    ) {
        let whole = if which == 0 { gbk(SGML) } else { cmb(GOOD, &format!("<ACCNBR>62</ACCNBR>{}", moved("8.00", ""))) };
        let mut changed = whole.clone();
        changed[at.index(whole.len())] = byte;
        for bytes in [changed.as_slice(), &whole[..cut.index(whole.len())]] {
            let file = bank::read(bytes, None);
            prop_assert!(file.readable() || !file.problems.is_empty());
        }
    }
}
