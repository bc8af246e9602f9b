//! What people do: add a platform, pause and resume it, have its signature tested, its lists compared, a record sent again, taken off
//! the queue, or filled with what the registries lack.

use serde_json::Value;

use super::outbox::outcome::UNKNOWN_SECONDS;
use super::outbox::sweeping::state_of;
use super::outbox::table::{self as outbox, RecordRow};
use super::table::{self, FieldsRow, PlatformRow, QueueRow, ReceiptRow};
use super::{NAME_MAX, PLATFORMS_MAX, PlatformState, RecordState, ReportKind, believing};
use crate::base::Day;
use crate::base::id::RecordId;
use crate::outlets::calling;
use crate::projects::Site;
use crate::store::vault::Owner;
use crate::store::{AnyConn, Chain, Tx};
use crate::web::{Ctx, Problem};
use crate::wire::openapi::cipher::AppSecret;
use crate::wire::openapi::methods::Kind;
use crate::wire::openapi::profile::{NATIONAL, Profile};
use crate::wire::openapi::writing::Plain;

/// The longest address of a platform, in bytes.
const ADDRESS_MAX: usize = 300;
/// The longest id of an app, in bytes.
const APP_ID_MAX: usize = 64;
/// The longest note, in characters.
pub const NOTE_MAX: usize = 200;
/// Fields that are told of a record at most, and the bytes of all of them: a head's picture is the largest.
const FIELDS_MAX: usize = 40;
const FIELDS_BYTES_MAX: usize = 200_000;

/// A platform to be added.
#[derive(Debug, Clone)]
pub struct NewPlatform {
    /// Name for people.
    pub name: String,
    /// Where it takes requests.
    pub address: String,
    /// Its profile; the national one where none is named.
    pub profile: Option<String>,
    /// Id that it issued.
    pub app_id: String,
    /// What changes later.
    pub terms: Terms,
    /// The first day that is reported; today where none is named.
    pub from_on: Option<Day>,
}

/// What of a platform may change.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// The secret that belongs to the id; the one on record where none is given.
    pub secret: Option<String>,
    /// The second secret, where the platform asks for `corpsign`.
    pub corp_secret: Option<String>,
    /// The code that it has given the project already.
    pub project_code: Option<String>,
    /// Kinds that go there; none for all.
    pub kinds: Vec<ReportKind>,
}

/// A platform whose secrets are open.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The platform.
    pub row: PlatformRow,
    /// Its secret.
    pub secret: AppSecret,
    /// Its second secret.
    pub corp_secret: Option<String>,
    /// Its profile.
    pub profile: Profile,
}

fn filled(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn odd(zh: &str, en: &str, place: &str) -> Problem {
    Problem::invalid(zh, en).at(place, "bad_format")
}

fn secret_of(text: &str) -> Result<String, Problem> {
    let secret =
        AppSecret::parse(text).ok_or_else(|| odd("密钥必须正好 32 个字节。", "A secret has exactly 32 bytes.", "secret"))?;
    Ok(secret.as_str().to_owned())
}

fn kinds_of(kinds: &[ReportKind]) -> String {
    let wanted = ReportKind::ALL.iter().filter(|kind| kinds.is_empty() || kinds.contains(kind));
    wanted.map(|kind| kind.as_str()).collect::<Vec<_>>().join(" ")
}

fn checked_code(terms: &Terms) -> Result<Option<String>, Problem> {
    let code = filled(terms.project_code.as_deref());
    match &code {
        Some(text) if text.chars().count() > 60 => {
            Err(odd("项目编码最多 60 个字。", "A project's code has at most 60 characters.", "project_code"))
        }
        _ => Ok(code),
    }
}

/// Adds a platform.
///
/// # Errors
/// `invalid` for an address that is none, an unknown profile, a secret that is not 32 bytes; `conflict` for the same platform twice
/// and beyond [`PLATFORMS_MAX`].
pub fn add(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, new: &NewPlatform) -> Result<PlatformRow, Problem> {
    let chain = Chain::Project(site.id);
    let recorded_seq = tx.seq(chain)?;
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX {
        return Err(odd("名称应为 1 至 60 个字。", "A name has 1 to 60 characters.", "name"));
    }
    let address = new.address.trim();
    let is_address = ["http://", "https://"].iter().any(|head| address.strip_prefix(head).is_some_and(|rest| !rest.is_empty()));
    if !is_address || address.len() > ADDRESS_MAX || !address.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(odd(
            "地址应为 http:// 或 https:// 开头的完整网址。",
            "Write the whole address, with http:// or https://.",
            "address",
        ));
    }
    if let Some(inside) = calling::inside(address)
        && !ctx.ground.settings.outgoing_allowed.iter().any(|network| network.holds(inside))
    {
        return Err(odd(
            "该地址是本机或内网地址，不能作为上报平台；自有网络中的平台请先由运维人员在 [outgoing] allowed 中放行。",
            "This address is one of this machine or of a private network; the operator allows a network of your own under [outgoing] allowed first.",
            "address",
        ));
    }
    let code = filled(new.profile.as_deref()).unwrap_or_else(|| NATIONAL.to_owned());
    let unknown =
        || Problem::invalid("没有这个平台配置。", "There is no such platform profile.").at("profile", "unknown_reference");
    let profile = ctx.ground.settings.platforms.get(&code).ok_or_else(unknown)?;
    let app_id = new.app_id.trim();
    if app_id.is_empty() || app_id.len() > APP_ID_MAX || !app_id.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(odd("请填写平台发放的 appid。", "Write the appid that the platform issued.", "app_id"));
    }
    let secret = secret_of(new.terms.secret.as_deref().unwrap_or_default())?;
    let corp_secret = filled(new.terms.corp_secret.as_deref());
    if profile.corpsign && corp_secret.is_none() {
        return Err(odd("该平台需要 corpSecret。", "This platform asks for a corpSecret.", "corp_secret"));
    }
    let known = table::platforms_of(tx.conn(), site.id)?;
    if known.len() >= PLATFORMS_MAX {
        return Err(Problem::conflict("一个项目最多上报 8 个平台。", "A project reports to at most 8 platforms.")
            .at("name", "over_limit"));
    }
    if known.iter().any(|row| row.address == address && row.app_id == app_id) {
        return Err(Problem::conflict("该平台已添加。", "This platform is there already.").at("address", "duplicate"));
    }
    let row = PlatformRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        name: name.to_owned(),
        address: address.to_owned(),
        profile: code,
        app_id: app_id.to_owned(),
        secret: ctx.vault().seal(tx.conn(), Owner::Project(site.id), secret.as_bytes())?,
        corp_secret: match corp_secret {
            Some(text) => Some(ctx.vault().seal(tx.conn(), Owner::Project(site.id), text.as_bytes())?),
            None => None,
        },
        project_code: checked_code(&new.terms)?,
        kinds: kinds_of(&new.terms.kinds),
        from_on: new.from_on.unwrap_or(ctx.today),
        state: PlatformState::Active,
        created_at: ctx.now,
        changed_by: ctx.actor().to_owned(),
        changed_at: ctx.now,
        recorded_seq,
    };
    table::insert_platform(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "add_report_platform", &row.id.to_string())?;
    Ok(row)
}

/// A platform of the project.
///
/// # Errors
/// `not_found` for another's.
pub fn enter(conn: &mut AnyConn, site: &Site, id: RecordId) -> Result<PlatformRow, Problem> {
    table::platform(conn, site.id, id)?.ok_or_else(Problem::not_found)
}

/// Opens the secrets of a platform.
///
/// # Errors
/// A profile that is gone, damaged secrets.
pub fn open(conn: &mut AnyConn, ctx: &Ctx, row: PlatformRow) -> Result<Opened, Problem> {
    let owner = Owner::Project(row.project_id);
    let text = ctx.vault().open_text(conn, owner, &row.secret)?;
    let secret = AppSecret::parse(&text).ok_or_else(|| Problem::internal("the secret of a platform has a wrong length"))?;
    let corp_secret = match &row.corp_secret {
        Some(sealed) => Some(ctx.vault().open_text(conn, owner, sealed)?),
        None => None,
    };
    let profile = ctx.ground.settings.platforms.get(&row.profile).cloned();
    let profile = profile.ok_or_else(|| Problem::internal("a platform has no profile any more"))?;
    Ok(Opened { row, secret, corp_secret, profile })
}

fn change(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    id: RecordId,
    (verb, work): (&'static str, impl FnOnce(&mut Tx<'_>, PlatformRow) -> Result<PlatformRow, Problem>),
) -> Result<PlatformRow, Problem> {
    let chain = Chain::Project(site.id);
    let recorded_seq = tx.seq(chain)?;
    let row = enter(tx.conn(), site, id)?;
    let row = PlatformRow { changed_by: ctx.actor().to_owned(), changed_at: ctx.now, recorded_seq, ..work(tx, row)? };
    table::update_platform(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), verb, &row.id.to_string())?;
    wake(tx, ctx, id)?;
    Ok(row)
}

/// Has the queue swept at once, and messages that wait for their time go out.
fn wake(tx: &mut Tx<'_>, ctx: &Ctx, platform: RecordId) -> Result<(), Problem> {
    if let Some(queue) = table::queue(tx.conn(), platform)? {
        table::save_queue(tx.conn(), &QueueRow { stopped: None, swept_at: None, probe_at: ctx.now, ..queue })?;
    }
    Ok(outbox::wake(tx.conn(), platform, ctx.now, UNKNOWN_SECONDS)?)
}

/// Pauses or resumes a platform; what stopped its queue is seen to.
pub fn set_state(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, id: RecordId, state: PlatformState) -> Result<PlatformRow, Problem> {
    change(tx, ctx, site, id, ("set_report_platform_state", |_: &mut Tx<'_>, row| Ok(PlatformRow { state, ..row })))
}

/// Changes secrets, the project's code and kinds.
///
/// # Errors
/// `invalid` for a secret that is not 32 bytes.
pub fn set_terms(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, id: RecordId, terms: &Terms) -> Result<PlatformRow, Problem> {
    let project_code = checked_code(terms)?;
    let secret = filled(terms.secret.as_deref()).map(|text| secret_of(&text)).transpose()?;
    let owner = Owner::Project(site.id);
    let work = |tx: &mut Tx<'_>, row: PlatformRow| {
        let secret = match secret {
            Some(text) => ctx.vault().seal(tx.conn(), owner, text.as_bytes())?,
            None => row.secret.clone(),
        };
        let corp_secret = match filled(terms.corp_secret.as_deref()) {
            Some(text) => Some(ctx.vault().seal(tx.conn(), owner, text.as_bytes())?),
            None => row.corp_secret.clone(),
        };
        Ok(PlatformRow { secret, corp_secret, project_code, kinds: kinds_of(&terms.kinds), ..row })
    };
    change(tx, ctx, site, id, ("set_report_platform_terms", work))
}

/// Has the signature tested by the platform.
pub fn ask_test(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, id: RecordId) -> Result<(), Problem> {
    enter(tx.conn(), site, id)?;
    let queue = table::queue(tx.conn(), id)?.ok_or_else(Problem::not_found)?;
    Ok(table::save_queue(tx.conn(), &QueueRow { test_asked_at: Some(ctx.now), ..queue })?)
}

/// Has the platform's lists compared with what it was told; gives how many lists.
pub fn ask_comparison(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, id: RecordId) -> Result<usize, Problem> {
    let platform = enter(tx.conn(), site, id)?;
    believing::ask_all(tx, ctx, &platform)
}

/// A record that waits for a person.
fn stuck(tx: &mut Tx<'_>, site: &Site, id: RecordId) -> Result<RecordRow, Problem> {
    let row = outbox::record(tx.conn(), site.id, id)?.ok_or_else(Problem::not_found)?;
    if matches!(row.state, RecordState::Refused | RecordState::WithPerson) {
        return Ok(row);
    }
    Err(Problem::conflict(
        "只有被拒绝或待人工处理的记录可以这样处理。",
        "Only a refused record, or one with a person, can be seen to.",
    )
    .at("record", "bad_state"))
}

/// Sends a record again that was refused or is a person's.
///
/// # Errors
/// `conflict` for one that is on its way or accepted.
pub fn again(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, id: RecordId) -> Result<RecordRow, Problem> {
    let chain = Chain::Project(site.id);
    tx.seq(chain)?;
    let row = stuck(tx, site, id)?;
    let fresh = RecordRow { tries: 0, failing_since: None, next_at: ctx.now, ..row };
    let row = RecordRow { state: RecordState::Queued, reason: String::new(), changed_at: ctx.now, ..fresh };
    outbox::save_record(tx.conn(), &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "report_again", &row.id.to_string())?;
    Ok(row)
}

/// Takes a record from its person: they have seen that the platform has it, so it counts as accepted.
///
/// # Errors
/// `conflict` for one that is on its way or accepted, `invalid` without a note.
pub fn settled(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, id: RecordId, note: &str) -> Result<RecordRow, Problem> {
    let chain = Chain::Project(site.id);
    let recorded_seq = tx.seq(chain)?;
    let note = note.trim();
    if note.is_empty() || note.chars().count() > NOTE_MAX {
        return Err(odd("请用 1 至 200 个字说明依据。", "Say why, in 1 to 200 characters.", "note"));
    }
    let row = stuck(tx, site, id)?;
    let row = RecordRow {
        accepted: Some(row.wanted.clone()),
        accepted_body: Some(row.body.clone()),
        accepted_at: Some(ctx.now),
        state: state_of(row.kind, &row.wanted, Some(&row.wanted), ""),
        reason: String::new(),
        tries: 0,
        failing_since: None,
        changed_at: ctx.now,
        ..row
    };
    outbox::save_record(tx.conn(), &row)?;
    let receipt = ReceiptRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        platform_id: row.platform_id,
        call_id: row.id,
        kind: row.kind,
        method: row.kind.add().as_str().to_owned(),
        outcome: "by_hand".to_owned(),
        serial_code: None,
        items: 1,
        content: crate::store::journal::sha256(row.wanted.as_bytes()),
        answer: note.to_owned(),
        at: ctx.now,
        recorded_seq,
    };
    table::insert_receipt(tx, &receipt)?;
    tx.note(chain, ctx.now, ctx.actor(), "report_settled", &row.id.to_string())?;
    Ok(row)
}

/// Tells fields of a record that platforms ask for and no registry holds; they go to every platform of the project.
///
/// # Errors
/// `invalid` for a field that the protocol does not have there, `too_large` beyond 200,000 bytes.
pub fn tell(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, id: RecordId, fields: &Plain) -> Result<(), Problem> {
    let chain = Chain::Project(site.id);
    let recorded_seq = tx.seq(chain)?;
    let row = outbox::record(tx.conn(), site.id, id)?.ok_or_else(Problem::not_found)?;
    let shape = row.kind.add().shape();
    let known =
        |key: &str| shape.root.iter().chain(shape.list.iter().flat_map(|list| list.fields)).find(|field| field.key == key);
    for (key, value) in fields {
        let fits = known(key).is_some_and(|field| matches!(field.kind, Kind::Items(..) | Kind::Files(_)) == value.is_array());
        if !fits || value.is_object() {
            let zh = format!("该类记录没有字段 {key}，或其形式不对。");
            return Err(
                Problem::invalid(zh, format!("there is no field `{key}` here, or its form is wrong")).at("fields", "bad_format")
            );
        }
    }
    let mut all = Plain::new();
    for before in table::fields_of(tx.conn(), site.id, row.kind)?.into_iter().filter(|before| before.subject_id == row.subject_id)
    {
        let text = ctx.vault().open_text(tx.conn(), Owner::Project(site.id), &before.body)?;
        all = serde_json::from_str(&text).map_err(|error| Problem::internal(&error.to_string()))?;
    }
    all.extend(fields.clone());
    all.retain(|_, value| !value.is_null() && value.as_str() != Some(""));
    let text = Value::Object(all.clone()).to_string();
    if all.len() > FIELDS_MAX || text.len() > FIELDS_BYTES_MAX {
        return Err(Problem::invalid("补充字段过多或过大。", "There are too many fields, or they are too large.")
            .at("fields", "over_limit"));
    }
    let new = FieldsRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        kind: row.kind,
        subject_id: row.subject_id,
        body: ctx.vault().seal(tx.conn(), Owner::Project(site.id), text.as_bytes())?,
        recorded_by: ctx.actor().to_owned(),
        recorded_at: ctx.now,
        recorded_seq,
    };
    table::insert_fields(tx, &new)?;
    tx.note(chain, ctx.now, ctx.actor(), "tell_report_fields", &new.id.to_string())?;
    for platform in table::platforms_of(tx.conn(), site.id)? {
        if let Some(queue) = table::queue(tx.conn(), platform.id)? {
            table::save_queue(tx.conn(), &QueueRow { swept_at: None, ..queue })?;
        }
    }
    Ok(())
}
