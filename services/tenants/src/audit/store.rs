//! The SQL of the audit trail.

use domain::AuditId;
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::entry::AuditEntry;

pub(super) async fn list(tx: &mut Tx<Borough>, before: Option<Uuid>, limit: i64) -> Result<Vec<AuditEntry>, DbError> {
    let rows = sqlx::query!(
        r#"select audit_id, at, client_id, role, request_id, address, action, subject, before, after
           from platform.audit where $1::uuid is null or audit_id < $1 order by audit_id desc limit $2"#,
        before,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let entries = rows.into_iter().map(|row| AuditEntry {
        id: AuditId(row.audit_id),
        done_at: row.at,
        by: row.client_id,
        role: row.role,
        request_id: row.request_id,
        address: row.address,
        action: row.action,
        subject: row.subject,
        before: row.before,
        after: row.after,
    });
    Ok(entries.collect())
}
