//! Actions over HTTP.

use auth::can;
use domain::{ActionId, day_in_england};
use serde::Deserialize;
use tenancy::{Act, Borough, Handled, InBorough, Tx};
use uuid::Uuid;
use web::{
    At, Created, Found, IfMatch, Move, MoveDraft, Page, PageRequest, Paging, Problem, Sent, SentOnce, Transitions,
    Versioned, move_refused, problems,
};

use super::{
    action::{ActionBody, ActionDraft, ActionState},
    store::{self, Wanted},
};
use crate::words::word;

/// An action in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ActionPath {
    /// Slug or GSS code.
    #[param(example = "wigan")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The action.
    action: ActionId,
}

/// Which actions.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ActionFilters {
    /// Only those that are open after their day; or only the others.
    overdue: Option<bool>,
}

/// List actions
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/actions", operation_id = "listActions", tag = "actions",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), ActionFilters, Paging),
    responses((status = 200, body = Page<ActionBody>)),
    security(("bearer" = ["registers:read"])),
)]
pub(crate) async fn list_actions(
    scope: InBorough<can::ReadRegisters>,
    page: PageRequest<ActionFilters>,
) -> Result<Page<ActionBody>, Problem> {
    let mut tx = scope.read().await?;
    let wanted = Wanted { one: None, overdue: page.filters.overdue, today: day_in_england(scope.now()) };
    let rows = store::list(&mut tx, &wanted, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |action| action.id))
}

/// Record an action
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/actions", operation_id = "recordAction", tag = "actions",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan")),
    request_body = ActionDraft,
    responses((status = 201, body = ActionBody)),
    security(("bearer" = ["registers:manage"])),
)]
pub(crate) async fn record_action(
    scope: InBorough<can::ManageRegisters>,
    Sent(draft, request): Sent<ActionDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let body = ActionBody {
        id: ActionId::at(scope.now()),
        meeting: draft.meeting,
        decision: draft.decision,
        text: draft.text.trim().to_owned(),
        owner: draft.owner.trim().to_owned(),
        due_on: draft.due_on,
        state: ActionState::Open,
        overdue: ActionState::Open.overdue(draft.due_on, day_in_england(scope.now())),
        created_at: scope.now(),
        version: 1,
    };
    let unknown = |pointer: &str, what: &str| {
        Problem::of_fault(&problems::UNKNOWN_REFERENCE, pointer, format_args!("The borough has no such {what}."))
    };
    store::insert(&mut tx, &body).await.map_err(|error| match error.constraint() {
        Some("action_borough_id_meeting_id_fkey") => unknown("/meeting", "meeting"),
        Some("action_borough_id_decision_id_fkey") => unknown("/decision", "decision"),
        _ => error.into(),
    })?;
    let act = Act::new("action.recorded", format!("actions/{}", body.id));
    tx.record(act.after(serde_json::json!({"due_on": body.due_on, "state": body.state})));
    let location = format!("/v1/boroughs/{}/actions/{}", scope.borough().slug, body.id);
    Ok(tx.answer(Created { location, version: Some(1), body }).await?)
}

async fn find(tx: &mut Tx<Borough>, id: ActionId) -> Result<ActionBody, Problem> {
    let wanted = Wanted { one: Some(id), overdue: None, today: day_in_england(tx.now()) };
    store::list(tx, &wanted, None, 1).await?.pop().ok_or_else(|| Problem::not_found("action"))
}

/// Get an action
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/actions/{action}", operation_id = "getAction", tag = "actions",
    params(ActionPath),
    responses((status = 200, body = ActionBody)),
    security(("bearer" = ["registers:read"])),
)]
pub(crate) async fn get_action(
    scope: InBorough<can::ReadRegisters>,
    At(path): At<ActionPath>,
) -> Result<Found<ActionBody>, Problem> {
    let action = find(&mut scope.read().await?, path.action).await?;
    Ok(Found::at(action.version, action))
}

async fn told(tx: &mut Tx<Borough>, id: ActionId) -> Result<Found<Transitions<ActionState>>, Problem> {
    let action = find(tx, id).await?;
    let data = store::history(tx, id).await?;
    let allowed = action.state.allowed().to_vec();
    Ok(Found::at(action.version, Transitions { state: action.state, allowed, data, next_cursor: None }))
}

/// Get an action's history and allowed moves
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/actions/{action}/transitions", operation_id = "getActionTransitions",
    tag = "actions",
    params(ActionPath),
    responses((status = 200, body = Transitions<ActionState>)),
    security(("bearer" = ["registers:read"])),
)]
pub(crate) async fn get_action_transitions(
    scope: InBorough<can::ReadRegisters>,
    At(path): At<ActionPath>,
) -> Result<Found<Transitions<ActionState>>, Problem> {
    told(&mut scope.read().await?, path.action).await
}

/// Say that an action is done, or drop it
///
/// The reason of what is done is its evidence: what there is now, and where it can be seen.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/actions/{action}/transitions", operation_id = "moveAction", tag = "actions",
    params(ActionPath, Versioned, web::Keyed),
    request_body(content = MoveDraft<ActionState>,
        example = json!({"to": "done", "reason": "Considered by cabinet on 25 February, minute 84"})),
    responses((status = 200, body = Transitions<ActionState>)),
    security(("bearer" = ["registers:manage"])),
)]
pub(crate) async fn move_action(
    scope: InBorough<can::ManageRegisters>,
    At(path): At<ActionPath>,
    version: IfMatch,
    SentOnce(draft, request): SentOnce<MoveDraft<ActionState>>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let action = find(&mut tx, path.action).await?;
    version.holds(action.version)?;
    if !action.state.allowed().contains(&draft.to) {
        return Err(move_refused(&action.state, &draft.to, action.state.allowed()).into());
    }
    let made = Move {
        from: action.state,
        to: draft.to,
        reason: draft.reason.trim().to_owned(),
        by: scope.caller().client_id.clone(),
        moved_at: scope.now(),
    };
    if !store::move_to(&mut tx, &action, &made).await? {
        return Err(web::changed_meanwhile().into());
    }
    let act = Act::new("action.moved", format!("actions/{}", action.id));
    tx.record(act.before(word(made.from)).after(word(made.to)));
    let told = told(&mut tx, path.action).await?;
    Ok(tx.answer(told).await?)
}
