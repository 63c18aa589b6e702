//! What is done with members, whoever their owner is.

use serde_json::json;
use tenancy::{Act, Handled, KindOf, Tx};
use web::{
    Created, Found, IfMatch, Move, MoveDraft, Page, PageRequest, Problem, Transitions, WriteRequest, changed_meanwhile,
    drafts, move_refused,
};

use super::{
    member::{HandOverBody, HandOverDraft, MemberBody, MemberChange, MemberState, RoleFrom, acting},
    store,
};
use crate::{
    administrators::{self, Without},
    clients::{
        self, ClientOwner,
        door::{Door, Owned},
    },
};

pub(super) async fn list<D: Door>(door: &D, owned: Owned, page: PageRequest) -> Result<Page<MemberBody>, Problem> {
    let mut tx = door.read().await?;
    let rows = store::list(&mut tx, &owned.owner, None, page.after()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |member| member.id.clone()))
}

async fn find<K: KindOf>(tx: &mut Tx<K>, owner: &ClientOwner, id: &str) -> Result<MemberBody, Problem> {
    store::list(tx, owner, Some(id), None, 1).await?.pop().ok_or_else(|| Problem::not_found("member"))
}

pub(super) async fn get<D: Door>(door: &D, owned: Owned, id: &str) -> Result<Found<MemberBody>, Problem> {
    let member = find(&mut door.read().await?, &owned.owner, id).await?;
    Ok(Found::at(member.version, member))
}

/// Keeps what a member has become. Where they may do otherwise from now on, the tokens they have are cut off.
async fn settle<K: KindOf>(
    tx: &mut Tx<K>,
    owner: &ClientOwner,
    (before, after): (&MemberBody, &MemberBody),
    reason: &str,
) -> Result<(), Problem> {
    let now = clients::hold_tokens(tx, &before.id).await?;
    if !store::change(tx, after).await? {
        return Err(changed_meanwhile());
    }
    if before.role != after.role || after.state != MemberState::Active {
        clients::cut_tokens(tx, owner, &before.id, reason, now).await?;
    }
    Ok(())
}

pub(super) async fn change<D: Door>(
    door: &D,
    owned: Owned,
    (id, version): (&str, IfMatch),
    (draft, request): (MemberChange, &WriteRequest),
) -> Handled {
    let owner = owned.owner;
    draft.check(owner.kind())?;
    let mut tx = door.write(request).await?;
    let before = find(&mut tx, &owner, id).await?;
    version.holds(before.version)?;
    if before.state == MemberState::Removed {
        return Err(move_refused(&before.state, &MemberState::Active, &[]).into());
    }
    let mut after = MemberBody { version: before.version + 1, ..before.clone() };
    if let Some(office) = &draft.office {
        after.office = office.trim().to_owned();
    }
    if let Some(role) = draft.role {
        (after.role, after.role_from) = (role.as_str().to_owned(), RoleFrom::Given);
    }
    if after.role != before.role {
        administrators::stay(&mut tx, &owner, &Without::Member(id)).await?;
    }
    settle(&mut tx, &owner, (&before, &after), "another role").await?;
    let act = Act::new("member.changed", format!("members/{id}"));
    tx.record(act.before(json!(before)).after(json!(after)));
    Ok(tx.answer(Found::at(after.version, after)).await?)
}

pub(super) async fn transitions<D: Door>(
    door: &D,
    owned: Owned,
    id: &str,
) -> Result<Found<Transitions<MemberState>>, Problem> {
    let mut tx = door.read().await?;
    let member = find(&mut tx, &owned.owner, id).await?;
    told(&mut tx, &member).await
}

async fn told<K: KindOf>(tx: &mut Tx<K>, member: &MemberBody) -> Result<Found<Transitions<MemberState>>, Problem> {
    let data = store::moves(tx, &member.id).await?;
    let body = Transitions { state: member.state, allowed: member.state.allowed().to_vec(), data, next_cursor: None };
    Ok(Found::at(member.version, body))
}

pub(super) async fn shift<D: Door>(
    door: &D,
    owned: Owned,
    (id, version): (&str, IfMatch),
    (draft, request): (MoveDraft<MemberState>, &WriteRequest),
) -> Handled {
    draft.check()?;
    let owner = owned.owner;
    let mut tx = door.write(request).await?;
    let before = find(&mut tx, &owner, id).await?;
    version.holds(before.version)?;
    if !before.state.allowed().contains(&draft.to) {
        return Err(move_refused(&before.state, &draft.to, before.state.allowed()).into());
    }
    if draft.to != MemberState::Active {
        administrators::stay(&mut tx, &owner, &Without::Member(id)).await?;
    }
    let after = MemberBody { state: draft.to, version: before.version + 1, ..before.clone() };
    let made = Move {
        from: before.state,
        to: draft.to,
        reason: draft.reason.trim().to_owned(),
        by: door.caller().client_id.clone(),
        moved_at: door.now(),
    };
    settle(&mut tx, &owner, (&before, &after), &made.reason).await?;
    store::note_move(&mut tx, &owner, id, &made).await?;
    let act = Act::new("member.moved", format!("members/{id}")).before(json!(made.from)).after(json!(made));
    tx.record(if draft.to == MemberState::Removed { act.deleting() } else { act });
    let answer = told(&mut tx, &after).await?;
    Ok(tx.answer(answer).await?)
}

/// Passes the role of one member to another, in one step.
pub(super) async fn hand_over<D: Door>(
    door: &D,
    owned: Owned,
    id: &str,
    (draft, request): (HandOverDraft, &WriteRequest),
) -> Handled {
    let owner = owned.owner.clone();
    let mut tx = door.write(request).await?;
    // One at a time: else two who pass their roles to each other could each find the other as it was.
    administrators::hold(&mut tx, &owner).await?;
    let from = find(&mut tx, &owner, id).await?;
    draft.check(&from, owner.kind())?;
    acting(&from, "")?;
    let to = store::list(&mut tx, &owner, Some(&draft.to), None, 1).await?.pop();
    let to = to.ok_or_else(|| drafts::unknown("/to", "member"))?;
    acting(&to, "/to")?;
    let reason = draft.reason.trim().to_owned();
    let by = door.caller().client_id.clone();
    if to.role != from.role {
        administrators::stay(&mut tx, &owner, &Without::Member(&to.id)).await?;
    }
    let mut given = MemberBody { version: to.version + 1, role_from: RoleFrom::Given, ..to.clone() };
    given.role.clone_from(&from.role);
    settle(&mut tx, &owner, (&to, &given), &reason).await?;
    // After the gain and before the loss: what counts is what is left when both are done.
    let mut left = MemberBody { version: from.version + 1, role_from: RoleFrom::Given, ..from.clone() };
    match draft.keeps {
        Some(role) => left.role = role.as_str().to_owned(),
        None => left.state = MemberState::Removed,
    }
    if left.role != from.role || left.state != from.state {
        administrators::stay(&mut tx, &owner, &Without::Member(id)).await?;
    }
    settle(&mut tx, &owner, (&from, &left), &reason).await?;
    if left.state != from.state {
        let made =
            Move { from: from.state, to: left.state, reason: reason.clone(), by: by.clone(), moved_at: door.now() };
        store::note_move(&mut tx, &owner, id, &made).await?;
    }
    let act = Act::new("member.handed-over", format!("members/{id}")).before(json!({"from": from, "to": to}));
    let act = act.after(json!({"from": left, "to": given, "reason": reason}));
    let act = act.bumping(format!("members/{}", given.id));
    tx.record(if left.state == MemberState::Removed { act.deleting() } else { act });
    let location = owned.location("members", &given.id);
    let body = HandOverBody { role: from.role, from: left, to: given, reason, by, handed_over_at: door.now() };
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
