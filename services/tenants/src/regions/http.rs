//! Regions over HTTP.

use auth::can;
use tenancy::{Act, Handled, InRegion, OnConstraint, OnPlatform};
use web::{Created, Page, PageRequest, Paging, Problem, Sent, problems};

use super::region::{ExpectedBorough, RegionBody, RegionDraft};
use super::store;

/// List regions
#[utoipa::path(
    get, path = "/v1/regions", operation_id = "listRegions", tag = "regions",
    params(Paging),
    responses((status = 200, body = Page<RegionBody>)),
    security(("bearer" = ["regions:read"])),
)]
pub(crate) async fn list_regions(
    scope: OnPlatform<can::ReadRegions>,
    page: PageRequest,
) -> Result<Page<RegionBody>, Problem> {
    let mut tx = scope.read().await?;
    let rows = store::list(&mut tx, page.after()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |region| region.slug.clone()))
}

/// Create a region
#[utoipa::path(
    post, path = "/v1/regions", operation_id = "createRegion", tag = "regions",
    request_body = RegionDraft,
    responses((status = 201, body = RegionBody)),
    security(("bearer" = ["regions:manage"])),
)]
pub(crate) async fn create_region(
    scope: OnPlatform<can::ManageRegions>,
    Sent(draft, request): Sent<RegionDraft>,
) -> Handled {
    if !(1..=200).contains(&draft.name.trim().chars().count()) {
        return Err(Problem::invalid("/name", "A name has 1 to 200 characters.").into());
    }
    let mut tx = scope.write(&request).await?;
    store::insert(&mut tx, &draft).await.on_constraint("region_pkey", || {
        Problem::of_fault(&problems::CONFLICT, "/slug", "There is a region of this name already.")
    })?;
    tx.record(Act::new("region.created", format!("regions/{}", draft.slug)));
    let body = RegionBody {
        slug: draft.slug.to_string(),
        name: draft.name.trim().to_owned(),
        gss: draft.gss.map(|gss| gss.to_string()),
        expected_boroughs: 0,
        created_at: scope.now(),
    };
    Ok(tx.answer(Created { location: format!("/v1/regions/{}", draft.slug), version: None, body }).await?)
}

/// List the boroughs a region expects, and where each stands
#[utoipa::path(
    get, path = "/v1/regions/{region}/boroughs", operation_id = "listRegionBoroughs", tag = "regions",
    params(("region" = String, Path, description = "The region's slug", example = "greater-manchester"), Paging),
    responses((status = 200, body = Page<ExpectedBorough>)),
    security(("bearer" = ["region-boroughs:read"])),
)]
pub(crate) async fn list_region_boroughs(
    scope: InRegion<can::ReadRegionBoroughs>,
    page: PageRequest,
) -> Result<Page<ExpectedBorough>, Problem> {
    let mut tx = scope.read().await?;
    let rows = store::expected(&mut tx, page.after()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |borough| (borough.slug.clone(), borough.expected_from)))
}
