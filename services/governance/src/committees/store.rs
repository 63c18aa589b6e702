//! The SQL of committees.

use chrono::{DateTime, Utc};
use domain::CommitteeId;
use serde::Serialize;
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;
use web::{Move, Row};

use super::committee::{AccessRegime, Basis, Phase};
use crate::words::{read, word};

/// A committee.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct CommitteeBody {
    pub(crate) id: CommitteeId,
    #[schema(example = "Integrated Commissioning Committee")]
    pub(crate) name: String,
    pub(crate) basis: Basis,
    pub(crate) access_regime: AccessRegime,
    #[schema(example = json!(["Wigan Council", "NHS Wigan Borough CCG"]))]
    pub(crate) parents: Vec<String>,
    pub(crate) phase: Phase,
    pub(crate) source: String,
    pub(super) created_at: DateTime<Utc>,
    #[serde(skip)]
    pub(super) version: i64,
}

impl Row for CommitteeBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "name", "basis", "access_regime", "parents", "phase", "source", "created_at"];
}

/// All committees in the order of their ids, or one.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    one: Option<CommitteeId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<CommitteeBody>, DbError> {
    let rows = sqlx::query!(
        "select committee_id, name, basis, access_regime, parents, phase, source, created_at, version
         from governance.committee
         where ($1::uuid is null or committee_id = $1) and ($2::uuid is null or committee_id > $2)
         order by committee_id limit $3",
        one.map(|id| id.0),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let committees = rows.into_iter().map(|row| CommitteeBody {
        id: CommitteeId(row.committee_id),
        name: row.name,
        basis: read(&row.basis),
        access_regime: read(&row.access_regime),
        parents: row.parents,
        phase: read(&row.phase),
        source: row.source,
        created_at: row.created_at,
        version: row.version,
    });
    Ok(committees.collect())
}

pub(super) async fn insert(tx: &mut Tx<Borough>, committee: &CommitteeBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.committee (borough_id, committee_id, name, basis, access_regime, parents, phase, source, created_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8)",
        committee.id.0,
        committee.name,
        word(committee.basis),
        word(committee.access_regime),
        &committee.parents,
        word(committee.phase),
        committee.source,
        committee.created_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn history(tx: &mut Tx<Borough>, id: CommitteeId) -> Result<Vec<Move<Phase>>, DbError> {
    let rows = sqlx::query!(
        "select from_phase, to_phase, reason, client_id, moved_at from governance.committee_move
         where committee_id = $1 order by number",
        id.0
    )
    .fetch_all(tx.connection())
    .await?;
    let moves = rows.into_iter().map(|row| Move {
        from: read(&row.from_phase),
        to: read(&row.to_phase),
        reason: row.reason,
        by: row.client_id,
        moved_at: row.moved_at,
    });
    Ok(moves.collect())
}

/// Moves it where it is still at the version that was read. False where it has moved on.
pub(super) async fn move_to(tx: &mut Tx<Borough>, at: &CommitteeBody, made: &Move<Phase>) -> Result<bool, DbError> {
    let moved = sqlx::query!(
        "update governance.committee set phase = $3, version = version + 1 where committee_id = $1 and version = $2",
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
        "insert into governance.committee_move (borough_id, committee_id, number, from_phase, to_phase, reason, client_id, moved_at)
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
