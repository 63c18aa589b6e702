//! Sign-ins that failed, for the record.

use auth::Owner;
use axum::http::request::Parts;
use tenancy::{Db, Refusal};

use super::store::Found;

/// Notes that a client was refused a token: in its borough's trail, or the platform's for all others. A client there is not is
/// not named: anybody could write names of their own into the record.
pub(super) fn note_refused(db: &Db, parts: &Parts, client_id: &str, client: Option<&Found>, why: &'static str) {
    tracing::info!(client.id = client_id, why, "a client was refused a token");
    let borough = match client.map(|client| &client.owner) {
        Some(Owner::Borough(own)) => Some(own.id),
        _ => None,
    };
    db.note_refusal(Refusal {
        borough,
        client_id: client.map_or("unknown", |_| client_id).to_owned(),
        role: client.map_or("unknown", |client| client.role.as_str()),
        request_id: tenancy::request_id(&parts.extensions),
        address: tenancy::address(&parts.headers),
        action: "sign-in.refused",
        subject: "oauth2/token".to_owned(),
        why,
    });
}
