//! The SQL of how funds are held to their budgets.

use domain::{FinancialYear, FundId, SchemeId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;
use web::words::{read, word};

use super::{
    Availability, Control,
    control::{ControlBody, ControlDraft},
};

/// All of a fund, the earliest first.
pub(super) async fn list(tx: &mut Tx<Borough>, fund: FundId) -> Result<Vec<ControlBody>, DbError> {
    let rows = sqlx::query!(
        "select number, control, reason, client_id, set_at from budgets.fund_control where fund_id = $1 order by number",
        fund.0
    )
    .fetch_all(tx.connection())
    .await?;
    let controls = rows.into_iter().map(|row| ControlBody {
        number: row.number,
        control: read(&row.control),
        reason: row.reason,
        set_by: row.client_id,
        set_at: row.set_at,
    });
    Ok(controls.collect())
}

pub(super) async fn insert(
    tx: &mut Tx<Borough>,
    fund: FundId,
    client_id: &str,
    draft: &ControlDraft,
) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "insert into budgets.fund_control (borough_id, fund_id, number, control, reason, client_id, set_at)
         select platform.borough(), $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5
         from budgets.fund_control where fund_id = $1",
        fund.0,
        word(draft.control),
        draft.reason.trim(),
        client_id,
        now
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// What schemes have available. In a fund that is held to its budget nobody else takes any of it until the transaction ends.
pub(crate) async fn available(
    tx: &mut Tx<Borough>,
    fund: FundId,
    control: Control,
    schemes: &[(FinancialYear, SchemeId)],
) -> Result<Availability, DbError> {
    let years: Vec<i16> = schemes.iter().map(|(year, _)| year.start()).collect();
    let ids: Vec<Uuid> = schemes.iter().map(|(_, scheme)| scheme.0).collect();
    if control == Control::Stop {
        // Always in the same order, or two of them would wait for one another.
        sqlx::query!(
            "select pg_advisory_xact_lock(hashtextextended(concat_ws(' ', 'available', $1::text, year, scheme_id), 0))
             from (select distinct year, scheme_id from unnest($2::smallint[], $3::uuid[]) as s (year, scheme_id)
                   order by year, scheme_id) s",
            fund.0.to_string(),
            &years,
            &ids
        )
        .fetch_all(tx.connection())
        .await?;
    }
    let rows = sqlx::query!(
        r#"select s.year as "year!: FinancialYear", s.scheme_id as "scheme_id!",
             coalesce(sum(case when f.layer = 'budget' then f.amount_pence else -f.amount_pence end), 0)::text as "available!"
           from (select distinct year, scheme_id from unnest($2::smallint[], $3::uuid[]) as s (year, scheme_id)) s
             join budgets.standing f on f.fund_id = $1 and f.year = s.year and f.scheme_id = s.scheme_id
             join budgets.account a on a.fund_id = $1 and a.account_id = f.account_id and a.kind = 'expenditure'
           group by 1, 2"#,
        fund.0,
        &years,
        &ids
    )
    .fetch_all(tx.connection())
    .await?;
    let sums =
        rows.into_iter().map(|row| ((row.year, SchemeId(row.scheme_id)), row.available.parse().unwrap_or_default()));
    Ok(Availability::of(sums))
}
