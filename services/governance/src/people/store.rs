//! The SQL of people.

use domain::PersonId;
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::person::PersonBody;

/// All people in the order of their ids, or one.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    one: Option<PersonId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<PersonBody>, DbError> {
    let rows = sqlx::query_as!(
        PersonBody,
        r#"select person_id as "id: PersonId", name, external_id, created_at from governance.person
           where ($1::uuid is null or person_id = $1) and ($2::uuid is null or person_id > $2)
           order by person_id limit $3"#,
        one.map(|id| id.0),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

pub(super) async fn insert(tx: &mut Tx<Borough>, person: &PersonBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.person (borough_id, person_id, name, external_id, created_at)
         values (platform.borough(), $1, $2, $3, $4)",
        person.id.0,
        person.name,
        person.external_id,
        person.created_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
