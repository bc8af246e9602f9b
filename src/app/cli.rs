//! The command line. A command that reports prints its summary as the last line of standard output and ends with 0 only when the
//! thing asked for holds, 1 when it does not, 2 for wrong use.

mod certificate;
mod files;
mod house;
mod inbox;
mod law;
mod law_try;
mod regulator;
mod regulator_people;
mod sim;
mod upkeep;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::base::Day;
use crate::store::StoreError;

/// What a command came to.
pub enum Verdict {
    /// The thing asked for holds.
    Holds,
    /// It does not.
    Fails,
}

/// 安薪：工程建设领域农民工工资支付监管 / supervision of wage payment on construction projects.
#[derive(Debug, Parser)]
#[command(name = "anxin", version, about, long_about = None)]
struct Line {
    /// Folder whose files are laid over the embedded configuration and law data.
    #[arg(long, global = true, value_name = "DIR")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

/// Where the database and the keys are.
#[derive(Debug, Clone, Args)]
pub struct Where {
    /// Folder of the embedded database (`DIR/anxin.db`); not together with DATABASE_URL.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Another database: postgres://… or sqlite://PATH.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Option<String>,
    /// File with the master key; `anxin.key` in the data folder when absent.
    #[arg(long, env = "ANXIN_KEY_FILE", value_name = "FILE")]
    key_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start a demonstration city on an embedded database.
    Demo(DemoArgs),
    /// Run the service.
    Serve {
        #[command(flatten)]
        place: Where,
        /// Port, instead of the configured one.
        #[arg(long)]
        port: Option<u16>,
        /// Apply pending migrations first.
        #[arg(long)]
        migrate: bool,
    },
    /// Bring the database's tables up to date.
    Migrate {
        #[command(flatten)]
        place: Where,
    },
    /// Users.
    #[command(subcommand)]
    User(UserCommand),
    /// Write a consistent copy of the embedded database while the service runs.
    Backup {
        /// File to write; it must not exist.
        file: PathBuf,
        #[command(flatten)]
        place: Where,
    },
    /// Put a backup in the place of an embedded database that does not exist yet.
    Restore {
        /// Backup file.
        file: PathBuf,
        #[command(flatten)]
        place: Where,
    },
    /// List the schedule: each tick with its last and next times.
    Schedule {
        #[command(flatten)]
        place: Where,
    },
    /// The master key.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Law data and law cases.
    #[command(subcommand)]
    Law(LawCommand),
    /// Bank files.
    #[command(subcommand)]
    Bank(BankCommand),
    /// Attendance devices.
    #[command(subcommand)]
    Device(DeviceCommand),
    /// Messages of machines as they came.
    #[command(subcommand)]
    Inbox(InboxCommand),
    /// Stored gate answers.
    #[command(subcommand)]
    Gate(GateCommand),
    /// Certificates of gate answers.
    #[command(subcommand)]
    Certificate(CertificateCommand),
    /// Check journal chains, rows, seals and ledger balances.
    Verify {
        #[command(flatten)]
        place: Where,
    },
    /// Write everything visible of the embedded database as text that equal contents give byte for byte.
    Export {
        #[command(flatten)]
        place: Where,
    },
    /// Play a site year on a temporary database, with an auditor who looks at every day.
    Sim {
        /// Seed of everything that happens.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Days.
        #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(i64).range(1..=super::sim::DAYS_MAX))]
        days: i64,
    },
    /// Measure this binary on temporary databases.
    Bench {
        /// idle, punches, growth, gates, pages, statements, camt, feeds, payroll, law or detectors; all but growth when absent.
        name: Option<String>,
        /// How many projects the law is measured on; 20,000 when absent.
        #[arg(long, value_parser = clap::value_parser!(u32).range(10..=100_000))]
        projects: Option<u32>,
        /// Seed of the detectors' second set of cases; a fresh one when absent.
        #[arg(long)]
        seed: Option<u64>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
        /// Database to measure on instead of a temporary SQLite file.
        #[arg(long, env = "ANXIN_BENCH_DATABASE_URL", hide_env_values = true)]
        database_url: Option<String>,
    },
}

/// How the demonstration is started.
#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    /// Port on loopback.
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// Folder of the demonstration's database and key.
    #[arg(long, default_value = "./data", value_name = "DIR")]
    pub data: PathBuf,
    /// Seed of the invented city.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Civil day on which the demonstration stands still.
    #[arg(long, value_name = "DAY")]
    pub as_of: Option<Day>,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Add a user; the password is read from standard input.
    Add {
        login: String,
        name: String,
        /// Role (administrator, labour_manager, …).
        #[arg(long, default_value = "administrator")]
        role: String,
        /// everything, region:CODE, organisation:ID, project:ID.
        #[arg(long, default_value = "everything")]
        scope: String,
        #[command(flatten)]
        place: Where,
    },
    /// Set a user's password; it is read from standard input.
    Password {
        login: String,
        #[command(flatten)]
        place: Where,
    },
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Put the database under another master key; stop the service first.
    Rotate {
        /// File with the new key (openssl rand -hex 32), readable by its owner only.
        #[arg(long, value_name = "FILE")]
        new_key_file: PathBuf,
        #[command(flatten)]
        place: Where,
    },
}

#[derive(Debug, Subcommand)]
enum LawCommand {
    /// Run law cases.
    Cases {
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Explain a rule or a value.
    Explain {
        /// Rule id or key.
        name: String,
        #[arg(long)]
        as_of: Option<Day>,
        #[arg(long, default_value = "000000")]
        region: String,
    },
    /// Validate a folder of law data.
    Check { dir: PathBuf },
    /// List the parameters that the law knows, with kind, bound and meaning.
    Keys {
        /// Only those whose name holds this text.
        text: Option<String>,
    },
    /// Try a change of law over the stored history and say how findings and gate answers would differ.
    Try(TryArgs),
}

/// A change of law to be tried.
#[derive(Debug, Clone, Args)]
pub struct TryArgs {
    /// A parameter with its new value; may be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// Region whose value is set; national law when absent.
    #[arg(long, value_name = "CODE")]
    region: Option<String>,
    /// A region's or parameters' file, laid over the law in force before anything is set.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// First day.
    #[arg(long, value_name = "DAY")]
    from: Day,
    /// Last day.
    #[arg(long, value_name = "DAY")]
    to: Day,
    /// Print the report as JSON before the summary.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Where,
}

#[derive(Debug, Subcommand)]
enum BankCommand {
    /// Parse any bank file without a database.
    Read {
        file: PathBuf,
        #[arg(long)]
        json: bool,
    },
    /// Check a bank file, or a JSON file of events, row by row, with rule and fix.
    Check { file: PathBuf },
    /// Run a test house against which a bank's engineer posts events and files; at its end it prints a certification report.
    Regulator {
        /// Port on loopback.
        #[arg(long, default_value_t = 8090)]
        port: u16,
        /// Folder of its database, which must not have one yet; a temporary one when absent.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
    /// Play the bank for a pain.001: write the file that a bank would send back.
    Reply {
        file: PathBuf,
        /// camt054, pain002 or camt053.
        #[arg(long = "as")]
        form: String,
        /// How many lines at the end fail.
        #[arg(long, default_value_t = 0)]
        fail: u32,
    },
}

#[derive(Debug, Subcommand)]
enum DeviceCommand {
    /// Parse a raw request body of a device.
    Read {
        #[arg(long)]
        format: String,
        /// Serial, as it would stand in the request's query.
        #[arg(long)]
        sn: Option<String>,
        file: PathBuf,
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
enum CertificateCommand {
    /// Check a certificate without asking anybody: its signature, its purpose, its days.
    Verify {
        /// File with the signed text.
        file: PathBuf,
        /// File with the published keys (/.well-known/jwks.json).
        #[arg(long)]
        jwks: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum InboxCommand {
    /// Read messages again after a fix; nothing is taken twice.
    Replay(ReplayArgs),
}

/// Which messages are read again.
#[derive(Debug, Clone, Args)]
pub struct ReplayArgs {
    /// Feed: zk, hik, dahua, punch, openapi, bankevent, camt, pain002, mt940 or bankfile; all of them when absent.
    #[arg(long)]
    feed: Option<String>,
    /// Serial number of the machine, id of the app, or user that sent it.
    #[arg(long)]
    source: Option<String>,
    /// State: part, quarantined, done, duplicate or held; part and quarantined when absent.
    #[arg(long)]
    state: Option<String>,
    /// First day of receipt.
    #[arg(long, value_name = "DAY")]
    from: Option<Day>,
    /// Last day of receipt.
    #[arg(long, value_name = "DAY")]
    to: Option<Day>,
    #[command(flatten)]
    place: Where,
}

#[derive(Debug, Subcommand)]
enum GateCommand {
    /// Replay stored answers.
    Replay {
        /// Every one.
        #[arg(long, required = true)]
        all: bool,
        #[command(flatten)]
        place: Where,
    },
}

/// Writes a line to standard output; a closed pipe ends the command quietly.
pub fn say(line: &str) -> Result<(), StoreError> {
    writeln!(std::io::stdout().lock(), "{line}").map_err(|error| StoreError::Setup(format!("standard output: {error}")))
}

/// Reads the command line and runs it.
pub fn run() -> ExitCode {
    let line = Line::parse();
    start_log();
    let config = line.config.as_deref();
    let outcome = match line.command {
        Command::Demo(args) => house::demo(config, &args),
        Command::Serve { place, port, migrate } => house::serve(config, &place, port, migrate),
        Command::Migrate { place } => house::migrate(&place),
        Command::User(UserCommand::Add { login, name, role, scope, place }) => {
            house::add_user(config, &place, &login, &name, &role, &scope)
        }
        Command::User(UserCommand::Password { login, place }) => house::set_password(config, &place, &login),
        Command::Backup { file, place } => house::backup(&place, &file),
        Command::Restore { file, place } => house::restore(&place, &file),
        Command::Schedule { place } => upkeep::schedule(config, &place),
        Command::Key(KeyCommand::Rotate { new_key_file, place }) => upkeep::rotate(&place, &new_key_file),
        Command::Law(LawCommand::Cases { files }) => law::cases(config, &files),
        Command::Law(LawCommand::Explain { name, as_of, region }) => law::explain(config, &name, as_of, &region),
        Command::Law(LawCommand::Check { dir }) => law::check(&dir),
        Command::Law(LawCommand::Keys { text }) => law::keys(config, text.as_deref()),
        Command::Law(LawCommand::Try(args)) => law_try::run(config, &args),
        Command::Bank(BankCommand::Read { file, json }) => files::bank_read(config, &file, json),
        Command::Bank(BankCommand::Check { file }) => files::bank_check(config, &file),
        Command::Bank(BankCommand::Regulator { port, data }) => regulator::run(config, port, data.as_deref()),
        Command::Bank(BankCommand::Reply { file, form, fail }) => files::bank_reply(&file, &form, fail),
        Command::Device(DeviceCommand::Read { format, sn, file, json }) => {
            files::device_read(&format, sn.as_deref(), &file, json)
        }
        Command::Certificate(CertificateCommand::Verify { file, jwks }) => certificate::verify(&file, &jwks),
        Command::Inbox(InboxCommand::Replay(args)) => inbox::replay(config, &args),
        Command::Gate(GateCommand::Replay { place, .. }) => house::replay(config, &place),
        Command::Export { place } => house::export(config, &place),
        Command::Verify { place } => house::verify(&place),
        Command::Sim { seed, days } => sim::run(seed, days),
        Command::Bench { name, projects, seed, json, database_url } => {
            house::bench(config, name.as_deref(), projects, json, database_url.as_deref(), seed)
        }
    };
    match outcome {
        Ok(Verdict::Holds) => ExitCode::SUCCESS,
        Ok(Verdict::Fails) => ExitCode::from(1),
        Err(error) => {
            let _ = writeln!(std::io::stderr().lock(), "anxin: {error}");
            ExitCode::from(match error {
                StoreError::Setup(_) => 2,
                _ => 1,
            })
        }
    }
}

/// Structured logs on standard error; `ANXIN_LOG` filters them, `ANXIN_LOG_JSON=1` makes them JSON.
fn start_log() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("ANXIN_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start in one process keeps the first log.
    let _ = if std::env::var("ANXIN_LOG_JSON").is_ok_and(|value| value == "1") {
        builder.json().try_init()
    } else {
        builder.try_init()
    };
}
