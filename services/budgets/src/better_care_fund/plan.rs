//! What a Better Care Fund plan holds beside schemes and contributions. No SQL, no HTTP, no clock.

use chrono::{DateTime, Utc};
use domain::{FinancialYear, Pence};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem};

use crate::{
    code_lists::code_list::{self, CodeListKind},
    journals::MOVES_MAX,
};

/// The most metrics of a plan.
const METRICS_MAX: usize = 20;
/// What is counted is not more than this.
const COUNT_MAX: i64 = 1_000_000_000;

/// Whether a national condition is met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BcfCondition {
    /// Its number in the year's framework.
    #[schema(minimum = 1, maximum = 9, example = 1)]
    pub(crate) number: i16,
    pub(crate) met: bool,
    #[schema(min_length = 1, max_length = 1000)]
    pub(crate) note: Option<String>,
}

/// How a metric comes along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MetricStatus {
    OnTrack,
    NotOnTrack,
    /// Nothing was measured yet.
    NotKnown,
}

/// A metric of the year's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BcfMetric {
    /// A code of the year's list of metrics.
    #[schema(max_length = 100, example = "emergency-admissions-65-per-100k")]
    pub(crate) metric: String,
    /// In hundredths of the metric's unit, so that a rate has two decimals.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub(crate) plan_hundredths: i64,
    /// As the plan; left out until it is known.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub(crate) actual_hundredths: Option<i64>,
    pub(crate) status: MetricStatus,
}

/// What a Better Care Fund plan says beside its schemes and contributions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BcfPlanDraft, example = json!({"nhs_minimum_pence": 2_500_000_000_i64, "asc_minimum_pence": 1_000_000_000,
    "source": "NHS minimum contributions, published allocations", "asc_planned_pence": 1_050_000_000,
    "conditions": [{"number": 1, "met": true}], "metrics": []}))]
pub(crate) struct BcfPlan {
    /// The NHS's minimum contribution, as published, in pence.
    #[schema(minimum = 0)]
    pub(crate) nhs_minimum_pence: Pence,
    /// What the NHS is at least to spend on adult social care, as published, in pence.
    #[schema(minimum = 0)]
    pub(crate) asc_minimum_pence: Pence,
    /// Where the minimums were published.
    #[schema(min_length = 1, max_length = 500)]
    pub(crate) source: String,
    /// What the plan spends on adult social care of the NHS's contribution, in pence.
    #[schema(minimum = 0)]
    pub(crate) asc_planned_pence: Pence,
    #[schema(max_items = 9)]
    pub(crate) conditions: Vec<BcfCondition>,
    #[schema(max_items = 20)]
    pub(crate) metrics: Vec<BcfMetric>,
}

impl BcfPlan {
    /// Checks its form, and its metrics against the year's list (rule 39).
    pub(super) fn check(&self, year: FinancialYear) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/source", &self.source, 500);
        for (pointer, amount) in [
            ("/nhs_minimum_pence", self.nhs_minimum_pence),
            ("/asc_minimum_pence", self.asc_minimum_pence),
            ("/asc_planned_pence", self.asc_planned_pence),
        ] {
            let fits = (0..=MOVES_MAX.0).contains(&amount.0);
            faults.unless(fits, pointer, format_args!("From nothing to {MOVES_MAX}."));
        }
        faults.unless(self.conditions.len() <= 9, "/conditions", "At most nine.");
        for (at, condition) in self.conditions.iter().take(9).enumerate() {
            let numbered = (1..=9).contains(&condition.number);
            faults.unless(numbered, format!("/conditions/{at}/number"), "From 1 to 9.");
            let again = self.conditions[..at].iter().any(|before| before.number == condition.number);
            faults.unless(!again, format!("/conditions/{at}/number"), "The condition stands twice.");
            faults.optional_text(format!("/conditions/{at}/note"), condition.note.as_deref(), 1000);
        }
        faults.unless(self.metrics.len() <= METRICS_MAX, "/metrics", format_args!("At most {METRICS_MAX}."));
        for (at, metric) in self.metrics.iter().take(METRICS_MAX).enumerate() {
            let fits = |count: i64| (0..=COUNT_MAX).contains(&count);
            let plan = fits(metric.plan_hundredths);
            faults.unless(plan, format!("/metrics/{at}/plan_hundredths"), "From 0 to 1,000,000,000.");
            let actual = metric.actual_hundredths.is_none_or(fits);
            faults.unless(actual, format!("/metrics/{at}/actual_hundredths"), "From 0 to 1,000,000,000.");
            let again = self.metrics[..at].iter().any(|before| before.metric == metric.metric);
            faults.unless(!again, format!("/metrics/{at}/metric"), "The metric stands twice.");
        }
        faults.none()?;
        for (at, metric) in self.metrics.iter().enumerate() {
            code_list::check(&format!("/metrics/{at}/metric"), CodeListKind::Metric, &metric.metric, year)?;
        }
        Ok(())
    }
}

/// A fund-year's Better Care Fund plan.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct BcfPlanBody {
    pub(super) year: FinancialYear,
    /// Null, at version 0, until a plan is made.
    pub(super) plan: Option<BcfPlan>,
    pub(super) set_at: Option<DateTime<Utc>>,
    #[serde(skip)]
    pub(super) version: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_held_to_its_form_and_the_years_metrics() {
        let year = FinancialYear::starting_in(2025).expect("a year");
        let plan = BcfPlan {
            nhs_minimum_pence: Pence(1),
            asc_minimum_pence: Pence(1),
            source: "Published".into(),
            asc_planned_pence: Pence(1),
            conditions: vec![BcfCondition { number: 1, met: true, note: None }],
            metrics: Vec::new(),
        };
        assert!(plan.check(year).is_ok());
        let twice = BcfPlan { conditions: [plan.conditions.clone(), plan.conditions.clone()].concat(), ..plan.clone() };
        assert!(twice.check(year).is_err());
        assert!(BcfPlan { nhs_minimum_pence: Pence(i64::MAX), ..plan.clone() }.check(year).is_err());
        let metric = |name: &str, actual| BcfMetric {
            metric: name.into(),
            plan_hundredths: 150_000,
            actual_hundredths: actual,
            status: MetricStatus::NotKnown,
        };
        let with = |metric| BcfPlan { metrics: vec![metric], ..plan.clone() };
        assert!(with(metric("emergency-admissions-65-per-100k", Some(0))).check(year).is_ok());
        assert!(with(metric("emergency-admissions-65-per-100k", Some(-1))).check(year).is_err());
        let other = with(metric("emergency-admissions-due-to-falls-65", None)).check(year);
        assert_eq!(other.expect_err("another year's").kind().slug, "rule-broken");
    }
}
