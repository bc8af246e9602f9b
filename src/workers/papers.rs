//! Contract or agreement of somebody who is on the roll already, and that they were trained: both are often done, or told, after the entry.
//!
//! Deliberately absent: taking a paper back; what was signed stays on record.

use super::Paper;
use super::table::{self, EnrolmentRow};
use crate::base::id::{DocumentId, RecordId};
use crate::documents;
use crate::projects::Site;
use crate::store::{Chain, Tx, jobs};
use crate::web::{Ctx, Problem};

/// Puts the paper on an enrolment; the same paper again changes nothing.
///
/// # Errors
/// `not_found` for an enrolment of another project, `invalid` for no paper at all or a scan that the project has not.
pub fn sign_paper(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    enrolment: RecordId,
    paper: Paper,
    document: Option<DocumentId>,
) -> Result<EnrolmentRow, Problem> {
    let chain = Chain::Project(site.id);
    let recorded_seq = tx.seq(chain)?;
    let row = table::find(tx.conn(), site.id, enrolment)?.ok_or_else(Problem::not_found)?;
    if paper == Paper::None {
        let en = "Name the contract or agreement that was signed.";
        return Err(Problem::invalid("请填写已签订的合同或协议。", en).at("paper", "missing_field"));
    }
    documents::actions::require(tx.conn(), site.id, document, "document_id")?;
    if row.paper == paper && (document.is_none() || row.paper_document_id == document) {
        return Ok(row);
    }
    let row = EnrolmentRow { paper, paper_document_id: document.or(row.paper_document_id), recorded_seq, ..row };
    table::update_paper(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "sign_paper", &row.id.to_string())?;
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &site.id.to_string(), ctx.now)?;
    Ok(row)
}

/// Notes on an enrolment that the basic safety training is done; again it changes nothing.
///
/// # Errors
/// `not_found` for an enrolment of another project.
pub fn mark_trained(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, enrolment: RecordId) -> Result<EnrolmentRow, Problem> {
    let chain = Chain::Project(site.id);
    let recorded_seq = tx.seq(chain)?;
    let row = table::find(tx.conn(), site.id, enrolment)?.ok_or_else(Problem::not_found)?;
    if row.safety_trained {
        return Ok(row);
    }
    let row = EnrolmentRow { safety_trained: true, recorded_seq, ..row };
    table::update_paper(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "mark_trained", &row.id.to_string())?;
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &site.id.to_string(), ctx.now)?;
    Ok(row)
}
