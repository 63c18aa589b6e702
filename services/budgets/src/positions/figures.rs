//! The arithmetic of a position. No SQL, no HTTP, no clock.

use domain::{Pence, basis_points};
use serde::{Deserialize, Serialize};

use crate::years::Completeness;

/// How firm figures are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// A period is still open.
    Open,
    /// All periods are soft-closed at least.
    Provisional,
    /// All periods are closed.
    Final,
}

/// The figures of a row. Spending is above zero; a positive variance is adverse: more spent than budgeted.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct Figures {
    pub(crate) budget_pence: Pence,
    pub(crate) committed_pence: Pence,
    /// Null where it is not known, which is not nil.
    pub(crate) actual_pence: Option<Pence>,
    /// Budget less commitments less spending; null where spending is not known.
    pub(crate) available_pence: Option<Pence>,
    /// The latest forecast of the whole year's spending; null until one is made, and where rows are not of the fund or of
    /// its schemes.
    pub(crate) forecast_pence: Option<Pence>,
    /// Spending less budget: adverse above zero. Null where spending is not known.
    pub(crate) variance_pence: Option<Pence>,
    /// The variance in hundredths of a per cent of the budget.
    #[schema(example = 382)]
    pub(crate) variance_bp: Option<i64>,
    pub(crate) completeness: Completeness,
}

impl Figures {
    /// The figures of what was posted. In a partial year spending that was not posted is unknown; in a complete
    /// one it is nil. `None` where they leave the range of pence.
    pub(crate) fn of(
        budget: Pence,
        committed: Pence,
        actual: Option<Pence>,
        completeness: Completeness,
    ) -> Option<Self> {
        let known = match completeness {
            Completeness::Complete => Some(actual.unwrap_or(Pence::ZERO)),
            Completeness::Partial => actual,
        };
        let mut figures = Self {
            budget_pence: budget,
            committed_pence: committed,
            actual_pence: known,
            available_pence: None,
            forecast_pence: None,
            variance_pence: None,
            variance_bp: None,
            completeness,
        };
        if let Some(actual) = known {
            // A part of the spending against the whole budget is no variance, and leaves nothing available.
            if completeness == Completeness::Complete {
                figures.available_pence = Some(budget.checked_sub(committed)?.checked_sub(actual)?);
                let variance = actual.checked_sub(budget)?;
                figures.variance_pence = Some(variance);
                figures.variance_bp = basis_points(variance, budget);
            }
        }
        Some(figures)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn oldham_overspent_by_3_82_per_cent() {
        let figures =
            Figures::of(Pence(15_794_100_000), Pence::ZERO, Some(Pence(16_397_000_000)), Completeness::Complete)
                .expect("in range");
        assert_eq!(figures.variance_pence, Some(Pence(602_900_000)));
        assert_eq!(figures.variance_bp, Some(382));
        assert_eq!(figures.available_pence, Some(Pence(-602_900_000)));
    }

    #[test]
    fn what_is_not_known_is_not_nil() {
        let budget = Pence(16_224_153_204);
        let partial = Figures::of(budget, Pence::ZERO, None, Completeness::Partial).expect("in range");
        assert_eq!((partial.actual_pence, partial.variance_pence, partial.available_pence), (None, None, None));
        let complete = Figures::of(budget, Pence::ZERO, None, Completeness::Complete).expect("in range");
        assert_eq!(complete.actual_pence, Some(Pence::ZERO));
    }

    proptest! {
        #[test]
        fn availability_is_one_equation(b in -1i64 << 50..1i64 << 50, c in -1i64 << 50..1i64 << 50, a in -1i64 << 50..1i64 << 50) {
            let f = Figures::of(Pence(b), Pence(c), Some(Pence(a)), Completeness::Complete).expect("in range");
            prop_assert_eq!(f.available_pence, Some(Pence(b - c - a)));
            prop_assert_eq!(f.variance_pence, Some(Pence(a - b)));
        }
    }
}
