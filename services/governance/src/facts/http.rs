//! Money that waits for a decision, over HTTP.

use auth::can;
use chrono::{DateTime, Utc};
use domain::{DecisionId, FinancialYear, FundId, Pence, ProposalId};
use serde::Serialize;
use tenancy::InBorough;
use uuid::Uuid;
use web::{Page, PageRequest, Paging, Problem, Row};

use super::store;

/// A journal that was refused for want of a decision.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ProposalBody {
    pub(super) id: ProposalId,
    pub(super) fund: FundId,
    #[schema(example = "Integrated commissioning fund")]
    pub(super) fund_name: Option<String>,
    pub(super) year: FinancialYear,
    /// What it would move.
    pub(super) amount_pence: Pence,
    /// What its role may move without a decision.
    pub(super) limit_pence: Pence,
    #[schema(example = "finance")]
    pub(super) role: String,
    pub(super) narrative: String,
    pub(super) wanted_at: DateTime<Utc>,
    /// The decision that answers it, once one is recorded.
    pub(super) decision: Option<DecisionId>,
}

impl Row for ProposalBody {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "fund",
        "fund_name",
        "year",
        "amount_pence",
        "limit_pence",
        "role",
        "narrative",
        "wanted_at",
        "decision",
    ];
}

/// List money that waits for a decision
///
/// The ledger refused a journal above the limit of its role, and tells it here; a motion may answer it by its id.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/proposals", operation_id = "listProposals", tag = "decisions",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), Paging),
    responses((status = 200, body = Page<ProposalBody>)),
    security(("bearer" = ["decisions:read"])),
)]
pub(crate) async fn list_proposals(
    scope: InBorough<can::ReadDecisions>,
    page: PageRequest,
) -> Result<Page<ProposalBody>, Problem> {
    let mut tx = scope.read().await?;
    let rows = store::proposals(&mut tx, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |proposal| proposal.id))
}
