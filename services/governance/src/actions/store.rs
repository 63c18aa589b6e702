//! The SQL of actions.

use chrono::NaiveDate;
use domain::{ActionId, DecisionId, MeetingId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;
use web::Move;

use super::action::{ActionBody, ActionState};
use crate::words::{read, word};

/// What to list, as of today.
pub(super) struct Wanted {
    pub(super) one: Option<ActionId>,
    pub(super) overdue: Option<bool>,
    pub(super) today: NaiveDate,
}

/// Actions in the order of their ids.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    wanted: &Wanted,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ActionBody>, DbError> {
    let rows = sqlx::query!(
        "select action_id, meeting_id, decision_id, text, owner, due_on, state, created_at, version from governance.action
         where ($1::uuid is null or action_id = $1) and ($2::bool is null or (state = 'open' and due_on < $3) = $2)
           and ($4::uuid is null or action_id > $4)
         order by action_id limit $5",
        wanted.one.map(|id| id.0),
        wanted.overdue,
        wanted.today,
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let actions = rows.into_iter().map(|row| {
        let state: ActionState = read(&row.state);
        ActionBody {
            id: ActionId(row.action_id),
            meeting: row.meeting_id.map(MeetingId),
            decision: row.decision_id.map(DecisionId),
            text: row.text,
            owner: row.owner,
            due_on: row.due_on,
            state,
            overdue: state.overdue(row.due_on, wanted.today),
            created_at: row.created_at,
            version: row.version,
        }
    });
    Ok(actions.collect())
}

pub(super) async fn insert(tx: &mut Tx<Borough>, action: &ActionBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.action (borough_id, action_id, meeting_id, decision_id, text, owner, due_on, state, created_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8)",
        action.id.0,
        action.meeting.map(|id| id.0),
        action.decision.map(|id| id.0),
        action.text,
        action.owner,
        action.due_on,
        word(action.state),
        action.created_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn history(tx: &mut Tx<Borough>, id: ActionId) -> Result<Vec<Move<ActionState>>, DbError> {
    let rows = sqlx::query!(
        "select from_state, to_state, reason, client_id, moved_at from governance.action_move
         where action_id = $1 order by number",
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
pub(super) async fn move_to(tx: &mut Tx<Borough>, at: &ActionBody, made: &Move<ActionState>) -> Result<bool, DbError> {
    let moved = sqlx::query!(
        "update governance.action set state = $3, version = version + 1 where action_id = $1 and version = $2",
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
        "insert into governance.action_move (borough_id, action_id, number, from_state, to_state, reason, client_id, moved_at)
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
