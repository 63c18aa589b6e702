//! Fetching one small JSON document from a service of ours.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderMap, header},
};
use http_body_util::{BodyExt, Limited};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde::de::DeserializeOwned;

const LONGEST: Duration = Duration::from_secs(2);
const LARGEST: usize = 4 * 1024 * 1024;

/// Why a document could not be fetched.
#[derive(Debug, thiserror::Error)]
#[error("{address} {why}")]
pub struct FetchError {
    address: String,
    why: String,
}

/// Fetches JSON over plain HTTP inside the cluster: 2 seconds, 4 MB, no redirect.
///
/// # Errors
/// When it does not come, or is something else.
pub async fn fetch_json<T: DeserializeOwned>(address: &str) -> Result<T, FetchError> {
    fetch_json_kept(address).await.map(|(document, _)| document)
}

/// As [`fetch_json`], and for how long it may be kept, where it says so (RFC 9111 §5.2.2.1).
pub(crate) async fn fetch_json_kept<T: DeserializeOwned>(address: &str) -> Result<(T, Option<Duration>), FetchError> {
    let failed = |why: String| FetchError { address: address.to_owned(), why };
    let work = async {
        let uri = address.parse().map_err(|_| failed("is no address".into()))?;
        let client: Client<_, Body> = Client::builder(TokioExecutor::new()).build_http();
        let answer = client.get(uri).await.map_err(|error| failed(format!("is out of reach: {error}")))?;
        if !answer.status().is_success() {
            return Err(failed(format!("answered {}", answer.status())));
        }
        let kept = max_age(answer.headers());
        let body = Limited::new(answer.into_body(), LARGEST).collect().await;
        let bytes = body.map_err(|error| failed(format!("broke off: {error}")))?.to_bytes();
        let document =
            serde_json::from_slice(&bytes).map_err(|error| failed(format!("sent something else: {error}")))?;
        Ok((document, kept))
    };
    tokio::time::timeout(LONGEST, work).await.unwrap_or_else(|_| Err(failed("did not answer in 2 seconds".into())))
}

fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let said = headers.get(header::CACHE_CONTROL)?.to_str().ok()?;
    let seconds = said.split(',').find_map(|one| one.trim().strip_prefix("max-age="))?;
    seconds.parse().ok().map(Duration::from_secs)
}
