//! Webhooks over HTTP.

use auth::{WebhookSecret, can};
use axum::extract::State;
use chrono::Duration;
use domain::WebhookId;
use serde::Deserialize;
use serde_json::json;
use tenancy::{Act, Borough, Handled, InBorough, Tx};
use uuid::Uuid;
use web::{
    At, Created, Found, IfMatch, MoveDraft, Page, PageRequest, Paging, Problem, Sent, Transitions, Versioned,
    changed_meanwhile, move_refused, problems,
};

use super::{
    deliveries::{self, DeliveryBody, Told},
    store,
    webhook::{
        OVERLAP_HOURS, WEBHOOKS_MAX, WebhookAsked, WebhookBody, WebhookChange, WebhookDraft, WebhookState,
        WebhookWithSecret,
    },
};
use crate::app::WebhookSettings;

/// A webhook in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct WebhookPath {
    /// Slug or GSS code.
    #[param(example = "salford")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The webhook.
    pub(crate) webhook: WebhookId,
}

/// The webhook of a path, which may be deleted.
pub(super) async fn find(tx: &mut Tx<Borough>, id: WebhookId) -> Result<WebhookBody, Problem> {
    store::find_webhook(tx, id).await?.ok_or_else(|| Problem::not_found("webhook"))
}

/// The webhook of a path, which is not deleted.
pub(super) async fn find_standing(tx: &mut Tx<Borough>, id: WebhookId) -> Result<WebhookBody, Problem> {
    let webhook = find(tx, id).await?;
    if webhook.state == WebhookState::Deleted {
        return Err(Problem::new(&problems::CONFLICT, "The webhook is deleted. Register another."));
    }
    Ok(webhook)
}

/// List a borough's webhooks
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/webhooks", operation_id = "listWebhooks", tag = "webhooks",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford"), Paging),
    responses((status = 200, body = Page<WebhookBody>)),
    security(("bearer" = ["webhooks:read"])),
)]
pub(crate) async fn list_webhooks(
    scope: InBorough<can::ReadWebhooks>,
    page: PageRequest,
) -> Result<Page<WebhookBody>, Problem> {
    let rows = store::list(&mut scope.read().await?, None, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |webhook| webhook.id))
}

/// Register a webhook
///
/// From now on it is sent what changes in the borough, as ids and paths: read the things with a token. Each delivery is signed
/// by Standard Webhooks, with the secret shown here, once, and with the private key of `public_keys`.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/webhooks", operation_id = "createWebhook", tag = "webhooks",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford")),
    request_body = WebhookDraft,
    responses((status = 201, body = WebhookWithSecret)),
    security(("bearer" = ["webhooks:manage"])),
)]
pub(crate) async fn create_webhook(
    scope: InBorough<can::ManageWebhooks>,
    State(settings): State<WebhookSettings>,
    Sent(draft, request): Sent<WebhookDraft>,
) -> Handled {
    let draft = draft.checked()?;
    check_address(&settings, &draft.url)?;
    let mut tx = scope.write(&request).await?;
    let own = scope.borough();
    if store::count(&mut tx, own.id).await? >= WEBHOOKS_MAX {
        let told = format!("A borough has {WEBHOOKS_MAX} webhooks at most. Delete one first.");
        return Err(Problem::new(&problems::CONFLICT, told).into());
    }
    let id = WebhookId::at(scope.now());
    let secret = WebhookSecret::new();
    store::insert(&mut tx, id, &draft).await?;
    store::add_secret(&mut tx, (own.id, id), &secret, &settings.key, scope.now()).await?;
    let webhook = find(&mut tx, id).await?;
    let subject = format!("webhooks/{id}");
    tx.record(Act::new("webhook.created", &*subject).after(json!(webhook)));
    let location = format!("/v1/boroughs/{}/{subject}", own.slug);
    let kept = WebhookWithSecret { webhook, secret: None };
    let body = WebhookWithSecret { secret: Some(secret.reveal()), ..kept.clone() };
    Ok(tx.answer_once(Created { location, version: Some(1), body }, &kept).await?)
}

fn check_address(settings: &WebhookSettings, url: &str) -> Result<(), Problem> {
    let why = |error| Problem::invalid("/url", format_args!("This address cannot be told: {error}."));
    settings.outbound.check(url).map_err(why)
}

/// Get a webhook
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/webhooks/{webhook}", operation_id = "getWebhook", tag = "webhooks",
    params(WebhookPath),
    responses((status = 200, body = WebhookBody)),
    security(("bearer" = ["webhooks:read"])),
)]
pub(crate) async fn get_webhook(
    scope: InBorough<can::ReadWebhooks>,
    At(path): At<WebhookPath>,
) -> Result<Found<WebhookBody>, Problem> {
    let webhook = find(&mut scope.read().await?, path.webhook).await?;
    Ok(Found::at(webhook.version, webhook))
}

/// Change where a webhook is told, and of what
///
/// What waits to be delivered goes to the new address.
#[utoipa::path(
    patch, path = "/v1/boroughs/{borough}/webhooks/{webhook}", operation_id = "changeWebhook", tag = "webhooks",
    params(WebhookPath, Versioned),
    request_body = WebhookChange,
    responses((status = 200, body = WebhookBody)),
    security(("bearer" = ["webhooks:manage"])),
)]
pub(crate) async fn change_webhook(
    scope: InBorough<can::ManageWebhooks>,
    State(settings): State<WebhookSettings>,
    At(path): At<WebhookPath>,
    version: IfMatch,
    Sent(change, request): Sent<WebhookChange>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    let before = find_standing(&mut tx, path.webhook).await?;
    version.holds(before.version)?;
    let draft = change.of(&before).checked()?;
    check_address(&settings, &draft.url)?;
    if !store::change(&mut tx, &before, &draft).await? {
        return Err(changed_meanwhile().into());
    }
    let after = find(&mut tx, path.webhook).await?;
    let act = Act::new("webhook.changed", format!("webhooks/{}", after.id));
    tx.record(act.before(json!(before)).after(json!(after)));
    Ok(tx.answer(Found::at(after.version, after)).await?)
}

async fn told(tx: &mut Tx<Borough>, webhook: &WebhookBody) -> Result<Found<Transitions<WebhookState>>, Problem> {
    let data = store::history(tx, webhook.id).await?;
    let allowed = webhook.state.allowed().to_vec();
    Ok(Found::at(webhook.version, Transitions { state: webhook.state, allowed, data, next_cursor: None }))
}

/// Get a webhook's history and allowed moves
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/webhooks/{webhook}/transitions", operation_id = "getWebhookTransitions",
    tag = "webhooks",
    params(WebhookPath),
    responses((status = 200, body = Transitions<WebhookState>)),
    security(("bearer" = ["webhooks:read"])),
)]
pub(crate) async fn get_webhook_transitions(
    scope: InBorough<can::ReadWebhooks>,
    At(path): At<WebhookPath>,
) -> Result<Found<Transitions<WebhookState>>, Problem> {
    let mut tx = scope.read().await?;
    let webhook = find(&mut tx, path.webhook).await?;
    told(&mut tx, &webhook).await
}

/// Pause a webhook, let it go on, disable or delete it
///
/// What changes while it is paused or disabled is told when it goes on. Deleted, it is told nothing more.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/webhooks/{webhook}/transitions", operation_id = "moveWebhook", tag = "webhooks",
    params(WebhookPath, Versioned),
    request_body(content = MoveDraft<WebhookState>, example = json!({"to": "paused", "reason": "The receiver is moved"})),
    responses((status = 200, body = Transitions<WebhookState>)),
    security(("bearer" = ["webhooks:manage"])),
)]
pub(crate) async fn move_webhook(
    scope: InBorough<can::ManageWebhooks>,
    At(path): At<WebhookPath>,
    version: IfMatch,
    Sent(draft, request): Sent<MoveDraft<WebhookState>>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let webhook = find(&mut tx, path.webhook).await?;
    version.holds(webhook.version)?;
    if !webhook.state.allowed().contains(&draft.to) {
        return Err(move_refused(&webhook.state, &draft.to, webhook.state.allowed()).into());
    }
    if !store::move_to(&mut tx, &webhook, draft.to, draft.reason.trim(), &scope.caller().client_id).await? {
        return Err(changed_meanwhile().into());
    }
    let act = Act::new("webhook.moved", format!("webhooks/{}", webhook.id));
    let act = act.before(json!(webhook.state)).after(json!(draft.to));
    tx.record(if draft.to == WebhookState::Deleted { act.deleting() } else { act });
    let webhook = find(&mut tx, path.webhook).await?;
    let answer = told(&mut tx, &webhook).await?;
    Ok(tx.answer(answer).await?)
}

/// Give a webhook a new secret
///
/// Shown once. For a day the old one signs too, so that the receiver can change over at its own time.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/webhooks/{webhook}/secrets", operation_id = "rotateWebhookSecret",
    tag = "webhooks",
    params(WebhookPath),
    request_body = WebhookAsked,
    responses((status = 201, body = WebhookWithSecret)),
    security(("bearer" = ["webhooks:manage"])),
)]
pub(crate) async fn rotate_webhook_secret(
    scope: InBorough<can::ManageWebhooks>,
    State(settings): State<WebhookSettings>,
    At(path): At<WebhookPath>,
    Sent(WebhookAsked {}, request): Sent<WebhookAsked>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    let before = find_standing(&mut tx, path.webhook).await?;
    if before.public_keys.len() >= 10 {
        let told = "Ten secrets sign already. Wait until the oldest has had its day.";
        return Err(Problem::new(&problems::CONFLICT, told).into());
    }
    let (own, secret) = (scope.borough(), WebhookSecret::new());
    let retire_at = scope.now() + Duration::hours(OVERLAP_HOURS);
    store::add_secret(&mut tx, (own.id, before.id), &secret, &settings.key, retire_at).await?;
    let webhook = find(&mut tx, path.webhook).await?;
    let subject = format!("webhooks/{}", webhook.id);
    tx.record(Act::new("webhook.secret-rotated", &*subject).after(json!({"public_keys": webhook.public_keys})));
    let location = format!("/v1/boroughs/{}/{subject}", own.slug);
    let kept = WebhookWithSecret { webhook, secret: None };
    let body = WebhookWithSecret { secret: Some(secret.reveal()), ..kept.clone() };
    Ok(tx.answer_once(Created { location, version: None, body }, &kept).await?)
}

/// Send a webhook something to try it
///
/// An event of the type `webhook.test`, delivered like any other.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/webhooks/{webhook}/tests", operation_id = "testWebhook", tag = "webhooks",
    params(WebhookPath),
    request_body = WebhookAsked,
    responses((status = 201, body = DeliveryBody)),
    security(("bearer" = ["webhooks:manage"])),
)]
pub(crate) async fn test_webhook(
    scope: InBorough<can::ManageWebhooks>,
    At(path): At<WebhookPath>,
    Sent(WebhookAsked {}, request): Sent<WebhookAsked>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    let webhook = find_standing(&mut tx, path.webhook).await?;
    let told = Told::test(scope.now(), &scope.borough().slug);
    let body = deliveries::add(&mut tx, &webhook, told, None).await?;
    let location = format!("/v1/boroughs/{}/webhooks/{}/deliveries/{}", scope.borough().slug, webhook.id, body.id);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
