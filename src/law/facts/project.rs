//! All that one project's card needs, as facts. `Fact<Option<Day>>` that is known and `None` says that it is known not to have happened.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::base::{Day, Fen, Month, RegionCode};
use crate::law::questions::deposit::{Credit, Industry};

use super::Fact;

/// The facts of one project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectFacts {
    /// Division in which the project lies; picks the law of the region.
    pub region: RegionCode,
    /// The general contract.
    pub contract: ContractFacts,
    /// Days of the project's life.
    pub milestones: MilestoneFacts,
    /// A labour manager was named.
    pub labour_manager_named: Fact<bool>,
    /// Persons on the site.
    pub real_name: RealNameFacts,
    /// Wage account.
    pub account: AccountFacts,
    /// Labour cost.
    pub labour_split: LabourSplitFacts,
    /// Every month from the start of work on.
    pub payroll: Vec<MonthPay>,
    /// Agreement for payment on behalf with every subcontractor is on file.
    pub entrusted_payment: Fact<bool>,
    /// Wage deposit.
    pub deposit: DepositFacts,
    /// Rights notice board.
    pub notice_board: NoticeBoardFacts,
    /// Payment bond of the owner.
    pub payment_bond: PaymentBondFacts,
}

/// The general contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractFacts {
    /// Day of signing.
    pub signed_on: Fact<Day>,
    /// Contract sum.
    pub sum: Fact<Fen>,
    /// Period in months.
    pub period_months: Fact<u32>,
    /// Kind of work.
    pub industry: Fact<Industry>,
    /// Paid by government funds.
    pub government_funded: Fact<bool>,
}

/// Days of the project's life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MilestoneFacts {
    /// Construction permit or approval of the start report.
    pub permit_on: Fact<Option<Day>>,
    /// Start of work.
    pub started_on: Fact<Option<Day>>,
    /// Work finished.
    pub finished_on: Fact<Option<Day>>,
    /// Completion acceptance.
    pub accepted_on: Fact<Option<Day>>,
}

/// Persons on the site and the devices that see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RealNameFacts {
    /// Persons on the site.
    pub on_site: Fact<u32>,
    /// Of them not registered.
    pub unregistered: Fact<u32>,
    /// Of them without contract or written agreement.
    pub without_contract: Fact<u32>,
    /// Day on which a device was seen last; known and `None` where there is no device.
    pub device_seen_on: Fact<Option<Day>>,
}

/// Payments out of the account to others than registered workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Debits {
    /// How many.
    pub count: u32,
    /// Their sum.
    pub amount: Fen,
}

/// The wage account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountFacts {
    /// Day of opening.
    pub opened_on: Fact<Option<Day>>,
    /// Three-party agreement is on file.
    pub three_party_agreement: Fact<bool>,
    /// Day of filing with the supervisor, or of the platform's dynamic use.
    pub filed_on: Fact<Option<Day>>,
    /// The name is contractor, project and 农民工工资专用账户.
    pub name_matches: Fact<bool>,
    /// Debits to others than registered workers.
    pub other_debits: Fact<Debits>,
}

/// What the contract says of the labour cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum AgreedLabourCost {
    /// A share of project money.
    Share {
        /// Between 0 and 1.
        #[serde(with = "share_text")]
        share: Decimal,
    },
    /// An amount in all.
    Amount {
        /// In yuan.
        amount: Fen,
    },
    /// Nothing.
    Silent,
}

/// How often labour cost is paid in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "unit", content = "count", rename_all = "snake_case")]
pub enum Cycle {
    /// Every so many days.
    Days(u32),
    /// Every so many months.
    Months(u32),
}

/// Labour cost against project money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabourSplitFacts {
    /// What the contract says.
    pub agreed: Fact<AgreedLabourCost>,
    /// The cycle of the contract.
    pub cycle: Fact<Cycle>,
    /// Day of the month of the contract; known and `None` where it names none.
    pub transfer_day: Fact<Option<u32>>,
    /// Last payment of labour cost; known and `None` where there was none.
    pub last_on: Fact<Option<Day>>,
    /// Labour cost due to date.
    pub due: Fact<Fen>,
    /// Labour cost received to date.
    pub received: Fact<Fen>,
}

/// How far a month's pay sheet has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SheetState {
    /// There is none.
    None,
    /// Being made.
    Draft,
    /// Sent to the general contractor.
    Submitted,
    /// Audited by the labour manager, published or closed.
    Audited,
}

/// Money and the workers that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Owed {
    /// Sum.
    pub amount: Fen,
    /// Workers.
    pub workers: u32,
}

/// One month of pay. Lines are counted once: paid, failed, in flight, disputed, and the rest of `due` is unpaid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthPay {
    /// The month worked.
    pub month: Month,
    /// Workers who attended.
    pub attended: Fact<u32>,
    /// The sheet.
    pub sheet: SheetState,
    /// All lines of the sheet.
    pub due: Owed,
    /// Confirmed by the bank, line by line.
    pub paid: Owed,
    /// Rejected, returned, or held past the due day.
    pub failed: Owed,
    /// Sent or accepted without a result.
    pub in_flight: Owed,
    /// Disputed by the worker.
    pub disputed: Owed,
    /// Last day for payment, rest days already taken into account.
    pub pay_due_on: Day,
    /// Somebody had a live contract in the month.
    pub live_contracts: bool,
    /// Workers with work days that stand on no line although their pay day is past, and that nobody has explained: what they are owed
    /// nobody knows.
    #[serde(default)]
    pub unlisted: u32,
    /// The bank, which spoke once, has told nothing since before the pay day: what is not known paid may have been paid.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bank_silent: bool,
}

/// In what form the deposit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DepositKind {
    /// Nothing stands.
    None,
    /// Money in the bank.
    Cash,
    /// Letter of guarantee, bond or insurance.
    Guarantee,
}

/// The wage deposit and the history that sets its amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepositFacts {
    /// Form.
    pub kind: Fact<DepositKind>,
    /// Amount lodged or guaranteed.
    pub lodged: Fact<Fen>,
    /// Day of lodging.
    pub lodged_on: Fact<Option<Day>>,
    /// Last day of the guarantee; known and `None` for money.
    pub guarantee_ends_on: Fact<Option<Day>>,
    /// Last use.
    pub used_on: Fact<Option<Day>>,
    /// Last replenishing.
    pub replenished_on: Fact<Option<Day>>,
    /// 1 for the contractor's first project in the area.
    pub nth_project_in_area: Fact<u32>,
    /// Last arrears of the contractor in the area.
    pub last_arrears_on: Fact<Option<Day>>,
    /// Full clean years in the area.
    pub clean_years: Fact<u32>,
    /// On the serious list.
    pub on_serious_list: Fact<bool>,
    /// Real-name and account systems in place.
    pub systems_in_place: Fact<bool>,
    /// Deposits of other projects in the area.
    pub already_deposited: Fact<Fen>,
    /// Credit grade; known and `None` where there is none.
    pub credit: Fact<Option<Credit>>,
}

/// The rights notice board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeBoardFacts {
    /// Stands on the site.
    pub present: Fact<bool>,
    /// Items of article 34 that it lacks.
    pub missing_items: Fact<Vec<String>>,
    /// Day of the last dated photo.
    pub photo_on: Fact<Option<Day>>,
}

/// The owner's payment bond.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentBondFacts {
    /// On file and valid.
    pub valid: Fact<bool>,
    /// Last day; known and `None` where it has none.
    pub ends_on: Fact<Option<Day>>,
}

impl ProjectFacts {
    /// A project of which nothing is known but its region; `keeper` must supply everything.
    pub fn unknown(region: RegionCode, keeper: &str) -> ProjectFacts {
        fn not<T>(keeper: &str) -> Fact<T> {
            Fact::not_known(keeper)
        }
        let k = keeper;
        ProjectFacts {
            region,
            contract: ContractFacts {
                signed_on: not(k),
                sum: not(k),
                period_months: not(k),
                industry: not(k),
                government_funded: not(k),
            },
            milestones: MilestoneFacts { permit_on: not(k), started_on: not(k), finished_on: not(k), accepted_on: not(k) },
            labour_manager_named: not(k),
            real_name: RealNameFacts { on_site: not(k), unregistered: not(k), without_contract: not(k), device_seen_on: not(k) },
            account: AccountFacts {
                opened_on: not(k),
                three_party_agreement: not(k),
                filed_on: not(k),
                name_matches: not(k),
                other_debits: not(k),
            },
            labour_split: LabourSplitFacts {
                agreed: not(k),
                cycle: not(k),
                transfer_day: not(k),
                last_on: not(k),
                due: not(k),
                received: not(k),
            },
            payroll: Vec::new(),
            entrusted_payment: not(k),
            deposit: DepositFacts {
                kind: not(k),
                lodged: not(k),
                lodged_on: not(k),
                guarantee_ends_on: not(k),
                used_on: not(k),
                replenished_on: not(k),
                nth_project_in_area: not(k),
                last_arrears_on: not(k),
                clean_years: not(k),
                on_serious_list: not(k),
                systems_in_place: not(k),
                already_deposited: not(k),
                credit: not(k),
            },
            notice_board: NoticeBoardFacts { present: not(k), missing_items: not(k), photo_on: not(k) },
            payment_bond: PaymentBondFacts { valid: not(k), ends_on: not(k) },
        }
    }
}

/// Writes a share as decimal text.
mod share_text {
    use rust_decimal::Decimal;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::law::book::value::decimal;

    pub fn serialize<S: Serializer>(share: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&share.normalize())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        let text = String::deserialize(deserializer)?;
        decimal(&text).ok_or_else(|| D::Error::custom("write a share as decimal text like \"0.2\""))
    }
}
