//! A small HTTP/1.1 client that keeps its connections open: requests are bytes made beforehand, answers are a status and a body.
//!
//! It does only what a measurement needs. Deliberately absent: chunked bodies, redirects, TLS, pipelining.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use actix_web::rt::net::TcpStream;
use futures_util::future::{join, try_join_all};

use crate::store::StoreError;

/// The longest head of an answer.
const HEAD_MAX: usize = 16 * 1024;
/// The largest body of an answer.
const BODY_MAX: usize = 64 * 1024 * 1024;
/// How long one answer may take before the measurement is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

/// What a number of connections got done in a span of time.
#[derive(Debug, Default, Clone)]
pub struct Figures {
    /// Requests answered inside the span.
    pub requests: u64,
    /// Length of the span in microseconds.
    pub micros: u64,
    /// Microseconds from the first byte sent to the last byte of the answer, ascending.
    pub latencies: Vec<u64>,
}

impl Figures {
    /// How many a second, rounded down; `each` is what one request stands for.
    pub fn per_second(&self, each: u64) -> u64 {
        let whole = u128::from(self.requests) * u128::from(each) * 1_000_000;
        u64::try_from(whole / u128::from(self.micros.max(1))).unwrap_or(u64::MAX)
    }

    /// The latency that so many of a hundred requests did not exceed, in microseconds; 0 without requests.
    pub fn percentile(&self, hundredths: usize) -> u64 {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies.get(last * hundredths / 100).copied().unwrap_or(0)
    }
}

/// How a load is put on.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// The server.
    pub address: SocketAddr,
    /// Connections, each with one request at a time.
    pub connections: usize,
    /// Time before the span.
    pub warm_up: Duration,
    /// The span that counts.
    pub span: Duration,
}

fn failed(what: &str, error: impl std::fmt::Display) -> StoreError {
    StoreError::Unavailable(format!("bench client: {what}: {error}"))
}

fn runtime() -> Result<tokio::runtime::Runtime, StoreError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| failed("runtime", error))
}

/// Puts on a load. `make` writes the n-th request of a connection; `sample` is called when the span begins and when it ends.
///
/// # Errors
/// A connection that fails, and any answer but 200: figures of refusals would be worth nothing.
pub fn drive<T>(
    load: Load,
    make: impl Fn(usize, u64, &mut Vec<u8>),
    sample: impl Fn() -> T,
) -> Result<(Figures, T, T), StoreError> {
    runtime()?.block_on(async {
        let begin = Instant::now() + load.warm_up;
        let end = begin + load.span;
        let lines = try_join_all((0..load.connections).map(|place| talk(load.address, place, &make, (begin, end))));
        let samples = async {
            tokio::time::sleep_until(begin.into()).await;
            let first = sample();
            tokio::time::sleep_until(end.into()).await;
            (first, sample())
        };
        let (lines, (first, last)) = join(lines, samples).await;
        let mut latencies: Vec<u64> = lines?.into_iter().flatten().collect();
        latencies.sort_unstable();
        let requests = u64::try_from(latencies.len()).unwrap_or(u64::MAX);
        let micros = u64::try_from(load.span.as_micros()).unwrap_or(u64::MAX);
        Ok((Figures { requests, micros, latencies }, first, last))
    })
}

/// One request after the other until the end; gives the latencies of those answered inside the span.
async fn talk(
    address: SocketAddr,
    place: usize,
    make: &impl Fn(usize, u64, &mut Vec<u8>),
    (begin, end): (Instant, Instant),
) -> Result<Vec<u64>, StoreError> {
    let mut line = Line::open(address).await?;
    let mut latencies = Vec::new();
    let mut request = Vec::new();
    for n in 0.. {
        request.clear();
        make(place, n, &mut request);
        let sent = Instant::now();
        if sent >= end {
            break;
        }
        let answer = line.ask(&request).await?;
        let got = Instant::now();
        if answer.status != 200 {
            let body = String::from_utf8_lossy(&answer.body).chars().take(300).collect::<String>();
            return Err(failed("an answer", format!("{} {body}", answer.status)));
        }
        if got >= begin && got <= end {
            latencies.push(u64::try_from((got - sent).as_micros()).unwrap_or(u64::MAX));
        }
    }
    Ok(latencies)
}

/// Asks one request on a connection of its own; gives the answer and how long it took, in microseconds.
pub fn ask(address: SocketAddr, request: &[u8]) -> Result<(Answer, u64), StoreError> {
    runtime()?.block_on(async {
        let mut line = Line::open(address).await?;
        let sent = Instant::now();
        let answer = line.ask(request).await?;
        Ok((answer, u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX)))
    })
}

/// Asks each request once over so many connections, as fast as the answers come; none is begun after `span`.
pub fn ask_all(
    address: SocketAddr,
    connections: usize,
    requests: &[Vec<u8>],
    span: Duration,
) -> Result<(Figures, Vec<Answer>), StoreError> {
    runtime()?.block_on(async {
        let next = std::cell::Cell::new(0_usize);
        let begun = Instant::now();
        let lines = (0..connections).map(|_| async {
            let mut line = Line::open(address).await?;
            let mut done = Vec::new();
            while let Some(request) = requests.get(next.replace(next.get() + 1)).filter(|_| begun.elapsed() < span) {
                let sent = Instant::now();
                let answer = line.ask(request).await?;
                done.push((u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX), answer));
            }
            Ok::<_, StoreError>(done)
        });
        let done: Vec<(u64, Answer)> = try_join_all(lines).await?.into_iter().flatten().collect();
        let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        let (mut latencies, answers): (Vec<u64>, Vec<Answer>) = done.into_iter().unzip();
        latencies.sort_unstable();
        let requests = u64::try_from(latencies.len()).unwrap_or(u64::MAX);
        Ok((Figures { requests, micros, latencies }, answers))
    })
}

/// Writes a request with a body.
pub fn post(out: &mut Vec<u8>, path: &str, headers: &str, body: &[u8]) {
    let length = body.len();
    out.extend_from_slice(
        format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {length}\r\n\r\n").as_bytes(),
    );
    out.extend_from_slice(body);
}

/// Writes a request without a body.
pub fn get(out: &mut Vec<u8>, path: &str, headers: &str) {
    out.extend_from_slice(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n").as_bytes());
}

/// An open connection.
struct Line {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Line {
    async fn open(address: SocketAddr) -> Result<Self, StoreError> {
        let stream = TcpStream::connect(address).await.map_err(|error| failed("connect", error))?;
        stream.set_nodelay(true).map_err(|error| failed("connect", error))?;
        Ok(Self { stream, read: Vec::with_capacity(4096) })
    }

    async fn ask(&mut self, request: &[u8]) -> Result<Answer, StoreError> {
        match tokio::time::timeout(PATIENCE, self.ask_patiently(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(failed("an answer", "none came within a minute")),
        }
    }

    async fn ask_patiently(&mut self, request: &[u8]) -> Result<Answer, StoreError> {
        let mut rest = request;
        while !rest.is_empty() {
            match self.stream.try_write(rest) {
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    self.stream.writable().await.map_err(|error| failed("write", error))?;
                }
                Err(error) => return Err(failed("write", error)),
            }
        }
        loop {
            if let Some((answer, used)) = parse(&self.read)? {
                self.read.drain(..used);
                return Ok(answer);
            }
            match self.stream.try_read_buf(&mut self.read) {
                Ok(0) => return Err(failed("read", "the server closed the connection")),
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    self.stream.readable().await.map_err(|error| failed("read", error))?;
                }
                Err(error) => return Err(failed("read", error)),
            }
        }
    }
}

/// The first answer in the bytes and its length, `None` while some of it is missing.
fn parse(bytes: &[u8]) -> Result<Option<(Answer, usize)>, StoreError> {
    let Some(head_len) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return if bytes.len() > HEAD_MAX { Err(failed("read", "a head without end")) } else { Ok(None) };
    };
    let head = String::from_utf8_lossy(bytes.get(..head_len).unwrap_or_default());
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
    let status: u16 = status.ok_or_else(|| failed("read", "not HTTP"))?;
    let length = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse::<usize>().ok())
        .filter(|length| *length <= BODY_MAX)
        .ok_or_else(|| failed("read", "an answer without a length"))?;
    let start = head_len + 4;
    let Some(body) = bytes.get(start..start + length) else { return Ok(None) };
    Ok(Some((Answer { status, body: body.to_vec() }, start + length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_when_all_of_it_is_there() {
        let text = b"HTTP/1.1 200 OK\r\ncontent-LENGTH: 5\r\nX: y\r\n\r\nOK: 1HTTP";
        for cut in 0..text.len() - 4 {
            assert!(parse(&text[..cut]).unwrap().is_none(), "{cut}");
        }
        let (answer, used) = parse(text).unwrap().unwrap();
        assert_eq!((answer.status, answer.body.as_slice(), used), (200, &b"OK: 1"[..], text.len() - 4));
        assert!(parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(parse(b"SSH-2.0\r\n\r\n").is_err());
        assert!(parse(&vec![b'x'; HEAD_MAX + 1]).is_err());
    }

    #[test]
    fn rates_and_percentiles_are_whole_numbers() {
        let figures = Figures { requests: 3, micros: 2_000_000, latencies: vec![1, 2, 3] };
        assert_eq!((figures.per_second(1), figures.per_second(1000)), (1, 1500));
        assert_eq!((figures.percentile(50), figures.percentile(99), figures.percentile(100)), (2, 2, 3));
        assert_eq!((Figures::default().per_second(1), Figures::default().percentile(99)), (0, 0));
    }
}
