//! Constitutions over HTTP.

use auth::can;
use domain::{CommitteeId, ConstitutionId, day_in_england};
use events::set_up::{Step, StepTaken};
use serde::Deserialize;
use tenancy::{Act, Borough, Handled, InBorough, Tx};
use web::{At, Created, Faults, Found, Page, PageRequest, Paging, Problem, SentOnce, problems};

use super::{
    constitution::{ConstitutionBody, ConstitutionDraft},
    store,
};
use crate::{
    committees::{Phase, find_committee, http::CommitteePath},
    drafts,
};

/// A constitution in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ConstitutionPath {
    /// Slug or GSS code.
    #[param(example = "wigan")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The committee.
    committee: CommitteeId,
    /// The version.
    constitution: ConstitutionId,
}

/// List the versions of a committee's rules, oldest first
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/committees/{committee}/constitutions", operation_id = "listConstitutions",
    tag = "committees",
    params(CommitteePath, Paging),
    responses((status = 200, body = Page<ConstitutionBody>)),
    security(("bearer" = ["committees:read"])),
)]
pub(crate) async fn list_constitutions(
    scope: InBorough<can::ReadCommittees>,
    At(path): At<CommitteePath>,
    page: PageRequest,
) -> Result<Page<ConstitutionBody>, Problem> {
    let mut tx = scope.read().await?;
    find_committee(&mut tx, path.committee).await?;
    let rows = store::list(&mut tx, path.committee, None, page.after::<i32>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |version| version.number))
}

/// Record a version of a committee's rules
///
/// Quorum, voting, chair, notice, call-in and limit, from a day on. A live committee's rules are not changed for a day
/// that has begun: what was decided that day was decided under the rules then in force (rule 53).
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/committees/{committee}/constitutions", operation_id = "recordConstitution",
    tag = "committees",
    params(CommitteePath, web::Keyed),
    request_body = ConstitutionDraft,
    responses((status = 201, body = ConstitutionBody)),
    security(("bearer" = ["committees:manage"])),
)]
pub(crate) async fn record_constitution(
    scope: InBorough<can::ManageCommittees>,
    At(path): At<CommitteePath>,
    SentOnce(draft, request): SentOnce<ConstitutionDraft>,
) -> Handled {
    let mut faults = Faults::default();
    drafts::day(&mut faults, "/in_force_from", draft.in_force_from);
    faults.text("/source", &draft.source, 500);
    faults.none()?;
    let mut tx = scope.write(&request).await?;
    let committee = find_committee(&mut tx, path.committee).await?;
    draft.rules.check(&committee.parents)?;
    if committee.phase == Phase::Dissolved {
        return Err(Problem::new(&problems::CONFLICT, "The committee is dissolved.").into());
    }
    let begun = draft.in_force_from <= day_in_england(scope.now());
    if begun && committee.phase == Phase::Live {
        let detail = "A live committee's rules change from tomorrow on at the earliest.";
        return Err(Problem::of_fault(&problems::CONFLICT, "/in_force_from", detail).into());
    }
    let mut body = ConstitutionBody {
        id: ConstitutionId::at(scope.now()),
        number: 0,
        in_force_from: draft.in_force_from,
        rules: draft.rules,
        source: draft.source.trim().to_owned(),
        recorded_at: scope.now(),
    };
    body.number = store::insert(&mut tx, committee.id, &body).await.map_err(|error| match error.constraint() {
        Some("constitution_one_a_day") => {
            let detail = "Other rules are in force from that day already.";
            Problem::of_fault(&problems::CONFLICT, "/in_force_from", detail)
        }
        Some("constitution_numbered") => {
            Problem::new(&problems::CONFLICT, "Another version was recorded at the same moment. Look at it first.")
        }
        _ => error.into(),
    })?;
    let subject = format!("committees/{}/constitutions/{}", committee.id, body.id);
    tx.record(Act::new("constitution.recorded", &subject).after(serde_json::json!(body)));
    let taken = StepTaken::of(Step::Constitution, subject.clone(), scope.now());
    events::tell(&mut tx, scope.borough().id, &taken);
    let location = format!("/v1/boroughs/{}/{subject}", scope.borough().slug);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

/// Get a version of a committee's rules
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/committees/{committee}/constitutions/{constitution}",
    operation_id = "getConstitution", tag = "committees",
    params(ConstitutionPath),
    responses((status = 200, body = ConstitutionBody)),
    security(("bearer" = ["committees:read"])),
)]
pub(crate) async fn get_constitution(
    scope: InBorough<can::ReadCommittees>,
    At(path): At<ConstitutionPath>,
) -> Result<Found<ConstitutionBody>, Problem> {
    Ok(Found::of(find(&mut scope.read().await?, path.committee, path.constitution).await?))
}

pub(crate) async fn find(
    tx: &mut Tx<Borough>,
    committee: CommitteeId,
    id: ConstitutionId,
) -> Result<ConstitutionBody, Problem> {
    let found = store::list(tx, committee, Some(id), None, 1).await?.pop();
    found.ok_or_else(|| Problem::not_found("constitution"))
}
