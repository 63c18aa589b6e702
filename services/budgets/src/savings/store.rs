//! The SQL of savings.

use domain::{FinancialYear, FundId, Pence, Period, SavingId, SchemeId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::saving::{SavingBody, SavingReportBody};

/// The most savings a return lists.
const REPORTED_MAX: i64 = 500;

async fn select(
    tx: &mut Tx<Borough>,
    (fund, year): (FundId, FinancialYear),
    one: Option<SavingId>,
    up_to: Option<Period>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<SavingBody>, DbError> {
    let rows = sqlx::query!(
        r#"select v.saving_id, v.title, s.code as "scheme?", v.target_pence as "target: Pence", v.recurrent, v.owner,
             r.period as "period?: Period", r.achieved_pence as "achieved?: Pence", r.forecast_pence as "forecast?: Pence",
             v.recorded_at
           from budgets.saving v
             left join budgets.scheme s on s.fund_id = v.fund_id and s.scheme_id = v.scheme_id
             left join lateral (
               select period, achieved_pence, forecast_pence from budgets.saving_report
               where fund_id = v.fund_id and year = v.year and saving_id = v.saving_id
                 and period <= coalesce($4, 13::smallint)
               order by period desc, report_id desc limit 1) r on true
           where v.fund_id = $1 and v.year = $2 and ($3::uuid is null or v.saving_id = $3)
             and ($5::uuid is null or v.saving_id > $5)
           order by v.saving_id limit $6"#,
        fund.0,
        year.start(),
        one.map(|id| id.0),
        up_to.map(Period::number),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let savings = rows.into_iter().map(|row| {
        let saving = SavingBody {
            id: SavingId(row.saving_id),
            title: row.title,
            scheme: row.scheme,
            target_pence: row.target,
            recurrent: row.recurrent,
            owner: row.owner,
            period: row.period,
            achieved_pence: row.achieved,
            forecast_pence: row.forecast,
            variance_pence: None,
            variance_bp: None,
            rag: None,
            recorded_at: row.recorded_at,
        };
        saving.judged()
    });
    Ok(savings.collect())
}

pub(super) async fn list(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<SavingBody>, DbError> {
    select(tx, (fund, year), None, None, after, limit).await
}

pub(super) async fn find(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    id: SavingId,
) -> Result<Option<SavingBody>, DbError> {
    Ok(select(tx, (fund, year), Some(id), None, None, 1).await?.pop())
}

/// The savings of a fund-year as they were reported up to the end of a period.
pub(crate) async fn reported(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    up_to: Period,
) -> Result<Vec<SavingBody>, DbError> {
    select(tx, (fund, year), None, Some(up_to), None, REPORTED_MAX).await
}

pub(super) async fn insert(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    scheme: Option<SchemeId>,
    saving: &SavingBody,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.saving
           (borough_id, fund_id, year, saving_id, scheme_id, title, target_pence, recurrent, owner, recorded_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9)",
        fund.0,
        year.start(),
        saving.id.0,
        scheme.map(|id| id.0),
        saving.title,
        saving.target_pence.0,
        saving.recurrent,
        saving.owner,
        saving.recorded_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn insert_report(
    tx: &mut Tx<Borough>,
    (fund, year): (FundId, FinancialYear),
    of: SavingId,
    report: &SavingReportBody,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.saving_report
           (borough_id, fund_id, year, saving_id, report_id, period, achieved_pence, forecast_pence, note, reported_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9)",
        fund.0,
        year.start(),
        of.0,
        report.id.0,
        report.period.number(),
        report.achieved_pence.0,
        report.forecast_pence.0,
        report.note,
        report.reported_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
