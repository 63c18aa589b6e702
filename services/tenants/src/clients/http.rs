//! A borough's API clients over HTTP.

use auth::{OwnerKind, can};
use serde::Deserialize;
use tenancy::{Act, Borough, Handled, InBorough, Tx};
use web::{
    At, Created, Found, IfMatch, Move, MoveDraft, Page, PageRequest, Paging, Problem, Sent, Transitions, Versioned,
    move_refused, problems,
};

use super::{
    client::{ClientBody, ClientDraft, ClientOwner, ClientState, CreatedClient, NewClient},
    store,
};

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ClientPath {
    /// Slug or GSS code.
    #[param(example = "salford")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The `client_id`.
    #[param(example = "borough.salford.live.5f1c09ab2e")]
    client: String,
}

/// List API clients
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/clients", operation_id = "listClients", tag = "clients",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford"), Paging),
    responses((status = 200, body = Page<ClientBody>)),
    security(("bearer" = ["clients:read"])),
)]
pub(crate) async fn list_clients(
    scope: InBorough<can::ReadClients>,
    page: PageRequest,
) -> Result<Page<ClientBody>, Problem> {
    let mut tx = scope.read().await?;
    let rows = store::list(&mut tx, None, page.after()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |client| client.id.clone()))
}

/// Create an API client
///
/// The secret is in this answer and never again. A client may do no more than its role.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/clients", operation_id = "createClient", tag = "clients",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford")),
    request_body = ClientDraft,
    responses((status = 201, body = CreatedClient)),
    security(("bearer" = ["clients:manage"])),
)]
pub(crate) async fn create_client(
    scope: InBorough<can::ManageClients>,
    Sent(draft, request): Sent<ClientDraft>,
) -> Handled {
    let scopes = draft.check(OwnerKind::Borough)?;
    let mut tx = scope.write(&request).await?;
    let own = scope.borough();
    let owner = ClientOwner::Borough { id: own.id, slug: own.slug.clone(), mode: own.mode };
    let secret = NewClient::secret_for(&owner);
    let client = NewClient::new(owner, draft.role, &draft.name, scopes, &secret, scope.now());
    store::insert(tx.connection(), &client).await?;
    let body = get(&mut tx, &client.client_id).await?;
    tx.record(Act::new("client.created", format!("clients/{}", body.id)).after(serde_json::json!(body)));
    let location = format!("/v1/boroughs/{}/clients/{}", own.slug, body.id);
    let kept = CreatedClient { client: body, client_secret: None };
    let shown = CreatedClient { client_secret: Some(secret.reveal().to_owned()), ..kept.clone() };
    Ok(tx.answer_once(Created { location, version: Some(1), body: shown }, &kept).await?)
}

async fn get(tx: &mut Tx<Borough>, id: &str) -> Result<ClientBody, Problem> {
    store::list(tx, Some(id), None, 1).await?.pop().ok_or_else(|| Problem::not_found("client"))
}

/// Get an API client
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/clients/{client}", operation_id = "getClient", tag = "clients",
    params(ClientPath),
    responses((status = 200, body = ClientBody)),
    security(("bearer" = ["clients:read"])),
)]
pub(crate) async fn get_client(
    scope: InBorough<can::ReadClients>,
    At(path): At<ClientPath>,
) -> Result<Found<ClientBody>, Problem> {
    let client = get(&mut scope.read().await?, &path.client).await?;
    Ok(Found::at(client.version, client))
}

/// Get an API client's state and allowed moves
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/clients/{client}/transitions", operation_id = "getClientTransitions", tag = "clients",
    params(ClientPath),
    responses((status = 200, body = Transitions<ClientState>)),
    security(("bearer" = ["clients:read"])),
)]
pub(crate) async fn get_client_transitions(
    scope: InBorough<can::ReadClients>,
    At(path): At<ClientPath>,
) -> Result<Found<Transitions<ClientState>>, Problem> {
    let client = get(&mut scope.read().await?, &path.client).await?;
    Ok(told(&client, Vec::new()))
}

fn told(client: &ClientBody, data: Vec<Move<ClientState>>) -> Found<Transitions<ClientState>> {
    let allowed = client.state.allowed().to_vec();
    Found::at(client.version, Transitions { state: client.state, allowed, data, next_cursor: None })
}

/// Revoke an API client
///
/// It gets no more tokens, and those it has are cut off within a minute.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/clients/{client}/transitions", operation_id = "moveClient", tag = "clients",
    params(ClientPath, Versioned),
    request_body(content = MoveDraft<ClientState>, example = json!({"to": "revoked", "reason": "No longer used"})),
    responses((status = 200, body = Transitions<ClientState>)),
    security(("bearer" = ["clients:manage"])),
)]
pub(crate) async fn move_client(
    scope: InBorough<can::ManageClients>,
    At(path): At<ClientPath>,
    version: IfMatch,
    Sent(draft, request): Sent<MoveDraft<ClientState>>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let client = get(&mut tx, &path.client).await?;
    version.holds(client.version)?;
    if !client.state.allowed().contains(&draft.to) {
        return Err(move_refused(&client.state, &draft.to, client.state.allowed()).into());
    }
    if !store::revoke(&mut tx, &client, draft.reason.trim()).await? {
        return Err(Problem::new(
            &problems::VERSION_STALE,
            "It has just been changed by somebody else. Read it again.",
        )
        .into());
    }
    tx.record(Act::new("client.revoked", format!("clients/{}", client.id)).after(draft.reason.trim()).deleting());
    let moved = Move {
        from: client.state,
        to: draft.to,
        reason: draft.reason.trim().to_owned(),
        by: scope.caller().client_id.clone(),
        moved_at: scope.now(),
    };
    let client = get(&mut tx, &path.client).await?;
    Ok(tx.answer(told(&client, vec![moved])).await?)
}
