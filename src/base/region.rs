//! Administrative division codes (行政区划代码, GB/T 2260): six digits, two each for province, city and county.

use std::fmt;
use std::str::FromStr;

use super::{Unreadable, serde_as_text};

/// A six-digit division code; `000000` stands for the whole country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegionCode(pub(crate) i32);

impl RegionCode {
    /// The whole country: national law alone.
    pub const NATION: RegionCode = RegionCode(0);

    /// The number of the code.
    pub fn number(self) -> i32 {
        self.0
    }

    /// The next larger division, `None` above the country: `650102` → `650100` → `650000` → `000000`.
    pub fn parent(self) -> Option<RegionCode> {
        match self.0 {
            0 => None,
            code if code % 100 != 0 => Some(RegionCode(code - code % 100)),
            code if code % 10_000 != 0 => Some(RegionCode(code - code % 10_000)),
            _ => Some(RegionCode::NATION),
        }
    }

    /// The division and all that hold it, from the smallest to the country.
    pub fn chain(self) -> impl Iterator<Item = RegionCode> {
        std::iter::successors(Some(self), |code| code.parent())
    }

    /// The numbers of all codes in this division, first and last.
    pub fn span(self) -> (i32, i32) {
        match self.0 {
            0 => (0, 999_999),
            code if code % 10_000 == 0 => (code, code + 9_999),
            code if code % 100 == 0 => (code, code + 99),
            code => (code, code),
        }
    }

    /// Whether `inner` is this division or lies in it.
    pub fn holds(self, inner: RegionCode) -> bool {
        inner.chain().any(|code| code == self)
    }
}

impl fmt::Display for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

impl FromStr for RegionCode {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || Unreadable::new("region code", text, "write six digits of GB/T 2260, like 330784");
        if text.len() != 6 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        text.parse().map(RegionCode).map_err(|_| wrong())
    }
}

serde_as_text!(RegionCode);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_lies_in_its_city_province_and_country() {
        let county: RegionCode = "650102".parse().unwrap();
        let chain: Vec<String> = county.chain().map(|code| code.to_string()).collect();
        assert_eq!(chain, ["650102", "650100", "650000", "000000"]);
        let province: RegionCode = "650000".parse().unwrap();
        assert!(province.holds(county) && !county.holds(province));
        assert!(RegionCode::NATION.holds(county));
    }

    #[test]
    fn other_text_is_no_region() {
        for text in ["65", "6501020", "65010a", "６５０１０２"] {
            assert!(text.parse::<RegionCode>().is_err());
        }
    }
}
