//! The SQL of the region's figures. The region's role has no grant on any fund, account or journal.

use chrono::NaiveDate;
use domain::{FinancialYear, FundId, Pence, Period};
use tenancy::{DbError, Region, Tx};

use super::{
    contributed::{Contributed, RegionPayer},
    http::{GroupBy, NamedBorough, RegionColumns},
};
use crate::years::Completeness;

pub(super) struct Sums {
    pub(super) columns: RegionColumns,
    pub(super) budget: Pence,
    pub(super) committed: Pence,
    pub(super) actual: Option<Pence>,
    pub(super) completeness: Completeness,
    pub(super) to_period: Option<Period>,
    pub(super) all_closed: bool,
    pub(super) is_total: bool,
}

/// The rows asked for, and last the total: section 75 money of complete years only.
pub(super) async fn sums(
    tx: &mut Tx<Region>,
    year: FinancialYear,
    up_to: Option<Period>,
    by: &GroupBy,
) -> Result<Vec<Sums>, DbError> {
    let rows = sqlx::query!(
        r#"with seen as (
             select borough_id, fund_id, period, state, kind, section_75, completeness from budgets.region_period
             where year = $1 and ($2::smallint is null or period <= $2)
           ), figure as (
             select borough_id, fund_id, period, category, source, layer, amount_pence from budgets.region_position where year = $1
             union all
             select borough_id, fund_id, period, category, source, layer, amount_pence from budgets.region_delta where year = $1
           ), base as (
             select b.slug, b.gss, b.name, s.fund_id, s.state, s.kind, s.section_75, s.completeness, s.period,
               f.category, f.source, f.layer, f.amount_pence
             from seen s join budgets.borough b on b.borough_id = s.borough_id
               left join figure f on f.borough_id = s.borough_id and f.fund_id = s.fund_id and f.period = s.period
           ), grouped as (
             select case when $3 then slug end as slug, case when $3 then gss end as gss, case when $3 then name end as name,
               case when $4 then kind end as kind, case when $5 then category end as category, case when $6 then source end as source,
               coalesce(sum(amount_pence) filter (where layer = 'budget'), 0) as budget,
               coalesce(sum(amount_pence) filter (where layer = 'committed'), 0) as committed,
               sum(amount_pence) filter (where layer = 'actual') as actual,
               bool_or(completeness = 'partial') as partial, max(period) as to_period,
               bool_and(state = 'closed')
                 and count(distinct (fund_id, period)) filter (where period <= 12)
                   = least(coalesce($2, 12), 12) * count(distinct fund_id) as all_closed, false as is_total
             from base where (section_75 or $4) and (category is not null or not ($5 or $6))
             group by 1, 2, 3, 4, 5, 6
           ), total as (
             select null::text, null::text, null::text, null::text, null::text, null::text,
               coalesce(sum(amount_pence) filter (where layer = 'budget'), 0),
               coalesce(sum(amount_pence) filter (where layer = 'committed'), 0),
               coalesce(sum(amount_pence) filter (where layer = 'actual'), 0),
               false, max(period), coalesce(bool_and(state = 'closed'), false), true
             from base where section_75 and completeness = 'complete'
           )
           select slug, gss, name, kind, category, source, budget::bigint as "budget!", committed::bigint as "committed!",
             actual::bigint as actual, partial as "partial!", to_period as "to_period: Period", all_closed as "all_closed!",
             is_total as "is_total!"
           from (select * from grouped union all select * from total) every_row
           order by is_total, slug, kind, category, source"#,
        year.start(),
        up_to.map(Period::number),
        by.borough,
        by.kind,
        by.category,
        by.source
    )
    .fetch_all(tx.connection())
    .await?;
    let sums = rows.into_iter().map(|row| Sums {
        columns: RegionColumns {
            borough: row.slug.zip(row.gss).zip(row.name).map(|((slug, gss), name)| NamedBorough { slug, gss, name }),
            kind: row.kind,
            category: row.category,
            source: row.source,
        },
        budget: Pence(row.budget),
        committed: Pence(row.committed),
        actual: row.actual.map(Pence),
        completeness: if row.partial { Completeness::Partial } else { Completeness::Complete },
        to_period: row.to_period,
        all_closed: row.all_closed,
        is_total: row.is_total,
    });
    Ok(sums.collect())
}

/// Every borough expected in the year, and whether it has reported section 75 money.
pub(super) async fn coverage(
    tx: &mut Tx<Region>,
    year: FinancialYear,
    up_to: Option<Period>,
) -> Result<Vec<(NamedBorough, bool)>, DbError> {
    let last_day: NaiveDate = year.last_day();
    let rows = sqlx::query!(
        r#"select b.slug, b.gss, b.name,
             exists (select from budgets.region_period p
                     where p.borough_id = b.borough_id and p.year = $1 and p.section_75
                       and ($2::smallint is null or p.period <= $2)) as "reported!"
           from budgets.borough b where b.expected_from <= $3 order by b.slug"#,
        year.start(),
        up_to.map(Period::number),
        last_day
    )
    .fetch_all(tx.connection())
    .await?;
    let boroughs =
        rows.into_iter().map(|row| (NamedBorough { slug: row.slug, gss: row.gss, name: row.name }, row.reported));
    Ok(boroughs.collect())
}

/// Boroughs with a section 75 fund whose year is partial.
pub(super) async fn left_out(
    tx: &mut Tx<Region>,
    year: FinancialYear,
    up_to: Option<Period>,
) -> Result<Vec<NamedBorough>, DbError> {
    let rows = sqlx::query_as!(
        NamedBorough,
        r#"select b.slug, b.gss, b.name from budgets.borough b
           where exists (select from budgets.region_period p
                         where p.borough_id = b.borough_id and p.year = $1 and p.section_75 and p.completeness = 'partial'
                           and ($2::smallint is null or p.period <= $2))
           order by b.slug"#,
        year.start(),
        up_to.map(Period::number)
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

/// What bodies put into every fund of the year, by fund, kind, source and body.
pub(super) async fn contributed(
    tx: &mut Tx<Region>,
    year: FinancialYear,
    today: NaiveDate,
) -> Result<Vec<Contributed>, DbError> {
    let rows = sqlx::query!(
        r#"select b.slug, b.gss, b.name, r.fund_id, r.kind, r.section_75, r.funding_source, r.payer_code, r.payer_kind,
             bool_or(r.completeness = 'partial') as "partial!", sum(r.planned_pence)::bigint as "planned!: Pence",
             coalesce(sum(r.planned_pence) filter (where r.on_day <= $2), 0)::bigint as "due!: Pence",
             sum(r.paid_pence)::bigint as "paid!: Pence"
           from budgets.region_contribution r join budgets.borough b on b.borough_id = r.borough_id
           where r.year = $1 group by 1, 2, 3, 4, 5, 6, 7, 8, 9
           order by b.slug, r.kind, r.funding_source, r.payer_kind, r.payer_code, r.fund_id"#,
        year.start(),
        today
    )
    .fetch_all(tx.connection())
    .await?;
    let contributed = rows.into_iter().map(|row| Contributed {
        borough: NamedBorough { slug: row.slug, gss: row.gss, name: row.name },
        fund: FundId(row.fund_id),
        kind: row.kind,
        section_75: row.section_75,
        source: row.funding_source,
        payer: RegionPayer { ods: row.payer_code, kind: row.payer_kind },
        completeness: if row.partial { Completeness::Partial } else { Completeness::Complete },
        planned: row.planned,
        due: row.due,
        paid: row.paid,
    });
    Ok(contributed.collect())
}

/// Every borough expected in the year: whether it has section 75 contributions or payments, and whether any are of a
/// year that is only partly known.
pub(super) async fn contribution_coverage(
    tx: &mut Tx<Region>,
    year: FinancialYear,
) -> Result<Vec<(NamedBorough, bool, bool)>, DbError> {
    let rows = sqlx::query!(
        r#"select b.slug, b.gss, b.name, count(r.entry_id) > 0 as "reported!",
             coalesce(bool_or(r.completeness = 'partial'), false) as "partial!"
           from budgets.borough b
             left join budgets.region_contribution r on r.borough_id = b.borough_id and r.year = $1 and r.section_75
           where b.expected_from <= $2 group by b.slug, b.gss, b.name order by b.slug"#,
        year.start(),
        year.last_day()
    )
    .fetch_all(tx.connection())
    .await?;
    let boroughs = rows
        .into_iter()
        .map(|row| (NamedBorough { slug: row.slug, gss: row.gss, name: row.name }, row.reported, row.partial));
    Ok(boroughs.collect())
}
