//! ZKTeco ADMS push (`/iclock/*`): what the clock asks, what it uploads, and the only answers it gets.
//!
//! This file reads the address of a request and writes answers; `attlog` reads punches, `records` the other uploads,
//! `command` writes orders to the clock. Deliberately absent: a way to write a `SHELL` order, arithmetic on stamps
//! (they are opaque), and any knowledge of which serial number is known.

pub mod attlog;
pub mod command;
pub mod records;

use crate::base::Moment;

/// Longest serial number, in characters.
pub const SERIAL_CHARS_MAX: usize = 40;
/// Most parameters read from a query.
const PARAMETERS_MAX: usize = 64;

/// What the clock wants, from the last part of the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// `cdata`: settings (GET) or an upload (POST).
    Data,
    /// `registry`: capabilities.
    Registry,
    /// `push`: second step of the access-control family.
    Push,
    /// `getrequest`: heartbeat that fetches orders.
    GetRequest,
    /// `devicecmd`: results of orders.
    DeviceCommand,
    /// Anything else: kept and answered `OK`.
    Other,
}

impl Endpoint {
    /// Reads a path such as `/iclock/cdata` or `/secret/iclock/cdata.aspx`; `None` when no part of it is `iclock`.
    pub fn of(path: &str) -> Option<Endpoint> {
        let mut parts = path.split('/').skip_while(|part| !part.eq_ignore_ascii_case("iclock"));
        parts.next()?;
        let word = parts.next().unwrap_or_default().to_ascii_lowercase();
        Some(match word.strip_suffix(".aspx").unwrap_or(&word) {
            "cdata" => Endpoint::Data,
            "registry" => Endpoint::Registry,
            "push" => Endpoint::Push,
            "getrequest" => Endpoint::GetRequest,
            "devicecmd" => Endpoint::DeviceCommand,
            _ => Endpoint::Other,
        })
    }
}

/// Table named by an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// Punches.
    AttLog,
    /// Users, templates and operations.
    OperLog,
    /// Users alone.
    UserInfo,
    /// Pictures taken at a punch.
    AttPhoto,
    /// Templates and portraits; kept as bytes, never read.
    Biometric,
    /// Settings of the clock.
    Options,
    /// Any other table.
    Other,
}

/// Parameters of a request, whatever their case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Reads `SN=…&table= ATTLOG&Stamp=9999`. Blanks around names and values go; a wrong `%` stays as it is.
    pub fn parse(text: &str) -> Query {
        let text = text.trim_start_matches('?');
        let pairs = text.split('&').filter(|pair| !pair.trim().is_empty()).take(PARAMETERS_MAX).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (unescaped(name).trim().to_ascii_lowercase(), unescaped(value).trim().to_owned())
        });
        Query { pairs: pairs.collect() }
    }

    /// Value of a parameter, without regard to case; `None` when absent or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.pairs.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Serial number, if it looks like one: letters, digits, `-`, `_` and `.`, at most [`SERIAL_CHARS_MAX`].
    pub fn serial(&self) -> Option<&str> {
        self.get("SN").filter(|serial| valid_serial(serial))
    }

    /// Stamp of the upload: opaque, to be stored and echoed.
    pub fn stamp(&self) -> Option<&str> {
        self.get("Stamp").or_else(|| self.get("OpStamp"))
    }

    /// Table of the upload; `None` when the request names none.
    pub fn table(&self) -> Option<Table> {
        Some(match self.get("table")?.to_ascii_uppercase().as_str() {
            "ATTLOG" => Table::AttLog,
            "OPERLOG" => Table::OperLog,
            "USERINFO" => Table::UserInfo,
            "ATTPHOTO" => Table::AttPhoto,
            "BIODATA" | "BIOPHOTO" | "TEMPLATEV10" | "FINGERTMP" | "FACE" | "USERPIC" => Table::Biometric,
            "OPTIONS" => Table::Options,
            _ => Table::Other,
        })
    }

    /// Whether the clock asks for the option block (`options=all`).
    pub fn wants_options(&self) -> bool {
        self.get("options").is_some()
    }

    /// Whether the clock asks for the time (`type=time`).
    pub fn wants_time(&self) -> bool {
        self.get("type").is_some_and(|kind| kind.eq_ignore_ascii_case("time"))
    }

    /// State that a heartbeat carries in `INFO=`.
    pub fn info(&self) -> Option<HeartbeatInfo> {
        let mut parts = self.get("INFO")?.split(',').map(|part| part.trim().to_owned());
        let firmware = parts.next().filter(|text| !text.is_empty());
        let mut number = || parts.next().and_then(|text| text.parse().ok());
        let (users, fingers, punches) = (number(), number(), number());
        Some(HeartbeatInfo { firmware, users, fingers, punches, address: parts.next().filter(|text| !text.is_empty()) })
    }
}

/// What a heartbeat tells about the clock; all as the clock counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HeartbeatInfo {
    /// Firmware version.
    pub firmware: Option<String>,
    /// Users stored.
    pub users: Option<u32>,
    /// Fingerprints stored.
    pub fingers: Option<u32>,
    /// Punches stored.
    pub punches: Option<u32>,
    /// Address in its own network.
    pub address: Option<String>,
}

/// Whether a text can be a serial number.
pub fn valid_serial(text: &str) -> bool {
    !text.is_empty() && text.len() <= SERIAL_CHARS_MAX && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// Undoes `%41` and `+`; bytes that are no UTF-8 become U+FFFD.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        let code = code.filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(if *first == b'+' { b' ' } else { *first });
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// In which unit a model wants its `TimeZone`; the manual and the field disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ZoneForm {
    /// `8`, `5.5`.
    #[default]
    Hours,
    /// `480`.
    Minutes,
    /// `08:00`, `-05:00`.
    Clock,
}

impl ZoneForm {
    /// An offset in minutes as this form writes it.
    pub fn text(self, minutes: i32) -> String {
        let sign = if minutes < 0 { "-" } else { "" };
        let (hours, rest) = (minutes.unsigned_abs() / 60, minutes.unsigned_abs() % 60);
        match self {
            ZoneForm::Minutes => minutes.to_string(),
            ZoneForm::Clock => format!("{sign}{hours:02}:{rest:02}"),
            ZoneForm::Hours if rest == 0 => format!("{sign}{hours}"),
            // A half or quarter hour as hundredths: 30 minutes are .5, 45 are .75.
            ZoneForm::Hours => format!("{sign}{hours}.{}", format!("{:02}", rest * 100 / 60).trim_end_matches('0')),
        }
    }
}

/// Settings that the clock is given at each start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Last stamp stored for punches.
    pub attlog_stamp: Option<String>,
    /// Last stamp stored for users and operations.
    pub operlog_stamp: Option<String>,
    /// Last stamp stored for pictures.
    pub attphoto_stamp: Option<String>,
    /// Seconds until a failed request is repeated.
    pub error_delay_s: u32,
    /// Seconds between heartbeats.
    pub delay_s: u32,
    /// Times of day for a full upload (form unconfirmed per model).
    pub trans_times: String,
    /// Minutes between uploads.
    pub trans_interval_min: u32,
    /// What is uploaded, as a mask (unconfirmed per model).
    pub trans_flag: String,
    /// Whether punches are sent at once.
    pub realtime: bool,
    /// Offset of the device, in minutes ahead of UTC.
    pub offset_minutes: i32,
    /// How this model wants its offset written.
    pub zone_form: ZoneForm,
    /// Seconds that a request may take.
    pub timeout_s: u32,
    /// Seconds between fetches of the time.
    pub sync_time_s: u32,
    /// Protocol version claimed (unconfirmed per model).
    pub server_version: String,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            attlog_stamp: None,
            operlog_stamp: None,
            attphoto_stamp: None,
            error_delay_s: 60,
            delay_s: 30,
            trans_times: "00:00;14:05".to_owned(),
            trans_interval_min: 1,
            trans_flag: "1111000000".to_owned(),
            realtime: true,
            offset_minutes: super::device::CHINA_OFFSET_MINUTES,
            zone_form: ZoneForm::Hours,
            timeout_s: 60,
            sync_time_s: 3600,
            server_version: "3.0.1".to_owned(),
        }
    }
}

impl Options {
    /// The option block for the clock of that serial number; lines end with LF.
    pub fn block(&self, serial: &str) -> String {
        let stamp = |stamp: &Option<String>| one_line(stamp.as_deref().filter(|text| !text.is_empty()).unwrap_or("0"));
        let lines = [
            format!("GET OPTION FROM: {}", one_line(serial)),
            format!("ATTLOGStamp={}", stamp(&self.attlog_stamp)),
            format!("OPERLOGStamp={}", stamp(&self.operlog_stamp)),
            format!("ATTPHOTOStamp={}", stamp(&self.attphoto_stamp)),
            format!("ErrorDelay={}", self.error_delay_s),
            format!("Delay={}", self.delay_s),
            format!("TransTimes={}", one_line(&self.trans_times)),
            format!("TransInterval={}", self.trans_interval_min),
            format!("TransFlag={}", one_line(&self.trans_flag)),
            format!("Realtime={}", u8::from(self.realtime)),
            "Encrypt=0".to_owned(),
            format!("TimeZone={}", self.zone_form.text(self.offset_minutes)),
            format!("Timeout={}", self.timeout_s),
            format!("SyncTime={}", self.sync_time_s),
            format!("ServerVer={}", one_line(&self.server_version)),
        ];
        lines.join("\n") + "\n"
    }
}

/// The answer to everything without a better one.
pub const ANSWER_OK: &str = "OK";

/// The answer to an upload of `lines` non-empty lines, good or bad.
pub fn answer_count(lines: u32) -> String {
    format!("OK: {lines}\n")
}

/// The answer to `type=time`: the moment on a clock `offset_minutes` ahead of UTC.
pub fn answer_time(now: Moment, offset_minutes: i32) -> String {
    let zone = chrono::FixedOffset::east_opt(offset_minutes.saturating_mul(60));
    let utc = chrono::DateTime::from_timestamp(now.unix_seconds(), 0).unwrap_or_default();
    match zone {
        Some(zone) => format!("Time={}\n", utc.with_timezone(&zone).format("%Y-%m-%dT%H:%M:%S%:z")),
        None => format!("Time={}\n", utc.format("%Y-%m-%dT%H:%M:%S+00:00")),
    }
}

/// The answer to `registry` of the access-control family, which wants a code to come back with.
pub fn answer_registry(code: &str) -> String {
    format!("RegistryCode={}\nregistry=ok\n", one_line(code))
}

/// A value that cannot break out of its line or field: without TAB, CR, LF and NUL.
pub(super) fn one_line(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '\t' | '\r' | '\n' | '\0')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_parameters_do_not_mind_their_case() {
        for path in ["/iclock/cdata", "/iclock/cdata.aspx", "/s3cret/IClock/CDATA", "/iclock/cdata/"] {
            assert_eq!(Endpoint::of(path), Some(Endpoint::Data), "{path}");
        }
        assert_eq!(Endpoint::of("/iclock/"), Some(Endpoint::Other));
        assert_eq!(Endpoint::of("/iclocks/cdata"), None);
        let query = Query::parse("sn=TEST000000001&TABLE= ATTLOG&stamp=9999&x=%41%zz%E6%B5%8B");
        assert_eq!(query.serial(), Some("TEST000000001"));
        assert_eq!(query.table(), Some(Table::AttLog));
        assert_eq!(query.stamp(), Some("9999"));
        assert_eq!(query.get("X"), Some("A%zz测"));
        assert_eq!(Query::parse("SN=%0d%0aC:1:X").serial(), None);
        assert_eq!(Query::parse("SN=A&table=%20ATTLOG+").table(), Some(Table::AttLog));
        let info = Query::parse("SN=A&INFO=Ver 8.0.1,12,3,400,192.0.2.9,10").info().unwrap();
        assert_eq!((info.users, info.punches, info.address.as_deref()), (Some(12), Some(400), Some("192.0.2.9")));
    }

    #[test]
    fn the_option_block_has_line_feeds_and_echoes_stamps() {
        for stamp in ["9999", "None", "2026-11-21T07:58:03", "82983982"] {
            let options = Options { attlog_stamp: Some(stamp.to_owned()), ..Options::default() };
            let block = options.block("TEST000000001");
            assert!(block.starts_with("GET OPTION FROM: TEST000000001\nATTLOGStamp="), "{block}");
            assert!(block.contains(&format!("ATTLOGStamp={stamp}\n")) && block.contains("\nOPERLOGStamp=0\n"));
            assert!(block.ends_with("ServerVer=3.0.1\n") && !block.contains('\r'));
            assert!(block.contains("\nTimeZone=8\n") && block.contains("\nRealtime=1\nEncrypt=0\n"));
        }
        let sly = Options { attlog_stamp: Some("1\nRealtime=0".to_owned()), ..Options::default() };
        assert_eq!(sly.block("A").lines().count(), 15);
    }

    #[test]
    fn zones_are_written_as_the_model_wants() {
        assert_eq!(ZoneForm::Hours.text(480), "8");
        assert_eq!(ZoneForm::Hours.text(330), "5.5");
        assert_eq!(ZoneForm::Hours.text(345), "5.75");
        assert_eq!(ZoneForm::Minutes.text(120), "120");
        assert_eq!(ZoneForm::Clock.text(-300), "-05:00");
    }

    #[test]
    fn the_time_is_the_device_s() {
        let now: Moment = "2026-11-21T10:00:00+08:00".parse().unwrap();
        assert_eq!(answer_time(now, 480), "Time=2026-11-21T10:00:00+08:00\n");
        assert_eq!(answer_time(now, 360), "Time=2026-11-21T08:00:00+06:00\n");
        assert_eq!(answer_count(3).len(), 6);
    }
}
