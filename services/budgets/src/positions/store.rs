//! The SQL of positions: what is folded and what is not yet, added up in one snapshot.

use domain::{FinancialYear, FundId, OrganisationId, Pence, Period, SchemeId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;
use web::words::read;

use super::{
    as_of::AsOf,
    http::{GroupBy, PositionColumns},
};
use crate::funds::{FundBody, FundKind};

pub(super) struct Sums {
    pub(super) columns: PositionColumns,
    pub(super) budget: Pence,
    pub(super) committed: Pence,
    pub(super) actual: Option<Pence>,
}

/// What stands now, up to the end of a period.
pub(super) async fn sums(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    up_to: Option<Period>,
    by: &GroupBy,
) -> Result<Vec<Sums>, DbError> {
    let rows = sqlx::query_as!(
        SumsRow,
        r#"select case when $4 then s.code end as "scheme?", case when $5 then f.category end as "category?",
             case when $6 then f.source end as "source?", case when $7 then f.period end as "period?: Period",
             case when $8 then nullif(f.party_id, '00000000-0000-0000-0000-000000000000') end as "party?",
             case when $9 then nullif(f.nature, '') end as "nature?",
             coalesce(sum(f.amount_pence) filter (where f.layer = 'budget'), 0)::bigint as "budget!",
             coalesce(sum(f.amount_pence) filter (where f.layer = 'committed'), 0)::bigint as "committed!",
             sum(f.amount_pence) filter (where f.layer = 'actual')::bigint as actual
           from budgets.standing f
             join budgets.account a on a.fund_id = $1 and a.account_id = f.account_id and a.kind = 'expenditure'
             join budgets.scheme s on s.fund_id = $1 and s.scheme_id = f.scheme_id
           where f.fund_id = $1 and f.year = $2 and ($3::smallint is null or f.period <= $3)
           group by 1, 2, 3, 4, 5, 6 order by 1, 2, 3, 4, 5, 6"#,
        fund.0,
        year.start(),
        up_to.map(Period::number),
        by.scheme,
        by.category,
        by.source,
        by.period,
        by.party,
        by.nature
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(Sums::from).collect())
}

/// What stood at a time.
pub(super) async fn sums_at(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    at: AsOf,
    by: &GroupBy,
) -> Result<Vec<Sums>, DbError> {
    let rows = sqlx::query_as!(
        SumsRow,
        r#"select case when $5 then s.code end as "scheme?", case when $6 then f.category end as "category?",
             case when $7 then f.source end as "source?", null::smallint as "period?: Period",
             case when $8 then nullif(f.party_id, '00000000-0000-0000-0000-000000000000') end as "party?",
             case when $9 then nullif(f.nature, '') end as "nature?",
             coalesce(sum(f.amount_pence) filter (where f.layer = 'budget'), 0)::bigint as "budget!",
             coalesce(sum(f.amount_pence) filter (where f.layer = 'committed'), 0)::bigint as "committed!",
             sum(f.amount_pence) filter (where f.layer = 'actual')::bigint as actual
           from budgets.stood($1, $2, $3, $4) f
             join budgets.account a on a.fund_id = $1 and a.account_id = f.account_id and a.kind = 'expenditure'
             join budgets.scheme s on s.fund_id = $1 and s.scheme_id = f.scheme_id
           group by 1, 2, 3, 4, 5, 6 order by 1, 2, 3, 4, 5, 6"#,
        fund.0,
        year.start(),
        at.as_of,
        at.known_at,
        by.scheme,
        by.category,
        by.source,
        by.party,
        by.nature
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(Sums::from).collect())
}

struct SumsRow {
    scheme: Option<String>,
    category: Option<String>,
    source: Option<String>,
    period: Option<Period>,
    party: Option<Uuid>,
    nature: Option<String>,
    budget: i64,
    committed: i64,
    actual: Option<i64>,
}

impl From<SumsRow> for Sums {
    fn from(row: SumsRow) -> Self {
        let columns = PositionColumns {
            scheme: row.scheme,
            category: row.category,
            source: row.source,
            party: row.party.map(OrganisationId),
            nature: row.nature.as_deref().map(read),
            period: row.period,
        };
        Self { columns, budget: Pence(row.budget), committed: Pence(row.committed), actual: row.actual.map(Pence) }
    }
}

/// How firm a year's figures are, and whether it was forecast.
pub(super) struct Firm {
    /// How many of the periods asked for are open or reopened.
    pub(super) open: i64,
    /// How many are not closed for good.
    pub(super) not_closed: i64,
    pub(super) forecast: bool,
}

pub(super) async fn how_firm(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    up_to: Option<Period>,
) -> Result<Firm, DbError> {
    let row = sqlx::query_as!(
        Firm,
        r#"select count(*) filter (where state in ('open', 'reopened')) as "open!",
             count(*) filter (where state <> 'closed') as "not_closed!",
             exists (select from budgets.forecast f where f.fund_id = $1 and f.year = $2) as "forecast!"
           from budgets.period p where p.fund_id = $1 and p.year = $2 and p.period <= coalesce($3, 13::smallint)
             -- adjustments count where there are any, or where they are asked for
             and (p.period < 13 or $3 = 13
               or exists (select from budgets.standing a where a.fund_id = $1 and a.year = $2 and a.period = 13))"#,
        fund.0,
        year.start(),
        up_to.map(Period::number)
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(row)
}

/// What a scheme was given and what was spent on it: the year's whole budget and commitments, and spending up to a period.
#[derive(Debug, Clone)]
pub(crate) struct SchemeSums {
    pub(crate) id: SchemeId,
    pub(crate) code: String,
    pub(crate) name: String,
    /// Pooled, aligned or in view, where its schedule says so; as its fund otherwise.
    pub(crate) kind: FundKind,
    /// How partners account for it, where its schedule says so.
    pub(crate) accounting_treatment: Option<String>,
    /// The purpose its money is held for.
    pub(crate) ring_fence: Option<String>,
    /// The partner that leads it.
    pub(crate) lead: Option<OrganisationId>,
    pub(crate) budget: Pence,
    pub(crate) committed: Pence,
    pub(crate) actual: Pence,
}

/// Every scheme of a fund by code, with its sums on expenditure accounts.
pub(crate) async fn by_scheme(
    tx: &mut Tx<Borough>,
    fund: &FundBody,
    year: FinancialYear,
    up_to: Period,
) -> Result<Vec<SchemeSums>, DbError> {
    let rows = sqlx::query!(
        r#"with spent as (
             select f.* from budgets.standing f
               join budgets.account a on a.fund_id = $1 and a.account_id = f.account_id and a.kind = 'expenditure'
             where f.fund_id = $1 and f.year = $2
           )
           select s.scheme_id, s.code, s.name, d.kind as "kind?", d.accounting_treatment as "accounting_treatment?",
             d.ring_fence as "ring_fence?", d.lead_id as "lead?: OrganisationId",
             coalesce(sum(f.amount_pence) filter (where f.layer = 'budget'), 0)::bigint as "budget!",
             coalesce(sum(f.amount_pence) filter (where f.layer = 'committed'), 0)::bigint as "committed!",
             coalesce(sum(f.amount_pence) filter (where f.layer = 'actual' and f.period <= $3), 0)::bigint as "actual!"
           from budgets.scheme s
             left join budgets.scheme_schedule d on d.fund_id = s.fund_id and d.scheme_id = s.scheme_id
             left join spent f on f.scheme_id = s.scheme_id
           where s.fund_id = $1
           group by s.scheme_id, s.code, s.name, d.kind, d.accounting_treatment, d.ring_fence, d.lead_id order by s.code"#,
        fund.id.0,
        year.start(),
        up_to.number()
    )
    .fetch_all(tx.connection())
    .await?;
    let sums = rows.into_iter().map(|row| SchemeSums {
        id: SchemeId(row.scheme_id),
        code: row.code,
        name: row.name,
        kind: row.kind.as_deref().map_or(fund.kind, FundKind::parse),
        accounting_treatment: row.accounting_treatment,
        ring_fence: row.ring_fence,
        lead: row.lead,
        budget: Pence(row.budget),
        committed: Pence(row.committed),
        actual: Pence(row.actual),
    });
    Ok(sums.collect())
}
