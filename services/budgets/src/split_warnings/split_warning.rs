//! When journals within a limit look like parts of one above it (rule 54). No SQL, no HTTP, no clock.

use chrono::{DateTime, Days, Utc};
use domain::{JournalId, Pence, SchemeId};
use serde::Serialize;
use uuid::Uuid;
use web::Row;

/// What was posted in 30 days, the last included, is added up.
pub(crate) const WINDOW: Days = Days::new(30);

/// Whether a journal is large enough to be a part of one above the limit: at least a tenth of it.
pub(crate) fn may_be_a_part(size: Pence, limit: Pence) -> bool {
    size.0.saturating_mul(10) >= limit.0
}

/// What a journal moves on a scheme in one layer; on none, where it spends on no scheme. In pence.
///
/// Layers are added up apart: an order and its payment are not two parts of anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) scheme: Option<SchemeId>,
    pub(crate) layer: &'static str,
    pub(crate) size: Pence,
}

/// Journals of a role, each within its limit, that are together above it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct SplitWarningBody {
    /// The journal that took the sum above the limit.
    pub(crate) journal: JournalId,
    /// The scheme they spend on; null where they spend on none.
    #[schema(example = "COMMUNITY")]
    pub(crate) scheme: Option<String>,
    #[schema(example = "finance")]
    pub(crate) role: String,
    /// What they move together. In pence.
    pub(crate) sum_pence: Pence,
    /// The role's limit at the time. In pence.
    pub(crate) limit_pence: Pence,
    /// They, newest first; at most 100.
    pub(crate) journals: Vec<JournalId>,
    pub(crate) raised_at: DateTime<Utc>,
    #[serde(skip)]
    pub(super) scheme_id: Uuid,
}

impl Row for SplitWarningBody {
    const COLUMNS: &'static [&'static str] =
        &["journal", "scheme", "role", "sum_pence", "limit_pence", "journals", "raised_at"];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_54_what_is_small_beside_the_limit_is_no_part_of_a_split() {
        assert!(may_be_a_part(Pence(10), Pence(100)));
        assert!(!may_be_a_part(Pence(9), Pence(100)));
        assert!(may_be_a_part(Pence(i64::MAX), Pence(i64::MAX)));
    }
}
