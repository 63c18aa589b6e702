//! The SQL of usage.

use chrono::NaiveDate;
use domain::BoroughId;
use tenancy::{Borough, DbError, Tx};

use super::used::{Counted, UsageBody};

/// By day, the latest first, and client.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    (from, to): (Option<NaiveDate>, Option<NaiveDate>),
    after: Option<(NaiveDate, String)>,
    limit: i64,
) -> Result<Vec<UsageBody>, DbError> {
    let (after_day, after_client) = after.unzip();
    let rows = sqlx::query_as!(
        UsageBody,
        "select day, client_id, calls, rows, errors from tenants.usage_day
         where ($1::date is null or day >= $1) and ($2::date is null or day <= $2)
           and ($3::date is null or day < $3 or (day = $3 and client_id collate \"C\" > $4))
         order by day desc, client_id collate \"C\" limit $5",
        from,
        to,
        after_day,
        after_client,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

/// Calls of a day, and how many there may be where the borough has a number of its own.
pub(super) async fn of_day(tx: &mut Tx<Borough>, day: NaiveDate) -> Result<(i64, Option<i64>), DbError> {
    let row = sqlx::query!(
        r#"select (select coalesce(sum(calls), 0)::bigint from tenants.usage_day where day = $1) as "calls!",
             (select calls_a_day from tenants.borough) as calls_a_day"#,
        day
    )
    .fetch_one(tx.connection())
    .await?;
    Ok((row.calls, row.calls_a_day))
}

/// Adds what a gateway counted of one borough, in the order of the keys, so that two gateways never wait for each other.
pub(super) async fn add(tx: &mut Tx<Borough>, borough: BoroughId, lines: &[Counted]) -> Result<(), DbError> {
    let days: Vec<NaiveDate> = lines.iter().map(|line| line.day).collect();
    let clients: Vec<String> = lines.iter().map(|line| line.client.clone()).collect();
    let calls: Vec<i64> = lines.iter().map(|line| i64::from(line.calls)).collect();
    let rows: Vec<i64> = lines.iter().map(|line| i64::try_from(line.rows).unwrap_or(i64::MAX / 2)).collect();
    let errors: Vec<i64> = lines.iter().map(|line| i64::from(line.errors)).collect();
    sqlx::query!(
        "insert into tenants.usage_day as u (borough_id, day, client_id, calls, rows, errors)
         select $1, day, client, sum(calls), sum(rows), sum(errors)
         from unnest($2::date[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[]) c (day, client, calls, rows, errors)
         group by day, client order by day, client
         on conflict (borough_id, day, client_id) do update
           set calls = u.calls + excluded.calls, rows = u.rows + excluded.rows, errors = u.errors + excluded.errors",
        borough.0,
        &days,
        &clients,
        &calls,
        &rows,
        &errors
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
