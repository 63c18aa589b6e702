//! The SQL of verifying: each statement gives what differs, and nothing where all is well.

use domain::{BoroughId, FinancialYear, FundId, Pence};
use tenancy::{Borough, DbError, Tx, Work};

use super::{
    KnownBorough,
    finding::{Difference, NamedFund},
};
use crate::seals::PeriodSeal;

/// How many differences of a kind are told of a fund: enough to see what is wrong.
const TOLD: i64 = 50;

/// The boroughs the service has heard of.
pub(super) async fn boroughs(tx: &mut Tx<Work>) -> Result<Vec<KnownBorough>, DbError> {
    let rows = sqlx::query!("select borough_id, slug, region from budgets.borough order by slug, region nulls last")
        .fetch_all(tx.connection())
        .await?;
    let boroughs = rows.into_iter().map(|row| KnownBorough {
        id: BoroughId(row.borough_id),
        name: if row.region.is_some() { row.slug } else { format!("{} (sandbox)", row.slug) },
    });
    Ok(boroughs.collect())
}

/// A verification reads all there is: no statement of it is cut short.
pub(super) async fn take_time(tx: &mut Tx<Borough>) -> Result<(), DbError> {
    sqlx::query!("set local statement_timeout = 0").execute(tx.connection()).await?;
    Ok(())
}

/// The borough's funds.
pub(super) async fn funds(tx: &mut Tx<Borough>) -> Result<Vec<NamedFund>, DbError> {
    let rows = sqlx::query!("select fund_id, name from budgets.fund order by name").fetch_all(tx.connection()).await?;
    Ok(rows.into_iter().map(|row| NamedFund { id: FundId(row.fund_id), name: row.name }).collect())
}

/// One of them.
pub(super) async fn fund(tx: &mut Tx<Borough>, id: FundId) -> Result<NamedFund, DbError> {
    let name = sqlx::query_scalar!("select name from budgets.fund where fund_id = $1", id.0)
        .fetch_optional(tx.connection())
        .await?;
    Ok(NamedFund { id, name: name.unwrap_or_else(|| id.to_string()) })
}

/// How many postings a fund has.
pub(super) async fn count(tx: &mut Tx<Borough>, fund: FundId) -> Result<i64, DbError> {
    let count = sqlx::query_scalar!(r#"select count(*) as "count!" from budgets.posting where fund_id = $1"#, fund.0)
        .fetch_one(tx.connection())
        .await?;
    Ok(count)
}

/// Two sums, as the database wrote them: they may be larger than any amount of ours.
fn amounts(check: &'static str, year: FinancialYear, which: String, (expected, found): (&str, &str)) -> Difference {
    let said = |text: &str| text.parse().map_or_else(|_| format!("{text} pence"), |pence| Pence(pence).to_string());
    Difference { year: Some(year), check, which, expected: said(expected), found: said(found) }
}

/// Journals that do not cancel out within a layer, have no lines, or whose lines say something else than they do.
pub(super) async fn journals(tx: &mut Tx<Borough>, fund: FundId) -> Result<Vec<Difference>, DbError> {
    let rows = sqlx::query!(
        r#"with told as (
             select j.year, j.journal_id, format('journal %s, the %s layer', j.journal_id, p.layer) as which,
               'lines that cancel out' as expected, format('they leave %s pence', sum(p.amount_pence)) as found
             from budgets.journal j join budgets.posting p on p.fund_id = j.fund_id and p.journal_id = j.journal_id
             where j.fund_id = $1
             group by j.year, j.journal_id, p.layer having sum(p.amount_pence) <> 0
             union all
             select j.year, j.journal_id, format('journal %s', j.journal_id), 'lines', 'none'
             from budgets.journal j where j.fund_id = $1
               and not exists (select from budgets.posting p where p.fund_id = j.fund_id and p.journal_id = j.journal_id)
             union all
             select j.year, j.journal_id, format('journal %s, line %s', j.journal_id, p.line),
               format('year %s, effective on %s', j.year, j.effective_on), format('year %s, effective on %s', p.year, p.effective_on)
             from budgets.journal j join budgets.posting p on p.fund_id = j.fund_id and p.journal_id = j.journal_id
             where j.fund_id = $1 and (j.year, j.effective_on) is distinct from (p.year, p.effective_on)
           )
           select year as "year!: FinancialYear", which as "which!", expected as "expected!", found as "found!"
           from told order by journal_id, which limit $2"#,
        fund.0,
        TOLD
    )
    .fetch_all(tx.connection())
    .await?;
    let told = rows.into_iter().map(|row| Difference {
        year: Some(row.year),
        check: "journal",
        which: row.which,
        expected: row.expected,
        found: row.found,
    });
    Ok(told.collect())
}

/// Positions and what is not folded into them yet, by every key, against the postings.
pub(super) async fn positions(tx: &mut Tx<Borough>, fund: FundId) -> Result<Vec<Difference>, DbError> {
    let rows = sqlx::query!(
        r#"with figure as (
             select p.year, j.period, p.account_id, coalesce(p.scheme_id, '00000000-0000-0000-0000-000000000000') as scheme_id,
               p.layer, coalesce(p.party_id, '00000000-0000-0000-0000-000000000000') as party_id, coalesce(p.category, '') as category,
               coalesce(p.source, '') as source, coalesce(p.nature, '') as nature, p.amount_pence as expected, 0::bigint as found
             from budgets.posting p join budgets.journal j on j.fund_id = p.fund_id and j.journal_id = p.journal_id
             where p.fund_id = $1
             union all
             select year, period, account_id, scheme_id, layer, party_id, category, source, nature, 0, amount_pence
             from budgets.position where fund_id = $1
             union all
             select year, period, account_id, scheme_id, layer, party_id, category, source, nature, 0, amount_pence
             from budgets.delta where fund_id = $1
           ), differs as (
             select year, period, account_id, scheme_id, layer, party_id, category, source, nature,
               sum(expected)::text as expected, sum(found)::text as found
             from figure group by 1, 2, 3, 4, 5, 6, 7, 8, 9 having sum(expected) <> sum(found)
           )
           select d.year as "year!: FinancialYear",
             concat_ws(', ', 'period ' || d.period, 'account ' || a.code, 'scheme ' || s.code, d.layer,
               nullif(d.category, ''), nullif(d.source, ''), nullif(d.nature, ''),
               'party ' || nullif(d.party_id, '00000000-0000-0000-0000-000000000000')::text) as "which!",
             d.expected as "expected!", d.found as "found!"
           from differs d
             left join budgets.account a on a.fund_id = $1 and a.account_id = d.account_id
             left join budgets.scheme s on s.fund_id = $1 and s.scheme_id = d.scheme_id
           order by 1, 2 limit $2"#,
        fund.0,
        TOLD
    )
    .fetch_all(tx.connection())
    .await?;
    let told = rows.into_iter().map(|row| amounts("position", row.year, row.which, (&row.expected, &row.found)));
    Ok(told.collect())
}

/// What stood on a day, on both axes and by both spans, against the postings.
pub(super) async fn dated_positions(tx: &mut Tx<Borough>, fund: FundId) -> Result<Vec<Difference>, DbError> {
    let rows = sqlx::query!(
        r#"with line as (
             select p.year, p.effective_on, (j.posted_at at time zone 'UTC')::date as posted_on, p.account_id,
               coalesce(p.scheme_id, '00000000-0000-0000-0000-000000000000') as scheme_id, p.layer,
               coalesce(p.party_id, '00000000-0000-0000-0000-000000000000') as party_id, coalesce(p.category, '') as category,
               coalesce(p.source, '') as source, coalesce(p.nature, '') as nature, p.amount_pence as expected, 0::bigint as found
             from budgets.posting p join budgets.journal j on j.fund_id = p.fund_id and j.journal_id = p.journal_id
             where p.fund_id = $1
             union all
             select year, effective_on, posted_on, account_id, scheme_id, layer, party_id, category, source, nature, 0, amount_pence
             from budgets.delta where fund_id = $1
           ), by_day as (
             select year, effective_on, posted_on, account_id, scheme_id, layer, party_id, category, source, nature,
               sum(expected) as expected, sum(found) as found
             from line group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
           ), figure as (
             select l.year, d.axis, d.span, d.starts_on, l.account_id, l.scheme_id, l.layer, l.party_id, l.category, l.source,
               l.nature, l.expected, l.found
             from by_day l cross join lateral (values
               ('effective', 'day', l.effective_on), ('effective', 'month', date_trunc('month', l.effective_on)::date),
               ('posted', 'day', l.posted_on), ('posted', 'month', date_trunc('month', l.posted_on)::date)) d (axis, span, starts_on)
             union all
             select year, axis, span, starts_on, account_id, scheme_id, layer, party_id, category, source, nature, 0, amount_pence
             from budgets.dated_position where fund_id = $1
           ), differs as (
             select year, axis, span, starts_on, account_id, scheme_id, layer, party_id, category, source, nature,
               sum(expected)::text as expected, sum(found)::text as found
             from figure group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 having sum(expected) <> sum(found)
           )
           select d.year as "year!: FinancialYear",
             concat_ws(', ', d.axis, d.span || ' ' || d.starts_on, 'account ' || a.code, 'scheme ' || s.code, d.layer,
               nullif(d.category, ''), nullif(d.source, ''), nullif(d.nature, ''),
               'party ' || nullif(d.party_id, '00000000-0000-0000-0000-000000000000')::text) as "which!",
             d.expected as "expected!", d.found as "found!"
           from differs d
             left join budgets.account a on a.fund_id = $1 and a.account_id = d.account_id
             left join budgets.scheme s on s.fund_id = $1 and s.scheme_id = d.scheme_id
           order by 1, 2 limit $2"#,
        fund.0,
        TOLD
    )
    .fetch_all(tx.connection())
    .await?;
    let told = rows.into_iter().map(|row| amounts("dated position", row.year, row.which, (&row.expected, &row.found)));
    Ok(told.collect())
}

/// What the region is told, against the expenditure of schemes it counts: none in view (rule 22), and of a fund that is
/// in no region nothing.
pub(super) async fn roll_ups(tx: &mut Tx<Borough>, fund: FundId) -> Result<Vec<Difference>, DbError> {
    let rows = sqlx::query!(
        r#"with figure as (
             select f.region, p.year, j.period, coalesce(p.category, s.category) as category, coalesce(p.source, s.source) as source,
               p.layer, p.amount_pence as expected, 0::bigint as found
             from budgets.posting p
               join budgets.journal j on j.fund_id = p.fund_id and j.journal_id = p.journal_id
               join budgets.fund f on f.fund_id = p.fund_id and f.region is not null
               join budgets.account a on a.fund_id = p.fund_id and a.account_id = p.account_id and a.kind = 'expenditure'
               join budgets.scheme s on s.fund_id = p.fund_id and s.scheme_id = p.scheme_id
               left join budgets.scheme_schedule c on c.fund_id = p.fund_id and c.scheme_id = p.scheme_id
             where p.fund_id = $1 and coalesce(c.kind, f.kind) <> 'in_view'
             union all
             select region, year, period, category, source, layer, 0, amount_pence from budgets.region_position where fund_id = $1
             union all
             select region, year, period, category, source, layer, 0, amount_pence from budgets.region_delta where fund_id = $1
           )
           select year as "year!: FinancialYear",
             concat_ws(', ', region, 'period ' || period, category, source, layer) as "which!",
             sum(expected)::text as "expected!", sum(found)::text as "found!"
           from figure group by region, year, period, category, source, layer having sum(expected) <> sum(found)
           order by 1, 2 limit $2"#,
        fund.0,
        TOLD
    )
    .fetch_all(tx.connection())
    .await?;
    let told = rows.into_iter().map(|row| amounts("region's figure", row.year, row.which, (&row.expected, &row.found)));
    Ok(told.collect())
}

/// What commitments say was spoken for, against the committed layer of the journals they name.
pub(super) async fn commitments(tx: &mut Tx<Borough>, fund: FundId) -> Result<Vec<Difference>, DbError> {
    let rows = sqlx::query!(
        r#"with entry as (
             select e.journal_id, e.year, c.account_id, c.scheme_id, sum(e.amount_pence) as amount,
               string_agg(distinct c.reference, ', ') as named
             from budgets.commitment_entry e
               join budgets.commitment c on c.fund_id = e.fund_id and c.commitment_id = e.commitment_id
             where e.fund_id = $1 group by 1, 2, 3, 4
           )
           select e.year as "year!: FinancialYear", format('%s, journal %s', e.named, e.journal_id) as "which!",
             coalesce(booked.amount, 0)::text as "expected!", e.amount::text as "found!"
           from entry e left join lateral (
             select sum(p.amount_pence) as amount from budgets.posting p
             where p.fund_id = $1 and p.journal_id = e.journal_id and p.layer = 'committed' and p.account_id = e.account_id
               and p.scheme_id = e.scheme_id) booked on true
           where e.amount <> coalesce(booked.amount, 0) order by 1, 2 limit $2"#,
        fund.0,
        TOLD
    )
    .fetch_all(tx.connection())
    .await?;
    let told = rows.into_iter().map(|row| amounts("commitment", row.year, row.which, (&row.expected, &row.found)));
    Ok(told.collect())
}

/// Names that senders gave to more than one journal.
pub(super) async fn references(tx: &mut Tx<Borough>, fund: FundId) -> Result<Vec<Difference>, DbError> {
    let rows = sqlx::query!(
        r#"select min(year) as "year!: FinancialYear", external_reference as "reference!", count(*) as "count!" from budgets.journal
           where fund_id = $1 and external_reference is not null
           group by external_reference having count(*) > 1 order by 2 limit $2"#,
        fund.0,
        TOLD
    )
    .fetch_all(tx.connection())
    .await?;
    let told = rows.into_iter().map(|row| Difference {
        year: Some(row.year),
        check: "external reference",
        which: row.reference,
        expected: "one journal".into(),
        found: format!("{} journals", row.count),
    });
    Ok(told.collect())
}

/// Whether a seal is of its period as it is closed now, so that it can be computed again.
pub(super) async fn stands(tx: &mut Tx<Borough>, seal: &PeriodSeal) -> Result<bool, DbError> {
    let stands = sqlx::query_scalar!(
        r#"select exists (
             select from budgets.period p where p.fund_id = $1 and p.year = $2 and p.period = $3 and p.state = 'closed'
               and $4 = (select max(m.number) from budgets.period_move m
                         where m.fund_id = $1 and m.year = $2 and m.period = $3)) as "stands!""#,
        seal.fund_id.0,
        seal.year.start(),
        seal.period.number(),
        seal.closing
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(stands)
}

/// Closings that have no seal and wait for none.
pub(super) async fn unsealed(tx: &mut Tx<Borough>) -> Result<Vec<(NamedFund, Difference)>, DbError> {
    let rows = sqlx::query!(
        r#"select m.fund_id, f.name, m.year as "year: FinancialYear", m.period, m.number
           from budgets.period_move m
             join budgets.period p on p.fund_id = m.fund_id and p.year = m.year and p.period = m.period
             join budgets.fund f on f.fund_id = m.fund_id
           where m.to_state = 'closed' and p.state = 'closed'
             and m.number = (select max(l.number) from budgets.period_move l
                             where l.fund_id = m.fund_id and l.year = m.year and l.period = m.period)
             and not exists (select from budgets.period_seal s where s.fund_id = m.fund_id and s.year = m.year
                             and s.period = m.period and s.closing = m.number)
             and not exists (select from budgets.seal_due d where d.fund_id = m.fund_id and d.year = m.year
                             and d.period = m.period)
           order by m.fund_id, m.year, m.period limit $1"#,
        TOLD
    )
    .fetch_all(tx.connection())
    .await?;
    let told = rows.into_iter().map(|row| {
        let difference = Difference {
            year: Some(row.year),
            check: "seal",
            which: format!("period {}, closing {}", row.period, row.number),
            expected: "a seal, made or due".into(),
            found: "none".into(),
        };
        (NamedFund { id: FundId(row.fund_id), name: row.name }, difference)
    });
    Ok(told.collect())
}
