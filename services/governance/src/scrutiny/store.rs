//! The SQL of scrutiny.

use domain::{DecisionId, ScrutinyItemId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::scrutiny_item::ScrutinyItemBody;
use crate::words::{read, word};

pub(super) async fn list(
    tx: &mut Tx<Borough>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ScrutinyItemBody>, DbError> {
    let rows = sqlx::query!(
        "select scrutiny_item_id, body, title, considered_on, verbal, questions, resolution, outcome, decision_id, source,
           recorded_at
         from governance.scrutiny_item where $1::uuid is null or scrutiny_item_id > $1
         order by scrutiny_item_id limit $2",
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let items = rows.into_iter().map(|row| ScrutinyItemBody {
        id: ScrutinyItemId(row.scrutiny_item_id),
        body: row.body,
        title: row.title,
        considered_on: row.considered_on,
        verbal: row.verbal,
        questions: row.questions,
        resolution: row.resolution,
        outcome: read(&row.outcome),
        decision: row.decision_id.map(DecisionId),
        source: row.source,
        recorded_at: row.recorded_at,
    });
    Ok(items.collect())
}

pub(super) async fn insert(tx: &mut Tx<Borough>, item: &ScrutinyItemBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.scrutiny_item (borough_id, scrutiny_item_id, body, title, considered_on, verbal, questions,
           resolution, outcome, decision_id, source, recorded_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        item.id.0,
        item.body,
        item.title,
        item.considered_on,
        item.verbal,
        &item.questions,
        item.resolution,
        word(item.outcome),
        item.decision.map(|id| id.0),
        item.source,
        item.recorded_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
