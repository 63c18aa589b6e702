//! The SQL of awards.

use std::collections::BTreeMap;

use domain::{AwardId, FinancialYear, FundId, OrganisationId, Pence};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;
use web::words::{read, word};

use super::{
    award::{AwardBody, AwardYear},
    cliff::{Backed, Money},
};

/// The awards of a fund in the order of their ids, or one.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    fund: FundId,
    one: Option<AwardId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<AwardBody>, DbError> {
    let rows = sqlx::query!(
        "select a.award_id, a.title, a.payer_id, p.name as payer_name, a.funding_source, a.amount_pence, a.exit_plan,
           a.source, a.recorded_at
         from budgets.award a join budgets.party p on p.organisation_id = a.payer_id
         where a.fund_id = $1 and ($2::uuid is null or a.award_id = $2) and ($3::uuid is null or a.award_id > $3)
         order by a.award_id limit $4",
        fund.0,
        one.map(|id| id.0),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.award_id).collect();
    let phases = sqlx::query!(
        r#"select award_id, year as "year: FinancialYear", amount_pence as "amount_pence: Pence" from budgets.award_year
           where fund_id = $1 and award_id = any($2) order by award_id, year"#,
        fund.0,
        &ids
    )
    .fetch_all(tx.connection())
    .await?;
    let mut years: BTreeMap<Uuid, Vec<AwardYear>> = BTreeMap::new();
    for row in phases {
        years.entry(row.award_id).or_default().push(AwardYear { year: row.year, amount_pence: row.amount_pence });
    }
    let awards = rows.into_iter().map(|row| AwardBody {
        id: AwardId(row.award_id),
        title: row.title,
        payer: OrganisationId(row.payer_id),
        payer_name: row.payer_name,
        funding_source: read(&row.funding_source),
        amount_pence: Pence(row.amount_pence),
        years: years.remove(&row.award_id).unwrap_or_default(),
        exit_plan: row.exit_plan,
        source: row.source,
        recorded_at: row.recorded_at,
    });
    Ok(awards.collect())
}

/// The award, where it is one of the fund's.
pub(crate) async fn find_award(tx: &mut Tx<Borough>, fund: FundId, id: AwardId) -> Result<Option<AwardBody>, DbError> {
    Ok(list(tx, fund, Some(id), None, 1).await?.pop())
}

pub(super) async fn insert(tx: &mut Tx<Borough>, fund: FundId, award: &AwardBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.award (borough_id, fund_id, award_id, payer_id, title, funding_source, amount_pence, exit_plan,
           source, recorded_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9)",
        fund.0,
        award.id.0,
        award.payer.0,
        award.title,
        word(award.funding_source),
        award.amount_pence.0,
        award.exit_plan,
        award.source,
        award.recorded_at
    )
    .execute(tx.connection())
    .await?;
    let years: Vec<i16> = award.years.iter().map(|phase| phase.year.start()).collect();
    let amounts: Vec<i64> = award.years.iter().map(|phase| phase.amount_pence.0).collect();
    sqlx::query!(
        "insert into budgets.award_year (borough_id, fund_id, award_id, year, amount_pence)
         select platform.borough(), $1, $2, year, amount from unnest($3::smallint[], $4::bigint[]) as phase (year, amount)",
        fund.0,
        award.id.0,
        &years,
        &amounts
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Cash in force by year: what comes again, and what does not.
pub(super) async fn money(tx: &mut Tx<Borough>, fund: FundId) -> Result<BTreeMap<FinancialYear, Money>, DbError> {
    let rows = sqlx::query!(
        r#"select c.year as "year: FinancialYear",
             coalesce(sum(v.amount_pence) filter (where c.recurrent), 0)::bigint as "recurrent!: Pence",
             coalesce(sum(v.amount_pence) filter (where not c.recurrent), 0)::bigint as "one_off!: Pence"
           from budgets.contribution c
             join lateral (select amount_pence from budgets.contribution_version v
                           where v.fund_id = c.fund_id and v.year = c.year and v.contribution_id = c.contribution_id
                           order by number desc limit 1) v on true
           where c.fund_id = $1 and c.form = 'cash' group by c.year"#,
        fund.0
    )
    .fetch_all(tx.connection())
    .await?;
    let years = rows.into_iter().map(|row| (row.year, Money { recurrent: row.recurrent, one_off: row.one_off }));
    Ok(years.collect())
}

/// The recurrent schemes that contributions from awards name.
pub(super) async fn backed(tx: &mut Tx<Borough>, fund: FundId) -> Result<Vec<Backed>, DbError> {
    let rows = sqlx::query_as!(
        Backed,
        r#"select distinct c.award_id as "award!: AwardId", s.code as scheme, d.runs_to
           from budgets.contribution c
             join budgets.scheme s on s.fund_id = c.fund_id and s.scheme_id = c.scheme_id
             join budgets.scheme_schedule d on d.fund_id = c.fund_id and d.scheme_id = c.scheme_id
           where c.fund_id = $1 and c.award_id is not null and d.recurrent order by s.code"#,
        fund.0
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}
