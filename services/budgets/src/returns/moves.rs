//! How a return moves on, and how it is restated.

use auth::{Caller, can};
use domain::ReturnId;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tenancy::{Act, Borough, Handled, InBorough, OnConstraint, Tx};
use web::{
    At, Created, Found, IfMatch, Move, MoveDraft, Problem, SentOnce, Transitions, Versioned, changed_meanwhile,
    move_refused, problems, words::word,
};

use super::{
    figures::ReturnFigures,
    gather::gather,
    http::{ReturnPath, find},
    statutory_return::{ReturnState, ReturnSummary},
    store::{self, Frozen},
};
use crate::{funds::find_fund, periods::hold_back_the_year, rules};

fn allowed(of: &ReturnSummary, history: &[Move<ReturnState>], caller: &Caller) -> Vec<ReturnState> {
    let submitted = history.iter().rev().find(|made| made.to == ReturnState::Submitted);
    of.state.allowed(caller.scopes, submitted.is_some_and(|made| made.by == caller.client_id))
}

async fn told(tx: &mut Tx<Borough>, id: ReturnId, caller: &Caller) -> Result<Found<Transitions<ReturnState>>, Problem> {
    let of = find(tx, id).await?;
    let data = store::history(tx, id).await?;
    let allowed = allowed(&of, &data, caller);
    Ok(Found::at(of.version, Transitions { state: of.state, allowed, data, next_cursor: None }))
}

/// Get a return's history and allowed moves
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/returns/{return}/transitions", operation_id = "getReturnTransitions",
    tag = "returns",
    params(ReturnPath),
    responses((status = 200, body = Transitions<ReturnState>)),
    security(("bearer" = ["returns:read"])),
)]
pub(crate) async fn get_return_transitions(
    scope: InBorough<can::ReadReturns>,
    At(path): At<ReturnPath>,
) -> Result<Found<Transitions<ReturnState>>, Problem> {
    told(&mut scope.read().await?, path.id, scope.caller()).await
}

/// Freezes the figures of a return that nothing holds up.
async fn submit(tx: &mut Tx<Borough>, of: &ReturnSummary, by: &str) -> Result<(), Problem> {
    // Whoever posts finishes first, nobody slips in, and no period is closed or reopened: the figures are of one moment.
    hold_back_the_year(tx, of.fund, of.year).await?;
    let gathered = gather(tx, of).await?;
    rules::all_met(gathered.unmet)?;
    let figures = serde_json::to_string(&gathered.figures).map_err(Problem::internal)?;
    let sha256 = Sha256::digest(&figures).iter().map(|byte| format!("{byte:02x}")).collect();
    let frozen = Frozen { figures, sha256, as_of: gathered.figures.as_of, by: by.to_owned() };
    Ok(store::insert_submission(tx, of.id, &frozen).await?)
}

async fn submitted(tx: &mut Tx<Borough>, of: &ReturnSummary) -> Result<Frozen, Problem> {
    let frozen = store::submission(tx, of.id).await?;
    frozen.ok_or_else(|| Problem::internal("a return was submitted without figures"))
}

/// Approves what was submitted, where the books still say it, and tells the region its totals.
async fn approve(tx: &mut Tx<Borough>, of: &ReturnSummary) -> Result<(), Problem> {
    let frozen = submitted(tx, of).await?;
    let figures: ReturnFigures = serde_json::from_str(&frozen.figures).map_err(Problem::internal)?;
    hold_back_the_year(tx, of.fund, of.year).await?;
    let now = gather(tx, of).await?;
    if !now.unmet.is_empty() || !figures.says_what(&now.figures).map_err(Problem::internal)? {
        let detail = "The books have moved since this was submitted. Send it back to draft and submit it again.";
        return Err(Problem::new(&problems::CONFLICT, detail));
    }
    let fund = find_fund(tx, of.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    if let Some(region) = &fund.region {
        store::tell_region(tx, region, of, &figures).await?;
    }
    Ok(())
}

/// Cuts what was approved; what it restates is restated from now on.
async fn publish(tx: &mut Tx<Borough>, of: &ReturnSummary, by: &str) -> Result<(), Problem> {
    let frozen = submitted(tx, of).await?;
    store::insert_cut(tx, of.id, &frozen, by).await?;
    store::move_for_region(tx, of.id, ReturnState::Published).await?;
    let Some(restated) = of.restates else { return Ok(()) };
    let before = find(tx, restated).await?;
    let made = Move {
        from: before.state,
        to: ReturnState::Restated,
        reason: of.restatement_reason.clone().unwrap_or_default(),
        by: by.to_owned(),
        moved_at: tx.now(),
    };
    if before.state != ReturnState::Published || !store::move_to(tx, &before, &made).await? {
        return Err(changed_meanwhile());
    }
    store::move_for_region(tx, before.id, ReturnState::Restated).await?;
    let act = Act::new("return.moved", format!("returns/{}", before.id));
    tx.record(act.before(word(made.from)).after(word(made.to)));
    Ok(())
}

/// Submit, approve or publish a return
///
/// Submitting freezes its figures; what is approved and published is those. It is refused while a period it needs is open
/// (rule 15, 16), while a forecast overspend has no action plan (rule 27), and of a Better Care Fund plan while it breaks a
/// rule (35, 36, 37, 39, 40). A second person approves, unless the books have moved since: then it is submitted again. Published, it never changes (rule 60): restate it.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/returns/{return}/transitions", operation_id = "moveReturn", tag = "returns",
    params(ReturnPath, Versioned, web::Keyed),
    request_body(content = MoveDraft<ReturnState>, example = json!({"to": "submitted", "reason": "Quarter end"})),
    responses((status = 200, body = Transitions<ReturnState>)),
    security(("bearer" = ["returns:prepare"])),
)]
pub(crate) async fn move_return(
    scope: InBorough<can::PrepareReturns>,
    At(path): At<ReturnPath>,
    version: IfMatch,
    SentOnce(draft, request): SentOnce<MoveDraft<ReturnState>>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let of = find(&mut tx, path.id).await?;
    version.holds(of.version)?;
    let history = store::history(&mut tx, path.id).await?;
    let allowed = allowed(&of, &history, scope.caller());
    if !allowed.contains(&draft.to) {
        let refused = move_refused(&of.state, &draft.to, &allowed);
        let cut = matches!(of.state, ReturnState::Published | ReturnState::Restated);
        return Err(if cut { refused.with("rule", serde_json::json!(rules::CUTS_STAND)) } else { refused }.into());
    }
    let by = &scope.caller().client_id;
    let made = Move {
        from: of.state,
        to: draft.to,
        reason: draft.reason.trim().to_owned(),
        by: by.clone(),
        moved_at: scope.now(),
    };
    // Moved first: of two at once the second waits here, and finds that it came too late.
    if !store::move_to(&mut tx, &of, &made).await? {
        return Err(changed_meanwhile().into());
    }
    match made.to {
        ReturnState::Submitted => submit(&mut tx, &of, by).await?,
        ReturnState::Approved => approve(&mut tx, &of).await?,
        ReturnState::Published => publish(&mut tx, &of, by).await?,
        ReturnState::Draft | ReturnState::Restated => {}
    }
    tx.record(Act::new("return.moved", format!("returns/{}", of.id)).before(word(made.from)).after(word(made.to)));
    let told = told(&mut tx, path.id, scope.caller()).await?;
    Ok(tx.answer(told).await?)
}

/// Why a published return is restated.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "A provider's credit note came after the quarter was published"}))]
pub(crate) struct RestatementDraft {
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// Restate a published return
///
/// Prepares a new draft of the same, one number on. What was published stays in force until that is published, and to be
/// read for good. One restatement at a time.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/returns/{return}/restatements", operation_id = "restateReturn", tag = "returns",
    params(ReturnPath, web::Keyed),
    request_body = RestatementDraft,
    responses((status = 201, body = ReturnSummary)),
    security(("bearer" = ["returns:approve"])),
)]
pub(crate) async fn restate_return(
    scope: InBorough<can::ApproveReturns>,
    At(path): At<ReturnPath>,
    SentOnce(draft, request): SentOnce<RestatementDraft>,
) -> Handled {
    let mut faults = web::Faults::default();
    faults.text("/reason", &draft.reason, 500);
    faults.none()?;
    let mut tx = scope.write(&request).await?;
    let before = find(&mut tx, path.id).await?;
    let conflict = |detail: &str| Problem::new(&problems::CONFLICT, detail);
    if before.state != ReturnState::Published {
        return Err(conflict("Only a published return is restated; of a restated one, the latest.").into());
    }
    let number = before.number.checked_add(1).filter(|number| *number <= 999);
    let body = ReturnSummary {
        id: ReturnId::at(scope.now()),
        number: number.ok_or_else(|| conflict("It has been restated as often as can be."))?,
        state: ReturnState::Draft,
        restates: Some(before.id),
        restatement_reason: Some(draft.reason.trim().to_owned()),
        restated_by: None,
        narrative: before.narrative.clone(),
        created_at: scope.now(),
        published_at: None,
        version: 1,
        ..before
    };
    let clash = || conflict("A restatement of it is being prepared already.");
    store::insert(&mut tx, &body, &scope.caller().client_id).await.on_constraint("return_once", clash)?;
    tx.record(Act::new("return.restated", format!("returns/{}", path.id)).after(serde_json::json!(body)));
    let location = format!("/v1/boroughs/{}/returns/{}", scope.borough().slug, body.id);
    Ok(tx.answer(Created { location, version: Some(body.version), body }).await?)
}
