//! What is published, over HTTP: no token is asked for.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use chrono::NaiveDate;
use domain::{BoroughId, CommitteeId, DecisionId, MeetingId};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tenancy::{Db, DbError, InPublic, LiveBoroughs, Public, Tx};
use uuid::Uuid;
use web::{At, Found, OpenToAll, Page, PageRequest, Paging, Problem, Row};

use super::{
    calendar, feed,
    publication::{PublicDecision, PublicMeeting, PublicMinutes, PublicPlanEntry, PublishedKind},
    store::{self, Shown, Wanted},
};
use crate::App;

/// How many meetings a calendar holds, and decisions a feed: the latest.
const IN_CALENDAR: i64 = 500;
const IN_FEED: i64 = 100;

impl LiveBoroughs for App {
    fn db(&self) -> &Db {
        &self.db
    }

    async fn find_live(tx: &mut Tx<Public>, named: &str) -> Result<Option<BoroughId>, DbError> {
        store::find_live(tx, named).await
    }
}

/// Which publications.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PublicFilters {
    /// Of this committee.
    #[param(value_type = Option<String>, format = Uuid)]
    committee: Option<CommitteeId>,
}

/// A published meeting in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct PublicMeetingPath {
    /// Slug or GSS code.
    #[param(example = "wigan")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The meeting.
    meeting: MeetingId,
}

/// A published decision in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct PublicDecisionPath {
    /// Slug or GSS code.
    #[param(example = "wigan")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The decision.
    decision: DecisionId,
}

impl Row for Shown<PublicMeeting> {
    const COLUMNS: &'static [&'static str] =
        &["id", "committee_id", "committee", "title", "starts_at", "place", "state", "published_at", "updated_at"];
}

impl Row for Shown<PublicDecision> {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "committee_id",
        "committee",
        "meeting_id",
        "title",
        "outcome",
        "key_decision",
        "decided_on",
        "published_on",
        "call_in_ends_on",
        "effective_on",
        "state",
        "published_at",
        "updated_at",
    ];
}

impl Row for Shown<PublicMinutes> {
    const COLUMNS: &'static [&'static str] = &[
        "meeting_id",
        "committee_id",
        "committee",
        "title",
        "held_on",
        "text",
        "corrections",
        "published_at",
        "updated_at",
    ];
}

impl Row for Shown<PublicPlanEntry> {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "committee_id",
        "committee",
        "key_decision",
        "matter",
        "members",
        "decision_on",
        "documents",
        "copies_from",
        "other_documents",
        "requests",
        "published_at",
        "updated_at",
    ];
}

type Listed<T> = Result<OpenToAll<Page<Shown<T>>>, Problem>;

async fn listed<T>(scope: &InPublic, kind: PublishedKind, page: &PageRequest<PublicFilters>) -> Listed<T>
where
    T: DeserializeOwned + Serialize,
    Shown<T>: Row,
{
    let mut tx = scope.read().await?;
    let wanted = Wanted { kind, one: None, committee: page.filters.committee };
    let rows = store::list(&mut tx, &wanted, page.after::<(NaiveDate, Uuid)>()?, page.rows_wanted()).await?;
    Ok(OpenToAll(page.page(rows, |shown| shown.key)))
}

async fn found<T>(scope: &InPublic, kind: PublishedKind, id: Uuid) -> Result<OpenToAll<Found<Shown<T>>>, Problem>
where
    T: DeserializeOwned,
{
    let mut tx = scope.read().await?;
    let wanted = Wanted { kind, one: Some(id), committee: None };
    let thing = store::list(&mut tx, &wanted, None, 1).await?.pop();
    thing.map(|thing| OpenToAll(Found::of(thing))).ok_or_else(|| Problem::not_found("publication"))
}

/// List published meetings with their agendas, the latest day first
#[utoipa::path(
    get, path = "/v1/public/boroughs/{borough}/meetings", operation_id = "listPublicMeetings", tag = "public",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), PublicFilters, Paging),
    responses((status = 200, body = Page<Shown<PublicMeeting>>)),
)]
pub(crate) async fn list_public_meetings(scope: InPublic, page: PageRequest<PublicFilters>) -> Listed<PublicMeeting> {
    listed(&scope, PublishedKind::Meeting, &page).await
}

/// Get a published meeting with its agenda
///
/// Of an exempt item: its label, the paragraph of Schedule 12A and why the public interest keeps it back.
#[utoipa::path(
    get, path = "/v1/public/boroughs/{borough}/meetings/{meeting}", operation_id = "getPublicMeeting", tag = "public",
    params(PublicMeetingPath),
    responses((status = 200, body = Shown<PublicMeeting>)),
)]
pub(crate) async fn get_public_meeting(
    scope: InPublic,
    At(path): At<PublicMeetingPath>,
) -> Result<OpenToAll<Found<Shown<PublicMeeting>>>, Problem> {
    found(&scope, PublishedKind::Meeting, path.meeting.0).await
}

/// Get the published meetings as a calendar
///
/// iCalendar (RFC 5545), for programs that subscribe to calendars. The 500 latest meetings.
#[utoipa::path(
    get, path = "/v1/public/boroughs/{borough}/meetings.ics", operation_id = "getPublicCalendar", tag = "public",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan")),
    responses((status = 200, body = String, content_type = "text/calendar")),
)]
pub(crate) async fn get_public_calendar(State(app): State<App>, scope: InPublic) -> Result<Response, Problem> {
    let mut tx = scope.read().await?;
    let publisher = store::publisher(&mut tx).await?;
    let wanted = Wanted { kind: PublishedKind::Meeting, one: None, committee: None };
    let meetings = store::list(&mut tx, &wanted, None, IN_CALENDAR).await?;
    let at = format!("{}/v1/public/boroughs/{}/meetings", app.public_url, publisher.slug);
    Ok(as_text("text/calendar; charset=utf-8", calendar::render(&publisher.name, &at, &meetings)))
}

/// List published decisions, the latest day first
#[utoipa::path(
    get, path = "/v1/public/boroughs/{borough}/decisions", operation_id = "listPublicDecisions", tag = "public",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), PublicFilters, Paging),
    responses((status = 200, body = Page<Shown<PublicDecision>>)),
)]
pub(crate) async fn list_public_decisions(scope: InPublic, page: PageRequest<PublicFilters>) -> Listed<PublicDecision> {
    listed(&scope, PublishedKind::Decision, &page).await
}

/// Get a published decision
///
/// Of a decision taken in private: that it was taken, and why in private.
#[utoipa::path(
    get, path = "/v1/public/boroughs/{borough}/decisions/{decision}", operation_id = "getPublicDecision", tag = "public",
    params(PublicDecisionPath),
    responses((status = 200, body = Shown<PublicDecision>)),
)]
pub(crate) async fn get_public_decision(
    scope: InPublic,
    At(path): At<PublicDecisionPath>,
) -> Result<OpenToAll<Found<Shown<PublicDecision>>>, Problem> {
    found(&scope, PublishedKind::Decision, path.decision.0).await
}

/// Get the published decisions as a feed
///
/// Atom (RFC 4287), for feed readers. The 100 latest decisions.
#[utoipa::path(
    get, path = "/v1/public/boroughs/{borough}/decisions.atom", operation_id = "getPublicDecisionFeed", tag = "public",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan")),
    responses((status = 200, body = String, content_type = "application/atom+xml")),
)]
pub(crate) async fn get_public_decision_feed(State(app): State<App>, scope: InPublic) -> Result<Response, Problem> {
    let mut tx = scope.read().await?;
    let publisher = store::publisher(&mut tx).await?;
    let wanted = Wanted { kind: PublishedKind::Decision, one: None, committee: None };
    let decisions = store::list(&mut tx, &wanted, None, IN_FEED).await?;
    let at = format!("{}/v1/public/boroughs/{}/decisions", app.public_url, publisher.slug);
    Ok(as_text("application/atom+xml; charset=utf-8", feed::render(&publisher, &at, &decisions)))
}

/// List the approved minutes of the public parts of meetings, the latest day first
#[utoipa::path(
    get, path = "/v1/public/boroughs/{borough}/minutes", operation_id = "listPublicMinutes", tag = "public",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), PublicFilters, Paging),
    responses((status = 200, body = Page<Shown<PublicMinutes>>)),
)]
pub(crate) async fn list_public_minutes(scope: InPublic, page: PageRequest<PublicFilters>) -> Listed<PublicMinutes> {
    listed(&scope, PublishedKind::Minutes, &page).await
}

/// List the forward plan: notices of key decisions with their eight particulars, the latest day first
#[utoipa::path(
    get, path = "/v1/public/boroughs/{borough}/forward-plan", operation_id = "listPublicForwardPlan", tag = "public",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), PublicFilters, Paging),
    responses((status = 200, body = Page<Shown<PublicPlanEntry>>)),
)]
pub(crate) async fn list_public_forward_plan(
    scope: InPublic,
    page: PageRequest<PublicFilters>,
) -> Listed<PublicPlanEntry> {
    listed(&scope, PublishedKind::PlanEntry, &page).await
}

fn as_text(kind: &'static str, text: String) -> Response {
    OpenToAll(([(header::CONTENT_TYPE, kind)], text)).into_response()
}
