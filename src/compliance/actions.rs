//! Assessing a project and keeping what was found.

use super::gather;
use super::summary::Summary;
use super::table::{self, AssessmentRow};
use crate::base::Day;
use crate::base::id::FindingId;
use crate::law::{self, Assessment};
use crate::projects::Site;
use crate::store::{AnyConn, Chain, Tx};
use crate::web::{Ctx, Problem};

/// What the law says of a project on a day, from what is on record now.
pub fn assess(conn: &mut AnyConn, ctx: &Ctx, site: &Site, as_of: Day) -> Result<Assessment, Problem> {
    let facts = gather(conn, ctx, site, as_of)?;
    Ok(law::assess(&facts, &ctx.book(), as_of))
}

/// Assesses and keeps it, unless nothing has changed since the last time. The summary for lists is written in any case.
pub fn keep(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site) -> Result<Option<AssessmentRow>, Problem> {
    let facts = gather(tx.conn(), ctx, site, ctx.today)?;
    let assessment = law::assess(&facts, &ctx.book(), ctx.today);
    table::write_summary(tx.conn(), &Summary::of(site.id, &facts, &assessment, ctx.today, ctx.now))?;
    let text = |value: Result<String, serde_json::Error>| value.map_err(|error| Problem::internal(&error.to_string()));
    let (card, findings) = (text(serde_json::to_string(&assessment.card))?, text(serde_json::to_string(&assessment.findings))?);
    let law_book = ctx.book().hash().to_owned();
    let last = table::latest(tx.conn(), site.id)?;
    if last.is_some_and(|row| row.as_of == ctx.today && row.card == card && row.findings == findings && row.law_book == law_book)
    {
        return Ok(None);
    }
    let chain = Chain::Project(site.id);
    let row = AssessmentRow {
        project_id: site.id,
        id: FindingId(ctx.id()),
        as_of: ctx.today,
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
