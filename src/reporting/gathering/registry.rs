//! Companies, the project, companies on it, crews.

use std::collections::BTreeMap;

use super::{Body, Gather, Wanted, part_key, plain, word};
use crate::projects::PartyRole;
use crate::projects::table::ParticipationRow;
use crate::realname::RecordKind;
use crate::realname::codes::role_code;
use crate::reporting::ReportKind;

/// `prjStatus` of a project of which nothing else was told: under construction.
const UNDER_CONSTRUCTION: &str = "003";

impl Gather<'_> {
    /// Participations that reach into the time that is reported, the latest of each company and role.
    fn parts(&self) -> BTreeMap<String, &ParticipationRow> {
        let rows =
            self.site.participations().iter().filter(|row| row.until_on.is_none_or(|until| until >= self.platform.from_on));
        rows.map(|row| (part_key(row.party_id, row.role), row)).collect()
    }

    pub(super) fn companies(&self, all: &mut Vec<Wanted>) {
        let mut parties: Vec<_> = self.parts().values().map(|row| row.party_id).collect();
        parties.sort_unstable();
        parties.dedup();
        for party in parties {
            let Some(row) = self.parties.get(&party) else { continue };
            let root = self.filled(ReportKind::Company, party.0, None, self.corp(party));
            all.push(Wanted {
                kind: ReportKind::Company,
                key: party.to_string(),
                parent: None,
                previous: None,
                subject: party.0,
                title: row.name.clone(),
                on: self.platform.from_on,
                body: Body { root, ..Body::default() },
            });
        }
    }

    pub(super) fn project(&self, all: &mut Vec<Wanted>) {
        // A platform that has given the project its code has it.
        if self.platform.project_code.is_some() {
            return;
        }
        let party = |role| self.site.party(role, self.ctx.today).and_then(|party| self.parties.get(&party));
        let (contractor, owner) = (party(PartyRole::GeneralContractor), party(PartyRole::Owner));
        let begun =
            self.site.participations().iter().filter(|row| row.role == PartyRole::GeneralContractor).map(|row| row.from_on).min();
        let ours = plain([
            ("startDate", begun.map(word)),
            ("contractorCorpCode", contractor.map(|row| word(&row.uscc))),
            ("contractorCorpName", contractor.map(|row| word(&row.name))),
            ("buildCorpCode", owner.map(|row| word(&row.uscc))),
            ("buildCorpName", owner.map(|row| word(&row.name))),
            ("name", Some(word(&self.site.name))),
            ("areaCode", Some(word(self.site.region))),
            ("thirdPartyProjectCode", Some(word(&self.site.code))),
        ]);
        let announced = self.announced.of(RecordKind::Project, self.site.id.0);
        let mut root = self.filled(ReportKind::Project, self.site.id.0, announced, ours);
        root.entry("prjStatus").or_insert_with(|| word(UNDER_CONSTRUCTION));
        all.push(Wanted {
            kind: ReportKind::Project,
            key: self.site.id.to_string(),
            parent: contractor.map(|row| (ReportKind::Company, row.id.to_string())),
            previous: None,
            subject: self.site.id.0,
            title: self.site.name.clone(),
            on: self.platform.from_on,
            body: Body { root, ..Body::default() },
        });
    }

    pub(super) fn subcontractors(&self, all: &mut Vec<Wanted>) {
        for (key, row) in self.parts() {
            let mut ours = self.corp(row.party_id);
            ours.extend(plain([
                ("corpType", Some(word(role_code(row.role)))),
                ("entryTime", Some(word(row.from_on.min(self.ctx.today)))),
                ("exitTime", row.until_on.map(word)),
            ]));
            let announced =
                self.announced.of(RecordKind::SubContractor, row.party_id.0).filter(|_| row.role == PartyRole::Subcontractor);
            let root = self.filled(ReportKind::Subcontractor, row.party_id.0, announced, ours);
            let name = self.parties.get(&row.party_id).map(|party| party.name.clone()).unwrap_or_default();
            all.push(Wanted {
                kind: ReportKind::Subcontractor,
                key,
                parent: Some((ReportKind::Company, row.party_id.to_string())),
                previous: None,
                subject: row.party_id.0,
                title: name,
                on: row.from_on,
                body: Body { root, ..Body::default() },
            });
        }
    }

    pub(super) fn teams(&self, all: &mut Vec<Wanted>) {
        let parts = self.parts();
        for crew in self.crews.iter().filter(|crew| crew.until_on.is_none_or(|until| until >= self.platform.from_on)) {
            let mut ours = self.corp(crew.party_id);
            ours.extend(plain([("teamName", Some(word(&crew.name)))]));
            let root = self.filled(ReportKind::Team, crew.id.0, self.announced.of(RecordKind::Team, crew.id.0), ours);
            let part = parts.iter().find(|(_, row)| row.party_id == crew.party_id);
            all.push(Wanted {
                kind: ReportKind::Team,
                key: crew.id.to_string(),
                parent: part.map(|(key, _)| (ReportKind::Subcontractor, key.clone())),
                previous: None,
                subject: crew.id.0,
                title: crew.name.clone(),
                on: crew.from_on,
                body: Body { root, team: Some(crew.id.to_string()), ..Body::default() },
            });
        }
    }
}
