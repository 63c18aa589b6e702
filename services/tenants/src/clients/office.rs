//! The API clients of regions, partners and the platform, over HTTP.

use auth::can;
use domain::{Ods, Slug};
use serde::Deserialize;
use tenancy::{Act, Handled, OnPlatform};
use web::{At, Created, Page, PageRequest, Paging, Problem, Sent, WriteRequest};

use super::{
    client::{ClientBody, ClientDraft, ClientOwner, ClientState, CreatedClient, NewClient},
    store,
};

/// A region in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct RegionPath {
    /// The region's slug.
    #[param(example = "greater-manchester")]
    region: Slug,
}

/// A partner in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct PartnerPath {
    /// The organisation's ODS code.
    #[param(example = "QOP")]
    ods: Ods,
}

async fn list(
    scope: &OnPlatform<can::ReadOfficeClients>,
    owner: &ClientOwner,
    page: &PageRequest,
) -> Result<Page<ClientBody>, Problem> {
    let mut tx = scope.read().await?;
    let rows = store::list_office(&mut tx, owner, page.after()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |client| client.id.clone()))
}

async fn create(
    scope: &OnPlatform<can::ManageOfficeClients>,
    owner: ClientOwner,
    draft: ClientDraft,
    request: &WriteRequest,
    location: String,
) -> Handled {
    let scopes = draft.check(owner.kind())?;
    let mut tx = scope.write(request).await?;
    if let ClientOwner::Region(region) = &owner
        && !store::region_exists(&mut tx, region.as_str()).await?
    {
        return Err(Problem::not_found("region").into());
    }
    let secret = NewClient::secret_for(&owner);
    let owner_kind = owner.kind();
    let client = NewClient::new(owner, draft.role, &draft.name, scopes, &secret, scope.now());
    store::insert(tx.connection(), &client).await?;
    let body = ClientBody {
        id: client.client_id,
        owner_kind,
        name: client.name,
        role: client.role.as_str().to_owned(),
        scopes: client.scopes.to_string(),
        state: ClientState::Active,
        secret_hint: client.secret_hint,
        created_at: client.created_at,
        revoked_at: None,
        version: 1,
    };
    tx.record(Act::new("client.created", format!("clients/{}", body.id)).after(serde_json::json!(body)));
    let kept = CreatedClient { client: body, client_secret: None };
    let shown = CreatedClient { client_secret: Some(secret.reveal().to_owned()), ..kept.clone() };
    Ok(tx.answer_once(Created { location, version: None, body: shown }, &kept).await?)
}

/// List a region's API clients
#[utoipa::path(
    get, path = "/v1/regions/{region}/clients", operation_id = "listRegionClients", tag = "clients",
    params(RegionPath, Paging),
    responses((status = 200, body = Page<ClientBody>)),
    security(("bearer" = ["office-clients:read"])),
)]
pub(crate) async fn list_region_clients(
    scope: OnPlatform<can::ReadOfficeClients>,
    At(path): At<RegionPath>,
    page: PageRequest,
) -> Result<Page<ClientBody>, Problem> {
    list(&scope, &ClientOwner::Region(path.region), &page).await
}

/// Create an API client for a region
#[utoipa::path(
    post, path = "/v1/regions/{region}/clients", operation_id = "createRegionClient", tag = "clients",
    params(RegionPath),
    request_body(content = ClientDraft, example = json!({"name": "Dashboard", "role": "analyst"})),
    responses((status = 201, body = CreatedClient)),
    security(("bearer" = ["office-clients:manage"])),
)]
pub(crate) async fn create_region_client(
    scope: OnPlatform<can::ManageOfficeClients>,
    At(path): At<RegionPath>,
    Sent(draft, request): Sent<ClientDraft>,
) -> Handled {
    let location = format!("/v1/regions/{}/clients", path.region);
    create(&scope, ClientOwner::Region(path.region), draft, &request, location).await
}

/// List a partner organisation's API clients
#[utoipa::path(
    get, path = "/v1/partners/{ods}/clients", operation_id = "listPartnerClients", tag = "clients",
    params(PartnerPath, Paging),
    responses((status = 200, body = Page<ClientBody>)),
    security(("bearer" = ["office-clients:read"])),
)]
pub(crate) async fn list_partner_clients(
    scope: OnPlatform<can::ReadOfficeClients>,
    At(path): At<PartnerPath>,
    page: PageRequest,
) -> Result<Page<ClientBody>, Problem> {
    list(&scope, &ClientOwner::Partner(path.ods), &page).await
}

/// Create an API client for a partner organisation
#[utoipa::path(
    post, path = "/v1/partners/{ods}/clients", operation_id = "createPartnerClient", tag = "clients",
    params(PartnerPath),
    request_body(content = ClientDraft, example = json!({"name": "Finance reports", "role": "partner_finance"})),
    responses((status = 201, body = CreatedClient)),
    security(("bearer" = ["office-clients:manage"])),
)]
pub(crate) async fn create_partner_client(
    scope: OnPlatform<can::ManageOfficeClients>,
    At(path): At<PartnerPath>,
    Sent(draft, request): Sent<ClientDraft>,
) -> Handled {
    let location = format!("/v1/partners/{}/clients", path.ods);
    create(&scope, ClientOwner::Partner(path.ods), draft, &request, location).await
}

/// List the platform's API clients
#[utoipa::path(
    get, path = "/v1/platform/clients", operation_id = "listPlatformClients", tag = "clients",
    params(Paging),
    responses((status = 200, body = Page<ClientBody>)),
    security(("bearer" = ["office-clients:read"])),
)]
pub(crate) async fn list_platform_clients(
    scope: OnPlatform<can::ReadOfficeClients>,
    page: PageRequest,
) -> Result<Page<ClientBody>, Problem> {
    list(&scope, &ClientOwner::Platform, &page).await
}

/// Create an API client for the platform
#[utoipa::path(
    post, path = "/v1/platform/clients", operation_id = "createPlatformClient", tag = "clients",
    request_body(content = ClientDraft, example = json!({"name": "Second officer", "role": "officer"})),
    responses((status = 201, body = CreatedClient)),
    security(("bearer" = ["office-clients:manage"])),
)]
pub(crate) async fn create_platform_client(
    scope: OnPlatform<can::ManageOfficeClients>,
    Sent(draft, request): Sent<ClientDraft>,
) -> Handled {
    create(&scope, ClientOwner::Platform, draft, &request, "/v1/platform/clients".into()).await
}
