//! The SQL of facts.

use events::tenants::BoroughPlaced;
use tenancy::{Borough, DbError, Tx};

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
