//! Exporting a trail: the places of a range, in order, as a stream.

use std::io;

use auth::{Hash, can};
use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use domain::AuditId;
use futures_util::stream;
use serde::{Deserialize, Serialize};
use tenancy::InBorough;
use uuid::Uuid;
use web::{Problem, Query, Row, problems};

use super::{chain::ChainedEntry, store};

/// How many places a piece of the stream holds: what is in memory at once.
const PIECE: i64 = 1_000;
const POSITION_MAX: i64 = 9_007_199_254_740_991;

/// A place of the chain as it is exported: with what anybody can compute its head from.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub(super) struct ExportedPlace {
    pub(super) chain: Uuid,
    pub(super) position: i64,
    pub(super) id: AuditId,
    /// Null where the entry is gone.
    pub(super) entry: Option<ChainedEntry>,
    pub(super) entry_hash: Hash,
    pub(super) head: Hash,
}

impl Row for ExportedPlace {
    const COLUMNS: &'static [&'static str] = &[
        "chain",
        "position",
        "id",
        "entry.done_at",
        "entry.by",
        "entry.role",
        "entry.request_id",
        "entry.address",
        "entry.action",
        "entry.subject",
        "entry.before",
        "entry.after",
        "entry_hash",
        "head",
    ];
}

/// Which places of a trail.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    /// The first place; left out, from the beginning.
    #[param(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    first: Option<i64>,
    /// The last place; left out, to the end.
    #[param(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    last: Option<i64>,
    /// Only what was done at this instant or later.
    from: Option<DateTime<Utc>>,
    /// Only what was done before this instant.
    until: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Csv,
    Ndjson,
}

/// Export places of a borough's audit trail, one JSON object a line
///
/// In the order of the chain, with every field as it is hashed: with it, the signed heads and the published keys anybody can
/// verify the trail (`tenfold audit verify`). `before` and `after` are the JSON texts that are hashed. An entry that has no
/// place yet is not in it.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/audit/entries.ndjson", operation_id = "exportAudit", tag = "audit",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford"), ExportQuery),
    responses((status = 200, body = String, content_type = "application/x-ndjson", description = "One object a line.")),
    security(("bearer" = ["audit:read"])),
)]
pub(crate) async fn export_audit(
    scope: InBorough<can::ReadAudit>,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Problem> {
    stream_of(scope, query, Form::Ndjson)
}

/// Export places of a borough's audit trail as CSV
///
/// For spreadsheets: a text that one would run begins with an apostrophe. To verify, take the other form.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/audit/entries.csv", operation_id = "exportAuditCsv", tag = "audit",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford"), ExportQuery),
    responses((status = 200, body = String, content_type = "text/csv", description = "A heading and one place a line.")),
    security(("bearer" = ["audit:read"])),
)]
pub(crate) async fn export_audit_csv(
    scope: InBorough<can::ReadAudit>,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Problem> {
    stream_of(scope, query, Form::Csv)
}

fn stream_of(scope: InBorough<can::ReadAudit>, query: ExportQuery, form: Form) -> Result<Response, Problem> {
    let wrong = |name: &str, why: &str| Problem::of_fault(&problems::QUERY_INVALID, name.to_owned(), why.to_owned());
    let (first, last) = (query.first.unwrap_or(1), query.last.unwrap_or(POSITION_MAX));
    if !(1..=POSITION_MAX).contains(&first) || !(first..=POSITION_MAX).contains(&last) {
        return Err(wrong("?last", "Places count from 1, and the last is not before the first."));
    }
    if query.from.zip(query.until).is_some_and(|(from, until)| from >= until) {
        return Err(wrong("?until", "It lies after `from`."));
    }
    let export = Export { scope, query, form, after: first - 1, last, begun: false, ended: false };
    let media_type = if form == Form::Csv { "text/csv; charset=utf-8" } else { "application/x-ndjson" };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
    ];
    Ok((headers, Body::from_stream(stream::try_unfold(export, Export::next))).into_response())
}

/// An export under way. No connection to the database is held between two pieces.
struct Export {
    scope: InBorough<can::ReadAudit>,
    query: ExportQuery,
    form: Form,
    after: i64,
    last: i64,
    begun: bool,
    ended: bool,
}

impl Export {
    async fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        if self.ended {
            return Ok(None);
        }
        let piece = self.piece().await.map_err(|problem| {
            let inside = problem.inside().unwrap_or_default();
            tracing::error!(inside, "an export of the audit trail broke off");
            io::Error::other("the export broke off")
        })?;
        Ok(Some((piece, self)))
    }

    async fn piece(&mut self) -> Result<Bytes, Problem> {
        let mut tx = self.scope.read().await?;
        let mut links = store::links(&mut tx, self.after, PIECE).await?;
        self.ended = i64::try_from(links.len()).is_ok_and(|count| count < PIECE);
        self.after = links.last().map_or(self.after, |link| link.position);
        self.ended |= self.after >= self.last;
        links.retain(|link| link.position <= self.last);
        let ids: Vec<AuditId> = links.iter().map(|link| link.id).collect();
        let mut entries = store::entries(&mut tx, &ids).await?;
        drop(tx);
        let chain = self.scope.borough().id.0;
        let mut places: Vec<ExportedPlace> = links
            .into_iter()
            .map(|link| ExportedPlace {
                chain,
                position: link.position,
                entry: entries.remove(&link.id),
                id: link.id,
                entry_hash: link.entry_hash,
                head: link.head,
            })
            .collect();
        places.retain(|place| self.asked_for(place));
        self.written(&places)
    }

    fn asked_for(&self, place: &ExportedPlace) -> bool {
        // What is gone was done at no time we know: it is not left out.
        let Some(entry) = &place.entry else { return true };
        self.query.from.is_none_or(|from| entry.done_at >= from)
            && self.query.until.is_none_or(|until| entry.done_at < until)
    }

    fn written(&mut self, places: &[ExportedPlace]) -> Result<Bytes, Problem> {
        if self.form == Form::Csv {
            let with_heading = !std::mem::replace(&mut self.begun, true);
            return Ok(web::csv_lines(places, with_heading).into());
        }
        let mut piece = Vec::with_capacity(places.len() * 600);
        for place in places {
            serde_json::to_writer(&mut piece, place).map_err(Problem::internal)?;
            piece.push(b'\n');
        }
        Ok(piece.into())
    }
}
