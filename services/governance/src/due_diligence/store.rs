//! The SQL of due diligence.

use domain::{CommitteeId, DueDiligenceId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;
use web::Move;

use super::due_diligence_item::{DueDiligenceBody, DueDiligenceState, score};
use crate::words::{read, word};

/// All items in the order of their ids, or one.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    one: Option<DueDiligenceId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<DueDiligenceBody>, DbError> {
    let rows = sqlx::query!(
        "select due_diligence_id, committee_id, subject, kind, description, likelihood, impact, owner, treatment, state,
           created_at, version
         from governance.due_diligence_item
         where ($1::uuid is null or due_diligence_id = $1) and ($2::uuid is null or due_diligence_id > $2)
         order by due_diligence_id limit $3",
        one.map(|id| id.0),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let items = rows.into_iter().map(|row| DueDiligenceBody {
        id: DueDiligenceId(row.due_diligence_id),
        committee: row.committee_id.map(CommitteeId),
        subject: row.subject,
        kind: read(&row.kind),
        description: row.description,
        likelihood: row.likelihood,
        impact: row.impact,
        score: score(row.likelihood, row.impact),
        owner: row.owner,
        treatment: row.treatment,
        state: read(&row.state),
        created_at: row.created_at,
        version: row.version,
    });
    Ok(items.collect())
}

pub(super) async fn insert(tx: &mut Tx<Borough>, item: &DueDiligenceBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.due_diligence_item (borough_id, due_diligence_id, committee_id, subject, kind, description,
           likelihood, impact, owner, treatment, state, created_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        item.id.0,
        item.committee.map(|id| id.0),
        item.subject,
        word(item.kind),
        item.description,
        item.likelihood,
        item.impact,
        item.owner,
        item.treatment,
        word(item.state),
        item.created_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn history(tx: &mut Tx<Borough>, id: DueDiligenceId) -> Result<Vec<Move<DueDiligenceState>>, DbError> {
    let rows = sqlx::query!(
        "select from_state, to_state, reason, client_id, moved_at from governance.due_diligence_move
         where due_diligence_id = $1 order by number",
        id.0
    )
    .fetch_all(tx.connection())
    .await?;
    let moves = rows.into_iter().map(|row| Move {
        from: read(&row.from_state),
        to: read(&row.to_state),
        reason: row.reason,
        by: row.client_id,
        moved_at: row.moved_at,
    });
    Ok(moves.collect())
}

/// Moves it where it is still at the version that was read. False where it has moved on.
pub(super) async fn move_to(
    tx: &mut Tx<Borough>,
    at: &DueDiligenceBody,
    made: &Move<DueDiligenceState>,
) -> Result<bool, DbError> {
    let moved = sqlx::query!(
        "update governance.due_diligence_item set state = $3, version = version + 1
         where due_diligence_id = $1 and version = $2",
        at.id.0,
        at.version,
        word(made.to)
    )
    .execute(tx.connection())
    .await?;
    if moved.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "insert into governance.due_diligence_move (borough_id, due_diligence_id, number, from_state, to_state, reason,
           client_id, moved_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7)",
        at.id.0,
        at.version,
        word(made.from),
        word(made.to),
        made.reason,
        made.by,
        made.moved_at
    )
    .execute(tx.connection())
    .await?;
    Ok(true)
}
