//! The SQL of the forward plan.

use chrono::NaiveDate;
use domain::{CommitteeId, PlanEntryId};
use serde_json::json;
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::entry::{Particulars, PlanEntryBody, missing};

/// All entries, or those of a committee, in the order they were recorded; or one.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    one: Option<PlanEntryId>,
    committee: Option<CommitteeId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<PlanEntryBody>, DbError> {
    let rows = sqlx::query!(
        "select entry_id, committee_id, matter, decision_on, particulars, published_on, created_at, version
         from governance.plan_entry
         where ($1::uuid is null or entry_id = $1) and ($2::uuid is null or committee_id = $2)
           and ($3::uuid is null or entry_id > $3)
         order by entry_id limit $4",
        one.map(|id| id.0),
        committee.map(|id| id.0),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let entries = rows.into_iter().map(|row| {
        let particulars: Particulars = serde_json::from_value(row.particulars).unwrap_or_default();
        PlanEntryBody {
            id: PlanEntryId(row.entry_id),
            committee: CommitteeId(row.committee_id),
            missing: missing(&row.matter, &particulars),
            matter: row.matter,
            decision_on: row.decision_on,
            particulars,
            published_on: row.published_on,
            created_at: row.created_at,
            version: row.version,
        }
    });
    Ok(entries.collect())
}

pub(super) async fn insert(tx: &mut Tx<Borough>, entry: &PlanEntryBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.plan_entry (borough_id, entry_id, committee_id, matter, decision_on, particulars, created_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6)",
        entry.id.0,
        entry.committee.0,
        entry.matter,
        entry.decision_on,
        json!(entry.particulars),
        entry.created_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Puts another draft in its place where it is still at the version that was read. False where it has moved on.
pub(super) async fn revise(tx: &mut Tx<Borough>, entry: &PlanEntryBody) -> Result<bool, DbError> {
    let revised = sqlx::query!(
        "update governance.plan_entry set matter = $3, decision_on = $4, particulars = $5, version = version + 1
         where entry_id = $1 and version = $2",
        entry.id.0,
        entry.version,
        entry.matter,
        entry.decision_on,
        json!(entry.particulars)
    )
    .execute(tx.connection())
    .await?;
    Ok(revised.rows_affected() == 1)
}

/// Publishes it where it is still at the version that was read. False where it has moved on.
pub(super) async fn publish(tx: &mut Tx<Borough>, at: &PlanEntryBody, on: NaiveDate) -> Result<bool, DbError> {
    let published = sqlx::query!(
        "update governance.plan_entry set published_on = $3, version = version + 1 where entry_id = $1 and version = $2",
        at.id.0,
        at.version,
        on
    )
    .execute(tx.connection())
    .await?;
    Ok(published.rows_affected() == 1)
}
