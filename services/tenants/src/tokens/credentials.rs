//! How a client says who it is: read, and not yet believed.

use auth::{ASSERTION_TYPE, Assertion};
use axum::http::{HeaderMap, header};
use base64::{Engine, prelude::BASE64_STANDARD};

use super::form::{Form, Refused, bad, not_that_client};

const LONGEST_ID: usize = 120;
const LONGEST_SECRET: usize = 200;

/// What a client presents.
pub(super) enum Credentials<'a> {
    /// A secret, by HTTP Basic or in the form.
    Secret { client_id: String, secret: String },
    /// An assertion it signed.
    Assertion(Assertion<'a>),
}

impl Credentials<'_> {
    /// Who it says it is.
    pub(super) fn client_id(&self) -> &str {
        match self {
            Self::Secret { client_id, .. } => client_id,
            Self::Assertion(assertion) => assertion.client_id(),
        }
    }
}

pub(super) fn unknown_client() -> Refused {
    not_that_client("There is no such client, or that is not its secret.")
}

/// Whether nobody says who they are.
pub(super) fn none(headers: &HeaderMap, form: &Form) -> bool {
    let named = ["client_id", "client_secret", "client_assertion"].iter().any(|name| form.get(name).is_some());
    !named && !headers.contains_key(header::AUTHORIZATION)
}

/// Reads them: in one way, or not at all (RFC 6749 §2.3).
pub(super) fn read<'a>(headers: &HeaderMap, form: &'a Form) -> Result<Credentials<'a>, Refused> {
    let basic = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (id, secret, assertion) = (form.get("client_id"), form.get("client_secret"), form.get("client_assertion"));
    let several = "Say who the client is in one way: by Basic, in the form, or by an assertion.";
    if [basic.is_some(), secret.is_some(), assertion.is_some()].into_iter().filter(|way| *way).count() > 1 {
        return Err(bad("invalid_request", several));
    }
    if let Some(assertion) = assertion {
        return read_assertion(form.get("client_assertion_type"), assertion, id);
    }
    let (client_id, secret) = match (basic, id, secret) {
        (None, Some(id), Some(secret)) => (id.to_owned(), secret.to_owned()),
        (Some(basic), id, None) => {
            let (named, secret) = read_basic(basic).ok_or_else(unknown_client)?;
            if id.is_some_and(|id| id != named) {
                return Err(bad("invalid_request", "The form and the header name different clients."));
            }
            (named, secret)
        }
        _ => {
            return Err(not_that_client(
                "Say who the client is: by HTTP Basic, by client_id and client_secret, or by a client_assertion.",
            ));
        }
    };
    if client_id.len() > LONGEST_ID || secret.len() > LONGEST_SECRET || client_id.contains('\0') {
        return Err(unknown_client());
    }
    Ok(Credentials::Secret { client_id, secret })
}

fn read_assertion<'a>(kind: Option<&str>, text: &'a str, id: Option<&str>) -> Result<Credentials<'a>, Refused> {
    if kind != Some(ASSERTION_TYPE) {
        return Err(bad("invalid_request", &format!("The client_assertion_type is {ASSERTION_TYPE}.")));
    }
    let assertion = Assertion::read(text).map_err(|why| not_that_client(why.to_string()))?;
    if id.is_some_and(|id| id != assertion.client_id()) {
        return Err(bad("invalid_request", "The form and the assertion name different clients."));
    }
    if assertion.client_id().len() > LONGEST_ID || assertion.client_id().contains('\0') {
        return Err(not_that_client(auth::AssertionError::Signature.to_string()));
    }
    Ok(Credentials::Assertion(assertion))
}

/// HTTP Basic, each half form-encoded (RFC 6749 §2.3.1).
fn read_basic(header: &str) -> Option<(String, String)> {
    let (scheme, coded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(BASE64_STANDARD.decode(coded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let plain = |half: &str| {
        form_urlencoded::parse(half.as_bytes()).next().map(|(text, _)| text.into_owned()).unwrap_or_default()
    };
    Some((plain(id), plain(secret)))
}
