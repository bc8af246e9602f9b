//! Configuration in layers: the embedded `config/`, a folder laid over it, the environment.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use figment::Figment;
use figment::providers::{Env, Format, Toml};
use serde::Deserialize;

use super::schedule::Missed;
use super::watch::WatchConfig;
use crate::law::LawBook;
use crate::law::decision::Policy;
use crate::outlets::mail::{self, Privacy, SmtpSettings};
use crate::outlets::webhook::{self, Preset};
use crate::store::{DbOptions, StoreError};
use crate::web::peer::Network;
use crate::web::{GateSettings, Settings, SignSettings, Upkeep};
use crate::wire::direct_link::Families;
use crate::wire::openapi::profile::Platforms;

/// Every setting; see `config/service.toml` for what each means.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub server: ServerConfig,
    pub store: StoreConfig,
    pub policy: PolicyConfig,
    pub devices: DevicesConfig,
    pub jobs: JobsConfig,
    pub schedule: ScheduleConfig,
    pub reminders: RemindersConfig,
    pub mail: MailConfig,
    pub signs: SignSettings,
    pub uploads: UploadsConfig,
    /// The platforms, from files of their own.
    #[serde(skip)]
    pub platforms: Arc<Platforms>,
    /// The families of direct-link files, from files of their own.
    #[serde(skip)]
    pub direct_link: Arc<Families>,
    /// The presets of webhooks, from files of their own.
    #[serde(skip)]
    pub webhooks: Arc<Vec<Preset>>,
    pub gates: GateSettings,
    pub outgoing: OutgoingConfig,
    pub watch: WatchConfig,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutgoingConfig {
    pub allowed: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    pub address: String,
    pub port: u16,
    pub workers: usize,
    pub issuer: String,
    pub trusted_proxies: Vec<String>,
    pub public_url: String,
    pub node: u16,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreConfig {
    pub readers_max: u32,
    pub queue_max: usize,
    pub group_max: usize,
    /// Connections on which a server stores what machines send.
    pub intake_connections: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyConfig {
    pub permit_gate: bool,
    pub completion_gate: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DevicesConfig {
    pub pending_max: usize,
    pub held_punches_max: i32,
    pub rate_max: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UploadsConfig {
    pub rate_max: u32,
    pub bank_rate_max: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobsConfig {
    pub poll_seconds: u64,
    pub keep_days: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleConfig {
    pub nightly: TickConfig,
    pub reminders: TickConfig,
    pub sources: TickConfig,
    pub gates: TickConfig,
    pub silence: TickConfig,
    pub digest: TickConfig,
    pub pruning: TickConfig,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TickConfig {
    pub cron: String,
    pub zone: String,
    pub missed: Missed,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemindersConfig {
    pub expiry_days: u32,
    pub statement_days: u32,
    pub punch_days: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailConfig {
    pub enabled: bool,
    pub host: String,
    pub port: u16,
    pub tls: Privacy,
    pub user: String,
    #[serde(default)]
    pub password: Secret,
    pub password_file: String,
    pub ca_file: String,
    pub from: String,
    pub timeout_seconds: u64,
    pub urgent_at_once: bool,
}

/// A text that is not shown when settings are.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// The password comes as it stands: figment would read `0123` as a number.
const PASSWORD_VARIABLE: &str = "ANXIN_MAIL__PASSWORD";

impl MailConfig {
    /// What the post office is built from.
    ///
    /// # Errors
    /// A file that cannot be read, or both a password and a file with one.
    pub fn smtp(&self) -> Result<SmtpSettings, StoreError> {
        let read = |name: &str, path: &str| {
            std::fs::read(path).map_err(|error| StoreError::Setup(format!("mail.{name} `{path}`: {error}")))
        };
        let password = match (self.password.0.as_str(), self.password_file.as_str()) {
            (given, "") => given.to_owned(),
            ("", file) => String::from_utf8_lossy(&read("password_file", file)?).trim_end_matches(['\r', '\n']).to_owned(),
            _ => {
                let why = "give mail.password or mail.password_file, not both / mail.password 与 mail.password_file 只能给出一个";
                return Err(StoreError::Setup(why.to_owned()));
            }
        };
        let trusted_pem = if self.ca_file.is_empty() { None } else { Some(read("ca_file", &self.ca_file)?) };
        Ok(SmtpSettings {
            host: self.host.clone(),
            port: self.port,
            privacy: self.tls,
            credentials: (!self.user.is_empty()).then(|| (self.user.clone(), password)),
            trusted_pem,
            from: self.from.clone(),
            timeout_seconds: self.timeout_seconds.clamp(1, TIMEOUT_SECONDS_MAX),
        })
    }
}

/// The longest that a step of a conversation with a mail server may take; a lease of the outbox lasts longer than a conversation.
const TIMEOUT_SECONDS_MAX: u64 = 60;

impl Config {
    /// The same for a service on that port: a public address on loopback is this very service's and follows it, so that links and
    /// addresses that it shows lead to where it listens. Any other public address is somebody's who knows better.
    #[must_use]
    pub fn listening_at(mut self, port: u16) -> Self {
        for host in ["http://127.0.0.1", "http://localhost"] {
            let Some(rest) = self.server.public_url.trim_end_matches('/').strip_prefix(host) else { continue };
            if rest.is_empty() || rest.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok()) {
                self.server.public_url = format!("{host}:{port}");
                break;
            }
        }
        self
    }

    /// Reads the layers; `folder` is laid over the embedded files.
    ///
    /// # Errors
    /// An unknown or missing setting, named with its file.
    pub fn load(folder: Option<&Path>) -> Result<Self, StoreError> {
        let mut layers = Figment::from(Toml::string(include_str!("../../config/service.toml")));
        if let Some(folder) = folder {
            let file = folder.join("service.toml");
            if file.exists() {
                layers = layers.merge(Toml::file(file));
            }
        }
        layers
            // Settings lie in tables (`ANXIN_SERVER__PORT`); names without one (`ANXIN_LOG`, `ANXIN_KEY_FILE`) mean something else.
            .merge(Env::prefixed("ANXIN_").filter(is_setting).split("__"))
            .extract()
            .map_err(|error| StoreError::Setup(format!("configuration: {error}")))
            .map(|mut config: Self| {
                if let Ok(password) = std::env::var(PASSWORD_VARIABLE) {
                    config.mail.password = Secret(password);
                }
                config
            })
            .and_then(|config: Self| config.trusted_proxies().map(|_| config))
            .and_then(|config: Self| config.outgoing_allowed().map(|_| config))
            .and_then(|config: Self| {
                let (platforms, direct_link) = (Arc::new(platforms(folder)?), Arc::new(direct_link(folder)?));
                Ok(Self { platforms, direct_link, webhooks: Arc::new(webhooks(folder)?), ..config })
            })
    }

    fn trusted_proxies(&self) -> Result<Vec<Network>, StoreError> {
        let read = |text: &String| text.parse().map_err(|error| StoreError::Setup(format!("server.trusted_proxies: {error}")));
        self.server.trusted_proxies.iter().map(read).collect()
    }

    fn outgoing_allowed(&self) -> Result<Vec<Network>, StoreError> {
        let read = |text: &String| text.parse().map_err(|error| StoreError::Setup(format!("outgoing.allowed: {error}")));
        self.outgoing.allowed.iter().map(read).collect()
    }

    /// What actions look at.
    pub fn settings(&self, demo: bool) -> Settings {
        Settings {
            policy: Policy { permit_gate: self.policy.permit_gate, completion_gate: self.policy.completion_gate },
            pending_devices_max: self.devices.pending_max,
            held_punches_max: self.devices.held_punches_max,
            device_rate_max: self.devices.rate_max,
            demo,
            secure_cookies: self.server.public_url.starts_with("https://"),
            issuer: self.server.issuer.clone(),
            trusted_proxies: self.trusted_proxies().unwrap_or_default(),
            upkeep: self.upkeep(),
            signs: self.signs.clone(),
            platforms: Arc::clone(&self.platforms),
            direct_link: Arc::clone(&self.direct_link),
            webhooks: Arc::clone(&self.webhooks),
            platform_rate_max: self.uploads.rate_max,
            bank_rate_max: self.uploads.bank_rate_max,
            // A demonstration's pages show at once what was done.
            gates: GateSettings {
                fold_after_seconds: if demo { 0 } else { self.gates.fold_after_seconds },
                ..self.gates.clone()
            },
            outgoing_allowed: self.outgoing_allowed().unwrap_or_default(),
        }
    }

    fn upkeep(&self) -> Upkeep {
        let (mail, reminders) = (&self.mail, &self.reminders);
        Upkeep {
            mail_enabled: mail.enabled,
            mail_domain: mail::domain_of(&mail.from),
            base_url: self.server.public_url.trim_end_matches('/').to_owned(),
            urgent_at_once: mail.urgent_at_once,
            expiry_days: i64::from(reminders.expiry_days),
            statement_days: i64::from(reminders.statement_days),
            punch_days: i64::from(reminders.punch_days),
            keep_days: i64::from(self.jobs.keep_days),
        }
    }

    /// How the database is opened.
    pub fn db_options(&self) -> DbOptions {
        let store = &self.store;
        let (readers_max, queue_max, group_max) = (store.readers_max, store.queue_max, store.group_max);
        let intake_connections = store.intake_connections;
        DbOptions { readers_max, queue_max, group_max, intake_connections, ..DbOptions::default() }
    }
}

fn is_setting(name: &figment::value::UncasedStr) -> bool {
    name.as_str().contains("__") && name != PASSWORD_VARIABLE.trim_start_matches("ANXIN_")
}

/// The platforms: the embedded profiles with the files under `DIR/platforms` laid over them by name.
fn platforms(folder: Option<&Path>) -> Result<Platforms, StoreError> {
    Platforms::read(&tables_under(folder, "platforms")?).map_err(StoreError::Setup)
}

/// The presets of webhooks: the embedded ones with the files under `DIR/webhooks` laid over them by name.
fn webhooks(folder: Option<&Path>) -> Result<Vec<Preset>, StoreError> {
    webhook::read_presets(&tables_under(folder, "webhooks")?).map_err(StoreError::Setup)
}

/// The families of direct-link files: the embedded ones with the files under `DIR/direct_link` laid over them by name.
pub fn direct_link(folder: Option<&Path>) -> Result<Families, StoreError> {
    Families::read(&tables_under(folder, "direct_link")?).map_err(StoreError::Setup)
}

/// Name and text of every TOML file in a folder of the layer that is laid over; none where there is no such folder.
fn tables_under(folder: Option<&Path>, name: &str) -> Result<Vec<(String, String)>, StoreError> {
    let folder = folder.map(|folder| folder.join(name)).filter(|folder| folder.is_dir());
    let unreadable = |error: std::io::Error| StoreError::Setup(format!("cannot read `{name}`: {error}"));
    let mut files = Vec::new();
    if let Some(folder) = folder {
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|ending| ending == "toml") {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                files.push((name, std::fs::read_to_string(&path).map_err(unreadable)?));
            }
        }
    }
    Ok(files)
}

/// The law files: the embedded ones with those under `DIR/law` and `DIR/calendar` laid over them by name.
pub fn law_files(folder: Option<&Path>) -> Result<Vec<(String, String)>, StoreError> {
    let mut files: Vec<(String, String)> = crate::law::embedded_files();
    let Some(folder) = folder else { return Ok(files) };
    let mut waiting: Vec<PathBuf> =
        ["law", "calendar"].iter().map(|name| folder.join(name)).filter(|path| path.is_dir()).collect();
    let unreadable = |path: &Path, error: std::io::Error| StoreError::Setup(format!("cannot read `{}`: {error}", path.display()));
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            for entry in std::fs::read_dir(&path).map_err(|error| unreadable(&path, error))? {
                waiting.push(entry.map_err(|error| unreadable(&path, error))?.path());
            }
        } else if path.extension().is_some_and(|ending| ending == "toml") {
            let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
            let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            files.retain(|(known, _)| *known != name);
            files.push((name, text));
        }
    }
    files.sort();
    Ok(files)
}

/// A law book with the files that it was read from, so that the database can keep it.
pub struct LoadedBook {
    /// The book.
    pub book: Arc<LawBook>,
    /// Path and text of each file.
    pub files: Arc<Vec<(String, String)>>,
}

/// The law book of these layers.
///
/// # Errors
/// Every fault with file, table and line.
pub fn law_book(folder: Option<&Path>) -> Result<LoadedBook, StoreError> {
    let files = law_files(folder)?;
    let book = LawBook::from_files(files.clone()).map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        StoreError::Setup(format!("law data: {}", lines.join("\n")))
    })?;
    Ok(LoadedBook { book: Arc::new(book), files: Arc::new(files) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_on_loopback_follows_the_port_and_no_other_does() {
        for (told, shown) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8391"),
            ("http://localhost:8080/", "http://localhost:8391"),
            ("http://127.0.0.1", "http://127.0.0.1:8391"),
            ("http://127.0.0.1.example.cn", "http://127.0.0.1.example.cn"),
            ("http://127.0.0.1:8080/anxin", "http://127.0.0.1:8080/anxin"),
            ("https://wages.example.cn", "https://wages.example.cn"),
        ] {
            let mut config = Config::load(None).unwrap();
            config.server.public_url = told.to_owned();
            assert_eq!(config.listening_at(8391).server.public_url, shown);
        }
    }
}
