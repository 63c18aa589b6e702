//! The SQL of administrators.

use auth::OwnerKind;
use tenancy::{Borough, DbError, KindOf, Tx};

use super::standing::{Standing, Without, administers};
use crate::{
    boroughs::BoroughState,
    clients::{ClientOwner, borough_of},
};

/// One at a time changes who administers an owner.
pub(crate) async fn hold<K: KindOf>(tx: &mut Tx<K>, owner: &ClientOwner) -> Result<(), DbError> {
    let whose = borough_of(owner).map(|id| id.to_string()).unwrap_or_else(|| owner.kind().as_str().into());
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('administrators of ' || $1, 0))", whose)
        .fetch_one(tx.connection())
        .await?;
    Ok(())
}

/// How many administer the borough of the transaction: clients that work, and members who sign in where that works.
pub(crate) async fn count(tx: &mut Tx<Borough>) -> Result<i64, DbError> {
    Ok(standing(tx, OwnerKind::Borough, &Without::Client("")).await?.there)
}

/// How many there are, and how many are left without something. A client whose keys all retire soon does not count.
pub(super) async fn standing<K: KindOf>(
    tx: &mut Tx<K>,
    owner: OwnerKind,
    without: &Without<'_>,
) -> Result<Standing, DbError> {
    let Some((role, scope)) = administers(owner) else { return Ok(Standing { there: 0, left: 0, state: None }) };
    let (mut client, mut key, mut member, mut issuer) = (None, None, None, None);
    match without {
        Without::Client(id) => client = Some(*id),
        Without::Key(id, of_it) => (client, key) = (Some(*id), Some(of_it.0)),
        Without::Member(id) => member = Some(*id),
        Without::Issuer(id) => issuer = Some(id.0),
    }
    let now = tx.now();
    let row = sqlx::query!(
        r#"with lasting as (
             select k.client_id, k.key_id from tenants.client_key k where k.revoked_at is null and k.retires_at is null
           ), administrator as (
             select c.client_id = $4 and ($5::uuid is null or c.jwks_uri is null and not exists (
               select from lasting k where k.client_id = c.client_id and k.key_id <> $5)) as goes
             from tenants.client c left join tenants.borough b on b.borough_id = c.borough_id
             where c.owner_kind = $1 and c.role = $2 and $3 = any (string_to_array(c.scopes, ' '))
               and c.revoked_at is null and (c.expires_at is null or c.expires_at > $8)
               and (b.clients_cut_at is null or b.clients_cut_at < c.created_at)
               and (c.jwks_uri is not null or exists (select from lasting k where k.client_id = c.client_id))
             union all
             select m.member_id = $6 or m.issuer_id = $7
             from tenants.member m join tenants.issuer i on i.issuer_id = m.issuer_id
             where m.owner_kind = $1 and m.role = $2 and m.state = 'active' and i.state = 'active'
           )
           select count(*) as "there!", count(*) filter (where goes is not true) as "left!",
             case when $1 = 'borough' then (select b.state from tenants.borough b) end as state
           from administrator"#,
        owner.as_str(),
        role.as_str(),
        scope,
        client,
        key,
        member,
        issuer,
        now
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(Standing { there: row.there, left: row.left, state: row.state.as_deref().map(BoroughState::parse) })
}
