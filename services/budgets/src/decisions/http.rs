//! Decisions over HTTP.

use auth::can;
use tenancy::InBorough;
use uuid::Uuid;
use web::{At, Page, PageRequest, Paging, Problem};

use super::{decision::FundDecisionBody, store};
use crate::funds::{find_fund, http::FundPath};

/// List the decisions about a fund's money, and what spent them
///
/// A decision lets one journal, or one reversal, move up to its amount from its day on.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/decisions", operation_id = "listFundDecisions", tag = "journals",
    params(FundPath, Paging),
    responses((status = 200, body = Page<FundDecisionBody>)),
    security(("bearer" = ["journals:read"])),
)]
pub(crate) async fn list_fund_decisions(
    scope: InBorough<can::ReadJournals>,
    At(path): At<FundPath>,
    page: PageRequest,
) -> Result<Page<FundDecisionBody>, Problem> {
    let mut tx = scope.read().await?;
    find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    let rows = store::list(&mut tx, path.fund, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |decision| decision.id))
}
