//! The SQL of what came into a fund-year: contributions in force, and what is agreed of the year beside them.

use chrono::NaiveDate;
use domain::{FinancialYear, OrganisationId, Pence};
use tenancy::{Borough, DbError, Tx};

use crate::funds::{FundBody, FundKind};

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
             left join budgets.agreement_fund f on f.fund_id = c.fund_id
             left join budgets.agreement_party a on a.agreement_id = f.agreement_id and a.organisation_id = c.payer_id
           where c.fund_id = $1 and c.year = $2
             and not exists (select from budgets.contribution_version later
                             where later.fund_id = v.fund_id and later.year = v.year
                               and later.contribution_id = v.contribution_id and later.number > v.number)
           order by a.place nulls last, c.contribution_id"#,
        fund.id.0,
        year.start(),
        due_by
    )
    .fetch_all(tx.connection())
    .await?;
    let givings = rows.into_iter().map(|row| Giving {
        payer: OrganisationId(row.payer_id),
        payer_name: row.payer_name,
        funding_source: row.funding_source,
        bcf_source: row.bcf_source,
        in_kind: row.in_kind,
        kind: row.kind.as_deref().map_or(fund.kind, FundKind::parse),
        amount: row.amount,
        due: Pence(row.due),
    });
    Ok(givings.collect())
}

/// What is agreed of a fund-year beside its schemes' budgets; nil where nothing was recorded.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct YearMoney {
    pub(crate) contingency: Pence,
    pub(crate) brought_forward: Pence,
    pub(crate) other_income: Pence,
    /// From how much over budget, in basis points, an action plan is needed.
    pub(crate) overspend_threshold_bp: i32,
}

pub(crate) async fn year_money(
    tx: &mut Tx<Borough>,
    fund: &FundBody,
    year: FinancialYear,
) -> Result<YearMoney, DbError> {
    let found = sqlx::query_as!(
        YearMoney,
        r#"select contingency_pence as "contingency: Pence", brought_forward_pence as "brought_forward: Pence",
             other_income_pence as "other_income: Pence", overspend_threshold_bp
           from budgets.year_budget where fund_id = $1 and year = $2"#,
        fund.id.0,
        year.start()
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(found.unwrap_or_default())
}
