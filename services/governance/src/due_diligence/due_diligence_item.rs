//! The rules of a benefit or risk looked into before pooling. No SQL, no HTTP, no clock.

use chrono::{DateTime, Utc};
use domain::{CommitteeId, DueDiligenceId};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row};

/// What is looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DueDiligenceKind {
    /// What pooling is to bring.
    Benefit,
    /// What could go wrong.
    Risk,
}

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DueDiligenceState {
    /// Nothing is settled.
    Open,
    /// It is lived with.
    Accepted,
    /// Something was done about it.
    Mitigated,
    /// It is no longer of interest.
    Closed,
}

impl DueDiligenceState {
    pub(super) fn allowed(self) -> &'static [Self] {
        match self {
            Self::Open => &[Self::Accepted, Self::Mitigated, Self::Closed],
            Self::Accepted | Self::Mitigated => &[Self::Closed],
            Self::Closed => &[],
        }
    }
}

/// A benefit or risk to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"subject": "Staff transfer to the trust", "kind": "risk",
    "description": "Posts move to the trust's employment and pensions follow.", "likelihood": 3, "impact": 4,
    "owner": "Director of Adult Social Services", "treatment": "An admission agreement for the pension fund."}))]
pub(crate) struct DueDiligenceDraft {
    /// The committee that is to hold the money, where it is known.
    pub(super) committee: Option<CommitteeId>,
    #[schema(min_length = 1, max_length = 300)]
    pub(super) subject: String,
    pub(super) kind: DueDiligenceKind,
    #[schema(min_length = 1, max_length = 5000)]
    pub(super) description: String,
    /// Of a risk: 1, rare, to 5, almost certain.
    #[schema(minimum = 1, maximum = 5)]
    pub(super) likelihood: Option<i16>,
    /// Of a risk: 1, negligible, to 5, severe.
    #[schema(minimum = 1, maximum = 5)]
    pub(super) impact: Option<i16>,
    /// The office that answers for it, not who holds it.
    #[schema(min_length = 1, max_length = 200)]
    pub(super) owner: String,
    /// What is to be done about it.
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) treatment: Option<String>,
}

impl DueDiligenceDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/subject", &self.subject, 300);
        faults.text("/description", &self.description, 5000);
        faults.text("/owner", &self.owner, 200);
        faults.optional_text("/treatment", self.treatment.as_deref(), 2000);
        for (pointer, given) in [("/likelihood", self.likelihood), ("/impact", self.impact)] {
            match self.kind {
                DueDiligenceKind::Risk => {
                    let fits = given.is_some_and(|level| (1..=5).contains(&level));
                    faults.unless(fits, pointer, "A risk has one from 1 to 5.");
                }
                DueDiligenceKind::Benefit => faults.unless(given.is_none(), pointer, "A benefit has none."),
            }
        }
        faults.none()
    }
}

/// A benefit or risk looked into before pooling.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct DueDiligenceBody {
    pub(super) id: DueDiligenceId,
    pub(super) committee: Option<CommitteeId>,
    #[schema(example = "Staff transfer to the trust")]
    pub(super) subject: String,
    pub(super) kind: DueDiligenceKind,
    pub(super) description: String,
    /// Of a risk: 1 to 5.
    pub(super) likelihood: Option<i16>,
    /// Of a risk: 1 to 5.
    pub(super) impact: Option<i16>,
    /// Of a risk: likelihood times impact, 1 to 25.
    #[schema(example = 12)]
    pub(super) score: Option<i16>,
    #[schema(example = "Director of Adult Social Services")]
    pub(super) owner: String,
    pub(super) treatment: Option<String>,
    pub(super) state: DueDiligenceState,
    pub(super) created_at: DateTime<Utc>,
    #[serde(skip)]
    pub(super) version: i64,
}

impl Row for DueDiligenceBody {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "committee",
        "subject",
        "kind",
        "description",
        "likelihood",
        "impact",
        "score",
        "owner",
        "treatment",
        "state",
        "created_at",
    ];
}

/// Likelihood times impact, each 1 to 5.
pub(super) fn score(likelihood: Option<i16>, impact: Option<i16>) -> Option<i16> {
    likelihood?.checked_mul(impact?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(kind: DueDiligenceKind, likelihood: Option<i16>, impact: Option<i16>) -> DueDiligenceDraft {
        DueDiligenceDraft {
            committee: None,
            subject: "A one-off £15m over three years".into(),
            kind,
            description: "What follows 2020 is not funded.".into(),
            likelihood,
            impact,
            owner: "Director of Finance".into(),
            treatment: None,
        }
    }

    #[test]
    fn a_risk_is_scored_and_a_benefit_is_not() {
        assert!(item(DueDiligenceKind::Risk, Some(5), Some(4)).check().is_ok());
        assert_eq!(score(Some(5), Some(4)), Some(20));
        assert_eq!(score(None, None), None);
        for (likelihood, impact) in [(None, Some(1)), (Some(0), Some(1)), (Some(1), Some(6)), (Some(1), None)] {
            assert!(item(DueDiligenceKind::Risk, likelihood, impact).check().is_err());
        }
        assert!(item(DueDiligenceKind::Benefit, None, None).check().is_ok());
        assert!(item(DueDiligenceKind::Benefit, Some(1), None).check().is_err());
    }

    #[test]
    fn what_was_closed_stays_closed() {
        use DueDiligenceState::{Accepted, Closed, Mitigated, Open};
        assert_eq!(Open.allowed(), [Accepted, Mitigated, Closed]);
        assert_eq!(Mitigated.allowed(), [Closed]);
        assert_eq!(Accepted.allowed(), [Closed]);
        assert!(Closed.allowed().is_empty());
    }
}
