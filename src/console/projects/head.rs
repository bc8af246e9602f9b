//! The head of every page of a project: what it is, who takes part, the tabs that the visitor may open.

use crate::base::id::{PartyId, ProjectId};
use crate::console::{Frame, regions};
use crate::parties;
use crate::projects::{self, PartyRole, Site};
use crate::store::AnyConn;
use crate::web::{Problem, Verb, Visit};

/// The head of a project's pages; templates include `console/projects/head.html` and call it `head`.
pub struct Head {
    /// Id.
    pub id: ProjectId,
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Region's name and code.
    pub region: String,
    /// Owner and general contractor today.
    pub parties: Vec<(PartyRole, PartyId, String)>,
}

/// A tab.
pub struct Tab {
    /// Path.
    pub path: String,
    /// Text.
    pub label: &'static str,
    /// Whether it is the page shown.
    pub is_here: bool,
}

/// What follows the project's path, Chinese, English, and the verb that opens it.
const TABS: &[(&str, &str, &str, Verb)] = &[
    ("", "总览", "Overview", Verb::ReadProjects),
    ("/workers", "人员", "Workers", Verb::ReadWorkers),
    ("/morning", "现场", "Morning", Verb::ReadWorkers),
    ("/attendance", "考勤", "Attendance", Verb::ReadProjects),
    ("/sheets", "工资表", "Pay sheets", Verb::ReadProjects),
    ("/money", "资金", "Money", Verb::ReadMoney),
    ("/matches", "比对", "Match", Verb::MatchWages),
    ("/deposit", "保证金", "Deposit", Verb::ReadProjects),
    ("/matters", "事项", "Matters", Verb::ReadMoney),
    ("/clearance", "清欠销户", "Clearance", Verb::ReadProjects),
    ("/documents", "资料", "Documents", Verb::ReadProjects),
    ("/reports", "上报", "Reports", Verb::ReadReports),
    ("/findings", "历次核查", "Findings", Verb::ReadProjects),
];

impl Head {
    /// Opens a project for the visitor, by the verb of the page's route, and gathers its head.
    ///
    /// # Errors
    /// `not_found` when there is none that the visitor may see.
    pub fn enter(conn: &mut AnyConn, visit: &Visit, id: ProjectId) -> Result<(Site, Head), Problem> {
        let site = projects::enter(conn, &visit.ctx.scope, id)?;
        let mut parties = Vec::new();
        for role in [PartyRole::Owner, PartyRole::GeneralContractor] {
            if let Some(party) = site.party(role, visit.ctx.today) {
                let name = parties::table::find(conn, &visit.ctx.scope, party)?.map(|row| row.name).unwrap_or_default();
                parties.push((role, party, name));
            }
        }
        let head = Head {
            id,
            code: site.code.clone(),
            name: site.name.clone(),
            region: format!("{} {}", regions::name(site.region), site.region),
            parties,
        };
        Ok((site, head))
    }

    /// Path of the project's first page.
    pub fn path(&self) -> String {
        format!("/projects/{}", self.id)
    }

    /// The tabs that the visitor may open.
    pub fn tabs(&self, f: &Frame) -> Vec<Tab> {
        let here = f.visit.here.split('?').next().unwrap_or_default().to_owned();
        TABS.iter()
            .filter(|(_, _, _, verb)| f.visit.able(*verb).is_some())
            .map(|(tail, zh, en, _)| {
                let path = format!("{}{tail}", self.path());
                let is_here = here == path || (!tail.is_empty() && here.starts_with(&format!("{path}/")));
                Tab { path, label: f.visit.lang.pick(zh, en), is_here }
            })
            .collect()
    }
}
