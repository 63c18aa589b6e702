//! The SQL of copying settings: which sandbox is a live borough's.

use domain::BoroughId;
use tenancy::{DbError, Issuer, Tx};

pub(super) async fn sandbox_of(tx: &mut Tx<Issuer>, slug: &str) -> Result<Option<BoroughId>, DbError> {
    let found =
        sqlx::query_scalar!("select borough_id from tenants.borough where mode = 'sandbox' and slug = $1", slug)
            .fetch_optional(tx.connection())
            .await?;
    Ok(found.map(BoroughId))
}
