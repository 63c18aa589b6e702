//! A version of a committee's rules. No SQL, no HTTP, no clock.

use chrono::{DateTime, NaiveDate, Utc};
use domain::ConstitutionId;
use serde::{Deserialize, Serialize};
use web::Row;

use super::rules::Rules;

/// Rules to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"in_force_from": "2019-04-01", "source": "Terms of reference, version 1", "rules": {
    "quorum": {"total": {"count": 4}, "by_class": [{"class": "councillor", "fewest": {"count": 2}}],
        "by_partner": [{"partner": "Wigan Council", "fewest": {"count": 2}},
            {"partner": "NHS Wigan Borough CCG", "fewest": {"count": 2}}],
        "conflicted_seats_leave_base": false},
    "voting": {"rule": "majority_within_each_partner"}, "casting_vote": "none",
    "chair": {"rule": "rotating", "order": ["Wigan Council", "NHS Wigan Borough CCG"]},
    "notice": {"days": 5, "counted": "clear_working_days"},
    "call_in": {"applies_to": "key_decisions", "working_days": 5, "fewest_members": 3,
        "who": "members of the council who are not on its cabinet"},
    "limit_pence": 500_000_000, "key_decision_from_pence": 50_000_000}}))]
pub(crate) struct ConstitutionDraft {
    /// The first day it is in force; the version before it holds until then.
    pub(super) in_force_from: NaiveDate,
    pub(super) rules: Rules,
    /// Where this is known from.
    #[schema(min_length = 1, max_length = 500)]
    pub(super) source: String,
}

/// A version of a committee's rules. It never changes; what comes after it is another version.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ConstitutionBody {
    pub(crate) id: ConstitutionId,
    /// 1 for the first.
    pub(crate) number: i32,
    pub(crate) in_force_from: NaiveDate,
    pub(crate) rules: Rules,
    pub(crate) source: String,
    pub(crate) recorded_at: DateTime<Utc>,
}

impl Row for ConstitutionBody {
    const COLUMNS: &'static [&'static str] = &["id", "number", "in_force_from", "rules", "source", "recorded_at"];
}
