//! The OAuth endpoints.

use std::sync::Arc;

use auth::{Caller, Claims, JwkSet, LIFETIME_SECONDS, Scopes, permissions};
use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tenancy::Db;
use web::Problem;

use super::{
    Issuer, credentials,
    form::{Form, Refused, TokenRefusal, bad},
    proof,
};

/// What the token endpoint takes.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[schema(example = json!({"grant_type": "client_credentials"}))]
#[expect(dead_code, reason = "described here, read as a form")]
pub(crate) struct TokenForm {
    /// Always `client_credentials`.
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

/// Get an access token
///
/// OAuth 2.0 client credentials: the client says who it is by HTTP Basic, by `client_id` and `client_secret` in the form, or
/// by a `client_assertion` that it signed (RFC 7523), whose `aud` is the issuer or this address.
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
    if form.get("grant_type") != Some("client_credentials") {
        return Err(bad("unsupported_grant_type", "The grant type here is client_credentials."));
    }
    let credentials = credentials::read(&parts.headers, &form)?;
    let endpoint = issuer.token_endpoint();
    let proof::Proved { tx, client } = proof::prove(db, issuer, (&credentials, &parts), &[&endpoint]).await?;
    let all = client.scopes.and(client.role.scopes());
    let scopes = match form.get("scope") {
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
    // A token does not outlive its client.
    let life = client.expires_at.map_or(LIFETIME_SECONDS, |end| (end - now).num_seconds().clamp(1, LIFETIME_SECONDS));
    let token_id = domain::EventId::at(now).to_string();
    let caller = Caller {
        client_id: credentials.client_id().to_owned(),
        owner: client.owner,
        role: client.role,
        scopes,
        token_id: token_id.clone(),
        issued_at,
        expires_at: issued_at + life,
    };
    let claims = Claims::of(&caller, &issuer.trust, token_id);
    let signer = issuer.keys.signer(now).ok_or_else(|| Problem::internal("there is no key to sign with"))?;
    let access_token = signer.sign(&claims).map_err(Problem::internal)?;
    tx.commit().await?;
    Ok(TokenBody { access_token, token_type: "Bearer", expires_in: life, scope: scopes.to_string() })
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
        grant_types_supported: vec!["client_credentials"],
        token_endpoint_auth_methods_supported: METHODS.to_vec(),
        token_endpoint_auth_signing_alg_values_supported: ALGORITHMS.to_vec(),
        revocation_endpoint: issuer.revocation_endpoint(),
        revocation_endpoint_auth_methods_supported: METHODS.to_vec(),
        revocation_endpoint_auth_signing_alg_values_supported: ALGORITHMS.to_vec(),
        response_types_supported: Vec::new(),
        scopes_supported: permissions().map(|permission| permission.slug).collect(),
    })
}
