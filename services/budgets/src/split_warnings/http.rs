//! Split warnings over HTTP.

use auth::can;
use tenancy::InBorough;
use uuid::Uuid;
use web::{At, Page, PageRequest, Paging, Problem};

use super::{split_warning::SplitWarningBody, store};
use crate::funds::{find_fund, http::FundPath};

/// List the warnings that something was split to stay under a limit, newest first
///
/// Journals that a role posted without a decision on one scheme within 30 days, and that are together above its
/// limit. A warning blocks nothing. What was reversed by then, and what is less than a tenth of the limit, is left out.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/split-warnings", operation_id = "listSplitWarnings",
    tag = "journals",
    params(FundPath, Paging),
    responses((status = 200, body = Page<SplitWarningBody>)),
    security(("bearer" = ["journals:read"])),
)]
pub(crate) async fn list_split_warnings(
    scope: InBorough<can::ReadJournals>,
    At(path): At<FundPath>,
    page: PageRequest,
) -> Result<Page<SplitWarningBody>, Problem> {
    let mut tx = scope.read().await?;
    find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    let rows = store::list(&mut tx, path.fund, page.after::<(Uuid, Uuid)>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |warning| (warning.journal, warning.scheme_id)))
}
