//! Deliveries over HTTP.

use auth::can;
use domain::{DeliveryId, WebhookId};
use serde::Deserialize;
use serde_json::json;
use tenancy::{Act, Borough, Handled, InBorough, Tx};
use uuid::Uuid;
use web::{At, Created, Found, Page, PageRequest, Paging, Problem, Sent};

use super::{
    delivery::{DeliveryBody, DeliveryDetail, DeliveryState, Told},
    store::{self, Wanted},
};
use crate::webhooks::{
    http::{WebhookPath, find, find_standing},
    webhook::WebhookAsked,
};

/// A delivery in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct DeliveryPath {
    /// Slug or GSS code.
    #[param(example = "salford")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The webhook.
    webhook: WebhookId,
    /// The delivery.
    delivery: DeliveryId,
}

/// Which deliveries.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeliveryFilters {
    /// Only those in this state.
    #[param(inline)]
    state: Option<DeliveryState>,
}

async fn get(tx: &mut Tx<Borough>, path: &DeliveryPath) -> Result<DeliveryBody, Problem> {
    let wanted = Wanted { one: Some(path.delivery), ..Wanted::default() };
    store::list(tx, path.webhook, wanted, 1).await?.pop().ok_or_else(|| Problem::not_found("delivery"))
}

/// List what a webhook was told, newest first
///
/// What ended is kept for 30 days.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/webhooks/{webhook}/deliveries", operation_id = "listWebhookDeliveries",
    tag = "webhooks",
    params(WebhookPath, DeliveryFilters, Paging),
    responses((status = 200, body = Page<DeliveryBody>)),
    security(("bearer" = ["webhooks:read"])),
)]
pub(crate) async fn list_webhook_deliveries(
    scope: InBorough<can::ReadWebhooks>,
    At(path): At<WebhookPath>,
    page: PageRequest<DeliveryFilters>,
) -> Result<Page<DeliveryBody>, Problem> {
    let mut tx = scope.read().await?;
    find(&mut tx, path.webhook).await?;
    let wanted = Wanted { one: None, state: page.filters.state, before: page.after::<Uuid>()? };
    let rows = store::list(&mut tx, path.webhook, wanted, page.rows_wanted()).await?;
    Ok(page.page(rows, |delivery| delivery.id))
}

/// Get a delivery, with what is sent and every attempt
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/webhooks/{webhook}/deliveries/{delivery}", operation_id = "getWebhookDelivery",
    tag = "webhooks",
    params(DeliveryPath),
    responses((status = 200, body = DeliveryDetail)),
    security(("bearer" = ["webhooks:read"])),
)]
pub(crate) async fn get_webhook_delivery(
    scope: InBorough<can::ReadWebhooks>,
    At(path): At<DeliveryPath>,
) -> Result<Found<DeliveryDetail>, Problem> {
    let mut tx = scope.read().await?;
    let delivery = get(&mut tx, &path).await?;
    let (body, attempts) = store::detail(&mut tx, path.webhook, path.delivery).await?;
    Ok(Found::of(DeliveryDetail { delivery, body, attempts }))
}

/// Send a delivery again
///
/// Under the id of the same event, whatever became of it before: a receiver that has it passes over it.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/webhooks/{webhook}/deliveries/{delivery}/replays",
    operation_id = "replayWebhookDelivery", tag = "webhooks",
    params(DeliveryPath),
    request_body = WebhookAsked,
    responses((status = 201, body = DeliveryBody)),
    security(("bearer" = ["webhooks:manage"])),
)]
pub(crate) async fn replay_webhook_delivery(
    scope: InBorough<can::ManageWebhooks>,
    At(path): At<DeliveryPath>,
    Sent(WebhookAsked {}, request): Sent<WebhookAsked>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    let webhook = find_standing(&mut tx, path.webhook).await?;
    let first = get(&mut tx, &path).await?;
    let (body, _) = store::detail(&mut tx, path.webhook, path.delivery).await?;
    let told = Told { event_id: first.event_id, kind: first.kind, body };
    let again = store::add(&mut tx, &webhook, told, Some(first.id)).await?;
    let subject = format!("webhooks/{}/deliveries/{}", webhook.id, again.id);
    // What was sent is nothing that changed: nobody is told of it in turn.
    let act = Act::new("webhook-delivery.replayed", &*subject).after(json!({"replays": first.id}));
    tx.record(act.changing_nothing());
    let location = format!("/v1/boroughs/{}/{subject}", scope.borough().slug);
    Ok(tx.answer(Created { location, version: None, body: again }).await?)
}
