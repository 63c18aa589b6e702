//! The SQL of schedules.

use domain::{FundId, OrganisationId, SchemeId};
use tenancy::{Borough, DbError, Tx};
use web::words::{read, word};

use super::schedule::ScheduleBody;

/// The schedule of a scheme, where one is set.
pub(crate) async fn find_schedule(
    tx: &mut Tx<Borough>,
    fund: FundId,
    scheme: SchemeId,
) -> Result<Option<ScheduleBody>, DbError> {
    let row = sqlx::query!(
        r#"select version, kind, functions, client_group, services, lead_id as "lead: OrganisationId",
             delivering_id as "delivering: OrganisationId", delivered_under, staff_transfer, accounting_treatment, capital,
             ring_fence, recurrent, runs_to, place, set_at
           from budgets.scheme_schedule where fund_id = $1 and scheme_id = $2"#,
        fund.0,
        scheme.0
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| ScheduleBody {
        kind: read(&row.kind),
        functions: serde_json::from_value(row.functions).expect("functions as they were written"),
        client_group: row.client_group,
        services: row.services,
        lead: row.lead,
        delivering: row.delivering,
        delivered_under: row.delivered_under,
        staff_transfer: row.staff_transfer,
        accounting_treatment: read(&row.accounting_treatment),
        capital: row.capital,
        ring_fence: row.ring_fence,
        recurrent: row.recurrent,
        runs_to: row.runs_to,
        place: row.place,
        set_at: row.set_at,
        version: row.version,
    }))
}

/// Whether something was posted on the scheme, or contributed to it.
pub(super) async fn has_moved(tx: &mut Tx<Borough>, fund: FundId, scheme: SchemeId) -> Result<bool, DbError> {
    let moved = sqlx::query_scalar!(
        r#"select exists (select from budgets.posting where fund_id = $1 and scheme_id = $2)
             or exists (select from budgets.contribution where fund_id = $1 and scheme_id = $2) as "moved!""#,
        fund.0,
        scheme.0
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(moved)
}

/// Sets it, where it is still at the version before. Whether it was.
pub(super) async fn put(
    tx: &mut Tx<Borough>,
    fund: FundId,
    scheme: SchemeId,
    body: &ScheduleBody,
) -> Result<bool, DbError> {
    let written = sqlx::query!(
        "insert into budgets.scheme_schedule as s (borough_id, fund_id, scheme_id, version, kind, functions, client_group,
           services, lead_id, delivering_id, delivered_under, staff_transfer, accounting_treatment, capital, ring_fence,
           recurrent, runs_to, place, set_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
         on conflict (borough_id, fund_id, scheme_id) do update set version = excluded.version, kind = excluded.kind,
           functions = excluded.functions, client_group = excluded.client_group, services = excluded.services,
           lead_id = excluded.lead_id, delivering_id = excluded.delivering_id, delivered_under = excluded.delivered_under,
           staff_transfer = excluded.staff_transfer, accounting_treatment = excluded.accounting_treatment,
           capital = excluded.capital, ring_fence = excluded.ring_fence, recurrent = excluded.recurrent,
           runs_to = excluded.runs_to, place = excluded.place, set_at = excluded.set_at
         where s.version = excluded.version - 1",
        fund.0,
        scheme.0,
        body.version,
        word(body.kind),
        serde_json::json!(body.functions),
        body.client_group,
        body.services,
        body.lead.0,
        body.delivering.0,
        body.delivered_under,
        body.staff_transfer,
        word(body.accounting_treatment),
        body.capital,
        body.ring_fence,
        body.recurrent,
        body.runs_to,
        body.place,
        body.set_at
    )
    .execute(tx.connection())
    .await?;
    Ok(written.rows_affected() == 1)
}
