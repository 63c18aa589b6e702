//! The SQL of what came into a fund-year: contributions in force, and what is agreed of the year beside them.

use chrono::NaiveDate;
use domain::{FinancialYear, FundId, OrganisationId, Pence};
use tenancy::{Borough, DbError, Tx};

use crate::{
    agreements::parties_of_fund,
    funds::{FundBody, FundKind},
};

/// A contribution in force.
#[derive(Debug, Clone)]
pub(crate) struct Giving {
    pub(crate) payer: OrganisationId,
    pub(crate) payer_name: String,
    pub(crate) funding_source: String,
    pub(crate) bcf_source: Option<String>,
    pub(crate) in_kind: bool,
    /// Pooled, aligned or in view: as the scheme it is for, or as the fund.
    pub(crate) kind: FundKind,
    pub(crate) amount: Pence,
    /// Instalments in force that fall due up to the day asked for.
    pub(crate) due: Pence,
}

/// Contributions in force, by the partners' order in the fund's agreement, then as they were recorded.
pub(crate) async fn givings(
    tx: &mut Tx<Borough>,
    fund: &FundBody,
    year: FinancialYear,
    due_by: NaiveDate,
) -> Result<Vec<Giving>, DbError> {
    let rows = sqlx::query!(
        r#"select c.payer_id, p.name as payer_name, c.funding_source, c.bcf_source, c.form = 'in_kind' as "in_kind!",
             d.kind as "kind?", v.amount_pence as "amount: Pence",
             coalesce((select sum(i.amount_pence) from budgets.instalment i
                       where i.fund_id = c.fund_id and i.year = c.year and i.contribution_id = c.contribution_id
                         and i.due_on <= $3
                         and not exists (select from budgets.instalment later
                                         where later.fund_id = i.fund_id and later.year = i.year
                                           and later.contribution_id = i.contribution_id and later.number = i.number
                                           and later.version > i.version)), 0)::bigint as "due!"
           from budgets.contribution c
             join budgets.party p on p.organisation_id = c.payer_id
             join budgets.contribution_version v
               on v.fund_id = c.fund_id and v.year = c.year and v.contribution_id = c.contribution_id
             left join budgets.scheme_schedule d on d.fund_id = c.fund_id and d.scheme_id = c.scheme_id
           where c.fund_id = $1 and c.year = $2
             and not exists (select from budgets.contribution_version later
                             where later.fund_id = v.fund_id and later.year = v.year
                               and later.contribution_id = v.contribution_id and later.number > v.number)
           order by c.contribution_id"#,
        fund.id.0,
        year.start(),
        due_by
    )
    .fetch_all(tx.connection())
    .await?;
    let mut givings: Vec<Giving> = rows
        .into_iter()
        .map(|row| Giving {
            payer: OrganisationId(row.payer_id),
            payer_name: row.payer_name,
            funding_source: row.funding_source,
            bcf_source: row.bcf_source,
            in_kind: row.in_kind,
            kind: row.kind.as_deref().map_or(fund.kind, FundKind::parse),
            amount: row.amount,
            due: Pence(row.due),
        })
        .collect();
    // In the order the risk rule of the year declares, or the agreement; those it does not name last: as in every split.
    let declared = match sharing(tx, fund.id, year).await? {
        parties if parties.is_empty() => parties_of_fund(tx, fund.id, year.last_day()).await?,
        parties => parties,
    };
    givings.sort_by_key(|giving| declared.iter().position(|party| *party == giving.payer).unwrap_or(usize::MAX));
    Ok(givings)
}

/// The partners in the order of the risk rule in force on the year's last day; none where there is no rule.
async fn sharing(tx: &mut Tx<Borough>, fund: FundId, year: FinancialYear) -> Result<Vec<OrganisationId>, DbError> {
    let rows = sqlx::query_scalar!(
        r#"select party::uuid as "party!: OrganisationId"
           from (select terms from budgets.risk_rule where fund_id = $1 and in_force_from <= $2
                 order by in_force_from desc limit 1) r,
             jsonb_array_elements_text(r.terms -> 'parties') with ordinality as declared (party, place)
           order by place"#,
        fund.0,
        year.last_day()
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

/// What a partner bore of a settled risk share, or, below zero, had back.
#[derive(Debug, Clone)]
pub(crate) struct Settled {
    pub(super) party: OrganisationId,
    pub(super) name: String,
    pub(super) amount: Pence,
}

/// The year's settled risk share, unless its journal was reversed.
pub(crate) async fn settled(tx: &mut Tx<Borough>, fund: FundId, year: FinancialYear) -> Result<Vec<Settled>, DbError> {
    let rows = sqlx::query_as!(
        Settled,
        r#"select (share ->> 'party')::uuid as "party!: OrganisationId", share ->> 'name' as "name!",
             (share ->> 'amount_pence')::bigint as "amount!: Pence"
           from budgets.risk_settlement s
             join budgets.risk_calculation c
               on c.fund_id = s.fund_id and c.year = s.year and c.calculation_id = s.calculation_id,
             jsonb_array_elements(c.result -> 'shares') with ordinality as shares (share, place)
           where s.fund_id = $1 and s.year = $2
             and not exists (select from budgets.journal back where back.fund_id = $1 and back.reverses_id = s.journal_id)
           order by place"#,
        fund.0,
        year.start()
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}
