//! Postings over HTTP: in pages, and the whole of a period as a stream.

use std::io;

use auth::can;
use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use tenancy::InBorough;
use web::{At, Page, PageRequest, Paging, Problem, Row};

use super::{
    posting::LedgerLine,
    store::{self, After},
};
use crate::periods::http::PeriodPath;

/// How many lines a piece of the stream holds: what is in memory at once.
const PIECE: i64 = 2_000;

impl Row for LedgerLine {
    const COLUMNS: &'static [&'static str] = &[
        "journal",
        "line",
        "year",
        "period",
        "posted_at",
        "effective_on",
        "account",
        "scheme",
        "layer",
        "amount_pence",
        "party",
        "category",
        "source",
        "nature",
        "narrative",
        "journal_source",
        "external_reference",
        "metadata",
        "posted_by",
        "reverses",
        "corrects",
        "import",
    ];
}

/// List the lines of a period, in the order of journals
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/periods/{period}/postings",
    operation_id = "listPeriodPostings", tag = "journals",
    params(PeriodPath, Paging),
    responses((status = 200, body = Page<LedgerLine>)),
    security(("bearer" = ["journals:read"])),
)]
pub(crate) async fn list_period_postings(
    scope: InBorough<can::ReadJournals>,
    At(path): At<PeriodPath>,
    page: PageRequest,
) -> Result<Page<LedgerLine>, Problem> {
    let mut tx = scope.read().await?;
    store::version_of(&mut tx, path.key()).await?.ok_or_else(|| Problem::not_found("period"))?;
    let rows = store::lines(&mut tx, path.key(), page.after::<After>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, key))
}

/// Export the lines of a period
///
/// All of them as a stream, one JSON object a line: with it and the period's seal anybody can recompute the seal. No
/// connection to the database is held between two pieces. A period that takes postings is exported as it fills: what is
/// posted meanwhile may be in it or not. Where a period is closed or reopened meanwhile, the stream breaks off.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/periods/{period}/postings.ndjson",
    operation_id = "exportPeriodPostings", tag = "journals",
    params(PeriodPath),
    responses((status = 200, body = String, content_type = "application/x-ndjson", description = "One object a line.")),
    security(("bearer" = ["journals:read"])),
)]
pub(crate) async fn export_period_postings(
    scope: InBorough<can::ReadJournals>,
    At(path): At<PeriodPath>,
) -> Result<Response, Problem> {
    export(scope, path, "application/x-ndjson", Written::Lines).await
}

/// Export the lines of a period as Parquet
///
/// The same lines and fields as `postings.ndjson`, a column each, for a warehouse: amounts in whole pence, days and instants as
/// such, ids as text. It breaks off where that would; a file without its last bytes is no Parquet file.
#[cfg(feature = "parquet")]
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/periods/{period}/postings.parquet",
    operation_id = "exportPeriodPostingsAsParquet", tag = "journals",
    params(PeriodPath),
    responses((status = 200, body = String, content_type = "application/vnd.apache.parquet", description = "A Parquet file.")),
    security(("bearer" = ["journals:read"])),
)]
pub(crate) async fn export_period_postings_as_parquet(
    scope: InBorough<can::ReadJournals>,
    At(path): At<PeriodPath>,
) -> Result<Response, Problem> {
    let file = super::parquet_file::ParquetFile::begin().map_err(Problem::internal)?;
    export(scope, path, "application/vnd.apache.parquet", Written::Parquet(Some(Box::new(file)))).await
}

async fn export(
    scope: InBorough<can::ReadJournals>,
    path: PeriodPath,
    kind: &'static str,
    written: Written,
) -> Result<Response, Problem> {
    let mut tx = scope.read().await?;
    let version = store::version_of(&mut tx, path.key()).await?.ok_or_else(|| Problem::not_found("period"))?;
    drop(tx);
    let export = Export { scope, path, version, after: None, ended: false, written };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
    ];
    Ok((headers, Body::from_stream(stream::try_unfold(export, Export::next))).into_response())
}

fn key(line: &LedgerLine) -> After {
    (line.journal.0, line.line)
}

/// How lines are written.
enum Written {
    Lines,
    #[cfg(feature = "parquet")]
    Parquet(Option<Box<super::parquet_file::ParquetFile>>),
}

impl Written {
    /// The bytes of some lines, which may wait for more.
    fn write(&mut self, lines: Vec<LedgerLine>) -> Result<Vec<u8>, Problem> {
        match self {
            Self::Lines => {
                let mut piece = Vec::with_capacity(lines.len() * 600);
                for line in &lines {
                    serde_json::to_writer(&mut piece, line).map_err(Problem::internal)?;
                    piece.push(b'\n');
                }
                Ok(piece)
            }
            #[cfg(feature = "parquet")]
            Self::Parquet(file) => {
                file.as_mut().map_or(Ok(Vec::new()), |file| file.take(lines)).map_err(Problem::internal)
            }
        }
    }

    /// The bytes after the last line.
    fn end(&mut self) -> Result<Vec<u8>, Problem> {
        match self {
            Self::Lines => Ok(Vec::new()),
            #[cfg(feature = "parquet")]
            Self::Parquet(file) => file.take().map_or(Ok(Vec::new()), |file| file.end()).map_err(Problem::internal),
        }
    }
}

/// An export under way.
struct Export {
    scope: InBorough<can::ReadJournals>,
    path: PeriodPath,
    version: i64,
    after: Option<After>,
    ended: bool,
    written: Written,
}

impl Export {
    async fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        while !self.ended {
            let piece = self.piece().await.map_err(|problem| {
                let inside = problem.inside().unwrap_or_default();
                tracing::error!(inside, "an export broke off");
                io::Error::other("the export broke off")
            })?;
            if !piece.is_empty() {
                return Ok(Some((piece.into(), self)));
            }
        }
        Ok(None)
    }

    async fn piece(&mut self) -> Result<Vec<u8>, Problem> {
        let mut tx = self.scope.read().await?;
        let lines = store::lines(&mut tx, self.path.key(), self.after, PIECE).await?;
        if store::version_of(&mut tx, self.path.key()).await? != Some(self.version) {
            return Err(Problem::internal("the period moved while it was exported"));
        }
        drop(tx);
        self.after = lines.last().map(key);
        self.ended = i64::try_from(lines.len()).is_ok_and(|count| count < PIECE);
        let mut piece = self.written.write(lines)?;
        if self.ended {
            piece.extend(self.written.end()?);
        }
        Ok(piece)
    }
}
