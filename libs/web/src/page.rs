//! Lists: keyset pages with opaque cursors, and the queries that ask for them.

use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, request::Parts},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::sync::Arc;

use crate::{Problem, Row, csv_table, problems};

const LIMIT_DEFAULT: i64 = 100;
const LIMIT_MAX: i64 = 500;

/// Query parameters, read strictly: an unknown one is refused.
///
/// `validate_only` is taken by the body's extractor, `limit` and `cursor` by [`PageRequest`].
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read(parts, &["validate_only"]).map(Self)
    }
}

/// For operations that take no filters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoFilters {}

fn pairs(parts: &Parts) -> Result<Vec<(String, String)>, Problem> {
    serde_urlencoded::from_str(parts.uri.query().unwrap_or_default())
        .map_err(|_| Problem::new(&problems::QUERY_INVALID, "The query could not be read."))
}

fn read<T: DeserializeOwned>(parts: &Parts, apart: &[&str]) -> Result<T, Problem> {
    let mut rest = pairs(parts)?;
    for (at, (name, _)) in rest.iter().enumerate() {
        if rest[..at].iter().any(|(before, _)| before == name) {
            return Err(wrong(name, "it is given more than once"));
        }
    }
    if let Some((name, _)) = rest.iter().find(|(_, value)| value.contains('\0')) {
        return Err(wrong(name, "it holds a NUL character, which no text here may"));
    }
    rest.retain(|(name, _)| !apart.contains(&name.as_str()));
    let text = serde_urlencoded::to_string(rest).unwrap_or_default();
    let de = serde_urlencoded::Deserializer::new(form(text.as_bytes()));
    serde_path_to_error::deserialize(de).map_err(|error| {
        let name = error.path().to_string();
        wrong(name.trim_matches('.'), &error.into_inner().to_string())
    })
}

fn form(text: &[u8]) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(text)
}

fn wrong(name: &str, why: &str) -> Problem {
    Problem::of_fault(&problems::QUERY_INVALID, format!("?{name}"), format_args!("Query parameter: {why}."))
}

/// A request for a page of a list, with its filters.
#[derive(Debug)]
pub struct PageRequest<F = NoFilters> {
    /// What the list is narrowed to.
    pub filters: F,
    limit: i64,
    cursor: Option<String>,
    bound_to: [u8; 8],
}

impl<F: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for PageRequest<F> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let filters = read(parts, &["limit", "cursor"])?;
        let mut all = pairs(parts)?;
        let mut take = |wanted: &str| {
            let at = all.iter().position(|(name, _)| name == wanted)?;
            Some(all.swap_remove(at).1)
        };
        let (limit, cursor) = (take("limit"), take("cursor"));
        let limit = match limit.as_deref().map(str::parse::<i64>) {
            None => LIMIT_DEFAULT,
            Some(Ok(limit)) if (1..=LIMIT_MAX).contains(&limit) => limit,
            Some(_) => return Err(wrong("limit", "it is a number from 1 to 500")),
        };
        // A cursor is good for this path and these filters only.
        all.sort();
        let mut hash = Sha256::new_with_prefix(parts.uri.path());
        for (name, value) in &all {
            hash.update([0]);
            hash.update(name);
            hash.update([0]);
            hash.update(value);
        }
        let mut bound_to = [0; 8];
        bound_to.copy_from_slice(&hash.finalize()[..8]);
        Ok(Self { filters, limit, cursor, bound_to })
    }
}

impl<F> PageRequest<F> {
    /// How many rows to ask the database for: one more than the page, to know whether there is a next.
    #[must_use]
    pub fn rows_wanted(&self) -> i64 {
        self.limit + 1
    }

    /// The key of the last row of the page before, where there was one.
    ///
    /// # Errors
    /// When the cursor is of another list, of other filters, or no cursor at all.
    pub fn after<K: DeserializeOwned>(&self) -> Result<Option<K>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let key = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| {
            let key = bytes.strip_prefix(&self.bound_to)?;
            serde_json::from_slice(key).ok()
        });
        key.map(Some).ok_or_else(|| {
            Problem::of_fault(
                &problems::CURSOR_INVALID,
                "?cursor",
                "This cursor does not belong to this list with these filters. Start again without one.",
            )
        })
    }

    /// The page made of the rows found; `key` is what the list is ordered by.
    #[must_use]
    pub fn page<T, K: Serialize>(&self, mut rows: Vec<T>, key: impl Fn(&T) -> K) -> Page<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).map(|last| {
            let mut bytes = self.bound_to.to_vec();
            bytes.extend(serde_json::to_vec(&key(last)).unwrap_or_default());
            BASE64_URL_SAFE_NO_PAD.encode(bytes)
        });
        Page { data: rows, next_cursor }
    }
}

/// A page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub data: Vec<T>,
    /// Send it back as `cursor` for the rows that follow; null on the last page.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// The whole of a list that is always short.
    #[must_use]
    pub fn whole(data: Vec<T>) -> Self {
        Self { data, next_cursor: None }
    }
}

/// The same rows as CSV, made only if they are asked for.
#[derive(Clone)]
pub(crate) struct AsCsv {
    pub(crate) render: Arc<dyn Fn() -> Vec<u8> + Send + Sync>,
    pub(crate) rows: usize,
    pub(crate) next_cursor: Option<String>,
}

impl<T: Row> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        let response = axum::Json(&self).into_response();
        also_as_csv(response, self.data, self.next_cursor)
    }
}

/// A list with more beside its rows, such as totals; its CSV is the rows.
pub struct WithCsv<B, T> {
    /// The whole answer.
    pub body: B,
    /// Its rows.
    pub rows: Vec<T>,
}

impl<B: Serialize, T: Row> IntoResponse for WithCsv<B, T> {
    fn into_response(self) -> Response {
        also_as_csv(axum::Json(self.body).into_response(), self.rows, None)
    }
}

fn also_as_csv<T: Row>(mut response: Response, data: Vec<T>, next_cursor: Option<String>) -> Response {
    let rows = data.len();
    let render = Arc::new(move || csv_table::render(&data));
    response.headers_mut().insert("x-row-count", HeaderValue::from(rows));
    response.extensions_mut().insert(AsCsv { render, rows, next_cursor });
    response
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    async fn ask(uri: &str) -> Result<PageRequest, Problem> {
        let (mut parts, ()) = Request::builder().uri(uri).body(()).expect("a request").into_parts();
        PageRequest::from_request_parts(&mut parts, &()).await
    }

    #[tokio::test]
    async fn a_cursor_is_good_only_for_its_own_list() {
        let first = ask("/v1/a?limit=2").await.expect("fine");
        let page = first.page(vec![1, 2, 3], |n| *n);
        assert_eq!(page.data, [1, 2]);
        let cursor = page.next_cursor.expect("there is more");
        let next = ask(&format!("/v1/a?cursor={cursor}")).await.expect("fine");
        assert_eq!(next.after::<i32>().expect("its own"), Some(2));
        let elsewhere = ask(&format!("/v1/b?cursor={cursor}")).await.expect("readable");
        assert_eq!(elsewhere.after::<i32>().expect_err("not its own").kind().slug, "cursor-invalid");
        assert_eq!(first.page(vec![1, 2], |n| *n).next_cursor, None);
    }

    #[tokio::test]
    async fn strange_parameters_are_refused() {
        for uri in ["/a?limit=0", "/a?limit=501", "/a?limit=x", "/a?colour=blue", "/a?limit=1&limit=2"] {
            assert_eq!(ask(uri).await.expect_err(uri).kind().slug, "query-invalid");
        }
    }
}
