//! The SQL of restoring, as the role `tenants_restore`.

use auth::ClientSecret;
use chrono::{DateTime, Utc};
use domain::{AuditId, BoroughId, ClientKeyId};
use serde_json::json;
use tenancy::{DbError, Restoring};

use crate::exports::{Manifest, ManifestBorough, ManifestRegion};

/// What of the borough is here already, in words.
pub(super) async fn already(restoring: &mut Restoring, borough: &ManifestBorough) -> Result<Option<String>, DbError> {
    let found = sqlx::query!(
        "select borough_id, slug, gss from tenants.borough
         where borough_id = $1 or (mode = $4 and (slug = $2 or gss = $3)) limit 1",
        borough.id.0,
        borough.slug.as_str(),
        borough.gss.as_str(),
        borough.mode.as_str()
    )
    .fetch_optional(restoring.connection())
    .await?;
    Ok(found.map(|row| format!("a borough {} ({}) in mode {}", row.slug, row.gss, borough.mode.as_str())))
}

/// Makes a region that is not here.
pub(super) async fn region(restoring: &mut Restoring, region: &ManifestRegion) -> Result<(), DbError> {
    sqlx::query!(
        "insert into tenants.region (region, name, gss, created_at) values ($1, $2, $3, $4) on conflict do nothing",
        region.region.as_str(),
        region.name,
        region.gss.as_ref().map(domain::Gss::as_str),
        region.created_at
    )
    .execute(restoring.connection())
    .await?;
    Ok(())
}

/// The first administrator's client that works with a secret.
pub(super) async fn administrator(
    restoring: &mut Restoring,
    borough: BoroughId,
    now: DateTime<Utc>,
) -> Result<Option<String>, DbError> {
    let found = sqlx::query_scalar!(
        "select client_id from tenants.client
         where borough_id = $1 and role = 'admin' and authentication = 'secret' and revoked_at is null
           and (expires_at is null or expires_at > $2)
         order by created_at, client_id collate \"C\" limit 1",
        borough.0,
        now
    )
    .fetch_optional(restoring.connection())
    .await?;
    Ok(found)
}

pub(super) async fn secret(
    restoring: &mut Restoring,
    borough: BoroughId,
    client_id: &str,
    secret: &ClientSecret,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into tenants.client_key (client_id, key_id, borough_id, kind, hint, secret_hash, created_at, starts_at)
         values ($1, $2, $3, 'secret', $4, $5, $6, $6)",
        client_id,
        ClientKeyId::at(now).0,
        borough.0,
        secret.hint(),
        &secret.hash(),
        now
    )
    .execute(restoring.connection())
    .await?;
    Ok(())
}

/// Says so in the platform's own trail.
pub(super) async fn note(
    restoring: &mut Restoring,
    borough: &ManifestBorough,
    manifest: &Manifest,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let after = json!({"borough": borough.id, "mode": borough.mode, "rows": manifest.rows(),
        "exported_at": manifest.exported_at, "instance": manifest.instance});
    sqlx::query!(
        "insert into platform.office_audit (audit_id, at, client_id, role, request_id, address, action, subject, after)
         values ($1, $2, 'operator', 'owner', '', '', 'borough.restored', $3, $4)",
        AuditId::at(now).0,
        now,
        format!("boroughs/{}", borough.slug),
        after
    )
    .execute(restoring.connection())
    .await?;
    Ok(())
}
