//! Schemes over HTTP.

use auth::can;
use chrono::{DateTime, Utc};
use domain::{FundId, SchemeId};
use serde::{Deserialize, Serialize};
use tenancy::{Act, Handled, InBorough, OnConstraint};
use uuid::Uuid;
use web::{At, Created, Fault, Found, Page, PageRequest, Paging, Problem, Row, Sent, problems};

use super::store;
use crate::funds::{find_fund, http::FundPath};

/// The area of care a scheme belongs to. The first seven are the national return's areas of spend
/// (Better Care Fund planning template 2023–25); the last is for figures that are not broken down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Category {
    Acute,
    MentalHealth,
    CommunityHealth,
    ContinuingCare,
    PrimaryCare,
    SocialCare,
    Other,
    NotAnalysed,
}

/// Where a scheme's money comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FundingSource {
    Council,
    Nhs,
    Grant,
    /// Pooled, or not broken down.
    NotAnalysed,
}

/// A name as it stands in the database and in answers.
pub(crate) fn word<T: Serialize>(value: T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// A scheme to set up.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "ICES", "name": "Community equipment", "category": "community_health", "source": "nhs"}))]
pub(crate) struct SchemeDraft {
    /// Its code in this fund: letters, digits, `.`, `_` and `-`, 1 to 40.
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
    pub(super) code: String,
    #[schema(min_length = 1, max_length = 200)]
    pub(super) name: String,
    pub(super) category: Category,
    pub(super) source: FundingSource,
}

/// The faults of a code and a name, which schemes and accounts share.
pub(crate) fn check_code_and_name(code: &str, name: &str) -> Result<(), Problem> {
    let mut faults = Vec::new();
    let plain = code.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    let begins = code.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    if !plain || !begins || code.len() > 40 {
        let detail = "A code has 1 to 40 letters, digits, '.', '_' or '-', and begins with a letter or digit.";
        faults.push(Fault { pointer: "/code".into(), detail: detail.into() });
    }
    if !(1..=200).contains(&name.trim().chars().count()) {
        faults.push(Fault { pointer: "/name".into(), detail: "A name has 1 to 200 characters.".into() });
    }
    Problem::unless_none(faults)
}

/// A scheme.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct SchemeBody {
    pub(super) id: SchemeId,
    #[schema(example = "ICES")]
    pub(super) code: String,
    #[schema(example = "Community equipment")]
    pub(super) name: String,
    #[schema(value_type = Category)]
    pub(super) category: String,
    #[schema(value_type = FundingSource)]
    pub(super) source: String,
    pub(super) created_at: DateTime<Utc>,
}

impl Row for SchemeBody {
    const COLUMNS: &'static [&'static str] = &["id", "code", "name", "category", "source", "created_at"];
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct SchemePath {
    /// Slug or GSS code.
    #[param(example = "salford")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The fund.
    fund: FundId,
    /// The scheme.
    scheme: SchemeId,
}

/// List a fund's schemes
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/schemes", operation_id = "listSchemes", tag = "schemes",
    params(FundPath, Paging),
    responses((status = 200, body = Page<SchemeBody>)),
    security(("bearer" = ["funds:read"])),
)]
pub(crate) async fn list_schemes(
    scope: InBorough<can::ReadFunds>,
    At(path): At<FundPath>,
    page: PageRequest,
) -> Result<Page<SchemeBody>, Problem> {
    let mut tx = scope.read().await?;
    find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    let rows = store::list(&mut tx, path.fund, None, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |scheme| scheme.id))
}

/// Set up a scheme
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/schemes", operation_id = "createScheme", tag = "schemes",
    params(FundPath),
    request_body = SchemeDraft,
    responses((status = 201, body = SchemeBody)),
    security(("bearer" = ["funds:manage"])),
)]
pub(crate) async fn create_scheme(
    scope: InBorough<can::ManageFunds>,
    At(path): At<FundPath>,
    Sent(draft, request): Sent<SchemeDraft>,
) -> Handled {
    check_code_and_name(&draft.code, &draft.name)?;
    let mut tx = scope.write(&request).await?;
    find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    let body = SchemeBody {
        id: SchemeId::at(scope.now()),
        code: draft.code,
        name: draft.name.trim().to_owned(),
        category: word(draft.category),
        source: word(draft.source),
        created_at: scope.now(),
    };
    store::insert(&mut tx, path.fund, &body).await.on_constraint("scheme_code", || {
        Problem::of_fault(&problems::CONFLICT, "/code", "The fund has a scheme of this code already.")
    })?;
    let subject = format!("funds/{}/schemes/{}", path.fund, body.id);
    tx.record(Act::new("scheme.created", subject).after(serde_json::json!(body)));
    let location = format!("/v1/boroughs/{}/funds/{}/schemes/{}", scope.borough().slug, path.fund, body.id);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

/// Get a scheme
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/schemes/{scheme}", operation_id = "getScheme", tag = "schemes",
    params(SchemePath),
    responses((status = 200, body = SchemeBody)),
    security(("bearer" = ["funds:read"])),
)]
pub(crate) async fn get_scheme(
    scope: InBorough<can::ReadFunds>,
    At(path): At<SchemePath>,
) -> Result<Found<SchemeBody>, Problem> {
    let mut tx = scope.read().await?;
    let scheme = store::list(&mut tx, path.fund, Some(path.scheme), None, 1).await?.pop();
    Ok(Found::of(scheme.ok_or_else(|| Problem::not_found("scheme"))?))
}
