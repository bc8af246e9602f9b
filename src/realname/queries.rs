//! Answers to questions: from the registries themselves, so that they show what stands and not what was once sent.

mod conduct;
mod lists;

use serde_json::{Value, json};

use super::apps::actions::Opened;
use super::table;
use crate::base::id::PartyId;
use crate::projects::table::ProjectRow;
use crate::projects::{self, PartyRole, Site};
use crate::store::AnyConn;
use crate::web::{Ctx, Problem};
use crate::wire::openapi::PAGE_SIZE_MAX;
use crate::wire::openapi::answer::{Answer, Fault, Wrong};
use crate::wire::openapi::json::Json;
use crate::wire::openapi::methods::Method;
use crate::wire::openapi::reading::Reader;
use crate::wire::openapi::record::Record;

/// What a question is answered with.
struct Asking<'a> {
    ctx: &'a Ctx,
    app: &'a Opened,
    wanted: &'a Record,
}

/// Answers a question.
///
/// # Errors
/// A store that fails; what is wrong with the question is an answer.
pub fn answer(conn: &mut AnyConn, ctx: &Ctx, app: &Opened, method: Method, data: &Json) -> Result<Answer, Problem> {
    if method == Method::CheckSignQuery {
        return Ok(Answer::ok(json!({})));
    }
    let platforms = &ctx.ground.settings.platforms;
    let profile = platforms.get(&app.app.profile).ok_or_else(|| Problem::internal("an app has no platform"))?;
    let reader = Reader { secret: &app.secret, platforms, profile, today: ctx.today };
    let (message, faults) = reader.read(data, method.shape());
    if let Some(fault) = faults.first() {
        return Ok(Answer::fault(fault));
    }
    let asking = Asking { ctx, app, wanted: &message.root };
    if method == Method::AsyncHandleResultQuery {
        return asking.result(conn);
    }
    if let Some((whose, what)) = method.conduct() {
        let rows = conduct::told(conn, &asking, whose, what)?;
        return asking.page(conn, rows);
    }
    let rows = match method {
        Method::CorpQuery => lists::corps(conn, &asking)?,
        Method::ProjectQuery => lists::projects(conn, &asking)?,
        Method::WorkerQuery => lists::worker(conn, &asking)?,
        _ => {
            let Some(site) = asking.site(conn)? else {
                return Ok(Answer::fault(&asking.wanted.fault("projectCode", Wrong::Absent("项目"))));
            };
            match method {
                Method::SubContractorQuery => lists::subcontractors(conn, &asking, &site)?,
                Method::TeamQuery => lists::teams(conn, &asking, &site)?,
                Method::ProjectWorkerQuery => lists::workers(conn, &asking, &site)?,
                Method::EntryExitQuery => lists::passes(conn, &asking, &site)?,
                Method::TrainingQuery => conduct::trainings(conn, &asking, &site)?,
                Method::ContractQuery => lists::contracts(conn, &asking, &site)?,
                Method::AttendanceQuery => match asking.wanted.day("date") {
                    Some(day) => lists::punches(conn, &asking, &site, day)?,
                    None => return Ok(Answer::fault(&Fault::at("date", Wrong::Missing))),
                },
                _ => match asking.wanted.month("payMonth") {
                    Some(month) => lists::wages(conn, &asking, &site, month)?,
                    None => return Ok(Answer::fault(&Fault::at("payMonth", Wrong::Missing))),
                },
            }
        }
    };
    asking.page(conn, rows)
}

/// A row that is written only if the page shows it: opening numbers costs.
type Row<'r> = Box<dyn FnOnce(&mut AnyConn) -> Result<Value, Problem> + 'r>;

impl Asking<'_> {
    fn result(&self, conn: &mut AnyConn) -> Result<Answer, Problem> {
        let code = self.wanted.word("requestSerialCode");
        let found = table::request_by_serial(conn, code)?.filter(|row| row.app_id == self.app.app.id);
        Ok(match found {
            Some(row) => Answer::ok(json!({
                "requestSerialCode": row.serial_code, "status": row.state.as_str(), "result": row.result,
            })),
            None => Answer::fault(&self.wanted.fault("requestSerialCode", Wrong::Absent(""))),
        })
    }

    /// The project that is asked about; that the app covers it was looked at before.
    fn site(&self, conn: &mut AnyConn) -> Result<Option<Site>, Problem> {
        match projects::table::by_code(conn, self.wanted.word("projectCode"))? {
            Some(row) => projects::site(conn, row.id).map(Some),
            None => Ok(None),
        }
    }

    /// Whether the app may see a company's people on a project: its own, and as the general contractor everybody's.
    fn sees(&self, site: &Site, party: PartyId) -> bool {
        let contractor = site.party(PartyRole::GeneralContractor, self.ctx.today);
        self.app.app.party_id.is_none_or(|own| own == party || contractor == Some(own))
    }

    /// The projects that the app covers.
    fn covered(&self, conn: &mut AnyConn) -> Result<Vec<ProjectRow>, Problem> {
        let ids = match (self.app.app.project_id, self.app.app.party_id) {
            (Some(project), _) => vec![project],
            (None, Some(party)) => projects::table::of_parties(conn, &[party])?.into_iter().map(|(project, _)| project).collect(),
            (None, None) => Vec::new(),
        };
        let mut rows = projects::table::some(conn, &ids)?;
        if let Some(code) = self.wanted.text("projectCode") {
            rows.retain(|row| row.code == code);
        }
        Ok(rows)
    }

    fn page(&self, conn: &mut AnyConn, rows: Vec<Row<'_>>) -> Result<Answer, Problem> {
        let whole = |key: &str| self.wanted.count(key).and_then(|number| usize::try_from(number).ok());
        let size = whole("pageSize").filter(|size| (1..=PAGE_SIZE_MAX).contains(size)).unwrap_or(PAGE_SIZE_MAX);
        let index = whole("pageIndex").unwrap_or(0);
        let total = rows.len();
        let mut shown = Vec::new();
        for row in rows.into_iter().skip(index.saturating_mul(size)).take(size) {
            shown.push(row(conn)?);
        }
        Ok(Answer::ok(json!({"pageIndex": index, "pageSize": size, "totalCount": total, "rows": shown})))
    }
}
