//! Meetings over HTTP.

use auth::can;
use chrono::{DateTime, NaiveDate, Utc};
use domain::{CommitteeId, MeetingId};
use serde::Deserialize;
use serde_json::json;
use tenancy::{Act, Borough, Handled, InBorough, Tx};
use uuid::Uuid;
use web::{
    At, Created, Found, IfMatch, Move, MoveDraft, Page, PageRequest, Paging, Problem, Sent, SentOnce, Transitions,
    Versioned, move_refused, problems,
};

use super::meeting::{ChairDraft, MeetingBody, MeetingDraft, MeetingState, ReschedulingDraft};
use super::notice::Deadlines;
use super::{find_meeting, hold, store};
use crate::{
    committees::{Phase, find_committee},
    constitutions::NoticeRule,
    drafts::{trimmed, unknown},
    people::named_person,
    progress, publishing,
    words::word,
};

/// What the list of meetings is narrowed to.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeetingFilters {
    /// Only this committee's.
    committee: Option<CommitteeId>,
    /// Only those on that day or later.
    #[param(value_type = Option<String>, format = Date, example = "2027-01-01")]
    from: Option<NaiveDate>,
    /// Only those on that day or earlier.
    #[param(value_type = Option<String>, format = Date, example = "2027-12-31")]
    to: Option<NaiveDate>,
}

/// A meeting in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct MeetingPath {
    /// Slug or GSS code.
    #[param(example = "wigan")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The meeting.
    pub(crate) meeting: MeetingId,
}

/// List meetings, in the order they were called
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/meetings", operation_id = "listMeetings", tag = "meetings",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), MeetingFilters, Paging),
    responses((status = 200, body = Page<MeetingBody>)),
    security(("bearer" = ["meetings:read"])),
)]
pub(crate) async fn list_meetings(
    scope: InBorough<can::ReadMeetings>,
    page: PageRequest<MeetingFilters>,
) -> Result<Page<MeetingBody>, Problem> {
    let mut tx = scope.read().await?;
    let MeetingFilters { committee, from, to } = page.filters;
    let which = store::Which { one: None, committee, from, to };
    let rows = store::list(&mut tx, which, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |meeting| meeting.id))
}

/// Call a meeting
///
/// It begins as a draft, and says by when notice and agenda are due.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/meetings", operation_id = "callMeeting", tag = "meetings",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan")),
    request_body = MeetingDraft,
    responses((status = 201, body = MeetingBody)),
    security(("bearer" = ["meetings:manage"])),
)]
pub(crate) async fn call_meeting(
    scope: InBorough<can::ManageMeetings>,
    Sent(draft, request): Sent<MeetingDraft>,
) -> Handled {
    draft.check()?;
    not_past(draft.starts_at, scope.now())?;
    let mut tx = scope.write(&request).await?;
    let id = MeetingId::at(scope.now());
    let new = MeetingBody {
        id,
        committee: draft.committee,
        title: draft.title.trim().to_owned(),
        starts_at: draft.starts_at,
        place: draft.place.trim().to_owned(),
        state: MeetingState::Draft,
        deadlines: Deadlines::of(domain::day_in_england(draft.starts_at), NoticeRule::default()),
        notified_at: None,
        notice_late: false,
        notice_late_reason: None,
        chair: None,
        external_id: trimmed(draft.external_id),
        created_at: scope.now(),
        version: 1,
    };
    if let Err(error) = store::insert(&mut tx, &new).await {
        return Err(match error.constraint() {
            Some("meeting_borough_id_committee_id_fkey") => unknown("/committee", "committee"),
            Some("meeting_external") => {
                Problem::of_fault(&problems::CONFLICT, "/external_id", "Another meeting has this external id.")
            }
            _ => error.into(),
        }
        .into());
    }
    // With the deadlines of its committee's constitution.
    let body = find_meeting(&mut tx, id).await?;
    if find_committee(&mut tx, body.committee).await?.phase == Phase::Dissolved {
        return Err(Problem::of_fault(&problems::CONFLICT, "/committee", "The committee is dissolved.").into());
    }
    tx.record(Act::new("meeting.called", format!("meetings/{id}")).after(json!(body)));
    let location = format!("/v1/boroughs/{}/meetings/{id}", scope.borough().slug);
    Ok(tx.answer(Created { location, version: Some(1), body }).await?)
}

/// A meeting is called for a day that is not past: what it decides is decided on the day it is held.
fn not_past(starts_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Problem> {
    if domain::day_in_england(starts_at) < domain::day_in_england(now) {
        return Err(Problem::invalid("/starts_at", "That day is past."));
    }
    Ok(())
}

/// Get a meeting
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/meetings/{meeting}", operation_id = "getMeeting", tag = "meetings",
    params(MeetingPath),
    responses((status = 200, body = MeetingBody)),
    security(("bearer" = ["meetings:read"])),
)]
pub(crate) async fn get_meeting(
    scope: InBorough<can::ReadMeetings>,
    At(path): At<MeetingPath>,
) -> Result<Found<MeetingBody>, Problem> {
    let meeting = find_meeting(&mut scope.read().await?, path.meeting).await?;
    Ok(Found::at(meeting.version, meeting))
}

async fn told(tx: &mut Tx<Borough>, id: MeetingId) -> Result<Found<Transitions<MeetingState>>, Problem> {
    let meeting = find_meeting(tx, id).await?;
    let data = store::history(tx, id).await?;
    let allowed = meeting.state.allowed().to_vec();
    Ok(Found::at(meeting.version, Transitions { state: meeting.state, allowed, data, next_cursor: None }))
}

/// Get a meeting's history and allowed moves
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/meetings/{meeting}/transitions", operation_id = "getMeetingTransitions",
    tag = "meetings",
    params(MeetingPath),
    responses((status = 200, body = Transitions<MeetingState>)),
    security(("bearer" = ["meetings:read"])),
)]
pub(crate) async fn get_meeting_transitions(
    scope: InBorough<can::ReadMeetings>,
    At(path): At<MeetingPath>,
) -> Result<Found<Transitions<MeetingState>>, Problem> {
    told(&mut scope.read().await?, path.meeting).await
}

/// Move a meeting to its next state
///
/// Notice that is given after the day it was due is taken, and the meeting shows it with the reason. A meeting is in
/// session on its day at the earliest, and is adjourned or ends with no vote open.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/meetings/{meeting}/transitions", operation_id = "moveMeeting",
    tag = "meetings",
    params(MeetingPath, Versioned, web::Keyed),
    request_body(content = MoveDraft<MeetingState>, example = json!({"to": "notified", "reason": "Summons sent"})),
    responses((status = 200, body = Transitions<MeetingState>)),
    security(("bearer" = ["meetings:manage"])),
)]
pub(crate) async fn move_meeting(
    scope: InBorough<can::ManageMeetings>,
    At(path): At<MeetingPath>,
    version: IfMatch,
    SentOnce(draft, request): SentOnce<MoveDraft<MeetingState>>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    hold(&mut tx, path.meeting).await?;
    let meeting = find_meeting(&mut tx, path.meeting).await?;
    version.holds(meeting.version)?;
    if !meeting.state.allowed().contains(&draft.to) {
        return Err(move_refused(&meeting.state, &draft.to, meeting.state.allowed()).into());
    }
    let today = domain::day_in_england(scope.now());
    if draft.to == MeetingState::InSession && today < meeting.day() {
        let detail = format_args!("It is called for {}. Reschedule it, or hold it then.", meeting.day()).to_string();
        return Err(Problem::new(&problems::CONFLICT, detail).into());
    }
    if meeting.state == MeetingState::InSession && store::has_open_vote(&mut tx, meeting.id).await? {
        return Err(Problem::new(&problems::CONFLICT, "A vote is open. Close it first.").into());
    }
    let made = Move {
        from: meeting.state,
        to: draft.to,
        reason: draft.reason.trim().to_owned(),
        by: scope.caller().client_id.clone(),
        moved_at: scope.now(),
    };
    if !store::move_to(&mut tx, &meeting, &made).await? {
        return Err(web::changed_meanwhile().into());
    }
    if made.to == MeetingState::Notified {
        let late = find_meeting(&mut tx, meeting.id).await?.notice_late;
        progress::count_papers(&mut tx, !late).await?;
    }
    publishing::meeting(&mut tx, meeting.id).await?;
    let act = Act::new("meeting.moved", format!("meetings/{}", meeting.id));
    tx.record(act.before(word(made.from)).after(word(made.to)));
    let told = told(&mut tx, path.meeting).await?;
    Ok(tx.answer(told).await?)
}

/// Record who presides
///
/// The chair of the committee, or whoever was elected at the meeting. The last one recorded presides.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/meetings/{meeting}/chairs", operation_id = "recordChair", tag = "meetings",
    params(MeetingPath, Versioned),
    request_body = ChairDraft,
    responses((status = 201, body = MeetingBody)),
    security(("bearer" = ["meetings:manage"])),
)]
pub(crate) async fn record_chair(
    scope: InBorough<can::ManageMeetings>,
    At(path): At<MeetingPath>,
    version: IfMatch,
    Sent(draft, request): Sent<ChairDraft>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    let meeting = find_meeting(&mut tx, path.meeting).await?;
    version.holds(meeting.version)?;
    meeting.not_over()?;
    named_person(&mut tx, draft.person, "/person").await?;
    let act = Act::new("meeting.chaired", format!("meetings/{}", meeting.id));
    tx.record(act.before(json!({"chair": meeting.chair})).after(json!({"chair": draft.person})));
    changed(tx, &scope.borough().slug.to_string(), MeetingBody { chair: Some(draft.person), ..meeting }).await
}

/// Give a meeting another time or place
///
/// As long as it has not begun. What is due by when follows the new day.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/meetings/{meeting}/reschedulings", operation_id = "rescheduleMeeting",
    tag = "meetings",
    params(MeetingPath, Versioned),
    request_body = ReschedulingDraft,
    responses((status = 201, body = MeetingBody)),
    security(("bearer" = ["meetings:manage"])),
)]
pub(crate) async fn reschedule_meeting(
    scope: InBorough<can::ManageMeetings>,
    At(path): At<MeetingPath>,
    version: IfMatch,
    Sent(draft, request): Sent<ReschedulingDraft>,
) -> Handled {
    draft.check()?;
    not_past(draft.starts_at, scope.now())?;
    let mut tx = scope.write(&request).await?;
    let meeting = find_meeting(&mut tx, path.meeting).await?;
    version.holds(meeting.version)?;
    if !matches!(meeting.state, MeetingState::Draft | MeetingState::Notified) {
        return Err(meeting.refuses("that has begun").into());
    }
    let place = draft.place.trim().to_owned();
    let act = Act::new("meeting.rescheduled", format!("meetings/{}", meeting.id));
    tx.record(
        act.before(json!({"starts_at": meeting.starts_at, "place": meeting.place}))
            .after(json!({"starts_at": draft.starts_at, "place": place, "reason": draft.reason.trim()})),
    );
    changed(tx, &scope.borough().slug.to_string(), MeetingBody { starts_at: draft.starts_at, place, ..meeting }).await
}

/// Keeps what was changed, and answers with the meeting as it then is.
async fn changed(mut tx: Tx<Borough>, slug: &str, meeting: MeetingBody) -> Handled {
    if !store::keep(&mut tx, &meeting).await? {
        return Err(web::changed_meanwhile().into());
    }
    publishing::meeting(&mut tx, meeting.id).await?;
    let body = find_meeting(&mut tx, meeting.id).await?;
    let location = format!("/v1/boroughs/{slug}/meetings/{}", body.id);
    Ok(tx.answer(Created { location, version: Some(body.version), body }).await?)
}
