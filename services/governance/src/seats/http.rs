//! Seats over HTTP.

use auth::can;
use domain::{CommitteeId, SeatId};
use serde::Deserialize;
use tenancy::{Act, Borough, Handled, InBorough, Tx};
use uuid::Uuid;
use web::{At, Created, Found, IfMatch, Page, PageRequest, Paging, Problem, Sent, Versioned};

use super::{
    seat::{EndingDraft, SeatBody, SeatDraft},
    store,
};
use crate::committees::{find_committee, http::CommitteePath};

/// A seat in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct SeatPath {
    /// Slug or GSS code.
    #[param(example = "wigan")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The committee.
    committee: CommitteeId,
    /// The seat.
    seat: SeatId,
}

/// List a committee's seats
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/committees/{committee}/seats", operation_id = "listSeats", tag = "committees",
    params(CommitteePath, Paging),
    responses((status = 200, body = Page<SeatBody>)),
    security(("bearer" = ["committees:read"])),
)]
pub(crate) async fn list_seats(
    scope: InBorough<can::ReadCommittees>,
    At(path): At<CommitteePath>,
    page: PageRequest,
) -> Result<Page<SeatBody>, Problem> {
    let mut tx = scope.read().await?;
    find_committee(&mut tx, path.committee).await?;
    let rows = store::seats(&mut tx, path.committee, None, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |seat| seat.id))
}

/// Make a seat
///
/// A seat is of a class and on behalf of one parent; who sits in it is a membership.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/committees/{committee}/seats", operation_id = "createSeat", tag = "committees",
    params(CommitteePath),
    request_body = SeatDraft,
    responses((status = 201, body = SeatBody)),
    security(("bearer" = ["committees:manage"])),
)]
pub(crate) async fn create_seat(
    scope: InBorough<can::ManageCommittees>,
    At(path): At<CommitteePath>,
    Sent(draft, request): Sent<SeatDraft>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    let committee = find_committee(&mut tx, path.committee).await?;
    draft.check(&committee.parents)?;
    let body = SeatBody {
        id: SeatId::at(scope.now()),
        title: draft.title.trim().to_owned(),
        class: draft.class,
        partner: draft.partner,
        voting: draft.voting,
        joint: draft.joint,
        valid_from: draft.valid_from,
        valid_to: None,
        created_at: scope.now(),
        version: 1,
    };
    store::insert_seat(&mut tx, path.committee, &body).await?;
    let subject = format!("committees/{}/seats/{}", path.committee, body.id);
    tx.record(Act::new("seat.created", &subject).after(serde_json::json!(body)));
    let location = format!("/v1/boroughs/{}/{subject}", scope.borough().slug);
    Ok(tx.answer(Created { location, version: Some(1), body }).await?)
}

pub(super) async fn find(tx: &mut Tx<Borough>, committee: CommitteeId, seat: SeatId) -> Result<SeatBody, Problem> {
    store::seats(tx, committee, Some(seat), None, 1).await?.pop().ok_or_else(|| Problem::not_found("seat"))
}

/// Get a seat
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/committees/{committee}/seats/{seat}", operation_id = "getSeat", tag = "committees",
    params(SeatPath),
    responses((status = 200, body = SeatBody)),
    security(("bearer" = ["committees:read"])),
)]
pub(crate) async fn get_seat(
    scope: InBorough<can::ReadCommittees>,
    At(path): At<SeatPath>,
) -> Result<Found<SeatBody>, Problem> {
    let seat = find(&mut scope.read().await?, path.committee, path.seat).await?;
    Ok(Found::at(seat.version, seat))
}

/// End a seat
///
/// Whoever sits in it, as member or substitute, leaves with it.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/committees/{committee}/seats/{seat}/endings", operation_id = "endSeat",
    tag = "committees",
    params(SeatPath, Versioned),
    request_body = EndingDraft,
    responses((status = 200, body = SeatBody)),
    security(("bearer" = ["committees:manage"])),
)]
pub(crate) async fn end_seat(
    scope: InBorough<can::ManageCommittees>,
    At(path): At<SeatPath>,
    version: IfMatch,
    Sent(draft, request): Sent<EndingDraft>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    let seat = find(&mut tx, path.committee, path.seat).await?;
    version.holds(seat.version)?;
    draft.check(seat.valid_from, seat.valid_to)?;
    if !store::end_seat(&mut tx, path.committee, &seat, draft.valid_to).await? {
        return Err(web::changed_meanwhile().into());
    }
    let act = Act::new("seat.ended", format!("committees/{}/seats/{}", path.committee, seat.id));
    tx.record(act.after(serde_json::json!({"valid_to": draft.valid_to, "reason": draft.reason.trim()})));
    let body = SeatBody { valid_to: Some(draft.valid_to), version: seat.version + 1, ..seat };
    Ok(tx.answer(Found::at(body.version, body)).await?)
}
