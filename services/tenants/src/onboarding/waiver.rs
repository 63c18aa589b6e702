//! What a borough may go live without, and why. No SQL, no HTTP, no clock.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem};

use super::checklist::Task;

/// A task to waive.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"task": "webhook", "reason": "The borough's finance system polls for changes"}))]
pub(crate) struct WaiverDraft {
    pub(crate) task: Task,
    /// Why; the borough is shown it.
    #[schema(min_length = 1, max_length = 500)]
    pub(crate) reason: String,
    /// Whether it is for show: of a demonstration, not of a borough in service.
    #[serde(default)]
    pub(crate) illustrative: bool,
}

impl WaiverDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/reason", &self.reason, 500);
        faults.none()
    }
}

/// A task that was waived.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct WaiverBody {
    pub(crate) task: Task,
    #[schema(example = "The borough's finance system polls for changes")]
    pub(crate) reason: String,
    pub(crate) illustrative: bool,
    /// The officer's client.
    #[schema(example = "platform.5f1c09ab2e")]
    pub(crate) waived_by: String,
    pub(crate) waived_at: DateTime<Utc>,
}
