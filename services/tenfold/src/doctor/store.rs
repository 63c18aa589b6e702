//! What waits in the queues, as the work roles see them, and what a key is tried on.

use chrono::{DateTime, Utc};
use tenancy::{DbError, Issuer, Tx, Work};

/// Things that wait, and since when the first of them does.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub(super) struct Waiting {
    pub(super) waiting: i64,
    pub(super) since: Option<DateTime<Utc>>,
}

/// Events the service has not handed on.
pub(super) async fn outbox(tx: &mut Tx<Work>) -> Result<Waiting, DbError> {
    let asked =
        sqlx::query_as("select count(*) as waiting, min(at) as since from platform.outbox where relayed_at is null");
    Ok(asked.fetch_one(tx.connection()).await?)
}

/// Events the service has not taken in.
pub(super) async fn inbox(tx: &mut Tx<Work>) -> Result<Waiting, DbError> {
    let asked = sqlx::query_as(
        "select count(*) as waiting, min(arrived_at) as since from platform.inbox where done_at is null",
    );
    Ok(asked.fetch_one(tx.connection()).await?)
}

/// The event that failed most often, and why.
pub(super) async fn failing(tx: &mut Tx<Work>) -> Result<Option<(String, i32, Option<String>)>, DbError> {
    let asked = sqlx::query_as(
        "select kind, attempts, failure from platform.inbox where done_at is null and attempts > 3 order by attempts desc limit 1",
    );
    Ok(asked.fetch_optional(tx.connection()).await?)
}

/// Entries of audit trails without a place in their chain.
pub(super) async fn audit(tx: &mut Tx<Work>) -> Result<Waiting, DbError> {
    let asked = sqlx::query_as(
        "select count(*) as waiting, null::timestamptz as since from (select from platform.audit_waiting limit 100000) w",
    );
    Ok(asked.fetch_one(tx.connection()).await?)
}

/// Exports that wait, or that nobody works on any more.
pub(super) async fn exports(tx: &mut Tx<Work>) -> Result<Waiting, DbError> {
    let asked = sqlx::query_as(
        "select count(*) as waiting, min(coalesce(seen_at, asked_at)) as since from tenants.export where state in ('waiting', 'making')",
    );
    Ok(asked.fetch_one(tx.connection()).await?)
}

/// Periods that wait for their seal.
pub(super) async fn seals(tx: &mut Tx<Work>) -> Result<Waiting, DbError> {
    let asked = sqlx::query_as("select count(*) as waiting, null::timestamptz as since from budgets.seal_due");
    Ok(asked.fetch_one(tx.connection()).await?)
}

/// Files of ledgers that are being read, and when the one that was left longest was last worked on.
pub(super) async fn imports(tx: &mut Tx<Work>) -> Result<Waiting, DbError> {
    let asked = sqlx::query_as("select count(*) as waiting, min(seen_at) as since from budgets.import_queue");
    Ok(asked.fetch_one(tx.connection()).await?)
}

/// The newest key that tokens are signed with: its name, and what it is kept as.
pub(super) async fn signing_key(tx: &mut Tx<Issuer>) -> Result<Option<(String, Vec<u8>)>, DbError> {
    let asked = sqlx::query_as("select kid, sealed from tenants.signing_key order by created_at desc limit 1");
    Ok(asked.fetch_optional(tx.connection()).await?)
}
