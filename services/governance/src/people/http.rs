//! People over HTTP.

use auth::can;
use domain::PersonId;
use serde::Deserialize;
use tenancy::{Act, Handled, InBorough, OnConstraint};
use uuid::Uuid;
use web::{At, Created, Found, Page, PageRequest, Paging, Problem, Sent, problems};

use super::person::{PersonBody, PersonDraft};
use super::{find_person, store};
use crate::drafts::trimmed;

/// A person in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct PersonPath {
    /// Slug or GSS code.
    #[param(example = "wigan")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The person.
    pub(crate) person: PersonId,
}

/// List people
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/people", operation_id = "listPeople", tag = "people",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), Paging),
    responses((status = 200, body = Page<PersonBody>)),
    security(("bearer" = ["people:read"])),
)]
pub(crate) async fn list_people(
    scope: InBorough<can::ReadPeople>,
    page: PageRequest,
) -> Result<Page<PersonBody>, Problem> {
    let mut tx = scope.read().await?;
    let rows = store::list(&mut tx, None, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |person| person.id))
}

/// Record a person
///
/// Only what they are called in the record. Offices, seats and interests name them by id.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/people", operation_id = "recordPerson", tag = "people",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan")),
    request_body = PersonDraft,
    responses((status = 201, body = PersonBody)),
    security(("bearer" = ["people:manage"])),
)]
pub(crate) async fn record_person(
    scope: InBorough<can::ManagePeople>,
    Sent(draft, request): Sent<PersonDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let body = PersonBody {
        id: PersonId::at(scope.now()),
        name: draft.name.trim().to_owned(),
        external_id: trimmed(draft.external_id),
        created_at: scope.now(),
    };
    store::insert(&mut tx, &body).await.on_constraint("person_external", || {
        Problem::of_fault(&problems::CONFLICT, "/external_id", "Another person has this external id.")
    })?;
    // The trail names ids, never people.
    tx.record(Act::new("person.recorded", format!("people/{}", body.id)));
    let location = format!("/v1/boroughs/{}/people/{}", scope.borough().slug, body.id);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

/// Get a person
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/people/{person}", operation_id = "getPerson", tag = "people",
    params(PersonPath),
    responses((status = 200, body = PersonBody)),
    security(("bearer" = ["people:read"])),
)]
pub(crate) async fn get_person(
    scope: InBorough<can::ReadPeople>,
    At(path): At<PersonPath>,
) -> Result<Found<PersonBody>, Problem> {
    Ok(Found::of(find_person(&mut scope.read().await?, path.person).await?))
}
