//! Trainings that were told here, with those who took part.
//!
//! A platform knows people by their entry, so a training waits until everybody in it is on the roll, a month at most; whoever comes later
//! than that is told without it, since the protocol has no update of a training.

use std::collections::HashMap;

use serde_json::Value;

use super::{Body, Gather, Wanted, word, worker_key};
use crate::base::Day;
use crate::realname::conduct::latest;
use crate::realname::{RecordKind, keeping, table as records};
use crate::reporting::ReportKind;
use crate::store::AnyConn;
use crate::web::Problem;
use crate::wire::openapi::writing::Plain;
use crate::workers::table::EnrolmentRow;

/// Fields of somebody who took part.
const PERSONAL: [&str; 4] = ["idCardType", "idCardNumber", "isPass", "trainingScore"];
/// Days from a training until whoever has not come is left out.
const JOIN_DAYS: i64 = 30;

impl Gather<'_> {
    /// Enrolments by the number of the papers, the first of each person.
    fn by_number(&self) -> HashMap<String, &EnrolmentRow> {
        let mut found: HashMap<String, &EnrolmentRow> = HashMap::new();
        for row in &self.enrolments {
            let number = self.papers.get(&row.worker_id).and_then(|(papers, _)| papers.get("idCardNumber")?.as_str());
            let Some(number) = number else { continue };
            let first = found.entry(number.to_owned()).or_insert(row);
            if row.entered_on < first.entered_on {
                *first = row;
            }
        }
        found
    }

    pub(super) fn trainings(&self, conn: &mut AnyConn, all: &mut Vec<Wanted>) -> Result<(), Problem> {
        let known = self.by_number();
        for row in latest(records::records_of(conn, self.site.id, RecordKind::Training)?) {
            let fields = keeping::fields(conn, self.ctx, &row)?;
            let day = fields.get("trainingDate").and_then(|text| text.parse::<Day>().ok());
            let Some(on) = day.filter(|day| *day >= self.platform.from_on) else { continue };
            let last = on.plus_days(JOIN_DAYS);
            let kept = fields.iter().filter(|(key, _)| !matches!(key.as_str(), "projectCode" | "attachments"));
            let mut root: Plain = kept.map(|(key, text)| (key.clone(), word(text))).collect();
            let (mut people, mut parent, mut missing) = (Vec::new(), None, 0);
            for one in latest(records::records_of_number(conn, self.site.id, RecordKind::Trained, row.id.0)?) {
                let told = keeping::fields(conn, self.ctx, &one)?;
                let enrolment = told.get("idCardNumber").and_then(|number| known.get(number));
                let Some(enrolment) = enrolment.filter(|enrolment| enrolment.entered_on <= last) else {
                    missing += 1;
                    continue;
                };
                parent = Some((ReportKind::Worker, worker_key(enrolment)));
                let own = told.into_iter().filter(|(key, _)| PERSONAL.contains(&key.as_str()));
                people.push(Value::Object(own.map(|(key, text)| (key, word(text))).collect()));
            }
            if missing > 0 && self.ctx.today <= last {
                continue;
            }
            if !people.is_empty() {
                root.insert("workers".to_owned(), Value::Array(people));
            }
            all.push(Wanted {
                kind: ReportKind::Training,
                key: row.id.to_string(),
                parent: parent.or_else(|| Some((ReportKind::Project, self.site.id.to_string()))),
                previous: None,
                subject: row.id.0,
                title: fields.get("trainingName").cloned().unwrap_or_default(),
                on,
                body: Body { root, ..Body::default() },
            });
        }
        Ok(())
    }
}
