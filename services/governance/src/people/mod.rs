//! People, as the record names them.

pub(crate) mod http;
mod person;
mod store;

use domain::PersonId;
use tenancy::{Borough, Tx};
use web::Problem;

use crate::drafts::unknown;
pub(crate) use person::PersonBody;

/// A person of the borough.
///
/// # Errors
/// 404 where there is no such person.
pub(crate) async fn find_person(tx: &mut Tx<Borough>, id: PersonId) -> Result<PersonBody, Problem> {
    store::list(tx, Some(id), None, 1).await?.pop().ok_or_else(|| Problem::not_found("person"))
}

/// A person a body names.
///
/// # Errors
/// 422 where there is no such person.
pub(crate) async fn named_person(tx: &mut Tx<Borough>, id: PersonId, pointer: &str) -> Result<PersonBody, Problem> {
    store::list(tx, Some(id), None, 1).await?.pop().ok_or_else(|| unknown(pointer, "person"))
}
