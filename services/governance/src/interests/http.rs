//! The register of interests over HTTP.

use auth::can;
use domain::{InterestId, PersonId, day_in_england};
use serde::Deserialize;
use serde_json::json;
use tenancy::{Act, Handled, InBorough};
use uuid::Uuid;
use web::{At, Created, Page, PageRequest, Paging, Problem, Sent, problems};

use super::interest::{InterestBody, InterestDraft, InterestEndingDraft, promptness};
use super::store;
use crate::people::{find_person, http::PersonPath};

/// An interest in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct InterestPath {
    /// Slug or GSS code.
    #[param(example = "wigan")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The person.
    person: PersonId,
    /// The interest.
    interest: InterestId,
}

/// List a person's interests, in the order they were registered
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/people/{person}/interests", operation_id = "listInterests", tag = "people",
    params(PersonPath, Paging),
    responses((status = 200, body = Page<InterestBody>)),
    security(("bearer" = ["people:read"])),
)]
pub(crate) async fn list_interests(
    scope: InBorough<can::ReadPeople>,
    At(path): At<PersonPath>,
    page: PageRequest,
) -> Result<Page<InterestBody>, Problem> {
    let mut tx = scope.read().await?;
    find_person(&mut tx, path.person).await?;
    let rows = store::list(&mut tx, path.person, None, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |interest| interest.id))
}

/// Register an interest
///
/// One that arose more than 28 days ago is taken, and marked late.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/people/{person}/interests", operation_id = "registerInterest", tag = "people",
    params(PersonPath),
    request_body = InterestDraft,
    responses((status = 201, body = InterestBody)),
    security(("bearer" = ["people:manage"])),
)]
pub(crate) async fn register_interest(
    scope: InBorough<can::ManagePeople>,
    At(path): At<PersonPath>,
    Sent(draft, request): Sent<InterestDraft>,
) -> Handled {
    let today = day_in_england(scope.now());
    draft.check(today)?;
    let mut tx = scope.write(&request).await?;
    find_person(&mut tx, path.person).await?;
    let (days, late) = promptness(draft.arose_on, today);
    let body = InterestBody {
        id: InterestId::at(scope.now()),
        person: path.person,
        kind: draft.kind,
        nature: draft.nature.trim().to_owned(),
        arose_on: draft.arose_on,
        registered_on: today,
        days,
        late,
        ended_on: None,
        created_at: scope.now(),
        version: 1,
    };
    store::insert(&mut tx, &body).await?;
    let subject = format!("people/{}/interests/{}", path.person, body.id);
    let told = json!({"kind": body.kind, "arose_on": body.arose_on, "registered_on": today, "late": late});
    tx.record(Act::new("interest.registered", subject).after(told));
    let location = format!("/v1/boroughs/{}/people/{}/interests", scope.borough().slug, path.person);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

/// End an interest
///
/// It stays on the register, with the last day it was held.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/people/{person}/interests/{interest}/endings", operation_id = "endInterest",
    tag = "people",
    params(InterestPath),
    request_body = InterestEndingDraft,
    responses((status = 201, body = InterestBody)),
    security(("bearer" = ["people:manage"])),
)]
pub(crate) async fn end_interest(
    scope: InBorough<can::ManagePeople>,
    At(path): At<InterestPath>,
    Sent(draft, request): Sent<InterestEndingDraft>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    let found = store::list(&mut tx, path.person, Some(path.interest), None, 1).await?.pop();
    let interest = found.ok_or_else(|| Problem::not_found("interest"))?;
    draft.check(interest.arose_on, day_in_england(scope.now()))?;
    if let Some(on) = interest.ended_on {
        return Err(Problem::new(&problems::CONFLICT, format_args!("It ended on {on} already.")).into());
    }
    if !store::end(&mut tx, &interest, draft.ended_on).await? {
        return Err(web::changed_meanwhile().into());
    }
    let subject = format!("people/{}/interests/{}", path.person, interest.id);
    tx.record(Act::new("interest.ended", subject).after(json!({"ended_on": draft.ended_on})));
    let location = format!("/v1/boroughs/{}/people/{}/interests", scope.borough().slug, path.person);
    let body = InterestBody { ended_on: Some(draft.ended_on), ..interest };
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
