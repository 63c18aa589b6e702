//! The rules of an action plan. No SQL, no HTTP, no clock.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{ActionPlanId, FinancialYear, Pence};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row, drafts};

use crate::journals::MOVES_MAX;

/// The most actions a plan has.
const ACTIONS_MAX: usize = 50;

/// An action plan to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"cause": "More placements than planned", "actions": ["Review packages above £2,000 a week"],
    "owner": "Director of Adult Social Services", "due_on": "2026-12-31", "recovers_pence": 25_000_000}))]
pub(crate) struct ActionPlanDraft {
    /// The code of the scheme it is about; left out, it is about the fund.
    #[schema(min_length = 1, max_length = 40)]
    pub(super) scheme: Option<String>,
    /// Why the overspend is expected.
    #[schema(min_length = 1, max_length = 1000)]
    pub(super) cause: String,
    /// What is done about it: 1 to 50 actions of up to 500 characters.
    #[schema(min_items = 1, max_items = 50)]
    pub(super) actions: Vec<String>,
    /// The office that answers for it.
    #[schema(min_length = 1, max_length = 200)]
    pub(super) owner: String,
    pub(super) due_on: NaiveDate,
    /// What it is to bring back, in pence.
    #[schema(minimum = 1, maximum = 10_000_000_000_000i64)]
    pub(super) recovers_pence: Pence,
}

impl ActionPlanDraft {
    pub(super) fn check(&self, year: FinancialYear) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/cause", &self.cause, 1000);
        faults.text("/owner", &self.owner, 200);
        drafts::known_day(&mut faults, "/due_on", self.due_on);
        let fits = (1..=ACTIONS_MAX).contains(&self.actions.len());
        faults.unless(fits, "/actions", format_args!("A plan has 1 to {ACTIONS_MAX} actions."));
        for (at, action) in self.actions.iter().take(ACTIONS_MAX).enumerate() {
            faults.text(format!("/actions/{at}"), action, 500);
        }
        let late = self.due_on >= year.first_day();
        faults.unless(late, "/due_on", format_args!("Not before {year}, whose overspend it brings back."));
        let fits = (1..=MOVES_MAX.0).contains(&self.recovers_pence.0);
        faults.unless(fits, "/recovers_pence", format_args!("Above nil, and at most {MOVES_MAX}."));
        faults.none()
    }
}

/// An action plan.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ActionPlanBody {
    pub(crate) id: ActionPlanId,
    /// The code of the scheme it is about; null where it is about the fund.
    pub(crate) scheme: Option<String>,
    pub(crate) cause: String,
    pub(crate) actions: Vec<String>,
    /// The office that answers for it.
    #[schema(example = "Director of Adult Social Services")]
    pub(crate) owner: String,
    pub(crate) due_on: NaiveDate,
    pub(crate) recovers_pence: Pence,
    pub(crate) recorded_at: DateTime<Utc>,
}

impl Row for ActionPlanBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "scheme", "cause", "actions", "owner", "due_on", "recovers_pence", "recorded_at"];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_has_actions_an_owner_and_a_day() {
        let plan = ActionPlanDraft {
            scheme: None,
            cause: "More placements".into(),
            actions: vec!["Review packages".into()],
            owner: "Director of Adult Social Services".into(),
            due_on: NaiveDate::from_ymd_opt(2026, 12, 31).expect("a day"),
            recovers_pence: Pence(1),
        };
        let year = FinancialYear::starting_in(2026).expect("a year");
        assert!(plan.check(year).is_ok());
        assert!(ActionPlanDraft { actions: Vec::new(), ..plan.clone() }.check(year).is_err());
        assert!(ActionPlanDraft { actions: vec![" ".into()], ..plan.clone() }.check(year).is_err());
        assert!(ActionPlanDraft { owner: String::new(), ..plan.clone() }.check(year).is_err());
        assert!(ActionPlanDraft { recovers_pence: Pence::ZERO, ..plan.clone() }.check(year).is_err());
        let before = year.first_day().pred_opt().expect("a day");
        assert!(ActionPlanDraft { due_on: before, ..plan.clone() }.check(year).is_err());
        assert!(ActionPlanDraft { due_on: NaiveDate::MAX, ..plan }.check(year).is_err());
    }
}
