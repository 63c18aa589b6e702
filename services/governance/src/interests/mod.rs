//! The register of interests.

pub(crate) mod http;
mod interest;
mod store;

use domain::{InterestId, PersonId};
use tenancy::{Borough, Tx};
use web::Problem;

use crate::drafts::unknown;
pub(crate) use interest::InterestBody;

/// A person's interest a body names.
///
/// # Errors
/// 422 where the person has no such interest.
pub(crate) async fn named_interest(
    tx: &mut Tx<Borough>,
    person: PersonId,
    id: InterestId,
    pointer: &str,
) -> Result<InterestBody, Problem> {
    store::list(tx, person, Some(id), None, 1).await?.pop().ok_or_else(|| unknown(pointer, "interest of this person"))
}
