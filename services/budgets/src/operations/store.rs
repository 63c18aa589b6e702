//! The SQL of long work.

use chrono::{DateTime, Utc};
use domain::OperationId;
use serde_json::Value;
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;
use web::words::{read, word};

use super::operation::{OperationBody, OperationKind, OperationProgress, OperationState};

/// Long work of the borough, newest first, or one. `here` is the borough's path, which results lie below.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    here: &str,
    one: Option<OperationId>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<OperationBody>, DbError> {
    let rows = sqlx::query!(
        r#"select operation_id, kind, subject, state, stage, done, total, problem, begun_at, ended_at
           from budgets.operation
           where ($1::uuid is null or operation_id = $1) and ($2::uuid is null or operation_id < $2)
           order by operation_id desc limit $3"#,
        one.map(|id| id.0),
        before,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let operations = rows.into_iter().map(|row| OperationBody {
        id: OperationId(row.operation_id),
        kind: read(&row.kind),
        state: read(&row.state),
        stage: row.stage,
        progress: OperationProgress { done: row.done, total: row.total },
        result: format!("{here}/{}", row.subject),
        problem: row.problem,
        begun_at: row.begun_at,
        ended_at: row.ended_at,
    });
    Ok(operations.collect())
}

pub(crate) async fn find(tx: &mut Tx<Borough>, here: &str, id: OperationId) -> Result<Option<OperationBody>, DbError> {
    Ok(list(tx, here, Some(id), None, 1).await?.pop())
}

/// Begins work about the thing at `subject`, which is the rest of a path of the borough.
pub(crate) async fn begin(
    tx: &mut Tx<Borough>,
    id: OperationId,
    kind: OperationKind,
    subject: &str,
    stage: &str,
) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "insert into budgets.operation (borough_id, operation_id, kind, subject, state, stage, done, total, begun_at)
         values (platform.borough(), $1, $2, $3, 'running', $4, 0, 0, $5)",
        id.0,
        word(kind),
        subject,
        stage,
        now
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Says how work stands: its state, its stage, and what is done of how much where that has changed.
pub(crate) async fn tell(
    tx: &mut Tx<Borough>,
    id: OperationId,
    (state, stage): (OperationState, &str),
    progress: Option<(i64, i64)>,
    problem: Option<&Value>,
) -> Result<(), DbError> {
    let ended: Option<DateTime<Utc>> = state.is_over().then(|| tx.clock_now());
    sqlx::query!(
        "update budgets.operation set state = $2, stage = $3, done = coalesce($4, done), total = coalesce($5, total),
           problem = $6, ended_at = $7
         where operation_id = $1",
        id.0,
        word(state),
        stage,
        progress.map(|(done, _)| done),
        progress.map(|(_, total)| total),
        problem,
        ended
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
