//! Input that means harm, against the running program: bombs, floods, slow senders, bodies at and beyond the limit. Whatever comes, others
//! are served meanwhile, the answer says what is wrong, and memory does not grow with a file.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anxin::app::clock::SystemClock;
use anxin::app::verify;
use anxin::base::Clock;
use anxin::web::extract::{SPOOL_MAX, WINDOW_SECONDS};
use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::ground;
use super::killed::{ACCOUNT, found, statement};
use super::served::{Service, answer_of, open, start};

const STATEMENTS: &str = "/api/v1/bank/statements";

fn served(name: &str) -> (std::path::PathBuf, Service, String) {
    let folder = ground::scratch().join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let (_, token) = found(&folder);
    let service = start(&folder);
    (folder, service, token)
}

fn send(service: &Service, token: &str, body: &[u8]) -> (u16, String) {
    service.post(STATEMENTS, token, body.len() as u64, |stream| stream.write_all(body))
}

/// Whether somebody else's good file is taken.
fn is_well(service: &Service, token: &str, number: u32) -> bool {
    send(service, token, statement(number, SystemClock.today()).as_bytes()).0 == 200
}

fn camt(inside: &str) -> Vec<u8> {
    statement(1, SystemClock.today()).replace("<AcctSvcrRef>", &format!("{inside}<AcctSvcrRef>")).into_bytes()
}

/// A ZIP archive of one member of so many zeros.
fn zip_of_zeros(len: usize) -> Vec<u8> {
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![0; 1024 * 1024];
    for _ in 0..len / zeros.len() {
        packed.write_all(&zeros).unwrap();
    }
    let packed = packed.finish().unwrap();
    let (size, name) = (u32::try_from(packed.len()).unwrap(), b"a.xml");
    let middle =
        [&[20_u8, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &size.to_le_bytes(), &[0, 0, 0, 0], &[5, 0, 0, 0]].concat();
    let local = [b"PK\x03\x04", middle.as_slice(), name, packed.as_slice()].concat();
    let central = [b"PK\x01\x02\x14\x00", middle.as_slice(), &[0; 14], name].concat();
    let places =
        [u32::try_from(central.len()).unwrap().to_le_bytes(), u32::try_from(local.len()).unwrap().to_le_bytes()].concat();
    [local.as_slice(), central.as_slice(), b"PK\x05\x06\0\0\0\0\x01\0\x01\0", places.as_slice(), b"\0\0"].concat()
}

#[test]
fn bombs_are_refused_in_words_and_nobody_notices() {
    let (folder, service, token) = served("bombs");
    let mut laughs = String::from("<!DOCTYPE a [<!ENTITY e0 'ha'>");
    for level in 1..40 {
        laughs.push_str(&format!("<!ENTITY e{level} '&e{};&e{};'>", level - 1, level - 1));
    }
    let laughs = format!("<?xml version=\"1.0\"?>{laughs}]><Document>&e39;</Document>");
    let outside = "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><Document>&x;</Document>";
    let deep = format!("<Document>{}{}</Document>", "<a>".repeat(65), "</a>".repeat(65));
    let long = camt(&format!("<AddtlNtryInf>{}</AddtlNtryInf>", "x".repeat(64 * 1024 + 1)));
    let endless = [b"<Document><x>".as_slice(), &vec![b'y'; 3 * 1024 * 1024]].concat();
    let cases: [(&str, Vec<u8>, &[&str]); 8] = [
        ("entities", laughs.into_bytes(), &["DTD", "DOCTYPE"]),
        ("outside", outside.as_bytes().to_vec(), &["DTD"]),
        ("depth", deep.into_bytes(), &["64 elements inside each other", "超出限制"]),
        ("text", long, &["64 KiB of text", "超出限制"]),
        ("text without end", endless, &["file"]),
        ("OFX entities", b"<OFX><!DOCTYPE a [<!ENTITY x 'y'>]><STMTRS>&x;</STMTRS></OFX>".to_vec(), &["DTD"]),
        ("zip", zip_of_zeros(300 * 1024 * 1024), &["over the limit", "解压后超过大小限制"]),
        ("zeros", vec![0; 200_000], &["file"]),
    ];
    for (number, (name, body, words)) in (2..).zip(cases) {
        let (status, text) = send(&service, &token, &body);
        assert!((200..500).contains(&status), "{name}: {status} {text}");
        assert!(words.iter().all(|word| text.contains(word)), "{name}: {text}");
        assert!(!text.contains("root:"), "no file of this machine");
        assert!(is_well(&service, &token, number), "after {name}");
    }
    drop(service);
    assert_eq!(open(&folder).db.read_blocking(verify::verify).unwrap().broken, Vec::<String>::new());
}

#[test]
fn floods_and_what_breaks_off_end_their_own_connection_only() {
    let (_, service, token) = served("floods");
    let wide: String = (0..20_000).map(|n| format!("X-Flood-{n}: {n}\r\n")).collect();
    let mut stream = service.connect();
    let _ = stream.write_all(service.head(STATEMENTS, &token, &wide).as_bytes());
    let (status, _) = answer_of(stream);
    assert!(status == 0 || (400..500).contains(&status), "{status}");
    // A body that ends before its length, a length that is none, two lengths.
    let body = statement(9, SystemClock.today());
    let (status, _) = service.post(STATEMENTS, &token, 10 * body.len() as u64, |stream| {
        stream.write_all(body.as_bytes())?;
        stream.shutdown(std::net::Shutdown::Write)
    });
    assert!(status == 0 || status == 400, "{status}");
    for more in [
        "Content-Length: -1\r\n",
        "Content-Length: 1\r\nContent-Length: 2\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
    ] {
        let mut stream = service.connect();
        stream.write_all(service.head(STATEMENTS, &token, more).as_bytes()).unwrap();
        let _ = stream.write_all(b"zz\r\n\r\n");
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let (status, _) = answer_of(stream);
        assert!(status == 0 || (400..500).contains(&status), "{more}: {status}");
    }
    assert!(is_well(&service, &token, 9), "what broke off was not taken as a whole");
}

/// Whether the server has answered or closed.
fn is_over(stream: &mut TcpStream) -> bool {
    let mut answer = [0; 512];
    stream.read(&mut answer).is_ok_and(|count| count <= answer.len())
}

#[test]
fn slow_senders_hold_nobody_up_and_are_cut_off() {
    let (_, service, token) = served("slow");
    let begun = Instant::now();
    let mut slow: Vec<TcpStream> = (0..60)
        .map(|_| {
            let mut stream = service.connect();
            stream.write_all(service.head(STATEMENTS, &token, "Content-Length: 100000\r\n").as_bytes()).unwrap();
            stream
        })
        .collect();
    let mut half_a_head = service.connect();
    half_a_head.write_all(b"POST /api/v1/bank/statements HTTP/1.1\r\nHost: x\r\nX-Slow: ").unwrap();
    let mut others = 0;
    while begun.elapsed() < Duration::from_secs(WINDOW_SECONDS + 15) && !slow.is_empty() {
        let asked = Instant::now();
        others += 1;
        assert!(is_well(&service, &token, 100 + others), "others are served");
        assert!(asked.elapsed() < Duration::from_secs(10), "others are served in time");
        slow.retain_mut(|stream| {
            stream.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
            stream.write_all(b"x").is_ok() && !is_over(stream)
        });
        std::thread::sleep(Duration::from_secs(1));
    }
    assert!(slow.is_empty(), "{} slow senders are still there after {:?}", slow.len(), begun.elapsed());
    assert!(begun.elapsed() >= Duration::from_secs(WINDOW_SECONDS - 2), "a slow line has its time");
    half_a_head.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    assert!(is_over(&mut half_a_head), "a head that does not end is cut off");
}

/// Writes a camt.053 of exactly so many bytes, with long texts so that the entries are few.
fn statement_of(len: u64, out: &mut impl Write) -> std::io::Result<()> {
    let today = SystemClock.today();
    let head = format!(
        "<?xml version=\"1.0\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><GrpHdr><MsgId>L{len}</MsgId>\
         <CreDtTm>{today}T08:00:00</CreDtTm></GrpHdr><Stmt><Id>L{len}</Id><Acct><Id><Othr><Id>{ACCOUNT}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>"
    );
    let entry = |number: u64| {
        format!(
            "<Ntry><Amt Ccy=\"CNY\">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{today}</Dt></BookgDt>\
             <AcctSvcrRef>L{len}-{number:09}</AcctSvcrRef><Padding>{}</Padding></Ntry>",
            "填".repeat(20_000)
        )
    };
    let tail = "</Stmt></BkToCstmrStmt></Document>";
    out.write_all(head.as_bytes())?;
    let (one, fixed) = (entry(0).len() as u64, (head.len() + tail.len()) as u64);
    let count = (len - fixed) / one;
    for number in 0..count {
        out.write_all(entry(number).as_bytes())?;
    }
    // Blanks between elements make up the rest; they are fewer than one text may have.
    let blanks = len - fixed - count * one;
    out.write_all(" ".repeat(usize::try_from(blanks).unwrap()).as_bytes())?;
    out.write_all(tail.as_bytes())
}

/// MiB of the large statement; 256, the limit, by hand with ANXIN_LARGE.
fn large_mib() -> u64 {
    std::env::var("ANXIN_LARGE").ok().and_then(|text| text.parse().ok()).unwrap_or(24)
}

#[test]
fn memory_stays_flat_whatever_the_file_and_a_byte_beyond_the_limit_is_told() {
    let (folder, service, token) = served("large");
    let mib = 1024 * 1024;
    let send = |len: u64| service.post(STATEMENTS, &token, len, |stream| statement_of(len, stream));
    let (status, text) = send(4 * mib);
    assert!(status == 200 && text.contains("\"state\":\"done\""), "{status} {text}");
    let small = service.peak_kib();
    let begun = Instant::now();
    let large = large_mib() * mib;
    let (status, text) = send(large);
    assert!(status == 200 && text.contains("\"state\":\"done\""), "{status} {text}");
    let took = begun.elapsed();
    if let (Some(small), Some(peak)) = (small, service.peak_kib()) {
        println!("peak memory: {small} KiB after 4 MiB, {peak} KiB after {} MiB, which took {took:?}", large / mib);
        // The database keeps what it writes in its cache, up to 64 MB; a body in memory would show several times.
        let cache = large.min(64 * mib) / 1024;
        assert!(peak < small + cache + 32 * 1024, "{peak} KiB after {} MiB, {small} KiB after 4 MiB", large / mib);
    }
    let (status, text) = service.post(STATEMENTS, &token, SPOOL_MAX as u64 + 1, |_| Ok(()));
    assert_eq!(status, 413, "{text}");
    assert!(text.contains("256 MiB") && text.contains("不能超过"), "{text}");
    drop(service);
    // What was kept is what was sent, piece by piece.
    let ground = open(&folder);
    let audit = ground.db.read_blocking(verify::verify).unwrap();
    assert_eq!(audit.broken, Vec::<String>::new());
}
