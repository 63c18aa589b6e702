//! The SQL of sign-ins: whose provider it is, before any owner is known; then who signs in, in a transaction of the owner's.

use auth::{BoroughClaim, Owner, PartnerClaim, Person, RegionClaim};
use chrono::{DateTime, Duration};
use domain::{BoroughId, InvitationId, IssuerId, day_in_england};
use tenancy::{DbError, Issuer, KindOf, Tx};
use web::words::{read, word};

use super::arrival::Known;
use crate::{
    clients::{ClientOwner, borough_of, named},
    invitations::InvitationTimes,
    issuers::ClaimMapping,
    members::RoleFrom,
};

/// A provider that an ID token says it is of.
pub(super) struct FoundIssuer {
    pub(super) id: IssuerId,
    pub(super) owner: Owner,
    pub(super) jwks_uri: String,
}

/// The one that was registered under that name, with us as that audience.
pub(super) async fn find_issuer(
    tx: &mut Tx<Issuer>,
    issuer: &str,
    audience: &str,
) -> Result<Option<FoundIssuer>, DbError> {
    let row = sqlx::query!(
        r#"select i.issuer_id, i.owner_kind, i.region, i.ods, i.jwks_uri,
             b.borough_id as "borough_id?", b.slug as "slug?", b.gss as "gss?", b.mode as "mode?"
           from tenants.issuer i left join tenants.borough b on b.borough_id = i.borough_id
           where i.issuer = $1 and i.audience = $2 and i.state <> 'removed'"#,
        issuer,
        audience
    )
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let borough = || {
        Some(Owner::Borough(BoroughClaim {
            id: BoroughId(row.borough_id?),
            slug: row.slug.as_deref()?.parse().ok()?,
            gss: row.gss.as_deref()?.parse().ok()?,
            mode: read(row.mode.as_deref()?),
        }))
    };
    let owner = match row.owner_kind.as_str() {
        "borough" => borough(),
        "region" => row.region.and_then(|r| r.parse().ok()).map(|slug| Owner::Region(RegionClaim { slug })),
        "partner" => row.ods.and_then(|o| o.parse().ok()).map(|ods| Owner::Partner(PartnerClaim { ods })),
        _ => Some(Owner::Platform),
    };
    Ok(owner.map(|owner| FoundIssuer { id: IssuerId(row.issuer_id), owner, jwks_uri: row.jwks_uri }))
}

/// The live borough of a name.
pub(super) async fn borough_named(tx: &mut Tx<Issuer>, name: &str) -> Result<Option<BoroughId>, DbError> {
    let found = sqlx::query_scalar!(
        "select borough_id from tenants.borough where mode = 'live' and (slug = $1 or gss = $1)",
        name
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(found.map(BoroughId))
}

/// Holds off whoever would cut off the tokens of the owner or the provider until this transaction ends, and lets one
/// sign-in of a person go before the next.
pub(super) async fn hold<K: KindOf>(
    tx: &mut Tx<K>,
    issuer: &FoundIssuer,
    owner: &ClientOwner,
    person: &Person,
) -> Result<(), DbError> {
    let borough = borough_of(owner).map(|id| id.to_string());
    sqlx::query!(
        "select pg_advisory_xact_lock_shared(hashtextextended('tokens of ' || subject, 0))
         from unnest(array[$1::text, $2::text]) subject where subject is not null",
        borough,
        issuer.id.to_string()
    )
    .fetch_all(tx.connection())
    .await?;
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('sign-in of ' || $1 || encode($2, 'hex'), 0))",
        issuer.id.to_string(),
        person.subject_hash
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(())
}

/// How the provider stands under that hold.
pub(super) struct Standing {
    pub(super) active: bool,
    pub(super) suspended_borough: bool,
    pub(super) mappings: Vec<ClaimMapping>,
}

pub(super) async fn standing<K: KindOf>(tx: &mut Tx<K>, issuer: &FoundIssuer) -> Result<Standing, DbError> {
    let row = sqlx::query!(
        r#"select i.state, i.mappings, b.state as "borough?"
           from tenants.issuer i left join tenants.borough b on b.borough_id = i.borough_id where i.issuer_id = $1"#,
        issuer.id.0
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(Standing {
        active: row.state == "active",
        suspended_borough: row.borough.is_some_and(|state| !crate::boroughs::BoroughState::parse(&state).is_open()),
        mappings: serde_json::from_value(row.mappings).unwrap_or_default(),
    })
}

/// Spends an ID token. False where it was spent before.
pub(super) async fn spend<K: KindOf>(tx: &mut Tx<K>, owner: &ClientOwner, person: &Person) -> Result<bool, DbError> {
    let useless_from = DateTime::from_timestamp(person.useless_from, 0).unwrap_or_else(|| tx.now());
    let spent = sqlx::query!(
        "insert into tenants.spent_id_token (digest, borough_id, expires_at) values ($1, $2, $3) on conflict do nothing",
        person.digest,
        borough_of(owner),
        useless_from
    )
    .execute(tx.connection())
    .await?;
    Ok(spent.rows_affected() == 1)
}

/// Who a person is here: the member, where they are one, held until the transaction ends.
pub(super) async fn find_person<K: KindOf>(
    tx: &mut Tx<K>,
    issuer: &FoundIssuer,
    person: &Person,
) -> Result<(Known, Option<(String, String)>), DbError> {
    // Whoever is suspending them finishes first.
    sqlx::query!(
        "select pg_advisory_xact_lock_shared(hashtextextended('tokens of ' || member_id, 0))
         from tenants.member where issuer_id = $1 and subject_hash = $2 and state <> 'removed'",
        issuer.id.0,
        person.subject_hash
    )
    .fetch_all(tx.connection())
    .await?;
    let rows = sqlx::query!(
        "select member_id, role, role_from, state from tenants.member where issuer_id = $1 and subject_hash = $2
         order by state = 'removed', joined_at desc limit 1",
        issuer.id.0,
        person.subject_hash
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(match rows {
        None => (Known::Nobody, None),
        Some(row) if row.state == "removed" => (Known::Left, None),
        Some(row) => (Known::Member(read(&row.state), read(&row.role_from)), Some((row.member_id, row.role))),
    })
}

/// An invitation that was sent with an ID token, held until the transaction ends.
pub(super) struct Invited {
    pub(super) id: InvitationId,
    pub(super) office: String,
    pub(super) role: String,
    pub(super) times: InvitationTimes,
}

pub(super) async fn find_invitation<K: KindOf>(
    tx: &mut Tx<K>,
    owner: &ClientOwner,
    code_hash: &[u8],
) -> Result<Option<Invited>, DbError> {
    let (region, ods) = named(owner);
    let row = sqlx::query!(
        "select invitation_id, office, role, expires_at, accepted_at, withdrawn_at from tenants.invitation
         where code_hash = $1 and owner_kind = $2 and region is not distinct from $3 and ods is not distinct from $4
         for update",
        code_hash,
        owner.kind().as_str(),
        region,
        ods
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| Invited {
        id: InvitationId(row.invitation_id),
        office: row.office,
        role: row.role,
        times: InvitationTimes {
            expires_at: row.expires_at,
            accepted_at: row.accepted_at,
            withdrawn_at: row.withdrawn_at,
        },
    }))
}

pub(super) async fn accept<K: KindOf>(tx: &mut Tx<K>, invitation: InvitationId, member: &str) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "update tenants.invitation set accepted_at = $3, accepted_by = $2, version = version + 1 where invitation_id = $1",
        invitation.0,
        member,
        now
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Makes a person a member.
pub(super) async fn join<K: KindOf>(
    tx: &mut Tx<K>,
    (issuer, owner): (&FoundIssuer, &ClientOwner),
    person: &Person,
    (member, office, role, from): (&str, &str, &str, RoleFrom),
) -> Result<(), DbError> {
    let (region, ods) = named(owner);
    let now = tx.now();
    sqlx::query!(
        "insert into tenants.member (member_id, owner_kind, borough_id, region, ods, office, role, role_from, state,
           issuer_id, subject_hash, joined_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, 'active', $9, $10, $11)",
        member,
        owner.kind().as_str(),
        borough_of(owner),
        region,
        ods,
        office,
        role,
        word(from),
        issuer.id.0,
        person.subject_hash,
        now
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Gives a member the role that their claim says now, and refuses the tokens they got before it.
pub(super) async fn follow_claim<K: KindOf>(
    tx: &mut Tx<K>,
    owner: &ClientOwner,
    member: &str,
    role: &str,
) -> Result<(), DbError> {
    sqlx::query!("update tenants.member set role = $2, version = version + 1 where member_id = $1", member, role)
        .execute(tx.connection())
        .await?;
    // Up to the last second: the token they are about to get is of this one.
    let not_before = tx.clock_now() - Duration::seconds(1);
    sqlx::query!(
        "insert into platform.client_epoch as e (client_id, borough_id, not_before, reason)
         values ($1, $2, $3, 'another claim of their provider')
         on conflict (client_id) do update set not_before = greatest(e.not_before, excluded.not_before),
           reason = excluded.reason",
        member,
        borough_of(owner),
        not_before
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Remembers that a member signed in on this day: one write a day, not one a sign-in.
pub(super) async fn note_sign_in<K: KindOf>(tx: &mut Tx<K>, member: &str) -> Result<(), DbError> {
    let today = day_in_england(tx.now());
    sqlx::query!(
        "update tenants.member set last_signed_in_on = $2 where member_id = $1 and last_signed_in_on is distinct from $2",
        member,
        today
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
