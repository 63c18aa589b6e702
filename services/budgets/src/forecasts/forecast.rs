//! The arithmetic of a forecast. No SQL, no HTTP, no clock.

use chrono::{DateTime, Utc};
use domain::{FinancialYear, ForecastId, Pence, Period, SchemeId, basis_points, split};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row};

use crate::{journals::MOVES_MAX, positions::SchemeSums};

/// The most schemes a manager's forecast names.
pub(super) const LINES_MAX: usize = 1_000;

/// How a forecast was arrived at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ForecastMethod {
    /// Spending so far, what is left of the budget in a straight line, and commitments outstanding.
    Profile,
    /// As the manager says.
    Manager,
}

/// What a manager expects of a scheme.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForecastLineDraft {
    /// The scheme's code.
    #[schema(min_length = 1, max_length = 40, example = "ICES")]
    pub(super) scheme: String,
    /// What will have been spent on it by the end of the year, in pence.
    pub(super) amount_pence: Pence,
}

/// A forecast to make.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"period": 6, "method": "profile", "basis": "Month 6, straight line"}))]
pub(crate) struct ForecastDraft {
    /// Up to the end of which period spending is known.
    pub(super) period: Period,
    pub(super) method: ForecastMethod,
    /// What it rests on.
    #[schema(min_length = 1, max_length = 1000)]
    pub(super) basis: String,
    /// A manager's own figures; schemes that are not named go by the profile.
    #[serde(default)]
    #[schema(max_items = 1000)]
    pub(super) lines: Vec<ForecastLineDraft>,
}

impl ForecastDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/basis", &self.basis, 1000);
        match self.method {
            ForecastMethod::Profile => {
                faults.unless(self.lines.is_empty(), "/lines", "A profile is computed; leave the lines out.");
            }
            ForecastMethod::Manager => {
                let fits = (1..=LINES_MAX).contains(&self.lines.len());
                faults.unless(fits, "/lines", format_args!("A manager's forecast has 1 to {LINES_MAX} lines."));
            }
        }
        for (at, line) in self.lines.iter().take(LINES_MAX).enumerate() {
            let fits = line.amount_pence.0.unsigned_abs() <= MOVES_MAX.0.unsigned_abs();
            faults.unless(fits, format!("/lines/{at}/amount_pence"), format_args!("At most {MOVES_MAX}."));
            let again = self.lines[..at].iter().any(|before| before.scheme == line.scheme);
            faults.unless(!again, format!("/lines/{at}/scheme"), "The scheme stands twice.");
        }
        faults.none()
    }
}

/// The figures of a scheme in a forecast. A positive variance is adverse.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ForecastLine {
    #[serde(skip)]
    pub(crate) scheme_id: SchemeId,
    #[schema(example = "ICES")]
    pub(crate) scheme: String,
    pub(crate) budget_pence: Pence,
    /// Spent up to the end of the period.
    pub(crate) actual_pence: Pence,
    /// Commitments outstanding.
    pub(crate) committed_pence: Pence,
    /// What is left of the budget after the period, in a straight line.
    pub(crate) remaining_pence: Pence,
    pub(crate) forecast_pence: Pence,
    /// Forecast less budget: adverse above zero.
    pub(crate) variance_pence: Pence,
    /// The variance in hundredths of a per cent of the budget; null without one.
    pub(crate) variance_bp: Option<i64>,
}

impl ForecastLine {
    /// A line as it was kept. `None` where the variance leaves the range of pence.
    pub(super) fn kept(
        (scheme_id, scheme): (SchemeId, String),
        [budget, actual, committed, remaining, forecast]: [Pence; 5],
    ) -> Option<Self> {
        let variance = forecast.checked_sub(budget)?;
        Some(Self {
            scheme_id,
            scheme,
            budget_pence: budget,
            actual_pence: actual,
            committed_pence: committed,
            remaining_pence: remaining,
            forecast_pence: forecast,
            variance_pence: variance,
            variance_bp: basis_points(variance, budget),
        })
    }

    /// The line of a scheme: what a manager says, or actual + remaining profile + commitments. `None` where a sum
    /// leaves the range of pence.
    pub(super) fn of(sums: &SchemeSums, period: Period, said: Option<Pence>) -> Option<Self> {
        let remaining = remaining(sums.budget, period)?;
        let profile = Pence::sum([sums.actual, remaining, sums.committed]);
        let forecast = match said {
            Some(said) => said,
            None => profile?,
        };
        Self::kept((sums.id, sums.code.clone()), [sums.budget, sums.actual, sums.committed, remaining, forecast])
    }
}

/// What is left of a budget after a period, a twelfth a month, by largest remainder. Nothing after March.
fn remaining(budget: Pence, period: Period) -> Option<Pence> {
    let gone = i64::from(period.number().min(12));
    split(budget, &[Pence(gone), Pence(12 - gone)])?.pop()
}

/// The sums of a forecast.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ForecastTotal {
    pub(crate) budget_pence: Pence,
    pub(crate) actual_pence: Pence,
    pub(crate) committed_pence: Pence,
    pub(crate) forecast_pence: Pence,
    /// Forecast less budget: adverse above zero.
    pub(crate) variance_pence: Pence,
    pub(crate) variance_bp: Option<i64>,
}

/// Adds the lines up. `None` where a sum leaves the range of pence.
pub(super) fn total(lines: &[ForecastLine]) -> Option<ForecastTotal> {
    let sum = |of: fn(&ForecastLine) -> Pence| Pence::sum(lines.iter().map(of));
    let (budget, forecast) = (sum(|line| line.budget_pence)?, sum(|line| line.forecast_pence)?);
    let variance = forecast.checked_sub(budget)?;
    Some(ForecastTotal {
        budget_pence: budget,
        actual_pence: sum(|line| line.actual_pence)?,
        committed_pence: sum(|line| line.committed_pence)?,
        forecast_pence: forecast,
        variance_pence: variance,
        variance_bp: basis_points(variance, budget),
    })
}

/// Whether a forecast is over its budget by more than the threshold (rule 27), without rounding.
pub(crate) fn over_threshold(budget: Pence, forecast: Pence, threshold_bp: i32) -> bool {
    let over = i128::from(forecast.0) - i128::from(budget.0);
    over > 0 && over * 10_000 > i128::from(budget.0) * i128::from(threshold_bp)
}

/// A forecast as it was made.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ForecastBody {
    pub(crate) id: ForecastId,
    pub(crate) year: FinancialYear,
    /// Up to the end of which period spending was known.
    pub(crate) period: Period,
    /// Of this period's forecasts, the how many-th.
    pub(crate) number: i16,
    pub(crate) method: ForecastMethod,
    pub(crate) basis: String,
    pub(crate) made_at: DateTime<Utc>,
    pub(crate) total: ForecastTotal,
    pub(crate) lines: Vec<ForecastLine>,
    /// From how much over budget an action plan is needed, in basis points, as it stands now.
    pub(crate) overspend_threshold_bp: i32,
    /// Whether it is over the threshold and the year has no action plan yet (rule 27).
    pub(crate) action_plan_required: bool,
}

impl Row for ForecastBody {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "year",
        "period",
        "number",
        "method",
        "basis",
        "made_at",
        "total.budget_pence",
        "total.actual_pence",
        "total.committed_pence",
        "total.forecast_pence",
        "total.variance_pence",
        "total.variance_bp",
        "action_plan_required",
    ];
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::funds::FundKind;

    fn period(number: i16) -> Period {
        Period::new(number).expect("a period")
    }

    fn sums(budget: i64, actual: i64, committed: i64) -> SchemeSums {
        SchemeSums {
            id: SchemeId::at(DateTime::UNIX_EPOCH),
            code: "ICES".into(),
            name: "Equipment".into(),
            kind: FundKind::Pooled,
            accounting_treatment: None,
            ring_fence: None,
            lead: None,
            budget: Pence(budget),
            committed: Pence(committed),
            actual: Pence(actual),
        }
    }

    #[test]
    fn a_profile_is_actual_and_what_is_left_in_a_straight_line_and_commitments() {
        let line = ForecastLine::of(&sums(120_000, 70_000, 500), period(6), None).expect("in range");
        assert_eq!((line.remaining_pence, line.forecast_pence), (Pence(60_000), Pence(130_500)));
        assert_eq!((line.variance_pence, line.variance_bp), (Pence(10_500), Some(875)));
        for after in [12, 13] {
            let line = ForecastLine::of(&sums(120_000, 121_000, 0), period(after), None).expect("in range");
            assert_eq!(line.forecast_pence, Pence(121_000), "nothing is left after March");
        }
        let said = ForecastLine::of(&sums(120_000, 70_000, 500), period(6), Some(Pence(99))).expect("in range");
        assert_eq!(said.forecast_pence, Pence(99));
        assert!(ForecastLine::of(&sums(0, i64::MAX, 1), period(6), None).is_none(), "out of range");
    }

    #[test]
    fn rule_27_above_the_threshold_an_action_plan_is_needed() {
        // 1 % of £1,000.00 is £10.00: a penny more is over, the sum itself is not.
        assert!(!over_threshold(Pence(100_000), Pence(101_000), 100));
        assert!(over_threshold(Pence(100_000), Pence(101_001), 100));
        assert!(!over_threshold(Pence(100_000), Pence(99_000), 0), "an underspend is none");
        assert!(over_threshold(Pence(0), Pence(1), 10_000), "spending without a budget is over");
        assert!(over_threshold(Pence(i64::MIN), Pence(i64::MAX), 10_000), "no overflow");
    }

    proptest! {
        #[test]
        fn what_has_gone_and_what_is_left_are_the_budget(budget in any::<i64>(), number in 1i16..=13) {
            let gone = i64::from(number.min(12));
            let left = remaining(Pence(budget), period(number)).expect("weights add up");
            let parts = split(Pence(budget), &[Pence(gone), Pence(12 - gone)]).expect("weights add up");
            prop_assert_eq!(i128::from(parts[0].0) + i128::from(left.0), i128::from(budget));
            let exact = i128::from(budget) * i128::from(12 - gone);
            prop_assert!((i128::from(left.0) * 12 - exact).abs() < 12, "less than a penny from the straight line");
        }
    }
}
