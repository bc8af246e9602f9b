//! The dedicated wage account (农民工工资专用账户) of a project, its statements and its entries as the bank gave them.
//!
//! A project has one open account, its own or a sub-ledger of one number (R53-07); when general contractor or bank change, a successor
//! is opened. An entry is stored once, whichever of the bank's voices told it first, and says what it is for. Deliberately absent: how
//! entries come in and what they do to lines (`settlement`), whether dates were kept (`compliance`).

pub mod actions;
pub mod continuity;
mod covered;
pub mod freezes;
pub mod http;
pub mod profiles;
pub mod reconciling;
pub mod refuted;
pub mod sums;
pub mod table;
mod told;
pub mod verify;
pub mod words;

use crate::base::id::{AccountId, BankEntryId, ProjectId};
use crate::base::person::half_width;
use crate::base::words;
use crate::projects::{self, Site};
use crate::store::AnyConn;
use crate::web::{Problem, Scope};
use crate::wire::bank;

words! {
    /// Which of the bank's voices speaks.
    pub enum StatementKind, "kind of statement" {
        /// The ledger of a period (camt.053, MT940).
        Statement = "statement",
        /// An account report within the day, provisional (camt.052, MT942).
        Report = "report",
        /// Notification of single movements, provisional (camt.054).
        Notification = "notification",
        /// A sheet exported by a person from the bank's pages.
        Sheet = "sheet",
    }
}
crate::store::types::word_column!(StatementKind);
crate::web::openapi::word_schema!(StatementKind);

impl StatementKind {
    /// Whether it is the bank's ledger; the others announce what it will hold.
    pub fn is_ledger(self) -> bool {
        matches!(self, StatementKind::Statement | StatementKind::Sheet)
    }
}

impl From<bank::StatementKind> for StatementKind {
    fn from(kind: bank::StatementKind) -> Self {
        match kind {
            bank::StatementKind::Statement => StatementKind::Statement,
            bank::StatementKind::Report => StatementKind::Report,
            bank::StatementKind::Notification => StatementKind::Notification,
            bank::StatementKind::Sheet => StatementKind::Sheet,
        }
    }
}

words! {
    /// Which way an entry moves the balance, after any reversal.
    pub enum Direction, "direction" {
        /// The balance grows.
        Credit = "credit",
        /// The balance shrinks.
        Debit = "debit",
    }
}
crate::store::types::word_column!(Direction);
crate::web::openapi::word_schema!(Direction);

impl From<bank::Direction> for Direction {
    fn from(direction: bank::Direction) -> Self {
        match direction {
            bank::Direction::Credit => Direction::Credit,
            bank::Direction::Debit => Direction::Debit,
        }
    }
}

words! {
    /// How final an entry is.
    pub enum EntryStatus, "status of an entry" {
        /// In the bank's books.
        Booked = "booked",
        /// Announced; counts in no balance.
        Pending = "pending",
        /// For information only.
        Information = "information",
    }
}
crate::store::types::word_column!(EntryStatus);
crate::web::openapi::word_schema!(EntryStatus);

impl From<bank::EntryStatus> for EntryStatus {
    fn from(status: bank::EntryStatus) -> Self {
        match status {
            bank::EntryStatus::Booked => EntryStatus::Booked,
            bank::EntryStatus::Pending => EntryStatus::Pending,
            bank::EntryStatus::Information => EntryStatus::Information,
        }
    }
}

words! {
    /// What an entry is for.
    pub enum Purpose, "purpose of an entry" {
        /// Labour cost from the owner (人工费用拨付).
        LabourCost = "labour_cost",
        /// Debit of a pay run.
        PayRun = "pay_run",
        /// Wages that came back.
        PayReturn = "pay_return",
        /// Deposit used for this project's wages.
        Deposit = "deposit",
        /// Interest of the bank.
        Interest = "interest",
        /// Debit to a registered worker's card outside a run.
        WorkerPay = "worker_pay",
        /// Any other debit; the law allows none (R53-08a).
        ForeignDebit = "foreign_debit",
        /// A credit that nothing explains.
        Unexplained = "unexplained",
    }
}
crate::store::types::word_column!(Purpose);
crate::web::openapi::word_schema!(Purpose);

/// What every wage account's name ends with (R53-06b).
pub const NAME_SUFFIX: &str = "农民工工资专用账户";

/// The longest account number or sub-ledger, as ISO 20022 has it.
pub const NUMBER_MAX: usize = 34;

/// The longest name of an account or bank, in characters.
pub const NAME_MAX: usize = 200;

/// The name that the law prescribes: general contractor, project and [`NAME_SUFFIX`] (R53-06b).
pub fn prescribed_name(contractor: &str, project: &str) -> String {
    format!("{contractor}{project}{NAME_SUFFIX}")
}

/// Whether a name is the prescribed one, blanks and width of characters apart. Banks may abbreviate: both names are kept.
pub fn is_named(name: &str, prescribed: &str) -> bool {
    plain(name) == plain(prescribed)
}

/// An account number without blanks, letters and digits in half width.
pub fn plain(text: &str) -> String {
    half_width(text).chars().filter(|c| !c.is_whitespace()).collect()
}

/// The ways in which a bank's text may name an account: the number alone, or number and sub-ledger joined by a dash.
pub fn readings(text: &str) -> Vec<(String, String)> {
    let text = plain(text);
    let dashes = text.match_indices('-').map(|(at, _)| at);
    let joined = dashes.filter_map(|at| Some((text.get(..at)?.to_owned(), text.get(at + 1..)?.to_owned())));
    std::iter::once((text.clone(), String::new())).chain(joined).filter(|(number, _)| !number.is_empty()).collect()
}

/// How the natural keys of postings of an entry begin: where it is booked, and where the voiding of its file takes it back.
const BOOKED: &str = "entry ";
const TAKEN_BACK: &str = "takes back ";

/// Natural key of the posting that books an entry.
pub fn posting_key(entry: BankEntryId) -> String {
    format!("{BOOKED}{entry}")
}

/// Natural key of the posting that takes an entry back.
pub fn taken_back_key(entry: BankEntryId) -> String {
    format!("{TAKEN_BACK}{entry}")
}

/// Opens an account for a scope that covers it by itself or covers its project.
///
/// # Errors
/// `not_found` both when there is none and when the scope does not cover it.
pub fn enter(conn: &mut AnyConn, scope: &Scope, project: ProjectId, id: AccountId) -> Result<(Site, table::AccountRow), Problem> {
    let row = table::find(conn, project, id)?.ok_or_else(Problem::not_found)?;
    Ok((site_of(conn, scope, &row)?, row))
}

/// The project of an account, where the scope covers the account or the project.
pub fn site_of(conn: &mut AnyConn, scope: &Scope, row: &table::AccountRow) -> Result<Site, Problem> {
    if scope.accounts().contains(&row.id) {
        return projects::site(conn, row.project_id);
    }
    projects::enter(conn, scope, row.project_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prescribed_name_is_contractor_project_and_the_suffix() {
        let (contractor, project) = ("浙江甲建设有限公司", "义乌商城二期（A区）");
        let name = prescribed_name(contractor, project);
        assert!(is_named(&name, &prescribed_name(contractor, project)));
        assert!(is_named("浙江甲建设有限公司 义乌商城二期(A区) 农民工工资专用账户", &name));
        for other in ["浙江甲建设有限公司农民工工资专用账户", "浙江甲建设有限公司义乌商城二期（A区）农民工工资专户"]
        {
            assert!(!is_named(other, &name), "{other}");
        }
    }

    #[test]
    fn an_account_is_named_by_number_or_number_and_sub_ledger() {
        let pair = |number: &str, sub: &str| (number.to_owned(), sub.to_owned());
        assert_eq!(readings(" 6222 0001 "), [pair("62220001", "")]);
        assert_eq!(readings("３３０１-0002"), [pair("3301-0002", ""), pair("3301", "0002")]);
        assert_eq!(readings("1-2-3"), [pair("1-2-3", ""), pair("1", "2-3"), pair("1-2", "3")]);
        assert_eq!(readings(""), []);
        assert_eq!(readings("-7"), [pair("-7", "")]);
    }
}
