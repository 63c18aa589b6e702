//! Attendances over HTTP.

use auth::can;
use domain::{AttendanceId, MeetingId};
use serde::Deserialize;
use serde_json::json;
use tenancy::{Act, Handled, InBorough};
use uuid::Uuid;
use web::{At, Created, Page, PageRequest, Paging, Problem, Sent, problems};

use super::attendance::{ArrivalDraft, AttendanceBody, DepartureDraft};
use super::store;
use crate::{
    drafts::unknown,
    meetings::{find_meeting, hold, http::MeetingPath},
    people::named_person,
    words::word,
};

/// A stay in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct AttendancePath {
    /// Slug or GSS code.
    #[param(example = "wigan")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The meeting.
    meeting: MeetingId,
    /// The stay.
    attendance: AttendanceId,
}

/// List who was at a meeting, in the order it was recorded
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/meetings/{meeting}/attendances", operation_id = "listAttendances",
    tag = "attendances",
    params(MeetingPath, Paging),
    responses((status = 200, body = Page<AttendanceBody>)),
    security(("bearer" = ["meetings:read"])),
)]
pub(crate) async fn list_attendances(
    scope: InBorough<can::ReadMeetings>,
    At(path): At<MeetingPath>,
    page: PageRequest,
) -> Result<Page<AttendanceBody>, Problem> {
    let mut tx = scope.read().await?;
    find_meeting(&mut tx, path.meeting).await?;
    let rows = store::list(&mut tx, path.meeting, None, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |stay| stay.id))
}

/// Record an arrival
///
/// A member or substitute sits in a seat they are appointed to on the day of the meeting. A seat is taken by one person
/// at a time.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/meetings/{meeting}/attendances", operation_id = "recordArrival",
    tag = "attendances",
    params(MeetingPath),
    request_body = ArrivalDraft,
    responses((status = 201, body = AttendanceBody)),
    security(("bearer" = ["meetings:manage"])),
)]
pub(crate) async fn record_arrival(
    scope: InBorough<can::ManageMeetings>,
    At(path): At<MeetingPath>,
    Sent(draft, request): Sent<ArrivalDraft>,
) -> Handled {
    let arrived_at = draft.check(scope.now())?;
    let mut tx = scope.write(&request).await?;
    hold(&mut tx, path.meeting).await?;
    let meeting = find_meeting(&mut tx, path.meeting).await?;
    meeting.takes_people()?;
    let person = named_person(&mut tx, draft.person, "/person").await?;
    if let Some(seat) = draft.seat {
        let (of, on) = ((meeting.committee, seat), meeting.day());
        let (there, theirs) = store::seat_of(&mut tx, of, person.id, draft.capacity, on).await?;
        if !there {
            return Err(unknown("/seat", "seat of the committee on that day").into());
        }
        if !theirs {
            let detail = format!("They are not appointed to that seat as {} on {on}.", word(draft.capacity));
            return Err(Problem::invalid("/seat", detail).into());
        }
    }
    draft.finds_room(arrived_at, &store::stays(&mut tx, meeting.id).await?)?;
    let body = AttendanceBody {
        id: AttendanceId::at(scope.now()),
        meeting: meeting.id,
        person: person.id,
        name: person.name,
        seat: draft.seat,
        capacity: draft.capacity,
        arrived_at,
        left_at: None,
        version: 1,
    };
    store::insert(&mut tx, &body, draft.seat.map(|_| meeting.committee)).await?;
    let subject = format!("meetings/{}/attendances/{}", meeting.id, body.id);
    let told = json!({"person": body.person, "seat": body.seat, "capacity": body.capacity, "arrived_at": arrived_at});
    tx.record(Act::new("attendance.began", subject).after(told));
    let location = format!("/v1/boroughs/{}/meetings/{}/attendances", scope.borough().slug, meeting.id);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

/// Record a departure
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/meetings/{meeting}/attendances/{attendance}/departures",
    operation_id = "recordDeparture", tag = "attendances",
    params(AttendancePath),
    request_body = DepartureDraft,
    responses((status = 201, body = AttendanceBody)),
    security(("bearer" = ["meetings:manage"])),
)]
pub(crate) async fn record_departure(
    scope: InBorough<can::ManageMeetings>,
    At(path): At<AttendancePath>,
    Sent(draft, request): Sent<DepartureDraft>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    hold(&mut tx, path.meeting).await?;
    let meeting = find_meeting(&mut tx, path.meeting).await?;
    let found = store::list(&mut tx, path.meeting, Some(path.attendance), None, 1).await?.pop();
    let stay = found.ok_or_else(|| Problem::not_found("attendance"))?;
    let left_at = draft.check(stay.arrived_at, scope.now())?;
    meeting.takes_people()?;
    if let Some(closed) = store::last_vote(&mut tx, meeting.id).await?.filter(|closed| left_at < *closed) {
        let detail = format_args!("A vote was closed at {closed}; who was there for it is on record.").to_string();
        return Err(Problem::of_fault(&problems::CONFLICT, "/left_at", detail).into());
    }
    if stay.left_at.is_some() {
        return Err(Problem::new(&problems::CONFLICT, "They have left already.").into());
    }
    if !store::leave(&mut tx, &stay, left_at).await? {
        return Err(web::changed_meanwhile().into());
    }
    let subject = format!("meetings/{}/attendances/{}", meeting.id, stay.id);
    tx.record(Act::new("attendance.ended", subject).after(json!({"left_at": left_at})));
    let location = format!("/v1/boroughs/{}/meetings/{}/attendances", scope.borough().slug, meeting.id);
    let body = AttendanceBody { left_at: Some(left_at), ..stay };
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
