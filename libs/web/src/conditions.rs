//! Versions of things: strong ETags, `If-Match`, `If-None-Match`.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, header, request::Parts},
};
use sha2::{Digest, Sha256};

use crate::{Problem, problems};

/// The ETag of a thing that counts its versions.
#[must_use]
pub fn version_tag(version: i64) -> String {
    format!("\"{version}\"")
}

/// The ETag of a body.
pub(crate) fn body_tag(body: &[u8]) -> HeaderValue {
    let mut tag = String::from("\"");
    for byte in &Sha256::digest(body)[..12] {
        tag.push_str(&format!("{byte:02x}"));
    }
    tag.push('"');
    HeaderValue::from_str(&tag).expect("hex is visible ASCII")
}

/// Whether `If-None-Match` names this tag (weak comparison, RFC 9110 §13.1.2).
pub(crate) fn none_match_names(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let tag = tag.as_bytes();
    headers.get_all(header::IF_NONE_MATCH).iter().any(|asked| {
        asked
            .as_bytes()
            .split(|b| *b == b',')
            .map(<[u8]>::trim_ascii)
            .any(|one| one == b"*" || one == tag || one.strip_prefix(b"W/") == Some(tag))
    })
}

/// The version the caller means to change.
#[derive(Debug, Clone)]
pub struct IfMatch(String);

impl IfMatch {
    /// Goes on only where the thing is still at the version the caller read.
    ///
    /// # Errors
    /// 412 where it has moved on.
    pub fn holds(&self, version: i64) -> Result<(), Problem> {
        let now = version_tag(version);
        if self.0.split(',').map(str::trim).any(|one| one == now) {
            return Ok(());
        }
        Err(Problem::new(
            &problems::VERSION_STALE,
            format_args!("It is now at version {now}. Read it again before you change it."),
        ))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let asked = parts.headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok());
        asked.filter(|tag| !tag.trim().is_empty()).map(|tag| Self(tag.to_owned())).ok_or_else(|| {
            Problem::of_fault(
                &problems::VERSION_REQUIRED,
                "If-Match:",
                "Send the ETag you read as If-Match, so that a change made in between is not lost.",
            )
        })
    }
}
