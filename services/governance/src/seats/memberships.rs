//! Memberships over HTTP.

use auth::can;
use chrono::Days;
use domain::{CommitteeId, MembershipId};
use serde::Deserialize;
use tenancy::{Act, Handled, InBorough};
use uuid::Uuid;
use web::{At, Created, Found, IfMatch, Page, PageRequest, Paging, Problem, Sent, Versioned, problems};

use super::{
    http,
    seat::{Capacity, EndingDraft, MembershipBody, MembershipDraft},
    store::{self, Which},
};
use crate::{
    committees::{find_committee, http::CommitteePath},
    drafts::unknown,
};

/// A membership in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct MembershipPath {
    /// Slug or GSS code.
    #[param(example = "wigan")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The committee.
    committee: CommitteeId,
    /// The membership.
    membership: MembershipId,
}

/// List who sits in a committee, and who did
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/committees/{committee}/memberships", operation_id = "listMemberships",
    tag = "committees",
    params(CommitteePath, Paging),
    responses((status = 200, body = Page<MembershipBody>)),
    security(("bearer" = ["committees:read"])),
)]
pub(crate) async fn list_memberships(
    scope: InBorough<can::ReadCommittees>,
    At(path): At<CommitteePath>,
    page: PageRequest,
) -> Result<Page<MembershipBody>, Problem> {
    let mut tx = scope.read().await?;
    find_committee(&mut tx, path.committee).await?;
    let which = Which { after: page.after::<Uuid>()?, ..Which::default() };
    let rows = store::memberships(&mut tx, path.committee, which, page.rows_wanted()).await?;
    Ok(page.page(rows, |membership| membership.id))
}

/// Put somebody in a seat, as its member or as a named substitute
///
/// A new member's predecessor leaves the day before: a seat never has two. A substitute is of the seat's own class.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/committees/{committee}/memberships", operation_id = "createMembership",
    tag = "committees",
    params(CommitteePath),
    request_body = MembershipDraft,
    responses((status = 201, body = MembershipBody)),
    security(("bearer" = ["committees:manage"])),
)]
pub(crate) async fn create_membership(
    scope: InBorough<can::ManageCommittees>,
    At(path): At<CommitteePath>,
    Sent(draft, request): Sent<MembershipDraft>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    find_committee(&mut tx, path.committee).await?;
    let seat = http::find(&mut tx, path.committee, draft.seat)
        .await
        .map_err(|_| unknown("/seat", "seat of this committee"))?;
    let name = store::name_of(&mut tx, draft.person).await?;
    let name = name.ok_or_else(|| unknown("/person", "person"))?;
    let last = store::last_member(&mut tx, path.committee, seat.id).await?;
    let which = Which { person: Some(draft.person), ..Which::default() };
    let others = store::memberships(&mut tx, path.committee, which, 1_000).await?;
    draft.check(&seat, &others)?;
    if let (Capacity::Member, Some((before, from, to))) = (draft.capacity, last)
        && to.is_none_or(|to| to >= draft.valid_from)
    {
        let eve = draft.valid_from.checked_sub_days(Days::new(1)).filter(|eve| *eve >= from).ok_or_else(|| {
            Problem::of_fault(
                &problems::CONFLICT,
                "/valid_from",
                format_args!("The seat has had a member since {from}."),
            )
        })?;
        store::end_membership(&mut tx, path.committee, before, None, eve).await?;
    }
    let body = MembershipBody {
        id: MembershipId::at(scope.now()),
        seat: seat.id,
        person: draft.person,
        name,
        class: seat.class,
        partner: seat.partner,
        capacity: draft.capacity,
        valid_from: draft.valid_from,
        valid_to: None,
        created_at: scope.now(),
        version: 1,
    };
    store::insert_membership(&mut tx, path.committee, &body).await?;
    let subject = format!("committees/{}/memberships/{}", path.committee, body.id);
    let after = serde_json::json!({"seat": body.seat, "person": body.person, "capacity": body.capacity, "valid_from": body.valid_from});
    tx.record(Act::new("membership.created", &subject).after(after));
    let location = format!("/v1/boroughs/{}/committees/{}/memberships", scope.borough().slug, path.committee);
    Ok(tx.answer(Created { location, version: Some(1), body }).await?)
}

/// End a membership
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/committees/{committee}/memberships/{membership}/endings",
    operation_id = "endMembership", tag = "committees",
    params(MembershipPath, Versioned),
    request_body = EndingDraft,
    responses((status = 200, body = MembershipBody)),
    security(("bearer" = ["committees:manage"])),
)]
pub(crate) async fn end_membership(
    scope: InBorough<can::ManageCommittees>,
    At(path): At<MembershipPath>,
    version: IfMatch,
    Sent(draft, request): Sent<EndingDraft>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    let which = Which { one: Some(path.membership), ..Which::default() };
    let found = store::memberships(&mut tx, path.committee, which, 1).await?.pop();
    let membership = found.ok_or_else(|| Problem::not_found("membership"))?;
    version.holds(membership.version)?;
    draft.check(membership.valid_from, membership.valid_to)?;
    let read_at = Some(membership.version);
    if !store::end_membership(&mut tx, path.committee, membership.id, read_at, draft.valid_to).await? {
        return Err(web::changed_meanwhile().into());
    }
    let act = Act::new("membership.ended", format!("committees/{}/memberships/{}", path.committee, membership.id));
    tx.record(act.after(serde_json::json!({"valid_to": draft.valid_to, "reason": draft.reason.trim()})));
    let body = MembershipBody { valid_to: Some(draft.valid_to), version: membership.version + 1, ..membership };
    Ok(tx.answer(Found::at(body.version, body)).await?)
}
