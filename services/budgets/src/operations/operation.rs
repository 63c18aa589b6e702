//! What long work tells of itself. No SQL, no HTTP, no clock.

use chrono::{DateTime, Utc};
use domain::OperationId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use web::Row;

/// What kind of work it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OperationKind {
    /// A file of a ledger is taken in.
    LedgerImport,
}

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OperationState {
    /// It is being done, or waits for something named in its stage.
    Running,
    /// It is done; its result is at `result`.
    Done,
    /// It came to nothing; `problem` says why.
    Failed,
    /// Somebody called it off.
    Cancelled,
}

impl OperationState {
    /// Whether nothing more will come of it.
    pub(crate) fn is_over(self) -> bool {
        self != Self::Running
    }
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct OperationProgress {
    /// What is done, in the units of `total`: bytes of a file.
    #[schema(example = 4096)]
    pub(super) done: i64,
    /// All there is to do; 0 while that is not known.
    #[schema(example = 8192)]
    pub(super) total: i64,
}

/// Long work.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct OperationBody {
    pub(crate) id: OperationId,
    pub(crate) kind: OperationKind,
    pub(crate) state: OperationState,
    /// What is being done, or waited for.
    #[schema(example = "reading")]
    pub(crate) stage: String,
    pub(crate) progress: OperationProgress,
    /// Where what it makes is.
    #[schema(
        example = "/v1/boroughs/salford/funds/01890a5d-ac96-774b-bcce-b302099a8057/imports/01890a5d-ac96-774b-bcce-b302099a8057"
    )]
    pub(crate) result: String,
    /// Why it failed: `type`, `detail`, and `rule` where it is one.
    #[schema(value_type = Option<Object>)]
    pub(crate) problem: Option<Value>,
    pub(crate) begun_at: DateTime<Utc>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
}

impl Row for OperationBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "kind", "state", "stage", "progress", "result", "problem", "begun_at", "ended_at"];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_over_when_it_is_done_failed_or_called_off() {
        use OperationState::{Cancelled, Done, Failed, Running};
        assert!([Done, Failed, Cancelled].into_iter().all(OperationState::is_over) && !Running.is_over());
    }
}
