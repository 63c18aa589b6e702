//! The arithmetic of a region's returns. No SQL, no HTTP, no clock.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use domain::{FinancialYear, Pence, ReturnId, basis_points};
use serde::Serialize;
use web::Row;

use crate::{
    funds::FundKind,
    rag::{Rag, Thresholds},
    region::http::NamedBorough,
    returns::{ReturnKind, ReturnState},
};

/// A return as a region sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct RegionReturnRow {
    pub(super) borough: NamedBorough,
    #[serde(rename = "return")]
    pub(super) id: ReturnId,
    pub(super) fund_kind: FundKind,
    /// Whether it may count in section 75 totals.
    pub(super) section_75: bool,
    pub(super) year: FinancialYear,
    pub(super) kind: ReturnKind,
    pub(super) quarter: Option<i16>,
    /// The first is 1; each restatement is one more.
    pub(super) number: i16,
    /// Approved, published or restated.
    pub(super) state: ReturnState,
    /// Whether it counts in the total: section 75 money, in the latest cut.
    pub(super) counted: bool,
    pub(super) budget_pence: Pence,
    /// Up to the end of the last period reported.
    pub(super) actual_pence: Pence,
    /// Of the year; null where there is no forecast.
    pub(super) forecast_pence: Option<Pence>,
    /// Cash in force for the year.
    pub(super) contributions_pence: Pence,
    /// Forecast less budget: adverse above zero.
    pub(super) variance_pence: Option<Pence>,
    pub(super) variance_bp: Option<i64>,
    /// By the region's thresholds; null without a forecast or a budget.
    pub(super) rag: Option<Rag>,
    /// When the figures were taken.
    pub(super) as_of: DateTime<Utc>,
}

impl Row for RegionReturnRow {
    const COLUMNS: &'static [&'static str] = &[
        "borough.slug",
        "borough.gss",
        "borough.name",
        "return",
        "fund_kind",
        "section_75",
        "year",
        "kind",
        "quarter",
        "number",
        "state",
        "counted",
        "budget_pence",
        "actual_pence",
        "forecast_pence",
        "contributions_pence",
        "variance_pence",
        "variance_bp",
        "rag",
        "as_of",
    ];
}

impl RegionReturnRow {
    /// With its variance and colour, and whether it counts. A restatement that is approved counts once it is published:
    /// until then what it restates does.
    pub(super) fn judged(mut self, thresholds: Thresholds) -> Self {
        self.counted = self.section_75
            && match self.state {
                ReturnState::Published => true,
                ReturnState::Approved => self.number == 1,
                ReturnState::Draft | ReturnState::Submitted | ReturnState::Restated => false,
            };
        self.variance_pence = self.forecast_pence.and_then(|forecast| forecast.checked_sub(self.budget_pence));
        self.variance_bp = self.variance_pence.and_then(|variance| basis_points(variance, self.budget_pence));
        self.rag = self.variance_bp.map(|over| thresholds.colour(over));
        self
    }
}

/// The total of a region's returns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct RegionReturnTotal {
    pub(super) budget_pence: Pence,
    pub(super) actual_pence: Pence,
    /// Null where a return that counts has no forecast: nothing is imputed.
    pub(super) forecast_pence: Option<Pence>,
    pub(super) contributions_pence: Pence,
    pub(super) variance_pence: Option<Pence>,
    pub(super) variance_bp: Option<i64>,
    pub(super) rag: Option<Rag>,
}

/// Adds up what counts (rule 56). `None` where a sum leaves the range of pence.
pub(super) fn total(rows: &[RegionReturnRow], thresholds: Thresholds) -> Option<RegionReturnTotal> {
    let counted = || rows.iter().filter(|row| row.counted);
    let budget = Pence::sum(counted().map(|row| row.budget_pence))?;
    let known: Option<Vec<Pence>> = counted().map(|row| row.forecast_pence).collect();
    let forecast = match known {
        Some(known) => Some(Pence::sum(known)?),
        None => None,
    };
    let variance = match forecast {
        Some(forecast) => Some(forecast.checked_sub(budget)?),
        None => None,
    };
    let variance_bp = variance.and_then(|variance| basis_points(variance, budget));
    Some(RegionReturnTotal {
        budget_pence: budget,
        actual_pence: Pence::sum(counted().map(|row| row.actual_pence))?,
        forecast_pence: forecast,
        contributions_pence: Pence::sum(counted().map(|row| row.contributions_pence))?,
        variance_pence: variance,
        variance_bp,
        rag: variance_bp.map(|over| thresholds.colour(over)),
    })
}

/// The last quarter of a year that has ended by a day; the first where none has.
pub(super) fn quarter_ended(year: FinancialYear, today: NaiveDate) -> i16 {
    if today < year.first_day() {
        return 1;
    }
    if today > year.last_day() {
        return 4;
    }
    match today.month() {
        4..=9 => 1,
        10..=12 => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(section_75: bool, state: ReturnState, number: i16, pence: i64) -> RegionReturnRow {
        let row = RegionReturnRow {
            borough: NamedBorough { slug: "a".into(), gss: "E08000001".into(), name: "A".into() },
            id: ReturnId::at(DateTime::UNIX_EPOCH),
            fund_kind: FundKind::Pooled,
            section_75,
            year: FinancialYear::starting_in(2026).expect("a year"),
            kind: ReturnKind::Quarterly,
            quarter: Some(1),
            number,
            state,
            counted: false,
            budget_pence: Pence(pence),
            actual_pence: Pence(pence),
            forecast_pence: Some(Pence(pence + 2)),
            contributions_pence: Pence(pence),
            variance_pence: None,
            variance_bp: None,
            rag: None,
            as_of: DateTime::UNIX_EPOCH,
        };
        row.judged(Thresholds::default())
    }

    #[test]
    fn rule_56_of_a_return_and_its_restatement_one_counts() {
        use ReturnState::{Approved, Published, Restated};
        let sum = |rows: &[RegionReturnRow]| total(rows, Thresholds::default()).expect("in range").budget_pence.0;
        assert_eq!(sum(&[row(true, Approved, 1, 100)]), 100);
        assert_eq!(sum(&[row(true, Published, 1, 100), row(true, Approved, 2, 90)]), 100, "until it is published");
        assert_eq!(sum(&[row(true, Restated, 1, 100), row(true, Published, 2, 90)]), 90);
        assert_eq!(sum(&[row(true, Published, 1, 100), row(false, Published, 1, 7)]), 100, "no section 75 money");
        let total = total(&[row(true, Published, 1, 100)], Thresholds::default()).expect("in range");
        assert_eq!((total.variance_bp, total.rag), (Some(200), Some(Rag::Amber)));
    }

    #[test]
    fn the_quarter_asked_for_is_the_last_that_ended() {
        let year = FinancialYear::starting_in(2026).expect("a year");
        for (day, quarter) in [
            ("2026-05-01", 1),
            ("2026-07-01", 1),
            ("2026-10-01", 2),
            ("2027-01-01", 3),
            ("2027-04-01", 4),
            ("2020-01-01", 1),
        ] {
            assert_eq!(quarter_ended(year, day.parse().expect("a day")), quarter, "{day}");
        }
    }
}
