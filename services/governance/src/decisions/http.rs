//! Decisions over HTTP.

use auth::{Role, can};
use domain::{CommitteeId, DecisionId, MeetingId, day_in_england};
use serde::Deserialize;
use serde_json::json;
use tenancy::{Act, Handled, InBorough};
use uuid::Uuid;
use web::{At, Created, Found, Page, PageRequest, Paging, Problem, SentOnce, problems};

use super::{
    decision::{DecisionBody, DecisionDraft, DecisionRecord},
    machine::DecisionState,
    store::{self, Which},
};
use crate::{
    agenda::{find_item, may_read_exempt},
    committees::find_committee,
    constitutions,
    meetings::find_meeting,
    motions::{MotionOutcome, MotionState, find_motion},
    progress,
    votes::{Settled, announced, settled_by},
};

/// A decision in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct DecisionPath {
    /// Slug or GSS code.
    #[param(example = "wigan")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The decision.
    pub(super) decision: DecisionId,
}

/// Which decisions.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecisionFilters {
    /// Of one committee.
    committee: Option<CommitteeId>,
    /// Of one meeting.
    meeting: Option<MeetingId>,
}

/// What stands where the title of an exempt matter would.
pub(super) const EXEMPT: &str = "Exempt item";

/// What a decision taken in private says is read by those entitled to exempt papers; others learn that it was taken.
pub(super) fn as_seen_by(role: Role, mut decision: DecisionBody) -> DecisionBody {
    if decision.private.is_some() && !may_read_exempt(role) {
        decision.title = EXEMPT.to_owned();
        decision.record = DecisionRecord {
            resolution: "Taken in private.".to_owned(),
            reasons: "Taken in private.".to_owned(),
            options_rejected: Vec::new(),
            conflicts: Vec::new(),
            call_in_waiver: None,
        };
    }
    decision
}

/// List decisions
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/decisions", operation_id = "listDecisions", tag = "decisions",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), DecisionFilters, Paging),
    responses((status = 200, body = Page<DecisionBody>)),
    security(("bearer" = ["decisions:read"])),
)]
pub(crate) async fn list_decisions(
    scope: InBorough<can::ReadDecisions>,
    page: PageRequest<DecisionFilters>,
) -> Result<Page<DecisionBody>, Problem> {
    let mut tx = scope.read().await?;
    let DecisionFilters { committee, meeting } = page.filters;
    let which = Which { committee, meeting, after: page.after::<Uuid>()?, one: None };
    let rows = store::list(&mut tx, which, page.rows_wanted()).await?;
    let role = scope.caller().role;
    let rows = rows.into_iter().map(|decision| as_seen_by(role, decision)).collect();
    Ok(page.page(rows, |decision| decision.id))
}

/// Record a decision
///
/// Of a motion that a lawful vote carried, in a committee that is live: a shadow committee only recommends (rule 50).
/// It cites the rules and the limit in force that day (rule 53), and says why, what else was considered, and who was
/// conflicted (rule 51). A key decision has had its notice (rule 41).
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/decisions", operation_id = "recordDecision", tag = "decisions",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), web::Keyed),
    request_body = DecisionDraft,
    responses((status = 201, body = DecisionBody)),
    security(("bearer" = ["decisions:manage"])),
)]
pub(crate) async fn record_decision(
    scope: InBorough<can::ManageDecisions>,
    SentOnce(draft, request): SentOnce<DecisionDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let motion = find_motion(&mut tx, draft.motion).await.map_err(|_| crate::drafts::unknown("/motion", "motion"))?;
    let committee = find_committee(&mut tx, motion.committee).await?;
    let settled = settled_by(&mut tx, motion.id).await?;
    let (MotionState::Carried, Some(Settled { constitution, binding, on }), None) =
        (motion.state, settled, motion.amends)
    else {
        let detail = "No lawful vote has carried this motion, or it is an amendment, which changes its motion.";
        return Err(Problem::of_fault(&problems::NOT_CARRIED, "/motion", detail).into());
    };
    if !binding {
        let detail = "The committee was not live when it voted, or only advises: it bound nobody. Record a recommendation instead.";
        return Err(Problem::new(&problems::ADVISORY_ONLY, detail).with("phase", json!(committee.phase)).into());
    }
    let meeting = find_meeting(&mut tx, motion.meeting).await?;
    let item = find_item(&mut tx, motion.meeting, motion.agenda_item).await?;
    let rules = constitutions::find(&mut tx, committee.id, constitution).await?;
    if motion.outcome == MotionOutcome::Approved {
        announced(&rules.rules, &motion, &item)?;
    }
    if let (Some(money), Some(limit)) = (&motion.money, rules.rules.limit_pence)
        && money.amount_pence > limit
    {
        let detail = format_args!("The committee may decide {limit}; this is {}.", money.amount_pence).to_string();
        return Err(Problem::of_fault(&problems::BEYOND_AUTHORITY, "/motion", detail)
            .with("limit_pence", limit.0)
            .with("amount_pence", money.amount_pence.0)
            .with("next_tier", json!(committee.parents))
            .into());
    }
    let delegation = match motion.money.as_ref().and_then(|money| money.proposal) {
        Some(proposal) => store::delegation_of(&mut tx, proposal, on).await?,
        None => None,
    };
    let conflicts = store::conflicts(&mut tx, meeting.id, item.id).await?;
    let trimmed = |text: String| text.trim().to_owned();
    let body = DecisionBody {
        id: DecisionId::at(scope.now()),
        committee: committee.id,
        meeting: meeting.id,
        agenda_item: item.id,
        motion: motion.id,
        constitution,
        delegation,
        title: draft.title.map_or_else(|| item.title.clone(), trimmed),
        outcome: motion.outcome,
        key_decision: item.key_decision,
        decided_on: on,
        record: DecisionRecord {
            resolution: motion.text,
            reasons: draft.reasons.trim().to_owned(),
            options_rejected: draft.options_rejected.into_iter().map(trimmed).collect(),
            conflicts,
            call_in_waiver: draft.call_in_waiver,
        },
        private: item.private.as_ref().map(|private| json!(private)),
        money: motion.money,
        state: DecisionState::Recorded,
        published_on: None,
        call_in_ends_on: None,
        effective_on: None,
        recorded_at: scope.now(),
        version: 1,
    };
    store::insert(&mut tx, &body).await.map_err(|error| match error.constraint() {
        Some("decided_once") => {
            Problem::of_fault(&problems::CONFLICT, "/motion", "The decision on this motion is recorded already.")
        }
        Some("proposal_answered_once") => {
            Problem::of_fault(&problems::CONFLICT, "/motion", "Another decision has answered this proposal.")
        }
        _ => error.into(),
    })?;
    progress::count_decision(&mut tx, body.counted()).await?;
    let subject = format!("decisions/{}", body.id);
    let after = json!({"motion": body.motion, "outcome": body.outcome, "constitution": body.constitution,
        "delegation": body.delegation, "money": body.money});
    tx.record(Act::new("decision.recorded", &subject).after(after));
    let location = format!("/v1/boroughs/{}/{subject}", scope.borough().slug);
    Ok(tx.answer(Created { location, version: Some(1), body }).await?)
}

/// Get a decision
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/decisions/{decision}", operation_id = "getDecision", tag = "decisions",
    params(DecisionPath),
    responses((status = 200, body = DecisionBody)),
    security(("bearer" = ["decisions:read"])),
)]
pub(crate) async fn get_decision(
    scope: InBorough<can::ReadDecisions>,
    At(path): At<DecisionPath>,
) -> Result<Found<DecisionBody>, Problem> {
    let mut tx = scope.read().await?;
    let found = store::list(&mut tx, Which::one(path.decision), 1).await?.pop();
    let decision = as_seen_by(scope.caller().role, found.ok_or_else(|| Problem::not_found("decision"))?);
    Ok(Found::at(decision.version, decision))
}

/// The day it is for a request.
pub(super) fn today<P: auth::Permission>(scope: &InBorough<P>) -> chrono::NaiveDate {
    day_in_england(scope.now())
}
