//! Due diligence over HTTP.

use auth::can;
use domain::DueDiligenceId;
use serde::Deserialize;
use tenancy::{Act, Borough, Handled, InBorough, OnConstraint, Tx};
use uuid::Uuid;
use web::{
    At, Created, Found, IfMatch, Move, MoveDraft, Page, PageRequest, Paging, Problem, Sent, SentOnce, Transitions,
    Versioned, move_refused, problems,
};

use super::{
    due_diligence_item::{DueDiligenceBody, DueDiligenceDraft, DueDiligenceState, score},
    store,
};
use crate::words::word;

/// An item of due diligence in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct DueDiligencePath {
    /// Slug or GSS code.
    #[param(example = "wigan")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The benefit or risk.
    item: DueDiligenceId,
}

/// List the benefits and risks looked into before pooling
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/due-diligence", operation_id = "listDueDiligence", tag = "due diligence",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), Paging),
    responses((status = 200, body = Page<DueDiligenceBody>)),
    security(("bearer" = ["registers:read"])),
)]
pub(crate) async fn list_due_diligence(
    scope: InBorough<can::ReadRegisters>,
    page: PageRequest,
) -> Result<Page<DueDiligenceBody>, Problem> {
    let mut tx = scope.read().await?;
    let rows = store::list(&mut tx, None, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |item| item.id))
}

/// Record a benefit or risk to look into
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/due-diligence", operation_id = "recordDueDiligence", tag = "due diligence",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan")),
    request_body = DueDiligenceDraft,
    responses((status = 201, body = DueDiligenceBody)),
    security(("bearer" = ["registers:manage"])),
)]
pub(crate) async fn record_due_diligence(
    scope: InBorough<can::ManageRegisters>,
    Sent(draft, request): Sent<DueDiligenceDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let body = DueDiligenceBody {
        id: DueDiligenceId::at(scope.now()),
        committee: draft.committee,
        subject: draft.subject.trim().to_owned(),
        kind: draft.kind,
        description: draft.description.trim().to_owned(),
        likelihood: draft.likelihood,
        impact: draft.impact,
        score: score(draft.likelihood, draft.impact),
        owner: draft.owner.trim().to_owned(),
        treatment: draft.treatment.map(|treatment| treatment.trim().to_owned()),
        state: DueDiligenceState::Open,
        created_at: scope.now(),
        version: 1,
    };
    store::insert(&mut tx, &body).await.on_constraint("due_diligence_item_borough_id_committee_id_fkey", || {
        Problem::of_fault(&problems::UNKNOWN_REFERENCE, "/committee", "The borough has no such committee.")
    })?;
    let act = Act::new("due_diligence.recorded", format!("due-diligence/{}", body.id));
    tx.record(act.after(serde_json::json!({"kind": body.kind, "score": body.score})));
    let location = format!("/v1/boroughs/{}/due-diligence/{}", scope.borough().slug, body.id);
    Ok(tx.answer(Created { location, version: Some(1), body }).await?)
}

async fn find(tx: &mut Tx<Borough>, id: DueDiligenceId) -> Result<DueDiligenceBody, Problem> {
    store::list(tx, Some(id), None, 1).await?.pop().ok_or_else(|| Problem::not_found("item of due diligence"))
}

/// Get a benefit or risk
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/due-diligence/{item}", operation_id = "getDueDiligence", tag = "due diligence",
    params(DueDiligencePath),
    responses((status = 200, body = DueDiligenceBody)),
    security(("bearer" = ["registers:read"])),
)]
pub(crate) async fn get_due_diligence(
    scope: InBorough<can::ReadRegisters>,
    At(path): At<DueDiligencePath>,
) -> Result<Found<DueDiligenceBody>, Problem> {
    let item = find(&mut scope.read().await?, path.item).await?;
    Ok(Found::at(item.version, item))
}

async fn told(tx: &mut Tx<Borough>, id: DueDiligenceId) -> Result<Found<Transitions<DueDiligenceState>>, Problem> {
    let item = find(tx, id).await?;
    let data = store::history(tx, id).await?;
    let allowed = item.state.allowed().to_vec();
    Ok(Found::at(item.version, Transitions { state: item.state, allowed, data, next_cursor: None }))
}

/// Get the history and allowed moves of a benefit or risk
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/due-diligence/{item}/transitions", operation_id = "getDueDiligenceTransitions",
    tag = "due diligence",
    params(DueDiligencePath),
    responses((status = 200, body = Transitions<DueDiligenceState>)),
    security(("bearer" = ["registers:read"])),
)]
pub(crate) async fn get_due_diligence_transitions(
    scope: InBorough<can::ReadRegisters>,
    At(path): At<DueDiligencePath>,
) -> Result<Found<Transitions<DueDiligenceState>>, Problem> {
    told(&mut scope.read().await?, path.item).await
}

/// Accept, mitigate or close a benefit or risk
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/due-diligence/{item}/transitions", operation_id = "moveDueDiligence",
    tag = "due diligence",
    params(DueDiligencePath, Versioned, web::Keyed),
    request_body(content = MoveDraft<DueDiligenceState>,
        example = json!({"to": "mitigated", "reason": "The admission agreement was signed"})),
    responses((status = 200, body = Transitions<DueDiligenceState>)),
    security(("bearer" = ["registers:manage"])),
)]
pub(crate) async fn move_due_diligence(
    scope: InBorough<can::ManageRegisters>,
    At(path): At<DueDiligencePath>,
    version: IfMatch,
    SentOnce(draft, request): SentOnce<MoveDraft<DueDiligenceState>>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let item = find(&mut tx, path.item).await?;
    version.holds(item.version)?;
    if !item.state.allowed().contains(&draft.to) {
        return Err(move_refused(&item.state, &draft.to, item.state.allowed()).into());
    }
    let made = Move {
        from: item.state,
        to: draft.to,
        reason: draft.reason.trim().to_owned(),
        by: scope.caller().client_id.clone(),
        moved_at: scope.now(),
    };
    if !store::move_to(&mut tx, &item, &made).await? {
        return Err(web::changed_meanwhile().into());
    }
    let act = Act::new("due_diligence.moved", format!("due-diligence/{}", item.id));
    tx.record(act.before(word(made.from)).after(word(made.to)));
    let told = told(&mut tx, path.item).await?;
    Ok(tx.answer(told).await?)
}
