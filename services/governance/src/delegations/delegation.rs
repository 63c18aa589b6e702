//! What a limit of the scheme of delegation is. No SQL, no HTTP, no clock.

use auth::Role;
use chrono::{DateTime, NaiveDate, Utc};
use domain::{DelegationId, Pence};
use serde::{Deserialize, Serialize};
use web::Row;

/// A limit to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "finance", "limit_pence": 50_000_000, "in_force_from": "2026-04-01",
    "source": "Scheme of delegation, version 3"}))]
pub(crate) struct DelegationDraft {
    /// Whose limit: a role that posts journals.
    pub(super) role: Role,
    /// The most that role may move in one journal without a decision. In pence.
    pub(super) limit_pence: Pence,
    /// The first day it is in force; the one before holds until then.
    pub(super) in_force_from: NaiveDate,
    /// Where this is known from.
    #[schema(min_length = 1, max_length = 500)]
    pub(super) source: String,
}

/// A limit of the scheme of delegation.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct DelegationBody {
    pub(super) id: DelegationId,
    #[schema(example = "finance")]
    pub(super) role: String,
    pub(super) limit_pence: Pence,
    pub(super) in_force_from: NaiveDate,
    pub(super) source: String,
    pub(super) recorded_at: DateTime<Utc>,
}

impl Row for DelegationBody {
    const COLUMNS: &'static [&'static str] = &["id", "role", "limit_pence", "in_force_from", "source", "recorded_at"];
}
