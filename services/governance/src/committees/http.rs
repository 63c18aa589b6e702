//! Committees over HTTP.

use auth::can;
use domain::{CommitteeId, day_in_england};
use serde::Deserialize;
use tenancy::{Act, Borough, Handled, InBorough, OnConstraint, Tx};
use uuid::Uuid;
use web::{
    At, Created, Found, IfMatch, Move, MoveDraft, Page, PageRequest, Paging, Problem, Sent, SentOnce, Transitions,
    Versioned, move_refused, problems,
};

use super::{
    committee::{CommitteeDraft, Phase},
    store::{self, CommitteeBody},
};
use crate::{going_live::readiness_of, progress, words::word};

/// A committee in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct CommitteePath {
    /// Slug or GSS code.
    #[param(example = "wigan")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The committee.
    pub(crate) committee: CommitteeId,
}

/// List committees
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/committees", operation_id = "listCommittees", tag = "committees",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), Paging),
    responses((status = 200, body = Page<CommitteeBody>)),
    security(("bearer" = ["committees:read"])),
)]
pub(crate) async fn list_committees(
    scope: InBorough<can::ReadCommittees>,
    page: PageRequest,
) -> Result<Page<CommitteeBody>, Problem> {
    let mut tx = scope.read().await?;
    let rows = store::list(&mut tx, None, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |committee| committee.id))
}

/// Record a committee
///
/// It begins as proposed.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/committees", operation_id = "createCommittee", tag = "committees",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan")),
    request_body = CommitteeDraft,
    responses((status = 201, body = CommitteeBody)),
    security(("bearer" = ["committees:manage"])),
)]
pub(crate) async fn create_committee(
    scope: InBorough<can::ManageCommittees>,
    Sent(draft, request): Sent<CommitteeDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let body = CommitteeBody {
        id: CommitteeId::at(scope.now()),
        name: draft.name.trim().to_owned(),
        basis: draft.basis,
        access_regime: draft.access_regime,
        parents: draft.parents.iter().map(|parent| parent.trim().to_owned()).collect(),
        phase: Phase::Proposed,
        source: draft.source.trim().to_owned(),
        created_at: scope.now(),
        version: 1,
    };
    store::insert(&mut tx, &body).await.on_constraint("committee_name", || {
        Problem::of_fault(&problems::CONFLICT, "/name", "The borough has a committee of this name already.")
    })?;
    progress::note_committee(&mut tx, body.id).await?;
    tx.record(Act::new("committee.created", format!("committees/{}", body.id)).after(serde_json::json!(body)));
    let location = format!("/v1/boroughs/{}/committees/{}", scope.borough().slug, body.id);
    Ok(tx.answer(Created { location, version: Some(1), body }).await?)
}

pub(crate) async fn find(tx: &mut Tx<Borough>, id: CommitteeId) -> Result<CommitteeBody, Problem> {
    store::list(tx, Some(id), None, 1).await?.pop().ok_or_else(|| Problem::not_found("committee"))
}

/// Get a committee
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/committees/{committee}", operation_id = "getCommittee", tag = "committees",
    params(CommitteePath),
    responses((status = 200, body = CommitteeBody)),
    security(("bearer" = ["committees:read"])),
)]
pub(crate) async fn get_committee(
    scope: InBorough<can::ReadCommittees>,
    At(path): At<CommitteePath>,
) -> Result<Found<CommitteeBody>, Problem> {
    let committee = find(&mut scope.read().await?, path.committee).await?;
    Ok(Found::at(committee.version, committee))
}

async fn told(tx: &mut Tx<Borough>, id: CommitteeId) -> Result<Found<Transitions<Phase>>, Problem> {
    let committee = find(tx, id).await?;
    let data = store::history(tx, id).await?;
    let allowed = committee.phase.allowed().to_vec();
    Ok(Found::at(committee.version, Transitions { state: committee.phase, allowed, data, next_cursor: None }))
}

/// Get a committee's history and allowed moves
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/committees/{committee}/transitions", operation_id = "getCommitteeTransitions",
    tag = "committees",
    params(CommitteePath),
    responses((status = 200, body = Transitions<Phase>)),
    security(("bearer" = ["committees:read"])),
)]
pub(crate) async fn get_committee_transitions(
    scope: InBorough<can::ReadCommittees>,
    At(path): At<CommitteePath>,
) -> Result<Found<Transitions<Phase>>, Problem> {
    told(&mut scope.read().await?, path.committee).await
}

/// Move a committee to its next phase
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/committees/{committee}/transitions", operation_id = "moveCommittee",
    tag = "committees",
    params(CommitteePath, Versioned, web::Keyed),
    request_body(content = MoveDraft<Phase>, example = json!({"to": "shadow", "reason": "Preparing for April"})),
    responses((status = 200, body = Transitions<Phase>)),
    security(("bearer" = ["committees:manage"])),
)]
pub(crate) async fn move_committee(
    scope: InBorough<can::ManageCommittees>,
    At(path): At<CommitteePath>,
    version: IfMatch,
    SentOnce(draft, request): SentOnce<MoveDraft<Phase>>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let committee = find(&mut tx, path.committee).await?;
    version.holds(committee.version)?;
    if !committee.phase.allowed().contains(&draft.to) {
        return Err(move_refused(&committee.phase, &draft.to, committee.phase.allowed()).into());
    }
    let made = Move {
        from: committee.phase,
        to: draft.to,
        reason: draft.reason.trim().to_owned(),
        by: scope.caller().client_id.clone(),
        moved_at: scope.now(),
    };
    if draft.to == Phase::Live {
        let readiness = readiness_of(&mut tx, &committee, day_in_england(scope.now())).await?;
        if !readiness.ready {
            let missing: Vec<_> = readiness.requirements.into_iter().filter(|one| !one.met).collect();
            let detail = "It may not go live yet. `missing` says what it needs.";
            return Err(Problem::new(&problems::TRANSITION_REFUSED, detail)
                .with("allowed", serde_json::json!([Phase::Dissolved]))
                .with("missing", serde_json::json!(missing))
                .into());
        }
    }
    if !store::move_to(&mut tx, &committee, &made).await? {
        return Err(web::changed_meanwhile().into());
    }
    progress::note_committee(&mut tx, committee.id).await?;
    let act = Act::new("committee.moved", format!("committees/{}", committee.id));
    tx.record(act.before(word(made.from)).after(word(made.to)));
    let told = told(&mut tx, path.committee).await?;
    Ok(tx.answer(told).await?)
}
