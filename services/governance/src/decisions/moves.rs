//! The moves of decisions over HTTP.

use auth::can;
use domain::BoroughId;
use events::governance::DecisionEffective;
use serde_json::json;
use tenancy::{Act, Borough, Handled, InBorough, Tx};
use web::{At, Found, IfMatch, MoveDraft, Problem, SentOnce, Transitions, Versioned, move_refused, problems};

use super::{
    decision::DecisionBody,
    http::{DecisionPath, EXEMPT, today},
    machine::{DecisionState, call_in_days, can_be_called_in},
    store::{self, Which},
};
use crate::{constitutions, publishing, words::word};

async fn told(tx: &mut Tx<Borough>, decision: &DecisionBody) -> Result<Found<Transitions<DecisionState>>, Problem> {
    let data = store::history(tx, decision.id).await?;
    let allowed = decision.state.by_hand().to_vec();
    let body = Transitions { state: decision.state, allowed, data, next_cursor: None };
    Ok(Found::at(decision.version, body))
}

/// Get a decision's history and allowed moves
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/decisions/{decision}/transitions", operation_id = "getDecisionTransitions",
    tag = "decisions",
    params(DecisionPath),
    responses((status = 200, body = Transitions<DecisionState>)),
    security(("bearer" = ["decisions:read"])),
)]
pub(crate) async fn get_decision_transitions(
    scope: InBorough<can::ReadDecisions>,
    At(path): At<DecisionPath>,
) -> Result<Found<Transitions<DecisionState>>, Problem> {
    let mut tx = scope.read().await?;
    let found = store::list(&mut tx, Which::one(path.decision), 1).await?.pop();
    told(&mut tx, &found.ok_or_else(|| Problem::not_found("decision"))?).await
}

/// Move a decision
///
/// Publishing one that can be called in takes it into call-in: nobody moves it out but a call-in, or the service, on the
/// working day after the last day of call-in. One that cannot be called in is moved from published to effective.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/decisions/{decision}/transitions", operation_id = "moveDecision",
    tag = "decisions",
    params(DecisionPath, Versioned, web::Keyed),
    request_body(content = MoveDraft<DecisionState>, example = json!({"to": "published", "reason": "Minutes agreed with the chair"})),
    responses((status = 200, body = Transitions<DecisionState>)),
    security(("bearer" = ["decisions:manage"])),
)]
pub(crate) async fn move_decision(
    scope: InBorough<can::ManageDecisions>,
    At(path): At<DecisionPath>,
    version: IfMatch,
    SentOnce(draft, request): SentOnce<MoveDraft<DecisionState>>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let held = store::hold(&mut tx, path.decision).await?;
    let mut decision = held.ok_or_else(|| Problem::not_found("decision"))?;
    version.holds(decision.version)?;
    let allowed = decision.state.by_hand();
    if !allowed.contains(&draft.to) {
        return Err(move_refused(&decision.state, &draft.to, allowed).into());
    }
    let mut to = draft.to;
    if to == DecisionState::Published {
        to = publish(&mut tx, &mut decision, today(&scope)).await?;
    }
    if to == DecisionState::Effective {
        decision.effective_on = Some(today(&scope));
    }
    let by = scope.caller().client_id.clone();
    make(&mut tx, scope.borough().id, &mut decision, to, (draft.reason.trim(), &by)).await?;
    let told = told(&mut tx, &decision).await?;
    Ok(tx.answer(told).await?)
}

/// Publishes a decision on a day, and says whether that opens it to call-in.
async fn publish(
    tx: &mut Tx<Borough>,
    decision: &mut DecisionBody,
    today: chrono::NaiveDate,
) -> Result<DecisionState, Problem> {
    let rules = constitutions::find(tx, decision.committee, decision.constitution).await?.rules;
    decision.published_on = Some(today);
    let waived = decision.record.call_in_waiver.is_some();
    if !can_be_called_in(&rules, decision.key_decision, decision.outcome, waived) {
        return Ok(DecisionState::Published);
    }
    let (ends, effective) = call_in_days(&rules, today).ok_or_else(|| {
        let detail = "The bank holidays of that time are not published yet, so the days of call-in cannot be counted.";
        Problem::new(&problems::CONFLICT, detail)
    })?;
    decision.call_in_ends_on = Some(ends);
    decision.effective_on = Some(effective);
    store::set_timer(tx, decision.id, effective).await?;
    Ok(DecisionState::InCallIn)
}

/// Makes a move of a held decision: writes it down, and tells who acts on it.
pub(super) async fn make(
    tx: &mut Tx<Borough>,
    borough: BoroughId,
    decision: &mut DecisionBody,
    to: DecisionState,
    (reason, by): (&str, &str),
) -> Result<(), Problem> {
    let from = decision.state;
    debug_assert!(from.moves().contains(&to), "{from:?} to {to:?}");
    let made = store::made(from, to, reason, by, tx.now());
    store::move_to(tx, decision, &made).await?;
    decision.state = to;
    decision.version += 1;
    let act = Act::new("decision.moved", format!("decisions/{}", decision.id)).concerning(borough);
    tx.record(
        act.before(word(from)).after(json!({"state": to, "reason": reason, "published_on": decision.published_on,
        "call_in_ends_on": decision.call_in_ends_on, "effective_on": decision.effective_on})),
    );
    publishing::decision(tx, decision).await?;
    // Money comes with approvals only: see what a motion is held to.
    if let (DecisionState::Effective, Some(money), Some(effective_on)) = (to, &decision.money, decision.effective_on) {
        let effective = DecisionEffective {
            decision_id: decision.id,
            committee_id: decision.committee,
            fund_id: money.fund,
            amount_pence: money.amount_pence,
            title: if decision.private.is_some() { EXEMPT.to_owned() } else { decision.title.clone() },
            proposal_id: money.proposal,
            effective_on,
        };
        events::tell(tx, borough, &effective);
    }
    Ok(())
}
