//! The rules of a locality plan and its milestones. No SQL, no HTTP, no clock.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{MilestoneId, PlanId};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row, problems};

use crate::drafts;

/// A locality plan to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"title": "Further, faster towards 2020", "valid_from": "2016-04-01", "valid_to": "2021-03-31",
    "source": "Report to the health and wellbeing board"}))]
pub(crate) struct LocalityPlanDraft {
    #[schema(min_length = 1, max_length = 300)]
    pub(super) title: String,
    pub(super) valid_from: NaiveDate,
    /// Its last day.
    pub(super) valid_to: NaiveDate,
    /// Where this is known from.
    #[schema(min_length = 1, max_length = 500)]
    pub(super) source: String,
}

impl LocalityPlanDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/title", &self.title, 300);
        faults.text("/source", &self.source, 500);
        drafts::known_day(&mut faults, "/valid_from", self.valid_from);
        drafts::known_day(&mut faults, "/valid_to", self.valid_to);
        faults.unless(self.valid_to >= self.valid_from, "/valid_to", "It ends no earlier than it begins.");
        faults.none()
    }
}

/// A locality plan.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct LocalityPlanBody {
    pub(super) id: PlanId,
    #[schema(example = "Further, faster towards 2020")]
    pub(super) title: String,
    pub(super) valid_from: NaiveDate,
    pub(super) valid_to: NaiveDate,
    pub(super) source: String,
    pub(super) created_at: DateTime<Utc>,
}

impl Row for LocalityPlanBody {
    const COLUMNS: &'static [&'static str] = &["id", "title", "valid_from", "valid_to", "source", "created_at"];
}

/// A milestone to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"title": "The single commissioning function goes live", "planned_on": "2018-04-01"}))]
pub(crate) struct MilestoneDraft {
    #[schema(min_length = 1, max_length = 300)]
    pub(super) title: String,
    pub(super) planned_on: NaiveDate,
}

impl MilestoneDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/title", &self.title, 300);
        drafts::known_day(&mut faults, "/planned_on", self.planned_on);
        faults.none()
    }
}

/// A plan that was given up for a later one.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct EarlierPlan {
    pub(super) planned_on: NaiveDate,
    /// Why it was given up.
    pub(super) reason: String,
    /// When it was.
    pub(super) replanned_at: DateTime<Utc>,
}

/// A milestone of a locality plan. Only who says it was reached makes it reached, whatever day was planned.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct MilestoneBody {
    pub(super) id: MilestoneId,
    #[schema(example = "The single commissioning function goes live")]
    pub(super) title: String,
    pub(super) planned_on: NaiveDate,
    /// The day it was planned for at first.
    pub(super) first_planned_on: NaiveDate,
    /// Every plan before the present one, oldest first.
    pub(super) earlier_plans: Vec<EarlierPlan>,
    /// The day it was reached, once somebody has said so.
    pub(super) reached_on: Option<NaiveDate>,
    pub(super) created_at: DateTime<Utc>,
    #[serde(skip)]
    pub(super) version: i64,
}

impl Row for MilestoneBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "title", "planned_on", "first_planned_on", "reached_on", "created_at"];
}

impl MilestoneBody {
    fn still_ahead(&self) -> Result<(), Problem> {
        match self.reached_on {
            None => Ok(()),
            Some(day) => Err(Problem::new(&problems::CONFLICT, format_args!("It was reached on {day}."))),
        }
    }
}

/// Another day for a milestone.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"planned_on": "2019-04-01", "reason": "Both bodies are to approve first"}))]
pub(crate) struct ReplanningDraft {
    pub(super) planned_on: NaiveDate,
    /// Why the present plan is given up.
    #[schema(min_length = 1, max_length = 500)]
    pub(super) reason: String,
}

impl ReplanningDraft {
    /// A milestone ahead may be planned anew, for another day.
    pub(super) fn check(&self, of: &MilestoneBody) -> Result<(), Problem> {
        let mut faults = Faults::default();
        drafts::known_day(&mut faults, "/planned_on", self.planned_on);
        faults.unless(self.planned_on != of.planned_on, "/planned_on", "It is planned for that day already.");
        faults.text("/reason", &self.reason, 500);
        faults.none()?;
        of.still_ahead()
    }
}

/// That a milestone was reached.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reached_on": "2019-04-01"}))]
pub(crate) struct CompletionDraft {
    pub(super) reached_on: NaiveDate,
}

impl CompletionDraft {
    /// A milestone is reached once, and not in the future.
    pub(super) fn check(&self, of: &MilestoneBody, today: NaiveDate) -> Result<(), Problem> {
        let mut faults = Faults::default();
        drafts::past_day(&mut faults, "/reached_on", self.reached_on, today);
        faults.none()?;
        of.still_ahead()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn wigan(reached_on: Option<NaiveDate>) -> MilestoneBody {
        MilestoneBody {
            id: MilestoneId::at(DateTime::UNIX_EPOCH),
            title: "Go live".into(),
            planned_on: day("2018-04-01"),
            first_planned_on: day("2018-04-01"),
            earlier_plans: Vec::new(),
            reached_on,
            created_at: DateTime::UNIX_EPOCH,
            version: 1,
        }
    }

    #[test]
    fn a_date_slips_for_a_reason_and_to_another_day() {
        let slip = |on: &str, reason: &str| ReplanningDraft { planned_on: day(on), reason: reason.into() };
        assert!(slip("2019-04-01", "Both bodies are to approve first").check(&wigan(None)).is_ok());
        assert!(slip("2018-04-01", "The same day").check(&wigan(None)).is_err());
        assert!(slip("2019-04-01", " ").check(&wigan(None)).is_err());
        let reached = slip("2020-04-01", "Later").check(&wigan(Some(day("2019-04-01"))));
        assert_eq!(reached.expect_err("reached").status().as_u16(), 409);
    }

    #[test]
    fn a_planned_day_that_is_past_has_reached_nothing() {
        let milestone = wigan(None);
        assert_eq!(milestone.reached_on, None);
        let reached = |on: &str| CompletionDraft { reached_on: day(on) };
        assert!(reached("2019-04-01").check(&milestone, day("2019-04-02")).is_ok());
        assert!(reached("2019-04-03").check(&milestone, day("2019-04-02")).is_err());
        assert!(reached("2019-04-01").check(&wigan(Some(day("2019-04-01"))), day("2019-04-02")).is_err());
    }
}
