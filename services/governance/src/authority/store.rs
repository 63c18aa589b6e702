//! The SQL of authority.

use chrono::NaiveDate;
use domain::{CommitteeId, ConstitutionId, DelegationId, FundId, JournalId, Pence};
use tenancy::{Borough, DbError, Tx};

use super::tiers::{Deciding, Limit, SplitFlag};
use crate::words::read;

pub(super) async fn limits(tx: &mut Tx<Borough>, on: NaiveDate) -> Result<Vec<Limit>, DbError> {
    let rows = sqlx::query!(
        "select delegation_id, role, fund_id, kind, officers, limit_pence, in_force_from from governance.delegation
         where in_force_from <= $1 order by delegation_id",
        on
    )
    .fetch_all(tx.connection())
    .await?;
    let limits = rows.into_iter().map(|row| Limit {
        id: DelegationId(row.delegation_id),
        role: row.role,
        fund: row.fund_id.map(FundId),
        kind: row.kind.as_deref().map(read),
        officers: row.officers,
        limit: Pence(row.limit_pence),
        from: row.in_force_from,
    });
    Ok(limits.collect())
}

pub(super) async fn committees(tx: &mut Tx<Borough>, on: NaiveDate) -> Result<Vec<Deciding>, DbError> {
    let rows = sqlx::query!(
        r#"select c.committee_id, c.name, c.basis, c.phase, c.parents, v.constitution_id as "constitution_id?",
             v.limit_pence as "limit_pence?"
           from governance.committee c left join lateral (
             select constitution_id, (rules ->> 'limit_pence')::bigint as limit_pence from governance.constitution v
             where v.committee_id = c.committee_id and v.in_force_from <= $1 order by in_force_from desc limit 1) v on true
           where c.phase <> 'dissolved' order by c.committee_id"#,
        on
    )
    .fetch_all(tx.connection())
    .await?;
    let committees = rows.into_iter().map(|row| Deciding {
        id: CommitteeId(row.committee_id),
        name: row.name,
        basis: read(&row.basis),
        phase: read(&row.phase),
        parents: row.parents,
        constitution: row.constitution_id.map(ConstitutionId),
        limit: row.limit_pence.map(Pence),
    });
    Ok(committees.collect())
}

/// What was split in the year before the day, of the fund and role asked about.
pub(super) async fn splitting(
    tx: &mut Tx<Borough>,
    on: NaiveDate,
    fund: Option<FundId>,
    role: Option<&str>,
) -> Result<Vec<SplitFlag>, DbError> {
    let rows = sqlx::query!(
        "select fund_id, scheme, role, sum_pence, limit_pence, journals, suspected_at from governance.split_warning
         where suspected_at > ($1::date - 365)::timestamptz and ($2::uuid is null or fund_id = $2)
           and ($3::text is null or role = $3)
         order by suspected_at desc limit 20",
        on,
        fund.map(|id| id.0),
        role
    )
    .fetch_all(tx.connection())
    .await?;
    let flags = rows.into_iter().map(|row| SplitFlag {
        fund: FundId(row.fund_id),
        scheme: row.scheme,
        role: row.role,
        sum_pence: Pence(row.sum_pence),
        limit_pence: Pence(row.limit_pence),
        journals: row.journals.into_iter().map(JournalId).collect(),
        suspected_at: row.suspected_at,
    });
    Ok(flags.collect())
}
