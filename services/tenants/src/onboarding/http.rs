//! The checklist over HTTP.

use auth::can;
use axum::extract::State;
use domain::day_in_england;
use serde_json::json;
use tenancy::{Act, Borough, BoroughInPath, Db, Either, Handled, InBorough, OnConstraint, OnPlatform, Tx};
use web::{Created, Problem, Sent, WithCsv, problems};

use super::{
    checklist::{ChecklistBody, TaskBody, TaskState},
    store,
    waiver::{WaiverBody, WaiverDraft},
};
use crate::boroughs::{self, BoroughBody};

/// See what a borough still lacks before it can go live
///
/// Computed from what there is. Each task says what fulfils it or what is missing, and how it is done.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/onboarding", operation_id = "getOnboarding", tag = "onboarding",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford")),
    responses((status = 200, body = ChecklistBody)),
    security(("bearer" = ["onboarding:read"]), ("bearer" = ["boroughs:read"])),
)]
pub(crate) async fn get_onboarding(
    scope: Either<InBorough<can::ReadOnboarding>, OnPlatform<can::ReadBoroughs>>,
    State(db): State<Db>,
    BoroughInPath(named): BoroughInPath,
) -> Result<WithCsv<ChecklistBody, TaskBody>, Problem> {
    let (mut tx, borough) = match scope {
        Either::One(own) => {
            let mut tx = own.read().await?;
            let borough = boroughs::own(&mut tx).await?;
            (tx, borough)
        }
        Either::Other(platform) => {
            let borough = boroughs::live(&mut platform.read().await?, &named).await?;
            (db.reading_in(borough.id).await?, borough)
        }
    };
    let data = tasks(&mut tx, &borough).await?;
    let settled = data.iter().filter(|task| task.state != TaskState::Missing).count();
    let body = ChecklistBody {
        borough: borough.id,
        state: borough.state,
        ready: settled == data.len(),
        settled,
        of: data.len(),
        data: data.clone(),
        next_cursor: None,
    };
    Ok(WithCsv { body, rows: data })
}

async fn tasks(tx: &mut Tx<Borough>, borough: &BoroughBody) -> Result<Vec<TaskBody>, Problem> {
    let today = day_in_england(tx.now());
    Ok(store::facts(tx, &borough.gss, today).await?.tasks())
}

/// Let a borough go live without something
///
/// The borough is shown the reason. A task that is done later counts as done.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/onboarding/waivers", operation_id = "waiveTask", tag = "onboarding",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford")),
    request_body = WaiverDraft,
    responses((status = 201, body = WaiverBody)),
    security(("bearer" = ["boroughs:review"])),
)]
pub(crate) async fn waive_task(
    scope: OnPlatform<can::ReviewBoroughs>,
    BoroughInPath(named): BoroughInPath,
    Sent(draft, request): Sent<WaiverDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let borough = boroughs::live(&mut tx, &named).await?;
    if !borough.state.takes_waivers() {
        let detail = "What a borough lacks is waived before it goes live.";
        return Err(Problem::new(&problems::CONFLICT, detail).into());
    }
    let body = WaiverBody {
        task: draft.task,
        reason: draft.reason.trim().to_owned(),
        illustrative: draft.illustrative,
        waived_by: scope.caller().client_id.clone(),
        waived_at: scope.now(),
    };
    store::waive(&mut tx, borough.id, &body).await.on_constraint("waiver_pkey", || {
        Problem::of_fault(&problems::CONFLICT, "/task", "This task of the borough is waived already.")
    })?;
    let act = Act::new("task.waived", format!("boroughs/{}/onboarding", borough.slug)).concerning(borough.id);
    tx.record(act.after(json!({"task": body.task, "reason": body.reason, "illustrative": body.illustrative})));
    let location = format!("/v1/boroughs/{}/onboarding", borough.slug);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
