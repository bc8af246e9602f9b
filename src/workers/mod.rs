//! People on sites: a person once for all projects, an enrolment (实名制登记) for each project that they work on.
//!
//! The identity number belongs to the person and is kept under the key of the house; crew, trade, number at the gate, paper, wage
//! card and day rate belong to the enrolment and are kept under the project's key. Changes are dated events; the enrolment's row
//! shows what holds now. Who may enter a site is law (R724-28a): here it is a warning, a finding is made of it elsewhere.
//! Deliberately absent: attendance, wages, and the format of roster files, which `wire` reads.

pub mod actions;
pub mod enrolling;
pub mod exceptions;
pub mod http;
pub mod leaving;
pub mod lookups;
pub mod papers;
pub mod particulars;
pub mod roster;
pub mod table;

use serde::Serialize;

use crate::base::Fen;
use crate::base::id::{CrewId, DocumentId, ProjectId, RecordId, WorkerId};
use crate::base::{Day, words};
use crate::store::Vault;
use crate::web::problem::Fault;

words! {
    /// What kind of paper the identity number stands on.
    pub enum IdKind, "kind of identity paper" {
        /// Citizen's identity card or residence permit with a number of GB 11643.
        IdCard = "id_card",
        /// Passport.
        Passport = "passport",
        /// Another paper; its number is opaque.
        Other = "other",
    }
}
crate::store::types::word_column!(IdKind);
crate::web::openapi::word_schema!(IdKind);

words! {
    /// What binds a worker to who employs them (R724-28a).
    pub enum Paper, "work paper" {
        /// Labour contract (劳动合同).
        LabourContract = "labour_contract",
        /// Written work agreement (用工书面协议).
        WorkAgreement = "work_agreement",
        /// Nothing was signed yet.
        None = "none",
    }
}
crate::store::types::word_column!(Paper);
crate::web::openapi::word_schema!(Paper);

words! {
    /// What happened to an enrolment.
    pub enum EventKind, "kind of enrolment event" {
        /// Entered the site with these terms.
        Entered = "entered",
        /// Day rate, card or bank changed.
        Terms = "terms",
        /// Left the site.
        Left = "left",
    }
}
crate::store::types::word_column!(EventKind);
crate::web::openapi::word_schema!(EventKind);

words! {
    /// Fields that are shown masked and can be unmasked on record.
    pub enum SecretField, "masked field" {
        /// Identity number.
        IdNumber = "id_number",
        /// Telephone number.
        Phone = "phone",
        /// Wage card.
        Card = "card",
        /// Number at the gate.
        Pin = "pin",
    }
}
crate::web::openapi::word_schema!(SecretField);

words! {
    /// What is odd about an enrolment that stands all the same.
    pub enum WarningCode, "warning" {
        /// On the roll of another site as well.
        ActiveElsewhere = "active_elsewhere",
        /// The card fails Luhn's rule; cards of some banks do.
        CardCheckFails = "card_check_fails",
        /// The card belongs to another worker.
        CardOfAnother = "card_of_another",
        /// Neither contract nor agreement: may not enter the site (R724-28a).
        NoPaper = "no_paper",
        /// Not trained in safety yet.
        NotTrained = "not_trained",
        /// No wage card: wages cannot be paid through the wage account.
        NoCard = "no_card",
        /// Entered before anybody took part in the project.
        BeforeProject = "before_project",
        /// Entered before the crew came.
        BeforeCrew = "before_crew",
        /// The trade is in no code table.
        UnknownTrade = "unknown_trade",
    }
}
crate::web::openapi::word_schema!(WarningCode);

/// The longest name of a person, in characters.
pub const NAME_MAX: usize = 60;
/// The longest trade, in characters.
pub const TRADE_MAX: usize = 40;
/// What is said of a trade that is in no code table.
pub const UNKNOWN_TRADE: (&str, &str) = (
    "工种不在代码表中，无法上报平台；请核对，或改用代码表中的工种名称或代码。",
    "The trade is in no code table and cannot be reported; check it, or use a name or code of the table.",
);
/// The code table of trades.
pub const TRADE_TABLE: &str = "workType";
/// The longest name of a bank, in characters.
pub const BANK_NAME_MAX: usize = 60;
/// The longest number at a gate, in characters.
pub const PIN_MAX: usize = 64;
/// The longest number of a paper other than the identity card, in characters.
pub const OTHER_NUMBER_MAX: usize = 32;
/// Enrolments in one request at most.
pub const BATCH_MAX: usize = 200;

/// Something odd that did not stand in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = EnrolmentWarning)]
pub struct Warning {
    /// Stable code.
    pub code: WarningCode,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

impl Warning {
    /// The warning with its words.
    pub fn of(code: WarningCode) -> Self {
        let (zh, en) = match code {
            WarningCode::ActiveElsewhere => ("该工人在其他项目尚未退场。", "This worker is on the roll of another site."),
            WarningCode::CardCheckFails => {
                ("银行卡号未通过校验位检查，请核对。", "The card number fails its check digit; look at it again.")
            }
            WarningCode::CardOfAnother => (
                "该银行卡已登记在其他工人名下，工资应发至本人的银行卡。",
                "This card is another worker's; wages go to the worker's own card.",
            ),
            WarningCode::NoPaper => (
                "未签订劳动合同或用工书面协议，不得进入施工现场（724 号令第二十八条）。",
                "Without labour contract or work agreement nobody may enter the site (R724-28a).",
            ),
            WarningCode::NotTrained => ("尚未完成入场安全教育。", "Safety training is not done yet."),
            WarningCode::NoCard => {
                ("未登记工资卡，无法通过专用账户代发工资。", "Without a card wages cannot be paid through the wage account.")
            }
            WarningCode::BeforeProject => (
                "进场日期早于本项目各单位的进场日期，请核对。",
                "The entry is before any company took part in the project; look at the day.",
            ),
            WarningCode::BeforeCrew => {
                ("进场日期早于所在班组的进场日期，请核对。", "The entry is before the crew came; look at the day.")
            }
            WarningCode::UnknownTrade => UNKNOWN_TRADE,
        };
        Self { code, zh: zh.to_owned(), en: en.to_owned() }
    }

    /// On the roll of other sites: those that may be named, and how many more there are.
    pub fn elsewhere(named: &[String], more: usize) -> Self {
        let plain = Self::of(WarningCode::ActiveElsewhere);
        if named.is_empty() {
            return plain;
        }
        let (zh_more, en_more) = match more {
            0 => (String::new(), String::new()),
            _ => (format!("，另有 {more} 个项目"), format!(", and of {more} more")),
        };
        let zh = format!("该工人在其他项目尚未退场：{}{zh_more}。", named.join("、"));
        Self { zh, en: format!("This worker is on the roll of {}{en_more}.", named.join(", ")), ..plain }
    }
}

/// An enrolment as it may be shown: numbers masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Enrolment)]
pub struct EnrolmentView {
    /// Enrolment.
    pub id: RecordId,
    /// Person.
    pub worker_id: WorkerId,
    /// Name.
    pub name: String,
    /// What the number stands on.
    pub id_kind: IdKind,
    /// Identity number, masked.
    pub id_number: String,
    /// Telephone number, masked.
    pub phone: Option<String>,
    /// Crew.
    pub crew_id: CrewId,
    /// Trade (工种), code or name.
    pub trade: String,
    /// Whether a number at the gate is known.
    pub has_pin: bool,
    /// Contract or agreement.
    pub paper: Paper,
    /// Its scan.
    pub paper_document_id: Option<DocumentId>,
    /// Safety training done.
    pub safety_trained: bool,
    /// Wage card, masked.
    pub card: Option<String>,
    /// Bank of the card.
    pub bank_name: Option<String>,
    /// Wage for a day.
    pub day_rate: Fen,
    /// First day on site.
    pub entered_on: Day,
    /// Last day on site, where they have left.
    pub left_on: Option<Day>,
}

/// What enrolling gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Enrolled {
    /// The enrolment.
    pub view: EnrolmentView,
    /// What is odd about it.
    pub warnings: Vec<Warning>,
}

/// One item of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct EnrolmentResult {
    /// Place in the batch, from 0.
    pub index: usize,
    /// The enrolment, where it was kept.
    pub enrolment: Option<EnrolmentView>,
    /// What is odd about it.
    pub warnings: Vec<Warning>,
    /// Why it was not kept; empty when it was.
    pub errors: Vec<Fault>,
}

/// Who is on a site on a day, as the rules of real-name registration count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Roll {
    /// On the roll.
    pub on_site: i64,
    /// Of them without contract or agreement.
    pub without_paper: i64,
    /// Of them without safety training.
    pub untrained: i64,
    /// Of them without a wage card.
    pub without_card: i64,
}

/// Blind index of an identity number.
pub fn id_index(vault: &Vault, kind: IdKind, number: &str) -> String {
    match kind {
        IdKind::IdCard => vault.index("id_number", number),
        IdKind::Passport | IdKind::Other => vault.index("id_number", &format!("{kind}:{number}")),
    }
}

/// Blind index of a number at the gates of a project: equal numbers of two projects are two numbers.
pub fn pin_index(vault: &Vault, project: ProjectId, pin: &str) -> String {
    vault.index("pin", &format!("{project} {pin}"))
}

/// Blind index of a wage card.
pub fn card_index(vault: &Vault, card: &str) -> String {
    vault.index("card", card)
}

/// Days since 1970, as the key of the punches counts them.
pub fn day_number(day: Day) -> i32 {
    let since = Day::of(1970, 1, 1).map_or(0, |first| day.days_since(first));
    i32::try_from(since).unwrap_or(i32::MAX)
}
