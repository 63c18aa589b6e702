//! What an item of a scrutiny committee is. No SQL, no HTTP, no clock.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{DecisionId, ScrutinyItemId};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row};

use crate::drafts;

/// What the scrutiny committee made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ScrutinyOutcome {
    /// It noted it.
    Noted,
    /// It stands behind it.
    Endorsed,
    /// It recommended something.
    Recommended,
    /// It referred it to another body.
    Referred,
    /// It called the decision in.
    CalledIn,
}

/// An item of a scrutiny committee to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"body": "Adult Care and Health Overview and Scrutiny Committee",
    "title": "Integration of commissioning: verbal update", "considered_on": "2018-03-20", "verbal": true,
    "questions": ["What follows when the one-off money ends?"], "resolution": "Resolved – That the report be noted.",
    "outcome": "noted", "source": "Minutes of the committee"}))]
pub(crate) struct ScrutinyItemDraft {
    /// The scrutiny committee.
    #[schema(min_length = 1, max_length = 200)]
    pub(super) body: String,
    #[schema(min_length = 1, max_length = 300)]
    pub(super) title: String,
    pub(super) considered_on: NaiveDate,
    /// Whether it was given by word of mouth, without papers.
    pub(super) verbal: bool,
    /// What members asked, each up to 1,000 characters.
    #[schema(max_items = 100)]
    pub(super) questions: Vec<String>,
    /// The resolution, in its own words.
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) resolution: String,
    pub(super) outcome: ScrutinyOutcome,
    /// The decision it was about, where it was about one.
    pub(super) decision: Option<DecisionId>,
    /// Where this is known from.
    #[schema(min_length = 1, max_length = 500)]
    pub(super) source: String,
}

impl ScrutinyItemDraft {
    pub(super) fn check(&self, today: NaiveDate) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/body", &self.body, 200);
        faults.text("/title", &self.title, 300);
        drafts::past_day(&mut faults, "/considered_on", self.considered_on, today);
        faults.unless(self.questions.len() <= 100, "/questions", "At most 100 questions.");
        for (at, question) in self.questions.iter().enumerate() {
            faults.text(format!("/questions/{at}"), question, 1000);
        }
        faults.text("/resolution", &self.resolution, 2000);
        let names_it = self.outcome != ScrutinyOutcome::CalledIn || self.decision.is_some();
        faults.unless(names_it, "/decision", "What is called in is a decision: name it.");
        faults.text("/source", &self.source, 500);
        faults.none()
    }
}

/// An item of a scrutiny committee.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ScrutinyItemBody {
    pub(super) id: ScrutinyItemId,
    #[schema(example = "Adult Care and Health Overview and Scrutiny Committee")]
    pub(super) body: String,
    pub(super) title: String,
    pub(super) considered_on: NaiveDate,
    pub(super) verbal: bool,
    pub(super) questions: Vec<String>,
    #[schema(example = "Resolved – That the report be noted.")]
    pub(super) resolution: String,
    pub(super) outcome: ScrutinyOutcome,
    pub(super) decision: Option<DecisionId>,
    pub(super) source: String,
    pub(super) recorded_at: DateTime<Utc>,
}

impl Row for ScrutinyItemBody {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "body",
        "title",
        "considered_on",
        "verbal",
        "questions",
        "resolution",
        "outcome",
        "decision",
        "source",
        "recorded_at",
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verbal_item_needs_no_paper_and_a_call_in_names_its_decision() {
        let today: NaiveDate = "2018-04-01".parse().expect("a day");
        let item = |outcome, decision| ScrutinyItemDraft {
            body: "Overview and Scrutiny Committee".into(),
            title: "A verbal update".into(),
            considered_on: "2018-03-20".parse().expect("a day"),
            verbal: true,
            questions: vec!["What follows in 2020?".into()],
            resolution: "Resolved – That the report be noted".into(),
            outcome,
            decision,
            source: "Minutes".into(),
        };
        assert!(item(ScrutinyOutcome::Noted, None).check(today).is_ok());
        assert!(item(ScrutinyOutcome::CalledIn, None).check(today).is_err());
        let decision = DecisionId::at(DateTime::UNIX_EPOCH);
        assert!(item(ScrutinyOutcome::CalledIn, Some(decision)).check(today).is_ok());
        assert!(item(ScrutinyOutcome::Noted, None).check("2018-03-19".parse().expect("a day")).is_err());
    }
}
