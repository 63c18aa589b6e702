//! Schemes over HTTP.

use auth::can;
use domain::{FundId, SchemeId};
use serde::Deserialize;
use tenancy::{Act, Handled, InBorough, OnConstraint};
use uuid::Uuid;
use web::{At, Created, Found, Page, PageRequest, Paging, Problem, Sent, problems, words::word};

use super::scheme::{SchemeBody, SchemeDraft, check_code_and_name};
use super::store;
use crate::funds::{find_fund, http::FundPath};

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct SchemePath {
    /// Slug or GSS code.
    #[param(example = "salford")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The fund.
    pub(crate) fund: FundId,
    /// The scheme.
    pub(crate) scheme: SchemeId,
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
    let scheme = store::find_scheme(&mut tx, path.fund, path.scheme).await?;
    Ok(Found::of(scheme.ok_or_else(|| Problem::not_found("scheme"))?))
}
