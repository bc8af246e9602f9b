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
        /// Tells of a training with those who took part.
        TrainingAdd = "ProjectTraining.Add",
        /// Trainings on record.
        TrainingQuery = "ProjectTraining.Query",
        /// Tells credentials of workers.
        WorkerCredentialAdd = "WorkerCredential.Add",
        /// Changes them, or says that they no longer stand.
        WorkerCredentialUpdate = "WorkerCredential.Update",
        /// Those on record.
        WorkerCredentialQuery = "WorkerCredential.Query",
        /// Tells credentials of companies.
        CorpCredentialAdd = "CorpCredential.Add",
        /// Changes them, or says that they no longer stand.
        CorpCredentialUpdate = "CorpCredential.Update",
        /// Those on record.
        CorpCredentialQuery = "CorpCredential.Query",
        /// Tells bad records of workers.
        WorkerBadRecordAdd = "WorkerBadRecord.Add",
        /// Changes them, or says that they no longer stand.
        WorkerBadRecordUpdate = "WorkerBadRecord.Update",
        /// Those on record.
        WorkerBadRecordQuery = "WorkerBadRecord.Query",
        /// Tells bad records of companies.
        CorpBadRecordAdd = "CorpBadRecord.Add",
        /// Changes them, or says that they no longer stand.
        CorpBadRecordUpdate = "CorpBadRecord.Update",
        /// Those on record.
        CorpBadRecordQuery = "CorpBadRecord.Query",
        /// Tells good records of workers.
        WorkerGoodRecordAdd = "WorkerGoodRecord.Add",
        /// Changes them, or says that they no longer stand.
        WorkerGoodRecordUpdate = "WorkerGoodRecord.Update",
        /// Those on record.
        WorkerGoodRecordQuery = "WorkerGoodRecord.Query",
        /// Tells good records of companies.
        CorpGoodRecordAdd = "CorpGoodRecord.Add",
        /// Changes them, or says that they no longer stand.
        CorpGoodRecordUpdate = "CorpGoodRecord.Update",
        /// Those on record.
        CorpGoodRecordQuery = "CorpGoodRecord.Query",
        /// Tells entries of blacklists of workers.
        WorkerBlackListAdd = "WorkerBlackList.Add",
        /// Changes them, or says that they no longer stand.
        WorkerBlackListUpdate = "WorkerBlackList.Update",
        /// Those on record.
        WorkerBlackListQuery = "WorkerBlackList.Query",
        /// Tells entries of blacklists of companies.
        CorpBlackListAdd = "CorpBlackList.Add",
        /// Changes them, or says that they no longer stand.
        CorpBlackListUpdate = "CorpBlackList.Update",
        /// Those on record.
        CorpBlackListQuery = "CorpBlackList.Query",
    }
}

/// Methods that are named somewhere and that nobody has seen the fields of: credentials of managers and projects, and two of one province.
pub const NOT_SERVED: [&str; 4] = ["ManagerCredential.Query", "ProjectCredential.Query", "Attendance.Query", "TempExit.Add"];

/// Whose conduct a method is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// A worker's.
    Worker,
    /// A company's.
    Corp,
}

/// What a method tells of somebody's conduct.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conduct {
    /// A certificate.
    Credential,
    /// A bad record.
    BadRecord,
    /// A good record.
    GoodRecord,
    /// An entry of a blacklist.
    BlackList,
}

impl Method {
    /// The method of a name, without regard to case.
    pub fn find(name: &str) -> Option<Method> {
        Method::ALL.iter().copied().find(|method| method.as_str().eq_ignore_ascii_case(name.trim()))
    }

    /// Whether it answers at once; every other one is taken and done by a job.
    pub fn is_query(self) -> bool {
        self.as_str().ends_with(".Query")
    }

    /// Whose conduct it is about and in what; `None` for every other method.
    pub fn conduct(self) -> Option<(Whose, Conduct)> {
        let (object, _) = self.as_str().split_once('.')?;
        let of_worker = object.strip_prefix("Worker").map(|rest| (Whose::Worker, rest));
        let (whose, what) = of_worker.or_else(|| object.strip_prefix("Corp").map(|rest| (Whose::Corp, rest)))?;
        let what = match what {
            "Credential" => Conduct::Credential,
            "BadRecord" => Conduct::BadRecord,
            "GoodRecord" => Conduct::GoodRecord,
            "BlackList" => Conduct::BlackList,
            _ => return None,
        };
        Some((whose, what))
    }

    /// Its fields.
    pub fn shape(self) -> &'static Shape {
        use super::conduct as c;
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
            Method::TrainingAdd => &c::TRAINING,
            Method::TrainingQuery => &c::TRAINING_QUERY,
            Method::WorkerCredentialAdd => &c::WORKER_CREDENTIAL,
            Method::WorkerCredentialUpdate => &c::WORKER_CREDENTIAL_CHANGE,
            Method::CorpCredentialAdd => &c::CORP_CREDENTIAL,
            Method::CorpCredentialUpdate => &c::CORP_CREDENTIAL_CHANGE,
            Method::WorkerBadRecordAdd => &c::WORKER_BAD_RECORD,
            Method::WorkerBadRecordUpdate => &c::WORKER_BAD_RECORD_CHANGE,
            Method::CorpBadRecordAdd => &c::CORP_BAD_RECORD,
            Method::CorpBadRecordUpdate => &c::CORP_BAD_RECORD_CHANGE,
            Method::WorkerGoodRecordAdd => &c::WORKER_GOOD_RECORD,
            Method::WorkerGoodRecordUpdate => &c::WORKER_GOOD_RECORD_CHANGE,
            Method::CorpGoodRecordAdd => &c::CORP_GOOD_RECORD,
            Method::CorpGoodRecordUpdate => &c::CORP_GOOD_RECORD_CHANGE,
            Method::WorkerBlackListAdd => &c::WORKER_BLACK_LIST,
            Method::WorkerBlackListUpdate => &c::WORKER_BLACK_LIST_CHANGE,
            Method::CorpBlackListAdd => &c::CORP_BLACK_LIST,
            Method::CorpBlackListUpdate => &c::CORP_BLACK_LIST_CHANGE,
            Method::CorpQuery
            | Method::ProjectQuery
            | Method::WorkerQuery
            | Method::WorkerCredentialQuery
            | Method::CorpCredentialQuery
            | Method::WorkerBadRecordQuery
            | Method::CorpBadRecordQuery
            | Method::WorkerGoodRecordQuery
            | Method::CorpGoodRecordQuery
            | Method::WorkerBlackListQuery
            | Method::CorpBlackListQuery => &s::WIDE_QUERY,
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
