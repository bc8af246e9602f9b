//! What one bank takes of a payee: how long a name is, which characters it knows, what a card looks like, how long a text may be.
//!
//! The same limits judge a line before it is ordered and write the order, so that a check cannot promise what the writer refuses.
//! Deliberately absent: any bank's numbers; they are data of its profile.

use serde::Serialize;

use super::pain001::in_bank_set;
use crate::base::person::BankCard;
use crate::base::words;
use crate::wire::reason::Reason;

words! {
    /// The characters that a bank's system knows.
    pub enum CharSet, "set of characters" {
        /// All of Unicode.
        Any = "any",
        /// GBK: 21,003 characters, without many rare ones of names.
        Gbk = "gbk",
        /// GB 2312: 6,763 characters.
        Gb2312 = "gb2312",
    }
}

impl CharSet {
    /// Whether the set holds a character.
    pub fn holds(self, c: char) -> bool {
        if c.is_ascii() || self == CharSet::Any {
            return true;
        }
        let mut buffer = [0_u8; 4];
        let (bytes, _, is_lost) = encoding_rs::GBK.encode(c.encode_utf8(&mut buffer));
        match (self, is_lost, bytes.as_ref()) {
            (_, true, _) | (_, _, [_]) => false,
            (CharSet::Gb2312, _, [lead, trail]) => (0xA1..=0xF7).contains(lead) && (0xA1..=0xFE).contains(trail),
            (_, _, [lead, trail]) => !came_with_gb18030(*lead, *trail),
            _ => false,
        }
    }

    /// The set as people call it.
    fn called(self) -> &'static str {
        match self {
            CharSet::Any => "Unicode",
            CharSet::Gbk => "GBK",
            CharSet::Gb2312 => "GB 2312",
        }
    }
}

/// Whether two bytes stand for a character only since GB 18030, which the encoder of GBK knows as well and older systems do not.
fn came_with_gb18030(lead: u8, trail: u8) -> bool {
    match lead {
        0xA6 => matches!(trail, 0xD9..=0xDF | 0xEC | 0xED | 0xF3),
        0xA8 => matches!(trail, 0xBC | 0xBF),
        0xA9 => matches!(trail, 0x89..=0x95),
        0xFE => matches!(trail, 0x50..=0xA0),
        _ => false,
    }
}

/// The longest name that the schemas take, in characters.
pub const NAME_MAX: usize = 140;
/// The shortest account that is one.
pub const CARD_MIN: usize = 5;
/// The longest account that the schemas take.
pub const CARD_MAX: usize = 34;
/// The longest text that the schemas take, in characters.
pub const TEXT_MAX: usize = 140;

/// The limits of one bank; by default those of the schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// Characters of a payee's name at most.
    pub name_max: usize,
    /// Places of a payee's card at least.
    pub card_min: usize,
    /// Places of a payee's card at most.
    pub card_max: usize,
    /// Whether a card must have the check digit of Luhn's rule.
    pub card_luhn: bool,
    /// Characters of the text of a payment at most.
    pub text_max: usize,
    /// What names and texts may be written in.
    pub charset: CharSet,
}

impl Default for Limits {
    fn default() -> Self {
        let (name_max, card_min, card_max, text_max) = (NAME_MAX, CARD_MIN, CARD_MAX, TEXT_MAX);
        Self { name_max, card_min, card_max, card_luhn: false, text_max, charset: CharSet::Any }
    }
}

/// What a bank would not take, in words that quote nothing of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Reason code.
    pub reason: Reason,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

impl Refusal {
    fn new(reason: Reason, zh: impl Into<String>, en: impl Into<String>) -> Option<Self> {
        Some(Self { reason, zh: zh.into(), en: en.into() })
    }
}

impl Limits {
    /// What the bank would not take of a payee's name.
    pub fn name_refusal(&self, name: &str) -> Option<Refusal> {
        let clean = in_bank_set(name);
        let (has, most) = (clean.chars().count(), self.name_max);
        if has == 0 {
            return Refusal::new(Reason::MissingField, "名称不能为空", "the name is empty");
        }
        if has > most {
            return Refusal::new(
                Reason::OverLimit,
                format!("姓名 {has} 字，最多 {most} 字"),
                format!("the name has {has} characters, at most {most} are taken"),
            );
        }
        let (place, _) = (1_usize..).zip(clean.chars()).find(|(_, c)| !self.charset.holds(*c))?;
        let set = self.charset.called();
        Refusal::new(
            Reason::BadEncoding,
            format!("姓名第 {place} 个字不在银行字符集（{set}）内"),
            format!("character {place} of the name is not in the bank's set ({set})"),
        )
    }

    /// What the bank would not take of a payee's card.
    pub fn card_refusal(&self, card: &str) -> Option<Refusal> {
        let plain = plain_account(card);
        let (has, least, most) = (plain.len(), self.card_min, self.card_max);
        if !(least..=most).contains(&has) || !plain.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Refusal::new(
                Reason::BadFormat,
                format!("账号须为 {least}–{most} 位数字或字母，现为 {has} 位"),
                format!("an account has {least} to {most} digits or letters; this one has {has}"),
            );
        }
        let holds = !self.card_luhn || BankCard::parse(&plain).is_ok_and(|card| card.luhn_holds());
        if holds {
            return None;
        }
        Refusal::new(Reason::BadFormat, "卡号校验位不符（Luhn）", "the check digit of the card does not fit (Luhn's rule)")
    }

    /// A text in the bank's characters: what the set does not hold becomes `?`.
    pub fn written(&self, text: &str) -> String {
        in_bank_set(text).chars().map(|c| if self.charset.holds(c) { c } else { '?' }).collect()
    }

    /// The first of these texts that the bank takes whole, else the last.
    pub fn text_that_fits(&self, texts: &[String]) -> Option<String> {
        texts.iter().find(|text| text.chars().count() <= self.text_max).or_else(|| texts.last()).cloned()
    }
}

/// An account without blanks and dashes.
pub fn plain_account(account: &str) -> String {
    crate::wire::text::squeezed(account).chars().filter(|c| *c != '-').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_its_standard_holds() {
        let held = |c| [CharSet::Any, CharSet::Gbk, CharSet::Gb2312].map(|set| set.holds(c));
        assert_eq!(held('A'), [true; 3]);
        assert_eq!(held('张'), [true; 3]);
        assert_eq!(held('·'), [true; 3]);
        assert_eq!(held('镕'), [true, true, false], "GBK has it, GB 2312 has not");
        assert_eq!(held('\u{4DAE}'), [true, false, false], "in names, and in no set before GB 18030");
        assert_eq!(held('\u{3400}'), [true, false, false], "four bytes in GB 18030");
        assert_eq!(held('😀'), [true, false, false]);
    }

    #[test]
    fn a_name_is_taken_up_to_the_limit_and_not_beyond() {
        let bank = Limits { name_max: 4, charset: CharSet::Gbk, ..Limits::default() };
        assert_eq!(bank.name_refusal("买买提江"), None, "just at the limit");
        assert_eq!(bank.name_refusal("买买提江孜").unwrap().reason, Reason::OverLimit);
        assert_eq!(bank.name_refusal(" \u{200b}").unwrap().reason, Reason::MissingField);
        let rare = bank.name_refusal("张\u{4DAE}").unwrap();
        assert_eq!(rare.reason, Reason::BadEncoding);
        assert!(rare.zh.contains("第 2 个字") && !rare.zh.contains('张'), "{}", rare.zh);
        assert_eq!(Limits::default().name_refusal("张\u{4DAE}"), None);
    }

    #[test]
    fn a_card_is_judged_by_length_and_where_asked_by_its_check_digit() {
        let bank = Limits { card_min: 16, card_max: 18, ..Limits::default() };
        assert_eq!(bank.card_refusal("6219 9999 9999 9999 94"), None, "blanks do not count");
        assert!(bank.card_refusal("6219999999999999994").is_some(), "19 digits");
        assert!(bank.card_refusal("621999999999999").is_some(), "15 digits");
        let strict = Limits { card_luhn: true, ..Limits::default() };
        assert_eq!(strict.card_refusal("6219999999999999994"), None);
        assert!(strict.card_refusal("6219999999999999995").is_some());
        assert_eq!(Limits::default().card_refusal("6219999999999999995"), None, "a warning only where no bank asks");
    }

    #[test]
    fn a_text_that_is_too_long_gives_way_to_a_shorter_one() {
        let texts = ["2026-03 工资".to_owned(), "工资".to_owned()];
        let fitting = |text_max| Limits { text_max, ..Limits::default() }.text_that_fits(&texts);
        assert_eq!(fitting(10).as_deref(), Some("2026-03 工资"));
        assert_eq!(fitting(9).as_deref(), Some("工资"));
        assert_eq!(Limits { charset: CharSet::Gbk, ..Limits::default() }.written("工\u{4DAE}资"), "工?资");
    }
}
