//! The SQL of thresholds. A version stays as it was set.

use tenancy::{DbError, Region, Tx};

use super::thresholds::{RagBody, Thresholds};

/// The thresholds in force: those of practice, at version 0, where nobody has set any.
pub(super) async fn find(tx: &mut Tx<Region>) -> Result<RagBody, DbError> {
    let row = sqlx::query!(
        "select version, green_bp, amber_bp, set_at from budgets.rag_threshold order by version desc limit 1"
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(match row {
        Some(row) => {
            RagBody { green_bp: row.green_bp, amber_bp: row.amber_bp, set_at: Some(row.set_at), version: row.version }
        }
        None => {
            let Thresholds { green_bp, amber_bp } = Thresholds::default();
            RagBody { green_bp, amber_bp, set_at: None, version: 0 }
        }
    })
}

/// As [`find`], only what they say.
pub(crate) async fn in_force(tx: &mut Tx<Region>) -> Result<Thresholds, DbError> {
    let found = find(tx).await?;
    Ok(Thresholds { green_bp: found.green_bp, amber_bp: found.amber_bp })
}

pub(super) async fn insert(tx: &mut Tx<Region>, version: i64, set: Thresholds, client: &str) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "insert into budgets.rag_threshold (region, version, green_bp, amber_bp, set_at, client_id)
         values (platform.region(), $1, $2, $3, $4, $5)",
        version,
        set.green_bp,
        set.amber_bp,
        now,
        client
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
