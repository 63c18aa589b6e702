//! What is done with providers, whoever their owner is.

use domain::IssuerId;
use serde_json::json;
use tenancy::{Act, Handled, KindOf, OnConstraint, Tx};
use web::{
    Created, Found, IfMatch, Move, MoveDraft, Page, PageRequest, Problem, Transitions, WriteRequest, changed_meanwhile,
    move_refused, problems,
};

use super::{
    discovery::discover,
    issuer::{IssuerBody, IssuerChange, IssuerDraft, IssuerState},
    store,
};
use crate::{
    administrators::{self, Without},
    clients::{
        self, ClientOwner,
        door::{Door, Owned},
    },
    key_sets::KeySets,
};

pub(super) async fn list<D: Door>(door: &D, owned: Owned, page: PageRequest) -> Result<Page<IssuerBody>, Problem> {
    let mut tx = door.read().await?;
    let rows = store::list(&mut tx, &owned.owner, None, page.after()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |issuer| issuer.id))
}

async fn find<K: KindOf>(tx: &mut Tx<K>, owner: &ClientOwner, id: IssuerId) -> Result<IssuerBody, Problem> {
    store::list(tx, owner, Some(id), None, 1).await?.pop().ok_or_else(|| Problem::not_found("provider"))
}

pub(super) async fn register<D: Door>(
    door: &D,
    owned: Owned,
    key_sets: &KeySets,
    (draft, request): (IssuerDraft, &WriteRequest),
) -> Handled {
    draft.check(owned.owner.kind())?;
    let provider = discover(key_sets, &draft.issuer, "/issuer").await?;
    let mut tx = door.write(request).await?;
    if let ClientOwner::Region(region) = &owned.owner
        && !clients::region_exists(&mut tx, region.as_str()).await?
    {
        return Err(Problem::not_found("region").into());
    }
    let now = door.now();
    let body = IssuerBody {
        id: IssuerId::at(now),
        name: draft.name.trim().to_owned(),
        issuer: draft.issuer,
        audience: draft.audience,
        mappings: draft.mappings,
        state: IssuerState::Active,
        jwks_uri: provider.jwks_uri,
        discovered_at: now,
        created_at: now,
        version: 1,
    };
    store::insert(&mut tx, &owned.owner, &body).await.on_constraint("issuer_speaks_once", || {
        let why = "This issuer and audience are registered already, here or elsewhere. Ask your provider for a client id of \
                   its own for Tenfold; a sandbox has one of its own too.";
        Problem::of_fault(&problems::CONFLICT, "/audience", why)
    })?;
    tx.record(Act::new("issuer.registered", format!("issuers/{}", body.id)).after(json!(body)));
    let location = owned.location("issuers", body.id);
    Ok(tx.answer(Created { location, version: Some(1), body }).await?)
}

pub(super) async fn get<D: Door>(door: &D, owned: Owned, id: IssuerId) -> Result<Found<IssuerBody>, Problem> {
    let issuer = find(&mut door.read().await?, &owned.owner, id).await?;
    Ok(Found::at(issuer.version, issuer))
}

pub(super) async fn change<D: Door>(
    door: &D,
    owned: Owned,
    key_sets: &KeySets,
    (id, version): (IssuerId, IfMatch),
    (draft, request): (IssuerChange, &WriteRequest),
) -> Handled {
    let owner = owned.owner;
    draft.check(owner.kind())?;
    let mut provider = None;
    if draft.discover {
        let issuer = find(&mut door.read().await?, &owner, id).await?;
        provider = Some(discover(key_sets, &issuer.issuer, "/discover").await?);
    }
    let mut tx = door.write(request).await?;
    let before = find(&mut tx, &owner, id).await?;
    version.holds(before.version)?;
    if before.state == IssuerState::Removed {
        return Err(move_refused(&before.state, &IssuerState::Active, &[]).into());
    }
    let after = IssuerBody {
        name: draft.name.as_deref().map_or_else(|| before.name.clone(), |name| name.trim().to_owned()),
        mappings: draft.mappings.unwrap_or_else(|| before.mappings.clone()),
        discovered_at: if provider.is_some() { door.now() } else { before.discovered_at },
        jwks_uri: provider.map_or_else(|| before.jwks_uri.clone(), |provider| provider.jwks_uri),
        version: before.version + 1,
        ..before.clone()
    };
    if !store::change(&mut tx, &after).await? {
        return Err(changed_meanwhile().into());
    }
    let act = Act::new("issuer.changed", format!("issuers/{id}"));
    tx.record(act.before(json!(before)).after(json!(after)));
    Ok(tx.answer(Found::at(after.version, after)).await?)
}

pub(super) async fn transitions<D: Door>(
    door: &D,
    owned: Owned,
    id: IssuerId,
) -> Result<Found<Transitions<IssuerState>>, Problem> {
    let mut tx = door.read().await?;
    let issuer = find(&mut tx, &owned.owner, id).await?;
    told(&mut tx, &issuer).await
}

async fn told<K: KindOf>(tx: &mut Tx<K>, issuer: &IssuerBody) -> Result<Found<Transitions<IssuerState>>, Problem> {
    let data = store::moves(tx, issuer.id).await?;
    let body = Transitions { state: issuer.state, allowed: issuer.state.allowed().to_vec(), data, next_cursor: None };
    Ok(Found::at(issuer.version, body))
}

pub(super) async fn shift<D: Door>(
    door: &D,
    owned: Owned,
    (id, version): (IssuerId, IfMatch),
    (draft, request): (MoveDraft<IssuerState>, &WriteRequest),
) -> Handled {
    draft.check()?;
    let owner = owned.owner;
    let mut tx = door.write(request).await?;
    let issuer = find(&mut tx, &owner, id).await?;
    version.holds(issuer.version)?;
    if !issuer.state.allowed().contains(&draft.to) {
        return Err(move_refused(&issuer.state, &draft.to, issuer.state.allowed()).into());
    }
    if draft.to != IssuerState::Active {
        administrators::stay(&mut tx, &owner, &Without::Issuer(id)).await?;
    }
    // Whoever is signing in there now finishes first.
    let now = clients::hold_tokens(&mut tx, &id.to_string()).await?;
    let made = Move {
        from: issuer.state,
        to: draft.to,
        reason: draft.reason.trim().to_owned(),
        by: door.caller().client_id.clone(),
        moved_at: now,
    };
    if !store::shift(&mut tx, &owner, &issuer, &made).await? {
        return Err(changed_meanwhile().into());
    }
    if draft.to != IssuerState::Active {
        store::cut_tokens(&mut tx, &owner, id, &made.reason, now).await?;
    }
    let act = Act::new("issuer.moved", format!("issuers/{id}")).before(json!(made.from)).after(json!(made));
    tx.record(if draft.to == IssuerState::Removed { act.deleting() } else { act });
    let issuer = find(&mut tx, &owner, id).await?;
    let answer = told(&mut tx, &issuer).await?;
    Ok(tx.answer(answer).await?)
}
