//! Revoking every client of a borough at once: what to do when nobody knows which of them others know.

use auth::{ClientSecret, Mode, Role, can};
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use tenancy::{Act, BoroughInPath, Either, Handled, InBorough, OnPlatform};
use web::{Created, Problem, SentOnce, WriteRequest};

use super::{
    client::{ClientOwner, NewClient},
    door::owner_of,
    store,
};
use crate::boroughs;

/// All of a borough's clients at once.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "A laptop with its settings was stolen", "except_own": true}))]
pub(crate) struct RevocationsDraft {
    /// Why, for those who read the trail: 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
    /// Whether the client that asks stays. Where it does not, a new administrator's client is made and answered. The
    /// platform has none of its own here.
    except_own: bool,
}

/// A new administrator's client, where none was left.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct NewAdministrator {
    #[schema(example = "borough.salford.live.5f1c09ab2e")]
    client_id: String,
    /// Shown once; null when this answer is given again.
    client_secret: Option<String>,
}

/// What was revoked.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct RevocationsBody {
    /// How many clients; null where the platform asked, which does not see them.
    revoked: Option<usize>,
    revoked_at: DateTime<Utc>,
    /// The one client that works now, where the one that asked did not stay.
    administrator: Option<NewAdministrator>,
}

/// A new administrator, who comes after whatever was cut off.
fn administrator(owner: ClientOwner, cut_at: DateTime<Utc>) -> (NewClient, ClientSecret) {
    let secret = ClientSecret::new(owner.mode());
    let from = cut_at + Duration::microseconds(1);
    (NewClient::new(owner, Role::Admin, "New administrator", Role::Admin.scopes(), &secret, from), secret)
}

/// Revoke all API clients of a borough
///
/// In one step: none of them gets another token, and those they have are cut off within a minute. For an incident in which
/// it is not known which secrets others know. A platform officer may ask for it too, and is given the borough's new
/// administrator's client to hand over.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/clients/revocations", operation_id = "revokeAllClients", tag = "clients",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford"), web::Keyed),
    request_body = RevocationsDraft,
    responses((status = 201, body = RevocationsBody)),
    security(("bearer" = ["clients:manage"]), ("bearer" = ["office-clients:manage"])),
)]
pub(crate) async fn revoke_all(
    scope: Either<InBorough<can::ManageClients>, OnPlatform<can::ManageOfficeClients>>,
    BoroughInPath(named): BoroughInPath,
    SentOnce(draft, request): SentOnce<RevocationsDraft>,
) -> Handled {
    if !(1..=500).contains(&draft.reason.trim().chars().count()) {
        return Err(Problem::invalid("/reason", "Say why in 1 to 500 characters.").into());
    }
    match scope {
        Either::One(own) => by_borough(&own, &draft, &request).await,
        Either::Other(platform) => by_platform(&platform, &named, &draft, &request).await,
    }
}

async fn by_borough(
    scope: &InBorough<can::ManageClients>,
    draft: &RevocationsDraft,
    request: &WriteRequest,
) -> Handled {
    let (owner, reason) = (owner_of(scope.borough()), draft.reason.trim());
    let mut tx = scope.write(request).await?;
    let spared = draft.except_own.then_some(scope.caller().client_id.as_str());
    let (revoked, revoked_at) = store::revoke_all(&mut tx, &owner, spared, reason).await?;
    for id in &revoked {
        tx.record(Act::new("client.revoked", format!("clients/{id}")).after(reason).deleting());
    }
    let mut body = RevocationsBody { revoked: Some(revoked.len()), revoked_at, administrator: None };
    let location = format!("/v1/boroughs/{}/clients", scope.borough().slug);
    if draft.except_own {
        return Ok(tx.answer(Created { location, version: None, body }).await?);
    }
    let (client, secret) = administrator(owner, revoked_at);
    store::insert(tx.connection(), &client).await?;
    tx.record(Act::new("client.created", format!("clients/{}", client.client_id)));
    body.administrator = Some(NewAdministrator { client_id: client.client_id, client_secret: None });
    let kept = body.clone();
    show(&mut body, &secret);
    Ok(tx.answer_once(Created { location, version: None, body }, &kept).await?)
}

fn show(body: &mut RevocationsBody, secret: &ClientSecret) {
    if let Some(made) = &mut body.administrator {
        made.client_secret = Some(secret.reveal().to_owned());
    }
}

async fn by_platform(
    scope: &OnPlatform<can::ManageOfficeClients>,
    named: &str,
    draft: &RevocationsDraft,
    request: &WriteRequest,
) -> Handled {
    let mut tx = scope.write(request).await?;
    let borough = boroughs::live(&mut tx, named).await?;
    let revoked_at = store::cut_borough(&mut tx, borough.id.0, draft.reason.trim()).await?;
    let owner = ClientOwner::Borough { id: borough.id, slug: borough.slug.clone(), mode: Mode::Live };
    let (client, secret) = administrator(owner, revoked_at);
    store::insert_first(&mut tx, &client).await?;
    let act = Act::new("clients.revoked", "clients").after(draft.reason.trim());
    tx.record(act.concerning(borough.id));
    let administrator = Some(NewAdministrator { client_id: client.client_id, client_secret: None });
    let mut body = RevocationsBody { revoked: None, revoked_at, administrator };
    let kept = body.clone();
    show(&mut body, &secret);
    let location = format!("/v1/boroughs/{}/clients", borough.slug);
    Ok(tx.answer_once(Created { location, version: None, body }, &kept).await?)
}
