//! Giving out certificates and telling whether one still stands.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::table::{self, CertificateRow};
use super::{AUDIENCE, CertifiedParty, CertifiedProject, Claims, DAYS, sign};
use crate::base::id::{AnswerId, RecordId};
use crate::base::words;
use crate::gates::actions::{Answered, fetch};
use crate::gates::overriding::{self, InForce};
use crate::gates::table as answers;
use crate::parties;
use crate::projects;
use crate::store::{AnyConn, Sealed, Tx, keys};
use crate::web::{Ctx, Problem};

words! {
    /// Whether a certificate still stands.
    pub enum Standing, "standing of a certificate" {
        /// It does.
        Valid = "valid",
        /// Its days are over.
        Expired = "expired",
        /// The same gate was asked again about the same subject and answered otherwise.
        Superseded = "superseded",
    }
}
crate::web::openapi::word_schema!(Standing);

/// Bytes of an address: 128 bits that nobody guesses.
const TOKEN_BYTES: usize = 16;

/// The certificate of an answer. One that still holds is given again, so that asking twice makes no second one.
///
/// # Errors
/// `not_found` for an answer that the asker may not see, `invalid` for one that is older than a certificate may be.
pub fn issue(tx: &mut Tx<'_>, ctx: &Ctx, id: AnswerId) -> Result<CertificateRow, Problem> {
    let answered = fetch(tx.conn(), ctx, id)?;
    // The chain is locked before what was given out is looked at, so that two who ask at once get one.
    let chain = answered.row.chain();
    let recorded_seq = tx.seq(chain)?;
    if let Some(row) = table::latest(tx.conn(), id)?.filter(|row| ctx.now < row.expires_at) {
        return Ok(row);
    }
    let expires_at = answered.row.asked_at.plus_seconds(DAYS * 86_400);
    if ctx.now >= expires_at {
        // The facts of an old answer are old facts: a fresh certificate of them would mislead.
        return Err(Problem::invalid(
            "该答复作出已超过 7 天，请重新提问后再出具证明。",
            "This answer is more than seven days old; ask the gate again and certify that answer.",
        )
        .at("answer", "too_old"));
    }
    let token = URL_SAFE_NO_PAD.encode(ctx.vault().random::<TOKEN_BYTES>()?);
    let kid = keys::certificate_kid(tx.conn())?;
    let claims = claims(tx.conn(), ctx, &answered, &token, expires_at.unix_seconds())?;
    let row = CertificateRow {
        id: RecordId(ctx.id()),
        answer_id: id,
        project_id: answered.row.project_id,
        signed: sign(ctx.vault(), &kid, &claims)?,
        token,
        kid,
        issued_at: ctx.now,
        expires_at,
        issued_by: ctx.actor().to_owned(),
        recorded_seq,
    };
    table::insert(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "issue_certificate", &id.to_string())?;
    Ok(row)
}

fn claims(conn: &mut AnyConn, ctx: &Ctx, answered: &Answered, token: &str, exp: i64) -> Result<Claims, Problem> {
    let row = &answered.row;
    let mut named = Vec::new();
    for (role, id) in [("owner", row.owner_id), ("general_contractor", row.contractor_id)] {
        if let Some(party) = id.map(|id| parties::table::find(conn, &ctx.scope, id)).transpose()?.flatten() {
            named.push(CertifiedParty { role: role.to_owned(), name: party.name, uscc: party.uscc });
        }
    }
    let project = match row.project_id {
        Some(id) => {
            let site = projects::enter(conn, &ctx.scope, id)?;
            Some(CertifiedProject { code: site.code, name: site.name })
        }
        None => None,
    };
    let settings = &ctx.ground.settings;
    Ok(Claims {
        iss: settings.issuer.clone(),
        aud: AUDIENCE.to_owned(),
        jti: row.id,
        iat: ctx.now.unix_seconds(),
        exp,
        gate: row.gate.clone(),
        verdict: row.verdict.clone(),
        basis: row.basis.clone(),
        needs_person: answered.decision.needs_person,
        project,
        parties: named,
        region: row.region,
        as_of: row.as_of,
        law_book: row.law_book.clone(),
        facts_hash: row.facts_hash.clone(),
        answer_hash: row.answer_hash.clone(),
        set_aside: match row.project_id {
            Some(project) if overriding::actions::is_refusal(&row.gate, &row.verdict) => {
                overriding::actions::in_force(conn, project, &row.gate, ctx.today)?
            }
            _ => None,
        },
        scope: "本平台登记的项目 / projects registered on this server".to_owned(),
        status: format!("{}/certificates/{token}", settings.upkeep.base_url),
    })
}

/// What the address on a certificate tells everybody who has it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CertificateStatus {
    /// valid, expired or superseded.
    pub standing: Standing,
    /// What it says.
    pub claims: Claims,
    /// Set aside by two persons today: who, until when, on which ground.
    #[serde(rename = "override")]
    pub set_aside: Option<InForce>,
    /// The signed text.
    pub signed: String,
}

/// Whether the certificate of a token still stands.
///
/// # Errors
/// `not_found` for a token that is none.
pub fn status(conn: &mut AnyConn, ctx: &Ctx, token: &str) -> Result<CertificateStatus, Problem> {
    let row = table::by_token(conn, token)?.ok_or_else(Problem::not_found)?;
    let answer = answers::find(conn, row.answer_id)?.ok_or_else(Problem::not_found)?;
    let damaged = || Problem::internal(&format!("certificate {} does not read", row.id));
    let body = row.signed.split('.').nth(1).ok_or_else(damaged)?;
    let body = URL_SAFE_NO_PAD.decode(body).map_err(|_| damaged())?;
    let claims: Claims = serde_json::from_slice(&body).map_err(|_| damaged())?;
    let standing = if ctx.now >= row.expires_at {
        Standing::Expired
    } else if answers::is_contradicted(conn, &answer, ctx.today)? {
        Standing::Superseded
    } else {
        Standing::Valid
    };
    let set_aside = match row.project_id {
        Some(project) if overriding::actions::is_refusal(&answer.gate, &answer.verdict) => {
            overriding::actions::in_force(conn, project, &answer.gate, ctx.today)?
        }
        _ => None,
    };
    Ok(CertificateStatus { standing, claims, set_aside, signed: row.signed })
}
