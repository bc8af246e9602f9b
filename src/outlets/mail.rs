//! Mail by SMTP behind a trait, so that tests and other carriers can stand in.
//!
//! A letter goes to one person and is plain text. Its Message-ID and date are given, so that every try sends the same letter. What a
//! server says for good (5xx) is told apart from what may pass (4xx, no connection, no answer in time). Only what it says of the
//! receiver and of the letter itself is for good: a refused greeting, log-in or sender is the operator's to repair and would otherwise
//! end every letter in the outbox. Deliberately absent: the queue, retries and what a letter says.

use std::time::{Duration, SystemTime};

use lettre::Address;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{Certificate, CertificateStore, SmtpConnection, Tls, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;

use crate::base::{Moment, words};

words! {
    /// How the line to the server is kept private.
    pub enum Privacy, "tls" {
        /// Plain first, then STARTTLS; refused when the server does not offer it.
        StartTls = "starttls",
        /// TLS from the first byte.
        Tls = "tls",
        /// Nothing; to a server on this machine only.
        Loopback = "none",
    }
}

/// A letter to one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Address of the receiver.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// Plain text.
    pub body: String,
    /// Message-ID with its angle brackets.
    pub message_id: String,
    /// Date.
    pub date: Moment,
}

/// What a server said when it took a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Its words.
    pub reply: String,
}

/// Why a letter was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounce {
    /// Whether another try is in vain.
    pub permanent: bool,
    /// The server's words or the fault of the line; it may name the address.
    pub why: String,
}

/// Carries letters.
pub trait Post: Send + Sync {
    /// Hands one letter over; returns when the server has taken it, has refused it, or has not answered in time.
    ///
    /// # Errors
    /// The letter was not taken, as far as is known: a line that breaks after the last byte leaves both possible.
    fn send(&self, letter: &Letter) -> Result<Receipt, Bounce>;
}

/// Where the server is and how it is spoken to.
#[derive(Clone)]
pub struct SmtpSettings {
    /// Name or address of the server.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the line is kept private.
    pub privacy: Privacy,
    /// User and password, where the server wants them.
    pub credentials: Option<(String, String)>,
    /// Certificates (PEM) that are trusted instead of the public ones, for a server with a house's own authority.
    pub trusted_pem: Option<Vec<u8>>,
    /// Sender, `name <address>` or an address.
    pub from: String,
    /// Seconds that a step of the conversation may take.
    pub timeout_seconds: u64,
}

/// A post office that speaks SMTP.
pub struct SmtpPost {
    from: Mailbox,
    host: String,
    port: u16,
    tls: Tls,
    hello: ClientId,
    credentials: Option<Credentials>,
    timeout: Duration,
}

/// What the server was told when it refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Greeting, privacy, log-in and sender: the same for every letter.
    House,
    /// The receiver and the letter.
    Letter,
}

/// Replies to a log-in that say: credentials or settings are wrong (RFC 4954).
const LOG_IN_CODES: [u16; 5] = [530, 534, 535, 538, 454];

fn wrong(what: &str, error: impl std::fmt::Display) -> String {
    format!("{what}: {error}")
}

impl SmtpPost {
    /// A post office; nothing is sent yet.
    ///
    /// # Errors
    /// A setting that cannot work, named: an odd sender, no privacy to another machine, certificates that do not read.
    pub fn new(settings: &SmtpSettings) -> Result<Self, String> {
        let from: Mailbox = settings.from.parse().map_err(|error| wrong("mail.from", error))?;
        let host = settings.host.as_str();
        let tls = match settings.privacy {
            Privacy::Loopback if !is_loopback(host) => {
                return Err(format!(
                    "mail.tls = \"none\" sends in the clear and is for this machine only, `{host}` is another; write \"starttls\" or \"tls\" / \
                     mail.tls = \"none\" 只能用于本机邮件服务"
                ));
            }
            Privacy::Loopback => Tls::None,
            Privacy::StartTls => Tls::Required(parameters(settings)?),
            Privacy::Tls => Tls::Wrapper(parameters(settings)?),
        };
        Ok(Self {
            hello: ClientId::Domain(from.email.domain().to_owned()),
            from,
            host: settings.host.clone(),
            port: settings.port,
            tls,
            credentials: settings.credentials.clone().map(|(user, password)| Credentials::new(user, password)),
            timeout: Duration::from_secs(settings.timeout_seconds),
        })
    }

    /// A line to the server: greeted, private and logged in.
    fn connect(&self) -> Result<SmtpConnection, Error> {
        let from_the_start = if let Tls::Wrapper(parameters) = &self.tls { Some(parameters) } else { None };
        let server = (self.host.as_str(), self.port);
        let mut line = SmtpConnection::connect(server, Some(self.timeout), &self.hello, from_the_start, None)?;
        if let Tls::Required(parameters) = &self.tls {
            line.starttls(parameters, &self.hello)?;
        }
        if let Some(credentials) = &self.credentials {
            line.auth(DEFAULT_MECHANISMS, credentials)?;
        }
        Ok(line)
    }

    /// One letter from greeting to the server's word; an error with what it was about.
    fn hand_over(&self, to: Address, bytes: &[u8]) -> Result<Response, (Step, Error)> {
        let mut line = self.connect().map_err(|error| (Step::House, error))?;
        let said = line.command(Mail::new(Some(self.from.email.clone()), Vec::new())).map_err(|error| (Step::House, error));
        let said = said.and_then(|_| {
            let letter = line.command(Rcpt::new(to, Vec::new())).and_then(|_| line.command(Data));
            letter.and_then(|_| line.message(bytes)).map_err(|error| (Step::Letter, error))
        });
        line.abort();
        said
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// How a certificate begins in PEM (RFC 7468).
const BEGIN_CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";

fn parameters(settings: &SmtpSettings) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(pem) = &settings.trusted_pem {
        // A file without a certificate would otherwise read as a store of none, and every server would be refused later.
        if !pem.windows(BEGIN_CERTIFICATE.len()).any(|part| part == BEGIN_CERTIFICATE) {
            return Err(wrong("mail.ca_file", "the file holds no certificate / 文件中没有证书"));
        }
        let certificate = Certificate::from_pem(pem).map_err(|error| wrong("mail.ca_file", error))?;
        builder = builder.certificate_store(CertificateStore::None).add_root_certificate(certificate);
    }
    builder.build_rustls().map_err(|error| wrong("mail.tls", error))
}

/// The domain of a sender, for Message-IDs; `localhost` where it does not read.
pub fn domain_of(from: &str) -> String {
    from.parse::<Mailbox>().map_or_else(|_| "localhost".to_owned(), |mailbox| mailbox.email.domain().to_owned())
}

impl Post for SmtpPost {
    fn send(&self, letter: &Letter) -> Result<Receipt, Bounce> {
        let for_good = |why: String| Bounce { permanent: true, why };
        let to: Address = letter.to.parse().map_err(|error| for_good(wrong("address", error)))?;
        let since = Duration::from_micros(u64::try_from(letter.date.0).unwrap_or(0));
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(letter.subject.clone())
            .date(SystemTime::UNIX_EPOCH + since)
            .message_id(Some(letter.message_id.clone()))
            .header(ContentType::TEXT_PLAIN)
            .body(letter.body.clone())
            .map_err(|error| for_good(wrong("letter", error)))?;
        // So that no absence note and no list answers a machine (RFC 3834).
        let name = HeaderName::new_from_ascii_str("Auto-Submitted");
        message.headers_mut().insert_raw(HeaderValue::new(name, "auto-generated".to_owned()));
        match self.hand_over(to, &message.formatted()) {
            Ok(response) => {
                let code = response.code();
                Ok(Receipt { reply: format!("{code} {}", response.first_line().unwrap_or_default()) })
            }
            Err((step, error)) => {
                let code = error.status().and_then(|code| code.to_string().parse::<u16>().ok());
                let is_log_in = code.is_some_and(|code| LOG_IN_CODES.contains(&code));
                let permanent = step == Step::Letter && error.is_permanent() && !is_log_in;
                Err(Bounce { permanent, why: error.to_string() })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(host: &str, privacy: Privacy) -> SmtpSettings {
        SmtpSettings {
            host: host.into(),
            port: 25,
            privacy,
            credentials: None,
            trusted_pem: None,
            from: "安薪 <anxin@example.cn>".into(),
            timeout_seconds: 5,
        }
    }

    #[test]
    fn mail_in_the_clear_stays_on_this_machine() {
        for host in ["localhost", "127.0.0.1", "::1"] {
            assert!(SmtpPost::new(&settings(host, Privacy::Loopback)).is_ok(), "{host}");
        }
        for host in ["mail.example.cn", "10.0.0.1", "localhost.example.cn"] {
            assert!(SmtpPost::new(&settings(host, Privacy::Loopback)).is_err(), "{host}");
        }
        assert!(SmtpPost::new(&settings("mail.example.cn", Privacy::StartTls)).is_ok());
        assert!(SmtpPost::new(&settings("mail.example.cn", Privacy::Tls)).is_ok());
    }

    #[test]
    fn settings_that_cannot_work_are_named() {
        let odd = SmtpSettings { from: "nobody".into(), ..settings("localhost", Privacy::Loopback) };
        assert!(SmtpPost::new(&odd).err().unwrap().contains("mail.from"));
        let odd = SmtpSettings { trusted_pem: Some(b"no".to_vec()), ..settings("localhost", Privacy::StartTls) };
        assert!(SmtpPost::new(&odd).is_err());
    }

    #[test]
    fn the_domain_of_the_sender_ends_message_ids() {
        assert_eq!(domain_of("安薪 <anxin@example.cn>"), "example.cn");
        assert_eq!(domain_of("?"), "localhost");
    }
}
