//! What is done with clients, whoever their owner is.

use std::sync::Arc;

use tenancy::{Act, Handled, Tx};
use web::{
    Created, Found, IfMatch, Move, MoveDraft, Page, PageRequest, Problem, Transitions, WriteRequest, changed_meanwhile,
    move_refused,
};

use super::{
    client::{ClientBody, ClientChange, ClientDraft, ClientOwner, ClientState, CreatedClient, NewClient},
    door::{Door, Owned},
    store,
};
use crate::{
    administrators::{self, Without},
    key_sets::KeySets,
};

pub(super) async fn list<D: Door>(door: &D, owned: Owned, page: PageRequest) -> Result<Page<ClientBody>, Problem> {
    let mut tx = door.read().await?;
    let rows = store::list(&mut tx, &owned.owner, None, page.after()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |client| client.id.clone()))
}

pub(super) async fn find<K: tenancy::KindOf>(
    tx: &mut Tx<K>,
    owner: &ClientOwner,
    id: &str,
) -> Result<ClientBody, Problem> {
    store::list(tx, owner, Some(id), None, 1).await?.pop().ok_or_else(|| Problem::not_found("client"))
}

pub(super) async fn create<D: Door>(
    door: &D,
    owned: Owned,
    key_sets: &Arc<KeySets>,
    draft: ClientDraft,
    request: &WriteRequest,
) -> Handled {
    let owner = owned.owner.clone();
    let meant = draft.check(owner.kind(), door.now())?;
    if let Some(address) = &draft.jwks_uri {
        key_sets.try_out(address).await.map_err(|why| Problem::invalid("/jwks_uri", why))?;
    }
    let mut tx = door.write(request).await?;
    if let ClientOwner::Region(region) = &owner
        && !store::region_exists(&mut tx, region.as_str()).await?
    {
        return Err(Problem::not_found("region").into());
    }
    let secret = auth::ClientSecret::new(owner.mode());
    let mut client = NewClient::new(owner, draft.role, &draft.name, meant.scopes, &secret, door.now());
    let signs = meant.authentication == super::keys::key::Authentication::PrivateKeyJwt;
    if signs {
        client.keys = meant.keys.into_iter().map(Into::into).collect();
    }
    (client.authentication, client.jwks_uri, client.expires_at) =
        (meant.authentication, draft.jwks_uri, meant.expires_at);
    store::insert(tx.connection(), &client).await?;
    let body = find(&mut tx, &client.owner, &client.client_id).await?;
    tx.record(Act::new("client.created", format!("clients/{}", body.id)).after(serde_json::json!(body)));
    let location = owned.location("clients", &body.id);
    let kept = CreatedClient { client: body, client_secret: None };
    let shown = CreatedClient { client_secret: (!signs).then(|| secret.reveal().to_owned()), ..kept.clone() };
    Ok(tx.answer_once(Created { location, version: Some(1), body: shown }, &kept).await?)
}

pub(super) async fn get<D: Door>(door: &D, owned: Owned, id: &str) -> Result<Found<ClientBody>, Problem> {
    let client = find(&mut door.read().await?, &owned.owner, id).await?;
    Ok(Found::at(client.version, client))
}

pub(super) async fn change<D: Door>(
    door: &D,
    owned: Owned,
    key_sets: &Arc<KeySets>,
    (id, version): (&str, IfMatch),
    (draft, request): (ClientChange, &WriteRequest),
) -> Handled {
    if let Some(address) = &draft.jwks_uri {
        key_sets.try_out(address).await.map_err(|why| Problem::invalid("/jwks_uri", why))?;
    }
    let mut tx = door.write(request).await?;
    let before = find(&mut tx, &owned.owner, id).await?;
    version.holds(before.version)?;
    let expires_at = draft.check(&before, door.now())?;
    if before.state == ClientState::Revoked {
        return Err(move_refused(&before.state, &ClientState::Active, &[]).into());
    }
    if !store::change(&mut tx, &before, &draft, expires_at).await? {
        return Err(changed_meanwhile().into());
    }
    let after = find(&mut tx, &owned.owner, id).await?;
    let act = Act::new("client.changed", format!("clients/{id}"));
    tx.record(act.before(serde_json::json!(before)).after(serde_json::json!(after)));
    Ok(tx.answer(Found::at(after.version, after)).await?)
}

pub(super) async fn transitions<D: Door>(
    door: &D,
    owned: Owned,
    id: &str,
) -> Result<Found<Transitions<ClientState>>, Problem> {
    let client = find(&mut door.read().await?, &owned.owner, id).await?;
    Ok(told(&client, Vec::new()))
}

fn told(client: &ClientBody, data: Vec<Move<ClientState>>) -> Found<Transitions<ClientState>> {
    let allowed = client.state.allowed().to_vec();
    Found::at(client.version, Transitions { state: client.state, allowed, data, next_cursor: None })
}

pub(super) async fn revoke<D: Door>(
    door: &D,
    owned: Owned,
    (id, version): (&str, IfMatch),
    (draft, request): (MoveDraft<ClientState>, &WriteRequest),
) -> Handled {
    draft.check()?;
    let Owned { owner, .. } = owned;
    let mut tx = door.write(request).await?;
    let client = find(&mut tx, &owner, id).await?;
    version.holds(client.version)?;
    if !client.state.allowed().contains(&draft.to) {
        return Err(move_refused(&client.state, &draft.to, client.state.allowed()).into());
    }
    administrators::stay(&mut tx, &owner, &Without::Client(id)).await?;
    let reason = draft.reason.trim().to_owned();
    if !store::revoke(&mut tx, &owner, &client, &reason).await? {
        return Err(changed_meanwhile().into());
    }
    tx.record(Act::new("client.revoked", format!("clients/{id}")).after(reason.as_str()).deleting());
    let by = door.caller().client_id.clone();
    let moved = Move { from: client.state, to: draft.to, reason, by, moved_at: door.now() };
    let client = find(&mut tx, &owner, id).await?;
    Ok(tx.answer(told(&client, vec![moved])).await?)
}
