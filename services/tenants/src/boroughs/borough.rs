//! A borough as it is asked for and told of. No SQL, no HTTP, no clock.

use auth::Mode;
use chrono::{DateTime, NaiveDate, Utc};
use domain::{BoroughId, Gss, Slug};
use serde::{Deserialize, Serialize};
use web::{Fault, Faults, Problem, Row};

use super::BoroughState;

/// A borough.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct BoroughBody {
    pub(crate) id: BoroughId,
    /// Its name in paths; never changes.
    #[schema(example = "salford")]
    pub(crate) slug: Slug,
    /// Its statistical code, which works in paths too.
    #[schema(example = "E08000006")]
    pub(crate) gss: Gss,
    #[schema(example = "Salford")]
    pub(crate) name: String,
    pub(crate) mode: Mode,
    pub(crate) state: BoroughState,
    /// The last day on which the record of one that is closed must be kept.
    pub(crate) retained_until: Option<NaiveDate>,
    pub(crate) created_at: DateTime<Utc>,
    #[serde(skip)]
    pub(crate) version: i64,
}

impl Row for BoroughBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "slug", "gss", "name", "mode", "state", "retained_until", "created_at"];
}

/// A borough to bring on board, with its sandbox.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"slug": "sefton", "gss": "E08000014", "name": "Sefton",
    "region": "greater-manchester", "expected_from": "2015-04-01"}))]
pub(crate) struct BoroughDraft {
    pub(crate) slug: Slug,
    pub(crate) gss: Gss,
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) name: String,
    /// The region that expects its figures.
    pub(crate) region: Slug,
    /// The first day the region expects them.
    pub(crate) expected_from: NaiveDate,
    /// Only name it for now: nobody gets a token for it before it is moved to `in_setup`.
    #[serde(default)]
    pub(crate) draft: bool,
}

/// What of a borough may change: not its slug, and not its code.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"calls_a_day": 20_000_000}))]
pub(crate) struct BoroughChange {
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) name: Option<String>,
    /// How many calls its clients have a day, together; 1,000 to 1,000,000,000.
    #[serde(default)]
    #[schema(minimum = 1_000, maximum = 1_000_000_000_i64)]
    pub(crate) calls_a_day: Option<i64>,
}

impl BoroughChange {
    pub(crate) fn check(&self) -> Result<(), Problem> {
        if let Some(name) = &self.name {
            name_fits(name)?;
        }
        let mut faults = Faults::default();
        let some = self.name.is_some() || self.calls_a_day.is_some();
        faults.unless(some, "", "Say what is to change: a name, or calls_a_day.");
        let fits = self.calls_a_day.is_none_or(|calls| (1_000..=1_000_000_000).contains(&calls));
        faults.unless(fits, "/calls_a_day", "1,000 to 1,000,000,000 calls a day.");
        faults.none()
    }
}

fn name_fits(name: &str) -> Result<(), Problem> {
    let mut faults = Vec::new();
    if !(1..=200).contains(&name.trim().chars().count()) {
        faults.push(Fault { pointer: "/name".into(), detail: "A name has 1 to 200 characters.".into() });
    }
    Problem::unless_none(faults)
}

impl BoroughDraft {
    pub(crate) fn check(&self) -> Result<(), Problem> {
        name_fits(&self.name)
    }
}

/// A borough as it was brought on board.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct OnboardedBody {
    pub(crate) live: BoroughBody,
    pub(crate) sandbox: BoroughBody,
    /// The first administrator's client of each. The secrets are shown once.
    pub(crate) administrators: Vec<FirstAdministrator>,
}

/// The first administrator's API client of a borough or its sandbox.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct FirstAdministrator {
    pub(crate) mode: Mode,
    #[schema(example = "borough.sefton.live.5f1c09ab2e")]
    pub(crate) client_id: String,
    /// Shown once; null when this answer is given again.
    pub(crate) client_secret: Option<String>,
}
