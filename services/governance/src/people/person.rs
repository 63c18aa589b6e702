//! What a person is here: a name in the record, and no more. No SQL, no HTTP, no clock.

use chrono::{DateTime, Utc};
use domain::PersonId;
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row};

/// A person to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "A councillor"}))]
pub(crate) struct PersonDraft {
    /// What they are called in the record.
    #[schema(min_length = 1, max_length = 200)]
    pub(super) name: String,
    /// Their id in the council's own committee system.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub(super) external_id: Option<String>,
}

impl PersonDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/name", &self.name, 200);
        faults.optional_text("/external_id", self.external_id.as_deref(), 100);
        faults.none()
    }
}

/// A person.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct PersonBody {
    pub(crate) id: PersonId,
    #[schema(example = "A councillor")]
    pub(crate) name: String,
    pub(crate) external_id: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
}

impl Row for PersonBody {
    const COLUMNS: &'static [&'static str] = &["id", "name", "external_id", "created_at"];
}
