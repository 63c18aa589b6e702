//! What the gateway refuses before any service hears of it: told here, for the record.

use auth::Gate;
use axum::{
    Json,
    extract::{FromRequest, Request, State},
    http::{Method, StatusCode},
};
use serde::Deserialize;
use tenancy::Db;
use web::{Problem, problems};

/// What was asked for, as the API describes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefusedHere {
    method: String,
    template: String,
}

/// Takes note that a caller was refused at another tenant's door. It comes with the caller's own token: nobody can be put down
/// for what their token was not sent for.
pub(crate) async fn note_refused(
    State(db): State<Db>,
    State(gate): State<Gate>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let (parts, body) = request.into_parts();
    let caller = gate.caller(&parts.headers).await?;
    let told = Json::<RefusedHere>::from_request(Request::from_parts(parts.clone(), body), &()).await;
    let unreadable = || Problem::new(&problems::BAD_REQUEST, "Say which method and path were refused.");
    let Json(told) = told.map_err(|_| unreadable())?;
    let method: Method = told.method.parse().map_err(|_| unreadable())?;
    if told.template.len() > 300 || !told.template.starts_with('/') {
        return Err(unreadable());
    }
    db.note_refusal(tenancy::refused_elsewhere(&caller, &parts.headers, &parts.extensions, &method, &told.template));
    Ok(StatusCode::NO_CONTENT)
}
