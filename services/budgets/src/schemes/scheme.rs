//! What a scheme is. No SQL, no HTTP, no clock.

use chrono::{DateTime, Utc};
use domain::SchemeId;
use serde::{Deserialize, Serialize};
use web::{Fault, Problem, Row};

/// The area of care a scheme belongs to. The first seven are the national return's areas of spend
/// (Better Care Fund planning template 2023–25); the last is for figures that are not broken down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Category {
    Acute,
    MentalHealth,
    CommunityHealth,
    ContinuingCare,
    PrimaryCare,
    SocialCare,
    Other,
    NotAnalysed,
}

/// Where a scheme's money comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FundingSource {
    Council,
    Nhs,
    Grant,
    /// Pooled, or not broken down.
    NotAnalysed,
}

/// A scheme to set up.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "ICES", "name": "Community equipment", "category": "community_health", "source": "nhs"}))]
pub(crate) struct SchemeDraft {
    /// Its code in this fund: letters, digits, `.`, `_` and `-`, 1 to 40.
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
    pub(super) code: String,
    #[schema(min_length = 1, max_length = 200)]
    pub(super) name: String,
    pub(super) category: Category,
    pub(super) source: FundingSource,
}

/// The faults of a code and a name, which schemes and accounts share.
pub(crate) fn check_code_and_name(code: &str, name: &str) -> Result<(), Problem> {
    let mut faults = Vec::new();
    let plain = code.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    let begins = code.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    if !plain || !begins || code.len() > 40 {
        let detail = "A code has 1 to 40 letters, digits, '.', '_' or '-', and begins with a letter or digit.";
        faults.push(Fault { pointer: "/code".into(), detail: detail.into() });
    }
    if !(1..=200).contains(&name.trim().chars().count()) {
        faults.push(Fault { pointer: "/name".into(), detail: "A name has 1 to 200 characters.".into() });
    }
    Problem::unless_none(faults)
}

/// A scheme.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct SchemeBody {
    pub(super) id: SchemeId,
    #[schema(example = "ICES")]
    pub(super) code: String,
    #[schema(example = "Community equipment")]
    pub(super) name: String,
    #[schema(value_type = Category)]
    pub(super) category: String,
    #[schema(value_type = FundingSource)]
    pub(super) source: String,
    pub(super) created_at: DateTime<Utc>,
}

impl Row for SchemeBody {
    const COLUMNS: &'static [&'static str] = &["id", "code", "name", "category", "source", "created_at"];
}
