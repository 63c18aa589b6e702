//! What an entry of the audit trail is. No SQL, no HTTP, no clock.

use chrono::{DateTime, Utc};
use domain::AuditId;
use serde::Serialize;
use serde_json::Value;
use web::Row;

/// Something that was done in the borough.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AuditEntry {
    pub(super) id: AuditId,
    pub(super) done_at: DateTime<Utc>,
    /// The API client.
    #[schema(example = "borough.salford.live.5f1c09ab2e")]
    pub(super) by: String,
    #[schema(example = "finance")]
    pub(super) role: String,
    pub(super) request_id: String,
    /// The network address it came from.
    #[schema(example = "192.0.2.7")]
    pub(super) address: String,
    #[schema(example = "journal.posted")]
    pub(super) action: String,
    /// The path of the thing, below the borough.
    pub(super) subject: String,
    pub(super) before: Option<Value>,
    pub(super) after: Option<Value>,
}

impl Row for AuditEntry {
    const COLUMNS: &'static [&'static str] =
        &["id", "done_at", "by", "role", "request_id", "address", "action", "subject", "before", "after"];
}
