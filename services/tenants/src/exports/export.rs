//! The rules of exports. No SQL, no HTTP, no clock.

use chrono::{DateTime, Duration, Utc};
use domain::ExportId;
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row, problems};

/// How long an archive can be fetched.
pub(super) const KEPT: Duration = Duration::days(30);
/// How many may wait to be made.
const WAITING: i64 = 20;
/// How many may be asked for in a day.
const A_DAY: i64 = 100;

/// What is wanted.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Yearly copy for the council's own record"}))]
pub(crate) struct ExportDraft {
    /// What it is for.
    #[schema(min_length = 1, max_length = 500)]
    pub(crate) reason: String,
}

impl ExportDraft {
    pub(crate) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/reason", &self.reason, 500);
        faults.none()
    }
}

/// Goes on where another may be asked for.
///
/// # Errors
/// 429 where too many wait, or were asked for.
pub(super) fn may_ask(waiting: i64, within_a_day: i64) -> Result<(), Problem> {
    if waiting >= WAITING {
        let detail =
            format!("{WAITING} exports wait to be made. Wait for them: each is of the moment at which it is made.");
        return Err(Problem::new(&problems::RATE_LIMITED, detail).retry_after(60));
    }
    if within_a_day >= A_DAY {
        let detail = format!("{A_DAY} exports were asked for within a day. Fetch one of them, or ask tomorrow.");
        return Err(Problem::new(&problems::RATE_LIMITED, detail).retry_after(3_600));
    }
    Ok(())
}

/// How an export stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ExportState {
    /// It is to be made.
    Waiting,
    /// It is being made.
    Making,
    /// It can be fetched.
    Made,
    /// It came to nothing; `failure` says why.
    Failed,
    /// It was made, and its archive is thrown away; the manifest stays.
    Expired,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct ExportProgress {
    /// Tables that are written.
    #[schema(example = 74)]
    pub(super) done: i32,
    /// Tables there are; 0 while that is not known.
    #[schema(example = 132)]
    pub(super) total: i32,
}

/// An export.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ExportBody {
    pub(crate) id: ExportId,
    pub(crate) state: ExportState,
    #[schema(example = "Yearly copy for the council's own record")]
    pub(crate) reason: String,
    #[schema(example = "borough.wigan.live.5f1c09ab2e")]
    pub(crate) asked_by: String,
    pub(crate) asked_at: DateTime<Utc>,
    pub(crate) progress: ExportProgress,
    pub(crate) made_at: Option<DateTime<Utc>>,
    /// Whether nothing was on its way from one service to another when it was made.
    pub(crate) at_rest: Option<bool>,
    /// The length of the archive, in bytes.
    pub(crate) bytes: Option<i64>,
    /// The SHA-256 of the archive, in hexadecimal.
    pub(crate) sha256: Option<String>,
    /// When the archive is thrown away.
    pub(crate) expires_at: Option<DateTime<Utc>>,
    /// Why it failed.
    pub(crate) failure: Option<String>,
}

impl Row for ExportBody {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "state",
        "reason",
        "asked_by",
        "asked_at",
        "progress.done",
        "progress.total",
        "made_at",
        "at_rest",
        "bytes",
        "sha256",
        "expires_at",
        "failure",
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_at_once_and_so_many_a_day() {
        assert!(may_ask(0, 0).is_ok() && may_ask(WAITING - 1, A_DAY - 1).is_ok());
        assert!(may_ask(WAITING, WAITING).is_err() && may_ask(0, A_DAY).is_err());
    }
}
