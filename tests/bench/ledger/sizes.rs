//! What is read does not cost more where more was posted: positions, regional figures and what stood on a day, at
//! a hundred thousand, a million and ten million postings of one fund.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tenfold::{demo::REGION, tell::Step};

use crate::{
    figures::{per_mille, ratio},
    funds::YEAR,
    house::House,
    load::{Ask, Load},
    serving::Serving,
};

const SIZES: [i64; 3] = [100_000, 1_000_000, 10_000_000];
/// Postings of one journal.
const LINES: i64 = 100;
const SCHEMES: i32 = 40;
const FLAT_AIM: u64 = 1_200;
const AS_OF_AIM_MS: u64 = 50;

/// Fills one fund of a database that is for nothing else, size by size up to `largest`, and asks at each.
pub(crate) async fn measure(house: &House, database: &str, time: Duration, largest: i64) -> anyhow::Result<Value> {
    let served = Serving::whole(house, database)?.start().await?;
    let sizes: Vec<i64> = SIZES.into_iter().filter(|size| *size <= largest).collect();
    let step = Step::begin("figures at sizes", u64::try_from(sizes.len())?);
    let mut owner = house.owner(database).await?;
    let fund = house.funds.one.rsplit('/').next().context("a path ends in an id")?.to_owned();
    schemes(&mut owner, &fund).await?;
    let mut figures: Vec<Value> = Vec::new();
    let mut there = 0;
    for size in sizes {
        let began = Instant::now();
        fill(&mut owner, &fund, there / LINES, size / LINES).await?;
        let filled_in_s = began.elapsed().as_secs();
        there = size;
        let known = "2026-12-31T23:59:59Z";
        let year = format!("{}/years/{YEAR}", house.funds.one);
        let mut row = json!({"postings": size, "filled_in_s": filled_in_s});
        for (name, path) in [
            ("position", format!("{year}/position")),
            ("position_by_scheme", format!("{year}/position?group_by=scheme")),
            ("trial_balance", format!("{year}/trial-balance")),
            ("trial_balance_as_of_a_day", format!("{year}/trial-balance?as_of=2026-11-17")),
            ("trial_balance_as_known_at_a_moment", format!("{year}/trial-balance?known_at={known}")),
            ("region", format!("/v1/regions/{REGION}/positions?year={YEAR}&group_by=category,source")),
        ] {
            let token = if name == "region" { house.region_token().await? } else { house.token().await? };
            let load = Load { base: served.urls.budgets.clone(), token, ask: Ask::Read(path), clients: 1 };
            let outcome = load.run(time).await?;
            row[name] = json!({"p50_us": outcome.p50(), "p99_us": outcome.p99()});
        }
        held(&mut owner, &fund, size).await?;
        figures.push(row);
        step.advance();
    }
    owner.close().await?;
    served.stop().await;
    step.end("measured, and equal to the penny");
    let (first, last) = (figures.first().cloned().unwrap_or_default(), figures.last().cloned().unwrap_or_default());
    let grown = |name: &str| per_mille(p50(&last, name), p50(&first, name));
    let as_of_ms = p50(&last, "trial_balance_as_of_a_day") / 1_000;
    Ok(json!({
        "what": "One client past the gateway, one fund; journals of 100 postings on 40 schemes over a year, one in a hundred dated \
                 back by up to four months.",
        "figures": figures,
        "position_last_of_first": ratio(grown("position")),
        "region_last_of_first": ratio(grown("region")),
        "flat_aim": ratio(FLAT_AIM),
        "flat_within_aim": grown("position") <= FLAT_AIM && grown("region") <= FLAT_AIM,
        "as_of_p50_ms": as_of_ms,
        "as_of_aim_ms": AS_OF_AIM_MS,
        "as_of_within_aim": as_of_ms <= AS_OF_AIM_MS,
    }))
}

fn p50(figure: &Value, name: &str) -> u64 {
    figure[name]["p50_us"].as_u64().unwrap_or_default()
}

async fn schemes(owner: &mut PgConnection, fund: &str) -> anyhow::Result<()> {
    sqlx::query(
        "insert into budgets.scheme (borough_id, fund_id, scheme_id, code, name, category, source, created_at)
         select f.borough_id, f.fund_id, md5('scheme ' || n)::uuid, 'S' || n, 'Scheme ' || n,
           (array['acute', 'mental_health', 'community_health', 'social_care'])[1 + n % 4], (array['council', 'nhs'])[1 + n % 2], now()
         from budgets.fund f, generate_series(1, $2) n where f.fund_id = $1::uuid",
    )
    .bind(fund)
    .bind(SCHEMES)
    .execute(&mut *owner)
    .await?;
    sqlx::query("update budgets.region_period set state = 'soft_closed' where fund_id = $1::uuid")
        .bind(fund)
        .execute(owner)
        .await?;
    Ok(())
}

/// Posts journals `from` to `to` as they would stand once folded.
async fn fill(owner: &mut PgConnection, fund: &str, from: i64, to: i64) -> anyhow::Result<()> {
    const AT_ONCE: i64 = 5_000;
    let mut next = from;
    while next < to {
        let end = to.min(next + AT_ONCE);
        sqlx::query(FILL)
            .bind(fund)
            .bind(next)
            .bind(end)
            .bind(SCHEMES)
            .bind(LINES)
            .bind(REGION)
            .execute(&mut *owner)
            .await?;
        next = end;
    }
    for table in ["journal", "posting", "position", "dated_position", "region_position"] {
        sqlx::query(sqlx::AssertSqlSafe(format!("analyze budgets.{table}"))).execute(&mut *owner).await?;
    }
    Ok(())
}

const FILL: &str = "
with j as (
  select f.borough_id, f.fund_id, ('0199' || lpad(to_hex(n), 8, '0') || '-7000-8000-000000000000')::text as id, n,
    posted_on, case when n % 100 = 0 then greatest(posted_on - (n / 100 % 120)::int, date '2026-04-01') else posted_on end as effective_on
  from budgets.fund f, generate_series($2::bigint, $3::bigint - 1) n,
    lateral (select date '2026-04-01' + (n * 7919 % 365)::int as posted_on) d
  where f.fund_id = $1::uuid
), journal as (
  select borough_id, fund_id, (substr(id, 1, 8) || '-' || substr(id, 9))::uuid as journal_id, n, effective_on, posted_on,
    (1 + (extract(month from posted_on)::int + 8) % 12)::smallint as period
  from j
), written as (
  insert into budgets.journal (borough_id, fund_id, journal_id, year, period, effective_on, posted_at, narrative, client_id)
  select borough_id, fund_id, journal_id, 2026, period, effective_on, posted_on + time '12:00', 'Made up, to measure with', 'bench'
  from journal
), line as (
  select j.*, l::smallint as line, l % 2 = 1 as spends, 100 + (j.n + l / 2) % 9000 as pence, s.scheme_id, s.category, s.source,
    a.account_id
  from journal j cross join generate_series(1, $5::int) l
    join budgets.account a on a.borough_id = j.borough_id and a.fund_id = j.fund_id and a.code = case when l % 2 = 1 then '5000' else '9000' end
    left join budgets.scheme s on l % 2 = 1 and s.borough_id = j.borough_id and s.fund_id = j.fund_id
      and s.code = 'S' || (1 + (j.n + l) % $4)
), amount as (
  select line.*, case when spends then 100 + (n + (line - 1) / 2) % 9000 else -(100 + (n + (line - 2) / 2) % 9000) end as amount_pence
  from line
), posted as (
  insert into budgets.posting (borough_id, fund_id, journal_id, line, year, effective_on, account_id, scheme_id, layer, amount_pence,
    category, source, nature)
  select borough_id, fund_id, journal_id, line, 2026, effective_on, account_id, scheme_id, 'actual', amount_pence, category, source,
    case when spends then 'revenue' end
  from amount
), folded as (
  insert into budgets.position as p (borough_id, fund_id, year, period, account_id, scheme_id, layer, party_id, category, source, nature,
    amount_pence)
  select borough_id, fund_id, 2026, period, account_id, coalesce(scheme_id, '00000000-0000-0000-0000-000000000000'), 'actual',
    '00000000-0000-0000-0000-000000000000', coalesce(category, ''), coalesce(source, ''), case when spends then 'revenue' else '' end,
    sum(amount_pence)
  from amount group by 1, 2, 4, 5, 6, 9, 10, 11
  on conflict (borough_id, fund_id, year, scheme_id, period, account_id, layer, party_id, category, source, nature)
    do update set amount_pence = p.amount_pence + excluded.amount_pence
), dated as (
  insert into budgets.dated_position as p (borough_id, fund_id, year, axis, span, starts_on, account_id, scheme_id, layer, party_id,
    category, source, nature, amount_pence)
  select borough_id, fund_id, 2026, d.axis, d.span, d.starts_on, account_id,
    coalesce(scheme_id, '00000000-0000-0000-0000-000000000000'), 'actual', '00000000-0000-0000-0000-000000000000', coalesce(category, ''),
    coalesce(source, ''), case when spends then 'revenue' else '' end, sum(amount_pence)
  from amount cross join lateral (values ('effective', 'day', effective_on), ('effective', 'month', date_trunc('month', effective_on)::date),
    ('posted', 'day', posted_on), ('posted', 'month', date_trunc('month', posted_on)::date)) d (axis, span, starts_on)
  group by 1, 2, 4, 5, 6, 7, 8, 11, 12, 13
  on conflict (borough_id, fund_id, year, axis, span, starts_on, account_id, scheme_id, layer, party_id, category, source, nature)
    do update set amount_pence = p.amount_pence + excluded.amount_pence
)
insert into budgets.region_position as p (borough_id, region, year, fund_id, period, category, source, layer, amount_pence)
select borough_id, $6, 2026, fund_id, period, category, source, 'actual', sum(amount_pence)
from amount where spends group by 1, 4, 5, 6, 7
on conflict (borough_id, region, year, fund_id, period, category, source, layer)
  do update set amount_pence = p.amount_pence + excluded.amount_pence";

/// Whether what is folded is what was posted.
async fn held(owner: &mut PgConnection, fund: &str, size: i64) -> anyhow::Result<()> {
    let (posted, spent, folded, dated): (i64, i64, i64, i64) = sqlx::query_as(
        "select (select count(*) from budgets.posting where fund_id = $1::uuid and journal_id < '019a0000-0000-0000-0000-000000000000'),
           (select sum(amount_pence)::bigint from budgets.posting where fund_id = $1::uuid and amount_pence > 0 and layer = 'actual'),
           (select sum(amount_pence)::bigint from budgets.standing where fund_id = $1::uuid and scheme_id::text not like '00000000%' and layer = 'actual'),
           (select sum(amount_pence)::bigint from budgets.stood($1::uuid, 2026::smallint, '2027-03-31', null)
            where scheme_id::text not like '00000000%' and layer = 'actual')",
    )
    .bind(fund)
    .fetch_one(owner)
    .await?;
    ensure!(posted >= size, "{posted} postings are there, and {size} were made");
    ensure!(spent == folded && spent == dated, "posted {spent}, folded {folded}, dated {dated}");
    Ok(())
}
