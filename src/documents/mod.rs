//! Papers: agreements, guarantees, audits, photos and scans, kept as uploaded with their hash.
//!
//! A paper belongs to a project or to no project, is encrypted under that owner's key and is never changed; a corrected paper is a
//! new one. Deliberately absent: what a paper proves. The slices that refer to it say that.

pub mod actions;
pub mod table;

use crate::base::words;

words! {
    /// What a paper is.
    pub enum DocumentKind, "kind of document" {
        /// Construction contract or its supplement.
        Contract = "contract",
        /// Three-party agreement on the wage account.
        AccountAgreement = "account_agreement",
        /// Letter of guarantee, insurance policy or bond for the wage deposit.
        DepositGuarantee = "deposit_guarantee",
        /// The owner's payment bond.
        PaymentBond = "payment_bond",
        /// Price audit.
        PriceAudit = "price_audit",
        /// Completion settlement.
        Settlement = "settlement",
        /// Construction permit.
        Permit = "permit",
        /// Commitment that funds are in place.
        FundsCommitment = "funds_commitment",
        /// Labour contract or work agreement.
        WorkPaper = "work_paper",
        /// Signed pay sheet as a scan.
        SignedSheet = "signed_sheet",
        /// Photograph of the rights notice board.
        NoticeBoardPhoto = "notice_board_photo",
        /// Anything else.
        Other = "other",
    }
}
impl DocumentKind {
    /// Whether such a paper may hold what a page masks: names with wages, identity papers, bank cards. Of other papers nobody knows what
    /// they hold, so they count as personal.
    pub fn is_personal(self) -> bool {
        matches!(self, DocumentKind::WorkPaper | DocumentKind::SignedSheet | DocumentKind::Other)
    }
}

crate::store::types::word_column!(DocumentKind);
crate::web::openapi::word_schema!(DocumentKind);

/// The largest paper that is kept.
pub const DOCUMENT_MAX: usize = 20 * 1024 * 1024;

/// Media types that are kept; others are refused, since nobody could look at them later.
pub const MEDIA_TYPES: &[&str] = &[
    "application/pdf",
    "image/jpeg",
    "image/png",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "text/plain",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn papers_that_may_hold_numbers_of_people_are_personal() {
        for kind in DocumentKind::ALL {
            let personal = matches!(kind.as_str(), "work_paper" | "signed_sheet" | "other");
            assert_eq!(kind.is_personal(), personal, "{kind}");
        }
    }
}
