//! Cases (案件) of a project over wages: complaints, inspections, arbitration, court. Opened, closed and counted.
//!
//! A case that goes on to another body is a case of its own. Deliberately absent: clocks of handling, and who handles it.

pub mod actions;
pub mod http;
pub mod table;

use crate::base::{Day, words};
use crate::projects::Site;
use crate::store::AnyConn;
use crate::web::Problem;

words! {
    /// Before whom a case lies.
    pub enum CaseKind, "kind of case" {
        /// Complaint to the labour authority.
        Complaint = "complaint",
        /// Inspection case.
        Inspection = "inspection",
        /// Labour arbitration.
        Arbitration = "arbitration",
        /// Court.
        Court = "court",
    }
}
crate::store::types::word_column!(CaseKind);
crate::web::openapi::word_schema!(CaseKind);

impl CaseKind {
    /// Whether workers dispute their pay before an arbitrator or judge, which keeps an account from being closed (R53-10).
    pub fn is_pay_dispute(self) -> bool {
        matches!(self, CaseKind::Arbitration | CaseKind::Court)
    }
}

/// How many cases of a project are open on a day; one that closes on that day is not.
pub fn open_cases(conn: &mut AnyConn, site: &Site, as_of: Day) -> Result<u32, Problem> {
    let open = table::open_on(conn, site.id, as_of)?;
    Ok(u32::try_from(open.len()).unwrap_or(u32::MAX))
}

/// Whether workers of the project are in arbitration or court over pay on a day.
pub fn pay_dispute_open(conn: &mut AnyConn, site: &Site, as_of: Day) -> Result<bool, Problem> {
    Ok(table::open_on(conn, site.id, as_of)?.iter().any(|row| row.kind.is_pay_dispute()))
}
