//! Imports over HTTP: announced as JSON, then the file as it is.

use auth::{Caller, can};
use axum::extract::{RawQuery, State};
use domain::{FundId, ImportId, OperationId, Pence};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenancy::{Act, Borough, Handled, InBorough, OnConstraint, Tx};
use uuid::Uuid;
use web::{
    Accepted, At, Content, Created, Found, IfMatch, Move, MoveDraft, Page, PageRequest, Paging, Problem, SentOnce,
    Transitions, Versioned, WriteRequest, changed_meanwhile, drafts::unknown, move_refused, problems,
};

use super::{
    Spool,
    import::{LedgerImportBody, LedgerImportDraft, LedgerImportState, LedgerRowBody, LedgerRowState},
    spool::Taking,
    store,
};
use crate::{
    funds::{find_fund, http::FundPath},
    ledger_sources::find_source,
    operations::{self, OperationBody, OperationKind},
    years::find_year,
};

/// How much of a file is let arrive that was refused before it was read.
const PASSED_OVER: usize = 8 * 1024 * 1024;

/// An import in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ImportPath {
    /// Slug or GSS code.
    #[param(example = "salford")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The fund.
    fund: FundId,
    /// The import.
    import: ImportId,
}

/// Which lines.
#[derive(Debug, Default, Deserialize, Serialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RowFilters {
    /// Only those of which this came: `faulty` for what is to be mended.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<LedgerRowState>,
}

async fn find(tx: &mut Tx<Borough>, path: &ImportPath) -> Result<LedgerImportBody, Problem> {
    let found = store::find(tx, path.fund, path.import).await?;
    found.ok_or_else(|| Problem::not_found("import"))
}

/// List the imports of a fund, newest first
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/imports", operation_id = "listImports", tag = "imports",
    params(FundPath, Paging),
    responses((status = 200, body = Page<LedgerImportBody>)),
    security(("bearer" = ["journals:read"])),
)]
pub(crate) async fn list_imports(
    scope: InBorough<can::ReadJournals>,
    At(path): At<FundPath>,
    page: PageRequest,
) -> Result<Page<LedgerImportBody>, Problem> {
    let mut tx = scope.read().await?;
    find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    let rows = store::list(&mut tx, path.fund, None, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |import| import.id))
}

/// Announce a file of a ledger to take in
///
/// The file is then sent to `…/file`. It is read by the source as it is now, whatever becomes of the source meanwhile.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/imports", operation_id = "announceImport", tag = "imports",
    params(FundPath, web::Keyed),
    request_body = LedgerImportDraft,
    responses((status = 201, body = LedgerImportBody)),
    security(("bearer" = ["journals:post"])),
)]
pub(crate) async fn announce_import(
    scope: InBorough<can::PostJournals>,
    At(path): At<FundPath>,
    SentOnce(draft, request): SentOnce<LedgerImportDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    let source = find_source(&mut tx, path.fund, draft.source).await?;
    let source = source.ok_or_else(|| unknown("/source", "ledger source"))?;
    find_year(&mut tx, path.fund, draft.year).await?.ok_or_else(|| {
        let detail = format!("The fund has no year {}. Open it first, or mend the year.", draft.year);
        Problem::of_fault(&problems::WRONG_YEAR, "/year", detail)
    })?;
    let body = LedgerImportBody {
        id: ImportId::at(scope.now()),
        source: source.id,
        source_name: source.name,
        source_version: source.version,
        year: draft.year,
        period: draft.period,
        mode: draft.mode,
        file_name: draft.file_name.trim().to_owned(),
        state: LedgerImportState::Waiting,
        operation: OperationId::at(scope.now()),
        sha256: None,
        bytes: None,
        rows: 0,
        posted: 0,
        posted_pence: Pence::ZERO,
        posted_bp: None,
        duplicates: 0,
        duplicates_pence: Pence::ZERO,
        duplicates_bp: None,
        faulty: 0,
        faulty_pence: Pence::ZERO,
        faulty_bp: None,
        left_out: 0,
        problem: None,
        created_at: scope.now(),
        posted_at: None,
        version: 1,
    };
    let subject = format!("funds/{}/imports/{}", path.fund, body.id);
    let (_, stage) = body.state.of_operation();
    operations::begin(&mut tx, body.operation, OperationKind::LedgerImport, &subject, stage).await?;
    let caller = scope.caller();
    store::insert(&mut tx, path.fund, &body, (&caller.client_id, caller.role.as_str())).await?;
    let told = json!({"source": body.source_name, "year": body.year, "period": body.period, "mode": body.mode});
    tx.record(Act::new("import.announced", &*subject).after(told));
    let location = format!("/v1/boroughs/{}/{subject}", scope.borough().slug);
    Ok(tx.answer(Created { location, version: Some(1), body }).await?)
}

/// Get an import, and what came of it
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/imports/{import}", operation_id = "getImport", tag = "imports",
    params(ImportPath),
    responses((status = 200, body = LedgerImportBody)),
    security(("bearer" = ["journals:read"])),
)]
pub(crate) async fn get_import(
    scope: InBorough<can::ReadJournals>,
    At(path): At<ImportPath>,
) -> Result<Found<LedgerImportBody>, Problem> {
    let import = find(&mut scope.read().await?, &path).await?;
    Ok(Found::at(import.version, import))
}

/// Send the file of an import
///
/// As it is, up to 1 GiB: `text/csv` with headings, or `application/x-ndjson` with an object a line; in UTF-8, not
/// compressed. It is read in the background: `Location` says where to ask how far it is. A fund takes the same content
/// once. Where the reading was broken off and the file is lost, the same file sent again is read on from where it stood.
#[utoipa::path(
    put, path = "/v1/boroughs/{borough}/funds/{fund}/imports/{import}/file", operation_id = "sendImportFile", tag = "imports",
    params(ImportPath, Versioned),
    request_body(content((String = "text/csv"), (String = "application/x-ndjson")), description = "The file."),
    responses((status = 202, body = OperationBody)),
    security(("bearer" = ["journals:post"])),
)]
pub(crate) async fn send_import_file(
    scope: InBorough<can::PostJournals>,
    At(path): At<ImportPath>,
    version: IfMatch,
    State(spool): State<Spool>,
    RawQuery(query): RawQuery,
    mut content: Content,
) -> Handled {
    // No transaction is open while the file arrives.
    let awaited = awaited(&mut scope.read().await?, (&path, &version), scope.caller(), query.as_deref()).await;
    let fits = awaited.and_then(|import| Ok((import, format_of(&content)?)));
    let (import, format) = match fits {
        Ok(fits) => fits,
        Err(refused) => {
            content.pass_over(PASSED_OVER).await;
            return Err(refused.into());
        }
    };
    let mut taking = spool.begin(import.id).await?;
    if let Err(refused) = take(&mut content, &mut taking).await {
        content.pass_over(PASSED_OVER).await;
        return Err(refused.into());
    }
    let (sha256, bytes) = taking.sum().await?;
    same_as_before(&import, &sha256, bytes)?;

    let mut tx = scope.write(&WriteRequest { key: None, validate_only: false, fingerprint: sha256 }).await?;
    let other = store::of_content(&mut tx, path.fund, &sha256, import.id).await?;
    if let Some(other) = other {
        return Err(taken(Some(other)).into());
    }
    let arrived = store::arrived(&mut tx, path.fund, &import, (&sha256, bytes, format), spool.id()).await;
    if !arrived.on_constraint("import_content", || taken(None))? {
        return Err(changed_meanwhile().into());
    }
    let made = Move {
        from: LedgerImportState::Waiting,
        to: LedgerImportState::Reading,
        reason: "Its file is here".to_owned(),
        by: scope.caller().client_id.clone(),
        moved_at: scope.now(),
    };
    store::move_to(&mut tx, path.fund, import.id, &made, None).await?;
    operations::tell(&mut tx, import.operation, made.to.of_operation(), Some((0, bytes)), None).await?;
    let subject = format!("funds/{}/imports/{}", path.fund, import.id);
    tx.record(Act::new("import.file-sent", subject).after(json!({"bytes": bytes})));
    let here = format!("/v1/boroughs/{}", scope.borough().slug);
    let body = operations::find(&mut tx, &here, import.operation).await?;
    let body = body.ok_or_else(|| Problem::not_found("operation"))?;
    let location = format!("{here}/budgets/operations/{}", import.operation);
    taking.keep(&spool.path(import.id))?;
    let answer = tx.answer(Accepted { location, version: import.version + 1, body }).await;
    if answer.is_err() {
        spool.forget(import.id);
    }
    spool.ring();
    Ok(answer?)
}

/// The import at the version the caller read, whose file is still to come.
async fn awaited(
    tx: &mut Tx<Borough>,
    (path, version): (&ImportPath, &IfMatch),
    caller: &Caller,
    query: Option<&str>,
) -> Result<LedgerImportBody, Problem> {
    if query.is_some_and(|query| !query.is_empty()) {
        let detail = "A file is sent without query parameters. It cannot be rehearsed: it is posted once it is read.";
        return Err(Problem::new(&problems::QUERY_INVALID, detail));
    }
    let import = find(tx, path).await?;
    version.holds(import.version)?;
    // The file is held to the limit of who announced it.
    if store::announced_by(tx, path.fund, import.id).await? != (caller.client_id.clone(), caller.role.to_string()) {
        let detail =
            "Another client announced this import. Whoever announces a file sends it: announce one of your own.";
        return Err(Problem::new(&problems::CONFLICT, detail));
    }
    if import.state == LedgerImportState::Waiting {
        return Ok(import);
    }
    Err(Problem::new(&problems::CONFLICT, "It has its file already. For another file, announce another import."))
}

fn format_of(content: &Content) -> Result<&'static str, Problem> {
    let kind = content.one_of(&["text/csv", "application/x-ndjson", "application/octet-stream"])?;
    Ok(if kind == "application/x-ndjson" { "ndjson" } else { "csv" })
}

async fn take(content: &mut Content, into: &mut Taking) -> Result<(), Problem> {
    while let Some(piece) = content.next_piece().await {
        into.take(&piece?).await?;
    }
    Ok(())
}

fn same_as_before(import: &LedgerImportBody, sha256: &[u8; 32], bytes: i64) -> Result<(), Problem> {
    if bytes == 0 {
        return Err(Problem::invalid("", "The file is empty."));
    }
    let hex: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    match &import.sha256 {
        Some(before) if *before != hex => {
            let detail = format!(
                "The reading of a file of SHA-256 {before} was broken off; this one has {hex}. Send the same file, or cancel the import."
            );
            Err(Problem::new(&problems::CONTENT_INVALID, detail))
        }
        _ => Ok(()),
    }
}

fn taken(other: Option<Uuid>) -> Problem {
    let refused = |detail: String| Problem::new(&problems::CONFLICT, detail);
    match other {
        Some(other) => refused(format!("The fund has taken this content in already, or is doing so: import {other}."))
            .with("import", other.to_string()),
        None => refused("The fund is just taking this content in by another import.".into()),
    }
}

/// List the lines of an import's file, and what came of each
///
/// As CSV, narrowed to `faulty`, it is the report to mend a file by.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/imports/{import}/rows", operation_id = "listImportRows", tag = "imports",
    params(ImportPath, RowFilters, Paging),
    responses((status = 200, body = Page<LedgerRowBody>)),
    security(("bearer" = ["journals:read"])),
)]
pub(crate) async fn list_import_rows(
    scope: InBorough<can::ReadJournals>,
    At(path): At<ImportPath>,
    page: PageRequest<RowFilters>,
) -> Result<Page<LedgerRowBody>, Problem> {
    let mut tx = scope.read().await?;
    find(&mut tx, &path).await?;
    let of = (path.fund, path.import);
    let rows = store::rows(&mut tx, of, page.filters.state, page.after::<i64>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |row| row.row))
}

async fn told(
    tx: &mut Tx<Borough>,
    path: &ImportPath,
    caller: &Caller,
) -> Result<Found<Transitions<LedgerImportState>>, Problem> {
    let import = find(tx, path).await?;
    let data = store::history(tx, path.fund, path.import).await?;
    let may = caller.require(<can::PostJournals as auth::Permission>::OF).is_ok();
    let allowed = if may { import.state.allowed() } else { Vec::new() };
    Ok(Found::at(import.version, Transitions { state: import.state, allowed, data, next_cursor: None }))
}

/// Get an import's history and allowed moves
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/imports/{import}/transitions", operation_id = "getImportTransitions",
    tag = "imports",
    params(ImportPath),
    responses((status = 200, body = Transitions<LedgerImportState>)),
    security(("bearer" = ["journals:read"])),
)]
pub(crate) async fn get_import_transitions(
    scope: InBorough<can::ReadJournals>,
    At(path): At<ImportPath>,
) -> Result<Found<Transitions<LedgerImportState>>, Problem> {
    told(&mut scope.read().await?, &path, scope.caller()).await
}

/// Cancel an import
///
/// While it waits or is read; the ledger stays as it was, and its content may be sent again.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/imports/{import}/transitions", operation_id = "moveImport",
    tag = "imports",
    params(ImportPath, Versioned, web::Keyed),
    request_body(content = MoveDraft<LedgerImportState>, example = json!({"to": "cancelled", "reason": "The wrong month"})),
    responses((status = 200, body = Transitions<LedgerImportState>)),
    security(("bearer" = ["journals:post"])),
)]
pub(crate) async fn move_import(
    scope: InBorough<can::PostJournals>,
    At(path): At<ImportPath>,
    version: IfMatch,
    SentOnce(draft, request): SentOnce<MoveDraft<LedgerImportState>>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let import = find(&mut tx, &path).await?;
    version.holds(import.version)?;
    let allowed = import.state.allowed();
    if !allowed.contains(&draft.to) {
        return Err(move_refused(&import.state, &draft.to, &allowed).into());
    }
    let made = Move {
        from: import.state,
        to: draft.to,
        reason: draft.reason.trim().to_owned(),
        by: scope.caller().client_id.clone(),
        moved_at: scope.now(),
    };
    // Where it was read to its end meanwhile, that came first.
    if !store::move_to(&mut tx, path.fund, import.id, &made, None).await? {
        return Err(changed_meanwhile().into());
    }
    operations::tell(&mut tx, import.operation, made.to.of_operation(), None, None).await?;
    let subject = format!("funds/{}/imports/{}", path.fund, path.import);
    tx.record(Act::new("import.moved", subject).before(json!(made.from)).after(json!(made.to)));
    let told = told(&mut tx, &path, scope.caller()).await?;
    Ok(tx.answer(told).await?)
}
