//! The methods, and how their fields are described; the fields themselves stand in `shapes`.

use crate::base::words;

words! {
    /// A method that we serve.
    pub enum Method, "method" {
        /// Whether the signature is right.
        CheckSignQuery = "CheckSign.Query",
        /// What became of an earlier request.
        AsyncHandleResultQuery = "AsyncHandleResult.Query",
        /// Registers a company.
        CorpUpload = "Corp.Upload",
        /// Companies.
        CorpQuery = "Corp.Query",
        /// Registers a project.
        ProjectAdd = "Project.Add",
        /// Changes what is kept beside the registry.
        ProjectUpdate = "Project.Update",
        /// The same with some of the fields.
        ProjectPartUpdate = "Project.PartUpdate",
        /// Projects.
        ProjectQuery = "Project.Query",
        /// Puts a company on a project.
        SubContractorAdd = "ProjectSubContractor.Add",
        /// Changes what is kept beside the registry.
        SubContractorUpdate = "ProjectSubContractor.Update",
        /// Companies of a project.
        SubContractorQuery = "ProjectSubContractor.Query",
        /// Adds a crew.
        TeamAdd = "Team.Add",
        /// Changes what is kept beside the registry.
        TeamUpdate = "Team.Update",
        /// Crews.
        TeamQuery = "Team.Query",
        /// Announces workers of a crew.
        ProjectWorkerAdd = "ProjectWorker.Add",
        /// Changes announced workers.
        ProjectWorkerUpdate = "ProjectWorker.Update",
        /// Workers of a project.
        ProjectWorkerQuery = "ProjectWorker.Query",
        /// Entries and exits.
        EntryExitAdd = "WorkerEntryExit.Add",
        /// Entries and exits on record.
        EntryExitQuery = "WorkerEntryExit.Query",
        /// Labour contracts.
        ContractAdd = "WorkerContract.Add",
        /// Labour contracts on record.
        ContractQuery = "WorkerContract.Query",
        /// Passages at the gates.
        AttendanceAdd = "WorkerAttendance.Add",
        /// Passages on record.
        AttendanceQuery = "WorkerAttendance.Query",
        /// Wages.
        PayrollAdd = "Payroll.Add",
        /// Wages on record.
        PayrollQuery = "Payroll.Query",
        /// Where a person is enrolled.
        WorkerQuery = "Worker.Query",
    }
}

/// Methods of the protocol for which there is no registry here: training, credentials, good and bad records, blacklists.
pub const NOT_SERVED: [&str; 14] = [
    "ProjectTraining.Add",
    "ProjectTraining.Query",
    "CorpCredential.Query",
    "WorkerCredential.Query",
    "ManagerCredential.Query",
    "ProjectCredential.Query",
    "CorpBadRecord.Query",
    "CorpGoodRecord.Query",
    "CorpBlackList.Query",
    "WorkerBadRecord.Query",
    "WorkerGoodRecord.Query",
    "WorkerBlackList.Query",
    "Attendance.Query",
    "TempExit.Add",
];

impl Method {
    /// The method of a name, without regard to case.
    pub fn find(name: &str) -> Option<Method> {
        Method::ALL.iter().copied().find(|method| method.as_str().eq_ignore_ascii_case(name.trim()))
    }

    /// Whether it answers at once; every other one is taken and done by a job.
    pub fn is_query(self) -> bool {
        self.as_str().ends_with(".Query")
    }

    /// Its fields.
    pub fn shape(self) -> &'static Shape {
        use super::shapes as s;
        match self {
            Method::CheckSignQuery => &s::NOTHING,
            Method::AsyncHandleResultQuery => &s::RESULT,
            Method::CorpUpload => &s::CORP,
            Method::ProjectAdd => &s::PROJECT,
            Method::ProjectUpdate | Method::ProjectPartUpdate => &s::PROJECT_CHANGE,
            Method::SubContractorAdd | Method::SubContractorUpdate => &s::SUBCONTRACTOR,
            Method::TeamAdd => &s::TEAM,
            Method::TeamUpdate => &s::TEAM_CHANGE,
            Method::ProjectWorkerAdd => &s::WORKER,
            Method::ProjectWorkerUpdate => &s::WORKER_CHANGE,
            Method::EntryExitAdd => &s::ENTRY,
            Method::ContractAdd => &s::CONTRACT,
            Method::AttendanceAdd => &s::ATTENDANCE,
            Method::PayrollAdd => &s::PAYROLL,
            Method::CorpQuery | Method::ProjectQuery | Method::WorkerQuery => &s::WIDE_QUERY,
            Method::SubContractorQuery
            | Method::TeamQuery
            | Method::ProjectWorkerQuery
            | Method::EntryExitQuery
            | Method::ContractQuery
            | Method::AttendanceQuery
            | Method::PayrollQuery => &s::PROJECT_QUERY,
        }
    }
}

/// What a field is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Text of at most so many characters.
    Text(usize),
    /// A code of a table.
    Code(&'static str),
    /// `0` or `1`.
    Flag,
    /// Unified social credit code.
    Uscc,
    /// Six digits of GB/T 2260.
    Area,
    /// Telephone number.
    Phone,
    /// A day.
    Day,
    /// A day that is not ahead.
    PastDay,
    /// A month that is not ahead.
    Month,
    /// Date and time on the wall, not ahead.
    Clock,
    /// An amount in yuan, at most two decimals.
    Money,
    /// Any decimal number, not negative.
    Decimal,
    /// A whole number from 0 to 2³¹ − 1.
    Count,
    /// Encrypted text.
    SecretText(usize),
    /// Encrypted number of an identity paper, whose kind stands in `idCardType`.
    SecretId,
    /// Encrypted bank card of a person.
    SecretCard,
    /// Encrypted account of a company, 5 to 34 characters.
    SecretAccount,
    /// A picture in base64 of at most so many bytes.
    Image(usize),
    /// A list of at most so many attachments, of any form.
    Files(usize),
    /// Objects with these fields, at most so many.
    Items(&'static [Field], usize),
}

/// When a field must be there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Need {
    /// Always.
    Must,
    /// Never.
    May,
    /// When a neighbour has this value.
    When(&'static str, &'static str),
    /// When any of these neighbours is there.
    With(&'static [&'static str]),
}

/// A field of a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Field {
    /// Name.
    pub key: &'static str,
    /// What it is.
    pub kind: Kind,
    /// When it must be there.
    pub need: Need,
}

/// The list of a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ItemList {
    /// Name.
    pub key: &'static str,
    /// Items at most.
    pub max: usize,
    /// Fields of an item.
    pub fields: &'static [Field],
    /// Whether the name is unconfirmed, so that any single list of objects is taken for it.
    pub any_name: bool,
}

/// The fields of a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// Fields at the root.
    pub root: &'static [Field],
    /// Its list, where it has one.
    pub list: Option<ItemList>,
}
