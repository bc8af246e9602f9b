//! Corrections of a line after audit or payment, as its page shows and takes them.

use actix_web::web;

use super::{amount, decimal, evidence};
use crate::base::id::{LineId, ProjectId, SheetId};
use crate::console::{Shown, done};
use crate::documents::DocumentKind;
use crate::payroll::actions::require_seen;
use crate::payroll::corrections::table::{CorrectionRow, about};
use crate::payroll::corrections::{NewCorrection, correct};
use crate::payroll::table::{self, LineRow, SheetRow};
use crate::payroll::{LineState, SheetState};
use crate::projects::{Site, enter};
use crate::store::AnyConn;
use crate::web::{Access, Form, Problem, Route, Verb};

/// Forms of this subject.
pub(super) fn routes() -> Vec<Route> {
    let path = "/projects/{project}/sheets/{sheet}/lines/{line}/corrections";
    vec![Route::form(path, Access::Holds(Verb::PrepareSheets), "Correct a line after audit or payment", || web::post().to(take))]
}

/// A correction with the line on its other side.
pub(super) struct ShownCorrection {
    pub row: CorrectionRow,
    /// Sheet and line of the other side; `None` for a note that made no line.
    pub other: Option<(SheetId, LineId)>,
    /// Whether the shown line is the one that was corrected.
    pub is_of_line: bool,
}

/// The corrections of a line and those that it carries.
pub(super) fn shown(conn: &mut AnyConn, site: &Site, line: &LineRow) -> Result<Vec<ShownCorrection>, Problem> {
    let mut all = Vec::new();
    for row in about(conn, site.id, line.id)? {
        let is_of_line = row.line_id == line.id;
        let other = if is_of_line {
            row.new_sheet_id.zip(row.new_line_id)
        } else {
            table::line(conn, site.id, row.line_id)?.map(|old| (old.sheet_id, old.id))
        };
        all.push(ShownCorrection { row, other, is_of_line });
    }
    Ok(all)
}

/// Draft lines of the same worker, from which may be taken back.
pub(super) fn carriers(conn: &mut AnyConn, site: &Site, line: &LineRow) -> Result<Vec<(LineRow, SheetRow)>, Problem> {
    let mut all = Vec::new();
    let lines = table::lines_of_enrolment(conn, site.id, line.enrolment_id)?;
    for other in lines.into_iter().filter(|other| other.state == LineState::Draft) {
        let sheet = table::sheet(conn, site.id, other.sheet_id)?.filter(|sheet| sheet.state == SheetState::Draft);
        all.extend(sheet.map(|sheet| (other, sheet)));
    }
    Ok(all)
}

async fn take(form: Form, path: web::Path<(ProjectId, SheetId, LineId)>) -> Shown {
    let (project, sheet, line) = path.into_inner();
    let new = NewCorrection {
        kind: form.parse("kind")?,
        amount: amount(&form, "amount")?,
        days: form.text("days").map(|_| decimal(&form, "days")).transpose()?,
        back_pay_of: form.parse_opt("back_pay_of")?,
        reason: form.required("reason")?.to_owned(),
        document: None,
        from: form.parse_opt("from")?,
    };
    let scan = evidence::uploaded(&form, "file", DocumentKind::SignedSheet);
    form.write(Verb::PrepareSheets, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        require_seen(tx, ctx, &site, sheet)?;
        let document = evidence::kept(tx, ctx, &site, scan.as_ref())?;
        correct(tx, ctx, &site, sheet, line, &NewCorrection { document, ..new.clone() })
    })
    .await?;
    done(&format!("/projects/{project}/sheets/{sheet}/lines/{line}"), "line_corrected", 1)
}
