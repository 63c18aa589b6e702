//! The SQL of token issuing: clients, before any borough is known.

use auth::{BoroughClaim, Mode, Owner, PartnerClaim, RegionClaim, Role, Scopes};
use domain::BoroughId;
use tenancy::{DbError, Issuer, Tx};

/// A client that may get a token.
pub(super) struct Found {
    pub(super) owner: Owner,
    pub(super) role: Role,
    pub(super) scopes: Scopes,
    pub(super) secret_hash: Vec<u8>,
    pub(super) revoked: bool,
    pub(super) suspended: bool,
}

/// Finds a client, holding off whoever would revoke it or suspend its borough until this transaction ends:
/// a token is issued either before the cut, and cut off, or not at all.
pub(super) async fn find_client(tx: &mut Tx<Issuer>, client_id: &str) -> Result<Option<Found>, DbError> {
    sqlx::query!(
        "select pg_advisory_xact_lock_shared(hashtextextended('tokens of ' || subject, 0))
         from (select $1::text as subject
               union all
               select borough_id::text from tenants.client where client_id = $1 and borough_id is not null) s",
        client_id
    )
    .fetch_all(tx.connection())
    .await?;
    let row = sqlx::query!(
        r#"select c.owner_kind, c.region, c.ods, c.role, c.scopes, c.secret_hash, c.revoked_at is not null as "revoked!",
             b.borough_id as "borough_id?", b.slug as "slug?", b.gss as "gss?", b.mode as "mode?", b.state as "state?"
           from tenants.client c left join tenants.borough b on b.borough_id = c.borough_id
           where c.client_id = $1"#,
        client_id
    )
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let borough = || {
        Some(Owner::Borough(BoroughClaim {
            id: BoroughId(row.borough_id?),
            slug: row.slug.as_deref()?.parse().ok()?,
            gss: row.gss.as_deref()?.parse().ok()?,
            mode: if row.mode.as_deref()? == "live" { Mode::Live } else { Mode::Sandbox },
        }))
    };
    let owner = match row.owner_kind.as_str() {
        "borough" => borough(),
        "region" => row.region.and_then(|r| r.parse().ok()).map(|slug| Owner::Region(RegionClaim { slug })),
        "partner" => row.ods.and_then(|o| o.parse().ok()).map(|ods| Owner::Partner(PartnerClaim { ods })),
        _ => Some(Owner::Platform),
    };
    let (Some(owner), Ok(role), Ok(scopes)) = (owner, row.role.parse(), row.scopes.parse::<Scopes>()) else {
        return Ok(None);
    };
    Ok(Some(Found {
        owner,
        role,
        scopes,
        secret_hash: row.secret_hash,
        revoked: row.revoked,
        suspended: row.state.as_deref() == Some("suspended"),
    }))
}
