//! What a limit of the scheme of delegation is. No SQL, no HTTP, no clock.

use auth::Role;
use chrono::{DateTime, NaiveDate, Utc};
use domain::{DelegationId, FundId, Pence};
use serde::{Deserialize, Serialize};
use web::Row;

/// What a limit is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ActKind {
    /// Money spent: what a journal posts.
    Spend,
    /// Money moved between schemes.
    Virement,
    /// A contract entered into.
    Contract,
    /// A grant given.
    Grant,
}

fn one() -> i16 {
    1
}

/// A limit to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "finance", "limit_pence": 50_000_000, "in_force_from": "2026-04-01",
    "source": "Scheme of delegation, version 3"}))]
pub(crate) struct DelegationDraft {
    /// Whose limit: a role that posts journals.
    pub(super) role: Role,
    /// The fund it is of; where left out, every fund that has no limit of its own.
    pub(super) fund: Option<FundId>,
    /// The kind of act it is of; where left out, every kind that has no limit of its own.
    pub(super) kind: Option<ActKind>,
    /// 2 where two officers act together; they do so outside the ledger, which asks for one.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 2)]
    pub(super) officers: i16,
    /// The most that role may move at once without a decision. In pence.
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
    pub(super) fund: Option<FundId>,
    pub(super) kind: Option<ActKind>,
    pub(super) officers: i16,
    pub(super) limit_pence: Pence,
    pub(super) in_force_from: NaiveDate,
    pub(super) source: String,
    pub(super) recorded_at: DateTime<Utc>,
}

impl Row for DelegationBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "role", "fund", "kind", "officers", "limit_pence", "in_force_from", "source", "recorded_at"];
}
