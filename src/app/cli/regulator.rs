//! `anxin bank regulator`: a supervising authority to try against. A bank's engineer posts events and files to a house of its own, with
//! one account, invented workers with their cards, a pay run that was sent to the bank, and two test keys; sees what was understood
//! (`GET /api/v1/bank-events/certification` at any time), and gets the certification report at the end.
//!
//! Nothing here differs from the service but the data: what passes here passes there.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ed25519_dalek::SigningKey;

use super::house::{refused, run_house};
use super::regulator_people::{Payment, Seeded, people};
use super::{Verdict, say};
use crate::accounts::actions::{NewAccount, open_account};
use crate::accounts::prescribed_name;
use crate::app::build;
use crate::app::clock::{SystemClock, SystemEntropy};
use crate::app::config::{self, Config};
use crate::bank_feed::report::Certification;
use crate::bank_feed::{KeyKind, keys};
use crate::base::id::UserId;
use crate::base::person::Uscc;
use crate::parties::PartyKind;
use crate::parties::actions::NewParty;
use crate::projects::actions::NewProject;
use crate::store::conn::Place;
use crate::store::vault::Entropy;
use crate::store::{Db, StoreError, Tx, journal, migrate};
use crate::users::{actions as users, password};
use crate::web::{Ctx, Grant, Problem, Role, ScopeOn};
use crate::{parties, projects};

/// The invented account.
const ACCOUNT: &str = "330500010001";
/// The invented bank's login.
const LOGIN: &str = "test.bank";

/// What the engineer is told at the start.
struct Handed {
    user: UserId,
    people: Seeded,
    hmac: (String, String),
    ed25519: String,
}

/// A folder that goes with the process where nobody named one.
struct Folder {
    path: PathBuf,
    is_ours: bool,
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.is_ours {
            // What cannot be removed stays among the temporary files.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

fn folder(data: Option<&Path>) -> Result<Folder, StoreError> {
    let mut tag = [0; 8];
    SystemEntropy.fill(&mut tag)?;
    let path = data.map_or_else(|| std::env::temp_dir().join(format!("anxin-regulator-{}", journal::hex(&tag))), Path::to_owned);
    std::fs::create_dir_all(&path).map_err(|error| StoreError::Setup(format!("cannot make `{}`: {error}", path.display())))?;
    if path.join("anxin.db").exists() {
        let why = "has a database already; the test house needs a folder of its own / 已有数据库，请换一个空文件夹";
        return Err(StoreError::Setup(format!("`{}` {why}", path.display())));
    }
    Ok(Folder { path, is_ours: data.is_none() })
}

fn company(tx: &mut Tx<'_>, ctx: &Ctx, body: &str, name: &str) -> Result<parties::table::PartyRow, Problem> {
    let uscc = Uscc::from_body(body).ok_or_else(|| Problem::internal("an invented company has no credit code"))?;
    let new = NewParty { uscc, name: name.to_owned(), kind: PartyKind::Enterprise, parent: None };
    parties::actions::register(tx, ctx, &new)
}

fn found(tx: &mut Tx<'_>, ctx: &Ctx, hash: &str, public_key: &str) -> Result<Handed, Problem> {
    let owner = company(tx, ctx, "91119999MA0000901", "测试建设单位")?;
    let contractor = company(tx, ctx, "91119999MA0000902", "测试总包单位")?;
    let new = NewProject {
        code: "TEST-1".to_owned(),
        name: "测试项目".to_owned(),
        region: "330784".parse().map_err(|error| Problem::unreadable("region", &error))?,
        owner: owner.id,
        general_contractor: contractor.id,
        from_on: ctx.today.plus_days(-60),
    };
    let project = projects::actions::register(tx, ctx, &new)?;
    let site = projects::site(tx.conn(), project.id)?;
    let account = NewAccount {
        number: ACCOUNT.to_owned(),
        sub_ledger: String::new(),
        name: prescribed_name(&contractor.name, &project.name),
        bank_name: "测试银行".to_owned(),
        bank_code: "103338700001".to_owned(),
        opened_on: ctx.today.plus_days(-59),
        agreement: None,
        succeeds: None,
        detail_means_paid: false,
    };
    let account = open_account(tx, ctx, &site, &account)?;
    let people = people(tx, ctx, &site, contractor.id, account.id)?;
    let user = users::add_user(tx, ctx, LOGIN, "测试银行", hash, false)?.id;
    users::grant(tx, ctx, user, Grant { role: Role::Bank, on: ScopeOn::Account(account.id) }, None)?;
    let hmac = keys::make(tx, ctx, user, "test hmac", KeyKind::Hmac, None)?;
    let ed25519 = keys::make(tx, ctx, user, "test ed25519", KeyKind::Ed25519, Some(public_key))?;
    let secret = hmac.secret.unwrap_or_default();
    Ok(Handed { user, people, hmac: (hmac.row.id.to_string(), secret), ed25519: ed25519.row.id.to_string() })
}

/// Runs the test house until it is told to stop, then prints the report.
pub fn run(config_dir: Option<&Path>, port: u16, data: Option<&Path>) -> Result<Verdict, StoreError> {
    let folder = folder(data)?;
    let config = Config::load(config_dir)?;
    let db = Db::open(Place::in_folder(&folder.path), &config.db_options())?;
    migrate::up(&db)?;
    let (mut master, mut seed, mut salt, mut word) = ([0; 32], [0; 32], [0; 16], [0; 12]);
    for buffer in [master.as_mut_slice(), &mut seed, &mut salt, &mut word] {
        SystemEntropy.fill(buffer)?;
    }
    build::make_key(&folder.path.join(build::KEY_FILE), &master)?;
    let law = config::law_book(config_dir)?;
    let ground = build::ground(db, master, Arc::new(SystemClock), &law, &config, false)?;
    let password = journal::hex(&word);
    let hash = password::hash(&password, &salt).map_err(|problem| refused(&problem))?;
    let signing = SigningKey::from_bytes(&seed);
    let public_key = base64_of(signing.verifying_key().as_bytes());
    let ctx = Ctx::of_the_house(&ground, "regulator");
    let handed = ground.db.write_blocking(move |tx| found(tx, &ctx, &hash, &public_key)).map_err(|problem| refused(&problem))?;
    say(&format!("account {ACCOUNT}"))?;
    for payment in &handed.people.payments {
        let Payment { name, card, end_to_end_id, amount } = payment;
        say(&format!("worker {name} card {card} end_to_end_id {end_to_end_id} amount {amount}"))?;
    }
    say(&format!("pay run {} total {}", handed.people.message_id, handed.people.total))?;
    say(&format!("month proof {} closing_balance 0.00 entries 0 sha256 {}", handed.people.month, journal::sha256(b"")))?;
    say(&format!("login {LOGIN} {password}"))?;
    say(&format!("key hmac {} secret {}", handed.hmac.0, handed.hmac.1))?;
    say(&format!("key ed25519 {} private {}", handed.ed25519, base64_of(&seed)))?;
    say("POST /api/v1/bank-events · GET /api/v1/bank-events/certification · /bank-feed")?;
    run_house(Arc::clone(&ground), &config, IpAddr::V4(Ipv4Addr::LOCALHOST), port)?;
    let user = handed.user;
    let report: Result<Certification, Problem> =
        ground.db.read_blocking(move |conn| Certification::of(conn, &user.to_string(), Some(user)));
    let report = report.map_err(|problem| refused(&problem))?;
    say(report.text().trim_end())?;
    say(&serde_json::to_string(&report).map_err(|error| StoreError::Damaged(error.to_string()))?)?;
    Ok(if report.shown == report.of { Verdict::Holds } else { Verdict::Fails })
}

fn base64_of(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
