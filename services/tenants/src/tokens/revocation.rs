//! Taking a token back before it ends (RFC 7009).

use std::sync::Arc;

use auth::Caller;
use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::DateTime;
use serde::Deserialize;
use tenancy::{Db, Tx};
use web::{Problem, problems};

use super::{
    Issuer, credentials,
    form::{Form, Refused, TokenRefusal, bad},
    proof, store,
};
use crate::members::is_member;

/// The most tokens of one client that may be handed back and not have ended: whoever needs more revokes the client.
const MOST: i64 = 1000;

/// What the revocation endpoint takes, beside what says who the client is.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(example = json!({"token": "eyJ…"}))]
#[expect(dead_code, reason = "described here, read as a form")]
pub(crate) struct RevocationForm {
    /// The access token.
    #[schema(max_length = 8192)]
    token: String,
    /// Always `access_token`; not looked at.
    #[schema(max_length = 30)]
    token_type_hint: Option<String>,
    /// Where the client does not use HTTP Basic.
    #[schema(max_length = 120)]
    client_id: Option<String>,
    /// Where the client has a secret and does not use HTTP Basic.
    #[schema(max_length = 200)]
    client_secret: Option<String>,
    /// Of a client that signs: urn:ietf:params:oauth:client-assertion-type:jwt-bearer.
    #[schema(max_length = 60)]
    client_assertion_type: Option<String>,
    /// Of a client that signs: its assertion (RFC 7523).
    #[schema(max_length = 8192)]
    client_assertion: Option<String>,
}

/// Hand an access token back
///
/// The client says who it is as at the token endpoint. Its own token is refused everywhere within a minute. One that is
/// not its own, or none at all, is answered in the same way, and nothing happens (RFC 7009 §2.2). A person's token is handed
/// back by whoever has it, as when they sign out: without saying who.
#[utoipa::path(
    post, path = "/oauth2/revoke", operation_id = "revokeToken", tag = "tokens",
    request_body(content = RevocationForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200), (status = 400, body = TokenRefusal), (status = 401, body = TokenRefusal)),
    security(()),
)]
pub(crate) async fn revoke_token(
    State(db): State<Db>,
    State(issuer): State<Arc<Issuer>>,
    request: Request,
) -> Response {
    let mut response = match revoke(&db, &issuer, request).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(refused) => refused.into_response(),
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn revoke(db: &Db, issuer: &Issuer, request: Request) -> Result<(), Refused> {
    let (parts, body) = request.into_parts();
    let form = Form::read(&parts.headers, body).await?;
    let token = form.get("token").ok_or_else(|| bad("invalid_request", "Send the token."))?;
    let speaks_for = issuer.verifier.speaks_for(token).await;
    if credentials::none(&parts.headers, &form)
        && let Some(caller) = speaks_for.as_ref().filter(|caller| is_member(&caller.client_id))
    {
        // Whoever has a person's token may end it: there is nothing else that they have.
        let mut tx = db.issuer().await?;
        hand_back(&mut tx, caller).await?;
        tx.commit().await?;
        return Ok(());
    }
    let credentials = credentials::read(&parts.headers, &form)?;
    let speaks_for = speaks_for.filter(|caller| caller.client_id == credentials.client_id());
    let mut proved =
        proof::prove(db, issuer, (&credentials, &parts), &[&issuer.token_endpoint(), &issuer.revocation_endpoint()])
            .await?;
    if let Some(caller) = speaks_for {
        hand_back(&mut proved.tx, &caller).await?;
    }
    proved.tx.commit().await?;
    Ok(())
}

async fn hand_back(tx: &mut Tx<tenancy::Issuer>, caller: &Caller) -> Result<(), Refused> {
    if store::handed_back(tx, &caller.client_id).await? >= MOST {
        let why = "The client has handed back 1,000 tokens in ten minutes. Revoke it, or wait until they have ended.";
        return Err(Problem::new(&problems::UNAVAILABLE, why).retry_after(600).into());
    }
    let ends = DateTime::from_timestamp(caller.expires_at, 0).unwrap_or_else(|| tx.now());
    store::hand_back(tx, &caller.token_id, &caller.client_id, ends).await?;
    Ok(())
}
