//! Where an app may go: which project a request is about, and whether the app's company had left it on the days that it tells of.
//!
//! A company that has left a project may still hand in what it owes of the days before, and nothing of those after. What a message without
//! days says is said of today. Deliberately absent: whose people an app may speak for (`applying`).

use super::apps::actions::Opened;
use crate::base::id::ProjectId;
use crate::base::{Day, Month};
use crate::projects;
use crate::store::AnyConn;
use crate::web::{Ctx, Problem};
use crate::wire::openapi::answer::{Answer, AnswerCode, Fault};
use crate::wire::openapi::json::Json;
use crate::wire::openapi::methods::Method;
use crate::wire::openapi::reading;

/// Before anybody's part in a project.
const LONG_AGO: Day = Day(chrono::NaiveDate::MIN);

/// The days that a message tells of, first and last of each; today where it has none, or none that can be read (what cannot be read is
/// refused for itself).
fn told(method: Method, data: &Json, today: Day) -> Vec<(Day, Day)> {
    let day = |value: &Json, key: &str| -> Option<Day> {
        let text = value.filled(key)?.scalar()?;
        text.trim().chars().take(10).collect::<String>().parse().ok()
    };
    let items = || {
        let list = method.shape().list.as_ref().and_then(|list| reading::list_of(data, list).1);
        list.map(Json::items).unwrap_or_default().iter()
    };
    let spans: Vec<(Day, Day)> = match method {
        Method::AttendanceAdd | Method::EntryExitAdd => {
            items().filter_map(|item| day(item, "date")).map(|day| (day, day)).collect()
        }
        Method::TrainingAdd => day(data, "trainingDate").map(|day| (day, day)).into_iter().collect(),
        // A correction is of what was told in time.
        _ if method.conduct().is_some() && method.as_str().ends_with("Update") => vec![(LONG_AGO, LONG_AGO)],
        _ if method.conduct().is_some() => items().filter_map(|item| day(item, "occurrenceDate")).map(|day| (day, day)).collect(),
        Method::ContractAdd => items().filter_map(|item| day(item, "startDate")).map(|day| (day, day)).collect(),
        Method::PayrollAdd => {
            let month = data.filled("payMonth").and_then(Json::scalar).and_then(|text| text.trim().parse::<Month>().ok());
            month.map(|month| (month.first(), month.last())).into_iter().collect()
        }
        _ => Vec::new(),
    };
    if spans.is_empty() { vec![(today, today)] } else { spans }
}

/// Whether an app may touch a project, and tell of these spans of days: a company's only of days until it left. Its own past it may
/// ask for ever.
fn covers(conn: &mut AnyConn, app: &Opened, project: ProjectId, spans: Option<&[(Day, Day)]>) -> Result<bool, Problem> {
    if let Some(bound) = app.app.project_id {
        return Ok(bound == project);
    }
    let site = projects::site(conn, project)?;
    let own: Vec<_> = site.participations().iter().filter(|row| Some(row.party_id) == app.app.party_id).collect();
    // Only the end is a limit: a company is often registered after the days that it hands in.
    let had_not_left = |(first, _): &(Day, Day)| own.iter().any(|row| row.until_on.is_none_or(|until| *first <= until));
    Ok(!own.is_empty() && spans.is_none_or(|spans| spans.iter().all(had_not_left)))
}

/// What a method wants to know of, where it may.
pub type Way = Result<Option<ProjectId>, (Answer, Vec<Fault>)>;

/// Looks at permission and mandatory fields; gives the project that a call is about, or the refusal.
pub fn way(conn: &mut AnyConn, ctx: &Ctx, app: &Opened, method: Method, data: &Json) -> Result<Way, Problem> {
    let code = data.filled("projectCode").and_then(Json::scalar).map(str::to_owned);
    let project = match code.as_deref() {
        Some(code) => projects::table::by_code(conn, code)?.map(|row| row.id),
        None => None,
    };
    let spans = (!method.is_query()).then(|| told(method, data, ctx.today));
    let may = match (project, method) {
        (Some(project), _) => covers(conn, app, project, spans.as_deref())?,
        // An app of one project neither registers another nor asks for what is not its own.
        (None, Method::ProjectAdd) => app.app.party_id.is_some(),
        (None, _) => code.is_none() || app.app.party_id.is_some(),
    };
    if !may {
        return Ok(Err((Answer::refused(AnswerCode::NoPermission, "没有该项目的权限!"), Vec::new())));
    }
    let faults = reading::missing(data, method.shape());
    Ok(match faults.first() {
        Some(first) => Err((Answer::fault(first), faults)),
        None => Ok(project),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::openapi::json;

    fn spans(method: Method, text: &str) -> Vec<(String, String)> {
        let today = "2026-03-20".parse().unwrap();
        let told = told(method, &json::parse(text).unwrap(), today);
        told.into_iter().map(|(first, last)| (first.to_string(), last.to_string())).collect()
    }

    fn one(first: &str, last: &str) -> Vec<(String, String)> {
        vec![(first.to_owned(), last.to_owned())]
    }

    #[test]
    fn a_message_tells_of_its_days_and_one_without_of_today() {
        let punches = r#"{"dataList":[{"date":"2026-03-02 07:58:03"},{"date":"2026-03-05 17:00:00.123"}]}"#;
        assert_eq!(spans(Method::AttendanceAdd, punches).len(), 2);
        assert_eq!(spans(Method::EntryExitAdd, r#"{"workerList":[{"date":"2026-03-02"}]}"#), one("2026-03-02", "2026-03-02"));
        assert_eq!(spans(Method::PayrollAdd, r#"{"payMonth":"2026-02"}"#), one("2026-02-01", "2026-02-28"));
        assert_eq!(spans(Method::TrainingAdd, r#"{"trainingDate":"2026-02-03"}"#), one("2026-02-03", "2026-02-03"));
        let bad = r#"{"recordList":[{"occurrenceDate":"2026-02-04"}]}"#;
        assert_eq!(spans(Method::WorkerBadRecordAdd, bad), one("2026-02-04", "2026-02-04"));
        assert_eq!(told(Method::WorkerBadRecordUpdate, &json::parse(bad).unwrap(), LONG_AGO), [(LONG_AGO, LONG_AGO)]);
        assert_eq!(spans(Method::TeamAdd, r#"{"teamName":"x"}"#), one("2026-03-20", "2026-03-20"));
        assert_eq!(spans(Method::AttendanceAdd, r#"{"dataList":[{"date":"?"}]}"#), one("2026-03-20", "2026-03-20"));
    }
}
