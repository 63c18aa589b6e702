//! The SQL of purges.

use auth::{PublicSealKey, Signature};
use chrono::{DateTime, Utc};
use domain::{AuditId, BoroughId};
use serde_json::json;
use tenancy::{DbError, Platform, Purge, Tx, Work};
use uuid::Uuid;
use web::words::read;

use super::certificate::{Certificate, Kept, LastExport, LastHead, Purged};

/// Boroughs whose record is to be destroyed.
pub(super) async fn waiting(tx: &mut Tx<Work>) -> Result<Vec<BoroughId>, DbError> {
    let found = sqlx::query_scalar!(
        "select o.borough_id from platform.purge_order o
         where not exists (select from tenants.purge_certificate c where c.borough_id = o.borough_id)
         order by o.ordered_at limit 10"
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(found.into_iter().map(BoroughId).collect())
}

/// Whose it is, held so that one purge follows another. `None` where another did it.
pub(super) async fn subject(tx: &mut Tx<Purge>) -> Result<Option<Purged>, DbError> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('purge of ' || platform.borough(), 0))")
        .fetch_one(tx.connection())
        .await?;
    let row = sqlx::query!(
        "select borough_id, slug, gss, name, mode, retained_until from tenants.borough where state = 'purged'"
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| Purged {
        id: BoroughId(row.borough_id),
        slug: row.slug,
        gss: row.gss,
        name: row.name,
        mode: read(&row.mode),
        retained_until: row.retained_until,
    }))
}

pub(super) async fn last_head(tx: &mut Tx<Purge>) -> Result<Option<LastHead>, DbError> {
    let row = sqlx::query!(
        r#"select position, encode(head, 'hex') as "head!" from platform.audit_checkpoint order by position desc limit 1"#
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| LastHead { position: row.position, head: row.head }))
}

pub(super) async fn last_export(tx: &mut Tx<Purge>) -> Result<Option<LastExport>, DbError> {
    let row = sqlx::query!(
        r#"select made_at as "made_at!", encode(sha256, 'hex') as "sha256!" from tenants.export
           where made_at is not null order by made_at desc limit 1"#
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| LastExport { made_at: row.made_at, sha256: row.sha256 }))
}

pub(super) async fn certify(
    tx: &mut Tx<Purge>,
    borough: BoroughId,
    purged_at: DateTime<Utc>,
    kept: &Kept,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into tenants.purge_certificate (borough_id, purged_at, certificate, public_key, signature)
         values ($1, $2, $3, $4, $5)",
        borough.0,
        purged_at,
        kept.text,
        kept.public_key.as_ref().map(PublicSealKey::bytes),
        kept.signature.as_ref().map(Signature::bytes)
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Says so in the platform's own trail.
pub(super) async fn note(tx: &mut Tx<Purge>, certificate: &Certificate) -> Result<(), DbError> {
    let rows: u64 = certificate.rows.values().sum();
    let after = json!({"borough": certificate.subject.id, "mode": certificate.subject.mode, "rows": rows,
        "files": certificate.files});
    sqlx::query!(
        "insert into platform.office_audit (audit_id, at, client_id, role, request_id, address, action, subject, after)
         values ($1, $2, 'tenants', 'service', '', '', 'borough.purged', $3, $4)",
        AuditId::at(certificate.purged_at).0,
        certificate.purged_at,
        format!("boroughs/{}", certificate.subject.slug),
        after
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// What was destroyed, newest first.
pub(super) async fn list(
    tx: &mut Tx<Platform>,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<((DateTime<Utc>, Uuid), Kept)>, DbError> {
    let (before_at, before_id) = before.unzip();
    let rows = sqlx::query!(
        "select borough_id, purged_at, certificate, public_key, signature from tenants.purge_certificate
         where $1::timestamptz is null or (purged_at, borough_id) < ($1, $2)
         order by purged_at desc, borough_id desc limit $3",
        before_at,
        before_id,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let kept = rows.into_iter().map(|row| {
        let kept = Kept {
            text: row.certificate,
            public_key: row.public_key.as_deref().map(PublicSealKey::of),
            signature: row.signature.as_deref().map(Signature::of),
        };
        ((row.purged_at, row.borough_id), kept)
    });
    Ok(kept.collect())
}
