//! Calls over HTTP to addresses that people entered: platforms and webhooks.
//!
//! The only user of the HTTP client. A call takes ten seconds at most, follows no redirect, asks no proxy and keeps 64 KiB of the answer.
//! An address of this machine or of a private network is refused unless the operator allows it, looked at after the name was resolved
//! and on the very addresses that are then connected to, so that a name cannot point inside. What certainly did not arrive is told apart
//! from what may have. Deliberately absent: queues, retries and what is said.

use std::io::Read;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ureq::config::Config;
use ureq::http;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error, Timeout};

/// Seconds that a call may take in all.
pub const TIMEOUT_SECONDS: u64 = 10;
/// Bytes of an answer that are read.
pub const ANSWER_MAX: usize = 64 * 1024;

/// A request.
#[derive(Clone)]
pub struct Request {
    /// `POST`, `PUT` or `GET`.
    pub method: &'static str,
    /// Where to.
    pub address: String,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Status.
    pub status: u16,
    /// `Retry-After`, as written.
    pub retry_after: Option<String>,
    /// The first [`ANSWER_MAX`] bytes.
    pub body: Vec<u8>,
    /// Whether there was more.
    pub is_cut: bool,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missed {
    /// The address may not be called, or the request cannot be written.
    Forbidden(String),
    /// Nobody was reached: nothing arrived.
    NotReached(String),
    /// The line broke or the time ran out: it may have arrived.
    Lost(String),
}

/// Carries calls.
pub trait Line: Send + Sync {
    /// Makes one call.
    ///
    /// # Errors
    /// No answer, with whether the request may have arrived.
    fn call(&self, request: &Request) -> Result<Reply, Missed>;
}

/// Which addresses outside the public ones may be called.
pub type Allows = Arc<dyn Fn(IpAddr) -> bool + Send + Sync>;

/// A line over the network.
pub struct Outside {
    agent: Agent,
}

impl Outside {
    /// A line that reaches public addresses and those that `allows` names.
    pub fn new(allows: Allows) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(TIMEOUT_SECONDS)))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .proxy(None)
            .max_idle_connections(0)
            .max_idle_connections_per_host(0)
            .user_agent("anxin")
            .build();
        let resolver = Guarded { inner: DefaultResolver::default(), allows };
        Self { agent: Agent::with_parts(config, DefaultConnector::default(), resolver) }
    }
}

/// Resolves names and leaves out the addresses that may not be called.
struct Guarded {
    inner: DefaultResolver,
    allows: Allows,
}

impl std::fmt::Debug for Guarded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Guarded")
    }
}

impl Resolver for Guarded {
    fn resolve(&self, uri: &http::Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        let mut kept = self.empty();
        for address in found.iter().filter(|address| is_public(address.ip()) || (self.allows)(address.ip())) {
            kept.push(*address);
        }
        if kept.is_empty() {
            let why = "the address is one of this machine or of a private network";
            return Err(Error::Io(std::io::Error::new(std::io::ErrorKind::PermissionDenied, why)));
        }
        Ok(kept)
    }
}

/// Whether an address belongs to the public network: not to this machine, a private or shared network, a link, documentation, tests,
/// multicast or the future (RFC 6890).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => {
            let [a, b, c, _] = four.octets();
            !(four.is_private()
                || four.is_loopback()
                || four.is_link_local()
                || four.is_multicast()
                || four.is_broadcast()
                || four.is_documentation()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0 && c == 0)
                || (a == 198 && (b == 18 || b == 19)))
        }
        IpAddr::V6(six) => {
            let [head, second, ..] = six.segments();
            let inner = six.to_ipv4_mapped().or_else(|| match six.segments() {
                // NAT64 and 6to4 carry an IPv4 address that is the one reached.
                [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(four_of(high, low)),
                [0x2002, high, low, ..] => Some(four_of(high, low)),
                _ => None,
            });
            match inner {
                Some(four) => is_public(IpAddr::V4(four)),
                None => head & 0xe000 == 0x2000 && !(head == 0x2001 && (second == 0xdb8 || second < 0x200)),
            }
        }
    }
}

/// Whether an address names this machine or a private network without any look-up: by the number, which is given, or as `localhost`.
/// Other names are looked at when they are called, since they may stand for another address tomorrow.
pub fn inside(address: &str) -> Option<IpAddr> {
    let uri: http::Uri = address.parse().ok()?;
    let host = uri.host()?.trim_end_matches('.').to_ascii_lowercase();
    if host == "localhost" || host.ends_with(".localhost") {
        return Some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));
    }
    let ip: IpAddr = host.trim_start_matches('[').trim_end_matches(']').parse().ok()?;
    (!is_public(ip)).then_some(ip)
}

fn four_of(high: u16, low: u16) -> std::net::Ipv4Addr {
    std::net::Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}

fn missed(error: &Error) -> Missed {
    let why = error.to_string();
    match error {
        Error::Io(io) if io.kind() == std::io::ErrorKind::PermissionDenied => Missed::Forbidden(why),
        Error::Http(_) | Error::BadUri(_) => Missed::Forbidden(why),
        Error::HostNotFound | Error::ConnectionFailed | Error::Tls(_) | Error::Rustls(_) => Missed::NotReached(why),
        Error::Timeout(Timeout::Resolve | Timeout::Connect) => Missed::NotReached(why),
        Error::Io(io) if io.kind() == std::io::ErrorKind::ConnectionRefused => Missed::NotReached(why),
        _ => Missed::Lost(why),
    }
}

impl Line for Outside {
    fn call(&self, request: &Request) -> Result<Reply, Missed> {
        let mut builder = http::Request::builder().method(request.method).uri(&request.address);
        for (name, value) in &request.headers {
            builder = builder.header(name.as_str(), value.as_bytes());
        }
        let built = builder.body(request.body.as_slice()).map_err(|error| Missed::Forbidden(error.to_string()))?;
        let mut response = self.agent.run(built).map_err(|error| missed(&error))?;
        let header = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let retry_after = header.map(|text| text.chars().take(60).collect());
        let (status, mut body) = (response.status().as_u16(), Vec::new());
        let most = u64::try_from(ANSWER_MAX).unwrap_or(u64::MAX).saturating_add(1);
        let read = response.body_mut().as_reader().take(most).read_to_end(&mut body);
        read.map_err(|error| Missed::Lost(error.to_string()))?;
        let is_cut = body.len() > ANSWER_MAX;
        body.truncate(ANSWER_MAX);
        Ok(Reply { status, retry_after, body, is_cut })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn addresses_inside_are_told_from_those_outside() {
        let inside = [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "::1",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "::",
            "ff02::1",
            "2001:db8::1",
        ];
        for text in inside {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        for text in ["1.1.1.1", "114.114.114.114", "2400:3200::1", "::ffff:8.8.8.8", "100.128.0.1"] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    /// Answers one connection with these bytes.
    fn peer(answer: &'static [u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/x", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = [0; 4096];
            let _ = stream.read(&mut head);
            let _ = stream.write_all(answer);
        });
        address
    }

    fn post(address: &str) -> Request {
        Request { method: "POST", address: address.to_owned(), headers: Vec::new(), body: b"x".to_vec() }
    }

    #[test]
    fn a_redirect_is_an_answer_and_an_address_inside_is_refused_unless_allowed() {
        let open = Outside::new(Arc::new(|_| true));
        let redirect = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\nok";
        let reply = open.call(&post(&peer(redirect))).unwrap();
        assert_eq!((reply.status, reply.retry_after.as_deref(), reply.body.as_slice()), (302, Some("7"), &b"ok"[..]));
        let shut = Outside::new(Arc::new(|_| false));
        let address = peer(redirect);
        assert!(matches!(shut.call(&post(&address)), Err(Missed::Forbidden(_))));
        assert!(matches!(shut.call(&post(&address.replace("127.0.0.1", "localhost"))), Err(Missed::Forbidden(_))));
    }

    #[test]
    fn what_broke_off_may_have_arrived_and_what_nobody_took_has_not() {
        let open = Outside::new(Arc::new(|_| true));
        assert!(matches!(open.call(&post(&peer(b""))), Err(Missed::Lost(_))));
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert!(matches!(open.call(&post(&format!("http://{closed}/"))), Err(Missed::NotReached(_))));
        let odd = Request { headers: vec![("X-Name".to_owned(), "a\r\nX-Other: b".to_owned())], ..post("http://127.0.0.1:1/") };
        assert!(matches!(open.call(&odd), Err(Missed::Forbidden(_))));
    }
}
