//! Papers over HTTP: announced as JSON, then sent as they are.

use auth::can;
use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use domain::{BoroughId, MeetingId, PaperId};
use serde::Deserialize;
use serde_json::json;
use storage::Storage;
use tenancy::{Act, Borough, Handled, InBorough, Tx};
use uuid::Uuid;
use web::{
    At, Content, Created, Found, IfMatch, Page, PageRequest, Paging, Problem, Sent, Versioned, WriteRequest, problems,
};

use super::content::{BYTES_MAX, check};
use super::paper::{PaperBody, PaperDraft, disposition};
use super::store;
use crate::{
    agenda::named_item,
    meetings::{find_meeting, http::MeetingPath},
    publishing,
    words::word,
};

/// A paper in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct PaperPath {
    /// Slug or GSS code.
    #[param(example = "wigan")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The meeting.
    meeting: MeetingId,
    /// The paper.
    paper: PaperId,
}

/// `{borough}/{meeting}/{paper}`: no part of a key was sent by a caller.
fn key(borough: BoroughId, path: &PaperPath) -> [String; 3] {
    [borough.to_string(), path.meeting.to_string(), path.paper.to_string()]
}

async fn find(tx: &mut Tx<Borough>, path: &PaperPath) -> Result<PaperBody, Problem> {
    let found = store::list(tx, path.meeting, Some(path.paper), None, 1).await?.pop();
    found.ok_or_else(|| Problem::not_found("paper"))
}

/// List a meeting's papers, in the order they were announced
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/meetings/{meeting}/papers", operation_id = "listPapers", tag = "papers",
    params(MeetingPath, Paging),
    responses((status = 200, body = Page<PaperBody>)),
    security(("bearer" = ["meetings:read"])),
)]
pub(crate) async fn list_papers(
    scope: InBorough<can::ReadMeetings>,
    At(path): At<MeetingPath>,
    page: PageRequest,
) -> Result<Page<PaperBody>, Problem> {
    let mut tx = scope.read().await?;
    find_meeting(&mut tx, path.meeting).await?;
    let rows = store::list(&mut tx, path.meeting, None, page.after::<Uuid>()?, page.rows_wanted()).await?;
    let role = scope.caller().role;
    let rows = rows.into_iter().map(|paper| paper.for_reader(role)).collect();
    Ok(page.page(rows, |paper: &PaperBody| paper.id))
}

/// Announce a paper
///
/// Its content is then sent to `…/content`, once, and must be what was announced.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/meetings/{meeting}/papers", operation_id = "announcePaper", tag = "papers",
    params(MeetingPath),
    request_body = PaperDraft,
    responses((status = 201, body = PaperBody)),
    security(("bearer" = ["meetings:manage"])),
)]
pub(crate) async fn announce_paper(
    scope: InBorough<can::ManageMeetings>,
    At(path): At<MeetingPath>,
    Sent(draft, request): Sent<PaperDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let meeting = find_meeting(&mut tx, path.meeting).await?;
    meeting.not_over()?;
    if let Some(item) = draft.item {
        let item = named_item(&mut tx, meeting.id, item, "/item").await?;
        if draft.exempt && item.private.is_none() {
            return Err(Problem::invalid("/exempt", "Only a private item has exempt papers.").into());
        }
    }
    let body = PaperBody {
        id: PaperId::at(scope.now()),
        meeting: meeting.id,
        item: draft.item,
        title: draft.title.trim().to_owned(),
        media_type: draft.media_type,
        bytes: draft.bytes,
        sum: draft.sum().unwrap_or_default(),
        sha256: draft.sha256,
        file_name: Some(draft.file_name),
        exempt: draft.exempt,
        added_at: scope.now(),
        stored_at: None,
        version: 1,
    };
    store::insert(&mut tx, &body).await?;
    let subject = format!("meetings/{}/papers/{}", meeting.id, body.id);
    let told = json!({"item": body.item, "bytes": body.bytes, "sha256": body.sha256, "exempt": body.exempt});
    tx.record(Act::new("paper.announced", &*subject).after(told));
    let location = format!("/v1/boroughs/{}/{subject}", scope.borough().slug);
    Ok(tx.answer(Created { location, version: Some(1), body }).await?)
}

/// Get a paper
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/meetings/{meeting}/papers/{paper}", operation_id = "getPaper", tag = "papers",
    params(PaperPath),
    responses((status = 200, body = PaperBody)),
    security(("bearer" = ["meetings:read"])),
)]
pub(crate) async fn get_paper(
    scope: InBorough<can::ReadMeetings>,
    At(path): At<PaperPath>,
) -> Result<Found<PaperBody>, Problem> {
    let paper = find(&mut scope.read().await?, &path).await?;
    Ok(Found::at(paper.version, paper.for_reader(scope.caller().role)))
}

/// A paper at the version the caller read, whose content is still to come.
async fn awaited(tx: &mut Tx<Borough>, path: &PaperPath, version: &IfMatch) -> Result<PaperBody, Problem> {
    let paper = find(tx, path).await?;
    version.holds(paper.version)?;
    if paper.stored_at.is_some() {
        return Err(Problem::new(&problems::CONFLICT, "Its content is stored, and stays. Announce another."));
    }
    Ok(paper)
}

/// Send a paper's content
///
/// The bytes as they are, up to 8 MB, of the length, checksum and type that were announced; as application/octet-stream
/// or as that type. What is stored stays: a paper that was wrong is followed by another.
#[utoipa::path(
    put, path = "/v1/boroughs/{borough}/meetings/{meeting}/papers/{paper}/content", operation_id = "storePaper",
    tag = "papers",
    params(PaperPath, Versioned),
    request_body(content = String, content_type = "application/octet-stream", description = "The content of the paper."),
    responses((status = 200, body = PaperBody)),
    security(("bearer" = ["meetings:manage"])),
)]
pub(crate) async fn store_paper(
    scope: InBorough<can::ManageMeetings>,
    At(path): At<PaperPath>,
    version: IfMatch,
    State(storage): State<Storage>,
    content: Content,
) -> Handled {
    // No transaction is open while the content arrives.
    let awaited = awaited(&mut scope.read().await?, &path, &version).await;
    let paper = match awaited {
        Ok(paper) => paper,
        Err(refused) => {
            content.pass_over(BYTES_MAX).await;
            return Err(refused.into());
        }
    };
    let bytes = content.read(&word(paper.media_type), BYTES_MAX).await?;
    check(paper.media_type, (paper.bytes, paper.sum), &bytes)?;
    storage.put(&key(scope.borough().id, &path), bytes).await?;

    let mut tx = scope.write(&WriteRequest { key: None, validate_only: false, fingerprint: paper.sum }).await?;
    if !store::stored(&mut tx, &paper, scope.now()).await? {
        return Err(web::changed_meanwhile().into());
    }
    publishing::meeting(&mut tx, path.meeting).await?;
    let subject = format!("meetings/{}/papers/{}", path.meeting, path.paper);
    tx.record(Act::new("paper.stored", subject).after(json!({"sha256": paper.sha256})));
    let version = paper.version + 1;
    let body = PaperBody { stored_at: Some(scope.now()), ..paper }.for_reader(scope.caller().role);
    Ok(tx.answer(Found::at(version, body)).await?)
}

/// Get a paper's content
///
/// To be saved, never shown: whatever it is, no browser runs it.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/meetings/{meeting}/papers/{paper}/content", operation_id = "getPaperContent",
    tag = "papers",
    params(PaperPath),
    responses((status = 200, body = String, content_type = "application/octet-stream", description = "The content.")),
    security(("bearer" = ["meetings:read"])),
)]
pub(crate) async fn get_paper_content(
    scope: InBorough<can::ReadMeetings>,
    At(path): At<PaperPath>,
    State(storage): State<Storage>,
) -> Result<Response, Problem> {
    let paper = find(&mut scope.read().await?, &path).await?;
    paper.readable_by(scope.caller().role)?;
    if paper.stored_at.is_none() {
        return Err(Problem::not_found("content"));
    }
    let content = storage.get(&key(scope.borough().id, &path)).await?;
    let named = disposition(paper.file_name.as_deref().unwrap_or_default());
    let text = |value: String| HeaderValue::try_from(value).map_err(Problem::internal);
    let headers = [
        (header::CONTENT_TYPE, text(paper.media_type.served_as())?),
        (header::CONTENT_LENGTH, HeaderValue::from(paper.bytes)),
        (header::CONTENT_DISPOSITION, text(named)?),
        (header::ETAG, text(format!("\"{}\"", paper.sha256))?),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'")),
    ];
    Ok((headers, content).into_response())
}
