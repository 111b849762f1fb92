//! Exact amounts.
//!
//! An amount is a whole number of 10^-11 of a currency's unit in 128 bits. A price for a thousand
//! requests has at most eight decimals, so that a request costs a whole multiple of `10^-8 / 10^3 =
//! 10^-11`: a product of requests and price is exact, and so is every sum.
//!
//! ```text
//! 0.02 for 1,000   ->  mantissa 2,000,000 at 8 decimals
//! 1,500 requests   ->  1,500 * 2,000,000 = 3,000,000,000 of 10^-11  =  0.03
//! ```
//!
//! The greatest amount is `2^127 * 10^-11`, about 1.7e27 units. Arithmetic saturates there. A `Decimal`
//! holds 96 bits of mantissa, so that amounts beyond 7.9e17 units with all eleven decimals are shown as
//! its greatest value.

use std::{
    iter::Sum,
    ops::{Add, AddAssign},
};

use rust_decimal::{Decimal, RoundingStrategy};

/// Decimals of a price for a thousand requests.
pub(super) const PRICE_SCALE: u32 = 8;
/// Decimals of an amount: a price for a thousand, for each of them.
const SCALE: u32 = PRICE_SCALE + 3;

/// An amount of money, exact to eleven decimals: every number of requests at every allowed price is
/// one. 128 bits hold 1.7e27 units of a currency; sums saturate there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i128);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// What `requests` cost at `per_thousand`, which has at most eight decimals.
    #[must_use]
    pub(crate) fn of(requests: u64, per_thousand: Decimal) -> Self {
        let mut price = per_thousand;
        price.rescale(PRICE_SCALE);
        // At most eight decimals, so nothing was rounded, and one request's share has three more.
        Self(price.mantissa().saturating_mul(i128::from(requests)))
    }

    /// As a decimal without trailing zeros.
    pub(crate) fn decimal(self) -> Decimal {
        let (mut mantissa, mut scale) = (self.0, SCALE);
        while scale > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale -= 1;
        }
        // A decimal has 96 bits: 7.9e17 units with all eleven digits.
        Decimal::try_from_i128_with_scale(mantissa, scale).unwrap_or(if self.0 < 0 {
            Decimal::MIN
        } else {
            Decimal::MAX
        })
    }

    /// Rounded half up to so many decimals.
    ///
    /// Halves are rounded away from zero. The result has exactly that many decimals, zeros included.
    /// 250 requests at 0.02 for a thousand are 0.01, 249 are 0.00.
    #[must_use]
    pub(crate) fn rounded(self, decimals: u32) -> Decimal {
        let mut rounded = self
            .decimal()
            .round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
        rounded.rescale(decimals);
        rounded
    }
}

impl From<Money> for Decimal {
    /// Without trailing zeros.
    fn from(amount: Money) -> Self {
        amount.decimal()
    }
}

impl Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn price(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn amounts_are_exact_and_lines_round_half_up() {
        let one = Money::of(1, price("0.02"));
        assert_eq!(one.decimal().to_string(), "0.00002");
        assert_eq!(
            Money::of(1, price("0.00000001")).decimal().to_string(),
            "0.00000000001"
        );
        let many: Money = std::iter::repeat_n(one, 1_000_000).sum();
        assert_eq!(many.decimal().to_string(), "20");
        assert_eq!(Money::of(250, price("0.02")).rounded(2).to_string(), "0.01");
        assert_eq!(Money::of(249, price("0.02")).rounded(2).to_string(), "0.00");
        assert_eq!(Money::of(750, price("0.02")).rounded(2).to_string(), "0.02");
        assert_eq!(Money::of(1_000, price("2.5")).rounded(0).to_string(), "3");
        assert_eq!(Money::ZERO.rounded(2).to_string(), "0.00");
    }

    #[test]
    fn numbers_beyond_every_bill_saturate() {
        let most = Money::of(u64::MAX, price("1000000"));
        assert!(most > Money::of(1_000_000_000_000, price("1000000")));
        assert_eq!(Money(i128::MAX) + most, Money(i128::MAX));
        assert_eq!(Money(i128::MAX).decimal(), Decimal::MAX);
    }
}
