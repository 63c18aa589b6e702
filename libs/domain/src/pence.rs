//! Money: whole pence, checked, never a float.

use std::fmt;

/// An amount in pence. Debit (spend) is positive, credit negative.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    sqlx::Type,
    utoipa::ToSchema,
)]
#[serde(transparent)]
#[sqlx(transparent, no_pg_array)]
#[schema(value_type = i64, example = 1_352_012_767)]
pub struct Pence(pub i64);

impl Pence {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The sum, or `None` where it leaves the range of `i64`.
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }

    /// Adds, or `None` on overflow.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// Subtracts, or `None` on overflow.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The same amount on the other side; `None` for the one amount that has no opposite.
    #[must_use]
    pub fn checked_neg(self) -> Option<Self> {
        self.0.checked_neg().map(Self)
    }
}

impl sqlx::postgres::PgHasArrayType for Pence {
    fn array_type_info() -> sqlx::postgres::PgTypeInfo {
        <i64 as sqlx::postgres::PgHasArrayType>::array_type_info()
    }
}

/// As people write it: `£157,941,000.00`, `-£0.01`.
impl fmt::Display for Pence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.unsigned_abs();
        let pounds = (size / 100).to_string();
        let mut grouped = String::new();
        for (at, digit) in pounds.chars().enumerate() {
            if at > 0 && (pounds.len() - at).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        let sign = if self.0 < 0 { "-" } else { "" };
        f.pad(&format!("{sign}£{grouped}.{:02}", size % 100))
    }
}

/// `part` of `whole` in basis points (hundredths of a per cent), rounded half away from zero.
/// `None` where `whole` is nil, or the answer leaves `i64`.
#[must_use]
pub fn basis_points(part: Pence, whole: Pence) -> Option<i64> {
    if whole.0 == 0 {
        return None;
    }
    let (part, whole) = (i128::from(part.0) * 10_000, i128::from(whole.0));
    let doubled = part * 2 + whole.abs() * part.signum();
    i64::try_from(doubled / (whole * 2)).ok()
}

/// Splits `total` in proportion to `weights` by largest remainder: every penny is given to someone,
/// and ties go to whoever is declared first.
///
/// `None` where no weight is above zero, one is below it, or the weights do not add up in `i64`.
#[must_use]
pub fn split(total: Pence, weights: &[Pence]) -> Option<Vec<Pence>> {
    let whole = i128::from(Pence::sum(weights.iter().copied())?.0);
    if whole <= 0 || weights.iter().any(|weight| weight.0 < 0) {
        return None;
    }
    let size = i128::from(total.0).abs();
    let mut shares: Vec<i128> = weights.iter().map(|w| size * i128::from(w.0) / whole).collect();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    by_remainder.sort_by_key(|at| std::cmp::Reverse(size * i128::from(weights[*at].0) % whole));
    let left_over = usize::try_from(size - shares.iter().sum::<i128>()).ok()?;
    for at in by_remainder.into_iter().take(left_over) {
        shares[at] += 1;
    }
    let sign = i128::from(total.0.signum());
    shares.into_iter().map(|share| i64::try_from(share * sign).ok().map(Pence)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn basis_points_of_the_largest_sums_are_exact() {
        assert_eq!(basis_points(Pence(i64::MAX), Pence(i64::MAX)), Some(10_000));
        assert_eq!(basis_points(Pence(-140_000_000_000_000_000), Pence(140_000_000_000_000_000)), Some(-10_000));
        assert_eq!(basis_points(Pence(i64::MAX), Pence(1)), None);
    }

    #[test]
    fn pounds_are_written_as_people_write_them() {
        assert_eq!(Pence(15_794_100_000).to_string(), "£157,941,000.00");
        assert_eq!(Pence(-1).to_string(), "-£0.01");
        assert_eq!(Pence(i64::MIN).to_string(), "-£92,233,720,368,547,758.08");
    }

    #[test]
    fn oldhams_outturn_is_3_82_per_cent_over() {
        // Commissioning Partnership Board, CId=548 MId=7902: £157.941m against £163.970m.
        assert_eq!(basis_points(Pence(602_900_000), Pence(15_794_100_000)), Some(382));
        // The 2020/21 month 6 forecast of the same board, MId=7906.
        assert_eq!(basis_points(Pence(746_900_000), Pence(16_950_400_000)), Some(441));
        assert_eq!(basis_points(Pence(1), Pence::ZERO), None);
        assert_eq!(basis_points(Pence(-1), Pence(20_000)), Some(-1));
        assert_eq!(basis_points(Pence(1), Pence(-20_000)), Some(-1));
    }

    #[test]
    fn shares_of_an_overspend_come_out_as_agreed() {
        let council_and_board = [Pence(3_850_000_000), Pence(6_150_000_000)];
        assert_eq!(split(Pence(234_567_891), &council_and_board), Some(vec![Pence(90_308_638), Pence(144_259_253)]));
        assert_eq!(split(Pence(10_000), &[Pence(1); 3]), Some(vec![Pence(3_334), Pence(3_333), Pence(3_333)]));
        assert_eq!(split(Pence(5), &[Pence(0)]), None);
        assert_eq!(split(Pence(5), &[Pence(-1), Pence(2)]), None);
    }

    proptest! {
        #[test]
        fn a_split_gives_away_every_penny_and_no_more(
            total in any::<i64>(), weights in prop::collection::vec(0..=1_000_000_000_000i64, 1..12)
        ) {
            prop_assume!(weights.iter().any(|w| *w > 0));
            let weights: Vec<_> = weights.into_iter().map(Pence).collect();
            let shares = split(Pence(total), &weights).expect("weights add up");
            let given: i128 = shares.iter().map(|s| i128::from(s.0)).sum();
            prop_assert_eq!(given, i128::from(total));
            let whole: i128 = weights.iter().map(|w| i128::from(w.0)).sum();
            for (share, weight) in shares.iter().zip(&weights) {
                // nobody is more than a penny from their exact share
                let off = i128::from(share.0) * whole - i128::from(total) * i128::from(weight.0);
                prop_assert!(off.abs() < whole, "share {share} of {total}");
                prop_assert!(weight.0 > 0 || share.0 == 0);
            }
        }

        #[test]
        fn basis_points_are_the_nearest(part in -1_000_000_000_000i64..1_000_000_000_000, whole in 1i64..1_000_000_000_000) {
            let bp = i128::from(basis_points(Pence(part), Pence(whole)).expect("in range"));
            let off = (bp * i128::from(whole) - i128::from(part) * 10_000) * 2;
            prop_assert!(off.abs() <= i128::from(whole));
        }

        #[test]
        fn sums_are_exact_or_refused(amounts in prop::collection::vec(any::<i64>(), 0..40)) {
            let exact: i128 = amounts.iter().map(|a| i128::from(*a)).sum();
            if let Some(sum) = Pence::sum(amounts.into_iter().map(Pence)) {
                prop_assert_eq!(i128::from(sum.0), exact);
            }
        }
    }
}
