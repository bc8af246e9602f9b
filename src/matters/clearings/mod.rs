//! Wages that the contractor or the owner paid outside the wage account, told by one person with a paper, confirmed by another.

pub mod http;

use serde::Serialize;
use utoipa::ToSchema;

use super::http::PaidLine;
use super::liability::OwnerMoney;
use crate::base::id::{DocumentId, RecordId, UserId};
use crate::base::{Day, Moment};
use crate::payroll::outside::Payer;
use crate::payroll::outside::telling::ClearingStep;
use crate::payroll::outside::telling::table::{self, StepRow, ToldRow};
use crate::projects::Site;
use crate::store::AnyConn;
use crate::web::Problem;

/// A payment as it was told, with what was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ToldClearing)]
pub struct ClearingView {
    /// Id.
    pub id: RecordId,
    /// Whose money.
    pub payer: Payer,
    /// The bank's reference.
    pub reference: String,
    /// Day of payment.
    pub paid_on: Day,
    /// The paper.
    pub document_id: DocumentId,
    /// Lines with what each was paid.
    pub items: Vec<PaidLine>,
    /// Who told it.
    pub told_by: UserId,
    /// When.
    pub told_at: Moment,
    /// What was decided; `null` while it waits and clears nothing.
    pub step: Option<ClearingStep>,
    /// Who decided.
    pub decided_by: Option<UserId>,
    /// When.
    pub decided_at: Option<Moment>,
    /// Why.
    pub note: Option<String>,
    /// Where the owner pays more than it has to advance, in Chinese and English: it may, of its own will. `null` otherwise.
    pub warning: Option<String>,
}

impl ClearingView {
    fn of(row: &ToldRow, step: Option<&StepRow>) -> Result<ClearingView, Problem> {
        Ok(ClearingView {
            id: row.id,
            payer: row.payer,
            reference: row.reference.clone(),
            paid_on: row.paid_on,
            document_id: row.document_id,
            items: row.lines()?.into_iter().map(|(line, amount)| PaidLine { line, amount }).collect(),
            told_by: row.told_by,
            told_at: row.recorded_at,
            step: step.map(|step| step.step),
            decided_by: step.map(|step| step.decided_by),
            decided_at: step.map(|step| step.recorded_at),
            note: step.map(|step| step.note.clone()),
            warning: None,
        })
    }

    /// With what is to be said of its amount beside what the owner has to advance (R724-29b).
    fn warned(self, owner: &OwnerMoney) -> Result<ClearingView, Problem> {
        let warning = owner.exceeded_by(self.id)?.map(|left| {
            format!(
                "超过建设单位尚应先行垫付的 {left} 元（以未结清的工程款为限，规则 R724-29b）；自愿多付的可以登记，请核对 / \
                 more than the {left} that the owner still has to advance (up to the project money that it has not settled, rule \
                 R724-29b); it may pay more of its own will, look again"
            )
        });
        Ok(ClearingView { warning, ..self })
    }
}

/// What was told of a project, the oldest first.
pub fn of_project(conn: &mut AnyConn, site: &Site, today: Day) -> Result<Vec<ClearingView>, Problem> {
    let steps = table::steps_of(conn, site.id)?;
    let rows = table::of_project(conn, site.id)?;
    let owner = OwnerMoney::of(conn, site, today)?;
    let view = |row: &ToldRow| {
        ClearingView::of(row, steps.iter().find(|step| step.clearing_id == row.id)).and_then(|one| one.warned(&owner))
    };
    rows.iter().map(view).collect()
}
