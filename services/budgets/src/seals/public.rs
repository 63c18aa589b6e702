//! What anybody may read of seals, without a token: the chain of a borough as hashes, and the keys.

use auth::{Hash, PublicSealKey, Signature};
use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::{BoroughId, FinancialYear, FundId, Period};
use serde::Serialize;
use tenancy::{Db, DbError, InPublic, LiveBoroughs, Public, Tx};
use web::{Found, OpenToAll, Page, PageRequest, Paging, Problem, Row};

use super::store;
use crate::App;

impl LiveBoroughs for App {
    fn db(&self) -> &Db {
        &self.db
    }

    async fn find_live(tx: &mut Tx<Public>, named: &str) -> Result<Option<BoroughId>, DbError> {
        store::find_live(tx, named).await
    }
}

/// A link of a borough's chain: enough to make its head again, and no money.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct PublicSeal {
    pub(crate) borough_id: BoroughId,
    #[schema(minimum = 1)]
    pub(crate) position: i64,
    pub(crate) fund_id: FundId,
    pub(crate) year: FinancialYear,
    pub(crate) period: Period,
    pub(crate) closing: i64,
    /// Over what the period holds.
    pub(crate) content: Hash,
    pub(crate) previous: Hash,
    pub(crate) head: Hash,
    pub(crate) sealed_at: DateTime<Utc>,
    pub(crate) key_id: String,
    pub(crate) signature: Signature,
}

impl Row for PublicSeal {
    const COLUMNS: &'static [&'static str] = &[
        "borough_id",
        "position",
        "fund_id",
        "year",
        "period",
        "closing",
        "content",
        "previous",
        "head",
        "sealed_at",
        "key_id",
        "signature",
    ];
}

/// The keys seals are signed with.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SealKeySet {
    /// The one in use, where there is one; then those that earlier seals of the borough were signed with.
    keys: Vec<PublicSealKey>,
}

/// List the heads of a borough's chain of seals, from the first on
///
/// Whoever keeps a copy will see if anything before it is ever made anew.
#[utoipa::path(
    get, path = "/v1/public/boroughs/{borough}/seals", operation_id = "listPublicSeals", tag = "public",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), Paging),
    responses((status = 200, body = Page<PublicSeal>)),
)]
pub(crate) async fn list_public_seals(
    scope: InPublic,
    page: PageRequest,
) -> Result<OpenToAll<Page<PublicSeal>>, Problem> {
    let mut tx = scope.read().await?;
    let seals = store::chain(&mut tx, page.after::<i64>()?, page.rows_wanted()).await?;
    Ok(OpenToAll(page.page(seals, |seal| seal.position)))
}

/// List the keys a borough's seals are signed with
///
/// The private key is not in the database: whoever owns that cannot seal anew what was altered.
#[utoipa::path(
    get, path = "/v1/public/boroughs/{borough}/seal-keys", operation_id = "listPublicSealKeys", tag = "public",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan")),
    responses((status = 200, body = SealKeySet)),
)]
pub(crate) async fn list_public_seal_keys(
    State(app): State<App>,
    scope: InPublic,
) -> Result<OpenToAll<Found<SealKeySet>>, Problem> {
    let mut keys: Vec<PublicSealKey> = app.seal_key.iter().map(|key| key.public().clone()).collect();
    for key in store::keys(&mut scope.read().await?).await? {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    Ok(OpenToAll(Found::of(SealKeySet { keys })))
}
