//! The fields of each message: which must be there, what each is, how long its list may be.

use super::methods::{Field, ItemList, Kind, Need, Shape};

pub(super) const fn must(key: &'static str, kind: Kind) -> Field {
    Field { key, kind, need: Need::Must }
}

pub(super) const fn may(key: &'static str, kind: Kind) -> Field {
    Field { key, kind, need: Need::May }
}

pub(super) const fn root(fields: &'static [Field]) -> Shape {
    Shape { root: fields, list: None }
}

pub(super) const fn listed(fields: &'static [Field], key: &'static str, max: usize, items: &'static [Field]) -> Shape {
    Shape { root: fields, list: Some(ItemList { key, max, fields: items, any_name: false }) }
}

/// The longest name of a company or crew.
pub(super) const NAME: Kind = Kind::Text(140);
/// Any short text.
pub(super) const WORD: Kind = Kind::Text(60);
/// A remark or address.
pub(super) const LONG: Kind = Kind::Text(400);
/// Bytes of the picture of a head.
const HEAD_MAX: usize = 50 * 1024;
/// Bytes of a picture of a paper.
const PICTURE_MAX: usize = 500 * 1024;

pub(super) const ID_TYPE: Field = must("idCardType", Kind::Code("idCardType"));
pub(super) const ID_NUMBER: Field = must("idCardNumber", Kind::SecretId);
pub(super) const PROJECT_CODE: Field = must("projectCode", WORD);
pub(super) const CORP_CODE: Field = must("corpCode", Kind::Uscc);
pub(super) const CORP_NAME: Field = must("corpName", NAME);
const TEAM_NUMBER: Field = must("teamSysNo", Kind::Count);

pub(super) static NOTHING: Shape = root(&[]);
pub(super) static RESULT: Shape = root(&[must("requestSerialCode", Kind::Text(80))]);

pub(super) static CORP: Shape = root(&[
    CORP_CODE,
    CORP_NAME,
    may("areaCode", Kind::Area),
    may("corpType", WORD),
    may("linkMan", WORD),
    may("linkPhone", WORD),
]);

static LICENSES: [Field; 2] = [must("prjName", LONG), must("builderLicenseNum", Kind::SecretText(100))];

pub(super) static PROJECT: Shape = root(&[
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

pub(super) static PROJECT_CHANGE: Shape = root(&[
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

pub(super) static SUBCONTRACTOR: Shape = root(&[
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

pub(super) static TEAM: Shape = root(&[
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

pub(super) static TEAM_CHANGE: Shape = root(&[
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

pub(super) static WORKER: Shape = listed(
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

pub(super) static WORKER_CHANGE: Shape = listed(
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

pub(super) static ENTRY: Shape = listed(
    &[PROJECT_CODE, CORP_CODE, CORP_NAME, TEAM_NUMBER],
    "workerList",
    50,
    &[ID_TYPE, ID_NUMBER, must("date", Kind::PastDay), must("type", Kind::Code("entryType")), may("voucher", Kind::Files(5))],
);

pub(super) static CONTRACT: Shape = Shape {
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

pub(super) static ATTENDANCE: Shape = listed(
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
        may("attendType", Kind::Code("attendType")),
        may("lng", Kind::Text(30)),
        may("lat", Kind::Text(30)),
    ],
);

pub(super) static PAYROLL: Shape = listed(
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

pub(super) static WIDE_QUERY: Shape = root(&[
    may("pageIndex", Kind::Count),
    may("pageSize", Kind::Count),
    may("projectCode", WORD),
    may("corpCode", Kind::Uscc),
    may("idCardType", Kind::Code("idCardType")),
    may("idCardNumber", Kind::SecretId),
]);

pub(super) static PROJECT_QUERY: Shape = root(&[
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
