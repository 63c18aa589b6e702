//! The SQL of forecasts.

use chrono::{DateTime, Utc};
use domain::{FinancialYear, ForecastId, FundId, Pence, Period, SchemeId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;
use web::words::{read, word};

use super::forecast::{ForecastBody, ForecastLine, ForecastMethod};

/// A forecast without its lines.
pub(super) struct Made {
    pub(super) id: ForecastId,
    pub(super) period: Period,
    pub(super) number: i16,
    pub(super) method: ForecastMethod,
    pub(super) basis: String,
    pub(super) made_at: DateTime<Utc>,
}

pub(super) async fn list(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Made>, DbError> {
    let rows = sqlx::query!(
        r#"select forecast_id, period as "period: Period", number, method, basis, made_at from budgets.forecast
           where fund_id = $1 and year = $2 and ($3::uuid is null or forecast_id > $3) order by forecast_id limit $4"#,
        fund.0,
        year.start(),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let made = rows.into_iter().map(|row| Made {
        id: ForecastId(row.forecast_id),
        period: row.period,
        number: row.number,
        method: read(&row.method),
        basis: row.basis,
        made_at: row.made_at,
    });
    Ok(made.collect())
}

/// The lines of several forecasts, each with its forecast, by scheme.
pub(super) async fn lines(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    of: &[ForecastId],
) -> Result<Vec<(ForecastId, Option<ForecastLine>)>, DbError> {
    let of: Vec<Uuid> = of.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select l.forecast_id, l.scheme_id, s.code, l.budget_pence as "budget: Pence", l.actual_pence as "actual: Pence",
             l.committed_pence as "committed: Pence", l.remaining_pence as "remaining: Pence",
             l.forecast_pence as "forecast: Pence"
           from budgets.forecast_line l join budgets.scheme s on s.fund_id = l.fund_id and s.scheme_id = l.scheme_id
           where l.fund_id = $1 and l.year = $2 and l.forecast_id = any ($3) order by l.forecast_id, s.code"#,
        fund.0,
        year.start(),
        &of
    )
    .fetch_all(tx.connection())
    .await?;
    let lines = rows.into_iter().map(|row| {
        let figures = [row.budget, row.actual, row.committed, row.remaining, row.forecast];
        (ForecastId(row.forecast_id), ForecastLine::kept((SchemeId(row.scheme_id), row.code), figures))
    });
    Ok(lines.collect())
}

/// The latest forecast of each scheme: of the latest period, up to one, the last that was made.
pub(crate) async fn latest(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    up_to: Option<Period>,
) -> Result<Vec<(String, Pence)>, DbError> {
    let rows = sqlx::query!(
        r#"select s.code, l.forecast_pence as "forecast: Pence"
           from budgets.forecast_line l join budgets.scheme s on s.fund_id = l.fund_id and s.scheme_id = l.scheme_id
           where l.fund_id = $1 and l.year = $2 and l.forecast_id = (
             select forecast_id from budgets.forecast
             where fund_id = $1 and year = $2 and period <= coalesce($3, 13::smallint)
             order by period desc, number desc limit 1)
           order by s.code"#,
        fund.0,
        year.start(),
        up_to.map(Period::number)
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(|row| (row.code, row.forecast)).collect())
}

/// The next number of a period's forecasts.
pub(super) async fn next_number(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    period: Period,
) -> Result<i16, DbError> {
    let next = sqlx::query_scalar!(
        r#"select (coalesce(max(number), 0) + 1)::smallint as "next!" from budgets.forecast
           where fund_id = $1 and year = $2 and period = $3"#,
        fund.0,
        year.start(),
        period.number()
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(next)
}

pub(super) async fn insert(
    tx: &mut Tx<Borough>,
    fund: FundId,
    forecast: &ForecastBody,
    client: &str,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.forecast
           (borough_id, fund_id, year, forecast_id, period, number, method, basis, made_at, client_id)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9)",
        fund.0,
        forecast.year.start(),
        forecast.id.0,
        forecast.period.number(),
        forecast.number,
        word(forecast.method),
        forecast.basis,
        forecast.made_at,
        client
    )
    .execute(tx.connection())
    .await?;
    let column = |of: fn(&ForecastLine) -> Pence| forecast.lines.iter().map(of).collect::<Vec<Pence>>();
    let schemes: Vec<Uuid> = forecast.lines.iter().map(|line| line.scheme_id.0).collect();
    sqlx::query!(
        "insert into budgets.forecast_line (borough_id, fund_id, year, forecast_id, scheme_id, budget_pence, actual_pence,
           committed_pence, remaining_pence, forecast_pence)
         select platform.borough(), $1, $2, $3, * from
           unnest($4::uuid[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[])",
        fund.0,
        forecast.year.start(),
        forecast.id.0,
        &schemes,
        &column(|line| line.budget_pence) as &[Pence],
        &column(|line| line.actual_pence) as &[Pence],
        &column(|line| line.committed_pence) as &[Pence],
        &column(|line| line.remaining_pence) as &[Pence],
        &column(|line| line.forecast_pence) as &[Pence]
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
