//! What is done with the keys of clients, whoever their owner is.

use auth::ClientSecret;
use domain::ClientKeyId;
use tenancy::{Act, Handled, KindOf, OnConstraint, Tx};
use web::{
    Created, Found, IfMatch, Move, MoveDraft, Page, PageRequest, Problem, Transitions, WriteRequest, changed_meanwhile,
    move_refused, problems,
};

use super::{
    key::{CreatedKey, KeyBody, KeyDraft, KeyKind, KeyState, KeyTimes, NewKey, PUBLIC_KEYS, SECRETS, too_many},
    store as key_store,
};
use crate::{
    administrators::{self, Without},
    clients::{
        acts::find as find_client,
        client::{ClientBody, ClientOwner, ClientState},
        door::{Door, Owned},
        store,
    },
};

/// More than a client ever has that work.
const ALL: i64 = 10_000;

pub(in crate::clients) async fn list<D: Door>(
    door: &D,
    owned: Owned,
    client: &str,
    page: PageRequest,
) -> Result<Page<KeyBody>, Problem> {
    let mut tx = door.read().await?;
    find_client(&mut tx, &owned.owner, client).await?;
    let rows = key_store::list(&mut tx, client, None, page.after()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |key| key.id))
}

async fn find<K: KindOf>(
    tx: &mut Tx<K>,
    owner: &ClientOwner,
    (client, key): (&str, ClientKeyId),
) -> Result<(ClientBody, KeyBody), Problem> {
    let client = find_client(tx, owner, client).await?;
    let key = key_store::list(tx, &client.id, Some(key), None, 1).await?.pop();
    Ok((client, key.ok_or_else(|| Problem::not_found("key"))?))
}

/// Makes a secret, or takes a public key; those there are retire after the overlap.
pub(in crate::clients) async fn rotate<D: Door>(
    door: &D,
    owned: Owned,
    client: &str,
    (draft, request): (KeyDraft, &WriteRequest),
) -> Handled {
    let owner = owned.owner.clone();
    let mut tx = door.write(request).await?;
    let client = find_client(&mut tx, &owner, client).await?;
    // One at a time: else two could each be the second of two.
    store::hold_tokens(&mut tx, &client.id).await?;
    let rotation = draft.check(client.authentication, client.jwks_uri.is_some(), door.now())?;
    if client.state == ClientState::Revoked {
        let detail = "The client is revoked and gets no tokens. Make another client.";
        return Err(Problem::new(&problems::TRANSITION_REFUSED, detail).with("allowed", Vec::<String>::new()).into());
    }
    let others = key_store::list(&mut tx, &client.id, None, None, ALL).await?;
    let secret = ClientSecret::new(owner.mode());
    let key = rotation.public_key.map_or_else(|| NewKey::from(&secret), NewKey::from);
    let most = if key.kind() == KeyKind::Secret { SECRETS } else { PUBLIC_KEYS };
    if others.iter().filter(|other| other.state.counts()).count() >= most {
        return Err(too_many(key.kind()).into());
    }
    if let NewKey::Public { kid, .. } = &key
        && others.iter().any(|other| other.state.counts() && other.kid.as_ref() == Some(kid))
    {
        return Err(taken("Another key of the client has this kid. Give each its own.").into());
    }
    for other in others.iter().filter(|other| other.state.lasts()) {
        let Some(at) = rotation.others_retire_at else { break };
        let times = KeyTimes { retires_at: Some(at.max(other.starts_at)), ..other.times() };
        if !key_store::set_times(&mut tx, &client.id, other, times).await? {
            return Err(changed_meanwhile().into());
        }
    }
    let times = (door.now(), rotation.starts_at);
    let id = key_store::insert(tx.connection(), &owner, &client.id, &key, times)
        .await
        .on_constraint("client_key_once", || {
            taken("The client has or had this key. A key that was once in use is not taken up again: make a new pair.")
        })?;
    let (_, body) = find(&mut tx, &owner, (&client.id, id)).await?;
    let act = Act::new("client-key.created", format!("clients/{}/keys/{id}", client.id));
    tx.record(act.after(serde_json::json!(body)));
    let location = owned.location("clients", format_args!("{}/keys/{id}", client.id));
    let shown = (body.kind == KeyKind::Secret).then(|| secret.reveal().to_owned());
    let kept = CreatedKey { key: body, client_secret: None };
    let shown = CreatedKey { client_secret: shown, ..kept.clone() };
    Ok(tx.answer_once(Created { location, version: Some(1), body: shown }, &kept).await?)
}

fn taken(detail: &str) -> Problem {
    Problem::of_fault(&problems::CONFLICT, "/public_key", detail)
}

pub(in crate::clients) async fn get<D: Door>(
    door: &D,
    owned: Owned,
    which: (&str, ClientKeyId),
) -> Result<Found<KeyBody>, Problem> {
    let (_, key) = find(&mut door.read().await?, &owned.owner, which).await?;
    // Time moves its state, without another version.
    Ok(Found::at(key.version, key))
}

pub(in crate::clients) async fn transitions<D: Door>(
    door: &D,
    owned: Owned,
    which: (&str, ClientKeyId),
) -> Result<Found<Transitions<KeyState>>, Problem> {
    let mut tx = door.read().await?;
    let (_, key) = find(&mut tx, &owned.owner, which).await?;
    told(&mut tx, which.0, &key).await
}

async fn told<K: KindOf>(tx: &mut Tx<K>, client: &str, key: &KeyBody) -> Result<Found<Transitions<KeyState>>, Problem> {
    let data = key_store::moves(tx, client, key.id).await?;
    let body = Transitions { state: key.state, allowed: key.state.allowed().to_vec(), data, next_cursor: None };
    Ok(Found::at(key.version, body))
}

/// Brings a key into use early, retires it, or revokes it.
pub(in crate::clients) async fn shift<D: Door>(
    door: &D,
    owned: Owned,
    (which, version): ((&str, ClientKeyId), IfMatch),
    (draft, request): (MoveDraft<KeyState>, &WriteRequest),
) -> Handled {
    draft.check()?;
    let Owned { owner, .. } = owned;
    let mut tx = door.write(request).await?;
    let (client, key) = find(&mut tx, &owner, which).await?;
    version.holds(key.version)?;
    if !key.state.allowed().contains(&draft.to) {
        return Err(move_refused(&key.state, &draft.to, key.state.allowed()).into());
    }
    if draft.to != KeyState::Active && key.state.lasts() {
        administrators::stay(&mut tx, &owner, &Without::Key(&client.id, key.id)).await?;
    }
    let now = store::hold_tokens(&mut tx, &client.id).await?;
    let reason = draft.reason.trim().to_owned();
    if draft.to == KeyState::Revoked {
        store::cut_tokens(&mut tx, &owner, &client.id, &reason, now).await?;
    }
    if !key_store::set_times(&mut tx, &client.id, &key, key.times().moved(draft.to, now)).await? {
        return Err(changed_meanwhile().into());
    }
    let by = door.caller().client_id.clone();
    let made = Move { from: key.state, to: draft.to, reason, by, moved_at: now };
    key_store::note_move(&mut tx, &owner, (&client.id, key.id), &made).await?;
    let action = match draft.to {
        KeyState::Revoked => "client-key.revoked",
        KeyState::Active => "client-key.activated",
        _ => "client-key.retired",
    };
    let act = Act::new(action, format!("clients/{}/keys/{}", client.id, key.id)).after(made.reason.as_str());
    tx.record(if draft.to == KeyState::Revoked { act.deleting() } else { act });
    let (_, mut key) = find(&mut tx, &owner, which).await?;
    // By the clock after the lock, which is later than the transaction's.
    key.state = key.times().state(now);
    let answer = told(&mut tx, &client.id, &key).await?;
    Ok(tx.answer(answer).await?)
}
