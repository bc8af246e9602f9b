//! Making links, opening one with the second means, signing by it.

use std::collections::BTreeSet;

use super::pins::{self, PinOrigin};
use super::table::{self, LinkRow};
use super::{LINK_DAYS, LINKS_MAX, MadeLink, TRIES_MAX, is_code, path_of};
use crate::base::id::{LineId, RecordId, SheetId};
use crate::payroll::actions::{open_sheet, require_state};
use crate::payroll::signing::{NewSignature, sign_by_links};
use crate::payroll::slip::{self, Slip};
use crate::payroll::table::{LineRow, SheetRow, line, lines_of, sheet};
use crate::payroll::{LineState, Means, SheetState};
use crate::projects::{self, Site};
use crate::store::journal::{hex, sha256};
use crate::store::{AnyConn, Chain, StoreError, Tx};
use crate::web::{Code, Ctx, Problem, Scope};
use crate::workers;

/// Bytes of a secret.
const SECRET_BYTES: usize = 16;

/// Who acts when somebody signs by a link.
const ACTOR: &str = "sign-link";

/// Makes links for unsigned lines of a draft: for those that are named, or else for the first ones that have none which works, at most
/// [`LINKS_MAX`]. A new link for a line ends its older ones.
///
/// # Errors
/// `conflict` when the sheet is no draft or nobody is left without a link, `invalid` for a line that is signed or not on the sheet.
pub fn make(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, id: SheetId, wanted: &[LineId]) -> Result<Vec<MadeLink>, Problem> {
    let sheet = open_sheet(tx, site, id)?;
    require_state(&sheet, SheetState::Draft)?;
    if wanted.len() > LINKS_MAX {
        return Err(Problem::new(Code::TooLarge, "一次最多生成 100 个链接。", "At most 100 links are made at once."));
    }
    let unsigned: Vec<LineRow> =
        lines_of(tx.conn(), site.id, id)?.into_iter().filter(|line| line.state == LineState::Draft).collect();
    let chosen: Vec<LineRow> = if wanted.is_empty() {
        let linked: BTreeSet<LineId> = table::linked(tx.conn(), site.id, id, ctx.now)?.into_iter().collect();
        unsigned.into_iter().filter(|line| !linked.contains(&line.id)).take(LINKS_MAX).collect()
    } else {
        let found: Vec<LineRow> = unsigned.into_iter().filter(|line| wanted.contains(&line.id)).collect();
        if found.len() != wanted.iter().collect::<BTreeSet<_>>().len() {
            let problem = Problem::invalid("只能为未签字的行生成链接。", "Links are made for unsigned lines of the sheet.");
            return Err(problem.at("line", "unknown_reference"));
        }
        found
    };
    if chosen.is_empty() {
        let (zh, en) = (
            "未签字的行都已有有效链接；如需重新生成，请勾选该行。",
            "Every unsigned line has a link; tick lines to make new ones.",
        );
        return Err(Problem::conflict(zh, en).at("line", "duplicate"));
    }
    let recorded_seq = tx.seq(Chain::Project(site.id))?;
    let mut made = Vec::with_capacity(chosen.len());
    for line in chosen {
        let secret = hex(&ctx.vault().random::<SECRET_BYTES>()?);
        let row = LinkRow {
            project_id: site.id,
            id: RecordId(ctx.id()),
            sheet_id: id,
            line_id: line.id,
            secret_hash: sha256(secret.as_bytes()),
            net_fen: line.net_fen,
            until_at: ctx.now.plus_seconds(LINK_DAYS * 86_400),
            made_by: ctx.actor().to_owned(),
            recorded_seq,
        };
        table::insert(tx, &row)?;
        let worker = workers::table::worker(tx.conn(), line.worker_id)?.map(|worker| worker.name).unwrap_or_default();
        made.push(MadeLink { line: line.id, worker, net: line.net_fen, path: path_of(&secret), until_at: row.until_at });
    }
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "make_sign_links", &id.to_string())?;
    Ok(made)
}

/// What stands behind a secret.
struct Found {
    link: LinkRow,
    site: Site,
    sheet: SheetRow,
    line: LineRow,
}

/// # Errors
/// `not_found` for a secret that nobody made, one that has run out, and one whose line has a newer link: a stranger learns nothing more.
fn found(conn: &mut AnyConn, ctx: &Ctx, secret: &str) -> Result<Found, Problem> {
    let link = table::by_secret(conn, &sha256(secret.as_bytes()))?.filter(|link| link.until_at > ctx.now);
    let link = link.ok_or_else(Problem::not_found)?;
    let newest = table::newest_of(conn, link.project_id, link.line_id)?;
    if newest.is_some_and(|newest| newest.id != link.id) {
        return Err(Problem::not_found());
    }
    let gone = |what: &str| Problem::internal(&format!("link {} names a {what} that is gone", link.id));
    let site = projects::site(conn, link.project_id)?;
    let sheet = sheet(conn, link.project_id, link.sheet_id)?.ok_or_else(|| gone("sheet"))?;
    let line = line(conn, link.project_id, link.line_id)?.ok_or_else(|| gone("line"))?;
    Ok(Found { link, site, sheet, line })
}

/// What the page says before anybody has shown who they are: project and month, and no name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Face {
    /// Name of the project.
    pub project: String,
    /// The sheet.
    pub sheet: SheetRow,
    /// Whether too many wrong answers were given.
    pub is_blocked: bool,
    /// Whether the worker's PIN is asked for, not the end of the identity number.
    pub asks_pin: bool,
}

/// The face of a link.
pub fn face(conn: &mut AnyConn, ctx: &Ctx, secret: &str) -> Result<Face, Problem> {
    let Found { link, site, sheet, line } = found(conn, ctx, secret)?;
    let is_blocked = table::tries(conn, link.id)? >= TRIES_MAX;
    let asks_pin = pins::of_worker(conn, site.id, line.worker_id)?.is_some();
    Ok(Face { project: site.name.clone(), sheet, is_blocked, asks_pin })
}

/// What became of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// It is the worker: their slip, and whether it can be signed by this link.
    Worker {
        /// The slip.
        slip: Box<Slip>,
        /// Whether nothing speaks against a signature.
        can_sign: bool,
    },
    /// It was wrong; so many answers are left.
    Wrong {
        /// Answers left.
        left: i64,
    },
}

/// The house acts for whoever holds the link: nobody is logged in.
fn house(ctx: &Ctx) -> Ctx {
    Ctx { scope: Scope::of_the_house(ACTOR), ..ctx.clone() }
}

/// Opens a link with the second means. A wrong answer is counted and kept, so it is no error.
///
/// # Errors
/// `not_found` as [`face`], `too_many` after [`TRIES_MAX`] wrong answers.
pub fn open(tx: &mut Tx<'_>, ctx: &Ctx, secret: &str, typed: &str) -> Result<Opened, Problem> {
    let ctx = &house(ctx);
    match let_in(tx, ctx, secret, typed)? {
        Err(left) => Ok(Opened::Wrong { left }),
        Ok(found) => {
            let can_sign = stands(&found);
            let slip = Box::new(slip::slip(tx.conn(), ctx, &found.site, &found.sheet, &found.line)?);
            Ok(Opened::Worker { slip, can_sign })
        }
    }
}

/// Signs by a link with the second means, given again.
///
/// # Errors
/// As [`open`]; `conflict` when the line is not what the link was made for, is signed, or the sheet was handed in.
pub fn sign(tx: &mut Tx<'_>, ctx: &Ctx, secret: &str, typed: &str) -> Result<Opened, Problem> {
    let ctx = &house(ctx);
    let found = match let_in(tx, ctx, secret, typed)? {
        Err(left) => return Ok(Opened::Wrong { left }),
        Ok(found) => found,
    };
    if !stands(&found) {
        let zh = "工资表在生成链接后已变更、已签字或已提交，此链接不能再签字；请向劳资专管员索取新链接。";
        let en = "The line was changed, signed or handed in after this link was made; ask the labour manager for a new one.";
        return Err(Problem::conflict(zh, en).at("line", "duplicate"));
    }
    let means = match pins::of_worker(tx.conn(), found.site.id, found.line.worker_id)?.map(|pin| pin.origin) {
        Some(PinOrigin::Chosen) => "本人设定的密码 PIN chosen before two persons",
        Some(_) => "密码条上的密码 PIN from a slip",
        None => "证件号后六位 last six of the identity number",
    };
    let signature = NewSignature {
        line: found.line.id,
        means: Means::LinkWithSecondMeans,
        device: None,
        evidence: Some(format!("链接 link {}；{means}", found.link.id)),
        document_id: None,
        signed_on: ctx.today,
    };
    let answers = sign_by_links(tx, ctx, &found.site, found.sheet.id, &[signature])?;
    if let Some(refused) = answers.into_iter().find(|one| !one.signed) {
        let problem = Problem::invalid(refused.zh.unwrap_or_default(), refused.en.unwrap_or_default());
        return Err(problem.at("line", "bad_format"));
    }
    let line = line(tx.conn(), found.site.id, found.line.id)?.ok_or_else(Problem::not_found)?;
    let slip = Box::new(slip::slip(tx.conn(), ctx, &found.site, &found.sheet, &line)?);
    Ok(Opened::Worker { slip, can_sign: false })
}

/// The line with its link after the right answer; how many are left after a wrong one.
fn let_in(tx: &mut Tx<'_>, ctx: &Ctx, secret: &str, typed: &str) -> Result<Result<Found, i64>, Problem> {
    let first = found(tx.conn(), ctx, secret)?;
    // The chain is locked before the look: of guesses made at once none slips past the count.
    tx.seq(Chain::Project(first.site.id))?;
    let found = found(tx.conn(), ctx, secret)?;
    let tries = table::tries(tx.conn(), found.link.id)?;
    if tries >= TRIES_MAX {
        let zh = "输入错误次数过多，此链接已停用；请向劳资专管员索取新链接。";
        return Err(Problem::new(Code::TooMany, zh, "Too many wrong answers; ask the labour manager for a new link."));
    }
    if let Some(pin) = pins::of_worker(tx.conn(), found.site.id, found.line.worker_id)? {
        if pin.accepts(typed) {
            return Ok(Ok(found));
        }
        table::add_try(tx.conn(), found.link.id, ctx.now)?;
        return Ok(Err(TRIES_MAX - tries - 1));
    }
    let worker = workers::table::worker(tx.conn(), found.line.worker_id)?
        .ok_or_else(|| StoreError::Damaged(format!("line {} names a person who is gone", found.line.id)))?;
    let number = workers::lookups::id_number(tx.conn(), ctx.vault(), &worker)?;
    if is_code(&number, typed) {
        return Ok(Ok(found));
    }
    table::add_try(tx.conn(), found.link.id, ctx.now)?;
    Ok(Err(TRIES_MAX - tries - 1))
}

/// Whether the line is what the link was made for and can be signed.
fn stands(found: &Found) -> bool {
    // A line that was written since, in whatever way, is another one than the link was made for.
    let is_same = found.line.recorded_seq <= found.link.recorded_seq && found.line.net_fen == found.link.net_fen;
    is_same && found.sheet.state == SheetState::Draft && found.line.state == LineState::Draft
}
