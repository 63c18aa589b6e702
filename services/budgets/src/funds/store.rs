//! The SQL of funds.

use chrono::{DateTime, Utc};
use domain::{FundId, OrganisationId, Pence};
use serde::Serialize;
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;
use web::Row;

use super::fund::{FundDraft, FundKind, LegalBasis};

/// A fund.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct FundBody {
    pub(crate) id: FundId,
    #[schema(example = "Integrated community equipment fund")]
    pub(crate) name: String,
    pub(crate) local_label: Option<String>,
    pub(crate) kind: FundKind,
    pub(crate) legal_basis: LegalBasis,
    /// The body that hosts it today.
    pub(crate) host: OrganisationId,
    /// The host's name.
    #[schema(example = "NHS Salford CCG")]
    pub(crate) host_name: String,
    /// An estimate of its size, never part of a position.
    pub(crate) indicative_pence: Option<Pence>,
    /// Where this is known from.
    pub(crate) source: String,
    /// Made up; out of every total.
    pub(crate) illustrative: bool,
    pub(crate) created_at: DateTime<Utc>,
    #[serde(skip)]
    pub(crate) region: Option<String>,
}

impl Row for FundBody {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "name",
        "local_label",
        "kind",
        "legal_basis",
        "host",
        "host_name",
        "indicative_pence",
        "source",
        "illustrative",
        "created_at",
    ];
}

/// All funds in the order of their ids, or one.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    one: Option<FundId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<FundBody>, DbError> {
    let rows = sqlx::query!(
        r#"select f.fund_id, f.name, f.local_label, f.kind, f.legal_basis, p.organisation_id as host_id, p.name as host_name,
           f.indicative_pence, f.source, f.illustrative, f.created_at, f.region
         from budgets.fund f join budgets.party p on p.organisation_id = coalesce(
           (select h.organisation_id from budgets.fund_host h where h.fund_id = f.fund_id and h.from_on <= $4
            order by h.from_on desc limit 1), f.host_id)
         where ($1::uuid is null or f.fund_id = $1) and ($2::uuid is null or f.fund_id > $2)
         order by f.fund_id limit $3"#,
        one.map(|id| id.0),
        after,
        limit,
        domain::day_in_england(tx.now())
    )
    .fetch_all(tx.connection())
    .await?;
    let funds = rows.into_iter().map(|row| FundBody {
        id: FundId(row.fund_id),
        name: row.name,
        local_label: row.local_label,
        kind: FundKind::parse(&row.kind),
        legal_basis: LegalBasis::parse(&row.legal_basis),
        host: OrganisationId(row.host_id),
        host_name: row.host_name,
        indicative_pence: row.indicative_pence.map(Pence),
        source: row.source,
        illustrative: row.illustrative,
        created_at: row.created_at,
        region: row.region,
    });
    Ok(funds.collect())
}

/// The fund, where it is one of the borough's.
pub(crate) async fn find_fund(tx: &mut Tx<Borough>, id: FundId) -> Result<Option<FundBody>, DbError> {
    Ok(list(tx, Some(id), None, 1).await?.pop())
}

pub(super) async fn insert(tx: &mut Tx<Borough>, fund: &FundBody, draft: &FundDraft) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.fund (borough_id, fund_id, name, local_label, kind, legal_basis, host_id,
           indicative_pence, source, illustrative, region, created_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        fund.id.0,
        fund.name,
        fund.local_label,
        draft.kind.as_str(),
        draft.legal_basis.as_str(),
        draft.host.0,
        draft.indicative_pence.map(|sum| sum.0),
        fund.source,
        draft.illustrative,
        fund.region,
        fund.created_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// A pooled fund, for tests.
#[cfg(test)]
pub(crate) fn a_fund(id: FundId) -> FundBody {
    FundBody {
        id,
        name: "A fund".into(),
        local_label: None,
        kind: FundKind::Pooled,
        legal_basis: LegalBasis::S75Reg7,
        host: OrganisationId(id.0),
        host_name: "A host".into(),
        indicative_pence: None,
        source: "A test".into(),
        illustrative: false,
        created_at: DateTime::UNIX_EPOCH,
        region: None,
    }
}
