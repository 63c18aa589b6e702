//! The SQL of organisations.

use chrono::NaiveDate;
use domain::OrganisationId;
use serde_json::Value;
use tenancy::{Borough, DbError, Partner, Tx};
use uuid::Uuid;

use super::{
    http::PartnerRecord,
    organisation::{AliasDraft, Link, OrganisationBody, OrganisationDraft, OrganisationKind},
};

struct OrganisationRow {
    organisation_id: Uuid,
    kind: String,
    name: String,
    ods: Option<String>,
    gss: Option<String>,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
    source: String,
    aliases: Vec<String>,
    predecessors: Value,
    successors: Value,
}

fn links(value: Value) -> Vec<Link> {
    serde_json::from_value(value).unwrap_or_default()
}

impl From<OrganisationRow> for OrganisationBody {
    fn from(row: OrganisationRow) -> Self {
        Self {
            id: OrganisationId(row.organisation_id),
            kind: OrganisationKind::parse(&row.kind),
            name: row.name,
            ods: row.ods.and_then(|code| code.parse().ok()),
            gss: row.gss.and_then(|code| code.parse().ok()),
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            aliases: row.aliases,
            predecessors: links(row.predecessors),
            successors: links(row.successors),
            source: row.source,
        }
    }
}

/// All of them in the order of their ids, or one.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    one: Option<OrganisationId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<OrganisationBody>, DbError> {
    let rows = sqlx::query_as!(
        OrganisationRow,
        r#"select o.organisation_id, o.kind, o.name, o.ods, o.gss, o.valid_from, o.valid_to, o.source,
             array(select a.name from tenants.organisation_alias a where a.organisation_id = o.organisation_id
                   order by a.name) as "aliases!",
             coalesce((select jsonb_agg(jsonb_build_object('id', s.predecessor_id, 'name', s.predecessor_name,
                         'ods', s.predecessor_ods, 'followed_on', s.followed_on) order by s.predecessor_name)
                       from tenants.succession s where s.successor_id = o.organisation_id), '[]') as "predecessors!",
             coalesce((select jsonb_agg(jsonb_build_object('id', n.organisation_id, 'name', n.name,
                         'ods', n.ods, 'followed_on', s.followed_on) order by n.name)
                       from tenants.succession s join tenants.organisation n on n.organisation_id = s.successor_id
                       where s.predecessor_id = o.organisation_id), '[]') as "successors!"
           from tenants.organisation o
           where ($1::uuid is null or o.organisation_id = $1) and ($2::uuid is null or o.organisation_id > $2)
           order by o.organisation_id limit $3"#,
        one.map(|id| id.0),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Whether a body of the same kind and NHS code is recorded for some of the same days.
pub(super) async fn recorded_already(tx: &mut Tx<Borough>, draft: &OrganisationDraft) -> Result<bool, DbError> {
    let there = sqlx::query_scalar!(
        r#"select exists (
             select from tenants.organisation o
             where o.kind = $1 and o.ods = $2
               and daterange(o.valid_from, o.valid_to, '[]') && daterange($3, $4, '[]')) as "there!""#,
        draft.kind.as_str(),
        draft.ods.as_ref().map(domain::Ods::as_str),
        draft.valid_from,
        draft.valid_to
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(there)
}

pub(super) async fn insert(tx: &mut Tx<Borough>, id: OrganisationId, draft: &OrganisationDraft) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "insert into tenants.organisation
           (borough_id, organisation_id, kind, name, ods, gss, valid_from, valid_to, source, recorded_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9)",
        id.0,
        draft.kind.as_str(),
        draft.name.trim(),
        draft.ods.as_ref().map(domain::Ods::as_str),
        draft.gss.as_ref().map(domain::Gss::as_str),
        draft.valid_from,
        draft.valid_to,
        draft.source.trim(),
        now
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Sets a body's last day, where it has none. False where it has one.
pub(super) async fn end(tx: &mut Tx<Borough>, id: OrganisationId, last_day: NaiveDate) -> Result<bool, DbError> {
    let ended = sqlx::query!(
        "update tenants.organisation set valid_to = $2 where organisation_id = $1 and valid_to is null",
        id.0,
        last_day
    )
    .execute(tx.connection())
    .await?;
    Ok(ended.rows_affected() == 1)
}

pub(super) async fn insert_alias(
    tx: &mut Tx<Borough>,
    id: OrganisationId,
    alias: &AliasDraft,
    client_id: &str,
) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "insert into tenants.organisation_alias (borough_id, organisation_id, name, source, recorded_at, client_id)
         values (platform.borough(), $1, $2, $3, $4, $5)",
        id.0,
        alias.name.trim(),
        alias.source.trim(),
        now,
        client_id
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn insert_succession(
    tx: &mut Tx<Borough>,
    successor: OrganisationId,
    draft: &OrganisationDraft,
    predecessor: &OrganisationBody,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into tenants.succession
           (borough_id, successor_id, predecessor_id, successor_ods, predecessor_name, predecessor_ods, followed_on)
         values (platform.borough(), $1, $2, $3, $4, $5, $6)",
        successor.0,
        predecessor.id.0,
        draft.ods.as_ref().map(domain::Ods::as_str),
        predecessor.name,
        predecessor.ods.as_ref().map(domain::Ods::as_str),
        draft.valid_from
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// One organisation's own record in each live borough.
pub(super) async fn list_as_partner(
    tx: &mut Tx<Partner>,
    after: Option<(String, Uuid)>,
    limit: i64,
) -> Result<Vec<PartnerRecord>, DbError> {
    let (after_slug, after_id) = after.unzip();
    let rows = sqlx::query!(
        r#"select b.slug, b.gss as borough_gss, b.name as borough_name, o.organisation_id, o.kind, o.name, o.ods, o.gss,
             o.valid_from, o.valid_to,
             coalesce((select jsonb_agg(jsonb_build_object('id', s.predecessor_id, 'name', s.predecessor_name,
                         'ods', s.predecessor_ods, 'followed_on', s.followed_on) order by s.predecessor_name)
                       from tenants.succession s
                       where s.borough_id = o.borough_id and s.successor_id = o.organisation_id), '[]') as "predecessors!"
           from tenants.organisation o join tenants.borough b on b.borough_id = o.borough_id
           where $1::text is null or (b.slug, o.organisation_id) > ($1, $2)
           order by b.slug, o.organisation_id limit $3"#,
        after_slug,
        after_id,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let records = rows.into_iter().map(|row| PartnerRecord {
        borough: super::http::NamedBorough { slug: row.slug, gss: row.borough_gss, name: row.borough_name },
        id: OrganisationId(row.organisation_id),
        kind: OrganisationKind::parse(&row.kind),
        name: row.name,
        ods: row.ods,
        gss: row.gss,
        valid_from: row.valid_from,
        valid_to: row.valid_to,
        predecessors: links(row.predecessors),
    });
    Ok(records.collect())
}
