//! Workers, their entries and exits, their contracts.

use std::collections::{BTreeMap, HashMap};

use serde_json::json;

use super::{Body, DOCUMENT, Gather, Wanted, entry_key, exit_key, plain, word, worker_key};
use crate::base::Day;
use crate::base::id::WorkerId;
use crate::realname::RecordKind;
use crate::reporting::ReportKind;
use crate::store::AnyConn;
use crate::web::Problem;
use crate::wire::openapi::writing::Plain;
use crate::workers::particulars::{self, Particulars};
use crate::workers::table::EnrolmentRow;
use crate::workers::{Paper, lookups, table as roll};

/// The field of a contract's papers.
const ATTACHMENTS: &str = "attachments";

// `workRole` of management and of workers, and the trade of management.
const MANAGEMENT: &str = "10";
const LABOUR: &str = "20";
const MANAGEMENT_TRADE: &str = "900";

/// What a roster said of a worker, by the names of the protocol.
fn of_roster(told: &Particulars) -> Plain {
    let flag = |flag: Option<bool>| flag.map(|yes| word(i32::from(yes)));
    plain([
        ("isTeamLeader", flag(told.leader)),
        ("hasBuyInsurance", flag(told.insured)),
        ("nation", told.nation.as_ref().map(word)),
        ("address", told.address.as_ref().map(word)),
        ("politicsType", told.politics.as_ref().map(word)),
        ("cultureLevelType", told.education.as_ref().map(word)),
        ("grantOrg", told.issuer.as_ref().map(word)),
        ("bankLinkNumber", told.bank_link.as_ref().map(word)),
        ("startDate", told.papers_from.map(word)),
        ("expiryDate", told.papers_until.map(word)),
    ])
}

impl Gather<'_> {
    fn papers_of(&self, row: &EnrolmentRow) -> (Plain, String) {
        self.papers.get(&row.worker_id).cloned().unwrap_or_default()
    }

    pub(super) fn workers(&self, conn: &mut AnyConn, all: &mut Vec<Wanted>) -> Result<(), Problem> {
        // Of somebody who came twice to a crew the last enrolment says what holds.
        let latest: BTreeMap<String, &EnrolmentRow> = self.enrolments.iter().map(|row| (worker_key(row), row)).collect();
        let platforms = &self.ctx.ground.settings.platforms;
        let beside = particulars::of_project(conn, self.ctx.vault(), self.site.id)?;
        for (key, row) in latest {
            let (mut ours, name) = self.papers_of(row);
            let card = lookups::open_card(conn, self.ctx.vault(), self.site.id, row.card.as_deref())?;
            let phone = match roll::worker(conn, row.worker_id)? {
                Some(worker) => lookups::phone(conn, self.ctx.vault(), &worker)?,
                None => None,
            };
            let trade = platforms.code_of(self.profile, "workType", &row.trade, self.ctx.today);
            let role = trade.as_deref().map(|code| if code == MANAGEMENT_TRADE { MANAGEMENT } else { LABOUR });
            ours.extend(plain([
                ("workerName", Some(word(&name))),
                ("workType", trade.as_ref().map(word)),
                ("cellPhone", phone.map(|phone| word(phone.as_str()))),
                ("payRollBankCardNumber", card.map(|card| word(card.as_str()))),
                ("payRollBankName", row.bank_name.as_ref().map(word)),
            ]));
            let number = ours.get("idCardNumber").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
            let mut item = self.filled(ReportKind::Worker, row.worker_id.0, self.announced.of_worker(&number), ours);
            // A platform may have its own words for these: what was told beside the registry stands.
            item.entry("workRole").or_insert_with(|| word(role.unwrap_or(LABOUR)));
            // What the roster said once is not asked for again.
            for (field, value) in beside.get(&row.worker_id).map(of_roster).unwrap_or_default() {
                item.entry(field).or_insert(value);
            }
            item.entry("isTeamLeader").or_insert_with(|| word(0));
            let mut root = self.corp_of_crew(row.crew_id);
            let crew = self.crews.iter().find(|crew| crew.id == row.crew_id);
            root.extend(plain([("teamName", crew.map(|crew| word(&crew.name)))]));
            all.push(Wanted {
                kind: ReportKind::Worker,
                key,
                parent: Some((ReportKind::Team, row.crew_id.to_string())),
                previous: None,
                subject: row.worker_id.0,
                title: name,
                on: row.entered_on,
                body: Body { root, item, team: Some(row.crew_id.to_string()) },
            });
        }
        Ok(())
    }

    /// What the same person did at the gate of the roll before each entry and exit: a platform that takes several entries at once would
    /// otherwise hear of the second before the exit between them.
    fn before_each(&self) -> HashMap<String, String> {
        let mut steps: BTreeMap<WorkerId, Vec<(Day, usize, String)>> = BTreeMap::new();
        let mut rows: Vec<&EnrolmentRow> = self.enrolments.iter().collect();
        rows.sort_by_key(|row| (row.entered_on, row.id));
        for (place, row) in rows.into_iter().enumerate() {
            let of = steps.entry(row.worker_id).or_default();
            of.push((row.entered_on, place * 2, entry_key(row)));
            of.extend(row.left_on.map(|day| (day, place * 2 + 1, exit_key(row))));
        }
        let mut before = HashMap::new();
        for mut steps in steps.into_values() {
            steps.sort();
            let keys: Vec<String> = steps.into_iter().map(|(_, _, key)| key).collect();
            before.extend(keys.iter().skip(1).cloned().zip(keys.iter().cloned()));
        }
        before
    }

    pub(super) fn entries(&self, all: &mut Vec<Wanted>) {
        let before = self.before_each();
        for row in &self.enrolments {
            let (papers, name) = self.papers_of(row);
            let came = (entry_key(row), row.entered_on, "1", (ReportKind::Worker, worker_key(row)));
            let left = row.left_on.map(|day| (exit_key(row), day, "0", (ReportKind::Entry, entry_key(row))));
            for (key, on, way, parent) in [Some(came), left].into_iter().flatten() {
                let mut item = papers.clone();
                item.extend(plain([("date", Some(word(on))), ("type", Some(word(way)))]));
                all.push(Wanted {
                    kind: ReportKind::Entry,
                    previous: before.get(&key).cloned(),
                    key,
                    parent: Some(parent),
                    subject: row.id.0,
                    title: name.clone(),
                    on,
                    body: Body { root: self.corp_of_crew(row.crew_id), item, team: Some(row.crew_id.to_string()) },
                });
            }
        }
    }

    pub(super) fn contracts(&self, all: &mut Vec<Wanted>) {
        for row in self.enrolments.iter().filter(|row| row.paper == Paper::LabourContract) {
            let (mut ours, name) = self.papers_of(row);
            ours.extend(self.corp_of_crew(row.crew_id));
            let announced = self.announced.of(RecordKind::Contract, row.id.0);
            let mut item = self.filled(ReportKind::Contract, row.id.0, announced, ours);
            item.entry("startDate").or_insert_with(|| word(row.entered_on));
            // The paper that is kept here, where none came with an upload; its bytes are read when the message is written.
            if let Some(document) = row.paper_document_id {
                let kept = || json!([{DOCUMENT: document, "project": self.site.id}]);
                item.entry(ATTACHMENTS).or_insert_with(kept);
            }
            all.push(Wanted {
                kind: ReportKind::Contract,
                key: row.id.to_string(),
                parent: Some((ReportKind::Entry, entry_key(row))),
                previous: None,
                subject: row.id.0,
                title: name,
                on: row.entered_on,
                body: Body { root: Plain::new(), item, team: None },
            });
        }
    }
}
