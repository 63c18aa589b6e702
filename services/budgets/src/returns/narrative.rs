//! What a reader of a return is told beside its figures, over HTTP.

use auth::can;
use serde::Deserialize;
use tenancy::{Act, Handled, InBorough};
use web::{At, Faults, Found, IfMatch, Problem, Sent, Versioned, changed_meanwhile, drafts::trimmed, problems};

use super::{
    http::{ReturnPath, find},
    statutory_return::{ReturnState, ReturnSummary},
    store,
};

/// A narrative to set.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"narrative": "Spending is in line with the plan."}))]
pub(crate) struct ReturnNarrativeDraft {
    /// What a reader is told beside the figures; left out, nothing. The region never sees it.
    #[schema(min_length = 1, max_length = 5000)]
    narrative: Option<String>,
}

/// Set a return's narrative
///
/// While it is a draft. To change it later, send the return back to draft.
#[utoipa::path(
    put, path = "/v1/boroughs/{borough}/returns/{return}/narrative", operation_id = "setReturnNarrative", tag = "returns",
    params(ReturnPath, Versioned),
    request_body = ReturnNarrativeDraft,
    responses((status = 200, body = ReturnSummary)),
    security(("bearer" = ["returns:prepare"])),
)]
pub(crate) async fn set_return_narrative(
    scope: InBorough<can::PrepareReturns>,
    At(path): At<ReturnPath>,
    version: IfMatch,
    Sent(draft, request): Sent<ReturnNarrativeDraft>,
) -> Handled {
    let mut faults = Faults::default();
    faults.optional_text("/narrative", draft.narrative.as_deref(), 5000);
    faults.none()?;
    let mut tx = scope.write(&request).await?;
    let before = find(&mut tx, path.id).await?;
    version.holds(before.version)?;
    if before.state != ReturnState::Draft {
        let detail = "Only a draft's narrative is changed. Send the return back to draft first.";
        return Err(Problem::new(&problems::CONFLICT, detail).into());
    }
    if !store::set_narrative(&mut tx, &before, trimmed(draft.narrative).as_deref()).await? {
        return Err(changed_meanwhile().into());
    }
    let body = find(&mut tx, path.id).await?;
    tx.record(
        Act::new("return.narrated", format!("returns/{}", path.id))
            .before(serde_json::json!({"narrative": before.narrative}))
            .after(serde_json::json!({"narrative": body.narrative})),
    );
    Ok(tx.answer(Found::at(body.version, body)).await?)
}
