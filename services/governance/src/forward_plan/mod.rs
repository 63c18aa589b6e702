//! The forward plan: notices of the key decisions to come.

mod entry;
pub(crate) mod http;
mod store;

use domain::PlanEntryId;
use tenancy::{Borough, Tx};
use web::Problem;

use crate::drafts::unknown;
pub(crate) use entry::PlanEntryBody;

/// An entry of the forward plan.
///
/// # Errors
/// 404 where there is no such entry.
pub(crate) async fn find_entry(tx: &mut Tx<Borough>, id: PlanEntryId) -> Result<PlanEntryBody, Problem> {
    store::list(tx, Some(id), None, None, 1).await?.pop().ok_or_else(|| Problem::not_found("entry of the forward plan"))
}

/// An entry a body names.
///
/// # Errors
/// 422 where there is no such entry.
pub(crate) async fn named_entry(
    tx: &mut Tx<Borough>,
    id: PlanEntryId,
    pointer: &str,
) -> Result<PlanEntryBody, Problem> {
    let found = store::list(tx, Some(id), None, None, 1).await?.pop();
    found.ok_or_else(|| unknown(pointer, "entry of the forward plan"))
}
