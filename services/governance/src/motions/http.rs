//! Motions over HTTP.

use auth::can;
use domain::{ItemId, MeetingId, MotionId};
use serde::Deserialize;
use tenancy::{Act, Borough, Handled, InBorough, Tx};
use uuid::Uuid;
use web::{At, Created, Found, IfMatch, Page, PageRequest, Paging, Problem, Sent, SentOnce, Versioned, problems};

use super::{
    motion::{MotionBody, MotionDraft, MotionState},
    store::{self, Which},
};
use crate::{agenda::find_item, drafts::unknown, meetings::find_meeting};

/// A motion in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct MotionPath {
    /// Slug or GSS code.
    #[param(example = "wigan")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The motion.
    pub(crate) motion: MotionId,
}

/// Which motions.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct MotionFilters {
    /// Of one meeting.
    meeting: Option<MeetingId>,
    /// Of one item of its agenda.
    agenda_item: Option<ItemId>,
}

/// List motions and amendments
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/motions", operation_id = "listMotions", tag = "votes",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), MotionFilters, Paging),
    responses((status = 200, body = Page<MotionBody>)),
    security(("bearer" = ["votes:read"])),
)]
pub(crate) async fn list_motions(
    scope: InBorough<can::ReadVotes>,
    page: PageRequest<MotionFilters>,
) -> Result<Page<MotionBody>, Problem> {
    let mut tx = scope.read().await?;
    let MotionFilters { meeting, agenda_item: item } = page.filters;
    let which = Which { meeting, item, after: page.after::<Uuid>()?, one: None };
    let rows = store::list(&mut tx, which, page.rows_wanted()).await?;
    Ok(page.page(rows, |motion| motion.id))
}

/// Record a motion or an amendment
///
/// Who moves and seconds it sits at the meeting. One that names money names its fund and the most that may move.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/motions", operation_id = "recordMotion", tag = "votes",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), web::Keyed),
    request_body = MotionDraft,
    responses((status = 201, body = MotionBody)),
    security(("bearer" = ["votes:manage"])),
)]
pub(crate) async fn record_motion(
    scope: InBorough<can::ManageVotes>,
    SentOnce(draft, request): SentOnce<MotionDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let meeting = find_meeting(&mut tx, draft.meeting).await.map_err(|_| unknown("/meeting", "meeting"))?;
    if !meeting.state.was_held() {
        return Err(Problem::new(&problems::CONFLICT, "Motions are moved once the meeting has begun.").into());
    }
    find_item(&mut tx, draft.meeting, draft.agenda_item)
        .await
        .map_err(|_| unknown("/agenda_item", "item of this meeting"))?;
    for (pointer, person) in [("/mover", Some(draft.mover)), ("/seconder", draft.seconder)] {
        if let Some(person) = person
            && !store::sits(&mut tx, draft.meeting, person).await?
        {
            return Err(
                Problem::of_fault(&problems::UNKNOWN_REFERENCE, pointer, "They have no seat at this meeting.").into()
            );
        }
    }
    if let Some(amends) = draft.amends {
        store::hold(&mut tx, amends).await?;
        let amended = find(&mut tx, amends).await.map_err(|_| unknown("/amends", "motion"))?;
        if amended.agenda_item != draft.agenda_item || amended.amends.is_some() {
            let detail = "An amendment is of a motion on the same item, not of an amendment.";
            return Err(Problem::of_fault(&problems::UNKNOWN_REFERENCE, "/amends", detail).into());
        }
        if draft.outcome != amended.outcome {
            let detail = "An amendment changes what a motion says, not what kind of outcome it has.";
            return Err(Problem::invalid("/outcome", detail).into());
        }
        if amended.state != MotionState::Moved || store::is_being_voted_on(&mut tx, amends).await? {
            return Err(
                Problem::of_fault(&problems::CONFLICT, "/amends", "That motion is settled or being voted on.").into()
            );
        }
    }
    if let Some(money) = &draft.money {
        check_money(&mut tx, money).await?;
    }
    let body = MotionBody {
        id: MotionId::at(scope.now()),
        committee: meeting.committee,
        meeting: draft.meeting,
        agenda_item: draft.agenda_item,
        amends: draft.amends,
        text: draft.text.trim().to_owned(),
        outcome: draft.outcome,
        mover: draft.mover,
        seconder: draft.seconder,
        money: draft.money,
        state: MotionState::Moved,
        moved_at: scope.now(),
        version: 1,
    };
    store::insert(&mut tx, &body).await?;
    let subject = format!("motions/{}", body.id);
    let after = serde_json::json!({"meeting": body.meeting, "agenda_item": body.agenda_item, "amends": body.amends,
        "outcome": body.outcome, "money": body.money});
    tx.record(Act::new("motion.moved", &subject).after(after));
    let location = format!("/v1/boroughs/{}/{subject}", scope.borough().slug);
    Ok(tx.answer(Created { location, version: Some(1), body }).await?)
}

async fn check_money(tx: &mut Tx<Borough>, money: &super::motion::Money) -> Result<(), Problem> {
    let pending = |pointer: &str, what: &str| {
        Problem::of_fault(
            &problems::REFERENCE_PENDING,
            pointer,
            format_args!("No such {what} has been heard of here yet."),
        )
        .retry_after(1)
    };
    if !store::knows_fund(tx, money.fund).await? {
        return Err(pending("/money/fund", "fund"));
    }
    if let Some(id) = money.proposal {
        let (fund, amount) = store::proposal(tx, id).await?.ok_or_else(|| pending("/money/proposal", "proposal"))?;
        if fund != money.fund || amount > money.amount_pence {
            let detail = format_args!("The proposal is of another fund, or wants more: {amount}.").to_string();
            return Err(Problem::invalid("/money/proposal", detail));
        }
    }
    Ok(())
}

pub(crate) async fn find(tx: &mut Tx<Borough>, id: MotionId) -> Result<MotionBody, Problem> {
    let which = Which { one: Some(id), ..Which::default() };
    store::list(tx, which, 1).await?.pop().ok_or_else(|| Problem::not_found("motion"))
}

/// Get a motion
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/motions/{motion}", operation_id = "getMotion", tag = "votes",
    params(MotionPath),
    responses((status = 200, body = MotionBody)),
    security(("bearer" = ["votes:read"])),
)]
pub(crate) async fn get_motion(
    scope: InBorough<can::ReadVotes>,
    At(path): At<MotionPath>,
) -> Result<Found<MotionBody>, Problem> {
    let motion = find(&mut scope.read().await?, path.motion).await?;
    Ok(Found::at(motion.version, motion))
}

/// Why a motion is taken back.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Withdrawn by its mover with the consent of the meeting"}))]
pub(crate) struct WithdrawalDraft {
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// Withdraw a motion
///
/// It has not been settled, and no vote on it is open. Its amendments fall with it.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/motions/{motion}/withdrawals", operation_id = "withdrawMotion", tag = "votes",
    params(MotionPath, Versioned),
    request_body = WithdrawalDraft,
    responses((status = 200, body = MotionBody)),
    security(("bearer" = ["votes:manage"])),
)]
pub(crate) async fn withdraw_motion(
    scope: InBorough<can::ManageVotes>,
    At(path): At<MotionPath>,
    version: IfMatch,
    Sent(draft, request): Sent<WithdrawalDraft>,
) -> Handled {
    if !(1..=500).contains(&draft.reason.trim().chars().count()) {
        return Err(Problem::invalid("/reason", "Say why in 1 to 500 characters.").into());
    }
    let mut tx = scope.write(&request).await?;
    store::hold(&mut tx, path.motion).await?;
    let motion = find(&mut tx, path.motion).await?;
    version.holds(motion.version)?;
    if motion.state != MotionState::Moved || store::is_being_voted_on(&mut tx, motion.id).await? {
        return Err(Problem::new(&problems::CONFLICT, "The motion is settled, or a vote on it is open.").into());
    }
    store::decide(&mut tx, motion.id, MotionState::Withdrawn).await?;
    let amendments = store::drop_amendments(&mut tx, motion.id).await?;
    for one in [motion.id].into_iter().chain(amendments) {
        let act = Act::new("motion.withdrawn", format!("motions/{one}")).deleting();
        tx.record(act.after(serde_json::json!({"reason": draft.reason.trim()})));
    }
    let body = MotionBody { state: MotionState::Withdrawn, version: motion.version + 1, ..motion };
    Ok(tx.answer(Found::at(body.version, body)).await?)
}
