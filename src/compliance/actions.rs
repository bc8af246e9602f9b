//! Assessing a project and keeping what was found.

use super::gather;
use super::summary::Summary;
use super::table::{self, AssessmentRow};
use crate::base::Day;
use crate::base::id::{FindingId, ProjectId};
use crate::law::{self, Assessment};
use crate::projects::Site;
use crate::store::{AnyConn, Chain, Tx};
use crate::web::{Ctx, Problem};

/// What the law says of a project on a day, from what is on record now.
pub fn assess(conn: &mut AnyConn, ctx: &Ctx, site: &Site, as_of: Day) -> Result<Assessment, Problem> {
    let facts = gather(conn, ctx, site, as_of)?;
    Ok(law::assess(&facts, &ctx.book(), as_of))
}

/// An assessment that is ready to be kept.
#[derive(Debug, Clone)]
pub struct Judged {
    project: ProjectId,
    as_of: Day,
    summary: Summary,
    card: String,
    findings: String,
    law_book: String,
}

/// Assesses a project today; writes nothing, so that many are judged at once on connections that read.
pub fn judge(conn: &mut AnyConn, ctx: &Ctx, site: &Site) -> Result<Judged, Problem> {
    let (book, as_of) = (ctx.book(), ctx.today);
    let facts = gather(conn, ctx, site, as_of)?;
    let assessment = law::assess(&facts, &book, as_of);
    let text = |value: Result<String, serde_json::Error>| value.map_err(|error| Problem::internal(&error.to_string()));
    Ok(Judged {
        project: site.id,
        as_of,
        summary: Summary::of(site.id, &facts, &assessment, as_of, ctx.now),
        card: text(serde_json::to_string(&assessment.card))?,
        findings: text(serde_json::to_string(&assessment.findings))?,
        law_book: book.hash().to_owned(),
    })
}

/// Assesses and keeps it, unless nothing has changed since the last time. The summary for lists is written in any case.
pub fn keep(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site) -> Result<Option<AssessmentRow>, Problem> {
    let judged = judge(tx.conn(), ctx, site)?;
    keep_judged(tx, ctx, judged)
}

/// Keeps what was judged, unless nothing has changed since the last time. The summary for lists is written in any case.
pub fn keep_judged(tx: &mut Tx<'_>, ctx: &Ctx, judged: Judged) -> Result<Option<AssessmentRow>, Problem> {
    let Judged { project, as_of, summary, card, findings, law_book } = judged;
    table::write_summary(tx.conn(), &summary)?;
    let last = table::latest(tx.conn(), project)?;
    if last.is_some_and(|row| row.as_of == as_of && row.card == card && row.findings == findings && row.law_book == law_book) {
        return Ok(None);
    }
    let chain = Chain::Project(project);
    let row = AssessmentRow {
        project_id: project,
        id: FindingId(ctx.id()),
        as_of,
        law_book,
        card,
        findings,
        made_at: ctx.now,
        recorded_seq: tx.seq(chain)?,
    };
    table::insert(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "assess", &row.id.to_string())?;
    Ok(Some(row))
}
