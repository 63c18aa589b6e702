//! The SQL of the register of interests.

use chrono::NaiveDate;
use domain::{InterestId, PersonId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::interest::{InterestBody, promptness};
use crate::words::{read, word};

/// All interests of a person in the order they were registered, or one.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    person: PersonId,
    one: Option<InterestId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<InterestBody>, DbError> {
    let rows = sqlx::query!(
        "select interest_id, kind, nature, arose_on, registered_on, ended_on, created_at, version
         from governance.interest
         where person_id = $1 and ($2::uuid is null or interest_id = $2) and ($3::uuid is null or interest_id > $3)
         order by interest_id limit $4",
        person.0,
        one.map(|id| id.0),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let interests = rows.into_iter().map(|row| {
        let (days, late) = promptness(row.arose_on, row.registered_on);
        InterestBody {
            id: InterestId(row.interest_id),
            person,
            kind: read(&row.kind),
            nature: row.nature,
            arose_on: row.arose_on,
            registered_on: row.registered_on,
            days,
            late,
            ended_on: row.ended_on,
            created_at: row.created_at,
            version: row.version,
        }
    });
    Ok(interests.collect())
}

pub(super) async fn insert(tx: &mut Tx<Borough>, interest: &InterestBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.interest
           (borough_id, person_id, interest_id, kind, nature, arose_on, registered_on, created_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7)",
        interest.person.0,
        interest.id.0,
        word(interest.kind),
        interest.nature,
        interest.arose_on,
        interest.registered_on,
        interest.created_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Ends it where it is still at the version that was read. False where it has moved on.
pub(super) async fn end(tx: &mut Tx<Borough>, at: &InterestBody, on: NaiveDate) -> Result<bool, DbError> {
    let ended = sqlx::query!(
        "update governance.interest set ended_on = $4, version = version + 1
         where person_id = $1 and interest_id = $2 and version = $3",
        at.person.0,
        at.id.0,
        at.version,
        on
    )
    .execute(tx.connection())
    .await?;
    Ok(ended.rows_affected() == 1)
}
