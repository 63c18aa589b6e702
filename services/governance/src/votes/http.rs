//! Votes over HTTP.

use auth::can;
use chrono::{DateTime, Utc};
use domain::{CommitteeId, ItemId, MeetingId, MotionId, VoteEventId, day_in_england};
use serde::Deserialize;
use serde_json::json;
use tenancy::{Act, Borough, Handled, InBorough, OnConstraint, Tx};
use uuid::Uuid;
use web::{At, Created, Found, IfMatch, Page, PageRequest, Paging, Problem, Query, SentOnce, Versioned, problems};

use super::{
    quorum::quorum,
    standing::Standing,
    store::{self, Span},
    tally::{Ballot, Outcome, VoteResult},
    vote::{Method, QuorumBody, VoteBody, VoteEventBody, VoteEventDraft, VoteState, VotesDraft, announced},
};
use crate::{
    agenda::find_item,
    committees::{Phase, find_committee},
    constitutions::{self, ConstitutionBody},
    meetings::{self, MeetingBody, MeetingState, find_meeting},
    motions::{self, MotionBody, MotionOutcome, MotionState, find_motion, http::MotionPath},
};

/// A vote in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct VoteEventPath {
    /// Slug or GSS code.
    #[param(example = "wigan")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The motion.
    motion: MotionId,
    /// The vote.
    vote_event: VoteEventId,
}

/// A meeting in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct QuorumPath {
    /// Slug or GSS code.
    #[param(example = "wigan")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The meeting.
    meeting: MeetingId,
}

/// Of which item.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuorumQuery {
    /// The item; the meeting as a whole where left out.
    agenda_item: Option<ItemId>,
}

/// Get whether a meeting, or an item of it, has a quorum now
///
/// Computed from who sits where, who is conflicted on the item, and the rules in force, with every input.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/meetings/{meeting}/quorum", operation_id = "getQuorum", tag = "votes",
    params(QuorumPath, QuorumQuery),
    responses((status = 200, body = QuorumBody)),
    security(("bearer" = ["votes:read"])),
)]
pub(crate) async fn get_quorum(
    scope: InBorough<can::ReadVotes>,
    At(path): At<QuorumPath>,
    Query(query): Query<QuorumQuery>,
) -> Result<Found<QuorumBody>, Problem> {
    let mut tx = scope.read().await?;
    let meeting = find_meeting(&mut tx, path.meeting).await?;
    if let Some(item) = query.agenda_item {
        find_item(&mut tx, path.meeting, item).await?;
    }
    let at = scope.now();
    let rules = rules_at(&mut tx, meeting.committee, at).await?;
    let seats = store::assembled(&mut tx, meeting.committee, meeting.id, query.agenda_item, Span::at(at)).await?;
    let (quorate, explanation) = quorum(&rules.rules.quorum, &seats);
    Ok(Found::of(QuorumBody { quorate, at, constitution: rules.id, seats, explanation }))
}

/// The rules in force on the English day of an instant (rule 53).
async fn rules_at(
    tx: &mut Tx<Borough>,
    committee: CommitteeId,
    at: DateTime<Utc>,
) -> Result<ConstitutionBody, Problem> {
    constitutions::in_force(tx, committee, day_in_england(at)).await?.ok_or_else(|| {
        let detail = "The committee has no rules in force on that day. Record a constitution first.";
        Problem::new(&problems::CONFLICT, detail)
    })
}

/// List the votes on a motion
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/motions/{motion}/vote-events", operation_id = "listVoteEvents", tag = "votes",
    params(MotionPath, Paging),
    responses((status = 200, body = Page<VoteEventBody>)),
    security(("bearer" = ["votes:read"])),
)]
pub(crate) async fn list_vote_events(
    scope: InBorough<can::ReadVotes>,
    At(path): At<MotionPath>,
    page: PageRequest,
) -> Result<Page<VoteEventBody>, Problem> {
    let mut tx = scope.read().await?;
    find_motion(&mut tx, path.motion).await?;
    let rows = store::events(&mut tx, path.motion, None, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |event| event.id))
}

/// Open a vote on a motion
///
/// Who may vote is written down now: the seats there, with a vote, not conflicted. Refused without a quorum (rule 47),
/// while an amendment is unsettled, and on a key decision without its notice (rule 41).
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/motions/{motion}/vote-events", operation_id = "openVote", tag = "votes",
    params(MotionPath, web::Keyed),
    request_body = VoteEventDraft,
    responses((status = 201, body = VoteEventBody)),
    security(("bearer" = ["votes:manage"])),
)]
pub(crate) async fn open_vote(
    scope: InBorough<can::ManageVotes>,
    At(path): At<MotionPath>,
    SentOnce(draft, request): SentOnce<VoteEventDraft>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    motions::hold(&mut tx, path.motion).await?;
    let motion = find_motion(&mut tx, path.motion).await?;
    meetings::hold(&mut tx, motion.meeting).await?;
    let meeting = find_meeting(&mut tx, motion.meeting).await?;
    let at = instant(&mut tx, &draft, &meeting, scope.now()).await?;
    if motion.state != MotionState::Moved {
        return Err(Problem::new(&problems::CONFLICT, "The motion is settled.").into());
    }
    if motions::has_open_amendments(&mut tx, motion.id).await? {
        return Err(Problem::new(&problems::CONFLICT, "An amendment to it is not settled. Vote on that first.").into());
    }
    let committee = find_committee(&mut tx, motion.committee).await?;
    let item = find_item(&mut tx, motion.meeting, motion.agenda_item).await?;
    if motion.outcome == MotionOutcome::Approved && !item.purpose.takes_approvals() {
        let detail = "The item is for discussion or noting: nothing is approved on it.";
        return Err(Problem::new(&problems::CONFLICT, detail).into());
    }
    let rules = rules_at(&mut tx, committee.id, at).await?;
    let binding = committee.phase == Phase::Live && committee.basis.can_decide();
    if binding && motion.outcome == MotionOutcome::Approved {
        announced(&rules.rules, &motion, &item)?;
    }
    let seats = store::assembled(&mut tx, committee.id, meeting.id, Some(item.id), Span::at(at)).await?;
    let (quorate, explanation) = quorum(&rules.rules.quorum, &seats);
    if !quorate {
        let detail = "The item has no quorum, so no vote on it would be lawful. `explanation` says what is missing.";
        return Err(Problem::new(&problems::INQUORATE, detail).with("explanation", json!(explanation)).into());
    }
    let body = VoteEventBody {
        id: VoteEventId::at(scope.now()),
        motion: motion.id,
        committee: committee.id,
        constitution: rules.id,
        binding,
        chair: meeting.chair,
        method: draft.method,
        state: VoteState::Open,
        opened_at: at,
        closed_at: None,
        seats,
        result: None,
        version: 1,
    };
    store::open(&mut tx, &body)
        .await
        .on_constraint("vote_open_once", || Problem::new(&problems::CONFLICT, "A vote on it is open already."))?;
    let subject = format!("motions/{}/vote-events/{}", motion.id, body.id);
    tx.record(
        Act::new("vote.opened", &subject)
            .after(json!({"method": body.method, "constitution": body.constitution, "binding": binding})),
    );
    let location = format!("/v1/boroughs/{}/{subject}", scope.borough().slug);
    Ok(tx.answer(Created { location, version: Some(1), body }).await?)
}

/// The instant a vote is taken: now, at a meeting in session; or, written down afterwards, when it was.
async fn instant(
    tx: &mut Tx<Borough>,
    draft: &VoteEventDraft,
    meeting: &MeetingBody,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, Problem> {
    match (draft.method, draft.at) {
        (Method::ClerkEntered, Some(at)) => {
            if at > now || !meetings::in_session_at(tx, meeting.id, at).await? {
                let detail = "It is an instant at which the meeting was in session.";
                return Err(Problem::invalid("/at", detail));
            }
            Ok(at)
        }
        (Method::ClerkEntered, None) => Err(Problem::invalid("/at", "Say when the vote was taken.")),
        (_, Some(_)) => Err(Problem::invalid("/at", "Only a vote written down afterwards says when it was taken.")),
        (_, None) if meeting.state == MeetingState::InSession => Ok(now),
        _ => Err(Problem::new(&problems::CONFLICT, "Votes are taken while the meeting is in session.")),
    }
}

/// A vote that is being taken goes on while the meeting sits; one that is written down afterwards needs no meeting.
fn in_session(event: &VoteEventBody, meeting: &MeetingBody) -> Result<(), Problem> {
    if event.method == Method::ClerkEntered || meeting.state == MeetingState::InSession {
        return Ok(());
    }
    Err(Problem::new(&problems::CONFLICT, "The meeting is not in session. Resume it, and go on with the vote."))
}

async fn find(tx: &mut Tx<Borough>, path: &VoteEventPath) -> Result<VoteEventBody, Problem> {
    let found = store::events(tx, path.motion, Some(path.vote_event), None, 1).await?.pop();
    found.ok_or_else(|| Problem::not_found("vote"))
}

/// Get a vote and who may vote in it
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/motions/{motion}/vote-events/{vote_event}", operation_id = "getVoteEvent",
    tag = "votes",
    params(VoteEventPath),
    responses((status = 200, body = VoteEventBody)),
    security(("bearer" = ["votes:read"])),
)]
pub(crate) async fn get_vote_event(
    scope: InBorough<can::ReadVotes>,
    At(path): At<VoteEventPath>,
) -> Result<Found<VoteEventBody>, Problem> {
    let event = find(&mut scope.read().await?, &path).await?;
    Ok(Found::at(event.version, event))
}

/// List the votes cast
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/motions/{motion}/vote-events/{vote_event}/votes", operation_id = "listVotes",
    tag = "votes",
    params(VoteEventPath, Paging),
    responses((status = 200, body = Page<VoteBody>)),
    security(("bearer" = ["votes:read"])),
)]
pub(crate) async fn list_votes(
    scope: InBorough<can::ReadVotes>,
    At(path): At<VoteEventPath>,
    page: PageRequest,
) -> Result<Page<VoteBody>, Problem> {
    let mut tx = scope.read().await?;
    let event = find(&mut tx, &path).await?;
    let rows = store::votes(&mut tx, event.id, page.after::<(Uuid, bool)>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |vote| (vote.seat, vote.casting)))
}

/// Write votes down
///
/// All of them or none. A seat that is not entitled is refused with its standing (rule 48); a vote written down before
/// is replaced, as long as the vote is open.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/motions/{motion}/vote-events/{vote_event}/votes", operation_id = "castVotes",
    tag = "votes",
    params(VoteEventPath, web::Keyed),
    request_body = VotesDraft,
    responses((status = 200, body = VoteEventBody)),
    security(("bearer" = ["votes:manage"])),
)]
pub(crate) async fn cast_votes(
    scope: InBorough<can::ManageVotes>,
    At(path): At<VoteEventPath>,
    SentOnce(draft, request): SentOnce<VotesDraft>,
) -> Handled {
    if !(1..=200).contains(&draft.votes.len()) {
        return Err(Problem::invalid("/votes", "It is 1 to 200 votes.").into());
    }
    let mut tx = scope.write(&request).await?;
    store::hold_event(&mut tx, path.vote_event).await?;
    let event = find(&mut tx, &path).await?;
    if event.state == VoteState::Closed {
        return Err(Problem::new(&problems::CONFLICT, "The vote is closed.").into());
    }
    let motion = find_motion(&mut tx, path.motion).await?;
    meetings::hold(&mut tx, motion.meeting).await?;
    let meeting = find_meeting(&mut tx, motion.meeting).await?;
    in_session(&event, &meeting)?;
    let mut votes = Vec::with_capacity(draft.votes.len());
    for (at, vote) in draft.votes.into_iter().enumerate() {
        let pointer = format!("/votes/{at}");
        let seat = event.seats.iter().find(|seat| seat.seat == vote.seat).ok_or_else(|| {
            Problem::of_fault(
                &problems::UNKNOWN_REFERENCE,
                format!("{pointer}/seat"),
                "The committee has no such seat.",
            )
        })?;
        let (Standing::Entitled, Some(person)) = (seat.standing, seat.person) else {
            let detail = format!("{} may not vote on this.", seat.title);
            return Err(Problem::of_fault(&problems::NOT_ENTITLED, format!("{pointer}/seat"), detail)
                .with("standing", json!(seat.standing))
                .into());
        };
        if vote.casting && event.chair != Some(person) {
            let detail = "Only whoever presides has a casting vote.";
            return Err(Problem::of_fault(&problems::NOT_ENTITLED, format!("{pointer}/casting"), detail).into());
        }
        let twice = |(one, _): &(super::vote::VoteDraft, _)| one.seat == vote.seat && one.casting == vote.casting;
        if votes.iter().any(twice) {
            return Err(Problem::invalid(pointer, "The seat votes twice in this list.").into());
        }
        votes.push((vote, person));
    }
    store::cast(&mut tx, &event, &votes, scope.now()).await?;
    let act = Act::new("votes.cast", format!("motions/{}/vote-events/{}", motion.id, event.id));
    let told: Vec<_> =
        votes.iter().map(|(v, _)| json!({"seat": v.seat, "choice": v.choice, "casting": v.casting})).collect();
    tx.record(act.after(told));
    Ok(tx.answer(Found::at(event.version, event)).await?)
}

/// How a vote is closed.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "All have voted"}))]
pub(crate) struct ClosingDraft {
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// Close a vote and compute its result
///
/// Who stands how is looked at again: a vote counts where its seat was entitled from opening to close, and the vote is
/// void where the quorum was lost. The motion is carried or lost with it; a carried amendment changes its motion.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/motions/{motion}/vote-events/{vote_event}/closings", operation_id = "closeVote",
    tag = "votes",
    params(VoteEventPath, Versioned, web::Keyed),
    request_body = ClosingDraft,
    responses((status = 200, body = VoteResult)),
    security(("bearer" = ["votes:manage"])),
)]
pub(crate) async fn close_vote(
    scope: InBorough<can::ManageVotes>,
    At(path): At<VoteEventPath>,
    version: IfMatch,
    SentOnce(draft, request): SentOnce<ClosingDraft>,
) -> Handled {
    if !(1..=500).contains(&draft.reason.trim().chars().count()) {
        return Err(Problem::invalid("/reason", "Say why in 1 to 500 characters.").into());
    }
    let mut tx = scope.write(&request).await?;
    motions::hold(&mut tx, path.motion).await?;
    store::hold_event(&mut tx, path.vote_event).await?;
    let event = find(&mut tx, &path).await?;
    version.holds(event.version)?;
    if event.state == VoteState::Closed {
        return Err(Problem::new(&problems::CONFLICT, "The vote is closed already.").into());
    }
    let motion = find_motion(&mut tx, path.motion).await?;
    meetings::hold(&mut tx, motion.meeting).await?;
    in_session(&event, &find_meeting(&mut tx, motion.meeting).await?)?;
    let at = if event.method == Method::ClerkEntered { event.opened_at } else { scope.now() };
    let result = tally(&mut tx, &event, &motion, at).await?;
    store::close(&mut tx, event.id, at, &result).await?;
    match result.outcome {
        Outcome::Carried => motions::decide(&mut tx, motion.id, MotionState::Carried).await?,
        Outcome::Lost => motions::decide(&mut tx, motion.id, MotionState::Lost).await?,
        Outcome::Void => {}
    }
    let mut act = Act::new("vote.closed", format!("motions/{}/vote-events/{}", motion.id, event.id));
    if let (Outcome::Carried, Some(amended)) = (result.outcome, motion.amends) {
        motions::amend(&mut tx, amended, &motion).await?;
        act = act.bumping(format!("motions/{amended}"));
    }
    tx.record(act.after(json!({"outcome": result.outcome, "total": result.total, "reason": draft.reason.trim()})));
    Ok(tx.answer(Found::at(event.version + 1, result)).await?)
}

async fn tally(
    tx: &mut Tx<Borough>,
    event: &VoteEventBody,
    motion: &MotionBody,
    at: DateTime<Utc>,
) -> Result<VoteResult, Problem> {
    let committee = find_committee(tx, motion.committee).await?;
    // The rules it was opened under, whatever has been recorded since.
    let rules = constitutions::find(tx, event.committee, event.constitution).await?;
    let span = Span { from: event.opened_at, to: at };
    let at_close = store::assembled(tx, committee.id, motion.meeting, Some(motion.agenda_item), span).await?;
    let votes = store::casts(store::votes(tx, event.id, None, i64::MAX).await?);
    let ballot = Ballot {
        basis: committee.basis,
        parents: &committee.parents,
        rules: &rules.rules,
        rules_from: rules.in_force_from,
        day: day_in_england(event.opened_at),
        chair: event.chair,
        at_open: &event.seats,
        at_close: &at_close,
        votes: &votes,
    };
    Ok(ballot.result())
}

/// Get the result of a vote, with every input
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/motions/{motion}/vote-events/{vote_event}/result", operation_id = "getVoteResult",
    tag = "votes",
    params(VoteEventPath),
    responses((status = 200, body = VoteResult)),
    security(("bearer" = ["votes:read"])),
)]
pub(crate) async fn get_vote_result(
    scope: InBorough<can::ReadVotes>,
    At(path): At<VoteEventPath>,
) -> Result<Found<VoteResult>, Problem> {
    let event = find(&mut scope.read().await?, &path).await?;
    let open = || Problem::new(&problems::CONFLICT, "The vote is open. It has a result once it is closed.");
    Ok(Found::of(event.result.ok_or_else(open)?))
}
