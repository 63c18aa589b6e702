//! How a fund is held to its budget. No SQL, no HTTP, no clock.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use web::Row;

/// What becomes of a journal that takes more than its scheme has available.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Control {
    /// It is posted, and says so.
    Warn,
    /// It is refused. Budget less commitments less spending of a scheme never falls below nothing by a journal.
    Stop,
}

/// How a fund is to be held.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"control": "stop", "reason": "The joint committee asked for it on 14 January"}))]
pub(crate) struct ControlDraft {
    pub(super) control: Control,
    #[schema(min_length = 1, max_length = 500)]
    pub(super) reason: String,
}

/// How a fund was held from a moment on; the latest is in force. A fund without one is `warn`.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ControlBody {
    pub(super) number: i64,
    pub(super) control: Control,
    #[schema(example = "The joint committee asked for it on 14 January")]
    pub(super) reason: String,
    /// The client that set it.
    #[schema(example = "borough.salford.live.5f1c09ab2e")]
    pub(super) set_by: String,
    pub(super) set_at: DateTime<Utc>,
}

impl Row for ControlBody {
    const COLUMNS: &'static [&'static str] = &["number", "control", "reason", "set_by", "set_at"];
}
