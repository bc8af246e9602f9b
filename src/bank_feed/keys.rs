//! Keys of a bank's user: made, rotated with an overlap, revoked by an administrator. A secret is shown once; of a pair of keys only the
//! public half ever comes here.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::VerifyingKey;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use p256::pkcs8::DecodePublicKey;

use super::KeyKind;
use super::table::{self, KeyRow};
use crate::base::id::{RecordId, UserId};
use crate::store::vault::Owner;
use crate::store::{AnyConn, Chain, Tx};
use crate::users::{self, managing};
use crate::web::scope::verbs_of;
use crate::web::{Ctx, Problem, Verb};

/// Keys of one user that may sign at once.
pub const LIVE_MAX: usize = 5;

/// The longest overlap after a rotation, in hours: thirty days.
pub const OVERLAP_HOURS_MAX: i64 = 720;

/// The longest name of a key, in characters.
const NAME_MAX: usize = 60;

/// A key as made; the secret of an HMAC key is shown this once, a pair of keys has none here.
#[derive(Debug, Clone)]
pub struct Made {
    /// The key.
    pub row: KeyRow,
    /// Its secret.
    pub secret: Option<String>,
}

/// The Base64 of a key, of which the lines of a PEM file are left out.
fn bare(text: &str) -> String {
    let lines = text.replace("-----BEGIN PUBLIC KEY-----", "").replace("-----END PUBLIC KEY-----", "");
    lines.chars().filter(|c| !c.is_ascii_whitespace()).collect()
}

/// The point of a public key for ES256, told as a point or as DER; `None` for anything that is no point of P-256.
pub(super) fn es256_point(bytes: &[u8]) -> Option<Vec<u8>> {
    let key = p256::PublicKey::from_public_key_der(bytes).ok();
    let key = key.or_else(|| p256::PublicKey::from_sec1_bytes(bytes).ok());
    key.map(|key| key.to_encoded_point(false).as_bytes().to_vec())
}

/// A user who may feed and whom the asker may manage.
fn sender(conn: &mut AnyConn, ctx: &Ctx, user: UserId) -> Result<(), Problem> {
    managing::enter(conn, ctx, user)?;
    let grants = users::table::grants_of(conn, user, ctx.today)?;
    if grants.iter().filter_map(users::table::GrantRow::grant).any(|grant| verbs_of(grant.role).contains(&Verb::FeedBank)) {
        return Ok(());
    }
    let (zh, en) = ("该用户没有报送银行数据的角色。", "This user has no role that may feed bank data.");
    Err(Problem::invalid(zh, en).at("user", "bad_format"))
}

fn fresh(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    user: UserId,
    name: &str,
    (kind, public_key): (KeyKind, Option<&str>),
) -> Result<Made, Problem> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX {
        return Err(Problem::invalid("名称应为 1 至 60 个字。", "A name has 1 to 60 characters.").at("name", "bad_format"));
    }
    let live = table::keys_of(tx.conn(), user)?.iter().filter(|row| row.is_live(ctx.now)).count();
    if live >= LIVE_MAX {
        let problem = Problem::conflict(
            "有效密钥已达上限，请先吊销不用的密钥。",
            "There are enough live keys; revoke one that is not used.",
        );
        return Err(problem.at("user", "over_limit"));
    }
    let (bytes, secret) = match kind {
        KeyKind::Hmac => {
            let secret = URL_SAFE_NO_PAD.encode(ctx.vault().random::<32>()?);
            (secret.clone().into_bytes(), Some(secret))
        }
        KeyKind::Ed25519 => {
            let odd = || {
                let (zh, en) = (
                    "公钥应为 32 字节 Ed25519 公钥的 Base64。",
                    "The public key should be the 32 bytes of an Ed25519 key in Base64.",
                );
                Problem::invalid(zh, en).at("public_key", "bad_format")
            };
            let bytes: [u8; 32] = STANDARD
                .decode(public_key.unwrap_or_default().trim())
                .ok()
                .and_then(|bytes| bytes.try_into().ok())
                .ok_or_else(odd)?;
            let known = VerifyingKey::from_bytes(&bytes).map_err(|_| odd())?;
            if known.is_weak() {
                return Err(odd());
            }
            (bytes.to_vec(), None)
        }
        KeyKind::Es256 => {
            let told = STANDARD.decode(bare(public_key.unwrap_or_default())).ok();
            let point = told.and_then(|bytes| es256_point(&bytes)).ok_or_else(|| {
                let (zh, en) = (
                    "公钥应为 P-256（secp256r1）公钥的 Base64：65 字节的点，或 PEM/DER 格式的公钥。",
                    "The public key should be one of P-256 (secp256r1) in Base64: the point of 65 bytes, or the key as PEM or DER.",
                );
                Problem::invalid(zh, en).at("public_key", "bad_format")
            })?;
            (point, None)
        }
    };
    let row = KeyRow {
        id: RecordId(ctx.id()),
        user_id: user,
        name: name.to_owned(),
        kind,
        secret: ctx.vault().seal(tx.conn(), Owner::Global, &bytes)?,
        created_by: ctx.actor().to_owned(),
        created_at: ctx.now,
        ends_at: None,
        revoked_at: None,
        recorded_seq: tx.seq(Chain::Organisation)?,
    };
    table::insert_key(tx, &row)?;
    Ok(Made { row, secret })
}

/// Makes a key for a user who may feed.
///
/// # Errors
/// `not_found` for a user whom the asker may not see, `not_allowed` for oneself, `invalid` without the role, `conflict` beyond
/// [`LIVE_MAX`].
pub fn make(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    user: UserId,
    name: &str,
    kind: KeyKind,
    public_key: Option<&str>,
) -> Result<Made, Problem> {
    tx.seq(Chain::Organisation)?;
    sender(tx.conn(), ctx, user)?;
    let made = fresh(tx, ctx, user, name, (kind, public_key))?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "make_bank_key", &made.row.id.to_string())?;
    Ok(made)
}

/// A key whose user the asker may manage.
fn enter(conn: &mut AnyConn, ctx: &Ctx, id: RecordId) -> Result<KeyRow, Problem> {
    let row = table::key(conn, id)?.ok_or_else(Problem::not_found)?;
    managing::look(conn, ctx, row.user_id)?;
    Ok(row)
}

/// Makes the next key of the same user; the old one signs for some hours more, so that nothing is refused in between.
///
/// # Errors
/// `conflict` for a key that is over, `invalid` for an odd overlap.
pub fn rotate(tx: &mut Tx<'_>, ctx: &Ctx, id: RecordId, overlap_hours: i64, public_key: Option<&str>) -> Result<Made, Problem> {
    let recorded_seq = tx.seq(Chain::Organisation)?;
    let mut old = enter(tx.conn(), ctx, id)?;
    if !(0..=OVERLAP_HOURS_MAX).contains(&overlap_hours) {
        let problem = Problem::invalid("重叠期应为 0 至 720 小时。", "The overlap is 0 to 720 hours.");
        return Err(problem.at("overlap_hours", "over_limit"));
    }
    if !old.is_live(ctx.now) {
        return Err(Problem::conflict("该密钥已失效，请新建密钥。", "This key is over; make a new one.").at("key", "bad_format"));
    }
    sender(tx.conn(), ctx, old.user_id)?;
    let end = ctx.now.plus_seconds(overlap_hours.saturating_mul(3600));
    old.ends_at = Some(old.ends_at.map_or(end, |known| known.min(end)));
    old.recorded_seq = recorded_seq;
    table::end_key(tx, &old)?;
    let made = fresh(tx, ctx, old.user_id, &old.name, (old.kind, public_key))?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "rotate_bank_key", &format!("{} {}", old.id, made.row.id))?;
    Ok(made)
}

/// Ends a key at once; a second time changes nothing.
pub fn revoke(tx: &mut Tx<'_>, ctx: &Ctx, id: RecordId) -> Result<KeyRow, Problem> {
    let recorded_seq = tx.seq(Chain::Organisation)?;
    let mut row = enter(tx.conn(), ctx, id)?;
    if row.revoked_at.is_none() {
        row.revoked_at = Some(ctx.now);
        row.recorded_seq = recorded_seq;
        table::end_key(tx, &row)?;
        tx.note(Chain::Organisation, ctx.now, ctx.actor(), "revoke_bank_key", &id.to_string())?;
    }
    Ok(row)
}

/// The keys of users whom the asker may see, with the users' names.
pub fn visible(conn: &mut AnyConn, ctx: &Ctx) -> Result<Vec<(KeyRow, String)>, Problem> {
    let mut found = Vec::new();
    for row in table::all_keys(conn)? {
        if let Ok(user) = managing::look(conn, ctx, row.user_id) {
            found.push((row, user.name));
        }
    }
    Ok(found)
}

/// Users whom the asker may see and who may feed, by id and name.
pub fn senders(conn: &mut AnyConn, ctx: &Ctx, limit: i64) -> Result<Vec<(UserId, String)>, Problem> {
    let mut found = Vec::new();
    for user in users::table::list(conn, 0, limit)? {
        if sender(conn, ctx, user.id).is_ok() {
            found.push((user.id, user.name));
        }
    }
    Ok(found)
}
