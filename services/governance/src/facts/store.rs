//! The SQL of facts.

use domain::{DecisionId, FinancialYear, FundId, Pence, ProposalId};
use events::{
    budgets::{DecisionWanted, FundRecorded, SplitSuspected},
    tenants::BoroughPlaced,
};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::http::ProposalBody;

pub(super) async fn put_borough(tx: &mut Tx<Borough>, placed: &BoroughPlaced) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.borough (borough_id, slug, gss, name, region)
         values (platform.borough(), $1, $2, $3, $4)
         on conflict (borough_id) do update set slug = excluded.slug, gss = excluded.gss, name = excluded.name,
           region = excluded.region",
        placed.slug.as_str(),
        placed.gss.as_str(),
        placed.name,
        placed.region.as_ref().map(domain::Slug::as_str)
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn put_fund(tx: &mut Tx<Borough>, recorded: &FundRecorded) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.fund (borough_id, fund_id, name, kind) values (platform.borough(), $1, $2, $3)
         on conflict (borough_id, fund_id) do update set name = excluded.name, kind = excluded.kind",
        recorded.fund_id.0,
        recorded.name,
        recorded.kind
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// A proposal is told again at each refusal of the same journal; the first stays.
pub(super) async fn put_proposal(tx: &mut Tx<Borough>, wanted: &DecisionWanted) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.proposal (borough_id, proposal_id, fund_id, year, amount_pence, limit_pence, role, narrative, wanted_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing",
        wanted.proposal_id.0,
        wanted.fund_id.0,
        wanted.year.start(),
        wanted.amount_pence.0,
        wanted.limit_pence.0,
        wanted.role,
        wanted.narrative,
        wanted.wanted_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn put_split_warning(tx: &mut Tx<Borough>, suspected: &SplitSuspected) -> Result<(), DbError> {
    let journals: Vec<Uuid> = suspected.journals.iter().map(|id| id.0).collect();
    sqlx::query!(
        "insert into governance.split_warning (borough_id, journal_id, fund_id, scheme, role, sum_pence, limit_pence, journals, suspected_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing",
        suspected.journal_id.0,
        suspected.fund_id.0,
        suspected.scheme.as_deref().unwrap_or_default(),
        suspected.role,
        suspected.sum_pence.0,
        suspected.limit_pence.0,
        &journals,
        suspected.suspected_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn proposals(
    tx: &mut Tx<Borough>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ProposalBody>, DbError> {
    let rows = sqlx::query!(
        r#"select p.proposal_id, p.fund_id, p.year as "year: FinancialYear", p.amount_pence, p.limit_pence, p.role, p.narrative, p.wanted_at,
             f.name as "fund_name?",
             (select d.decision_id from governance.decision d where d.proposal_id = p.proposal_id
              order by d.recorded_at desc limit 1) as "decision?"
           from governance.proposal p left join governance.fund f on f.fund_id = p.fund_id
           where $1::uuid is null or p.proposal_id > $1 order by p.proposal_id limit $2"#,
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let proposals = rows.into_iter().map(|row| ProposalBody {
        id: ProposalId(row.proposal_id),
        fund: FundId(row.fund_id),
        fund_name: row.fund_name,
        year: row.year,
        amount_pence: Pence(row.amount_pence),
        limit_pence: Pence(row.limit_pence),
        role: row.role,
        narrative: row.narrative,
        wanted_at: row.wanted_at,
        decision: row.decision.map(DecisionId),
    });
    Ok(proposals.collect())
}
