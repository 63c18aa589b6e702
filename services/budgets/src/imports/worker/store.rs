//! The SQL of the readers of files: their queue, and what each must know of an import.

use chrono::{DateTime, Utc};
use domain::{FinancialYear, FundId, ImportId, LedgerSourceId, OperationId, Pence, Period};
use tenancy::{Borough, DbError, Tx, Work};
use uuid::Uuid;
use web::words::read;

use crate::imports::import::LedgerImportState;

/// An import in the queue of readers.
pub(in crate::imports) struct Queued {
    pub(in crate::imports) borough: Uuid,
    pub(in crate::imports) fund: Uuid,
    pub(in crate::imports) import: Uuid,
    pub(in crate::imports) folder: Uuid,
    pub(in crate::imports) seen_at: DateTime<Utc>,
}

/// Says that what lies in a folder is looked after.
pub(in crate::imports) async fn look_after(tx: &mut Tx<Work>, folder: Uuid) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!("update budgets.import_queue set seen_at = $2 where folder = $1", folder, now)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// The queue, in the order files were sent in.
pub(in crate::imports) async fn queue(tx: &mut Tx<Work>, limit: i64) -> Result<Vec<Queued>, DbError> {
    let rows = sqlx::query_as!(
        Queued,
        "select borough_id as borough, fund_id as fund, import_id as import, folder, seen_at
         from budgets.import_queue order by import_id limit $1",
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

/// Takes an import out of the queue.
pub(in crate::imports) async fn leave_queue(
    tx: &mut Tx<Borough>,
    fund: FundId,
    import: ImportId,
) -> Result<(), DbError> {
    sqlx::query!("delete from budgets.import_queue where fund_id = $1 and import_id = $2", fund.0, import.0)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// What a reader must know of an import.
pub(in crate::imports) struct Job {
    pub(in crate::imports) fund: FundId,
    pub(in crate::imports) import: ImportId,
    pub(in crate::imports) operation: OperationId,
    pub(in crate::imports) state: LedgerImportState,
    pub(in crate::imports) source: LedgerSourceId,
    pub(in crate::imports) source_version: i64,
    pub(in crate::imports) year: FinancialYear,
    pub(in crate::imports) period: Period,
    pub(in crate::imports) all_or_nothing: bool,
    pub(in crate::imports) file_name: String,
    pub(in crate::imports) client_id: String,
    pub(in crate::imports) role: String,
    pub(in crate::imports) sha256: Option<String>,
    pub(in crate::imports) bytes: i64,
    pub(in crate::imports) csv: bool,
    pub(in crate::imports) rows_read: i64,
    pub(in crate::imports) moves: Pence,
}

pub(in crate::imports) async fn job(
    tx: &mut Tx<Borough>,
    fund: FundId,
    import: ImportId,
) -> Result<Option<Job>, DbError> {
    let row = sqlx::query!(
        r#"select operation_id, state, source_id, source_version, year as "year: FinancialYear", period as "period: Period",
             mode, file_name, client_id, role, encode(sha256, 'hex') as sha256, coalesce(bytes, 0) as "bytes!",
             coalesce(format, 'csv') = 'csv' as "csv!", rows_read, moves_pence as "moves: Pence"
           from budgets.import where fund_id = $1 and import_id = $2 for update"#,
        fund.0,
        import.0
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| Job {
        fund,
        import,
        operation: OperationId(row.operation_id),
        state: read(&row.state),
        source: LedgerSourceId(row.source_id),
        source_version: row.source_version,
        year: row.year,
        period: row.period,
        all_or_nothing: row.mode == "all_or_nothing",
        file_name: row.file_name,
        client_id: row.client_id,
        role: row.role,
        sha256: row.sha256,
        bytes: row.bytes,
        csv: row.csv,
        rows_read: row.rows_read,
        moves: row.moves,
    }))
}

/// Goes on from one row to another while it is being read: not where it was called off, or somebody else reads it.
pub(in crate::imports) async fn advance(
    tx: &mut Tx<Borough>,
    job: &Job,
    (from, to): (i64, i64),
    moves: Pence,
    (faulty, faulty_pence, left_out): (i64, Pence, i64),
) -> Result<bool, DbError> {
    let advanced = sqlx::query!(
        "update budgets.import set rows_read = $4, moves_pence = $5, faulty = faulty + $6, faulty_pence = faulty_pence + $7,
           left_out = left_out + $8
         where fund_id = $1 and import_id = $2 and rows_read = $3 and state = 'reading'",
        job.fund.0,
        job.import.0,
        from,
        to,
        moves.0,
        faulty,
        faulty_pence.0,
        left_out
    )
    .execute(tx.connection())
    .await?;
    Ok(advanced.rows_affected() == 1)
}
