//! Ratios are `rust_decimal` values; what this module adds is that every rounding is named where it happens.

use rust_decimal::{Decimal, RoundingStrategy};

/// How a product of money is brought back to whole fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// Half a fen away from zero: deposits, minimum transfers, interest (rule C-06).
    HalfUp,
    /// Towards zero: where a person would otherwise be charged a fen that nobody agreed to.
    Down,
    /// Away from zero: where at least the amount is owed.
    Up,
}

impl Rounding {
    /// The number without decimals.
    pub fn whole(self, number: Decimal) -> Decimal {
        self.places(number, 0)
    }

    /// The number with `places` decimals.
    pub fn places(self, number: Decimal, places: u32) -> Decimal {
        let strategy = match self {
            Rounding::HalfUp => RoundingStrategy::MidpointAwayFromZero,
            Rounding::Down => RoundingStrategy::ToZero,
            Rounding::Up => RoundingStrategy::AwayFromZero,
        };
        number.round_dp_with_strategy(places, strategy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rounding_is_what_it_says() {
        let half = Decimal::new(25, 1);
        assert_eq!(Rounding::HalfUp.whole(half), Decimal::from(3));
        assert_eq!(Rounding::Down.whole(half), Decimal::from(2));
        assert_eq!(Rounding::Up.whole(Decimal::new(21, 1)), Decimal::from(3));
        assert_eq!(Rounding::HalfUp.whole(-half), Decimal::from(-3));
    }
}
