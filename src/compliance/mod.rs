//! The five-system card of a project, plus payment bond and arrears: what every slice knows, put before the law.
//!
//! [`gather`] asks each slice once and says of every fact where it comes from, or who must supply it; `law::assess` judges. Nobody
//! can set a card: it is a function of records. Deliberately absent: rules (the law's) and SQL of other slices.

pub mod actions;
pub(crate) mod gather;
pub mod http;
mod months;
mod owing;
pub mod summary;
pub mod table;
pub mod totals;

pub use gather::gather;
pub(crate) use gather::{bond_valid, government_funded, told};
pub use owing::{Owing, owing, owing_and_unlisted};
pub use summary::Summary;

/// Who must supply what nobody else can.
pub(crate) const OWNER: &str = "建设单位 / owner";
pub(crate) const CONTRACTOR: &str = "施工总承包单位 / general contractor";
pub(crate) const BANK: &str = "开户银行 / bank";
pub(crate) const AUTHORITY: &str = "人社部门 / labour authority";
