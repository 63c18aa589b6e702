//! The rules of data-sharing agreements. No SQL, no HTTP, no clock.

use chrono::{DateTime, NaiveDate, Utc};
use domain::DataSharingId;
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row, drafts::past_day};

/// A data-sharing agreement that was signed (UK GDPR article 28(3): a processor works under a contract).
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"version": "2.1", "signed_by": "Director of Adult Social Services", "signed_on": "2026-04-01",
    "reference": "Records management, file DSA/2026/14"}))]
pub(crate) struct DataSharingDraft {
    /// The version of its text.
    #[schema(min_length = 1, max_length = 50)]
    pub(crate) version: String,
    /// The office that signed for the borough, never a person.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) signed_by: String,
    pub(crate) signed_on: NaiveDate,
    /// Where the signed copy is kept.
    #[schema(min_length = 1, max_length = 500)]
    pub(crate) reference: String,
}

impl DataSharingDraft {
    pub(crate) fn check(&self, today: NaiveDate) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/version", &self.version, 50);
        faults.text("/signed_by", &self.signed_by, 200);
        faults.text("/reference", &self.reference, 500);
        past_day(&mut faults, "/signed_on", self.signed_on, today);
        faults.none()
    }
}

/// A data-sharing agreement, as recorded.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct DataSharingBody {
    pub(crate) id: DataSharingId,
    #[schema(example = "2.1")]
    pub(crate) version: String,
    #[schema(example = "Director of Adult Social Services")]
    pub(crate) signed_by: String,
    pub(crate) signed_on: NaiveDate,
    #[schema(example = "Records management, file DSA/2026/14")]
    pub(crate) reference: String,
    pub(crate) recorded_at: DateTime<Utc>,
    /// The client that recorded it.
    pub(crate) recorded_by: String,
}

impl Row for DataSharingBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "version", "signed_by", "signed_on", "reference", "recorded_at", "recorded_by"];
}
