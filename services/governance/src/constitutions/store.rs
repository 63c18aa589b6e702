//! The SQL of constitutions.

use chrono::NaiveDate;
use domain::{CommitteeId, ConstitutionId};
use sqlx::types::Json;
use tenancy::{Borough, DbError, Tx};

use super::{constitution::ConstitutionBody, rules::Rules};

pub(super) async fn list(
    tx: &mut Tx<Borough>,
    committee: CommitteeId,
    one: Option<ConstitutionId>,
    after: Option<i32>,
    limit: i64,
) -> Result<Vec<ConstitutionBody>, DbError> {
    let rows = sqlx::query!(
        r#"select constitution_id, number, in_force_from, rules as "rules: Json<Rules>", source, recorded_at
           from governance.constitution
           where committee_id = $1 and ($2::uuid is null or constitution_id = $2) and ($3::int is null or number > $3)
           order by number limit $4"#,
        committee.0,
        one.map(|id| id.0),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let versions = rows.into_iter().map(|row| ConstitutionBody {
        id: ConstitutionId(row.constitution_id),
        number: row.number,
        in_force_from: row.in_force_from,
        rules: row.rules.0,
        source: row.source,
        recorded_at: row.recorded_at,
    });
    Ok(versions.collect())
}

/// The version in force on a day.
pub(crate) async fn in_force(
    tx: &mut Tx<Borough>,
    committee: CommitteeId,
    day: NaiveDate,
) -> Result<Option<ConstitutionBody>, DbError> {
    let id = sqlx::query_scalar!(
        "select constitution_id from governance.constitution where committee_id = $1 and in_force_from <= $2
         order by in_force_from desc limit 1",
        committee.0,
        day
    )
    .fetch_optional(tx.connection())
    .await?;
    match id {
        Some(id) => Ok(list(tx, committee, Some(ConstitutionId(id)), None, 1).await?.pop()),
        None => Ok(None),
    }
}

/// Writes the next version, and returns its number.
pub(super) async fn insert(
    tx: &mut Tx<Borough>,
    committee: CommitteeId,
    body: &ConstitutionBody,
) -> Result<i32, DbError> {
    let number = sqlx::query_scalar!(
        "insert into governance.constitution (borough_id, committee_id, constitution_id, number, in_force_from, rules, source, recorded_at)
         values (platform.borough(), $1, $2,
           1 + (select count(*)::int from governance.constitution where committee_id = $1), $3, $4, $5, $6)
         returning number",
        committee.0,
        body.id.0,
        body.in_force_from,
        Json(&body.rules) as _,
        body.source,
        body.recorded_at
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(number)
}
