//! Identifiers of persons, companies and cards: parsed once at the edge, shown masked.
//!
//! None of these types prints its value through `Display` or `Debug`; [`IdNumber::as_str`] and its like are the only way to the plain text.

use std::collections::BTreeSet;
use std::fmt;

use chrono::NaiveDate;

use super::{Day, Unreadable};

/// Turns full-width digits and letters to half width and drops blanks at both ends, as typed identifiers need.
pub fn half_width(text: &str) -> String {
    text.chars().map(narrow).collect::<String>().trim().to_owned()
}

fn narrow(c: char) -> char {
    match u32::from(c) {
        code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).unwrap_or(c),
        0x3000 => ' ',
        _ => c,
    }
}

/// Shows the first `head` and last `tail` characters and stars between.
pub fn masked(text: &str, head: usize, tail: usize) -> String {
    let count = text.chars().count();
    if count <= head + tail {
        return "*".repeat(count);
    }
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(count - tail).collect();
    format!("{start}{}{end}", "*".repeat(count - head - tail))
}

/// Digits of an identity number or a card that stay readable in a text.
const TAIL: usize = 4;

/// Digits that the shortest of such numbers has: a mobile telephone's.
const DIGITS_MIN: usize = MOBILE_DIGITS;

/// Digits of a mobile number without its country.
const MOBILE_DIGITS: usize = 11;

/// Words before a run of digits that make it a reference, whatever it looks like.
const REFERENCES: [&str; 21] = [
    "凭证",
    "凭证号",
    "凭证号码",
    "流水",
    "流水号",
    "交易号",
    "编号",
    "单号",
    "参考",
    "参考号",
    "订单",
    "合同",
    "合同号",
    "批次",
    "批次号",
    "回单",
    "发票",
    "发票号",
    "账号",
    "ref",
    "e2e",
];

/// Groups in which one is written at most: a card of 19 digits by fours.
const GROUPS_MAX: usize = 5;

/// A text that somebody else wrote, with every identity number, bank card and mobile number in it starred but for its last four characters.
/// What checks out as one is one: an identity number by birthday and check character, a card of 16 to 19 digits by Luhn's rule, each written
/// in one or in groups (`6219 9999 …`, `119999-19900101-0012`); a mobile number by its eleven digits from 13 to 19, with or without 86,
/// where it stands by itself and no word before it makes it a reference. Everything else stays as it is, the service's own ids among it, which are no
/// such runs of digits.
pub fn numbers_masked(text: &str) -> String {
    let plain: Vec<char> = text.chars().map(narrow).collect();
    if plain.iter().filter(|c| c.is_ascii_digit()).count() < DIGITS_MIN {
        return text.to_owned();
    }
    let mut hidden: BTreeSet<usize> = BTreeSet::new();
    let runs = runs_of_digits(&plain);
    for start in 0..runs.len() {
        for count in 1..=GROUPS_MAX {
            let Some(groups) = runs.get(start..start + count).filter(|groups| are_joined(&plain, groups)) else { break };
            hidden.extend(personal(&plain, groups));
        }
    }
    text.chars().enumerate().map(|(at, c)| if hidden.contains(&at) { '*' } else { c }).collect()
}

/// Where runs of digits begin and end; an `X` after seventeen of them belongs to them.
fn runs_of_digits(text: &[char]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (at, c) in text.iter().enumerate() {
        let is_check = |from: usize| matches!(c, 'x' | 'X') && matches!(at - from, 3 | 17);
        let after_check = at.checked_sub(1).and_then(|before| text.get(before)).is_some_and(|c| !c.is_ascii_digit());
        match runs.last_mut() {
            // An `X` ends its run.
            Some((from, end)) if *end == at && !after_check && (c.is_ascii_digit() || is_check(*from)) => *end = at + 1,
            _ if c.is_ascii_digit() => runs.push((at, at + 1)),
            _ => {}
        }
    }
    runs
}

/// Whether each run stands one blank or dash after the one before.
fn are_joined(text: &[char], groups: &[(usize, usize)]) -> bool {
    let is_joined = |(end, next): (usize, usize)| next == end + 1 && text.get(end).is_some_and(|c| matches!(c, ' ' | '-'));
    groups.iter().map(|group| group.1).zip(groups.iter().skip(1).map(|group| group.0)).all(is_joined)
}

/// Places to be starred of runs that are one number together; none where they are none.
fn personal(text: &[char], groups: &[(usize, usize)]) -> Vec<usize> {
    let lengths: Vec<usize> = groups.iter().map(|(from, end)| end - from).collect();
    let by_fours = lengths.split_last().is_some_and(|(last, fours)| *last <= 4 && fours.iter().all(|one| *one == 4));
    let places: Vec<usize> = groups.iter().flat_map(|(from, end)| *from..*end).collect();
    let is_written_so = lengths.len() == 1 || by_fours || lengths == [6, 8, 4];
    let is_one = is_written_so && is_personal(text, &places) || is_mobile(text, &places, &lengths);
    if is_one { but_tail(places) } else { Vec::new() }
}

/// Whether digits are a mobile number that stands by itself.
fn is_mobile(text: &[char], places: &[usize], lengths: &[usize]) -> bool {
    let number: String = places.iter().filter_map(|at| text.get(*at)).collect();
    let plain = match lengths {
        [MOBILE_DIGITS] | [3, 4, 4] => Some(number.as_str()),
        [13] | [2, MOBILE_DIGITS] | [2, 3, 4, 4] => number.strip_prefix("86"),
        _ => None,
    };
    let is_number =
        |plain: &str| matches!(plain.as_bytes(), [b'1', b'3'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit));
    let (Some(from), Some(last)) = (places.first(), places.last()) else { return false };
    plain.is_some_and(is_number) && stands_alone(text, *from, last + 1)
}

/// Whether nothing beside a run of digits makes it a part of something longer, or a reference.
fn stands_alone(text: &[char], from: usize, end: usize) -> bool {
    let is_part = |c: Option<&char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || *c == '*');
    let joins = |c: Option<&char>| c.is_some_and(|c| matches!(c, '-' | '_' | '/' | '.' | '#'));
    let before = |by: usize| from.checked_sub(by).and_then(|at| text.get(at));
    let is_inside = is_part(before(1)) || is_part(text.get(end));
    let is_joined =
        joins(before(1)) && (is_part(before(2)) || before(1) == Some(&'#')) || joins(text.get(end)) && is_part(text.get(end + 1));
    let said: String = text.iter().take(from).collect();
    let said = said.trim_end_matches([' ', ':', '：', '.']).to_lowercase();
    !is_inside && !is_joined && !REFERENCES.iter().any(|word| said.ends_with(word))
}

fn but_tail(mut places: Vec<usize>) -> Vec<usize> {
    places.truncate(places.len().saturating_sub(TAIL));
    places
}

fn is_personal(text: &[char], places: &[usize]) -> bool {
    let number: String = places.iter().filter_map(|at| text.get(*at)).collect::<String>().to_uppercase();
    let is_plain = number.bytes().all(|byte| byte.is_ascii_digit());
    let is_card = (16..=19).contains(&number.len()) && is_plain && luhn_sum(&number).is_multiple_of(10);
    is_card || IdNumber::parse(&number, Day(NaiveDate::MAX)).is_ok()
}

macro_rules! secret_text {
    ($name:ident, $head:literal, $tail:literal) => {
        impl $name {
            /// The plain text. Whoever calls this shows or stores personal data.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text as it may be shown.
            pub fn masked(&self) -> String {
                masked(&self.0, $head, $tail)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.masked())
            }
        }
    };
}

/// A citizen's identity number (公民身份号码, GB 11643): 17 digits and a check character.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdNumber(String);

secret_text!(IdNumber, 6, 4);

const ID_WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const ID_CHECKS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];

impl IdNumber {
    /// Reads an identity number; `x` becomes `X`, full width becomes half width. `today` bounds the birth date.
    ///
    /// # Errors
    /// Wrong length or characters, an impossible or future birth date, a wrong check character. The error never carries the number.
    pub fn parse(text: &str, today: Day) -> Result<Self, Unreadable> {
        let text = half_width(text).to_uppercase();
        let wrong = |why| Unreadable::new("identity number", &masked(&text, 0, 0), why);
        let digits: Vec<u32> = text.chars().take(17).filter_map(|c| c.to_digit(10)).collect();
        if text.chars().count() != 18 || digits.len() != 17 {
            return Err(wrong("write 17 digits and a check digit or X"));
        }
        let born = text.get(6..14).and_then(|date| NaiveDate::parse_from_str(date, "%Y%m%d").ok());
        if born.is_none_or(|born| Day(born) > today) {
            return Err(wrong("its date of birth does not exist or lies ahead"));
        }
        if !text.ends_with(Self::check_of(&digits)) {
            return Err(wrong("its check digit does not fit the other digits"));
        }
        Ok(Self(text))
    }

    /// The check character of 17 digits.
    pub fn check_of(digits: &[u32]) -> char {
        let sum: u32 = digits.iter().zip(ID_WEIGHTS).map(|(digit, weight)| digit * weight).sum();
        usize::try_from(sum % 11).ok().and_then(|place| ID_CHECKS.get(place)).copied().unwrap_or('?')
    }

    /// Date of birth.
    pub fn born(&self) -> Option<Day> {
        self.0.get(6..14).and_then(|date| NaiveDate::parse_from_str(date, "%Y%m%d").ok()).map(Day)
    }
}

/// A company's unified social credit code (统一社会信用代码, GB 32100): 18 characters, not secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uscc(String);

const USCC_ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

impl Uscc {
    /// Reads a credit code; lower case becomes upper case.
    ///
    /// # Errors
    /// Wrong length, a character outside the code's alphabet (no I O S V Z), a wrong check character.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let text = half_width(text).to_uppercase();
        let wrong = |why| Unreadable::new("unified social credit code", &text, why);
        let values: Vec<u32> = text.chars().filter_map(Self::value_of).collect();
        if text.chars().count() != 18 || values.len() != 18 {
            return Err(wrong("write 18 digits and capital letters without I, O, S, V, Z"));
        }
        let Some((check, body)) = values.split_last() else {
            return Err(wrong("write 18 characters"));
        };
        if Self::check_of(body) != *check {
            return Err(wrong("its check character does not fit the others"));
        }
        Ok(Self(text))
    }

    /// Makes a valid code from 17 characters, for invented companies in demonstrations and tests.
    pub fn from_body(body: &str) -> Option<Self> {
        let values: Vec<u32> = body.chars().filter_map(Self::value_of).collect();
        if values.len() != 17 || body.chars().count() != 17 {
            return None;
        }
        let check = USCC_ALPHABET.chars().nth(usize::try_from(Self::check_of(&values)).ok()?)?;
        Some(Self(format!("{body}{check}")))
    }

    /// The 18 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn value_of(c: char) -> Option<u32> {
        USCC_ALPHABET.chars().position(|known| known == c).and_then(|place| u32::try_from(place).ok())
    }

    fn check_of(body: &[u32]) -> u32 {
        let weights = std::iter::successors(Some(1u32), |weight| Some(weight * 3 % 31));
        let sum: u32 = body.iter().zip(weights).map(|(value, weight)| value * weight).sum();
        (31 - sum % 31) % 31
    }
}

impl fmt::Display for Uscc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Uscc {
    type Err = Unreadable;
    fn from_str(text: &str) -> Result<Self, Unreadable> {
        Self::parse(text)
    }
}

super::serde_as_text!(Uscc);

/// A personal bank card (13 to 19 digits). A failed Luhn check is a warning, not an error: see [`BankCard::luhn_holds`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BankCard(String);

secret_text!(BankCard, 6, 4);

impl BankCard {
    /// Reads a card number, blanks between groups allowed.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let text: String = half_width(text).chars().filter(|c| *c != ' ').collect();
        if !(13..=19).contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Unreadable::new("bank card number", &masked(&text, 0, 0), "write 13 to 19 digits"));
        }
        Ok(Self(text))
    }

    /// Whether the last digit fits by Luhn's rule; real cards of some banks fail it.
    pub fn luhn_holds(&self) -> bool {
        luhn_sum(&self.0).is_multiple_of(10)
    }

    /// The Luhn digit that completes `body`, for invented cards in demonstrations and tests.
    pub fn luhn_digit(body: &str) -> u32 {
        (10 - luhn_sum(&format!("{body}0")) % 10) % 10
    }
}

fn luhn_sum(text: &str) -> u32 {
    let digit = |(place, c): (usize, char)| {
        let value = c.to_digit(10).unwrap_or(0);
        let doubled = value * (1 + u32::from(place % 2 == 1));
        doubled / 10 + doubled % 10
    };
    text.chars().rev().enumerate().map(digit).sum()
}

/// A telephone number as it is dialled: digits, `+` and `-`, 5 to 20 characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone(String);

secret_text!(Phone, 3, 4);

impl Phone {
    /// Reads a number, blanks removed.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let text: String = half_width(text).chars().filter(|c| *c != ' ').collect();
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        if !(5..=20).contains(&text.len()) || digits < 5 || !text.bytes().all(|b| b.is_ascii_digit() || b == b'+' || b == b'-') {
            return Err(Unreadable::new("telephone number", &masked(&text, 0, 0), "write 5 to 20 digits"));
        }
        Ok(Self(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> Day {
        "2026-03-02".parse().unwrap()
    }

    #[test]
    fn identity_numbers_need_a_real_birthday_and_the_right_check() {
        assert!(IdNumber::parse("11999919900101032X", today()).is_ok());
        assert!(IdNumber::parse("11999919900101032x ", today()).is_ok());
        assert!(IdNumber::parse("119999199001010012", today()).is_ok());
        assert!(IdNumber::parse("119999199001010013", today()).unwrap_err().why.contains("check"));
        assert!(IdNumber::parse("119999199002300011", today()).unwrap_err().why.contains("birth"));
        assert!(IdNumber::parse("1199991990010100", today()).is_err());
    }

    #[test]
    fn errors_and_debug_never_show_the_number() {
        let error = IdNumber::parse("119999199001010013", today()).unwrap_err().to_string();
        assert!(!error.contains("1990"), "{error}");
        let shown = format!("{:?}", IdNumber::parse("119999199001010012", today()).unwrap());
        assert_eq!(shown, "IdNumber(119999********0012)");
    }

    #[test]
    fn credit_codes_follow_gb_32100() {
        assert!(Uscc::parse("91119999MA0000007J").is_ok());
        assert!(Uscc::parse("91119999ma0000007j").is_ok());
        assert!(Uscc::parse("91119999MA00000070").is_err());
        assert!(Uscc::parse("91119999MA000O007J").is_err());
        assert_eq!(Uscc::from_body("91119999MA0000007").unwrap().as_str(), "91119999MA0000007J");
    }

    #[test]
    fn a_bank_s_text_keeps_no_identity_number_and_no_card() {
        let said = [
            ("退汇 卡号6219999999999999994 户名不符", "退汇 卡号***************9994 户名不符"),
            ("证件119999199001010012", "证件**************0012"),
            ("证件 11999919900101032x，", "证件 **************032x，"),
            ("6219 9999 9999 9999 994 退", "**** **** **** ***9 994 退"),
            ("ID 119999-19900101-0012", "ID ******-********-0012"),
            ("卡６２１９９９９９９９９９９９９９９９４", "卡***************９９９４"),
            ("6219999999999999994 119999199001010012", "***************9994 **************0012"),
            ("6219999999999999994-2", "***************9994-2"),
            ("电话 13800000000", "电话 *******0000"),
            ("王五13912345678代付", "王五*******5678代付"),
            ("联系:+86 138 0000 0001;", "联系:+** *** **** 0001;"),
            ("8617012345678，19812345678", "*********5678，*******5678"),
            ("138-0000-0000 Tel:１３８００００００００", "***-****-0000 Tel:*******００００"),
        ];
        for (text, shown) in said {
            assert_eq!(numbers_masked(text), shown);
            assert_eq!(numbers_masked(shown), shown, "once is enough");
        }
        // What is no such number stays: a voucher, a day, an amount, a reference that only looks like a telephone, ids of the service.
        for text in [
            "",
            "V20260301000123",
            "2026-03-01 1500.00",
            "凭证 6219999999999999995",
            "凭证号：13800000000 流水 13800000001",
            "REF13800000000 PO-13800000001 13800000002-7 #13800000003",
            "13800000000.00",
            "12000000000 2138000000001",
            "lin-01h5z0000000a-1",
            "AC04",
        ] {
            assert_eq!(numbers_masked(text), text);
        }
    }

    #[test]
    fn cards_warn_by_luhn() {
        assert!(BankCard::parse("6219999999999999994").unwrap().luhn_holds());
        assert!(!BankCard::parse("6219999999999999995").unwrap().luhn_holds());
        assert_eq!(BankCard::luhn_digit("621999999999999999"), 4);
        assert!(BankCard::parse("621999").is_err());
    }
}
