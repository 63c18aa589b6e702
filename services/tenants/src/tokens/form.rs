//! What the OAuth endpoints are sent, and how they refuse.

use std::collections::BTreeMap;

use axum::{
    Json,
    body::{Body, to_bytes},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use web::Problem;

/// A token and an assertion, each up to 8 KB, and what stands around them.
const FORM_LIMIT: usize = 24 * 1024;

/// A refusal of the token endpoint (RFC 6749 §5.2).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TokenRefusal {
    /// Which kind.
    #[schema(example = "invalid_client")]
    error: &'static str,
    /// What to do.
    error_description: String,
}

/// Why nothing is given.
pub(super) enum Refused {
    Oauth(StatusCode, &'static str, String),
    Other(Problem),
}

impl<E: Into<Problem>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Other(problem) => problem.into_response(),
            Self::Oauth(status, error, error_description) => {
                let mut response = (status, Json(TokenRefusal { error, error_description })).into_response();
                if status == StatusCode::UNAUTHORIZED {
                    let basic = HeaderValue::from_static(r#"Basic realm="tenfold""#);
                    response.headers_mut().insert(header::WWW_AUTHENTICATE, basic);
                }
                response
            }
        }
    }
}

/// 400, with a reason.
pub(super) fn bad(error: &'static str, why: &str) -> Refused {
    Refused::Oauth(StatusCode::BAD_REQUEST, error, why.to_owned())
}

/// 401, with a reason.
pub(super) fn not_that_client(why: impl Into<String>) -> Refused {
    Refused::Oauth(StatusCode::UNAUTHORIZED, "invalid_client", why.into())
}

/// A form, no field of which is said twice (RFC 6749 §3.2). An empty field counts as left out.
pub(super) struct Form(BTreeMap<String, String>);

impl Form {
    pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Self, Refused> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.starts_with("application/x-www-form-urlencoded") {
            return Err(bad("invalid_request", "Send application/x-www-form-urlencoded."));
        }
        let bytes = to_bytes(body, FORM_LIMIT).await;
        let bytes = bytes.map_err(|_| bad("invalid_request", "The form could not be read, or is over 24 KB."))?;
        let mut fields = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(&bytes) {
            if fields.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(bad("invalid_request", "A field of the form is said twice."));
            }
        }
        fields.retain(|_, value| !value.is_empty());
        Ok(Self(fields))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}
