//! The SQL of a partner's own records. Its role sees rows under its own code, in every borough, and no others.

use chrono::NaiveDate;
use domain::{FinancialYear, FundId, Pence};
use tenancy::{DbError, Partner, Tx};
use uuid::Uuid;
use web::words::read;

use super::http::{PartnerContribution, PartnerInstalment};
use crate::region::NamedBorough;

/// A partner's contributions by borough and year, at the amount in force.
pub(super) async fn contributions(
    tx: &mut Tx<Partner>,
    year: Option<FinancialYear>,
    today: NaiveDate,
) -> Result<Vec<PartnerContribution>, DbError> {
    let rows = sqlx::query!(
        r#"select b.slug, b.gss, b.name, c.contribution_id, c.fund_id, c.year as "year: FinancialYear", c.funding_source, c.form,
             c.recurrent, c.run_off, v.amount_pence as "amount!: Pence", v.number as "version!", v.effective_on as "effective_on!",
             coalesce((select sum(i.amount_pence)
                       from (select distinct on (number) due_on, amount_pence from budgets.instalment i
                             where i.borough_id = c.borough_id and i.fund_id = c.fund_id and i.year = c.year
                               and i.contribution_id = c.contribution_id order by number, version desc) i
                       where i.due_on <= $2), 0)::bigint as "due!: Pence"
           from budgets.contribution c
             join budgets.borough b on b.borough_id = c.borough_id
             join lateral (select number, amount_pence, effective_on from budgets.contribution_version v
                           where v.borough_id = c.borough_id and v.fund_id = c.fund_id and v.year = c.year
                             and v.contribution_id = c.contribution_id
                           order by number desc limit 1) v on true
           where $1::smallint is null or c.year = $1
           order by b.slug, c.year, c.contribution_id"#,
        year.map(FinancialYear::start),
        today
    )
    .fetch_all(tx.connection())
    .await?;
    let contributions = rows.into_iter().map(|row| PartnerContribution {
        borough: NamedBorough { slug: row.slug, gss: row.gss, name: row.name },
        id: domain::ContributionId(row.contribution_id),
        fund: FundId(row.fund_id),
        year: row.year,
        funding_source: read(&row.funding_source),
        form: read(&row.form),
        recurrent: row.recurrent,
        run_off: row.run_off,
        amount_pence: row.amount,
        version: row.version,
        effective_on: row.effective_on,
        due_pence: row.due,
    });
    Ok(contributions.collect())
}

/// What a partner paid into a fund in a year.
pub(super) struct Paid {
    pub(super) borough: NamedBorough,
    pub(super) fund: FundId,
    pub(super) year: FinancialYear,
    pub(super) paid: Pence,
}

/// What a partner paid, by borough, fund and year.
pub(super) async fn paid(tx: &mut Tx<Partner>, year: Option<FinancialYear>) -> Result<Vec<Paid>, DbError> {
    let rows = sqlx::query!(
        r#"select b.slug, b.gss, b.name, r.fund_id, r.year as "year: FinancialYear",
             sum(r.amount_pence)::bigint as "paid!: Pence"
           from budgets.receipt r join budgets.borough b on b.borough_id = r.borough_id
           where $1::smallint is null or r.year = $1 group by 1, 2, 3, 4, 5"#,
        year.map(FinancialYear::start)
    )
    .fetch_all(tx.connection())
    .await?;
    let paid = rows.into_iter().map(|row| Paid {
        borough: NamedBorough { slug: row.slug, gss: row.gss, name: row.name },
        fund: FundId(row.fund_id),
        year: row.year,
        paid: row.paid,
    });
    Ok(paid.collect())
}

/// A partner's instalments in force, by borough and the day they are due.
pub(super) async fn instalments(
    tx: &mut Tx<Partner>,
    year: Option<FinancialYear>,
    after: Option<(String, NaiveDate, Uuid)>,
    limit: i64,
) -> Result<Vec<PartnerInstalment>, DbError> {
    let (after_slug, after_day, after_id) = match after {
        Some((slug, day, id)) => (Some(slug), Some(day), Some(id)),
        None => (None, None, None),
    };
    let rows = sqlx::query!(
        r#"select b.slug, b.gss, b.name, i.instalment_id, i.contribution_id, i.fund_id, i.year as "year: FinancialYear",
             i.number, i.version, i.due_on, i.amount_pence as "amount: Pence", i.true_up_pence as "true_up: Pence"
           from (select distinct on (borough_id, fund_id, year, contribution_id, number) * from budgets.instalment
                 where $1::smallint is null or year = $1
                 order by borough_id, fund_id, year, contribution_id, number, version desc) i
             join budgets.borough b on b.borough_id = i.borough_id
           where $2::text is null or (b.slug, i.due_on, i.instalment_id) > ($2, $3, $4)
           order by b.slug, i.due_on, i.instalment_id limit $5"#,
        year.map(FinancialYear::start),
        after_slug,
        after_day,
        after_id,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let instalments = rows.into_iter().map(|row| PartnerInstalment {
        borough: NamedBorough { slug: row.slug, gss: row.gss, name: row.name },
        id: domain::InstalmentId(row.instalment_id),
        contribution: domain::ContributionId(row.contribution_id),
        fund: FundId(row.fund_id),
        year: row.year,
        number: row.number,
        version: row.version,
        due_on: row.due_on,
        amount_pence: row.amount,
        true_up_pence: row.true_up,
    });
    Ok(instalments.collect())
}
