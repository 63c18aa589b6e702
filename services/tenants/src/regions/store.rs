//! The SQL of regions.

use chrono::NaiveDate;
use domain::BoroughId;
use tenancy::{DbError, Platform, Region, Tx};

use super::region::{ExpectedBorough, RegionBody, RegionDraft};

pub(super) async fn list(tx: &mut Tx<Platform>, after: Option<String>, limit: i64) -> Result<Vec<RegionBody>, DbError> {
    let rows = sqlx::query!(
        r#"select r.region, r.name, r.gss, r.created_at,
             (select count(*) from tenants.region_borough b where b.region = r.region) as "expected!"
           from tenants.region r where $1::text is null or r.region > $1 order by r.region limit $2"#,
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let regions = rows.into_iter().map(|row| RegionBody {
        slug: row.region,
        name: row.name,
        gss: row.gss,
        expected_boroughs: row.expected,
        created_at: row.created_at,
    });
    Ok(regions.collect())
}

pub(super) async fn insert(tx: &mut Tx<Platform>, draft: &RegionDraft) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "insert into tenants.region (region, name, gss, created_at) values ($1, $2, $3, $4)",
        draft.slug.as_str(),
        draft.name.trim(),
        draft.gss.as_ref().map(domain::Gss::as_str),
        now
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn expected(
    tx: &mut Tx<Region>,
    after: Option<(String, NaiveDate)>,
    limit: i64,
) -> Result<Vec<ExpectedBorough>, DbError> {
    let (after_slug, after_from) = after.unzip();
    let rows = sqlx::query!(
        "select b.borough_id, b.slug, b.gss, b.name, b.state, r.expected_from, r.expected_to
         from tenants.region_borough r join tenants.borough b on b.borough_id = r.borough_id
         where $1::text is null or (b.slug, r.expected_from) > ($1, $2)
         order by b.slug, r.expected_from limit $3",
        after_slug,
        after_from,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let boroughs = rows.into_iter().map(|row| ExpectedBorough {
        id: BoroughId(row.borough_id),
        slug: row.slug,
        gss: row.gss,
        name: row.name,
        state: crate::boroughs::BoroughState::parse(&row.state),
        expected_from: row.expected_from,
        expected_to: row.expected_to,
    });
    Ok(boroughs.collect())
}
