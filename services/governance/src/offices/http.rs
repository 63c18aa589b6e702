//! Offices over HTTP.

use auth::can;
use chrono::NaiveDate;
use domain::TenureId;
use serde::Deserialize;
use serde_json::json;
use tenancy::{Act, Handled, InBorough};
use uuid::Uuid;
use web::{At, Created, Page, PageRequest, Paging, Problem, Sent, problems};

use super::store::{self, Which};
use super::tenure::{TenureBody, TenureDraft, TenureEndingDraft};
use crate::{drafts::trimmed, people::named_person};

/// What the list of offices is narrowed to.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeldOn {
    /// Only what was held on that day.
    #[param(value_type = Option<String>, format = Date, example = "2026-04-01")]
    on: Option<NaiveDate>,
}

/// A tenure in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct TenurePath {
    /// Slug or GSS code.
    #[param(example = "wigan")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The tenure.
    tenure: TenureId,
}

/// List who holds and held which office
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/offices", operation_id = "listOffices", tag = "offices",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), HeldOn, Paging),
    responses((status = 200, body = Page<TenureBody>)),
    security(("bearer" = ["people:read"])),
)]
pub(crate) async fn list_offices(
    scope: InBorough<can::ReadPeople>,
    page: PageRequest<HeldOn>,
) -> Result<Page<TenureBody>, Problem> {
    let mut tx = scope.read().await?;
    let which = Which { on: page.filters.on, ..Which::default() };
    let rows = store::list(&mut tx, which, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |tenure| tenure.id))
}

/// Record who holds an office from a day on
///
/// The present holder's last day becomes the day before, so that a hand-over leaves no gap and no overlap.
/// One person may hold several offices, of one body or of two.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/offices", operation_id = "recordOffice", tag = "offices",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan")),
    request_body = TenureDraft,
    responses((status = 201, body = TenureBody)),
    security(("bearer" = ["people:manage"])),
)]
pub(crate) async fn record_office(
    scope: InBorough<can::ManagePeople>,
    Sent(draft, request): Sent<TenureDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let holder = named_person(&mut tx, draft.person, "/person").await?;
    let of = draft.body.trim();
    store::hold(&mut tx, draft.office, of).await?;
    let which = Which { last_of: Some((draft.office, of)), ..Which::default() };
    let last = store::list(&mut tx, which, None, 1).await?.pop();
    let ends = draft.takes_over_from(last.as_ref())?;
    if let (Some(last), Some(on)) = (&last, ends) {
        if !store::end(&mut tx, last, on, None).await? {
            return Err(web::changed_meanwhile().into());
        }
        tx.record(Act::new("office.ended", format!("offices/{}", last.id)).after(json!({"valid_to": on})));
    }
    let body = TenureBody {
        id: TenureId::at(scope.now()),
        office: draft.office,
        body: of.to_owned(),
        person: draft.person,
        name: holder.name,
        valid_from: draft.valid_from,
        valid_to: None,
        vacancy_reason: trimmed(draft.vacancy_reason),
        ended_reason: None,
        created_at: scope.now(),
        version: 1,
    };
    store::insert(&mut tx, &body).await?;
    let told = json!({"office": body.office, "body": body.body, "person": body.person, "valid_from": body.valid_from});
    tx.record(Act::new("office.recorded", format!("offices/{}", body.id)).after(told));
    let location = format!("/v1/boroughs/{}/offices", scope.borough().slug);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

/// End a tenure that no successor ends
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/offices/{tenure}/endings", operation_id = "endOffice", tag = "offices",
    params(TenurePath),
    request_body = TenureEndingDraft,
    responses((status = 201, body = TenureBody)),
    security(("bearer" = ["people:manage"])),
)]
pub(crate) async fn end_office(
    scope: InBorough<can::ManagePeople>,
    At(path): At<TenurePath>,
    Sent(draft, request): Sent<TenureEndingDraft>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    let which = Which { one: Some(path.tenure), ..Which::default() };
    let tenure = store::list(&mut tx, which, None, 1).await?.pop().ok_or_else(|| Problem::not_found("tenure"))?;
    draft.check(tenure.valid_from)?;
    if let Some(on) = tenure.valid_to {
        return Err(Problem::new(&problems::CONFLICT, format_args!("Its last day is {on} already.")).into());
    }
    let reason = draft.reason.trim();
    if !store::end(&mut tx, &tenure, draft.ended_on, Some(reason)).await? {
        return Err(web::changed_meanwhile().into());
    }
    tx.record(Act::new("office.ended", format!("offices/{}", tenure.id)).after(json!({"valid_to": draft.ended_on})));
    let location = format!("/v1/boroughs/{}/offices", scope.borough().slug);
    let body = TenureBody { valid_to: Some(draft.ended_on), ended_reason: Some(reason.to_owned()), ..tenure };
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
