//! Minutes over HTTP.

use auth::can;
use domain::MinutesId;
use serde_json::json;
use tenancy::{Act, Handled, InBorough};
use web::{At, Created, Page, PageRequest, Paging, Problem, Sent};

use super::record::{MinutesBody, MinutesDraft, may_approve};
use super::store;
use crate::{
    meetings::{MeetingState, find_meeting, hold, http::MeetingPath, named_meeting},
    publishing,
};

/// List the versions of a meeting's minutes, oldest first
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/meetings/{meeting}/minutes", operation_id = "listMinutes", tag = "minutes",
    params(MeetingPath, Paging),
    responses((status = 200, body = Page<MinutesBody>)),
    security(("bearer" = ["meetings:read"])),
)]
pub(crate) async fn list_minutes(
    scope: InBorough<can::ReadMeetings>,
    At(path): At<MeetingPath>,
    page: PageRequest,
) -> Result<Page<MinutesBody>, Problem> {
    let mut tx = scope.read().await?;
    find_meeting(&mut tx, path.meeting).await?;
    let rows = store::list(&mut tx, path.meeting, page.after::<i32>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |minutes| minutes.number))
}

/// Record a version of the minutes
///
/// Drafts follow drafts; a later meeting of the committee approves them; after that only corrections are appended.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/meetings/{meeting}/minutes", operation_id = "recordMinutes", tag = "minutes",
    params(MeetingPath),
    request_body = MinutesDraft,
    responses((status = 201, body = MinutesBody)),
    security(("bearer" = ["meetings:manage"])),
)]
pub(crate) async fn record_minutes(
    scope: InBorough<can::ManageMeetings>,
    At(path): At<MeetingPath>,
    Sent(draft, request): Sent<MinutesDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    hold(&mut tx, path.meeting).await?;
    let meeting = find_meeting(&mut tx, path.meeting).await?;
    if !meeting.state.was_held() && meeting.state != MeetingState::Inquorate {
        return Err(meeting.refuses("that was not held").into());
    }
    let (last, approved) = store::so_far(&mut tx, meeting.id).await?;
    draft.may_follow(approved)?;
    if let Some(approving) = draft.approved_at_meeting {
        let approving = named_meeting(&mut tx, approving, "/approved_at_meeting").await?;
        may_approve(&approving, &meeting)?;
    }
    let body = MinutesBody {
        id: MinutesId::at(scope.now()),
        number: last + 1,
        kind: draft.kind,
        text: draft.text,
        approved_at_meeting: draft.approved_at_meeting,
        recorded_at: scope.now(),
    };
    store::insert(&mut tx, meeting.id, &body).await?;
    publishing::minutes(&mut tx, meeting.id).await?;
    let subject = format!("meetings/{}/minutes/{}", meeting.id, body.number);
    let told = json!({"kind": body.kind, "approved_at_meeting": body.approved_at_meeting});
    tx.record(Act::new("minutes.recorded", subject).after(told));
    let location = format!("/v1/boroughs/{}/meetings/{}/minutes", scope.borough().slug, meeting.id);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
