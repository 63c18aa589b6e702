//! The SQL of offices.

use chrono::NaiveDate;
use domain::{PersonId, TenureId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::tenure::{Office, TenureBody};
use crate::words::{read, word};

/// Which tenures are wanted.
#[derive(Default)]
pub(super) struct Which<'a> {
    pub(super) one: Option<TenureId>,
    /// Held on that day.
    pub(super) on: Option<NaiveDate>,
    /// The last of this office of this body.
    pub(super) last_of: Option<(Office, &'a str)>,
}

pub(super) async fn list(
    tx: &mut Tx<Borough>,
    which: Which<'_>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<TenureBody>, DbError> {
    let (office, body) = which.last_of.map(|(office, body)| (word(office), body.to_owned())).unzip();
    let rows = sqlx::query!(
        "select t.tenure_id, t.office, t.body, t.person_id, p.name, t.valid_from, t.valid_to, t.vacancy_reason,
           t.ended_reason, t.created_at, t.version
         from governance.office_tenure t join governance.person p on p.person_id = t.person_id
         where ($1::uuid is null or t.tenure_id = $1)
           and ($2::date is null or (t.valid_from <= $2 and (t.valid_to is null or t.valid_to >= $2)))
           and ($3::text is null or (t.office = $3 and t.body = $4 and not exists
             (select from governance.office_tenure later
              where later.office = t.office and later.body = t.body and later.valid_from > t.valid_from)))
           and ($5::uuid is null or t.tenure_id > $5)
         order by t.tenure_id limit $6",
        which.one.map(|id| id.0),
        which.on,
        office,
        body,
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let tenures = rows.into_iter().map(|row| TenureBody {
        id: TenureId(row.tenure_id),
        office: read(&row.office),
        body: row.body,
        person: PersonId(row.person_id),
        name: row.name,
        valid_from: row.valid_from,
        valid_to: row.valid_to,
        vacancy_reason: row.vacancy_reason,
        ended_reason: row.ended_reason,
        created_at: row.created_at,
        version: row.version,
    });
    Ok(tenures.collect())
}

/// Makes two hand-overs of one office wait for each other.
pub(super) async fn hold(tx: &mut Tx<Borough>, office: Office, body: &str) -> Result<(), DbError> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended(concat_ws(' ', 'office', platform.borough()::text, $1::text, $2::text), 0))",
        word(office),
        body
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn insert(tx: &mut Tx<Borough>, tenure: &TenureBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.office_tenure
           (borough_id, tenure_id, office, body, person_id, valid_from, vacancy_reason, created_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7)",
        tenure.id.0,
        word(tenure.office),
        tenure.body,
        tenure.person.0,
        tenure.valid_from,
        tenure.vacancy_reason,
        tenure.created_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Ends it where it is still at the version that was read. False where it has moved on.
pub(super) async fn end(
    tx: &mut Tx<Borough>,
    at: &TenureBody,
    on: NaiveDate,
    reason: Option<&str>,
) -> Result<bool, DbError> {
    let ended = sqlx::query!(
        "update governance.office_tenure set valid_to = $3, ended_reason = $4, version = version + 1
         where tenure_id = $1 and version = $2",
        at.id.0,
        at.version,
        on,
        reason
    )
    .execute(tx.connection())
    .await?;
    Ok(ended.rows_affected() == 1)
}
