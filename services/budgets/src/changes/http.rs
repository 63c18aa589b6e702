//! Changes over HTTP.

use auth::can;
use tenancy::{Changes, ChangesBody, ChangesSince, InBorough, list_changes};
use web::{Problem, Query};

/// List what changed in budgets, in order
///
/// Every committed change of agreements, funds, the ledger, contributions and returns, once each, numbered without a gap. Ask with
/// `since` the number you saw last, and again with `next_since`; without it, from the beginning. A change names the thing by its
/// path and says nothing of its content: read the thing, with the permission that takes. What changed with it, such as what it is part of, is in `touched`.
/// What was refused changed nothing and is not here.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/budgets/changes", operation_id = "listBudgetsChanges", tag = "changes",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford"), ChangesSince),
    responses((status = 200, body = ChangesBody)),
    security(("bearer" = ["changes:read"])),
)]
pub(crate) async fn list_budgets_changes(
    scope: InBorough<can::ReadChanges>,
    asked: Query<ChangesSince>,
) -> Result<Changes, Problem> {
    list_changes(&scope, asked).await
}
