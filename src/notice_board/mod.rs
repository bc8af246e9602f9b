//! The rights notice board (维权信息告示牌) on site: what a photograph of a day shows of what the law wants on it (R724-34, R65-18).
//!
//! A later photograph says anew what is there. Deliberately absent: how old a photograph may be, which is the operator's policy.

pub mod actions;
pub mod http;
pub mod table;

use crate::base::words;

words! {
    /// What the law wants on the board (Regulation article 34; deposit rules article 18).
    pub enum BoardItem, "item of the notice board" {
        /// Owner's name and address.
        Owner = "owner",
        /// General contractor and its site office.
        GeneralContractor = "general_contractor",
        /// Subcontractors.
        Subcontractors = "subcontractors",
        /// Industry authority.
        IndustryAuthority = "industry_authority",
        /// Labour manager.
        LabourManager = "labour_manager",
        /// Local minimum wage.
        MinimumWage = "minimum_wage",
        /// Day of pay.
        PayDay = "pay_date",
        /// Complaint phones of industry authority and labour inspection.
        ComplaintPhones = "complaint_phones",
        /// How to apply for arbitration.
        Arbitration = "arbitration",
        /// How to apply for legal aid.
        LegalAid = "legal_aid",
        /// Public legal service hotline.
        LegalHotline = "legal_hotline",
        /// State of the wage deposit.
        DepositStatus = "deposit_status",
    }
}
crate::web::openapi::word_schema!(BoardItem);

/// The items as stored: their words in the order of the list, each once.
pub fn to_text(items: &[BoardItem]) -> String {
    let present = BoardItem::ALL.iter().filter(|item| items.contains(item));
    present.map(|item| item.as_str()).collect::<Vec<_>>().join(" ")
}

/// Reads what [`to_text`] wrote; words of no item are left out.
pub fn of_text(text: &str) -> Vec<BoardItem> {
    text.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

/// What the law wants and the board does not show.
pub fn missing(items: &[BoardItem]) -> Vec<BoardItem> {
    BoardItem::ALL.iter().filter(|item| !items.contains(item)).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_kept_once_in_order_and_the_rest_is_missing() {
        let items = [BoardItem::PayDay, BoardItem::Owner, BoardItem::PayDay];
        assert_eq!(to_text(&items), "owner pay_date");
        assert_eq!(of_text("owner pay_date"), [BoardItem::Owner, BoardItem::PayDay]);
        assert_eq!(missing(&items).len(), BoardItem::ALL.len() - 2);
        assert!(missing(BoardItem::ALL).is_empty());
        assert_eq!(of_text(""), []);
    }
}
