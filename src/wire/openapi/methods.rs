//! The methods with their fields: which must be there, what each is, which of them are encrypted, how many items a list may have.

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
        match self {
            Method::CheckSignQuery => &NOTHING,
            Method::AsyncHandleResultQuery => &RESULT,
            Method::CorpUpload => &CORP,
            Method::ProjectAdd => &PROJECT,
            Method::ProjectUpdate | Method::ProjectPartUpdate => &PROJECT_CHANGE,
            Method::SubContractorAdd | Method::SubContractorUpdate => &SUBCONTRACTOR,
            Method::TeamAdd => &TEAM,
            Method::TeamUpdate => &TEAM_CHANGE,
            Method::ProjectWorkerAdd => &WORKER,
            Method::ProjectWorkerUpdate => &WORKER_CHANGE,
            Method::EntryExitAdd => &ENTRY,
            Method::ContractAdd => &CONTRACT,
            Method::AttendanceAdd => &ATTENDANCE,
            Method::PayrollAdd => &PAYROLL,
            Method::CorpQuery | Method::ProjectQuery | Method::WorkerQuery => &WIDE_QUERY,
            Method::SubContractorQuery
            | Method::TeamQuery
            | Method::ProjectWorkerQuery
            | Method::EntryExitQuery
            | Method::ContractQuery
            | Method::AttendanceQuery
            | Method::PayrollQuery => &PROJECT_QUERY,
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

const fn must(key: &'static str, kind: Kind) -> Field {
    Field { key, kind, need: Need::Must }
}

const fn may(key: &'static str, kind: Kind) -> Field {
    Field { key, kind, need: Need::May }
}

const fn root(fields: &'static [Field]) -> Shape {
    Shape { root: fields, list: None }
}

const fn listed(fields: &'static [Field], key: &'static str, max: usize, items: &'static [Field]) -> Shape {
    Shape { root: fields, list: Some(ItemList { key, max, fields: items, any_name: false }) }
}

/// The longest name of a company or crew.
const NAME: Kind = Kind::Text(140);
/// Any short text.
const WORD: Kind = Kind::Text(60);
/// A remark or address.
const LONG: Kind = Kind::Text(400);
/// Bytes of the picture of a head.
const HEAD_MAX: usize = 50 * 1024;
/// Bytes of a picture of a paper.
const PICTURE_MAX: usize = 500 * 1024;

const ID_TYPE: Field = must("idCardType", Kind::Code("idCardType"));
const ID_NUMBER: Field = must("idCardNumber", Kind::SecretId);
const PROJECT_CODE: Field = must("projectCode", WORD);
const CORP_CODE: Field = must("corpCode", Kind::Uscc);
const CORP_NAME: Field = must("corpName", NAME);
const TEAM_NUMBER: Field = must("teamSysNo", Kind::Count);

static NOTHING: Shape = root(&[]);
static RESULT: Shape = root(&[must("requestSerialCode", Kind::Text(80))]);

static CORP: Shape = root(&[
    CORP_CODE,
    CORP_NAME,
    may("areaCode", Kind::Area),
    may("corpType", WORD),
    may("linkMan", WORD),
    may("linkPhone", WORD),
]);

static LICENSES: [Field; 2] = [must("prjName", LONG), must("builderLicenseNum", Kind::SecretText(100))];

static PROJECT: Shape = root(&[
    must("contractorCorpCode", Kind::Uscc),
    must("contractorCorpName", NAME),
    must("name", NAME),
    must("category", Kind::Code("category")),
    must("builderLicenses", Kind::Items(&LICENSES, 50)),
    must("areaCode", Kind::Area),
    must("prjStatus", Kind::Code("prjStatus")),
    must("thirdPartyProjectCode", Kind::Text(100)),
    may("buildCorpCode", Kind::Uscc),
    may("buildCorpName", NAME),
    may("invest", Kind::Decimal),
    may("buildingArea", Kind::Decimal),
    may("startDate", Kind::Day),
    may("completeDate", Kind::Day),
    may("linkMan", WORD),
    may("linkPhone", WORD),
    may("lng", Kind::Text(30)),
    may("lat", Kind::Text(30)),
    may("approvalNum", Kind::Text(100)),
    may("prjSize", WORD),
    may("propertyNum", WORD),
    may("functionNum", WORD),
    may("nationNum", WORD),
    may("buildPlanNum", Kind::SecretText(100)),
    may("prjPlanNum", Kind::SecretText(100)),
]);

static PROJECT_CHANGE: Shape = root(&[
    PROJECT_CODE,
    may("contractorCorpCode", Kind::Uscc),
    may("contractorCorpName", NAME),
    may("name", NAME),
    may("category", Kind::Code("category")),
    may("builderLicenses", Kind::Items(&LICENSES, 50)),
    may("areaCode", Kind::Area),
    may("prjStatus", Kind::Code("prjStatus")),
    may("thirdPartyProjectCode", Kind::Text(100)),
    may("buildCorpCode", Kind::Uscc),
    may("buildCorpName", NAME),
    may("invest", Kind::Decimal),
    may("buildingArea", Kind::Decimal),
    may("startDate", Kind::Day),
    may("completeDate", Kind::Day),
    may("linkMan", WORD),
    may("linkPhone", WORD),
    may("lng", Kind::Text(30)),
    may("lat", Kind::Text(30)),
    may("approvalNum", Kind::Text(100)),
    may("prjSize", WORD),
    may("propertyNum", WORD),
    may("functionNum", WORD),
    may("nationNum", WORD),
    may("buildPlanNum", Kind::SecretText(100)),
    may("prjPlanNum", Kind::SecretText(100)),
]);

static BANKS: [Field; 4] = [
    may("bankCode", Kind::Code("bank")),
    may("bankName", WORD),
    may("bankNumber", Kind::SecretAccount),
    may("bankLinkNumber", WORD),
];

static SUBCONTRACTOR: Shape = root(&[
    PROJECT_CODE,
    CORP_CODE,
    CORP_NAME,
    must("corpType", Kind::Code("corpType")),
    may("entryTime", Kind::PastDay),
    may("exitTime", Kind::Day),
    may("bankInfos", Kind::Items(&BANKS, 20)),
    may("pmName", WORD),
    may("pmIDCardType", Kind::Code("idCardType")),
    may("pmIDCardNumber", Kind::SecretText(40)),
    may("pmPhone", WORD),
]);

static TEAM: Shape = root(&[
    PROJECT_CODE,
    CORP_CODE,
    CORP_NAME,
    must("teamName", NAME),
    may("responsiblePersonName", WORD),
    may("responsiblePersonPhone", WORD),
    may("responsiblePersonIDCardType", Kind::Code("idCardType")),
    may("responsiblePersonIDNumber", Kind::SecretText(40)),
    may("entryTime", Kind::PastDay),
    may("exitTime", Kind::Day),
    Field { key: "entryAttachments", kind: Kind::Files(5), need: Need::With(&["entryTime"]) },
    Field { key: "exitAttachments", kind: Kind::Files(5), need: Need::With(&["exitTime"]) },
]);

static TEAM_CHANGE: Shape = root(&[
    PROJECT_CODE,
    TEAM_NUMBER,
    may("corpCode", Kind::Uscc),
    may("corpName", NAME),
    may("teamName", NAME),
    may("responsiblePersonName", WORD),
    may("responsiblePersonPhone", WORD),
    may("responsiblePersonIDCardType", Kind::Code("idCardType")),
    may("responsiblePersonIDNumber", Kind::SecretText(40)),
    may("entryTime", Kind::PastDay),
    may("exitTime", Kind::Day),
]);

static WORKER: Shape = listed(
    &[PROJECT_CODE, CORP_CODE, CORP_NAME, TEAM_NUMBER, must("teamName", NAME)],
    "workerList",
    5,
    &[
        must("workerName", WORD),
        must("isTeamLeader", Kind::Flag),
        ID_TYPE,
        ID_NUMBER,
        must("workType", Kind::Code("workType")),
        must("workRole", Kind::Code("workRole")),
        must("nation", WORD),
        must("address", LONG),
        must("headImage", Kind::Image(HEAD_MAX)),
        must("politicsType", WORD),
        must("cellPhone", Kind::Phone),
        must("cultureLevelType", WORD),
        must("grantOrg", NAME),
        may("payRollBankCardNumber", Kind::SecretCard),
        may("payRollBankName", WORD),
        may("bankLinkNumber", WORD),
        may("payRollTopBankCode", Kind::Code("bank")),
        may("hasBuyInsurance", Kind::Flag),
        may("startDate", Kind::Day),
        may("expiryDate", Kind::Day),
        may("positiveIDCardImage", Kind::Image(PICTURE_MAX)),
        may("negativeIDCardImage", Kind::Image(PICTURE_MAX)),
    ],
);

static WORKER_CHANGE: Shape = listed(
    &[PROJECT_CODE, CORP_CODE, CORP_NAME, TEAM_NUMBER],
    "workerList",
    5,
    &[
        ID_TYPE,
        ID_NUMBER,
        may("workerName", WORD),
        may("isTeamLeader", Kind::Flag),
        may("workType", Kind::Code("workType")),
        may("workRole", Kind::Code("workRole")),
        may("nation", WORD),
        may("address", LONG),
        may("headImage", Kind::Image(HEAD_MAX)),
        may("politicsType", WORD),
        may("cellPhone", Kind::Phone),
        may("cultureLevelType", WORD),
        may("grantOrg", NAME),
        may("payRollBankCardNumber", Kind::SecretCard),
        may("payRollBankName", WORD),
        may("bankLinkNumber", WORD),
        may("payRollTopBankCode", Kind::Code("bank")),
        may("hasBuyInsurance", Kind::Flag),
        may("startDate", Kind::Day),
        may("expiryDate", Kind::Day),
    ],
);

static ENTRY: Shape = listed(
    &[PROJECT_CODE, CORP_CODE, CORP_NAME, TEAM_NUMBER],
    "workerList",
    50,
    &[ID_TYPE, ID_NUMBER, must("date", Kind::PastDay), must("type", Kind::Code("entryType")), may("voucher", Kind::Files(5))],
);

static CONTRACT: Shape = Shape {
    root: &[PROJECT_CODE],
    list: Some(ItemList {
        key: "contractList",
        max: 5,
        any_name: true,
        fields: &[
            CORP_CODE,
            CORP_NAME,
            ID_TYPE,
            ID_NUMBER,
            must("contractPeriodType", Kind::Code("contractPeriodType")),
            must("startDate", Kind::Day),
            must("endDate", Kind::Day),
            may("unit", Kind::Code("unit")),
            may("unitPrice", Kind::Money),
            may("attachments", Kind::Files(2)),
        ],
    }),
};

static ATTENDANCE: Shape = listed(
    &[PROJECT_CODE, TEAM_NUMBER],
    "dataList",
    20,
    &[
        ID_TYPE,
        ID_NUMBER,
        must("date", Kind::Clock),
        must("direction", Kind::Code("direction")),
        may("image", Kind::Image(PICTURE_MAX)),
        may("channel", WORD),
        may("attendType", Kind::Text(3)),
        may("lng", Kind::Text(30)),
        may("lat", Kind::Text(30)),
    ],
);

static PAYROLL: Shape = listed(
    &[PROJECT_CODE, CORP_CODE, CORP_NAME, TEAM_NUMBER, must("payMonth", Kind::Month), may("attachments", Kind::Files(5))],
    "detailList",
    20,
    &[
        ID_TYPE,
        ID_NUMBER,
        must("payRollBankCardNumber", Kind::SecretCard),
        must("payRollBankCode", Kind::Code("bank")),
        must("payRollBankName", WORD),
        must("payBankCardNumber", Kind::SecretAccount),
        must("payBankCode", Kind::Code("bank")),
        must("payBankName", WORD),
        must("totalPayAmount", Kind::Money),
        must("actualAmount", Kind::Money),
        must("isBackPay", Kind::Flag),
        must("balanceDate", Kind::PastDay),
        must("thirdPayRollCode", Kind::Text(100)),
        Field { key: "backPayMonth", kind: Kind::Month, need: Need::When("isBackPay", "1") },
        may("days", Kind::Decimal),
        may("workHours", Kind::Decimal),
    ],
);

static WIDE_QUERY: Shape = root(&[
    may("pageIndex", Kind::Count),
    may("pageSize", Kind::Count),
    may("projectCode", WORD),
    may("corpCode", Kind::Uscc),
    may("idCardType", Kind::Code("idCardType")),
    may("idCardNumber", Kind::SecretId),
]);

static PROJECT_QUERY: Shape = root(&[
    PROJECT_CODE,
    may("pageIndex", Kind::Count),
    may("pageSize", Kind::Count),
    may("corpCode", Kind::Uscc),
    may("teamSysNo", Kind::Count),
    may("idCardType", Kind::Code("idCardType")),
    may("idCardNumber", Kind::SecretId),
    may("date", Kind::Day),
    may("payMonth", Kind::Month),
]);
