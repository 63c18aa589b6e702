//! Security contacts over HTTP.

use auth::can;
use domain::SecurityContactId;
use serde_json::json;
use tenancy::{Act, Handled, InBorough};
use uuid::Uuid;
use web::{Created, Page, PageRequest, Paging, Problem, Sent};

use super::{
    contact::{SecurityContactBody, SecurityContactDraft},
    store,
};

/// List whom to reach when something is wrong, newest first
///
/// The newest counts; those before it are its history.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/security-contacts", operation_id = "listSecurityContacts", tag = "onboarding",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford"), Paging),
    responses((status = 200, body = Page<SecurityContactBody>)),
    security(("bearer" = ["onboarding:read"])),
)]
pub(crate) async fn list_security_contacts(
    scope: InBorough<can::ReadOnboarding>,
    page: PageRequest,
) -> Result<Page<SecurityContactBody>, Problem> {
    let mut tx = scope.read().await?;
    let rows = store::list(&mut tx, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |contact| contact.id))
}

/// Record whom to reach when something is wrong
///
/// An office and its mailbox, not a person.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/security-contacts", operation_id = "recordSecurityContact", tag = "onboarding",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford")),
    request_body = SecurityContactDraft,
    responses((status = 201, body = SecurityContactBody)),
    security(("bearer" = ["onboarding:keep"])),
)]
pub(crate) async fn record_security_contact(
    scope: InBorough<can::KeepOnboarding>,
    Sent(draft, request): Sent<SecurityContactDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let body = SecurityContactBody {
        id: SecurityContactId::at(scope.now()),
        office: draft.office.trim().to_owned(),
        email: draft.email,
        telephone: web::drafts::trimmed(draft.telephone),
        recorded_at: scope.now(),
        recorded_by: scope.caller().client_id.clone(),
    };
    store::insert(&mut tx, &body).await?;
    let subject = format!("security-contacts/{}", body.id);
    tx.record(Act::new("security-contact.recorded", &*subject).after(json!({"office": body.office})));
    let location = format!("/v1/boroughs/{}/security-contacts", scope.borough().slug);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
