//! Call-ins: what suspends a decision inside its window.

use auth::can;
use chrono::{DateTime, Utc};
use domain::{CallInId, DecisionId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenancy::{Act, Handled, InBorough};
use uuid::Uuid;
use web::{Created, Faults, Page, PageRequest, Paging, Problem, Row, SentOnce, problems};

use super::{http::today, machine::DecisionState, moves, store};
use crate::{constitutions, progress};

/// A call-in to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"decision": "01890a5d-ac96-774b-bcce-b302099a8057",
    "requested_by": ["Member for the first ward", "Member for the second ward", "Member for the third ward"],
    "reason": "The consultation was not considered."}))]
pub(crate) struct CallInDraft {
    decision: DecisionId,
    /// Those who ask, as the record is to name them.
    #[schema(min_items = 1, max_items = 50)]
    requested_by: Vec<String>,
    #[schema(min_length = 1, max_length = 1000)]
    reason: String,
}

/// A call-in.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct CallInBody {
    pub(super) id: CallInId,
    pub(super) decision: DecisionId,
    pub(super) requested_by: Vec<String>,
    pub(super) reason: String,
    pub(super) requested_at: DateTime<Utc>,
}

impl Row for CallInBody {
    const COLUMNS: &'static [&'static str] = &["id", "decision", "requested_by", "reason", "requested_at"];
}

impl CallInDraft {
    fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.unless((1..=50).contains(&self.requested_by.len()), "/requested_by", "It takes 1 to 50 to ask.");
        for (at, name) in self.requested_by.iter().enumerate() {
            faults.text(format!("/requested_by/{at}"), name, 200);
            let same = |before: &String| before.trim().eq_ignore_ascii_case(name.trim());
            let again = self.requested_by[..at].iter().any(same);
            faults.unless(!again, format!("/requested_by/{at}"), "They are named already.");
        }
        faults.text("/reason", &self.reason, 1_000);
        faults.none()
    }
}

/// List call-ins
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/call-ins", operation_id = "listCallIns", tag = "decisions",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), Paging),
    responses((status = 200, body = Page<CallInBody>)),
    security(("bearer" = ["decisions:read"])),
)]
pub(crate) async fn list_call_ins(
    scope: InBorough<can::ReadDecisions>,
    page: PageRequest,
) -> Result<Page<CallInBody>, Problem> {
    let mut tx = scope.read().await?;
    let rows = store::call_ins(&mut tx, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |call_in| call_in.id))
}

/// Call a decision in
///
/// While it is in call-in, to the end of its last day, and by as many as the committee's rules ask for. It is suspended
/// until it is confirmed or referred back (rule 52).
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/call-ins", operation_id = "callIn", tag = "decisions",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), web::Keyed),
    request_body = CallInDraft,
    responses((status = 201, body = CallInBody)),
    security(("bearer" = ["decisions:call-in"])),
)]
pub(crate) async fn call_in(scope: InBorough<can::CallIn>, SentOnce(draft, request): SentOnce<CallInDraft>) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let held = store::hold(&mut tx, draft.decision).await?;
    let mut decision = held.ok_or_else(|| crate::drafts::unknown("/decision", "decision"))?;
    let today = today(&scope);
    if decision.state != DecisionState::InCallIn || decision.call_in_ends_on.is_none_or(|last| today > last) {
        let detail = match decision.call_in_ends_on {
            Some(last) => format!("It could be called in until {last}; it is not open to call-in now."),
            None => "It is not open to call-in.".to_owned(),
        };
        return Err(Problem::of_fault(&problems::CONFLICT, "/decision", detail).into());
    }
    let rules = constitutions::find(&mut tx, decision.committee, decision.constitution).await?.rules;
    let fewest = usize::from(rules.call_in.fewest_members);
    if draft.requested_by.len() < fewest {
        let detail = format!("It takes {fewest} of the {} to call a decision in.", rules.call_in.who);
        return Err(Problem::invalid("/requested_by", detail).into());
    }
    let body = CallInBody {
        id: CallInId::at(scope.now()),
        decision: decision.id,
        requested_by: draft.requested_by.into_iter().map(|name| name.trim().to_owned()).collect(),
        reason: draft.reason.trim().to_owned(),
        requested_at: scope.now(),
    };
    store::insert_call_in(&mut tx, &body).await?;
    progress::count_call_in(&mut tx, decision.counted()).await?;
    store::drop_timer(&mut tx, decision.id).await?;
    decision.effective_on = None;
    let by = scope.caller().client_id.clone();
    moves::make(&mut tx, scope.borough().id, &mut decision, DecisionState::CalledIn, ("Called in", &by)).await?;
    let act = Act::new("decision.called-in", format!("decisions/{}", decision.id));
    tx.record(act.after(json!({"call_in": body.id, "asked_by": body.requested_by.len()})));
    let location = format!("/v1/boroughs/{}/call-ins", scope.borough().slug);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
