//! What a region is. No SQL, no HTTP, no clock.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{BoroughId, Gss, Slug};
use serde::{Deserialize, Serialize};
use web::Row;

use crate::boroughs::BoroughState;

/// A region to create.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"slug": "liverpool-city-region", "name": "Liverpool City Region", "gss": "E47000004"}))]
pub(crate) struct RegionDraft {
    pub(super) slug: Slug,
    #[schema(min_length = 1, max_length = 200)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) gss: Option<Gss>,
}

/// A region.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RegionBody {
    #[schema(example = "greater-manchester")]
    pub(super) slug: String,
    #[schema(example = "Greater Manchester")]
    pub(super) name: String,
    #[schema(example = "E11000001")]
    pub(super) gss: Option<String>,
    /// How many boroughs it expects figures of.
    #[schema(example = 10)]
    pub(super) expected_boroughs: i64,
    pub(super) created_at: DateTime<Utc>,
}

impl Row for RegionBody {
    const COLUMNS: &'static [&'static str] = &["slug", "name", "gss", "expected_boroughs", "created_at"];
}

/// A borough the region expects figures of, and where it stands.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ExpectedBorough {
    pub(super) id: BoroughId,
    #[schema(example = "salford")]
    pub(super) slug: String,
    #[schema(example = "E08000006")]
    pub(super) gss: String,
    #[schema(example = "Salford")]
    pub(super) name: String,
    pub(super) state: BoroughState,
    pub(super) expected_from: NaiveDate,
    pub(super) expected_to: Option<NaiveDate>,
}

impl Row for ExpectedBorough {
    const COLUMNS: &'static [&'static str] = &["id", "slug", "gss", "name", "state", "expected_from", "expected_to"];
}
