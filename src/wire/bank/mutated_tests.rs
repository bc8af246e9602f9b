//! Every format of bank files, harmed: no reader fails, none goes on for ever, what is read has sound amounts, each problem names its place.
//!
//! `ANXIN_FUZZ=n` runs n times as many files, for a long night.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::{BankFile, Entry, each_entry, read};
use crate::wire::harm_tests::{Harming, Way};
use crate::wire::stream::Source;

const CAMT: &[u8] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt>\
<GrpHdr><MsgId>M</MsgId></GrpHdr><Stmt><Id>S</Id><ElctrncSeqNb>1</ElctrncSeqNb><Acct><Id><Othr><Id>62</Id></Othr></Id><Ccy>CNY</Ccy></Acct>\
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"CNY\">1</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-03-02</Dt></Dt></Bal>\
<Ntry><Amt Ccy=\"CNY\">12.30</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-03-02</Dt></BookgDt><NtryDtls><TxDtls>\
<Refs><EndToEndId>E1</EndToEndId></Refs><RltdPties><Cdtr><Pty><Nm>张三&amp;李四</Nm></Pty></Cdtr></RltdPties></TxDtls></NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>".as_bytes();
const PAIN002: &[u8] = b"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:pain.002.001.10'><CstmrPmtStsRpt><GrpHdr><MsgId>R</MsgId></GrpHdr><OrgnlGrpInfAndSts>\
<OrgnlMsgId>M</OrgnlMsgId><GrpSts>PART</GrpSts></OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><TxInfAndSts><OrgnlEndToEndId>E1</OrgnlEndToEndId><TxSts>RJCT</TxSts>\
<StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf></TxInfAndSts></OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>";
const MT940: &[u8] = "{1:F01X}{4:\r\n:20:REF1\r\n:25:62000001\r\n:28C:5/1\r\n:60F:C260301CNY100,00\r\n:61:2603020302DY12,30NTRFE1//B1\r\n:86:?20代发工资?21六月?32张三\r\n\
:61:2602300302RC5,NTRF\r\n:86:/EREF/E2/\r\n:62F:C260302CNY92,70\r\n-}".as_bytes();
const CSV: &[u8] = "账号,62000001\r\n交易日期,交易时间,收入,支出,余额,对方户名,对方账号,摘要,流水号\r\n20260302,101112,\"1,000.00\",,1000.00,张*,****1234,拨付,1\r\n\
2026/3/2,10:11:12,--,￥12.30,987.70,=\"李四\",6217,代发工资,2\r\n合计,,1000.00,12.30\r\n".as_bytes();
const HTML: &[u8] = "<html><table><tr><td>交易日期</td><td>收入</td><td>支出</td><td>余额</td></tr><tr><td>20260302</td><td>1.00</td><td></td><td>1.00</td></tr></table></html>".as_bytes();
const SPREADSHEET: &[u8] = "<?xml version=\"1.0\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\"><Worksheet><Table><Row><Cell><Data>交易日期</Data></Cell>\
<Cell><Data>收入</Data></Cell><Cell><Data>支出</Data></Cell></Row><Row><Cell><Data>20260302</Data></Cell><Cell><Data>1</Data></Cell></Row></Table></Worksheet></Workbook>".as_bytes();
const EVENT: &[u8] = b"{\"event_id\":\"1\",\"type\":\"txn\",\"occurred_at\":\"2026-03-02T10:00:00+08:00\",\"account\":\"62000001\",\"body\":{\"amount\":\"1.00\",\"currency\":\"CNY\",\
\"direction\":\"credit\",\"status\":\"booked\",\"booked_on\":\"2026-03-02\",\"bank_ref\":\"A\"}}";
const OFX: &[u8] = "OFXHEADER:100\r\nCHARSET:936\r\n\r\n<OFX><STMTRS><CURDEF>CNY<BANKACCTFROM><ACCTID>62</BANKACCTFROM><BANKTRANLIST><STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260302\
<TRNAMT>-12.30<FITID>1<NAME>张三&李四<MEMO>工资</STMTTRN></BANKTRANLIST><LEDGERBAL><BALAMT>1<DTASOF>20260302</LEDGERBAL></STMTRS><XFERTRNRS><CLTCOOKIE>E1<XFERRS>\
<XFERPRCSTS><XFERPRCCODE>PAYOUT</XFERPRCSTS></XFERRS></XFERTRNRS></OFX>".as_bytes();
const DIRECT: &[u8] = "<?xml version=\"1.0\" encoding=\"GBK\"?><CMBSDKPGK><INFO><FUNNAM>F</FUNNAM><DATTYP>2</DATTYP><RETCOD>0</RETCOD></INFO><A><ACCNBR>62</ACCNBR><BEGTAG>Y</BEGTAG><ENDTAG>N</ENDTAG></A>\
<NTQTSINFZ><ETYDAT>20260302</ETYDAT><TRSAMTD>1.00</TRSAMTD><RPYNAM>张三</RPYNAM></NTQTSINFZ></CMBSDKPGK>".as_bytes();

const ALL: [&[u8]; 10] = [CAMT, PAIN002, MT940, CSV, HTML, SPREADSHEET, EVENT, OFX, DIRECT, b"PK\x03\x04"];

/// Pieces that readers stumble over.
const PIECES: [&[u8]; 14] = [
    b"\0",
    b"<",
    b"</",
    b"&",
    b"]]>",
    b"<!--",
    b"<![CDATA[",
    b"\xFF\xFE",
    b"\r\n:61:",
    b"\"",
    b"99999999999999999999",
    b"-",
    "测\u{FFFD}".as_bytes(),
    b"<a><a><a>",
];

const HARMING: Harming<'static> =
    Harming { ways: [Way::Flip, Way::Cut, Way::Double, Way::Put, Way::End], most: 60, pieces: &PIECES };

/// A sign in a camt's amount is kept, so that nothing books the entry; no other format has one.
fn may_be(entry: &Entry) -> bool {
    !entry.amount.is_negative() || entry.place.contains("Ntry[")
}

fn holds(file: &BankFile) {
    assert!(file.readable() || !file.problems.is_empty(), "what cannot be read says so");
    for problem in &file.problems {
        assert!(!problem.place.is_empty() && !problem.zh.is_empty() && !problem.en.is_empty(), "{problem:?}");
    }
    for entry in file.statements.iter().flat_map(|one| &one.entries) {
        assert!(may_be(entry) && !entry.details.is_empty() && !entry.place.is_empty(), "{entry:?}");
    }
}

/// The bytes as if they came from a disk.
struct Aside<'b>(&'b [u8]);

impl Source for Aside<'_> {
    fn in_memory(&self) -> Option<&[u8]> {
        None
    }
    fn len(&self) -> u64 {
        u64::try_from(self.0.len()).unwrap()
    }
    fn open(&self) -> Box<dyn std::io::Read + '_> {
        Box::new(self.0)
    }
}

#[test]
fn harmed_files_are_read_or_told_alike_from_memory_and_from_a_stream() {
    let times: u32 = std::env::var("ANXIN_FUZZ").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let config =
        ProptestConfig { cases: 1500 * times, failure_persistence: None, max_shrink_iters: 2000, ..ProptestConfig::default() };
    let harms = proptest::collection::vec((any::<u8>(), any::<usize>(), any::<usize>()), 0..7);
    let outcome = TestRunner::new(config).run(&(0..ALL.len(), harms), |(which, harms)| {
        let mut bytes = ALL[which].to_vec();
        HARMING.harm(&mut bytes, &harms);
        let file = read(&bytes, None);
        holds(&file);
        let mut streamed = 0;
        each_entry(&Aside(&bytes), &mut |_, entry| {
            assert!(may_be(&entry), "{entry:?}");
            streamed += 1;
        });
        prop_assert_eq!(streamed, file.statements.iter().map(|one| one.entries.len()).sum::<usize>());
        Ok(())
    });
    outcome.unwrap();
}
