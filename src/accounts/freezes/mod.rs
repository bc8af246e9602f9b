//! Freezes of a wage account as its bank tells them, and words by which a bank's text says that money was taken for somebody's claim
//! (R724-33, R53-08b).
//!
//! A bank's word is a fact; what must be done about it is a matter (`matters::freezes`). Deliberately absent: concluding a freeze from
//! a balance, for money that is booked and not yet available has many causes.

pub mod standing;
pub mod table;

use crate::base::words;

words! {
    /// What a bank says of an account and a claim.
    pub enum FreezeAct, "act of a freeze" {
        /// The account, or an amount on it, was frozen.
        Frozen = "frozen",
        /// It was released.
        Released = "released",
    }
}
crate::store::types::word_column!(FreezeAct);
crate::web::openapi::word_schema!(FreezeAct);

/// Most characters of the number of a freeze's document, and of the name of who froze.
pub const TEXT_MAX: usize = 100;

/// Words by which banks mark money that was frozen or taken by enforcement. They are our choice: no standard names them.
const SEIZURE_WORDS: &[&str] = &[
    "扣划",
    "冻结",
    "查封",
    "强制执行",
    "法院执行",
    "协助执行",
    "财产保全",
    "保全扣款",
    "强制扣",
    "强制划",
    "SEIZURE",
    "GARNISH",
    "ATTACHMENT ORDER",
    "COURT ORDER",
];

/// Words in the name of a payee that takes money by enforcement.
const ENFORCERS: &[&str] = &["人民法院", "PEOPLE'S COURT"];

/// Whether a bank's text says that money was taken for somebody's claim; a sign that a person must look at, no proof. Text that says
/// that a freeze ended is none.
pub fn speaks_of_seizure(text: &str) -> bool {
    let text = text.to_uppercase();
    let text = text.replace("解除冻结", "").replace("解冻", "");
    SEIZURE_WORDS.iter().any(|word| text.contains(word))
}

/// Whether a debit looks as if money was taken for somebody's claim: by its text, or because a court received it.
pub fn looks_seized(text: &str, payee: Option<&str>) -> bool {
    let payee = payee.unwrap_or_default().to_uppercase();
    speaks_of_seizure(text) || ENFORCERS.iter().any(|word| payee.contains(word))
}

#[cfg(test)]
mod tests {
    use super::{looks_seized, speaks_of_seizure};

    #[test]
    fn a_court_that_receives_money_is_a_sign_whatever_the_text() {
        for text in ["财产保全扣款", "税务强制扣款"] {
            assert!(looks_seized(text, None), "{text}");
        }
        assert!(looks_seized("划款", Some("某某市人民法院")));
        assert!(!looks_seized("划款", Some("测试建材有限公司")));
        assert!(!looks_seized("解除冻结", None));
    }

    #[test]
    fn a_bank_s_text_says_that_money_was_taken_for_a_claim() {
        for text in ["司法扣划", "法院执行款(2026)浙0102执1号", "部分冻结扣款", "court order 12/2026", "协助执行通知书"]
        {
            assert!(speaks_of_seizure(text), "{text}");
        }
        for text in ["", "代发工资", "账户解除冻结", "解冻手续费", "Payroll March"] {
            assert!(!speaks_of_seizure(text), "{text}");
        }
    }
}
