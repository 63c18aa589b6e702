//! What a caller sends: read strictly, once, and fingerprinted for idempotency.

use axum::{
    body::to_bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{Problem, problems};

/// The largest body of an ordinary request, in bytes.
pub const JSON_LIMIT: usize = 2 * 1024 * 1024;

/// The largest body of a request that sends many things at once, in bytes.
pub const BULK_LIMIT: usize = 8 * 1024 * 1024;

/// A caller's name for one thing it means to do once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The key as text: 1 to 128 visible ASCII characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn from_headers(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let mut sent = headers.get_all("idempotency-key").iter();
        let Some(first) = sent.next() else { return Ok(None) };
        let text = first.as_bytes();
        let fits = (1..=128).contains(&text.len()) && text.iter().all(u8::is_ascii_graphic);
        if !fits || sent.next().is_some() {
            return Err(Problem::of_fault(
                &problems::BAD_REQUEST,
                "Idempotency-Key:",
                "An Idempotency-Key is 1 to 128 visible ASCII characters, sent once.",
            ));
        }
        Ok(Some(Self(String::from_utf8_lossy(text).into_owned())))
    }
}

/// How a write was asked for.
#[derive(Debug, Clone)]
pub struct WriteRequest {
    /// The caller's key, where one was sent.
    pub key: Option<IdempotencyKey>,
    /// Answer in full, but write nothing.
    pub validate_only: bool,
    /// SHA-256 over method, path and body: another request with the same key is told apart by it.
    pub fingerprint: [u8; 32],
}

/// A JSON body and how it was sent. Takes an `Idempotency-Key`.
#[derive(Debug)]
pub struct Sent<T>(pub T, pub WriteRequest);

/// A JSON body of a request that moves money or takes a decision. Requires an `Idempotency-Key`.
#[derive(Debug)]
pub struct SentOnce<T>(pub T, pub WriteRequest);

/// As [`SentOnce`], of many things: up to [`BULK_LIMIT`].
#[derive(Debug)]
pub struct SentBulk<T>(pub T, pub WriteRequest);

fn key_required(headers: &HeaderMap) -> Result<(), Problem> {
    if IdempotencyKey::from_headers(headers)?.is_some() {
        return Ok(());
    }
    Err(Problem::of_fault(
        &problems::IDEMPOTENCY_KEY_MISSING,
        "Idempotency-Key:",
        "Send an Idempotency-Key, new for each thing you mean to do once.",
    ))
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for SentOnce<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        key_required(request.headers())?;
        let Sent(draft, how) = Sent::up_to(JSON_LIMIT, request).await?;
        Ok(Self(draft, how))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for SentBulk<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        key_required(request.headers())?;
        let Sent(draft, how) = Sent::up_to(BULK_LIMIT, request).await?;
        Ok(Self(draft, how))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Sent<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        Self::up_to(JSON_LIMIT, request).await
    }
}

impl<T: DeserializeOwned> Sent<T> {
    async fn up_to(most: usize, request: Request) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let key = IdempotencyKey::from_headers(&parts.headers)?;
        let validate_only = match validate_only(parts.uri.query().unwrap_or_default()) {
            Some(wanted) => wanted,
            None => {
                return Err(Problem::of_fault(
                    &problems::QUERY_INVALID,
                    "?validate_only",
                    "The only query parameter here is validate_only, which is true or false.",
                ));
            }
        };
        media_type_is_json(&parts.headers)?;
        let bytes = to_bytes(body, most).await.map_err(|error| unreadable_body(&error, most))?;
        let draft = parse(&bytes)?;
        let mut hash = Sha256::new_with_prefix(parts.method.as_str());
        hash.update([0]);
        hash.update(parts.uri.path());
        hash.update([0]);
        hash.update(&bytes);
        let fingerprint = hash.finalize().into();
        Ok(Self(draft, WriteRequest { key, validate_only, fingerprint }))
    }
}

fn validate_only(query: &str) -> Option<bool> {
    match query {
        "" | "validate_only=false" => Some(false),
        "validate_only=true" => Some(true),
        _ => None,
    }
}

fn media_type_is_json(headers: &HeaderMap) -> Result<(), Problem> {
    let refuse = |detail: &str| Err(Problem::new(&problems::MEDIA_TYPE, detail));
    let coded = headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity");
    if coded {
        return refuse("Send the body as it is, not compressed.");
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let mut parts = kind.split(';').map(str::trim);
    if !parts.next().unwrap_or_default().eq_ignore_ascii_case("application/json") {
        return refuse("Send the body as application/json.");
    }
    let plain = parts.all(|p| p.eq_ignore_ascii_case("charset=utf-8") || p.eq_ignore_ascii_case("charset=\"utf-8\""));
    if plain { Ok(()) } else { refuse("Send the body in UTF-8.") }
}

/// Why a body could not be read to its end, where `most` is how many bytes it may have.
pub(crate) fn unreadable_body(error: &axum::Error, most: usize) -> Problem {
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = next {
        if error.is::<http_body_util::LengthLimitError>() {
            let detail = format_args!("A body may be up to {} MB here. Nothing was written.", most / 1024 / 1024);
            return Problem::new(&problems::TOO_LARGE, detail);
        }
        if error.is::<tower_http::timeout::TimeoutError>() {
            return Problem::new(&problems::TIMED_OUT, "The body did not arrive in time. Nothing was written.");
        }
        next = error.source();
    }
    Problem::new(&problems::BAD_REQUEST, "The body broke off before its end. Nothing was written.")
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if bytes.windows(6).any(|w| w.eq_ignore_ascii_case(br"\u0000")) {
        let value = serde_json::from_slice::<Value>(bytes).unwrap_or_default();
        if let Some(pointer) = pointer_to_nul(&value, &mut String::new()) {
            return Err(Problem::invalid(pointer, "A text holds a NUL character, which no text here may."));
        }
    }
    // serde would read a list into a struct by position; what is meant is named.
    if list_where_none_is(bytes) {
        return Err(Problem::invalid("", "The body is a JSON object, and nothing in it is a list of lists."));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let pointer = pointer_of(error.path());
        let error = error.into_inner();
        if error.is_data() {
            Problem::invalid(pointer, plain_words(&error))
        } else {
            Problem::new(&problems::BAD_REQUEST, format_args!("The body is not JSON: {error}."))
        }
    })?;
    json.end().map_err(|_| Problem::new(&problems::BAD_REQUEST, "The body goes on after its JSON ends."))?;
    Ok(parsed)
}

/// Whether the body is a list, or has a list directly in a list, which nothing here does.
fn list_where_none_is(bytes: &[u8]) -> bool {
    let (mut in_text, mut escaped, mut open) = (false, false, Vec::new());
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'[' if open.last() != Some(&b'{') => return true,
            b'[' | b'{' => open.push(*byte),
            b']' | b'}' => drop(open.pop()),
            _ => {}
        }
    }
    false
}

/// serde's sentence without the line and column, which the pointer says better.
fn plain_words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    // Names of our types say nothing to a caller.
    let mut text = match text.split_once("expected struct ") {
        Some((before, _)) => format!("{before}expected an object with named fields"),
        None => text.to_owned(),
    };
    for (ours, theirs) in [
        ("expected i64", "expected a whole number"),
        ("expected i16", "expected a whole number"),
        ("expected a sequence", "expected a list"),
        ("number too large to fit in target type", "the number is too large"),
    ] {
        text = text.replace(ours, theirs);
    }
    if let Some((before, _)) = text.split_once("UUID parsing failed") {
        text = format!("{before}expected an id (a UUID)");
    }
    text.push('.');
    text.get(..1).map(str::to_uppercase).map_or(text.clone(), |first| first + &text[1..])
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&format!("/{}", escaped(key))),
            Segment::Enum { variant } => pointer.push_str(&format!("/{}", escaped(variant))),
            Segment::Unknown => {}
        }
    }
    pointer
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn pointer_to_nul(value: &Value, at: &mut String) -> Option<String> {
    let length = at.len();
    match value {
        Value::String(text) if text.contains('\0') => return Some(at.clone()),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                at.push_str(&format!("/{index}"));
                if let Some(found) = pointer_to_nul(item, at) {
                    return Some(found);
                }
                at.truncate(length);
            }
        }
        Value::Object(fields) => {
            for (key, item) in fields {
                at.push_str(&format!("/{}", escaped(&key.replace('\0', ""))));
                if key.contains('\0') {
                    return Some(at.clone());
                }
                if let Some(found) = pointer_to_nul(item, at) {
                    return Some(found);
                }
                at.truncate(length);
            }
        }
        _ => {}
    }
    None
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Line {
        #[serde(rename = "amount_pence")]
        amount: i64,
        #[serde(default)]
        note: String,
    }
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Draft {
        lines: Vec<Line>,
    }

    #[track_caller]
    fn refused(body: &str) -> (u16, String) {
        let problem = parse::<Draft>(body.as_bytes()).expect_err(body);
        let answer: String = format!("{problem:?}");
        let pointer = problem_pointer(&problem);
        assert!(!answer.contains("Draft"), "no type names: {answer}");
        (problem.kind().status, pointer)
    }

    fn problem_pointer(problem: &Problem) -> String {
        let response = problem.answer("/x", "id");
        let body = futures_body(response);
        body.pointer("/errors/0/pointer").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    fn futures_body(response: axum::response::Response) -> Value {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let bytes = runtime.block_on(to_bytes(response.into_body(), usize::MAX)).expect("in memory");
        serde_json::from_slice(&bytes).expect("JSON")
    }

    #[test]
    fn what_is_wrong_is_pointed_at() {
        assert!(
            parse::<Draft>(br#"{"lines":[{"amount_pence":1}]}"#)
                .is_ok_and(|d| d.lines[0].amount == 1 && d.lines[0].note.is_empty())
        );
        assert_eq!(refused(r#"{"lines":[{"amount_pence":1.5}]}"#), (422, "/lines/0/amount_pence".into()));
        assert_eq!(refused(r#"{"lines":[{"amount_pence":"1"}]}"#), (422, "/lines/0/amount_pence".into()));
        assert_eq!(
            refused(r#"{"lines":[{"amount_pence":99999999999999999999}]}"#),
            (422, "/lines/0/amount_pence".into())
        );
        assert_eq!(refused(r#"{"lines":[],"colour":1}"#), (422, "/colour".into()));
        assert_eq!(refused(r#"{"lines":[{"amount_pence":1,"note":"a\u0000b"}]}"#), (422, "/lines/0/note".into()));
        assert_eq!(refused(r#"{"lines":[{}]}"#), (422, "/lines/0".into()));
        assert_eq!(refused(r#"[[{"amount_pence":1}]]"#).0, 422, "by position");
        assert_eq!(refused(r#"{"lines":[[1,"by position"]]}"#).0, 422, "by position, further in");
        assert!(parse::<Draft>(br#"{"lines":[{"amount_pence":1,"note":"[[\"[ \\\\"}]}"#).is_ok(), "brackets in a text");
        assert_eq!(refused("{").0, 400);
        assert_eq!(refused("{\"lines\":[]} x").0, 400);
        assert_eq!(refused(&"[".repeat(10_000)).0, 422.min(refused(&"[".repeat(10_000)).0));
    }
}
