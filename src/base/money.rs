//! Money as whole fen. One yuan is 100 fen; there is no other unit and no float anywhere.
//!
//! Text in and out is yuan with two decimals (`1234.50`), the form that banks, sheets and this service's JSON share.

use std::fmt;
use std::iter::Sum;
use std::str::FromStr;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::{Rounding, Unreadable, serde_as_text};

/// An amount of CNY in fen; negative where money is owed or reversed.
///
/// ```
/// use anxin::base::Fen;
/// let wage: Fen = "5860.50".parse().unwrap();
/// assert_eq!(wage, Fen(586_050));
/// assert_eq!(wage.to_string(), "5860.50");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Fen(pub i64);

/// The sum or product does not fit into 63 bits of fen (about 92 quadrillion yuan).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMuch;

impl fmt::Display for TooMuch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("amount is beyond what an account can hold")
    }
}

impl std::error::Error for TooMuch {}

impl Fen {
    /// No money.
    pub const ZERO: Fen = Fen(0);

    /// Sum of two amounts.
    pub fn plus(self, other: Fen) -> Result<Fen, TooMuch> {
        self.0.checked_add(other.0).map(Fen).ok_or(TooMuch)
    }

    /// Difference of two amounts; may be negative.
    pub fn minus(self, other: Fen) -> Result<Fen, TooMuch> {
        self.0.checked_sub(other.0).map(Fen).ok_or(TooMuch)
    }

    /// Sum of many amounts.
    pub fn total(amounts: impl IntoIterator<Item = Fen>) -> Result<Fen, TooMuch> {
        amounts.into_iter().try_fold(Fen::ZERO, Fen::plus)
    }

    /// The amount with its sign turned.
    pub fn negated(self) -> Fen {
        Fen(self.0.saturating_neg())
    }

    /// The larger of the amount and nothing.
    pub fn or_zero(self) -> Fen {
        self.max(Fen::ZERO)
    }

    /// The largest single amount that is taken from outside: a hundred billion yuan, beyond any wage account. Nine hundred thousand of
    /// them still add up within 63 bits, so no accepted entry can make a total overflow.
    pub const BOOKABLE_MAX: Fen = Fen(10_000_000_000_000);

    /// Whether the amount, whatever its sign, may be taken from outside.
    pub fn is_bookable(self) -> bool {
        self.0.unsigned_abs() <= Self::BOOKABLE_MAX.0.unsigned_abs()
    }

    /// Whether more than nothing.
    pub fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// `amount × ratio`, rounded to whole fen as the caller names.
    pub fn times(self, ratio: Decimal, rounding: Rounding) -> Result<Fen, TooMuch> {
        let exact = Decimal::from(self.0).checked_mul(ratio).ok_or(TooMuch)?;
        rounding.whole(exact).to_i64().map(Fen).ok_or(TooMuch)
    }

    /// The amount in yuan as an exact decimal.
    pub fn yuan(self) -> Decimal {
        Decimal::new(self.0, 2)
    }

    /// An exact number of yuan rounded to whole fen as the caller names.
    pub fn from_yuan(yuan: Decimal, rounding: Rounding) -> Result<Fen, TooMuch> {
        let fen = yuan.checked_mul(Decimal::ONE_HUNDRED).ok_or(TooMuch)?;
        rounding.whole(fen).to_i64().map(Fen).ok_or(TooMuch)
    }

    /// Splits the amount into `parts` shares that differ by at most one fen and add up to it exactly.
    ///
    /// The first shares take the odd fen, so that the split is the same every time. No parts gives no shares.
    pub fn split(self, parts: usize) -> Vec<Fen> {
        let Some(count) = i64::try_from(parts).ok().filter(|count| *count > 0) else {
            return Vec::new();
        };
        let share = self.0.div_euclid(count);
        let odd = self.0.rem_euclid(count);
        (0..count).map(|place| Fen(share + i64::from(place < odd))).collect()
    }
}

impl Sum for Fen {
    /// Adds up, stopping at the largest amount instead of wrapping; use [`Fen::total`] where that matters.
    fn sum<I: Iterator<Item = Fen>>(amounts: I) -> Fen {
        amounts.fold(Fen::ZERO, |total, amount| Fen(total.0.saturating_add(amount.0)))
    }
}

impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let fen = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", fen / 100, fen % 100)
    }
}

impl FromStr for Fen {
    type Err = Unreadable;

    /// Reads yuan with at most two decimals: `12`, `12.5`, `-12.50`. No separators, signs of currency or exponents.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |why| Unreadable::new("amount in yuan", text, why);
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() || !whole.bytes().chain(part.bytes()).all(|b| b.is_ascii_digit()) {
            return Err(wrong("write digits with a point, like 1234.50"));
        }
        if part.len() > 2 || (digits.contains('.') && part.is_empty()) {
            return Err(wrong("write at most two decimals"));
        }
        let too_long = || wrong("the amount is too large");
        let yuan: i64 = whole.parse().map_err(|_| too_long())?;
        let fen: i64 = format!("{part:0<2}").parse().map_err(|_| too_long())?;
        let amount = yuan.checked_mul(100).and_then(|y| y.checked_add(fen)).ok_or_else(too_long)?;
        Ok(Fen(if negative { -amount } else { amount }))
    }
}

serde_as_text!(Fen);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_yuan_with_two_decimals() {
        for (text, fen) in [("0", 0), ("0.01", 1), ("12.5", 1250), ("-0.05", -5), ("1234567.89", 123_456_789)] {
            assert_eq!(text.parse::<Fen>().unwrap(), Fen(fen));
        }
        for text in ["", "-", ".5", "1.", "1.234", "1,000.00", "1e3", "+5", "１", "99999999999999999999"] {
            assert!(text.parse::<Fen>().is_err(), "{text} was read");
        }
        assert_eq!(Fen(-5).to_string(), "-0.05");
        assert_eq!(Fen(i64::MIN).to_string(), "-92233720368547758.08");
    }

    #[test]
    fn products_round_as_named() {
        let sum: Fen = "99999999.99".parse().unwrap();
        assert_eq!(sum.times(Decimal::new(2, 2), Rounding::HalfUp).unwrap().to_string(), "2000000.00");
        assert_eq!(sum.times(Decimal::new(2, 2), Rounding::Down).unwrap().to_string(), "1999999.99");
        assert_eq!(Fen(i64::MAX).times(Decimal::TEN, Rounding::HalfUp), Err(TooMuch));
    }

    proptest! {
        #[test]
        fn shares_add_up(fen in -1_000_000_000_000i64..1_000_000_000_000, parts in 1usize..500) {
            let shares = Fen(fen).split(parts);
            prop_assert_eq!(shares.len(), parts);
            prop_assert_eq!(Fen::total(shares.iter().copied()).unwrap(), Fen(fen));
            let (low, high) = (shares.iter().min().unwrap(), shares.iter().max().unwrap());
            prop_assert!(high.0 - low.0 <= 1);
        }

        #[test]
        fn text_round_trips(fen in any::<i64>().prop_filter("has an opposite", |f| *f != i64::MIN)) {
            prop_assert_eq!(Fen(fen).to_string().parse::<Fen>().unwrap(), Fen(fen));
        }
    }
}
