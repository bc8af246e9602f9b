//! Issuing, renewing, limiting and switching off apps.

use super::table::{self, AppRow};
use super::{ADDRESSES_MAX, APP_ID_LEN, AppState, NAME_MAX};
use crate::base::RegionCode;
use crate::base::id::{PartyId, ProjectId, RecordId};
use crate::store::vault::Owner;
use crate::store::{AnyConn, Chain, Tx, Vault};
use crate::web::peer::Network;
use crate::web::{Ctx, Problem, ScopeOn};
use crate::wire::openapi::cipher::{AppSecret, SECRET_LEN};
use crate::wire::openapi::methods::Method;
use crate::wire::openapi::profile::NATIONAL;
use crate::{parties, projects};

/// What an app may touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// One project.
    Project(ProjectId),
    /// One company: every project on which it takes part.
    Party(PartyId),
}

/// Terms of an app.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// Name for people.
    pub name: String,
    /// Addresses and networks that it may come from; none for any.
    pub addresses: Vec<String>,
    /// Methods that it may call; none for all that are served.
    pub methods: Vec<String>,
}

/// An app to be issued.
#[derive(Debug, Clone)]
pub struct NewApp {
    /// What it may touch.
    pub bound: Bound,
    /// Terms.
    pub terms: Terms,
    /// The platform whose rules hold for it; the national one where none is named.
    pub profile: Option<String>,
    /// An id that a client has from another platform already.
    pub app_id: Option<String>,
    /// The secret that belongs to it.
    pub secret: Option<String>,
}

/// An app with the secrets that are shown this once.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The app.
    pub app: AppRow,
    /// Its secret.
    pub secret: String,
    /// Its second secret, where the platform asks for `corpsign`.
    pub corp_secret: Option<String>,
}

/// An app whose secrets are open, to check and read requests with.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The app.
    pub app: AppRow,
    /// Its secret.
    pub secret: AppSecret,
    /// Its second secret.
    pub corp_secret: Option<String>,
}

/// Letters and digits that nobody mistakes for others.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefgh";

fn fresh_secret(vault: &Vault) -> Result<String, Problem> {
    // Five bits of each random byte: 160 bits in all.
    let bytes = vault.random::<SECRET_LEN>()?;
    Ok(bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte & 31))).map(|byte| char::from(*byte)).collect())
}

fn checked(terms: &Terms) -> Result<(String, String, String), Problem> {
    let name = terms.name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX {
        return Err(Problem::invalid("名称应为 1 至 60 个字。", "A name has 1 to 60 characters.").at("name", "bad_format"));
    }
    if terms.addresses.len() > ADDRESSES_MAX {
        return Err(Problem::invalid("地址最多 32 个。", "At most 32 addresses.").at("addresses", "over_limit"));
    }
    for address in &terms.addresses {
        address.parse::<Network>().map_err(|error| Problem::unreadable("addresses", &error))?;
    }
    let mut methods = Vec::new();
    for name in &terms.methods {
        let odd = || Problem::invalid("没有这个接口。", "There is no such method.").at("methods", "bad_format");
        methods.push(Method::find(name).ok_or_else(odd)?.as_str());
    }
    Ok((name.to_owned(), terms.addresses.join(" "), methods.join(" ")))
}

/// Whether the asker may look after apps of that bond.
fn require(conn: &mut AnyConn, ctx: &Ctx, bound: Bound) -> Result<RegionCode, Problem> {
    match bound {
        Bound::Project(project) => Ok(projects::enter(conn, &ctx.scope, project)?.region),
        Bound::Party(party) if ctx.scope.is_everything() || ctx.scope.places.contains(&ScopeOn::Organisation(party)) => {
            parties::table::find(conn, &ctx.scope, party)?.map(|_| RegionCode::NATION).ok_or_else(Problem::not_found)
        }
        Bound::Party(_) => Err(Problem::not_found()),
    }
}

fn bound_of(app: &AppRow) -> Result<Bound, Problem> {
    let project = app.project_id.map(Bound::Project);
    project.or(app.party_id.map(Bound::Party)).ok_or_else(|| Problem::internal("an app is bound to nothing"))
}

/// Issues an app; its secrets are shown once.
///
/// # Errors
/// `not_found` for a project or company that the asker may not see, `invalid` for a secret that is not 32 bytes, an id that is not 18
/// digits, an unknown platform, method or address, `conflict` for an id that is taken.
pub fn issue(tx: &mut Tx<'_>, ctx: &Ctx, new: &NewApp) -> Result<Issued, Problem> {
    let region = require(tx.conn(), ctx, new.bound)?;
    let (name, addresses, methods) = checked(&new.terms)?;
    let code = new.profile.as_deref().map(str::trim).filter(|code| !code.is_empty()).unwrap_or(NATIONAL);
    let unknown =
        || Problem::invalid("没有这个平台配置。", "There is no such platform profile.").at("profile", "unknown_reference");
    let profile = ctx.ground.settings.platforms.get(code).ok_or_else(unknown)?;
    let secret = match new.secret.as_deref().filter(|text| !text.is_empty()) {
        Some(given) if AppSecret::parse(given).is_none() => {
            let en = "A secret has exactly 32 bytes.";
            return Err(Problem::invalid("密钥必须正好 32 个字节。", en).at("secret", "bad_format"));
        }
        Some(given) => given.to_owned(),
        None => fresh_secret(ctx.vault())?,
    };
    let corp_secret = if profile.corpsign { Some(fresh_secret(ctx.vault())?) } else { None };
    let recorded_seq = tx.seq(Chain::Organisation)?;
    let app_id = match new.app_id.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        Some(given) => given.to_owned(),
        None => {
            let head = format!("{region}{}", ctx.today.to_string().replace('-', ""));
            let number = crate::realname::table::next_number(tx.conn(), &format!("app {head}"))?;
            format!("{head}{number:04}")
        }
    };
    if app_id.len() != APP_ID_LEN || !app_id.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Problem::invalid("应用编号应为 18 位数字。", "An app id has 18 digits.").at("app_id", "bad_format"));
    }
    if table::by_app_id(tx.conn(), &app_id)?.is_some() {
        return Err(Problem::conflict("该应用编号已存在。", "This app id is taken.").at("app_id", "duplicate"));
    }
    let (project_id, party_id) = match new.bound {
        Bound::Project(project) => (Some(project), None),
        Bound::Party(party) => (None, Some(party)),
    };
    let row = AppRow {
        id: RecordId(ctx.id()),
        app_id,
        name,
        profile: code.to_owned(),
        project_id,
        party_id,
        secret: ctx.vault().seal(tx.conn(), Owner::Global, secret.as_bytes())?,
        corp_secret: match &corp_secret {
            Some(text) => Some(ctx.vault().seal(tx.conn(), Owner::Global, text.as_bytes())?),
            None => None,
        },
        addresses,
        methods,
        state: AppState::Active,
        created_at: ctx.now,
        changed_at: ctx.now,
        recorded_seq,
    };
    table::insert(tx, &row)?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "issue_app", &row.id.to_string())?;
    Ok(Issued { app: row, secret, corp_secret })
}

/// An app that the asker may look after.
///
/// # Errors
/// `not_found` both when there is none and when it is another's.
pub fn enter(conn: &mut AnyConn, ctx: &Ctx, id: RecordId) -> Result<AppRow, Problem> {
    let row = table::find(conn, id)?.ok_or_else(Problem::not_found)?;
    let bound = bound_of(&row)?;
    require(conn, ctx, bound)?;
    Ok(row)
}

/// Apps that one page looks at to fill itself with visible ones.
const LOOKED_AT_MAX: i64 = 5_000;

/// The apps that the asker may look after, a page of them in order of id.
pub fn visible(conn: &mut AnyConn, ctx: &Ctx, after: i64, limit: i64) -> Result<Vec<AppRow>, Problem> {
    let (mut rows, mut after, mut looked_at) = (Vec::new(), after, 0);
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    while rows.len() < wanted && looked_at < LOOKED_AT_MAX {
        let batch = table::page(conn, after, limit)?;
        let Some(last) = batch.last() else { break };
        after = last.id.0;
        looked_at += limit;
        for row in batch {
            if require(conn, ctx, bound_of(&row)?).is_ok() && rows.len() < wanted {
                rows.push(row);
            }
        }
    }
    Ok(rows)
}

/// Changes an app that the asker may look after.
fn change(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    id: RecordId,
    verb: &'static str,
    work: impl FnOnce(&mut Tx<'_>, AppRow) -> Result<AppRow, Problem>,
) -> Result<AppRow, Problem> {
    let recorded_seq = tx.seq(Chain::Organisation)?;
    let row = enter(tx.conn(), ctx, id)?;
    let row = AppRow { changed_at: ctx.now, recorded_seq, ..work(tx, row)? };
    table::update(tx, &row)?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), verb, &row.id.to_string())?;
    Ok(row)
}

/// Gives an app new secrets; the old ones are worth nothing from now on.
///
/// # Errors
/// `conflict` while requests of the app wait for their job: they are encrypted with the old secret. Whoever cannot wait switches it off.
pub fn renew(tx: &mut Tx<'_>, ctx: &Ctx, id: RecordId) -> Result<Issued, Problem> {
    let secret = fresh_secret(ctx.vault())?;
    let second = fresh_secret(ctx.vault())?;
    let app = change(tx, ctx, id, "renew_app_secret", |tx, row| {
        if crate::realname::table::waiting(tx.conn(), row.id)? > 0 {
            let (zh, en) = (
                "还有请求正在处理，请几秒后再试；急需时先停用。",
                "Requests are under way; try again in seconds, or switch it off.",
            );
            return Err(Problem::conflict(zh, en).at("app", "duplicate"));
        }
        let corp_secret = match &row.corp_secret {
            Some(_) => Some(ctx.vault().seal(tx.conn(), Owner::Global, second.as_bytes())?),
            None => None,
        };
        Ok(AppRow { secret: ctx.vault().seal(tx.conn(), Owner::Global, secret.as_bytes())?, corp_secret, ..row })
    })?;
    let corp_secret = app.corp_secret.as_ref().map(|_| second);
    Ok(Issued { app, secret, corp_secret })
}

/// Switches an app off or on again.
pub fn set_state(tx: &mut Tx<'_>, ctx: &Ctx, id: RecordId, state: AppState) -> Result<AppRow, Problem> {
    change(tx, ctx, id, "set_app_state", |_, row| Ok(AppRow { state, ..row }))
}

/// Changes name, addresses and methods.
pub fn set_terms(tx: &mut Tx<'_>, ctx: &Ctx, id: RecordId, terms: &Terms) -> Result<AppRow, Problem> {
    change(tx, ctx, id, "set_app_terms", |_, row| {
        let (name, addresses, methods) = checked(terms)?;
        Ok(AppRow { name, addresses, methods, ..row })
    })
}

/// Opens the secrets of an app for checking a request; the app's own id is the only right that is looked at here.
pub fn open(conn: &mut AnyConn, vault: &Vault, app: AppRow) -> Result<Opened, Problem> {
    let secret = vault.open_text(conn, Owner::Global, &app.secret)?;
    let secret = AppSecret::parse(&secret).ok_or_else(|| Problem::internal("the secret of an app has a wrong length"))?;
    let corp_secret = match &app.corp_secret {
        Some(sealed) => Some(vault.open_text(conn, Owner::Global, sealed)?),
        None => None,
    };
    Ok(Opened { app, secret, corp_secret })
}
