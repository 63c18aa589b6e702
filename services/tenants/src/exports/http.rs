//! Exports over HTTP.

use auth::can;
use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use domain::ExportId;
use serde::Deserialize;
use serde_json::json;
use tenancy::{Act, Handled, InBorough};
use uuid::Uuid;
use web::{Accepted, At, Found, Page, PageRequest, Paging, Problem, SentOnce, problems};

use super::{
    Manifest, Places,
    export::{ExportBody, ExportDraft, ExportProgress, ExportState, may_ask},
    maker::key,
    store,
};

/// An export in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ExportPath {
    /// Slug or GSS code.
    #[param(example = "wigan")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The export.
    export: ExportId,
}

/// List exports, newest first
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/exports", operation_id = "listExports", tag = "exports",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), Paging),
    responses((status = 200, body = Page<ExportBody>)),
    security(("bearer" = ["exports:read"])),
)]
pub(crate) async fn list_exports(
    scope: InBorough<can::ReadExports>,
    page: PageRequest,
) -> Result<Page<ExportBody>, Problem> {
    let mut tx = scope.read().await?;
    let rows = store::list(&mut tx, None, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |export| export.id))
}

/// Ask for an export of everything the borough owns
///
/// Across all services, of one moment, in one archive: every table as lines of JSON and as CSV, the content of papers, and
/// a manifest with the sum of every file. No secret is in it. It is made in the background; ask how it goes where
/// `Location` says. The archive can be fetched for thirty days.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/exports", operation_id = "askForExport", tag = "exports",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), web::Keyed),
    request_body = ExportDraft,
    responses((status = 202, body = ExportBody)),
    security(("bearer" = ["exports:make"])),
)]
pub(crate) async fn ask_for_export(
    scope: InBorough<can::MakeExports>,
    SentOnce(draft, request): SentOnce<ExportDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let (waiting, lately) = store::asked_lately(&mut tx).await?;
    may_ask(waiting, lately)?;
    let body = ExportBody {
        id: ExportId::at(scope.now()),
        state: ExportState::Waiting,
        reason: draft.reason.trim().to_owned(),
        asked_by: scope.caller().client_id.clone(),
        asked_at: scope.now(),
        progress: ExportProgress { done: 0, total: 0 },
        made_at: None,
        at_rest: None,
        bytes: None,
        sha256: None,
        expires_at: None,
        failure: None,
    };
    store::insert(&mut tx, scope.borough().id, &body).await?;
    // It changes nothing of the record that it is made of.
    let act = Act::new("export.asked", format!("exports/{}", body.id));
    tx.record(act.after(json!({"reason": body.reason})).changing_nothing());
    let location = format!("/v1/boroughs/{}/exports/{}", scope.borough().slug, body.id);
    Ok(tx.answer(Accepted { location, version: 1, body }).await?)
}

/// Get an export: how far it is, and what came of it
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/exports/{export}", operation_id = "getExport", tag = "exports",
    params(ExportPath),
    responses((status = 200, body = ExportBody)),
    security(("bearer" = ["exports:read"])),
)]
pub(crate) async fn get_export(
    scope: InBorough<can::ReadExports>,
    At(path): At<ExportPath>,
) -> Result<Found<ExportBody>, Problem> {
    Ok(Found::of(find(&scope, path.export).await?))
}

async fn find(scope: &InBorough<can::ReadExports>, id: ExportId) -> Result<ExportBody, Problem> {
    let found = store::list(&mut scope.read().await?, Some(id), None, 1).await?.pop();
    found.ok_or_else(|| Problem::not_found("export"))
}

/// Get the manifest of an export
///
/// Every file with its length and SHA-256. It stays when the archive is thrown away.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/exports/{export}/manifest", operation_id = "getExportManifest", tag = "exports",
    params(ExportPath),
    responses((status = 200, body = Manifest)),
    security(("bearer" = ["exports:read"])),
)]
pub(crate) async fn get_export_manifest(
    scope: InBorough<can::ReadExports>,
    At(path): At<ExportPath>,
) -> Result<Found<Manifest>, Problem> {
    let found = store::manifest(&mut scope.read().await?, path.export).await?;
    let manifest = found.ok_or_else(|| Problem::not_found("manifest"))?;
    Ok(Found::of(serde_json::from_value(manifest).map_err(Problem::internal)?))
}

/// Fetch the archive of an export
///
/// A zip, to be compared with `sha256` of the export.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/exports/{export}/archive", operation_id = "fetchExport", tag = "exports",
    params(ExportPath),
    responses((status = 200, body = String, content_type = "application/zip", description = "The archive.")),
    security(("bearer" = ["exports:read"])),
)]
pub(crate) async fn fetch_export(
    scope: InBorough<can::ReadExports>,
    At(path): At<ExportPath>,
    State(places): State<Places>,
) -> Result<Response, Problem> {
    let export = find(&scope, path.export).await?;
    let say = |detail: &str| Err(Problem::new(&problems::CONFLICT, detail));
    match export.state {
        ExportState::Made => {}
        ExportState::Waiting | ExportState::Making => {
            return say("It is being made. Ask how it goes at the export, and fetch it once it is made.");
        }
        ExportState::Failed => return say("It failed; the export says why. Ask for another."),
        ExportState::Expired => return say("Its archive is thrown away, after thirty days. Ask for another."),
    }
    let content = places.archives.get(&key(scope.borough().id, export.id)).await?;
    let borough = scope.borough();
    let made_on = export.made_at.unwrap_or_default().format("%Y-%m-%d");
    let named = format!("attachment; filename=\"{}-{}-{made_on}.zip\"", borough.slug, borough.mode.as_str());
    let text = |value: String| HeaderValue::try_from(value).map_err(Problem::internal);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/zip")),
        (header::CONTENT_LENGTH, HeaderValue::from(export.bytes.unwrap_or_default())),
        (header::CONTENT_DISPOSITION, text(named)?),
        (header::ETAG, text(format!("\"{}\"", export.sha256.unwrap_or_default()))?),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    Ok((headers, content).into_response())
}
