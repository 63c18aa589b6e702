//! The keys tokens are signed with, over HTTP: never their private halves.

use std::sync::Arc;

use auth::can;
use axum::extract::State;
use tenancy::{Act, Handled, OnPlatform};
use web::{Created, Keyed, Page, PageRequest, Paging, Problem, SentOnce};

use super::{
    keeper::SigningKeys,
    signing_key::{RotationDraft, SigningKeyBody},
    store,
};

const HERE: &str = "/v1/platform/signing-keys";

/// List the keys tokens are signed with
///
/// The newest first, those long retired among them. What checks tokens fetches `/.well-known/jwks.json` instead.
#[utoipa::path(
    get, path = "/v1/platform/signing-keys", operation_id = "listSigningKeys", tag = "tokens",
    params(Paging),
    responses((status = 200, body = Page<SigningKeyBody>)),
    security(("bearer" = ["keys:rotate"])),
)]
pub(crate) async fn list_signing_keys(
    scope: OnPlatform<can::RotateKeys>,
    page: PageRequest,
) -> Result<Page<SigningKeyBody>, Problem> {
    let mut tx = scope.read().await?;
    let rows = store::list(&mut tx, page.after()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |key| key.number))
}

/// Rotate the keys tokens are signed with
///
/// A new key is published at once, and signs once everybody who checks tokens has it, a minute later if not set otherwise. The
/// one before it stays published until the last token it signed has ended. No call fails for it.
#[utoipa::path(
    post, path = "/v1/platform/signing-keys/rotations", operation_id = "rotateSigningKeys", tag = "tokens",
    params(Keyed),
    request_body = RotationDraft,
    responses((status = 201, body = SigningKeyBody)),
    security(("bearer" = ["keys:rotate"])),
)]
pub(crate) async fn rotate_signing_keys(
    scope: OnPlatform<can::RotateKeys>,
    State(keys): State<Arc<SigningKeys>>,
    SentOnce(draft, request): SentOnce<RotationDraft>,
) -> Handled {
    let reason = draft.reason.trim();
    if !(1..=500).contains(&reason.chars().count()) {
        return Err(Problem::invalid("/reason", "Say why in 1 to 500 characters.").into());
    }
    let mut tx = scope.write(&request).await?;
    let body = keys.rotate(&mut tx, &scope.caller().client_id, reason).await?;
    tx.record(Act::new("signing-key.rotated", format!("signing-keys/{}", body.id)).after(serde_json::json!(body)));
    Ok(tx.answer(Created { location: HERE.into(), version: None, body }).await?)
}
