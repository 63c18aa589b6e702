//! The forward plan over HTTP.

use auth::can;
use domain::{CommitteeId, PlanEntryId, day_in_england};
use serde::Deserialize;
use serde_json::json;
use tenancy::{Act, Handled, InBorough, OnConstraint};
use uuid::Uuid;
use web::{At, Created, Found, IfMatch, Page, PageRequest, Paging, Problem, Sent, Versioned, problems};

use super::entry::{PlanEntryBody, PlanEntryDraft, PublicationDraft, missing};
use super::{find_entry, store};
use crate::{drafts::unknown, publishing};

/// What the forward plan is narrowed to.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanFilters {
    /// Only what this committee is to decide.
    committee: Option<CommitteeId>,
}

/// An entry in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct EntryPath {
    /// Slug or GSS code.
    #[param(example = "wigan")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The entry.
    entry: PlanEntryId,
}

/// List the forward plan, in the order it was recorded
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/forward-plan", operation_id = "listForwardPlan", tag = "forward-plan",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), PlanFilters, Paging),
    responses((status = 200, body = Page<PlanEntryBody>)),
    security(("bearer" = ["registers:read"])),
)]
pub(crate) async fn list_forward_plan(
    scope: InBorough<can::ReadRegisters>,
    page: PageRequest<PlanFilters>,
) -> Result<Page<PlanEntryBody>, Problem> {
    let mut tx = scope.read().await?;
    let (committee, after) = (page.filters.committee, page.after::<Uuid>()?);
    let rows = store::list(&mut tx, None, committee, after, page.rows_wanted()).await?;
    Ok(page.page(rows, |entry| entry.id))
}

/// Record a key decision to come
///
/// It may lack particulars until it is published; `missing` names them.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/forward-plan", operation_id = "planDecision", tag = "forward-plan",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan")),
    request_body = PlanEntryDraft,
    responses((status = 201, body = PlanEntryBody)),
    security(("bearer" = ["registers:manage"])),
)]
pub(crate) async fn plan_decision(
    scope: InBorough<can::ManageRegisters>,
    Sent(draft, request): Sent<PlanEntryDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let matter = draft.matter.trim().to_owned();
    let body = PlanEntryBody {
        id: PlanEntryId::at(scope.now()),
        committee: draft.committee,
        missing: missing(&matter, &draft.particulars),
        matter,
        decision_on: draft.decision_on,
        particulars: draft.particulars,
        published_on: None,
        created_at: scope.now(),
        version: 1,
    };
    store::insert(&mut tx, &body)
        .await
        .on_constraint("plan_entry_borough_id_committee_id_fkey", || unknown("/committee", "committee"))?;
    let told = json!({"committee": body.committee, "decision_on": body.decision_on});
    tx.record(Act::new("plan.recorded", format!("forward-plan/{}", body.id)).after(told));
    let location = format!("/v1/boroughs/{}/forward-plan/{}", scope.borough().slug, body.id);
    Ok(tx.answer(Created { location, version: Some(1), body }).await?)
}

/// Get an entry of the forward plan
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/forward-plan/{entry}", operation_id = "getPlanEntry", tag = "forward-plan",
    params(EntryPath),
    responses((status = 200, body = PlanEntryBody)),
    security(("bearer" = ["registers:read"])),
)]
pub(crate) async fn get_plan_entry(
    scope: InBorough<can::ReadRegisters>,
    At(path): At<EntryPath>,
) -> Result<Found<PlanEntryBody>, Problem> {
    let entry = find_entry(&mut scope.read().await?, path.entry).await?;
    Ok(Found::at(entry.version, entry))
}

fn unpublished(entry: &PlanEntryBody) -> Result<(), Problem> {
    match entry.published_on {
        Some(on) => Err(Problem::new(&problems::CONFLICT, format_args!("It was published on {on}, and stands."))),
        None => Ok(()),
    }
}

/// Put another draft in the place of one not yet published
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/forward-plan/{entry}/revisions", operation_id = "revisePlanEntry",
    tag = "forward-plan",
    params(EntryPath, Versioned),
    request_body = PlanEntryDraft,
    responses((status = 201, body = PlanEntryBody)),
    security(("bearer" = ["registers:manage"])),
)]
pub(crate) async fn revise_plan_entry(
    scope: InBorough<can::ManageRegisters>,
    At(path): At<EntryPath>,
    version: IfMatch,
    Sent(draft, request): Sent<PlanEntryDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let entry = find_entry(&mut tx, path.entry).await?;
    version.holds(entry.version)?;
    unpublished(&entry)?;
    if draft.committee != entry.committee {
        return Err(Problem::invalid("/committee", "An entry stays with its committee. Record another.").into());
    }
    let matter = draft.matter.trim().to_owned();
    let missing = missing(&matter, &draft.particulars);
    let body =
        PlanEntryBody { matter, decision_on: draft.decision_on, particulars: draft.particulars, missing, ..entry };
    if !store::revise(&mut tx, &body).await? {
        return Err(web::changed_meanwhile().into());
    }
    let told = json!({"decision_on": body.decision_on});
    tx.record(Act::new("plan.revised", format!("forward-plan/{}", body.id)).after(told));
    let location = format!("/v1/boroughs/{}/forward-plan/{}", scope.borough().slug, body.id);
    Ok(tx.answer(Created { location, version: Some(body.version + 1), body }).await?)
}

/// Publish the notice of a key decision
///
/// Once, with all eight particulars of SI 2012/2089 reg 9(1).
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/forward-plan/{entry}/publications", operation_id = "publishPlanEntry",
    tag = "forward-plan",
    params(EntryPath),
    request_body = PublicationDraft,
    responses((status = 201, body = PlanEntryBody)),
    security(("bearer" = ["registers:manage"])),
)]
pub(crate) async fn publish_plan_entry(
    scope: InBorough<can::ManageRegisters>,
    At(path): At<EntryPath>,
    Sent(draft, request): Sent<PublicationDraft>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    let entry = find_entry(&mut tx, path.entry).await?;
    let on = draft.day(day_in_england(scope.now()))?;
    unpublished(&entry)?;
    entry.complete()?;
    if !store::publish(&mut tx, &entry, on).await? {
        return Err(web::changed_meanwhile().into());
    }
    tx.record(Act::new("plan.published", format!("forward-plan/{}", entry.id)).after(json!({"published_on": on})));
    let location = format!("/v1/boroughs/{}/forward-plan/{}", scope.borough().slug, entry.id);
    let version = Some(entry.version + 1);
    let body = PlanEntryBody { published_on: Some(on), ..entry };
    publishing::notice(&mut tx, &body).await?;
    Ok(tx.answer(Created { location, version, body }).await?)
}
