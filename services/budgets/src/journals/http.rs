//! Journals over HTTP.

use auth::can;
use chrono::{DateTime, NaiveDate, Utc};
use domain::{DecisionId, FinancialYear, FundId, ImportId, JournalId, OrganisationId, Pence, Period};
use serde::{Deserialize, Serialize};
use tenancy::{Handled, InBorough};
use uuid::Uuid;
use web::{At, Created, Found, Page, PageRequest, Paging, Problem, Row, SentOnce};

use super::{
    draft::{JournalDraft, Layer, Nature},
    journal::{Journal, Line},
    posting::{Posted, Poster, post},
    reading,
};
use crate::{
    controls::OverAvailable,
    funds::{find_fund, http::FundPath},
    schemes::{Category, FundingSource},
};

/// A journal in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct JournalPath {
    /// Slug or GSS code.
    #[param(example = "salford")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The fund.
    pub(super) fund: FundId,
    /// The journal.
    pub(super) journal: JournalId,
}

/// A line of a journal.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct PostingBody {
    #[schema(example = "5100")]
    account: String,
    #[schema(example = "ICES")]
    scheme: Option<String>,
    layer: Layer,
    /// Debit above zero, credit below. In pence.
    amount_pence: Pence,
    /// The body it is with.
    party: Option<OrganisationId>,
    /// What it said of itself, or has of its scheme.
    #[schema(value_type = Option<Category>)]
    category: Option<String>,
    #[schema(value_type = Option<FundingSource>)]
    source: Option<String>,
    nature: Option<Nature>,
}

impl From<&Line> for PostingBody {
    fn from(line: &Line) -> Self {
        Self {
            account: line.account_code.clone(),
            scheme: line.scheme_code.clone(),
            layer: line.layer,
            amount_pence: line.amount,
            party: line.party,
            category: line.category.clone(),
            source: line.source.clone(),
            nature: line.nature,
        }
    }
}

/// A journal. It never changes; a mistake is reversed.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct JournalBody {
    pub(super) id: JournalId,
    pub(super) year: FinancialYear,
    pub(super) period: Period,
    /// The day it takes effect.
    pub(super) effective_on: NaiveDate,
    /// When it was posted.
    pub(super) posted_at: DateTime<Utc>,
    #[schema(example = "Community equipment, September")]
    pub(super) narrative: String,
    pub(super) source: Option<String>,
    /// The client that posted it.
    #[schema(example = "borough.salford.live.5f1c09ab2e")]
    pub(super) posted_by: String,
    /// The journal it reverses.
    pub(super) reverses: Option<JournalId>,
    /// The journal that reversed it.
    pub(super) reversed_by: Option<JournalId>,
    /// The journal it puts right, which was reversed.
    pub(super) corrects: Option<JournalId>,
    /// The journal that put it right.
    pub(super) corrected_by: Option<JournalId>,
    /// Its sender's name for it.
    #[schema(example = "AP-2026-09-0417")]
    pub(super) external_reference: Option<String>,
    /// What its sender wanted kept with it.
    #[schema(value_type = Option<Object>)]
    pub(super) metadata: Option<serde_json::Value>,
    /// The file it was taken from.
    pub(super) import: Option<ImportId>,
    /// The decision it spent. Reversing the journal does not free it.
    pub(super) decision_id: Option<DecisionId>,
    /// With others its role posted on a scheme without a decision it is above the role's limit: see `/split-warnings`.
    pub(super) split_suspected: bool,
    /// How many lines it has.
    pub(super) lines: i64,
    /// Its lines; in a list the first 50 of them.
    pub(super) postings: Vec<PostingBody>,
}

impl Row for JournalBody {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "year",
        "period",
        "effective_on",
        "posted_at",
        "narrative",
        "source",
        "posted_by",
        "reverses",
        "reversed_by",
        "corrects",
        "corrected_by",
        "external_reference",
        "import",
        "decision_id",
        "split_suspected",
    ];
}

impl JournalBody {
    /// A journal as it was just posted.
    pub(super) fn of(journal: &Journal, posted_by: &str, split_suspected: bool) -> Self {
        Self {
            id: journal.id,
            year: journal.year,
            period: journal.period,
            effective_on: journal.effective_on,
            posted_at: journal.posted_at,
            narrative: journal.narrative.clone(),
            source: journal.source.clone(),
            posted_by: posted_by.to_owned(),
            reverses: journal.reverses,
            reversed_by: None,
            corrects: journal.corrects,
            corrected_by: None,
            external_reference: journal.reference.as_ref().map(|(name, _)| name.clone()),
            metadata: journal.metadata.clone().map(serde_json::Value::Object),
            import: None,
            decision_id: journal.decision,
            split_suspected,
            lines: i64::try_from(journal.lines.len()).unwrap_or(i64::MAX),
            postings: journal.lines.iter().map(PostingBody::from).collect(),
        }
    }
}

/// A journal that was posted.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PostedJournalBody {
    #[serde(flatten)]
    pub(super) journal: JournalBody,
    /// The schemes it leaves with less than nothing, where the fund only warns of that.
    pub(super) over_available: Vec<OverAvailable>,
}

/// List journals, newest first
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/journals", operation_id = "listJournals", tag = "journals",
    params(FundPath, Paging),
    responses((status = 200, body = Page<JournalBody>)),
    security(("bearer" = ["journals:read"])),
)]
pub(crate) async fn list_journals(
    scope: InBorough<can::ReadJournals>,
    At(path): At<FundPath>,
    page: PageRequest,
) -> Result<Page<JournalBody>, Problem> {
    let mut tx = scope.read().await?;
    find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    let rows = reading::list(&mut tx, path.fund, None, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |journal| journal.id))
}

/// Post a journal
///
/// Within each layer its lines cancel out. A late item keeps its effective date and goes in an open period. Above
/// the limit your role has under the scheme of delegation it needs a decision: without one it is refused, and the
/// refusal's `proposal_id` is what a committee is asked about. Journals that stay under the limit one by one and are
/// together above it are posted, and flagged. What takes more than a scheme has available is warned about or refused,
/// as the fund is held. Sent again under the same `external_reference` it is answered with the journal that is there.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/journals", operation_id = "postJournal", tag = "journals",
    params(FundPath, web::Keyed),
    request_body = JournalDraft,
    responses((status = 201, body = PostedJournalBody), (status = 200, body = PostedJournalBody)),
    security(("bearer" = ["journals:post"])),
)]
pub(crate) async fn post_journal(
    scope: InBorough<can::PostJournals>,
    At(path): At<FundPath>,
    SentOnce(draft, request): SentOnce<JournalDraft>,
) -> Handled {
    let tx = scope.write(&request).await?;
    let poster = Poster::of(&scope);
    let Posted { tx, journal, over, split_suspected } = post(tx, &poster, path.fund, &draft).await?;
    let location = format!("/v1/boroughs/{}/funds/{}/journals/{}", scope.borough().slug, path.fund, journal.id);
    let journal = JournalBody::of(&journal, &poster.client_id, split_suspected);
    let body = PostedJournalBody { journal, over_available: over };
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

/// Get a journal
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/journals/{journal}", operation_id = "getJournal", tag = "journals",
    params(JournalPath),
    responses((status = 200, body = JournalBody)),
    security(("bearer" = ["journals:read"])),
)]
pub(crate) async fn get_journal(
    scope: InBorough<can::ReadJournals>,
    At(path): At<JournalPath>,
) -> Result<Found<JournalBody>, Problem> {
    let mut tx = scope.read().await?;
    let journal = reading::find(&mut tx, path.fund, path.journal).await?;
    Ok(Found::of(journal.ok_or_else(|| Problem::not_found("journal"))?))
}
