//! Recommendations: what a committee that binds nobody gives instead of decisions (rule 50).

use auth::{Role, can};
use chrono::{DateTime, NaiveDate, Utc};
use domain::{CommitteeId, ConstitutionId, ItemId, MeetingId, MotionId, RecommendationId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenancy::{Act, Handled, InBorough, OnConstraint};
use uuid::Uuid;
use web::{At, Created, Faults, Found, Page, PageRequest, Paging, Problem, Row, SentOnce, problems};

use super::{http::EXEMPT, store};
use crate::{
    agenda::{find_item, may_read_exempt},
    committees::find_committee,
    meetings::find_meeting,
    motions::{MotionOutcome, MotionState, find_motion},
    votes::{Settled, settled_by},
};

/// A recommendation to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"motion": "01890a5d-ac96-774b-bcce-b302099a8057", "made_to": "Cabinet and governing body",
    "reasons": "The shadow committee has prepared the pooling of budgets."}))]
pub(crate) struct RecommendationDraft {
    /// The motion that was carried.
    motion: MotionId,
    /// Who is to decide.
    #[schema(min_length = 1, max_length = 300)]
    made_to: String,
    #[schema(min_length = 1, max_length = 5000)]
    reasons: String,
}

/// A recommendation. It binds nobody.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct RecommendationBody {
    pub(super) id: RecommendationId,
    pub(super) committee: CommitteeId,
    pub(super) meeting: MeetingId,
    pub(super) agenda_item: ItemId,
    pub(super) motion: MotionId,
    pub(super) constitution: ConstitutionId,
    pub(super) title: String,
    pub(super) outcome: MotionOutcome,
    pub(super) made_to: String,
    pub(super) reasons: String,
    pub(super) made_on: NaiveDate,
    /// Whether it is on a private item: then what it says is for those entitled to exempt papers.
    pub(super) private: bool,
    /// Always false: it advises, whatever words the meeting used.
    pub(super) binding: bool,
    pub(super) recorded_at: DateTime<Utc>,
}

impl RecommendationBody {
    fn for_reader(mut self, role: Role) -> Self {
        if self.private && !may_read_exempt(role) {
            self.title = EXEMPT.to_owned();
            self.reasons = "Taken in private.".to_owned();
        }
        self
    }
}

impl Row for RecommendationBody {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "committee",
        "meeting",
        "agenda_item",
        "motion",
        "constitution",
        "title",
        "outcome",
        "made_to",
        "reasons",
        "made_on",
        "private",
        "binding",
        "recorded_at",
    ];
}

/// A recommendation in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct RecommendationPath {
    /// Slug or GSS code.
    #[param(example = "wigan")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The recommendation.
    recommendation: RecommendationId,
}

/// List recommendations
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/recommendations", operation_id = "listRecommendations", tag = "decisions",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), Paging),
    responses((status = 200, body = Page<RecommendationBody>)),
    security(("bearer" = ["decisions:read"])),
)]
pub(crate) async fn list_recommendations(
    scope: InBorough<can::ReadDecisions>,
    page: PageRequest,
) -> Result<Page<RecommendationBody>, Problem> {
    let mut tx = scope.read().await?;
    let rows = store::recommendations(&mut tx, None, page.after::<Uuid>()?, page.rows_wanted()).await?;
    let role = scope.caller().role;
    let rows = rows.into_iter().map(|one| one.for_reader(role)).collect();
    Ok(page.page(rows, |recommendation| recommendation.id))
}

/// Get a recommendation
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/recommendations/{recommendation}", operation_id = "getRecommendation",
    tag = "decisions",
    params(RecommendationPath),
    responses((status = 200, body = RecommendationBody)),
    security(("bearer" = ["decisions:read"])),
)]
pub(crate) async fn get_recommendation(
    scope: InBorough<can::ReadDecisions>,
    At(path): At<RecommendationPath>,
) -> Result<Found<RecommendationBody>, Problem> {
    let mut tx = scope.read().await?;
    let found = store::recommendations(&mut tx, Some(path.recommendation), None, 1).await?.pop();
    let found = found.ok_or_else(|| Problem::not_found("recommendation"))?;
    Ok(Found::of(found.for_reader(scope.caller().role)))
}

/// Record a recommendation
///
/// Of a carried motion in a committee that is not live, or only advises.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/recommendations", operation_id = "recordRecommendation", tag = "decisions",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), web::Keyed),
    request_body = RecommendationDraft,
    responses((status = 201, body = RecommendationBody)),
    security(("bearer" = ["decisions:manage"])),
)]
pub(crate) async fn record_recommendation(
    scope: InBorough<can::ManageDecisions>,
    SentOnce(draft, request): SentOnce<RecommendationDraft>,
) -> Handled {
    let mut faults = Faults::default();
    faults.text("/made_to", &draft.made_to, 300);
    faults.text("/reasons", &draft.reasons, 5_000);
    faults.none()?;
    let mut tx = scope.write(&request).await?;
    let motion = find_motion(&mut tx, draft.motion).await.map_err(|_| crate::drafts::unknown("/motion", "motion"))?;
    let committee = find_committee(&mut tx, motion.committee).await?;
    let settled = settled_by(&mut tx, motion.id).await?;
    let (MotionState::Carried, Some(Settled { constitution, binding, on }), None) =
        (motion.state, settled, motion.amends)
    else {
        let detail = "No lawful vote has carried this motion, or it is an amendment, which changes its motion.";
        return Err(Problem::of_fault(&problems::NOT_CARRIED, "/motion", detail).into());
    };
    if binding {
        let detail = "The committee was live: it decided. Record a decision, whose outcome may be to recommend.";
        return Err(Problem::of_fault(&problems::CONFLICT, "/motion", detail).into());
    }
    let meeting = find_meeting(&mut tx, motion.meeting).await?;
    let item = find_item(&mut tx, motion.meeting, motion.agenda_item).await?;
    let body = RecommendationBody {
        id: RecommendationId::at(scope.now()),
        committee: committee.id,
        meeting: meeting.id,
        agenda_item: item.id,
        motion: motion.id,
        constitution,
        title: item.title,
        outcome: motion.outcome,
        made_to: draft.made_to.trim().to_owned(),
        reasons: draft.reasons.trim().to_owned(),
        made_on: on,
        private: item.private.is_some(),
        binding: false,
        recorded_at: scope.now(),
    };
    store::insert_recommendation(&mut tx, &body).await.on_constraint("recommended_once", || {
        Problem::of_fault(&problems::CONFLICT, "/motion", "The recommendation on this motion is recorded already.")
    })?;
    let subject = format!("recommendations/{}", body.id);
    tx.record(
        Act::new("recommendation.recorded", &subject).after(json!({"motion": body.motion, "outcome": body.outcome})),
    );
    let location = format!("/v1/boroughs/{}/{subject}", scope.borough().slug);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
