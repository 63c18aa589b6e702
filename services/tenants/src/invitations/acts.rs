//! What is done with invitations, whoever their owner is.

use auth::ClientSecret;
use domain::InvitationId;
use serde_json::json;
use tenancy::{Act, Handled, KindOf, Tx};
use web::{
    Created, Found, IfMatch, Move, MoveDraft, Page, PageRequest, Problem, Transitions, WriteRequest, changed_meanwhile,
    move_refused,
};

use super::{
    invitation::{InvitationBody, InvitationDraft, InvitationState, SentInvitation},
    store,
};
use crate::clients::{
    self, ClientOwner,
    door::{Door, Owned},
};

pub(super) async fn list<D: Door>(door: &D, owned: Owned, page: PageRequest) -> Result<Page<InvitationBody>, Problem> {
    let mut tx = door.read().await?;
    let rows = store::list(&mut tx, &owned.owner, None, page.after()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |invitation| invitation.id))
}

async fn find<K: KindOf>(tx: &mut Tx<K>, owner: &ClientOwner, id: InvitationId) -> Result<InvitationBody, Problem> {
    store::list(tx, owner, Some(id), None, 1).await?.pop().ok_or_else(|| Problem::not_found("invitation"))
}

pub(super) async fn invite<D: Door>(
    door: &D,
    owned: Owned,
    (draft, request): (InvitationDraft, &WriteRequest),
) -> Handled {
    let expires_at = draft.check(owned.owner.kind(), door.now())?;
    let mut tx = door.write(request).await?;
    if let ClientOwner::Region(region) = &owned.owner
        && !clients::region_exists(&mut tx, region.as_str()).await?
    {
        return Err(Problem::not_found("region").into());
    }
    let code = ClientSecret::of_invitation();
    let body = InvitationBody {
        id: InvitationId::at(door.now()),
        office: draft.office.trim().to_owned(),
        role: draft.role.as_str().to_owned(),
        state: InvitationState::Pending,
        hint: code.hint(),
        invited_at: door.now(),
        invited_by: door.caller().client_id.clone(),
        expires_at,
        accepted_at: None,
        accepted_by: None,
        withdrawn_at: None,
        withdrawn_by: None,
        reason: None,
        version: 1,
    };
    store::insert(&mut tx, &owned.owner, &body, &code).await?;
    tx.record(Act::new("member.invited", format!("invitations/{}", body.id)).after(json!(body)));
    let location = owned.location("invitations", body.id);
    let kept = SentInvitation { invitation: body, code: None };
    let shown = SentInvitation { code: Some(code.reveal().to_owned()), ..kept.clone() };
    Ok(tx.answer_once(Created { location, version: Some(1), body: shown }, &kept).await?)
}

pub(super) async fn get<D: Door>(door: &D, owned: Owned, id: InvitationId) -> Result<Found<InvitationBody>, Problem> {
    let invitation = find(&mut door.read().await?, &owned.owner, id).await?;
    // Time moves its state, without another version.
    Ok(Found::at(invitation.version, invitation))
}

pub(super) async fn transitions<D: Door>(
    door: &D,
    owned: Owned,
    id: InvitationId,
) -> Result<Found<Transitions<InvitationState>>, Problem> {
    Ok(told(find(&mut door.read().await?, &owned.owner, id).await?))
}

/// The moves that people made; that its time is over is not among them.
fn told(invitation: InvitationBody) -> Found<Transitions<InvitationState>> {
    let from = InvitationState::Pending;
    let accepted = invitation.accepted_at.zip(invitation.accepted_by).map(|(moved_at, by)| Move {
        from,
        to: InvitationState::Accepted,
        reason: "Signed in with it".to_owned(),
        by,
        moved_at,
    });
    let withdrawn = invitation.withdrawn_at.zip(invitation.withdrawn_by).map(|(moved_at, by)| Move {
        from,
        to: InvitationState::Withdrawn,
        reason: invitation.reason.unwrap_or_default(),
        by,
        moved_at,
    });
    let data = accepted.into_iter().chain(withdrawn).collect();
    let (state, allowed) = (invitation.state, invitation.state.allowed().to_vec());
    Found::at(invitation.version, Transitions { state, allowed, data, next_cursor: None })
}

pub(super) async fn withdraw<D: Door>(
    door: &D,
    owned: Owned,
    (id, version): (InvitationId, IfMatch),
    (draft, request): (MoveDraft<InvitationState>, &WriteRequest),
) -> Handled {
    draft.check()?;
    let mut tx = door.write(request).await?;
    let invitation = find(&mut tx, &owned.owner, id).await?;
    version.holds(invitation.version)?;
    if !invitation.state.allowed().contains(&draft.to) {
        return Err(move_refused(&invitation.state, &draft.to, invitation.state.allowed()).into());
    }
    let by = (door.caller().client_id.as_str(), draft.reason.trim());
    if !store::withdraw(&mut tx, &invitation, by).await? {
        return Err(changed_meanwhile().into());
    }
    tx.record(Act::new("invitation.withdrawn", format!("invitations/{id}")).after(draft.reason.trim()).deleting());
    let invitation = find(&mut tx, &owned.owner, id).await?;
    Ok(tx.answer(told(invitation)).await?)
}
