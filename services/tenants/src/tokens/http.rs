//! The OAuth endpoints.

use std::sync::Arc;

use auth::{Caller, JwkSet, LIFETIME_SECONDS, Scopes, permissions};
use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tenancy::Db;

use super::{
    Issuer, credentials, exchange,
    form::{Form, Refused, TokenRefusal, bad},
    proof,
};

/// What the token endpoint takes.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[schema(example = json!({"grant_type": "client_credentials"}))]
#[expect(dead_code, reason = "described here, read as a form")]
pub(crate) struct TokenForm {
    /// Of a client `client_credentials`, of a person urn:ietf:params:oauth:grant-type:token-exchange.
    grant_type: Option<String>,
    /// Where the client does not use HTTP Basic.
    #[schema(max_length = 120)]
    client_id: Option<String>,
    /// Where the client has a secret and does not use HTTP Basic.
    #[schema(max_length = 200)]
    client_secret: Option<String>,
    /// Of a client that signs: urn:ietf:params:oauth:client-assertion-type:jwt-bearer.
    #[schema(max_length = 60)]
    client_assertion_type: Option<String>,
    /// Of a client that signs: its assertion (RFC 7523), up to 8 KB, for one request.
    #[schema(max_length = 8192)]
    client_assertion: Option<String>,
    /// Of a person: the ID token of their provider (RFC 8693), up to 8 KB, for one request.
    #[schema(max_length = 8192)]
    subject_token: Option<String>,
    /// Of a person: urn:ietf:params:oauth:token-type:id_token.
    #[schema(max_length = 60)]
    subject_token_type: Option<String>,
    /// Of a person: whom they act for, if the app knows; a borough by its slug. Refused where their provider does not speak for it.
    #[schema(max_length = 120)]
    audience: Option<String>,
    /// Of a person who was invited: the code, the first time.
    #[schema(max_length = 120)]
    invitation: Option<String>,
    /// Fewer scopes than the client or the person has, names with a space between.
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
    /// Of a person's: urn:ietf:params:oauth:token-type:access_token.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(null))]
    issued_token_type: Option<&'static str>,
}

impl TokenBody {
    pub(super) fn of(access_token: String, life: i64, scopes: Scopes, issued_token_type: Option<&'static str>) -> Self {
        Self { access_token, token_type: "Bearer", expires_in: life, scope: scopes.to_string(), issued_token_type }
    }
}

/// Get an access token
///
/// OAuth 2.0 client credentials: the client says who it is by HTTP Basic, by `client_id` and `client_secret` in the form, or
/// by a `client_assertion` that it signed (RFC 7523), whose `aud` is the issuer or this address. A person's app exchanges the
/// ID token of their provider instead (RFC 8693), each once, with the code of an invitation the first time.
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
    let form = Form::read(&parts.headers, body).await?;
    match form.get("grant_type") {
        Some("client_credentials") => to_client(db, issuer, &parts, &form).await,
        Some(exchange::GRANT) => exchange::exchange(db, issuer, &parts, &form).await,
        _ => Err(bad(
            "unsupported_grant_type",
            "The grant type here is client_credentials, or token-exchange of a person.",
        )),
    }
}

/// The scopes that are asked for, of all there are.
pub(super) fn narrowed(form: &Form, all: Scopes) -> Result<Scopes, Refused> {
    let Some(asked) = form.get("scope") else { return Ok(all) };
    let asked: Scopes = asked.parse().map_err(|why: auth::UnknownScope| bad("invalid_scope", &why.to_string()))?;
    if asked.within(all) {
        return Ok(asked);
    }
    Err(bad("invalid_scope", "Whoever asks may not have all of these scopes."))
}

async fn to_client(db: &Db, issuer: &Issuer, parts: &Parts, form: &Form) -> Result<TokenBody, Refused> {
    let credentials = credentials::read(&parts.headers, form)?;
    let endpoint = issuer.token_endpoint();
    let proof::Proved { tx, client } = proof::prove(db, issuer, (&credentials, parts), &[&endpoint]).await?;
    let scopes = narrowed(form, client.scopes.and(client.role.scopes()))?;
    let now = tx.clock_now();
    let issued_at = now.timestamp();
    // A token does not outlive its client.
    let life = client.expires_at.map_or(LIFETIME_SECONDS, |end| (end - now).num_seconds().clamp(1, LIFETIME_SECONDS));
    let caller = Caller {
        client_id: credentials.client_id().to_owned(),
        owner: client.owner,
        role: client.role,
        scopes,
        token_id: domain::EventId::at(now).to_string(),
        issued_at,
        expires_at: issued_at + life,
    };
    let access_token = issuer.sign(&caller, now)?;
    tx.commit().await?;
    Ok(TokenBody::of(access_token, life, scopes, None))
}

/// Get the keys tokens are signed with
///
/// A new one is here before it signs; whoever keeps the set keeps it no longer than `Cache-Control` says.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", operation_id = "getKeySet", tag = "tokens",
    responses((status = 200, body = JwkSet)),
    security(()),
)]
pub(crate) async fn key_set(State(db): State<Db>, State(issuer): State<Arc<Issuer>>) -> Response {
    let mut response = Json(issuer.keys.published(db.now())).into_response();
    let kept = format!("public, max-age={}", issuer.keys.kept_for().as_secs());
    if let Ok(kept) = HeaderValue::try_from(kept) {
        response.headers_mut().insert(header::CACHE_CONTROL, kept);
    }
    response
}

/// How a client may say who it is.
const METHODS: [&str; 3] = ["client_secret_basic", "client_secret_post", "private_key_jwt"];
/// What it may sign with.
const ALGORITHMS: [&str; 5] = ["ES256", "ES384", "PS256", "RS256", "EdDSA"];

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
    token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    revocation_endpoint: String,
    revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    revocation_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
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
        token_endpoint: issuer.token_endpoint(),
        jwks_uri: format!("{base}/.well-known/jwks.json"),
        service_documentation: format!("{base}/docs/api"),
        grant_types_supported: vec!["client_credentials", exchange::GRANT],
        // A person says who they are by the ID token alone.
        token_endpoint_auth_methods_supported: [&["none"], &METHODS[..]].concat(),
        token_endpoint_auth_signing_alg_values_supported: ALGORITHMS.to_vec(),
        revocation_endpoint: issuer.revocation_endpoint(),
        revocation_endpoint_auth_methods_supported: METHODS.to_vec(),
        revocation_endpoint_auth_signing_alg_values_supported: ALGORITHMS.to_vec(),
        response_types_supported: Vec::new(),
        scopes_supported: permissions().map(|permission| permission.slug).collect(),
    })
}
