//! Readers of feeds, each by itself: what one core reads a second, beside the hash that the same bytes cost anyway, and what memory it
//! takes for a tenth of the file and for all of it.
//!
//! Nothing is stored here: the scenarios `punches`, `statements` and `camt` show the way into the database. Memory is known on Linux only.

use std::fmt::Write as _;
use std::time::Instant;

use serde::Serialize;

use super::camt::with_memory;
use crate::base::{Day, Fen};
use crate::store::{StoreError, journal};
use crate::wire::device::CHINA_OFFSET_MINUTES;
use crate::wire::openapi::cipher::AppSecret;
use crate::wire::openapi::form::Parameters;
use crate::wire::openapi::{json, sign};
use crate::wire::sheet::write::{Value, xlsx_table};
use crate::wire::zkteco::attlog;
use crate::wire::{bank, hikvision, punch};

/// Items of a file that is read at one piece.
const ENTRIES: usize = 100_000;
/// Calls of feeds that send one message, or a thousand punches, at a time.
const CALLS: usize = 20_000;
const PUNCH_CALLS: usize = 100;
/// A tenth of it shows whether memory grows with the file.
const TENTH: usize = 10;
const ACCOUNT: &str = "6200000000000001";
const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// One reader.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    pub feed: &'static str,
    pub items: usize,
    pub bytes: usize,
    pub micros: u64,
    pub items_per_second: u64,
    /// SHA-256 of the same bytes.
    pub hash_micros: u64,
    /// What reading added to resident memory at its peak, for a tenth of the items and for all.
    pub reading_kib: (Option<u64>, Option<u64>),
}

/// All of them.
#[derive(Debug, Clone, Serialize)]
pub struct Feeds {
    pub rows: Vec<Row>,
}

fn broken(feed: &str, why: impl std::fmt::Display) -> StoreError {
    StoreError::Unavailable(format!("bench feeds: {feed}: {why}"))
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX).max(1)
}

/// How many items a reader found in these bodies.
type Reader = fn(&[Vec<u8>]) -> usize;

/// Measures a reader on bodies that hold so many items.
fn row(
    feed: &'static str,
    make: impl Fn(usize) -> Result<Vec<Vec<u8>>, StoreError>,
    items: usize,
    read: Reader,
) -> Result<Row, StoreError> {
    let few = make(items / TENTH)?;
    let (found, of_few) = with_memory(|| read(&few));
    if found != items / TENTH {
        return Err(broken(feed, format!("{found} of {} items were read", items / TENTH)));
    }
    drop(few);
    let bodies = make(items)?;
    let began = Instant::now();
    let (found, of_all) = with_memory(|| read(&bodies));
    let micros_read = micros(began);
    if found != items {
        return Err(broken(feed, format!("{found} of {items} items were read")));
    }
    let began = Instant::now();
    let hashed = bodies.iter().map(|body| journal::sha256(body).len()).sum::<usize>();
    let hash_micros = micros(began);
    let bytes = bodies.iter().map(Vec::len).sum::<usize>();
    if hashed == 0 || bytes == 0 {
        return Err(broken(feed, "nothing was made"));
    }
    let items_per_second = u64::try_from(items).unwrap_or(0).saturating_mul(1_000_000) / micros_read;
    Ok(Row { feed, items, bytes, micros: micros_read, items_per_second, hash_micros, reading_kib: (of_few, of_all) })
}

/// The time of day of an item, one every few seconds.
fn time(item: usize) -> String {
    let second = item % 86_000;
    format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

fn wage(item: usize) -> Fen {
    Fen(400_000 + i64::try_from(item % 500).unwrap_or(0) * 1_000)
}

fn attlog(items: usize) -> Result<Vec<Vec<u8>>, StoreError> {
    let line = |item: usize| {
        format!("{}\t2026-03-{:02} {}\t{}\t15\t0\t0\t0\r\n", 1000 + item % 500, item / 86_000 + 1, time(item), item % 2)
    };
    Ok(vec![(0..items).map(line).collect::<String>().into_bytes()])
}

fn hik(items: usize) -> Result<Vec<Vec<u8>>, StoreError> {
    let event = |item: usize| {
        format!(
            "--MIME_boundary\r\nContent-Disposition: form-data; name=\"AccessControllerEvent\"\r\nContent-Type: application/json\r\n\r\n\
             {{\"macAddress\":\"02:00:00:aa:bb:01\",\"dateTime\":\"2026-03-02T{}+08:00\",\"eventType\":\"AccessControllerEvent\",\"shortSerialNumber\":\"T1\",\
             \"AccessControllerEvent\":{{\"majorEventType\":5,\"subEventType\":75,\"employeeNoString\":\"{}\",\"serialNo\":{item}}}}}\r\n--MIME_boundary--\r\n",
            time(item),
            1000 + item % 500
        )
    };
    Ok((0..items).map(|item| event(item).into_bytes()).collect())
}

fn punches(items: usize) -> Result<Vec<Vec<u8>>, StoreError> {
    let one = |item: usize| {
        format!(
            "{{\"id\":\"g1-{item:09}\",\"person\":{{\"kind\":\"pin\",\"value\":\"{}\"}},\"time\":\"2026-03-02T{}+08:00\",\"direction\":\"in\"}}",
            1000 + item % 500,
            time(item)
        )
    };
    let call = |from: usize| {
        let list: Vec<String> = (from..(from + punch::ITEMS_MAX).min(items)).map(one).collect();
        format!("{{\"device\":\"G1\",\"punches\":[{}]}}", list.join(",")).into_bytes()
    };
    Ok((0..items).step_by(punch::ITEMS_MAX).map(call).collect())
}

fn openapi(items: usize) -> Result<Vec<Vec<u8>>, StoreError> {
    let secret = AppSecret::parse(SECRET).ok_or_else(|| broken("openapi", "no secret"))?;
    let id = secret.encrypt("119999199001010000");
    let message = |item: usize| {
        let data = format!(
            "{{\"projectCode\":\"P1\",\"workerList\":[{{\"idCardType\":\"01\",\"idCardNumber\":\"{id}\",\"date\":\"2026-03-02 {}\",\"direction\":\"01\",\"seq\":{item}}}]}}",
            time(item)
        );
        let mut pairs: Vec<(String, String)> = [
            ("method", "WorkerAttendance.Add"),
            ("format", "json"),
            ("version", "1.0"),
            ("appid", "bench"),
            ("timestamp", "20260302080000"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
        pairs.push(("nonce".to_owned(), format!("n{item}")));
        pairs.push(("data".to_owned(), data));
        let signature = sign::sign(&Parameters::of(pairs.clone()), &secret);
        pairs.push(("sign".to_owned(), signature));
        Parameters::of(pairs).encoded().into_bytes()
    };
    Ok((0..items).map(message).collect())
}

fn camt(items: usize) -> Result<Vec<Vec<u8>>, StoreError> {
    let day: Day = "2026-03-02".parse().map_err(|_| broken("camt.053", "no day"))?;
    Ok(vec![super::statements::camt053(ACCOUNT, day, 1, i64::try_from(items).unwrap_or(0)).into_bytes()])
}

fn mt940(items: usize) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut text = format!(":20:S1\r\n:25:{ACCOUNT}\r\n:28C:1/1\r\n:60F:C260302CNY0,00\r\n");
    for item in 0..items {
        let amount = wage(item).to_string().replace('.', ",");
        let _ = write!(text, ":61:2603020302C{amount}NTRFE1L{item}//D1L{item}\r\n:86:?20拨付人工费用?32测量工人{item}\r\n");
    }
    text.push_str("-\r\n");
    Ok(vec![text.into_bytes()])
}

fn ofx(items: usize) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut text = format!("<OFX><STMTRS><CURDEF>CNY<BANKACCTFROM><ACCTID>{ACCOUNT}</BANKACCTFROM><BANKTRANLIST>\n");
    for item in 0..items {
        let _ = writeln!(
            text,
            "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260302<TRNAMT>-{}<FITID>D{item}<NAME>测量工人{item}<MEMO>工资</STMTTRN>",
            wage(item)
        );
    }
    text.push_str("</BANKTRANLIST></STMTRS></OFX>");
    Ok(vec![encoding_rs::GBK.encode(&text).0.into_owned()])
}

const HEADER: [&str; 7] = ["交易日期", "交易时间", "收入", "支出", "对方户名", "对方账号", "流水号"];

fn csv(items: usize) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut text = format!("账号,{ACCOUNT}\r\n{}\r\n", HEADER.join(","));
    for item in 0..items {
        let _ = write!(text, "20260302,{},,{},测量工人{item},62199999{item:010},D1L{item}\r\n", time(item), wage(item));
    }
    Ok(vec![text.into_bytes()])
}

fn xlsx(items: usize) -> Result<Vec<Vec<u8>>, StoreError> {
    let text = |text: String| Value::Text(text);
    let rows: Vec<Vec<Value>> = (0..items)
        .map(|item| {
            vec![
                text("20260302".to_owned()),
                text(time(item)),
                Value::Nothing,
                Value::Money(wage(item)),
                text(format!("测量工人{item}")),
                text(format!("62199999{item:010}")),
                text(format!("D1L{item}")),
            ]
        })
        .collect();
    xlsx_table("明细", &HEADER, &rows).map(|book| vec![book]).map_err(|error| broken("xlsx", error))
}

/// Entries of bank files of any format.
fn entries(bodies: &[Vec<u8>]) -> usize {
    let mut found = 0;
    for body in bodies {
        bank::each_entry(&body.as_slice(), &mut |_, _| found += 1);
    }
    found
}

fn messages(bodies: &[Vec<u8>]) -> usize {
    let Some(secret) = AppSecret::parse(SECRET) else { return 0 };
    let is_good = |body: &&Vec<u8>| {
        let Ok(parameters) = Parameters::parse(body) else { return false };
        sign::holds(&parameters, &secret) && parameters.get("data").is_some_and(|data| json::parse(data).is_ok())
    };
    bodies.iter().filter(is_good).count()
}

/// Measures every reader.
pub fn measure() -> Result<Feeds, StoreError> {
    let rows = vec![
        row("zkteco attlog", attlog, 2 * ENTRIES, |bodies| {
            bodies.iter().map(|body| attlog::parse(body, Some("T1"), CHINA_OFFSET_MINUTES).punches.len()).sum()
        })?,
        row("hikvision events", hik, CALLS, |bodies| {
            bodies.iter().map(|body| hikvision::parse(body, CHINA_OFFSET_MINUTES).punches.len()).sum()
        })?,
        row("json punches, 1,000 a call", punches, PUNCH_CALLS * punch::ITEMS_MAX, |bodies| {
            bodies.iter().filter_map(|body| punch::parse(body, CHINA_OFFSET_MINUTES).ok()).map(|batch| batch.punches.len()).sum()
        })?,
        row("openapi messages", openapi, CALLS, messages)?,
        row("camt.053", camt, ENTRIES, entries)?,
        row("mt940", mt940, ENTRIES, entries)?,
        row("ofx", ofx, ENTRIES, entries)?,
        row("csv", csv, ENTRIES, entries)?,
        row("xlsx", xlsx, ENTRIES, entries)?,
    ];
    Ok(Feeds { rows })
}

impl Feeds {
    /// Lines for people.
    pub fn lines(&self) -> Vec<String> {
        let told = |value: Option<u64>| value.map_or_else(|| "?".to_owned(), |value| value.to_string());
        let line = |row: &Row| {
            format!(
                "{:<28}{:>9} items/s   {:>7} items, {:>6} KB   {} times its SHA-256   memory added: a tenth {} KiB, all {} KiB",
                row.feed,
                row.items_per_second,
                row.items,
                row.bytes / 1000,
                row.micros / row.hash_micros.max(1),
                told(row.reading_kib.0),
                told(row.reading_kib.1)
            )
        };
        self.rows.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reader_finds_every_item_of_what_it_is_measured_with() {
        let count = |made: Result<Vec<Vec<u8>>, StoreError>| made.unwrap();
        for make in [camt, mt940, ofx, csv, xlsx] {
            assert_eq!(entries(&count(make(30))), 30);
        }
        assert_eq!(messages(&count(openapi(30))), 30);
        assert_eq!(count(punches(1500)).len(), 2);
        assert_eq!(hikvision::parse(&count(hik(1))[0], 480).punches.len(), 1);
        assert_eq!(attlog::parse(&count(attlog(30))[0], Some("T1"), 480).punches.len(), 30);
    }
}
