//! The OAuth endpoints.

use std::sync::Arc;

use auth::{Caller, Claims, ClientSecret, JwkSet, LIFETIME_SECONDS, Scopes, permissions};
use axum::{
    Json,
    body::to_bytes,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use tenancy::Db;
use web::Problem;

use super::{Issuer, refused::note_refused, store};

const FORM_LIMIT: usize = 8 * 1024;

/// What the token endpoint takes.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[schema(example = json!({"grant_type": "client_credentials"}))]
pub(crate) struct TokenForm {
    /// Always `client_credentials`.
    grant_type: Option<String>,
    /// Where the client does not use HTTP Basic.
    #[schema(max_length = 120)]
    client_id: Option<String>,
    /// Where the client does not use HTTP Basic.
    #[schema(max_length = 200)]
    client_secret: Option<String>,
    /// Fewer scopes than the client has, names with a space between.
    scope: Option<String>,
}

/// An access token.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TokenBody {
    /// The token: send it as `Authorization: Bearer`.
    access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// How long it lives, in seconds.
    #[schema(example = 600)]
    expires_in: i64,
    /// What it allows.
    #[schema(example = "funds:read journals:post")]
    scope: String,
}

/// A refusal of the token endpoint (RFC 6749 §5.2).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TokenRefusal {
    /// Which kind.
    #[schema(example = "invalid_client")]
    error: &'static str,
    /// What to do.
    error_description: String,
}

enum Refused {
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

fn bad(error: &'static str, why: &str) -> Refused {
    Refused::Oauth(StatusCode::BAD_REQUEST, error, why.to_owned())
}

fn unknown_client() -> Refused {
    Refused::Oauth(
        StatusCode::UNAUTHORIZED,
        "invalid_client",
        "There is no such client, or that is not its secret.".into(),
    )
}

/// Get an access token
///
/// OAuth 2.0 client credentials: the client names itself by HTTP Basic, or by `client_id` and `client_secret` in the form.
#[utoipa::path(
    post, path = "/oauth2/token", operation_id = "issueToken", tag = "tokens",
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = TokenBody), (status = 400, body = TokenRefusal), (status = 401, body = TokenRefusal)),
    security(()),
)]
pub(crate) async fn issue_token(State(db): State<Db>, State(issuer): State<Arc<Issuer>>, request: Request) -> Response {
    let mut response = match issue(&db, &issuer, request).await {
        Ok(token) => Json(token).into_response(),
        Err(refused) => refused.into_response(),
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn issue(db: &Db, issuer: &Issuer, request: Request) -> Result<TokenBody, Refused> {
    let (parts, body) = request.into_parts();
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return Err(bad("invalid_request", "Send application/x-www-form-urlencoded."));
    }
    let bytes = to_bytes(body, FORM_LIMIT).await.map_err(|_| bad("invalid_request", "The form could not be read."))?;
    let form = read_form(&bytes)?;
    if form.grant_type.as_deref() != Some("client_credentials") {
        return Err(bad("unsupported_grant_type", "The grant type here is client_credentials."));
    }
    let (client_id, secret) = credentials(&parts.headers, &form)?;

    let mut tx = db.issuer().await?;
    let found = store::find_client(&mut tx, &client_id).await?;
    let kept = found.as_ref().map_or(&[0; 32][..], |client| &client.secret_hash);
    let fits = ClientSecret::matches(&secret, kept);
    let why = match &found {
        None => Some("there is no such client"),
        Some(_) if !fits => Some("that is not its secret"),
        Some(client) if client.revoked => Some("it is revoked"),
        Some(client) if client.suspended => Some("its borough is suspended"),
        Some(_) => None,
    };
    if let Some(why) = why {
        note_refused(db, &parts, &client_id, found.as_ref(), why);
    }
    let client = found.filter(|client| fits && !client.revoked).ok_or_else(unknown_client)?;
    if client.suspended {
        let why = "The borough is suspended; its clients get no tokens until it is resumed.";
        return Err(Refused::Oauth(StatusCode::UNAUTHORIZED, "invalid_client", why.into()));
    }
    let all = client.scopes.and(client.role.scopes());
    let scopes = match form.scope.as_deref().filter(|scope| !scope.is_empty()) {
        None => all,
        Some(asked) => {
            let asked: Scopes =
                asked.parse().map_err(|why: auth::UnknownScope| bad("invalid_scope", &why.to_string()))?;
            if !asked.within(all) {
                return Err(bad("invalid_scope", "The client may not have all of these scopes."));
            }
            asked
        }
    };
    let now = tx.clock_now();
    let issued_at = now.timestamp();
    let caller = Caller {
        client_id,
        owner: client.owner,
        role: client.role,
        scopes,
        issued_at,
        expires_at: issued_at + LIFETIME_SECONDS,
    };
    let claims = Claims::of(&caller, &issuer.trust, domain::EventId::at(now).to_string());
    let access_token = issuer.signer.sign(&claims).map_err(Problem::internal)?;
    tx.commit().await?;
    Ok(TokenBody { access_token, token_type: "Bearer", expires_in: LIFETIME_SECONDS, scope: scopes.to_string() })
}

/// Reads the form; a field said twice is refused (RFC 6749 §3.2).
fn read_form(bytes: &[u8]) -> Result<TokenForm, Refused> {
    let mut form = TokenForm::default();
    for (name, value) in form_urlencoded::parse(bytes) {
        let field = match &*name {
            "grant_type" => &mut form.grant_type,
            "client_id" => &mut form.client_id,
            "client_secret" => &mut form.client_secret,
            "scope" => &mut form.scope,
            _ => continue,
        };
        if field.replace(value.into_owned()).is_some() {
            return Err(bad("invalid_request", "A field of the form is said twice."));
        }
    }
    Ok(form)
}

fn credentials(headers: &HeaderMap, form: &TokenForm) -> Result<(String, String), Refused> {
    let basic = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (id, secret) = match (basic, &form.client_id, &form.client_secret) {
        (None, Some(id), Some(secret)) => (id.clone(), secret.clone()),
        (Some(basic), id, None) => {
            let (named, secret) = read_basic(basic).ok_or_else(unknown_client)?;
            if id.as_ref().is_some_and(|id| *id != named) {
                return Err(bad("invalid_request", "The form and the header name different clients."));
            }
            (named, secret)
        }
        (Some(_), _, Some(_)) => return Err(bad("invalid_request", "Name the client once: by Basic or in the form.")),
        _ => return Err(unknown_client()),
    };
    if id.len() > 120 || secret.len() > 200 || id.contains('\0') {
        return Err(unknown_client());
    }
    Ok((id, secret))
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

/// Get the keys tokens are signed with
#[utoipa::path(
    get, path = "/.well-known/jwks.json", operation_id = "getKeySet", tag = "tokens",
    responses((status = 200, body = JwkSet)),
    security(()),
)]
pub(crate) async fn key_set(State(issuer): State<Arc<Issuer>>) -> Json<JwkSet> {
    Json(issuer.keys.clone())
}

/// What an authorisation server says of itself (RFC 8414).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Metadata {
    #[schema(example = "http://127.0.0.1:8080")]
    issuer: String,
    token_endpoint: String,
    jwks_uri: String,
    service_documentation: String,
    grant_types_supported: Vec<&'static str>,
    token_endpoint_auth_methods_supported: Vec<&'static str>,
    response_types_supported: Vec<&'static str>,
    scopes_supported: Vec<&'static str>,
}

/// Get the authorisation server's metadata
#[utoipa::path(
    get, path = "/.well-known/oauth-authorization-server", operation_id = "getMetadata", tag = "tokens",
    responses((status = 200, body = Metadata)),
    security(()),
)]
pub(crate) async fn metadata(State(issuer): State<Arc<Issuer>>) -> Json<Metadata> {
    let base = &issuer.trust.issuer;
    Json(Metadata {
        issuer: base.clone(),
        token_endpoint: format!("{base}/oauth2/token"),
        jwks_uri: format!("{base}/.well-known/jwks.json"),
        service_documentation: format!("{base}/docs/api"),
        grant_types_supported: vec!["client_credentials"],
        token_endpoint_auth_methods_supported: vec!["client_secret_basic", "client_secret_post"],
        response_types_supported: Vec::new(),
        scopes_supported: permissions().map(|permission| permission.slug).collect(),
    })
}
