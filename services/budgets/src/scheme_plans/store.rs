//! The SQL of schemes' plans.

use chrono::{DateTime, Utc};
use domain::{FinancialYear, FundId, SchemeId};
use tenancy::{Borough, DbError, Tx};
use web::words::{read, word};

use super::scheme_plan::{SchemePlan, SchemePlanBody};

/// A scheme and what it plans in a year, where it has a plan.
pub(crate) struct Planned {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) plan: Option<SchemePlan>,
    version: i64,
    set_at: Option<DateTime<Utc>>,
}

#[cfg(test)]
impl Planned {
    /// A scheme with a plan, made up.
    pub(crate) fn of(code: &str, plan: SchemePlan) -> Self {
        Self { code: code.to_owned(), name: code.to_owned(), plan: Some(plan), version: 1, set_at: None }
    }
}

async fn list(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    one: Option<SchemeId>,
) -> Result<Vec<Planned>, DbError> {
    let rows = sqlx::query!(
        r#"select s.code, s.name, p.version as "version?", p.activity, p.bcf_source, p.area_of_spend as "area_of_spend?",
             p.description as "description?", p.commissioner as "commissioner?", p.nhs_share_bp, p.la_share_bp,
             p.provider_type as "provider_type?", p.outcomes as "outcomes?", p.set_at as "set_at?"
           from budgets.scheme s
             left join budgets.scheme_plan p on p.fund_id = s.fund_id and p.scheme_id = s.scheme_id and p.year = $2
           where s.fund_id = $1 and ($3::uuid is null or s.scheme_id = $3) order by s.code"#,
        fund.0,
        year.start(),
        one.map(|id| id.0)
    )
    .fetch_all(tx.connection())
    .await?;
    let planned = rows.into_iter().map(|row| {
        let plan =
            row.area_of_spend.zip(row.description).zip(row.commissioner).zip(row.provider_type).zip(row.outcomes);
        Planned {
            code: row.code,
            name: row.name,
            version: row.version.unwrap_or_default(),
            set_at: row.set_at,
            plan: plan.map(|((((area_of_spend, description), commissioner), provider_type), outcomes)| SchemePlan {
                activity: row.activity,
                bcf_source: row.bcf_source,
                area_of_spend,
                description,
                commissioner: read(&commissioner),
                nhs_share_bp: row.nhs_share_bp,
                la_share_bp: row.la_share_bp,
                provider_type,
                outcomes: serde_json::from_value(outcomes).expect("outcomes as they were written"),
            }),
        }
    });
    Ok(planned.collect())
}

/// All schemes of a fund by code, each with its plan of the year.
pub(crate) async fn all(tx: &mut Tx<Borough>, fund: FundId, year: FinancialYear) -> Result<Vec<Planned>, DbError> {
    list(tx, fund, year, None).await
}

pub(super) async fn find(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    scheme: SchemeId,
) -> Result<Option<SchemePlanBody>, DbError> {
    let found = list(tx, fund, year, Some(scheme)).await?.pop();
    Ok(found.map(|found| SchemePlanBody {
        scheme: found.code,
        scheme_name: found.name,
        year,
        plan: found.plan,
        set_at: found.set_at,
        version: found.version,
    }))
}

/// Puts a plan in the place of the version given; `false` where somebody else's came first.
pub(super) async fn put(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    scheme: SchemeId,
    at: i64,
    plan: &SchemePlan,
) -> Result<bool, DbError> {
    let now = tx.now();
    let outcomes = serde_json::json!(plan.outcomes);
    let done = if at == 0 {
        sqlx::query!(
            "insert into budgets.scheme_plan (borough_id, fund_id, year, scheme_id, version, activity, bcf_source,
               area_of_spend, description, commissioner, nhs_share_bp, la_share_bp, provider_type, outcomes, set_at)
             values (platform.borough(), $1, $2, $3, 1, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            fund.0,
            year.start(),
            scheme.0,
            plan.activity,
            plan.bcf_source,
            plan.area_of_spend,
            plan.description,
            word(plan.commissioner),
            plan.nhs_share_bp,
            plan.la_share_bp,
            plan.provider_type,
            outcomes,
            now
        )
        .execute(tx.connection())
        .await?
    } else {
        sqlx::query!(
            "update budgets.scheme_plan set version = version + 1, activity = $5, bcf_source = $6, area_of_spend = $7,
               description = $8, commissioner = $9, nhs_share_bp = $10, la_share_bp = $11, provider_type = $12,
               outcomes = $13, set_at = $14
             where fund_id = $1 and year = $2 and scheme_id = $3 and version = $4",
            fund.0,
            year.start(),
            scheme.0,
            at,
            plan.activity,
            plan.bcf_source,
            plan.area_of_spend,
            plan.description,
            word(plan.commissioner),
            plan.nhs_share_bp,
            plan.la_share_bp,
            plan.provider_type,
            outcomes,
            now
        )
        .execute(tx.connection())
        .await?
    };
    Ok(done.rows_affected() == 1)
}
