//! Who may do what, where: one table of role × verb, and grants that tie a role to a region, an organisation, a project, an account.
//!
//! A [`Scope`] is what remains of a login for one verb: the grants whose role allows it. Only the access gate of `app` makes one from
//! a request; jobs and the simulation make theirs by name. Every query of a slice takes one, so a page cannot forget the filter.

use crate::base::id::{AccountId, CaseId, PartyId, ProjectId, UserId};
use crate::base::{RegionCode, Unreadable, words};

/// The actor of a message whose signature its handler has yet to check: nobody, who may see nothing.
pub const SIGNED: &str = "signed";

/// How the actor of a watched folder begins.
const WATCHED: &str = "watch:";

words! {
    /// What a person or machine is, for the purpose of rights.
    pub enum Role, "role" {
        /// Runs the service: users, devices, inbox; no money.
        Administrator = "administrator",
        /// Labour manager of a general contractor (劳资专管员).
        LabourManager = "labour_manager",
        /// Subcontractor or crew leader.
        Subcontractor = "subcontractor",
        /// Owner (建设单位).
        Owner = "owner",
        /// Labour authority (人社部门).
        LabourAuthority = "labour_authority",
        /// Industry authority (行业主管): housing, transport, water.
        IndustryAuthority = "industry_authority",
        /// Grid officer or site chief.
        GridOfficer = "grid_officer",
        /// A bank's machine or clerk.
        Bank = "bank",
        /// A device or gateway that sends punches.
        Device = "device",
    }
}
crate::store::types::word_column!(Role);

words! {
    /// What can be done. A route names exactly one.
    pub enum Verb, "verb" {
        /// See projects, parties, crews, facts, cards, findings.
        ReadProjects = "read_projects",
        /// Register companies.
        RegisterParties = "register_parties",
        /// Register projects and who takes part.
        RegisterProjects = "register_projects",
        /// Record dated facts and upload papers.
        RecordFacts = "record_facts",
        /// Open and file wage accounts.
        OpenAccounts = "open_accounts",
        /// See accounts, entries, ledger.
        ReadMoney = "read_money",
        /// Hand in bank statements and results.
        FeedBank = "feed_bank",
        /// Lodge, use, return deposits.
        HandleDeposits = "handle_deposits",
        /// Take steps in matters of deposits; which ones, the matter says by role.
        StepDeposits = "step_deposits",
        /// Enrol workers, let them leave.
        EnrolWorkers = "enrol_workers",
        /// See workers with masked numbers.
        ReadWorkers = "read_workers",
        /// See a plain number, with a purpose, on record.
        Unmask = "unmask",
        /// Admit and bind devices.
        ManageDevices = "manage_devices",
        /// Hand in punches.
        FeedPunches = "feed_punches",
        /// Build sheets and record signatures.
        PrepareSheets = "prepare_sheets",
        /// Audit sheets and order pay runs.
        PayWages = "pay_wages",
        /// See attendance, pay sheet and bank side by side, and say what was found of a difference.
        MatchWages = "match_wages",
        /// Open and close cases.
        HandleCases = "handle_cases",
        /// Put companies' records on file.
        RecordCredit = "record_credit",
        /// See what is reported to platforms, and what they believe.
        ReadReports = "read_reports",
        /// Name platforms that a project reports to, and see to what they refuse.
        ReportData = "report_data",
        /// Ask gates.
        AskGates = "ask_gates",
        /// Set a refusal aside, with a second person.
        OverrideGates = "override_gates",
        /// Users, keys, grants.
        ManageUsers = "manage_users",
        /// Inbox, quarantine, jobs.
        Operate = "operate",
        /// Propose changes of law, of a region's rules, of the operator's policy.
        ProposeLaw = "propose_law",
        /// See such proposals, and approve or reject those of others.
        ApproveLaw = "approve_law",
        /// Try a change of law over the stored history, without changing anything.
        TryLaw = "try_law",
    }
}

/// The one table: what each role may do, wherever its grant says.
pub fn verbs_of(role: Role) -> &'static [Verb] {
    use Verb as V;
    match role {
        Role::Administrator => &[
            V::ReadProjects,
            V::RegisterParties,
            V::RegisterProjects,
            V::StepDeposits,
            V::ManageDevices,
            V::ManageUsers,
            V::Operate,
            V::ReadReports,
            V::ReportData,
            V::AskGates,
            V::ProposeLaw,
            V::ApproveLaw,
            V::TryLaw,
        ],
        Role::LabourManager => &[
            V::ReadProjects,
            V::RegisterParties,
            V::RegisterProjects,
            V::RecordFacts,
            V::OpenAccounts,
            V::ReadMoney,
            V::FeedBank,
            V::HandleDeposits,
            V::StepDeposits,
            V::EnrolWorkers,
            V::ReadWorkers,
            V::Unmask,
            V::ManageDevices,
            V::FeedPunches,
            V::PrepareSheets,
            V::PayWages,
            V::MatchWages,
            V::ReadReports,
            V::ReportData,
            V::AskGates,
        ],
        Role::Subcontractor => &[V::ReadProjects, V::EnrolWorkers, V::ReadWorkers, V::PrepareSheets],
        Role::Owner => &[V::ReadProjects, V::RecordFacts, V::ReadMoney, V::AskGates],
        Role::LabourAuthority => &[
            V::ReadProjects,
            V::RegisterParties,
            V::RegisterProjects,
            V::RecordFacts,
            V::ReadMoney,
            V::HandleDeposits,
            V::StepDeposits,
            V::ReadWorkers,
            V::Unmask,
            V::MatchWages,
            V::ReadReports,
            V::HandleCases,
            V::RecordCredit,
            V::AskGates,
            V::OverrideGates,
            V::ApproveLaw,
            V::TryLaw,
        ],
        Role::IndustryAuthority => &[
            V::ReadProjects,
            V::RegisterParties,
            V::RegisterProjects,
            V::RecordFacts,
            V::ReadMoney,
            V::RecordCredit,
            V::ReadReports,
            V::AskGates,
            V::OverrideGates,
            V::TryLaw,
        ],
        Role::GridOfficer => &[V::ReadProjects, V::HandleCases],
        Role::Bank => &[V::FeedBank, V::ReadMoney, V::StepDeposits],
        Role::Device => &[V::FeedPunches],
    }
}

/// Where a grant holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeOn {
    /// Everywhere.
    Everything,
    /// A region and all in it.
    Region(RegionCode),
    /// A company: every project it takes part in.
    Organisation(PartyId),
    /// One project.
    Project(ProjectId),
    /// One wage account.
    Account(AccountId),
    /// One case.
    Case(CaseId),
    /// A grid cell, by region code for now.
    Grid(RegionCode),
}

impl ScopeOn {
    /// Kind and value as stored.
    pub fn parts(self) -> (&'static str, String) {
        match self {
            ScopeOn::Everything => ("everything", String::new()),
            ScopeOn::Region(code) => ("region", code.to_string()),
            ScopeOn::Organisation(id) => ("organisation", id.to_string()),
            ScopeOn::Project(id) => ("project", id.to_string()),
            ScopeOn::Account(id) => ("account", id.to_string()),
            ScopeOn::Case(id) => ("case", id.to_string()),
            ScopeOn::Grid(code) => ("grid", code.to_string()),
        }
    }

    /// Reads what [`ScopeOn::parts`] wrote.
    pub fn of(kind: &str, value: &str) -> Result<Self, Unreadable> {
        match kind {
            "everything" => Ok(ScopeOn::Everything),
            "region" => value.parse().map(ScopeOn::Region),
            "organisation" => value.parse().map(ScopeOn::Organisation),
            "project" => value.parse().map(ScopeOn::Project),
            "account" => value.parse().map(ScopeOn::Account),
            "case" => value.parse().map(ScopeOn::Case),
            "grid" => value.parse().map(ScopeOn::Grid),
            _ => Err(Unreadable::new("scope", kind, "write one of: everything region organisation project account case grid")),
        }
    }
}

/// A role and where it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// Role.
    pub role: Role,
    /// Where.
    pub on: ScopeOn,
}

/// Who asks and for what they may ask, narrowed to one verb.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Name for the journal: a user's or key's id, or the name of a job.
    pub actor: String,
    /// The user, where a person asks.
    pub user: Option<UserId>,
    /// Where the verb holds; never empty.
    pub places: Vec<ScopeOn>,
}

impl Scope {
    /// The scope of a login for a verb; `None` when no grant allows it.
    pub fn narrow(actor: String, user: Option<UserId>, grants: &[Grant], verb: Verb) -> Option<Self> {
        let places: Vec<ScopeOn> =
            grants.iter().filter(|grant| verbs_of(grant.role).contains(&verb)).map(|grant| grant.on).collect();
        (!places.is_empty()).then_some(Self { actor, user, places })
    }

    /// The service itself, by the name of the job or command that acts.
    pub fn of_the_house(name: &str) -> Self {
        Self { actor: name.to_owned(), user: None, places: vec![ScopeOn::Everything] }
    }

    /// A watched folder: the files in it may be about this place and no other.
    pub fn of_watched(place: ScopeOn) -> Self {
        Self { actor: format!("{WATCHED}{}", place.parts().1), user: None, places: vec![place] }
    }

    /// The scope of the watched folder of an account, by the name under which its files are kept.
    pub fn of_watched_account(actor: &str) -> Option<Self> {
        let account = actor.strip_prefix(WATCHED)?.parse().ok()?;
        Some(Self::of_watched(ScopeOn::Account(account)))
    }

    /// Whether it holds everywhere.
    pub fn is_everything(&self) -> bool {
        self.places.contains(&ScopeOn::Everything)
    }

    /// Whether it covers a project of that region in which these companies take part.
    pub fn covers_project(&self, project: ProjectId, region: RegionCode, parties: &[PartyId]) -> bool {
        self.places.iter().any(|place| match place {
            ScopeOn::Everything => true,
            ScopeOn::Region(code) | ScopeOn::Grid(code) => code.holds(region),
            ScopeOn::Organisation(party) => parties.contains(party),
            ScopeOn::Project(id) => *id == project,
            ScopeOn::Account(_) | ScopeOn::Case(_) => false,
        })
    }

    /// Whether it covers a whole region: what authorities need to register there.
    pub fn covers_region(&self, region: RegionCode) -> bool {
        self.places.iter().any(|place| match place {
            ScopeOn::Everything => true,
            ScopeOn::Region(code) => code.holds(region),
            _ => false,
        })
    }

    /// The companies that it names.
    pub fn organisations(&self) -> Vec<PartyId> {
        self.places.iter().filter_map(|place| if let ScopeOn::Organisation(id) = place { Some(*id) } else { None }).collect()
    }

    /// The single accounts that it names.
    pub fn accounts(&self) -> Vec<AccountId> {
        self.places.iter().filter_map(|place| if let ScopeOn::Account(id) = place { Some(*id) } else { None }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_belongs_to_somebody_and_money_never_to_the_administrator() {
        for verb in Verb::ALL {
            assert!(Role::ALL.iter().any(|role| verbs_of(*role).contains(verb)), "{verb} is nobody's");
        }
        for verb in [Verb::PayWages, Verb::Unmask, Verb::RecordFacts] {
            assert!(!verbs_of(Role::Administrator).contains(&verb), "{verb}");
        }
    }

    #[test]
    fn a_scope_without_a_grant_does_not_exist() {
        let grants = [Grant { role: Role::Bank, on: ScopeOn::Everything }];
        assert!(Scope::narrow("key-1".into(), None, &grants, Verb::FeedBank).is_some());
        assert!(Scope::narrow("key-1".into(), None, &grants, Verb::PayWages).is_none());
    }

    #[test]
    fn a_watched_folder_is_known_again_by_its_name() {
        let scope = Scope::of_watched(ScopeOn::Account(AccountId(7)));
        assert_eq!(Scope::of_watched_account(&scope.actor), Some(scope));
        let roster = Scope::of_watched(ScopeOn::Project(ProjectId(7)));
        assert_eq!(Scope::of_watched_account(&roster.actor), None);
        assert_eq!(Scope::of_watched_account("usr-0000000000001"), None);
    }

    #[test]
    fn a_region_covers_what_lies_in_it_and_nothing_else() {
        let code = |text: &str| text.parse::<RegionCode>().unwrap();
        let scope = Scope { actor: "a".into(), user: None, places: vec![ScopeOn::Region(code("330700"))] };
        assert!(scope.covers_project(ProjectId(1), code("330784"), &[]));
        assert!(!scope.covers_project(ProjectId(1), code("330100"), &[]));
        assert!(!scope.covers_region(code("330000")));
    }
}
