//! The SQL of hosts.

use chrono::NaiveDate;
use domain::{FundId, OrganisationId};
use tenancy::{Borough, DbError, Tx};

use super::host::{HostBody, HostDraft};
use crate::agreements::FromDay;

/// The hosts of a fund, the first of which stands on the fund itself.
pub(super) async fn list(tx: &mut Tx<Borough>, fund: FundId) -> Result<Vec<HostBody>, DbError> {
    let rows = sqlx::query!(
        r#"select h.organisation_id as "organisation!", p.name as "name!", p.valid_to, h.from_on, h.reference as "reference!",
             h.recorded_at as "recorded_at!"
           from (select host_id as organisation_id, null::date as from_on, source as reference, created_at as recorded_at
                 from budgets.fund where fund_id = $1
                 union all
                 select organisation_id, from_on, reference, recorded_at from budgets.fund_host where fund_id = $1) h
             join budgets.party p on p.organisation_id = h.organisation_id
           order by h.from_on nulls first"#,
        fund.0
    )
    .fetch_all(tx.connection())
    .await?;
    let hosts = rows.into_iter().map(|row| HostBody {
        organisation: OrganisationId(row.organisation),
        name: row.name,
        ended_on: row.valid_to,
        from_on: row.from_on,
        reference: row.reference,
        recorded_at: row.recorded_at,
    });
    Ok(hosts.collect())
}

/// The hosts of a fund, each with its first day.
pub(crate) async fn hosts_of(tx: &mut Tx<Borough>, fund: FundId) -> Result<Vec<FromDay>, DbError> {
    let hosts = list(tx, fund).await?.into_iter().map(|host| FromDay {
        from_on: host.from_on.unwrap_or(NaiveDate::MIN),
        body: host.organisation,
        ended_on: host.ended_on,
    });
    Ok(hosts.collect())
}

/// Keeps others from changing the host until the transaction ends.
pub(super) async fn hold(tx: &mut Tx<Borough>, fund: FundId) -> Result<(), DbError> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('host of ' || $1, 0))", fund.0.to_string())
        .fetch_one(tx.connection())
        .await?;
    Ok(())
}

pub(super) async fn insert(tx: &mut Tx<Borough>, fund: FundId, draft: &HostDraft) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "insert into budgets.fund_host (borough_id, fund_id, from_on, organisation_id, reference, recorded_at)
         values (platform.borough(), $1, $2, $3, $4, $5)",
        fund.0,
        draft.from_on,
        draft.organisation.0,
        draft.reference.trim(),
        now
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
