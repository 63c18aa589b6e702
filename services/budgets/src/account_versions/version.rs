//! What a version of an account is. No SQL, no HTTP, no clock.

use chrono::{DateTime, Utc};
use domain::FinancialYear;
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row};

use crate::accounts::Dimension;

/// What an account is from a year on.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"from_year": "2027-28", "name": "Care purchased", "requires": ["scheme", "party"], "closed": false}))]
pub(crate) struct AccountVersionDraft {
    /// The first year it holds for. Nothing may have been posted to the account in that year or a later one.
    pub(crate) from_year: FinancialYear,
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) name: String,
    /// What every line posted to it must say of itself.
    #[schema(max_items = 5)]
    pub(crate) requires: Vec<Dimension>,
    /// From then on it takes no postings.
    #[serde(default)]
    pub(crate) closed: bool,
}

impl AccountVersionDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/name", &self.name, 200);
        faults.unless(!has_twice(&self.requires), "/requires", "Each of them once.");
        faults.none()
    }
}

/// Whether something is asked for twice.
pub(crate) fn has_twice(requires: &[Dimension]) -> bool {
    requires.iter().enumerate().any(|(at, one)| requires[..at].contains(one))
}

/// A version of an account.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct AccountVersionBody {
    pub(super) from_year: FinancialYear,
    #[schema(example = "Care purchased")]
    pub(super) name: String,
    pub(super) requires: Vec<Dimension>,
    pub(super) closed: bool,
    pub(super) recorded_at: DateTime<Utc>,
}

impl Row for AccountVersionBody {
    const COLUMNS: &'static [&'static str] = &["from_year", "name", "requires", "closed", "recorded_at"];
}
